//! Statements about p = 0: no change of one input changes the output by more, and one changes it so much.

use std::io::BufRead;

use foldline_kernel::jump::{jump_network, jump_region};
use foldline_kernel::linear::dot;
use foldline_kernel::{Atom, Formula, LinearConstraint, Rational, Region};

use crate::certificate::{Certificate, Stop};
use crate::subject::Subject;
use crate::verification::check_cases;

/// `inside R_1 … R_d`, a point of the region, `from R_1 … R_d` and `to R_1 … R_d`, two points of its closure
/// that differ in at most one input and between which the output grows by `value`; then for each input
/// cases up to `end` which exclude that it grows by more where only that input changes.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    subject: &Subject,
    output: usize,
    value: &Rational,
) -> Result<(), Stop> {
    let Subject { network, region, precision } = subject;
    let dimension = network.inputs();
    let is_on_one_input = |constraint: &LinearConstraint| constraint.coefficients.len() <= 1;
    let [piece] = &region.pieces[..] else {
        return Err("for p = 0 the region must be one box".into());
    };
    if !piece.constraints.iter().all(is_on_one_input) {
        return Err("for p = 0 the region must be a box".into());
    }
    if !piece.contains(&certificate.point("inside", dimension)?) {
        return Err("the point is not in the region".into());
    }
    let mut ends = Vec::new();
    for word in ["from", "to"] {
        let point = certificate.point(word, dimension)?;
        let closed = |c: &LinearConstraint| dot(&c.coefficients, &point) <= c.bound;
        if !piece.constraints.iter().all(closed) {
            return Err("the point is not in the closure of the region".into());
        }
        ends.push(point);
    }
    if ends[0].iter().zip(&ends[1]).filter(|(from, to)| from != to).count() > 1 {
        return Err("the points differ in more than one input".into());
    }
    let [from, to] = [0, 1].map(|end: usize| network.evaluate(&ends[end]).output[output].clone());
    if to - from != *value {
        return Err("the output grows by another amount between these points".into());
    }
    for input in 0..dimension {
        let pairs = Region { dimension: dimension + 1, pieces: vec![jump_region(piece, input)] };
        let terms = vec![(0, -Rational::ONE), (1, Rational::ONE)];
        let more = Formula::Atom(Atom::new(Vec::new(), terms, -value.clone(), true));
        let formula = Formula::And(vec![pairs.formula(), more]);
        let network = jump_network(network, output, input);
        check_cases(&mut certificate.lines, &network, &formula, *precision)?;
    }
    Ok(())
}
