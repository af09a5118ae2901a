//! `late-base-url`: the environment or the module's setting is written when the client has read it already.

use super::ignored_base_url::{is_harmless, takes};
use super::{Facts, spell};
use crate::clients::IgnoredKind;
use crate::endpoint::Url;
use crate::finding::{Applicability, Change, Finding, Label, Repair, Severity};
use crate::resolve::Value;
use crate::routes::{Client, Ignored};

const RULE: &str = "late-base-url";

/// Judges what is written after a client was made.
pub(super) fn check(_facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    for late in client.ignored.iter().filter(|ignored| ignored.kind == IgnoredKind::Late) {
        let mut lost = client.routes.iter().filter(|route| takes(route, late)).peekable();
        let reached = late.endpoint.url.is_some();
        if lost.peek().is_none() || lost.all(|route| route.endpoint.is_default() && is_harmless(route, late)) {
            continue;
        }
        let host = client.default_endpoint.as_deref().and_then(crate::endpoint::Url::parse).map(|url| url.host);
        let effect = host.map_or(String::new(), |host| format!(" and talks to {host}"));
        let message = format!("`{}` is set too late: {} has read it already{effect}", late.name, client.name);
        let labels = vec![
            Label { at: late.at, text: "too late".to_owned() },
            Label { at: client.callee_at, text: "the client is made here".to_owned() },
        ];
        let spelled = client.spelling.as_deref().zip(late.endpoint.url.as_ref().filter(|_| reached));
        let help = match spelled {
            Some((spelling, url)) => {
                format!("move it above the client, or give the client {}", spell(spelling, &url.shown()))
            }
            None => "move it above the client".to_owned(),
        };
        if !out.iter().any(|known| known.at == late.at) {
            let (labels, repair) = (super::distinct(labels), repair(client, late));
            let known = Finding::new(RULE, Severity::Warning, late.at, message);
            out.push(Finding { labels, help: Some(help), repair, ..known });
        }
    }
    out
}

/// The URL for the client itself, where it is written in the same file. What is set later stays: others may read it.
fn repair(client: &Client, late: &Ignored) -> Option<Repair> {
    let Value::Str(text, at) = &late.endpoint.alt.value else { return None };
    let url = late
        .endpoint
        .url
        .as_ref()
        .map(Url::shown)
        .filter(|shown| at.file == client.at.file && text.expose() == shown)?;
    let change = Change::AddUrl { client: client.at, slot: client.url_slot.clone()?, url };
    Some(Repair { change, applicability: Applicability::Unsafe })
}
