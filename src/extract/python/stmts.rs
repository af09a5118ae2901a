//! Statements.

use tree_sitter::Node;

use super::{Lower, children, fields, operands, span, strip};
use crate::facts::{BlockId, Cond, ExprKind, FuncId, Import, Place, Stmt, Test, head, squeeze};

/// Above this many tests an if/elif chain's arms no longer repeat that the ones before them failed.
const MAX_CHAIN: usize = 256;

impl Lower<'_> {
    /// Statements in order: of a block, of the module, of what an error left.
    pub(super) fn block(&mut self, node: Node) {
        for child in children(node) {
            self.deeper(|this| this.statement(child));
        }
    }

    pub(super) fn statement(&mut self, node: Node) {
        match node.kind() {
            "expression_statement" => {
                for child in operands(node) {
                    self.expression_statement(child);
                }
            }
            "assignment" | "augmented_assignment" => self.expression_statement(node),
            "import_statement" => self.import(node),
            "import_from_statement" => self.import_from(node),
            "if_statement" => self.if_(node),
            "for_statement" => self.for_(node),
            "while_statement" => self.while_(node),
            "try_statement" => self.try_(node),
            "with_statement" => self.with(node),
            "match_statement" => self.match_(node),
            "function_definition" => self.function_statement(node, node, &[]),
            "class_definition" => self.class_statement(node, node, &[]),
            "decorated_definition" => self.decorated(node),
            "return_statement" => {
                let value = operands(node).first().map(|&value| self.expr(value));
                self.builder.stmt(Stmt::Return(value));
            }
            "raise_statement" => {
                operands(node).into_iter().for_each(|value| self.effects(value));
                self.builder.stmt(Stmt::Exit);
            }
            "break_statement" | "continue_statement" => self.builder.stmt(Stmt::Jump),
            "assert_statement" if self.assert(node).is_some() => {}
            "assert_statement" | "print_statement" | "exec_statement" => {
                for value in operands(node) {
                    let value = self.expr(value);
                    self.builder.stmt(Stmt::Expr(value));
                }
            }
            "delete_statement" => self.delete(node),
            "global_statement" | "nonlocal_statement" => {
                let names: Vec<_> = operands(node).into_iter().map(|name| self.text_of(name).to_owned()).collect();
                let func = self.builder.current_func();
                // At the top level `global` says nothing new.
                if func != FuncId(0) {
                    self.builder.function_mut(func).outer_names.extend(names);
                }
            }
            "future_import_statement" | "type_alias_statement" => {}
            // The rest stands here only after a syntax error.
            "attribute" | "subscript" | "identifier" => {}
            kind if is_expression(kind) => self.expression_statement(node),
            _ => self.block(node),
        }
    }

    fn expression_statement(&mut self, node: Node) {
        match node.kind() {
            "assignment" => self.assignment(node),
            "augmented_assignment" => self.augmented_assignment(node),
            "string" | "concatenated_string" | "ellipsis" => {}
            "yield" => self.yields(node),
            _ => {
                let value = self.expr(node);
                self.builder.stmt(Stmt::Expr(value));
                self.take_out(node);
                if self.is_exit(node) {
                    self.builder.stmt(Stmt::Exit);
                }
            }
        }
    }

    fn is_exit(&self, node: Node) -> bool {
        let node = strip(node);
        let callee = (node.kind() == "call").then(|| node.child_by_field_name("function")).flatten();
        callee.is_some_and(|callee| {
            callee.end_byte() - callee.start_byte() < 40
                && matches!(squeeze(self.text_of(callee)).as_str(), "sys.exit" | "exit" | "quit" | "os._exit")
        })
    }

    /// `yield value`: the value goes to whoever iterates, which nobody follows.
    pub(super) fn yields(&mut self, node: Node) {
        let func = self.builder.current_func();
        self.builder.function_mut(func).generator = true;
        for value in operands(node) {
            let value = self.expr(value);
            self.builder.stmt(Stmt::Expr(value));
        }
    }

    fn import(&mut self, node: Node) {
        for name in fields(node, "name") {
            let (module, alias) = aliased(name);
            let path = self.dotted(module);
            match (alias, operands(module).first()) {
                (Some(alias), _) => self.import_as(node, alias, &path, Vec::new()),
                // `import a.b` binds `a`, and puts `b` into it.
                (None, Some(&root)) => {
                    for (end, _) in path.match_indices('.').chain([(path.len(), "")]) {
                        let below = path[..end].split('.').skip(1).map(|step| Some(step.to_owned())).collect();
                        self.import_as(node, root, &path[..end], below);
                    }
                }
                (None, None) => {}
            }
        }
    }

    fn import_as(&mut self, node: Node, target: Node, module: &str, below: Vec<Option<String>>) {
        let import = Import { module: module.to_owned(), name: None };
        let value = self.add(target, ExprKind::Import(import));
        let place = Place::below(self.variable(self.text_of(target)), below);
        self.assign(span(node), span(target), place, value);
    }

    fn import_from(&mut self, node: Node) {
        let Some(module) = node.child_by_field_name("module_name") else { return };
        let module = self.dotted(module);
        if children(node).iter().any(|child| child.kind() == "wildcard_import") {
            self.builder.module().star_imports.push(module);
            return;
        }
        for name in fields(node, "name") {
            let (name, alias) = aliased(name);
            let target = alias.unwrap_or(name);
            let import = Import { module: module.clone(), name: Some(self.dotted(name)) };
            let value = self.add(name, ExprKind::Import(import));
            let place = Place::name(self.variable(self.text_of(target)));
            self.assign(span(node), span(target), place, value);
        }
    }

    /// A module's name, dots included, without the white space that may stand between.
    fn dotted(&self, node: Node) -> String {
        self.text_of(node).chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
    }

    /// One arm of a branch.
    fn arm(&mut self, tests: Vec<Test>, body: impl FnOnce(&mut Self)) -> BlockId {
        let block = self.builder.open_block(tests);
        body(self);
        self.builder.close_block();
        block
    }

    /// A block that always runs.
    fn inline(&mut self, body: Node) {
        let block = self.arm(Vec::new(), |this| this.block(body));
        self.builder.stmt(Stmt::Block(block));
    }

    /// Arms with their conditions, and what runs where none holds.
    fn arms(&mut self, conds: &[Cond], bodies: Vec<Option<Node>>, otherwise: Option<Node>) {
        let tests = chain(conds);
        self.hold(conds, &tests);
        let mut tests = tests.into_iter();
        let bodies = bodies.into_iter().chain([otherwise]);
        let arms = bodies
            .map(|body| {
                let tests = tests.next().unwrap_or_default();
                self.arm(tests, |this| body.into_iter().for_each(|body| this.block(body)))
            })
            .collect();
        self.builder.branch(arms);
    }

    fn if_(&mut self, node: Node) {
        let mut conds = Vec::new();
        let mut bodies = Vec::new();
        let mut otherwise = None;
        for clause in [node].into_iter().chain(fields(node, "alternative")) {
            if clause.kind() == "else_clause" {
                otherwise = clause.child_by_field_name("body");
                continue;
            }
            conds.push(match clause.child_by_field_name("condition") {
                Some(condition) => self.cond(condition),
                None => Cond::opaque(&format!("if@{}", clause.start_byte())),
            });
            bodies.push(clause.child_by_field_name("consequence"));
        }
        self.arms(&conds, bodies, otherwise);
    }

    /// `assert self.key`, `assert self.key is not None`: what follows runs only where it is there.
    fn assert(&mut self, node: Node) -> Option<()> {
        let condition = operands(node).first().map(|&condition| strip(condition))?;
        let asked = match condition.kind() {
            "comparison_operator" if self.text_of(condition).ends_with(" is not None") => {
                *operands(condition).first()?
            }
            _ => condition,
        };
        if !matches!(asked.kind(), "identifier" | "attribute") {
            return None;
        }
        let conds = [Cond::Not(Box::new(self.cond(condition)))];
        let tests = chain(&conds);
        self.hold(&conds, &tests);
        let [fails, holds] = tests.try_into().ok()?;
        let fails = self.arm(fails, |this| this.builder.stmt(Stmt::Exit));
        let holds = self.arm(holds, |_| {});
        self.builder.branch(vec![fails, holds]);
        Some(())
    }

    fn for_(&mut self, node: Node) {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
            return;
        };
        let header = self.text.get(left.start_byte()..right.end_byte()).unwrap_or("");
        // `for number, row in enumerate(rows)`: the rows, each with a number that says nothing.
        let (counter, left, right) = match (self.enumerated(right), operands(left).as_slice()) {
            (Some(rows), &[counter, row]) if left.kind() == "pattern_list" => (Some(counter), row, rows),
            _ => (None, left, right),
        };
        let iterable = self.expr(right);
        let each = self.add(left, ExprKind::Each(iterable));
        let cond = Cond::opaque(&format!("for@{}:{}", node.start_byte(), head(header)));
        self.looped(node, &cond, |this| {
            this.target(left, each, span(node));
            if let Some(counter) = counter {
                let number = this.unknown(counter);
                this.target(counter, number, span(node));
            }
        });
    }

    /// What `enumerate(...)` counts.
    fn enumerated<'t>(&self, node: Node<'t>) -> Option<Node<'t>> {
        let callee = (node.kind() == "call").then(|| node.child_by_field_name("function")).flatten()?;
        let arguments = operands(node.child_by_field_name("arguments")?);
        arguments.first().copied().filter(|of| self.text_of(callee) == "enumerate" && of.kind() != "list_splat")
    }

    fn while_(&mut self, node: Node) {
        let Some(condition) = node.child_by_field_name("condition") else { return };
        let value = self.expr(condition);
        // The position keeps it apart from an `if` of the same text: the loop changes what it tests.
        let subject = squeeze(&format!("while@{}:{}", node.start_byte(), head(self.text_of(condition))));
        self.looped(node, &Cond::Truthy(subject, Some(value)), |_| {});
    }

    /// A loop: its body may run or not; its `else` runs in any case, but for `break`.
    fn looped(&mut self, node: Node, cond: &Cond, first: impl FnOnce(&mut Self)) {
        let body = self.arm(cond.assume(true), |this| {
            first(this);
            node.child_by_field_name("body").into_iter().for_each(|body| this.block(body));
        });
        self.builder.looped(body);
        let skipped = self.arm(cond.assume(false), |_| {});
        self.builder.branch(vec![body, skipped]);
        for otherwise in fields(node, "alternative") {
            otherwise.child_by_field_name("body").into_iter().for_each(|body| self.inline(body));
        }
    }

    /// The body always runs; then one handler does, or none and the `else`; then the `finally`.
    fn try_(&mut self, node: Node) {
        if let Some(body) = node.child_by_field_name("body") {
            self.inline(body);
        }
        let mut handlers = Vec::new();
        let mut otherwise = None;
        let mut finally = None;
        for clause in operands(node) {
            match clause.kind() {
                "except_clause" => handlers.push(clause),
                "else_clause" => otherwise = clause.child_by_field_name("body"),
                "finally_clause" => finally = block_of(clause),
                _ => {}
            }
        }
        if !handlers.is_empty() {
            let conds: Vec<_> =
                handlers.iter().map(|handler| Cond::opaque(&format!("except@{}", handler.start_byte()))).collect();
            let mut tests = chain(&conds).into_iter();
            let mut arms = Vec::new();
            for &handler in &handlers {
                arms.push(self.arm(tests.next().unwrap_or_default(), |this| {
                    this.caught(handler);
                    block_of(handler).into_iter().for_each(|body| this.block(body));
                }));
            }
            arms.push(self.arm(tests.next().unwrap_or_default(), |this| {
                otherwise.into_iter().for_each(|body| this.block(body));
            }));
            self.builder.branch(arms);
        } else if let Some(body) = otherwise {
            self.inline(body);
        }
        if let Some(body) = finally {
            self.inline(body);
        }
    }

    /// `except Error as name`: nothing is known of the error.
    fn caught(&mut self, handler: Node) {
        let as_pattern = operands(handler).into_iter().find(|child| child.kind() == "as_pattern");
        let alias = handler
            .child_by_field_name("alias")
            .or_else(|| as_pattern.and_then(|pattern| pattern.child_by_field_name("alias")));
        if let Some(name) = alias.and_then(alias_name) {
            let value = self.unknown(name);
            self.target(name, value, span(name));
        }
    }

    fn with(&mut self, node: Node) {
        let body = node.child_by_field_name("body");
        let clauses = operands(node).into_iter().filter(|child| child.kind() == "with_clause");
        let items: Vec<Node> =
            clauses.flat_map(operands).filter_map(|item| item.child_by_field_name("value")).collect();
        // What is patched is so in the body alone.
        let (patches, others): (Vec<Node>, Vec<Node>) = items.into_iter().partition(|item| self.is_patch(*item));
        others.into_iter().for_each(|item| self.with_item(item));
        if let Some(body) = body {
            let block = self.arm(Vec::new(), |this| {
                patches.into_iter().for_each(|item| this.with_item(item));
                this.block(body);
            });
            self.builder.stmt(Stmt::Block(block));
        }
    }

    /// Whether an expression patches a mapping, as the process environment is: `mock.patch.dict(os.environ, {...})`.
    pub(super) fn is_patch(&self, node: Node) -> bool {
        let callee = (node.kind() == "call").then(|| node.child_by_field_name("function")).flatten();
        callee.is_some_and(|callee| self.text_of(callee).ends_with("patch.dict"))
    }

    fn with_item(&mut self, node: Node) {
        // `with (a as b, c as d):` may come out as a tuple.
        if node.kind() == "tuple" {
            for item in operands(node) {
                self.deeper(|this| this.with_item(item));
            }
            return;
        }
        let inner = strip(node);
        let alias = (inner.kind() == "as_pattern").then(|| inner.child_by_field_name("alias")).flatten();
        let value = self.expr(node);
        match alias.and_then(|alias| operands(alias).first().copied()) {
            Some(target) => self.target(target, value, span(inner)),
            None => self.builder.stmt(Stmt::Expr(value)),
        }
    }

    fn match_(&mut self, node: Node) {
        let subjects = fields(node, "subject");
        let (subject, value) = match subjects.as_slice() {
            [one] => {
                let value = self.expr(*one);
                (self.subject_of(*one, value), value)
            }
            _ => {
                let subject = subjects.iter().map(|one| self.subject(*one)).collect::<Vec<_>>().join(",");
                (subject, self.list(node, &subjects))
            }
        };
        // The subject is held by a statement of its own, whatever the cases look like.
        self.builder.stmt(Stmt::Expr(value));
        let mut conds = Vec::new();
        let mut bodies = Vec::new();
        let mut otherwise = None;
        let cases = node.child_by_field_name("body").map(operands).unwrap_or_default();
        for case in cases.into_iter().filter(|case| case.kind() == "case_clause") {
            match self.case(case, &subject, value) {
                Some(cond) => {
                    conds.push(cond);
                    bodies.push(case);
                }
                None => {
                    otherwise = Some(case);
                    break;
                }
            }
        }
        let tests = chain(&conds);
        self.hold(&conds, &tests);
        let mut tests = tests.into_iter();
        let mut arms = Vec::new();
        for case in bodies.into_iter().map(Some).chain([otherwise]) {
            arms.push(self.arm(tests.next().unwrap_or_default(), |this| {
                let Some(case) = case else { return };
                this.captures(case, value);
                case.child_by_field_name("consequence").into_iter().for_each(|body| this.block(body));
            }));
        }
        self.builder.branch(arms);
    }
}

