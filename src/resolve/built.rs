//! What tools that build or run a program say of it in configuration files of their own: variables in `wrangler.toml`,
//! `next.config.js` and `astro.config.mjs`, and the `extra` of Expo.

use super::Resolver;
use super::configured::Settings;
use super::value::{Alt, Value};
use crate::facts::ExprKind;
use crate::finding::FileId;
use crate::imports;

/// Files that declare variables for JavaScript programs, and where they say them.
const DECLARING: [(&str, &[&str]); 9] = [
    ("wrangler.toml", &["vars"]),
    ("wrangler.jsonc", &["vars"]),
    ("wrangler.json", &["vars"]),
    ("next.config.js", &["env"]),
    ("next.config.mjs", &["env"]),
    ("next.config.ts", &["env"]),
    ("astro.config.mjs", &["env", "schema"]),
    ("astro.config.ts", &["env", "schema"]),
    ("astro.config.js", &["env", "schema"]),
];

/// Expo's configuration, the file that counts first.
const EXPO: [&str; 3] = ["app.config.ts", "app.config.js", "app.json"];

impl Resolver<'_> {
    /// What such a file says of a variable. Asked for only where that may be a URL: keys stand in no such file.
    pub(super) fn declared_for_build(&mut self, file: FileId, name: &str) -> Option<Vec<Alt>> {
        let may_be_url = ["URL", "URI", "BASE", "HOST", "ENDPOINT"].iter().any(|word| name.contains(word));
        if !may_be_url || self.project.file(file).source.language.name() != "javascript" {
            return None;
        }
        DECLARING.iter().find_map(|(called, path)| {
            let config = self.beside(file, called)?;
            if called.starts_with("wrangler") && self.is_said_by_environment(config, name) {
                return Some(vec![Alt::unknown()]);
            }
            let path: Vec<String> = path.iter().copied().chain([name]).map(str::to_owned).collect();
            let mut said: Vec<Alt> = Vec::new();
            for alt in self.of_config(config, &path) {
                match &alt.value {
                    Value::Str(..) | Value::Concat(..) => said.push(alt),
                    // `envField.string({ default: "…" })`
                    Value::Made(made) => {
                        let ExprKind::Call(call) = self.module(made.ctx.file).kind(made.expr) else { continue };
                        let Some(options) = call.args.first() else { continue };
                        let mut default = self.field_path(&made.ctx, options.value, &["default".to_owned()]);
                        default.retain(|alt| matches!(alt.value, Value::Str(..)));
                        if !default.is_empty() {
                            said.extend(self.given_or(made.ctx.file, made.expr, Alt::unknown(), default));
                        }
                    }
                    _ => {}
                }
            }
            (!said.is_empty()).then_some(said)
        })
    }

    /// Whether one of the environments that a file has beside the usual one sets a variable: `[env.staging.vars]`.
    fn is_said_by_environment(&mut self, config: FileId, name: &str) -> bool {
        let environments = self.of_config(config, &["env".to_owned()]);
        let path = ["vars".to_owned(), name.to_owned()];
        environments.iter().any(|environment| {
            let rows = self.elements(&environment.value);
            rows.into_iter().any(|(_, row)| self.fields(row, &path).iter().any(Alt::may_be_there))
        })
    }

    /// The settings that `expo-constants` gives.
    pub(super) fn expo(&mut self, file: FileId) -> Option<Value> {
        EXPO.iter().find_map(|config| self.beside(file, config)).map(Settings::of_expo)
    }

    /// A file of this name in the folder of another, or in one above it.
    fn beside(&mut self, file: FileId, name: &str) -> Option<FileId> {
        self.imported(file, &imports::loaded(name))
    }

    /// What a configuration file exports at a path, through the function that it is given to: `defineConfig({…})`.
    pub(super) fn of_config(&mut self, config: FileId, path: &[String]) -> Vec<Alt> {
        let mut out = Vec::new();
        for alt in self.exported(config, "default") {
            let Value::Made(made) = &alt.value else { continue };
            let inner = match self.module(made.ctx.file).kind(made.expr) {
                ExprKind::Call(call) => call.args.first().map(|arg| self.eval(&made.ctx.clone(), arg.value)),
                ExprKind::Func(func) => Some(self.returns(made.ctx.file, *func, None)),
                _ => Some(vec![alt.clone()]),
            };
            out.extend(inner.map(|inner| self.fields(inner, path)).unwrap_or_default());
        }
        out
    }
}
