//! Names: which assignments reach a use.
//!
//! The walk goes backwards through the statements of a block, into branches and blocks on the way, then to the block
//! around it, the function's parameters, and the function around that. It keeps the conditions under which nothing has
//! been found yet, so that an `else` that does not assign lets the older value through under its own assumption only.

use super::effects::settle;
use super::marks::{gets, only_takes};
use super::subjects::text_of;
use super::value::{Alt, Ctx, Step, StepKind, Value};
use super::{Arms, LOST, Resolver, under};
use crate::facts::{BlockId, ExprId, ExprKind, FuncId, Module, Stmt, Test};
use crate::finding::Location;
use crate::headers::same_field;
use crate::project::{env_place, patches_environment};

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// A variable, or a field below it.
    Place(&'a str, &'a [String]),
    /// An environment variable written by the program itself.
    Env(&'a str),
}

/// The outcome of a walk.
#[derive(Default)]
pub(super) struct Found {
    /// Values found.
    pub(super) alts: Vec<Alt>,
    /// Conditions under which nothing was found; empty: something always is.
    pub(super) open: Vec<Arms>,
    /// On the way, the variable was handed to something that may change its fields.
    pub(super) tainted: bool,
    /// What `setdefault` puts where nothing was before.
    pub(super) defaults: Option<Vec<Alt>>,
    /// Where tests of the variable were passed on the way: what is found further back was its value there, too.
    pub(super) passed: Vec<Ctx>,
}

/// Beyond this many separate conditions only what they have in common is kept.
const MAX_OPEN: usize = 12;

impl Found {
    /// Keeps of too many conditions what they have in common.
    pub(super) fn squeeze(&mut self) {
        if self.open.len() > MAX_OPEN {
            let hidden = self.open.iter().all(|open| open.lits().contains(&LOST));
            let all = self.open.drain(..).reduce(|all, open| all.common(&open));
            self.open = all.map(|arms| if hidden { arms } else { arms.without(LOST.subject) }).into_iter().collect();
        }
    }
}

impl<'p> Resolver<'p> {
    /// The values of `name.path` at a point, with a step for the name.
    pub(super) fn name(&mut self, ctx: &Ctx, name: &str, path: &[String], at: Location) -> Vec<Alt> {
        let alts = match self.of_class_or_crate(ctx, name, path, at) {
            Some(alts) => alts,
            None => self.lookup(ctx, name, path),
        };
        let text = super::subjects::text_of(name, path);
        // Extractors make names up (`@t1`, `=7`) and tell equal ones apart (`key@40`); people know nothing of that.
        let last = path.last().map_or(name, String::as_str);
        let last = last.split(['@', '=']).next().unwrap_or(last);
        let mut out = Vec::new();
        for mut alt in alts {
            match &alt.value {
                // A constant of a package's; other symbols are no values.
                Value::Symbol(_) if !last.is_empty() && !last.contains(char::is_lowercase) => {
                    alt.steps.push(Step { at, kind: StepKind::Name(last.to_owned()) });
                }
                Value::Symbol(_) | Value::Module(_) => {}
                Value::Env(variable, place) if *place == super::environment::NOWHERE => {
                    let variable = variable.clone();
                    out.extend(under(self.env_read(ctx, &variable, at, None), &alt.arms));
                    continue;
                }
                Value::Settings(settings) if !path.is_empty() => {
                    let settings = settings.clone();
                    out.extend(under(self.setting_read(ctx, &settings, at), &alt.arms));
                    continue;
                }
                _ if last.is_empty() => {}
                Value::Unknown(None) => {
                    alt.value = Value::Unknown(Some((last.to_owned(), at)));
                    alt.steps.push(Step { at, kind: StepKind::Name(last.to_owned()) });
                }
                Value::Made(made) => {
                    let via = (ctx.clone(), name.to_owned(), path.to_vec());
                    let made = super::Made { ctx: made.ctx.clone(), expr: made.expr, via: Some(via) };
                    alt.value = Value::Made(std::sync::Arc::new(made));
                }
                _ => alt.steps.push(Step { at, kind: StepKind::Name(last.to_owned()) }),
            }
            out.extend(self.assume_self(ctx, &text, alt));
        }
        out
    }

