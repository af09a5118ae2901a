//! What names say: `MIXROUTE_API_KEY`, `mixRouteKey`, `secrets.GROQ_KEY`.

use super::{Providers, ids};
use crate::catalog::{Catalog, Provider, squash};

/// Prefixes by which front-end builds mark variables that they expose.
const BROWSER_PREFIXES: [&str; 8] =
    ["NEXT_PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "REACT_APP_", "GATSBY_", "VITE_", "PUBLIC_", "STORYBOOK_"];

/// Words of which a key's name has one, alone or at the end of another word (`mixroutekey`).
const KEY_WORDS: [&str; 9] =
    ["apikey", "key", "keys", "token", "secret", "secrets", "credential", "credentials", "pat"];

/// Last words of names that are about a key or its provider but hold no key.
const OTHER_THINGS: [&str; 28] = [
    "url",
    "uri",
    "base",
    "host",
    "endpoint",
    "name",
    "file",
    "path",
    "env",
    "var",
    "id",
    "limit",
    "count",
    "length",
    "len",
    "header",
    "prefix",
    "suffix",
    "model",
    "type",
    "regex",
    "pattern",
    "placeholder",
    "label",
    "help",
    "hash",
    "error",
    "source",
];

/// Words that turn a name around, or name two things.
const NEGATIONS: [&str; 7] = ["not", "no", "non", "without", "or", "and", "vs"];

/// Longer names are not looked at: they are sentences.
const LONGEST: usize = 128;

/// See [`super::of_name`].
pub(super) fn evidence(catalog: &Catalog, name: &str) -> Providers {
    let name = name.trim();
    if name.len() > LONGEST {
        return Providers::new();
    }
    let name = BROWSER_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let squashed = squash(name);
    let neutral = |provider: &&Provider| !provider.neutral_names.iter().any(|neutral| squash(neutral) == squashed);
    let by_convention: Vec<&Provider> = catalog.of_key_env(&squashed).filter(neutral).collect();
    if !by_convention.is_empty() {
        return ids(by_convention);
    }
    let words = words(name);
    if !is_key_name(catalog, &words) {
        return Providers::new();
    }
    match named(catalog, &words).as_slice() {
        [one] if neutral(one) => ids([*one]),
        _ => Providers::new(),
    }
}

/// See [`super::of_model`].
pub(super) fn of_model(catalog: &Catalog, name: &str) -> Providers {
    if name.len() > LONGEST {
        return Providers::new();
    }
    let words = words(name);
    let serves = |provider: &&Provider| provider.model_words.iter().any(|word| words.contains(word));
    ids(catalog.providers.iter().filter(serves))
}

/// The providers that words name, each once. A provider whose name alone says nothing counts only beside a word that
/// makes it say something.
pub(super) fn named<'c>(catalog: &'c Catalog, words: &[String]) -> Vec<&'c Provider> {
    let mut found: Vec<&Provider> = Vec::new();
    for start in 0..words.len() {
        let mut joined = String::new();
        // A provider's word is at most three words of a name (`open_ai`, `mix_route`); the longest wins.
        let mut here = None;
        for word in words.iter().skip(start).take(3) {
            joined.push_str(word);
            here = catalog.of_word(&joined).or(here);
            let glued = KEY_WORDS.iter().find_map(|key| joined.strip_suffix(key));
            here = glued.and_then(|stem| catalog.of_word(stem)).or(here);
        }
        found.extend(here);
    }
    found.retain(|provider| {
        provider.name_needs.is_empty() || words.iter().any(|word| provider.name_needs.iter().any(|need| need == word))
    });
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    found
}

/// Whether words make the name of a key, or are nothing but a provider's word.
fn is_key_name(catalog: &Catalog, words: &[String]) -> bool {
    let Some(last) = words.iter().rev().find(|word| !word.bytes().all(|byte| byte.is_ascii_digit())) else {
        return false;
    };
    if OTHER_THINGS.contains(&last.as_str()) || words.iter().any(|word| NEGATIONS.contains(&word.as_str())) {
        return false;
    }
    let is_key = |word: &String| {
        KEY_WORDS.contains(&word.as_str())
            || KEY_WORDS
                .iter()
                .find_map(|key| word.strip_suffix(key))
                .is_some_and(|stem| catalog.of_word(stem).is_some())
    };
    words.iter().any(is_key) || catalog.of_word(&words.concat()).is_some()
}

