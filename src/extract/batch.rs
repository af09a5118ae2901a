//! Lowers cmd's batch files: `set`, `setx` and commands, written anew for the shell's parser, each piece in its place.
//! Quotes are part of what `set` assigns, and so are blanks at its end.

use super::Unparsable;
use super::embed::{self, Embedded};
use super::shell;
use crate::facts::{Builder, Comment, ExprId, ExprKind, Module, Span};
use crate::source::Source;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut reader = Reader { builder: Builder::new(), text: Embedded::default(), depth: 0 };
    let mut number = 0;
    while number < source.line_count() {
        let mut line = Embedded::default();
        loop {
            let span = source.line_span(number);
            let text = source.slice(span);
            number += 1;
            // `^` before a line's end continues it.
            let continued = text.strip_suffix('^').filter(|_| number < source.line_count());
            line.push(continued.unwrap_or(text), span.start as usize);
            if continued.is_none() {
                break;
            }
        }
        reader.line(&line);
    }
    let Reader { mut builder, mut text, depth } = reader;
    for _ in 0..depth {
        text.push_decoded("\nfi\n", source.text.len(), source.text.len());
    }
    let label = source.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let hole = |builder: &mut Builder, span: Span| -> ExprId {
        let name = source.slice(text.place(span)).trim_matches(['%', '!']);
        let known = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let kind = if known { ExprKind::Env { name: name.to_owned(), default: None } } else { ExprKind::Unknown };
        builder.expr(span, kind)
    };
    let module = shell::script(&text, &label, &hole)?;
    let (_, grafted) = text.graft(&mut builder, module);
    let mut blocks = Vec::new();
    embed::adopt(&mut blocks, grafted, None);
    builder.module().env_blocks = blocks;
    Ok(builder.finish())
}

struct Reader {
    builder: Builder,
    text: Embedded,
    /// Blocks in parentheses that are open.
    depth: usize,
}

impl Reader {
    fn say(&mut self, text: &str, at: usize) {
        self.text.push_decoded(text, at, at);
    }

    fn line(&mut self, line: &Embedded) {
        let text = line.text.as_str();
        let trimmed = text.trim_start_matches(['@', ' ', '\t']);
        let mut from = text.len() - trimmed.len();
        let here = line.place(Span::new(from, from)).start as usize;
        let lower = trimmed.to_ascii_lowercase();
        if lower.starts_with("rem ") || lower.starts_with("::") {
            if trimmed.contains("mixlint:") {
                let span = line.place(Span::new(from, from + trimmed.trim_end().len()));
                self.builder.module().comments.push(Comment { span, own_line: true });
            }
            return;
        }
        if trimmed.starts_with(':') || trimmed.is_empty() {
            return;
        }
        if let Some(rest) = trimmed.strip_prefix(')') {
            if self.depth > 0 {
                let again = rest.trim().to_ascii_lowercase();
                if again.starts_with("else") && again.ends_with('(') {
                    return self.say("\nelse\n:\n", here);
                }
                self.say("\nfi\n", here);
                self.depth -= 1;
            }
            from += 1;
        }
        let conditional = ["if ", "for ", "else "].iter().any(|word| lower.starts_with(word));
        let opens = trimmed.trim_end().ends_with('(');
        if !conditional {
            return self.commands(line, from);
        }
        let subject: String = lower.bytes().filter(u8::is_ascii_alphanumeric).map(char::from).collect();
        self.say(&format!("\nif [ cmd-{subject} ]; then\n:\n"), here);
        if opens {
            self.depth += 1;
            return;
        }
        // `if defined X set Y=z`, `for ... do set %%i`
        match find_set(&lower) {
            Some(at) => self.commands(line, from + at),
            None if lower.contains(".env") => {
                let file = lower.split(['(', ')', '"']).find(|word| shell::is_dotenv_path(word.trim()));
                let line = file.map_or("eval x\n".to_owned(), |file| format!("eval x\n. {}\n", file.trim()));
                self.say(&line, here);
            }
            None => {}
        }
        self.say("\nfi\n", here);
    }

    /// Commands that `&` or `&&` separates.
    fn commands(&mut self, line: &Embedded, from: usize) {
        let text = line.text.as_str();
        let mut quoted = false;
        let mut start = from;
        for (at, byte) in text.bytes().enumerate().skip(from) {
            quoted ^= byte == b'"';
            if byte == b'&' && !quoted {
                self.command(line, start, at);
                start = at + 1;
            }
        }
        self.command(line, start, text.len());
    }

