//! `key-at-two-providers`: one key reaches the endpoints of two providers. Only one of them issued it: the other client
//! was forgotten.
//!
//! Keys whose owner is known are judged one by one, by the route rules; this is about the others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use super::{Facts, label_of_endpoint, label_of_key, spell};
use crate::clients::From;
use crate::finding::{Applicability, Change, FileId, Finding, Label, Location, Repair, Severity, Verdict};
use crate::resolve::Value;
use crate::routes::{Client, Evidence, Route};

pub(super) const RULE: &str = "key-at-two-providers";

/// Which key it is: of two that are equal here, nobody can say that they are not the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Identity {
    /// A literal, by where it is written.
    Literal(Location),
    /// A variable, in the scope of a dotenv file, a package or the project.
    Variable(String, PathBuf),
}

/// A use of a key.
#[derive(Clone, Copy)]
struct Use<'a> {
    number: usize,
    client: &'a Client,
    route: &'a Route,
    provider: &'a str,
}

/// Judges all clients together.
pub(super) fn check(facts: &Facts<'_>, clients: &[Client]) -> Vec<(usize, Finding)> {
    let mut out: Vec<(usize, Finding)> = Vec::new();
    let mut known = BTreeSet::new();
    for (stray, others) in strays(facts, clients) {
        let Some(other) = others.iter().find(|other| both_run(facts, &stray, other)) else { continue };
        let finding = finding(facts, &stray, other);
        if known.insert(finding.at) {
            out.push((stray.number, finding));
        }
    }
    out
}

/// Files whose clients have a key in common, and of which it is not known that they are parts of one program.
pub(super) fn unlinked(facts: &Facts<'_>, clients: &[Client]) -> BTreeSet<FileId> {
    let mut out = BTreeSet::new();
    for (stray, others) in strays(facts, clients) {
        if others.iter().any(|other| both_run(facts, &stray, other)) {
            continue;
        }
        let file = stray.client.at.file;
        let apart = others.iter().map(|other| other.client.at.file).filter(|other| *other != file);
        let before = out.len();
        out.extend(apart);
        if out.len() > before {
            out.insert(file);
        }
    }
    out
}

