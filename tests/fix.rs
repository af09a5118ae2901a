//! `check --fix` and `--diff`: the texts that come out, and how files are treated.
//!
//! The files of `fixtures/fix/` hold cases: a title, files (`--- name`), and the files as they are once fixed (`+++ name`,
//! those that change). `[unsafe]` in a title says that `--fix` alone does not do. `UPDATE_FIXTURES=1` writes them anew.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use support::{call, findings, project};

/// A small project, before and after.
struct Case {
    title: String,
    before: Vec<(String, String)>,
    after: Vec<(String, String)>,
}

impl Case {
    fn all(text: &str) -> Vec<Self> {
        let mut cases: Vec<Self> = Vec::new();
        for line in text.split_inclusive('\n') {
            let word = line.trim_end();
            if let Some(title) = word.strip_prefix("### ") {
                cases.push(Self { title: title.to_owned(), before: Vec::new(), after: Vec::new() });
                continue;
            }
            let case = cases.last_mut().unwrap();
            let file = |name: &str| (name.to_owned(), String::new());
            if let Some(name) = word.strip_prefix("--- ") {
                case.before.push(file(name));
            } else if let Some(name) = word.strip_prefix("+++ ") {
                case.after.push(file(name));
            } else {
                let list = if case.after.is_empty() { &mut case.before } else { &mut case.after };
                list.last_mut().unwrap().1.push_str(line);
            }
        }
        cases
    }

    fn written(&self) -> String {
        let mut text = format!("### {}\n", self.title);
        for (mark, files) in [("---", &self.before), ("+++", &self.after)] {
            for (name, content) in files {
                text.push_str(&format!("{mark} {name}\n{content}"));
            }
        }
        text
    }
}

/// The files of a case that differ from what they were.
fn changed(dir: &Path, case: &Case) -> Vec<(String, String)> {
    let now = case.before.iter().map(|(name, _)| (name.clone(), fs::read_to_string(dir.join(name)).unwrap()));
    now.zip(&case.before).filter(|(now, before)| now != *before).map(|(now, _)| now).collect()
}

/// Whether the language's own parser takes a text. Rust's and the formats' are here; of the others it is tree-sitter's.
fn parses(name: &str, text: &str) -> bool {
    let tree = |language: tree_sitter::Language| {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&language).unwrap();
        !parser.parse(text, None).unwrap().root_node().has_error()
    };
    match name.rsplit_once('.').map_or(name, |(_, kind)| kind) {
        "py" => tree(tree_sitter_python::LANGUAGE.into()),
        "js" | "mjs" => tree(tree_sitter_javascript::LANGUAGE.into()),
        "ts" => tree(tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()),
        "tsx" => tree(tree_sitter_typescript::LANGUAGE_TSX.into()),
        "sh" => tree(tree_sitter_bash::LANGUAGE.into()),
        "rs" => syn::parse_file(text).is_ok(),
        // With comments it is another format, which mixlint reads itself.
        "ipynb" => serde_json::from_str::<serde_json::Value>(text).is_ok(),
        "json" if !text.contains("// ") => serde_json::from_str::<serde_json::Value>(text).is_ok(),
        "toml" => text.parse::<toml::Table>().is_ok(),
        _ => true,
    }
}

