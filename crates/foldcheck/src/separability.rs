//! Separability by K hyperplanes: the hyperplanes, or a tree that gives each point below to one of them.

use std::io::BufRead;

use foldline_formats::FormatError;
use foldline_kernel::{Integer, Rational, Sample};

use crate::certificate::{Certificate, Stop};
use crate::lines::{Fields, Lines, Reason, index, integer};
use crate::subject::one_of;

/// More hyperplanes are refused.
const MOST_PLANES: usize = 65_536;

/// `separability K yes|no`: the points, then the hyperplanes or the tree.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut fields: Fields<'_>,
) -> Result<String, Stop> {
    let planes = fields.index(MOST_PLANES, "number of hyperplanes")?;
    let claim = one_of(&mut fields, ["yes", "no"])?.to_owned();
    fields.finish()?;
    if planes == 0 {
        return Err("there is at least one hyperplane".into());
    }
    let content = certificate.file("points")?;
    let sample = content.sample()?;
    let inside = inside(&sample, &content.name)?;
    if claim == "yes" {
        check_planes(certificate, &sample, &inside, planes)?;
    } else {
        Tree::new(&sample, inside, planes).check(&mut certificate.lines)?;
    }
    certificate.end()?;
    Ok(format!("{planes} {claim}"))
}

/// Whether each point has the label 1; the others must have 0.
fn inside(sample: &Sample, name: &str) -> Result<Vec<bool>, FormatError> {
    let label = |(row, label): (usize, &Rational)| {
        if *label != Rational::ZERO && *label != Rational::ONE {
            let place = format!("row {} after the header", row + 1);
            return Err(FormatError::new(name, place, "expected the label 0 or 1"));
        }
        Ok(*label == Rational::ONE)
    };
    sample.labels.iter().enumerate().map(label).collect()
}

/// `plane C N_1 … N_d`, the hyperplane N·x = C: points with label 1 are above all of them, no others are.
fn check_planes<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    sample: &Sample,
    inside: &[bool],
    planes: usize,
) -> Result<(), Stop> {
    let mut above_all = vec![true; sample.len()];
    for _ in 0..planes {
        let plane = certificate.point("plane", sample.dimension + 1)?;
        let (offset, normal) = plane.split_first().expect("d + 1 numbers");
        if normal.iter().all(Rational::is_zero) {
            return Err("the normal is zero".into());
        }
        for (row, point) in sample.points.iter().enumerate() {
            let value = normal.iter().zip(point).fold(Rational::ZERO, |sum, (a, x)| sum + a * x);
            let above = value > *offset;
            if inside[row] && !above {
                return Err(format!("the point of row {row} has label 1 and is not above").into());
            }
            above_all[row] &= above;
        }
    }
    match (0..sample.len()).find(|&row| above_all[row] && !inside[row]) {
        Some(row) => Err(format!("the point of row {row} has label 0 and is above all").into()),
        None => Ok(()),
    }
}

/// The tree on the way through it.
struct Tree<'s> {
    sample: &'s Sample,
    inside: Vec<bool>,
    planes: usize,
    /// Which hyperplane each point with label 0 is given to.
    plane_of: Vec<Option<usize>>,
    /// The points given away on the way here, with the number of hyperplanes used before.
    path: Vec<(usize, usize)>,
    used: usize,
}

impl<'s> Tree<'s> {
    fn new(sample: &'s Sample, inside: Vec<bool>, planes: usize) -> Self {
        let plane_of = vec![None; sample.len()];
        Self { sample, inside, planes, plane_of, path: Vec::new(), used: 0 }
    }

    /// Nodes in preorder: `assign P` (children: each used hyperplane, then a new one if there are
    /// fewer than K), or `meet P*Y …`.
    fn check<R: BufRead>(mut self, lines: &mut Lines<'_, R>) -> Result<(), Stop> {
        loop {
            let mut fields = lines.next_fields()?;
            match fields.word()? {
                "assign" => {
                    let point = fields.index(self.sample.len(), "row")?;
                    fields.finish()?;
                    if self.inside[point] || self.plane_of[point].is_some() {
                        let message = "has label 1 or is given to a hyperplane already";
                        return Err(format!("the point of row {point} {message}").into());
                    }
                    self.path.push((point, self.used));
                    self.give(point, 0);
                }
                "meet" => {
                    self.check_meet(fields)?;
                    if !self.go_on() {
                        return Ok(());
                    }
                }
                other => return Err(format!("expected `assign` or `meet`, found `{other}`").into()),
            }
        }
    }

    fn give(&mut self, point: usize, plane: usize) {
        self.plane_of[point] = Some(plane);
        self.used = self.used.max(plane + 1);
    }

    /// The next open node; false if there is none.
    fn go_on(&mut self) -> bool {
        while let Some((point, used)) = self.path.pop() {
            let next = self.plane_of[point].map_or(0, |plane| plane + 1);
            self.used = used;
            self.plane_of[point] = None;
            if next < self.planes && next <= used {
                self.path.push((point, used));
                self.give(point, next);
                return true;
            }
        }
        false
    }

    /// Σ Y·x over points of one hyperplane is Σ Y·z over points with label 1, and so are the Σ Y:
    /// no hyperplane has these strictly above it and those not.
    fn check_meet(&self, mut fields: Fields<'_>) -> Result<(), Reason> {
        let mut sum = vec![Rational::ZERO; self.sample.dimension + 1];
        let (mut plane, mut below) = (None, false);
        for field in fields.by_ref() {
            let Some((row, factor)) = field.split_once('*') else {
                return Err(format!("expected a term `P*Y`, found `{field}`"));
            };
            let row = index(row, self.sample.len(), "row")?;
            let factor = integer(factor)?;
            if factor <= Integer::ZERO {
                return Err(format!("the multiplier of `{field}` is not positive"));
            }
            let mut factor = Rational::from(factor);
            if !self.inside[row] {
                let own = self.plane_of[row].ok_or("a point is not given to a hyperplane")?;
                if *plane.get_or_insert(own) != own {
                    return Err("the points are given to different hyperplanes".to_owned());
                }
                below = true;
                factor = -factor;
            }
            let (ones, sums) = sum.split_last_mut().expect("d + 1 numbers");
            *ones += &factor;
            for (sum, x) in sums.iter_mut().zip(&self.sample.points[row]) {
                *sum += &factor * x;
            }
        }
        if !below || sum.iter().any(|value| !value.is_zero()) {
            return Err("the combinations do not meet".to_owned());
        }
        Ok(())
    }
}
