//! `if` and `match`, as statements and as values.

use syn::{BinOp, Block, Expr, ExprIf, ExprMatch, ExprTry, Macro, Pat, UnOp};

use super::exprs::{Wrapper, diverges, path_wrapper, tail_only, wrapper};
use super::macros::Matches;
use super::patterns::{bare, environment_name, literal_cond, names};
use super::spans::ident;
use super::{Lower, Sink};
use crate::facts::{BlockId, Cond, ExprId, ExprKind, Place, Span, Stmt, Test, squeeze};

/// How many conditions that failed an arm remembers. A longer chain knows less, not more than memory holds.
const MAX_KNOWN: usize = 64;

/// How long a disjunction is taken apart.
const MAX_CONDITION: u32 = 2000;

/// The names that `if let` and its kin bind: by which pattern, from which value.
type Bindings<'e> = Vec<(&'e Pat, Bound<'e>)>;

/// Where the names of a pattern take their values from.
enum Bound<'e> {
    /// An expression.
    From(&'e Expr),
    /// The variable that holds its value already.
    Held(String, Span),
}

impl Lower<'_> {
    /// Lowers an `if` or `match` whose arms' values go where `sink` says.
    pub(super) fn branch(&mut self, expr: &Expr, sink: &Sink) {
        match expr {
            Expr::If(node) => {
                let (clauses, otherwise) = flatten(node);
                self.clauses(&clauses, otherwise, sink);
            }
            Expr::Match(node) => self.match_arms(node, sink),
            _ => {}
        }
    }

    /// Lowers an `if` or `match` whose value is used.
    pub(super) fn branch_value(&mut self, expr: &Expr) -> ExprId {
        let span = self.span(expr);
        if !self.is_choice(expr) {
            let name = self.temporary();
            self.branch(expr, &Sink::Assign(name.clone()));
            return self.name(span, name);
        }
        let mut arms = Vec::new();
        match expr {
            Expr::If(node) => {
                let (clauses, otherwise) = flatten(node);
                let mut conds = Vec::new();
                for (cond, _) in &clauses {
                    conds.push(self.cond(cond, &mut Vec::new()));
                }
                let bodies = clauses.iter().filter_map(|(_, body)| tail(body)).chain(otherwise.map(tail_only));
                for (tests, body) in chain(&conds).into_iter().zip(bodies) {
                    arms.push((tests, self.value(body)));
                }
            }
            Expr::Match(node) => {
                let tests = self.match_tests(node, None);
                for (tests, arm) in tests.into_iter().zip(&node.arms) {
                    arms.push((tests, self.value(tail_only(&arm.body))));
                }
            }
            _ => {}
        }
        self.expr(span, ExprKind::Choice(arms))
    }

    /// `option.ok_or_else(…)?`: without a value the function ends here.
    pub(super) fn asked_for(&mut self, node: &ExprTry) -> ExprId {
        let (value, span) = (self.value(&node.expr), self.span(&node.expr));
        let name = self.temporary();
        self.builder.assign(span, span, Place::name(name.clone()), value);
        let there = Cond::Truthy(name.clone(), None);
        let left = self.builder.open_block(there.assume(false));
        self.builder.stmt(Stmt::Return(None));
        self.builder.close_block();
        let on = self.builder.open_block(there.assume(true));
        self.builder.close_block();
        self.builder.branch(vec![left, on]);
        self.name(span, name)
    }

    /// Whether the arms of an `if` or `match` do nothing but compute a value.
    pub(super) fn is_choice(&self, expr: &Expr) -> bool {
        is_choice(expr, 0)
    }

    /// An `if` .. `else if` .. `else`, or a `while`: its arms.
    pub(super) fn clauses(
        &mut self,
        clauses: &[(&Expr, &Block)],
        otherwise: Option<&Expr>,
        sink: &Sink,
    ) -> Vec<BlockId> {
        let mut conds = Vec::new();
        let mut bindings = Vec::new();
        for (cond, _) in clauses {
            let mut bound = Vec::new();
            conds.push(self.cond(cond, &mut bound));
            bindings.push(bound);
        }
        let mut tests = chain(&conds).into_iter();
        let mut arms = Vec::new();
        for ((_, body), bound) in clauses.iter().zip(bindings) {
            arms.push(self.builder.open_block(tests.next().unwrap_or_default()));
            for (pat, from) in bound {
                let value = match from {
                    Bound::From(from) => self.value(from),
                    Bound::Held(name, span) => self.name(span, name),
                };
                self.bind_pattern(pat, value);
            }
            self.body(body, sink);
            self.builder.close_block();
        }
        arms.push(self.builder.open_block(tests.next().unwrap_or_default()));
        match otherwise {
            Some(Expr::Block(block)) if block.label.is_none() => self.body(&block.block, sink),
            Some(other) => self.statement(other, sink),
            None => {}
        }
        self.builder.close_block();
        self.builder.branch(arms.clone());
        arms
    }

    fn match_arms(&mut self, node: &ExprMatch, sink: &Sink) {
        let binds = node.arms.iter().any(|arm| !names(&arm.pat).is_empty());
        let matched = binds.then(|| {
            let value = self.value(&node.expr);
            let name = self.temporary();
            let span = self.span(&node.expr);
            self.builder.assign(span, span, Place::name(name.clone()), value);
            name
        });
        let tests = self.match_tests(node, matched.as_deref());
        let mut arms = Vec::new();
        for (tests, arm) in tests.into_iter().zip(&node.arms) {
            arms.push(self.builder.open_block(tests));
            if let Some(name) = &matched
                && !names(&arm.pat).is_empty()
            {
                let span = self.span(&node.expr);
                let value = self.name(span, name.clone());
                self.bind_pattern(&arm.pat, value);
            }
            if let Pat::Guard(guarded) = &arm.pat {
                self.effect(&guarded.guard);
            }
            match &*arm.body {
                Expr::Block(block) if block.label.is_none() => self.body(&block.block, sink),
                body => self.statement(body, sink),
            }
            self.builder.close_block();
        }
        self.builder.branch(arms);
    }

    /// What each arm of a `match` knows. The value that is matched is lowered here, unless it was before.
    fn match_tests(&mut self, node: &ExprMatch, matched: Option<&str>) -> Vec<Vec<Test>> {
        let subject = self.subject(&node.expr);
        let mut tested = None;
        if matched.is_none() {
            if subject.parts.is_empty() {
                tested = Some(self.value(&node.expr));
            } else {
                self.effect(&node.expr);
            }
        }
        let mut failed: Vec<Test> = Vec::new();
        let mut known = 0;
        let mut all = Vec::new();
        for arm in &node.arms {
            match self.pattern_cond(&arm.pat, &subject, tested) {
                Some(cond) => {
                    if known < MAX_KNOWN {
                        known += 1;
                        // Of a guarded arm either the pattern does not fit or the guard does not hold.
                        let untested =
                            matches!(arm.pat, Pat::Guard(_)).then(|| self.pattern_cond(&arm.pat, &subject, None));
                        failed.extend(untested.flatten().as_ref().unwrap_or(&cond).assume(false));
                    }
                    all.push(cond.assume(true));
                }
                // Only the first arm that takes all is reached.
                None => all.push(std::mem::take(&mut failed)),
            }
        }
        if let Some(value) = tested
            && all.iter().flatten().all(|test| test.expr.is_none())
        {
            self.builder.stmt(Stmt::Expr(value));
        }
        all
    }

    /// Lowers a condition; what its `let`s bind is left to the arm.
    fn cond<'e>(&mut self, expr: &'e Expr, bindings: &mut Bindings<'e>) -> Cond {
        match self.deeper(|lower| lower.cond_here(expr, bindings)) {
            Some(cond) => cond,
            None => Cond::opaque(self.slice(self.span(expr))),
        }
    }

    fn cond_here<'e>(&mut self, expr: &'e Expr, bindings: &mut Bindings<'e>) -> Cond {
        match expr {
            Expr::Group(e) => self.cond(&e.expr, bindings),
            Expr::Paren(e) => self.cond(&e.expr, bindings),
            Expr::Reference(e) => self.cond(&e.expr, bindings),
            Expr::Unary(e) if matches!(e.op, UnOp::Not(_)) => Cond::Not(Box::new(self.cond(&e.expr, bindings))),
            Expr::Let(e) => {
                if bindings.is_empty() && is_own_call(bare(&e.expr)) && binds_one(&e.pat) {
                    // What is bound is known not to be `None` where the variable is that is tested.
                    let value = self.value(&e.expr);
                    let (name, span) = (self.temporary(), self.span(&e.expr));
                    self.builder.assign(span, span, Place::name(name.clone()), value);
                    bindings.push((&e.pat, Bound::Held(name.clone(), span)));
                    return Cond::Truthy(name, None);
                }
                let subject = self.subject(&e.expr);
                let tested = if names(&e.pat).is_empty() && subject.parts.is_empty() {
                    Some(self.value(&e.expr))
                } else {
                    bindings.push((&e.pat, Bound::From(&e.expr)));
                    None
                };
                let cond = self.pattern_cond(&e.pat, &subject, tested);
                let cond = cond.unwrap_or(Cond::Truthy(subject.text, tested));
                if let Some(value) = tested
                    && cond.assume(true).iter().all(|test| test.expr.is_none())
                {
                    self.builder.stmt(Stmt::Expr(value));
                }
                cond
            }
            Expr::Binary(e) => match e.op {
                BinOp::And(_) => {
                    let mut terms = Vec::new();
                    let mut left = expr;
                    while let Expr::Binary(binary) = left
                        && matches!(binary.op, BinOp::And(_))
                    {
                        terms.push(&*binary.right);
                        left = &binary.left;
                    }
                    terms.push(left);
                    let terms = terms.into_iter().rev().map(|term| self.cond(term, bindings)).collect();
                    self.settled(Cond::And(terms))
                }
                BinOp::Or(_) if self.span(expr).range().len() <= MAX_CONDITION as usize => {
                    let mut terms = Vec::new();
                    let mut left = expr;
                    while let Expr::Binary(binary) = left
                        && matches!(binary.op, BinOp::Or(_))
                    {
                        terms.push(&*binary.right);
                        left = &binary.left;
                    }
                    terms.push(left);
                    let terms = terms.into_iter().rev().map(|term| self.cond(term, bindings)).collect();
                    self.settled(Cond::Or(terms))
                }
                BinOp::Eq(_) => self.comparison(expr, &e.left, &e.right),
                BinOp::Ne(_) => Cond::Not(Box::new(self.comparison(expr, &e.left, &e.right))),
                _ => self.truth(expr),
            },
            Expr::MethodCall(e) if e.args.is_empty() => {
                if e.method == "is_some" || e.method == "is_ok" {
                    self.truth(&e.receiver)
                } else if e.method == "is_none" || e.method == "is_err" || e.method == "is_empty" {
                    Cond::Not(Box::new(self.truth(&e.receiver)))
                } else {
                    self.truth(expr)
                }
            }
            Expr::Macro(e) => self.matches_cond(&e.mac).unwrap_or_else(|| self.truth(expr)),
            _ => self.truth(expr),
        }
    }

    /// The condition of `matches!(self, Self::Relay)`, which is that of a `match` with this arm.
    pub(super) fn matches_cond(&mut self, node: &Macro) -> Option<Cond> {
        let Matches { value, pat, guard } = super::macros::matches(node)?;
        let subject = self.subject(&value);
        let tested = subject.parts.is_empty().then(|| self.value(&value));
        let guard = guard.map(|guard| Cond::opaque(self.slice(self.span(&guard))));
        let cond = self.pattern_cond(&pat, &subject, tested);
        (cond.is_some() || guard.is_some()).then(|| Cond::And(cond.into_iter().chain(guard).collect()))
    }

    /// A compound condition without its expressions, which become statements: it may be known by its text, and two
    /// equal ones should have the same.
    fn settled(&mut self, mut cond: Cond) -> Cond {
        let mut stack = vec![&mut cond];
        while let Some(cond) = stack.pop() {
            match cond {
                Cond::Truthy(_, tested) | Cond::Equals(_, tested, _) => {
                    if let Some(tested) = tested.take() {
                        self.builder.stmt(Stmt::Expr(tested));
                    }
                }
                Cond::Not(inner) => stack.push(inner),
                Cond::And(all) | Cond::Or(all) => stack.extend(all.iter_mut().rev()),
            }
        }
        cond
    }

    fn truth(&mut self, expr: &Expr) -> Cond {
        let subject = self.subject(expr).text;
        let tested = self.value(expr);
        Cond::Truthy(subject, Some(tested))
    }

    /// `left == right`, where one of them is a constant.
    fn comparison(&mut self, whole: &Expr, left: &Expr, right: &Expr) -> Cond {
        let pairs = [(left, right), (right, left)];
        for (subject, constant) in pairs {
            let constant = bare(constant);
            if constant_cond(constant, String::new(), None).is_none() {
                continue;
            }
            let text = self.subject(subject).text;
            let tested = self.value(subject);
            if let Some(cond) = constant_cond(constant, text, Some(tested)) {
                return cond;
            }
        }
        let tested = self.value(whole);
        let text = squeeze(self.slice(self.span(whole)));
        // `a != b` and `a == b` are about the same.
        Cond::Truthy(text.replacen("!=", "==", 1), Some(tested))
    }
}

