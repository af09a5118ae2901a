//! Base URLs that are set for a client and do not reach it: in an option that it drops, a variable or a module's
//! attribute that it does not read, too late, or to nothing.

mod late;

use super::{From, Site, SlotValue, argument, is_absent};
use crate::catalog::{Catalog, EnvName};
use crate::facts::{Call, Entry, ExprId, ExprKind, Stmt};
use crate::finding::Location;
use crate::resolve::{Alt, Ctx, Resolver, Value};

/// A base URL that does not reach the client.
#[derive(Clone, Debug)]
pub struct Ignored {
    /// What it was written as.
    pub kind: IgnoredKind,
    /// The name that was written: `baseUrl`, `OPENAI_API_BASE`, `openai.api_base`.
    pub name: String,
    /// Where the name is written, or else the value.
    pub at: Location,
    /// Where an option's value is written.
    pub value_at: Option<Location>,
    /// The URL that was meant.
    pub value: SlotValue,
}

/// What an ignored base URL was written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredKind {
    /// An argument or a field of the options.
    Option,
    /// An environment variable.
    Variable,
    /// An attribute of the module.
    Attribute,
    /// A variable or attribute that the client reads, written when it has been read.
    Late,
    /// Where the client looks, but empty.
    Empty,
}

/// Ends of a variable's name that make it a base URL by custom: somebody set it for this purpose.
const VARIABLES: &[&str] = &[
    "_BASE_URL",
    "_API_BASE",
    "_API_BASE_URL",
    "_BASEURL",
    "_API_URL",
    "_ENDPOINT",
    "_API_ENDPOINT",
    "_API_HOST",
    "_HOST",
    "_BASE",
    "_BASE_PATH",
    "_PROXY_URL",
    "_REVERSE_PROXY",
];

/// Of these, the ones that some SDK reads: whoever sets one has a base URL in mind, whatever the URL is.
const USUAL: usize = 2;

/// What is set for a client, and does not reach it.
pub(super) fn find(resolver: &mut Resolver<'_>, catalog: &Catalog, site: &Site<'_>, ctx: &Ctx) -> Vec<Ignored> {
    let ExprKind::Call(call) = resolver.module(ctx.file).kind(site.call) else { return Vec::new() };
    let mut out = Vec::new();
    for path in &site.construct.ignored {
        options(resolver, ctx, call, path, &mut out);
    }
    for attribute in &site.construct.ignored_global {
        attributes(resolver, ctx, attribute, &mut out);
    }
    variables(resolver, catalog, site, ctx, &mut out);
    empty(resolver, site, ctx, call, &mut out);
    late::find(resolver, site, ctx, &mut out);
    out
}

/// Arguments and variables that are the empty string, whatever the run.
fn empty(resolver: &mut Resolver<'_>, site: &Site<'_>, ctx: &Ctx, call: &Call, out: &mut Vec<Ignored>) {
    let mut add = |name: &str, alt: &Alt| {
        if let Value::Str(text, at) = &alt.value
            && text.expose().trim().is_empty()
            && alt.arms.lits().is_empty()
        {
            let value = SlotValue { alt: alt.clone(), from: From::Code };
            let (kind, name, value_at) = (IgnoredKind::Empty, name.to_owned(), Some(*at));
            out.push(Ignored { kind, name, at: *at, value_at, value });
        }
    };
    for path in &site.construct.endpoint {
        if let [alt] = argument(resolver, ctx, call, path).as_slice() {
            add(path.rsplit('.').next().unwrap_or(path), alt);
        }
    }
    let at = resolver.location(ctx.file, site.call);
    let version = version(resolver, site, ctx);
    for name in site.construct.env_endpoint.iter().filter(|name| name.applies(version)).map(EnvName::name) {
        if let [alt] = resolver.env_value(ctx, name, at).as_slice() {
            add(name, alt);
        }
    }
    for ignored in out.iter_mut().filter(|ignored| ignored.kind == IgnoredKind::Empty) {
        ignored.at = name_of_variable(resolver, &ignored.name, ignored.at);
    }
}

fn version(resolver: &Resolver<'_>, site: &Site<'_>, ctx: &Ctx) -> Option<crate::catalog::Version> {
    site.client.package.as_deref().and_then(|package| resolver.project.version(ctx.file, package))
}

