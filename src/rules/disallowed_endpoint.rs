//! `disallowed-endpoint`: a client talks to a provider that the policy of the configuration does not allow.

use super::{Facts, label_of_endpoint, literal_at};
use crate::finding::{Applicability, Finding, Label, Location, Repair, Severity};
use crate::routes::{Client, Route};

/// The rule's name.
pub(super) const RULE: &str = "disallowed-endpoint";

/// Judges the endpoints of a client, whatever its key.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let path = &facts.project.file(client.at.file).path;
    let Some(allowed) = facts.allowed.in_file(path) else { return Vec::new() };
    let disallowed = |route: &&Route| {
        let elsewhere = route.endpoint.provider.as_ref().is_some_and(|provider| !allowed.contains(provider));
        // Variables without a URL beside them are no client yet.
        elsewhere && !route.doubtful && !(client.is_block() && route.endpoint.is_default())
    };
    let wrong: Vec<&Route> = client.routes.iter().filter(disallowed).collect();
    let all = wrong.len() == client.routes.len();
    let mut out: Vec<Finding> = Vec::new();
    for route in wrong {
        let finding = finding(facts, client, route, allowed, all);
        if !out.iter().any(|known| known.at == finding.at) {
            out.push(finding);
        }
    }
    out
}

fn finding(facts: &Facts<'_>, client: &Client, route: &Route, allowed: &[String], certain: bool) -> Finding {
    let endpoint = &route.endpoint;
    let at = place(facts, client, route);
    let owner = facts.provider_name(endpoint.provider.as_deref());
    let host = endpoint.url.as_ref().map_or("", |url| url.host.as_str());
    let names: Vec<String> = allowed.iter().map(|id| facts.provider_name(Some(id))).collect();
    let names = if names.is_empty() { "no provider".to_owned() } else { names.join(", ") };
    let mut message = format!("{} talks to {owner} ({host}); the policy here allows {names}", client.name);
    if !certain && !route.when.is_empty() {
        message.push_str(&format!(" (when {})", route.when.join(" and ")));
    }
    let text = match endpoint.is_default() {
        true => format!("without a base URL this client talks to {host}"),
        false if at == client.at => format!("this client talks to {owner}"),
        false => format!("this is {owner}'s endpoint"),
    };
    let mut labels = vec![Label { at, text }];
    labels.extend(label_of_endpoint(endpoint, at));
    if at != client.at {
        labels.push(Label { at: client.callee_at, text: "the client".to_owned() });
    }
    let repair = repair(facts, client, route, allowed, certain);
    let recommended = allowed.iter().find_map(|id| facts.catalog.provider(id)?.base_url.clone());
    let use_this = recommended.map_or_else(|| "use an allowed endpoint".to_owned(), |url| format!("use {url}"));
    let severity = if certain { Severity::Error } else { Severity::Warning };
    let help = Some(format!("{use_this}, or allow it: `[policy]` in mixlint.toml"));
    let flow = crate::routes::flow(client, route);
    Finding { labels: super::distinct(labels), flow, help, repair, ..Finding::new(RULE, severity, at, message) }
}

/// The endpoint of the one provider that is allowed, unless the key is known to be another's.
fn repair(facts: &Facts<'_>, client: &Client, route: &Route, allowed: &[String], certain: bool) -> Option<Repair> {
    let [only] = allowed else { return None };
    let taken = |route: &Route| route.key.providers.is_empty() || route.key.providers.contains(only);
    let all = client.routes.iter().all(taken);
    let repair = super::repair::to_provider(facts, client, route, facts.catalog.provider(only)?, certain);
    repair.filter(|_| all).map(|repair| Repair { applicability: Applicability::Unsafe, ..repair })
}

/// Where the endpoint is written, if it is in a given file, else the client.
fn place(facts: &Facts<'_>, client: &Client, route: &Route) -> Location {
    let written = literal_at(facts, &route.endpoint).filter(|_| !route.endpoint.is_default());
    // A line that clients under another policy share is not the wrong one.
    let path = |at: Location| facts.project.file(at.file).path.as_path();
    let same_policy = |at: &Location| facts.allowed.in_file(path(*at)) == facts.allowed.in_file(path(client.at));
    written.filter(|at| facts.project.file(at.file).reported).filter(same_policy).unwrap_or(client.at)
}
