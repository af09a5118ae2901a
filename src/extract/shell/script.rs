//! What a script exports, and what it sets for single commands: its environment blocks.

use std::collections::BTreeSet;

use crate::extract::embed;
use crate::facts::{BlockId, Builder, EnvBlock, EnvKind, EnvSource, EnvVar, ExprKind, Span};
use crate::language::is_dotenv;
use crate::source::Source;

/// The place of a statement: its block and its index there.
type Point = (BlockId, u32);

/// The exports of a script, while it is read.
#[derive(Default)]
pub(in crate::extract) struct Script {
    /// Variables that are set whenever the script runs, and whether that statement exports them.
    assigned: Vec<(EnvVar, bool)>,
    /// Names exported by any statement.
    exported: BTreeSet<String>,
    /// Names that a branch or a function may set after what `assigned` says.
    uncertain: BTreeSet<String>,
    /// `set -a` holds.
    all: bool,
    /// A branch exports something, or other code is run that may.
    open: bool,
    sources: Vec<EnvSource>,
    /// Blocks of single commands, and whether each inherits the script's.
    commands: Vec<(EnvBlock, bool)>,
    /// Blocks of scripts inside this one.
    nested: Vec<Vec<EnvBlock>>,
    /// What later scripts get.
    handed: Vec<EnvBlock>,
}

impl Script {
    /// `NAME=value` or `export NAME=value`.
    pub(in crate::extract) fn assign(&mut self, var: EnvVar, export: bool, conditional: bool) {
        let export = export || self.all;
        if export {
            self.exported.insert(var.name.clone());
        }
        if conditional {
            self.open |= export;
            self.uncertain.insert(var.name);
        } else {
            self.uncertain.remove(&var.name);
            self.assigned.push((var, export));
        }
    }

    /// `export NAME`
    pub(super) fn export(&mut self, name: &str, conditional: bool) {
        self.exported.insert(name.to_owned());
        self.open |= conditional;
    }

    /// `unset NAME`
    pub(super) fn unset(&mut self, name: &str, conditional: bool) {
        if conditional {
            self.uncertain.insert(name.to_owned());
        } else {
            self.assigned.retain(|(var, ..)| var.name != name);
            self.uncertain.remove(name);
        }
    }

    /// `set -a`, `set +a`
    pub(super) fn export_all(&mut self, on: bool) {
        self.all = on;
    }

    /// The script runs code that may set variables.
    pub(super) fn may_set_more(&mut self) {
        self.open = true;
    }

    /// The script loads a file of variables.
    pub(super) fn load(&mut self, file: &str) {
        let source = EnvSource::File { path: file.to_owned(), raw: false };
        if !self.sources.contains(&source) {
            self.sources.push(source);
        }
    }

    /// The script exports what a command prints: if that names a dotenv file, it is loaded.
    pub(super) fn load_from_text(&mut self, command: &str) {
        let mut words = command.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '\'' | '"' | '<' | ';'));
        match words.find(|word| is_dotenv_path(word)) {
            Some(file) => self.load(file),
            None => self.open = true,
        }
    }

    /// Adds the block of one command. `own` is false for one that does not inherit the script's (a container).
    pub(super) fn command(&mut self, block: EnvBlock, point: Point, inherits: bool) {
        if !block.vars.is_empty() || !block.sources.is_empty() {
            self.commands.push((EnvBlock { at: Some(point), ..block }, inherits));
        }
    }

    /// Adds the blocks of a script inside this one.
    pub(super) fn nest(&mut self, blocks: Vec<EnvBlock>) {
        self.nested.push(blocks);
    }

    /// A variable for later scripts.
    pub(super) fn hand_on(&mut self, var: EnvVar, point: Point) {
        let block = EnvBlock::new(EnvKind::Ci, "GITHUB_ENV", var.span);
        self.handed.push(EnvBlock { at: Some(point), vars: vec![var], runs: false, ..block });
    }

    /// Variables for later scripts, of which nothing is known.
    pub(super) fn hand_on_unknown(&mut self) {
        let block = EnvBlock::new(EnvKind::Ci, "GITHUB_ENV", Span::default());
        self.handed.push(EnvBlock { open: true, runs: false, ..block });
    }

    /// All blocks, the script's own first.
    pub(in crate::extract) fn blocks(&mut self, source: &Source, builder: &mut Builder) -> Vec<EnvBlock> {
        let mut vars = Vec::new();
        let mut last: Vec<EnvVar> = Vec::new();
        for (var, export) in self.assigned.drain(..) {
            if !export && !self.exported.contains(&var.name) {
                continue;
            }
            if self.uncertain.remove(&var.name) {
                // A later branch may set it to something else.
                let value = builder.expr(var.span, ExprKind::Unknown);
                last.push(EnvVar { value, ..var.clone() });
            }
            vars.push(var);
        }
        vars.extend(last);
        let mut blocks = Vec::new();
        if !vars.is_empty() || !self.sources.is_empty() {
            let label = source.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            blocks.push(EnvBlock {
                vars,
                sources: std::mem::take(&mut self.sources),
                open: self.open,
                ..EnvBlock::new(EnvKind::Shell, label, Span::new(0, source.text.len()))
            });
        }
        let script = (!blocks.is_empty()).then_some(0);
        for (mut block, inherits) in self.commands.drain(..) {
            block.parent = script.filter(|_| inherits);
            blocks.push(block);
        }
        for nested in self.nested.drain(..) {
            embed::adopt(&mut blocks, nested, script);
        }
        blocks.append(&mut self.handed);
        blocks
    }
}

/// Whether a path names a dotenv file.
pub(in crate::extract) fn is_dotenv_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !path.contains(['$', '*']) && is_dotenv(&name.to_ascii_lowercase())
}
