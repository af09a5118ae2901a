//! URLs: whose host, which path, and what is wrong with them.
//!
//! A host is compared as a whole, never searched: `api.openai.com.evil.example` and `https://x/api.openai.com/v1` are
//! not OpenAI's. What is no URL, or has a template in its host, is not judged.

use crate::catalog::{Catalog, Provider, UrlKind};

/// A URL, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    /// `http`, `https`, `ws`, `wss`; `None` where it is not written (`api.openai.com/v1`).
    pub scheme: Option<&'static str>,
    /// A user or password stands in front of the host.
    pub userinfo: bool,
    /// The host in lower case, without a trailing dot; IPv6 in brackets.
    pub host: String,
    /// The port, where it is written.
    pub port: Option<u16>,
    /// The path with its leading `/`; empty where there is none.
    pub path: String,
    /// A query or fragment follows.
    pub query: bool,
}

// A path or query may hold a key: a debug print shows what `shown` does.
impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Url({})", self.shown())
    }
}

/// Whose host it is.
#[derive(Clone, Copy, Debug)]
pub enum Host<'c> {
    /// A provider's.
    Provider(&'c Provider),
    /// Unknown, loopback or private: anybody's key may be right there.
    Nobody,
}

impl Url {
    /// Reads a URL with or without a scheme. White space around it is looked through.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (scheme, rest) = split_scheme(text)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end)?;
        // Some programs take `\` for `/`: whose host it is depends on who reads it.
        if authority.contains('\\') {
            return None;
        }
        let (userinfo, address) = match authority.rsplit_once('@') {
            Some((_, address)) => (true, address),
            None => (false, authority),
        };
        let (host, port) = split_port(address)?;
        let host = normal_host(host)?;
        // Without a scheme only a dotted name of letters is taken for a host: `v1/models` and `1.2` are not.
        if scheme.is_none() && !(host.contains('.') && host.ends_with(|c: char| c.is_ascii_alphabetic())) {
            return None;
        }
        let end = tail.find(['?', '#']).unwrap_or(tail.len());
        let (path, query) = tail.split_at_checked(end)?;
        if path.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return None;
        }
        Some(Self { scheme, userinfo, host, port, path: path.to_owned(), query: !query.is_empty() })
    }

    /// Whether the scheme is missing: some tools accept that, most fail.
    pub fn scheme_less(&self) -> bool {
        self.scheme.is_none()
    }

    /// Whether requests would go over the wire in the clear.
    pub fn insecure(&self) -> bool {
        matches!(self.scheme, Some("http" | "ws"))
    }

    /// The URL for people: without user information, query and fragment, and without parts of the path that could be
    /// secrets; clipped.
    pub fn shown(&self) -> String {
        const LONGEST: usize = 100;
        let mut shown = String::new();
        if let Some(scheme) = self.scheme {
            shown.push_str(scheme);
            shown.push_str("://");
        }
        shown.push_str(&self.host);
        if let Some(port) = self.port {
            shown.push_str(&format!(":{port}"));
        }
        shown.push_str(&shown_path(&self.path));
        if shown.chars().count() > LONGEST {
            shown = shown.chars().take(LONGEST).collect();
            shown.push('…');
        }
        shown
    }

    /// Whose host it is.
    pub fn owner<'c>(&self, catalog: &'c Catalog) -> Host<'c> {
        provider(catalog, &self.host)
    }
}

/// Whose host it is, by exact comparison. The host may be in any case and end in a dot.
pub fn provider<'c>(catalog: &'c Catalog, host: &str) -> Host<'c> {
    normal_host(host).and_then(|host| catalog.provider_of_host(&host)).map_or(Host::Nobody, Host::Provider)
}

