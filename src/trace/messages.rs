//! The messages that are known, as data: `rules/messages/*.toml`, embedded at build time.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use serde::Deserialize;

use crate::catalog::MESSAGES;

/// A host that no provider is known to have, among [`Message::speakers`].
pub const NOBODY: &str = "nobody-known";

/// One thing that a server or an SDK says. `rules/messages/README.md` explains the fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Message {
    /// Its identifier in JSON.
    pub id: String,
    /// Identifiers of the providers that say it; empty: anybody may.
    #[serde(default)]
    pub speakers: Vec<String>,
    /// What it means.
    pub says: String,
    /// Regular expressions, one of which must be found.
    pub patterns: Vec<String>,
    /// Those that must all be found.
    #[serde(default)]
    pub also: Vec<String>,
    /// Those that must not be found.
    #[serde(default)]
    pub without: Vec<String>,
    /// Where the key stands: group 1.
    #[serde(default)]
    pub key: Vec<String>,
    /// Where the path that was asked for stands: group 1.
    #[serde(default)]
    pub path: Vec<String>,
    /// Where the host stands: group 1.
    #[serde(default)]
    pub host: Vec<String>,
    /// Rules whose findings explain it, most telling first.
    #[serde(default)]
    pub rules: Vec<String>,
    /// The key in it is not the user's.
    #[serde(default)]
    pub others_key: bool,
    /// What to check by hand, in the order of the known causes.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Which of several that are found counts.
    #[serde(default)]
    pub priority: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    message: Vec<Message>,
}

/// A message with its expressions compiled.
struct Ready {
    message: Message,
    patterns: Vec<Regex>,
    also: Vec<Regex>,
    without: Vec<Regex>,
}

/// All messages.
struct Known {
    /// Of all `patterns`, for one pass over the text.
    set: RegexSet,
    /// Which message each expression of the set belongs to.
    owners: Vec<usize>,
    ready: Vec<Ready>,
}

impl Known {
    fn load() -> Self {
        // The files are tested; should one not parse all the same, the rest is still of use.
        let files = MESSAGES.iter().filter_map(|(_, text)| serde_json::from_str::<File>(text).ok());
        let ready: Vec<Ready> = files
            .flat_map(|file| file.message)
            .map(|message| Ready {
                patterns: compiled(&message.patterns),
                also: compiled(&message.also),
                without: compiled(&message.without),
                message,
            })
            .collect();
        let owned =
            |(at, one): (usize, &Ready)| one.message.patterns.iter().map(|text| (at, text.clone())).collect::<Vec<_>>();
        let (owners, texts): (Vec<usize>, Vec<String>) = ready.iter().enumerate().flat_map(owned).unzip();
        Self { set: RegexSet::new(texts).unwrap_or_else(|_| RegexSet::empty()), owners, ready }
    }
}

fn compiled(texts: &[String]) -> Vec<Regex> {
    texts.iter().filter_map(|text| Regex::new(text).ok()).collect()
}

static KNOWN: LazyLock<Known> = LazyLock::new(Known::load);

/// All messages, in the order of the files.
pub fn all() -> impl Iterator<Item = &'static Message> {
    KNOWN.ready.iter().map(|ready| &ready.message)
}

/// What a text says: of several messages in it the one of the highest priority, of those the last one.
pub fn find(text: &str) -> Option<&'static Message> {
    let mut found: Vec<usize> = KNOWN.set.matches(text).into_iter().map(|at| KNOWN.owners[at]).collect();
    found.dedup();
    let last = |ready: &Ready| {
        let ends = ready.patterns.iter().filter_map(|pattern| pattern.find_iter(text).last().map(|found| found.end()));
        ends.max().unwrap_or(0)
    };
    found
        .into_iter()
        .map(|at| (at, &KNOWN.ready[at]))
        .filter(|(_, ready)| ready.also.iter().all(|pattern| pattern.is_match(text)))
        .filter(|(_, ready)| !ready.without.iter().any(|pattern| pattern.is_match(text)))
        .max_by_key(|(at, ready)| (ready.message.priority, last(ready), std::cmp::Reverse(*at)))
        .map(|(_, ready)| &ready.message)
}

