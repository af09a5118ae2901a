//! The arguments of curl, wget, httpie and aider that decide where a request goes and which key it carries: `url`,
//! `header`, `bearer` and `user`, aider's own. Other options are left out.

use super::Lowering;
use super::word::{Part, Word};
use crate::facts::{Arg, Spread};

/// What an option's value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    /// A named argument.
    Named(&'static str),
    /// Nothing of interest.
    Other,
}

impl Lowering<'_> {
    pub(super) fn curl(&mut self, words: Vec<Word>) -> Vec<Arg> {
        self.request(words, curl_short, curl_long)
    }

    pub(super) fn wget(&mut self, words: Vec<Word>) -> Vec<Arg> {
        self.request(words, wget_short, wget_long)
    }

    /// Of aider's options those that say where its requests go.
    pub(super) fn aider(&mut self, words: Vec<Word>) -> Vec<Arg> {
        let long = |name: &str| match name {
            "openai-api-key" => Some(Value::Named("openai-api-key")),
            "openai-api-base" => Some(Value::Named("openai-api-base")),
            _ => None,
        };
        self.request(words, |_| None, long)
    }

    /// The arguments of a program with the usual option syntax.
    fn request(
        &mut self,
        words: Vec<Word>,
        short: fn(u8) -> Option<Value>,
        long: fn(&str) -> Option<Value>,
    ) -> Vec<Arg> {
        let mut args = Vec::new();
        let mut operands = Vec::new();
        let mut only_operands = false;
        let mut has_url = false;
        let mut words = self.unpacked(words).into_iter();
        while let Some(word) = words.next() {
            let head = word.head();
            if only_operands || !head.starts_with('-') || head == "-" {
                if word.splat {
                    // Options from elsewhere.
                    args.push(self.argument(None, word));
                } else {
                    operands.push(word);
                }
                continue;
            }
            if head == "--" {
                only_operands = true;
                continue;
            }
            let (value, rest) = if let Some(option) = head.strip_prefix("--") {
                let (name, glued) = option.split_once('=').map_or((option, None), |(name, _)| (name, Some(name.len())));
                (long(name), glued.map(|name| name + 3))
            } else {
                // Letters up to the first that takes a value, which is the rest of the word or the next word.
                let found = head.bytes().enumerate().skip(1).find_map(|(at, letter)| Some((at, short(letter)?)));
                let ends = |at: usize| at + 1 == head.len() && word.parts.len() == 1;
                (found.map(|found| found.1), found.filter(|found| !ends(found.0)).map(|found| found.0 + 1))
            };
            let Some(value) = value else { continue };
            let operand = match rest {
                Some(count) => Some(word.skip(count)),
                None => words.next(),
            };
            if let (Value::Named(name), Some(operand)) = (value, operand) {
                has_url |= name == "url";
                args.push(self.argument(Some(name), operand));
            }
        }
        if !has_url && !operands.is_empty() {
            let url = operands.iter().position(|word| self.is_url(word)).unwrap_or(0);
            let word = operands.swap_remove(url);
            let url = self.argument(Some("url"), word);
            args.insert(0, Arg { spread: Spread::No, ..url });
        }
        args
    }

    /// httpie: `https POST host/path "Authorization:Bearer $KEY" field=value`.
    pub(super) fn httpie(&mut self, words: Vec<Word>) -> Vec<Arg> {
        let mut args = Vec::new();
        let mut bearer = false;
        let mut has_url = false;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let head = word.head().to_owned();
            match head.as_str() {
                "-A" | "--auth-type" => bearer = words.next().and_then(|word| word.text()).as_deref() == Some("bearer"),
                "-a" | "--auth" => {
                    let name = if bearer { "bearer" } else { "user" };
                    args.extend(words.next().map(|word| self.argument(Some(name), word)));
                }
                "-o" | "--output" | "--timeout" | "--verify" | "--proxy" | "--session" | "-p" | "--print" => {
                    words.next();
                }
                _ if head.starts_with('-') => {}
                _ if !has_url && is_method(&head) && word.parts.len() == 1 => {}
                _ if !has_url => {
                    has_url = true;
                    args.push(self.argument(Some("url"), word));
                }
                _ if is_header(&head) => args.push(self.argument(Some("header"), word)),
                _ => {}
            }
        }
        args
    }

    /// Whether an operand looks like a URL: by its text, or by the name of the variable it begins with.
    fn is_url(&mut self, word: &Word) -> bool {
        match word.parts.first() {
            Some(Part::Text(_, text)) => {
                let text = text.expose();
                text.contains("://") || text.split('/').next().is_some_and(|host| host.contains('.') && text != host)
            }
            Some(Part::Expr(_, expr)) => {
                let path = matches!(word.parts.get(1), Some(Part::Text(_, text)) if text.expose().starts_with('/'));
                let shown = self.builder.module().kind(*expr);
                let name = match shown {
                    crate::facts::ExprKind::Env { name, .. } => name.to_ascii_uppercase(),
                    _ => String::new(),
                };
                path || ["URL", "HOST", "BASE", "ENDPOINT", "URI"].iter().any(|part| name.contains(part))
            }
            None => false,
        }
    }
}

