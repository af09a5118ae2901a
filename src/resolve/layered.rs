//! Settings of Rust that are put together from variables, files and defaults: `config`, `figment`, `envy`.

use super::Resolver;
use super::configured::{Settings, Variables};
use super::value::{Alt, Ctx, Value};
use crate::facts::{ExprId, ExprKind};
use crate::imports;

impl Resolver<'_> {
    /// The variables that a builder reads: `Config::builder().add_source(Environment::with_prefix("APP"))`,
    /// `Figment::new().merge(Env::prefixed("APP_"))`, `envy::prefixed("APP_")`.
    pub(super) fn variables(&mut self, ctx: &Ctx, expr: ExprId) -> Option<Variables> {
        let (root, links) = self.chain_of_calls(ctx, expr)?;
        let (first, links) = links.split_first()?;
        match root.as_str() {
            "envy.prefixed" => {
                let prefix = self.constant(&first.at, *first.args.first()?)?;
                return Some(Variables { prefix, ..Variables::default() });
            }
            "config.Config.builder" | "figment.Figment.new" => {}
            _ => return None,
        }
        let mut variables = None;
        let mut files = Vec::new();
        let mut defaults = Vec::new();
        for link in links {
            match (link.method.as_str(), link.args.as_slice()) {
                ("add_source" | "merge" | "join" | "adjoin", [source]) => {
                    match self.environment_source(&link.at, *source) {
                        Some(found) if link.method != "join" => variables = Some(found),
                        // What comes after the variables is asked before them.
                        _ if variables.is_some() => return None,
                        _ => files.insert(0, (link.at.clone(), *source)),
                    }
                }
                ("set_default", [key, value]) => {
                    let key = self.constant(&link.at, *key)?;
                    defaults.push((key.split('.').map(str::to_owned).collect(), link.at.clone(), *value));
                }
                ("set_override" | "set_override_option" | "select", _) => return None,
                _ => {}
            }
        }
        let only_files = variables.is_none();
        (!only_files || !files.is_empty()).then(|| Variables {
            defaults,
            files,
            only_files,
            ..variables.unwrap_or_default()
        })
    }

    /// What a type says of a field that nothing gives a value: `#[serde(default = "default_url")]`.
    pub(super) fn serde_default(&mut self, settings: &Settings) -> Option<Vec<Alt>> {
        let ((file, class), [name]) = (settings.class?, settings.path.as_slice()) else { return None };
        let module = self.module(file);
        let field = module.classes[class.index()].fields.iter().find(|field| field.name == *name)?;
        let ExprKind::Fallback { right, .. } = *module.kind(field.value?) else { return None };
        Some(self.eval(&self.ctx_of(file, right), right))
    }

    /// What a file says that a builder reads: `File::with_name("config/default")`, `Toml::file("App.toml")`. `None` where it
    /// is not known which file that is.
    pub(super) fn in_settings_file(&mut self, ctx: &Ctx, source: ExprId, path: &[String]) -> Option<Vec<Alt>> {
        let (_, links) = self.chain_of_calls(ctx, source)?;
        let named = links.iter().find(|link| matches!(link.method.as_str(), "with_name" | "file" | "new" | "from"))?;
        let name = self.constant(&named.at, *named.args.first()?)?;
        let names = match imports::is_data(&name) {
            true => vec![name],
            false => ["toml", "yaml", "yml", "json"].iter().map(|ending| format!("{name}.{ending}")).collect(),
        };
        let file = names.iter().find_map(|name| self.imported(named.at.file, &imports::loaded(name)))?;
        let whole = self.exported(file, "default");
        let said = self.fields(whole, path).into_iter();
        Some(said.filter(|alt| matches!(alt.value, Value::Str(..))).collect())
    }

    /// `Environment::with_prefix("APP").separator("__")`
    fn environment_source(&mut self, ctx: &Ctx, expr: ExprId) -> Option<Variables> {
        let (root, links) = self.chain_of_calls(ctx, expr)?;
        let of_figment = match root.rsplit_once('.')?.0 {
            "config.Environment" => false,
            "figment.providers.Env" => true,
            _ => return None,
        };
        let (mut prefix, mut prefix_separator, mut separator) = (String::new(), None, None);
        for link in &links {
            match (link.method.as_str(), link.args.as_slice()) {
                ("with_prefix" | "prefix" | "prefixed", [text]) => prefix = self.constant(&link.at, *text)?,
                ("separator" | "split", [text]) => separator = Some(self.constant(&link.at, *text)?),
                ("prefix_separator", [text]) => prefix_separator = Some(self.constant(&link.at, *text)?),
                ("map" | "filter_map" | "source" | "keep_prefix" | "filter" | "profile", _) => return None,
                _ => {}
            }
        }
        if !prefix.is_empty() && !of_figment {
            let between = prefix_separator.or_else(|| separator.clone()).unwrap_or_else(|| "_".to_owned());
            prefix.push_str(&between);
        }
        Some(Variables { prefix: prefix.to_ascii_uppercase(), separator, ..Variables::default() })
    }
}
