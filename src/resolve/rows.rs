//! Rows of tables: `TABLE[name]`, `TABLE.get(name)`, `for row in TABLE`.
//!
//! Which row an index known only at run time chooses is a choice like any other: each row is a value under its own
//! assumption, so that a key and a URL from one table meet within a row only. Rows that the program adds later
//! (`TABLE[name] = …`, `TABLE.update(…)`, `rows.append(…)`) count wherever they stand: when they are added is not
//! known, and that they are missed would make a key that fits only there a false alarm.

use super::value::{Alt, Ctx, Made, Part, Value};
use super::{Arms, Lit, Resolver, under, words};
use crate::facts::{BlockId, Call, Entry, ExprId, ExprKind, Module, Stmt};
use crate::finding::{FileId, Location};
use crate::text::Text;

/// The subject that marks a value from a row chosen at run time.
pub(super) const ROW: &str = "row:";

/// The subject's value for a row that is not known.
const OTHER: &str = "#other";

/// More rows of a table than this are one that is not known.
const MAX_ROWS: usize = 200;

/// One row: what it is called, and what it can be.
pub(super) type Row = (String, Vec<Alt>);

impl Resolver<'_> {
    /// `base[index]`.
    pub(super) fn index(&mut self, ctx: &Ctx, base: ExprId, index: ExprId, at: Location) -> Vec<Alt> {
        match self.module(ctx.file).kind(index) {
            ExprKind::Str(text) => return self.member(ctx, base, text.expose(), at),
            ExprKind::Const(text) => return self.member(ctx, base, text, at),
            _ => {}
        }
        let bases = self.eval(ctx, base);
        self.chosen(ctx, &bases, index, at)
    }

    /// The rows of some tables that an index can choose.
    pub(super) fn chosen(&mut self, ctx: &Ctx, bases: &[Alt], index: ExprId, at: Location) -> Vec<Alt> {
        let mut out = Vec::new();
        let keys = self.eval(ctx, index);
        let index = folded(self.module(ctx.file), index);
        // Values of different rows do not meet, whatever led to each: if nothing else tells them apart, the index does.
        let mut pairs = keys.iter().enumerate().flat_map(|(at, one)| keys[..at].iter().map(move |other| (one, other)));
        let alike = keys.len() > 1 && pairs.any(|(one, other)| one.arms.merge(&other.arms).is_some());
        for key in &keys {
            let known = match &key.value {
                Value::Str(text, _) => Some(text.expose().to_owned()),
                Value::Const(text) => Some(text.clone()),
                _ => None,
            };
            if let Some(known) = known {
                let mut arms = Some(key.arms.clone());
                if alike {
                    let subject = self.subject_of_expr(ctx, index);
                    let row = Lit { subject, value: Some(self.constants.get(&known)), negated: false };
                    arms = key.arms.clone().with(row);
                }
                if let Some(arms) = arms {
                    out.extend(under(self.named_field(ctx, bases.to_vec(), &known, at), &arms));
                }
                continue;
            }
            // A row chosen at run time: one value for each row, told apart by the index.
            let subject = self.subject_of_expr(ctx, index);
            let before = out.len();
            for base in bases.iter().filter(|base| !matches!(base.value, Value::Symbol(_))) {
                let rows = self.elements(&base.value);
                if let Some(arms) = base.arms.merge(&key.arms) {
                    out.extend(self.some_row(rows, subject, &arms));
                }
            }
            if out.len() == before {
                out.push(Alt { arms: key.arms.clone(), ..Alt::unknown() });
            }
        }
        out
    }

    /// One of several rows, told apart by what chooses it.
    pub(super) fn some_row(&mut self, rows: Vec<Row>, subject: u32, arms: &Arms) -> Vec<Alt> {
        let mark = Lit { subject: self.subjects.get(ROW), value: None, negated: false };
        let mut out = Vec::new();
        for (row, alts) in rows {
            let lit = Lit { subject, value: Some(self.constants.get(&row)), negated: false };
            let arms = arms.clone().with(lit).and_then(|arms| arms.with(mark));
            out.extend(arms.into_iter().flat_map(|arms| under(alts.clone(), &arms)));
        }
        out
    }

    /// The elements of a collection by row: keys of an object, positions of a list.
    pub(super) fn elements(&mut self, value: &Value) -> Vec<Row> {
        if self.depth >= super::DEPTH || self.fuel == 0 {
            return Vec::new();
        }
        self.fuel -= 1;
        self.depth += 1;
        let (made, part) = match value {
            Value::Made(made) => (made.clone(), Part::Values),
            Value::Entries(made, part) => (made.clone(), *part),
            _ => {
                self.depth -= 1;
                return Vec::new();
            }
        };
        let mut rows = self.written_out(&made, part);
        if !rows.is_empty() || self.is_table(&made) {
            self.add_rows(&made, part, &mut rows);
        }
        self.depth -= 1;
        rows
    }

    /// The collection's element that a loop is at, if the block is the body of a loop over one.
    pub fn each_of(&self, file: FileId, body: BlockId) -> Option<ExprId> {
        let module = self.module(file);
        let block = module.block(body);
        let Stmt::Assign { value, .. } = block.stmts.first().filter(|_| block.looped)? else { return None };
        // `for (name, value) in headers` may take it apart at once.
        let mut at = *value;
        loop {
            match module.kind(at) {
                ExprKind::Each(_) => return Some(at),
                ExprKind::Index(base, _) | ExprKind::Member(base, _) => at = *base,
                _ => return None,
            }
        }
    }

    /// The element that the nearest loop around a point is at.
    fn each_around(&self, ctx: &Ctx) -> Option<ExprId> {
        let around = |block: &BlockId| self.module(ctx.file).block(*block).parent.map(|(parent, _)| parent);
        std::iter::successors(Some(ctx.block), around).find_map(|block| self.each_of(ctx.file, block))
    }

    /// The value beside a name, in the row of the collection that a loop goes through whose name is the one asked for. The
    /// loop comes to all rows, so that nothing is assumed of which one it is at.
    pub fn in_row_named(&mut self, ctx: &Ctx, name: ExprId, value: ExprId, is: impl Fn(&str) -> bool) -> Vec<Alt> {
        let Some(each) = self.each_around(ctx) else { return vec![Alt::new(Value::Undefined)] };
        let row = self.place_subject(ctx, each);
        let (mut out, mut found, mut others) = (Vec::new(), Vec::new(), Vec::new());
        let values = self.eval(ctx, value);
        for alt in self.eval(ctx, name) {
            let of = alt.arms.without(row);
            let named = match &alt.value {
                Value::Str(text, _) => is(text.expose()),
                Value::Symbol(symbol) => is(symbol.rsplit('.').next().unwrap_or(symbol)),
                _ => false,
            };
            if named {
                let beside = under(values.clone(), &alt.arms).into_iter();
                out.extend(beside.map(|alt| Alt { arms: alt.arms.without(row), ..alt }));
                found.push(of);
            } else if !others.contains(&of) {
                others.push(of);
            }
        }
        others.retain(|of| !found.contains(of));
        out.extend(others.into_iter().map(|arms| Alt { arms, ..Alt::new(Value::Undefined) }));
        if out.is_empty() { vec![Alt::new(Value::Undefined)] } else { out }
    }

    /// The value that is put under a key, where all that the key can be is known: nothing where it is another one. In a loop
    /// over rows each key has the value of its own row.
    pub(super) fn at_key(
        &mut self,
        ctx: &Ctx,
        key: ExprId,
        value: ExprId,
        is: impl Fn(&str) -> bool,
    ) -> Option<Vec<Alt>> {
        let keys = self.eval(ctx, key);
        if !keys.iter().all(|key| matches!(key.value, Value::Str(..) | Value::Const(_))) {
            return None;
        }
        if self.each_around(ctx).is_some() {
            return Some(self.in_row_named(ctx, key, value, is));
        }
        let values = self.eval(ctx, value);
        let at = |key: Alt| match &key.value {
            Value::Str(text, _) if is(text.expose()) => under(values.clone(), &key.arms),
            Value::Const(text) if is(text) => under(values.clone(), &key.arms),
            _ => vec![Alt { arms: key.arms, ..Alt::new(Value::Undefined) }],
        };
        Some(keys.into_iter().flat_map(at).collect())
    }

    /// What stands between the separators of a variable: keys in a row, of which each is as good as the whole.
    pub(super) fn split_parts(&mut self, made: &Made) -> Option<Vec<Alt>> {
        let module = self.module(made.ctx.file);
        let ExprKind::Call(call) = module.kind(made.expr) else { return None };
        let ExprKind::Member(base, method) = module.kind(call.callee) else { return None };
        if method != "split" {
            return None;
        }
        let mut alts = self.eval(&made.ctx, *base);
        alts.retain(|alt| matches!(alt.value, Value::Env(..)));
        (!alts.is_empty()).then_some(alts)
    }

    fn is_table(&self, made: &Made) -> bool {
        matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::Object(_) | ExprKind::List(_))
    }

    /// The rows of a literal.
    fn written_out(&mut self, made: &Made, part: Part) -> Vec<Row> {
        let ctx = &made.ctx;
        let mut out = Vec::new();
        match self.module(ctx.file).kind(made.expr) {
            ExprKind::Object(object) => {
                for entry in object.entries.iter().take(MAX_ROWS) {
                    let (name, at, value) = match entry {
                        Entry::Field { key, key_span, value } => {
                            (key.clone(), Location { file: ctx.file, span: *key_span }, *value)
                        }
                        Entry::Computed { key, value } => {
                            (self.known_key(ctx, *key), self.location(ctx.file, *key), *value)
                        }
                        Entry::Spread(spread) => {
                            let before = out.len();
                            for alt in self.eval(ctx, *spread) {
                                out.extend(self.elements(&entries_of(alt.value, part)));
                            }
                            if out.len() == before {
                                out.push(unknown_row());
                            }
                            continue;
                        }
                    };
                    out.push(match name {
                        Some(name) => (name.clone(), self.row(ctx, &name, at, value, part)),
                        // `{name: row for …}`: a row all the same.
                        None if part == Part::Values => (nameless(value), self.eval(ctx, value)),
                        None => unknown_row(),
                    });
                }
                if object.entries.len() > MAX_ROWS {
                    out.push(unknown_row());
                }
            }
            ExprKind::List(items) => {
                for (number, item) in items.iter().take(MAX_ROWS).enumerate() {
                    let alts = self.eval(ctx, item.value);
                    if !item.spread {
                        out.push((format!("#{number}"), alts));
                        continue;
                    }
                    let before = out.len();
                    for alt in alts {
                        let rows = self.elements(&alt.value).into_iter();
                        out.extend(rows.map(|(row, alts)| (format!("#{number}{row}"), under(alts, &alt.arms))));
                    }
                    if out.len() == before {
                        out.push((format!("#{number}"), vec![Alt::unknown()]));
                    }
                }
                if items.len() > MAX_ROWS {
                    out.push(unknown_row());
                }
            }
            ExprKind::Call(call) => match self.split_parts(made) {
                Some(parts) => out.push(("#0".to_owned(), parts)),
                None => out.extend(self.same_elements(ctx, call)),
            },
            _ => {}
        }
        out
    }

    /// The elements of what a function gives that has those of its argument: `tuple(names)`, `dict.fromkeys(names)`.
    fn same_elements(&mut self, ctx: &Ctx, call: &Call) -> Vec<Row> {
        let [of] = call.args.as_slice() else { return Vec::new() };
        let keeps = |alt: &Alt| matches!(&alt.value, Value::Symbol(symbol) if words::COLLECTING.contains(&&**symbol));
        if of.name.is_some() || !self.eval(ctx, call.callee).iter().all(keeps) {
            return Vec::new();
        }
        let mut out = Vec::new();
        for alt in self.eval(ctx, of.value) {
            // Python goes through the keys of a table.
            if self.is_object(&alt.value) {
                return Vec::new();
            }
            let rows = self.elements(&alt.value).into_iter();
            out.extend(rows.map(|(row, alts)| (row, under(alts, &alt.arms))));
        }
        out
    }

    /// A key that an expression gives, where that is one constant: `Provider.RELAY`.
    pub(super) fn known_key(&mut self, ctx: &Ctx, key: ExprId) -> Option<String> {
        match self.eval(ctx, key).as_slice() {
            [Alt { value: Value::Str(text, _), .. }] => Some(text.expose().to_owned()),
            [Alt { value: Value::Const(text), .. }] => Some(text.clone()),
            _ => None,
        }
    }

    /// One row with a name, or the part of it that is asked for.
    fn row(&mut self, ctx: &Ctx, key: &str, at: Location, value: ExprId, part: Part) -> Vec<Alt> {
        if part == Part::Keys {
            return vec![Alt::new(Value::Str(Text::new(key), at))];
        }
        let key = Text::new(key);
        self.eval(ctx, value).into_iter().map(|alt| part_of(&key, at, alt, part)).collect()
    }

    /// The rows that the program adds to a table, by the variable that it is read from and the one that it is made in.
    fn add_rows(&mut self, made: &Made, part: Part, rows: &mut Vec<Row>) {
        let mut places: Vec<(FileId, String, Vec<String>)> = Vec::new();
        if let Some((ctx, root, path)) = &made.via {
            places.push((ctx.file, root.clone(), path.clone()));
        }
        if let Some((root, path)) = self.home_of(made) {
            let home = (made.ctx.file, root, path);
            if !places.contains(&home) {
                places.push(home);
            }
        }
        for (file, root, path) in places {
            self.add_assigned(file, &root, &path, part, rows);
            self.add_by_calls(file, &root, &path, part, rows);
        }
    }

    /// The variable or field that a literal is assigned to.
    fn home_of(&self, made: &Made) -> Option<(String, Vec<String>)> {
        let module = self.module(made.ctx.file);
        let (block, index) = module.points[made.expr.index()];
        match module.block(block).stmts.get(index as usize)? {
            Stmt::Assign { place, value, .. } if *value == made.expr => {
                Some((place.root.clone(), place.path.iter().cloned().collect::<Option<Vec<String>>>()?))
            }
            _ => None,
        }
    }

    /// `table[key] = row`.
    fn add_assigned(&mut self, file: FileId, root: &str, path: &[String], part: Part, rows: &mut Vec<Row>) {
        let project = self.project;
        let module = self.module(file);
        for (block, index) in project.file(file).index.assigns.get(root).into_iter().flatten().take(MAX_ROWS) {
            let Some(Stmt::Assign { place, value, name_span, .. }) = module.block(*block).stmts.get(*index as usize)
            else {
                continue;
            };
            let below = place.path.len() > path.len()
                && place.path.iter().zip(path).all(|(step, own)| step.as_deref() == Some(own));
            if !below {
                continue;
            }
            let ctx = Ctx { file, block: *block, index: *index as usize, frame: None };
            match (&place.path[path.len()], place.path.len() == path.len() + 1) {
                (Some(key), true) => {
                    let at = Location { file, span: *name_span };
                    let row = self.row(&ctx, key, at, *value, part);
                    add(rows, key, row);
                }
                // Part of a row changes.
                (Some(key), false) => add(rows, key, vec![Alt::unknown()]),
                (None, true) if self.add_by_key(&ctx, place.key, *value, part, rows) => {}
                (None, true) if part == Part::Values => {
                    let row = self.eval(&ctx, *value);
                    add(rows, &nameless(*value), row);
                }
                (None, _) => rows.push(unknown_row()),
            }
        }
    }

    /// `table[name] = row` where all that the name can be is known; whether it is.
    fn add_by_key(&mut self, ctx: &Ctx, key: Option<ExprId>, value: ExprId, part: Part, rows: &mut Vec<Row>) -> bool {
        let Some(key) = key else { return false };
        let mut names: Vec<(Text, Location)> = Vec::new();
        for alt in self.eval(ctx, key) {
            let Value::Str(name, at) = alt.value else { return false };
            if !names.iter().any(|(known, _)| *known == name) {
                names.push((name, at));
            }
        }
        for (name, at) in names {
            let Some(mut alts) = self.at_key(ctx, key, value, |is| is == name.expose()) else { return false };
            alts.retain(|alt| !matches!(alt.value, Value::Undefined));
            add(rows, name.expose(), alts.into_iter().map(|alt| part_of(&name, at, alt, part)).collect());
        }
        true
    }

    /// `table.update(…)`, `table.set(key, row)`, `rows.append(row)`, `Object.assign(table, …)`.
    fn add_by_calls(&mut self, file: FileId, root: &str, path: &[String], part: Part, rows: &mut Vec<Row>) {
        const ADDING: [&str; 12] = [
            "update",
            "setdefault",
            "insert",
            "set",
            "put",
            "append",
            "push",
            "unshift",
            "add",
            "extend",
            "assign",
            "merge",
        ];
        let project = self.project;
        let module = self.module(file);
        let calls: Vec<(&str, ExprId)> = ADDING
            .iter()
            .flat_map(|&method| {
                let calls = project.file(file).index.calls.get(method).into_iter().flatten();
                calls.take(MAX_ROWS).map(move |&call| (method, call))
            })
            .collect();
        for (method, expr) in calls {
            let ExprKind::Call(call) = module.kind(expr) else { continue };
            let ExprKind::Member(base, _) = module.kind(call.callee) else { continue };
            let ctx = self.ctx_of(file, expr);
            let is = |resolver: &Self, expr: ExprId| {
                resolver.chain(&ctx, expr).is_some_and(|(name, below)| name == root && below == path)
            };
            let on_table = is(self, *base);
            let into_table = method == "assign" && call.args.first().is_some_and(|arg| is(self, arg.value));
            if on_table || into_table {
                self.add_called(&ctx, call, method, into_table, part, rows);
            }
        }
    }

    fn add_called(&mut self, ctx: &Ctx, call: &Call, method: &str, into_first: bool, part: Part, rows: &mut Vec<Row>) {
        let args = if into_first { &call.args[1..] } else { &call.args[..] };
        match (method, args) {
            ("setdefault" | "insert" | "set" | "put", [key, value, ..]) => match self.constant(ctx, key.value) {
                Some(name) => {
                    let at = self.location(ctx.file, key.value);
                    let row = self.row(ctx, &name, at, value.value, part);
                    add(rows, &name, row);
                }
                None if part == Part::Values => {
                    let row = self.eval(ctx, value.value);
                    add(rows, &nameless(value.value), row);
                }
                None => rows.push(unknown_row()),
            },
            ("append" | "push" | "unshift" | "add" | "insert" | "set" | "put", args) => {
                for arg in args {
                    let row = self.eval(ctx, arg.value);
                    add(rows, &nameless(arg.value), row);
                }
            }
            (_, args) => {
                for arg in args {
                    if let Some(name) = &arg.name {
                        let at = self.location(ctx.file, arg.value);
                        let row = self.row(ctx, name, at, arg.value, part);
                        add(rows, name, row);
                        continue;
                    }
                    for alt in self.eval(ctx, arg.value) {
                        match alt.value {
                            Value::Made(made) if self.is_table(&made) => {
                                for (name, row) in self.elements(&entries_of(Value::Made(made), part)) {
                                    add(rows, &name, row);
                                }
                            }
                            _ => rows.push(unknown_row()),
                        }
                    }
                }
            }
        }
    }
}

