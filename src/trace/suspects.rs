//! Which of the routes explains a message: each is held against every clue, and ranked by the sum.
//!
//! A clue that contradicts a route takes it off the list; one that is silent changes nothing. The weights say no more
//! than which clue outranks which.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::messages::NOBODY;
use super::reading::ENDS;
use super::{Fit, MOST, Reading, Suspect};
use crate::analysis::Output;
use crate::catalog::{Catalog, UrlKind};
use crate::endpoint::Url;
use crate::finding::{Finding, Location, Verdict};
use crate::resolve::Value;
use crate::routes::{self, Client, Route};

/// Clues for a route. `None` from a judge: it cannot be this one.
#[derive(Default)]
struct Clues {
    score: i32,
    reasons: Vec<String>,
    /// A line of the stack trace uses the client.
    used: bool,
}

impl Clues {
    fn add(&mut self, weight: i32, reason: impl Into<String>) {
        self.score += weight;
        self.reasons.push(reason.into());
    }
}

/// A route that can have led to a message.
struct Candidate<'o> {
    client: &'o Client,
    route: &'o Route,
    /// What is wrong with it, if that explains the message.
    finding: Option<&'o Finding>,
    score: i32,
}

impl Candidate<'_> {
    /// Whether two routes of one client are the same to people.
    fn is_same(&self, other: &Self) -> bool {
        let url = |candidate: &Self| candidate.route.endpoint.url.as_ref().map(Url::shown);
        self.finding.map(|finding| finding.at) == other.finding.map(|finding| finding.at)
            && (self.finding.is_some() || url(self) == url(other))
    }
}

/// The routes that can have led to a message, most likely first.
pub(super) fn rank(catalog: &Catalog, output: &Output, reading: &Reading, lines: &[Location]) -> Vec<Suspect> {
    let mut all: Vec<Candidate<'_>> = Vec::new();
    let mut places: HashMap<Location, Vec<usize>> = HashMap::new();
    for (client, findings) in &output.judged {
        let own = own_clues(catalog, output, client, reading, lines);
        for route in &client.routes {
            let Some(clues) = route_clues(catalog, client, route, reading) else { continue };
            let finding = explaining(client, route, findings, reading);
            let mut score = own.score + clues.score;
            if let Some((finding, place)) = finding {
                score += 45 - place as i32;
                score += if finding.severity == crate::finding::Severity::Error { 2 } else { 0 };
            }
            score += match route.verdict {
                Verdict::Mismatch => 20,
                Verdict::Match if finding.is_none() => -15,
                Verdict::Match | Verdict::Unknown => 0,
            };
            // Without any clue a route is no suspect: every client of the project would be one.
            if score <= 0 || (clues.score <= 0 && finding.is_none() && !own.used) {
                continue;
            }
            let candidate = Candidate { client, route, finding: finding.map(|(finding, _)| finding), score };
            let here = places.entry(client.at).or_default();
            match here.iter().find(|&&at| all[at].is_same(&candidate)) {
                Some(&at) if all[at].score >= score => {}
                Some(&at) => all[at] = candidate,
                None => {
                    here.push(all.len());
                    all.push(candidate);
                }
            }
        }
    }
    let path = |at: Location| output.sources.get(at.file.index()).map(|source| source.path());
    all.sort_by_cached_key(|found| (Reverse(found.score), path(found.client.at), found.client.at));
    let best = all.first().map_or(0, |found| found.score);
    let mut out: Vec<Suspect> = Vec::new();
    for Candidate { client, route, finding, score } in all {
        // Where one is as good as proved, far weaker ones are noise.
        if out.len() == MOST || score * 2 < best {
            break;
        }
        // A variable's finding is told once: at the client that reads it, not again where it is set.
        let told = |known: &Suspect| {
            known.finding.as_ref().map(|f| (f.rule, f.at)) == finding.map(|finding| (finding.rule, finding.at))
        };
        if finding.is_some() && out.iter().any(told) {
            continue;
        }
        let proved = is_proved(route, reading);
        let of_route = route_clues(catalog, client, route, reading).unwrap_or_default();
        let of_client = own_clues(catalog, output, client, reading, lines);
        out.push(Suspect {
            name: client.name.clone(),
            route: routes::record(client, route),
            finding: finding.cloned(),
            proved,
            advice: if finding.is_none() && proved { advice(catalog, output, client, route, reading) } else { None },
            reasons: of_route.reasons.into_iter().chain(of_client.reasons).collect(),
            score,
        });
    }
    out
}

