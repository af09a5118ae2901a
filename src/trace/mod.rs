//! From the error message to the line: `mixlint trace`.
//!
//! [`Reading::of`] takes apart what was pasted: who speaks ([`messages`], as data in `rules/messages/`), what is shown
//! of the key ([`glimpse`]), which host and path were called, which lines a stack trace names ([`frames`]).
//! [`suspects`] then ranks the routes that the analysis found by how well they explain it. Nothing is analysed here a
//! second time, and nothing here prints.

use crate::analysis::{Output, Written};
use crate::catalog::Catalog;
use crate::finding::{Finding, Location, RouteRecord};
use crate::source::Source;

mod frames;
mod glimpse;
pub mod messages;
mod reading;
mod suspects;

pub use frames::{Frame, in_project};
pub use glimpse::{Fit, Glimpse};
pub use messages::Message;
pub use reading::{Reading, frames};

/// More of a message than this is not looked at: its end is kept.
pub const LONGEST: usize = 1 << 18;
/// How many suspects are told.
const MOST: usize = 6;

/// What is said about a message.
#[derive(Debug)]
pub struct Answer {
    /// What it is.
    pub reading: Reading,
    /// The lines of its stack trace that are in the project; whether a client stands there.
    pub frames: Vec<(Location, bool)>,
    /// Where in the project the key is written that the message shows.
    pub keys: Vec<Written>,
    /// The routes that explain it, most likely first.
    pub suspects: Vec<Suspect>,
}

/// A route that may be the one.
#[derive(Debug)]
pub struct Suspect {
    /// The client's name for people.
    pub name: String,
    /// The route.
    pub route: RouteRecord,
    /// What is wrong with it, if that explains the message.
    pub finding: Option<Finding>,
    /// The key of the message is the one that this client sends to the server that refused it.
    pub proved: bool,
    /// What to do where no finding says it.
    pub advice: Option<String>,
    /// Why it is held to be the one, most telling first.
    pub reasons: Vec<String>,
    /// How well it fits; only the order means something.
    pub score: i32,
}

impl Answer {
    /// A route explains the message: one that is wrong, or one that sends just this key to just this server.
    pub fn explained(&self) -> bool {
        self.suspects.first().is_some_and(|suspect| suspect.finding.is_some() || suspect.proved)
    }
}

/// Explains a message by what the analysis found in a project.
pub fn trace(catalog: &Catalog, output: &Output, text: &str) -> Answer {
    let reading = Reading::of(catalog, text);
    let sources: Vec<&Source> = output.sources.iter().collect();
    let lines = in_project(&reading.frames, &sources);
    let suspects = suspects::rank(catalog, output, &reading, &lines);
    let is_client = |line: &Location| {
        let touches =
            |at: Location| at.file == line.file && at.span.start < line.span.end && line.span.start < at.span.end;
        output.judged.iter().any(|(client, _)| touches(client.at))
    };
    let frames = lines.iter().map(|line| (*line, is_client(line))).collect();
    let keys = reading.glimpses().map(|glimpse| glimpse.find(output)).unwrap_or_default();
    Answer { reading, frames, keys, suspects }
}
