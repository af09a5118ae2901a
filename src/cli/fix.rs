//! `--fix` and `--diff`: edits are made, looked at, and kept only where they repair what they are for.
//!
//! A batch of fixes that do not touch each other is put into the texts in memory, and everything is analysed again. The
//! findings must be gone and no new one there, in any file, and the parser must understand as much as before; else the
//! batch is taken apart until the fix is found that is to blame. So it goes on until nothing is left to be done; only
//! then files are written.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::check::plural;
use super::{Host, Stop, write};
use crate::analysis::Output;
use crate::facts::Span;
use crate::finding::{Applicability, Change, Edit, FileId, Finding, Fix, Location};
use crate::fix;
use crate::report::{self, Suppression};
use crate::root;
use crate::screen;
use crate::source::{Encoding, Source};

/// The texts of files that are not what they are on the disk, by absolute path.
pub(super) type Texts = BTreeMap<PathBuf, String>;

/// A state of the files, and what is found in it.
pub(super) struct Judged {
    pub(super) output: Output,
    /// What is found, and why it is not reported.
    pub(super) findings: Vec<(Finding, Option<Suppression>)>,
}

impl Judged {
    /// The findings that are reported.
    fn active(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|(_, suppressed)| suppressed.is_none()).map(|(finding, _)| finding)
    }

    /// Whether findings of a file are reported: it was given, or found without following a link.
    fn is_reported(&self, path: &Path, cwd: &Path) -> bool {
        let files = self.output.sources.iter().zip(&self.output.reported);
        files.into_iter().any(|(source, reported)| *reported && cwd.join(source.path()) == *path)
    }
}

/// What has become of the fixes.
pub(super) struct Fixed {
    /// The state with all fixes made.
    pub(super) state: Judged,
    /// The new texts.
    pub(super) texts: Texts,
    /// How many findings there were.
    found: usize,
    /// Findings whose fix did not repair them: path, place and rule.
    pub(super) refused: Vec<Key>,
    /// The files as they were, with the literals to mask in them.
    pub(super) before: BTreeMap<PathBuf, (Source, Vec<Span>)>,
}

