//! Rounding an exact witness to 32-bit floats that still violate the property, exactly.

use foldline_kernel::number::from_f32_bits;
use foldline_kernel::{Formula, Network, Property, Rational};

/// A point of the unsafe set whose coordinates are 32-bit floats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloatWitness {
    /// The input: each coordinate is the value of a 32-bit float, exactly.
    pub input: Vec<Rational>,
    /// f(x), exactly.
    pub output: Vec<Rational>,
}

/// Why no rounded witness is given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoundingFailure {
    /// A coordinate rounds to infinity.
    #[error("X_{0} is beyond the range of 32-bit floats")]
    OutOfRange(usize),
    /// Every point tried leaves the input region.
    #[error("none of {tried} points of 32-bit floats next to the witness lies in the input region")]
    OutsideRegion {
        /// Points tried.
        tried: usize,
    },
    /// Some points tried lie in the input region, but their outputs are not in the unsafe set.
    #[error(
        "{inside} of {tried} points of 32-bit floats next to the witness lie in the input region, \
         none of them violates the property exactly"
    )]
    NotUnsafe {
        /// Points tried.
        tried: usize,
        /// Those among them in the input region.
        inside: usize,
    },
}

/// Points that are compared with the input region at most.
const MOST_POINTS: usize = 1 << 14;

/// Finds 32-bit floats next to `witness` at which `property` is violated, exactly.
///
/// Each coordinate goes to the float below or above it. The nearest floats are tried first,
/// then points that differ from those in one coordinate, in two, and so on, up to a bound
/// that depends on the network's size only.
pub fn round_to_f32(
    network: &Network,
    property: &Property,
    witness: &[Rational],
) -> Result<FloatWitness, RoundingFailure> {
    round_nearby(network, property, witness, budget(network))
}

/// The same with so many exact evaluations at most, next to any point.
pub(crate) fn round_nearby(
    network: &Network,
    property: &Property,
    witness: &[Rational],
    evaluations: usize,
) -> Result<FloatWitness, RoundingFailure> {
    let mut choices = Vec::with_capacity(witness.len());
    for (index, value) in witness.iter().enumerate() {
        choices.push(neighbours(value).ok_or(RoundingFailure::OutOfRange(index))?);
    }
    let nearest: Vec<Rational> = choices.iter().map(|choice| choice[0].clone()).collect();
    if !input_part_holds(&property.formula, &nearest) {
        drop_choices_outside(&property.formula, witness, &mut choices);
    }
    let mut search = Search { network, property, tried: 0, inside: 0, evaluations };
    search.run(&choices)
}

/// How many exact evaluations a search may spend: fewer on larger networks.
fn budget(network: &Network) -> usize {
    let weights: usize = network.layers().iter().map(|layer| layer.nonzeros()).sum();
    (20_000_000 / (weights + 1)).clamp(32, 4096)
}

/// The values of the floats next to `value`, nearest first; one if `value` is itself a float.
fn neighbours(value: &Rational) -> Option<Vec<Rational>> {
    let float = value.to_f32().value();
    let nearest = exact(float)?;
    let other = match nearest.cmp(value) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Less => exact(float.next_up()),
        std::cmp::Ordering::Greater => exact(float.next_down()),
    };
    Some([nearest].into_iter().chain(other).collect())
}

fn exact(float: f32) -> Option<Rational> {
    from_f32_bits(float.to_bits()).ok()
}

/// Whether the formula could be true at input `x` for some output: output assertions count as true.
fn input_part_holds(formula: &Formula, x: &[Rational]) -> bool {
    match formula {
        Formula::Atom(atom) => !atom.output.is_empty() || atom.holds_at(x, &[]),
        Formula::And(parts) => parts.iter().all(|part| input_part_holds(part, x)),
        Formula::Or(parts) => parts.iter().any(|part| input_part_holds(part, x)),
    }
}

/// Drops a coordinate's float where it alone leaves the region and the other float does not.
fn drop_choices_outside(formula: &Formula, witness: &[Rational], choices: &mut [Vec<Rational>]) {
    let mut point = witness.to_vec();
    for (index, choice) in choices.iter_mut().enumerate() {
        let mut stays = |value: &Rational| {
            point[index] = value.clone();
            input_part_holds(formula, &point)
        };
        let inside: Vec<Rational> = choice.iter().filter(|value| stays(value)).cloned().collect();
        if !inside.is_empty() {
            *choice = inside;
        }
        point[index] = witness[index].clone();
    }
}

/// The enumeration of neighbour combinations, with what it has spent.
struct Search<'a> {
    network: &'a Network,
    property: &'a Property,
    tried: usize,
    inside: usize,
    evaluations: usize,
}

