//! Routes in the language of Graphviz.

use std::io::{self, Write};

use super::graph::{Graph, Node};
use crate::finding::Verdict;

/// Writes the digraph.
pub(super) fn write(out: &mut dyn Write, graph: &Graph) -> io::Result<()> {
    writeln!(out, "digraph routes {{")?;
    writeln!(out, "  graph [rankdir=LR, ranksep=1.2, fontname=\"Helvetica\"];")?;
    writeln!(out, "  node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];")?;
    writeln!(out, "  edge [arrowsize=0.7];")?;
    for (prefix, shape, nodes) in [
        ("k", "shape=ellipse", &graph.keys),
        ("c", "shape=box", &graph.clients),
        ("e", "shape=component", &graph.endpoints),
    ] {
        // Each kind stands in its own column.
        writeln!(out, "  {{")?;
        writeln!(out, "    rank=same;")?;
        for (number, node) in nodes.iter().enumerate() {
            let color = if node.wrong && prefix == "c" { ", color=\"#d1242f\", penwidth=2" } else { "" };
            writeln!(out, "    {prefix}{number} [{shape}, label=\"{}\"{color}];", label(node))?;
        }
        writeln!(out, "  }}")?;
    }
    let edges = graph.to_clients.iter().map(|edge| ("k", "c", edge));
    for (from, to, edge) in edges.chain(graph.to_endpoints.iter().map(|edge| ("c", "e", edge))) {
        let look = match edge.verdict {
            Verdict::Match => "color=\"#1a7f37\"",
            Verdict::Mismatch => "color=\"#d1242f\", penwidth=2.5",
            Verdict::Unknown => "color=\"#8c959f\", style=dashed",
        };
        writeln!(out, "  {from}{} -> {to}{} [{look}];", edge.from, edge.to)?;
    }
    writeln!(out, "}}")
}

fn label(node: &Node) -> String {
    match node.note.is_empty() {
        true => escaped(&node.title),
        false => format!("{}\\n{}", escaped(&node.title), escaped(&node.note)),
    }
}

/// A text in a quoted label: no escape sequence of Graphviz, no entity.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}
