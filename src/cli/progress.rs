//! A bar for work that takes a while, on standard error, if that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Work that takes less shows nothing.
const SHOWN_AFTER: Duration = Duration::from_millis(400);

/// How far some work is.
#[derive(Debug)]
pub(crate) struct Progress {
    begun: Instant,
    total: u64,
    bar: Option<ProgressBar>,
    terminal: bool,
}

impl Progress {
    /// Work of so many steps.
    pub(crate) fn of(total: u64) -> Progress {
        let terminal = io::stderr().is_terminal();
        Progress { begun: Instant::now(), total, bar: None, terminal }
    }

    /// So many of the steps are done; the words say on what.
    pub(crate) fn at(&mut self, done: u64, words: &str) {
        if !self.terminal || self.begun.elapsed() < SHOWN_AFTER {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %  {msg}");
            ProgressBar::new(self.total).with_style(style.expect("a well-formed template"))
        });
        bar.set_position(done.min(self.total));
        bar.set_message(words.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
