//! Pictures of cells: they tile the region, there are as many as are counted, and their maps are right.

use foldline_kernel::{LinearConstraint, Network, Polyhedron, Rational, Region};
use foldline_questions::regions::picture::{Picture, PictureError, draw};
use foldline_questions::regions::{Outcome, count_cells};

use crate::generate::{self, Random};
use crate::options;

fn plane(network: &Network, region: &Region, threads: usize) -> Result<Picture, PictureError> {
    match draw(network, None, region, &options(threads), 10_000)? {
        Outcome::Counted(picture) => Ok(picture),
        other => panic!("{other:?}"),
    }
}

fn area(corners: &[[f64; 2]]) -> f64 {
    let next = corners.iter().cycle().skip(1);
    let twice: f64 = corners.iter().zip(next).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum();
    twice / 2.0
}

/// The box [−2, 2] × [−1, 3] in the first two inputs; the others are 1/2.
fn slice(dimension: usize) -> Region {
    let mut constraints = Vec::new();
    for coordinate in 0..dimension {
        let (low, high) = match coordinate {
            0 => (Rational::from(-2), Rational::from(2)),
            1 => (Rational::from(-1), Rational::from(3)),
            _ => (Rational::from(1) / Rational::from(2), Rational::from(1) / Rational::from(2)),
        };
        let side = |sign: i32, bound| {
            LinearConstraint::new(vec![(coordinate, Rational::from(sign))], bound, false)
        };
        constraints.extend([side(1, high), side(-1, -low)]);
    }
    Region { dimension, pieces: vec![Polyhedron { dimension, constraints }] }
}

#[test]
fn polygons_tile_the_region_and_have_its_maps() {
    let mut random = Random(5);
    let mut drawn = 0;
    while drawn < 60 {
        let network = generate::network(&mut random, 6);
        if network.inputs() < 2 {
            continue;
        }
        drawn += 1;
        let region = slice(network.inputs());
        let picture = plane(&network, &region, 1).unwrap();
        let counted = count_cells(&network, None, Some(&region), &options(1), None).unwrap();
        assert_eq!(counted, Outcome::Counted(picture.cells.len() as u64), "{network:?}");
        assert!(!picture.goes_on);
        let all: f64 = picture.cells.iter().map(|cell| area(&cell.corners)).sum();
        assert!((all - 16.0).abs() < 1e-9, "{all} {network:?}");
        for cell in &picture.cells {
            assert!(area(&cell.corners) > 0.0);
            check_map(&network, &picture, cell);
        }
        assert_eq!(picture, plane(&network, &region, 2).unwrap());
    }
}

/// The map gives the network's values at the middle of the cell.
fn check_map(
    network: &Network,
    picture: &Picture,
    cell: &foldline_questions::regions::picture::Polygon,
) {
    let count = cell.corners.len() as f64;
    let middle = [0, 1].map(|k| cell.corners.iter().map(|corner| corner[k] / count).sum::<f64>());
    let mut point = picture.base.clone();
    for (axis, value) in picture.axes.into_iter().zip(middle) {
        point[axis] = Rational::try_from(value).unwrap();
    }
    let output = network.evaluate(&point).output;
    assert_eq!(picture.maps[cell.map].len(), output.len());
    for ([constant, x, y], exact) in picture.maps[cell.map].iter().zip(&output) {
        let value = constant + x * middle[0] + y * middle[1];
        let exact = exact.to_f64().value();
        assert!((value - exact).abs() < 1e-6 * (1.0 + exact.abs()), "{value} {exact} {network:?}");
    }
}

#[test]
fn unbounded_regions_get_a_window_around_what_there_is_to_see() {
    let mut random = Random(6);
    let mut drawn = 0;
    while drawn < 40 {
        let network = generate::network(&mut random, 6);
        if network.inputs() != 2 {
            continue;
        }
        drawn += 1;
        let picture = plane(&network, &Region::everything(2), 1).unwrap();
        let [[left, right], [low, high]] = picture.window.clone();
        assert!(left < right && low < high && picture.goes_on);
        let window = ((right - left) * (high - low)).to_f64().value();
        let all: f64 = picture.cells.iter().map(|cell| area(&cell.corners)).sum();
        assert!((all / window - 1.0).abs() < 1e-9, "{all} {window} {network:?}");
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let mut random = Random(7);
    let network = loop {
        let network = generate::network(&mut random, 6);
        if network.inputs() == 3 {
            break network;
        }
    };
    let refused = |region: &Region| plane(&network, region, 1).unwrap_err();
    assert_eq!(refused(&Region::everything(3)), PictureError::NoPlane(vec![0, 1, 2]));
    let mut region = slice(3);
    let constraints = &mut region.pieces[0].constraints;
    let opposite = |constraint: &LinearConstraint| {
        let terms = constraint.coefficients.iter().map(|(j, a)| (*j, -a.clone())).collect();
        LinearConstraint::new(terms, -constraint.bound.clone(), false)
    };
    constraints.push(opposite(&constraints[0]));
    assert_eq!(refused(&region), PictureError::NoPlane(vec![1]));
    let constraints = &mut region.pieces[0].constraints;
    constraints.push(LinearConstraint::new(
        vec![(1, Rational::from(1))],
        Rational::from(-2),
        false,
    ));
    assert_eq!(refused(&region), PictureError::Empty);
    let most = plane(&network, &slice(3), 1).unwrap().cells.len() - 1;
    if most > 0 {
        let error = draw(&network, None, &slice(3), &options(2), most).unwrap_err();
        assert_eq!(error, PictureError::TooMany(most));
    }
}
