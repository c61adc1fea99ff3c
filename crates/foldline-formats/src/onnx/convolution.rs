//! Convolutions with constant kernels: sparse linear maps.

use super::arithmetic::{add, common_float};
use super::combination::{LinearMap, Rows, mapped};
use super::operators::{Apply, Operation, Operator};
use super::tensor::{Tensor, check_terms, show_shape};
use super::windows::{self, Along, Pads, pads, positive, sizes};
use crate::lowering::{Program, Scalar};

const CONV: &[&str] = &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];
const CONV_TRANSPOSE: &[&str] = &[
    "auto_pad",
    "dilations",
    "group",
    "kernel_shape",
    "output_padding",
    "output_shape",
    "pads",
    "strides",
];

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new(
        "Conv",
        2..=3,
        CONV,
        "exact; any number of spatial axes, groups, strides, pads, dilations; the kernel must be constant",
        Apply::One(convolution),
    ),
    Operator::new(
        "ConvTranspose",
        2..=3,
        CONV_TRANSPOSE,
        "exact, as Conv",
        Apply::One(transposed_convolution),
    ),
];

/// What both convolutions have: an input [batch, channels, …], and a constant kernel.
struct Operands<'a> {
    x: &'a Tensor,
    /// The kernel's elements, row by row.
    weights: Vec<Scalar>,
    kernel: &'a [usize],
    /// The kernel's first two sizes.
    channels: (usize, usize),
    groups: usize,
}

impl<'a> Operands<'a> {
    fn new(operation: &'a Operation) -> Result<Self, String> {
        let (x, w) = (operation.input(0)?, operation.input(1)?);
        common_float(x, w)?;
        let weights = w.values().ok_or("its kernel must be constant")?;
        let (&[first, second, ref kernel @ ..], &[_, found, ref spatial @ ..]) =
            (w.shape.as_slice(), x.shape.as_slice())
        else {
            return Err(Self::mismatch(x, w));
        };
        let groups = operation.integer("group", 1)?;
        let groups = usize::try_from(groups).ok().filter(|&groups| groups > 0);
        let groups = groups.ok_or("its group must be positive")?;
        let (inputs, outputs) = match operation.node.operator {
            "Conv" => (second.checked_mul(groups), first),
            _ => (Some(first), first),
        };
        let fits = inputs == Some(found)
            && outputs.is_multiple_of(groups)
            && kernel.len() == spatial.len();
        if !fits || weights.is_empty() || spatial.is_empty() {
            return Err(format!("{} with {groups} groups", Self::mismatch(x, w)));
        }
        if let Some(declared) = operation.integers("kernel_shape")?
            && sizes("kernel_shape", &declared, kernel.len(), 1)? != kernel
        {
            return Err(format!(
                "kernel_shape is {declared:?}, but the kernel's is {}",
                show_shape(kernel)
            ));
        }
        Ok(Self { x, weights, kernel, channels: (first, second), groups })
    }

    fn mismatch(x: &Tensor, w: &Tensor) -> String {
        let (x, w) = (show_shape(&x.shape), show_shape(&w.shape));
        format!("a kernel of shape {w} does not fit input {x}")
    }

    fn spatial(&self) -> &[usize] {
        &self.x.shape[2..]
    }

    /// The tensor that `map` makes, of `channels` channels of the shape `spatial`, and the bias added to it.
    fn finish(
        &self,
        operation: &Operation,
        map: &dyn LinearMap,
        channels: usize,
        spatial: Vec<usize>,
        program: &mut Program,
    ) -> Result<Tensor, String> {
        let rank = spatial.len();
        let shape = [self.x.shape[0], channels].into_iter().chain(spatial).collect();
        let element = common_float(self.x, operation.input(1)?)?;
        let result = Tensor { element, ..mapped(self.x, map, shape, program)? };
        let Some(bias) = operation.optional(2) else { return Ok(result) };
        if bias.shape != [channels] {
            return Err(format!(
                "its bias has shape {}, expected [{channels}]",
                show_shape(&bias.shape)
            ));
        }
        // One number a channel: the channel axis is followed by axes of size 1.
        let shape = std::iter::once(channels).chain(std::iter::repeat_n(1, rank)).collect();
        add(&result, &Tensor { shape, ..bias.clone() })
    }
}

/// Conv as a linear map; outputs are numbered as [batch, channel, window].
struct Convolution<'a> {
    operands: &'a Operands<'a>,
    /// For each window the elements of a channel that it has: their positions in the kernel and in the channel.
    taps: Vec<Vec<(usize, usize)>>,
    batch: usize,
    /// Elements of a channel, and of a kernel of one channel.
    area: usize,
    kernel_area: usize,
}

impl LinearMap for Convolution<'_> {
    fn outputs(&self) -> usize {
        self.batch * self.operands.channels.0 * self.taps.len()
    }

    fn visit(&self, output: usize, term: &mut dyn FnMut(usize, &Scalar)) {
        let Operands { weights, channels: (outputs, per_group), groups, .. } = self.operands;
        let (window, rest) = (output % self.taps.len(), output / self.taps.len());
        let (channel, item) = (rest % outputs, rest / outputs);
        let group = channel / (outputs / groups);
        for inner in 0..*per_group {
            let kernel = (channel * per_group + inner) * self.kernel_area;
            let start = ((item * groups + group) * per_group + inner) * self.area;
            for &(tap, source) in &self.taps[window] {
                let weight = &weights[kernel + tap];
                if !weight.is_zero() {
                    term(start + source, weight);
                }
            }
        }
    }
}