/// What group 1 of the last match of some expressions holds.
pub(super) fn capture<'t>(expressions: &[String], text: &'t str) -> Option<&'t str> {
    compiled(expressions).iter().find_map(|pattern| {
        let last = pattern.captures_iter(text).last()?;
        last.get(1).map(|group| group.as_str())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn the_files_are_sound() {
        let mut ids = BTreeSet::new();
        let pages: BTreeSet<&str> = crate::rules::page::pages().iter().map(|page| page.name.as_str()).collect();
        for (name, text) in MESSAGES {
            let file: File = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            for message in file.message {
                assert!(ids.insert(message.id.clone()), "{} is defined twice", message.id);
                assert!(!message.patterns.is_empty() && !message.checks.is_empty(), "{}", message.id);
                for speaker in message.speakers.iter().filter(|speaker| *speaker != NOBODY) {
                    assert!(Catalog::builtin().provider(speaker).is_some(), "{}: {speaker}", message.id);
                }
                for rule in &message.rules {
                    assert!(pages.contains(rule.as_str()), "{}: no page of a rule `{rule}`", message.id);
                }
                let groups = [&message.key, &message.path, &message.host];
                for text in groups.into_iter().flatten() {
                    assert_eq!(Regex::new(text).unwrap().captures_len(), 2, "{}: {text}", message.id);
                }
                for text in [&message.patterns, &message.also, &message.without].into_iter().flatten() {
                    assert!(!Regex::new(text).unwrap().is_match(""), "{}: {text}", message.id);
                }
            }
        }
        assert_eq!(ids.len(), all().count());
        assert_eq!(KNOWN.owners.len(), KNOWN.set.len());
    }

    #[test]
    fn who_speaks() {
        let page = "You can find your API key at https://platform.openai.com/account/api-keys.";
        for (text, id) in [
            (format!("401 Incorrect API key provided: sk-Ab***9z. {page}"), "openai-refuses-key"),
            (
                format!("401 Incorrect API key provided: sk-Ab***9z. {page} (request id: 2024)"),
                "relay-upstream-refused",
            ),
            ("Incorrect API key provided: sk-QqHvK***...".to_owned(), "openai-key-without-page"),
            (
                r#"{"error":{"message":"无效的令牌 (request id: 1)","type":"new_api_error"}}"#.to_owned(),
                "relay-refuses-key",
            ),
            (
                "Incorrect API key provided. For details, see: https://help.aliyun.com/zh/model-studio".to_owned(),
                "dashscope-refuses-key",
            ),
            (
                "Error code: 404 - {'error': {'message': 'Invalid URL (POST /v1/v1/messages)'}}".to_owned(),
                "invalid-url",
            ),
            ("AttributeError: 'str' object has no attribute 'choices'".to_owned(), "console-page"),
            ("Cannot read properties of undefined (reading '0')".to_owned(), "console-page"),
            ("<!doctype html>\n<html><head><title>New API</title>".to_owned(), "console-page"),
            ("httpx.LocalProtocolError: Illegal header value b'Bearer sk-x '".to_owned(), "header-value"),
            ("Error: getaddrinfo ENOTFOUND consle.mixroute.io".to_owned(), "host-not-found"),
            ("[non-fatal] Tracing client error 401. Response data is redacted.".to_owned(), "openai-tracing"),
            (
                "Error code: 401 - {'error': {'message': 'User not found.', 'code': 401}}".to_owned(),
                "openrouter-refuses-key",
            ),
            ("Authentication Fails, Your api key: ****wxyz is invalid".to_owned(), "deepseek-refuses-key"),
        ] {
            assert_eq!(find(&text).map(|message| message.id.as_str()), Some(id), "{text}");
        }
        assert!(find("All is well. The API key is fine, see the page.").is_none());
    }
}
