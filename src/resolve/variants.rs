//! Variants of Rust enumerations: objects that tests know by their names.

use std::borrow::Cow;

use super::Resolver;
use super::value::{Made, Value};
use crate::facts::ExprKind;

impl Resolver<'_> {
    /// A value as a `match` sees it: a variant of a Rust enumeration by its name.
    pub(super) fn as_matched<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        let variant = match value {
            Value::Made(made) => self.variant_of(made),
            _ => None,
        };
        variant.map_or(Cow::Borrowed(value), |name| Cow::Owned(Value::Const(name.to_owned())))
    }

    /// A value as any test of it may see it, which may be a test of the text that a variant stands for:
    /// `provider.as_str() == "relay"`.
    pub(super) fn as_tested<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        match value {
            Value::Made(made) if self.has_text(made) => Cow::Borrowed(value),
            _ => self.as_matched(value),
        }
    }

    /// Whether the type of an object says which text stands for it.
    fn has_text(&self, made: &Made) -> bool {
        let module = self.module(made.ctx.file);
        let name = match module.kind(made.expr) {
            ExprKind::Object(object) => object.ty.as_deref(),
            ExprKind::Call(call) => match module.kind(call.callee) {
                ExprKind::Member(of, _) => match module.kind(*of) {
                    ExprKind::Name(name) => Some(name.as_str()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        let Some(class) = name.and_then(|name| self.class_named(made.ctx.file, name)) else { return false };
        let mut methods = module.classes[class.index()].methods.iter();
        methods.any(|(method, _)| super::subjects::LENDING.contains(&method.as_str()))
    }

    /// The variant of an enumeration that an object is: `Provider::Relay`, `Provider::Custom(url)`.
    fn variant_of(&self, made: &Made) -> Option<&str> {
        if !self.is_rust(made.ctx.file) {
            return None;
        }
        let module = self.module(made.ctx.file);
        match module.kind(made.expr) {
            ExprKind::Object(object) if object.entries.is_empty() => {
                let class = self.class_named(made.ctx.file, object.ty.as_deref()?)?;
                let mut fields = module.classes[class.index()].fields.iter();
                fields.find(|field| field.value == Some(made.expr)).map(|field| field.name.as_str())
            }
            ExprKind::Call(call) => match module.kind(call.callee) {
                ExprKind::Member(_, name) if name.starts_with(char::is_uppercase) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}
