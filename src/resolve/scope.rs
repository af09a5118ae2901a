//! Scopes: what a name is that its own function does not assign. A parameter, the receiver, something of the function
//! around it, an export of another file, a global.

use std::sync::Arc;

use super::lookup::Target;
use super::sites::{Bound, bound};
use super::value::{Alt, Ctx, Frame, Step, StepKind, Value};
use super::{Arms, Lit, Resolver, under, words};
use crate::facts::{BlockId, ExprId, ExprKind, FuncId, Param, ParamKind, Span, Spread, Stmt};
use crate::finding::{FileId, Location};
use crate::imports;

impl Resolver<'_> {
    /// What a name is that no assignment of its function reaches.
    pub(super) fn unassigned(&mut self, ctx: &Ctx, root: &str, path: &[String]) -> Vec<Alt> {
        let module = self.module(ctx.file);
        let func = module.block(ctx.block).func;
        let function = module.func(func);
        if let Some(number) = function.params.iter().position(|param| param.name == root) {
            let mut alts = self.param(ctx, func, number);
            let start = Ctx { block: function.body, index: 0, ..ctx.clone() };
            if !path.is_empty() {
                alts = self.assume_place(&start, root, &[], alts);
                alts = self.fields(alts, path);
            }
            return self.assume_place(&start, root, path, alts);
        }
        if function.receiver.as_deref() == Some(root) {
            if let Some((field, rest)) = path.split_first()
                && let Some(alts) = self.before_written(ctx, func, field)
            {
                return self.fields(alts, rest);
            }
            let receiver = self.receiver(ctx, func);
            let own = matches!(receiver, Value::Receiver(..));
            let alts = self.fields(vec![Alt::new(receiver)], path);
            return match function.class.filter(|_| own && path.len() > 1) {
                Some(class) => self.written_below((ctx.file, class), path, alts),
                None => alts,
            };
        }
        // Functions, classes and imports are seen before the line that defines them.
        if let Some(alt) = self.hoisted(ctx, func, root) {
            return self.fields(vec![alt], path);
        }
        let Some(parent) = function.parent else {
            return self.free(ctx, root, path);
        };
        let at = function.at.unwrap_or((module.func(parent).body, 0));
        let frame = ctx.frame.as_ref().and_then(|frame| match frame.func == func {
            true => frame
                .maker
                .clone()
                .or_else(|| frame.caller.frame.clone().filter(|outer| outer.func == parent && outer.file == ctx.file)),
            false => Some(frame.clone()),
        });
        let body = module.func(parent).body;
        let end = Ctx { file: ctx.file, block: body, index: module.block(body).stmts.len(), frame: frame.clone() };
        let defined = Ctx { file: ctx.file, block: at.0, index: at.1, frame };
        // A function of the top level runs after the whole file has; an inner one sees at least what stood above it.
        let once = self
            .project
            .file(ctx.file)
            .index
            .assigns
            .get(root)
            .is_some_and(|all| all.iter().filter(|(block, _)| module.block(*block).func == parent).count() == 1);
        if parent == FuncId(0) || (once && !module.block(at.0).declares.iter().any(|name| name == root)) {
            let found = self.reach(&end, Target::Place(root, path));
            if !found.alts.is_empty() {
                let mut out = found.alts;
                if !found.open.is_empty() {
                    let rest = self.unassigned(&end, root, path);
                    out.extend(found.open.iter().flat_map(|open| under(rest.clone(), open)));
                }
                return self.also_written(ctx.file, parent, root, path, out);
            }
        }
        self.lookup(&defined, root, path)
    }

    /// What functions write to a variable of the one around them: `global key`. When they run is not known, so that the
    /// older value may be there still; but not where it is none, and so only there to be replaced.
    fn also_written(
        &mut self,
        file: FileId,
        func: FuncId,
        root: &str,
        path: &[String],
        mut alts: Vec<Alt>,
    ) -> Vec<Alt> {
        let module = self.module(file);
        // A shell's functions run where they are called.
        if self.project.file(file).module.func(func).script.is_some()
            || self.project.file(file).source.language == crate::language::Language::Shell
        {
            return alts;
        }
        let places: Vec<(BlockId, u32)> =
            self.project.file(file).index.assigns.get(root).map_or_else(Vec::new, |all| {
                let writes = all.iter().filter(|(block, index)| {
                    let inner = module.func(module.block(*block).func);
                    inner.parent == Some(func)
                        && inner.outer_names.iter().any(|name| name == root)
                        && matches!(module.block(*block).stmts.get(*index as usize),
                        Some(Stmt::Assign { place, .. }) if place.path.is_empty())
                });
                writes.copied().take(super::MAX_WRITES + 1).collect()
            });
        if places.is_empty() {
            return alts;
        }
        alts.retain(Alt::may_be_there);
        let (mut older, mut newer) = (Some(Arms::default()), Vec::new());
        for &(block, index) in places.iter().take(super::MAX_WRITES) {
            // Each function has run or has not: what it writes goes with all that it writes.
            let subject = self.subjects.get(&format!("wrote:{}:{}", file.0, module.block(block).func.0));
            let ran = |negated| Lit { subject, value: None, negated };
            let at = Ctx { file, block, index: index as usize, frame: None };
            if let Some(Stmt::Assign { value, .. }) = module.block(block).stmts.get(index as usize) {
                // What is taken away is asked for nothing: `_settings = None` in a function that resets it.
                let written: Vec<Alt> = self.eval(&at, *value).into_iter().filter(Alt::may_be_there).collect();
                if written.is_empty() {
                    continue;
                }
                let written = self.fields(written, path);
                older = older.and_then(|older| older.with(ran(true)));
                let here = self.within(&at).and_then(|arms| arms.with(ran(false)));
                newer.extend(here.map(|here| under(written, &here)).unwrap_or_default());
            }
        }
        let mut alts = older.map(|older| under(alts, &older)).unwrap_or_default();
        alts.extend(newer);
        if places.len() > super::MAX_WRITES || alts.is_empty() {
            alts.push(Alt::unknown());
        }
        alts
    }

    /// `this.key` in a field of a class, which is no method; `crate::config::KEY` without a `use`.
    pub(super) fn of_class_or_crate(
        &mut self,
        ctx: &Ctx,
        root: &str,
        path: &[String],
        at: Location,
    ) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let (first, rest) = path.split_first()?;
        match root {
            "this" if !self.is_param(ctx, "this") => {
                let inside = |class: &&crate::facts::Class| class.span.contains(at.span);
                let class =
                    module.classes.iter().filter(inside).min_by_key(|class| class.span.end - class.span.start)?;
                let number = module.classes.iter().position(|other| other.span == class.span)?;
                let alts = self.attribute(ctx.file, crate::facts::ClassId(number as u32), first, None, 0);
                Some(self.fields(alts, rest))
            }
            _ if imports::is_own_root(root) => (0..path.len()).rev().find_map(|length| {
                let modules = std::iter::once(root).chain(path[..length].iter().map(String::as_str));
                let key = modules.collect::<Vec<_>>().join(".");
                let target = self.imported(ctx.file, &key)?;
                let alts = self.exported(target, &path[length]);
                Some(self.fields(alts, &path[length + 1..]))
            }),
            _ if self.is_rust(ctx.file)
                && imports::may_be_a_crate(root)
                && !self.project.file(ctx.file).index.assigns.contains_key(root)
                && !self.is_param(ctx, root) =>
            {
                let target = self.imported(ctx.file, root)?;
                let alts = self.exported(target, first);
                let is_there = !alts.iter().all(|alt| matches!(alt.value, Value::Undefined));
                is_there.then(|| self.fields(alts, rest))
            }
            _ => None,
        }
    }

    /// A function, class or import assigned anywhere in a function, for uses above it.
    fn hoisted(&mut self, ctx: &Ctx, func: FuncId, root: &str) -> Option<Alt> {
        let module = self.module(ctx.file);
        let all = self.project.file(ctx.file).index.assigns.get(root)?;
        for (block, index) in all.iter().filter(|(block, _)| module.block(*block).func == func) {
            if let Some(Stmt::Assign { place, value, .. }) = module.block(*block).stmts.get(*index as usize)
                && place.path.is_empty()
                && matches!(module.kind(*value), ExprKind::Func(_) | ExprKind::Class(_) | ExprKind::Import(_))
            {
                let at = Ctx { file: ctx.file, block: *block, index: *index as usize, frame: None };
                return self.eval(&at, *value).into_iter().next();
            }
        }
        None
    }

    /// A name that the file does not bind: a global of the language, a name from a star import, or nothing.
    pub(super) fn free(&mut self, ctx: &Ctx, root: &str, path: &[String]) -> Vec<Alt> {
        let module = self.module(ctx.file);
        let mut open = false;
        for star in &module.star_imports {
            if let Some(target) = self.imported(ctx.file, star) {
                let alts = self.exported(target, root);
                if !alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
                    return self.fields(alts, path);
                }
            } else {
                open = true;
            }
        }
        if open && !words::GLOBALS.contains(&root) {
            // `from openai import *`: the name is the module's, if anybody's.
            if let [star] = module.star_imports.as_slice() {
                return self.fields(vec![Alt::new(Value::Symbol(format!("{star}.{root}")))], path);
            }
            return vec![Alt::unknown()];
        }
        self.fields(vec![Alt::new(Value::Symbol(root.to_owned()))], path)
    }

    /// The values of a parameter; of one that nobody knows what its class says.
    fn param(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Vec<Alt> {
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
        let subject = self.subjects.get(&format!("calls:{}:{}", ctx.file.0, func.0));
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
            let site = self.constants.get(&format!("#{}:{}", frame.caller.file.0, frame.call.0));
            let Some(arms) = Arms::default().with(Lit { subject, value: Some(site), negated: false }) else { continue };
            let Some(arms) = self.as_made_in(frame, arms) else { continue };
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
            let made = match constructed {
                Some(class) => self.made_by((ctx.file, class), frame),
                None => self.asked_by_base((ctx.file, func), frame),
            };
            let alts = match made.as_slice() {
                [] => under(alts, &arms),
                made => {
                    let each = made.iter().filter_map(|&lit| arms.clone().with(lit));
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
    fn as_made_in(&mut self, frame: &Frame, mut arms: Arms) -> Option<Arms> {
        let mut maker = frame.maker.as_deref();
        while let Some(made_by) = maker {
            let subject = self.subjects.get(&format!("calls:{}:{}", made_by.file.0, made_by.func.0));
            let value = Some(self.constants.get(&format!("#{}:{}", made_by.caller.file.0, made_by.call.0)));
            arms = arms.with(Lit { subject, value, negated: false })?;
            maker = made_by.maker.as_deref();
        }
        Some(arms)
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
        let mut position = 0;
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

    /// What another file gets under a name from this one.
    pub(super) fn exported(&mut self, file: FileId, name: &str) -> Vec<Alt> {
        let key = (file, name.to_owned());
        match self.known().exports.get(&key).cloned() {
            Some(Some(known)) => return self.recall(&known).as_ref().clone(),
            // Two files that import from each other: this way round there is nothing.
            Some(None) => return vec![Alt::new(Value::Undefined)],
            None => {}
        }
        if self.fuel == 0 || self.depth >= super::DEPTH {
            return vec![Alt::unknown()];
        }
        self.fuel -= 1;
        self.depth += 1;
        self.known().exports.insert(key.clone(), None);
        let before = self.rests;
        let alts = self.find_exported(file, name);
        self.depth -= 1;
        if self.fuel == 0 {
            self.known().exports.remove(&key);
        } else {
            let answer = self.answer(alts.clone(), before);
            self.known().exports.insert(key, Some(answer));
        }
        alts
    }

    fn find_exported(&mut self, file: FileId, name: &str) -> Vec<Alt> {
        if let Some(symbol) = self.project.declared_client(file, name) {
            return vec![Alt::new(Value::Symbol(symbol))];
        }
        let module = self.module(file);
        // `import config from "./config.json"`
        if let Some(&document) = module.documents.first() {
            let whole = self.eval(&self.ctx_of(file, document), document);
            return if name == "default" { whole } else { self.fields(whole, &[name.to_owned()]) };
        }
        let exports: Vec<ExprId> =
            module.exports.iter().filter(|(exported, _)| exported == name).map(|(_, value)| *value).collect();
        if let Some(&value) = exports.last() {
            return self.eval(&self.ctx_of(file, value), value);
        }
        let body = module.func(FuncId(0)).body;
        let end = Ctx { file, block: body, index: module.block(body).stmts.len(), frame: None };
        if !self.project.file(file).index.assigns.contains_key(name) {
            if module.star_imports.is_empty() {
                return vec![Alt::new(Value::Undefined)];
            }
            return match self.free(&end, name, &[]) {
                alts if alts.iter().all(|alt| matches!(alt.value, Value::Symbol(_))) => vec![Alt::unknown()],
                alts => alts,
            };
        }
        let at = match self.project.file(file).index.assigns.get(name).and_then(|all| all.last()) {
            Some((block, index)) => match module.block(*block).stmts.get(*index as usize) {
                Some(Stmt::Assign { name_span, .. }) => Location { file, span: *name_span },
                _ => Location { file, span: Span::default() },
            },
            None => Location { file, span: Span::default() },
        };
        let alts = self.name(&end, name, &[], at);
        // Only functions of the file have a variable of that name.
        if alts.iter().all(|alt| matches!(&alt.value, Value::Symbol(symbol) if symbol == name)) {
            return vec![Alt::new(Value::Undefined)];
        }
        self.also_written(file, FuncId(0), name, &[], alts)
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
