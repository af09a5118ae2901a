//! A thousand keys, of all formats, in all languages and at every place: not ten characters of a body in a row are in
//! anything that any command writes.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mixlint::analysis::{Alone, Given, Options, analyze};
use mixlint::catalog::Catalog;
use mixlint::config::Config;
use mixlint::language::Language;
use mixlint::prefilter::Prefilter;
use mixlint::report::{self, Files, Style};
use mixlint::source::Source;
use mixlint::text::public_prefix;
use support::keys::series;

mod support;

/// Characters of a body in a row that count as shown.
const WINDOW: usize = 10;

/// Files of every language with a key at one place each. `@` is the key, `«` and `»` are its halves.
const PLACES: &[(&str, &str)] = &[
    ("a.py", "from openai import OpenAI\nOpenAI(api_key='@', base_url='https://api.openai.com/v1')\n"),
    ("a.py", "from openai import OpenAI\nOpenAI(api_key='«' + '»', base_url='https://console.mixroute.io')\n"),
    (
        "a.py",
        "import os\nfrom openai import OpenAI\nOpenAI(api_key=os.getenv('K', '@'), base_url='http://api.openai.com')\n",
    ),
    ("a.py", "from openai import OpenAI\n# was @\nOpenAI(api_key='sk-your-mixroute-key')  # now @\nOLD = '@'\n"),
    (
        "a.py",
        "from openai import OpenAI\ndef f(k='@', u='https://api.openai.com/v1'):\n    return OpenAI(api_key=k, base_url=u)\n",
    ),
    ("a.py", "from openai import OpenAI\nOpenAI(api_key='Bearer @ ', base_url='https://u:@@api.openai.com/v1?k=@')\n"),
    ("a.py", "from openai import OpenAI\nOpenAI(api_key='@', base_url='https://api.openai.com/v1')\nx = (('@'\n"),
    (
        "a.py",
        "import requests\nrequests.post('https://api.openai.com/v1/models/@', headers={'Authorization': 'Bearer @'})\n",
    ),
    (
        "a.py",
        "import os\nos.environ['OPENAI_API_KEY'] = '@'\nos.environ['OPENAI_BASE_URL'] = 'http://api.openai.com/@'\n",
    ),
    ("a.py", "ROWS = {'a': {'api_key': '@', 'base_url': 'https://consle.mixroute.io/v1', 'note': '@'}}\n"),
    (
        "a.py",
        "from openai import OpenAI\nOpenAI(api_key='@')  # mixlint: ignore[foreign-key, @] @\n# mixlint: ignore[foreign-key] @\n",
    ),
    (
        "a.js",
        "const OpenAI = require('openai'); new OpenAI({ apiKey: '@', baseURL: 'https://api.openai.com/v1' }) // @\n",
    ),
    (
        "a.js",
        "import OpenAI from 'openai';\nnew OpenAI({ apiKey: process.env.K || '@', baseUrl: 'https://console.mixroute.io/v1' })\n",
    ),
    (
        "a.ts",
        "import OpenAI from 'openai';\nconst k: string = `@`;\nnew OpenAI({ apiKey: k, baseURL: `https://api.openai.com/${k}` });\n",
    ),
    ("a.ts", "fetch('https://api.openai.com/v1/models', { headers: { Authorization: `Bearer @`, 'x-old': '@' } });\n"),
    (
        "a.tsx",
        "import OpenAI from 'openai';\nexport const A = () => <p title=\"@\">{new OpenAI({ apiKey: '@' })}@</p>;\n",
    ),
    (
        "a.rs",
        "use async_openai::config::OpenAIConfig;\nconst K: &str = \"@\"; // @\nfn main() { OpenAIConfig::new().with_api_key(K).with_api_base(\"https://api.openai.com/v1\"); }\n",
    ),
    (
        "a.rs",
        "use async_openai::config::OpenAIConfig;\nfn main() { OpenAIConfig::new().with_api_key(r#\"@\"#); let x = \"@\"; ( }\n",
    ),
    ("a.sh", "# @\nexport OPENAI_API_KEY=@ OPENAI_BASE_URL=https://api.openai.com/v1\npython app.py --key @\n"),
    ("a.sh", "curl https://api.openai.com/v1/models -H \"Authorization: Bearer ${K:-@}\" -d '{\"k\": \"@\"}'\n"),
    ("a.sh", "cat > .env <<END\nOPENAI_API_KEY=@\nOPENAI_BASE_URL=http://console.mixroute.io/v1\nEND\n"),
    ("a.fish", "set -x OPENAI_API_KEY @ # @\nset -x OPENAI_BASE_URL https://api.openai.com/v1\n"),
    ("a.ps1", "$env:OPENAI_API_KEY = \"@\" # @\n$env:OPENAI_BASE_URL = \"https://api.openai.com/v1\"\n"),
    ("a.bat", "rem @\r\nset OPENAI_API_KEY=@\r\nset OPENAI_BASE_URL=https://api.openai.com/v1\r\n"),
    (
        "Dockerfile",
        "FROM a\n# @\nENV OPENAI_API_KEY=@ OPENAI_BASE_URL=https://api.openai.com/v1\nRUN X=@ python a.py\n",
    ),
    ("Makefile", "K = @\nrun:\n\tOPENAI_API_KEY=@ OPENAI_BASE_URL=https://api.openai.com/v1 python a.py # @\n"),
    ("justfile", "k := '@'\nrun:\n  OPENAI_API_KEY=@ OPENAI_BASE_URL=https://api.openai.com/v1 python a.py\n"),
    (
        "a.service",
        "[Service]\n# @\nEnvironment=OPENAI_API_KEY=@ OPENAI_BASE_URL=https://api.openai.com/v1\nExecStart=/a @\n",
    ),
    ("Procfile", "web: OPENAI_API_KEY=@ OPENAI_BASE_URL=https://api.openai.com/v1 python a.py\n"),
    (".env", "# @\nOPENAI_API_KEY='@ '\nOPENAI_BASE_URL=https://api.openai.com/v1\nOTHER=@\n"),
    (".env.example", "OPENAI_API_KEY=@ # @\nOPENAI_BASE_URL=https://api.openai.com/v1/@\n"),
    (
        "compose.yaml",
        "services:\n  a:\n    command: run @\n    environment:\n      OPENAI_API_KEY: @ # @\n      OPENAI_BASE_URL: https://api.openai.com/v1\n",
    ),
    (
        "compose.yaml",
        "services:\n  a:\n    environment:\n      - OPENAI_API_KEY=@\n      - OPENAI_BASE_URL=http://api.openai.com/\n      - X=@\n",
    ),
    (
        "values.yaml",
        "env:\n  - name: OPENAI_API_KEY\n    value: \"@\"\n  - name: OPENAI_BASE_URL\n    value: https://api.openai.com/v1\nx: [\n",
    ),
    ("a.json", "{\"api_key\": \"@\", \"base_url\": \"https://api.openai.com/v1\", \"note\": \"@\"}\n"),
    ("a.toml", "# @\n[llm]\napi_key = \"@\"\nbase_url = \"https://api.openai.com/v1\"\nnote = '@'\n"),
    (
        "a.ipynb",
        "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"from openai import OpenAI\\n\", \"OpenAI(api_key='@', base_url='https://api.openai.com/v1') # @\"]}], \"metadata\": {}}\n",
    ),
    (
        "a.tf",
        "variable \"openai_api_key\" { default = \"@\" }\nresource \"x\" \"y\" {\n  environment = {\n    OPENAI_API_KEY = \"@\" # @\n    OPENAI_BASE_URL = \"https://api.openai.com/v1\"\n  }\n}\n",
    ),
    ("a.http", "# @\nGET https://api.openai.com/v1/models?k=@\nAuthorization: Bearer @\n"),
    (
        "a.md",
        "@\n```python\nfrom openai import OpenAI\nOpenAI(api_key='@', base_url='https://api.openai.com/v1')\n```\n",
    ),
];

