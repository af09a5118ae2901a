//! What a literal says: keys by their format, placeholders by their words, references by their syntax.

use super::{FormatEvidence, Providers, ids, name};
use crate::catalog::{Catalog, FormatOwner};

/// Longer strings are certificates, tokens of other kinds or prose.
const LONGEST: usize = 512;

/// See [`super::of_literal`].
pub(super) fn evidence(catalog: &Catalog, literal: &str) -> FormatEvidence {
    let literal = bare(literal);
    if literal.is_empty() || literal.len() > LONGEST || is_reference(literal) {
        return FormatEvidence::NotKnown;
    }
    // The words of a placeholder can have a key's format, but no key consists of such words.
    if let Some(label) = placeholder(catalog, literal) {
        return FormatEvidence::Placeholder(label);
    }
    let issued = issued(catalog, literal);
    if issued.is_empty() {
        FormatEvidence::NotKnown
    } else if looks_random(literal) {
        FormatEvidence::Issued(issued)
    } else {
        FormatEvidence::Placeholder(label_of_prefix(catalog, literal))
    }
}

/// The providers whose formats the whole literal has: one that is a provider's own outranks those it shares.
fn issued(catalog: &Catalog, literal: &str) -> Providers {
    if literal.len() < 16 || !literal.is_ascii() {
        return Providers::new();
    }
    let mut own = Providers::new();
    let mut shared = Providers::new();
    for owner in catalog.of_format(literal) {
        match owner {
            FormatOwner::Provider(index) => own.extend(ids(catalog.providers.get(index))),
            FormatOwner::Shared(index) => {
                let Some(format) = catalog.shared_formats.get(index) else { continue };
                if !format.without.iter().any(|text| literal.contains(text.as_str())) {
                    shared.extend(ids(catalog
                        .providers
                        .iter()
                        .filter(|provider| provider.shared_formats.contains(&format.id))));
                }
            }
        }
    }
    if own.is_empty() { shared } else { own }
}

/// A literal without what was copied along with the key.
fn bare(literal: &str) -> &str {
    let literal = literal.trim();
    let quoted = |quote: char| literal.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let literal = quoted('"').or_else(|| quoted('\'')).unwrap_or(literal);
    strip_bearer(literal).unwrap_or(literal).trim()
}

fn strip_bearer(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case("Bearer ").then_some(rest)
}

/// Whether a literal that has a key's format also has a key's disorder: no runs, sequences, repeats or words.
fn looks_random(key: &str) -> bool {
    const WORDS: [&str; 14] = [
        "example",
        "sample",
        "xxxxxx",
        "placeholder",
        "replace",
        "insert",
        "changeme",
        "your_",
        "your-",
        "_here",
        "-here",
        "dummy",
        "redacted",
        "notreal",
    ];
    let lower = key.to_ascii_lowercase();
    if WORDS.iter().any(|word| lower.contains(word)) {
        return false;
    }
    let body = key.get(crate::text::public_prefix(key).len()..).unwrap_or(key).as_bytes();
    longest_run(body) < 6 && !repeats(body) && entropy(body) >= if is_hex(body) { 2.5 } else { 3.3 }
}

/// The longest stretch of one character (`aaaaaa`), or of neighbours in the alphabet up or down (`abcdef`, `654321`).
fn longest_run(body: &[u8]) -> usize {
    let mut longest = 1;
    let mut run = 1;
    let mut last_step = None;
    for pair in body.windows(2) {
        let &[a, b] = pair else { continue };
        let step = i16::from(b) - i16::from(a);
        run = match step {
            -1..=1 if last_step == Some(step) => run + 1,
            -1..=1 => 2,
            _ => 1,
        };
        last_step = Some(step);
        longest = longest.max(run);
    }
    longest
}

