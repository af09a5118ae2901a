//! Tests of what a text begins with, ends with or holds: `url.endswith("/v1")`, `"azure" in url`, `url.includes("x")`; and
//! whether it is what a variable holds: `key == os.environ["RELAY_KEY"]`. A value that is known decides them, so that it
//! never meets the arm that is for other values.

use foldhash::HashMap;
use std::sync::Arc;

use super::value::{Alt, Ctx, Value};
use super::{Arms, Lit, Resolver};
use crate::facts::ExprKind;
use crate::finding::FileId;

/// The tests of a file of this kind, by the place that they ask about.
pub(super) type Predicates = HashMap<String, Vec<Predicate>>;

/// One test.
#[derive(Debug)]
pub(super) struct Predicate {
    /// As the condition's subject is written.
    subject: String,
    kind: Kind,
    /// It holds for any of these.
    asked: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Starts,
    Ends,
    Holds,
    /// Which host it is that a URL names: `new URL(url).hostname`, `urlparse(url).netloc`.
    Host,
    /// It is what a variable of the environment holds. Two variables are taken for two values.
    Variable,
    /// The same of one of those in a collection, whose name is asked: `key in RELAY_KEYS`.
    Among,
}

impl Kind {
    fn of_method(name: &str) -> Option<Self> {
        Some(match name {
            "startswith" | "startsWith" | "starts_with" => Self::Starts,
            "endswith" | "endsWith" | "ends_with" => Self::Ends,
            "includes" | "contains" => Self::Holds,
            _ => return None,
        })
    }
}

/// What of a text calls and methods of these names tell.
const OF_TEXT: [&str; 15] = [
    "startswith",
    "startsWith",
    "starts_with",
    "endswith",
    "endsWith",
    "ends_with",
    "includes",
    "contains",
    "match",
    "test",
    "find",
    "slice",
    "substring",
    "substr",
    "split",
];

/// Functions that say nothing of the text that they are given.
const OF_PRESENCE: [&str; 8] = ["bool", "str", "isinstance", "callable", "any", "all", "Boolean", "String"];

impl Predicate {
    /// Reads the subject of a condition, which has white space between words only: what it asks of which place.
    fn read(subject: &str) -> Option<(&str, Self)> {
        let (place, kind, asked) = match (
            quoted(subject),
            parsed_url(subject).map(|place| (place, Kind::Host, Vec::new())).or_else(|| compared_variable(subject)),
        ) {
            (Some((asked, rest)), _) => (rest.strip_prefix("in ")?, Kind::Holds, vec![asked]),
            (None, Some(read)) => read,
            (None, None) if subject.contains("in ") && !subject.contains('(') => {
                let (element, collection) = membership(subject)?;
                (element, Kind::Among, vec![collection])
            }
            (None, None) => {
                let (head, arguments) = subject.strip_suffix(')')?.split_once('(')?;
                let (place, method) = head.rsplit_once('.')?;
                let kind = Kind::of_method(method)?;
                let several = arguments.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
                (place.strip_suffix('?').unwrap_or(place), kind, list(several.unwrap_or(arguments), several.is_some())?)
            }
        };
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '@' | '.');
        let asked = asked.into_iter().map(str::to_owned).collect();
        (!place.is_empty() && place.chars().all(plain))
            .then(|| (place, Self { subject: subject.to_owned(), kind, asked }))
    }

    /// Whether it holds for a value; `None` where that is not known.
    fn holds(&self, value: &Value) -> Option<bool> {
        let any = |one: &dyn Fn(&str) -> Option<bool>| {
            let answers: Vec<_> = self.asked.iter().map(|asked| one(asked)).collect();
            if answers.contains(&Some(true)) {
                Some(true)
            } else {
                answers.into_iter().all(|a| a.is_some()).then_some(false)
            }
        };
        match value {
            Value::Str(text, _) => {
                // The subject has lost its white space.
                let text = text.expose();
                if text.contains(char::is_whitespace) {
                    return None;
                }
                any(&|asked| {
                    Some(match self.kind {
                        Kind::Starts => text.starts_with(asked),
                        Kind::Ends => text.ends_with(asked),
                        Kind::Holds => text.contains(asked),
                        Kind::Host | Kind::Variable | Kind::Among => return None,
                    })
                })
            }
            Value::Env(name, _) if self.kind == Kind::Variable => any(&|asked| Some(name == asked)),
            Value::Concat(parts, _) => {
                let text = |part: Option<&Value>| match part {
                    Some(Value::Str(text, _)) => Some(text.expose().to_owned()),
                    _ => None,
                };
                any(&|asked| match self.kind {
                    Kind::Starts => {
                        let known = text(parts.first())?;
                        (known.len() >= asked.len()).then(|| known.starts_with(asked))
                    }
                    Kind::Ends => {
                        let known = text(parts.last())?;
                        (known.len() >= asked.len()).then(|| known.ends_with(asked))
                    }
                    Kind::Holds => parts
                        .iter()
                        .any(|part| text(Some(part)).is_some_and(|text| text.contains(asked)))
                        .then_some(true),
                    Kind::Host | Kind::Variable | Kind::Among => None,
                })
            }
            _ => None,
        }
    }
}

