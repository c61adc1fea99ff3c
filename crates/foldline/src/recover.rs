//! Answers about reduced problems, mapped back: to a clique or to hyperplanes, and the other way.

use foldline_formats::FormatError;
use foldline_formats::json_network::network_from_json;
use foldline_formats::vnncomp_result::{Verdict, WitnessNames, parse_result};
use foldline_geometry::zonotopes::membership;
use foldline_kernel::{CliqueFault, ColoredGraph, Network, Rational};
use foldline_reductions::clique::{Reduction, Target};
use foldline_reductions::separability::{OpenHalfSpace, SeparabilityError, TrainingReduction};
use serde_json::Value;

use crate::reduction_map::{ReductionMap, exact_number, exact_point};

/// What an answer means.
#[derive(Debug, Clone)]
pub enum Recovered {
    /// A multicolored clique; vertices from 0, in the order of the colors.
    Clique(Vec<usize>),
    /// Hyperplanes that separate: label 1 above both, label 0 not.
    Hyperplanes([OpenHalfSpace; 2]),
    /// For a clique: a solution of the reduced question (a point or, for zonotopes, a normal).
    Solution(Vec<Rational>),
    /// For hyperplanes: a network with loss zero.
    Network(Network),
    /// The answer says that the reduced question has no solution: then there is no clique, and
    /// there are no hyperplanes.
    None(String),
    /// What the answer gives is no solution: it says nothing about the graph or the points.
    Refused(String),
}

/// Maps an answer back; `text` is foldline's JSON, or for graphs also a VNN-COMP result file.
///
/// A `clique` or `hyperplanes` in the answer is mapped forward, to the reduced question's solution.
///
/// # Errors
/// If the answer cannot be read, or has no part that could be a solution.
pub fn recover(map: &ReductionMap, name: &str, text: &str) -> Result<Recovered, FormatError> {
    match map {
        ReductionMap::Clique { reduction, first_vertex } => {
            if !text.trim_start().starts_with('{') {
                return from_result_file(reduction, name, text);
            }
            recover_clique(reduction, *first_vertex, name, &parse_answer(name, text)?)
        }
        ReductionMap::Separability(reduction) => {
            recover_hyperplanes(reduction, name, &parse_answer(name, text)?)
        }
    }
}

fn parse_answer(name: &str, text: &str) -> Result<Value, FormatError> {
    let object: Value = serde_json::from_str(text)
        .map_err(|error| FormatError::whole(name, format!("is not JSON: {error}")))?;
    if !object.is_object() {
        return Err(FormatError::whole(name, "expected a JSON object, an answer of foldline"));
    }
    Ok(object)
}

/// A result file of any tool in VNN-COMP's layout.
fn from_result_file(
    reduction: &Reduction,
    name: &str,
    text: &str,
) -> Result<Recovered, FormatError> {
    let result = parse_result(name, text, &WitnessNames::default())?;
    match (result.verdict, result.witness) {
        (Verdict::Sat, Some(witness)) => Ok(clique_at(reduction, &witness.input)),
        (Verdict::Unsat, _) => Ok(none("unsat", "there is no multicolored clique")),
        _ => Err(FormatError::whole(name, "expected `unsat`, or `sat` with a witness")),
    }
}

fn none(answer: &str, meaning: &str) -> Recovered {
    Recovered::None(format!("the answer is `{answer}`; if that is so, {meaning}"))
}

fn clique_at(reduction: &Reduction, point: &[Rational]) -> Recovered {
    match reduction.clique_at(point) {
        Ok(clique) => Recovered::Clique(clique),
        Err(refusal) => Recovered::Refused(refusal.to_string()),
    }
}

fn recover_clique(
    reduction: &Reduction,
    first_vertex: usize,
    name: &str,
    answer: &Value,
) -> Result<Recovered, FormatError> {
    if let Some(vertices) = answer.get("clique") {
        return forward_clique(reduction, first_vertex, name, vertices);
    }
    let word = answer["answer"].as_str().unwrap_or_default();
    // A maximum or a Lipschitz constant is an answer with a point, solution or not.
    let reached = |found: Recovered| match (found, word) {
        (Recovered::Refused(reason), "maximum" | "lipschitz") => {
            let meaning = "there is no multicolored clique";
            Recovered::None(format!("{reason}. If it is the largest of all inputs, {meaning}"))
        }
        (found, _) => found,
    };
    if let Some((place, value)) = solution_part(reduction.target(), answer) {
        let Some(point) = exact_point(value) else {
            return Err(FormatError::new(name, place, "expected a list of numbers"));
        };
        if place == "point" && *reduction.target() == Target::Zonotope {
            return Ok(from_outside_point(reduction, &point));
        }
        return Ok(reached(clique_at(reduction, &point)));
    }
    match (reduction.target(), word) {
        (Target::Zero | Target::Zonotope, "yes")
        | (Target::Positivity | Target::Surjectivity, "no")
        | (_, "holds") => Ok(none(word, "there is no multicolored clique")),
        _ => Err(FormatError::whole(
            name,
            format!("has no solution: expected one of the keys {}", KEYS.join(", ")),
        )),
    }
}

