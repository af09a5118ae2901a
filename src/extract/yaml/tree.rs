//! YAML as a tree of nodes with byte spans. Nodes refer to each other by index; an alias is a second reference to the
//! node of its anchor, so that nothing is ever copied.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::facts::Span;

/// An index into [`Tree::nodes`].
pub(in crate::extract) type NodeId = usize;

/// One node.
#[derive(Debug)]
pub(in crate::extract) struct Node<'a> {
    /// Where it stands; a scalar without its quotes, a block scalar without its header.
    pub span: Span,
    /// What it is.
    pub kind: Kind<'a>,
    /// The collection around it, where it was written.
    pub parent: Option<NodeId>,
    /// The key under which it stands in a mapping.
    pub key: Option<NodeId>,
    /// The parser failed before its end.
    pub partial: bool,
    /// Something refers to it by an alias.
    pub shared: bool,
}

impl<'a> Node<'a> {
    /// A node that was read whole, and that nothing refers to yet.
    pub(in crate::extract) fn new(span: Span, kind: Kind<'a>, parent: Option<NodeId>, key: Option<NodeId>) -> Self {
        Self { span, kind, parent, key, partial: false, shared: false }
    }
}

/// The kinds of nodes.
#[derive(Debug)]
pub(in crate::extract) enum Kind<'a> {
    /// A scalar with its decoded text.
    Scalar(Cow<'a, str>, ScalarStyle),
    /// A scalar or collection with a tag that changes its meaning (`!Ref`, `!vault`).
    Tagged,
    /// A mapping's keys and values.
    Map(Vec<(NodeId, NodeId)>),
    /// A sequence.
    Seq(Vec<NodeId>),
}

/// All documents of a file.
#[derive(Debug, Default)]
pub(in crate::extract) struct Tree<'a> {
    /// The nodes, each before what it holds.
    pub nodes: Vec<Node<'a>>,
    /// The documents' roots.
    pub roots: Vec<NodeId>,
    /// Something could not be read.
    pub recovered: bool,
}