#[test]
fn cases_come_out_as_written() {
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fix")).unwrap() {
        let path = entry.unwrap().path();
        let mut cases = Case::all(&fs::read_to_string(&path).unwrap());
        for case in &mut cases {
            count += 1;
            let dir = project(case.before.iter().map(|(name, text)| (name.as_str(), text.as_str())));
            assert!(!findings(dir.path()).is_empty(), "{}: {}: nothing is found", path.display(), case.title);
            call(dir.path(), &["check", "--fix"]);
            let safe = findings(dir.path()).is_empty();
            call(dir.path(), &["check", "--fix", "--unsafe-fixes"]);
            let after = changed(dir.path(), case);
            let mut wrong = |what: String| failures.push(format!("{}: {}: {what}", path.display(), case.title));
            if safe == case.title.ends_with("[unsafe]") {
                wrong(format!("safe fixes alone do: {safe}"));
            }
            let left = findings(dir.path());
            if !left.is_empty() {
                wrong(format!("left: {left:?}\n{after:?}"));
            }
            for (name, text) in &after {
                if !parses(name, text) {
                    wrong(format!("{name} is broken:\n{text}"));
                }
            }
            call(dir.path(), &["check", "--fix", "--unsafe-fixes"]);
            if changed(dir.path(), case) != after {
                wrong("the second --fix changed something".to_owned());
            }
            if after != case.after && std::env::var_os("UPDATE_FIXTURES").is_none() {
                wrong(format!("expected {:#?}, got {after:#?}", case.after));
            }
            case.after = after;
        }
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&path, cases.iter().map(Case::written).collect::<String>()).unwrap();
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases:\n{}", failures.len(), failures.join("\n"));
}

/// A client without a base URL, a line for each argument.
const BAD: &str =
    "import os\nfrom openai import OpenAI\n\nclient = OpenAI(\n    api_key=os.environ[\"MIXROUTE_API_KEY\"],\n)\n";
/// The same with one.
const GOOD: &str = "import os\nfrom openai import OpenAI\n\nclient = OpenAI(\n    api_key=os.environ[\"MIXROUTE_API_KEY\"],\n    base_url=\"https://console.mixroute.io/v1\",\n)\n";
const DOTENV: &str = "OPENAI_API_KEY=sk-your-mixroute-key\nOPENAI_BASE_URL=https://api.openai.com/v1\n";

