//! Statements about Lipschitz constants: a cell that attains it, and a tree in which no cell is larger.

use std::collections::HashSet;
use std::io::BufRead;

use foldline_kernel::linear::dot;
use foldline_kernel::number::Abs;
use foldline_kernel::{
    Activation, Integer, LinearConstraint, Natural, Network, Polyhedron, Rational,
};

use crate::certificate::{Certificate, Stop};
use crate::lines::{Fields, Lines, Reason, index, integer, rational};
use crate::slopes::{Range, Slopes, originals};
use crate::subject::{Named, Subject};

/// With more derivatives of unknown sign than this, their magnitudes are added up.
const MOST_SIGNS: usize = 8;

/// Which norm: of the Jacobian's rows and columns, for p ≤ 1, p = ∞ and p = 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Norm {
    LargestColumn,
    LargestRow,
    Square,
}

/// What is claimed.
struct Claim {
    network: Network,
    outputs: Vec<usize>,
    norm: Norm,
    /// The constant, or its square.
    value: Rational,
    originals: Vec<Option<(usize, i8)>>,
}

/// `lipschitz P I_1,I_2,… value V` (or `square V` for p = 2, or `empty`), about a network and perhaps
/// a region.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    let (p, list, word) = (claim.word()?, claim.word()?, claim.word()?);
    let value = if word == "empty" { None } else { Some(claim.word()?) };
    claim.finish()?;
    let number = value.map(rational).transpose()?;
    let subject = Subject::read(certificate, Named::Perhaps)?;
    let outputs =
        list.split(',').map(|field| subject.output(field)).collect::<Result<Vec<_>, _>>()?;
    let norm = norm(p, word, outputs.len())?;
    let Subject { network, region, .. } = subject;
    let originals = originals(&network);
    let claim =
        Claim { network, outputs, norm, value: number.unwrap_or(Rational::ZERO), originals };
    if value.is_some() {
        let point = certificate.point("attained", claim.network.inputs())?;
        claim.check_attained(&region.pieces, &point)?;
    }
    for piece in &region.pieces {
        check_piece(&mut certificate.lines, &claim, piece, value.is_none())?;
    }
    certificate.end()?;
    Ok([p, list, word].into_iter().chain(value).collect::<Vec<_>>().join(" "))
}

fn norm(p: &str, word: &str, outputs: usize) -> Result<Norm, Reason> {
    let (norm, expected) = match p {
        "inf" => (Norm::LargestRow, "value"),
        "2" if outputs == 1 => (Norm::Square, "square"),
        p => {
            let p = rational(p)?;
            let is_small = p > Rational::ZERO && p <= Rational::ONE;
            if !is_small || p < Rational::ONE && outputs > 1 {
                return Err("there is no certificate for this p and so many outputs".to_owned());
            }
            (Norm::LargestColumn, "value")
        }
    };
    if word != expected && word != "empty" {
        return Err(format!("expected `{expected}` or `empty`, found `{word}`"));
    }
    Ok(norm)
}

fn sum(values: impl Iterator<Item = Rational>) -> Rational {
    values.fold(Rational::ZERO, |sum, value| sum + value)
}

fn size(range: &Range) -> Rational {
    range.0.clone().abs().max(range.1.clone().abs())
}

impl Claim {
    fn units(&self) -> Vec<Vec<Rational>> {
        let inputs = self.network.inputs();
        let unit = |i: usize| (0..inputs).map(|j| Rational::from(u8::from(i == j))).collect();
        (0..inputs).map(unit).collect()
    }

    /// The norm (or its square) of derivatives in these ranges is at most this.
    fn most(&self, ranges: &[Vec<Range>]) -> Rational {
        let sizes: Vec<Vec<Rational>> =
            ranges.iter().map(|row| row.iter().map(size).collect()).collect();
        let inputs = self.network.inputs();
        let column = |j: usize| sum(sizes.iter().map(|row| row[j].clone()));
        let most = match self.norm {
            Norm::LargestColumn => (0..inputs).map(column).max(),
            Norm::LargestRow => sizes.into_iter().map(|row| sum(row.into_iter())).max(),
            Norm::Square => {
                sizes.iter().map(|row| sum(row.iter().map(|value| value * value))).max()
            }
        };
        most.unwrap_or(Rational::ZERO)
    }

