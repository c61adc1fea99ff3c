//! Σ |a·x_i − b·y_i| in floats, the inner loop of containment, with the widest instructions there are.

/// How many partial sums are kept.
const LANES: usize = 16;

/// Rounds a length up to a multiple of the lanes; columns are padded with zeros to it.
pub fn padded(length: usize) -> usize {
    length.next_multiple_of(LANES)
}

/// Σ |a·x_i − b·y_i| for slices of the same length, a multiple of the lanes.
///
/// Whatever is fused and in whatever order it is added up: the error is at most
/// (n + 4)·2⁻⁵³·Σ(|a·x_i| + |b·y_i|), and 0 if all numbers and sums are integers below 2⁵³.
pub fn sum_of_magnitudes(a: f64, b: f64, x: &[f64], y: &[f64]) -> f64 {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
            // Safety: the features are there.
            return unsafe { with_avx512(a, b, x, y) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // Safety: the features are there.
            return unsafe { with_avx2(a, b, x, y) };
        }
    }
    sum::<false>(a, b, x, y)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
fn with_avx512(a: f64, b: f64, x: &[f64], y: &[f64]) -> f64 {
    sum::<true>(a, b, x, y)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2(a: f64, b: f64, x: &[f64], y: &[f64]) -> f64 {
    sum::<true>(a, b, x, y)
}

#[inline(always)]
fn sum<const FUSED: bool>(a: f64, b: f64, x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    for (x, y) in x.chunks_exact(LANES).zip(y.chunks_exact(LANES)) {
        for lane in 0..LANES {
            let value =
                if FUSED { a.mul_add(x[lane], -(b * y[lane])) } else { a * x[lane] - b * y[lane] };
            sums[lane] += value.abs();
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_summed_exactly() {
        let mut x = vec![0.0; padded(20)];
        let mut y = x.clone();
        for index in 0..20 {
            x[index] = index as f64 * 1e6 - 7e6;
            y[index] = 3.0 - index as f64;
        }
        let expected: f64 = (0..20).map(|i| (5.0 * x[i] - 7.0 * y[i]).abs()).sum();
        assert_eq!(sum_of_magnitudes(5.0, 7.0, &x, &y), expected);
        assert_eq!(sum::<false>(5.0, 7.0, &x, &y), expected);
    }
}