/// What a finding is known by when the text around it changes.
pub(super) type Key = (PathBuf, u32, &'static str);

/// More attempts than this are not made: each is a run over all files.
const MAX_ATTEMPTS: usize = 400;
/// Nor, when so many have been made, more than read so much again, in bytes of text.
const SURE_ATTEMPTS: usize = 16;
const MAX_AGAIN: usize = 32 << 20;

/// Makes fixes up to a kind until there are none to be made.
pub(super) fn fix(start: Judged, most: Applicability, cwd: &Path, judge: &mut dyn FnMut(&Texts) -> Judged) -> Fixed {
    let mut state = start;
    let mut texts = Texts::new();
    let mut before = BTreeMap::new();
    let mut refused: BTreeSet<Key> = BTreeSet::new();
    let found = state.active().count();
    let (mut size, mut again) = (usize::MAX, 0);
    for attempt in 0..MAX_ATTEMPTS {
        let batch = choose(&state, most, &refused, size);
        if batch.is_empty() || (attempt >= SURE_ATTEMPTS && again > MAX_AGAIN) {
            break;
        }
        again += state.output.sources.iter().map(|source| source.text.len()).sum::<usize>();
        let edits = edits(&batch);
        let new = edited(&state, &edits, texts.clone(), cwd);
        let next = judge(&new);
        if repairs(&state, &next, &batch, &edits) {
            for file in edits.keys() {
                let Some(source) = state.output.sources.get(file.index()) else { continue };
                let secrets = || secrets_in(&state.output, *file);
                before.entry(cwd.join(source.path())).or_insert_with(|| (source.clone(), secrets()));
            }
            refused = refused.into_iter().map(|key| moved(&state, key, &edits)).collect();
            (state, texts) = (next, new);
            size = size.saturating_mul(4);
        } else if let [(finding, _)] = batch.as_slice() {
            refused.insert(key(&state, finding));
            size = size.saturating_mul(4);
        } else {
            let lost = outgrown(&state, &next, &batch);
            if lost.is_empty() {
                size = batch.len() / 2;
            }
            refused.extend(lost);
        }
    }
    Fixed { state, texts, found, refused: refused.into_iter().collect(), before }
}

/// The findings whose fixes edit files that have grown too large or too deep for a parser: which of them would still have
/// been possible is not worth a search.
fn outgrown(before: &Judged, after: &Judged, batch: &[(&Finding, &Fix)]) -> Vec<Key> {
    fn path(state: &Judged, file: FileId) -> Option<&Path> {
        state.output.sources.get(file.index()).map(Source::path)
    }
    let unparsed = |state| -> BTreeSet<&Path> {
        let Judged { output, .. }: &Judged = state;
        output.unparsed.iter().filter_map(|(file, _)| path(state, *file)).collect()
    };
    let (was, is) = (unparsed(before), unparsed(after));
    let lost = |edit: &Edit| path(before, edit.at.file).is_some_and(|path| is.contains(path) && !was.contains(path));
    batch.iter().filter(|(_, fix)| fix.edits.iter().any(lost)).map(|(finding, _)| key(before, finding)).collect()
}

impl Fixed {
    /// Findings that are gone, in words.
    fn count(&self) -> String {
        plural(self.found.saturating_sub(self.state.active().count()), "finding")
    }

    fn files(&self) -> String {
        plural(self.texts.len(), "file")
    }
}

/// The literals to mask in a file.
pub(super) fn secrets_in(output: &Output, file: FileId) -> Vec<Span> {
    output.secrets.iter().filter(|secret| secret.file == file).map(|secret| secret.span).collect()
}

/// Findings whose fixes can be made together: no two come near each other, unless they are the same.
fn choose<'a>(
    state: &'a Judged,
    most: Applicability,
    refused: &BTreeSet<Key>,
    size: usize,
) -> Vec<(&'a Finding, &'a Fix)> {
    let mut candidates: Vec<(&Finding, &Fix)> = state
        .active()
        .filter_map(|finding| Some((finding, finding.fix.as_ref()?)))
        .filter(|(finding, fix)| fix.applicability <= most && !refused.contains(&key(state, finding)))
        .collect();
    // A base URL under a wrong name is given its right one before another is added.
    let adds =
        |finding: &Finding| matches!(&finding.repair, Some(repair) if matches!(repair.change, Change::AddUrl { .. }));
    candidates.sort_by_key(|(finding, _)| (adds(finding), finding.at));
    let mut taken = Taken::default();
    candidates.into_iter().filter(|(finding, fix)| taken.take(finding, fix)).take(size).collect()
}

/// The places that fixes are about. Two fixes may share one only if their edits are the same.
#[derive(Default)]
struct Taken<'a> {
    /// The end of a place, and the edits that it belongs to, by its start. Places that touch are one.
    places: BTreeMap<(FileId, u32), (u32, usize)>,
    edits: HashMap<&'a [Edit], usize>,
}

impl<'a> Taken<'a> {
    /// Takes the places of a fix; `false` if one of them touches that of another.
    fn take(&mut self, finding: &Finding, fix: &'a Fix) -> bool {
        let next = self.edits.len();
        let number = self.edits.get(fix.edits.as_slice()).copied().unwrap_or(next);
        let places = places(finding, fix);
        if places.iter().any(|at| self.touching(*at).any(|(_, (_, owner))| owner != number)) {
            return false;
        }
        for at in places {
            let (mut start, mut end) = (at.span.start, at.span.end);
            let own: Vec<_> = self.touching(at).collect();
            for (key, (old, _)) in own {
                self.places.remove(&key);
                (start, end) = (start.min(key.1), end.max(old));
            }
            self.places.insert((at.file, start), (end, number));
        }
        self.edits.insert(&fix.edits, number);
        true
    }

    /// The taken places that a place touches.
    fn touching(&self, at: Location) -> impl Iterator<Item = ((FileId, u32), (u32, usize))> {
        let before = self.places.range((at.file, 0)..=(at.file, at.span.end)).rev();
        before.map(|(key, place)| (*key, *place)).take_while(move |(_, (end, _))| *end >= at.span.start)
    }
}

