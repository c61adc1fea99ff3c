//! Two-hyperplane separability as training of two hidden ReLU nodes to loss zero, both ways [T, §4].
//!
//! Points of R^d get two more coordinates 0, and 18 gadget points in those two coordinates
//! make every network with loss zero be [1 − (…)]₊ of two nodes with negative weights that are off
//! on label 1 [T, Lemma 4.7]. So the nodes' hyperplanes separate the points.
//!
//! Differs from the paper: without any point of label 1 (it supposes that the origin is one) the
//! answer is yes, and a point outside the others' hull is added as such; hyperplanes are moved back by
//! the translation that puts a point of label 1 into the origin.

use foldline_kernel::network::RationalRow;
use foldline_kernel::{Activation, Layer, Network, Rational, Sample};

/// The gadget's points with label 1, T1, times 4 [T, §4.1].
const INSIDE: [[i32; 2]; 8] = [[4, 4], [6, 3], [8, 4], [9, 6], [8, 8], [6, 9], [4, 8], [3, 6]];

/// The gadget's points with label 0, T0.
const OUTSIDE: [[i32; 2]; 10] =
    [[0, -1], [1, -1], [2, -1], [3, -1], [5, -1], [-1, 0], [-1, 1], [-1, 2], [-1, 3], [-1, 5]];

/// The 18 gadget points with their labels: T1, then T0.
pub fn gadget() -> Vec<([Rational; 2], bool)> {
    let quarter = Rational::ONE / Rational::from(4);
    let inside = INSIDE.iter().map(|point| (point.map(|x| Rational::from(x) * &quarter), true));
    inside.chain(OUTSIDE.iter().map(|point| (point.map(Rational::from), false))).collect()
}

/// The open half-space normal·x > offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenHalfSpace {
    /// One coefficient a dimension.
    pub normal: Vec<Rational>,
    /// The right-hand side.
    pub offset: Rational,
}

impl OpenHalfSpace {
    /// normal·x − offset.
    fn excess(&self, point: &[Rational]) -> Rational {
        product(&self.normal, point) - &self.offset
    }
}

/// Why there is no reduction, or why something is no solution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeparabilityError {
    /// A label other than 0 and 1.
    #[error("point {point} (from 1) has label {label}, expected 0 or 1")]
    Label {
        /// The point, from 1.
        point: usize,
        /// Its label.
        label: Rational,
    },
    /// A network or hyperplanes of another shape.
    #[error("expected {expected}, found {found}")]
    Shape {
        /// What is expected.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The network does not fit the training set.
    #[error("the network's output at row {row} of the training set is {value}, its label {label}")]
    Loss {
        /// The row after the header, from 1.
        row: usize,
        /// The network's value.
        value: Rational,
        /// The label.
        label: Rational,
    },
    /// Hyperplanes that do not separate.
    #[error("the hyperplanes do not separate point {point} (from 1), which has label {label}")]
    Separation {
        /// The point, from 1.
        point: usize,
        /// Its label.
        label: u8,
    },
}

fn shape<T>(expected: impl Into<String>, found: impl Into<String>) -> Result<T, SeparabilityError> {
    Err(SeparabilityError::Shape { expected: expected.into(), found: found.into() })
}

/// Points reduced to a training set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingReduction {
    dimension: usize,
    /// The points with whether their label is 1.
    points: Vec<(Vec<Rational>, bool)>,
    /// What becomes the origin: a point of label 1, the first one.
    origin: Vec<Rational>,
    outputs: usize,
}

impl TrainingReduction {
    /// Reduces labelled points to the training of a network with `outputs` ≥ 1 outputs.
    ///
    /// # Errors
    /// If a label is not 0 or 1.
    pub fn new(sample: &Sample, outputs: usize) -> Result<Self, SeparabilityError> {
        let mut points = Vec::with_capacity(sample.len());
        for (index, (point, label)) in sample.points.iter().zip(&sample.labels).enumerate() {
            let is_inside = *label == Rational::ONE;
            if !is_inside && !label.is_zero() {
                return Err(SeparabilityError::Label { point: index + 1, label: label.clone() });
            }
            points.push((point.clone(), is_inside));
        }
        let inside = points.iter().find(|(_, is_inside)| *is_inside);
        let origin = inside.map(|(point, _)| point.clone());
        let origin = origin.unwrap_or_else(|| beside(&points, sample.dimension));
        Ok(Self { dimension: sample.dimension, points, origin, outputs: outputs.max(1) })
    }

    /// The dimension d of the points; the training set has d + 2.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The points with whether their label is 1.
    pub fn points(&self) -> &[(Vec<Rational>, bool)] {
        &self.points
    }

