//! What frameworks give parameters: FastAPI's dependencies, pytest's fixtures, what Nest and Angular provide for a token.

use super::value::{Alt, Ctx, Value};
use super::{Resolver, words};
use crate::facts::{Entry, ExprId, ExprKind, FuncId, Stmt};
use crate::finding::FileId;

impl Resolver<'_> {
    /// What a framework gives a parameter: `key: str = Depends(get_key)`, `@Inject(TOKEN) key: string`.
    pub(super) fn dependency(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let default = module.func(func).params[number].default?;
        let ExprKind::Call(call) = module.kind(default) else { return None };
        let at = self.ctx_of(ctx.file, default);
        let callee = self.eval(&at, call.callee);
        let is_one_of = |names: &[&str]| {
            callee.iter().any(|alt| matches!(&alt.value, Value::Symbol(symbol) if names.contains(&symbol.as_str())))
        };
        if is_one_of(words::INJECTIONS) {
            return self.provided(&at, call.args.first()?.value);
        }
        let injects = is_one_of(words::DEPENDENCIES);
        // `config: Config = Depends()`: an object of the parameter's own class.
        if injects && call.args.is_empty() {
            return Some(vec![Alt::unknown()]);
        }
        // One that gives nothing is there to be replaced.
        let alts = injects.then(|| self.eval(&at, default))?;
        let gives = alts.iter().all(|alt| !matches!(alt.value, Value::Null | Value::Undefined));
        Some(if gives { alts } else { vec![Alt::unknown()] })
    }

    /// What pytest gives a parameter of a test or a fixture: what the fixture of its name returns, in the file or in the
    /// nearest `conftest.py`.
    pub(super) fn fixture(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Option<Vec<Alt>> {
        let function = self.module(ctx.file).func(func);
        let is_test = function.name.as_deref().is_some_and(|name| name.starts_with("test"));
        if self.language_at(ctx.file, function.body) != "python" || !(is_test || self.is_fixture(ctx.file, func)) {
            return None;
        }
        let name = &function.params[number].name;
        let module = self.module(ctx.file);
        let class = function.class.map(|class| &module.classes[class.index()]);
        // What `@pytest.mark.parametrize("url", […])` gives stands before any fixture.
        let decorators = class.map_or(&[][..], |class| class.decorators.as_slice());
        let gives = |&decorator: &ExprId| match module.kind(decorator) {
            ExprKind::Call(call) => call.args.first().is_some_and(|arg| match module.kind(arg.value) {
                ExprKind::Str(names) => names.expose().split(',').any(|given| given.trim() == name),
                _ => true,
            }),
            _ => false,
        };
        let is_mark = |decorator: &&ExprId| match module.kind(**decorator) {
            ExprKind::Call(call) => {
                matches!(module.kind(call.callee), ExprKind::Member(_, last) if last == "parametrize")
            }
            _ => false,
        };
        if function.decorators.iter().chain(decorators).filter(is_mark).any(gives) {
            return None;
        }
        if let Some(class) = class
            && let Some(&(_, own)) = class.methods.iter().rev().find(|(method, own)| method == name && *own != func)
        {
            return self.is_fixture(ctx.file, own).then(|| self.returns(ctx.file, own, None));
        }
        let path = &self.project.file(ctx.file).path;
        let folders = path.ancestors().skip(1).take(8).map(|folder| folder.join("conftest.py"));
        let conftests = folders.filter_map(|path| self.project.by_path.get(&path).copied());
        for file in std::iter::once(ctx.file).chain(conftests) {
            let module = self.module(file);
            for (block, index) in self.project.file(file).index.assigns.get(name).into_iter().flatten() {
                let Some(Stmt::Assign { value, .. }) = module.block(*block).stmts.get(*index as usize) else {
                    continue;
                };
                if let ExprKind::Func(fixture) = *module.kind(*value)
                    && (file, fixture) != (ctx.file, func)
                    && self.is_fixture(file, fixture)
                {
                    return Some(self.returns(file, fixture, None));
                }
            }
        }
        None
    }

    /// Whether a function is decorated as one of pytest's fixtures: `@pytest.fixture(scope="session")`.
    fn is_fixture(&self, file: FileId, func: FuncId) -> bool {
        let module = self.module(file);
        module.func(func).decorators.iter().any(|&decorator| {
            let callee = match module.kind(decorator) {
                ExprKind::Call(call) => call.callee,
                _ => decorator,
            };
            matches!(module.kind(callee), ExprKind::Name(name) | ExprKind::Member(_, name) if name == "fixture")
        })
    }

    /// What Cloudflare gives a worker's functions: its variables, `fetch(request, env)`, `scheduled(event, env)`, or an object
    /// that has them, `onRequest(context)` of Pages and `app.get("/", (c) => …)` of Hono.
    pub(super) fn of_worker(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Option<Vec<Alt>> {
        if self.project.file(ctx.file).source.language.name() != "javascript" {
            return None;
        }
        let module = self.module(ctx.file);
        let function = module.func(func);
        let name = &function.params[number].name;
        let at = self.project.file(ctx.file).index.function_exprs.get(&func).copied();
        let holder = at.and_then(|at| Some((at, module.parents[at.index()]?)));
        let given = match (number, holder.map(|(at, holder)| (at, holder, module.kind(holder)))) {
            (1, Some((at, _, ExprKind::Object(object)))) if name == "env" => {
                let handles = |entry: &Entry| {
                    matches!(entry, Entry::Field { key: Some(key), value, .. } if *value == at
                    && matches!(key.as_str(), "fetch" | "scheduled" | "queue" | "email" | "tail"))
                };
                object.entries.iter().any(handles).then_some("cloudflare:workers.env")?
            }
            // A durable object is made with its state and the variables.
            (1, _) if name == "env" && function.name.as_deref().is_some_and(words::is_constructor) => {
                matches!(function.params[0].name.as_str(), "state" | "ctx").then_some("cloudflare:workers.env")?
            }
            (0, _) if function.name.as_deref().is_some_and(|name| name.starts_with("onRequest")) => {
                "cloudflare:workers"
            }
            (0, Some((_, call, ExprKind::Call(data)))) => {
                let ExprKind::Member(app, _) = module.kind(data.callee) else { return None };
                let at = self.ctx_of(ctx.file, call);
                let apps = self.eval(&at, *app);
                let [Alt { value: Value::Made(made), .. }] = apps.as_slice() else { return None };
                let ExprKind::Call(made_by) = self.module(made.ctx.file).kind(made.expr) else { return None };
                let made_by = self.eval(&made.ctx.clone(), made_by.callee);
                let is_hono = |alt: &Alt| matches!(&alt.value, Value::Symbol(symbol) if symbol.ends_with(".Hono"));
                made_by.iter().any(is_hono).then_some("cloudflare:workers")?
            }
            _ => return None,
        };
        Some(vec![Alt::new(Value::Symbol(given.to_owned()))])
    }

    /// What the program says that is given for a token, where it says so once: `{ provide: TOKEN, useValue: key }`.
    fn provided(&mut self, ctx: &Ctx, token: ExprId) -> Option<Vec<Alt>> {
        self.rests_on_others();
        let token = self.eval(ctx, token);
        let project = self.project;
        let mut found = None;
        for id in project.ids() {
            for &provider in &project.file(id).index.providers {
                let at = self.ctx_of(id, provider);
                let Some(of) = self.written_as(id, provider, "provide") else { continue };
                let of = self.eval(&at, of);
                let is_it = match (of.as_slice(), token.as_slice()) {
                    ([Alt { value: Value::Str(of, _), .. }], [Alt { value: Value::Str(token, _), .. }]) => of == token,
                    ([Alt { value: of @ (Value::Made(_) | Value::Symbol(_)), .. }], [token]) => {
                        of.is_same(&token.value)
                    }
                    _ => false,
                };
                if is_it && found.replace((at, provider)).is_some() {
                    return None;
                }
            }
        }
        let (at, provider) = found?;
        if let Some(value) = self.written_as(at.file, provider, "useValue") {
            return Some(self.eval(&at, value));
        }
        let factory = self.written_as(at.file, provider, "useFactory")?;
        Some(self.eval_through(&at, factory))
    }
}
