//! `tracing-at-openai`: an SDK's tracing sends the key to its maker, whatever the base URL is.

use super::{Facts, label_of_endpoint, label_of_key};
use crate::finding::{Applicability, Change, Finding, Label, Repair, Severity};
use crate::routes::{Client, Evidence, Route};

pub(super) const RULE: &str = "tracing-at-openai";

/// Judges what reaches a tracer.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let Some(traces) = &client.traces_to else { return Vec::new() };
    let Some(owner) = facts.catalog.provider_of_host(&traces.host).map(|provider| provider.id.as_str()) else {
        return Vec::new();
    };
    let leaks = |route: &&Route| !route.doubtful && is_foreign(facts, route, owner);
    let Some(route) = client.routes.iter().find(leaks) else { return Vec::new() };
    if client.traces_unless.iter().any(|way| facts.project.mentions(way)) {
        return Vec::new();
    }
    let whose = whose(facts, route);
    let key = super::key_name(&route.key).map_or_else(|| "the key".to_owned(), |name| format!("the key in `{name}`"));
    let message = format!("{} sends {key}, {whose}, to {} with each trace", client.name, traces.host);
    let mut labels = vec![Label { at: client.callee_at, text: format!("traces go to {}", traces.host) }];
    labels.extend(label_of_key(&route.key));
    labels.extend(label_of_endpoint(&route.endpoint, client.callee_at));
    let ways: Vec<String> = client.traces_unless.iter().take(2).map(|way| format!("`{}`", shown(way))).collect();
    let help = Some(format!("turn tracing off with {}; requests are not affected", ways.join(" or ")));
    let labels = super::distinct(labels);
    let change = |argument: &String| Change::AddArgument { client: client.at, argument: argument.clone() };
    let repair = client.traces_off.as_ref().map(change);
    let repair = repair.map(|change| Repair { change, applicability: Applicability::Safe });
    vec![Finding { labels, help, repair, ..Finding::new(RULE, Severity::Warning, client.at, message) }]
}

/// Whether the key is not the tracer's maker's: it is known to be another's, or it is used at another's endpoint.
fn is_foreign(facts: &Facts<'_>, route: &Route, owner: &str) -> bool {
    if !route.key.providers.is_empty() {
        return !route.key.providers.contains(owner);
    }
    let endpoint = &route.endpoint;
    let issues = endpoint.provider.as_deref().is_some_and(|id| id != owner && facts.catalog.provider(id).is_some());
    issues && !endpoint.forwards && !endpoint.is_default() && route.key.evidence == Evidence::None
}

/// Whose key it is.
fn whose(facts: &Facts<'_>, route: &Route) -> String {
    if route.key.providers.is_empty() {
        return format!("which is used at {}", facts.provider_name(route.endpoint.provider.as_deref()));
    }
    format!("which is {}'s", super::shown_providers(facts, &route.key.providers))
}

/// A way to keep traces back, as people write it.
fn shown(way: &str) -> String {
    match way.split_once('.') {
        Some((call, argument)) => format!("{call}({argument}=True)"),
        None if way.contains("DISABLE") => format!("{way}=1"),
        None if way.ends_with(|c: char| c.is_ascii_uppercase()) => way.to_owned(),
        None if way.contains('_') => format!("{way}(True)"),
        None => format!("{way}(true)"),
    }
}
