//! Pairs of a key and a URL by the names of variables: environment blocks of every kind.

use std::collections::BTreeSet;

use super::{Client, ENVIRONMENT, Endpoint, Key, Route, endpoint, key, pair, tools};
use crate::catalog::{Catalog, UrlKind};
use crate::clients::{From, SlotValue};
use crate::endpoint::Url;
use crate::evidence::{self, KeyProblem};
use crate::facts::EnvKind;
use crate::finding::{FileId, Location, UrlSlot, Verdict};
use crate::resolve::{Alt, Arms, FUEL, Resolver, Step, StepKind, Value};
use crate::scopes::{self, Visible};

/// Pairs of a key and a URL by their names in the environment blocks of a file.
pub(super) fn of_blocks(resolver: &mut Resolver<'_>, catalog: &Catalog, file: FileId) -> Vec<Client> {
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
            // Without a URL nothing is known of where it goes; how it is written is wrong anywhere, except where a
            // program of its own reads a name of its own (`API_KEY`), and may take away what is around it.
            if urls.is_empty() && routes.is_empty() && keys.iter().any(is_malformed) {
                let is_known = ["OPENAI", "LLM"].contains(&prefix) || !evidence::of_name(catalog, &var.name).is_empty();
                let own = own(var) || block.parent.is_none();
                if is_known && own {
                    routes = pair(resolver, keys, vec![unknown(&var.name)], &Arms::default());
                }
            }
            if routes.is_empty() {
                continue;
            }
            // In the file at hand, wherever the rest comes from.
            let here = std::iter::once(var).chain(urls.iter().copied()).find(|var| var.file == file);
            let at = Location { file, span: here.map_or(block.span, |var| var.name_span) };
            out.push(Client {
                callee: var.name.clone(),
                url_kind,
                spelling: urls.first().map(|url| format!("{}=", url.name)),
                url_slot: Some(UrlSlot::Variable(format!("{prefix}{}", URL_SUFFIXES[0]))),
                default_endpoint: openai.then(|| OPENAI_DEFAULT.to_owned()),
                endpoint_variables: url_names(prefix).collect(),
                ..Client::of_settings(at, ENVIRONMENT, block_name(block.kind), language, routes)
            });
        }
    }
    out
}

/// Whether a key has around it what nobody takes away. Templates say with a URL or stars where a key is to be had.
fn is_malformed(key: &Key) -> bool {
    let Value::Str(text, _) = &key.alt.value else { return false };
    let problem = evidence::key_problem(text.expose());
    problem.is_some_and(|problem| {
        matches!(problem, KeyProblem::WhiteSpace | KeyProblem::LineEnd | KeyProblem::Quotes | KeyProblem::Bearer)
    })
}

/// An endpoint of which nothing is known.
fn unknown(key: &str) -> Endpoint {
    let from = From::Environment(key.to_owned());
    Endpoint { alt: Alt::new(Value::Unknown(None)), from, url: None, provider: None, forwards: false }
}

/// The variables that hold a URL to go with a key's, by what is in front of both.
fn url_names(prefix: &str) -> impl Iterator<Item = String> {
    let alone = ["_BASE_URL", "_API_BASE", "_API_BASE_URL", "_API_URL", "_API_ENDPOINT", "_API_HOST"];
    let usable = move |suffix: &&&str| !prefix.is_empty() || alone.contains(suffix);
    URL_SUFFIXES.iter().filter(usable).map(move |suffix| format!("{prefix}{suffix}").trim_start_matches('_').to_owned())
}

/// What a variable can be.
pub(super) fn values(resolver: &mut Resolver<'_>, var: &Visible) -> Vec<SlotValue> {
    let ctx = resolver.ctx_of(var.file, var.value);
    let at = Location { file: var.file, span: resolver.module(var.file).span(var.value) };
    let set = Step { at, kind: StepKind::EnvValue(var.name.clone()) };
    let project = resolver.project;
    let slot = |mut alt: Alt| {
        alt.steps.push(set.clone());
        if var.raw {
            alt.value = scopes::as_written(project, alt.value);
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
