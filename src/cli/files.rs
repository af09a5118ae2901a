//! Which files a run reads: those that it reports on, and, when asked for, the project around them.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::args::Paths;
use super::fix::Texts;
use super::{Host, Stop};
use crate::analysis;
use crate::config::{Config, Known};
use crate::language::Language;
use crate::prefilter::Prefilter;
use crate::read::{self, Refusal};
use crate::root;
use crate::screen;
use crate::source::{Encoding, Source, decode};
use crate::walk::{self, Excludes, Files, Options, SkipReason};

/// So many files are parsed without a look, if they are short: the words to look for take longer to compile.
const HANDFUL: usize = 8;
/// How long a short file may be, in bytes.
const SHORT: usize = 32 << 10;
/// More than this no editor sends, and no list of files is longer.
const LONGEST: u64 = 32 << 20;

/// The paths of the command line.
pub(super) struct Given {
    paths: Vec<PathBuf>,
    /// Standard input as a file.
    stdin: Option<Stdin>,
}

/// Standard input as a file.
struct Stdin {
    path: PathBuf,
    language: Language,
    text: String,
    encoding: Encoding,
}

/// The files that findings may be about.
pub(super) struct Loaded {
    pub(super) given: Vec<analysis::Given>,
    /// What was not read, and why.
    pub(super) skipped: Vec<(PathBuf, SkipReason)>,
    /// Given files that could not be read.
    pub(super) failed: Vec<(PathBuf, SkipReason)>,
    /// The one that was read from standard input.
    pub(super) stdin: Option<(PathBuf, Encoding)>,
}

/// Collects the paths, and reads standard input if it is among them.
pub(super) fn given(args: &Paths, host: &mut Host<'_>) -> Result<Given, Stop> {
    let user = |message: &str| Stop::User(message.to_owned());
    let mut paths = args.paths.clone();
    if let Some(list) = &args.files_from {
        let bytes = if list.as_os_str() == "-" {
            read_all(&mut *host.stdin, "standard input")?
        } else {
            // Not only a regular file: `--files-from <(git diff --name-only)`.
            let name = screen::path(list);
            let file = std::fs::File::open(host.cwd.join(list));
            read_all(file.map_err(|error| Stop::User(format!("{name}: {}", walk::reason(&error))))?, &name)?
        };
        paths.extend(split_paths(&unmarked(bytes)?)?);
    }
    let dash = |path: &PathBuf| path.as_os_str() == "-";
    let wants_stdin = paths.iter().any(dash) || (args.stdin_filename.is_some() && paths.is_empty());
    if !wants_stdin {
        if args.stdin_filename.is_some() {
            return Err(user("--stdin-filename is for standard input: add '-'"));
        }
        if paths.is_empty() && args.files_from.is_none() {
            paths.push(PathBuf::from("."));
        }
        return Ok(Given { paths, stdin: None });
    }
    if args.files_from.as_ref().is_some_and(dash) {
        return Err(user("standard input cannot be both a list of files and a file"));
    }
    let Some(name) = &args.stdin_filename else {
        return Err(user("'-' needs --stdin-filename, which says what standard input holds"));
    };
    let file_name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = read_all(&mut *host.stdin, "standard input")?;
    let encoding = Encoding::of(&bytes);
    let text = decode(bytes).map_err(|error| Stop::User(format!("standard input: {error}")))?;
    let language = Language::of_name(&file_name).or_else(|| Language::of_shebang(text.lines().next()?));
    let language = language.ok_or_else(|| user("standard input: no language that mixlint reads, by its name"))?;
    paths.retain(|path| !dash(path));
    let path = walk::absolute(name, &host.cwd);
    Ok(Given { paths, stdin: Some(Stdin { path, language, text, encoding }) })
}

fn read_all(from: impl std::io::Read, name: &str) -> Result<Vec<u8>, Stop> {
    read::all(from, 0, LONGEST).map_err(|refusal| match refusal {
        Refusal::TooLarge => Stop::User(format!("{name}: larger than {LONGEST} bytes")),
        refusal => Stop::User(format!("{name}: {refusal}")),
    })
}

/// The bytes of a list of files. PowerShell marks what it writes, and writes UTF-16.
fn unmarked(bytes: Vec<u8>) -> Result<Vec<u8>, Stop> {
    match Encoding::of(&bytes) {
        Encoding::Utf8 => Ok(bytes),
        _ => decode(bytes).map(String::into_bytes).map_err(|error| Stop::User(format!("the list of files: {error}"))),
    }
}

/// The paths of a list: separated by NUL if there is one, else by line ends.
fn split_paths(bytes: &[u8]) -> Result<Vec<PathBuf>, Stop> {
    let by_nul = bytes.contains(&0);
    let parts = bytes.split(|&byte| if by_nul { byte == 0 } else { byte == b'\n' });
    let parts = parts.map(|part| if by_nul { part } else { part.strip_suffix(b"\r").unwrap_or(part) });
    parts.filter(|part| !part.is_empty()).map(to_path).collect()
}

#[cfg(unix)]
fn to_path(bytes: &[u8]) -> Result<PathBuf, Stop> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(bytes).into())
}

#[cfg(not(unix))]
fn to_path(bytes: &[u8]) -> Result<PathBuf, Stop> {
    let text = std::str::from_utf8(bytes);
    text.map(PathBuf::from).map_err(|_| Stop::User("the list of files is not UTF-8".to_owned()))
}

