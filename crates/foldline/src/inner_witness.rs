//! Floats inside of the cell around a witness: an exact linear program looks for room to round in.
//!
//! A witness is often a vertex, where rounding leaves the unsafe set. The points of its cell that make the
//! same clause true are a polyhedron. A box of one float's spacing inside of it has a float in its middle.

use std::collections::BTreeSet;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{ExactOutcome, maximize};
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::number::{from_f32_bits, magnitude, power_of_two};
use foldline_kernel::{
    Activation, Atom, Formula, Integer, LinearConstraint, Network, Property, Rational,
};
use foldline_questions::verification::affine::{AffineMap, AffineRow, compose};

use crate::rounding::{FloatWitness, RoundingFailure, round_nearby, round_to_f32};

/// More inputs make the programs slow.
const MOST_INPUTS: usize = 24;
/// Linear programs solved at most.
const MOST_PROGRAMS: u64 = 40;
/// Products of weights that the affine maps of all cells may take.
const MOST_PRODUCTS: u64 = 4_000_000;
/// Cells around the witness that are looked at, where it lies on the boundary of several.
const MOST_CELLS: usize = 8;
/// Directions in which cells are looked for.
const DIRECTIONS: usize = 24;
/// Times that a cell's missing neurons are added to its program.
const MOST_ROUNDS: usize = 6;
/// Neurons of one program.
const MOST_NEURONS: usize = 400;
/// Points evaluated around each point found.
const EVALUATIONS: usize = 16;
/// How far from the witness a point may be, in powers of two of the floats' spacing; at last anywhere.
const REACHES: [Option<i64>; 3] = [Some(6), Some(16), None];

/// Finds 32-bit floats at which `property` is violated, exactly: next to `witness`, or inside of the
/// witness's cell and its neighbours.
///
/// The effort is bounded by the network's size; `stop` ends it early, with the reason why floats
/// next to the witness do not do.
pub fn float_witness(
    network: &Network,
    property: &Property,
    witness: &[Rational],
    stop: &dyn Fn() -> bool,
) -> Result<FloatWitness, RoundingFailure> {
    round_to_f32(network, property, witness).or_else(|reason| {
        let beyond_floats = matches!(reason, RoundingFailure::OutOfRange(_));
        let inner = Inner::new(network, property, witness).filter(|_| !beyond_floats);
        inner.and_then(|mut inner| inner.search(stop)).ok_or(reason)
    })
}

/// The clause that the witness makes true, and what may still be spent on it.
struct Inner<'a> {
    network: &'a Network,
    property: &'a Property,
    witness: &'a [Rational],
    /// All true at the witness.
    atoms: Vec<&'a Atom>,
    /// The spacing of floats at each coordinate; 0 where the clause leaves it no choice.
    spacing: Vec<Rational>,
    programs: u64,
}

/// A cell: a sign for each neuron, and the neurons whose signs are constraints so far.
struct Cell {
    signs: Vec<i8>,
    neurons: BTreeSet<u32>,
}

impl<'a> Inner<'a> {
    /// None where it would take too long.
    fn new(network: &'a Network, property: &'a Property, witness: &'a [Rational]) -> Option<Self> {
        let weights: usize = network.layers().iter().map(|layer| layer.nonzeros()).sum();
        let products = (weights as u64 + 1).saturating_mul(witness.len() as u64 + 1);
        let programs = (MOST_PRODUCTS / products).min(MOST_PROGRAMS);
        if witness.len() > MOST_INPUTS || programs == 0 {
            return None;
        }
        let mut atoms = Vec::new();
        let output = network.evaluate(witness).output;
        true_clause(&property.formula, witness, &output, &mut atoms).then_some(())?;
        let largest = witness.iter().map(magnitude).max().unwrap_or(Rational::ZERO);
        // A coordinate near 0 has floats so close to each other that moving within them is no help.
        let least = largest * power_of_two(-12);
        let spacing = |(j, value): (usize, &Rational)| {
            if is_fixed(&atoms, j) {
                Some(Rational::ZERO)
            } else {
                spacing(&magnitude(value).max(least.clone()))
            }
        };
        let spacing = witness.iter().enumerate().map(spacing).collect::<Option<Vec<_>>>()?;
        Some(Self { network, property, witness, atoms, spacing, programs })
    }

