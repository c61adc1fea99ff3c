//! Hard-sorting: do two ReLU nodes send some points to one value, and the others below it [T, Def 4.2]?
//!
//! Wanted are affine functions l_1, l_2, signs w_1, w_2 ∈ {−1, 1} [T, Remark 4.4] and c with
//! w_1 [l_1(x)]₊ + w_2 [l_2(x)]₊ = c at the points of one set and < c at those of the other. The search decides
//! one point after another where the two functions are ≥ 0 or ≤ 0; each partial choice is an
//! exact linear program in 2(d + 1) + 1 variables.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::{LinearConstraint, Rational};

/// What hard-sorts: the value Σ ±[l(x)]₊ and the threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorting {
    /// l_1 and l_2: the coefficients, then the constant.
    pub nodes: [Vec<Rational>; 2],
    /// Whether w_1 and w_2 are 1, else −1.
    pub positive: [bool; 2],
    /// c.
    pub threshold: Rational,
}

impl Sorting {
    /// w_1 [l_1(x)]₊ + w_2 [l_2(x)]₊.
    ///
    /// # Panics
    /// If the point has another dimension.
    pub fn value(&self, point: &[Rational]) -> Rational {
        self.nodes.iter().zip(self.positive).fold(Rational::ZERO, |sum, (node, positive)| {
            let (constant, normal) = node.split_last().expect("d + 1 numbers");
            assert_eq!(normal.len(), point.len(), "a point of another dimension");
            let at = normal.iter().zip(point).fold(constant.clone(), |sum, (a, x)| sum + a * x);
            let at = at.max(Rational::ZERO);
            if positive { sum + at } else { sum - at }
        })
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HardSorted {
    /// These functions do it.
    Yes(Sorting),
    /// None do.
    No,
    /// The search was stopped.
    Stopped,
}

/// Decides whether the points of R^dimension in `equal` and `below` can be hard-sorted with
/// respect to `equal`: these get the value c, and those in `below` less.
///
/// # Panics
/// If a point has another dimension.
pub fn hard_sort(
    dimension: usize,
    equal: &[Vec<Rational>],
    below: &[Vec<Rational>],
    stop: &dyn Fn() -> bool,
) -> HardSorted {
    let points: Vec<(&Vec<Rational>, bool)> =
        equal.iter().map(|point| (point, true)).chain(below.iter().map(|x| (x, false))).collect();
    assert!(points.iter().all(|(point, _)| point.len() == dimension), "another dimension");
    for positive in [[true, true], [true, false], [false, false]] {
        let mut walk = Walk { dimension, points: &points, positive, stop, rows: Vec::new() };
        match walk.decide(0, true, None) {
            Some(Some(found)) => return HardSorted::Yes(walk.sorting(found)),
            Some(None) => {}
            None => return HardSorted::Stopped,
        }
    }
    HardSorted::No
}

struct Walk<'a> {
    dimension: usize,
    points: &'a [(&'a Vec<Rational>, bool)],
    positive: [bool; 2],
    stop: &'a dyn Fn() -> bool,
    rows: Vec<ExactConstraint>,
}

