//! What a file's text shows without being parsed: a cheap look that may err to one side only.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};

use crate::language::Language;
use crate::source::Source;

/// Bases of Python classes that are no client's.
pub(crate) const PLAIN_BASES: [&str; 16] = [
    "object",
    "BaseModel",
    "ABC",
    "Protocol",
    "TypedDict",
    "NamedTuple",
    "Enum",
    "str",
    "int",
    "dict",
    "list",
    "Exception",
    "ValueError",
    "RuntimeError",
    "Generic",
    "BaseSettings",
];

/// Whether what a file has under a name may be a class with a base that is not known, or anything else that is no plain
/// function and no plain class: only then calling it can make a client.
pub fn may_be_a_class(source: &Source, name: &str) -> bool {
    let text = source.text.as_str();
    // A module itself is called where it is what it exports.
    if name.is_empty() {
        return ["module.exports", "export ="].iter().any(|export| text.contains(export));
    }
    let mut imports = memchr::memmem::find_iter(text.as_bytes(), "import_");
    if source.language == Language::Python && imports.any(|at| imports_by_name(&text[at..])) {
        return true;
    }
    let mut defined = false;
    for at in memchr::memmem::find_iter(text.as_bytes(), name.as_bytes()) {
        let (Some(before), Some(after)) = (text.get(..at), text.get(at + name.len()..)) else { return true };
        if before.ends_with(is_part) || after.starts_with(is_part) {
            continue;
        }
        match definition(source.language, before, after) {
            Some(true) => defined = true,
            Some(false) => return true,
            None => {}
        }
    }
    !defined
}

/// Whether a text goes on with the rest of a call that imports what it is asked for: `import_module(name)`, `__import__(name)`.
pub fn imports_by_name(text: &str) -> bool {
    text.starts_with("import_module(") || text.starts_with("import__(")
}

/// Some words, looked for together.
#[derive(Debug)]
pub struct Words(Regex);

impl Words {
    /// Words to look for; none if there are none.
    pub fn new<'w>(words: impl Iterator<Item = &'w String>) -> Option<Self> {
        let mut words: Vec<String> = words.map(|word| regex::escape(word)).collect();
        if words.is_empty() {
            return None;
        }
        // Of two words that begin alike the longer one is tried first.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        RegexBuilder::new(&words.join("|")).size_limit(1 << 26).build().ok().map(Self)
    }

    /// Whether a file has one of them as a whole word.
    pub fn are_in(&self, source: &Source) -> bool {
        self.find(&source.text).next().is_some()
    }

    /// Whether a file may import something by one of them: a line that imports has it, or belongs to a list of imports.
    pub fn are_imported_by(&self, source: &Source) -> bool {
        // The last one is of Rust's paths, which need no import.
        const IMPORTS: [&str; 6] = ["import", "from", "require", "use ", "mod ", "::"];
        let text = &source.text;
        self.find(text).any(|at| {
            let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
            let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
            let line = &text[start..end];
            // A line of a list that goes over several: `    name,`
            let is_item = || line.trim().chars().all(|c| is_part(c) || matches!(c, ' ' | ',' | '{' | '}' | ':' | '*'));
            IMPORTS.iter().any(|word| line.contains(word)) || is_item()
        })
    }

    /// Where a text has one of them as a whole word.
    fn find<'t>(&'t self, text: &'t str) -> impl Iterator<Item = usize> + 't {
        let whole = |found: &regex::Match<'_>| {
            !text[..found.start()].ends_with(is_part) && !text[found.end()..].starts_with(is_part)
        };
        self.0.find_iter(text).filter(move |found| whole(found)).map(|found| found.start())
    }
}

/// Whether a file may hand on all that it imports: by that it names what it never mentions.
pub fn hands_all_on(source: &Source) -> bool {
    let text = source.text.as_str();
    let has = |words: &str| memchr::memmem::find(text.as_bytes(), words.as_bytes()).is_some();
    match source.language {
        Language::Python => has("import *"),
        // `use super::*` in tests hands nothing on.
        Language::Rust => memchr::memmem::find_iter(text.as_bytes(), "::*").any(|at| {
            let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
            text[line..at].trim_start().starts_with("pub")
        }),
        // Compilers write `__exportStar(require("./chat"), exports)`.
        language if language.is_javascript() => has("export *") || has("__export") || has("...require("),
        _ => false,
    }
}

