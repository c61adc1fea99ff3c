//! Ctrl-C: the first press asks the search to stop, the second ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::report::Exit;

/// Installs the handler and returns the flag that the first Ctrl-C raises.
pub fn stop_flag() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    let installed = ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::SeqCst) {
            std::process::exit(Exit::Interrupted as i32);
        }
    });
    // Without a handler Ctrl-C ends the program at once, which is the usual behaviour.
    if installed.is_err() {
        crate::say("foldline: Ctrl-C cannot be caught here; it will end the program at once");
    }
    stop
}
