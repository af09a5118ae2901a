//! Routes: one client with one possible key and one possible endpoint, and whether they belong together.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, UrlKind};
use crate::clients::{self, From, IgnoredKind};
use crate::cover::Blocks;
use crate::elsewhere::Elsewhere;
use crate::endpoint::Url;
use crate::facts::{ExprId, ExprKind};
use crate::finding::{FileId, Location, RouteRecord, UrlSlot, Verdict};
use crate::project::Project;
use crate::resolve::{Alt, Arms, FUEL, LOST, Lit, Resolver, Value};

mod blocks;
mod calls;
mod records;
mod rows;
mod tools;
mod whose;

pub(crate) use blocks::{URL_SUFFIXES, key_prefix, url_prefix};
pub use records::{flow, record, records};
pub use rows::drop_consumed;
use whose::{endpoint, key};

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
    /// A request of which only callers that have not been read can say where it goes: perhaps to nobody's business.
    pub waiting: bool,
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
    /// One that is no call in code: settings that some program reads, which have nothing but their routes.
    fn of_settings(at: Location, id: &str, name: &str, language: &'static str, routes: Vec<Route>) -> Self {
        Self {
            at,
            callee_at: at,
            id: id.to_owned(),
            name: name.to_owned(),
            callee: id.to_owned(),
            language,
            url_kind: UrlKind::Any,
            spelling: None,
            advice: None,
            url_slot: None,
            default_endpoint: None,
            endpoint_variables: Vec::new(),
            endpoint_argument: None,
            endpoint_attributes: Vec::new(),
            traces_to: None,
            traces_unless: Vec::new(),
            traces_off: None,
            routes,
            ignored: Vec::new(),
            empty_is_default: false,
            row: None,
            waiting: false,
        }
    }

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
    /// In which ways key and endpoint were chosen by different things.
    pub ways: Ways,
    /// The endpoint is a default that somebody may well have set otherwise.
    pub doubtful: bool,
    /// What both assume, for people, where it can be said.
    pub when: Vec<String>,
    /// Whether they belong together.
    pub verdict: Verdict,
}

/// Ways in which a key and an endpoint were chosen by different things, so that nobody can tell which go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// By conditions that have nothing to do with each other.
    pub apart: bool,
    /// The key by a condition, and the client is made under another, which may be what chose the key.
    pub placed: bool,
    /// Only by what is there where a caller leaves both out: whoever gives nothing gets both.
    pub left_out: bool,
    /// The key is one that stands in for what the caller leaves out.
    pub instead: bool,
    /// The key by the row of a table, the endpoint not.
    pub row: bool,
    /// One of the two was one of so many values that what it assumes is not known any more.
    pub lost: bool,
    /// By something that would have to be in two collections at once, or perhaps two things at once.
    pub both: bool,
    /// The endpoint by what the key's own text is, `key.startswith("sk-proj-")`, or the key by what another host's name is.
    pub told: bool,
    /// The key by nothing but that its own variable is set, which is no choice between keys.
    pub itself: bool,
}

impl Ways {
    /// Whether they were in any of these ways.
    pub fn any(self) -> bool {
        self.apart || self.placed || self.row || self.lost || self.both || self.told
    }
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
    /// It is a text that is nobody's key: nothing, or what stands there until somebody has a key.
    pub blank: bool,
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

impl Key {
    /// Not known at all.
    pub fn is_unknown(&self) -> bool {
        matches!(self.alt.value, Value::Unknown(_))
    }
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

/// What is known of a file's calls, and which of them have to be asked again.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What rests on an import that was left open; before the first look, all calls.
    open: Option<Vec<ExprId>>,
    /// Whether anything but calls does.
    apart: bool,
    /// What rests on what other files say without being asked for.
    others: Vec<ExprId>,
    /// The clients that were found.
    clients: BTreeMap<ExprId, Vec<Client>>,
}

impl Settled {
    /// Whether nothing of it rests on an import that was left open.
    pub fn is_final(&self) -> bool {
        !self.apart && self.open.as_ref().is_some_and(Vec::is_empty)
    }

    /// That of a file which cannot be looked at: it is not tried again.
    pub fn broken() -> Self {
        Self { open: Some(Vec::new()), ..Self::default() }
    }

