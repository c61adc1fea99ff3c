//! Exact geometry of zonotopes: hyperplanes of the generators, facets, vertices, volume, membership;
//! cones of directions with bounds on support functions.

pub mod cells;
pub mod entry;
pub mod facets;
pub mod fan;
pub mod float_pencils;
pub mod floats;
pub mod gauge;
pub mod hyperplanes;
pub mod lewis;
pub mod membership;
pub mod pencils;
pub mod polygon;
pub mod ratio;
pub mod ratio_exact;
pub mod reduction;
pub mod residues;
pub mod segments;
pub mod span;
pub mod vertices;
pub mod volume;
pub mod weights;

pub use facets::{Facet, Facets, count_facets, facets};
pub use gauge::{Gauge, GaugeProgram};
pub use membership::{Membership, membership};
pub use polygon::projected_polygon;
pub use segments::Segments;
pub use span::Span;
pub use vertices::{count_vertices, vertices};
pub use volume::volume;
