//! Certificates of constants: the checker accepts those of random networks and rejects bent ones.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foldcheck::{Accepted, Content, Failure, Rejection, check};
use foldline::certificate::CertificateError;
use foldline::formats::network::network_to_json;
use foldline::lipschitz::{Answer, Exponent, Outcome, Refused};
use foldline::lipschitz_certificate::{Asked, lipschitz_certified};
use foldline::question_certificates::SubjectFiles;
use foldline::questions::checkpoint::Memory;
use foldline::{LinearConstraint, Network, Options, Polyhedron, Rational, Region};

use crate::generate::{self, network};
use crate::random::Random;

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
            other => panic!("{other}"),
        })
    }
}

/// A folder for this process's files.
fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("foldline-lipschitz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Over what a random network is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// All of R^d.
    Everything,
    /// [−1, 1]^d.
    Box,
    /// Whatever is generated: flat, unbounded, empty, unions.
    Anything,
}

/// The region as VNN-LIB.
fn vnnlib(region: &Region) -> String {
    let mut text: String =
        (0..region.dimension).map(|j| format!("(declare-const X_{j} Real)\n")).collect();
    let constraint = |constraint: &LinearConstraint| {
        let term = |(j, value): &(usize, Rational)| format!("(* {value}.0 X_{j})");
        let terms: Vec<String> = constraint.coefficients.iter().map(term).collect();
        let relation = if constraint.strict { "<" } else { "<=" };
        format!("({relation} (+ {} 0.0) {}.0)", terms.join(" "), constraint.bound)
    };
    let piece = |piece: &Polyhedron| {
        let all: Vec<String> = piece.constraints.iter().map(constraint).collect();
        format!("(and (<= 0.0 1.0) {})", all.join(" "))
    };
    let pieces: Vec<String> = region.pieces.iter().map(piece).collect();
    text += &format!("(assert (or {}))\n", pieces.join(" "));
    text
}

/// The answer and its certificate in one run.
fn in_peace(asked: Asked<'_>, files: SubjectFiles<'_>, target: &Path) -> Asking {
    let options = Options { threads: 1, ..Options::default() };
    lipschitz_certified(asked, files, &options, target, None)
}

/// What comes of asking for an answer and its certificate.
type Asking = Result<Result<Outcome, Refused>, CertificateError>;

/// The certificate of a random network's constant; none where it is refused or has none.
fn certified(seed: u64, p: &Exponent, several: bool, over: Over, name: &str) -> Option<Certified> {
    certified_by(&mut in_peace, seed, p, (several, over), name)
}

/// The same with the certificate written by `ask`.
fn certified_by(
    ask: &mut dyn FnMut(Asked<'_>, SubjectFiles<'_>, &Path) -> Asking,
    seed: u64,
    p: &Exponent,
    (several, over): (bool, Over),
    name: &str,
) -> Option<Certified> {
    let mut random = Random(seed);
    let network: Network = network(&mut random);
    let inputs = network.inputs();
    let outputs: Vec<usize> = if several { (0..network.outputs()).collect() } else { vec![0] };
    let stem = format!("{name}-{seed}-{over:?}-{several}");
    let file = |kind: &str| folder().join(format!("{stem}.{kind}"));
    let (network_file, target) = (file("json"), file("proof"));
    std::fs::write(&network_file, network_to_json(&network).to_string()).unwrap();
    let region_file = match over {
        Over::Everything => None,
        Over::Box => {
            let text = format!("{{\"box\": {:?}}}", vec![[-1, 1]; inputs]);
            std::fs::write(file("box.json"), text).unwrap();
            Some(file("box.json"))
        }
        Over::Anything => generate::region(&mut random, inputs).map(|region| {
            std::fs::write(file("vnnlib"), vnnlib(&region)).unwrap();
            file("vnnlib")
        }),
    };
    let region: Option<Region> = region_file
        .as_ref()
        .map(|file| foldline::formats::region::read_region(file, inputs).unwrap());
    let named = SubjectFiles { network: &network_file, region: region_file.as_deref() };
    let asked = Asked { network: &network, outputs: &outputs, p, region: region.as_ref() };
    let outcome = match ask(asked, named, &target) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => return None,
        // The only kind without one here: column sums cannot always be met with one multiplier a row.
        Err(CertificateError::Unsupported(why)) if several && *p == one() => {
            assert!(why.contains("oblique"), "{why}");
            return None;
        }
        Err(CertificateError::Unsupported(why)) if why.contains("p = 0") => return None,
        Err(CertificateError::Unsupported(why)) if why.contains("several outputs") => {
            assert!(several, "{why}");
            return None;
        }
        Err(error) => panic!("seed {seed}, {p:?}: {error}"),
    };
    let expected =
        matches!(outcome.answer, Answer::Lipschitz(..) | Answer::Empty | Answer::Jump { .. });
    assert!(expected, "seed {seed}: {outcome:?}");
    let text = std::fs::read_to_string(&target).unwrap();
    let paths = [Some(network_file), region_file];
    let files = paths.iter().flatten().map(|path| Content::read(path).unwrap()).collect();
    let lines = text.lines().map(str::to_owned).collect();
    for path in paths.iter().flatten().chain([&target]) {
        std::fs::remove_file(path).unwrap();
    }
    Some(Certified { files, lines })
}