/// Whether a route sends the very key of the message to the server that refused it.
fn is_proved(route: &Route, reading: &Reading) -> bool {
    let Value::Str(key, _) = &route.key.alt.value else { return false };
    let fits = reading.key.as_ref().is_some_and(|glimpse| glimpse.fit(key) >= Fit::Ends);
    let speakers = reading.message.map_or(&[][..], |message| message.speakers.as_slice());
    fits && route.endpoint.provider.as_ref().is_some_and(|provider| speakers.contains(provider))
}

/// What to do about a route that sends a key where it was refused, though nothing that is known says that it is wrong.
fn advice(catalog: &Catalog, output: &Output, client: &Client, route: &Route, reading: &Reading) -> Option<String> {
    let glimpse = reading.key.as_ref()?;
    let provider = route.endpoint.provider.as_ref()?;
    let name = catalog.provider(provider).map_or(provider, |provider| &provider.name);
    if glimpse.is_dummy(catalog) {
        // Where the same dummy goes elsewhere, that is where this client was meant to go.
        let same = |other: &&(Client, Vec<Finding>)| {
            other.0.at != client.at
                && other.0.routes.iter().any(|route| match &route.key.alt.value {
                    Value::Str(key, _) => glimpse.fit(key) == Fit::Whole && !route.endpoint.is_default(),
                    _ => false,
                })
        };
        let url = output.judged.iter().find(same).and_then(|(other, _)| {
            other.routes.iter().find_map(|route| route.endpoint.url.as_ref().map(crate::endpoint::Url::shown))
        });
        let url = url.map_or_else(String::new, |url| format!(", as another client has it: {url}"));
        return Some(format!("give this client the base URL of the server that takes a key like this{url}"));
    }
    let issuer = route.key.providers.iter().next().filter(|_| route.key.providers.len() == 1);
    let issuer = issuer.filter(|issuer| *issuer != provider).and_then(|issuer| catalog.provider(issuer));
    if let Some((issuer, url)) = issuer.and_then(|issuer| Some((issuer, issuer.base_url.as_deref()?)))
        && route.endpoint.is_default()
        && client.url_kind == UrlKind::OpenaiBase
    {
        return Some(format!(
            "the key is {}'s, and no base URL reached this client, whatever is set elsewhere: give it {url}",
            issuer.name
        ));
    }
    if glimpse.providers(catalog).contains(provider) || route.key.providers.contains(provider) {
        return Some(format!(
            "the key is {name}'s by its form or name: take a new one, it was revoked, or cut off when it was copied"
        ));
    }
    Some(format!("use a key of {name} here, or the endpoint of the provider that issued this one"))
}

