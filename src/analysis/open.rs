//! What clients leave open that only others can tell: parameters of which no call was found, attributes of a module that
//! some other file sets, and fields of classes that others inherit from.

use std::collections::{BTreeSet, HashMap};

use super::Run;
use crate::clients::From;
use crate::facts::{BlockId, Class, ExprId, ExprKind, FuncId, Function, Module, Span, Stmt};
use crate::finding::FileId;
use crate::project::{Index, last_name};
use crate::resolve::{Alt, StepKind, Value};
use crate::routes::{Client, Route};

/// What may be called from files that have not been read.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// The files of the functions and classes.
    pub(super) files: BTreeSet<FileId>,
    /// Their names.
    pub(super) names: BTreeSet<String>,
    /// Those of them that are classes which inherit from a client's.
    pub(super) heirs: BTreeSet<String>,
    /// The files of the clients that they are for.
    pub(super) asking: BTreeSet<FileId>,
}

impl Run<'_> {
    /// The functions and classes that hand a client what they are called with, and of which no call was found.
    pub(super) fn open_functions<'c>(&self, clients: impl IntoIterator<Item = &'c Client> + Clone) -> Open {
        let mut open = self.open_parameters(clients.clone());
        self.open_fields(clients.clone(), &mut open);
        for client in clients {
            self.open_attributes(client, &mut open);
        }
        self.open_heirs(&mut open);
        open
    }

    /// Classes that inherit from a client's and are made as that is: in a file that makes one nothing else need show that
    /// a client is made there. By their names alone half of a large tree's classes may be such: there they are not asked.
    fn open_heirs(&self, open: &mut Open) {
        let Some(heirs) = self.project.heirs.as_ref().filter(|_| !self.narrow) else { return };
        for id in self.parsed.iter().filter(|id| self.sights[id.index()].makes) {
            let is_heir = |class: &&Class| !class.bases.is_empty() && heirs.may_hold(&class.name);
            for class in self.project.file(*id).module.classes.iter().filter(is_heir) {
                if !class.methods.iter().any(|(name, _)| is_constructor(name)) {
                    open.files.insert(*id);
                    open.names.insert(class.name.clone());
                    open.heirs.insert(class.name.clone());
                }
            }
        }
    }

    /// What a class says in its body, whoever inherits from it may say otherwise: `BASE_URL = "…"`.
    fn open_fields<'c>(&self, clients: impl IntoIterator<Item = &'c Client>, open: &mut Open) {
        let mut by_field: HashMap<FileId, HashMap<Span, &str>> = HashMap::new();
        for client in clients {
            let alts = client.routes.iter().flat_map(|route| [&route.key.alt, &route.endpoint.alt]);
            let steps = alts.flat_map(|alt| &alt.steps);
            for step in steps.filter(|step| matches!(step.kind, StepKind::Name(_))) {
                let module = &self.project.file(step.at.file).module;
                let of = by_field.entry(step.at.file).or_insert_with(|| {
                    let classes = module.classes.iter().rev();
                    classes
                        .flat_map(|class| class.fields.iter().map(|field| (field.span, class.name.as_str())))
                        .collect()
                });
                if let Some(class) = of.get(&step.at.span) {
                    open.files.insert(step.at.file);
                    open.names.insert((*class).to_owned());
                    open.names.extend(heirs_here(&self.project.file(step.at.file).index, module, class));
                    open.asking.insert(client.at.file);
                }
            }
        }
    }

    /// Looks for clients in files that call one of some classes, whatever else is in them.
    pub(super) fn admit_makers(&mut self, heirs: &BTreeSet<String>) {
        for id in &self.parsed {
            let sight = &mut self.sights[id.index()];
            let calls = &self.project.file(*id).index.calls;
            if !sight.admitted && heirs.iter().any(|name| calls.contains_key(name.as_str())) {
                (sight.admitted, sight.makes) = (true, true);
            }
        }
    }

    fn open_parameters<'c>(&self, clients: impl IntoIterator<Item = &'c Client>) -> Open {
        let mut open = Open::default();
        let routes =
            clients.into_iter().flat_map(|client| client.routes.iter().map(move |route| (client.at.file, route)));
        let alts = routes.flat_map(|(file, route)| [(file, &route.key.alt), (file, &route.endpoint.alt)]);
        let mut by_param: HashMap<FileId, HashMap<Span, usize>> = HashMap::new();
        let is_open = |alt: &Alt| matches!(alt.value, Value::Unknown(_) | Value::Concat(..));
        for (file, alt) in alts.filter(|(_, alt)| is_open(alt)) {
            for step in alt.steps.iter().filter(|step| matches!(step.kind, StepKind::Param(_))) {
                let module = &self.project.file(step.at.file).module;
                let of = by_param.entry(step.at.file).or_insert_with(|| {
                    let functions = module.functions.iter().enumerate().rev();
                    functions.flat_map(|(at, func)| func.params.iter().map(move |param| (param.span, at))).collect()
                });
                // What a file exports as its only thing is called whatever who imports it likes.
                let stem = || self.project.file(step.at.file).path.file_stem()?.to_str().map(str::to_owned);
                let names = match of.get(&step.at.span) {
                    Some(&at) => {
                        let own = called_as(module, &module.functions[at]);
                        // `const connect = (key) => …`: the variable's name.
                        let variables = self.project.file(step.at.file).index.variables_of(FuncId(at as u32));
                        let mut names: Vec<String> = own.into_iter().chain(variables.map(str::to_owned)).collect();
                        if names.is_empty() {
                            names.extend(is_default(module, at).then(stem).flatten());
                        }
                        names
                    }
                    None => heir_at(module, step.at.span).into_iter().collect(),
                };
                if !names.is_empty() {
                    open.files.insert(step.at.file);
                    open.files.extend(of.get(&step.at.span).into_iter().flat_map(|&at| self.bases(step.at.file, at)));
                    open.names.extend(names);
                    open.asking.insert(file);
                }
            }
        }
        open
    }

    /// The files of the classes that a method's class inherits from: these call the method, too, on whatever object they
    /// are asked for.
    fn bases(&self, file: FileId, func: usize) -> impl Iterator<Item = FileId> {
        let module = &self.project.file(file).module;
        let class = module.functions[func].class.map(|class| &module.classes[class.index()]);
        let bases: Vec<&str> =
            class.into_iter().flat_map(|class| &class.bases).filter_map(|&base| last_name(module, base)).collect();
        let imported = self.project.imports.get(&file).filter(|_| !bases.is_empty());
        imported.into_iter().flat_map(|imported| imported.values().flatten().copied()).filter(move |&of| {
            self.project.file(of).module.classes.iter().any(|class| bases.contains(&class.name.as_str()))
        })
    }

    /// A module's attribute that another file sets: which files belong to one program is asked of their importers.
    fn open_attributes(&self, client: &Client, open: &mut Open) {
        let unknown =
            |route: &Route| matches!(route.key.alt.value, Value::Unknown(None)) && route.key.from == From::Code;
        if client.endpoint_attributes.is_empty() || !client.routes.iter().any(unknown) {
            return;
        }
        let constructs = self.options.catalog.clients.iter().filter(|known| known.id == client.id);
        let attributes = constructs.flat_map(|known| &known.construct).flat_map(|construct| &construct.global_key);
        let attributes: Vec<(&str, &str)> = attributes.filter_map(|name| name.rsplit_once('.')).collect();
        let mut places: Vec<(FileId, BlockId)> = Vec::new();
        for id in self.project.ids() {
            let file = self.project.file(id);
            for (root, name) in &attributes {
                let writes = file.index.attributes.get(*name).into_iter().flatten();
                let writes = writes.filter(|(block, at)| {
                    let stmt = file.module.block(*block).stmts.get(*at as usize);
                    matches!(stmt, Some(Stmt::Assign { place, .. }) if place.root == *root)
                });
                places.extend(writes.map(|(block, _)| (id, *block)));
            }
        }
        if places.is_empty() {
            return;
        }
        let module = &self.project.file(client.at.file).module;
        let here = module.expr_ids().find(|&expr| module.span(expr) == client.at.span);
        places.extend(here.map(|expr| (client.at.file, module.points[expr.index()].0)));
        for (file, block) in places {
            let module = &self.project.file(file).module;
            open.names.extend(called_as(module, module.func(module.block(block).func)));
            open.files.insert(file);
            open.asking.insert(client.at.file);
        }
    }
}

