//! Which blocks leave their function, and what is known after a branch of which some arm does.

use std::collections::{HashMap, HashSet};

use super::{Block, BlockId, FuncId, Module, Stmt, Test};

/// Where blocks lead.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// By block: whoever comes to its end has left the function.
    leaves: Vec<bool>,
    /// By block: its branches of which some arm does not come to what follows it, in order, with what all the others know.
    after: HashMap<BlockId, Vec<(u32, Vec<Test>)>>,
    /// Functions with a loop in them.
    loops: HashSet<FuncId>,
}

impl Flow {
    /// Looks at the blocks of a module.
    pub(super) fn of(blocks: &[Block]) -> Self {
        let mut flow = Self { leaves: vec![false; blocks.len()], ..Self::default() };
        // By block: whoever comes to its end does not come to what follows it, at least not this time round a loop.
        let mut parts = vec![false; blocks.len()];
        // A block comes after the one that holds it.
        for (number, block) in blocks.iter().enumerate().rev() {
            if block.looped {
                flow.loops.insert(block.func);
            }
            // A `break` may lead out of a loop.
            let last = block.stmts.last().filter(|_| !block.looped);
            let ends = |known: &[bool]| match last {
                Some(Stmt::Return(_) | Stmt::Exit) => true,
                Some(Stmt::Block(inner)) => known[inner.index()],
                Some(Stmt::Branch(arms)) => arms.iter().all(|arm| known[arm.body.index()]),
                _ => false,
            };
            (flow.leaves[number], parts[number]) =
                (ends(&flow.leaves), matches!(last, Some(Stmt::Jump)) || ends(&parts));
            for (index, stmt) in block.stmts.iter().enumerate() {
                let Stmt::Branch(arms) = stmt else { continue };
                let mut staying = arms.iter().filter(|arm| !parts[arm.body.index()]);
                // Where none of them stays, what follows is reached in some other way: from a loop, a `finally`.
                let Some(first) = staying.next() else { continue };
                let rest: Vec<_> = staying.collect();
                if rest.len() + 1 == arms.len() {
                    continue;
                }
                let shared = |test: &&Test| rest.iter().all(|arm| arm.tests.contains(test));
                let known: Vec<Test> = first.tests.iter().filter(shared).cloned().collect();
                if !known.is_empty() {
                    flow.after.entry(BlockId(number as u32)).or_default().push((index as u32, known));
                }
            }
        }
        flow
    }
}

impl Module {
    /// Whether a block always leaves its function.
    pub fn leaves(&self, block: BlockId) -> bool {
        self.flow.leaves.get(block.index()).is_some_and(|&leaves| leaves)
    }

    /// Whether a function has a loop in it, which may come back to a test with other values.
    pub fn has_loop(&self, func: FuncId) -> bool {
        self.flow.loops.contains(&func)
    }

    /// What is known before a statement of a block since other arms of branches before it do not come there: after
    /// `if a: return` and `if a: continue`, not `a`. With the branches' indices.
    pub fn known_before(&self, block: BlockId, index: usize) -> impl Iterator<Item = (usize, &[Test])> {
        let all = self.flow.after.get(&block).map_or(&[][..], Vec::as_slice);
        all.iter().take_while(move |(at, _)| (*at as usize) < index).map(|(at, tests)| (*at as usize, tests.as_slice()))
    }
}
