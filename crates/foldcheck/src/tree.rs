//! The proof tree of a case, one record after another; only the nodes still open are kept.

use std::collections::HashMap;
use std::rc::Rc;

use crate::clauses::Clauses;
use crate::dyadic::Dyadic;
use crate::fixed::{FixedLayer, too_large};
use crate::lines::{Fields, Reason, dyadic, index};
use crate::node::{InputBox, Node, Sign};
use crate::region::Region;
use crate::stages::Stages;
use crate::substitution::{Bound, Excess, Substitution, minimum};
use crate::terms::{Assumption, Facts};

/// The deepest node that is followed.
const LARGEST_DEPTH: usize = 10_000;

/// A positive factor and a function, as [`minimum`] takes them.
type Part = (i64, Rc<Bound>);

/// What all cases of a proof have in common.
pub struct Proof {
    /// The network.
    pub stages: Stages,
    /// The property's clauses.
    pub clauses: Clauses,
    /// The network's weights in fixed point.
    pub layers: Rc<[FixedLayer]>,
    /// The number of fraction bits.
    pub precision: u32,
    /// Neurons with the same sign in every box.
    signs: Vec<(usize, Sign)>,
}

impl Proof {
    /// Rounds the network's weights.
    pub fn new(stages: Stages, clauses: Clauses, precision: u32) -> Result<Self, Reason> {
        let layers = stages.relu.iter().map(|layer| FixedLayer::new(layer, precision));
        let layers = layers.collect::<Option<_>>().ok_or_else(|| too_large(precision))?;
        Ok(Self { stages, clauses, layers, precision, signs: Vec::new() })
    }

    /// The same about (y, s), s being the last input and ≥ 0, for f(y/s).
    pub fn homogeneous(&self, inputs: usize) -> Result<Self, Reason> {
        let stages = self.stages.homogeneous();
        let signs = stages.signs_of_s();
        let clauses = self.clauses.homogeneous(inputs);
        Ok(Self { signs, ..Self::new(stages, clauses, self.precision)? })
    }
}

/// A case's tree, as far as it has been read.
pub struct Tree<'a> {
    stages: &'a Stages,
    clauses: &'a Clauses,
    region: Region,
    precision: u32,
    reach: Vec<i64>,
    substitution: Substitution,
    /// The excesses asked for so far, by the atoms' numbers.
    excesses: HashMap<u32, Rc<Excess>>,
    node: Node,
    /// The second children of the nodes on the way, the nearest last.
    waiting: Vec<Node>,
}

impl<'a> Tree<'a> {
    /// The tree of a case with these clauses, at its root.
    pub fn new(proof: &'a Proof, region: Region, own_clauses: Vec<usize>) -> Result<Self, Reason> {
        let Proof { stages, clauses, layers, precision, signs } = proof;
        let precision = *precision;
        let area = region.area(precision)?;
        let ends = area.lower_fixed.iter().zip(&area.upper_fixed);
        let reach: Vec<i64> = ends.map(|(low, high)| low.abs().max(high.abs())).collect();
        let rows = region.rows(&reach, precision)?;
        let substitution = Substitution::new(Rc::clone(layers), reach.clone(), precision);
        let mut node = Node::root(area, rows, stages.neurons(), own_clauses);
        signs.iter().for_each(|&(neuron, sign)| node.decide(neuron, sign, stages));
        Ok(Self {
            stages,
            clauses,
            region,
            precision,
            reach,
            substitution,
            excesses: HashMap::new(),
            node,
            waiting: Vec::new(),
        })
    }

