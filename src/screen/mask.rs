//! Finds what may be a key, and overwrites it.
//!
//! The patterns here do not decide what a finding is about; they decide what is not shown. They take too much rather
//! than too little: a masked placeholder costs nothing, a shown key cannot be taken back.

mod joined;

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;

use self::joined::Joined;
use crate::facts::Span;
use crate::language::Language;
use crate::text::public_prefix;

/// What kind of text is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Program code: values are quoted.
    Code,
    /// dotenv and YAML: values may stand without quotes, up to the end of the line.
    Settings,
    /// Shell: the same, up to the next space.
    Shell,
    /// A sentence of our own, with names and URLs from scanned files in it.
    Prose,
    /// A path.
    Path,
}

impl Form {
    /// The form of a file's text.
    pub fn of(language: Language) -> Self {
        match language {
            Language::Dotenv | Language::Yaml | Language::Ini | Language::Make => Self::Settings,
            Language::Shell
            | Language::Fish
            | Language::Batch
            | Language::Dockerfile
            | Language::Just
            | Language::Systemd
            | Language::Procfile => Self::Shell,
            _ => Self::Code,
        }
    }
}

/// Overwrites keys with `*`, one for each byte; line ends stay.
pub(super) fn mask(text: &str, form: Form, secrets: &[Span]) -> String {
    let mut ranges: Vec<Range<usize>> =
        secrets.iter().map(|span| body(text, trim_quotes(text, span.range()))).filter(|r| !r.is_empty()).collect();
    find(text, form, &mut ranges);
    let commands = commands(text, form);
    if ranges.is_empty() && commands.is_empty() {
        return text.to_owned();
    }
    ranges.sort_by_key(|range| range.start);

    let mut masked = String::with_capacity(text.len());
    let mut ranges = ranges.into_iter().peekable();
    let mut hidden_to = 0;
    for (at, c) in text.char_indices() {
        // A range may begin inside a character only if a caller's span is wrong: then the character is hidden too.
        while let Some(range) = ranges.next_if(|range| range.start < at + c.len_utf8()) {
            hidden_to = hidden_to.max(range.end);
        }
        if at < hidden_to && !matches!(c, '\n' | '\r') {
            masked.extend(std::iter::repeat_n('*', c.len_utf8()));
        } else if commands.binary_search(&at).is_ok() {
            masked.push('?');
        } else {
            masked.push(c);
        }
    }
    masked
}

/// Where a text speaks to a service that shows the log of a run: characters without which it does not.
fn commands(text: &str, form: Form) -> Vec<usize> {
    let mut places = Vec::new();
    if text.contains("##") {
        places.extend(groups(&LOGGING, text).map(|range| range.start));
    }
    if text.contains("::") {
        // Whoever shows a path sees to it that its start does not stand at the start of a line.
        let own = |at: &usize| form != Form::Path || *at > 0;
        places.extend(groups(&WORKFLOW, text).map(|range| range.start).filter(own));
    }
    places.sort_unstable();
    places
}

/// An expression. That each of this file compiles is tested. What most runs show is a few lines: to search these is nothing
/// beside the making of what would search faster.
struct Shape {
    /// Each match has one of these, in any case: most texts have none, and the expression is not even made.
    hints: &'static [&'static str],
    source: &'static str,
    /// For texts of ASCII alone, where it says the same as the other: it takes a fifth of the time to compile.
    ascii: OnceLock<Option<Regex>>,
    unicode: OnceLock<Option<Regex>>,
}

