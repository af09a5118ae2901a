//! String literals, f-strings, `.format(…)` and `%`.

use std::collections::HashMap;
use std::ops::Range;

use tree_sitter::Node;

use super::{Lower, children, operands, span, strip};
use crate::facts::{ExprId, ExprKind, Span, Stmt};
use crate::template::{Argument, Hole, braces};
use crate::text::Text;

/// A part of a string literal.
enum Piece<'t> {
    /// Text, decoded, and where it stands.
    Text(String, Span),
    /// `{…}` in an f-string.
    Hole(Node<'t>),
}

impl Lower<'_> {
    /// One string literal. Without holes it is one string with its quotes; with holes, each piece has its own place.
    pub(super) fn string(&mut self, node: Node) -> ExprId {
        match self.literal(node) {
            Some(text) => self.add(node, ExprKind::Str(Text::new(text))),
            None => {
                let parts = self.parts(node);
                self.add(node, ExprKind::Concat(parts))
            }
        }
    }

    /// `"a" "b"`: one string, or pieces where one of them has holes.
    pub(super) fn adjacent_strings(&mut self, node: Node) -> ExprId {
        if let Some(text) = self.literal(node) {
            return self.add(node, ExprKind::Str(Text::new(text)));
        }
        let mut parts = Vec::new();
        for string in operands(node) {
            match self.literal(string) {
                Some(text) => parts.push(self.add(string, ExprKind::Str(Text::new(text)))),
                None => parts.extend(self.parts(string)),
            }
        }
        self.add(node, ExprKind::Concat(parts))
    }

    /// The value of a string literal, or of adjacent ones, without holes.
    pub(super) fn literal(&self, node: Node) -> Option<String> {
        if node.kind() == "concatenated_string" {
            return operands(node).into_iter().map(|string| self.literal(string)).collect();
        }
        let mut value = String::new();
        for piece in self.pieces(node)? {
            match piece {
                Piece::Text(text, _) => value.push_str(&text),
                Piece::Hole(_) => return None,
            }
        }
        Some(value)
    }

    fn parts(&mut self, node: Node) -> Vec<ExprId> {
        let mut parts = Vec::new();
        for piece in self.pieces(node).unwrap_or_default() {
            parts.push(match piece {
                Piece::Text(text, span) => self.builder.expr(span, ExprKind::Str(Text::new(text))),
                Piece::Hole(hole) => self.hole(hole),
            });
        }
        parts
    }

    fn hole(&mut self, hole: Node) -> ExprId {
        let Some(value) = hole.child_by_field_name("expression") else { return self.unknown(hole) };
        let mut cursor = hole.walk();
        if hole.children(&mut cursor).any(|child| child.kind() == "=") {
            // `{x=}` shows the expression's text as well.
            self.effects(value);
            return self.unknown(hole);
        }
        self.expr(value)
    }

    /// The pieces of one `string` node; `None` for any other.
    fn pieces<'t>(&self, node: Node<'t>) -> Option<Vec<Piece<'t>>> {
        if node.kind() != "string" {
            return None;
        }
        let mut pieces = Vec::new();
        let (mut raw, mut format) = (false, false);
        for child in children(node) {
            match child.kind() {
                "string_start" => {
                    let start = self.text_of(child);
                    raw = start.contains(['r', 'R']);
                    format = start.contains(['f', 'F', 't', 'T']);
                }
                "string_content" => {
                    let text = self.text_of(child);
                    let text = if raw { text.to_owned() } else { unescape(text) };
                    let text = if format { text.replace("{{", "{").replace("}}", "}") } else { text };
                    pieces.push(Piece::Text(text, span(child)));
                }
                "interpolation" => pieces.push(Piece::Hole(child)),
                _ => {}
            }
        }
        Some(pieces)
    }

    /// `"…{}…".format(…)`; `None` where it is not that or not simple.
    pub(super) fn format_call(&mut self, node: Node, callee: Node, arguments: Node) -> Option<ExprId> {
        if callee.kind() != "attribute" || self.text_of(callee.child_by_field_name("attribute")?) != "format" {
            return None;
        }
        let object = strip(callee.child_by_field_name("object")?);
        let template = self.literal(object)?;
        let holes = braces(&template)?;
        let mut nodes = Vec::new();
        let mut positions = Vec::new();
        let mut names = HashMap::new();
        for argument in operands(arguments) {
            match argument.kind() {
                "keyword_argument" => {
                    names.insert(self.text_of(argument.child_by_field_name("name")?), nodes.len());
                    nodes.push(argument.child_by_field_name("value")?);
                }
                kind if kind.contains("splat") => return None,
                _ => {
                    positions.push(nodes.len());
                    nodes.push(argument);
                }
            }
        }
        let mut filled = Vec::new();
        for hole in holes {
            let argument = match &hole.argument {
                Argument::Position(number) => positions.get(*number).copied()?,
                Argument::Name(name) => names.get(name.as_str()).copied()?,
            };
            filled.push((hole.at, argument));
        }
        let values: Vec<_> = nodes.into_iter().map(|argument| self.expr(argument)).collect();
        let mut unused: Vec<_> = values.iter().copied().map(Some).collect();
        for (_, argument) in &filled {
            unused[*argument] = None;
        }
        unused.into_iter().flatten().for_each(|value| self.builder.stmt(Stmt::Expr(value)));
        let filled = filled.into_iter().map(|(at, argument)| (at, values[argument])).collect();
        let parts = self.fill(object, &template, filled, |text| text.replace("{{", "{").replace("}}", "}"));
        Some(self.add(node, ExprKind::Concat(parts)))
    }

    /// `"…%s…" % values`; `None` where it is not that or not simple.
    pub(super) fn percent(&mut self, node: Node) -> Option<ExprId> {
        let template_node = strip(node.child_by_field_name("left")?);
        let right = strip(node.child_by_field_name("right")?);
        let template = self.literal(template_node)?;
        let holes = percents(&template)?;
        let named = matches!(holes.first()?.argument, Argument::Name(_));
        if holes.iter().any(|hole| matches!(hole.argument, Argument::Name(_)) != named) {
            return None;
        }
        let mut filled = Vec::new();
        if right.kind() == "tuple" && !named {
            let items = operands(right);
            if items.len() != holes.len() || items.iter().any(|item| item.kind().contains("splat")) {
                return None;
            }
            for (hole, item) in holes.into_iter().zip(items) {
                filled.push((hole.at, self.expr(item)));
            }
        } else {
            let value = self.expr(right);
            let single = holes.len() == 1;
            for hole in holes {
                let index = match hole.argument {
                    Argument::Position(_) if single => {
                        filled.push((hole.at, value));
                        continue;
                    }
                    Argument::Position(number) => ExprKind::Const(number.to_string()),
                    Argument::Name(name) => ExprKind::Str(Text::new(name)),
                };
                let index = self.add(right, index);
                filled.push((hole.at, self.add(right, ExprKind::Index(value, index))));
            }
        }
        let parts = self.fill(template_node, &template, filled, |text| text.replace("%%", "%"));
        Some(self.add(node, ExprKind::Concat(parts)))
    }

    /// The texts between holes and the values in them.
    fn fill(
        &mut self,
        node: Node,
        template: &str,
        holes: Vec<(Range<usize>, ExprId)>,
        clean: impl Fn(&str) -> String,
    ) -> Vec<ExprId> {
        // Where the literal's text is its value, a piece's place is exact.
        let content = children(node).into_iter().find(|child| child.kind() == "string_content");
        let start = content.filter(|content| self.text_of(*content) == template).map(|content| content.start_byte());
        let mut parts = Vec::new();
        let mut done = 0;
        let ends = holes.into_iter().map(|(at, value)| (at, Some(value)));
        for (at, value) in ends.chain([(template.len()..template.len(), None)]) {
            let text = template.get(done..at.start).unwrap_or("");
            if !text.is_empty() {
                let place = start.map_or(span(node), |start| Span::new(start + done, start + at.start));
                parts.push(self.builder.expr(place, ExprKind::Str(Text::new(clean(text)))));
            }
            parts.extend(value);
            done = at.end;
        }
        parts
    }
}

