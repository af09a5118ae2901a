//! What each stage costs on fixed inputs: `cargo bench --bench micro`.
//!
//! Figures are for people who change a stage. Nothing here passes or fails.

#![allow(missing_docs, clippy::unwrap_used)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use mixlint::analysis::{Alone, Given, Options, Output, analyze};
use mixlint::catalog::Catalog;
use mixlint::cli::{self, Host};
use mixlint::config::Config;
use mixlint::language::Language;
use mixlint::prefilter::Prefilter;
use mixlint::source::Source;

fn main() {
    divan::main();
}

/// A file of each language, with the settings of a client in it.
const SAMPLES: [(&str, &str); 9] = [
    (
        "a.py",
        "from openai import OpenAI\n\n\nclass Bot:\n    def __init__(self, key: str, *, retries: int = 3) -> None:\n        \
         self.client = OpenAI(api_key=key or os.environ[\"OPENAI_API_KEY\"], max_retries=retries)\n\n    \
         async def ask(self, text: str) -> str:\n        return [part for part in text.split() if part]\n\n\n",
    ),
    (
        "a.js",
        "import OpenAI from \"openai\";\nexport class Bot {\n  constructor(key, { retries = 3 } = {}) {\n    this.client = \
         new OpenAI({ apiKey: key ?? process.env.OPENAI_API_KEY, maxRetries: retries });\n  }\n  \
         async ask(text) { return text.split(\" \").filter((part) => part); }\n}\n",
    ),
    (
        "a.ts",
        "import OpenAI from \"openai\";\nexport class Bot<T extends string> {\n  private client: OpenAI;\n  \
         constructor(key?: T) {\n    this.client = new OpenAI({ apiKey: key ?? process.env.OPENAI_API_KEY });\n  }\n}\n",
    ),
    (
        "a.rs",
        "pub fn client(key: Option<String>) -> Client<OpenAIConfig> {\n    let key = key.unwrap_or_else(|| \
         std::env::var(\"OPENAI_API_KEY\").expect(\"a key\"));\n    Client::with_config(OpenAIConfig::new().with_api_key(key))\n}\n",
    ),
    (
        "a.sh",
        "export OPENAI_API_KEY=\"${KEY:-sk-your-openai-key}\"\nif [ -n \"$1\" ]; then\n  python app.py --retries 3\nfi\n",
    ),
    (".env", "# Settings\nOPENAI_API_KEY=sk-your-openai-key\nOPENAI_BASE_URL=\"https://api.openai.com/v1\"\n"),
    (
        "a.yaml",
        "---\nservices:\n  app:\n    image: app\n    environment:\n      OPENAI_API_KEY: sk-your-openai-key\n      \
         OPENAI_BASE_URL: https://api.openai.com/v1\n",
    ),
    (
        "a.toml",
        "[[models]]\nname = \"gpt\"\napi_key = \"sk-your-openai-key\"\nbase_url = \"https://api.openai.com/v1\"\n",
    ),
    (
        "Dockerfile",
        "FROM python:3\nENV OPENAI_API_KEY=sk-your-openai-key OPENAI_BASE_URL=https://api.openai.com/v1\nRUN pip install .\n",
    ),
];

/// About so many bytes of each sample.
const BYTES: usize = 64 << 10;

fn sample(name: &str) -> Source {
    let (name, text) = SAMPLES.iter().find(|(known, _)| *known == name).unwrap();
    Source::new(*name, Language::of_name(name).unwrap(), text.repeat(BYTES / text.len()))
}

/// Prose with the words that many files have, and none that matters.
fn quiet() -> Source {
    let text = "def parse(token, url):\n    \"\"\"See https://example.org/docs.\"\"\"\n    return self._key[token]\n\n";
    Source::new("quiet.py", Language::Python, text.repeat(BYTES / text.len()))
}

#[divan::bench]
fn words_of_the_prefilter() -> bool {
    // What a run over many files pays once.
    let prefilter = Prefilter::new(Catalog::builtin());
    prefilter.look(black_box(&quiet()), true).admitted
}

#[divan::bench]
fn look_at_a_file_that_says_nothing(bencher: Bencher<'_, '_>) {
    let (prefilter, source) = (Prefilter::new(Catalog::builtin()), quiet());
    bencher.counter(BytesCount::of_str(&source.text)).bench(|| prefilter.look(black_box(&source), true));
}

#[divan::bench(args = SAMPLES.map(|(name, _)| name))]
fn look(bencher: Bencher<'_, '_>, name: &str) {
    let (prefilter, source) = (Prefilter::new(Catalog::builtin()), sample(name));
    bencher.counter(BytesCount::of_str(&source.text)).bench(|| prefilter.look(black_box(&source), true));
}

#[divan::bench(args = SAMPLES.map(|(name, _)| name))]
fn extract(bencher: Bencher<'_, '_>, name: &str) {
    let source = sample(name);
    bencher
        .counter(BytesCount::of_str(&source.text))
        .bench(|| mixlint::extract::extract(black_box(&source)).unwrap().blocks.len());
}

/// So many clients, each with a key that comes over three assignments and a branch.
fn program(clients: usize) -> String {
    let client = |number| {
        format!(
            "key{number} = os.environ[\"MIXROUTE_API_KEY\"]\nbase{number} = None\nif debug:\n    base{number} = \
             \"https://console.mixroute.io/v1\"\nclient{number} = OpenAI(api_key=key{number}, base_url=base{number})\n"
        )
    };
    let head = "import os\nfrom openai import OpenAI\ndebug = os.getenv(\"DEBUG\")\n".to_owned();
    head + &(0..clients).map(client).collect::<String>()
}

fn resolved(source: Source) -> Output {
    let (config, catalog) = (Config::default(), Catalog::builtin());
    let prefilter = Prefilter::new(catalog);
    let given = vec![Given::taken(source, PathBuf::from("/app/app.py"))];
    let options = Options::new(&config, &prefilter);
    analyze(given, &Alone(Path::new("/app")), &options)
}

#[divan::bench(args = [10, 100, 1000])]
fn resolve_clients(bencher: Bencher<'_, '_>, clients: usize) {
    let text = program(clients);
    bencher
        .counter(ItemsCount::new(clients))
        .with_inputs(|| Source::new("app.py", Language::Python, text.clone()))
        .bench_values(|source| resolved(source).clients);
}

#[divan::bench(args = ["full", "concise", "json", "github", "gitlab", "sarif"])]
fn check_and_report(bencher: Bencher<'_, '_>, format: &str) {
    // The same 200 findings in each format: the differences are the reports'.
    let dir = tempfile::tempdir().unwrap();
    let wrong = "import os\nfrom openai import OpenAI\n".to_owned()
        + &"OpenAI(api_key=os.environ[\"MIXROUTE_API_KEY\"], base_url=\"https://api.openai.com/v1\")\n".repeat(200);
    std::fs::write(dir.path().join("app.py"), wrong).unwrap();
    bencher.bench(|| {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let args = ["mixlint", "check", "--no-config", "--output-format", format].map(OsString::from);
        let host = Host {
            stdin: &mut std::io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            cwd: dir.path().to_path_buf(),
            env: &|_| None,
            terminal: false,
        };
        cli::run(args, host);
        stdout.len()
    });
}
