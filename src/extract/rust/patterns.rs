//! Patterns: what they bind, and what they test.

use proc_macro2::Span as TokenSpan;
use syn::spanned::Spanned;
use syn::{Expr, GenericArgument, Pat, Path, PathArguments, Type, TypeImplTrait, TypeParamBound, TypeTraitObject};

use super::Lower;
use super::exprs::{Wrapper, path_wrapper};
use super::spans::{ident, member_name};
use crate::facts::{Cond, ExprId, ExprKind, FuncId, Param, ParamKind, Place, Span, Stmt, squeeze};

/// The text by which two tests of the same thing know each other, and those of a tuple's parts.
pub(super) struct Subject {
    pub(super) text: String,
    pub(super) parts: Vec<Subject>,
}

impl Lower<'_> {
    /// Assigns the names of a pattern from a value.
    pub(super) fn bind_pattern(&mut self, pat: &Pat, value: ExprId) {
        if self.deeper(|lower| lower.bind_here(pat, value)).is_none() {
            self.builder.stmt(Stmt::Expr(value));
        }
    }

    fn bind_here(&mut self, pat: &Pat, value: ExprId) {
        match pat {
            Pat::Ident(p) if p.ident != "None" => {
                let name = ident(&p.ident);
                let name_span = self.at(p.ident.span());
                let end = self.builder.module().span(value).end.max(name_span.end);
                self.bind(Span { start: name_span.start, end }, name_span, &name, value);
                if let Some((_, inner)) = &p.subpat {
                    let value = self.name(name_span, name);
                    self.bind_pattern(inner, value);
                }
            }
            Pat::Paren(p) => self.bind_pattern(&p.pat, value),
            Pat::Reference(p) => self.bind_pattern(&p.pat, value),
            Pat::Type(p) => self.bind_pattern(&p.pat, value),
            Pat::Guard(p) => self.bind_pattern(&p.pat, value),
            Pat::TupleStruct(p) if path_wrapper(&p.path) == Some(Wrapper::Value) && p.elems.len() == 1 => {
                self.bind_pattern(&p.elems[0], value);
            }
            Pat::Tuple(_) | Pat::Slice(_) | Pat::Struct(_) => {
                let name = self.temporary();
                let span = self.builder.module().span(value);
                self.builder.assign(span, span, Place::name(name.clone()), value);
                self.bind_parts(pat, &name);
            }
            _ => {
                self.builder.stmt(Stmt::Expr(value));
                self.bind_unknown(pat);
            }
        }
    }

    /// Assigns the names of a tuple's, slice's or struct's pattern from the variable that holds the whole.
    fn bind_parts(&mut self, pat: &Pat, name: &str) {
        match pat {
            Pat::Tuple(p) => self.bind_elements(p.elems.iter(), name),
            Pat::Slice(p) => self.bind_elements(p.elems.iter(), name),
            Pat::Struct(p) => {
                for field in &p.fields {
                    if names(&field.pat).is_empty() {
                        continue;
                    }
                    let span = self.at(super::spans::member_span(&field.member));
                    let base = self.name(span, name);
                    let value = self.expr(span, ExprKind::Member(base, member_name(&field.member)));
                    self.bind_pattern(&field.pat, value);
                }
            }
            _ => {
                let value = self.name(Span::default(), name);
                self.bind_pattern(pat, value);
            }
        }
    }

    fn bind_elements<'p>(&mut self, elements: impl Iterator<Item = &'p Pat>, name: &str) {
        let mut counted = true;
        for (index, element) in elements.enumerate() {
            match element {
                // What stands behind `..` is counted from an end that is not known.
                Pat::Rest(_) => counted = false,
                _ if names(element).is_empty() => {}
                _ if counted => {
                    let span = self.pattern_span(element);
                    let base = self.name(span, name);
                    let number = self.expr(span, ExprKind::Const(index.to_string()));
                    let value = self.expr(span, ExprKind::Index(base, number));
                    self.bind_pattern(element, value);
                }
                _ => self.bind_unknown(element),
            }
        }
    }

    /// The names of a pattern take values that are not known.
    fn bind_unknown(&mut self, pat: &Pat) {
        for (name, token) in names(pat) {
            let span = self.at(token);
            let value = self.unknown(span);
            self.bind(span, span, &name, value);
        }
    }

    /// `let name;`.
    pub(super) fn declare_pattern(&mut self, pat: &Pat) {
        for (name, _) in names(pat) {
            self.builder.declare(&name);
        }
    }

    /// Adds the parameters of a function that was just opened; patterns are taken apart at the body's start.
    pub(super) fn parameters<'p>(&mut self, func: FuncId, patterns: impl Iterator<Item = (&'p Pat, Option<&'p Type>)>) {
        let mut apart = Vec::new();
        for (number, (mut pat, ty)) in patterns.enumerate() {
            while let Pat::Type(typed) = pat {
                pat = &typed.pat;
            }
            let span = self.pattern_span(pat);
            let name = match pat {
                Pat::Ident(p) if p.subpat.is_none() => ident(&p.ident),
                _ => {
                    let name = format!("@p{number}");
                    apart.push((pat, name.clone()));
                    name
                }
            };
            let param = Param { name, span, default: None, kind: ParamKind::Normal, class: ty.and_then(class_of) };
            self.builder.function_mut(func).params.push(param);
        }
        for (pat, name) in apart {
            if !names(pat).is_empty() {
                self.bind_parts(pat, &name);
            }
        }
    }

    fn pattern_span(&self, pat: &Pat) -> Span {
        match pat {
            Pat::Ident(p) => self.at(p.ident.span()),
            Pat::Wild(p) => self.at(p.underscore_token.span),
            _ => {
                let span = pat.span();
                self.at(span)
            }
        }
    }

    /// What is known when a pattern matches; `None` if it always does.
    pub(super) fn pattern_cond(&self, pat: &Pat, subject: &Subject, tested: Option<ExprId>) -> Option<Cond> {
        let text = || subject.text.clone();
        let variant = |path: &Path| {
            let name = path.segments.last().map(|segment| ident(&segment.ident)).unwrap_or_default();
            Some(Cond::Equals(text(), tested, name.into()))
        };
        let none = || Some(Cond::Not(Box::new(Cond::Truthy(text(), tested))));
        match pat {
            Pat::Wild(_) | Pat::Rest(_) => None,
            Pat::Ident(p) => match &p.subpat {
                Some((_, inner)) => self.pattern_cond(inner, subject, tested),
                None if p.ident == "None" => none(),
                // A name that starts with upper case is a constant or a variant.
                None if is_constant(&p.ident) => Some(Cond::Equals(text(), tested, ident(&p.ident).into())),
                None => None,
            },
            Pat::Paren(p) => self.pattern_cond(&p.pat, subject, tested),
            Pat::Reference(p) => self.pattern_cond(&p.pat, subject, tested),
            Pat::Type(p) => self.pattern_cond(&p.pat, subject, tested),
            Pat::Guard(p) => {
                let guard = Cond::opaque(self.slice(self.span(&p.guard)));
                let inner = self.pattern_cond(&p.pat, subject, tested);
                Some(Cond::And(inner.into_iter().chain([guard]).collect()))
            }
            Pat::TupleStruct(p) => match path_wrapper(&p.path) {
                Some(Wrapper::Value) => {
                    let inner = p.elems.first().and_then(|inner| self.pattern_cond(inner, subject, tested));
                    Some(inner.unwrap_or_else(|| Cond::Truthy(text(), tested)))
                }
                Some(Wrapper::Error) => none(),
                None => variant(&p.path),
            },
            Pat::Struct(p) => variant(&p.path),
            Pat::Path(p) if p.path.segments.last().is_some_and(|last| last.ident == "None") => none(),
            Pat::Path(p) => variant(&p.path),
            Pat::Lit(p) => Some(literal_cond(&p.lit, text(), tested)),
            Pat::Or(p) => {
                let cases: Vec<_> =
                    p.cases.iter().take(64).map(|case| self.pattern_cond(case, subject, tested)).collect();
                let all: Option<Vec<_>> = cases.into_iter().collect();
                let all = all?;
                Some(if p.cases.len() > 64 { Cond::opaque(&subject.text) } else { Cond::Or(all) })
            }
            Pat::Tuple(p) if !subject.parts.is_empty() => {
                let parts: Vec<_> = p
                    .elems
                    .iter()
                    .take_while(|element| !matches!(element, Pat::Rest(_)))
                    .zip(&subject.parts)
                    .filter_map(|(element, part)| self.pattern_cond(element, part, None))
                    .collect();
                if parts.is_empty() { None } else { Some(Cond::And(parts)) }
            }
            // `(a, b)` always matches; with constants in it, its text tells it from the others.
            _ => Some(Cond::Equals(text(), tested, squeeze(self.slice(self.pattern_span(pat))).into())),
        }
    }

    /// What a condition is about. Reads of the environment are known by their variable.
    pub(super) fn subject(&self, expr: &Expr) -> Subject {
        let expr = bare(expr);
        if let Some(name) = environment_name(expr) {
            return Subject { text: format!("env:{name}"), parts: Vec::new() };
        }
        let parts = match expr {
            Expr::Tuple(tuple) => tuple.elems.iter().map(|part| self.subject(part)).collect(),
            _ => Vec::new(),
        };
        Subject { text: squeeze(self.slice(self.span(expr))), parts }
    }
}

