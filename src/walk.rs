//! From the paths of the command line to the files that are read.
//!
//! `.gitignore` and `.ignore` files hold as they do for git and ripgrep; hidden files and directories are left out.
//! Besides:
//!
//! - dotenv files and `secrets.toml` are taken even when hidden or ignored, since that is where keys live; hidden files are taken where
//!   they are workflows or settings of tools: see [`hidden`];
//! - directories of other people's code and of build output are never entered unless given: see [`junk`];
//! - symbolic links are not followed unless given;
//! - files that are given are taken whatever ignore files say, unless `force_exclude` is on.

use std::collections::BTreeMap;
use std::fs::{File, FileType};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::language::Language;
use crate::source::{Source, Undecodable, decode};

mod hidden;
pub mod junk;

/// The size above which a file is skipped, if the configuration does not say another.
pub const MAX_FILE_SIZE: u64 = 4 << 20;

/// What decides which files are found.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The working directory, absolute: paths are shown relative to it.
    pub cwd: PathBuf,
    /// Globs that exclude, each set relative to a directory.
    pub exclude: Excludes,
    /// Exclude given files too.
    pub force_exclude: bool,
    /// Heed no ignore file.
    pub no_ignore: bool,
    /// Take documents, too: else only those that are given.
    pub documents: bool,
    /// Do not enter directories below the given ones.
    pub shallow: bool,
    /// How many threads walk; 0: as many as there are processors.
    pub threads: usize,
}

/// Sets of globs as in a `.gitignore`, each relative to a directory.
#[derive(Clone, Debug, Default)]
pub struct Excludes(Vec<Gitignore>);

impl Excludes {
    /// Adds globs relative to a directory, given by its absolute path.
    pub fn add<'a>(&mut self, root: &Path, globs: impl IntoIterator<Item = &'a str>) -> Result<(), ignore::Error> {
        let mut builder = GitignoreBuilder::new(root);
        for glob in globs {
            builder.add_line(None, glob)?;
        }
        let set = builder.build()?;
        if !set.is_empty() {
            self.0.push(set);
        }
        Ok(())
    }

    /// Whether an absolute path, or a directory above it, is excluded.
    pub fn matches(&self, path: &Path, is_dir: bool) -> bool {
        self.0.iter().any(|set| {
            // A glob is relative to its directory; elsewhere it holds for nothing.
            path.strip_prefix(set.path()).is_ok_and(|below| set.matched_path_or_any_parents(below, is_dir).is_ignore())
        })
    }
}

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// The path as it is shown: relative to the working directory where it lies below it.
    pub shown: PathBuf,
    /// Its language.
    pub language: Language,
    /// It was given, not found.
    pub explicit: bool,
}

/// What a walk yields, in a total order.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The files to read, by shown path.
    pub entries: Vec<Entry>,
    /// What was left out though it looked like something to read, by shown path.
    pub skipped: Vec<(PathBuf, SkipReason)>,
}

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// A FIFO, socket or device: opening one can hang.
    #[error("not a regular file")]
    Special,
    /// A symbolic link that was not given.
    #[error("symbolic link")]
    Symlink,
    /// A given file in none of our languages.
    #[error("no language that mixlint reads")]
    Language,
    /// Excluded although given.
    #[error("excluded")]
    Excluded,
    /// Larger than the limit.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// Its bytes are no text.
    #[error("{0}")]
    Undecodable(Undecodable),
    /// The system says no.
    #[error("{0}")]
    Unreadable(String),
}

