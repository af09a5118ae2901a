//! Routes: one client with one possible key and one possible endpoint, and whether they belong together.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, UrlKind};
use crate::clients::{self, From, IgnoredKind, Site, SlotValue};
use crate::cover::Blocks;
use crate::endpoint::{self, Host, Url};
use crate::evidence::{self, FormatEvidence};
use crate::facts::{EnvKind, ExprKind};
use crate::finding::{
    EndpointKind, EndpointRecord, FileId, KeyKind, KeyRecord, Location, OriginStep, RouteRecord, UrlSlot, Verdict,
};
use crate::project::Project;
use crate::resolve::{Alt, Arms, FUEL, Resolver, Step, StepKind, Value};
use crate::scopes::{self, Visible};

mod rows;
mod tools;

pub use rows::drop_consumed;

/// A client with all its routes.
#[derive(Clone, Debug)]
pub struct Client {
    /// Where it is.
    pub at: Location,
    /// Where what is called stands: the part of it to point at.
    pub callee_at: Location,
    /// Its kind.
    pub id: String,
    /// Its kind, for people.
    pub name: String,
    /// What is called.
    pub callee: String,
    /// The language.
    pub language: &'static str,
    /// What its endpoint stands for.
    pub url_kind: UrlKind,
    /// How to write a base URL for it: `base_url=`.
    pub spelling: Option<String>,
    /// What to do where a key must not reach its default.
    pub advice: Option<String>,
    /// Where an endpoint can be added, if it has none.
    pub url_slot: Option<UrlSlot>,
    /// Its own default endpoint.
    pub default_endpoint: Option<String>,
    /// The environment variables that it reads for an endpoint.
    pub endpoint_variables: Vec<String>,
    /// The argument that it takes for an endpoint, as a path of the catalogue.
    pub endpoint_argument: Option<String>,
    /// The module attributes that it reads for an endpoint.
    pub endpoint_attributes: Vec<String>,
    /// It is no client of the program's own: it sends traces there with the key, whatever the endpoint is.
    pub traces_to: Option<Url>,
    /// What keeps the traces back, as the catalogue says it.
    pub traces_unless: Vec<String>,
    /// The argument of its call that keeps them back.
    pub traces_off: Option<String>,
    /// The routes.
    pub routes: Vec<Route>,
    /// Base URLs that were set for it and do not reach it.
    pub ignored: Vec<Ignored>,
    /// An empty base URL means the default to it, and not a URL that leads nowhere.
    pub empty_is_default: bool,
    /// It is a row of fields that nobody was seen to read: where its key's value stands.
    pub row: Option<Location>,
}

/// A base URL that was set where the client does not look.
#[derive(Clone, Debug)]
pub struct Ignored {
    /// What it was written as.
    pub kind: IgnoredKind,
    /// The name that was written.
    pub name: String,
    /// Where.
    pub at: Location,
    /// Where an option's value is written.
    pub value_at: Option<Location>,
    /// The endpoint that was meant.
    pub endpoint: Endpoint,
}

impl Client {
    /// A pair of variables in an environment block or of fields in a row, not a call in code.
    pub fn is_block(&self) -> bool {
        self.id == ENVIRONMENT || self.id == CONFIG
    }
}

/// One possible key and endpoint of a client.
#[derive(Clone, Debug)]
pub struct Route {
    /// The key.
    pub key: Key,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What both assume, and the place of the client too. Comparable with others of the same file only.
    pub arms: Arms,
    /// No condition decides over it: it is there in every run that comes to the client.
    pub certain: bool,
    /// The endpoint is from a row of a table that is chosen at run time, the key is not.
    pub row: bool,
    /// The endpoint is a default that somebody may well have set otherwise.
    pub doubtful: bool,
    /// What both assume, for people, where it can be said.
    pub when: Vec<String>,
    /// Whether they belong together.
    pub verdict: Verdict,
}

/// A key, as far as it is known.
#[derive(Clone, Debug)]
pub struct Key {
    /// The value and its way.
    pub alt: Alt,
    /// How it got to the client.
    pub from: From,
    /// Whose it can be.
    pub providers: BTreeSet<String>,
    /// Why it is held to be theirs.
    pub evidence: Evidence,
}

