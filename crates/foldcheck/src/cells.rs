//! Statements about the number of a network's cells: a tree of signs, with a point in each cell
//! and a reason for each sign that is fixed.

use std::io::BufRead;

use foldline_formats::region::parse_region;
use foldline_kernel::linear::dot;
use foldline_kernel::{Layer, LinearConstraint, Rational};

use crate::certificate::{Certificate, Stop};
use crate::lines::{Fields, Reason, index, rational};
use crate::stages::Stages;

/// `regions cells N`: so many sets {x : exactly these neurons are positive} have interior points,
/// on R^d or on one polyhedron.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    claim.expect("cells")?;
    let claimed = index(claim.word()?, usize::MAX, "cell")?;
    claim.finish()?;
    let network = certificate.file("network")?.network()?;
    let mut region = Vec::new();
    if let Some(content) = certificate.optional_file("region")? {
        let found = parse_region(&content.name, &content.text()?, network.inputs())?;
        let [piece] = found.pieces.as_slice() else {
            return Err("the region is not one polyhedron".into());
        };
        region.clone_from(&piece.constraints);
    }
    let stages = Stages::new(&network);
    let mut tree = Tree::new(&stages, network.inputs(), region);
    loop {
        tree.descend();
        let mut fields = certificate.lines.next_fields()?;
        match fields.word()? {
            "on" => tree.fixed(fields, true)?,
            "off" => tree.fixed(fields, false)?,
            "split" => tree.split(fields)?,
            "cell" => {
                if tree.cell(fields)? {
                    break;
                }
            }
            other => {
                return Err(
                    format!("expected `on`, `off`, `split` or `cell`, found `{other}`").into()
                );
            }
        }
    }
    certificate.end()?;
    if tree.cells != claimed {
        return Err(format!("the tree has {} cells", tree.cells).into());
    }
    Ok(format!("cells {claimed}"))
}

/// Coefficients, then the constant, of a function of the inputs.
type Function = Vec<Rational>;

/// A split whose other side is still to come.
struct Open {
    level: usize,
    next: usize,
    bounds: usize,
}

struct Tree<'s> {
    stages: &'s Stages,
    dimension: usize,
    region: Vec<LinearConstraint>,
    /// The pre-activations of the levels down to the present one.
    levels: Vec<Vec<Function>>,
    signs: Vec<Vec<bool>>,
    /// Neurons split on, with the function that is not negative on this side.
    bounds: Vec<(usize, Function)>,
    open: Vec<Open>,
    cells: usize,
}

impl<'s> Tree<'s> {
    fn new(stages: &'s Stages, dimension: usize, region: Vec<LinearConstraint>) -> Self {
        let unit = |j: usize| {
            (0..=dimension).map(|i| Rational::from(u8::from(i == j))).collect::<Function>()
        };
        let inputs: Vec<Function> = (0..dimension).map(unit).collect();
        let all = vec![true; dimension];
        let first = stages.relu.first().map(|layer| compose(layer, &inputs, &all, dimension));
        let levels = vec![first.unwrap_or_default()];
        let (bounds, open, signs) = (Vec::new(), Vec::new(), vec![Vec::new()]);
        Self { stages, dimension, region, levels, signs, bounds, open, cells: 0 }
    }

    fn level(&self) -> usize {
        self.levels.len() - 1
    }

    /// Whether every neuron of the present level has a sign.
    fn is_level_done(&self) -> bool {
        self.signs[self.level()].len() == self.levels[self.level()].len()
    }

    /// Composes the next level once every neuron of this one has a sign.
    fn descend(&mut self) {
        let level = self.level();
        if self.is_level_done()
            && let Some(layer) = self.stages.relu.get(level + 1)
        {
            let next = compose(layer, &self.levels[level], &self.signs[level], self.dimension);
            self.levels.push(next);
            self.signs.push(Vec::new());
        }
    }

    /// The neuron whose turn it is, which the record must name.
    fn neuron(&self, fields: &mut Fields<'_>) -> Result<(usize, &Function), Reason> {
        let named = fields.index(self.stages.neurons(), "neuron")?;
        let (level, next) = (self.level(), self.signs[self.level()].len());
        match self.levels[level].get(next) {
            Some(function) if self.stages.starts[level] + next == named => Ok((named, function)),
            Some(_) => Err(format!("it is neuron {}'s turn", self.stages.starts[level] + next)),
            None => Err("every neuron has a sign: expected `cell`".to_owned()),
        }
    }

