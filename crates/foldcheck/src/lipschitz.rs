//! Statements about Lipschitz constants: a cell that attains it, and a tree in which no cell is larger.

use std::collections::HashSet;
use std::io::BufRead;

use foldline_kernel::linear::dot;
use foldline_kernel::{
    Activation, Integer, LinearConstraint, Natural, Network, Polyhedron, Rational,
};

use crate::certificate::{Certificate, Stop};
use crate::lines::{Fields, Lines, Reason, index, integer, rational};
use crate::lipschitz_jump;
use crate::lipschitz_norm::{Hull, Norm, Size};
use crate::slopes::{Slopes, originals};
use crate::subject::{Named, Subject};

/// What is claimed.
struct Claim {
    network: Network,
    size: Size,
    originals: Vec<Option<(usize, i8)>>,
}

/// A piece of the region with its affine hull.
struct Piece<'r> {
    constraints: &'r [LinearConstraint],
    /// Which of them hold with equality.
    equalities: HashSet<usize>,
    hull: Hull,
}

/// `lipschitz P I_1,I_2,… value V` (or `square V`, `between L U`, or `empty`), about a network and
/// perhaps a region.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    let (p, list, word) = (claim.word()?, claim.word()?, claim.word()?);
    let count = match word {
        "empty" => 0,
        "between" => 2,
        _ => 1,
    };
    let values = (0..count).map(|_| claim.word()).collect::<Result<Vec<_>, _>>()?;
    claim.finish()?;
    let numbers = values.iter().copied().map(rational).collect::<Result<Vec<_>, _>>()?;
    let subject = Subject::read(certificate, Named::Perhaps)?;
    let outputs =
        list.split(',').map(|field| subject.output(field)).collect::<Result<Vec<_>, _>>()?;
    if p == "0"
        && word == "value"
        && let ([output], [value]) = (&outputs[..], &numbers[..])
    {
        lipschitz_jump::check(certificate, &subject, *output, value)?;
        return Ok([p, list, word, values[0]].join(" "));
    }
    // Without points the norm does not matter.
    let norm = if word == "empty" { Norm::LargestRow } else { Norm::new(p, outputs.len())? };
    if word == "empty" && p != "inf" && rational(p)? < Rational::ZERO {
        return Err("p is negative".into());
    }
    if word != norm.word() && word != "empty" {
        return Err(format!("expected `{}` or `empty`, found `{word}`", norm.word()).into());
    }
    if numbers.iter().any(|number| *number < Rational::ZERO) {
        return Err("a Lipschitz constant is not negative".into());
    }
    let Subject { network, region, .. } = subject;
    let originals = originals(&network);
    let end = |number: Option<&Rational>| number.cloned().unwrap_or(Rational::ZERO);
    let (lower, upper) = (end(numbers.first()), end(numbers.last()));
    let claim = Claim { network, size: Size { norm, outputs, lower, upper }, originals };
    let mut pieces = Vec::new();
    for piece in &region.pieces {
        pieces.extend(check_piece(&mut certificate.lines, &claim, piece, numbers.is_empty())?);
    }
    if !numbers.is_empty() {
        let mut fields = certificate.lines.next_fields()?;
        fields.expect("attained")?;
        claim.check_attained(&pieces, fields)?;
    }
    certificate.end()?;
    Ok([p, list, word].into_iter().chain(values).collect::<Vec<_>>().join(" "))
}

impl Piece<'_> {
    /// Whether a point is inside, relative to the hull.
    fn has_inside(&self, point: &[Rational]) -> bool {
        self.constraints.iter().enumerate().all(|(index, constraint)| {
            let value = dot(&constraint.coefficients, point);
            value < constraint.bound
                || self.equalities.contains(&index) && value == constraint.bound
        })
    }
}

impl Claim {
    /// `R_1 … R_d`, perhaps `along V_1 … V_d`: the point is inside a piece and a cell, and the norm there
    /// is what is claimed.
    fn check_attained(&self, pieces: &[Piece<'_>], mut fields: Fields<'_>) -> Result<(), Reason> {
        let inputs = self.network.inputs();
        let vector = |fields: &mut Fields<'_>| {
            (0..inputs).map(|_| fields.rational()).collect::<Result<Vec<_>, Reason>>()
        };
        let point = vector(&mut fields)?;
        let along = match fields.next() {
            None => None,
            Some("along") => Some(vector(&mut fields)?),
            Some(other) => return Err(format!("expected `along` or the end, found `{other}`")),
        };
        fields.finish()?;
        let mut inside = pieces.iter().filter(|piece| piece.has_inside(&point)).peekable();
        if inside.peek().is_none() {
            return Err("the point is not in the interior of the region".to_owned());
        }
        let mut problem = Ok(false);
        for piece in inside {
            problem = self.is_attained_in(piece, &point, along.as_ref());
            if problem == Ok(true) {
                return Ok(());
            }
        }
        problem?;
        Err("the norm of the derivative is another one there".to_owned())
    }

