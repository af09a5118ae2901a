//! Texts joined of pieces: `f"https://{host}/v1"`.

use std::sync::Arc;

use super::value::{Alt, Ctx, Step, StepKind, Value};
use super::{Arms, MAX_ALTS, MAX_PARTS, MAX_STEPS, MAX_TEXT, Resolver};
use crate::facts::{ExprId, ExprKind};
use crate::finding::Location;

impl Resolver<'_> {
    /// What the parts of an expression are, joined.
    pub(super) fn concat(&mut self, ctx: &Ctx, parts: &[ExprId], at: Location) -> Vec<Alt> {
        if parts.len() > MAX_PARTS {
            return vec![Alt::unknown()];
        }
        let parts = parts.iter().map(|&part| {
            let mut alts = self.eval(ctx, part);
            // What is written between them is no step of the way.
            if matches!(self.module(ctx.file).kind(part), ExprKind::Str(_)) {
                alts.iter_mut().for_each(|alt| alt.steps.clear());
            }
            alts
        });
        let parts: Vec<Vec<Alt>> = parts.collect();
        Self::joined_parts(&parts, at)
    }

    /// Pieces of a string, joined in each way that they can be together.
    pub(super) fn joined_parts(parts: &[Vec<Alt>], at: Location) -> Vec<Alt> {
        let mut rows: Vec<(Vec<Value>, Arms, Vec<Step>)> = vec![(Vec::new(), Arms::default(), Vec::new())];
        for alts in parts {
            let mut next = Vec::new();
            'rows: for (values, arms, steps) in &rows {
                for alt in alts {
                    let Some(arms) = arms.merge(&alt.arms) else { continue };
                    let mut values = values.clone();
                    values.push(alt.value.clone());
                    let mut steps = steps.clone();
                    steps.extend(alt.steps.iter().cloned());
                    next.push((values, arms, steps));
                    if next.len() >= MAX_ALTS {
                        break 'rows;
                    }
                }
            }
            rows = next;
        }
        rows.into_iter()
            .map(|(values, arms, mut steps)| {
                let mut whole = String::new();
                let known = values.iter().all(|value| match value {
                    Value::Str(text, _) => {
                        whole.push_str(text.expose());
                        true
                    }
                    Value::Const(text) => {
                        whole.push_str(text);
                        true
                    }
                    _ => false,
                });
                steps.truncate(MAX_STEPS);
                let value = if known && whole.len() <= MAX_TEXT {
                    Value::Str(whole.into(), at)
                } else if known || values.iter().map(leaves).sum::<usize>() > MAX_PARTS {
                    Alt::unknown().value
                } else {
                    let kept: Vec<Value> =
                        values.into_iter().filter(|v| !matches!(v, Value::Str(text, _) if text.is_empty())).collect();
                    match <[Value; 1]>::try_from(kept) {
                        Ok([one]) => one,
                        Err(kept) => Value::Concat(Arc::new(kept), at),
                    }
                };
                if steps.is_empty() {
                    steps.push(Step { at, kind: StepKind::Literal });
                }
                Alt { value, arms, steps }
            })
            .collect()
    }
}

/// The pieces of a string that are none of several pieces themselves.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Concat(parts, _) => parts.iter().map(leaves).sum(),
        _ => 1,
    }
}
