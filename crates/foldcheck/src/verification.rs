//! Statements about a property: a witness that violates it, or cases that name every clause.

use std::io::BufRead;

use foldline_formats::vnnlib::parse_property;
use foldline_kernel::{Formula, Network};

use crate::certificate::{Certificate, Stop};
use crate::clauses::Clauses;
use crate::fixed::{FixedLayer, too_large};
use crate::lines::{Fields, Lines, Reason};
use crate::region::{Region, has_no_point};
use crate::stages::Stages;
use crate::tree::{Proof, Tree};

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
    let property = parse_property(&property.name, &property.text()?, inputs, outputs)?;
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
    lines: &mut Lines<R>,
    network: &Network,
    formula: &Formula,
    precision: u32,
) -> Result<(), Reason> {
    let stages = Stages::new(network);
    let layers = stages.relu.iter().map(|layer| FixedLayer::new(layer, precision));
    let layers = layers.collect::<Option<_>>().ok_or_else(|| too_large(precision))?;
    let clauses = Clauses::new(formula)?;
    let proof = Proof { stages, clauses, layers, precision };
    let (clauses, inputs) = (&proof.clauses, network.inputs());
    let mut named = vec![false; clauses.len()];
    loop {
        let mut fields = lines.next_fields()?;
        match fields.word()? {
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
                check_case(lines, &proof, own, inputs)?;
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

/// The `void` record, or the `reach` records and the tree, of one case.
fn check_case<R: BufRead>(
    lines: &mut Lines<R>,
    proof: &Proof,
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
    let mut tree = Tree::new(proof, region, own)?;
    while !tree.record(word, fields)? {
        fields = lines.next_fields()?;
        word = fields.word()?;
    }
    Ok(())
}
