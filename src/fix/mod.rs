//! From a repair, which knows no syntax, to edits of a file's text.
//!
//! `values` changes what is written somewhere (a URL, a name, a key), `arguments` gives a call one more argument,
//! `environment` gives an environment one more variable, each in the file's own style. What cannot be done well is not
//! done: there is no edit then, and the finding keeps its help. [`apply`] puts edits into a text; whether they repair
//! anything is for the analysis of that text to say.

use std::cell::OnceCell;

use tree_sitter::Tree;

use crate::extract;
use crate::facts::Span;
use crate::finding::{Applicability, Change, Edit, FileId, Finding, Fix, Location, UrlSlot};
use crate::language::Language;
use crate::project::Project;
use crate::source::Source;

mod apply;
mod arguments;
mod environment;
mod list;
mod notebook;
mod values;

pub use apply::{apply, moved};

/// What is known of the last file that edits were made for: findings come file by file.
#[derive(Default)]
pub struct Last(Option<(FileId, Look)>);

/// What takes a look at a whole file.
#[derive(Default)]
struct Look {
    tree: OnceCell<Option<Tree>>,
    /// Most strings are in single quotes.
    single: OnceCell<bool>,
}

impl Last {
    fn of(&mut self, file: FileId) -> &Look {
        let last = self.0.take().filter(|(last, _)| *last == file);
        &self.0.insert(last.unwrap_or_else(|| (file, Look::default()))).1
    }
}

/// The edits that carry out a finding's repair.
pub fn lower(project: &Project, last: &mut Last, finding: &Finding) -> Option<Fix> {
    let repair = finding.repair.as_ref()?;
    let at = match &repair.change {
        Change::AddUrl { client: at, .. }
        | Change::AddArgument { client: at, .. }
        | Change::ReplaceUrl { at, .. }
        | Change::SetUrl { at, .. }
        | Change::Rename { at, .. }
        | Change::RenameOption { value: at, .. }
        | Change::StripKey { at } => *at,
    };
    let file = project.files.get(at.file.index())?;
    let place = Place { file: at.file, source: &file.source, look: last.of(at.file) };
    let span = at.span;
    // Not every place is what it was taken for: then no edit is better than a wrong one.
    let (mut edits, applicability) = match &repair.change {
        Change::AddUrl { slot: UrlSlot::Variable(name), url, .. } => {
            (environment::add(&place, &file.module, span, name, url)?, Applicability::Safe)
        }
        Change::AddUrl { slot: UrlSlot::Field(name), url, .. } => {
            (environment::add_field(&place, span, name, url)?, Applicability::Safe)
        }
        Change::AddUrl { slot, url, .. } => arguments::add(&place, &file.module, span, slot, url)?,
        Change::AddArgument { argument, .. } => (arguments::add_argument(&place, span, argument)?, Applicability::Safe),
        Change::ReplaceUrl { from, host, path, .. } => {
            (values::replace_url(&place, span, from, host, path.as_deref())?, Applicability::Safe)
        }
        Change::SetUrl { url, .. } => (values::set_url(&place, span, url)?, Applicability::Safe),
        Change::Rename { from, to, .. } => (values::rename(&place, span, from, to)?, Applicability::Safe),
        Change::RenameOption { from, to, .. } => (arguments::rename(&place, span, from, to)?, Applicability::Safe),
        Change::StripKey { .. } => (values::strip_key(&place, span)?, Applicability::Safe),
    };
    edits.sort_by_key(|edit| edit.at);
    // Another file is read by others, too, and so is a dotenv file.
    let elsewhere = at.file != finding.at.file || file.source.language == Language::Dotenv;
    let by_place = if elsewhere { Applicability::Unsafe } else { Applicability::Safe };
    let applicability = repair.applicability.max(applicability).max(by_place);
    Some(Fix { applicability, message: message(&repair.change), edits })
}

