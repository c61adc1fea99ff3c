//! Draws a case of each question, and asks it with a certificate.

use std::time::{Duration, Instant};

use foldline::certificate::{StatementFiles, verify_certified};
use foldline::containment_certificate;
use foldline::equivalence_certificate::{PairFiles, equivalent_certified};
use foldline::formats::sample::parse_sample;
use foldline::formats::vnnlib::parse_property;
use foldline::formats::zonotope_to_json;
use foldline::lipschitz::Exponent;
use foldline::lipschitz_certificate::{Asked, lipschitz_certified};
use foldline::norm_certificate;
use foldline::norm_certificate::maximize_norm_certified;
use foldline::question_certificates::{
    SubjectFiles, maximum_certified, positive_certified, surjective_certified, zero_certified,
};
use foldline::questions::equivalence::Question as Pair;
use foldline::questions::norm_maximum::Norm;
use foldline::questions::separability::separate;
use foldline::questions::training::statement::{Architecture, TrainingOptions};
use foldline::questions::{containment, norm_maximum, regions};
use foldline::range_certificate::range_certified;
use foldline::regions_certificate::count_certified;
use foldline::training_certificates::{
    interpolate_certified, train_certified, write_separation, zero_loss_certified,
};
use foldline::{Options, Rational, Zonotope, parse_rational};

use crate::case::{Case, Over, Question, Subject, options, property};
use crate::source::{Read, Source, quoted};