fn one() -> Exponent {
    Exponent::Finite(Rational::ONE)
}

/// Exact ones first.
fn exponents() -> Vec<Exponent> {
    let finite = ["1", "2", "1/2", "3", "5/3"];
    let finite = finite.map(|text| Exponent::Finite(foldline::parse_rational(text).unwrap()));
    [Exponent::Infinite].into_iter().chain(finite).collect()
}

#[test]
fn certificates_are_accepted() {
    let count = std::env::var("LIPSCHITZ_CERTIFICATES").ok().and_then(|text| text.parse().ok());
    let (mut asked, mut flat, mut written) = (0, 0, 0);
    for seed in 0..count.unwrap_or(12) {
        for (p, several) in exponents().iter().flat_map(|p| [(p, false), (p, true)]) {
            for over in [Over::Everything, Over::Box, Over::Anything] {
                asked += 1;
                let Some(certified) = certified(seed, p, several, over, "accepted") else {
                    continue;
                };
                if let Err(rejection) = certified.check(&certified.lines) {
                    panic!("seed {seed}, {p:?}: {rejection}\n{}", certified.lines.join("\n"));
                }
                written += 1;
                flat += usize::from(certified.lines.iter().any(|line| line.starts_with("hull")));
            }
        }
    }
    println!("{written} of {asked} accepted, {flat} of them on flat regions");
    assert!(written > asked / 2 && flat > 0);
}

/// Asks until there is an answer, each run with a little more time and from the state of the last one;
/// counts the states that had a proof which was begun.
fn in_pieces(asked: Asked<'_>, files: SubjectFiles<'_>, target: &Path, begun: &mut u32) -> Asking {
    let mut keeper = Memory::default();
    for run in 1.. {
        let timeout = Some(Duration::from_micros(40 * run));
        let options = Options { threads: 1 + run as usize % 2, timeout, ..Options::default() };
        match lipschitz_certified(asked, files, &options, target, Some(&keeper)) {
            Ok(Ok(Outcome { answer: Answer::Undecided { .. }, .. })) => {}
            other => return other,
        }
        keeper = keeper.next();
        let state = keeper.resumed.as_ref();
        let open = state.and_then(|state| state.pointer("/proof/open/open/open_parts"));
        *begun += u32::from(open.is_some());
    }
    unreachable!("the limit grows")
}

#[test]
fn certificates_in_pieces_are_accepted() {
    let (mut begun, mut written) = (0, 0);
    for seed in 0..4 {
        for (p, several) in exponents().iter().flat_map(|p| [(p, false), (p, true)]) {
            for over in [Over::Everything, Over::Box, Over::Anything] {
                let mut ask = |asked: Asked<'_>, files: SubjectFiles<'_>, target: &Path| {
                    in_pieces(asked, files, target, &mut begun)
                };
                let one = certified(seed, p, several, over, "whole");
                let found = certified_by(&mut ask, seed, p, (several, over), "pieces");
                assert_eq!(one.is_some(), found.is_some(), "seed {seed}, {p:?}");
                let (Some(one), Some(found)) = (one, found) else { continue };
                if let Err(rejection) = found.check(&found.lines) {
                    panic!("seed {seed}, {p:?}: {rejection}\n{}", found.lines.join("\n"));
                }
                // The claim; the names of the files differ after it.
                assert_eq!(one.lines[1], found.lines[1], "seed {seed}, {p:?}");
                written += 1;
            }
        }
    }
    println!("{written} certificates, {begun} proofs gone on with");
    assert!(begun > 50, "only {begun} proofs were stopped");
}

/// The rejection may come at any line.
const SOMEWHERE: usize = usize::MAX;

