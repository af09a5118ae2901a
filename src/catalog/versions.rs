//! Versions of packages: what a lock file or a manifest says, and the ranges that the catalogue's facts hold for.
//!
//! A fact about an SDK needs one version, but a manifest gives a range. The newest version that a requirement allows is
//! taken for the one in use ([`Requirement::newest`]), and an unknown version for the newest there is
//! ([`Version::NEWEST`]).

use std::fmt;

use serde::Deserialize;

/// `major.minor.patch`; what follows (pre-release, build) is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl Version {
    /// Newer than all others: stands for a version that is not known.
    pub const NEWEST: Self = Self::new(u32::MAX, u32::MAX, u32::MAX);

    /// A version from its numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Reads `1.2.3`, `v1.2`, `1.0.0-beta.2`; missing numbers are 0.
    pub fn parse(text: &str) -> Option<Self> {
        let (parts, _) = numbers(text.trim())?;
        Some(fill(&parts, 0))
    }

    /// The version right before this one, as far as three numbers can say: what `<` allows at most.
    fn before(self) -> Self {
        let Self { major, minor, patch } = self;
        match (major, minor, patch) {
            (0, 0, 0) => self,
            (_, 0, 0) => Self::new(major - 1, u32::MAX, u32::MAX),
            (_, _, 0) => Self::new(major, minor - 1, u32::MAX),
            _ => Self::new(major, minor, patch - 1),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The leading numbers of a version text (one to three are kept), and whether a wildcard ended them.
fn numbers(text: &str) -> Option<(Vec<u32>, bool)> {
    let text = text.strip_prefix(['v', 'V', '=']).unwrap_or(text).trim_start();
    let mut parts = Vec::new();
    for part in text.split('.') {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            let wildcard = matches!(part, "x" | "X" | "*");
            return (wildcard || !parts.is_empty()).then_some((parts, wildcard));
        }
        if parts.len() < 3 {
            parts.push(part.get(..digits)?.parse().ok()?);
        }
        if digits < part.len() {
            break;
        }
    }
    Some((parts, false))
}

fn fill(parts: &[u32], rest: u32) -> Version {
    let part = |index: usize| parts.get(index).copied().unwrap_or(rest);
    Version::new(part(0), part(1), part(2))
}

/// Versions that a fact of the catalogue holds for: `>=1.3, <2`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Range(Vec<(Comparison, Version)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Exactly,
    AtLeast,
    Greater,
}

/// A range that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a range of versions, such as `>=1.3, <2`")]
pub struct InvalidRange;