/// Why a key is held to be a provider's, strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Its format.
    Format,
    /// What a placeholder calls itself.
    Label,
    /// The configuration says so.
    Declared(String),
    /// The name of the variable that it comes from.
    Name(String),
    /// There is none.
    None,
}

/// An endpoint, as far as it is known.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The value and its way.
    pub alt: Alt,
    /// How it got to the client.
    pub from: From,
    /// The URL, where there is one.
    pub url: Option<Url>,
    /// Whose host it is.
    pub provider: Option<String>,
    /// Keys of others may be right there.
    pub forwards: bool,
}

impl Endpoint {
    /// Nothing gives the client an endpoint: it takes its default.
    pub fn is_default(&self) -> bool {
        self.from == From::Nothing
    }

    /// Not known at all.
    pub fn is_unknown(&self) -> bool {
        self.url.is_none() && !self.is_default()
    }
}

/// The kind of a client that is an environment block, for whatever reads it.
pub const ENVIRONMENT: &str = "environment";

/// The kind of a client that is a row of fields, for whatever reads it.
const CONFIG: &str = "config";

/// More routes than this of one client are not looked at.
const MAX_ROUTES: usize = 96;

/// All clients of a file: calls, environment blocks, and rows of a key and a URL.
pub fn of_file(resolver: &mut Resolver<'_>, catalog: &Catalog, file: FileId) -> Vec<Client> {
    let mut out = Vec::new();
    for site in clients::find(resolver, catalog, file) {
        resolver.refuel(FUEL);
        out.extend(of_site(resolver, catalog, &site));
    }
    out.extend(of_blocks(resolver, catalog, file));
    out.extend(rows::of_file(resolver, catalog, file));
    out
}

fn of_site(resolver: &mut Resolver<'_>, catalog: &Catalog, site: &Site<'_>) -> Option<Client> {
    let project = resolver.project;
    let slots = clients::slots(resolver, catalog, site);
    let ctx = resolver.ctx_of(site.file, site.call);
    let guard = resolver.guard(&ctx);
    let guard = resolver.left_before(&ctx).merge(&guard).unwrap_or(guard);
    let url_kind = site.client.url_kind;
    let keys = slots.key.into_iter().map(|value| key(catalog, project, Some(site.client), value)).collect();
    let endpoints = slots
        .endpoint
        .into_iter()
        .map(|value| endpoint(catalog, value, site.client.default_endpoint.as_deref()))
        .collect();
    let ignored = slots
        .ignored
        .into_iter()
        .map(|ignored| Ignored {
            kind: ignored.kind,
            name: ignored.name,
            at: ignored.at,
            value_at: ignored.value_at,
            endpoint: endpoint(catalog, ignored.value, None),
        })
        .collect();
    let routes = pair(resolver, keys, endpoints, &guard);
    // A request is a client only where it carries a key to a provider that is known; any other is nobody's business.
    let is_session = site.client.default_endpoint.is_none()
        && site.construct.env_key.is_empty()
        && !site.construct.headers.is_empty()
        && site.construct.key.is_empty();
    if url_kind == UrlKind::Full || site.construct.any_receiver || is_session {
        let judged = routes.iter().any(|route| {
            let keyed = !(route.key.from == From::Nothing && route.key.providers.is_empty());
            keyed
                && (route.endpoint.provider.is_some()
                    || (!site.construct.any_receiver && !route.key.providers.is_empty()))
        });
        if !judged {
            return None;
        }
    }
    let version = site.client.package.as_deref().and_then(|package| project.version(site.file, package));
    let module = resolver.module(site.file);
    let callee_at = match module.kind(site.call) {
        ExprKind::Call(call) => resolver.location(site.file, call.callee),
        _ => resolver.location(site.file, site.call),
    };
    Some(Client {
        at: resolver.location(site.file, site.call),
        callee_at,
        id: site.client.id.clone(),
        name: site.client.name.clone(),
        callee: site.callee.clone(),
        language: resolver.language_at(site.file, ctx.block),
        url_kind,
        spelling: site.client.endpoint_spelling.clone(),
        advice: site.client.advice.clone(),
        url_slot: url_slot(site),
        default_endpoint: site.client.default_endpoint.clone(),
        endpoint_variables: site
            .construct
            .env_endpoint
            .iter()
            .filter(|name| name.applies(version))
            .map(|name| name.name().to_owned())
            .collect(),
        endpoint_argument: site.construct.endpoint.first().cloned(),
        endpoint_attributes: site.construct.global_endpoint.clone(),
        traces_to: site.client.traces_to.as_deref().and_then(Url::parse),
        traces_unless: site.client.traces_unless.clone(),
        traces_off: site.construct.traces_off.clone(),
        routes,
        ignored,
        empty_is_default: !matches!(site.construct.empty_endpoint, None | Some(crate::catalog::Blank::Given)),
        row: None,
    })
}