/// What a change does, for people.
fn message(change: &Change) -> String {
    match change {
        Change::AddUrl { slot, url, .. } => match slot {
            UrlSlot::Argument(paths) => {
                let path = paths.first().map_or("", String::as_str);
                let names: Vec<&str> = path.split('.').filter(|part| part.parse::<usize>().is_err()).collect();
                format!("add `{}`: {url}", names.join("."))
            }
            UrlSlot::Method(name) => format!("add `.{name}(\"{url}\")`"),
            UrlSlot::Call(call) => format!("call `{}` with {url}", call.split('(').next().unwrap_or(call)),
            UrlSlot::Attribute(name) => format!("set `{name}` to {url}"),
            UrlSlot::Variable(name) | UrlSlot::Field(name) => format!("set `{name}` to {url}"),
        },
        Change::ReplaceUrl { from, host, path, .. } => {
            let path = path.as_ref().unwrap_or(&from.path).replace('\u{fffd}', "…");
            format!("write `{}`", crate::endpoint::shown(&format!("{}{host}{path}", scheme(from))))
        }
        Change::SetUrl { url, .. } => format!("write `{url}`"),
        Change::Rename { from, to, .. } | Change::RenameOption { from, to, .. } => {
            format!("rename `{from}` to `{to}`")
        }
        Change::AddArgument { argument, .. } => format!("add `{argument}`"),
        Change::StripKey { .. } => "take off what does not belong to the key".to_owned(),
    }
}

/// The secure form of a URL's scheme.
fn scheme(url: &crate::endpoint::Url) -> &'static str {
    match url.scheme {
        None => "",
        Some("ws" | "wss") => "wss://",
        Some(_) => "https://",
    }
}

/// A file whose text is edited.
struct Place<'a> {
    file: FileId,
    source: &'a Source,
    look: &'a Look,
}

impl<'a> Place<'a> {
    fn text(&self) -> &'a str {
        &self.source.text
    }

    /// The file's syntax tree, parsed once.
    fn syntax(&self) -> Option<&'a Tree> {
        self.look.tree.get_or_init(|| extract::syntax(self.source)).as_ref()
    }

    fn edit(&self, start: usize, end: usize, content: impl Into<String>) -> Edit {
        Edit { at: Location { file: self.file, span: Span::new(start, end) }, content: content.into() }
    }

    fn insert(&self, at: usize, content: impl Into<String>) -> Edit {
        self.edit(at, at, content)
    }

    /// Where the line of an offset begins.
    fn line_start(&self, at: usize) -> usize {
        self.text()[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Where the line of an offset ends, before its line end.
    fn line_end(&self, at: usize) -> usize {
        let end = self.text()[at..].find('\n').map_or(self.text().len(), |newline| at + newline);
        if end > at && self.text()[..end].ends_with('\r') { end - 1 } else { end }
    }

    /// The white space that the line of an offset begins with.
    fn indent(&self, at: usize) -> &'a str {
        let line = &self.text()[self.line_start(at)..self.line_end(at)];
        &line[..line.len() - line.trim_start().len()]
    }

    /// The line end that the file uses.
    fn newline(&self) -> &'static str {
        if self.text().find('\n').is_some_and(|at| self.text()[..at].ends_with('\r')) { "\r\n" } else { "\n" }
    }

    /// A URL in quotes, in the style of the code around: of the nearest quotes before a place, else the file's.
    fn quoted(&self, near: Span, url: &str) -> String {
        // A quote behind a letter ends a string, or is an apostrophe.
        let count = |text: &str, quote: char| {
            text.match_indices(quote).filter(|(at, _)| !text[..*at].ends_with(char::is_alphanumeric)).count()
        };
        let inside = self.source.slice(near);
        let quote = match (count(inside, '"'), count(inside, '\'')) {
            (1.., 0) => '"',
            (0, 1..) => '\'',
            _ if *self.look.single.get_or_init(|| count(self.text(), '\'') > count(self.text(), '"')) => '\'',
            _ => '"',
        };
        format!("{quote}{url}{quote}")
    }
}
