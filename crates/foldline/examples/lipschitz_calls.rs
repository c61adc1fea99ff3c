//! Asks for a Lipschitz constant any number of times: `lipschitz_calls NETWORK REGION P CALLS`.
//!
//! The CPU time of a process with one call, less that of a process with none, is what the call
//! itself takes the first time: without starting, reading and printing.

use std::path::Path;

use foldline::formats::region::read_region;
use foldline::lipschitz::{Exponent, lipschitz};
use foldline::{NetworkOptions, Options, parse_rational, read_network};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, region, p, calls] = &arguments[..] else {
        return Err("expected NETWORK REGION P CALLS".into());
    };
    let network = read_network(Path::new(network), &NetworkOptions::default())?.network;
    let region = read_region(Path::new(region), network.inputs())?;
    let p = match p.as_str() {
        "inf" => Exponent::Infinite,
        p => Exponent::Finite(parse_rational(p)?),
    };
    let options = Options { threads: 1, ..Options::default() };
    for _ in 0..calls.parse::<u32>()? {
        let outcome = lipschitz(&network, &[0], &p, Some(&region), &options)?;
        std::hint::black_box(outcome);
    }
    Ok(())
}
