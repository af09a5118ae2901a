//! Lowers Rust, parsed by `syn`.
//!
//! What is particular to Rust in the lowered form:
//! - `Some(x)` and `Ok(x)` are `x`, `None` and `Err(..)` are null, and a function that ends with `Err(..)` exits: what
//!   is followed is the value that comes out of `?` and `unwrap`.
//! - A block, `if` or `match` whose value is used, and which does more than compute it, leaves its value in a made-up
//!   variable `@t<N>`.
//! - A name that is read before its first assignment in the block that declares it (`let key = key.trim();`) is the
//!   outer variable of that name.
//! - An inline `mod` is a block: its names are its own. The module's name is a variable that holds an object of them.
//!   `#[cfg(test)]` items are left out.
//! - A path through modules is an import: `crate::config::KEY` is `KEY` of `crate.config`, wherever it is written.

use std::collections::{HashMap, HashSet};

use super::Unparsable;
use crate::facts::{Builder, ClassId, ExprId, ExprKind, Module, Place, Span, Stmt};
use crate::source::Source;

mod branches;
mod exprs;
mod format;
mod items;
mod macros;
mod paths;
mod patterns;
mod scan;
mod spans;
mod stmts;
#[cfg(test)]
mod tests;
mod typed;

/// How many levels of the parser a file may need. Of 29,660 files on crates.io the deepest needed 250.
const MAX_STEPS: u32 = 400;

/// The parser's stack. Its hungriest frames, those of nested types, take 60 KB a level in a debug build.
const STACK: usize = 64 << 20;

/// Levels of expressions and blocks that are lowered; below them everything is unknown.
const MAX_DEPTH: usize = 200;

/// Lowers one file.
///
/// The work is done on a thread of its own, whatever the file: a worker's stack of 2 MiB is enough for 35 levels
/// only, the parser cannot be asked how much it will use, and dropping its tree recurses as well. Starting a thread
/// costs some 30 µs, parsing a file hundreds; and the spans that `proc-macro2` keeps for each thread end with it.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let comments = scan::scan(&source.text, MAX_STEPS * scan::STEP).ok_or(Unparsable::TooDeep)?;
    let mut module = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || lower(&source.text));
        let thread = thread.map_err(|error| Unparsable::Refused(format!("no thread: {}", error.kind())))?;
        thread.join().unwrap_or_else(|_| Err(Unparsable::Refused("the parser panicked".to_owned())))
    })?;
    module.comments = comments;
    Ok(module)
}

/// Parses and lowers a text that is known not to be too deep.
fn lower(text: &str) -> Result<Module, Unparsable> {
    let skipped = prologue(text);
    let file = syn::parse_str::<syn::File>(text.get(skipped..).unwrap_or("")).map_err(|error| {
        // The message may quote the source: the line alone is told.
        let span = error.span();
        if span.byte_range().end == 0 {
            return Unparsable::Refused("syntax error at the end of the file".to_owned());
        }
        let before = text.bytes().take(skipped).filter(|&byte| byte == b'\n').count();
        Unparsable::Refused(format!("syntax error in line {}", span.start().line + before))
    })?;
    let mut lower = Lower {
        builder: Builder::new(),
        text,
        skipped,
        depth: 0,
        temporaries: 0,
        reparsed: 0,
        types: vec![HashMap::new()],
        self_type: None,
        of_object: false,
        inline: 0,
        bound: HashSet::new(),
    };
    lower.items(&file.items.iter().collect::<Vec<_>>());
    proc_macro2::extra::invalidate_current_thread_spans();
    Ok(lower.builder.finish())
}

/// The length of byte order marks and of a `#!` line, which are no Rust. The parser would skip them as well, but
/// count its spans from behind them.
fn prologue(text: &str) -> usize {
    let rest = text.trim_start_matches('\u{feff}');
    let marks = text.len() - rest.len();
    let attribute = rest.strip_prefix("#!").is_some_and(|rest| rest.trim_start().starts_with('['));
    if rest.starts_with("#!") && !attribute { marks + rest.find('\n').unwrap_or(rest.len()) } else { marks }
}

/// A file on its way to [`Module`].
struct Lower<'a> {
    builder: Builder,
    text: &'a str,
    /// Bytes before what the parser saw.
    skipped: usize,
    /// Levels of expressions and blocks around the present one.
    depth: usize,
    /// Made-up variables so far.
    temporaries: usize,
    /// Macros around the present one whose tokens were parsed again: each reads what the inner ones read.
    reparsed: usize,
    /// Types by name, by the modules and blocks around.
    types: Vec<HashMap<String, ClassId>>,
    /// The type of the `impl` around.
    self_type: Option<(String, ClassId)>,
    /// `Self` is the type of the object: in a method of a trait.
    of_object: bool,
    /// Inline modules around.
    inline: usize,
    /// Names that were bound so far, anywhere.
    bound: HashSet<String>,
}

/// What becomes of a value.
#[derive(Clone, Debug)]
enum Sink {
    /// Nothing: it was computed for its effect.
    Drop,
    /// It is the function's result.
    Return,
    /// It goes into a made-up variable.
    Assign(String),
}

impl Lower<'_> {
    /// Adds an expression.
    fn expr(&mut self, span: Span, kind: ExprKind) -> ExprId {
        self.builder.expr(span, kind)
    }

    fn unknown(&mut self, span: Span) -> ExprId {
        self.expr(span, ExprKind::Unknown)
    }

    fn name(&mut self, span: Span, name: impl Into<String>) -> ExprId {
        self.expr(span, ExprKind::Name(name.into()))
    }

    /// A fresh variable of the current block.
    fn temporary(&mut self) -> String {
        let name = format!("@t{}", self.temporaries);
        self.temporaries += 1;
        self.builder.declare(&name);
        name
    }

    /// `let name = value`.
    fn bind(&mut self, span: Span, name_span: Span, name: &str, value: ExprId) {
        // At the top level a name is the module's, which other files may import.
        if self.builder.current_block().0 != 0 {
            self.builder.declare(name);
        }
        self.bound.insert(name.to_owned());
        self.builder.assign(span, name_span, Place::name(name), value);
    }

    /// Puts a value where it is wanted.
    fn deliver(&mut self, span: Span, value: ExprId, sink: &Sink) {
        match sink {
            Sink::Drop => self.builder.stmt(Stmt::Expr(value)),
            Sink::Return => self.builder.stmt(Stmt::Return(Some(value))),
            Sink::Assign(name) => self.builder.assign(span, span, Place::name(name.clone()), value),
        }
    }

    /// Runs `lower` one level deeper, or not at all where that is too deep.
    fn deeper<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = lower(self);
        self.depth -= 1;
        Some(result)
    }
}
