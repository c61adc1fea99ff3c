//! Certificates of zonotope containment, both ways.

use std::path::Path;

use foldline_geometry::zonotopes::{Segments, Span};
use foldline_kernel::Zonotope;
use foldline_questions::containment::Verdict;

use crate::certificate::{CertificateError, CertificateFile, header};

/// The files that the statement is about.
#[derive(Debug, Clone, Copy)]
pub struct Paths<'a> {
    /// The outer zonotope's file.
    pub outer: &'a Path,
    /// The inner zonotope's file.
    pub inner: &'a Path,
}

/// Writes a certificate of the verdict to `target`; of an undecided one, none.
///
/// # Errors
/// If a file cannot be read or written.
pub fn write(
    outer: &Zonotope,
    inner: &Zonotope,
    verdict: &Verdict,
    paths: Paths<'_>,
    target: &Path,
) -> Result<(), CertificateError> {
    let (claim, body) = match verdict {
        Verdict::Contained => ("yes", normals(outer)),
        Verdict::Separated(separation) => {
            let coefficients = words(&separation.coefficients);
            ("no", format!("point{coefficients}\nnormal{}\n", words(&separation.normal)))
        }
        Verdict::Undecided(_) => return Ok(()),
    };
    debug_assert_eq!(outer.dimension(), inner.dimension());
    let files = [("outer", paths.outer), ("inner", paths.inner)];
    let mut file = CertificateFile::create(target)?;
    file.text(&header("containment", claim, &files)?)?;
    file.text(&body)?;
    file.text("end\n")?;
    file.finish()
}

/// Each value after a space.
fn words<T: ToString>(values: &[T]) -> String {
    values.iter().map(|value| format!(" {}", value.to_string())).collect()
}

/// The coordinates in which the checker goes through all facet normals of the outer zonotope.
fn normals(outer: &Zonotope) -> String {
    let segments = Segments::new(outer);
    let span = Span::new(segments.dimension, &segments.directions);
    format!("normals{}\n", words(&span.coordinates))
}
