//! Resize and Upsample, to the nearest element, linearly or cubically: positions and weights are exact numbers.

use std::collections::BTreeMap;

use foldline_kernel::Integer;
use foldline_kernel::number::{Abs, Rational};

use super::arithmetic::require_float;
use super::arrangement::axis_of;
use super::combination::{Rows, check_shape, mapped};
use super::operators::{Apply, Operation, Operator};
use super::tensor::{LARGEST_COMPUTED, Tensor};
use crate::lowering::{Program, Scalar};

const RESIZE: &[&str] = &[
    "antialias",
    "axes",
    "coordinate_transformation_mode",
    "cubic_coeff_a",
    "exclude_outside",
    "extrapolation_value",
    "keep_aspect_ratio_policy",
    "mode",
    "nearest_mode",
];

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new(
        "Resize",
        1..=4,
        RESIZE,
        "exact, modes nearest, linear and cubic without antialias, all coordinate modes but tf_crop_and_resize; \
         positions are computed without rounding; where rounding decides which element is the nearest, the node is refused",
        Apply::One(resize),
    ),
    Operator::new(
        "Upsample",
        1..=2,
        &["height_scale", "mode", "scales", "width_scale"],
        "exact, modes nearest and linear",
        Apply::One(resize),
    ),
];

/// How one axis is resized.
struct Axis {
    from: usize,
    to: usize,
    /// How much longer it gets; not always to/from, which is rounded.
    scale: Rational,
}

fn resize(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let mode = operation.text("mode")?.unwrap_or(b"nearest");
    if !matches!(mode, b"nearest" | b"linear" | b"bilinear" | b"cubic") {
        return Err(format!(
            "its mode is {:?}, expected nearest, linear or cubic",
            String::from_utf8_lossy(mode)
        ));
    }
    let axes = axes(operation, tensor)?;
    let shape: Vec<usize> = axes.iter().map(|axis| axis.to).collect();
    check_shape(&shape)?;
    let rule = Rule::new(operation)?;
    if mode == b"nearest" {
        return nearest(tensor, &axes, shape, &rule);
    }
    if operation.integer("antialias", 0)? != 0 || operation.integer("exclude_outside", 0)? != 0 {
        return Err("linear or cubic with antialias or exclude_outside is not supported".to_owned());
    }
    linear(tensor, &axes, shape, &rule, program)
}

fn nearest(
    tensor: &Tensor,
    axes: &[Axis],
    shape: Vec<usize>,
    rule: &Rule,
) -> Result<Tensor, String> {
    let mut sources = vec![0];
    for axis in axes {
        let along: Result<Vec<usize>, String> =
            (0..axis.to).map(|index| rule.source(axis, index)).collect();
        let along = along?;
        let join = |start: &usize| {
            let start = *start;
            along.iter().map(move |index| start * axis.from + index)
        };
        sources = sources.iter().flat_map(join).collect();
    }
    let sources: Vec<Option<usize>> = sources.into_iter().map(Some).collect();
    tensor.picked(shape, &sources, &Scalar::ZERO)
}

/// Weighted means of the neighbours along every axis.
fn linear(
    tensor: &Tensor,
    axes: &[Axis],
    shape: Vec<usize>,
    rule: &Rule,
    program: &mut Program,
) -> Result<Tensor, String> {
    require_float(tensor)?;
    let mut rows: Vec<Vec<(usize, Scalar)>> = vec![vec![(0, Scalar::ONE)]];
    for axis in axes {
        let along: Result<Vec<Vec<(usize, Scalar)>>, String> =
            (0..axis.to).map(|index| rule.neighbours(axis, index)).collect();
        let along = along?;
        let join = |row: &Vec<(usize, Scalar)>, neighbours: &Vec<(usize, Scalar)>| {
            let pair = |(start, factor): &(usize, Scalar)| {
                let (start, factor) = (*start, factor.clone());
                neighbours
                    .iter()
                    .map(move |(index, weight)| (start * axis.from + index, factor.times(weight)))
            };
            row.iter().flat_map(pair).collect::<Vec<_>>()
        };
        rows = rows
            .iter()
            .flat_map(|row| along.iter().map(move |neighbours| join(row, neighbours)))
            .collect();
    }
    mapped(tensor, &Rows(rows), shape, program)
}

