//! `misspelled-host`: a host that is one slip away from a provider's.

use super::{Facts, literal_at};
use crate::endpoint;
use crate::finding::{Finding, Label, Severity};
use crate::routes::Client;

/// Judges the endpoints of a client.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out = Vec::new();
    for route in &client.routes {
        let (Some(url), None, Some(at)) =
            (&route.endpoint.url, &route.endpoint.provider, literal_at(facts, &route.endpoint))
        else {
            continue;
        };
        let Some((provider, host)) = endpoint::misspelled(facts.catalog, &url.host) else { continue };
        out.push(Finding {
            rule: "misspelled-host",
            severity: Severity::Error,
            message: format!("`{}` is not a host of {}; `{host}` is", url.host, provider.name),
            at,
            labels: super::distinct(vec![
                Label { at, text: format!("did you mean `{host}`?") },
                Label { at: client.callee_at, text: "the client".to_owned() },
            ]),
            help: Some(format!("write `{host}`")),
            fix: None,
        });
    }
    out
}
