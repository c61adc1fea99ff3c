//! The proof tree of a case, one record after another; only the nodes still open are kept.

use std::collections::HashMap;
use std::rc::Rc;

use crate::bases::{MOST_BASES, RowName};
use crate::clauses::Clauses;
use crate::clock::Clock;
use crate::dyadic::Dyadic;
use crate::fixed::{FixedLayer, too_large};
use crate::lines::{Fields, Reason, dyadic};
use crate::node::{InputBox, Node, Sign};
use crate::region::Region;
use crate::stages::Stages;
use crate::substitution::{Bound, Excess, Substitution, Total};
use crate::terms::{Assumption, Facts};
use crate::trial::{Proof, Records, Step};
use crate::word::Word;

/// The deepest node that is followed.
const LARGEST_DEPTH: usize = 10_000;

/// A positive factor and a function, as [`Total`] takes them.
pub(crate) type Part<W> = (W, Rc<Bound<W>>);

/// A case's tree, as far as it has been read.
pub struct Tree<'a, W: Word> {
    pub(crate) stages: &'a Stages,
    clauses: &'a Clauses,
    region: Region,
    pub(crate) precision: u32,
    pub(crate) inputs: usize,
    total: Total<W>,
    substitution: Substitution<'a, W>,
    /// The excesses asked for so far, by the atoms' numbers.
    excesses: HashMap<u32, Rc<Excess<W>>>,
    pub(crate) node: Node<W>,
    /// The second children of the nodes on the way, the nearest last.
    waiting: Vec<Node<W>>,
    clock: &'a Clock<'a>,
    /// Whether a claim failed, or a number was rounded, that exact numbers may see otherwise.
    pub(crate) is_close: bool,
}

impl<'a, W: Word> Tree<'a, W> {
    /// The tree of a case with these clauses, at its root.
    pub fn new(
        proof: &'a Proof<'a>,
        layers: Rc<[FixedLayer<W>]>,
        precision: u32,
        region: Region,
        own_clauses: Vec<usize>,
    ) -> Result<Self, Reason> {
        let Proof { stages, clauses, clock, .. } = proof;
        let area: InputBox<W> = region.area(precision)?;
        let reach = area.reach().ok_or_else(|| too_large(precision))?;
        let rows = region.rows(&reach, precision)?;
        let substitution = Substitution::new(layers, reach.clone(), precision, clock);
        let inputs = reach.len();
        let mut node = Node::root(area, rows, stages, own_clauses);
        stages.constants.iter().for_each(|&(neuron, sign)| node.decide(neuron, sign, stages));
        Ok(Self {
            stages,
            clauses,
            region,
            precision,
            inputs,
            total: Total::new(reach, precision),
            substitution: substitution.ok_or_else(|| too_large(precision))?,
            excesses: HashMap::new(),
            node,
            waiting: Vec::new(),
            clock,
            is_close: false,
        })
    }
}

impl<W: Word> Records for Tree<'_, W> {
    fn record(&mut self, word: &str, fields: Fields<'_>) -> Result<Step, Reason> {
        let waiting = self.waiting.len();
        let closed = match word {
            "bases" => self.bases(fields)?,
            "bounds" => self.bounds(fields)?,
            "lower" => self.one_bound(fields, false)?,
            "upper" => self.one_bound(fields, true)?,
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
            let is_split = self.waiting.len() > waiting;
            return Ok(if is_split { Step::Split } else { Step::Open });
        }
        match self.waiting.pop() {
            Some(next) => {
                self.node = next;
                Ok(Step::Closed)
            }
            None => Ok(Step::Done),
        }
    }

    fn skip_first_child(&mut self) {
        if let Some(second) = self.waiting.pop() {
            self.node = second;
        }
    }

    fn is_close(&self) -> bool {
        self.is_close
    }
}

