//! A module as readable text, for the extractors' tests. It shows string values, so it exists in tests only.

use std::fmt::Write;

use super::*;

/// Every function and class of the module, as indented pseudo-code.
pub(crate) fn dump(module: &Module) -> String {
    let mut out = String::new();
    block(module, BlockId(0), 0, &mut out);
    for class in &module.classes {
        let bases: Vec<_> = class.bases.iter().map(|&base| expr(module, base)).collect();
        let _ = writeln!(out, "class {}({})", class.name, bases.join(", "));
        for of in &class.traits {
            let _ = writeln!(out, "    is {}", expr(module, *of));
        }
        for decorator in &class.decorators {
            let _ = writeln!(out, "    @{}", expr(module, *decorator));
        }
        for field in &class.fields {
            let value = field.value.map_or("?".to_owned(), |value| expr(module, value));
            let _ = writeln!(out, "    {} = {value}", field.name);
        }
        for (name, func) in &class.methods {
            let _ = writeln!(out, "    {name}: fn{}", func.0);
        }
    }
    for (number, function) in module.functions.iter().enumerate().skip(1) {
        let params: Vec<_> = function
            .params
            .iter()
            .map(|param| {
                let star = match param.kind {
                    ParamKind::Normal => "",
                    ParamKind::KeywordOnly => "kw ",
                    ParamKind::Rest => "*",
                    ParamKind::Keywords => "**",
                };
                let default = param.default.map_or(String::new(), |value| format!(" = {}", expr(module, value)));
                format!("{star}{}{default}", param.name)
            })
            .collect();
        let name = function.name.as_deref().unwrap_or("_");
        let receiver = function.receiver.as_deref().map_or(String::new(), |name| format!(" [{name}]"));
        let script = function.script.as_ref().map_or(String::new(), |script| {
            format!(" script{}", script.environment.map_or(String::new(), |number| format!(" in env{number}")))
        });
        let _ = writeln!(out, "fn{number} {name}({}){receiver}{script}", params.join(", "));
        for decorator in &function.decorators {
            let _ = writeln!(out, "    @{}", expr(module, *decorator));
        }
        block(module, function.body, 1, &mut out);
    }
    for star in &module.star_imports {
        let _ = writeln!(out, "import * from {star}");
    }
    for (name, value) in &module.exports {
        let _ = writeln!(out, "export {name} = {}", expr(module, *value));
    }
    for (number, block) in module.env_blocks.iter().enumerate() {
        let parent = block.parent.map_or(String::new(), |parent| format!(" in {parent}"));
        let open = if block.open { " open" } else { "" };
        let open = if block.extended { format!("{open} extended") } else { open.to_owned() };
        let runs = if block.runs { " runs" } else { "" };
        let _ = writeln!(out, "env{number} {:?} {:?}{parent}{open}{runs}", block.kind, block.label);
        for source in &block.sources {
            let _ = match source {
                EnvSource::File { path, raw } => {
                    writeln!(out, "    {}file {path}", if *raw { "raw " } else { "" })
                }
                EnvSource::Extends { file, label } => {
                    writeln!(out, "    extends {label}{}", file.as_ref().map_or(String::new(), |f| format!(" of {f}")))
                }
                EnvSource::Store { name, prefix } => writeln!(out, "    store {prefix}{name}"),
            };
        }
        for var in &block.vars {
            let _ = writeln!(out, "    {} = {}", var.name, expr(module, var.value));
        }
    }
    out
}

fn block(module: &Module, id: BlockId, depth: usize, out: &mut String) {
    let indent = "    ".repeat(depth);
    let block_ = module.block(id);
    if !block_.declares.is_empty() {
        let _ = writeln!(out, "{indent}let {}", block_.declares.join(", "));
    }
    for stmt in &block_.stmts {
        match stmt {
            Stmt::Assign { place, value, .. } => {
                let mut target = place.root.clone();
                for step in &place.path {
                    let _ = write!(target, ".{}", step.as_deref().unwrap_or("[?]"));
                }
                let _ = writeln!(out, "{indent}{target} = {}", expr(module, *value));
            }
            Stmt::Expr(value) => {
                let _ = writeln!(out, "{indent}{}", expr(module, *value));
            }
            Stmt::Branch(arms) => {
                for arm in arms {
                    let _ = writeln!(out, "{indent}when {}", tests(&module.block(*arm).tests));
                    block(module, *arm, depth + 1, out);
                }
            }
            Stmt::Block(body) => {
                let _ = writeln!(out, "{indent}do");
                block(module, *body, depth + 1, out);
            }
            Stmt::Return(value) => {
                let value = value.map_or(String::new(), |value| format!(" {}", expr(module, value)));
                let _ = writeln!(out, "{indent}return{value}");
            }
            Stmt::Exit => {
                let _ = writeln!(out, "{indent}exit");
            }
            Stmt::Jump => {
                let _ = writeln!(out, "{indent}jump");
            }
        }
    }
}