    fn search(&mut self, stop: &dyn Fn() -> bool) -> Option<FloatWitness> {
        let signs = signs_at(self.network, self.witness);
        let on_boundary: BTreeSet<u32> =
            (0..signs.len()).filter(|&n| signs[n] == 0).map(|n| n as u32).collect();
        let cells = if on_boundary.is_empty() { vec![signs] } else { self.cells_around() };
        for signs in cells {
            for reach in REACHES {
                if stop() || self.programs == 0 {
                    return None;
                }
                let cell = Cell { signs: signs.clone(), neurons: on_boundary.clone() };
                let found = self.in_cell(cell, reach);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// The signs of some cells that have the witness on their boundary: those of points close by,
    /// first on the way into the region, then in random directions.
    fn cells_around(&self) -> Vec<Vec<i8>> {
        let inward = self.inward();
        let mut cells: Vec<Vec<i8>> = Vec::new();
        for index in 0..DIRECTIONS {
            let step: Vec<Rational> = match &inward {
                Some(inward) if index == 0 => inward.clone(),
                _ => {
                    let widths = self.spacing.iter().enumerate();
                    widths.map(|(j, width)| width * scattered(index, j)).collect()
                }
            };
            let close = power_of_two(-64);
            let point: Vec<Rational> =
                self.witness.iter().zip(&step).map(|(x, step)| x + step * &close).collect();
            let signs = signs_at(self.network, &point);
            if !cells.contains(&signs) {
                cells.push(signs);
            }
            if cells.len() == MOST_CELLS {
                break;
            }
        }
        cells
    }

    /// The way from the witness to a point with room in the region alone, if there is one.
    fn inward(&self) -> Option<Vec<Rational>> {
        let mut program = Program { spacing: &self.spacing, constraints: Vec::new() };
        let of_region = self.atoms.iter().filter(|atom| atom.output.is_empty());
        of_region.for_each(|atom| program.push(atom.input.clone(), atom.bound.clone()));
        let point = program.roomiest()?;
        Some(point.iter().zip(self.witness).map(|(to, from)| to - from).collect())
    }

    /// Floats in one cell, at most 2^reach spacings away from the witness.
    fn in_cell(&mut self, mut cell: Cell, reach: Option<i64>) -> Option<FloatWitness> {
        let mut spacing_here = self.spacing.clone();
        for _ in 0..MOST_ROUNDS {
            self.programs = self.programs.checked_sub(1)?;
            let point = self.roomiest(&cell, &spacing_here, reach)?;
            // Only the neurons that matter are in the program: those that have another sign there join it.
            let found = signs_at(self.network, &point);
            let is_wrong = |&neuron: &usize| found[neuron] * cell.signs[neuron] < 0;
            let wrong: Vec<usize> = (0..found.len()).filter(is_wrong).collect();
            if !wrong.is_empty() {
                cell.neurons.extend(wrong.into_iter().map(|neuron| neuron as u32));
                if cell.neurons.len() > MOST_NEURONS {
                    return None;
                }
                continue;
            }
            let rounded = round_nearby(self.network, self.property, &point, EVALUATIONS);
            if let Ok(found) = rounded {
                return Some(found);
            }
            // Further away from 0 floats are further apart.
            let mut is_wider = false;
            for (here, value) in spacing_here.iter_mut().zip(&point) {
                let there = spacing(&magnitude(value))?;
                if !here.is_zero() && there > *here {
                    (*here, is_wider) = (there, true);
                }
            }
            if !is_wider {
                return None;
            }
        }
        None
    }

    /// A point of the cell that makes all atoms true and has the most room around it, up to one spacing
    /// each way; none if there is no room.
    fn roomiest(
        &self,
        cell: &Cell,
        spacing: &[Rational],
        reach: Option<i64>,
    ) -> Option<Vec<Rational>> {
        let neurons: Vec<u32> = cell.neurons.iter().copied().collect();
        let (rows, outputs) = compose(self.network, |neuron| cell.signs[neuron], &neurons);
        let mut program = Program { spacing, constraints: Vec::new() };
        for atom in &self.atoms {
            program.push_atom(atom, &outputs);
        }
        for (&neuron, row) in neurons.iter().zip(&rows) {
            program.push_sign(row, cell.signs[neuron as usize]);
        }
        for (j, width) in spacing.iter().enumerate() {
            let Some(reach) = reach.filter(|_| !width.is_zero()) else { continue };
            let most = width * power_of_two(reach);
            for sign in [Rational::ONE, -Rational::ONE] {
                program.push(vec![(j, sign.clone())], &self.witness[j] * sign + &most);
            }
        }
        program.roomiest()
    }
}

/// Inequalities on a point and on the room around it, which is the last variable.
struct Program<'a> {
    spacing: &'a [Rational],
    constraints: Vec<LinearConstraint>,
}

impl Program<'_> {
    /// A point with the most room, up to one spacing; none if there is no room.
    fn roomiest(mut self) -> Option<Vec<Rational>> {
        let inputs = self.spacing.len();
        let most = LinearConstraint::new(vec![(inputs, Rational::ONE)], Rational::ONE, false);
        self.constraints.push(most);
        let constraints = ExactConstraint::all(inputs + 1, &self.constraints);
        let mut objective = vec![Integer::ZERO; inputs + 1];
        objective[inputs] = Integer::ONE;
        match maximize(inputs + 1, &constraints, &objective) {
            ExactOutcome::Optimal { mut point, value, .. } if value > Rational::ZERO => {
                point.truncate(inputs);
                Some(point)
            }
            _ => None,
        }
    }

    /// terms·x ≤ bound, in all of the box around x.
    fn push(&mut self, mut terms: Vec<(usize, Rational)>, bound: Rational) {
        let room =
            terms.iter().fold(Rational::ZERO, |sum, (j, a)| sum + magnitude(a) * &self.spacing[*j]);
        terms.push((self.spacing.len(), room));
        self.constraints.push(LinearConstraint::new(terms, bound, false));
    }

    fn push_atom(&mut self, atom: &Atom, outputs: &AffineMap) {
        let inputs = self.spacing.len();
        let mut sum = vec![Rational::ZERO; inputs + 1];
        atom.input.iter().for_each(|(j, a)| sum[*j] += a);
        for (output, factor) in &atom.output {
            let row = outputs.row(*output);
            sum.iter_mut().zip(&row).for_each(|(sum, value)| *sum += factor * value);
        }
        let bound = &atom.bound - sum.pop().unwrap_or(Rational::ZERO);
        self.push(nonzero(sum), bound);
    }

    /// The pre-activation is ≥ 0 or ≤ 0.
    fn push_sign(&mut self, row: &AffineRow, sign: i8) {
        let turned = Integer::from(-sign);
        let ratio =
            |value: &Integer| Rational::from_parts(value * &turned, row.denominator.clone());
        let mut values: Vec<Rational> = row.values.iter().map(ratio).collect();
        let bound = -values.pop().unwrap_or(Rational::ZERO);
        self.push(nonzero(values), bound);
    }
}

fn nonzero(values: Vec<Rational>) -> Vec<(usize, Rational)> {
    values.into_iter().enumerate().filter(|(_, value)| !value.is_zero()).collect()
}

/// A number from −1024 to 1023 that depends on both indices without a pattern.
fn scattered(index: usize, j: usize) -> Rational {
    let mixed = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (j as u64 + 1).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    Rational::from((mixed.wrapping_mul(0x94D0_49BB_1331_11EB) >> 53) as i64 - 1024)
}

/// The distance from a float at `value` ≥ 0 to the next one.
fn spacing(value: &Rational) -> Option<Rational> {
    let float = value.to_f32().value();
    let exact = |float: f32| from_f32_bits(float.to_bits()).ok();
    Some(exact(float.next_up())? - exact(float)?)
}

/// The atoms of a clause that is true at (x, y), if the formula is: of each *or* the first part that is.
fn true_clause<'a>(
    formula: &'a Formula,
    x: &[Rational],
    y: &[Rational],
    atoms: &mut Vec<&'a Atom>,
) -> bool {
    match formula {
        Formula::Atom(atom) => {
            atoms.push(atom);
            atom.holds_at(x, y)
        }
        Formula::And(parts) => parts.iter().all(|part| true_clause(part, x, y, atoms)),
        Formula::Or(parts) => {
            let found = parts.iter().find(|part| part.holds_at(x, y));
            found.is_some_and(|part| true_clause(part, x, y, atoms))
        }
    }
}

