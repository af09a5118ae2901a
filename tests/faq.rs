//! The examples of Mixroute's FAQ, right and wrong, in every language that is read.

#![allow(clippy::unwrap_used)]

mod support;

use support::{call, findings, project};

/// Every character that a key can have, none twice in a row: it must not look like a placeholder.
const BASE62: &str = "qW7eRt2YuI9oPaS4dFgH1jKlZ8xCvB3nMm6QwE5rTyU0iOpAsD";

/// What a relay issues: `sk-` and 48 characters of base 62. Assembled here, so that no file holds what looks like a key.
fn relay_key() -> String {
    format!("sk-{}", &BASE62[..48])
}

/// What OpenAI issues: a prefix of its own, and its marker in the middle.
fn openai_key() -> String {
    let (head, tail) = (BASE62, BASE62.chars().rev().collect::<String>());
    format!("sk-{}-{head}{}{tail}", "proj", ["T3Blbk", "FJ"].concat())
}

/// The name of the one file, and its text with the key and the URL put in.
fn forms(key: &str, url: &str) -> Vec<(&'static str, String)> {
    let full = format!("{}/models", url.trim_end_matches('/'));
    vec![
        ("app.py", format!("from openai import OpenAI\nclient = OpenAI(api_key=\"{key}\", base_url=\"{url}\")\n")),
        (
            "app.mjs",
            format!(
                "import OpenAI from \"openai\";\nconst c = new OpenAI({{ apiKey: \"{key}\", baseURL: \"{url}\" }});\n"
            ),
        ),
        (
            "app.ts",
            format!(
                "import OpenAI from \"openai\";\nexport const c: OpenAI = new OpenAI({{\n  apiKey: \"{key}\",\n  \
                 baseURL: \"{url}\",\n}});\n"
            ),
        ),
        (
            "src/main.rs",
            format!(
                "use async_openai::{{Client, config::OpenAIConfig}};\nfn main() {{\n    let config = \
                 OpenAIConfig::new().with_api_key(\"{key}\").with_api_base(\"{url}\");\n    let client = \
                 Client::with_config(config);\n}}\n"
            ),
        ),
        (".env", format!("OPENAI_API_KEY={key}\nOPENAI_BASE_URL={url}\n")),
        ("env.sh", format!("export OPENAI_API_KEY=\"{key}\"\nexport OPENAI_BASE_URL=\"{url}\"\n")),
        ("models.sh", format!("curl {full} \\\n  -H \"Authorization: Bearer {key}\"\n")),
        (
            "compose.yaml",
            format!(
                "services:\n  app:\n    image: app\n    environment:\n      OPENAI_API_KEY: {key}\n      \
                 OPENAI_BASE_URL: {url}\n"
            ),
        ),
    ]
}

/// The rules found in one file of its own project.
fn rules(name: &str, text: &str) -> Vec<String> {
    findings(project([(name, text)]).path())
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            format!("{} {}", words[0], words[2])
        })
        .collect()
}

#[track_caller]
fn assert_forms(key: &str, url: &str, expected: &[&str]) {
    for (name, text) in forms(key, url) {
        assert_eq!(rules(name, &text), expected, "{name} with {url}");
    }
}

const MIXROUTE_URLS: [&str; 4] = [
    "https://console.mixroute.io/v1",
    "https://console.mixroute.io/v1/",
    "https://api.mixroute.ai/v1",
    "https://api.mixroute.ai/v1/",
];

