//! Reading a network file of any format into an exact kernel network.

use std::path::Path;

use foldline_kernel::network::RationalRow;
use foldline_kernel::{Activation, Network};
use serde_json::{Value, json};

use crate::error::FormatError;
use crate::{input, json_network, nnet, onnx};

/// How a network file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetworkOptions {
    /// NNET only: put (x − mean)/range before the network and output · range + mean after it.
    pub physical: bool,
}

/// A network as read from a file, with what `inspect` tells about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedNetwork {
    /// The network, exactly.
    pub network: Network,
    /// `onnx`, `nnet` or `json`.
    pub format: &'static str,
    /// The input tensor's shape; the network's inputs number it row by row. Of several tensors, how many elements
    /// they have together.
    pub input_shape: Vec<usize>,
    /// The same of the output.
    pub output_shape: Vec<usize>,
    /// The operators in the file in order of first use, with how often each occurs.
    pub operators: Vec<(String, usize)>,
    /// How the file was lowered to layers, in words.
    pub notes: Vec<String>,
    /// What the file's author may not have meant: sentences that name file and place.
    pub warnings: Vec<String>,
    /// The input tensor's name, where there is one and the format has names.
    pub input_name: Option<String>,
    /// The output tensor's name, where there is one and the format has names.
    pub output_name: Option<String>,
    /// The input tensors where the format has names; the network's inputs are their elements in a row.
    pub input_tensors: Vec<NamedTensor>,
    /// The output tensors where the format has names; the network's outputs are their elements in a row.
    pub output_tensors: Vec<NamedTensor>,
}

/// An input or output of a network file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTensor {
    /// Its name in the file.
    pub name: String,
    /// Its shape; elements are numbered row by row.
    pub shape: Vec<usize>,
}

/// The formats of network files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Onnx,
    Nnet,
    Json,
}

/// Reads the network file at `path` (`-`: standard input).
pub fn read_network(path: &Path, options: &NetworkOptions) -> Result<LoadedNetwork, FormatError> {
    parse_network(&input::display_name(path), &input::read_bytes(path)?, options)
}

/// Reads a network from the `bytes` of a file that is called `name`.
///
/// The format is that of the name's extension (before `.gz`), or what the content looks like.
pub fn parse_network(
    name: &str,
    bytes: &[u8],
    options: &NetworkOptions,
) -> Result<LoadedNetwork, FormatError> {
    let format = format_by_name(name).unwrap_or_else(|| format_by_content(bytes));
    if options.physical && format != Format::Nnet {
        let message = "has no physical units: only .nnet files know means and ranges";
        return Err(FormatError::whole(name, message));
    }
    let text = || input::as_text(name, bytes);
    match format {
        Format::Onnx => onnx::parse_onnx(name, bytes),
        Format::Nnet => nnet::parse_nnet(name, text()?, options.physical),
        Format::Json => json_network::parse_json_network(name, text()?),
    }
}

fn format_by_name(name: &str) -> Option<Format> {
    let lowercase = name.to_ascii_lowercase();
    let stem = lowercase.strip_suffix(".gz").unwrap_or(&lowercase);
    match stem.rsplit_once('.')?.1 {
        "onnx" => Some(Format::Onnx),
        "nnet" => Some(Format::Nnet),
        "json" => Some(Format::Json),
        _ => None,
    }
}

/// JSON opens with a brace, NNET with a comment or a number, and ONNX with the tag of a field.
fn format_by_content(bytes: &[u8]) -> Format {
    let text = bytes.trim_ascii_start();
    match text {
        [b'{', ..] => Format::Json,
        [b'/', b'/', ..] | [b'0'..=b'9', ..] if bytes.iter().all(|byte| byte.is_ascii()) => {
            Format::Nnet
        }
        _ => Format::Onnx,
    }
}

/// The network as the JSON object that [`crate::json_network`] reads, every number an exact string.
pub fn network_to_json(network: &Network) -> Value {
    let layers = network.layers().iter().map(|layer| {
        let mut weights = Vec::new();
        let mut bias = Vec::new();
        for row in layer.rational_rows() {
            let mut dense = vec![json!("0"); layer.inputs];
            for (column, weight) in row.weights {
                dense[column] = json!(weight.to_string());
            }
            weights.push(Value::Array(dense));
            bias.push(json!(row.bias.to_string()));
        }
        let activation = match layer.activation {
            Activation::Relu => "relu",
            Activation::Linear => "linear",
        };
        json!({"weights": weights, "bias": bias, "activation": activation})
    });
    json!({"layers": layers.collect::<Vec<_>>()})
}

/// The same as text, a row of weights a line; made row by row, since large networks have many zeros.
pub fn network_to_text(network: &Network) -> String {
    let numbers = |values: &mut dyn Iterator<Item = String>| {
        let quoted: Vec<String> = values.map(|value| format!("\"{value}\"")).collect();
        format!("[{}]", quoted.join(","))
    };
    let layers = network.layers().iter().map(|layer| {
        let row = |row: RationalRow| {
            let mut dense = vec!["0".to_owned(); layer.inputs];
            row.weights.into_iter().for_each(|(column, weight)| dense[column] = weight.to_string());
            numbers(&mut dense.into_iter())
        };
        let rows: Vec<String> =
            (0..layer.rows.len()).map(|index| row(layer.rational_row(index))).collect();
        let bias = numbers(&mut (0..layer.rows.len()).map(|row| layer.bias(row).to_string()));
        let activation = match layer.activation {
            Activation::Relu => "relu",
            Activation::Linear => "linear",
        };
        let weights = rows.join(",\n");
        format!("{{\"weights\":[\n{weights}],\n\"bias\":{bias},\n\"activation\":\"{activation}\"}}")
    });
    format!("{{\"layers\":[\n{}]}}\n", layers.collect::<Vec<_>>().join(",\n"))
}

/// The layers' kinds and sizes in words.
pub(crate) fn describe_layers(network: &Network) -> String {
    let describe = |layer: &foldline_kernel::Layer| match layer.activation {
        Activation::Relu => format!("ReLU {}", layer.rows.len()),
        Activation::Linear => format!("linear {}", layer.rows.len()),
    };
    network.layers().iter().map(describe).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_name_then_by_content() {
        assert_eq!(format_by_name("a.b.ONNX.gz"), Some(Format::Onnx));
        assert_eq!(format_by_name("dir.json/a.nnet"), Some(Format::Nnet));
        assert_eq!(format_by_name("standard input"), None);
        assert_eq!(format_by_content(b" \n{"), Format::Json);
        assert_eq!(format_by_content(b"// comment"), Format::Nnet);
        assert_eq!(format_by_content(b"7,5,5,50,"), Format::Nnet);
        assert_eq!(format_by_content(b"\x08\x07"), Format::Onnx);
        assert_eq!(format_by_content(b""), Format::Onnx);
    }

    #[test]
    fn physical_units_need_an_nnet_file() {
        let options = NetworkOptions { physical: true };
        let error = parse_network("a.json", b"{}", &options).unwrap_err();
        assert!(error.message.contains("physical"), "{error}");
    }
}