impl Shape {
    const fn new(hints: &'static [&'static str], source: &'static str) -> Self {
        Self { hints, source, ascii: OnceLock::new(), unicode: OnceLock::new() }
    }

    /// The expression, unless a text has no match of it.
    fn regex(&self, text: &str) -> Option<&Regex> {
        if self.may_match(text) { self.compiled(text) } else { None }
    }

    /// In a text with other letters a hint may be written with one of these: the Kelvin sign is a K.
    fn may_match(&self, text: &str) -> bool {
        !text.is_ascii() || self.hints.iter().any(|hint| has_ignoring_case(text, hint))
    }

    fn compiled(&self, text: &str) -> Option<&Regex> {
        let unicode = !text.is_ascii();
        let compiled = if unicode { &self.unicode } else { &self.ascii };
        let plain = Config::new().auto_prefilter(false).dfa(false).onepass(false).utf8_empty(false);
        let syntax = syntax::Config::new().unicode(unicode).utf8(false);
        compiled.get_or_init(|| Regex::builder().configure(plain).syntax(syntax).build(self.source).ok()).as_ref()
    }
}

/// What names of secrets have in them.
const SECRET: [&str; 9] = ["key", "token", "secret", "passw", "pwd", "credential", "authorization", "bearer", "_auth"];

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident($hints:expr) = $source:expr;)*) => {$(
        $(#[$doc])*
        static $name: Shape = Shape::new(&$hints, $source);
    )*
        #[cfg(test)]
        static ALL: &[&Shape] = &[$(&$name),*];
    };
}

