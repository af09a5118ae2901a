//! Which clients the lines of a stack trace use: `self.deepseek.chat.completions.create(...)` is a line of one file, and
//! the client is made in another.

use std::collections::BTreeSet;

use super::Run;
use super::clients::MAX_ROUNDS;
use crate::facts::ExprKind;
use crate::finding::Location;
use crate::project::Wanted;
use crate::resolve::{Ctx, Resolver, Value};
use crate::routes::Client;
use crate::source::Source;

/// Picks lines of files.
pub type Lines<'a> = dyn Fn(&[&Source]) -> Vec<Location> + Sync + 'a;

/// More lines than this are not asked about.
const MOST_LINES: usize = 64;
/// Work allowed for one expression of a line.
const LINE_FUEL: u32 = 4000;
/// How far a value is followed to the client that it comes from: `openai.chat("gpt-4o")` is a model of one.
const MOST_STEPS: u32 = 4;

impl Run<'_> {
    /// The lines that were asked about, each with the places of the clients that it uses.
    pub(super) fn called(&mut self, clients: &[Client]) -> Vec<(Location, Location)> {
        let Some(lines) = self.options.lines else { return Vec::new() };
        let sources: Vec<&Source> = self.project.files.iter().map(|file| &file.source).collect();
        let mut lines = lines(&sources);
        lines.truncate(MOST_LINES);
        let made: BTreeSet<Location> = clients.iter().map(|client| client.at).collect();
        let mut found = Vec::new();
        for _ in 0..MAX_ROUNDS {
            let (called, wanted) = self.uses(&lines, &made);
            found = called;
            if wanted.is_empty() {
                break;
            }
            self.fetch(wanted);
        }
        found
    }

    fn uses(&self, lines: &[Location], made: &BTreeSet<Location>) -> (Vec<(Location, Location)>, BTreeSet<Wanted>) {
        let mut resolver = Resolver::new(&self.project);
        let mut out = Vec::new();
        for &line in lines {
            let module = resolver.module(line.file);
            for expr in module.expr_ids() {
                let is_use = matches!(module.kind(expr), ExprKind::Name(_) | ExprKind::Member(..) | ExprKind::Call(_));
                let start = module.span(expr).start;
                if !is_use || start < line.span.start || start >= line.span.end {
                    continue;
                }
                let ctx = resolver.ctx_of(line.file, expr);
                resolver.refuel(LINE_FUEL);
                for at in clients_of(&mut resolver, made, &ctx, expr, 0) {
                    if !out.contains(&(line, at)) {
                        out.push((line, at));
                    }
                }
            }
        }
        (out, resolver.into_parts().0)
    }
}

/// The clients that a value is, or is made by.
fn clients_of(
    resolver: &mut Resolver<'_>,
    made: &BTreeSet<Location>,
    ctx: &Ctx,
    expr: crate::facts::ExprId,
    steps: u32,
) -> Vec<Location> {
    let mut out = Vec::new();
    for alt in resolver.eval(ctx, expr) {
        let Value::Made(of) = alt.value else { continue };
        let at = resolver.location(of.ctx.file, of.expr);
        if made.contains(&at) {
            out.push(at);
        } else if let ExprKind::Call(call) = resolver.module(of.ctx.file).kind(of.expr)
            && steps < MOST_STEPS
        {
            let from = match resolver.module(of.ctx.file).kind(call.callee) {
                ExprKind::Member(base, _) => *base,
                _ => call.callee,
            };
            out.extend(clients_of(resolver, made, &of.ctx, from, steps + 1));
        }
    }
    out
}
