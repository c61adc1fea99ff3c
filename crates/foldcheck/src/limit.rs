//! Work that is waited for only so long, whatever it is busy with.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// As much as a program's first thread has, by custom.
const STACK: usize = 8 << 20;

/// What `work` returns, unless that takes longer than `limit`; it is told how to ask whether it does.
///
/// It runs in a thread of its own, since reading a file or a single product of long numbers looks
/// at no clock: a thread that is late is left behind. Where none can be started it runs here.
pub fn within<T: Send + 'static>(
    limit: Option<Duration>,
    work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
) -> Option<T> {
    let start = Instant::now();
    let Some(limit) = limit else { return Some(work(&|| false)) };
    let is_over = move || start.elapsed() >= limit;
    // Shared, so that the work is still here where no thread takes it.
    let shared = Arc::new(Mutex::new(Some(work)));
    let (sender, receiver) = channel();
    let theirs = Arc::clone(&shared);
    let run = move || {
        let work = theirs.lock().ok().and_then(|mut work| work.take());
        if let Some(work) = work {
            // Nobody listens to what comes late.
            let _ = sender.send(work(&is_over));
        }
    };
    if Builder::new().stack_size(STACK).spawn(run).is_err() {
        let work = shared.lock().ok()?.take()?;
        return Some(work(&is_over));
    }
    receiver.recv_timeout(limit.saturating_sub(start.elapsed())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_work_is_left_behind() {
        let brief = Some(Duration::from_millis(20));
        assert_eq!(within(brief, |_| std::thread::sleep(Duration::from_secs(60))), None);
        assert_eq!(within(Some(Duration::from_secs(60)), |is_over| is_over()), Some(false));
        assert_eq!(within(None, |is_over| is_over()), Some(false));
    }
}
