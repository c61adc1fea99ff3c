//! Where an output is constant on whole parts, few nodes prove that it does not exceed its value, and forged leaves fail.

use foldcheck::Content;
use foldline::{Options, Storage, Verdict, verify_with_proof};
use serde_json::{Value, json};

use crate::certifying::{header, text_of};
use crate::files::{Claim, Files, check};

fn layer(weights: Value, bias: Value, activation: &str) -> Value {
    json!({"weights": weights, "bias": bias, "activation": activation})
}

/// Layers of random small weights: `inputs`, then these widths, all with ReLU.
fn random_layers(seed: u64, inputs: usize, widths: &[usize]) -> Vec<Value> {
    let mut state = seed;
    let mut number = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % 201) as f64 / 64.0 - 100.0 / 64.0
    };
    let mut before = inputs;
    let mut next = |&width: &usize| {
        let rows: Vec<Vec<f64>> =
            (0..width).map(|_| (0..before).map(|_| number()).collect()).collect();
        before = width;
        layer(json!(rows), json!((0..width).map(|_| number()).collect::<Vec<_>>()), "relu")
    };
    widths.iter().map(&mut next).collect()
}

/// The statement that output 0 is nowhere above (`>`) or below (`<`) a value on [−1, 1]^d.
fn statement(layers: &[Value], inputs: usize, outputs: usize, beyond: &str) -> Files {
    let mut text = String::new();
    for i in 0..inputs {
        text += &format!("(declare-const X_{i} Real)(assert (>= X_{i} -1))(assert (<= X_{i} 1))");
    }
    (0..outputs).for_each(|i| text += &format!("(declare-const Y_{i} Real)"));
    text += &format!("(assert {beyond})");
    let network = json!({"layers": layers}).to_string();
    let network = Content::new("n.json", network.into_bytes());
    Files::new(network, Content::new("p.vnnlib", text.into_bytes())).expect("good files")
}

/// The records of the proof, which is accepted, and the number of nodes.
fn proved(files: &Files) -> (String, u64) {
    let precision = foldline::certificate::precision(&files.network, &files.property);
    let options = Options::default();
    let storage = Storage::in_memory();
    let proved =
        verify_with_proof(&files.network, &files.property, &options, precision, storage, None);
    let (outcome, records) = proved.expect("a proof");
    assert!(matches!(outcome.verdict, Verdict::Holds { .. }), "{:?}", outcome.verdict);
    let body = text_of(records.expect("what holds has records"));
    let certificate = format!("{}{body}end\n", header(files, Claim::Holds));
    check(certificate.as_bytes(), files).unwrap_or_else(|rejection| panic!("{rejection}"));
    (certificate, outcome.statistics.nodes)
}

/// Σ r_j over random layers and a constant: `last` has the output's weights and bias.
fn on_random(seed: u64, last: Value, bias: f64, beyond: &str) -> Files {
    let mut layers = random_layers(seed, 3, &[24, 24, 6]);
    layers.push(layer(json!([last]), json!([bias]), "linear"));
    statement(&layers, 3, 1, beyond)
}

#[test]
fn sums_of_activations_are_not_enumerated() {
    // Nothing is known of the signs: each activation is ≥ 0, so the output is at least its bias.
    let files = on_random(1, json!([1, 2, 3, 4, 5, 6]), 0.25, "(< Y_0 0.25)");
    let (certificate, nodes) = proved(&files);
    assert_eq!(nodes, 1, "{certificate}");
    assert!(certificate.contains("\nexact 0 s0*1\n"), "{certificate}");
    let files = on_random(2, json!([-1, -1, 0, -1, -1, -2]), 0.0, "(> Y_0 0)");
    assert_eq!(proved(&files).1, 1);
}

#[test]
fn saturated_outputs_are_not_enumerated() {
    // min(1, max(0, g)) with a large g: flat at 1 on most of the box, whatever the neurons before do.
    let mut layers = random_layers(5, 3, &[24, 24]);
    let row = [0.5; 24];
    layers.push(layer(json!([row, row]), json!([-5, -6]), "relu"));
    layers.push(layer(json!([[1, -1]]), json!([0]), "linear"));
    let files = statement(&layers, 3, 1, "(> Y_0 1)");
    let (certificate, nodes) = proved(&files);
    // The network has 7,685 cells on the cube.
    assert!(nodes < 400, "{nodes} nodes");
    assert!(certificate.contains("\nexact 0 a0*1\n"), "{certificate}");
}

#[test]
fn small_plateaus() {
    let relu = |bias: f64| layer(json!([[1.0]]), json!([bias]), "relu");
    let linear = |weights: Value, bias: f64| layer(json!([weights]), json!([bias]), "linear");
    let constant = [layer(json!([[0]]), json!([3]), "linear")];
    proved(&statement(&constant, 1, 1, "(> Y_0 3)"));
    // max(x − 1, 0) is 0 on the box; −max(x, 0) and clip(x + 1, 0, 1) are flat on half of it.
    proved(&statement(&[relu(-1.0), linear(json!([1]), 0.0)], 1, 1, "(> Y_0 0)"));
    let (_, nodes) = proved(&statement(&[relu(0.0), linear(json!([-1]), 0.0)], 1, 1, "(> Y_0 0)"));
    assert_eq!(nodes, 1);
    let clip = [layer(json!([[1], [1]]), json!([1, 0]), "relu"), linear(json!([1, -1]), 0.0)];
    let (_, nodes) = proved(&statement(&clip, 1, 1, "(> Y_0 1)"));
    assert!(nodes <= 3, "{nodes}");
}

#[test]
fn forged_leaves_on_plateaus_are_rejected() {
    let reject = |files: &Files, from: &str, to: &str, reason: &str| {
        let (certificate, _) = proved(files);
        assert!(certificate.contains(from), "{certificate}");
        let forged = certificate.replacen(from, to, 1);
        let rejection = check(forged.as_bytes(), files).expect_err("a rejection");
        assert!(rejection.reason.contains(reason), "{rejection}");
    };
    let sum = on_random(1, json!([1, 2, 3, 4, 5, 6]), 0.25, "(< Y_0 0.25)");
    reject(&sum, "exact 0 s0*1", "exact 0 s1*1", "there is no atom that involves outputs 1");
    reject(&sum, "exact 0 s0*1", "exact 0 l0*1 u0*1 s0*1", "the terms do not contradict");
    reject(&sum, "exact 0 s0*1", "exact 0 i0*1 s0*1", "the terms do not cancel");
    reject(&sum, "exact 0 s0*1", "nowhere s0*1", "`a` and `s` are for `exact` only");
    // Another network's proof: with a factor below 0 the sign of that neuron is needed.
    let other = on_random(1, json!([1, 2, 3, 4, 5, -6]), 0.25, "(< Y_0 0.25)");
    let (certificate, _) = proved(&sum);
    let records = certificate.lines().skip(5).collect::<Vec<_>>().join("\n");
    let forged = format!("{}{records}\n", header(&other, Claim::Holds));
    let rejection = check(forged.as_bytes(), &other).expect_err("a rejection");
    assert!(rejection.reason.contains("has no sign, and the atom needs it"), "{rejection}");
    // A bound that is not touched but exceeded: with ≤ the value itself is reached.
    let reached = on_random(1, json!([1, 2, 3, 4, 5, 6]), 0.25, "(<= Y_0 0.25)");
    let forged = format!("{}{records}\n", header(&reached, Claim::Holds));
    let rejection = check(forged.as_bytes(), &reached).expect_err("a rejection");
    assert!(rejection.reason.contains("the terms do not contradict"), "{rejection}");
}