/// Draws the case and answers it. What the library says against a certificate is an error.
pub fn ask(
    question: Question,
    source: &mut Source,
    case: &mut Case,
    limit: Duration,
) -> Result<(), String> {
    match question {
        Question::Verify => verify(source, case, limit),
        Question::Maximum
        | Question::Range
        | Question::Positive
        | Question::Zero
        | Question::Surjective => on_region(question, source, case, limit),
        Question::Equivalent => equivalent(source, case, limit),
        Question::Lipschitz(p) => lipschitz(p, source, case, limit),
        Question::Regions => cells(source, case, limit),
        Question::Train | Question::ZeroLoss | Question::Interpolate | Question::Separable => {
            on_points(question, source, case, limit)
        }
        Question::Contains => contains(source, case, limit),
        Question::Norm(p) => norm(p, source, case, limit),
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

fn verify(source: &mut Source, case: &mut Case, limit: Duration) -> Result<(), String> {
    let (inputs, outputs) = (source.between(1, 3), source.between(1, 2));
    let Read { network, text: json } = source.network(inputs, outputs, 2);
    let spec = property(source, &network, limit);
    let files = [case.add("n.json", json), case.add("p.vnnlib", spec.clone())];
    let property = parse_property("p.vnnlib", &spec, inputs, outputs).map_err(text)?;
    let files = StatementFiles { network: &files[0], property: &files[1] };
    let target = case.target();
    verify_certified(&network, &property, files, &options(limit), &target, None).map_err(text)?;
    Ok(())
}

fn on_region(
    question: Question,
    source: &mut Source,
    case: &mut Case,
    limit: Duration,
) -> Result<(), String> {
    let over = match question {
        Question::Maximum | Question::Range => Over::Always,
        _ => Over::Perhaps,
    };
    let mut subject = Subject::draw(source, case, over, 2);
    if question == Question::Surjective {
        subject.region = None;
        case.files.truncate(1);
    }
    let over = subject.over();
    let region = subject.region.as_ref().map(|(_, path)| path.as_path());
    let files = SubjectFiles { network: &subject.network_file, region };
    let (network, output, target) = (&subject.network, subject.output, case.target());
    let options = options(limit);
    let asked = (network, &over);
    let threads = [1, 2, 8][source.between(0, 2)];
    let on_threads = || Options { threads, ..options.clone() };
    match question {
        Question::Maximum => {
            maximum_certified(asked, output, files, &on_threads(), &target, None).map(drop)
        }
        Question::Range => {
            range_certified(network, &over, files, &on_threads(), &target, None).map(drop)
        }
        Question::Positive => {
            positive_certified(asked, output, files, &options, &target, None).map(drop)
        }
        Question::Zero => {
            zero_certified(asked, Some(output), files, &options, &target, None).map(drop)
        }
        _ => surjective_certified(network, output, &subject.network_file, &options, &target, None)
            .map(drop),
    }
    .map_err(text)
}

fn equivalent(source: &mut Source, case: &mut Case, limit: Duration) -> Result<(), String> {
    let inputs = source.between(1, 2);
    let first = source.network(inputs, 1, 1);
    // A changed number, the same network, or another one.
    let second = match source.random.below(3) {
        0 => Read { network: first.network.clone(), text: first.text.clone() },
        _ => source.network(inputs, 1, 1),
    };
    let within = if source.one_in(2) {
        Rational::ZERO
    } else {
        let number = source.number();
        if number < Rational::ZERO { -number } else { number }
    };
    let networks = [case.add("a.json", first.text), case.add("b.json", second.text)];
    let piece = (!source.one_in(5)).then(|| source.piece(inputs));
    let region = piece.map(|piece| {
        let json = piece.json();
        let region = foldline::formats::region::parse_region("r.json", &json, inputs);
        (region.expect("a region"), case.add("r.json", json))
    });
    let everything = foldline::Region::everything(inputs);
    let question = Pair {
        networks: [&first.network, &second.network],
        region: region.as_ref().map_or(&everything, |(region, _)| region),
        outputs: &[0],
        within: &within,
    };
    let [a, b] = &networks;
    let region = region.as_ref().map(|(_, path)| path.as_path());
    let files = PairFiles { networks: [a, b], region };
    equivalent_certified(&question, None, files, &options(limit), &case.target(), None)
        .map_err(text)?;
    Ok(())
}

fn lipschitz(p: &str, source: &mut Source, case: &mut Case, limit: Duration) -> Result<(), String> {
    let over = if p == "0" { Over::PerhapsBox } else { Over::PerhapsOne };
    let several = matches!(p, "1" | "2" | "inf");
    let subject = Subject::draw(source, case, over, 2);
    let outputs: Vec<usize> = match several && source.one_in(2) {
        true => (0..subject.network.outputs()).collect(),
        false => vec![subject.output],
    };
    let exponent = match p {
        "inf" => Exponent::Infinite,
        p => Exponent::Finite(parse_rational(p).map_err(text)?),
    };
    let region = subject.region.as_ref().map(|(region, _)| region);
    let file = subject.region.as_ref().map(|(_, path)| path.as_path());
    let files = SubjectFiles { network: &subject.network_file, region: file };
    let (network, target) = (&subject.network, case.target());
    let options = options(limit);
    let asked = Asked { network, outputs: &outputs, p: &exponent, region };
    let found = lipschitz_certified(asked, files, &options, &target, None);
    // Both kinds of refusal are documented; neither is an answer.
    found.map_err(text)?.map_err(text)?;
    Ok(())
}

fn cells(source: &mut Source, case: &mut Case, limit: Duration) -> Result<(), String> {
    let subject = Subject::draw(source, case, Over::PerhapsOne, 1);
    let mut named = vec![("network", subject.network_file.as_path())];
    let region = subject.region.as_ref();
    named.extend(region.map(|(_, path)| ("region", path.as_path())));
    let options =
        regions::Options { threads: 1, timeout: Some(limit), ..regions::Options::default() };
    let region = region.map(|(region, _)| region);
    count_certified(&subject.network, region, &named, &options, &case.target(), None)
        .map_err(text)?;
    Ok(())
}

fn on_points(
    question: Question,
    source: &mut Source,
    case: &mut Case,
    limit: Duration,
) -> Result<(), String> {
    let dimension = source.between(1, 2);
    let count = source.between(1, if question == Question::Interpolate { 7 } else { 5 });
    let pool: Vec<Rational> = (0..4).map(|_| source.number()).collect();
    let header: String = (0..dimension).map(|j| format!("x{j},")).collect();
    let mut csv = format!("{header}y\n");
    for _ in 0..count {
        for _ in 0..dimension {
            // From few numbers: equal coordinates, collinear and equal points.
            let value =
                if source.one_in(2) { pool[source.between(0, 3)].clone() } else { source.number() };
            csv += &format!("{value},");
        }
        let label = match question {
            Question::Separable => Rational::from(source.between(0, 1) as u64),
            _ => source.number(),
        };
        csv += &format!("{label}\n");
    }
    let sample = parse_sample("data.csv", &csv).map_err(text)?;
    let path = case.add("data.csv", csv);
    let architecture = Architecture {
        hidden: source.between(1, 2),
        output_relu: source.one_in(2),
        output_bias: !source.one_in(3),
    };
    let options =
        TrainingOptions { threads: 1, timeout: Some(limit), ..TrainingOptions::default() };
    let target = case.target();
    match question {
        Question::Train => {
            train_certified(&sample, architecture, &options, &path, &target, None).map_err(text)?;
        }
        Question::ZeroLoss => {
            zero_loss_certified(&sample, architecture, &options, &path, &target, None)
                .map_err(text)?;
        }
        Question::Interpolate => {
            let relu = architecture.output_relu;
            // Either answer has a certificate.
            let _ = interpolate_certified(&sample, relu, &path, &target).map_err(text)?;
        }
        _ => {
            let side = |label: Rational| -> Vec<Vec<Rational>> {
                let rows = sample.points.iter().zip(&sample.labels);
                rows.filter(|(_, own)| **own == label).map(|(point, _)| point.clone()).collect()
            };
            let (inside, outside) = (side(Rational::ONE), side(Rational::ZERO));
            let planes = source.between(1, 2);
            let start = Instant::now();
            let stop = || start.elapsed() >= limit;
            let found = separate(dimension, &inside, &outside, planes, &stop);
            write_separation(&sample, planes, &found, &path, &stop, &target).map_err(text)?;
        }
    }
    Ok(())
}

fn zonotope(source: &mut Source, dimension: usize, most: usize) -> Zonotope {
    let vector = |source: &mut Source| -> Vec<Rational> {
        (0..dimension).map(|_| source.number()).collect()
    };
    let count = source.between(0, most);
    let mut generators: Vec<Vec<Rational>> = (0..count).map(|_| vector(source)).collect();
    if count > 1 && source.one_in(3) {
        let factor = source.number();
        generators[1] = generators[0].iter().map(|value| value * &factor).collect();
    }
    let center = if source.one_in(2) { vec![Rational::ZERO; dimension] } else { vector(source) };
    Zonotope { center, generators }
}

fn contains(source: &mut Source, case: &mut Case, limit: Duration) -> Result<(), String> {
    let dimension = source.between(1, 3);
    let outer = zonotope(source, dimension, 5);
    let mut inner = zonotope(source, dimension, 3);
    if source.one_in(2) {
        // Within, touching, or just outside.
        let factor = [1, 1, 2][source.between(0, 2)];
        inner = outer.clone();
        inner.generators.iter_mut().flatten().for_each(|value| *value *= Rational::from(factor));
        inner.generators.truncate(source.between(1, 4));
    }
    let files = [
        case.add("outer.json", zonotope_to_json(&outer).to_string()),
        case.add("inner.json", zonotope_to_json(&inner).to_string()),
    ];
    let options = containment::Options {
        threads: 1,
        timeout: Some(limit),
        ..containment::Options::default()
    };
    let found = containment::contains(&outer, &inner, &options);
    let paths = containment_certificate::Paths { outer: &files[0], inner: &files[1] };
    let start = Instant::now();
    let stop = || start.elapsed() >= limit;
    let target = case.target();
    containment_certificate::write(&outer, &inner, &found.verdict, paths, &target, 1, &stop)
        .map_err(text)?;
    Ok(())
}

fn norm(p: &str, source: &mut Source, case: &mut Case, limit: Duration) -> Result<(), String> {
    let dimension = source.between(1, 3);
    let body = zonotope(source, dimension, 6);
    let file = case.add("z.json", zonotope_to_json(&body).to_string());
    let mut matrix = None;
    let norm = match p {
        "inf" => Norm::Infinity,
        "matrix" => {
            let rows: Vec<Vec<Rational>> = (0..source.between(1, 3))
                .map(|_| (0..dimension).map(|_| source.number()).collect())
                .collect();
            let texts: Vec<String> = rows.iter().map(|row| format!("[{}]", quoted(row))).collect();
            matrix = Some(case.add("m.json", format!("[{}]", texts.join(","))));
            Norm::Polytope(rows)
        }
        p => Norm::Power(parse_rational(p).map_err(text)?),
    };
    // Both ways of going through the directions.
    let few_generators = if source.one_in(2) { 20 } else { 2 };
    let options = norm_maximum::Options {
        threads: 1,
        timeout: Some(limit),
        few_generators,
        ..norm_maximum::Options::default()
    };
    let paths = norm_certificate::Paths { zonotope: &file, matrix: matrix.as_deref() };
    maximize_norm_certified(&body, &norm, &options, paths, &case.target(), None).map_err(text)?;
    Ok(())
}
