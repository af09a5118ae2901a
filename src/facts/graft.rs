//! A module inside another: a script in a workflow's step, in an image's `RUN`, in a recipe; and one whose text was put
//! together from pieces of its file.

use super::{
    Block, BlockId, Builder, Call, ClassId, Entry, EnvBlock, Expr, ExprId, ExprKind, FuncId, Module, Span, Stmt,
};

/// How far the indices of a grafted module moved.
#[derive(Clone, Copy)]
struct Shift {
    expr: u32,
    block: u32,
    func: u32,
    class: u32,
}

impl Shift {
    fn expr(self, id: &mut ExprId) {
        id.0 += self.expr;
    }

    fn block(self, id: &mut BlockId) {
        id.0 += self.block;
    }

    fn func(self, id: &mut FuncId) {
        id.0 += self.func;
    }
}

impl Module {
    /// The same module with its spans in the file that its text was taken from; `place` says where each stands.
    pub fn moved(mut self, place: &dyn Fn(Span) -> Span) -> Self {
        let none = Shift { expr: 0, block: 0, func: 0, class: 0 };
        for function in &mut self.functions {
            function.span = place(function.span);
            for param in &mut function.params {
                param.span = place(param.span);
            }
        }
        for class in &mut self.classes {
            class.span = place(class.span);
            for field in &mut class.fields {
                field.span = place(field.span);
            }
        }
        self.exprs = self.exprs.into_iter().map(|expr| moved_expr(expr, none, place)).collect();
        self.blocks = self.blocks.into_iter().map(|block| moved_block(block, none, place)).collect();
        for comment in &mut self.comments {
            comment.span = place(comment.span);
        }
        for block in &mut self.env_blocks {
            block.span = place(block.span);
            for var in &mut block.vars {
                var.span = place(var.span);
                var.name_span = place(var.name_span);
            }
        }
        self
    }
}

impl Builder {
    /// Goes on with a module that was finished, at its top level.
    pub fn resume(module: Module) -> Self {
        Self { module, block: BlockId(0), func: FuncId(0) }
    }

    /// Adds all of a module. Its top level becomes a function, defined and run at the current place; `place` says
    /// where in the file a span of its text stands.
    ///
    /// Its environment blocks are returned, not added: their parents are indices among themselves.
    pub fn graft(&mut self, module: Module, place: &dyn Fn(Span) -> Span) -> (FuncId, Vec<EnvBlock>) {
        let shift = Shift {
            expr: self.module.exprs.len() as u32,
            block: self.module.blocks.len() as u32,
            func: self.module.functions.len() as u32,
            class: self.module.classes.len() as u32,
        };
        let Module {
            exprs,
            blocks,
            functions,
            classes,
            mut star_imports,
            exports,
            env_blocks,
            documents,
            comments,
            recovered,
            ..
        } = module;
        let here = (self.block, self.module.blocks[self.block.index()].stmts.len());
        for (number, mut function) in functions.into_iter().enumerate() {
            function.span = place(function.span);
            shift.block(&mut function.body);
            if number == 0 {
                function.parent = Some(self.func);
                function.at = Some(here);
            } else {
                function.parent.iter_mut().for_each(|id| shift.func(id));
                function.at.iter_mut().for_each(|(block, _)| shift.block(block));
            }
            function.class.iter_mut().for_each(|class| class.0 += shift.class);
            function.decorators.iter_mut().for_each(|id| shift.expr(id));
            for param in &mut function.params {
                param.span = place(param.span);
                param.default.iter_mut().for_each(|id| shift.expr(id));
            }
            self.module.functions.push(function);
        }
        self.module.exprs.extend(exprs.into_iter().map(|expr| moved_expr(expr, shift, place)));
        self.module.blocks.extend(blocks.into_iter().map(|block| moved_block(block, shift, place)));
        for mut class in classes {
            class.span = place(class.span);
            shift.func(&mut class.func);
            let held = class.bases.iter_mut().chain(&mut class.decorators).chain(&mut class.traits);
            held.for_each(|id| shift.expr(id));
            class.methods.iter_mut().for_each(|(_, func)| shift.func(func));
            for field in &mut class.fields {
                field.span = place(field.span);
                field.value.iter_mut().chain(&mut field.hint).for_each(|id| shift.expr(id));
            }
            self.module.classes.push(class);
        }
        self.module.star_imports.append(&mut star_imports);
        self.module.exports.extend(exports.into_iter().map(|(name, id)| (name, ExprId(id.0 + shift.expr))));
        self.module.documents.extend(documents.into_iter().map(|id| ExprId(id.0 + shift.expr)));
        self.module.recovered |= recovered;
        self.module.comments.extend(comments.into_iter().map(|mut comment| {
            comment.span = place(comment.span);
            comment
        }));
        let blocks = env_blocks.into_iter().map(|mut block| {
            block.span = place(block.span);
            let (at, index) = block.at.unwrap_or((BlockId(0), 0));
            block.at = Some((BlockId(at.0 + shift.block), index));
            for var in &mut block.vars {
                var.span = place(var.span);
                var.name_span = place(var.name_span);
                shift.expr(&mut var.value);
            }
            block
        });
        let blocks = blocks.collect();
        (FuncId(shift.func), blocks)
    }
}

