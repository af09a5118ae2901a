//! Lowers the blocks of code in Markdown: each is a module of its own in the language that it says.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

use super::embed::{self, Embedded};
use super::{Unparsable, extract as lower};
use crate::facts::{Builder, Comment, Module, Script, Span};
use crate::language::Language;
use crate::source::Source;

#[cfg(test)]
mod tests;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut builder = Builder::new();
    let mut open: Option<(Language, Embedded)> = None;
    for (event, range) in Parser::new_ext(&source.text, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let word = info.split([' ', ',', '{', ':', '\t']).find(|word| !word.is_empty()).unwrap_or("");
                let word = word.trim_end_matches('}').trim_start_matches('.');
                open = Language::of_fence(word).map(|language| (language, Embedded::default()));
            }
            Event::Text(text) => {
                if let Some((_, block)) = &mut open {
                    let raw = source.text.get(range.clone()).unwrap_or("");
                    if raw == &*text {
                        block.push(&text, range.start);
                    } else {
                        block.push_decoded(&text, range.start, range.end);
                    }
                }
            }
            Event::End(_) => {
                if let Some((language, block)) = open.take() {
                    add(&mut builder, source, language, &block);
                }
            }
            // A comment of the document itself.
            Event::Html(text) | Event::InlineHtml(text) if text.contains("mixlint:") => {
                let raw = source.text.get(range.clone()).unwrap_or("");
                let end = range.start + raw.trim_end().len();
                let line = source.text.get(..range.start).unwrap_or("").rsplit('\n').next().unwrap_or("");
                let comment = Comment { span: Span::new(range.start, end), own_line: line.trim().is_empty() };
                builder.module().comments.push(comment);
            }
            _ => {}
        }
    }
    Ok(builder.finish())
}

fn add(builder: &mut Builder, source: &Source, language: Language, block: &Embedded) {
    let prompts = if language == Language::Shell { without_prompts(block) } else { None };
    let block = prompts.as_ref().unwrap_or(block);
    // What is shown need not be complete: a block that cannot be parsed says nothing.
    let Ok(module) = lower(&Source::new(&source.path, language, block.text.as_str())) else { return };
    let recovered = builder.module().recovered;
    let (function, blocks) = block.graft(builder, module);
    builder.module().recovered = recovered;
    builder.function_mut(function).script = Some(Script { language, environment: None });
    embed::adopt(&mut builder.module().env_blocks, blocks, None);
}

/// A session at a terminal without its prompts and what it prints; `None` where there are no prompts.
fn without_prompts(block: &Embedded) -> Option<Embedded> {
    if !block.text.lines().any(|line| line.trim_start().starts_with("$ ")) {
        return None;
    }
    let mut out = Embedded::default();
    let mut start = 0;
    let mut goes_on = false;
    for line in block.text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let prompt = line.trim_start().starts_with("$ ");
        let from = start + if prompt { indent + 2 } else { 0 };
        start += line.len();
        if prompt || goes_on {
            if let Some(part) = block.cut(from, block.text.len() - start) {
                out.append(&part);
            }
            goes_on = line.trim_end().ends_with('\\');
        }
    }
    Some(out)
}
