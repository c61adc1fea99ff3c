//! The certificates of all cases and examples of known truth, written once for all tests.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use foldcheck::{Accepted, Content, Rejection};
use foldline::{Options, ProofError, Verdict, verify_with_proof};
use serde_json::Value;

use crate::files::{Claim, Files, check};

/// A network and a property of known truth, with the certificate that the search wrote.
pub struct Certified {
    /// The case's or example's name.
    pub name: String,
    /// The files, as the checker reads them.
    pub files: Files,
    /// What is true of them.
    pub truth: Claim,
    /// The certificate; none where the region is unbounded.
    pub text: Option<String>,
}

impl Certified {
    /// What the checker says of the certificate as it was written.
    pub fn check(&self) -> Option<Result<Accepted, Rejection>> {
        self.text.as_ref().map(|text| check(text.as_bytes(), &self.files))
    }
}

/// All cases, then all examples.
pub static ALL: LazyLock<Vec<Certified>> = LazyLock::new(|| {
    let names = ["touching.json.gz", "float_traps.json.gz", "random_small.json.gz"];
    let mut all: Vec<Certified> = names.into_iter().flat_map(cases).collect();
    all.extend(examples());
    all
});

/// Those whose certificate is accepted, with the certificate's lines.
pub static ACCEPTED: LazyLock<Vec<(&Certified, Vec<String>)>> = LazyLock::new(|| {
    let lines = |certified: &'static Certified| {
        certified.check()?.ok()?;
        let text = certified.text.as_ref()?;
        Some((certified, text.lines().map(str::to_owned).collect()))
    };
    ALL.iter().filter_map(lines).collect()
});

/// Cases by name.
pub static BY_NAME: LazyLock<HashMap<&str, &Certified>> =
    LazyLock::new(|| ALL.iter().map(|certified| (certified.name.as_str(), certified)).collect());

/// The case with the same network and the other verdict, if there is one.
pub fn sibling(certified: &Certified) -> Option<&'static Certified> {
    let (stem, last) = certified.name.rsplit_once('/')?;
    let other = match last {
        "exceeded" => "reached",
        "reached" => "exceeded",
        "holds" => "violated",
        "violated" => "holds",
        _ => return None,
    };
    let found = *BY_NAME.get(format!("{stem}/{other}").as_str())?;
    let network = |one: &Certified| one.files.network_hash().to_owned();
    (network(found) == network(certified)).then_some(found)
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name)
}

fn claim(verdict: &str) -> Claim {
    match verdict {
        "holds" => Claim::Holds,
        "violated" => Claim::Violated,
        other => panic!("an unknown verdict: {other}"),
    }
}

fn cases(name: &str) -> Vec<Certified> {
    let file = std::fs::File::open(data("cases").join(name)).expect("a file of cases");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzipped text");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let text = |case: &Value, key: &str| case[key].as_str().expect("a text").to_owned();
    let certify_case = |case: &Value| {
        let network = Content::new("network.json", case["network"].to_string().into_bytes());
        let property = Content::new("property.vnnlib", text(case, "property").into_bytes());
        let files = Files::new(network, property);
        certify(text(case, "name"), files.expect("good files"), claim(&text(case, "verdict")))
    };
    document["cases"].as_array().expect("a list of cases").iter().map(certify_case).collect()
}

fn examples() -> Vec<Certified> {
    let folder = data("examples");
    let list = std::fs::read_to_string(folder.join("instances.csv")).expect("instances.csv");
    let certify_example = |row: &str| {
        let [network, property, _] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("three columns: {row}");
        };
        let files = Files::read(&folder.join(network), &folder.join(property));
        let stem = property.trim_end_matches(".vnnlib");
        let verdict = stem.rsplit('_').next().expect("a verdict in the name");
        certify(property.to_owned(), files.expect("good files"), claim(verdict))
    };
    list.lines().map(certify_example).collect()
}

fn certify(name: String, files: Files, truth: Claim) -> Certified {
    let mut body = Vec::new();
    let (network, property) = (&files.network, &files.property);
    let precision = foldline::certificate::precision(network, property);
    let text = match verify_with_proof(network, property, &Options::default(), precision, &mut body)
    {
        Err(ProofError::Unbounded(_)) => None,
        Err(error) => panic!("{name}: {error}"),
        Ok(outcome) => Some(match outcome.verdict {
            Verdict::Holds { .. } => {
                let body = String::from_utf8(body).expect("text");
                format!("{}{body}end\n", header(&files, Claim::Holds))
            }
            Verdict::Violated(witness) => {
                let point: Vec<String> = witness.input.iter().map(ToString::to_string).collect();
                format!("{}witness {}\nend\n", header(&files, Claim::Violated), point.join(" "))
            }
            Verdict::Undecided(limit) => panic!("{name}: undecided ({limit:?})"),
        }),
    };
    Certified { name, files, truth, text }
}

/// The first five lines of a certificate.
pub fn header(files: &Files, claim: Claim) -> String {
    let precision = foldline::certificate::precision(&files.network, &files.property);
    format!(
        "foldline-certificate 1\nstatement verification {claim}\nnetwork n {}\nproperty p {}\n\
         precision {precision}\n",
        files.network_hash(),
        files.property_hash()
    )
}
