//! The certificate as a whole: header, then a witness, or cases that name every clause.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use foldline_formats::FormatError;
use foldline_formats::input::display_name;

use crate::clauses::Clauses;
use crate::lines::{Fields, Lines, Reason};
use crate::region::{Region, has_no_point};
use crate::stages::Stages;
use crate::statement::{Claim, Files, Statement};
use crate::tree::{Proof, Tree};
use crate::units::{Units, exponents};

/// A certificate that proves its statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What is proved.
    pub statement: Statement,
    /// How many lines the certificate has.
    pub lines: u64,
}

/// The first record that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{record}`: {reason}")]
pub struct Rejection {
    /// Its line, from 1.
    pub line: u64,
    /// Its text, shortened where it is long; empty at the end of the file.
    pub record: String,
    /// Why it is rejected.
    pub reason: Reason,
}

/// Opens the certificate at `path` (`-`: standard input), gzipped or not.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, FormatError> {
    let describe = |error: &io::Error| {
        FormatError::whole(display_name(path), format!("cannot be read: {error}"))
    };
    let mut plain: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        if path.is_dir() {
            return Err(FormatError::whole(display_name(path), "is a directory, expected a file"));
        }
        Box::new(BufReader::new(File::open(path).map_err(|error| describe(&error))?))
    };
    let start = plain.fill_buf().map_err(|error| describe(&error))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(plain))));
    }
    Ok(plain)
}

/// Accepts `certificate` as a proof of its statement about `files`, or names the record that fails.
pub fn check(certificate: impl BufRead, files: &Files) -> Result<Accepted, Rejection> {
    let mut lines = Lines::new(certificate);
    match check_lines(&mut lines, files) {
        Ok(claim) => Ok(Accepted { statement: files.statement(claim), lines: lines.number() - 1 }),
        Err(reason) => Err(Rejection { line: lines.number(), record: lines.shown(), reason }),
    }
}

fn check_lines<R: BufRead>(lines: &mut Lines<R>, files: &Files) -> Result<Claim, Reason> {
    let (claim, precision) = check_header(lines, files)?;
    match claim {
        Claim::Violated => check_witness(lines, files)?,
        Claim::Holds => check_cases(lines, files, precision)?,
    }
    match lines.next_or_end()? {
        Some(_) => Err("nothing may come after the end".to_owned()),
        None => Ok(claim),
    }
}

/// The header: what is claimed, and the precision.
fn check_header<R: BufRead>(lines: &mut Lines<R>, files: &Files) -> Result<(Claim, u32), Reason> {
    let mut fields = lines.next_fields()?;
    fields.expect("foldline-certificate")?;
    fields.expect("1")?;
    fields.finish()?;
    let mut fields = lines.next_fields()?;
    fields.expect("statement")?;
    fields.expect("verification")?;
    let claim = match fields.word()? {
        "holds" => Claim::Holds,
        "violated" => Claim::Violated,
        other => return Err(format!("expected `holds` or `violated`, found `{other}`")),
    };
    fields.finish()?;
    let statement = files.statement(claim);
    check_file(lines.next_fields()?, "network", &statement.network_hash)?;
    check_file(lines.next_fields()?, "property", &statement.property_hash)?;
    let mut fields = lines.next_fields()?;
    fields.expect("precision")?;
    let precision = fields.index(53, "precision")?;
    fields.finish()?;
    if precision < 20 {
        return Err("the precision is below 20".to_owned());
    }
    Ok((claim, precision as u32))
}

/// `network NAME SHA256` or `property NAME SHA256`.
fn check_file(mut fields: Fields<'_>, kind: &str, expected: &str) -> Result<(), Reason> {
    fields.expect(kind)?;
    if fields.word()?.is_empty() {
        return Err("a name is missing".to_owned());
    }
    let found = fields.word()?;
    if found != expected {
        return Err(format!("it is about another {kind}: the given one has the hash {expected}"));
    }
    fields.finish()
}

/// `witness R_1 … R_d`, then `end`.
fn check_witness<R: BufRead>(lines: &mut Lines<R>, files: &Files) -> Result<(), Reason> {
    let mut fields = lines.next_fields()?;
    fields.expect("witness")?;
    let inputs = files.network().inputs();
    let point = (0..inputs).map(|_| fields.rational()).collect::<Result<Vec<_>, Reason>>()?;
    fields.finish()?;
    let output = files.network().evaluate(&point).output;
    if !files.property().formula.holds_at(&point, &output) {
        return Err("the property's formula is false there".to_owned());
    }
    let mut fields = lines.next_fields()?;
    fields.expect("end")?;
    fields.finish()
}

