//! A sample in integers, equal points together, and the rows over the parameters that patterns give.

use std::collections::HashMap;

use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Integer, Natural, Rational, Sample};

use crate::training::Architecture;

/// Equal points; labels are multiplied by their common denominator.
#[derive(Debug)]
struct Group {
    /// The point (x, 1), each coordinate multiplied by its column's common denominator.
    row: Vec<Integer>,
    count: Integer,
    label_sum: Integer,
    square_sum: Integer,
}

/// A row over the parameters: (a_1, b_1), …, (a_K, b_K), and w0 if there is an output bias.
pub type Row = Vec<Integer>;

/// The sample, in groups in the order of their first points.
#[derive(Debug)]
pub struct Groups {
    /// The networks.
    pub networks: Architecture,
    groups: Vec<Group>,
    label_scale: Natural,
}

/// Where a group's loss is count·v² − 2·label_sum·v + square_sum with v = row·θ.
#[derive(Debug)]
pub struct Term<'g> {
    /// The row.
    pub row: Row,
    /// The number of points.
    pub count: &'g Integer,
    /// The sum of labels.
    pub label_sum: &'g Integer,
}

impl Groups {
    /// Groups the sample.
    pub fn new(sample: &Sample, networks: Architecture) -> Self {
        let mut rows = vec![Vec::new(); sample.len()];
        for coordinate in 0..sample.dimension {
            let column = sample.points.iter().map(|point| point[coordinate].clone());
            let (scaled, _) = over_common_denominator(&column.collect::<Vec<_>>());
            rows.iter_mut().zip(scaled).for_each(|(row, value)| row.push(value));
        }
        let (labels, label_scale) = over_common_denominator(&sample.labels);
        let (mut groups, mut places) = (Vec::<Group>::new(), HashMap::new());
        for (mut row, label) in rows.into_iter().zip(labels) {
            row.push(Integer::ONE);
            let place = *places.entry(row.clone()).or_insert(groups.len());
            if place == groups.len() {
                let zero = || Integer::ZERO;
                groups.push(Group { row, count: zero(), label_sum: zero(), square_sum: zero() });
            }
            let group = &mut groups[place];
            group.count += Integer::ONE;
            group.square_sum += &label * &label;
            group.label_sum += label;
        }
        Self { networks, groups, label_scale }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    fn block(&self) -> usize {
        self.groups.first().map_or(1, |group| group.row.len())
    }

    /// The number of parameters.
    pub fn parameters(&self) -> usize {
        self.block() * self.networks.hidden + usize::from(self.networks.bias)
    }

    /// A loss in terms of the multiplied labels.
    pub fn scaled_loss(&self, loss: &Rational) -> Rational {
        let scale = Rational::from(self.label_scale.clone());
        loss * &scale * &scale
    }

    /// The row whose sign says where a hidden node is: ≥ 0 on its side.
    pub fn hidden_row(&self, group: usize, node: usize, on: bool) -> Row {
        let mut row = vec![Integer::ZERO; self.parameters()];
        let start = node * self.block();
        for (value, entry) in row[start..].iter_mut().zip(&self.groups[group].row) {
            *value = if on { entry.clone() } else { -entry };
        }
        row
    }

    /// The row whose sign says where w0 is: ≥ 0 on its side.
    pub fn offset_row(&self, on: bool) -> Row {
        let mut row = vec![Integer::ZERO; self.parameters()];
        *row.last_mut().expect("a parameter") = Integer::from(if on { 1 } else { -1 });
        row
    }

    /// The row of the output's pre-activation where the hidden nodes in `on` are on.
    pub fn value_row(&self, group: usize, positive: usize, on: impl Fn(usize) -> bool) -> Row {
        let mut row = vec![Integer::ZERO; self.parameters()];
        for node in (0..self.networks.hidden).filter(|&node| on(node)) {
            let start = node * self.block();
            for (value, entry) in row[start..].iter_mut().zip(&self.groups[group].row) {
                *value = if node < positive { entry.clone() } else { -entry };
            }
        }
        if self.networks.bias {
            *row.last_mut().expect("a parameter") = Integer::ONE;
        }
        row
    }

    /// The least loss of a group, whatever the network.
    pub fn least(&self, group: usize) -> Rational {
        let Group { count, label_sum, square_sum, .. } = &self.groups[group];
        let squares = Rational::from(square_sum.clone());
        if self.networks.relu && *label_sum <= Integer::ZERO {
            return squares;
        }
        squares - Rational::from(label_sum * label_sum) / Rational::from(count.clone())
    }

    /// The loss of a group where the output is 0.
    pub fn at_zero(&self, group: usize) -> Rational {
        Rational::from(self.groups[group].square_sum.clone())
    }

    /// The number of points of a group.
    pub fn count(&self, group: usize) -> &Integer {
        &self.groups[group].count
    }

    /// The sum of a group's labels.
    pub fn label_sum(&self, group: usize) -> &Integer {
        &self.groups[group].label_sum
    }

    /// A group whose output is on.
    pub fn term(&self, group: usize, row: Row) -> Term<'_> {
        let Group { count, label_sum, .. } = &self.groups[group];
        Term { row, count, label_sum }
    }
}
