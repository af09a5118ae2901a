//! Clients that are tools: what their files and their environment say, as the catalogue knows it.

use std::collections::BTreeSet;

use super::blocks::values;
use super::rows::{Field, MOST_FIELDS, Places, Role, endpoints, keys};
use super::{Client, Endpoint, Ignored, Key, Route, URL_SUFFIXES, endpoint, key, key_prefix, pair};
use crate::catalog::{Catalog, Tool, ToolEnvironment, ToolRow, UrlKind};
use crate::clients::{From, IgnoredKind, SlotValue};

use crate::facts::{Entry, EnvBlock, ExprId, ExprKind, Module, Object, Span, Stmt};
use crate::finding::{FileId, Location, UrlSlot};
use crate::project::Project;
use crate::resolve::{Alt, Arms, FUEL, Presence, Resolver, Step, StepKind, Value};
use crate::scopes::Visible;
use crate::text::Text;

/// The rows of a file that the catalogue's tools read, and the values in them that are their keys and endpoints.
pub(super) fn rows(
    resolver: &mut Resolver<'_>,
    catalog: &Catalog,
    file: FileId,
    places: &Places<'_>,
) -> (Vec<Client>, BTreeSet<Location>) {
    let module = resolver.module(file);
    let (mut out, mut taken) = (Vec::new(), BTreeSet::new());
    let tools = tools_of(resolver.project, catalog, file);
    if tools.is_empty() {
        return (out, taken);
    }
    for expr in module.expr_ids() {
        if !matches!(module.kind(expr), ExprKind::Object(object) if object.entries.len() <= MOST_FIELDS) {
            continue;
        }
        let path = path(module, places, expr);
        let rows = tools.iter().flat_map(|tool| tool.row.iter().map(move |row| (*tool, row)));
        // The first one whose key is there: a tool may have several forms of a row in the same place.
        for (tool, row) in rows.filter(|(_, row)| is_at(&row.at, &path) && is_meant(module, expr, row)) {
            resolver.refuel(FUEL);
            if let Some(client) = of_row(resolver, catalog, file, expr, tool, row, path.last()) {
                for name in row.key.iter().chain(&row.endpoint) {
                    taken.extend(field(module, expr, name).map(|field| resolver.location(file, field.value)));
                }
                out.push(client);
                break;
            }
        }
    }
    (out, taken)
}

/// The tools that a file may set up.
fn tools_of<'c>(project: &Project, catalog: &'c Catalog, file: FileId) -> Vec<&'c Tool> {
    let file = project.file(file);
    let mut tools: Vec<&Tool> = Vec::new();
    if !file.module.documents.is_empty() {
        tools.extend(catalog.tools_of(&file.path).filter(|tool| !tool.row.is_empty()));
    }
    let imports = |tool: &&Tool| {
        !tool.modules.is_empty()
            && file.module.exprs.iter().any(|expr| match &expr.kind {
                ExprKind::Import(import) => tool.modules.iter().any(|module| {
                    let below = import.module.strip_prefix(module.as_str());
                    below.is_some_and(|below| below.is_empty() || below.starts_with(['.', '/']))
                }),
                _ => false,
            })
    };
    tools.extend(catalog.tools.iter().filter(imports));
    tools
}

/// The steps to an object; in code the variable that holds the outermost one is the first, and the name of its own type
/// the last.
fn path(module: &Module, places: &Places<'_>, object: ExprId) -> Vec<String> {
    let (root, mut path) = places.steps(object);
    let (block, index) = module.points[root.index()];
    if let Some(Stmt::Assign { place, value, .. }) = module.block(block).stmts.get(index as usize)
        && *value == root
    {
        let below = place.path.iter().map(|step| step.clone().unwrap_or_default());
        path.splice(0..0, std::iter::once(place.root.clone()).chain(below));
    }
    if let ExprKind::Object(Object { ty: Some(ty), .. }) = module.kind(object) {
        path.push(ty.clone());
    }
    path
}

/// Whether steps are those of a pattern: `models[]`, `provider.*.options`, `**.llm`.
fn is_at(pattern: &str, path: &[String]) -> bool {
    let spaced = pattern.replace("[]", ".[]");
    let mut parts: Vec<&str> = spaced.split('.').filter(|part| !part.is_empty()).collect();
    let mut path = path;
    if parts.first() == Some(&"**") {
        parts.remove(0);
        let Some(skipped) = path.len().checked_sub(parts.len()) else { return false };
        path = &path[skipped..];
    }
    parts.len() == path.len()
        && parts.iter().zip(path).all(|(part, step)| match *part {
            "[]" => step.starts_with('['),
            "*" => !step.starts_with('['),
            name => step == name,
        })
}