impl Search<'_> {
    fn run(&mut self, choices: &[Vec<Rational>]) -> Result<FloatWitness, RoundingFailure> {
        let mut point: Vec<Rational> = choices.iter().map(|choice| choice[0].clone()).collect();
        let free: Vec<usize> = (0..choices.len()).filter(|&i| choices[i].len() > 1).collect();
        for flips in 0..=free.len() {
            if let Some(found) = self.flip(choices, &free, flips, &mut point) {
                return Ok(found);
            }
            if self.exhausted() {
                break;
            }
        }
        let (tried, inside) = (self.tried, self.inside);
        Err(if inside == 0 {
            RoundingFailure::OutsideRegion { tried }
        } else {
            RoundingFailure::NotUnsafe { tried, inside }
        })
    }

    fn exhausted(&self) -> bool {
        self.tried >= MOST_POINTS || self.inside >= self.evaluations
    }

    /// Tries every choice of `flips` coordinates among `free`.
    fn flip(
        &mut self,
        choices: &[Vec<Rational>],
        free: &[usize],
        flips: usize,
        point: &mut [Rational],
    ) -> Option<FloatWitness> {
        if self.exhausted() {
            return None;
        }
        if flips == 0 {
            return self.try_point(point);
        }
        for position in 0..=free.len().checked_sub(flips)? {
            let coordinate = free[position];
            point[coordinate] = choices[coordinate][1].clone();
            let found = self.flip(choices, &free[position + 1..], flips - 1, point);
            point[coordinate] = choices[coordinate][0].clone();
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn try_point(&mut self, point: &[Rational]) -> Option<FloatWitness> {
        self.tried += 1;
        if !input_part_holds(&self.property.formula, point) {
            return None;
        }
        self.inside += 1;
        let output = self.network.evaluate(point).output;
        let violates = self.property.formula.holds_at(point, &output);
        violates.then(|| FloatWitness { input: point.to_vec(), output })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::network::RationalRow;
    use foldline_kernel::number::parse_rational;
    use foldline_kernel::{Activation, Atom, Layer};

    fn number(token: &str) -> Rational {
        parse_rational(token).unwrap()
    }

    /// The assertion `terms on x + terms on y ≤ bound`.
    type Terms<'a> = (&'a [(usize, &'a str)], &'a [(usize, &'a str)], &'a str);

    /// Rounds a witness of the identity of R^dimension, and checks what comes out.
    fn round(
        dimension: usize,
        atoms: &[Terms],
        witness: &[&str],
    ) -> Result<FloatWitness, RoundingFailure> {
        let unit =
            |index| RationalRow { weights: vec![(index, Rational::ONE)], bias: Rational::ZERO };
        let rows: Vec<_> = (0..dimension).map(unit).collect();
        let layer = Layer::new(dimension, &rows, Activation::Linear);
        let network = Network::new(dimension, vec![layer]).unwrap();
        let terms = |terms: &[(usize, &str)]| terms.iter().map(|&(i, v)| (i, number(v))).collect();
        let atom = |&(x, y, bound): &Terms| {
            Formula::Atom(Atom::new(terms(x), terms(y), number(bound), false))
        };
        let formula = Formula::And(atoms.iter().map(atom).collect());
        let property = Property { inputs: dimension, outputs: dimension, formula };
        let witness: Vec<Rational> = witness.iter().map(|token| number(token)).collect();
        assert!(property.formula.holds_at(&witness, &witness), "a witness");
        let rounded = round_to_f32(&network, &property, &witness)?;
        assert!(property.formula.holds_at(&rounded.input, &rounded.output));
        Ok(rounded)
    }

    #[test]
    fn the_nearest_floats_come_first() {
        let rounded = round(1, &[(&[(0, "1")], &[], "1")], &["1/3"]).unwrap();
        assert_eq!(rounded.input, [exact(1.0 / 3.0).unwrap()]);
    }

    #[test]
    fn a_bound_that_rounds_outward_is_respected() {
        // The float nearest to 0.45 is below it.
        let rounded = round(1, &[(&[(0, "-1")], &[], "-0.45")], &["0.45"]).unwrap();
        assert_eq!(rounded.input, [exact(0.45f32.next_up()).unwrap()]);
        // Several coordinates at once, each with its own direction.
        let atoms: [Terms; 2] = [(&[(0, "-1")], &[], "-0.45"), (&[(1, "1")], &[], "0.7")];
        let rounded = round(2, &atoms, &["0.45", "0.7"]).unwrap();
        assert!(rounded.input[0] > number("0.45") && rounded.input[1] < number("0.7"));
    }

    #[test]
    fn output_assertions_choose_the_direction() {
        // Y_0 + Y_1 ≥ 2/3: both coordinates must go up, the nearest floats are above already;
        // ≤ 2/3: at least one must go down.
        let up = round(2, &[(&[], &[(0, "-1"), (1, "-1")], "-2/3")], &["1/3", "1/3"]).unwrap();
        assert!(up.input.iter().all(|value| *value > number("1/3")));
        let down = round(2, &[(&[], &[(0, "1"), (1, "1")], "2/3")], &["1/3", "1/3"]).unwrap();
        assert!(down.input.iter().any(|value| *value < number("1/3")));
    }

    #[test]
    fn failures_say_why() {
        let thin: [Terms; 2] = [(&[(0, "1")], &[], "0.1"), (&[(0, "-1")], &[], "-0.1")];
        assert_eq!(round(1, &thin, &["0.1"]), Err(RoundingFailure::OutsideRegion { tried: 2 }));
        let level: [Terms; 2] = [(&[], &[(0, "1")], "0.1"), (&[], &[(0, "-1")], "-0.1")];
        assert_eq!(
            round(1, &level, &["0.1"]),
            Err(RoundingFailure::NotUnsafe { tried: 2, inside: 2 })
        );
        assert_eq!(round(1, &[], &["1e39"]), Err(RoundingFailure::OutOfRange(0)));
    }

    #[test]
    fn many_coordinates_stay_within_the_bound() {
        let bounds: Vec<(String, String)> = vec![("0.1".into(), "-0.1".into()); 40];
        let coordinate: Vec<[(usize, &str); 1]> = (0..40).map(|i| [(i, "1")]).collect();
        let atoms: Vec<Terms> = coordinate
            .iter()
            .zip(&bounds)
            .map(|(terms, (upper, _))| (&terms[..], &[][..], upper.as_str()))
            .collect();
        let rounded = round(40, &atoms, &["0.1"; 40]).unwrap();
        assert!(rounded.input.iter().all(|value| *value < number("0.1")));
    }
}
