//! The greedy Sidon set (Mian and Chowla): positive integers whose pairwise sums are all different.

/// The first `count` numbers 1, 2, 4, 8, 13, 21, … (OEIS A005282), each the least one above the
/// last that keeps all sums a + b, a ≤ b, different [Z, B.3].
///
/// The n-th is at most n³ [Z, Cor 4.3].
pub fn greedy_sidon_set(count: usize) -> Vec<u64> {
    let mut set: Vec<u64> = Vec::with_capacity(count);
    // Sums are different exactly when differences of different members are.
    let mut differences: Vec<bool> = Vec::new();
    let mut candidate = 0;
    while set.len() < count {
        candidate += 1;
        let taken = |member: &u64| {
            differences.get((candidate - member) as usize).is_some_and(|&taken| taken)
        };
        if set.iter().any(taken) {
            continue;
        }
        differences.resize(candidate as usize, false);
        set.iter().for_each(|member| differences[(candidate - member) as usize] = true);
        set.push(candidate);
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn begins_as_known() {
        let known =
            [1, 2, 4, 8, 13, 21, 31, 45, 66, 81, 97, 123, 148, 182, 204, 252, 290, 361, 401];
        assert_eq!(greedy_sidon_set(19), known);
        assert_eq!(greedy_sidon_set(0), [0u64; 0]);
    }

    #[test]
    fn sums_differ_and_the_cube_bounds_it() {
        let set = greedy_sidon_set(60);
        let sums = set.iter().enumerate().flat_map(|(i, a)| set[i..].iter().map(move |b| a + b));
        assert_eq!(sums.clone().collect::<BTreeSet<u64>>().len(), sums.count());
        for (index, member) in set.iter().enumerate() {
            assert!(*member <= (index as u64 + 1).pow(3));
        }
    }
}
