//! Where a piece of syntax stands.
//!
//! `syn`'s own `Spanned::span` prints the whole piece to tokens, which makes nested expressions quadratic. Here an
//! expression's two ends are found by walking down its edges.

use proc_macro2::{Span as TokenSpan, extra::DelimSpan};
use syn::spanned::Spanned;
use syn::{Expr, Member, Path, PathArguments};

use super::Lower;
use crate::facts::Span;

impl Lower<'_> {
    /// A token's span, in bytes of the decoded text.
    pub(super) fn at(&self, token: TokenSpan) -> Span {
        let range = token.byte_range();
        Span::new(self.skipped + range.start, self.skipped + range.end)
    }

    /// From the first byte of one token to the last of another.
    pub(super) fn between(&self, first: TokenSpan, last: TokenSpan) -> Span {
        let (start, end) = (self.at(first).start, self.at(last).end);
        Span { start, end: end.max(start) }
    }

    /// Where an expression stands.
    pub(super) fn span(&self, expr: &Expr) -> Span {
        self.between(first(expr), last(expr))
    }

    /// Where a path stands.
    pub(super) fn path_span(&self, path: &Path) -> Span {
        self.between(path_first(path), path_last(path))
    }

    /// The text of a span.
    pub(super) fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }
}

/// The first token of a path.
pub(super) fn path_first(path: &Path) -> TokenSpan {
    match (&path.leading_colon, path.segments.first()) {
        (Some(colon), _) => colon.spans[0],
        (None, Some(segment)) => segment.ident.span(),
        (None, None) => TokenSpan::call_site(),
    }
}

/// The last token of a path.
pub(super) fn path_last(path: &Path) -> TokenSpan {
    path.segments.last().map_or_else(TokenSpan::call_site, |segment| match &segment.arguments {
        PathArguments::None => segment.ident.span(),
        PathArguments::AngleBracketed(arguments) => arguments.gt_token.span,
        PathArguments::Parenthesized(arguments) => arguments.paren_token.span.close(),
    })
}

