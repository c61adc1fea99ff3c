//! What a certificate claims, about which files.

use std::fmt;
use std::path::Path;

use foldline_formats::input::{display_name, into_text, read_bytes};
use foldline_formats::vnnlib::parse_property;
use foldline_formats::{FormatError, NetworkOptions, parse_network};
use foldline_kernel::{Network, Property};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Which of the two answers is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// No input x makes the property's formula true at (x, f(x)).
    Holds,
    /// Some input x does.
    Violated,
}

impl fmt::Display for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Claim::Holds => "holds",
            Claim::Violated => "violated",
        })
    }
}

/// The statement of a certificate, about files known by their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What is claimed.
    pub claim: Claim,
    /// The network's file as the user named it.
    pub network_name: String,
    /// The SHA-256 of its content after decompression.
    pub network_hash: String,
    /// The property's file as the user named it.
    pub property_name: String,
    /// The SHA-256 of its content after decompression.
    pub property_hash: String,
}

impl fmt::Display for Statement {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        writeln!(formatter, "statement  verification {}", self.claim)?;
        writeln!(formatter, "network    {}  {}", self.network_hash, self.network_name)?;
        write!(formatter, "property   {}  {}", self.property_hash, self.property_name)
    }
}

impl Statement {
    /// The statement as a JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "question": "verification",
            "answer": self.claim.to_string(),
            "network": {"file": self.network_name, "sha256": self.network_hash},
            "property": {"file": self.property_name, "sha256": self.property_hash},
        })
    }
}

/// The files that a certificate is about, as the checker reads them itself.
#[derive(Debug, Clone)]
pub struct Files {
    network_name: String,
    network_hash: String,
    network: Network,
    property_name: String,
    property_hash: String,
    property: Property,
}

impl Files {
    /// Reads both files, gzipped or not (`-`: standard input).
    pub fn read(network: &Path, property: &Path) -> Result<Self, FormatError> {
        let (network_bytes, property_bytes) = (read_bytes(network)?, read_bytes(property)?);
        Self::parse(&display_name(network), &network_bytes, &display_name(property), property_bytes)
    }

    /// Reads both files from their content after decompression.
    pub fn parse(
        network_name: &str,
        network_bytes: &[u8],
        property_name: &str,
        property_bytes: Vec<u8>,
    ) -> Result<Self, FormatError> {
        let loaded = parse_network(network_name, network_bytes, &NetworkOptions::default())?;
        let network = loaded.network;
        let property_hash = hash(&property_bytes);
        let text = into_text(property_name, property_bytes)?;
        let property = parse_property(property_name, &text, network.inputs(), network.outputs())?;
        Ok(Self {
            network_name: network_name.to_owned(),
            network_hash: hash(network_bytes),
            network,
            property_name: property_name.to_owned(),
            property_hash,
            property,
        })
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The property.
    pub fn property(&self) -> &Property {
        &self.property
    }

    /// The statement that makes `claim` about these files.
    pub fn statement(&self, claim: Claim) -> Statement {
        Statement {
            claim,
            network_name: self.network_name.clone(),
            network_hash: self.network_hash.clone(),
            property_name: self.property_name.clone(),
            property_hash: self.property_hash.clone(),
        }
    }
}

/// The SHA-256 of `content` in lower-case hexadecimal digits.
fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
