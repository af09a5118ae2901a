//! What was pasted, taken apart.

use std::sync::LazyLock;

use regex::Regex;

use super::frames::{self, Frame};
use super::messages::{self, Message};
use super::{Glimpse, LONGEST};
use crate::catalog::Catalog;
use crate::chars;
use crate::endpoint::{Host, Url};
use crate::evidence::{self, FormatEvidence};
use crate::text::Text;

/// A pasted message, as far as it is understood.
#[derive(Debug, Default)]
pub struct Reading {
    /// What is said, and by whom.
    pub message: Option<&'static Message>,
    /// What it shows of a key.
    pub key: Option<Glimpse>,
    /// The hosts that were called, in lower case.
    pub hosts: Vec<String>,
    /// The path that was asked for.
    pub path: Option<String>,
    /// The lines of the program that its stack trace names.
    pub frames: Vec<Frame>,
    /// The packages that its stack trace passes through.
    pub packages: Vec<String>,
    /// The language of the program that said it.
    pub language: Option<&'static str>,
}

macro_rules! patterns {
    ($($name:ident = $source:expr;)*) => {$(
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($source).ok());
    )*};
}

patterns! {
    COLOR = r"\x1b\[[0-9;?]*[ -/]*[@-~]";
    URL = r#"https?://[^\s"'<>\\)\]}]+"#;
    MASKED = r"\b[A-Za-z]{2,8}[-_][A-Za-z0-9_-]*(?:\*\*|…|••|\.\.\.)[A-Za-z0-9_*.•-]*";
    WENT_WELL = r#"\A["']?[ ,]*(?:"?HTTP/[0-9.]+"? )?(?:status(?:[ _]code)?[:= ]+)?2[0-9][0-9]\b"#;
    WORD = r"[A-Za-z0-9][A-Za-z0-9_./-]+";
}

impl Reading {
    /// Takes a message apart; of a very long one, its end.
    pub fn of(catalog: &Catalog, text: &str) -> Self {
        let plain = plain(text);
        let stack = frames::read(&plain);
        let message = messages::find(&plain);
        let (mut key, mut path, mut host) = (None, None, None);
        if let Some(message) = message {
            key = messages::capture(&message.key, &plain).map(python_unescaped).and_then(|key| Glimpse::parse(&key));
            path = messages::capture(&message.path, &plain).map(str::to_owned);
            host = messages::capture(&message.host, &plain).map(str::to_ascii_lowercase);
        }
        if !message.is_some_and(|message| message.others_key) {
            key = key.or_else(|| any_key(catalog, &plain));
        }
        let mut reading = Self {
            message,
            key: key.filter(|_| !message.is_some_and(|message| message.others_key)),
            hosts: host.into_iter().collect(),
            path,
            frames: stack.frames,
            packages: stack.packages,
            language: stack.language,
        };
        reading.read_urls(catalog, &plain);
        reading
    }

    /// The key that is shown, if it says anything.
    pub fn glimpses(&self) -> Option<&Glimpse> {
        self.key.as_ref()
    }

    /// The requests that a log or an error names: URLs at hosts of providers, but for pages that people are sent to and
    /// for requests that went well.
    fn read_urls(&mut self, catalog: &Catalog, text: &str) {
        let mut path = None;
        for found in URL.iter().flat_map(|pattern| pattern.find_iter(text)).take(200) {
            let Some(url) = Url::parse(found.as_str().trim_end_matches(['.', ',', ';', ':'])) else { continue };
            let page = ["api-keys", "settings", "docs", "help", "account"].iter().any(|word| url.path.contains(word));
            let known = matches!(url.owner(catalog), Host::Provider(_));
            // A host that nobody knows counts only where it is asked as an OpenAI server is.
            let asked = ENDS.iter().any(|end| !end.is_empty() && url.path.ends_with(end));
            let went_well = WENT_WELL.as_ref().is_some_and(|pattern| pattern.is_match(&text[found.end()..]));
            if page || went_well || !(known || asked) {
                continue;
            }
            if !self.hosts.contains(&url.host) {
                self.hosts.push(url.host.clone());
            }
            if asked {
                path = Some(url.path);
            }
        }
        self.path = self.path.take().or(path);
    }
}

