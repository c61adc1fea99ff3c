//! Certificates in memory: what the search writes about files that the checker has read.

use foldline::{Options, Records, Storage, Verdict, verify_with_proof};

use crate::files::{Claim, Files};

/// The certificate of the answer, which must be found within the options' limits.
pub fn certificate(name: &str, files: &Files, options: &Options) -> String {
    let (network, property) = (&files.network, &files.property);
    let precision = foldline::certificate::precision(network, property);
    let proved =
        verify_with_proof(network, property, options, precision, Storage::in_memory(), None);
    let (outcome, records) = proved.unwrap_or_else(|error| panic!("{name}: {error}"));
    match outcome.verdict {
        Verdict::Holds { .. } => {
            let body = text_of(records.expect("what holds has records"));
            format!("{}{body}end\n", header(files, Claim::Holds))
        }
        Verdict::Violated(witness) => {
            let point: Vec<String> = witness.input.iter().map(ToString::to_string).collect();
            format!("{}witness {}\nend\n", header(files, Claim::Violated), point.join(" "))
        }
        Verdict::Undecided(limit) => panic!("{name}: undecided ({limit:?})"),
    }
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

/// The records as text.
pub fn text_of(mut records: Records) -> String {
    let mut body = Vec::new();
    records.write(&mut body).expect("what was kept can be read");
    records.remove();
    String::from_utf8(body).expect("text")
}
