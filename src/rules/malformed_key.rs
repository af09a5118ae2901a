//! `malformed-key`: a key that no server can accept, whatever its owner.

use super::{Facts, written_at};
use crate::evidence::{self, KeyProblem};
use crate::finding::{Applicability, Change, Finding, Repair, Severity};
use crate::resolve::Value;
use crate::routes::Client;

/// Judges the keys of a client.
pub(super) fn check(_facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out = Vec::new();
    for route in &client.routes {
        let (Value::Str(text, _), Some(at)) = (&route.key.alt.value, written_at(&route.key.alt.value)) else {
            continue;
        };
        let Some(problem) = evidence::key_problem(text.expose()) else { continue };
        let around =
            matches!(problem, KeyProblem::WhiteSpace | KeyProblem::LineEnd | KeyProblem::Quotes | KeyProblem::Bearer);
        let (text, help) = match problem {
            KeyProblem::WhiteSpace => ("has white space around it", "take the white space away"),
            KeyProblem::LineEnd => ("has a line end in it", "take the line end away, or strip what is read"),
            KeyProblem::Quotes => ("has quotes that belong to the file it came from", "take the quotes away"),
            KeyProblem::Bearer => ("begins with `Bearer`, which the client adds itself", "take `Bearer ` away"),
            KeyProblem::Masked => ("is a masked copy: its middle was replaced", "copy the whole key from the console"),
            KeyProblem::Url => ("is a URL", "put the key here, and the URL where the base URL goes"),
            KeyProblem::Reference => {
                ("stands inside `${...}`, where a variable's name belongs", "write the variable's name in the braces")
            }
        };
        let message = format!("the key for {} {text}", client.name);
        let mut finding = super::value_finding(
            "malformed-key",
            Severity::Warning,
            client,
            at,
            message,
            text.to_owned(),
            help.to_owned(),
        );
        finding.repair =
            around.then_some(Repair { change: Change::StripKey { at }, applicability: Applicability::Safe });
        out.push(finding);
    }
    out
}
