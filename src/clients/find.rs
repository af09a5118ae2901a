//! The calls that make a client: what is called must be what the catalogue knows.

use std::collections::{HashMap, HashSet};

use crate::catalog::{Catalog, Client, Construct, UrlKind};
use crate::facts::{Call, ExprId, ExprKind, Module, Spread, Stmt};
use crate::finding::FileId;
use crate::resolve::{Alt, Ctx, Presence, Resolver, Rests, Value, called_on};

use super::changes::is_set_later;
use super::models::for_model;
use super::{Site, argument};

/// Finds the calls of a file that make a client.
pub struct Finder<'c, 'p> {
    catalog: &'c Catalog,
    file: FileId,
    by_language: HashMap<&'static str, Candidates<'c>>,
    params: HashSet<&'p str>,
    /// Fields of classes that hold what makes one: `client_class = OpenAI`.
    class_fields: Option<HashSet<&'p str>>,
    /// Names that are called and make no client, each with what that rests on.
    no_clients: HashMap<&'p str, Rests>,
}

impl<'c, 'p> Finder<'c, 'p> {
    /// For a file of the resolver's project.
    pub fn new(resolver: &Resolver<'p>, catalog: &'c Catalog, file: FileId) -> Self {
        let params = resolver.module(file).functions.iter().flat_map(|func| &func.params);
        let params = params.map(|param| param.name.as_str()).collect();
        Self { catalog, file, by_language: HashMap::new(), params, class_fields: None, no_clients: HashMap::new() }
    }

    /// The clients that an expression makes, if it is a call that makes any.
    pub fn at(&mut self, resolver: &mut Resolver<'p>, call: ExprId) -> Vec<Site<'c>> {
        let (catalog, file) = (self.catalog, self.file);
        let module = resolver.module(file);
        let ExprKind::Call(data) = module.kind(call) else { return Vec::new() };
        let language = resolver.language_at(file, module.points[call.index()].0);
        let candidates = self.by_language.entry(language).or_insert_with(|| Candidates::new(catalog, language));
        let last = match module.kind(data.callee) {
            ExprKind::Name(name) | ExprKind::Member(_, name) => name.as_str(),
            _ => "",
        };
        // A variable may hold any class; a member has the name that the catalogue lists.
        let derives = candidates.derive.contains(last) && !data.args.is_empty();
        if matches!(module.kind(data.callee), ExprKind::Member(..)) && !derives && last != "__init__" {
            let may_be_one = match candidates.by_name.get(last) {
                Some(makers) => {
                    makers.iter().any(|(client, construct)| may_carry_a_key(resolver, file, call, client, construct))
                }
                None => {
                    let fields = self.class_fields.get_or_insert_with(|| candidates.in_classes(module));
                    fields.contains(last) || candidates.are_put_into(resolver, file, last)
                }
            };
            if !may_be_one {
                return Vec::new();
            }
        }
        let is_name = matches!(module.kind(data.callee), ExprKind::Name(_));
        if is_name && let Some(&rests) = self.no_clients.get(last) {
            resolver.rely_on(rests);
            return Vec::new();
        }
        let ctx = resolver.ctx_of(file, call);
        if makes_no_client(resolver, &ctx, data.callee) {
            return Vec::new();
        }
        let before = resolver.rests();
        resolver.refuel(CALLEE_FUEL);
        let symbols = resolver.callee_choices(&ctx, data);
        let mut out = Vec::new();
        for (symbol, led) in &symbols {
            for (client, construct) in known(resolver, catalog, &ctx, symbol) {
                if !is_made(resolver, &ctx, call, construct) {
                    continue;
                }
                let known = for_model(resolver, catalog, &ctx, call, (client, construct));
                out.push(Site { led: led.clone(), ..Site::new(file, call, known, symbol.clone()) });
            }
        }
        if !out.is_empty() || !symbols.is_empty() {
            return out;
        }
        // A name that is given once in the whole file is the same in all of it.
        let assigns = &resolver.project.file(file).index.assigns;
        if is_name && assigns.get(last).is_none_or(|all| all.len() < 2) && !self.params.contains(last) {
            self.no_clients.insert(last, resolver.rests().since(before));
        }
        let ExprKind::Member(base, _) = module.kind(data.callee) else { return out };
        if derives && let Some(site) = copied(resolver, catalog, file, call, *base, last) {
            return vec![site];
        }
        for (client, construct) in catalog.method(language, last) {
            if may_carry_a_key(resolver, file, call, client, construct) {
                out.push(Site::new(file, call, (client, construct), last.to_owned()));
            }
        }
        out
    }
}

/// Whether a call of a constructor is one of a class that is no client's in any reading: `super().__init__(…)` in such a
/// class, `Base.__init__(self, …)`.
fn makes_no_client(resolver: &Resolver<'_>, ctx: &Ctx, callee: ExprId) -> bool {
    let file = resolver.project.file(ctx.file);
    // What has not been given was not asked for its classes.
    let Some(heirs) = resolver.project.heirs.as_ref().filter(|_| file.reported) else { return false };
    let class = match (resolver.super_class(ctx, callee), file.module.kind(callee)) {
        (Some((_, class)), _) => file.module.classes[class.index()].name.as_str(),
        (None, ExprKind::Member(base, name)) if name == "__init__" => match file.module.kind(*base) {
            ExprKind::Name(base) => base.as_str(),
            _ => return false,
        },
        _ => return false,
    };
    !class.is_empty() && !heirs.may_hold(class)
}

/// Whether a call makes the client at all: some do with certain arguments only.
fn is_made(resolver: &mut Resolver<'_>, ctx: &Ctx, at: ExprId, construct: &Construct) -> bool {
    let module = resolver.module(ctx.file);
    let ExprKind::Call(call) = module.kind(at) else { return false };
    let mut has = |path: &String, is: &dyn Fn(&Alt) -> bool| match path.strip_prefix('.') {
        Some(method) => called_on(module, at, method).is_some(),
        None => argument(resolver, ctx, call, path).iter().any(is),
    };
    let is_false = |value: &Value| matches!(value, Value::Const(text) if matches!(text.as_str(), "False" | "false"));
    let given = |alt: &Alt| alt.value.presence() == Presence::Present && !is_false(&alt.value);
    if !construct.only_with.iter().all(|path| has(path, &given)) {
        return false;
    }
    let is_true = |value: &Value| matches!(value, Value::Const(text) if matches!(text.as_str(), "True" | "true"));
    let maybe = |alt: &Alt| !matches!(alt.value, Value::Undefined | Value::Null) && !is_true(&alt.value);
    if construct.unless_with.iter().any(|path| has(path, &maybe)) {
        return false;
    }
    let at = resolver.location(ctx.file, call.callee);
    let is_set = |alt: &Alt| !matches!(alt.value, Value::Env(..) | Value::Undefined);
    if construct.unless_env.iter().any(|name| resolver.env_value(ctx, name, at).iter().any(is_set)) {
        return false;
    }
    !construct.unless_global.iter().any(|global| {
        let mut words = global.rsplit('.');
        match (words.next(), words.next()) {
            (Some(attribute), Some(root)) => resolver.set_elsewhere(ctx, root, &[attribute.to_owned()]),
            _ => false,
        }
    })
}

/// Work allowed for finding out what is called.
const CALLEE_FUEL: u32 = 800;

/// What can make a client, by the last word of what is called.
struct Candidates<'c> {
    by_name: HashMap<&'c str, Vec<(&'c Client, &'c Construct)>>,
    derive: HashSet<&'c str>,
}

