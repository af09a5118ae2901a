//! Right and wrong files of one project do not change each other's verdict: each is judged by its own facts, whatever
//! stands beside it.

#![allow(clippy::unwrap_used)]

mod support;

use support::{findings, project};

const MIXROUTE: &str = "https://console.mixroute.io/v1";
const OPENAI: &str = "https://api.openai.com/v1";

/// What each file holds: a name, the key's text or variable, the URL, and whether the two fit.
const PAIRS: &[(&str, Key, Option<&str>, bool)] = &[
    ("mixroute_alone", Key::Literal("sk-mixroute-key"), None, false),
    ("mixroute_at_openai", Key::Literal("sk-mixroute-key"), Some(OPENAI), false),
    ("mixroute_at_mixroute", Key::Literal("sk-mixroute-key"), Some(MIXROUTE), true),
    ("variable_alone", Key::Variable("MIXROUTE_API_KEY"), None, false),
    ("variable_at_openai", Key::Variable("MIXROUTE_API_KEY"), Some(OPENAI), false),
    ("variable_at_mixroute", Key::Variable("MIXROUTE_API_KEY"), Some(MIXROUTE), true),
    ("openai_at_mixroute", Key::Literal("sk-openai-key"), Some(MIXROUTE), false),
    ("openai_alone", Key::Literal("sk-openai-key"), None, true),
];

enum Key {
    Literal(&'static str),
    Variable(&'static str),
}

impl Key {
    fn spelled(&self, variable: impl Fn(&str) -> String) -> String {
        match self {
            Self::Literal(text) => format!("\"{text}\""),
            Self::Variable(name) => variable(name),
        }
    }
}

fn files() -> Vec<(String, String, bool)> {
    let mut out = Vec::new();
    for (name, key, url, fits) in PAIRS {
        let mut add = |path: String, text: String| out.push((path, text, *fits));
        let python = key.spelled(|name| format!("os.environ[\"{name}\"]"));
        let argument = url.map_or(String::new(), |url| format!("    base_url=\"{url}\",\n"));
        add(
            format!("py/{name}.py"),
            format!("import os\nfrom openai import OpenAI\n\nclient = OpenAI(\n    api_key={python},\n{argument})\n"),
        );
        let javascript = key.spelled(|name| format!("process.env.{name}"));
        let option = url.map_or(String::new(), |url| format!("  baseURL: \"{url}\",\n"));
        for extension in ["js", "ts"] {
            add(
                format!("{extension}/{name}.{extension}"),
                format!(
                    "import OpenAI from \"openai\";\n\nexport const client = new OpenAI({{\n  apiKey: {javascript},\n{option}}});\n"
                ),
            );
        }
        let rust = key.spelled(|name| format!("std::env::var(\"{name}\").unwrap()"));
        let call = url.map_or(String::new(), |url| format!(".with_api_base(\"{url}\")"));
        add(
            format!("rs/{name}.rs"),
            format!(
                "use async_openai::{{Client, config::OpenAIConfig}};\n\nfn main() {{\n    let config = OpenAIConfig::new().with_api_key({rust}){call};\n    let _client = Client::with_config(config);\n}}\n"
            ),
        );
        let Key::Literal(text) = key else { continue };
        let line = |form: &str| url.map_or(String::new(), |url| form.replace("<url>", url));
        add(format!("conf/{name}.env"), format!("OPENAI_API_KEY={text}\n{}", line("OPENAI_BASE_URL=<url>\n")));
        add(
            format!("conf/{name}.yaml"),
            format!(
                "services:\n  app:\n    environment:\n      OPENAI_API_KEY: {text}\n{}",
                line("      OPENAI_BASE_URL: <url>\n")
            ),
        );
        add(
            format!("conf/{name}.sh"),
            format!("#!/bin/sh\nexport OPENAI_API_KEY=\"{text}\"\n{}", line("export OPENAI_BASE_URL=\"<url>\"\n")),
        );
    }
    out
}

/// The paths of all findings.
fn paths(found: &[String]) -> Vec<String> {
    let mut paths: Vec<String> = found.iter().map(|line| line.split([' ', ':']).nth(1).unwrap().to_owned()).collect();
    paths.dedup();
    paths.sort();
    paths
}

#[test]
fn in_one_tree() {
    let files = files();
    let dir = project(files.iter().map(|(path, text, _)| (path.as_str(), text.as_str())));
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    let mut wrong: Vec<String> = files.iter().filter(|(_, _, fits)| !fits).map(|(path, _, _)| path.clone()).collect();
    wrong.sort();
    assert_eq!(paths(&findings(dir.path())), wrong);
}

#[test]
fn each_alone() {
    for (path, text, fits) in files() {
        let dir = project([(path.as_str(), text.as_str())]);
        let expected = if fits { Vec::new() } else { vec![path] };
        assert_eq!(paths(&findings(dir.path())), expected);
    }
}