/// A place that is compared with what a variable of the environment holds, and the variable: `key == os.getenv("RELAY_KEY")`.
fn compared_variable(subject: &str) -> Option<(&str, Kind, Vec<&str>)> {
    let (place, other) = subject.split_once("==")?;
    let other = other.trim_start_matches('=');
    let name = match ["os.environ[", "os.environ.get(", "os.getenv(", "process.env["]
        .iter()
        .find_map(|read| other.strip_prefix(read))
    {
        Some(rest) => quoted(rest).filter(|(_, rest)| rest.starts_with([']', ')', ',']))?.0,
        None => other.strip_prefix("process.env.")?,
    };
    crate::facts::is_in_capitals(name).then(|| (place, Kind::Variable, vec![name]))
}

/// Whether a condition, as its text has it, asks for more of something than whether it is there: `is_ours(key)`,
/// `key[:8] == "sk-proj-"`.
fn asks_for_text_of(condition: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    condition.match_indices(name).any(|(at, _)| {
        let (mut before, after) = (&condition[..at], &condition[at + name.len()..]);
        if name.is_empty() || before.ends_with(is_part) || after.starts_with(is_part) {
            return false;
        }
        // `is_ours(self.key)`
        if before.ends_with('.') {
            before = before.trim_end_matches(|c: char| is_part(c) || c == '.');
        }
        let method = after.trim_start_matches('?').strip_prefix('.').and_then(|rest| rest.split_once('('));
        let function = || called_with(before).map(|head| head.rsplit(|c: char| !is_part(c)).next().unwrap_or(""));
        after.starts_with("==")
            || after.starts_with("[:")
            || after.starts_with("in ")
            || after.starts_with(" in ")
            || before.ends_with("==")
            || (before.ends_with("in ") && before.contains(['"', '\'']))
            || method.is_some_and(|(method, _)| OF_TEXT.contains(&method))
            || function().is_some_and(|function| !function.is_empty() && !OF_PRESENCE.contains(&function))
    })
}

/// What stands before the bracket of a call, of what stands before one of its arguments: `f` of `f(pattern,`.
fn called_with(before: &str) -> Option<&str> {
    if !before.ends_with(['(', ',']) {
        return None;
    }
    let mut closed = 0_usize;
    let (open, _) = before.char_indices().rev().find(|&(_, c)| match c {
        '(' if closed == 0 => true,
        '(' => {
            closed -= 1;
            false
        }
        ')' => {
            closed += 1;
            false
        }
        _ => false,
    })?;
    Some(&before[..open])
}

/// The place that a subject asks about: what is behind the `in` of `"azure"in url`.
pub(super) fn asked_about(subject: &str) -> &str {
    quoted(subject).and_then(|(_, rest)| rest.strip_prefix("in ")).unwrap_or(subject)
}

/// The place that a condition's subject is about: all of it, where it is no test of this kind.
pub(super) fn place(subject: &str) -> &str {
    // Who is in which collection is told where the value comes from.
    let read = Predicate::read(subject).filter(|(_, asked)| asked.kind != Kind::Among);
    read.map_or(subject, |(place, _)| place)
}

