//! NNET files: sizes, normalisation and weights as comma-separated decimals, line by line.
//!
//! The weights are the decimals of the file, in normalised units. Bounds on the inputs are not
//! used, so nothing is clamped. Without physical units only the sizes of layers matter of all that
//! stands before the weights: published files differ in the rest.

mod lines;

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::{Inverse, Rational};
use foldline_kernel::{Activation, Layer, Network};

use crate::error::FormatError;
use crate::network::{LoadedNetwork, describe_layers};
use lines::{Line, Lines, Token};

/// Reads an NNET network; `physical` adds (x − mean)/range on the inputs and output · range + mean.
pub fn parse_nnet(name: &str, text: &str, physical: bool) -> Result<LoadedNetwork, FormatError> {
    let mut lines = Lines::new(name, text);
    let header = Header::read(&mut lines)?;
    let mut layers = Vec::new();
    // Where first lines and weights do not fit, the first lines' contradiction is the likelier cause.
    let normalisation = read_after_header(&mut lines, &header, &mut layers)
        .map_err(|error| header.doubts.first().cloned().unwrap_or(error))?;
    let mut notes = vec!["weights are the file's decimals, inputs are not clamped".to_owned()];
    notes.extend(header.doubts.iter().map(|doubt| format!("not used: {}", doubt.message)));
    if physical {
        normalisation.apply(&lines, header.sizes[0], &mut layers)?;
        notes.push("physical units: (x - mean)/range merged into the first layer, output * range + mean into the last".to_owned());
    } else {
        notes.push("normalised units: means and ranges are not applied".to_owned());
    }
    let last = layers.len() - 1;
    let built = layers.iter().enumerate().map(|(index, rows)| {
        let activation = if index == last { Activation::Linear } else { Activation::Relu };
        Layer::new(header.sizes[index], rows, activation)
    });
    let network = Network::new(header.sizes[0], built.collect())
        .map_err(|error| FormatError::whole(name, error.to_string()))?;
    notes.push(format!("layers {}", describe_layers(&network)));
    Ok(LoadedNetwork {
        format: "nnet",
        input_shape: vec![network.inputs()],
        output_shape: vec![network.outputs()],
        operators: vec![("affine".to_owned(), layers.len()), ("Relu".to_owned(), last)],
        notes,
        input_name: None,
        output_name: None,
        warnings: Vec::new(),
        input_tensors: Vec::new(),
        output_tensors: Vec::new(),
        network,
    })
}

/// Reads all that follows the sizes.
fn read_after_header<'t>(
    lines: &mut Lines<'t>,
    header: &Header,
    layers: &mut Vec<Vec<RationalRow>>,
) -> Result<Normalisation<'t>, FormatError> {
    let normalisation = Normalisation::read(lines, header)?;
    for index in 1..header.sizes.len() {
        layers.push(read_layer(lines, header, index)?);
    }
    lines.expect_end()?;
    Ok(normalisation)
}

/// The sizes at the top of the file.
struct Header {
    /// Number of inputs, then of each layer's outputs.
    sizes: Vec<usize>,
    /// Where the first two lines contradict each other. The sizes of the layers count, as in other
    /// readers; the weights show whether they are right.
    doubts: Vec<FormatError>,
}

impl Header {
    /// Reads the line of counts (number of layers, inputs, outputs and the size of a buffer for the
    /// largest layer, or only the first of them), and the line of sizes.
    fn read(lines: &mut Lines<'_>) -> Result<Self, FormatError> {
        let what = "number of layers, inputs, outputs, and the largest layer's size";
        let line = lines.line(what)?;
        let counts = lines.sizes_in(line, what)?;
        match counts.as_slice() {
            [_] | [_, _, _, _] => {}
            [_, _, _, _, (_, extra), ..] => {
                return Err(lines.error(*extra, lines.wrong_count(4, what, counts.len())));
            }
            _ => return Err(lines.line_error(line, lines.wrong_count(4, what, counts.len()))),
        }
        let what = "the size of each layer, inputs first";
        let needed = counts[0].0 + 1;
        let line = lines.line(what)?;
        let mut stated = lines.sizes_in(line, what)?;
        if stated.len() < needed {
            return Err(lines.line_error(line, lines.wrong_count(needed, what, stated.len())));
        }
        let mut doubts = Vec::new();
        if let Some(&(_, extra)) = stated.get(needed) {
            doubts.push(lines.error(extra, lines.wrong_count(needed, what, stated.len())));
            stated.truncate(needed);
        }
        let mut compare =
            |(found, token): (usize, Token), stated: Option<&(usize, Token)>, role: &str| {
                if let Some(&(expected, _)) = stated.filter(|(expected, _)| *expected != found) {
                    let message =
                        format!("expected {expected} {role} as in the first line, found {found}");
                    doubts.push(lines.error(token, message));
                }
            };
        compare(stated[0], counts.get(1), "inputs");
        compare(stated[needed - 1], counts.get(2), "outputs");
        Ok(Self { sizes: stated.into_iter().map(|(size, _)| size).collect(), doubts })
    }
}

