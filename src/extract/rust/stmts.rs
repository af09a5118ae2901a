//! Blocks and statements.

use syn::{
    BinOp, Block, Expr, ExprBlock, ExprConst, ExprForLoop, ExprTryBlock, ExprUnsafe, ExprWhile, Local, Stmt as Syntax,
    UnOp,
};

use super::exprs::{Wrapper, is_assignment, is_exit_call, is_plain, wrapper};
use super::spans::{ident, member_name};
use super::{Lower, Sink};
use crate::facts::{BlockId, ExprId, ExprKind, Place, Stmt};

impl Lower<'_> {
    /// Lowers a block's statements into the current block; the value of its tail goes where `sink` says.
    pub(super) fn body(&mut self, block: &Block, sink: &Sink) {
        let items: Vec<_> = block
            .stmts
            .iter()
            .filter_map(|stmt| match stmt {
                Syntax::Item(item) => Some(item),
                _ => None,
            })
            .collect();
        // Items can be used above where they stand.
        let scope = !items.is_empty();
        if scope {
            self.types.push(Default::default());
            self.deeper(|lower| lower.items(&items));
        }
        for (index, stmt) in block.stmts.iter().enumerate() {
            let last = index + 1 == block.stmts.len();
            let sink = if last { sink } else { &Sink::Drop };
            match stmt {
                Syntax::Local(local) => self.local(local),
                Syntax::Item(_) => {}
                Syntax::Expr(expr, None) => self.statement(expr, sink),
                Syntax::Expr(expr, Some(_)) => self.statement(expr, &Sink::Drop),
                Syntax::Macro(stmt) if stmt.semi_token.is_none() => self.macro_statement(&stmt.mac, sink),
                Syntax::Macro(stmt) => self.macro_statement(&stmt.mac, &Sink::Drop),
            }
        }
        if scope {
            self.types.pop();
        }
    }

    /// `let`. What stands in the `else` of a `let .. else` leaves the function: it has nothing to tell.
    fn local(&mut self, local: &Local) {
        match &local.init {
            Some(init) => {
                let value = self.value(&init.expr);
                self.declared_type(&local.pat, value);
                self.bind_pattern(&local.pat, value);
            }
            None => self.declare_pattern(&local.pat),
        }
    }

    /// Lowers an expression in the place of a statement.
    pub(super) fn statement(&mut self, expr: &Expr, sink: &Sink) {
        self.deeper(|lower| lower.statement_here(expr, sink));
    }

    fn statement_here(&mut self, expr: &Expr, sink: &Sink) {
        match expr {
            Expr::Group(e) => self.statement(&e.expr, sink),
            Expr::Paren(e) => self.statement(&e.expr, sink),
            Expr::If(_) | Expr::Match(_) => {
                if matches!(sink, Sink::Drop) || !self.is_choice(expr) {
                    self.branch(expr, sink);
                } else {
                    let value = self.branch_value(expr);
                    let span = self.span(expr);
                    self.deliver(span, value, sink);
                }
            }
            Expr::Block(ExprBlock { block, .. })
            | Expr::Const(ExprConst { block, .. })
            | Expr::TryBlock(ExprTryBlock { block, .. })
            | Expr::Unsafe(ExprUnsafe { block, .. }) => {
                self.block(block, sink);
            }
            Expr::Loop(e) => {
                let block = self.block(&e.body, &Sink::Drop);
                self.builder.looped(block);
            }
            Expr::ForLoop(e) => self.for_loop(e),
            Expr::While(e) => self.while_loop(e),
            Expr::Return(e) => match &e.expr {
                Some(value) => self.statement(value, &Sink::Return),
                None => self.builder.stmt(Stmt::Return(None)),
            },
            Expr::Break(e) => {
                if let Some(value) = &e.expr {
                    self.effect(value);
                }
                // One with a label may leave a mere block.
                if e.label.is_none() {
                    self.builder.stmt(Stmt::Jump);
                }
            }
            Expr::Continue(_) => self.builder.stmt(Stmt::Jump),
            Expr::Assign(e) => self.assign(expr, &e.left, &e.right),
            Expr::Binary(e) if is_assignment(&e.op) => {
                self.compound(expr, &e.left, &e.right, matches!(e.op, BinOp::AddAssign(_)));
            }
            Expr::MethodCall(e) if matches!(sink, Sink::Drop) && appends(e) && self.place(&e.receiver).is_some() => {
                self.compound(expr, &e.receiver, &e.args[0], true);
            }
            // What changes a URL in its place is what that is from then on.
            Expr::MethodCall(e)
                if matches!(sink, Sink::Drop) && e.method == "set_path" && self.place(&e.receiver).is_some() =>
            {
                let value = self.value(expr);
                self.write(expr, &e.receiver, value);
            }
            Expr::Macro(e) => self.macro_statement(&e.mac, sink),
            Expr::Call(e) if is_exit_call(e) => {
                let value = self.value(expr);
                self.builder.stmt(Stmt::Expr(value));
                self.builder.stmt(Stmt::Exit);
            }
            Expr::Call(e) if matches!(sink, Sink::Return) && e.args.len() == 1 && wrapper(&e.func).is_some() => {
                let inner = &e.args[0];
                if wrapper(&e.func) == Some(Wrapper::Value) {
                    self.statement(inner, sink);
                } else {
                    // The caller's `?` or `unwrap` does not come past it.
                    self.effect(inner);
                    self.builder.stmt(Stmt::Exit);
                }
            }
            _ if matches!(sink, Sink::Drop) && is_plain(expr) => {}
            _ => {
                let value = self.value(expr);
                let span = self.span(expr);
                self.deliver(span, value, sink);
            }
        }
    }

    fn block(&mut self, block: &Block, sink: &Sink) -> BlockId {
        let inner = self.builder.open_block(Vec::new());
        self.body(block, sink);
        self.builder.close_block();
        self.builder.stmt(Stmt::Block(inner));
        inner
    }

    fn for_loop(&mut self, node: &ExprForLoop) {
        let arm = self.builder.open_block(Vec::new());
        let of = self.value(collection(&node.expr));
        let span = self.builder.module().span(of);
        let each = self.expr(span, ExprKind::Each(of));
        self.bind_pattern(&node.pat, each);
        self.body(&node.body, &Sink::Drop);
        self.builder.close_block();
        self.builder.looped(arm);
        let none = self.builder.open_block(Vec::new());
        self.builder.close_block();
        self.builder.branch(vec![arm, none]);
    }

    fn while_loop(&mut self, node: &ExprWhile) {
        let arms = self.clauses(&[(&node.cond, &node.body)], None, &Sink::Drop);
        self.builder.looped(arms[0]);
    }

    /// `place = value`.
    fn assign(&mut self, whole: &Expr, left: &Expr, right: &Expr) {
        if let Expr::Tuple(targets) = left {
            let value = self.value(right);
            let name = self.temporary();
            let span = self.span(whole);
            self.builder.assign(span, span, Place::name(name.clone()), value);
            for (index, target) in targets.elems.iter().enumerate() {
                let span = self.span(target);
                let base = self.name(span, name.clone());
                let number = self.expr(span, ExprKind::Const(index.to_string()));
                let value = self.expr(span, ExprKind::Index(base, number));
                self.write(whole, target, value);
            }
            return;
        }
        let value = self.value(right);
        self.write(whole, left, value);
    }

    /// `left += right`, or another operator with it.
    fn compound(&mut self, whole: &Expr, left: &Expr, right: &Expr, add: bool) {
        let (old, new) = (self.value(left), self.value(right));
        let span = self.span(whole);
        let value = if add {
            self.expr(span, ExprKind::Concat(vec![old, new]))
        } else {
            for value in [old, new] {
                self.builder.stmt(Stmt::Expr(value));
            }
            self.unknown(span)
        };
        self.write(whole, left, value);
    }

    /// Assigns a value to what stands left of `=`; to nothing, where that is not understood.
    fn write(&mut self, whole: &Expr, left: &Expr, value: ExprId) {
        let Some(place) = self.place(left) else {
            self.effect(left);
            self.builder.stmt(Stmt::Expr(value));
            return;
        };
        let (span, name_span) = (self.span(whole), self.span(left));
        self.builder.assign(span, name_span, place, value);
    }

    fn place(&self, mut expr: &Expr) -> Option<Place> {
        let mut path = Vec::new();
        loop {
            expr = match expr {
                Expr::Field(e) => {
                    path.push(Some(member_name(&e.member)));
                    &e.base
                }
                Expr::Index(e) => {
                    path.push(match &*e.index {
                        Expr::Lit(literal) => match &literal.lit {
                            syn::Lit::Str(text) => Some(text.value()),
                            syn::Lit::Int(number) => Some(number.base10_digits().to_owned()),
                            _ => None,
                        },
                        _ => None,
                    });
                    &e.expr
                }
                Expr::Group(e) => &e.expr,
                Expr::Paren(e) => &e.expr,
                Expr::Reference(e) => &e.expr,
                Expr::Await(e) => &e.base,
                Expr::Try(e) => &e.expr,
                Expr::Unary(e) if matches!(e.op, UnOp::Deref(_)) => &e.expr,
                // The way to what a lock or a cell holds.
                Expr::MethodCall(e)
                    if ["lock", "write", "unwrap", "expect", "borrow_mut", "as_mut", "get_mut"]
                        .iter()
                        .any(|name| e.method == name) =>
                {
                    &e.receiver
                }
                Expr::Path(e) if e.qself.is_none() => {
                    let root = ident(&e.path.segments.last()?.ident);
                    path.reverse();
                    return Some(Place::below(root, path));
                }
                _ => return None,
            };
        }
    }
}

/// Whether a call makes a text longer: `url.push_str("/v1")`, `url.push('/')`.
fn appends(call: &syn::ExprMethodCall) -> bool {
    let Some(of) = call.args.first().filter(|_| call.args.len() == 1) else { return false };
    let is_char = || matches!(of, Expr::Lit(literal) if matches!(literal.lit, syn::Lit::Char(_)));
    call.method == "push_str" || (call.method == "push" && is_char())
}

/// What a `for` goes through, without the call that makes an iterator of it.
fn collection(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::MethodCall(e)
                if e.args.is_empty() && ["iter", "iter_mut", "into_iter"].iter().any(|name| e.method == name) =>
            {
                &e.receiver
            }
            Expr::Paren(e) => &e.expr,
            Expr::Reference(e) => &e.expr,
            _ => return expr,
        };
    }
}