impl<'c> Candidates<'c> {
    fn new(catalog: &'c Catalog, language: &str) -> Self {
        let mut by_name: HashMap<&str, Vec<_>> = HashMap::new();
        let mut derive = HashSet::new();
        for client in catalog.clients.iter().filter(|client| client.language == language) {
            derive.extend(client.derive.iter().map(String::as_str));
            for construct in &client.construct {
                for callee in &construct.callee {
                    // The module itself may be what is called.
                    let names: Vec<&str> = match callee.as_str() {
                        "" => client.modules.iter().filter_map(|module| module.rsplit(['.', '/']).next()).collect(),
                        name => vec![name.rsplit('.').next().unwrap_or(name)],
                    };
                    for name in names {
                        by_name.entry(name).or_default().push((client, construct));
                    }
                }
            }
        }
        Self { by_name, derive }
    }

    /// Whether a file puts one of them into a field of this name: `this.send = options.fetch ?? fetch`.
    fn are_put_into(&self, resolver: &Resolver<'_>, file: FileId, field: &str) -> bool {
        let file = resolver.project.file(file);
        let module = &file.module;
        file.index.attributes.get(field).into_iter().flatten().any(|&(block, at)| {
            match module.block(block).stmts.get(at as usize) {
                Some(Stmt::Assign { value, .. }) => self.may_be_one(module, *value),
                _ => false,
            }
        })
    }

    /// The fields of a file's classes that hold one of them in the body.
    fn in_classes<'m>(&self, module: &'m Module) -> HashSet<&'m str> {
        let fields = module.classes.iter().flat_map(|class| &class.fields);
        let holds = fields.filter(|field| field.value.is_some_and(|value| self.may_be_one(module, value)));
        holds.map(|field| field.name.as_str()).collect()
    }

    fn may_be_one(&self, module: &Module, value: ExprId) -> bool {
        match module.kind(value) {
            ExprKind::Name(name) | ExprKind::Member(_, name) => self.by_name.contains_key(name.as_str()),
            ExprKind::Fallback { left, right, .. } => [left, right].iter().any(|of| self.may_be_one(module, **of)),
            ExprKind::Choice(arms) => arms.iter().any(|(_, value)| self.may_be_one(module, *value)),
            _ => false,
        }
    }
}