/// A path that cannot be walked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", crate::screen::path(path))]
pub struct PathError {
    /// As it was given.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// Finds the files below some paths. Every path that cannot be walked is reported.
pub fn walk(paths: &[PathBuf], options: &Options) -> Result<Files, Vec<PathError>> {
    let mut found = Found::default();
    let mut errors = Vec::new();
    let mut roots = Vec::new();
    for path in paths {
        let absolute = absolute(path, &options.cwd);
        // Given links are followed, hence no `symlink_metadata`.
        match absolute.metadata() {
            Ok(metadata) if metadata.is_dir() => roots.push(absolute),
            Ok(metadata) if metadata.is_file() => found.give(absolute, options),
            Ok(_) => errors.push(PathError { path: path.clone(), reason: SkipReason::Special.to_string() }),
            Err(error) => errors.push(PathError { path: path.clone(), reason: reason(&error) }),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    roots.sort();
    roots.dedup();
    if let Some((first, rest)) = roots.split_first() {
        descend(first, rest, options, &mut found);
    }
    Ok(found.finish())
}

/// Reads a file.
pub fn load(entry: &Entry, max_size: u64) -> Result<Source, SkipReason> {
    let unreadable = |error: std::io::Error| SkipReason::Unreadable(reason(&error));
    // Looked at once more before it is opened: opening a FIFO waits for ever.
    if !entry.path.metadata().map_err(unreadable)?.is_file() {
        return Err(SkipReason::Special);
    }
    let file = File::open(&entry.path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > max_size {
        return Err(SkipReason::TooLarge(max_size));
    }
    // A file may grow while it is read, and those of /proc say that they are empty.
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(max_size + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > max_size {
        return Err(SkipReason::TooLarge(max_size));
    }
    let text = decode(bytes).map_err(SkipReason::Undecodable)?;
    Ok(Source::new(&entry.shown, entry.language, text))
}

/// What has been found so far, by shown path.
#[derive(Default)]
struct Found {
    entries: BTreeMap<PathBuf, Entry>,
    skipped: BTreeMap<PathBuf, SkipReason>,
}

impl Found {
    fn give(&mut self, path: PathBuf, options: &Options) {
        let shown = shown(&path, &options.cwd);
        let excluded = || options.exclude.matches(&path, false) || junk::below(&path, &options.cwd);
        if options.force_exclude && excluded() {
            self.skipped.insert(shown, SkipReason::Excluded);
        } else if let Some(language) = language_of(&path) {
            self.entries.insert(shown.clone(), Entry { path, shown, language, explicit: true });
        } else {
            self.skipped.insert(shown, SkipReason::Language);
        }
    }

    fn find(&mut self, path: PathBuf, found: Result<Language, SkipReason>, options: &Options) {
        let shown = shown(&path, &options.cwd);
        match found {
            Ok(language) if language.is_document() && !options.documents => {}
            Ok(language) => {
                // One that was given as well stays given.
                let entry = || Entry { path, shown: shown.clone(), language, explicit: false };
                self.entries.entry(shown.clone()).or_insert_with(entry);
            }
            Err(reason) => drop(self.skipped.insert(shown, reason)),
        }
    }

    fn finish(self) -> Files {
        let Self { entries, skipped } = self;
        let skipped = skipped.into_iter().filter(|(path, _)| !entries.contains_key(path)).collect();
        Files { entries: entries.into_values().collect(), skipped }
    }
}

fn descend(first: &Path, rest: &[PathBuf], options: &Options, found: &mut Found) {
    let mut builder = WalkBuilder::new(first);
    for root in rest {
        builder.add(root);
    }
    let heed = !options.no_ignore;
    let exclude = options.exclude.clone();
    builder
        .current_dir(&options.cwd)
        .hidden(false)
        .parents(heed)
        .ignore(heed)
        .git_ignore(heed)
        .git_exclude(heed)
        .git_global(heed)
        .follow_links(false)
        .threads(options.threads)
        .max_depth(options.shallow.then_some(1))
        .filter_entry(move |entry| entry.depth() == 0 || wanted(entry, &exclude));
    // The threads of the walker have small stacks: they find files and do nothing else.
    let (sender, receiver) = std::sync::mpsc::channel();
    builder.build_parallel().run(|| {
        let sender = sender.clone();
        let exclude = &options.exclude;
        Box::new(move |entry| {
            let send = |path: PathBuf, found: Result<Language, SkipReason>| drop(sender.send((path, found)));
            match entry {
                Ok(entry) if is_dir(&entry) => key_files(&entry, exclude, &send),
                Ok(entry) => {
                    if let Some(found) = entry.file_type().and_then(|kind| classify(entry.path(), kind)) {
                        send(entry.into_path(), found);
                    }
                }
                Err(error) => {
                    if let Some(path) = path_of(&error) {
                        let reason = error.io_error().map_or("not walked".to_owned(), reason);
                        send(path.to_path_buf(), Err(SkipReason::Unreadable(reason)));
                    }
                }
            }
            WalkState::Continue
        })
    });
    drop(sender);
    for (path, what) in receiver {
        found.find(path, what, options);
    }
}

/// The files of a directory that hold keys, of which those that git ignores are not walked.
fn key_files(dir: &DirEntry, exclude: &Excludes, send: &dyn Fn(PathBuf, Result<Language, SkipReason>)) {
    // What cannot be listed is reported by the walker itself.
    let Ok(entries) = std::fs::read_dir(dir.path()) else { return };
    for entry in entries.flatten() {
        if !hidden::holds_keys(&entry.file_name().to_string_lossy().to_ascii_lowercase()) {
            continue;
        }
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if !kind.is_dir()
            && !exclude.matches(&path, false)
            && let Some(found) = classify(&path, kind)
        {
            send(path, found);
        }
    }
}

/// What a found file is; `None` for one that is nothing to us.
fn classify(path: &Path, kind: FileType) -> Option<Result<Language, SkipReason>> {
    let by_name = Language::of_name(&path.file_name()?.to_string_lossy());
    if kind.is_symlink() {
        return by_name.map(|_| Err(SkipReason::Symlink));
    }
    if !kind.is_file() {
        return by_name.map(|_| Err(SkipReason::Special));
    }
    by_name.or_else(|| language_of(path)).map(Ok)
}

/// Whether something found is worth a look, or worth entering.
fn wanted(entry: &DirEntry, exclude: &Excludes) -> bool {
    let name = entry.file_name();
    let (path, dir) = (entry.path(), is_dir(entry));
    let hidden = name.as_encoded_bytes().starts_with(b".");
    if hidden && !(if dir { hidden::is_known_directory(name) } else { hidden::is_known_file(name) }) {
        return false;
    }
    if !dir
        && hidden::below_known(path, entry.depth())
        && !Language::of_name(&name.to_string_lossy()).is_some_and(is_settings)
    {
        return false;
    }
    let left_out = dir && junk::is_junk(path) || exclude.matches(path, dir);
    !left_out
}

fn is_dir(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir()) || (entry.depth() == 0 && entry.path().is_dir())
}

/// Whether files of a language hold settings rather than code.
fn is_settings(language: Language) -> bool {
    matches!(language, Language::Yaml | Language::Json | Language::Toml | Language::Dotenv)
}

/// The language of a regular file by its name, or, if it has no extension, by its `#!` line.
fn language_of(path: &Path) -> Option<Language> {
    let name = path.file_name()?.to_string_lossy();
    if let Some(language) = Language::of_name(&name) {
        return Some(language);
    }
    if name.contains('.') {
        return None;
    }
    let mut head = [0; 128];
    let mut file = File::open(path).ok()?;
    let mut filled = 0;
    while let Some(rest @ [_, ..]) = head.get_mut(filled..) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(_) => return None,
        }
        // Most files are told apart by their first two bytes.
        if filled >= 2 && !head.starts_with(b"#!") {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head[..filled]).into_owned();
    Language::of_shebang(head.lines().next()?)
}

/// A single file that something leads to, if it is in one of the languages.
pub fn entry(path: &Path, cwd: &Path) -> Option<Entry> {
    let language = language_of(path)?;
    Some(Entry { path: path.to_path_buf(), shown: shown(path, cwd), language, explicit: false })
}

/// An absolute path without `.` and `..`.
pub fn absolute(path: &Path, cwd: &Path) -> PathBuf {
    let joined = cwd.join(path);
    if joined.components().any(|part| part == Component::ParentDir) {
        // `link/..` is not where `link` is: only the system can tell. The last part stays as it is, as it may be a
        // link itself.
        let parent = joined.parent().and_then(|parent| parent.canonicalize().ok());
        return match (parent, joined.file_name()) {
            (Some(parent), Some(name)) => parent.join(name),
            _ => joined.canonicalize().unwrap_or(joined),
        };
    }
    joined.components().collect()
}

/// The path as it is shown.
pub fn shown(path: &Path, cwd: &Path) -> PathBuf {
    match path.strip_prefix(cwd) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_path_buf(),
        _ => path.to_path_buf(),
    }
}

/// Why the system refuses, in the words that people know.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        kind => kind.to_string(),
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
