//! Certificates of constants: the checker accepts those of random networks and rejects bent ones.

use std::io::Cursor;
use std::path::PathBuf;

use foldcheck::{Accepted, Content, Failure, Rejection, check};
use foldline::formats::network::network_to_json;
use foldline::lipschitz::{Answer, Exponent};
use foldline::lipschitz_certificate::lipschitz_certified;
use foldline::question_certificates::SubjectFiles;
use foldline::{Network, Options, Rational, Region};

use crate::generate::{Random, network};

/// A certificate with the files it is about.
struct Certified {
    files: Vec<Content>,
    lines: Vec<String>,
}

impl Certified {
    fn check(&self, lines: &[String]) -> Result<Accepted, Rejection> {
        let text = lines.join("\n") + "\n";
        check(Cursor::new(text), &self.files).map_err(|failure| match failure {
            Failure::Rejected(rejection) => rejection,
            Failure::Input(error) => panic!("{error}"),
        })
    }
}

/// A folder for this process's files.
fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("foldline-lipschitz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The certificate of a random network's constant over [−1, 1]^d, or everywhere.
fn certified(seed: u64, p: &Exponent, boxed: bool, name: &str) -> Option<Certified> {
    let network: Network = network(&mut Random(seed));
    let inputs = network.inputs();
    let outputs: Vec<usize> = if p.is_two() { vec![0] } else { (0..network.outputs()).collect() };
    let file = |kind: &str| folder().join(format!("{name}-{seed}-{boxed}.{kind}"));
    let (network_file, region_file, target) = (file("json"), file("box.json"), file("proof"));
    std::fs::write(&network_file, network_to_json(&network).to_string()).unwrap();
    std::fs::write(&region_file, format!("{{\"box\": {:?}}}", vec![[-1, 1]; inputs])).unwrap();
    let region: Option<Region> =
        boxed.then(|| foldline::formats::region::read_region(&region_file, inputs).unwrap());
    let region_path = boxed.then_some(region_file.as_path());
    let named = SubjectFiles { network: &network_file, region: region_path };
    let options = Options { threads: 1, ..Options::default() };
    let outcome =
        lipschitz_certified(&network, &outputs, p, region.as_ref(), named, &options, &target)
            .unwrap()
            .unwrap();
    assert!(matches!(outcome.answer, Answer::Lipschitz(..)), "seed {seed}: {outcome:?}");
    let text = std::fs::read_to_string(&target).unwrap();
    let paths = [Some(network_file), boxed.then_some(region_file)];
    let files = paths.iter().flatten().map(|path| Content::read(path).unwrap()).collect();
    let certified = Certified { files, lines: text.lines().map(str::to_owned).collect() };
    Some(certified)
}

fn exponents() -> [Exponent; 3] {
    [1u8, 2]
        .map(|p| Exponent::Finite(Rational::from(p)))
        .into_iter()
        .chain([Exponent::Infinite])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

#[test]
fn certificates_are_accepted() {
    for seed in 0..24 {
        for p in exponents() {
            for boxed in [true, false] {
                let certified = certified(seed, &p, boxed, "accepted").unwrap();
                if let Err(rejection) = certified.check(&certified.lines) {
                    panic!("seed {seed}, {p:?}: {rejection}\n{}", certified.lines.join("\n"));
                }
            }
        }
    }
}

/// Bends certificates by `edit`, which says at which line the rejection is due.
#[track_caller]
fn bend(name: &str, reason: &str, edit: impl Fn(&mut Vec<String>) -> Option<usize>) {
    let mut bent = 0;
    for seed in 0..60 {
        for p in exponents() {
            let certified = certified(seed, &p, seed % 2 == 0, name).unwrap();
            let mut lines = certified.lines.clone();
            let Some(position) = edit(&mut lines) else { continue };
            let rejection = certified.check(&lines).expect_err(&lines.join("\n"));
            assert!(rejection.reason.contains(reason), "seed {seed}: {rejection}");
            assert_eq!(rejection.line, position as u64 + 1, "seed {seed}: {rejection}");
            bent += 1;
        }
        if bent >= 6 {
            return;
        }
    }
    assert!(bent > 0, "nothing to bend");
}

fn first(lines: &[String], start: &str) -> Option<usize> {
    lines.iter().position(|line| line.starts_with(start))
}

/// Replaces the claimed value by a multiple of it.
fn scale_claim(lines: &mut [String], numerator: u8, denominator: u8) -> Option<()> {
    let mut fields: Vec<String> = lines[1].split(' ').map(str::to_owned).collect();
    let value = foldline::parse_rational(fields.last()?).ok()?;
    if value.is_zero() {
        return None;
    }
    *fields.last_mut()? =
        (value * Rational::from(numerator) / Rational::from(denominator)).to_string();
    lines[1] = fields.join(" ");
    Some(())
}

#[test]
fn another_constant_is_rejected() {
    for (numerator, denominator) in [(1, 2), (3, 2)] {
        bend("value", "the norm of the derivative is another one there", |lines| {
            scale_claim(lines, numerator, denominator)?;
            first(lines, "attained")
        });
    }
}

#[test]
fn a_node_closed_too_early_is_rejected() {
    bend("early", "the derivatives of that part may be larger", |lines| {
        let split = first(lines, "split")?;
        lines[split] = "bound".to_owned();
        Some(split)
    });
}

#[test]
fn a_cell_with_interior_is_not_flat() {
    bend("flat", "the terms do not contradict each other", |lines| {
        let bound = first(lines, "bound")?;
        lines[bound] = "flat".to_owned();
        Some(bound)
    });
    bend("multiplier", "the terms do not cancel", |lines| {
        let flat = first(lines, "flat")?;
        let last = lines[flat].rfind(' ')?;
        lines[flat].truncate(last);
        (lines[flat].contains(' ')).then_some(flat)
    });
}

#[test]
fn a_missing_part_is_rejected() {
    bend("missing", "found `end`", |lines| {
        let end = lines.len() - 1;
        lines.remove(end - 1);
        Some(end - 1)
    });
}

#[test]
fn a_point_on_the_boundary_is_rejected() {
    bend("boundary", "is not in the interior of the region", |lines| {
        first(lines, "region")?;
        let attained = first(lines, "attained")?;
        let mut fields: Vec<&str> = lines[attained].split(' ').collect();
        fields[1] = "1";
        lines[attained] = fields.join(" ");
        Some(attained)
    });
}
