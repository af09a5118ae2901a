//! Whose key is it: what a literal's format and a variable's name say.
//!
//! Silence is the rule. A format counts only on a string that looks random; a name counts only where it holds a
//! provider's word as a whole word and is the name of a key. What is left over is no evidence.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Client, Provider};
use crate::text::Text;

mod literal;
mod name;

pub use literal::{KeyProblem, key_problem, reference_name};
pub(crate) use name::words;

/// Identifiers of providers: a key belongs to one of them. Empty: nothing is known.
pub type Providers = BTreeSet<String>;

/// What the format of a literal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatEvidence {
    /// One of these providers issued it; never empty.
    Issued(Providers),
    /// It stands for a key, and where it says whose (`sk-your-mixroute-key`), for that provider's. Not a secret.
    Placeholder(Option<String>),
    /// Nothing.
    NotKnown,
}

impl FormatEvidence {
    /// The providers that a key may belong to, placeholders taken for what they stand for.
    pub fn providers(&self) -> Providers {
        match self {
            Self::Issued(providers) => providers.clone(),
            Self::Placeholder(Some(provider)) => Providers::from([provider.clone()]),
            Self::Placeholder(None) | Self::NotKnown => Providers::new(),
        }
    }
}

/// What a literal says of whose key it is. White space around it, kept quotes and `Bearer ` are looked through.
pub fn of_literal(catalog: &Catalog, literal: &Text) -> FormatEvidence {
    literal::evidence(catalog, literal.expose())
}

/// Whose key a variable, secret or constant of this name holds. More than one provider only where several have the
/// same convention.
pub fn of_name(catalog: &Catalog, name: &str) -> Providers {
    name::evidence(catalog, name)
}

/// Whose models a key's name speaks of: `claude_api_key`.
pub fn of_model(catalog: &Catalog, name: &str) -> Providers {
    name::of_model(catalog, name)
}

/// As [`of_name`], for a key that reaches a client. A variable that this kind of client reads by itself
/// (`ANTHROPIC_API_KEY` for Anthropic's clients) is a slot that holds whichever key is in use: no evidence.
pub fn of_name_at(catalog: &Catalog, client: &Client, name: &str) -> Providers {
    let slot = client.construct.iter().flat_map(|construct| &construct.env_key).any(|env| env.name() == name);
    if slot { Providers::new() } else { of_name(catalog, name) }
}

/// Whose keys begin like this, if nobody else's do.
pub fn of_prefix(catalog: &Catalog, head: &Text) -> Option<String> {
    literal::label_of_prefix(catalog, head.expose())
}

fn ids<'a>(providers: impl IntoIterator<Item = &'a Provider>) -> Providers {
    providers.into_iter().map(|provider| provider.id.clone()).collect()
}
