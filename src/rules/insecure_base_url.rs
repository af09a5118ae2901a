//! `insecure-base-url`: a key goes to a provider's public host without encryption.

use super::{Facts, literal_at};
use crate::finding::{Finding, Label, Severity};
use crate::routes::Client;

/// Judges the endpoints of a client.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out = Vec::new();
    for route in &client.routes {
        let (Some(url), Some(id), Some(at)) =
            (&route.endpoint.url, &route.endpoint.provider, literal_at(facts, &route.endpoint))
        else {
            continue;
        };
        if route.endpoint.is_default() || !url.insecure() {
            continue;
        }
        let name = facts.provider_name(Some(id));
        out.push(Finding {
            rule: "insecure-base-url",
            severity: Severity::Warning,
            message: format!("the key is sent to {name} ({}) without encryption", url.host),
            at,
            labels: super::distinct(vec![
                Label { at, text: "`http://`: everyone on the way can read the key".to_owned() },
                Label { at: client.callee_at, text: "the client".to_owned() },
            ]),
            help: Some(format!("write `{}s://`", url.scheme.unwrap_or("http"))),
            fix: None,
        });
    }
    out
}
