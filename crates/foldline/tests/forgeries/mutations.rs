//! Random damage: whatever is accepted after it is still true.

use crate::files::{Claim, check};

use crate::certified::{ACCEPTED, Certified, sibling};
use crate::forging::FIRST;

const MUTATIONS: usize = 5_000;

/// Certificates that get damaged.
const BASES: usize = 60;

/// A small generator of random numbers (xorshift64*), the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize) % limit.max(1)
    }
}

/// Short certificates, those of touching cases above all, spread over all kinds.
fn bases() -> Vec<&'static (&'static Certified, Vec<String>)> {
    let short = |(certified, lines): &&(&Certified, Vec<String>)| {
        let wanted = certified.truth == Claim::Holds || certified.name.ends_with("00/reached");
        wanted && lines.len() < 80
    };
    let all: Vec<_> = ACCEPTED.iter().filter(short).collect();
    all.iter().step_by((all.len() / BASES).max(1)).copied().collect()
}

fn swap_hashes(lines: &mut [String], certified: &Certified, random: &mut Random) {
    if let Some(other) = sibling(certified).filter(|_| random.below(2) == 0) {
        lines[3] = format!("property p {}", other.files.property_hash());
    }
}

fn tweak_number(line: &str, random: &mut Random) -> String {
    let is_digit = |(_, character): &(usize, char)| character.is_ascii_digit();
    let digits: Vec<usize> = line.char_indices().filter(is_digit).map(|(at, _)| at).collect();
    let Some(&place) = digits.get(random.below(digits.len())) else {
        return line.to_owned();
    };
    let start = line[..place].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let rest = &line[place..];
    let end = place + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number: i128 = line[start..end].parse().unwrap_or(0);
    let tweaked = match random.below(6) {
        0 => number + 1,
        1 => number - 1,
        2 => number * 2,
        3 => -number,
        4 => number / 2,
        _ => random.below(10) as i128,
    };
    format!("{}{tweaked}{}", &line[..start], &line[end..])
}

fn change_lines(lines: &mut Vec<String>, random: &mut Random) {
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    let next = (one + 1).min(lines.len() - 1);
    match random.below(7) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(one, lines[one].clone()),
        2 => lines.insert(other, lines[one].clone()),
        3 => lines.swap(one, other),
        4 => lines.swap(one, next),
        5 => lines[one] = tweak_number(&lines[one].clone(), random),
        _ => {
            let record = FIRST + random.below(lines.len() - FIRST);
            lines[record] = tweak_number(&lines[record].clone(), random);
        }
    }
}

fn change_header(lines: &mut [String], random: &mut Random) {
    match random.below(4) {
        0 => lines[1] = lines[1].replace("holds", "violated"),
        1 => lines[1] = lines[1].replace("violated", "holds"),
        2 => lines[4] = format!("precision {}", random.below(60)),
        _ => lines[2] = tweak_number(&lines[2].clone(), random),
    }
}

fn damage(certified: &Certified, lines: &[String], random: &mut Random) -> Vec<u8> {
    let mut lines = lines.to_vec();
    swap_hashes(&mut lines, certified, random);
    for _ in 0..1 + random.below(3) {
        match random.below(8) {
            0 => change_header(&mut lines, random),
            _ => change_lines(&mut lines, random),
        }
        if lines.len() <= FIRST {
            break;
        }
    }
    let mut bytes = (lines.join("\n") + "\n").into_bytes();
    if random.below(4) == 0 {
        let place = random.below(bytes.len());
        match random.below(3) {
            0 => bytes[place] ^= 1 << random.below(8),
            1 => drop(bytes.remove(place)),
            _ => bytes.insert(place, random.below(256) as u8),
        }
    }
    bytes
}

#[test]
fn damage_never_proves_anything_false() {
    let bases = bases();
    assert!(bases.len() >= BASES, "only {} certificates", bases.len());
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut accepted, mut about_sibling) = (0, 0);
    for number in 0..MUTATIONS {
        let (certified, lines) = bases[number % bases.len()];
        let damaged = damage(certified, lines, &mut random);
        for target in [Some(*certified), sibling(certified)].into_iter().flatten() {
            let Ok(proved) = check(damaged.as_slice(), &target.files) else { continue };
            let shown = String::from_utf8_lossy(&damaged);
            assert_eq!(proved.statement, target.files.statement(target.truth), "{shown}");
            accepted += 1;
            about_sibling += usize::from(target.name != certified.name);
        }
    }
    println!(
        "{MUTATIONS} mutations: {accepted} still prove the truth, {about_sibling} of a sibling"
    );
    assert!(accepted < MUTATIONS / 2, "most damage should show: {accepted} accepted");
}
