//! Which values can an expression have, and by which steps.
//!
//! One resolver for all languages, over the facts of [`crate::facts`]. It works backwards, on demand: from the use of
//! a name to the assignments that reach it. A value carries the [`arms`] that it assumes, so that a key from one branch
//! never meets a URL from another. It has fuel and a depth limit; beyond them the answer is unknown.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::facts::{BlockId, ExprId, ExprKind, FuncId, Module, Test};
use crate::finding::{FileId, Location};
use crate::project::{Project, Wanted};

pub mod arms;
mod call;
mod environment;
mod field;
mod lookup;
mod marks;
mod rows;
mod scope;
mod settings;
pub mod value;
mod words;

pub use arms::{Arms, Interner, Lit};
pub use value::{Alt, Ctx, Frame, Made, Part, Presence, Step, StepKind, Value, settle};

/// Work allowed for the values of one client.
pub const FUEL: u32 = 6_000;
/// How deep questions may lead to further questions.
const DEPTH: u32 = 48;
/// How many possible values are kept.
const MAX_ALTS: usize = 32;
/// How many calls are followed into each other.
const MAX_FRAMES: u32 = 8;

/// Answers questions about one project; not shared between threads.
pub struct Resolver<'p> {
    /// The project.
    pub project: &'p Project,
    /// Subjects and constants of assumptions.
    pub subjects: Interner,
    constants: Interner,
    frames: u32,
    fuel: u32,
    depth: u32,
    known: Known,
    /// Imports that had to be left open.
    wanted: BTreeSet<Wanted>,
    /// The question is whether calling this name makes a client: what else it is does not matter.
    called: Option<String>,
    /// Answers to questions of that kind.
    known_called: Known,
    /// Where what is looked for can be written.
    marks: HashMap<(FileId, BlockId), Arc<marks::Marks<'p>>>,
}

/// Calls of a function.
type Sites = Vec<(FileId, ExprId)>;

/// Answers found before; `None` while they are being looked for.
#[derive(Default)]
struct Known {
    exprs: HashMap<(FileId, ExprId), Option<Arc<Vec<Alt>>>>,
    exports: HashMap<(FileId, String), Option<Arc<Vec<Alt>>>>,
    sites: HashMap<(FileId, FuncId), Arc<Sites>>,
}

impl<'p> Resolver<'p> {
    /// A resolver with nothing asked yet.
    pub fn new(project: &'p Project) -> Self {
        Self {
            project,
            subjects: Interner::default(),
            constants: Interner::default(),
            frames: 0,
            fuel: FUEL,
            depth: 0,
            known: Known::default(),
            wanted: BTreeSet::new(),
            called: None,
            known_called: Known::default(),
            marks: HashMap::new(),
        }
    }

    /// The imports that had to be left open, because nobody has read their files yet. With any, the answers given so
    /// far may be wrong.
    pub fn into_wanted(self) -> BTreeSet<Wanted> {
        self.wanted
    }

    /// Gives the next question its own fuel.
    pub fn refuel(&mut self, fuel: u32) {
        self.fuel = fuel;
        self.depth = 0;
    }