    /// The point is inside a piece and a cell, and the norm there is the value.
    fn check_attained(&self, pieces: &[Polyhedron], point: &[Rational]) -> Result<(), Reason> {
        let strictly = |c: &LinearConstraint| dot(&c.coefficients, point) < c.bound;
        let is_inside = |piece: &Polyhedron| piece.constraints.iter().all(strictly);
        if !pieces.iter().any(is_inside) {
            return Err("the point is not in the interior of the region".to_owned());
        }
        let pattern = self.network.evaluate(point).pattern.concat();
        let sign = |neuron: usize| if pattern[neuron] { 1 } else { -1 };
        for neuron in 0..pattern.len() {
            let row = pre_activation(&self.network, neuron, &sign)?;
            let (constant, gradient) = row.split_last().expect("a constant");
            let terms = gradient.iter().zip(point).map(|(a, x)| a * x);
            let is_constant = gradient.iter().all(Rational::is_zero);
            if !is_constant && (sum(terms) + constant).is_zero() {
                return Err(format!("the point is not inside a cell: neuron {neuron} is at 0"));
            }
        }
        let slopes = Slopes::new(&self.network, &self.originals, sign);
        let units = self.units();
        let ranges: Vec<_> =
            self.outputs.iter().map(|&output| slopes.ranges(output, &units)).collect();
        if self.most(&ranges) != self.value {
            return Err("the norm of the derivative is another one there".to_owned());
        }
        Ok(())
    }

    /// Whether intervals show that no cell with these signs is larger.
    fn is_bounded(&self, node: &Node, basis: Option<&[Rational]>) -> bool {
        let slopes = Slopes::new(&self.network, &self.originals, |neuron| self.sign(node, neuron));
        let vectors = basis.map_or_else(|| self.units(), reflection);
        let ranges: Vec<_> =
            self.outputs.iter().map(|&output| slopes.ranges(output, &vectors)).collect();
        self.most(&ranges) <= self.value
            || self.norm == Norm::LargestRow
                && self
                    .outputs
                    .iter()
                    .zip(&ranges)
                    .all(|(&output, row)| self.by_signs(&slopes, output, row))
    }

    /// The same for one output by the derivative along every possible sign vector.
    fn by_signs(&self, slopes: &Slopes, output: usize, ranges: &[Range]) -> bool {
        let zero = Rational::ZERO;
        let unknown: Vec<usize> =
            (0..ranges.len()).filter(|&j| ranges[j].0 < zero && ranges[j].1 > zero).collect();
        if unknown.len() > MOST_SIGNS {
            return sum(ranges.iter().map(size)) <= self.value;
        }
        let one = |negative: bool| if negative { -Rational::ONE } else { Rational::ONE };
        let vector = |signs: u32| -> Vec<Rational> {
            let mut vector: Vec<Rational> =
                ranges.iter().map(|(low, _)| one(*low < zero)).collect();
            for (place, &j) in unknown.iter().enumerate() {
                vector[j] = one(signs >> place & 1 == 1);
            }
            vector
        };
        let vectors: Vec<Vec<Rational>> = (0..1 << unknown.len()).map(vector).collect();
        slopes.ranges(output, &vectors).iter().all(|(_, high)| *high <= self.value)
    }

    /// A neuron's sign: its own, or its original's.
    fn sign(&self, node: &Node, neuron: usize) -> i8 {
        match self.originals[neuron] {
            Some((other, factor)) => factor * node.signs[other],
            None => node.signs[neuron],
        }
    }
}

/// The rows of I − 2 u uᵀ/(uᵀu), an orthogonal matrix.
fn reflection(u: &[Rational]) -> Vec<Vec<Rational>> {
    let factor = Rational::from(2) / sum(u.iter().map(|value| value * value));
    let entry = |i: usize, j: usize| Rational::from(u8::from(i == j)) - &factor * &u[i] * &u[j];
    (0..u.len()).map(|i| (0..u.len()).map(|j| entry(i, j)).collect()).collect()
}