#[test]
fn the_url_of_the_wrong_example_is_marked() {
    let text = "from openai import OpenAI\n\
                client = OpenAI(api_key=\"sk-mixroute-key\", base_url=\"https://api.openai.com/v1\")\n";
    let report = call(project([("app.py", text)]).path(), &["check", "--output-format", "json", "."]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let [found] = report["diagnostics"].as_array().unwrap().as_slice() else { panic!("one finding: {report}") };
    assert_eq!(found["rule"], "mixroute-key-at-openai");
    assert_eq!(found["severity"], "error");
    let offset = |end: &str| usize::try_from(found[end]["offset"].as_u64().unwrap()).unwrap();
    assert_eq!(&text[offset("start")..offset("end")], "\"https://api.openai.com/v1\"");
    assert_eq!((&found["start"]["line"], &found["start"]["column"]), (&2.into(), &53.into()));
}

#[test]
fn the_wrong_example_is_found_everywhere() {
    assert_forms("sk-your-mixroute-key", "https://api.openai.com/v1", &["error mixroute-key-at-openai"]);
    assert_forms("sk-mixroute-key", "https://api.openai.com/v1/", &["error mixroute-key-at-openai"]);
}

#[test]
fn the_right_example_is_silent_everywhere() {
    for url in MIXROUTE_URLS {
        assert_forms("sk-your-mixroute-key", url, &[]);
        assert_forms(&relay_key(), url, &[]);
    }
}

#[test]
fn the_full_path_is_right_in_a_request() {
    for (path, body) in [("chat/completions", "{}"), ("embeddings", "{}")] {
        for host in ["console.mixroute.io", "api.mixroute.ai"] {
            let text =
                format!("curl https://{host}/v1/{path} -H 'Authorization: Bearer sk-your-mixroute-key' -d '{body}'\n");
            assert_eq!(rules("run.sh", &text), [""; 0], "{text}");
        }
    }
}

#[test]
fn an_openai_key_at_mixroute_is_found_everywhere() {
    for url in MIXROUTE_URLS {
        assert_forms(&openai_key(), url, &["error openai-key-at-mixroute"]);
    }
    assert_forms(&openai_key(), "https://api.openai.com/v1", &[]);
}

#[test]
fn a_relay_key_is_not_openais() {
    assert_forms(&relay_key(), "https://api.openai.com/v1", &["error mixroute-key-at-openai"]);
    // Some other relay's, for all we know.
    assert_forms(&relay_key(), "https://relay.example.com/v1", &[]);
    assert_forms(&relay_key(), "http://localhost:3000/v1", &[]);
}

#[test]
fn without_a_base_url_a_relay_key_goes_to_openai() {
    for key in [relay_key(), "sk-your-mixroute-key".to_owned()] {
        for (name, text) in [
            ("app.py", format!("from openai import OpenAI\nclient = OpenAI(api_key=\"{key}\")\n")),
            ("app.mjs", format!("import OpenAI from \"openai\";\nnew OpenAI({{ apiKey: \"{key}\" }});\n")),
            (
                "main.rs",
                format!(
                    "use async_openai::{{Client, config::OpenAIConfig}};\nfn main() {{\n    \
                     Client::with_config(OpenAIConfig::new().with_api_key(\"{key}\"));\n}}\n"
                ),
            ),
        ] {
            assert_eq!(rules(name, &text), ["error mixroute-key-without-base-url"], "{name}");
        }
    }
}

#[test]
fn the_usual_slot_holds_the_key_in_use() {
    let env = "OPENAI_API_KEY=sk-your-mixroute-key\nOPENAI_BASE_URL=https://console.mixroute.io/v1\n";
    let python = "from openai import OpenAI\nclient = OpenAI()\n";
    let script = "import OpenAI from 'openai';\nconst client = new OpenAI();\n";
    assert_eq!(findings(project([(".env", env), ("app.py", python), ("app.mjs", script)]).path()), [""; 0]);
    for (name, text) in [
        (
            "app.py",
            "import os\nfrom openai import OpenAI\n\
             c = OpenAI(api_key=os.environ['OPENAI_API_KEY'], base_url='https://console.mixroute.io/v1')\n",
        ),
        (
            "app.ts",
            "import OpenAI from 'openai';\n\
             new OpenAI({ apiKey: process.env.OPENAI_API_KEY, baseURL: 'https://console.mixroute.io/v1' });\n",
        ),
        ("run.sh", "curl https://console.mixroute.io/v1/models -H \"Authorization: Bearer $OPENAI_API_KEY\"\n"),
    ] {
        assert_eq!(rules(name, text), [""; 0], "{name}");
    }
}

/// A key that is found is never shown.
#[test]
fn no_report_shows_a_key() {
    for (key, url) in [(relay_key(), "https://api.openai.com/v1"), (openai_key(), "https://console.mixroute.io/v1")] {
        for (name, text) in forms(&key, url) {
            let dir = project([(name, text.as_str())]);
            for args in [&["check"][..], &["check", "--output-format", "json"], &["routes", "--output-format", "json"]]
            {
                let out = call(dir.path(), args);
                assert!(!out.contains(&key[10..30]), "{name} {args:?}");
            }
        }
    }
}