/// The keys, each with the windows of its body that must not be seen.
struct Keys {
    all: Vec<String>,
    windows: HashMap<[u8; WINDOW], usize>,
}

impl Keys {
    fn new() -> Self {
        let all: Vec<String> = (1..).flat_map(series).take(1000).collect();
        let mut windows = HashMap::new();
        for (number, key) in all.iter().enumerate() {
            let body = &key.as_bytes()[public_prefix(key).len()..];
            for window in body.windows(WINDOW) {
                windows.insert(window.try_into().unwrap(), number);
            }
        }
        Self { all, windows }
    }

    fn assert_hidden(&self, output: &[u8], what: &str) {
        for (at, window) in output.windows(WINDOW).enumerate() {
            if let Some(&number) = self.windows.get(window) {
                let line = output[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
                let (file, _) = PLACES[number % PLACES.len()];
                panic!(
                    "{what}: a part of key {number}, of {file} and place {}, is in line {line}",
                    number % PLACES.len()
                );
            }
        }
        // Nothing in a scanned file speaks to the terminal.
        assert!(!output.contains(&0x1b), "{what}: an escape sequence");
    }
}

fn mixlint(dir: &Path, args: &[&str], stdin: &str) -> (i32, Vec<u8>) {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("mixlint"))
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), [output.stdout, output.stderr].concat())
}