/// Whether the text is a shorter one, written twice or more. (The failure function of Knuth, Morris and Pratt gives
/// the shortest period.)
fn repeats(body: &[u8]) -> bool {
    let mut borders = vec![0usize; body.len()];
    for index in 1..body.len() {
        let mut border = borders[index - 1];
        while border > 0 && body[index] != body[border] {
            border = borders[border - 1];
        }
        borders[index] = border + usize::from(body[index] == body[border]);
    }
    let border = borders.last().copied().unwrap_or(0);
    border > 0 && (body.len() - border) * 2 <= body.len()
}

fn is_hex(body: &[u8]) -> bool {
    body.iter().all(|byte| byte.is_ascii_hexdigit())
}

/// Shannon entropy in bits for each character.
fn entropy(body: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &byte in body {
        counts[usize::from(byte)] += 1;
    }
    let total = body.len().max(1) as f64;
    counts.iter().filter(|&&count| count > 0).map(|&count| f64::from(count) / total).map(|p| -p * p.log2()).sum()
}

/// Values that stand for no key at all: local servers take anything.
const DUMMIES: [&str; 34] = [
    "empty",
    "none",
    "null",
    "nil",
    "na",
    "n/a",
    "nokey",
    "nokeyrequired",
    "notneeded",
    "notrequired",
    "notused",
    "notset",
    "notprovided",
    "unused",
    "ignored",
    "dummy",
    "fake",
    "test",
    "testing",
    "placeholder",
    "changeme",
    "ollama",
    "lmstudio",
    "llamacpp",
    "vllm",
    "local",
    "localhost",
    "undefined",
    "anything",
    "secret",
    "key",
    "token",
    "default",
    "apikeynotset",
];

/// Words that placeholders are made of, besides providers' names.
const FILLERS: [&str; 62] = [
    "a",
    "abc",
    "abc123",
    "actual",
    "add",
    "an",
    "any",
    "api",
    "apikey",
    "auth",
    "bearer",
    "change",
    "copy",
    "demo",
    "dummy",
    "enter",
    "example",
    "fake",
    "foo",
    "for",
    "from",
    "goes",
    "here",
    "in",
    "insert",
    "it",
    "key",
    "me",
    "my",
    "new",
    "no",
    "not",
    "official",
    "own",
    "paste",
    "placeholder",
    "personal",
    "project",
    "provider",
    "put",
    "real",
    "relay",
    "replace",
    "replaceme",
    "required",
    "sample",
    "secret",
    "set",
    "sk",
    "some",
    "test",
    "the",
    "this",
    "to",
    "token",
    "value",
    "with",
    "xyz",
    "you",
    "your",
    "yours",
    "id",
];

/// Whether a literal is a placeholder, and whose key it stands for if it says so.
fn placeholder(catalog: &Catalog, literal: &str) -> Option<Option<String>> {
    let squashed: String =
        literal.chars().filter(|c| !matches!(c, '-' | '_' | ' ' | '.')).flat_map(char::to_lowercase).collect();
    if DUMMIES.contains(&squashed.as_str()) || squashed == "sk" {
        return Some(None);
    }
    if literal.len() > 100 {
        return None;
    }
    let inner = literal.trim_matches(['<', '>', '[', ']', '{', '}', '(', ')']);
    let prefix = prefix_of(catalog, inner);
    let body = inner.get(prefix.map_or(0, |(length, _)| length)..).unwrap_or(inner);
    // No more than a prefix: what a program gives a client that refuses to be made without a key.
    if body.is_empty() {
        return Some(None);
    }
    let words = name::words(body);
    let is_filler =
        |word: &String| FILLERS.contains(&word.as_str()) || DUMMIES.contains(&word.as_str()) || is_blank(word);
    if words.iter().all(is_filler) {
        return Some(prefix.map(|(_, provider)| provider.to_owned()));
    }
    // Words of a provider among them: take them out and see whether the rest is filler.
    let (rest, mut found) = without_providers(catalog, &words);
    if found.is_empty() || !rest.iter().all(is_filler) {
        return masked(literal).then_some(None);
    }
    if found.len() > 1 {
        // `sk-mixroute-openai-key` is a key of Mixroute's for an OpenAI client.
        found.retain(|provider| catalog.provider(provider).is_some_and(|provider| provider.name_needs.is_empty()));
    }
    let label = match found.as_slice() {
        [one] => one,
        _ => return Some(None),
    };
    // A name that is no evidence by itself (`OPENAI_API_KEY`) is none as a value; `your`, `my` or `sk-` make it one.
    let bare = catalog.provider(label).is_some_and(|provider| !provider.name_needs.is_empty());
    let says = |word: &String| matches!(word.as_str(), "your" | "my" | "sk" | "official" | "real" | "actual" | "own");
    if bare && prefix.is_none() && !rest.iter().any(says) {
        return Some(None);
    }
    Some(Some(label.clone()))
}

