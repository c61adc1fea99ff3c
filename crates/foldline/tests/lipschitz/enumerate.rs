//! The oracle: every cell with interior relative to the region's affine hull, and its norm.

use foldline::geometry::ExactConstraint;
use foldline::geometry::exact_lp::{ExactOutcome, feasible_point, maximize};
use foldline::lipschitz::Exponent;
use foldline::{Activation, LinearConstraint, Network, Polyhedron, Rational};

/// An affine function of the input: one coefficient an input, then the constant.
type Affine = Vec<Rational>;

/// A polyhedron's relative interior: its implicit equalities, and the rest strictly.
pub struct Interior {
    pub dimension: usize,
    pub equalities: Vec<Vec<Rational>>,
    pub constraints: Vec<LinearConstraint>,
}

fn exact(dimension: usize, constraints: &[LinearConstraint]) -> Vec<ExactConstraint> {
    constraints.iter().map(|c| ExactConstraint::new(dimension, c)).collect()
}

fn is_feasible(dimension: usize, constraints: &[LinearConstraint]) -> bool {
    feasible_point(dimension, &exact(dimension, constraints)).is_some()
}

/// The relative interior; none if the polyhedron is empty.
pub fn relative_interior(polyhedron: &Polyhedron) -> Option<Interior> {
    let dimension = polyhedron.dimension;
    if !is_feasible(dimension, &polyhedron.constraints) {
        return None;
    }
    let (mut equalities, mut constraints) = (Vec::new(), Vec::new());
    for (index, constraint) in polyhedron.constraints.iter().enumerate() {
        let mut others = polyhedron.constraints.clone();
        others[index].strict = true;
        if is_feasible(dimension, &others) {
            constraints.push(LinearConstraint { strict: true, ..constraint.clone() });
        } else {
            let mut normal = vec![Rational::ZERO; dimension];
            constraint.coefficients.iter().for_each(|(j, value)| normal[*j] = value.clone());
            equalities.push(normal);
            constraints.push(constraint.clone());
        }
    }
    Some(Interior { dimension, equalities, constraints })
}

fn half_space(row: &Affine, positive: bool) -> LinearConstraint {
    let (constant, coefficients) = row.split_last().unwrap();
    let sign = Rational::from(if positive { -1 } else { 1 });
    let terms = coefficients.iter().map(|value| &sign * value).enumerate().collect();
    LinearConstraint::new(terms, -(&sign * constant), true)
}

/// Calls `visit` with the affine output maps of every cell.
pub fn cells(network: &Network, interior: &Interior, visit: &mut dyn FnMut(&[Affine])) {
    let dimension = network.inputs();
    let unit = |j: usize| (0..=dimension).map(|i| Rational::from(u8::from(i == j))).collect();
    let identity: Vec<Affine> = (0..dimension).map(unit).collect();
    layer(network, 0, &identity, &mut interior.constraints.clone(), visit);
}

fn layer(
    network: &Network,
    index: usize,
    below: &[Affine],
    constraints: &mut Vec<LinearConstraint>,
    visit: &mut dyn FnMut(&[Affine]),
) {
    let Some(content) = network.layers().get(index) else {
        return visit(below);
    };
    let row = |row: &foldline::kernel::network::RationalRow| {
        let mut sum = vec![Rational::ZERO; network.inputs() + 1];
        *sum.last_mut().unwrap() = row.bias.clone();
        for (j, weight) in &row.weights {
            sum.iter_mut().zip(&below[*j]).for_each(|(value, term)| *value += weight * term);
        }
        sum
    };
    let rows: Vec<Affine> = content.rational_rows().iter().map(row).collect();
    match content.activation {
        Activation::Linear => layer(network, index + 1, &rows, constraints, visit),
        Activation::Relu => neuron(network, index, rows, 0, constraints, visit),
    }
}

fn neuron(
    network: &Network,
    index: usize,
    rows: Vec<Affine>,
    next: usize,
    constraints: &mut Vec<LinearConstraint>,
    visit: &mut dyn FnMut(&[Affine]),
) {
    if next == rows.len() {
        return layer(network, index + 1, &rows, constraints, visit);
    }
    let mut off = rows.clone();
    off[next].fill(Rational::ZERO);
    let mut constant = true;
    for positive in [true, false] {
        constraints.push(half_space(&rows[next], positive));
        if is_feasible(network.inputs(), constraints) {
            constant = false;
            let rows = if positive { rows.clone() } else { off.clone() };
            neuron(network, index, rows, next + 1, constraints, visit);
        }
        constraints.pop();
    }
    if constant {
        neuron(network, index, off, next + 1, constraints, visit);
    }
}