/// What the stack trace says about a client, whatever its route.
fn own_clues(catalog: &Catalog, output: &Output, client: &Client, reading: &Reading, lines: &[Location]) -> Clues {
    let mut clues = Clues::default();
    let is_code = client.id != "environment";
    if !is_code {
        clues.score -= 12;
    }
    clues.used = output.called.iter().any(|(_, at)| *at == client.at);
    if clues.used {
        clues.add(40, "a line of the stack trace uses it");
    }
    let here = lines.iter().filter(|line| line.file == client.at.file);
    let on_line = |line: &Location| line.span.start < client.at.span.end && client.at.span.start < line.span.end;
    if here.clone().any(on_line) {
        clues.add(30, "the stack trace names its line");
    } else if here.clone().next().is_some() {
        clues.add(20, "the stack trace names its file");
    }
    let package = catalog.client(&client.id).and_then(|client| client.package.as_deref());
    if is_code && !reading.packages.is_empty() {
        let named = |package: &str| {
            let package = package.replace('_', "-").to_ascii_lowercase();
            reading.packages.iter().any(|known| *known == package || package.starts_with(&format!("{known}-")))
        };
        match package {
            Some(package) if named(package) => clues.add(12, format!("the stack trace passes through {package}")),
            Some(_) => clues.score -= 8,
            None => {}
        }
    }
    if is_code && reading.language.is_some_and(|language| language != client.language) {
        clues.score -= 60;
    }
    let callee = client.callee.to_ascii_lowercase();
    if let Some(path) = &reading.path {
        let embeds = callee.contains("embed");
        match (path.ends_with("/embeddings"), embeds) {
            (true, true) => clues.add(12, "embeddings were asked for"),
            (false, true) => clues.score -= 20,
            (true, false) if callee.contains("chat") => clues.score -= 20,
            _ => {}
        }
    }
    clues
}

/// What the message says about a route; `None` if it contradicts it.
fn route_clues(catalog: &Catalog, client: &Client, route: &Route, reading: &Reading) -> Option<Clues> {
    let mut clues = Clues::default();
    key_clues(catalog, route, reading, &mut clues)?;
    host_clues(client, route, reading, &mut clues)?;
    path_clues(client, route, reading, &mut clues)?;
    Some(clues)
}

fn key_clues(catalog: &Catalog, route: &Route, reading: &Reading, clues: &mut Clues) -> Option<()> {
    let Some(glimpse) = &reading.key else { return Some(()) };
    match &route.key.alt.value {
        Value::Str(key, _) => match glimpse.fit(key) {
            Fit::Whole => clues.add(90, "the key is the one in the message"),
            Fit::Ends => clues.add(80, "the first and last characters of the key are those in the message"),
            Fit::Little => {}
            Fit::No => return None,
        },
        // A dummy comes from the code, not from a variable that somebody has set to it.
        Value::Env(..) if glimpse.is_dummy(catalog) => clues.score -= 20,
        Value::Null | Value::Undefined => clues.score -= 20,
        _ => {}
    }
    let shown = glimpse.providers(catalog);
    // Where an issuer's keys all begin alike, one that begins otherwise is hardly its.
    let mut issuers = route.key.providers.iter().filter_map(|id| catalog.provider(id));
    let is_named = matches!(route.key.alt.value, Value::Env(..)) && !route.key.providers.is_empty();
    if is_named && shown.is_empty() && glimpse.begins() && issuers.all(|issuer| !issuer.key_prefixes.is_empty()) {
        clues.score -= 25;
    }
    if !shown.is_empty() && !route.key.providers.is_empty() {
        if shown.is_disjoint(&route.key.providers) {
            // By its name it would be another one; names lie now and then.
            clues.score -= 30;
        } else if !matches!(route.key.alt.value, Value::Str(..)) {
            clues.add(15, "the key in the message is of the provider that the variable is named after");
        }
    }
    Some(())
}

