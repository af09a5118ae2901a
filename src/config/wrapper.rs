//! `[[client]]` tables of a configuration: the catalogue's own schema, and a short form for in-house wrappers.
//!
//! ```toml
//! [[client]]
//! like = "openai-python"          # a known client: what is not said here is as there
//! callee = ["acme.llm.connect"]   # key, endpoint, env-key and the like where they differ
//! ```

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::parse::{Problem, did_you_mean, table_of};
use crate::catalog::{Catalog, Client, Construct};

/// Keys of a construct that may stand in the client's own table, where there is but one construct.
pub(super) const SHORT: [&str; 6] = ["callee", "key", "endpoint", "headers", "env-key", "env-endpoint"];
/// The client that a table takes the rest from.
pub(super) const LIKE: &str = "like";

/// Reads one table.
pub(super) fn client(item: &Spanned<DeValue<'_>>) -> Result<Client, Problem> {
    let at = item.span();
    let mut item = item.clone();
    let DeValue::Table(table) = item.get_mut() else {
        return Err(Problem { at, message: "`client` must be a list of tables: `[[...]]`".to_owned(), help: None });
    };
    let like = table.remove(LIKE).map(|value| known(&value)).transpose()?;
    if let Some(like) = like.filter(|_| !["callee", "construct"].iter().any(|key| table.contains_key(*key))) {
        let help = Some(format!("`callee` says what is called as `{}` is", like.id));
        return Err(Problem { at, message: "missing key `callee`".to_owned(), help });
    }
    expand(table, &at, like);
    let given: Vec<String> = table.keys().map(|key| key.get_ref().to_string()).collect();
    let own: Client = table_of(&item)?;
    Ok(match like {
        Some(like) => inherit(own, like, &given),
        None => own,
    })
}

fn known(value: &Spanned<DeValue<'_>>) -> Result<&'static Client, Problem> {
    let name = value.get_ref().as_str().unwrap_or_default();
    let clients = &Catalog::builtin().clients;
    clients.iter().find(|client| client.id == name).ok_or_else(|| {
        let help = did_you_mean(name, clients.iter().map(|client| client.id.as_str()));
        Problem { at: value.span(), message: "unknown client".to_owned(), help }
    })
}

/// Writes the short form out: one construct, and names for what has none.
fn expand(table: &mut DeTable<'_>, at: &std::ops::Range<usize>, like: Option<&Client>) {
    let mut construct = DeTable::new();
    for name in SHORT {
        if let Some((key, value)) = table.remove_entry(name) {
            construct.insert(key, value);
        }
    }
    let text = |text: &str| Spanned::new(at.clone(), DeValue::String(DeString::Owned(text.to_owned())));
    let key = |name: &'static str| Spanned::new(at.clone(), DeString::Borrowed(name));
    let first = |value: Option<&Spanned<DeValue<'_>>>| {
        value.and_then(|value| Some(value.get_ref().as_array()?.first()?.get_ref().as_str()?.to_owned()))
    };
    if let Some(callee) = first(construct.get("callee")) {
        let name = first(table.get("modules")).map_or(callee.clone(), |module| format!("{module}.{callee}"));
        for field in ["id", "name"] {
            if !table.contains_key(field) {
                table.insert(key(field), text(&name));
            }
        }
    }
    if let Some(like) = like.filter(|_| !table.contains_key("language")) {
        table.insert(key("language"), text(&like.language));
    }
    if !construct.is_empty() {
        let construct = Spanned::new(at.clone(), DeValue::Table(construct));
        match table.get_mut("construct").map(Spanned::get_mut) {
            Some(DeValue::Array(all)) => all.push(construct),
            // Of another type it is told when the table is read.
            Some(_) => {}
            None => {
                let all = DeValue::Array(std::iter::once(construct).collect());
                table.insert(key("construct"), Spanned::new(at.clone(), all));
            }
        }
    }
}

/// Takes from a known client what a table does not say.
fn inherit(own: Client, like: &Client, given: &[String]) -> Client {
    let says = |name: &str| given.iter().any(|given| given == name);
    let mut merged =
        Client { id: own.id, name: own.name, language: own.language, modules: own.modules, ..like.clone() };
    macro_rules! take {
        ($($field:ident $name:literal),*) => {$(
            if says($name) {
                merged.$field = own.$field;
            }
        )*};
    }
    take!(package "package", default_endpoint "default-endpoint", url_kind "url-kind", setters "setters");
    take!(fields "fields", completed_by "completed-by", derive "derive", endpoint_spelling "endpoint-spelling");
    take!(models "models", models_of "models-of");
    take!(traces_to "traces-to", traces_unless "traces-unless", advice "advice");
    let models = models(like);
    merged.construct = own.construct.iter().flat_map(|own| models.iter().map(|model| as_model(own, model))).collect();
    merged
}

/// The constructs of a client's main callee, one for each range of versions.
fn models(like: &Client) -> Vec<&Construct> {
    let main = like.construct.iter().find(|construct| !construct.any_receiver).or(like.construct.first());
    let main = main.and_then(|construct| construct.callee.first());
    like.construct.iter().filter(|construct| construct.callee.first() == main).collect()
}

fn as_model(own: &Construct, model: &Construct) -> Construct {
    fn or<T: Clone>(own: &[T], model: &[T]) -> Vec<T> {
        if own.is_empty() { model.to_vec() } else { own.to_vec() }
    }
    Construct {
        callee: own.callee.clone(),
        any_receiver: own.any_receiver,
        key: or(&own.key, &model.key),
        endpoint: or(&own.endpoint, &model.endpoint),
        headers: or(&own.headers, &model.headers),
        env_key: or(&own.env_key, &model.env_key),
        env_endpoint: or(&own.env_endpoint, &model.env_endpoint),
        opaque_with: or(&own.opaque_with, &model.opaque_with),
        token_with: or(&own.token_with, &model.token_with),
        ..model.clone()
    }
}