/// The axes, from scales or from sizes, for all of them or for some.
fn axes(operation: &Operation, tensor: &Tensor) -> Result<Vec<Axis>, String> {
    let rank = tensor.shape.len();
    let same = |size: usize| Axis { from: size, to: size, scale: Rational::ONE };
    let mut axes: Vec<Axis> = tensor.shape.iter().map(|&size| same(size)).collect();
    let chosen = match operation.integers("axes")? {
        Some(chosen) => {
            chosen.into_iter().map(|axis| axis_of(axis, rank, false)).collect::<Result<_, _>>()?
        }
        None => (0..rank).collect::<Vec<usize>>(),
    };
    let (scales, sizes) = scales_and_sizes(operation)?;
    let given = scales.as_ref().map_or(sizes.as_ref().map(Vec::len), |scales| Some(scales.len()));
    if given != Some(chosen.len()) {
        return Err(format!("expected a scale or a size for each of {} axes", chosen.len()));
    }
    let policy = operation.text("keep_aspect_ratio_policy")?.unwrap_or(b"stretch");
    if policy != b"stretch" {
        return Err("its keep_aspect_ratio_policy must be stretch".to_owned());
    }
    for (index, &axis) in chosen.iter().enumerate() {
        let from = tensor.shape[axis];
        let length = Rational::from(from);
        let (to, scale) = match (&scales, &sizes) {
            (Some(scales), _) => {
                let scale = scales[index].to_rational();
                let size = &scale * length;
                let whole = size.floor();
                let rounded = Rational::try_from(size.to_f32().value());
                let rounded = rounded.map_err(|error| error.to_string())?.floor();
                if rounded != whole {
                    return Err(format!(
                        "axis {axis} of size {from} becomes {whole} by its exact scale, but {rounded} in floats"
                    ));
                }
                (usize::try_from(whole).unwrap_or(0), scale)
            }
            (None, Some(sizes)) if from > 0 => {
                let to = usize::try_from(sizes[index]).unwrap_or(0);
                (to, Rational::from(to) / length)
            }
            _ => (0, Rational::ZERO),
        };
        if to == 0 || scale <= Rational::ZERO || to > LARGEST_COMPUTED {
            return Err(format!("axis {axis} of size {from} cannot be resized to {to}"));
        }
        axes[axis] = Axis { from, to, scale };
    }
    Ok(axes)
}

/// The scales or the sizes, wherever the operator set has them.
type Given = (Option<Vec<Scalar>>, Option<Vec<i64>>);

fn scales_and_sizes(operation: &Operation) -> Result<Given, String> {
    if operation.has("height_scale") {
        let both = [operation.float("height_scale", 1)?, operation.float("width_scale", 1)?];
        return Ok((Some([Scalar::ONE, Scalar::ONE].into_iter().chain(both).collect()), None));
    }
    if let Some(scales) = operation.floats("scales")? {
        return Ok((Some(scales), None));
    }
    // Resize has had a region of interest between its input and the scales since operator set 11.
    let index =
        if operation.node.operator == "Resize" && operation.operator_set >= 11 { 2 } else { 1 };
    if let Some(sizes) = operation.integer_input(3, "sizes")? {
        return Ok((None, Some(sizes)));
    }
    let scales = operation
        .optional(index)
        .map(|scales| scales.values().ok_or("its scales must be constant"));
    Ok((scales.transpose()?.filter(|scales| !scales.is_empty()), None))
}