/// The words of a name, in lower case: at separators, at humps (`mixRoute`), before the last capital of an acronym
/// (`OpenAIKey` is `open`, `ai`, `key`). Digits belong to the word before them.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            flush(&mut word, &mut words);
            previous = None;
            continue;
        }
        let hump = c.is_uppercase()
            && previous.is_some_and(|previous| {
                !previous.is_uppercase() || chars.peek().is_some_and(|next| next.is_lowercase())
            });
        if hump {
            flush(&mut word, &mut words);
        }
        word.extend(c.to_lowercase());
        previous = Some(c);
    }
    flush(&mut word, &mut words);
    words
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{of_name, of_name_at};
    use proptest::prelude::*;

    #[test]
    fn splits_words() {
        for (name, expected) in [
            ("MIXROUTE_API_KEY", "mixroute api key"),
            ("mixRouteKey", "mix route key"),
            ("MixRouteApiKey", "mix route api key"),
            ("OpenAIKey", "open ai key"),
            ("secrets.GROQ_KEY", "secrets groq key"),
            ("302AI_API_KEY", "302 ai api key"),
            ("mixroute-key2", "mixroute key2"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn names() {
        let catalog = Catalog::builtin();
        for (name, provider) in [
            ("MIXROUTE_API_KEY", "mixroute"),
            ("MIXROUTE_KEY", "mixroute"),
            ("mixRouteKey", "mixroute"),
            ("mix_route_key", "mixroute"),
            ("MixRouteApiKey", "mixroute"),
            ("mixroute-api-key", "mixroute"),
            ("mixroutekey", "mixroute"),
            ("MIXROUTE", "mixroute"),
            ("VITE_MIXROUTE_API_KEY", "mixroute"),
            ("NEXT_PUBLIC_MIXROUTE_KEY", "mixroute"),
            ("secrets.MIXROUTE_KEY", "mixroute"),
            ("MY_APP_MIXROUTE_TOKEN_2", "mixroute"),
            ("STAGING_MIXROUTE_SECRET", "mixroute"),
            ("MIXROUTE_OPENAI_API_KEY", "mixroute"),
            ("OPENAI_MIXROUTE_KEY", "mixroute"),
            ("MIXROUTE_URL", ""),
            ("MIXROUTE_BASE_URL", ""),
            ("MIXROUTE_API_KEY_FILE", ""),
            ("MIXROUTE_MODEL", ""),
            ("MIXROUTE_MAX_TOKENS", ""),
            ("MixRouter", ""),
            ("MIX_ROUTER_KEY", ""),
            ("mixrouter_key", ""),
            ("RemixRoute", ""),
            ("remixRouteKey", ""),
            ("REMIXROUTE_KEY", ""),
            ("videoMixRouterKey", ""),
            ("MIXROUTES_KEY", ""),
            ("NOT_MIXROUTE_KEY", ""),
            ("MIXROUTE_OR_GROQ_KEY", ""),
            ("OPENAI_API_KEY", ""),
            ("OPENAI_KEY", ""),
            ("OPENAI_TOKEN", ""),
            ("openai_api_key", ""),
            ("openAIApiKey", ""),
            ("OPEN_AI_KEY", ""),
            ("VITE_OPENAI_API_KEY", ""),
            ("MY_OPENAI_API_KEY", ""),
            ("OPENAI_OFFICIAL_KEY", "openai"),
            ("OFFICIAL_OPENAI_API_KEY", "openai"),
            ("REAL_OPENAI_KEY", "openai"),
            ("realOpenAIKey", "openai"),
            ("OPENAI_OFFICIAL_URL", ""),
            ("API_KEY", ""),
            ("LLM_API_KEY", ""),
            ("GROQ_KEY", "groq"),
            ("groqApiKey", "groq"),
            ("OPENROUTER_API_KEY", "openrouter"),
            ("OPEN_ROUTER_KEY", "openrouter"),
            ("AZURE_OPENAI_API_KEY", "azure"),
            ("AZURE_OPENAI_ENDPOINT", ""),
            ("FIREWORKS_AI_LLM_API_KEY", "fireworks"),
            ("TOGETHER_API_KEY", "together"),
            ("BRING_TOGETHER_KEY", ""),
            ("POE_API_KEY", "poe"),
            ("poe_key", ""),
            ("GITHUB_TOKEN", ""),
            ("NVIDIA_API_KEY", "nvidia"),
            ("NVIDIA_KEYRING", ""),
            ("GOOGLE_API_KEY", "gemini"),
            ("GOOGLE_MAPS_KEY", ""),
            ("", ""),
            ("___", ""),
        ] {
            let expected: Providers =
                Some(provider).filter(|id| !id.is_empty()).map(str::to_owned).into_iter().collect();
            assert_eq!(of_name(catalog, name), expected, "{name}");
        }
    }

    #[test]
    fn one_convention_of_two_providers() {
        let both = Providers::from(["kimi-coding".to_owned(), "moonshot".to_owned()]);
        assert_eq!(of_name(Catalog::builtin(), "KIMI_API_KEY"), both);
    }

    #[test]
    fn a_clients_own_slot_says_nothing() {
        let catalog = Catalog::builtin();
        let anthropic = catalog.client("anthropic-python").unwrap();
        let openai = catalog.client("openai-python").unwrap();
        assert!(of_name_at(catalog, anthropic, "ANTHROPIC_API_KEY").is_empty());
        assert!(of_name_at(catalog, openai, "ANTHROPIC_API_KEY").contains("anthropic"));
    }

    proptest! {
        #[test]
        fn nothing_panics(name in "\\PC{0,60}") {
            of_name(Catalog::builtin(), &name);
        }

        #[test]
        fn providers_of_common_words_need_their_exact_name(word in "together|poe|nova|lilac|llama|google|inference|github") {
            for name in [format!("{word}_key"), format!("MY_{word}_TOKEN"), word.clone()] {
                prop_assert!(of_name(Catalog::builtin(), &name).is_empty(), "{}", name);
            }
        }
    }
}
