//! Changes of a file as the lines that they change, the way a unified diff shows them.

use std::collections::BTreeMap;
use std::path::Path;

use similar::TextDiff;

use super::Files;
use crate::facts::Span;
use crate::finding::{Edit, FileId, Fix};
use crate::fix;
use crate::screen;
use crate::source::Source;

/// What differs between two versions of a file, each with the literals to mask in it: a unified diff with so many lines
/// around.
pub fn diff(path: &Path, old: (&Source, &[Span]), new: (&Source, &[Span]), around: usize) -> String {
    let (old, new) = (screen::whole(old.0, old.1), screen::whole(new.0, new.1));
    let name = screen::path(path);
    TextDiff::from_lines(&old, &new).unified_diff().context_radius(around).header(&name, &name).to_string()
}

/// What a fix changes, file by file.
pub(super) fn of_fix(files: &Files<'_>, fix: &Fix) -> String {
    let mut edits: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in &fix.edits {
        edits.entry(edit.at.file).or_default().push(edit);
    }
    let mut out = String::new();
    for (file, edits) in edits {
        let Some(source) = files.source(file) else { continue };
        let secrets = files.secrets_in(file);
        let new = Source::new(&source.path, source.language, fix::apply(&source.text, &edits));
        let new_secrets: Vec<Span> = secrets.iter().map(|span| fix::moved(*span, &edits)).collect();
        out.push_str(&diff(source.path(), (source, &secrets), (&new, &new_secrets), 1));
    }
    out
}