/// The path of a URL for people, without parts that could be secrets.
pub fn shown_path(path: &str) -> String {
    let mut shown = String::new();
    for segment in path.split('/').skip(1) {
        shown.push('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~:@{}$".contains(c);
        if segment.len() > 28 || segment.starts_with("sk-") || !segment.chars().all(plain) {
            shown.push('…');
        } else {
            shown.push_str(segment);
        }
    }
    shown
}

/// A URL for people; see [`Url::shown`]. What cannot be read is not shown at all.
pub fn shown(url: &str) -> String {
    Url::parse(url).map_or_else(|| "(not a URL)".to_owned(), |url| url.shown())
}

/// The scheme, in lower case, and what follows it. `None` for a scheme that is not of the web.
fn split_scheme(text: &str) -> Option<(Option<&'static str>, &str)> {
    if let Some(rest) = text.strip_prefix("//") {
        return Some((None, rest));
    }
    let Some((scheme, rest)) = text.split_once("://") else { return Some((None, text)) };
    // `host/path?next=https://...` has no scheme of its own.
    if scheme.contains(['/', '?', '#', '@']) {
        return Some((None, text));
    }
    let scheme = ["https", "http", "wss", "ws"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    Some((Some(scheme), rest))
}

fn split_port(address: &str) -> Option<(&str, Option<u16>)> {
    let after_host = address.rfind(']').map_or(0, |at| at + 1);
    match address.get(after_host..)?.find(':') {
        None => Some((address, None)),
        Some(at) => {
            let (host, port) = address.split_at_checked(after_host + at)?;
            let port = port.get(1..)?;
            if port.is_empty() { Some((host, None)) } else { Some((host, Some(port.parse().ok()?))) }
        }
    }
}

/// A host in lower case, without its trailing dot; `None` for what cannot be one (templates, blanks, empty labels).
fn normal_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let fits = !address.is_empty() && address.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'));
        return fits.then(|| host.to_ascii_lowercase());
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    (host.len() <= 253 && host.split('.').all(label)).then(|| host.to_lowercase())
}

/// What is wrong with the path of an endpoint, and the path that would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathProblem {
    /// What is wrong.
    pub kind: PathProblemKind,
    /// The right path: `/v1`.
    pub right: String,
}

/// What is wrong with the path of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathProblemKind {
    /// `/v1` is missing.
    BaseMissing,
    /// The path of one request is given where the base is wanted: the client adds it once more.
    FullEndpoint,
    /// `/v1/v1`.
    BaseTwice,
    /// `/v1` for a client that adds it itself.
    BaseAdded,
    /// `//`.
    DoubleSlash,
}

/// Paths of requests, below the base path. Longer ones first.
const REQUESTS: [&str; 14] = [
    "/chat/completions",
    "/images/generations",
    "/images/edits",
    "/images/variations",
    "/audio/speech",
    "/audio/transcriptions",
    "/audio/translations",
    "/video/generations",
    "/completions",
    "/responses",
    "/embeddings",
    "/moderations",
    "/messages",
    "/models",
];

/// What is wrong with a path at a provider's host, for a kind of client. Paths of a provider's other APIs are not
/// judged.
pub fn path_problem(provider: &Provider, kind: UrlKind, path: &str) -> Option<PathProblem> {
    let base = provider.base_path.as_deref()?;
    let mut problem = first_problem(base, kind, path)?;
    // What is left may be wrong in another way; the path to recommend is right as a whole.
    for _ in 0..8 {
        let Some(next) = first_problem(base, kind, &problem.right) else { break };
        problem.right = next.right;
    }
    Some(problem)
}

