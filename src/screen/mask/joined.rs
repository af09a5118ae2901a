//! A text as it reads when literals that follow each other, and lines that go on in the next, are put together.
//!
//! A key in several parts is looked for here: each part alone may be too short to be one.

use std::ops::Range;

use super::{JOINT, each};

/// A text without its joints.
pub(super) struct Joined {
    pub(super) text: String,
    /// Where each part begins: in `text`, and in the text that it is of.
    parts: Vec<(usize, usize)>,
}

impl Joined {
    /// `None` where nothing is to be put together.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut joined = Self { text: String::new(), parts: Vec::new() };
        let mut begin = 0;
        for (joint, _) in each(&JOINT, text) {
            joined.push(text, begin..joint.start);
            begin = joint.end;
        }
        if begin == 0 {
            return None;
        }
        joined.push(text, begin..text.len());
        Some(joined)
    }

    fn push(&mut self, text: &str, part: Range<usize>) {
        self.parts.push((self.text.len(), part.start));
        self.text.push_str(text.get(part).unwrap_or_default());
    }

    /// Where a range of the joined text is in the text that it is of: a range for each part.
    pub(super) fn places(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
        let first = self.parts.partition_point(|(start, _)| *start <= range.start).saturating_sub(1);
        let ends = self.parts[first + 1..].iter().map(|(start, _)| *start).chain([self.text.len()]);
        let parts = self.parts[first..].iter().zip(ends).take_while(move |((start, _), _)| *start < range.end);
        parts.map(move |(&(start, place), end)| {
            let within = range.start.max(start)..range.end.min(end);
            place + (within.start - start)..place + (within.end - start)
        })
    }
}