/// Whether the fields that decide about it have the values that they must have.
fn is_meant(module: &Module, object: ExprId, row: &ToolRow) -> bool {
    row.only.iter().all(|(name, values)| {
        let Some(text) = field(module, object, name).and_then(|field| string(module, field.value)) else {
            return values.iter().any(String::is_empty);
        };
        values
            .iter()
            .any(|value| text == value || (value.ends_with(['/', '-', ':']) && text.starts_with(value.as_str())))
    })
}

fn string(module: &Module, expr: ExprId) -> Option<&str> {
    match module.kind(expr) {
        ExprKind::Str(text) => Some(text.expose()),
        _ => None,
    }
}

/// A field of an object, through the objects in it: `config.apiKey`.
fn field<'a>(module: &'a Module, object: ExprId, path: &str) -> Option<Field<'a>> {
    let mut at = object;
    let mut found = None;
    for step in path.split('.') {
        let ExprKind::Object(object) = module.kind(at) else { return None };
        found = object.entries.iter().rev().find_map(|entry| match entry {
            Entry::Field { key: Some(key), key_span, value } if key == step => {
                Some(Field { name: key, name_span: *key_span, value: *value, role: Role::Key })
            }
            _ => None,
        });
        at = found?.value;
    }
    found
}

fn of_row(
    resolver: &mut Resolver<'_>,
    catalog: &Catalog,
    file: FileId,
    object: ExprId,
    tool: &Tool,
    row: &ToolRow,
    step: Option<&String>,
) -> Option<Client> {
    let module = resolver.module(file);
    let ctx = resolver.ctx_of(file, object);
    let guard = resolver.guard(&ctx);
    let own = resolver.location(file, object);
    let (mut at, mut slot) = (None, None);
    let mut found: Vec<Key> = Vec::new();
    for name in &row.key {
        let Some(mut field) = field(module, object, name) else { continue };
        if super::rows::role(name).is_some_and(|(role, _)| role == Role::Variable) {
            field.role = Role::Variable;
        }
        found = keys(resolver, catalog, file, field);
        if !found.is_empty() {
            at = Some((field.name_span, field.value));
            slot = beside(name, &row.endpoint);
            break;
        }
    }
    if found.is_empty()
        && let Some(name) = row.key_variable.as_deref().and_then(|form| variable(module, object, form, step))
    {
        let value = Value::Env(name, own);
        found = vec![key(catalog, resolver.project, None, SlotValue { alt: Alt::new(value), from: From::Code })];
    }
    if found.is_empty() {
        return None;
    }
    let default = tool.default_of(row.default_endpoint.as_deref());
    let mut urls: Vec<Endpoint> = Vec::new();
    for name in &row.endpoint {
        let Some(field) = field(module, object, name) else { continue };
        urls = endpoints(resolver, catalog, file, field);
        urls.retain(|url| !matches!(url.alt.value.presence(), Presence::Null | Presence::Absent | Presence::Empty));
        if !urls.is_empty() {
            at = at.or(Some((field.name_span, field.value)));
            break;
        }
    }
    if urls.is_empty() {
        urls = from_environment(resolver, catalog, file, &row.env_endpoint);
    }
    if urls.is_empty() {
        urls = vec![nothing(catalog, default?)];
    }
    let routes = pair(resolver, found, urls, &guard);
    if routes.is_empty() {
        return None;
    }
    let held = at.map_or(own, |(_, value)| resolver.location(file, value));
    let at = at.map_or(own, |(name, _)| Location { file, span: name });
    let language = resolver.language_at(file, ctx.block);
    let spelling = row.endpoint.first().map(|name| name.rsplit('.').next().unwrap_or(name));
    let spelling = spelling.map(|name| match language {
        "toml" => format!("{name} ="),
        _ => format!("{name}:"),
    });
    Some(Client {
        endpoint_variables: row.env_endpoint.clone(),
        row: Some(held),
        url_slot: slot,
        ..client(tool, at, language, row.url_kind, default, spelling, routes)
    })
}

