//! `conflicting-config`: a variable is set to different providers in places of which one overrides the other.

use std::collections::{BTreeSet, HashMap};

use super::Facts;
use crate::endpoint::{self, Host, Url};
use crate::evidence;
use crate::facts::{EnvKind, EnvVar, ExprKind};
use crate::finding::{FileId, Finding, Label, Location, Severity};
use crate::routes::{key_prefix, url_prefix};
use crate::scopes::{self, How};

const RULE: &str = "conflicting-config";

/// Judges the environment blocks of the given files.
pub(super) fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    let mut known = BTreeSet::new();
    for file in facts.project.ids().filter(|&file| facts.project.file(file).reported) {
        for block in 0..facts.project.file(file).module.env_blocks.len() {
            for finding in twice(facts, file, block).into_iter().chain(overridden(facts, file, block)) {
                if known.insert(finding.at) {
                    out.push(finding);
                }
            }
        }
    }
    out
}

/// A variable where it is set.
#[derive(Clone, Copy)]
struct Set<'a> {
    file: FileId,
    var: &'a EnvVar,
}

impl Set<'_> {
    fn at(self) -> Location {
        Location { file: self.file, span: self.var.name_span }
    }
}

/// Variables that a dotenv file sets twice: the first one counts for some readers, the last one for others.
fn twice(facts: &Facts<'_>, file: FileId, block: usize) -> Vec<Finding> {
    let block = &facts.project.file(file).module.env_blocks[block];
    if block.kind != EnvKind::Dotenv {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut before: HashMap<&str, &EnvVar> = HashMap::new();
    for var in &block.vars {
        let Some(first) = before.insert(&var.name, var).map(|var| Set { file, var }) else { continue };
        let second = Set { file, var };
        if let Some((one, other)) = contradiction(facts, second, first) {
            let message = format!("`{}` is set twice in this file, first to {other}'s, then to {one}'s", var.name);
            let help = "keep one of them: which one holds depends on who reads the file";
            out.push(finding(second, first, message, ["here it is", "here it was"], [&one, &other], help));
        }
    }
    out
}

/// Variables of a scope that hide one of another provider's, while what goes with them stays as it was.
fn overridden(facts: &Facts<'_>, file: FileId, block: usize) -> Vec<Finding> {
    let project = facts.project;
    let layers = scopes::layers(project, file, block).layers;
    let vars = |number: usize| {
        let layer = &layers[number];
        project.file(layer.file).module.env_blocks[layer.block].vars.iter().map(|var| Set { file: layer.file, var })
    };
    let mut out = Vec::new();
    for upper in 0..layers.len() {
        // What is between its own lines is the other check's matter.
        let own: BTreeSet<&str> = vars(upper).map(|set| set.var.name.as_str()).collect();
        let keys: BTreeSet<&str> = own.iter().filter_map(|name| key_prefix(name)).collect();
        let urls: BTreeSet<&str> = own.iter().filter_map(|name| url_prefix(name)).collect();
        let below = (upper + 1..layers.len())
            .filter(|&lower| !matches!(layers[lower].how, How::Store { .. } | How::Overridden));
        let mut hidden: HashMap<&str, Set<'_>> = HashMap::new();
        for set in below.flat_map(vars).filter(|set| own.contains(set.var.name.as_str())) {
            hidden.entry(&set.var.name).or_insert(set);
        }
        for set in vars(upper) {
            let name = set.var.name.as_str();
            if switches_both(&keys, &urls, name) {
                continue;
            }
            // An override file is there to say something else.
            if layers[upper].how == How::Override {
                continue;
            }
            let Some(&hidden) = hidden.get(name).filter(|hidden| hidden.at() != set.at()) else { continue };
            let Some((one, other)) = contradiction(facts, set, hidden) else { continue };
            let message = format!("`{name}` is {one}'s here, and hides {other}'s below it; what goes with it stays");
            let help = "set key and URL together in one place, or take this line out";
            out.push(finding(set, hidden, message, ["this one holds:", "this one is hidden:"], [&one, &other], help));
        }
    }
    out
}

/// Whether a block, which sets the keys and the URLs of these, sets the other half of a pair, too: then all of it is meant to be another provider's.
fn switches_both(keys: &BTreeSet<&str>, urls: &BTreeSet<&str>, name: &str) -> bool {
    match (key_prefix(name), url_prefix(name)) {
        (_, Some(prefix)) => keys.contains(prefix),
        (Some(prefix), _) => urls.contains(prefix),
        _ => true,
    }
}

/// Whose two values are, where they are different providers'.
fn contradiction(facts: &Facts<'_>, one: Set<'_>, other: Set<'_>) -> Option<(String, String)> {
    let (one, other) = (owner(facts, one)?, owner(facts, other)?);
    (one != other).then(|| (facts.provider_name(Some(&one)), facts.provider_name(Some(&other))))
}

/// Whose host or key a value is, where it is written out or named after somebody.
fn owner(facts: &Facts<'_>, set: Set<'_>) -> Option<String> {
    let module = &facts.project.file(set.file).module;
    let providers = match module.kind(set.var.value) {
        ExprKind::Str(text) if url_prefix(&set.var.name).is_some() => {
            let Host::Provider(provider) = endpoint::provider(facts.catalog, &Url::parse(text.expose())?.host) else {
                return None;
            };
            return (!provider.forwards).then(|| provider.id.clone());
        }
        ExprKind::Str(text) => evidence::of_literal(facts.catalog, text).providers(),
        ExprKind::Env { name, default: None } => evidence::of_name(facts.catalog, name),
        _ => return None,
    };
    let mut providers = providers.into_iter();
    providers.next().filter(|_| providers.next().is_none())
}

fn finding(one: Set<'_>, other: Set<'_>, message: String, texts: [&str; 2], owners: [&str; 2], help: &str) -> Finding {
    let labels = vec![
        Label { at: one.at(), text: format!("{} {}'s", texts[0], owners[0]) },
        Label { at: other.at(), text: format!("{} {}'s", texts[1], owners[1]) },
    ];
    let help = Some(help.to_owned());
    Finding { labels: super::distinct(labels), help, ..Finding::new(RULE, Severity::Warning, one.at(), message) }
}
