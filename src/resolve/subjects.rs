//! Subjects: what an expression or a text is when it is tested, so that two tests are known to ask for the same.
//!
//! A name is the same as the name that it is a copy of; a parameter of a followed call is the caller's argument; a field of
//! the receiver is what the constructor was given for it. What changes a text's meaning makes it another subject.

use super::value::{Alt, Ctx, Value};
use super::{Resolver, predicates, words};
use crate::facts::{BlockId, ExprId, ExprKind, FuncId, Module, Place, Stmt};
use crate::finding::FileId;

/// Copies from name to name that are followed to the first.
const MAX_COPIES: usize = 8;

/// Methods whose result is equal to what they are called on.
pub(super) const LENDING: [&str; 7] = ["as_str", "as_ref", "as_deref", "clone", "into", "to_owned", "to_string"];

impl Resolver<'_> {
    /// The subject that stands for one execution of an expression.
    pub(super) fn place_subject(&mut self, ctx: &Ctx, expr: ExprId) -> u32 {
        let frame = ctx.frame.as_ref().map_or(0, |frame| frame.id);
        self.subjects.get(&format!("each:{}:{}:{frame}", ctx.file.0, expr.0))
    }

    /// The subject that an expression is when it is tested. Parameters of a followed call are the caller's arguments.
    pub(crate) fn subject_of_expr(&mut self, ctx: &Ctx, expr: ExprId) -> u32 {
        let key = (point(ctx), expr);
        if let Some(&known) = self.told_of.get(&key) {
            return known;
        }
        let subject = self.find_subject_of_expr(ctx, expr);
        self.told_of.insert(key, subject);
        subject
    }

    fn find_subject_of_expr(&mut self, ctx: &Ctx, expr: ExprId) -> u32 {
        let module = self.module(ctx.file);
        if let (Some(frame), ExprKind::Name(name)) = (&ctx.frame, module.kind(expr))
            && self.version(ctx, frame.func, name, name) == 0
            && let Some((value, caller)) = self.argument_of(frame, name)
        {
            return self.subject_of_expr(&caller, value);
        }
        if let Some(name) = self.env_name_of(ctx, expr) {
            return self.subjects.get(&format!("env:{name}"));
        }
        let source = &self.project.file(ctx.file).source;
        // Without what it is lent or copied by: `&provider`, `provider.as_str()`.
        let it = lent(module, expr);
        let text = match module.kind(it) {
            ExprKind::Name(name) if !name.contains(['@', '=']) => name.clone(),
            _ => match module.field_text(it) {
                Some(text) => text,
                None => crate::facts::squeeze(source.slice(module.span(it))),
            },
        };
        self.subject(ctx, &text)
    }

    /// The subject of a text, in the scope that binds its first name, as the last assignment left it.
    pub(super) fn subject(&mut self, ctx: &Ctx, text: &str) -> u32 {
        if text.starts_with("env:") {
            return self.subjects.get(text);
        }
        let tested = (point(ctx), self.constants.get(text));
        if let Some(&known) = self.told.get(&tested) {
            return known;
        }
        let subject = self.find_subject(ctx, text);
        self.told.insert(tested, subject);
        subject
    }

    fn find_subject(&mut self, ctx: &Ctx, text: &str) -> u32 {
        let place = predicates::asked_about(text);
        let root: String = place.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '@')).collect();
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
        if text == root
            && func == Some(module.block(ctx.block).func)
            && let Some((expr, at)) = self.copied_from(ctx, text)
            && (matches!(module.kind(lent(module, expr)), ExprKind::Name(_)) || self.env_name_of(&at, expr).is_none())
        {
            return self.subject_of_expr(&at, expr);
        }
        if let Some(method) = func.filter(|method| module.func(*method).receiver.as_deref() == Some(root.as_str())) {
            let subject = match text == root {
                true => self.subject_of_receiver(ctx, method),
                false => self.field_subject(ctx, method, &root, place, text),
            };
            if let Some(subject) = subject {
                return subject;
            }
        }
        let scope = func.map_or(0, |func| func.0);
        let version = func.map_or(0, |func| self.version(ctx, func, &root, place));
        let frame = ctx.frame.as_ref().filter(|frame| func == Some(frame.func));
        // Of a parameter of a followed call it is the caller's.
        if let Some(frame) = frame.filter(|frame| version == 0 && frame.file == ctx.file)
            && text == place
            && let Some(below) = text[root.len()..].strip_prefix('.')
            && let path = below.split('.').map(str::to_owned).collect::<Vec<_>>()
            && let Some((_, subject)) = self.handed(frame, &root, &path)
        {
            return subject;
        }
        if version == 0
            && text == place
            && let Some(func) = func
            && let Some(subject) = self.declared_field(ctx.file, func, &root, text)
        {
            return subject;
        }
        // What a parameter chooses differs from call to call: `config[name]`.
        let other = || ctx.frame.as_ref().filter(|frame| frame.file == ctx.file && self.names_parameter(frame, text));
        let frame = frame.or_else(other).map_or(0, |frame| frame.id);
        self.subjects.get(&format!("{}:{scope}:{frame}.{version}:{text}", ctx.file.0))
    }

    /// The subject of a field of a parameter whose class is declared, where it is what the methods of the class know the
    /// field by: `config.kind` of `config: Config` is their `self.kind`, and so is what a property of that name gives.
    fn declared_field(&mut self, file: FileId, func: FuncId, root: &str, text: &str) -> Option<u32> {
        let module = self.module(file);
        let field = text[root.len()..].strip_prefix('.')?;
        let function = module.func(func);
        let class = function.params.iter().find(|param| param.name == root)?.class.as_ref()?;
        let start = Ctx { file, block: function.body, index: 0, frame: None };
        let [Alt { value: Value::Made(made), .. }] = &self.variable(&start, class)[..] else { return None };
        let ExprKind::Class(class) = *self.module(made.ctx.file).kind(made.expr) else { return None };
        let (file, module) = (made.ctx.file, self.module(made.ctx.file));
        let data = &module.classes[class.index()];
        let method = data.methods.iter().find(|(method, _)| method == field).map(|(_, method)| *method);
        let given = method.map(|method| match module.block(module.func(method).body).stmts[..] {
            [Stmt::Return(Some(value))] => self.chain(&self.ctx_of(file, value), value),
            _ => None,
        });
        let field = match &given {
            Some(Some((_, path))) => path.first().filter(|_| path.len() == 1)?,
            Some(None) => return None,
            None => field,
        };
        let [(block, _, value)] = self.field_writes(file, class, field)[..] else { return None };
        let func = module.block(block).func;
        let is_plain = matches!(module.kind(lent(module, value)), ExprKind::Name(_));
        let receiver = module.func(func).receiver.as_ref()?;
        let text = format!("{receiver}.{field}");
        let block = module.func(func).body;
        let start = Ctx { file, block, index: module.block(block).stmts.len(), frame: None };
        (!is_plain).then(|| self.field_subject(&start, func, receiver, &text, &text))?
    }

    /// The subject of a field of the receiver: what a constructor is given is the same wherever the field that holds it is
    /// asked for, and what a method does not write is the same in all that do not.
    fn field_subject(&mut self, ctx: &Ctx, method: FuncId, root: &str, place: &str, text: &str) -> Option<u32> {
        let module = self.module(ctx.file);
        let class = module.func(method).class?;
        let below = place[root.len()..].strip_prefix('.')?;
        let field = below.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        let writes = self.field_writes(ctx.file, class, field);
        if let [(block, index, value)] = writes[..] {
            let func = module.block(block).func;
            if module.func(func).body == block && module.func(func).name.as_deref().is_some_and(words::fills_instance) {
                if text.len() == root.len() + 1 + field.len()
                    && module.func(func).name.as_deref().is_some_and(words::is_constructor)
                    && matches!(module.kind(lent(module, value)), ExprKind::Name(_))
                {
                    let made = match ctx.frame.as_ref().and_then(|frame| frame.receiver.clone()) {
                        Some(Value::Made(made)) => self.frame(ctx.file, func, made.expr, &made.ctx, None),
                        _ => ctx.frame.clone().filter(|frame| frame.func == func && frame.file == ctx.file),
                    };
                    let at = Ctx { file: ctx.file, block, index, frame: made };
                    return Some(self.subject_of_expr(&at, value));
                }
                return Some(self.subjects.get(&format!("0:field:0.0:{text}")));
            }
        }
        let written_here = writes.iter().any(|(block, ..)| module.block(*block).func == method);
        if written_here {
            return None;
        }
        let of_caller = self.subject_on_caller(ctx, method, place, text);
        Some(of_caller.unwrap_or_else(|| self.subjects.get(&format!("0:field:0.0:{text}"))))
    }

    /// The subject of a field of the receiver in a followed call of its method, as the caller writes it: what `self.kind` is
    /// in `config.key()` is `config.kind`.
    fn subject_on_caller(&mut self, ctx: &Ctx, method: FuncId, place: &str, text: &str) -> Option<u32> {
        let frame = ctx.frame.clone().filter(|frame| frame.func == method && frame.file == ctx.file)?;
        let module = self.module(frame.caller.file);
        let ExprKind::Call(call) = module.kind(frame.call) else { return None };
        let ExprKind::Member(of, _) = module.kind(call.callee) else { return None };
        let (root, path) = self.chain(&frame.caller, *of)?;
        let (_, below) = place.split_once('.')?;
        let there = text.replacen(place, &format!("{}.{below}", text_of(&root, &path)), 1);
        let subject = self.subject(&frame.caller, &there);
        self.note_asked(&frame.caller, subject, &there);
        Some(subject)
    }

    /// The subject of the receiver itself in a followed call of its method: what the caller calls it on. `match self` in two
    /// methods of an enumeration is about the same.
    fn subject_of_receiver(&mut self, ctx: &Ctx, method: FuncId) -> Option<u32> {
        let frame = ctx.frame.clone().filter(|frame| frame.func == method && frame.file == ctx.file)?;
        let module = self.module(frame.caller.file);
        let ExprKind::Call(call) = module.kind(frame.call) else { return None };
        let ExprKind::Member(of, _) = module.kind(call.callee) else { return None };
        self.chain(&frame.caller, lent(module, *of)).map(|_| self.subject_of_expr(&frame.caller, *of))
    }

    /// The name, or the field, that a variable is a mere copy of at a point, and where that was made: `q = p`, `q = o.p`,
    /// and what `(q, k) = (p, 1)` takes apart. A test of one is a test of the other.
    fn copied_from(&self, ctx: &Ctx, name: &str) -> Option<(ExprId, Ctx)> {
        let module = self.module(ctx.file);
        let mut found = None;
        // The element that is meant of what the variable holds, where it is a list.
        let mut element: Option<usize> = None;
        let (mut at, mut name) = (ctx.clone(), name);
        for _ in 0..MAX_COPIES {
            let Some((here, mut value)) = self.only_assignment(&at, name) else {
                return found.filter(|_| element.is_none());
            };
            if let (Some(number), ExprKind::List(items)) = (element, module.kind(value)) {
                let plain = items.iter().all(|item| !item.spread);
                value = items.get(number).filter(|_| plain)?.value;
                element = None;
            } else if let ExprKind::Index(base, number) = module.kind(value)
                && let (None, ExprKind::Const(number)) = (element, module.kind(*number))
            {
                (value, element) = (*base, Some(number.parse().ok()?));
            }
            let ExprKind::Name(next) = module.kind(lent(module, value)) else {
                let is_field = matches!(module.kind(lent(module, value)), ExprKind::Member(..));
                if is_field && element.is_none() && self.chain(&here, lent(module, value)).is_some() {
                    found = Some((value, here));
                }
                return found.filter(|_| element.is_none());
            };
            if element.is_none() {
                found = Some((value, here.clone()));
            }
            (at, name) = (here, next);
        }
        None
    }

    /// The one assignment of a variable that may have been made before a point of its function.
    fn only_assignment(&self, ctx: &Ctx, name: &str) -> Option<(Ctx, ExprId)> {
        let module = self.module(ctx.file);
        let func = module.block(ctx.block).func;
        let all = self.project.file(ctx.file).index.assigns.get(name)?;
        let mut before = all.iter().filter(|&&(block, at)| {
            module.block(block).func == func && is_before(module, name, (block, at as usize), (ctx.block, ctx.index))
        });
        let (&(block, at), None) = (before.next()?, before.next()) else { return None };
        match module.block(block).stmts.get(at as usize)? {
            Stmt::Assign { place, value, .. } if place.path.is_empty() => {
                Some((Ctx { block, index: at as usize, ..ctx.clone() }, *value))
            }
            _ => None,
        }
    }

    /// Which assignment in a function changed a text's meaning last, seen from a point; 0: none did. Inner functions
    /// run when all of them have been made.
    pub(super) fn version(&self, ctx: &Ctx, func: FuncId, root: &str, text: &str) -> u32 {
        let module = self.module(ctx.file);
        let own = module.block(ctx.block).func == func;
        let all = self.project.file(ctx.file).index.assigns.get(root).into_iter().flatten();
        let before = all.filter_map(|&(block, at)| {
            let Some(Stmt::Assign { span, place, value, .. }) = module.block(block).stmts.get(at as usize) else {
                return None;
            };
            let here = module.block(block).func == func
                && changes(place, &text[root.len()..])
                && !is_itself(module, place, *value)
                && (!own || is_before(module, root, (block, at as usize), (ctx.block, ctx.index)));
            here.then_some(span.start + 1)
        });
        before.max().unwrap_or(0)
    }
}

