//! Fields of what a call or a literal makes of a class.

use std::sync::Arc;

use super::value::{Alt, Ctx, Made, Value};
use super::{Arms, Lit, Resolver, under};
use crate::facts::TYPE_ARGUMENT;
use crate::facts::{BlockId, Call, Class, ClassId, Entry, ExprId, ExprKind, FuncId, Place, Spread, Stmt};
use crate::finding::FileId;

impl Resolver<'_> {
    /// A field of a Rust struct: what its literals in the file give it.
    pub(super) fn struct_field(&mut self, file: FileId, ty: &str, name: &str) -> Vec<Alt> {
        let project = self.project;
        let index = &project.file(file).index;
        let mut out = Vec::new();
        let subject = self.subjects.get(&format!("new:{}:{ty}", file.0));
        let module = self.module(file);
        let own = index.literals.get(ty).into_iter().flatten().copied();
        let selfs = index.literals.get("Self").into_iter().flatten().copied().filter(|&expr| {
            let (block, _) = module.points[expr.index()];
            let class = module.func(module.block(block).func).class;
            class.is_some_and(|class| module.classes[class.index()].name == ty)
        });
        for expr in own.chain(selfs).take(16) {
            let value = self.place((file, expr));
            let lit = Lit { subject, value: Some(value), negated: false };
            let Some(arms) = Arms::default().with(lit) else { continue };
            let made = self.made(&self.ctx_of(file, expr), expr);
            let alts = self.fields(vec![Alt::new(made)], &[name.to_owned()]);
            let func = module.block(module.points[expr.index()].0).func;
            let alts = self.as_made_by(file, func, alts);
            out.extend(under(alts, &arms));
        }
        out.retain(|alt| !matches!(alt.value, Value::Undefined));
        out
    }

    /// What a function that makes objects is given, with what is done to the object that each of its calls makes:
    /// `Self::new(key).url(url).build()` has run `url` and no other method that writes fields. An object that only fills
    /// another up, `Self { url, ..Self::new(key) }`, is none by itself.
    pub(super) fn as_made_by(&mut self, file: FileId, func: FuncId, alts: Vec<Alt>) -> Vec<Alt> {
        let Some(class) = self.module(file).func(func).class else { return alts };
        let subject = self.calls_of((file, func));
        let mut out = Vec::with_capacity(alts.len());
        for alt in alts {
            let call = alt.arms.lits().iter().find(|lit| lit.subject == subject && !lit.negated);
            match call.and_then(|call| self.place_of_call(self.constants.name(call.value?))) {
                None => out.push(alt),
                Some(call) => {
                    let done = self
                        .done_to((file, class), call)
                        .and_then(|done| done.with(self.object_of((file, class), call)));
                    let arms = done.and_then(|done| alt.arms.merge(&done));
                    out.extend(arms.map(|arms| Alt { arms, ..alt }));
                }
            }
        }
        out
    }

    /// Whether the variable that is given a value has a method called by a statement beside: `let llm = Llm::new(key);
    /// llm.at(url);`.
    fn runs_on_variable(&self, at: FileId, value: ExprId, method: &str) -> bool {
        let module = self.module(at);
        let (block, index) = module.points[value.index()];
        let variable = match module.block(block).stmts.get(index as usize) {
            Some(Stmt::Assign { place, value: given, .. }) if *given == value && place.path.is_empty() => &place.root,
            _ => return false,
        };
        let calls = self.project.file(at).index.calls.get(method).into_iter().flatten();
        calls.copied().any(|call| match module.kind(call) {
            ExprKind::Call(data) => {
                module.points[call.index()].0 == block
                    && matches!(module.kind(data.callee), ExprKind::Member(base, _)
                        if matches!(module.kind(*base), ExprKind::Name(name) if name == variable))
            }
            _ => false,
        })
    }

    /// What a setter writes whose calls stand in the chains of builders, each with what is done to the object of its chain; and
    /// what other calls make it write.
    pub(super) fn in_chains(&mut self, class: (FileId, ClassId), func: FuncId, alts: Vec<Alt>) -> (Vec<Alt>, Vec<Alt>) {
        let subject = self.calls_of((class.0, func));
        let (mut chained, mut others) = (Vec::new(), Vec::new());
        for alt in alts {
            let call = alt.arms.lits().iter().find(|lit| lit.subject == subject && !lit.negated);
            let call = call.and_then(|call| self.place_of_call(self.constants.name(call.value?)));
            match call.and_then(|call| self.start_of_chain(class, call)) {
                None => others.push(alt),
                Some(start) => {
                    let done = self.done_to(class, start).and_then(|done| done.with(self.object_of(class, start)));
                    let arms = done.and_then(|done| alt.arms.merge(&done));
                    chained.extend(arms.map(|arms| Alt { arms, ..alt }));
                }
            }
        }
        (chained, others)
    }

    /// The call that makes the object of a class on which a call in a chain is made: `Llm::new()`, `new Llm()`.
    pub(super) fn start_of_chain(
        &self,
        class: (FileId, ClassId),
        (at, mut call): (FileId, ExprId),
    ) -> Option<(FileId, ExprId)> {
        let module = self.module(at);
        let name = &self.module(class.0).classes[class.1.index()].name;
        loop {
            let ExprKind::Call(data) = module.kind(call) else { return None };
            match module.kind(data.callee) {
                ExprKind::Name(made) => return (made == name).then_some((at, call)),
                ExprKind::Member(base, _) => match module.kind(*base) {
                    ExprKind::Call(_) => call = *base,
                    ExprKind::Name(of) | ExprKind::Member(_, of) => {
                        return (of == name || of == "Self").then_some((at, call));
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    /// The call that an assumption of which one is meant names: `#file:expression`.
    fn place_of_call(&self, text: &str) -> Option<(FileId, ExprId)> {
        let (file, call) = text.strip_prefix('#')?.split_once(':')?;
        Some((FileId(file.parse().ok()?), ExprId(call.parse().ok()?)))
    }

    /// Which methods that write fields have run on what a call makes; `None` where it only fills another object up.
    fn done_to(&mut self, class: (FileId, ClassId), (at, call): (FileId, ExprId)) -> Option<Arms> {
        let module = self.module(at);
        let parent = module.parents[call.index()];
        if let Some(ExprKind::Object(object)) = parent.map(|parent| module.kind(parent))
            && object.entries.iter().any(|entry| matches!(entry, Entry::Spread(of) if *of == call))
        {
            return None;
        }
        let mut arms = Arms::default();
        let (mut run, mut end) = (Vec::new(), call);
        while let Some((name, next, _)) = module.called_next(end) {
            run.push(name);
            end = next;
        }
        let writers = self.writers(class);
        // A method of its own that writes nothing ends the chain: `build`. Elsewhere others may follow.
        let own = &self.module(class.0).classes[class.1.index()].methods;
        let last = run.last().copied().unwrap_or_default();
        let ends = own.iter().any(|(name, func)| name == last && !writers.contains(func));
        for &(ref name, func) in own.iter().filter(|(_, func)| writers.contains(func)) {
            let has_run = run.contains(&name.as_str()) || self.runs_on_variable(at, end, name);
            if has_run || ends {
                let subject = self.subjects.get(&format!("wrote:{}:{}", class.0.0, func.0));
                arms = arms.with(Lit { subject, value: None, negated: !has_run })?;
            }
        }
        Some(arms)
    }

    /// Whether a file is a Rust program's.
    pub(super) fn is_rust(&self, file: FileId) -> bool {
        self.project.file(file).source.language == crate::language::Language::Rust
    }

    /// The class that declares a field of a pydantic model: the model, or one that it inherits from.
    fn model_with(&mut self, class: (FileId, ClassId), name: &str) -> Option<(FileId, ClassId)> {
        let lineage = self.lineage(class);
        let of = |(file, class): &(FileId, ClassId)| &self.module(*file).classes[class.index()];
        let is_base = |file: FileId, base: ExprId| matches!(self.module(file).kind(base), ExprKind::Name(name) | ExprKind::Member(_, name) if name == "BaseModel");
        let is_model = |at: &(FileId, ClassId)| of(at).bases.iter().any(|&base| is_base(at.0, base));
        let is_made = |at: &(FileId, ClassId)| self.own_constructor(*at).is_some();
        if !lineage.iter().any(is_model) || lineage.iter().any(is_made) {
            return None;
        }
        lineage.into_iter().find(|at| of(at).fields.iter().any(|field| field.name == name))
    }

    /// What a model says of a field that the mapping leaves out which it is made of: of `Llm.url` in
    /// `Settings(llm={"key": k})`, where `Settings` says `llm: Llm`.
    pub(super) fn default_of_model(&mut self, ctx: &Ctx, object: ExprId, name: &str) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let ExprKind::Call(call) = module.kind(module.parents[object.index()]?) else { return None };
        let given = call.args.iter().find(|arg| arg.value == object)?.name.as_deref()?;
        let ExprKind::Name(made) = module.kind(call.callee) else { return None };
        // Before anything is asked: classes are called so.
        made.starts_with(char::is_uppercase).then_some(())?;
        let callees = self.called(ctx, call.callee);
        let [Alt { value: Value::Made(made), .. }] = callees.as_slice() else { return None };
        let ExprKind::Class(class) = *self.module(made.ctx.file).kind(made.expr) else { return None };
        let (file, project) = (made.ctx.file, self.project);
        let class = &project.file(file).module.classes[class.index()];
        let field = class.fields.iter().rev().find(|field| field.name == given)?;
        let Some((_, (file, model))) = self.hinted(file, field) else {
            // `llm: Optional[Llm]`: nobody reads what is in it.
            let module = self.module(file);
            let is_model = |&base: &ExprId| matches!(module.kind(base), ExprKind::Name(base) if base == "BaseModel");
            return class.bases.iter().any(is_model).then(|| vec![Alt::unknown()]);
        };
        let fields = &project.file(file).module.classes[model.index()].fields;
        let default = fields.iter().rev().find(|field| field.name == name)?.value?;
        Some(self.default_of(file, default)).filter(|alts| !alts.is_empty())
    }

    /// The type of what a function gives that the type does not write out: what a derived one gives is an object of its type.
    pub(super) fn derived(&mut self, made: &Made) -> Option<(FileId, ClassId)> {
        let module = self.module(made.ctx.file);
        let ExprKind::Call(call) = module.kind(made.expr) else { return None };
        let ExprKind::Member(base, method) = module.kind(call.callee) else { return None };
        if !self.is_rust(made.ctx.file) {
            return None;
        }
        let of = self.eval(&made.ctx, *base);
        let [Alt { value: Value::Made(of), .. }] = of.as_slice() else { return None };
        let ExprKind::Class(class) = *self.module(of.ctx.file).kind(of.expr) else { return None };
        let methods = &self.module(of.ctx.file).classes[class.index()].methods;
        (!methods.iter().any(|(known, _)| known == method)).then_some((of.ctx.file, class))
    }

    /// A field of what a call made.
    pub(super) fn instance_field(&mut self, made: &Arc<Made>, name: &str) -> Vec<Alt> {
        let ctx = made.ctx.clone();
        let ExprKind::Call(call) = self.module(ctx.file).kind(made.expr) else { return vec![Alt::unknown()] };
        // `Args::parse()`, `Config::load()`
        if let Some((file, class)) = self.derived(made)
            && self.module(file).classes[class.index()].fields.iter().any(|field| field.name == name)
        {
            return self.class_field(file, class, name, None, 0);
        }
        // `toml::from_str::<Config>(&text)?`
        if let Some((file, class)) = self.type_asked(&ctx, call)
            && self.module(file).classes[class.index()].fields.iter().any(|field| field.name == name)
        {
            return self.class_field(file, class, name, None, 0);
        }
        if let Ok(part) = name.parse::<usize>()
            && let Some(parts) = self.split_parts(made).or_else(|| self.parsed_class(made, part))
        {
            return parts;
        }
        if let Some(alts) = self.parsed_argument(made, name) {
            return alts;
        }
        // `URL = flags.DEFINE_string(…)`
        if name == "value"
            && let ExprKind::Name(define) | ExprKind::Member(_, define) = self.module(ctx.file).kind(call.callee)
            && super::inputs::DEFINING.contains(&define.as_str())
        {
            return self.flag_defined(&ctx, made.expr, call);
        }
        let mut out = Vec::new();
        for callee in self.called(&ctx, call.callee) {
            // Of a class from a row of a table, that it is this row: `CONFIGS[name]().url`.
            let alts = self.field_of_class(made, call, &callee.value, name);
            out.extend(under(alts, &callee.arms));
        }
        if out.is_empty() { vec![Alt::unknown()] } else { out }
    }

    /// The type of the project that a generic call is asked for.
    pub(super) fn type_asked(&mut self, ctx: &Ctx, call: &Call) -> Option<(FileId, ClassId)> {
        let ty = call.named(TYPE_ARGUMENT)?.value;
        let alts = self.eval(ctx, ty);
        let [Alt { value: Value::Made(made), .. }] = alts.as_slice() else { return None };
        match *self.module(made.ctx.file).kind(made.expr) {
            ExprKind::Class(class) => Some((made.ctx.file, class)),
            _ => None,
        }
    }

    /// The property of a name that objects of a class have: its own, or one that it inherits. It is asked of the object that
    /// a call makes, whose fields it is about.
    fn property_of(&mut self, class: (FileId, ClassId), name: &str) -> Option<(FileId, FuncId)> {
        let project = self.project;
        let mut at = class;
        for _ in 0..8 {
            let module = &project.file(at.0).module;
            let class = &module.classes[at.1.index()];
            if class.fields.iter().any(|field| field.name == name) {
                return None;
            }
            if let Some(&(_, func)) = class.methods.iter().find(|(method, _)| method == name) {
                return (module.is_property(func) && !self.is_abstract(at.0, func)).then_some((at.0, func));
            }
            at = self.first_base(at)?;
        }
        None
    }

    /// Objects of a variable whose fields are written through it, `options.url = …`: what a property says then nobody knows.
    pub(super) fn without_properties(&mut self, file: FileId, place: &Place, alts: Vec<Alt>, name: &str) -> Vec<Alt> {
        let (project, root) = (self.project, &place.root);
        let is_below = |&(block, index): &(BlockId, u32)| {
            let stmt = project.file(file).module.block(block).stmts.get(index as usize);
            matches!(stmt, Some(Stmt::Assign { place, .. }) if !place.path.is_empty())
        };
        let mut writes = project.file(file).index.assigns.get(root).into_iter().flatten();
        let is_made = |alt: &Alt| matches!(alt.value, Value::Made(_));
        if !place.path.is_empty() || !alts.iter().any(is_made) || !writes.any(is_below) {
            return alts;
        }
        let mut out = Vec::with_capacity(alts.len());
        for alt in alts {
            let is_one = match &alt.value {
                Value::Made(made) => self.is_property_of(made, name),
                _ => false,
            };
            out.push(if is_one { Alt { value: Value::Unknown(None), ..alt } } else { alt });
        }
        out
    }

    /// Whether objects that a call makes have a property of a name.
    fn is_property_of(&mut self, made: &Made, name: &str) -> bool {
        let ExprKind::Call(call) = self.module(made.ctx.file).kind(made.expr) else { return false };
        self.called(&made.ctx, call.callee).iter().any(|class| {
            let Value::Made(class) = &class.value else { return false };
            let ExprKind::Class(id) = *self.module(class.ctx.file).kind(class.expr) else { return false };
            self.property_of((class.ctx.file, id), name).is_some()
        })
    }

    /// A field of what a call makes of one of the classes that it may be a call of.
    fn field_of_class(&mut self, made: &Arc<Made>, call: &Call, class: &Value, name: &str) -> Vec<Alt> {
        let ctx = made.ctx.clone();
        let Value::Made(class_made) = class else {
            let is_empty = matches!(class, Value::Symbol(symbol) if super::words::makes_empty(symbol));
            return vec![if is_empty { Alt::new(Value::Undefined) } else { Alt::unknown() }];
        };
        let file = class_made.ctx.file;
        let ExprKind::Class(class) = *self.module(file).kind(class_made.expr) else {
            return self.tuple_field(&ctx, call, class_made, name).unwrap_or_else(|| vec![Alt::unknown()]);
        };
        if let Some(symbol) = self.lazy_module(&ctx, call, (file, class), name) {
            return vec![Alt::new(Value::Symbol(symbol))];
        }
        if let Some((at, property)) = self.property_of((file, class), name) {
            let object = Value::Made(made.clone());
            let frame = self.frame(at, property, made.expr, &ctx, Some(object));
            return frame.map_or_else(|| vec![Alt::unknown()], |frame| self.returns(at, property, Some(frame)));
        }
        // A dataclass or model: the argument of the field's name or position, else the default.
        if let Some(holder) = self.filled_holder((file, class), name) {
            return self.given_field(&ctx, made.expr, holder, name);
        }
        if has_spread(call)
            && let Some(model) = self.model_with((file, class), name)
        {
            let alts = self.given_field(&ctx, made.expr, model, name);
            // A mapping becomes a model in turn, which has defaults.
            let is_mapping = |this: &Self, value: &Value| match value {
                Value::Made(made) => matches!(this.module(made.ctx.file).kind(made.expr), ExprKind::Object(_)),
                _ => false,
            };
            let read = |alt: Alt| match is_mapping(self, &alt.value) {
                true => Alt { arms: alt.arms, ..Alt::unknown() },
                false => alt,
            };
            return alts.into_iter().map(read).collect();
        }
        // An inherited one that takes nothing makes no difference.
        let counts = |this: &Self, constructor: (FileId, FuncId)| {
            this.own_constructor((file, class)).is_some() || this.takes_arguments(constructor)
        };
        let constructor = self.constructor_of((file, class)).filter(|&constructor| counts(self, constructor));
        let frame = constructor.and_then(|(file, func)| self.frame(file, func, made.expr, &ctx, None));
        if constructor.is_none()
            && let Some(value) = field_argument(&self.module(file).classes[class.index()], call, name)
        {
            let given = self.eval(&ctx, value);
            return self.filled_after((file, class), name, given, Some((&ctx, made.expr)));
        }
        // `Config(**yaml.safe_load(file))`
        let declares = |class: &Class| class.fields.iter().any(|field| field.name == name);
        if constructor.is_none()
            && matches!(call.args.as_slice(), [arg] if arg.spread == Spread::Keyword)
            && declares(&self.module(file).classes[class.index()])
        {
            return self.handed_field(&ctx, made.expr, (file, class), name);
        }
        let mut alts = self.attribute(file, class, name, frame.as_ref(), 0);
        if constructor.is_none() && self.is_dataclass(file, class) && !has_spread(call) && alts.len() > 1 {
            alts.retain(|alt| !matches!(alt.value, Value::Unknown(_)));
        }
        if alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
            return self.delegated((file, class), name).unwrap_or_else(|| vec![Alt::unknown()]);
        }
        alts
    }
}

/// Fields of `collections.namedtuple`.
impl Resolver<'_> {
    /// A field of what a call makes whose class is `namedtuple("Row", "name url")`.
    fn tuple_field(&mut self, ctx: &Ctx, call: &Call, class: &Made, name: &str) -> Option<Vec<Alt>> {
        let module = self.module(class.ctx.file);
        let ExprKind::Call(declared) = module.kind(class.expr) else { return None };
        let is_one = |alt: &Alt| matches!(&alt.value, Value::Symbol(symbol) if symbol == "collections.namedtuple");
        if has_spread(call) || !self.eval(&class.ctx, declared.callee).iter().any(is_one) {
            return None;
        }
        let given = call.named(name);
        let given = given.or_else(|| {
            let text = |expr: ExprId| match module.kind(expr) {
                ExprKind::Str(text) => Some(text.expose()),
                _ => None,
            };
            let fields: Vec<&str> = match module.kind(declared.args.get(1)?.value) {
                ExprKind::Str(text) => text.expose().split([',', ' ', '\n']).filter(|word| !word.is_empty()).collect(),
                ExprKind::List(items) => items.iter().map(|item| text(item.value)).collect::<Option<_>>()?,
                _ => return None,
            };
            let position = fields.iter().position(|field| *field == name)?;
            call.positional().nth(position)
        })?;
        Some(self.eval(ctx, given.value))
    }
}

/// The argument that gives a field of a class which is made by its fields: the one of its name, else of its position.
pub(super) fn field_argument(class: &Class, call: &Call, name: &str) -> Option<ExprId> {
    let by_name = call.named(name);
    let by_position = || {
        let position = class.fields.iter().position(|field| field.name == name).filter(|_| !has_spread(call))?;
        call.positional().nth(position)
    };
    by_name.or_else(by_position).map(|arg| arg.value)
}

/// Whether a call takes arguments from a list or a mapping, too.
pub(super) fn has_spread(call: &Call) -> bool {
    call.args.iter().any(|arg| arg.spread != Spread::No)
}