    fn is_attained_in(
        &self,
        piece: &Piece<'_>,
        point: &[Rational],
        along: Option<&Vec<Rational>>,
    ) -> Result<bool, Reason> {
        let pattern = self.network.evaluate(point).pattern.concat();
        let sign = |neuron: usize| if pattern[neuron] { 1 } else { -1 };
        for neuron in 0..pattern.len() {
            let row = pre_activation(&self.network, neuron, &sign)?;
            let (_, gradient) = row.split_last().expect("a constant");
            if !piece.hull.is_constant(gradient) && value_at(&row, point).is_zero() {
                return Err(format!("the point is not inside a cell: neuron {neuron} is at 0"));
            }
        }
        let slopes = Slopes::new(&self.network, &self.originals, sign);
        let inputs = self.network.inputs();
        let unit = |i: usize| (0..inputs).map(|j| Rational::from(u8::from(i == j))).collect();
        let units: Vec<Vec<Rational>> = (0..inputs).map(unit).collect();
        let row = |&output: &usize| -> Vec<Rational> {
            slopes.ranges(output, &units).into_iter().map(|(low, _)| low).collect()
        };
        let jacobian: Vec<Vec<Rational>> = self.size.outputs.iter().map(row).collect();
        self.size.is_attained(&jacobian, &piece.hull, along)
    }

    /// A neuron's sign: its own, or its original's.
    fn sign(&self, node: &Node, neuron: usize) -> i8 {
        match self.originals[neuron] {
            Some((other, factor)) => factor * node.signs[other],
            None => node.signs[neuron],
        }
    }
}

/// An affine function, its constant last, at a point.
fn value_at(row: &[Rational], point: &[Rational]) -> Rational {
    let constant = row.last().cloned().unwrap_or(Rational::ZERO);
    row.iter().zip(point).fold(constant, |sum, (a, x)| sum + a * x)
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

/// `void TERMS` (the piece has no point), or `hull TERMS` for equalities, as many as there are to tell,
/// `interior R_1 … R_d` and a tree.
fn check_piece<'r, R: BufRead>(
    lines: &mut Lines<'_, R>,
    claim: &Claim,
    polyhedron: &'r Polyhedron,
    must_be_empty: bool,
) -> Result<Option<Piece<'r>>, Stop> {
    let constraints = &polyhedron.constraints[..];
    let mut equalities = HashSet::new();
    let point = loop {
        let mut fields = lines.next_fields()?;
        match fields.word()? {
            "void" if equalities.is_empty() => {
                Terms::read(constraints, &[], fields)?.check_contradiction()?;
                return Ok(None);
            }
            "hull" if !must_be_empty => {
                let terms = Terms::read(constraints, &[], fields)?;
                equalities.extend(terms.equalities()?);
            }
            "interior" if !must_be_empty => {
                let read = (0..polyhedron.dimension).map(|_| fields.rational());
                let point = read.collect::<Result<Vec<_>, Reason>>()?;
                fields.finish()?;
                break point;
            }
            word => {
                let expected =
                    if must_be_empty { "`void`" } else { "`void`, `hull` or `interior`" };
                return Err(format!("expected {expected}, found `{word}`").into());
            }
        }
    };
    let equations = equalities.iter().map(|&index| &constraints[index]);
    let hull = Hull::new(polyhedron.dimension, equations);
    let piece = Piece { constraints, equalities, hull };
    if !piece.has_inside(&point) {
        return Err("the point is not in the interior of that part of the region".into());
    }
    let strict = |(index, constraint): (usize, &LinearConstraint)| LinearConstraint {
        strict: !piece.equalities.contains(&index),
        ..constraint.clone()
    };
    let interior: Vec<LinearConstraint> = constraints.iter().enumerate().map(strict).collect();
    let signs = vec![0; claim.originals.len()];
    let mut open = vec![Node { signs, splits: Vec::new() }];
    let part = Part { claim, piece: &piece, interior, point };
    while let Some(node) = open.pop() {
        part.check_node(lines, node, &mut open)?;
    }
    Ok(Some(piece))
}

/// A piece with what its tree refers to.
struct Part<'a> {
    claim: &'a Claim,
    piece: &'a Piece<'a>,
    /// The constraints, strict where they are not equalities.
    interior: Vec<LinearConstraint>,
    /// A point inside.
    point: Vec<Rational>,
}

