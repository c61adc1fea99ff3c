//! The members of a zip archive, as numpy's `.npz` is one: stored or deflated, checksums verified;
//! written stored.

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::Fault;
use super::elements::little;
use crate::input::LARGEST_FILE;

/// The fixed part of the record that ends an archive, and the longest comment after it.
const END_SIZE: usize = 22;
const LONGEST_COMMENT: usize = 0xffff;

/// The names of the archive's members with their content, in the order of its directory.
pub(super) fn read_members(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let broken = |what: &str| (String::new(), format!("is not a complete .npz archive: {what}"));
    let end = find_end(bytes).ok_or_else(|| broken("it has no directory at its end"))?;
    let field = |offset, size| little(bytes, offset, size).unwrap_or(u64::MAX) as usize;
    let count = field(end + 10, 2);
    let mut at = field(end + 16, 4);
    let mut members = Vec::new();
    let mut total = 0;
    for _ in 0..count {
        if bytes.get(at..at.saturating_add(4)) != Some(b"PK\x01\x02".as_slice()) {
            return Err(broken("its directory is damaged"));
        }
        let sizes = [28, 30, 32].map(|offset| field(at + offset, 2));
        let name = bytes.get(at + 46..(at + 46).saturating_add(sizes[0]));
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        let name = name.ok_or_else(|| broken("a member has no readable name"))?.to_owned();
        let member = Member {
            flags: field(at + 8, 2),
            method: field(at + 10, 2),
            checksum: field(at + 16, 4),
            packed: field(at + 20, 4),
            size: field(at + 24, 4),
            offset: field(at + 42, 4),
        };
        total += member.size as u64;
        if total > LARGEST_FILE {
            return Err((name, format!("the members have more than {LARGEST_FILE} bytes")));
        }
        match member.content(bytes) {
            Ok(content) => members.push((name, content)),
            Err(message) => return Err((name, message)),
        }
        at += 46 + sizes.iter().sum::<usize>();
    }
    Ok(members)
}

/// An archive of members, not compressed, as numpy's `savez` writes it.
///
/// # Panics
/// If the archive is larger than 4 GiB or has more than 65,535 members.
pub(crate) fn write_members(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let word = |value: usize| u32::try_from(value).expect("an archive of 4 GiB").to_le_bytes();
    let half = |value: usize| u16::try_from(value).expect("few members").to_le_bytes();
    // Version 2.0, no flags, stored, midnight of 1 January 1980.
    const FIXED: [u8; 10] = [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let mut checksum = Crc::new();
        checksum.update(content);
        let offset = bytes.len();
        let mut common = FIXED.to_vec();
        common.extend(checksum.sum().to_le_bytes());
        common.extend([word(content.len()), word(content.len())].concat());
        common.extend([half(name.len()), half(0)].concat());
        bytes.extend([&b"PK\x03\x04"[..], &common[..], name.as_bytes(), &content[..]].concat());
        // No comment, first disk, no attributes.
        let rest = [&[0; 10][..], &word(offset)].concat();
        directory.extend([&b"PK\x01\x02\x14\0"[..], &common[..], &rest, name.as_bytes()].concat());
    }
    let counts = [half(members.len()), half(members.len())].concat();
    let end = [&counts[..], &word(directory.len()), &word(bytes.len()), &[0, 0]].concat();
    [bytes, directory, [&b"PK\x05\x06\0\0\0\0"[..], &end[..]].concat()].concat()
}

/// Where the record stands that ends the archive and points to its directory.
fn find_end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_SIZE)?;
    let first = last.saturating_sub(LONGEST_COMMENT);
    (first..=last).rev().find(|&at| bytes[at..].starts_with(b"PK\x05\x06"))
}

/// An entry of the directory.
struct Member {
    flags: usize,
    method: usize,
    checksum: usize,
    packed: usize,
    size: usize,
    offset: usize,
}

impl Member {
    fn content(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let damaged = || "this member of the archive is damaged or cut off".to_owned();
        if self.flags & 1 == 1 {
            return Err("this member of the archive is encrypted".to_owned());
        }
        let header = bytes.get(self.offset..).filter(|rest| rest.starts_with(b"PK\x03\x04"));
        let header = header.ok_or_else(damaged)?;
        let names = [26, 28].map(|offset| little(header, offset, 2));
        let [Some(name), Some(extra)] = names else { return Err(damaged()) };
        let start = 30 + (name + extra) as usize;
        let packed = header.get(start..start + self.packed).ok_or_else(damaged)?;
        let content = match self.method {
            0 => packed.to_vec(),
            8 => {
                let mut content = Vec::new();
                let decoder = DeflateDecoder::new(packed);
                let read = decoder.take(self.size as u64 + 1).read_to_end(&mut content);
                read.map_err(|_| damaged())?;
                content
            }
            method => return Err(format!("compression method {method} is not supported")),
        };
        let mut checksum = Crc::new();
        checksum.update(&content);
        if content.len() != self.size || checksum.sum() as usize != self.checksum {
            return Err(damaged());
        }
        Ok(content)
    }
}