/// A comparison with a literal.
pub(super) fn literal_cond(literal: &syn::Lit, subject: String, tested: Option<ExprId>) -> Cond {
    let value = match literal {
        syn::Lit::Bool(bool) => {
            let cond = Cond::Truthy(subject, tested);
            return if bool.value { cond } else { Cond::Not(Box::new(cond)) };
        }
        syn::Lit::Str(text) => text.value(),
        syn::Lit::Int(number) => number.base10_digits().to_owned(),
        syn::Lit::Char(char) => char.value().to_string(),
        other => squeeze(&other.span().source_text().unwrap_or_default()),
    };
    Cond::Equals(subject, tested, value.into())
}

/// An expression without what does not change what it is about: borrows, `?`, `.ok()`, `.as_deref()`.
pub(super) fn bare(mut expr: &Expr) -> &Expr {
    const SAME: [&str; 16] = [
        "as_bytes",
        "as_deref",
        "as_mut",
        "as_ref",
        "as_str",
        "borrow",
        "clone",
        "cloned",
        "copied",
        "expect",
        "into",
        "ok",
        "to_owned",
        "to_string",
        "trim",
        "unwrap",
    ];
    loop {
        expr = match expr {
            Expr::Await(e) => &e.base,
            Expr::Group(e) => &e.expr,
            Expr::Paren(e) => &e.expr,
            Expr::Reference(e) => &e.expr,
            Expr::Try(e) => &e.expr,
            Expr::Unary(e) if matches!(e.op, syn::UnOp::Deref(_)) => &e.expr,
            Expr::MethodCall(e) if e.args.len() <= 1 && SAME.iter().any(|name| e.method == name) => &e.receiver,
            Expr::Call(e) if e.args.len() == 1 && super::exprs::wrapper(&e.func) == Some(Wrapper::Value) => &e.args[0],
            _ => return expr,
        };
    }
}

