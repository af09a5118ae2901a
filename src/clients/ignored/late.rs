//! Base URLs that are written when the client has read them already.

use super::{Ignored, IgnoredKind, is_module, is_url_like, place_of, version};
use crate::clients::{From, Site, SlotValue};
use crate::facts::{BlockId, ExprId, ExprKind, FuncId, Span, Stmt};
use crate::finding::Location;
use crate::language::Language;
use crate::project::{env_call_writes, env_place};
use crate::resolve::{Alt, Ctx, Resolver, Value};

/// What is written after the client was made, in the same function and whatever the branches before it were.
pub(super) fn find(resolver: &mut Resolver<'_>, site: &Site<'_>, ctx: &Ctx, out: &mut Vec<Ignored>) {
    let version = version(resolver, site, ctx);
    let names: Vec<String> = site
        .construct
        .env_endpoint
        .iter()
        .filter(|name| name.applies(version))
        .map(|name| name.name().to_owned())
        .collect();
    if names.is_empty() && site.construct.global_endpoint.is_empty() {
        return;
    }
    if !may_be_written(resolver, site, ctx, &names) {
        return;
    }
    let mut search = Search { names: &names, globals: &site.construct.global_endpoint, file: ctx, out };
    if site.construct.env_at_import {
        // The variables were read by the import; the attributes are read by each call.
        if let Some((block, index)) = import(resolver, site, ctx) {
            search.after(resolver, block, index, Reads { variables: true, attributes: false });
        }
        search.after(resolver, ctx.block, ctx.index, Reads { variables: false, attributes: true });
    } else {
        search.after(resolver, ctx.block, ctx.index, Reads { variables: true, attributes: true });
    }
}

/// Whether the file writes anything that the client reads: most files do not, and need no search.
fn may_be_written(resolver: &Resolver<'_>, site: &Site<'_>, ctx: &Ctx, names: &[String]) -> bool {
    let known = &resolver.project.file(ctx.file).index;
    let attribute = |global: &String| global.rsplit('.').next().is_some_and(|name| known.attributes.contains_key(name));
    names.iter().any(|name| known.env_writes.contains_key(name))
        || site.construct.global_endpoint.iter().any(attribute)
        || LOADERS
            .iter()
            .filter_map(|loader| loader.rsplit('.').next())
            .any(|name| known.calls.contains_key(name) || known.renamed.contains_key(name))
}

/// What reads a dotenv file into the environment.
const LOADERS: &[&str] = &["dotenv.load_dotenv", "dotenv.config", "dotenv.default.config"];

/// Where the client's module is imported, at the top level of the file.
fn import(resolver: &Resolver<'_>, site: &Site<'_>, ctx: &Ctx) -> Option<(BlockId, usize)> {
    let module = resolver.module(ctx.file);
    let top = module.func(FuncId(0)).body;
    let index = module.block(top).stmts.iter().position(|stmt| match stmt {
        Stmt::Assign { value, .. } => matches!(module.kind(*value), ExprKind::Import(import)
            if site.client.modules.contains(&import.module)),
        _ => false,
    })?;
    Some((top, index))
}

/// What is looked for.
#[derive(Clone, Copy)]
struct Reads {
    variables: bool,
    attributes: bool,
}

struct Search<'a, 'o> {
    names: &'a [String],
    globals: &'a [String],
    file: &'a Ctx,
    out: &'o mut Vec<Ignored>,
}

impl Search<'_, '_> {
    /// Looks through what follows a statement, outwards to the end of its function.
    fn after(&mut self, resolver: &mut Resolver<'_>, block: BlockId, index: usize, reads: Reads) {
        let module = resolver.module(self.file.file);
        let (mut block, mut index) = (block, index + 1);
        loop {
            self.block(resolver, block, index, reads, 0);
            match module.block(block).parent {
                Some((parent, at)) => (block, index) = (parent, at + 1),
                None => return,
            }
        }
    }

