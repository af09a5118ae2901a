//! Conditions: what a test assumes, and how people read it.

use std::borrow::Cow;

use super::subjects::{asked_of, lent, point, text_of};
use super::value::{Alt, Ctx, Presence, Value};
use super::{Arms, Lit, Resolver, rows};
use crate::facts::{Constant, ExprId, ExprKind, Test};
use crate::finding::FileId;

impl Resolver<'_> {
    /// What a list of tests assumes; `None` where it cannot hold.
    pub(crate) fn tests(&mut self, ctx: &Ctx, tests: &[Test]) -> Option<Arms> {
        let mut arms = Arms::default();
        for test in tests {
            match self.test(ctx, test) {
                Ok(lit) => arms = arms.with(lit)?,
                Err(true) => {}
                Err(false) => return None,
            }
        }
        Some(arms)
    }

    /// The assumption of a test, or its outcome where that is known.
    fn test(&mut self, ctx: &Ctx, test: &Test) -> Result<Lit, bool> {
        if !test.any.is_empty() {
            return self.any_test(ctx, test);
        }
        let asked = match &test.value {
            Some(value) => match self.constant_meant(ctx, value) {
                Some(text) => Some(text),
                // Of what nobody knows what it stands for the text says whether two tests are the same.
                None => {
                    let subject = self.subject(ctx, &format!("{}=={}", test.subject, value.text));
                    self.note_asked(ctx, subject, &test.subject);
                    return Ok(Lit { subject, value: None, negated: test.negated });
                }
            },
            None => None,
        };
        // In a followed call a parameter's value may decide the test, and so may a field of it, and what it is called on.
        if let (Some(frame), Some(expr)) = (&ctx.frame, test.expr)
            && let Some((root, path)) =
                self.chain(ctx, asked_of(self.module(ctx.file), lent(self.module(ctx.file), expr)))
            && let function = self.module(ctx.file).func(frame.func)
            && (function.params.iter().any(|param| param.name == root)
                || (path.is_empty() && function.receiver.as_deref() == Some(root.as_str())))
        {
            let alts = self.eval(ctx, expr);
            if let [alt] = alts.as_slice()
                && let Some(holds) = holds(&self.as_matched(&alt.value), asked.as_deref())
            {
                return Err(holds != test.negated);
            }
        }
        if let (Some(expr), None) = (test.expr, &asked)
            && let Some(answer) = self.asked_of_method(ctx, expr)
        {
            return match answer {
                Ok(lit) => Ok(Lit { negated: lit.negated != test.negated, ..lit }),
                Err(holds) => Err(holds != test.negated),
            };
        }
        let subject = match test.expr {
            Some(expr) => self.subject_of_expr(ctx, expr),
            None => self.subject(ctx, &test.subject),
        };
        self.note_asked(ctx, subject, &test.subject);
        let value = asked.map(|value| self.constants.get(&value));
        Ok(Lit { subject, value, negated: test.negated })
    }

    /// What `provider.is_relay()` assumes, where the method is nothing but a test: that of its own.
    fn asked_of_method(&mut self, ctx: &Ctx, expr: ExprId) -> Option<Result<Lit, bool>> {
        let module = self.module(ctx.file);
        let ExprKind::Call(call) = module.kind(expr) else { return None };
        let ExprKind::Member(_, name) = module.kind(call.callee) else { return None };
        if !call.args.is_empty() || !name.starts_with("is_") || !self.is_rust(ctx.file) {
            return None;
        }
        let alts = self.eval(ctx, expr);
        let said = |alt: &Alt| match &alt.value {
            Value::Const(text) => Some(!is_false(text)),
            _ => None,
        };
        let answers: Vec<bool> = alts.iter().map(said).collect::<Option<_>>()?;
        match (answers.as_slice(), alts.as_slice()) {
            ([holds], _) => Some(Err(*holds)),
            ([one, other], [first, second]) if one != other => {
                let (yes, no) = if *one { (first, second) } else { (second, first) };
                let opposed = |lit: &&Lit| no.arms.lits().contains(&Lit { negated: !lit.negated, ..**lit });
                let mut told = yes.arms.lits().iter().filter(opposed);
                let (Some(&lit), None) = (told.next(), told.next()) else { return None };
                Some(Ok(lit))
            }
            _ => None,
        }
    }

    /// What a test compares with; `None` where nobody knows.
    fn constant_meant<'t>(&mut self, ctx: &Ctx, constant: &'t Constant) -> Option<Cow<'t, str>> {
        match constant.member {
            Some(member) => self.known_key(ctx, member).map(Cow::Owned),
            None => Some(Cow::Borrowed(&constant.text)),
        }
    }

    /// Whether an assumption about a subject may be true where the subject has a value.
    pub(super) fn may_be(&self, value: &Value, lit: Lit) -> bool {
        let asked = lit.value.map(|value| self.constants.name(value));
        holds(&self.as_tested(value), asked).is_none_or(|holds| holds != lit.negated)
    }

    /// The values that a place has at a point, each with the assumption that it itself makes true.
    pub(super) fn assume_place(&mut self, ctx: &Ctx, root: &str, path: &[String], alts: Vec<Alt>) -> Vec<Alt> {
        let text = text_of(root, path);
        alts.into_iter().filter_map(|alt| self.assume_self(ctx, &text, alt)).collect()
    }

    /// A value with the assumption that it itself makes true: a name that is empty is not truthy, one that equals
    /// `"a"` is `"a"`. Only for names that some condition tests.
    pub(crate) fn assume_self(&mut self, ctx: &Ctx, text: &str, alt: Alt) -> Option<Alt> {
        let alt = self.assume_predicates(ctx, text, alt)?;
        if !self.project.file(ctx.file).index.subjects.contains(text) {
            return Some(alt);
        }
        let subject = self.subject(ctx, text);
        let lit = match (&*self.as_tested(&alt.value), alt.value.presence()) {
            (_, Presence::Null | Presence::Absent | Presence::Empty) => Lit { subject, value: None, negated: true },
            (Value::Str(text, _), _) => Lit { subject, value: Some(self.constants.get(text.expose())), negated: false },
            (Value::Const(text), _) => {
                if is_false(text) {
                    Lit { subject, value: None, negated: true }
                } else {
                    Lit { subject, value: Some(self.constants.get(text)), negated: false }
                }
            }
            (_, Presence::Present) => Lit { subject, value: None, negated: false },
            _ => return Some(alt),
        };
        let arms = alt.arms.with(lit)?;
        Some(Alt { arms, ..alt })
    }

    /// What holds at a program point: see [`Self::within`].
    pub fn guard(&mut self, ctx: &Ctx) -> Arms {
        self.within(ctx).unwrap_or_default()
    }

    /// What the parts of a statement assume that an expression stands in: `client = OpenAI(…) if key else None`.
    pub fn guard_within(&mut self, ctx: &Ctx, expr: ExprId) -> Arms {
        let module = self.module(ctx.file);
        let mut arms = Arms::default();
        let mut inner = expr;
        for _ in 0..32 {
            let Some(outer) = module.parents[inner.index()] else { break };
            if let ExprKind::Choice(choices) = module.kind(outer)
                && let Some((tests, _)) = choices.iter().find(|(_, value)| *value == inner)
                && let Some(more) = self.tests(ctx, tests).and_then(|more| arms.merge(&more))
            {
                arms = more;
            }
            inner = outer;
        }
        arms
    }

    /// What holds at a point: what the arms around it assume, and that no arm before it was taken that leaves the
    /// function. `None` where a followed call never gets there. A test is about what its names were when it was made.
    pub(super) fn within(&mut self, ctx: &Ctx) -> Option<Arms> {
        let point = point(ctx);
        if let Some(known) = self.known().held.get(&point).cloned() {
            return self.recall(&known).as_ref().clone();
        }
        let before = self.rests;
        let held = self.find_held(ctx);
        if self.fuel > 0 {
            let answer = self.answer(held.clone(), before);
            self.known().held.insert(point, answer);
        }
        held
    }

    fn find_held(&mut self, ctx: &Ctx) -> Option<Arms> {
        let module = self.module(ctx.file);
        let mut arms = Arms::default();
        let mut left = Vec::new();
        let (mut block, mut index) = (ctx.block, ctx.index);
        loop {
            for (at, tests) in module.known_before(block, index) {
                left.push(self.tests(&Ctx { block, index: at, ..ctx.clone() }, tests)?);
            }
            let Some((parent, at)) = module.block(block).parent else { break };
            let around = Ctx { block: parent, index: at, ..ctx.clone() };
            arms = arms.merge(&self.tests(&around, &module.block(block).tests)?)?;
            (block, index) = (parent, at);
        }
        // A loop may come back to what has changed since.
        Some(left.iter().fold(arms, |arms, left| arms.merge(left).unwrap_or(arms)))
    }

    /// Which rows of a table a test holds for that asks for a field of the chosen one: `if row["url"]:`. `None` where it
    /// asks for something else.
    pub(super) fn rows_tested(&mut self, ctx: &Ctx, tests: &[Test]) -> Option<Vec<Arms>> {
        let [test] = tests else { return None };
        let expr = test.expr?;
        if !matches!(self.module(ctx.file).kind(expr), ExprKind::Index(..) | ExprKind::Member(..) | ExprKind::Name(_)) {
            return None;
        }
        let alts = self.eval(ctx, expr);
        if !alts.iter().any(|alt| self.is_from_a_row(&alt.arms)) {
            return None;
        }
        let asked = match &test.value {
            Some(value) => Some(self.constant_meant(ctx, value)?),
            None => None,
        };
        let fits =
            |alt: &Alt| holds(&self.as_tested(&alt.value), asked.as_deref()).is_none_or(|holds| holds != test.negated);
        Some(alts.into_iter().filter(fits).map(|alt| alt.arms).collect())
    }

    /// What tests assume; `None` where they cannot hold.
    pub fn assumptions(&mut self, ctx: &Ctx, tests: &[Test]) -> Option<Arms> {
        self.tests(ctx, tests)
    }

    /// Whether a value is from a row of a table, and the row was chosen at run time.
    pub fn is_from_a_row(&self, arms: &Arms) -> bool {
        arms.lits().iter().any(|lit| self.subjects.name(lit.subject) == rows::ROW)
    }

    /// Whether an assumption is about a run, not about which of several calls or rows is meant: all of these may be.
    pub fn is_condition(&self, lit: Lit) -> bool {
        let kind = self.subjects.name(lit.subject).split(':').next().unwrap_or("");
        !matches!(kind, "calls" | "new" | "made" | "each" | "get" | "self" | "there")
    }

    /// Whether an assumption is about what chose a value: not that it was a row, which rows of two tables have in common.
    pub fn is_choice(&self, lit: Lit) -> bool {
        self.is_condition(lit) && self.subjects.name(lit.subject) != rows::ROW
    }

    /// Whether an assumption is that a caller, or the command line, leaves something out for which another value stands.
    pub fn is_left_out(&self, lit: Lit) -> bool {
        lit.negated && lit.value.is_none() && self.replaced.contains(&lit.subject)
    }

    /// Whether assumptions say no more of a variable's value, which is known by some names, than that there is one, and where
    /// it is returned.
    pub fn is_presence_of(&self, lits: &[Lit], value: &Value, names: impl FnOnce() -> Vec<String>) -> bool {
        let Value::Env(variable, _) = value else { return false };
        let names = names();
        let is_there = |lit: &Lit| {
            let subject = self.subjects.name(lit.subject);
            let is_named = || subject.splitn(4, ':').nth(3).is_some_and(|text| names.iter().any(|name| name == text));
            subject.strip_prefix("env:") == Some(variable) || (lit.value.is_none() && !lit.negated && is_named())
        };
        let is_returned = |lit: &Lit| self.subjects.name(lit.subject).starts_with("return:");
        lits.iter().any(is_there) && lits.iter().all(|lit| is_returned(lit) || is_there(lit))
    }

    /// Whether an assumption is about which element of a collection is meant.
    pub fn is_element(&self, lit: Lit) -> bool {
        self.subjects.name(lit.subject).starts_with("each:")
    }

    /// Whether the same words are assumed to hold and not to hold, in two calls of a function: `value` is not there in the one
    /// that reads the URL, and is in the one that reads the key.
    pub fn is_said_both_ways(&self, lit: Lit, arms: &Arms) -> bool {
        let words = |lit: Lit| self.subjects.name(lit.subject).splitn(4, ':').nth(3);
        let other = |known: &&Lit| known.value == lit.value && known.negated != lit.negated;
        words(lit).is_some_and(|text| arms.lits().iter().filter(other).any(|&known| words(known) == Some(text)))
    }

    /// Whether assumptions about two things would contradict each other if they were one, and by their names or by what they
    /// are compared with they may be: `opts.providerId` is "relay", and `providerId`, which a function made of it, is not.
    pub fn may_contradict(&self, arms: &Arms) -> bool {
        let thing = |lit: &Lit| self.subjects.name(lit.subject).splitn(4, ':').nth(3);
        let said = arms.lits().iter().filter(|&&lit| lit.value.is_some() && self.is_choice(lit));
        let said: Vec<(&Lit, &str)> = said.filter_map(|lit| Some((lit, last_word(thing(lit)?)))).collect();
        said.iter().enumerate().any(|(number, (one, word))| {
            said[..number].iter().any(|(other, other_word)| {
                let opposed = one.value == other.value && one.negated != other.negated;
                let both = one.value != other.value
                    && [one, other].iter().all(|lit| !lit.negated && !self.is_variable_name(lit));
                let named = word == other_word && (opposed || both);
                one.subject != other.subject && (named || (opposed && self.is_name(one)))
            })
        })
    }

    /// Whether a key is for what is not one thing and an endpoint for what is not another: that there is a third nobody says.
    pub fn is_neither(&self, key: &Arms, endpoint: &Arms) -> bool {
        let not = |lit: &&Lit| lit.negated && lit.value.is_some() && self.is_choice(**lit);
        let named = |lit: &Lit| {
            let is_it = |other: &Lit| other.subject == lit.subject && other.value.is_some() && !other.negated;
            key.lits().iter().chain(endpoint.lits()).any(is_it)
        };
        key.lits().iter().filter(not).filter(|lit| !endpoint.lits().contains(lit) && !named(lit)).any(|lit| {
            let other = |other: &&Lit| other.subject == lit.subject && !key.lits().contains(other);
            endpoint.lits().iter().filter(not).any(|lit| other(&lit))
        })
    }

    /// Whether an assumption compares with the name of a variable, which tells variables apart and not what they are of.
    fn is_variable_name(&self, lit: &Lit) -> bool {
        lit.value.is_some_and(|value| crate::facts::is_in_capitals(self.constants.name(value)))
    }

    /// Whether an assumption compares with what may be a name of something, no mere number or truth.
    fn is_name(&self, lit: &Lit) -> bool {
        let text = lit.value.map_or("", |value| self.constants.name(value));
        text.len() > 1 && !is_false(text) && !matches!(text, "true" | "True") && text.contains(char::is_alphabetic)
    }

    /// An assumption as people read it: `provider is "openai"`; `None` where it says nothing to them.
    pub fn describe(&self, lit: Lit) -> Option<String> {
        let subject = self.subjects.name(lit.subject);
        let value = lit.value.map(|value| self.constants.name(value));
        let not = if lit.negated { " not" } else { "" };
        let (kind, rest) = subject.split_once(':')?;
        match (kind, value) {
            ("env", None) if lit.negated => Some(format!("`{rest}` is not set")),
            ("env", None) => Some(format!("`{rest}` is set")),
            ("mode", Some(mode)) => Some(format!("the mode is{not} `{mode}`")),
            ("calls", Some(call)) if !lit.negated => {
                let own = FileId(rest.split(':').next()?.parse().ok()?);
                let (file, call) = call.strip_prefix('#')?.split_once(':')?;
                let (file, call) = (FileId(file.parse().ok()?), ExprId(call.parse().ok()?));
                let span = self.module(file).exprs.get(call.index())?.span;
                let line = self.project.file(file).source.position(span.start).line;
                let place = match file == own {
                    true => String::new(),
                    false => format!(" of {}", self.project.file(file).path.file_name()?.to_str()?),
                };
                Some(format!("it is called from line {line}{place}"))
            }
            ("each", Some(row)) if !lit.negated && !row.starts_with('#') => Some(format!("the row is `{row}`")),
            // `file:function:frame:text`, a tested expression; positions in it are for us.
            (file, value) if file.bytes().all(|byte| byte.is_ascii_digit()) => {
                let text = rest.splitn(3, ':').nth(2)?;
                if text.contains('@') {
                    return None;
                }
                Some(match value {
                    Some(row) if row.starts_with('#') => return None,
                    Some(value) => format!("`{text}` is{not} `{value}`"),
                    None if lit.negated => format!("`{text}` is not true"),
                    None => format!("`{text}` is true"),
                })
            }
            _ => None,
        }
    }
}

/// Whether a value equals a constant, or is true; `None` where that is not known.
fn holds(value: &Value, asked: Option<&str>) -> Option<bool> {
    match (value, asked) {
        (Value::Str(text, _), Some(asked)) => Some(text.expose() == asked),
        (Value::Const(text), Some(asked)) => Some(text == asked),
        (value, None) => match value.presence() {
            Presence::Null | Presence::Absent | Presence::Empty => Some(false),
            Presence::Maybe => None,
            Presence::Present => Some(!matches!(value, Value::Const(text) if is_false(text))),
        },
        _ => None,
    }
}

/// What a place is called at last: `kind` of `self.config.kind`.
fn last_word(place: &str) -> &str {
    place.rsplit('.').next().unwrap_or(place)
}

fn is_false(text: &str) -> bool {
    matches!(text, "False" | "false" | "0")
}
