//! What `mixlint trace` says: who speaks, which routes explain it, and what to look at by hand.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{Place, Repair};
use super::routes::{Endpoint, Key};
use super::{Files, Style, paint};
use crate::catalog::Catalog;
use crate::finding::{Applicability, KeyKind, Location, OriginStep};
use crate::screen;
use crate::trace::messages::NOBODY;
use crate::trace::{Answer, Suspect};

/// Writes an answer for people.
pub(super) fn write_text(
    out: &mut dyn Write,
    files: &Files<'_>,
    catalog: &Catalog,
    answer: &Answer,
    style: Style,
) -> io::Result<()> {
    let (bold, off) = if style.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    writeln!(out, "{bold}{}{off}", sentence(answer))?;
    if let Some(key) = shown_key(catalog, answer) {
        writeln!(out, "The key in it: {key}")?;
    }
    let place = |at: Location| format!("{}:{}", files.path(at.file), files.start(at).line);
    if !answer.frames.is_empty() {
        let line =
            |(at, client): &(Location, bool)| format!("{}{}", place(*at), if *client { " (a client)" } else { "" });
        let lines: Vec<String> = answer.frames.iter().map(line).collect();
        writeln!(out, "The stack trace passes through {}", lines.join(", "))?;
    }
    if !answer.keys.is_empty() {
        let written = answer.keys.iter().map(|written| {
            let name = written.name.as_deref().map_or_else(String::new, |name| format!(" ({})", screen::clean(name)));
            format!("{}{name}", place(written.at))
        });
        writeln!(out, "The key is written in {}", written.collect::<Vec<_>>().join(", "))?;
    }
    match (answer.suspects.is_empty(), answer.explained()) {
        (true, _) => writeln!(out, "\nNo client in these files explains it.")?,
        (false, false) => writeln!(out, "\nNothing in these files is surely wrong; these clients may be meant:")?,
        (false, true) => {}
    }
    for (number, suspect) in answer.suspects.iter().enumerate() {
        write_suspect(out, files, number + 1, suspect, style)?;
    }
    let checks = checks(answer);
    if !checks.is_empty() && !answer.explained() {
        writeln!(out, "\n{bold}By hand, the most frequent cause first:{off}")?;
        for check in checks {
            writeln!(out, "  - {check}")?;
        }
    }
    Ok(())
}

/// What the message means.
fn sentence(answer: &Answer) -> String {
    match answer.reading.message {
        Some(message) => capitalized(&message.says),
        None => "This is no message that mixlint knows.".to_owned(),
    }
}

/// A sentence; a name such as `xAI` stays as it is.
fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let dot = if text.ends_with('.') { "" } else { "." };
    match chars.clone().next().is_some_and(char::is_uppercase) {
        true => format!("{text}{dot}"),
        false => format!("{first}{}{dot}", chars.as_str()),
    }
}

fn shown_key(catalog: &Catalog, answer: &Answer) -> Option<String> {
    let glimpse = answer.reading.glimpses()?;
    let name = |id: &String| catalog.provider(id).map_or(id.clone(), |provider| provider.name.clone());
    let providers: Vec<String> = glimpse.providers(catalog).iter().map(name).collect();
    let whose = match providers.as_slice() {
        _ if glimpse.is_dummy(catalog) => " (it stands for no key)".to_owned(),
        [] => String::new(),
        names => format!(" ({}'s)", screen::clean(&names.join(" or "))),
    };
    Some(format!("{}{whose}", glimpse.shown(catalog)))
}

fn write_suspect(
    out: &mut dyn Write,
    files: &Files<'_>,
    number: usize,
    suspect: &Suspect,
    style: Style,
) -> io::Result<()> {
    let at = |at: Location| {
        let start = files.start(at);
        format!("{}:{}:{}", files.path(at.file), start.line, start.column)
    };
    let route = &suspect.route;
    writeln!(out)?;
    match &suspect.finding {
        Some(finding) => {
            let (on, off) = paint(finding.severity, style);
            let message = screen::clean(&finding.message);
            writeln!(out, "{number}. {on}{}[{}]{off} {message}", finding.severity.name(), finding.rule)?;
        }
        None => {
            let url = route.endpoint.url.as_deref().map_or_else(|| "an unknown endpoint".to_owned(), screen::clean);
            let sends = if suspect.proved { "sends this key to" } else { "at" };
            writeln!(out, "{number}. {} {sends} {url}", screen::clean(&suspect.name))?;
        }
    }
    let row = |out: &mut dyn Write, name: &str, text: &str| writeln!(out, "   {name:9} {text}");
    if let Some(finding) = &suspect.finding {
        row(out, "wrong", &at(finding.at))?;
    }
    row(out, "client", &format!("{}  {}", at(route.at), screen::clean(&route.callee)))?;
    row(out, "key", &super::routes::key(&route.key))?;
    steps(out, &route.key.origin, &at)?;
    row(out, "endpoint", &super::routes::endpoint(&route.endpoint))?;
    steps(out, &route.endpoint.origin, &at)?;
    if !suspect.reasons.is_empty() {
        row(out, "because", &screen::clean(&suspect.reasons.join("; ")))?;
    }
    if let Some(help) = help(suspect) {
        row(out, "repair", &screen::clean(help))?;
    }
    if let Some(fix) = suspect.finding.as_ref().and_then(|finding| finding.fix.as_ref()) {
        let flags = match fix.applicability {
            Applicability::Safe => "--fix",
            Applicability::Unsafe => "--fix --unsafe-fixes",
        };
        row(out, "edit", &format!("as `mixlint check {flags}` makes it"))?;
        for line in super::patch::of_fix(files, fix).lines() {
            let (on, off) = match (style.color, line.as_bytes().first()) {
                (true, Some(b'+')) => ("\x1b[32m", "\x1b[0m"),
                (true, Some(b'-')) => ("\x1b[31m", "\x1b[0m"),
                _ => ("", ""),
            };
            writeln!(out, "             {on}{}{off}", line.trim_end())?;
        }
    }
    Ok(())
}

