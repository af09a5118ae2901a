//! No key ever reaches an output: keys of all formats, in all languages and places, through every format, verbosity and
//! error path.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use support::keys::keys;

mod support;

/// A project that holds a key at every kind of place.
fn plant(dir: &Path, key: &str) {
    let (head, tail) = key.split_at(key.len() / 2);
    let files = [
        (
            "parts.py",
            format!(
                "import os\nfrom openai import OpenAI\nU = 'http://api.openai.com/v1'\n\
                 OpenAI(api_key='{head}' + '{tail}', base_url=U)\n\
                 OpenAI(api_key='{head}' '{tail}', base_url='http://api.openai.com')\n\
                 OpenAI(api_key=f'{key}', base_url='http://api.openai.com')\n\
                 OpenAI(api_key=b'{key}'.decode(), base_url='http://api.openai.com')\n\
                 OpenAI(api_key='''\n{key}\n''', base_url='http://api.openai.com')\n\
                 OpenAI(api_key=os.environ['{key}'], base_url='http://api.openai.com')\n\
                 OpenAI(api_key=os.environ['MIXROUTE_KEY'], base_url='http://api.openai.com/{key}')\n\
                 OpenAI(api_key=os.environ['MIXROUTE_KEY'], base_url='http://{key}@api.openai.com/#{key}')\n\
                 OpenAI(api_key=os.environ['MIXROUTE_KEY'], base_url='http://{key}.api.openai.com/')\n\
                 OpenAI(api_key='https://api.openai.com/{key}', base_url='{key}', organization='{key}')\n\
                 X = ['{key}', 'http://api.openai.com/']\nOpenAI(api_key=X[0], base_url=X[1])\n"
            ),
        ),
        (
            "view.tsx",
            format!(
                "import OpenAI from 'openai';\nconst rows = {{ mixroute: '{key}' }};\n\
                 export const A = () => <p data-x=\"{key}\">{key}{{new OpenAI({{ apiKey: process.env.K ?? '{key}', \
                 baseURL: 'http://api.openai.com/v1' }})}}</p>;\n\
                 new OpenAI({{ apiKey: rows.mixroute, baseURL: 'http://api.openai.com/v1', \
                 defaultHeaders: {{ 'x-y': '{key}' }} }});\n"
            ),
        ),
        (
            "parts.sh",
            format!(
                "cat <<END\n{key}\nEND\nK={key}\n\
                 curl -H \"Authorization: Bearer $K\" http://api.openai.com/v1/models\n\
                 OPENAI_BASE_URL=http://api.openai.com/ OPENAI_API_KEY={key} python app.py\n\
                 curl http://api.openai.com/v1/models -H \"Authorization: Bearer ${{K:-{key}}}\" -d '{{\"k\":\"{key}\"}}'\n"
            ),
        ),
        (
            "list.yaml",
            format!(
                "services:\n  a:\n    environment:\n      - OPENAI_API_KEY={key}\n      \
                 - OPENAI_BASE_URL=http://api.openai.com/\n      - \"X={key}\"\n  b:\n    environment:\n      \
                 OPENAI_API_KEY: >-\n        {key}\n      OPENAI_BASE_URL: http://console.mixroute.io\n"
            ),
        ),
        (
            "app.py",
            format!(
                "import os, requests\nfrom openai import OpenAI\nbefore = '{key}'  # {key}\n\
                 a = OpenAI(api_key='{key}', base_url='https://api.openai.com/v1')  # {key}\nafter = \"{key}\"\n\
                 b = OpenAI(api_key=os.getenv('K', '{key}'), base_url='https://console.mixroute.io')\n\
                 ROWS = {{'x': {{'api_key': '{key}', 'url': 'https://consle.mixroute.io/v1'}}}}\n\
                 c = OpenAI(api_key=ROWS['x']['api_key'], base_url=ROWS['x']['url'])\n\
                 d = OpenAI(api_key='Bearer {key}', base_url='http://u:{key}@api.openai.com/v1?key={key}')\n\
                 def f(k='{key}'): return OpenAI(api_key=k)\n\
                 requests.post('https://api.openai.com/v1/chat/completions?k={key}', headers={{'Authorization': 'Bearer {key}'}})\n\
                 # mixlint: ignore[{key}] {key}\n"
            ),
        ),
        (
            "app.ts",
            format!(
                "import OpenAI from 'openai';\nconst k = '{key}'; // {key}\n\
                 new OpenAI({{ apiKey: k, baseURL: 'https://api.openai.com/v1' }}); /* {key} */\n\
                 new OpenAI({{ apiKey: `{key}` }});\n\
                 fetch('https://api.openai.com/v1/models', {{ headers: {{ Authorization: `Bearer {key}` }} }});\n"
            ),
        ),
        (
            "main.rs",
            format!(
                "use async_openai::config::OpenAIConfig;\nconst KEY: &str = \"{key}\"; // {key}\nfn main() {{\n    \
                 let c = OpenAIConfig::new().with_api_key(KEY).with_api_base(\"https://api.openai.com/v1\");\n    \
                 let d = OpenAIConfig::new().with_api_key(\"{key}\");\n}}\n"
            ),
        ),
        (
            "run.sh",
            format!(
                "export OPENAI_API_KEY={key} # {key}\nexport OPENAI_BASE_URL=https://api.openai.com/v1\n\
                 curl https://console.mixroute.io/v1/models -H \"Authorization: Bearer {key}\"\ncurl -u :{key} https://api.openai.com/v1\n"
            ),
        ),
        (
            ".env",
            format!("# {key}\nOPENAI_API_KEY=\"{key} \"\nOPENAI_BASE_URL=https://api.openai.com/v1\nOTHER={key}\n"),
        ),
        (
            "compose.yaml",
            format!(
                "services:\n  web:\n    environment:\n      OPENAI_API_KEY: {key} # {key}\n      \
                 OPENAI_BASE_URL: https://api.openai.com/v1\n      NOTE: \"{key}\"\n"
            ),
        ),
        (
            "broken.py",
            format!(
                "from openai import OpenAI\nOpenAI(api_key='{key}', base_url='https://api.openai.com/v1')\n{key} = ((\n"
            ),
        ),
        ("broken.rs", format!("use async_openai; fn main( {{ let k = \"{key}\"; \n")),
        ("broken.yaml", format!("a: [b\nOPENAI_API_KEY: {key}\n  - {key}: {{\n")),
    ];
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
    let path = dir.join(format!("{key}.py"));
    fs::write(path, format!("from openai import OpenAI\nOpenAI(api_key='{key}')\n")).unwrap();
}