/// A comparison with an expression, if that is a constant.
fn constant_cond(constant: &Expr, subject: String, tested: Option<ExprId>) -> Option<Cond> {
    match constant {
        Expr::Lit(literal) => Some(literal_cond(&literal.lit, subject, tested)),
        Expr::Path(path) => {
            let name = ident(&path.path.segments.last()?.ident);
            if name == "None" {
                return Some(Cond::Not(Box::new(Cond::Truthy(subject, tested))));
            }
            name.starts_with(char::is_uppercase).then_some(Cond::Equals(subject, tested, name.into()))
        }
        _ => None,
    }
}

/// What each arm of a chain knows, then its `else`. Beyond [`MAX_KNOWN`] conditions an arm knows only its own.
fn chain(conds: &[Cond]) -> Vec<Vec<Test>> {
    let (first, more) = conds.split_at(conds.len().min(MAX_KNOWN));
    let mut arms = Cond::chain(first);
    if !more.is_empty() {
        let known = arms.pop().unwrap_or_default();
        arms.extend(more.iter().map(|cond| cond.assume(true)));
        arms.push(known);
    }
    arms
}

/// The conditions and bodies of an `if` chain, and its last `else`.
fn flatten(node: &ExprIf) -> (Vec<(&Expr, &Block)>, Option<&Expr>) {
    let mut clauses = vec![(&*node.cond, &node.then_branch)];
    let mut rest = node.else_branch.as_ref();
    while let Some((_, other)) = rest {
        match &**other {
            Expr::If(next) => {
                clauses.push((&*next.cond, &next.then_branch));
                rest = next.else_branch.as_ref();
            }
            other => return (clauses, Some(other)),
        }
    }
    (clauses, None)
}

