//! Shell words: quotes, escapes, expansions, and pieces written next to each other.

use tree_sitter::Node;

use super::{Lowering, MAX_DEPTH, span};
use crate::facts::{ExprId, ExprKind, Item, Span};
use crate::text::Text;

/// A word, taken apart.
#[derive(Debug)]
pub(super) struct Word {
    /// The whole word, with its quotes.
    pub span: Span,
    /// Its pieces in order.
    pub parts: Vec<Part>,
    /// It can become any number of words (`"$@"`, `"${ARGS[@]}"`).
    pub splat: bool,
}

/// A piece of a word.
#[derive(Debug)]
pub(super) enum Part {
    /// Literal text without its quotes, decoded.
    Text(Span, Text),
    /// An expansion.
    Expr(Span, ExprId),
}

impl Part {
    fn span(&self) -> Span {
        match self {
            Self::Text(span, _) | Self::Expr(span, _) => *span,
        }
    }
}

impl Word {
    /// The text of a word without expansions.
    pub(super) fn text(&self) -> Option<String> {
        let texts: Option<Vec<&str>> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(_, text) => Some(text.expose()),
                Part::Expr(..) => None,
            })
            .collect();
        texts.map(|texts| texts.concat())
    }

    /// The literal text that the word begins with.
    pub(super) fn head(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(_, text)) => text.expose(),
            _ => "",
        }
    }

    /// The word without the first bytes of its head. Those must be plain ASCII, written without escapes.
    pub(super) fn skip(mut self, count: usize) -> Self {
        if let Some(Part::Text(span, text)) = self.parts.first_mut() {
            let rest = text.expose().get(count..).unwrap_or("").to_owned();
            span.start = (span.start + count as u32).min(span.end);
            self.span.start = span.start;
            *text = Text::new(rest);
            if text.is_empty() {
                // What follows keeps its own span; where nothing does, the value is empty and lies right here.
                let end = span.end;
                self.parts.remove(0);
                if self.parts.is_empty() && self.span.end <= end + 1 {
                    self.span = Span { start: end, end };
                }
            }
        }
        self
    }

    /// A second word of the same pieces, to read it in another way.
    pub(super) fn copy(&self) -> Self {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(span, text) => Part::Text(*span, text.clone()),
            Part::Expr(span, expr) => Part::Expr(*span, *expr),
        });
        Self { span: self.span, parts: parts.collect(), splat: self.splat }
    }

    /// `NAME=value`: the length of `NAME`.
    pub(super) fn assigns(&self) -> Option<usize> {
        let head = self.head();
        let name = crate::extract::dotenv::expand::name_at(head);
        (name > 0 && head.as_bytes().get(name) == Some(&b'=')).then_some(name)
    }
}

