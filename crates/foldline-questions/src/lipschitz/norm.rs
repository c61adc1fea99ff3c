//! The operator norm of a Jacobian, exactly or enclosed, in the coordinates of a region's hull.
//!
//! With x = base + Σ t_k·d_k the Jacobian J in t has the norm sup ‖J t‖_p over ‖Σ t_k·d_k‖_p ≤ 1.
//! For p ≤ 1 and p = ∞ the supremum is at a vertex v of that unit ball, so the norm is a maximum of
//! linear functionals J·v; where the hull is parallel to the axes they are the columns of J for p ≤ 1,
//! and for p = ∞ row sums replace the 2^d vertices.

use foldline_kernel::Rational;
use foldline_kernel::number::magnitude;

use super::matrix::{
    Matrix, dot, inverse, largest_eigenvalue, null_vector, row_products, transposed,
};
use super::power::{power, square_root};
use super::statement::{Constant, Exponent, Refused};

/// Most systems of equations that are solved to list the vertices of a unit ball.
const MOST_VERTICES: usize = 100_000;

/// How the functionals of a Jacobian are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The largest over functionals v of Σ_i |J_i·v| (p ≤ 1).
    LargestColumn,
    /// The largest over outputs i and functionals v of |J_i·v| (p = ∞ on oblique hulls).
    LargestEntry,
    /// The largest over outputs i of Σ_v |J_i·v| (p = ∞).
    LargestRow,
    /// The Euclidean operator norm.
    Euclidean,
    /// (Σ_v |J·v|^q)^(1/q) of one output.
    Power(Rational),
}

/// The norm of Jacobians in hull coordinates.
#[derive(Debug, Clone)]
pub struct Norm {
    /// How it is computed.
    pub kind: Kind,
    /// The functionals v, in hull coordinates.
    pub functionals: Matrix,
    /// DᵀD for the matrix D of the hull's directions, and its inverse.
    pub gram: Matrix,
    /// See `gram`.
    pub gram_inverse: Matrix,
    directions: Matrix,
}

fn is_unit(direction: &[Rational]) -> bool {
    let zeros = direction.iter().filter(|value| value.is_zero()).count();
    zeros + 1 == direction.len() && direction.contains(&Rational::ONE)
}

/// What sizes of one norm are ordered by: the value, its square, or the lower bound.
pub fn key(size: &Constant) -> &Rational {
    match size {
        Constant::Exact(value) | Constant::Square(value) => value,
        Constant::Between { lower, .. } => lower,
    }
}

impl Norm {
    /// The norm for p > 0 on the hull with these (independent) directions.
    pub fn new(p: &Exponent, outputs: usize, directions: Matrix) -> Result<Self, Refused> {
        let aligned = directions.iter().all(|direction| is_unit(direction));
        let units = identity(directions.len());
        let one = Rational::ONE;
        let (kind, functionals) = match p {
            Exponent::Infinite if aligned => (Kind::LargestRow, units),
            Exponent::Infinite => (Kind::LargestEntry, cube_vertices(&directions)?),
            Exponent::Finite(p) if *p < one && outputs > 1 => {
                return Err(Refused::SeveralOutputs(p.clone()));
            }
            Exponent::Finite(p) if *p <= one && aligned => (Kind::LargestColumn, units),
            Exponent::Finite(p) if *p == one => {
                (Kind::LargestColumn, cross_polytope_vertices(&directions)?)
            }
            _ if p.is_two() => (Kind::Euclidean, units),
            Exponent::Finite(p) if outputs > 1 => return Err(Refused::SeveralOutputs(p.clone())),
            Exponent::Finite(_) if !aligned => return Err(Refused::ObliqueRegion),
            Exponent::Finite(p) => (Kind::Power(p / (p - &one)), units),
        };
        let gram = row_products(&directions, &directions);
        let gram_inverse = inverse(&gram);
        Ok(Self { kind, functionals, gram, gram_inverse, directions })
    }

