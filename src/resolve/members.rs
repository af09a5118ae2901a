//! Members of enumerations that are tuples: what the constructor of the enumeration makes of them.

use super::Resolver;
use super::value::{Alt, Ctx, Made, Value};
use crate::facts::{ClassId, ExprId, ExprKind};
use crate::finding::{FileId, Location};

impl Resolver<'_> {
    /// Whether a class is one of Python's enumerations.
    pub(super) fn is_enumeration(&self, file: FileId, class: ClassId) -> bool {
        let module = self.module(file);
        let named = |&base: &ExprId| matches!(module.kind(base), ExprKind::Name(name) | ExprKind::Member(_, name) if name.ends_with("Enum"));
        module.classes[class.index()].bases.iter().any(named)
    }

    /// The members of an enumeration that its constructor is given one by one, as `RELAY = ("RELAY_KEY", "https://…")` is:
    /// each stands for a call of it.
    pub(super) fn members(&self, file: FileId, class: ClassId) -> Vec<ExprId> {
        if !self.is_enumeration(file, class) {
            return Vec::new();
        }
        let module = self.module(file);
        let values = module.classes[class.index()].fields.iter().filter_map(|field| field.value);
        values.filter(|&value| matches!(module.kind(value), ExprKind::List(_))).collect()
    }

    /// A field of a member of an enumeration, which is a tuple; `None` of any other list.
    pub(super) fn member_field(&mut self, made: &Made, name: &str) -> Option<Vec<Alt>> {
        let file = made.ctx.file;
        let module = self.module(file);
        let is_it = |&class: &usize| module.classes[class].fields.iter().any(|field| field.value == Some(made.expr));
        let class = ClassId((0..module.classes.len()).find(is_it)? as u32);
        if !self.is_enumeration(file, class) {
            return None;
        }
        match name {
            "value" | "_value_" => Some(vec![Alt::new(self.made(&made.ctx, made.expr))]),
            "name" => {
                let member =
                    module.classes[class.index()].fields.iter().find(|field| field.value == Some(made.expr))?;
                let at = Location { file, span: member.span };
                Some(vec![Alt::new(Value::Str(member.name.as_str().into(), at))])
            }
            _ => {
                let ctx = Ctx { frame: None, ..made.ctx.clone() };
                let constructor = self.own_constructor((file, class));
                let frame = constructor.and_then(|func| self.frame(file, func, made.expr, &ctx, None));
                Some(self.attribute(file, class, name, frame.as_ref(), 0))
            }
        }
    }
}
