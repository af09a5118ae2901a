//! What a condition says, and what an arm of a branch knows from it.

use super::{ExprId, ExprKind, Module};
use crate::chars;
use crate::glance::is_part;

/// What a condition says where it holds: `subject` is (or is not) a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    /// The tested expression's text, squeezed: equal texts are equal subjects.
    pub subject: String,
    /// The tested expression, where it was lowered.
    pub expr: Option<ExprId>,
    /// The constant that it is compared with; `None` for plain truth.
    pub value: Option<Constant>,
    /// The test holds when the comparison does not.
    pub negated: bool,
    /// Where it stands for several of which one has to hold: what each of them knows. Empty for a plain comparison.
    pub any: Vec<Vec<Test>>,
}

impl Test {
    /// Every expression that it names: what is tested, and what that is compared with.
    pub fn each_expr(&mut self, visit: &mut dyn FnMut(&mut ExprId)) {
        let member = self.value.as_mut().and_then(|value| value.member.as_mut());
        self.expr.iter_mut().chain(member).for_each(&mut *visit);
        // No deeper than conditions are lowered.
        self.any.iter_mut().flatten().for_each(|test| test.each_expr(visit));
    }
}

/// What something is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Constant {
    /// Its value or, of a member, its text.
    pub text: String,
    /// The expression of a member of something, of an enumeration perhaps: `Provider.RELAY`. What it stands for has to
    /// be asked.
    pub member: Option<ExprId>,
}

/// Whether a name is written as constants and environment variables are: `A_B1`.
pub fn is_in_capitals(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

impl From<String> for Constant {
    fn from(text: String) -> Self {
        Self { text, member: None }
    }
}

/// A lowered condition; turn it into what an arm knows with [`Cond::assume`].
#[derive(Clone, Debug)]
pub enum Cond {
    /// The subject is truthy (not null, not empty). `is not None`, `!= null` and `is_some()` count as this.
    Truthy(String, Option<ExprId>),
    /// The subject equals a constant.
    Equals(String, Option<ExprId>, Constant),
    /// Negation.
    Not(Box<Cond>),
    /// Conjunction.
    And(Vec<Cond>),
    /// Disjunction.
    Or(Vec<Cond>),
}

impl Cond {
    /// A condition that is not understood: only its text says whether it is the same as another.
    pub fn opaque(text: &str) -> Self {
        Self::Truthy(squeeze(text), None)
    }

    /// What is known when the condition holds (`true`) or fails.
    pub fn assume(&self, holds: bool) -> Vec<Test> {
        match self {
            Self::Truthy(subject, expr) => {
                vec![Test { subject: subject.clone(), expr: *expr, value: None, negated: !holds, any: vec![] }]
            }
            Self::Equals(subject, expr, value) => {
                vec![Test {
                    subject: subject.clone(),
                    expr: *expr,
                    value: Some(value.clone()),
                    negated: !holds,
                    any: vec![],
                }]
            }
            Self::Not(inner) => inner.assume(!holds),
            Self::And(all) if holds => all.iter().flat_map(|c| c.assume(true)).collect(),
            Self::Or(any) if !holds => any.iter().flat_map(|c| c.assume(false)).collect(),
            Self::And(parts) | Self::Or(parts) => {
                if let [one] = parts.as_slice() {
                    return one.assume(holds);
                }
                let any = match parts.len() <= MAX_ALTERNATIVES {
                    true => parts.iter().map(|part| part.assume(holds)).collect(),
                    false => Vec::new(),
                };
                vec![Test { subject: self.text(), expr: None, value: None, negated: !holds, any }]
            }
        }
    }

    /// A text that is the same for equal conditions.
    fn text(&self) -> String {
        let join = |parts: &[Self], word: &str| {
            let parts: Vec<String> = parts.iter().take(16).map(Self::text).collect();
            clip(format!("({})", parts.join(word)))
        };
        match self {
            Self::Truthy(subject, _) => subject.clone(),
            Self::Equals(subject, _, value) => format!("{subject}=={}", value.text),
            Self::Not(inner) => match &**inner {
                Self::Not(inner) => inner.text(),
                inner => clip(format!("!{}", inner.text())),
            },
            Self::And(parts) => join(parts, " and "),
            Self::Or(parts) => join(parts, " or "),
        }
    }

    /// What each arm of an if/elif chain knows, and then what holds when none was taken (the `else`).
    pub fn chain(conds: &[Cond]) -> Vec<Vec<Test>> {
        let mut known: Vec<Test> = Vec::new();
        let mut arms = Vec::new();
        for cond in conds {
            let mut arm = known.clone();
            arm.extend(cond.assume(true));
            arms.push(arm);
            known.extend(cond.assume(false));
        }
        arms.push(known);
        arms
    }
}

/// Of how many conditions one may have to hold for each of them to be looked at.
const MAX_ALTERNATIVES: usize = 16;

/// How long the text of a condition may be, in bytes: that of a longer one stands for all that begin like it.
const LONGEST: usize = 200;

fn clip(mut text: String) -> String {
    text.truncate(chars::floor(&text, LONGEST));
    text
}

/// The start of a program's text: enough to tell conditions apart, at a price that does not grow with them.
pub fn head(text: &str) -> &str {
    chars::start(text, 5 * LONGEST)
}

/// Text without white space but between words: the identity of a test's subject, which people read, too. `a?.b` is the
/// same thing as `a.b`.
pub fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST));
    let mut blank = false;
    for c in text.chars() {
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if blank && is_part(c) && out.ends_with(is_part) {
            out.push(' ');
        }
        blank = false;
        out.push(c);
        if out.len() >= LONGEST {
            break;
        }
    }
    if out.contains("?.") { out.replace("?.", ".") } else { out }
}

impl Module {
    /// The text by which a field is known, however it is asked for: of `row["kind"]` and `row.get("kind")` that of
    /// `row.kind`, which its values have, too. `None` for what is written so, and for other expressions.
    pub fn field_text(&self, expr: ExprId) -> Option<String> {
        let mut words: Vec<&str> = Vec::new();
        let mut by_key = false;
        let mut at = expr;
        loop {
            let (base, word, key) = match self.kind(at) {
                ExprKind::Member(base, name) => (*base, name.as_str(), false),
                ExprKind::Index(base, index) => (*base, self.key_text(*index)?, true),
                ExprKind::Call(call) => match (self.kind(call.callee), call.args.as_slice()) {
                    (ExprKind::Member(base, get), [arg]) if get == "get" && arg.name.is_none() => {
                        (*base, self.key_text(arg.value)?, true)
                    }
                    _ => return None,
                },
                ExprKind::Name(root) if by_key && is_word(root) => {
                    words.push(root);
                    words.reverse();
                    return Some(words.join("."));
                }
                _ => return None,
            };
            by_key |= key;
            words.push(word);
            at = base;
            if words.len() > MAX_ALTERNATIVES {
                return None;
            }
        }
    }

    /// A constant key that could be a field's name.
    fn key_text(&self, key: ExprId) -> Option<&str> {
        match self.kind(key) {
            ExprKind::Str(text) => Some(text.expose()).filter(|text| is_word(text)),
            _ => None,
        }
    }
}

/// Whether a text is a name as programs have them.
fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_') && text.starts_with(|c: char| !c.is_numeric())
}
