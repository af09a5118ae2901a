//! Routes as one HTML file: a picture and tables, without scripts and without anything from outside.

use std::io::{self, Write};

use super::graph::{Edge, Graph, Node};
use super::{View, table};
use crate::finding::Verdict;

const CSS: &str = include_str!("page.css");

/// Pictures with more lines than this are closed at first.
const MANY: usize = 90;

/// Writes the page.
pub(super) fn write(out: &mut dyn Write, routes: &[View], graph: &Graph) -> io::Result<()> {
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    // Should a text slip through unescaped all the same, nothing is run and nothing is loaded.
    writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<title>Routes: which key goes where</title>\n<style>\n{CSS}</style>\n</head>\n<body>")?;
    writeln!(out, "<h1>Which key goes where</h1>")?;
    let count = |verdict| routes.iter().filter(|route| route.verdict == verdict).count();
    let counts = [Verdict::Mismatch, Verdict::Unknown, Verdict::Match].map(|verdict| (verdict, count(verdict)));
    let s = |count: usize| if count == 1 { "" } else { "s" };
    let (n, clients) = (routes.len(), graph.clients.len());
    writeln!(out, "<p class=\"lead\">{n} route{} of {clients} client{}.</p>", s(n), s(clients))?;
    if routes.is_empty() {
        return writeln!(out, "<p>No clients were found.</p>\n</body>\n</html>");
    }
    writeln!(out, "<fieldset class=\"filters\" aria-label=\"Show\">")?;
    for (verdict, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        let name = super::verdict(verdict);
        writeln!(
            out,
            "<label class=\"{name}\"><input type=\"checkbox\" id=\"show-{name}\" checked> {} {count} {name}</label>",
            sign(verdict)
        )?;
    }
    writeln!(out, "</fieldset>")?;
    let lines = graph.to_clients.len() + graph.to_endpoints.len();
    let open = if lines <= MANY { " open" } else { "" };
    writeln!(out, "<details{open}>\n<summary>Picture</summary>\n<div class=\"graph\" tabindex=\"0\">")?;
    picture(out, graph)?;
    writeln!(out, "</div>\n</details>")?;
    for group in table::groups(routes) {
        let Some(first) = group.first() else { continue };
        writeln!(
            out,
            "<h2><code>{}</code> <span class=\"to\">→</span> {}</h2>",
            escaped(&first.key),
            escaped(&first.owner)
        )?;
        writeln!(
            out,
            "<table>\n<thead><tr><th>Verdict</th><th>Place</th><th>Client</th><th>Endpoint</th></tr></thead>\n<tbody>"
        )?;
        for route in group {
            let name = super::verdict(route.verdict);
            writeln!(
                out,
                "<tr class=\"{name}\"><td class=\"verdict\">{} {name}</td><td class=\"place\"><code>{}</code></td>\
                 <td class=\"client\">{}</td><td class=\"endpoint\"><code>{}</code></td></tr>",
                sign(route.verdict),
                escaped(&route.place),
                escaped(&route.client),
                escaped(&route.endpoint)
            )?;
        }
        writeln!(out, "</tbody>\n</table>")?;
    }
    writeln!(out, "<footer>Made by mixlint {}.</footer>\n</body>\n</html>", env!("CARGO_PKG_VERSION"))
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "✓",
        Verdict::Mismatch => "✗",
        Verdict::Unknown => "?",
    }
}

/// Width of a column of the picture, of the gap behind it, and height of a box with its gap.
const BOX: usize = 310;
const GAP: usize = 110;
const ROW: usize = 52;
const TOP: usize = 34;

/// The three columns, keys, clients and endpoints, with the lines between them.
fn picture(out: &mut dyn Write, graph: &Graph) -> io::Result<()> {
    let columns = [("keys", &graph.keys), ("clients", &graph.clients), ("endpoints", &graph.endpoints)];
    let rows = columns.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or(0);
    let (width, height) = (3 * BOX + 2 * GAP + 24, TOP + rows * ROW + 12);
    writeln!(out, "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Keys, clients and endpoints\">")?;
    let left = |column: usize| 12 + column * (BOX + GAP);
    // A shorter column stands in the middle of the picture.
    let top = |column: usize, row: usize| TOP + (rows - columns[column].1.len()) * ROW / 2 + row * ROW;
    let mut lines: Vec<(usize, &Edge)> = graph.to_clients.iter().map(|edge| (0, edge)).collect();
    lines.extend(graph.to_endpoints.iter().map(|edge| (1, edge)));
    // What is wrong is drawn last, over the others.
    lines.sort_by_key(|(_, edge)| edge.verdict == Verdict::Mismatch);
    for (column, edge) in lines {
        let (x, y) = (left(column) + BOX, top(column, edge.from) + 20);
        let (to_x, to_y) = (left(column + 1), top(column + 1, edge.to) + 20);
        let middle = (x + to_x) / 2;
        let name = super::verdict(edge.verdict);
        writeln!(out, "<path class=\"{name}\" d=\"M{x} {y} C{middle} {y} {middle} {to_y} {to_x} {to_y}\"/>")?;
    }
    for (column, (name, nodes)) in columns.iter().enumerate() {
        writeln!(out, "<text class=\"head\" x=\"{}\" y=\"20\">{name}</text>", left(column))?;
        for (row, node) in nodes.iter().enumerate() {
            node_box(out, node, left(column), top(column, row), column == 1)?;
        }
    }
    writeln!(out, "</svg>")
}

fn node_box(out: &mut dyn Write, node: &Node, x: usize, y: usize, marks: bool) -> io::Result<()> {
    let class = if node.wrong && marks { " class=\"wrong\"" } else { "" };
    writeln!(out, "<g><title>{}</title>", escaped(&format!("{} {}", node.title, node.note)))?;
    writeln!(out, "<rect{class} x=\"{x}\" y=\"{y}\" width=\"{BOX}\" height=\"40\" rx=\"6\"/>")?;
    let (line, note) = if node.note.is_empty() { (y + 24, None) } else { (y + 17, Some(y + 32)) };
    writeln!(out, "<text x=\"{}\" y=\"{line}\">{}</text>", x + 10, escaped(&boxed(&node.title)))?;
    if let Some(line) = note {
        writeln!(
            out,
            "<text class=\"note\" x=\"{}\" y=\"{line}\">{}</text>",
            x + 10,
            escaped(&shortened(&node.note, 44))
        )?;
    }
    writeln!(out, "</g>")
}

/// A title as it fits the box; what all URLs begin with is left out before anything of a host is.
fn boxed(title: &str) -> String {
    let bare = title.strip_prefix("https://").filter(|_| title.chars().count() > 40).unwrap_or(title);
    shortened(bare, 40)
}

/// A text that fits a box; its title shows it whole. The end of a path says most, and so does that of a URL's host.
fn shortened(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let head = most / 3;
    let tail: String = text.chars().skip(count - (most - head - 1)).collect();
    text.chars().take(head).chain(['…']).chain(tail.chars()).collect()
}

/// A text between tags or in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
