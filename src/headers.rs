//! The headers that a request carries its key in: the one list of them, for every form in which headers are written.

/// Their names, whose case does not matter. Which comes first is asked first.
pub const KEY_HEADERS: [&str; 4] = ["authorization", "api-key", "x-api-key", "x-goog-api-key"];

/// Whether a header holds a key. Constants have names of their own for them: `AUTHORIZATION`, `X_API_KEY`.
pub fn is_key_header(name: &str) -> bool {
    KEY_HEADERS.iter().any(|key| same(name, key))
}

/// Whether two fields are one: headers whatever their case and how they are joined, all others only by the same name.
pub fn same_field(written: &str, asked: &str) -> bool {
    written == asked || (KEY_HEADERS.contains(&asked) && same(written, asked))
}

fn same(written: &str, header: &str) -> bool {
    let joined = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    written.len() == header.len() && written.bytes().map(joined).eq(header.bytes())
}