/// What a fix changes, and what it is for.
fn places(finding: &Finding, fix: &Fix) -> Vec<Location> {
    fix.edits.iter().map(|edit| edit.at).chain([finding.at]).collect()
}

/// The edits of a batch for each file, sorted, each once.
fn edits<'a>(batch: &[(&'a Finding, &'a Fix)]) -> BTreeMap<FileId, Vec<&'a Edit>> {
    let mut out: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in batch.iter().flat_map(|(_, fix)| &fix.edits) {
        out.entry(edit.at.file).or_default().push(edit);
    }
    for list in out.values_mut() {
        let mut seen = HashSet::new();
        list.retain(|edit| seen.insert(*edit));
        list.sort_by_key(|edit| edit.at);
    }
    out
}

fn key(state: &Judged, finding: &Finding) -> Key {
    let path = state.output.sources.get(finding.at.file.index()).map(|source| source.path.clone());
    (path.unwrap_or_default(), finding.at.span.start, finding.rule)
}

/// The key of the same finding once the edits are made.
fn moved(state: &Judged, (path, start, rule): Key, edits: &BTreeMap<FileId, Vec<&Edit>>) -> Key {
    let file =
        edits.iter().find(|(file, _)| state.output.sources.get(file.index()).is_some_and(|source| source.path == path));
    let start = file.map_or(start, |(_, edits)| fix::moved(Span { start, end: start }, edits).start);
    (path, start, rule)
}

/// Whether edits did what they are for: the findings are gone, no other came, and nothing is broken.
fn repairs(before: &Judged, after: &Judged, batch: &[(&Finding, &Fix)], edits: &BTreeMap<FileId, Vec<&Edit>>) -> bool {
    let was: BTreeSet<Key> = before.active().map(|finding| moved(before, key(before, finding), edits)).collect();
    let is: BTreeSet<Key> = after.active().map(|finding| key(after, finding)).collect();
    let gone = batch.iter().all(|(finding, _)| !is.contains(&moved(before, key(before, finding), edits)));
    let broken = |state: &Judged| -> BTreeSet<PathBuf> {
        let unread = state.output.unparsed.iter().map(|(file, _)| file);
        let broken = state.output.partly.iter().chain(unread);
        let paths = broken.filter_map(|file| state.output.sources.get(file.index()));
        paths.map(|source| source.path.clone()).collect()
    };
    gone && is.is_subset(&was) && broken(after).is_subset(&broken(before))
}

/// Which fixes leave their findings gone and nothing else worse: all at once where they do not meet and that goes well,
/// else each alone.
pub(super) fn which_repair(
    state: &Judged,
    fixes: &[(&Finding, &Fix)],
    cwd: &Path,
    judge: &mut dyn FnMut(&Texts) -> Judged,
) -> Vec<bool> {
    let mut does = |batch: &[(&Finding, &Fix)]| {
        let edits = edits(batch);
        repairs(state, &judge(&edited(state, &edits, Texts::new(), cwd)), batch, &edits)
    };
    let mut taken = Taken::default();
    if fixes.len() > 1 && fixes.iter().all(|(finding, fix)| taken.take(finding, fix)) && does(fixes) {
        return vec![true; fixes.len()];
    }
    fixes.iter().map(|one| does(&[*one])).collect()
}

/// The texts with edits made in the files of a state.
fn edited(state: &Judged, edits: &BTreeMap<FileId, Vec<&Edit>>, mut texts: Texts, cwd: &Path) -> Texts {
    for (file, edits) in edits {
        if let Some(source) = state.output.sources.get(file.index()) {
            texts.insert(cwd.join(source.path()), fix::apply(&source.text, edits));
        }
    }
    texts
}