/// The values that an option would give, where it is there for certain or under some condition.
fn options(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, path: &str, out: &mut Vec<Ignored>) {
    let is_position = |first: &str| first.bytes().all(|byte| byte.is_ascii_digit());
    let name = match path.split_once('.') {
        Some((first, rest)) if is_position(first) => rest.to_owned(),
        _ => path.to_owned(),
    };
    for alt in argument(resolver, ctx, call, path) {
        if !is_url_like(&alt.value) {
            continue;
        }
        let written = option_at(resolver, ctx, call, path).or_else(|| handed_on(resolver, &alt, path));
        // Of options that are not known, this one may not be among them.
        if written.is_none() && matches!(alt.value, Value::Unknown(_)) {
            continue;
        }
        let Some(at) = written.map(|(name, _)| name).or_else(|| place_of(&alt)) else { continue };
        // In another argument than the options it is not its name alone that is wrong.
        let value_at = written.map(|(_, value)| value).filter(|_| !path.starts_with("1."));
        let value = SlotValue { alt, from: From::Code };
        out.push(Ignored { kind: IgnoredKind::Option, name: name.clone(), at, value_at, value });
    }
}

/// Where the name of a variable stands whose value stands at a place.
fn name_of_variable(resolver: &Resolver<'_>, name: &str, value: Location) -> Location {
    let module = resolver.module(value.file);
    let mut vars = module.env_blocks.iter().flat_map(|block| &block.vars);
    let named = vars.find(|var| var.name == name && module.span(var.value) == value.span);
    Location { file: value.file, span: named.map_or(value.span, |var| var.name_span) }
}

/// Whether a value is there, as far as can be told: an unknown spread may hold anything.
fn is_url_like(value: &Value) -> bool {
    match value {
        Value::Str(text, _) => !text.is_empty(),
        Value::Concat(..) | Value::Env(..) | Value::Unknown(Some(_)) => true,
        _ => false,
    }
}

fn place_of(alt: &Alt) -> Option<Location> {
    match &alt.value {
        Value::Str(_, at) | Value::Concat(_, at) | Value::Env(_, at) | Value::Unknown(Some((_, at))) => Some(*at),
        _ => None,
    }
}

/// Where an option's name and value are written.
fn option_at(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, path: &str) -> Option<(Location, Location)> {
    let mut parts = path.split('.');
    let first = parts.next()?;
    let Ok(number) = first.parse::<usize>() else {
        let arg = call.named(first)?;
        return arg.name_span.map(|span| {
            let name = Location { file: ctx.file, span };
            (name, resolver.location(ctx.file, arg.value))
        });
    };
    let arg = call.positional().nth(number)?;
    let parts: Vec<&str> = parts.collect();
    if let Some(at) = assigned_at(resolver, ctx, arg.value, &parts) {
        return Some(at);
    }
    let (mut ctx, mut holder) = (ctx.clone(), arg.value);
    for (depth, part) in parts.iter().enumerate() {
        let alts = resolver.eval(&ctx, holder);
        // What is changed under conditions is still one object.
        let mut objects = alts.iter().map(|alt| match &alt.value {
            Value::Made(made) => Some(made),
            _ => None,
        });
        let made = objects.next()??.clone();
        let same = |other: Option<&std::sync::Arc<crate::resolve::Made>>| {
            other.is_some_and(|other| (other.ctx.file, other.expr) == (made.ctx.file, made.expr))
        };
        if !objects.all(same) {
            return None;
        }
        let ExprKind::Object(object) = resolver.module(made.ctx.file).kind(made.expr) else { return None };
        let found = object.entries.iter().rev().find_map(|entry| match entry {
            Entry::Field { key: Some(key), key_span, value } if key == part => Some((*key_span, *value)),
            _ => None,
        });
        let last = depth + 1 == parts.len();
        let Some((span, value)) = found else {
            return last.then(|| assigned_at(resolver, &ctx, holder, &parts[depth..])).flatten();
        };
        if last {
            let name = Location { file: made.ctx.file, span };
            return Some((name, resolver.location(made.ctx.file, value)));
        }
        (ctx, holder) = (made.ctx.clone(), value);
    }
    None
}

/// The same, where a call elsewhere has the named argument and the client's call hands on all that there are:
/// `super().__init__(**kwargs)`.
fn handed_on(resolver: &Resolver<'_>, alt: &Alt, name: &str) -> Option<(Location, Location)> {
    alt.steps.iter().rev().find_map(|step| {
        let module = resolver.module(step.at.file);
        let mut args = module.expr_ids().filter_map(|expr| match module.kind(expr) {
            ExprKind::Call(call) => call.named(name),
            _ => None,
        });
        let arg = args.find(|arg| module.span(arg.value) == step.at.span)?;
        Some((Location { file: step.at.file, span: arg.name_span? }, step.at))
    })
}

