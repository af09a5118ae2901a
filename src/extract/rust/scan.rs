//! One cheap pass over the text before `syn` sees it: how deeply the parser would recurse, and which comments speak
//! to mixlint.
//!
//! `syn` recurses over brackets, prefix operators, generics and the like without a limit, and a stack overflow cannot
//! be caught: it ends the process. So the depth is bounded from above here, on the tokens alone. Everything that may
//! open one more level without a bracket (`&`, `!`, `return`, `|x|`, `A<`, `->`, `=`) counts as a step until the
//! statement, the element or the bracket around it ends. What makes only the finished tree deeper (`a.b.c`,
//! `x + y + z`, `else if`) is parsed in a loop, but dropped and lowered by recursion, in much smaller frames: it
//! counts as a fraction of a step.

use crate::facts::{Comment, Span};

/// The cost of what makes the parser recurse, in terms of what makes only the tree deeper.
pub(super) const STEP: u32 = 64;

/// The cost of `::`, over which `use` recurses in middling frames.
const SEGMENT: u32 = STEP / 8;

/// The comments that hold `mixlint:`, doc comments apart: those are the program's documentation. `None` if the text is
/// deeper than `limit`, counted in [`STEP`] for each level of the parser and 1 for each link of a chain.
pub(super) fn scan(text: &str, limit: u32) -> Option<Vec<Comment>> {
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        frames: vec![Frame { kind: Kind::Brace, outer: 0, here: 0 }],
        last: Last::Operator,
        deepest: 0,
        comments: Vec::new(),
    };
    while scanner.at < scanner.bytes.len() {
        scanner.token();
        if scanner.deepest > limit {
            return None;
        }
    }
    Some(scanner.comments)
}

/// What opened a level. `Angle` and `Bar` are guesses: they also stand for a comparison or an or-pattern, and then
/// end with the statement or with the bracket around them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Brace,
    Bracket,
    Paren,
    Angle,
    Bar,
}

/// An open bracket.
struct Frame {
    kind: Kind,
    /// Depth outside.
    outer: u32,
    /// Steps inside, since the last `,` or `;`.
    here: u32,
}