fn plant(dir: &Path, keys: &Keys) {
    fs::create_dir(dir.join(".git")).unwrap();
    for (number, key) in keys.all.iter().enumerate() {
        let (name, text) = PLACES[number % PLACES.len()];
        // Every seventh folder is called after its key as well, where that can be told from a hash: Zhipu's begins with one.
        let folder = if number % 7 == 0 && !key.contains('.') { format!("{number}-{key}") } else { number.to_string() };
        let folder = dir.join(folder);
        fs::create_dir(&folder).unwrap();
        let (head, tail) = key.split_at(key.len() / 2);
        let text = text.replace('«', head).replace('»', tail).replace('@', key);
        fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn none_of_a_thousand_keys_is_shown() {
    let keys = Keys::new();
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path(), &keys);
    let (mut outputs, mut bytes, mut findings) = (0, 0, 0);
    let mut run = |args: &[&str], stdin: &str| {
        let (code, output) = mixlint(dir.path(), args, stdin);
        assert!(code < 2, "{args:?}: {}", String::from_utf8_lossy(&output[output.len().saturating_sub(500)..]));
        keys.assert_hidden(&output, &format!("{args:?}"));
        outputs += 1;
        bytes += output.len();
        output
    };
    for format in ["full", "concise", "json", "github", "gitlab", "sarif"] {
        run(&["check", "-vv", "--statistics", "--output-format", format], "");
    }
    let told = run(&["check", "--output-format", "concise", "--no-prefilter"], "");
    findings += told.split(|&byte| byte == b'\n').filter(|line| line.contains(&b'[')).count();
    // Fixes look at everything again and again: two keys at each place are enough.
    let some: Vec<String> = (0..2 * PLACES.len()).map(|number| number.to_string()).collect();
    let some: Vec<&str> = some.iter().map(String::as_str).filter(|name| dir.path().join(name).is_dir()).collect();
    run(&[&["check", "--diff", "--unsafe-fixes"], some.as_slice()].concat(), "");
    run(&[&["check", "--fix", "--unsafe-fixes", "-v"], some.as_slice()].concat(), "");
    run(&["check", "--show-files", "-v"], "");
    for format in ["text", "json", "mermaid", "dot", "html"] {
        run(&["routes", "-vv", "--output-format", format], "");
    }
    let earlier = run(&["routes", "-q", "--output-format", "json"], "");
    let split = earlier.iter().rposition(|&byte| byte == b'}').unwrap();
    fs::write(dir.path().join("earlier.json"), &earlier[..=split]).unwrap();
    run(&["routes", "--diff-base", "earlier.json"], "");
    run(&["check", "-q", "--write-baseline"], "");
    let baseline = fs::read(dir.path().join("mixlint-baseline.json")).unwrap();
    keys.assert_hidden(&baseline, "the baseline");
    run(&["check", "--baseline", "mixlint-baseline.json", "-vv"], "");
    // Error texts, one of each for a part of the keys; the project says where they are written.
    let log: String =
        keys.all.iter().map(|key| format!("Incorrect API key provided: {key}. You can find {key}\n")).collect();
    for format in ["text", "json"] {
        run(&["trace", "-", "-vv", "--output-format", format], &log);
    }
    // Most of the places have something to report: what is hidden would have been shown.
    assert!(findings > 500, "{findings}");
    assert!(bytes > 1_000_000 && outputs > 15, "{bytes} bytes of {outputs} outputs");
    let (keys, places) = (keys.all.len(), PLACES.len());
    println!("{keys} keys at {places} places, {outputs} commands, {bytes} bytes, {findings} findings, 0 keys shown");
}

#[test]
fn error_messages_show_none_of_a_thousand_keys() {
    let keys = Keys::new();
    let app = "from openai import OpenAI\nOpenAI(api_key='sk-your-mixroute-key')\n";
    let source = Source::new("app.py", Language::Python, app);
    let (config, catalog) = (Config::default(), Catalog::builtin());
    let prefilter = Prefilter::new(catalog);
    let given = vec![Given::new(source, PathBuf::from("/app/app.py"), &prefilter, true)];
    let options = Options::new(&config, &prefilter);
    let output = analyze(given, &Alone(Path::new("/app")), &options);
    let root = Path::new("/app");
    let files = Files { sources: &output.sources, secrets: &output.secrets, cwd: root, root };
    let texts: [&dyn Fn(&str) -> String; 6] = [
        &|key| {
            format!(
                "Incorrect API key provided: {key}. You can find your API key at https://platform.openai.com/account/api-keys."
            )
        },
        &|key| format!("httpx.LocalProtocolError: Illegal header value b'Bearer {key} '"),
        &|key| format!("Invalid URL (POST /v1/{key}/chat/completions)\n  File \"/{key}/app.py\", line 2, in {key}"),
        &|key| format!("getaddrinfo ENOTFOUND {key}.api.openai.com https://api.openai.com/v1/{key}?k={key}"),
        &|key| format!("{{\\\"error\\\": {{\\\"message\\\": \\\"invalid key {key}\\\"}}}}\u{1b}[31m{key}"),
        &|key| format!("Incorrect API key provided: {}****{}", &key[..key.len() - 6], &key[key.len() - 4..]),
    ];
    for (number, key) in keys.all.iter().enumerate() {
        let text = texts[number % texts.len()](key);
        let answer = mixlint::trace::trace(catalog, &output, &text);
        let mut told = Vec::new();
        report::answer(&mut told, number % 2 == 0, &files, catalog, &answer, Style::default()).unwrap();
        keys.assert_hidden(&told, &format!("trace, message {}", number % texts.len()));
    }
}

/// A file's name, and its text for a key.
type Broken<'a> = &'a dyn Fn(&str) -> (&'static str, String);

#[test]
fn broken_configurations_and_baselines_show_none() {
    let keys = Keys::new();
    let project = support::project([("app.py", "x = 1\n")]);
    let texts: [Broken<'_>; 8] = [
        &|key| ("mixlint.toml", format!("[environment]\nX = '{key}\n")),
        &|key| ("mixlint.toml", format!("'{key}' = 1\n")),
        &|key| ("mixlint.toml", format!("[keys]\nX = '{key}'\n")),
        &|key| ("mixlint.toml", format!("exclude = ['[{key}']\nselect = ['{key}']\n")),
        &|key| ("mixlint.toml", format!("[[provider]]\nid = '{key}'\nkey-formats = ['({key}']\n")),
        &|key| ("mixlint.toml", format!("[environment]\nX = {{ {key} = '{key}' }}\n")),
        &|key| ("base.json", format!("{{\"{key}\": [\"{key}\"")),
        &|key| ("base.json", format!("{{\"version\": \"{key}\", \"findings\": [{{\"rule\": \"{key}\"}}]}}")),
    ];
    let mut refused = 0;
    for (number, key) in keys.all.iter().enumerate().step_by(7) {
        let (name, text) = texts[number / 7 % texts.len()](key);
        let path = project.path().join(name);
        fs::write(&path, text).unwrap();
        let (code, output) = mixlint(project.path(), &["check", "-vv", "--baseline", "base.json"], "");
        keys.assert_hidden(&output, &format!("a broken {name}, {}", number / 7 % texts.len()));
        refused += usize::from(code == 2);
        fs::remove_file(path).unwrap();
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_panic_shows_none() {
    let keys = Keys::new();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = told.clone();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| mixlint::cli::tell_panic(info, &mut *sink.lock().unwrap())));
    for key in &keys.all {
        let key = key.clone();
        assert!(std::thread::spawn(move || panic!("cannot slice {key}")).join().is_err());
    }
    std::panic::set_hook(before);
    let told = told.lock().unwrap();
    keys.assert_hidden(&told, "the panic hook");
    assert!(String::from_utf8_lossy(&told).lines().count() >= 1000);
}
