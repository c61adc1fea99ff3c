//! What `inspect` says about a network.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use foldline::formats::network::{NamedTensor, network_to_text};
use foldline::kernel::number::{Abs, BitTest};
use foldline::text::{decimal, exact_for_people};
use foldline::{Activation, Layer, LoadedNetwork, NetworkOptions, Rational};
use serde_json::{Map, Value, json};

use crate::describe::{self, count, shorten};
use crate::load::parse_with_options;
use crate::report::{Exit, Failure, Report, set_exact};
use crate::witness_file::write_whole;

/// Reads the network in `content` and describes it; `lowered` is where to write it as JSON.
pub fn report(
    name: &str,
    content: &[u8],
    options: &NetworkOptions,
    lowered: Option<&Path>,
    start: Instant,
) -> Result<Report, Failure> {
    let loaded = parse_with_options(name, content, options)?;
    let network = &loaded.network;
    let summaries: Vec<LayerSummary> = network.layers().iter().map(LayerSummary::of).collect();
    let nonzeros: usize = summaries.iter().map(|layer| layer.nonzeros).sum();
    let statistics = json!({
        "layers": summaries.len(),
        "neurons": network.neurons(),
        "nonzero_weights": nonzeros,
    });
    let mut report = Report::new("inspect", "network", Exit::Yes, start, statistics);
    report.set("file", name);
    report.set("format", loaded.format);
    report.set("inputs", network.inputs());
    report.set("outputs", network.outputs());
    report.set("input_shape", loaded.input_shape.clone());
    report.set("output_shape", loaded.output_shape.clone());
    report.set("input_name", loaded.input_name.clone());
    report.set("output_name", loaded.output_name.clone());
    let tensors = |tensors: &[NamedTensor]| -> Vec<Value> {
        tensors.iter().map(|tensor| json!({"name": tensor.name, "shape": tensor.shape})).collect()
    };
    report.set("input_tensors", tensors(&loaded.input_tensors));
    report.set("output_tensors", tensors(&loaded.output_tensors));
    report.set("neurons", network.neurons());
    report.set("layers", summaries.iter().map(LayerSummary::json).collect::<Vec<_>>());
    let operator = |(name, count): &(String, usize)| json!({"operator": name, "count": count});
    report.set("operators", loaded.operators.iter().map(operator).collect::<Vec<_>>());
    report.set("notes", loaded.notes.clone());
    report.set("warnings", loaded.warnings.clone());
    report.text = text(name, &loaded, &summaries);
    if let Some(path) = lowered {
        write_whole(path, &network_to_text(network))?;
        report.set("files", json!({"lowered": path.display().to_string()}));
        let _ = writeln!(report.text, "\nthe layers are in {}", path.display());
    }
    Ok(report)
}

/// A layer's size and the range of its numbers.
struct LayerSummary {
    activation: &'static str,
    inputs: usize,
    outputs: usize,
    nonzeros: usize,
    /// Smallest and largest weight, stored or zero.
    range: (Rational, Rational),
    /// The largest magnitude among the biases.
    largest_bias: Rational,
    /// Bits of the common denominator of the layer's numbers.
    denominator_bits: usize,
    /// Bits of the largest numerator over that denominator.
    numerator_bits: usize,
}

impl LayerSummary {
    fn of(layer: &Layer) -> Self {
        let nonzeros = layer.nonzeros();
        let dense = nonzeros == layer.inputs * layer.rows.len();
        let numerators = || layer.rows.iter().flat_map(|row| &row.numerators);
        let ratio = |numerator: &foldline::Integer| {
            Rational::from_parts(numerator.clone(), layer.denominator.clone())
        };
        let smallest = numerators().min().map(ratio).unwrap_or(Rational::ZERO);
        let largest = numerators().max().map(ratio).unwrap_or(Rational::ZERO);
        let range = if dense {
            (smallest, largest)
        } else {
            (smallest.min(Rational::ZERO), largest.max(Rational::ZERO))
        };
        let biases = || layer.rows.iter().map(|row| &row.bias);
        let largest_bias = biases().map(|bias| ratio(bias).abs()).max().unwrap_or(Rational::ZERO);
        Self {
            activation: match layer.activation {
                Activation::Relu => "relu",
                Activation::Linear => "linear",
            },
            inputs: layer.inputs,
            outputs: layer.rows.len(),
            nonzeros,
            range,
            largest_bias,
            denominator_bits: layer.denominator.bit_len(),
            numerator_bits: numerators().chain(biases()).map(BitTest::bit_len).max().unwrap_or(0),
        }
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("activation".to_owned(), self.activation.into());
        object.insert("inputs".to_owned(), self.inputs.into());
        object.insert("outputs".to_owned(), self.outputs.into());
        object.insert("nonzero_weights".to_owned(), self.nonzeros.into());
        set_exact(&mut object, "smallest_weight", &self.range.0);
        set_exact(&mut object, "largest_weight", &self.range.1);
        set_exact(&mut object, "largest_bias_magnitude", &self.largest_bias);
        object.insert("denominator_bits".to_owned(), self.denominator_bits.into());
        object.insert("numerator_bits".to_owned(), self.numerator_bits.into());
        Value::Object(object)
    }
}

