//! Imports and exports.

use tree_sitter::Node;

use super::stmts::is_type_only;
use super::{Lower, children, has_token, operands, span, strip};
use crate::facts::{ExprId, ExprKind, Import, Place};

/// Helpers of compilers that export all that a module exports.
const STARS: [&str; 3] = ["__exportStar", "__export", "__reExport"];

impl Lower<'_> {
    fn source(&self, node: Node) -> Option<String> {
        self.literal(node.child_by_field_name("source")?)
    }

    /// The name that an import or export names, which may be a string.
    fn exported_name(&self, node: Node) -> String {
        self.literal(node).unwrap_or_else(|| self.text_of(node).to_owned())
    }

    fn import_value(&mut self, node: Node, module: &str, name: Option<String>) -> ExprId {
        self.add(node, ExprKind::Import(Import { module: module.to_owned(), name }))
    }

    pub(super) fn import(&mut self, node: Node) {
        if is_type_only(node) {
            return;
        }
        for clause in children(node) {
            match clause.kind() {
                // `import ns = require("m")`
                "import_require_clause" => {
                    if let (Some(module), Some(&local)) = (self.source(clause), operands(clause).first()) {
                        self.bind_import(node, local, local, &module, None);
                    }
                }
                "import_clause" => {
                    if let Some(module) = self.source(node) {
                        self.import_clause(node, clause, &module);
                    }
                }
                _ => {}
            }
        }
    }

    fn import_clause(&mut self, statement: Node, clause: Node, module: &str) {
        for part in children(clause) {
            match part.kind() {
                "identifier" => self.bind_import(statement, part, part, module, Some("default".to_owned())),
                "namespace_import" => {
                    if let Some(&local) = operands(part).first() {
                        self.bind_import(statement, part, local, module, None);
                    }
                }
                "named_imports" => {
                    for specifier in children(part) {
                        let Some(name) = specifier.child_by_field_name("name") else { continue };
                        if is_type_only(specifier) {
                            continue;
                        }
                        let local = specifier.child_by_field_name("alias").unwrap_or(name);
                        let name = self.exported_name(name);
                        self.bind_import(statement, specifier, local, module, Some(name));
                    }
                }
                _ => {}
            }
        }
    }

    fn bind_import(&mut self, statement: Node, at: Node, local: Node, module: &str, name: Option<String>) {
        let value = self.import_value(at, module, name);
        self.bind(self.text_of(local));
        self.assign(span(statement), span(local), Place::name(self.text_of(local)), value);
    }

    /// `import a = b.c`
    pub(super) fn import_alias(&mut self, node: Node) {
        let [local, target] = operands(node)[..] else { return };
        let mut names = self.text_of(target).split('.').map(str::trim).take(16);
        let Some(root) = names.next() else { return };
        let mut value = self.builder.expr(span(target), ExprKind::Name(root.to_owned()));
        for name in names {
            value = self.builder.expr(span(target), ExprKind::Member(value, name.to_owned()));
        }
        self.bind(self.text_of(local));
        self.assign(span(node), span(local), Place::name(self.text_of(local)), value);
    }

    pub(super) fn export_statement(&mut self, node: Node) {
        if has_token(node, "type") {
            return;
        }
        let at_top = self.builder.current_block() == self.builder.module().functions[0].body;
        if let Some(module) = self.source(node) {
            if at_top {
                self.reexport(node, &module);
            }
            return;
        }
        let is_default = has_token(node, "default");
        if let Some(declaration) = node.child_by_field_name("declaration") {
            let decorators = self.decorators(node);
            if decorators.is_empty() {
                self.statement(declaration);
            } else {
                self.class_statement(declaration, decorators);
            }
            let name = declaration.child_by_field_name("name");
            if let (true, true, Some(name)) = (is_default, at_top, name) {
                let value = self.expr_named(name);
                self.export("default", value, span(node));
            }
            return;
        }
        if let Some(value) = node.child_by_field_name("value") {
            let value = self.expr(value);
            self.export("default", value, span(node));
            return;
        }
        // `export = value`, TypeScript's `module.exports = value`
        if has_token(node, "=") {
            if let Some(&value) = operands(node).first() {
                let value = self.expr(strip(value));
                self.export("default", value, span(node));
                self.export_fields(value, span(node));
            }
            return;
        }
        for clause in children(node).into_iter().filter(|child| child.kind() == "export_clause" && at_top) {
            for specifier in children(clause) {
                let (Some(name), Some(alias)) =
                    (specifier.child_by_field_name("name"), specifier.child_by_field_name("alias"))
                else {
                    continue;
                };
                if is_type_only(specifier) {
                    continue;
                }
                let value = self.expr_named(name);
                self.export(&self.exported_name(alias), value, span(specifier));
            }
        }
    }

    fn expr_named(&mut self, name: Node) -> ExprId {
        self.add(name, ExprKind::Name(self.text_of(name).to_owned()))
    }

    /// What compilers write for `export * from "m"`: `__exportStar(require("m"), exports)`.
    pub(super) fn star_call(&mut self, function: Node, arguments: Node) {
        if !self.is_helper(function, &STARS) {
            return;
        }
        for argument in
            operands(arguments).into_iter().map(strip).filter(|argument| argument.kind() == "call_expression")
        {
            let parts = argument.child_by_field_name("function").zip(argument.child_by_field_name("arguments"));
            if let Some(import) = parts.and_then(|(function, arguments)| self.import_call(strip(function), arguments)) {
                self.builder.module().star_imports.push(import.module);
            }
        }
    }

    /// `export … from "m"`
    fn reexport(&mut self, node: Node, module: &str) {
        if has_token(node, "*") {
            self.builder.module().star_imports.push(module.to_owned());
        }
        for clause in children(node) {
            match clause.kind() {
                "namespace_export" => {
                    if let Some(&name) = operands(clause).first() {
                        let value = self.import_value(clause, module, None);
                        self.export(&self.exported_name(name), value, span(clause));
                    }
                }
                "export_clause" => {
                    for specifier in children(clause) {
                        let Some(name) = specifier.child_by_field_name("name") else { continue };
                        if is_type_only(specifier) {
                            continue;
                        }
                        let exported = specifier.child_by_field_name("alias").unwrap_or(name);
                        let name = self.exported_name(name);
                        let value = self.import_value(specifier, module, Some(name));
                        self.export(&self.exported_name(exported), value, span(specifier));
                    }
                }
                _ => {}
            }
        }
    }
}