/// Says how many findings a fix could repair, beyond those that were asked for; `None` for none.
pub(super) fn fixable<'a>(findings: impl Iterator<Item = &'a Finding>, asked: Option<Applicability>) -> Option<String> {
    let (mut safe, mut shared) = (0, 0);
    let fixes = findings.filter_map(|finding| finding.fix.as_ref());
    for fix in fixes.filter(|fix| asked.is_none_or(|asked| fix.applicability > asked)) {
        match fix.applicability {
            Applicability::Safe => safe += 1,
            Applicability::Unsafe => shared += 1,
        }
    }
    match (safe, shared) {
        (0, 0) => None,
        (safe, 0) => Some(format!("{safe} fixable with `--fix`")),
        (0, shared) => Some(format!("{shared} fixable with `--fix --unsafe-fixes`")),
        (safe, shared) => Some(format!("{safe} fixable with `--fix`, {shared} more with `--fix --unsafe-fixes`")),
    }
}

/// Says which fixes were tried and not made.
pub(super) fn tell_refused(fixed: &Fixed, host: &mut Host<'_>) {
    for (path, start, rule) in &fixed.refused {
        let source = fixed.state.output.sources.iter().find(|source| source.path == *path);
        let line = source.map_or(1, |source| source.position(*start).line);
        let path = screen::path(path);
        let _ = writeln!(host.stderr, "{path}:{line}: not fixed: the change for {rule} would not have left it right");
    }
}

/// Says what was fixed.
pub(super) fn tell(fixed: &Fixed, host: &mut Host<'_>) {
    if !fixed.texts.is_empty() {
        let _ = writeln!(host.stderr, "Fixed {} in {}", fixed.count(), fixed.files());
    }
}

/// Writes the changes as a unified diff. Keys are masked in it as everywhere.
pub(super) fn show(fixed: &Fixed, most: Applicability, quiet: bool, host: &mut Host<'_>) -> Result<(), Stop> {
    for (path, text) in &fixed.texts {
        let Some((source, secrets)) = fixed.before.get(path) else { continue };
        let after = fixed.state.output.sources.iter().position(|other| other.path == source.path);
        let new = Source::new(&source.path, source.language, text.clone());
        let new_secrets = after.map_or(Vec::new(), |at| secrets_in(&fixed.state.output, FileId(at as u32)));
        let diff = report::diff(&source.path, (source, secrets), (&new, &new_secrets), 3);
        host.stdout.write_all(diff.as_bytes())?;
    }
    if !quiet {
        let _ = match fixed.texts.is_empty() {
            true => writeln!(host.stderr, "Nothing to fix"),
            false => writeln!(host.stderr, "Would fix {} in {}", fixed.count(), fixed.files()),
        };
        if let Some(line) = fixable(fixed.state.active(), Some(most)) {
            let _ = writeln!(host.stderr, "{line}");
        }
    }
    Ok(())
}

/// Writes the new texts: files in their place, what came from standard input to standard output. What could not be
/// written is no longer among the new texts; whether there is such.
pub(super) fn write(fixed: &mut Fixed, stdin: Option<&(PathBuf, Encoding)>, host: &mut Host<'_>) -> Result<bool, Stop> {
    let mut lost = Vec::new();
    for (path, text) in &fixed.texts {
        let Some((source, _)) = fixed.before.get(path) else { continue };
        if stdin.is_some_and(|(stdin, _)| stdin == path) {
            continue;
        }
        let written = match fixed.state.is_reported(path, &host.cwd) || !is_behind_link(path, &host.cwd) {
            true => write::replace(path, &source.text, text),
            false => Err("a symbolic link leads there, and it was not given".to_owned()),
        };
        if let Err(reason) = written {
            let shown = screen::path(&source.path);
            let _ = writeln!(host.stderr, "error: {shown}: not fixed: {}", screen::clean(&reason));
            lost.push(path.clone());
        }
    }
    if let Some((path, encoding)) = stdin {
        let cwd = &host.cwd;
        let source = fixed.state.output.sources.iter().find(|source| cwd.join(source.path()) == *path);
        host.stdout.write_all(&encoding.encode(source.map_or("", |source| &source.text)))?;
    }
    fixed.texts.retain(|path, _| !lost.contains(path));
    Ok(!lost.is_empty())
}

