//! Expressions.

use std::collections::HashMap;

use tree_sitter::Node;

use super::{Lower, fields, operands, operator, span, strip};
use crate::facts::{Arg, Call, Cond, Entry, ExprId, ExprKind, Item, Object, Place, Span, Spread, Stmt, Test};
use crate::text::Text;

/// Longer chains of `and` and `or` are not understood: what walks the facts would have to go as deep.
const MAX_CHAIN: usize = 16;

impl Lower<'_> {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, node: Node) -> ExprId {
        let node = strip(node);
        if node.is_missing() {
            return self.unknown(node);
        }
        self.deeper(|this| this.expr_here(node)).unwrap_or_else(|| self.unknown(node))
    }

    fn expr_here(&mut self, node: Node) -> ExprId {
        match node.kind() {
            "string" => self.string(node),
            "concatenated_string" => self.adjacent_strings(node),
            "integer" | "float" => self.add(node, ExprKind::Const(self.text_of(node).to_owned())),
            "true" => self.add(node, ExprKind::Const("True".to_owned())),
            "false" => self.add(node, ExprKind::Const("False".to_owned())),
            "none" => self.add(node, ExprKind::Null),
            "identifier" => self.name(node),
            "attribute" => {
                let (Some(object), Some(name)) =
                    (node.child_by_field_name("object"), node.child_by_field_name("attribute"))
                else {
                    return self.unknown(node);
                };
                let base = self.expr(object);
                self.add(node, ExprKind::Member(base, self.text_of(name).to_owned()))
            }
            "subscript" => self.subscript(node),
            "call" => self.call(node),
            "list" | "set" | "tuple" | "expression_list" | "pattern_list" => self.list(node, &operands(node)),
            "dictionary" => self.dictionary(node),
            "list_comprehension" | "set_comprehension" | "generator_expression" | "dictionary_comprehension" => {
                self.comprehension(node)
            }
            "binary_operator" => self.binary(node),
            "boolean_operator" => self.boolean(node),
            "conditional_expression" => self.conditional(node),
            "lambda" => self.lambda(node),
            "named_expression" => self.walrus(node),
            "unary_operator" => match self.constant(node) {
                Some(number) => self.add(node, ExprKind::Const(number)),
                None => self.only_effects(node),
            },
            "not_operator" | "comparison_operator" => self.truth(node),
            "slice" => self.only_effects(node),
            "yield" => {
                self.yields(node);
                self.unknown(node)
            }
            // In a `with`: the value of `a as b` is `a`.
            "as_pattern" => match operands(node).first() {
                Some(&value) => self.expr(value),
                None => self.unknown(node),
            },
            _ => self.unknown(node),
        }
    }

    /// An unknown value, with the calls in its parts put before the statement.
    fn only_effects(&mut self, node: Node) -> ExprId {
        operands(node).into_iter().for_each(|operand| self.effects(operand));
        self.unknown(node)
    }

    /// Puts an expression before the current statement where it may call something.
    pub(super) fn effects(&mut self, node: Node) {
        let mut root = strip(node);
        while root.kind() == "attribute" {
            match root.child_by_field_name("object") {
                Some(object) => root = strip(object),
                None => break,
            }
        }
        let plain = matches!(
            root.kind(),
            "identifier" | "integer" | "float" | "true" | "false" | "none" | "string" | "concatenated_string" | "type"
        );
        if !plain {
            let value = self.expr(node);
            if !matches!(self.builder.module().kind(value), ExprKind::Unknown | ExprKind::Const(_)) {
                self.builder.stmt(Stmt::Expr(value));
            }
        }
    }

    fn name(&mut self, node: Node) -> ExprId {
        let name = self.text_of(node);
        let variable = self.variable(name);
        if let Some(class) = &self.class
            && variable == name
            && class.fields.contains(name)
        {
            let id = class.id;
            let base = self.add(node, ExprKind::Class(id));
            return self.add(node, ExprKind::Member(base, variable));
        }
        self.add(node, ExprKind::Name(variable))
    }

    /// The text of a constant: a string's value, a number as written.
    pub(super) fn constant(&self, node: Node) -> Option<String> {
        let node = strip(node);
        match node.kind() {
            "string" | "concatenated_string" => self.literal(node),
            "integer" | "float" | "true" | "false" | "none" => Some(self.text_of(node).to_owned()),
            "unary_operator" if operator(node) == "-" => {
                let number = node.child_by_field_name("argument")?;
                matches!(number.kind(), "integer" | "float").then(|| format!("-{}", self.text_of(number)))
            }
            _ => None,
        }
    }

    fn subscript(&mut self, node: Node) -> ExprId {
        let Some(value) = node.child_by_field_name("value") else { return self.unknown(node) };
        let base = self.expr(value);
        let index = match fields(node, "subscript").as_slice() {
            [index] => self.expr(*index),
            several => self.list(node, several),
        };
        self.add(node, ExprKind::Index(base, index))
    }

    /// A list of the values of `nodes`, standing where `node` does.
    pub(super) fn list(&mut self, node: Node, nodes: &[Node]) -> ExprId {
        let mut items = Vec::new();
        for &item in nodes {
            let (value, spread) = match unstarred(item) {
                Some(value) => (value, true),
                None => (item, false),
            };
            items.push(Item { value: self.expr(value), spread });
        }
        self.add(node, ExprKind::List(items))
    }

    fn dictionary(&mut self, node: Node) -> ExprId {
        let mut entries = Vec::new();
        for child in operands(node) {
            match child.kind() {
                "pair" => entries.extend(self.pair(child)),
                _ => {
                    if let Some(&value) = operands(child).first() {
                        entries.push(Entry::Spread(self.expr(value)));
                    }
                }
            }
        }
        self.add(node, ExprKind::Object(Object { entries, ty: None }))
    }

    fn pair(&mut self, node: Node) -> Option<Entry> {
        let key_node = node.child_by_field_name("key")?;
        let value_node = node.child_by_field_name("value")?;
        Some(match self.constant(key_node) {
            Some(key) => Entry::Field { key: Some(key), key_span: span(key_node), value: self.expr(value_node) },
            None => Entry::Computed { key: self.expr(key_node), value: self.expr(value_node) },
        })
    }

    fn call(&mut self, node: Node) -> ExprId {
        let (Some(callee), Some(arguments)) =
            (node.child_by_field_name("function"), node.child_by_field_name("arguments"))
        else {
            return self.unknown(node);
        };
        match self.text_of(callee) {
            "dict" | "SimpleNamespace" | "types.SimpleNamespace" | "Namespace" | "argparse.Namespace"
                if arguments.kind() == "argument_list" =>
            {
                return self.dict_call(node, arguments);
            }
            // `cast(Type, value)` is its value.
            "cast" | "typing.cast" | "t.cast" => {
                if let &[_, value] = operands(arguments).as_slice() {
                    return self.expr(value);
                }
            }
            _ => {}
        }
        if let Some(text) = self.format_call(node, callee, arguments) {
            return text;
        }
        let base = self.base_constructed(callee, arguments);
        let callee = match base {
            Some(base) => {
                let name = self.add(base, ExprKind::Name("super".to_owned()));
                let made = self.add(base, ExprKind::Call(Call { callee: name, args: Vec::new(), new: false }));
                self.add(callee, ExprKind::Member(made, "__init__".to_owned()))
            }
            None => self.expr(callee),
        };
        let mut args = self.args(arguments);
        if base.is_some() {
            args.remove(0);
        }
        self.add(node, ExprKind::Call(Call { callee, args, new: false }))
    }

    /// The class in `Base.__init__(self, …)`, where that is the first base of the class around: it is what
    /// `super().__init__(…)` means.
    fn base_constructed<'n>(&mut self, callee: Node<'n>, arguments: Node) -> Option<Node<'n>> {
        let base = callee.child_by_field_name("object").filter(|_| callee.kind() == "attribute")?;
        let name = callee.child_by_field_name("attribute")?;
        if self.text_of(name) != "__init__" {
            return None;
        }
        let first = operands(arguments).first().map(|&first| self.text_of(first))?;
        let function = self.builder.current_func();
        let module = self.builder.module();
        let function = module.func(function);
        if function.receiver.as_deref() != Some(first) {
            return None;
        }
        let inherited = *module.classes[function.class?.index()].bases.first()?;
        let inherited = module.span(inherited);
        (self.text.get(inherited.range()) == Some(self.text_of(base))).then_some(base)
    }

    fn args(&mut self, arguments: Node) -> Vec<Arg> {
        // `f(x for x in y)`: the generator stands for the whole list.
        if arguments.kind() == "generator_expression" {
            return vec![Arg { name: None, name_span: None, spread: Spread::No, value: self.expr(arguments) }];
        }
        let mut args = Vec::new();
        for argument in operands(arguments) {
            let mut keyword = None;
            let (spread, value) = match argument.kind() {
                "keyword_argument" => {
                    keyword = argument.child_by_field_name("name");
                    (Spread::No, argument.child_by_field_name("value"))
                }
                "dictionary_splat" => (Spread::Keyword, operands(argument).first().copied()),
                _ => match unstarred(argument) {
                    Some(value) => (Spread::Positional, Some(value)),
                    None => (Spread::No, Some(argument)),
                },
            };
            if let Some(value) = value {
                let name = keyword.map(|name| self.text_of(name).to_owned());
                args.push(Arg { name, name_span: keyword.map(span), spread, value: self.expr(value) });
            }
        }
        args
    }

    /// `dict(a=1, **b)`, `SimpleNamespace(a=1)`.
    fn dict_call(&mut self, node: Node, arguments: Node) -> ExprId {
        let mut entries = Vec::new();
        for argument in operands(arguments) {
            match (argument.child_by_field_name("name"), argument.child_by_field_name("value")) {
                (Some(name), Some(value)) if argument.kind() == "keyword_argument" => {
                    let key = Some(self.text_of(name).to_owned());
                    entries.push(Entry::Field { key, key_span: span(name), value: self.expr(value) });
                }
                _ => {
                    let inner = if argument.kind() == "dictionary_splat" {
                        operands(argument).first().copied().unwrap_or(argument)
                    } else {
                        argument
                    };
                    entries.push(Entry::Spread(self.expr(inner)));
                }
            }
        }
        self.add(node, ExprKind::Object(Object { entries, ty: None }))
    }

    /// A comprehension's variables are assigned first; then it is a collection of one element.
    fn comprehension(&mut self, node: Node) -> ExprId {
        if let Some(of) = self.copied_entries(node) {
            let entries = vec![Entry::Spread(self.expr(of))];
            return self.add(node, ExprKind::Object(Object { entries, ty: None }));
        }
        self.aliases.push(HashMap::new());
        for clause in operands(node) {
            match clause.kind() {
                "for_in_clause" => self.for_in(clause),
                "if_clause" => operands(clause).into_iter().for_each(|condition| self.effects(condition)),
                _ => {}
            }
        }
        let kind = match node.child_by_field_name("body") {
            Some(body) if body.kind() == "pair" => {
                let entries = self.pair(body).into_iter().collect();
                ExprKind::Object(Object { entries, ty: None })
            }
            Some(body) => ExprKind::List(vec![Item { value: self.expr(body), spread: false }]),
            None => ExprKind::Unknown,
        };
        self.aliases.pop();
        self.add(node, kind)
    }

    /// The dictionary that `{k: v for k, v in options.items() if v is not None}` has the entries of.
    fn copied_entries<'t>(&self, node: Node<'t>) -> Option<Node<'t>> {
        let body = node.child_by_field_name("body").filter(|body| body.kind() == "pair")?;
        let names =
            [body.child_by_field_name("key")?, body.child_by_field_name("value")?].map(|name| self.text_of(name));
        let clauses = operands(node);
        let clauses: Vec<Node> = clauses.into_iter().filter(|clause| *clause != body).collect();
        let (clause, conditions) = clauses.split_first().filter(|(clause, _)| clause.kind() == "for_in_clause")?;
        let asks = |condition: &Node| match operands(*condition).as_slice() {
            [test] => self.text_of(*test) == format!("{} is not None", names[1]),
            _ => false,
        };
        let targets: Vec<&str> =
            operands(clause.child_by_field_name("left")?).into_iter().map(|name| self.text_of(name)).collect();
        if targets != names || !conditions.iter().all(|clause| clause.kind() == "if_clause" && asks(clause)) {
            return None;
        }
        let &[call] = fields(*clause, "right").as_slice() else { return None };
        let arguments = call.child_by_field_name("arguments").filter(|_| call.kind() == "call")?;
        let method = call.child_by_field_name("function")?;
        let is_items =
            operands(arguments).is_empty() && self.text_of(method.child_by_field_name("attribute")?) == "items";
        method.child_by_field_name("object").filter(|_| is_items)
    }

    fn for_in(&mut self, clause: Node) {
        let Some(target) = clause.child_by_field_name("left") else { return };
        let iterable = match fields(clause, "right").as_slice() {
            [one] => self.expr(*one),
            several => self.list(clause, several),
        };
        let each = self.add(target, ExprKind::Each(iterable));
        let names: Vec<String> = self.identifiers(target).into_iter().map(str::to_owned).collect();
        for name in names {
            self.bind_alias(&name, clause.start_byte());
        }
        self.target(target, each, span(clause));
    }

    fn walrus(&mut self, node: Node) -> ExprId {
        let (Some(name), Some(value)) = (node.child_by_field_name("name"), node.child_by_field_name("value")) else {
            return self.unknown(node);
        };
        let value = self.expr(value);
        self.assign(span(node), span(name), Place::name(self.variable(self.text_of(name))), value);
        self.name(name)
    }

    fn binary(&mut self, node: Node) -> ExprId {
        match operator(node) {
            "+" => {
                let parts = self.flatten(node).into_iter().map(|part| self.expr(part)).collect();
                self.add(node, ExprKind::Concat(parts))
            }
            "%" => self.percent(node).unwrap_or_else(|| self.only_effects(node)),
            kind => {
                let parts = self.flatten(node);
                match kind {
                    "/" if parts.last().is_some_and(|last| last.kind() == "string") => self.path(node, parts),
                    "|" if parts.iter().any(|part| part.kind() == "dictionary") => self.union(node, parts),
                    _ => {
                        parts.into_iter().for_each(|part| self.effects(part));
                        self.unknown(node)
                    }
                }
            }
        }
    }

    /// `folder / "config.yaml"`: a path.
    fn path(&mut self, node: Node, parts: Vec<Node>) -> ExprId {
        let mut written = Vec::new();
        for part in parts {
            if !written.is_empty() {
                written.push(self.add(node, ExprKind::Str(Text::new("/"))));
            }
            written.push(self.expr(part));
        }
        self.add(node, ExprKind::Concat(written))
    }

    /// `a | b` of dictionaries, where one of them shows that it is one.
    fn union(&mut self, node: Node, parts: Vec<Node>) -> ExprId {
        let entries = parts.into_iter().map(|part| Entry::Spread(self.expr(part))).collect();
        self.add(node, ExprKind::Object(Object { entries, ty: None }))
    }

    /// The operands of a chain of one operator, in order.
    pub(super) fn flatten<'t>(&self, node: Node<'t>) -> Vec<Node<'t>> {
        let (kind, token) = (node.kind(), operator(node));
        let mut found = Vec::new();
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            let node = strip(node);
            match (node.child_by_field_name("left"), node.child_by_field_name("right")) {
                (Some(left), Some(right)) if node.kind() == kind && operator(node) == token => {
                    pending.push(right);
                    pending.push(left);
                }
                _ => found.push(node),
            }
        }
        found
    }

    fn boolean(&mut self, node: Node) -> ExprId {
        let operands = self.flatten(node);
        let Some((&last, rest)) = operands.split_last() else { return self.unknown(node) };
        if operands.len() > MAX_CHAIN {
            operands.into_iter().for_each(|operand| self.effects(operand));
            return self.unknown(node);
        }
        if operator(node) == "or" {
            let mut left = None;
            for operand in operands {
                let right = self.expr(operand);
                left = Some(match left {
                    None => right,
                    Some(left) => {
                        let start = self.builder.module().span(left).start;
                        let whole = Span { start, end: span(operand).end };
                        self.builder.expr(whole, ExprKind::Fallback { left, right, nullish: false })
                    }
                });
            }
            return left.unwrap_or_else(|| self.unknown(node));
        }
        // The last one where all before it hold; else the first that does not.
        let mut conds = Vec::new();
        let mut values = Vec::new();
        for &operand in rest {
            let (cond, value) = self.tested(operand);
            conds.push(cond);
            values.push(value);
        }
        let all = conds.iter().flat_map(|cond| cond.assume(true)).collect();
        let mut arms = vec![(all, self.expr(last))];
        let mut known = Vec::new();
        for (cond, value) in conds.iter().zip(values) {
            let mut tests = known.clone();
            tests.extend(cond.assume(false));
            arms.push((tests, value));
            known.extend(cond.assume(true));
        }
        self.choice(node, &conds, arms)
    }

    /// An operand of `and` as a condition, and its value where that is falsy.
    fn tested(&mut self, node: Node) -> (Cond, ExprId) {
        if matches!(node.kind(), "not_operator" | "comparison_operator") {
            let cond = self.cond(node);
            return (cond, self.add(node, ExprKind::Const("False".to_owned())));
        }
        if node.kind() == "boolean_operator" {
            let cond = self.cond(node);
            return (cond, self.unknown(node));
        }
        let value = self.expr(node);
        (Cond::Truthy(self.subject_of(node, value), Some(value)), value)
    }

    /// What a condition is as a value: `is_relay = url is not None`.
    fn truth(&mut self, node: Node) -> ExprId {
        let cond = self.cond(node);
        let value = |this: &mut Self, text: &str| this.add(node, ExprKind::Const(text.to_owned()));
        let arms = vec![(cond.assume(true), value(self, "True")), (cond.assume(false), value(self, "False"))];
        self.choice(node, &[cond], arms)
    }

    fn conditional(&mut self, node: Node) -> ExprId {
        let &[then, condition, otherwise] = operands(node).as_slice() else { return self.unknown(node) };
        let cond = self.cond(condition);
        let then = self.expr(then);
        let otherwise = self.expr(otherwise);
        let arms = vec![(cond.assume(true), then), (cond.assume(false), otherwise)];
        self.choice(node, &[cond], arms)
    }

    fn choice(&mut self, node: Node, conds: &[Cond], arms: Vec<(Vec<Test>, ExprId)>) -> ExprId {
        let (tests, values): (Vec<_>, Vec<_>) = arms.into_iter().unzip();
        self.hold(conds, &tests);
        self.add(node, ExprKind::Choice(tests.into_iter().zip(values).collect()))
    }
}

/// What is unpacked by `*x`.
fn unstarred<'t>(node: Node<'t>) -> Option<Node<'t>> {
    let mut node = node;
    if node.kind() == "parenthesized_list_splat" {
        node = operands(node).first().copied()?;
    }
    matches!(node.kind(), "list_splat" | "list_splat_pattern").then(|| operands(node).first().copied()).flatten()
}
