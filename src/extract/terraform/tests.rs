use crate::extract::extract as lower;
use crate::facts::{Entry, ExprKind, Module};
use crate::language::Language;
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    let source = Source::new("main.tf", Language::Terraform, text);
    let module = lower(&source).unwrap();
    (source, module)
}

/// All strings that stand under a key of a name: as they are read, and as they are written at their place.
fn under(text: &str, name: &str) -> Vec<(String, String)> {
    let (source, module) = read(text);
    let mut found = Vec::new();
    for expr in module.expr_ids() {
        let ExprKind::Object(object) = module.kind(expr) else { continue };
        for entry in &object.entries {
            if let Entry::Field { key: Some(key), key_span, value } = entry
                && key == name
                && let ExprKind::Str(text) = module.kind(*value)
            {
                assert_eq!(source.slice(*key_span), name);
                found.push((text.expose().to_owned(), source.slice(module.span(*value)).to_owned()));
            }
        }
    }
    found
}

fn pair(read: &str, written: &str) -> (String, String) {
    (read.to_owned(), written.to_owned())
}

#[test]
fn a_span_covers_exactly_the_value() {
    for text in [
        "url = \"https://h/v1\"\n",
        "url\t=\t\"https://h/v1\" # é\r\n",
        "resource \"a\" \"b\" {\r\n  # é\r\n  url = \"https://h/v1\"\r\n}\r\n",
        "locals {\n  a = { b = [{ url = \"https://h/v1\" }] }\n}\n",
        "a = jsonencode({ \"url\" : \"https://h/v1\", c = 1 })\n",
    ] {
        assert_eq!(under(text, "url"), [pair("https://h/v1", "https://h/v1")], "{text}");
    }
    assert_eq!(under("url = \"a\\\"b\"\n", "url"), [pair("a\"b", "a\\\"b")]);
    assert_eq!(under("url = var.mixroute_url\n", "url"), [pair("${mixroute_url}", "var.mixroute_url")]);
}

#[test]
fn environments() {
    let (_, module) = read(
        "resource \"aws_lambda_function\" \"f\" {\n  environment {\n    variables = {\n      A_KEY = \"x\"\n    }\n  }\n}\nresource \"r\" \"c\" {\n  containers {\n    env {\n      name  = \"B_KEY\"\n      value = \"y\"\n    }\n    env {\n      name  = \"C_KEY\"\n      value = \"z\"\n    }\n  }\n}\n",
    );
    let mut names: Vec<Vec<&str>> =
        module.env_blocks.iter().map(|block| block.vars.iter().map(|var| var.name.as_str()).collect()).collect();
    names.retain(|names| !names.is_empty());
    assert_eq!(names, [vec!["A_KEY"], vec!["B_KEY", "C_KEY"]]);
}

#[test]
fn suppressions_and_odd_files() {
    let (source, module) = read("# mixlint: ignore[a] b\na = \"# mixlint: no\" # mixlint: ignore[b] c\n");
    let shown: Vec<_> = module.comments.iter().map(|comment| (source.slice(comment.span), comment.own_line)).collect();
    assert_eq!(shown, [("# mixlint: ignore[a] b", true), ("# mixlint: ignore[b] c", false)]);
    for text in ["", "{", "}", "a =", "a = \"", "a = <<EOF\nx", "b {", "b \"c\" {\na = \"${\"\n", "a = [", "= 1"] {
        read(text);
    }
    read(&format!("a = {}", "[".repeat(20_000)));
    read(&"b {\n".repeat(20_000));
}