/// Where a client takes an endpoint: as its help says, else in the first way that is not a mere position.
fn url_slot(site: &Site<'_>) -> Option<UrlSlot> {
    let construct = site.construct;
    if let Some(way) = &construct.with_endpoint {
        return Some(match way.strip_prefix('.') {
            Some(method) => UrlSlot::Method(method.to_owned()),
            None => UrlSlot::Call(way.clone()),
        });
    }
    let named = |path: &&String| path.parse::<usize>().is_err();
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let spelled = site.client.endpoint_spelling.as_deref().unwrap_or_default();
    let paths = &construct.endpoint;
    let first = paths.iter().filter(named).find(|path| spelled.contains(&last(path)));
    if let Some(first) = first.or_else(|| paths.iter().find(named)) {
        let others = paths.iter().filter(|path| *path != first).cloned();
        return Some(UrlSlot::Argument(std::iter::once(first.clone()).chain(others).collect()));
    }
    construct.global_endpoint.first().cloned().map(UrlSlot::Attribute)
}

/// Every key with every endpoint whose assumptions agree.
fn pair(resolver: &Resolver<'_>, keys: Vec<Key>, endpoints: Vec<Endpoint>, guard: &Arms) -> Vec<Route> {
    let mut out: Vec<Route> = Vec::new();
    for key in &keys {
        for endpoint in &endpoints {
            let arms = key.alt.arms.merge(&endpoint.alt.arms).and_then(|arms| arms.merge(guard));
            let Some(arms) = arms else { continue };
            if out.len() >= MAX_ROUTES {
                // The pair that is right may be among the rest.
                for route in out.iter_mut().filter(|route| route.verdict == Verdict::Mismatch) {
                    route.verdict = Verdict::Unknown;
                }
                return out;
            }
            let verdict = verdict(key, endpoint);
            // What the place of the client assumes is not worth saying: it holds for all its routes.
            let own = arms.lits().iter().filter(|lit| !guard.lits().contains(lit));
            let when = own.filter_map(|&lit| resolver.describe(lit)).take(3).collect();
            let row = resolver.is_from_a_row(&endpoint.alt.arms) && !resolver.is_from_a_row(&key.alt.arms);
            let certain = !arms.lits().iter().any(|&lit| resolver.is_condition(lit));
            let (key, endpoint) = (key.clone(), endpoint.clone());
            out.push(Route { key, endpoint, arms, certain, when, row, doubtful: false, verdict });
        }
    }
    out
}

fn verdict(key: &Key, endpoint: &Endpoint) -> Verdict {
    let Some(provider) = &endpoint.provider else { return Verdict::Unknown };
    if key.providers.is_empty() || endpoint.forwards {
        return Verdict::Unknown;
    }
    if key.providers.contains(provider) { Verdict::Match } else { Verdict::Mismatch }
}

