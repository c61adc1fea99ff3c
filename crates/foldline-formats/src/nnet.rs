//! NNET files: sizes, normalisation and weights as comma-separated decimals, line by line.
//!
//! The weights are the decimals of the file, in normalised units; bounds on the inputs are checked
//! for form and otherwise not used, so nothing is clamped.

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::{Inverse, Rational, parse_rational};
use foldline_kernel::{Activation, Layer, Network};

use crate::error::FormatError;
use crate::network::{LoadedNetwork, describe_layers};

/// The most layers, and the most neurons of a layer, that a file may announce.
const LARGEST_SIZE: usize = 1 << 24;

/// Reads an NNET network; `physical` adds (x − mean)/range on the inputs and output · range + mean.
pub fn parse_nnet(name: &str, text: &str, physical: bool) -> Result<LoadedNetwork, FormatError> {
    let mut lines = Lines::new(name, text);
    let header = Header::read(&mut lines)?;
    let normalisation = Normalisation::read(&mut lines, &header)?;
    let mut layers = Vec::new();
    for index in 1..header.sizes.len() {
        layers.push(read_layer(&mut lines, &header, index)?);
    }
    lines.expect_end()?;
    let mut notes = vec!["weights are the file's decimals, inputs are not clamped".to_owned()];
    if physical {
        normalisation.apply(&mut lines, &mut layers)?;
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

/// A token with its line and column, both from 1.
#[derive(Debug, Clone, Copy)]
struct Token<'t> {
    text: &'t str,
    line: usize,
    column: usize,
}

/// The lines of a file that are not blank.
struct Lines<'t> {
    name: &'t str,
    lines: Vec<(usize, &'t str)>,
    next: usize,
    /// Number of the last line, for what is missing after it.
    last: usize,
}

impl<'t> Lines<'t> {
    /// All lines but blank ones and the comments at the top.
    fn new(name: &'t str, text: &'t str) -> Self {
        let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let lines = numbered
            .filter(|(_, line)| !line.trim().is_empty())
            .skip_while(|(_, line)| line.trim_start().starts_with("//"))
            .collect();
        Self { name, lines, next: 0, last: text.lines().count() }
    }

    fn error(&self, token: Token, message: String) -> FormatError {
        let place = format!("line {}, column {}", token.line, token.column);
        FormatError::new(self.name, place, message)
    }

    /// The tokens of the next line, which holds `what`.
    fn tokens(&mut self, what: &str) -> Result<Vec<Token<'t>>, FormatError> {
        let Some(&(line, text)) = self.lines.get(self.next) else {
            let message = format!("expected {what}, found the end of the file");
            return Err(FormatError::new(self.name, format!("line {}", self.last + 1), message));
        };
        self.next += 1;
        let mut tokens = Vec::new();
        let mut start = 0;
        for part in text.split(',') {
            let leading = part.len() - part.trim_start().len();
            let column = text[..start + leading].chars().count() + 1;
            tokens.push(Token { text: part.trim(), line, column });
            start += part.len() + 1;
        }
        // Rows usually end with a comma.
        if tokens.len() > 1 && tokens.last().is_some_and(|token| token.text.is_empty()) {
            tokens.pop();
        }
        Ok(tokens)
    }

    /// The next line's tokens, of which there must be `count`.
    fn exactly(&mut self, count: usize, what: &str) -> Result<Vec<Token<'t>>, FormatError> {
        let tokens = self.tokens(what)?;
        let (found, line) = (tokens.len(), self.lines[self.next - 1].0);
        let values = if count == 1 { "value" } else { "values" };
        if found < count {
            let message = format!("expected {count} {values} ({what}), found {found}");
            return Err(FormatError::new(self.name, format!("line {line}"), message));
        }
        if let Some(&extra) = tokens.get(count) {
            let message = format!("expected {count} {values} ({what}), found {found}");
            return Err(self.error(extra, message));
        }
        Ok(tokens)
    }

    fn numbers(&mut self, count: usize, what: &str) -> Result<Vec<Rational>, FormatError> {
        let tokens = self.exactly(count, what)?;
        let parse = |token: Token| {
            parse_rational(token.text).map_err(|error| self.error(token, error.to_string()))
        };
        tokens.into_iter().map(parse).collect()
    }

    fn sizes(&mut self, count: usize, what: &str) -> Result<Vec<(usize, Token<'t>)>, FormatError> {
        let tokens = self.exactly(count, what)?;
        let parse = |token: Token<'t>| match token.text.parse() {
            Ok(size @ 1..=LARGEST_SIZE) => Ok((size, token)),
            _ => {
                let message =
                    format!("expected a positive integer ({what}), found {:?}", token.text);
                Err(self.error(token, message))
            }
        };
        tokens.into_iter().map(parse).collect()
    }

    fn expect_end(&self) -> Result<(), FormatError> {
        match self.lines.get(self.next) {
            None => Ok(()),
            Some((line, _)) => {
                let message = "expected the end of the file after the last bias, found more";
                Err(FormatError::new(self.name, format!("line {line}"), message))
            }
        }
    }
}

