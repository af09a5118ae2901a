use super::*;
use crate::finding::{
    Applicability, Edit, EndpointKind, EndpointRecord, Fix, KeyKind, KeyRecord, Label, OriginStep, Verdict,
};
use crate::language::Language;

/// A key that no provider would issue, put together here so that no scanner trips over it.
fn key() -> String {
    format!("sk-{}", "Qq0".repeat(16))
}

fn sources() -> Vec<Source> {
    let app = "import os\nfrom openai import OpenAI\n\nKEY = os.environ[\"MIXROUTE_API_KEY\"]\n\n\n\n\
               client = OpenAI(api_key=KEY)\n";
    let env = format!("# keys\r\nMIXROUTE_API_KEY={}\r\nX=1\r\n", key());
    let wide = "\u{feff}\tx = '漢字🙂', OpenAI('\x1b[31m\u{202e}')";
    vec![
        Source::new("src/app.py", Language::Python, app),
        Source::new(".env", Language::Dotenv, env),
        Source::new("odd\n.js", Language::JavaScript, wide),
    ]
}

/// The place of a text in a file.
fn at(sources: &[Source], file: u32, text: &str) -> Location {
    let start = sources[file as usize].text.find(text).unwrap();
    Location { file: FileId(file), span: Span::new(start, start + text.len()) }
}

fn label(at: Location, text: &str) -> Label {
    Label { at, text: text.to_owned() }
}

fn examples(sources: &[Source]) -> Vec<Finding> {
    let client = at(sources, 0, "OpenAI(api_key=KEY)");
    let key_value = at(sources, 1, "sk-Q");
    vec![
        Finding {
            labels: vec![
                label(client, "no base URL, so https://api.openai.com/v1"),
                label(at(sources, 0, "os.environ[\"MIXROUTE_API_KEY\"]"), "a Mixroute key by its name"),
                label(key_value, "set here"),
            ],
            help: Some("add base_url=\"https://console.mixroute.io/v1\"".into()),
            ..Finding::new(
                "mixroute-key-without-base-url",
                Severity::Error,
                client,
                "the Mixroute key `MIXROUTE_API_KEY` goes to api.openai.com: this client has no base URL".into(),
            )
        },
        Finding::new("late-base-url", Severity::Warning, at(sources, 2, "OpenAI"), "odd \x1b[0m".into()),
    ]
}

fn example_routes(sources: &[Source]) -> Vec<RouteRecord> {
    let step = |at, text: &str| OriginStep { at, text: text.to_owned() };
    vec![RouteRecord {
        at: at(sources, 0, "OpenAI(api_key=KEY)"),
        client: "openai-python".into(),
        callee: "openai.OpenAI".into(),
        language: "python",
        key: KeyRecord {
            kind: KeyKind::Environment,
            name: Some("MIXROUTE_API_KEY".into()),
            providers: vec!["mixroute".into()],
            origin: vec![step(at(sources, 1, "MIXROUTE"), "MIXROUTE_API_KEY in .env")],
        },
        endpoint: EndpointRecord {
            kind: EndpointKind::Default,
            url: Some("https://api.openai.com/v1".into()),
            provider: Some("openai".into()),
            origin: Vec::new(),
        },
        verdict: Verdict::Mismatch,
    }]
}

const SUMMARY: Summary =
    Summary { files_read: 3, files_parsed: 3, files_skipped: 0, clients: 2, errors: 1, warnings: 1 };

fn render(format: Format, style: Style) -> String {
    let sources = sources();
    write(format, &files(&sources), examples(&sources), style)
}

/// The project's root is the working directory.
fn files(sources: &[Source]) -> Files<'_> {
    Files { sources, secrets: &[], cwd: Path::new("/project"), root: Path::new("/project") }
}

const ALL: [Format; 6] = [Format::Full, Format::Concise, Format::Json, Format::Github, Format::Gitlab, Format::Sarif];

fn write(format: Format, files: &Files<'_>, all: Vec<Finding>, style: Style) -> String {
    let all = collect(all.into_iter().map(|finding| (finding, None)).collect(), files);
    let report = Report { files: *files, findings: &all, summary: &SUMMARY, notices: &[], exit_code: 1 };
    let mut out = Vec::new();
    findings(&mut out, format, &report, style).unwrap();
    String::from_utf8(out).unwrap()
}

const PLAIN: Style = Style { color: false, unicode: true };

#[test]
fn full() {
    insta::assert_snapshot!(render(Format::Full, PLAIN));
}