    /// Other files say more than they did.
    pub fn ask_again(&mut self) {
        if let Some(open) = &mut self.open {
            open.append(&mut self.others);
            open.sort_unstable();
        }
    }
}

/// All clients of a file: calls, environment blocks, and rows of a key and a URL. Calls that are settled are not looked
/// at again; without `calls`, none are.
pub fn of_file(
    resolver: &mut Resolver<'_>,
    catalog: &Catalog,
    file: FileId,
    calls: bool,
    settled: &mut Settled,
) -> Vec<Client> {
    let mut finder = clients::Finder::new(resolver, catalog, file);
    let module = resolver.module(file);
    let is_call = |expr: &ExprId| calls && matches!(module.kind(*expr), ExprKind::Call(_));
    let asked = settled.open.take().unwrap_or_else(|| module.expr_ids().filter(is_call).collect());
    let mut open = Vec::new();
    for call in asked {
        let before = resolver.rests();
        let mut found = Vec::new();
        for site in finder.at(resolver, call) {
            resolver.refuel(FUEL);
            found.extend(calls::of_site(resolver, catalog, &site));
        }
        let rests = resolver.rests().since(before);
        if rests.imports > 0 {
            open.push(call);
        } else if rests.others > 0 {
            settled.others.push(call);
        }
        match found.is_empty() {
            true => drop(settled.clients.remove(&call)),
            false => drop(settled.clients.insert(call, found)),
        }
    }
    settled.open = Some(open);
    let mut out: Vec<Client> = settled.clients.values().flatten().cloned().collect();
    let before = resolver.rests();
    out.extend(blocks::of_blocks(resolver, catalog, file));
    out.extend(rows::of_file(resolver, catalog, file));
    settled.apart = resolver.rests().since(before).imports > 0;
    out
}

/// The routes of clients, for the report.
pub fn all_records(project: &Project, catalog: &Catalog, clients: &[&Client]) -> Vec<RouteRecord> {
    let mut resolver = Resolver::new(project);
    let mut out = Vec::new();
    for client in clients {
        match by_models(&mut resolver, catalog, client).as_slice() {
            [] => out.extend(records(client)),
            each => out.extend(each.iter().flat_map(records)),
        }
    }
    out
}

/// A call's client for the models of each provider, where it may name those of several. They are shown; what is judged is
/// the call as it is for all of them.
fn by_models(resolver: &mut Resolver<'_>, catalog: &Catalog, client: &Client) -> Vec<Client> {
    let asks = |known: &crate::catalog::Client| known.construct.iter().any(|made| !made.model.is_empty());
    if !catalog.client(&client.id).is_some_and(asks) {
        return Vec::new();
    }
    let file = resolver.project.file(client.at.file);
    let is_it = |expr: &&ExprId| file.module.span(**expr) == client.at.span;
    let Some(&call) = file.index.calls.values().flatten().find(is_it) else { return Vec::new() };
    resolver.refuel(FUEL);
    let sites = clients::by_models(resolver, catalog, (client.at.file, call), &client.callee);
    let of_site = |site| {
        resolver.refuel(FUEL);
        calls::of_site(resolver, catalog, site)
    };
    sites.iter().filter_map(of_site).collect()
}

/// Every key with every endpoint whose assumptions agree.
fn pair(resolver: &Resolver<'_>, keys: Vec<Key>, endpoints: Vec<Endpoint>, guard: &Arms) -> Vec<Route> {
    let mut out: Vec<Route> = Vec::new();
    let mut full = false;
    for key in &keys {
        for endpoint in &endpoints {
            let arms = key.alt.arms.merge(&endpoint.alt.arms).and_then(|arms| arms.merge(guard));
            let Some(arms) = arms else { continue };
            if out.len() >= MAX_ROUTES {
                full = true;
                // Another way to what is shown already shows nothing new.
                let is_shown = |route: &Route| {
                    let (of_key, of_endpoint) = (&route.key.alt.value, &route.endpoint.alt.value);
                    of_key.is_same(&key.alt.value) && of_endpoint.is_same(&endpoint.alt.value)
                };
                if out.len() >= 2 * MAX_ROUTES || out.iter().any(is_shown) {
                    continue;
                }
            }
            let verdict = verdict(key, endpoint);
            // What the place of the client assumes is not worth saying: it holds for all its routes.
            let own = arms.lits().iter().filter(|lit| !guard.lits().contains(lit));
            let said =
                own.filter_map(|&lit| resolver.describe(lit).filter(|_| !resolver.is_said_both_ways(lit, &arms)));
            let when = said.take(3).collect();
            let row = resolver.is_from_a_row(&endpoint.alt.arms) && !resolver.is_from_a_row(&key.alt.arms);
            let mut ways = ways(resolver, &key.alt, &endpoint.alt.arms, (guard, &arms));
            let host = || endpoint.url.as_ref().map_or("", |url| url.host.as_str());
            ways.told = verdict == Verdict::Mismatch
                && (is_told(resolver, &key.alt, guard, &arms) || resolver.denies_host(&arms, host()));
            ways.both = ways.both
                || (verdict != Verdict::Match
                    && (resolver.may_contradict(&arms) || resolver.is_neither(&key.alt.arms, &endpoint.alt.arms)));
            let certain = !arms.lits().iter().any(|&lit| resolver.is_condition(lit));
            let (key, endpoint) = (key.clone(), endpoint.clone());
            out.push(Route { key, endpoint, arms, certain, when, row, ways, doubtful: false, verdict });
        }
    }
    if full {
        // The pair that is right may be among the rest.
        for route in out.iter_mut().filter(|route| route.verdict == Verdict::Mismatch) {
            route.verdict = Verdict::Unknown;
        }
    }
    out
}

/// Leaves the pairs whose assumptions can be met, in one of the ways that lead here. Where nobody that is known comes here,
/// what is not known remains, and what belongs together whoever comes.
fn met(resolver: &mut Resolver<'_>, routes: &mut Vec<Route>, ways: Option<&[Arms]>) {
    let mut possible = resolver.possible(&routes.iter().map(|route| &route.arms).collect::<Vec<_>>());
    if let Some(ways) = ways {
        for (possible, route) in possible.iter_mut().zip(routes.iter()) {
            *possible = *possible && ways.iter().any(|way| way.merge(&route.arms).is_some());
        }
    }
    let any = possible.contains(&true);
    let mut possible = possible.into_iter();
    routes.retain(|route| {
        let says_itself = route.key.is_unknown() || route.verdict == Verdict::Match;
        possible.next() == Some(true) || (!any && says_itself)
    });
}

/// How the choices of a key and of an endpoint have to do with each other, and with what the place of the client assumes.
fn ways(resolver: &Resolver<'_>, key: &Alt, endpoint: &Arms, (guard, all): (&Arms, &Arms)) -> Ways {
    let (whole, of_key, key) = (key, &key.value, &key.arms);
    let strange = |counts: &dyn Fn(Lit) -> bool| {
        let choices = |arms: &Arms, but: &[&Arms]| -> Vec<Lit> {
            let own = arms.lits().iter().copied().filter(|&lit| counts(lit));
            own.filter(|lit| !but.iter().any(|but| but.lits().contains(lit))).collect()
        };
        // What holds wherever the client is made is nothing that the two have in common.
        let (own, other) = (choices(key, &[guard]), choices(endpoint, &[guard]));
        let place = choices(guard, &[key, endpoint]);
        let shared = |lit: &Lit| own.iter().any(|known| known.subject == lit.subject);
        let strange = |some: &[Lit]| !own.is_empty() && !some.is_empty() && !some.iter().any(shared);
        (strange(&other), strange(&place))
    };
    let (apart, placed) = strange(&|lit| resolver.is_choice(lit));
    let (still_apart, still_placed) = strange(&|lit| resolver.is_choice(lit) && !resolver.is_left_out(lit));
    let chosen = |arms: &Arms| resolver.is_from_a_row(arms) || arms.lits().iter().any(|&lit| resolver.is_element(lit));
    let row = chosen(key) && !chosen(endpoint);
    let lost = key.lits().contains(&LOST) || endpoint.lits().contains(&LOST);
    let both = resolver.in_two_collections(all);
    let left_out = !(still_apart || still_placed || row || lost || both);
    let own: Vec<Lit> = key.lits().iter().copied().filter(|&lit| resolver.is_choice(lit)).collect();
    let itself = own.is_empty() || resolver.is_presence_of(&own, of_key, || whose::names(whole));
    let instead = key.lits().iter().any(|&lit| resolver.is_left_out(lit));
    Ways { apart, placed, left_out, instead, row, lost, both, told: false, itself }
}

/// Whether what the key's own text is chose the endpoint, or decides whether the client is made.
fn is_told(resolver: &Resolver<'_>, key: &Alt, guard: &Arms, all: &Arms) -> bool {
    let names = whose::names(key);
    all.lits().iter().any(|&lit| resolver.is_about_text(lit, &key.value, &names, guard.lits().contains(&lit)))
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
/// environment block or other code of the project may give the client one. Any pair is in doubt where the key was
/// chosen by one condition and the endpoint by another, or only the endpoint by a row of a table, and the key has its
/// right endpoint among the others, or there are rows that are not known: which go together nobody can tell. The same
/// where the key was chosen by one condition, the client is made under another, and one of its keys may be right there. A pair
/// of which something would have to be in two collections or two things at once is in doubt whatever else there is, and so is one whose
/// endpoint was chosen by what the key's own text is: whoever asks that knows whose it is.
pub fn doubt(project: &Project, clients: &mut [Client]) {
    let blocks = Blocks::new(project);
    let code = Elsewhere::new(project);
    for client in clients {
        let doubted: Vec<(bool, bool)> = client
            .routes
            .iter()
            .map(|route| {
                let same = |other: &&Route| other.key.alt.steps == route.key.alt.steps;
                let here = |other: &&Route| other.endpoint.alt.steps == route.endpoint.alt.steps;
                let unknown = || client.routes.iter().filter(same).any(|other| other.endpoint.is_unknown());
                let right = || client.routes.iter().filter(same).any(|other| other.verdict == Verdict::Match);
                // Nobody chose a key where there is none, `getenv("KEY") or ""`, nor one of the caller's own where the caller
                // leaves it out, nor what the client reads by itself where the variable is not set.
                let real = |other: &&Route| {
                    !(other.key.blank
                        || (route.ways.left_out && other.key.is_unknown() && !other.ways.instead)
                        || (route.ways.itself && other.key.from != From::Code))
                };
                let fits =
                    || client.routes.iter().filter(here).filter(real).any(|other| other.verdict != Verdict::Mismatch);
                let unrelated = || {
                    route.ways.both
                        || route.ways.told
                        || ((route.row || route.ways.apart || route.ways.lost) && right())
                        || (route.row && unknown())
                        || (route.ways.any() && fits())
                };
                let elsewhere = || blocks.may_give_endpoint(client, route) || code.may_give_endpoint(client, route);
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
