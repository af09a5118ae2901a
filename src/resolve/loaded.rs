//! Files of data that a program reads: `yaml.safe_load(open("config.yaml"))`, `JSON.parse(readFileSync("./config.json"))`.
//!
//! What a file of the project holds is what the program gets, where the path is written out. Folders before it count only
//! as far as they are written, too: the file is looked for from the program's folder upwards.

use super::value::{Alt, Ctx, Made, Value};
use super::{Resolver, words};
use crate::facts::{Call, ExprId, ExprKind, Stmt};
use crate::finding::{FileId, Location};
use crate::imports;
use crate::language::{self, Language};
use crate::project::last_name;

/// Calls around a path that are looked through: `open(os.path.join(HERE, "config.yaml"))`.
const MAX_CALLS: usize = 6;

impl Resolver<'_> {
    /// What a call gives that reads a file of data; `None` where it is not known which.
    pub(super) fn loaded(&mut self, ctx: &Ctx, call: &Call) -> Option<Vec<Alt>> {
        let path = call.args.iter().find_map(|arg| self.opened(ctx, arg.value, MAX_CALLS))?;
        if !imports::is_data(&path) {
            return None;
        }
        let file = self.imported(ctx.file, &imports::loaded(&path))?;
        self.module(file).documents.first()?;
        Some(self.exported(file, "default"))
    }

    /// What a parser of INI files has read, where it reads one: `config = ConfigParser()`, `config.read("config.ini")`.
    pub(super) fn parsed(&mut self, ctx: &Ctx, expr: ExprId) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let (block, index) = module.points[expr.index()];
        let Some(Stmt::Assign { place, value, .. }) = module.block(block).stmts.get(index as usize) else {
            return None;
        };
        let name = place.path.last().map_or(Some(&place.root), Option::as_ref).filter(|_| *value == expr)?;
        let calls = &self.project.file(ctx.file).index.calls;
        let reads = ["read", "read_file"].iter().flat_map(|read| calls.get(*read).into_iter().flatten().copied());
        let is_its = |read: &ExprId| match module.kind(*read) {
            ExprKind::Call(call) => match module.kind(call.callee) {
                ExprKind::Member(of, _) => last_name(module, *of) == Some(name),
                _ => false,
            },
            _ => false,
        };
        let reads: Vec<ExprId> = reads.filter(is_its).collect();
        let [read] = reads.as_slice() else { return None };
        let ExprKind::Call(call) = module.kind(*read) else { return None };
        let path = self.opened(&self.ctx_of(ctx.file, *read), call.args.first()?.value, MAX_CALLS)?;
        let file = self.imported(ctx.file, &imports::loaded(&path))?;
        self.is_ini(file).then(|| self.exported(file, "default"))
    }

    fn is_ini(&self, file: FileId) -> bool {
        self.project.file(file).source.language == Language::Ini
    }

    /// An option of a section of an INI file that was read: `config.get("openai", "api_key")`.
    pub(super) fn ini_option(&mut self, ctx: &Ctx, made: &Made, call: &Call) -> Option<Vec<Alt>> {
        let mut given = call.positional();
        let (section, option) = (given.next()?, given.next()?);
        let is_whole = self.is_ini(made.ctx.file) && self.module(made.ctx.file).documents.contains(&made.expr);
        if !is_whole {
            return None;
        }
        let path = [self.constant(ctx, section.value)?, self.constant(ctx, option.value)?];
        let document = self.exported(made.ctx.file, "default");
        Some(self.fields(document, &path))
    }

    /// What `config.get("llm", "url", fallback="https://…")` gives of a `ConfigParser`: what its files say, or else the
    /// fallback. `None` of any other object.
    pub(super) fn parsed_option(&mut self, ctx: &Ctx, expr: ExprId, call: &Call, made: &Made) -> Option<Vec<Alt>> {
        let module = self.module(made.ctx.file);
        let ExprKind::Call(parser) = module.kind(made.expr) else { return None };
        let (ExprKind::Name(name) | ExprKind::Member(_, name)) = module.kind(parser.callee) else { return None };
        let is_parser =
            |alt: &Alt| matches!(&alt.value, Value::Symbol(symbol) if words::INI_PARSERS.contains(&&**symbol));
        if !name.ends_with("ConfigParser") || !self.eval(&made.ctx, parser.callee).iter().any(is_parser) {
            return None;
        }
        let option = call.positional().nth(1).and_then(|option| self.constant(ctx, option.value))?;
        let held = Alt::new(Value::Unknown(Some((option, self.location(ctx.file, expr)))));
        let below = call.named("fallback").map(|fallback| self.eval(ctx, fallback.value));
        Some(match below {
            Some(below) => self.given_or(ctx.file, expr, held, below),
            None => vec![held],
        })
    }

    /// What `config.get("llm.url")` gives of node-config: what `config/default.json` says, which other files may replace.
    pub(super) fn of_default_file(&mut self, ctx: &Ctx, call: &Call, symbol: &str, at: Location) -> Option<Vec<Alt>> {
        if !matches!(symbol, "config.get" | "config.default.get")
            || self.language_at(ctx.file, ctx.block) != "javascript"
        {
            return None;
        }
        let key = self.constant(ctx, call.args.first()?.value)?;
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let mut out = vec![Alt::new(Value::Unknown(Some((key, at))))];
        for ending in ["json", "yaml", "yml", "json5", "toml"] {
            let name = imports::loaded(&format!("config/default.{ending}"));
            if let Some(file) = self.imported(ctx.file, &name) {
                let whole = self.exported(file, "default");
                let said = self.fields(whole, &path);
                out.extend(said.into_iter().filter(|alt| matches!(alt.value, Value::Str(..))));
                break;
            }
        }
        Some(out)
    }

    /// The dotenv file that a program alone loads, by its path, where that is not one which holds for it anyway:
    /// `load_dotenv("../conf/.env")`.
    pub(super) fn dotenv_by_path(&mut self, file: FileId) -> Option<FileId> {
        let calls = self.project.file(file).index.calls.get("load_dotenv")?;
        let [expr] = calls.as_slice() else { return None };
        let ExprKind::Call(call) = self.module(file).kind(*expr) else { return None };
        let path = call.args.first().filter(|arg| matches!(arg.name.as_deref(), None | Some("dotenv_path")))?;
        let path = self.opened(&self.ctx_of(file, *expr), path.value, MAX_CALLS)?;
        let path = path.trim_start_matches('/');
        if !path.contains('/') && language::is_loaded_dotenv(path) {
            return None;
        }
        let found = self.imported(file, &imports::loaded(path))?;
        (self.project.file(found).source.language == Language::Dotenv).then_some(found)
    }

    /// The path of the file of data that an expression is about: the path itself, the open file, its text.
    fn opened(&mut self, ctx: &Ctx, expr: ExprId, calls: usize) -> Option<String> {
        // A path that may be another one as well is the one that is written.
        let known = self.eval(ctx, expr).into_iter().filter(|alt| !matches!(alt.value, Value::Unknown(_)));
        let known: Vec<Alt> = known.collect();
        let [alt] = known.as_slice() else { return None };
        match &alt.value {
            Value::Str(text, _) => Some(text.expose().to_owned()).filter(|path| is_read(path)),
            // `HERE / "conf" / "app.yaml"`: what is written at the end.
            Value::Concat(parts, _) => {
                let written = parts.iter().rev().map_while(|part| match part {
                    Value::Str(text, _) => Some(text.expose()),
                    _ => None,
                });
                let mut written: Vec<&str> = written.collect();
                written.reverse();
                Some(written.concat()).filter(|path| is_read(path))
            }
            Value::Made(made) => {
                let made = made.clone();
                let ExprKind::Call(call) = self.module(made.ctx.file).kind(made.expr) else { return None };
                let calls = calls.checked_sub(1)?;
                for (number, arg) in call.args.iter().enumerate() {
                    let Some(path) = self.opened(&made.ctx, arg.value, calls) else { continue };
                    // `os.path.join(HERE, "conf", "app.ini")`: the folders that are written before it.
                    let folders = call.args[..number].iter().rev();
                    let folders = folders.map_while(|folder| self.constant(&made.ctx, folder.value));
                    return Some(folders.fold(path, |path, folder| format!("{folder}/{path}")));
                }
                match *self.module(made.ctx.file).kind(call.callee) {
                    ExprKind::Member(of, _) => self.opened(&made.ctx, of, calls),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Whether a path may be that of a file of data or of variables.
fn is_read(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    imports::is_data(path) || language::is_dotenv(&name.to_ascii_lowercase())
}
