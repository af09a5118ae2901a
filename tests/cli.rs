//! The command line: the built program where the analysis does not matter, and `cli::run` with a made-up analysis
//! where it does.

#![allow(clippy::unwrap_used)]

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use mixlint::analysis::{Input, Output};
use mixlint::cli::{Core, Host, RuleInfo, run};
use mixlint::facts::{Comment, Span};
use mixlint::finding::{FileId, Finding, Label, Location, Severity};
use tempfile::TempDir;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
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

fn rules() -> Vec<RuleInfo> {
    let info = |name, severity| RuleInfo { name, severity, summary: "S.".into(), body: format!("# {name}\n\nText.") };
    vec![
        info("foreign-key", Severity::Error),
        info("late-base-url", Severity::Warning),
        info("unused-ignore", Severity::Warning),
    ]
}

/// A finding at each `BAD` (error) and `HM` (warning), and the comments that begin with `# mixlint:`.
fn analyze(input: &Input) -> Output {
    let mut output = Output { files_parsed: input.sources.len(), ..Output::default() };
    for (at, source) in input.sources.iter().enumerate() {
        let file = FileId(at as u32);
        assert!(!source.text.contains("PANIC"), "made to fail: {}", source.text);
        for (word, rule, severity) in
            [("BAD", "foreign-key", Severity::Error), ("HM", "late-base-url", Severity::Warning)]
        {
            for (start, _) in source.text.match_indices(word) {
                let at = Location { file, span: Span::new(start, start + word.len()) };
                let labels = vec![Label { at, text: "here".into() }];
                let message = format!("{word} it is");
                output.findings.push(Finding { rule, severity, message, at, labels, help: None, fix: None });
            }
        }
        for (start, _) in source.text.match_indices("# mixlint:") {
            let end = source.line_span(source.line_of(start)).end as usize;
            let own_line = source.position(start as u32).column == 1;
            output.comments.push((file, Comment { span: Span::new(start, end), own_line }));
        }
    }
    output
}

/// The same as [`call`], in this process, with the made-up analysis.
fn lint(dir: &Path, args: &[&str]) -> (u8, String, String) {
    lint_with(dir, args, "", &[])
}

fn lint_with(dir: &Path, args: &[&str], stdin: &str, env: &[(&str, &str)]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let host = Host {
        stdin: &mut stdin.as_bytes(),
        stdout: &mut out,
        stderr: &mut err,
        cwd: dir.canonicalize().unwrap(),
        terminal: false,
        env: &|name| env.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value)),
    };
    let rules = rules();
    let core = Core { analyze: &analyze, rules: &rules, providers: &[] };
    let args = std::iter::once("mixlint").chain(args.iter().copied()).map(OsString::from);
    let code = run(args, host, &core);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
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
        (&["check", "--output-format", "sarif"], "sarif"),
        (&["check", "no.py"], "error: no.py: no such file or directory\n"),
        (
            &["check", "no.py", "nor.py"],
            "error: no.py: no such file or directory\nerror: nor.py: no such file or directory\n",
        ),
        (&["check", "--select", "foreign-kye"], "unknown rule `foreign-kye`\n  help: did you mean `foreign-key`?"),
        (&["check", "--ignore", "foreign-key,zzz"], "unknown rule `zzz`"),
        (&["explain", "late-base-ulr"], "did you mean `late-base-url`?"),
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

