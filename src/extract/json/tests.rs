use crate::extract::testing;
use crate::facts::{ExprId, ExprKind, Module};
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    testing::read("settings.json", text)
}

fn under(text: &str, name: &str) -> Vec<(String, String)> {
    testing::under("settings.json", text, name)
}

fn one(text: &str, name: &str) -> (String, String) {
    let found = under(text, name);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn same(text: &str) -> (String, String) {
    (text.to_owned(), text.to_owned())
}

#[test]
fn a_span_covers_exactly_the_value() {
    for text in [
        "{\"url\": \"https://h/v1\"}",
        "{\r\n\t\"url\"\t:\t\"https://h/v1\",\r\n}",
        "// é\n{\"ü\": 1, /* \" */ \"url\": \"https://h/v1\"}",
        "[{\"a\": [1, {\"url\": \"https://h/v1\"}]}]",
    ] {
        assert_eq!(one(text, "url"), same("https://h/v1"), "{text}");
    }
    let escaped = r#"{"a\"b": 1, "url": "https:\/\/h\u002fv1"}"#;
    assert_eq!(one(escaped, "url"), ("https://h/v1".to_owned(), r"https:\/\/h\u002fv1".to_owned()));
    assert_eq!(one(r#"{"url": ""}"#, "url"), same(""));
}

#[test]
fn comments_and_trailing_commas_are_no_trouble() {
    let (_, module) = read("{\n  // a\n  \"a\": 1, /* b */\n}\n");
    assert!(module.comments.is_empty());
    assert_eq!(under("{\"a\": [\"x\",], \"b\": \"y\", \"c\": \"z\",}", "c"), [same("z")]);
}

#[test]
fn what_is_broken_costs_itself_only() {
    assert_eq!(under("{\"a\": \"x\" \"b\": \"y\"}", "a"), [same("x")]);
    assert_eq!(under("{\"a\": {\"b\": \"y\", \"c\": }, \"d\": \"z\"}", "d"), [same("z")]);
    assert!(read("{\"a\": \"x\"").1.recovered);
    for text in ["", "{", "}", "[", "\"", "{\"a\"", "{\"a\":", "{:}", "\u{feff}{}", "// ", "nul"] {
        read(text);
    }
}

#[test]
fn suppressions() {
    let (source, module) =
        read("{\n  // mixlint: ignore[a] b\n  \"x\": 1, // mixlint: ignore[b] c\n  \"y\": \"mixlint: no\"\n}");
    let shown: Vec<_> = module.comments.iter().map(|comment| (source.slice(comment.span), comment.own_line)).collect();
    assert_eq!(shown, [("// mixlint: ignore[a] b", true), ("// mixlint: ignore[b] c", false)]);
}

#[test]
fn environments_are_found_by_their_shape() {
    let text = r#"{"terminal.integrated.env.linux": {"OPENAI_API_KEY": "${env:A_KEY}"},
        "configurations": [{"name": "run", "env": {"OPENAI_BASE_URL": "https://h/v1"}}],
        "containerEnv": {"B_KEY": "${localEnv:C_KEY}"}}"#;
    let (_, module) = read(text);
    let env = |expr: ExprId| match module.kind(expr) {
        ExprKind::Env { name, .. } => name.clone(),
        ExprKind::Str(text) => text.expose().to_owned(),
        other => panic!("{other:?}"),
    };
    let mut shown: Vec<(String, String)> =
        module.env_blocks.iter().flat_map(|block| &block.vars).map(|var| (var.name.clone(), env(var.value))).collect();
    shown.sort();
    let expected = [("B_KEY", "C_KEY"), ("OPENAI_API_KEY", "A_KEY"), ("OPENAI_BASE_URL", "https://h/v1")];
    assert_eq!(shown, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn depth_and_length_are_borne() {
    for text in ["[".repeat(100_000), "{\"a\":".repeat(50_000), format!("{}{}", "[".repeat(60_000), "]".repeat(60_000))]
    {
        read(&text);
    }
}

#[test]
fn commands_are_scripts() {
    let text = "{\r\n\t\"scripts\": { \"a\": \"A_KEY=\\\"v\\\" node .\", \"b\": \"echo\" }\r\n}";
    let (source, module) = testing::read("package.json", text);
    let vars: Vec<_> = module.env_blocks.iter().flat_map(|block| &block.vars).collect();
    assert_eq!(vars.len(), 1);
    assert_eq!((vars[0].name.as_str(), source.slice(vars[0].name_span)), ("A_KEY", "A_KEY"));
    assert_eq!(source.slice(module.span(vars[0].value)).trim_matches(['\\', '"']), "v");
    assert_eq!(module.env_blocks[0].label, "node");
}
