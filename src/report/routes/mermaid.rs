//! Routes as a Mermaid flowchart, which GitHub and GitLab draw in Markdown.

use std::io::{self, Write};

use super::graph::{Graph, Node};
use crate::finding::Verdict;

/// Writes the flowchart.
pub(super) fn write(out: &mut dyn Write, graph: &Graph) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (prefix, shape, nodes) in
        [("k", ("([", "])"), &graph.keys), ("c", ("[", "]"), &graph.clients), ("e", ("[/", "/]"), &graph.endpoints)]
    {
        for (number, node) in nodes.iter().enumerate() {
            writeln!(out, "  {prefix}{number}{}\"{}\"{}", shape.0, label(node), shape.1)?;
        }
    }
    let mut wrong = Vec::new();
    let edges = graph.to_clients.iter().map(|edge| ("k", "c", edge));
    for (number, (from, to, edge)) in edges.chain(graph.to_endpoints.iter().map(|edge| ("c", "e", edge))).enumerate() {
        let arrow = match edge.verdict {
            Verdict::Match => "-->",
            Verdict::Mismatch => "==>",
            Verdict::Unknown => "-.->",
        };
        if edge.verdict == Verdict::Mismatch {
            wrong.push(number.to_string());
        }
        writeln!(out, "  {from}{} {arrow} {to}{}", edge.from, edge.to)?;
    }
    if !wrong.is_empty() {
        writeln!(out, "  classDef wrong stroke:#d1242f,stroke-width:2px")?;
        let clients = graph.clients.iter().enumerate().filter(|(_, node)| node.wrong).map(|(at, _)| format!("c{at}"));
        writeln!(out, "  class {} wrong", clients.collect::<Vec<_>>().join(","))?;
        writeln!(out, "  linkStyle {} stroke:#d1242f,stroke-width:3px", wrong.join(","))?;
    }
    Ok(())
}

fn label(node: &Node) -> String {
    match node.note.is_empty() {
        true => escaped(&node.title),
        false => format!("{}<br/>{}", escaped(&node.title), escaped(&node.note)),
    }
}

/// A text that Mermaid shows as it is: all that could end the label, begin markup or an entity is an entity itself.
fn escaped(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " .,:/_-()+=@?…→".contains(c);
    text.chars().map(|c| if plain(c) { c.to_string() } else { format!("#{};", u32::from(c)) }).collect()
}
