//! What an expression can be.

use std::sync::Arc;

use super::arms::Arms;
use crate::facts::{BlockId, ExprId, FuncId};
use crate::finding::{FileId, Location};
use crate::text::Text;

/// A program point of a file, in a call.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The file.
    pub file: FileId,
    /// The block.
    pub block: BlockId,
    /// Statements before this index of the block have run.
    pub index: usize,
    /// The call that is being looked into; `None`: any call of the function.
    pub frame: Option<Arc<Frame>>,
}

/// A call that the resolver follows into its function.
#[derive(Debug)]
pub struct Frame {
    /// Its number, unlike any other's.
    pub id: u32,
    /// The file of the function.
    pub file: FileId,
    /// The function.
    pub func: FuncId,
    /// The call, in the caller's file.
    pub call: ExprId,
    /// Where the call stands.
    pub caller: Ctx,
    /// What the function was called on.
    pub receiver: Option<Value>,
    /// Number of frames above this one.
    pub depth: u32,
}

/// A value that is known, or known in part.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string, with the place where it is written.
    Str(Text, Location),
    /// A number or truth value.
    Const(String),
    /// Python's `None`, JS's `null`.
    Null,
    /// Absent, JS's `undefined`.
    Undefined,
    /// An environment variable, whose value is not known.
    Env(String, Location),
    /// Pieces of a string, not all of them known.
    Concat(Arc<Vec<Value>>, Location),
    /// Something from outside the project, by its full name: `openai.OpenAI`, `os.environ`.
    Symbol(String),
    /// A file of the project, imported.
    Module(FileId),
    /// An object, list, function, class or instance: the expression that makes it, to be looked into when needed.
    Made(Arc<Made>),
    /// The object that a method belongs to: the method.
    Receiver(FileId, FuncId, Option<Arc<Frame>>),
    /// `**kwargs` of a followed call.
    Keywords(Arc<Frame>),
    /// `.items()`, `.values()`, `.keys()` of an object.
    Entries(Arc<Made>, Part),
    /// A key and a value of an object.
    Pair(Text, Location, Box<Value>),
    /// Not known; the name by which the program calls it, if any.
    Unknown(Option<(String, Location)>),
}

/// Which part of an object's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Keys.
    Keys,
    /// Values.
    Values,
    /// Both.
    Items,
}

/// An expression that makes an object, with the point where it is evaluated.
#[derive(Debug)]
pub struct Made {
    /// Where it is evaluated.
    pub ctx: Ctx,
    /// The expression.
    pub expr: ExprId,
    /// The variable that it was read from, at the point of reading: writes to its fields before that point count.
    pub via: Option<(Ctx, String, Vec<String>)>,
}

/// One step of the way from a literal or variable to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where.
    pub at: Location,
    /// What.
    pub kind: StepKind,
}

/// What a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// A literal.
    Literal,
    /// A read of an environment variable.
    Env(String),
    /// The line that gives an environment variable its value.
    EnvValue(String),
    /// A variable, constant or field.
    Name(String),
    /// A parameter.
    Param(String),
    /// The client's own default.
    Default,
}

/// One possible value.
#[derive(Clone, Debug)]
pub struct Alt {
    /// The value.
    pub value: Value,
    /// What it assumes.
    pub arms: Arms,
    /// How it came here, from the origin on.
    pub steps: Vec<Step>,
}

impl Alt {
    /// A value that assumes nothing.
    pub fn new(value: Value) -> Self {
        Self { value, arms: Arms::default(), steps: Vec::new() }
    }

    /// A value that is not known.
    pub fn unknown() -> Self {
        Self::new(Value::Unknown(None))
    }
}

/// How a value behaves as a condition and as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// There.
    Present,
    /// Null.
    Null,
    /// Undefined or not given.
    Absent,
    /// The empty string.
    Empty,
    /// Not known.
    Maybe,
}

impl Value {
    /// Whether there is anything.
    pub fn presence(&self) -> Presence {
        match self {
            Self::Str(text, _) if text.is_empty() => Presence::Empty,
            Self::Str(..)
            | Self::Const(_)
            | Self::Made(_)
            | Self::Module(_)
            | Self::Receiver(..)
            | Self::Keywords(_)
            | Self::Entries(..)
            | Self::Pair(..)
            | Self::Concat(..) => Presence::Present,
            Self::Null => Presence::Null,
            Self::Undefined => Presence::Absent,
            Self::Env(..) | Self::Symbol(_) | Self::Unknown(_) => Presence::Maybe,
        }
    }
}