    /// Checks the next record; true where it closes the last open node.
    pub fn record(&mut self, word: &str, fields: Fields<'_>) -> Result<bool, Reason> {
        let closed = match word {
            "lower" => self.bound(fields, false)?,
            "upper" => self.bound(fields, true)?,
            "slope" => self.slope(fields)?,
            "refute" => self.refute(fields)?,
            "joint" => self.joint(fields)?,
            "empty" => self.empty(fields)?,
            "clip" => self.clip(fields)?,
            "split" => self.split(fields)?,
            "halve" => self.halve(fields)?,
            "side" => self.side(fields)?,
            "exact" => self.exact(fields)?,
            "nowhere" => self.nowhere(fields)?,
            _ => return Err(format!("there is no record `{word}` in a tree")),
        };
        if !closed {
            return Ok(false);
        }
        match self.waiting.pop() {
            Some(next) => {
                self.node = next;
                Ok(false)
            }
            None => Ok(true),
        }
    }

    /// `lower K V …` and `upper K V …`: an end of a pre-activation's interval.
    fn bound(&mut self, mut fields: Fields<'_>, is_upper: bool) -> Result<bool, Reason> {
        let neuron = self.free_neuron(&mut fields)?;
        let value = fields.dyadic()?;
        let bound = self.neuron_bound(neuron, is_upper)?;
        let least = self.minimum(vec![(1 << self.precision, bound)], fields)?;
        let claimed = if is_upper { value.negated() } else { value };
        if !at_least(least, claimed, self.precision) {
            return Err("the bound does not follow".to_owned());
        }
        self.node.tighten(neuron, is_upper, value, self.stages, self.precision)
    }

    /// `slope K S`.
    fn slope(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let neuron = fields.index(self.node.neurons.len(), "neuron")?;
        let slope = fields.index(2, "slope")?;
        fields.finish()?;
        self.node.neurons[neuron].steep = slope == 1;
        Ok(false)
    }

    /// `refute C A …`: one atom of a clause is false everywhere.
    fn refute(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let (position, atoms) = self.open_clause(&mut fields)?;
        let number = atoms[fields.index(atoms.len(), "atom that involves outputs")?];
        let bound = self.excess_bound(number)?;
        let least = self.minimum(vec![(1 << self.precision, bound)], fields)?;
        let strict = self.clauses.atom(number).strict;
        self.refuted_if(least > 0 || least == 0 && strict, position)
    }

    /// `joint C M …`: a combination of a clause's atoms is false everywhere.
    fn joint(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let (position, atoms) = self.open_clause(&mut fields)?;
        let mut parts = Vec::with_capacity(atoms.len());
        let mut strict = false;
        for number in atoms {
            // The rounded factors are used throughout, so they decide about strictness too.
            let factor = self.factor(fields.dyadic()?)?;
            if factor > 0 {
                parts.push((factor, self.excess_bound(number)?));
                strict |= self.clauses.atom(number).strict;
            }
        }
        let least = self.minimum(parts, fields)?;
        self.refuted_if(least > 0 || least == 0 && strict, position)
    }

    /// `empty …`: no point satisfies the rows.
    fn empty(&mut self, fields: Fields<'_>) -> Result<bool, Reason> {
        match self.minimum(Vec::new(), fields)? {
            least if least > 0 => Ok(true),
            _ => Err("the rows do not contradict each other".to_owned()),
        }
    }

    /// `clip`: the only clause left gives rows.
    fn clip(&mut self, fields: Fields<'_>) -> Result<bool, Reason> {
        fields.finish()?;
        let &[clause] = self.node.clauses.as_slice() else {
            return Err(format!("{} clauses are left, not one", self.node.clauses.len()));
        };
        let atoms = self.clauses.output_atoms(clause);
        let rows: Result<Vec<_>, Reason> =
            atoms.into_iter().map(|number| self.excess_bound(number)).collect();
        self.node.clip_rows = rows?;
        Ok(false)
    }

