//! What changed between an earlier `routes --output-format json` and now, as Markdown for a pull request.

use std::io::{self, Write};

use serde::Deserialize;

use crate::screen;

/// A route as JSON has it, as far as it is compared. Lines are not: they move with every edit above.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Route {
    path: String,
    callee: String,
    key: Key,
    endpoint: Endpoint,
    verdict: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Key {
    kind: String,
    name: Option<String>,
    providers: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Endpoint {
    kind: String,
    url: Option<String>,
    provider: Option<String>,
}

#[derive(Deserialize)]
struct Report {
    version: u32,
    routes: Vec<Route>,
}

/// Routes of an earlier run.
#[derive(Debug)]
pub struct Earlier(Vec<Route>);

impl Earlier {
    /// Reads the JSON of `routes`; what is wrong with it otherwise.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        // serde's messages may quote values: the place is enough.
        let wrong = |error: serde_json::Error| format!("not the JSON of `mixlint routes` (line {})", error.line());
        let report: Report = serde_json::from_slice(json).map_err(wrong)?;
        match report.version {
            1 => Ok(Self(report.routes)),
            version => Err(format!("version {version} is not known")),
        }
    }
}

/// Writes what changed since.
pub(super) fn write(out: &mut dyn Write, earlier: &Earlier, now: &[u8]) -> io::Result<()> {
    let now = Earlier::parse(now).map_err(io::Error::other)?;
    let Changes { added, gone, changed, moved } = Changes::new(&earlier.0, &now.0);
    if added.is_empty() && gone.is_empty() && changed.is_empty() && moved.is_empty() {
        return writeln!(out, "### API key routes\n\nNo key goes elsewhere than before.");
    }
    let wrong = |route: &Route| route.verdict == "mismatch";
    let new_wrong = added.iter().filter(|route| wrong(route)).count()
        + changed.iter().filter(|(before, after)| wrong(after) && !wrong(before)).count();
    let repaired = gone.iter().filter(|route| wrong(route)).count()
        + changed.iter().filter(|(before, after)| wrong(before) && !wrong(after)).count();
    writeln!(out, "### API key routes\n")?;
    let mut counts = Vec::new();
    for (count, what) in [
        (new_wrong, "newly wrong"),
        (repaired, "no longer wrong"),
        (added.len(), "added"),
        (changed.len(), "changed"),
        (moved.len(), "moved"),
        (gone.len(), "removed"),
    ] {
        if count > 0 {
            counts.push(if what == "newly wrong" { format!("**{count} {what}**") } else { format!("{count} {what}") });
        }
    }
    writeln!(out, "{}.\n", counts.join(", "))?;
    writeln!(out, "| | client | key | endpoint | verdict |\n|---|---|---|---|---|")?;
    let mut rows: Vec<(bool, String)> = Vec::new();
    let client = |route: &Route| format!("{} {}", code(&route.path), code(&route.callee));
    let row = |sign: &str, route: &Route| {
        let (key, endpoint) = (key(&route.key), endpoint(&route.endpoint));
        (!wrong(route), format!("| {sign} | {} | {key} | {endpoint} | {} |", client(route), verdict(&route.verdict)))
    };
    rows.extend(added.iter().map(|route| row("added", route)));
    rows.extend(changed.iter().map(|(before, after)| {
        let both = |a: String, b: String| if a == b { a } else { format!("{a} → {b}") };
        let text = format!(
            "| changed | {} | {} | {} | {} |",
            client(after),
            both(key(&before.key), key(&after.key)),
            both(endpoint(&before.endpoint), endpoint(&after.endpoint)),
            both(verdict(&before.verdict), verdict(&after.verdict))
        );
        (!wrong(after), text)
    }));
    rows.extend(moved.iter().map(|(before, after)| {
        let (fine, text) = row("moved", after);
        (fine, text.replacen("| moved | ", &format!("| moved | {} → ", code(&before.path)), 1))
    }));
    rows.extend(gone.iter().map(|route| (true, row("removed", route).1)));
    rows.sort_by_key(|(fine, _)| *fine);
    rows.iter().try_for_each(|(_, row)| writeln!(out, "{row}"))
}

struct Changes {
    added: Vec<Route>,
    gone: Vec<Route>,
    changed: Vec<(Route, Route)>,
    moved: Vec<(Route, Route)>,
}

