//! Reads the text of a configuration, and says exactly what is wrong with it.
//!
//! Messages name keys, never values: a configuration may hold what [`Outside::Value`] holds.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, Level, Outside, Policy};
use crate::finding::Severity;
use crate::language::Language;
use crate::source::Source;
use crate::text::Text;

/// What names in a configuration may stand for.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The rules.
    pub rules: &'a [&'a str],
    /// The providers of the catalogue; empty: they are not checked.
    pub providers: &'a [&'a str],
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}{}", crate::screen::path(path), place(*position), hint(help.as_deref()))]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Line and column, from 1.
    pub position: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub help: Option<String>,
}

fn place(position: Option<(usize, usize)>) -> String {
    position.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"))
}

fn hint(help: Option<&str>) -> String {
    help.map_or_else(String::new, |help| format!("\n  help: {help}"))
}

impl ConfigError {
    pub(super) fn unreadable(path: &Path, reason: &str) -> Self {
        Self { path: path.to_path_buf(), position: None, message: format!("cannot be read: {reason}"), help: None }
    }
}

/// What is wrong, and where in the text.
pub(super) struct Problem {
    pub(super) at: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

/// The keys of a configuration.
pub const KEYS: [&str; 13] = [
    "exclude",
    "select",
    "ignore",
    "per-file-ignores",
    "severity",
    "keys",
    "environment",
    "policy",
    "baseline",
    "max-file-size",
    "provider",
    "client",
    "tool",
];

/// Reads a configuration; `None` for a pyproject.toml without the table.
pub(super) fn parse(
    text: &str,
    path: &Path,
    in_pyproject: bool,
    known: &Known<'_>,
) -> Result<Option<Config>, ConfigError> {
    let located = |problem: Problem| {
        let start = Source::new(path, Language::Yaml, text).position(problem.at.start as u32);
        ConfigError {
            path: path.to_path_buf(),
            position: Some((start.line, start.column)),
            message: problem.message,
            help: problem.help,
        }
    };
    let table = DeTable::parse(text).map_err(|error| located(from_toml(&error, 0..0)))?;
    let table = match in_pyproject {
        true => match our_table(table.get_ref()) {
            Some(table) => table,
            None => return Ok(None),
        },
        false => table.get_ref(),
    };
    read(table, known).map(Some).map_err(located)
}

fn our_table<'t, 'i>(table: &'t DeTable<'i>) -> Option<&'t DeTable<'i>> {
    table.get("tool")?.get_ref().as_table()?.get("mixlint")?.get_ref().as_table()
}

fn read(table: &DeTable<'_>, known: &Known<'_>) -> Result<Config, Problem> {
    let mut config = Config::default();
    let mut keys = Vec::new();
    let mut allowed = Vec::new();
    for (key, value) in table.iter() {
        match key.get_ref().as_ref() {
            "exclude" => {
                for (glob, at) in strings(key, value)? {
                    check_glob(&glob, at)?;
                    config.exclude.push(glob);
                }
            }
            "select" => config.select = Some(rules(key, value, known)?),
            "ignore" => config.ignore = rules(key, value, known)?,
            "per-file-ignores" => {
                for (glob, value) in entries(key, value)? {
                    check_glob(glob.get_ref(), glob.span())?;
                    config.per_file_ignores.push((glob.get_ref().to_string(), rules(glob, value, known)?));
                }
            }
            "severity" => {
                for (rule, value) in entries(key, value)? {
                    check_rule(rule.get_ref(), rule.span(), known)?;
                    config.severity.insert(rule.get_ref().to_string(), level(rule, value)?);
                }
            }
            "keys" => {
                for (name, value) in entries(key, value)? {
                    let provider = string(name, value)?;
                    keys.push((provider.clone(), value.span()));
                    config.keys.insert(name.get_ref().to_string(), provider);
                }
            }
            "environment" => {
                for (name, value) in entries(key, value)? {
                    config.environment.insert(name.get_ref().to_string(), outside(name, value)?);
                }
            }
            "policy" => config.policy = policy(key, value, &mut allowed)?,
            "baseline" => match string(key, value)? {
                path if path.is_empty() => return Err(wrong(key, value, "the path of a file")),
                path => config.baseline = Some(path.into()),
            },
            "max-file-size" => {
                let size = value.get_ref().as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
                config.max_file_size = Some(size.ok_or_else(|| wrong(key, value, "a number of bytes"))?);
            }
            "provider" => config.providers = list(key, value)?.iter().map(table_of).collect::<Result<_, _>>()?,
            "client" => {
                config.clients = list(key, value)?.iter().map(super::wrapper::client).collect::<Result<_, _>>()?
            }
            "tool" => config.tools = list(key, value)?.iter().map(table_of).collect::<Result<_, _>>()?,
            other => {
                return Err(Problem {
                    at: key.span(),
                    message: format!("unknown key `{}`", crate::screen::clean(other)),
                    help: did_you_mean(other, KEYS),
                });
            }
        }
    }
    // Own providers count, wherever they stand in the file.
    for (provider, at) in keys.into_iter().chain(allowed) {
        let own = config.providers.iter().map(|own| own.id.as_str());
        let all: Vec<&str> = known.providers.iter().copied().chain(own).collect();
        if !known.providers.is_empty() && !all.contains(&provider.as_str()) {
            let help = did_you_mean(&provider, all).or_else(|| Some("own providers are [[provider]] tables".into()));
            return Err(Problem { at, message: "unknown provider".to_owned(), help });
        }
    }
    Ok(config)
}

/// The nearest of some names, as a hint.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = known.into_iter().map(|known| (strsim::damerau_levenshtein(&name.to_ascii_lowercase(), known), known));
    let (distance, nearest) = near.min()?;
    (distance <= 2.max(nearest.len() / 3)).then(|| format!("did you mean `{nearest}`?"))
}

