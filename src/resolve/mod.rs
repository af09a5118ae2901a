//! Which values can an expression have, and by which steps.
//!
//! One resolver for all languages, over the facts of [`crate::facts`]. It works backwards, on demand: from the use of
//! a name to the assignments that reach it. A value carries the [`arms`] that it assumes, so that a key from one branch
//! never meets a URL from another. It has fuel and a depth limit; beyond them the answer is unknown.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::facts::{Arg, BlockId, ExprId, ExprKind, FuncId, Module, Place, Spread};
use crate::finding::{FileId, Location};
use crate::project::{Project, Wanted};

pub mod arms;
mod built;
mod call;
mod callee;
mod class;
mod conditions;
mod configured;
mod effects;
mod environment;
mod field;
mod flags;
mod handed;
mod heirs;
mod injected;
mod inputs;
mod instance;
mod joined;
mod known;
mod layered;
mod loaded;
mod lookup;
mod marks;
mod members;
mod method;
mod object;
mod options;
mod params;
mod possible;
mod predicates;
mod reached;
mod rows;
mod scope;
mod settings;
mod shared;
mod sites;
mod subjects;
mod terraform;
mod texts;
pub mod value;
mod variants;
mod words;
mod written;

pub use arms::{Arms, Interner, LOST, Lit};
pub use effects::handed_to;
use known::{Answer, ClassAt, ClassField, Heir, Known, Point, Sites};
pub use known::{KnownSites, Rests};
pub use marks::gets;
pub use options::called_on;
pub use rows::folded;
pub(crate) use sites::is_test;
pub use value::{Alt, Ctx, Frame, Made, Part, Presence, Step, StepKind, Value, settle};

/// Work allowed for the values of one client.
pub const FUEL: u32 = 6_000;
/// How deep questions may lead to further questions.
const DEPTH: u32 = 48;
/// How many possible values are kept.
const MAX_ALTS: usize = 48;
/// How long a string is put together: what doubles itself line by line is no key and no URL.
const MAX_TEXT: usize = 1 << 16;
/// Of how many pieces.
const MAX_PARTS: usize = 64;
/// How many steps the origin of one has.
const MAX_STEPS: usize = 64;
/// How many calls are followed into each other.
const MAX_FRAMES: u32 = 8;
/// How many writes to one variable or field, made elsewhere, are looked at.
const MAX_WRITES: usize = 6;

/// Answers questions about one project; not shared between threads.
pub struct Resolver<'p> {
    /// The project.
    pub project: &'p Project,
    /// Subjects and constants of assumptions.
    pub subjects: Interner,
    constants: Interner,
    /// The numbers of followed calls.
    frames: HashMap<value::Call, u32>,
    fuel: u32,
    depth: u32,
    /// Answers found before, by the kind of question: see [`Self::known`].
    known: Vec<Known>,
    /// How many times the calls of a function are being looked for around the question.
    nested: usize,
    /// Fields of classes whose writes by methods are being looked for, and what each is before those.
    writing: Vec<(ClassField, Vec<Alt>)>,
    /// Imports that had to be left open.
    wanted: BTreeSet<Wanted>,
    /// On what the answers so far rest.
    rests: Rests,
    /// The question is whether calling this name makes a client: what else it is does not matter.
    called: Option<String>,
    /// The subjects of texts, by where they are tested.
    told: HashMap<(Point, u32), u32>,
    /// The same of expressions.
    told_of: HashMap<(Point, ExprId), u32>,
    /// Where what is looked for can be written.
    marks: HashMap<(FileId, BlockId), Arc<marks::Marks<'p>>>,
    /// What tests asked.
    asked: possible::Asked,
    /// The subjects of what a caller or the command line may leave out, for which another value stands then.
    replaced: HashSet<u32>,
    /// What tests stand for of which one of several has to hold: what each of these assumes.
    any_of: HashMap<Lit, Vec<Arms>>,
    /// Tests of what texts begin with, end with or hold.
    predicates: HashMap<FileId, Arc<predicates::Predicates>>,
    /// The methods that write fields, by class.
    writers: HashMap<ClassAt, Arc<[FuncId]>>,
    /// The subjects of tests of what is in a collection all of which is known.
    listed: HashSet<u32>,
}