/// The value of a block that does nothing else.
fn tail(block: &Block) -> Option<&Expr> {
    match block.stmts.as_slice() {
        [syn::Stmt::Expr(tail, None)] => Some(tail_only(tail)),
        _ => None,
    }
}

fn is_choice(expr: &Expr, level: usize) -> bool {
    let simple = |value: &Expr| {
        let value = tail_only(value);
        let error = matches!(value, Expr::Call(call) if wrapper(&call.func) == Some(Wrapper::Error));
        match value {
            Expr::If(_) | Expr::Match(_) => level < 4 && is_choice(value, level + 1),
            Expr::Block(_) | Expr::Unsafe(_) | Expr::Loop(_) | Expr::ForLoop(_) | Expr::While(_) => false,
            Expr::Assign(_) => false,
            _ => !error && !diverges(value),
        }
    };
    match expr {
        Expr::If(node) => {
            let (clauses, otherwise) = flatten(node);
            otherwise.is_some_and(simple)
                && clauses.iter().all(|(cond, body)| !has_let(cond) && tail(body).is_some_and(simple))
        }
        Expr::Match(node) => node
            .arms
            .iter()
            .all(|arm| !matches!(arm.pat, Pat::Guard(_)) && names(&arm.pat).is_empty() && simple(&arm.body)),
        _ => false,
    }
}

fn has_let(mut cond: &Expr) -> bool {
    loop {
        cond = match cond {
            Expr::Let(_) => return true,
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                if matches!(*binary.right, Expr::Let(_)) {
                    return true;
                }
                &binary.left
            }
            _ => return false,
        };
    }
}

/// `option.ok_or_else(…)`: of nothing it makes an error.
pub(super) fn is_asked_for(expr: &Expr) -> bool {
    matches!(expr, Expr::MethodCall(call) if call.method == "ok_or" || call.method == "ok_or_else")
}

/// `Some(name)`.
fn binds_one(pat: &Pat) -> bool {
    matches!(pat, Pat::TupleStruct(p) if path_wrapper(&p.path) == Some(Wrapper::Value)
        && matches!(p.elems.first(), Some(Pat::Ident(name)) if name.subpat.is_none()))
}

/// Whether an expression calls what may be a function of the project: `find_key()?`, `self.key()`.
fn is_own_call(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => environment_name(expr).is_none() && matches!(&*call.func, Expr::Path(_)),
        Expr::MethodCall(call) => matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident("self")),
        _ => false,
    }
}
