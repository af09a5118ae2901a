//! Questions that have one answer for several values: what is below a variable, whichever of its values is asked.

use super::value::{Alt, Made, Value};
use super::{BlockId, FileId};

/// Answers to one question, by the variable that a value was read from.
#[derive(Default)]
pub(super) struct Shared(Vec<(Variable, Vec<Answer>)>);

/// A variable, or a part of it, at a point of a run; and which kind of object it is.
#[derive(PartialEq, Eq)]
pub(super) struct Variable {
    at: (FileId, BlockId, usize, u32),
    root: String,
    path: Vec<String>,
    kind: String,
}

struct Answer {
    alt: Alt,
    /// Some value of the variable assumes no more than the answer does: the others add nothing.
    given: bool,
}

impl Variable {
    /// The one that an object was read from.
    pub(super) fn of(made: &Made, kind: &str) -> Option<Self> {
        let (ctx, root, path) = made.via.as_ref()?;
        let frame = ctx.frame.as_ref().map_or(0, |frame| frame.id);
        let at = (ctx.file, ctx.block, ctx.index, frame);
        Some(Self { at, root: root.clone(), path: path.clone(), kind: kind.to_owned() })
    }
}

impl Shared {
    /// The answer for a value, under what the value assumes.
    pub(super) fn answer(
        &mut self,
        of: &Alt,
        variable: Option<Variable>,
        ask: impl FnOnce(&Value) -> Vec<Alt>,
    ) -> Vec<Alt> {
        let answers =
            |alts: Vec<Alt>| -> Vec<Answer> { alts.into_iter().map(|alt| Answer { alt, given: false }).collect() };
        let Some(variable) = variable else { return given(of, &mut answers(ask(&of.value))) };
        let known = self.0.iter().position(|(known, _)| *known == variable);
        let known = known.unwrap_or_else(|| {
            self.0.push((variable, answers(ask(&of.value))));
            self.0.len() - 1
        });
        given(of, &mut self.0[known].1)
    }
}

fn given(of: &Alt, answers: &mut [Answer]) -> Vec<Alt> {
    let mut out = Vec::new();
    for answer in answers.iter_mut().filter(|answer| !answer.given) {
        let Some(arms) = of.arms.merge(&answer.alt.arms) else { continue };
        answer.given = arms == answer.alt.arms;
        let steps = if answer.alt.steps.is_empty() { of.steps.clone() } else { answer.alt.steps.clone() };
        out.push(Alt { value: answer.alt.value.clone(), arms, steps });
    }
    out
}