/// Whether a function is what the file exports by default: `module.exports = (key) => …`.
fn is_default(module: &Module, func: usize) -> bool {
    let is_it = |expr: &ExprId| matches!(module.kind(*expr), ExprKind::Func(other) if other.index() == func);
    module.exports.iter().any(|(name, value)| name == "default" && is_it(value))
}

/// The class that inherits from what stands at a place, and its constructor with it.
fn heir_at(module: &Module, base: Span) -> Option<String> {
    let inherits = |class: &&Class| class.bases.iter().any(|&expr| module.span(expr) == base);
    module.classes.iter().find(inherits).map(|class| class.name.clone())
}

/// The classes of a file that inherit from one of it: who makes these fills its fields, too.
fn heirs_here<'a>(index: &'a Index, module: &'a Module, class: &str) -> impl Iterator<Item = String> + use<'a> {
    let heirs = index.heirs.get(class).into_iter().flatten();
    heirs.map(|heir| module.classes[heir.index()].name.clone())
}

/// The name by which other files call a function: its own, or its class's where it is the constructor.
fn called_as(module: &Module, func: &Function) -> Option<String> {
    let class = func.class.map(|class| module.classes[class.index()].name.clone());
    let constructs = func.name.as_deref().is_some_and(is_constructor);
    class.filter(|_| constructs).or_else(|| func.name.clone())
}

fn is_constructor(name: &str) -> bool {
    matches!(name, "__init__" | "constructor")
}
