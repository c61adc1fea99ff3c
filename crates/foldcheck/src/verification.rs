//! Statements about a property: a witness that violates it, or cases that name every clause.

use std::io::BufRead;

use foldline_formats::vnnlib::parse_property;
use foldline_kernel::{Formula, Network};

use crate::certificate::{Certificate, Stop};
use crate::clauses::Clauses;
use crate::lines::{Fields, Lines, Reason};
use crate::region::{Region, has_no_point};
use crate::stages::Stages;
use crate::trial::{Proof, Trial};
use crate::units::{Units, exponents};

/// `verification holds` (no x makes the property's formula true at (x, f(x))) or
/// `verification violated` (some x does), about a network and a property.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    let answer = claim.word()?;
    if !["holds", "violated"].contains(&answer) {
        return Err(format!("expected `holds` or `violated`, found `{answer}`").into());
    }
    claim.finish()?;
    let (network, property) = (certificate.file("network")?, certificate.file("property")?);
    let precision = certificate.precision()?;
    let network = network.network()?;
    let (inputs, outputs) = (network.inputs(), network.outputs());
    let property = parse_property(&property.name, property.text()?, inputs, outputs)?;
    if answer == "violated" {
        check_witness(certificate, &network, &property.formula)?;
    } else {
        check_cases(&mut certificate.lines, &network, &property.formula, precision)?;
    }
    Ok(answer.to_owned())
}

/// `witness R_1 … R_d`, a point where `formula` is true, then `end`.
pub fn check_witness<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    network: &Network,
    formula: &Formula,
) -> Result<(), Stop> {
    let point = certificate.point("witness", network.inputs())?;
    if !formula.holds_at(&point, &network.evaluate(&point).output) {
        return Err("the formula is false there".into());
    }
    certificate.end()
}

/// Records that name every clause of `formula`, then `end`: no x makes it true at (x, f(x)).
pub fn check_cases<R: BufRead>(
    lines: &mut Lines<'_, R>,
    network: &Network,
    formula: &Formula,
    precision: u32,
) -> Result<(), Reason> {
    let inputs = network.inputs();
    let mut stages = Stages::new(network);
    let mut clauses = Clauses::new(formula)?;
    let clock = lines.clock();
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
    let proof = Proof::new(stages, clauses, precision, clock);
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
    for field in fields.by_ref() {
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
fn check_case<'c, R: BufRead>(
    lines: &mut Lines<'c, R>,
    proof: &Proof<'c>,
    cone: &mut Option<Proof<'c>>,
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
        lines.read_again();
        return check_tree(lines, Trial::new(proof, region, own)?);
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
    check_tree(lines, Trial::new(proof, region.inside(&radius), own.clone())?)?;
    let cone = match cone {
        Some(cone) => cone,
        None => cone.insert(proof.homogeneous(inputs)),
    };
    for end in ends {
        let mut fields = lines.next_fields()?;
        fields.expect("face")?;
        fields.expect(&end.0.to_string())?;
        fields.expect(if end.1 { "upper" } else { "lower" })?;
        fields.finish()?;
        check_tree(lines, Trial::new(cone, region.face(end, &radius), own.clone())?)?;
    }
    Ok(())
}

/// A tree's records up to the one that closes its last open node.
fn check_tree<R: BufRead>(lines: &mut Lines<'_, R>, mut tree: Trial<'_>) -> Result<(), Reason> {
    while !tree.record(lines.next_line()?)? {}
    Ok(())
}