/// How positions in the result become positions in the tensor.
struct Rule<'a> {
    coordinates: &'a [u8],
    rounding: &'a [u8],
    /// Before operator set 11 nothing is said about shrinking.
    is_early: bool,
    /// The parameter of cubic weights, in that mode.
    cubic: Option<Rational>,
}

impl<'a> Rule<'a> {
    fn new(operation: &'a Operation) -> Result<Self, String> {
        let is_early = operation.operator_set < 11 || operation.node.operator == "Upsample";
        if is_early {
            let cubic = None;
            return Ok(Self { coordinates: b"asymmetric", rounding: b"floor", is_early, cubic });
        }
        Ok(Self {
            coordinates: operation.text("coordinate_transformation_mode")?.unwrap_or(b"half_pixel"),
            rounding: operation.text("nearest_mode")?.unwrap_or(b"round_prefer_floor"),
            is_early,
            cubic: match operation.text("mode")? {
                Some(b"cubic") if operation.has("cubic_coeff_a") => {
                    Some(operation.float("cubic_coeff_a", 0)?.to_rational())
                }
                Some(b"cubic") => Some(Rational::from_parts(Integer::from(-3), 4u8.into())),
                _ => None,
            },
        })
    }

    /// Which element of the axis element `index` of the result is.
    fn source(&self, axis: &Axis, index: usize) -> Result<usize, String> {
        if axis.from == axis.to && axis.scale == Rational::ONE {
            return Ok(index);
        }
        let position = self.position(axis, &Rational::from(index))?;
        let source = self.nearest(axis, &position)?;
        if !self.is_known_in_floats(axis, index, &position, source)? {
            return Err(format!(
                "element {index} along an axis of size {} is at {position} of {}, where rounding decides which \
                 element is the nearest",
                axis.to, axis.from
            ));
        }
        Ok(source)
    }

    /// Whether implementations, which compute positions in floats, have the same nearest element: if no border between two
    /// elements is near, or if the position is on it and nothing is rounded.
    fn is_known_in_floats(
        &self,
        axis: &Axis,
        index: usize,
        position: &Rational,
        source: usize,
    ) -> Result<bool, String> {
        // A few roundings of numbers up to the sum of these in 24 bits.
        let size = position.clone().abs() + Rational::from(axis.from + 1);
        let margin = size / Rational::from(1u32 << 20);
        let around = [position - &margin, position + &margin];
        let mut nearest = around.iter().map(|position| self.nearest(axis, position));
        if nearest.try_fold(true, |same, found| Ok::<_, String>(same && found? == source))? {
            return Ok(true);
        }
        let is_on_border = (position * Rational::from(2)).is_int();
        let single = Rational::try_from(axis.scale.to_f32().value());
        // The sum with 1/2 and the quotient are floats then, and are what they are rounded to.
        let is_single = single.is_ok_and(|single| single == axis.scale);
        Ok(is_on_border
            && match self.coordinates {
                b"align_corners" => true,
                b"asymmetric" => index == 0 || is_single,
                b"half_pixel_symmetric" => {
                    is_single && &axis.scale * Rational::from(axis.from) == Rational::from(axis.to)
                }
                _ => is_single,
            })
    }

    /// The element nearest to a position, by the operator's own way of rounding.
    fn nearest(&self, axis: &Axis, position: &Rational) -> Result<usize, String> {
        let half = Rational::from_parts(Integer::ONE, 2u8.into());
        let nearest = match self.rounding {
            b"floor" => position.floor(),
            b"ceil" => position.ceil(),
            b"round_prefer_floor" => (position - half).ceil(),
            b"round_prefer_ceil" => (position + half).floor(),
            other => {
                return Err(format!(
                    "nearest_mode {:?} is not known",
                    String::from_utf8_lossy(other)
                ));
            }
        };
        let last = Integer::from(axis.from.saturating_sub(1));
        usize::try_from(nearest.clamp(Integer::ZERO, last)).map_err(|error| error.to_string())
    }