impl Lowering<'_> {
    /// `NAME=(word ..)`, `NAME+=(word ..)`: the list, which is kept for the commands that it is unpacked in. What is
    /// assigned sometimes only is not known.
    pub(super) fn array(&mut self, assignment: Node<'_>, name: &str, node: Node<'_>) -> ExprId {
        let mut cursor = node.walk();
        let mut items = Vec::new();
        let mut words = Vec::new();
        for child in node.named_children(&mut cursor) {
            let word = self.word(child);
            words.push(word.copy());
            let spread = word.splat;
            items.push(Item { value: self.join(word), spread });
        }
        let before = node.start_byte().checked_sub(2).and_then(|at| self.source.text.get(at..node.start_byte()));
        let appends = before == Some("+=") && node.start_byte() >= assignment.start_byte() + 2;
        let known = !self.conditional && !self.subshell && self.function.is_none();
        let kept = self.arrays.entry(name.to_owned()).or_default();
        match kept {
            Some(kept) if appends && known => kept.extend(words),
            None if appends => {}
            kept => *kept = known.then_some(words),
        }
        self.builder.expr(span(node), ExprKind::List(items))
    }

    /// Words with those of an array in its place: `curl "${headers[@]}"`.
    pub(super) fn unpacked(&mut self, words: Vec<Word>) -> Vec<Word> {
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            let array = match word.parts.as_slice() {
                [Part::Expr(_, expr)] if word.splat => match self.builder.module().kind(*expr) {
                    ExprKind::Env { name, .. } => self.arrays.get(name).and_then(Option::as_ref),
                    _ => None,
                },
                _ => None,
            };
            match array {
                Some(array) => out.extend(array.iter().map(Word::copy)),
                None => out.push(word),
            }
        }
        out
    }

    /// The value of an assignment or of a redirection.
    pub(super) fn value(&mut self, node: Node<'_>) -> ExprId {
        let word = self.word(node);
        self.join(word)
    }

    /// A word as an expression. The span of a word with one piece is that piece's, without quotes.
    pub(super) fn join(&mut self, word: Word) -> ExprId {
        let whole = match (word.parts.first(), word.parts.last()) {
            (Some(first), Some(last)) => Span { start: first.span().start, end: last.span().end },
            _ => self.unquoted(word.span),
        };
        if let Some(text) = word.text() {
            return self.builder.expr(whole, ExprKind::Str(Text::new(text)));
        }
        let mut parts: Vec<ExprId> = Vec::with_capacity(word.parts.len());
        for part in word.parts {
            parts.push(match part {
                Part::Text(span, text) => self.builder.expr(span, ExprKind::Str(text)),
                Part::Expr(_, expr) => expr,
            });
        }
        match parts.as_slice() {
            [one] => *one,
            _ => self.builder.expr(whole, ExprKind::Concat(parts)),
        }
    }

    /// The inside of `""` and `''`.
    fn unquoted(&self, span: Span) -> Span {
        match self.source.slice(span) {
            "\"\"" | "''" => Span { start: span.start + 1, end: span.start + 1 },
            _ => span,
        }
    }

    pub(super) fn word(&mut self, node: Node<'_>) -> Word {
        let mut word = Word { span: span(node), parts: Vec::new(), splat: false };
        self.parts(node, &mut word);
        word
    }

    fn parts(&mut self, node: Node<'_>, word: &mut Word) {
        if self.depth >= MAX_DEPTH {
            let expr = self.unknown(span(node));
            word.parts.push(Part::Expr(span(node), expr));
            return;
        }
        self.depth += 1;
        let raw = self.text(node);
        let at = node.start_byte();
        match node.kind() {
            "word" | "extglob_pattern" | "regex" | "$" => self.piece(word, at, raw, unescape_word),
            "number" if node.named_child_count() == 0 => self.piece(word, at, raw, str::to_owned),
            "variable_name" => self.piece(word, at, raw, str::to_owned),
            "raw_string" => {
                let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or("");
                self.piece(word, at + 1, inner, str::to_owned);
            }
            "ansi_c_string" => {
                let inner = raw.get(2..raw.len().saturating_sub(1)).unwrap_or("");
                self.piece(word, at + 2, inner, unescape_ansi);
            }
            "string" => self.string(node, word),
            "concatenation" | "translated_string" | "command_name" => {
                let mut cursor = node.walk();
                for child in node.children(&mut cursor) {
                    // The `$` of `$"..."` is no text.
                    if child.is_named() || (child.kind() == "$" && node.kind() == "concatenation") {
                        self.parts(child, word);
                    }
                }
            }
            "simple_expansion" => self.simple(node, word),
            "expansion" => self.expansion(node, word),
            "command_substitution" | "process_substitution" => {
                self.substitution(node);
                let printed = if node.kind() == "command_substitution" { self.printed(node) } else { None };
                let expr = printed.unwrap_or_else(|| self.unknown(span(node)));
                word.parts.push(Part::Expr(span(node), expr));
            }
            _ => {
                self.substitutions(node);
                let expr = self.unknown(span(node));
                word.parts.push(Part::Expr(span(node), expr));
            }
        }
        self.depth -= 1;
    }

    /// A double-quoted string. Its text is what lies between the expansions: the grammar's own text nodes leave out
    /// some white space.
    fn string(&mut self, node: Node<'_>, word: &mut Word) {
        let mut from = node.start_byte() + 1;
        let closed = self.text(node).len() > 1 && self.text(node).ends_with('"');
        let end = node.end_byte() - usize::from(closed);
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            if child.kind() == "string_content" {
                continue;
            }
            self.literal(from, child.start_byte(), word);
            self.parts(child, word);
            from = child.end_byte();
        }
        self.literal(from, end, word);
    }

    fn literal(&mut self, start: usize, end: usize, word: &mut Word) {
        if let Some(raw) = self.source.text.get(start..end) {
            self.piece(word, start, raw, unescape_quoted);
        }
    }

    /// Adds a literal piece, with what the file around it puts in.
    fn piece(&mut self, word: &mut Word, start: usize, raw: &str, decode: fn(&str) -> String) {
        let mut from = start;
        let end = start + raw.len();
        let Some(holes) = self.holes else { return text(word, start, raw, decode(raw)) };
        let first = holes.spans.partition_point(|hole| (hole.end as usize) <= start);
        for hole in holes.spans.iter().skip(first).take_while(|hole| (hole.start as usize) < end) {
            let range = hole.range();
            if let Some(before) = raw.get(from - start..range.start.max(from) - start) {
                text(word, from, before, decode(before));
            }
            let expr = (holes.lower)(&mut self.builder, *hole);
            word.parts.push(Part::Expr(*hole, expr));
            from = range.end.min(end);
        }
        if let Some(rest) = raw.get(from - start..) {
            text(word, from, rest, decode(rest));
        }
    }

    /// Whether the file around puts something into a span.
    pub(super) fn has_hole(&self, span: Span) -> bool {
        self.holes.is_some_and(|holes| holes.spans.iter().any(|hole| hole.start < span.end && span.start < hole.end))
    }

    /// `$X`
    fn simple(&mut self, node: Node<'_>, word: &mut Word) {
        let name = self.text(node).get(1..).unwrap_or("");
        word.splat |= matches!(name, "@" | "*");
        let kind = self.variable(name);
        let expr = self.builder.expr(span(node), kind);
        word.parts.push(Part::Expr(span(node), expr));
    }

    /// The value of a variable by its name: a positional parameter is the function's.
    fn variable(&self, name: &str) -> ExprKind {
        let first = name.as_bytes().first();
        if first.is_some_and(u8::is_ascii_digit) {
            let known = self.function.is_some() && name.len() == 1 && name != "0";
            return if known { ExprKind::Name(name.to_owned()) } else { ExprKind::Unknown };
        }
        if crate::extract::dotenv::expand::name_at(name) != name.len() || name.is_empty() {
            return ExprKind::Unknown;
        }
        ExprKind::Env { name: name.to_owned(), default: None }
    }

    /// `${X}`, `${X:-default}`
    fn expansion(&mut self, node: Node<'_>, word: &mut Word) {
        let kind = self.expansion_kind(node, word);
        let expr = self.builder.expr(span(node), kind);
        word.parts.push(Part::Expr(span(node), expr));
    }

    fn expansion_kind(&mut self, node: Node<'_>, word: &mut Word) -> ExprKind {
        let mut cursor = node.walk();
        let mut name = None;
        let mut operator: Option<Node<'_>> = None;
        let mut operand = Vec::new();
        for child in node.children(&mut cursor) {
            match child.kind() {
                "${" | "}" => {}
                _ if operator.is_some() => operand.push(child),
                "variable_name" if name.is_none() => name = Some(child),
                "subscript" => {
                    let array = child.child_by_field_name("name").map(|name| self.text(name).to_owned());
                    let all = self.text(child).ends_with("[@]") || self.text(child).ends_with("[*]");
                    word.splat |= all;
                    return array
                        .filter(|_| all)
                        .map_or(ExprKind::Unknown, |name| ExprKind::Env { name, default: None });
                }
                _ if !child.is_named() => operator = Some(child),
                _ => return ExprKind::Unknown,
            }
        }
        let Some(name) = name else { return ExprKind::Unknown };
        let kind = self.variable(self.text(name));
        let Some(operator) = operator else { return kind };
        match self.text(operator) {
            ":?" | "?" => kind,
            ":-" | "-" | ":=" | "=" => {
                let closed = usize::from(self.text(node).ends_with('}'));
                let end = (node.end_byte() - closed).max(operator.end_byte());
                let rest = Span::new(operator.end_byte(), end);
                let raw = self.source.slice(rest);
                let plain = !raw.contains(['$', '"', '\'', '`', '\\']) && !self.has_hole(rest);
                let default = if plain {
                    self.builder.expr(rest, ExprKind::Str(Text::new(raw)))
                } else {
                    let mut default = Word { span: rest, parts: Vec::new(), splat: false };
                    for part in operand {
                        self.parts(part, &mut default);
                    }
                    self.join(default)
                };
                match kind {
                    ExprKind::Env { name, .. } => ExprKind::Env { name, default: Some(default) },
                    ExprKind::Name(name) => {
                        let left = self.builder.expr(span(node), ExprKind::Name(name));
                        ExprKind::Fallback { left, right: default, nullish: false }
                    }
                    _ => ExprKind::Unknown,
                }
            }
            _ => ExprKind::Unknown,
        }
    }
}

/// Adds a literal piece.
fn text(word: &mut Word, start: usize, raw: &str, value: String) {
    if !raw.is_empty() {
        word.parts.push(Part::Text(Span::new(start, start + raw.len()), Text::new(value)));
    }
}

/// Removes the backslashes that `is_escape` allows; one before a line's end joins the lines.
fn unescape(raw: &str, is_escape: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.peek().copied() {
            Some('\n') => {
                chars.next();
            }
            Some(escaped) if is_escape(escaped) => {
                out.push(escaped);
                chars.next();
            }
            _ => out.push('\\'),
        }
    }
    out
}

fn unescape_word(raw: &str) -> String {
    unescape(raw, |_| true)
}

fn unescape_quoted(raw: &str) -> String {
    unescape(raw, |escaped| matches!(escaped, '"' | '\\' | '$' | '`'))
}

/// `$'...'`: the simple escapes.
fn unescape_ansi(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match if c == '\\' { chars.next() } else { None } {
            None => out.push(c),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(escaped @ ('\\' | '\'' | '"')) => out.push(escaped),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}
