//! What a program itself says of its packages' versions: a script's metadata block, a notebook's `%pip install`, a
//! version in a module specifier.

use crate::catalog::Ecosystem;
use crate::facts::{ExprKind, Module};
use crate::language::Language;
use crate::source::Source;

use super::{Known, Packages, Said, javascript, python};

/// What a program says of the packages that it uses.
pub fn of_source(source: &Source, module: &Module, known: &Known<'_>) -> Packages {
    let mut out = Packages::default();
    match source.language {
        Language::Python => {
            let mut say = |name: &str, said| out.note(Ecosystem::Python, name, said, known);
            script(&source.text, &mut say);
            installs(&source.text, &mut say);
        }
        language if language.is_javascript() => {
            for expr in module.expr_ids() {
                if let ExprKind::Import(import) = module.kind(expr) {
                    javascript::specifier(&import.module, &mut |name, said| {
                        out.note(Ecosystem::Npm, name, said, known);
                    });
                }
            }
        }
        _ => {}
    }
    out
}

/// `# /// script` with `# dependencies = [...]` in comments, up to `# ///`.
fn script(text: &str, say: &mut dyn FnMut(&str, Said)) {
    if memchr::memmem::find(text.as_bytes(), b"# /// script").is_none() {
        return;
    }
    let mut lines = text.lines().skip_while(|line| line.trim_end() != "# /// script").skip(1);
    let mut block = String::new();
    for line in lines.by_ref().take_while(|line| line.trim_end() != "# ///") {
        let Some(line) = line.strip_prefix('#') else { return };
        block.push_str(line.strip_prefix(' ').unwrap_or(line));
        block.push('\n');
    }
    if let Ok(table) = block.parse::<toml::Table>() {
        python::list(table.get("dependencies"), say);
    }
}

/// `%pip install openai==0.28`, `!pip install -q "openai<1"`.
fn installs(text: &str, say: &mut dyn FnMut(&str, Said)) {
    if memchr::memmem::find(text.as_bytes(), b"pip install").is_none()
        && memchr::memmem::find(text.as_bytes(), b"pip3 install").is_none()
    {
        return;
    }
    for marker in ["%pip install", "!pip install", "!pip3 install", "!uv pip install", "%uv pip install"] {
        for (at, _) in text.match_indices(marker) {
            let rest = text[at + marker.len()..].lines().next().unwrap_or_default();
            // In a notebook's file the line ends inside of a string.
            let rest = rest.split("\\n").next().unwrap_or_default();
            for word in rest.split_ascii_whitespace() {
                let word = word.trim_matches(['"', '\'', ',', '\\']);
                if let Some((name, requirement)) = python::requirement(word)
                    && word.contains(['=', '<', '>', '~'])
                {
                    say(name, Said::Wanted(requirement));
                }
            }
        }
    }
}
