//! Lowers bash, sh and zsh scripts and `.envrc`.
//!
//! Assignments are assignments, reads of variables are [`ExprKind::Env`] (a script's variable and the environment's
//! are one name space), commands are calls. The requests of curl, wget and httpie get named arguments. What a script
//! exports, and what it sets for one command, also becomes environment blocks.

use std::collections::{BTreeSet, HashMap};

use tree_sitter::{Node, Tree};

use super::embed::{Embedded, LowerHole};
use super::{Unparsable, syntax};
use crate::facts::{BlockId, Builder, Comment, EnvVar, ExprId, ExprKind, Function, Module, Param, ParamKind};
use crate::facts::{Place, Script, Span, Stmt};
use crate::language::Language;
use crate::source::Source;

mod command;
mod control;
mod printed;
mod request;
pub(super) mod script;
mod setters;
#[cfg(test)]
mod tests;
mod word;

pub(super) use script::is_dotenv_path;

/// Syntax nested deeper than this is not looked into.
const MAX_DEPTH: usize = 200;

/// What the parser reads behind a file: a command that does nothing.
const TAIL: &str = "\n\n:\n";

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    lower(source, None, 0)
}

/// Lowers a script that stands inside another file; `lower_hole` gives the value of what that file puts in.
///
/// What it hands to later scripts (`>> "$GITHUB_ENV"`) is in blocks that do not run.
pub(super) fn script(text: &Embedded, label: &str, lower_hole: LowerHole<'_>) -> Result<Module, Unparsable> {
    let source = Source::new(label.replace(['/', '\\'], "-"), Language::Shell, text.text.as_str());
    let holes = Holes { spans: &text.holes, lower: lower_hole };
    lower(&source, (!text.holes.is_empty()).then_some(&holes), 0)
}

fn lower(source: &Source, holes: Option<&Holes<'_>>, nesting: usize) -> Result<Module, Unparsable> {
    let tree = syntax::parse(&tree_sitter_bash::LANGUAGE.into(), &source.text, TAIL)?;
    let root = tree.root_node();
    let mut lowering = Lowering {
        source,
        holes,
        builder: Builder::new(),
        script: script::Script::default(),
        depth: 0,
        nesting,
        conditional: false,
        subshell: false,
        function: None,
        hands_on: None,
        arrays: HashMap::new(),
    };
    lowering.statements(root);
    lowering.builder.module().recovered = root.has_error();
    if source.text.contains("mixlint:") {
        lowering.comments(&tree);
    }
    Ok(syntax::clipped(lowering.finish(), root, &source.text))
}

struct Lowering<'a> {
    source: &'a Source,
    holes: Option<&'a Holes<'a>>,
    builder: Builder,
    script: script::Script,
    depth: usize,
    /// How many scripts (`sh -c '...'`) are around this one.
    nesting: usize,
    /// What is written goes to the environment of later scripts.
    hands_on: Option<Syntax>,
    /// What is lowered may not run.
    conditional: bool,
    /// What is lowered runs in a process of its own, which `exit` ends.
    subshell: bool,
    /// The function that is lowered.
    function: Option<Scope>,
    /// The words of arrays so far; none where they are not known.
    arrays: HashMap<String, Option<Vec<word::Word>>>,
}

/// What the file around a script puts into it.
struct Holes<'a> {
    spans: &'a [Span],
    lower: LowerHole<'a>,
}

/// How a line of a file of variables is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    /// `NAME=value`, as in `$GITHUB_ENV`.
    Plain,
    /// `export NAME=value`, as in `$BASH_ENV`.
    Export,
}

/// The names that a function writes.
#[derive(Default)]
struct Scope {
    local: BTreeSet<String>,
    assigned: BTreeSet<String>,
}

/// How a variable is declared.
#[derive(Clone, Copy, Default)]
struct Declared {
    export: bool,
    local: bool,
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

impl<'a> Lowering<'a> {
    fn text(&self, node: Node<'_>) -> &'a str {
        self.source.text.get(node.byte_range()).unwrap_or("")
    }

    fn unknown(&mut self, span: Span) -> ExprId {
        self.builder.expr(span, ExprKind::Unknown)
    }

    /// The place where the next statement goes.
    fn point(&mut self) -> (BlockId, u32) {
        let block = self.builder.current_block();
        (block, self.builder.module().blocks[block.index()].stmts.len() as u32)
    }

    /// Runs `work` with the state of an arm, function or subshell, which ends with it.
    fn within(&mut self, conditional: bool, subshell: bool, work: impl FnOnce(&mut Self)) {
        let outer = (self.conditional, self.subshell);
        self.conditional |= conditional;
        self.subshell |= subshell;
        work(self);
        (self.conditional, self.subshell) = outer;
    }

    /// Lowers all statements that a node directly holds.
    fn statements(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor).filter(|child| self.says(*child)).collect::<Vec<_>>() {
            self.statement(child);
        }
    }

