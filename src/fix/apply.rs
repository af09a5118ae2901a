//! Edits put into a text.

use crate::facts::Span;
use crate::finding::Edit;

/// The text with edits made, which are sorted and do not overlap.
pub fn apply(text: &str, edits: &[&Edit]) -> String {
    let mut out = String::with_capacity(text.len() + 128);
    let mut done = 0;
    for edit in edits {
        let range = edit.at.span.range();
        out.push_str(text.get(done..range.start).unwrap_or(""));
        out.push_str(&edit.content);
        done = range.end.max(done);
    }
    out.push_str(text.get(done..).unwrap_or(""));
    out
}

/// Where a place of the old text is in the new one, of sorted edits. What an edit covers moves to the edit's content.
pub fn moved(span: Span, edits: &[&Edit]) -> Span {
    let place = |offset: u32, end: bool| {
        let mut shift = 0_i64;
        for edit in edits {
            let (at, new) = (edit.at.span, edit.content.len() as i64);
            if at.start > offset {
                break;
            }
            let old = i64::from(at.end) - i64::from(at.start);
            // What is inserted at a place comes before what begins there, and after what ends there.
            let before =
                if end { at.start < offset || at.end < offset } else { at.start <= offset && at.end <= offset };
            if at.end <= offset && before {
                shift += new - old;
            } else if at.start < offset && offset < at.end {
                // Inside: to the edge.
                let edge = if end { new } else { 0 };
                return (i64::from(at.start) + shift + edge).max(0) as u32;
            }
        }
        (i64::from(offset) + shift).max(0) as u32
    };
    let start = place(span.start, false);
    Span { start, end: place(span.end, true).max(start) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{FileId, Location};

    fn edit(start: usize, end: usize, content: &str) -> Edit {
        Edit { at: Location { file: FileId(0), span: Span::new(start, end) }, content: content.to_owned() }
    }

    #[test]
    fn edits_are_put_in_place() {
        let edits = [edit(0, 1, "X"), edit(3, 3, "--"), edit(4, 6, "")];
        let edits: Vec<&Edit> = edits.iter().collect();
        assert_eq!(apply("abcdefg", &edits), "Xbc--dg");
    }

    #[test]
    fn places_move_along() {
        let edits = [edit(2, 4, "12345"), edit(6, 6, "++")];
        let edits: Vec<&Edit> = edits.iter().collect();
        let at = |start, end| moved(Span::new(start, end), &edits).range();
        assert_eq!(at(0, 1), 0..1);
        assert_eq!(at(1, 5), 1..8);
        assert_eq!(at(2, 4), 2..7, "what is replaced");
        assert_eq!(at(3, 5), 2..8, "begins inside");
        assert_eq!(at(5, 6), 8..9, "ends where something is inserted");
        assert_eq!(at(6, 7), 11..12, "begins where something is inserted");
    }

    proptest::proptest! {
        #[test]
        fn what_no_edit_touches_stays(
            text in "[a-z]{0,40}",
            cuts in proptest::collection::btree_set(0_usize..40, 0..8),
            content in "[A-Z]{0,5}",
            place in (0_usize..40, 0_usize..40),
        ) {
            let cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= text.len()).collect();
            let edits: Vec<Edit> = cuts.chunks_exact(2).map(|cut| edit(cut[0], cut[1], &content)).collect();
            let edits: Vec<&Edit> = edits.iter().collect();
            let new = apply(&text, &edits);
            let (start, end) = (place.0.min(text.len()), place.1.min(text.len()));
            let span = Span::new(start.min(end), start.max(end));
            let now = moved(span, &edits);
            proptest::prop_assert!(now.start <= now.end && now.end as usize <= new.len());
            if edits.iter().all(|edit| edit.at.span.end <= span.start || span.end <= edit.at.span.start) {
                proptest::prop_assert_eq!(&text[span.range()], &new[now.range()]);
            }
        }
    }
}
