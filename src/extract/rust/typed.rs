//! What only its type says of a value: which type a call reads, `let config: Config = envy::from_env()?` and
//! `text.parse::<Provider>()`, and the standard library's maps.

use syn::{Expr, ExprCall, GenericArgument, Pat, PathArguments, Type};

use super::Lower;
use super::patterns::class_of;
use super::spans::ident;
use crate::facts::{Arg, Call, Entry, ExprId, ExprKind, Object, Span, Spread, TYPE_ARGUMENT};

/// Functions that make an object of whichever type is asked for.
const GENERIC: [&str; 11] = [
    "parse",
    "from_env",
    "extract",
    "try_deserialize",
    "deserialize",
    "from_str",
    "from_slice",
    "from_reader",
    "from_value",
    "try_into",
    "json",
];

/// Methods that take the object out of what may be an error.
const UNWRAPPING: [&str; 10] = [
    "unwrap",
    "expect",
    "ok",
    "ok_or",
    "ok_or_else",
    "map_err",
    "context",
    "with_context",
    "wrap_err",
    "unwrap_or_default",
];

/// The standard library's maps, and a common one beside them.
const MAPS: [&str; 3] = ["HashMap", "BTreeMap", "IndexMap"];

impl Lower<'_> {
    /// Says of a call which type it is asked for, where `let` writes it.
    pub(super) fn declared_type(&mut self, pat: &Pat, value: ExprId) {
        if let Pat::Type(typed) = pat
            && let Some(ty) = class_of(&typed.ty)
        {
            self.note_type(value, &ty);
        }
    }

    /// Says of a call which type it is asked for, where it is `.parse::<T>()` or `from_env::<T>()`.
    pub(super) fn turbofish(&mut self, arguments: &PathArguments, value: ExprId) {
        let PathArguments::AngleBracketed(arguments) = arguments else { return };
        self.generic_type(&arguments.args.iter().collect::<Vec<_>>(), value);
    }

    pub(super) fn generic_type(&mut self, arguments: &[&GenericArgument], value: ExprId) {
        if let [GenericArgument::Type(ty)] = arguments
            && let Some(ty) = class_of(ty)
        {
            self.note_type(value, &ty);
        }
    }

    fn note_type(&mut self, value: ExprId, ty: &str) {
        let mut at = value;
        loop {
            let module = self.builder.module();
            let ExprKind::Call(call) = module.kind(at) else { return };
            let (base, name) = match module.kind(call.callee) {
                ExprKind::Member(base, name) => (Some(*base), name.as_str()),
                ExprKind::Name(name) => (None, name.as_str()),
                ExprKind::Import(import) => (None, import.name.as_deref().unwrap_or_default()),
                _ => return,
            };
            let base = match base {
                Some(base) if UNWRAPPING.contains(&name) => {
                    at = base;
                    continue;
                }
                base if GENERIC.contains(&name) && call.named(TYPE_ARGUMENT).is_none() => base,
                _ => return,
            };
            let is_parse = name == "parse" && call.args.is_empty();
            let span = module.span(call.callee);
            let mut value = self.name(span, ty);
            if let Some(base) = base.filter(|_| is_parse) {
                let callee = self.expr(span, ExprKind::Member(value, "from_str".to_owned()));
                let arg = Arg { name: None, name_span: None, spread: Spread::No, value: base };
                value = self.expr(span, ExprKind::Call(Call { callee, args: vec![arg], new: false }));
            }
            let arg = Arg { name: Some(TYPE_ARGUMENT.to_owned()), name_span: None, spread: Spread::No, value };
            if let ExprKind::Call(call) = &mut self.builder.module().exprs[at.index()].kind {
                call.args.push(arg);
            }
            return;
        }
    }

    /// `HashMap::new()`, `HashMap::from([("key", value)])`.
    pub(super) fn map_of(&mut self, span: Span, call: &ExprCall) -> Option<ExprId> {
        let Expr::Path(path) = &*call.func else { return None };
        let mut words = path.path.segments.iter().rev().map(|segment| ident(&segment.ident));
        let (function, of) = (words.next()?, words.next()?);
        if !MAPS.contains(&of.as_str()) {
            return None;
        }
        let entries = match (function.as_str(), call.args.first()) {
            ("new" | "default", None) | ("with_capacity", Some(_)) => Vec::new(),
            ("from" | "from_iter", Some(Expr::Array(rows))) => {
                let pair = |row: &Expr| match row {
                    Expr::Tuple(tuple) if tuple.elems.len() == 2 => {
                        Some([tuple.elems[0].clone(), tuple.elems[1].clone()])
                    }
                    _ => None,
                };
                let pairs: Vec<[Expr; 2]> = rows.elems.iter().map(pair).collect::<Option<_>>()?;
                pairs.iter().map(|[key, value]| self.entry(key, value)).collect()
            }
            _ => return None,
        };
        Some(self.expr(span, ExprKind::Object(Object { entries, ty: None })))
    }

    /// A key of a map and what it leads to.
    pub(super) fn entry(&mut self, key: &Expr, value: &Expr) -> Entry {
        let key_span = self.span(key);
        let key = self.value(key);
        let value = self.value(value);
        match self.builder.module().kind(key) {
            ExprKind::Str(text) => Entry::Field { key: Some(text.expose().to_owned()), key_span, value },
            _ => Entry::Computed { key, value },
        }
    }

    /// What clap reads into a field that has fields of its own: `#[command(flatten)] llm: LlmArgs`.
    pub(super) fn flattened(&mut self, span: Span, ty: &Type) -> Option<ExprId> {
        let of = self.name(span, class_of(ty)?);
        let callee = self.expr(span, ExprKind::Member(of, "parse".to_owned()));
        Some(self.expr(span, ExprKind::Call(Call { callee, args: Vec::new(), new: false })))
    }
}
