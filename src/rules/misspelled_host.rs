//! `misspelled-host`: a host that is one slip away from a provider's.

use super::{Facts, repair, written_endpoints};
use crate::endpoint;
use crate::finding::{Applicability, Finding, Severity};
use crate::routes::Client;

/// Judges the endpoints of a client.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out = Vec::new();
    for (url, _, at) in written_endpoints(facts, client).filter(|(_, provider, _)| provider.is_none()) {
        let Some((provider, host)) = endpoint::misspelled(facts.catalog, &url.host) else { continue };
        let message = format!("`{}` is not a host of {}; `{host}` is", url.host, provider.name);
        let mut finding = super::value_finding(
            "misspelled-host",
            Severity::Error,
            client,
            at,
            message,
            format!("did you mean `{host}`?"),
            format!("write `{host}`"),
        );
        // Another one's key would then be at the right host of the wrong provider.
        if !repair::contradicts(client, at, &provider.id) {
            let path = endpoint::path_problem(provider, client.url_kind, &url.path).map(|problem| problem.right);
            let path = path.filter(|_| !url.path.contains('\u{fffd}'));
            let host = host.to_owned();
            finding.repair = repair::replace(facts, client, at, url.clone(), host, path, Applicability::Safe);
        }
        out.push(finding);
    }
    out
}