    /// `on K C b*M …`: z_K is C + Σ M·b, with nothing negative; for `off` −z_K is.
    fn fixed(&mut self, mut fields: Fields<'_>, on: bool) -> Result<(), Reason> {
        let (_, function) = self.neuron(&mut fields)?;
        let constant = fields.rational()?;
        if constant < Rational::ZERO {
            return Err("the constant is negative".to_owned());
        }
        let mut sum = vec![Rational::ZERO; self.dimension];
        sum.push(constant);
        for field in fields.by_ref() {
            let term = field.split_once('*');
            let (name, multiplier) =
                term.ok_or_else(|| format!("expected b*M, found `{field}`"))?;
            let multiplier = rational(multiplier)?;
            if multiplier < Rational::ZERO {
                return Err(format!("the multiplier of {name} is negative"));
            }
            self.add(name, &multiplier, &mut sum)?;
        }
        let is_sum = |(value, sum): (&Rational, &Rational)| {
            if on { value == sum } else { -value.clone() == *sum }
        };
        if !function.iter().zip(&sum).all(is_sum) {
            return Err("the multipliers do not add up to the neuron".to_owned());
        }
        let level = self.level();
        self.signs[level].push(on);
        Ok(())
    }

    /// Adds a multiple of a bound: `rI`, a constraint of the region, or `nK`, a split neuron.
    fn add(&self, name: &str, multiplier: &Rational, sum: &mut [Rational]) -> Result<(), Reason> {
        if let Some(number) = name.strip_prefix('r') {
            let constraint = &self.region[index(number, self.region.len(), "constraint")?];
            for (j, a) in &constraint.coefficients {
                sum[*j] -= multiplier * a;
            }
            sum[self.dimension] += multiplier * &constraint.bound;
            return Ok(());
        }
        let number = name.strip_prefix('n').ok_or_else(|| format!("`{name}` is no bound"))?;
        let number = index(number, self.stages.neurons(), "neuron")?;
        let Some((_, function)) = self.bounds.iter().find(|bound| bound.0 == number) else {
            return Err(format!("neuron {number} was not split above"));
        };
        for (sum, value) in sum.iter_mut().zip(function) {
            *sum += multiplier * value;
        }
        Ok(())
    }

    /// `split K`: what follows is the side where the neuron is on, then the other.
    fn split(&mut self, mut fields: Fields<'_>) -> Result<(), Reason> {
        let (neuron, function) = self.neuron(&mut fields)?;
        let function = function.clone();
        fields.finish()?;
        let level = self.level();
        let next = self.signs[level].len();
        self.open.push(Open { level, next, bounds: self.bounds.len() });
        self.bounds.push((neuron, function));
        self.signs[level].push(true);
        Ok(())
    }

    /// `cell x_1 … x_d`: a point in the interior of the cell; true if it was the last.
    fn cell(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        if !self.is_level_done() || self.level() + 1 < self.stages.relu.len() {
            return Err("not every neuron has a sign yet".to_owned());
        }
        let point =
            (0..self.dimension).map(|_| fields.rational()).collect::<Result<Vec<_>, Reason>>()?;
        fields.finish()?;
        for (number, constraint) in self.region.iter().enumerate() {
            let trivial = constraint.coefficients.is_empty() && constraint.holds_at(&point);
            if !trivial && dot(&constraint.coefficients, &point) >= constraint.bound {
                return Err(format!("the point is not inside constraint {number}"));
            }
        }
        for (functions, signs) in self.levels.iter().zip(&self.signs) {
            for (function, &on) in functions.iter().zip(signs) {
                let value = at(function, &point);
                let fits = if on { value > Rational::ZERO } else { value < Rational::ZERO };
                let vanishes = !on && function.iter().all(Rational::is_zero);
                if !fits && !vanishes {
                    return Err("the point is not in the interior of the cell".to_owned());
                }
            }
        }
        self.cells += 1;
        let Some(open) = self.open.pop() else { return Ok(true) };
        self.levels.truncate(open.level + 1);
        self.signs.truncate(open.level + 1);
        self.signs[open.level].truncate(open.next);
        self.signs[open.level].push(false);
        self.bounds.truncate(open.bounds + 1);
        let bound = &mut self.bounds[open.bounds].1;
        bound.iter_mut().for_each(|value| *value = -value.clone());
        Ok(false)
    }
}

fn at(function: &Function, point: &[Rational]) -> Rational {
    let terms = function.iter().zip(point);
    terms.fold(function[point.len()].clone(), |sum, (a, x)| sum + a * x)
}

/// The rows of a layer as functions of the inputs; what is off before it counts as 0.
fn compose(layer: &Layer, before: &[Function], on: &[bool], dimension: usize) -> Vec<Function> {
    let row = |(index, row): (usize, &foldline_kernel::Row)| {
        let mut sum = vec![Rational::ZERO; dimension];
        sum.push(layer.bias(index));
        for (position, &column) in row.columns.iter().enumerate() {
            if on[column as usize] {
                let weight = layer.weight(index, position);
                for (sum, value) in sum.iter_mut().zip(&before[column as usize]) {
                    *sum += &weight * value;
                }
            }
        }
        sum
    };
    layer.rows.iter().enumerate().map(row).collect()
}
