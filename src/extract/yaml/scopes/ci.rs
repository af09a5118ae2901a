//! CI systems and task runners: scopes inside scopes, and the scripts that run in them.

use super::{Around, Doc, Finder};
use crate::extract::embed;
use crate::extract::yaml::scripts::{self, Interpreter};
use crate::extract::yaml::tree::{Kind, NodeId};
use crate::extract::yaml::vars::get;
use crate::facts::{EnvBlock, EnvKind, EnvSource, ExprId, ExprKind, FuncId};

/// Keys whose values are scripts that run in one shell, in the order in which they run.
const SHELL: [&[&str]; 9] = [
    &["before_script", "script"],
    &["after_script"],
    &["run"],
    &["commands"],
    &["command"],
    &["bash"],
    &["cmds"],
    &["cmd"],
    &["sh"],
];

impl Finder<'_> {
    /// A mapping of a CI file: its scripts, and what they hand to the steps behind it. `own` is its own environment, in
    /// front of what is around it.
    pub(super) fn step(&mut self, id: NodeId, own: Option<usize>, here: &Around) {
        // What an action is given need not be a shell's.
        if matches!(self.key_of(id), Some("with" | "inputs" | "env" | "environment" | "variables" | "secrets")) {
            return;
        }
        let scope = (own.or(here.scope), here.scope);
        let interpreter = self.interpreter(id, here);
        for keys in SHELL {
            let scalars: Vec<NodeId> = keys.iter().flat_map(|key| self.lines(id, key)).collect();
            if let Some(interpreter) = interpreter.filter(|_| !scalars.is_empty()) {
                self.scripts(id, &scalars, scope, interpreter);
            }
        }
        for key in ["pwsh", "powershell"] {
            let scalars = self.lines(id, key);
            if !scalars.is_empty() {
                self.scripts(id, &scalars, scope, Interpreter::PowerShell);
            }
        }
        // Azure's `task: Bash@3, inputs: {script: ...}`
        let tree = self.values.tree;
        let task = get(tree, id, "task").and_then(|task| tree.scalar(task)).unwrap_or("");
        let interpreter = match task.split('@').next().unwrap_or("") {
            "Bash" | "CmdLine" | "ShellScript" => Interpreter::Shell,
            "PowerShell" => Interpreter::PowerShell,
            _ => return,
        };
        if let Some(inputs) = get(tree, id, "inputs") {
            let scalars = self.lines(inputs, "script");
            if !scalars.is_empty() {
                self.claimed[inputs] = true;
                self.scripts(id, &scalars, scope, interpreter);
            }
        }
    }

    /// Who runs the scripts of a mapping; `None` for a language that is not read here.
    fn interpreter(&self, id: NodeId, here: &Around) -> Option<Interpreter> {
        let tree = self.values.tree;
        let shell = get(tree, id, "shell").and_then(|shell| tree.scalar(shell)).unwrap_or("");
        match shell.split_ascii_whitespace().next().unwrap_or("") {
            "" if here.windows => Some(Interpreter::PowerShell),
            "" | "bash" | "sh" | "zsh" => Some(Interpreter::Shell),
            "pwsh" | "powershell" => Some(Interpreter::PowerShell),
            "python" | "python3" => Some(Interpreter::Python),
            _ => None,
        }
    }

    /// The scripts under a key: a scalar, or a list of lines. GitLab's lists may hold lists.
    fn lines(&self, id: NodeId, key: &str) -> Vec<NodeId> {
        let tree = self.values.tree;
        let Some(value) = get(tree, id, key) else { return Vec::new() };
        let mut out = Vec::new();
        let mut stack = vec![(value, 0)];
        while let Some((node, depth)) = stack.pop() {
            match &tree.nodes[node].kind {
                // What an alias brings in stands elsewhere and is lowered there.
                Kind::Scalar(..) => out.push(node),
                Kind::Seq(items) if depth < 4 => stack.extend(items.iter().rev().map(|&item| (item, depth + 1))),
                _ => {}
            }
        }
        out
    }

    fn scripts(
        &mut self,
        id: NodeId,
        scalars: &[NodeId],
        scope: (Option<usize>, Option<usize>),
        interpreter: Interpreter,
    ) {
        let label = self.label(id, id, EnvKind::Ci);
        let filling = self.filling;
        if let Some(grafted) = scripts::lower(&mut self.values, scalars, &label, filling, interpreter) {
            let later = self.run(grafted, scope);
            if let Some((steps, block)) = later.and_then(|later| Some((self.values.tree.nodes[id].parent?, later))) {
                // CircleCI's `run: {command}` is a mapping inside the step.
                let list = std::iter::successors(Some(steps), |&node| self.values.tree.nodes[node].parent)
                    .take(3)
                    .find(|&node| matches!(self.values.tree.nodes[node].kind, Kind::Seq(_)));
                self.handed.extend(list.map(|list| (list, block)));
            }
        }
    }

    /// Adds the blocks of a script, which sees a scope's variables, in front of those around the step. The last block
    /// of what it hands on, if it does.
    pub(super) fn run(
        &mut self,
        grafted: (FuncId, Vec<EnvBlock>),
        scope: (Option<usize>, Option<usize>),
    ) -> Option<usize> {
        let (func, blocks) = grafted;
        let (scope, around) = scope;
        if let Some(script) = &mut self.values.builder.function_mut(func).script {
            script.environment = scope;
        }
        let (own, handed): (Vec<_>, Vec<_>) = blocks.into_iter().partition(|block| block.runs);
        if let Some(scope) = scope.filter(|_| !own.is_empty()) {
            self.blocks[scope].extended = true;
        }
        embed::adopt(&mut self.blocks, own, scope);
        let mut last = None;
        for block in handed {
            // A step's own variables are no later step's.
            self.blocks.push(EnvBlock { parent: last.or(around), ..block });
            last = Some(self.blocks.len() - 1);
        }
        last
    }

    /// What earlier steps have handed to a step, which is an item of a list.
    pub(super) fn handed_to(&self, id: NodeId) -> Option<usize> {
        let list = self.values.tree.nodes[id].parent?;
        self.handed.iter().rev().find(|(steps, _)| *steps == list).map(|(_, block)| *block)
    }

    /// GitLab's `extends`: the jobs of this file whose variables a job takes; false where one is not known.
    pub(super) fn extended_jobs(&self, id: NodeId, sources: &mut Vec<EnvSource>) -> bool {
        let tree = self.values.tree;
        let Some(extends) = get(tree, id, "extends") else { return true };
        let names = match &tree.nodes[extends].kind {
            Kind::Seq(items) => items.clone(),
            _ => vec![extends],
        };
        let root = self.root_of(id);
        let mut known = true;
        for name in names {
            let job = tree.scalar(name).and_then(|name| Some((name, get(tree, root, name)?)));
            match job {
                Some((label, job)) => {
                    known &= get(tree, job, "extends").is_none();
                    if get(tree, job, "variables").is_some() {
                        sources.push(EnvSource::Extends { file: None, label: label.to_owned() });
                    }
                }
                None => known = false,
            }
        }
        known
    }

    fn root_of(&self, id: NodeId) -> NodeId {
        let mut at = id;
        while let Some(parent) = self.values.tree.nodes[at].parent {
            at = parent;
        }
        at
    }

    /// Reads of other variables of the same block and those around it (`${{ env.X }}`, `$X`, `$(X)`): their values.
    pub(super) fn link(&mut self, block: usize, doc: Doc) {
        if doc == Doc::Compose {
            return;
        }
        for number in 0..self.blocks[block].vars.len() {
            let var = &self.blocks[block].vars[number];
            let (name, value) = (var.name.clone(), var.value);
            let linked = self.linked(block, number, &name, value);
            if linked != value {
                self.blocks[block].vars[number].value = linked;
                continue;
            }
            let parts = match self.values.builder.module().kind(value) {
                ExprKind::Concat(parts) => parts.clone(),
                _ => continue,
            };
            let linked: Vec<ExprId> = parts.iter().map(|&part| self.linked(block, number, &name, part)).collect();
            if linked != parts {
                self.values.builder.module().exprs[value.index()].kind = ExprKind::Concat(linked);
            }
        }
    }

    /// The value of the variable that an expression reads, where a block that holds here sets it.
    fn linked(&mut self, block: usize, number: usize, own: &str, expr: ExprId) -> ExprId {
        let name = match self.values.builder.module().kind(expr) {
            ExprKind::Env { name, default: None } if name != own => name.clone(),
            ExprKind::Env { name, default: None } => {
                // `X: ${X}`: the one around.
                let name = name.clone();
                return self.blocks[block].parent.and_then(|parent| self.value_in(parent, &name)).unwrap_or(expr);
            }
            _ => return expr,
        };
        let here = self.blocks[block].vars[..number].iter().rev().find(|var| var.name == name).map(|var| var.value);
        let parent = self.blocks[block].parent;
        here.or_else(|| parent.and_then(|parent| self.value_in(parent, &name))).unwrap_or(expr)
    }

    fn value_in(&self, block: usize, name: &str) -> Option<ExprId> {
        let mut at = Some(block);
        while let Some(number) = at {
            let block = &self.blocks[number];
            if let Some(var) = block.vars.iter().rev().find(|var| var.name == name) {
                return Some(var.value);
            }
            at = block.parent.filter(|parent| *parent < number);
        }
        None
    }
}
