//! Clients for which the name of the model says what they are: `litellm.completion(model="groq/…")`.

use crate::catalog::{Catalog, Client, Construct};
use crate::facts::{Call, ExprId, ExprKind};
use crate::finding::FileId;
use crate::resolve::{Alt, Arms, Ctx, Resolver, Value, called_on};

use super::arguments::{argument, leading};
use super::changes::led;
use super::find::known;
use super::{Site, SlotValue};

/// Providers whose models one call may name that are told apart.
const MAX_MODELS: usize = 12;

/// Some of the models that a call may name.
#[derive(Clone, Debug)]
pub struct Models {
    /// What the call assumes where it names one of them.
    arms: Vec<Arms>,
    /// They are those of the site's construct; else nobody knows whose they are.
    known: bool,
}

impl Models {
    /// The values that remain where one of the models is named.
    pub(super) fn leave(&self, values: Vec<SlotValue>) -> Vec<SlotValue> {
        led(values, &self.arms)
    }
}

/// The client that a call makes for the models of each provider, where it may name those of several, or some that are
/// not known.
pub fn by_models<'c>(
    resolver: &mut Resolver<'_>,
    catalog: &'c Catalog,
    (file, call): (FileId, ExprId),
    callee: &str,
) -> Vec<Site<'c>> {
    let ctx = resolver.ctx_of(file, call);
    let mut made = known(resolver, catalog, &ctx, callee).into_iter();
    let Some((client, construct)) = made.find(|(_, construct)| !construct.model.is_empty()) else { return Vec::new() };
    let mut sites: Vec<Site<'c>> = Vec::new();
    for (name, arms) in names(resolver, &ctx, call, construct) {
        let own = name.as_ref().filter(|name| construct.is_of_model(name)).map(|_| (client, construct));
        let others = || catalog.of_models(client, construct, &[name.clone()?]);
        let found = own.or_else(others);
        let (client, construct) = found.unwrap_or((client, construct));
        let is_same = |site: &&mut Site<'c>| {
            std::ptr::eq(site.construct, construct)
                && site.models.as_ref().is_some_and(|models| models.known == found.is_some())
        };
        if let Some(models) = sites.iter_mut().find(is_same).and_then(|site| site.models.as_mut()) {
            models.arms.push(arms);
        } else if sites.len() < MAX_MODELS {
            let models = Some(Models { arms: vec![arms], known: found.is_some() });
            sites.push(Site { models, ..Site::new(file, call, (client, construct), callee.to_owned()) });
        }
    }
    // Of one provider's alone the client is known as it is.
    if sites.len() < 2 { Vec::new() } else { sites }
}

/// Whether the model's name says that this is a client of the construct's protocol and default.
pub(super) fn is_own_model(resolver: &mut Resolver<'_>, ctx: &Ctx, site: &Site<'_>) -> bool {
    match &site.models {
        Some(models) => models.known,
        None => all_names(resolver, ctx, site.call, site.construct)
            .is_some_and(|names| names.iter().all(|name| site.construct.is_of_model(name))),
    }
}

/// A client as it is for the model that a call names.
pub(super) fn for_model<'c>(
    resolver: &mut Resolver<'_>,
    catalog: &'c Catalog,
    ctx: &Ctx,
    call: ExprId,
    (client, construct): (&'c Client, &'c Construct),
) -> (&'c Client, &'c Construct) {
    let names = all_names(resolver, ctx, call, construct);
    names.and_then(|names| catalog.of_models(client, construct, &names)).unwrap_or((client, construct))
}

/// What the model's name can begin with; `None` where that is not known.
fn all_names(resolver: &mut Resolver<'_>, ctx: &Ctx, call: ExprId, construct: &Construct) -> Option<Vec<String>> {
    let names = names(resolver, ctx, call, construct);
    names.into_iter().map(|(name, _)| name).collect::<Option<Vec<_>>>().filter(|names| !names.is_empty())
}

/// What the model's name can begin with, where that is known, and what is assumed for it.
fn names(resolver: &mut Resolver<'_>, ctx: &Ctx, call: ExprId, construct: &Construct) -> Vec<(Option<String>, Arms)> {
    let ExprKind::Call(data) = resolver.module(ctx.file).kind(call) else { return Vec::new() };
    for path in &construct.model {
        // `LLMBuilder::new().backend(LLMBackend::Groq)`
        if let Some(method) = path.strip_prefix('.') {
            let set = called_on(resolver.module(ctx.file), call, method).and_then(|set| set.args.first());
            let name = set.and_then(|set| resolver.constant_of(ctx, set.value));
            return name.map_or_else(Vec::new, |name| vec![(Some(name), Arms::default())]);
        }
        let alts = argument(resolver, ctx, data, path);
        if !alts.iter().any(|alt| is_text(&alt.value)) {
            continue;
        }
        let name = |alt: Alt| {
            let name = is_text(&alt.value).then(|| leading(&alt.value).0);
            let name = name.map(|name| match name.is_empty() {
                true => model_told(resolver, ctx, data, path).unwrap_or(name),
                false => name,
            });
            (name, alt.arms)
        };
        // Without a model there is no call.
        let is_there = |alt: &Alt| !matches!(alt.value, Value::Null | Value::Undefined);
        return alts.into_iter().filter(is_there).map(name).collect();
    }
    Vec::new()
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Str(..) | Value::Concat(..))
}

/// What a model's name begins with where tests say what its first part is: `if provider == "groq": ask(f"{provider}/{model}")`.
fn model_told(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, path: &str) -> Option<String> {
    let by_name = call.named(path);
    let by_position = || call.positional().nth(path.parse().ok()?);
    let arg = by_name.or_else(by_position)?;
    let module = resolver.module(ctx.file);
    let ExprKind::Concat(parts) = module.kind(arg.value) else { return None };
    let (&first, rest) = parts.split_first()?;
    let told = resolver.told(ctx, first)?;
    let next = rest.first().map(|&next| module.kind(next));
    Some(if let Some(ExprKind::Str(text)) = next { format!("{told}{}", text.expose()) } else { told })
}
