//! JSX: an element is the list of the expressions that stand in it. One of a component is a call of the function that it
//! names, with an object of its attributes.

use tree_sitter::Node;

use super::{Lower, children, operands, span};
use crate::facts::{Arg, Entry, ExprId, ExprKind, Item, Object, Spread};
use crate::text::Text;

impl Lower<'_> {
    pub(super) fn jsx(&mut self, node: Node) -> ExprId {
        let mut items = Vec::new();
        let mut stack = vec![node];
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
                    for inner in operands(node) {
                        let value = self.embedded(inner);
                        items.push(Item { value, spread: false });
                    }
                }
                "jsx_opening_element" | "jsx_self_closing_element" => match self.component(node) {
                    Some(value) => items.push(Item { value, spread: false }),
                    None => stack.extend(operands(node).into_iter().rev()),
                },
                _ => stack.extend(operands(node).into_iter().rev()),
            }
        }
        if items.is_empty() { self.unknown(node) } else { self.add(node, ExprKind::List(items)) }
    }

    /// What stands in braces.
    fn embedded(&mut self, node: Node) -> ExprId {
        match operands(node).first() {
            Some(&inner) if node.kind() == "spread_element" => self.expr(inner),
            _ => self.expr(node),
        }
    }

    /// `<Provider url="…" {...rest}>`: names of components begin with an upper case letter, those of HTML do not.
    fn component(&mut self, node: Node) -> Option<ExprId> {
        let name = node.child_by_field_name("name").filter(|name| name.kind() == "identifier")?;
        if !self.text_of(name).starts_with(|c: char| c.is_ascii_uppercase()) {
            return None;
        }
        let mut entries = Vec::new();
        for attribute in children(node) {
            match attribute.kind() {
                "jsx_expression" => {
                    for inner in operands(attribute) {
                        entries.push(Entry::Spread(self.embedded(inner)));
                    }
                }
                "jsx_attribute" => {
                    let parts = operands(attribute);
                    let Some(&key) = parts.first() else { continue };
                    let value = match parts.get(1) {
                        None => self.add(attribute, ExprKind::Const("true".to_owned())),
                        Some(value) if value.kind() == "string" => {
                            let text = self.literal(*value).unwrap_or_default();
                            self.add(*value, ExprKind::Str(Text::new(text)))
                        }
                        Some(value) if value.kind() == "jsx_expression" => match operands(*value).first() {
                            Some(&inner) => self.expr(inner),
                            None => self.unknown(*value),
                        },
                        Some(value) => self.expr(*value),
                    };
                    let key_span = span(key);
                    entries.push(Entry::Field { key: Some(self.text_of(key).to_owned()), key_span, value });
                }
                _ => {}
            }
        }
        let callee = self.add(name, ExprKind::Name(self.text_of(name).to_owned()));
        let value = self.add(node, ExprKind::Object(Object { entries, ty: None }));
        let arg = Arg { name: None, name_span: None, spread: Spread::No, value };
        Some(self.make_call(node, callee, vec![arg], false))
    }
}