patterns! {
    /// Prefixes that no identifier has: anything of some length after them is taken for a key.
    DASHED(["-"]) = r"\b(?:sk|csk|gsk|xai|pplx|nvapi|rpa|key|ak|rk|glpat|xox[abprs]|dop_v1)-[A-Za-z0-9_\-*.]{4,}";
    /// Prefixes that identifiers have too (`hf_hub_download`): the body must be long and in one piece.
    UNDERSCORED(["_", "aiza", "t3blbkfj"]) = r"\b(?:[a-z][a-z0-9]{0,7}_){1,3}[A-Za-z0-9]{16,}|\bAIza[A-Za-z0-9_\-]{8,}|\b[A-Za-z0-9]*T3BlbkFJ[A-Za-z0-9_\-]*|\bgithub_pat_[A-Za-z0-9_]{8,}";
    /// Between two parts of a key: the end of a literal and the beginning of the next, whatever comment is between them, or
    /// a line that goes on in the next.
    JOINT(["\"", "'", "`", "\\"]) = r##"["'`](?:\s|(?:#|//)[^\r\n]*\n)*[+\\]?(?:\s|(?:#|//)[^\r\n]*\n)*(?:[\s+][rRbBuUfF]{1,2})?["'`]|\\\r?\n[ \t]*(?:#|//)?[ \t]*"##;
    BEARER(["bearer", "basic"]) = r#"(?i)\b(?:bearer|basic)[ \t]+([^\s"'`,;)\]}]+)"#;
    USER_INFO(["://"]) = r#"://([^/\s"'`@<>]+)@"#;
    QUERY(["?", "&"]) = r#"(?i)[?&][a-z0-9_.\-]*(?:key|token|secret|password|sig)[a-z0-9_.\-]*=([^&\s"'`#]+)"#;
    /// A name that says that its value is a secret, up to where that value may begin.
    NAMED(SECRET) = r#"(?ix)
        (?: key | token | secret | passw | pwd | credential | authorization | bearer | _auth ) [\w.\-]*
        (?: (?: ["'`\])] | \\["'] )* \s* (?: => | := | \|\|=? | \?\?=? | or\b | [=:(] ) | \\? ["'`] \s* , )"#;
    /// A header in one string: `'x-api-key: ...'`.
    HEADER(SECRET) = r#"(?i)["'`][\w\-]*(?:key|token|secret|authorization)[\w\-]*:[ \t]*([^"'`\r\n]+)"#;
    /// The value of an unset variable.
    DEFAULT(["${"]) = r#"(?i)\$\{\w*(?:key|token|secret|passw|pwd|credential)\w*:?[\-=]([^}\r\n]+)"#;
    /// The same in settings, where quotes are a choice.
    BARE(SECRET) = r#"(?im)(?:key|token|secret|passw|pwd|credential|authorization)[\w.\-]*["']?[ \t]*[=:][ \t]*([^\s"'`#][^\r\n"'`]*)"#;
    BARE_WORD(SECRET) = r#"(?im)(?:key|token|secret|passw|pwd|credential|authorization)[\w.\-]*=([^\s"'`;)]+)"#;
    /// A block scalar of YAML: the value is on the next line.
    BLOCK(["|", ">"]) = r#"(?im)(?:key|token|secret|passw|pwd|credential)[\w.\-]*["']?[ \t]*:[ \t]*[|>][+\-0-9]*[ \t]*\r?\n[ \t]*([^\r\n]+)"#;
    /// `name: API_KEY`, then `value: ...`.
    PAIR(["value"]) = r#"(?i)\bname["']?\s*[:=]\s*["']?[\w.\-]*(?:key|token|secret|passw|credential)[\w.\-]*["']?[,\s]+["']?value["']?\s*[:=]\s*["']?([^"'\r\n]+)"#;
    CURL_USER(["-u", "--user"]) = r#"(?:\s-u|--user)[ \t=]*["']?[^\s:"'$]+:([^\s"']+)"#;
    /// An identifier and a secret, as Zhipu writes them: the part behind the dot is too short to stand out alone. Where the
    /// next key follows at once, its identifier counts as the end of the first, and its secret follows a dot as well.
    DOTTED(["."]) = r"[0-9a-f]{32}\.([A-Za-z0-9]{12,}(?:\.[A-Za-z0-9]{12,})*)";
    /// A command of Azure Pipelines, which is obeyed anywhere in a line; GitHub's runner once did the same.
    LOGGING(["##"]) = r"(?i)#(#)(?:vso)?\[";
    /// A command of GitHub Actions, which is obeyed at the start of a line, whatever white space is before it. Lines may
    /// be wrapped, so that any word may come to stand there.
    WORKFLOW(["::"]) = r"(?im)(?:^|\s)(:):(?:error|warning|notice|debug|group|endgroup|add-|remove-|set-|save-|stop-|echo|internal-)";
    RUN([""]) = r"[A-Za-z0-9_\-+/]{24,}={0,2}";
    /// The same in the name of a file or folder.
    NAME([""]) = r"[A-Za-z0-9_\-+]{32,}={0,2}";
}

fn find(text: &str, form: Form, out: &mut Vec<Range<usize>>) {
    shaped(text, form, out);
    if let Some(joined) = (form != Form::Path).then(|| Joined::of(text)).flatten() {
        let mut found = Vec::new();
        shaped(&joined.text, form, &mut found);
        out.extend(found.into_iter().flat_map(|range| joined.places(range)));
    }
    if form == Form::Path {
        // A folder named by a hash is still to be found, and hashes are of one case; a file of such a name by its
        // beginning.
        let name = text.rfind(['/', '\\']).map_or(0, |at| at + 1);
        for (range, run) in each(&NAME, text) {
            let is_file = range.start >= name;
            if looks_random(run) && (is_file || run.split(['-', '_', '+', '=']).any(mixed_case)) {
                out.push(range.start + 6..range.end);
            }
        }
        return;
    }
    for group in groups(&USER_INFO, text).chain(groups(&QUERY, text)).chain(groups(&CURL_USER, text)) {
        out.push(group);
    }
    for group in groups(&BEARER, text) {
        let token = &text[group.clone()];
        let prose = form == Form::Prose && !(token.len() >= 8 && has_letter_and_digit(token));
        if !prose && !is_reference(token) {
            out.push(body(text, group));
        }
    }
    for group in groups(&HEADER, text) {
        let value = &text[group.clone()];
        if !is_reference(value) && !has_scheme(value) {
            out.push(body(text, group));
        }
    }
    out.extend(groups(&DEFAULT, text).map(|group| body(text, group)));
    if form != Form::Prose {
        for (range, _) in each(&NAMED, text) {
            literals(text, range.end, out);
        }
    }
    let unquoted = match form {
        Form::Settings => groups(&BARE, text).chain(groups(&BLOCK, text)).collect(),
        Form::Shell => groups(&BARE_WORD, text).collect(),
        _ => Vec::new(),
    };
    for group in unquoted.into_iter().chain(groups(&PAIR, text)) {
        let value = text[group.clone()].trim_end();
        if !is_reference(value) && !is_name(value) {
            out.push(body(text, group.start..group.start + value.len()));
        }
    }
}

/// What looks like a key wherever it stands.
fn shaped(text: &str, form: Form, out: &mut Vec<Range<usize>>) {
    for (range, found) in each(&DASHED, text).chain(each(&UNDERSCORED, text)) {
        // The words of an identifier (`sk_learn_configuration`) are no key.
        let last = found.rsplit(['-', '_']).next().unwrap_or(found);
        let vendor = form != Form::Path || is_vendor(found);
        if is_certain(found) || (vendor && (has_letter_and_digit(last) || mixed_case(last))) {
            out.push(body(text, range));
        }
    }
    out.extend(groups(&DOTTED, text));
    if form != Form::Path {
        for (range, _) in each(&RUN, text).filter(|(_, run)| looks_random(run)) {
            hide_run(text, range, out);
        }
    }
}

/// Whether a text has a word of ASCII in any case.
fn has_ignoring_case(text: &str, word: &str) -> bool {
    let Some(&first) = word.as_bytes().first() else { return true };
    let bytes = text.as_bytes();
    let is_it =
        |at: usize| bytes.get(at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes).any(is_it)
}

/// All matches of a pattern.
fn each<'t>(shape: &'static Shape, text: &'t str) -> impl Iterator<Item = (Range<usize>, &'t str)> {
    let regex = shape.regex(text).into_iter();
    let found = regex.flat_map(|regex| regex.find_iter(text.as_bytes())).map(|found| found.range());
    found.filter_map(|range| Some((range.clone(), text.get(range)?)))
}

/// Group 1 of all matches of a pattern.
fn groups<'t>(shape: &'static Shape, text: &'t str) -> impl Iterator<Item = Range<usize>> + use<'t> {
    let regex = shape.regex(text).into_iter();
    regex.flat_map(|regex| regex.captures_iter(text.as_bytes())).filter_map(|found| Some(found.get_group(1)?.range()))
}

fn is_certain(found: &str) -> bool {
    ["sk-", "gsk_", "gsk-", "csk-", "xai-", "pplx-", "nvapi-", "AIza", "github_pat_"]
        .iter()
        .any(|p| found.starts_with(p))
        || found.contains("T3BlbkFJ")
}

fn has_letter_and_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_alphabetic()) && text.bytes().any(|b| b.is_ascii_digit())
}

/// Whether a text changes between cases as no word does.
fn mixed_case(last: &str) -> bool {
    let changes = last.as_bytes().windows(2).filter(|w| w[0].is_ascii_uppercase() != w[1].is_ascii_uppercase()).count();
    last.len() >= 16 && changes * 4 > last.len()
}

/// A variable, not a value: `$KEY`, `${{ secrets.KEY }}`, `{key}`, `%s`, `<key>`. One with a default is none.
fn is_reference(token: &str) -> bool {
    match token.strip_prefix('$') {
        Some(rest) => rest.trim_end().bytes().all(|b| b.is_ascii_alphanumeric() || b"_.{} ".contains(&b)),
        None => token.starts_with(['{', '%', '<']),
    }
}

/// Whether a value is a scheme with a token, which has a pattern of its own.
fn has_scheme(value: &str) -> bool {
    let head = value.get(..7).unwrap_or(value);
    head.eq_ignore_ascii_case("bearer ") || head.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("basic "))
}

