//! The sample in integers: equal points together, coordinates and labels over common denominators.

use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Integer, Natural, Rational, Sample};

/// Points of the sample with the same coordinates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The coordinates times their scales, then 1.
    pub row: Vec<Integer>,
    /// How many points there are.
    pub count: Integer,
    /// The sum of their labels times the label scale.
    pub label_sum: Integer,
    /// The sum of the squares of their labels times the label scale.
    pub square_sum: Integer,
}

/// The sample as groups, and what its integers mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The groups, in the order in which a search decides them.
    pub groups: Vec<Group>,
    /// The factor of each coordinate.
    pub scales: Vec<Natural>,
    /// The factor of the labels.
    pub label_scale: Natural,
}

impl Groups {
    /// Groups in the order of their first points.
    pub fn new(sample: &Sample) -> Self {
        let (rows, scales) = scaled_rows(sample.dimension, &sample.points);
        let (labels, label_scale) = over_common_denominator(&sample.labels);
        let mut groups: Vec<Group> = Vec::new();
        for (row, label) in rows.into_iter().zip(labels) {
            let square = &label * &label;
            match groups.iter_mut().find(|group| group.row == row) {
                Some(group) => {
                    group.count += Integer::ONE;
                    group.label_sum += label;
                    group.square_sum += square;
                }
                None => groups.push(Group {
                    row,
                    count: Integer::ONE,
                    label_sum: label,
                    square_sum: square,
                }),
            }
        }
        Self { groups, scales, label_scale }
    }

    /// The number of groups.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// A loss in scaled labels as one in the sample's.
    pub fn loss(&self, scaled: &Rational) -> Rational {
        let scale = Rational::from(self.label_scale.clone());
        scaled / (&scale * &scale)
    }
}

/// The points as rows (x, 1) of integers, each coordinate times a factor of its own.
fn scaled_rows(dimension: usize, points: &[Vec<Rational>]) -> (Vec<Vec<Integer>>, Vec<Natural>) {
    let mut rows = vec![Vec::with_capacity(dimension + 1); points.len()];
    let mut scales = Vec::with_capacity(dimension);
    for coordinate in 0..dimension {
        let values: Vec<Rational> = points.iter().map(|point| point[coordinate].clone()).collect();
        let (scaled, scale) = over_common_denominator(&values);
        rows.iter_mut().zip(scaled).for_each(|(row, value)| row.push(value));
        scales.push(scale);
    }
    rows.iter_mut().for_each(|row| row.push(Integer::ONE));
    (rows, scales)
}

/// The points as rows (x, 1) of integers, for questions that do not depend on the coordinates' scales.
pub fn homogeneous_rows(dimension: usize, points: &[Vec<Rational>]) -> Vec<Vec<Integer>> {
    scaled_rows(dimension, points).0
}

impl Group {
    /// The least that the group adds to the loss, whatever the value v of the network at it: the
    /// minimum of count·v² − 2·label_sum·v + square_sum, over v ≥ 0 under an output ReLU.
    pub fn least_loss(&self, output_relu: bool) -> Rational {
        if output_relu && self.label_sum <= Integer::ZERO {
            return Rational::from(self.square_sum.clone());
        }
        let mean_part =
            Rational::from(&self.label_sum * &self.label_sum) / Rational::from(self.count.clone());
        Rational::from(self.square_sum.clone()) - mean_part
    }
}