#[test]
fn exit_codes_and_formats() {
    let dir = tree(&[("a.py", "x = BAD\n"), ("b.py", "HM\n"), ("c.py", "")]);
    let concise = "a.py:1:5: error[foreign-key] BAD it is\nb.py:1:1: warning[late-base-url] HM it is\n";
    let (code, out, err) = lint(dir.path(), &["check", "--output-format", "concise"]);
    assert_eq!((code, out.as_str()), (1, concise));
    assert_eq!(err, "Found 1 error, 1 warning in 3 files\n");
    for (args, expected) in [
        (&["check"][..], 1),
        (&["check", "--fail-on", "never"], 0),
        (&["check", "--fail-on", "error"], 1),
        (&["check", "--fail-on", "error", "b.py"], 0),
        (&["check", "b.py"], 1),
        (&["check", "c.py"], 0),
        (&["check", "--select", "late-base-url", "a.py"], 0),
        (&["check", "--ignore", "foreign-key,late-base-url"], 0),
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
    assert_eq!(err, "     1 foreign-key\n     1 late-base-url\n");
    let (_, out, err) = lint(dir.path(), &["check", "-q", "--statistics", "--output-format", "concise"]);
    assert_eq!((out, err.as_str()), (format!("{concise}     1 foreign-key\n     1 late-base-url\n"), ""));
    assert_eq!(lint(dir.path(), &["check", "c.py"]).2, "No findings in 1 file\n");
}

#[test]
fn the_project_around_a_given_file_is_read() {
    let dir = tree(&[(".git/HEAD", ""), ("src/a.py", "BAD"), ("src/b.py", "BAD"), (".env", "HM=1")]);
    let read = std::sync::Mutex::new(Vec::new());
    let spy = |input: &Input| {
        let paths = input.sources.iter().zip(&input.reported);
        read.lock().unwrap().extend(paths.map(|(source, given)| (source.path.display().to_string(), *given)));
        analyze(input)
    };
    let rules = rules();
    let core = Core { analyze: &spy, rules: &rules, providers: &[] };
    let mut out = Vec::new();
    let host = Host {
        stdin: &mut "BAD\nBAD\n".as_bytes(),
        stdout: &mut out,
        stderr: &mut Vec::new(),
        cwd: dir.path().canonicalize().unwrap(),
        terminal: false,
        env: &|_| None,
    };
    let args = ["mixlint", "check", "-", "--stdin-filename", "src/a.py", "--output-format", "concise"];
    run(args.map(OsString::from), host, &core);
    assert_eq!(
        *read.lock().unwrap(),
        [(".env".to_owned(), false), ("src/a.py".to_owned(), true), ("src/b.py".to_owned(), false)]
    );
    let expected = "src/a.py:1:1: error[foreign-key] BAD it is\nsrc/a.py:2:1: error[foreign-key] BAD it is\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let (_, out, _) = lint(dir.path(), &["check", "src/b.py", "--output-format", "concise"]);
    assert_eq!(out, "src/b.py:1:1: error[foreign-key] BAD it is\n");
}

#[test]
fn configured_severities_and_ignores() {
    let config = "[severity]\nforeign-key = 'warning'\nlate-base-url = 'off'\n\
                  [per-file-ignores]\n'tests/' = ['foreign-key']\n";
    let dir = tree(&[("a.py", "BAD HM"), ("tests/a.py", "BAD"), ("mixlint.toml", config)]);
    let (code, out, _) = lint(dir.path(), &["check", "--output-format", "concise", "--fail-on", "error"]);
    assert_eq!((code, out.as_str()), (0, "a.py:1:1: warning[foreign-key] BAD it is\n"));
    // Seen from elsewhere it is the same.
    let (_, out, _) = lint(&dir.path().join("tests"), &["check", "..", "--output-format", "concise", "-q"]);
    assert!(out.ends_with("a.py:1:1: warning[foreign-key] BAD it is\n"), "{out}");
}

#[test]
fn suppression() {
    let text = "BAD  # mixlint: ignore[foreign-key] known\nx  # mixlint: ignore[foreign-key]\n";
    let dir = tree(&[("a.py", text)]);
    let (code, out, _) = lint(dir.path(), &["check", "--output-format", "concise"]);
    assert_eq!(code, 1);
    assert_eq!(out, "a.py:2:22: warning[unused-ignore] this comment silences no finding of `foreign-key`\n");
    assert_eq!(lint(dir.path(), &["check", "--ignore", "unused-ignore"]).0, 0);
    assert_eq!(lint(dir.path(), &["check", "--select", "late-base-url,unused-ignore"]).0, 0);
}

#[test]
fn colors() {
    let dir = tree(&[("a.py", "BAD")]);
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
fn panics_say_nothing_of_the_files() {
    let dir = tree(&[("a.py", "PANIC with a text")]);
    let (code, out, err) = lint(dir.path(), &["check"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err, "error: mixlint itself failed; please report it\n");
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

#[test]
fn explain_and_rules() {
    let dir = tree(&[]);
    assert_eq!(lint(dir.path(), &["explain", "foreign-key"]), (0, "# foreign-key\n\nText.\n".into(), String::new()));
    let (code, out, _) = lint(dir.path(), &["rules"]);
    assert_eq!((code, out.lines().next()), (0, Some("foreign-key    error    S.")));
}

#[test]
fn no_key_reaches_any_output() {
    let secret = "Qq0".repeat(16);
    let text = format!("k = 'sk-{secret}'\nx = BAD(api_key='sk-{secret}')\npassword = 'hunter2'\n");
    let dir = tree(&[("a.py", &text), (".env", &format!("OPENAI_API_KEY=sk-{secret}\nX=BAD\nPASSWORD=hunter2\n"))]);
    for format in ["full", "concise", "json"] {
        let (code, out, err) = lint(dir.path(), &["check", "-vv", "--statistics", "--output-format", format]);
        assert_eq!(code, 1);
        assert!(!out.contains("Qq0") && !err.contains("Qq0"), "{out}{err}");
        assert!(!out.contains("hunter2"), "{out}");
    }
    fs::write(dir.path().join("mixlint.toml"), format!("[environment]\nX = 'sk-{secret}'\nsk-{secret} = 3")).unwrap();
    let (code, _, err) = lint(dir.path(), &["check"]);
    assert_eq!(code, 2);
    assert!(!err.contains("Qq0"), "{err}");
}

#[cfg(unix)]
#[test]
fn special_files_are_never_opened() {
    let dir = tree(&[("a.py", "BAD")]);
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

    let dir = tree(&[("a.py", "BAD"), ("b.py", "HM")]);
    let path = dir.path().join("a.py");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return; // root reads everything
    }
    let (code, out, err) = lint(dir.path(), &["check", "--output-format", "concise", "a.py", "b.py"]);
    assert_eq!((code, out.as_str()), (2, "b.py:1:1: warning[late-base-url] HM it is\n"));
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
