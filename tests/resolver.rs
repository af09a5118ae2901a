//! What is resolved: small programs in `fixtures/resolve/*.txt`, each with the findings and routes that it must give.
//!
//! ```text
//! === what it is about
//! known: what is still wrong, for a case that does not hold yet
//! --- app.py
//! source
//! --- expected
//! error app.py:5 mixroute-key-at-openai
//! route MIXROUTE_API_KEY -> https://api.openai.com/v1
//! ```
//!
//! The routes are stated also where nothing is found, so that silence cannot come from seeing nothing.

#![allow(clippy::unwrap_used)]

mod support;

use std::fmt::Write;
use std::path::Path;

use proptest::prelude::*;
use support::{diff, findings, project, routes};

#[derive(Default)]
struct Case<'a> {
    name: &'a str,
    known: Option<&'a str>,
    files: Vec<(&'a str, String)>,
    expected: Vec<String>,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    let mut section = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case { name, ..Case::default() });
            section = None;
            continue;
        }
        // What stands before the first case, and before a case's first file, is for people.
        let Some(case) = cases.last_mut() else { continue };
        if let Some(name) = line.strip_prefix("--- ") {
            section = Some(name);
            if name != "expected" {
                case.files.push((name, String::new()));
            }
        } else if section == Some("expected") {
            case.expected.extend(Some(line.to_owned()).filter(|line| !line.is_empty()));
        } else if section.is_some() {
            let (_, text) = case.files.last_mut().unwrap();
            writeln!(text, "{line}").unwrap();
        } else if let Some(why) = line.strip_prefix("known: ") {
            case.known = Some(why);
        }
    }
    cases
}

