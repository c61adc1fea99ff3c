//! Depth-first branch and bound over all patches, on all cores, with one incumbent.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use super::incumbent::{Incumbent, offer_point};
use super::leaf;
use super::node::{Node, Step, Workspace, process};
use crate::verification::counters::Counters;

/// The state that workers share.
struct Pool<'a> {
    incumbent: &'a Incumbent,
    counters: &'a Counters,
    stop: &'a (dyn Fn() -> bool + Sync),
    seed: u64,
    threads: usize,
    /// Nodes given away, roots at first.
    shared: Mutex<Vec<Node>>,
    changed: Condvar,
    /// Workers without a node.
    idle: AtomicUsize,
    done: AtomicBool,
    /// Upper bounds of the nodes left open when told to stop.
    open: Mutex<Option<f64>>,
}

/// Searches below all `roots`. If told to stop before the end, the largest bound of an open node.
pub fn search(
    mut roots: Vec<Node>,
    threads: usize,
    seed: u64,
    incumbent: &Incumbent,
    counters: &Counters,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<f64> {
    roots.reverse();
    let pool = Pool {
        incumbent,
        counters,
        stop,
        seed,
        threads,
        shared: Mutex::new(roots),
        changed: Condvar::new(),
        idle: AtomicUsize::new(0),
        done: AtomicBool::new(false),
        open: Mutex::new(None),
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| pool.work());
        }
        pool.work();
    });
    let left = pool.shared.into_inner().expect("no worker panicked");
    let open = pool.open.into_inner().expect("no worker panicked");
    let bounds = left.iter().map(|node| node.bound).chain(open);
    bounds.reduce(f64::max)
}

/// Lets the other workers end when one panics, so that the panic is seen and nothing hangs.
struct ReleaseOnPanic<'a>(&'a Pool<'a>);

impl Drop for ReleaseOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.done.store(true, Ordering::Relaxed);
            self.0.changed.notify_all();
        }
    }
}

impl Pool<'_> {
    fn work(&self) {
        let _release = ReleaseOnPanic(self);
        let mut space = Workspace::new();
        let mut stack: Vec<Node> = Vec::new();
        while let Some(node) = stack.pop().or_else(|| self.take()) {
            stack.push(node);
            if self.done.load(Ordering::Relaxed) || (self.stop)() {
                return self.leave(&stack);
            }
            let node = stack.pop().expect("just pushed");
            self.visit(node, &mut space, &mut stack);
            if self.idle.load(Ordering::Relaxed) > 0 && stack.len() > 1 {
                self.shared.lock().expect("no worker panicked").push(stack.remove(0));
                self.changed.notify_one();
            }
        }
    }

    /// Notes what is left open, and lets the others end.
    fn leave(&self, stack: &[Node]) {
        let mut open = self.open.lock().expect("no worker panicked");
        *open = stack.iter().map(|node| node.bound).chain(*open).reduce(f64::max);
        drop(open);
        let _guard = self.shared.lock().expect("no worker panicked");
        self.done.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// A node that another worker gave away, or a root; none at the end.
    fn take(&self) -> Option<Node> {
        let mut shared = self.shared.lock().expect("no worker panicked");
        loop {
            if self.done.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(node) = shared.pop() {
                return Some(node);
            }
            if self.idle.fetch_add(1, Ordering::Relaxed) + 1 == self.threads {
                self.done.store(true, Ordering::Relaxed);
                self.changed.notify_all();
                return None;
            }
            let wait = Duration::from_millis(50);
            shared = self.changed.wait_timeout(shared, wait).expect("no worker panicked").0;
            self.idle.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Processes one node; its parts go on the stack.
    fn visit(&self, node: Node, space: &mut Workspace, stack: &mut Vec<Node>) {
        let (counters, incumbent) = (self.counters, self.incumbent);
        counters.nodes.add(1);
        let share = node.share;
        if node.reduced.is_none() && node.input_splits == 0 {
            space.gradients.explore(&node.patch, &node.norm, self.seed, incumbent);
        }
        let mut exact_lps = 0;
        match process(node, space, incumbent, &mut exact_lps) {
            Step::Closed => counters.close(share),
            Step::Leaf(node) => {
                counters.close(share);
                counters.exact_leaves.add(1);
                if let Some(point) = leaf::interior_point(&node, &mut exact_lps) {
                    let point = node.patch.to_domain(&point);
                    let measured = offer_point(&node.patch.domain, &point, incumbent);
                    assert!(measured, "a leaf's point is in the interior of its cell");
                }
            }
            // The first part is visited first.
            Step::Split(parts) => stack.extend(parts.into_iter().rev()),
        }
        counters.exact_lps.add(exact_lps);
        counters.lps.add(std::mem::take(&mut space.relaxation.lps));
        counters.attack_points.add(std::mem::take(&mut space.gradients.count));
    }
}
