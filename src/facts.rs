//! What an extractor says of one file: a small program in one form for all languages.
//!
//! An extractor lowers syntax to this form and knows no rule; the resolver reads this form and knows no syntax.
//! A [`Module`] holds four arenas (expressions, blocks, functions, classes) that refer to each other by index, so
//! that a fact is plain data and a walk over it never recurses over the shape of the input.
//!
//! Conventions that every extractor keeps:
//! - Parentheses, `await`, casts (`x as T`, `x!`), borrows (`&x`, `*x`) and Rust's `?` are dropped: the inner
//!   expression stands for the whole.
//! - Imports, functions and classes are values: `import x` is an [`Stmt::Assign`] of [`ExprKind::Import`] to `x`.
//! - What is not understood becomes [`ExprKind::Unknown`], never a guess. An assignment whose value is not understood
//!   is still an assignment, of `Unknown`, so that an older value does not live on.
//! - Spans are byte offsets into the decoded text of the file. The span of a string in program code includes its
//!   quotes; in dotenv, YAML and shell it is the value as written, without quotes.

use crate::text::Text;

mod build;
mod conditions;
#[cfg(test)]
pub(crate) mod dump;
mod environment;
mod flow;
mod graft;
mod module;

pub use build::{Builder, Resume};
pub use conditions::{Cond, Constant, Test, head, is_in_capitals, squeeze};
pub use environment::{EnvBlock, EnvKind, EnvSource, EnvVar, Script};
pub use flow::Flow;
pub use module::Module;

/// A range of bytes in a file's decoded text, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from byte offsets.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// The bytes as an index range.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `other` lies within this span.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// Position in its arena.
            pub fn index(self) -> usize { self.0 as usize }
        }
    )*};
}
index! {
    /// An expression of a module.
    ExprId
    /// A block of statements of a module.
    BlockId
    /// A function of a module; number 0 is the module's own top level.
    FuncId
    /// A class (Python, JS), or a Rust type with an `impl`.
    ClassId
}

/// One expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The forms an expression can take, in every language.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A string literal, escapes decoded where that is simple.
    Str(Text),
    /// Any other constant worth comparing (`true`, `3`).
    Const(String),
    /// Python's `None`, JS's `null`, Rust's `None`.
    Null,
    /// JS's `undefined`.
    Undefined,
    /// A variable, by name.
    Name(String),
    /// `base.name`; in Rust also `base::name`.
    Member(ExprId, String),
    /// `base[index]`.
    Index(ExprId, ExprId),
    /// A call or `new`.
    Call(Call),
    /// `{...}`, `dict(...)`, a Rust struct literal.
    Object(Object),
    /// A list, tuple, set or array.
    List(Vec<Item>),
    /// Pieces joined to one string: `+`, f-strings, templates, `format!`, shell words.
    Concat(Vec<ExprId>),
    /// A read of the process environment that the syntax itself shows (`env!("X")`, `$X` in a dotenv value,
    /// `${{ secrets.X }}`), with the value it takes when unset.
    Env {
        /// Name of the variable.
        name: String,
        /// `${X:-default}`.
        default: Option<ExprId>,
    },
    /// Something kept outside of the program: a secret or variable of a CI system (no store), a key of a Kubernetes
    /// ConfigMap or Secret (its name is the store), a value of a Helm chart ([`CHART_VALUES`]).
    Stored {
        /// Where it is kept.
        store: Option<String>,
        /// Under which name.
        name: String,
    },
    /// One of several, by conditions: ternary, `match`/`switch` as an expression.
    Choice(Vec<(Vec<Test>, ExprId)>),
    /// The left value, or the right one where the left is missing: `or`, `||`, `??`, `unwrap_or`.
    Fallback {
        /// Tried first.
        left: ExprId,
        /// Taken otherwise.
        right: ExprId,
        /// Only null and undefined count as missing (`??`), not the empty string.
        nullish: bool,
    },
    /// Each element of a collection in turn: the variable of a `for` loop or a comprehension.
    Each(ExprId),
    /// A function, lambda, closure or method.
    Func(FuncId),
    /// A class.
    Class(ClassId),
    /// An imported thing.
    Import(Import),
    /// Anything else.
    Unknown,
}