/// The name or number of a member.
pub(super) fn member_name(member: &Member) -> String {
    match member {
        Member::Named(name) => ident(name),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// Where a member's name stands.
pub(super) fn member_span(member: &Member) -> TokenSpan {
    match member {
        Member::Named(name) => name.span(),
        Member::Unnamed(index) => index.span,
    }
}

/// A name, without the `r#` of a raw one.
pub(super) fn ident(ident: &syn::Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

/// The first token of an expression, its attributes apart.
pub(super) fn first(mut expr: &Expr) -> TokenSpan {
    let open = |span: &DelimSpan| span.open();
    loop {
        expr = match expr {
            // What begins with another expression.
            Expr::Assign(e) => &e.left,
            Expr::Await(e) => &e.base,
            Expr::Binary(e) => &e.left,
            Expr::Call(e) => &e.func,
            Expr::Cast(e) => &e.expr,
            Expr::Field(e) => &e.base,
            Expr::Group(e) => &e.expr,
            Expr::Index(e) => &e.expr,
            Expr::MethodCall(e) => &e.receiver,
            Expr::Try(e) => &e.expr,
            Expr::Range(e) => match &e.start {
                Some(start) => start,
                None => return range_limits(&e.limits).0,
            },
            // What begins with a token.
            Expr::Array(e) => return open(&e.bracket_token.span),
            Expr::Async(e) => return e.async_token.span,
            Expr::Block(e) => {
                return e.label.as_ref().map_or_else(|| open(&e.block.brace_token.span), |label| label.name.apostrophe);
            }
            Expr::Break(e) => return e.break_token.span,
            Expr::Closure(e) => {
                let modifiers = [
                    e.constness.as_ref().map(|token| token.span),
                    e.asyncness.as_ref().map(|token| token.span),
                    e.capture.as_ref().map(|token| token.span),
                ];
                return modifiers.into_iter().flatten().next().unwrap_or(e.inputs_begin.span);
            }
            Expr::Const(e) => return e.const_token.span,
            Expr::Continue(e) => return e.continue_token.span,
            Expr::ForLoop(e) => return e.label.as_ref().map_or(e.for_token.span, |label| label.name.apostrophe),
            Expr::If(e) => return e.if_token.span,
            Expr::Infer(e) => return e.underscore_token.span,
            Expr::Let(e) => return e.let_token.span,
            Expr::Lit(e) => return e.lit.span(),
            Expr::Loop(e) => return e.label.as_ref().map_or(e.loop_token.span, |label| label.name.apostrophe),
            Expr::Macro(e) => return path_first(&e.mac.path),
            Expr::Match(e) => return e.match_token.span,
            Expr::Paren(e) => return open(&e.paren_token.span),
            Expr::Path(e) => return e.qself.as_ref().map_or_else(|| path_first(&e.path), |own| own.lt_token.span),
            Expr::RawAddr(e) => return e.and_token.span,
            Expr::Reference(e) => return e.and_token.span,
            Expr::Repeat(e) => return open(&e.bracket_token.span),
            Expr::Return(e) => return e.return_token.span,
            Expr::Struct(e) => return e.qself.as_ref().map_or_else(|| path_first(&e.path), |own| own.lt_token.span),
            Expr::TryBlock(e) => return e.try_token.span,
            Expr::Tuple(e) => return open(&e.paren_token.span),
            Expr::Unary(e) => return e.op.span(),
            Expr::Unsafe(e) => return e.unsafe_token.span,
            Expr::While(e) => return e.label.as_ref().map_or(e.while_token.span, |label| label.name.apostrophe),
            Expr::Yield(e) => return e.yield_token.span,
            other => return other.span(),
        };
    }
}

/// The last token of an expression.
pub(super) fn last(mut expr: &Expr) -> TokenSpan {
    let close = |span: &DelimSpan| span.close();
    loop {
        expr = match expr {
            // What ends with another expression.
            Expr::Assign(e) => &e.right,
            Expr::Binary(e) => &e.right,
            Expr::Closure(e) => &e.body,
            Expr::Group(e) => &e.expr,
            Expr::Let(e) => &e.expr,
            Expr::RawAddr(e) => &e.expr,
            Expr::Reference(e) => &e.expr,
            Expr::Unary(e) => &e.expr,
            Expr::Break(e) => match (&e.expr, &e.label) {
                (Some(value), _) => value,
                (None, Some(label)) => return label.ident.span(),
                (None, None) => return e.break_token.span,
            },
            Expr::If(e) => match &e.else_branch {
                Some((_, other)) => other,
                None => return close(&e.then_branch.brace_token.span),
            },
            Expr::Range(e) => match &e.end {
                Some(end) => end,
                None => return range_limits(&e.limits).1,
            },
            Expr::Return(e) => match &e.expr {
                Some(value) => value,
                None => return e.return_token.span,
            },
            Expr::Yield(e) => match &e.expr {
                Some(value) => value,
                None => return e.yield_token.span,
            },
            // What ends with a token.
            Expr::Array(e) => return close(&e.bracket_token.span),
            Expr::Async(e) => return close(&e.block.brace_token.span),
            Expr::Await(e) => return e.await_token.span,
            Expr::Block(e) => return close(&e.block.brace_token.span),
            Expr::Call(e) => return close(&e.paren_token.span),
            Expr::Cast(e) => return e.ty.span(),
            Expr::Const(e) => return close(&e.block.brace_token.span),
            Expr::Continue(e) => return e.label.as_ref().map_or(e.continue_token.span, |label| label.ident.span()),
            Expr::Field(e) => return member_span(&e.member),
            Expr::ForLoop(e) => return close(&e.body.brace_token.span),
            Expr::Index(e) => return close(&e.bracket_token.span),
            Expr::Infer(e) => return e.underscore_token.span,
            Expr::Lit(e) => return e.lit.span(),
            Expr::Loop(e) => return close(&e.body.brace_token.span),
            Expr::Macro(e) => return close(e.mac.delimiter.span()),
            Expr::Match(e) => return close(&e.brace_token.span),
            Expr::MethodCall(e) => return close(&e.paren_token.span),
            Expr::Paren(e) => return close(&e.paren_token.span),
            Expr::Path(e) => return path_last(&e.path),
            Expr::Repeat(e) => return close(&e.bracket_token.span),
            Expr::Struct(e) => return close(&e.brace_token.span),
            Expr::Try(e) => return e.question_token.span,
            Expr::TryBlock(e) => return close(&e.block.brace_token.span),
            Expr::Tuple(e) => return close(&e.paren_token.span),
            Expr::Unsafe(e) => return close(&e.block.brace_token.span),
            Expr::While(e) => return close(&e.body.brace_token.span),
            other => return other.span(),
        };
    }
}

/// The two ends of `..` or `..=`.
fn range_limits(limits: &syn::RangeLimits) -> (TokenSpan, TokenSpan) {
    match limits {
        syn::RangeLimits::HalfOpen(dots) => (dots.spans[0], dots.spans[1]),
        syn::RangeLimits::Closed(dots) => (dots.spans[0], dots.spans[2]),
    }
}
