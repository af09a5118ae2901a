//! Which names of a large tree may stand for a client's class, told by names alone.
//!
//! Most of what is imported and called makes no client; of it the file need not be parsed. Two things of the same
//! name count as one, so that what is left out is no client in any reading.

use std::hash::BuildHasher;

use foldhash::{HashMap, HashSet};

use crate::catalog::Catalog;
use crate::chars;
use crate::glance::{self, is_part};
use crate::language::Language;
use crate::source::Source;

/// How long the head of a class may be, in bytes.
const HEAD: usize = 400;

/// What a function gives that imports what it is asked for: it may be any package.
const ANY_PACKAGE: &str = "";

/// A class and a name in its head, or a new name and the old one, as hashes.
pub type Pair = (u32, u32);

/// The names of what may be a client's class, derive from one, or make one by another name.
#[derive(Debug, Default)]
pub struct Heirs(HashSet<u32>);

impl Heirs {
    /// All that derives from the catalogue's clients or renames one, by what files say of classes.
    pub fn new(catalog: &Catalog, pairs: impl Iterator<Item = Pair>) -> Self {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::default();
        for (name, base) in pairs {
            children.entry(base).or_default().push(name);
        }
        let callees = catalog.clients.iter().flat_map(|client| &client.construct).flat_map(|made| &made.callee);
        // Of `chat.completions.create` only what is called and classes are anything by themselves.
        let stands_alone = |(at, part): &(usize, &str)| *at == 0 || part.starts_with(char::is_uppercase);
        let parts = callees.flat_map(|callee| callee.rsplit('.').enumerate().filter(stands_alone));
        let mut open: Vec<u32> = parts.map(|(_, part)| part).filter(|part| !part.is_empty()).map(hash).collect();
        open.push(hash(ANY_PACKAGE));
        let mut names = HashSet::default();
        while let Some(name) = open.pop() {
            if names.insert(name) {
                open.extend(children.get(&name).into_iter().flatten());
            }
        }
        Self(names)
    }

    /// Whether what has this name may be a client's class.
    pub fn may_hold(&self, name: &str) -> bool {
        self.0.contains(&hash(name))
    }
}

/// What a file says of classes: `class A(B, c.D)`, `class A extends B`, `import A as B`, `B = A`, `type B = A`.
pub fn pairs(source: &Source) -> Vec<Pair> {
    let text = source.text.as_str();
    let mut out = Vec::new();
    if source.language == Language::Rust {
        out.extend(aliases(text));
    } else {
        out.extend(classes(text));
        out.extend(assignments(text).filter_map(renamed).flatten());
    }
    if source.language == Language::Python {
        out.extend(importers(text));
    }
    out.extend(imports(text, source.language));
    out.sort_unstable();
    out.dedup();
    out.shrink_to_fit();
    out
}

/// `class A(B, c.D)`, `class A extends B`.
fn classes(text: &str) -> impl Iterator<Item = Pair> {
    memchr::memmem::find_iter(text.as_bytes(), "class ").flat_map(|at| {
        let follows = follows(text.get(..at).unwrap_or(""), &["export", "default", "abstract", "return"]);
        let rest = if follows { text.get(at + 6..).unwrap_or("").trim_start() } else { "" };
        let mut words = chains(chars::start(rest, HEAD).split(['{', ':', ')']).next().unwrap_or(""));
        let name = words.next().map(hash);
        let bases = words.map(last).filter(|base| !glance::PLAIN_BASES.contains(base));
        bases.filter_map(move |base| Some((name?, hash(base))))
    })
}

/// `def a(name): return importlib.import_module(name)`
fn importers(text: &str) -> impl Iterator<Item = Pair> {
    let calls =
        memchr::memmem::find_iter(text.as_bytes(), "import_").filter(|&at| glance::imports_by_name(&text[at..]));
    calls.filter_map(|at| {
        let (_, function) = text.get(..at)?.rsplit_once("def ")?;
        let name = function.split(|c| !is_part(c)).next().filter(|name| !name.is_empty())?;
        Some((hash(name), hash(ANY_PACKAGE)))
    })
}

/// `import A as B`, `import { A as B }`, `use a::{A as B}`.
fn imports(text: &str, language: Language) -> impl Iterator<Item = Pair> {
    memchr::memmem::find_iter(text.as_bytes(), " as ").filter_map(move |at| {
        let (before, after) = (text.get(..at)?, text.get(at + 4..)?);
        // In Rust it stands in most expressions with numbers, before a type in lower case.
        if language == Language::Rust && !after.starts_with(char::is_uppercase) {
            return None;
        }
        let old = before.rsplit(|c| !is_part(c)).next().unwrap_or("");
        let new = after.split(|c| !is_part(c)).next().unwrap_or("");
        let (before, after) = (&before[..before.len() - old.len()], after[new.len()..].trim_start_matches([' ', '\t']));
        let ends =
            after.is_empty() || after.starts_with([',', ')', '}', ';', '\n', '\r', '#']) || after.starts_with("from ");
        let is_one = !old.is_empty() && !new.is_empty() && ends;
        (is_one && (follows(before, &["import", "type"]) || before.ends_with("::"))).then(|| (hash(new), hash(old)))
    })
}

