//! Places between the characters of a text.

/// The start of the character that an offset is in; the end of a text that is shorter.
pub fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The end of the character that an offset is in; the end of a text that is shorter.
pub fn ceil(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset += 1;
    }
    offset
}

/// The start of a text, of no more than so many bytes.
pub fn start(text: &str, most: usize) -> &str {
    &text[..floor(text, most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_cut() {
        let text = "a€b";
        assert_eq!([0, 1, 2, 3, 4, 5, 9].map(|at| floor(text, at)), [0, 1, 1, 1, 4, 5, 5]);
        assert_eq!([0, 1, 2, 3, 4, 5, 9].map(|at| ceil(text, at)), [0, 1, 4, 4, 4, 5, 5]);
        assert_eq!([0, 2, 4, 9].map(|most| start(text, most)), ["", "a", "a€", text]);
    }
}
