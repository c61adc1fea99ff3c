//! JSON networks: `{"layers": [{"weights": [[…], …], "bias": […], "activation": "relu" | "linear"}]}`.
//!
//! A number is a JSON number, read from its digits, or a string such as `"2/3"`.

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::Rational;
use foldline_kernel::{Activation, Layer, Network};
use serde_json::Value;

use crate::error::FormatError;
use crate::json_text::{Json, parse_json};
use crate::network::{LoadedNetwork, describe_layers};

/// Reads a JSON network; `name` is what messages call the file.
pub fn parse_json_network(name: &str, text: &str) -> Result<LoadedNetwork, FormatError> {
    let tree = parse_json(name, text)?;
    let network = read_tree(&tree).map_err(|(place, message)| {
        let place = if place.is_empty() { "top level".to_owned() } else { place };
        FormatError::new(name, place, message)
    })?;
    let layers = network.layers();
    let relus = layers.iter().filter(|layer| layer.activation == Activation::Relu).count();
    let mut operators = vec![("affine".to_owned(), layers.len())];
    operators.extend((relus > 0).then(|| ("Relu".to_owned(), relus)));
    Ok(LoadedNetwork {
        format: "json",
        input_shape: vec![network.inputs()],
        output_shape: vec![network.outputs()],
        operators,
        notes: vec![format!("layers as in the file: {}", describe_layers(&network))],
        input_name: None,
        output_name: None,
        warnings: Vec::new(),
        input_tensors: Vec::new(),
        output_tensors: Vec::new(),
        network,
    })
}

/// Reads a network that is part of a larger JSON document.
pub fn network_from_json(name: &str, value: &Value) -> Result<Network, FormatError> {
    parse_json_network(name, &value.to_string()).map(|loaded| loaded.network)
}

/// A place in the tree, such as `layers[1].bias[0]`, and what is wrong there.
type Fault = (String, String);

fn fault<T>(place: &str, message: impl Into<String>) -> Result<T, Fault> {
    Err((place.to_owned(), message.into()))
}

fn read_tree(tree: &Json) -> Result<Network, Fault> {
    let [layers] = entries(tree, "", ["layers"])?;
    let items = list(layers, "layers", "layers")?;
    let mut built = Vec::new();
    let mut inputs = None;
    for (index, item) in items.iter().enumerate() {
        let layer = read_layer(item, &format!("layers[{index}]"), inputs)?;
        inputs = Some(layer.rows.len());
        built.push(layer);
    }
    let inputs = built.first().map_or(0, |layer| layer.inputs);
    Network::new(inputs, built).or_else(|error| fault("layers", error.to_string()))
}

fn read_layer(item: &Json, place: &str, inputs: Option<usize>) -> Result<Layer, Fault> {
    let [weights, bias, activation] = entries(item, place, ["weights", "bias", "activation"])?;
    let weights_place = format!("{place}.weights");
    let mut rows = Vec::new();
    let mut width = inputs;
    for (index, row) in list(weights, &weights_place, "rows of weights")?.iter().enumerate() {
        let row_place = format!("{weights_place}[{index}]");
        let row = numbers(row, &row_place)?;
        let expected = *width.get_or_insert(row.len());
        if row.len() != expected {
            return fault(&row_place, format!("expected {expected} weights, found {}", row.len()));
        }
        rows.push(RationalRow {
            weights: row.into_iter().enumerate().collect(),
            bias: Rational::ZERO,
        });
    }
    let bias_place = format!("{place}.bias");
    let bias = numbers(bias, &bias_place)?;
    if bias.len() != rows.len() {
        let message =
            format!("expected one number a row of weights, {}, found {}", rows.len(), bias.len());
        return fault(&bias_place, message);
    }
    rows.iter_mut().zip(bias).for_each(|(row, value)| row.bias = value);
    let activation = match activation {
        Json::String(name) if name == "relu" => Activation::Relu,
        Json::String(name) if name == "linear" => Activation::Linear,
        other => {
            let found = match other {
                Json::String(name) => format!("{name:?}"),
                other => other.kind().to_owned(),
            };
            let message = format!("expected \"relu\" or \"linear\", found {found}");
            return fault(&format!("{place}.activation"), message);
        }
    };
    Ok(Layer::new(width.unwrap_or(0), &rows, activation))
}

/// The values of exactly the given keys, each of which occurs once.
fn entries<'a, 't, const N: usize>(
    value: &'a Json<'t>,
    place: &str,
    keys: [&str; N],
) -> Result<[&'a Json<'t>; N], Fault> {
    let Json::Object(found) = value else {
        return fault(
            place,
            format!("expected an object with {}, found {}", keys.join(", "), value.kind()),
        );
    };
    let mut values = [None; N];
    for (key, value) in found {
        let Some(index) = keys.iter().position(|expected| expected == key) else {
            return fault(place, format!("unknown key {key:?}, expected {}", keys.join(", ")));
        };
        if values[index].replace(value).is_some() {
            return fault(place, format!("key {key:?} occurs twice"));
        }
    }
    if let Some(missing) = values.iter().position(Option::is_none) {
        return fault(place, format!("key {:?} is missing", keys[missing]));
    }
    Ok(values.map(|value| value.unwrap_or(&Json::Null)))
}

/// The items of a list that must not be empty.
fn list<'a, 't>(value: &'a Json<'t>, place: &str, what: &str) -> Result<&'a [Json<'t>], Fault> {
    match value {
        Json::Array(items) if items.is_empty() => {
            fault(place, format!("expected {what}, found none"))
        }
        Json::Array(items) => Ok(items),
        other => fault(place, format!("expected a list of {what}, found {}", other.kind())),
    }
}

fn numbers(value: &Json, place: &str) -> Result<Vec<Rational>, Fault> {
    let items = list(value, place, "numbers")?.iter().enumerate();
    let number = |(index, item): (usize, &Json)| {
        item.rational().or_else(|message| fault(&format!("{place}[{index}]"), message))
    };
    items.map(number).collect()
}