/// Records that name every clause, then `end`.
fn check_cases<R: BufRead>(
    lines: &mut Lines<R>,
    files: &Files,
    precision: u32,
) -> Result<(), Reason> {
    let inputs = files.network().inputs();
    let mut stages = Stages::new(files.network());
    let mut clauses = Clauses::new(&files.property().formula)?;
    let mut fields = lines.next_fields()?;
    let mut word = fields.word()?;
    if word == "units" {
        let of_inputs = exponents(fields, "inputs", inputs)?;
        let units = Units::read(of_inputs, lines, &stages, &clauses)?;
        stages = stages.in_units(&units);
        clauses = clauses.in_units(&units);
        fields = lines.next_fields()?;
        word = fields.word()?;
    }
    let proof = Proof::new(stages, clauses, precision)?;
    let mut cone = None;
    let clauses = &proof.clauses;
    let mut named = vec![false; clauses.len()];
    loop {
        match word {
            "off" => {
                let clause = fields.index(clauses.len(), "clause")?;
                fields.finish()?;
                if !has_no_point(clauses, clause, inputs) {
                    return Err("the clause's bounds do not contradict each other".to_owned());
                }
                named[clause] = true;
            }
            "case" => {
                let own = case_clauses(fields, clauses)?;
                own.iter().for_each(|&clause| named[clause] = true);
                check_case(lines, &proof, &mut cone, own, inputs)?;
            }
            "end" => {
                fields.finish()?;
                return match named.iter().position(|&named| !named) {
                    Some(clause) => Err(format!("no record names clause {clause}")),
                    None => Ok(()),
                };
            }
            other => return Err(format!("expected `off`, `case` or `end`, found `{other}`")),
        }
        fields = lines.next_fields()?;
        word = fields.word()?;
    }
}

/// The clauses of a case: at least one, none twice, all with the same atoms on inputs alone.
fn case_clauses(mut fields: Fields<'_>, clauses: &Clauses) -> Result<Vec<usize>, Reason> {
    let mut own = vec![fields.index(clauses.len(), "clause")?];
    while let Some(field) = fields.optional() {
        own.push(crate::lines::index(field, clauses.len(), "clause")?);
    }
    let mut increasing = own.clone();
    increasing.sort_unstable();
    if let Some(pair) = increasing.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("clause {} is named twice", pair[0]));
    }
    let atoms = |clause: usize| {
        let mut atoms = clauses.input_atoms(clause);
        atoms.sort_unstable();
        atoms
    };
    let first = atoms(own[0]);
    match own.iter().find(|&&clause| atoms(clause) != first) {
        Some(other) => {
            Err(format!("clause {other} has other atoms on inputs alone than clause {}", own[0]))
        }
        None => Ok(own),
    }
}

/// The `void` record, or the `reach` records and the trees, of one case.
///
/// `cone` keeps what the trees of unbounded cases have in common, once one is met.
fn check_case<R: BufRead>(
    lines: &mut Lines<R>,
    proof: &Proof,
    cone: &mut Option<Proof>,
    own: Vec<usize>,
    inputs: usize,
) -> Result<(), Reason> {
    let mut region = Region::new(&proof.clauses, own[0], inputs);
    let mut fields = lines.next_fields()?;
    let mut word = fields.word()?;
    if word == "void" {
        return region.void(fields);
    }
    while word == "reach" {
        region.reach(fields)?;
        fields = lines.next_fields()?;
        word = fields.word()?;
    }
    if word != "perspective" {
        let mut tree = Tree::new(proof, region, own)?;
        return match tree.record(word, fields)? {
            true => Ok(()),
            false => check_tree(lines, tree),
        };
    }
    let radius = fields.dyadic()?;
    fields.finish()?;
    if !radius.is_positive() {
        return Err("the radius is not positive".to_owned());
    }
    let (radius, ends) = (radius.to_rational(), region.open_ends());
    if ends.is_empty() {
        return Err("every input has both bounds".to_owned());
    }
    check_tree(lines, Tree::new(proof, region.inside(&radius), own.clone())?)?;
    let cone = match cone {
        Some(cone) => cone,
        None => cone.insert(proof.homogeneous(inputs)?),
    };
    for end in ends {
        let mut fields = lines.next_fields()?;
        fields.expect("face")?;
        fields.expect(&end.0.to_string())?;
        fields.expect(if end.1 { "upper" } else { "lower" })?;
        fields.finish()?;
        check_tree(lines, Tree::new(cone, region.face(end, &radius), own.clone())?)?;
    }
    Ok(())
}

/// A tree's records up to the one that closes its last open node.
fn check_tree<R: BufRead>(lines: &mut Lines<R>, mut tree: Tree<'_>) -> Result<(), Reason> {
    loop {
        let mut fields = lines.next_fields()?;
        let word = fields.word()?;
        if tree.record(word, fields)? {
            return Ok(());
        }
    }
}
