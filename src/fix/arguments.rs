//! One more argument for a call, or an argument's right name.

use tree_sitter::Node;

use super::{Place, list};
use crate::facts::{ExprKind, Module, Span, Stmt};
use crate::finding::{Applicability, Edit, UrlSlot};
use crate::language::Language;

type Edits = Option<(Vec<Edit>, Applicability)>;

/// Gives the call at a place an endpoint.
pub(super) fn add(place: &Place<'_>, module: &Module, call: Span, slot: &UrlSlot, url: &str) -> Edits {
    let safe = |edits| (edits, Applicability::Safe);
    match (slot, place.source.language) {
        (UrlSlot::Argument(paths), Language::Python) => python(place, call, paths, url),
        (UrlSlot::Argument(paths), Language::Notebook) => {
            super::notebook::edits(place, call, |inner, call| python(inner, call, paths, url))
        }
        (UrlSlot::Argument(paths), language) if language.is_javascript() => {
            javascript(place, call, paths.first()?, url)
        }
        (UrlSlot::Method(name), _) => Some(safe(method(place, call, name, url))),
        (UrlSlot::Call(template), _) => other_call(place, module, call, template, url).map(safe),
        (UrlSlot::Attribute(name), Language::Python) => attribute(place, module, call, name, url).map(safe),
        _ => None,
    }
}

/// Gives an option its right name, or its right place.
pub(super) fn rename(place: &Place<'_>, value: Span, from: &str, to: &str) -> Option<Vec<Edit>> {
    let tree = place.syntax()?;
    let mut node = tree.root_node().descendant_for_byte_range(value.start as usize, value.end as usize)?;
    // The nearest option around the value, or the value itself where its name stands for both.
    loop {
        let name = match node.kind() {
            "keyword_argument" => node.child_by_field_name("name"),
            "pair" => node.child_by_field_name("key"),
            "shorthand_property_identifier" => Some(node),
            // `options.baseUrl = …`
            "assignment_expression" | "assignment" => {
                let left = node.child_by_field_name("left")?;
                let name = left.child_by_field_name("property").or_else(|| left.child_by_field_name("attribute"))?;
                let known = place.text().get(name.byte_range())? == from && !to.contains('.');
                return known.then(|| vec![place.edit(name.start_byte(), name.end_byte(), to)]);
            }
            _ => None,
        };
        if let Some(name) = name {
            let text = place.text().get(name.byte_range())?;
            if text.trim_matches(['"', '\'']) != from {
                return None;
            }
            let shorthand = name == node;
            return match to.split_once('.') {
                None if shorthand => Some(vec![place.insert(node.start_byte(), format!("{to}: "))]),
                None => {
                    let inner = text.find(from)? + name.start_byte();
                    Some(vec![place.edit(inner, inner + from.len(), to)])
                }
                Some(_) if place.source.language == Language::Python => None,
                Some((outer, inner)) => wrap(place, node, shorthand, outer, inner),
            };
        }
        node = node.parent()?;
    }
}

/// `baseURL: x` as `configuration: { baseURL: x }`.
fn wrap(place: &Place<'_>, option: Node<'_>, shorthand: bool, outer: &str, inner: &str) -> Option<Vec<Edit>> {
    let object = option.parent()?;
    if inner.contains('.') || property(place, object, outer).is_some() {
        return None;
    }
    let (start, end) = (option.start_byte(), option.end_byte());
    if shorthand {
        let value = place.text().get(start..end)?;
        let named = if value == inner { value.to_owned() } else { format!("{inner}: {value}") };
        return Some(vec![place.edit(start, end, format!("{outer}: {{ {named} }}"))]);
    }
    let key = option.child_by_field_name("key")?;
    Some(vec![place.edit(start, key.end_byte(), format!("{outer}: {{ {inner}")), place.insert(end, " }")])
}