/// Means and ranges of the inputs and, last, of the outputs; read only where they are used.
struct Normalisation<'t> {
    /// The lines of the means and of the ranges, where the file has them.
    lines: Option<(Line<'t>, Line<'t>)>,
}

impl<'t> Normalisation<'t> {
    fn read(lines: &mut Lines<'t>, header: &Header) -> Result<Self, FormatError> {
        let flag = lines.line("an unused flag")?;
        if is_without_normalisation(lines, flag, header.sizes.len() - 1)? {
            return Ok(Self { lines: None });
        }
        lines.line("the smallest value of each input")?;
        lines.line("the largest value of each input")?;
        let means = lines.line(MEANS)?;
        Ok(Self { lines: Some((means, lines.line(RANGES)?)) })
    }

    /// Merges the normalisation into the first and last layers' rows.
    fn apply(
        &self,
        lines: &Lines<'t>,
        inputs: usize,
        layers: &mut [Vec<RationalRow>],
    ) -> Result<(), FormatError> {
        let Some((means, ranges_line)) = self.lines else {
            return Err(lines.error_without_place("has no means and ranges: no physical units"));
        };
        let means = lines.numbers_in(means, inputs + 1, MEANS)?;
        let ranges = lines.numbers_in(ranges_line, inputs + 1, RANGES)?;
        if let Some(index) = ranges.iter().position(Rational::is_zero) {
            let message = format!("range {index} is zero, expected a number to divide by");
            return Err(lines.line_error(ranges_line, message));
        }
        for row in layers.first_mut().into_iter().flatten() {
            for (input, weight) in &mut row.weights {
                *weight *= (&ranges[*input]).inv();
                row.bias -= &*weight * &means[*input];
            }
        }
        for row in layers.last_mut().into_iter().flatten() {
            row.weights.iter_mut().for_each(|(_, weight)| *weight *= &ranges[inputs]);
            row.bias = &row.bias * &ranges[inputs] + &means[inputs];
        }
        Ok(())
    }
}

const MEANS: &str = "the mean of each input and of the outputs";
const RANGES: &str = "the range of each input and of the outputs";

/// Whether the weights follow the line of the flag at once.
///
/// That is so in Neurify's files, which have one kind a layer there: 0 fully connected, 1
/// convolutional, 2 pooling. With one layer such a line would look like the flag; then it is the flag.
fn is_without_normalisation(
    lines: &Lines<'_>,
    flag: Line<'_>,
    layers: usize,
) -> Result<bool, FormatError> {
    let tokens = flag.tokens();
    let is_kind = |token: &Token| matches!(token.text, "0" | "1" | "2");
    if layers < 2 || tokens.len() != layers || !tokens.iter().all(is_kind) {
        return Ok(false);
    }
    match tokens.iter().find(|token| token.text != "0") {
        Some(&token) => {
            let message = "a convolutional or pooling layer (as in files of Neurify), expected fully \
                           connected layers: convert the network to ONNX";
            Err(lines.error(token, message.to_owned()))
        }
        None => Ok(true),
    }
}

/// The rows of the weights and then the biases of the layer `index`, from 1.
fn read_layer(
    lines: &mut Lines<'_>,
    header: &Header,
    index: usize,
) -> Result<Vec<RationalRow>, FormatError> {
    let (inputs, outputs) = (header.sizes[index - 1], header.sizes[index]);
    let mut rows = Vec::new();
    for row in 0..outputs {
        let what = format!("weights of layer {index}, row {row}");
        let weights = lines.numbers(inputs, &what)?.into_iter().enumerate().collect();
        rows.push(RationalRow { weights, bias: Rational::ZERO });
    }
    for (row, content) in rows.iter_mut().enumerate() {
        let what = format!("bias of layer {index}, row {row}");
        content.bias = lines.numbers(1, &what)?.remove(0);
    }
    Ok(rows)
}
