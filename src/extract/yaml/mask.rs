//! Makes templates readable for a strict YAML parser.
//!
//! `{{ ... }}`, `{% ... %}`, `{# ... #}` and `<% ... %>` are replaced by harmless text of the same number of bytes, so
//! that every offset stays right: an action that has its lines to itself becomes line breaks, which mean nothing
//! anywhere in YAML; one inside a value becomes a word.

use std::ops::Range;

/// A template action.
#[derive(Clone, Debug)]
pub(super) struct Action {
    /// Where it stands, with its braces; a `$` before it (GitHub) included.
    pub range: Range<usize>,
    /// Written `${{ }}`.
    pub github: bool,
    /// It is part of a value, not alone on its lines.
    pub inline: bool,
    /// The number of the control-flow arm (`if`, `else`, `range`, ...) that begins with it or goes on behind it.
    pub region: u32,
    /// It is `if`, `else`, `end` or the like.
    pub control: bool,
}

/// A text without its actions.
#[derive(Debug, Default)]
pub(super) struct Masked {
    /// Text of the same length.
    pub text: String,
    /// The actions in order.
    pub actions: Vec<Action>,
}

impl Masked {
    /// The actions that lie within a range.
    pub(super) fn within(&self, range: Range<usize>) -> &[Action] {
        let start = self.actions.partition_point(|action| action.range.start < range.start);
        let end = self.actions.partition_point(|action| action.range.start < range.end);
        self.actions.get(start..end).unwrap_or_default()
    }

    /// The control-flow arm that an offset lies in; 0 outside all.
    pub(super) fn region(&self, offset: usize) -> u32 {
        let before = self.actions.partition_point(|action| action.range.start <= offset);
        self.actions.get(..before).and_then(<[Action]>::last).map_or(0, |action| action.region)
    }
}

/// Masks a text.
pub(super) fn mask(text: &str) -> Masked {
    let mut actions = find(text);
    if actions.is_empty() {
        return Masked { text: text.to_owned(), actions };
    }
    number(text, &mut actions);
    let mut bytes = text.as_bytes().to_vec();
    // The line that the last action ended in, from behind that action; and whether all before it there is blank.
    let mut line = Line { from: 0, end: line_end(text, 0), blank: true };
    for action in &mut actions {
        let start = action.range.start;
        if start > line.end {
            let from = text[line.end..start].rfind('\n').map_or(line.from, |at| line.end + at + 1);
            line = Line { from, end: line_end(text, start), blank: true };
        }
        let before = line.blank && is_blank(text, line.from, start);
        if action.range.end > line.end {
            line.end = line_end(text, action.range.end);
        }
        let alone = !action.github && before && ends_blank(text, action.range.end, line.end);
        action.inline = !alone;
        line = Line { from: action.range.end, end: line.end, blank: alone };
        bytes[action.range.clone()].fill(if alone { b'\n' } else { b'x' });
    }
    // Whole characters were replaced by ASCII, so this is text.
    let text = String::from_utf8(bytes).unwrap_or_default();
    Masked { text, actions }
}

struct Line {
    from: usize,
    end: usize,
    blank: bool,
}

fn line_end(text: &str, from: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[from..]).map_or(text.len(), |at| from + at)
}

fn is_blank(text: &str, start: usize, end: usize) -> bool {
    text.as_bytes().get(start..end).is_some_and(|between| between.iter().all(u8::is_ascii_whitespace))
}

/// Nothing but blanks and other actions up to the line's end.
fn ends_blank(text: &str, from: usize, end: usize) -> bool {
    let line = text.get(from..end).unwrap_or("").trim();
    line.is_empty()
        || (line.starts_with("{{") && line.ends_with("}}"))
        || (line.starts_with("{%") && line.ends_with("%}"))
}

fn find(text: &str) -> Vec<Action> {
    const PAIRS: [(&[u8; 2], &str); 4] = [(b"{{", "}}"), (b"{%", "%}"), (b"{#", "#}"), (b"<%", "%>")];
    let bytes = text.as_bytes();
    let mut actions = Vec::new();
    // Once a closer is missing, none of its kind is looked for again.
    let mut missing = [false; 4];
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'{', b'<', rest)) {
        let start = at + found;
        at = start + 1;
        let Some(kind) = PAIRS.iter().position(|(open, _)| bytes[start..].starts_with(*open)) else { continue };
        if missing[kind] {
            continue;
        }
        let Some(length) = memchr::memmem::find(&bytes[start + 2..], PAIRS[kind].1.as_bytes()) else {
            missing[kind] = true;
            continue;
        };
        let mut end = start + 2 + length + 2;
        // `{{ {a: 1}}}`: the action ends with the last two braces.
        if kind == 0 && bytes.get(end) == Some(&b'}') {
            end += 1;
        }
        let github = kind == 0 && start > 0 && bytes[start - 1] == b'$';
        let range = start - usize::from(github)..end;
        actions.push(Action { range, github, inline: true, region: 0, control: false });
        at = end;
    }
    actions
}

/// Numbers the arms of the templates' control flow.
fn number(text: &str, actions: &mut [Action]) {
    let mut next = 0;
    let mut open: Vec<u32> = Vec::new();
    for action in actions {
        let inner = text.get(action.range.clone()).unwrap_or("");
        let inner = inner.trim_start_matches(['$', '{', '%', '<', '-', '#', '~', '=']).trim_start();
        let word = inner.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
        if !action.github {
            match word {
                "if" | "range" | "with" | "define" | "block" | "for" | "unless" | "macro" | "raw" => {
                    next += 1;
                    open.push(next);
                    action.control = true;
                }
                "else" | "elif" | "elsif" | "elseif" => {
                    next += 1;
                    if let Some(top) = open.last_mut() {
                        *top = next;
                    }
                    action.control = true;
                }
                _ if word.starts_with("end") && matches!(word, "end" | "endif" | "endfor" | "endwith" | "endraw")
                    || matches!(word, "endblock" | "endmacro" | "endunless") =>
                {
                    open.pop();
                    action.control = true;
                }
                _ => {}
            }
        }
        action.region = open.last().copied().unwrap_or(0);
    }
}
