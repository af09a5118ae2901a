//! A string that came out of a scanned file and may be an API key.
//!
//! [`Text`] has no `Display` and no `Serialize`, and its `Debug` shows the public prefix only, so that a key cannot
//! slip into a message, a log line or a panic by accident. Code that has to look at the bytes says so with
//! [`Text::expose`].

use std::fmt;

/// A string value from a scanned file. Printing one is impossible by construction; see the module's text.
#[derive(Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The raw value, for matching only: what it returns must never be written anywhere.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The vendor prefix that is the same for every key of a kind (`sk-`, `sk-proj-`, `gsk_`), or nothing.
    pub fn public_prefix(&self) -> &str {
        public_prefix(&self.0)
    }
}

/// The part of a key that is the same for every key of its kind: up to three short lower-case words, each followed
/// by `-` or `_`, at the start of a longer string.
pub fn public_prefix(key: &str) -> &str {
    let prefix = vendor_prefix(key);
    // What follows must be long enough to hide something; else the whole is body.
    if key.len() - prefix.len() >= 4 { prefix } else { "" }
}

/// The same of the beginning of a key, however little of it is there.
pub fn vendor_prefix(key: &str) -> &str {
    let mut end = 0;
    let mut rest = key;
    for _ in 0..3 {
        let word = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let separator = rest.as_bytes().get(word);
        if word == 0 || word > 7 || !matches!(separator, Some(b'-' | b'_')) {
            break;
        }
        // A word with upper case or digits belongs to the body, but for version words (`v1`, `api03`).
        let head = &rest[..word];
        let letters = head.bytes().take_while(u8::is_ascii_lowercase).count();
        let known = matches!(head, "None" | "r8");
        if !known && (letters == 0 || word - letters > 2 || !head[letters..].bytes().all(|b| b.is_ascii_digit())) {
            break;
        }
        end += word + 1;
        rest = &key[end..];
    }
    &key[..end]
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({}… {} bytes)", self.public_prefix(), self.0.len())
    }
}

impl From<&str> for Text {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl From<String> for Text {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_body() {
        let body = "Qq".repeat(24);
        for (key, prefix) in [(format!("sk-{body}"), "sk-"), (format!("sk-proj-{body}"), "sk-proj-")] {
            let shown = format!("{:?}", Text::new(key));
            assert!(!shown.contains("QqQq"), "{shown}");
            assert!(shown.contains(prefix), "{shown}");
        }
    }

    #[test]
    fn prefixes() {
        for (key, prefix) in [
            ("sk-or-v1-0123456789abcdef", "sk-or-v1-"),
            ("sk-ant-api03-0123456789abcdef", "sk-ant-api03-"),
            ("gsk_0123456789abcdef", "gsk_"),
            ("0123456789abcdef", ""),
            ("sk-ab", ""),
        ] {
            assert_eq!(public_prefix(key), prefix, "{key}");
        }
    }
}