/// Where a solution may stand in an answer.
const KEYS: [&str; 6] = ["clique", "witness", "argmax", "positive_direction", "normal", "point"];

/// The part of an answer that is a solution, with its place.
fn solution_part<'a>(target: &Target, answer: &'a Value) -> Option<(&'static str, &'a Value)> {
    let input = || answer.get("witness")?.get("input").map(|value| ("witness.input", value));
    let key =
        |key: &'static str| answer.get(key).filter(|value| !value.is_null()).map(|v| (key, v));
    match target {
        Target::Zonotope => key("normal").or_else(|| key("point")),
        Target::Surjectivity => key("positive_direction").or_else(input).or_else(|| key("point")),
        _ => key("argmax").or_else(input).or_else(|| key("point")),
    }
}

/// A point of the inner zonotope outside the outer one: a normal that separates it is a solution.
fn from_outside_point(reduction: &Reduction, point: &[Rational]) -> Recovered {
    let (outer, _) = reduction.zonotopes().expect("the target is the zonotope");
    if point.len() != outer.dimension() {
        return clique_at(reduction, point);
    }
    let membership = membership(&outer, point);
    if membership.is_member() {
        return Recovered::Refused("the point is in the outer zonotope".to_owned());
    }
    clique_at(reduction, &membership.normal)
}

fn forward_clique(
    reduction: &Reduction,
    first_vertex: usize,
    name: &str,
    vertices: &Value,
) -> Result<Recovered, FormatError> {
    let numbers = vertices.as_array().map(|list| {
        let vertex = |value: &Value| usize::try_from(value.as_u64()?).ok();
        list.iter().map(|value| vertex(value)?.checked_sub(first_vertex)).collect()
    });
    let Some(Some(clique)) = numbers else {
        let message = format!("expected a list of vertices, numbered from {first_vertex}");
        return Err(FormatError::new(name, "clique", message));
    };
    let clique: Vec<usize> = clique;
    Ok(match reduction.solution(&clique) {
        Ok(point) => Recovered::Solution(point),
        Err(fault) => Recovered::Refused(describe_fault(fault, reduction.graph(), first_vertex)),
    })
}

/// Why vertices, as the graph's file numbers them, are no multicolored clique.
fn describe_fault(fault: CliqueFault, graph: &ColoredGraph, first_vertex: usize) -> String {
    let name = |vertex: usize| vertex + first_vertex;
    match fault {
        CliqueFault::Count { found, expected } => {
            format!("{found} vertices, but there are {expected} colors")
        }
        CliqueFault::Vertex(vertex) => {
            let last = (graph.vertices() + first_vertex).saturating_sub(1);
            format!("there is no vertex {}: they are {first_vertex} to {last}", name(vertex))
        }
        CliqueFault::Color(u, v) => {
            format!("vertices {} and {} have the same color", name(u), name(v))
        }
        CliqueFault::Edge(u, v) => format!("no edge joins vertices {} and {}", name(u), name(v)),
    }
}

fn recover_hyperplanes(
    reduction: &TrainingReduction,
    name: &str,
    answer: &Value,
) -> Result<Recovered, FormatError> {
    let refused = |error: SeparabilityError| Recovered::Refused(error.to_string());
    if let Some(list) = answer.get("hyperplanes") {
        let half_spaces = list.as_array().map(|list| list.iter().map(half_space).collect());
        let Some(Some(half_spaces)) = half_spaces else {
            let message = r#"expected a list of {"normal": …, "offset": …}"#;
            return Err(FormatError::new(name, "hyperplanes", message));
        };
        let half_spaces: Vec<OpenHalfSpace> = half_spaces;
        return Ok(reduction.network(&half_spaces).map_or_else(refused, Recovered::Network));
    }
    let network = match (answer.get("network"), answer.get("layers")) {
        (Some(network), _) if !network.is_null() => network,
        (_, Some(_)) => answer,
        _ if answer["answer"] == "no" => return Ok(none("no", "no two hyperplanes separate")),
        _ => {
            let message = "has no solution: expected one of the keys network, layers, hyperplanes";
            return Err(FormatError::whole(name, message));
        }
    };
    let network = network_from_json(name, network)?;
    Ok(reduction.hyperplanes(&network).map_or_else(refused, Recovered::Hyperplanes))
}

fn half_space(value: &Value) -> Option<OpenHalfSpace> {
    let normal = exact_point(value.get("normal")?)?;
    Some(OpenHalfSpace { normal, offset: exact_number(value.get("offset")?)? })
}
