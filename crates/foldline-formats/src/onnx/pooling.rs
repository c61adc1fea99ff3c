//! Pooling: means as linear maps, largest values as pairs.

use super::arithmetic::{one_over, require_float};
use super::combination::{Rows, check_shape, mapped};
use super::extrema::{End, ends};
use super::operators::{Apply, Operation, Operator};
use super::tensor::{Tensor, check_terms, show_shape};
use super::windows::{self, Axis, sizes};
use crate::lowering::{Form, Program, Scalar};

const AVERAGE: &[&str] =
    &["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"];
const MAX: &[&str] =
    &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"];

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new(
        "AveragePool",
        1..=1,
        AVERAGE,
        "exact; with count_include_pad and ceil_mode",
        Apply::One(average_pool),
    ),
    Operator::new("GlobalAveragePool", 1..=1, &[], "exact", Apply::One(global_average_pool)),
    Operator::new("MaxPool", 1..=1, MAX, "exact, as Max; not the indices", Apply::One(max_pool)),
    Operator::new("GlobalMaxPool", 1..=1, &[], "exact, as Max", Apply::One(global_max_pool)),
];

/// A pooled tensor's channels: their number over all items, and the elements of each.
struct Channels<'a> {
    tensor: &'a Tensor,
    count: usize,
    area: usize,
}

impl<'a> Channels<'a> {
    fn new(tensor: &'a Tensor) -> Result<Self, String> {
        require_float(tensor)?;
        match tensor.shape.as_slice() {
            [batch, channels, spatial @ ..] if !spatial.is_empty() => {
                Ok(Self { tensor, count: batch * channels, area: spatial.iter().product() })
            }
            shape => {
                Err(format!("expected [batch, channels, …], found shape {}", show_shape(shape)))
            }
        }
    }

    /// The result's shape, with `spatial` instead of the old one.
    fn shape(&self, spatial: impl IntoIterator<Item = usize>) -> Vec<usize> {
        self.tensor.shape[..2].iter().copied().chain(spatial).collect()
    }

    /// All spatial axes reduced to one element.
    fn global_shape(&self) -> Vec<usize> {
        self.shape(self.tensor.shape[2..].iter().map(|_| 1))
    }
}

/// The windows of a pooling operator.
fn pooling_axes(operation: &Operation, tensor: &Tensor) -> Result<Vec<Axis>, String> {
    let spatial = &tensor.shape[2..];
    let kernel = operation.integers("kernel_shape")?.ok_or("its kernel_shape is missing")?;
    windows::axes(operation, spatial, &sizes("kernel_shape", &kernel, spatial.len(), 1)?)
}

fn average_pool(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let channels = Channels::new(tensor)?;
    let axes = pooling_axes(operation, tensor)?;
    let counts_padding = operation.integer("count_include_pad", 0)? != 0;
    let taps = windows::taps(&axes)?;
    let factors = taps.iter().enumerate().map(|(window, taps)| {
        one_over(if counts_padding { padded_elements(&axes, window) } else { taps.len() })
    });
    let factors: Vec<Scalar> = factors.collect();
    check_terms(taps.iter().map(|taps| taps.len().saturating_mul(channels.count)))?;
    let mut rows = Vec::new();
    for channel in 0..channels.count {
        for (taps, factor) in taps.iter().zip(&factors) {
            let term =
                |&(_, source): &(usize, usize)| (channel * channels.area + source, factor.clone());
            rows.push(taps.iter().map(term).collect());
        }
    }
    mapped(tensor, &Rows(rows), channels.shape(windows::counts(&axes)), program)
}

/// How many elements window number `window` has, those in the padding counted, those beyond it not.
fn padded_elements(axes: &[Axis], mut window: usize) -> usize {
    let along = |axis: &Axis| {
        let index = window % axis.windows;
        window /= axis.windows;
        (0..axis.kernel).filter(|&tap| axis.is_padded(index, tap)).count()
    };
    axes.iter().rev().map(along).product()
}

fn global_average_pool(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let channels = Channels::new(tensor)?;
    let factor = one_over(channels.area);
    let row = |channel: usize| {
        (channel * channels.area..(channel + 1) * channels.area)
            .map(|p| (p, factor.clone()))
            .collect()
    };
    let rows = Rows((0..channels.count).map(row).collect());
    mapped(tensor, &rows, channels.global_shape(), program)
}

fn max_pool(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let channels = Channels::new(tensor)?;
    if operation.node.outputs.iter().skip(1).any(|name| !name.is_empty()) {
        return Err("its indices are not continuous, expected the values alone".to_owned());
    }
    let axes = pooling_axes(operation, tensor)?;
    let windows = windows::taps(&axes)?;
    if windows.iter().any(Vec::is_empty) {
        return Err("a window lies in the padding alone: its largest value is -inf".to_owned());
    }
    let groups = windows.iter().map(|taps| taps.iter().map(|&(_, source)| source).collect());
    largest(&channels, groups.collect(), channels.shape(windows::counts(&axes)), program)
}

fn global_max_pool(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let channels = Channels::new(operation.input(0)?)?;
    largest(&channels, vec![(0..channels.area).collect()], channels.global_shape(), program)
}

/// The largest values of groups of elements, in each channel.
fn largest(
    channels: &Channels,
    groups: Vec<Vec<usize>>,
    shape: Vec<usize>,
    program: &mut Program,
) -> Result<Tensor, String> {
    check_shape(&shape)?;
    let forms = channels.tensor.forms();
    let sources = || {
        (0..channels.count).flat_map(|c| groups.iter().map(move |group| (c * channels.area, group)))
    };
    check_terms(
        sources()
            .flat_map(|(start, group)| group.iter().map(move |p| start + p))
            .map(|p| forms[p].terms.len()),
    )?;
    let members = sources().map(|(start, group)| {
        group.iter().map(|p| forms[start + p].clone()).collect::<Vec<Form>>()
    });
    let largest = ends(members.collect(), End::Largest, program);
    Ok(Tensor::from_forms(shape, channels.tensor.element, largest))
}
