//! A network as the JSON object that the readers take: its numbers are exact, as texts.

use foldline::{Activation, Layer, Network, Rational};
use serde_json::{Value, json};

/// `{"layers": [{"weights": …, "bias": …, "activation": …}, …]}`.
pub fn network_json(network: &Network) -> Value {
    json!({"layers": network.layers().iter().map(layer_json).collect::<Vec<_>>()})
}

fn layer_json(layer: &Layer) -> Value {
    let exact = |value: &Rational| Value::from(value.to_string());
    let rows = layer.rational_rows();
    let dense = |weights: &[(usize, Rational)]| -> Vec<Value> {
        let mut row = vec![Value::from("0"); layer.inputs];
        weights.iter().for_each(|(column, value)| row[*column] = exact(value));
        row
    };
    json!({
        "weights": rows.iter().map(|row| dense(&row.weights)).collect::<Vec<_>>(),
        "bias": rows.iter().map(|row| exact(&row.bias)).collect::<Vec<_>>(),
        "activation": match layer.activation {
            Activation::Relu => "relu",
            _ => "linear",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline::{NetworkOptions, parse_network};

    #[test]
    fn what_is_written_is_read() {
        let text = r#"{"layers":[{"weights":[["1/3","0"],["-2","5"]],"bias":["0","1/7"],"activation":"relu"},{"weights":[["1","-1"]],"bias":["3"],"activation":"linear"}]}"#;
        let network = parse_network("n.json", text.as_bytes(), &NetworkOptions::default());
        assert_eq!(network_json(&network.unwrap().network).to_string(), text);
    }
}
