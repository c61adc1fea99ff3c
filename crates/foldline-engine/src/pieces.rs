//! The state of a search cut into pieces that are worked on apart, and put together again.
//!
//! A piece is the state of the whole with some of its open parts and without the evidence of the
//! closed ones. What comes back is joined at the places where the pieces were cut off: their
//! logs follow those of the whole, and their stretches are numbered anew.

use serde_json::{Value, json};

use crate::checkpoint::{StateError, expected, field, list};
use crate::evidence::Stretch;

/// The key by which the driver's part of a state is known.
pub(crate) const OPEN_PARTS: &str = "open_parts";

/// The key under which a joined state has what the pieces found: their states without open work.
const OTHERS: &str = "others";

/// The number of open parts of a state; none if it is not one of the driver.
pub fn open_parts(state: &Value) -> Option<usize> {
    let (_, driven) = driven(state)?;
    driven[OPEN_PARTS].as_array().map(Vec::len)
}

/// The states of the pieces of a joined state, from which a question takes the best values found.
pub fn others(state: &Value) -> &[Value] {
    state.get(OTHERS).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Deals the open parts of a state out to at most so many pieces, none of them empty.
pub fn cut(state: &Value, pieces: usize) -> Vec<Value> {
    let Some((path, driven)) = driven(state) else { return Vec::new() };
    let parts = driven[OPEN_PARTS].as_array().map_or(&[][..], Vec::as_slice);
    let has_evidence = driven.get("evidence").is_some();
    let pieces = pieces.min(parts.len());
    let mut rest = state.clone();
    *rest.pointer_mut(&path).expect("the same state") = Value::Null;
    let piece = |first: usize| {
        let own: Vec<&Value> = parts.iter().skip(first).step_by(pieces).collect();
        let entry = |(number, part): (usize, &&Value)| json!([number, part[1]]);
        let mut piece = rest.clone();
        let open = piece.pointer_mut(&path).expect("the same state");
        *open = if has_evidence {
            let entries: Vec<Value> = (1..).zip(&own).map(entry).collect();
            let given = (1..=own.len() as u32).rev().collect();
            let whole = Stretch { log: 0, start: 0, end: 0, given }.to_json();
            let stretches: Vec<Value> =
                std::iter::once(whole).chain(own.iter().map(|_| Value::Null)).collect();
            json!({OPEN_PARTS: entries, "evidence": {"logs": [], "stretches": stretches}})
        } else {
            json!({OPEN_PARTS: own.iter().map(|part| entry((0, part))).collect::<Vec<_>>()})
        };
        piece
    };
    (0..pieces).map(piece).collect()
}

/// The number of logs that a state has; they are numbered from 0 on.
pub fn logs(state: &Value) -> usize {
    let logs = driven(state).and_then(|(_, driven)| driven.pointer("/evidence/logs"));
    logs.and_then(Value::as_array).map_or(0, Vec::len)
}

/// The state of which `pieces` are what became of all that [`cut`] made of `whole`.
///
/// Its logs are those of the whole, then those of the first piece, and so on. The pieces must come
/// in the order in which they were cut, which a caller has to make sure of.
///
/// # Errors
/// If a piece does not fit this state.
pub fn join(whole: &Value, pieces: &[Value]) -> Result<Value, StateError> {
    let mut joined = whole.clone();
    let Some((path, driven)) = driven(whole) else { return Ok(joined) };
    let parts = list(driven, OPEN_PARTS)?;
    let mut open = Vec::new();
    let mut evidence = driven.get("evidence").map(Joined::of).transpose()?;
    let mut owners = Vec::new();
    for (first, piece) in pieces.iter().enumerate() {
        let own = piece.pointer(&path).ok_or_else(|| expected("a piece of the search", piece))?;
        let stretches: Vec<&Value> =
            parts.iter().skip(first).step_by(pieces.len()).map(|part| &part[0]).collect();
        let numbers = match &mut evidence {
            Some(evidence) => evidence.add(&stretches, field(own, "evidence")?)?,
            None => Vec::new(),
        };
        for entry in list(own, OPEN_PARTS)? {
            let number = index(&entry[0])?;
            let stretch = match &evidence {
                Some(_) => *numbers.get(number).ok_or_else(|| expected("a part", entry))?,
                None => 0,
            };
            open.push(json!([stretch, entry[1]]));
        }
        if let Some((parent, key)) = path.rsplit_once('/') {
            owners.push(without(piece, parent, key)?);
        }
    }
    let driven = joined.pointer_mut(&path).expect("the same state");
    *driven = json!({OPEN_PARTS: open});
    if let Some(Joined { logs, stretches }) = evidence {
        driven["evidence"] = json!({"logs": logs, "stretches": stretches});
    }
    if let Some((parent, _)) = path.rsplit_once('/') {
        let owner = joined.pointer_mut(parent).expect("the same state");
        for key in ["counters", "counts"] {
            if let Some(counts) = owner.get_mut(key) {
                add_counts(key, counts, &owners);
            }
        }
        let found: Vec<Value> = others(owner).iter().cloned().chain(owners).collect();
        owner[OTHERS] = found.into();
    }
    Ok(joined)
}

/// Where the driver's part of a state is, and that part.
fn driven(state: &Value) -> Option<(String, &Value)> {
    if state.get(OPEN_PARTS).is_some() {
        return Some((String::new(), state));
    }
    let below = |key: &str, value| {
        let (path, driven) = driven(value)?;
        Some((format!("/{key}{path}"), driven))
    };
    // No other part of a state is a list that has one in it.
    state.as_object()?.iter().find_map(|(key, value)| below(key, value))
}

/// The object at `parent` without the driver's part, which it has under `key`.
fn without(piece: &Value, parent: &str, key: &str) -> Result<Value, StateError> {
    let owner = piece.pointer(parent).and_then(Value::as_object);
    let mut owner = owner.cloned().ok_or_else(|| expected("a piece of the search", piece))?;
    owner.remove(key);
    owner.remove(OTHERS);
    Ok(owner.into())
}

/// Adds to the counts of the whole what each piece counted beyond them.
fn add_counts(key: &str, counts: &mut Value, pieces: &[Value]) {
    let Some(counts) = counts.as_array_mut() else { return };
    for (place, count) in counts.iter_mut().enumerate() {
        let before = count.as_u64().unwrap_or(0);
        let at = |piece: &Value| piece[key][place].as_u64().unwrap_or(before);
        let more = pieces.iter().map(|piece| at(piece).saturating_sub(before));
        *count = more.fold(before, u64::saturating_add).into();
    }
}

/// The evidence of a joined state.
struct Joined {
    logs: Vec<Value>,
    stretches: Vec<Value>,
}

impl Joined {
    fn of(evidence: &Value) -> Result<Self, StateError> {
        let (logs, stretches) = (list(evidence, "logs")?, list(evidence, "stretches")?);
        Ok(Self { logs: logs.to_vec(), stretches: stretches.to_vec() })
    }

    /// Adds the evidence of a piece that began with parts of these stretches. The numbers that its
    /// stretches have now.
    fn add(&mut self, begun: &[&Value], piece: &Value) -> Result<Vec<u64>, StateError> {
        let (first_log, first_new) = (self.logs.len(), self.stretches.len() as u64);
        self.logs.extend(list(piece, "logs")?.iter().cloned());
        let stretches = list(piece, "stretches")?;
        // The stretch of the piece as a whole is empty, and nothing leads to it.
        let mut numbers = vec![0];
        for begun in begun {
            numbers.push(index(begun)? as u64);
        }
        numbers.extend(first_new..first_new + stretches.len().saturating_sub(numbers.len()) as u64);
        if numbers.len() != stretches.len() {
            return Err(expected("the evidence of a piece", piece));
        }
        for (stretch, &number) in stretches.iter().zip(&numbers).skip(1) {
            let stretch = match stretch {
                Value::Null => Value::Null,
                stretch => {
                    let mut stretch = Stretch::from_json(stretch)?;
                    stretch.log += first_log;
                    for given in &mut stretch.given {
                        let number = numbers.get(*given as usize).copied();
                        let number = number.and_then(|number| u32::try_from(number).ok());
                        *given = number.ok_or_else(|| expected("a stretch of a piece", piece))?;
                    }
                    stretch.to_json()
                }
            };
            match self.stretches.get_mut(number as usize) {
                Some(place) if place.is_null() => *place = stretch,
                Some(_) => return Err(expected("a piece of this evidence", piece)),
                None => self.stretches.push(stretch),
            }
        }
        Ok(numbers)
    }
}

fn index(value: &Value) -> Result<usize, StateError> {
    let number = value.as_u64().ok_or_else(|| expected("a number of a stretch", value))?;
    Ok(number as usize)
}
