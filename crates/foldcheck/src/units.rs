//! The `units` records: powers of two in which inputs, neurons and atoms are counted.

use std::io::BufRead;

use crate::clauses::Clauses;
use crate::lines::{Fields, Lines, Reason};
use crate::stages::Stages;

/// The largest magnitude of an exponent.
const LARGEST_EXPONENT: i64 = 10_000;

/// Exponents e of the units 2^e.
#[derive(Debug)]
pub struct Units {
    /// Of the inputs.
    pub inputs: Vec<i64>,
    /// Of the pre-activations and activations of the ReLU neurons.
    pub neurons: Vec<i64>,
    /// Of the atoms, both sides of which are divided by the unit.
    pub atoms: Vec<i64>,
}

/// `inputs E_0 …`, `neurons E_0 …` or `atoms E_0 …`: the fields of a record after its first word.
pub fn exponents(mut fields: Fields<'_>, kind: &str, count: usize) -> Result<Vec<i64>, Reason> {
    fields.expect(kind)?;
    let exponents =
        (0..count).map(|_| fields.exponent(LARGEST_EXPONENT)).collect::<Result<_, _>>()?;
    fields.finish()?;
    Ok(exponents)
}

impl Units {
    /// Reads the records after the first one, which gives the inputs' units.
    pub fn read<R: BufRead>(
        inputs: Vec<i64>,
        lines: &mut Lines<'_, R>,
        stages: &Stages,
        clauses: &Clauses,
    ) -> Result<Self, Reason> {
        let mut next = |kind: &str, count: usize| {
            let mut fields = lines.next_fields()?;
            fields.expect("units")?;
            exponents(fields, kind, count)
        };
        let neurons = next("neurons", stages.neurons())?;
        let atoms = next("atoms", clauses.atoms())?;
        Ok(Self { inputs, neurons, atoms })
    }
}
