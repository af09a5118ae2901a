//! Expressions: operands, hash tables, commands with their arguments, and strings with variables in them.

use super::lex::{Kind, Token};
use super::{MAX_DEPTH, Parser, environment, local};
use crate::facts::{Arg, Call, Entry, ExprId, ExprKind, Item, Object, Span, Spread};
use crate::text::Text;

impl Parser<'_> {
    /// An expression: operands joined by `+`, or a command's output.
    pub(super) fn expr(&mut self) -> ExprId {
        let here = self.peek().map_or(Span::default(), |token| token.span);
        if self.depth >= MAX_DEPTH {
            self.at += 1;
            return self.unknown(here);
        }
        self.depth += 1;
        let first = self.operand();
        let mut parts = vec![first];
        let mut known = true;
        loop {
            match self.peek().map(|token| token.kind) {
                Some(Kind::Sign(b'+')) => {
                    self.at += 1;
                    self.skip_ends();
                    parts.push(self.operand());
                }
                Some(Kind::Sign(b',')) => {
                    self.at += 1;
                    self.skip_ends();
                    self.operand();
                    known = false;
                }
                // `-join`, `??`, `|` and the like: not understood.
                Some(Kind::Word | Kind::Sign(b'?' | b'|' | b'&')) => {
                    known = false;
                    self.at += 1;
                }
                Some(Kind::Variable | Kind::Raw | Kind::Quoted | Kind::Sign(b'(' | b'[')) => {
                    self.operand();
                }
                _ => break,
            }
        }
        self.depth -= 1;
        let end = parts.last().map_or(here, |&last| self.builder.module().span(last));
        let whole = Span { start: here.start, end: end.end.max(here.end) };
        match parts.as_slice() {
            [one] if known => *one,
            _ if known => self.builder.expr(whole, ExprKind::Concat(parts)),
            _ => self.unknown(whole),
        }
    }

    fn skip_ends(&mut self) {
        while self.peek().is_some_and(|token| token.kind == Kind::End) {
            self.at += 1;
        }
    }

    /// One value, with its members.
    pub(super) fn operand(&mut self) -> ExprId {
        let Some(token) = self.peek() else { return self.unknown(Span::default()) };
        let mut value = match token.kind {
            Kind::Word => {
                let word = self.source.slice(token.span);
                if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
                    self.at += 1;
                    self.builder.expr(token.span, ExprKind::Const(word.to_owned()))
                } else {
                    return self.command();
                }
            }
            Kind::Variable => {
                self.at += 1;
                let text = self.source.slice(token.span);
                let kind = match environment(text) {
                    Some(name) => ExprKind::Env { name: name.to_owned(), default: None },
                    None if text.eq_ignore_ascii_case("null") => ExprKind::Null,
                    None => ExprKind::Name(local(text)),
                };
                self.builder.expr(token.span, kind)
            }
            Kind::Raw => {
                self.at += 1;
                let text = self.source.slice(token.span);
                if self.holes.is_empty() {
                    self.builder.expr(token.span, ExprKind::Str(Text::new(text.replace("''", "'"))))
                } else {
                    self.interpolated(token.span, false)
                }
            }
            Kind::Quoted => {
                self.at += 1;
                self.interpolated(token.span, true)
            }
            Kind::Table => self.table(token),
            Kind::Array | Kind::Sign(b'(') => {
                self.at += 1;
                self.skip_ends();
                let inner = self.expr();
                self.skip_ends();
                let closed = self.sign(0) == Some(b')');
                if !closed {
                    self.skip_to(b')');
                    return self.unknown(token.span);
                }
                self.at += 1;
                if token.kind == Kind::Array {
                    let items = vec![Item { value: inner, spread: false }];
                    self.builder.expr(token.span, ExprKind::List(items))
                } else {
                    inner
                }
            }
            // `[string]$x`
            Kind::Sign(b'[') if self.depth < MAX_DEPTH => {
                self.skip_to(b']');
                if self.word(0).starts_with("::") {
                    self.at += 1;
                    return self.unknown(token.span);
                }
                self.depth += 1;
                let value = self.operand();
                self.depth -= 1;
                return value;
            }
            _ => {
                self.at += 1;
                return self.unknown(token.span);
            }
        };
        loop {
            let start = token.span.start;
            if let Some(name) = self.member() {
                let end = self.end(start);
                value = self.builder.expr(Span { start, end }, ExprKind::Member(value, name));
            } else if self.sign(0) == Some(b'[') && self.peek().is_some_and(|next| !next.spaced) {
                self.at += 1;
                let index = self.expr();
                self.skip_to(b']');
                let end = self.end(start);
                value = self.builder.expr(Span { start, end }, ExprKind::Index(value, index));
            } else if self.sign(0) == Some(b'(') && self.peek().is_some_and(|next| !next.spaced) {
                // A method's result.
                self.skip_to(b')');
                value = self.unknown(token.span);
            } else {
                return value;
            }
        }
    }

    /// `.name` right behind a value.
    pub(super) fn member(&mut self) -> Option<String> {
        let next = self.peek().filter(|next| !next.spaced && next.kind == Kind::Word)?;
        let name = self.source.slice(next.span).strip_prefix('.')?.to_owned();
        self.at += 1;
        Some(name)
    }

    /// `@{ Name = value; 'Other' = value }`
    fn table(&mut self, open: Token) -> ExprId {
        self.at += 1;
        let mut object = Object::default();
        let mut end = open.span.end;
        if self.depth >= MAX_DEPTH {
            return self.unknown(open.span);
        }
        self.depth += 1;
        loop {
            self.skip_ends();
            let Some(key) = self.peek() else { break };
            end = key.span.end;
            if key.kind == Kind::Sign(b'}') {
                self.at += 1;
                break;
            }
            self.at += 1;
            if self.sign(0) != Some(b'=') {
                continue;
            }
            self.at += 1;
            let value = self.expr();
            let known = matches!(key.kind, Kind::Word | Kind::Raw | Kind::Quoted);
            let name = known.then(|| self.source.slice(key.span).to_owned());
            object.entries.push(Entry::Field { key: name, key_span: key.span, value });
        }
        self.depth -= 1;
        self.builder.expr(Span { start: open.span.start, end }, ExprKind::Object(object))
    }

    /// A command with its arguments: `Verb-Noun -Name value other`.
    pub(super) fn command(&mut self) -> ExprId {
        let Some(name) = self.peek() else { return self.unknown(Span::default()) };
        self.at += 1;
        let text = self.source.slice(name.span);
        let callee = match text.to_ascii_lowercase().as_str() {
            "invoke-restmethod" | "irm" => "Invoke-RestMethod".to_owned(),
            "invoke-webrequest" | "iwr" | "curl" | "wget" => "Invoke-WebRequest".to_owned(),
            _ => text.to_owned(),
        };
        let mut args = Vec::new();
        let mut end = name.span.end;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::End | Kind::Sign(b')' | b'}' | b'|' | b';') => break,
                Kind::Word if self.word(0).starts_with('-') => {
                    let option = self.word(0).trim_start_matches('-').trim_end_matches(':').to_ascii_lowercase();
                    self.at += 1;
                    let ends = |next: Token| match next.kind {
                        Kind::End | Kind::Splat | Kind::Sign(b')' | b'}' | b'|') => true,
                        Kind::Word => self.source.slice(next.span).starts_with('-'),
                        _ => false,
                    };
                    let is_value = self.peek().is_some_and(|next| !ends(next));
                    if is_value {
                        let value = self.argument();
                        args.push(Arg { name: Some(option), name_span: None, spread: Spread::No, value });
                    }
                }
                Kind::Splat => {
                    self.at += 1;
                    let value = self.builder.expr(token.span, ExprKind::Name(local(self.source.slice(token.span))));
                    args.push(Arg { name: None, name_span: None, spread: Spread::Keyword, value });
                }
                _ => {
                    let value = self.argument();
                    args.push(Arg { name: None, name_span: None, spread: Spread::No, value });
                }
            }
            end = self.end(end);
        }
        let callee = self.builder.expr(name.span, ExprKind::Name(callee));
        let span = Span { start: name.span.start, end };
        self.builder.expr(span, ExprKind::Call(Call { callee, args, new: false }))
    }

    /// One argument: a word is a string here.
    fn argument(&mut self) -> ExprId {
        match self.peek() {
            Some(token) if token.kind == Kind::Word => {
                self.at += 1;
                if self.holes.is_empty() {
                    self.builder.expr(token.span, ExprKind::Str(Text::new(self.source.slice(token.span))))
                } else {
                    self.interpolated(token.span, false)
                }
            }
            Some(token) if matches!(token.kind, Kind::Sign(b'{')) => {
                self.block();
                self.unknown(token.span)
            }
            _ if self.depth < MAX_DEPTH => {
                self.depth += 1;
                let value = self.operand();
                self.depth -= 1;
                value
            }
            _ => {
                self.at += 1;
                self.unknown(Span::default())
            }
        }
    }

    /// A string with `$x`, `$env:X` and `$(...)` in it, and with what the file around puts in.
    fn interpolated(&mut self, span: Span, expands: bool) -> ExprId {
        let raw = self.source.slice(span);
        let base = span.start as usize;
        let bytes = raw.as_bytes();
        let mut parts = Vec::new();
        let (mut plain, mut at) = (0, 0);
        while at < bytes.len() {
            let hole = self.holes.iter().find(|hole| hole.start as usize == base + at);
            let (expr, end) = if let Some(hole) = hole {
                ((self.lower_hole)(&mut self.builder, *hole), hole.end as usize - base)
            } else if expands && bytes[at] == b'`' {
                at += 2;
                continue;
            } else if expands && bytes[at] == b'$' {
                let braced = bytes.get(at + 1) == Some(&b'{');
                let start = at + 1 + usize::from(braced);
                let rest = raw.get(start..).unwrap_or("");
                let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':')).count();
                let name = rest[..length].trim_end_matches(':');
                let end = start + name.len();
                if bytes.get(at + 1) == Some(&b'(') {
                    let close = raw[at..].find(')').map_or(raw.len(), |close| at + close + 1);
                    let inner = raw.get(at + 2..close.saturating_sub(1)).unwrap_or("").trim();
                    let here = Span::new(base + at, base + close);
                    let name = inner.strip_prefix('$').and_then(environment);
                    let kind = name.filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
                    let kind =
                        kind.map_or(ExprKind::Unknown, |name| ExprKind::Env { name: name.to_owned(), default: None });
                    (self.builder.expr(here, kind), close)
                } else if name.is_empty() {
                    at += 1;
                    continue;
                } else {
                    let kind = match environment(name) {
                        Some(name) => ExprKind::Env { name: name.to_owned(), default: None },
                        None => ExprKind::Name(local(name)),
                    };
                    let end = end + usize::from(braced && bytes.get(end) == Some(&b'}'));
                    (self.builder.expr(Span::new(base + at, base + end), kind), end)
                }
            } else {
                at += 1;
                continue;
            };
            if plain < at {
                parts.push(self.piece(base, raw, plain, at, expands));
            }
            parts.push(expr);
            (plain, at) = (end, end);
        }
        if plain < raw.len() || parts.is_empty() {
            parts.push(self.piece(base, raw, plain, raw.len(), expands));
        }
        match parts.as_slice() {
            [one] => *one,
            _ => self.builder.expr(span, ExprKind::Concat(parts)),
        }
    }

    fn piece(&mut self, base: usize, raw: &str, start: usize, end: usize, expands: bool) -> ExprId {
        let text = raw.get(start..end).unwrap_or("");
        let text =
            if expands { text.replace("\"\"", "\"").replace("`n", "\n").replace('`', "") } else { text.to_owned() };
        self.builder.expr(Span::new(base + start, base + end), ExprKind::Str(Text::new(text)))
    }
}
