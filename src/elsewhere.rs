//! What the rest of a program may do for a client that seems to have no base URL: write the variable that it reads, by
//! whichever way, or fill the field that its argument is.
//!
//! The resolver looks at what is written in the client's own file and on the way of its values. When other code has run
//! is not known, nor what names it puts together: that it is there at all leaves the default endpoint in doubt.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::facts::{BlockId, Call, ClassId, Entry, EnvVar, ExprId, ExprKind, Place, Stmt};
use crate::finding::{FileId, Verdict};
use crate::imports;
use crate::language::Language;
use crate::project::{File, Project, env_call_writes};
use crate::resolve::is_test;
use crate::routes::{Client, Route};

/// Files, and of each whether it counts for what stands in it, too.
type Writers = Rc<[(FileId, bool)]>;

/// The code of a project, as far as somebody asked.
pub struct Elsewhere<'p> {
    project: &'p Project,
    /// The last words of what each file imports.
    imports: OnceCell<HashMap<FileId, HashSet<String>>>,
    /// The files that may write a variable, and whether by ways that nobody follows in the file itself either.
    writers: RefCell<HashMap<String, Writers>>,
}

impl<'p> Elsewhere<'p> {
    /// The code of a project.
    pub fn new(project: &'p Project) -> Self {
        Self { project, imports: OnceCell::new(), writers: RefCell::default() }
    }

    /// Whether some code may give a client the endpoint that a route lacks.
    pub fn may_give_endpoint(&self, client: &Client, route: &Route) -> bool {
        if route.verdict != Verdict::Mismatch || client.is_block() {
            return false;
        }
        let own = client.at.file;
        if self.loads_by_name(client) {
            return true;
        }
        let by_whom = |name: &String| {
            let writers = self.writers(name);
            writers.iter().any(|&(id, hidden)| if id == own { hidden } else { self.runs_with(id, own) })
        };
        if client.endpoint_variables.iter().any(by_whom) {
            return true;
        }
        let Some(field) = self.field_of(client) else { return false };
        self.project.ids().any(|id| {
            let file = self.project.file(id);
            file.source.language.is_code() && fills(file, &field, id == own) && (id == own || self.runs_with(id, own))
        })
    }

    /// The files of code that may write a variable.
    fn writers(&self, name: &str) -> Writers {
        if let Some(known) = self.writers.borrow().get(name) {
            return known.clone();
        }
        let of_code = self.project.ids().filter(|&id| self.project.file(id).source.language.is_code());
        let writing = of_code.filter(|&id| writes(self.project.file(id), name, false));
        let found: Writers = writing.map(|id| (id, writes(self.project.file(id), name, true))).collect();
        self.writers.borrow_mut().insert(name.to_owned(), found.clone());
        found
    }

    /// Whether a client's file names a file of variables that gives the endpoint: `load_dotenv("relay.env")`. The ones that
    /// are read by themselves have been looked at.
    fn loads_by_name(&self, client: &Client) -> bool {
        let own = self.project.file(client.at.file);
        let texts = || {
            own.module.expr_ids().filter_map(|id| match own.module.kind(id) {
                ExprKind::Str(text) => Some(text.expose()),
                _ => None,
            })
        };
        self.project.ids().map(|id| self.project.file(id)).any(|file| {
            let gives = |var: &EnvVar| client.endpoint_variables.contains(&var.name) && is_another(file, var.value);
            let name = file.path.file_name().and_then(|name| name.to_str()).filter(|name| *name != ".env");
            file.source.language == Language::Dotenv
                && file.module.env_blocks.iter().flat_map(|block| &block.vars).any(gives)
                && name.is_some_and(|name| texts().any(|text| text.ends_with(name)))
        })
    }

