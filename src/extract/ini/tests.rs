use crate::extract::testing;
use crate::facts::Module;
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    testing::read("config.ini", text)
}

fn under(name: &str, text: &str, key: &str) -> Vec<(String, String)> {
    testing::under(name, text, key)
}

fn same(text: &str) -> (String, String) {
    (text.to_owned(), text.to_owned())
}

/// The variables of all blocks, with their values as they are written.
fn variables(name: &str, text: &str) -> Vec<String> {
    let (source, module) = testing::read(name, text);
    let vars = module.env_blocks.iter().flat_map(|block| &block.vars);
    vars.map(|var| format!("{}={}", source.slice(var.name_span), source.slice(module.span(var.value)))).collect()
}

#[test]
fn a_span_covers_exactly_the_value() {
    for text in [
        "url = https://h/v1",
        "[a]\nurl:https://h/v1 ; é\r\n",
        "# é\r\n[a.b]\r\nx = 1\r\nurl\t=\t\"https://h/v1\"\r\n",
        "[a]\nurl = 'https://h/v1' # x",
        "[a]\nurl =\n    https://h/v1\n\nx = 1",
    ] {
        assert_eq!(under("config.ini", text, "url"), [same("https://h/v1")], "{text}");
    }
    let filled = under("config.ini", "[a]\nhost = h\nurl = https://%(host)s/v1\n", "url");
    assert!(filled.iter().all(|(value, _)| value != "https://%(host)s/v1"), "{filled:?}");
}

#[test]
fn values_of_several_lines_are_no_settings() {
    assert_eq!(under("config.ini", "[a]\nurl =\n  https://h/v1\n  https://i/v1\nb = 1\n", "url"), []);
    assert_eq!(under("config.ini", "[a]\nb =\n  url = https://h/v1\n  x\n", "url"), []);
}

#[test]
fn environments() {
    let text = "[testenv]\nsetenv =\n    A_KEY = x\n    # no\n    B_URL=https://h/v1?a=b,c\ndeps = y\n";
    assert_eq!(variables("tox.ini", text), ["A_KEY=x", "B_URL=https://h/v1?a=b,c"]);
    let text = "[pytest]\nenv =\n    D:A_KEY=x\n    B_URL=\"https://h\"\n";
    assert_eq!(variables("pytest.ini", text), ["A_KEY=x", "B_URL=https://h"]);
    let text = "[program:a]\nenvironment=A_KEY=\"x,y\",B_URL='https://h'\ncommand=a\n";
    assert_eq!(variables("supervisord.conf", text), ["A_KEY=x,y", "B_URL=https://h"]);
    assert_eq!(variables("a.ini", "[a]\nenvironment = production\nenv = a, b\n"), [""; 0]);
}

#[test]
fn defaults_hold_in_all_sections() {
    let (_, module) = read("[DEFAULT]\nkey = a\nurl = b\n[one]\nurl = c\n[two]\n");
    assert_eq!(module.documents.len(), 1);
    let text = crate::facts::dump::expr(&module, module.documents[0]);
    assert!(text.contains(r#"one: {url: "c", key: "a"}"#), "{text}");
    assert!(text.contains(r#"two: {key: "a", url: "b"}"#), "{text}");
}

#[test]
fn properties_are_paths() {
    let text = "spring.ai.openai.api-key=a\nspring.ai.openai.base-url=https://h/v1\nspring.ai.b=c\n";
    assert_eq!(under("application.properties", text, "base-url"), [same("https://h/v1")]);
    let (_, module) = testing::read("application.properties", text);
    let text = crate::facts::dump::expr(&module, module.documents[0]);
    assert!(text.contains(r#"openai: {api-key: "a", base-url: "https://h/v1"}, b: "c""#), "{text}");
}

#[test]
fn comments() {
    let (source, module) = read("[a]\n; mixlint: allow foreign-key\nkey = x # mixlint: allow\n# no\n");
    let found: Vec<&str> = module.comments.iter().map(|comment| source.slice(comment.span)).collect();
    assert_eq!(found, ["; mixlint: allow foreign-key"]);
}

#[test]
fn any_text_is_borne() {
    let words = [
        "[",
        "]",
        "=",
        ":",
        "\n",
        "\n ",
        ";",
        "#",
        "env",
        "A_KEY",
        ",",
        "\"",
        "'",
        "%(",
        "é",
        ".",
        "[DEFAULT]\n",
        "a = b\n",
        "D:",
    ];
    for seed in 0..3000_usize {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut text = String::new();
        for _ in 0..24 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(words[state % words.len()]);
        }
        for name in ["a.ini", "a.properties"] {
            let (source, module) = testing::read(name, &text);
            for expr in module.expr_ids() {
                let span = module.span(expr);
                assert!(source.text.get(span.range()).is_some(), "{span:?} in {text:?}");
            }
        }
    }
}