    /// The module of a file.
    pub fn module(&self, file: FileId) -> &'p Module {
        &self.project.file(file).module
    }

    /// The place of an expression.
    pub fn location(&self, file: FileId, expr: ExprId) -> Location {
        Location { file, span: self.module(file).span(expr) }
    }

    /// Where an expression is evaluated when its function is called by anyone.
    pub fn ctx_of(&self, file: FileId, expr: ExprId) -> Ctx {
        let (block, index) = self.module(file).points[expr.index()];
        Ctx { file, block, index: index as usize, frame: None }
    }

    /// The name of the language that a block is in: a script's, or its file's.
    pub fn language_at(&self, file: FileId, block: BlockId) -> &'static str {
        let file = self.project.file(file);
        file.module.script_of(block).map_or(file.source.language, |script| script.language).name()
    }

    /// All values that an expression can have.
    pub fn eval(&mut self, ctx: &Ctx, expr: ExprId) -> Vec<Alt> {
        if self.fuel == 0 || self.depth >= DEPTH {
            return vec![Alt::unknown()];
        }
        let home = ctx.frame.is_none() && {
            let (block, index) = self.module(ctx.file).points[expr.index()];
            block == ctx.block && index as usize == ctx.index
        };
        let key = (ctx.file, expr);
        if home {
            match self.known.exprs.get(&key) {
                Some(Some(known)) => return known.as_ref().clone(),
                // Asked for while it is being answered: `x = f(x)` in a loop.
                Some(None) => return vec![Alt::unknown()],
                None => {
                    self.known.exprs.insert(key, None);
                }
            }
        }
        self.fuel -= 1;
        self.depth += 1;
        let alts = value::settle(self.eval_kind(ctx, expr));
        self.depth -= 1;
        if home {
            // An answer cut short by the limits is not the answer for everyone.
            if self.fuel == 0 {
                self.known.exprs.remove(&key);
            } else {
                self.known.exprs.insert(key, Some(Arc::new(alts.clone())));
            }
        }
        alts
    }

    fn eval_kind(&mut self, ctx: &Ctx, expr: ExprId) -> Vec<Alt> {
        let module = self.module(ctx.file);
        let at = self.location(ctx.file, expr);
        match module.kind(expr) {
            ExprKind::Str(text) => vec![Alt {
                value: Value::Str(text.clone(), at),
                arms: Arms::default(),
                steps: vec![Step { at, kind: StepKind::Literal }],
            }],
            ExprKind::Const(text) => vec![Alt::new(Value::Const(text.clone()))],
            ExprKind::Null => vec![Alt::new(Value::Null)],
            ExprKind::Undefined => vec![Alt::new(Value::Undefined)],
            ExprKind::Name(name) => self.name(ctx, name, &[], at),
            ExprKind::Member(base, name) => self.member(ctx, *base, name, at),
            ExprKind::Index(base, index) => self.index(ctx, *base, *index, at),
            ExprKind::Call(call) => self.call(ctx, expr, call),
            ExprKind::Object(_) | ExprKind::List(_) | ExprKind::Func(_) | ExprKind::Class(_) => {
                vec![Alt::new(self.made(ctx, expr))]
            }
            ExprKind::Concat(parts) => self.concat(ctx, parts, at),
            ExprKind::Env { name, default } => {
                let fallback = default.map(|default| self.eval(ctx, default));
                self.env_read(ctx, name, at, fallback)
            }
            ExprKind::Stored { store, name } => self.stored(ctx, store.as_deref(), name, at),
            ExprKind::Choice(arms) => {
                let mut out = Vec::new();
                for (tests, value) in arms {
                    let Some(lits) = self.tests(ctx, tests) else { continue };
                    out.extend(under(self.eval(ctx, *value), &lits));
                }
                out
            }
            ExprKind::Fallback { left, right, nullish } => {
                let alts = self.eval(ctx, *left);
                let subject = self.subject_of_expr(ctx, *left);
                self.fallback(alts, subject, *nullish, |resolver| resolver.eval(ctx, *right))
            }
            ExprKind::Each(of) => self.each(ctx, expr, *of),
            ExprKind::Import(import) => self.import(ctx.file, import),
            ExprKind::Unknown => vec![Alt::unknown()],
        }
    }

    /// The left values where they are there, the right ones where they are not.
    pub(crate) fn fallback(
        &mut self,
        left: Vec<Alt>,
        subject: u32,
        nullish: bool,
        right: impl FnOnce(&mut Self) -> Vec<Alt>,
    ) -> Vec<Alt> {
        let truth = |negated| Lit { subject, value: None, negated };
        let mut out = Vec::new();
        let mut missing: Vec<Arms> = Vec::new();
        for alt in left {
            match alt.value.presence() {
                Presence::Null | Presence::Absent => missing.push(alt.arms),
                Presence::Empty if !nullish => missing.push(alt.arms),
                Presence::Present | Presence::Empty => out.push(alt),
                Presence::Maybe => {
                    missing.extend(alt.arms.clone().with(truth(true)));
                    if let Some(arms) = alt.arms.clone().with(truth(false)) {
                        out.push(Alt { arms, ..alt });
                    }
                }
            }
        }
        if missing.is_empty() {
            return out;
        }
        let right = right(self);
        for open in &missing {
            out.extend(under(right.clone(), open));
        }
        out
    }

    fn concat(&mut self, ctx: &Ctx, parts: &[ExprId], at: Location) -> Vec<Alt> {
        let mut rows: Vec<(Vec<Value>, Arms, Vec<Step>)> = vec![(Vec::new(), Arms::default(), Vec::new())];
        for &part in parts.iter().take(64) {
            let alts = self.eval(ctx, part);
            let mut next = Vec::new();
            'rows: for (values, arms, steps) in &rows {
                for alt in &alts {
                    let Some(arms) = arms.merge(&alt.arms) else { continue };
                    let mut values = values.clone();
                    values.push(alt.value.clone());
                    let mut steps = steps.clone();
                    if !matches!(self.module(ctx.file).kind(part), ExprKind::Str(_)) {
                        steps.extend(alt.steps.iter().cloned());
                    }
                    next.push((values, arms, steps));
                    if next.len() >= MAX_ALTS {
                        break 'rows;
                    }
                }
            }
            rows = next;
        }
        rows.into_iter()
            .map(|(values, arms, mut steps)| {
                let mut whole = String::new();
                let known = values.iter().all(|value| match value {
                    Value::Str(text, _) => {
                        whole.push_str(text.expose());
                        true
                    }
                    Value::Const(text) => {
                        whole.push_str(text);
                        true
                    }
                    _ => false,
                });
                let value = if known {
                    Value::Str(whole.into(), at)
                } else {
                    let kept: Vec<Value> =
                        values.into_iter().filter(|v| !matches!(v, Value::Str(text, _) if text.is_empty())).collect();
                    match <[Value; 1]>::try_from(kept) {
                        Ok([one]) => one,
                        Err(kept) => Value::Concat(Arc::new(kept), at),
                    }
                };
                if steps.is_empty() {
                    steps.push(Step { at, kind: StepKind::Literal });
                }
                Alt { value, arms, steps }
            })
            .collect()
    }

    /// The elements of a collection, each under its own assumption.
    pub(super) fn each(&mut self, ctx: &Ctx, expr: ExprId, of: ExprId) -> Vec<Alt> {
        let subject = self.place_subject(ctx, expr);
        let mut out = Vec::new();
        for alt in self.eval(ctx, of) {
            for (row, value) in self.elements(&alt.value) {
                let value_number = self.constants.get(&row);
                let Some(arms) = alt.arms.clone().with(Lit { subject, value: Some(value_number), negated: false })
                else {
                    continue;
                };
                for element in value {
                    let Some(arms) = arms.merge(&element.arms) else { continue };
                    out.push(Alt { value: element.value, arms, steps: element.steps });
                }
            }
        }
        if out.is_empty() { vec![Alt::unknown()] } else { out }
    }

    /// The subject that stands for one execution of an expression.
    fn place_subject(&mut self, ctx: &Ctx, expr: ExprId) -> u32 {
        let frame = ctx.frame.as_ref().map_or(0, |frame| frame.id);
        self.subjects.get(&format!("each:{}:{}:{frame}", ctx.file.0, expr.0))
    }

    /// What a list of tests assumes; `None` where it cannot hold.
    pub(crate) fn tests(&mut self, ctx: &Ctx, tests: &[Test]) -> Option<Arms> {
        let mut arms = Arms::default();
        for test in tests {
            match self.test(ctx, test) {
                Ok(lit) => arms = arms.with(lit)?,
                Err(true) => {}
                Err(false) => return None,
            }
        }
        Some(arms)
    }

    /// The assumption of a test, or its outcome where that is known.
    fn test(&mut self, ctx: &Ctx, test: &Test) -> Result<Lit, bool> {
        // In a followed call a parameter's value may decide the test.
        if let (Some(frame), Some(expr)) = (&ctx.frame, test.expr)
            && let ExprKind::Name(name) = self.module(ctx.file).kind(expr)
            && self.module(ctx.file).func(frame.func).params.iter().any(|param| &param.name == name)
        {
            let alts = self.eval(ctx, expr);
            if let [alt] = alts.as_slice() {
                let holds = match (&alt.value, &test.value) {
                    (Value::Str(text, _), Some(value)) => Some(text.expose() == value),
                    (Value::Const(text), Some(value)) => Some(text == value),
                    (value, None) => match value.presence() {
                        Presence::Null | Presence::Absent | Presence::Empty => Some(false),
                        Presence::Maybe => None,
                        Presence::Present => Some(!matches!(value, Value::Const(c) if is_false(c))),
                    },
                    _ => None,
                };
                if let Some(holds) = holds {
                    return Err(holds != test.negated);
                }
            }
        }
        let subject = match test.expr {
            Some(expr) => self.subject_of_expr(ctx, expr),
            None => self.subject(ctx, &test.subject),
        };
        let value = test.value.as_ref().map(|value| self.constants.get(value));
        Ok(Lit { subject, value, negated: test.negated })
    }

    /// The subject that an expression is when it is tested. Parameters of a followed call are the caller's arguments.
    pub(crate) fn subject_of_expr(&mut self, ctx: &Ctx, expr: ExprId) -> u32 {
        let module = self.module(ctx.file);
        if let (Some(frame), ExprKind::Name(name)) = (&ctx.frame, module.kind(expr))
            && let Some((value, caller)) = self.argument_of(frame, name)
        {
            let frame = frame.clone();
            drop(frame);
            return self.subject_of_expr(&caller, value);
        }
        if let Some(name) = self.env_name_of(ctx, expr) {
            return self.subjects.get(&format!("env:{name}"));
        }
        let source = &self.project.file(ctx.file).source;
        let text = crate::facts::squeeze(source.slice(module.span(expr)));
        self.subject(ctx, &text)
    }

    /// The subject of a text, in the scope that binds its first name.
    fn subject(&mut self, ctx: &Ctx, text: &str) -> u32 {
        if text.starts_with("env:") {
            return self.subjects.get(text);
        }
        let root: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '$').collect();
        let module = self.module(ctx.file);
        let index = &self.project.file(ctx.file).index;
        let mut func = Some(module.block(ctx.block).func);
        while let Some(id) = func {
            let function = module.func(id);
            let bound = function.params.iter().any(|param| param.name == root)
                || function.receiver.as_deref() == Some(root.as_str())
                || index
                    .assigns
                    .get(&root)
                    .is_some_and(|all| all.iter().any(|(block, _)| module.block(*block).func == id));
            if bound {
                break;
            }
            func = function.parent;
        }
        let scope = func.map_or(0, |func| func.0);
        let frame = ctx.frame.as_ref().filter(|frame| func == Some(frame.func)).map_or(0, |frame| frame.id);
        self.subjects.get(&format!("{}:{scope}:{frame}:{text}", ctx.file.0))
    }

    /// A value with the assumption that it itself makes true: a name that is empty is not truthy, one that equals
    /// `"a"` is `"a"`. Only for names that some condition tests.
    pub(crate) fn assume_self(&mut self, ctx: &Ctx, text: &str, alt: Alt) -> Option<Alt> {
        if !self.project.file(ctx.file).index.subjects.contains(text) {
            return Some(alt);
        }
        let subject = self.subject(ctx, text);
        let lit = match (&alt.value, alt.value.presence()) {
            (_, Presence::Null | Presence::Absent | Presence::Empty) => Lit { subject, value: None, negated: true },
            (Value::Str(text, _), _) => Lit { subject, value: Some(self.constants.get(text.expose())), negated: false },
            (Value::Const(text), _) => {
                if is_false(text) {
                    Lit { subject, value: None, negated: true }
                } else {
                    Lit { subject, value: Some(self.constants.get(text)), negated: false }
                }
            }
            (_, Presence::Present) => Lit { subject, value: None, negated: false },
            _ => return Some(alt),
        };
        let arms = alt.arms.with(lit)?;
        Some(Alt { arms, ..alt })
    }

    /// An expression as an object to look into later.
    pub(crate) fn made(&self, ctx: &Ctx, expr: ExprId) -> Value {
        Value::Made(Arc::new(Made { ctx: ctx.clone(), expr, via: None }))
    }

    /// What the arms that enclose a program point assume: the branches that the point is in.
    pub fn guard(&mut self, ctx: &Ctx) -> Arms {
        let module = self.module(ctx.file);
        let mut arms = Arms::default();
        let mut block = Some(ctx.block);
        while let Some(id) = block {
            let tests = &module.block(id).tests;
            for test in tests {
                if let Ok(lit) = self.test(ctx, test)
                    && let Some(more) = arms.clone().with(lit)
                {
                    arms = more;
                }
            }
            block = module.block(id).parent.map(|(parent, _)| parent);
        }
        arms
    }
}