    /// Whether the file says it: what is behind its text was put there for the parser.
    fn says(&self, node: Node<'_>) -> bool {
        node.start_byte() < self.source.text.len()
    }

    fn statement(&mut self, node: Node<'_>) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match node.kind() {
            "command" => self.command(node),
            "variable_assignment" => self.assignment(node, Declared::default()),
            "pipeline" => self.pipeline(node),
            "variable_assignments" | "compound_statement" | "do_group" | "negated_command" | "ERROR" => {
                self.statements(node);
            }
            "declaration_command" => self.declaration(node),
            "unset_command" => self.unset(node),
            "list" => self.list(node),
            "redirected_statement" => self.redirected(node),
            "subshell" => {
                self.builder.open_block(Vec::new());
                let block = self.builder.current_block();
                self.within(false, true, |this| this.statements(node));
                self.builder.close_block();
                self.builder.stmt(Stmt::Block(block));
            }
            "if_statement" => self.if_statement(node),
            "case_statement" => self.case_statement(node),
            "for_statement" | "while_statement" | "c_style_for_statement" => self.loop_statement(node),
            "function_definition" => self.function(node),
            "test_command" => self.substitutions(node),
            _ => {}
        }
        self.depth -= 1;
    }

    /// `command <file`, `command <<END | other`.
    fn redirected(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        let children: Vec<_> = node.named_children(&mut cursor).collect();
        let outer = self.hands_on;
        for child in children.iter().filter(|child| child.kind() == "file_redirect") {
            self.hands_on = handed(self.text(*child)).or(self.hands_on);
        }
        for child in children {
            match child.kind() {
                "heredoc_redirect" => {
                    // The text itself is no code; it may be a list of variables.
                    if self.hands_on.is_some() || handed(self.text(child).lines().next().unwrap_or("")).is_some() {
                        self.script.hand_on_unknown();
                    }
                    // The rest of the line stands inside.
                    let mut inner = child.walk();
                    for part in child.named_children(&mut inner) {
                        if !part.kind().starts_with("heredoc") {
                            self.statement(part);
                        }
                    }
                }
                "file_redirect" | "herestring_redirect" => self.substitutions(child),
                _ => self.statement(child),
            }
        }
        self.hands_on = outer;
    }

    /// `a | b`: what goes to `tee -a "$GITHUB_ENV"` is handed on.
    fn pipeline(&mut self, node: Node<'_>) {
        let outer = self.hands_on;
        let last = node.named_child(node.named_child_count().saturating_sub(1) as u32);
        if let Some(text) = last.map(|last| self.text(last)).filter(|text| text.starts_with("tee ")) {
            self.hands_on = handed(text).or(outer);
        }
        self.statements(node);
        self.hands_on = outer;
    }

    /// Lowers the commands of every `$(...)` and `<(...)` somewhere in a node that is not lowered itself.
    fn substitutions(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        loop {
            let inside = cursor.node();
            let found = matches!(inside.kind(), "command_substitution" | "process_substitution");
            if found {
                self.substitution(inside);
            }
            if !found && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    /// The commands inside one `$(...)`.
    fn substitution(&mut self, node: Node<'_>) {
        self.within(false, true, |this| {
            if this.depth < MAX_DEPTH {
                this.depth += 1;
                this.statements(node);
                this.depth -= 1;
            }
        });
    }

    /// `NAME=value`, as a statement.
    fn assignment(&mut self, node: Node<'_>, declared: Declared) {
        let Some((place, name_span, value)) = self.assigned(node) else { return };
        if self.has_hole(name_span) {
            return self.script.may_set_more();
        }
        self.assign(span(node), place, name_span, value, declared);
    }

    fn assign(&mut self, span: Span, place: Place, name_span: Span, value: ExprId, declared: Declared) {
        if let Some(scope) = &mut self.function {
            if declared.local {
                scope.local.insert(place.root.clone());
            }
            scope.assigned.insert(place.root.clone());
        }
        if place.path.is_empty() && !(declared.local && self.function.is_some()) {
            let var = EnvVar { name: place.root.clone(), name_span, value, span };
            self.script.assign(var, declared.export, self.conditional);
        }
        self.builder.assign(span, name_span, place, value);
    }

    /// The parts of a `variable_assignment`.
    fn assigned(&mut self, node: Node<'_>) -> Option<(Place, Span, ExprId)> {
        let target = node.child_by_field_name("name")?;
        let (place, name_span) = if target.kind() == "subscript" {
            let name = target.child_by_field_name("name")?;
            let index = target.child_by_field_name("index").map(|index| self.text(index).to_owned());
            let index = index.filter(|index| !index.contains('$'));
            (Place::below(self.text(name), vec![index]), span(name))
        } else {
            (Place::name(self.text(target)), span(target))
        };
        let value = match node.child_by_field_name("value") {
            Some(value) if value.kind() == "array" && place.path.is_empty() => self.array(node, &place.root, value),
            Some(value) => self.value(value),
            None => {
                let end = node.end_byte();
                self.builder.expr(Span::new(end, end), ExprKind::Str("".into()))
            }
        };
        let operator = self.source.text.get(target.end_byte()..).is_some_and(|rest| rest.starts_with("+="));
        if !operator {
            return Some((place, name_span, value));
        }
        let old = ExprKind::Env { name: place.root.clone(), default: None };
        let old = self.builder.expr(name_span, old);
        Some((place, name_span, self.builder.expr(span(node), ExprKind::Concat(vec![old, value]))))
    }

    /// `export`, `declare`, `local`, `readonly`, `typeset`.
    fn declaration(&mut self, node: Node<'_>) {
        let keyword = node.child(0).map_or("", |first| self.text(first));
        let mut declared =
            Declared { export: keyword == "export", local: matches!(keyword, "local" | "declare" | "typeset") };
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "variable_assignment" => self.assignment(child, declared),
                "variable_name" if declared.export => self.script.export(self.text(child), self.conditional),
                "variable_name" if declared.local => {
                    let name = self.text(child);
                    if let Some(scope) = &mut self.function {
                        scope.local.insert(name.to_owned());
                    }
                }
                "word" => {
                    let option = self.text(child);
                    if keyword != "export" && option.starts_with('-') {
                        declared.export |= option.contains('x');
                        declared.local &= !option.contains('g');
                    }
                }
                "command_substitution" => {
                    // `export $(grep -v '^#' .env | xargs)`
                    self.substitution(child);
                    self.script.load_from_text(self.text(child));
                }
                _ => {
                    self.value(child);
                    self.script.may_set_more();
                }
            }
        }
    }