/// A neuron's pre-activation as an affine function of the inputs; all of earlier layers need a sign.
fn pre_activation(
    network: &Network,
    neuron: usize,
    sign: &impl Fn(usize) -> i8,
) -> Result<Vec<Rational>, Reason> {
    let inputs = network.inputs();
    let mut values: Vec<Vec<Integer>> = (0..inputs)
        .map(|j| (0..=inputs).map(|i| Integer::from(u8::from(i == j))).collect())
        .collect();
    let (mut denominator, mut first) = (Natural::ONE, 0);
    for layer in network.layers() {
        let row = |row: &foldline_kernel::Row| {
            let mut sum = vec![Integer::ZERO; inputs + 1];
            sum[inputs] = &row.bias * Integer::from(denominator.clone());
            for (&column, weight) in row.columns.iter().zip(&row.numerators) {
                for (value, term) in sum.iter_mut().zip(&values[column as usize]) {
                    *value += weight * term;
                }
            }
            sum
        };
        let rows: Vec<Vec<Integer>> = layer.rows.iter().map(row).collect();
        let after = &denominator * &layer.denominator;
        if layer.activation == Activation::Linear {
            (values, denominator) = (rows, after);
            continue;
        }
        if neuron < first + rows.len() {
            let ratio = |value: &Integer| Rational::from_parts(value.clone(), after.clone());
            return Ok(rows[neuron - first].iter().map(ratio).collect());
        }
        let mut next = Vec::with_capacity(rows.len());
        for (position, row) in rows.into_iter().enumerate() {
            next.push(match sign(first + position) {
                1 => row,
                -1 => vec![Integer::ZERO; inputs + 1],
                _ => return Err(format!("neuron {} has no sign yet", first + position)),
            });
        }
        first += next.len();
        (values, denominator) = (next, after);
    }
    Err(format!("there is no neuron {neuron}"))
}

/// A part of a piece: signs (0 undecided), and the strict half-spaces coefficients·x < bound of splits.
#[derive(Clone)]
struct Node {
    signs: Vec<i8>,
    splits: Vec<(usize, LinearConstraint)>,
}

/// `void TERMS` (the piece has no point), or `interior R_1 … R_d` and a tree.
fn check_piece<R: BufRead>(
    lines: &mut Lines<R>,
    claim: &Claim,
    piece: &Polyhedron,
    must_be_empty: bool,
) -> Result<(), Stop> {
    let mut fields = lines.next_fields()?;
    let word = fields.word()?;
    if word == "void" {
        return Ok(contradict(&piece.constraints, &[], fields)?);
    }
    if word != "interior" || must_be_empty {
        let expected = if must_be_empty { "`void`" } else { "`void` or `interior`" };
        return Err(format!("expected {expected}, found `{word}`").into());
    }
    let point =
        (0..piece.dimension).map(|_| fields.rational()).collect::<Result<Vec<_>, Reason>>()?;
    fields.finish()?;
    if !piece.constraints.iter().all(|c| dot(&c.coefficients, &point) < c.bound) {
        return Err("the point is not in the interior of that part of the region".into());
    }
    let strict =
        |constraint: &LinearConstraint| LinearConstraint { strict: true, ..constraint.clone() };
    let interior: Vec<LinearConstraint> = piece.constraints.iter().map(strict).collect();
    let signs = vec![0; claim.originals.len()];
    let mut open = vec![Node { signs, splits: Vec::new() }];
    while let Some(node) = open.pop() {
        check_node(lines, claim, &interior, node, &mut open)?;
    }
    Ok(())
}

