//! The calls of a function: in its file, and in those that import it.

use std::path::Path;
use std::sync::Arc;

use super::value::{Alt, Ctx, Frame, Value};
use super::{Heir, Resolver, Sites, words};
use crate::facts::{Call, ClassId, ExprId, ExprKind, FuncId, Module, Spread, Stmt};
use crate::finding::FileId;
use crate::project::File;

/// Work allowed for finding the calls of one function.
const SITES_FUEL: u32 = 600;
/// How many times the calls of one function are found by those of another.
const MAX_NESTED: usize = 2;
/// Files that are looked through for calls of one function.
const MAX_CALLERS: usize = 64;
/// Calls of one function that are followed.
const MAX_SITES: usize = 32;
/// What tests put something in the place of an attribute with.
const PATCHERS: [&str; 3] = ["patch", "setattr", "object"];
/// What tests put something in the place of a whole package with: `jest.mock("openai")`.
const MOCKERS: [&str; 3] = ["mock", "doMock", "unstable_mockModule"];
/// In the place of a constructor, where a class has none.
const NO_FUNC: FuncId = FuncId(u32::MAX);

impl Resolver<'_> {
    /// The calls of a function, as frames: those of its own file, then those of the files that import it. And whether
    /// there may be others.
    pub(super) fn call_sites(&mut self, file: FileId, func: FuncId) -> (Vec<Arc<Frame>>, bool) {
        self.sites((file, func), None)
    }

    /// The calls of a constructor that make one class which inherits it.
    pub(super) fn heir_sites(
        &mut self,
        constructor: (FileId, FuncId),
        class: (FileId, ClassId),
    ) -> (Vec<Arc<Frame>>, bool) {
        self.sites(constructor, Some(class))
    }

    /// The calls that make a class which has no constructor written out, whose arguments are its fields: a data class.
    pub(super) fn makers(&mut self, class: (FileId, ClassId)) -> (Vec<(FileId, ExprId)>, bool) {
        let sites = self.sites_of((class.0, NO_FUNC), Some(class));
        (sites.calls.clone(), sites.more)
    }

    fn sites(&mut self, (file, func): (FileId, FuncId), heir: Heir) -> (Vec<Arc<Frame>>, bool) {
        let sites = self.sites_of((file, func), heir);
        let is_inner = func != NO_FUNC && self.module(file).func(func).parent.is_some_and(|around| around != FuncId(0));
        let frame = |&(at, call): &(FileId, ExprId)| {
            let ctx = self.ctx_of(at, call);
            let maker = if is_inner { self.maker_at(&ctx, call, (file, func)) } else { None };
            self.frame_of((file, func), call, &ctx, None, maker)
        };
        (sites.calls.iter().filter_map(frame).collect(), sites.more)
    }

    /// The call that has made the function which another one calls.
    fn maker_at(&mut self, ctx: &Ctx, call: ExprId, (file, func): (FileId, FuncId)) -> Option<Arc<Frame>> {
        let ExprKind::Call(data) = self.module(ctx.file).kind(call) else { return None };
        let callees = self.called(ctx, data.callee);
        let mut makers = callees.iter().filter_map(|alt| match &alt.value {
            Value::Made(made) if matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::Func(other) if (made.ctx.file, *other) == (file, func)) => {
                self.maker(made)
            }
            _ => None,
        });
        makers.next().filter(|_| makers.next().is_none())
    }

    /// The variables that a file gives what a function gives back, and its calls that are called at once:
    /// `const relay = provider(url)`, `provider(url)(key)`.
    fn held_results<'f>(of: &'f File, names: &[&str]) -> (Vec<&'f str>, Vec<ExprId>) {
        let module = &of.module;
        let (mut held, mut at_once) = (Vec::new(), Vec::new());
        for &call in names.iter().flat_map(|name| of.index.calls.get(*name).into_iter().flatten().take(64)) {
            if let Some(outer) = module.parents[call.index()] {
                if matches!(module.kind(outer), ExprKind::Call(data) if data.callee == call) {
                    at_once.push(outer);
                }
                continue;
            }
            let (block, index) = module.points[call.index()];
            if let Some(Stmt::Assign { place, value, .. }) = module.block(block).stmts.get(index as usize)
                && *value == call
            {
                held.push(place.path.last().and_then(Option::as_deref).unwrap_or(&place.root));
            }
        }
        (held, at_once)
    }

    /// The names of the function around one that gives it back: `(url) => (key) => …`.
    fn made_by_names(of: &File, func: FuncId) -> Vec<&str> {
        let module = &of.module;
        let function = module.func(func);
        let around = function.parent.filter(|around| *around != FuncId(0) && function.class.is_none());
        let Some(around) = around else { return Vec::new() };
        let is_it = |value: ExprId| match module.kind(value) {
            ExprKind::Func(given) => *given == func,
            ExprKind::Name(given) => function.name.as_ref() == Some(given),
            _ => false,
        };
        let body = &module.block(module.func(around).body).stmts;
        if !body.iter().any(|stmt| matches!(stmt, Stmt::Return(Some(value)) if is_it(*value))) {
            return Vec::new();
        }
        let own = module.func(around).name.as_deref();
        own.into_iter().chain(of.index.variables_of(around)).collect()
    }

    fn sites_of(&mut self, (file, func): (FileId, FuncId), heir: Heir) -> Arc<Sites> {
        self.rests_on_others();
        if self.depth >= super::DEPTH - 2 {
            return Arc::default();
        }
        // Whether `x.connect(k, u)` is a call of the function may depend on who calls the one that it is in, and so on.
        if self.nested >= MAX_NESTED {
            return Arc::new(Sites { more: true, ..Sites::default() });
        }
        if let Some(known) = self.found_elsewhere(&(file, func, heir)) {
            known
        } else if let Some(known) = self.known().sites.get(&(file, func, heir)).cloned() {
            self.recall(&known)
        } else {
            // Asked for while it is being answered: a function that is called with its own result.
            self.known().sites.insert((file, func, heir), super::Answer::default());
            let fuel = std::mem::replace(&mut self.fuel, SITES_FUEL);
            let before = self.rests;
            self.nested += 1;
            let sites = self.find_sites(file, func, heir);
            self.nested -= 1;
            self.fuel = fuel.saturating_sub(1);
            let answer = self.answer(sites, before);
            self.known().sites.insert((file, func, heir), answer.clone());
            answer.found
        }
    }

    fn find_sites(&mut self, file: FileId, func: FuncId, heir: Heir) -> Sites {
        let project = self.project;
        let function = (func != NO_FUNC).then(|| self.module(file).func(func));
        let name = function.and_then(|function| function.name.as_deref());
        let constructor = function.is_none() || name.is_some_and(words::is_constructor);
        let mut names: Vec<&str> = Vec::new();
        let own = function.and_then(|function| function.class).map(|class| (file, class));
        let class = heir.or(own).filter(|_| constructor);
        if let Some((of, class)) = class {
            names.push(&self.module(of).classes[class.index()].name);
        } else {
            names.extend(name);
        }
        // `const connect = (k, u) => …`: the variable's name.
        for name in project.file(file).index.variables_of(func) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let language = project.file(file).source.language.name();
        let is_decorated = match class {
            Some((of, class)) => !self.module(of).classes[class.index()].decorators.is_empty(),
            None => function.is_some_and(|function| !function.decorators.is_empty()),
        };
        let mut out: Vec<(FileId, ExprId)> = Vec::new();
        if let Some((of, class)) = class {
            out.extend(self.members(of, class).into_iter().map(|member| (of, member)));
        }
        let mut callers = project.above(class.map_or(file, |(of, _)| of));
        let mut more = callers.len() > MAX_CALLERS;
        // What a class inherits from calls its methods, too. In Rust that is the type itself, which others import.
        if let Some(own) = own.filter(|_| !constructor) {
            let bases: Vec<FileId> = match self.is_rust(file) {
                true => self.first_base(own).map_or_else(Vec::new, |(of, _)| project.above(of).to_vec()),
                false => self.lineage(own).into_iter().map(|(of, _)| of).collect(),
            };
            let bases: Vec<FileId> = bases.into_iter().filter(|of| !callers.contains(of)).collect();
            if !bases.is_empty() {
                callers = callers.iter().copied().take(MAX_CALLERS.saturating_sub(bases.len())).chain(bases).collect();
            }
        }
        if class.is_some() {
            // Classes that inherit the constructor are made by it, too.
            let mut known = 0;
            while let Some(&name) = names.get(known) {
                known += 1;
                for &at in callers.iter().take(MAX_CALLERS) {
                    for &heir in project.file(at).index.heirs.get(name).into_iter().flatten() {
                        let name = self.module(at).classes[heir.index()].name.as_str();
                        if self.own_constructor((at, heir)).is_none() && !names.contains(&name) {
                            names.push(name);
                        }
                    }
                }
            }
        }
        // `const relay = provider(url)`: whoever calls the variable calls the function.
        let makers = if func == NO_FUNC { Vec::new() } else { Self::made_by_names(project.file(file), func) };
        let mut at_once: Vec<(FileId, ExprId)> = Vec::new();
        for &at in callers.iter().take(MAX_CALLERS).filter(|_| !makers.is_empty()) {
            let (held, calls) = Self::held_results(project.file(at), &makers);
            names.extend(held);
            at_once.extend(calls.into_iter().map(|call| (at, call)));
        }
        // What a test calls something with is not what the program does, where that calls it, too.
        let in_test = |id: FileId| is_test(&project.file(id).path);
        let (tests, own): (Vec<FileId>, Vec<FileId>) =
            callers.iter().take(MAX_CALLERS).copied().partition(|&at| in_test(at) && !in_test(file));
        for at in own.into_iter().chain(tests) {
            if in_test(at) && !in_test(file) && !out.is_empty() {
                break;
            }
            let other = project.file(at);
            if other.source.language.name() != language {
                continue;
            }
            let mut here: Vec<&str> = names.clone();
            if constructor {
                here.extend(["cls", "super", "__init__"]);
            }
            if at != file {
                let renamed = names.iter().chain(&["default"]).filter_map(|name| other.index.renamed.get(*name));
                here.extend(renamed.flatten().map(String::as_str));
            }
            if !constructor {
                here = here.iter().flat_map(|name| other.index.alias_names(name)).collect();
            }
            here.sort_unstable();
            here.dedup();
            let tasks = TASKS.iter().filter(|_| is_decorated);
            let runners = RUNNERS.iter().chain(tasks).filter(|_| language == "python");
            let handed = runners.flat_map(|name| other.index.calls.get(*name).into_iter().flatten()).filter(|call| {
                let module = &other.module;
                let ExprKind::Call(data) = module.kind(**call) else { return false };
                let last = |of: ExprId| match module.kind(of) {
                    ExprKind::Name(name) | ExprKind::Member(_, name) => here.contains(&name.as_str()),
                    _ => false,
                };
                bound(module, data).is_some_and(|bound| last(bound.func))
            });
            let before = out.len();
            let calls = here.iter().flat_map(|name| other.index.calls.get(*name).into_iter().flatten().take(64));
            let made = at_once.iter().filter(|(of, _)| *of == at).map(|(_, call)| call);
            for &call in calls.chain(handed.take(64)).chain(made) {
                if out.len() >= MAX_SITES {
                    more = true;
                } else if !is_repeated(other, call, at, &out) && self.is_site(at, call, (file, func), class) {
                    out.push((at, call));
                }
            }
            if out.len() > before && in_test(at) && !in_test(file) && self.replaces_import(at, file) {
                out.truncate(before);
            }
        }
        // Who imports a class by a text may give it anything.
        more |= class.is_some_and(|(of, class)| project.named.contains(&self.module(of).classes[class.index()].name));
        let only_tests = !out.is_empty() && out.iter().all(|(at, _)| in_test(*at)) && !in_test(file);
        Sites { calls: out, more: more || only_tests || self.fuel == 0 }
    }

    /// Whether a test, or a `conftest.py` around it, puts something of its own in the place of what another file imports, of
    /// a client's class perhaps: `patch("app.OpenAI")`, `monkeypatch.setattr(app, "OpenAI", Fake)`, `vi.mock("openai")`; or
    /// answers the requests itself. What it calls that file's functions with then goes nowhere.
    fn replaces_import(&self, test: FileId, file: FileId) -> bool {
        let path = &self.project.file(test).path;
        let folders = path.ancestors().skip(1).take(8).map(|folder| folder.join("conftest.py"));
        let around = folders.filter_map(|path| self.project.by_path.get(&path).copied());
        std::iter::once(test).chain(around).any(|id| self.patches(id, file) || self.answers_requests(id))
    }

    fn patches(&self, test: FileId, file: FileId) -> bool {
        let (module, calls) = (self.module(test), &self.project.file(test).index.calls);
        let imported = |name: &str| {
            let module = self.module(file);
            self.project.file(file).index.assigns.get(name).into_iter().flatten().any(|&(block, index)| {
                matches!(module.block(block).stmts.get(index as usize),
                    Some(Stmt::Assign { value, .. }) if matches!(module.kind(*value), ExprKind::Import(_)))
            })
        };
        let named = |names: &'static [&str]| names.iter().flat_map(|name| calls.get(*name).into_iter().flatten());
        let given = |call: ExprId, says: &dyn Fn(&str) -> bool| {
            let ExprKind::Call(call) = module.kind(call) else { return false };
            let mut texts = call.positional().take(2);
            texts.any(|arg| matches!(module.kind(arg.value), ExprKind::Str(text) if says(text.expose())))
        };
        let patched = |text: &str| imported(text.rsplit('.').next().unwrap_or_default());
        named(&PATCHERS).any(|&call| given(call, &patched))
            || named(&MOCKERS).any(|&call| given(call, &|text| self.imports_from(file, text)))
    }

    /// Whether a file imports something from a package, by the package's name.
    fn imports_from(&self, file: FileId, package: &str) -> bool {
        let is_it = |kind: &ExprKind| matches!(kind, ExprKind::Import(import) if import.module == package);
        !package.starts_with('.') && self.module(file).exprs.iter().any(|expr| is_it(&expr.kind))
    }

    /// Whether something of a test's answers the requests that are made in it: it imports `respx`, or asks for `httpx_mock`.
    fn answers_requests(&self, test: FileId) -> bool {
        let module = self.module(test);
        let is_known = |name: &str| words::ANSWERS_REQUESTS.contains(&name);
        module.functions.iter().flat_map(|function| &function.params).any(|param| is_known(&param.name))
            || module.expr_ids().any(|expr| match module.kind(expr) {
                ExprKind::Import(import) => is_known(import.module.split('.').next().unwrap_or_default()),
                _ => false,
            })
    }

    /// Whether a call is one of a function, or makes the class whose constructor it is.
    fn is_site(&mut self, at: FileId, call: ExprId, of: (FileId, FuncId), made: Heir) -> bool {
        let module = self.module(at);
        let ExprKind::Call(data) = module.kind(call) else { return false };
        let class = (of.1 != NO_FUNC).then(|| self.module(of.0).func(of.1).class).flatten();
        let caller = module.block(module.points[call.index()].0).func;
        // A recursive call passes on what it was given.
        if (at, caller) == of {
            return false;
        }
        // `self.connect(k, u)` in the same class, without asking what `self` is.
        if let ExprKind::Member(base, _) = module.kind(data.callee)
            && made.is_none()
            && at == of.0
            && matches!(module.kind(*base), ExprKind::Name(root)
                if module.func(caller).receiver.as_deref() == Some(root))
            && class.is_some()
            && module.func(caller).class == class
        {
            return true;
        }
        // `cls(k, u)` in a method of the class.
        if let ExprKind::Name(root) = module.kind(data.callee)
            && made.is_some()
            && at == of.0
            && module.func(caller).receiver.as_deref() == Some(root)
            && module.func(caller).class == class
        {
            return true;
        }
        let ctx = self.ctx_of(at, call);
        // `super().__init__(k, u)` in a class that inherits from it.
        if let Some(made) = made
            && let Some((file, heir)) = self.super_class(&ctx, data.callee)
        {
            let bases = &self.module(file).classes[heir.index()].bases;
            return bases.first().is_some_and(|&base| {
                self.base(file, base).into_iter().flatten().any(|base| self.is_made_as(base, made))
            });
        }
        // Of `Base.__init__(self, k)` the arguments stand one further on.
        if matches!(module.kind(data.callee), ExprKind::Member(_, name) if name == "__init__") {
            return false;
        }
        let runner = bound(module, data);
        let callees = self.called(&ctx, data.callee);
        // `form.submit(f)`, where the program has a function of that name: it does as it likes.
        let called = match module.kind(data.callee) {
            ExprKind::Name(name) | ExprKind::Member(_, name) => Some(name),
            _ => None,
        };
        let has_its_own = || module.functions.iter().any(|function| function.name.as_ref() == called);
        let is_own = |alt: &Alt| match &alt.value {
            Value::Made(made) => matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::Func(_)),
            Value::Receiver(..) => true,
            _ => false,
        };
        let runner = runner.filter(|_| !callees.iter().any(is_own) && !has_its_own());
        let callees = match runner {
            Some(runner) => self.called(&ctx, runner.func),
            None => callees,
        };
        callees.iter().any(|alt| match &alt.value {
            Value::Made(value) => match *self.module(value.ctx.file).kind(value.expr) {
                ExprKind::Func(func) => (value.ctx.file, func) == of,
                ExprKind::Class(class) => made.is_some_and(|made| self.is_made_as((value.ctx.file, class), made)),
                _ => false,
            },
            Value::Receiver(file, func) => (*file, *func) == of,
            _ => false,
        })
    }

    /// Whether a class is another one, or inherits its constructor from it.
    fn is_made_as(&mut self, class: (FileId, ClassId), other: (FileId, ClassId)) -> bool {
        let mut at = class;
        for _ in 0..8 {
            if at == other {
                return true;
            }
            if self.own_constructor(at).is_some() {
                return false;
            }
            let Some(base) = self.first_base(at) else { return false };
            at = base;
        }
        false
    }
}

