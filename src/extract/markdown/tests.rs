use crate::extract::extract as lower;
use crate::facts::{ExprKind, Module};
use crate::language::Language;
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    let source = Source::new("README.md", Language::Markdown, text);
    let module = lower(&source).unwrap();
    (source, module)
}

/// All strings: as they are read, and as they are written at their place.
fn strings(text: &str) -> Vec<(String, String)> {
    let (source, module) = read(text);
    let mut found = Vec::new();
    for expr in module.expr_ids() {
        if let ExprKind::Str(text) = module.kind(expr) {
            found.push((text.expose().to_owned(), source.slice(module.span(expr)).to_owned()));
        }
    }
    found
}

#[test]
fn a_span_is_the_place_in_the_document() {
    for text in [
        "é `x = 'no'`\n\n```python\nx = 'v'\n```\n",
        "1. list\r\n\r\n   ~~~~ {.python title=\"a\"}\r\n   if a:\r\n\t    x = 'v'\r\n   ~~~~\r\n",
        "> quote\n>\n> ```ts\n> const x =\n>   'v'\n> ```\n",
        "    x = 'no'\n\n```\nx = 'no'\n```\n```text\n'no'\n```\n```py\nx = 'v'",
    ] {
        assert_eq!(strings(text), [("v".to_owned(), "'v'".to_owned())], "{text}");
    }
    for (fence, line) in
        [("yaml", "a: v"), ("json", "{\"a\": \"v\"}"), ("toml", "a = 'v'"), ("env", "A_KEY=v"), ("sh", "A_KEY=v")]
    {
        let found = strings(&format!("# x\n\n```{fence}\n{line}\n```\n"));
        assert_eq!(found, [("v".to_owned(), "v".to_owned())], "{fence}");
    }
}

#[test]
fn blocks_know_nothing_of_each_other() {
    let (_, module) = read("```py\nfrom openai import OpenAI\n```\n```py\nOpenAI()\n```\n```env\nA_KEY=v\n```\n");
    let languages: Vec<Language> =
        module.functions.iter().filter_map(|function| function.script.as_ref()).map(|script| script.language).collect();
    assert_eq!(languages, [Language::Python, Language::Python, Language::Dotenv]);
    assert_eq!(module.env_blocks.iter().map(|block| block.vars.len()).sum::<usize>(), 1);
}

#[test]
fn sessions_lose_their_prompts() {
    let (source, module) = read("```console\n$ export A_KEY=v \\\n    B_KEY=w\nprinted C_KEY=x\n```\n");
    let vars: Vec<_> = module
        .env_blocks
        .iter()
        .flat_map(|block| &block.vars)
        .map(|var| (var.name.as_str(), source.slice(module.span(var.value))))
        .collect();
    assert_eq!(vars, [("A_KEY", "v"), ("B_KEY", "w")]);
}

#[test]
fn suppressions() {
    let (source, module) = read(
        "<!-- mixlint: ignore-file[a] b -->\n\n```py\nx = 1  # mixlint: ignore[c] d\n```\n```yaml\n# mixlint: ignore[e] f\na: 1\n```\n",
    );
    let shown: Vec<_> = module.comments.iter().map(|comment| (source.slice(comment.span), comment.own_line)).collect();
    let expected = [
        ("<!-- mixlint: ignore-file[a] b -->", true),
        ("# mixlint: ignore[c] d", false),
        ("# mixlint: ignore[e] f", true),
    ];
    assert_eq!(shown, expected);
}
