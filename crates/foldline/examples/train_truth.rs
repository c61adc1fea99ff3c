//! Trains on every row of a folder's truth.csv and compares the losses.

use std::path::Path;

use foldline::formats::sample::read_sample;
use foldline::questions::training::statement::{Architecture, TrainingOptions};
use foldline::questions::training::train;

fn main() {
    let folder = std::env::args().nth(1).expect("the folder with truth.csv");
    let filter = std::env::args().nth(2).unwrap_or_default();
    let folder = Path::new(&folder);
    let truth = std::fs::read_to_string(folder.join("truth.csv")).expect("truth.csv");
    for line in truth.lines().skip(1).filter(|line| line.contains(&filter)) {
        let fields: Vec<&str> = line.split(',').collect();
        let sample = read_sample(&folder.join(format!("{}.csv", fields[0]))).expect("a sample");
        let relu = fields[3] == "relu";
        let architecture = Architecture {
            hidden: fields[4].parse().expect("a number"),
            output_relu: relu,
            output_bias: relu,
        };
        let start = std::time::Instant::now();
        let outcome = train(&sample, architecture, &TrainingOptions::default());
        let loss = outcome.loss.to_f64().value();
        let truth: f64 = fields[5].parse().expect("a number");
        let exact = outcome.model.loss(&sample);
        println!(
            "{:<20} {:<22} {} {:.12} {:+.2e} optimal {} model {} {:?} {:.2}s",
            fields[0],
            fields[3],
            fields[4],
            loss,
            loss - truth,
            outcome.is_optimal(),
            exact == outcome.loss,
            outcome.statistics,
            start.elapsed().as_secs_f64()
        );
    }
}