/// Functions and methods that call a function, now or later, with the arguments behind it.
pub(super) const RUNNERS: [&str; 6] = ["partial", "to_thread", "submit", "enqueue", "run_in_executor", "Thread"];
/// Methods of a task of a queue, which a decorator makes of a function.
const TASKS: [&str; 3] = ["delay", "remote", "send"];

/// How a call hands a function on together with arguments for it.
pub(super) struct Bound {
    /// The function.
    pub(super) func: ExprId,
    /// How many arguments stand before those of the function.
    pub(super) skip: usize,
    /// More arguments come later: `functools.partial`.
    pub(super) partial: bool,
    /// It is a task of a queue, which gives a function `self` where that asks for it first.
    pub(super) task: bool,
    /// The arguments are a tuple and a mapping: `Thread(target=f, args=(…), kwargs={…})`.
    pub(super) packed: Option<(Option<ExprId>, Option<ExprId>)>,
}

/// The function that a call hands on with arguments: `partial(f, a)`, `asyncio.to_thread(f, a)`, `pool.submit(f, a)`.
pub(super) fn bound(module: &Module, call: &Call) -> Option<Bound> {
    let (ExprKind::Name(name) | ExprKind::Member(_, name)) = module.kind(call.callee) else { return None };
    let value = |name: &str| call.named(name).map(|arg| arg.value);
    let at = |number: usize| {
        call.args.get(number).filter(|arg| arg.name.is_none() && arg.spread == Spread::No).map(|arg| arg.value)
    };
    let (func, skip, packed) = match name.as_str() {
        "partial" => (at(0)?, 1, None),
        "to_thread" | "submit" | "enqueue" => (at(0)?, 1, None),
        // A task of celery's, `run.delay(key)`, of Ray's or of dramatiq's is the function that was made one.
        task if TASKS.contains(&task) => match *module.kind(call.callee) {
            ExprKind::Member(task, _) if matches!(module.kind(task), ExprKind::Name(_)) => (task, 0, None),
            _ => return None,
        },
        "run_in_executor" => (at(1)?, 2, None),
        "Thread" => (value("target")?, 0, Some((value("args"), value("kwargs")))),
        _ => return None,
    };
    let task = TASKS.contains(&name.as_str());
    Some(Bound { func, skip, partial: name == "partial", task, packed })
}

/// Whether the same call stands in the same statement already: it gives what that one gives.
fn is_repeated(file: &File, call: ExprId, at: FileId, known: &[(FileId, ExprId)]) -> bool {
    let module = &file.module;
    let text = |call: ExprId| file.source.slice(module.span(call));
    known
        .iter()
        .rev()
        .take_while(|(other, _)| *other == at)
        .any(|&(_, other)| module.points[other.index()] == module.points[call.index()] && text(other) == text(call))
}

/// Whether a file is a test by its name or its folders': what it calls something with is not what the program does.
pub(crate) fn is_test(path: &Path) -> bool {
    let folder = |name: &std::ffi::OsStr| {
        matches!(name.to_str(), Some("test" | "tests" | "__tests__" | "__mocks__" | "spec" | "e2e" | "testing"))
    };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    name.starts_with("test_")
        || name.starts_with("conftest.")
        || [".test.", ".spec.", "_test."].iter().any(|part| name.contains(part))
        || path.parent().is_some_and(|dir| dir.iter().any(folder))
}
