//! The sign vectors of a central arrangement, gathered around its rays.
//!
//! Every cell of the arrangement of an r-dimensional zonotope's generators is a pointed cone, so it
//! has a ray: the normal of a hyperplane that generators span. Around such a ray a cell is the
//! ray's signs at the generators outside the hyperplane, and a cell of the arrangement of those
//! inside it, which is a smaller problem of the same kind. Cells met at several rays are merged.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::ops::ControlFlow;
use std::rc::Rc;

use foldline_kernel::Integer;

use super::entry::Entry;
use super::hyperplanes::{HyperplaneVisitor, visit_hyperplanes};
use super::pencils::Columns;
use super::span::Span;

/// A set of indices, such as the generators with a positive sign.
pub trait IndexSet: Clone + Ord + Hash + Debug {
    /// The empty set of indices below `count`.
    fn empty(count: usize) -> Self;
    /// Puts an index in.
    fn insert(&mut self, index: usize);
    /// Whether it is in.
    fn contains(&self, index: usize) -> bool;
    /// The indices in exactly one of the two.
    fn toggle(&mut self, other: &Self);
}

macro_rules! index_set {
    ($type:ty) => {
        impl IndexSet for $type {
            fn empty(count: usize) -> Self {
                assert!(count <= <$type>::BITS as usize, "too many indices");
                0
            }
            fn insert(&mut self, index: usize) {
                *self |= 1 << index;
            }
            fn contains(&self, index: usize) -> bool {
                self >> index & 1 == 1
            }
            fn toggle(&mut self, other: &Self) {
                *self ^= other;
            }
        }
    };
}

index_set!(u64);
index_set!(u128);

impl IndexSet for Vec<u64> {
    fn empty(count: usize) -> Self {
        vec![0; count.div_ceil(64)]
    }
    fn insert(&mut self, index: usize) {
        self[index / 64] |= 1 << (index % 64);
    }
    fn contains(&self, index: usize) -> bool {
        self[index / 64] >> (index % 64) & 1 == 1
    }
    fn toggle(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(word, other)| *word ^= other);
    }
}

/// Below so many cells it is not worth while to merge them in between.
const LEAST_MERGED: usize = 1 << 20;

/// The cells of an arrangement, as the sets of directions that are positive there.
pub struct Cells<'a, S> {
    directions: &'a [Vec<Integer>],
    /// Halves of the cells of flats, by the directions in them.
    known: HashMap<S, Rc<Vec<S>>>,
    stop: &'a dyn Fn() -> bool,
}

impl<'a, S: IndexSet> Cells<'a, S> {
    /// Pairwise non-parallel directions, none of them zero.
    pub fn new(directions: &'a [Vec<Integer>], stop: &'a dyn Fn() -> bool) -> Self {
        Self { directions, known: HashMap::new(), stop }
    }

    /// Half of the cells, sorted: those where the first direction is positive. The other half are
    /// their opposites. None if it was told to stop.
    pub fn half(&mut self) -> Option<Vec<S>> {
        let all: Vec<usize> = (0..self.directions.len()).collect();
        let cells = self.half_of(&all)?;
        self.known.clear();
        Some(Rc::unwrap_or_clone(cells))
    }

    fn half_of(&mut self, members: &[usize]) -> Option<Rc<Vec<S>>> {
        let mut everyone = S::empty(self.directions.len());
        members.iter().for_each(|&index| everyone.insert(index));
        if let Some(known) = self.known.get(&everyone) {
            return Some(Rc::clone(known));
        }
        let vectors: Vec<Vec<Integer>> =
            members.iter().map(|&index| self.directions[index].clone()).collect();
        let dimension = vectors.first().map_or(0, Vec::len);
        let span = Span::new(dimension, &vectors);
        let cells = if span.rank() == members.len() {
            let mut half = vec![S::empty(self.directions.len())];
            if let Some((first, rest)) = members.split_first() {
                half[0].insert(*first);
                half = with_all_signs(half, rest);
            }
            half
        } else {
            self.around_rays(members, &vectors, &span)?
        };
        let cells = Rc::new(cells);
        self.known.insert(everyone, Rc::clone(&cells));
        Some(cells)
    }

    fn around_rays(
        &mut self,
        members: &[usize],
        vectors: &[Vec<Integer>],
        span: &Span,
    ) -> Option<Vec<S>> {
        let restrict = |vector: &Vec<Integer>| {
            span.coordinates.iter().map(|&index| vector[index].clone()).collect()
        };
        let vectors: Vec<Vec<Integer>> = vectors.iter().map(restrict).collect();
        let columns = Columns { rank: span.rank(), directions: vectors.len(), vectors };
        let mut everyone = S::empty(self.directions.len());
        members.iter().for_each(|&index| everyone.insert(index));
        let mut gather = Gather {
            cells: self,
            members,
            rank: span.rank(),
            everyone,
            found: Vec::new(),
            merged: 0,
        };
        if visit_hyperplanes(&columns, None, &mut gather).is_break() {
            return None;
        }
        gather.merge();
        Some(gather.found)
    }
}

/// Every set with every choice of signs for `more`.
fn with_all_signs<S: IndexSet>(mut sets: Vec<S>, more: &[usize]) -> Vec<S> {
    for &index in more {
        let length = sets.len();
        sets.extend_from_within(..);
        sets[length..].iter_mut().for_each(|set| set.insert(index));
    }
    sets
}

struct Gather<'c, 'a, S> {
    cells: &'c mut Cells<'a, S>,
    members: &'c [usize],
    rank: usize,
    everyone: S,
    found: Vec<S>,
    merged: usize,
}

impl<S: IndexSet> Gather<'_, '_, S> {
    fn push(&mut self, mut cell: S) {
        if !cell.contains(self.members[0]) {
            cell.toggle(&self.everyone);
        }
        self.found.push(cell);
    }

    fn merge(&mut self) {
        self.found.sort_unstable();
        self.found.dedup();
        self.merged = self.found.len();
    }
}

impl<S: IndexSet> HyperplaneVisitor for Gather<'_, '_, S> {
    fn hyperplane<T: Entry>(&mut self, _: &[T], values: &[T]) -> ControlFlow<()> {
        let count = self.cells.directions.len();
        let (mut positive, mut inside) = (S::empty(count), Vec::new());
        for (&member, value) in self.members.iter().zip(values) {
            match value.sign() {
                std::cmp::Ordering::Greater => positive.insert(member),
                std::cmp::Ordering::Equal => inside.push(member),
                std::cmp::Ordering::Less => {}
            }
        }
        if inside.len() < self.rank {
            with_all_signs(vec![positive], &inside).into_iter().for_each(|cell| self.push(cell));
        } else {
            let Some(local) = self.cells.half_of(&inside) else {
                return ControlFlow::Break(());
            };
            let mut opposite = S::empty(count);
            inside.iter().for_each(|&index| opposite.insert(index));
            opposite.toggle(&positive);
            for cell in local.iter() {
                for base in [&positive, &opposite] {
                    let mut whole = cell.clone();
                    whole.toggle(base);
                    self.push(whole);
                }
            }
        }
        if self.found.len() > LEAST_MERGED.max(4 * self.merged) {
            self.merge();
        }
        ControlFlow::Continue(())
    }

    fn pause(&mut self) -> ControlFlow<()> {
        if (self.cells.stop)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
