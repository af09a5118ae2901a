//! Items: imports, constants, functions, types and modules.

use std::collections::HashMap;

use syn::{Attribute, Block, Fields, FnArg, ImplItem, Item, ItemImpl, ItemMod, Signature, TraitItem, Type};

use super::spans::ident;
use super::{Lower, Sink};
use crate::facts::{
    BlockId, Class, ClassId, Cond, Entry, ExprId, ExprKind, Field, FuncId, Function, Import, Object, Place, Span, Stmt,
    squeeze,
};

/// How a method is marked that has no body, as in Python.
const ABSTRACT: &str = "abstractmethod";

/// Variants of one enumeration that are objects.
const MAX_VARIANTS: usize = 128;

impl Lower<'_> {
    /// Lowers the items of a module or block. Imports and types come first, functions last: in Rust their order does
    /// not matter.
    pub(super) fn items(&mut self, items: &[&Item]) {
        for item in items {
            match item {
                Item::Use(node) if !is_test(&node.attrs) => self.import(&node.tree, Vec::new(), 0),
                Item::Mod(node) if !is_test(&node.attrs) => self.declare_module(node),
                _ => {}
            }
        }
        for item in items {
            self.type_item(item);
        }
        let alternatives = alternatives(items);
        for functions in [false, true] {
            let lower = if functions { Self::code } else { Self::constant };
            for item in items {
                match alternatives.get(&named(item)) {
                    None => lower(self, item),
                    Some(all) if std::ptr::eq(all[0], *item) && functions == matches!(item, Item::Fn(_)) => {
                        self.alternatives(all, lower);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// Items of one name under `#[cfg(..)]`, of which the build takes one: the arms of a branch.
    fn alternatives(&mut self, items: &[&Item], lower: fn(&mut Self, &Item)) {
        let mut arms = Vec::new();
        let mut names = Vec::new();
        for item in items {
            let cond = configuration(item).unwrap_or_else(|| Cond::opaque("cfg"));
            let arm = self.builder.open_block(cond.assume(true));
            lower(self, item);
            self.builder.close_block();
            names.append(&mut self.builder.module().blocks[arm.index()].declares);
            arms.push(arm);
        }
        // The names outlive the arms.
        if self.builder.current_block().0 != 0 {
            names.iter().for_each(|name| self.builder.declare(name));
        }
        self.builder.branch(arms);
    }

    /// Adds a type, without the methods.
    fn type_item(&mut self, item: &Item) {
        match item {
            Item::Struct(node) if !is_test(&node.attrs) => {
                let span = self.between(node.struct_token.span, node.ident.span());
                let class = self.define(&node.ident, span);
                if derives(&node.attrs, "Deserialize") {
                    let mark = self.expr(span, ExprKind::Name("Deserialize".to_owned()));
                    self.builder.class_mut(class).decorators.push(mark);
                }
                let Fields::Named(fields) = &node.fields else { return };
                let has_default = derives(&node.attrs, "Default");
                for field in &fields.named {
                    let Some(name) = &field.ident else { continue };
                    let span = self.at(name.span());
                    let name = ident(name);
                    let value = self.argument_attribute(&name, &field.ty, &field.attrs);
                    let value = value.or_else(|| if has_default { self.no_headers(&field.ty) } else { None });
                    self.builder.class_mut(class).fields.push(Field { name, span, value, hint: None });
                }
            }
            Item::Enum(node) if !is_test(&node.attrs) => {
                let span = self.between(node.enum_token.span, node.brace_token.span.close());
                let class = self.define(&node.ident, span);
                // A variant is an object of the type, which has its methods and is told from the others by a `match`.
                let plain = node.variants.iter().filter(|variant| matches!(variant.fields, Fields::Unit));
                for variant in plain.take(MAX_VARIANTS) {
                    let span = self.at(variant.ident.span());
                    let object = Object { entries: Vec::new(), ty: Some(ident(&node.ident)) };
                    let value = Some(self.expr(span, ExprKind::Object(object)));
                    let name = ident(&variant.ident);
                    self.builder.class_mut(class).fields.push(Field { name, span, value, hint: None });
                }
            }
            Item::Union(node) if !is_test(&node.attrs) => {
                let span = self.between(node.union_token.span, node.ident.span());
                self.define(&node.ident, span);
            }
            Item::Trait(node) if !is_test(&node.attrs) => {
                let span = self.between(node.trait_token.span, node.brace_token.span.close());
                let class = self.define(&node.ident, span);
                self.builder.class_mut(class).is_trait = true;
            }
            _ => {}
        }
    }

    /// What a derived default gives a field for headers: none. Of other maps nobody knows who fills them.
    fn no_headers(&mut self, ty: &Type) -> Option<ExprId> {
        let Type::Path(path) = ty else { return None };
        let name = &path.path.segments.last()?.ident;
        let span = self.at(name.span());
        (name == "HeaderMap").then(|| self.expr(span, ExprKind::Object(Object::default())))
    }

    fn define(&mut self, name: &syn::Ident, span: Span) -> ClassId {
        let name_span = self.at(name.span());
        let name = ident(name);
        let class = self.class(name.clone(), span);
        let value = self.expr(span, ExprKind::Class(class));
        self.bind(span, name_span, &name, value);
        class
    }

    fn class(&mut self, name: String, span: Span) -> ClassId {
        let func = self.builder.current_func();
        let class = self.builder.class(Class { name: name.clone(), span, ..Class::of(func) });
        if let Some(scope) = self.types.last_mut() {
            scope.insert(name, class);
        }
        class
    }

    fn constant(&mut self, item: &Item) {
        let (name, value) = match item {
            Item::Const(node) if !is_test(&node.attrs) => (&node.ident, &node.expr),
            Item::Static(node) if !is_test(&node.attrs) => (&node.ident, &node.expr),
            Item::Macro(node) if !is_test(&node.attrs) && node.ident.is_none() => {
                self.macro_item(&node.mac);
                return;
            }
            _ => return,
        };
        let value_span = self.span(value);
        let value = self.value(value);
        let name_span = self.at(name.span());
        let name = ident(name);
        if name == "_" {
            self.builder.stmt(Stmt::Expr(value));
        } else {
            self.bind(Span { start: name_span.start, end: value_span.end }, name_span, &name, value);
        }
    }

    fn code(&mut self, item: &Item) {
        match item {
            Item::Fn(node) if !is_test(&node.attrs) => {
                let span = self.between(node.sig.fn_token.span, node.block.brace_token.span.close());
                let func = self.function(span, &node.sig, &node.block, None);
                let name_span = self.at(node.sig.ident.span());
                let value = self.expr(span, ExprKind::Func(func));
                self.bind(span, name_span, &ident(&node.sig.ident), value);
            }
            Item::Impl(node) if !is_test(&node.attrs) => self.implementation(node),
            Item::Trait(node) if !is_test(&node.attrs) => {
                let name = ident(&node.ident);
                let Some(class) = self.find(&name) else { return };
                let outer = self.self_type.replace((name, class));
                for item in &node.items {
                    match item {
                        TraitItem::Const(node) => {
                            let default = node.default.as_ref().map(|(_, value)| value);
                            self.associated(class, &node.ident, default);
                        }
                        TraitItem::Fn(node) => match &node.default {
                            Some(body) => self.method(class, &node.sig, body),
                            None => self.required(class, &node.sig),
                        },
                        _ => {}
                    }
                }
                self.self_type = outer;
            }
            Item::Mod(node) if !is_test(&node.attrs) => self.module(node),
            _ => {}
        }
    }

    /// Makes a module's name known before any path begins with it.
    fn declare_module(&mut self, node: &ItemMod) {
        let name = ident(&node.ident);
        if node.content.is_some() {
            self.bound.insert(name);
        } else if self.inline == 0 && !node.attrs.iter().any(|attribute| attribute.path().is_ident("path")) {
            // `mod config;`: a file of its own, which the name leads to as if it were imported.
            let span = self.at(node.ident.span());
            let value = self.expr(span, ExprKind::Import(Import { module: name.clone(), name: None }));
            self.bind(span, span, &name, value);
        }
    }

    /// `mod name { .. }`: its names are its own, two modules may each have a `BASE_URL`.
    fn module(&mut self, node: &ItemMod) {
        let Some((_, items)) = &node.content else { return };
        let items: Vec<_> = items.iter().collect();
        let name = ident(&node.ident);
        if self.builder.current_block().0 != 0 {
            self.builder.declare(&name);
        }
        let outer = self.self_type.take();
        let block = self.builder.open_block(Vec::new());
        self.types.push(HashMap::new());
        self.inline += 1;
        self.deeper(|lower| lower.items(&items));
        self.inline -= 1;
        self.types.pop();
        self.publish(node, &name, block);
        self.builder.close_block();
        self.builder.stmt(Stmt::Block(block));
        self.self_type = outer;
    }

    /// `name = {KEY: KEY, ..}`, for paths that lead into an inline module.
    fn publish(&mut self, node: &ItemMod, name: &str, block: BlockId) {
        let span = self.at(node.ident.span());
        let names = self.builder.module().blocks[block.index()].declares.clone();
        if names.contains(&name.to_owned()) {
            return;
        }
        let entries = names
            .into_iter()
            .filter(|name| !name.starts_with('@'))
            .map(|name| {
                let value = self.name(span, name.clone());
                Entry::Field { key: Some(name), key_span: span, value }
            })
            .collect();
        let value = self.expr(span, ExprKind::Object(Object { entries, ty: None }));
        self.builder.assign(span, span, Place::name(name), value);
    }

    fn find(&self, name: &str) -> Option<ClassId> {
        self.types.iter().rev().find_map(|scope| scope.get(name).copied())
    }

    fn implementation(&mut self, node: &ItemImpl) {
        let mut ty = &*node.self_ty;
        while let Type::Reference(inner) = ty {
            ty = &inner.elem;
        }
        let name = match ty {
            Type::Path(path) => path.path.segments.last().map(|segment| ident(&segment.ident)),
            _ => None,
        };
        let name = name.unwrap_or_else(|| "_".to_owned());
        let span = self.between(node.impl_token.span, node.brace_token.span.close());
        // A type from elsewhere has methods here, but its name keeps meaning what was imported.
        let class = self.find(&name).unwrap_or_else(|| {
            let class = self.class(name.clone(), span);
            // It has the fields of the type that it adds methods to, and the methods of that type's other files.
            if let Type::Path(path) = ty {
                let of = self.path(&path.path);
                self.builder.class_mut(class).bases.push(of);
            }
            class
        });
        if let Some((of, _)) = &node.trait_ {
            let of = self.path(of);
            self.builder.class_mut(class).traits.push(of);
        }
        let outer = self.self_type.replace((name, class));
        for item in &node.items {
            match item {
                ImplItem::Const(node) => self.associated(class, &node.ident, Some(&node.expr)),
                ImplItem::Fn(node) if !is_test(&node.attrs) => self.method(class, &node.sig, &node.block),
                _ => {}
            }
        }
        self.self_type = outer;
    }

    fn associated(&mut self, class: ClassId, name: &syn::Ident, value: Option<&syn::Expr>) {
        let value = value.map(|value| self.value(value));
        let span = self.at(name.span());
        self.builder.class_mut(class).fields.push(Field { name: ident(name), span, value, hint: None });
    }

    fn method(&mut self, class: ClassId, signature: &Signature, body: &Block) {
        let span = self.between(signature.fn_token.span, body.brace_token.span.close());
        let func = self.function(span, signature, body, Some(class));
        self.builder.class_mut(class).methods.push((ident(&signature.ident), func));
    }

    /// A method of a trait that each type with it has to say itself.
    fn required(&mut self, class: ClassId, signature: &Signature) {
        let span = self.at(signature.ident.span());
        let mut function = Function::new(Some(ident(&signature.ident)), span);
        function.class = Some(class);
        function.receiver = signature.receiver().map(|_| "self".to_owned());
        function.decorators.push(self.name(span, ABSTRACT));
        let (func, resume) = self.builder.open_function(function);
        self.builder.close_function(resume);
        let name = ident(&signature.ident);
        let class = self.builder.class_mut(class);
        class.fields.push(Field { name: name.clone(), span, value: None, hint: None });
        class.methods.push((name, func));
    }

    fn function(&mut self, span: Span, signature: &Signature, body: &Block, class: Option<ClassId>) -> FuncId {
        let mut function = Function::new(Some(ident(&signature.ident)), span);
        function.class = class;
        function.receiver = signature.receiver().map(|_| "self".to_owned());
        let of_object =
            class.is_some_and(|class| self.builder.class_mut(class).is_trait) && function.receiver.is_some();
        let outer = std::mem::replace(&mut self.of_object, of_object);
        let (func, resume) = self.builder.open_function(function);
        let patterns = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some((&*typed.pat, Some(&*typed.ty))),
            FnArg::Receiver(_) => None,
        });
        self.parameters(func, patterns);
        self.body(body, &Sink::Return);
        self.builder.close_function(resume);
        self.of_object = outer;
        func
    }
}

/// The name and attributes of a constant or function.
fn head(item: &Item) -> Option<(&syn::Ident, &[Attribute])> {
    match item {
        Item::Const(node) => Some((&node.ident, &node.attrs)),
        Item::Static(node) => Some((&node.ident, &node.attrs)),
        Item::Fn(node) => Some((&node.sig.ident, &node.attrs)),
        _ => None,
    }
}

fn named(item: &Item) -> Option<String> {
    head(item).map(|(name, _)| ident(name))
}

/// Constants and functions of which there are several by the same name, all under `#[cfg(..)]`.
fn alternatives<'i>(items: &[&'i Item]) -> HashMap<Option<String>, Vec<&'i Item>> {
    let mut all: HashMap<_, Vec<_>> = HashMap::new();
    for item in items {
        if let Some((name, attributes)) = head(item)
            && !is_test(attributes)
            && configuration(item).is_some()
        {
            all.entry(Some(ident(name))).or_default().push(*item);
        }
    }
    all.retain(|_, items| items.len() > 1);
    all
}

/// What `#[cfg(..)]` asks of the build.
fn configuration(item: &Item) -> Option<Cond> {
    let (_, attributes) = head(item)?;
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let text = squeeze(&list.tokens.to_string());
            let inner = text.strip_prefix("not(").and_then(|rest| rest.strip_suffix(')'));
            Some(match inner {
                Some(inner) => Cond::Not(Box::new(Cond::Truthy(format!("cfg:{inner}"), None))),
                None => Cond::Truthy(format!("cfg:{text}"), None),
            })
        }
        _ => None,
    })
}

/// Whether a type has a trait by its fields: `#[derive(Default)]`.
fn derives(attributes: &[Attribute], what: &str) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("derive") => {
            list.tokens.to_string().split([',', ':']).any(|name| name.trim() == what)
        }
        _ => false,
    })
}

/// Whether an item is built for tests only: `#[cfg(test)]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        _ => false,
    })
}