/// The holes of a `%` template; `None` for one that is not simple.
fn percents(template: &str) -> Option<Vec<Hole>> {
    let bytes = template.as_bytes();
    let mut holes = Vec::new();
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'%', bytes.get(at..)?) {
        let start = at + offset;
        let mut end = start + 1;
        if bytes.get(end) == Some(&b'%') {
            at = end + 1;
            continue;
        }
        let mut argument = Argument::Position(holes.len());
        if bytes.get(end) == Some(&b'(') {
            let close = end + memchr::memchr(b')', bytes.get(end..)?)?;
            argument = Argument::Name(template.get(end + 1..close)?.to_owned());
            end = close + 1;
        }
        while matches!(bytes.get(end), Some(b'0'..=b'9' | b'.' | b'-' | b'+' | b'#')) {
            end += 1;
        }
        if !matches!(bytes.get(end), Some(b's' | b'r' | b'd' | b'i' | b'f' | b'a')) {
            return None;
        }
        at = end + 1;
        holes.push(Hole { at: start..at, argument });
    }
    Some(holes)
}

/// Decodes the escapes of a literal; one that is not understood stays as written.
fn unescape(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (before, escape) = rest.split_at(at);
        value.push_str(before);
        let (decoded, length) = escaped(escape);
        match decoded {
            Some(decoded) => value.extend(decoded),
            None => value.push_str(escape.get(..length).unwrap_or("\\")),
        }
        rest = escape.get(length..).unwrap_or("");
    }
    value.push_str(rest);
    value
}

/// What the escape at the start of `text` means (`None`: itself; `Some(None)`: nothing), and its length.
fn escaped(text: &str) -> (Option<Option<char>>, usize) {
    let number = |digits: Range<usize>, radix: u32| {
        let end = digits.end;
        let value = text.get(digits).and_then(|digits| u32::from_str_radix(digits, radix).ok());
        match value.and_then(char::from_u32) {
            Some(value) => (Some(Some(value)), end),
            None => (None, 1),
        }
    };
    let simple = |value: char| (Some(Some(value)), 2);
    match text.as_bytes().get(1) {
        Some(b'n') => simple('\n'),
        Some(b't') => simple('\t'),
        Some(b'r') => simple('\r'),
        Some(b'a') => simple('\x07'),
        Some(b'b') => simple('\x08'),
        Some(b'f') => simple('\x0c'),
        Some(b'v') => simple('\x0b'),
        Some(&quote @ (b'\\' | b'\'' | b'"')) => simple(char::from(quote)),
        Some(b'\n') => (Some(None), 2),
        Some(b'\r') => (Some(None), if text.as_bytes().get(2) == Some(&b'\n') { 3 } else { 2 }),
        Some(b'x') => number(2..4, 16),
        Some(b'u') => number(2..6, 16),
        Some(b'U') => number(2..10, 16),
        Some(b'0'..=b'7') => {
            let digits = text.bytes().skip(1).take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            number(1..1 + digits, 8)
        }
        _ => (None, 1),
    }
}