    /// `split K`: two children by a neuron's sign.
    fn split(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let neuron = self.free_neuron(&mut fields)?;
        fields.finish()?;
        self.need_signs_before(neuron)?;
        // Where the neuron is active −z ≤ 0, so what is below −z is ≤ 0 as well.
        let rows = [self.neuron_bound(neuron, true)?, self.neuron_bound(neuron, false)?];
        let [first, second] = rows.map(|row| {
            let mut child = self.node.clone();
            child.rows.push(row);
            child
        });
        self.branch(first, second)?;
        self.node.decide(neuron, Sign::Active, self.stages);
        if let Some(second) = self.waiting.last_mut() {
            second.decide(neuron, Sign::Inactive, self.stages);
        }
        Ok(false)
    }

    /// `halve J V`: two children by an input's value.
    fn halve(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let area = Rc::clone(&self.node.area);
        let input = fields.index(area.lower.len(), "input")?;
        let value = fields.dyadic()?.to_rational();
        fields.finish()?;
        if area.lower[input] >= value || value >= area.upper[input] {
            return Err(format!("{value} is not between the bounds of input {input}"));
        }
        let (mut lower, mut upper) = (area.lower.clone(), area.upper.clone());
        upper[input] = value.clone();
        lower[input] = value;
        let below = InputBox::new(area.lower.clone(), upper, self.precision)?;
        let above = InputBox::new(lower, area.upper.clone(), self.precision)?;
        let [first, second] = [below, above].map(|area| {
            let mut child = self.node.clone();
            child.area = Rc::new(area);
            child
        });
        self.branch(first, second)?;
        Ok(false)
    }

    /// `side K + …`: one sign of a neuron is impossible, exactly.
    fn side(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let neuron = self.free_neuron(&mut fields)?;
        let sign = match fields.word()? {
            "+" => Sign::Active,
            "-" => Sign::Inactive,
            other => return Err(format!("expected `+` or `-`, found `{other}`")),
        };
        self.need_signs_before(neuron)?;
        self.contradict(Assumption::Strictly(neuron, sign.opposite()), fields)?;
        self.node.decide(neuron, sign, self.stages);
        Ok(false)
    }

    /// `exact C …`: a clause is false everywhere, exactly.
    fn exact(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let (position, atoms) = self.open_clause(&mut fields)?;
        if !self.node.decided_before(self.stages.relu.len(), self.stages) {
            return Err("a neuron has no sign".to_owned());
        }
        self.contradict(Assumption::Atoms(&atoms), fields)?;
        self.refuted_if(true, position)
    }

    /// `nowhere …`: the node has no point, exactly.
    fn nowhere(&mut self, fields: Fields<'_>) -> Result<bool, Reason> {
        self.contradict(Assumption::Nothing, fields)?;
        Ok(true)
    }

    /// Goes on with the first child; the second waits.
    fn branch(&mut self, mut first: Node, mut second: Node) -> Result<(), Reason> {
        let depth = self.node.depth + 1;
        if depth > LARGEST_DEPTH {
            return Err(format!("the tree is deeper than {LARGEST_DEPTH}"));
        }
        (first.depth, second.depth) = (depth, depth);
        self.node = first;
        self.waiting.push(second);
        Ok(())
    }

    fn contradict(&mut self, assumption: Assumption<'_>, fields: Fields<'_>) -> Result<(), Reason> {
        let facts = Facts {
            node: &mut self.node,
            stages: self.stages,
            region: &self.region,
            clauses: self.clauses,
            assumption,
        };
        facts.contradict(fields)
    }

    /// The next field as a neuron that is undecided and not linked.
    fn free_neuron(&self, fields: &mut Fields<'_>) -> Result<usize, Reason> {
        let neuron = fields.index(self.node.neurons.len(), "neuron")?;
        let (layer, row) = self.stages.place(neuron);
        if let Some(link) = self.stages.links[layer][row] {
            let first = self.stages.starts[layer] + link.first;
            return Err(format!("neuron {neuron} is linked to neuron {first}"));
        }
        match self.node.neurons[neuron].sign {
            Sign::Undecided => Ok(neuron),
            _ => Err(format!("neuron {neuron} has a sign already")),
        }
    }

