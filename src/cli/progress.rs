//! A line on the terminal while a long run goes on, which is gone when it ends.

use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long nothing is shown.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the line changes.
const STEP: Duration = Duration::from_millis(100);
/// Back to the start of the line, and clear it.
const CLEAR: &str = "\r\x1b[K";

/// A run that may become a long one.
#[derive(Debug)]
pub(super) struct Progress {
    /// Whether there is somebody to tell.
    shown: bool,
    since: Instant,
    patience: Duration,
}

impl Progress {
    /// A run that begins now.
    pub(super) fn new(shown: bool) -> Self {
        Self { shown, since: Instant::now(), patience: PATIENCE }
    }

    /// Does a part of the work. While the run takes longer than patience lasts, the terminal says what is done.
    pub(super) fn during<T>(
        &self,
        terminal: &mut (dyn Write + Send),
        what: impl Fn() -> String + Sync,
        work: impl FnOnce() -> T,
    ) -> T {
        if !self.shown {
            return work();
        }
        std::thread::scope(|scope| {
            let (done, ended) = channel::<()>();
            let what = &what;
            scope.spawn(move || {
                let mut wait = self.patience.saturating_sub(self.since.elapsed());
                let mut drawn = false;
                while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    let seconds = self.since.elapsed().as_secs();
                    let line = format!("{CLEAR}mixlint: {} ({seconds} s)", what());
                    // A terminal that cannot be written to costs no result.
                    let _ = terminal.write_all(line.as_bytes()).and_then(|()| terminal.flush());
                    (wait, drawn) = (STEP, true);
                }
                if drawn {
                    let _ = terminal.write_all(CLEAR.as_bytes()).and_then(|()| terminal.flush());
                }
            });
            // However the work ends, its end is seen: the sender is dropped.
            let _done = done;
            work()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender};

    use super::*;

    /// Tells what it is given.
    struct Terminal(Sender<String>);

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn run(shown: bool, patience: Duration, work: impl FnOnce(&Receiver<String>)) -> String {
        let (sender, screen) = channel();
        let progress = Progress { patience, ..Progress::new(shown) };
        progress.during(&mut Terminal(sender), || "reading".to_owned(), || work(&screen));
        screen.iter().collect()
    }

    #[test]
    fn a_line_that_is_cleared() {
        // The work waits for the line: no time is measured.
        let rest = run(true, Duration::ZERO, |screen| {
            assert!(screen.recv().unwrap().starts_with("\r\x1b[Kmixlint: reading ("));
            assert!(screen.recv().unwrap().contains("reading"));
        });
        assert!(rest.ends_with(CLEAR), "{rest:?}");
    }

    #[test]
    fn nothing_where_nobody_waits_or_nobody_looks() {
        assert_eq!(run(true, Duration::from_secs(3600), |_| ()), "");
        assert_eq!(run(false, Duration::ZERO, |_| ()), "");
    }

    #[test]
    fn a_panic_ends_it() {
        let work = || run(true, Duration::from_secs(3600), |_| panic!("x"));
        assert!(std::panic::catch_unwind(work).is_err());
    }
}
