//! The polygon that a zonotope is in two coordinates, with its corners in exact order.

use std::cmp::Ordering;

use foldline_kernel::{Integer, Rational, Zonotope};

use super::segments::Segments;

/// The corners of the projection onto two coordinates, counterclockwise from the leftmost (lowest)
/// one, none of them between its neighbours: two for a segment, one for a point.
///
/// # Panics
/// If a coordinate is not one of the zonotope's.
pub fn projected_polygon(zonotope: &Zonotope, axes: [usize; 2]) -> Vec<[Rational; 2]> {
    let pick = |vector: &Vec<Rational>| axes.map(|axis| vector[axis].clone()).to_vec();
    let generators: Vec<Vec<Rational>> = zonotope.generators.iter().map(pick).collect();
    let center = pick(&zonotope.center);
    let segments = Segments::from_vectors(center, generators.iter().map(Vec::as_slice));
    // Directions point to the right, or up: by angle they make the lower half of the boundary.
    let mut sides: Vec<usize> = (0..segments.directions.len()).collect();
    sides.sort_by(|&a, &b| by_angle(&segments.directions[a], &segments.directions[b]));
    let side = |&index: &usize| -> [Rational; 2] {
        let along = |axis: usize| {
            &segments.lengths[index] * Rational::from(segments.directions[index][axis].clone())
        };
        [along(0), along(1)]
    };
    let sides: Vec<[Rational; 2]> = sides.iter().map(side).collect();
    let mut corner = [segments.center[0].clone(), segments.center[1].clone()];
    for side in &sides {
        corner.iter_mut().zip(side).for_each(|(value, entry)| *value -= entry);
    }
    let mut corners = vec![corner.clone()];
    for side in &sides {
        corner.iter_mut().zip(side).for_each(|(value, entry)| *value += entry + entry);
        corners.push(corner.clone());
    }
    for side in sides.iter().take(sides.len().saturating_sub(1)) {
        corner.iter_mut().zip(side).for_each(|(value, entry)| *value -= entry + entry);
        corners.push(corner.clone());
    }
    corners
}

/// By the angle of directions in the right half plane, upward counted to it.
fn by_angle(a: &[Integer], b: &[Integer]) -> Ordering {
    (&b[0] * &a[1]).cmp(&(&a[0] * &b[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zonotope(center: &[i32], generators: &[&[i32]]) -> Zonotope {
        let numbers = |values: &[i32]| values.iter().map(|&v| Rational::from(v)).collect();
        Zonotope {
            center: numbers(center),
            generators: generators.iter().map(|row| numbers(row)).collect(),
        }
    }

    fn corners(zonotope: &Zonotope, axes: [usize; 2]) -> Vec<[i32; 2]> {
        let whole = |value: &Rational| i32::try_from(value.numerator().clone()).unwrap();
        projected_polygon(zonotope, axes).iter().map(|[x, y]| [whole(x), whole(y)]).collect()
    }

    #[test]
    fn corners_are_in_order() {
        let z = zonotope(&[1, 0, 5], &[&[1, 0, 0], &[0, -2, 1], &[1, 0, 1], &[0, 0, 0]]);
        assert_eq!(corners(&z, [0, 1]), [[-1, -2], [3, -2], [3, 2], [-1, 2]]);
        assert_eq!(corners(&z, [0, 2]), [[-1, 3], [1, 3], [3, 5], [3, 7], [1, 7], [-1, 5]]);
        assert_eq!(corners(&zonotope(&[1, 2], &[]), [0, 1]), [[1, 2]]);
        assert_eq!(corners(&zonotope(&[1, 2], &[&[1, 1], &[-2, -2]]), [1, 0]), [[-1, -2], [5, 4]]);
    }

    #[test]
    fn corners_attain_the_support_function() {
        let z = zonotope(&[3, -1], &[&[5, 2], &[-4, 1], &[0, 3], &[2, -7], &[1, 1]]);
        let corners = projected_polygon(&z, [0, 1]);
        assert_eq!(corners.len(), 10);
        for u in [[1, 0], [0, -1], [3, 4], [-5, 2], [7, -3]] {
            let u = u.map(Rational::from);
            let along = |corner: &[Rational; 2]| &u[0] * &corner[0] + &u[1] * &corner[1];
            assert_eq!(corners.iter().map(along).max().unwrap(), z.support(&u));
        }
    }
}
