//! The variables of a VNN-LIB file: which are declared, and which input or output each one is.

use std::fmt;

use crate::sexpr::{Expression, Expressions, Fault};

/// Which end of the network a variable belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// An input.
    Input,
    /// An output.
    Output,
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Side::Input => "input",
            Side::Output => "output",
        })
    }
}

/// How a file writes the entries of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    /// `X_3`, or `X_1-0-2` for more dimensions (VNN-LIB 1.0).
    Underscore,
    /// `X[3]`, `X[1,0,2]`, or `X` for a scalar (VNN-LIB 2.0).
    Brackets,
}

/// A declared tensor; its entries are numbered row by row.
#[derive(Debug, Clone)]
struct Tensor {
    name: String,
    shape: Vec<usize>,
    notation: Notation,
}

/// The inputs and outputs that a file declares.
#[derive(Debug, Clone)]
pub struct Variables {
    input: Tensor,
    output: Tensor,
}

impl Variables {
    /// Names and shapes.
    pub fn into_tensors(self) -> super::DeclaredTensors {
        super::DeclaredTensors([self.input, self.output].map(|tensor| (tensor.name, tensor.shape)))
    }

    /// The side and flat index of the variable that `expression`, a word, names.
    pub fn find(&self, expression: Expression<'_>) -> Result<(Side, usize), Fault> {
        let word = expression.word().unwrap_or_default();
        for (side, tensor) in [(Side::Input, &self.input), (Side::Output, &self.output)] {
            if let Some(indices) = tensor.indices(word) {
                let index = tensor.flat_index(indices).map_err(|expected| {
                    let shown = expression.shown();
                    expression.fault(format!("{shown} is not declared, expected {expected}"))
                })?;
                return Ok((side, index));
            }
        }
        let (first, second) = (self.input.described(), self.output.described());
        Err(expression.fault(format!(
            "{} is neither a number nor a declared variable ({first}; {second})",
            expression.shown()
        )))
    }
}

impl Tensor {
    /// The index list of `word`, if it names an entry of this tensor.
    fn indices<'word>(&self, word: &'word str) -> Option<&'word str> {
        let rest = word.strip_prefix(self.name.as_str())?;
        match self.notation {
            Notation::Underscore => rest.strip_prefix('_'),
            Notation::Brackets if rest.is_empty() => Some(rest),
            Notation::Brackets => rest.trim_start().strip_prefix('[')?.strip_suffix(']'),
        }
    }

    /// The position of the entry with these indices, row by row; else what was expected.
    fn flat_index(&self, indices: &str) -> Result<usize, String> {
        let separator = if self.notation == Notation::Underscore { '-' } else { ',' };
        let mut sizes = self.shape.iter();
        let mut flat = 0;
        if !indices.is_empty() {
            for index in indices.split(separator) {
                let size = sizes.next().copied().unwrap_or(0);
                let index = parse_index(index.trim()).filter(|&index| index < size);
                flat = flat * size + index.ok_or_else(|| self.described())?;
            }
        }
        if sizes.next().is_some() { Err(self.described()) } else { Ok(flat) }
    }

    /// The tensor's entries in words.
    fn described(&self) -> String {
        let write = |indices: Vec<usize>| match self.notation {
            Notation::Underscore => write_name(&self.name, &indices),
            Notation::Brackets if indices.is_empty() => self.name.clone(),
            Notation::Brackets => format!("{}[{}]", self.name, join(&indices, ",")),
        };
        if self.shape.contains(&0) {
            return format!("no {}", self.name);
        }
        let first = write(vec![0; self.shape.len()]);
        let last = write(self.shape.iter().map(|size| size - 1).collect());
        if first == last { first } else { format!("{first} … {last}") }
    }
}

/// The VNN-LIB 1.0 name of an entry.
fn write_name(name: &str, indices: &[usize]) -> String {
    format!("{name}_{}", join(indices, "-"))
}

fn join(indices: &[usize], separator: &str) -> String {
    indices.iter().map(usize::to_string).collect::<Vec<_>>().join(separator)
}

/// Reads an index without sign or leading zeros.
pub fn parse_index(text: &str) -> Option<usize> {
    let plain = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain && digits { text.parse().ok() } else { None }
}

/// How many inputs and outputs a file must declare; without a network only the inputs are known.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs, where it is known.
    pub outputs: Option<usize>,
}

/// Declarations as they come.
#[derive(Debug, Default)]
pub struct Declarations {
    /// Indices and offset of every `X_…`.
    inputs: Vec<(Vec<usize>, usize)>,
    /// Indices and offset of every `Y_…`.
    outputs: Vec<(Vec<usize>, usize)>,
    /// The tensors of a `declare-network`, and its offset.
    network: Option<(Variables, usize)>,
}

