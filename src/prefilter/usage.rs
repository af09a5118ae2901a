//! What stands beside a name: whether it is used, where it comes from, or whether it is only talked of.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use crate::chars;
use crate::glance::is_part;
use crate::language::Language;
use crate::source::Source;

/// How far around a name is looked, in bytes: a line may be all of a file.
const NEAR: usize = 8 << 10;
/// How many places of a name are looked at.
const PLACES: usize = 1000;

/// The names of one file.
pub(super) struct Usage<'t> {
    text: &'t str,
    language: Language,
    /// Comments and strings of Python, in order.
    prose: OnceLock<Vec<Range<usize>>>,
    /// Which names imports bring.
    brought: HashMap<&'t str, bool>,
}

impl<'t> Usage<'t> {
    pub(super) fn new(source: &'t Source) -> Self {
        Self { text: &source.text, language: source.language, prose: OnceLock::new(), brought: HashMap::new() }
    }

    /// Whether what stands here is no code.
    pub(super) fn is_prose(&self, at: usize) -> bool {
        if self.language == Language::Python {
            let prose = self.prose.get_or_init(|| python_prose(self.text));
            let next = prose.partition_point(|range| range.end <= at);
            return prose.get(next).is_some_and(|range| range.start <= at);
        }
        let line = line_before(self.text, at).trim_start();
        line.starts_with("//") || (self.language != Language::Rust && line.starts_with('*'))
    }

    /// Whether a name that many things have may be that of a package: an import brings it, or what it is a member of.
    pub(super) fn is_from_outside(&mut self, name: &Range<usize>, packages: &[String]) -> bool {
        if self.language == Language::Rust {
            return true;
        }
        let text = self.text;
        let before = before(text, name.start);
        let receiver = before.len() - before.trim_end_matches(|c: char| is_part(c) || c == '.').len();
        let chain_start = name.start - receiver;
        let chain = &text[chain_start..name.end];
        let root = chain.split('.').next().unwrap_or(chain);
        let is_member = chain.contains('.');
        match root {
            // `require("x").name`
            "" => {
                let line = line_before(text, chain_start);
                ["require", "import"].iter().any(|word| line.contains(word))
            }
            // `self.name` is a method, `self.client.name` may be the package's.
            "self" | "cls" | "this" => chain.split('.').count() > 2,
            _ if is_member && self.language == Language::Python && root.starts_with(char::is_uppercase) => false,
            _ => self.is_brought(root) || (is_member && packages.iter().any(|package| is_put_elsewhere(text, package))),
        }
    }

    /// Whether an import brings a name.
    fn is_brought(&mut self, name: &'t str) -> bool {
        let text = self.text;
        let star = self.language == Language::Python && text.contains("import *");
        star || *self.brought.entry(name).or_insert_with(|| {
            let mut places = whole_words(text, name);
            let imports = |at: usize| {
                let (before, after) = (line_before(text, at), line_after(text, at + name.len()));
                // A part of a path is none of its names.
                let is_path = before.ends_with(['.', '/']) || after.starts_with('/');
                let imports = before.contains("import") || (after.contains('=') && after.contains("require"));
                !is_path && (imports || after.contains("import(") || is_in_list(text, at))
            };
            places.by_ref().take(PLACES).any(imports) || places.next().is_some()
        })
    }
}

/// The text before a place.
pub(super) fn before(text: &str, at: usize) -> &str {
    &text[chars::ceil(text, at.saturating_sub(NEAR))..at]
}

/// The text behind a place.
pub(super) fn after(text: &str, at: usize) -> &str {
    chars::start(&text[at..], NEAR)
}

/// The line of a place, up to it.
pub(super) fn line_before(text: &str, at: usize) -> &str {
    before(text, at).rsplit('\n').next().unwrap_or("")
}

fn line_after(text: &str, at: usize) -> &str {
    after(text, at).split('\n').next().unwrap_or("")
}