    /// The values of `root.path` at a point.
    pub(super) fn lookup(&mut self, ctx: &Ctx, root: &str, path: &[String]) -> Vec<Alt> {
        // A module's attribute may be assigned to (`openai.api_key = …`); a class or function is what it is.
        if path.is_empty()
            && let Some(alts) = self.single_binding(ctx, root)
        {
            return alts;
        }
        match self.own_binding(ctx, root, path).map(|(at, value)| (at, value, self.module(ctx.file).kind(value))) {
            Some((_, _, ExprKind::Import(import))) => {
                let alts = self.import(ctx.file, import);
                return self.fields(alts, path);
            }
            // `OpenAI = module.OpenAI`, of which it is asked whether to call it makes a client.
            Some((at, value, ExprKind::Member(..))) if path.is_empty() && self.called.is_some() => {
                return self.eval(&at, value);
            }
            _ => {}
        }
        // What nothing in the file gives a value is the language's own, whatever stands on the way: `len`, `fetch`.
        let file = self.project.file(ctx.file);
        if path.is_empty()
            && file.module.star_imports.is_empty()
            && !file.index.assigns.contains_key(root)
            && !self.is_param(ctx, root)
        {
            return self.free(ctx, root, path);
        }
        let target = Target::Place(root, path);
        let found = self.reach(ctx, target);
        let mut out = found.alts;
        let dead_end = path.is_empty() && !out.is_empty() && self.is_local(ctx, root);
        if !found.open.is_empty() && !dead_end {
            let rest = self.unassigned(ctx, root, path);
            let rest = self.assume_passed(&found.passed, root, path, rest);
            for open in &found.open {
                out.extend(under(rest.clone(), open));
            }
        }
        if let Some(defaults) = found.defaults {
            let (missing, given): (Vec<Alt>, Vec<Alt>) =
                out.into_iter().partition(|alt| matches!(alt.value, Value::Undefined));
            // Nobody knows whether something unknown has it.
            let (open, mut given): (Vec<Alt>, Vec<Alt>) =
                given.into_iter().partition(|alt| matches!(alt.value, Value::Unknown(None)));
            if !open.is_empty() {
                let place = text_of(root, path);
                let subject = self.subjects.get(&format!("get:{}:{}:{place}", ctx.file.0, ctx.block.0));
                given.extend(self.fallback(open, subject, true, |_| defaults.clone()));
            }
            given.extend(missing.iter().flat_map(|alt| under(defaults.clone(), &alt.arms)));
            out = given;
        }
        if found.tainted {
            for alt in out.iter_mut().filter(|alt| matches!(alt.value, Value::Undefined)) {
                alt.value = Value::Unknown(None);
            }
        }
        super::settle(out)
    }

    /// Whether a name is a Python function's own: where no assignment reaches it, the program ends with an error, so
    /// that this way leads nowhere.
    fn is_local(&self, ctx: &Ctx, root: &str) -> bool {
        let file = self.project.file(ctx.file);
        let func = file.module.block(ctx.block).func;
        self.language_at(ctx.file, ctx.block) == "python"
            && !file.module.func(func).outer_names.iter().any(|name| name == root)
            && !self.is_param(ctx, root)
            && file.index.assigns.get(root).is_some_and(|all| {
                all.iter().any(|(block, index)| {
                    file.module.block(*block).func == func
                        && matches!(file.module.block(*block).stmts.get(*index as usize),
                            Some(Stmt::Assign { place, .. }) if place.path.is_empty())
                })
            })
    }