fn wrong(key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>, expected: &str) -> Problem {
    let name = crate::screen::clean(key.get_ref());
    Problem { at: value.span(), message: format!("`{name}` must be {expected}"), help: None }
}

fn strings(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<Vec<(String, Range<usize>)>, Problem> {
    let expected = || wrong(key, value, "a list of strings");
    let list = value.get_ref().as_array().ok_or_else(expected)?;
    list.iter()
        .map(|item| match item.get_ref().as_str() {
            Some(text) => Ok((text.to_owned(), item.span())),
            None => Err(Problem { at: item.span(), ..expected() }),
        })
        .collect()
}

fn string(key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) -> Result<String, Problem> {
    value.get_ref().as_str().map(str::to_owned).ok_or_else(|| wrong(key, value, "a string"))
}

fn entries<'t, 'i>(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &'t Spanned<DeValue<'i>>,
) -> Result<Vec<Entry<'t, 'i>>, Problem> {
    let mut entries: Vec<Entry<'t, 'i>> =
        value.get_ref().as_table().ok_or_else(|| wrong(key, value, "a table"))?.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    Ok(entries)
}

/// `[policy]`; the providers that it names go to `named`, with where they stand.
fn policy(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    named: &mut Vec<(String, Range<usize>)>,
) -> Result<Policy, Problem> {
    let mut policy = Policy::default();
    let mut providers = |key: &_, value: &_| -> Result<Vec<String>, Problem> {
        let list = strings(key, value)?;
        named.extend(list.iter().cloned());
        Ok(list.into_iter().map(|(provider, _)| provider).collect())
    };
    for (key, value) in entries(key, value)? {
        match key.get_ref().as_ref() {
            "allowed-providers" => policy.allowed_providers = Some(providers(key, value)?),
            "paths" => {
                for (glob, value) in entries(key, value)? {
                    check_glob(glob.get_ref(), glob.span())?;
                    policy.paths.push((glob.get_ref().to_string(), providers(glob, value)?));
                }
            }
            other => {
                let message = format!("unknown key `{}`", crate::screen::clean(other));
                let help = did_you_mean(other, ["allowed-providers", "paths"]);
                return Err(Problem { at: key.span(), message, help });
            }
        }
    }
    Ok(policy)
}

fn rules(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    known: &Known<'_>,
) -> Result<Vec<String>, Problem> {
    let mut rules = Vec::new();
    for (rule, at) in strings(key, value)? {
        check_rule(&rule, at, known)?;
        rules.push(rule);
    }
    Ok(rules)
}

fn check_rule(rule: &str, at: Range<usize>, known: &Known<'_>) -> Result<(), Problem> {
    if known.rules.contains(&rule) {
        return Ok(());
    }
    let help = did_you_mean(rule, known.rules.iter().copied());
    let help = help.or_else(|| Some("`mixlint rules` lists them".to_owned()));
    Err(Problem { at, message: "unknown rule".to_owned(), help })
}

fn check_glob(glob: &str, at: Range<usize>) -> Result<(), Problem> {
    match ignore::gitignore::GitignoreBuilder::new("").allow_unclosed_class(false).add_line(None, glob) {
        Ok(_) => Ok(()),
        Err(_) => Err(Problem { at, message: "not a glob".to_owned(), help: None }),
    }
}

fn level(key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) -> Result<Level, Problem> {
    match value.get_ref().as_str() {
        Some("error") => Ok(Level::On(Severity::Error)),
        Some("warning") => Ok(Level::On(Severity::Warning)),
        Some("off") => Ok(Level::Off),
        _ => Err(wrong(key, value, "\"error\", \"warning\" or \"off\"")),
    }
}

fn outside(key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) -> Result<Outside, Problem> {
    match value.get_ref() {
        DeValue::Boolean(true) => Ok(Outside::Set),
        DeValue::String(text) => Ok(Outside::Value(Text::new(text.as_ref()))),
        _ => Err(wrong(key, value, "a string, or true for a variable that is set outside")),
    }
}

/// The `[[key]]` tables.
fn list<'t, 'i>(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &'t Spanned<DeValue<'i>>,
) -> Result<&'t [Spanned<DeValue<'i>>], Problem> {
    value.get_ref().as_array().map(|list| &**list).ok_or_else(|| wrong(key, value, "a list of tables: `[[...]]`"))
}

