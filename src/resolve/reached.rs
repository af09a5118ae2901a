//! Who comes to a point: the calls that lead there, and what is assumed where they stand.

use super::value::Ctx;
use super::{Arms, Lit, Resolver};
use crate::facts::{ExprId, ExprKind, FuncId};
use crate::finding::FileId;

/// Calls into each other of which the conditions count.
const MAX_CALLERS: usize = 3;
/// More ways to a point than these are not told apart.
const MAX_WAYS: usize = 16;

impl Resolver<'_> {
    /// What is assumed in each of the ways in which the calls of the project lead to a point; `None` where somebody else
    /// may come, too.
    pub fn ways_to(&mut self, ctx: &Ctx) -> Option<Vec<Arms>> {
        self.ways_from(ctx, MAX_CALLERS)
    }

    fn ways_from(&mut self, ctx: &Ctx, further: usize) -> Option<Vec<Arms>> {
        let func = self.module(ctx.file).block(ctx.block).func;
        if further == 0 || func == FuncId(0) {
            return None;
        }
        let (sites, more) = self.call_sites(ctx.file, func);
        if more || sites.is_empty() || sites.len() > MAX_WAYS {
            return None;
        }
        let mut out = Vec::new();
        for site in &sites {
            let call = self.run_by((ctx.file, func), (site.caller.file, site.call));
            let is_this = Arms::default().with(call)?;
            let held = self.guard(&site.caller);
            let mut held = self.guard_within(&site.caller, site.call).merge(&held).unwrap_or(held);
            if self.module(site.caller.file).block(site.caller.block).func == FuncId(0) {
                held = self.without_ends(site.caller.file, &held);
            }
            if self.is_in_method(site.caller.file, site.call) && !self.is_on_itself(site.caller.file, site.call) {
                held = self.without_fields(&held);
            }
            let own = is_this.merge(&held)?;
            match self.ways_from(&site.caller, further - 1) {
                Some(ways) => out.extend(ways.iter().filter_map(|way| way.merge(&own))),
                None => out.push(own),
            }
            if out.len() > MAX_WAYS {
                return None;
            }
        }
        // That nobody comes is for nobody to say who has not understood all that stands around the calls.
        (!out.is_empty()).then_some(out)
    }

    /// The constant that the tests around a point say an expression to be, in whichever call leads there.
    pub fn told(&mut self, ctx: &Ctx, expr: ExprId) -> Option<String> {
        if let Some(told) = self.told_here(ctx, expr) {
            return Some(told);
        }
        let func = self.module(ctx.file).block(ctx.block).func;
        let (sites, more) = self.call_sites(ctx.file, func);
        if more || ctx.frame.is_some() {
            return None;
        }
        let mut found = None;
        for site in sites {
            let at = Ctx { frame: Some(site), ..ctx.clone() };
            if self.within(&at).is_some() {
                let told = self.told_here(&at, expr)?;
                if found.get_or_insert_with(|| told.clone()) != &told {
                    return None;
                }
            }
        }
        found
    }

    fn told_here(&mut self, ctx: &Ctx, expr: ExprId) -> Option<String> {
        let subject = self.subject_of_expr(ctx, expr);
        let held = self.within(ctx)?;
        let is = held.lits().iter().find(|lit| lit.subject == subject && lit.value.is_some() && !lit.negated)?;
        Some(self.constants.name(is.value?).to_owned())
    }

    /// Whether a method is called on the object that the caller is a method of: `self.ask()`.
    fn is_on_itself(&self, file: FileId, call: ExprId) -> bool {
        let module = self.module(file);
        let ExprKind::Call(data) = module.kind(call) else { return false };
        let ExprKind::Member(of, _) = module.kind(data.callee) else { return false };
        let caller = module.func(module.block(module.points[call.index()].0).func);
        matches!(module.kind(*of), ExprKind::Name(name) if caller.receiver.as_ref() == Some(name))
    }

    /// Whether a call stands in a method: elsewhere what is said of a class's fields is said of the object that is handed on.
    fn is_in_method(&self, file: FileId, call: ExprId) -> bool {
        let module = self.module(file);
        module.func(module.block(module.points[call.index()].0).func).receiver.is_some()
    }

    /// What is assumed of anything that decides where a program ends: what a function finds in its module is looked up as it
    /// is behind all of that, also by a function that is called before: `if __name__ == "__main__": exit(main())`.
    fn without_ends(&mut self, file: FileId, arms: &Arms) -> Arms {
        let module = self.module(file);
        let body = module.func(FuncId(0)).body;
        let end = Ctx { file, block: body, index: module.block(body).stmts.len(), frame: None };
        let ends = self.guard(&end);
        ends.lits().iter().fold(arms.clone(), |arms, lit| arms.without(lit.subject))
    }

    /// What is assumed of anything but fields of the receiver, which are another object's behind a call of its method.
    fn without_fields(&self, arms: &Arms) -> Arms {
        let is_field = |lit: &&Lit| self.subjects.name(lit.subject).starts_with("0:field:");
        let fields: Vec<u32> = arms.lits().iter().filter(is_field).map(|lit| lit.subject).collect();
        fields.into_iter().fold(arms.clone(), |arms, field| arms.without(field))
    }
}