    /// The orthogonal projection of a Jacobian onto the hull: D·(DᵀD)⁻¹·(its hull coordinates).
    pub fn projected(&self, in_hull: &[Vec<Rational>], inputs: usize) -> Matrix {
        let columns = transposed(&self.directions, inputs);
        let weights = row_products(in_hull, &self.gram_inverse);
        row_products(&weights, &columns)
    }

    /// What the key of no Jacobian exceeds whose functionals lie in these ranges, one list an output.
    pub fn most(&self, ranges: &[Vec<(Rational, Rational)>]) -> Rational {
        let size = |(low, high): &(Rational, Rational)| magnitude(low).max(magnitude(high));
        let sizes: Matrix = ranges.iter().map(|row| row.iter().map(size).collect()).collect();
        match &self.kind {
            Kind::Euclidean => {
                // The trace of J S Jᵀ for the inverse S of the Gram matrix is at least its largest eigenvalue.
                let s: Matrix = self
                    .gram_inverse
                    .iter()
                    .map(|row| row.iter().map(magnitude).collect())
                    .collect();
                let square = |row: &Vec<Rational>| {
                    s.iter().zip(row).fold(Rational::ZERO, |sum, (s, a)| sum + a * dot(s, row))
                };
                let trace = sizes.iter().map(square).fold(Rational::ZERO, |sum, value| sum + value);
                if sizes.len() == 1 { trace } else { square_root(&trace).1 }
            }
            Kind::Power(q) => match power_sum(&sizes.concat(), q) {
                Constant::Between { upper, .. } => upper,
                other => key(&other).clone(),
            },
            _ => self.joined(sizes.into_iter()),
        }
    }

    /// The norm of which the magnitudes of the functionals are given, one list an output.
    fn joined(&self, sizes: impl Iterator<Item = Vec<Rational>>) -> Rational {
        let sum =
            |row: Vec<Rational>| row.into_iter().fold(Rational::ZERO, |sum, value| sum + value);
        let largest = match self.kind {
            Kind::LargestRow => sizes.map(sum).max(),
            Kind::LargestColumn => {
                let mut sums = vec![Rational::ZERO; self.functionals.len()];
                for row in sizes {
                    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                }
                sums.into_iter().max()
            }
            _ => sizes.flatten().max(),
        };
        largest.unwrap_or(Rational::ZERO)
    }

    /// The norm of a Jacobian in hull coordinates.
    pub fn measure(&self, jacobian: &[Vec<Rational>]) -> Constant {
        let size = |row: &Vec<Rational>| -> Vec<Rational> {
            self.functionals.iter().map(|v| magnitude(&dot(row, v))).collect()
        };
        let sizes = jacobian.iter().map(size);
        match &self.kind {
            Kind::Euclidean => self.euclidean(jacobian),
            Kind::Power(q) => power_sum(&sizes.flatten().collect::<Vec<_>>(), q),
            _ => Constant::Exact(self.joined(sizes)),
        }
    }

    fn euclidean(&self, jacobian: &[Vec<Rational>]) -> Constant {
        if let [gradient] = jacobian {
            let image: Vec<Rational> =
                self.gram_inverse.iter().map(|row| dot(row, gradient)).collect();
            return Constant::Square(dot(gradient, &image));
        }
        let columns = transposed(jacobian, self.gram.len());
        // JᵀJ v = λ·DᵀD v and J·(DᵀD)⁻¹·Jᵀ w = λ w have the same largest λ.
        let (least, most) = if jacobian.len() < self.gram.len() {
            let weighted = row_products(jacobian, &self.gram_inverse);
            largest_eigenvalue(&row_products(&weighted, jacobian), &identity(jacobian.len()))
        } else {
            largest_eigenvalue(&row_products(&columns, &columns), &self.gram)
        };
        Constant::Between { lower: square_root(&least).0, upper: square_root(&most).1 }
    }
}