    fn block(&mut self, resolver: &mut Resolver<'_>, block: BlockId, from: usize, reads: Reads, depth: u32) {
        let module = resolver.module(self.file.file);
        for (index, stmt) in module.block(block).stmts.iter().enumerate().skip(from) {
            let at = Ctx { file: self.file.file, block, index, frame: None };
            match stmt {
                Stmt::Assign { place, value, name_span, .. } => {
                    if let Some(name) = env_place(place).filter(|_| reads.variables) {
                        self.write(resolver, &at, name, *value, *name_span);
                    } else if let [Some(attribute)] = place.path.as_slice()
                        && reads.attributes
                        && let Some(global) = self
                            .globals
                            .iter()
                            .find(|global| global.rsplit_once('.').is_some_and(|(_, name)| name == attribute))
                        && let Some((owner, _)) = global.rsplit_once('.')
                        && is_module(resolver, &at, &place.root, owner)
                    {
                        self.add(resolver, &at, global, *value, *name_span);
                    }
                }
                Stmt::Expr(expr) => {
                    for (name, value) in env_call_writes(module, *expr).into_iter().filter(|_| reads.variables) {
                        let span = module.span(value);
                        self.write(resolver, &at, &name, value, span);
                    }
                    if reads.variables {
                        self.loaded(resolver, &at, *expr);
                    }
                }
                Stmt::Block(inner) if depth < 32 => self.block(resolver, *inner, 0, reads, depth + 1),
                Stmt::Return(_) | Stmt::Exit => return,
                _ => {}
            }
        }
    }

    fn write(&mut self, resolver: &mut Resolver<'_>, at: &Ctx, name: &str, value: ExprId, span: Span) {
        if self.names.iter().any(|known| known == name) {
            self.add(resolver, at, name, value, span);
        }
    }

    fn add(&mut self, resolver: &mut Resolver<'_>, at: &Ctx, name: &str, value: ExprId, span: Span) {
        let place = Location { file: at.file, span };
        let value_at = Some(resolver.location(at.file, value));
        let alts = resolver.eval(at, value);
        self.out.extend(alts.into_iter().filter(|alt| is_url_like(&alt.value)).map(|alt| Ignored {
            kind: IgnoredKind::Late,
            name: name.to_owned(),
            at: place,
            value_at,
            value: SlotValue { alt, from: From::Code },
        }));
    }

    /// `load_dotenv()`, where it is the only one and a dotenv file has the base URL.
    fn loaded(&mut self, resolver: &mut Resolver<'_>, at: &Ctx, expr: ExprId) {
        let module = resolver.module(at.file);
        let ExprKind::Call(call) = module.kind(expr) else { return };
        if !resolver.callee_symbols(at, call).iter().any(|symbol| LOADERS.contains(&symbol.as_str())) {
            return;
        }
        let project = resolver.project;
        resolver.rests_on_others();
        let again = project.files.iter().any(|file| {
            let loads =
                ["load_dotenv", "config"].iter().flat_map(|name| file.index.calls.get(*name).into_iter().flatten());
            let others = loads.filter(|other| !(std::ptr::eq(&*file.module, module) && **other == expr));
            others.count() > 0 || file.source.text.contains("dotenv/config")
        });
        if again {
            return;
        }
        let place = resolver.location(at.file, expr);
        for name in self.names {
            let alts = resolver.env_value(self.file, name, place);
            let from_file = |alt: &Alt| {
                matches!(&alt.value, Value::Str(text, at)
                if !text.is_empty() && resolver.project.file(at.file).source.language == Language::Dotenv)
            };
            for alt in alts.into_iter().filter(from_file) {
                let value_at = place_of(&alt);
                let value = SlotValue { alt, from: From::Code };
                self.out.push(Ignored { kind: IgnoredKind::Late, name: name.clone(), at: place, value_at, value });
            }
        }
    }
}
