//! `mixroute-key-at-openai`, `mixroute-key-without-base-url`, `openai-key-at-mixroute`, `foreign-key`: a key goes to a
//! provider that did not issue it.

use super::{Facts, at_location, label_of_endpoint, label_of_key, repair, shown_providers, spell};
use crate::catalog::UrlKind;
use crate::clients::IgnoredKind;
use crate::finding::{Finding, Label, Severity, Verdict};
use crate::routes::{self, Client, Evidence, Route};

const AT_OPENAI: &str = "mixroute-key-at-openai";
/// The rule for a key that goes to the client's default endpoint.
pub const WITHOUT_BASE_URL: &str = "mixroute-key-without-base-url";
const AT_MIXROUTE: &str = "openai-key-at-mixroute";
const FOREIGN: &str = "foreign-key";

/// Judges the routes of a client.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let wrong: Vec<(&Route, &'static str)> = client
        .routes
        .iter()
        .filter(|route| route.verdict == Verdict::Mismatch)
        .map(|route| (route, rule(route)))
        .chain(swapped(client).into_iter().map(|route| (route, AT_MIXROUTE)))
        .collect();
    let all = wrong.len() == client.routes.len();
    let mut out: Vec<Finding> = Vec::new();
    for (route, rule) in wrong {
        let finding = finding(facts, client, route, rule, all);
        // One finding for each rule and place, however many ways lead there.
        if !out.iter().any(|known| known.rule == finding.rule && known.at == finding.at) {
            out.push(finding);
        }
    }
    out
}

fn rule(route: &Route) -> &'static str {
    let mixroute = route.key.providers.contains("mixroute");
    match route.endpoint.provider.as_deref() {
        Some("openai") if mixroute && route.endpoint.is_default() => WITHOUT_BASE_URL,
        Some("openai") if mixroute => AT_OPENAI,
        Some("mixroute") if route.key.providers.iter().eq(["openai"]) => AT_MIXROUTE,
        _ => FOREIGN,
    }
}

/// Where one way sends a Mixroute key to OpenAI, a key named after OpenAI that another way sends to Mixroute is the
/// other half of a swap, though such a name alone says nothing.
fn swapped(client: &Client) -> Vec<&Route> {
    let half = client.routes.iter().any(|route| rule(route) == AT_OPENAI && route.verdict == Verdict::Mismatch);
    if !half {
        return Vec::new();
    }
    client
        .routes
        .iter()
        .filter(|route| {
            route.verdict == Verdict::Unknown
                && route.endpoint.provider.as_deref() == Some("mixroute")
                && super::key_name(&route.key)
                    .is_some_and(|name| name.to_ascii_uppercase().replace('_', "").contains("OPENAI"))
        })
        .collect()
}

fn finding(facts: &Facts<'_>, client: &Client, route: &Route, rule: &'static str, certain: bool) -> Finding {
    let severity = if certain { Severity::Error } else { Severity::Warning };
    let at = at_location(facts, client, route);
    let host = route.endpoint.url.as_ref().map_or_else(String::new, |url| url.host.clone());
    let key = describe_key(facts, route, rule);
    let mut message = match rule {
        WITHOUT_BASE_URL => {
            let lost = client.ignored.iter().find(|ignored| super::ignored_base_url::takes(route, ignored));
            let why = match lost.map(|lost| lost.kind) {
                Some(IgnoredKind::Late) => format!("the base URL for {} is set later", client.name),
                Some(IgnoredKind::Empty) => format!("the base URL for {} is set to nothing", client.name),
                _ => format!("no base URL for {} was found in the project", client.name),
            };
            format!("{key} goes to api.openai.com: {why}")
        }
        AT_OPENAI => format!("{key} is sent to OpenAI ({host})"),
        AT_MIXROUTE => format!("{key} is sent to Mixroute ({host})"),
        _ => format!("{key} is sent to {} ({host})", facts.provider_name(route.endpoint.provider.as_deref())),
    };
    if !certain && let Some(when) = when(route) {
        message.push_str(&format!(" when {when}"));
    }
    let owner = facts.provider_name(route.endpoint.provider.as_deref());
    let text = match rule {
        _ if route.endpoint.is_default() => format!("without a base URL this client talks to {host}"),
        _ if at == client.at => format!("this client talks to {owner}"),
        _ => format!("this is {owner}'s endpoint"),
    };
    let mut labels = vec![Label { at, text }];
    labels.extend(label_of_key(&route.key));
    labels.extend(label_of_endpoint(&route.endpoint, at));
    if at != client.at {
        labels.push(Label { at: client.callee_at, text: "the client".to_owned() });
    }
    let mut help = help(facts, client, route, rule);
    let may_move = rule == AT_OPENAI || (rule == FOREIGN && route.endpoint.provider.as_deref() != Some("mixroute"));
    if may_move && repair::place(facts, route).is_some_and(|at| repair::is_used_elsewhere(facts, client, at)) {
        help.push_str("; other clients have this endpoint, too, so that this one needs its own");
    }
    Finding {
        labels: super::distinct(labels),
        flow: routes::flow(client, route),
        help: Some(help),
        repair: repair::of_route(facts, client, route, certain),
        ..Finding::new(rule, severity, at, message)
    }
}