/// `1×1×1×5`, or the plain number of entries where there is no shape.
fn shape(sizes: &[usize], name: Option<&String>) -> String {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let shape = if sizes.is_empty() { "scalar".to_owned() } else { sizes.join("×") };
    name.map_or(shape.clone(), |name| format!("{shape} (`{name}`)"))
}

/// A single tensor's shape; of several the names and shapes, and how the network numbers them.
fn tensors(
    tensors: &[NamedTensor],
    joint: &[usize],
    name: Option<&String>,
    variable: char,
) -> String {
    if tensors.len() < 2 {
        return shape(joint, name);
    }
    let mut first = 0;
    let mut parts = Vec::new();
    for tensor in tensors {
        let count: usize = tensor.shape.iter().product();
        let last = first + count - 1;
        let numbers = if count == 1 {
            format!("{variable}_{first}")
        } else {
            format!("{variable}_{first} to {variable}_{last}")
        };
        parts.push(format!("{}: {numbers}", shape(&tensor.shape, Some(&tensor.name))));
        first += count;
    }
    parts.join(", ")
}

fn text(name: &str, loaded: &LoadedNetwork, layers: &[LayerSummary]) -> String {
    let mut text = format!(
        "network  {name} ({}): {}\ninput    {}\noutput   {}\n",
        loaded.format,
        describe::network(&loaded.network),
        tensors(&loaded.input_tensors, &loaded.input_shape, loaded.input_name.as_ref(), 'X'),
        tensors(&loaded.output_tensors, &loaded.output_shape, loaded.output_name.as_ref(), 'Y')
    );
    text.push_str(
        "\nlayers, as foldline computes them\n   #  kind    inputs  outputs  weights ≠ 0  \
         smallest       largest        largest |bias|  bits\n",
    );
    for (index, layer) in layers.iter().enumerate() {
        let _ = writeln!(
            text,
            "  {index:>2}  {:<6}  {:>6}  {:>7}  {:>11}  {:<13}  {:<13}  {:<14}  {}/{}",
            layer.activation,
            count(layer.inputs as u64),
            count(layer.outputs as u64),
            count(layer.nonzeros as u64),
            decimal(&layer.range.0, 6),
            decimal(&layer.range.1, 6),
            decimal(&layer.largest_bias, 6),
            layer.numerator_bits,
            layer.denominator_bits
        );
    }
    let smallest = layers.iter().map(|layer| &layer.range.0).min();
    let largest = layers.iter().map(|layer| &layer.range.1).max();
    if let (Some(smallest), Some(largest)) = (smallest, largest) {
        let exact = |value| shorten(&exact_for_people(value));
        let _ =
            writeln!(text, "\nweights are from {} to {}, exactly", exact(smallest), exact(largest));
    }
    if !loaded.operators.is_empty() {
        let operator = |(name, count): &(String, usize)| format!("{name} ({count})");
        let operators: Vec<String> = loaded.operators.iter().map(operator).collect();
        let _ = writeln!(text, "\noperators in the file\n  {}", operators.join(", "));
    }
    if !loaded.notes.is_empty() {
        text.push_str("\nhow it was lowered\n");
        for note in &loaded.notes {
            let _ = writeln!(text, "  {note}");
        }
    }
    text
}