    fn need_signs_before(&self, neuron: usize) -> Result<(), Reason> {
        match self.node.decided_before(self.stages.place(neuron).0, self.stages) {
            true => Ok(()),
            false => Err(format!("a neuron of a layer before that of neuron {neuron} has no sign")),
        }
    }

    /// The next field as a clause that is left: its position among those, and its output atoms.
    fn open_clause(&self, fields: &mut Fields<'_>) -> Result<(usize, Vec<u32>), Reason> {
        let clause = fields.index(self.clauses.len(), "clause")?;
        match self.node.clauses.iter().position(|&left| left == clause) {
            Some(position) => Ok((position, self.clauses.output_atoms(clause))),
            None => Err(format!("clause {clause} is not left at this node")),
        }
    }

    /// Drops a clause if it is refuted; true where none is left.
    fn refuted_if(&mut self, refuted: bool, position: usize) -> Result<bool, Reason> {
        if !refuted {
            return Err("the refutation does not follow".to_owned());
        }
        self.node.clauses.remove(position);
        Ok(self.node.clauses.is_empty())
    }

    fn neuron_bound(&mut self, neuron: usize, negated: bool) -> Result<Rc<Bound>, Reason> {
        let place = self.stages.place(neuron);
        let bound = self.substitution.neuron(place, negated, &self.node.neurons, self.stages);
        bound.map(Rc::new).ok_or_else(|| self.substitution.reason(self.stages))
    }

    fn excess_bound(&mut self, atom: u32) -> Result<Rc<Bound>, Reason> {
        let start = match self.excesses.get(&atom) {
            Some(start) => Rc::clone(start),
            None => {
                let content = self.clauses.atom(atom);
                let start = Excess::new(content, self.stages, self.reach.len(), self.precision);
                let start = start.ok_or_else(|| too_large(self.precision))?;
                self.excesses.insert(atom, Rc::clone(&start));
                start
            }
        };
        let bound = self.substitution.excess(&start, &self.node.neurons, self.stages);
        bound.map(Rc::new).ok_or_else(|| self.substitution.reason(self.stages))
    }

    /// The minimum of a sum of functions with the multipliers that the remaining fields give.
    fn minimum(&self, mut parts: Vec<Part>, mut fields: Fields<'_>) -> Result<i128, Reason> {
        while let Some(field) = fields.optional() {
            let Some((row, factor)) = field.split_once('*') else {
                return Err(format!("expected a multiplier `I*Q`, found `{field}`"));
            };
            let bound = match row.strip_prefix('-') {
                None => &self.node.rows[index(row, self.node.rows.len(), "row")?],
                Some("0") => return Err("there is no row -0".to_owned()),
                Some(clip) => {
                    let limit = self.node.clip_rows.len() + 1;
                    &self.node.clip_rows[index(clip, limit, "clip row, from 1,")? - 1]
                }
            };
            parts.push((self.factor(dyadic(factor)?)?, Rc::clone(bound)));
        }
        let parts: Vec<(i64, &Bound)> = parts.iter().map(|(factor, b)| (*factor, &**b)).collect();
        let least = minimum(&parts, &self.node.area, &self.reach, self.precision);
        least.ok_or_else(|| too_large(self.precision))
    }

    /// A multiplier in fixed point: any number ≥ 0 makes a valid one, so this may round.
    fn factor(&self, value: Dyadic) -> Result<i64, Reason> {
        if value.is_negative() {
            return Err("a multiplier is negative".to_owned());
        }
        let fixed = value.floor(self.precision).and_then(|fixed| i64::try_from(fixed).ok());
        fixed.ok_or_else(|| too_large(self.precision))
    }
}

/// Whether `least` at 2^−2F is ≥ `value`.
fn at_least(least: i128, value: Dyadic, precision: u32) -> bool {
    match value.ceiling(2 * precision) {
        Some(value) => least >= value,
        // Beyond every fixed point number.
        None => value.is_negative(),
    }
}
