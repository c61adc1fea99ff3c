//! How many cells, linear regions and affine maps a network has, on R^d or on a region.
//!
//! A *cell* is {x : the set of neurons with positive pre-activation is S} where that set has
//! interior points relative to the region's affine hull. A *linear region* consists of cells with
//! one affine map that are connected through faces of dimension d − 1.
//!
//! The cells of a union of polyhedra are those of the union: a pattern counts once, also where it
//! lies in several of the polyhedra.

mod collect;
mod hull;
mod layered;
pub mod picture;
pub mod proof;
mod residues;
mod search;
mod stages;

use foldline_geometry::arrangements::FlatArrangement;
use foldline_geometry::arrangements::{Arrangement, MOST_DIMENSIONS};
use foldline_kernel::interrupt::Stopped;
use foldline_kernel::{Integer, Network, Region};

use crate::checkpoint::{Keeper, StateError, saving};
use crate::limits::Limits;
use collect::{Joins, Maps, components};
use hull::{Hull, hull};
use layered::LayeredNetwork;
use search::{CountOnly, Shared, walk_all};
pub use search::{Done, Limit, Options, Progress, ProgressCallback};

/// All numbers of a network on a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Cells.
    pub cells: u64,
    /// Those that are bounded.
    pub bounded_cells: u64,
    /// Linear regions.
    pub linear_regions: u64,
    /// Different affine maps.
    pub distinct_affine_maps: u64,
}

/// What a count ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The answer.
    Counted(T),
    /// A limit ran out; so many cells had been found by then.
    Undecided {
        /// Which.
        limit: Limit,
        /// A lower bound for the number of cells.
        cells: u64,
    },
}

/// Why a count cannot be begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// More dimensions than the walk takes, after everything that is constant has been left out.
    #[error(
        "the cells have {0} dimensions, but at most {MOST_DIMENSIONS} can be walked over: \
         fix some inputs with a region"
    )]
    TooManyDimensions(usize),
    /// The state of a count is kept for regions that are one polyhedron.
    #[error("the region is a union of {0} polyhedra: a checkpoint is for one polyhedron")]
    UnionWithCheckpoint(usize),
    /// The state that was kept is none of this count.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The network (all outputs, or one) on a region (none: everywhere), ready to be walked.
///
/// `None` where the region is empty or has no interior points in its affine hull.
fn prepare(
    network: &Network,
    output: Option<usize>,
    region: Option<&Region>,
) -> Result<Option<LayeredNetwork>, CountError> {
    let everywhere =
        foldline_kernel::Polyhedron { dimension: network.inputs(), constraints: Vec::new() };
    let (hull, pieces) = match region {
        None => (Hull::everything(network.inputs()), vec![&everywhere]),
        Some(region) => match hull(region) {
            Some((_, pieces)) if pieces.is_empty() => return Ok(None),
            Some(found) => found,
            None => return Ok(None),
        },
    };
    let layered = LayeredNetwork::new(network, output, &hull, &pieces);
    match layered.dimension() {
        dimension if dimension > MOST_DIMENSIONS => Err(CountError::TooManyDimensions(dimension)),
        _ => Ok(Some(layered)),
    }
}

/// Cells, bounded cells, linear regions and distinct affine maps.
///
/// Memory grows with the number of distinct affine maps.
///
/// # Errors
/// If there are too many dimensions.
pub fn count_regions(
    network: &Network,
    output: Option<usize>,
    region: Option<&Region>,
    options: &Options,
) -> Result<Outcome<Counts>, CountError> {
    let shared = Shared::new(options, Done::default());
    let prepared = shared.limits.unless_reached(|| {
        let layered = prepare(network, output, region)?;
        Ok::<_, CountError>(layered.map(|layered| (layered.modular(), layered)))
    });
    let (modular, layered) = match prepared {
        Err(Stopped) => return Ok(Outcome::Undecided { limit: shared.limits.which(), cells: 0 }),
        Ok(prepared) => match prepared? {
            None => return Ok(Outcome::Counted(Counts::default())),
            Some(prepared) => prepared,
        },
    };
    let levels = layered.levels();
    let (all, limit) = walk_all(&layered, &shared, || Maps::new(&layered, levels, Some(&modular)));
    if let Some(limit) = limit {
        // Parts of one cell may have been found in several pieces.
        let cells = if layered.pieces() > 1 { 0 } else { shared.cells() };
        return Ok(Outcome::Undecided { limit, cells });
    }
    let mut all = all.into_iter();
    let mut maps = all.next().expect("at least one thread");
    all.for_each(|other| maps.merge(other));
    let (cells, bounded_cells) = if layered.pieces() > 1 {
        let bounded = maps.patterns.values().filter(|bounded| **bounded).count();
        (maps.patterns.len() as u64, bounded as u64)
    } else {
        (maps.cells, maps.bounded)
    };
    let single = maps.shared.values().filter(|shared| !**shared).count() as u64;
    let mut counts =
        Counts { cells, bounded_cells, linear_regions: single, distinct_affine_maps: single };
    if maps.cells != single {
        let options = shared.limits.rest();
        let shared = Shared::new(&options, Done::default());
        let make = || Joins::new(&layered, levels, &modular, &maps.shared);
        let (all, limit) = walk_all(&layered, &shared, make);
        if let Some(limit) = limit {
            return Ok(Outcome::Undecided { limit, cells: counts.cells });
        }
        let (maps, regions) = components(all);
        counts.distinct_affine_maps += maps;
        counts.linear_regions += regions;
    }
    Ok(Outcome::Counted(counts))
}