impl Walk<'_> {
    /// Decides the points from `index` on, given a solution for those before: parameters that do
    /// it (`None` within: there are none), or `None` if it was stopped. `alike` says whether the two
    /// functions were treated alike so far.
    fn decide(
        &mut self,
        index: usize,
        alike: bool,
        witness: Option<Vec<Rational>>,
    ) -> Option<Option<Vec<Rational>>> {
        if (self.stop)() {
            return None;
        }
        let variables = 2 * (self.dimension + 1) + 1;
        if index == self.points.len() {
            return Some(Some(witness.unwrap_or_else(|| vec![Rational::ZERO; variables])));
        }
        let decided = self.rows.len();
        for state in [[true, true], [true, false], [false, true], [false, false]] {
            // Of two nodes with the same sign the first is on where they differ first.
            if alike && self.positive[0] == self.positive[1] && state == [false, true] {
                continue;
            }
            self.rows.truncate(decided);
            let added = self.constraints(index, state);
            let stays =
                witness.as_ref().filter(|point| added.iter().all(|row| row.holds_at(point)));
            let found = stays.cloned();
            self.rows.extend(added);
            let Some(found) = found.or_else(|| feasible_point(variables, &self.rows)) else {
                continue;
            };
            let alike = alike && state[0] == state[1];
            if let Some(found) = self.decide(index + 1, alike, Some(found))? {
                return Some(Some(found));
            }
        }
        self.rows.truncate(decided);
        Some(None)
    }

    /// What a point asks for where the functions are on (≥ 0) and off (≤ 0) as `state` says.
    fn constraints(&self, index: usize, state: [bool; 2]) -> Vec<ExactConstraint> {
        let (point, equal) = self.points[index];
        let (width, offset) = (self.dimension + 1, 2 * (self.dimension + 1));
        // Factors of l_1(x) and l_2(x), and of c, in a sum that is ≤ 0 or < 0.
        let row = |factors: [i8; 2], threshold: i8, strict: bool| {
            let mut terms = Vec::new();
            for (node, factor) in factors.into_iter().enumerate().filter(|(_, factor)| *factor != 0)
            {
                let factor = Rational::from(factor);
                terms.extend(
                    point
                        .iter()
                        .map(|x| x * &factor)
                        .enumerate()
                        .map(|(j, a)| (node * width + j, a)),
                );
                terms.push((node * width + self.dimension, factor));
            }
            terms.push((offset, Rational::from(threshold)));
            let terms = terms.into_iter().filter(|(_, a)| *a != Rational::ZERO).collect();
            ExactConstraint::new(offset + 1, &LinearConstraint::new(terms, Rational::ZERO, strict))
        };
        let side = |on: bool| if on { -1 } else { 1 };
        let weight = |node: usize| match (state[node], self.positive[node]) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => -1,
        };
        let weights = [weight(0), weight(1)];
        let mut rows = vec![row([side(state[0]), 0], 0, false), row([0, side(state[1])], 0, false)];
        rows.push(row(weights, -1, !equal));
        if equal {
            rows.push(row(weights.map(|weight| -weight), 1, false));
        }
        rows
    }

    fn sorting(&self, mut found: Vec<Rational>) -> Sorting {
        let threshold = found.pop().expect("c");
        let second = found.split_off(self.dimension + 1);
        Sorting { nodes: [found, second], positive: self.positive, threshold }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::separability::{Separation, separate};
    use proptest::prelude::*;

    fn rational(values: &[i32]) -> Vec<Rational> {
        values.iter().map(|&value| value.into()).collect()
    }

    /// The same by the linear programs of all patterns.
    fn some_pattern_does(equal: &[Vec<Rational>], below: &[Vec<Rational>]) -> bool {
        let points: Vec<_> =
            equal.iter().map(|x| (x, true)).chain(below.iter().map(|x| (x, false))).collect();
        let all = [[true, true], [true, false], [false, true], [false, false]];
        all.into_iter().any(|positive| {
            let walk =
                Walk { dimension: 1, points: &points, positive, stop: &|| false, rows: Vec::new() };
            (0..1usize << (2 * points.len())).any(|pattern| {
                let state = |index: usize| {
                    [pattern >> (2 * index) & 1 == 1, pattern >> (2 * index + 1) & 1 == 1]
                };
                let rows: Vec<_> = (0..points.len())
                    .flat_map(|index| walk.constraints(index, state(index)))
                    .collect();
                feasible_point(5, &rows).is_some()
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn as_all_patterns_say(
            equal in proptest::collection::vec(proptest::collection::vec(-2i32..3, 1), 0..3),
            below in proptest::collection::vec(proptest::collection::vec(-2i32..3, 1), 0..3),
        ) {
            let equal: Vec<_> = equal.iter().map(|point| rational(point)).collect();
            let below: Vec<_> = below.iter().map(|point| rational(point)).collect();
            match hard_sort(1, &equal, &below, &|| false) {
                HardSorted::Yes(sorting) => {
                    prop_assert!(equal.iter().all(|x| sorting.value(x) == sorting.threshold));
                    prop_assert!(below.iter().all(|x| sorting.value(x) < sorting.threshold));
                }
                answer => {
                    prop_assert_eq!(answer, HardSorted::No);
                    prop_assert!(!some_pattern_does(&equal, &below));
                }
            }
        }

        /// Two hyperplanes that separate hard-sort, with w_1 = w_2 = −1 [T, §4].
        #[test]
        fn separable_sets_can_be_hard_sorted(
            inside in proptest::collection::vec(proptest::collection::vec(-2i32..3, 2), 0..4),
            outside in proptest::collection::vec(proptest::collection::vec(-2i32..3, 2), 0..4),
        ) {
            let inside: Vec<_> = inside.iter().map(|point| rational(point)).collect();
            let outside: Vec<_> = outside.iter().map(|point| rational(point)).collect();
            if matches!(separate(2, &inside, &outside, 2, &|| false), Separation::Yes(_)) {
                let found = hard_sort(2, &inside, &outside, &|| false);
                prop_assert!(matches!(found, HardSorted::Yes(_)));
            }
        }
    }

    #[test]
    fn alternating_points_cannot_be_sorted() {
        let column = |values: &[i32]| -> Vec<Vec<Rational>> {
            values.iter().map(|&x| rational(&[x])).collect()
        };
        let sorted = |equal: &[i32], below: &[i32]| {
            hard_sort(1, &column(equal), &column(below), &|| false) != HardSorted::No
        };
        assert!(sorted(&[0, 2], &[-1, 3]) && sorted(&[0, 2], &[1]));
        assert!(!sorted(&[0, 2, 4, 6], &[1, 3, 5]) && !sorted(&[1], &[1]));
        assert_eq!(hard_sort(1, &[], &column(&[1]), &|| true), HardSorted::Stopped);
    }
}
