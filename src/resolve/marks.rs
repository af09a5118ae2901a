//! Where in a block what is looked for can be written, so that a walk back through it need not look at every statement:
//! in a file of many clients each of them walks.

use std::sync::Arc;

use foldhash::HashMap;

use super::lookup::Target;
use super::{Resolver, words};
use crate::facts::{BlockId, Call, ExprId, ExprKind, Module, Stmt};
use crate::finding::FileId;
use crate::project::{env_call_writes, env_place};

/// Statements within a branch or block that are looked through for what they write.
const MAX_WITHIN: usize = 2000;

/// The statements of a block by what they, or those within them, may write, as indices in order.
#[derive(Default)]
pub(super) struct Marks<'p> {
    /// Branches that may leave the function, and those that are too large to be looked through.
    any: Vec<u32>,
    /// Assignments to a variable or below it, and branches in which it decides whether an arm leaves.
    assigns: HashMap<&'p str, Vec<u32>>,
    /// Calls on a variable or with it.
    calls: HashMap<&'p str, Vec<u32>>,
    /// Writes to the environment of the process.
    environment: Vec<u32>,
}

impl<'p> Marks<'p> {
    fn of(module: &'p Module, block: BlockId) -> Self {
        let mut marks = Self::default();
        for (index, stmt) in module.block(block).stmts.iter().enumerate() {
            let index = index as u32;
            let mut budget = MAX_WITHIN;
            let leaves = matches!(stmt, Stmt::Branch(arms) if arms.iter().any(|arm| module.leaves(*arm)));
            if leaves || !marks.add(module, stmt, index, &mut budget) {
                note(&mut marks.any, index);
            }
        }
        marks
    }

    /// Notes what a statement may write for the statement of the block that it is or is in; whether all of it was seen.
    fn add(&mut self, module: &'p Module, stmt: &'p Stmt, index: u32, budget: &mut usize) -> bool {
        let Some(rest) = budget.checked_sub(1) else { return false };
        *budget = rest;
        let mut bodies: Vec<BlockId> = Vec::new();
        match stmt {
            Stmt::Assign { place, value, .. } => {
                for name in handed(module, *value) {
                    note(self.calls.entry(name).or_default(), index);
                }
                note(self.assigns.entry(&place.root).or_default(), index);
                if env_place(place).is_some() {
                    note(&mut self.environment, index);
                }
            }
            Stmt::Expr(expr) => {
                for name in touched(module, *expr) {
                    note(self.calls.entry(name).or_default(), index);
                }
                if !env_call_writes(module, *expr).is_empty() {
                    note(&mut self.environment, index);
                }
            }
            Stmt::Branch(arms) => bodies.extend(arms.iter().copied()),
            Stmt::Block(inner) => bodies.push(*inner),
            Stmt::Return(_) | Stmt::Exit | Stmt::Jump => {}
        }
        bodies.into_iter().all(|body| {
            for test in module.known_before(body, usize::MAX).flat_map(|(_, tests)| tests) {
                for name in test.subject.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '@' | '='))) {
                    note(self.assigns.entry(name).or_default(), index);
                }
            }
            module.block(body).stmts.iter().all(|stmt| self.add(module, stmt, index, budget))
        })
    }

    /// The statements before one that may write a target, last first.
    pub(super) fn back(&self, target: Target<'_>, upto: usize) -> impl Iterator<Item = usize> + use<'_, 'p> {
        let (writes, calls) = match target {
            // A variable as such is not changed by a call.
            Target::Place(root, []) => (self.assigns.get(root).map_or(&[][..], Vec::as_slice), &[][..]),
            Target::Place(root, _) => (
                self.assigns.get(root).map_or(&[][..], Vec::as_slice),
                self.calls.get(root).map_or(&[][..], Vec::as_slice),
            ),
            Target::Env(_) => (self.environment.as_slice(), &[][..]),
        };
        let mut lists = [before(&self.any, upto), before(writes, upto), before(calls, upto)];
        std::iter::from_fn(move || {
            let last = *lists.iter().filter_map(|list| list.last()).max()?;
            for list in &mut lists {
                if let Some((&index, rest)) = list.split_last()
                    && index == last
                {
                    *list = rest;
                }
            }
            Some(last as usize)
        })
    }
}

/// Adds an index to a list that is in order, once.
fn note(list: &mut Vec<u32>, index: u32) {
    if list.last() != Some(&index) {
        list.push(index);
    }
}

/// The part of a sorted list that is before a statement.
fn before(list: &[u32], upto: usize) -> &[u32] {
    &list[..list.partition_point(|&index| (index as usize) < upto)]
}

/// Whether a call only takes something out of what it is made on: `options.pop("name")`.
pub(super) fn only_takes(module: &Module, call: &Call) -> bool {
    matches!(module.kind(call.callee), ExprKind::Member(_, method) if words::TAKING.contains(&method.as_str()))
}

/// The variables that a call is on, or that it is given.
fn touched(module: &Module, expr: ExprId) -> Vec<&str> {
    let ExprKind::Call(call) = module.kind(expr) else { return Vec::new() };
    let mut out = Vec::new();
    let mut next = Some(call.callee).filter(|_| !only_takes(module, call));
    while let Some(at) = next {
        next = match module.kind(at) {
            ExprKind::Member(base, _) | ExprKind::Index(base, _) => Some(*base),
            ExprKind::Name(name) => {
                out.push(name.as_str());
                None
            }
            _ => None,
        };
    }
    out.extend(handed(module, expr));
    out
}

/// The variables that a call is given.
fn handed(module: &Module, expr: ExprId) -> impl Iterator<Item = &str> {
    let args = match module.kind(expr) {
        ExprKind::Call(call) => call.args.as_slice(),
        _ => &[],
    };
    args.iter().filter_map(|arg| match module.kind(arg.value) {
        ExprKind::Name(name) => Some(name.as_str()),
        _ => None,
    })
}

/// Whether an expression is a call that is given a variable.
pub fn gets(module: &Module, expr: ExprId, root: &str) -> bool {
    handed(module, expr).any(|name| name == root)
}

impl<'p> Resolver<'p> {
    /// The marks of a block, made when they are first asked for.
    pub(super) fn marks(&mut self, file: FileId, block: BlockId) -> Arc<Marks<'p>> {
        let module = self.module(file);
        self.marks.entry((file, block)).or_insert_with(|| Arc::new(Marks::of(module, block))).clone()
    }
}
