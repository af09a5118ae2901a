//! `mixlint trace` on messages as the real SDKs raise them: `fixtures/trace/*/messages/`, which
//! `tests/oracle-messages/make.py` makes anew. A project's `expected` holds the true cause of its messages: the client's
//! place and the rule, or `-` where none sees it, and the exit code.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{project, run_with};
use walkdir::WalkDir;

/// Exit code, standard output and standard error.
fn trace(dir: &Path, args: &[&str], stdin: &[u8]) -> (u8, String, String) {
    run_with(dir, &[&["trace"], args].concat(), stdin, &[])
}

fn json(dir: &Path, message: &str) -> (u8, Value) {
    let (code, out, err) = trace(dir, &["--output-format", "json", "-"], message.as_bytes());
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}")))
}

/// A copy of a fixture's files: in place, the repository around it would be part of its project.
fn copy(files: &Path) -> tempfile::TempDir {
    let texts: Vec<(String, String)> = WalkDir::new(files)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.path().strip_prefix(files).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    project(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

fn sorted(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// `app.py:5 mixroute-key-without-base-url` of the first answer.
fn first(answer: &Value) -> String {
    let found = &answer["answers"][0];
    let client = &found["client"];
    if client.is_null() {
        return "nothing".to_owned();
    }
    let rule = found["rule"].as_str().unwrap_or("-");
    format!("{}:{} {rule}", client["path"].as_str().unwrap(), client["start"]["line"])
}

#[test]
fn the_first_answer_is_the_true_cause() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trace");
    let (mut messages, mut projects) = (0, 0);
    let mut missed = Vec::new();
    for fixture in sorted(&root) {
        let dir = copy(&fixture.join("files"));
        let expected = fs::read_to_string(fixture.join("expected")).unwrap().trim().to_owned();
        projects += 1;
        for path in sorted(&fixture.join("messages")) {
            let (code, answer) = json(dir.path(), &fs::read_to_string(&path).unwrap());
            messages += 1;
            let got = first(&answer);
            let got = format!("{got} {code}");
            if got != expected || answer["message"]["id"].is_null() {
                let name = path.strip_prefix(&root).unwrap().display();
                missed.push(format!("{name}: {got}; the cause is {expected}"));
            }
        }
    }
    assert!(projects >= 20 && messages >= 40, "{messages} messages in {projects} projects");
    assert!(missed.is_empty(), "{} of {messages} messages\n{}", missed.len(), missed.join("\n"));
}

/// The argument may be the message itself or the name of a file; standard input is `-`.
#[test]
fn ways_to_give_a_message() {
    let code = "from openai import OpenAI\nOpenAI(api_key=\"sk-your-mixroute-key\")\n";
    let message = "Incorrect API key provided: sk-your-********-key. You can find your API key at https://platform.openai.com/account/api-keys.";
    let dir = project([("src/app.py", code), ("error.log", message), ("-x", "")]);
    let expected = trace(dir.path(), &[message], b"");
    assert_eq!(expected.0, 1, "{}", expected.2);
    assert!(
        expected.1.starts_with("OpenAI (api.openai.com) does not know the key.\nThe key in it: sk-your-…-key\n"),
        "{}",
        expected.1
    );
    assert!(expected.1.contains("\n1. error[mixroute-key-without-base-url] "), "{}", expected.1);
    assert_eq!(trace(dir.path(), &["error.log"], b""), expected);
    assert_eq!(trace(dir.path(), &["-"], message.as_bytes()), expected);
    assert_eq!(trace(dir.path(), &["-", "--path", "src"], message.as_bytes()), expected);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(message.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(trace(dir.path(), &["-"], &utf16), expected);
    let colored = format!("\x1b[31mERROR\x1b[0m \x1b[1m{message}\x1b[0m");
    assert_eq!(trace(dir.path(), &["-"], colored.as_bytes()), expected);

    assert_eq!(trace(dir.path(), &["-", "--path", "nowhere"], message.as_bytes()).0, 2);
    assert_eq!(trace(dir.path(), &[], b"").0, 2);
    let (code, out, _) = trace(dir.path(), &["all is well"], b"");
    assert_eq!(code, 1, "the project's own finding is shown all the same: {out}");
    let empty = project([("a.py", "")]);
    let (code, out, _) = trace(empty.path(), &["all is well"], b"");
    assert_eq!(
        (code, out.as_str()),
        (0, "This is no message that mixlint knows.\n\nNo client in these files explains it.\n")
    );
}

/// What a server or a scanned file says cannot harm: any bytes, any length.
#[test]
fn hostile_messages() {
    let dir = project([("a.py", "from openai import OpenAI\nOpenAI()\n")]);
    let deep = format!("{}{}", "[{\"a\":".repeat(20_000), "\\".repeat(20_000));
    let long =
        format!("{}\nIncorrect API key provided: sk-Abcd***wxyz.", "Traceback File \"a.py\", line 1\n".repeat(20_000));
    let escapes = "\x1b]0;title\x07\u{202e}Invalid URL (POST /v1/\x1b[2J) sk-\u{202e}***\u{7}abcd".to_owned();
    let stars = format!("Incorrect API key provided: {}", "*".repeat(100_000));
    for message in [deep, long.clone(), escapes, stars, "\0".repeat(1000)] {
        for format in ["text", "json"] {
            let (code, out, _) = trace(dir.path(), &["-", "--output-format", format], message.as_bytes());
            assert!(code < 2);
            assert!(!out.contains(['\x1b', '\u{7}', '\u{202e}']), "{out:?}");
        }
    }
    let (_, _, err) = trace(dir.path(), &["-"], long.as_bytes());
    assert_eq!(err, "only the last 256 KiB of the message are looked at\n");
    let (code, ..) = trace(dir.path(), &["-"], &[0xff, 0xfe, 0x00, 0xd8, 0xff, 0x80]);
    assert_eq!(code, 0);
}

/// Fields of the JSON, which may be added to and never changed.
#[test]
fn fields_of_the_json() {
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let dir = project([("app.py", "from openai import OpenAI\nOpenAI(api_key=\"sk-your-mixroute-key\")\n")]);
    let message = "File \"/x/app.py\", line 2, in f\nIncorrect API key provided: sk-your-****-key. You can find your API key at https://platform.openai.com/account/api-keys.";
    let (_, answer) = json(dir.path(), message);
    assert_eq!(fields(&answer), "answers checks explained keys message version");
    assert_eq!(answer["version"], 1);
    assert_eq!(fields(&answer["message"]), "frames hosts id key path says speakers");
    assert_eq!(fields(&answer["message"]["key"]), "kind providers shown");
    assert_eq!(answer["message"]["frames"][0], serde_json::json!({"path": "app.py", "line": 2, "client": true}));
    let found = &answer["answers"][0];
    assert_eq!(fields(found), "callee client endpoint fix help key message proved reasons rule severity verdict wrong");
    assert_eq!(fields(&found["client"]), "end path start text");
    assert_eq!(fields(&found["key"]), "kind name origin providers");
    assert_eq!(fields(&found["endpoint"]), "kind origin provider url");
    assert_eq!((&answer["explained"], &found["proved"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_eq!(answer["keys"][0]["start"]["line"], 2);
    assert_eq!(fields(&found["fix"]), "applicability edits message");
    assert_eq!(found["fix"]["edits"][0]["content"], ", base_url=\"https://console.mixroute.io/v1\"");
}

/// A severity that the configuration changes is the one that is told.
#[test]
fn the_severity_of_the_configuration() {
    let code = "from openai import OpenAI\nOpenAI(api_key=\"sk-your-mixroute-key\")\n";
    let config = "[severity]\nmixroute-key-without-base-url = \"warning\"\n";
    let dir = project([("app.py", code), ("mixlint.toml", config)]);
    let message = "Incorrect API key provided: sk-your-****-key. You can find your API key at https://platform.openai.com/account/api-keys.";
    assert_eq!(json(dir.path(), message).1["answers"][0]["severity"], "warning");
    let (_, out, _) = trace(dir.path(), &[message], b"");
    assert!(out.contains("1. warning[mixroute-key-without-base-url]"), "{out}");
}

/// The edit that `check --fix` would make is shown as a patch, with the key masked; one that it would not keep is not.
#[test]
fn the_edit_is_shown() {
    // Of the shape of a relay's, and of no pattern that a placeholder has.
    let body: String = (1..=48_u32).map(|n| char::from(b"Qq0Zx7Lm4Rt9"[(n * n * 7 % 97 % 12) as usize])).collect();
    let code = format!("from openai import OpenAI\n\nclient = OpenAI(\n    api_key=\"sk-{body}\",\n)\n");
    let dir = project([("app.py", code.as_str())]);
    let (start, end) = (&body[..5], &body[44..]);
    let message = format!(
        "Incorrect API key provided: sk-{start}****{end}. You can find your API key at https://platform.openai.com/account/api-keys."
    );
    let (_, out, _) = trace(dir.path(), &[&message], b"");
    let patch = format!(
        "   edit      as `mixlint check --fix --unsafe-fixes` makes it
             --- app.py
             +++ app.py
             @@ -4,2 +4,3 @@
                  api_key=\"sk-{}\",
             +    base_url=\"https://console.mixroute.io/v1\",
              )
",
        "*".repeat(48)
    );
    assert!(out.ends_with(&patch), "{out}");
    assert!(!out.contains(&body[..8]), "{out}");

    // A fix in JSON.
    let code = "import OpenAI from \"openai\";\nexport const c = new OpenAI({ apiKey: process.env.OPENAI_KEY, baseUrl: \"https://console.mixroute.io/v1\" });\n";
    let dir = project([("a.mjs", code)]);
    let message = "Incorrect API key provided: sk-Abcde****wxyz. You can find your API key at https://platform.openai.com/account/api-keys.";
    let (_, answer) = json(dir.path(), message);
    assert_eq!(answer["answers"][0]["fix"]["edits"][0]["content"], "baseURL", "{answer}");
}