    /// The field or variable that a client's argument for the endpoint is: `base_url=self.url`.
    fn field_of(&self, client: &Client) -> Option<Field> {
        let file = self.project.file(client.at.file);
        let module = &file.module;
        let name = client.endpoint_argument.as_deref()?.rsplit('.').next()?;
        let called = |id: &ExprId| module.span(*id) == client.at.span;
        let value = module.expr_ids().filter(called).find_map(|id| match module.kind(id) {
            ExprKind::Call(call) => call.named(name).map(|arg| arg.value),
            _ => None,
        })?;
        let function = module.func(module.block(module.points[value.index()].0).func);
        let class = function.class.map(|class| module.classes[class.index()].name.clone());
        let of = |base: ExprId| match module.kind(base) {
            ExprKind::Name(name) if function.receiver.as_ref() == Some(name) => Some(String::new()),
            ExprKind::Name(name) | ExprKind::Member(_, name) => Some(name.clone()),
            _ => None,
        };
        let text = |of: ExprId| match module.kind(of) {
            ExprKind::Str(text) => Some(text.expose().to_owned()),
            _ => None,
        };
        let (holder, name) = match module.kind(value) {
            ExprKind::Name(name) => (stem(file), name.clone()),
            ExprKind::Member(base, name) => (of(*base)?, name.clone()),
            ExprKind::Index(base, key) => (of(*base)?, text(*key)?),
            ExprKind::Call(Call { callee, args, .. }) => match module.kind(*callee) {
                ExprKind::Member(base, method) if method == "get" => (of(*base)?, text(args.first()?.value)?),
                _ => return None,
            },
            _ => return None,
        };
        Some(Field { holder, name, class })
    }

    /// Whether what one file of code does is done when another one runs: they are of one program.
    fn runs_with(&self, writer: FileId, file: FileId) -> bool {
        let of = |id: FileId| self.project.file(id);
        let language = |id: FileId| of(id).source.language.name();
        let (from, to) = (&of(writer).path, &of(file).path);
        if language(writer) != language(file) || (is_test(from) && !is_test(to)) {
            return false;
        }
        // A package's own file runs before all below it, and pytest's before the tests.
        let name = from.file_name().and_then(|name| name.to_str());
        let is_around = matches!(name, Some("__init__.py" | "conftest.py"))
            && from.parent().is_some_and(|folder| to.starts_with(folder));
        if is_around || self.project.in_one_program(writer, file) {
            return true;
        }
        let (of_writer, of_file) = (stem(of(writer)), stem(of(file)));
        let imports = self.imports.get_or_init(|| self.project.ids().map(|id| (id, self.imported_by(id))).collect());
        imports.iter().any(|(&id, names)| {
            language(id) == language(file)
                && (id == writer || names.contains(&of_writer))
                && (id == file || names.contains(&of_file))
        })
    }

    /// The last words of what a file imports.
    fn imported_by(&self, id: FileId) -> HashSet<String> {
        let file = self.project.file(id);
        let last = |key: String| match file.source.language.is_javascript() {
            true => key.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or("").to_owned(),
            false => key.rsplit('.').next().unwrap_or("").to_owned(),
        };
        imports::keys(file.source.language, &file.path, &file.module).into_iter().map(last).collect()
    }
}

/// What a client's argument is.
struct Field {
    /// What it is a field of: a variable, the file's own name, or nothing for the object of the method.
    holder: String,
    /// Its name.
    name: String,
    /// The class that asks for it.
    class: Option<String>,
}