impl Given {
    /// The configuration of the run: the nearest one upward from the first path.
    pub(super) fn config(&self, args: &Paths, cwd: &Path, known: &Known<'_>) -> Result<Config, Stop> {
        if args.reading.no_config {
            return Ok(Config { root: cwd.to_path_buf(), ..Config::default() });
        }
        if let Some(path) = &args.reading.config {
            return Ok(Config::read(&walk::absolute(path, cwd), known)?);
        }
        let first = self.paths.first().map(|path| walk::absolute(path, cwd));
        let stdin = || self.stdin.as_ref().map(|stdin| stdin.path.clone());
        let from = first.or_else(stdin).unwrap_or_else(|| cwd.to_path_buf());
        Ok(Config::discover(&from, known)?)
    }

    /// The report set, without standard input.
    pub(super) fn walk(&self, options: &Options) -> Result<Files, Stop> {
        walk::walk(&self.paths, options).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Stop::User(lines.join("\nerror: "))
        })
    }

    /// Reads the report set; `keep` says that all texts are wanted.
    pub(super) fn load(
        self,
        report: Files,
        options: &Options,
        limit: u64,
        prefilter: &Prefilter<'_>,
        keep: bool,
    ) -> Loaded {
        let mut skipped = report.skipped;
        let mut entries = report.entries;
        if let Some(stdin) = &self.stdin {
            entries.retain(|entry| entry.path != stdin.path);
        }
        let handful = entries.len() <= HANDFUL && keep;
        let take = |source: Source, path: PathBuf| {
            if handful && source.text.len() <= SHORT {
                return analysis::Given::taken(source, path);
            }
            analysis::Given::new(source, path, prefilter, keep)
        };
        let load =
            |entry: walk::Entry| (walk::load(&entry, limit).map(|source| take(source, entry.path.clone())), entry);
        let loaded: Vec<_> = entries.into_par_iter().map(load).collect();
        let mut given = Vec::with_capacity(loaded.len());
        let mut failed = Vec::new();
        for (result, entry) in loaded {
            match result {
                Ok(file) => given.push(file),
                Err(reason @ SkipReason::Unreadable(_)) if entry.explicit => failed.push((entry.shown, reason)),
                Err(reason) => skipped.push((entry.shown, reason)),
            }
        }
        let mut from_stdin = None;
        if let Some(Stdin { path, language, text, encoding }) = self.stdin {
            from_stdin = Some((path.clone(), encoding));
            let source = Source::new(walk::shown(&path, &options.cwd), language, text);
            given.push(take(source, path));
        }
        given.sort_by(|a, b| a.source.path.cmp(&b.source.path));
        skipped.sort_by(|(a, _), (b, _)| a.cmp(b));
        Loaded { given, skipped, failed, stdin: from_stdin }
    }

    /// The directories that were given, absolute.
    pub(super) fn directories(&self, cwd: &Path) -> Vec<PathBuf> {
        self.paths.iter().map(|path| walk::absolute(path, cwd)).filter(|path| path.is_dir()).collect()
    }
}

/// The project around the given files.
pub(super) struct Around<'a> {
    pub(super) options: &'a Options,
    pub(super) limit: u64,
    /// The directories that were given.
    pub(super) directories: Vec<PathBuf>,
    /// Files whose text is not what is on the disk.
    pub(super) texts: Texts,
    /// The repositories that directories are in.
    pub(super) repositories: root::Repositories,
}

impl analysis::Reader for Around<'_> {
    fn read(&self, path: &Path) -> Option<Source> {
        let entry = walk::entry(path, &self.options.cwd)?;
        if let Some(text) = self.texts.get(path) {
            return Some(Source::new(&entry.shown, entry.language, text.clone()));
        }
        walk::load(&entry, self.limit).ok()
    }

    fn root(&self, dir: &Path) -> PathBuf {
        if let Some(root) = self.repositories.of(dir) {
            return root;
        }
        // Outside of a repository, where a project ends nobody knows: the directory that was given is all there is.
        let given = self.directories.iter().filter(|given| dir.starts_with(given)).min();
        given.cloned().unwrap_or_else(|| dir.to_path_buf())
    }

    fn all(&self, root: &Path) -> Vec<PathBuf> {
        // All of it has been walked.
        if self.directories.iter().any(|given| root.starts_with(given)) {
            return Vec::new();
        }
        let inside = root::repository(root).is_some();
        // What documents show feeds no code.
        let options = Options { shallow: !inside, documents: false, ..self.options.clone() };
        // What cannot be walked gives no facts; the given paths have been looked at already.
        let found = walk::walk(&[root.to_path_buf()], &options).unwrap_or_default();
        found.entries.into_iter().map(|entry| entry.path).collect()
    }
}

/// What decides which files are found.
pub(super) fn options(args: &Paths, config: &Config, cwd: &Path) -> Result<Options, Stop> {
    let mut exclude = Excludes::default();
    let bad = |of: &str, error: ignore::Error| Stop::User(format!("{of}: {}", screen::clean(&error.to_string())));
    exclude.add(cwd, args.reading.exclude.iter().map(String::as_str)).map_err(|error| bad("--exclude", error))?;
    let configured = config.exclude.iter().map(String::as_str);
    exclude.add(&config.root, configured).map_err(|error| bad("`exclude` of the configuration", error))?;
    Ok(Options {
        cwd: cwd.to_path_buf(),
        exclude,
        force_exclude: args.force_exclude,
        no_ignore: args.reading.no_ignore,
        documents: args.reading.include_docs,
        shallow: false,
        threads: args.reading.threads(),
    })
}
