//! The one door from scanned text to any output.
//!
//! Scanned files hold keys, and bytes that a terminal obeys. Whatever is shown of them passes through here: keys are
//! masked with the same number of bytes, and control, bidirectional and invisible characters become visible stand-ins
//! of the same number of bytes, so that every span into the text stays right.

use std::path::Path;

mod excerpt;
mod mask;

pub use excerpt::Excerpt;
pub use mask::Form;

use crate::facts::Span;
use crate::source::Source;

/// A message, a name or a URL, fit to be shown on one line.
pub fn clean(text: &str) -> String {
    mask::mask(text, Form::Prose, &[]).chars().map(visible).collect()
}

/// The whole text of a file, fit to be shown, line by line. `secrets` are masked whatever they look like.
pub fn whole(source: &Source, secrets: &[Span]) -> String {
    by_line(&mask::mask(&source.text, Form::of(source.language), secrets))
}

/// A text of several lines, fit to be shown: line ends and tabs stay what they are.
pub fn lines(text: &str) -> String {
    by_line(&mask::mask(text, Form::Prose, &[]))
}

/// Everything made visible but tabs and line ends. A carriage return alone is none: a terminal goes back to the start of
/// the line there, and writes over what it has shown.
fn by_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let keeps = matches!(c, '\n' | '\t') || (c == '\r' && chars.peek() == Some(&'\n'));
        shown.push(if keeps { c } else { visible(c) });
    }
    shown
}

/// The ends of a key that a masked copy shows: the vendor's prefix with five characters, and the last four.
pub fn ends(head: &str, tail: &str) -> String {
    let own = &head[crate::text::vendor_prefix(head).len()..];
    let start = head.chars().take(head.chars().count() - own.chars().count() + own.chars().count().min(5));
    let end = tail.chars().skip(tail.chars().count().saturating_sub(4));
    start.chain(['…']).chain(end).map(visible).collect()
}

