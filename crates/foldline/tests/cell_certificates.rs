//! Certificates of cell counts: what is written for random networks is accepted, and its number holds.

#[allow(dead_code)]
#[path = "../../foldline-questions/tests/regions/generate.rs"]
mod generate;

use std::time::Duration;

use foldcheck::{Content, Failure, check};
use foldline::formats::network::network_to_json;
use foldline::formats::region::parse_region;
use foldline::kernel::{Activation, LinearConstraint, Network, Polyhedron, Rational};
use foldline::questions::checkpoint::Memory;
use foldline::questions::regions::{Options, Outcome};
use foldline::regions_certificate::{self, count_certified};
use generate::Random;

/// The region as foldline's JSON.
fn region_json(piece: &Polyhedron) -> String {
    let row = |constraint: &LinearConstraint| {
        let mut row = vec![Rational::ZERO; piece.dimension];
        for (input, value) in &constraint.coefficients {
            row[*input] = value.clone();
        }
        let row: Vec<String> = row.iter().map(|value| format!("\"{value}\"")).collect();
        format!("[{}]", row.join(","))
    };
    let rows: Vec<String> = piece.constraints.iter().map(row).collect();
    let bound = |constraint: &LinearConstraint| format!("\"{}\"", constraint.bound);
    let bounds: Vec<String> = piece.constraints.iter().map(bound).collect();
    format!("{{\"A\": [{}], \"b\": [{}]}}", rows.join(","), bounds.join(","))
}

/// Certifies `count` random instances, half of them degenerate; how many there were to certify, and how often
/// a run went on with a proof.
fn certified(seed: u64, count: usize, network: impl Fn(&mut Random) -> Network) -> (usize, u32) {
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (mut accepted, mut gone_on) = (0, 0);
    for case in 0..count {
        let network = network(&mut random);
        let mut region = generate::region(&mut random, network.inputs());
        let mut files = vec![("network", "n.json", network_to_json(&network).to_string())];
        let is_everything = matches!(&*region.pieces, [piece] if piece.constraints.is_empty());
        if !is_everything {
            let text = region_json(&region.pieces[0]);
            // As a reader finds it: constraints without variables are left out.
            if region.pieces.len() == 1 {
                region = parse_region("r.json", &text, network.inputs()).unwrap();
            }
            files.push(("region", "r.json", text));
        }
        for (_, name, text) in &files {
            std::fs::write(path(name), text).unwrap();
        }
        let paths: Vec<_> = files.iter().map(|(role, name, _)| (*role, path(name))).collect();
        let named: Vec<_> = paths.iter().map(|(role, path)| (*role, path.as_path())).collect();
        let over = (!is_everything).then_some(&region);
        let options = Options { threads: 1, ..Options::default() };
        let target = path("proof");
        let cells = match count_certified(&network, over, &named, &options, &target, None) {
            Ok(Outcome::Counted(cells)) => cells,
            // Flat and empty regions, and unions.
            Err(regions_certificate::Failure::Region) => continue,
            other => panic!("{other:?}"),
        };
        accepted += 1;
        let contents: Vec<Content> =
            files.iter().map(|(_, name, text)| Content::new(name, text.clone().into())).collect();
        let proof = std::fs::read_to_string(&target).unwrap();
        let found = check(proof.as_bytes(), &contents);
        let found = found.unwrap_or_else(|error| panic!("case {case} of {seed}: {error}\n{proof}"));
        assert_eq!(found.statement.claim, format!("cells {cells}"));
        // On several threads, and stopped again and again.
        let mut keeper = Memory::default();
        for run in 0.. {
            let threads = 1 + (case + run as usize) % 3;
            let timeout = Some(Duration::from_micros(50 * run * run));
            let options = Options { threads, timeout, ..Options::default() };
            let target = path("pieces");
            let found = count_certified(&network, over, &named, &options, &target, Some(&keeper));
            match found.unwrap() {
                Outcome::Counted(again) => {
                    assert_eq!(again, cells);
                    break;
                }
                Outcome::Undecided { .. } => keeper = keeper.next(),
            }
            let state = keeper.resumed.as_ref();
            let parts = state.and_then(|state| state.pointer("/open/parts")?.as_u64());
            gone_on += u32::from(parts.is_some_and(|parts| parts > 0));
        }
        assert_eq!(std::fs::read_to_string(path("pieces")).unwrap(), proof);
        let claim = format!("regions cells {cells}\n");
        let more = proof.replacen(&claim, &format!("regions cells {}\n", cells + 1), 1);
        assert!(matches!(check(more.as_bytes(), &contents), Err(Failure::Rejected(_))));
    }
    (accepted, gone_on)
}

#[test]
fn written_certificates_are_accepted() {
    let (accepted, _) = certified(11, 150, |random| generate::network(random, 7));
    assert!(accepted > 75, "{accepted}");
}

#[test]
fn proofs_in_pieces() {
    let wide = |random: &mut Random| {
        let sizes =
            [(3, 10, Activation::Relu), (10, 10, Activation::Relu), (10, 1, Activation::Linear)];
        let layer = |(inputs, size, activation)| {
            generate::make_layer(random, inputs, size, false, false, activation)
        };
        Network::new(3, sizes.map(layer).into()).unwrap()
    };
    let (accepted, gone_on) = certified(13, 20, wide);
    assert!(accepted > 5 && gone_on > 20, "{accepted}, {gone_on}");
}

/// The long run: `cargo test --release -p foldline --test cell_certificates -- --ignored`.
#[test]
#[ignore = "minutes"]
fn many_written_certificates_are_accepted() {
    let (accepted, _) = certified(12, 3_000, |random| generate::network(random, 12));
    assert!(accepted > 1_500, "{accepted}");
}
