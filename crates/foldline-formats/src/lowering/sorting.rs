//! Largest values in order, by Batcher's odd-even merge sort: rounds of pairs of which one gets the larger value.

use super::form::Form;
use super::program::Program;
use super::scalar::Scalar;

/// A pair of places (first, second), the first of which gets the larger value, and which of both values are read.
#[derive(Debug, Clone, Copy)]
struct Comparison {
    places: (usize, usize),
    is_read: (bool, bool),
}

/// The rounds that bring the largest `count` of `size` values to the front in descending order, without the
/// comparisons that this does not need.
fn rounds(size: usize, count: usize) -> Vec<Vec<Comparison>> {
    let mut rounds = Vec::new();
    let mut block = 1;
    while block < size {
        let mut distance = block;
        while distance > 0 {
            let is_pair = |&first: &usize| {
                first >= distance % block
                    && (first - distance % block) % (2 * distance) < distance
                    && first / (2 * block) == (first + distance) / (2 * block)
            };
            let firsts = (0..size.saturating_sub(distance)).filter(is_pair);
            let pair =
                |first| Comparison { places: (first, first + distance), is_read: (true, true) };
            rounds.push(firsts.map(pair).collect::<Vec<_>>());
            distance /= 2;
        }
        block *= 2;
    }
    let mut is_read: Vec<bool> = (0..size).map(|place| place < count).collect();
    for round in rounds.iter_mut().rev() {
        for comparison in round.iter_mut() {
            let (first, second) = comparison.places;
            comparison.is_read = (is_read[first], is_read[second]);
            let either = is_read[first] || is_read[second];
            (is_read[first], is_read[second]) = (either, either);
        }
        round.retain(|comparison| comparison.is_read != (false, false));
    }
    rounds
}

impl Program {
    /// The largest `count` forms of each group in descending order; all groups have one size, at least `count`.
    pub fn largest_in_order(&mut self, mut groups: Vec<Vec<Form>>, count: usize) -> Vec<Vec<Form>> {
        let size = groups.first().map_or(0, Vec::len);
        let minus_one = Scalar::ONE.negated();
        for round in rounds(size, count) {
            let pair = |group: &Vec<Form>, (first, second): (usize, usize)| {
                (group[first].clone(), group[second].clone())
            };
            let pairs: Vec<(Form, Form)> = groups
                .iter()
                .flat_map(|group| round.iter().map(|comparison| pair(group, comparison.places)))
                .collect();
            let borrowed: Vec<(&Form, &Form)> = pairs.iter().map(|(a, b)| (a, b)).collect();
            let mut larger = self.larger(&borrowed).into_iter();
            for group in &mut groups {
                for (comparison, largest) in round.iter().zip(larger.by_ref()) {
                    let (first, second) = comparison.places;
                    if comparison.is_read.1 {
                        let sum = group[first].plus(&group[second]);
                        group[second] = sum.plus(&largest.scaled(&minus_one));
                    }
                    group[first] = largest;
                }
            }
        }
        groups.iter_mut().for_each(|group| group.truncate(count));
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::Rational;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_come_in_descending_order(
            values in prop::collection::vec(-9i64..10, 1..12),
            count in any::<prop::sample::Index>(),
        ) {
            let count = 1 + count.index(values.len());
            let mut program = Program::default();
            let inputs = program.inputs(values.len());
            let sorted = program.largest_in_order(vec![inputs], count);
            let (network, _) = program.finish(&sorted.concat()).unwrap();
            let point: Vec<Rational> = values.iter().map(|&value| Rational::from(value)).collect();
            let mut expected = point.clone();
            expected.sort();
            expected.reverse();
            expected.truncate(count);
            prop_assert_eq!(network.evaluate(&point).output, expected);
        }
    }

    #[test]
    fn one_value_of_eight_takes_seven_comparisons() {
        let count = |count| rounds(8, count).iter().map(Vec::len).sum::<usize>();
        assert_eq!((count(8), count(1)), (19, 7));
    }
}