fn tests(tests: &[Test]) -> String {
    let all: Vec<_> = tests
        .iter()
        .map(|test| {
            let not = if test.negated { "!" } else { "" };
            let value = test.value.as_ref().map_or(String::new(), |value| format!("={}", value.text));
            format!("{not}{}{value}", test.subject)
        })
        .collect();
    if all.is_empty() { "always".to_owned() } else { all.join(" & ") }
}

/// One expression as text.
pub(crate) fn expr(module: &Module, id: ExprId) -> String {
    let sub = |id: &ExprId| expr(module, *id);
    match module.kind(id) {
        ExprKind::Str(text) => format!("{:?}", text.expose()),
        ExprKind::Const(text) => format!("#{text}"),
        ExprKind::Null => "null".to_owned(),
        ExprKind::Undefined => "undefined".to_owned(),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Member(base, name) => format!("{}.{name}", sub(base)),
        ExprKind::Index(base, index) => format!("{}[{}]", sub(base), sub(index)),
        ExprKind::Call(call) => {
            let args: Vec<_> = call
                .args
                .iter()
                .map(|arg| {
                    let star = match arg.spread {
                        Spread::No => "",
                        Spread::Positional => "*",
                        Spread::Keyword => "**",
                    };
                    let name = arg.name.as_ref().map_or(String::new(), |name| format!("{name}="));
                    format!("{star}{name}{}", sub(&arg.value))
                })
                .collect();
            let new = if call.new { "new " } else { "" };
            format!("{new}{}({})", sub(&call.callee), args.join(", "))
        }
        ExprKind::Object(object) => {
            let entries: Vec<_> = object
                .entries
                .iter()
                .map(|entry| match entry {
                    Entry::Field { key, value, .. } => {
                        format!("{}: {}", key.as_deref().unwrap_or("[?]"), sub(value))
                    }
                    Entry::Computed { key, value } => format!("[{}]: {}", sub(key), sub(value)),
                    Entry::Spread(value) => format!("...{}", sub(value)),
                })
                .collect();
            let ty = object.ty.as_deref().map_or(String::new(), |ty| format!("{ty} "));
            format!("{ty}{{{}}}", entries.join(", "))
        }
        ExprKind::List(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| format!("{}{}", if item.spread { "..." } else { "" }, sub(&item.value)))
                .collect();
            format!("[{}]", items.join(", "))
        }
        ExprKind::Concat(parts) => parts.iter().map(sub).collect::<Vec<_>>().join(" ++ "),
        ExprKind::Env { name, default } => {
            let default = default.as_ref().map_or(String::new(), |value| format!(" or {}", sub(value)));
            format!("env({name}{default})")
        }
        ExprKind::Stored { store, name } => {
            format!("stored({}{name})", store.as_ref().map_or(String::new(), |store| format!("{store}/")))
        }
        ExprKind::Choice(arms) => {
            let arms: Vec<_> =
                arms.iter().map(|(known, value)| format!("{} => {}", tests(known), sub(value))).collect();
            format!("choice({})", arms.join("; "))
        }
        ExprKind::Fallback { left, right, nullish } => {
            format!("({} {} {})", sub(left), if *nullish { "??" } else { "||" }, sub(right))
        }
        ExprKind::Each(of) => format!("each({})", sub(of)),
        ExprKind::Func(func) => format!("fn{}", func.0),
        ExprKind::Class(class) => format!("class {}", module.classes[class.index()].name),
        ExprKind::Import(import) => {
            format!("import({}{})", import.module, import.name.as_ref().map_or(String::new(), |n| format!(" : {n}")))
        }
        ExprKind::Unknown => "?".to_owned(),
    }
}
