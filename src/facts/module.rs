//! A file, lowered.

use super::{
    Block, BlockId, Builder, Call, Class, Comment, Entry, EnvBlock, Expr, ExprId, ExprKind, Flow, FuncId, Function,
};
use super::{Script, Span, Stmt};

/// One file, lowered.
#[derive(Clone, Debug)]
pub struct Module {
    /// Expressions.
    pub exprs: Vec<Expr>,
    /// Blocks.
    pub blocks: Vec<Block>,
    /// Functions; the first is the module's top level.
    pub functions: Vec<Function>,
    /// Classes.
    pub classes: Vec<Class>,
    /// `from x import *`, `export * from`, `use x::*`: where, and from which module.
    pub star_imports: Vec<String>,
    /// JS: what other modules get under which name, where that is not the top-level variable of the same name
    /// (`export { a as b }`, `export default x`, `module.exports = x` as `default`).
    pub exports: Vec<(String, ExprId)>,
    /// Environment blocks.
    pub env_blocks: Vec<EnvBlock>,
    /// What a file of data (YAML, JSON, TOML) holds: its documents.
    pub documents: Vec<ExprId>,
    /// The cells of a notebook, in order.
    pub cells: Vec<Span>,
    /// Comments that hold `mixlint:`.
    pub comments: Vec<Comment>,
    /// The parser had to skip something; what it understood is here.
    pub recovered: bool,
    /// The program point of each expression: its block and statement index. Filled by [`Module::finish`].
    pub points: Vec<(BlockId, u32)>,
    /// The expression that directly holds each expression. Filled by [`Module::finish`].
    pub parents: Vec<Option<ExprId>>,
    /// Where blocks lead. Filled by [`Module::finish`].
    pub flow: Flow,
}

impl Default for Module {
    fn default() -> Self {
        Builder::new().finish()
    }
}

impl Module {
    /// Whether a method is read as a field: `@property`.
    pub fn is_property(&self, func: FuncId) -> bool {
        let named = |&mark: &ExprId| matches!(self.kind(mark), ExprKind::Name(n) | ExprKind::Member(_, n) if n.ends_with("property"));
        self.func(func).decorators.iter().any(named)
    }

    /// The number of the cell, from 1, that a place in a notebook lies in.
    pub fn cell_at(&self, span: Span) -> Option<usize> {
        self.cells.iter().position(|cell| cell.contains(span)).map(|index| index + 1)
    }

    /// The expression behind an index.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }

    /// The method that is called on what an expression gives, and that call: `made.method(...)`.
    pub fn called_next(&self, made: ExprId) -> Option<(&str, ExprId, &Call)> {
        let member = self.parents[made.index()]?;
        let ExprKind::Member(base, method) = self.kind(member) else { return None };
        let at = self.parents[member.index()]?;
        let ExprKind::Call(call) = self.kind(at) else { return None };
        (*base == made && call.callee == member).then_some((method, at, call))
    }

    /// What the expression is.
    pub fn kind(&self, id: ExprId) -> &ExprKind {
        &self.exprs[id.index()].kind
    }

    /// Where the expression stands.
    pub fn span(&self, id: ExprId) -> Span {
        self.exprs[id.index()].span
    }

    /// The block behind an index.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }

    /// The function behind an index.
    pub fn func(&self, id: FuncId) -> &Function {
        &self.functions[id.index()]
    }

    /// The script that a block belongs to, where it belongs to one.
    pub fn script_of(&self, block: BlockId) -> Option<&Script> {
        let mut func = Some(self.block(block).func);
        while let Some(id) = func {
            let function = self.func(id);
            if function.script.is_some() {
                return function.script.as_ref();
            }
            func = function.parent;
        }
        None
    }

    /// All expression indices.
    pub fn expr_ids(&self) -> impl Iterator<Item = ExprId> + use<> {
        (0..self.exprs.len() as u32).map(ExprId)
    }