impl<'a> Tree<'a> {
    /// The text of a scalar.
    pub(in crate::extract) fn scalar(&self, id: NodeId) -> Option<&str> {
        match &self.nodes[id].kind {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// Reads all documents. After an error the rest of its document is left out.
    pub(super) fn read(text: &'a str) -> Self {
        let mut tree = Tree::default();
        let offsets = Offsets::new(text);
        let mut base = 0;
        while base < text.len() {
            let Some(failed) = tree.documents(text, base, &offsets) else { break };
            tree.recovered = true;
            // The next document marker behind the failure, or behind the start where the parser got nowhere.
            let from = failed.max(base + 1).min(text.len());
            let Some(next) = memchr::memmem::find(&text.as_bytes()[from..], b"\n---") else { break };
            base = from + next + 1;
        }
        tree
    }

    /// Reads documents from `base` on; returns the offset of an error.
    fn documents(&mut self, text: &'a str, base: usize, offsets: &Offsets) -> Option<usize> {
        let first = offsets.char_at(base);
        let byte = |index: usize| offsets.byte_at(first + index);
        let mut parser = Parser::new_from_str(&text[base..]);
        let mut open: Vec<Open> = Vec::new();
        let mut anchors: HashMap<usize, NodeId> = HashMap::new();
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    while let Some(frame) = open.pop() {
                        self.nodes[frame.node].partial = true;
                        if let Some(parent) = self.nodes[frame.node].parent {
                            let end = self.nodes[frame.node].span.end;
                            self.nodes[parent].span.end = self.nodes[parent].span.end.max(end);
                        }
                        self.put(&mut open, frame.node);
                    }
                    return Some(byte(error.marker().index()));
                }
            };
            let (start, end) = (byte(span.start.index()), byte(span.end.index()));
            match event {
                Event::Scalar(value, style, anchor, tag) => {
                    let tagged = tag.as_ref().is_some_and(|tag| !tag.is_yaml_core_schema());
                    let props = anchor > 0 || tag.is_some();
                    let span = content(text, start, end, style, props);
                    let kind = if tagged { Kind::Tagged } else { Kind::Scalar(value, style) };
                    let node = self.add(span, kind, &open);
                    anchors.insert(anchor, node);
                    self.put(&mut open, node);
                }
                Event::SequenceStart(anchor, _) => {
                    let node = self.add(Span::new(start, end), Kind::Seq(Vec::new()), &open);
                    open.push(Open { node, anchor, key: None });
                }
                Event::MappingStart(anchor, _) => {
                    let node = self.add(Span::new(start, end), Kind::Map(Vec::new()), &open);
                    open.push(Open { node, anchor, key: None });
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(frame) = open.pop() else { continue };
                    // A block collection "ends" where the next thing begins: its span ends with its last child.
                    let flow = end > start;
                    let span = &mut self.nodes[frame.node].span;
                    if flow {
                        span.end = end as u32;
                    }
                    let span = *span;
                    if let Some(parent) = self.nodes[frame.node].parent {
                        self.nodes[parent].span.end = self.nodes[parent].span.end.max(span.end);
                    }
                    anchors.insert(frame.anchor, frame.node);
                    self.put(&mut open, frame.node);
                }
                Event::Alias(anchor) => {
                    // An alias inside its own anchor has no value.
                    let node = match anchors.get(&anchor) {
                        Some(&node) => {
                            self.nodes[node].shared = true;
                            node
                        }
                        None => self.add(Span::new(start, end), Kind::Tagged, &open),
                    };
                    self.put(&mut open, node);
                }
                Event::DocumentStart(_) => anchors.clear(),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        None
    }

    fn add(&mut self, span: Span, kind: Kind<'a>, open: &[Open]) -> NodeId {
        let around = open.last();
        let parent = around.map(|frame| frame.node);
        if let Some(parent) = parent {
            let known = &mut self.nodes[parent].span;
            known.end = known.end.max(span.end);
        } else {
            self.roots.push(self.nodes.len());
        }
        let key = around.and_then(|frame| frame.key);
        self.nodes.push(Node::new(span, kind, parent, key));
        self.nodes.len() - 1
    }

    /// Puts a complete node into the collection around it.
    fn put(&mut self, open: &mut [Open], node: NodeId) {
        let Some(frame) = open.last_mut() else { return };
        match &mut self.nodes[frame.node].kind {
            Kind::Map(entries) => match frame.key.take() {
                Some(key) => entries.push((key, node)),
                None => frame.key = Some(node),
            },
            Kind::Seq(items) => items.push(node),
            Kind::Scalar(..) | Kind::Tagged => {}
        }
    }
}

/// A collection that is being read.
struct Open {
    node: NodeId,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<NodeId>,
}

/// The content of a scalar whose token is `start..end`: without anchor, tag, quotes or block header.
fn content(text: &str, start: usize, end: usize, style: ScalarStyle, props: bool) -> Span {
    let mut start = start;
    let mut end = end;
    let raw = |start: usize, end: usize| text.get(start..end).unwrap_or("");
    while props && raw(start, end).starts_with(['&', '!']) {
        let word = raw(start, end).find(char::is_whitespace).unwrap_or(end - start);
        start += word;
        start += raw(start, end).len() - raw(start, end).trim_start().len();
    }
    match style {
        ScalarStyle::Plain => {
            end = start + raw(start, end).trim_end().len();
        }
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            // The parser's token may go on over blanks and a comment.
            let inner = raw(start, end).get(1..).unwrap_or("");
            start += 1;
            end = start + closing_quote(inner.as_bytes(), style == ScalarStyle::DoubleQuoted);
        }
        ScalarStyle::Literal | ScalarStyle::Folded => {
            if props && raw(start, end).starts_with(['|', '>']) {
                start += raw(start, end).find('\n').map_or(end - start, |at| at + 1);
            }
            let body = raw(start, end);
            start += body.len() - body.trim_start().len();
            end = start + body.trim().len();
        }
    }
    Span::new(start, end.max(start))
}

/// Where a quoted text ends, from behind its opening quote.
fn closing_quote(inner: &[u8], double: bool) -> usize {
    let mut at = 0;
    while let Some(&byte) = inner.get(at) {
        at += match (double, byte) {
            (true, b'\\') => 2,
            (false, b'\'') if inner.get(at + 1) == Some(&b'\'') => 2,
            (true, b'"') | (false, b'\'') => break,
            _ => 1,
        };
    }
    at.min(inner.len())
}

/// From the parser's positions, which count characters, to bytes.
struct Offsets {
    /// The byte offset of each character; empty where all are ASCII and the two are the same.
    bytes: Vec<u32>,
    len: usize,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at as u32).collect() };
        Self { bytes, len: text.len() }
    }

    fn byte_at(&self, index: usize) -> usize {
        if self.bytes.is_empty() {
            return index.min(self.len);
        }
        self.bytes.get(index).map_or(self.len, |&at| at as usize)
    }

    fn char_at(&self, byte: usize) -> usize {
        if self.bytes.is_empty() { byte } else { self.bytes.partition_point(|&at| (at as usize) < byte) }
    }
}
