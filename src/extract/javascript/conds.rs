//! Conditions.

use tree_sitter::Node;

use super::{Lower, MAX_LAYERS, operands, operator, strip};
use crate::facts::{Cond, Constant, ExprId, Test, head, is_in_capitals, squeeze};

/// A condition of more parts than this is known by its text only.
const MAX_PARTS: usize = 16;

/// Beyond this many bytes of text an if/else-if chain's arms no longer repeat that the ones before them failed.
const MAX_KNOWN: usize = 2048;

impl Lower<'_> {
    /// What a condition says. Calls in it are not lowered here; see [`Lower::effects`].
    pub(super) fn cond(&mut self, node: Node) -> Cond {
        let mut parts = MAX_PARTS;
        self.part(node, true, &mut parts)
    }

    /// One condition; `alone` where it is not one of several. Only then its subject is lowered: the text of a
    /// disjunction must not depend on where it stands.
    fn part(&mut self, node: Node, alone: bool, parts: &mut usize) -> Cond {
        let mut node = strip(node);
        let mut negated = false;
        for _ in 0..MAX_LAYERS {
            let inner = (node.kind() == "unary_expression" && operator(node) == "!")
                .then(|| node.child_by_field_name("argument"))
                .flatten();
            match inner {
                Some(inner) => node = strip(inner),
                None => break,
            }
            negated = !negated;
        }
        let cond = match node.kind() {
            "binary_expression" => self.binary_cond(node, alone, parts),
            "call_expression" => self.call_cond(node, alone, parts),
            _ => self.truthy(node, alone),
        };
        if negated { Cond::Not(Box::new(cond)) } else { cond }
    }

    fn truthy(&mut self, node: Node, alone: bool) -> Cond {
        let (subject, expr) = self.subject(node, alone);
        Cond::Truthy(subject, expr)
    }

    fn binary_cond(&mut self, node: Node, alone: bool, parts: &mut usize) -> Cond {
        match operator(node) {
            op @ ("&&" | "||") => {
                let Some(all) = same_operator(node, op, parts) else { return self.opaque(node) };
                let all = all.into_iter().map(|operand| self.part(operand, false, parts)).collect();
                if op == "&&" { Cond::And(all) } else { Cond::Or(all) }
            }
            op @ ("===" | "==" | "!==" | "!=") => {
                let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right"))
                else {
                    return self.opaque(node);
                };
                let equals = self.equals(left, right, alone).or_else(|| self.equals(right, left, alone));
                match equals {
                    Some(cond) if op.starts_with('!') => Cond::Not(Box::new(cond)),
                    Some(cond) => cond,
                    None => self.opaque(node),
                }
            }
            _ => self.opaque(node),
        }
    }

    /// `subject === constant`.
    pub(super) fn equals(&mut self, subject: Node, constant: Node, alone: bool) -> Option<Cond> {
        let (subject, constant) = (strip(subject), strip(constant));
        if self.constant(subject).is_some() {
            return None;
        }
        if self.is_nullish(constant) {
            return Some(Cond::Not(Box::new(self.truthy(subject, alone))));
        }
        let value = match self.constant(constant) {
            Some(value) => Constant::from(value),
            None if self.is_member(constant) && !self.is_member(subject) => {
                Constant { text: squeeze(self.text_of(constant)), member: Some(self.expr(constant)) }
            }
            None => return None,
        };
        if subject.kind() == "unary_expression" && operator(subject) == "typeof" {
            let tested = subject.child_by_field_name("argument").filter(|_| value.text == "undefined")?;
            return Some(Cond::Not(Box::new(self.truthy(strip(tested), alone))));
        }
        let (text, expr) = self.subject(subject, alone);
        Some(Cond::Equals(text, expr, value))
    }

    /// Whether this may be a constant by its name: a member of something that is named like a class, in whichever module
    /// (`types_1.Kind.A`), or a variable in capitals.
    fn is_member(&self, node: Node) -> bool {
        if node.kind() == "identifier" {
            return is_in_capitals(self.text_of(node));
        }
        let object = node.child_by_field_name("object").filter(|_| node.kind() == "member_expression");
        let name = object.and_then(|object| match object.kind() {
            "identifier" => Some(object),
            "member_expression" => object.child_by_field_name("property"),
            _ => None,
        });
        name.is_some_and(|name| self.text_of(name).starts_with(|c: char| c.is_ascii_uppercase()))
    }

    /// `["a", "b"].includes(x)`, `Boolean(x)`.
    fn call_cond(&mut self, node: Node, alone: bool, parts: &mut usize) -> Cond {
        let (Some(callee), Some(arguments)) =
            (node.child_by_field_name("function"), node.child_by_field_name("arguments"))
        else {
            return self.opaque(node);
        };
        let [argument] = operands(arguments)[..] else { return self.truthy(node, alone) };
        if callee.kind() == "identifier" && self.text_of(callee) == "Boolean" && *parts > 0 {
            *parts -= 1;
            return self.part(argument, alone, parts);
        }
        let list = callee.child_by_field_name("object").map(strip).filter(|list| list.kind() == "array");
        let includes = callee.child_by_field_name("property").is_some_and(|name| self.text_of(name) == "includes");
        if let (Some(list), true) = (list, includes) {
            let values = operands(list);
            if !values.is_empty() && values.len() <= MAX_PARTS {
                let any: Option<Vec<_>> = values.into_iter().map(|value| self.equals(argument, value, false)).collect();
                if let Some(any) = any {
                    return Cond::Or(any);
                }
            }
        }
        self.truthy(node, alone)
    }

    /// A condition that is not understood.
    pub(super) fn opaque(&self, node: Node) -> Cond {
        Cond::opaque(head(self.text_of(node)))
    }

    /// What is tested: its text, and the expression itself where it is a plain variable or member, or a variable of the
    /// environment whose name is a variable's: `process.env[name]`.
    fn subject(&mut self, node: Node, alone: bool) -> (String, Option<ExprId>) {
        let text = match self.env_name(node) {
            Some(name) => format!("env:{name}"),
            None => squeeze(head(self.text_of(node))),
        };
        let expr = (alone && (self.is_chain(node) || self.is_env_by_name(node))).then(|| self.expr(node));
        (text, expr)
    }

    fn is_env_by_name(&self, node: Node) -> bool {
        let part = |field| (node.kind() == "subscript_expression").then(|| node.child_by_field_name(field))?;
        part("index").is_some_and(|index| index.kind() == "identifier")
            && part("object").is_some_and(|object| self.is_environment(object))
    }

    fn is_environment(&self, object: Node) -> bool {
        let object = self.short_text(strip(object));
        object.is_some_and(|object| matches!(object.as_str(), "process.env" | "import.meta.env" | "Bun.env"))
    }

    fn short_text(&self, node: Node) -> Option<String> {
        (node.end_byte() - node.start_byte() < 60).then(|| squeeze(self.text_of(node)).replace("?.", "."))
    }

    /// The variable that `process.env.X` and its like read.
    fn env_name(&self, node: Node) -> Option<String> {
        if node.kind() == "call_expression" {
            let callee = self.short_text(node.child_by_field_name("function")?)?;
            let [argument] = operands(node.child_by_field_name("arguments")?)[..] else { return None };
            return (callee == "Deno.env.get").then(|| self.literal(argument)).flatten();
        }
        let name = match node.kind() {
            "member_expression" => self.text_of(node.child_by_field_name("property")?).to_owned(),
            "subscript_expression" => self.literal(node.child_by_field_name("index")?)?,
            _ => return None,
        };
        self.is_environment(node.child_by_field_name("object")?).then_some(name)
    }

    /// `null`, `undefined`, `void 0`.
    pub(super) fn is_nullish(&self, node: Node) -> bool {
        match node.kind() {
            "null" | "undefined" => true,
            "unary_expression" => {
                operator(node) == "void"
                    && node.child_by_field_name("argument").is_some_and(|argument| argument.kind() == "number")
            }
            _ => false,
        }
    }
}

