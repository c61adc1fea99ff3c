//! Trees are checked with quick numbers first, and with longer ones where those do not suffice.
//!
//! Every kind of numbers proves only what is true, so no choice among them can do harm. Exact ones
//! find all that the format asks for; they are the last resort, as they may become very long.

use std::cell::OnceCell;
use std::mem;
use std::rc::Rc;

use foldline_kernel::number::{BitTest, Integer};
use foldline_kernel::{Layer, Rational};

use crate::clauses::Clauses;
use crate::clock::Clock;
use crate::fixed::{FixedLayer, too_large};
use crate::lines::{Fields, Reason};
use crate::region::Region;
use crate::stages::Stages;
use crate::tree::Tree;
use crate::word::Word;

/// The kinds of numbers, by which the trials of a tree go.
const KINDS: usize = 4;

/// Fraction bits of long numbers: for numbers of ordinary size, and for those that span many orders.
const LONG: u32 = 256;
const LONGEST: u32 = 2048;

/// The exact numbers.
const EXACT: usize = KINDS - 1;

/// What a record did to a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The node goes on.
    Open,
    /// The node has two children, and the first goes on.
    Split,
    /// The node is closed, and another one goes on.
    Closed,
    /// The last open node is closed.
    Done,
}

/// A tree that is being read, with numbers of some kind.
pub trait Records {
    /// Checks the next record.
    fn record(&mut self, word: &str, fields: Fields<'_>) -> Result<Step, Reason>;
    /// After a split: goes on with the second child, the first being settled.
    fn skip_first_child(&mut self);
    /// Whether exact numbers might give another answer than these.
    fn is_close(&self) -> bool;
}

/// The network in numbers of one kind.
trait Numbers {
    /// A case's tree at its root.
    fn root<'a>(
        &self,
        proof: &'a Proof<'a>,
        region: Region,
        own: Vec<usize>,
    ) -> Result<Box<dyn Records + 'a>, Reason>;
}

struct Rounded<W> {
    layers: Rc<[FixedLayer<W>]>,
    precision: u32,
}

impl<W: Word> Rounded<W> {
    fn numbers(stages: &Stages, precision: u32) -> Result<Box<dyn Numbers>, Reason> {
        let layers = stages.relu.iter().map(|layer| FixedLayer::<W>::new(layer, precision));
        let layers = layers.collect::<Option<_>>().ok_or_else(|| too_large(precision))?;
        Ok(Box::new(Self { layers, precision }))
    }
}

impl<W: Word> Numbers for Rounded<W> {
    fn root<'a>(
        &self,
        proof: &'a Proof<'a>,
        region: Region,
        own: Vec<usize>,
    ) -> Result<Box<dyn Records + 'a>, Reason> {
        Ok(Box::new(Tree::new(proof, Rc::clone(&self.layers), self.precision, region, own)?))
    }
}

/// What all cases of a proof have in common.
pub struct Proof<'c> {
    /// The network.
    pub stages: Stages,
    /// The property's clauses.
    pub clauses: Clauses,
    /// What ends the check.
    pub clock: &'c Clock<'c>,
    precision: u32,
    numbers: [OnceCell<Result<Box<dyn Numbers>, Reason>>; KINDS],
}

impl<'c> Proof<'c> {
    /// Of a network and clauses; the precision is that of the quick numbers.
    pub fn new(stages: Stages, clauses: Clauses, precision: u32, clock: &'c Clock<'c>) -> Self {
        Self { stages, clauses, clock, precision, numbers: Default::default() }
    }

    /// The same about (y, s), s being the last input and ≥ 0, for f(y/s).
    pub fn homogeneous(&self, inputs: usize) -> Self {
        let stages = self.stages.homogeneous();
        Self::new(stages, self.clauses.homogeneous(inputs), self.precision, self.clock)
    }

    /// By how many bits a small number may grow on the way through the network to an atom.
    fn growth(&self) -> usize {
        let layers = self.stages.relu.iter().chain([&self.stages.output]);
        let of_layer = |layer: &Layer| {
            let numbers =
                layer.rows.iter().flat_map(|row| row.numerators.iter().chain([&row.bias]));
            let largest = numbers.map(BitTest::bit_len).max().unwrap_or(0);
            (largest + 1).saturating_sub(layer.denominator.bit_len())
        };
        layers.map(of_layer).sum::<usize>() + self.clauses.growth()
    }

