//! What a function is handed: the places of its caller that its parameters, and fields of them, stand for, and the
//! elements of a collection whose method calls it.

use std::sync::Arc;

use foldhash::HashMap;

use super::subjects::{lent, text_of};
use super::value::{Alt, Ctx, Frame, Value};
use super::{Arms, Resolver, words};
use crate::facts::{Entry, ExprId, ExprKind, FuncId};
use crate::finding::FileId;

/// Calls that a place is followed up through.
const MAX_HANDED: usize = 4;

/// What is known already of the places that tests ask about.
#[derive(Default)]
pub(super) struct Handed {
    /// What a subject is about in the function that it is asked in.
    params: HashMap<u32, Option<Arc<Param>>>,
    /// What a subject is where a call of that function stands.
    given: HashMap<(u32, u32), Option<u32>>,
}

/// A parameter, or a field of it.
struct Param {
    func: (FileId, FuncId),
    /// The subject of the calls of that function.
    calls: u32,
    root: String,
    path: Vec<String>,
}

impl Resolver<'_> {
    /// Whether a text is about something that a parameter of a followed call chooses.
    pub(super) fn names_parameter(&self, frame: &Frame, text: &str) -> bool {
        let inside = text.split_once(['[', '(']).map_or("", |(_, inside)| inside);
        let mut words = inside.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$'));
        let params = &self.module(frame.file).func(frame.func).params;
        words.any(|word| !word.is_empty() && params.iter().any(|param| param.name == word))
    }

    /// The text that a parameter of a followed call stands for.
    pub(super) fn named_by_caller(&mut self, ctx: &Ctx, expr: ExprId) -> Option<String> {
        let frame = ctx.frame.clone().filter(|frame| frame.file == ctx.file)?;
        let ExprKind::Name(name) = self.module(ctx.file).kind(expr) else { return None };
        if self.version(ctx, frame.func, name, name) != 0 {
            return None;
        }
        let (value, caller) = self.argument_of(&frame, name)?;
        self.constant(&caller, value)
    }

    /// What the place below a parameter is where a call stands, as its caller writes it: of `connect({ kind })` the
    /// `options.kind` is `kind`. And the subject that it is there.
    pub(super) fn handed(&mut self, frame: &Arc<Frame>, root: &str, path: &[String]) -> Option<(String, u32)> {
        let (mut value, caller) = self.argument_of(frame, root)?;
        let module = self.module(caller.file);
        let mut rest = path;
        while let Some((first, below)) = rest.split_first()
            && let Some(given) = self.written_as(caller.file, value, first)
        {
            (value, rest) = (given, below);
        }
        let (root, mut whole) = self.chain(&caller, lent(module, value))?;
        whole.extend(rest.iter().cloned());
        let text = text_of(&root, &whole);
        let subject = match whole.is_empty() {
            true => self.subject_of_expr(&caller, value),
            false => self.subject(&caller, &text),
        };
        Some((text, subject))
    }

    /// Whether something holds of all that a subject is in the callers of its function, by the calls that are assumed.
    pub(super) fn handed_down(
        &mut self,
        mut subject: u32,
        arms: &Arms,
        known: &mut Handed,
        mut holds: impl FnMut(u32) -> bool,
    ) -> bool {
        for _ in 0..MAX_HANDED {
            let param = match known.params.get(&subject) {
                Some(param) => param.clone(),
                None => {
                    let param = self.param_asked(subject).map(Arc::new);
                    known.params.insert(subject, param.clone());
                    param
                }
            };
            let Some(param) = param else { break };
            let assumed = |lit: &&super::Lit| lit.subject == param.calls && !lit.negated;
            let Some(site) = arms.lits().iter().find(assumed).and_then(|lit| lit.value) else { break };
            let given = match known.given.get(&(subject, site)) {
                Some(&given) => given,
                None => {
                    let given = self.given_at(&param, site);
                    known.given.insert((subject, site), given);
                    given
                }
            };
            match given {
                Some(given) if !holds(given) => return false,
                Some(given) => subject = given,
                None => break,
            }
        }
        true
    }

    /// The function whose parameter, or a field of it, a subject's tests ask about, as it was handed over.
    fn param_asked(&mut self, subject: u32) -> Option<Param> {
        let (mut ctx, mut root, mut path) = self.asked.get(&subject)?.clone();
        // Asked in a followed call it is what the caller has.
        while let Some(frame) = ctx.frame.take() {
            let (text, given) = self.handed(&frame, &root, &path)?;
            if given != subject {
                return None;
            }
            (root, path) = place_of(&text);
            ctx = frame.caller.clone();
        }
        let module = self.module(ctx.file);
        let func = module.block(ctx.block).func;
        let is_param = module.func(func).params.iter().any(|param| param.name == root);
        if !is_param || self.version(&ctx, func, &root, &text_of(&root, &path)) != 0 {
            return None;
        }
        let calls = self.calls_of((ctx.file, func));
        Some(Param { func: (ctx.file, func), calls, root, path })
    }

    /// What a subject is where one of the calls of its function stands.
    fn given_at(&mut self, param: &Param, site: u32) -> Option<u32> {
        let site = self.constants.name(site).to_owned();
        let (sites, _) = self.call_sites(param.func.0, param.func.1);
        let frame = sites.iter().find(|frame| site == format!("#{}:{}", frame.caller.file.0, frame.call.0))?;
        let (text, given) = self.handed(frame, &param.root, &param.path)?;
        self.note_asked(&frame.caller, given, &text);
        Some(given)
    }

    /// What an object or a list says that one of its fields is, where it says it of this one.
    pub(super) fn written_as(&self, file: FileId, expr: ExprId, name: &str) -> Option<ExprId> {
        match self.module(file).kind(expr) {
            ExprKind::List(items) => {
                let items = items.iter().take_while(|item| !item.spread);
                items.map(|item| item.value).nth(name.parse().ok()?)
            }
            ExprKind::Object(object) => object
                .entries
                .iter()
                .rev()
                .map_while(|entry| match entry {
                    Entry::Field { key, value, .. } => Some((key.as_deref()?, *value)),
                    Entry::Computed { .. } | Entry::Spread(_) => None,
                })
                .find_map(|(key, value)| (key == name).then_some(value)),
            _ => None,
        }
    }

    /// What a collection's method gives the function that it is called with: `rows.map((row) => …)`, `map(f, rows)`.
    pub(super) fn callback(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Option<Vec<Alt>> {
        if number != 0 {
            return None;
        }
        let module = self.module(ctx.file);
        let inline = self.project.file(ctx.file).index.function_exprs.get(&func).copied();
        let inline = inline.and_then(|expr| Some((module.parents[expr.index()]?, expr)));
        let (call, expr) = inline.or_else(|| self.handed_by_name(ctx.file, func))?;
        let ExprKind::Call(data) = module.kind(call) else { return None };
        let at = self.ctx_of(ctx.file, call);
        let is_python = self.language_at(ctx.file, ctx.block) == "python";
        let of = match (module.kind(data.callee), data.args.as_slice()) {
            // `pool.map(work, rows)`
            (ExprKind::Name(name) | ExprKind::Member(_, name), [first, of])
                if first.value == expr && name == "map" && is_python =>
            {
                of.value
            }
            (ExprKind::Member(base, method), [first, ..])
                if first.value == expr && words::EACH.contains(&method.as_str()) =>
            {
                *base
            }
            _ => return None,
        };
        // What a promise gives: `load().then(({ key, url }) => …)`, `import("openai").then(({ OpenAI }) => …)`.
        if matches!(module.kind(data.callee), ExprKind::Member(_, method) if method == "then") {
            let alts = self.eval(&at, of);
            let imports = matches!(module.kind(of), ExprKind::Import(_));
            let is_given = |alt: &Alt| match &alt.value {
                Value::Symbol(_) | Value::Module(_) => imports,
                Value::Made(made) => {
                    matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::Object(_) | ExprKind::List(_))
                }
                _ => false,
            };
            if !alts.is_empty() && alts.iter().all(is_given) {
                return Some(alts);
            }
        }
        let alts = self.each(&at, expr, of);
        if alts.iter().any(|alt| !matches!(alt.value, Value::Unknown(_))) {
            return Some(alts);
        }
        // Of an `Option`, a `Result` or a promise it is the value itself.
        let alts = self.eval(&at, of);
        let is_plain = |alt: &Alt| matches!(alt.value, Value::Str(..) | Value::Env(..) | Value::Concat(..));
        alts.iter().all(is_plain).then_some(alts)
    }

    /// The one call that a function is handed to by its name, and the argument: `rows.forEach(create)`.
    fn handed_by_name(&mut self, file: FileId, func: FuncId) -> Option<(ExprId, ExprId)> {
        let (module, index) = (self.module(file), &self.project.file(file).index);
        let own = module.func(func).name.as_deref();
        let names: Vec<&str> = own.into_iter().chain(index.variables_of(func)).collect();
        let calls = words::EACH.iter().flat_map(|method| index.calls.get(*method).into_iter().flatten());
        let mut handed = calls.filter_map(|&call| {
            let ExprKind::Call(data) = module.kind(call) else { return None };
            let first = data.args.first()?.value;
            matches!(module.kind(first), ExprKind::Name(name) if names.contains(&name.as_str()))
                .then_some((call, first))
        });
        let (Some((call, first)), None) = (handed.next(), handed.next()) else { return None };
        let at = self.ctx_of(file, call);
        let is_it = |alt: &Alt| match &alt.value {
            Value::Made(made) => {
                made.ctx.file == file && matches!(module.kind(made.expr), ExprKind::Func(of) if *of == func)
            }
            _ => false,
        };
        self.called(&at, first).iter().all(is_it).then_some((call, first))
    }
}

/// A place that is written as a variable with the names of what is below it.
fn place_of(text: &str) -> (String, Vec<String>) {
    let mut words = text.split('.').map(str::to_owned);
    (words.next().unwrap_or_default(), words.collect())
}