fn host_clues(client: &Client, route: &Route, reading: &Reading, clues: &mut Clues) -> Option<()> {
    let host = route.endpoint.url.as_ref().map(|url| url.host.as_str());
    // What a tracer is answered says nothing of where the requests go.
    let of_tracing = |rule: &String| rule == "tracing-at-openai";
    if reading.message.and_then(|message| message.rules.first()).is_some_and(of_tracing) {
        let traces = client.traces_to.as_ref()?;
        clues.add(40, format!("its traces go to {}", traces.host));
        return Some(());
    }
    if !reading.hosts.is_empty() {
        match host {
            Some(host) if reading.hosts.iter().any(|called| called == host) => {
                clues.add(60, format!("the message names {host}"));
            }
            Some(_) => return None,
            None => {}
        }
    }
    let speakers = reading.message.map_or(&[][..], |message| message.speakers.as_slice());
    if speakers.is_empty() {
        return Some(());
    }
    match (&route.endpoint.provider, host) {
        (Some(provider), Some(host)) if speakers.contains(provider) => {
            let default = if route.endpoint.is_default() { ", its default" } else { "" };
            clues.add(40, format!("it talks to {host}{default}"));
            if route.doubtful {
                clues.score -= 15;
            }
        }
        (Some(_), Some(_)) if !route.endpoint.forwards => return None,
        (None, Some(host)) if speakers.iter().any(|speaker| speaker == NOBODY) => {
            clues.add(15, format!("it talks to {host}, which nobody is known to have"));
        }
        (None, Some(_)) => return None,
        // A gateway passes on what the provider behind it says; and what is not known may be anything.
        _ => clues.add(4, "its endpoint is not known"),
    }
    Some(())
}

fn path_clues(client: &Client, route: &Route, reading: &Reading, clues: &mut Clues) -> Option<()> {
    let (Some(path), Some(url)) = (&reading.path, &route.endpoint.url) else { return Some(()) };
    match asks(client.url_kind, url, path) {
        true => clues.add(40, format!("it asks for {}", crate::endpoint::shown_path(path))),
        // A request's own URL is what was asked for, or it is another request.
        false if client.url_kind == UrlKind::Full => return None,
        false if reading.message.is_some_and(|message| !message.path.is_empty()) => return None,
        false => clues.score -= 10,
    }
    Some(())
}

/// Whether a client with this URL asks for a path.
fn asks(kind: UrlKind, url: &Url, path: &str) -> bool {
    let base = url.path.trim_end_matches('/');
    match path.strip_prefix(base) {
        Some("") => true,
        Some(_) if kind == UrlKind::Full => false,
        Some(rest) => ENDS.contains(&rest),
        None => false,
    }
}

/// The finding about a route that explains the message, and how telling it is.
fn explaining<'f>(
    client: &Client,
    route: &Route,
    findings: &'f [Finding],
    reading: &Reading,
) -> Option<(&'f Finding, usize)> {
    let rules = reading.message.map(|message| message.rules.as_slice());
    let rank = |finding: &Finding| match rules {
        Some(rules) => rules.iter().position(|rule| rule == finding.rule),
        // What is said is not known: any finding may be behind it.
        None => Some(20),
    };
    findings
        .iter()
        .filter(|finding| is_about(client, route, finding))
        .filter_map(|finding| Some((finding, rank(finding)?)))
        .min_by_key(|(finding, rank)| (*rank, Reverse(finding.severity), finding.at))
}

/// Whether a finding about a client is about this of its routes.
fn is_about(client: &Client, route: &Route, finding: &Finding) -> bool {
    let at = |value: &Value| match value {
        Value::Str(_, at) | Value::Concat(_, at) => Some(*at),
        _ => None,
    };
    let (key, endpoint) = (at(&route.key.alt.value), at(&route.endpoint.alt.value));
    if finding.rule == "malformed-key" {
        return key == Some(finding.at);
    }
    let misdirected = ["mixroute-key", "openai-key", "foreign-key"].iter().any(|start| finding.rule.starts_with(start));
    if misdirected && route.verdict != Verdict::Mismatch {
        return false;
    }
    let touches = |at: Location| finding.at == at || finding.labels.iter().any(|label| label.at == at);
    match endpoint {
        Some(endpoint) if touches(endpoint) => {
            key.is_none_or(|key| !misdirected || touches(key) || !labelled_key(finding))
        }
        Some(endpoint) => finding.at != endpoint && (finding.at == client.at || finding.at == client.callee_at),
        None => finding.at == client.at || finding.at == client.callee_at || touches(client.callee_at),
    }
}

/// Whether a finding says where the key is written.
fn labelled_key(finding: &Finding) -> bool {
    finding.labels.iter().any(|label| label.text.contains("key comes from"))
}
