//! JSX: an element is the list of the expressions that stand in it.

use tree_sitter::Node;

use super::{Lower, operands};
use crate::facts::{ExprId, ExprKind, Item};

impl Lower<'_> {
    pub(super) fn jsx(&mut self, node: Node) -> ExprId {
        let mut items = Vec::new();
        let mut stack = operands(node);
        stack.reverse();
        while let Some(node) = stack.pop() {
            match node.kind() {
                // The name of an element or attribute, and text.
                "identifier"
                | "property_identifier"
                | "member_expression"
                | "jsx_text"
                | "string"
                | "type_arguments" => {}
                "jsx_expression" => {
                    for mut inner in operands(node) {
                        if inner.kind() == "spread_element" {
                            let Some(&spread) = operands(inner).first() else { continue };
                            inner = spread;
                        }
                        items.push(Item { value: self.expr(inner), spread: false });
                    }
                }
                _ => stack.extend(operands(node).into_iter().rev()),
            }
        }
        if items.is_empty() { self.unknown(node) } else { self.add(node, ExprKind::List(items)) }
    }
}