    /// The elements that element `index` of the result is a mean of, with their weights; beyond the ends is as at them.
    fn neighbours(&self, axis: &Axis, index: usize) -> Result<Vec<(usize, Scalar)>, String> {
        if axis.from == axis.to && axis.scale == Rational::ONE {
            return Ok(vec![(index, Scalar::ONE)]);
        }
        let last = axis.from.saturating_sub(1);
        let position = self.position(axis, &Rational::from(index))?;
        if let Some(parameter) = &self.cubic {
            return cubic(&position, parameter, last);
        }
        let position = position.clamp(Rational::ZERO, Rational::from(last));
        let below = position.floor();
        let fraction = position - Rational::from(below.clone());
        let below = usize::try_from(below).map_err(|error| error.to_string())?;
        if fraction.is_zero() {
            return Ok(vec![(below, Scalar::ONE)]);
        }
        let rest = Rational::ONE - &fraction;
        let weights = [(below, rest), ((below + 1).min(last), fraction)];
        Ok(weights.map(|(source, weight)| (source, Scalar::from_rational(weight))).into())
    }

    fn position(&self, axis: &Axis, index: &Rational) -> Result<Rational, String> {
        let half = Rational::from_parts(Integer::ONE, 2u8.into());
        let (from, to) = (Rational::from(axis.from), Rational::from(axis.to));
        if self.is_early && axis.scale < Rational::ONE {
            return Err("shrinks, which operator sets before 11 do not define".to_owned());
        }
        let centred = (index + &half) / &axis.scale - &half;
        Ok(match self.coordinates {
            b"asymmetric" => index / &axis.scale,
            b"half_pixel" => centred,
            b"pytorch_half_pixel" if axis.to == 1 => Rational::ZERO,
            b"pytorch_half_pixel" => centred,
            b"half_pixel_symmetric" => {
                // The result's size as the scale alone would have it, and what is lost on both sides.
                let adjustment = &to / (&axis.scale * &from);
                let center = &from * &half;
                let offset = &center * (Rational::ONE - adjustment);
                offset + centred
            }
            // ONNX's definition and its implementations differ in which of the two sizes counts.
            b"align_corners" if &axis.scale * &from != to => {
                return Err(
                    "align_corners with a scale that makes no whole size is ambiguous".to_owned()
                );
            }
            b"align_corners" if axis.to == 1 => Rational::ZERO,
            b"align_corners" => index * (from - Rational::ONE) / (to - Rational::ONE),
            other => {
                let other = String::from_utf8_lossy(other);
                return Err(format!("coordinate_transformation_mode {other:?} is not supported"));
            }
        })
    }
}

/// The four elements around `position` with their cubic weights (Keys 1981); beyond the ends is as at them.
fn cubic(
    position: &Rational,
    parameter: &Rational,
    last: usize,
) -> Result<Vec<(usize, Scalar)>, String> {
    let below = position.floor();
    let number = |value: i64| Rational::from(value);
    let near = |d: &Rational| {
        ((parameter + number(2)) * d - (parameter + number(3))) * d * d + Rational::ONE
    };
    let far = |d: &Rational| parameter * (((d - number(5)) * d + number(8)) * d - number(4));
    let end = Integer::from(last);
    let mut weights: BTreeMap<usize, Rational> = BTreeMap::new();
    for step in -1..=2i64 {
        let place = &below + Integer::from(step);
        let distance = position - Rational::from(place.clone());
        let distance = if distance < Rational::ZERO { -distance } else { distance };
        let weight = if distance <= Rational::ONE { near(&distance) } else { far(&distance) };
        let source = usize::try_from(place.clamp(Integer::ZERO, end.clone()));
        *weights.entry(source.map_err(|error| error.to_string())?).or_default() += weight;
    }
    let weights = weights.into_iter().filter(|(_, weight)| !weight.is_zero());
    Ok(weights.map(|(source, weight)| (source, Scalar::from_rational(weight))).collect())
}
