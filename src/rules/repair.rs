//! What would repair a finding: the endpoint that a key belongs to, in the place where the client takes it.

use std::collections::HashMap;

use super::{Facts, literal_at, written_at};
use crate::catalog::{Provider, UrlKind};
use crate::endpoint::{self, Url};
use crate::facts::{ExprId, ExprKind, Module, Span, Stmt};
use crate::finding::{Applicability, Change, Location, Repair, Verdict};
use crate::resolve::StepKind;
use crate::routes::{Client, Key, Route};

const MIXROUTE: &str = "mixroute";
const OPENAI: &str = "openai";

/// The repair of a route whose key and endpoint do not belong together.
///
/// A key of Mixroute's wants Mixroute's endpoint; that is the documented set-up. Which endpoint another key wants is
/// known as well, but not that it was meant. An OpenAI key at Mixroute, or any other's, is no matter of endpoints:
/// somebody chose the endpoint, and the key is what is wrong.
pub(super) fn of_route(facts: &Facts<'_>, client: &Client, route: &Route, certain: bool) -> Option<Repair> {
    let owner = match route.key.providers.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [owner] => *owner,
        // A relay's key, and Mixroute is the relay that is named.
        owners if owners.contains(&MIXROUTE) => MIXROUTE,
        _ => return None,
    };
    if owner == OPENAI || route.endpoint.provider.as_deref() == Some(MIXROUTE) {
        return None;
    }
    let known = owner == MIXROUTE && route.key.providers.len() == 1;
    let at_openai = route.endpoint.provider.as_deref() == Some(OPENAI);
    let repair = to_provider(facts, client, route, facts.catalog.provider(owner)?, certain)?;
    let applicability = if known && at_openai { Applicability::Safe } else { Applicability::Unsafe };
    Some(Repair { applicability: repair.applicability.max(applicability), ..repair })
}

/// A provider's endpoint in the place of the one that a route has; safe as far as the place goes.
pub(super) fn to_provider(
    facts: &Facts<'_>,
    client: &Client,
    route: &Route,
    provider: &Provider,
    certain: bool,
) -> Option<Repair> {
    if client.url_kind == UrlKind::Own {
        return None;
    }
    let owner = provider.id.as_str();
    if route.endpoint.is_default() {
        // What repairs one way through the code would break another, if that takes the key of somebody else.
        let may_be = |key: &Key| key.providers.is_empty() || key.providers.contains(owner);
        let slot = client.url_slot.clone().filter(|_| client.routes.iter().all(|route| may_be(&route.key)))?;
        let applicability = if certain { Applicability::Safe } else { Applicability::Unsafe };
        let url = base_url(provider, client.url_kind)?;
        return Some(Repair { change: Change::AddUrl { client: client.at, slot, url }, applicability });
    }
    let from = route.endpoint.url.clone()?;
    let Some(at) = place(facts, route) else {
        // A name that the client's package has for it, in the place of which a literal can stand.
        let at = written_at(&route.endpoint.alt.value).filter(|at| *at != client.at)?;
        let change = Change::SetUrl { at, url: base_url(provider, client.url_kind)? };
        return Some(Repair { change, applicability: Applicability::Unsafe });
    };
    // The place is right for another key of the same client.
    if other_key(client, route, owner).is_some() {
        return None;
    }
    let (host, path) = other_endpoint(facts, provider, client.url_kind, &from, route.endpoint.provider.as_deref())?;
    if is_used_elsewhere(facts, client, at) {
        return None;
    }
    replace(facts, client, at, from, host, path, Applicability::Safe)
}

/// A key that a client sends rightly to where a wrong one goes as well, and that is not a provider's.
pub(super) fn other_key<'a>(client: &'a Client, route: &Route, owner: &str) -> Option<&'a Key> {
    let at = written_at(&route.endpoint.alt.value)?;
    let right = client.routes.iter().filter(|other| other.verdict == Verdict::Match);
    let mut keys = right.filter(|other| written_at(&other.endpoint.alt.value) == Some(at)).map(|other| &other.key);
    keys.find(|key| !key.providers.contains(owner))
}

/// Where the host of a route's endpoint is written.
pub(super) fn place(facts: &Facts<'_>, route: &Route) -> Option<Location> {
    let host = &route.endpoint.url.as_ref()?.host;
    literal_at(facts, &route.endpoint).or_else(|| piece_at(facts, route, host))
}

/// Where the piece of an endpoint that holds its host is written: `BASE` of `f"{BASE}/models"`.
fn piece_at(facts: &Facts<'_>, route: &Route, host: &str) -> Option<Location> {
    let literals = route.endpoint.alt.steps.iter().filter(|step| step.kind == StepKind::Literal).map(|step| step.at);
    literals.into_iter().find(|at| {
        let text = facts.project.file(at.file).source.slice(at.span);
        text.to_ascii_lowercase().contains(host)
    })
}

/// Whether an endpoint is right, or may be, for another client.
pub(super) fn is_used_elsewhere(facts: &Facts<'_>, client: &Client, at: Location) -> bool {
    facts.users(at).any(|(by, _)| by != client.at)
}

/// Another host, or another path, for a URL that is written for a client; `None` where the path is right for one of
/// another kind. With the host and the path as they are, only the scheme becomes a secure one.
pub(super) fn replace(
    facts: &Facts<'_>,
    client: &Client,
    at: Location,
    from: Url,
    host: String,
    path: Option<String>,
    applicability: Applicability,
) -> Option<Repair> {
    if path.is_some() && facts.users(at).any(|(by, kind)| by != client.at && kind != client.url_kind) {
        return None;
    }
    let shared = if is_shared(facts, client, at) { Applicability::Unsafe } else { Applicability::Safe };
    let change = Change::ReplaceUrl { at, from, host, path };
    Some(Repair { change, applicability: applicability.max(shared) })
}

