//! The command line: the built program, and the same in this process where standard input and the environment matter.

#![allow(clippy::unwrap_used)]

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use mixlint::cli::{Host, run};
use support::{project, run_with};
use tempfile::TempDir;

mod support;

/// Gives `mixroute-key-at-openai`, an error, at 2:44.
const BAD: &str =
    "from openai import OpenAI\nOpenAI(api_key=\"sk-mixroute-key\", base_url=\"https://api.openai.com/v1\")\n";
/// Gives `insecure-base-url`, a warning, at 2:44.
const HM: &str =
    "from openai import OpenAI\nOpenAI(api_key=\"sk-mixroute-key\", base_url=\"http://api.mixroute.ai/v1\")\n";
const BAD_LINE: &str = "2:44: error[mixroute-key-at-openai] a Mixroute key is sent to OpenAI (api.openai.com)\n";
const HM_LINE: &str =
    "2:44: warning[insecure-base-url] the key is sent to Mixroute (api.mixroute.ai) without encryption\n";

fn tree(files: &[(&str, &str)]) -> TempDir {
    project(files.iter().copied())
}

fn mixlint(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("mixlint").unwrap();
    for name in ["CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.current_dir(dir).args(args);
    command
}

/// Exit code, standard output and standard error of the program.
fn call(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let output = mixlint(dir, args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The same as [`call`], in this process.
fn lint(dir: &Path, args: &[&str]) -> (u8, String, String) {
    lint_with(dir, args, "", &[])
}

fn lint_with(dir: &Path, args: &[&str], stdin: &str, env: &[(&str, &str)]) -> (u8, String, String) {
    run_with(dir, args, stdin.as_bytes(), env)
}

#[test]
fn version_and_help() {
    let dir = tree(&[("mixlint.toml", "broken")]);
    let version = format!("mixlint {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(call(dir.path(), &["--version"]), (0, version, String::new()));
    let (code, out, err) = call(dir.path(), &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("Usage:"), "{err}");
    let (code, out, _) = call(dir.path(), &["check", "--help"]);
    assert_eq!(code, 0);
    assert!(out.contains("--files-from") && !out.contains("prefilter"), "{out}");
}

#[test]
fn wrong_arguments() {
    let dir = tree(&[("a.py", "")]);
    for (args, expected) in [
        (&["check", "--frobnicate"][..], "--frobnicate"),
        (&["chekc"], "chekc"),
        (&["check", "--output-format", "xml"], "xml"),
        (&["check", "no.py"], "error: no.py: no such file or directory\n"),
        (
            &["check", "no.py", "nor.py"],
            "error: no.py: no such file or directory\nerror: nor.py: no such file or directory\n",
        ),
        (&["check", "--select", "foreign-kye"], "unknown rule `foreign-kye`\n  help: did you mean `foreign-key`?"),
        (&["check", "--ignore", "foreign-key,zzz"], "unknown rule `zzz`"),
        (&["explain", "base-ulr-path"], "did you mean `base-url-path`?"),
        (&["check", "--config", "no.toml"], "no.toml: cannot be read: no such file or directory"),
        (&["check", "-"], "--stdin-filename"),
        (&["check", "--stdin-filename", "a.py", "a.py"], "add '-'"),
        (&["check", "-", "--stdin-filename", "a.txt"], "no language"),
        (&["check", "--files-from", "no.txt"], "no.txt: no such file or directory"),
    ] {
        let (code, out, err) = call(dir.path(), args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(expected), "{args:?}: {err}");
    }
}

/// A file may be called so, and be given by a script.
#[test]
fn arguments_speak_to_no_service() {
    let dir = tree(&[]);
    for arg in ["--x\n::error::y", "--x\n##vso[task.setvariable variable=a]y"] {
        for args in [&[arg][..], &["check", arg], &["check", "--output-format", arg], &["explain", arg]] {
            let (code, _, err) = lint(dir.path(), args);
            let obeyed = |line: &str| line.trim_start().starts_with("::") || line.contains("##vso[");
            assert!(code == 2 && !err.lines().any(obeyed), "{args:?}: {err}");
        }
    }
}

#[test]
fn a_broken_configuration_is_placed() {
    let dir = tree(&[("mixlint.toml", "\nexclud = ['a']\n"), ("a.py", "")]);
    let (code, _, err) = call(dir.path(), &["check"]);
    assert_eq!(code, 2);
    assert!(err.contains("mixlint.toml:2:1: unknown key `exclud`\n  help: did you mean `exclude`?"), "{err}");
    assert_eq!(call(dir.path(), &["check", "--no-config"]).0, 0);
    fs::write(dir.path().join("pyproject.toml"), "[tool.mixlint]\nselect = ['no-rule']\n").unwrap();
    let (code, _, err) = call(dir.path(), &["check", "--config", "pyproject.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("pyproject.toml:2:11: unknown rule"), "{err}");
}

#[test]
fn shows_files() {
    let dir = tree(&[
        (".git/HEAD", ""),
        (".gitignore", ".env\nignored.py\n"),
        (".env", ""),
        ("a.py", ""),
        ("ignored.py", ""),
        ("node_modules/x.js", ""),
        ("gen/x.py", ""),
        ("sub/.github/workflows/w.yml", ""),
        ("big.py", "123456789"),
        ("mixlint.toml", "exclude = ['gen']"),
    ]);
    let (code, out, err) = call(dir.path(), &["check", "--show-files"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, ".env\na.py\nbig.py\nsub/.github/workflows/w.yml\n");
    let (_, out, _) = call(dir.path(), &["check", "--show-files", "--no-ignore", "--no-config", "--exclude", "*.yml"]);
    assert_eq!(out, ".env\na.py\nbig.py\ngen/x.py\nignored.py\n");
    let given = ["check", "--show-files", "ignored.py", "gen/x.py"];
    assert_eq!(call(dir.path(), &given).1, "gen/x.py\nignored.py\n");
    assert_eq!(call(dir.path(), &[&given[..], &["--force-exclude"]].concat()).1, "ignored.py\n");
    // Paths are shown from where one stands; the configuration above holds.
    assert_eq!(call(&dir.path().join("sub"), &["check", "--show-files"]).1, ".github/workflows/w.yml\n");
}

#[test]
fn files_from_a_list() {
    let dir = tree(&[("a.py", ""), ("b.py", ""), ("c d.py", ""), ("list", "a.py\r\nc d.py\n")]);
    let show = ["check", "--show-files", "--files-from"];
    assert_eq!(call(dir.path(), &[&show[..], &["list"]].concat()).1, "a.py\nc d.py\n");
    let mut command = mixlint(dir.path(), &[&show[..], &["-"]].concat());
    command.write_stdin("b.py\0c d.py\0").assert().success().stdout("b.py\nc d.py\n");
    let mut command = mixlint(dir.path(), &[&show[..], &["-"]].concat());
    command.write_stdin("").assert().success().stdout("");
}

/// A list that never ends is no list; one from another program is.
#[cfg(unix)]
#[test]
fn files_from_what_is_no_file() {
    let dir = tree(&[("bad.py", BAD)]);
    let (code, out, err) = lint(dir.path(), &["check", "--files-from", "/dev/zero"]);
    assert_eq!((code, out.as_str(), err.as_str()), (2, "", "error: /dev/zero: larger than 33554432 bytes\n"));
    let fifo = dir.path().join("list");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let writer = std::thread::spawn(move || fs::write(fifo, "bad.py\n").unwrap());
    let (code, out, _) = lint(dir.path(), &["check", "--files-from", "list", "--output-format", "concise"]);
    writer.join().unwrap();
    assert_eq!((code, out), (1, format!("bad.py:{BAD_LINE}")));
}

#[test]
fn exit_codes_and_formats() {
    let dir = tree(&[("a.py", BAD), ("b.py", HM), ("c.py", "")]);
    let concise = format!("a.py:{BAD_LINE}b.py:{HM_LINE}");
    let (code, out, err) = lint(dir.path(), &["check", "--output-format", "concise"]);
    assert_eq!((code, &out), (1, &concise));
    assert_eq!(err, "Found 1 error, 1 warning in 3 files\n2 fixable with `--fix`\n");
    for (args, expected) in [
        (&["check"][..], 1),
        (&["check", "--fail-on", "never"], 0),
        (&["check", "--fail-on", "error"], 1),
        (&["check", "--fail-on", "error", "b.py"], 0),
        (&["check", "b.py"], 1),
        (&["check", "c.py"], 0),
        (&["check", "--select", "insecure-base-url", "a.py"], 0),
        (&["check", "--ignore", "mixroute-key-at-openai,insecure-base-url"], 0),
        (&["routes"], 0),
    ] {
        for format in ["full", "json"] {
            let args = [args, &["--output-format", format]].concat();
            assert_eq!(lint(dir.path(), &args).0, expected, "{args:?}");
        }
    }
    let (_, out, err) = lint(dir.path(), &["check", "--output-format", "json", "--statistics"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["summary"]["files_read"], 3);
    assert_eq!(json["diagnostics"][0]["path"], "a.py");
    assert_eq!(err, "     1 insecure-base-url\n     1 mixroute-key-at-openai\n");
    let (_, out, err) = lint(dir.path(), &["check", "-q", "--statistics", "--output-format", "concise"]);
    assert_eq!(
        (out, err.as_str()),
        (format!("{concise}     1 insecure-base-url\n     1 mixroute-key-at-openai\n"), "")
    );
    assert_eq!(lint(dir.path(), &["check", "c.py"]).2, "No findings in 1 file\n");
}

/// What a hook sees of one file is what a run over the whole project says of it.
#[test]
fn the_project_around_a_given_file_is_read() {
    let code = "from openai import OpenAI\nfrom .config import KEY\nOpenAI(api_key=KEY)\nOpenAI()\n";
    let dir = tree(&[
        (".git/HEAD", ""),
        ("src/a.py", code),
        ("src/config.py", "import os\nKEY = os.environ['MIXROUTE_API_KEY']\n"),
        (".env", "OPENAI_API_KEY=sk-your-mixroute-key\n"),
    ]);
    let of_a = |out: &str| -> Vec<String> {
        out.lines().filter(|line| line.starts_with("src/a.py:")).map(str::to_owned).collect()
    };
    let (_, whole, _) = lint(dir.path(), &["check", "--output-format", "concise"]);
    let expected = of_a(&whole);
    assert_eq!(expected.len(), 2, "{whole}");
    let (code_one, one, _) = lint(dir.path(), &["check", "--output-format", "concise", "src/a.py"]);
    assert_eq!((code_one, of_a(&one)), (1, expected.clone()));
    let args = ["check", "-", "--stdin-filename", "src/a.py", "--output-format", "concise"];
    let (code_stdin, stdin, _) = lint_with(dir.path(), &args, code, &[]);
    assert_eq!((code_stdin, of_a(&stdin)), (1, expected));
}

/// Files that belong together without naming each other: a Kubernetes folder, a Terraform module.
#[test]
fn what_belongs_to_a_given_file_is_read() {
    let container = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: a/b\n      env: [{name: OPENAI_API_KEY, value: sk-your-mixroute-key}]\n      envFrom: [{configMapRef: {name: llm}}]\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: llm}\ndata: {OPENAI_BASE_URL: 'https://api.openai.com/v1'}\n";
    let main = "resource \"a\" \"b\" {\n  environment {\n    variables = {\n      OPENAI_API_KEY  = \"sk-your-mixroute-key\"\n      OPENAI_BASE_URL = var.url\n    }\n  }\n}\n";
    let variables = "variable \"url\" {\n  default = \"https://api.openai.com/v1\"\n}\n";
    let dir = tree(&[
        (".git/HEAD", ""),
        ("k8s/pod.yaml", container),
        ("k8s/map.yml", map),
        ("tf/main.tf", main),
        ("tf/variables.tf", variables),
    ]);
    for (file, severity) in [("k8s/pod.yaml", "error"), ("tf/main.tf", "warning")] {
        let (code, out, _) = lint(dir.path(), &["check", "--output-format", "concise", file]);
        assert!(code == 1 && out.contains(&format!("{severity}[mixroute-key-at-openai]")), "{file}: {out}");
    }
}

/// A base URL that a script or service of the project sets may be the one in use.
#[test]
fn a_base_url_elsewhere_in_the_project_counts() {
    let code = "import os\nfrom openai import OpenAI\nOpenAI(api_key=os.environ['MIXROUTE_API_KEY'])\n";
    let dir = tree(&[(".git/HEAD", ""), ("src/a.py", code)]);
    assert_eq!(lint(dir.path(), &["check", "src/a.py"]).0, 1);
    fs::write(dir.path().join("run.sh"), "export OPENAI_BASE_URL=https://console.mixroute.io/v1\n").unwrap();
    assert_eq!(lint(dir.path(), &["check", "src/a.py"]).0, 0);
    fs::write(dir.path().join("run.sh"), "export OPENAI_BASE_URL=https://api.openai.com/v1\n").unwrap();
    assert_eq!(lint(dir.path(), &["check", "src/a.py"]).0, 1);
    fs::write(dir.path().join("run.sh"), "true\n").unwrap();
    fs::write(dir.path().join("mixlint.toml"), "[environment]\nOPENAI_BASE_URL = 'https://api.mixroute.ai/v1'\n")
        .unwrap();
    assert_eq!(lint(dir.path(), &["check", "src/a.py"]).0, 0);
}

#[test]
fn keys_providers_and_clients_from_the_configuration() {
    let code = "import os\nfrom acme import Llm\nLlm(token=os.environ['LLM_TOKEN'], at='https://api.openai.com/v1')\n";
    let config = "[keys]\nLLM_TOKEN = 'acme'\n[[provider]]\nid = 'acme'\nname = 'Acme'\nhosts = ['llm.acme.example']\n\
                  [[client]]\nid = 'acme-llm'\nname = 'the acme package'\nlanguage = 'python'\nmodules = ['acme']\n\
                  [[client.construct]]\ncallee = ['Llm']\nkey = ['token']\nendpoint = ['at']\n";
    let dir = tree(&[("a.py", code), ("mixlint.toml", config)]);
    let (code, out, err) = lint(dir.path(), &["check", "--output-format", "concise"]);
    assert_eq!(code, 1, "{err}");
    assert_eq!(out, "a.py:3:39: error[foreign-key] an Acme key, `LLM_TOKEN`, is sent to OpenAI (api.openai.com)\n");
    fs::write(dir.path().join("mixlint.toml"), "[keys]\nLLM_TOKEN = 'acne'\n").unwrap();
    let (code, _, err) = lint(dir.path(), &["check"]);
    assert_eq!(code, 2);
    assert!(err.contains("mixlint.toml:2:13"), "{err}");
}

/// The names of an object's fields.
fn fields(value: &serde_json::Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The contract of `check --output-format json`, field by field.
#[test]
fn json_of_check() {
    let dir = tree(&[("src/app.py", BAD)]);
    let (_, out, _) = lint(dir.path(), &["check", "--output-format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(
        json["summary"],
        serde_json::json!({"files_read": 1, "files_parsed": 1, "files_skipped": 0, "clients": 1, "errors": 1, "warnings": 0})
    );
    let diagnostic = &json["diagnostics"][0];
    assert_eq!(diagnostic["rule"], "mixroute-key-at-openai");
    assert_eq!(diagnostic["severity"], "error");
    assert_eq!(diagnostic["path"], "src/app.py");
    let start = BAD.find("\"https").unwrap();
    assert_eq!(diagnostic["start"], serde_json::json!({"line": 2, "column": 44, "offset": start}));
    assert_eq!(diagnostic["end"], serde_json::json!({"line": 2, "column": 71, "offset": start + 27}));
    let edit = serde_json::json!({
        "path": "src/app.py",
        "start": {"line": 2, "column": 45, "offset": start + 1},
        "end": {"line": 2, "column": 67, "offset": start + 23},
        "content": "https://console.mixroute.io",
    });
    let message = "write `https://console.mixroute.io/v1`";
    let fix = serde_json::json!({"applicability": "safe", "message": message, "edits": [edit]});
    assert_eq!(diagnostic["fix"], fix);
    for text in ["message", "help", "fingerprint"] {
        assert!(diagnostic[text].as_str().is_some_and(|text| !text.is_empty()), "{text}");
    }
    let expected = "end fingerprint fix help labels message path rule severity start";
    assert_eq!(fields(diagnostic), expected.split(' ').collect::<Vec<_>>());
    assert_eq!(fields(&json), ["diagnostics", "summary", "version"]);
    let labels = diagnostic["labels"].as_array().unwrap();
    assert!(labels.len() >= 2);
    for label in labels {
        assert_eq!(label["path"], "src/app.py");
        assert_eq!(fields(label), ["end", "path", "start", "text"]);
        assert!(label["start"]["line"].is_u64() && label["end"]["offset"].is_u64() && label["text"].is_string());
    }
}

/// The contract of `routes --output-format json`, field by field.
#[test]
fn json_of_routes() {
    let dir = tree(&[("app.py", BAD)]);
    let (code, out, _) = lint(dir.path(), &["routes", "--output-format", "json"]);
    assert_eq!(code, 0);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["version"], 1);
    let route = &json["routes"][0];
    assert_eq!(route["path"], "app.py");
    assert_eq!((&route["start"]["line"], &route["start"]["column"]), (&2.into(), &1.into()));
    assert_eq!(route["client"], "openai-python");
    assert_eq!(route["callee"], "openai.OpenAI");
    assert_eq!(route["language"], "python");
    assert_eq!(route["key"]["kind"], "literal");
    assert_eq!(route["key"]["name"], serde_json::Value::Null);
    assert_eq!(route["key"]["providers"], serde_json::json!(["mixroute"]));
    assert_eq!(fields(&route["key"]), ["kind", "name", "origin", "providers"]);
    let at = BAD.find("\"sk-").unwrap();
    assert_eq!(route["key"]["origin"][0]["start"], serde_json::json!({"line": 2, "column": 16, "offset": at}));
    assert_eq!(fields(&route["key"]["origin"][0]), ["end", "path", "start", "text"]);
    assert_eq!(route["endpoint"]["kind"], "explicit");
    assert_eq!(route["endpoint"]["url"], "https://api.openai.com/v1");
    assert_eq!(route["endpoint"]["provider"], "openai");
    assert_eq!(fields(&route["endpoint"]), ["kind", "origin", "provider", "url"]);
    assert_eq!(route["endpoint"]["origin"][0]["path"], "app.py");
    let expected = "callee client end endpoint key language path start verdict";
    assert_eq!(fields(route), expected.split(' ').collect::<Vec<_>>());
    assert_eq!(fields(&json), ["routes", "version"]);
    assert_eq!(route["verdict"], "mismatch");
}

/// Each kind of key and endpoint, and each verdict, has its word.
#[test]
fn kinds_and_verdicts_of_routes() {
    let code = "import os, sys\nfrom openai import OpenAI\nOpenAI(api_key='sk-mixroute-key')\nOpenAI(api_key=sys.argv[1], \
                base_url=sys.argv[2])\nOpenAI()\nOpenAI(api_key=os.environ['MIXROUTE_KEY'], \
                base_url='https://api.mixroute.ai/v1')\n";
    let dir = tree(&[("a.py", code), ("mixlint.toml", "")]);
    let (_, out, _) = lint(dir.path(), &["routes", "--output-format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let routes: Vec<[&str; 3]> = json["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|route| {
            [&route["key"]["kind"], &route["endpoint"]["kind"], &route["verdict"]].map(|v| v.as_str().unwrap())
        })
        .collect();
    assert_eq!(
        routes,
        [
            ["literal", "default", "mismatch"],
            ["unknown", "unknown", "unknown"],
            ["environment", "default", "unknown"],
            ["environment", "explicit", "match"],
        ]
    );
}

#[test]
fn routes_as_text() {
    let dir = tree(&[("app.py", BAD), ("b.py", "")]);
    let (code, out, err) = lint(dir.path(), &["routes"]);
    assert_eq!((code, err.as_str()), (0, "1 route in 2 files: 1 mismatch, 0 match, 0 unknown\n"));
    let expected =
        "a key in app.py:2 (Mixroute) → OpenAI\n  ✗ mismatch  app.py:2:1  openai-python  https://api.openai.com/v1\n";
    assert_eq!(out, expected);
    assert_eq!(lint(dir.path(), &["routes", "b.py"]), (0, String::new(), "No clients in 1 file\n".into()));
}

#[test]
fn routes_are_filtered() {
    let app = "import os\nfrom openai import OpenAI\nOpenAI(api_key=os.environ['MIXROUTE_API_KEY'], base_url='https://api.mixroute.ai/v1')\n\
        OpenAI(api_key=os.environ['MIXROUTE_API_KEY'], base_url='https://api.openai.com/v1')\n";
    let groq = "import os\nfrom openai import OpenAI\nOpenAI(api_key=os.environ['GROQ_API_KEY'], base_url='https://api.groq.com/openai/v1')\n";
    let dir = tree(&[("app.py", app), ("jobs/groq.py", groq)]);
    let lines = |args: &[&str]| -> Vec<u64> {
        let args: Vec<&str> = ["routes", "--output-format", "json"].iter().chain(args).copied().collect();
        let (code, out, err) = lint(dir.path(), &args);
        assert_eq!(code, 0, "{err}");
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        json["routes"].as_array().unwrap().iter().map(|route| route["start"]["line"].as_u64().unwrap()).collect()
    };
    assert_eq!(lines(&[]), [3, 4, 3]);
    assert_eq!(lines(&["--provider", "mixroute"]), [3, 4]);
    assert_eq!(lines(&["--provider", "openai"]), [4]);
    assert_eq!(lines(&["--provider", "openai,groq"]), [4, 3]);
    assert_eq!(lines(&["--verdict", "mismatch"]), [4]);
    assert_eq!(lines(&["--verdict", "match,unknown"]), [3, 3]);
    assert_eq!(lines(&["--key", "*mixroute*", "--verdict", "match"]), [3]);
    assert_eq!(lines(&["--path", "jobs/"]), [3]);
    assert_eq!(lines(&["--path", "*.ts"]), [0; 0]);
    let (_, out, err) = lint(dir.path(), &["routes", "--path", "*.ts"]);
    assert_eq!((out.as_str(), err.as_str()), ("", "None of 3 routes in 2 files is shown\n"));
    let (code, _, err) = lint(dir.path(), &["routes", "--provider", "mixrote"]);
    assert_eq!((code, err.as_str()), (2, "error: unknown provider `mixrote`\n  help: did you mean `mixroute`?\n"));
    assert_eq!(lint(dir.path(), &["routes", "--key", "[", "."]).0, 2);
}

/// Lines that move are no change; a client that goes elsewhere is, and what is newly wrong comes first. A file with
/// another name has the same clients.
#[test]
fn changes_of_routes() {
    let text = |url: &str| format!("from openai import OpenAI\nOpenAI(api_key='sk-mixroute-key', base_url='{url}')\n");
    let dir = tree(&[("a.py", &text("https://api.mixroute.ai/v1")), ("b.py", &text("https://api.mixroute.ai/v1"))]);
    let (_, base, _) = lint(dir.path(), &["routes", "--output-format", "json"]);
    fs::write(dir.path().join("base.json"), &base).unwrap();
    let same = "### API key routes\n\nNo key goes elsewhere than before.\n";
    fs::write(dir.path().join("b.py"), format!("\n\n{}", text("https://api.mixroute.ai/v1"))).unwrap();
    assert_eq!(lint(dir.path(), &["routes", "--diff-base", "base.json"]), (0, same.into(), String::new()));
    fs::write(dir.path().join("a.py"), text("https://api.openai.com/v1")).unwrap();
    fs::rename(dir.path().join("b.py"), dir.path().join("c.py")).unwrap();
    let (code, out, _) = lint(dir.path(), &["routes", "--diff-base", "base.json"]);
    let expected = "### API key routes\n\n**1 newly wrong**, 1 changed, 1 moved.\n\n\
        | | client | key | endpoint | verdict |\n|---|---|---|---|---|\n\
        | changed | `a.py` `openai.OpenAI` | literal (mixroute) | `https://api.mixroute.ai/v1` → `https://api.openai.com/v1` \
        | ✅ match → ❌ mismatch |\n\
        | moved | `b.py` → `c.py` `openai.OpenAI` | literal (mixroute) | `https://api.mixroute.ai/v1` | ✅ match |\n";
    assert_eq!((code, out.as_str()), (0, expected));
    fs::write(dir.path().join("base.json"), "{}").unwrap();
    let (code, _, err) = lint(dir.path(), &["routes", "--diff-base", "base.json"]);
    assert_eq!((code, err.as_str()), (2, "error: base.json: not the JSON of `mixlint routes` (line 1)\n"));
    assert_eq!(lint(dir.path(), &["routes", "--diff-base", "none.json"]).0, 2);
}

/// On a terminal a page is drawn; piped it is the Markdown that it is.
#[test]
fn a_page_on_a_terminal() {
    let dir = tree(&[]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let host = Host {
        stdin: &mut std::io::empty(),
        stdout: &mut out,
        stderr: &mut err,
        cwd: dir.path().canonicalize().unwrap(),
        terminal: true,
        env: &|name| match name {
            "COLUMNS" => Some("60".into()),
            "LANG" => Some("C.UTF-8".into()),
            _ => None,
        },
    };
    assert_eq!(run(["mixlint", "explain", "foreign-key"].map(OsString::from), host), 0);
    let drawn = String::from_utf8(out).unwrap();
    assert!(drawn.starts_with("\x1b[1;4mforeign-key\x1b[0m\n\n\x1b[1mWHAT IT REPORTS\x1b[0m\n"), "{drawn}");
    assert!(!drawn.contains("```") && !drawn.contains("##"), "{drawn}");
    let (_, piped, _) = lint(dir.path(), &["explain", "foreign-key"]);
    assert!(piped.starts_with("# foreign-key\n\n## What it reports\n") && piped.contains("```"), "{piped}");
    let (_, coloured, _) = lint(dir.path(), &["explain", "foreign-key", "--color", "always"]);
    assert!(coloured.contains("\x1b[36m"), "{coloured}");
}

/// What the policy allows depends on where the client is; a base URL elsewhere in the project counts.
#[test]
fn a_policy() {
    let client = "from openai import OpenAI\nclient = OpenAI()\n";
    let dir = tree(&[
        ("mixlint.toml", "[policy]\nallowed-providers = ['mixroute']\n[policy.paths]\n'evals/' = ['openai']\n"),
        ("app.py", client),
        ("evals/judge.py", client),
        ("url.py", "URL = 'https://api.groq.com/openai/v1'\n"),
        ("both.py", "from openai import OpenAI\nfrom url import URL\nOpenAI(base_url=URL)\n"),
        ("own.py", "from openai import OpenAI\nOpenAI(base_url='https://llm.example.com/v1')\n"),
    ]);
    let (code, out, err) = lint(dir.path(), &["check", "--output-format", "concise"]);
    let rule = "error[disallowed-endpoint] the openai package talks to";
    let expected = format!(
        "app.py:2:10: {rule} OpenAI (api.openai.com); the policy here allows Mixroute\n\
         url.py:1:7: {rule} Groq (api.groq.com); the policy here allows Mixroute\n"
    );
    assert_eq!((code, out), (1, expected), "{err}");

    fs::write(
        dir.path().join("compose.yaml"),
        "services:\n  a:\n    environment:\n      OPENAI_BASE_URL: https://api.mixroute.ai/v1\n",
    )
    .unwrap();
    let (_, out, _) = lint(dir.path(), &["check", "--output-format", "concise", "app.py"]);
    assert_eq!(out, "");
    let (code, out, _) = lint(dir.path(), &["check", "--no-config"]);
    assert_eq!((code, out.as_str()), (0, ""));
}

#[test]
fn configured_severities_and_ignores() {
    let config = "[severity]\nmixroute-key-at-openai = 'warning'\ninsecure-base-url = 'off'\n\
                  [per-file-ignores]\n'tests/' = ['mixroute-key-at-openai']\n";
    let dir = tree(&[("a.py", BAD), ("b.py", HM), ("tests/a.py", BAD), ("mixlint.toml", config)]);
    let warning = format!("a.py:{}", BAD_LINE.replace("error", "warning"));
    let (code, out, _) = lint(dir.path(), &["check", "--output-format", "concise", "--fail-on", "error"]);
    assert_eq!((code, &out), (0, &warning));
    // Seen from elsewhere it is the same.
    let (_, out, _) = lint(&dir.path().join("tests"), &["check", "..", "--output-format", "concise", "-q"]);
    assert!(out.ends_with(&warning), "{out}");
}

/// The table of a `pyproject.toml` is a configuration like any other, from wherever one looks; without the table the file
/// says nothing, and the nearest one holds.
#[test]
fn a_table_in_pyproject() {
    let token = "import os\nfrom openai import OpenAI\nOpenAI(api_key=os.environ['LLM_TOKEN'], base_url='https://api.openai.com/v1')\n";
    let table = "[project]\nname = 'x'\n[tool.mixlint]\nexclude = ['gen/']\nignore = ['insecure-base-url']\n\
                 [tool.mixlint.keys]\nLLM_TOKEN = 'mixroute'\n[tool.mixlint.severity]\nmixroute-key-at-openai = 'warning'\n\
                 [tool.mixlint.per-file-ignores]\n'tests/' = ['mixroute-key-at-openai']\n";
    let dir = tree(&[
        ("pyproject.toml", table),
        ("src/pyproject.toml", "[project]\nname = 'y'\n"),
        ("src/a.py", token),
        ("src/b.py", HM),
        ("gen/a.py", BAD),
        ("tests/a.py", BAD),
    ]);
    let line =
        "a.py:3:50: warning[mixroute-key-at-openai] a Mixroute key, `LLM_TOKEN`, is sent to OpenAI (api.openai.com)\n";
    let concise = ["check", "--output-format", "concise"];
    assert_eq!(lint(dir.path(), &concise).1, format!("src/{line}"));
    assert_eq!(lint(&dir.path().join("src"), &concise).1, line);
    fs::write(dir.path().join("src/mixlint.toml"), "").unwrap();
    assert_eq!(lint(&dir.path().join("src"), &concise).1, format!("b.py:{HM_LINE}"));
}

#[test]
fn suppression() {
    let ignore = "  # mixlint: ignore[mixroute-key-at-openai]";
    let text = format!("{}{ignore} known\nx = 1{ignore}\n", BAD.trim_end());
    let dir = tree(&[("a.py", &text)]);
    let (code, out, _) = lint(dir.path(), &["check", "--output-format", "concise"]);
    assert_eq!(code, 1);
    assert_eq!(out, "a.py:3:26: warning[unused-ignore] this comment silences no finding of `mixroute-key-at-openai`\n");
    assert_eq!(lint(dir.path(), &["check", "--ignore", "unused-ignore"]).0, 0);
    assert_eq!(lint(dir.path(), &["check", "--select", "insecure-base-url,unused-ignore"]).0, 0);
}

#[test]
fn colors() {
    let dir = tree(&[("a.py", BAD)]);
    for (args, env, expected) in [
        (&["check"][..], &[][..], false),
        (&["check"], &[("FORCE_COLOR", "1")], true),
        (&["check"], &[("CLICOLOR_FORCE", "1")], true),
        (&["check"], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
        (&["check", "--color", "always"], &[("NO_COLOR", "1")], true),
        (&["check", "--color", "never"], &[("FORCE_COLOR", "1")], false),
        (&["check", "--output-format", "concise"], &[("FORCE_COLOR", "1")], false),
        (&["check", "--output-format", "json", "--color", "always"], &[], false),
    ] {
        let (_, out, _) = lint_with(dir.path(), args, "", env);
        assert_eq!(out.contains('\x1b'), expected, "{args:?} {env:?}");
    }
}

#[test]
fn skipped_files_are_counted_and_told() {
    let dir = tree(&[("a.py", "12345"), ("b.py", "a\0"), ("c.txt", ""), ("mixlint.toml", "max-file-size = 3")]);
    let (code, _, err) = lint(dir.path(), &["check", "-v", ".", "c.txt"]);
    assert_eq!(code, 0);
    assert!(err.contains("mixlint.toml\n"), "{err}");
    assert!(err.contains("skipped a.py: larger than 3 bytes\nskipped b.py: binary file\n"), "{err}");
    assert!(err.contains("skipped c.txt: no language"), "{err}");
    assert!(err.ends_with("No findings in 0 files (3 skipped)\n"), "{err}");
}

/// `-v` says which configuration holds, `-q` says nothing but the results; both at once is a slip.
#[test]
fn loud_and_quiet() {
    let dir = tree(&[("a.py", HM), ("mixlint.toml", "")]);
    let (_, out, err) = lint(dir.path(), &["check", "-v", "--output-format", "concise"]);
    assert_eq!(out, format!("a.py:{HM_LINE}"));
    assert!(err.starts_with("configuration: "), "{err}");
    assert!(err.ends_with("mixlint.toml\nFound 1 warning in 1 file\n1 fixable with `--fix`\n"), "{err}");
    let (_, out, err) = lint(dir.path(), &["check", "-q", "--output-format", "concise"]);
    assert_eq!((out, err), (format!("a.py:{HM_LINE}"), String::new()));
    assert_eq!(lint(dir.path(), &["check", "-q", "-v"]).0, 2);
    let (_, _, err) = lint(dir.path(), &["check", "-v", "--no-config"]);
    assert!(err.starts_with("configuration: none\n"), "{err}");
}

/// The number of threads and the prefilter change nothing but the time.
#[test]
fn threads_and_the_prefilter_change_nothing() {
    let files: Vec<String> = (0..40).map(|n| format!("d{}/f{n}.py", n % 5)).collect();
    let dir =
        tree(&files.iter().map(|name| (name.as_str(), if name.len() % 2 == 0 { BAD } else { HM })).collect::<Vec<_>>());
    let base = lint(dir.path(), &["check", "--output-format", "concise"]);
    assert_eq!(base.1.lines().count(), 40);
    for more in [&["-j", "1"][..], &["-j", "7"], &["--no-prefilter"]] {
        assert_eq!(lint(dir.path(), &[&["check", "--output-format", "concise"], more].concat()), base, "{more:?}");
    }
}

/// In a large project, too, a client is found by who calls it through what a package hands on.
#[test]
fn what_hands_on_is_looked_through_in_a_large_project() {
    let client = "import OpenAI from 'openai';\nexport const connect = (key) => new OpenAI({ apiKey: key, baseURL: 'https://api.openai.com/v1' });\n";
    let make = "use async_openai::{Client, config::OpenAIConfig};\npub fn make(key: &str) -> Client<OpenAIConfig> {\n    Client::with_config(OpenAIConfig::new().with_api_key(key).with_api_base(\"https://api.openai.com/v1\"))\n}\n";
    let dir = tree(&[
        ("web/llm/client.js", client),
        ("web/llm/index.js", "export * from './client.js';\n"),
        ("web/app.js", "import { connect } from './llm';\nconnect(process.env.MIXROUTE_API_KEY);\n"),
        ("kit/Cargo.toml", "[package]\nname = \"kit\"\n[dependencies]\nasync-openai = \"0.30\"\n"),
        ("kit/src/lib.rs", "mod net;\npub use net::make;\n"),
        ("kit/src/net.rs", make),
        ("kit/src/main.rs", "fn main() {\n    kit::make(&std::env::var(\"MIXROUTE_API_KEY\").unwrap());\n}\n"),
    ]);
    let found = lint(dir.path(), &["check", "--no-config", "--narrow", "--output-format", "concise"]);
    assert_eq!(found.1.lines().count(), 2, "{}", found.1);
    assert_eq!(found, lint(dir.path(), &["check", "--no-config", "--output-format", "concise"]));
}

/// Requests and rows of settings count only with a key or a host that is known: where nothing in a project names any but
/// OpenAI's, they are not looked for. The name may be in any file.
#[test]
fn requests_of_a_project_that_names_nobody_are_left_alone() {
    let page = "import requests\nfrom conf import URL\ntoken = load()\nhost = 'https://example.org'\nrequests.post(URL, headers={'Authorization': f'Bearer {token}'}, json={'api_key': token})\n";
    let key = support::keys::keys().swap_remove(1);
    let asks = format!(
        "import requests\nfrom conf import URL\nrequests.post(URL + '/responses', headers={{'Authorization': 'Bearer {key}'}})\n"
    );
    let names: Vec<String> = (0..70).map(|n| format!("pages/p{n}.py")).collect();
    let of = |conf: &str| {
        let mut files = vec![("ask.py", asks.as_str()), ("conf.py", conf)];
        files.extend(names.iter().map(|name| (name.as_str(), page)));
        let dir = tree(&files);
        let (_, out, _) = lint(dir.path(), &["check", "--no-config", "--output-format", "json"]);
        let out: serde_json::Value = serde_json::from_str(&out).unwrap();
        let found: Vec<String> =
            out["diagnostics"].as_array().unwrap().iter().map(|it| it["path"].to_string()).collect();
        (out["summary"]["files_parsed"].as_u64().unwrap(), found)
    };
    assert_eq!(of("URL = 'https://api.openai.com/v1'\n"), (0, vec![]));
    let (parsed, found) = of("URL = 'https://openrouter.ai/api/v1'\n");
    assert_eq!((parsed, found), (72, vec!["\"ask.py\"".to_owned()]));
}

/// So many would take all memory, and the machine with it.
#[test]
fn a_number_of_threads_that_no_machine_has() {
    let dir = tree(&[("bad.py", BAD)]);
    let (code, out, _) = lint(dir.path(), &["check", "-j", "4000000", "--output-format", "concise"]);
    assert_eq!((code, out), (1, format!("bad.py:{BAD_LINE}")));
}

#[test]
fn explain_and_rules() {
    let dir = tree(&[]);
    for page in mixlint::rules::page::pages() {
        let (code, out, err) = lint(dir.path(), &["explain", &page.name]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.starts_with(&format!("# {}\n", page.name)), "{out}");
    }
    let (code, page, _) = call(dir.path(), &["explain", "foreign-key"]);
    assert_eq!(code, 0);
    assert!(page.contains("## Bad") && page.contains("## Good"), "{page}");
    let (code, out, _) = call(dir.path(), &["rules"]);
    assert_eq!(code, 0);
    let names: Vec<&str> = out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let pages: Vec<&str> = mixlint::rules::page::pages().iter().map(|page| page.name.as_str()).collect();
    assert_eq!(names, pages);
}

#[test]
fn no_key_reaches_any_output() {
    // A relay's key: 48 letters and digits.
    let secret = ["Qq0xZ9wKt4Lm", "7RbV2sNc8YhJ", "5DgF1kPw3ToU", "6XaE9iMz0GuH"].concat();
    let text = format!(
        "from openai import OpenAI\nk = 'sk-{secret}'\nx = OpenAI(api_key='sk-{secret}')\npassword = 'hunter2'\n"
    );
    let env = format!("OPENAI_API_KEY=sk-{secret}\nOPENAI_BASE_URL=https://api.openai.com/v1\nPASSWORD=hunter2\n");
    let dir = tree(&[("a.py", &text), (".env", &env)]);
    for format in ["full", "concise", "json"] {
        let (code, out, err) = lint(dir.path(), &["check", "-vv", "--statistics", "--output-format", format]);
        assert_eq!(code, 1);
        assert!(!out.contains("Qq0x") && !err.contains("Qq0x"), "{out}{err}");
        assert!(!out.contains("hunter2"), "{out}");
    }
    fs::write(dir.path().join("mixlint.toml"), format!("[environment]\nX = 'sk-{secret}'\nsk-{secret} = 3")).unwrap();
    let (code, _, err) = lint(dir.path(), &["check"]);
    assert_eq!(code, 2);
    assert!(!err.contains("Qq0x"), "{err}");
}

#[cfg(unix)]
#[test]
fn special_files_are_never_opened() {
    let dir = tree(&[("a.py", "")]);
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("pipe.py")).status().unwrap();
    assert!(made.success());
    let (code, _, err) = call(dir.path(), &["check", "-v"]);
    assert_eq!(code, 0);
    assert!(err.contains("skipped pipe.py: not a regular file"), "{err}");
    let (code, _, err) = call(dir.path(), &["check", "pipe.py"]);
    assert_eq!((code, err.as_str()), (2, "error: pipe.py: not a regular file\n"));
}

#[cfg(unix)]
#[test]
fn an_unreadable_file() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tree(&[("a.py", BAD), ("b.py", HM)]);
    let path = dir.path().join("a.py");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return; // root reads everything
    }
    let (code, out, err) = lint(dir.path(), &["check", "--output-format", "concise", "a.py", "b.py"]);
    assert_eq!((code, out.as_str()), (2, format!("b.py:{HM_LINE}").as_str()));
    assert!(err.starts_with("error: a.py: permission denied\n"), "{err}");
    let (code, _, err) = lint(dir.path(), &["check", "-v"]);
    assert_eq!(code, 1);
    assert!(err.contains("skipped a.py: permission denied\n"), "{err}");
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    let files: Vec<(String, &str)> = (0..4000).map(|n| (format!("long_name_{n:060}.py"), "")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let dir = tree(&files);
    let program = assert_cmd::cargo::cargo_bin("mixlint");
    let script = format!("set -o pipefail; '{}' check --show-files | head -1", program.display());
    let output = std::process::Command::new("bash").arg("-c").arg(script).current_dir(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// Findings that the baseline has are not reported; lines that move and edits elsewhere change nothing of that.
#[test]
fn baseline() {
    // As a relay issues them, and nobody: put together here so that no scanner trips over it.
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    let body: String = (0..48_usize).map(|at| letters[(at * at * 7 + at * 13 + 5) % 62]).collect();
    let twice = format!("from openai import OpenAI\n{0}{0}", &BAD.split_once('\n').unwrap().1);
    let literal = BAD.replace("sk-mixroute-key", &format!("sk-{body}"));
    let dir = tree(&[(".git/HEAD", ""), ("src/a.py", &twice), ("src/b.py", HM), ("c.py", &literal)]);
    let root = dir.path();
    let concise = |args: &[&str]| lint(root, &[&["check", "--output-format", "concise"][..], args].concat());
    let all = concise(&[]).1.lines().count();
    assert!(all >= 4, "{all}");

    let (code, out, err) = concise(&["--write-baseline"]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(err, format!("mixlint-baseline.json: {all} known findings\nNo findings in 3 files ({all} known)\n"));
    let known = ["--baseline", "mixlint-baseline.json"];
    let written = fs::read_to_string(root.join("mixlint-baseline.json")).unwrap();
    assert!(!written.contains(&body[..6]) && !written.contains("OpenAI"), "{written}");
    assert_eq!(fs::read_dir(root).unwrap().count(), 4, "no other file is left");
    let (code, out, err) = concise(&known);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.ends_with(&format!(" ({all} known)\n")), "{err}");
    // Written anew, it is the same, byte by byte.
    concise(&[&known[..], &["--write-baseline"]].concat());
    assert_eq!(fs::read_to_string(root.join("mixlint-baseline.json")).unwrap(), written);
    // From another directory, and of one file alone.
    let below = ["check", "--output-format", "concise", "--baseline", "../mixlint-baseline.json", "a.py"];
    assert_eq!(lint(&root.join("src"), &below), (0, String::new(), "No findings in 1 file (2 known)\n".into()));

    // Moved and edited elsewhere: known. One more of the same kind: new.
    fs::write(root.join("src/a.py"), format!("# a line\n\n{twice}print()\n")).unwrap();
    assert_eq!(concise(&known).0, 0);
    fs::write(root.join("src/a.py"), format!("{twice}{}", &BAD.split_once('\n').unwrap().1)).unwrap();
    let (code, out, _) = concise(&known);
    assert_eq!((code, out.as_str()), (1, BAD_LINE.replace("2:44", "src/a.py:4:44").as_str()));

    // What is gone is told, where the run could have met it.
    fs::write(root.join("src/a.py"), "").unwrap();
    fs::remove_file(root.join("src/b.py")).unwrap();
    let stale = "mixlint-baseline.json: 3 known findings no longer there; `--write-baseline` forgets them:\n  \
                 src/a.py: mixroute-key-at-openai\n  src/a.py: mixroute-key-at-openai\n  src/b.py: insecure-base-url\n";
    assert!(concise(&known).2.starts_with(stale), "{}", concise(&known).2);
    assert_eq!(concise(&["--baseline", "mixlint-baseline.json", "--select", "foreign-key"]).2.lines().count(), 1);
    concise(&["--write-baseline", "src"]);
    let (code, _, err) = concise(&known);
    assert_eq!(code, 0);
    assert!(err.starts_with("No findings") && err.ends_with(&format!(" ({} known)\n", all - 3)), "{err}");
}

#[test]
fn a_baseline_that_cannot_be_used() {
    let dir =
        tree(&[("a.py", BAD), ("b.json", "{\"version\": 1, \"findings\": [3]}"), ("d/x", ""), ("old.json", "{}")]);
    let check = |args: &[&str]| lint(dir.path(), &[&["check", "--baseline"][..], args].concat());
    for (args, expected) in [
        (&["no.json"][..], "no.json: no such file or directory\n  help: `--write-baseline` writes it"),
        (&["b.json"], "b.json: line 1, column 29: not a baseline\n  help: restore the file, or remove it"),
        (&["b.json", "--write-baseline"], "b.json: line 1, column 29: not a baseline"),
        // A slip must not cost a file.
        (&["a.py", "--write-baseline"], "a.py: line 1, column 2: not a baseline"),
        (&["old.json"], "not a baseline"),
        (&["d"], "d: not a baseline"),
        (&["no/such.json", "--write-baseline"], "no/such.json: cannot be written: no such file or directory"),
    ] {
        let (code, out, err) = check(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(expected), "{args:?}: {err}");
    }
    assert_eq!(fs::read_to_string(dir.path().join("a.py")).unwrap(), BAD);
}

#[test]
fn a_baseline_of_the_configuration() {
    let dir = tree(&[(".git/HEAD", ""), ("sub/a.py", BAD), ("mixlint.toml", "baseline = 'known.json'\n")]);
    assert_eq!(lint(&dir.path().join("sub"), &["check", "--write-baseline"]).0, 0);
    assert!(dir.path().join("known.json").is_file());
    assert_eq!(lint(&dir.path().join("sub"), &["check"]).0, 0);
    assert_eq!(lint(dir.path(), &["check", "--no-config"]).0, 1);
    let (_, out, _) = lint(dir.path(), &["check", "--output-format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["suppressions"][0]["kind"], "external");
}

/// Hidden commands for packagers.
#[test]
fn completions_and_man_page() {
    let dir = tree(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, err) = lint(dir.path(), &["completions", shell]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains("output-format"), "{shell}");
    }
    let (code, out, _) = lint(dir.path(), &["man"]);
    assert_eq!(code, 0);
    assert!(out.contains(".TH mixlint 1") && out.contains("files\\-from"), "{out}");
    assert_eq!(lint(dir.path(), &["completions", "csh"]).0, 2);
}

#[test]
fn bundles_are_skipped_unless_named() {
    let client = "import OpenAI from \"openai\";\nnew OpenAI({ apiKey: \"sk-mixroute-key\", baseURL: \"https://api.openai.com/v1\" });\n";
    let bundle = format!("var __defProp = Object.defineProperty;\n{client}");
    let minified = format!("{}\n{client}", "a=1;".repeat(6000));
    let joined = format!("{}\n//#region src/app.ts\n{client}//#endregion\n", "import \"./a.js\";\n".repeat(1000));
    let folded = format!("\n//#region Clients of app.ts\n{client}//#endregion\n");
    let dir = tree(&[
        ("dist/app.js", &bundle),
        ("dist/small.min.js", &minified),
        ("dist/joined.js", &joined),
        ("src/app.js", client),
        ("src/folded.js", &folded),
    ]);
    let (code, out, err) = call(dir.path(), &["check", "-v", "--no-config", "--output-format", "concise"]);
    assert_eq!(code, 1);
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(out.starts_with("src/app.js:2:") && out.contains("\nsrc/folded.js:4:"), "{out}");
    assert_eq!(err.matches("generated by a bundler").count(), 3, "{err}");
    let (code, out, _) = call(dir.path(), &["check", "--no-config", "--output-format", "concise", "dist/app.js"]);
    assert_eq!((code, out.lines().count()), (1, 1), "{out}");
}

#[test]
fn conditions_are_told_as_they_are_read() {
    let text = "import os\nfrom openai import OpenAI\ndef f(x, relay):\n    url = \"https://console.mixroute.io/v1\" if relay is not None and not in_test(x or 1) else \"https://api.openai.com/v1\"\n    OpenAI(api_key=os.environ[\"MIXROUTE_API_KEY\"], base_url=url)\n";
    let dir = tree(&[("app.py", text)]);
    let (_, out, _) = call(dir.path(), &["check", "--no-config", "--output-format", "concise"]);
    assert!(out.contains("when `(relay and !in_test(x or 1))` is not true"), "{out}");
}

#[test]
fn declarations_alone_are_no_programs() {
    let dir = tree(&[("client.d.ts", "import OpenAI from \"openai\";\nexport declare const client: OpenAI;\n")]);
    let (code, out, _) = call(dir.path(), &["check", "--no-config", "--output-format", "json"]);
    let summary = &serde_json::from_str::<serde_json::Value>(&out).unwrap_or_default()["summary"];
    assert_eq!(
        (code, summary["files_read"].as_u64(), summary["files_parsed"].as_u64()),
        (0, Some(1), Some(0)),
        "{out}"
    );
}

/// A dotenv file takes a variable where code takes an argument.
#[test]
fn help_says_what_to_write_in_a_dotenv_file() {
    let dir = tree(&[(".env", "OPENAI_API_KEY=sk-your-mixroute-key\n")]);
    let (code, out, _) = lint(dir.path(), &["check", "--output-format", "json"]);
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    let help = out["diagnostics"][0]["help"].as_str().unwrap();
    assert_eq!(code, 1);
    assert!(
        help.starts_with("set `OPENAI_BASE_URL` to https://console.mixroute.io/v1, here or where it runs; "),
        "{help}"
    );
}
