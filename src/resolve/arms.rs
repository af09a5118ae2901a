//! Correlated choices: under which conditions a value is taken.
//!
//! Each branch point is a *subject*: a tested expression, a row's index, a call site, an environment file's mode. A
//! value carries what it assumes of each subject; two values can meet only where their assumptions agree.

use std::cmp::Ordering;

use foldhash::HashMap;

/// What is assumed of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lit {
    /// The subject, interned.
    pub subject: u32,
    /// The value that it is compared with, interned; `None` for plain truth.
    pub value: Option<u32>,
    /// It is not that value.
    pub negated: bool,
}

/// A conjunction of assumptions, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Arms(Vec<Lit>);

/// Beyond this many assumptions further ones are dropped: values then meet more freely, which can only turn a certain
/// finding into an uncertain one.
const MAX_LITS: usize = 48;

/// The mark of a value that was one of too many, some of whose assumptions are not known any more.
pub const LOST: Lit = Lit { subject: u32::MAX, value: None, negated: false };

impl Arms {
    /// The assumptions.
    pub fn lits(&self) -> &[Lit] {
        &self.0
    }

    /// Adds one assumption; `None` where it contradicts.
    pub fn with(mut self, lit: Lit) -> Option<Self> {
        match self.0.binary_search(&lit) {
            Ok(_) => Some(self),
            Err(at) => {
                if self.0.iter().any(|&known| contradicts(known, lit)) {
                    return None;
                }
                if self.0.len() < MAX_LITS {
                    self.0.insert(at, lit);
                }
                Some(self)
            }
        }
    }

    /// What is assumed of the first subject of a pair is assumed of the second, too; `None` where that contradicts.
    pub fn also_of(&self, pairs: &[(u32, u32)]) -> Option<Self> {
        pairs.iter().try_fold(self.clone(), |arms, &(from, subject)| {
            let known = self.0.iter().filter(|lit| lit.subject == from);
            known.map(|&lit| Lit { subject, ..lit }).try_fold(arms, Self::with)
        })
    }

    /// What is assumed of anything but one subject.
    pub fn without(&self, subject: u32) -> Self {
        Self(self.0.iter().filter(|lit| lit.subject != subject).copied().collect())
    }

    /// What holds where one of two sets does, if a set can say that: where one is all of the other, or they differ only in
    /// whether something is so.
    pub fn either(&self, other: &Self) -> Option<Self> {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        // How much stands in one alone, and the last of it.
        let (mut own, mut others) = ((0, None), (0, None));
        loop {
            let order = match (a.peek(), b.peek()) {
                (Some(left), Some(right)) => left.cmp(right),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            match order {
                Ordering::Less => own = (own.0 + 1, a.next()),
                Ordering::Greater => others = (others.0 + 1, b.next()),
                Ordering::Equal => drop((a.next(), b.next())),
            }
            if own.0.max(others.0) > 1 && own.0.min(others.0) > 0 {
                return None;
            }
        }
        match (own, others) {
            ((0, _), _) => Some(self.clone()),
            (_, (0, _)) => Some(other.clone()),
            ((_, Some(&one)), (_, Some(&two))) if (Lit { negated: !one.negated, ..one }) == two => {
                Some(Self(self.0.iter().filter(|lit| **lit != one).copied().collect()))
            }
            _ => None,
        }
    }

    /// What both sets assume; with the mark of it where that says less than that one of them holds.
    pub fn common(&self, other: &Self) -> Self {
        self.either(other).unwrap_or_else(|| {
            let mut both: Vec<Lit> = self.0.iter().filter(|lit| other.0.binary_search(lit).is_ok()).copied().collect();
            // Its subject is the greatest, so that the set stays sorted.
            if !both.contains(&LOST) {
                both.push(LOST);
            }
            Self(both)
        })
    }

    /// Both sets of assumptions together; `None` where they contradict.
    pub fn merge(&self, other: &Self) -> Option<Self> {
        let (small, large) = if self.0.len() < other.0.len() { (self, other) } else { (other, self) };
        small.0.iter().try_fold(large.clone(), |arms, &lit| arms.with(lit))
    }
}

fn contradicts(a: Lit, b: Lit) -> bool {
    if a.subject != b.subject {
        return false;
    }
    match (a.value, b.value) {
        (x, y) if x == y => a.negated != b.negated,
        // Equal to something (interned constants are not empty) means truthy.
        (None, Some(_)) => a.negated && !b.negated,
        (Some(_), None) => b.negated && !a.negated,
        _ => !a.negated && !b.negated,
    }
}

/// Numbers for subjects and constants.
#[derive(Debug, Default)]
pub struct Interner {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Interner {
    /// The number of a text.
    pub fn get(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(text.to_owned(), number);
        self.names.push(text.to_owned());
        number
    }

    /// The text of a number.
    pub fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lit(subject: u32, value: Option<u32>, negated: bool) -> Lit {
        Lit { subject, value, negated }
    }

    #[test]
    fn agreement() {
        let one = |lit| Arms::default().with(lit).unwrap();
        for (a, b, agree) in [
            (lit(0, None, false), lit(0, None, true), false),
            (lit(0, None, false), lit(1, None, true), true),
            (lit(0, Some(7), false), lit(0, Some(8), false), false),
            (lit(0, Some(7), false), lit(0, Some(8), true), true),
            (lit(0, Some(7), false), lit(0, Some(7), true), false),
            (lit(0, Some(7), false), lit(0, None, true), false),
            (lit(0, Some(7), true), lit(0, None, true), true),
        ] {
            assert_eq!(one(a).merge(&one(b)).is_some(), agree, "{a:?} {b:?}");
            assert_eq!(one(b).merge(&one(a)).is_some(), agree, "{b:?} {a:?}");
        }
    }

    #[test]
    fn what_is_common_is_marked_where_it_says_less() {
        let all = |lits: &[Lit]| lits.iter().fold(Arms::default(), |arms, &lit| arms.with(lit).unwrap());
        let (a, b, c) = (lit(0, None, false), lit(1, Some(7), false), lit(2, None, false));
        let not_c = Lit { negated: true, ..c };
        for (one, other, common, exact) in [
            (&[a][..], &[a, b][..], &[a][..], true),
            (&[], &[b], &[], true),
            (&[a, c], &[a, not_c], &[a], true),
            (&[a, b], &[a, c], &[a], false),
            (&[a, b, c], &[a, not_c], &[a], false),
        ] {
            let mut expected = common.to_vec();
            expected.extend((!exact).then_some(LOST));
            assert_eq!(all(one).common(&all(other)).lits(), expected, "{one:?} {other:?}");
            assert_eq!(all(other).common(&all(one)).lits(), expected, "{other:?} {one:?}");
        }
    }
}
