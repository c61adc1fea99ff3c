//! The map that `reduce` writes and `recover` reads: what was reduced, and to what.

use foldline_formats::FormatError;
use foldline_formats::graph::{GraphFile, graph_to_json, parse_graph};
use foldline_kernel::number::parse_rational;
use foldline_kernel::{Rational, Sample};
use foldline_reductions::clique::{LipschitzForm, MOST_VERTICES, Reduction, Target};
use foldline_reductions::separability::TrainingReduction;
use serde_json::{Value, json};

/// A reduction with what is needed to speak about its file.
#[derive(Debug, Clone)]
pub enum ReductionMap {
    /// A graph's.
    Clique {
        /// The reduction.
        reduction: Reduction,
        /// The number by which the graph's file calls vertex 0.
        first_vertex: usize,
    },
    /// Labelled points'.
    Separability(TrainingReduction),
}

/// Reduces a graph as its file tells it.
///
/// # Errors
/// If the graph is too large.
pub fn reduce_clique(file: GraphFile, target: Target) -> Result<ReductionMap, String> {
    let GraphFile { graph, first_vertex } = file;
    let vertices = graph.vertices();
    if vertices > MOST_VERTICES {
        return Err(format!("{vertices} vertices, at most {MOST_VERTICES} can be reduced"));
    }
    Ok(ReductionMap::Clique { reduction: Reduction::new(graph, target), first_vertex })
}

/// The word for a target, as `--to` has it.
pub fn target_word(target: &Target) -> &'static str {
    match target {
        Target::Maximum => "maximum",
        Target::Positivity => "positivity",
        Target::Surjectivity => "surjectivity",
        Target::Zero => "zero",
        Target::Zonotope => "zonotope",
        Target::Lipschitz(_) => "lipschitz",
    }
}

/// The target of a word.
pub fn target_of(word: &str, form: LipschitzForm) -> Option<Target> {
    let targets = [
        Target::Maximum,
        Target::Positivity,
        Target::Surjectivity,
        Target::Zero,
        Target::Zonotope,
        Target::Lipschitz(form),
    ];
    targets.into_iter().find(|target| target_word(target) == word)
}

impl ReductionMap {
    /// The map's file.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Clique { reduction, first_vertex } => {
                let mut object = json!({
                    "foldline": crate::VERSION,
                    "map": "clique",
                    "to": target_word(reduction.target()),
                });
                if let Target::Lipschitz(form) = reduction.target() {
                    object["form"] = match form {
                        LipschitzForm::Steps => "steps",
                        LipschitzForm::ThreeLayers => "three layers",
                        LipschitzForm::Printed { .. } => "printed",
                    }
                    .into();
                    if let LipschitzForm::Printed { below_one: Some(p) } = form {
                        object["p"] = p.to_string().into();
                    }
                }
                let threshold = reduction.threshold().map(|value| value.to_string());
                object["threshold"] = threshold.into();
                object["colors"] = reduction.graph().classes().into();
                object["first_vertex"] = (*first_vertex).into();
                object["labels"] = reduction.labels().into();
                object["graph"] = graph_to_json(reduction.graph());
                object
            }
            Self::Separability(reduction) => {
                let strings = |point: &[Rational]| -> Vec<String> {
                    point.iter().map(Rational::to_string).collect()
                };
                let points = reduction.points();
                json!({
                    "foldline": crate::VERSION,
                    "map": "separability",
                    "to": "training",
                    "outputs": reduction.outputs(),
                    "origin": strings(reduction.origin()),
                    "points": points.iter().map(|(point, _)| strings(point)).collect::<Vec<_>>(),
                    "labels": points.iter().map(|(_, label)| u8::from(*label)).collect::<Vec<_>>(),
                })
            }
        }
    }

    /// Reads a map's file, which messages call `name`.
    ///
    /// # Errors
    /// If it is not such a file.
    pub fn parse(name: &str, text: &str) -> Result<Self, FormatError> {
        let object: Value = serde_json::from_str(text)
            .map_err(|error| FormatError::whole(name, format!("is not JSON: {error}")))?;
        match object["map"].as_str() {
            Some("clique") => parse_clique(name, &object),
            Some("separability") => parse_separability(name, &object),
            _ => {
                let message = r#"expected "clique" or "separability": is this a map of `reduce`?"#;
                Err(FormatError::new(name, "map", message))
            }
        }
    }
}

