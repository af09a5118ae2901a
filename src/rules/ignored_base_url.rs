//! `ignored-base-url`: a base URL is set where this client does not look.

use super::{Facts, label_of_key, route, spell};
use crate::clients::IgnoredKind;
use crate::finding::Applicability::{Safe, Unsafe};
use crate::finding::{Change, Finding, Label, Repair, Severity, Verdict};
use crate::routes::{Client, Evidence, Ignored, Route};

pub(super) const RULE: &str = "ignored-base-url";

/// Judges what was set for a client in vain.
pub(super) fn check(facts: &Facts<'_>, client: &Client) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    let is_unread = |ignored: &&Ignored| !matches!(ignored.kind, IgnoredKind::Late | IgnoredKind::Empty);
    for ignored in client.ignored.iter().filter(is_unread) {
        if ignored.kind != IgnoredKind::Option && facts.is_read(client, ignored) {
            continue;
        }
        let lost: Vec<&Route> = client.routes.iter().filter(|route| takes(route, ignored)).collect();
        if lost.is_empty() || lost.iter().all(|route| is_harmless(route, ignored)) {
            continue;
        }
        let misled = lost.iter().find(|route| goes_astray(route, ignored)).copied();
        let finding = finding(facts, client, ignored, misled, lost.len() == client.routes.len());
        if !out.iter().any(|known| known.at == finding.at) {
            out.push(finding);
        }
    }
    out
}

/// Whether the requests go where they were meant to go all the same.
pub(super) fn is_harmless(route: &Route, ignored: &Ignored) -> bool {
    let (is, meant) = (&route.endpoint, &ignored.endpoint);
    is.provider.is_some() && is.provider == meant.provider
}

/// Whether a route would have had the ignored endpoint.
pub(super) fn takes(route: &Route, ignored: &Ignored) -> bool {
    let from = &route.endpoint.from;
    let open = match ignored.kind {
        // A variable that the client reads is as good as the one it does not.
        IgnoredKind::Variable => route.endpoint.is_default(),
        // What the client is taken to have read may be the very line that comes too late.
        IgnoredKind::Late => {
            let written = super::written_at(&route.endpoint.alt.value);
            route.endpoint.is_default()
                || (written.is_some() && written == super::written_at(&ignored.endpoint.alt.value))
        }
        IgnoredKind::Empty => {
            route.endpoint.is_default() || route.endpoint.alt.value.presence() == crate::resolve::Presence::Empty
        }
        IgnoredKind::Option | IgnoredKind::Attribute => *from != crate::clients::From::Code,
    };
    let arms = &ignored.endpoint.alt.arms;
    let agrees = arms.merge(&route.key.alt.arms).and_then(|arms| arms.merge(&route.endpoint.alt.arms)).is_some();
    open && agrees
}

/// Whether a key goes to a provider that did not issue it: it is known to be another's, or it is meant for the provider
/// of the ignored URL.
fn goes_astray(route: &Route, ignored: &Ignored) -> bool {
    if route.verdict == Verdict::Mismatch {
        return true;
    }
    let (is, meant) = (&route.endpoint, &ignored.endpoint);
    is.is_default()
        && !route.doubtful
        && route.key.providers.is_empty()
        && route.key.evidence == Evidence::None
        && !meant.forwards
        && meant.provider.is_some()
        && meant.provider != is.provider
}

fn finding(facts: &Facts<'_>, client: &Client, ignored: &Ignored, misled: Option<&Route>, always: bool) -> Finding {
    let Ignored { name, at, .. } = ignored;
    let what = match ignored.kind {
        IgnoredKind::Option => format!("`{name}` is no option of {}", client.name),
        _ => format!("`{name}` is not read by {}", client.name),
    };
    let host = client.default_endpoint.as_deref().and_then(crate::endpoint::Url::parse).map(|url| url.host);
    let effect = match (misled, &host) {
        (Some(route), Some(host)) => format!("{} goes to {host}", key(facts, route)),
        (None, Some(host)) => format!("requests go to {host} unless something else is set"),
        _ => "it has no effect".to_owned(),
    };
    let severity = if misled.is_some() && always { Severity::Error } else { Severity::Warning };
    let mut labels = vec![Label { at: *at, text: "nothing reads this".to_owned() }];
    labels.extend(misled.and_then(|route| label_of_key(&route.key)));
    labels.push(Label { at: client.callee_at, text: "the client".to_owned() });
    let flow = misled.map(|route| crate::routes::flow(client, route)).unwrap_or_default();
    let (labels, help, repair) = (super::distinct(labels), Some(help(client, ignored)), repair(client, ignored));
    let message = format!("{what}: {effect}");
    Finding { labels, flow, help, repair, ..Finding::new(RULE, severity, *at, message) }
}