/// The largest row·v over ‖v‖_p ≤ 1 with v in the hull, for p = 1 and p = ∞, by an exact LP.
fn dual_norm(interior: &Interior, row: &[Rational], p_is_one: bool) -> Rational {
    let d = interior.dimension;
    let mut constraints = Vec::new();
    let all = |sign: &dyn Fn(usize) -> i8| (0..d).map(|j| (j, Rational::from(sign(j)))).collect();
    if p_is_one {
        for signs in 0u32..1 << d {
            let sign = |j: usize| if signs >> j & 1 == 0 { -1 } else { 1 };
            constraints.push(LinearConstraint::new(all(&sign), Rational::ONE, false));
        }
    } else {
        for j in 0..d {
            for sign in [-1i8, 1] {
                let terms = vec![(j, Rational::from(sign))];
                constraints.push(LinearConstraint::new(terms, Rational::ONE, false));
            }
        }
    }
    for normal in &interior.equalities {
        for sign in [-1i8, 1] {
            let terms = normal.iter().map(|value| value * Rational::from(sign)).enumerate();
            constraints.push(LinearConstraint::new(terms.collect(), Rational::ZERO, false));
        }
    }
    let objective =
        LinearConstraint::new(row.iter().cloned().enumerate().collect(), Rational::ZERO, false);
    let objective = ExactConstraint::new(d, &objective);
    match maximize(d, &exact(d, &constraints), &objective.coefficients) {
        ExactOutcome::Optimal { value, .. } => value / Rational::from(objective.scale),
        other => panic!("{other:?}"),
    }
}

fn dot(a: &[Rational], b: &[Rational]) -> Rational {
    a.iter().zip(b).fold(Rational::ZERO, |sum, (x, y)| sum + x * y)
}

/// The rows without their parts across the hull (Gram–Schmidt without roots).
pub fn projected(interior: &Interior, rows: &[Vec<Rational>]) -> Vec<Vec<Rational>> {
    let mut basis: Vec<Vec<Rational>> = Vec::new();
    let reduce = |basis: &[Vec<Rational>], row: &[Rational]| {
        let mut row = row.to_vec();
        for b in basis {
            let factor = dot(&row, b) / dot(b, b);
            row.iter_mut().zip(b).for_each(|(value, term)| *value -= &factor * term);
        }
        row
    };
    for normal in &interior.equalities {
        let rest = reduce(&basis, normal);
        if rest.iter().any(|value| !value.is_zero()) {
            basis.push(rest);
        }
    }
    rows.iter().map(|row| reduce(&basis, row)).collect()
}

/// What the norm of a Jacobian is: exactly, its square, or about.
#[derive(Debug, Clone, PartialEq)]
pub enum Size {
    Exact(Rational),
    Square(Rational),
    About(f64),
}

/// The operator norm of a Jacobian within the hull.
pub fn norm(interior: &Interior, p: &Exponent, jacobian: &[Vec<Rational>]) -> Size {
    let d = interior.dimension;
    let combined = |signs: u32| -> Vec<Rational> {
        let entry = |j: usize| {
            jacobian.iter().enumerate().fold(Rational::ZERO, |sum, (i, row)| {
                if signs >> i & 1 == 0 { sum - &row[j] } else { sum + &row[j] }
            })
        };
        (0..d).map(entry).collect()
    };
    let largest = |values: &mut dyn Iterator<Item = Rational>| values.max().unwrap();
    if p.is_at_most_one() {
        let signs = 0u32..1 << jacobian.len();
        return Size::Exact(largest(&mut signs.map(|s| dual_norm(interior, &combined(s), true))));
    }
    if *p == Exponent::Infinite {
        let rows = jacobian.iter();
        return Size::Exact(largest(&mut rows.map(|row| dual_norm(interior, row, false))));
    }
    let inside = projected(interior, jacobian);
    if let ([gradient], true) = (&inside[..], p.is_two()) {
        return Size::Square(dot(gradient, gradient));
    }
    let floats: Vec<Vec<f64>> =
        inside.iter().map(|row| row.iter().map(|value| value.to_f64().value()).collect()).collect();
    if p.is_two() {
        return Size::About(spectral(&floats));
    }
    let Exponent::Finite(p) = p else { unreachable!() };
    let p = p.to_f64().value();
    let q = p / (p - 1.0);
    Size::About(floats[0].iter().map(|value| value.abs().powf(q)).sum::<f64>().powf(1.0 / q))
}

/// The largest singular value, by Jacobi's rotations of JᵀJ.
fn spectral(rows: &[Vec<f64>]) -> f64 {
    let d = rows[0].len();
    let entry = |i: usize, j: usize| rows.iter().map(|row| row[i] * row[j]).sum::<f64>();
    let mut a: Vec<Vec<f64>> = (0..d).map(|i| (0..d).map(|j| entry(i, j)).collect()).collect();
    for _ in 0..40 {
        for i in 0..d {
            for j in i + 1..d {
                if a[i][j] == 0.0 {
                    continue;
                }
                let angle = 0.5 * (2.0 * a[i][j]).atan2(a[j][j] - a[i][i]);
                let (s, c) = angle.sin_cos();
                for k in 0..d {
                    (a[k][i], a[k][j]) = (c * a[k][i] - s * a[k][j], s * a[k][i] + c * a[k][j]);
                }
                for k in 0..d {
                    (a[i][k], a[j][k]) = (c * a[i][k] - s * a[j][k], s * a[i][k] + c * a[j][k]);
                }
            }
        }
    }
    (0..d).map(|i| a[i][i]).fold(0.0, f64::max).sqrt()
}

/// A number by which sizes of one kind are compared.
pub fn rank(size: &Size) -> Rational {
    match size {
        Size::Exact(value) | Size::Square(value) => value.clone(),
        Size::About(value) => Rational::try_from(value.min(f64::MAX)).unwrap(),
    }
}