/// What a condition says to be in which collection: `model in GROK_MODELS`, `GROK_MODELS.includes(model)`.
fn membership(subject: &str) -> Option<(&str, &str)> {
    let methods = ["includes", "has", "contains"];
    let ends = |at: &usize| subject[..*at].ends_with([' ', ')', ']']);
    let (element, collection) = match subject.match_indices("in ").map(|(at, _)| at).find(ends) {
        Some(at) => (subject[..at].trim_end(), &subject[at + 3..]),
        None => {
            let (head, element) = subject.strip_suffix(')')?.split_once('(')?;
            let (collection, _) = head.rsplit_once('.').filter(|(_, method)| methods.contains(method))?;
            (element.trim_start_matches('&'), collection)
        }
    };
    // What is in a text may be in any other, too.
    (quoted(element).is_none() && !element.is_empty()).then_some((element, collection))
}

/// The place of a URL that is taken apart to ask for its host.
fn parsed_url(subject: &str) -> Option<&str> {
    let (head, part) = subject.rsplit_once(").")?;
    let (function, place) = head.split_once('(')?;
    let asks = match function.rsplit(['.', ' ']).next()? {
        "URL" => matches!(part, "hostname" | "host"),
        "urlparse" | "urlsplit" => matches!(part, "hostname" | "netloc"),
        _ => false,
    };
    asks.then_some(place)
}

/// The host of a URL that is known.
fn host(value: &Value) -> Option<&str> {
    let (first, whole) = match value {
        Value::Str(text, _) => (text.expose(), true),
        Value::Concat(parts, _) => match parts.first()? {
            Value::Str(text, _) => (text.expose(), false),
            _ => return None,
        },
        _ => return None,
    };
    let (_, rest) = first.split_once("://")?;
    let end = rest.find(['/', '?', '#']);
    let host = &rest[..end.or(whole.then_some(rest.len()))?];
    (!host.is_empty() && !host.contains(['@', ':'])).then_some(host)
}

/// What a condition asks of what may be a host, whose text it has or is compared with.
fn host_asked<'t>(subject: &'t str, said: Option<&'t str>) -> Option<(Kind, &'t str)> {
    let (kind, asked) = match said {
        Some(said) => (Kind::Host, said),
        None => match quoted(subject) {
            Some((asked, rest)) if rest.starts_with("in ") => (Kind::Holds, asked),
            _ => {
                let (head, argument) = subject.strip_suffix(')')?.rsplit_once('(')?;
                let (asked, "") = quoted(argument)? else { return None };
                (Kind::of_method(head.rsplit_once('.')?.1)?, asked)
            }
        },
    };
    (asked.len() > 3 && asked.contains(char::is_alphabetic)).then_some((kind, asked))
}

/// Whether a text is a name of a host, or its end.
fn is_domain(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let last = text.rsplit_once('.').map_or("", |(_, last)| last);
    text.chars().all(is_part) && ["ai", "app", "cn", "co", "com", "dev", "io", "net", "org"].contains(&last)
}

/// A quoted text without escapes at the start of another, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let (inner, rest) = text[1..].split_once(quote)?;
    (!inner.is_empty() && !inner.contains(['\\', '$', '{'])).then_some((inner, rest))
}

/// Quoted texts with commas between; one alone unless `several`.
fn list(text: &str, several: bool) -> Option<Vec<&str>> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (one, after) = quoted(rest)?;
        out.push(one);
        rest = match after.strip_prefix(',') {
            Some(after) => after,
            None if after.is_empty() => after,
            None => return None,
        };
    }
    (out.len() == 1 || (several && !out.is_empty())).then_some(out)
}