/// Whether a call has what a client of this kind needs: most calls of some `get` or `post` are no requests.
fn may_carry_a_key(
    resolver: &Resolver<'_>,
    file: FileId,
    call: ExprId,
    client: &Client,
    construct: &Construct,
) -> bool {
    if client.url_kind != UrlKind::Full && !construct.any_receiver {
        return true;
    }
    let module = resolver.module(file);
    let ExprKind::Call(data) = module.kind(call) else { return false };
    let given = construct.headers.iter().chain(&construct.key).any(|path| {
        let first = path.split('.').next().unwrap_or(path);
        match first.parse::<usize>() {
            Ok(number) => data.args.len() > number,
            Err(_) => data.args.iter().any(|arg| arg.name.as_deref() == Some(first) || arg.spread == Spread::Keyword),
        }
    });
    if given || !client.receiver_headers.is_empty() {
        return given || (may_be_url(module, data) && has_sessions(resolver, file, &client.receiver_headers));
    }
    if client.setters.is_empty() {
        return false;
    }
    let chained = |parent: ExprId| matches!(module.kind(parent), ExprKind::Member(..));
    module.parents[call.index()].is_some_and(chained) || is_set_later(resolver, file, call, client)
}

/// Whether the first argument looks like a URL: most calls of some `get` ask a dictionary for a field.
fn may_be_url(module: &Module, call: &Call) -> bool {
    let url = call.args.iter().find(|arg| arg.name.is_none() || arg.name.as_deref() == Some("url"));
    let named = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["url", "uri", "endpoint", "format"].iter().any(|word| name.contains(word))
    };
    url.is_some_and(|arg| match module.kind(arg.value) {
        ExprKind::Str(text) => text.expose().contains("://"),
        ExprKind::Concat(_) => true,
        ExprKind::Name(name) | ExprKind::Member(_, name) => named(name),
        ExprKind::Call(call) => {
            matches!(module.kind(call.callee), ExprKind::Name(name) | ExprKind::Member(_, name) if named(name))
        }
        _ => false,
    })
}

/// Whether a file makes objects whose headers go with everything that is sent through them, and gives them some.
fn has_sessions(resolver: &Resolver<'_>, file: FileId, makers: &[String]) -> bool {
    let file = resolver.project.file(file);
    let module = &file.module;
    let calls = |name: &str| file.index.calls.get(name).into_iter().flatten();
    let data = |call: &ExprId| match module.kind(*call) {
        ExprKind::Call(data) => Some(data),
        _ => None,
    };
    let with_headers = |call: &Call| {
        call.args.iter().any(|arg| arg.name.as_deref() == Some("headers") || arg.spread == Spread::Keyword)
    };
    let of_headers = |call: &Call| match module.kind(call.callee) {
        ExprKind::Member(base, _) => matches!(module.kind(*base), ExprKind::Member(_, name) if name == "headers"),
        _ => false,
    };
    let mut made = makers.iter().flat_map(|name| calls(name)).peekable();
    made.peek().is_some()
        && (made.filter_map(data).any(with_headers)
            || calls("update").filter_map(data).any(of_headers)
            || file.index.headers)
}

/// `client.with_options(...)`: a changed copy of a known client.
fn copied<'c>(
    resolver: &mut Resolver<'_>,
    catalog: &'c Catalog,
    file: FileId,
    call: ExprId,
    base: ExprId,
    method: &str,
) -> Option<Site<'c>> {
    let ctx = resolver.ctx_of(file, call);
    let values = resolver.eval(&ctx, base);
    let [Alt { value: Value::Made(made), .. }] = values.as_slice() else { return None };
    let origin = site_of(resolver, catalog, &made.ctx, made.expr)?;
    origin.client.derive.iter().any(|name| name == method).then(|| Site {
        file,
        call,
        callee: format!("{}.{method}", origin.callee),
        copy_of: Some((made.ctx.clone(), made.expr)),
        ..origin
    })
}

/// The client that a call makes, if it makes one.
pub(super) fn site_of<'c>(
    resolver: &mut Resolver<'_>,
    catalog: &'c Catalog,
    ctx: &Ctx,
    call: ExprId,
) -> Option<Site<'c>> {
    let module = resolver.module(ctx.file);
    let ExprKind::Call(data) = module.kind(call) else { return None };
    let symbols = resolver.callee_symbols(ctx, data);
    let file = ctx.file;
    let [symbol] = symbols.as_slice() else { return None };
    let made = known(resolver, catalog, ctx, symbol).into_iter().next()?;
    let known = for_model(resolver, catalog, ctx, call, made);
    Some(Site::new(file, call, known, symbol.clone()))
}

/// The clients that a callee makes, in the version of its package that the project uses.
pub(super) fn known<'c>(
    resolver: &Resolver<'_>,
    catalog: &'c Catalog,
    ctx: &Ctx,
    symbol: &str,
) -> Vec<(&'c Client, &'c Construct)> {
    let (project, file) = (resolver.project, ctx.file);
    let language = resolver.language_at(file, ctx.block);
    let newest = catalog.construct(language, symbol, None);
    let package = newest.first().and_then(|(client, _)| client.package.as_deref());
    match package.and_then(|package| project.version(file, package)) {
        Some(version) => catalog.construct(language, symbol, Some(version)),
        None => newest,
    }
}