/// The block of an `except` or `finally` clause, which has no field of its own.
fn block_of<'t>(clause: Node<'t>) -> Option<Node<'t>> {
    operands(clause).into_iter().rfind(|child| child.kind() == "block")
}

/// [`Cond::chain`], but for chains so long that repeating every failed test would cost more than it tells.
fn chain(conds: &[Cond]) -> Vec<Vec<Test>> {
    let tests: usize = conds.iter().map(|cond| cond.assume(false).len()).sum();
    if conds.len() * tests <= MAX_CHAIN {
        return Cond::chain(conds);
    }
    conds.iter().map(|cond| cond.assume(true)).chain([Vec::new()]).collect()
}

/// The parts of `name as alias`.
fn aliased<'t>(node: Node<'t>) -> (Node<'t>, Option<Node<'t>>) {
    match (node.child_by_field_name("name"), node.child_by_field_name("alias")) {
        (Some(name), alias) => (name, alias),
        _ => (node, None),
    }
}

/// The identifier of an `as` target.
fn alias_name<'t>(node: Node<'t>) -> Option<Node<'t>> {
    if node.kind() == "identifier" { Some(node) } else { operands(node).into_iter().next() }
}

fn is_expression(kind: &str) -> bool {
    matches!(
        kind,
        "await"
            | "binary_operator"
            | "boolean_operator"
            | "call"
            | "comparison_operator"
            | "conditional_expression"
            | "dictionary"
            | "dictionary_comprehension"
            | "generator_expression"
            | "lambda"
            | "list"
            | "list_comprehension"
            | "named_expression"
            | "not_operator"
            | "parenthesized_expression"
            | "set"
            | "set_comprehension"
            | "string"
            | "concatenated_string"
            | "tuple"
            | "unary_operator"
            | "yield"
    )
}
