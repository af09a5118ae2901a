//! Whose key a value is, and whose host an endpoint is.

use std::collections::BTreeSet;

use super::{Endpoint, Evidence, Key};
use crate::catalog::{Catalog, Client};
use crate::clients::{From, SlotValue};
use crate::endpoint::{self, Host, Url};
use crate::evidence::{self, FormatEvidence};
use crate::project::Project;
use crate::resolve::{Alt, Step, StepKind, Value};

/// Whose key a value is.
pub(super) fn key(catalog: &Catalog, project: &Project, client: Option<&Client>, value: SlotValue) -> Key {
    let SlotValue { alt, from } = value;
    let names = names(&alt);
    let mut format = BTreeSet::new();
    let mut label = None;
    let mut blank = false;
    if let Value::Str(text, _) = &alt.value {
        blank = text.is_empty();
        match evidence::of_literal(catalog, text) {
            FormatEvidence::Issued(set) => format = set,
            FormatEvidence::Placeholder(None) => blank = true,
            FormatEvidence::Placeholder(provider) => label = provider,
            FormatEvidence::NotKnown => {}
        }
    }
    let declared =
        names.iter().find_map(|name| project.declared_keys.get(name).map(|provider| (name.clone(), provider.clone())));
    let of_name = |name: &str| match client {
        Some(client) => evidence::of_name_at(catalog, client, name),
        None => evidence::of_name(catalog, name),
    };
    let (by_name, name) = by_name(of_name, &alt, &names);
    let (providers, evidence) = if !format.is_empty() {
        let both: BTreeSet<String> = format.intersection(&by_name).cloned().collect();
        (if both.is_empty() { format } else { both }, Evidence::Format)
    } else if let Some(provider) = label {
        // `claude_api_key = "YOUR_GEMINI_API_KEY"`: what is to stand there nobody knows.
        let other = |set: BTreeSet<String>| !set.is_empty() && !set.contains(&provider);
        let contradicted = names.iter().any(|name| other(of_name(name)) || other(evidence::of_model(catalog, name)));
        if contradicted { (BTreeSet::new(), Evidence::None) } else { (BTreeSet::from([provider]), Evidence::Label) }
    } else if let Some((name, provider)) = declared {
        (BTreeSet::from([provider]), Evidence::Declared(name))
    } else if by_name.is_empty() {
        (by_name, Evidence::None)
    } else {
        (by_name, Evidence::Name(name))
    };
    // A provider that takes anybody's keys says nothing about whose this one is.
    let providers = if providers.iter().any(|id| catalog.provider(id).is_some_and(|provider| provider.forwards)) {
        BTreeSet::new()
    } else {
        providers
    };
    Key { alt, from, providers, evidence, blank }
}

/// The names on a key's way, origin first.
pub(super) fn names(alt: &Alt) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    if let Value::Str(text, _) = &alt.value
        && let Some(name) = evidence::reference_name(text.expose())
    {
        out.push(name);
    }
    if let Value::Env(name, _) | Value::Unknown(Some((name, _))) = &alt.value {
        out.push(name.clone());
    }
    for step in &alt.steps {
        let (StepKind::Env(name) | StepKind::EnvValue(name) | StepKind::Name(name) | StepKind::Param(name)) =
            &step.kind
        else {
            continue;
        };
        if !out.contains(name) {
            out.push(name.clone());
        }
    }
    // An object's own name and the number of an element say nothing of what is in it.
    let says =
        |name: &String| !matches!(name.as_str(), "self" | "this" | "cls") && !name.bytes().all(|b| b.is_ascii_digit());
    out.retain(says);
    out
}

/// Whose key it is by the name of its origin. Names on the way may confirm it, or contradict it: then nothing is known.
fn by_name(of_name: impl Fn(&str) -> BTreeSet<String>, alt: &Alt, names: &[String]) -> (BTreeSet<String>, String) {
    let none = (BTreeSet::new(), String::new());
    let is_variable = |step: &&Step| matches!(step.kind, StepKind::Env(_) | StepKind::EnvValue(_));
    let has_variable = matches!(alt.value, Value::Env(..)) || alt.steps.iter().any(|step| is_variable(&step));
    let Some(origin) = names.first() else { return none };
    let mut set = of_name(origin);
    let mut name = origin.clone();
    for other in &names[1..] {
        let more = of_name(other);
        if more.is_empty() {
            continue;
        }
        if set.is_empty() {
            // A neutral variable stays neutral, whatever the code calls it. Of a literal the nearest name counts.
            if has_variable {
                return none;
            }
            set = more;
            name.clone_from(other);
        } else if set.is_disjoint(&more) {
            return none;
        }
    }
    (set, name)
}

/// The text that a value begins with, up to the first part of it that nobody knows; whether that is all of it.
fn begins(value: &Value, head: &mut String) -> bool {
    match value {
        Value::Str(text, _) => {
            head.push_str(text.expose());
            true
        }
        Value::Concat(parts, _) => parts.iter().all(|part| begins(part, head)),
        _ => false,
    }
}

/// Whose host an endpoint is.
pub(super) fn endpoint(catalog: &Catalog, value: SlotValue, default: Option<&str>) -> Endpoint {
    let SlotValue { alt, from } = value;
    let text = match (&alt.value, &from) {
        (_, From::Nothing) => default.map(str::to_owned),
        (Value::Str(text, _), _) => Some(text.expose().to_owned()),
        (Value::Concat(..), _) => {
            let mut head = String::new();
            begins(&alt.value, &mut head);
            // `f"https://api.openai.com/{version}"`: the host is complete where a slash follows it, and where it is a
            // provider's, which nobody goes on with: `https://api.openai.com${path}`.
            let host = head.find("://").map(|at| &head[at + 3..]);
            match host.map(|host| (host, host.contains('/'))) {
                Some((_, true)) => Some(format!("{head}\u{fffd}")),
                Some((host, _))
                    if !host.ends_with('.') && matches!(endpoint::provider(catalog, host), Host::Provider(_)) =>
                {
                    Some(format!("{head}/\u{fffd}"))
                }
                _ => None,
            }
        }
        _ => None,
    };
    let url = text.as_deref().and_then(Url::parse);
    let (provider, forwards) = match url.as_ref().map(|url| endpoint::provider(catalog, &url.host)) {
        Some(Host::Provider(provider)) => (Some(provider.id.clone()), provider.forwards),
        _ => (None, false),
    };
    Endpoint { alt, from, url, provider, forwards }
}