/// Takes back what is said of pairs that may well not be.
///
/// A default endpoint is in doubt where another way to the same key leads to an endpoint that is not known, or an
/// environment block of the project may give the client one. Any pair is in doubt where the key was
/// chosen by one condition and the endpoint by another, or only the endpoint by a row of a table, and the key has its
/// right endpoint among the others, or there are rows that are not known: which go together nobody can tell.
pub fn doubt(project: &Project, clients: &mut [Client]) {
    let blocks = Blocks::new(project);
    for client in clients {
        let doubted: Vec<(bool, bool)> = client
            .routes
            .iter()
            .map(|route| {
                let same = |other: &&Route| other.key.alt.steps == route.key.alt.steps;
                let unknown = || client.routes.iter().filter(same).any(|other| other.endpoint.is_unknown());
                let unrelated = || {
                    let (key, endpoint) = (route.key.alt.arms.lits(), route.endpoint.alt.arms.lits());
                    let apart = !key.is_empty()
                        && !endpoint.is_empty()
                        && !key.iter().any(|lit| endpoint.iter().any(|other| lit.subject == other.subject));
                    let right = || client.routes.iter().filter(same).any(|other| other.verdict == Verdict::Match);
                    ((apart || route.row) && right()) || (route.row && unknown())
                };
                let elsewhere = || blocks.may_give_endpoint(client, route);
                let doubtful = route.endpoint.is_default() && (unknown() || elsewhere());
                (doubtful, route.verdict == Verdict::Mismatch && (doubtful || unrelated()))
            })
            .collect();
        for (route, (doubtful, unjudged)) in client.routes.iter_mut().zip(doubted) {
            route.doubtful = doubtful;
            if unjudged {
                route.verdict = Verdict::Unknown;
            }
        }
    }
}

/// Whose key a value is.
fn key(catalog: &Catalog, project: &Project, client: Option<&crate::catalog::Client>, value: SlotValue) -> Key {
    let SlotValue { alt, from } = value;
    let names = names(&alt);
    let mut format = BTreeSet::new();
    let mut label = None;
    if let Value::Str(text, _) = &alt.value {
        match evidence::of_literal(catalog, text) {
            FormatEvidence::Issued(set) => format = set,
            FormatEvidence::Placeholder(provider) => label = provider,
            FormatEvidence::NotKnown => {}
        }
    }
    let declared =
        names.iter().find_map(|name| project.declared_keys.get(name).map(|provider| (name.clone(), provider.clone())));
    let of_name = |name: &str| match client {
        Some(client) => evidence::of_name_at(catalog, client, name),
        None => evidence::of_name(catalog, name),
    };
    let (by_name, name) = by_name(of_name, &alt, &names);
    let (providers, evidence) = if !format.is_empty() {
        let both: BTreeSet<String> = format.intersection(&by_name).cloned().collect();
        (if both.is_empty() { format } else { both }, Evidence::Format)
    } else if let Some(provider) = label {
        (BTreeSet::from([provider]), Evidence::Label)
    } else if let Some((name, provider)) = declared {
        (BTreeSet::from([provider]), Evidence::Declared(name))
    } else if by_name.is_empty() {
        (by_name, Evidence::None)
    } else {
        (by_name, Evidence::Name(name))
    };
    // A provider that takes anybody's keys says nothing about whose this one is.
    let providers = if providers.iter().any(|id| catalog.provider(id).is_some_and(|provider| provider.forwards)) {
        BTreeSet::new()
    } else {
        providers
    };
    Key { alt, from, providers, evidence }
}

/// The names on a key's way, origin first.
fn names(alt: &Alt) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    if let Value::Str(text, _) = &alt.value
        && let Some(name) = evidence::reference_name(text.expose())
    {
        out.push(name);
    }
    if let Value::Env(name, _) | Value::Unknown(Some((name, _))) = &alt.value {
        out.push(name.clone());
    }
    for step in &alt.steps {
        let (StepKind::Env(name) | StepKind::EnvValue(name) | StepKind::Name(name) | StepKind::Param(name)) =
            &step.kind
        else {
            continue;
        };
        if !out.contains(name) {
            out.push(name.clone());
        }
    }
    out
}

/// Whose key it is by the name of its origin. Names on the way may confirm it, or contradict it: then nothing is known.
fn by_name(of_name: impl Fn(&str) -> BTreeSet<String>, alt: &Alt, names: &[String]) -> (BTreeSet<String>, String) {
    let none = (BTreeSet::new(), String::new());
    let is_variable = |step: &&Step| matches!(step.kind, StepKind::Env(_) | StepKind::EnvValue(_));
    let has_variable = matches!(alt.value, Value::Env(..)) || alt.steps.iter().any(|step| is_variable(&step));
    let Some(origin) = names.first() else { return none };
    let mut set = of_name(origin);
    let mut name = origin.clone();
    for other in &names[1..] {
        let more = of_name(other);
        if more.is_empty() {
            continue;
        }
        if set.is_empty() {
            // A neutral variable stays neutral, whatever the code calls it. Of a literal the nearest name counts.
            if has_variable {
                return none;
            }
            set = more;
            name.clone_from(other);
        } else if set.is_disjoint(&more) {
            return none;
        }
    }
    (set, name)
}

