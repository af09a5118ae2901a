//! Rows: objects, tables and mappings whose fields are, by their names, a key and a URL.
//!
//! `{"api_key": ..., "base_url": ...}` says which key goes where, whoever reads it: a row is a client of its own, in
//! code and in files of data alike. Fields of one row belong together, never those of two. What cannot be told apart is
//! not taken for a pair, and a row that a client of the program was seen to read is that client's business.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use super::whose::names;
use super::{CONFIG, Client, Endpoint, Key, Route, Verdict, endpoint, key, met, pair, tools};
use crate::catalog::Catalog;
use crate::clients::{From, SlotValue};
use crate::evidence;
use crate::facts::{Entry, ExprId, ExprKind, Module, Object, Span, Stmt};
use crate::finding::{FileId, Location};
use crate::project::Project;
use crate::resolve::{Alt, FUEL, Resolver, Value};

/// Objects with more fields are data sets, not rows.
pub(super) const MOST_FIELDS: usize = 1000;
/// How far around a row is looked.
const DEEPEST: usize = 32;

/// Ends of names that are a key's, without separators.
const KEYS: &[&str] = &[
    "apikey",
    "key",
    "token",
    "secret",
    "apitoken",
    "authtoken",
    "accesstoken",
    "bearertoken",
    "experimentalbearertoken",
    "apisecret",
    "secretkey",
    "credential",
];

/// Ends of names that name the variable that holds the key.
const VARIABLES: &[&str] = &[
    "envkey",
    "keyenv",
    "apikeyenv",
    "apikeyenvvar",
    "apikeyenvar",
    "apikeyvar",
    "apikeyname",
    "apikeyenvname",
    "tokenenv",
];

/// Ends of names that are an endpoint's.
const URLS: &[&str] = &[
    "baseurl",
    "apibase",
    "apibaseurl",
    "baseapiurl",
    "apiurl",
    "apiendpoint",
    "apihost",
    "endpoint",
    "endpointurl",
    "basepath",
    "apipath",
    "url",
    "uri",
    "host",
    "base",
    "baseuri",
    "apiuri",
    "proxyurl",
    "reverseproxy",
    "serverurl",
];

/// What may stand in front of one name and not of the other: `llm_api_key` beside `base_url`.
const GENERAL: &[&str] = &["llm", "ai", "model", "chat", "api", "custom", "default", "openai"];

/// The rows of a file.
pub(super) fn of_file(resolver: &mut Resolver<'_>, catalog: &Catalog, file: FileId) -> Vec<Client> {
    let module = resolver.module(file);
    let places = Places::new(module);
    let (mut out, taken) = tools::rows(resolver, catalog, file, &places);
    for expr in module.expr_ids() {
        let ExprKind::Object(object) = module.kind(expr) else { continue };
        if object.entries.len() > MOST_FIELDS {
            continue;
        }
        let data = || is_data(module, expr);
        let fields = fields(object, &data);
        for (key, urls) in pairs(catalog, &fields) {
            let is_tools = taken.contains(&resolver.location(file, key.value));
            if is_tools || is_written_later(resolver.project, file, expr, key) {
                continue;
            }
            resolver.refuel(FUEL);
            out.extend(client(resolver, catalog, (file, expr), &places, key, &urls));
        }
    }
    out
}

/// Leaves out rows that another client was seen to read: their key, or their URL together with a key of its name.
pub fn drop_consumed(clients: &mut Vec<Client>) {
    let others = || clients.iter().filter(|client| client.row.is_none());
    let calls: BTreeSet<Location> = others().map(|client| client.at).collect();
    let read: BTreeSet<Location> = others()
        .flat_map(|client| &client.routes)
        .flat_map(|route| route.key.alt.steps.iter().map(|step| step.at).chain(place(&route.key.alt.value)))
        .collect();
    let named = |route: &Route| Some((place(&route.endpoint.alt.value)?, names(&route.key.alt).into_iter().next()?));
    let pairs: BTreeSet<(Location, String)> = others().flat_map(|client| &client.routes).filter_map(named).collect();
    clients.retain(|client| {
        let Some(value) = client.row else { return true };
        // Calls are few in a file, and those that begin before a row fewer still.
        let first = Location { file: value.file, span: Span::default() };
        let inside = calls.range(first..=value).any(|call| call.span.contains(value.span));
        let known = client.routes.iter().filter_map(named).any(|pair| pairs.contains(&pair));
        !inside && !known && !read.contains(&value)
    });
}

fn place(value: &Value) -> Option<Location> {
    match value {
        Value::Str(_, at) | Value::Concat(_, at) | Value::Env(_, at) => Some(*at),
        _ => None,
    }
}

/// Whether an object is a part of a file of data rather than of a program.
fn is_data(module: &Module, object: ExprId) -> bool {
    let mut at = object;
    for _ in 0..DEEPEST {
        match module.parents[at.index()] {
            Some(around) => at = around,
            None => return module.documents.contains(&at),
        }
    }
    !module.documents.is_empty()
}

/// A field that is a key or an endpoint by its name.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub name: &'a str,
    pub name_span: Span,
    pub value: ExprId,
    pub role: Role,
}

