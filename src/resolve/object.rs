//! Which object a method is called on: what its call gives it goes with that object's fields, `F(relay).make(relay_key)`.

use super::value::{Alt, Ctx, Frame, Made, Value};
use super::{Arms, ClassAt, Lit, Resolver};
use crate::facts::{ExprId, ExprKind, FuncId};
use crate::finding::FileId;

/// Objects that one call may be about.
const MAX_OBJECTS: usize = 8;

impl Resolver<'_> {
    /// What is assumed of the object by each that a call of a method may be about; nothing where none is known.
    pub(super) fn objects_asked(&mut self, frame: &Frame) -> Vec<Arms> {
        let (file, func) = (frame.file, frame.func);
        let function = self.module(file).func(func);
        let Some(class) = function.class.filter(|_| function.receiver.is_some()) else { return Vec::new() };
        let class = (file, class);
        let caller = self.module(frame.caller.file);
        let ExprKind::Call(call) = caller.kind(frame.call) else { return Vec::new() };
        let ExprKind::Member(base, _) = *caller.kind(call.callee) else { return Vec::new() };
        // What fills the object's fields is asked for with them.
        if self.writers(class).contains(&func) {
            return Vec::new();
        }
        // Of its own object a method knows no more than it does already.
        let around = caller.func(caller.block(frame.caller.block).func);
        if matches!(caller.kind(base), ExprKind::Name(root) if around.receiver.as_deref() == Some(root)) {
            return Vec::new();
        }
        if let Some(start) = self.start_of_chain(class, (frame.caller.file, frame.call)) {
            let lit = self.object_of(class, start);
            if start.1 != base {
                return Arms::default().with(lit).into_iter().collect();
            }
        }
        let alts = self.eval(&frame.caller, base);
        if alts.len() > MAX_OBJECTS {
            return Vec::new();
        }
        let mut out = Vec::new();
        for alt in alts {
            let mut lits = match &alt.value {
                Value::Made(made) => self.object_lits(class, made),
                _ => Vec::new(),
            };
            lits.extend(self.variant_lit((file, func), &alt.value));
            out.push(lits.into_iter().try_fold(alt.arms, Arms::with));
        }
        out.into_iter().flatten().collect()
    }

    /// That what a method is called on is a variant of its enumeration: `match self` in it is about the same.
    fn variant_lit(&mut self, (file, func): (FileId, FuncId), object: &Value) -> Option<Lit> {
        let Value::Const(variant) = self.as_matched(object).into_owned() else { return None };
        let function = self.module(file).func(func);
        let receiver = function.receiver.as_deref().filter(|_| matches!(object, Value::Made(_)))?;
        let start = Ctx { file, block: function.body, index: 0, frame: None };
        let subject = self.subject(&start, receiver);
        Some(Lit { subject, value: Some(self.constants.get(&variant)), negated: false })
    }

    /// What says that an object is the one which an expression makes: by the call of its constructor, as one that is made by
    /// its fields, and by its class.
    fn object_lits(&mut self, method_of: ClassAt, made: &Made) -> Vec<Lit> {
        let module = self.module(made.ctx.file);
        let at = (made.ctx.file, made.expr);
        let class = match module.kind(made.expr) {
            // A type without fields is its own object; a method of the class is called on the class.
            ExprKind::Class(class) if self.tells_classes_apart(method_of) => {
                return vec![self.is_of_class(method_of, (made.ctx.file, *class))];
            }
            ExprKind::Call(call) => match self.called(&made.ctx, call.callee).as_slice() {
                [Alt { value: Value::Made(callee), .. }] => match *self.module(callee.ctx.file).kind(callee.expr) {
                    ExprKind::Class(class) => (callee.ctx.file, class),
                    ExprKind::Func(func) => return vec![self.run_by((callee.ctx.file, func), at)],
                    _ => return Vec::new(),
                },
                _ => return Vec::new(),
            },
            ExprKind::Object(_) | ExprKind::List(_) => {
                // It is made where the function is called that it stands in.
                let Some(frame) = &made.ctx.frame else {
                    let name = &self.module(method_of.0).classes[method_of.1.index()].name;
                    let subject = self.subjects.get(&format!("new:{}:{name}", made.ctx.file.0));
                    let mut lits = self.made_lits(method_of, method_of, at);
                    lits.push(Lit { subject, value: Some(self.place(at)), negated: false });
                    return lits;
                };
                return vec![self.called_by(frame)];
            }
            _ => return Vec::new(),
        };
        self.made_lits(method_of, class, at)
    }

    /// That an object of a class is made at a place.
    fn made_lits(&mut self, method_of: ClassAt, class: ClassAt, at: (FileId, ExprId)) -> Vec<Lit> {
        let mut lits = Vec::new();
        if let Some(constructor) = self.constructor_of(class).filter(|&func| self.takes_arguments(func)) {
            lits.push(self.run_by(constructor, at));
        }
        for class in self.lineage(class) {
            lits.push(self.object_of(class, at));
        }
        if self.tells_classes_apart(method_of) {
            lits.push(self.is_of_class(method_of, class));
        }
        lits
    }

    /// That an object of a class is the one which a call makes.
    pub(super) fn object_of(&mut self, class: ClassAt, at: (FileId, ExprId)) -> Lit {
        let subject = self.subjects.get(&format!("made:{}:{}", class.0.0, class.1.0));
        Lit { subject, value: Some(self.place(at)), negated: false }
    }

    /// That a function is run by a call.
    pub(super) fn run_by(&mut self, func: (FileId, FuncId), at: (FileId, ExprId)) -> Lit {
        Lit { subject: self.calls_of(func), value: Some(self.place(at)), negated: false }
    }

    /// The same of a call that is followed.
    pub(super) fn called_by(&mut self, frame: &Frame) -> Lit {
        self.run_by((frame.file, frame.func), (frame.caller.file, frame.call))
    }

    /// What tells apart by which call a function is run.
    pub(super) fn calls_of(&mut self, (file, func): (FileId, FuncId)) -> u32 {
        self.subjects.get(&format!("calls:{}:{}", file.0, func.0))
    }

    /// An expression, as what something is assumed to be.
    pub(super) fn place(&mut self, (file, expr): (FileId, ExprId)) -> u32 {
        self.constants.get(&format!("#{}:{}", file.0, expr.0))
    }

    /// Whether objects of a class may be of another that inherits from it. What stands beside a Rust type in other files is
    /// of the same type.
    fn tells_classes_apart(&self, class: ClassAt) -> bool {
        !self.is_rust(class.0) || self.is_trait(class)
    }
}
