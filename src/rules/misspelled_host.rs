//! `misspelled-host`: a host that is one slip away from a provider's.

use super::{Facts, written_endpoints};
use crate::endpoint;
use crate::finding::{Finding, Severity};
use crate::routes::Client;

/// Judges the endpoints of a client.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out = Vec::new();
    for (url, _, at) in written_endpoints(facts, client).filter(|(_, provider, _)| provider.is_none()) {
        let Some((provider, host)) = endpoint::misspelled(facts.catalog, &url.host) else { continue };
        let message = format!("`{}` is not a host of {}; `{host}` is", url.host, provider.name);
        out.push(super::value_finding(
            "misspelled-host",
            Severity::Error,
            client,
            at,
            message,
            format!("did you mean `{host}`?"),
            format!("write `{host}`"),
        ));
    }
    out
}
