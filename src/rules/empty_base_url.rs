//! `empty-base-url`: a base URL is set to nothing.

use super::ignored_base_url::takes;
use super::{Facts, label_of_key};
use crate::clients::IgnoredKind;
use crate::finding::Applicability::Safe;
use crate::finding::{Change, Finding, Label, Repair, Severity};
use crate::routes::Client;

const RULE: &str = "empty-base-url";

/// Judges the empty strings that a client is given for a base URL.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    for empty in client.ignored.iter().filter(|ignored| ignored.kind == IgnoredKind::Empty) {
        let Some(route) = client.routes.iter().find(|route| takes(route, empty)) else { continue };
        let host = client.default_endpoint.as_deref().and_then(crate::endpoint::Url::parse).map(|url| url.host);
        let effect = match host.filter(|_| client.empty_is_default) {
            Some(host) => format!("{} talks to {host}", client.name),
            None => format!("requests of {} have no host to go to", client.name),
        };
        let message = format!("`{}` is set to nothing: {effect}", empty.name);
        let mut labels = vec![
            Label { at: empty.at, text: "nothing".to_owned() },
            Label { at: client.callee_at, text: "the client".to_owned() },
        ];
        labels.extend(label_of_key(&route.key));
        let (help, repair) = match route.key.providers.contains("mixroute") {
            true => {
                let url = facts.mixroute_url();
                let help = format!("write \"{url}\" there");
                let change = Change::SetUrl { at: empty.value_at.unwrap_or(empty.at), url };
                (help, Some(Repair { change, applicability: Safe }))
            }
            false => ("write the URL there, or take the setting out".to_owned(), None),
        };
        if !out.iter().any(|known| known.at == empty.at) {
            let (labels, help) = (super::distinct(labels), Some(help));
            out.push(Finding { labels, help, repair, ..Finding::new(RULE, Severity::Warning, empty.at, message) });
        }
    }
    out
}
