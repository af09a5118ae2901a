//! What stays the same of a finding when the file around it changes.
//!
//! Line numbers would change with every edit above, and counts would hide a new finding behind an old one. So: the
//! rule, the path in the repository, the masked text of the line without white space, and a number for those that are
//! alike.

use std::collections::BTreeMap;

use super::Files;
use crate::finding::Finding;
use crate::screen;

/// The fingerprints of all findings, which are sorted.
pub(super) fn all<'a>(files: &Files<'_>, findings: impl Iterator<Item = &'a Finding>) -> Vec<String> {
    let mut seen = BTreeMap::new();
    findings
        .map(|finding| {
            let secrets = files.secrets_in(finding.at.file);
            let line = files.source(finding.at.file).map(|source| screen::line_of(source, finding.at.span, &secrets));
            let mut text: String = line.unwrap_or_default();
            text.retain(|c| !c.is_whitespace());
            let base = format!("{}\0{}\0{text}", finding.rule, files.path_in_repository(finding.at.file));
            let number = seen.entry(base.clone()).and_modify(|n| *n += 1).or_insert(0_u32);
            format!("{:032x}", hash(format!("{base}\0{number}").as_bytes()))
        })
        .collect()
}

/// FNV-1a in 128 bits: the same on every platform and in every version, which std's hasher does not promise.
fn hash(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(BASIS, |hash, &byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn known_values() {
        // From the test vectors of the FNV draft.
        assert_eq!(hash(b""), 0x6c62272e07bb014262b821756295c58d);
        assert_eq!(hash(b"a"), 0xd228cb696f1a8caf78912b704e4a8964);
    }
}
