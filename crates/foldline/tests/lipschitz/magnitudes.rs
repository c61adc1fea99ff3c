//! Certificates for p strictly between 1 and ∞ where weights differ by many orders of magnitude.

use std::path::Path;

use foldcheck::{Content, check};
use foldline::formats::network::parse_network;
use foldline::kernel::number::parse_rational;
use foldline::lipschitz::Exponent;
use foldline::lipschitz_certificate::{Asked, lipschitz_certified};
use foldline::question_certificates::SubjectFiles;
use foldline::{NetworkOptions, Options, Rational};

/// The two ends that a certificate claims; it must be accepted.
fn claimed(folder: &Path, json: &str, outputs: &[usize], p: &str) -> [Rational; 2] {
    let (file, target) = (folder.join("n.json"), folder.join("proof"));
    std::fs::write(&file, json).unwrap();
    let network = parse_network("n.json", json.as_bytes(), &NetworkOptions::default()).unwrap();
    let exponent = Exponent::Finite(parse_rational(p).unwrap());
    let files = SubjectFiles { network: &file, region: None };
    let options = Options { threads: 1, ..Options::default() };
    let network = &network.network;
    let asked = Asked { network, outputs, p: &exponent, region: None };
    lipschitz_certified(asked, files, &options, &target, None).unwrap().unwrap();
    let proof = std::fs::read(&target).unwrap();
    let content = Content::new("n.json", json.as_bytes().to_vec());
    let accepted = check(&proof[..], &[content]);
    let accepted = accepted
        .unwrap_or_else(|error| panic!("{json} {p}: {error}\n{}", String::from_utf8_lossy(&proof)));
    let words: Vec<&str> = accepted.statement.claim.split(' ').collect();
    [words[3], words[4]].map(|word| parse_rational(word).unwrap())
}

fn close(json: &str, p: &str, [lower, upper]: [Rational; 2]) {
    let share = parse_rational("1e-9").unwrap();
    assert!(lower <= upper && &upper - &lower <= &upper * share, "{json} {p}: {lower} {upper}");
}

#[test]
fn a_direction_attains_what_is_claimed() {
    let folder = tempfile::tempdir().unwrap();
    for weights in [
        r#"["1e20", "1"]"#,
        r#"["1e-20", "1", "-3"]"#,
        r#"["1e10", "-1e-10", "1e5", "7"]"#,
        r#"["1e300", "1e-300"]"#,
        r#"["1e-60", "2e-60"]"#,
        r#"["0", "-2/3"]"#,
    ] {
        let json = format!(
            r#"{{"layers":[{{"weights":[{weights}],"bias":["0"],"activation":"linear"}}]}}"#
        );
        for p in ["3/2", "3", "4/3", "64", "64/63", "9/2"] {
            close(&json, p, claimed(folder.path(), &json, &[0], p));
        }
    }
}

#[test]
fn so_it_does_for_several_outputs() {
    let folder = tempfile::tempdir().unwrap();
    for [first, second] in [
        [r#"["1e20", "1"]"#, r#"["1", "1e-20"]"#],
        [r#"["1e-30", "1"]"#, r#"["1", "1e30"]"#],
        [r#"["1", "2", "3"]"#, r#"["1e9", "0", "1e-9"]"#],
        [r#"["1e200", "0"]"#, r#"["0", "1e-200"]"#],
    ] {
        let json = format!(
            r#"{{"layers":[{{"weights":[{first},{second}],"bias":["0","0"],"activation":"linear"}}]}}"#
        );
        close(&json, "2", claimed(folder.path(), &json, &[0, 1], "2"));
    }
}
