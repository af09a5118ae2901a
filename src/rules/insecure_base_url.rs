//! `insecure-base-url`: a key goes to a provider's public host without encryption.

use super::{Facts, repair, written_endpoints};
use crate::finding::{Applicability, Finding, Severity};
use crate::routes::Client;

/// Judges the endpoints of a client.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out = Vec::new();
    for (url, provider, at) in written_endpoints(facts, client) {
        let Some(id) = provider else { continue };
        if !url.insecure() {
            continue;
        }
        let name = facts.provider_name(Some(id));
        let message = format!("the key is sent to {name} ({}) without encryption", url.host);
        let mut finding = super::value_finding(
            "insecure-base-url",
            Severity::Warning,
            client,
            at,
            message,
            "`http://`: everyone on the way can read the key",
            format!("write `{}s://`", url.scheme.unwrap_or("http")),
        );
        let host = url.host.clone();
        finding.repair = repair::replace(facts, client, at, url.clone(), host, None, Applicability::Safe);
        out.push(finding);
    }
    out
}