/// The statements of a file that import, alone; the rest is left out.
pub fn import_statements(source: &Source) -> Source {
    let mut kept = String::new();
    let mut open = false;
    for line in source.text.lines() {
        let start = line.trim_start();
        let begins = ["import ", "from ", "use ", "pub use ", "mod ", "pub mod ", "export "];
        let imports = begins.iter().any(|word| start.starts_with(word))
            || ["require(", "import(", "import_module("].iter().any(|call| line.contains(call));
        // A statement goes on until its brackets are closed.
        if imports || open {
            let count = |of: [char; 2]| line.chars().filter(|c| of.contains(c)).count();
            let (opens, closes) = (count(['(', '{']), count([')', '}']));
            open = if open { closes <= opens } else { opens > closes };
            kept.push_str(if imports { start } else { line });
            kept.push('\n');
        }
    }
    Source::new(&source.path, source.language, kept)
}

/// How long a path is at the most, in bytes.
const LONGEST_PATH: usize = 256;

/// What paths of Rust that stand in a text begin with, up to their last name: `relay_kit::net` of `relay_kit::net::ask()`.
pub fn paths(text: &str) -> BTreeSet<&str> {
    let part = |c: char| is_part(c) || c == ':';
    let mut paths = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"::") {
        let start = rest[..at].trim_end_matches(part).len();
        let path = &rest[start..];
        let (path, behind) = path.split_at(path.find(|c| !part(c)).unwrap_or(path.len()));
        rest = behind;
        if path.len() <= LONGEST_PATH
            && let Some((modules, _)) = path.trim_end_matches(':').rsplit_once("::")
        {
            // `key:config::KEY`
            let first = modules.split("::").next().unwrap_or("");
            paths.insert(&modules[first.rfind(':').map_or(0, |colon| colon + 1)..]);
        }
    }
    paths
}

/// Whether a file has a class of a name.
pub fn is_a_class(source: &Source, name: &str) -> bool {
    let text = source.text.as_str();
    memchr::memmem::find_iter(text.as_bytes(), name.as_bytes()).any(|at| {
        let before = text.get(..at).unwrap_or("").trim_end_matches([' ', '\t']);
        before.ends_with("class") && !text.get(at + name.len()..).unwrap_or("").starts_with(is_part)
    })
}

/// Whether a name is defined here, and then whether as something that is no client.
fn definition(language: Language, before: &str, after: &str) -> Option<bool> {
    let before = before.trim_end_matches([' ', '\t', '*']);
    let keyword = before.rsplit(|c: char| !is_part(c)).next().unwrap_or("");
    let line = before.rsplit('\n').next().unwrap_or("");
    match (language, keyword) {
        // A method of that name is another thing.
        (Language::Python, "def" | "class") if line.starts_with([' ', '\t']) => None,
        (Language::Python, "def") | (Language::Rust, "fn") => Some(true),
        (language, "function") if language.is_javascript() => Some(true),
        (Language::Python, "class") => Some(has_plain_bases(after)),
        (language, "class") if language.is_javascript() => Some(after.trim_start().starts_with('{')),
        _ => assigned(after),
    }
}

/// `class X:`, `class X(BaseModel):`.
fn has_plain_bases(after: &str) -> bool {
    let Some(bases) = after.trim_start().strip_prefix('(') else { return true };
    let Some((bases, _)) = bases.split_once(')') else { return false };
    bases.split(',').all(|base| {
        let base = base.trim().split('[').next().unwrap_or("").trim_end_matches(']');
        base.is_empty() || PLAIN_BASES.contains(&base.rsplit('.').next().unwrap_or(base))
    })
}

/// Whether a name is given a value here, and then whether one that is no client: a function, an object, a literal.
fn assigned(after: &str) -> Option<bool> {
    let rest = after.trim_start_matches([' ', '\t']);
    let value = match rest.strip_prefix('=') {
        Some(rest) if rest.starts_with(['=', '>']) => return None,
        Some(rest) => rest.trim_start(),
        // `X: T = …`, `{X: …}`
        None if rest.starts_with(':') => return Some(false),
        None => return None,
    };
    let line = value.split('\n').next().unwrap_or(value);
    let is_function = line.contains("=>") || ["async ", "async(", "function"].iter().any(|word| line.starts_with(word));
    Some(
        is_function
            || value.starts_with(|c: char| matches!(c, '"' | '\'' | '`' | '[' | '{' | '-') || c.is_ascii_digit()),
    )
}

/// Whether a character may be part of a name.
pub(crate) fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_rust() {
        let text = "use a::b;\nfn f() { crate::x::y(); relay_kit::ask(Vec::<u8>::new(), C { k:conf::KEY }) } // ::1 fe80::1, e::";
        assert_eq!(Vec::from_iter(paths(text)), ["", "a", "conf", "crate::x", "fe80", "relay_kit"]);
        assert!(paths(&"a::".repeat(100_000)).is_empty());
    }
}
