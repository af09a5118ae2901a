//! What is called: full names of things from outside the project.

use std::sync::Arc;

use super::rows::ROW;
use super::value::{Alt, Ctx, Made, Value};
use super::{Arms, Resolver, under};
use crate::facts::{Call, ClassId, ExprId, ExprKind, Stmt};
use crate::finding::FileId;

impl Resolver<'_> {
    /// The call of `functools.partial` behind what is called, if it is one.
    pub fn partial(&mut self, ctx: &Ctx, callee: ExprId) -> Option<Arc<Made>> {
        let may_be = matches!(self.module(ctx.file).kind(callee), ExprKind::Name(_) | ExprKind::Call(_));
        if !may_be || self.project.file(ctx.file).source.language != crate::language::Language::Python {
            return None;
        }
        let alts = self.eval(ctx, callee);
        let [Alt { value: Value::Made(made), .. }] = alts.as_slice() else { return None };
        let made = made.clone();
        let ExprKind::Call(call) = self.module(made.ctx.file).kind(made.expr) else { return None };
        let callee = self.eval(&made.ctx.clone(), call.callee);
        let is_partial = |alt: &Alt| matches!(&alt.value, Value::Symbol(symbol) if symbol == "functools.partial");
        callee.iter().any(is_partial).then_some(made)
    }

    /// What is called, as full names: `openai.OpenAI`. Values that are not symbols are left out.
    pub fn callee_symbols(&mut self, ctx: &Ctx, call: &Call) -> Vec<String> {
        self.callee_choices(ctx, call).into_iter().map(|(symbol, _)| symbol).collect()
    }

    /// What is called, with what is assumed where it is: of a class from a row of a table, that it is this row.
    pub fn callee_choices(&mut self, ctx: &Ctx, call: &Call) -> Vec<(String, Vec<Arms>)> {
        // A function of another file is no client whatever it does: most imported names that are called are not worth
        // reading that file for.
        let is_name = matches!(self.module(ctx.file).kind(call.callee), ExprKind::Name(_));
        if is_name {
            self.called = Some(String::new());
        }
        let symbols = self.symbols_of_callee(ctx, call);
        if is_name {
            self.called = None;
        }
        let mark = self.subjects.get(ROW);
        let mut out: Vec<(String, Vec<Arms>)> = Vec::new();
        for (symbol, arms) in symbols {
            // That the class comes from a row says nothing of where its key and URL come from.
            let arms = arms.without(mark);
            match out.iter_mut().find(|(known, _)| *known == symbol) {
                Some((_, all)) => all.push(arms),
                None => out.push((symbol, vec![arms])),
            }
        }
        // What is called whatever is assumed needs nothing.
        out.iter_mut().filter(|(_, all)| all.contains(&Arms::default())).for_each(|(_, all)| all.clear());
        out.sort_by(|(one, _), (other, _)| one.cmp(other));
        out
    }

    fn symbols_of_callee(&mut self, ctx: &Ctx, call: &Call) -> Vec<(String, Arms)> {
        if let Some((file, class)) = self.super_class(ctx, call.callee) {
            let bases = self.base_symbols(file, class, 0).into_iter();
            return bases.map(|symbol| (symbol, Arms::default())).collect();
        }
        let mut out = Vec::new();
        for alt in self.eval(ctx, call.callee) {
            let symbols = match &alt.value {
                Value::Symbol(symbol) => vec![symbol.clone()],
                Value::Made(made) => self.symbols_of_made(ctx, call, made),
                _ => continue,
            };
            out.extend(symbols.into_iter().map(|symbol| (symbol, alt.arms.clone())));
        }
        out
    }

    /// The classes from outside that a class of the project, or a `functools.partial`, makes.
    fn symbols_of_made(&mut self, ctx: &Ctx, call: &Call, made: &Made) -> Vec<String> {
        if let ExprKind::Class(class) = *self.module(made.ctx.file).kind(made.expr) {
            // A subclass without a constructor of its own is made as its base is.
            return match self.own_constructor((made.ctx.file, class)) {
                Some(_) => Vec::new(),
                None => self.base_symbols(made.ctx.file, class, 0),
            };
        }
        let Some(made) = self.partial(ctx, call.callee) else { return Vec::new() };
        let ExprKind::Call(bound) = self.module(made.ctx.file).kind(made.expr) else { return Vec::new() };
        let Some(first) = bound.args.first() else { return Vec::new() };
        let alts = self.eval(&made.ctx.clone(), first.value).into_iter();
        let symbol = |alt: Alt| match alt.value {
            Value::Symbol(symbol) => Some(symbol),
            _ => None,
        };
        alts.filter_map(symbol).collect()
    }

    /// What is called, or inherited from. A CommonJS module that is one itself is what it exports.
    pub(super) fn called(&mut self, ctx: &Ctx, callee: ExprId) -> Vec<Alt> {
        if let Some(methods) = self.methods_called(ctx, callee) {
            return methods;
        }
        let alts = self.eval(ctx, callee);
        self.as_called(ctx, alts)
    }

    /// The methods of Rust types that are called: a field may have the same name, as that which a setter fills.
    fn methods_called(&mut self, ctx: &Ctx, callee: ExprId) -> Option<Vec<Alt>> {
        let ExprKind::Member(base, method) = self.module(ctx.file).kind(callee) else { return None };
        if !self.is_rust(ctx.file) {
            return None;
        }
        let receivers = self.eval(ctx, *base).into_iter();
        let methods = receivers.filter_map(|alt| Some(Alt { value: self.rust_method(&alt.value, method)?, ..alt }));
        Some(methods.collect()).filter(|methods: &Vec<Alt>| !methods.is_empty())
    }

    /// What a method is called on: of a module that exports one thing and no such name, `module.exports = config`, that.
    pub(super) fn as_exported(&mut self, ctx: &Ctx, receivers: Vec<Alt>, method: &str) -> Vec<Alt> {
        if self.language_at(ctx.file, ctx.block) != "javascript" {
            return receivers;
        }
        let mut out = Vec::with_capacity(receivers.len());
        for alt in receivers {
            let Value::Module(file) = alt.value else {
                out.push(alt);
                continue;
            };
            let (module, index) = (self.module(file), &self.project.file(file).index);
            let exports = |name: &str| module.exports.iter().any(|(exported, _)| exported == name);
            if exports("default") && !exports(method) && !index.assigns.contains_key(method) {
                out.extend(under(self.exported(file, "default"), &alt.arms));
            } else {
                out.push(alt);
            }
        }
        out
    }

    /// What values are where they are called.
    pub(super) fn as_called(&mut self, ctx: &Ctx, alts: Vec<Alt>) -> Vec<Alt> {
        let is_module = |alt: &Alt| matches!(alt.value, Value::Module(_));
        if !alts.iter().any(is_module) || self.language_at(ctx.file, ctx.block) != "javascript" {
            return alts;
        }
        let (modules, mut out): (Vec<Alt>, Vec<Alt>) = alts.into_iter().partition(is_module);
        out.extend(self.fields(modules, &["default".to_owned()]));
        out
    }

    /// The classes that one of a class's bases may be; `None` for what is no class of the project.
    pub(super) fn base(&mut self, file: FileId, base: ExprId) -> Vec<Option<(FileId, ClassId)>> {
        let alts = self.called(&self.ctx_of(file, base), base);
        let class = |alt: &Alt| match &alt.value {
            Value::Made(made) => match *self.module(made.ctx.file).kind(made.expr) {
                ExprKind::Class(class) => Some((made.ctx.file, class)),
                _ => None,
            },
            _ => None,
        };
        alts.iter().map(class).collect()
    }

    /// The class that the constructor comes from, where a class has none of its own.
    pub(super) fn first_base(&mut self, (file, class): (FileId, ClassId)) -> Option<(FileId, ClassId)> {
        let &first = self.module(file).classes[class.index()].bases.first()?;
        *self.base(file, first).first()?
    }

    /// The class whose base `super().__init__(...)` or `super(...)` makes.
    pub fn super_class(&self, ctx: &Ctx, callee: ExprId) -> Option<(FileId, ClassId)> {
        let module = self.module(ctx.file);
        let is_super = |expr: ExprId| matches!(module.kind(expr), ExprKind::Name(name) if name == "super");
        let calls_super = match module.kind(callee) {
            // Python's `super()` alone makes nothing.
            ExprKind::Name(name) => name == "super" && self.language_at(ctx.file, ctx.block) != "python",
            ExprKind::Member(base, name) => {
                name == "__init__" && matches!(module.kind(*base), ExprKind::Call(call) if is_super(call.callee))
            }
            _ => false,
        };
        let class = module.func(module.block(ctx.block).func).class?;
        calls_super.then_some((ctx.file, class))
    }

    /// The full names of a class's bases from outside the project.
    fn base_symbols(&mut self, file: FileId, class: ClassId, depth: u32) -> Vec<String> {
        let mut out = Vec::new();
        for &base in &self.module(file).classes[class.index()].bases {
            for alt in self.called(&self.ctx_of(file, base), base) {
                match &alt.value {
                    Value::Symbol(symbol) => out.push(symbol.clone()),
                    Value::Made(made) if depth < 8 => {
                        if let ExprKind::Class(next) = *self.module(made.ctx.file).kind(made.expr) {
                            out.extend(self.base_symbols(made.ctx.file, next, depth + 1));
                        }
                    }
                    _ => {}
                }
            }
        }
        out
    }

    /// A field that an object has from the one that it stands for: `def __getattr__(self, name): return getattr(self._it, name)`.
    pub(super) fn delegated(&mut self, (file, class): (FileId, ClassId), name: &str) -> Option<Vec<Alt>> {
        let module = self.module(file);
        let mut methods = module.classes[class.index()].methods.iter();
        let &(_, func) = methods.find(|(method, _)| method == "__getattr__")?;
        let [asked] = module.func(func).params.as_slice() else { return None };
        let index = &self.project.file(file).index;
        let mut calls = index.calls.get("getattr").into_iter().flatten().filter_map(|call| {
            let (block, index) = module.points[call.index()];
            let ExprKind::Call(data) = module.kind(*call) else { return None };
            let [of, field] = data.args.as_slice() else { return None };
            let is_it = module.block(block).func == func
                && matches!(module.kind(field.value), ExprKind::Name(name) if *name == asked.name)
                && matches!(module.block(block).stmts.get(index as usize), Some(Stmt::Return(Some(value))) if value == call);
            is_it.then_some((block, index, of.value))
        });
        let (Some((block, index, of)), None) = (calls.next(), calls.next()) else { return None };
        let ctx = Ctx { file, block, index: index as usize, frame: None };
        Some(self.field_path(&ctx, of, &[name.to_owned()]))
    }

    /// The thing of a module that an object stands for which imports it when it is asked: `openai = Lazy("openai")`.
    pub(super) fn lazy_module(&self, ctx: &Ctx, call: &Call, of: (FileId, ClassId), name: &str) -> Option<String> {
        let module = self.module(of.0);
        let methods = &module.classes[of.1.index()].methods;
        let index = &self.project.file(of.0).index;
        let imports = |name: &&str| {
            let mut calls = index.calls.get(*name).into_iter().flatten();
            calls.any(|call| module.func(module.block(module.points[call.index()].0).func).class == Some(of.1))
        };
        if name.starts_with('_')
            || !methods.iter().any(|(method, _)| method == "__getattr__")
            || methods.iter().any(|(method, _)| method == name)
            || !["import_module", "__import__"].iter().any(imports)
        {
            return None;
        }
        let texts = call.args.iter().filter_map(|arg| match self.module(ctx.file).kind(arg.value) {
            ExprKind::Str(text) if arg.name.is_none() => Some(text.expose()),
            _ => None,
        });
        let is_module = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
        texts.into_iter().next().filter(|text| is_module(text)).map(|text| format!("{text}.{name}"))
    }
}
