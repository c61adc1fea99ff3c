//! The progress line on standard error: drawn over itself, only on a terminal, never with `--quiet`.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};

use foldline::{Progress, ProgressCallback};

use crate::describe::{count, duration};

/// What a search calls now and then.
pub type Callback<P> = Arc<dyn Fn(&P) + Send + Sync>;

/// A line that shows how far a search is; it disappears when dropped.
pub struct ProgressLine {
    /// Whether the line may still be drawn; cleared when the search has ended.
    open: Option<Arc<Mutex<bool>>>,
}

impl ProgressLine {
    /// A line that is drawn if standard error is a terminal and `quiet` is not asked for.
    pub fn new(quiet: bool) -> Self {
        let visible = !quiet && std::io::stderr().is_terminal();
        Self { open: visible.then(|| Arc::new(Mutex::new(true))) }
    }

    /// The callback to hand to a search, if the line is visible.
    pub fn callback(&self) -> Option<ProgressCallback> {
        self.callback_with(line)
    }

    /// The same for a search that reports something else, with how to put it in a line.
    pub fn callback_with<P: 'static>(&self, line: fn(&P) -> String) -> Option<Callback<P>> {
        let show = self.writer()?;
        Some(Arc::new(move |progress: &P| show(&line(progress))))
    }

    /// What replaces the line's text, if the line is visible.
    pub fn writer(&self) -> Option<impl Fn(&str) + Send + Sync + 'static> {
        let open = Arc::clone(self.open.as_ref()?);
        Some(move |text: &str| {
            if let Ok(open) = open.lock()
                && *open
            {
                let _ = write!(std::io::stderr(), "\r\x1b[K{text}");
            }
        })
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some(open) = &self.open
            && let Ok(mut open) = open.lock()
        {
            *open = false;
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// Less than 80 characters about a running search.
fn line(progress: &Progress) -> String {
    let statistics = &progress.statistics;
    format!(
        "{:>8}  {} nodes  {} LPs  {:.1}% proved",
        duration(progress.elapsed.as_secs_f64()),
        count(statistics.nodes),
        count(statistics.lps),
        100.0 * statistics.fraction.clamp(0.0, 1.0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline::Statistics;
    use std::time::Duration;

    #[test]
    fn the_line_is_short() {
        let statistics = Statistics {
            nodes: 12_345_678_901,
            lps: u64::MAX,
            fraction: 0.5,
            ..Default::default()
        };
        let text = line(&Progress { statistics, elapsed: Duration::from_secs(123_456) });
        assert!(text.len() < 80 && text.contains("12,345,678,901 nodes"), "{text}");
        assert!(text.ends_with("50.0% proved"), "{text}");
    }
}
