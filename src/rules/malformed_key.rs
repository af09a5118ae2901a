//! `malformed-key`: a key that no server can accept, whatever its owner.

use super::{Facts, written_at};
use crate::evidence::{self, KeyProblem};
use crate::facts::ExprKind;
use crate::finding::{Applicability, Change, Finding, Location, Repair, Severity};
use crate::language::Language;
use crate::project::File;
use crate::resolve::{StepKind, Value};
use crate::routes::{Client, Route};

/// Judges the keys of a client.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out = Vec::new();
    for route in &client.routes {
        out.extend(unexpanded(facts, client, route));
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

/// A dotenv file's reference to another variable that its reader hands over as it is written: python-dotenv knows
/// `${X}` alone, dotenv for JavaScript knows none.
fn unexpanded(facts: &Facts<'_>, client: &Client, route: &Route) -> Option<Finding> {
    let (language, reader) = match client.language {
        "python" => (Language::Python, "python-dotenv"),
        "javascript" => (Language::JavaScript, "dotenv"),
        _ => return None,
    };
    let steps = route.key.alt.steps.iter().rev();
    let set = steps.filter_map(|step| match &step.kind {
        StepKind::EnvValue(variable) => Some((variable, step.at)),
        _ => None,
    });
    let mut set = set.filter(|(_, at)| facts.project.file(at.file).source.language == Language::Dotenv);
    let (variable, at) = set.next()?;
    let text = facts.project.file(at.file).source.slice(at.span);
    let name = text.strip_prefix('$')?;
    let braced = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let literal = plain || (braced.is_some() && language == Language::JavaScript);
    // A template that refers to itself: what deploys it puts the value in.
    let is_itself = braced.unwrap_or(name) == variable;
    if !literal || is_itself || is_single_quoted(facts, at) || !loads_dotenv(facts, client.at, language) {
        return None;
    }
    let text = format!("is a reference that {reader} hands over as it is written");
    let help = match language {
        Language::Python => format!("write `${{{}}}`, or the key itself", braced.unwrap_or(name)),
        _ => "write the key itself, or load the file with dotenv-expand".to_owned(),
    };
    let message = format!("the key for {} {text}", client.name);
    let mut finding = super::value_finding("malformed-key", Severity::Warning, client, at, message, text, help);
    if braced.is_none() && language == Language::Python {
        let (from, to) = (name.to_owned(), format!("{{{name}}}"));
        finding.repair = Some(Repair { change: Change::Rename { at, from, to }, applicability: Applicability::Safe });
    }
    Some(finding)
}

/// No reader expands what single quotes hold: that it is meant is plain.
fn is_single_quoted(facts: &Facts<'_>, at: Location) -> bool {
    let source = &facts.project.file(at.file).source;
    source.text.get(..at.span.start as usize).is_some_and(|before| before.ends_with('\''))
}

/// Whether the client's file loads dotenv files with the usual library, and nothing in the project expands them.
fn loads_dotenv(facts: &Facts<'_>, client: Location, language: Language) -> bool {
    let imports = |file: &File, wanted: &[&str]| {
        let is_wanted = |kind: &ExprKind| match kind {
            ExprKind::Import(import) => wanted.contains(&import.module.as_str()),
            _ => false,
        };
        file.module.exprs.iter().any(|expr| is_wanted(&expr.kind))
    };
    let own = facts.project.file(client.file);
    match language {
        Language::Python => imports(own, &["dotenv"]),
        _ => {
            let expands = |file| imports(file, &["dotenv-expand", "dotenv-expand/config"]);
            imports(own, &["dotenv", "dotenv/config"]) && !facts.project.files.iter().any(expands)
        }
    }
}
