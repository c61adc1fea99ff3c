//! Searches that are cut into pieces, worked on apart, and joined: the same evidence as in one run.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldline_engine::checkpoint::{Begun, Keeper, Memory, Share};
use foldline_engine::{
    Ended, Evidence, Open, Run, Search, Storage, best_first, depth_first, pieces,
};
use serde_json::{Value, json};

use crate::tree::{Tree, mixed};

/// Keeps the state of a share.
struct Shared {
    memory: Memory,
    share: Share,
}

impl Keeper for Shared {
    fn resumed(&self) -> Option<&Value> {
        self.memory.resumed()
    }
    fn is_due(&self) -> bool {
        false
    }
    fn save(&self, state: &Value) {
        self.memory.save(state);
    }
    fn share(&self) -> &Share {
        &self.share
    }
}

/// One run of a share, which ends after so many looks: its end, its state, its evidence.
fn run(
    tree: &Tree,
    state: Option<&Value>,
    storage: Storage,
    share: Share,
    most: usize,
    random: u64,
) -> (Ended<u64>, Option<Value>, Option<Evidence>) {
    let open = match state {
        Some(state) => Open::with_evidence_from_json(tree, state, storage).unwrap(),
        None => Open::with_evidence(vec![tree.root()], storage),
    };
    let keeper = Shared { memory: Memory::default(), share };
    let looks = AtomicUsize::new(0);
    let stop = || looks.fetch_add(1, Ordering::Relaxed) >= most;
    let run = Run { threads: 1 + (random % 3) as usize, stop: &stop, keeper: Some(&keeper) };
    let (ended, evidence) = match random % 2 {
        0 => depth_first(tree, open, run),
        _ => best_first(tree, open, run, 1 << (random % 7)),
    };
    (ended, keeper.memory.next().resumed, evidence)
}

fn storage(folder: &Path, name: &str) -> Storage {
    Storage::Files(folder.join(name))
}

/// Works on a piece until a run of it is not long enough; its state then.
fn work(tree: &Tree, piece: Value, storage: &Storage, random: u64) -> Value {
    let mut state = piece;
    for visit in 0..1 + mixed(random) % 4 {
        let most = (mixed(random ^ visit) % 80) as usize;
        let share = Share::Piece(Begun::default());
        let (ended, next, _) =
            run(tree, Some(&state), storage.clone(), share, most, mixed(random + visit));
        assert!(matches!(ended, Ended::Stopped { .. }), "a piece says nothing of the whole");
        state = next.expect("a piece that is not decided is saved");
    }
    state
}

/// Cuts and joins a search again and again until it is over; its evidence, and how often.
fn in_pieces(seed: u64) -> (Vec<u8>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::new(seed);
    let whole = storage(folder.path(), "whole");
    let mut state = None;
    for round in 0.. {
        let random = mixed(seed ^ (round as u64) << 20);
        let parts = 1 + (random % 20) as usize;
        let share = if round < 4 { Share::Beginning { parts } } else { Share::Whole };
        let (ended, left, evidence) =
            run(&tree, state.as_ref(), whole.clone(), share, usize::MAX, random);
        if matches!(ended, Ended::Exhausted) {
            let mut text = Vec::new();
            evidence.unwrap().write(&mut text).unwrap();
            return (text, round);
        }
        drop(evidence);
        let left = left.expect("it was stopped to be cut");
        let cut = pieces::cut(&left, 1 + (random % 8) as usize);
        assert!(cut.iter().all(|piece| pieces::open_parts(piece) > Some(0)));
        let own = |index| storage(folder.path(), &format!("piece-{round}-{index}"));
        let worked: Vec<Value> = (0..)
            .zip(cut)
            .map(|(index, piece)| work(&tree, piece, &own(index), random ^ index))
            .collect();
        let mut number = pieces::logs(&left);
        for (index, piece) in (0..).zip(&worked) {
            for log in 0..pieces::logs(piece) {
                let target = whole.name(number).unwrap();
                std::fs::copy(own(index).name(log).unwrap(), target).unwrap();
                number += 1;
            }
        }
        let joined = pieces::join(&left, &worked).unwrap();
        assert_eq!(pieces::logs(&joined), number);
        state = Some(joined);
    }
    unreachable!("the last run is not stopped")
}

#[test]
fn pieces_give_the_same_evidence() {
    let mut cuts = 0;
    for seed in 0..80 {
        let (expected, _) = Tree::new(seed).preorder();
        let (text, count) = in_pieces(seed);
        assert!(text == expected.as_bytes(), "seed {seed}");
        cuts += count;
    }
    assert!(cuts > 120, "most were cut several times: {cuts}");
}

#[test]
fn a_second_search_of_a_piece_is_not_begun() {
    let tree = Tree::new(4);
    let keeper = Shared { memory: Memory::default(), share: Share::Piece(Begun::default()) };
    let run = Run { threads: 2, stop: &|| false, keeper: Some(&keeper) };
    let root = || Open::new(vec![tree.root()]);
    let piece = json!({"open_parts": [[0, tree.to_json(&tree.root())]]});
    let piece = Open::from_json(&tree, &piece).unwrap();
    assert!(matches!(depth_first(&tree, piece, run).0, Ended::Stopped { .. }));
    let visits = tree.visits.load(Ordering::Relaxed);
    let Share::Piece(begun) = &keeper.share else { unreachable!() };
    assert!(!begun.is_beyond() && visits > 0);
    assert!(matches!(depth_first(&tree, root(), run).0, Ended::Stopped { .. }));
    assert!(begun.is_beyond());
    assert_eq!(tree.visits.load(Ordering::Relaxed), visits);
    let saved = keeper.memory.next().resumed.unwrap();
    assert_eq!(pieces::open_parts(&saved), Some(1), "the root of the second search");
    let keeper = Shared { memory: Memory::default(), share: Share::Piece(Begun::default()) };
    let run = Run { threads: 2, stop: &|| false, keeper: Some(&keeper) };
    assert!(matches!(depth_first(&tree, root(), run).0, Ended::Stopped { .. }));
    let Share::Piece(begun) = &keeper.share else { unreachable!() };
    assert!(begun.is_beyond(), "a search from its beginning is no piece");
    assert_eq!(tree.visits.load(Ordering::Relaxed), visits);
}

#[test]
fn a_piece_that_is_missing_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::new(4);
    let beginning = Share::Beginning { parts: 6 };
    let whole = storage(folder.path(), "whole");
    let (_, left, _) = run(&tree, None, whole, beginning, usize::MAX, 0);
    let left = left.unwrap();
    let cut = pieces::cut(&left, 3);
    assert!(pieces::join(&left, &cut).is_ok());
    assert!(pieces::join(&left, &cut[1..]).is_err(), "one is missing");
}
