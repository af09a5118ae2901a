//! Keys of all formats, made when a test runs.

/// Letters and digits that look random and are the same in every run.
fn body(seed: u64, len: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(ALPHABET[(state >> 33) as usize % ALPHABET.len()])
        })
        .collect()
}

fn hex(seed: u64, len: usize) -> String {
    body(seed, len).bytes().map(|byte| char::from_digit(u32::from(byte) % 16, 16).unwrap()).collect()
}

/// One key of each format, put together here so that none stands in the repository.
pub(crate) fn keys() -> Vec<String> {
    series(0)
}

/// The same formats with other bodies.
pub(crate) fn series(number: u64) -> Vec<String> {
    let body = |seed: u64, len| body(seed + 1000 * number, len);
    let hex = |seed: u64, len| hex(seed + 1000 * number, len);
    let marker = ["T3Blbk", "FJ"].concat();
    let openai = |prefix: &str, len: usize, seed| format!("{prefix}{}{marker}{}", body(seed, len), body(seed + 1, len));
    vec![
        openai("sk-", 20, 1),
        openai("sk-proj-", 74, 3),
        openai("sk-svcacct-", 58, 5),
        openai("sk-admin-", 58, 7),
        format!("sk-{}", body(9, 48)),
        format!("sk-{}", hex(11, 32)),
        format!("sk-or-v1-{}", hex(13, 64)),
        format!("sk-ant-api03-{}AA", body(15, 93)),
        format!("gsk_{}", body(17, 52)),
        format!("xai-{}", body(19, 80)),
        format!("pplx-{}", body(21, 48)),
        format!("AIza{}", body(23, 35)),
        format!("hf_{}", body(25, 34)),
        format!("csk-{}", body(27, 48).to_lowercase()),
        format!("nvapi-{}", body(29, 64)),
        format!("ghp_{}", body(31, 36)),
        // Zhipu's: an identifier and a secret.
        format!("{}.{}", hex(35, 32), body(37, 16)),
        body(33, 48),
    ]
}