    /// The value of a name that is assigned once in its file, at the top level, by an import, function or class: the
    /// common case of a callee, without a walk.
    fn single_binding(&mut self, ctx: &Ctx, root: &str) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let [(block, index)] = self.project.file(ctx.file).index.assigns.get(root)?.as_slice() else { return None };
        if module.block(*block).func != FuncId(0) || module.block(*block).parent.is_some() {
            return None;
        }
        let Stmt::Assign { place, value, .. } = module.block(*block).stmts.get(*index as usize)? else { return None };
        if !place.path.is_empty() || self.is_param(ctx, root) {
            return None;
        }
        match module.kind(*value) {
            ExprKind::Import(import) => Some(self.import(ctx.file, import)),
            ExprKind::Func(_) | ExprKind::Class(_) => {
                let at = Ctx { file: ctx.file, block: *block, index: *index as usize, frame: None };
                Some(vec![Alt::new(self.made(&at, *value))])
            }
            _ => None,
        }
    }

    /// The only value that a Python function, or the one around it, gives a name: no other reaches a use, whatever is
    /// tested on the way, which may be much.
    fn own_binding(&self, ctx: &Ctx, root: &str, path: &[String]) -> Option<(Ctx, ExprId)> {
        let module = self.module(ctx.file);
        if self.language_at(ctx.file, ctx.block) != "python" {
            return None;
        }
        let all = self.project.file(ctx.file).index.assigns.get(root)?;
        // `openai.api_key = …`
        if !path.is_empty() && all.len() > 1 {
            return None;
        }
        let mut func = module.block(ctx.block).func;
        while func != FuncId(0) {
            let function = module.func(func);
            let bound = |name: &String| name == root;
            if function.outer_names.iter().any(bound) || function.params.iter().any(|param| bound(&param.name)) {
                return None;
            }
            let mut own = all.iter().filter(|(block, _)| module.block(*block).func == func);
            if let Some(&(block, index)) = own.next() {
                let Some(Stmt::Assign { place, value, .. }) = module.block(block).stmts.get(index as usize) else {
                    return None;
                };
                let frame = ctx.frame.clone().filter(|frame| frame.func == func && frame.file == ctx.file);
                let at = Ctx { file: ctx.file, block, index: index as usize, frame };
                return (place.path.is_empty() && own.next().is_none()).then_some((at, *value));
            }
            func = function.parent?;
        }
        None
    }

    pub(super) fn is_param(&self, ctx: &Ctx, name: &str) -> bool {
        let module = self.module(ctx.file);
        let mut func = Some(module.block(ctx.block).func);
        while let Some(id) = func {
            let function = module.func(id);
            if function.params.iter().any(|param| param.name == name) || function.receiver.as_deref() == Some(name) {
                return true;
            }
            func = function.parent;
        }
        false
    }

    /// Walks back from a point to the start of its function.
    pub(super) fn reach(&mut self, ctx: &Ctx, target: Target<'_>) -> Found {
        let module = self.module(ctx.file);
        let mut found = Found { open: vec![Arms::default()], ..Found::default() };
        let (mut block, mut index) = (ctx.block, ctx.index);
        loop {
            self.scan(ctx, target, block, index, &mut found);
            if found.open.is_empty() {
                break;
            }
            let Some((parent, at)) = module.block(block).parent else { break };
            if let Target::Place(root, _) = target
                && asks(&module.block(block).tests, root)
            {
                found.passed.push(Ctx { block: parent, index: at, ..ctx.clone() });
            }
            (block, index) = (parent, at);
        }
        found
    }

    /// Walks back through one block.
    fn scan(&mut self, ctx: &Ctx, target: Target<'_>, block: BlockId, upto: usize, found: &mut Found) {
        let module = self.module(ctx.file);
        let marks = self.marks(ctx.file, block);
        for index in marks.back(target, upto) {
            if found.open.is_empty() || self.fuel == 0 {
                return;
            }
            let stmt = &module.block(block).stmts[index];
            let here = Ctx { file: ctx.file, block, index, frame: ctx.frame.clone() };
            match stmt {
                Stmt::Assign { place, value, .. } => match target {
                    Target::Place(root, path) if place.root == root => {
                        self.fuel = self.fuel.saturating_sub(1);
                        self.assigned(&here, place, *value, path, found);
                    }
                    Target::Env(name) if env_place(place) == Some(name) => {
                        let alts = self.eval(&here, *value);
                        settle(found, alts);
                    }
                    Target::Place(root, path) if !path.is_empty() => {
                        self.written_by_call(&here, (root, path), *value, found);
                    }
                    _ => {}
                },
                // What is patched is as it was again behind the block that it is patched for.
                Stmt::Expr(expr)
                    if matches!(target, Target::Env(_))
                        && !is_within(module, ctx.block, block)
                        && patches_environment(module, *expr) => {}
                Stmt::Expr(expr) => self.effect(&here, target, *expr, found),
                Stmt::Branch(arms) => {
                    let writes = arms.iter().any(|arm| self.writes_within(ctx, target, *arm));
                    let exits: Vec<bool> = arms.iter().map(|arm| module.leaves(*arm)).collect();
                    if !writes {
                        self.pass_within(&here, target, arms, found);
                    }
                    if !writes && !exits.iter().any(|&exit| exit) {
                        continue;
                    }
                    self.fuel = self.fuel.saturating_sub(1);
                    let before = std::mem::take(&mut found.open);
                    let mut after = Vec::new();
                    let mut defaults = Vec::new();
                    let mut has_defaults = false;
                    for (&arm, exit) in arms.iter().zip(exits) {
                        if exit {
                            continue;
                        }
                        let body = module.block(arm);
                        let Some(lits) = self.tests(&here, &body.tests) else { continue };
                        let lits = self.passed_through(ctx, &here, arm, lits);
                        let mut open: Vec<Arms> = before.iter().filter_map(|open| open.merge(&lits)).collect();
                        if let Some(rows) = self.rows_tested(&here, &body.tests) {
                            open = open.iter().flat_map(|open| rows.iter().filter_map(|row| open.merge(row))).collect();
                        }
                        if open.is_empty() {
                            continue;
                        }
                        if !writes {
                            after.extend(open);
                            continue;
                        }
                        let mut inner = Found { open, passed: found.passed.clone(), ..Found::default() };
                        self.scan(ctx, target, arm, body.stmts.len(), &mut inner);
                        found.alts.extend(inner.alts);
                        found.tainted |= inner.tainted;
                        has_defaults |= inner.defaults.is_some();
                        let later = || found.defaults.clone().unwrap_or_else(|| vec![Alt::new(Value::Undefined)]);
                        let own = inner.defaults.unwrap_or_else(later);
                        defaults.extend(under(own, &lits));
                        after.extend(inner.open);
                    }
                    // What only some arms put in is there in those.
                    if has_defaults {
                        found.defaults = Some(defaults);
                    }
                    // Every arm leaves: what follows is reached some other way (a loop, a `finally`).
                    found.open = if after.is_empty() && !writes { before } else { after };
                    found.squeeze();
                    if matches!(target, Target::Place(root, _) if arms.iter().any(|arm| asks(&module.block(*arm).tests, root)))
                    {
                        found.passed.push(here);
                    }
                }
                Stmt::Block(inner) => {
                    let hidden = matches!(target, Target::Place(root, _) if module.block(*inner).declares.iter().any(|d| d == root));
                    if !hidden && self.writes_within(ctx, target, *inner) {
                        let len = module.block(*inner).stmts.len();
                        self.scan(ctx, target, *inner, len, found);
                    }
                }
                Stmt::Return(_) | Stmt::Exit | Stmt::Jump => {}
            }
        }
    }

    /// What holds for whoever comes through an arm to where the walk began: that no arm within it was taken that does not
    /// lead there.
    fn passed_through(&mut self, ctx: &Ctx, here: &Ctx, body: BlockId, arms: Arms) -> Arms {
        let known: Vec<_> = self.module(here.file).known_behind(body, ctx.block).collect();
        known.into_iter().fold(arms, |arms, (index, tests)| {
            let left = self.tests(&Ctx { block: body, index, ..here.clone() }, tests);
            left.and_then(|left| arms.merge(&left)).unwrap_or(arms)
        })
    }

    /// Notes the tests of the variable within arms that do not write it, which some arm failed by leaving.
    fn pass_within(&self, here: &Ctx, target: Target<'_>, arms: &[BlockId], found: &mut Found) {
        let Target::Place(root, _) = target else { return };
        for &body in arms {
            let left = self.module(here.file).known_before(body, usize::MAX);
            let asking = left.filter(|(_, tests)| asks(tests, root));
            found.passed.extend(asking.map(|(index, _)| Ctx { block: body, index, ..here.clone() }));
        }
    }

    /// An assignment to the looked-for variable or below it.
    fn assigned(&mut self, here: &Ctx, place: &crate::facts::Place, value: ExprId, path: &[String], found: &mut Found) {
        let known: Vec<&str> = place.path.iter().map_while(|step| step.as_deref()).collect();
        let fits = known.len() == place.path.len();
        if fits && known.len() <= path.len() && known.iter().zip(path).all(|(a, b)| same_field(a, b)) {
            let mut alts = self.eval(here, value);
            if let Some(name) = env_place(place) {
                alts = super::environment::asked(alts, name, self.location(here.file, value));
            }
            let (own, rest) = path.split_at(known.len());
            let after = Ctx { index: here.index + 1, ..here.clone() };
            if !rest.is_empty() {
                alts = self.assume_place(&after, &place.root, own, alts);
                alts = self.assume_passed(&found.passed, &place.root, own, alts);
                alts = self.without_properties(here.file, place, alts, &rest[0]);
                alts = self.fields(alts, rest);
            }
            let alts = self.assume_place(&after, &place.root, path, alts);
            let alts = self.assume_passed(&found.passed, &place.root, path, alts);
            settle(found, alts);
        } else if !fits && known.len() < path.len() && known.iter().zip(path).all(|(a, b)| a == b) {
            let key = place.key.filter(|_| place.path.len() == known.len() + 1);
            self.put_by_key(here, key, value, &path[known.len()..], found);
        }
    }

    /// Values of a variable with what they say to the tests that they have passed since.
    fn assume_passed(&mut self, passed: &[Ctx], root: &str, path: &[String], alts: Vec<Alt>) -> Vec<Alt> {
        passed.iter().fold(alts, |alts, ctx| self.assume_place(ctx, root, path, alts))
    }

    /// Whether a block or one inside it writes the target.
    fn writes_within(&self, ctx: &Ctx, target: Target<'_>, block: BlockId) -> bool {
        let module = self.module(ctx.file);
        let index = &self.project.file(ctx.file).index;
        let (writes, effects) = match target {
            Target::Place(root, path) => (index.assigns.get(root), !path.is_empty()),
            Target::Env(name) => (index.env_writes.get(name), false),
        };
        if writes.is_some_and(|all| all.iter().take(256).any(|(at, _)| is_within(module, *at, block))) {
            return true;
        }
        // A field may also be written by a call; such blocks are looked through.
        effects && {
            let Target::Place(root, _) = target else { return false };
            self.calls_with(ctx, block, root)
        }
    }

    /// Whether a statement of the block, or of one inside it, calls something on or with a variable.
    pub(super) fn calls_with(&self, ctx: &Ctx, block: BlockId, root: &str) -> bool {
        let module = self.module(ctx.file);
        let mut stack = vec![block];
        let mut budget = 200;
        while let Some(block) = stack.pop() {
            for stmt in &module.block(block).stmts {
                budget -= 1;
                if budget == 0 {
                    return true;
                }
                match stmt {
                    Stmt::Expr(expr) => {
                        if let ExprKind::Call(call) = module.kind(*expr) {
                            let on = !only_takes(module, call)
                                && self.chain(ctx, call.callee).is_some_and(|(name, _)| name == root);
                            if on || gets(module, *expr, root) {
                                return true;
                            }
                        }
                    }
                    Stmt::Assign { value, .. } if gets(module, *value, root) => return true,
                    Stmt::Branch(arms) => stack.extend(arms.iter().copied()),
                    Stmt::Block(inner) => stack.push(*inner),
                    _ => {}
                }
            }
        }
        false
    }

    /// A constant string or number, where the expression is one.
    pub(super) fn constant(&mut self, ctx: &Ctx, expr: ExprId) -> Option<String> {
        match self.module(ctx.file).kind(expr) {
            ExprKind::Str(text) => Some(text.expose().to_owned()),
            ExprKind::Const(text) => Some(text.clone()),
            // `AUTHORIZATION` and the like: the last word of a symbol.
            _ => match self.eval(ctx, expr).as_slice() {
                [Alt { value: Value::Str(text, _), .. }] => Some(text.expose().to_owned()),
                [Alt { value: Value::Symbol(symbol), .. }] => {
                    symbol.rsplit('.').next().filter(|word| word.chars().any(char::is_uppercase)).map(str::to_owned)
                }
                _ => None,
            },
        }
    }

    /// `a.b["c"]` as a root and a path of constants.
    pub(super) fn chain(&self, ctx: &Ctx, expr: ExprId) -> Option<(String, Vec<String>)> {
        let module = self.module(ctx.file);
        let mut path = Vec::new();
        let mut at = expr;
        loop {
            match module.kind(at) {
                ExprKind::Name(name) => {
                    path.reverse();
                    return Some((name.clone(), path));
                }
                ExprKind::Member(base, name) => {
                    path.push(name.clone());
                    at = *base;
                }
                ExprKind::Index(base, index) => {
                    match module.kind(*index) {
                        ExprKind::Str(text) => path.push(text.expose().to_owned()),
                        ExprKind::Const(text) => path.push(text.clone()),
                        _ => return None,
                    }
                    at = *base;
                }
                _ => return None,
            }
            if path.len() > 32 {
                return None;
            }
        }
    }
}

/// Whether a block is another one or stands in it.
fn is_within(module: &Module, at: BlockId, block: BlockId) -> bool {
    std::iter::successors(Some(at), |at| module.block(*at).parent.map(|(parent, _)| parent)).any(|at| at == block)
}

/// Whether tests may be about a variable.
fn asks(tests: &[Test], root: &str) -> bool {
    tests.iter().any(|test| test.subject.contains(root))
}
