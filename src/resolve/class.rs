//! Classes: their fields, and those of the objects that they make.

use std::sync::Arc;

use super::instance::{field_argument, has_spread};
use super::value::{Alt, Ctx, Frame, Step, StepKind, Value};
use super::{Arms, Resolver, under};
use crate::facts::{BlockId, ClassId, ExprId, ExprKind, FuncId, Span, Spread, Stmt};
use crate::finding::{FileId, Location};
use crate::text::Text;

/// How a class's constructor runs that of its base.
enum Super {
    /// By one call.
    By(Arc<Frame>),
    /// Not at all.
    Left,
    /// Nobody knows.
    Open,
}

impl Resolver<'_> {
    /// The class of a name in a file.
    pub(super) fn class_named(&self, file: FileId, name: &str) -> Option<ClassId> {
        let classes = &self.module(file).classes;
        classes.iter().position(|class| class.name == name).map(|number| ClassId(number as u32))
    }

    /// A field of a class: in its body, or its bases'. `instance` is the call that made the object, if known.
    pub(super) fn class_field(
        &mut self,
        file: FileId,
        class: ClassId,
        name: &str,
        instance: Option<&Arc<Frame>>,
        depth: u32,
    ) -> Vec<Alt> {
        if depth > 8 || self.fuel == 0 {
            return vec![Alt::unknown()];
        }
        self.fuel -= 1;
        let module = self.module(file);
        let data = &module.classes[class.index()];
        if let Some(field) = data.fields.iter().rev().find(|field| field.name == name) {
            let at = Location { file, span: field.span };
            // pydantic's settings read the variable of the field's name first.
            if self.reads_environment(file, class) {
                let ctx = Ctx { frame: None, ..self.end_of(file) };
                let alts = self.setting(&ctx, class, field);
                return self.filled_after((file, class), name, alts, None);
            }
            if instance.is_none() && self.is_filled_by_call(file, class) {
                let (sites, more) = self.makers((file, class));
                if let Some(alts) = self.as_made((file, class), name, &sites, more) {
                    return alts;
                }
            }
            let step = Step { at, kind: StepKind::Name(name.to_owned()) };
            // Whoever makes a data class may give it, and the types that have a trait say it, whose files are looked for by
            // this step.
            let is_open = data.is_trait || self.is_filled_by_call(file, class);
            let steps = if is_open { vec![step.clone()] } else { Vec::new() };
            let open = Alt { steps, ..Alt::new(Value::Unknown(Some((name.to_owned(), at)))) };
            let mut alts = match field.value {
                Some(value) => match self.automatic(file, class, name, value) {
                    Some(member) => vec![Alt::new(Value::Str(member, at))],
                    None => self.default_of(file, value),
                },
                None => Vec::new(),
            };
            for alt in alts.iter_mut().filter(|alt| !matches!(alt.value, Value::Made(_) | Value::Symbol(_))) {
                alt.steps.push(step.clone());
            }
            if alts.is_empty() || self.is_filled_by_constructor(file, class) {
                alts.push(open);
            }
            return self.filled_after((file, class), name, alts, None);
        }
        if let Some((_, func)) = data.methods.iter().find(|(method, _)| method == name) {
            // A property reads as its result; a method as itself.
            let (function, property) = (module.func(*func), module.is_property(*func));
            // What has to be replaced is never what runs.
            if self.is_abstract(file, *func) {
                return vec![Alt::new(Value::Unknown(Some((name.to_owned(), Location { file, span: function.span }))))];
            }
            if property {
                let frame = instance.map(|made| self.asked_of_made(file, *func, made).unwrap_or_else(|| made.clone()));
                return self.returns(file, *func, frame);
            }
            return vec![Alt::new(Value::Receiver(file, *func))];
        }
        // One after the other: what the first has is not asked of the next.
        for &base in &data.bases {
            for base in self.base(file, base) {
                let Some(base) = base else { return vec![Alt::unknown()] };
                let alts = self.inherited((file, class), base, name, instance, depth + 1);
                if !alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
                    return alts;
                }
            }
        }
        self.of_traits((file, class), name).unwrap_or_else(|| vec![Alt::new(Value::Undefined)])
    }

    /// A property as it is asked of the object that a call of a constructor makes: its fields are those of this object.
    fn asked_of_made(&mut self, file: FileId, property: FuncId, made: &Arc<Frame>) -> Option<Arc<Frame>> {
        match self.module(made.caller.file).kind(made.call) {
            ExprKind::Call(call) if self.super_class(&made.caller, call.callee).is_none() => {}
            // A member of an enumeration.
            ExprKind::List(_) => {}
            _ => return None,
        }
        let object = self.made(&made.caller, made.call);
        self.frame(file, property, made.call, &made.caller, Some(object))
    }

    /// The member of an enumeration of texts that has its own name for a value: `RELAY = auto()`.
    fn automatic(&mut self, file: FileId, class: ClassId, name: &str, value: ExprId) -> Option<Text> {
        let module = self.module(file);
        let ExprKind::Call(call) = module.kind(value) else { return None };
        if !matches!(module.kind(call.callee), ExprKind::Name(name) | ExprKind::Member(_, name) if name == "auto") {
            return None;
        }
        let of_texts = |alt: &Alt| matches!(&alt.value, Value::Symbol(base) if base == "enum.StrEnum");
        let bases = &module.classes[class.index()].bases;
        let is_one = bases.iter().any(|&base| self.eval(&self.ctx_of(file, base), base).iter().any(of_texts));
        is_one.then(|| Text::new(name.to_lowercase()))
    }

    /// Whether the calls that make a class say what its fields hold: a data class without a constructor of its own.
    fn is_filled_by_call(&self, file: FileId, class: ClassId) -> bool {
        self.is_dataclass(file, class) && self.own_constructor((file, class)).is_none()
    }

    /// The data class that declares a field of a class which is made by its fields: itself, or one that it inherits from.
    pub(super) fn filled_holder(&mut self, class: (FileId, ClassId), name: &str) -> Option<(FileId, ClassId)> {
        let mut at = class;
        for _ in 0..8 {
            if !self.is_filled_by_call(at.0, at.1) {
                return None;
            }
            if self.module(at.0).classes[at.1.index()].fields.iter().any(|field| field.name == name) {
                return Some(at);
            }
            at = self.first_base(at)?;
        }
        None
    }

    /// A field of a data class, by calls that make one: each is a choice like any other.
    fn as_made(
        &mut self,
        class: (FileId, ClassId),
        name: &str,
        sites: &[(FileId, ExprId)],
        more: bool,
    ) -> Option<Vec<Alt>> {
        let mut out = Vec::new();
        for &(at, call) in sites {
            let Some(arms) = Arms::default().with(self.object_of(class, (at, call))) else { continue };
            let arms = match self.filled_by(class, (at, call)) {
                Some(made) => arms.with(made),
                None => Some(arms),
            };
            let given = self.given_field(&self.ctx_of(at, call), call, class, name);
            out.extend(arms.into_iter().flat_map(|arms| under(given.clone(), &arms)));
        }
        // Where nobody knows what any of them gives, what the class itself says is worth as much.
        if out.iter().all(|alt| matches!(alt.value, Value::Unknown(_))) {
            return None;
        }
        if more {
            out.push(Alt::unknown());
        }
        Some(out)
    }

    /// A field that the data class which a class inherits from gives it, by the calls that make this class and no other.
    fn inherited_as_made(&mut self, own: (FileId, ClassId), base: (FileId, ClassId), name: &str) -> Option<Vec<Alt>> {
        let fields = &self.module(base.0).classes[base.1.index()].fields;
        if !self.is_filled_by_call(base.0, base.1) || !fields.iter().any(|field| field.name == name) {
            return None;
        }
        if self.own_constructor(own).is_none() {
            let (sites, more) = self.makers(own);
            return self.as_made(base, name, &sites, more);
        }
        let (mut sites, _) = self.makers(base);
        sites.retain(|&(at, call)| {
            let module = self.module(at);
            at == own.0 && module.func(module.block(module.points[call.index()].0).func).class == Some(own.1)
        });
        self.as_made(base, name, &sites, false).or_else(|| Some(vec![Alt::unknown()]))
    }

    /// What a call that makes a data class gives a field, and what its `__post_init__` makes of that.
    pub(super) fn given_field(&mut self, ctx: &Ctx, call: ExprId, class: (FileId, ClassId), name: &str) -> Vec<Alt> {
        let given = self.handed_field(ctx, call, class, name);
        self.filled_after(class, name, given, Some((ctx, call)))
    }

    /// What a method that runs after an object has been made by its fields leaves one of them with; `call` makes it.
    pub(super) fn filled_after(
        &mut self,
        (file, class): (FileId, ClassId),
        name: &str,
        given: Vec<Alt>,
        call: Option<(&Ctx, ExprId)>,
    ) -> Vec<Alt> {
        let module = self.module(file);
        let mut methods = module.classes[class.index()].methods.iter();
        let Some((_, func)) = methods.find(|(method, _)| super::words::fills_after(method)) else { return given };
        let function = module.func(*func);
        let writes = self.field_writes(file, class, name);
        let asked = (file, class, self.constants.get(name));
        let Some(receiver) = &function.receiver else { return given };
        if !writes.iter().any(|(block, ..)| module.block(*block).func == *func) || self.is_being_written(asked) {
            return given;
        }
        let path = [name.to_owned()];
        let frame = call.and_then(|(ctx, call)| {
            let made = self.made(ctx, call);
            self.frame(file, *func, call, ctx, Some(made))
        });
        let start = Ctx { file, block: function.body, index: 0, frame };
        let end = Ctx { index: module.block(function.body).stmts.len(), ..start.clone() };
        let given = self.assume_place(&start, receiver, &path, given);
        self.writing.push((asked, given.clone()));
        let found = self.reach(&end, super::lookup::Target::Place(receiver, &path));
        self.writing.pop();
        let mut out = Vec::new();
        for alt in &given {
            out.extend(under(found.alts.clone(), &alt.arms));
            out.extend(found.open.iter().flat_map(|open| under(vec![alt.clone()], open)));
        }
        if out.is_empty() { vec![Alt::unknown()] } else { out }
    }

    /// The argument of a field's name or position, else the default.
    pub(super) fn handed_field(&mut self, ctx: &Ctx, call: ExprId, class: (FileId, ClassId), name: &str) -> Vec<Alt> {
        let ExprKind::Call(data) = self.module(ctx.file).kind(call) else { return vec![Alt::unknown()] };
        let of = &self.module(class.0).classes[class.1.index()];
        if let Some(value) = field_argument(of, data, name) {
            return self.eval(ctx, value);
        }
        let default = of.fields.iter().rev().find(|field| field.name == name).and_then(|field| field.value);
        let mut alts = default.map_or_else(Vec::new, |value| self.default_of(class.0, value));
        // `Options(**row)`: what the mapping has is known where the mapping is.
        if let [arg] = data.args.as_slice()
            && arg.spread == Spread::Keyword
        {
            let given = self.field_path(ctx, arg.value, &[name.to_owned()]);
            let mut out = Vec::new();
            for alt in given {
                let open = matches!(alt.value, Value::Unknown(_));
                if open || matches!(alt.value, Value::Undefined) {
                    out.extend(under(alts.clone(), &alt.arms));
                }
                if open || !matches!(alt.value, Value::Undefined) {
                    out.push(alt);
                }
            }
            return if out.is_empty() { vec![Alt::unknown()] } else { out };
        }
        if has_spread(data) || alts.is_empty() {
            alts.push(Alt::unknown());
        }
        alts
    }

    /// A field that a base gives to a class.
    fn inherited(
        &mut self,
        own: (FileId, ClassId),
        (file, class): (FileId, ClassId),
        name: &str,
        instance: Option<&Arc<Frame>>,
        depth: u32,
    ) -> Vec<Alt> {
        if instance.is_none()
            && let Some(alts) = self.inherited_as_made(own, (file, class), name)
        {
            return alts;
        }
        if self.own_constructor(own).is_some() {
            return match self.super_call(own, (file, class), instance) {
                Super::Left => self.class_field(file, class, name, None, depth),
                Super::Open => self.attribute(file, class, name, None, depth),
                Super::By(frame) => self.attribute(file, class, name, Some(&frame), depth),
            };
        }
        let constructor = self.constructor_of((file, class));
        let Some(constructor) = constructor.filter(|&constructor| self.takes_arguments(constructor)) else {
            // Who makes it does not matter: the answer is the same for all.
            return self.attribute(file, class, name, None, depth);
        };
        if instance.is_some() {
            return self.attribute(file, class, name, instance, depth);
        }
        // It is made as its base is: by who makes this class, not by who makes another one of that base.
        let (sites, more) = self.heir_sites(constructor, own);
        let mut out = Vec::new();
        for frame in &sites {
            let alts = self.attribute(file, class, name, Some(frame), depth);
            let site = self.run_by(constructor, (frame.caller.file, frame.call));
            let arms = Arms::default().with(site);
            out.extend(arms.into_iter().flat_map(|arms| under(alts.clone(), &arms)));
        }
        if (more || out.is_empty())
            && let Some(&base) = self.module(own.0).classes[own.1.index()].bases.first()
        {
            // Whoever else makes it gives arguments that nobody knows: the base as written stands for that call.
            let ctx = self.ctx_of(own.0, base);
            let frame = self.frame(constructor.0, constructor.1, base, &ctx, None);
            let at = self.location(own.0, base);
            for mut alt in self.attribute(file, class, name, frame.as_ref(), depth) {
                if matches!(alt.value, Value::Unknown(_)) {
                    alt.steps.push(Step { at, kind: StepKind::Param(name.to_owned()) });
                }
                out.push(alt);
            }
        }
        out
    }

    /// The constructor that a class has itself.
    pub(super) fn own_constructor(&self, (file, class): (FileId, ClassId)) -> Option<FuncId> {
        let mut methods = self.module(file).classes[class.index()].methods.iter();
        methods.find(|(method, _)| super::words::is_constructor(method)).map(|(_, func)| *func)
    }

    /// The constructor that runs where a class is made: its own, or the one of its nearest base that has one.
    pub(super) fn constructor_of(&mut self, class: (FileId, ClassId)) -> Option<(FileId, FuncId)> {
        let mut at = class;
        for _ in 0..8 {
            if let Some(func) = self.own_constructor(at) {
                return Some((at.0, func));
            }
            at = self.first_base(at)?;
        }
        None
    }

    pub(super) fn takes_arguments(&self, (file, func): (FileId, FuncId)) -> bool {
        !self.module(file).func(func).params.is_empty()
    }

    /// A field that is asked of the class itself: what its body says and what functions write there, whenever they run.
    pub(super) fn static_field(&mut self, file: FileId, class: ClassId, name: &str) -> Vec<Alt> {
        // Of a Rust type it is that of an object where it is no constant.
        let is_declared = |field: &crate::facts::Field| field.name == name && field.value.is_none();
        if self.is_rust(file) && self.module(file).classes[class.index()].fields.iter().any(is_declared) {
            return self.attribute(file, class, name, None, 0);
        }
        let alts = self.class_field(file, class, name, None, 0);
        let writes = self.static_writes(file, class, name);
        // Another file may have put it there.
        let absent =
            writes.is_empty() && !alts.is_empty() && alts.iter().all(|alt| matches!(alt.value, Value::Undefined));
        if absent && self.project.file(file).source.language.name() == "javascript" {
            let at = Location { file, span: Span::default() };
            return vec![Alt::new(Value::Unknown(Some((name.to_owned(), at))))];
        }
        self.or_written(file, alts, &writes, &[])
    }

    /// Where functions write a field of a class: `Config.key = …`, and `cls.key = …` in methods of the class.
    fn static_writes(&self, file: FileId, class: ClassId, name: &str) -> Vec<(BlockId, usize)> {
        let module = self.module(file);
        let data = &module.classes[class.index()];
        let is_static = |func: FuncId, root: &str| {
            let function = module.func(func);
            let of_class = |&d: &ExprId| matches!(module.kind(d), ExprKind::Name(name) if name == "classmethod");
            function.receiver.as_deref() == Some(root)
                && function.class == Some(class)
                && !function.name.as_deref().is_some_and(super::words::fills_instance)
                && (root == "this" || function.decorators.iter().any(of_class))
        };
        let mut out = Vec::new();
        for root in [data.name.as_str(), "this", "cls"] {
            for &(block, index) in self.project.file(file).index.assigns.get(root).into_iter().flatten() {
                let func = module.block(block).func;
                if func != FuncId(0)
                    && (root == data.name || is_static(func, root))
                    && let Some(Stmt::Assign { place, .. }) = module.block(block).stmts.get(index as usize)
                    && matches!(place.path.as_slice(), [Some(field)] if field == name)
                {
                    out.push((block, index as usize));
                }
            }
        }
        out
    }

    /// What is known of a parameter by its class alone. In TypeScript a framework makes an object of it; in Python one of
    /// settings reads the same variables, whoever made it, and one that needs nothing fills its fields itself; in Rust it is
    /// what the project makes of the type.
    pub(super) fn of_hint(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Option<Value> {
        let function = self.module(ctx.file).func(func);
        let name = function.params[number].class.clone()?;
        let start = Ctx { file: ctx.file, block: function.body, index: 0, frame: None };
        let alts = self.variable(&start, &name);
        let [Alt { value: Value::Made(made), .. }] = alts.as_slice() else { return None };
        let ExprKind::Class(class) = *self.module(made.ctx.file).kind(made.expr) else { return None };
        let file = made.ctx.file;
        let is_python = self.project.file(file).source.language == crate::language::Language::Python;
        if is_python && !self.fills_itself(file, class) && !self.reads_environment(file, class) {
            return None;
        }
        let methods = &self.module(file).classes[class.index()].methods;
        let mut objects = methods.iter().filter(|(_, method)| self.module(file).func(*method).receiver.is_some());
        let is_left = |(_, method): &&(String, FuncId)| self.is_trait((file, class)) && self.is_abstract(file, *method);
        let object = objects.clone().find(is_left).or_else(|| objects.next());
        // What a Rust type's functions make of it is the same for all of them.
        let object = object.or_else(|| methods.first().filter(|_| self.is_rust(file)));
        Some(object.map_or_else(|| alts[0].value.clone(), |(_, method)| Value::Receiver(file, *method)))
    }

    /// Whether objects of a value's class are read from data, too: `#[derive(Deserialize)]`.
    pub(super) fn is_read_from_data(&self, value: &Value) -> bool {
        let Value::Receiver(file, func) = value else { return false };
        let module = self.module(*file);
        let Some(class) = module.func(*func).class else { return false };
        let is_mark = |mark: &ExprId| matches!(module.kind(*mark), ExprKind::Name(name) if name == "Deserialize");
        self.is_rust(*file) && module.classes[class.index()].decorators.iter().any(is_mark)
    }

    /// How the constructor of a class runs the one of its only base: what other subclasses hand on, or leave to a
    /// default, is not this one's.
    fn super_call(
        &mut self,
        (file, class): (FileId, ClassId),
        (base_file, base_class): (FileId, ClassId),
        instance: Option<&Arc<Frame>>,
    ) -> Super {
        let module = self.module(file);
        let of_base = self.own_constructor((base_file, base_class));
        let (Some(own), Some(of_base)) = (self.own_constructor((file, class)), of_base) else { return Super::Open };
        if module.classes[class.index()].bases.len() != 1 {
            return Super::Open;
        }
        let index = &self.project.file(file).index;
        let named = ["super", "__init__"].iter().flat_map(|name| index.calls.get(*name).into_iter().flatten());
        let inside = named.copied().filter(|call| module.block(module.points[call.index()].0).func == own);
        let mut found = None;
        for call in inside.collect::<Vec<_>>() {
            let ExprKind::Call(data) = module.kind(call) else { continue };
            let at = self.ctx_of(file, call);
            if self.super_class(&at, data.callee).is_some() {
                if found.replace(call).is_some() {
                    return Super::Open;
                }
            } else if let ExprKind::Member(of, _) = module.kind(data.callee) {
                // `Base.__init__(self)`: of another class, this one's is left out.
                let is_other = |alt: &Alt| match &alt.value {
                    Value::Made(made) => {
                        let kind = self.project.file(made.ctx.file).module.kind(made.expr);
                        matches!(kind, ExprKind::Class(other) if (made.ctx.file, *other) != (base_file, base_class))
                    }
                    _ => false,
                };
                if !self.eval(&at, *of).iter().all(is_other) {
                    return Super::Open;
                }
            }
        }
        let Some(call) = found else {
            let is_python = self.project.file(file).source.language == crate::language::Language::Python;
            return if is_python { Super::Left } else { Super::Open };
        };
        let frame = instance.filter(|frame| frame.func == own && frame.file == file).cloned();
        let ctx = Ctx { frame, ..self.ctx_of(file, call) };
        self.frame(base_file, of_base, call, &ctx, None).map_or(Super::Open, Super::By)
    }

    /// Whether the values of the class body are defaults that its constructor may replace: a dataclass, or a class
    /// with a base from outside, however far up, which may be one.
    fn is_filled_by_constructor(&mut self, file: FileId, class: ClassId) -> bool {
        let mut stack = vec![(file, class)];
        let mut budget = 16;
        // What a Rust type has besides its fields is constant.
        if self.is_rust(file) {
            return false;
        }
        while let Some((file, class)) = stack.pop() {
            budget -= 1;
            if budget == 0 || self.is_dataclass(file, class) {
                return true;
            }
            for &base in &self.module(file).classes[class.index()].bases {
                for alt in self.eval(&self.ctx_of(file, base), base) {
                    if matches!(&alt.value, Value::Symbol(base) if super::words::PLAIN_BASES.contains(&base.as_str())) {
                        continue;
                    }
                    let Value::Made(made) = &alt.value else { return true };
                    let ExprKind::Class(next) = *self.module(made.ctx.file).kind(made.expr) else { return true };
                    stack.push((made.ctx.file, next));
                }
            }
        }
        false
    }

    /// Whether the fields of a class are read from the environment: `class Settings(BaseSettings)`, or what inherits from it.
    pub(super) fn reads_environment(&mut self, file: FileId, class: ClassId) -> bool {
        self.lineage((file, class)).into_iter().any(|(file, class)| {
            let module = self.module(file);
            module.classes[class.index()].bases.iter().any(|&base| {
                matches!(module.kind(base), ExprKind::Name(name) | ExprKind::Member(_, name) if name == "BaseSettings")
            })
        })
    }

    /// A class and those of the project that it inherits from first, in order.
    pub(super) fn lineage(&mut self, class: (FileId, ClassId)) -> Vec<(FileId, ClassId)> {
        let mut at = Some(class);
        (0..8)
            .map_while(|_| {
                let class = at?;
                at = self.first_base(class);
                Some(class)
            })
            .collect()
    }

    /// The end of a file's top level.
    fn end_of(&self, file: FileId) -> Ctx {
        let body = self.module(file).func(FuncId(0)).body;
        Ctx { file, block: body, index: self.module(file).block(body).stmts.len(), frame: None }
    }

    pub(super) fn is_dataclass(&self, file: FileId, class: ClassId) -> bool {
        let module = self.module(file);
        let named = |&base: &ExprId| matches!(module.kind(base), ExprKind::Name(n) | ExprKind::Member(_, n) if n == "NamedTuple");
        if module.classes[class.index()].bases.iter().any(named) {
            return true;
        }
        module.classes[class.index()].decorators.iter().any(|&decorator| {
            let at = match module.kind(decorator) {
                ExprKind::Call(call) => call.callee,
                _ => decorator,
            };
            matches!(module.kind(at), ExprKind::Name(n) | ExprKind::Member(_, n) if matches!(n.as_str(), "dataclass" | "define" | "frozen" | "s"))
        })
    }
}