/// The name of an environment variable, a reference to one, or a URL.
fn is_name(value: &str) -> bool {
    let upper = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    value.is_empty()
        || (value.contains('_') && value.bytes().all(upper) && !looks_random(value))
        || (value.starts_with('$') && is_reference(value))
        // What is secret in a URL has patterns of its own.
        || value.starts_with("https://")
        || value.starts_with("http://")
}

/// Whether a long run of word characters is more than words and small numbers: the parts between separators that
/// are neither must make up a good part of it.
fn looks_random(run: &str) -> bool {
    let odd: usize = run
        .split(['-', '_', '+', '/', '='])
        .map(|part| {
            let letters = part.bytes().take_while(u8::is_ascii_alphabetic).count();
            let digits = part[letters..].bytes().take_while(u8::is_ascii_digit).count();
            let word = letters + digits == part.len() && digits <= if letters == 0 { 4 } else { 3 };
            if word { 0 } else { part.len() }
        })
        .sum();
    run.len() >= 24 && odd >= 12 && has_letter_and_digit(run)
}

/// Hides a random run, but for the words of a path or URL that a random part stands in.
fn hide_run(text: &str, range: Range<usize>, out: &mut Vec<Range<usize>>) {
    let mut start = range.start;
    for part in text[range].split('/') {
        let lower = part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'_');
        if !lower && !matches!(part, "v1" | "v2") {
            out.push(body(text, start..start + part.len()));
        }
        start += part.len() + 1;
    }
}