/// The variable that `env::var("X")`, `dotenvy::var("X")` or `env!("X")` reads.
pub(super) fn environment_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else { return None };
            let mut segments = path.path.segments.iter().rev().map(|segment| &segment.ident);
            let (function, module) = (segments.next()?, segments.next()?);
            let reads = function == "var" || function == "var_os";
            let known = ["env", "dotenvy", "dotenv"].iter().any(|name| module == name);
            match call.args.first() {
                Some(Expr::Lit(literal)) if reads && known => match &literal.lit {
                    syn::Lit::Str(name) => Some(name.value()),
                    _ => None,
                },
                _ => None,
            }
        }
        Expr::Macro(node) => super::macros::environment_name(&node.mac),
        _ => None,
    }
}

/// Whether a name in a pattern means something that exists already.
fn is_constant(name: &syn::Ident) -> bool {
    ident(name).starts_with(char::is_uppercase)
}

/// The variables that a pattern binds.
pub(super) fn names(pat: &Pat) -> Vec<(String, TokenSpan)> {
    let mut found = Vec::new();
    let mut stack = vec![pat];
    while let Some(pat) = stack.pop() {
        match pat {
            Pat::Ident(p) => {
                if p.subpat.is_some() || !is_constant(&p.ident) {
                    found.push((ident(&p.ident), p.ident.span()));
                }
                stack.extend(p.subpat.as_ref().map(|(_, inner)| &**inner));
            }
            Pat::Paren(p) => stack.push(&p.pat),
            Pat::Reference(p) => stack.push(&p.pat),
            Pat::Type(p) => stack.push(&p.pat),
            Pat::Guard(p) => stack.push(&p.pat),
            Pat::Tuple(p) => stack.extend(p.elems.iter().rev()),
            Pat::Slice(p) => stack.extend(p.elems.iter().rev()),
            Pat::TupleStruct(p) => stack.extend(p.elems.iter().rev()),
            Pat::Struct(p) => stack.extend(p.fields.iter().rev().map(|field| &*field.pat)),
            // All cases bind the same names.
            Pat::Or(p) => stack.extend(p.cases.first()),
            _ => {}
        }
    }
    found
}

/// The type that a parameter is declared to be, where it may be one of the project's; what only holds one is looked
/// through: `&Client`, `Arc<Client>`.
pub(super) fn class_of(ty: &Type) -> Option<String> {
    const HOLDERS: [&str; 3] = ["Arc", "Box", "Rc"];
    const PLAIN: [&str; 5] = ["Option", "Result", "Self", "String", "Vec"];
    let mut ty = ty;
    loop {
        match ty {
            Type::Reference(inner) => ty = &inner.elem,
            Type::Paren(inner) => ty = &inner.elem,
            Type::Group(inner) => ty = &inner.elem,
            // `&dyn Provider`, `impl Provider`
            Type::TraitObject(TypeTraitObject { bounds, .. }) | Type::ImplTrait(TypeImplTrait { bounds, .. }) => {
                let Some(TypeParamBound::Trait(of)) = bounds.first() else { return None };
                return of.path.segments.last().map(|last| ident(&last.ident));
            }
            Type::Path(path) if path.qself.is_none() && path.path.segments.len() == 1 => {
                let segment = &path.path.segments[0];
                let name = ident(&segment.ident);
                if !HOLDERS.contains(&name.as_str()) {
                    let is_type = name.starts_with(char::is_uppercase) && !PLAIN.contains(&name.as_str());
                    return is_type.then_some(name);
                }
                let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
                let [GenericArgument::Type(inner)] = arguments.args.iter().collect::<Vec<_>>()[..] else { return None };
                ty = inner;
            }
            _ => return None,
        }
    }
}
