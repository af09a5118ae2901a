//! Lowers PowerShell: assignments to `$env:X` and to variables, `[Environment]::SetEnvironmentVariable`, hash tables, and
//! the requests of `Invoke-RestMethod` and `Invoke-WebRequest`. What stands in a block in braces may not run.

use super::Unparsable;
use super::embed::{Embedded, LowerHole};
use super::shell::script::Script as Exports;
use crate::facts::{Builder, Comment, EnvVar, ExprId, ExprKind, Module, Place, Script, Span, Stmt};
use crate::language::Language;
use crate::source::Source;

mod exprs;
mod lex;
#[cfg(test)]
mod tests;

use lex::{Kind, Token};

/// Syntax nested deeper than this is not looked into.
const MAX_DEPTH: usize = 60;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    Ok(lower(source, &[], &|builder, span| builder.expr(span, ExprKind::Unknown)))
}

/// Lowers a script that stands inside another file.
pub(super) fn script(text: &Embedded, label: &str, lower_hole: LowerHole<'_>) -> Module {
    let source = Source::new(label.replace(['/', '\\'], "-"), Language::PowerShell, text.text.as_str());
    lower(&source, &text.holes, lower_hole)
}

fn lower(source: &Source, holes: &[Span], lower_hole: LowerHole<'_>) -> Module {
    let mut builder = Builder::new();
    let mut tokens = lex::tokens(&source.text);
    for token in tokens.iter().filter(|token| token.kind == Kind::Comment) {
        let text = source.slice(token.span);
        if text.contains("mixlint:") {
            let line = source.line_span(source.line_of(token.span.start as usize)).start as usize;
            let own_line = source.text[line..token.span.start as usize].trim().is_empty();
            let span = Span::new(token.span.start as usize, token.span.start as usize + text.trim_end().len());
            builder.module().comments.push(Comment { span, own_line });
        }
    }
    tokens.retain(|token| token.kind != Kind::Comment);
    let exports = Exports::default();
    let mut parser =
        Parser { source, tokens, at: 0, builder, exports, conditional: false, depth: 0, holes, lower_hole };
    parser.statements(false);
    let Parser { mut builder, mut exports, .. } = parser;
    let blocks = exports.blocks(source, &mut builder);
    let module = builder.module();
    module.env_blocks = blocks;
    module.functions[0].script = Some(Script { language: Language::PowerShell, environment: None });
    builder.finish()
}

