use crate::extract::extract as lower;
use crate::facts::dump::dump;
use crate::facts::{ExprKind, Module};
use crate::language::Language;
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    let source = Source::new("a.ipynb", Language::Notebook, text);
    let module = lower(&source).unwrap();
    (source, module)
}

/// A notebook as Jupyter writes it: each cell's source is a list of lines.
fn notebook(cells: &[&str]) -> String {
    let cell = |text: &&str| {
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        serde_json::json!({"cell_type": "code", "metadata": {}, "outputs": [], "source": lines})
    };
    let cells: Vec<_> = cells.iter().map(cell).collect();
    let all = serde_json::json!({"cells": cells, "metadata": {"kernelspec": {"language": "python"}}, "nbformat": 4});
    serde_json::to_string_pretty(&all).unwrap()
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
fn a_span_is_the_place_in_the_file() {
    let text = notebook(&["a = 1\n", "# é\nurl = \"https://h/v1\"\nkey = '\\u0041'"]);
    let expected = [("https://h/v1", "\\\"https://h/v1\\\""), ("A", "'\\\\u0041'")];
    assert_eq!(strings(&text), expected.map(|(read, written)| (read.to_owned(), written.to_owned())));
    // One string instead of lines, escapes of JSON, CRLF in the file and in the cell.
    let text = "{\r\n\"cells\": [{\"cell_type\": \"code\",\t\"source\": \"x = \\u0022\\u00e9\\ud83d\\ude00\\u0022\\r\\ny = 'b'\"}]}";
    let expected = [("é😀", "\\u0022\\u00e9\\ud83d\\ude00\\u0022"), ("b", "'b'")];
    assert_eq!(strings(text), expected.map(|(read, written)| (read.to_owned(), written.to_owned())));
}

#[test]
fn cells_are_one_module_and_have_numbers() {
    let text = notebook(&["from openai import OpenAI", "URL = 'u'\n", "OpenAI(base_url=URL)"]);
    let (_, module) = read(&text);
    let call = module.expr_ids().find(|id| matches!(module.kind(*id), ExprKind::Call(_))).unwrap();
    assert_eq!(module.cell_at(module.span(call)), Some(3));
    assert_eq!(module.cells.len(), 3);
}

#[test]
fn magics() {
    let text = notebook(&[
        "%pip install openai\n%env A_KEY=v1\n%env B_KEY v2\nif x:\n    %set_env C={name}\n%env\nfiles = !ls\ny = 1",
        "%%time\nz = 2",
        "%%html\n<p>",
        "!curl https://h -H 'Authorization: Bearer k'\n",
        "%%bash\nexport D_KEY=v3\n",
    ]);
    let (_, module) = read(&text);
    let shown = dump(&module);
    for line in ["os.environ.A_KEY = \"v1\"", "os.environ.B_KEY = \"v2\"", "os.environ.C = name", "y = #1", "z = #2"] {
        assert!(shown.lines().any(|shown| shown.trim().starts_with(line)), "{line}\n{shown}");
    }
    assert!(!shown.contains("recovered"), "{shown}");
    assert!(shown.contains("curl"), "{shown}");
    let vars: Vec<&str> = module.env_blocks.iter().flat_map(|block| &block.vars).map(|var| var.name.as_str()).collect();
    assert_eq!(vars, ["D_KEY"]);
    let written: Vec<(String, String)> = strings(&text).into_iter().filter(|(text, _)| text.starts_with('v')).collect();
    let same = |text: &str| (text.to_owned(), text.to_owned());
    assert_eq!(written, ["v1", "v2", "v3"].map(same));
}

#[test]
fn other_kernels_are_left_alone() {
    let text = "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"x <- 'a'\"]}], \"metadata\": {\"kernelspec\": {\"language\": \"R\"}}}";
    assert!(strings(text).is_empty());
    for text in ["", "{}", "[]", "{\"cells\": 1}", "{\"cells\": [{\"cell_type\": \"code\", \"source\": [1, \"\\", "nul"]
    {
        read(text);
    }
}

#[test]
fn suppressions() {
    let (source, module) = read(&notebook(&["# mixlint: ignore[a] b\nx = 1  # mixlint: ignore[c] d"]));
    let shown: Vec<_> = module.comments.iter().map(|comment| (source.slice(comment.span), comment.own_line)).collect();
    assert_eq!(shown, [("# mixlint: ignore[a] b", true), ("# mixlint: ignore[c] d", false)]);
}