impl<W: Word> Tree<'_, W> {
    /// `refute C A …`: one atom of a clause is false everywhere.
    fn refute(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let (position, atoms) = self.open_clause(&mut fields)?;
        let number = atoms[fields.index(atoms.len(), "atom that involves outputs")?];
        let function = self.excess_bound(number)?;
        let parts = self.parts(fields)?;
        let least = self.best_minimum(&function, &parts)?;
        let strict = self.clauses.atom(number).strict;
        let refuted = self.contradicts(&least, strict);
        self.refuted_if(refuted, position)
    }

    /// `joint C M …`: a combination of a clause's atoms is false everywhere.
    fn joint(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let (position, atoms) = self.open_clause(&mut fields)?;
        let mut parts = Vec::with_capacity(atoms.len());
        let mut strict = false;
        for number in atoms {
            // The rounded factors are used throughout, so they decide about strictness too.
            let factor = self.factor(fields.dyadic()?)?;
            if factor > W::default() {
                parts.push((factor, self.excess_bound(number)?));
                strict |= self.clauses.atom(number).strict;
            }
        }
        parts.append(&mut self.parts(fields)?);
        let least = self.sum(&parts)?;
        let refuted = self.contradicts(&least, strict);
        self.refuted_if(refuted, position)
    }

    /// `empty …`: no point satisfies the rows.
    fn empty(&mut self, fields: Fields<'_>) -> Result<bool, Reason> {
        let parts = self.parts(fields)?;
        let least = self.sum(&parts)?;
        match self.contradicts(&least, false) {
            true => Ok(true),
            false => Err("the rows do not contradict each other".to_owned()),
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
        let mut bases = std::mem::take(&mut self.node.bases);
        let rows = self.node.all_rows();
        bases.iter_mut().for_each(|basis| basis.new_clip_rows(&rows, self.precision));
        self.node.bases = bases;
        Ok(false)
    }

    /// `split K`: two children by a neuron's sign.
    fn split(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let neuron = self.free_neuron(&mut fields)?;
        fields.finish()?;
        self.need_signs_before(neuron)?;
        // Where the neuron is active −z ≤ 0, so what is below −z is ≤ 0 as well.
        let rows = [self.neuron_bound(neuron, true)?, self.neuron_bound(neuron, false)?];
        self.forget_old_bases();
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
        self.forget_old_bases();
        let above = InputBox::new(lower, area.upper.clone(), self.precision)?;
        let [first, second] = [below, above].map(|area| {
            let mut child = self.node.clone();
            child.area = Rc::new(area);
            child
        });
        self.branch(first, second)?;
        Ok(false)
    }

    /// Children get the last bases.
    fn forget_old_bases(&mut self) {
        let excess = self.node.bases.len().saturating_sub(MOST_BASES);
        self.node.bases.drain(..excess);
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
        self.contradict(Assumption::Atoms(&atoms), fields)?;
        self.refuted_if(true, position)
    }

    /// `nowhere …`: the node has no point, exactly.
    fn nowhere(&mut self, fields: Fields<'_>) -> Result<bool, Reason> {
        self.contradict(Assumption::Nothing, fields)?;
        Ok(true)
    }

    /// Goes on with the first child; the second waits.
    fn branch(&mut self, mut first: Node<W>, mut second: Node<W>) -> Result<(), Reason> {
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
            clock: self.clock,
        };
        facts.contradict(fields)
    }

    /// The next field as a neuron that is undecided and not linked.
    pub(crate) fn free_neuron(&self, fields: &mut Fields<'_>) -> Result<usize, Reason> {
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

    /// Whether a sum that is at least this much, and not above 0 (below, if strict), is none.
    fn contradicts(&mut self, least: &W::Sum, strict: bool) -> bool {
        let zero = W::Sum::default();
        let contradicts = |least: &W::Sum| *least > zero || *least == zero && strict;
        if contradicts(least) {
            return true;
        }
        self.is_close |= contradicts(&W::above(least, self.precision));
        false
    }

    /// Drops a clause if it is refuted; true where none is left.
    fn refuted_if(&mut self, refuted: bool, position: usize) -> Result<bool, Reason> {
        if !refuted {
            return Err("the refutation does not follow".to_owned());
        }
        self.node.clauses.remove(position);
        Ok(self.node.clauses.is_empty())
    }

    pub(crate) fn neuron_bound(
        &mut self,
        neuron: usize,
        negated: bool,
    ) -> Result<Rc<Bound<W>>, Reason> {
        if self.clock.strikes() {
            return Err("the time has run out".to_owned());
        }
        let place = self.stages.place(neuron);
        let bound = self.substitution.neuron(
            place,
            negated,
            &self.node.neurons,
            &mut self.node.live,
            self.stages,
        );
        bound.map(Rc::new).ok_or_else(|| self.substitution.reason(self.stages))
    }

    fn excess_bound(&mut self, atom: u32) -> Result<Rc<Bound<W>>, Reason> {
        let start = match self.excesses.get(&atom) {
            Some(start) => Rc::clone(start),
            None => {
                let content = self.clauses.atom(atom);
                let start = Excess::new(content, self.stages, self.inputs, self.precision);
                let start = start.ok_or_else(|| too_large(self.precision))?;
                self.excesses.insert(atom, Rc::clone(&start));
                start
            }
        };
        let bound =
            self.substitution.excess(&start, &self.node.neurons, &mut self.node.live, self.stages);
        bound.map(Rc::new).ok_or_else(|| self.substitution.reason(self.stages))
    }

    /// Fields `I*Q` as rows with factors.
    pub(crate) fn parts<'l>(
        &self,
        fields: impl Iterator<Item = &'l str>,
    ) -> Result<Vec<Part<W>>, Reason> {
        let rows = self.node.all_rows();
        let part = |field: &str| {
            let Some((row, factor)) = field.split_once('*') else {
                return Err(format!("expected a multiplier `I*Q`, found `{field}`"));
            };
            let row = rows.get(RowName::parse(row)?)?;
            Ok((self.factor(dyadic(factor)?)?, Rc::clone(row)))
        };
        fields.map(part).collect()
    }

    /// A lower bound of a function by given multipliers or, where none are given, by the best
    /// basis; at 2^−2F.
    pub(crate) fn best_minimum(
        &mut self,
        function: &Bound<W>,
        parts: &[Part<W>],
    ) -> Result<W::Sum, Reason> {
        self.total.start();
        self.total.add(&W::one(self.precision), function);
        parts.iter().for_each(|(factor, row)| self.total.add(factor, row));
        let Node { bases, area, .. } = &self.node;
        let mut best = self.total.minimum(area).ok_or_else(|| too_large(self.precision))?;
        for basis in bases.iter().filter(|_| parts.is_empty()) {
            let least = basis.minimum(function, &self.node.all_rows(), area, &mut self.total);
            best = least.map_or(best.clone(), |least| least.max(best));
        }
        Ok(best)
    }

    /// A lower bound of a sum of multiples of functions, at 2^−2F.
    fn sum(&mut self, parts: &[Part<W>]) -> Result<W::Sum, Reason> {
        self.total.start();
        parts.iter().for_each(|(factor, function)| self.total.add(factor, function));
        self.total.minimum(&self.node.area).ok_or_else(|| too_large(self.precision))
    }

    /// A multiplier as a word: any number ≥ 0 makes a valid one, so this may round.
    fn factor(&self, value: Dyadic) -> Result<W, Reason> {
        if value.is_negative() {
            return Err("a multiplier is negative".to_owned());
        }
        W::floor_dyadic(value, self.precision).ok_or_else(|| too_large(self.precision))
    }
}