/// The words that do not name a provider, and the providers that the others name.
fn without_providers(catalog: &Catalog, words: &[String]) -> (Vec<String>, Vec<String>) {
    let mut rest = Vec::new();
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let taken = (1..=3).rev().find_map(|count| {
            let run = words.get(at..at + count)?;
            Some((count, catalog.of_word(&run.concat())?))
        });
        match taken {
            Some((count, provider)) => {
                if !found.contains(&provider.id) {
                    found.push(provider.id.clone());
                }
                at += count;
            }
            None => {
                rest.push(word.clone());
                at += 1;
            }
        }
    }
    (rest, found)
}

/// The provider whose own prefix begins the literal, with the prefix's length; the longest prefix wins.
fn prefix_of<'c>(catalog: &'c Catalog, literal: &str) -> Option<(usize, &'c str)> {
    catalog
        .providers
        .iter()
        .flat_map(|provider| provider.key_prefixes.iter().map(|prefix| (prefix.as_str(), provider.id.as_str())))
        .filter(|(prefix, _)| literal.starts_with(prefix))
        .map(|(prefix, id)| (prefix.len(), id))
        .max()
}

pub(super) fn label_of_prefix(catalog: &Catalog, literal: &str) -> Option<String> {
    prefix_of(catalog, literal).map(|(_, provider)| provider.to_owned())
}

/// One character over and over (`xxxx`, `0000`), a short stretch of the alphabet or of digits (`abcd1234`), or a single
/// character.
fn is_blank(word: &str) -> bool {
    let bytes = word.as_bytes();
    let same = bytes.windows(2).all(|pair| pair.first() == pair.last());
    let counted = |bytes: &[u8]| {
        bytes.len() <= 10 && bytes.windows(2).all(|pair| matches!(pair, [a, b] if b.wrapping_sub(*a) == 1))
    };
    let digits = bytes.iter().position(u8::is_ascii_digit).unwrap_or(bytes.len());
    let (letters, numbers) = bytes.split_at(digits);
    same || (counted(letters) && counted(numbers))
}

/// Whether dots or stars stand for the part of a key that is not shown.
fn masked(literal: &str) -> bool {
    literal.contains("**") || literal.contains("...") || literal.contains(['…', '•'])
}

/// Whether a literal is written in the syntax of a reference to a value that is elsewhere.
fn is_reference(literal: &str) -> bool {
    reference_name(literal).is_some()
        || literal.starts_with("${")
        || literal.starts_with("{{")
        || literal.contains("://")
}