/// The point that a context stands at.
pub(super) fn point(ctx: &Ctx) -> super::Point {
    (ctx.file, ctx.block, ctx.index, ctx.frame.as_ref().map_or(0, |frame| frame.id))
}

/// A place as conditions write it.
pub(super) fn text_of(root: &str, path: &[String]) -> String {
    if path.is_empty() { root.to_owned() } else { format!("{root}.{}", path.join(".")) }
}

/// Whether a write changes what the rest of a text (`.kind`, after its first name) means.
fn changes(place: &Place, rest: &str) -> bool {
    let mut words = rest.split('.').skip(1);
    place.path.iter().all(|step| match (step, words.next()) {
        (Some(step), Some(word)) => word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_') == step,
        // `table[key] = …`
        (None, Some(_)) => true,
        (_, None) => false,
    })
}

/// Whether a value is what the variable was before, but for its case or the white space around it: `name = name.lower()`.
fn is_itself(module: &Module, place: &Place, value: ExprId) -> bool {
    let ExprKind::Call(call) = module.kind(value) else { return false };
    let ExprKind::Member(base, method) = module.kind(call.callee) else { return false };
    words::keeps(method)
        && call.args.is_empty()
        && place.path.is_empty()
        && matches!(module.kind(*base), ExprKind::Name(name) if *name == place.root)
}