/// The lines that the stack traces in a message name.
pub fn frames(text: &str) -> Vec<Frame> {
    frames::read(&plain(text)).frames
}

/// What is looked at of a message: its end, without colours and with JSON's escapes resolved.
fn plain(text: &str) -> String {
    let text = &text[chars::ceil(text, text.len().saturating_sub(LONGEST))..];
    let text = COLOR.as_ref().map_or(text.into(), |color| color.replace_all(text, ""));
    unescaped(&text)
}

/// What clients put behind a base URL.
pub(super) const ENDS: [&str; 14] = [
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/responses",
    "/models",
    "/v1/messages",
    "/messages",
    "/images/generations",
    "/audio/speech",
    "/audio/transcriptions",
    "/moderations",
    "/traces/ingest",
    "/rerank",
    "",
];

/// The last text in a message that is a key, masked or not.
fn any_key(catalog: &Catalog, text: &str) -> Option<Glimpse> {
    let masked = MASKED.iter().flat_map(|pattern| pattern.find_iter(text)).last();
    let is_key = |word: &str| matches!(evidence::of_literal(catalog, &Text::new(word)), FormatEvidence::Issued(_));
    let whole = || {
        let words =
            WORD.iter().flat_map(|pattern| pattern.find_iter(text)).map(|found| found.as_str().trim_end_matches('.'));
        words.filter(|word| word.len() >= 16).take(5000).filter(|word| is_key(word)).last()
    };
    masked.map(|found| found.as_str()).or_else(whole).and_then(Glimpse::parse)
}

/// A text with JSON's escapes resolved: a body is often logged inside of another string.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let code =
            tail.strip_prefix('u').and_then(|hex| hex.get(..4)).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let (c, used) = match (code.and_then(char::from_u32), tail.chars().next()) {
            (Some(c), _) => (c, 5),
            (None, Some(c @ ('"' | '/'))) => (c, 1),
            (None, _) => ('\\', 0),
        };
        out.push(c);
        rest = &tail[used..];
    }
    out.push_str(rest);
    out
}

/// A key as Python shows its bytes: `b'sk-…\n'`.
fn python_unescaped(key: &str) -> String {
    key.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t").replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(unescaped(r#"{\"a\": \"\u65e0\u6548\"} \u12 \ C:\new"#), "{\"a\": \"无效\"} \\u12 \\ C:\\new");
        assert_eq!(unescaped("a\\"), "a\\");
        assert_eq!(unescaped("\\u00"), "\\u00");
        assert_eq!(unescaped("\\uü"), "\\uü");
    }

    #[test]
    fn requests() {
        let log = "INFO httpx: HTTP Request: POST https://api.openai.com/v1/chat/completions \"HTTP/1.1 401\"\n\
                   Incorrect API key provided: ollama. You can find your API key at https://platform.openai.com/account/api-keys.\n\
                   see https://example.com/v1";
        let reading = Reading::of(Catalog::builtin(), log);
        assert_eq!(reading.hosts, ["api.openai.com"]);
        assert_eq!(reading.path.as_deref(), Some("/v1/chat/completions"));
        assert_eq!(reading.key, Glimpse::parse("ollama"));
    }

    #[test]
    fn noise_is_survived() {
        let catalog = Catalog::builtin();
        for text in ["", "\\", "\x1b[", "\u{0}\u{feff}", "File \"", "***", "sk-***", "Incorrect API key provided: "] {
            let _ = Reading::of(catalog, text);
        }
        let long = format!("{}Incorrect API key provided: sk-Abcd***wxyz.", "é".repeat(LONGEST));
        assert!(Reading::of(catalog, &long).message.is_some());
    }

    proptest::proptest! {
        #[test]
        fn any_text(text in "(\\PC|\n|\\\\|\x1b\\[3|sk-|\\*\\*\\*|File \"|Invalid URL \\(POST /){0,40}") {
            let _ = Reading::of(Catalog::builtin(), &text);
        }
    }
}