/// Whose host an endpoint is.
fn endpoint(catalog: &Catalog, value: SlotValue, default: Option<&str>) -> Endpoint {
    let SlotValue { alt, from } = value;
    let text = match (&alt.value, &from) {
        (_, From::Nothing) => default.map(str::to_owned),
        (Value::Str(text, _), _) => Some(text.expose().to_owned()),
        (Value::Concat(parts, _), _) => match parts.first() {
            // `f"https://api.openai.com/{version}"`: the host is complete where a slash follows it.
            Some(Value::Str(text, _)) => {
                let head = text.expose();
                let host_end = head.find("://").and_then(|at| head[at + 3..].find('/').map(|slash| at + 3 + slash));
                host_end.map(|_| format!("{head}\u{fffd}"))
            }
            _ => None,
        },
        _ => None,
    };
    let url = text.as_deref().and_then(Url::parse);
    let (provider, forwards) = match url.as_ref().map(|url| endpoint::provider(catalog, &url.host)) {
        Some(Host::Provider(provider)) => (Some(provider.id.clone()), provider.forwards),
        _ => (None, false),
    };
    Endpoint { alt, from, url, provider, forwards }
}

/// Pairs of a key and a URL by their names in the environment blocks of a file.
fn of_blocks(resolver: &mut Resolver<'_>, catalog: &Catalog, file: FileId) -> Vec<Client> {
    let project = resolver.project;
    let module = resolver.module(file);
    let language = project.file(file).source.language.name();
    let mut out = Vec::new();
    for (number, block) in module.env_blocks.iter().enumerate() {
        if !scopes::is_judged(block) {
            continue;
        }
        let visible = scopes::visible(project, file, number);
        let own = |var: &Visible| var.file == file && var.block == number;
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        for tool in tools::of_block(project, catalog, file, block) {
            let all: Vec<&Visible> = visible.values().collect();
            let is_open = scopes::is_open(project, file, number);
            for reads in &tool.environment {
                let mut variables = reads.key.iter().chain(&reads.endpoint);
                // What runs here is known to read them, wherever they are set.
                if block.programs.is_empty() && !variables.any(|name| visible.get(name).is_some_and(&own)) {
                    continue;
                }
                if let Some(client) = tools::of_pair(resolver, catalog, tool, reads, &all, is_open) {
                    out.push(client);
                }
            }
            taken.extend(tool.environment.iter().flat_map(|reads| &reads.key).map(String::as_str));
        }
        for var in visible.values() {
            // `API_KEY` beside `BASE_URL` have nothing in front of them.
            let bare = || (var.name == "API_KEY").then_some("");
            let prefix = bare().or_else(|| key_prefix(&var.name)).filter(|_| !taken.contains(var.name.as_str()));
            let Some(prefix) = prefix else { continue };
            resolver.refuel(FUEL);
            let urls: Vec<&Visible> = url_names(prefix).filter_map(|name| visible.get(&name)).collect();
            if !scopes::meet(project, (file, number), var, &urls) {
                continue;
            }
            let keys: Vec<Key> =
                values(resolver, var).into_iter().map(|value| key(catalog, project, None, value)).collect();
            let endpoints: Vec<Vec<Endpoint>> = urls
                .iter()
                .map(|url| values(resolver, url).into_iter().map(|value| endpoint(catalog, value, None)).collect())
                .collect();
            let openai = prefix == "OPENAI";
            let nothing = vec![Endpoint {
                alt: Alt::new(Value::Undefined),
                from: From::Nothing,
                url: Url::parse(OPENAI_DEFAULT),
                provider: Some("openai".to_owned()),
                forwards: false,
            }];
            // With several URL variables the reader is not known: a pair that fits is taken for the one in use.
            let mut routes: Vec<Route> = Vec::new();
            let mut url_kind = UrlKind::Any;
            if endpoints.is_empty() && openai && block.runs && !scopes::is_open(project, file, number) {
                routes = pair(resolver, keys.clone(), nothing, &Arms::default());
            }
            for (endpoint, url) in endpoints.into_iter().zip(&urls) {
                let more = pair(resolver, keys.clone(), endpoint, &Arms::default());
                let fits = |routes: &[Route]| routes.iter().any(|route| route.verdict == Verdict::Match);
                if routes.is_empty() || (fits(&more) && !fits(&routes)) {
                    routes = more;
                    url_kind = block_url_kind(&url.name);
                }
            }
            if routes.is_empty() {
                continue;
            }
            // In the file at hand, wherever the rest comes from.
            let here = std::iter::once(var).chain(urls.iter().copied()).find(|var| var.file == file);
            let at = Location { file, span: here.map_or(block.span, |var| var.name_span) };
            out.push(Client {
                at,
                callee_at: at,
                id: ENVIRONMENT.to_owned(),
                name: block_name(block.kind).to_owned(),
                callee: var.name.clone(),
                language,
                url_kind,
                spelling: urls.first().map(|url| format!("{}=", url.name)),
                advice: None,
                url_slot: Some(UrlSlot::Variable(format!("{prefix}{}", URL_SUFFIXES[0]))),
                default_endpoint: openai.then(|| OPENAI_DEFAULT.to_owned()),
                endpoint_variables: url_names(prefix).collect(),
                endpoint_argument: None,
                endpoint_attributes: Vec::new(),
                traces_to: None,
                traces_unless: Vec::new(),
                traces_off: None,
                routes,
                ignored: Vec::new(),
                empty_is_default: false,
                row: None,
            });
        }
    }
    out
}