fn run(dir: &Path, args: &[&str]) -> (i32, Vec<u8>) {
    let output = Command::new(assert_cmd::cargo::cargo_bin("mixlint")).args(args).current_dir(dir).output().unwrap();
    (output.status.code().unwrap(), [output.stdout, output.stderr].concat())
}

/// No eight characters of a key's body in a row stand in an output.
fn assert_hidden(key: &str, output: &[u8], what: &str) {
    let text = String::from_utf8_lossy(output);
    let visible = mixlint::text::public_prefix(key).len();
    for start in visible..key.len() - 8 {
        let window = &key[start..start + 8];
        let line = text.lines().position(|line| line.contains(window));
        assert!(line.is_none(), "{what}: a part of `{}…` stands in line {}", &key[..visible], line.unwrap_or(0) + 1);
    }
}

#[test]
fn no_output_shows_a_key() {
    let mut outputs = 0;
    for key in keys() {
        let dir = tempfile::tempdir().unwrap();
        plant(dir.path(), &key);
        let check = |format: &'static str| vec!["check", "-vv", "--statistics", "--output-format", format];
        for args in [
            check("full"),
            check("concise"),
            check("json"),
            check("github"),
            check("gitlab"),
            check("sarif"),
            vec!["check", "--color", "always"],
            vec!["routes", "-vv"],
            vec!["routes", "--output-format", "json"],
            vec!["routes", "--output-format", "mermaid"],
            vec!["routes", "--output-format", "dot"],
            vec!["routes", "--output-format", "html"],
            vec!["check", "--show-files"],
            vec!["check", "--no-prefilter", "--output-format", "concise"],
        ] {
            let (code, output) = run(dir.path(), &args);
            assert!(code == 0 || code == 1, "{args:?} ended with {code}: {}", String::from_utf8_lossy(&output));
            assert_hidden(&key, &output, &format!("{args:?}"));
            outputs += 1;
        }
        for message in [
            format!(
                "Incorrect API key provided: {key}. You can find your API key at https://platform.openai.com/account/api-keys."
            ),
            format!("httpx.LocalProtocolError: Illegal header value b'Bearer {key} '"),
            format!("curl -H 'Authorization: Bearer {key}' https://api.openai.com/v1/{key}?key={key}\n{key}"),
            format!(
                "{{\\\"error\\\": \\\"Your api key: {key} is invalid\\\"}} getaddrinfo ENOTFOUND {key}.api.openai.com"
            ),
            format!("Invalid URL (POST /v1/{key}/chat/completions) File \"/{key}/app.py\", line 4"),
            format!("Incorrect API key provided: {}****{}", &key[..key.len() - 10], &key[key.len() - 6..]),
        ] {
            let format = if outputs % 3 == 0 { "json" } else { "text" };
            let (code, output) = run(dir.path(), &["trace", "-vv", &message, "--output-format", format]);
            assert!(code == 0 || code == 1, "{}", String::from_utf8_lossy(&output));
            assert_hidden(&key, &output, &format!("trace: {}", &message[..20]));
            outputs += 1;
        }
        let paths = [vec!["check", key.as_str()], vec!["check", "--config", key.as_str()]];
        let names = [
            vec!["check", "--select", key.as_str()],
            vec!["explain", key.as_str()],
            vec![key.as_str()],
            vec!["check", "--color", key.as_str()],
            vec!["check", "-j", key.as_str()],
        ];
        let vendor = !mixlint::text::public_prefix(&key).is_empty();
        for args in names.into_iter().chain(paths.into_iter().filter(|_| vendor)) {
            let (code, output) = run(dir.path(), &args);
            assert_eq!(code, 2);
            assert_hidden(&key, &output, &format!("{} with a key for an argument", args[0]));
            outputs += 1;
        }
        for config in [
            format!("[environment]\nX = '{key}\n"),
            format!("'{key}' = 1\n"),
            format!("[keys]\nX = '{key}'\n"),
            format!("select = ['{key}']\n"),
            format!("[severity]\nforeign-key = '{key}'\n"),
        ] {
            fs::write(dir.path().join("mixlint.toml"), config).unwrap();
            let (code, output) = run(dir.path(), &["check"]);
            assert_eq!(code, 2);
            assert_hidden(&key, &output, "a broken configuration");
            outputs += 1;
        }
    }
    assert!(outputs >= keys().len() * 15);
}

/// The planted findings are really there: what is hidden above would have been shown.
#[test]
fn the_planted_findings_are_found() {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path(), &keys()[4]);
    let (code, output) = run(dir.path(), &["check", "--output-format", "concise"]);
    assert_eq!(code, 1);
    let text = String::from_utf8_lossy(&output);
    for file in [
        "app.py:4:",
        "app.ts:3:",
        "main.rs:4:",
        "run.sh:2:",
        ".env:3:",
        "compose.yaml:5:",
        "broken.py:2:",
        "parts.py:3:",
        "parts.py:10:",
        "view.tsx:3:",
        "view.tsx:4:",
        "parts.sh:5:",
        "list.yaml:5:",
    ] {
        assert!(text.contains(file), "{file} is missing in\n{text}");
    }
}