/// A key as the subject of a sentence.
pub(super) fn describe_key(facts: &Facts<'_>, route: &Route, rule: &str) -> String {
    let key = &route.key;
    let name = super::key_name(key).map(|name| format!("`{name}`"));
    let owner = if rule == AT_MIXROUTE {
        "OpenAI".to_owned()
    } else if key.providers.contains("mixroute") {
        "Mixroute".to_owned()
    } else {
        shown_providers(facts, &key.providers)
    };
    let article = if owner.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
    match (&key.evidence, name) {
        (Evidence::Format, name) if key.providers.len() > 1 && key.providers.contains("mixroute") => {
            let held = name.map_or(String::new(), |name| format!(" in {name}"));
            format!("a relay key such as Mixroute's{held}")
        }
        (Evidence::Name(_) | Evidence::Declared(_), Some(name)) => format!("{article} {owner} key, {name},"),
        (_, Some(name)) => format!("{article} {owner} key in {name}"),
        (_, None) => format!("{article} {owner} key"),
    }
}

/// Another key of the client's, to which an endpoint belongs where a wrong one is sent, too.
fn right_key(client: &Client, route: &Route) -> Option<String> {
    let owner = route.key.providers.iter().next()?;
    let key = repair::other_key(client, route, owner)?;
    Some(super::key_name(key).map_or_else(|| "another key".to_owned(), |name| format!("`{name}`")))
}

/// The conditions of a route, as people read them.
fn when(route: &Route) -> Option<String> {
    (!route.when.is_empty()).then(|| route.when.join(" and "))
}

fn help(facts: &Facts<'_>, client: &Client, route: &Route, rule: &str) -> String {
    let symptom = "at run time OpenAI answers 401 `Incorrect API key provided`";
    let url = match client.url_kind {
        UrlKind::Full => route
            .endpoint
            .url
            .as_ref()
            .map(|url| format!("{}{}", facts.mixroute_origin(), url.path))
            .unwrap_or_else(|| facts.mixroute_url()),
        _ => facts.mixroute_url(),
    };
    if matches!(rule, AT_OPENAI | FOREIGN)
        && let Some(right) = right_key(client, route)
    {
        let owner = facts.provider_name(route.endpoint.provider.as_deref());
        let symptom = if rule == AT_OPENAI { format!("; {symptom}") } else { String::new() };
        return format!("use a key of {owner} here: the endpoint is right for {right}{symptom}");
    }
    match rule {
        WITHOUT_BASE_URL => {
            if let Some(advice) = &client.advice {
                return format!("{advice}; {symptom}");
            }
            let what_to_do = match (&client.spelling, client.endpoint_variables.first()) {
                (Some(spelling), Some(variable)) => {
                    format!("add {}, or set `{variable}` where it runs", spell(spelling, &url))
                }
                (Some(spelling), None) => format!("add {}", spell(spelling, &url)),
                (None, Some(variable)) => format!("set `{variable}` to {url}, here or where it runs"),
                (None, None) => format!("give it the base URL {url}"),
            };
            format!("{what_to_do}; {symptom}")
        }
        AT_OPENAI => format!("use {url} for a Mixroute key, or an OpenAI key here; {symptom}"),
        AT_MIXROUTE => {
            "use a Mixroute key here; an OpenAI key sent to Mixroute is refused, and disclosed to it".to_owned()
        }
        _ => {
            let other =
                if client.url_kind == UrlKind::Own { "an OpenAI client with the endpoint" } else { "the endpoint" };
            format!(
                "use a key of {} here, or {other} of {}",
                facts.provider_name(route.endpoint.provider.as_deref()),
                shown_providers(facts, &route.key.providers)
            )
        }
    }
}
