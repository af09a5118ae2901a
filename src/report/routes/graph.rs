//! Routes as a graph: from keys through clients to endpoints. Mermaid, DOT and HTML draw the same one.

use super::View;
use crate::finding::Verdict;

/// A key, a client or an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// What it is.
    pub(super) title: String,
    /// What is known of it besides.
    pub(super) note: String,
    /// Something is wrong at it.
    pub(super) wrong: bool,
}

/// From a node of one column to one of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) verdict: Verdict,
}

/// Three columns of nodes, and the edges between the first and the second, the second and the third.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) keys: Vec<Node>,
    pub(super) clients: Vec<Node>,
    pub(super) endpoints: Vec<Node>,
    pub(super) to_clients: Vec<Edge>,
    pub(super) to_endpoints: Vec<Edge>,
}

impl Graph {
    /// The graph of some routes.
    pub(super) fn new(routes: &[View]) -> Self {
        let mut graph = Self::default();
        for route in routes {
            let wrong = route.verdict == Verdict::Mismatch;
            let key = node(&mut graph.keys, &route.key, "", wrong);
            let client = node(&mut graph.clients, &route.place, &route.client, wrong);
            let endpoint = node(&mut graph.endpoints, &route.endpoint, &route.owner, wrong);
            edge(&mut graph.to_clients, key, client, route.verdict);
            edge(&mut graph.to_endpoints, client, endpoint, route.verdict);
        }
        graph
    }
}

fn node(nodes: &mut Vec<Node>, title: &str, note: &str, wrong: bool) -> usize {
    let at = nodes.iter().position(|node| node.title == title && node.note == note).unwrap_or_else(|| {
        nodes.push(Node { title: title.to_owned(), note: note.to_owned(), wrong: false });
        nodes.len() - 1
    });
    nodes[at].wrong |= wrong;
    at
}

/// One edge for each pair: the worst of its routes decides.
fn edge(edges: &mut Vec<Edge>, from: usize, to: usize, verdict: Verdict) {
    match edges.iter_mut().find(|edge| edge.from == from && edge.to == to) {
        Some(edge) if verdict == Verdict::Mismatch || edge.verdict == Verdict::Match => edge.verdict = verdict,
        Some(_) => {}
        None => edges.push(Edge { from, to, verdict }),
    }
}