/// Whether a link stands between the root of the project and a file of it: what it leads to may be anybody's.
fn is_behind_link(path: &Path, cwd: &Path) -> bool {
    let root = [root::project_root(cwd), root::project_root(path)].into_iter().find(|root| path.starts_with(root));
    root.is_none_or(|root| {
        let links = |path: &Path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        path.ancestors().take_while(|above| **above != root).any(links)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::finding::{Repair, Severity};
    use crate::language::Language;

    /// Finds `?`, which becomes `!`, `#`, whose fix does nothing, and `%`, whose fix makes a `?` of it.
    fn found(texts: &Texts) -> Judged {
        let mut state = Judged { output: Output::default(), findings: Vec::new() };
        for (path, text) in texts {
            let file = FileId(state.output.sources.len() as u32);
            state.output.sources.push(Source::new(path, Language::Python, text.clone()));
            for (at, mark) in text.match_indices(['?', '#', '%']) {
                let (rule, content) = match mark {
                    "?" => ("question", "!"),
                    "#" => ("stubborn", "#"),
                    _ => ("percent", "??"),
                };
                let at = Location { file, span: Span::new(at, at + 1) };
                let edits = vec![Edit { at, content: content.to_owned() }];
                let fix = Fix { applicability: Applicability::Safe, message: String::new(), edits };
                let repair = Repair { change: Change::StripKey { at }, applicability: Applicability::Safe };
                let finding = Finding::new(rule, Severity::Error, at, String::new());
                state.findings.push((Finding { repair: Some(repair), fix: Some(fix), ..finding }, None));
            }
        }
        state
    }

    fn run(texts: &Texts) -> Fixed {
        let mut judge = |new: &Texts| {
            let mut all = texts.clone();
            all.extend(new.clone());
            found(&all)
        };
        fix(found(texts), Applicability::Safe, Path::new(""), &mut judge)
    }

    proptest! {
        /// However many are to blame: the others are fixed, and they stay as they were.
        #[test]
        fn bad_fixes_are_found_and_left(first in "[a?#%\n]{0,24}", second in "[?#]{0,9}") {
            let texts = Texts::from([(PathBuf::from("a.py"), first), (PathBuf::from("b.py"), second)]);
            let fixed = run(&texts);
            for (path, text) in &texts {
                let now = fixed.texts.get(path).unwrap_or(text);
                prop_assert_eq!(now, &text.replace('?', "!"));
            }
            let bad = texts.values().map(|text| text.matches(['#', '%']).count()).sum::<usize>();
            prop_assert_eq!(fixed.refused.len(), bad);
            prop_assert!(run(&fixed.state.output.sources.iter().map(|s| (s.path.clone(), s.text.clone())).collect()).texts.is_empty());
        }
    }

    #[test]
    fn what_outgrows_the_parser_is_left_at_once() {
        let texts = [("a.py", 40), ("b.py", 4)].map(|(name, count)| (PathBuf::from(name), "?\n".repeat(count)));
        let (texts, mut runs) = (Texts::from(texts), 0);
        let mut judge = |new: &Texts| {
            runs += 1;
            let mut all = texts.clone();
            all.extend(new.clone());
            let mut state = found(&all);
            let dense = |source: &Source| source.text.matches('!').count() > 9;
            let dense = state.output.sources.iter().position(dense);
            state.output.unparsed = dense.map(|file| (FileId(file as u32), String::new())).into_iter().collect();
            state
        };
        let fixed = fix(found(&texts), Applicability::Safe, Path::new(""), &mut judge);
        assert_eq!(fixed.refused.len(), 40);
        assert_eq!(fixed.texts.keys().collect::<Vec<_>>(), [Path::new("b.py")]);
        assert_eq!(runs, 2);
    }

    #[test]
    fn what_can_be_fixed_is_counted() {
        let texts = Texts::from([(PathBuf::from("a.py"), "?".to_owned())]);
        let state = found(&texts);
        assert_eq!(fixable(state.active(), None).as_deref(), Some("1 fixable with `--fix`"));
        assert_eq!(fixable(state.active(), Some(Applicability::Safe)), None);
    }
}
