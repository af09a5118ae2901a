//! Branches, loops, `&&` and `||`, and what their tests say.

use tree_sitter::Node;

use super::{Declared, Lowering, MAX_DEPTH, span};
use crate::extract::dotenv::expand::name_at;
use crate::facts::{BlockId, Cond, ExprKind, Item, Place, Stmt, Test, squeeze};

/// What a node of a test is, with its operands.
enum Form<'t> {
    Binary(&'t str, Node<'t>, Node<'t>),
    Unary(&'t str, Node<'t>),
    Plain(Node<'t>),
}

impl<'a> Lowering<'a> {
    /// One arm of a branch.
    fn arm(&mut self, tests: Vec<Test>, body: impl FnOnce(&mut Self)) -> BlockId {
        let block = self.builder.open_block(tests);
        self.within(true, false, body);
        self.builder.close_block();
        block
    }

    pub(super) fn if_statement(&mut self, node: Node<'_>) {
        let mut conds = Vec::new();
        let mut bodies: Vec<Vec<Node<'_>>> = Vec::new();
        let mut otherwise = None;
        let (cond, body) = self.clause(node);
        conds.push(cond);
        bodies.push(body);
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "elif_clause" => {
                    let (cond, body) = self.clause(child);
                    conds.push(cond);
                    bodies.push(body);
                }
                "else_clause" => otherwise = Some(child),
                _ => {}
            }
        }
        // What an `elif` knows repeats what every test before it says: a chain as long as this is a table, not logic.
        if conds.len() > MAX_DEPTH {
            for (cond, body) in conds.iter().zip(bodies) {
                let arm = self.arm(cond.assume(true), |this| body.into_iter().for_each(|node| this.statement(node)));
                let rest = self.arm(cond.assume(false), |_| {});
                self.builder.branch(vec![arm, rest]);
            }
            return;
        }
        let mut tests = Cond::chain(&conds).into_iter();
        let mut arms = Vec::new();
        for (body, tests) in bodies.into_iter().zip(tests.by_ref()) {
            arms.push(self.arm(tests, |this| body.into_iter().for_each(|node| this.statement(node))));
        }
        arms.push(self.arm(tests.next().unwrap_or_default(), |this| {
            if let Some(node) = otherwise {
                this.statements(node);
            }
        }));
        self.builder.branch(arms);
    }

    /// The condition and the body of `if` or `elif`.
    fn clause<'t>(&mut self, node: Node<'t>) -> (Cond, Vec<Node<'t>>) {
        let mut cond = None;
        let mut body = Vec::new();
        let mut then = false;
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            match child.kind() {
                "then" => then = true,
                "elif_clause" | "else_clause" => {}
                _ if !child.is_named() => {}
                _ if then => body.push(child),
                // Of several commands, the last one decides.
                _ => cond = Some(self.condition(child)),
            }
        }
        (cond.unwrap_or_else(|| Cond::opaque(self.text(node))), body)
    }

    pub(super) fn case_statement(&mut self, node: Node<'_>) {
        let Some(value) = node.child_by_field_name("value") else { return };
        let subject = self.subject(value);
        let mut conds = Vec::new();
        let mut bodies: Vec<Vec<Node<'_>>> = Vec::new();
        let mut otherwise = Vec::new();
        let mut cursor = node.walk();
        for item in node.named_children(&mut cursor).filter(|child| child.kind() == "case_item") {
            let mut values = Vec::new();
            let mut body = Vec::new();
            let mut inner = item.walk();
            let mut more = inner.goto_first_child();
            while more {
                let child = inner.node();
                if inner.field_name() == Some("value") {
                    values.push(child);
                } else if child.is_named() {
                    body.push(child);
                }
                more = inner.goto_next_sibling();
            }
            if values.iter().any(|value| self.text(*value) == "*") {
                otherwise = body;
                break;
            }
            let any = values.into_iter().map(|value| match self.constant(value) {
                Some(text) if !text.contains(['*', '?', '[']) => Cond::Equals(subject.clone(), None, text.into()),
                _ => Cond::opaque(&format!("{subject} in {}", self.text(value))),
            });
            conds.push(Cond::Or(any.collect()));
            bodies.push(body);
        }
        // Each arm of a chain repeats what the ones before it exclude; the arms of a case exclude each other anyway.
        let last = if conds.len() <= MAX_DEPTH { conds.iter().flat_map(|c| c.assume(false)).collect() } else { vec![] };
        let mut arms = Vec::new();
        for (cond, body) in conds.iter().zip(bodies) {
            arms.push(self.arm(cond.assume(true), |this| body.into_iter().for_each(|node| this.statement(node))));
        }
        arms.push(self.arm(last, |this| otherwise.into_iter().for_each(|node| this.statement(node))));
        self.builder.branch(arms);
    }

    pub(super) fn loop_statement(&mut self, node: Node<'_>) {
        let mut each = None;
        let mut cond = None;
        if node.kind() == "for_statement" {
            let mut items = Vec::new();
            let mut cursor = node.walk();
            let values: Vec<_> = node.children_by_field_name("value", &mut cursor).collect();
            for value in values {
                let word = self.word(value);
                let spread = word.splat;
                items.push(Item { value: self.join(word), spread });
            }
            if let Some(name) = node.child_by_field_name("variable") {
                let list = self.builder.expr(span(node), ExprKind::List(items));
                let value = self.builder.expr(span(name), ExprKind::Each(list));
                each = Some((name, value));
            }
        } else if node.kind() == "while_statement" {
            let mut cursor = node.walk();
            let conditions: Vec<_> = node.children_by_field_name("condition", &mut cursor).collect();
            for condition in conditions.into_iter().filter(Node::is_named) {
                cond = Some(self.condition(condition));
            }
            if node.child(0).is_some_and(|keyword| keyword.kind() == "until") {
                cond = cond.map(|cond| Cond::Not(Box::new(cond)));
            }
        }
        let header = self.text(node).lines().next().unwrap_or("");
        let cond = cond.unwrap_or_else(|| Cond::opaque(header));
        let body = self.arm(cond.assume(true), |this| {
            if let Some((name, value)) = each {
                let place = Place::name(this.text(name));
                this.assign(span(name), place, span(name), value, Declared::default());
            }
            if let Some(body) = node.child_by_field_name("body") {
                this.statement(body);
            }
        });
        self.builder.looped(body);
        let rest = self.arm(cond.assume(false), |_| {});
        self.builder.branch(vec![body, rest]);
    }

    /// `a && b || c`, of any length: the grammar nests it to the left.
    pub(super) fn list(&mut self, node: Node<'_>) {
        let mut operands = Vec::new();
        let mut operators = Vec::new();
        let mut rest = node;
        loop {
            let mut cursor = rest.walk();
            let children: Vec<_> = rest.children(&mut cursor).collect();
            let named: Vec<_> = children.iter().filter(|child| child.is_named()).collect();
            let operator = children.iter().rfind(|child| matches!(child.kind(), "&&" | "||"));
            let ([first, .., last], Some(operator)) = (named.as_slice(), operator) else {
                operands.extend(named.into_iter().rev().copied());
                break;
            };
            operands.push(**last);
            operators.push(operator.kind() == "&&");
            if first.kind() != "list" {
                operands.push(**first);
                break;
            }
            rest = **first;
        }
        operands.reverse();
        operators.reverse();
        self.chain(&operands, &operators);
    }

    /// Commands joined by operators; true is `&&`.
    fn chain(&mut self, operands: &[Node<'_>], operators: &[bool]) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        let mut at = 0;
        while let Some(&operand) = operands.get(at) {
            let run = |from: usize, operator: bool| {
                from + operators.get(from..).unwrap_or_default().iter().take_while(|known| **known == operator).count()
            };
            let is_test = at + 1 < operands.len() && self.is_test(operand);
            let cond = if is_test {
                self.condition(operand)
            } else {
                self.statement(operand);
                Cond::opaque(self.text(operand))
            };
            // Of a command that is no test, success is the rule: `a && b` is a sequence.
            if !is_test && operators.get(at) != Some(&false) {
                at += 1;
                continue;
            }
            let and = run(at, true);
            let or = run(and, false);
            let (then, otherwise) = (at + 1..and + 1, and + 1..or + 1);
            let yes = self.arm(cond.assume(true), |this| {
                let inner = operators.get(at + 1..and).unwrap_or_default();
                this.chain(operands.get(then).unwrap_or_default(), inner);
            });
            let no = self.arm(cond.assume(false), |this| {
                for &operand in operands.get(otherwise).unwrap_or_default() {
                    this.statement(operand);
                }
            });
            self.builder.branch(vec![yes, no]);
            at = or + 1;
        }
        self.depth -= 1;
    }

    /// Whether a command only tests something.
    fn is_test(&self, node: Node<'_>) -> bool {
        match node.kind() {
            "test_command" => true,
            "negated_command" => node.named_child(0).is_some_and(|inner| self.is_test(inner)),
            "command" => node
                .child_by_field_name("name")
                .is_some_and(|name| matches!(self.text(name), "test" | "[" | "true" | "false")),
            _ => false,
        }
    }

    /// A condition. Commands in it are lowered before the branch.
    fn condition(&mut self, node: Node<'_>) -> Cond {
        if self.depth >= MAX_DEPTH {
            return Cond::opaque(self.text(node));
        }
        self.depth += 1;
        let cond = match node.kind() {
            "test_command" => {
                self.substitutions(node);
                match node.named_child(0) {
                    Some(inner) => self.test(inner),
                    None => Cond::opaque(self.text(node)),
                }
            }
            "negated_command" => {
                let inner = node.named_child(0).map(|inner| self.condition(inner));
                inner.map_or_else(|| Cond::opaque(self.text(node)), |inner| Cond::Not(Box::new(inner)))
            }
            "list" => {
                let sides = (node.named_child(0), node.named_child(1));
                let operator = node.child(1).map_or("", |operator| operator.kind());
                if let (Some(left), Some(right)) = sides {
                    let both = vec![self.condition(left), self.condition(right)];
                    if operator == "&&" { Cond::And(both) } else { Cond::Or(both) }
                } else {
                    Cond::opaque(self.text(node))
                }
            }
            "redirected_statement" if node.named_child(0).is_some_and(|inner| self.is_test(inner)) => {
                let inner = node.named_child(0).map(|inner| self.condition(inner));
                inner.unwrap_or_else(|| Cond::opaque(self.text(node)))
            }
            "command" if self.is_test(node) => self.test_words(node),
            _ => {
                self.statement(node);
                Cond::opaque(self.text(node))
            }
        };
        self.depth -= 1;
        cond
    }

    /// `test -n "$X"`
    fn test_words(&mut self, node: Node<'_>) -> Cond {
        self.substitutions(node);
        let mut cursor = node.walk();
        let args: Vec<_> = node.children_by_field_name("argument", &mut cursor).collect();
        let (args, negated) = match args.as_slice() {
            [not, rest @ ..] if self.text(*not) == "!" => (rest, true),
            all => (all, false),
        };
        let cond = match *args {
            [operator, value] if matches!(self.text(operator), "-n" | "-z") => {
                self.unary(self.text(operator), value, node)
            }
            [left, operator, right] => self.compare(self.text(operator), left, right, node),
            _ => Cond::opaque(self.text(node)),
        };
        if negated { Cond::Not(Box::new(cond)) } else { cond }
    }

    fn form<'t>(&self, node: Node<'t>) -> Option<Form<'t>>
    where
        'a: 't,
    {
        match node.kind() {
            "binary_expression" => Some(Form::Binary(
                node.child_by_field_name("operator").map_or("", |operator| self.text(operator)),
                node.child_by_field_name("left")?,
                node.child_by_field_name("right")?,
            )),
            "unary_expression" => Some(Form::Unary(
                node.child_by_field_name("operator").map_or("", |operator| self.text(operator)),
                node.named_child(node.named_child_count().saturating_sub(1) as u32)?,
            )),
            "parenthesized_expression" => Some(Form::Plain(node.named_child(0)?)),
            _ => None,
        }
    }

    /// What stands in `[ ]` or `[[ ]]`.
    fn test(&mut self, node: Node<'_>) -> Cond {
        if self.depth >= MAX_DEPTH {
            return Cond::opaque(self.text(node));
        }
        self.depth += 1;
        let cond = match self.form(node) {
            Some(Form::Binary(operator @ ("&&" | "-a" | "||" | "-o"), left, right)) => {
                let both = vec![self.test(left), self.test(right)];
                if matches!(operator, "&&" | "-a") { Cond::And(both) } else { Cond::Or(both) }
            }
            Some(Form::Binary(operator, left, right)) => match self.form(left) {
                // The grammar binds `!` to the left side alone.
                Some(Form::Unary("!", left)) => Cond::Not(Box::new(self.compare(operator, left, right, node))),
                _ => self.compare(operator, left, right, node),
            },
            Some(Form::Unary("!", inner)) => Cond::Not(Box::new(self.test(inner))),
            Some(Form::Unary(operator, inner)) => self.unary(operator, inner, node),
            Some(Form::Plain(inner)) => self.test(inner),
            None => self.truthy(node),
        };
        self.depth -= 1;
        cond
    }

    fn truthy(&self, node: Node<'_>) -> Cond {
        Cond::Truthy(self.subject(node), None)
    }

    fn unary(&self, operator: &str, inner: Node<'_>, whole: Node<'_>) -> Cond {
        match operator {
            "-n" => self.truthy(inner),
            "-z" => Cond::Not(Box::new(self.truthy(inner))),
            _ => Cond::opaque(self.text(whole)),
        }
    }

    fn compare(&mut self, operator: &str, left: Node<'_>, right: Node<'_>, whole: Node<'_>) -> Cond {
        let value = self.constant(right).filter(|text| !text.contains(['*', '?', '[']));
        let (Some(value), "=" | "==" | "!=") = (value, operator) else {
            return Cond::opaque(self.text(whole));
        };
        let subject = self.subject(left);
        // An empty string is the same test as `-z`.
        let cond = if value.is_empty() {
            Cond::Not(Box::new(Cond::Truthy(subject, None)))
        } else {
            Cond::Equals(subject, None, value.into())
        };
        if operator == "!=" { Cond::Not(Box::new(cond)) } else { cond }
    }

    /// The text of a word without expansions.
    fn constant(&mut self, node: Node<'_>) -> Option<String> {
        self.word(node).text()
    }

    /// What is tested: the variable's name, where the word is one variable. No expression is attached: equal tests
    /// must stay equal inside `&&`.
    fn subject(&self, node: Node<'_>) -> String {
        let inner = match node.named_child(0) {
            Some(only) if node.kind() == "string" && node.named_child_count() == 1 => only,
            _ => node,
        };
        let name = match inner.kind() {
            "simple_expansion" => self.text(inner).get(1..),
            "expansion" => self.text(inner).get(2..).map(|rest| &rest[..name_at(rest)]).filter(|name| {
                let after = self.text(inner).get(2 + name.len()..).unwrap_or("");
                after == "}" || after.starts_with(":-") || after.starts_with('-')
            }),
            _ => None,
        };
        name.filter(|name| !name.is_empty()).map_or_else(|| squeeze(self.text(node)), str::to_owned)
    }

    /// `exit` and `return` end what runs here; in a process of its own, that is not the script.
    pub(super) fn ends(&mut self, name: &str) {
        match name {
            "return" => self.builder.stmt(Stmt::Return(None)),
            _ if self.subshell => {}
            _ => self.builder.stmt(Stmt::Exit),
        }
    }
}
