//! The two files of a verification statement, as the checker reads them and as the search does.

use std::fmt;
use std::path::Path;

use foldcheck::{Accepted, Content, Failure, NamedFile, Rejection, Statement};
use foldline::{FormatError, Network, Property};
use foldline_formats::vnnlib::parse_property;

/// Which of the two answers is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// No input makes the property's formula true.
    Holds,
    /// Some input does.
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

/// A network and a property.
pub struct Files {
    contents: [Content; 2],
    /// What is in the first file.
    pub network: Network,
    /// What is in the second.
    pub property: Property,
}

impl Files {
    /// Understands both files.
    pub fn new(network: Content, property: Content) -> Result<Self, FormatError> {
        let read = network.network()?;
        let (inputs, outputs) = (read.inputs(), read.outputs());
        let parsed = parse_property(&property.name, property.text()?, inputs, outputs)?;
        Ok(Self { contents: [network, property], network: read, property: parsed })
    }

    /// Reads both files.
    pub fn read(network: &Path, property: &Path) -> Result<Self, FormatError> {
        Self::new(Content::read(network)?, Content::read(property)?)
    }

    /// The hash of the network's file.
    pub fn network_hash(&self) -> &str {
        &self.contents[0].hash
    }

    /// The hash of the property's file.
    pub fn property_hash(&self) -> &str {
        &self.contents[1].hash
    }

    /// The statement that makes `claim` about these files.
    pub fn statement(&self, claim: Claim) -> Statement {
        let named = |role, content: &Content| NamedFile {
            role,
            name: content.name.clone(),
            hash: content.hash.clone(),
        };
        let [network, property] = &self.contents;
        Statement {
            kind: "verification".to_owned(),
            claim: claim.to_string(),
            files: vec![named("network", network), named("property", property)],
        }
    }
}

/// What the checker says of a certificate about these files.
pub fn check(certificate: &[u8], files: &Files) -> Result<Accepted, Rejection> {
    foldcheck::check(certificate, &files.contents).map_err(|failure| match failure {
        Failure::Rejected(rejection) => rejection,
        other => panic!("{other}"),
    })
}