/// A call: `callee(args)`, `new callee(args)`.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called.
    pub callee: ExprId,
    /// The arguments in order.
    pub args: Vec<Arg>,
    /// Written with `new`.
    pub new: bool,
}

impl Call {
    /// The argument that is given by a name.
    pub fn named(&self, name: &str) -> Option<&Arg> {
        self.args.iter().find(|arg| arg.name.as_deref() == Some(name))
    }

    /// The arguments that are given by their positions.
    pub fn positional(&self) -> impl Iterator<Item = &Arg> {
        self.args.iter().filter(|arg| arg.name.is_none())
    }
}

/// The store of what a Helm chart's `values.yaml` says: no Kubernetes object has such a name.
pub const CHART_VALUES: &str = "values.yaml/";

/// The name of an argument that is none: which type a generic call of Rust's is asked for, `text.parse::<Provider>()`. It
/// is the type, or for a text the call that makes the object of it.
pub const TYPE_ARGUMENT: &str = "::";

/// One argument of a call.
#[derive(Clone, Debug)]
pub struct Arg {
    /// Keyword (`api_key=`); absent for a positional one.
    pub name: Option<String>,
    /// Where the keyword stands.
    pub name_span: Option<Span>,
    /// `*args`, `...args` (name absent), `**kwargs`.
    pub spread: Spread,
    /// The value.
    pub value: ExprId,
}

/// Whether an argument or item is unpacked in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// An ordinary one.
    No,
    /// `*x`, `...x` in a list of positions.
    Positional,
    /// `**x`.
    Keyword,
}

/// An object, dictionary or struct literal.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// Entries in order.
    pub entries: Vec<Entry>,
    /// The type's name, for a Rust struct literal.
    pub ty: Option<String>,
}

/// One entry of an [`Object`].
#[derive(Clone, Debug)]
pub enum Entry {
    /// `key: value`; the key is `None` where it is computed and not known.
    Field {
        /// The key, where it is a constant.
        key: Option<String>,
        /// Where the key stands.
        key_span: Span,
        /// The value.
        value: ExprId,
    },
    /// `[key]: value`, whose key an expression gives: `{Provider.RELAY: row}`.
    Computed {
        /// The key.
        key: ExprId,
        /// The value.
        value: ExprId,
    },
    /// `...x`, `**x`, `..x`.
    Spread(ExprId),
}

/// One item of a [`ExprKind::List`].
#[derive(Clone, Debug)]
pub struct Item {
    /// The value.
    pub value: ExprId,
    /// Unpacked (`*x`, `...x`).
    pub spread: bool,
}

/// `import module` or one name of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module as written: `openai`, `.config`, `../lib/x.js`, `npm:openai`; in Rust the path with dots.
    pub module: String,
    /// The imported name; `None` for the module itself, `default` for JS's default export.
    pub name: Option<String>,
}

/// Where an assignment goes: `root.path[0].path[1]…`.
#[derive(Clone, Debug)]
pub struct Place {
    /// The variable.
    pub root: String,
    /// Members and constant indices; `None` for an index that is not constant.
    pub path: Vec<Option<String>>,
    /// The last step, where it is an index that is not constant: `table[name] = …`.
    pub key: Option<ExprId>,
}

impl Place {
    /// A plain variable.
    pub fn name(root: impl Into<String>) -> Self {
        Self::below(root, Vec::new())
    }

    /// What is below a variable.
    pub fn below(root: impl Into<String>, path: Vec<Option<String>>) -> Self {
        Self { root: root.into(), path, key: None }
    }
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// `place = value`. `+=` and the like assign a [`ExprKind::Concat`] or `Unknown`.
    Assign {
        /// The whole statement.
        span: Span,
        /// What is written.
        place: Place,
        /// Its new value.
        value: ExprId,
        /// Where the name stands that is written.
        name_span: Span,
    },
    /// An expression for its effect.
    Expr(ExprId),
    /// Alternatives: an if/else chain, `match`/`switch`, a loop body that may not run, an `except` clause.
    /// The arms are complete: where the source has no `else`, an empty arm stands for it. What holds in one is said by its
    /// block.
    Branch(Vec<BlockId>),
    /// A block that always runs (a bare block, `with`, `try`'s body).
    Block(BlockId),
    /// `return`.
    Return(Option<ExprId>),
    /// `raise`, `throw`, `panic!`, `sys.exit()`, `process.exit()`.
    Exit,
    /// `break` and `continue` of a loop: what stands behind it in the loop is passed over this time.
    Jump,
}