    fn command(&mut self, line: &Embedded, start: usize, end: usize) {
        let text = line.text.get(start..end).unwrap_or("");
        let trimmed = text.trim_start_matches(['&', '@', ' ', '\t', '(']);
        let start = start + (text.len() - trimmed.len());
        let lower = trimmed.to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("set ") {
            let skipped = trimmed.len() - rest.trim_start().len();
            self.set(line, start + skipped, end);
        } else if let Some(rest) = lower.strip_prefix("setx ") {
            let skipped = trimmed.len() - rest.trim_start().len();
            self.setx(line, start + skipped, end);
        } else if !trimmed.is_empty() {
            self.copy(line, start, end, false);
            let at = line.place(Span::new(end, end)).start as usize;
            self.say("\n", at);
        }
    }

    /// `set NAME=value`, `set "NAME=value"`
    fn set(&mut self, line: &Embedded, start: usize, end: usize) {
        let text = line.text.get(start..end).unwrap_or("");
        let here = line.place(Span::new(start, start)).start as usize;
        let quoted = text.starts_with('"');
        let name_start = usize::from(quoted);
        let Some(equals) = text.find('=') else { return };
        let name = text.get(name_start..equals).unwrap_or("");
        let is_name = !name.is_empty() && super::dotenv::expand::name_at(name) == name.len();
        if !is_name {
            // `set /p X=ask`, `set /a X=1+2`
            if let Some(name) =
                name.rsplit(' ').next().filter(|name| super::dotenv::expand::name_at(name) == name.len())
            {
                self.say(&format!("export {name}=$(:)\n"), here);
            }
            return;
        }
        let value_end =
            if quoted { text.rfind('"').filter(|&at| at > equals).unwrap_or(text.len()) } else { text.len() };
        self.say("export ", here);
        line.copy_to(start + name_start, start + equals, &mut self.text);
        let at = line.place(Span::new(start + equals, start + equals)).start as usize;
        self.say("=\"", at);
        self.copy(line, start + equals + 1, start + value_end, true);
        self.say("\"\n", at);
    }

    /// `setx NAME value`, `setx NAME "value" /M`
    fn setx(&mut self, line: &Embedded, start: usize, end: usize) {
        let text = line.text.get(start..end).unwrap_or("");
        let here = line.place(Span::new(start, start)).start as usize;
        let name = super::dotenv::expand::name_at(text);
        let rest = text[name..].trim_start();
        let from = text.len() - rest.len();
        if name == 0 || rest.is_empty() {
            return;
        }
        let (from, to) = match rest.strip_prefix('"') {
            Some(inner) => (from + 1, from + 1 + inner.find('"').unwrap_or(inner.len())),
            None => (from, from + rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        self.say("export ", here);
        line.copy_to(start, start + name, &mut self.text);
        self.say("=\"", here);
        self.copy(line, start + from, start + to, true);
        self.say("\"\n", here);
    }

    /// Copies a part with `%X%` and `!X!` in it. In a value everything is literal; in a command, double quotes quote.
    fn copy(&mut self, line: &Embedded, start: usize, end: usize, value: bool) {
        let bytes = line.text.as_bytes();
        let (mut plain, mut at) = (start, start);
        while at < end {
            let byte = bytes[at];
            let place = |from: usize, to: usize| line.place(Span::new(from, to));
            if matches!(byte, b'%' | b'!') {
                let name = bytes[at + 1..end].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                let close = at + 1 + name;
                if name > 0 && close < end && bytes[close] == byte {
                    line.copy_to(plain, at, &mut self.text);
                    let span = place(at, close + 1);
                    self.text.push_hole(span.start as usize, span.end as usize);
                    at = close + 1;
                    plain = at;
                    continue;
                }
            }
            let means = if value { b"\"\\$`".contains(&byte) } else { b"'\\$`;()".contains(&byte) };
            if byte == b'^' && !value && at + 1 < end {
                line.copy_to(plain, at, &mut self.text);
                plain = at + 1;
            } else if means && !(byte == b'\\' && !value && bytes.get(at + 1) == Some(&b'"')) {
                line.copy_to(plain, at, &mut self.text);
                let span = place(at, at + 1);
                let escaped = format!("\\{}", char::from(byte));
                self.text.push_decoded(&escaped, span.start as usize, span.end as usize);
                plain = at + 1;
            }
            at += 1;
        }
        line.copy_to(plain.min(end), end, &mut self.text);
    }
}

/// Where a `set` begins behind a condition.
fn find_set(line: &str) -> Option<usize> {
    let at = line.find(" set ").or_else(|| line.find(" setx "))?;
    // `for ... do set %%i` sets what a file says.
    (!line[at..].contains("%%")).then_some(at + 1)
}

#[cfg(test)]
mod tests;
