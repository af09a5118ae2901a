//! What real JavaScript and Rust code showed, reduced: ways of writing that were missed or misread.

#![allow(clippy::unwrap_used)]

use support::{call, project};

mod support;

/// The findings of a small project, as `path:line rule`.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let dir = project(files.iter().copied());
    let json: serde_json::Value =
        serde_json::from_str(&call(dir.path(), &["check", "--output-format", "json"])).unwrap();
    let all = json["diagnostics"].as_array().unwrap().iter();
    all.map(|d| {
        let (path, line, rule) = (d["path"].as_str().unwrap(), &d["start"]["line"], d["rule"].as_str().unwrap());
        format!("{path}:{line} {rule}")
    })
    .collect()
}

#[track_caller]
fn found(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(findings(files), expected);
}

const CONFIG_RS: &str = r#"
pub const OPENAI: &str = "https://api.openai.com/v1";
pub const MIXROUTE: &str = "https://console.mixroute.io/v1";
pub fn key() -> String { std::env::var("MIXROUTE_API_KEY").unwrap() }
"#;

/// A client of async-openai, by its full path.
fn client(base: &str, key: &str) -> String {
    format!("fn f() {{ let c = async_openai::config::OpenAIConfig::new().with_api_base({base}).with_api_key({key}); }}")
}

#[test]
fn rust_paths_through_modules() {
    let heads = [
        ("mod config;", "config::"),
        ("mod config;", "crate::config::"),
        ("mod config;", "self::config::"),
        // Two globs, of which either might bring any name, but no crate.
        ("mod config; use anyhow::*; use serde::*;", "crate::config::"),
    ];
    for (head, path) in heads {
        let main = |base: &str| format!("{head}\n{}", client(&format!("{path}{base}"), &format!("{path}key()")));
        let wrong = main("OPENAI");
        found(&[("src/main.rs", &wrong), ("src/config.rs", CONFIG_RS)], &["src/config.rs:2 mixroute-key-at-openai"]);
        found(&[("src/main.rs", &main("MIXROUTE")), ("src/config.rs", CONFIG_RS)], &[]);
    }
    let sibling = format!("use super::config::OPENAI;\n{}", client("OPENAI", "super::config::key()"));
    found(
        &[("src/main.rs", "mod config; mod llm;"), ("src/config.rs", CONFIG_RS), ("src/llm.rs", &sibling)],
        &["src/config.rs:2 mixroute-key-at-openai"],
    );
}

#[test]
fn rust_inline_modules() {
    let inside = format!("mod config {{ {CONFIG_RS} }}\n{}", client("config::OPENAI", "config::key()"));
    found(&[("src/main.rs", &inside)], &["src/main.rs:2 mixroute-key-at-openai"]);
    let outside = format!("{CONFIG_RS}mod llm {{ use super::*; {} }}", client("OPENAI", "super::key()"));
    found(&[("src/main.rs", &outside)], &["src/main.rs:2 mixroute-key-at-openai"]);
    // Each module has its own names.
    let two = format!(
        "mod a {{ pub const URL: &str = \"https://api.openai.com/v1\"; }}
         mod b {{ pub const URL: &str = \"https://console.mixroute.io/v1\"; }}\n{}",
        client("b::URL", "std::env::var(\"MIXROUTE_API_KEY\").unwrap()")
    );
    found(&[("src/main.rs", &two)], &[]);
}

#[test]
fn a_parents_constant_of_the_same_name_is_another() {
    let inner = format!("const URL: &str = \"https://console.mixroute.io/v1\";\nmod llm {{ {} }}", {
        client("super::URL", "std::env::var(\"MIXROUTE_API_KEY\").unwrap()")
    });
    let main = "const URL: &str = \"https://api.openai.com/v1\"; mod a;";
    found(&[("src/main.rs", main), ("src/a.rs", &inner)], &[]);
}

#[test]
fn class_fields_read_this() {
    let class = |more: &str| {
        format!(
            "import OpenAI from 'openai';
             class Llm {{
                 key = process.env.MIXROUTE_API_KEY;
                 client = new OpenAI({{ apiKey: this.key{more} }});
             }}"
        )
    };
    found(&[("a.ts", &class(""))], &["a.ts:4 mixroute-key-without-base-url"]);
    found(&[("a.ts", &class(", baseURL: 'https://console.mixroute.io/v1'"))], &[]);
}

#[test]
fn headers_of_their_own_class() {
    for (init, set) in [
        ("", "headers.set('Authorization', `Bearer ${process.env.MIXROUTE_API_KEY}`)"),
        ("{ Accept: 'x' }", "headers.append('authorization', 'Bearer ' + process.env.MIXROUTE_API_KEY)"),
        ("{ Authorization: `Bearer ${process.env.MIXROUTE_API_KEY}` }", "headers.set('Accept', 'x')"),
    ] {
        let request = |host: &str| {
            format!(
                "const headers = new Headers({init});\n{set};\n\
                 fetch('https://{host}/v1/chat/completions', {{ method: 'POST', headers }});"
            )
        };
        found(&[("a.ts", &request("api.openai.com"))], &["a.ts:3 mixroute-key-at-openai"]);
        found(&[("a.ts", &request("console.mixroute.io"))], &[]);
    }
}

/// Copilotkit's bundle.
#[test]
fn a_bundlers_require() {
    found(
        &[(
            "a.mjs",
            "import { __require } from './runtime.mjs';
             const OpenAI = __require('openai').default;
             new OpenAI({ apiKey: process.env.MIXROUTE_API_KEY });",
        )],
        &["a.mjs:3 mixroute-key-without-base-url"],
    );
}

#[test]
fn anthropic_through_frameworks() {
    for (import, call, base) in [
        ("import { createAnthropic } from '@ai-sdk/anthropic'", "createAnthropic({ apiKey", "baseURL"),
        ("import { ChatAnthropic } from '@langchain/anthropic'", "new ChatAnthropic({ apiKey", "anthropicApiUrl"),
    ] {
        let file = |more: &str| format!("{import};\n{call}: process.env.MIXROUTE_API_KEY{more} }});");
        found(&[("a.ts", &file(""))], &["a.ts:2 foreign-key"]);
        found(&[("a.ts", &file(&format!(", {base}: 'https://console.mixroute.io'")))], &[]);
    }
}

/// Version 3 of openai takes the base path beside the configuration, too.
#[test]
fn openai_3_with_a_base_path_of_its_own() {
    found(
        &[(
            "a.ts",
            "import { Configuration, OpenAIApi } from 'openai';
             const configuration = new Configuration({ apiKey: process.env.MIXROUTE_API_KEY });
             new OpenAIApi(configuration, 'https://console.mixroute.io/v1');",
        )],
        &[],
    );
}

/// LangChain's ConfigurableModel: the resolver once did not come back from it.
#[test]
fn a_field_that_is_made_of_itself() {
    found(
        &[(
            "a.js",
            "const url = 'https://api.openai.com/v1';
             class C {
                 constructor(fields) { this.q = fields.q ?? this.q; for (const [a, b] of Object.entries(this.q)) m[a](...b); }
                 copy() { const n = { ...this.q }; return new C({ q: n }); }
             }
             fetch(url, { headers: { Authorization: `Bearer ${new C({}).q}` } });",
        )],
        &[],
    );
}