fn convolution(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let operands = Operands::new(operation)?;
    let axes = windows::axes(operation, operands.spatial(), operands.kernel)?;
    let spatial: Vec<usize> = windows::counts(&axes).collect();
    let map = Convolution {
        operands: &operands,
        taps: windows::taps(&axes)?,
        batch: operands.x.shape[0],
        area: operands.spatial().iter().product(),
        kernel_area: operands.kernel.iter().product(),
    };
    operands.finish(operation, &map, operands.channels.0, spatial, program)
}

/// One axis of ConvTranspose: element x meets window element `tap` at x · stride + tap · dilation − begin.
struct Spread {
    size: usize,
    stride: usize,
    kernel: usize,
    dilation: usize,
    begin: usize,
    output: usize,
}

impl Spread {
    /// What adds up to one output: pairs of positions in the kernel and along the axis.
    fn sources(&self, output: usize) -> Vec<(usize, usize)> {
        let source = |tap: usize| {
            let distance = (output + self.begin).checked_sub(tap * self.dilation)?;
            let source = distance / self.stride;
            (distance.is_multiple_of(self.stride) && source < self.size).then_some((tap, source))
        };
        (0..self.kernel).filter_map(source).collect()
    }
}

/// The axes of ConvTranspose, with the sizes of the output.
fn spreads(operation: &Operation, operands: &Operands) -> Result<Vec<Spread>, String> {
    let rank = operands.kernel.len();
    let strides = positive(operation, "strides", rank)?;
    let dilations = positive(operation, "dilations", rank)?;
    let extra = match operation.integers("output_padding")? {
        Some(extra) => sizes("output_padding", &extra, rank, 0)?,
        None => vec![0; rank],
    };
    let wanted = match operation.integers("output_shape")? {
        Some(shape) => Some(sizes("output_shape", &shape, rank, 1)?),
        None => None,
    };
    let pads = pads(operation, rank)?;
    let spread = |index: usize| {
        let (size, stride) = (operands.spatial()[index], strides[index]);
        let (kernel, dilation) = (operands.kernel[index], dilations[index]);
        let full = (size.max(1) - 1) * stride + (kernel - 1) * dilation + 1 + extra[index];
        let given = match &pads {
            Pads::Given(pads) => Some((pads[index], pads[rank + index])),
            Pads::None => Some((0, 0)),
            Pads::Same { .. } => None,
        };
        // Where the output's size is given or is to be size · stride, the pads follow from it. Where it is more than
        // there is, zeros follow.
        let (begin, output) = match (wanted.as_ref().map(|shape| shape[index]), given) {
            (None, Some((begin, end))) => (begin, full.saturating_sub(begin + end)),
            (target, _) => {
                let output = target.unwrap_or(size * stride);
                let total = full.saturating_sub(output);
                let is_less = matches!(pads, Pads::Same { more_at_end: true });
                (if is_less { total / 2 } else { total - total / 2 }, output)
            }
        };
        if output == 0 {
            return Err(format!("spatial axis {index}: its result has no elements"));
        }
        Ok(Spread { size, stride, kernel, dilation, begin, output })
    };
    (0..rank).map(spread).collect()
}

fn transposed_convolution(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let operands = Operands::new(operation)?;
    let axes = spreads(operation, &operands)?;
    let spatial: Vec<usize> = axes.iter().map(|axis| axis.output).collect();
    let (_, per_group) = operands.channels;
    let channels = per_group * operands.groups;
    // Before anything is made of them: sizes and pads in a file may be anything.
    let sizes = axes.iter().flat_map(|axis| [axis.output, axis.kernel]);
    check_terms([sizes.fold(channels, usize::saturating_mul)].into_iter())?;
    let along = |axis: &Spread| {
        let taps = (0..axis.output).map(|output| axis.sources(output)).collect();
        Along { kernel: axis.kernel, size: axis.size, taps }
    };
    let taps = windows::combined(&axes.iter().map(along).collect::<Vec<_>>());
    let mut rows = Vec::new();
    for item in 0..operands.x.shape[0] {
        for channel in 0..channels {
            rows.extend(taps.iter().map(|taps| operands.spread_row(item, channel, taps)));
        }
    }
    operands.finish(operation, &Rows(rows), channels, spatial, program)
}

impl Operands<'_> {
    /// The terms of one output of ConvTranspose, whose elements of each channel are `taps`.
    fn spread_row(
        &self,
        item: usize,
        channel: usize,
        taps: &[(usize, usize)],
    ) -> Vec<(usize, Scalar)> {
        let (inputs, per_group) = self.channels;
        let (group, within) = (channel / per_group, channel % per_group);
        let inputs_per_group = inputs / self.groups;
        let area: usize = self.spatial().iter().product();
        let kernel_area: usize = self.kernel.iter().product();
        let mut row = Vec::new();
        for inner in group * inputs_per_group..(group + 1) * inputs_per_group {
            for &(tap, source) in taps {
                let weight = &self.weights[(inner * per_group + within) * kernel_area + tap];
                if !weight.is_zero() {
                    row.push(((item * inputs + inner) * area + source, weight.clone()));
                }
            }
        }
        row
    }
}