fn moved_expr(mut expr: Expr, shift: Shift, place: &dyn Fn(Span) -> Span) -> Expr {
    expr.span = place(expr.span);
    match &mut expr.kind {
        ExprKind::Member(base, _) | ExprKind::Each(base) => shift.expr(base),
        ExprKind::Index(base, index) => {
            shift.expr(base);
            shift.expr(index);
        }
        ExprKind::Call(Call { callee, args, .. }) => {
            shift.expr(callee);
            for arg in args {
                arg.name_span = arg.name_span.map(place);
                shift.expr(&mut arg.value);
            }
        }
        ExprKind::Object(object) => {
            for entry in &mut object.entries {
                match entry {
                    Entry::Field { value, key_span, .. } => {
                        *key_span = place(*key_span);
                        shift.expr(value);
                    }
                    Entry::Computed { key, value } => {
                        shift.expr(key);
                        shift.expr(value);
                    }
                    Entry::Spread(value) => shift.expr(value),
                }
            }
        }
        ExprKind::List(items) => items.iter_mut().for_each(|item| shift.expr(&mut item.value)),
        ExprKind::Concat(parts) => parts.iter_mut().for_each(|id| shift.expr(id)),
        ExprKind::Env { default: Some(default), .. } => shift.expr(default),
        ExprKind::Choice(arms) => {
            for (tests, value) in arms {
                tests.iter_mut().for_each(|test| test.each_expr(&mut |id| shift.expr(id)));
                shift.expr(value);
            }
        }
        ExprKind::Fallback { left, right, .. } => {
            shift.expr(left);
            shift.expr(right);
        }
        ExprKind::Func(func) => shift.func(func),
        ExprKind::Class(ClassId(class)) => *class += shift.class,
        ExprKind::Str(_)
        | ExprKind::Const(_)
        | ExprKind::Null
        | ExprKind::Undefined
        | ExprKind::Name(_)
        | ExprKind::Env { default: None, .. }
        | ExprKind::Stored { .. }
        | ExprKind::Import(_)
        | ExprKind::Unknown => {}
    }
    expr
}

fn moved_block(mut block: Block, shift: Shift, place: &dyn Fn(Span) -> Span) -> Block {
    shift.func(&mut block.func);
    block.parent.iter_mut().for_each(|(parent, _)| shift.block(parent));
    block.tests.iter_mut().for_each(|test| test.each_expr(&mut |id| shift.expr(id)));
    for stmt in &mut block.stmts {
        match stmt {
            Stmt::Assign { span, value, name_span, place: target } => {
                target.key.iter_mut().for_each(|key| shift.expr(key));
                *span = place(*span);
                *name_span = place(*name_span);
                shift.expr(value);
            }
            Stmt::Expr(value) | Stmt::Return(Some(value)) => shift.expr(value),
            Stmt::Branch(arms) => arms.iter_mut().for_each(|arm| shift.block(arm)),
            Stmt::Block(inner) => shift.block(inner),
            Stmt::Return(None) | Stmt::Exit | Stmt::Jump => {}
        }
    }
    block
}