/// The variables that hold a URL to go with a key's, by what is in front of both.
fn url_names(prefix: &str) -> impl Iterator<Item = String> {
    let alone = ["_BASE_URL", "_API_BASE", "_API_BASE_URL", "_API_URL", "_API_ENDPOINT", "_API_HOST"];
    let usable = move |suffix: &&&str| !prefix.is_empty() || alone.contains(suffix);
    URL_SUFFIXES.iter().filter(usable).map(move |suffix| format!("{prefix}{suffix}").trim_start_matches('_').to_owned())
}

/// What a variable can be.
fn values(resolver: &mut Resolver<'_>, var: &Visible) -> Vec<SlotValue> {
    let ctx = resolver.ctx_of(var.file, var.value);
    let at = Location { file: var.file, span: resolver.module(var.file).span(var.value) };
    let set = Step { at, kind: StepKind::EnvValue(var.name.clone()) };
    let project = resolver.project;
    let slot = |mut alt: Alt| {
        alt.steps.push(set.clone());
        if var.raw {
            alt.value = scopes::with_quotes(project, alt.value);
        }
        SlotValue { alt, from: From::Environment(var.name.clone()) }
    };
    resolver.eval(&ctx, var.value).into_iter().map(slot).collect()
}

const OPENAI_DEFAULT: &str = "https://api.openai.com/v1";

/// Ends of a variable's name that make it a URL to go with a key of the same beginning, most usual first.
pub(crate) const URL_SUFFIXES: &[&str] = &[
    "_BASE_URL",
    "_API_BASE",
    "_API_BASE_URL",
    "_API_URL",
    "_ENDPOINT",
    "_API_ENDPOINT",
    "_BASE_PATH",
    "_HOST",
    "_API_HOST",
    "_URL",
    "_BASE",
    "_PROXY_URL",
    "_BASEURL",
    "_REVERSE_PROXY",
];

/// What a key's variable has in common with its URL's: `OPENAI` of `OPENAI_API_KEY`.
pub(crate) fn key_prefix(name: &str) -> Option<&str> {
    ["_API_KEY", "_API_TOKEN", "_AUTH_TOKEN", "_APIKEY", "_KEY", "_TOKEN", "_SECRET"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .filter(|prefix| !prefix.is_empty())
}

/// What a URL's variable has in common with its key's: `OPENAI` of `OPENAI_BASE_URL`.
pub(crate) fn url_prefix(name: &str) -> Option<&str> {
    let prefixes = URL_SUFFIXES.iter().filter_map(|suffix| name.strip_suffix(suffix));
    prefixes.filter(|prefix| !prefix.is_empty()).min_by_key(|prefix| prefix.len())
}

/// What a URL stands for that SDKs read by themselves; of other variables nobody knows.
fn block_url_kind(name: &str) -> UrlKind {
    match name {
        "OPENAI_BASE_URL" | "OPENAI_API_BASE" => UrlKind::OpenaiBase,
        "ANTHROPIC_BASE_URL" => UrlKind::HostOnly,
        _ => UrlKind::Any,
    }
}

fn block_name(kind: EnvKind) -> &'static str {
    match kind {
        EnvKind::Dotenv => "this dotenv file",
        EnvKind::Shell => "this script's environment",
        EnvKind::Compose => "this service",
        EnvKind::Kubernetes => "this container",
        EnvKind::Store => "this ConfigMap or Secret",
        EnvKind::Ci => "this job",
        EnvKind::Image => "this image",
        EnvKind::Unit => "this unit",
        EnvKind::Mapping => "this environment",
    }
}