impl Resolver<'_> {
    /// A value with what it says itself to such tests of the place that it is in; `None` where that contradicts.
    pub(super) fn assume_predicates(&mut self, ctx: &Ctx, place: &str, alt: Alt) -> Option<Alt> {
        if !matches!(alt.value, Value::Str(..) | Value::Concat(..) | Value::Env(..)) {
            return Some(alt);
        }
        let all = self.predicates(ctx.file);
        let Some(asked) = all.get(place) else { return Some(alt) };
        let mut arms = alt.arms.clone();
        for predicate in asked {
            if predicate.kind == Kind::Host {
                if let Some(host) = host(&alt.value) {
                    let subject = self.subject(ctx, &predicate.subject);
                    arms = arms.with(Lit { subject, value: Some(self.constants.get(host)), negated: false })?;
                }
            } else if let Some(holds) =
                predicate.holds(&alt.value).or_else(|| self.is_among(ctx, predicate, &alt.value))
            {
                let subject = self.subject(ctx, &predicate.subject);
                if predicate.kind == Kind::Among {
                    self.listed.insert(subject);
                }
                arms = arms.with(Lit { subject, value: None, negated: !holds })?;
            }
        }
        Some(Alt { arms, ..alt })
    }

    /// Whether a variable of the environment is one of those in a collection; `None` where these are not all known.
    fn is_among(&mut self, ctx: &Ctx, predicate: &Predicate, value: &Value) -> Option<bool> {
        let (Kind::Among, Value::Env(name, _), [collection]) = (predicate.kind, value, &predicate.asked[..]) else {
            return None;
        };
        let mut words = collection.split('.').map(str::to_owned);
        let root = words.next()?;
        let path: Vec<String> = words.collect();
        let found = self.with_half(|resolver| resolver.lookup(ctx, &root, &path));
        let [Alt { value: collection @ Value::Made(made), .. }] = &found[..] else { return None };
        // What a call gives is not all written out.
        if !matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::List(_) | ExprKind::Object(_)) {
            return None;
        }
        let rows = self.elements(collection);
        let mut elements = rows.iter().flat_map(|(_, alts)| alts).peekable();
        elements.peek()?;
        let is_it = |alt: &Alt| match &alt.value {
            Value::Env(other, _) => Some(other == name),
            Value::Str(..) | Value::Null => Some(false),
            _ => None,
        };
        let answers: Option<Vec<bool>> = elements.map(is_it).collect();
        answers.map(|answers| answers.contains(&true))
    }

    /// Whether something is assumed to be in two collections at once, which nobody may ever be: `model in OPENAI_MODELS`
    /// and `model in GROK_MODELS`.
    pub fn in_two_collections(&self, arms: &Arms) -> bool {
        let positive = arms.lits().iter().filter(|lit| !lit.negated && lit.value.is_none());
        let texts = positive.filter_map(|lit| self.subjects.name(lit.subject).splitn(4, ':').nth(3));
        let all: Vec<(&str, &str)> = texts.filter_map(membership).collect();
        let other = |&(element, collection): &(&str, &str)| all.iter().any(|&(e, c)| e == element && c != collection);
        all.iter().any(other)
    }

    /// Whether an assumption is about the text of a value that is known by one of these names, and so perhaps about whose it
    /// is; not where the value itself has the answer. Where it is so of all that a client is made with (`checked`), only what
    /// tells several values apart is: that a key begins with `sk-` is asked of anybody's.
    pub fn is_about_text(&self, lit: Lit, value: &Value, names: &[String], checked: bool) -> bool {
        let Some(text) = self.subjects.name(lit.subject).splitn(4, ':').nth(3) else { return false };
        let tells = match Predicate::read(text) {
            Some((_, asked)) if asked.holds(value).is_some() => return false,
            Some((_, asked)) if asked.kind == Kind::Among && self.listed.contains(&lit.subject) => return false,
            Some((_, asked)) => {
                let of_others = matches!(asked.kind, Kind::Variable | Kind::Among);
                of_others || (!lit.negated && asked.asked.iter().any(|asked| asked != "sk-"))
            }
            // `key[:8] == "sk-proj-"`
            None => {
                text.contains("==")
                    || lit.value.is_some_and(|value| self.constants.name(value) != "sk-")
                    || (!lit.negated && membership(text).is_some())
            }
        };
        (tells || !checked) && names.iter().any(|name| asks_for_text_of(text, name))
    }

    /// Whether what is assumed of a host, wherever it was taken from, is not so of this one: `host.endsWith("relay.example")`.
    pub fn denies_host(&self, arms: &Arms, host: &str) -> bool {
        let denies = |lit: &Lit| {
            let text = self.subjects.name(lit.subject).splitn(4, ':').nth(3).unwrap_or_default();
            let said = lit.value.map(|value| self.constants.name(value));
            host_asked(text, said).is_some_and(|(kind, asked)| {
                let holds = match kind {
                    Kind::Starts => host.starts_with(asked),
                    Kind::Ends => host.ends_with(asked),
                    Kind::Holds => host.contains(asked),
                    Kind::Host | Kind::Variable | Kind::Among => host == asked,
                };
                // That it is another's is said by a whole name only: `.json` is no host's.
                holds == lit.negated && (holds || is_domain(asked))
            })
        };
        arms.lits().iter().any(|lit| match self.any_of.get(lit) {
            Some(any) => any.iter().all(|arms| arms.lits().iter().any(denies)),
            None => denies(lit),
        })
    }

    fn predicates(&mut self, file: FileId) -> Arc<Predicates> {
        let subjects = &self.project.file(file).index.subjects;
        let read = || {
            let mut all = Predicates::default();
            for (place, predicate) in subjects.iter().filter_map(|subject| Predicate::read(subject)) {
                all.entry(place.to_owned()).or_default().push(predicate);
            }
            Arc::new(all)
        };
        self.predicates.entry(file).or_insert_with(read).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collections() {
        for (subject, read) in [
            ("model in GROK_MODELS", Some(("model", "GROK_MODELS"))),
            ("name.lower()in self.models", Some(("name.lower()", "self.models"))),
            ("GROK.includes(model)", Some(("model", "GROK"))),
            ("models.contains(&name)", Some(("name", "models"))),
            (r#""azure"in url"#, None),
            (r#"url.includes("azure")"#, None),
            ("min in MODELS", Some(("min", "MODELS"))),
            ("margin (x)", None),
            ("f(x)", None),
        ] {
            assert_eq!(membership(subject), read, "{subject}");
        }
    }

    #[test]
    fn tests_of_a_text() {
        for (condition, asks) in [
            (r#"key.startswith("sk-proj-")"#, true),
            (r#""T3BlbkFJ"in key"#, true),
            ("is_ours(self.key)", true),
            ("is_ours(key)", true),
            ("key[:8]", true),
            ("other==key", true),
            ("key in RELAY_KEYS", true),
            (r#"re.match(r"sk-(proj|svcacct)-",key)"#, true),
            (r#"key.slice(0,8)"#, true),
            ("isinstance(kind,key)", false),
            ("key", false),
            ("key.strip()", false),
            ("bool(key)", false),
            ("(key and url)", false),
            ("api_key.startswith(\"a\")", false),
        ] {
            assert_eq!(asks_for_text_of(condition, "key"), asks, "{condition}");
        }
    }

    #[test]
    fn subjects() {
        let read =
            |subject: &'static str| Predicate::read(subject).map(|(place, p)| (place, p.kind, p.asked.join("|")));
        let some = |place, kind, asked: &str| Some((place, kind, asked.to_owned()));
        assert_eq!(read(r#"url.endswith("/v1")"#), some("url", Kind::Ends, "/v1"));
        assert_eq!(read(r#"self.url.startswith(("http:","https:",))"#), some("self.url", Kind::Starts, "http:|https:"));
        assert_eq!(read("url?.includes('azure')"), some("url", Kind::Holds, "azure"));
        assert_eq!(read(r#""azure"in base_url"#), some("base_url", Kind::Holds, "azure"));
        assert_eq!(read(r#"key==os.environ.get("A","")"#), some("key", Kind::Variable, "A"));
        assert_eq!(read("key===process.env.A"), some("key", Kind::Variable, "A"));
        for other in
            ["url.endswith(end)", r#"url.startsWith("a",2)"#, r#"f(x).includes("a")"#, r#""a"in f(x)"#, "url", ""]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