/// Whether the key that a client sends to a written endpoint is known to be another's than some provider's.
pub(super) fn contradicts(client: &Client, at: Location, provider: &str) -> bool {
    client.routes.iter().filter(|route| written_at(&route.endpoint.alt.value) == Some(at)).any(|route| {
        route.verdict == Verdict::Mismatch
            || !(route.key.providers.is_empty() || route.key.providers.contains(provider))
    })
}

/// The base URL of a provider as a kind of client wants it.
pub(super) fn base_url(provider: &Provider, kind: UrlKind) -> Option<String> {
    let url = provider.base_url.clone()?;
    Some(match (kind, provider.base_path.as_deref()) {
        // Such a client adds the path itself.
        (UrlKind::HostOnly, Some(path)) => url.strip_suffix(path).map_or(url.clone(), str::to_owned),
        _ => url,
    })
}

/// The host of a provider in the place of another's, and the path where it cannot stay.
fn other_endpoint(
    facts: &Facts<'_>,
    provider: &Provider,
    kind: UrlKind,
    from: &Url,
    owner: Option<&str>,
) -> Option<(String, Option<String>)> {
    let to = Url::parse(provider.base_url.as_deref()?)?;
    let base_of = |provider: &Provider| Some(Url::parse(provider.base_url.as_deref()?)?.path);
    let old_base = owner.and_then(|owner| facts.catalog.provider(owner)).and_then(base_of).unwrap_or_default();
    let old = from.path.as_str();
    // What follows is not known where the path is put together at run time.
    let path = if old.contains('\u{fffd}') || kind == UrlKind::Any {
        None
    } else {
        let right = |path: &str| endpoint::path_problem(provider, kind, path).map(|problem| problem.right);
        let below = |base: &str| {
            let rest = old.strip_prefix(base)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        let moved = match kind {
            UrlKind::OpenaiBase if below(&old_base) == Some("") || below(&old_base) == Some("/") => {
                format!("{}{}", to.path, below(&old_base).unwrap_or_default())
            }
            UrlKind::Full => below(&old_base).map_or(old.to_owned(), |rest| format!("{}{rest}", to.path)),
            _ => old.to_owned(),
        };
        let path = right(&moved).unwrap_or(moved);
        (path != old).then_some(path)
    };
    Some((to.host, path))
}

/// Whether somebody else may read a literal: it stands in another file, or has a name that is read more than once or
/// known elsewhere.
fn is_shared(facts: &Facts<'_>, client: &Client, at: Location) -> bool {
    if at.file != client.at.file {
        return true;
    }
    if client.at.span.contains(at.span) {
        return false;
    }
    let module = &facts.project.file(at.file).module;
    let names = facts.names(at.file);
    let Some(name) = names.of_literal(module, at) else { return false };
    let reads = names.reads.get(name.as_str()).copied().unwrap_or(0);
    reads > 1 || facts.project.imports.values().flat_map(|keys| keys.values()).any(|file| *file == Some(at.file))
}

/// What the expressions of a file are called, and how often what is called so is read.
#[derive(Default)]
pub(super) struct Names {
    at: HashMap<Span, ExprId>,
    reads: HashMap<String, usize>,
    /// The fields and parameters that expressions are the defaults of.
    defaults: HashMap<ExprId, String>,
}

impl Names {
    pub(super) fn of(module: &Module) -> Self {
        let mut names = Self::default();
        for expr in module.expr_ids() {
            names.at.entry(module.span(expr)).or_insert(expr);
            if let ExprKind::Name(name) | ExprKind::Member(_, name) = module.kind(expr) {
                *names.reads.entry(name.clone()).or_default() += 1;
            }
        }
        let fields = module.classes.iter().flat_map(|class| &class.fields).map(|field| (field.value, &field.name));
        let params = module.functions.iter().flat_map(|function| &function.params);
        for (value, name) in fields.chain(params.map(|param| (param.default, &param.name))) {
            if let Some(value) = value {
                names.defaults.entry(value).or_insert_with(|| name.clone());
            }
        }
        names
    }

    /// The variable or field that a literal is the value of, alone or in an object. None for one that is used on the
    /// spot.
    fn of_literal(&self, module: &Module, at: Location) -> Option<String> {
        let mut root = *self.at.get(&at.span)?;
        let mut field = None;
        while let Some(parent) = module.parents[root.index()] {
            match module.kind(parent) {
                ExprKind::Call(_) => return None,
                ExprKind::Object(object) => {
                    field = field.or_else(|| {
                        object.entries.iter().find_map(|entry| match entry {
                            crate::facts::Entry::Field { key: Some(key), value, .. } if *value == root => {
                                Some(key.clone())
                            }
                            _ => None,
                        })
                    });
                }
                _ => {}
            }
            root = parent;
        }
        if let Some(name) = self.defaults.get(&root) {
            return Some(field.unwrap_or_else(|| name.clone()));
        }
        let (block, index) = module.points[root.index()];
        match module.block(block).stmts.get(index as usize) {
            Some(Stmt::Assign { place, value, .. }) if *value == root => {
                let last = place.path.iter().rev().flatten().next().unwrap_or(&place.root);
                Some(field.unwrap_or_else(|| last.clone()))
            }
            _ => field,
        }
    }
}