impl Declarations {
    /// `(declare-const X_0 Real)` or `(declare-fun X_0 () Real)`.
    pub fn declare(
        &mut self,
        command: Expression<'_>,
        arguments: Expressions<'_>,
    ) -> Result<(), Fault> {
        let is_function = command.call().is_some_and(|(head, _)| head == "declare-fun");
        let parts = if is_function {
            let parts = arguments.exactly::<3>();
            parts.filter(|[_, none, _]| none.items().is_some_and(|items| items.count() == 0))
        } else {
            arguments.exactly::<2>().map(|[name, sort]| [name, name, sort])
        };
        let Some([name, _, sort]) = parts else {
            let form =
                if is_function { "declare-fun X_0 () Real" } else { "declare-const X_0 Real" };
            return Err(command.fault(format!("expected `({form})`, found {}", command.shown())));
        };
        if sort.word() != Some("Real") {
            return Err(sort.fault(format!("expected the sort `Real`, found {}", sort.shown())));
        }
        let word = name.word().unwrap_or_default();
        let (list, indices) = match word.split_once('_') {
            Some(("X", indices)) => (&mut self.inputs, indices),
            Some(("Y", indices)) => (&mut self.outputs, indices),
            _ => return Err(name.fault(name_expected(name))),
        };
        let indices: Option<Vec<usize>> = indices.split('-').map(parse_index).collect();
        let indices = indices.ok_or_else(|| name.fault(name_expected(name)))?;
        list.push((indices, name.offset()));
        Ok(())
    }

    /// `(declare-network f (declare-input X Real [1,5]) (declare-output Y Real [5]))`.
    pub fn declare_network(
        &mut self,
        command: Expression<'_>,
        mut arguments: Expressions<'_>,
    ) -> Result<(), Fault> {
        if self.network.is_some() {
            return Err(command.fault("a second network: expected properties of one network"));
        }
        if arguments.next().and_then(Expression::word).is_none() {
            return Err(command.fault("expected a name after `declare-network`"));
        }
        let (mut input, mut output) = (None, None);
        for part in arguments {
            let side = match part.call() {
                Some(("declare-input", _)) => &mut input,
                Some(("declare-output", _)) => &mut output,
                Some((other @ ("declare-hidden" | "isomorphic-to" | "equal-to"), _)) => {
                    return Err(part.fault(format!(
                        "`{other}` is not supported: expected one network with one input and \
                         one output tensor"
                    )));
                }
                _ => {
                    return Err(part.fault(format!(
                        "expected `(declare-input …)` or `(declare-output …)`, found {}",
                        part.shown()
                    )));
                }
            };
            if side.is_some() {
                return Err(
                    part.fault("a second tensor of this kind: expected one input and one output")
                );
            }
            *side = Some(tensor(part)?);
        }
        let missing = |what| command.fault(format!("this network has no `(declare-{what} …)`"));
        let input: Tensor = input.ok_or_else(|| missing("input"))?;
        let output: Tensor = output.ok_or_else(|| missing("output"))?;
        if input.name == output.name {
            return Err(command.fault(format!("`{}` is declared twice", input.name)));
        }
        self.network = Some((Variables { input, output }, command.offset()));
        Ok(())
    }

    /// Checks that exactly the expected variables are declared.
    pub fn finish(self, expected: Expected) -> Result<Variables, Fault> {
        if let Some((variables, offset)) = self.network {
            if let Some((_, offset)) = self.inputs.first().or(self.outputs.first()) {
                let message = "a variable of VNN-LIB 1.0 in a file with `declare-network`";
                return Err(Fault::new(*offset, message));
            }
            check_size(&variables.input, Side::Input, Some(expected.inputs), offset)?;
            check_size(&variables.output, Side::Output, expected.outputs, offset)?;
            return Ok(variables);
        }
        Ok(Variables {
            input: collect("X", self.inputs, Side::Input, Some(expected.inputs))?,
            output: collect("Y", self.outputs, Side::Output, expected.outputs)?,
        })
    }
}

fn name_expected(name: Expression<'_>) -> String {
    format!("expected a name X_i or Y_i with a number i from 0, found {}", name.shown())
}

