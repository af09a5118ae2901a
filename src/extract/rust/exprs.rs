//! Expressions.

use syn::{BinOp, Block, Expr, ExprCall, ExprClosure, ExprMethodCall, ExprStruct, Lit, Path, UnOp};

use super::branches::is_asked_for;
use super::spans::{ident, member_name, member_span};
use super::{Lower, Sink};
use crate::facts::{Arg, Call, Entry, ExprId, ExprKind, Function, Item, Object, Span, Spread, Stmt};
use crate::text::Text;

impl Lower<'_> {
    /// Lowers an expression whose value is used. Statements inside it are added to the current block.
    pub(super) fn value(&mut self, expr: &Expr) -> ExprId {
        match self.deeper(|lower| lower.value_here(expr)) {
            Some(value) => value,
            None => {
                let span = self.span(expr);
                self.unknown(span)
            }
        }
    }

    fn value_here(&mut self, expr: &Expr) -> ExprId {
        match expr {
            // What stands for the value inside.
            Expr::Await(e) => self.value(&e.base),
            Expr::Cast(e) => self.value(&e.expr),
            Expr::Group(e) => self.value(&e.expr),
            Expr::Paren(e) => self.value(&e.expr),
            Expr::RawAddr(e) => self.value(&e.expr),
            Expr::Reference(e) => self.value(&e.expr),
            Expr::Try(e) if is_asked_for(&e.expr) => self.asked_for(e),
            Expr::Try(e) => self.value(&e.expr),
            Expr::Unary(e) if matches!(e.op, UnOp::Deref(_)) => self.value(&e.expr),

            Expr::Lit(e) => self.literal(&e.lit),
            Expr::Path(e) if e.qself.is_none() => self.path(&e.path),
            Expr::Field(e) => {
                let base = self.value(&e.base);
                let span = self.span(expr);
                self.expr(span, ExprKind::Member(base, member_name(&e.member)))
            }
            Expr::Index(e) => {
                let base = self.value(&e.expr);
                let index = self.value(&e.index);
                let span = self.span(expr);
                self.expr(span, ExprKind::Index(base, index))
            }
            Expr::Call(e) => self.call(expr, e),
            Expr::MethodCall(e) => self.method_call(expr, e),
            Expr::Struct(e) => self.struct_literal(expr, e),
            Expr::Macro(e) => self.macro_value(&e.mac),
            Expr::Closure(e) => self.closure(expr, e),
            Expr::Tuple(e) if e.elems.is_empty() => {
                let span = self.span(expr);
                self.expr(span, ExprKind::Null)
            }
            Expr::Tuple(e) => self.list(expr, e.elems.iter()),
            Expr::Array(e) => self.list(expr, e.elems.iter()),
            Expr::Repeat(e) => self.list(expr, std::iter::once(&*e.expr)),

            Expr::If(_) | Expr::Match(_) => self.branch_value(expr),
            Expr::Block(e) => self.block_value(expr, &e.block),
            Expr::Const(e) => self.block_value(expr, &e.block),
            Expr::TryBlock(e) => self.block_value(expr, &e.block),
            Expr::Unsafe(e) => self.block_value(expr, &e.block),
            Expr::Async(e) => self.async_block(expr, &e.block),

            Expr::Unary(e) => self.unary(expr, &e.expr),
            Expr::Binary(e) => match e.op {
                BinOp::Add(_) => self.sum(expr),
                BinOp::And(_) | BinOp::Or(_) => {
                    self.effect(&e.left);
                    // A jump on the right is taken sometimes only.
                    if !matches!(*e.right, Expr::Return(_)) {
                        self.effect(&e.right);
                    }
                    let span = self.span(expr);
                    self.unknown(span)
                }
                _ if is_assignment(&e.op) => self.after_statement(expr),
                _ => {
                    self.effect(&e.left);
                    self.effect(&e.right);
                    let span = self.span(expr);
                    self.unknown(span)
                }
            },
            Expr::Range(e) => {
                for end in [&e.start, &e.end].into_iter().flatten() {
                    self.effect(end);
                }
                let span = self.span(expr);
                self.unknown(span)
            }
            Expr::Let(e) => {
                self.effect(&e.expr);
                let span = self.span(expr);
                self.unknown(span)
            }
            Expr::Assign(_)
            | Expr::Break(_)
            | Expr::Continue(_)
            | Expr::ForLoop(_)
            | Expr::Loop(_)
            | Expr::Return(_)
            | Expr::While(_)
            | Expr::Yield(_) => self.after_statement(expr),
            _ => {
                let span = self.span(expr);
                self.unknown(span)
            }
        }
    }

    /// A statement in the place of a value.
    fn after_statement(&mut self, expr: &Expr) -> ExprId {
        self.statement(expr, &Sink::Drop);
        let span = self.span(expr);
        self.unknown(span)
    }

    /// Lowers an expression for the calls in it; nothing is to be said of a plain name or constant.
    pub(super) fn effect(&mut self, expr: &Expr) {
        if !is_plain(expr) {
            let value = self.value(expr);
            self.builder.stmt(Stmt::Expr(value));
        }
    }

    fn unary(&mut self, expr: &Expr, operand: &Expr) -> ExprId {
        let span = self.span(expr);
        if matches!(operand, Expr::Lit(_)) {
            let text = self.slice(span).to_owned();
            return self.expr(span, ExprKind::Const(text));
        }
        self.effect(operand);
        self.unknown(span)
    }

    /// `a + b + c`, as one.
    fn sum(&mut self, expr: &Expr) -> ExprId {
        let mut terms = Vec::new();
        let mut left = expr;
        while let Expr::Binary(binary) = left
            && matches!(binary.op, BinOp::Add(_))
        {
            terms.push(&*binary.right);
            left = &binary.left;
        }
        terms.push(left);
        let parts = terms.into_iter().rev().map(|term| self.value(term)).collect();
        let span = self.span(expr);
        self.expr(span, ExprKind::Concat(parts))
    }

    fn list<'e>(&mut self, expr: &Expr, items: impl Iterator<Item = &'e Expr>) -> ExprId {
        let items = items.map(|item| Item { value: self.value(item), spread: false }).collect();
        let span = self.span(expr);
        self.expr(span, ExprKind::List(items))
    }

    pub(super) fn literal(&mut self, literal: &Lit) -> ExprId {
        let span = self.at(literal.span());
        let lossy = |bytes: &[u8]| ExprKind::Str(Text::new(String::from_utf8_lossy(bytes)));
        let kind = match literal {
            Lit::Str(text) => ExprKind::Str(Text::new(text.value())),
            Lit::ByteStr(text) => lossy(&text.value()),
            Lit::CStr(text) => lossy(text.value().as_bytes()),
            Lit::Byte(byte) => ExprKind::Const(byte.value().to_string()),
            Lit::Char(char) => ExprKind::Const(char.value().to_string()),
            Lit::Int(number) => ExprKind::Const(number.base10_digits().to_owned()),
            Lit::Float(number) => ExprKind::Const(number.base10_digits().to_owned()),
            Lit::Bool(bool) => ExprKind::Const(bool.value.to_string()),
            _ => ExprKind::Unknown,
        };
        self.expr(span, kind)
    }

    fn call(&mut self, expr: &Expr, call: &ExprCall) -> ExprId {
        match (wrapper(&call.func), call.args.len(), call.args.first()) {
            (Some(Wrapper::Value), 1, Some(inner)) => return self.value(inner),
            (Some(Wrapper::Error), 1, Some(inner)) => {
                self.effect(inner);
                let span = self.span(expr);
                return self.expr(span, ExprKind::Null);
            }
            _ => {}
        }
        let span = self.span(expr);
        if let Some(map) = self.map_of(span, call) {
            return map;
        }
        let callee = self.value(&call.func);
        let args = call.args.iter().map(|arg| self.argument(arg)).collect();
        let value = self.expr(span, ExprKind::Call(Call { callee, args, new: false }));
        if let Expr::Path(path) = &*call.func
            && let Some(last) = path.path.segments.last()
        {
            self.turbofish(&last.arguments, value);
        }
        value
    }

    pub(super) fn argument(&mut self, value: &Expr) -> Arg {
        Arg { name: None, name_span: None, spread: Spread::No, value: self.value(value) }
    }

    fn method_call(&mut self, expr: &Expr, call: &ExprMethodCall) -> ExprId {
        let receiver = self.value(&call.receiver);
        let span = self.span(expr);
        let method = self.at(call.method.span());
        let name = ident(&call.method);
        let mut args = call.args.iter();
        let right = match (name.as_str(), args.next(), args.next()) {
            ("unwrap_or_default", None, None) => Some(self.expr(method, ExprKind::Str(Text::default()))),
            ("unwrap_or" | "or", Some(default), None) => Some(self.value(default)),
            ("unwrap_or_else" | "or_else", Some(default), None) => match self.deferred(default) {
                Some(right) => Some(right),
                // The other way out does not come back.
                None => return receiver,
            },
            ("map_or" | "map_or_else", Some(default), Some(map)) => {
                let right = if name == "map_or" { Some(self.value(default)) } else { self.deferred(default) };
                let callee = self.value(map);
                let arg = Arg { name: None, name_span: None, spread: Spread::No, value: receiver };
                let left = self.expr(span, ExprKind::Call(Call { callee, args: vec![arg], new: false }));
                return match right {
                    Some(right) => self.expr(span, ExprKind::Fallback { left, right, nullish: true }),
                    None => left,
                };
            }
            _ => None,
        };
        if let Some(right) = right {
            return self.expr(span, ExprKind::Fallback { left: receiver, right, nullish: true });
        }
        let member = Span { start: span.start, end: method.end };
        let callee = self.expr(member, ExprKind::Member(receiver, name));
        let args = call.args.iter().map(|arg| self.argument(arg)).collect();
        let value = self.expr(span, ExprKind::Call(Call { callee, args, new: false }));
        if let Some(of) = &call.turbofish {
            self.generic_type(&of.args.iter().collect::<Vec<_>>(), value);
        }
        value
    }

    /// The result of a function without arguments that are used, such as the one of `unwrap_or_else`; `None` if it
    /// does not return.
    fn deferred(&mut self, function: &Expr) -> Option<ExprId> {
        if let Expr::Closure(closure) = function {
            let tail = tail_only(&closure.body);
            if diverges(tail) {
                return None;
            }
            let simple = matches!(
                tail,
                Expr::Lit(_) | Expr::Path(_) | Expr::Field(_) | Expr::Call(_) | Expr::MethodCall(_) | Expr::Macro(_)
            );
            if simple {
                return Some(self.value(tail));
            }
        }
        let callee = self.value(function);
        let span = self.span(function);
        Some(self.expr(span, ExprKind::Call(Call { callee, args: Vec::new(), new: false })))
    }

    fn struct_literal(&mut self, expr: &Expr, literal: &ExprStruct) -> ExprId {
        let mut ty = literal.path.segments.last().map(|segment| ident(&segment.ident));
        if let (Some("Self"), Some((name, _))) = (ty.as_deref(), &self.self_type) {
            ty = Some(name.clone());
        }
        let mut entries = Vec::new();
        for field in &literal.fields {
            let key_span = self.at(member_span(&field.member));
            let value = self.value(&field.expr);
            entries.push(Entry::Field { key: Some(member_name(&field.member)), key_span, value });
        }
        if let Some(rest) = &literal.rest {
            // The fields that are written win over the rest, which stands last in Rust: entries are read in order.
            let rest = match &ty {
                // `..Default::default()` is the default of this very type.
                Some(ty) if is_default(rest) => {
                    let span = self.span(rest);
                    let of = self.expr(span, ExprKind::Name(ty.clone()));
                    let callee = self.expr(span, ExprKind::Member(of, "default".to_owned()));
                    self.expr(span, ExprKind::Call(Call { callee, args: Vec::new(), new: false }))
                }
                _ => self.value(rest),
            };
            entries.insert(0, Entry::Spread(rest));
        }
        let span = self.span(expr);
        self.expr(span, ExprKind::Object(Object { entries, ty }))
    }

    fn closure(&mut self, expr: &Expr, closure: &ExprClosure) -> ExprId {
        let span = self.span(expr);
        let (func, resume) = self.builder.open_function(Function::new(None, span));
        self.parameters(func, closure.inputs.iter().map(|input| (input, None)));
        match &*closure.body {
            Expr::Block(body) if body.label.is_none() => self.body(&body.block, &Sink::Return),
            body => self.statement(body, &Sink::Return),
        }
        self.builder.close_function(resume);
        self.expr(span, ExprKind::Func(func))
    }

    /// `async { .. }`: its value, as if it were awaited. What `return`s inside it leaves only the block.
    fn async_block(&mut self, expr: &Expr, block: &Block) -> ExprId {
        if let [syn::Stmt::Expr(tail, None)] = block.stmts.as_slice()
            && !diverges(tail)
        {
            return self.value(tail);
        }
        let span = self.span(expr);
        let (func, resume) = self.builder.open_function(Function::new(None, span));
        self.body(block, &Sink::Return);
        self.builder.close_function(resume);
        let callee = self.expr(span, ExprKind::Func(func));
        self.expr(span, ExprKind::Call(Call { callee, args: Vec::new(), new: false }))
    }

    fn block_value(&mut self, expr: &Expr, block: &Block) -> ExprId {
        if let [syn::Stmt::Expr(tail, None)] = block.stmts.as_slice() {
            return self.value(tail);
        }
        let span = self.span(expr);
        let name = self.temporary();
        let inner = self.builder.open_block(Vec::new());
        self.body(block, &Sink::Assign(name.clone()));
        self.builder.close_block();
        self.builder.stmt(Stmt::Block(inner));
        self.name(span, name)
    }
}

