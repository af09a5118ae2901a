use crate::extract::testing;
use crate::facts::{ExprKind, Module};
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    testing::read("main.tf", text)
}

fn under(text: &str, name: &str) -> Vec<(String, String)> {
    testing::under("main.tf", text, name)
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
}

#[test]
fn references() {
    let (source, module) = read(
        "a = var.x_key\nb = local.u\nc = \"${var.u}/v1\"\nd = module.m.x\nvariable \"u\" {\n  default = \"https://h\"\n}\n",
    );
    let reads: Vec<(&str, &str)> = module
        .expr_ids()
        .filter_map(|expr| match module.kind(expr) {
            ExprKind::Env { name, .. } => Some((name.as_str(), source.slice(module.span(expr)))),
            _ => None,
        })
        .collect();
    assert_eq!(reads, [("x_key", "var.x_key"), ("u", "local.u"), ("u", "${var.u}")]);
    assert_eq!(under("variable \"u\" {\n  default = \"h\"\n}\n", "default"), [pair("h", "h")]);
}

#[test]
fn heredocs_are_scripts() {
    let text = "resource \"a\" \"b\" {\r\n  user_data = <<-EOF\r\n    #!/bin/bash\r\n\texport A_KEY=${var.key}\r\n    export B_URL=\"https://é/v1\" C=$${D}\r\n  EOF\r\n  policy = <<EOF\nE_KEY=x\nEOF\n}\n";
    let spans = testing::spans("main.tf", text);
    assert_eq!(spans, ["A_KEY=${var.key}", "B_URL=https://é/v1", "C=${D}"]);
    let (_, module) = read("x = base64encode(<<EOF\n#!/bin/sh\nA_KEY=k node .\nEOF\n)\n");
    assert_eq!(module.env_blocks.len(), 1);
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