/// The field for the endpoint that is written in the same object as a key, and in the same way: `config.openai_base_url`
/// beside `config.api_key`, `config.baseURL` beside `config.apiKey`.
fn beside(key: &str, endpoints: &[String]) -> Option<UrlSlot> {
    let split = |path: &str| {
        path.rsplit_once('.').map_or((String::new(), path.to_owned()), |(a, b)| (a.to_owned(), b.to_owned()))
    };
    let (holder, name) = split(key);
    let mut fields = endpoints.iter().map(|path| split(path)).filter(|(other, _)| *other == holder);
    let camel = |name: &str| !name.contains(['_', '-']);
    let found = fields.clone().find(|(_, field)| camel(field) == camel(&name)).or_else(|| fields.next());
    found.map(|(_, field)| UrlSlot::Field(field))
}

/// `{step}_API_KEY` with the row's own name.
fn variable(module: &Module, object: ExprId, form: &str, step: Option<&String>) -> Option<String> {
    let open = form.find('{')?;
    let close = form.find('}')?;
    let name = match form.get(open + 1..close)? {
        "step" => step?.as_str(),
        field_name => string(module, field(module, object, field_name)?.value)?,
    };
    let words = crate::evidence::words(name).join("_").to_ascii_uppercase();
    (!words.is_empty()).then(|| format!("{}{words}{}", &form[..open], &form[close + 1..]))
}