/// Reads `(declare-input NAME TYPE [shape])`, perhaps with the tensor's ONNX name behind.
fn tensor(declaration: Expression<'_>) -> Result<Tensor, Fault> {
    let malformed = || {
        declaration.fault(format!(
            "expected a declaration such as `(declare-input X Real [1,5])`, found {}",
            declaration.shown()
        ))
    };
    let mut parts = declaration.call().ok_or_else(malformed)?.1;
    let name = parts.next().and_then(Expression::word).ok_or_else(malformed)?;
    let kind = parts.next().ok_or_else(malformed)?;
    let onnx_name = parts.next().is_none_or(|name| name.text().starts_with('"'));
    if !onnx_name || parts.next().is_some() || !is_symbol(name) {
        return Err(malformed());
    }
    let (sort, shape) = kind.word().and_then(|word| word.split_once('[')).ok_or_else(malformed)?;
    let sorts = ["Real", "real", "float16", "bfloat16", "float32", "float64", "float", "double"];
    if !sorts.contains(&sort.trim_end()) {
        let found = sort.trim_end();
        return Err(
            kind.fault(format!("expected `Real` or a floating-point type, found `{found}`"))
        );
    }
    let shape = shape.trim_end_matches(']').trim();
    let sizes = if shape.is_empty() {
        Some(Vec::new())
    } else {
        let size = |text: &str| parse_index(text.trim()).filter(|&size| size > 0);
        shape.split(',').map(size).collect()
    };
    let shape = sizes.ok_or_else(|| {
        kind.fault(format!("expected a shape such as `[1,5]`, found {}", kind.shown()))
    })?;
    Ok(Tensor { name: name.to_owned(), shape, notation: Notation::Brackets })
}

/// Whether `name` is a letter followed by letters, digits and underscores.
fn is_symbol(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Checks the number of entries of a declared tensor.
fn check_size(
    tensor: &Tensor,
    side: Side,
    expected: Option<usize>,
    offset: usize,
) -> Result<(), Fault> {
    let size = tensor.shape.iter().try_fold(1usize, |size, &next| size.checked_mul(next));
    let shape = || format!("`{}` has shape [{}]", tensor.name, join(&tensor.shape, ","));
    match (size, expected) {
        (None, _) => Err(Fault::new(offset, format!("{}, which is too large", shape()))),
        (Some(size), Some(expected)) if size != expected => {
            let message = format!("{}, but the network has {}", shape(), count(expected, side));
            Err(Fault::new(offset, message))
        }
        _ => Ok(()),
    }
}

/// Makes a tensor of the declared names, which must be all entries of one shape.
fn collect(
    name: &str,
    mut declared: Vec<(Vec<usize>, usize)>,
    side: Side,
    expected: Option<usize>,
) -> Result<Tensor, Fault> {
    declared.sort();
    if let Some(pair) = declared.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let shown = write_name(name, &pair[1].0);
        return Err(Fault::new(pair[1].1, format!("`{shown}` is declared twice")));
    }
    let rank = declared.first().map_or(1, |(indices, _)| indices.len());
    let mut shape = vec![0; rank];
    for (indices, offset) in &declared {
        if indices.len() != rank {
            let shown = write_name(name, indices);
            let message = format!("`{shown}` has {} indices, expected {rank}", indices.len());
            return Err(Fault::new(*offset, message));
        }
        for (size, index) in shape.iter_mut().zip(indices) {
            *size = index.saturating_add(1).max(*size);
        }
    }
    check_complete(name, &declared, &shape)?;
    if let Some(expected) = expected
        && declared.len() != expected
    {
        let (found, wanted) = (declared.len(), count(expected, side));
        let last = declared.iter().map(|&(_, offset)| offset).max().unwrap_or(0);
        let offset = declared.get(expected).map_or(last, |&(_, offset)| offset);
        let message =
            format!("{found} {name} variables are declared, but the network has {wanted}");
        return Err(Fault::new(offset, message));
    }
    Ok(Tensor { name: name.to_owned(), shape, notation: Notation::Underscore })
}

/// Checks that the sorted `declared` are all entries of a tensor with this shape.
fn check_complete(
    name: &str,
    declared: &[(Vec<usize>, usize)],
    shape: &[usize],
) -> Result<(), Fault> {
    let mut next = vec![0; shape.len()];
    for (indices, offset) in declared {
        if *indices != next {
            let (found, missing) = (write_name(name, indices), write_name(name, &next));
            return Err(Fault::new(
                *offset,
                format!("`{found}` is declared, but `{missing}` is not"),
            ));
        }
        for (index, &size) in next.iter_mut().zip(shape).rev() {
            *index += 1;
            if *index < size {
                break;
            }
            *index = 0;
        }
    }
    // All entries in turn bring the count back to the first one.
    match declared.last() {
        Some((_, offset)) if next.iter().any(|&index| index != 0) => {
            let missing = write_name(name, &next);
            Err(Fault::new(*offset, format!("`{missing}` is not declared")))
        }
        _ => Ok(()),
    }
}

/// `1 input`, `5 outputs`.
pub fn count(number: usize, side: Side) -> String {
    format!("{number} {side}{}", if number == 1 { "" } else { "s" })
}