/// The call that a span is.
fn call_at<'t>(root: Node<'t>, span: Span, kinds: &[&str]) -> Option<Node<'t>> {
    let mut node = root.descendant_for_byte_range(span.start as usize, span.end as usize)?;
    while !kinds.contains(&node.kind()) {
        node = node.parent().filter(|parent| parent.byte_range() == span.range())?;
    }
    (node.byte_range() == span.range()).then_some(node)
}

fn named_children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !list::is_comment(*child)).collect()
}

/// One more argument for a Python call that has no others by keyword of that name.
pub(super) fn add_argument(place: &Place<'_>, call: Span, argument: &str) -> Option<Vec<Edit>> {
    if place.source.language != Language::Python {
        return None;
    }
    let tree = place.syntax()?;
    let call = call_at(tree.root_node(), call, &["call"])?;
    let arguments = call.child_by_field_name("arguments").filter(|node| node.kind() == "argument_list")?;
    let spread = |node: &Node<'_>| matches!(node.kind(), "dictionary_splat" | "list_splat");
    let none = !named_children(arguments).iter().any(spread);
    none.then(|| list::push(place, arguments, argument, false)).flatten()
}

/// `base_url="…"` for a Python call.
fn python(place: &Place<'_>, call: Span, paths: &[String], url: &str) -> Edits {
    let path = paths.first().filter(|path| !path.contains('.'))?;
    let tree = place.syntax()?;
    let call = call_at(tree.root_node(), call, &["call"])?;
    let arguments = call.child_by_field_name("arguments").filter(|node| node.kind() == "argument_list")?;
    let mut applicability = Applicability::Safe;
    let mut position = 0;
    for argument in named_children(arguments) {
        match argument.kind() {
            // Whether it holds the argument already only the program knows.
            "dictionary_splat" => applicability = Applicability::Unsafe,
            "keyword_argument" => {
                let name = argument.child_by_field_name("name")?;
                let name = place.text().get(name.byte_range())?;
                if paths.iter().any(|path| path == name) {
                    return or_else(place, argument.child_by_field_name("value")?, "or", url);
                }
            }
            "list_splat" => return None,
            _ => {
                if paths.iter().any(|path| *path == position.to_string()) {
                    return or_else(place, argument, "or", url);
                }
                position += 1;
            }
        }
    }
    let near = Span::new(arguments.start_byte(), arguments.end_byte());
    let item = format!("{path}={}", place.quoted(near, url));
    Some((list::push(place, arguments, &item, false)?, applicability))
}

/// A URL in the place of a value that is none, or for the case that it is none.
fn or_else(place: &Place<'_>, value: Node<'_>, or: &str, url: &str) -> Edits {
    let span = Span::new(value.start_byte(), value.end_byte());
    if let Some(edits) = super::values::set_url(place, span, url) {
        return Some((edits, Applicability::Safe));
    }
    let operator = value.child_by_field_name("operator").map_or("", |node| node.kind());
    let (open, close) = match value.kind() {
        "identifier" | "attribute" | "call" | "subscript" | "parenthesized_expression" => ("", ""),
        "member_expression" | "call_expression" | "subscript_expression" => ("", ""),
        "boolean_operator" | "binary_expression" if operator == or => ("", ""),
        "boolean_operator" | "binary_expression" | "conditional_expression" | "ternary_expression" => ("(", ")"),
        _ => return None,
    };
    let near = Span::new(place.line_start(value.start_byte()), value.end_byte());
    let mut edits = vec![place.insert(value.end_byte(), format!("{close} {or} {}", place.quoted(near, url)))];
    if !open.is_empty() {
        edits.push(place.insert(value.start_byte(), open));
    }
    Some((edits, Applicability::Unsafe))
}