#[test]
fn programs_resolve_as_stated() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/resolve");
    let mut failures = String::new();
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for mut case in cases(&text) {
            let dir = project(case.files.iter().map(|(name, text)| (*name, text.as_str())));
            let mut got = findings(dir.path());
            got.extend(routes(dir.path()));
            case.expected.sort();
            got.sort();
            let name = format!("{}: {}", entry.file_name().display(), case.name);
            match (case.expected == got, case.known) {
                (true, None) | (false, Some(_)) => {}
                (true, Some(_)) => writeln!(failures, "{name}: holds now, take its `known:` away").unwrap(),
                (false, None) => writeln!(failures, "{name}:\n{}", diff(&case.expected, &got)).unwrap(),
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// However long a table is, the row that fits a key may be the one that is not looked at.
#[test]
fn long_tables_give_no_false_alarm() {
    for rows in [2, 12, 13, 31, 32, 33, 40, 41, 96, 97, 199, 200, 201, 500] {
        for place in [0, rows / 2, rows - 1] {
            let mut table = String::from("import os\nfrom openai import OpenAI\n\nMODELS = {\n");
            for row in 0..rows {
                let url = if row == place { "https://console.mixroute.io/v1" } else { "https://api.openai.com/v1" };
                writeln!(table, "    \"m{row}\": {{\"url\": \"{url}\", \"limit\": {row}}},").unwrap();
            }
            table.push_str("}\n\ndef ask(name):\n    row = MODELS[name]\n");
            table.push_str("    return OpenAI(api_key=os.environ[\"MIXROUTE_API_KEY\"], base_url=row[\"url\"])\n");
            let dir = project([("app.py", table.as_str())]);
            assert_eq!(findings(dir.path()), Vec::<String>::new(), "{rows} rows, the right one is {place}");
            assert!(!routes(dir.path()).is_empty());
        }
    }
}

/// Ways to hand a key and a URL on: statements, and then what holds the key and the URL. `K` and `U` are what held them
/// before, `@` is a name of this step's own.
type Step = [&'static str; 3];

const PYTHON_STEPS: &[Step] = &[
    ["@a = K\n@b = U\n", "@a", "@b"],
    ["@a, @b = K, U\n", "@a", "@b"],
    ["@b = U\n@a = None\n@a = K\n", "@a", "@b"],
    ["@ = {\"k\": K, \"u\": U}\n", "@[\"k\"]", "@[\"u\"]"],
    ["@ = {\"row\": {\"k\": K, \"u\": U}, \"other\": {}}\n", "@[\"row\"].get(\"k\")", "@[\"row\"][\"u\"]"],
    ["@ = dict(k=K)\n@[\"u\"] = U\n", "@[\"k\"]", "@[\"u\"]"],
    ["@ = (K, U)\n", "@[0]", "@[1]"],
    ["@a, (@b, @c) = U, (K, 1)\n", "@b", "@a"],
    ["def @(k, u):\n    return k, u\n@a, @b = @(K, U)\n", "@a", "@b"],
    ["def @(u, k=None):\n    row = {\"k\": k, \"u\": u}\n    return row\n@a = @(U, k=K)\n", "@a[\"k\"]", "@a[\"u\"]"],
    ["class @:\n    k = K\n    u = U\n", "@.k", "@.u"],
    ["class @:\n    def __init__(self, k, u):\n        self.k = k\n        self.u = u\n@a = @(K, U)\n", "@a.k", "@a.u"],
    ["if flag():\n    @a, @b = K, U\nelse:\n    @b = U\n    @a = K\n", "@a", "@b"],
    ["@a = K\n@b = U if flag() else U\n", "@a", "@b"],
    ["@a = K.strip()\n@b = f\"{U}\"\n", "@a", "@b"],
];

const JAVASCRIPT_STEPS: &[Step] = &[
    ["const @a = K;\nconst @b = U;\n", "@a", "@b"],
    ["const [@a, @b] = [K, U];\n", "@a", "@b"],
    ["let @a;\nlet @b = U;\n@a = K;\n", "@a", "@b"],
    ["const @ = { k: K, u: U };\n", "@.k", "@[\"u\"]"],
    ["const { k: @a, u: @b } = { u: U, k: K };\n", "@a", "@b"],
    ["const @ = { row: { k: K, u: U }, other: {} };\n", "@.row.k", "@.row.u"],
    ["const @a = { k: K };\nconst @b = { ...@a, u: U };\n", "@b.k", "@b.u"],
    ["const @ = {};\n@.k = K;\n@.u = U;\n", "@.k", "@.u"],
    ["function @(k, u) {\n  return [k, u];\n}\nconst [@a, @b] = @(K, U);\n", "@a", "@b"],
    ["const @ = ({ k, u }) => ({ k, u });\nconst @a = @({ k: K, u: U });\n", "@a.k", "@a.u"],
    [
        "class @ {\n  constructor(k, u) {\n    this.k = k;\n    this.u = u;\n  }\n}\nconst @a = new @(K, U);\n",
        "@a.k",
        "@a.u",
    ],
    ["let @a, @b;\nif (flag()) {\n  @a = K;\n  @b = U;\n} else {\n  [@a, @b] = [K, U];\n}\n", "@a", "@b"],
    ["const @a = K;\nconst @b = `${flag() ? U : U}`;\n", "@a", "@b"],
];

const RUST_STEPS: &[Step] = &[
    ["let @a = K;\nlet @b = U;\n", "@a", "@b"],
    ["let (@a, @b) = (K, U);\n", "@a", "@b"],
    ["let @a;\nlet mut @b = \"\".to_owned();\n@a = K;\n@b = U;\n", "@a", "@b"],
    ["let (@a, (@b, _)) = (U, (K, 1));\n", "@b", "@a"],
    ["let @ = (K, U);\n", "@.0", "@.1"],
    ["struct S@ { k: String, u: String }\nlet @ = S@ { u: U, k: K };\n", "@.k", "@.u"],
    ["fn @(k: String, u: String) -> (String, String) {\n    (k, u)\n}\nlet (@a, @b) = @(K, U);\n", "@a", "@b"],
    ["let (@a, @b) = if flag() { (K, U) } else { (K, U) };\n", "@a", "@b"],
    ["let @a = K.clone();\nlet @b = format!(\"{}\", U);\n", "@a", "@b"],
    ["let @a = { let inner = K; inner };\nlet @b = match flag() { true => U, false => U };\n", "@a", "@b"],
];

/// A language: the steps, what stands around them, the two values and the client.
struct Grammar {
    file: &'static str,
    head: &'static str,
    key: &'static str,
    client: &'static str,
    tail: &'static str,
    steps: &'static [Step],
}

const GRAMMARS: [Grammar; 3] = [
    Grammar {
        file: "app.py",
        head: "import os\nfrom openai import OpenAI\n\n",
        key: "os.environ[\"MIXROUTE_API_KEY\"]",
        client: "client = OpenAI(api_key=K, base_url=U)\n",
        tail: "",
        steps: PYTHON_STEPS,
    },
    Grammar {
        file: "app.mjs",
        head: "import OpenAI from \"openai\";\n\n",
        key: "process.env.MIXROUTE_API_KEY",
        client: "const client = new OpenAI({ apiKey: K, baseURL: U });\n",
        tail: "",
        steps: JAVASCRIPT_STEPS,
    },
    Grammar {
        file: "main.rs",
        head: "use async_openai::{Client, config::OpenAIConfig};\n\nfn main() {\n",
        key: "std::env::var(\"MIXROUTE_API_KEY\").unwrap()",
        client: "let client = Client::with_config(OpenAIConfig::new().with_api_key(K).with_api_base(U));\n",
        tail: "}\n",
        steps: RUST_STEPS,
    },
];

/// One program: the picks choose the steps, the names are their own ones.
fn chain(grammar: &Grammar, url: &str, picks: &[(usize, String)]) -> String {
    let url = format!("\"{url}\"");
    let (mut key, mut url) = (grammar.key.to_owned(), url);
    let mut text = grammar.head.to_owned();
    for (number, (pick, name)) in picks.iter().enumerate() {
        let own = format!("{name}{number}");
        let fill = |template: &str| {
            // Marks first: what they stand for may hold the letters of another.
            let marked = template.replace('K', "\u{1}").replace('U', "\u{2}").replace('@', &own);
            marked.replace('\u{1}', &key).replace('\u{2}', &url)
        };
        let [statements, next_key, next_url] = grammar.steps[pick % grammar.steps.len()].map(fill);
        text.push_str(&statements);
        (key, url) = (next_key, next_url);
    }
    let client = grammar.client.replace("=K", "=\u{1}").replace(": K", ": \u{1}").replace("(K", "(\u{1}");
    let client = client.replace("=U", "=\u{2}").replace(": U", ": \u{2}").replace("(U", "(\u{2}");
    text + &client.replace('\u{1}', &key).replace('\u{2}', &url) + grammar.tail
}

fn rules(file: &str, text: &str) -> Vec<String> {
    let dir = project([(file, text)]);
    let found = findings(dir.path());
    // The severity and the rule: where they are is not the same in programs that are arranged differently.
    let mut rules: Vec<String> = found
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            format!("{} {}", words[0], words[2])
        })
        .collect();
    rules.sort();
    rules
}

const MIXROUTE: &str = "https://console.mixroute.io/v1";
const OPENAI: &str = "https://api.openai.com/v1";

/// Each step of each language alone: says which one is at fault when the chains fail.
#[test]
fn each_step_hands_both_values_on() {
    let mut failures = String::new();
    for grammar in &GRAMMARS {
        for pick in 0..grammar.steps.len() {
            let text = chain(grammar, OPENAI, &[(pick, "v".to_owned())]);
            let dir = project([(grammar.file, text.as_str())]);
            let got = routes(dir.path());
            if got != [format!("route MIXROUTE_API_KEY -> {OPENAI}")] {
                writeln!(failures, "{text}{got:#?}").unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

const PYTHON_WRAPPERS: [&str; 8] = [
    "def outer():",
    "if flag():",
    "class Outer:\n    def method(self):",
    "for _ in range(3):",
    "with lock:",
    "while flag():",
    "async def outer(self):",
    "try:",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn a_chain_gives_one_route(
        picks in prop::collection::vec((any::<usize>(), "v_[a-z]{0,6}"), 0..6),
        language in 0..GRAMMARS.len(),
        right in any::<bool>(),
    ) {
        let grammar = &GRAMMARS[language];
        let url = if right { MIXROUTE } else { OPENAI };
        let text = chain(grammar, url, &picks);
        let dir = project([(grammar.file, text.as_str())]);
        prop_assert_eq!(routes(dir.path()), [format!("route MIXROUTE_API_KEY -> {url}")], "{}", text);
        let expected: &[&str] = if right { &[] } else { &["error mixroute-key-at-openai"] };
        let mut found = rules(grammar.file, &text);
        // Two literals of the same URL are two places.
        found.dedup();
        prop_assert_eq!(found, expected, "{}", text);
    }

    #[test]
    fn names_do_not_matter(
        picks in prop::collection::vec(any::<usize>(), 1..6),
        names in prop::collection::vec("[a-z][a-z_]{0,8}_", 5),
        language in 0..GRAMMARS.len(),
    ) {
        let grammar = &GRAMMARS[language];
        let with = |name: &dyn Fn(usize) -> String| {
            let picks: Vec<_> = picks.iter().enumerate().map(|(at, &pick)| (pick, name(at))).collect();
            chain(grammar, OPENAI, &picks)
        };
        let renamed = with(&|at| names[at].clone());
        prop_assert_eq!(rules(grammar.file, &with(&|_| "v".into())), rules(grammar.file, &renamed), "{}", renamed);
    }

    #[test]
    fn the_order_of_independent_statements_does_not_matter(
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        clients in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let keys = ["MIXROUTE_API_KEY", "OPENAI_OFFICIAL_KEY", "GROQ_API_KEY"];
        let program = |order: &[usize], clients: &[usize]| {
            let mut text = String::from("import os\nfrom openai import OpenAI\n\n");
            for at in order {
                let (key, url) = (keys[at % 3], if at % 2 == 0 { MIXROUTE } else { OPENAI });
                writeln!(text, "u{at} = \"{url}\"\nk{at} = os.environ[\"{key}\"]").unwrap();
            }
            for at in clients {
                writeln!(text, "c{at} = OpenAI(api_key=k{at}, base_url=u{at})").unwrap();
            }
            text
        };
        let shuffled = program(&order, &clients);
        let expected = [
            "error foreign-key", "error foreign-key", "error mixroute-key-at-openai", "error openai-key-at-mixroute",
        ];
        prop_assert_eq!(rules("app.py", &shuffled), expected, "{}", shuffled);
    }

    #[test]
    fn blocks_around_a_program_do_not_matter(
        picks in prop::collection::vec((any::<usize>(), "v_[a-z]{0,6}"), 0..3),
        wrappers in prop::collection::vec(0..PYTHON_WRAPPERS.len(), 1..4),
    ) {
        let grammar = &GRAMMARS[0];
        let mut text = chain(grammar, OPENAI, &picks).replace(grammar.head, "");
        for &wrapper in &wrappers {
            let head = PYTHON_WRAPPERS[wrapper];
            let indent = "    ".repeat(head.lines().count());
            let body: String = text.lines().map(|line| format!("{indent}{line}\n")).collect();
            text = format!("{head}\n{body}");
            if head == "try:" {
                text.push_str("finally:\n    pass\n");
            }
        }
        let text = format!("{}{text}", grammar.head);
        let mut found = rules("app.py", &text);
        found.dedup();
        prop_assert_eq!(found, ["error mixroute-key-at-openai"], "{}", text);
    }
}

#[test]
fn what_a_function_says_itself_is_found_whatever_its_callers_take() {
    // More than the resolver has fuel for: each call goes through functions that call each other five times.
    let mut source = String::from(
        "import os\nfrom openai import OpenAI\n\ndef connect(key):\n    return OpenAI(api_key=key or \
         os.environ[\"MIXROUTE_API_KEY\"], base_url=\"https://console.mixroute.io/v1\")\n\n",
    );
    for (name, inner) in [("a", "b"), ("b", "c"), ("c", "d"), ("d", "find")] {
        let calls = vec![format!("{inner}(x)"); 5].join(" or ");
        writeln!(source, "def {name}(x):\n    return {calls}\n").unwrap();
    }
    for number in 0..20 {
        writeln!(source, "connect(a(name{number}))").unwrap();
    }
    let dir = project([("app.py", source.as_str())]);
    let found = routes(dir.path());
    assert!(found.contains(&"route MIXROUTE_API_KEY -> https://console.mixroute.io/v1".to_owned()), "{found:?}");
}