/// The number of cells alone.
///
/// In memory that does not grow with it, unless the region is a union of several polyhedra.
/// `keeper` keeps the state of a long count.
///
/// # Errors
/// If there are too many dimensions, or the keeper's state cannot be used.
pub fn count_cells(
    network: &Network,
    output: Option<usize>,
    region: Option<&Region>,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome<u64>, CountError> {
    let shared = Shared::new(options, Done::default());
    let layered = match shared.limits.unless_reached(|| prepare(network, output, region)) {
        Err(Stopped) => return Ok(Outcome::Undecided { limit: shared.limits.which(), cells: 0 }),
        Ok(layered) => match layered? {
            None => return Ok(Outcome::Counted(0)),
            Some(layered) => layered,
        },
    };
    let levels = layered.levels();
    if layered.pieces() <= 1 {
        return count_kept(&layered, &shared.limits.rest(), keeper);
    }
    if keeper.is_some() {
        return Err(CountError::UnionWithCheckpoint(layered.pieces()));
    }
    let (all, limit) = walk_all(&layered, &shared, || Maps::new(&layered, levels, None));
    if let Some(limit) = limit {
        // Parts of one cell may have been found in several pieces.
        return Ok(Outcome::Undecided { limit, cells: 0 });
    }
    let mut maps = Maps::new(&layered, levels, None);
    all.into_iter().for_each(|other| maps.merge(other));
    Ok(Outcome::Counted(maps.patterns.len() as u64))
}

/// Counts what `keeper`'s state has not counted yet, and keeps the state there.
fn count_kept<A: Arrangement>(
    arrangement: &A,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome<u64>, CountError> {
    let done = match keeper.and_then(Keeper::resumed) {
        Some(state) => Done::from_json(state)?,
        None => Done::default(),
    };
    let shared = Shared::new(options, done);
    let done = || shared.done.lock().expect("no thread panicked");
    let (_, limit) = saving(
        keeper,
        || done().to_json(),
        |(_, limit): &(_, Option<Limit>)| limit.is_some(),
        || walk_all(arrangement, &shared, || CountOnly),
    );
    Ok(match limit {
        None => Outcome::Counted(done().cells),
        Some(limit) => Outcome::Undecided { limit, cells: shared.cells() },
    })
}

/// The cells of a flat arrangement, by walking over them.
///
/// Rows are hyperplanes: constant, then coefficients.
///
/// # Errors
/// If there are too many dimensions, or the keeper's state cannot be used.
pub fn enumerate_arrangement(
    rows: &[Vec<Integer>],
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome<u64>, CountError> {
    let flat = FlatArrangement::new(rows);
    if flat.dimension() > MOST_DIMENSIONS {
        return Err(CountError::TooManyDimensions(flat.dimension()));
    }
    count_kept(&flat, options, keeper)
}

/// The cells of a flat arrangement by deletion and restriction, without visiting one.
pub fn count_arrangement(rows: &[Vec<Integer>], options: &Options) -> Outcome<u64> {
    let limits = Limits::new(options);
    let mut proceed = || !limits.reached();
    match foldline_geometry::arrangements::deletion::count_cells(rows, &mut proceed) {
        Some(cells) => Outcome::Counted(cells),
        None => Outcome::Undecided { limit: limits.which(), cells: 0 },
    }
}
