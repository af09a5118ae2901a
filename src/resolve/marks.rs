//! Where in a block what is looked for can be written, so that a walk back through it need not look at every statement:
//! in a file of many clients each of them walks.

use std::sync::Arc;

use foldhash::HashMap;

use super::Resolver;
use super::lookup::Target;
use crate::facts::{BlockId, ExprId, ExprKind, Module, Stmt};
use crate::finding::FileId;
use crate::project::{env_call_writes, env_place};

/// The statements of a block by what they may write, as indices in order.
#[derive(Default)]
pub(super) struct Marks<'p> {
    /// Branches and blocks, which may write anything.
    inner: Vec<u32>,
    /// Assignments to a variable or below it.
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
            match stmt {
                Stmt::Assign { place, .. } => {
                    marks.assigns.entry(&place.root).or_default().push(index);
                    if env_place(place).is_some() {
                        marks.environment.push(index);
                    }
                }
                Stmt::Expr(expr) => {
                    for name in touched(module, *expr) {
                        let list = marks.calls.entry(name).or_default();
                        if list.last() != Some(&index) {
                            list.push(index);
                        }
                    }
                    if !env_call_writes(module, *expr).is_empty() {
                        marks.environment.push(index);
                    }
                }
                Stmt::Branch(_) | Stmt::Block(_) => marks.inner.push(index),
                Stmt::Return(_) | Stmt::Exit => {}
            }
        }
        marks
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
        let mut lists = [before(&self.inner, upto), before(writes, upto), before(calls, upto)];
        std::iter::from_fn(move || {
            let last = lists.iter_mut().max_by_key(|list| list.last().copied())?;
            let (&index, rest) = last.split_last()?;
            *last = rest;
            Some(index as usize)
        })
    }
}

/// The part of a sorted list that is before a statement.
fn before(list: &[u32], upto: usize) -> &[u32] {
    &list[..list.partition_point(|&index| (index as usize) < upto)]
}

/// The variables that a call is on, or that it is given.
fn touched(module: &Module, expr: ExprId) -> Vec<&str> {
    let ExprKind::Call(call) = module.kind(expr) else { return Vec::new() };
    let mut out = Vec::new();
    let mut at = call.callee;
    loop {
        match module.kind(at) {
            ExprKind::Member(base, _) | ExprKind::Index(base, _) => at = *base,
            ExprKind::Name(name) => {
                out.push(name.as_str());
                break;
            }
            _ => break,
        }
    }
    out.extend(call.args.iter().filter_map(|arg| match module.kind(arg.value) {
        ExprKind::Name(name) => Some(name.as_str()),
        _ => None,
    }));
    out
}

impl<'p> Resolver<'p> {
    /// The marks of a block, made when they are first asked for.
    pub(super) fn marks(&mut self, file: FileId, block: BlockId) -> Arc<Marks<'p>> {
        let module = self.module(file);
        self.marks.entry((file, block)).or_insert_with(|| Arc::new(Marks::of(module, block))).clone()
    }
}
