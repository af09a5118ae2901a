//! Syntax trees: one way to parse for all languages that have a grammar.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{Language, Node, ParseOptions, ParseState, Parser, Tree};

use super::Unparsable;
use crate::facts::{Module, Span};

/// How much of the processor the parser may take for a stretch of text: what else the machine does is no fault of the text. It needs two milliseconds, and twenty where it finds its way
/// through errors; but from some inputs that no person writes it recovers in steps of which each takes longer than the
/// one before, and keeps more.
const PATIENCE: Duration = Duration::from_millis(300);
const STRETCH: usize = 16 << 10;
/// How much longer it may take for each stretch that it has behind it.
const MORE: Duration = Duration::from_millis(25);

/// Parses a text, unless it takes many times as long as any that can be understood.
///
/// `tail` is a statement that is read behind it. A parser that is still in errors where the text ends tries all of the
/// ways to go on at once, in a step that nothing interrupts: kilobytes take a gigabyte. With something plain to read
/// there it does not come to that. What begins behind the text is nothing that the file says.
pub(super) fn parse(grammar: &Language, text: &str, tail: &str) -> Result<Tree, Unparsable> {
    let mut parser = Parser::new();
    parser.set_language(grammar).map_err(|error| Unparsable::Refused(error.to_string()))?;
    // Without optimisation, parsers are as much slower.
    let slowness = if cfg!(debug_assertions) { 10 } else { 1 };
    let begun = Watch::start();
    let (mut last, mut stretches) = (begun, 0);
    let mut progress = |state: &ParseState| {
        if state.current_byte_offset() / STRETCH > stretches {
            (last, stretches) = (Watch::start(), state.current_byte_offset() / STRETCH);
        }
        let whole = PATIENCE + MORE * u32::try_from(stretches).unwrap_or(u32::MAX);
        let is_late = last.is_past(PATIENCE * slowness) || begun.is_past(whole * slowness);
        if is_late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let mut read = |at: usize, _| match at.checked_sub(text.len()) {
        None => &text.as_bytes()[at..],
        Some(behind) => tail.as_bytes().get(behind..).unwrap_or_default(),
    };
    let tree = parser.parse_with_options(&mut read, None, Some(options));
    tree.ok_or_else(|| Unparsable::Refused("too broken: it takes the parser too long".to_owned()))
}

/// Measures the time that a thread works.
#[derive(Clone, Copy)]
struct Watch {
    began: Instant,
    worked: Duration,
}

impl Watch {
    fn start() -> Self {
        Self { began: Instant::now(), worked: worked() }
    }

    /// Whether the thread has worked longer since. To ask the system costs more than to look at the clock, which a thread
    /// never is ahead of.
    fn is_past(self, limit: Duration) -> bool {
        self.began.elapsed() > limit && worked().saturating_sub(self.worked) > limit
    }
}

/// How long this thread has worked; where the system does not tell, how long it is there.
#[cfg(unix)]
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

#[cfg(not(unix))]
fn worked() -> Duration {
    static BEGAN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    BEGAN.elapsed()
}

/// A lowered file without what it has of the tail: a text that breaks off may have taken it for its next part.
pub(super) fn clipped(module: Module, root: Node<'_>, text: &str) -> Module {
    let end = text.len() as u32;
    let mut cursor = root.walk();
    let mut parts = root.children(&mut cursor);
    // Of the tail, too, a part may be taken, and the rest stand apart.
    let is_taken = parts.any(|part| part.start_byte() < text.len() && part.end_byte() > text.len())
        || module.exprs.iter().any(|expr| expr.span.end > end);
    if !is_taken {
        return module;
    }
    module.moved(&|span| Span { start: span.start.min(end), end: span.end.min(end) })
}
