//! What a script exports, and what it sets for single commands: its environment blocks.

use std::collections::BTreeSet;

use crate::facts::{BlockId, Builder, EnvBlock, EnvKind, EnvVar, ExprId, ExprKind, Span};
use crate::language::is_dotenv;
use crate::source::Source;

/// The place of a statement: its block and its index there.
type Point = (BlockId, u32);

/// The exports of a script, while it is read.
#[derive(Default)]
pub(super) struct Script {
    /// Variables that are set whenever the script runs, and whether that statement exports them.
    assigned: Vec<(EnvVar, Point, bool)>,
    /// Names exported by any statement.
    exported: BTreeSet<String>,
    /// Names that a branch or a function may set after what `assigned` says.
    uncertain: BTreeSet<String>,
    /// `set -a` holds.
    all: bool,
    /// A branch exports something, or other code is run that may.
    open: bool,
    env_files: Vec<String>,
    /// Blocks of single commands, with the place of their values.
    commands: Vec<(EnvBlock, Point, bool)>,
}

impl Script {
    /// `NAME=value` or `export NAME=value`.
    pub(super) fn assign(&mut self, var: EnvVar, point: Point, export: bool, conditional: bool) {
        let export = export || self.all;
        if export {
            self.exported.insert(var.name.clone());
        }
        if conditional {
            self.open |= export;
            self.uncertain.insert(var.name);
        } else {
            self.uncertain.remove(&var.name);
            self.assigned.push((var, point, export));
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
        if !self.env_files.iter().any(|known| known == file) {
            self.env_files.push(file.to_owned());
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
        if !block.vars.is_empty() || !block.env_files.is_empty() {
            self.commands.push((block, point, inherits));
        }
    }

    /// All blocks, the script's own first, and where the values stand.
    pub(super) fn blocks(&mut self, source: &Source, builder: &mut Builder) -> (Vec<EnvBlock>, Vec<(ExprId, Point)>) {
        let mut points = Vec::new();
        let mut vars = Vec::new();
        let mut last: Vec<EnvVar> = Vec::new();
        for (var, point, export) in self.assigned.drain(..) {
            if !export && !self.exported.contains(&var.name) {
                continue;
            }
            if self.uncertain.remove(&var.name) {
                // A later branch may set it to something else.
                let value = builder.expr(var.span, ExprKind::Unknown);
                last.push(EnvVar { value, ..var.clone() });
            }
            points.push((var.value, point));
            vars.push(var);
        }
        vars.extend(last);
        let mut blocks = Vec::new();
        if !vars.is_empty() || !self.env_files.is_empty() {
            blocks.push(EnvBlock {
                kind: EnvKind::Shell,
                label: source.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
                span: Span::new(0, source.text.len()),
                parent: None,
                vars,
                env_files: std::mem::take(&mut self.env_files),
                open: self.open,
                runs: true,
            });
        }
        let script = (!blocks.is_empty()).then_some(0);
        for (mut block, point, inherits) in self.commands.drain(..) {
            block.parent = script.filter(|_| inherits);
            points.extend(block.vars.iter().map(|var| (var.value, point)));
            blocks.push(block);
        }
        (blocks, points)
    }
}

/// Whether a path names a dotenv file.
pub(super) fn is_dotenv_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !path.contains(['$', '*']) && is_dotenv(&name.to_ascii_lowercase())
}