impl Changes {
    /// What is in one list and not in the other; what the same client has instead is changed, and what is the same in
    /// another file was moved.
    fn new(before: &[Route], after: &[Route]) -> Self {
        let (mut gone, mut added) = (rest(before, after), rest(after, before));
        let mut changed = Vec::new();
        added.retain(|route| {
            let same = |old: &Route| old.path == route.path && old.callee == route.callee;
            // Of several that a client had, the one that is most alike.
            let alike = |old: &Route| (old.key == route.key, old.endpoint == route.endpoint);
            let old = (0..gone.len()).filter(|&at| same(&gone[at])).max_by_key(|&at| alike(&gone[at]));
            if let Some(at) = old {
                changed.push((gone.remove(at), route.clone()));
            }
            old.is_none()
        });
        let mut moved = Vec::new();
        added.retain(|route| {
            let same = |old: &Route| Route { path: route.path.clone(), ..old.clone() } == *route;
            let file = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
            let old = (0..gone.len())
                .filter(|&at| same(&gone[at]))
                .max_by_key(|&at| file(&gone[at].path) == file(&route.path));
            if let Some(at) = old {
                moved.push((gone.remove(at), route.clone()));
            }
            old.is_none()
        });
        Self { added, gone, changed, moved }
    }
}

/// The routes of one list that another lacks, as often as it lacks them.
fn rest(all: &[Route], without: &[Route]) -> Vec<Route> {
    let mut others: Vec<&Route> = without.iter().collect();
    others.sort();
    let mut all: Vec<&Route> = all.iter().collect();
    all.sort();
    let mut others = others.into_iter().peekable();
    let mut out = Vec::new();
    for route in all {
        while others.next_if(|other| *other < route).is_some() {}
        if others.next_if(|other| *other == route).is_none() {
            out.push(route.clone());
        }
    }
    out
}

fn key(key: &Key) -> String {
    let name = key.name.as_deref().map_or_else(|| key.kind.clone(), code);
    match key.providers.is_empty() {
        true => name,
        false => format!("{name} ({})", plain(&key.providers.join(" or "))),
    }
}

fn endpoint(endpoint: &Endpoint) -> String {
    let url = endpoint.url.as_deref().map_or_else(|| "unknown".to_owned(), code);
    let kind = if endpoint.kind == "default" { " (default)" } else { "" };
    format!("{url}{kind}")
}

fn verdict(verdict: &str) -> String {
    match verdict {
        "match" => "✅ match".to_owned(),
        "mismatch" => "❌ mismatch".to_owned(),
        _ => "❔ unknown".to_owned(),
    }
}

/// A text in a code span of a table: nothing in it is markup.
fn code(text: &str) -> String {
    format!("`{}`", screen::clean(text).replace('`', "'").replace('|', "\\|"))
}

/// A text without the characters that are markup.
fn plain(text: &str) -> String {
    screen::clean(text).replace(|c: char| "`|<>&*_[]\\@#".contains(c), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str, key: &str, url: &str, verdict: &str) -> Route {
        Route {
            path: path.to_owned(),
            callee: "openai.OpenAI".to_owned(),
            key: Key { kind: "environment".to_owned(), name: Some(key.to_owned()), providers: Vec::new() },
            endpoint: Endpoint { kind: "explicit".to_owned(), url: Some(url.to_owned()), provider: None },
            verdict: verdict.to_owned(),
        }
    }

    #[test]
    fn pairs_what_changed() {
        let before =
            [route("a.py", "K", "x", "match"), route("a.py", "K", "x", "match"), route("b.py", "K", "x", "match")];
        let after =
            [route("a.py", "K", "x", "match"), route("a.py", "K", "y", "mismatch"), route("c.py", "K", "x", "match")];
        let changes = Changes::new(&before, &after);
        assert_eq!(changes.changed, [(before[1].clone(), after[1].clone())]);
        assert_eq!(changes.moved, [(before[2].clone(), after[2].clone())]);
        assert!(changes.gone.is_empty() && changes.added.is_empty());
        let changes = Changes::new(&before[2..], &[route("c.py", "K", "z", "match")]);
        assert_eq!((changes.gone, changes.added.len()), (vec![before[2].clone()], 1));
        let same = Changes::new(&before, &before);
        assert!(same.added.is_empty() && same.gone.is_empty() && same.changed.is_empty());
    }

    #[test]
    fn refuses_what_is_not_ours() {
        for text in ["", "{", "[]", "{\"version\": 2, \"routes\": []}", "{\"version\": 1}"] {
            assert!(Earlier::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Earlier::parse(b"{\"version\": 1, \"routes\": []}").is_ok());
    }
}