fn first_problem(base: &str, kind: UrlKind, path: &str) -> Option<PathProblem> {
    let problem = |kind, right: &str| Some(PathProblem { kind, right: right.to_owned() });
    let trimmed = path.trim_end_matches('/');
    if matches!(kind, UrlKind::Any | UrlKind::Own) {
        return None;
    }
    if trimmed.contains("//") || path.ends_with("//") {
        let mut right = trimmed.to_owned();
        while right.contains("//") {
            right = right.replace("//", "/");
        }
        return problem(PathProblemKind::DoubleSlash, &right);
    }
    let twice = trimmed.strip_prefix(base).filter(|rest| is_below(rest, base));
    match kind {
        UrlKind::Any | UrlKind::Own => None,
        UrlKind::OpenaiBase => {
            if trimmed.is_empty() {
                return problem(PathProblemKind::BaseMissing, base);
            }
            if twice.is_some() {
                return problem(PathProblemKind::BaseTwice, base);
            }
            let below = trimmed.strip_prefix(base).unwrap_or(trimmed);
            REQUESTS
                .contains(&below)
                .then(|| PathProblem { kind: PathProblemKind::FullEndpoint, right: base.to_owned() })
        }
        UrlKind::HostOnly => {
            let below = trimmed.strip_prefix(base)?;
            if below.is_empty() {
                return problem(PathProblemKind::BaseAdded, "");
            }
            REQUESTS.contains(&below).then(|| PathProblem { kind: PathProblemKind::FullEndpoint, right: String::new() })
        }
        UrlKind::Full => {
            if let Some(rest) = twice {
                return problem(PathProblemKind::BaseTwice, rest);
            }
            REQUESTS
                .contains(&trimmed)
                .then(|| PathProblem { kind: PathProblemKind::BaseMissing, right: format!("{base}{path}") })
        }
    }
}