impl Range {
    /// Reads comparisons separated by commas, all of which must hold.
    pub fn parse(text: &str) -> Result<Self, InvalidRange> {
        text.split(',')
            .map(|part| {
                let (comparison, rest) = comparison(part.trim()).ok_or(InvalidRange)?;
                let version = Version::parse(rest).ok_or(InvalidRange)?;
                Ok((comparison, version))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a version is in the range.
    pub fn contains(&self, version: Version) -> bool {
        self.0.iter().all(|&(comparison, bound)| match comparison {
            Comparison::Less => version < bound,
            Comparison::AtMost => version <= bound,
            Comparison::Exactly => version == bound,
            Comparison::AtLeast => version >= bound,
            Comparison::Greater => version > bound,
        })
    }

    /// The newest version in it, as far as three numbers can say.
    pub fn newest(&self) -> Version {
        let upper = |&(comparison, bound): &(Comparison, Version)| match comparison {
            Comparison::Less => bound.before(),
            Comparison::AtMost | Comparison::Exactly => bound,
            Comparison::AtLeast | Comparison::Greater => Version::NEWEST,
        };
        self.0.iter().map(upper).min().unwrap_or(Version::NEWEST)
    }
}

impl TryFrom<String> for Range {
    type Error = InvalidRange;

    fn try_from(text: String) -> Result<Self, InvalidRange> {
        Self::parse(&text)
    }
}

fn comparison(text: &str) -> Option<(Comparison, &str)> {
    let signs = text.bytes().take_while(|byte| matches!(byte, b'<' | b'>' | b'=')).count();
    let comparison = match text.get(..signs)? {
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        "=" | "==" | "===" => Comparison::Exactly,
        ">=" => Comparison::AtLeast,
        ">" => Comparison::Greater,
        _ => return None,
    };
    Some((comparison, text.get(signs..)?.trim_start()))
}

/// Whose rules a manifest follows where a version stands without an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ecosystem {
    /// requirements.txt, pyproject.toml: exactly that version.
    Python,
    /// package.json: exactly that version, short ones are wildcards.
    Npm,
    /// Cargo.toml: any compatible version.
    Cargo,
}

impl Ecosystem {
    /// Where the packages of a language come from, by [`Language::name`](crate::language::Language::name).
    pub fn of_language(name: &str) -> Option<Self> {
        match name {
            "python" => Some(Self::Python),
            "javascript" => Some(Self::Npm),
            "rust" => Some(Self::Cargo),
            _ => None,
        }
    }
}

/// What a manifest asks for: `>=1.0,<2`, `^4.20`, `~=1.3`, `1.x`, `==1.2.3`, `^3 || ^4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    newest: Version,
}

impl Requirement {
    /// Reads a requirement; `None` for one that names no version (a path, a git address, `latest` is the newest).
    pub fn parse(text: &str, ecosystem: Ecosystem) -> Option<Self> {
        let text = text.split(';').next().unwrap_or("").trim();
        let text = text.strip_prefix("workspace:").unwrap_or(text);
        // An alias of npm: `npm:other@^4`.
        let text = match text.strip_prefix("npm:") {
            Some(alias) => alias.get(1..).and_then(|rest| rest.rsplit_once('@')).map_or("*", |(_, version)| version),
            None => text,
        };
        if matches!(text, "" | "latest" | "next") {
            return Some(Self { newest: Version::NEWEST });
        }
        let newest = text.split("||").map(|part| newest_of_all(part, ecosystem)).collect::<Option<Vec<_>>>()?;
        newest.into_iter().max().map(|newest| Self { newest })
    }

    /// The newest version that satisfies it, as far as three numbers can say: for `^4.0.0` the last of 4.
    pub fn newest(&self) -> Version {
        self.newest
    }
}

/// The newest version that satisfies comparisons which must all hold, separated by commas or spaces.
fn newest_of_all(text: &str, ecosystem: Ecosystem) -> Option<Version> {
    if let Some((_, upper)) = text.split_once(" - ") {
        return newest_of(upper.trim(), Ecosystem::Npm);
    }
    // `>= 1.0` is one comparison.
    let mut newest: Option<Version> = None;
    let mut operator = "";
    for word in text.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
        if word.bytes().all(|byte| matches!(byte, b'<' | b'>' | b'=' | b'~' | b'^' | b'!')) {
            operator = word;
            continue;
        }
        let upper = newest_of(&format!("{operator}{word}"), ecosystem)?;
        operator = "";
        newest = Some(newest.map_or(upper, |newest| newest.min(upper)));
    }
    newest
}

fn newest_of(text: &str, ecosystem: Ecosystem) -> Option<Version> {
    const MAX: u32 = u32::MAX;
    let signs = text.bytes().take_while(|byte| matches!(byte, b'<' | b'>' | b'=' | b'~' | b'^' | b'!')).count();
    let (operator, rest) = text.split_at_checked(signs)?;
    let (parts, wildcard) = numbers(rest.trim_start())?;
    let exact = fill(&parts, 0);
    // The newest version whose first `count` numbers are these.
    let within = |count: usize| fill(parts.get(..count).unwrap_or(&parts), MAX);
    Some(match operator {
        "^" => compatible(&parts),
        "~" => within(2),
        "~=" => within(parts.len().saturating_sub(1).max(1)),
        "<" => exact.before(),
        "<=" => fill(&parts, if ecosystem == Ecosystem::Python { 0 } else { MAX }),
        ">" | ">=" | "!=" => Version::NEWEST,
        _ if wildcard => within(parts.len()),
        "" if ecosystem == Ecosystem::Cargo => compatible(&parts),
        "" if ecosystem == Ecosystem::Npm => within(parts.len()),
        "" | "=" | "==" | "===" => exact,
        _ => return None,
    })
}

