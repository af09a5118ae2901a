//! Routes for people: grouped by key and provider, what is wrong first, no wider than the terminal.

use std::collections::HashMap;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{Style, View};
use crate::finding::Verdict;

/// Below this width a route takes two lines.
const NARROW: usize = 72;

/// Writes the groups.
pub(super) fn write(out: &mut dyn Write, routes: &[View], style: Style, width: Option<usize>) -> io::Result<()> {
    let (bold, off) = if style.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let arrow = if style.unicode { "→" } else { "->" };
    for (number, group) in groups(routes).iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let Some(first) = group.first() else { continue };
        let head = format!("{} {arrow} {}", first.key, first.owner);
        writeln!(out, "{bold}{}{off}", clipped(&head, width.unwrap_or(usize::MAX), End::Right))?;
        match width {
            Some(width) if width < NARROW => stacked(out, group, style, width)?,
            _ => columns(out, group, style, width)?,
        }
    }
    Ok(())
}

/// Routes of one key to one provider; groups with something wrong first, those of which nothing is known last.
pub(super) fn groups(routes: &[View]) -> Vec<Vec<&View>> {
    let mut groups: Vec<Vec<&View>> = Vec::new();
    let mut numbers = HashMap::new();
    for route in routes {
        let number = *numbers.entry((&route.key, &route.owner)).or_insert(groups.len());
        match groups.get_mut(number) {
            Some(group) => group.push(route),
            None => groups.push(vec![route]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|route| rank(route.verdict));
    }
    let worst = |group: &[&View]| group.iter().map(|route| rank(route.verdict)).min();
    groups.sort_by_cached_key(|group| (worst(group), group[0].owner.clone(), group[0].key.clone()));
    groups
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Mismatch => 0,
        Verdict::Unknown => 2,
        Verdict::Match => 1,
    }
}

/// The verdict with its sign, and the escapes that colour it.
fn sign(verdict: Verdict, style: Style) -> (String, &'static str) {
    let (sign, plain, color) = match verdict {
        Verdict::Match => ("✓", "+", "\x1b[32m"),
        Verdict::Mismatch => ("✗", "x", "\x1b[1;31m"),
        Verdict::Unknown => ("?", "?", "\x1b[33m"),
    };
    let sign = if style.unicode { sign } else { plain };
    (format!("{sign} {:8}", super::verdict(verdict)), if style.color { color } else { "" })
}

fn columns(out: &mut dyn Write, group: &[&View], style: Style, width: Option<usize>) -> io::Result<()> {
    let widest = |text: &dyn Fn(&View) -> &str| group.iter().map(|route| text(route).width()).max().unwrap_or(0);
    let (mut place, mut client) = (widest(&|route| &route.place), widest(&|route| &route.client));
    // Two in front, the verdict, and two between the columns.
    let fixed = 2 + 10 + 2 + 2 + 2;
    if let Some(width) = width {
        let url = widest(&|route| &route.endpoint).clamp(20, 44);
        let room = width.saturating_sub(fixed + url);
        if place + client > room {
            client = client.min(room / 3);
            place = place.min(room.saturating_sub(client));
        }
    }
    for route in group {
        let (sign, color) = sign(route.verdict, style);
        let off = if color.is_empty() { "" } else { "\x1b[0m" };
        let room = width.map_or(usize::MAX, |width| width.saturating_sub(fixed + place + client));
        let line = format!(
            "  {color}{sign}{off}  {}  {}  {}",
            padded(&clipped(&route.place, place, End::Left), place),
            padded(&clipped(&route.client, client, End::Right), client),
            clipped(&route.endpoint, room, End::Right)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn stacked(out: &mut dyn Write, group: &[&View], style: Style, width: usize) -> io::Result<()> {
    for route in group {
        let (sign, color) = sign(route.verdict, style);
        let off = if color.is_empty() { "" } else { "\x1b[0m" };
        writeln!(out, "  {color}{sign}{off}  {}", clipped(&route.place, width.saturating_sub(14), End::Left))?;
        let what = format!("{}  {}", route.client, route.endpoint);
        writeln!(out, "    {}", clipped(&what, width.saturating_sub(4), End::Right))?;
    }
    Ok(())
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// The end that a text loses when it is too long: of a path the beginning says least.
#[derive(Clone, Copy)]
enum End {
    Left,
    Right,
}

fn clipped(text: &str, width: usize, end: End) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let mut used = 0;
    let mut fits = |c: &char| {
        used += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
        used <= room
    };
    match end {
        End::Right => text.chars().take_while(&mut fits).chain(['…']).collect(),
        End::Left => {
            let kept: Vec<char> = text.chars().rev().take_while(&mut fits).collect();
            ['…'].into_iter().chain(kept.into_iter().rev()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(key: &str, owner: &str, place: &str, verdict: Verdict) -> View {
        View {
            place: place.to_owned(),
            client: "openai-python".to_owned(),
            key: key.to_owned(),
            owner: owner.to_owned(),
            endpoint: "https://api.openai.com/v1 (default)".to_owned(),
            verdict,
        }
    }

    fn shown(width: Option<usize>, unicode: bool) -> String {
        let routes = [
            view("MIXROUTE_API_KEY", "Mixroute", "src/a/very/long/path/to/the/client/of/chat.py:9:8", Verdict::Match),
            view("MIXROUTE_API_KEY", "OpenAI", "src/embed.py:11:14", Verdict::Mismatch),
            view("MIXROUTE_API_KEY", "Mixroute", "src/漢字.py:1:1", Verdict::Match),
        ];
        let mut out = Vec::new();
        write(&mut out, &routes, Style { color: false, unicode }, width).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fits_any_terminal() {
        for width in 0..200 {
            for line in shown(Some(width), true).lines() {
                assert!(line.width() <= width.max(24), "{width}: {line}");
            }
        }
    }

    #[test]
    fn wrong_ones_first() {
        let expected = "MIXROUTE_API_KEY -> OpenAI\n  \
            x mismatch  src/embed.py:11:14  openai-python  https://api.openai.com/v1 (default)\n\n\
            MIXROUTE_API_KEY -> Mixroute\n  \
            + match     src/a/very/long/path/to/the/client/of/chat.py:9:8  openai-python  https://api.openai.com/v1 (default)\n  \
            + match     src/漢字.py:1:1                                    openai-python  https://api.openai.com/v1 (default)\n";
        assert_eq!(shown(None, false), expected);
        let clipped = shown(Some(100), true);
        assert!(
            clipped.contains("  ✓ match     …") && clipped.contains("client/of/chat.py:9:8  openai-python"),
            "{clipped}"
        );
    }
}
