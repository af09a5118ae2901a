//! What a command substitution gives, where the command shows it: `$(printenv NAME)`, `$(grep NAME .env | cut -d= -f2)`,
//! `$(pass show relay/api-key)`.

use tree_sitter::Node;

use super::{Lowering, is_dotenv_path, span};
use crate::facts::{ExprId, ExprKind};

/// Commands that print what is kept elsewhere under the name that they are given.
const VAULTS: [&str; 17] = [
    "pass",
    "gopass",
    "op",
    "security",
    "secret-tool",
    "bw",
    "rbw",
    "lpass",
    "vault",
    "aws",
    "gcloud",
    "az",
    "doppler",
    "infisical",
    "chamber",
    "keyring",
    "keepassxc-cli",
];
/// Their options for the name.
const NAMED_BY: [&str; 5] = ["--secret-id", "--secret", "--name", "-s", "-n"];
/// Commands that pass on some lines of what they read, or a part of each.
const FILTERS: [&str; 12] = ["grep", "egrep", "rg", "sed", "awk", "gawk", "cut", "tr", "head", "tail", "xargs", "jq"];

impl Lowering<'_> {
    /// The value of a `$(...)`; none where nobody knows.
    pub(super) fn printed(&mut self, node: Node<'_>) -> Option<ExprId> {
        let commands = commands(node)?;
        let (first, rest) = commands.split_first()?;
        let name = self.command_word(*first)?;
        let words: Vec<Node<'_>> = arguments(*first);
        let names: Vec<&str> = rest.iter().filter_map(|command| self.command_word(*command)).collect();
        let is_cut = names.iter().all(|name| FILTERS.contains(name));
        let is_whole = names.iter().all(|name| matches!(*name, "tr" | "head" | "tail" | "xargs"));
        let plain: Vec<&str> = words.iter().map(|word| self.bare(*word)).collect();
        // What runs further commands has been lowered with them.
        if self.text(*first).contains(['`', '(']) && matches!(name, "echo" | "printf") {
            return None;
        }
        let is_option = |word: &&str| word.starts_with('-');
        match (name, plain.as_slice()) {
            ("printenv", [name]) if is_whole => {
                let name = (*name).to_owned();
                Some(self.builder.expr(span(node), ExprKind::Env { name, default: None }))
            }
            ("echo", [options @ .., shown]) if is_whole && options.iter().all(is_option) && !is_option(shown) => {
                let word = words[options.len()];
                Some(self.shown(word))
            }
            ("printf", ["%s" | "%s\\n", _]) if is_whole => Some(self.shown(words[1])),
            ("cat" | "grep" | "egrep" | "rg" | "sed" | "awk" | "gawk", _) if is_cut => {
                let all = commands.iter().flat_map(|command| arguments(*command));
                let all: Vec<&str> = all.map(|word| self.bare(word)).collect();
                let variable = all.iter().filter(|word| !is_option(word)).find_map(|word| variable_in(word));
                let (name, true) = (variable?.to_owned(), all.iter().any(|word| is_dotenv_path(word))) else {
                    return None;
                };
                Some(self.builder.expr(span(node), ExprKind::Env { name, default: None }))
            }
            (tool, _) if is_cut && VAULTS.contains(&tool) => {
                let name = kept_as(&plain)?.to_owned();
                Some(self.builder.expr(span(node), ExprKind::Stored { store: None, name }))
            }
            _ => None,
        }
    }

    fn shown(&mut self, word: Node<'_>) -> ExprId {
        let word = self.word(word);
        self.join(word)
    }

    /// The name of a command, as it is written.
    fn command_word<'t>(&'t self, command: Node<'t>) -> Option<&'t str> {
        Some(self.text(command.child_by_field_name("name")?))
    }

    /// A word without the quotes around it.
    fn bare<'t>(&'t self, word: Node<'t>) -> &'t str {
        self.text(word).trim_matches(['"', '\''])
    }
}

/// The commands of a pipe, in order; none where it is something else.
fn commands(node: Node<'_>) -> Option<Vec<Node<'_>>> {
    let mut cursor = node.walk();
    let mut inside = node.named_children(&mut cursor);
    let (one, None) = (inside.next()?, inside.next()) else { return None };
    let parts = match one.kind() {
        "pipeline" => one.named_children(&mut one.walk()).collect(),
        _ => vec![one],
    };
    parts.iter().all(|part: &Node<'_>| part.kind() == "command").then_some(parts)
}

fn arguments(command: Node<'_>) -> Vec<Node<'_>> {
    command.children_by_field_name("argument", &mut command.walk()).collect()
}

/// Under which name a vault's command asks: what an option says, or the last word.
fn kept_as<'t>(words: &[&'t str]) -> Option<&'t str> {
    let behind = |option: &&str| words.get(words.iter().position(|word| word == option)? + 1).copied();
    let joined = |option: &&str| words.iter().find_map(|word| word.strip_prefix(*option)?.strip_prefix('='));
    let named = NAMED_BY.iter().find_map(|option| behind(option).or_else(|| joined(option)));
    named.or_else(|| words.iter().rev().find(|word| !word.starts_with('-')).copied()).filter(|name| !name.contains('$'))
}

/// The variable that a pattern looks for: `^NAME=`, `/^NAME=/{print $2}`, `s/^NAME=//p`.
fn variable_in(pattern: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    pattern.split(|c| !is_part(c)).find(|name| name.len() > 2 && name.starts_with(|c: char| c.is_ascii_uppercase()))
}
