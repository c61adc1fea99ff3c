//! `regions --plot FILE.svg` and `--slice`: a picture of the cells, on a plane through the inputs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use foldline::questions::regions::picture::{PictureError, draw};
use foldline::questions::regions::{Limit, Options, Outcome};
use foldline::regions_picture::{Coloring, figure};
use foldline::{LinearConstraint, Network, Rational, Region, parse_rational};

use crate::counting::not_begun;
use crate::describe::plural;
use crate::report::{Failure, Report};
use crate::witness_file::write_whole;

/// The most cells of a picture.
const MOST_CELLS: usize = 50_000;

/// Options of the picture.
#[derive(Debug, Args)]
pub struct PictureOptions {
    /// Draw the cells as an SVG picture; two inputs must vary
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// What a cell's colour means
    #[arg(long, value_enum, value_name = "WHAT", default_value = "map", requires = "plot")]
    color: Color,
    /// Fix inputs (from 0): count, and draw, on that slice only
    #[arg(long, value_name = "I=VALUE,...", value_delimiter = ',', allow_hyphen_values = true)]
    pub slice: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// Its affine map
    Map,
    /// The value of the output in its middle (of several: say which with --output)
    Output,
}

impl PictureOptions {
    /// The region with the inputs of `--slice` fixed.
    pub fn sliced(
        &self,
        network: &Network,
        region: Option<Region>,
    ) -> Result<Option<Region>, Failure> {
        if self.slice.is_empty() {
            return Ok(region);
        }
        let mut fixed = Vec::new();
        for text in &self.slice {
            let (input, value) = fixed_input(text, network.inputs())?;
            if fixed.iter().any(|(other, _)| *other == input) {
                return Err(Failure::Usage(format!("--slice fixes input {input} twice")));
            }
            fixed.push((input, value));
        }
        let mut region = region.unwrap_or_else(|| Region::everything(network.inputs()));
        for piece in &mut region.pieces {
            for (input, value) in &fixed {
                let side = |sign: i32| {
                    let factor = Rational::from(sign);
                    let bound = value * &factor;
                    LinearConstraint::new(vec![(*input, factor)], bound, false)
                };
                piece.constraints.extend([side(1), side(-1)]);
            }
        }
        Ok(Some(region))
    }

    /// Draws the picture, if one was asked for, before anything is counted.
    pub fn draw(
        &self,
        title: &str,
        network: &Network,
        output: Option<usize>,
        region: Option<&Region>,
        options: &Options,
    ) -> Result<Drawn, Failure> {
        let Some(target) = &self.plot else { return Ok(Drawn::Nothing) };
        let coloring = match (self.color, output, network.outputs()) {
            (Color::Map, ..) => Coloring::Map,
            (Color::Output, None, 2..) => {
                let message = "--color output: say with --output which of the outputs";
                return Err(Failure::Usage(message.to_owned()));
            }
            (Color::Output, ..) => Coloring::Output(0),
        };
        let outputs: Vec<usize> = match output {
            Some(output) => vec![output],
            None => (0..network.outputs()).collect(),
        };
        let everywhere = Region::everything(network.inputs());
        match draw(network, output, region.unwrap_or(&everywhere), options, MOST_CELLS) {
            Ok(Outcome::Counted(picture)) => {
                let cells = picture.cells.len() as u64;
                let mut figure = figure(&picture, coloring, &outputs);
                figure.title = title.to_owned();
                let content = figure.to_svg();
                Ok(Drawn::Picture(Svg { target: target.clone(), content, cells }))
            }
            Ok(Outcome::Undecided { limit, cells }) => Ok(Drawn::Undecided(limit, cells)),
            Err(PictureError::Count(error)) => Err(not_begun(error)),
            Err(error) => Err(Failure::Usage(format!("--plot: {error}"))),
        }
    }
}

/// What drawing ended with.
pub enum Drawn {
    /// No picture was asked for.
    Nothing,
    /// A picture.
    Picture(Svg),
    /// A limit ran out after so many cells.
    Undecided(Limit, u64),
}

/// A picture to be written.
pub struct Svg {
    target: PathBuf,
    content: String,
    cells: u64,
}

impl Svg {
    /// Writes the file and says so in the report.
    pub fn write(self, report: &mut Report) -> Result<(), Failure> {
        write_whole(&self.target, &self.content)?;
        let target = self.target.display();
        report.text += &format!("picture of {} in {target}\n", plural(self.cells, "cell"));
        report.set("plot", target.to_string());
        Ok(())
    }
}

/// `I=VALUE`.
fn fixed_input(text: &str, inputs: usize) -> Result<(usize, Rational), Failure> {
    let wrong =
        || Failure::Usage(format!("--slice: expected INPUT=VALUE as in 2=1/2, found `{text}`"));
    let (input, value) = text.split_once('=').ok_or_else(wrong)?;
    let input: usize = input.trim().parse().map_err(|_| wrong())?;
    let value = parse_rational(value.trim()).map_err(|_| wrong())?;
    if input >= inputs {
        let inputs = plural(inputs as u64, "input");
        return Err(Failure::Usage(format!(
            "--slice: there is no input {input}: the network has {inputs}, counted from 0"
        )));
    }
    Ok((input, value))
}
