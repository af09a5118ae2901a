use crate::extract::extract as lower;
use crate::facts::dump::dump;
use crate::facts::{ExprKind, Module};
use crate::language::Language;
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    let source = Source::new("ask.http", Language::Http, text);
    let module = lower(&source).unwrap();
    (source, module)
}

#[test]
fn requests() {
    let (_, module) = read(
        "@host = https://h/v1\n# ask\nPOST {{host}}/chat HTTP/1.1\n    ?a=b\nAuthorization: Bearer {{key}}\n\n{\"Authorization\": 1}\n### next\nGET https://i/models\nX-Api-Key: {{$dotenv A_KEY}}\n\n###\nhttps://j\n",
    );
    let shown = dump(&module);
    assert_eq!(
        shown,
        "host = \"https://h/v1\"\nrequest(url=host ++ \"/chat\", header=\"Authorization: Bearer \" ++ env(key))\nrequest(url=\"https://i/models\", header=\"X-Api-Key: \" ++ env(A_KEY))\nrequest(url=\"https://j\")\n",
        "{shown}"
    );
}

#[test]
fn a_span_covers_exactly_the_value() {
    let (source, module) = read("@u =\thttps://h/v1 \r\nPOST\t{{u}}/é  HTTP/1.1\r\nAuthorization: Bearer {{k}}\r\n");
    let spans: Vec<&str> = module
        .expr_ids()
        .filter(|id| matches!(module.kind(*id), ExprKind::Str(_) | ExprKind::Env { .. } | ExprKind::Name(_)))
        .map(|id| source.slice(module.span(id)))
        .collect();
    assert_eq!(spans, ["https://h/v1", "{{u}}", "/é", "Authorization: Bearer ", "{{k}}", "{{u}}/é"]);
}

#[test]
fn suppressions_and_odd_files() {
    let (source, module) = read("# mixlint: ignore[a] b\nGET https://h\n// mixlint: ignore[c] d\nA: b\n");
    let shown: Vec<&str> = module.comments.iter().map(|comment| source.slice(comment.span)).collect();
    assert_eq!(shown, ["# mixlint: ignore[a] b", "// mixlint: ignore[c] d"]);
    for text in ["", "{{", "}}{{", "@", "@=", "GET", "GET ", "###", "POST {{a\n{{b}}: {{", "é{{é}}"] {
        read(text);
    }
}