/// Where a text has a word.
fn whole_words<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> {
    memchr::memmem::find_iter(text.as_bytes(), word.as_bytes())
        .filter(move |&at| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

/// Whether a package gets another name, or something is asked for it by its name: `client = litellm`, `load("litellm")`.
fn is_put_elsewhere(text: &str, package: &str) -> bool {
    whole_words(text, package).any(|at| {
        let (before, after) = (&text[..at], &text[at + package.len()..]);
        if let Some(call) = before.strip_suffix(['"', '\'']) {
            return call.ends_with('(') && after.starts_with(['"', '\'']);
        }
        before.trim_end_matches([' ', '\t']).ends_with(['=', ':', '(', ',']) && !after.starts_with(['.', '('])
    })
}

/// Whether a name stands in the brackets of an import: `from x import (`, `import {`, `const {`.
fn is_in_list(text: &str, at: usize) -> bool {
    let before = before(text, at);
    is_in_import_list(before)
        || before.rfind('{').is_some_and(|open| {
            let head = before[..open].trim_end();
            let plain = |c: char| is_part(c) || c.is_whitespace() || matches!(c, ',' | ':');
            ["const", "let", "var", "export"].iter().any(|word| head.ends_with(word))
                && before[open + 1..].chars().all(plain)
        })
}

/// Comments and strings of a file that are told from code: one with more is not parsed anyway.
const MOST_PROSE: usize = 1 << 20;

/// The comments and the strings of Python, but for those with code in them.
fn python_prose(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while out.len() < MOST_PROSE
        && let Some(start) = memchr::memchr3(b'#', b'"', b'\'', &bytes[at..]).map(|found| at + found)
    {
        let quote = bytes[start];
        if quote == b'#' {
            at = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |end| start + end);
            out.push(start..at);
            continue;
        }
        let triple = bytes[start..].starts_with(&[quote; 3]);
        let close: &[u8] = if triple { &[quote; 3] } else { &bytes[start..=start] };
        at = start + close.len();
        loop {
            let Some(found) = memchr::memchr3(quote, b'\\', b'\n', &bytes[at..]).map(|found| at + found) else {
                at = bytes.len();
                break;
            };
            if bytes[found] == b'\\' {
                at = (found + 2).min(bytes.len());
            } else if bytes[found..].starts_with(close) {
                at = found + close.len();
                break;
            } else if bytes[found] == b'\n' && !triple {
                at = found;
                break;
            } else {
                at = found + 1;
            }
        }
        let prefix = text[..start].rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
        if !prefix.contains(['f', 'F', 't', 'T']) {
            out.push(start..at);
        }
    }
    out
}

/// Whether a name is called, derived from, renamed or put somewhere, as far as what stands beside it shows.
pub(super) fn is_used(language: Language, before: &str, after: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or(before);
    let line_start = line.trim_start();
    let rest = after.trim_start_matches([' ', '\t']);
    let imports =
        line_start.starts_with("import ") || line_start.starts_with("from ") || line_start.starts_with("use ");
    if rest.starts_with("as ") {
        return true;
    }
    if imports && !(language == Language::Python && line_start.contains(';')) {
        return false;
    }
    // `a.b.Name`
    let bare = before.trim_end_matches(|c: char| is_part(c) || c == '.');
    let bare = bare.trim_end_matches([' ', '\t']);
    let keyword = bare.rsplit(|c: char| !is_part(c)).next().unwrap_or("");
    if language == Language::Rust {
        return rest.starts_with("::") || keyword == "type" || bare.ends_with('=');
    }
    if rest.starts_with('(') || (language != Language::Python && rest.starts_with("?.(")) {
        return !matches!(keyword, "def" | "function" | "class");
    }
    if matches!(keyword, "new" | "extends" | "return") || line_start.starts_with("class ") {
        return true;
    }
    if line.contains("isinstance") {
        return false;
    }
    let ends = rest.starts_with([',', ')', ']', '}', '\n', '\r', ';', '?', '|', '['])
        || rest.is_empty()
        || ["if ", "else ", "or ", "for "].iter().any(|word| rest.starts_with(word));
    let begins = bare.ends_with(['=', '(', '[', '{', ',', '?', '|', '&'])
        || matches!(keyword, "or" | "else" | "if" | "in")
        || (bare.ends_with(':')
            && (language == Language::JavaScript || bare.trim_end_matches(':').ends_with(['"', '\''])))
        || bare.ends_with("=>");
    ends && begins && !is_in_import_list(before)
}

/// Whether a Python file imports a name from somewhere.
pub(super) fn is_imported(text: &str, name: &str) -> bool {
    let holds = |line: &str| line.split(|c: char| !is_part(c)).any(|word| word == name);
    text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("from ")
            && line.split_once(" import").is_some_and(|(_, names)| names.trim() == "(" || holds(names))
    })
}

