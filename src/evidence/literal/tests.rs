//! Keys here are made at run time by the issuers' own generators, with a fixed seed.

use proptest::prelude::*;

use super::*;
use crate::evidence::of_literal;
use crate::text::Text;

const BASE62: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const URL_SAFE: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

/// The marker in OpenAI's keys, not written out.
fn marker() -> String {
    ["T3", "Blbk", "FJ"].concat()
}

/// xorshift64*: the same keys in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[(self.next() % alphabet.len() as u64) as usize])).collect()
    }

    /// `GenerateKey` of one-api: 16 letters and digits, then a version 4 UUID whose even places are upper-case.
    fn one_api(&mut self) -> String {
        let mut uuid = self.text(b"0123456789abcdef", 32).into_bytes();
        uuid[12] = b'4';
        uuid[16] = b"89ab"[(self.next() % 4) as usize];
        let uuid: String = uuid
            .iter()
            .enumerate()
            .map(|(at, byte)| char::from(if at % 2 == 0 { byte.to_ascii_uppercase() } else { *byte }))
            .collect();
        format!("sk-{}{uuid}", self.text(BASE62, 16))
    }
}

fn whose(literal: &str) -> String {
    match of_literal(Catalog::builtin(), &Text::new(literal)) {
        FormatEvidence::Issued(providers) => providers.into_iter().collect::<Vec<_>>().join(" "),
        FormatEvidence::Placeholder(Some(provider)) => format!("placeholder {provider}"),
        FormatEvidence::Placeholder(None) => "placeholder".to_owned(),
        FormatEvidence::NotKnown => "unknown".to_owned(),
    }
}

#[test]
fn generated_relay_keys_may_be_mixroutes() {
    let mut random = Random(1);
    for round in 0..1000 {
        let new_api = format!("sk-{}", random.text(BASE62, 48));
        for key in [new_api.clone(), random.one_api(), format!("{new_api}-17")] {
            let found = of_literal(Catalog::builtin(), &Text::new(key)).providers();
            assert!(found.contains("mixroute") && found.contains("moonshot") && !found.contains("openai"), "{round}");
        }
    }
}

#[test]
fn generated_openai_keys_are_openais() {
    let mut random = Random(2);
    for round in 0..1000 {
        let legacy = format!("sk-{}{}{}", random.text(BASE62, 20), marker(), random.text(BASE62, 20));
        let project = format!("sk-proj-{}{}{}", random.text(URL_SAFE, 74), marker(), random.text(URL_SAFE, 74));
        let service = format!("sk-svcacct-{}", random.text(URL_SAFE, 120));
        let admin = format!("sk-admin-{}{}{}", random.text(URL_SAFE, 58), marker(), random.text(URL_SAFE, 58));
        let none = format!("sk-None-{}", random.text(BASE62, 48));
        for key in [legacy, project, service, admin, none] {
            assert_eq!(whose(&key), "openai", "{round}, {} bytes", key.len());
        }
    }
}

#[test]
fn other_providers_keys() {
    let mut random = Random(3);
    let mut made = |prefix: &str, alphabet: &[u8], length: usize| format!("{prefix}{}", random.text(alphabet, length));
    for (key, expected) in [
        (made("sk-ant-api03-", URL_SAFE, 95), "anthropic"),
        (made("sk-or-v1-", b"0123456789abcdef", 64), "openrouter"),
        (made("sk-", b"0123456789abcdef", 32), "dashscope deepseek"),
        (made("sk-", b"abcdefghijklmnopqrstuvwxyz", 48), "siliconflow"),
        (made("gsk_", BASE62, 52), "groq"),
        (made("xai-", BASE62, 80), "xai"),
        (made("pplx-", BASE62, 48), "perplexity"),
        (made("sk-kimi-", BASE62, 64), "kimi-coding"),
        (made("hf_", BASE62, 34), "huggingface"),
        (made("ghp_", BASE62, 36), "github"),
        (made("AIza", BASE62, 35), "gemini"),
        (made("nvapi-", BASE62, 64), "nvidia"),
        // Nobody's shape.
        (made("sk-", BASE62, 40), "unknown"),
        (made("sk-", BASE62, 22), "unknown"),
        (made("", BASE62, 48), "unknown"),
        (made("", b"0123456789abcdef", 32), "unknown"),
    ] {
        assert_eq!(whose(&key), expected, "{} bytes", key.len());
        assert_eq!(whose(&format!(" Bearer {key}\n")), expected, "with what was copied along");
        assert_eq!(whose(&format!("'{key}'")), expected, "in quotes");
    }
}