/// The string literals of the expression that begins at `from`: up to a comma, a semicolon, or the end of the line,
/// whatever brackets it opens in between.
fn literals(text: &str, from: usize, out: &mut Vec<Range<usize>>) {
    /// No expression that gives a key is longer.
    const LONGEST: usize = 400;
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut begun) = (from, 0_u32, false);
    while let Some(&byte) = bytes.get(at).filter(|_| at < from + LONGEST) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return,
            b')' | b']' | b'}' => depth -= 1,
            b',' | b';' if depth == 0 => return,
            b'\n' if depth == 0 && begun => return,
            // A lifetime: `&'static str`.
            b'\'' if at > 0 && matches!(bytes[at - 1], b'&' | b'<') => {}
            b'"' | b'\'' | b'`' => {
                let value = quoted(text, at..at + 1);
                let shown = text.get(value.clone()).unwrap_or("");
                at = value.end;
                if !is_name(shown) && !has_scheme(shown) {
                    out.push(body(text, value));
                }
            }
            _ => {}
        }
        begun |= !byte.is_ascii_whitespace();
        at += 1;
    }
}

/// What a quote at `open` holds: up to the same quote, or to the end of the line where there is none.
fn quoted(text: &str, open: Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let quote = bytes[open.start];
    let triple = bytes[open.end..].starts_with(&[quote, quote]);
    let start = if triple { open.end + 2 } else { open.end };
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' if !triple && quote != b'`' => break,
            _ if byte == quote && (!triple || bytes[at..].starts_with(&[quote; 3])) => break,
            _ => {}
        }
        at += 1;
    }
    // A backslash before a character of several bytes may have led into it; the masking takes whole characters.
    start..at.min(text.len())
}

/// A range without the quotes at its ends.
fn trim_quotes(text: &str, range: Range<usize>) -> Range<usize> {
    let Some(inner) = text.get(range.clone()) else { return range.start.min(text.len())..range.end.min(text.len()) };
    let is_quote = |c| matches!(c, '"' | '\'' | '`');
    let start = range.start + (inner.len() - inner.trim_start_matches(is_quote).len());
    start..(start + inner.trim_matches(is_quote).len())
}

/// Whether a text begins as the keys of some vendor do.
fn is_vendor(text: &str) -> bool {
    const VENDORS: [&str; 22] = [
        "sk", "gsk", "csk", "xai", "pplx", "hf", "ghp", "gho", "ghu", "ghs", "github", "nvapi", "r8", "fw", "tgp",
        "rpa", "glpat", "lsv2", "ak", "rk", "key", "app",
    ];
    text.split(['-', '_']).next().is_some_and(|word| VENDORS.contains(&word))
}

/// The part of a key to hide: all but the prefix that a vendor gives to every key.
fn body(text: &str, range: Range<usize>) -> Range<usize> {
    let Some(key) = text.get(range.clone()) else { return range };
    let prefix = public_prefix(key);
    let known = is_vendor(prefix);
    let kept = if key.starts_with("AIza") {
        4
    } else if known {
        prefix.len()
    } else {
        0
    };
    range.start + kept..range.end
}

#[cfg(test)]
mod tests;