/// What the file's own environment, or the dotenv files beside it, give a variable.
fn from_environment(resolver: &mut Resolver<'_>, catalog: &Catalog, file: FileId, names: &[String]) -> Vec<Endpoint> {
    let project = resolver.project;
    for name in names {
        for id in std::iter::once(file).chain(project.dotenv_of(file).iter().copied()) {
            let module = &project.file(id).module;
            let mut vars = module.env_blocks.iter().flat_map(|block| &block.vars);
            let Some(var) = vars.rfind(|var| var.name == *name) else { continue };
            let ctx = resolver.ctx_of(id, var.value);
            let set = Step { at: resolver.location(id, var.value), kind: StepKind::EnvValue(name.clone()) };
            let alts = resolver.eval(&ctx, var.value);
            let found: Vec<Endpoint> = alts
                .into_iter()
                .filter(|alt| alt.value.presence() != Presence::Empty)
                .map(|mut alt| {
                    alt.steps.push(set.clone());
                    endpoint(catalog, SlotValue { alt, from: From::Environment(name.clone()) }, None)
                })
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

fn nothing(catalog: &Catalog, default: &str) -> Endpoint {
    endpoint(catalog, SlotValue { alt: Alt::new(Value::Undefined), from: From::Nothing }, Some(default))
}

fn client(
    tool: &Tool,
    at: Location,
    language: &'static str,
    url_kind: Option<UrlKind>,
    default: Option<&str>,
    spelling: Option<String>,
    routes: Vec<Route>,
) -> Client {
    Client {
        url_kind: url_kind.unwrap_or(tool.url_kind),
        spelling,
        default_endpoint: default.map(str::to_owned),
        ..Client::of_settings(at, &tool.id, &tool.name, language, routes)
    }
}

/// The tools that run in a block.
pub(super) fn of_block<'c>(project: &Project, catalog: &'c Catalog, file: FileId, block: &EnvBlock) -> Vec<&'c Tool> {
    let reads = |tool: &&Tool| !tool.environment.is_empty();
    if !block.programs.is_empty() {
        return catalog.tools.iter().filter(reads).filter(|tool| tool.is_run_by(&block.programs)).collect();
    }
    catalog.tools_of(&project.file(file).path).filter(reads).collect()
}

/// A pair of variables that a tool reads in a block, and a base URL there that it does not read.
pub(super) fn of_pair(
    resolver: &mut Resolver<'_>,
    catalog: &Catalog,
    tool: &Tool,
    reads: &ToolEnvironment,
    visible: &[&Visible],
    is_open: bool,
) -> Option<Client> {
    let get = |names: &[String]| names.iter().find_map(|name| visible.iter().find(|var| var.name == *name).copied());
    let held = get(&reads.key)?;
    resolver.refuel(FUEL);
    let url = get(&reads.endpoint);
    let default = tool.default_of(reads.default_endpoint.as_deref());
    let mut held_values = values(resolver, held);
    let mut urls = url.map(|url| values(resolver, url)).unwrap_or_default();
    let mut routes = Vec::new();
    if let Some(divider) = &reads.list {
        let project = resolver.project;
        let held_list = divided(project, &held_values, divider)?;
        let url_list = match url {
            Some(_) => divided(project, &urls, divider)?,
            None => Vec::new(),
        };
        for (index, value) in held_list.into_iter().enumerate() {
            let url = url_list.get(index).filter(|value| value.alt.value.presence() != Presence::Empty);
            let to = match (url, default) {
                (Some(url), _) => endpoint(catalog, url.clone(), None),
                (None, Some(default)) if !is_open => nothing(catalog, default),
                _ => continue,
            };
            let held = key(catalog, project, None, value);
            routes.extend(pair(resolver, vec![held], vec![to], &Arms::default()));
        }
    } else {
        held_values.retain(|value| value.alt.value.presence() != Presence::Empty);
        urls.retain(|value| value.alt.value.presence() != Presence::Empty);
        let held = held_values.into_iter().map(|value| key(catalog, resolver.project, None, value)).collect();
        let to: Vec<Endpoint> = if urls.is_empty() {
            if is_open {
                return None;
            }
            vec![nothing(catalog, default?)]
        } else {
            urls.into_iter().map(|value| endpoint(catalog, value, None)).collect()
        };
        routes = pair(resolver, held, to, &Arms::default());
    }
    if routes.is_empty() {
        return None;
    }
    let language = resolver.project.file(held.file).source.language.name();
    let at = Location { file: held.file, span: held.name_span };
    let spelling = reads.endpoint.first().map(|name| format!("{name}="));
    let ignored = ignored(resolver, catalog, tool, held, visible);
    Some(Client {
        callee: held.name.clone(),
        endpoint_variables: reads.endpoint.iter().rev().cloned().collect(),
        ignored,
        ..client(tool, at, language, reads.url_kind, default, spelling, routes)
    })
}

/// Base URLs beside a key that the tool does not read.
fn ignored(
    resolver: &mut Resolver<'_>,
    catalog: &Catalog,
    tool: &Tool,
    held: &Visible,
    visible: &[&Visible],
) -> Vec<Ignored> {
    let Some(prefix) = key_prefix(&held.name) else { return Vec::new() };
    let known: BTreeSet<&str> = tool.endpoint_variables().map(String::as_str).collect();
    let mut out = Vec::new();
    for var in visible {
        let is_url = var.name.strip_prefix(prefix).is_some_and(|suffix| URL_SUFFIXES.contains(&suffix));
        if !is_url || known.contains(var.name.as_str()) {
            continue;
        }
        for value in values(resolver, var) {
            let meant = endpoint(catalog, value, None);
            if meant.provider.is_some() {
                let at = Location { file: var.file, span: var.name_span };
                let value_at = Some(resolver.location(var.file, var.value));
                let name = var.name.clone();
                out.push(Ignored { kind: IgnoredKind::Variable, name, at, value_at, endpoint: meant });
                break;
            }
        }
    }
    out
}

/// The items of a list in one variable; `None` where it is not known.
fn divided(project: &Project, values: &[SlotValue], divider: &str) -> Option<Vec<SlotValue>> {
    let [value] = values else { return None };
    let Value::Str(text, at) = &value.alt.value else {
        return matches!(value.alt.value, Value::Env(..)).then(|| vec![value.clone()]);
    };
    let written = project.file(at.file).source.slice(at.span) == text.expose();
    let mut from = 0;
    let items = text.expose().split(divider).map(|item| {
        let start = at.span.start as usize + from;
        from += item.len() + divider.len();
        let span = if written { Span::new(start, start + item.len()) } else { at.span };
        let alt =
            Alt { value: Value::Str(Text::new(item.trim()), Location { file: at.file, span }), ..value.alt.clone() };
        SlotValue { alt, from: value.from.clone() }
    });
    Some(items.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Url;

    #[test]
    fn paths() {
        let path =
            |text: &str| -> Vec<String> { text.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect() };
        for (pattern, steps, expected) in [
            ("models[]", "models [0]", true),
            ("models[]", "models a", false),
            ("provider.*.options", "provider x options", true),
            ("provider.*.options", "provider options", false),
            ("", "", true),
            ("", "a", false),
            ("[]", "[3]", true),
            ("**.llm", "config llm", true),
            ("**.llm", "llm", true),
            ("**.llm", "llm config", false),
        ] {
            assert_eq!(is_at(pattern, &path(steps)), expected, "{pattern} {steps}");
        }
    }

    #[test]
    fn endpoints_have_urls() {
        for tool in &Catalog::builtin().tools {
            let rows = tool.row.iter().map(|row| &row.default_endpoint);
            let pairs = tool.environment.iter().map(|pair| &pair.default_endpoint);
            let all = rows.chain(pairs).chain([&tool.default_endpoint]).flatten();
            for url in all.filter(|url| !url.is_empty()) {
                assert!(Url::parse(url).is_some(), "{url}");
            }
        }
    }
}
