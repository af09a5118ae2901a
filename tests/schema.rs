//! `mixlint.schema.json`, the schema of the configuration for editors. It is written from what the parser is made of: the
//! catalogue's structs with their comments, the rules and the providers. `UPDATE_SCHEMA=1 cargo test --test schema` writes
//! it anew.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use mixlint::catalog::Catalog;
use mixlint::config::{Config, KEYS, Known};
use mixlint::rules::page::pages;
use serde_json::{Map, Value, json};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

/// The structs of the catalogue as schemas, by name.
fn structs() -> BTreeMap<String, Value> {
    let files = ["src/catalog/mod.rs", "src/catalog/tool.rs"];
    let items = files.iter().flat_map(|file| syn::parse_file(&read(file)).unwrap().items);
    let mut out = BTreeMap::new();
    for item in items {
        let syn::Item::Struct(item) = item else { continue };
        let syn::Fields::Named(fields) = &item.fields else { continue };
        if !item.attrs.iter().any(|attr| attr.path().is_ident("serde")) {
            continue;
        }
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in &fields.named {
            let name = field.ident.as_ref().unwrap().to_string().replace('_', "-");
            let mut schema = schema_of(&field.ty);
            schema["description"] = doc(&field.attrs).into();
            if !field.attrs.iter().any(|attr| attr.path().is_ident("serde")) {
                required.push(name.clone());
            }
            properties.insert(name, schema);
        }
        let schema = json!({
            "type": "object",
            "description": doc(&item.attrs),
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        out.insert(item.ident.to_string(), schema);
    }
    out
}

/// The text of a doc comment. Links of rustdoc are of no use to others.
fn doc(attrs: &[syn::Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        syn::Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    let text = lines.collect::<Vec<_>>().join(" ");
    let link = regex::Regex::new(r"\[(`[^`]+`)\](\([^)]*\))?").unwrap();
    link.replace_all(&text, "$1").into_owned()
}

fn schema_of(ty: &syn::Type) -> Value {
    let syn::Type::Path(path) = ty else { panic!("a type that has no schema") };
    let last = path.path.segments.last().unwrap();
    let inner = |number: usize| match &last.arguments {
        syn::PathArguments::AngleBracketed(list) => match list.args.iter().nth(number) {
            Some(syn::GenericArgument::Type(ty)) => schema_of(ty),
            _ => panic!("no type"),
        },
        _ => panic!("no arguments"),
    };
    match last.ident.to_string().as_str() {
        "String" | "Range" | "Blank" => json!({ "type": "string" }),
        "bool" => json!({ "type": "boolean" }),
        "Option" => inner(0),
        "Vec" => json!({ "type": "array", "items": inner(0) }),
        "BTreeMap" => json!({ "type": "object", "additionalProperties": inner(1) }),
        "Construct" => json!({ "$ref": "#/definitions/construct" }),
        "Models" => json!({ "$ref": "#/definitions/models" }),
        "ToolRow" => json!({ "$ref": "#/definitions/tool-row" }),
        "ToolEnvironment" => json!({ "$ref": "#/definitions/tool-environment" }),
        "UrlKind" => json!({ "enum": ["openai-base", "host-only", "full", "any", "own"] }),
        "Slot" => json!({ "enum": ["key", "endpoint", "headers", "request", "sent"] }),
        "EnvName" => json!({ "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": { "name": { "type": "string" }, "versions": { "type": "string" } },
                "required": ["name", "versions"],
            },
        ]}),
        other => panic!("`{other}` has no schema yet"),
    }
}

fn schema() -> Value {
    let mut structs = structs();
    let construct = structs.remove("Construct").unwrap();
    let mut client = structs.remove("Client").unwrap();
    // The short form: one construct in the client's own table, and a known client to take the rest from.
    for name in ["callee", "key", "endpoint", "headers", "env-key", "env-endpoint"] {
        client["properties"][name] = construct["properties"][name].clone();
    }
    let ids: Vec<&str> = Catalog::builtin().clients.iter().map(|client| client.id.as_str()).collect();
    client["properties"]["like"] =
        json!({ "enum": ids, "description": "A known client; what is not said here is as there." });
    // The short form has them from the callee, and from the known client.
    client.as_object_mut().unwrap().remove("required");
    client["anyOf"] = json!([
        { "required": ["like", "callee"] },
        { "required": ["like", "construct"] },
        { "required": ["language", "callee"] },
        { "required": ["id", "name", "language"] },
    ]);

    let rules: Vec<&str> = pages().iter().map(|page| page.name.as_str()).collect();
    let providers: Vec<&str> = Catalog::builtin().providers.iter().map(|provider| provider.id.as_str()).collect();
    let some_rules =
        |what: &str| json!({ "type": "array", "items": { "$ref": "#/definitions/rule" }, "description": what });
    let some_providers = json!({ "type": "array", "items": { "$ref": "#/definitions/provider-id" } });
    let by_name = |of: Value, what: &str| json!({ "type": "object", "additionalProperties": of, "description": what });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "mixlint.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "exclude": {
                "type": "array",
                "items": { "type": "string" },
                "description": "Globs, as in a .gitignore, of files that are not checked.",
            },
            "select": some_rules("Rules to run; absent: all."),
            "ignore": some_rules("Rules not to run."),
            "per-file-ignores": by_name(some_rules("The rules."), "Rules not to run on files that match a glob."),
            "severity": {
                "type": "object",
                "propertyNames": { "$ref": "#/definitions/rule" },
                "additionalProperties": { "enum": ["error", "warning", "off"] },
                "description": "Severities that differ from the rules' own.",
            },
            "keys": by_name(json!({ "$ref": "#/definitions/provider-id" }), "Whose key a variable holds."),
            "environment": by_name(
                json!({ "anyOf": [{ "type": "string" }, { "const": true }] }),
                "Variables that are set outside of the repository: the value, or true for \"something\".",
            ),
            "policy": {
                "type": "object",
                "additionalProperties": false,
                "description": "Which providers clients may talk to.",
                "properties": {
                    "allowed-providers": some_providers,
                    "paths": by_name(some_providers.clone(), "The same for files that match a glob."),
                },
            },
            "baseline": {
                "type": "string",
                "minLength": 1,
                "description": "The file of known findings, which are not reported; relative to this one.",
            },
            "max-file-size": {
                "type": "integer",
                "minimum": 0,
                "description": "The size in bytes above which files are skipped.",
            },
            "provider": { "type": "array", "items": structs.remove("Provider").unwrap() },
            "client": { "type": "array", "items": client },
            "tool": { "type": "array", "items": structs.remove("Tool").unwrap() },
        },
        "definitions": {
            "construct": construct,
            "models": structs.remove("Models").unwrap(),
            "provider-id": { "anyOf": [{ "enum": providers }, { "type": "string" }] },
            "rule": { "enum": rules },
            "tool-row": structs.remove("ToolRow").unwrap(),
            "tool-environment": structs.remove("ToolEnvironment").unwrap(),
        },
    })
}

