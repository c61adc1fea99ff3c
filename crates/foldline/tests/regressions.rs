//! Cases that once went wrong, or would if one line of the error analysis were missing.

use foldline::formats::vnnlib::parse_property;
use foldline::{NetworkOptions, Options, Outcome, Verdict, parse_network, verify};

fn decide(network: &str, property: &str) -> Outcome {
    let network = parse_network("net.json", network.as_bytes(), &NetworkOptions::default());
    let network = network.expect("a network").network;
    let property = parse_property("p.vnnlib", property, network.inputs(), network.outputs());
    verify(&network, &property.expect("a property"), &Options::default())
}

fn declared(inputs: usize, outputs: usize, assertions: &str) -> String {
    let declare = |name: &str, count| -> String {
        (0..count).map(|index| format!("(declare-const {name}_{index} Real)\n")).collect()
    };
    format!("{}{}{assertions}", declare("X", inputs), declare("Y", outputs))
}

/// Weights and coefficients that are 0 in floats, on inputs as large as floats get.
#[test]
fn underflow_times_a_huge_input_is_seen() {
    let one_input = |weight: &str| {
        format!(r#"{{"layers":[{{"weights":[[{weight}]],"bias":[0],"activation":"relu"}}]}}"#)
    };
    let two_inputs = |weights: &str| {
        format!(r#"{{"layers":[{{"weights":[{weights}],"bias":[0],"activation":"relu"}}]}}"#)
    };
    let reach = "(assert (>= X_0 0)) (assert (<= X_0 1e308))";
    let small = "(assert (<= X_1 1e-20)) (assert (>= X_1 -1e-20))";
    let cases = [
        (one_input("1e-330"), declared(1, 1, &format!("{reach} (assert (>= Y_0 1e-23))"))),
        (one_input("7e-324"), declared(1, 1, &format!("{reach} (assert (>= Y_0 6.9e-16))"))),
        (
            one_input("0"),
            declared(1, 1, &format!("{reach} (assert (<= (- Y_0 (* 1e-330 X_0)) -1e-23))")),
        ),
        (
            two_inputs("[0, 1]"),
            declared(
                2,
                1,
                &format!(
                    "{reach} {small} (assert (<= X_1 (* 1e-330 X_0))) (assert (>= Y_0 1e-23))"
                ),
            ),
        ),
    ];
    for (network, property) in cases {
        let verdict = decide(&network, &property).verdict;
        assert!(matches!(verdict, Verdict::Violated(_)), "{network} {property}: {verdict:?}");
    }
}

/// Neurons that are zero, or a constant hidden by cancellation, must not double the tree.
#[test]
fn neurons_without_a_sign_in_floats_do_not_multiply() {
    let count = 40;
    let repeated = |text: &str| vec![text; count].join(",");
    let box_of_one = "(assert (>= X_0 1)) (assert (<= X_0 2))";
    let zero_rows = format!(
        r#"{{"layers":[{{"weights":[{}],"bias":[{}],"activation":"relu"}},
            {{"weights":[[{}]],"bias":[0],"activation":"linear"}}]}}"#,
        repeated("[0]"),
        repeated("0"),
        repeated("1")
    );
    let dead_input = format!(
        r#"{{"layers":[{{"weights":[[-1]],"bias":[0],"activation":"relu"}},
            {{"weights":[{}],"bias":[{}],"activation":"relu"}},
            {{"weights":[[{}]],"bias":[0],"activation":"linear"}}]}}"#,
        repeated("[1]"),
        repeated("0"),
        repeated("1")
    );
    for network in [zero_rows, dead_input] {
        let property = declared(1, 1, &format!("{box_of_one} (assert (> Y_0 0))"));
        let outcome = decide(&network, &property);
        assert_eq!(outcome.verdict, Verdict::Holds { vacuous: false });
        assert!(outcome.statistics.nodes < 1000, "{} nodes", outcome.statistics.nodes);
    }
}

/// Conjoined disjunctions over outputs are pruned and expanded lazily.
#[test]
fn many_disjunctions_end() {
    let network = r#"{"layers":[{"weights":[[1],[-1]],"bias":[0,0],"activation":"relu"},
        {"weights":[[1,1]],"bias":[0],"activation":"linear"}]}"#;
    let choices: String = (0..40)
        .map(|i| format!("(assert (or (<= Y_0 {}) (>= Y_0 {})))\n", -i - 1, i + 2))
        .collect();
    let assertions = format!("(assert (>= X_0 -1)) (assert (<= X_0 1)) {choices}");
    let outcome = decide(network, &declared(1, 1, &assertions));
    assert_eq!(outcome.verdict, Verdict::Holds { vacuous: false });
}