/// The operands of a chain of one operator; `None` where there are too many.
fn same_operator<'t>(node: Node<'t>, op: &str, parts: &mut usize) -> Option<Vec<Node<'t>>> {
    let mut found = Vec::new();
    let mut node = node;
    while node.kind() == "binary_expression" && operator(node) == op {
        *parts = parts.checked_sub(1)?;
        found.push(node.child_by_field_name("right")?);
        node = strip(node.child_by_field_name("left")?);
    }
    found.push(node);
    found.reverse();
    Some(found)
}

/// [`Cond::chain`], but what is known in a long chain's later arms does not grow with its length.
pub(super) fn chain(conds: &[Cond]) -> Vec<Vec<Test>> {
    let size = |tests: &[Test]| tests.iter().map(|test| test.subject.len() + 32).sum::<usize>();
    let mut known: Vec<Test> = Vec::new();
    let mut bytes = 0;
    let mut arms = Vec::with_capacity(conds.len() + 1);
    for cond in conds {
        let mut arm = if bytes <= MAX_KNOWN { known.clone() } else { Vec::new() };
        arm.extend(cond.assume(true));
        arms.push(arm);
        if bytes <= MAX_KNOWN {
            let fails = cond.assume(false);
            bytes += size(&fails);
            known.extend(fails);
        }
    }
    arms.push(known);
    arms
}