fn is_method(word: &str) -> bool {
    (3..=8).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// `Name:value`, not `name:=json`.
fn is_header(head: &str) -> bool {
    let name = head.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    name > 0 && head[name..].starts_with(':') && !head[name..].starts_with(":=")
}

fn curl_short(letter: u8) -> Option<Value> {
    match letter {
        b'H' => Some(Value::Named("header")),
        b'u' => Some(Value::Named("user")),
        _ => b"AbcCdDeEFhKmoPQrtTUwxXyYz".contains(&letter).then_some(Value::Other),
    }
}

fn curl_long(name: &str) -> Option<Value> {
    match name {
        "header" => Some(Value::Named("header")),
        "url" => Some(Value::Named("url")),
        "oauth2-bearer" => Some(Value::Named("bearer")),
        "user" => Some(Value::Named("user")),
        _ => CURL_LONG.binary_search(&name).is_ok().then_some(Value::Other),
    }
}

/// curl's other long options that take a value, sorted.
const CURL_LONG: &[&str] = &[
    "abstract-unix-socket",
    "alt-svc",
    "aws-sigv4",
    "cacert",
    "capath",
    "cert",
    "cert-type",
    "ciphers",
    "config",
    "connect-timeout",
    "connect-to",
    "continue-at",
    "cookie",
    "cookie-jar",
    "create-file-mode",
    "crlfile",
    "curves",
    "data",
    "data-ascii",
    "data-binary",
    "data-raw",
    "data-urlencode",
    "delegation",
    "dns-interface",
    "dns-ipv4-addr",
    "dns-ipv6-addr",
    "dns-servers",
    "doh-url",
    "dump-header",
    "ech",
    "egd-file",
    "engine",
    "etag-compare",
    "etag-save",
    "expect100-timeout",
    "form",
    "form-string",
    "ftp-account",
    "ftp-alternative-to-user",
    "ftp-method",
    "ftp-port",
    "ftp-ssl-ccc-mode",
    "happy-eyeballs-timeout-ms",
    "haproxy-clientip",
    "hostpubmd5",
    "hostpubsha256",
    "hsts",
    "interface",
    "ip-tos",
    "ipfs-gateway",
    "json",
    "keepalive-cnt",
    "keepalive-time",
    "key",
    "key-type",
    "krb",
    "libcurl",
    "limit-rate",
    "local-port",
    "login-options",
    "mail-auth",
    "mail-from",
    "mail-rcpt",
    "max-filesize",
    "max-redirs",
    "max-time",
    "netrc-file",
    "noproxy",
    "output",
    "output-dir",
    "parallel-max",
    "pass",
    "pinnedpubkey",
    "preproxy",
    "proto",
    "proto-default",
    "proto-redir",
    "proxy",
    "proxy-cacert",
    "proxy-capath",
    "proxy-cert",
    "proxy-header",
    "proxy-key",
    "proxy-pass",
    "proxy-user",
    "proxy1.0",
    "pubkey",
    "quote",
    "random-file",
    "range",
    "rate",
    "referer",
    "request",
    "request-target",
    "resolve",
    "retry",
    "retry-delay",
    "retry-max-time",
    "sasl-authzid",
    "service-name",
    "socks4",
    "socks4a",
    "socks5",
    "socks5-hostname",
    "speed-limit",
    "speed-time",
    "stderr",
    "telnet-option",
    "tftp-blksize",
    "time-cond",
    "tls-max",
    "tls13-ciphers",
    "trace",
    "trace-ascii",
    "trace-config",
    "unix-socket",
    "upload-file",
    "url-query",
    "user-agent",
    "variable",
    "vlan-priority",
    "write-out",
];

fn wget_short(letter: u8) -> Option<Value> {
    b"OoaieBtTwQPUlADRIX".contains(&letter).then_some(Value::Other)
}

fn wget_long(name: &str) -> Option<Value> {
    match name {
        "header" => Some(Value::Named("header")),
        "body-data" | "body-file" | "method" | "post-data" | "post-file" | "output-document" | "output-file"
        | "user-agent" | "user" | "password" | "timeout" | "tries" | "directory-prefix" | "input-file"
        | "load-cookies" | "save-cookies" | "referer" | "wait" | "ca-certificate" | "certificate" | "private-key" => {
            Some(Value::Other)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn options_are_sorted() {
        assert!(super::CURL_LONG.is_sorted());
    }
}