/// What an index is but for its case and the white space around it: which row `name.lower()` chooses, `name` does, and
/// `kind` which `kind.value` does.
pub fn folded(module: &Module, mut index: ExprId) -> ExprId {
    loop {
        index = match module.kind(index) {
            ExprKind::Member(base, name) if name == "value" => *base,
            ExprKind::Call(call) if call.args.is_empty() => match module.kind(call.callee) {
                ExprKind::Member(base, method) if words::keeps(method) => *base,
                _ => return index,
            },
            _ => return index,
        };
    }
}

/// A further row; one of a known name is another way for the row to be.
fn add(rows: &mut Vec<Row>, name: &str, alts: Vec<Alt>) {
    match rows.iter().position(|(known, _)| known == name) {
        Some(at) => rows[at].1.extend(alts),
        None if rows.len() <= MAX_ROWS => rows.push((name.to_owned(), alts)),
        None => rows.push(unknown_row()),
    }
}

/// What of a row is asked for, where its value is known.
fn part_of(key: &Text, at: Location, alt: Alt, part: Part) -> Alt {
    let value = match part {
        Part::Keys => Value::Str(key.clone(), at),
        Part::Values => return alt,
        Part::Items => Value::Pair(key.clone(), at, Box::new(alt.value)),
    };
    Alt { value, ..alt }
}

/// A name for a row whose key is not known, unlike any other's.
fn nameless(row: ExprId) -> String {
    format!("#+{}", row.0)
}

fn unknown_row() -> Row {
    (OTHER.to_owned(), vec![Alt::unknown()])
}

/// A collection as the part of it that is asked for.
fn entries_of(value: Value, part: Part) -> Value {
    match value {
        Value::Made(made) if part != Part::Values => Value::Entries(made, part),
        value => value,
    }
}