/// The name that a literal refers to instead of being a key: `$X`, `${X:-default}`, `{{ X }}`, `${{ secrets.X }}`, `%X%`,
/// `os.environ/X`, `{env:X}`, `op://vault/item/field` (the item and field).
pub fn reference_name(literal: &str) -> Option<String> {
    let literal = literal.trim();
    if literal.len() > LONGEST {
        return None;
    }
    if let Some(path) = literal.strip_prefix("op://") {
        return path.split_once('/').map(|(_, item)| item.to_owned()).filter(|item| !item.is_empty());
    }
    for prefix in ["os.environ/", "env:", "env/", "sm://", "secret:", "secret://"] {
        if let Some(name) = literal.strip_prefix(prefix) {
            return identifier(name);
        }
    }
    let enclosed = |open: &str, close: &str| literal.strip_prefix(open)?.strip_suffix(close).map(str::trim);
    if let Some(path) = enclosed("${{", "}}").or_else(|| enclosed("{{", "}}")) {
        return identifier(path.rsplit('.').next().unwrap_or(path));
    }
    if let Some(inner) = enclosed("${", "}") {
        let name = inner.strip_prefix("env:").unwrap_or(inner);
        let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
        let operator = name.get(end..).unwrap_or("");
        if name.starts_with("sk-") {
            return None;
        }
        return if operator.is_empty() || operator.starts_with([':', '-', '?']) {
            identifier(name.get(..end).unwrap_or(name))
        } else {
            None
        };
    }
    if let Some(name) = enclosed("{env:", "}").or_else(|| enclosed("%", "%")).or_else(|| literal.strip_prefix('$')) {
        return identifier(name);
    }
    None
}

fn identifier(name: &str) -> Option<String> {
    let name = name.trim();
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (starts && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).then(|| name.to_owned())
}

/// What is wrong with the writing of a key, whoever issued it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProblem {
    /// White space in front or behind.
    WhiteSpace,
    /// A line end in front or behind.
    LineEnd,
    /// Quotes that belong to the file it came from.
    Quotes,
    /// The word `Bearer`, which the client adds.
    Bearer,
    /// A masked copy (`abcd****wxyz`), as lists of keys show it.
    Masked,
    /// A URL.
    Url,
    /// A reference around the key itself: `${sk-...}`.
    Reference,
}

/// What is wrong with the writing of a key given to a client as such (not of a whole `Authorization` header).
pub fn key_problem(key: &str) -> Option<KeyProblem> {
    let trimmed = key.trim();
    if trimmed.is_empty() || trimmed.len() > LONGEST || reference_name(trimmed).is_some() {
        return None;
    }
    if key.starts_with(['\n', '\r']) || key.ends_with(['\n', '\r']) {
        return Some(KeyProblem::LineEnd);
    }
    // A sentence with a blank in front is no key.
    if trimmed.len() < key.len() && !trimmed.contains(char::is_whitespace) {
        return Some(KeyProblem::WhiteSpace);
    }
    let quoted = |quote: char| trimmed.len() > 2 && trimmed.starts_with(quote) && trimmed.ends_with(quote);
    if quoted('"') || quoted('\'') || quoted('`') {
        return Some(KeyProblem::Quotes);
    }
    if strip_bearer(trimmed).is_some_and(|rest| !rest.trim().is_empty()) {
        return Some(KeyProblem::Bearer);
    }
    if trimmed.starts_with("https://") || trimmed.starts_with("http://") {
        return Some(KeyProblem::Url);
    }
    if trimmed.strip_prefix("${").is_some_and(|rest| rest.starts_with("sk-")) {
        return Some(KeyProblem::Reference);
    }
    is_masked_copy(trimmed).then_some(KeyProblem::Masked)
}

/// Visible characters, a run of stars or bullets, visible characters, and nothing else.
fn is_masked_copy(key: &str) -> bool {
    let is_mask = |c: char| matches!(c, '*' | '•');
    let (Some(first), Some(last)) = (key.find(is_mask), key.rfind(is_mask)) else { return false };
    let (head, rest) = key.split_at(first);
    let (mask, tail) = rest.split_at(last - first);
    let tail = tail.trim_start_matches(is_mask);
    let visible = |text: &str| {
        text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    mask.chars().count() >= 2 && mask.chars().all(is_mask) && visible(head) && visible(tail)
}

#[cfg(test)]
mod tests;