/// Whether a name stands in the brackets of an import.
fn is_in_import_list(before: &str) -> bool {
    let Some(open) = before.rfind(['(', '{']) else { return false };
    let (head, list) = before.split_at(open);
    let plain = list.chars().skip(1).all(|c| is_part(c) || c.is_whitespace() || matches!(c, ',' | '#' | '.'));
    let head = head.trim_end();
    let line = head.rsplit('\n').next().unwrap_or(head).trim_start();
    plain && (head.ends_with("import") || ["import ", "export type"].iter().any(|start| line.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(text: &str) -> Vec<&str> {
        python_prose(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn strings_and_comments_of_python() {
        let text = "a = 'b' # c's\nd = \"\"\"e\"f\n'g'\"\"\" + rb'\\'' + f'{h}' + ''\ni = 'open\nj = \"k";
        assert_eq!(prose(text), ["'b'", "# c's", "\"\"\"e\"f\n'g'\"\"\"", "'\\''", "''", "'open", "\"k"]);
        assert_eq!(prose("'\\"), ["'\\"]);
        assert_eq!(prose("'''a"), ["'''a"]);
    }

    fn from_outside(path: &str, text: &str, name: &str) -> bool {
        let source = Source::new(path, Language::of_name(path).unwrap(), text);
        let at = text.rfind(name).unwrap();
        Usage::new(&source).is_from_outside(&(at..at + name.len()), &["litellm".to_owned(), "ai".to_owned()])
    }

    #[test]
    fn common_names_count_where_an_import_brings_them() {
        for text in [
            "from litellm import completion\ncompletion()",
            "from litellm import (\n    a,\n    completion,\n)\ncompletion()",
            "from litellm import *\ncompletion()",
            "import litellm\nlitellm.completion()",
            "import litellm as ll\nll.completion()",
            "import litellm\nself.client = litellm\nself.client.completion()",
            "import litellm\nclient = litellm\nclient.completion()",
            "import lazy\nclient = lazy.load('litellm', 1)\nclient.completion()",
        ] {
            assert!(from_outside("a.py", text, "completion"), "{text}");
        }
        for text in [
            "import litellm\ndef completion(): pass\ncompletion()",
            "import litellm\nself.completion()",
            "import litellm\nrouter.completion()",
            "from litellm.types import CallTypes\nx = [CallTypes.completion]",
        ] {
            assert!(!from_outside("a.py", text, "completion"), "{text}");
        }
        for text in [
            "import { generateText } from 'ai';\ngenerateText()",
            "const {\n  x: y,\n  generateText\n} = await load('ai');\ngenerateText()",
            "const ai = require('ai');\nai.generateText()",
            "require('ai').generateText()",
        ] {
            assert!(from_outside("a.js", text, "generateText"), "{text}");
        }
        assert!(!from_outside("a.js", "function generateText() {}\ngenerateText()", "generateText"));
        assert!(!from_outside("a.js", "x(`ai`).generateText()", "generateText"));
    }
}