/// A sequence of statements.
#[derive(Clone, Debug)]
pub struct Block {
    /// The statements.
    pub stmts: Vec<Stmt>,
    /// The function it belongs to.
    pub func: FuncId,
    /// The statement that holds it: block and index there. `None` for a function's body.
    pub parent: Option<(BlockId, usize)>,
    /// What holds in it, where it is an arm.
    pub tests: Vec<Test>,
    /// Names that live only in this block (`let`, `const`; Rust's `let`). Empty in Python and shell.
    pub declares: Vec<String>,
    /// It may run many times.
    pub looped: bool,
}

/// A parameter of a function. A destructured one has a made-up name and is taken apart at the body's start.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Its default value, evaluated where the function is defined.
    pub default: Option<ExprId>,
    /// How arguments reach it.
    pub kind: ParamKind,
    /// The class of what it is given: the one that a Python annotation or Rust's type names; in a TypeScript constructor
    /// whose class is decorated, the one that a framework makes an object of.
    pub class: Option<String>,
}

/// How arguments reach a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// By position or by name.
    Normal,
    /// By name only.
    KeywordOnly,
    /// `*args`, `...rest`.
    Rest,
    /// `**kwargs`.
    Keywords,
}

/// A function, method, lambda or closure; number 0 is the module's top level.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// The whole definition.
    pub span: Span,
    /// Parameters, without the receiver.
    pub params: Vec<Param>,
    /// The name by which a method calls its object: `self`, `this`, `cls`.
    pub receiver: Option<String>,
    /// Its body.
    pub body: BlockId,
    /// The class that it is a method of.
    pub class: Option<ClassId>,
    /// The function around it; `None` for the module.
    pub parent: Option<FuncId>,
    /// Where its definition stands: block and index there.
    pub at: Option<(BlockId, usize)>,
    /// Decorators, as expressions.
    pub decorators: Vec<ExprId>,
    /// Names declared `global` or `nonlocal`: they are the outer function's.
    pub outer_names: Vec<String>,
    /// Yields, or is otherwise not a plain function: its result is unknown.
    pub generator: bool,
    /// It is a script: its variables and the environment's are one name space.
    pub script: Option<Script>,
}

/// A class.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// The whole definition.
    pub span: Span,
    /// What it inherits from.
    pub bases: Vec<ExprId>,
    /// Fields with a value in the class body, static or not, in order.
    pub fields: Vec<Field>,
    /// Methods by name.
    pub methods: Vec<(String, FuncId)>,
    /// Decorators (`@dataclass`).
    pub decorators: Vec<ExprId>,
    /// The function it is defined in.
    pub func: FuncId,
    /// The traits of Rust that it has.
    pub traits: Vec<ExprId>,
    /// It is such a trait itself: objects are of the types that have it.
    pub is_trait: bool,
}

impl Class {
    /// One without a name, with nothing in it.
    pub fn of(func: FuncId) -> Self {
        Self {
            name: String::new(),
            span: Span::default(),
            bases: Vec::new(),
            fields: Vec::new(),
            methods: Vec::new(),
            decorators: Vec::new(),
            func,
            traits: Vec::new(),
            is_trait: false,
        }
    }
}

/// A field of a class body.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Its value; `None` for a mere annotation.
    pub value: Option<ExprId>,
    /// The class that its annotation names.
    pub hint: Option<ExprId>,
}

/// A comment that holds the word `mixlint:`.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Where it stands, with its marker (`#`, `//`).
    pub span: Span,
    /// Nothing but white space stands before it on its line.
    pub own_line: bool,
}