/// What a field's name says of its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is a key.
    Key,
    /// It is the name of the variable that holds the key.
    Variable,
    /// It is an endpoint.
    Url,
}

/// The fields of an object that matter, with what their names begin with. What an unknown part of it may overwrite is
/// left out.
fn fields<'a>(object: &'a Object, data: &dyn Fn() -> bool) -> Vec<(Field<'a>, String)> {
    let mut out: Vec<(Field<'a>, String)> = Vec::new();
    for entry in &object.entries {
        match entry {
            Entry::Field { key: Some(name), key_span, value } => {
                let Some((role, prefix)) = role(name) else { continue };
                // Variables of a process are a block of the environment.
                let variable = !prefix.is_empty() && !name.bytes().any(|byte| byte.is_ascii_lowercase()) && data();
                if !variable {
                    out.retain(|(known, _)| known.name != name);
                    out.push((Field { name, name_span: *key_span, value: *value, role }, prefix));
                }
            }
            Entry::Field { key: None, .. } | Entry::Computed { .. } => {}
            Entry::Spread(_) => out.clear(),
        }
    }
    out
}

/// What a name says, and what it begins with: `openai_api_key` is a key's, of `openai`.
pub(super) fn role(name: &str) -> Option<(Role, String)> {
    const LONGEST: usize = 64;
    if name.len() > LONGEST || !name.is_ascii() {
        return None;
    }
    let words = evidence::words(name);
    for count in (1..=words.len().min(4)).rev() {
        let (head, tail) = words.split_at(words.len() - count);
        let tail = tail.concat();
        let role = [(KEYS, Role::Key), (VARIABLES, Role::Variable), (URLS, Role::Url)]
            .into_iter()
            .find_map(|(list, role)| list.contains(&tail.as_str()).then_some(role));
        if let Some(role) = role {
            return Some((role, head.concat()));
        }
    }
    None
}

/// Each key with the endpoints that go with it.
fn pairs<'a>(catalog: &Catalog, fields: &[(Field<'a>, String)]) -> Vec<(Field<'a>, Vec<Field<'a>>)> {
    let is_url = |field: &&(Field<'a>, String)| field.0.role == Role::Url;
    let of = |prefix: &str| -> Vec<Field<'a>> {
        fields.iter().filter(is_url).filter(|(_, own)| own == prefix).map(|(field, _)| *field).collect()
    };
    let heads = |urls: bool| -> BTreeSet<&str> {
        fields.iter().filter(|field| is_url(field) == urls).map(|(_, prefix)| prefix.as_str()).collect()
    };
    let (of_keys, of_urls) = (heads(false), heads(true));
    let general = |prefix: &str| GENERAL.contains(&prefix) || catalog.of_word(prefix).is_some();
    let mut out = Vec::new();
    for (field, prefix) in fields.iter().filter(|field| !is_url(field)) {
        let mut urls = of(prefix);
        if urls.is_empty()
            && let ([_], [other]) = (Vec::from_iter(&of_keys).as_slice(), Vec::from_iter(&of_urls).as_slice())
        {
            let apart =
                if prefix.is_empty() { Some(**other) } else { Some(prefix.as_str()).filter(|_| other.is_empty()) };
            if apart.is_some_and(general) {
                urls = of(other);
            }
        }
        if !urls.is_empty() {
            out.push((*field, urls));
        }
    }
    out
}

/// Whether the program changes the row after it was written: `config.base_url = ...`.
fn is_written_later(project: &Project, file: FileId, expr: ExprId, key: Field<'_>) -> bool {
    let file = project.file(file);
    let module = &file.module;
    if module.parents[expr.index()].is_some() {
        return false;
    }
    let (block, index) = module.points[expr.index()];
    let Some(Stmt::Assign { place, value, .. }) = module.block(block).stmts.get(index as usize) else { return false };
    if *value != expr {
        return false;
    }
    let writes = file.index.assigns.get(&place.root).into_iter().flatten();
    writes.filter_map(|(block, at)| module.block(*block).stmts.get(*at as usize)).any(|stmt| match stmt {
        Stmt::Assign { place: other, .. } if other.path.len() > place.path.len() => {
            let last = other.path.last().and_then(|step| step.as_deref());
            last.is_none_or(|name| name == key.name || role(name).is_some_and(|(role, _)| role == Role::Url))
        }
        _ => false,
    })
}