/// Whether a path is `base` or something below it.
fn is_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a host is a slip for one of a provider's, and which it was meant to be: an unknown host under the provider's
/// domain, or one letter changed, lost, added or swapped with its neighbour. Only for providers that list domains.
pub fn misspelled<'c>(catalog: &'c Catalog, host: &str) -> Option<(&'c Provider, &'c str)> {
    let host = normal_host(host)?;
    if host.len() < 8 || catalog.provider_of_host(&host).is_some() {
        return None;
    }
    if catalog.providers.iter().flat_map(|provider| &provider.other_hosts).any(|known| matches_host(known, &host)) {
        return None;
    }
    for provider in &catalog.providers {
        let under = provider.domains.iter().any(|domain| {
            host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        let nearest = provider
            .hosts
            .iter()
            .filter(|known| !known.starts_with('*'))
            .map(|known| (strsim::damerau_levenshtein(known, &host), known.as_str()))
            .min_by_key(|&(distance, _)| distance);
        let Some((distance, nearest)) = nearest else { continue };
        let labels = || nearest.split('.').zip(host.split('.'));
        let same_count = nearest.matches('.').count() == host.matches('.').count();
        // Where little is known of a provider's domain, a slip is one within a long word of it: `api.deepsek.com`.
        let differs = || labels().filter(|(a, b)| a != b).all(|(a, _)| a.len() >= LONG_WORD);
        if under || (distance == 1 && same_count && (!provider.domains.is_empty() || differs())) {
            return Some((provider, nearest));
        }
    }
    None
}

/// Words that differ by one letter are the same one misspelled if they have so many.
const LONG_WORD: usize = 6;

/// Whether a host is the one of the catalogue's form, `*.x` for every host below `x`.
pub(crate) fn matches_host(known: &str, host: &str) -> bool {
    match known.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix),
        None => host == known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn owner(url: &str) -> &'static str {
        match Url::parse(url).map(|url| url.owner(Catalog::builtin())) {
            Some(Host::Provider(provider)) => &provider.id,
            Some(Host::Nobody) => "nobody",
            None => "no URL",
        }
    }

    #[test]
    fn owners() {
        for (url, expected) in [
            ("https://api.openai.com/v1", "openai"),
            ("HTTPS://API.OpenAI.com./v1/", "openai"),
            ("https://eu.api.openai.com/v1", "openai"),
            ("https://xx.api.openai.com", "openai"),
            ("wss://api.openai.com/v1/realtime", "openai"),
            ("http://api.openai.com:80/v1", "openai"),
            ("https://user:pass@api.openai.com/v1", "openai"),
            ("//api.openai.com/v1", "openai"),
            ("api.openai.com/v1", "openai"),
            ("api.openai.com", "openai"),
            (" https://api.openai.com/v1\n", "openai"),
            ("https://console.mixroute.io/v1", "mixroute"),
            ("https://api.mixroute.ai/v1", "mixroute"),
            ("https://console.mixroute.ai", "mixroute"),
            ("https://mixroute.ai", "nobody"),
            ("https://api.openai.com.evil.example/v1", "nobody"),
            ("https://myapi.openai.com", "nobody"),
            ("https://api.openai.com@evil.example/v1", "nobody"),
            ("https://evil.example/api.openai.com/v1", "nobody"),
            ("https://evil.example#api.openai.com", "nobody"),
            ("https://evil.example?x=https://api.openai.com", "nobody"),
            ("https://api.openai-next.com/v1", "nobody"),
            ("https://res.openai.azure.com/openai/v1", "azure"),
            ("http://localhost:11434/v1", "nobody"),
            ("http://127.0.0.1:8000/v1", "nobody"),
            ("http://[::1]:8000/v1", "nobody"),
            ("https://api.groq.com/openai/v1", "groq"),
            ("https://eu.openrouter.ai/api/v1", "openrouter"),
            ("https://oai.helicone.ai/v1", "helicone"),
            ("https://${HOST}/v1", "no URL"),
            ("https://{host}/v1", "no URL"),
            ("https://api.openai.com\\@evil.example", "no URL"),
            ("https://api openai.com", "no URL"),
            ("https://", "no URL"),
            ("ftp://api.openai.com", "no URL"),
            ("/v1/chat/completions", "no URL"),
            ("v1/models", "no URL"),
            ("", "no URL"),
            ("https://api.openai.com:99999", "no URL"),
        ] {
            assert_eq!(owner(url), expected, "{url}");
        }
    }

    #[test]
    fn parts() {
        let url = Url::parse("https://a:b@api.openai.com:8443/v1/x?q=1#f").unwrap();
        assert!(url.userinfo && url.query && !url.scheme_less() && !url.insecure());
        assert_eq!((url.port, url.path.as_str()), (Some(8443), "/v1/x"));
        assert!(Url::parse("api.openai.com/v1").unwrap().scheme_less());
        assert!(Url::parse("http://api.openai.com").unwrap().insecure());
    }

    #[test]
    fn shown_holds_no_secret() {
        let key = format!("sk-{}", "Zz9".repeat(16));
        for (url, expected) in [
            (format!("https://u:{key}@h.example/v1?key={key}#{key}"), "https://h.example/v1"),
            (format!("https://h.example/{key}/v1"), "https://h.example/…/v1"),
            ("h.example:80/v1/".to_owned(), "h.example:80/v1/"),
            (key.clone(), "(not a URL)"),
        ] {
            assert_eq!(shown(&url), expected);
        }
    }

    #[test]
    fn paths() {
        use PathProblemKind::*;
        use UrlKind::*;
        let catalog = Catalog::builtin();
        for (provider, kind, path, expected) in [
            ("openai", OpenaiBase, "/v1", None),
            ("openai", OpenaiBase, "/v1/", None),
            ("openai", OpenaiBase, "", Some((BaseMissing, "/v1"))),
            ("mixroute", OpenaiBase, "/", Some((BaseMissing, "/v1"))),
            ("mixroute", OpenaiBase, "/v1/chat/completions", Some((FullEndpoint, "/v1"))),
            ("mixroute", OpenaiBase, "/chat/completions/", Some((FullEndpoint, "/v1"))),
            ("mixroute", OpenaiBase, "/v1/models", Some((FullEndpoint, "/v1"))),
            ("mixroute", OpenaiBase, "/v1/v1", Some((BaseTwice, "/v1"))),
            ("mixroute", OpenaiBase, "//v1", Some((DoubleSlash, "/v1"))),
            ("mixroute", OpenaiBase, "/v1//", Some((DoubleSlash, "/v1"))),
            ("mixroute", OpenaiBase, "//", Some((DoubleSlash, "/v1"))),
            ("mixroute", OpenaiBase, "/v1beta/openai", None),
            ("mixroute", OpenaiBase, "/v10", None),
            ("deepseek", OpenaiBase, "/anthropic", None),
            ("deepseek", OpenaiBase, "", None),
            ("mixroute", HostOnly, "", None),
            ("mixroute", HostOnly, "/v1", Some((BaseAdded, ""))),
            ("mixroute", HostOnly, "/v1/messages", Some((FullEndpoint, ""))),
            ("mixroute", Full, "/v1/chat/completions", None),
            ("mixroute", Full, "/v1/messages", None),
            ("mixroute", Full, "/chat/completions", Some((BaseMissing, "/v1/chat/completions"))),
            ("openai", Full, "/v1/v1/models", Some((BaseTwice, "/v1/models"))),
            ("openai", Full, "/v1//models", Some((DoubleSlash, "/v1/models"))),
            ("openai", Full, "//chat/completions", Some((DoubleSlash, "/v1/chat/completions"))),
            ("openai", Full, "", None),
            ("openai", Any, "", None),
        ] {
            let found = path_problem(catalog.provider(provider).unwrap(), kind, path);
            let found = found.as_ref().map(|problem| (problem.kind, problem.right.as_str()));
            assert_eq!(found, expected, "{provider} {kind:?} {path}");
        }
    }

    #[test]
    fn slips() {
        for (host, expected) in [
            ("consle.mixroute.io", Some("console.mixroute.io")),
            ("console.mixroute.oi", Some("console.mixroute.io")),
            ("console.mixrotue.io", Some("console.mixroute.io")),
            ("api.mixroute.io", Some("api.mixroute.ai")),
            ("api.mixroute.a", Some("api.mixroute.ai")),
            ("api.openia.com", Some("api.openai.com")),
            ("api.opena.com", Some("api.openai.com")),
            ("api.opennai.com", Some("api.openai.com")),
            ("apis.openai.com", Some("api.openai.com")),
            ("api.deepsek.com", Some("api.deepseek.com")),
            ("api.grok.com", None),
            ("api.minimaxi.chat", None),
            ("API.OPENIA.COM.", Some("api.openai.com")),
            ("api.openai.com", None),
            ("eu.api.openai.com", None),
            ("mx.api.openai.com", None),
            ("console.mixroute.io", None),
            ("docs.mixroute.ai", None),
            ("mixroute.ai", None),
            ("platform.openai.com", None),
            ("chatgpt.com", None),
            ("api.openai-next.com", None),
            ("api.mixrouter.com", None),
            ("api.mixrouter.ai", None),
            ("notopenai.com", None),
            ("api.open.ai", None),
            ("localhost", None),
            ("api.opena", None),
        ] {
            assert_eq!(misspelled(Catalog::builtin(), host).map(|(_, right)| right), expected, "{host}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,60}", odd in "(https?:)?[/@:.\\[\\]a-z0-9?#]{0,40}") {
            for text in [text, odd] {
                shown(&text);
                misspelled(Catalog::builtin(), &text);
                if let Some(url) = Url::parse(&text) {
                    url.owner(Catalog::builtin());
                    for provider in &Catalog::builtin().providers {
                        for kind in [UrlKind::OpenaiBase, UrlKind::HostOnly, UrlKind::Full, UrlKind::Any] {
                            path_problem(provider, kind, &url.path);
                        }
                    }
                }
            }
        }

        #[test]
        fn right_paths_are_right(path in "(/|/v1|/models|/chat/completions|/messages|/x){0,5}") {
            for provider in &Catalog::builtin().providers {
                for kind in [UrlKind::OpenaiBase, UrlKind::HostOnly, UrlKind::Full] {
                    if let Some(problem) = path_problem(provider, kind, &path) {
                        let again = path_problem(provider, kind, &problem.right);
                        prop_assert_eq!(again, None, "{} {:?}", path, problem);
                    }
                }
            }
        }
    }
}