impl<'p> Resolver<'p> {
    /// A resolver with nothing asked yet.
    pub fn new(project: &'p Project) -> Self {
        Self {
            project,
            subjects: Interner::default(),
            constants: Interner::default(),
            frames: HashMap::new(),
            fuel: FUEL,
            depth: 0,
            known: Vec::new(),
            nested: 0,
            writing: Vec::new(),
            wanted: BTreeSet::new(),
            rests: Rests::default(),
            called: None,
            told: HashMap::new(),
            told_of: HashMap::new(),
            marks: HashMap::new(),
            replaced: HashSet::new(),
            asked: HashMap::new(),
            any_of: HashMap::new(),
            predicates: HashMap::new(),
            writers: HashMap::new(),
            listed: HashSet::new(),
        }
    }

    /// Gives the next question its own fuel.
    pub fn refuel(&mut self, fuel: u32) {
        self.fuel = fuel;
        self.depth = 0;
    }

    /// Asks something with half of the fuel that is left: what is asked next has its share, too.
    pub fn with_half<T>(&mut self, ask: impl FnOnce(&mut Self) -> T) -> T {
        let kept = self.fuel / 2;
        self.fuel -= kept;
        let out = ask(self);
        self.fuel += kept;
        out
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
        // What is written out needs no work.
        if matches!(self.module(ctx.file).kind(expr), ExprKind::Str(_)) {
            return self.eval_kind(ctx, expr);
        }
        if self.fuel == 0 || self.depth >= DEPTH {
            return vec![Alt::unknown()];
        }
        let (block, index) = self.module(ctx.file).points[expr.index()];
        let is_same = ctx.frame.as_ref().is_none_or(|frame| !frame.given);
        let home = is_same && block == ctx.block && index as usize == ctx.index;
        let key = (ctx.file, expr, ctx.frame.as_ref().map_or(0, |frame| frame.id));
        if home {
            match self.known().exprs.get(&key).cloned() {
                Some(Some(known)) => return self.recall(&known).as_ref().clone(),
                // Asked for while it is being answered: `x = f(x)` in a loop.
                Some(None) => return vec![Alt::unknown()],
                None => {
                    self.known().exprs.insert(key, None);
                }
            }
        }
        self.fuel -= 1;
        self.depth += 1;
        let before = self.rests;
        let alts = value::settle(self.eval_kind(ctx, expr));
        self.depth -= 1;
        if home {
            // An answer cut short by the limits is not the answer for everyone.
            if self.fuel == 0 {
                self.known().exprs.remove(&key);
            } else {
                let answer = self.answer(alts.clone(), before);
                self.known().exprs.insert(key, Some(answer));
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
            ExprKind::Index(base, index) => {
                if let Some(of) = zipped(module, *base, *index) {
                    return self.zipped_with(ctx, *base, of);
                }
                let mut alts = self.index(ctx, *base, *index, at);
                // Python has no value for a key that is not there: that way the program ends.
                let is_there = |alt: &Alt| !matches!(alt.value, Value::Undefined);
                let is_table = matches!(self.module(ctx.file).kind(*base), ExprKind::Object(_));
                if (is_table || alts.iter().any(is_there)) && self.language_at(ctx.file, ctx.block) == "python" {
                    alts.retain(is_there);
                    if alts.is_empty() {
                        alts.push(Alt::unknown());
                    }
                }
                alts
            }
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
                // What a function is handed is its caller's.
                if let ExprKind::Name(name) = module.kind(*left)
                    && self.is_param(ctx, name)
                {
                    self.note_asked(ctx, subject, name);
                }
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
        // What is not there does not meet what is said of it where it is.
        let may_be_there = left.iter().any(|alt| alt.value.presence() == Presence::Maybe);
        let is_open = |alt: &Alt| matches!(alt.value, Value::Unknown(_) | Value::Null | Value::Undefined);
        if left.iter().all(is_open) {
            self.replaced.insert(subject);
        }
        let mut out = Vec::new();
        let mut missing: Vec<Arms> = Vec::new();
        for alt in left {
            let there = self.subject_of_unknown(&alt.value).map(|subject| Lit { subject, value: None, negated: false });
            let presence = if self.is_result(&alt.value) {
                Presence::Maybe
            } else if self.is_set(&alt) || there.is_some_and(|there| alt.arms.lits().contains(&there)) {
                Presence::Present
            } else {
                alt.value.presence()
            };
            match presence {
                Presence::Null | Presence::Absent if may_be_there => missing.extend(alt.arms.with(truth(true))),
                Presence::Null | Presence::Absent => missing.push(alt.arms),
                Presence::Empty if !nullish => missing.push(alt.arms),
                Presence::Present | Presence::Empty => out.push(alt),
                Presence::Maybe => {
                    missing.extend(alt.arms.clone().with(truth(true)));
                    let mut found = alt.arms.clone().with(truth(false));
                    if let Some(there) = there.filter(|_| !nullish) {
                        found = found.and_then(|arms| arms.with(there));
                    }
                    out.extend(found.map(|arms| Alt { arms, ..alt }));
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

    /// Whether a value is a variable that is assumed to be set, as it is where another value stands for one that is not:
    /// that somebody sets it to nothing is no case to warn of.
    pub fn is_set(&mut self, alt: &Alt) -> bool {
        let Value::Env(name, _) = &alt.value else { return false };
        let subject = self.subjects.get(&format!("env:{name}"));
        alt.arms.lits().contains(&Lit { subject, value: None, negated: false })
    }

    /// The subject that says whether something that is not known is there: whoever is handed what `key or other` gives need
    /// not ask again.
    fn subject_of_unknown(&mut self, value: &Value) -> Option<u32> {
        let Value::Unknown(Some((_, at))) = value else { return None };
        Some(self.subjects.get(&format!("there:{}:{}", at.file.0, at.span.start)))
    }

    /// Whether a value is what some function gives back, which may be nothing. An object that is made here is there.
    fn is_result(&self, value: &Value) -> bool {
        let Value::Made(made) = value else { return false };
        let module = self.module(made.ctx.file);
        let ExprKind::Call(call) = module.kind(made.expr) else { return false };
        let name = match module.kind(call.callee) {
            ExprKind::Name(name) | ExprKind::Member(_, name) => name.as_str(),
            _ => "",
        };
        !call.new && !name.starts_with(char::is_uppercase)
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

    /// The elements of one of the collections that a loop goes through side by side. In which order those are that a
    /// function gives, `reversed(keys)`, nobody knows.
    fn zipped_with(&mut self, ctx: &Ctx, each: ExprId, of: ExprId) -> Vec<Alt> {
        let lists = self.eval(ctx, of);
        let is_call = |alt: &Alt| match &alt.value {
            Value::Made(made) => matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::Call(_)),
            _ => false,
        };
        if lists.iter().any(is_call) {
            return vec![Alt::unknown()];
        }
        self.each(ctx, each, of)
    }

    /// An expression as an object to look into later.
    pub(crate) fn made(&self, ctx: &Ctx, expr: ExprId) -> Value {
        Value::Made(Arc::new(Made { ctx: ctx.clone(), expr, via: None }))
    }
}

/// The collection whose elements are a part of what a loop goes through: of `urls` in `for url, key in zip(urls, keys)`.
fn zipped(module: &Module, each: ExprId, part: ExprId) -> Option<ExprId> {
    let ExprKind::Each(of) = module.kind(each) else { return None };
    let (ExprKind::Call(call), ExprKind::Const(number)) = (module.kind(*of), module.kind(part)) else { return None };
    let is_zip = matches!(module.kind(call.callee), ExprKind::Name(name) if name == "zip");
    let is_plain = |arg: &&Arg| arg.spread == Spread::No && arg.name.as_deref().is_none_or(|name| name == "strict");
    if !is_zip || !call.args.iter().all(|arg| is_plain(&arg)) {
        return None;
    }
    call.positional().nth(number.parse().ok()?).map(|arg| arg.value)
}

/// The values that remain under further assumptions.
pub(crate) fn under(alts: Vec<Alt>, arms: &Arms) -> Vec<Alt> {
    alts.into_iter().filter_map(|alt| alt.arms.merge(arms).map(|arms| Alt { arms, ..alt })).collect()
}

/// Whether two places give the same: variables of the same names, and the same texts.
fn reads_alike(some: &[Alt], others: &[Alt]) -> bool {
    some.len() == others.len()
        && some.iter().zip(others).all(|(one, other)| match (&one.value, &other.value) {
            (Value::Env(one, _), Value::Env(other, _)) => one == other,
            (Value::Str(one, _), Value::Str(other, _)) => one == other,
            _ => false,
        })
}

/// Whether an assignment is to what steps lead to, or to a part of it.
fn leads(place: &Place, steps: &[String]) -> bool {
    place.path.len() >= steps.len() && place.path.iter().zip(steps).all(|(step, asked)| step.as_ref() == Some(asked))
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

    /// The steps from a variable, a module or a part of it, to an attribute: `llm.api_key` from what is imported as
    /// `interpreter`.
    pub fn steps_to(&mut self, ctx: &Ctx, root: &str, global: &str) -> Vec<String> {
        let below = match self.variable(ctx, root).as_slice() {
            [Alt { value: Value::Symbol(symbol), .. }] => {
                global.strip_prefix(symbol.as_str()).and_then(|rest| rest.strip_prefix('.'))
            }
            _ => None,
        };
        let last = || global.rsplit('.').next().unwrap_or(global);
        below.unwrap_or_else(last).split('.').map(str::to_owned).collect()
    }

    /// An attribute of a module, as the file sets it before a point.
    pub fn global(&mut self, ctx: &Ctx, root: &str, steps: &[String]) -> Vec<Alt> {
        self.lookup(ctx, root, steps)
    }

    /// Whether a module's attribute is set in a place whose order is not known: another function or file.
    pub fn set_elsewhere(&mut self, ctx: &Ctx, root: &str, steps: &[String]) -> bool {
        self.rests_on_others();
        self.project.ids().any(|id| {
            let file = self.project.file(id);
            file.index.assigns.get(root).into_iter().flatten().any(|(block, index)| {
                // What follows at the top level of the same file has not run.
                let body = file.module.func(crate::facts::FuncId(0)).body;
                let later = id == ctx.file && *block == body && ctx.block == body && *index as usize > ctx.index;
                !later
                    && matches!(file.module.block(*block).stmts.get(*index as usize),
                    Some(crate::facts::Stmt::Assign { place, .. }) if leads(place, steps))
            })
        })
    }

    /// What a module's attribute is set to, where one place alone of the same program sets it, in this file or another, or
    /// several that set it to the same.
    pub fn set_once(&mut self, ctx: &Ctx, root: &str, steps: &[String]) -> Option<Vec<Alt>> {
        self.rests_on_others();
        let project = self.project;
        let places = project.ids().flat_map(|id| {
            let file = project.file(id);
            let writes = file.index.assigns.get(root).into_iter().flatten();
            writes.filter_map(move |&(block, index)| match file.module.block(block).stmts.get(index as usize) {
                Some(crate::facts::Stmt::Assign { place, value, .. }) if leads(place, steps) => {
                    let whole = place.path.len() == steps.len();
                    Some((whole, *value, Ctx { file: id, block, index: index as usize, frame: None }))
                }
                _ => None,
            })
        });
        // A script that stands beside this one and runs by itself sets nothing here.
        let places = places.filter(|(_, _, at)| project.in_one_program(ctx.file, at.file));
        let places: Vec<_> = places.take(MAX_WRITES + 1).collect();
        if places.len() > MAX_WRITES || !places.iter().all(|(whole, ..)| *whole) {
            return None;
        }
        let mut each = places.iter().map(|(_, value, at)| self.eval(at, *value));
        let first = each.next()?;
        each.all(|other| reads_alike(&first, &other)).then_some(first)
    }

    /// A constant string, or the last word of a symbol.
    pub fn constant_of(&mut self, ctx: &Ctx, expr: ExprId) -> Option<String> {
        self.constant(ctx, expr)
    }
}
