//! Files of data that a program reads: `yaml.safe_load(open("config.yaml"))`, `JSON.parse(readFileSync("./config.json"))`.
//!
//! What a file of the project holds is what the program gets, where the path is written out. Folders before it count only
//! as far as they are written, too: the file is looked for from the program's folder upwards.

use super::Resolver;
use super::value::{Alt, Ctx, Value};
use crate::facts::{Call, ExprId, ExprKind};
use crate::finding::{FileId, Location};
use crate::imports;
use crate::language::{self, Language};

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
                if let Some(path) = call.args.iter().find_map(|arg| self.opened(&made.ctx, arg.value, calls)) {
                    return Some(path);
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
