//! Lowers files of requests as editors send them (`.http`, `.rest`): each is a call with its address and headers.
//!
//! `@name = value` assigns a variable of the file; `{{name}}` reads one, or one of the editor's environments where the
//! file has none; `{{$dotenv X}}` and `{{$processEnv X}}` read the environment.

use std::collections::HashSet;

use super::Unparsable;
use crate::facts::{Arg, Builder, Call, Comment, ExprId, ExprKind, Module, Place, Span, Spread, Stmt};
use crate::source::Source;
use crate::text::Text;

#[cfg(test)]
mod tests;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut reader = Reader {
        text: &source.text,
        builder: Builder::new(),
        names: HashSet::new(),
        request: None,
        state: State::Between,
    };
    let lines = || (0..source.line_count()).map(|line| source.line_span(line));
    for span in lines() {
        if let Some((name, _)) = variable(source.slice(span)) {
            reader.names.insert(name);
        }
    }
    for span in lines() {
        reader.line(span);
    }
    reader.end();
    Ok(reader.builder.finish())
}

/// Where in a request a line stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No request has begun.
    Between,
    /// Among the headers, or on further lines of the address.
    Headers,
    /// In the body.
    Body,
}

struct Reader<'a> {
    text: &'a str,
    builder: Builder,
    /// The variables that the file assigns.
    names: HashSet<&'a str>,
    request: Option<Request>,
    state: State,
}

struct Request {
    span: Span,
    url: Span,
    headers: Vec<Span>,
}

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

impl<'a> Reader<'a> {
    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn line(&mut self, span: Span) {
        let raw = self.slice(span);
        let line = raw.trim();
        let start = span.start as usize + (raw.len() - raw.trim_start().len());
        let span = Span::new(start, start + line.len());
        if line.starts_with("###") {
            self.end();
            self.comment(line, span);
            return;
        }
        match self.state {
            State::Body => {}
            State::Between | State::Headers if line.starts_with('#') || line.starts_with("//") => {
                self.comment(line, span);
            }
            State::Between => {
                if let Some((name, value)) = variable(line) {
                    self.assign(name, value, span);
                } else if !line.is_empty() {
                    self.begin(line, span);
                }
            }
            State::Headers if line.is_empty() => self.state = State::Body,
            State::Headers => {
                if let Some(request) = &mut self.request
                    && !line.starts_with(['?', '&', '/'])
                {
                    request.headers.push(span);
                    request.span.end = span.end;
                }
            }
        }
    }

    fn comment(&mut self, line: &str, span: Span) {
        if line.contains("mixlint:") {
            self.builder.module().comments.push(Comment { span, own_line: true });
        }
    }

    fn assign(&mut self, name: &str, value: &'a str, line: Span) {
        let name_start = line.start as usize + 1;
        let start = line.end as usize - value.len();
        let value = self.value(Span::new(start, line.end as usize));
        let name_span = Span::new(name_start, name_start + name.len());
        self.builder.assign(line, name_span, Place::name(name), value);
    }

    /// The first line of a request: `POST https://host/path HTTP/1.1`, or the address alone.
    fn begin(&mut self, line: &str, span: Span) {
        let mut at = 0;
        let method =
            METHODS.iter().find_map(|method| line.strip_prefix(method).filter(|rest| rest.starts_with([' ', '\t'])));
        if let Some(rest) = method {
            at = line.len() - rest.trim_start().len();
        }
        let url = line[at..].trim_end();
        let url = match url.rsplit_once(" HTTP/") {
            Some((url, _)) => url.trim_end(),
            None => url,
        };
        let start = span.start as usize + at;
        self.request = Some(Request { span, url: Span::new(start, start + url.len()), headers: Vec::new() });
        self.state = State::Headers;
    }

    /// Adds the request that has been read.
    fn end(&mut self) {
        self.state = State::Between;
        let Some(request) = self.request.take() else { return };
        let arg =
            |name: &str, value: ExprId| Arg { name: Some(name.to_owned()), name_span: None, spread: Spread::No, value };
        let mut args = vec![arg("url", self.value(request.url))];
        for header in request.headers {
            args.push(arg("header", self.value(header)));
        }
        let callee = self.builder.expr(request.url, ExprKind::Name("request".to_owned()));
        let call = self.builder.expr(request.span, ExprKind::Call(Call { callee, args, new: false }));
        self.builder.stmt(Stmt::Expr(call));
    }

    /// A text with `{{…}}` in it.
    fn value(&mut self, span: Span) -> ExprId {
        let raw = self.slice(span);
        let base = span.start as usize;
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(found) = raw.get(at..).and_then(|rest| rest.find("{{")) {
            let open = at + found;
            let Some(length) = raw.get(open + 2..).and_then(|rest| rest.find("}}")) else { break };
            let close = open + 2 + length;
            self.literal(base, raw, at, open, &mut parts);
            let kind = self.reference(raw[open + 2..close].trim());
            parts.push(self.builder.expr(Span::new(base + open, base + close + 2), kind));
            at = close + 2;
        }
        if parts.is_empty() || at < raw.len() {
            self.literal(base, raw, at, raw.len(), &mut parts);
        }
        match parts.as_slice() {
            [one] => *one,
            [] => self.builder.expr(span, ExprKind::Str(Text::default())),
            _ => self.builder.expr(span, ExprKind::Concat(parts)),
        }
    }

    fn literal(&mut self, base: usize, raw: &str, start: usize, end: usize, parts: &mut Vec<ExprId>) {
        if start < end {
            let text = Text::new(&raw[start..end]);
            parts.push(self.builder.expr(Span::new(base + start, base + end), ExprKind::Str(text)));
        }
    }

    fn reference(&self, inner: &str) -> ExprKind {
        if self.names.contains(inner) {
            return ExprKind::Name(inner.to_owned());
        }
        let name = ["$dotenv ", "$processEnv ", "$env.", "$env ", "process.env."]
            .iter()
            .find_map(|prefix| inner.strip_prefix(prefix))
            .map_or(inner, |name| name.trim().trim_start_matches('%'));
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if is_name { ExprKind::Env { name: name.to_owned(), default: None } } else { ExprKind::Unknown }
    }
}

/// `@name = value`
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim().strip_prefix('@')?.split_once('=')?;
    let name = name.trim();
    let is_name =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    is_name.then(|| (name, value.trim()))
}
