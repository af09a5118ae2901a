//! Parameters: what the calls of a function give them, in their place or by their name, spread or left out.

use std::sync::Arc;

use super::sites::{Bound, bound};
use super::value::{Alt, Ctx, Frame, Step, StepKind, Value};
use super::{Arms, Lit, Resolver, under, words};
use crate::facts::{ExprId, ExprKind, FuncId, Param, ParamKind, Spread};
use crate::finding::Location;

impl Resolver<'_> {
    /// The values of a parameter; of one that nobody knows what its class says.
    pub(super) fn param(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Vec<Alt> {
        let alts = self.given_param(ctx, func, number);
        let is_unknown = |alt: &Alt| matches!(alt.value, Value::Unknown(_));
        if self.module(ctx.file).func(func).params[number].class.is_none() || !alts.iter().any(is_unknown) {
            return alts;
        }
        let object = match self.of_hint(ctx, func, number) {
            // Rust's data that has no functions is made by whoever likes.
            Some(object) if !(self.is_rust(ctx.file) && matches!(object, Value::Made(_))) => object,
            _ => return alts,
        };
        // What comes out of a file is in nobody's text.
        let stays = self.is_read_from_data(&object);
        let mut out: Vec<Alt> = Vec::new();
        for alt in alts {
            if is_unknown(&alt) {
                let of_class = Alt { value: object.clone(), arms: alt.arms.clone(), steps: Vec::new() };
                let is_it = |known: &Alt| known.arms == of_class.arms && known.value.is_same(&object);
                if out.iter().any(is_it) {
                    continue;
                }
                out.push(of_class);
                if !stays {
                    continue;
                }
            }
            out.push(alt);
        }
        out
    }

    /// The values of a parameter: the argument of the followed call, or those of all calls in the file.
    fn given_param(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Vec<Alt> {
        let module = self.module(ctx.file);
        let function = module.func(func);
        let param = &function.params[number];
        let at = Location { file: ctx.file, span: param.span };
        if let Some(frame) = ctx.frame.clone().filter(|frame| frame.func == func && frame.file == ctx.file) {
            return match self.argument(&frame, number) {
                Argument::Given(value) => self.eval(&frame.caller, value),
                Argument::Default(default) => self.eval(&self.ctx_of(ctx.file, default), default),
                Argument::Spread(spread) => self.spread_argument(&frame, param, spread),
                Argument::Keywords => vec![Alt::new(Value::Keywords(frame))],
                Argument::Missing => vec![Alt::new(Value::Undefined)],
                Argument::Unknown => vec![Alt::unknown()],
            };
        }
        let unknown = Alt {
            value: Value::Unknown(Some((param.name.clone(), at))),
            arms: Arms::default(),
            steps: vec![Step { at, kind: StepKind::Param(param.name.clone()) }],
        };
        let is_python = || self.language_at(ctx.file, function.body) == "python";
        if matches!(param.kind, ParamKind::Rest) && !is_python() {
            return vec![unknown];
        }
        let subject = self.calls_of((ctx.file, func));
        let mut out = Vec::new();
        let (sites, more) = self.call_sites(ctx.file, func);
        // However much is asked about the callers, what the function itself says is still found out.
        let kept = self.fuel / 2;
        self.fuel -= kept;
        let own = module.block(ctx.block).func == func;
        let around = if own { self.guard(ctx) } else { Arms::default() };
        let constructed = function.class.filter(|_| function.name.as_deref().is_some_and(words::is_constructor));
        for frame in &sites {
            // A call whose arguments decide the tests around this point otherwise never gets here.
            if own && self.within(&Ctx { frame: Some(frame.clone()), ..ctx.clone() }).is_none() {
                continue;
            }
            let Some(arms) = self.called_so(frame) else { continue };
            let alts = match self.argument(frame, number) {
                Argument::Given(value) => self.eval(&frame.caller, value),
                Argument::Default(default) => self.eval(&self.ctx_of(ctx.file, default), default),
                Argument::Spread(spread) => {
                    let alts = self.spread_argument(frame, param, spread);
                    let named = |alt: Alt| if let Value::Unknown(None) = alt.value { unknown.clone() } else { alt };
                    alts.into_iter().map(named).collect()
                }
                Argument::Keywords => vec![Alt::new(Value::Keywords(frame.clone()))],
                // A decorator may give what the call leaves out: `@click.command()`.
                Argument::Missing if !function.decorators.is_empty() => {
                    self.decorated_option(ctx, func, number).unwrap_or_else(|| vec![unknown.clone()])
                }
                Argument::Missing => vec![Alt::new(Value::Undefined)],
                Argument::Unknown => vec![unknown.clone()],
            };
            let step = Step { at, kind: StepKind::Param(param.name.clone()) };
            let arms = arms.merge(&self.guard(&frame.caller)).unwrap_or(arms);
            let arms = arms.merge(&self.guard_within(&frame.caller, frame.call)).unwrap_or(arms);
            let tested = self.tested_arguments(frame);
            let beside = self.arguments_beside(frame, number, &around, &tested);
            let tested: Vec<(u32, u32)> =
                tested.iter().filter_map(|tested| Some((tested.given?, tested.param))).collect();
            let mut objects: Vec<Arms> = match constructed {
                Some(class) => self.made_by((ctx.file, class), frame),
                None => self.asked_by_base((ctx.file, func), frame),
            };
            if objects.is_empty() && constructed.is_none() {
                // `F(url).maker()(key)`: the method has made what is called.
                let asked = frame.maker.as_ref().unwrap_or(frame);
                objects = self.objects_asked(asked);
            }
            let alts = match objects.as_slice() {
                [] => under(alts, &arms),
                objects => {
                    let each = objects.iter().filter_map(|object| arms.merge(object));
                    each.flat_map(|arms| under(alts.clone(), &arms)).collect()
                }
            };
            for mut alt in alts {
                // What comes with it decides the tests around this point, too: `make("openai", openai_key)`.
                if !beside.iter().all(|alts| alts.iter().any(|other| other.merge(&alt.arms).is_some())) {
                    continue;
                }
                let Some(arms) = alt.arms.also_of(&tested) else { continue };
                alt.steps.push(step.clone());
                out.push(Alt { arms, ..alt });
            }
        }
        self.fuel += kept;
        if more && !sites.is_empty() {
            let others = self.constants.get("#others");
            let arms = Arms::default().with(Lit { subject, value: Some(others), negated: false });
            out.extend(arms.map(|arms| Alt { arms, ..unknown.clone() }));
        }
        if sites.is_empty() {
            if let Some(alts) = self
                .dependency(ctx, func, number)
                .or_else(|| self.fixture(ctx, func, number))
                .or_else(|| self.decorated_option(ctx, func, number))
                .or_else(|| self.callback(ctx, func, number))
                .or_else(|| self.of_worker(ctx, func, number))
                .or_else(|| self.parsed_arguments(ctx, func, number))
            {
                return alts;
            }
            if let Some(alts) = self.of_command(ctx, func, number, &unknown) {
                return alts;
            }
            if let Some(default) = param.default {
                let site = self.constants.get("#defaults");
                let alts = self.eval(&self.ctx_of(ctx.file, default), default);
                if let Some(arms) = Arms::default().with(Lit { subject, value: Some(site), negated: false }) {
                    out.extend(under(alts, &arms));
                }
            }
            out.push(unknown);
        } else if out.is_empty() {
            out.push(unknown);
        }
        out
    }

    /// What is assumed of a call, and of those that have made the function which it calls: `provider(url)(key)`.
    fn called_so(&mut self, frame: &Frame) -> Option<Arms> {
        let mut frames = std::iter::successors(Some(frame), |frame| frame.maker.as_deref());
        frames.try_fold(Arms::default(), |arms, frame| arms.with(self.called_by(frame)))
    }

    /// The arguments of a call whose parameters are tested, or choose a row.
    fn tested_arguments(&mut self, frame: &Arc<Frame>) -> Vec<Tested> {
        let function = self.module(frame.file).func(frame.func);
        let start = Ctx { file: frame.file, block: function.body, index: 0, frame: None };
        let mut out = Vec::new();
        for (number, param) in function.params.iter().enumerate() {
            let index = &self.project.file(frame.file).index;
            let chooses = || index.choosers.contains(&(frame.func, param.name.clone()));
            if !(index.subjects.contains(&param.name) || chooses()) {
                continue;
            }
            let given = match self.argument(frame, number) {
                Argument::Given(value) => Some(self.subject_of_expr(&frame.caller, value)),
                Argument::Spread(_) => None,
                _ => continue,
            };
            out.push(Tested { number, given, param: self.subject(&start, &param.name) });
        }
        out
    }

    /// What the call's other arguments assume where they are what the tests around a point in the function ask for.
    fn arguments_beside(
        &mut self,
        frame: &Arc<Frame>,
        number: usize,
        around: &Arms,
        tested: &[Tested],
    ) -> Vec<Vec<Arms>> {
        let mut out = Vec::new();
        for other in tested.iter().filter(|other| other.number != number) {
            let asked: Vec<Lit> = around.lits().iter().filter(|lit| lit.subject == other.param).copied().collect();
            if !asked.is_empty() {
                let alts = match self.argument(frame, other.number) {
                    Argument::Given(value) => self.eval(&frame.caller, value),
                    Argument::Spread(spread) => {
                        let function = self.module(frame.file).func(frame.func);
                        self.spread_argument(frame, &function.params[other.number], spread)
                    }
                    _ => continue,
                };
                let fits = |alt: &Alt| asked.iter().all(|&lit| self.may_be(&alt.value, lit));
                out.push(alts.into_iter().filter(fits).map(|alt| alt.arms).collect());
            }
        }
        out
    }

    /// The argument that a followed call gives to a parameter by name, as an expression of the caller.
    pub(super) fn argument_of(&mut self, frame: &Arc<Frame>, name: &str) -> Option<(ExprId, Ctx)> {
        let function = self.module(frame.file).func(frame.func);
        let number = function.params.iter().position(|param| param.name == name)?;
        match self.argument(frame, number) {
            Argument::Given(value) => Some((value, frame.caller.clone())),
            _ => None,
        }
    }

    /// How a call fills a parameter.
    fn argument(&self, frame: &Frame, number: usize) -> Argument {
        let function = self.module(frame.file).func(frame.func);
        let Some(param) = function.params.get(number) else { return Argument::Unknown };
        let call = match self.module(frame.caller.file).kind(frame.call) {
            ExprKind::Call(call) => call,
            // A member of an enumeration.
            ExprKind::List(items) if items.iter().all(|item| !item.spread) => {
                let default = || param.default.map_or(Argument::Missing, Argument::Default);
                return items.get(number).map_or_else(default, |item| Argument::Given(item.value));
            }
            _ => return Argument::Unknown,
        };
        if param.kind == ParamKind::Keywords
            || (param.kind == ParamKind::Rest && self.language_at(frame.file, function.body) == "python")
        {
            return Argument::Keywords;
        }
        let handed = self.handed_on(frame);
        if let Some((rest, options)) = handed.as_ref().and_then(|handed| handed.packed) {
            let listed = match rest.map(|rest| self.module(frame.caller.file).kind(rest)) {
                Some(ExprKind::List(items)) if items.iter().all(|item| !item.spread) => Some(items),
                _ => None,
            };
            if let Some(item) = listed.and_then(|items| items.get(number)) {
                return Argument::Given(item.value);
            }
            let rest = rest.filter(|_| listed.is_none()).map(|rest| (rest, number));
            return Argument::Spread(Spreads { rest, options });
        }
        if let Some(arg) = call.named(param.name.as_str()) {
            return Argument::Given(arg.value);
        }
        let mut spread = Spreads::default();
        let bound = handed.as_ref().is_some_and(|handed| handed.partial);
        let is_task = handed.as_ref().is_some_and(|handed| handed.task);
        let mut position = usize::from(is_task && function.params.first().is_some_and(|param| param.name == "self"));
        // The first argument of a `functools.partial` is the function itself.
        for arg in call.args.iter().skip(handed.map_or(0, |handed| handed.skip)) {
            match (arg.spread, &arg.name) {
                (Spread::No, None) if spread.rest.is_some() => return Argument::Unknown,
                (Spread::No, None) => {
                    if position == number && param.kind == ParamKind::Normal {
                        return Argument::Given(arg.value);
                    }
                    position += 1;
                }
                (Spread::No, Some(_)) => {}
                (Spread::Positional, _) if param.kind != ParamKind::Normal => {}
                (Spread::Positional, _) if spread.rest.is_none() => {
                    let Some(further) = number.checked_sub(position) else { return Argument::Unknown };
                    spread.rest = Some((arg.value, further));
                }
                (Spread::Keyword, _) if spread.options.is_none() => spread.options = Some(arg.value),
                _ => return Argument::Unknown,
            }
        }
        match spread {
            Spreads { rest: None, options: None } if !bound => {
                param.default.map_or(Argument::Missing, Argument::Default)
            }
            _ if bound => Argument::Unknown,
            spread => Argument::Spread(spread),
        }
    }

    /// What a call that spreads a list or a mapping gives a parameter: `connect(*args, **options)`; what they leave out
    /// has the default.
    fn spread_argument(&mut self, frame: &Arc<Frame>, param: &Param, spread: Spreads) -> Vec<Alt> {
        let mut out = vec![Alt::new(Value::Undefined)];
        let ways = [
            spread.rest.map(|(of, number)| (of, number.to_string())),
            spread.options.map(|of| (of, param.name.clone())),
        ];
        for (of, name) in ways.into_iter().flatten() {
            out = self.where_absent(out, |this| this.field_path(&frame.caller, of, &[name]));
        }
        match param.default {
            Some(default) => self.where_absent(out, |this| this.eval(&this.ctx_of(frame.file, default), default)),
            None => out,
        }
    }

    /// Values, and in the place of each that is not there others.
    fn where_absent(&mut self, alts: Vec<Alt>, others: impl FnOnce(&mut Self) -> Vec<Alt>) -> Vec<Alt> {
        let (absent, mut out): (Vec<Alt>, Vec<Alt>) =
            alts.into_iter().partition(|alt| matches!(alt.value, Value::Undefined));
        if !absent.is_empty() {
            let others = others(self);
            out.extend(absent.iter().flat_map(|missing| under(others.clone(), &missing.arms)));
        }
        out
    }

    /// How a call hands a function on with arguments; not where it calls that function itself: `form.submit(f)`.
    fn handed_on(&self, frame: &Frame) -> Option<Bound> {
        let module = self.module(frame.caller.file);
        let ExprKind::Call(call) = module.kind(frame.call) else { return None };
        let (ExprKind::Name(called) | ExprKind::Member(_, called)) = module.kind(call.callee) else { return None };
        let own = self.module(frame.file).func(frame.func).name.as_ref();
        bound(module, call).filter(|_| own != Some(called))
    }

    /// Whether a call gives a function some of its arguments only: `partial(connect, key)`.
    pub(super) fn is_bound(&self, frame: &Frame) -> bool {
        self.handed_on(frame).is_some_and(|bound| bound.partial)
    }
}

/// How a parameter is filled.
enum Argument {
    Given(ExprId),
    Default(ExprId),
    /// By what the call spreads, if that has it.
    Spread(Spreads),
    /// All that no other parameter takes.
    Keywords,
    Missing,
    Unknown,
}

/// What a call spreads: `connect(*args, **options)`.
#[derive(Clone, Copy, Default)]
struct Spreads {
    /// A list, and which of its elements is asked for.
    rest: Option<(ExprId, usize)>,
    /// A mapping.
    options: Option<ExprId>,
}

/// An argument of a call whose parameter is tested.
struct Tested {
    /// Which parameter it is.
    number: usize,
    /// The subject that the argument is where the call stands, if it is written there.
    given: Option<u32>,
    /// The subject that the parameter is in the function.
    param: u32,
}