/// Bends certificates by `edit`, which says at which line the rejection is due.
#[track_caller]
fn bend(name: &str, reason: &str, edit: impl Fn(&mut Vec<String>) -> Option<usize>) {
    let mut bent = 0;
    for seed in 0..60 {
        for p in exponents() {
            let over = [Over::Box, Over::Everything, Over::Anything][seed as usize % 3];
            let Some(certified) = certified(seed, &p, false, over, name) else { continue };
            let mut lines = certified.lines.clone();
            let Some(position) = edit(&mut lines) else { continue };
            let rejection = certified.check(&lines).expect_err(&lines.join("\n"));
            assert!(rejection.reason.contains(reason), "seed {seed}: {rejection}");
            if position != SOMEWHERE {
                assert_eq!(rejection.line, position as u64 + 1, "seed {seed}: {rejection}");
            }
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

/// Replaces the last number of the claim by a multiple of it.
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
fn a_smaller_constant_is_rejected() {
    bend("smaller", "the derivatives of that part may be larger", |lines| {
        scale_claim(lines, 1, 2)?;
        Some(SOMEWHERE)
    });
}

#[test]
fn a_larger_constant_is_rejected() {
    bend("larger", "the norm of the derivative is another one there", |lines| {
        // The upper end of an enclosure may be any larger number.
        if lines[1].contains("between") {
            return None;
        }
        scale_claim(lines, 3, 2)?;
        first(lines, "attained")
    });
    bend("larger-lower", "the norm of the derivative is another one there", |lines| {
        let mut fields: Vec<&str> = lines[1].split(' ').collect();
        let between = fields.iter().position(|&field| field == "between")?;
        if fields[between + 1] == "0" {
            return None;
        }
        // The lower end becomes the upper one.
        fields[between + 1] = fields[between + 2];
        lines[1] = fields.join(" ");
        first(lines, "attained")
    });
}

#[test]
fn a_hull_must_be_shown() {
    bend("hull", "the terms do not show equalities", |lines| {
        let interior = first(lines, "interior")?;
        lines.insert(interior, "hull".to_owned());
        Some(interior)
    });
    bend("hull-term", "the terms do not cancel", |lines| {
        let hull = first(lines, "hull")?;
        let last = lines[hull].rfind(' ')?;
        lines[hull].truncate(last);
        lines[hull].contains(' ').then_some(hull)
    });
    bend("hull-missing", "is not in the interior of that part of the region", |lines| {
        let hull = first(lines, "hull")?;
        lines.remove(hull);
        lines[hull].starts_with("interior").then_some(hull)
    });
}

#[test]
fn a_direction_is_given_where_it_is_needed() {
    bend("no-direction", "a direction is needed here", |lines| {
        let attained = first(lines, "attained")?;
        let along = lines[attained].find(" along")?;
        lines[attained].truncate(along);
        Some(attained)
    });
    bend("zero-direction", "the direction is 0, or not one of the hull", |lines| {
        let attained = first(lines, "attained")?;
        let along = lines[attained].find(" along")?;
        let zeros = lines[attained][along..].split(' ').skip(2).map(|_| " 0").collect::<String>();
        lines[attained].truncate(along);
        lines[attained] += &format!(" along{zeros}");
        Some(attained)
    });
    bend("direction", "a direction means nothing here", |lines| {
        let attained = first(lines, "attained")?;
        if lines[attained].contains("along") || lines[1].contains("between") {
            return None;
        }
        let again = lines[attained].replace("attained", " along");
        lines[attained] += &again;
        Some(attained)
    });
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
    bend("missing-point", "found `end`", |lines| {
        let attained = first(lines, "attained")?;
        lines.remove(attained);
        Some(attained)
    });
    bend("missing-leaf", "found `attained`", |lines| {
        let attained = first(lines, "attained")?;
        if lines[attained - 1].starts_with("void") {
            return None;
        }
        lines.remove(attained - 1);
        Some(attained - 1)
    });
}

#[test]
fn a_point_on_the_boundary_is_rejected() {
    bend("boundary", "is not in the interior of the region", |lines| {
        if !lines.get(3)?.contains("box.json") {
            return None;
        }
        let attained = first(lines, "attained")?;
        let mut fields: Vec<&str> = lines[attained].split(' ').collect();
        fields[1] = "1";
        lines[attained] = fields.join(" ");
        Some(attained)
    });
}

#[test]
fn certificates_for_p_zero_are_accepted_and_bent_ones_rejected() {
    let zero = Exponent::Finite(Rational::ZERO);
    let mut accepted = 0;
    for seed in 0..12 {
        for over in [Over::Box, Over::Everything, Over::Anything] {
            let Some(certified) = certified(seed, &zero, false, over, "zero") else { continue };
            if let Err(rejection) = certified.check(&certified.lines) {
                panic!("seed {seed}: {rejection}\n{}", certified.lines.join("\n"));
            }
            if certified.lines[1].ends_with("empty") {
                continue;
            }
            accepted += 1;
            let rejected = |edit: &dyn Fn(&mut Vec<String>), reason: &str| {
                let mut lines = certified.lines.clone();
                edit(&mut lines);
                if lines != certified.lines {
                    let rejection = certified.check(&lines).expect_err(&lines.join("\n"));
                    assert!(rejection.reason.contains(reason), "seed {seed}: {rejection}");
                }
            };
            let another = "the output grows by another amount";
            rejected(
                &|lines| {
                    let _ = scale_claim(lines, 1, 2);
                },
                another,
            );
            rejected(
                &|lines| {
                    let _ = scale_claim(lines, 2, 1);
                },
                another,
            );
            let far = "the points differ in more than one input";
            let to = first(&certified.lines, "to ").unwrap();
            let inputs = certified.lines[to].split(' ').count() - 1;
            let moved = |lines: &mut Vec<String>| {
                if inputs > 1 && over == Over::Everything {
                    let from = lines[to - 1].split(' ').skip(1);
                    let other = from.map(|x| foldline::parse_rational(x).unwrap() + Rational::ONE);
                    let words: Vec<String> = other.map(|x| x.to_string()).collect();
                    lines[to] = format!("to {}", words.join(" "));
                }
            };
            rejected(&moved, far);
        }
    }
    assert!(accepted >= 6, "{accepted}");
}