    fn unset(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            if matches!(child.kind(), "variable_name" | "word") && !self.text(child).starts_with('-') {
                let name = self.text(child);
                self.script.unset(name, self.conditional);
                let value = self.builder.expr(span(child), ExprKind::Null);
                self.builder.assign(span(node), span(child), Place::name(name), value);
            }
        }
    }

    fn function(&mut self, node: Node<'_>) {
        let (Some(name), Some(body)) = (node.child_by_field_name("name"), node.child_by_field_name("body")) else {
            return;
        };
        let mut function = Function::new(Some(self.text(name).to_owned()), span(node));
        function.params = positions(self.text(body))
            .map(|number| Param {
                name: number.to_string(),
                span: span(name),
                default: None,
                kind: ParamKind::Normal,
                class: None,
            })
            .collect();
        let (id, resume) = self.builder.open_function(function);
        let outer = self.function.replace(Scope::default());
        self.within(true, false, |this| this.statement(body));
        let scope = std::mem::replace(&mut self.function, outer).unwrap_or_default();
        self.builder.function_mut(id).outer_names = scope.assigned.difference(&scope.local).cloned().collect();
        self.builder.close_function(resume);
        let value = self.builder.expr(span(node), ExprKind::Func(id));
        self.builder.assign(span(node), span(name), Place::name(self.text(name)), value);
    }

    fn comments(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            if node.kind() == "comment" {
                let text = self.text(node);
                if text.contains("mixlint:") {
                    let line = self.source.line_span(self.source.line_of(node.start_byte())).start as usize;
                    let before = self.source.text.get(line..node.start_byte()).unwrap_or("");
                    let span = Span::new(node.start_byte(), node.start_byte() + text.trim_end().len());
                    let own_line = before.trim().is_empty();
                    self.builder.module().comments.push(Comment { span, own_line });
                }
            }
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    /// Adds the environment blocks and finishes the module.
    fn finish(mut self) -> Module {
        let blocks = self.script.blocks(self.source, &mut self.builder);
        let module = self.builder.module();
        module.env_blocks = blocks;
        module.functions[0].script = Some(Script { language: Language::Shell, environment: None });
        self.builder.finish()
    }
}

/// Whether a redirection's text names a file of variables that later scripts get.
fn handed(text: &str) -> Option<Syntax> {
    if text.contains("GITHUB_ENV") { Some(Syntax::Plain) } else { text.contains("BASH_ENV").then_some(Syntax::Export) }
}

/// `1..=n`, where `$n` is the highest positional parameter that a function's text reads.
fn positions(body: &str) -> std::ops::RangeInclusive<u8> {
    let bytes = body.as_bytes();
    let highest = memchr::memchr_iter(b'$', bytes).filter_map(|at| {
        let at = if bytes.get(at + 1) == Some(&b'{') { at + 2 } else { at + 1 };
        bytes.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0')
    });
    1..=highest.max().unwrap_or(0)
}