#[test]
fn altered_marker_says_nothing() {
    let mut random = Random(4);
    let key = format!("sk-{}{}{}", random.text(BASE62, 20), marker().replace("T3", "T4"), random.text(BASE62, 20));
    assert_eq!(whose(&key), "unknown");
}

#[test]
fn disorder_is_wanted() {
    for body in [
        "Qq".repeat(24),
        "0123456789abcdef".repeat(3),
        "aB3".repeat(16),
        "x".repeat(48),
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV".to_owned(),
        format!("YOUR_{}", "k3Y".repeat(16)),
    ] {
        let found = whose(&format!("sk-{body}"));
        assert!(found == "placeholder" || found == "unknown", "{found}: {body}");
    }
    assert_eq!(whose(&format!("sk-proj-{}", "x".repeat(64))), "placeholder openai");
}

#[test]
fn placeholders() {
    for (literal, expected) in [
        ("sk-your-mixroute-key", "placeholder mixroute"),
        ("sk-mixroute-key", "placeholder mixroute"),
        ("mixroute-api-key", "placeholder mixroute"),
        ("MIXROUTE_API_KEY", "placeholder mixroute"),
        ("<your-mixroute-key>", "placeholder mixroute"),
        ("YOUR_MIXROUTE_API_KEY_HERE", "placeholder mixroute"),
        ("sk-your-mix-route-key", "placeholder mixroute"),
        ("sk-mixroute-xxxx", "placeholder mixroute"),
        ("sk-mixroute-openai-key", "placeholder mixroute"),
        ("sk-your-openai-key", "placeholder openai"),
        ("your-openai-api-key", "placeholder openai"),
        ("YOUR_OPENAI_API_KEY", "placeholder openai"),
        ("sk-proj-", "placeholder"),
        ("sk-proj-YOUR_KEY", "placeholder openai"),
        ("sk-proj-xxxx", "placeholder openai"),
        ("sk-proj-abcd1234", "placeholder openai"),
        ("sk-proj-REPLACE_WITH_YOUR_KEY", "placeholder openai"),
        ("sk-ant-your-key", "placeholder anthropic"),
        ("sk-or-v1-xxxx", "placeholder openrouter"),
        ("your-groq-api-key", "placeholder groq"),
        ("OPENAI_API_KEY", "placeholder"),
        ("openai-api-key", "placeholder"),
        ("EMPTY", "placeholder"),
        ("ollama", "placeholder"),
        ("lm-studio", "placeholder"),
        ("not-needed", "placeholder"),
        ("sk-no-key-required", "placeholder"),
        ("NA", "placeholder"),
        ("none", "placeholder"),
        ("dummy-key", "placeholder"),
        ("token-abc123", "placeholder"),
        ("sk-", "placeholder"),
        ("sk-xxxx", "placeholder"),
        ("sk-...", "placeholder"),
        ("sk-***", "placeholder"),
        ("sk-1234", "placeholder"),
        ("sk-test", "placeholder"),
        ("sk-demo-000000000000", "placeholder"),
        ("sk-fake-key", "placeholder"),
        ("sk-abc123", "placeholder"),
        ("YOUR_API_KEY", "placeholder"),
        ("<YOUR KEY>", "placeholder"),
        ("changeme", "placeholder"),
        ("REPLACE_ME", "placeholder"),
        ("sk-mixrouter-key", "unknown"),
        ("remixroute", "unknown"),
        ("https://console.mixroute.io/v1", "unknown"),
        ("gpt-4o", "unknown"),
        ("hunter2-correct-horse", "unknown"),
        ("", "unknown"),
        ("$MIXROUTE_API_KEY", "unknown"),
        ("${MIXROUTE_API_KEY}", "unknown"),
        ("{{ mixroute_key }}", "unknown"),
        ("%MIXROUTE_API_KEY%", "unknown"),
        ("os.environ/MIXROUTE_API_KEY", "unknown"),
        ("op://vault/mixroute/key", "unknown"),
        ("{env:MIXROUTE_API_KEY}", "unknown"),
    ] {
        assert_eq!(whose(literal), expected, "{literal}");
    }
}