#[test]
fn full_in_ascii() {
    let text = render(Format::Full, Style::default());
    let drawn: Vec<char> = text.chars().filter(|c| !c.is_ascii() && !"漢字🙂¿\u{fffd}".contains(*c)).collect();
    assert!(drawn.is_empty(), "{drawn:?}");
}

#[test]
fn concise() {
    insta::assert_snapshot!(render(Format::Concise, PLAIN));
}

#[test]
fn json() {
    let text = render(Format::Json, PLAIN);
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn github() {
    insta::assert_snapshot!(render(Format::Github, PLAIN));
}

#[test]
fn gitlab() {
    let text = render(Format::Gitlab, PLAIN);
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
    insta::assert_snapshot!(text);
}

/// One run with everything that a log can have, seen from a directory below the repository's root.
#[test]
fn sarif() {
    let sources = sources();
    let files = Files { cwd: Path::new("/project/some where"), ..files(&sources) };
    let [mut full, plain] = <[Finding; 2]>::try_from(examples(&sources)).unwrap();
    let step = |text: &str, file, what: &str| OriginStep { at: at(&sources, file, text), text: what.to_owned() };
    full.flow = vec![step("sk-Q", 1, "value of `MIXROUTE_API_KEY`"), step("OpenAI(api_key=KEY)", 0, "the client")];
    let edit = |content: &str| Edit { at: at(&sources, 0, ")\n"), content: content.to_owned() };
    let fix = |edit| {
        Some(Fix { applicability: Applicability::Safe, message: "add a {base} URL".to_owned(), edits: vec![edit] })
    };
    full.fix = fix(edit(", base_url=\"https://console.mixroute.io/v1\")\n"));
    let mut keyed = Finding { rule: "malformed-key", ..plain.clone() };
    keyed.fix = fix(edit(&key()));
    let comment = Suppression::Comment { at: at(&sources, 0, "import os"), reason: "a test of {braces}".to_owned() };
    let all = collect(vec![(full, None), (plain, Some(comment)), (keyed, None)], &files);
    let notices = [Notice { path: "gone.py".into(), severity: Severity::Error, message: "permission denied".into() }];
    let report = Report { files, findings: &all, summary: &SUMMARY, notices: &notices, exit_code: 2 };
    let mut out = Vec::new();
    findings(&mut out, Format::Sarif, &report, PLAIN).unwrap();
    let mut log: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].take();
    assert_eq!(rules.as_array().unwrap().len(), crate::rules::page::pages().len());
    for result in log["runs"][0]["results"].as_array_mut().unwrap() {
        // It changes with every new rule.
        result.as_object_mut().unwrap().remove("ruleIndex");
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&log).unwrap());
}

#[test]
fn routes_in_both_formats() {
    let sources = sources();
    for (name, format) in [
        ("routes_text", RoutesFormat::Text),
        ("routes_json", RoutesFormat::Json),
        ("routes_mermaid", RoutesFormat::Mermaid),
        ("routes_dot", RoutesFormat::Dot),
        ("routes_html", RoutesFormat::Html),
    ] {
        insta::assert_snapshot!(name, render_routes(format, &example_routes(&sources)));
    }
}

fn render_routes(format: RoutesFormat, found: &[RouteRecord]) -> String {
    let sources = sources();
    let mut out = Vec::new();
    let style = Style { color: false, unicode: true };
    routes(&mut out, format, &files(&sources), Catalog::builtin(), found, style, None).unwrap();
    let text = String::from_utf8(out).unwrap();
    // The style sheet is looked at, not compared.
    match text.split_once("<style>").map(|(head, rest)| (head.to_owned(), rest.split_once("</style>"))) {
        Some((head, Some((_, rest)))) => format!("{head}<style></style>{rest}"),
        _ => text,
    }
}

