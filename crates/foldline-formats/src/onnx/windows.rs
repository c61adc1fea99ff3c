//! Sliding windows over a tensor's spatial axes, as convolutions and pooling have them.

use super::operators::Operation;
use super::tensor::{check_terms, show_shape};

/// The window along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    /// The axis's size.
    pub size: usize,
    /// How many elements a window has, and the distance between them.
    pub kernel: usize,
    pub dilation: usize,
    /// The distance between windows.
    pub stride: usize,
    /// How far the first window starts before the axis, and the axis is filled up at its end.
    pub begin: usize,
    pub end: usize,
    /// The number of windows.
    pub windows: usize,
}

/// Sizes in files are far below this; up to it nothing that is computed from them overflows.
const LARGEST_SIZE: i64 = 1 << 30;

impl Axis {
    /// What element `tap` of window `window` is; none where that is in the padding.
    pub fn source(&self, window: usize, tap: usize) -> Option<usize> {
        let position = window * self.stride + tap * self.dilation;
        position.checked_sub(self.begin).filter(|&position| position < self.size)
    }

    /// Whether element `tap` of the window is in the axis with its padding; beyond it is what rounding up adds.
    pub fn is_padded(&self, window: usize, tap: usize) -> bool {
        window * self.stride + tap * self.dilation < self.begin + self.size + self.end
    }

    /// How far a window reaches.
    fn reach(&self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }

    /// Counts the windows; one that would start in the padding at the end is none.
    fn count_windows(&mut self, rounds_up: bool) -> Result<(), String> {
        let padded = self.begin + self.size + self.end;
        let room = padded.checked_sub(self.reach()).ok_or_else(|| {
            format!("a window of {} elements does not fit into {padded} with padding", self.reach())
        })?;
        self.windows = room / self.stride + 1;
        if rounds_up && !room.is_multiple_of(self.stride) {
            let starts_inside = self.windows * self.stride < self.begin + self.size;
            self.windows += usize::from(starts_inside);
        }
        Ok(())
    }
}

/// The windows of `kernel` over the axes of sizes `spatial`, from the attributes of Conv or a pooling operator.
pub(super) fn axes(
    operation: &Operation,
    spatial: &[usize],
    kernel: &[usize],
) -> Result<Vec<Axis>, String> {
    let rank = spatial.len();
    if kernel.len() != rank || rank == 0 {
        let (kernel, spatial) = (show_shape(kernel), show_shape(spatial));
        return Err(format!("a kernel of shape {kernel} does not fit spatial shape {spatial}"));
    }
    let strides = positive(operation, "strides", rank)?;
    let dilations = positive(operation, "dilations", rank)?;
    let rounds_up = operation.integer("ceil_mode", 0)? != 0;
    let pads = pads(operation, rank)?;
    let mut axes = Vec::new();
    for index in 0..rank {
        let mut axis = Axis {
            size: spatial[index],
            kernel: kernel[index],
            dilation: dilations[index],
            stride: strides[index],
            begin: 0,
            end: 0,
            windows: 0,
        };
        match &pads {
            Pads::Given(pads) => (axis.begin, axis.end) = (pads[index], pads[rank + index]),
            Pads::Same { more_at_end } => pad_to_same(&mut axis, *more_at_end),
            Pads::None => {}
        }
        axis.count_windows(rounds_up && matches!(pads, Pads::Given(_)))
            .map_err(|reason| format!("spatial axis {index}: {reason}"))?;
        axes.push(axis);
    }
    Ok(axes)
}

/// How a node pads.
pub(super) enum Pads {
    /// So much at the beginning of each axis, and then so much at the end of each.
    Given(Vec<usize>),
    /// Such that there are size/stride windows, rounded up.
    Same {
        more_at_end: bool,
    },
    None,
}