/// The key as the subject of a sentence.
fn key(facts: &Facts<'_>, route: &Route) -> String {
    if route.verdict == Verdict::Mismatch {
        return route::describe_key(facts, route, RULE);
    }
    super::key_name(&route.key).map_or_else(|| "the key".to_owned(), |name| format!("the key in `{name}`"))
}

/// The right name for an option, an attribute or a variable.
fn repair(client: &Client, ignored: &Ignored) -> Option<Repair> {
    let at = ignored.at;
    let (change, applicability) = match ignored.kind {
        IgnoredKind::Option => {
            let to = client.endpoint_argument.as_deref()?;
            // The position is where the option stands already; `1.…` is another argument, which is no renaming.
            let to = to.strip_prefix("0.").unwrap_or(to);
            let (holder, from) = ignored.name.rsplit_once('.').unwrap_or(("", &ignored.name));
            // In the right object already.
            let to = match to.rsplit_once('.') {
                Some((object, name)) if object == holder => name,
                _ if holder.is_empty() => to,
                _ => return None,
            };
            (Change::RenameOption { value: ignored.value_at?, from: from.to_owned(), to: to.to_owned() }, Safe)
        }
        // Where the client looks at no attribute, the URL goes to the client itself.
        IgnoredKind::Attribute if client.endpoint_attributes.is_empty() => {
            let url = ignored.endpoint.url.as_ref().filter(|url| !url.userinfo)?.shown();
            let known = !url.contains(['\u{fffd}', '…']);
            let slot = client.url_slot.clone().filter(|_| known)?;
            (Change::AddUrl { client: client.at, slot, url }, Safe)
        }
        IgnoredKind::Attribute => {
            let to = client.endpoint_attributes.first()?.rsplit('.').next()?;
            let from = ignored.name.rsplit('.').next()?;
            (Change::Rename { at, from: from.to_owned(), to: to.to_owned() }, Safe)
        }
        // Other programs may read it.
        IgnoredKind::Variable => {
            let to = client.endpoint_variables.last()?;
            (Change::Rename { at, from: ignored.name.clone(), to: to.clone() }, Unsafe)
        }
        IgnoredKind::Late | IgnoredKind::Empty => return None,
    };
    Some(Repair { change, applicability })
}

fn help(client: &Client, ignored: &Ignored) -> String {
    let shown = ignored.endpoint.url.as_ref().map(|url| url.shown()).filter(|url| !url.contains('\u{fffd}'));
    let spelled = client.spelling.as_deref().map(|spelling| match &shown {
        Some(url) => spell(spelling, url),
        None => format!("`{spelling}`"),
    });
    if ignored.kind == IgnoredKind::Attribute
        && let (Some(attribute), Some(url)) = (client.endpoint_attributes.first(), &shown)
    {
        return format!("write {}", spell(&format!("{attribute} ="), url));
    }
    let variable = client.endpoint_variables.last();
    match (ignored.kind, variable, spelled) {
        (IgnoredKind::Variable, Some(variable), Some(spelled)) => {
            format!("rename it to `{variable}`, which this client reads, or write {spelled} in the code")
        }
        (IgnoredKind::Variable, None, Some(spelled)) => {
            format!("this client reads no variable for its base URL: write {spelled} in the code")
        }
        (_, _, Some(spelled)) => format!("write {spelled}"),
        (_, Some(variable), None) => format!("set `{variable}`, which this client reads"),
        (_, None, None) => "see the client's own documentation for where the base URL goes".to_owned(),
    }
}