/// What a call of an enum's variant stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapper {
    /// `Some`, `Ok`.
    Value,
    /// `Err`.
    Error,
}

/// Whether something is `Some`, `Ok` or `Err`.
pub(super) fn wrapper(callee: &Expr) -> Option<Wrapper> {
    let Expr::Path(path) = callee else { return None };
    path_wrapper(&path.path)
}

/// Whether a path is `Some`, `Ok` or `Err`.
pub(super) fn path_wrapper(path: &Path) -> Option<Wrapper> {
    let last = &path.segments.last()?.ident;
    let known = match path.segments.len() {
        1 => true,
        2 => ["Option", "Result"].iter().any(|name| path.segments[0].ident == name),
        _ => false,
    };
    if known && (last == "Some" || last == "Ok") {
        Some(Wrapper::Value)
    } else if known && last == "Err" {
        Some(Wrapper::Error)
    } else {
        None
    }
}

/// Whether an operator writes to its left side.
pub(super) fn is_assignment(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

/// Names, fields of names and constants: nothing happens where they are read.
pub(super) fn is_plain(mut expr: &Expr) -> bool {
    loop {
        expr = match expr {
            Expr::Field(e) => &e.base,
            Expr::Group(e) => &e.expr,
            Expr::Paren(e) => &e.expr,
            Expr::Reference(e) => &e.expr,
            Expr::Unary(e) => &e.expr,
            Expr::Cast(e) => &e.expr,
            Expr::Lit(_) | Expr::Path(_) | Expr::Infer(_) => return true,
            _ => return false,
        };
    }
}

/// The expression that a block consists of, or the block itself.
pub(super) fn tail_only(mut expr: &Expr) -> &Expr {
    while let Expr::Block(block) = expr {
        match block.block.stmts.as_slice() {
            [syn::Stmt::Expr(tail, None)] => expr = tail,
            _ => break,
        }
    }
    expr
}

/// Whether an expression leaves its place: what stands after it does not run.
pub(super) fn diverges(expr: &Expr) -> bool {
    match expr {
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Macro(e) => super::macros::is_exit(&e.mac),
        Expr::Call(e) => is_exit_call(e),
        Expr::Block(e) => match e.block.stmts.last() {
            Some(syn::Stmt::Expr(last, _)) => diverges(last),
            Some(syn::Stmt::Macro(last)) => super::macros::is_exit(&last.mac),
            _ => false,
        },
        _ => false,
    }
}

/// `process::exit(..)`, `process::abort()`.
pub(super) fn is_exit_call(call: &ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else { return false };
    let mut segments = path.path.segments.iter().rev().map(|segment| &segment.ident);
    let (last, before) = (segments.next(), segments.next());
    last.is_some_and(|name| name == "exit" || name == "abort") && before.is_some_and(|name| name == "process")
}

/// Whether an expression is `Default::default()`.
fn is_default(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    let Expr::Path(path) = &*call.func else { return false };
    call.args.is_empty() && path.qself.is_none() && {
        let mut words = path.path.segments.iter().rev().map(|segment| ident(&segment.ident));
        words.next().as_deref() == Some("default") && words.next().as_deref() == Some("Default")
    }
}