/// Whether bounds on input j alone leave it one value.
fn is_fixed(atoms: &[&Atom], j: usize) -> bool {
    let ends = |positive: bool| {
        let own = atoms.iter().filter(|atom| atom.output.is_empty() && atom.input.len() == 1);
        own.filter_map(move |atom| {
            let (input, factor) = &atom.input[0];
            let fits = *input == j && (*factor > Rational::ZERO) == positive;
            fits.then(|| &atom.bound / factor)
        })
    };
    ends(true).min().is_some_and(|upper| ends(false).max() == Some(upper))
}

/// The sign of every neuron's pre-activation.
fn signs_at(network: &Network, point: &[Rational]) -> Vec<i8> {
    let (mut values, mut denominator) = over_common_denominator(point);
    let mut signs = Vec::new();
    for layer in network.layers() {
        values = layer.pre_activations(&values, &denominator);
        denominator *= &layer.denominator;
        if layer.activation == Activation::Linear {
            continue;
        }
        for value in &mut values {
            signs.push(match (*value).cmp(&Integer::ZERO) {
                std::cmp::Ordering::Less => -1,
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Greater => 1,
            });
            if *value < Integer::ZERO {
                *value = Integer::ZERO;
            }
        }
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_formats::network::{NetworkOptions, parse_network};
    use foldline_formats::vnnlib::parse_property;
    use foldline_kernel::number::parse_rational;

    /// The float witness that is found from an exact one.
    fn floats(
        json: &str,
        assertions: &str,
        witness: &[&str],
    ) -> Result<FloatWitness, RoundingFailure> {
        let options = NetworkOptions::default();
        let network = parse_network("n.json", json.as_bytes(), &options).unwrap().network;
        let declare = |(letter, count): (&str, usize)| -> String {
            (0..count).map(|i| format!("(declare-const {letter}_{i} Real)\n")).collect()
        };
        let names = [("X", network.inputs()), ("Y", network.outputs())].map(declare).concat();
        let text = format!("{names}{assertions}");
        let property = parse_property("p", &text, network.inputs(), network.outputs()).unwrap();
        let point: Vec<Rational> = witness.iter().map(|t| parse_rational(t).unwrap()).collect();
        assert!(property.formula.holds_at(&point, &network.evaluate(&point).output), "a witness");
        let found = float_witness(&network, &property, &point, &|| false)?;
        assert_eq!(found.output, network.evaluate(&found.input).output);
        assert!(property.formula.holds_at(&found.input, &found.output));
        assert!(found.input.iter().all(|x| x.to_f32().value() as f64 == x.to_f64().value()));
        Ok(found)
    }

    /// |x − 1/3| + |y − 1/7|.
    const DISTANCE: &str = r#"{"layers": [
        {"weights": [[1, 0], [-1, 0], [0, 1], [0, -1]], "bias": ["-1/3", "1/3", "-1/7", "1/7"],
         "activation": "relu"},
        {"weights": [[1, 1, 1, 1]], "bias": [0], "activation": "linear"}]}"#;

    #[test]
    fn a_vertex_gives_a_float_further_inside() {
        // The cone around the witness is too narrow for the floats next to it.
        let narrow = "(assert (>= (- X_0 (/ 1 3)) (* 3 (- X_1 (/ 1 7)))))
            (assert (<= (- X_0 (/ 1 3)) (* 3.0001 (- X_1 (/ 1 7)))))
            (assert (<= X_0 1)) (assert (<= Y_0 1))";
        assert!(floats(DISTANCE, narrow, &["1/3", "1/7"]).is_ok());
    }

    #[test]
    fn neighbouring_cells_are_looked_at() {
        // At the witness two neurons are at 0; only where both are on there is more room.
        let far = "(assert (>= (- X_0 (/ 1 3)) (* 0.9999 (- X_1 (/ 1 7)))))
            (assert (<= (- X_0 (/ 1 3)) (- X_1 (/ 1 7))))
            (assert (<= (+ X_0 X_1) (+ Y_0 (/ 10 21))))";
        assert!(floats(DISTANCE, far, &["1/3", "1/7"]).is_ok());
    }

    #[test]
    fn where_the_unsafe_set_is_one_point_there_is_none() {
        let touched = "(assert (<= Y_0 0))";
        let found = floats(DISTANCE, touched, &["1/3", "1/7"]);
        assert!(matches!(found, Err(RoundingFailure::NotUnsafe { .. })), "{found:?}");
    }

    #[test]
    fn a_fixed_coordinate_stays() {
        let flat = "(assert (= X_0 0.5))
            (assert (>= (* 3 (- X_1 (/ 1 7))) (- Y_0 (/ 1 6)))) (assert (>= X_1 (/ 1 7)))";
        let found = floats(DISTANCE, flat, &["1/2", "1/7"]).unwrap();
        assert_eq!(found.input[0], parse_rational("1/2").unwrap());
    }
}