/// The most colors of a graph: each is an input of the network.
pub const MOST_COLORS: u64 = 1000;

fn parse_clique(name: &str, object: &Value) -> Result<ReductionMap, FormatError> {
    let fault = |place: &str, message: &str| Err(FormatError::new(name, place, message));
    let form = match (object["form"].as_str(), object["p"].as_str()) {
        (Some("steps") | None, _) => LipschitzForm::Steps,
        (Some("three layers"), _) => LipschitzForm::ThreeLayers,
        (Some("printed"), None) => LipschitzForm::Printed { below_one: None },
        (Some("printed"), Some(p)) => match parse_rational(p) {
            Ok(p) if is_below_one(&p) => LipschitzForm::Printed { below_one: Some(p) },
            _ => return fault("p", "expected a number from 1/100 to 1"),
        },
        _ => return fault("form", r#"expected "steps", "three layers" or "printed""#),
    };
    let target = object["to"].as_str().and_then(|word| target_of(word, form));
    let Some(target) = target else {
        return fault(
            "to",
            "expected maximum, positivity, surjectivity, zero, zonotope, lipschitz",
        );
    };
    let colors = object["colors"].as_u64().filter(|colors| *colors <= MOST_COLORS);
    let first = object["first_vertex"].as_u64().filter(|first| *first <= 1);
    let (Some(colors), Some(first)) = (colors, first) else {
        return fault("colors, first_vertex", "expected whole numbers");
    };
    let file = parse_graph(
        &format!("{name}: graph"),
        &object["graph"].to_string(),
        Some(colors as usize),
    )?;
    let file = GraphFile { first_vertex: first as usize, ..file };
    reduce_clique(file, target).map_err(|message| FormatError::new(name, "graph", message))
}

/// Whether p is one for which the printed form is built: below, its weights are too small to write.
pub fn is_below_one(p: &Rational) -> bool {
    *p >= Rational::ONE / Rational::from(100) && *p < Rational::ONE
}

fn parse_separability(name: &str, object: &Value) -> Result<ReductionMap, FormatError> {
    let points = object["points"].as_array().map(Vec::as_slice).unwrap_or_default();
    let labels = object["labels"].as_array().map(Vec::as_slice).unwrap_or_default();
    let point = |value: &Value| exact_point(value).filter(|point| !point.is_empty());
    let read: Option<Vec<Vec<Rational>>> = points.iter().map(point).collect();
    let labels_read: Option<Vec<Rational>> = labels.iter().map(exact_number).collect();
    let outputs = object["outputs"].as_u64().filter(|outputs| (1..=1000).contains(outputs));
    let fault = |place: &str, message: String| Err(FormatError::new(name, place, message));
    let (Some(points), Some(labels), Some(outputs)) = (read, labels_read, outputs) else {
        return fault("points, labels, outputs", "expected numbers".to_owned());
    };
    let dimension = points.first().map_or(0, Vec::len);
    let fits = points.iter().all(|point| point.len() == dimension) && points.len() == labels.len();
    if dimension == 0 || !fits {
        return fault("points", "expected points of one dimension, one a label".to_owned());
    }
    match TrainingReduction::new(&Sample { dimension, points, labels }, outputs as usize) {
        Ok(reduction) => Ok(ReductionMap::Separability(reduction)),
        Err(error) => fault("labels", error.to_string()),
    }
}

/// A list of exact numbers.
pub(crate) fn exact_point(value: &Value) -> Option<Vec<Rational>> {
    value.as_array()?.iter().map(exact_number).collect()
}

/// A number or a text such as `"2/3"`, exactly.
pub(crate) fn exact_number(value: &Value) -> Option<Rational> {
    match value {
        Value::String(text) => parse_rational(text).ok(),
        Value::Number(number) => parse_rational(&number.to_string()).ok(),
        _ => None,
    }
}