/// One record: `bound [U_1 … U_d]` or `flat TERMS` close the node; `split K`, `constant K` go on.
fn check_node<R: BufRead>(
    lines: &mut Lines<R>,
    claim: &Claim,
    interior: &[LinearConstraint],
    mut node: Node,
    open: &mut Vec<Node>,
) -> Result<(), Stop> {
    let mut fields = lines.next_fields()?;
    let word = fields.word()?;
    match word {
        "bound" => {
            let basis = read_basis(claim, fields)?;
            if !claim.is_bounded(&node, basis.as_deref()) {
                return Err("the derivatives of that part may be larger".into());
            }
        }
        "flat" => contradict(interior, &node.splits, fields)?,
        "split" | "constant" => {
            let neuron = fields.index(node.signs.len(), "neuron")?;
            fields.finish()?;
            if claim.originals[neuron].is_some() || node.signs[neuron] != 0 {
                return Err(format!("neuron {neuron} has a sign or repeats another").into());
            }
            let row = pre_activation(&claim.network, neuron, &|other| claim.sign(&node, other))?;
            let (constant, gradient) = row.split_last().expect("a constant");
            if gradient.iter().all(Rational::is_zero) != (word == "constant") {
                let is = if word == "split" { "is" } else { "is not" };
                return Err(format!("the pre-activation of neuron {neuron} {is} constant").into());
            }
            if word == "constant" {
                node.signs[neuron] = if *constant > Rational::ZERO { 1 } else { -1 };
                open.push(node);
                return Ok(());
            }
            for sign in [-1i8, 1] {
                let mut child = node.clone();
                child.signs[neuron] = sign;
                let turned = Rational::from(-sign);
                let terms = gradient.iter().map(|value| value * &turned).enumerate().collect();
                let row = LinearConstraint::new(terms, -(constant * &turned), true);
                child.splits.push((neuron, row));
                open.push(child);
            }
        }
        other => {
            let expected = "`bound`, `flat`, `split` or `constant`";
            return Err(format!("expected {expected}, found `{other}`").into());
        }
    }
    Ok(())
}

/// The integers after `bound`: none, or for p = 2 a vector ≠ 0.
fn read_basis(claim: &Claim, mut fields: Fields<'_>) -> Result<Option<Vec<Rational>>, Reason> {
    let mut basis = Vec::new();
    for field in fields.by_ref() {
        basis.push(Rational::from(integer(field)?));
    }
    if basis.is_empty() {
        return Ok(None);
    }
    let fits = basis.len() == claim.network.inputs() && basis.iter().any(|value| !value.is_zero());
    if claim.norm != Norm::Square || !fits {
        return Err("expected nothing, or for p = 2 a vector of integers".to_owned());
    }
    Ok(Some(basis))
}

/// Checks that positive multiples of constraints (`cN`, `nK`) add up to a contradiction.
fn contradict(
    region: &[LinearConstraint],
    splits: &[(usize, LinearConstraint)],
    mut fields: Fields<'_>,
) -> Result<(), Reason> {
    let (mut terms, mut bound, mut strict) = (Vec::new(), Rational::ZERO, false);
    let mut used = HashSet::new();
    for field in fields.by_ref() {
        let Some((what, factor)) = field.split_once('*') else {
            return Err(format!("expected a term `WHAT*Y`, found `{field}`"));
        };
        let factor = Rational::from(integer(factor)?);
        if factor <= Rational::ZERO || !used.insert(what.to_owned()) {
            return Err(format!("`{field}` is used twice, or its multiplier is not positive"));
        }
        let constraint = match (what.strip_prefix('c'), what.strip_prefix('n')) {
            (Some(number), _) => &region[index(number, region.len(), "constraint")?],
            (_, Some(number)) => {
                let neuron = index(number, usize::MAX, "neuron")?;
                let split = splits.iter().find(|(other, _)| *other == neuron);
                &split.ok_or_else(|| format!("neuron {neuron} was not split"))?.1
            }
            _ => return Err(format!("`{what}` is no constraint of that part")),
        };
        let scaled = constraint.coefficients.iter().map(|(j, value)| (*j, value * &factor));
        terms.extend(scaled);
        bound += &constraint.bound * &factor;
        strict |= constraint.strict;
    }
    if !foldline_kernel::linear::combine_terms(terms).is_empty() {
        return Err("the terms do not cancel".to_owned());
    }
    if bound < Rational::ZERO || bound.is_zero() && strict {
        return Ok(());
    }
    Err("the terms do not contradict each other".to_owned())
}
