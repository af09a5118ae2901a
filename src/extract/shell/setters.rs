//! Commands that set variables for a program that runs elsewhere: `kubectl set env`, `fly secrets set`, `heroku config:set`,
//! `gcloud run deploy --set-env-vars`, `helm upgrade --set`. Any command is taken for one that is given several variables.

use super::Lowering;
use super::word::{Part, Word};
use crate::extract::dotenv::expand::name_at;
use crate::facts::{EnvBlock, Span, is_in_capitals};
use crate::text::Text;

impl Lowering<'_> {
    /// Adds what a command sets, if it sets several. What is set there already, nobody knows.
    pub(super) fn sets_elsewhere(&mut self, program: &str, words: &[Word], whole: Span) {
        if matches!(program, "echo" | "printf") {
            return;
        }
        let mut vars = Vec::new();
        for piece in words.iter().filter(|word| !word.splat).flat_map(|word| pieces(self.source.slice(word.span), word))
        {
            if let Some(name) = piece.assigns().filter(|&name| is_in_capitals(&piece.head()[..name])) {
                vars.push(self.variable_of(piece, name));
            }
        }
        if vars.len() > 1 {
            let point = self.point();
            let block = self.block(program.to_owned(), whole, vars, Vec::new(), true);
            self.script.command(EnvBlock { programs: Vec::new(), ..block }, point, false);
        }
    }
}

/// The assignments that one word holds: itself, or what stands between its commas; without what stands before the name:
/// `--set-env-vars=A=a,B=b`, `env.A=a`, `Variables={A=a,B=b}`.
fn pieces(written: &str, word: &Word) -> Vec<Word> {
    // What is decoded stands elsewhere than it is written.
    if written.contains('\\') || !word.head().contains('=') {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    for part in word.copy().parts {
        let Part::Text(span, text) = part else {
            parts.push(part);
            continue;
        };
        let text = text.expose();
        let mut from = 0;
        for at in memchr::memchr_iter(b',', text.as_bytes()).filter(|&at| begins(&text[at + 1..])) {
            parts.push(cut(span, text, from, at));
            out.extend(piece(std::mem::take(&mut parts), word));
            from = at + 1;
        }
        parts.push(cut(span, text, from, text.len()));
    }
    out.extend(piece(parts, word));
    out
}

/// Whether a variable is assigned at the start of a text.
fn begins(text: &str) -> bool {
    let text = &text[before(text)..];
    let name = name_at(text);
    name > 0 && text[name..].starts_with('=')
}

/// How much stands before the name of a variable: an option, a path, the beginning of a list.
fn before(text: &str) -> usize {
    const LIST: &str = "Variables={";
    let rest = text.strip_prefix(LIST).unwrap_or(text);
    text.len() - rest.trim_start_matches(|c: char| c.is_ascii_lowercase() || matches!(c, '-' | '.' | '=')).len()
}

fn cut(span: Span, text: &str, from: usize, to: usize) -> Part {
    let start = span.start as usize;
    Part::Text(Span::new(start + from, start + to), Text::new(&text[from..to]))
}

/// A piece from the name of its variable on, and without a brace that ends the list.
fn piece(mut parts: Vec<Part>, word: &Word) -> Option<Word> {
    let opened = matches!(word.parts.first(), Some(Part::Text(_, text)) if text.expose().contains('{'));
    if let Some(Part::Text(span, text)) = parts.last_mut().filter(|_| opened)
        && let Some(rest) = text.expose().strip_suffix('}')
    {
        *text = Text::new(rest);
        span.end -= 1;
    }
    let Some(Part::Text(first, text)) = parts.first() else { return None };
    let skipped = before(text.expose());
    let last = match parts.last()? {
        Part::Text(span, _) | Part::Expr(span, _) => *span,
    };
    let span = Span { start: first.start, end: last.end };
    Some(Word { span, parts, splat: false }.skip(skipped))
}
