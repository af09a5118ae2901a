//! Trees that nobody would write by accident: the program says what it could not read, and goes on with the rest. It
//! never panics, hangs, or takes all memory.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A file with one finding, to see that the rest of a tree is linted all the same.
const BAD: &str =
    "from openai import OpenAI\nOpenAI(api_key='sk-mixroute-key', base_url='https://api.openai.com/v1')\n";
/// Address space in KiB: a run that wants more is ended by the system. Stacks of threads count, too, which are not used.
const ADDRESSES: u64 = 1 << 20;
/// Memory in KiB that a run may really use.
const MEMORY: u64 = 500 << 10;
/// Far more than any of these takes, of the processor's time; where the system does not tell that, and for what only
/// waits, of any.
const PATIENCE: Duration = Duration::from_secs(60);

struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the program in a directory, with bounded memory and time.
fn run(dir: &Path, args: &[&str]) -> Outcome {
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {ADDRESSES}; exec \"$@\""))
        .arg("sh")
        .arg(assert_cmd::cargo::cargo_bin("mixlint"))
        .args(args)
        .args(["-j", "2"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipes = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let read = |pipe: &mut dyn Read| {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    std::thread::scope(|scope| {
        let out = scope.spawn(|| read(&mut pipes.0));
        let err = scope.spawn(|| read(&mut pipes.1));
        let begun = Instant::now();
        let mut peak = 0;
        let code = loop {
            peak = peak.max(memory(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if worked(child.id()) > PATIENCE || begun.elapsed() > PATIENCE * 10 {
                child.kill().unwrap();
                panic!("{args:?} does not end");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(peak <= MEMORY, "{args:?} takes {peak} KiB");
        Outcome { code, out: out.join().unwrap(), err: err.join().unwrap() }
    })
}

/// How long a process has worked so far, where the system tells.
fn worked(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name in brackets: what it has worked in itself and in the system, in hundredths of a second.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().skip(11).take(2);
    Duration::from_millis(fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
}

/// The most memory that a process has had so far in KiB, where the system tells.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Lints a tree with one finding in `good/bad.py`: that is found, and nothing panics. What `-v` says.
fn survives(dir: &TempDir) -> String {
    fs::create_dir_all(dir.path().join("good")).unwrap();
    fs::write(dir.path().join("good/bad.py"), BAD).unwrap();
    let outcome = run(dir.path(), &["check", "-v", "--output-format", "concise"]);
    assert!(!outcome.err.contains("panicked"), "{}", outcome.err);
    assert_eq!(outcome.code, Some(1), "{}\n{}", outcome.out, clip(&outcome.err));
    assert!(outcome.out.contains("good/bad.py:2:44: error[mixroute-key-at-openai]"), "{}", clip(&outcome.out));
    outcome.err
}

fn clip(text: &str) -> String {
    text.chars().take(2000).collect()
}

fn tree() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn write(dir: &TempDir, name: &str, text: impl AsRef<[u8]>) {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn links_that_lead_back() {
    let dir = tree();
    fs::create_dir(dir.path().join("a")).unwrap();
    symlink("..", dir.path().join("a/up")).unwrap();
    symlink("self.py", dir.path().join("self.py")).unwrap();
    symlink("nowhere.py", dir.path().join("dangling.py")).unwrap();
    symlink("/etc/passwd", dir.path().join(".env")).unwrap();
    let told = survives(&dir);
    for name in ["self.py", "dangling.py", ".env"] {
        assert!(told.contains(&format!("skipped {name}: symbolic link")), "{told}");
    }
    // Given, a link is followed; one that leads to itself is an error.
    let outcome = run(dir.path(), &["check", "self.py"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.err);
    assert_eq!(run(dir.path(), &["check", "a/up/good/bad.py"]).code, Some(1));
}

#[test]
fn what_is_no_file() {
    let dir = tree();
    assert!(Command::new("mkfifo").arg(dir.path().join("fifo.py")).status().unwrap().success());
    assert!(Command::new("mkfifo").arg(dir.path().join(".env")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket.py")).unwrap();
    fs::create_dir(dir.path().join("folder.py")).unwrap();
    write(&dir, "imports.py", "from fifo import KEY\nfrom openai import OpenAI\nOpenAI(api_key=KEY)\n");
    let told = survives(&dir);
    for name in ["fifo.py", "socket.py", ".env"] {
        assert!(told.contains(&format!("skipped {name}: not a regular file")), "{told}");
    }
    for given in ["fifo.py", "/dev/zero", "/dev/null"] {
        let outcome = run(dir.path(), &["check", given]);
        assert_eq!(outcome.code, Some(2), "{given}: {}", outcome.err);
        assert!(outcome.err.contains("not a regular file"), "{}", outcome.err);
    }
    for manifest in ["pyproject.toml", "mixlint.toml", "requirements.txt"] {
        let path = dir.path().join(manifest);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let outcome = run(dir.path(), &["check", "good/bad.py"]);
        assert!(matches!(outcome.code, Some(1 | 2)), "{manifest}: {}", outcome.err);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn what_may_not_be_read() {
    let dir = tree();
    write(&dir, "secret.py", BAD);
    write(&dir, "closed/inner.py", BAD);
    let mode = |name: &str, mode| fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    mode("secret.py", 0o000);
    mode("closed", 0o000);
    let is_root = fs::read(dir.path().join("secret.py")).is_ok();
    if !is_root {
        let told = survives(&dir);
        assert!(told.contains("skipped secret.py: permission denied"), "{told}");
        assert!(told.contains("skipped closed: permission denied"), "{told}");
        let outcome = run(dir.path(), &["check", "secret.py"]);
        assert_eq!(outcome.code, Some(2));
        assert!(outcome.err.contains("secret.py: permission denied"), "{}", outcome.err);
    }
    mode("secret.py", 0o644);
    mode("closed", 0o755);
    assert_eq!(run(dir.path(), &["check", "secret.py"]).code, Some(1));
}

#[test]
fn odd_names() {
    let dir = tree();
    let names: [&[u8]; 9] = [
        b"new\nline.py",
        b"::error file=x::hello.py",
        b"\x1b[31mred.py",
        b"\xff\xfe.py",
        "\u{202e}yp.x.py".as_bytes(),
        "\u{200b}zero.py".as_bytes(),
        b"-rf.py",
        b"%0A::set-output name=a::b.py",
        b" ::error file=x::spaced.py",
    ];
    for name in names {
        fs::write(dir.path().join(OsStr::from_bytes(name)), BAD).unwrap();
    }
    survives(&dir);
    for format in ["full", "concise", "json", "github", "gitlab", "sarif"] {
        for args in [vec!["check", "-v", "--output-format", format], vec!["check", "--show-files"], vec!["routes"]] {
            let outcome = run(dir.path(), &args);
            let text = format!("{}{}", outcome.out, outcome.err);
            assert!(matches!(outcome.code, Some(0 | 1)), "{text}");
            let obeyed = |c: char| (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202e}' | '\u{200b}');
            assert!(!text.contains(obeyed), "{format}: {}", clip(&text));
            let commands = text.lines().filter(|line| line.trim_start().starts_with("::"));
            for command in commands {
                // The format's own, never one that a name holds.
                let own = ["::error ", "::warning ", "::notice "].iter().any(|own| command.starts_with(own));
                assert!(own && format == "github" && !command.contains("::set-output"), "{command}");
            }
        }
    }
}

/// What a terminal makes of a diff: a carriage return alone writes over what stands before it.
#[test]
fn line_ends_of_another_time() {
    let dir = tree();
    write(&dir, "old.py", BAD.replace('\n', "\r"));
    write(&dir, "over.py", format!("{BAD}# seen\r# over it\n"));
    write(&dir, "windows.py", BAD.replace('\n', "\r\n"));
    for args in [&["check", "--diff"][..], &["check"], &["trace", "Incorrect API key provided: sk-mixro****-key."]] {
        let text = run(dir.path(), args).out;
        assert!(text.contains("# seen?# over it") || args != ["check", "--diff"], "{text}");
        assert!(!text.replace("\r\n", "\n").contains('\r'), "{text:?}");
    }
}

/// PowerShell writes lists in UTF-16, with a mark.
#[test]
fn lists_with_a_mark() {
    let dir = tree();
    write(&dir, "good/bad.py", BAD);
    let wide: Vec<u8> = "\u{feff}good/bad.py\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (list, code) in [(wide.as_slice(), 1), (b"\xef\xbb\xbfgood/bad.py\n", 1), (b"\xff\xfe\0\xd8", 2)] {
        write(&dir, "list", list);
        let outcome = run(dir.path(), &["check", "--files-from", "list", "--output-format", "concise"]);
        assert_eq!(outcome.code, Some(code), "{}", outcome.err);
        assert_eq!(outcome.out.matches("good/bad.py:2:44").count(), usize::from(code == 1), "{}", outcome.out);
    }
}

/// A key in a few lines, beside a finding that is not about it.
#[test]
fn keys_in_several_lines() {
    let dir = tree();
    let parts = ["sk-", "Qq0Ww1Ee2R", "r3Tt4Yy5Uu6", "Ii7Oo8Pp9A"];
    let key = format!("{}{}\\\n{}\\\n{}", parts[0], parts[1], parts[2], parts[3]);
    write(&dir, "a.py", BAD.replace("OpenAI(", &format!("OLD = '{key}'\nOpenAI(")));
    write(
        &dir,
        "a.sh",
        format!("# was {key}\nexport OPENAI_API_KEY=sk-mixroute-key OPENAI_BASE_URL=https://api.openai.com/v1\n"),
    );
    for args in [&["check"][..], &["check", "--diff"], &["trace", "Incorrect API key provided: sk-mixro****-key."]] {
        let outcome = run(dir.path(), args);
        assert_eq!(outcome.code, Some(1), "{}", outcome.err);
        assert!(!parts[1..].iter().any(|part| outcome.out.contains(part)), "{}", outcome.out);
    }
}

#[test]
fn long_paths() {
    let dir = tree();
    let mut path = dir.path().to_path_buf();
    // A path of 4,000 bytes, which is about what the system takes in one call.
    while path.as_os_str().len() + 202 < 3_990 {
        path.push("d".repeat(200));
    }
    path.push("e".repeat(4_000 - path.as_os_str().len() - "/".len() - "/a.py".len()));
    fs::create_dir_all(&path).unwrap();
    path.push("a.py");
    assert_eq!(path.as_os_str().len(), 4_000);
    fs::write(&path, BAD).unwrap();
    survives(&dir);
    let outcome = run(dir.path(), &["check", "--output-format", "concise", "-q"]);
    assert!(outcome.out.contains("/a.py:2:44: error"), "{}", clip(&outcome.out));
    // A longer one can be made step by step, and not be opened.
    let script = "n=0; while [ $n -lt 30 ]; do mkdir $0 && cd $0 || exit 1; n=$((n + 1)); done; echo > b.py";
    let made = Command::new("bash").args(["-c", script, &"f".repeat(200)]).current_dir(&dir).status().unwrap();
    assert!(made.success());
    let told = survives(&dir);
    assert!(told.contains("ffff"), "what cannot be opened is told: {}", clip(&told));
    // Nor can the usual ways remove it.
    assert!(Command::new("rm").arg("-rf").arg(dir.path().join("f".repeat(200))).status().unwrap().success());
}

fn many_files(count: usize) {
    let dir = tree();
    let folder = dir.path().join("many");
    fs::create_dir(&folder).unwrap();
    for number in 0..count {
        // Most are of no interest; one in ten is parsed.
        let text = if number % 10 == 0 { "from openai import OpenAI\nOpenAI()\n" } else { "x = 1\n" };
        fs::write(folder.join(format!("m{number}.py")), text).unwrap();
    }
    survives(&dir);
}

#[test]
fn a_folder_of_many_files() {
    many_files(4_000);
}

#[test]
#[ignore = "takes a minute, most of it to write the files"]
fn a_folder_of_a_hundred_thousand_files() {
    many_files(100_000);
}

#[test]
fn devices() {
    let dir = tree();
    // Only who may make devices can leave them in a tree; a link to one is nothing else than a link.
    let made = Command::new("mknod").arg(dir.path().join("zero.py")).args(["c", "1", "5"]).output();
    symlink("/dev/zero", dir.path().join("link.py")).unwrap();
    let told = survives(&dir);
    assert!(told.contains("skipped link.py: symbolic link"), "{told}");
    if made.is_ok_and(|made| made.status.success()) {
        assert!(told.contains("skipped zero.py: not a regular file"), "{told}");
    }
}

#[test]
fn huge_files() {
    let dir = tree();
    // A line of its own over the limit, a sparse one, and a line within the limit.
    let file = fs::File::create(dir.path().join("sparse.py")).unwrap();
    file.set_len(1 << 30).unwrap();
    write(&dir, "line.py", format!("from openai import OpenAI\nx = '{}'\n", "a".repeat(50_000_000)));
    write(&dir, "line.js", format!("import OpenAI from 'openai'; x = [{}];", "1,".repeat(1_900_000)));
    let bad = BAD.replace("OpenAI(api", &format!("x = '{}'; OpenAI(api", "y".repeat(3_000_000)));
    write(&dir, "wide.py", bad);
    let told = survives(&dir);
    assert!(told.contains("skipped sparse.py: larger than"), "{told}");
    assert!(told.contains("skipped line.py: larger than"), "{told}");
    for format in ["full", "json", "sarif", "github"] {
        let outcome = run(dir.path(), &["check", "--output-format", format]);
        assert_eq!(outcome.code, Some(1), "{}", clip(&outcome.err));
        // SARIF holds the pages of all rules.
        assert!(outcome.out.len() < 300_000, "{format}: {} bytes", outcome.out.len());
    }
    // The same with no limit worth the name: what is one long string is parsed, what is many words is not.
    write(&dir, "mixlint.toml", "max-file-size = 104857600\n");
    write(&dir, "list.py", format!("{BAD}x = [ {}]\n", "\"a\", ".repeat(10_000_000)));
    let lines = format!("{}\n", "\"a\", ".repeat(20)).repeat(500_000);
    write(&dir, "list.js", format!("import OpenAI from 'openai';\nnew OpenAI();\nx = [ {lines}];\n"));
    write(&dir, ".env", "OPENAI_API_KEY=sk-mixroute-key\n".repeat(1_600_000));
    let told = survives(&dir);
    for name in ["list.py", "list.js", ".env"] {
        assert!(told.contains(&format!("{name}: not parsed: more than 400000 words and marks")), "{}", clip(&told));
    }
    assert!(!told.contains("line.py"), "{}", clip(&told));
}

/// Files that may be read and are all words and marks: each of these took more than a gigabyte.
#[test]
fn dense_files() {
    let dir = tree();
    let js = "import OpenAI from 'openai';\nnew OpenAI({ apiKey: process.env.MIXROUTE_API_KEY });\n";
    let rust = "use async_openai::config::OpenAIConfig;\nfn f() { OpenAIConfig::new().with_api_key(K); }\nfn g() {\n";
    let json = "{\"openai_api_key\": \"sk-mixroute-key\", \"base_url\": \"https://api.openai.com/v1\", \"a\": [\n";
    let cases = [
        ("ifs.py", BAD, "if x:y\n"),
        ("calls.py", BAD, "f()\n"),
        ("calls.js", js, "f()\n"),
        ("assign.ts", js, "x=1\n"),
        ("assign.rs", rust, "x=1;\n"),
        ("list.json", json, "1,1,1,1,1,1,1,1,1,1,\n"),
        ("list.tf", "locals {\n OPENAI_API_KEY = \"sk-mixroute-key\"\n x = [\n", "1,1,1,1,1,1,1,1,1,1,\n"),
    ];
    for (name, head, body) in cases {
        write(&dir, name, format!("{head}{}", body.repeat((4_000_000 - head.len()) / body.len())));
    }
    let told = survives(&dir);
    for (name, ..) in cases {
        assert!(told.contains(&format!("{name}: not parsed: more than 400000 words and marks")), "{name}: {told}");
    }
}

#[test]
fn deep_nesting_in_every_language() {
    let dir = tree();
    // In lines: what has few is taken for a bundle.
    let lines = |text: &str| format!("{}\n", text.repeat(100)).repeat(200);
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let python = "from openai import OpenAI\nOpenAI(api_key=MIXROUTE_API_KEY)\nx = ";
    let js = "import OpenAI from 'openai';\nnew OpenAI({ apiKey: process.env.MIXROUTE_API_KEY });\nx = ";
    let rust =
        "use async_openai::config::OpenAIConfig;\nfn f() { OpenAIConfig::new().with_api_key(MIXROUTE_API_KEY); x = ";
    let env = "OPENAI_API_KEY=sk-mixroute-key\n";
    for (name, head, pairs) in [
        (
            "py",
            python,
            vec![
                ("(", ")"),
                ("[", "]"),
                ("{", "}"),
                ("f(", ")"),
                ("[", ""),
                ("not ", ""),
                ("lambda: ", ""),
                ("-", "1"),
            ],
        ),
        (
            "js",
            js,
            vec![
                ("(", ")"),
                ("[", "]"),
                ("{", "}"),
                ("f(", ")"),
                ("[", ""),
                ("!", ""),
                ("()=>", ""),
                ("a?b:", ""),
                ("`${", "}`"),
                ("<a>", "</a>"),
            ],
        ),
        ("ts", js, vec![("(", ")"), ("[", "]"), ("{", ""), ("<T>", ""), ("Array<", ">")]),
        ("tsx", js, vec![("<a>", "</a>"), ("<a b={", "}/>")]),
        (
            "rs",
            rust,
            vec![
                ("(", ")"),
                ("[", "]"),
                ("{", "}"),
                ("f(", ")"),
                ("!", ""),
                ("&", ""),
                ("|| ", ""),
                ("Vec<", ">"),
                ("if x {", "}"),
                ("[", ""),
            ],
        ),
        (
            "sh",
            env,
            vec![
                ("(", ")"),
                ("$(", ")"),
                ("{ ", "}"),
                ("if x; then ", "; fi"),
                ("\"$(", ")\""),
                ("${a:-", "}"),
                ("((", "))"),
                ("[", ""),
            ],
        ),
        ("yaml", env, vec![("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("[", ""), ("&a [", "]"), ("!!a ", "")]),
        ("env", env, vec![("A=${", "}"), ("A=${a:-", "}")]),
        (
            "json",
            "{\"openai_api_key\": \"sk-mixroute-key\", \"base_url\": \"https://api.openai.com/v1\", \"a\": ",
            vec![("[", "]"), ("{\"a\":", "}"), ("[", "")],
        ),
        (
            "toml",
            "openai_api_key = 'sk-mixroute-key'\nbase_url = 'https://api.openai.com/v1'\nx = ",
            vec![("[", "]"), ("{a = ", "}"), ("[", "")],
        ),
        (
            "ini",
            "[a]\nopenai_api_key = sk-mixroute-key\nbase_url = https://api.openai.com/v1\n",
            vec![("[", "]"), ("[a]\n", ""), ("env = a\n ", ""), ("a=b\n[c]\n", "[DEFAULT]\n")],
        ),
        (
            "properties",
            "openai.api-key=sk-mixroute-key\nopenai.base-url=https://api.openai.com/v1\n",
            vec![("a.", "=b"), ("a.b=c\n", "")],
        ),
        (
            "md",
            "```python\nfrom openai import OpenAI\n",
            vec![("> ", ""), ("- ", ""), ("[", "]("), ("*", ""), ("`", "")],
        ),
        (
            "vue",
            "<script>\nimport OpenAI from 'openai';\nnew OpenAI({ apiKey: process.env.MIXROUTE_API_KEY });\nx = ",
            vec![("(", ")"), ("f(", ")"), ("<script>", "</script>"), ("</script><script>", "")],
        ),
        ("ipynb", "{\"cells\": ", vec![("[", "]"), ("{\"a\":", "}")]),
    ] {
        for (number, (open, close)) in pairs.into_iter().enumerate() {
            write(&dir, &format!("{name}{number}.{name}"), format!("{head}{}\n", deep(open, close)));
            if name == "js" {
                write(&dir, &format!("lines{number}.js"), format!("{head}{}{}\n", lines(open), lines(close)));
            }
        }
    }
    write(&dir, "Dockerfile", format!("FROM a\nENV OPENAI_API_KEY=sk-mixroute-key X={}\n", deep("${a:-", "}")));
    // Deep by indentation.
    let steps = |word: &str| (0..2000).map(|depth| format!("{}{word}\n", " ".repeat(depth))).collect::<String>();
    write(&dir, "strings.py", format!("from openai import OpenAI\n{}", steps("if OpenAI(api_key='sk-mixroute-key'):")));
    write(&dir, "steps.py", format!("from openai import OpenAI\n{}", steps("if OpenAI(api_key=MIXROUTE_API_KEY):")));
    write(&dir, "steps.yaml", steps("OPENAI_API_KEY:"));
    survives(&dir);
}

/// Errors that go on to the end of the file: there a parser tries all ways to go on at once.
#[test]
fn errors_to_the_end() {
    let dir = tree();
    let js = "import OpenAI from 'openai';\nnew OpenAI({ apiKey: process.env.MIXROUTE_API_KEY });\nx = ";
    let shell = "export OPENAI_API_KEY=sk-mixroute-key\n";
    for (name, head, unit) in [
        ("a.js", js, "-await =%"),
        ("b.js", js, "export =*"),
        ("c.js", js, "await -"),
        ("a.ts", js, "export =*"),
        ("a.sh", shell, "?|<"),
        ("b.sh", shell, " <=|"),
    ] {
        // In lines: what has few is taken for a bundle.
        let line = format!("{}\n", unit.repeat(8));
        write(&dir, name, format!("{head}{}", line.repeat((20 << 10) / line.len())));
    }
    survives(&dir);
}

#[test]
fn yaml_bombs() {
    let dir = tree();
    let mut laughs = String::from("OPENAI_API_KEY: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..40 {
        let list = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs.push_str(&format!("k{level}: &a{level} [{list}]\n"));
    }
    write(&dir, "laughs.yaml", &laughs);
    write(&dir, "merge.yaml", "OPENAI_API_KEY: &a\n  <<: *a\n  b: &b [*b, *a]\n");
    let merges: String = (1..200).map(|n| format!("k{n}: &k{n}\n  <<: [*k{0}, *k{0}]\n  a{n}: b\n", n - 1)).collect();
    write(
        &dir,
        "merges.yaml",
        format!("services: &s\n  a: {{environment: {{OPENAI_API_KEY: x}}}}\nk0: &k0 {{a: b}}\n{merges}"),
    );
    survives(&dir);
}

#[test]
fn circles() {
    let dir = tree();
    write(
        &dir,
        ".env",
        "OPENAI_API_KEY=${OPENAI_API_KEY}\nA=${B}\nB=${A}\nC=${C:-${C}}\nOPENAI_BASE_URL=${A}${A}${A}\n",
    );
    let doubling: String = (1..60).map(|n| format!("D{n}=${{D{0}}}${{D{0}}}\n", n - 1)).collect();
    write(&dir, ".env.local", format!("D0=xxxxxxxx\n{doubling}OPENAI_BASE_URL=${{D59}}\n"));
    // What doubles itself from line to line, known and unknown.
    for (name, first) in [("text", "'xxxxxxxx'"), ("variable", "os.environ['A']")] {
        let lines: String = (1..60).map(|n| format!("d{n} = d{0} + d{0}\n", n - 1)).collect();
        let head = "import os\nfrom openai import OpenAI\n";
        write(&dir, &format!("{name}.py"), format!("{head}d0 = {first}\n{lines}OpenAI(api_key=d59, base_url=d58)\n"));
        let lines: String = (1..60).map(|n| format!("const d{n} = `${{d{0}}}${{d{0}}}`;\n", n - 1)).collect();
        let first = first.replace("os.environ['A']", "process.env.A");
        let head = format!("import OpenAI from 'openai';\nconst d0 = {first};\n");
        write(&dir, &format!("{name}.js"), format!("{head}{lines}new OpenAI({{ apiKey: d59, baseURL: d58 }});\n"));
    }
    write(
        &dir,
        "a.py",
        "from b import *\nfrom b import KEY, make\nfrom openai import OpenAI\nOpenAI(api_key=KEY)\nmake()(api_key=KEY)\n",
    );
    write(&dir, "b.py", "from a import *\nfrom a import KEY\nfrom openai import OpenAI\ndef make(): return make()\n");
    write(
        &dir,
        "self.py",
        "from self import OpenAI\nfrom openai import OpenAI as O\nx = x\nOpenAI(api_key=x)\nclass A(A): pass\nA(api_key=x)\n",
    );
    write(
        &dir,
        "a.js",
        "export * from './b.js'; export { K } from './b.js'; import OpenAI from 'openai'; import { K } from './b.js'; new OpenAI({ apiKey: K });\n",
    );
    write(&dir, "b.js", "export * from './a.js'; export { K } from './a.js';\n");
    write(
        &dir,
        "src/lib.rs",
        "pub mod a;\npub use crate::a::*;\nuse async_openai::config::OpenAIConfig;\nfn f() { OpenAIConfig::new().with_api_key(crate::a::K); }\n",
    );
    write(&dir, "src/a.rs", "pub use super::*;\npub use crate::a::K as K;\n");
    write(
        &dir,
        "compose.yaml",
        "services:\n  a:\n    extends: b\n    env_file: [.env, compose.yaml]\n    environment: {OPENAI_API_KEY: x}\n  b:\n    extends: {service: a, file: compose.yaml}\n",
    );
    write(
        &dir,
        "run.sh",
        ". ./run.sh\nsource run.sh\nf() { f; }; f\nOPENAI_API_KEY=$OPENAI_API_KEY\nexport OPENAI_API_KEY\n",
    );
    survives(&dir);
}

#[test]
fn bytes_that_are_no_text() {
    let dir = tree();
    write(&dir, "key.py", b"from openai import OpenAI\nOpenAI(api_key='sk-mix\xff\xferoute-key')\n");
    write(&dir, "nul.py", b"from openai import OpenAI\nOpenAI(api_key='sk-\0')\n");
    write(&dir, ".env", b"OPENAI_API_KEY=sk-\xc3\x28\n");
    write(&dir, "odd16.py", b"\xff\xfea\0\x00\xd8x");
    write(&dir, "one.py", b"\xff");
    write(&dir, "empty.py", b"");
    write(&dir, "bom.py", b"\xef\xbb\xbf");
    write(&dir, "cr.py", b"from openai import OpenAI\rOpenAI(api_key='sk-mixroute-key')\r\r\n\r");
    let told = survives(&dir);
    for (name, why) in
        [("key.py", "not UTF-8"), ("nul.py", "binary file"), (".env", "not UTF-8"), ("odd16.py", "not UTF-8")]
    {
        assert!(told.contains(&format!("skipped {name}: {why}")), "{told}");
    }
}

#[test]
fn repositories_that_are_elsewhere() {
    let dir = tree();
    write(&dir, ".git", "gitdir: /nonexistent/../../dev/zero\n");
    write(&dir, "sub/.git", [0xff, 0, b'\n']);
    write(&dir, "sub/a.py", BAD);
    symlink("/dev/zero", dir.path().join(".gitignore")).unwrap();
    write(&dir, "other/.gitignore", format!("{}\n[\n**\n!{}\n", "*".repeat(5000), "[a-".repeat(3000)));
    write(&dir, "other/a.py", BAD);
    let outcome = run(dir.path(), &["check", "good", "sub", "other", "--output-format", "concise"]);
    // `good` is not there yet.
    assert_eq!(outcome.code, Some(2), "{}", outcome.err);
    fs::remove_file(dir.path().join(".gitignore")).unwrap();
    survives(&dir);
}

#[test]
fn ignore_files_that_are_none() {
    let dir = tree();
    let fifo = |name: &str| {
        write(&dir, &format!("{name}.away"), "");
        assert!(Command::new("mkfifo").arg(dir.path().join(name)).status().unwrap().success());
    };
    for name in ["a/.gitignore", "b/.ignore", "c/.git/info/exclude", "d/elsewhere/commondir"] {
        fifo(name);
    }
    write(&dir, "d/.git", format!("gitdir: {}\n", dir.path().join("d/elsewhere").display()));
    fs::create_dir(dir.path().join("e")).unwrap();
    symlink("/dev/zero", dir.path().join("e/.gitignore")).unwrap();
    write(&dir, "f/.gitignore", "");
    fs::OpenOptions::new().write(true).open(dir.path().join("f/.gitignore")).unwrap().set_len(1 << 30).unwrap();
    write(&dir, "g/a.py", BAD);
    symlink("/dev/null", dir.path().join("g/.gitignore")).unwrap();
    let told = survives(&dir);
    for (folder, name) in [
        ("a", ".gitignore"),
        ("b", ".ignore"),
        ("c", ".git/info/exclude"),
        ("d", "elsewhere/commondir"),
        ("e", ".gitignore"),
        ("f", ".gitignore"),
    ] {
        assert!(
            told.contains(&format!("skipped {folder}: not entered: its {name} is not a regular file, or huge")),
            "{told}"
        );
    }
    assert!(!told.contains("skipped g"), "{told}");
    // One that holds for all that was given leaves nothing to be done.
    fifo(".gitignore");
    for given in [".", "g", "good"] {
        let outcome = run(dir.path(), &["check", given]);
        assert_eq!(outcome.code, Some(2), "{}", outcome.err);
        assert!(outcome.err.contains(".gitignore: no ignore file to read"), "{}", outcome.err);
    }
    let outcome = run(dir.path(), &["check", "--no-ignore", "--output-format", "concise"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    // A file that is given needs no walk.
    assert_eq!(run(dir.path(), &["check", "good/bad.py"]).code, Some(1));
}

#[test]
fn huge_configurations() {
    let dir = tree();
    write(&dir, "good/bad.py", BAD);
    for (name, text) in [
        ("mixlint.toml", format!("exclude = [{}]\n", "\"a/**\",".repeat(1_200_000))),
        ("mixlint.toml", "x".repeat(10_000_000)),
        ("mixlint.toml", format!("exclude = {}", "[".repeat(10_000_000))),
        ("mixlint.toml", format!("exclude = [\"{}\"]", "{a,".repeat(100_000))),
        (
            "mixlint.toml",
            format!("[[provider]]\nid = 'x'\nname = 'x'\nkey-formats = ['{}']\n", "(a{1,99}){1,99}".repeat(50)),
        ),
    ] {
        write(&dir, name, text);
        let outcome = run(dir.path(), &["check"]);
        assert!(matches!(outcome.code, Some(1 | 2)), "{:?} {}", outcome.code, clip(&outcome.err));
        assert!(!outcome.err.contains("panicked") && outcome.err.len() < 10_000, "{}", clip(&outcome.err));
    }
    fs::remove_file(dir.path().join("mixlint.toml")).unwrap();
    write(&dir, "pyproject.toml", format!("[tool.poetry]\nx = \"{}\"\n", "y".repeat(10_000_000)));
    write(&dir, "package.json", "[".repeat(3_000_000));
    write(&dir, "package-lock.json", format!("{{\"a\": {}", "{\"openai\":".repeat(300_000)));
    write(&dir, "uv.lock", format!("name = \"openai\"\n{}", "[[package]]\n".repeat(200_000)));
    survives(&dir);
}

#[test]
fn much_of_one_thing() {
    let dir = tree();
    let many = |line: &dyn Fn(usize) -> String| (0..300).map(line).collect::<String>();
    let python = "import os\nfrom openai import OpenAI\n";
    write(
        &dir,
        "clients.py",
        format!(
            "{python}{}",
            many(&|n| format!(
                "c{n} = OpenAI(api_key=os.environ['MIXROUTE_API_KEY_{n}'], base_url=os.environ['U{n}'])\n"
            ))
        ),
    );
    write(&dir, "assigns.py", format!("{python}k = ''\n{}OpenAI(api_key=k)\n", many(&|n| format!("k = k + 'x{n}'\n"))));
    write(
        &dir,
        "branches.py",
        format!(
            "{python}k = 'sk-mixroute-key'\n{}OpenAI(api_key=k)\n",
            many(&|n| format!("if a{n}:\n    k = os.environ['MIXROUTE_KEY_{n}']\n"))
        ),
    );
    write(
        &dir,
        "elifs.py",
        format!(
            "{python}if a: k = 1\n{}OpenAI(api_key=k)\n",
            many(&|n| format!("elif a{n} and b{n}: k = 'sk-mixroute-key-{n}'\n"))
        ),
    );
    write(
        &dir,
        "calls.py",
        format!(
            "{python}def f(k):\n    return OpenAI(api_key=k)\n{}",
            many(&|n| format!("f('sk-mixroute-key-{n}')\n"))
        ),
    );
    write(
        &dir,
        "chain.js",
        format!(
            "import OpenAI from 'openai';\nnew OpenAI({{ apiKey: process.env.MIXROUTE_API_KEY }}){};\n",
            many(&|n| format!(".a{n}()"))
        ),
    );
    write(
        &dir,
        "ors.js",
        format!(
            "import OpenAI from 'openai';\nnew OpenAI({{ apiKey: process.env.MIXROUTE_API_KEY{} }});\n",
            many(&|n| format!(" || process.env.K{n}"))
        ),
    );
    write(
        &dir,
        "main.rs",
        format!(
            "use async_openai::config::OpenAIConfig;\nfn main() {{\n{}}}\n",
            many(&|n| format!(
                "let c{n} = OpenAIConfig::new().with_api_key(std::env::var(\"MIXROUTE_API_KEY\").unwrap());\n"
            ))
        ),
    );
    write(
        &dir,
        "many.env",
        many(&|n| format!("A{n}_API_KEY=sk-mixroute-key\nA{n}_BASE_URL=https://api.openai.com/v1\n")),
    );
    write(
        &dir,
        "many.sh",
        many(&|n| {
            format!("export OPENAI_API_KEY=$K{n}\ncurl -H \"Authorization: Bearer $K{n}\" https://api.openai.com/v1\n")
        }),
    );
    write(&dir, "broken.sh", format!("OPENAI_API_KEY=x\n{}", many(&|_| "if ( [[ ${ \"$(".to_owned())));
    write(
        &dir,
        "many.yaml",
        format!(
            "services:\n{}",
            many(&|n| format!("  s{n}:\n    environment:\n      OPENAI_API_KEY: sk-mixroute-key\n"))
        ),
    );
    survives(&dir);
}

#[test]
fn files_that_vanish() {
    let dir = tree();
    for number in 0..600 {
        write(&dir, &format!("gone/f{number}.py"), BAD);
    }
    write(&dir, "good/bad.py", BAD);
    std::thread::scope(|scope| {
        let folder = dir.path().join("gone");
        scope.spawn(move || {
            for number in (0..600).rev() {
                let path = folder.join(format!("f{number}.py"));
                match number % 3 {
                    0 => fs::remove_file(path).unwrap(),
                    1 => fs::write(path, "").unwrap(),
                    _ => fs::write(path, BAD.repeat(50)).unwrap(),
                }
            }
            fs::remove_dir_all(folder).unwrap();
        });
        for _ in 0..4 {
            let outcome = run(dir.path(), &["check", "--output-format", "concise"]);
            assert_eq!(outcome.code, Some(1), "{}", clip(&outcome.err));
            assert!(outcome.out.contains("good/bad.py:2:"));
        }
    });
}

#[test]
fn a_reader_that_has_seen_enough() {
    let dir = tree();
    let client = format!("{}\n", BAD.lines().nth(1).unwrap_or_default());
    write(&dir, "bad.py", BAD.to_owned() + &client.repeat(600));
    for format in ["full", "concise", "json"] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("mixlint"))
            .args(["check", "--output-format", format])
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 16];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{format}: {:?} {err}", output.status);
        assert!(!err.contains("panicked"), "{err}");
    }
    // A disk that is full.
    if let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") {
        let output = Command::new(assert_cmd::cargo::cargo_bin("mixlint"))
            .args(["check"])
            .current_dir(dir.path())
            .stdout(full)
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains("the result cannot be written"), "{err}");
    }
}

/// Nobody reads: each command in each format ends at once and in peace, as in `mixlint check | head`.
#[test]
fn a_pipe_that_is_closed() {
    let dir = tree();
    write(&dir, "bad.py", BAD);
    let saved = run(dir.path(), &["routes", "--output-format", "json"]).out;
    write(&dir, "earlier.json", saved.replace("openai", "other"));
    let of = |command: &'static [&'static str], formats: &[&'static str]| -> Vec<Vec<&'static str>> {
        formats.iter().map(|format| [command, &["--output-format", format]].concat()).collect()
    };
    let mut calls = of(&["check"], &["full", "concise", "json", "github", "gitlab", "sarif"]);
    calls.extend(of(&["routes"], &["text", "json", "mermaid", "dot", "html"]));
    calls.extend(of(&["trace", "Incorrect API key provided: sk-mixro*****-key."], &["text", "json"]));
    calls.extend([
        vec!["check", "--diff", "--unsafe-fixes"],
        vec!["check", "--show-files"],
        vec!["check", "--statistics"],
        vec!["routes", "--diff-base", "earlier.json"],
        vec!["rules"],
        vec!["explain", "mixroute-key-at-openai"],
        vec!["--help"],
        vec!["--version"],
    ]);
    for args in calls {
        let mut program = Command::new(assert_cmd::cargo::cargo_bin("mixlint"));
        program.args(&args).current_dir(dir.path()).stdin(Stdio::null());
        // What would be said is there to be cut off.
        assert!(!program.output().unwrap().stdout.is_empty(), "{args:?}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program.stdout(writer).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {err}");
        assert!(!err.contains("panicked") && !err.contains("error:"), "{args:?}: {err}");
    }
}

#[test]
fn standard_input_of_any_size() {
    let dir = tree();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("mixlint"))
        .args(["check", "-", "--stdin-filename", "a.py"])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::spawn(move || {
        // Whoever stops reading is right.
        for _ in 0..64 {
            if stdin.write_all(&[b'x'; 1 << 20]).is_err() {
                return;
            }
        }
    });
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("larger than"), "{err}");
}