impl Part<'_> {
    /// One record: `bound …` or `flat TERMS` close the node; `split K`, `constant K` go on.
    fn check_node<R: BufRead>(
        &self,
        lines: &mut Lines<'_, R>,
        mut node: Node,
        open: &mut Vec<Node>,
    ) -> Result<(), Stop> {
        let claim = self.claim;
        let mut fields = lines.next_fields()?;
        let word = fields.word()?;
        match word {
            "bound" => {
                let told = fields.by_ref().map(rational).collect::<Result<Vec<_>, Reason>>()?;
                let sign = |neuron: usize| claim.sign(&node, neuron);
                let slopes = Slopes::new(&claim.network, &claim.originals, sign);
                if !claim.size.bounds(&slopes, &self.piece.hull, &told)? {
                    return Err("the derivatives of that part may be larger".into());
                }
            }
            "flat" => {
                Terms::read(&self.interior, &node.splits, fields)?.check_contradiction()?;
            }
            "split" | "constant" => {
                let neuron = fields.index(node.signs.len(), "neuron")?;
                fields.finish()?;
                if claim.originals[neuron].is_some() || node.signs[neuron] != 0 {
                    return Err(format!("neuron {neuron} has a sign or repeats another").into());
                }
                let sign = |other: usize| claim.sign(&node, other);
                let row = pre_activation(&claim.network, neuron, &sign)?;
                let (constant, gradient) = row.split_last().expect("a constant");
                if self.piece.hull.is_constant(gradient) != (word == "constant") {
                    let is = if word == "split" { "is" } else { "is not" };
                    let message = format!("the pre-activation of neuron {neuron} {is} constant");
                    return Err(message.into());
                }
                if word == "constant" {
                    let positive = value_at(&row, &self.point) > Rational::ZERO;
                    node.signs[neuron] = if positive { 1 } else { -1 };
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
}

/// Multiples of inequalities, added up.
struct Terms {
    /// Which constraints of the piece were used.
    used: Vec<usize>,
    bound: Rational,
    strict: bool,
}

impl Terms {
    /// Reads terms `cN*Y` (of the piece) and `nK*Y` (of a split), Y > 0, whose left sides must cancel.
    fn read(
        constraints: &[LinearConstraint],
        splits: &[(usize, LinearConstraint)],
        mut fields: Fields<'_>,
    ) -> Result<Self, Reason> {
        let (mut sum, mut seen) = (Vec::new(), HashSet::new());
        let mut terms = Self { used: Vec::new(), bound: Rational::ZERO, strict: false };
        for field in fields.by_ref() {
            let Some((what, factor)) = field.split_once('*') else {
                return Err(format!("expected a term `WHAT*Y`, found `{field}`"));
            };
            let factor = Rational::from(integer(factor)?);
            let constraint = match (what.strip_prefix('c'), what.strip_prefix('n')) {
                (Some(number), _) => {
                    let number = index(number, constraints.len(), "constraint")?;
                    terms.used.push(number);
                    &constraints[number]
                }
                (_, Some(number)) => {
                    let neuron = index(number, usize::MAX, "neuron")?;
                    let split = splits.iter().find(|(other, _)| *other == neuron);
                    &split.ok_or_else(|| format!("neuron {neuron} was not split"))?.1
                }
                _ => return Err(format!("`{what}` is no constraint of that part")),
            };
            if factor <= Rational::ZERO || !seen.insert(what.to_owned()) {
                return Err(format!("`{field}` is used twice, or its multiplier is not positive"));
            }
            sum.extend(constraint.coefficients.iter().map(|(j, value)| (*j, value * &factor)));
            terms.bound += &constraint.bound * &factor;
            terms.strict |= constraint.strict;
        }
        if !foldline_kernel::linear::combine_terms(sum).is_empty() {
            return Err("the terms do not cancel".to_owned());
        }
        Ok(terms)
    }

    /// 0 ≤ something negative, or 0 < 0.
    fn check_contradiction(&self) -> Result<(), Reason> {
        if self.bound < Rational::ZERO || self.bound.is_zero() && self.strict {
            return Ok(());
        }
        Err("the terms do not contradict each other".to_owned())
    }

    /// 0 ≤ 0: each inequality in the sum holds with equality.
    fn equalities(self) -> Result<Vec<usize>, Reason> {
        if self.bound.is_zero() && !self.strict && !self.used.is_empty() {
            return Ok(self.used);
        }
        Err("the terms do not show equalities".to_owned())
    }
}
