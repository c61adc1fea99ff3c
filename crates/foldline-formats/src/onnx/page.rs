//! The tables of operators in docs/formats.md, made from what the reader does.

use super::operators::{FAMILIES, Operator};

/// For each family of operators a heading and a table: name, inputs, attributes, exactness.
pub fn operator_tables() -> String {
    let family = |(name, operators): &(&str, &[Operator])| {
        let rows: String = operators.iter().map(row).collect();
        format!(
            "### {name}\n\n| operator | inputs | attributes | exactness |\n| --- | --- | --- | --- |\n{rows}"
        )
    };
    FAMILIES.iter().map(family).collect::<Vec<_>>().join("\n")
}

fn row(operator: &Operator) -> String {
    let name = match operator.domain {
        "" => operator.name.to_owned(),
        domain => format!("{} ({domain})", operator.name),
    };
    let (least, most) = (operator.inputs.start(), operator.inputs.end());
    let inputs = match (*least, *most) {
        (least, usize::MAX) => format!("{least} or more"),
        (least, most) if least == most => format!("{least}"),
        (least, most) => format!("{least} to {most}"),
    };
    // What operator sets before 6 had on all operators says nothing about any of them.
    let attributes: Vec<String> = operator
        .attributes
        .iter()
        .filter(|attribute| **attribute != "consumed_inputs")
        .map(|attribute| format!("`{attribute}`"))
        .collect();
    format!("| {name} | {inputs} | {} | {} |\n", attributes.join(", "), operator.exactness)
}

/// The page with the tables in their place: between a comment that says how they are made and one that ends them.
pub fn with_operator_tables(page: &str, tables: &str) -> Option<String> {
    let (before, rest) = page.split_once("<!-- operators: ")?;
    let (command, rest) = rest.split_once("-->\n")?;
    let (_, after) = rest.split_once("<!-- end of operators -->")?;
    Some(format!(
        "{before}<!-- operators: {command}-->\n\n{tables}\n<!-- end of operators -->{after}"
    ))
}