/// Uses of a key at OpenAI, each with the uses of the same key somewhere else.
fn strays<'a>(facts: &Facts<'_>, clients: &'a [Client]) -> Vec<(Use<'a>, Rc<[Use<'a>]>)> {
    let mut uses: BTreeMap<Identity, Vec<Use<'a>>> = BTreeMap::new();
    for (number, client) in clients.iter().enumerate() {
        if client.is_block() || client.traces_to.is_some() {
            continue;
        }
        // The SDK's own variable is read where the key that is meant for the client is not given.
        let keyed = client.routes.iter().any(|route| route.key.from == From::Code);
        for route in &client.routes {
            if keyed && route.key.from != From::Code {
                continue;
            }
            if let Some(provider) = &route.endpoint.provider
                && !route.endpoint.forwards
                && route.verdict == Verdict::Unknown
                && !route.doubtful
                && !route.ways.any()
                && route.key.providers.is_empty()
                && let Some(identity) = identity(facts, client, route)
            {
                uses.entry(identity).or_default().push(Use { number, client, route, provider });
            }
        }
    }
    let mut out = Vec::new();
    for uses in uses.into_values() {
        let others: Rc<[Use<'a>]> = uses.iter().filter(|found| found.provider != "openai").copied().collect();
        if others.is_empty() {
            continue;
        }
        out.extend(uses.into_iter().filter(|found| is_stray(facts, found)).map(|stray| (stray, others.clone())));
    }
    out
}

/// The use that was forgotten: the one at OpenAI. That a key is OpenAI's and goes to a relay by mistake is told by its
/// format alone.
fn is_stray(facts: &Facts<'_>, found: &Use<'_>) -> bool {
    found.provider == "openai" && facts.project.file(found.client.at.file).reported
}

/// Whether two clients can be made in one run of one program.
fn both_run(facts: &Facts<'_>, a: &Use<'_>, b: &Use<'_>) -> bool {
    if a.client.at == b.client.at && a.client.id == b.client.id {
        return false;
    }
    if a.client.at.file == b.client.at.file {
        return a.route.arms.merge(&b.route.arms).is_some();
    }
    // What is assumed in another file cannot be compared.
    a.route.certain && b.route.certain && facts.project.in_one_program(a.client.at.file, b.client.at.file)
}

/// Which key a route has; `None` for one that nobody issued, or that is not known.
fn identity(facts: &Facts<'_>, client: &Client, route: &Route) -> Option<Identity> {
    // What stands for no key at all is nobody's secret: `"ollama"`.
    if route.key.evidence != Evidence::None || route.key.blank {
        return None;
    }
    match &route.key.alt.value {
        Value::Str(_, at) => Some(Identity::Literal(*at)),
        Value::Env(name, _) => Some(Identity::Variable(name.clone(), scope(facts, client.at.file))),
        _ => None,
    }
}

/// The folder in which a variable is taken to have one value: the one of the dotenv file, else of the nearest manifest.
fn scope(facts: &Facts<'_>, file: FileId) -> PathBuf {
    let project = facts.project;
    if let Some(dotenv) = project.dotenv_of(file).first() {
        return project.file(*dotenv).path.parent().map(PathBuf::from).unwrap_or_default();
    }
    let path = &project.file(file).path;
    let named = |dir: &&std::path::Path| project.manifests.get(*dir).is_some_and(|packages| !packages.is_empty());
    path.ancestors().skip(1).find(named).map(PathBuf::from).unwrap_or_default()
}

fn finding(facts: &Facts<'_>, stray: &Use<'_>, other: &Use<'_>) -> Finding {
    let (client, route) = (stray.client, stray.route);
    let owner = facts.provider_name(Some(other.provider));
    let key = super::key_name(&route.key).map_or_else(|| "one key".to_owned(), |name| format!("the key in `{name}`"));
    let host = route.endpoint.url.as_ref().map(|url| url.host.clone()).unwrap_or_default();
    let why = match route.endpoint.is_default() {
        true => format!("{} has no base URL and sends it to {host}, too", client.name),
        false => format!("{} sends it to {host}, too", client.name),
    };
    let message = format!("{key} is used at {owner}, and {why}");
    let at = super::at_location(facts, client, route);
    let mut labels = vec![Label { at, text: format!("here it goes to {host}") }];
    if at != client.at {
        labels.push(Label { at: client.callee_at, text: "the client".to_owned() });
    }
    labels.push(Label { at: other.client.callee_at, text: format!("here it goes to {owner}") });
    labels.extend(label_of_endpoint(&other.route.endpoint, at));
    labels.extend(label_of_key(&route.key));
    let url = other.route.endpoint.url.as_ref().map(|url| url.shown()).unwrap_or_default();
    let variable = client.endpoint_variables.last().map(|name| format!(", or set `{name}`")).unwrap_or_default();
    let help = match (&client.advice, client.spelling.as_deref()) {
        (Some(advice), _) => advice.clone(),
        (None, Some(spelling)) if route.endpoint.is_default() => format!("add {}{variable}", spell(spelling, &url)),
        _ => format!("use {url} here, too, or a key of OpenAI's own under another name"),
    };
    let flow = crate::routes::flow(client, route);
    let labels = super::distinct(labels);
    // That the key is one and the same is likely, not certain.
    let told = !url.is_empty() && !url.contains(['…', '\u{fffd}']) && other.client.url_kind == client.url_kind;
    let slot = client.url_slot.clone().filter(|_| told && route.endpoint.is_default());
    let repair = slot.map(|slot| Repair {
        change: Change::AddUrl { client: client.at, slot, url },
        applicability: Applicability::Unsafe,
    });
    Finding { labels, flow, help: Some(help), repair, ..Finding::new(RULE, Severity::Warning, at, message) }
}
