//! The grammar of suppression comments.
//!
//! ```text
//! directive = "mixlint:" ("ignore" | "ignore-file") "[" rule ("," rule)* "]" (white-space reason)?
//! ```

use crate::facts::Span;

/// What a comment asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    /// To silence some rules.
    Ignore {
        /// Where.
        scope: Scope,
        /// Which.
        names: Vec<Named>,
        /// Where the directive stands.
        span: Span,
        /// What it says behind the rules.
        reason: String,
    },
    /// Something like it that cannot be obeyed.
    Malformed {
        /// Where it stands.
        span: Span,
        /// What is wrong.
        message: &'static str,
    },
}

/// What a directive holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A line.
    Line,
    /// A file.
    File,
}

/// The name of a rule in a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name as written.
    pub rule: String,
    /// Where it stands.
    pub span: Span,
}

/// The directives of a comment that begins at `offset`: one for each of its lines at most.
pub fn parse(comment: &str, offset: u32) -> Vec<Directive> {
    let mut directives = Vec::new();
    let mut start = 0;
    for line in comment.split_inclusive('\n') {
        if let Some(at) = marker(line) {
            directives.extend(directive(line, at, offset as usize + start));
        }
        start += line.len();
    }
    directives
}

/// Where `mixlint:` begins in a line of a comment: at its start or after another remark, never within a word.
fn marker(line: &str) -> Option<usize> {
    line.match_indices("mixlint:")
        .map(|(at, _)| at)
        .find(|&at| line[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || matches!(c, '#' | '/' | '*')))
}

fn directive(line: &str, at: usize, offset: usize) -> Option<Directive> {
    let text = line[at..].trim_end();
    let text = text.trim_end_matches('}').trim_end_matches("*/").trim_end_matches("-->").trim_end();
    let span = Span::new(offset + at, offset + at + text.len());
    let malformed = |message| Some(Directive::Malformed { span, message });

    let after = text.strip_prefix("mixlint:")?;
    let body = after.trim_start();
    let word = &body[..body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(body.len())];
    let scope = match word {
        "ignore" => Scope::Line,
        "ignore-file" => Scope::File,
        // Prose about us is no directive; a slip is.
        _ if ["ignore", "ignore-file"].iter().any(|w| strsim::damerau_levenshtein(w, &word.to_lowercase()) <= 2) => {
            return malformed("neither `ignore` nor `ignore-file`");
        }
        _ => return None,
    };
    let Some(list) = body[word.len()..].strip_prefix('[') else {
        return malformed("the rules to ignore must be named");
    };
    let Some((list, rest)) = list.split_once(']') else {
        return malformed("`]` is missing");
    };
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return malformed("there must be a space between `]` and the reason");
    }

    let mut names = Vec::new();
    let mut start = offset + at + (text.len() - body.len()) + word.len() + 1;
    for part in list.split(',') {
        let name = part.trim();
        let from = start + (part.len() - part.trim_start().len());
        start += part.len() + 1;
        if name.is_empty() {
            return malformed("the rules to ignore must be named");
        }
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return malformed("the rules to ignore must be named, with commas between them");
        }
        names.push(Named { rule: name.to_owned(), span: Span::new(from, from + name.len()) });
    }
    Some(Directive::Ignore { scope, names, span, reason: rest.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line a,b`, `file a`, or what is wrong.
    fn read(comment: &str) -> Vec<String> {
        let shown = |directive| match directive {
            Directive::Ignore { scope, names, .. } => {
                for named in &names {
                    assert_eq!(comment.get(named.span.range()), Some(named.rule.as_str()));
                }
                let names: Vec<String> = names.into_iter().map(|named| named.rule).collect();
                format!("{} {}", if scope == Scope::Line { "line" } else { "file" }, names.join(","))
            }
            Directive::Malformed { message, .. } => message.to_owned(),
        };
        parse(comment, 0).into_iter().map(shown).collect()
    }

    #[test]
    fn table() {
        let unnamed = "the rules to ignore must be named";
        for (comment, expected) in [
            ("# mixlint: ignore[a]", "line a"),
            ("#mixlint:ignore[a]", "line a"),
            ("// mixlint: ignore[a, b-c] the reason", "line a,b-c"),
            ("/* mixlint: ignore[a] */", "line a"),
            ("/* mixlint: ignore[a]*/", "line a"),
            ("{/* mixlint: ignore[a] why */}", "line a"),
            ("# noqa: E501  # mixlint: ignore[a]", "line a"),
            ("# mixlint: ignore[ a , b ]", "line a,b"),
            ("# mixlint: ignore[a]\t reason, with [brackets]", "line a"),
            ("# mixlint: ignore-file[a]", "file a"),
            ("//mixlint: ignore[a]\r", "line a"),
            ("# mixlint: ignore", unnamed),
            ("# mixlint: ignore some reason", unnamed),
            ("# mixlint: ignore[]", unnamed),
            ("# mixlint: ignore[a,]", unnamed),
            ("# mixlint: ignore [a]", unnamed),
            ("# mixlint: ignore[a b]", "the rules to ignore must be named, with commas between them"),
            ("# mixlint: ignore[*]", "the rules to ignore must be named, with commas between them"),
            ("# mixlint: ignore[a", "`]` is missing"),
            ("# mixlint: ignore[a]reason", "there must be a space between `]` and the reason"),
            ("# mixlint: ignroe[a]", "neither `ignore` nor `ignore-file`"),
            ("# mixlint: Ignore[a]", "neither `ignore` nor `ignore-file`"),
        ] {
            assert_eq!(read(comment), [expected], "{comment}");
        }
        for prose in ["# see mixlint: it is good", "# notmixlint: ignore[a]", "# mixlint:", "# é mixlint", ""] {
            assert_eq!(read(prose), [""; 0], "{prose}");
        }
        let reason = |comment| match parse(comment, 0).remove(0) {
            Directive::Ignore { reason, .. } => reason,
            Directive::Malformed { message, .. } => message.to_owned(),
        };
        assert_eq!(reason("/* mixlint: ignore[a]  the proxy [x] takes it */"), "the proxy [x] takes it");
        assert_eq!(reason("# mixlint: ignore[a]"), "");
        assert_eq!(read("/* mixlint: ignore[a]\n * mixlint: ignore[b]\n */"), ["line a", "line b"]);
    }
}