/// (Σ a^q)^(1/q), enclosed.
fn power_sum(values: &[Rational], q: &Rational) -> Constant {
    let largest = values.iter().max().cloned().unwrap_or(Rational::ZERO);
    let mut sum = (Rational::ZERO, Rational::ZERO);
    for value in values.iter().filter(|value| !value.is_zero()) {
        let (low, high) = if *value == largest {
            (Rational::ONE, Rational::ONE)
        } else {
            power(&(value / &largest), q)
        };
        sum = (sum.0 + low, sum.1 + high);
    }
    if largest.is_zero() {
        return Constant::Between { lower: Rational::ZERO, upper: Rational::ZERO };
    }
    let root = Rational::ONE / q;
    let (lower, upper) = (power(&sum.0, &root).0, power(&sum.1, &root).1);
    Constant::Between { lower: lower.max(Rational::ONE) * &largest, upper: upper * largest }
}

fn identity(count: usize) -> Matrix {
    let unit = |i: usize| (0..count).map(|j| Rational::from(u8::from(i == j))).collect();
    (0..count).map(unit).collect()
}

/// Calls `visit` with every subset of `size` of the numbers below `count`; an error stops.
fn for_subsets(
    count: usize,
    size: usize,
    mut visit: impl FnMut(&[usize]) -> Result<(), Refused>,
) -> Result<(), Refused> {
    if size > count {
        return Ok(());
    }
    let mut subset: Vec<usize> = (0..size).collect();
    loop {
        visit(&subset)?;
        let movable = |&place: &usize| subset[place] < count - size + place;
        let Some(place) = (0..size).rev().find(movable) else {
            return Ok(());
        };
        subset[place] += 1;
        for later in place + 1..size {
            subset[later] = subset[later - 1] + 1;
        }
    }
}

/// Counts systems solved, and refuses when there are too many.
fn limited(solved: &mut usize) -> Result<(), Refused> {
    *solved += 1;
    if *solved > MOST_VERTICES { Err(Refused::TooManyVertices(MOST_VERTICES)) } else { Ok(()) }
}

/// One of each pair ±v of points, all vertices among them, of the boundary of {t : ‖D t‖_1 ≤ 1}.
fn cross_polytope_vertices(directions: &[Vec<Rational>]) -> Result<Matrix, Refused> {
    let (count, inputs) = (directions.len(), directions[0].len());
    let rows = transposed(directions, inputs);
    let (mut vertices, mut solved) = (Vec::new(), 0);
    for_subsets(inputs, count - 1, |subset| {
        limited(&mut solved)?;
        let chosen = subset.iter().map(|&j| rows[j].clone()).collect();
        if let Some(t) = null_vector(chosen, count) {
            let size = rows.iter().fold(Rational::ZERO, |sum, row| sum + magnitude(&dot(row, &t)));
            let vertex: Vec<Rational> = t.iter().map(|value| value / &size).collect();
            if !vertices.contains(&vertex) {
                vertices.push(vertex);
            }
        }
        Ok(())
    })?;
    Ok(vertices)
}