/// The same, where the option is given to a variable of the function, or to an object of its, afterwards, in one place
/// alone: `options.configuration = { baseUrl: … }`, `options.baseUrl = …`.
fn assigned_at(resolver: &Resolver<'_>, ctx: &Ctx, arg: ExprId, parts: &[&str]) -> Option<(Location, Location)> {
    let file = resolver.project.file(ctx.file);
    let ExprKind::Name(variable) = file.module.kind(arg) else { return None };
    let func = file.module.block(ctx.block).func;
    let mut found = file.index.assigns.get(variable)?.iter().filter_map(|&(block, index)| {
        let block = file.module.block(block);
        let Some(Stmt::Assign { place, value, .. }) = block.stmts.get(index as usize) else { return None };
        let rest = parts
            .strip_prefix(place.path.iter().map(|step| step.as_deref().unwrap_or("")).collect::<Vec<_>>().as_slice());
        let rest = rest.filter(|_| !place.path.is_empty() && block.func == func)?;
        let written = resolver.location(ctx.file, *value);
        match (rest, file.module.kind(*value)) {
            ([], _) => Some((written, written)),
            ([name], ExprKind::Object(object)) => object.entries.iter().rev().find_map(|entry| match entry {
                Entry::Field { key: Some(key), key_span, value } if key == name => {
                    Some((Location { file: ctx.file, span: *key_span }, resolver.location(ctx.file, *value)))
                }
                _ => None,
            }),
            _ => None,
        }
    });
    found.next().filter(|_| found.next().is_none())
}

/// Whether a variable of the file is a module of this name at a point.
fn is_module(resolver: &mut Resolver<'_>, at: &Ctx, root: &str, module: &str) -> bool {
    let roots = resolver.variable(at, root);
    roots.iter().any(|alt| matches!(&alt.value, Value::Symbol(symbol) if symbol == module))
}

/// Assignments to an attribute of the client's module, anywhere in the file.
fn attributes(resolver: &mut Resolver<'_>, ctx: &Ctx, attribute: &str, out: &mut Vec<Ignored>) {
    let Some((module_name, name)) = attribute.rsplit_once('.') else { return };
    let project = resolver.project;
    let file = project.file(ctx.file);
    for &(block, index) in file.index.attributes.get(name).into_iter().flatten() {
        let Some(Stmt::Assign { place, value, name_span, .. }) = file.module.block(block).stmts.get(index as usize)
        else {
            continue;
        };
        let (index, root, value, span) = (index as usize, place.root.clone(), *value, *name_span);
        let here = Ctx { file: ctx.file, block, index, frame: None };
        if !is_module(resolver, &here, &root, module_name) || asks_for_version(resolver, &here) {
            continue;
        }
        for alt in resolver.eval(&here, value) {
            if is_url_like(&alt.value) {
                let at = Location { file: ctx.file, span };
                let value = SlotValue { alt, from: From::Code };
                out.push(Ignored {
                    kind: IgnoredKind::Attribute,
                    name: attribute.to_owned(),
                    at,
                    value_at: None,
                    value,
                });
            }
        }
    }
}

/// Whether a place is for some versions of a package only: `if openai.__version__.startswith("0."):`. What it sets need
/// not reach the version that is installed.
fn asks_for_version(resolver: &Resolver<'_>, ctx: &Ctx) -> bool {
    let module = resolver.module(ctx.file);
    let mut block = Some(ctx.block);
    while let Some(at) = block {
        if module.block(at).tests.iter().any(|test| test.subject.to_ascii_lowercase().contains("version")) {
            return true;
        }
        block = module.block(at).parent.map(|(parent, _)| parent);
    }
    false
}

/// Variables of the client's family (`OPENAI_…`) that hold a base URL, and that it does not read.
fn variables(resolver: &mut Resolver<'_>, catalog: &Catalog, site: &Site<'_>, ctx: &Ctx, out: &mut Vec<Ignored>) {
    let default = site.client.default_endpoint.as_deref().and_then(crate::endpoint::Url::parse);
    let Some(owner) = default.and_then(|url| catalog.provider_of_host(&url.host)) else { return };
    let version = version(resolver, site, ctx);
    let read: Vec<&str> =
        site.construct.env_endpoint.iter().filter(|name| name.applies(version)).map(EnvName::name).collect();
    let prefix = owner.id.to_ascii_uppercase();
    let at = resolver.location(ctx.file, site.call);
    for (number, suffix) in VARIABLES.iter().enumerate() {
        let name = format!("{prefix}{suffix}");
        if read.contains(&name.as_str()) {
            continue;
        }
        for alt in resolver.env_value(ctx, &name, at) {
            let Value::Str(text, place) = &alt.value else { continue };
            // Set outside the project: nothing is known of who reads it.
            if text.is_empty() || *place == at || is_absent(&alt.value) {
                continue;
            }
            let url = crate::endpoint::Url::parse(text.expose());
            let known = url.is_some_and(|url| catalog.provider_of_host(&url.host).is_some_and(|p| p.id != owner.id));
            if number >= USUAL && !known {
                continue;
            }
            let at = name_of_variable(resolver, &name, *place);
            let value = SlotValue { alt, from: From::Environment(name.clone()) };
            out.push(Ignored { kind: IgnoredKind::Variable, name: name.clone(), at, value_at: None, value });
        }
    }
}