#[test]
fn references() {
    for (literal, expected) in [
        ("$MIXROUTE_API_KEY", Some("MIXROUTE_API_KEY")),
        ("${MIXROUTE_API_KEY}", Some("MIXROUTE_API_KEY")),
        ("${MIXROUTE_API_KEY:-sk-x}", Some("MIXROUTE_API_KEY")),
        ("${env:KEY}", Some("KEY")),
        ("{{KEY}}", Some("KEY")),
        ("{{ .Values.mixrouteKey }}", Some("mixrouteKey")),
        ("${{ secrets.MIXROUTE_KEY }}", Some("MIXROUTE_KEY")),
        ("%KEY%", Some("KEY")),
        ("os.environ/KEY", Some("KEY")),
        ("{env:KEY}", Some("KEY")),
        ("op://Private/mixroute/credential", Some("mixroute/credential")),
        ("$2a$10$abc", None),
        ("${sk-abc}", None),
        ("$", None),
        ("sk-abc", None),
        ("", None),
    ] {
        assert_eq!(reference_name(literal).as_deref(), expected, "{literal}");
    }
}

#[test]
fn problems() {
    use KeyProblem::*;
    for (key, expected) in [
        (" sk-your-mixroute-key", Some(WhiteSpace)),
        ("sk-your-mixroute-key\t", Some(WhiteSpace)),
        ("sk-your-mixroute-key\n", Some(LineEnd)),
        ("sk-your-mixroute-key\r\n", Some(LineEnd)),
        ("\"sk-your-mixroute-key\"", Some(Quotes)),
        ("'sk-your-mixroute-key'", Some(Quotes)),
        ("Bearer sk-your-mixroute-key", Some(Bearer)),
        ("bearer sk-your-mixroute-key", Some(Bearer)),
        ("abcd**********wxyz", Some(Masked)),
        ("sk-abcd****wxyz", Some(Masked)),
        ("abcd••••wxyz", Some(Masked)),
        ("https://console.mixroute.io/v1", Some(Url)),
        ("${sk-your-mixroute-key}", Some(Reference)),
        ("sk-your-mixroute-key", None),
        ("sk-****", None),
        ("****", None),
        ("sk-...abcd", None),
        ("${MIXROUTE_API_KEY}", None),
        (" enter your key ", None),
        ("", None),
        ("  ", None),
    ] {
        assert_eq!(key_problem(key), expected, "{key:?}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,80}", odd in "(sk-|Bearer |\\$\\{|['\"*•])*[a-zA-Z0-9_*•-]{0,60}['\"} ]?") {
        for text in [text, odd] {
            whose(&text);
            key_problem(&text);
            reference_name(&text);
        }
    }

    #[test]
    fn placeholders_name_no_issuer(
        prefix in "(sk-|sk-proj-|gsk_|sk-ant-|)",
        words in prop::collection::vec("(your|my|api|key|here|test|fake|xxxx|mixroute|openai|groq|insert|token|1234)", 1..6),
        separator in "[-_]",
    ) {
        let literal = format!("{prefix}{}", words.join(&separator));
        let found = of_literal(Catalog::builtin(), &Text::new(literal.clone()));
        prop_assert!(matches!(found, FormatEvidence::Placeholder(_)), "{literal}: {found:?}");
    }

    #[test]
    fn dull_bodies_name_no_issuer(c in "[a-zA-Z0-9]", pair in "[a-zA-Z0-9]{2,8}") {
        for body in [c.repeat(48), pair.repeat(48).chars().take(48).collect()] {
            let found = of_literal(Catalog::builtin(), &Text::new(format!("sk-{body}")));
            prop_assert!(!matches!(found, FormatEvidence::Issued(_)), "{found:?}");
        }
    }
}