/// Names and URLs come from scanned files: whatever they hold is text in every format.
#[test]
fn routes_cannot_be_broken_out_of() {
    let hostile = [
        "</text></svg><script>alert(1)</script>",
        "\"] --> x[\"y\"]",
        "`<img src=x onerror=alert(1)>`",
        "a\\\", shape=none, URL=\"javascript:x",
        "%%{init: {\"securityLevel\": \"loose\"}}%%",
        "end\nsubgraph x",
        "&lt;b&gt; #quot; &#34;",
        "| x | y\n| - | -\n",
    ];
    let shape = regex::Regex::new(
        r#"^(flowchart LR|  [kce]\d+(\(\[|\[/?)"[^"<`%&|]*(<br/>[^"<`%&|]*)?"(\]\)|/?\])|  [kc]\d+ (-->|==>|-\.->) [ce]\d+|  (classDef|class|linkStyle) .*)$"#,
    );
    let shape = shape.unwrap();
    let label = regex::Regex::new(r#"label="(\\.|[^"\\])*"[,\]]"#).unwrap();
    for text in hostile {
        let mut found = example_routes(&sources());
        for route in &mut found {
            route.client = text.to_owned();
            route.callee = text.to_owned();
            route.key.name = Some(text.to_owned());
            route.endpoint.url = Some(text.to_owned());
            route.endpoint.provider = Some(text.to_owned());
        }
        let html = render_routes(RoutesFormat::Html, &found);
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"), "{html}");
        let mermaid = render_routes(RoutesFormat::Mermaid, &found);
        mermaid.lines().for_each(|line| assert!(shape.is_match(line), "{line}"));
        let dot = render_routes(RoutesFormat::Dot, &found);
        for line in dot.lines().filter(|line| line.contains("label=")) {
            assert!(label.replace(line, "").matches('"').count().is_multiple_of(2) && label.is_match(line), "{line}");
            assert!(!label.replace(line, "").contains("javascript"), "{line}");
        }
    }
}

#[test]
fn no_format_shows_a_key_or_an_escape() {
    for style in [PLAIN, Style::default()] {
        for format in ALL {
            let text = render(format, style);
            assert!(!text.contains("Qq0"), "{text}");
            assert!(!text.contains('\x1b') && !text.contains('\u{202e}'), "{text}");
        }
    }
    let colored = render(Format::Full, Style { color: true, unicode: true });
    assert!(!colored.contains("Qq0") && !colored.contains("\x1b]8"), "{colored}");
}

#[test]
fn secrets_of_the_analysis_are_masked() {
    let sources = [Source::new("a.py", Language::Python, "OpenAI(f('plainwords'))\n")];
    let place = at(&sources, 0, "OpenAI");
    let finding = Finding { at: place, labels: Vec::new(), ..examples(&self::sources()).remove(0) };
    let secrets = [at(&sources, 0, "'plainwords'")];
    let files = Files { secrets: &secrets, ..files(&sources) };
    let text = write(Format::Full, &files, vec![finding], PLAIN);
    assert!(text.contains("OpenAI(f('**********'))"), "{text}");
}

#[test]
fn hostile_sources_are_rendered() {
    let long = format!("{}OpenAI(){}", "x;".repeat(1_250_000), "é;".repeat(900_000));
    for (text, start, len) in [
        (long.as_str(), 2_500_000, 8),
        ("", 0, 0),
        ("a", 1, 0),
        ("a\n", 2, 0),
        ("a\r\nb", 1, 1),
        ("a\tb\n\n\n", 2, 3),
        ("漢\u{301}\u{200d}", 0, 3),
        ("x", 40, 50),
        ("é", 1, 1),
        ("\r\r\r", 1, 1),
        ("'''a\nb\nc''' OpenAI()\n", 0, 20),
    ] {
        let sources = [Source::new("a.js", Language::JavaScript, text)];
        let place = Location { file: FileId(0), span: Span::new(start, start + len) };
        let labels =
            vec![label(place, "one"), label(place, "two"), label(Location { span: Span::new(0, 1), ..place }, "")];
        let finding = Finding { at: place, labels, ..examples(&self::sources()).remove(0) };
        for format in ALL {
            let out = write(format, &files(&sources), vec![finding.clone()], PLAIN);
            // SARIF has the rules' pages in front.
            assert!(format == Format::Sarif || out.len() < 6_000, "{}", out.len());
        }
    }
}

#[test]
fn fingerprints_outlive_edits_elsewhere() {
    let print = |text: &str| {
        let sources = [Source::new("a.py", Language::Python, text)];
        let place = |(at, _)| Location { file: FileId(0), span: Span::new(at, at + 6) };
        let finding = |at| Finding { at, labels: Vec::new(), ..examples(&self::sources()).remove(0) };
        let findings: Vec<_> = text.match_indices("OpenAI").map(place).map(finding).collect();
        fingerprint::all(&files(&sources), findings.iter())
    };
    let base = print("x = OpenAI()\n");
    assert_eq!(print("\n\n  x  = OpenAI( )\ny"), base);
    assert_ne!(print("y = OpenAI()\n"), base);
    let twice = print("x = OpenAI()\nx = OpenAI()\n");
    assert_eq!(twice[0], base[0]);
    assert_ne!(twice[1], base[0]);
    let keyed = |body: &str| print(&format!("x = OpenAI(api_key='sk-{}')\n", body.repeat(20)));
    assert_eq!(keyed("a0"), keyed("b1"));
}