fn client(
    resolver: &mut Resolver<'_>,
    catalog: &Catalog,
    (file, row): (FileId, ExprId),
    places: &Places<'_>,
    field: Field<'_>,
    urls: &[Field<'_>],
) -> Option<Client> {
    let ctx = resolver.ctx_of(file, row);
    let guard = resolver.guard(&ctx);
    let keys = keys(resolver, catalog, file, field);
    if keys.is_empty() {
        return None;
    }
    // With several endpoints the reader is not known: a pair that fits is taken for the one in use.
    let fits = |routes: &[Route]| routes.iter().any(|route| route.verdict == Verdict::Match);
    let mut routes: Vec<Route> = Vec::new();
    let mut spelling = urls[0].name;
    for url in urls {
        let endpoints = endpoints(resolver, catalog, file, *url);
        let mut more = pair(resolver, keys.clone(), endpoints, &guard);
        more.retain(is_judged);
        met(resolver, &mut more, None);
        if !more.is_empty() && (routes.is_empty() || (fits(&more) && !fits(&routes))) {
            routes = more;
            spelling = url.name;
        }
    }
    if routes.is_empty() {
        return None;
    }
    let at = Location { file, span: field.name_span };
    let language = resolver.language_at(file, ctx.block);
    Some(Client {
        callee: places.path(row).unwrap_or_else(|| field.name.to_owned()),
        spelling: Some(spelling.to_owned()),
        row: Some(resolver.location(file, field.value)),
        ..Client::of_settings(at, CONFIG, "this configuration", language, routes)
    })
}

/// Whether there is anything to say of a pair: a host that is known, or a known key at a URL.
fn is_judged(route: &Route) -> bool {
    route.endpoint.provider.is_some() || (route.endpoint.url.is_some() && !route.key.providers.is_empty())
}

/// What a field can hold as a key; nothing where it holds none.
pub(super) fn keys(resolver: &mut Resolver<'_>, catalog: &Catalog, file: FileId, field: Field<'_>) -> Vec<Key> {
    let ctx = resolver.ctx_of(file, field.value);
    let project = resolver.project;
    resolver
        .eval(&ctx, field.value)
        .into_iter()
        .filter(|alt| alt.may_be_there())
        .filter(|alt| !matches!(alt.value, Value::Made(_) | Value::Const(_)))
        .map(|mut alt| {
            if let Value::Str(text, at) = &alt.value
                && let Some(name) = variable(text.expose(), field.role)
            {
                alt.value = Value::Env(name, *at);
            }
            key(catalog, project, None, SlotValue { alt, from: From::Code })
        })
        .collect()
}

/// The variable that a text refers to or is the name of: by the field's name, or by its own look.
fn variable(text: &str, role: Role) -> Option<String> {
    let text = text.trim();
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let upper = !text.bytes().any(|byte| byte.is_ascii_lowercase());
    let ending = || ["_KEY", "_TOKEN", "_SECRET"].iter().any(|end| text.ends_with(end));
    if is_name && (role == Role::Variable || (upper && ending())) {
        return Some(text.to_owned());
    }
    evidence::reference_name(text)
}

pub(super) fn endpoints(
    resolver: &mut Resolver<'_>,
    catalog: &Catalog,
    file: FileId,
    field: Field<'_>,
) -> Vec<Endpoint> {
    let ctx = resolver.ctx_of(file, field.value);
    let alts: Vec<Alt> = resolver.eval(&ctx, field.value);
    alts.into_iter().map(|alt| endpoint(catalog, SlotValue { alt, from: From::Code }, None)).collect()
}

/// Under which key or at which position each expression of a file stands in what holds it.
pub(super) struct Places<'m> {
    module: &'m Module,
    /// Filled when it is first asked: most files have no row.
    steps: OnceCell<HashMap<ExprId, Step<'m>>>,
}

#[derive(Clone, Copy)]
enum Step<'m> {
    Key(&'m str),
    Position(usize),
}

impl<'m> Places<'m> {
    fn new(module: &'m Module) -> Self {
        Self { module, steps: OnceCell::new() }
    }

    /// Looks at all objects and lists of the file once.
    fn fill(module: &'m Module) -> HashMap<ExprId, Step<'m>> {
        let mut steps = HashMap::new();
        for expr in &module.exprs {
            match &expr.kind {
                ExprKind::Object(object) => steps.extend(object.entries.iter().filter_map(|entry| match entry {
                    Entry::Field { key: Some(key), value, .. } => Some((*value, Step::Key(key))),
                    _ => None,
                })),
                ExprKind::List(items) => {
                    let items = items.iter().enumerate();
                    steps.extend(items.map(|(position, item)| (item.value, Step::Position(position))));
                }
                _ => {}
            }
        }
        steps
    }

    /// The outermost object or list around an object, and the steps from there: keys, and positions as `[2]`.
    pub(super) fn steps(&self, object: ExprId) -> (ExprId, Vec<String>) {
        let mut steps = Vec::new();
        let mut at = object;
        while let Some(around) = self.module.parents[at.index()].filter(|_| steps.len() < DEEPEST) {
            match self.steps.get_or_init(|| Self::fill(self.module)).get(&at) {
                Some(Step::Key(key)) => steps.push((*key).to_owned()),
                Some(Step::Position(position)) => steps.push(format!("[{position}]")),
                None => break,
            }
            at = around;
        }
        steps.reverse();
        (at, steps)
    }

    /// The keys that lead to a row, where some do: `model_providers.mixroute`, `models[2]`.
    fn path(&self, row: ExprId) -> Option<String> {
        let mut out = String::new();
        for step in self.steps(row).1 {
            if !out.is_empty() && !step.starts_with('[') {
                out.push('.');
            }
            out.push_str(&step);
        }
        (!out.is_empty()).then_some(out)
    }
}