/// What an expression lends or copies.
pub(super) fn lent(module: &Module, mut expr: ExprId) -> ExprId {
    for _ in 0..MAX_COPIES {
        let ExprKind::Call(call) = module.kind(expr) else { break };
        let ExprKind::Member(base, method) = module.kind(call.callee) else { break };
        if !call.args.is_empty() || !LENDING.contains(&method.as_str()) {
            break;
        }
        expr = *base;
    }
    expr
}

/// What an expression asks for a field by its name, or itself: `options` of `options.get("key")`.
pub(super) fn asked_of(module: &Module, expr: ExprId) -> ExprId {
    if let ExprKind::Call(call) = module.kind(expr)
        && let (ExprKind::Member(base, method), [name]) = (module.kind(call.callee), call.args.as_slice())
        && method == "get"
        && matches!(module.kind(name.value), ExprKind::Str(_))
    {
        return *base;
    }
    expr
}

/// Whether a statement may have run before another of its function, on the same variable.
fn is_before(module: &Module, root: &str, mut first: (BlockId, usize), point: (BlockId, usize)) -> bool {
    loop {
        let mut second = point;
        loop {
            if first.0 == second.0 {
                return first.1 < second.1;
            }
            match module.block(second.0).parent {
                Some(parent) => second = parent,
                None => break,
            }
        }
        // Its own variable ends with its block.
        let block = module.block(first.0);
        match block.parent {
            Some(parent) if !block.declares.iter().any(|name| name == root) => first = parent,
            _ => return false,
        }
    }
}