/// Whether a file may write a variable to anything but OpenAI's URL: outright, or by ways that nobody follows, as
/// `set_env("OPENAI_BASE_URL", url)`, `env["OPENAI_BASE_URL"] = url`, or by its name in a mapping.
fn writes(file: &File, name: &str, own: bool) -> bool {
    let module = &file.module;
    // What the client's own file writes outright has been looked at where it stands.
    let outright = file.index.env_writes.get(name).filter(|_| !own);
    let by_another_name = file.index.attributes.get(name);
    if assigned(file, outright, |_, _| true) || assigned(file, by_another_name, |_, _| true) {
        return true;
    }
    let is_it = |id: ExprId| matches!(module.kind(id), ExprKind::Str(text) if text.expose() == name);
    module.expr_ids().any(|id| match module.kind(id) {
        ExprKind::Object(object) => object.entries.iter().any(|entry| match entry {
            Entry::Field { key: Some(key), value, .. } => key == name && is_another(file, *value),
            _ => false,
        }),
        ExprKind::Call(call) => {
            let sets = match module.kind(call.callee) {
                ExprKind::Name(function) | ExprKind::Member(_, function) => {
                    let function = function.to_ascii_lowercase();
                    ["set", "put", "export"].iter().any(|word| function.contains(word))
                }
                _ => false,
            };
            match call.args.as_slice() {
                [first, value, ..] if sets && is_it(first.value) => {
                    (!own || env_call_writes(module, id).is_empty()) && is_another(file, value.value)
                }
                _ => false,
            }
        }
        _ => false,
    })
}

/// Whether a file may fill a field with anything but nothing or OpenAI's URL.
fn fills(file: &File, field: &Field, own: bool) -> bool {
    let module = &file.module;
    let inherits = |class: ClassId| {
        module.classes[class.index()].bases.iter().any(|&base| match module.kind(base) {
            ExprKind::Name(name) | ExprKind::Member(_, name) => field.class.as_ref() == Some(name),
            _ => false,
        })
    };
    // The methods of the class and of those that inherit from it in its own file have been followed.
    let by_whom = |block: BlockId, place: &Place| {
        let function = module.func(module.block(block).func);
        match function.receiver.as_ref() == Some(&place.root) {
            true => !own && function.class.is_some_and(inherits),
            false => field.holder.is_empty() || place.root == field.holder,
        }
    };
    let is_it = |id: ExprId| matches!(module.kind(id), ExprKind::Str(text) if text.expose() == field.name);
    let of_class = || {
        let heirs = (0..module.classes.len()).map(|number| ClassId(number as u32)).filter(|&class| inherits(class));
        let mut fields = heirs.flat_map(|class| &module.classes[class.index()].fields);
        fields.any(|of| of.name == field.name && of.value.is_some_and(|value| is_another(file, value)))
    };
    let by_call = |function: &str, is: &dyn Fn(&Call) -> bool| {
        let mut calls = file.index.calls.get(function).into_iter().flatten();
        calls.any(|&call| matches!(module.kind(call), ExprKind::Call(call) if is(call)))
    };
    assigned(file, file.index.attributes.get(&field.name), by_whom)
        || (!own && of_class())
        || by_call("setattr", &|call| call.args.get(1).is_some_and(|arg| is_it(arg.value)))
        || (!own && by_call("update", &|call| call.named(&field.name).is_some()))
}

/// Whether one of some assignments gives something that is neither nothing nor OpenAI's URL.
fn assigned(file: &File, places: Option<&Vec<(BlockId, u32)>>, is: impl Fn(BlockId, &Place) -> bool) -> bool {
    places.into_iter().flatten().any(|&(block, index)| match file.module.block(block).stmts.get(index as usize) {
        Some(Stmt::Assign { place, value, .. }) => is(block, place) && is_another(file, *value),
        Some(Stmt::Expr(_)) => true,
        _ => false,
    })
}

/// Whether a value is neither nothing nor OpenAI's URL.
fn is_another(file: &File, value: ExprId) -> bool {
    let nothing = matches!(file.module.kind(value), ExprKind::Null | ExprKind::Undefined);
    !nothing && !file.source.slice(file.module.span(value)).contains("//api.openai.com")
}

/// The name by which others import a file.
fn stem(file: &File) -> String {
    let name = file.path.file_stem().and_then(|stem| stem.to_str());
    let own = name.filter(|name| !matches!(*name, "__init__" | "index" | "mod"));
    own.or_else(|| file.path.parent()?.file_name()?.to_str()).unwrap_or("").to_owned()
}