/// `baseURL: "…"` in the options of a JavaScript call.
fn javascript(place: &Place<'_>, call: Span, path: &str, url: &str) -> Edits {
    let (position, fields) = path.split_once('.')?;
    let fields: Vec<&str> = fields.split('.').collect();
    let tree = place.syntax()?;
    let call = call_at(tree.root_node(), call, &["new_expression", "call_expression"])?;
    let Some(arguments) = call.child_by_field_name("arguments") else {
        // `new OpenAI`
        let near = Span::new(call.start_byte(), call.end_byte());
        let object = nested(place, &fields, near, url);
        let whole = position == "0" && call.kind() == "new_expression";
        return whole.then(|| (vec![place.insert(call.end_byte(), format!("({object})"))], Applicability::Safe));
    };
    if arguments.kind() != "arguments" {
        return None;
    }
    let given = named_children(arguments);
    let near = Span::new(arguments.start_byte(), arguments.end_byte());
    let position: usize = position.parse().ok()?;
    match given.get(position) {
        Some(argument) => object(place, *argument, &fields, near, url),
        None if given.len() == position => {
            let item = nested(place, &fields, near, url);
            Some((list::push(place, arguments, &item, false)?, Applicability::Safe))
        }
        None => None,
    }
}

/// `{ configuration: { baseURL: "…" } }`.
fn nested(place: &Place<'_>, fields: &[&str], near: Span, url: &str) -> String {
    format!("{{ {} }}", entry(place, fields, near, url))
}

/// `configuration: { baseURL: "…" }`.
fn entry(place: &Place<'_>, fields: &[&str], near: Span, url: &str) -> String {
    let Some((last, outer)) = fields.split_last() else { return String::new() };
    let innermost = format!("{last}: {}", place.quoted(near, url));
    outer.iter().rev().fold(innermost, |inner, field| format!("{field}: {{ {inner} }}"))
}

/// Puts the endpoint into an expression that is to be an object with it.
fn object(place: &Place<'_>, value: Node<'_>, fields: &[&str], near: Span, url: &str) -> Edits {
    let value = uncast(value);
    let (first, rest) = fields.split_first()?;
    match value.kind() {
        "object" => {
            let Some(known) = property(place, value, first) else {
                let item = entry(place, fields, near, url);
                return Some((list::push(place, value, &item, true)?, Applicability::Safe));
            };
            if known.kind() == "shorthand_property_identifier" && rest.is_empty() {
                let value = format!(": {first} || {}", place.quoted(near, url));
                return Some((vec![place.insert(known.end_byte(), value)], Applicability::Unsafe));
            }
            let inner = known.child_by_field_name("value").filter(|_| known.kind() == "pair")?;
            if rest.is_empty() {
                return or_else(place, uncast(inner), "||", url);
            }
            object(place, inner, rest, near, url)
        }
        "undefined" | "null" => {
            let whole = nested(place, fields, near, url);
            Some((vec![place.edit(value.start_byte(), value.end_byte(), whole)], Applicability::Safe))
        }
        // The object is made elsewhere, and others may use it: a copy with the endpoint.
        "identifier" | "member_expression" => {
            let item = entry(place, fields, near, url);
            let edits =
                vec![place.insert(value.start_byte(), "{ ..."), place.insert(value.end_byte(), format!(", {item} }}"))];
            Some((edits, Applicability::Unsafe))
        }
        _ => None,
    }
}