/// The sizes at the top of the file.
struct Header {
    /// Number of inputs, then of each layer's outputs.
    sizes: Vec<usize>,
}

impl Header {
    fn read(lines: &mut Lines) -> Result<Self, FormatError> {
        let what = "number of layers, inputs, outputs, and the largest layer's size";
        let counts = lines.sizes(4, what)?;
        let stated = lines.sizes(counts[0].0 + 1, "the size of each layer, inputs first")?;
        let sizes: Vec<usize> = stated.iter().map(|&(size, _)| size).collect();
        let (first, last) = (stated[0], stated[sizes.len() - 1]);
        let largest = sizes.iter().copied().max().unwrap_or(0);
        let disagree = |(found, token): (usize, Token), expected: usize, role: &str| {
            Err(lines.error(token, format!("expected {expected} {role}, found {found}")))
        };
        if first.0 != counts[1].0 {
            return disagree(first, counts[1].0, "inputs as in the first line");
        }
        if last.0 != counts[2].0 {
            return disagree(last, counts[2].0, "outputs as in the first line");
        }
        if counts[3].0 < largest {
            return disagree(counts[3], largest, "as the largest layer's size");
        }
        lines.tokens("an unused flag")?;
        Ok(Self { sizes })
    }
}

/// Means and ranges of the inputs and, last, of the outputs.
struct Normalisation {
    means: Vec<Rational>,
    ranges: Vec<Rational>,
    /// The line of the ranges.
    line: usize,
}

impl Normalisation {
    fn read(lines: &mut Lines, header: &Header) -> Result<Self, FormatError> {
        let inputs = header.sizes[0];
        lines.numbers(inputs, "the smallest value of each input")?;
        lines.numbers(inputs, "the largest value of each input")?;
        let means = lines.numbers(inputs + 1, "the mean of each input and of the outputs")?;
        let ranges = lines.numbers(inputs + 1, "the range of each input and of the outputs")?;
        Ok(Self { means, ranges, line: lines.lines[lines.next - 1].0 })
    }

    /// Merges the normalisation into the first and last layers' rows.
    fn apply(&self, lines: &mut Lines, layers: &mut [Vec<RationalRow>]) -> Result<(), FormatError> {
        if let Some(index) = self.ranges.iter().position(Rational::is_zero) {
            let message = format!("range {index} is zero, expected a number to divide by");
            return Err(FormatError::new(lines.name, format!("line {}", self.line), message));
        }
        for row in layers.first_mut().into_iter().flatten() {
            for (input, weight) in &mut row.weights {
                *weight *= (&self.ranges[*input]).inv();
                row.bias -= &*weight * &self.means[*input];
            }
        }
        let last = self.means.len() - 1;
        for row in layers.last_mut().into_iter().flatten() {
            row.weights.iter_mut().for_each(|(_, weight)| *weight *= &self.ranges[last]);
            row.bias = &row.bias * &self.ranges[last] + &self.means[last];
        }
        Ok(())
    }
}

/// The rows of the weights and then the biases of the layer `index`, from 1.
fn read_layer(
    lines: &mut Lines,
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