/// A path, fit to be shown: with `/`, and with control characters and bytes that are not text escaped. Of directories
/// only what has a vendor's prefix or changes between cases as no word does is masked, since one named by a hash is still
/// to be found.
pub fn path(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for c in mask::mask(chunk.valid(), Form::Path, &[]).chars() {
            match c {
                '\\' if cfg!(windows) => shown.push('/'),
                '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
                c if visible(c) != c => shown.extend(c.escape_unicode()),
                c => shown.push(c),
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    // At the start of a line a CI service would take it for a command.
    if shown.starts_with("::") || shown.starts_with("##") {
        shown.insert_str(0, "./");
    }
    shown
}

/// A path as a URI reference: percent-encoded, and with a scheme if it is absolute. Masked as [`path`].
pub fn uri(path: &Path) -> String {
    let mut uri = String::from(match path.is_absolute() {
        true if cfg!(windows) => "file:///",
        true => "file://",
        false => "",
    });
    let mut encode = |byte: u8| match byte {
        b'\\' if cfg!(windows) => uri.push('/'),
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
        _ => uri.push_str(&format!("%{byte:02X}")),
    };
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        mask::mask(chunk.valid(), Form::Path, &[]).bytes().for_each(&mut encode);
        chunk.invalid().iter().copied().for_each(&mut encode);
    }
    uri
}

/// A text that is of use only as it is, such as that of an edit; `None` if something in it is not to be shown.
pub fn verbatim(text: &str) -> Option<&str> {
    let shown = |line: &str| {
        let line = line.trim_end_matches('\r').replace('\t', " ");
        clean(&line) == line
    };
    text.split('\n').all(shown).then_some(text)
}

/// What stands around the start of a span on its line, masked: the part of a finding that outlives edits elsewhere.
pub fn line_of(source: &Source, span: Span, secrets: &[Span]) -> String {
    Excerpt::new(source, &[span], secrets).line_of_label(0).to_owned()
}

/// The character itself, or a stand-in of the same number of bytes and width one, if a terminal would obey it or
/// show nothing for it.
fn visible(c: char) -> char {
    let hidden = c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    match (hidden, c.len_utf8()) {
        (false, _) => c,
        (true, 1) => '?',
        (true, 2) => '¿',
        (true, 3) => '\u{fffd}',
        (true, _) => '𝙓',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn stand_ins_keep_the_number_of_bytes() {
        for c in ['\x1b', '\u{7f}', '\u{9b}', '\u{ad}', '\u{202e}', '\u{200b}', '\u{feff}', '\u{e0041}', '\n'] {
            assert_ne!(visible(c), c, "{c:?}");
            assert_eq!(visible(c).len_utf8(), c.len_utf8(), "{c:?}");
        }
        for c in ['a', 'é', '漢', '🙂', '\u{301}', '\u{fe0f}'] {
            assert_eq!(visible(c), c);
        }
    }

    #[test]
    fn messages_are_masked_and_inert() {
        let key = format!("gsk_{}", "Zz0".repeat(12));
        let shown = clean(&format!("{key}\x1b[31m\n\u{202e}"));
        assert!(!shown.contains("Zz0"), "{shown}");
        assert!(shown.starts_with("gsk_****"), "{shown}");
        assert!(shown.chars().all(|c| visible(c) == c));
    }

    /// Services read commands out of what a run prints, some of them anywhere in a line.
    #[test]
    fn services_are_told_nothing() {
        let text = "::set-output name=a::b\n  ::ADD-mask::x # ##vso[task.x]y ##[group]\n";
        let expected = "?:set-output name=a::b\n  ?:ADD-mask::x # #?vso[task.x]y #?[group]\n";
        assert_eq!(whole(&Source::new("a.py", Language::Python, text), &[]), expected);
        assert_eq!(lines(text), expected);
        assert_eq!(clean("x ::error::y"), "x ?:error::y");
        assert_eq!(path(Path::new("a/##vso[task.x]y.py")), "a/#?vso[task.x]y.py");
        assert_eq!(path(Path::new("::error::y.py")), "./::error::y.py");
        assert_eq!(path(Path::new(" ::error::y/a ::notice::z.py")), " ?:error::y/a ?:notice::z.py");
        assert_eq!(verbatim("##vso[task.x]"), None);
    }

    #[test]
    fn nothing_is_written_over() {
        let source = Source::new("a.py", Language::Python, "good()\revil()\r\nx\r");
        assert_eq!(whole(&source, &[]), "good()?evil()\r\nx?");
        assert_eq!(lines("good()\revil()\r\n"), "good()?evil()\r\n");
    }

    #[test]
    fn messages_stay_readable() {
        for text in [
            "use ::std::env; a::error::Kind; ## [a](b) and #[test]",
            "the Mixroute key `MIXROUTE_API_KEY` goes to https://api.openai.com/v1/chat/completions",
            "mixroute-key-without-base-url: pass base_url=\"https://console.mixroute.io/v1\"",
            "a `Bearer ` prefix in the key, Bearer prefix",
            "/usr/lib/python3.12/dist-packages/openai/resources/chat2/completions.py",
            "claude-3-5-sonnet-20241022-v2 and text-embedding-3-small",
            "the key comes from OPENAI_API_KEY_V2_PRODUCTION_FALLBACK in .env",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn edits_are_shown_whole_or_not_at_all() {
        let edit = ",\r\n\tbase_url=\"https://console.mixroute.io/v1\",\n";
        assert_eq!(verbatim(edit), Some(edit));
        assert_eq!(verbatim(&format!("\"sk-{}\"", "Zz0".repeat(16))), None);
        assert_eq!(verbatim("\u{202e}"), None);
    }

    #[cfg(unix)]
    #[test]
    fn paths_are_encoded() {
        use std::os::unix::ffi::OsStrExt;
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"a b\n\xff/c:%#?.py"));
        assert_eq!(uri(odd), "a%20b%0A%FF/c%3A%25%23%3F.py");
        assert_eq!(uri(Path::new("/\u{e9}/x.py")), "file:///%C3%A9/x.py");
        assert!(!uri(Path::new(&format!("sk-{}.py", "Zz0".repeat(16)))).contains("Zz0"));
    }

    #[cfg(unix)]
    #[test]
    fn paths_are_escaped() {
        use std::os::unix::ffi::OsStrExt;
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"a\n\xff\x1b/b.py"));
        assert_eq!(path(odd), "a\\n\\xff\\u{1b}/b.py");
        let hash = "src/0123456789abcdef0123456789abcdef/app.py";
        assert_eq!(path(Path::new(hash)), hash);
    }
}
