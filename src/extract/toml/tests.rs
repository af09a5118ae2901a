use crate::extract::testing;
use crate::facts::Module;
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    testing::read("config.toml", text)
}

fn under(text: &str, name: &str) -> Vec<(String, String)> {
    testing::under("config.toml", text, name)
}

fn same(text: &str) -> (String, String) {
    (text.to_owned(), text.to_owned())
}

#[test]
fn a_span_covers_exactly_the_value() {
    for text in [
        "url = \"https://h/v1\"",
        "url\t=\t'https://h/v1' # é\r\n",
        "# é\r\n[a.b]\r\nx = 1\r\nurl = \"https://h/v1\"\r\n",
        "a = { b = [ { url = 'https://h/v1' } ] }",
        "[[a]]\nb.\"url\" = \"https://h/v1\"",
        "\"url\" = \"\"\"\r\nhttps://h/v1\"\"\"",
        "url = '''https://h/v1'''",
    ] {
        assert_eq!(under(text, "url"), [same("https://h/v1")], "{text}");
    }
    let escaped = under("url = \"https:\\u002f/h/v1\"", "url");
    assert_eq!(escaped, [("https://h/v1".to_owned(), "https:\\u002f/h/v1".to_owned())]);
    let lines = under("url = \"\"\"https://h\\\n  /v1\"\"\"", "url");
    assert_eq!(lines, [("https://h/v1".to_owned(), "https://h\\\n  /v1".to_owned())]);
}

#[test]
fn tables_end_where_their_contents_end() {
    let (source, module) = read("[env]\nA_KEY = \"x\"\n\n[other]\nb = 1\n");
    let block = &module.env_blocks[0];
    assert_eq!((block.label.as_str(), block.vars[0].name.as_str()), ("env", "A_KEY"));
    assert!(!source.slice(block.span).contains("other"), "{}", source.slice(block.span));
}

#[test]
fn what_is_broken_costs_itself_only() {
    assert_eq!(under("a = \n[t]\nurl = \"x\"\n", "url"), [same("x")]);
    assert!(read("a = \n").1.recovered);
    for text in ["", "[", "[[", "a", "a=", "a='", "a=\"\"\"", "= 1", "[a]\n[a]", "a.b=1\na=2", "\u{0}"] {
        read(text);
    }
}

#[test]
fn suppressions() {
    let (source, module) = read("# mixlint: ignore[a] b\na = \"# mixlint: no\" # mixlint: ignore[b] c\n");
    let shown: Vec<_> = module.comments.iter().map(|comment| (source.slice(comment.span), comment.own_line)).collect();
    assert_eq!(shown, [("# mixlint: ignore[a] b", true), ("# mixlint: ignore[b] c", false)]);
}

#[test]
fn our_own_settings_set_nothing() {
    let text = "[tool.mixlint.keys]\nA_KEY = \"mixroute\"\n[tool.other]\nB_KEY = \"x\"\n";
    let names: Vec<String> =
        read(text).1.env_blocks.iter().flat_map(|block| &block.vars).map(|var| var.name.clone()).collect();
    assert_eq!(names, ["B_KEY"]);
}

#[test]
fn depth_is_borne() {
    for text in [format!("a={}", "[".repeat(100_000)), format!("a{}=1", ".a".repeat(10_000)), "[a]\n".repeat(10_000)] {
        read(&text);
    }
}
