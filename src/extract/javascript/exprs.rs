//! Expressions.

use tree_sitter::Node;

use super::conds::chain;
use super::{Lower, children, has_token, operands, operator, slots, span, strip};
use crate::facts::{Arg, BlockId, Call, Cond, Entry, ExprId, ExprKind, Import, Item, Object, Spread, Test, squeeze};
use crate::text::Text;

/// Longer chains of members are not lowered twice.
const MAX_CHAIN: usize = 8;

/// Helpers that compilers put around `require`: the module stands for the result.
const INTEROP: [&str; 5] =
    ["__importDefault", "__importStar", "__toESM", "_interopRequireDefault", "_interopRequireWildcard"];

/// `require` itself, and what bundlers call it in ES modules.
const REQUIRE: [&str; 3] = ["require", "__require", "import"];

impl Lower<'_> {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, node: Node) -> ExprId {
        let node = strip(node);
        if node.is_missing() {
            return self.unknown(node);
        }
        self.deeper(|this| this.expr_here(node)).unwrap_or_else(|| self.unknown(node))
    }

    /// Lowers a part of an expression, unknown where the parser did not find it.
    fn expr_of(&mut self, node: Node, field: &str) -> ExprId {
        match node.child_by_field_name(field) {
            Some(child) => self.expr(child),
            None => self.unknown(node),
        }
    }

    fn expr_here(&mut self, node: Node) -> ExprId {
        match node.kind() {
            "string" => {
                let text = self.literal(node).unwrap_or_default();
                self.add(node, ExprKind::Str(Text::new(text)))
            }
            "template_string" => self.template(node, false),
            "number" | "true" | "false" => self.add(node, ExprKind::Const(self.text_of(node).to_owned())),
            "null" => self.add(node, ExprKind::Null),
            "undefined" => self.add(node, ExprKind::Undefined),
            "identifier" | "this" | "super" | "import" => self.name(node),
            "meta_property" => {
                if squeeze(self.text_of(node)) != "import.meta" {
                    return self.unknown(node);
                }
                let base = self.add(node, ExprKind::Name("import".to_owned()));
                self.add(node, ExprKind::Member(base, "meta".to_owned()))
            }
            "member_expression" => {
                let Some(property) = node.child_by_field_name("property") else { return self.unknown(node) };
                let base = self.expr_of(node, "object");
                self.add(node, ExprKind::Member(base, self.text_of(property).to_owned()))
            }
            "subscript_expression" => {
                let base = self.expr_of(node, "object");
                let index = self.expr_of(node, "index");
                self.add(node, ExprKind::Index(base, index))
            }
            "call_expression" => self.call(node),
            "new_expression" => {
                if let Some(headers) = self.headers(node) {
                    return headers;
                }
                let callee = self.expr_of(node, "constructor");
                let args = node.child_by_field_name("arguments").map_or(Vec::new(), |args| self.arguments(args));
                self.make_call(node, callee, args, true)
            }
            "object" => self.object(node),
            "array" => self.array(node),
            "binary_expression" => self.binary(node),
            "unary_expression" => self.unary(node),
            "ternary_expression" => self.ternary(node),
            "sequence_expression" => self.sequence(node),
            "assignment_expression" => self.assignment_value(node),
            "augmented_assignment_expression" => self.augmented_value(node),
            "update_expression" => {
                self.update(node);
                self.unknown(node)
            }
            "arrow_function" | "function_expression" | "generator_function" | "function" => {
                let func = self.function(node, None, Vec::new());
                self.add(node, ExprKind::Func(func))
            }
            "class" => {
                let class = self.class(node, Vec::new());
                self.add(node, ExprKind::Class(class))
            }
            "yield_expression" => {
                let func = self.builder.current_func();
                self.builder.function_mut(func).generator = true;
                self.only_effects(node)
            }
            "jsx_element" | "jsx_self_closing_element" | "jsx_fragment" => self.jsx(node),
            _ => self.unknown(node),
        }
    }

    fn name(&mut self, node: Node) -> ExprId {
        let kind = match self.text_of(node) {
            "undefined" => ExprKind::Undefined,
            name => ExprKind::Name(name.to_owned()),
        };
        self.add(node, kind)
    }

    /// An unknown value, with the calls in its parts put before the statement.
    fn only_effects(&mut self, node: Node) -> ExprId {
        operands(node).into_iter().for_each(|operand| self.effects(operand));
        self.unknown(node)
    }

    /// Whether an expression is a variable or a short chain of members of one, which can be read twice.
    pub(super) fn is_chain(&self, node: Node) -> bool {
        let mut node = strip(node);
        for _ in 0..MAX_CHAIN {
            match node.kind() {
                "identifier" | "this" | "meta_property" => return true,
                "member_expression" => match node.child_by_field_name("object") {
                    Some(object) => node = strip(object),
                    None => return false,
                },
                _ => return false,
            }
        }
        false
    }

    pub(super) fn make_call(&mut self, node: Node, callee: ExprId, args: Vec<Arg>, new: bool) -> ExprId {
        self.calls += 1;
        self.add(node, ExprKind::Call(Call { callee, args, new }))
    }

    fn call(&mut self, node: Node) -> ExprId {
        let (Some(function), Some(arguments)) =
            (node.child_by_field_name("function").map(strip), node.child_by_field_name("arguments"))
        else {
            return self.only_effects(node);
        };
        if arguments.kind() == "template_string" {
            if self.text_of(function) == "String.raw" {
                return self.template(arguments, true);
            }
            let callee = self.expr(function);
            let value = self.template(arguments, false);
            return self.make_call(
                node,
                callee,
                vec![Arg { name: None, name_span: None, spread: Spread::No, value }],
                false,
            );
        }
        if let Some(import) = self.import_call(function, arguments) {
            return self.add(node, ExprKind::Import(import));
        }
        if self.is_interop(function)
            && let Some(&wrapped) = operands(arguments).first()
        {
            return self.expr(wrapped);
        }
        self.star_call(function, arguments);
        let callee = self.expr(function);
        let args = self.arguments(arguments);
        self.make_call(node, callee, args, false)
    }

    /// `require("m")`, `import("m")`.
    pub(super) fn import_call(&self, function: Node, arguments: Node) -> Option<Import> {
        let loads = function.kind() == "import"
            || (function.kind() == "identifier" && REQUIRE.contains(&self.text_of(function)));
        let module = operands(arguments).first().copied().filter(|_| loads)?;
        Some(Import { module: self.literal(strip(module))?, name: None })
    }

    /// `new Headers(init)`: an object with the fields of `init`.
    fn headers(&mut self, node: Node) -> Option<ExprId> {
        if self.text_of(node.child_by_field_name("constructor")?) != "Headers" {
            return None;
        }
        match node.child_by_field_name("arguments").map(operands).unwrap_or_default()[..] {
            [] => Some(self.add(node, ExprKind::Object(Object::default()))),
            [init] if init.kind() != "spread_element" => {
                let init = self.expr(init);
                Some(self.add(node, ExprKind::Object(Object { entries: vec![Entry::Spread(init)], ty: None })))
            }
            _ => None,
        }
    }

    fn is_interop(&self, function: Node) -> bool {
        self.is_helper(function, &INTEROP)
    }

    /// Whether a compiler's helper is called: by its name, or as a member of `tslib`.
    pub(super) fn is_helper(&self, function: Node, names: &[&str]) -> bool {
        let name = match function.kind() {
            "member_expression" => function.child_by_field_name("property"),
            // `(0, tslib_1.__importDefault)(...)`
            "sequence_expression" => {
                let last = operands(function).last().copied();
                last.and_then(|last| last.child_by_field_name("property"))
            }
            _ => Some(function),
        };
        name.is_some_and(|name| names.contains(&self.text_of(name)))
    }

    fn arguments(&mut self, node: Node) -> Vec<Arg> {
        let mut args = Vec::new();
        for child in children(node) {
            let (spread, value) = match child.kind() {
                "spread_element" => (Spread::Positional, self.inner(child)),
                _ if child.is_error() => (Spread::Positional, self.skipped(child)),
                _ => (Spread::No, self.expr(child)),
            };
            args.push(Arg { name: None, name_span: None, spread, value });
        }
        args
    }

    /// The one expression in a node.
    fn inner(&mut self, node: Node) -> ExprId {
        match operands(node).first() {
            Some(&inner) => self.expr(inner),
            None => self.unknown(node),
        }
    }

    /// What stands in a syntax error.
    fn skipped(&mut self, node: Node) -> ExprId {
        self.deeper(|this| this.statements(node));
        self.unknown(node)
    }

    fn object(&mut self, node: Node) -> ExprId {
        let mut entries = Vec::new();
        for child in children(node) {
            match child.kind() {
                "pair" => {
                    let Some(key) = child.child_by_field_name("key") else { continue };
                    let entry = match self.computed_key(key) {
                        Some(key) => Entry::Computed { key, value: self.expr_of(child, "value") },
                        None => {
                            let name = self.key(key);
                            Entry::Field { key: name, key_span: span(key), value: self.expr_of(child, "value") }
                        }
                    };
                    entries.push(entry);
                }
                "shorthand_property_identifier" => {
                    let value = self.name(child);
                    let key = Some(self.text_of(child).to_owned());
                    entries.push(Entry::Field { key, key_span: span(child), value });
                }
                "spread_element" => entries.push(Entry::Spread(self.spread_fields(child))),
                "method_definition" => self.object_method(child, &mut entries),
                _ if child.is_error() => entries.push(Entry::Spread(self.skipped(child))),
                _ => {}
            }
        }
        self.add(node, ExprKind::Object(Object { entries, ty: None }))
    }

    /// What `...x` adds to an object. In `...(a && b)` a falsy `a` adds nothing.
    fn spread_fields(&mut self, node: Node) -> ExprId {
        match operands(node).first().copied().map(strip) {
            Some(inner) if inner.kind() == "binary_expression" && operator(inner) == "&&" => {
                self.deeper(|this| this.and(inner, true)).unwrap_or_else(|| self.unknown(inner))
            }
            _ => self.inner(node),
        }
    }

    fn object_method(&mut self, node: Node, entries: &mut Vec<Entry>) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let key = self.key(name);
        let func = self.method(node, None, Vec::new());
        if has_token(node, "set") {
            return;
        }
        let mut value = self.add(node, ExprKind::Func(func));
        // A getter's value is what a call of it gives.
        if has_token(node, "get") {
            value = self.make_call(node, value, Vec::new(), false);
        }
        entries.push(Entry::Field { key, key_span: span(name), value });
    }

    /// The expression that gives a property its name, where that is no constant of its own: `[API_KEY_HEADER]: key`.
    fn computed_key(&mut self, node: Node) -> Option<ExprId> {
        let inner = operands(node).first().copied().filter(|_| node.kind() == "computed_property_name")?;
        if self.constant(inner).is_some() { None } else { Some(self.expr(inner)) }
    }

    /// A property's name, where it is constant.
    pub(super) fn key(&mut self, node: Node) -> Option<String> {
        match node.kind() {
            "string" => self.literal(node),
            "computed_property_name" => {
                let inner = operands(node).first().copied()?;
                let constant = self.constant(inner);
                if constant.is_none() {
                    self.effects(inner);
                }
                constant
            }
            _ => Some(self.text_of(node).to_owned()),
        }
    }

    fn array(&mut self, node: Node) -> ExprId {
        let mut items = Vec::new();
        for slot in slots(node) {
            items.push(match slot {
                Some(item) if item.kind() == "spread_element" => Item { value: self.inner(item), spread: true },
                Some(item) => Item { value: self.expr(item), spread: false },
                None => Item { value: self.add(node, ExprKind::Undefined), spread: false },
            });
        }
        self.add(node, ExprKind::List(items))
    }

    fn unary(&mut self, node: Node) -> ExprId {
        if self.is_nullish(node) {
            return self.add(node, ExprKind::Undefined);
        }
        if let Some(number) = self.constant(node) {
            return self.add(node, ExprKind::Const(number));
        }
        let value = self.only_effects(node);
        if operator(node) == "void" { self.add(node, ExprKind::Undefined) } else { value }
    }

    fn binary(&mut self, node: Node) -> ExprId {
        match operator(node) {
            "+" => self.concat(node),
            op @ ("||" | "??") => {
                let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right"))
                else {
                    return self.only_effects(node);
                };
                let first = self.expr(left);
                let (second, block) = self.maybe(right);
                self.settle(None, Some(block), |this| chain(&[this.cond(left)]));
                self.add(node, ExprKind::Fallback { left: first, right: second, nullish: op == "??" })
            }
            "&&" => self.and(node, false),
            _ => self.only_effects(node),
        }
    }

    /// `a + b + c …`, however long.
    fn concat(&mut self, node: Node) -> ExprId {
        let mut operands = Vec::new();
        let mut left = node;
        while left.kind() == "binary_expression" && operator(left) == "+" {
            operands.extend(left.child_by_field_name("right"));
            match left.child_by_field_name("left") {
                Some(next) => left = strip(next),
                None => break,
            }
        }
        operands.push(left);
        let parts = operands.into_iter().rev().map(|operand| self.expr(operand)).collect();
        self.add(node, ExprKind::Concat(parts))
    }

    /// `left && right`: the right value where the left one is truthy, else the left one, which may not matter.
    fn and(&mut self, node: Node, only_truthy: bool) -> ExprId {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
            return self.only_effects(node);
        };
        let otherwise = if only_truthy || is_boolean(strip(left)) {
            self.effects(left);
            self.add(left, ExprKind::Const("false".to_owned()))
        } else {
            self.expr(left)
        };
        let mut tests = chain(&[self.cond(left)]);
        let fails = tests.pop().unwrap_or_default();
        let holds = tests.pop().unwrap_or_default();
        let (value, block) = self.maybe(right);
        self.settle(Some(block), None, |_| vec![holds.clone(), fails.clone()]);
        self.add(node, ExprKind::Choice(vec![(holds, value), (fails, otherwise)]))
    }

    fn ternary(&mut self, node: Node) -> ExprId {
        let (Some(condition), Some(yes), Some(no)) = (
            node.child_by_field_name("condition"),
            node.child_by_field_name("consequence"),
            node.child_by_field_name("alternative"),
        ) else {
            return self.only_effects(node);
        };
        self.effects(condition);
        let mut tests = chain(&[self.cond(condition)]);
        let fails = tests.pop().unwrap_or_default();
        let holds = tests.pop().unwrap_or_default();
        let (first, first_block) = self.maybe(yes);
        let (second, second_block) = self.maybe(no);
        self.settle(Some(first_block), Some(second_block), |_| vec![holds.clone(), fails.clone()]);
        self.add(node, ExprKind::Choice(vec![(holds, first), (fails, second)]))
    }

    /// Lowers an expression that may not run. What it puts before its statement goes to a block; give that to
    /// [`Lower::settle`].
    fn maybe(&mut self, node: Node) -> (ExprId, BlockId) {
        let block = self.builder.open_block(Vec::new());
        let value = self.expr(node);
        self.builder.close_block();
        (value, block)
    }

    /// Adds the branch for what parts of an expression put before its statement, where they did so at all.
    /// `tests` says what is known where the condition holds and where it fails.
    fn settle(
        &mut self,
        holds: Option<BlockId>,
        fails: Option<BlockId>,
        tests: impl FnOnce(&mut Self) -> Vec<Vec<Test>>,
    ) {
        let module = self.builder.module();
        if [holds, fails].iter().flatten().all(|&block| module.block(block).stmts.is_empty()) {
            for block in [fails, holds].into_iter().flatten() {
                if block.index() + 1 == module.blocks.len() {
                    module.blocks.pop();
                }
            }
            return;
        }
        let tests = tests(self);
        let mut arms = Vec::new();
        for (block, tests) in [holds, fails].into_iter().zip(tests) {
            arms.push(match block {
                Some(block) => {
                    self.builder.module().blocks[block.index()].tests = tests;
                    block
                }
                None => self.block(tests, |_| {}),
            });
        }
        self.builder.branch(arms);
    }

    fn sequence(&mut self, node: Node) -> ExprId {
        let mut all = operands(node);
        let Some(last) = all.pop() else { return self.unknown(node) };
        all.into_iter().for_each(|part| self.effect_statement(part));
        self.expr(last)
    }

    /// A condition that holds where a `??` or `||` takes its right side.
    pub(super) fn missing(&mut self, left: Node) -> Cond {
        Cond::Not(Box::new(self.cond(left)))
    }
}

/// Whether a value can be nothing but `true` or `false`.
fn is_boolean(node: Node) -> bool {
    match node.kind() {
        "unary_expression" => operator(node) == "!",
        "binary_expression" => {
            matches!(operator(node), "===" | "==" | "!==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "instanceof")
        }
        _ => false,
    }
}