/// Exit code, standard output and standard error.
fn lint(dir: &Path, args: &[&str], stdin: &[u8]) -> (i32, Vec<u8>, String) {
    let mut command = Command::cargo_bin("mixlint").unwrap();
    let output = command.current_dir(dir).args(args).write_stdin(stdin).output().unwrap();
    (output.status.code().unwrap(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn line_ends_marks_and_encodings_stay() {
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let marked = |text: &str| format!("\u{feff}{text}").into_bytes();
    type Form<'a> = &'a dyn Fn(&str) -> Vec<u8>;
    let forms: [Form<'_>; 6] = [
        &|text| text.as_bytes().to_vec(),
        &|text| crlf(text).into_bytes(),
        &|text| marked(text),
        &|text| marked(&crlf(text)),
        &|text| utf16(text, u16::to_le_bytes),
        &|text| utf16(&crlf(text), u16::to_be_bytes),
    ];
    for (number, form) in forms.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("app.py"), form(BAD)).unwrap();
        let (code, _, err) = lint(dir.path(), &["check", "--fix"], b"");
        assert_eq!((code, err.as_str()), (0, "Fixed 1 finding in 1 file\nNo findings in 1 file\n"), "{number}");
        assert_eq!(fs::read(dir.path().join("app.py")).unwrap(), form(GOOD), "{number}");
        // The same through standard input.
        let (code, out, err) = lint(dir.path(), &["check", "--fix", "-", "--stdin-filename", "app.py"], &form(BAD));
        assert_eq!((code, out), (0, form(GOOD)), "{number}: {err}");
    }
}

#[test]
fn a_diff_changes_nothing_and_shows_no_key() {
    // Of the shape of a relay's, and of no pattern that a placeholder has.
    let body: String = (1..=48_u32).map(|n| char::from(b"Qq0Zx7Lm4Rt9"[(n * n * 7 % 97 % 12) as usize])).collect();
    let key = format!("sk-{body}");
    let code = format!("from openai import OpenAI\n\nclient = OpenAI(\n    api_key=\"{key}\",\n)\n");
    let dir = project([("app.py", code.as_str())]);
    let (exit, out, err) = lint(dir.path(), &["check", "--diff", "--unsafe-fixes"], b"");
    let out = String::from_utf8(out).unwrap();
    assert_eq!((exit, err.as_str()), (1, "Would fix 1 finding in 1 file\n"));
    assert!(out.starts_with("--- app.py\n+++ app.py\n@@ "), "{out}");
    assert!(out.contains("\n+    base_url=\"https://console.mixroute.io/v1\",\n"), "{out}");
    assert!(!out.contains(&body[..8]) && out.contains("sk-****"), "{out}");
    assert_eq!(fs::read_to_string(dir.path().join("app.py")).unwrap(), code);
    // Nor with --fix beside it.
    assert_eq!(lint(dir.path(), &["check", "--diff", "--fix", "--unsafe-fixes"], b"").0, 1);
    assert_eq!(fs::read_to_string(dir.path().join("app.py")).unwrap(), code);
    let (exit, out, _) = lint(dir.path(), &["check", "--diff", "-", "--stdin-filename", "x.py"], BAD.as_bytes());
    let out = String::from_utf8(out).unwrap();
    assert!(exit == 1 && out.starts_with("--- x.py\n"), "{out}");
    fs::write(dir.path().join("app.py"), GOOD).unwrap();
    assert_eq!(lint(dir.path(), &["check", "--diff"], b""), (0, Vec::new(), "Nothing to fix\n".to_owned()));
}

/// What others may share is changed on demand only; the exit code is about what is left.
#[test]
fn unsafe_fixes_are_asked_for() {
    let dir = project([("app.py", BAD), (".env.example", DOTENV)]);
    let (_, _, err) = lint(dir.path(), &["check"], b"");
    assert!(err.ends_with("1 fixable with `--fix`, 1 more with `--fix --unsafe-fixes`\n"), "{err}");
    let (exit, out, err) = lint(dir.path(), &["check", "--fix", "--output-format", "concise"], b"");
    let out = String::from_utf8(out).unwrap();
    assert_eq!((exit, out.lines().count()), (1, 1), "{out}");
    assert!(err.ends_with("\n1 fixable with `--fix --unsafe-fixes`\n"), "{err}");
    assert!(out.starts_with(".env.example:2:17: "), "{out}");
    assert!(err.starts_with("Fixed 1 finding in 1 file\n"), "{err}");
    assert_eq!(fs::read_to_string(dir.path().join(".env.example")).unwrap(), DOTENV);
    let (exit, out, err) = lint(dir.path(), &["check", "--fix", "--unsafe-fixes"], b"");
    assert_eq!(
        (exit, out.as_slice(), err.as_str()),
        (0, &b""[..], "Fixed 1 finding in 1 file\nNo findings in 2 files\n")
    );
    let fixed = DOTENV.replace("api.openai.com", "console.mixroute.io");
    assert_eq!(fs::read_to_string(dir.path().join(".env.example")).unwrap(), fixed);
}

/// Rules that are not run, and findings that a comment silences, are nobody's to fix.
#[test]
fn what_is_not_reported_is_not_fixed() {
    let silenced = BAD.replace("OpenAI(\n", "OpenAI(  # mixlint: ignore[mixroute-key-without-base-url] on purpose\n");
    let dir = project([("app.py", silenced.as_str()), ("b/app.py", BAD)]);
    let (exit, ..) = lint(dir.path(), &["check", "--fix", "--ignore", "mixroute-key-without-base-url", "b"], b"");
    assert_eq!(exit, 0);
    assert_eq!(fs::read_to_string(dir.path().join("b/app.py")).unwrap(), BAD);
    let (exit, _, err) = lint(dir.path(), &["check", "--fix", "app.py"], b"");
    assert_eq!((exit, err.as_str()), (0, "No findings in 1 file\n"));
    assert_eq!(fs::read_to_string(dir.path().join("app.py")).unwrap(), silenced);
    // A file that is not given is read, not written.
    let dir = project([
        (
            "app.py",
            "import os\nfrom openai import OpenAI\nfrom settings import URL\nOpenAI(api_key=os.environ['MIXROUTE_API_KEY'], base_url=URL)\n",
        ),
        ("settings.py", "URL = 'https://api.openai.com/v1'\n"),
    ]);
    let (exit, ..) = lint(dir.path(), &["check", "--fix", "app.py"], b"");
    assert_eq!(exit, 1);
    assert_eq!(fs::read_to_string(dir.path().join("settings.py")).unwrap(), "URL = 'https://api.openai.com/v1'\n");
    // But for who asks for it.
    let (exit, ..) = lint(dir.path(), &["check", "--fix", "--unsafe-fixes", "app.py"], b"");
    assert_eq!(exit, 0);
    let text = fs::read_to_string(dir.path().join("settings.py")).unwrap();
    assert_eq!(text, "URL = 'https://console.mixroute.io/v1'\n");
}

/// Many findings in one file, more than one of them in the same place.
#[test]
fn fixes_that_meet_are_made_one_after_the_other() {
    let line = "OpenAI(api_key=' sk-your-mixroute-key', base_url='http://api.openai.com/v1/chat/completions'), OpenAI(api_key=\"Bearer sk-your-mixroute-key\")\n";
    let code = format!("from openai import OpenAI\n{}", line.repeat(20));
    let dir = project([("app.py", code.as_str())]);
    let (exit, _, err) = lint(dir.path(), &["check", "--fix"], b"");
    assert_eq!(exit, 0, "{err}");
    let good = "OpenAI(api_key='sk-your-mixroute-key', base_url='https://console.mixroute.io/v1'), OpenAI(api_key=\"sk-your-mixroute-key\", base_url=\"https://console.mixroute.io/v1\")\n";
    assert_eq!(
        fs::read_to_string(dir.path().join("app.py")).unwrap(),
        format!("from openai import OpenAI\n{}", good.repeat(20))
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_an_error_and_stays() {
    use std::os::unix::fs::PermissionsExt;
    let dir = project([("a.py", BAD), ("b.py", BAD)]);
    fs::set_permissions(dir.path().join("a.py"), fs::Permissions::from_mode(0o444)).unwrap();
    let (exit, out, err) = lint(dir.path(), &["check", "--fix", "--output-format", "concise"], b"");
    assert_eq!(exit, 2);
    assert!(err.starts_with("error: a.py: not fixed: read-only\nFixed 1 finding in 1 file\n"), "{err}");
    assert!(String::from_utf8(out).unwrap().starts_with("a.py:4:"), "what is left is reported");
    assert_eq!(fs::read_to_string(dir.path().join("a.py")).unwrap(), BAD);
    assert_eq!(fs::read_to_string(dir.path().join("b.py")).unwrap(), GOOD);
}

/// The endpoint to write is data: the configuration may choose another of the provider's.
#[test]
fn the_base_url_can_be_chosen() {
    let config = |url: &str| format!("[[provider]]\nid = 'mixroute'\nname = 'Mixroute'\nbase-url = '{url}'\n");
    let claude = "import os\nfrom anthropic import Anthropic\nAnthropic(api_key=os.environ['MIXROUTE_API_KEY'])\n";
    let chosen = config("https://api.mixroute.ai/v1");
    let dir = project([("app.py", BAD), ("claude.py", claude), ("mixlint.toml", chosen.as_str())]);
    let (_, out, _) = lint(dir.path(), &["check", "app.py"], b"");
    assert!(String::from_utf8(out).unwrap().contains("base_url=\"https://api.mixroute.ai/v1\""));
    assert_eq!(lint(dir.path(), &["check", "--fix", "--unsafe-fixes"], b"").0, 0);
    let text = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(text("app.py"), GOOD.replace("console.mixroute.io", "api.mixroute.ai"));
    assert!(text("claude.py").contains("base_url='https://api.mixroute.ai')"), "{}", text("claude.py"));
    // One of somebody else's would make every fix a new finding.
    fs::write(dir.path().join("mixlint.toml"), config("https://api.openai.com/v1")).unwrap();
    let (exit, _, err) = lint(dir.path(), &["check"], b"");
    assert!(exit == 2 && err.contains("provider `mixroute`: `base-url` is no URL at one of its `hosts`"), "{err}");
}