/// One of each pair ±v of vertices of {t : ‖D t‖_∞ ≤ 1}.
fn cube_vertices(directions: &[Vec<Rational>]) -> Result<Matrix, Refused> {
    let (count, inputs) = (directions.len(), directions[0].len());
    let rows = transposed(directions, inputs);
    let (mut vertices, mut solved) = (Vec::new(), 0);
    for_subsets(inputs, count, |subset| {
        for signs in 0u64..1 << (count - 1) {
            limited(&mut solved)?;
            let equation = |(place, &j): (usize, &usize)| {
                let side = if signs >> place & 1 == 0 { -Rational::ONE } else { Rational::ONE };
                rows[j].iter().cloned().chain([side]).collect()
            };
            let system = subset.iter().enumerate().map(equation).collect();
            let Some(mut t) = null_vector(system, count + 1) else { continue };
            let scale = t.pop().expect("count + 1 numbers");
            if scale.is_zero() {
                continue;
            }
            let vertex: Vec<Rational> = t.iter().map(|value| value / &scale).collect();
            let inside = rows.iter().all(|row| magnitude(&dot(row, &vertex)) <= Rational::ONE);
            if inside && !vertices.contains(&vertex) {
                vertices.push(vertex);
            }
        }
        Ok(())
    })?;
    Ok(vertices)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[i64]]) -> Matrix {
        rows.iter().map(|row| row.iter().map(|&value| Rational::from(value)).collect()).collect()
    }

    fn size(p: &str, directions: &[&[i64]], jacobian: &[&[i64]]) -> Constant {
        let p = match p {
            "inf" => Exponent::Infinite,
            p => Exponent::Finite(foldline_kernel::number::parse_rational(p).unwrap()),
        };
        let norm = Norm::new(&p, jacobian.len(), matrix(directions)).unwrap();
        norm.measure(&row_products(&matrix(jacobian), &norm.directions))
    }

    fn exact(value: i64) -> Constant {
        Constant::Exact(Rational::from(value))
    }

    #[test]
    fn dual_norms_of_a_gradient() {
        let (axes, gradient): (&[&[i64]], &[&[i64]]) = (&[&[1, 0], &[0, 1]], &[&[3, -4]]);
        assert_eq!(size("1", axes, gradient), exact(4));
        assert_eq!(size("1/3", axes, gradient), exact(4));
        assert_eq!(size("inf", axes, gradient), exact(7));
        assert_eq!(size("2", axes, gradient), Constant::Square(Rational::from(25)));
        // p = 3: q = 3/2, (3^1.5 + 4^1.5)^(2/3).
        let Constant::Between { lower, upper } = size("3", axes, gradient) else { panic!() };
        let expected = (3f64.powf(1.5) + 4f64.powf(1.5)).powf(2.0 / 3.0);
        assert!((lower.to_f64().value() - expected).abs() < 1e-12, "{lower}");
        assert!((upper.to_f64().value() - expected).abs() < 1e-12 && lower <= upper);
    }

    #[test]
    fn operator_norms_of_a_matrix() {
        let (axes, jacobian): (&[&[i64]], &[&[i64]]) = (&[&[1, 0], &[0, 1]], &[&[1, -2], &[3, 4]]);
        assert_eq!(size("1", axes, jacobian), exact(6));
        assert_eq!(size("inf", axes, jacobian), exact(7));
        let Constant::Between { lower, upper } = size("2", axes, jacobian) else { panic!() };
        // Singular values of [[1, -2], [3, 4]]: squares 15 ± 5√5.
        let expected = (15.0 + 125f64.sqrt()).sqrt();
        assert!((lower.to_f64().value() - expected).abs() < 1e-11, "{lower}");
        assert!((upper.to_f64().value() - expected).abs() < 1e-11 && lower <= upper);
    }

    #[test]
    fn oblique_hulls_measure_inside() {
        // The line (1, 1)·t: |3t + t| = 4|t| against ‖(t, t)‖: 2|t|, √2|t|, |t|.
        let (line, gradient): (&[&[i64]], &[&[i64]]) = (&[&[1, 1]], &[&[3, 1]]);
        assert_eq!(size("1", line, gradient), exact(2));
        assert_eq!(size("inf", line, gradient), exact(4));
        assert_eq!(size("2", line, gradient), Constant::Square(Rational::from(8)));
        // The plane x + y + z = 0: the gradient e_x changes by 1/2 a unit of ‖(1, −1/2, −1/2)·s‖_1.
        let plane: &[&[i64]] = &[&[1, 0, -1], &[0, 1, -1]];
        assert_eq!(size("1", plane, &[&[2, 0, 0]]), exact(1));
        assert_eq!(size("inf", plane, &[&[2, 0, 0]]), exact(2));
        let two_thirds = Rational::from(2) / Rational::from(3);
        assert_eq!(size("2", plane, &[&[1, 0, 0]]), Constant::Square(two_thirds));
        let norm = Norm::new(&Exponent::Infinite, 1, matrix(plane)).unwrap();
        assert_eq!(norm.functionals.len(), 3);
    }

    #[test]
    fn what_has_no_exact_meaning_is_refused() {
        let half = Exponent::Finite(Rational::ONE / Rational::from(2));
        assert!(Norm::new(&half, 2, matrix(&[&[1]])).is_err());
        assert!(Norm::new(&half, 1, matrix(&[&[1, 1]])).is_err());
        assert!(Norm::new(&Exponent::Finite(Rational::from(3)), 2, matrix(&[&[1]])).is_err());
    }
}
