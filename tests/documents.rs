//! Markdown is read where somebody asks for it.

mod support;

#[test]
fn markdown_is_read_when_asked_for_or_named() {
    let text = "# Use\n\n```python\nfrom openai import OpenAI\nOpenAI(api_key=\"sk-your-mixroute-key\")\n```\n\n```toml\n[llm]\napi_key_env = \"MIXROUTE_API_KEY\"\nbase_url = \"https://api.openai.com/v1\"\n```\n";
    let dir = support::project([("docs/use.md", text), ("a.py", "x = 1\n")]);
    assert_eq!(support::call(dir.path(), &["check", "--output-format", "concise", "."]), "");
    let expected = "docs/use.md:5:1: error[mixroute-key-without-base-url] ";
    for args in [["--include-docs", "."], ["--no-config", "docs/use.md"]] {
        let shown = support::call(dir.path(), &[&["check", "--output-format", "concise"][..], &args].concat());
        assert!(shown.starts_with(expected), "{shown}");
        assert!(shown.contains("docs/use.md:11:13: error[mixroute-key-at-openai] "), "{shown}");
        assert_eq!(shown.lines().count(), 2, "{shown}");
    }
}
