//! `base-url-path`: the host is right, the path is not.

use super::{Facts, literal_at, repair, written_at};
use crate::endpoint::{self, PathProblemKind, Url};
use crate::finding::{Applicability, Finding, Location, Severity};
use crate::routes::Client;

/// Judges the endpoints of a client.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out = Vec::new();
    for endpoint in client.routes.iter().map(|route| &route.endpoint).filter(|endpoint| !endpoint.is_default()) {
        let (Some(url), Some(id)) = (&endpoint.url, &endpoint.provider) else { continue };
        // Where the host comes from elsewhere, the path is what is put behind it, if it is written there: of two values
        // that a function joins, one may be meant for another call. Programs that put several there look at what the
        // host came with.
        let host_at = literal_at(facts, endpoint);
        let joined = || {
            written_at(&endpoint.alt.value).filter(|at| {
                let source = &facts.project.file(at.file).source;
                let end = url.path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
                source.language.is_code() && !end.is_empty() && source.slice(at.span).contains(end)
            })
        };
        let alone = || {
            let urls = client.routes.iter().filter_map(|route| route.endpoint.url.as_ref());
            urls.filter(|other| other.host == url.host).all(|other| other.path == url.path)
        };
        let Some(at) = host_at.or_else(|| joined().filter(|_| alone())) else { continue };
        if url.path.contains('\u{fffd}') {
            continue;
        }
        let Some(provider) = facts.catalog.provider(id) else { continue };
        let Some(problem) = endpoint::path_problem(provider, client.url_kind, &url.path) else { continue };
        // Of a part that may be empty (`unwrap_or_default`) nobody thinks that it is.
        if problem.kind == PathProblemKind::DoubleSlash && !has_both_slashes(facts, at) {
            continue;
        }
        if is_made_right(client, &url.host, &problem.right, at) {
            continue;
        }
        let more = url.path.strip_prefix(problem.right.as_str()).map(|more| more.trim_matches('/'));
        if problem.kind == PathProblemKind::FullEndpoint && more.is_some_and(|more| is_cut_off(facts, client, more)) {
            continue;
        }
        let text = match problem.kind {
            PathProblemKind::BaseMissing => format!("has no `{}`", provider.base_path.as_deref().unwrap_or("/v1")),
            PathProblemKind::FullEndpoint => "is the path of one request, to which the client adds its own".to_owned(),
            PathProblemKind::BaseTwice => "has its version twice".to_owned(),
            PathProblemKind::BaseAdded => "has a version, which this client adds itself".to_owned(),
            PathProblemKind::DoubleSlash => "has two slashes in a row".to_owned(),
        };
        let scheme = url.scheme.unwrap_or("https");
        let port = url.port.map_or(String::new(), |port| format!(":{port}"));
        let help = format!("write `{scheme}://{}{port}{}`", url.host, problem.right);
        let message = format!("the base URL for {} {text}", client.name);
        let mut finding =
            super::value_finding("base-url-path", Severity::Warning, client, at, message, format!("this {text}"), help);
        let (host, path) = (url.host.clone(), Some(problem.right));
        if host_at.is_some() {
            finding.repair = repair::replace(facts, client, at, url.clone(), host, path, Applicability::Safe);
        }
        out.push(finding);
    }
    out
}

/// Whether the program makes the path right where it is not: `url if url.endswith("/v1") else url + "/v1"`.
fn is_made_right(client: &Client, host: &str, path: &str, at: Location) -> bool {
    client.routes.iter().map(|route| &route.endpoint).any(|endpoint| {
        let right = |url: &Url| url.host == host && url.path.trim_end_matches('/') == path.trim_end_matches('/');
        endpoint.url.as_ref().is_some_and(right) && endpoint.alt.steps.iter().any(|step| step.at == at)
    })
}

/// Whether the program names what is too much of the path by itself, as one does to cut it off:
/// `url.split("/chat/completions")[0]`.
fn is_cut_off(facts: &Facts<'_>, client: &Client, more: &str) -> bool {
    let text = facts.project.file(client.at.file).source.text.as_str();
    let quote = |c: char| matches!(c, '"' | '\'' | '`');
    !more.is_empty()
        && text.match_indices(more).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + more.len()..]);
            before.strip_suffix('/').unwrap_or(before).ends_with(quote)
                && after.strip_prefix('/').unwrap_or(after).starts_with(quote)
        })
}

/// Whether two slashes stand side by side in the text, behind those of the scheme.
fn has_both_slashes(facts: &Facts<'_>, at: Location) -> bool {
    let text = facts.project.file(at.file).source.slice(at.span);
    text.split_once("://").map_or(text, |(_, rest)| rest).contains("//")
}