/// The padding of a node.
pub(super) fn pads(operation: &Operation, rank: usize) -> Result<Pads, String> {
    match operation.text("auto_pad")?.unwrap_or(b"NOTSET") {
        b"NOTSET" | b"" => {}
        b"SAME_UPPER" => return Ok(Pads::Same { more_at_end: true }),
        b"SAME_LOWER" => return Ok(Pads::Same { more_at_end: false }),
        b"VALID" => return Ok(Pads::None),
        other => {
            let other = String::from_utf8_lossy(other);
            return Err(format!(
                "auto_pad is {other:?}, expected NOTSET, SAME_UPPER, SAME_LOWER or VALID"
            ));
        }
    }
    match operation.integers("pads")? {
        None => Ok(Pads::Given(vec![0; 2 * rank])),
        Some(pads) => Ok(Pads::Given(sizes("pads", &pads, 2 * rank, 0)?)),
    }
}

fn pad_to_same(axis: &mut Axis, more_at_end: bool) {
    let windows = axis.size.div_ceil(axis.stride);
    let needed = ((windows.max(1) - 1) * axis.stride + axis.reach()).saturating_sub(axis.size);
    let (less, more) = (needed / 2, needed - needed / 2);
    (axis.begin, axis.end) = if more_at_end { (less, more) } else { (more, less) };
}

/// An attribute of positive integers, one an axis; 1 each where it is missing.
pub(super) fn positive(
    operation: &Operation,
    name: &str,
    rank: usize,
) -> Result<Vec<usize>, String> {
    match operation.integers(name)? {
        None => Ok(vec![1; rank]),
        Some(values) => sizes(name, &values, rank, 1),
    }
}

/// `values` as sizes, of which there must be `count`, none below `least`.
pub(super) fn sizes(
    name: &str,
    values: &[i64],
    count: usize,
    least: i64,
) -> Result<Vec<usize>, String> {
    if values.len() != count || values.iter().any(|value| !(least..=LARGEST_SIZE).contains(value)) {
        return Err(format!("its {name} are {values:?}, expected {count} integers ≥ {least}"));
    }
    Ok(values.iter().map(|&value| value as usize).collect())
}

/// What windows meet along one axis.
pub(super) struct Along {
    /// The kernel's size and the axis's.
    pub kernel: usize,
    pub size: usize,
    /// For each window the pairs of positions in the kernel and on the axis.
    pub taps: Vec<Vec<(usize, usize)>>,
}

/// For each window over all axes, row by row: the elements in it, as pairs of positions in the kernel and in the axes.
pub(super) fn taps(axes: &[Axis]) -> Result<Vec<Vec<(usize, usize)>>, String> {
    // Before anything is made of them: sizes and pads in a file may be anything.
    let sizes = axes.iter().flat_map(|axis| [axis.windows, axis.kernel]);
    check_terms([sizes.fold(1, usize::saturating_mul)].into_iter())?;
    let along = |axis: &Axis| {
        let source = |window| move |tap| Some((tap, axis.source(window, tap)?));
        let taps =
            (0..axis.windows).map(|window| (0..axis.kernel).filter_map(source(window)).collect());
        Along { kernel: axis.kernel, size: axis.size, taps: taps.collect() }
    };
    Ok(combined(&axes.iter().map(along).collect::<Vec<_>>()))
}

/// The windows over all axes from those along each.
pub(super) fn combined(axes: &[Along]) -> Vec<Vec<(usize, usize)>> {
    let mut taps = vec![vec![(0, 0)]];
    for axis in axes {
        let join = |outer: &Vec<(usize, usize)>, inner: &Vec<(usize, usize)>| {
            let pair = |&(k, x): &(usize, usize)| {
                inner
                    .iter()
                    .map(move |&(tap, source)| (k * axis.kernel + tap, x * axis.size + source))
            };
            outer.iter().flat_map(pair).collect::<Vec<_>>()
        };
        let windows =
            taps.iter().flat_map(|outer| axis.taps.iter().map(move |inner| join(outer, inner)));
        taps = windows.collect();
    }
    taps
}

/// The number of windows along each axis.
pub(super) fn counts(axes: &[Axis]) -> impl Iterator<Item = usize> {
    axes.iter().map(|axis| axis.windows)
}