    /// What is subtracted from every point.
    pub fn origin(&self) -> &[Rational] {
        &self.origin
    }

    /// How many outputs the network has; all but the first are 0 at every point.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    fn has_inside(&self) -> bool {
        self.points.iter().any(|(_, is_inside)| *is_inside)
    }

    /// The training set, with the labels of the first output: the points, the origin if no point
    /// has label 1, then the gadget.
    pub fn sample(&self) -> Sample {
        let dimension = self.dimension + 2;
        let mut sample = Sample { dimension, points: Vec::new(), labels: Vec::new() };
        let mut push = |mut point: Vec<Rational>, end: [Rational; 2], is_inside: bool| {
            point.extend(end);
            sample.points.push(point);
            sample.labels.push(if is_inside { Rational::ONE } else { Rational::ZERO });
        };
        let zero = || [Rational::ZERO, Rational::ZERO];
        for (point, is_inside) in &self.points {
            push(self.moved(point), zero(), *is_inside);
        }
        let origin = || vec![Rational::ZERO; self.dimension];
        if !self.has_inside() {
            push(origin(), zero(), true);
        }
        gadget().into_iter().for_each(|(end, is_inside)| push(origin(), end, is_inside));
        sample
    }

    fn moved(&self, point: &[Rational]) -> Vec<Rational> {
        point.iter().zip(&self.origin).map(|(x, o)| x - o).collect()
    }

    /// The two half-spaces of a network with loss zero [T, Lemma 4.10]: label 1 in both, strictly,
    /// and label 0 outside at least one, strictly.
    ///
    /// # Errors
    /// If the network has another shape, or does not fit.
    ///
    /// # Panics
    /// Never: a network that fits and gives no half-spaces would contradict [T, Lemma 4.7].
    pub fn hyperplanes(&self, network: &Network) -> Result<[OpenHalfSpace; 2], SeparabilityError> {
        let nodes = self.nodes_of(network)?;
        let sample = self.sample();
        for (index, (point, label)) in sample.points.iter().zip(&sample.labels).enumerate() {
            let values = network.evaluate(point).output;
            for (output, value) in values.into_iter().enumerate() {
                let label = if output == 0 { label.clone() } else { Rational::ZERO };
                if value != label {
                    return Err(SeparabilityError::Loss { row: index + 1, value, label });
                }
            }
        }
        let value = |node: &RationalRow, point: &[Rational]| {
            let start = node.bias.clone();
            node.weights.iter().fold(start, |sum, (index, a)| match point.get(*index) {
                Some(x) => sum + a * x,
                None => sum, // the gadget's coordinates are 0 at the points
            })
        };
        // How far every point of label 0 is inside a node at least; half of that is room for label 1.
        let depth = self.points.iter().filter(|(_, is_inside)| !is_inside).map(|(point, _)| {
            let point = self.moved(point);
            nodes.iter().map(|node| value(node, &point)).max().expect("two nodes")
        });
        let room = depth.min().unwrap_or(Rational::ONE) / Rational::from(2);
        let half_spaces = nodes.map(|node| {
            let mut normal = vec![Rational::ZERO; self.dimension];
            let of_points = node.weights.iter().filter(|(index, _)| *index < self.dimension);
            of_points.for_each(|(index, a)| normal[*index] = -a.clone());
            let offset = node.bias - &room + product(&normal, &self.origin);
            self.with_normal(OpenHalfSpace { normal, offset })
        });
        let checked = self.check(&half_spaces);
        assert_eq!(checked, Ok(()), "a network with loss zero that contradicts [T, Lemma 4.7]");
        Ok(half_spaces)
    }

    /// A half-space with the same points in it whose normal is not 0.
    fn with_normal(&self, mut half: OpenHalfSpace) -> OpenHalfSpace {
        if half.normal.iter().all(Rational::is_zero) {
            let first = self.points.iter().map(|(point, _)| &point[0]);
            let has_all = half.offset < Rational::ZERO;
            half.normal[0] = Rational::ONE;
            let end = if has_all { first.min() } else { first.max() };
            let step = if has_all { -Rational::ONE } else { Rational::ONE };
            half.offset = end.cloned().unwrap_or_default() + step;
        }
        half
    }

    /// The hidden nodes of a network of the expected shape, two of them.
    fn nodes_of(&self, network: &Network) -> Result<[RationalRow; 2], SeparabilityError> {
        let (inputs, outputs) = (self.dimension + 2, self.outputs);
        let [hidden, _] = network.layers() else {
            return shape("two layers", format!("{}", network.layers().len()));
        };
        if network.inputs() != inputs || network.outputs() != outputs {
            return shape(
                format!("{inputs} inputs and {outputs} outputs"),
                format!("{} and {}", network.inputs(), network.outputs()),
            );
        }
        if hidden.activation != Activation::Relu {
            return shape("a hidden ReLU layer", "a linear one");
        }
        match <[RationalRow; 2]>::try_from(hidden.rational_rows()) {
            Ok(nodes) => Ok(nodes),
            Err(rows) => shape("two hidden nodes", rows.len().to_string()),
        }
    }

    /// Checks that label 1 is in all half-spaces and label 0 outside at least one.
    fn check(&self, half_spaces: &[OpenHalfSpace]) -> Result<(), SeparabilityError> {
        for (index, (point, is_inside)) in self.points.iter().enumerate() {
            let mut excesses = half_spaces.iter().map(|half| half.excess(point));
            if excesses.all(|excess| excess > Rational::ZERO) != *is_inside {
                let label = u8::from(*is_inside);
                return Err(SeparabilityError::Separation { point: index + 1, label });
            }
        }
        Ok(())
    }

    /// The network with loss zero of one or two half-spaces that separate the points: label 1 in
    /// all, label 0 outside at least one [T, Lemma 4.6, Cor 4.11].
    ///
    /// # Errors
    /// If the half-spaces have another dimension or do not separate.
    pub fn network(&self, half_spaces: &[OpenHalfSpace]) -> Result<Network, SeparabilityError> {
        let (first, second) = match half_spaces {
            [one] => (one, one),
            [first, second] => (first, second),
            other => return shape("one or two hyperplanes", other.len().to_string()),
        };
        if let Some(half) = half_spaces.iter().find(|half| half.normal.len() != self.dimension) {
            let found = format!("{} coordinates", half.normal.len());
            return shape(format!("normals of {} coordinates", self.dimension), found);
        }
        self.check(half_spaces)?;
        let d = self.dimension;
        let mut nodes = [self.node(first), self.node(second)];
        for (index, node) in nodes.iter_mut().enumerate() {
            node.weights.push((d + index, -Rational::ONE));
        }
        let hidden = Layer::new(d + 2, &nodes, Activation::Relu);
        let sum = RationalRow {
            weights: vec![(0, Rational::ONE), (1, Rational::ONE)],
            bias: Rational::ZERO,
        };
        let sums = vec![hidden.clone(), Layer::new(2, &[sum], Activation::Linear)];
        let sums = Network::new(d + 2, sums).expect("layers that fit together");
        let sample = self.sample();
        let zeros = sample.points.iter().zip(&sample.labels).filter(|(_, label)| label.is_zero());
        let least = zeros.map(|(point, _)| sums.evaluate(point).output.swap_remove(0)).min();
        let slope = Rational::from(2) / least.expect("points of the gadget");
        let row = |factor: Rational, bias| RationalRow {
            weights: vec![(0, factor.clone()), (1, factor)],
            bias,
        };
        let mut last = vec![row(-slope, Rational::ONE)];
        last.resize(self.outputs, row(-Rational::ONE, Rational::ZERO));
        let layers = vec![hidden, Layer::new(2, &last, Activation::Relu)];
        Ok(Network::new(d + 2, layers).expect("layers that fit together"))
    }

    /// −α·x − 1/2 in moved coordinates, where α·x + 1/2 > 0 is the half-space, moved so that no
    /// point lies on its boundary.
    fn node(&self, half: &OpenHalfSpace) -> RationalRow {
        let two = Rational::from(2);
        let inside = self.points.iter().filter(|(_, is_inside)| *is_inside);
        let room = inside.map(|(point, _)| half.excess(point)).min().map(|least| least / &two);
        let weights = match room {
            Some(room) => {
                let height = two * (half.excess(&self.origin) - room);
                half.normal.iter().map(|a| -a / &height).enumerate().collect()
            }
            // Without label 1 every point of label 0 has a first coordinate ≥ 1 after moving.
            None => vec![(0, Rational::ONE)],
        };
        RationalRow { weights, bias: -Rational::ONE / Rational::from(2) }
    }
}

/// A point whose first coordinate is 1 less than that of every point.
fn beside(points: &[(Vec<Rational>, bool)], dimension: usize) -> Vec<Rational> {
    let mut origin = vec![Rational::ZERO; dimension];
    if let Some(least) = points.iter().map(|(point, _)| &point[0]).min() {
        origin[0] = least - Rational::ONE;
    }
    origin
}

fn product(a: &[Rational], b: &[Rational]) -> Rational {
    a.iter().zip(b).fold(Rational::ZERO, |sum, (a, b)| sum + a * b)
}