struct Parser<'a> {
    source: &'a Source,
    tokens: Vec<Token>,
    at: usize,
    builder: Builder,
    exports: Exports,
    /// What is lowered may not run.
    conditional: bool,
    depth: usize,
    holes: &'a [Span],
    lower_hole: LowerHole<'a>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    fn sign(&self, offset: usize) -> Option<u8> {
        match self.tokens.get(self.at + offset)?.kind {
            Kind::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    fn word(&self, offset: usize) -> &str {
        self.tokens
            .get(self.at + offset)
            .filter(|token| token.kind == Kind::Word)
            .map_or("", |token| self.source.slice(token.span))
    }

    fn unknown(&mut self, span: Span) -> ExprId {
        self.builder.expr(span, ExprKind::Unknown)
    }

    /// Statements up to the end, or to the brace that closes a block.
    fn statements(&mut self, inside: bool) {
        while let Some(token) = self.peek() {
            let before = self.at;
            match token.kind {
                Kind::Sign(b'}') => {
                    self.at += 1;
                    if inside {
                        return;
                    }
                }
                Kind::Sign(b'{') => self.block(),
                Kind::End => self.at += 1,
                _ => self.statement(),
            }
            self.at = self.at.max(before + 1);
        }
    }

    /// `{ ... }`: it may not run.
    fn block(&mut self) {
        self.at += 1;
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.conditional, true);
        let body = self.builder.open_block(Vec::new());
        self.statements(true);
        self.builder.close_block();
        let rest = self.builder.open_block(Vec::new());
        self.builder.close_block();
        self.builder.branch(vec![body, rest]);
        self.conditional = outer;
        self.depth -= 1;
    }

    fn statement(&mut self) {
        let Some(token) = self.peek() else { return };
        match token.kind {
            Kind::Variable => self.after_variable(token),
            Kind::Sign(b'[')
                if self.word(1).eq_ignore_ascii_case("environment")
                    || self.word(1).eq_ignore_ascii_case("system.environment") =>
            {
                self.set_variable();
            }
            Kind::Word => {
                let word = self.word(0).to_ascii_lowercase();
                if matches!(
                    word.as_str(),
                    "if" | "elseif" | "while" | "foreach" | "switch" | "for" | "catch" | "function"
                ) {
                    // The condition holds no assignment of interest; the block behind it is met on its own.
                    while self.peek().is_some_and(|token| !matches!(token.kind, Kind::Sign(b'{') | Kind::End)) {
                        self.at += 1;
                    }
                } else if !matches!(word.as_str(), "else" | "try" | "finally" | "do" | "begin" | "process" | "return") {
                    let call = self.command();
                    self.builder.stmt(Stmt::Expr(call));
                } else {
                    self.at += 1;
                }
            }
            _ => {
                self.expr();
            }
        }
    }

    /// `$x = ...`, `$x.y = ...`, `$x["y"] = ...`, or an expression.
    fn after_variable(&mut self, token: Token) {
        let start = self.at;
        self.at += 1;
        let mut path = Vec::new();
        loop {
            if let Some(member) = self.member() {
                path.push(Some(member));
            } else if self.sign(0) == Some(b'[') && self.sign(2) == Some(b']') {
                let index = self.tokens.get(self.at + 1).copied();
                let key = index.filter(|index| matches!(index.kind, Kind::Raw | Kind::Quoted));
                path.push(key.map(|key| self.source.slice(key.span).to_owned()));
                self.at += 3;
            } else {
                break;
            }
        }
        if self.sign(0) != Some(b'=') {
            let adds = matches!(self.sign(0), Some(b'+' | b'?')) || self.word(0) == "-";
            if adds && self.tokens.iter().skip(self.at).take(3).any(|token| token.kind == Kind::Sign(b'=')) {
                while self.sign(0) != Some(b'=') {
                    self.at += 1;
                }
                self.at += 1;
                self.expr();
                let value = self.unknown(token.span);
                return self.assign(token, path, value);
            }
            self.at = start;
            self.expr();
            return;
        }
        self.at += 1;
        let value = self.expr();
        self.assign(token, path, value);
    }

    fn assign(&mut self, name: Token, path: Vec<Option<String>>, value: ExprId) {
        let text = self.source.slice(name.span);
        let end = self.builder.module().span(value).end.max(name.span.end);
        let span = Span { start: name.span.start.saturating_sub(1), end };
        if let Some(variable) = environment(text) {
            let skipped = (text.len() - variable.len()) as u32;
            let name_span = Span { start: name.span.start + skipped, end: name.span.end };
            return self.set(variable.to_owned(), name_span, value, span);
        }
        let place = Place::below(local(text), path);
        self.builder.assign(span, name.span, place, value);
    }

    /// A variable of the environment gets a value.
    fn set(&mut self, name: String, name_span: Span, value: ExprId, span: Span) {
        let var = EnvVar { name: name.clone(), name_span, value, span };
        self.exports.assign(var, true, self.conditional);
        self.builder.assign(span, name_span, Place::name(name), value);
    }

    /// `[Environment]::SetEnvironmentVariable("NAME", value, "User")`
    fn set_variable(&mut self) {
        let known = self.word(3).eq_ignore_ascii_case("::SetEnvironmentVariable") && self.sign(4) == Some(b'(');
        if !known {
            self.expr();
            return;
        }
        self.at += 5;
        let name = self.peek().filter(|token| matches!(token.kind, Kind::Raw | Kind::Quoted));
        let Some(name) = name else { return };
        self.at += 1;
        if self.sign(0) != Some(b',') {
            return;
        }
        self.at += 1;
        let value = self.operand();
        let span = Span { start: name.span.start, end: self.builder.module().span(value).end.max(name.span.end) };
        self.set(self.source.slice(name.span).to_owned(), name.span, value, span);
        self.skip_to(b')');
    }

    /// Where the last token ends that was taken, but not before `least`.
    fn end(&self, least: u32) -> u32 {
        // Behind a construct that the file's end cuts short there is nothing to stand at.
        self.tokens.iter().take(self.at).next_back().map_or(least, |last| last.span.end.max(least))
    }

    fn skip_to(&mut self, sign: u8) {
        while let Some(token) = self.peek() {
            if token.kind == Kind::End {
                return;
            }
            self.at += 1;
            if token.kind == Kind::Sign(sign) {
                return;
            }
        }
    }
}

/// The name behind `env:`.
fn environment(name: &str) -> Option<&str> {
    name.get(..4).filter(|scope| scope.eq_ignore_ascii_case("env:")).map(|_| &name[4..])
}

/// The name of a variable: case and scope do not count. The dollar sign keeps it apart from the environment's.
fn local(name: &str) -> String {
    let name = name.rsplit(':').next().unwrap_or(name);
    format!("${}", name.to_ascii_lowercase())
}