/// A table in the catalogue's own schema.
pub(super) fn table_of<T: DeserializeOwned>(item: &Spanned<DeValue<'_>>) -> Result<T, Problem> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct One<T>(T);
    let input = toml::de::ValueDeserializer::from(item.clone());
    One::<T>::deserialize(input).map(|one| one.0).map_err(|error| from_toml(&error, item.span()))
}

/// An error of the toml crate, without the values that serde puts into its messages.
fn from_toml(error: &toml::de::Error, otherwise: Range<usize>) -> Problem {
    let message = error.message().trim();
    let at = error.span().unwrap_or(otherwise);
    let (head, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    if head.starts_with("unknown field") {
        let field = head.split('`').nth(1).unwrap_or("");
        let help = did_you_mean(field, expected.split('`').skip(1).step_by(2));
        return Problem { at, message: format!("unknown key `{}`", crate::screen::clean(field)), help };
    }
    let quotes_values = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    let message = if quotes_values.iter().any(|start| head.starts_with(start)) {
        format!("expected {}", if expected.is_empty() { "another type" } else { expected })
    } else {
        crate::screen::clean(message.lines().next().unwrap_or(message))
    };
    Problem { at, message, help: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known<'static> =
        Known { rules: &["foreign-key", "late-base-url"], providers: &["mixroute", "openai"] };

    fn error(text: &str) -> String {
        parse(text, Path::new("mixlint.toml"), false, &KNOWN).unwrap_err().to_string()
    }

    #[test]
    fn everything() {
        let text = r#"
            exclude = ["gen/**"]
            select = ["foreign-key"]
            ignore = ["late-base-url"]
            baseline = "known.json"
            max-file-size = 1_000
            [per-file-ignores]
            "tests/*" = ["foreign-key"]
            [severity]
            foreign-key = "warning"
            late-base-url = "off"
            [keys]
            OPENAI_API_KEY = "mixroute"
            HOUSE_KEY = "house"
            [environment]
            OPENAI_BASE_URL = "https://console.mixroute.io/v1"
            X = true
            [policy]
            allowed-providers = ["mixroute"]
            [policy.paths]
            "evals/" = ["openai", "house"]
            [[provider]]
            id = "house"
            name = "House"
            [[client]]
            id = "c"
            name = "C"
            language = "python"
        "#;
        let config = parse(text, Path::new("mixlint.toml"), false, &KNOWN).unwrap().unwrap();
        assert_eq!(config.exclude, ["gen/**"]);
        assert_eq!(config.select, Some(vec!["foreign-key".to_owned()]));
        assert_eq!(config.baseline.as_deref(), Some(Path::new("known.json")));
        assert_eq!(config.max_file_size, Some(1000));
        assert_eq!(config.per_file_ignores, [("tests/*".to_owned(), vec!["foreign-key".to_owned()])]);
        assert_eq!(config.severity["late-base-url"], Level::Off);
        assert_eq!(config.keys["HOUSE_KEY"], "house");
        assert_eq!(config.environment["X"], Outside::Set);
        assert_eq!(config.policy.allowed_providers, Some(vec!["mixroute".to_owned()]));
        assert_eq!(config.policy.paths, [("evals/".to_owned(), vec!["openai".to_owned(), "house".to_owned()])]);
        assert_eq!((config.providers.len(), config.clients.len()), (1, 1));
    }

    #[test]
    fn errors_have_a_place_and_a_hint() {
        for (text, expected) in [
            ("exclud = []", "mixlint.toml:1:1: unknown key `exclud`\n  help: did you mean `exclude`?"),
            ("\nselect = ['foreign-kye']", "mixlint.toml:2:11: unknown rule\n  help: did you mean `foreign-key`?"),
            (
                "[severity]\nforeign-key = 'eror'",
                "mixlint.toml:2:15: `foreign-key` must be \"error\", \"warning\" or \"off\"",
            ),
            ("[keys]\nX = 'mixrote'", "mixlint.toml:2:5: unknown provider\n  help: did you mean `mixroute`?"),
            ("exclude = 3", "mixlint.toml:1:11: `exclude` must be a list of strings"),
            ("exclude = ['a', 3]", "mixlint.toml:1:17: `exclude` must be a list of strings"),
            ("max-file-size = 'x'", "mixlint.toml:1:17: `max-file-size` must be a number of bytes"),
            ("max-file-size = -1", "mixlint.toml:1:17: `max-file-size` must be a number of bytes"),
            ("exclude = ['[']", "mixlint.toml:1:12: not a glob"),
            (
                "[policy]\nallowed-providers = ['mixrote']",
                "mixlint.toml:2:22: unknown provider\n  help: did you mean `mixroute`?",
            ),
            (
                "[policy]\nallowed-provider = []",
                "mixlint.toml:2:1: unknown key `allowed-provider`\n  help: did you mean `allowed-providers`?",
            ),
            ("policy = ['mixroute']", "mixlint.toml:1:10: `policy` must be a table"),
            ("[policy.paths]\n'[' = []", "mixlint.toml:2:1: not a glob"),
            ("keys = 1", "mixlint.toml:1:8: `keys` must be a table"),
            (
                "[[client]]\nlike = 'openai-pyton'\ncallee = ['x.y']",
                "mixlint.toml:2:8: unknown client\n  help: did you mean `openai-python`?",
            ),
            (
                "[[client]]\nlike = 'openai-python'\nmodules = ['x']",
                "mixlint.toml:1:1: missing key `callee`\n  help: `callee` says what is called as `openai-python` is",
            ),
            (
                "[[client]]\nlike = 'openai-python'\ncallee = ['x.y']\nurl = ['z']",
                "mixlint.toml:4:1: unknown key `url`",
            ),
            (
                "[[provider]]\nid = 'a'\nname = 'b'\nhost = []",
                "mixlint.toml:4:1: unknown key `host`\n  help: did you mean `hosts`?",
            ),
        ] {
            assert_eq!(error(text), expected);
        }
    }

    #[test]
    fn errors_hold_no_values() {
        let value = "Qq0".repeat(16);
        for text in [
            format!("[environment]\nX = ['{value}']"),
            format!("[environment]\nX = {value}"),
            format!("[environment]\nX = '{value}"),
            format!("[keys]\nX = '{value}'"),
            format!("select = '{value}'"),
            format!("ignore = ['{value}']"),
            format!("[[provider]]\nid = 'a'\nname = 'b'\nhosts = '{value}'"),
            format!("[[provider]]\nid = 'a'\nname = 'b'\nforwards = '{value}'"),
            format!("[[client]]\nid = 'a'\nname = 'b'\nlanguage = 'c'\nurl-kind = '{value}'"),
            format!("[[client]]\nid = 'a'\nname = 'b'\nlanguage = 'c'\n[client.setters]\nx = '{value}'"),
        ] {
            let error = error(&text);
            assert!(!error.contains("Qq0"), "{error}");
            assert!(error.starts_with("mixlint.toml:"), "{error}");
        }
    }
}
