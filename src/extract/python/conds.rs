//! Conditions: what an `if`, a `case` or a conditional expression tests.

use std::collections::HashSet;

use tree_sitter::Node;

use super::{Lower, children, fields, operands, operator, span, strip};
use crate::facts::{Cond, Constant, ExprId, ExprKind, Stmt, Test, head, is_in_capitals, squeeze};

/// More operands of `and` and `or`, or more members of `in (…)`, than this are one condition that is not understood.
const MAX_OPERANDS: usize = 16;

impl Lower<'_> {
    /// Lowers a condition.
    pub(super) fn cond(&mut self, node: Node) -> Cond {
        self.deeper(|this| this.cond_here(strip(node))).unwrap_or_else(|| self.opaque(node))
    }

    fn cond_here(&mut self, node: Node) -> Cond {
        match node.kind() {
            "not_operator" => match node.child_by_field_name("argument") {
                Some(argument) => Cond::Not(Box::new(self.cond(argument))),
                None => self.opaque(node),
            },
            "boolean_operator" => {
                let operands = self.flatten(node);
                if operands.len() > MAX_OPERANDS {
                    operands.into_iter().for_each(|operand| self.effects(operand));
                    return self.opaque(node);
                }
                let conds = operands.into_iter().map(|operand| self.cond(operand)).collect();
                if operator(node) == "and" { Cond::And(conds) } else { Cond::Or(conds) }
            }
            "comparison_operator" => self.comparison(node),
            "named_expression" => {
                let value = self.expr(node);
                let name = node.child_by_field_name("name").unwrap_or(node);
                Cond::Truthy(self.subject(name), Some(value))
            }
            _ => self.truthy(node),
        }
    }

    fn truthy(&mut self, node: Node) -> Cond {
        let value = self.expr(node);
        Cond::Truthy(self.subject_of(node, value), Some(value))
    }

    fn opaque(&self, node: Node) -> Cond {
        Cond::opaque(head(self.text_of(node)))
    }

    fn comparison(&mut self, node: Node) -> Cond {
        let operators = fields_of_any(node, "operators");
        let (&[left, right], &[operator]) = (operands(node).as_slice(), operators.as_slice()) else {
            operands(node).into_iter().for_each(|operand| self.effects(operand));
            return self.opaque(node);
        };
        let negated = matches!(operator, "!=" | "<>" | "is not" | "not in");
        let cond = match operator {
            "==" | "!=" | "<>" | "is" | "is not" => self.equality(left, right),
            "in" | "not in" => self.membership(left, right),
            _ => None,
        };
        let cond = cond.unwrap_or_else(|| {
            self.effects(left);
            self.effects(right);
            // One text for `a == b` and `a != b`: the second is the first's negation.
            let operator = match operator {
                "!=" | "<>" => "==",
                "is not" => "is",
                "not in" => "in",
                other => other,
            };
            let (left, right) = (head(self.text_of(left)), head(self.text_of(right)));
            Cond::opaque(&format!("{left} {operator} {right}"))
        });
        if negated { Cond::Not(Box::new(cond)) } else { cond }
    }

    /// `subject == constant`, either way round.
    fn equality(&mut self, left: Node, right: Node) -> Option<Cond> {
        let (left, right) = (strip(left), strip(right));
        let stands = |node| is_constant(node) || self.is_member(node);
        let (subject, constant) = if stands(right) { (left, right) } else { (right, left) };
        if stands(subject) {
            return None;
        }
        if constant.kind() == "none" {
            return Some(Cond::Not(Box::new(self.truthy(subject))));
        }
        let constant = self.compared(constant)?;
        let value = self.expr(subject);
        Some(Cond::Equals(self.subject_of(subject, value), Some(value), constant))
    }

    /// What a test compares with.
    fn compared(&mut self, node: Node) -> Option<Constant> {
        let node = strip(node);
        if self.is_member(node) {
            return Some(Constant { text: squeeze(self.text_of(node)), member: Some(self.expr(node)) });
        }
        self.constant(node).map(Constant::from)
    }

    /// Whether this may be a constant by its name: a member of something that is named like a class, in whichever module
    /// (`types.Kind.A`), or its value; or a variable in capitals.
    fn is_member(&self, node: Node) -> bool {
        if node.kind() == "identifier" {
            return is_in_capitals(self.text_of(node));
        }
        let object = match object_of(node) {
            Some(object) if node.child_by_field_name("attribute").is_some_and(|name| self.text_of(name) == "value") => {
                object_of(object)
            }
            object => object,
        };
        let name = object.and_then(|object| match object.kind() {
            "identifier" => Some(object),
            "attribute" => object.child_by_field_name("attribute"),
            _ => None,
        });
        name.is_some_and(|name| self.text_of(name).starts_with(|c: char| c.is_ascii_uppercase()))
    }

    /// `subject in ("a", "b")`, and `"X" in os.environ`.
    fn membership(&mut self, left: Node, right: Node) -> Option<Cond> {
        let (left, right) = (strip(left), strip(right));
        if self.is_environ(right) {
            let name = self.constant(left)?;
            let base = self.expr(right);
            let index = self.expr(left);
            let value = self.add(left, ExprKind::Index(base, index));
            return Some(Cond::Truthy(format!("env:{name}"), Some(value)));
        }
        if is_constant(left) || !matches!(right.kind(), "tuple" | "list" | "set") {
            return None;
        }
        let members = operands(right);
        if members.is_empty() || members.len() > MAX_OPERANDS {
            return None;
        }
        let constants: Option<Vec<_>> = members.into_iter().map(|member| self.compared(member)).collect();
        let constants = constants?;
        let value = self.expr(left);
        let subject = self.subject_of(left, value);
        Some(Cond::Or(
            constants.into_iter().map(|constant| Cond::Equals(subject.clone(), Some(value), constant)).collect(),
        ))
    }

    /// The text by which a tested expression is known. A read of an environment variable has one text, however it is
    /// written.
    pub(super) fn subject(&self, node: Node) -> String {
        let node = strip(node);
        match self.environment_variable(node) {
            Some(name) => format!("env:{name}"),
            None => squeeze(head(self.text_of(node))),
        }
    }

    /// The same where it has been lowered: a field has one text, too.
    pub(super) fn subject_of(&mut self, node: Node, value: ExprId) -> String {
        let subject = self.subject(node);
        if subject.starts_with("env:") { None } else { self.builder.module().field_text(value) }.unwrap_or(subject)
    }

    /// The variable that `os.environ["X"]`, `os.environ.get("X")` or `os.getenv("X")` reads.
    fn environment_variable(&self, node: Node) -> Option<String> {
        match node.kind() {
            "subscript" if self.is_environ(node.child_by_field_name("value")?) => {
                self.constant(node.child_by_field_name("subscript")?)
            }
            "call" => {
                let callee = node.child_by_field_name("function")?;
                let getenv = matches!(self.text_of(callee), "os.getenv" | "getenv")
                    || (callee.kind() == "attribute"
                        && self.text_of(callee.child_by_field_name("attribute")?) == "get"
                        && self.is_environ(callee.child_by_field_name("object")?));
                match operands(node.child_by_field_name("arguments")?).as_slice() {
                    [name] if getenv => self.constant(*name),
                    // Another default would make it another value.
                    [name, default] if getenv && matches!(self.text_of(*default), "None" | "\"\"" | "''") => {
                        self.constant(*name)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_environ(&self, node: Node) -> bool {
        matches!(self.text_of(node), "os.environ" | "environ")
    }

    /// Makes statements of the tested expressions that no arm's tests hold, as those of `b` and `c` in `a and (b or c)`,
    /// so that each expression has its place.
    pub(super) fn hold(&mut self, conds: &[Cond], arms: &[Vec<Test>]) {
        let mut held: HashSet<_> = arms.iter().flatten().filter_map(|test| test.expr).collect();
        let mut pending: Vec<_> = conds.iter().rev().collect();
        while let Some(cond) = pending.pop() {
            match cond {
                Cond::Truthy(_, Some(expr)) | Cond::Equals(_, Some(expr), _) => {
                    if held.insert(*expr) {
                        self.builder.stmt(Stmt::Expr(*expr));
                    }
                }
                Cond::Truthy(..) | Cond::Equals(..) => {}
                Cond::Not(inner) => pending.push(inner),
                Cond::And(all) | Cond::Or(all) => pending.extend(all.iter().rev()),
            }
        }
    }

    /// What a `case` tests; `None` where it takes everything.
    pub(super) fn case(&mut self, case: Node, subject: &str, value: ExprId) -> Option<Cond> {
        let pattern = match patterns(case).as_slice() {
            [pattern] => self.pattern(*pattern, subject, value),
            all => Some(self.opaque_pattern(all, subject)),
        };
        let guard = case.child_by_field_name("guard").and_then(|guard| operands(guard).first().copied());
        let guard = guard.map(|guard| self.cond(guard));
        match (pattern, guard) {
            (Some(pattern), Some(guard)) => Some(Cond::And(vec![pattern, guard])),
            (pattern, guard) => pattern.or(guard),
        }
    }

    fn pattern(&mut self, node: Node, subject: &str, value: ExprId) -> Option<Cond> {
        let text = self.text_of(node);
        if text == "_" {
            return None;
        }
        let inner = operands(node);
        match (node.kind(), inner.as_slice()) {
            ("case_pattern", [inner]) if inner.byte_range() == node.byte_range() => {
                self.deeper(|this| this.pattern(*inner, subject, value)).unwrap_or(Some(self.opaque(node)))
            }
            ("as_pattern", [inner, ..]) => {
                self.deeper(|this| this.pattern(*inner, subject, value)).unwrap_or(Some(self.opaque(node)))
            }
            // A plain name takes everything.
            ("dotted_name", [_]) => None,
            ("none", _) => Some(Cond::Not(Box::new(Cond::Truthy(subject.to_owned(), Some(value))))),
            ("union_pattern", all) if all.len() <= MAX_OPERANDS => {
                let mut any = Vec::new();
                for pattern in all {
                    any.push(self.deeper(|this| this.pattern(*pattern, subject, value)).flatten()?);
                }
                Some(Cond::Or(any))
            }
            _ => match self.constant(node) {
                Some(constant) => Some(Cond::Equals(subject.to_owned(), Some(value), constant.into())),
                None => Some(self.opaque_pattern(&[node], subject)),
            },
        }
    }

    fn opaque_pattern(&self, patterns: &[Node], subject: &str) -> Cond {
        let (start, end) = match patterns {
            [first, .., last] => (first.start_byte(), last.end_byte()),
            [one] => (one.start_byte(), one.end_byte()),
            [] => (0, 0),
        };
        Cond::opaque(&format!("{subject}=={}", head(self.text.get(start..end).unwrap_or(""))))
    }

    /// Assigns the names that a `case` binds: the subject where the name takes all of it.
    pub(super) fn captures(&mut self, case: Node, value: ExprId) {
        let patterns = patterns(case);
        let mut pending: Vec<(Node, bool)> = patterns.iter().map(|&pattern| (pattern, patterns.len() == 1)).collect();
        while let Some((node, whole)) = pending.pop() {
            let inner = operands(node);
            match (node.kind(), inner.as_slice()) {
                ("dotted_name", &[name]) => self.capture(name, whole.then_some(value)),
                ("dotted_name", _) => {}
                ("as_pattern", &[pattern, name]) => {
                    pending.push((pattern, whole));
                    self.capture(name, whole.then_some(value));
                }
                ("splat_pattern", &[name]) => self.capture(name, None),
                // The first name is the class's.
                ("class_pattern", [_, arguments @ ..]) => pending.extend(arguments.iter().map(|&node| (node, false))),
                ("case_pattern", inner) => pending.extend(inner.iter().map(|&node| (node, whole))),
                (_, inner) => pending.extend(inner.iter().map(|&node| (node, false))),
            }
        }
    }

    fn capture(&mut self, name: Node, value: Option<ExprId>) {
        if name.kind() == "identifier" && self.text_of(name) != "_" {
            let value = value.unwrap_or_else(|| self.unknown(name));
            self.target(name, value, span(name));
        }
    }
}

/// Of which object a node names an attribute.
fn object_of<'t>(node: Node<'t>) -> Option<Node<'t>> {
    node.child_by_field_name("object").filter(|_| node.kind() == "attribute")
}

fn patterns<'t>(case: Node<'t>) -> Vec<Node<'t>> {
    children(case).into_iter().filter(|child| child.kind() == "case_pattern").collect()
}

/// The kinds of a field's tokens, named or not.
fn fields_of_any<'t>(node: Node<'t>, name: &str) -> Vec<&'t str> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor).map(|child| child.kind()).collect()
}

fn is_constant(node: Node) -> bool {
    matches!(node.kind(), "string" | "concatenated_string" | "integer" | "float" | "true" | "false" | "none")
        || (node.kind() == "unary_operator" && !fields(node, "argument").is_empty())
}