#[test]
fn the_schema_is_up_to_date() {
    let schema = schema();
    let keys: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut known = KEYS.to_vec();
    known.sort_unstable();
    assert_eq!(keys, known, "the keys of the parser are those of the schema");
    let expected = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = repository().join("mixlint.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == expected, "run `UPDATE_SCHEMA=1 cargo test --test schema` and look at the change");
}

/// What the parser says of a text, and what the schema says.
struct Both {
    validator: jsonschema::Validator,
    dir: tempfile::TempDir,
}

impl Both {
    fn new() -> Self {
        let schema = serde_json::from_str(&read("mixlint.schema.json")).unwrap();
        Self { validator: jsonschema::validator_for(&schema).unwrap(), dir: tempfile::tempdir().unwrap() }
    }

    fn parser(&self, text: &str) -> Result<(), String> {
        let path = self.dir.path().join("mixlint.toml");
        std::fs::write(&path, text).unwrap();
        let rules: Vec<&str> = pages().iter().map(|page| page.name.as_str()).collect();
        let known = Known { rules: &rules, providers: &[] };
        Config::read(&path, &known).map(drop).map_err(|error| error.to_string())
    }

    fn schema(&self, text: &str) -> Result<(), String> {
        let value: toml::Table = toml::from_str(text).unwrap();
        let value = serde_json::to_value(value).unwrap();
        self.validator.validate(&value).map_err(|error| error.to_string())
    }
}

#[test]
fn parser_and_schema_take_the_same() {
    let both = Both::new();
    let mut right = vec![
        String::new(),
        "exclude = ['a']\nbaseline = 'b.json'\nmax-file-size = 3\nselect = ['foreign-key']\nignore = []".to_owned(),
        "[severity]\nforeign-key = 'off'\n[keys]\nX = 'mixroute'\n[environment]\nA = 'b'\nB = true".to_owned(),
        "[per-file-ignores]\n'a/*' = ['foreign-key']\n[policy]\nallowed-providers = ['mixroute']\npaths = { 'a' = [] }".to_owned(),
        "[[client]]\nlike = 'openai-python'\ncallee = ['a.b']".to_owned(),
        "[[client]]\nlanguage = 'python'\ncallee = ['a.b']\nkey = ['0']\nenv-key = ['K', { name = 'L', versions = '>=1' }]".to_owned(),
    ];
    // The README's, the guides', and the catalogue itself.
    let readme = read("README.md");
    right.extend(blocks(&readme, "toml"));
    right.extend(
        ["providers", "clients"].iter().flat_map(|folder| blocks(&read(&format!("rules/{folder}/README.md")), "toml")),
    );
    for folder in ["rules/providers", "rules/clients"] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let mut table: toml::Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
                // What a configuration cannot add.
                table.remove("shared-format");
                table.remove("transport");
                right.push(table.to_string());
            }
        }
    }
    assert!(right.len() > 50);
    for text in right {
        assert_eq!((both.parser(&text), both.schema(&text)), (Ok(()), Ok(())), "{text}");
    }
    for wrong in [
        "exclud = []",
        "exclude = 'a'",
        "select = ['no-rule']",
        "max-file-size = -1",
        "baseline = ''",
        "severity = { foreign-key = 'loud' }",
        "severity = { no-rule = 'off' }",
        "environment = { A = false }",
        "policy = { allowed = [] }",
        "[[provider]]\nid = 'a'",
        "[[provider]]\nid = 'a'\nname = 'b'\nhost = []",
        "[[client]]\nlike = 'openai-pyton'\ncallee = ['a.b']",
        "[[client]]\nlike = 'openai-python'",
        "[[client]]\nlanguage = 'python'\ncallee = 'a.b'",
        "[[client]]\ncallee = ['a.b']",
        "[[client]]\nid = 'a'\nname = 'b'\nlanguage = 'c'\nurl-kind = 'd'",
        "[[client]]\nid = 'a'\nname = 'b'\nlanguage = 'c'\n[client.setters]\nx = 'y'",
        "[[client]]\nid = 'a'\nname = 'b'\nlanguage = 'c'\n[[client.construct]]\nkey = ['d']",
    ] {
        assert!(both.parser(wrong).is_err(), "the parser takes {wrong}");
        assert!(both.schema(wrong).is_err(), "the schema takes {wrong}");
    }
}

/// The fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    text.split(&start).skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0.to_owned())).collect()
}
