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
    /// Its number. The same call in the same frame has the same one, whoever asks, and so have all calls of a function
    /// that takes nothing: what is assumed in them agrees.
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
    /// The call of the function around it that has made this one: `relay(key)` after `relay = provider(url)`.
    pub maker: Option<Arc<Frame>>,
    /// Number of frames above this one.
    pub depth: u32,
    /// Whether the function may be given something; one that is not goes the same way each time.
    pub given: bool,
}

/// What makes a followed call the same: the function, the call, the frame that the call is in, and the one that has made
/// the function.
pub(super) type Call = (FileId, FuncId, FileId, ExprId, u32, u32);

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
    Receiver(FileId, FuncId),
    /// `**kwargs` of a followed call.
    Keywords(Arc<Frame>),
    /// `.items()`, `.values()`, `.keys()` of an object.
    Entries(Arc<Made>, Part),
    /// A key and a value of an object.
    Pair(Text, Location, Box<Value>),
    /// Settings that a library has put together.
    Settings(super::configured::Settings),
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

    /// Whether there may be something that is not empty.
    pub fn may_be_there(&self) -> bool {
        matches!(self.value.presence(), Presence::Present | Presence::Maybe)
    }

    /// A value that is not known.
    pub fn unknown() -> Self {
        Self::new(Value::Unknown(None))
    }
}

/// Beyond this many possible values those that are the same are taken together.
const MANY: usize = 48;
/// This many are told apart before that.
const COMPARED: usize = 96;
/// Beyond this many different ones the rest is unknown.
const MOST: usize = 56;

/// Keeps the number of possible values within bounds: ways to one value that say no more than others do are left out;
/// where too many remain, equal values share what they all assume, which makes them meet more freely, and what is too much
/// is unknown.
pub fn settle(alts: Vec<Alt>) -> Vec<Alt> {
    if alts.len() <= MANY {
        return alts;
    }
    let alts = without_repeated(alts);
    if alts.len() <= MANY {
        return alts;
    }
    let mut out: Vec<Alt> = Vec::new();
    for alt in alts {
        match out.iter().position(|known| known.value.is_same(&alt.value)) {
            Some(at) => out[at].arms = out[at].arms.common(&alt.arms),
            None if out.len() < MOST => out.push(alt),
            None => {
                out.push(Alt::unknown());
                break;
            }
        }
    }
    out
}

/// Equal values of which one assumes all that the other does, or the two together no more than what they have in common,
/// are one. Beyond [`COMPARED`] that remain, the rest is left as it is.
fn without_repeated(alts: Vec<Alt>) -> Vec<Alt> {
    let mut out: Vec<Alt> = Vec::with_capacity(COMPARED);
    let mut rest = alts.into_iter();
    while out.len() < COMPARED
        && let Some(alt) = rest.next()
    {
        let mut same = out.iter_mut().filter(|known| known.value.is_same(&alt.value));
        let joined = same.find_map(|known| Some((known.arms.either(&alt.arms)?, known)));
        match joined {
            Some((arms, known)) => known.arms = arms,
            None => out.push(alt),
        }
    }
    out.extend(rest);
    out
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
    /// Whether two values are the same thing from the same place.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Str(a, at), Self::Str(b, other)) => at == other && a == b,
            (Self::Const(a), Self::Const(b)) | (Self::Symbol(a), Self::Symbol(b)) => a == b,
            (Self::Null, Self::Null) | (Self::Undefined, Self::Undefined) => true,
            (Self::Env(a, _), Self::Env(b, _)) => a == b,
            (Self::Unknown(a), Self::Unknown(b)) => a == b,
            (Self::Concat(_, a), Self::Concat(_, b)) => a == b,
            (Self::Module(a), Self::Module(b)) => a == b,
            (Self::Receiver(a, one), Self::Receiver(b, other)) => (a, one) == (b, other),
            (Self::Made(a), Self::Made(b)) => {
                a.expr == b.expr && a.ctx.file == b.ctx.file && a.via.is_some() == b.via.is_some()
            }
            _ => false,
        }
    }

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
            Self::Env(..) | Self::Symbol(_) | Self::Settings(_) | Self::Unknown(_) => Presence::Maybe,
        }
    }
}