/// The values that remain under further assumptions.
pub(crate) fn under(alts: Vec<Alt>, arms: &Arms) -> Vec<Alt> {
    alts.into_iter().filter_map(|alt| alt.arms.merge(arms).map(|arms| Alt { arms, ..alt })).collect()
}

fn is_false(text: &str) -> bool {
    matches!(text, "False" | "false" | "0")
}

/// What clients ask beyond the values of expressions.
impl Resolver<'_> {
    /// The variable that a chain of members begins with.
    pub fn root_of(&self, ctx: &Ctx, expr: ExprId) -> Option<String> {
        self.chain(ctx, expr).map(|(root, _)| root)
    }

    /// The values of a variable at a point.
    pub fn variable(&mut self, ctx: &Ctx, name: &str) -> Vec<Alt> {
        self.lookup(ctx, name, &[])
    }

    /// An attribute of a module, as the file sets it before a point.
    pub fn global(&mut self, ctx: &Ctx, root: &str, attribute: &str) -> Vec<Alt> {
        self.lookup(ctx, root, &[attribute.to_owned()])
    }

    /// Whether a module's attribute is set in a place whose order is not known: another function or file.
    pub fn set_elsewhere(&self, ctx: &Ctx, root: &str, attribute: &str) -> bool {
        self.project.ids().any(|id| {
            let file = self.project.file(id);
            file.index.assigns.get(root).into_iter().flatten().any(|(block, index)| {
                // What follows at the top level of the same file has not run.
                let body = file.module.func(crate::facts::FuncId(0)).body;
                let later = id == ctx.file && *block == body && ctx.block == body && *index as usize > ctx.index;
                !later
                    && matches!(file.module.block(*block).stmts.get(*index as usize),
                    Some(crate::facts::Stmt::Assign { place, .. })
                        if place.path.first().and_then(|step| step.as_deref()) == Some(attribute))
            })
        })
    }

    /// A constant string, or the last word of a symbol.
    pub fn constant_of(&mut self, ctx: &Ctx, expr: ExprId) -> Option<String> {
        self.constant(ctx, expr)
    }

    /// What tests assume; `None` where they cannot hold.
    pub fn assumptions(&mut self, ctx: &Ctx, tests: &[Test]) -> Option<Arms> {
        self.tests(ctx, tests)
    }

    /// Whether a value is from a row of a table, and the row was chosen at run time.
    pub fn is_from_a_row(&self, arms: &Arms) -> bool {
        arms.lits().iter().any(|lit| self.subjects.name(lit.subject) == rows::ROW)
    }

    /// Whether an assumption is about a run, not about which of several calls or rows is meant: all of these may be.
    pub fn is_condition(&self, lit: Lit) -> bool {
        let kind = self.subjects.name(lit.subject).split(':').next().unwrap_or("");
        !matches!(kind, "calls" | "new" | "each" | "get")
    }

    /// An assumption as people read it: `provider is "openai"`; `None` where it says nothing to them.
    pub fn describe(&self, lit: Lit) -> Option<String> {
        let subject = self.subjects.name(lit.subject);
        let value = lit.value.map(|value| self.constants.name(value));
        let not = if lit.negated { " not" } else { "" };
        let (kind, rest) = subject.split_once(':')?;
        match (kind, value) {
            ("env", None) if lit.negated => Some(format!("`{rest}` is not set")),
            ("env", None) => Some(format!("`{rest}` is set")),
            ("mode", Some(mode)) => Some(format!("the mode is{not} `{mode}`")),
            ("calls", Some(call)) if !lit.negated => {
                let own = FileId(rest.split(':').next()?.parse().ok()?);
                let (file, call) = call.strip_prefix('#')?.split_once(':')?;
                let (file, call) = (FileId(file.parse().ok()?), ExprId(call.parse().ok()?));
                let span = self.module(file).exprs.get(call.index())?.span;
                let line = self.project.file(file).source.position(span.start).line;
                let place = match file == own {
                    true => String::new(),
                    false => format!(" of {}", self.project.file(file).path.file_name()?.to_str()?),
                };
                Some(format!("it is called from line {line}{place}"))
            }
            ("each", Some(row)) if !lit.negated && !row.starts_with('#') => Some(format!("the row is `{row}`")),
            // `file:function:frame:text`, a tested expression; positions in it are for us.
            (file, value) if file.bytes().all(|byte| byte.is_ascii_digit()) => {
                let text = rest.splitn(3, ':').nth(2)?;
                if text.contains('@') {
                    return None;
                }
                Some(match value {
                    Some(row) if row.starts_with('#') => return None,
                    Some(value) => format!("`{text}` is{not} `{value}`"),
                    None if lit.negated => format!("`{text}` is not true"),
                    None => format!("`{text}` is true"),
                })
            }
            _ => None,
        }
    }
}
