//! Evaluates a network exactly: `evaluate NETWORK [--physical]`, points on standard input.
//!
//! One point a line, coordinates separated by spaces or commas, decimals or `p/q`; prints f(x) in
//! the same way. With `--json` prints the network instead, with `--describe` how it was lowered.

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

use foldline_formats::network::network_to_json;
use foldline_formats::{NetworkOptions, read_network};
use foldline_kernel::Rational;
use foldline_kernel::number::parse_rational;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(4)
        }
    }
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let path = arguments.iter().find(|argument| !argument.starts_with("--"));
    let path = path.ok_or("expected a network file")?;
    let options = NetworkOptions { physical: has("--physical") };
    let loaded = read_network(Path::new(path), &options).map_err(|error| error.to_string())?;
    let mut output = io::stdout().lock();
    let failed = |error: io::Error| error.to_string();
    if has("--json") {
        return writeln!(output, "{}", network_to_json(&loaded.network)).map_err(failed);
    }
    if has("--describe") {
        let layers = loaded.network.layers();
        let sizes: Vec<_> = layers
            .iter()
            .map(|layer| (layer.activation, layer.rows.len(), layer.nonzeros()))
            .collect();
        let (from, to) = (&loaded.input_shape, &loaded.output_shape);
        writeln!(output, "{from:?} -> {to:?} {:?}\n{sizes:?}", loaded.operators).map_err(failed)?;
        return writeln!(output, "{}", loaded.notes.join("\n")).map_err(failed);
    }
    for line in io::stdin().lock().lines() {
        let line = line.map_err(failed)?;
        let tokens = line.split([' ', ',']).filter(|token| !token.is_empty());
        let point: Result<Vec<Rational>, _> = tokens.map(parse_rational).collect();
        let point = point.map_err(|error| error.to_string())?;
        if point.len() != loaded.network.inputs() {
            return Err(format!("expected {} coordinates", loaded.network.inputs()));
        }
        let values = loaded.network.evaluate(&point).output;
        let values: Vec<String> = values.iter().map(Rational::to_string).collect();
        writeln!(output, "{}", values.join(" ")).map_err(failed)?;
    }
    Ok(())
}