/// The newest version that semantic versioning calls compatible: the first number that is not 0 stays.
fn compatible(parts: &[u32]) -> Version {
    let fixed = parts.iter().position(|&part| part != 0).map_or(parts.len(), |index| index + 1);
    fill(parts.get(..fixed).unwrap_or(parts), u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX: u32 = u32::MAX;

    #[test]
    fn versions() {
        for (text, expected) in [
            ("1.2.3", Some(Version::new(1, 2, 3))),
            ("v4.20", Some(Version::new(4, 20, 0))),
            ("1.0.0-beta.2", Some(Version::new(1, 0, 0))),
            ("0.28.1.post1", Some(Version::new(0, 28, 1))),
            ("2.0.0rc1", Some(Version::new(2, 0, 0))),
            ("latest", None),
            ("", None),
            ("99999999999", None),
        ] {
            assert_eq!(Version::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn ranges() {
        let range = Range::parse(">=1.3, <2").unwrap();
        for (version, inside) in [("1.2.9", false), ("1.3.0", true), ("1.99", true), ("2.0.0", false)] {
            assert_eq!(range.contains(Version::parse(version).unwrap()), inside, "{version}");
        }
        assert!(!range.contains(Version::NEWEST));
        assert!(Range::parse(">=1.3").unwrap().contains(Version::NEWEST));
        assert_eq!(range.newest(), Version::new(1, MAX, MAX));
        assert!(Range::parse("1.3").is_err());
        assert!(Range::parse("").is_err());
    }

    #[test]
    fn requirements() {
        use Ecosystem::{Cargo, Npm, Python};
        let v = Version::new;
        for (text, ecosystem, newest) in [
            ("==1.2.3", Python, Some(v(1, 2, 3))),
            (">=1.0", Python, Some(Version::NEWEST)),
            (">=1.0,<2", Python, Some(v(1, MAX, MAX))),
            (">= 1.0, < 1.3.0", Python, Some(v(1, 2, MAX))),
            ("<1.3.5", Python, Some(v(1, 3, 4))),
            ("~=1.3", Python, Some(v(1, MAX, MAX))),
            ("~=1.3.2", Python, Some(v(1, 3, MAX))),
            ("==0.28.*", Python, Some(v(0, 28, MAX))),
            ("==1.2.3 ; python_version > '3.8'", Python, Some(v(1, 2, 3))),
            ("", Python, Some(Version::NEWEST)),
            ("^4.0.0", Npm, Some(v(4, MAX, MAX))),
            ("^0.3.1", Npm, Some(v(0, 3, MAX))),
            ("~4.20.1", Npm, Some(v(4, 20, MAX))),
            ("4.x", Npm, Some(v(4, MAX, MAX))),
            ("4", Npm, Some(v(4, MAX, MAX))),
            ("4.20.1", Npm, Some(v(4, 20, 1))),
            ("*", Npm, Some(Version::NEWEST)),
            ("latest", Npm, Some(Version::NEWEST)),
            ("^3 || ^4", Npm, Some(v(4, MAX, MAX))),
            (">=4 <5", Npm, Some(v(4, MAX, MAX))),
            ("1.2.3 - 2.3", Npm, Some(v(2, 3, MAX))),
            ("npm:openai@^4.1", Npm, Some(v(4, MAX, MAX))),
            ("npm:@scope/openai@3.1.0", Npm, Some(v(3, 1, 0))),
            ("workspace:*", Npm, Some(Version::NEWEST)),
            ("git+https://example.org/x", Npm, None),
            ("file:../x", Npm, None),
            ("0.30", Cargo, Some(v(0, 30, MAX))),
            ("1.2", Cargo, Some(v(1, MAX, MAX))),
            ("=0.28.1", Cargo, Some(v(0, 28, 1))),
        ] {
            assert_eq!(Requirement::parse(text, ecosystem).map(|r| r.newest()), newest, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,40}", odd in "[-0-9.<>=^~|*x, v]{0,30}") {
            for text in [text, odd] {
                let _ = Version::parse(&text);
                let _ = Range::parse(&text).map(|range| range.contains(Version::NEWEST));
                for ecosystem in [Ecosystem::Python, Ecosystem::Npm, Ecosystem::Cargo] {
                    let _ = Requirement::parse(&text, ecosystem);
                }
            }
        }
    }
}
