//! A text that stands in pieces inside another: a script in a YAML scalar, in a `RUN` of an image, in a recipe.
//!
//! It is put together without what belongs to the file around it (indentation, escapes, continuations), and lowered
//! like a file of its own; [`Embedded::place`] says where each part of it stands.

use crate::facts::{Builder, EnvBlock, ExprId, FuncId, Module, Span};

/// A text with the places of its pieces.
#[derive(Debug, Default)]
pub(super) struct Embedded {
    /// The text.
    pub text: String,
    /// The pieces in order.
    pieces: Vec<Piece>,
    /// What the file around it puts in before the text is run (`${{ }}`, `$(X)` of make), as spans of the text, which
    /// holds letters there.
    pub holes: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins in the text.
    at: usize,
    /// Where it stands in the file.
    start: usize,
    end: usize,
    /// Byte for byte the same.
    exact: bool,
}

/// Lowers a hole, given by its span in the text; the expression's spans are the text's, too.
pub(super) type LowerHole<'a> = &'a dyn Fn(&mut Builder, Span) -> ExprId;

impl Embedded {
    /// Adds a piece as it is written at an offset of the file.
    pub(super) fn push(&mut self, text: &str, start: usize) {
        self.push_as(text, start, start + text.len(), true);
    }

    /// Adds text for what is written at `start..end`.
    pub(super) fn push_decoded(&mut self, text: &str, start: usize, end: usize) {
        self.push_as(text, start, end, false);
    }

    fn push_as(&mut self, text: &str, start: usize, end: usize, exact: bool) {
        if text.is_empty() {
            return;
        }
        let joined = self.pieces.last_mut().filter(|last| exact && last.exact && last.end == start);
        match joined {
            Some(last) => last.end = end,
            None => self.pieces.push(Piece { at: self.text.len(), start, end, exact }),
        }
        self.text.push_str(text);
    }

    /// Adds letters for what the file around puts in.
    pub(super) fn push_hole(&mut self, start: usize, end: usize) {
        let at = self.text.len();
        self.push(&"x".repeat(end - start), start);
        self.holes.push(Span::new(at, self.text.len()));
    }

    /// The text without its first and last bytes; `None` where there are not as many.
    pub(super) fn cut(&self, before: usize, after: usize) -> Option<Self> {
        let end = self.text.len().checked_sub(after)?;
        let text = self.text.get(before..end)?.to_owned();
        let mut pieces = Vec::new();
        let first = self.pieces.partition_point(|piece| piece.at <= before).saturating_sub(1);
        for piece in self.pieces.iter().skip(first).take_while(|piece| piece.at < end) {
            let skipped = before.saturating_sub(piece.at);
            let start = if piece.exact { piece.start + skipped } else { piece.start };
            pieces.push(Piece { at: piece.at.max(before) - before, start, ..*piece });
        }
        let inside = |hole: &&Span| hole.start as usize >= before && hole.end as usize <= end;
        let moved = |hole: &Span| Span::new(hole.start as usize - before, hole.end as usize - before);
        let holes = self.holes.iter().filter(inside).map(moved).collect();
        Some(Self { text, pieces, holes })
    }

    /// Adds another text with its places.
    pub(super) fn append(&mut self, other: &Self) {
        let base = self.text.len();
        self.pieces.extend(other.pieces.iter().map(|piece| Piece { at: piece.at + base, ..*piece }));
        let moved = |hole: &Span| Span::new(hole.start as usize + base, hole.end as usize + base);
        self.holes.extend(other.holes.iter().map(moved));
        self.text.push_str(&other.text);
    }

    /// Adds a part of this text to another, with its places and holes.
    pub(super) fn copy_to(&self, from: usize, to: usize, out: &mut Self) {
        let Some(part) = self.cut(from, self.text.len().saturating_sub(to)) else { return };
        let base = out.text.len();
        for (index, piece) in part.pieces.iter().enumerate() {
            let next = part.pieces.get(index + 1).map_or(part.text.len(), |next| next.at);
            let text = part.text.get(piece.at..next).unwrap_or("");
            let end = if piece.exact { piece.start + text.len() } else { piece.end };
            out.push_as(text, piece.start, end, piece.exact);
        }
        out.holes.extend(part.holes.iter().map(|hole| Span::new(hole.start as usize + base, hole.end as usize + base)));
    }

    /// Where a span of the text stands in the file.
    pub(super) fn place(&self, span: Span) -> Span {
        let (start, end) = (span.start as usize, span.end as usize);
        let from = self.piece(start).map_or(0, |piece| {
            if piece.exact { (piece.start + (start - piece.at)).min(piece.end) } else { piece.start }
        });
        if end <= start {
            return Span::new(from, from);
        }
        let to = self.piece(end - 1).map_or(from, |piece| {
            if piece.exact { (piece.start + (end - piece.at)).min(piece.end) } else { piece.end }
        });
        Span::new(from, to.max(from))
    }

    /// The piece that an offset of the text lies in; the last one behind its end.
    fn piece(&self, offset: usize) -> Option<&Piece> {
        let behind = self.pieces.partition_point(|piece| piece.at <= offset);
        behind.checked_sub(1).and_then(|index| self.pieces.get(index))
    }

    /// Adds a module that was lowered from this text; see [`Builder::graft`]. Parents of the blocks are indices among
    /// them.
    pub(super) fn graft(&self, builder: &mut Builder, module: Module) -> (FuncId, Vec<EnvBlock>) {
        builder.graft(module, &|span| self.place(span))
    }
}

/// Says that a script runs inside another one, after all of it.
pub(super) fn put_inside(builder: &mut Builder, script: FuncId, around: FuncId) {
    let body = builder.function_mut(around).body;
    let end = builder.module().blocks[body.index()].stmts.len();
    let function = builder.function_mut(script);
    function.parent = Some(around);
    function.at = Some((body, end));
}

/// Adds the blocks of a graft to those of its file, inside the block whose variables the script sees.
pub(super) fn adopt(blocks: &mut Vec<EnvBlock>, grafted: Vec<EnvBlock>, around: Option<usize>) {
    let base = blocks.len();
    for mut block in grafted {
        block.parent = block.parent.map(|parent| parent + base).or(around);
        blocks.push(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let file = "ab  cd\\nef";
        let mut text = Embedded::default();
        text.push(&file[0..2], 0);
        text.push(&file[4..6], 4);
        text.push_decoded("\n", 6, 8);
        text.push(&file[8..], 8);
        assert_eq!(text.text, "abcd\nef");
        let place = |start, end| text.place(Span::new(start, end)).range();
        assert_eq!(place(0, 2), 0..2);
        assert_eq!(place(1, 3), 1..5);
        assert_eq!(place(2, 2), 4..4);
        assert_eq!(place(4, 5), 6..8);
        assert_eq!(place(3, 6), 5..9);
        assert_eq!(place(7, 7), 10..10);
    }
}
