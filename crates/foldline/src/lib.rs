//! Exact answers about ReLU networks: the library behind the program `foldline`.
//!
//! A network's weights are exactly the numbers in its file, and every answer is
//! about the real-valued function of those numbers: no tolerance decides anything.
//!
//! ```
//! use foldline::{Atom, Formula, NetworkOptions, Options, Property, Verdict};
//! use foldline::{parse_network, parse_rational, verify};
//!
//! // f(x) = max(0, x - 1/10), read from a file's bytes (`read_network` takes a path).
//! let file = br#"{"layers": [{"weights": [[1]], "bias": [-0.1], "activation": "relu"}]}"#;
//! let network = parse_network("ramp.json", file, &NetworkOptions::default())?.network;
//!
//! // Exact evaluation: 0.3 is 3/10, so f(0.3) is 1/5, not 0.19999999999999998.
//! let evaluation = network.evaluate(&[parse_rational("0.3")?]);
//! assert_eq!(evaluation.output, [parse_rational("1/5")?]);
//!
//! // Unsafe set: 0 <= x <= 1 and y >= 0.9. It is touched, in the single point x = 1.
//! let atom = |input: &[i32], output: &[i32], bound: &str| {
//!     let terms = |values: &[i32]| values.iter().map(|&value| (0, value.into())).collect();
//!     let bound = parse_rational(bound).unwrap();
//!     Formula::Atom(Atom::new(terms(input), terms(output), bound, false))
//! };
//! let formula = Formula::And(vec![
//!     atom(&[-1], &[], "0"),
//!     atom(&[1], &[], "1"),
//!     atom(&[], &[-1], "-0.9"),
//! ]);
//! let property = Property { inputs: 1, outputs: 1, formula };
//! match verify(&network, &property, &Options::default()).verdict {
//!     Verdict::Violated(witness) => assert_eq!(witness.input, [parse_rational("1")?]),
//!     other => panic!("expected a witness, got {other:?}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What the modules here add to the questions: [`audit`] says why a point does or
//! does not lie in a property's unsafe set, [`certificate`] writes proofs,
//! [`derivative`] differentiates exactly, [`drawing`] draws figures as SVG,
//! [`rounding`] and [`inner_witness`] find floats near a witness that still violate, [`text`] writes
//! exact numbers for people and for other tools.

pub mod audit;
pub mod bundles;
pub mod certificate;
pub mod certificate_file;
pub mod checkpoint;
pub mod containment_certificate;
pub mod derivative;
pub mod drawing;
pub mod equivalence_certificate;
pub mod hard_instances;
pub mod inner_witness;
pub mod lipschitz_certificate;
pub mod norm_certificate;
pub mod output_file;
pub mod proving;
pub mod question_certificates;
pub mod range_certificate;
pub mod recorded;
pub mod recover;
pub mod reduction_map;
pub mod regions_certificate;
pub mod regions_picture;
pub mod rounding;
pub mod text;
pub mod training_certificates;
pub mod training_plot;

pub use foldline_formats as formats;
pub use foldline_geometry as geometry;
pub use foldline_kernel as kernel;
pub use foldline_questions as questions;
pub use foldline_reductions as reductions;

pub use foldline_formats::{
    FormatError, LoadedNetwork, NetworkOptions, parse_network, read_network,
};
pub use foldline_kernel::number::parse_rational;
pub use foldline_kernel::{
    Activation, Atom, Formula, Integer, Layer, LinearConstraint, Natural, Network, Polyhedron,
    Property, Rational, Region, Sample, Zonotope,
};
pub use foldline_questions::lipschitz;
pub use foldline_questions::verification::{
    Limit, Options, Outcome, Progress, ProofError, Records, Statistics, Storage, Verdict, Witness,
    statement::ProgressCallback, verify, verify_resumable, verify_with_proof,
};

/// The version of foldline, as every JSON answer states it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