/// An expression without parentheses and casts around it.
fn uncast(mut node: Node<'_>) -> Node<'_> {
    while matches!(
        node.kind(),
        "parenthesized_expression" | "as_expression" | "satisfies_expression" | "non_null_expression"
    ) {
        match named_children(node).first() {
            Some(inner) => node = *inner,
            None => break,
        }
    }
    node
}

/// The property of a name in an object literal, the last one where there are several.
fn property<'t>(place: &Place<'_>, object: Node<'t>, name: &str) -> Option<Node<'t>> {
    named_children(object).into_iter().rev().find(|child| {
        let key = child.child_by_field_name("key").or_else(|| child.child_by_field_name("name")).unwrap_or(*child);
        place.text().get(key.byte_range()).is_some_and(|text| text.trim_matches(['"', '\'']) == name)
    })
}

/// `.with_api_base("…")` after a call, in the layout of the calls that follow.
fn method(place: &Place<'_>, call: Span, name: &str, url: &str) -> Vec<Edit> {
    let end = call.end as usize;
    let rest = &place.text()[end..];
    let blank = &rest[..rest.len() - rest.trim_start().len()];
    let chained = blank.contains('\n') && rest.trim_start().starts_with('.');
    let before = if chained { blank } else { "" };
    vec![place.insert(end, format!("{before}.{name}(\"{url}\")"))]
}

/// Another call in the place of the client's: its path stays, its last name changes, and `template` says what comes
/// before and behind its arguments.
fn other_call(place: &Place<'_>, module: &Module, span: Span, template: &str, url: &str) -> Option<Vec<Edit>> {
    let call = module.expr_ids().find_map(|expr| match module.kind(expr) {
        ExprKind::Call(call) if module.span(expr) == span => Some(call),
        _ => None,
    })?;
    let callee = module.span(call.callee);
    let name_start = place.source.slice(callee).rfind(['.', ':']).map_or(0, |at| at + 1) + callee.start as usize;
    let (name, inside) = template.strip_suffix(')')?.split_once('(')?;
    let inside = inside.replace("{url}", &format!("\"{url}\""));
    let (open, end) = (callee.end as usize + 1, span.end as usize - 1);
    let args = place.text().get(open..end).filter(|_| place.text().get(callee.end as usize..open) == Some("("))?;
    let mut edits = vec![place.edit(name_start, callee.end as usize, name)];
    match inside.split_once("{args}") {
        // Where the arguments are kept, nothing of them is in the edits: one may be a key.
        Some((before, behind)) => {
            let last = args.trim_end().trim_end_matches(',').len();
            let blank = &args[..args.len() - args.trim_start().len()];
            let before = if blank.contains('\n') { format!("{}{blank}", before.trim_end()) } else { before.to_owned() };
            edits.push(place.insert(open + blank.len(), before));
            if !behind.is_empty() {
                edits.push(place.insert(open + last, behind));
            }
        }
        None if args.trim().is_empty() => edits.push(place.edit(open, end, inside)),
        None => return None,
    }
    Some(edits)
}

/// `openai.base_url = "…"`, below the line that sets the key in the same way, else above the call.
fn attribute(place: &Place<'_>, module: &Module, call: Span, name: &str, url: &str) -> Option<Vec<Edit>> {
    let (_, attribute) = name.rsplit_once('.')?;
    let callee = place.source.slice(call);
    let (root, _) = callee.split_once('.').filter(|(root, _)| !root.contains('('))?;
    let root = root.trim();
    let newline = place.newline();
    let set = module.blocks.iter().flat_map(|block| &block.stmts).find_map(|stmt| match stmt {
        Stmt::Assign { place: target, span, .. }
            if target.root == root && matches!(target.path.as_slice(), [Some(field)] if field == "api_key") =>
        {
            Some(*span)
        }
        _ => None,
    });
    let value = |near: Span| format!("{root}.{attribute} = {}", place.quoted(near, url));
    if let Some(set) = set {
        let (start, end) = (set.start as usize, set.end as usize);
        let alone = place.text()[place.line_start(start)..start].trim().is_empty();
        let line_end = place.line_end(end);
        let rest = place.text()[end..line_end].trim();
        if alone && (rest.is_empty() || rest.starts_with('#')) {
            return Some(vec![place.insert(line_end, format!("{newline}{}{}", place.indent(start), value(set)))]);
        }
    }
    let tree = place.syntax()?;
    let mut node = tree.root_node().descendant_for_byte_range(call.start as usize, call.end as usize)?;
    while !matches!(node.parent()?.kind(), "block" | "module") {
        node = node.parent()?;
    }
    let start = node.start_byte();
    let alone = place.text()[place.line_start(start)..start].trim().is_empty();
    let line = format!("{}{newline}{}", value(call), place.indent(start));
    alone.then(|| vec![place.insert(start, line)])
}