    /// Calls `visit` for each expression that `id` directly holds. Function and class bodies are not entered.
    pub fn children(&self, id: ExprId, mut visit: impl FnMut(ExprId)) {
        match self.kind(id) {
            ExprKind::Member(base, _) | ExprKind::Each(base) => visit(*base),
            ExprKind::Index(base, index) => {
                visit(*base);
                visit(*index);
            }
            ExprKind::Call(call) => {
                visit(call.callee);
                call.args.iter().for_each(|arg| visit(arg.value));
            }
            ExprKind::Object(object) => {
                for entry in &object.entries {
                    match entry {
                        Entry::Field { value, .. } | Entry::Spread(value) => visit(*value),
                        Entry::Computed { key, value } => {
                            visit(*key);
                            visit(*value);
                        }
                    }
                }
            }
            ExprKind::List(items) => items.iter().for_each(|item| visit(item.value)),
            ExprKind::Concat(parts) => parts.iter().copied().for_each(visit),
            ExprKind::Env { default: Some(default), .. } => visit(*default),
            ExprKind::Choice(arms) => {
                for (tests, value) in arms {
                    tests.iter().filter_map(|test| test.expr).for_each(&mut visit);
                    visit(*value);
                }
            }
            ExprKind::Fallback { left, right, .. } => {
                visit(*left);
                visit(*right);
            }
            ExprKind::Str(_)
            | ExprKind::Const(_)
            | ExprKind::Null
            | ExprKind::Undefined
            | ExprKind::Name(_)
            | ExprKind::Env { default: None, .. }
            | ExprKind::Stored { .. }
            | ExprKind::Func(_)
            | ExprKind::Class(_)
            | ExprKind::Import(_)
            | ExprKind::Unknown => {}
        }
    }

    /// Fills `points`, `parents` and `flow`. An expression that no statement holds (a parameter's default, a class field)
    /// belongs to the place where its function or class is defined, or to the module's start.
    pub(crate) fn finish(&mut self) {
        self.points = vec![(BlockId(0), 0); self.exprs.len()];
        self.parents = vec![None; self.exprs.len()];
        let mut roots: Vec<(ExprId, (BlockId, u32))> = Vec::new();
        for function in &self.functions {
            let at = function.at.map_or((BlockId(0), 0), |(block, index)| (block, index as u32));
            roots.extend(function.params.iter().filter_map(|param| param.default).map(|expr| (expr, at)));
            roots.extend(function.decorators.iter().map(|&expr| (expr, at)));
        }
        for class in &self.classes {
            // A class is a value assigned where it is defined; its field values are seen from the end of that block,
            // so that a constant above it is visible.
            let at = self.functions[class.func.index()].body;
            let at = class
                .methods
                .first()
                .and_then(|(_, func)| self.functions[func.index()].at)
                .map_or((at, self.blocks[at.index()].stmts.len() as u32), |(block, index)| (block, index as u32));
            let held = class.fields.iter().flat_map(|field| field.value.into_iter().chain(field.hint));
            roots.extend(held.map(|expr| (expr, at)));
            roots.extend(class.bases.iter().chain(&class.decorators).chain(&class.traits).map(|&expr| (expr, at)));
        }
        for block in &self.env_blocks {
            let at = block.at.unwrap_or((BlockId(0), 0));
            roots.extend(block.vars.iter().map(|var| (var.value, at)));
        }
        roots.extend(self.documents.iter().map(|expr| (*expr, (BlockId(0), 0))));
        roots.extend(self.exports.iter().map(|(_, expr)| (*expr, (BlockId(0), self.blocks[0].stmts.len() as u32))));
        // Statements last: an expression that a statement shares with an environment block is the statement's.
        for (number, block) in self.blocks.iter().enumerate() {
            for (index, stmt) in block.stmts.iter().enumerate() {
                let point = (BlockId(number as u32), index as u32);
                match stmt {
                    Stmt::Assign { value, .. } | Stmt::Expr(value) | Stmt::Return(Some(value)) => {
                        roots.push((*value, point));
                    }
                    Stmt::Branch(arms) => {
                        for test in arms.iter().flat_map(|arm| &self.block(*arm).tests) {
                            roots.extend(test.expr.map(|expr| (expr, point)));
                        }
                    }
                    Stmt::Block(_) | Stmt::Return(None) | Stmt::Exit | Stmt::Jump => {}
                }
            }
        }
        let mut stack: Vec<(ExprId, (BlockId, u32))> = Vec::new();
        let mut held: Vec<ExprId> = Vec::new();
        for root in roots {
            stack.push(root);
            while let Some((expr, point)) = stack.pop() {
                self.points[expr.index()] = point;
                held.clear();
                self.children(expr, |child| held.push(child));
                for &child in &held {
                    self.parents[child.index()] = Some(expr);
                    stack.push((child, point));
                }
            }
        }
        self.flow = Flow::of(&self.blocks);
        self.exprs.shrink_to_fit();
        self.blocks.shrink_to_fit();
        self.functions.shrink_to_fit();
        for block in &mut self.blocks {
            block.stmts.shrink_to_fit();
        }
    }
}