/// What the token before was, as far as it decides whether an operator is a prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// A name: generic arguments may follow.
    Operand,
    /// A literal, or what ends with `)` or `]`: they may not.
    Value,
    Operator,
    /// A closing brace: the end of a statement or of an operand.
    CloseBrace,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    frames: Vec<Frame>,
    last: Last,
    deepest: u32,
    comments: Vec<Comment>,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn token(&mut self) {
        let byte = self.peek(0);
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
            b'/' if self.peek(1) == b'/' => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'"' => self.string(),
            b'\'' => self.quote(),
            b'0'..=b'9' => self.number(),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => self.word(),
            b'(' | b'[' | b'{' => {
                self.at += 1;
                self.open(byte);
            }
            b')' | b']' | b'}' => {
                self.at += 1;
                self.close(byte);
            }
            _ => self.punctuation(byte),
        }
    }

    fn line_comment(&mut self) {
        let start = self.at;
        self.at = memchr::memchr(b'\n', &self.bytes[start..]).map_or(self.bytes.len(), |length| start + length);
        self.comment(start);
    }

    fn block_comment(&mut self) {
        let start = self.at;
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        break;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.comment(start);
    }

    fn comment(&mut self, start: usize) {
        let text = self.text.get(start..self.at).unwrap_or("").trim_end();
        let doc = ["///", "//!", "/**", "/*!"].iter().any(|marker| text.starts_with(marker));
        // Four slashes and `/**/` are no documentation.
        let doc = doc && !text.starts_with("////") && text != "/**/";
        if doc || !text.contains("mixlint:") {
            return;
        }
        let before = self.bytes.get(..start).unwrap_or(&[]);
        let own_line =
            before.iter().rev().take_while(|&&byte| byte != b'\n').all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        self.comments.push(Comment { span: Span::new(start, start + text.len()), own_line });
    }

    /// A string with escapes.
    fn string(&mut self) {
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    break;
                }
                _ => self.at += 1,
            }
        }
        self.operand(Last::Value);
    }

    /// A raw string from its first `#` or quote; false if it is none (`r#name`).
    fn raw_string(&mut self) -> bool {
        let hashes = self.bytes.get(self.at..).unwrap_or(&[]).iter().take_while(|&&byte| byte == b'#').count();
        if self.peek(hashes) != b'"' {
            return false;
        }
        self.at += hashes + 1;
        while self.at < self.bytes.len() {
            let found = self.peek(0) == b'"' && (1..=hashes).all(|ahead| self.peek(ahead) == b'#');
            self.at += 1;
            if found {
                self.at += hashes;
                break;
            }
        }
        self.operand(Last::Value);
        true
    }

    /// A character or a lifetime.
    fn quote(&mut self) {
        self.at += 1;
        if self.peek(0) == b'\\' {
            self.at += 2;
            while !matches!(self.peek(0), b'\'' | b'\n' | 0) {
                self.at += 1;
            }
            self.at += 1;
            return self.operand(Last::Value);
        }
        let width = self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        if self.peek(width) == b'\'' {
            self.at += width + 1;
            return self.operand(Last::Value);
        }
        // A lifetime or a label: what follows it is still at the start of something.
        self.skip_word();
    }

    fn number(&mut self) {
        self.skip_word();
        if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.skip_word();
        }
        self.operand(Last::Value);
    }

    fn skip_word(&mut self) {
        while matches!(self.peek(0), b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80..) {
            self.at += 1;
        }
    }

    fn word(&mut self) {
        let start = self.at;
        self.skip_word();
        let word = self.text.get(start..self.at).unwrap_or("");
        match (word, self.peek(0)) {
            ("r" | "br" | "cr", b'"' | b'#') if self.raw_string() => return,
            ("b" | "c", b'"') => return self.string(),
            ("b", b'\'') => return self.quote(),
            _ => {}
        }
        match word {
            "else" | "as" => {
                self.link();
                self.last = Last::Operator;
            }
            "if" | "match" | "while" | "for" | "return" | "break" | "yield" | "become" | "do" => {
                self.end_of_block();
                self.step();
                self.last = Last::Operator;
            }
            "async" | "await" | "box" | "const" | "dyn" | "fn" | "impl" | "in" | "let" | "loop" | "move" | "mut"
            | "ref" | "static" | "unsafe" | "where" => {
                self.end_of_block();
                // `.await` ends an operand.
                self.last = if word == "await" { Last::Operand } else { Last::Operator };
            }
            _ => self.operand(Last::Operand),
        }
    }

    /// A name or literal; directly after a closing brace it starts the next statement.
    fn operand(&mut self, last: Last) {
        self.end_of_block();
        self.last = last;
    }

    /// Nothing that can begin with an operand or a keyword goes on after `}`: a statement has ended.
    fn end_of_block(&mut self) {
        if self.last == Last::CloseBrace {
            self.reset();
        }
    }

    /// A statement has ended, and with it what looked like generics or closure parameters.
    fn reset(&mut self) {
        while self.frames.len() > 1 && self.frames.last().is_some_and(|f| matches!(f.kind, Kind::Angle | Kind::Bar)) {
            self.frames.pop();
        }
        self.clear();
    }

    fn clear(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.here = 0;
        }
    }

    fn add(&mut self, cost: u32) {
        if let Some(frame) = self.frames.last_mut() {
            frame.here = frame.here.saturating_add(cost);
            self.deepest = self.deepest.max(frame.outer.saturating_add(frame.here));
        }
    }

    fn step(&mut self) {
        self.add(STEP);
    }

    fn link(&mut self) {
        self.add(1);
    }

    fn push(&mut self, kind: Kind) {
        let outer = self.frames.last().map_or(0, |frame| frame.outer.saturating_add(frame.here));
        self.frames.push(Frame { kind, outer, here: 0 });
        self.step();
        // The level itself is outside of what a `,` inside it resets.
        if let Some(frame) = self.frames.last_mut() {
            frame.outer = frame.outer.saturating_add(STEP);
            frame.here = 0;
        }
    }

    fn open(&mut self, byte: u8) {
        match self.last {
            // A call or an index makes a chain longer; so may one after a block.
            Last::Operand | Last::Value if byte != b'{' => self.link(),
            Last::CloseBrace if byte != b'{' => self.link(),
            Last::CloseBrace => self.reset(),
            _ => {}
        }
        self.push(match byte {
            b'(' => Kind::Paren,
            b'[' => Kind::Bracket,
            _ => Kind::Brace,
        });
        self.last = Last::Operator;
    }

    fn close(&mut self, byte: u8) {
        let kind = match byte {
            b')' => Kind::Paren,
            b']' => Kind::Bracket,
            _ => Kind::Brace,
        };
        while self.frames.len() > 1 {
            // An unbalanced bracket is an error that the parser finds before it recurses.
            if self.frames.pop().is_some_and(|frame| frame.kind == kind) {
                break;
            }
        }
        self.last = if byte == b'}' { Last::CloseBrace } else { Last::Value };
    }

    fn punctuation(&mut self, byte: u8) {
        let next = self.peek(1);
        let prefix = matches!(self.last, Last::Operator | Last::CloseBrace);
        self.at += 1;
        match (byte, next) {
            (b',', _) => self.clear(),
            (b';', _) => self.reset(),
            (b'=', b'>') => {
                self.at += 1;
                self.reset();
            }
            (b'-', b'>') => {
                self.at += 1;
                self.step();
            }
            (b'=' | b'!' | b'<' | b'>', b'=') => {
                self.at += 1;
                self.link();
            }
            (b':', b':') => {
                self.at += 1;
                self.add(SEGMENT);
            }
            (b'<', _) => match self.last {
                // Generics follow a name or `::` only, and a qualified path begins where an operand may.
                Last::Value => {
                    // A comparison or a shift.
                    self.at += usize::from(next == b'<');
                    self.link();
                }
                _ => self.push(Kind::Angle),
            },
            (b'>', _) => {
                if self.frames.last().is_some_and(|frame| frame.kind == Kind::Angle) {
                    self.frames.pop();
                    self.last = Last::Operand;
                    return;
                }
                self.link();
            }
            (b'|', _) if self.frames.last().is_some_and(|frame| frame.kind == Kind::Bar) => {
                self.frames.pop();
                self.step();
            }
            (b'|', _) if prefix => self.push(Kind::Bar),
            (b'?', _) => {
                self.link();
                return;
            }
            (b'.', b'.') => {
                self.at += 1;
                // Long or-patterns are full of `'a'..='z'`, which has one level.
                if self.peek(0) == b'=' {
                    self.at += 1;
                }
                if prefix { self.step() } else { self.link() }
            }
            (b'#', _) => self.end_of_block(),
            (b'@' | b'=', _) => self.step(),
            _ if prefix => self.step(),
            _ => self.link(),
        }
        self.last = Last::Operator;
    }
}
