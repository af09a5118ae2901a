//! Builds a [`Module`] while an extractor walks the syntax.

use super::{
    Block, BlockId, Class, ClassId, Expr, ExprId, ExprKind, Flow, FuncId, Function, Module, Place, Span, Stmt, Test,
};

/// Builds a [`Module`] while an extractor walks the syntax.
#[derive(Debug)]
pub struct Builder {
    pub(super) module: Module,
    pub(super) block: BlockId,
    pub(super) func: FuncId,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// An empty module, positioned at its top level.
    pub fn new() -> Self {
        let body = Block::new(FuncId(0), None, Vec::new());
        let top = Function::new(None, Span::default());
        Self {
            module: Module {
                exprs: Vec::new(),
                blocks: vec![body],
                functions: vec![top],
                classes: Vec::new(),
                star_imports: Vec::new(),
                exports: Vec::new(),
                env_blocks: Vec::new(),
                documents: Vec::new(),
                cells: Vec::new(),
                comments: Vec::new(),
                recovered: false,
                points: Vec::new(),
                parents: Vec::new(),
                flow: Flow::default(),
            },
            block: BlockId(0),
            func: FuncId(0),
        }
    }

    /// Adds an expression.
    pub fn expr(&mut self, span: Span, mut kind: ExprKind) -> ExprId {
        // Most of what a file says is lists of one or two; a vector makes room for four.
        match &mut kind {
            ExprKind::Call(call) => call.args.shrink_to_fit(),
            ExprKind::Object(object) => object.entries.shrink_to_fit(),
            ExprKind::List(items) => items.shrink_to_fit(),
            ExprKind::Concat(parts) => parts.shrink_to_fit(),
            _ => {}
        }
        let id = ExprId(self.module.exprs.len() as u32);
        self.module.exprs.push(Expr { span, kind });
        id
    }

    /// Adds a statement to the current block.
    pub fn stmt(&mut self, stmt: Stmt) {
        self.module.blocks[self.block.index()].stmts.push(stmt);
    }

    /// Adds `place = value`.
    pub fn assign(&mut self, span: Span, name_span: Span, place: Place, value: ExprId) {
        self.stmt(Stmt::Assign { span, place, value, name_span });
    }

    /// Says that a name lives in the current block only (`let`, `const`). Call it before the assignment.
    pub fn declare(&mut self, name: &str) {
        let declares = &mut self.module.blocks[self.block.index()].declares;
        if !declares.iter().any(|known| known == name) {
            declares.push(name.to_owned());
        }
    }

    /// The block that statements are added to.
    pub fn current_block(&self) -> BlockId {
        self.block
    }

    /// The function that statements are added to.
    pub fn current_func(&self) -> FuncId {
        self.func
    }

    /// Opens a block inside the current one, for [`Stmt::Block`] or an arm; `close_block` returns to the outer one.
    /// Open all arms of a branch before its statement is added: they take the index it will have.
    pub fn open_block(&mut self, tests: Vec<Test>) -> BlockId {
        let parent = (self.block, self.module.blocks[self.block.index()].stmts.len());
        let id = BlockId(self.module.blocks.len() as u32);
        self.module.blocks.push(Block::new(self.func, Some(parent), tests));
        self.block = id;
        id
    }

    /// Returns from a block to the one around it.
    pub fn close_block(&mut self) {
        if let Some((parent, _)) = self.module.blocks[self.block.index()].parent {
            self.block = parent;
        }
    }

    /// Says that a block is the body of a loop.
    pub fn looped(&mut self, block: BlockId) {
        self.module.blocks[block.index()].looped = true;
    }

    /// Adds a branch whose arms have been filled by `open_block` .. `close_block`.
    pub fn branch(&mut self, arms: Vec<BlockId>) {
        self.stmt(Stmt::Branch(arms));
    }

    /// Opens a function: statements go to its body until `close_function`. `function.body`, `parent` and `at` are
    /// filled in here.
    pub fn open_function(&mut self, mut function: Function) -> (FuncId, Resume) {
        let resume = Resume { block: self.block, func: self.func };
        let id = FuncId(self.module.functions.len() as u32);
        let body = BlockId(self.module.blocks.len() as u32);
        function.body = body;
        function.parent = Some(self.func);
        function.at = Some((self.block, self.module.blocks[self.block.index()].stmts.len()));
        self.module.functions.push(function);
        self.module.blocks.push(Block::new(id, None, Vec::new()));
        self.func = id;
        self.block = body;
        (id, resume)
    }

    /// Returns from a function to where it was opened.
    pub fn close_function(&mut self, resume: Resume) {
        self.block = resume.block;
        self.func = resume.func;
    }

    /// Adds a class.
    pub fn class(&mut self, class: Class) -> ClassId {
        let id = ClassId(self.module.classes.len() as u32);
        self.module.classes.push(class);
        id
    }

    /// The class behind an index, to add fields and methods to it.
    pub fn class_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.module.classes[id.index()]
    }

    /// The function behind an index.
    pub fn function_mut(&mut self, id: FuncId) -> &mut Function {
        &mut self.module.functions[id.index()]
    }

    /// What has been built so far, to look at or to add imports, exports, environment blocks and comments to.
    pub fn module(&mut self) -> &mut Module {
        &mut self.module
    }

    /// The finished module.
    pub fn finish(mut self) -> Module {
        self.module.finish();
        self.module
    }
}

/// Where a builder goes on after a function.
#[derive(Clone, Copy, Debug)]
pub struct Resume {
    block: BlockId,
    func: FuncId,
}

impl Block {
    /// A block without statements.
    fn new(func: FuncId, parent: Option<(BlockId, usize)>, tests: Vec<Test>) -> Self {
        Self { stmts: Vec::new(), func, parent, tests, declares: Vec::new(), looped: false }
    }
}

impl Function {
    /// A function with nothing in it yet, for [`Builder::open_function`].
    pub fn new(name: Option<String>, span: Span) -> Self {
        Self {
            name,
            span,
            params: Vec::new(),
            receiver: None,
            body: BlockId(0),
            class: None,
            parent: None,
            at: None,
            decorators: Vec::new(),
            outer_names: Vec::new(),
            generator: false,
            script: None,
        }
    }
}