/// What to do.
fn help(suspect: &Suspect) -> Option<&str> {
    suspect.finding.as_ref().and_then(|finding| finding.help.as_deref()).or(suspect.advice.as_deref())
}

/// The places on a value's way, each once, origin first.
fn steps(out: &mut dyn Write, steps: &[OriginStep], at: &impl Fn(Location) -> String) -> io::Result<()> {
    let mut told: Vec<Location> = Vec::new();
    for step in steps {
        if !told.contains(&step.at) {
            writeln!(out, "             {}  {}", at(step.at), screen::clean(&step.text))?;
            told.push(step.at);
        }
    }
    Ok(())
}

/// What to check: first the variables whose values are not known, then what the message's page says.
fn checks(answer: &Answer) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let names = answer.suspects.iter().filter(|suspect| suspect.route.key.kind == KeyKind::Environment);
    let mut names: Vec<String> =
        names.filter_map(|suspect| suspect.route.key.name.as_deref().map(screen::clean)).collect();
    names.sort();
    names.dedup();
    if !names.is_empty() && answer.keys.is_empty() && answer.reading.glimpses().is_some() {
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        out.push(format!("the key is not in these files: see whether {names} holds it where the program runs"));
    }
    out.extend(answer.reading.message.iter().flat_map(|message| message.checks.iter().cloned()));
    out
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    message: Message<'a>,
    explained: bool,
    answers: Vec<Found<'a>>,
    keys: Vec<Place>,
    checks: Vec<String>,
}

#[derive(Serialize)]
struct Message<'a> {
    id: Option<&'a str>,
    speakers: Vec<&'a str>,
    says: String,
    key: Option<Shown>,
    hosts: Vec<String>,
    path: Option<String>,
    frames: Vec<FrameLine>,
}

#[derive(Serialize)]
struct Shown {
    shown: String,
    kind: &'static str,
    providers: Vec<String>,
}

#[derive(Serialize)]
struct FrameLine {
    path: String,
    line: usize,
    client: bool,
}

#[derive(Serialize)]
struct Found<'a> {
    rule: Option<&'a str>,
    severity: Option<&'a str>,
    message: Option<String>,
    wrong: Option<Place>,
    client: Place,
    callee: String,
    key: Key,
    endpoint: Endpoint,
    verdict: &'a str,
    proved: bool,
    reasons: Vec<String>,
    help: Option<String>,
    fix: Option<Repair>,
}

/// Writes an answer as JSON.
pub(super) fn write_json(out: &mut dyn Write, files: &Files<'_>, catalog: &Catalog, answer: &Answer) -> io::Result<()> {
    let reading = &answer.reading;
    let key = reading.glimpses().map(|glimpse| Shown {
        shown: glimpse.shown(catalog),
        kind: match (glimpse.is_dummy(catalog), glimpse.is_whole()) {
            (true, _) => "placeholder",
            (false, true) => "whole",
            (false, false) => "masked",
        },
        providers: glimpse.providers(catalog).iter().map(|provider| screen::clean(provider)).collect(),
    });
    let frames = answer.frames.iter().map(|(at, client)| FrameLine {
        path: files.path(at.file),
        line: files.start(*at).line,
        client: *client,
    });
    let message = Message {
        id: reading.message.map(|message| message.id.as_str()),
        speakers: reading
            .message
            .iter()
            .flat_map(|message| message.speakers.iter().map(String::as_str))
            .filter(|speaker| *speaker != NOBODY)
            .collect(),
        says: sentence(answer),
        key,
        hosts: reading.hosts.iter().map(|host| screen::clean(host)).collect(),
        path: reading.path.as_deref().map(crate::endpoint::shown_path),
        frames: frames.collect(),
    };
    let answers = answer.suspects.iter().map(|suspect| found_of(files, suspect)).collect();
    let name = |name: &Option<String>| name.as_deref().unwrap_or("the key").to_owned();
    let keys = answer.keys.iter().map(|written| Place::new(files, written.at, &name(&written.name))).collect();
    let report = Report { version: 1, message, explained: answer.explained(), answers, keys, checks: checks(answer) };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}

fn found_of<'a>(files: &Files<'_>, suspect: &'a Suspect) -> Found<'a> {
    let finding = suspect.finding.as_ref();
    Found {
        rule: finding.map(|finding| finding.rule),
        severity: finding.map(|finding| finding.severity.name()),
        message: finding.map(|finding| screen::clean(&finding.message)),
        wrong: finding.map(|finding| Place::new(files, finding.at, &finding.message)),
        client: Place::new(files, suspect.route.at, &suspect.name),
        callee: screen::clean(&suspect.route.callee),
        key: Key::new(files, &suspect.route.key),
        endpoint: Endpoint::new(files, &suspect.route.endpoint),
        verdict: super::routes::verdict(suspect.route.verdict),
        proved: suspect.proved,
        reasons: suspect.reasons.iter().map(|reason| screen::clean(reason)).collect(),
        help: help(suspect).map(screen::clean),
        fix: finding.and_then(|finding| finding.fix.as_ref()).map(|fix| Repair::new(files, fix)),
    }
}
