//! Environment variables as facts: which are set together, where more come from, and who sees them.

use super::{BlockId, ExprId, Span};
use crate::language::Language;

/// A set of environment variables that hold together: a dotenv file, a compose service's `environment`, a CI step's
/// `env`, the exports of a shell script.
///
/// What a process in it sees is put together by [`scopes`](crate::scopes), which also says what overrides what.
#[derive(Clone, Debug)]
pub struct EnvBlock {
    /// What it is.
    pub kind: EnvKind,
    /// A name for people: the service, job or container. Sources refer to blocks by it.
    pub label: String,
    /// Where it stands.
    pub span: Span,
    /// The place in the program where its values are read, where that is not the file's start.
    pub at: Option<(BlockId, u32)>,
    /// The block around it (a job's for a step's), whose variables it inherits: an index into `Module::env_blocks`,
    /// always smaller than its own.
    pub parent: Option<usize>,
    /// The variables in order; a later one of the same name wins.
    pub vars: Vec<EnvVar>,
    /// Where more variables come from, each below the block's own; of several the later one wins.
    pub sources: Vec<EnvSource>,
    /// Variables that this block does not name may come from elsewhere (`envFrom`, a template's control flow).
    pub open: bool,
    /// A script that runs in it adds variables, in a block of its own: what this one lacks may be added there.
    pub extended: bool,
    /// Processes run in this scope. False for a scope that only hands its variables down (a workflow's `env`).
    pub runs: bool,
    /// The container images and commands that run in this scope, as written: they tell who reads its variables.
    pub programs: Vec<String>,
}

impl EnvBlock {
    /// A block without variables, in which processes run.
    pub fn new(kind: EnvKind, label: impl Into<String>, span: Span) -> Self {
        Self {
            kind,
            label: label.into(),
            span,
            at: None,
            parent: None,
            vars: Vec::new(),
            sources: Vec::new(),
            open: false,
            extended: false,
            runs: true,
            programs: Vec::new(),
        }
    }
}

/// Something that gives a block more variables than its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvSource {
    /// A dotenv file, relative to the file.
    File {
        /// Its path.
        path: String,
        /// Quotes are part of the value, as `docker run --env-file` reads it.
        raw: bool,
    },
    /// The block of a service or job that this one extends, of this file or another.
    Extends {
        /// The other file, relative to this one.
        file: Option<String>,
        /// The service or job.
        label: String,
    },
    /// A ConfigMap or Secret, found by its name.
    Store {
        /// Its name.
        name: String,
        /// What its names get put before them.
        prefix: String,
    },
}

/// What kind of file or section an [`EnvBlock`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvKind {
    /// A dotenv file.
    Dotenv,
    /// A shell script's variables, or those of another language like it.
    Shell,
    /// A compose service.
    Compose,
    /// A Kubernetes container.
    Kubernetes,
    /// A ConfigMap or Secret.
    Store,
    /// A CI workflow, job or step.
    Ci,
    /// A container image.
    Image,
    /// A systemd unit.
    Unit,
    /// Any other mapping or name/value list.
    Mapping,
}

/// One variable of an [`EnvBlock`].
#[derive(Clone, Debug)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Its value, in the module's expressions. A pass-through (`- NAME`) is an [`ExprKind::Env`](super::ExprKind::Env)
    /// of its own name.
    pub value: ExprId,
    /// `NAME=value`, as a whole.
    pub span: Span,
}

/// What makes a function a script: the text of a shell, or of a language like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The language that it is in, which need not be its file's.
    pub language: Language,
    /// The block whose variables it sees besides its own.
    pub environment: Option<usize>,
}
