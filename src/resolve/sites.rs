//! The calls of a function: in its file, and in those that import it.

use std::path::Path;
use std::sync::Arc;

use super::value::{Frame, Value};
use super::{Resolver, Sites, words};
use crate::facts::{ExprId, ExprKind, FuncId};
use crate::finding::FileId;

/// Work allowed for finding the calls of one function.
const SITES_FUEL: u32 = 600;
/// Files that are looked through for calls of one function.
const MAX_CALLERS: usize = 64;
/// Calls of one function that are followed.
const MAX_SITES: usize = 32;

impl Resolver<'_> {
    /// The calls of a function, as frames: those of its own file, then those of the files that import it. And whether
    /// there may be others.
    pub(super) fn call_sites(&mut self, file: FileId, func: FuncId) -> (Vec<Arc<Frame>>, bool) {
        if self.depth >= super::DEPTH - 2 {
            return (Vec::new(), false);
        }
        let sites = if let Some(known) = self.known.sites.get(&(file, func)).cloned() {
            self.recall(&known)
        } else {
            // Asked for while it is being answered: a function that is called with its own result.
            self.known.sites.insert((file, func), super::Answer::default());
            let fuel = std::mem::replace(&mut self.fuel, SITES_FUEL);
            let before = self.open;
            let sites = self.find_sites(file, func);
            self.fuel = fuel.saturating_sub(1);
            let answer = self.answer(sites, before);
            self.known.sites.insert((file, func), answer.clone());
            answer.found
        };
        let frame = |&(at, call): &(FileId, ExprId)| {
            let ctx = self.ctx_of(at, call);
            self.frame(file, func, call, &ctx, None)
        };
        (sites.calls.iter().filter_map(frame).collect(), sites.more)
    }

    fn find_sites(&mut self, file: FileId, func: FuncId) -> Sites {
        let project = self.project;
        let module = self.module(file);
        let function = module.func(func);
        let constructor = function.name.as_deref().is_some_and(words::is_constructor);
        let mut names: Vec<&str> = Vec::new();
        if let Some(class) = function.class.filter(|_| constructor) {
            names.push(&module.classes[class.index()].name);
        } else if let Some(name) = &function.name {
            names.push(name);
        }
        // `const connect = (k, u) => …`: the variable's name.
        for name in project.file(file).index.functions.get(&func).into_iter().flatten() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let language = project.file(file).source.language.name();
        let mut out = Vec::new();
        let callers = project.above(file);
        let mut more = callers.len() > MAX_CALLERS;
        for &at in callers.iter().take(MAX_CALLERS) {
            let other = project.file(at);
            if other.source.language.name() != language {
                continue;
            }
            let mut here: Vec<&str> = names.clone();
            if constructor {
                here.extend(["cls", "super"]);
            }
            if at != file {
                let renamed = names.iter().chain(&["default"]).filter_map(|name| other.index.renamed.get(*name));
                here.extend(renamed.flatten().map(String::as_str));
            }
            here.sort_unstable();
            here.dedup();
            let calls = here.iter().flat_map(|name| other.index.calls.get(*name).into_iter().flatten().take(64));
            for &call in calls {
                if out.len() >= MAX_SITES {
                    more = true;
                } else if self.is_site(at, call, (file, func), constructor) {
                    out.push((at, call));
                }
            }
        }
        let in_test = |id: FileId| is_test(&project.file(id).path);
        let only_tests = !out.is_empty() && out.iter().all(|(at, _)| in_test(*at)) && !in_test(file);
        Sites { calls: out, more: more || only_tests || self.fuel == 0 }
    }

    /// Whether a call is one of a function.
    fn is_site(&mut self, at: FileId, call: ExprId, of: (FileId, FuncId), constructor: bool) -> bool {
        let module = self.module(at);
        let ExprKind::Call(data) = module.kind(call) else { return false };
        let class = self.module(of.0).func(of.1).class;
        let caller = module.block(module.points[call.index()].0).func;
        // A recursive call passes on what it was given.
        if (at, caller) == of {
            return false;
        }
        // `self.connect(k, u)` and Rust's `Self::connect(k, u)` in the same class, without asking what `self` is.
        if let ExprKind::Member(base, _) = module.kind(data.callee)
            && !constructor
            && at == of.0
            && matches!(module.kind(*base), ExprKind::Name(root)
                if module.func(caller).receiver.as_deref() == Some(root) || root == "Self")
            && class.is_some()
            && module.func(caller).class == class
        {
            return true;
        }
        // `cls(k, u)` in a method of the class.
        if let ExprKind::Name(root) = module.kind(data.callee)
            && constructor
            && at == of.0
            && module.func(caller).receiver.as_deref() == Some(root)
            && module.func(caller).class == class
        {
            return true;
        }
        let ctx = self.ctx_of(at, call);
        self.eval(&ctx, data.callee).iter().any(|alt| match &alt.value {
            Value::Made(made) if made.ctx.file == of.0 => match self.module(of.0).kind(made.expr) {
                ExprKind::Func(func) => *func == of.1,
                ExprKind::Class(other) => constructor && Some(*other) == class,
                _ => false,
            },
            Value::Receiver(file, func) => (*file, *func) == of,
            _ => false,
        })
    }
}

/// Whether a file is a test by its name or its folders': what it calls something with is not what the program does.
fn is_test(path: &Path) -> bool {
    let folder = |name: &std::ffi::OsStr| {
        matches!(name.to_str(), Some("test" | "tests" | "__tests__" | "__mocks__" | "spec" | "e2e" | "testing"))
    };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    name.starts_with("test_")
        || name.starts_with("conftest.")
        || [".test.", ".spec.", "_test."].iter().any(|part| name.contains(part))
        || path.parent().is_some_and(|dir| dir.iter().any(folder))
}