/// `type B = A;`, `type B = a::A<C>;` of Rust.
fn aliases(text: &str) -> impl Iterator<Item = Pair> {
    memchr::memmem::find_iter(text.as_bytes(), "type ").flat_map(|at| {
        let rest = text.get(at + 5..).unwrap_or("");
        let line = chars::start(rest, HEAD).split([';', '\n']).next().unwrap_or("");
        let (name, of) = line.split_once('=').unwrap_or_default();
        let name = name.split(|c| !is_part(c)).next().filter(|name| !name.is_empty()).map(hash);
        let of = of.split(|c| !is_part(c)).filter(|word| word.contains(char::is_uppercase));
        of.filter_map(move |word| Some((name?, hash(word))))
    })
}

/// Whether what comes behind a text may be code: it is at the start of its line, behind a sign or one of some words.
/// Text for people has the words of code, too.
fn follows(before: &str, words: &[&str]) -> bool {
    let before = before.trim_end_matches([' ', '\t']);
    before.is_empty()
        || before.ends_with(['\n', '=', '(', '{', ',', ';', '}'])
        || words.iter().any(|word| before.ends_with(word))
}

/// The lines of a text in which a name follows the first `=`: the others are many, and are not looked at one by one.
fn assignments(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let bytes = rest.as_bytes();
            let at = memchr::memchr(b'=', bytes)?;
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(rest.len(), |end| at + end);
            let value = bytes[at + 1..end].iter().find(|byte| !matches!(byte, b' ' | b'\t'));
            let line = value.filter(|byte| is_part_byte(**byte)).map(|_| {
                let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
                rest.get(start..end).unwrap_or("")
            });
            rest = rest.get(end..)?;
            if let Some(line) = line {
                return Some(line.strip_suffix('\r').unwrap_or(line));
            }
        }
    })
}

/// Whether a byte may be that of a name.
fn is_part_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'_' | b'$')
}

/// `B = A`, `B = a.A`; at the start of a line `B = partial(A, …)`, too. What a lower-case name stands for is followed
/// there alone: it is a value almost everywhere.
fn renamed(line: &str) -> Option<Vec<Pair>> {
    const KEYWORDS: [&str; 7] = ["export", "const", "let", "var", "pub", "static", "type"];
    let at = memchr::memchr(b'=', line.as_bytes()).filter(|_| line.len() <= HEAD)?;
    let (before, after) = (line.get(..at)?, line.get(at + 1..)?.trim_start_matches([' ', '\t']));
    let end = after.bytes().position(|byte| !is_part_byte(byte) && byte != b'.').unwrap_or(after.len());
    let (chain, rest) = after.split_at(end);
    let has_upper = |word: &str| word.contains(char::is_uppercase);
    let last = last(chain);
    let outermost = !line.starts_with([' ', '\t']);
    if last.is_empty() || matches!(last, "None" | "True" | "False") || !(outermost || has_upper(last)) {
        return None;
    }
    let rest = rest.trim_start_matches([' ', '\t']);
    let is_call = outermost && rest.starts_with('(');
    if !(is_call || rest.is_empty() || rest.starts_with(['\r', ';', ',', '#', '|', '?']) || rest.starts_with("if ")) {
        return None;
    }
    let name = before.split(|c| !is_part(c)).find(|word| !word.is_empty() && !KEYWORDS.contains(word)).map(hash)?;
    if is_call {
        let words = rest.split(|c| !is_part(c)).filter(|word| has_upper(word));
        return Some(words.map(|word| (name, hash(word))).collect());
    }
    (has_upper(last) || chain.contains('.')).then(|| vec![(name, hash(last))])
}

/// The names in a text, each with what it is a member of.
fn chains(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_part(c) && c != '.').filter(|chain| !chain.is_empty())
}

/// The last name of a chain.
fn last(chain: &str) -> &str {
    chain.rsplit('.').next().unwrap_or(chain)
}

/// Two names with the same hash count as one: more is parsed then, never less.
fn hash(name: &str) -> u32 {
    foldhash::fast::FixedState::default().hash_one(name) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_say_of_classes() {
        for (file, text, pairs) in [
            ("a.py", "class A(B, c.D):\n    x = y == 1\n", vec![("A", "B"), ("A", "D")]),
            ("a.ts", "export class A extends b.B {", vec![("A", "extends"), ("A", "B")]),
            ("a.ts", &format!("class A extends B<'{}', C> {{", "→".repeat(300)), vec![("A", "extends"), ("A", "B")]),
            ("a.ts", "import { A as B } from 'c';", vec![("B", "A")]),
            ("a.py", "from a import A as B\nC = a.D\nE = partial(F, g)\n", vec![("B", "A"), ("C", "D"), ("E", "F")]),
            ("a.py", "if x:\n    make = Client\n    name = value\n    text = 'A'\n", vec![("make", "Client")]),
            ("a.py", "def need(x):\n    return importlib.import_module(x)\nimport_modules(y)\n", vec![("need", "")]),
            ("a.rs", "use a::B as C;\nuse a::{D as E};\nlet n = m as u32;\n", vec![("C", "B"), ("E", "D")]),
            ("a.rs", "pub type Mine = a::Client<Config>;\nlet x = Y;\n", vec![("Mine", "Client"), ("Mine", "Config")]),
        ] {
            let source = Source::new(file, Language::of_name(file).unwrap(), text);
            let mut expected: Vec<Pair> = pairs.iter().map(|(name, base)| (hash(name), hash(base))).collect();
            expected.sort_unstable();
            assert_eq!(super::pairs(&source), expected, "{text}");
        }
    }
}
