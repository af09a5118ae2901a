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
    /// The same of branches of which some arm leaves the function: whoever is behind the loop may come from a `break`.
    left: HashMap<BlockId, Vec<(u32, Vec<Test>)>>,
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
                Some(Stmt::Branch(arms)) => arms.iter().all(|arm| known[arm.index()]),
                _ => false,
            };
            (flow.leaves[number], parts[number]) =
                (ends(&flow.leaves), matches!(last, Some(Stmt::Jump)) || ends(&parts));
            for (index, stmt) in block.stmts.iter().enumerate() {
                let Stmt::Branch(arms) = stmt else { continue };
                for (ended, known) in [(&parts, &mut flow.after), (&flow.leaves, &mut flow.left)] {
                    let tests = known_of_others(arms, ended, blocks);
                    if !tests.is_empty() {
                        known.entry(BlockId(number as u32)).or_default().push((index as u32, tests));
                    }
                }
            }
        }
        flow
    }
}

/// What is known behind a branch whose arms in part do not come there: what all the others assume.
fn known_of_others(arms: &[BlockId], ended: &[bool], blocks: &[Block]) -> Vec<Test> {
    let mut staying = arms.iter().filter(|arm| !ended[arm.index()]).map(|arm| &blocks[arm.index()].tests);
    // Where none of them stays, what follows is reached in some other way: from a loop, a `finally`.
    let Some(first) = staying.next() else { return Vec::new() };
    let rest: Vec<_> = staying.collect();
    if rest.len() + 1 == arms.len() {
        return Vec::new();
    }
    let shared = |test: &&Test| rest.iter().all(|tests| tests.contains(test));
    first.iter().filter(shared).cloned().collect()
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

    /// The same of whoever has come through a block of an arm to a point behind it: all of [`Module::known_before`] within
    /// the loop that a jump in the block belongs to, behind it only what is known since other arms leave the function.
    pub fn known_behind(&self, body: BlockId, point: BlockId) -> impl Iterator<Item = (usize, &[Test])> {
        let known = if self.is_behind_loop(body, point) { &self.flow.left } else { &self.flow.after };
        let all = known.get(&body).map_or(&[][..], Vec::as_slice);
        all.iter().map(|(at, tests)| (*at as usize, tests.as_slice()))
    }

    /// Whether the loop around a block has ended at a point.
    fn is_behind_loop(&self, body: BlockId, point: BlockId) -> bool {
        let around =
            |from: BlockId| std::iter::successors(Some(from), |&at| self.block(at).parent.map(|(parent, _)| parent));
        let inner = around(body).find(|&at| self.block(at).looped);
        inner.is_some_and(|inner| !around(point).any(|at| at == inner))
    }
}
