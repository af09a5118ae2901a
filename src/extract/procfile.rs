//! Lowers Procfiles: each line `name: command` is a script.

use super::Unparsable;
use super::embed::{self, Embedded};
use super::shell;
use crate::facts::{Builder, Comment, ExprKind, Module, Span};
use crate::source::Source;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut builder = Builder::new();
    let mut blocks = Vec::new();
    for number in 0..source.line_count() {
        let span = source.line_span(number);
        let text = source.slice(span);
        if text.trim_start().starts_with('#') {
            if text.contains("mixlint:") {
                builder.module().comments.push(Comment { span, own_line: true });
            }
            continue;
        }
        let Some((name, command)) = text.split_once(':') else { continue };
        let mut line = Embedded::default();
        line.push(command, span.start as usize + name.len() + 1);
        let hole = |builder: &mut Builder, span: Span| builder.expr(span, ExprKind::Unknown);
        let Ok(module) = shell::script(&line, name.trim(), &hole) else { continue };
        let (_, grafted) = line.graft(&mut builder, module);
        embed::adopt(&mut blocks, grafted, None);
    }
    builder.module().env_blocks = blocks;
    Ok(builder.finish())
}
