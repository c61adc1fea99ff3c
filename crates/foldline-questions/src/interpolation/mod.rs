//! Interpolation: a network with at most N hidden nodes through N points [T, Prop 3.4].
//!
//! Differs from the paper: the direction that tells the points apart is not random but the first
//! of (1, t, t², …), t = 0, 1, 2, …, that does (each pair of points rules out at most d − 1 values of t), and with
//! the output's bias N − 1 nodes are enough.

use foldline_kernel::{Rational, Sample};

use crate::training::statement::Model;

/// Why there is no network through the points.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Two equal points have different labels.
    #[error("points {first} and {second} are equal, but their labels differ")]
    Labels {
        /// A point, counted from 0.
        first: usize,
        /// Another one.
        second: usize,
    },
    /// An output ReLU is never negative.
    #[error("point {0} has a negative label, which no output ReLU gives")]
    Negative(usize),
}

/// A network that has every label of `sample` at its point, exactly.
///
/// # Errors
/// If no function can: equal points with different labels, or under an output ReLU a
/// negative label. Points are counted from 0.
///
/// # Panics
/// If the sample is empty.
pub fn interpolate(sample: &Sample, output_relu: bool) -> Result<Model, Conflict> {
    assert!(!sample.is_empty(), "a sample without points");
    if let Some(point) = sample.labels.iter().position(|label| *label < Rational::ZERO)
        && output_relu
    {
        return Err(Conflict::Negative(point));
    }
    let mut order: Vec<usize> = (0..sample.len()).collect();
    order.sort_by(|&a, &b| sample.points[a].cmp(&sample.points[b]).then(a.cmp(&b)));
    for pair in order.windows(2) {
        let (first, second) = (pair[0], pair[1]);
        if sample.points[first] == sample.points[second]
            && sample.labels[first] != sample.labels[second]
        {
            return Err(Conflict::Labels { first, second });
        }
    }
    order.dedup_by(|b, a| sample.points[*a] == sample.points[*b]);
    let (direction, projections) = separating_direction(sample, &order);
    let mut knots: Vec<(Rational, &Rational)> =
        projections.into_iter().zip(order.iter().map(|&index| &sample.labels[index])).collect();
    knots.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(through(&direction, &knots, output_relu))
}

/// A direction in which the given points, all different, have different projections.
fn separating_direction(sample: &Sample, order: &[usize]) -> (Vec<Rational>, Vec<Rational>) {
    let mut base = 0u64;
    loop {
        let mut power = Rational::ONE;
        let mut direction = Vec::with_capacity(sample.dimension);
        for _ in 0..sample.dimension {
            direction.push(power.clone());
            power *= Rational::from(base);
        }
        let project = |&index: &usize| {
            let point = &sample.points[index];
            point.iter().zip(&direction).fold(Rational::ZERO, |sum, (x, a)| sum + x * a)
        };
        let projections: Vec<Rational> = order.iter().map(project).collect();
        let mut sorted = projections.clone();
        sorted.sort();
        if sorted.windows(2).all(|pair| pair[0] != pair[1]) {
            return (direction, projections);
        }
        base += 1;
    }
}

/// The piecewise linear function of the projection through the knots, constant before the first.
fn through(direction: &[Rational], knots: &[(Rational, &Rational)], output_relu: bool) -> Model {
    let (mut nodes, mut positive) = (Vec::new(), Vec::new());
    let mut slope = Rational::ZERO;
    for pair in knots.windows(2) {
        let ((start, low), (end, high)) = (&pair[0], &pair[1]);
        let next = (*high - *low) / (end - start);
        let bend = &next - &slope;
        slope = next;
        if bend != Rational::ZERO {
            let factor = if bend < Rational::ZERO { -bend.clone() } else { bend.clone() };
            let mut node: Vec<Rational> = direction.iter().map(|a| a * &factor).collect();
            node.push(-(start * &factor));
            nodes.push(node);
            positive.push(bend > Rational::ZERO);
        }
    }
    if nodes.is_empty() {
        nodes.push(vec![Rational::ZERO; direction.len() + 1]);
        positive.push(true);
    }
    let offset = knots[0].1.clone();
    Model { nodes, positive, offset, output_relu }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_labels_are_met(
            rows in proptest::collection::vec(
                (proptest::collection::vec(-3i32..4, 3), -5i32..6), 1..9),
            relu in any::<bool>(),
        ) {
            let sample = Sample {
                dimension: 3,
                points: rows.iter().map(|(x, _)| x.iter().map(|&x| x.into()).collect()).collect(),
                labels: rows.iter().map(|(_, y)| (*y).into()).collect(),
            };
            match interpolate(&sample, relu) {
                Ok(model) => {
                    prop_assert_eq!(model.loss(&sample), Rational::ZERO);
                    prop_assert!(model.nodes.len() <= sample.len());
                }
                Err(Conflict::Negative(point)) => {
                    prop_assert!(relu && sample.labels[point] < Rational::ZERO);
                }
                Err(Conflict::Labels { first, second }) => {
                    prop_assert_eq!(&sample.points[first], &sample.points[second]);
                    prop_assert!(sample.labels[first] != sample.labels[second]);
                }
            }
        }
    }
}
