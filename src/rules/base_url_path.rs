//! `base-url-path`: the host is right, the path is not.

use super::{Facts, literal_at, repair, written_at};
use crate::endpoint::{self, PathProblem, PathProblemKind, Url};
use crate::finding::{Applicability, Finding, Location, Severity};
use crate::routes::Client;

/// Judges the endpoints of a client.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out = Vec::new();
    for endpoint in client.routes.iter().map(|route| &route.endpoint).filter(|endpoint| !endpoint.is_default()) {
        let (Some(url), Some(id)) = (&endpoint.url, &endpoint.provider) else { continue };
        // Where the host comes from elsewhere, the path is what is put behind it, if it is written there: of two values
        // that a function joins, one may be meant for another call.
        let host_at = literal_at(facts, endpoint);
        let joined = || {
            written_at(&endpoint.alt.value).filter(|at| {
                let source = &facts.project.file(at.file).source;
                let end = url.path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
                source.language.is_code() && !end.is_empty() && source.slice(at.span).contains(end)
            })
        };
        let Some(at) = host_at.or_else(joined) else { continue };
        if url.path.contains('\u{fffd}') {
            continue;
        }
        let Some(provider) = facts.catalog.provider(id) else { continue };
        let Some(problem) = endpoint::path_problem(provider, client.url_kind, &url.path) else { continue };
        // Of a part that may be empty (`unwrap_or_default`) nobody thinks that it is.
        if problem.kind == PathProblemKind::DoubleSlash && !has_both_slashes(facts, at) {
            continue;
        }
        let own = Own { url, at, joined: host_at.is_none() };
        if sees_to_it(facts, client, &own, &problem) {
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

/// A base URL whose path is judged.
struct Own<'a> {
    url: &'a Url,
    /// Where it, or the path behind its host, is written.
    at: Location,
    /// The host comes from elsewhere.
    joined: bool,
}

/// Whether the program sees to the path itself, so that what is written there is not what requests go to.
///
/// Either the same client has the host with another path, too: the right one, made of what is written here
/// (`url if url.endswith("/v1") else url + "/v1"`), or, behind a host from elsewhere, any. Or the program names what is too
/// much by itself, as one does to cut it off (`url.split("/chat/completions")[0]`).
fn sees_to_it(facts: &Facts<'_>, client: &Client, own: &Own<'_>, problem: &PathProblem) -> bool {
    let right = problem.right.trim_end_matches('/');
    let another = client.routes.iter().map(|route| &route.endpoint).any(|endpoint| {
        endpoint.url.as_ref().filter(|url| url.host == own.url.host).is_some_and(|url| {
            let made_here = || endpoint.alt.steps.iter().any(|step| step.at == own.at);
            (own.joined && url.path != own.url.path) || (url.path.trim_end_matches('/') == right && made_here())
        })
    });
    let surplus = own.url.path.strip_prefix(problem.right.as_str()).map_or("", |more| more.trim_matches('/'));
    another || (problem.kind == PathProblemKind::FullEndpoint && is_named(facts, client, surplus))
}

/// Whether a text stands by itself in the file of a client, with or without slashes around it.
fn is_named(facts: &Facts<'_>, client: &Client, part: &str) -> bool {
    let text = facts.project.file(client.at.file).source.text.as_str();
    let quote = |c: char| matches!(c, '"' | '\'' | '`');
    !part.is_empty()
        && text.match_indices(part).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + part.len()..]);
            before.strip_suffix('/').unwrap_or(before).ends_with(quote)
                && after.strip_prefix('/').unwrap_or(after).starts_with(quote)
        })
}

/// Whether two slashes stand side by side in the text, behind those of the scheme.
fn has_both_slashes(facts: &Facts<'_>, at: Location) -> bool {
    let text = facts.project.file(at.file).source.slice(at.span);
    text.split_once("://").map_or(text, |(_, rest)| rest).contains("//")
}
