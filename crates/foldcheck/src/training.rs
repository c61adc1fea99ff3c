//! Training: a network that attains the loss, and for each choice of output signs a tree in which no network has less.

use std::io::BufRead;

use foldline_kernel::Rational;

use crate::certificate::{Certificate, Stop};
use crate::lines::Fields;
use crate::shallow::{Shallow, output_relu};
use crate::subject::one_of;
use crate::training_groups::Groups;
use crate::training_tree::{Goal, Tree};

/// More hidden nodes are refused, and networks with more parameters.
const MOST_HIDDEN: usize = 100;
const MOST_PARAMETERS: usize = 1000;

/// The networks that a statement is about.
#[derive(Debug, Clone, Copy)]
pub struct Architecture {
    /// The number of hidden nodes.
    pub hidden: usize,
    /// Whether the output goes through a ReLU.
    pub relu: bool,
    /// Whether the output has a bias.
    pub bias: bool,
}

/// `training relu|linear K bias|unbiased loss V`, or `… zero yes|no`: the data, the network, the trees.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut fields: Fields<'_>,
) -> Result<String, Stop> {
    let relu = output_relu(&mut fields)?;
    let hidden = fields.index(MOST_HIDDEN + 1, "number of hidden nodes")?;
    let bias = one_of(&mut fields, ["bias", "unbiased"])? == "bias";
    if hidden == 0 {
        return Err("there is at least one hidden node".into());
    }
    let networks = Architecture { hidden, relu, bias };
    let kind = one_of(&mut fields, ["loss", "zero"])?;
    let (loss, value) = if kind == "loss" {
        let value = fields.rational()?;
        (Some(value.clone()), value.to_string())
    } else if one_of(&mut fields, ["yes", "no"])? == "yes" {
        (Some(Rational::ZERO), "yes".to_owned())
    } else {
        (None, "no".to_owned())
    };
    let (kind, zero) = (kind.to_owned(), kind == "zero");
    fields.finish()?;
    let sample = certificate.file("data")?.sample()?;
    if let Some(loss) = &loss {
        let network = Shallow::read(certificate, sample.dimension, relu, hidden)?;
        if network.len() != hidden || !bias && !network.offset().is_zero() {
            return Err("the network is not one of those that the statement is about".into());
        }
        let found = network.loss(&sample);
        if found != *loss {
            return Err(format!("the network has the loss {found}").into());
        }
    }
    // A sum of squares is not below 0.
    if !(zero && loss.is_some()) {
        let groups = Groups::new(&sample, networks);
        if groups.parameters() > MOST_PARAMETERS {
            return Err(format!("networks have more than {MOST_PARAMETERS} parameters").into());
        }
        let goal = match loss {
            Some(loss) => Goal::AtLeast(groups.scaled_loss(&loss)),
            None => Goal::Positive,
        };
        for positive in (0..=hidden).rev() {
            let mut fields = certificate.lines.next_fields()?;
            fields.expect("signs")?;
            if fields.index(hidden + 1, "number of positive signs")? != positive {
                return Err(format!("expected the tree for {positive} positive signs").into());
            }
            fields.finish()?;
            Tree::new(&groups, positive, &goal).check(&mut certificate.lines)?;
        }
    }
    certificate.end()?;
    let words = if relu { "relu" } else { "linear" };
    let bias = if bias { "bias" } else { "unbiased" };
    Ok(format!("{words} {hidden} {bias} {kind} {value}"))
}
