//! Whether what is assumed together can be so: a test that every known value of what it asks decides otherwise.

use foldhash::{HashMap, HashMapExt};

use super::handed::Handed;
use super::instance::field_argument;
use super::value::{Alt, Ctx, Made, Value};
use super::{Arms, Lit, MAX_ALTS, Resolver, predicates};
use crate::facts::{ExprKind, Span, Stmt, Test};
use crate::finding::Location;

/// Where what a subject's tests ask about comes from: under which assumptions, and the subject that it is there.
type Source = (Arms, Option<u32>);

/// The places that tests asked about, by the tests' subjects: where, a variable and the way below it.
pub(super) type Asked = HashMap<u32, (Ctx, String, Vec<String>)>;

impl Resolver<'_> {
    /// Notes what a subject's tests ask about, where that has one value at the test in a run: a loop may come back with
    /// another.
    pub(super) fn note_asked(&mut self, ctx: &Ctx, subject: u32, text: &str) {
        if self.asked.contains_key(&subject) || text.starts_with("env:") {
            return;
        }
        let place = predicates::place(text);
        let mut words = place.split('.').map(str::to_owned);
        let Some(root) = words.next() else { return };
        let path: Vec<String> = words.collect();
        let plain =
            |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
        if !plain(&root) || !path.iter().all(|word| plain(word)) {
            return;
        }
        let file = self.project.file(ctx.file);
        let func = file.module.block(ctx.block).func;
        let writes = file.index.assigns.get(&root).into_iter().flatten();
        let often = writes.filter(|(block, _)| file.module.block(*block).func == func).nth(1).is_some();
        if !often || !file.module.has_loop(func) {
            self.asked.insert(subject, (ctx.clone(), root, path));
        }
    }

    /// What a test assumes of which one of several has to hold, `kind in ("relay", "gateway")`, or its outcome. Its subject
    /// is what these assume, which the caller of a function may decide.
    pub(super) fn any_test(&mut self, ctx: &Ctx, test: &Test) -> Result<Lit, bool> {
        let any: Vec<Arms> = test.any.iter().filter_map(|all| self.tests(ctx, all)).collect();
        if any.is_empty() {
            return Err(false);
        }
        if any.iter().any(|arms| arms.lits().is_empty()) {
            return Err(true);
        }
        let number = self.constants.get(&format!("{any:?}"));
        let subject = self.subjects.get(&format!("{}:any:{number}:{}", ctx.file.0, test.subject));
        let lit = Lit { subject, value: None, negated: test.negated };
        self.any_of.entry(lit).or_insert(any);
        Ok(lit)
    }

    /// Which of several sets of assumptions can be met: some value of each place that they ask about is such as they
    /// say, under the same assumptions, and so is the variable of another function that it came from, by the calls that are
    /// assumed or as a part of what that one gives back.
    pub fn possible(&mut self, all: &[&Arms]) -> Vec<bool> {
        let mut known: HashMap<u32, Option<Vec<Arms>>> = HashMap::new();
        let mut sources: HashMap<u32, Vec<Source>> = HashMap::new();
        let mut handed = Handed::default();
        let mut out = Vec::with_capacity(all.len());
        for arms in all {
            // What is assumed of a parameter is so of what it is in the caller, too.
            let mut whole: Arms = (*arms).clone();
            let agrees = arms.lits().iter().all(|lit| {
                self.handed_down(lit.subject, arms, &mut handed, |given| {
                    match whole.clone().with(Lit { subject: given, ..*lit }) {
                        Some(more) => {
                            whole = more;
                            true
                        }
                        None => false,
                    }
                })
            });
            let arms = &whole;
            let mut can_be = |this: &mut Self, lits: &[Lit], arms: &Arms| {
                lits.iter().all(|lit| {
                    let values = known.entry(lit.subject).or_insert_with(|| this.values_asked(lit.subject));
                    let sources = sources.entry(lit.subject).or_insert_with(|| this.sources_of(lit.subject));
                    let comes_from = |(under, source): &Source| {
                        let arms = under.merge(arms);
                        arms.is_some_and(|arms| {
                            source.is_none_or(|source| arms.also_of(&[(source, lit.subject)]).is_some())
                        })
                    };
                    values.as_ref().is_none_or(|values| values.iter().any(|value| value.merge(arms).is_some()))
                        && (sources.is_empty() || sources.iter().any(comes_from))
                })
            };
            // Where one of several has to hold, one of them can.
            let one_can = |this: &mut Self, lit: &Lit, can_be: &mut dyn FnMut(&mut Self, &[Lit], &Arms) -> bool| {
                let Some(any) = this.any_of.get(lit).cloned() else { return true };
                any.iter().any(|one| one.merge(arms).is_some_and(|all| can_be(this, one.lits(), &all)))
            };
            let agrees = agrees
                && can_be(self, arms.lits(), arms)
                && arms.lits().iter().all(|lit| one_can(self, lit, &mut can_be));
            out.push(agrees);
        }
        out
    }

    /// What each value of the place assumes that a subject's tests ask about; `None` where they are not all known.
    fn values_asked(&mut self, subject: u32) -> Option<Vec<Arms>> {
        let (ctx, root, path) = self.asked.get(&subject).cloned()?;
        let at = Location { file: ctx.file, span: Span::default() };
        let alts = self.with_half(|resolver| resolver.name(&ctx, &root, &path, at));
        // What an object or a variable is when it is tested nobody can say.
        let decides = |alt: &Alt| {
            let value = self.as_tested(&alt.value);
            matches!(*value, Value::Str(..) | Value::Const(_) | Value::Null | Value::Undefined)
        };
        (alts.len() < MAX_ALTS && alts.iter().any(decides)).then(|| {
            alts.into_iter().map(|alt| if decides(&alt) { alt.arms } else { alt.arms.without(subject) }).collect()
        })
    }

    /// What the thing itself that a subject's tests ask about is called where it comes from with others: of
    /// `key, kind = connect()` the `kind` that `connect` gives back, of `config.kind` the `kind` that made the `config`.
    fn sources_of(&mut self, subject: u32) -> Vec<Source> {
        let Some((ctx, root, path)) = self.asked.get(&subject).cloned() else { return Vec::new() };
        match path.as_slice() {
            [] => self.source_of(&ctx, &root).into_iter().map(|source| (Arms::default(), Some(source))).collect(),
            [field] => {
                let alts = self.with_half(|resolver| resolver.lookup(&ctx, &root, &[]));
                let mut out = Vec::new();
                for alt in alts {
                    let source = match &alt.value {
                        Value::Made(made) => self.made_from(made, field),
                        _ => None,
                    };
                    out.push((alt.arms, source));
                }
                if out.iter().all(|(_, source)| source.is_none()) { Vec::new() } else { out }
            }
            _ => Vec::new(),
        }
    }

    /// The subject that a field is where the call stands that makes its object.
    fn made_from(&mut self, made: &Made, field: &str) -> Option<u32> {
        let ExprKind::Call(call) = self.module(made.ctx.file).kind(made.expr) else { return None };
        let callees = self.called(&made.ctx, call.callee);
        let [Alt { value: Value::Made(class), .. }] = callees.as_slice() else { return None };
        let ExprKind::Class(class_id) = *self.module(class.ctx.file).kind(class.expr) else { return None };
        let (file, class) = self.filled_holder((class.ctx.file, class_id), field)?;
        let given = field_argument(&self.module(file).classes[class.index()], call, field)?;
        let is_place = self.chain(&made.ctx, given).is_some();
        is_place.then(|| self.subject_of_expr(&made.ctx, given))
    }

    /// The same of a variable that is taken out of what a call gives back.
    fn source_of(&mut self, ctx: &Ctx, root: &str) -> Option<u32> {
        let file = self.project.file(ctx.file);
        let module = &file.module;
        let func = module.block(ctx.block).func;
        let mut writes = file.index.assigns.get(root)?.iter().filter(|(block, _)| module.block(*block).func == func);
        let (Some(&(block, index)), None) = (writes.next(), writes.next()) else { return None };
        let Stmt::Assign { place, value, .. } = module.block(block).stmts.get(index as usize)? else { return None };
        let (base, name) = match module.kind(*value) {
            ExprKind::Member(base, name) => (*base, name.clone()),
            ExprKind::Index(base, index) => match module.kind(*index) {
                ExprKind::Const(name) => (*base, name.clone()),
                ExprKind::Str(name) => (*base, name.expose().to_owned()),
                _ => return None,
            },
            _ => return None,
        };
        if !place.path.is_empty() {
            return None;
        }
        let at = Ctx { block, index: index as usize, ..ctx.clone() };
        let alts = self.with_half(|resolver| resolver.eval(&at, base));
        let [Alt { value: Value::Made(made), .. }] = alts.as_slice() else { return None };
        let given = self.written_as(made.ctx.file, made.expr, &name)?;
        matches!(self.module(made.ctx.file).kind(given), ExprKind::Name(_))
            .then(|| self.subject_of_expr(&made.ctx, given))
    }
}