/// The routes of a client for the report.
pub fn records(client: &Client) -> Vec<RouteRecord> {
    let mut out: Vec<RouteRecord> = Vec::new();
    for route in &client.routes {
        let record = record(client, route);
        if !out.contains(&record) {
            out.push(record);
        }
    }
    out
}

/// One of its routes.
pub fn record(client: &Client, route: &Route) -> RouteRecord {
    RouteRecord {
        at: client.at,
        client: client.id.clone(),
        callee: client.callee.clone(),
        language: client.language,
        key: key_record(&route.key),
        endpoint: endpoint_record(client, &route.endpoint),
        verdict: route.verdict,
    }
}

fn is_from_environment(alt: &Alt) -> bool {
    alt.steps.iter().any(|step| matches!(step.kind, StepKind::Env(_) | StepKind::EnvValue(_)))
}

fn key_record(key: &Key) -> KeyRecord {
    let names = names(&key.alt);
    let kind = match &key.alt.value {
        Value::Env(..) => KeyKind::Environment,
        Value::Str(..) | Value::Concat(..) if is_from_environment(&key.alt) => KeyKind::Environment,
        Value::Str(..) => KeyKind::Literal,
        _ if key.from == From::Nothing => KeyKind::Absent,
        Value::Null | Value::Undefined => KeyKind::Absent,
        _ => KeyKind::Unknown,
    };
    let name = match &key.from {
        From::Environment(name) if names.is_empty() => Some(name.clone()),
        _ => names.first().cloned(),
    };
    KeyRecord { kind, name, providers: key.providers.iter().cloned().collect(), origin: origin(&key.alt) }
}

fn endpoint_record(client: &Client, endpoint: &Endpoint) -> EndpointRecord {
    let kind = if endpoint.is_default() {
        if client.default_endpoint.is_some() { EndpointKind::Default } else { EndpointKind::Unknown }
    } else if endpoint.url.is_none() {
        EndpointKind::Unknown
    } else if is_from_environment(&endpoint.alt) {
        EndpointKind::Environment
    } else {
        EndpointKind::Explicit
    };
    EndpointRecord {
        kind,
        url: endpoint.url.as_ref().map(|url| url.shown().replace('\u{fffd}', "…")),
        provider: endpoint.provider.clone(),
        origin: origin(&endpoint.alt),
    }
}

/// How the key and the endpoint of a route meet: from where the key comes from to the client, and on to where the
/// endpoint comes from.
pub fn flow(client: &Client, route: &Route) -> Vec<OriginStep> {
    let mut steps = origin(&route.key.alt);
    let text = match route.endpoint.is_default() {
        true => "the client, which has no base URL",
        false => "the client",
    };
    steps.push(OriginStep { at: client.callee_at, text: text.to_owned() });
    if !route.endpoint.is_default() {
        steps.extend(origin(&route.endpoint.alt).into_iter().rev());
    }
    steps.dedup();
    steps
}

fn origin(alt: &Alt) -> Vec<OriginStep> {
    alt.steps
        .iter()
        .map(|step| OriginStep {
            at: step.at,
            text: match &step.kind {
                StepKind::Literal => "a literal".to_owned(),
                StepKind::Env(name) => format!("read of `{name}`"),
                StepKind::EnvValue(name) => format!("value of `{name}`"),
                StepKind::Name(name) => format!("`{name}`"),
                StepKind::Param(name) => format!("parameter `{name}`"),
            },
        })
        .collect()
}