    fn numbers(&self, kind: usize) -> Result<&dyn Numbers, Reason> {
        let numbers = self.numbers[kind].get_or_init(|| match kind {
            0 => Rounded::<i64>::numbers(&self.stages, self.precision),
            1 => Rounded::<Integer>::numbers(&self.stages, LONG),
            2 => Rounded::<Integer>::numbers(&self.stages, LONGEST),
            _ => Rounded::<Rational>::numbers(&self.stages, 0),
        });
        numbers.as_ref().map(|numbers| &**numbers).map_err(Clone::clone)
    }
}

/// Which child of a record's node is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Child {
    /// The record was no split.
    None,
    First,
    /// The first one is settled.
    Second,
}

/// A tree, with the records that lead to the node that is open.
///
/// Children that are closed need not be looked at again: what was proved of them is true.
pub struct Trial<'a> {
    proof: &'a Proof<'a>,
    region: Region,
    own: Vec<usize>,
    kind: usize,
    tree: Box<dyn Records + 'a>,
    path: Vec<(String, Child)>,
}

impl<'a> Trial<'a> {
    /// The tree of a case with these clauses, at its root.
    pub fn new(proof: &'a Proof<'a>, region: Region, own: Vec<usize>) -> Result<Self, Reason> {
        let mut kind = 0;
        loop {
            match root(proof, &region, &own, kind) {
                Ok(tree) => return Ok(Self { proof, region, own, kind, tree, path: Vec::new() }),
                Err(reason) if kind == EXACT => return Err(reason),
                Err(_) => kind += 1,
            }
        }
    }

    /// Checks the next record; true where it closes the last open node.
    pub fn record(&mut self, line: &str) -> Result<bool, Reason> {
        let mut reason = match self.follow(line) {
            Ok(step) => return Ok(step == Step::Done),
            Err(reason) => reason,
        };
        while self.kind + 1 < EXACT || self.kind + 1 == EXACT && self.may_differ() {
            if self.proof.clock.strikes() {
                break;
            }
            self.kind += 1;
            let path = self.path.clone();
            if self.repeat().is_some() {
                match self.follow(line) {
                    Ok(step) => return Ok(step == Step::Done),
                    Err(better) => reason = better,
                }
            }
            self.path = path;
        }
        Err(reason)
    }

    /// Whether exact numbers may give another answer than the longest ones: a claim failed by less
    /// than 2^(−1024), or what 2,048 bits drop may have grown beyond that on the way.
    fn may_differ(&self) -> bool {
        self.tree.is_close() || self.proof.growth() + self.region.growth() > (LONGEST / 4) as usize
    }

    /// Checks a record, and keeps it as long as its node or one below is open.
    fn follow(&mut self, line: &str) -> Result<Step, Reason> {
        let mut fields = Fields::of(line);
        let step = self.tree.record(fields.word()?, fields)?;
        match step {
            Step::Open => self.path.push((line.to_owned(), Child::None)),
            Step::Split => self.path.push((line.to_owned(), Child::First)),
            Step::Done => self.path.clear(),
            Step::Closed => {
                while self.path.last().is_some_and(|(_, child)| *child != Child::First) {
                    self.path.pop();
                }
                if let Some((_, child)) = self.path.last_mut() {
                    *child = Child::Second;
                }
            }
        }
        Ok(step)
    }

    /// Goes the way to the open node again, with the numbers of the present kind; none where that
    /// fails, or does not lead to the same node.
    fn repeat(&mut self) -> Option<()> {
        self.tree = root(self.proof, &self.region, &self.own, self.kind).ok()?;
        let mut is_same = true;
        for (line, child) in mem::take(&mut self.path) {
            let step = self.follow(&line).ok()?;
            is_same &= match step {
                Step::Open => child == Child::None,
                Step::Split => child != Child::None,
                Step::Closed => false,
                Step::Done => return None,
            };
            if child == Child::Second {
                // Only the child that was settled may be left out.
                self.path.last_mut().filter(|_| is_same)?.1 = Child::Second;
                self.tree.skip_first_child();
            }
        }
        Some(())
    }
}

fn root<'a>(
    proof: &'a Proof<'a>,
    region: &Region,
    own: &[usize],
    kind: usize,
) -> Result<Box<dyn Records + 'a>, Reason> {
    proof.numbers(kind)?.root(proof, region.clone(), own.to_vec())
}
