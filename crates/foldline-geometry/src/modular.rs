//! Arithmetic modulo one prime, 2⁶¹ − 1: what is not 0 there is not 0.

use foldline_kernel::Integer;
use foldline_kernel::number::Signed;

/// The prime 2⁶¹ − 1.
pub const PRIME: u64 = (1 << 61) - 1;

/// A number modulo the prime.
pub fn residue(value: &Integer) -> u64 {
    let (_, magnitude) = value.clone().into_parts();
    let rest = magnitude % PRIME;
    if value.is_negative() { negative(rest) } else { rest }
}

/// The residue of a number of at most 126 bits.
pub fn residue_of_small(value: i128) -> u64 {
    let rest = reduce(value.unsigned_abs());
    if value < 0 { negative(rest) } else { rest }
}

/// a·b modulo the prime.
#[inline(always)]
pub fn times(a: u64, b: u64) -> u64 {
    reduce(u128::from(a) * u128::from(b))
}

/// a·x − b·y modulo the prime.
#[inline(always)]
pub fn combine(a: u64, x: u64, b: u64, y: u64) -> u64 {
    reduce(u128::from(a) * u128::from(x) + u128::from(b) * u128::from(PRIME - y))
}

/// A number below 2¹²⁶ modulo the prime.
#[inline(always)]
fn reduce(value: u128) -> u64 {
    let folded = (value as u64 & PRIME) as u128 + (value >> 61);
    let folded = (folded as u64 & PRIME) + (folded >> 61) as u64;
    if folded >= PRIME { folded - PRIME } else { folded }
}

fn negative(rest: u64) -> u64 {
    if rest == 0 { 0 } else { PRIME - rest }
}

/// sum + a·b modulo the prime, all below it.
#[inline(always)]
pub fn plus_product(sum: u64, a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) + u128::from(sum);
    // 2⁶¹ is 1: the upper bits count like the lower ones, and the sum is below 2·2⁶¹.
    let folded = (product as u64 & PRIME) + (product >> 61) as u64;
    if folded >= PRIME { folded - PRIME } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(value: i128) -> u64 {
        value.rem_euclid(i128::from(PRIME)) as u64
    }

    #[test]
    fn residues_are_those_of_the_integers() {
        let prime = i128::from(PRIME);
        let values =
            [0, 1, -1, prime, -prime, prime - 1, 1 - prime, 7 * prime + 5, -(1 << 100) + 3];
        for a in values {
            assert_eq!(residue(&Integer::from(a)), exact(a));
            assert_eq!(residue_of_small(a), exact(a));
            for b in values {
                let (x, y) = (exact(a), exact(b));
                let product = exact(i128::from(x) * i128::from(y));
                assert_eq!(times(x, y), product, "{a} {b}");
                let difference = exact(i128::from(x) * i128::from(x) - i128::from(product));
                assert_eq!(combine(x, x, y, x), difference, "{a} {b}");
            }
        }
    }

    proptest! {
        #[test]
        fn residues_are_those_of_exact_sums(a in any::<i128>(), b in any::<i64>(), c in any::<i64>()) {
            let [a, b, c] = [Integer::from(a), Integer::from(b), Integer::from(c)];
            let sum = plus_product(residue(&a), residue(&b), residue(&c));
            prop_assert_eq!(sum, residue(&(&a + &b * &c)));
            prop_assert!(sum < PRIME);
        }
    }

    #[test]
    fn the_largest_residues_fold() {
        let most = PRIME - 1;
        assert_eq!(plus_product(most, most, most), 0);
        assert_eq!(plus_product(1, most, 1), 0);
        assert_eq!(residue(&-Integer::ONE), most);
    }
}
