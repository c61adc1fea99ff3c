//! Reading a benchmark: rows `network,property,timeout`, paths relative to the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use foldline::formats::input::{display_name, read_text};

use crate::options::parse_seconds;
use crate::report::Failure;

/// One row of a benchmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The network as the row names it.
    pub network: String,
    /// The property as the row names it.
    pub property: String,
    /// Where the network is.
    pub network_path: PathBuf,
    /// Where the property is.
    pub property_path: PathBuf,
    /// The limit.
    pub timeout: Duration,
}

impl Instance {
    /// A file name for the witness of the instance with this index: number, network, property.
    pub fn witness_name(&self, index: usize) -> String {
        let stem = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let name = name.strip_suffix(".gz").unwrap_or(&name);
            name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
        };
        format!("{:04}_{}_{}", index + 1, stem(&self.network_path), stem(&self.property_path))
    }
}

/// Reads the benchmark at `path`; `timeout` replaces the limits it states.
pub fn read_instances(path: &Path, timeout: Option<Duration>) -> Result<Vec<Instance>, Failure> {
    let text = read_text(path)?;
    let folder = if path == Path::new("-") { Path::new("") } else { path.parent().unwrap_or(path) };
    parse_instances(&display_name(path), &text, folder, timeout)
}

fn parse_instances(
    name: &str,
    text: &str,
    folder: &Path,
    timeout: Option<Duration>,
) -> Result<Vec<Instance>, Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut instances = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| Failure::Input(format!("{name}: {error}")))?;
        let line = record.position().map_or(0, csv::Position::line);
        let bad = |message: String| Failure::Input(format!("{name}: line {line}: {message}"));
        let (network, property, stated) = match record.iter().collect::<Vec<_>>()[..] {
            [network, property, stated] => (network, property, Some(stated)),
            [network, property] => (network, property, None),
            _ => {
                let found = record.len();
                return Err(bad(format!(
                    "expected network,property,timeout, found {found} fields"
                )));
            }
        };
        if network.is_empty() || property.is_empty() {
            return Err(bad("expected network,property,timeout, found an empty name".to_owned()));
        }
        let stated = stated
            .map(|text| parse_seconds(text).map_err(|message| bad(format!("timeout: {message}"))))
            .transpose()?;
        let timeout = timeout
            .or(stated)
            .ok_or_else(|| bad("no timeout: state it here or with --timeout".to_owned()))?;
        instances.push(Instance {
            network: network.to_owned(),
            property: property.to_owned(),
            network_path: folder.join(network),
            property_path: folder.join(property),
            timeout,
        });
    }
    if instances.is_empty() {
        return Err(Failure::Input(format!("{name}: expected network,property,timeout rows")));
    }
    Ok(instances)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, timeout: Option<Duration>) -> Result<Vec<Instance>, String> {
        let instances = parse_instances("i.csv", text, Path::new("bench"), timeout);
        instances.map_err(|failure| failure.to_string())
    }

    #[test]
    fn rows_name_files_beside_the_benchmark() {
        let instances = parse("a.onnx, p/b.vnnlib.gz ,1.5\n\nc.onnx,d.vnnlib,2\n", None).unwrap();
        assert_eq!(instances.len(), 2);
        assert_eq!(instances[0].property_path, Path::new("bench/p/b.vnnlib.gz"));
        assert_eq!(instances[0].timeout, Duration::from_millis(1500));
        assert_eq!(instances[0].witness_name(0), "0001_a_b");
    }

    #[test]
    fn limits_can_be_replaced() {
        let limit = Duration::from_secs(7);
        assert_eq!(parse("a,b,1\nc,d", Some(limit)).unwrap()[1].timeout, limit);
        assert!(parse("a,b", None).unwrap_err().contains("line 1: no timeout"));
    }

    #[test]
    fn bad_rows_are_located() {
        assert!(parse("a,b,1\na,b,soon", None).unwrap_err().contains("i.csv: line 2: timeout"));
        assert!(parse("a,b,1\na", None).unwrap_err().contains("line 2: expected network"));
        assert!(parse("a,,1", None).unwrap_err().contains("empty name"));
        assert!(parse("\n", None).is_err());
    }
}
