//! Keys whose format begins with no letters of its own but with a long run of some: `[0-9a-f]{32}\.[A-Za-z0-9]{16}`.
//!
//! An expression has to look at each byte for these; here one in as many as the run is long is enough, since a run of that
//! length covers one of them.

use std::ops::Range;

use super::pattern::Pattern;

/// Runs of the characters of one class.
#[derive(Debug)]
pub(super) struct Runs {
    /// Which bytes belong to the class.
    class: [bool; 256],
    /// How long a run has to be, in bytes.
    least: usize,
    /// The whole format.
    format: Pattern,
}

impl Runs {
    /// What a format begins with, if that is such a run.
    pub(super) fn of_format(format: &str) -> Option<Self> {
        let (class, rest) = format.strip_prefix('[')?.split_once("]{")?;
        let least = rest.split(['}', ',']).next()?.parse().ok().filter(|&least| least >= 16)?;
        let letters = Pattern::new(format!("^[{class}]"));
        let mut is_in = [false; 256];
        for (byte, is_in) in is_in.iter_mut().enumerate() {
            *is_in = u8::try_from(byte).is_ok_and(|byte| letters.is_in_bytes(&[byte]));
        }
        Some(Self { class: is_in, least, format: Pattern::new(format) })
    }

    /// Where the format's matches begin in a text: the runs of all of them.
    pub(super) fn find<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> {
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let run = self.next(text.as_bytes(), from)?;
                from = run.end;
                let word = text.get(run.start..).unwrap_or("");
                if self.format.is_in(crate::chars::start(word, run.len() + self.least * 2)) {
                    return Some(run);
                }
            }
        })
    }

    fn next(&self, bytes: &[u8], mut from: usize) -> Option<Range<usize>> {
        let is_its = |at: usize| bytes.get(at).is_some_and(|&byte| self.class[usize::from(byte)]);
        loop {
            let probe = from + self.least - 1;
            if probe >= bytes.len() {
                return None;
            }
            if !is_its(probe) {
                from = probe + 1;
                continue;
            }
            let start = (from..probe).rev().take_while(|&at| is_its(at)).last().unwrap_or(probe);
            let end = (probe + 1..bytes.len()).take_while(|&at| is_its(at)).last().map_or(probe + 1, |at| at + 1);
            if end - start >= self.least {
                return Some(start..end);
            }
            from = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_wherever_they_begin() {
        let runs = Runs::of_format(r"[0-9a-f]{32}\.[A-Za-z0-9]{16}").unwrap();
        let run = "0123456789abcdef".repeat(2);
        let rest = ".ABCDEFGHIJKLMNOP";
        for before in 0..70 {
            let text = format!("{}{run}{rest}", "-".repeat(before));
            let found: Vec<usize> = runs.find(&text).flat_map(|run| [run.start, run.end]).collect();
            assert_eq!(found, [before, before + 32]);
            let longer = format!("{}a{run}{rest} {run}{rest}", "z".repeat(before));
            assert_eq!(runs.find(&longer).count(), 2, "{before}");
            for none in [format!("{run}-{rest}"), format!("{}{rest}", &run[1..]), format!("{run}{}", &rest[..10])] {
                assert_eq!(runs.find(&format!("{}{none}", "g".repeat(before))).count(), 0, "{before}");
            }
        }
    }

    #[test]
    fn other_formats_begin_otherwise() {
        for format in ["sk-[a-z]{20}", "[a-z]{3}x", "[a-z]+", "(?:[a-z]{32})"] {
            assert!(Runs::of_format(format).is_none(), "{format}");
        }
    }
}
