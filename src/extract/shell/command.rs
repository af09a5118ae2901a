//! Commands: what runs them, what they set, and the calls they become.

use tree_sitter::Node;

use super::script::is_dotenv_path;
use super::word::Word;
use super::{Declared, Lowering, span};
use crate::extract::embed::Embedded;
use crate::facts::{Arg, Call, EnvBlock, EnvKind, EnvSource, EnvVar, ExprId, ExprKind, Place, Span, Spread, Stmt};
use crate::language::Language;
use crate::source::Source;

/// Scripts inside scripts inside scripts.
const MAX_NESTING: usize = 3;

impl Lowering<'_> {
    pub(super) fn command(&mut self, node: Node<'_>) {
        let mut vars = Vec::new();
        let mut words = Vec::new();
        let mut cursor = node.walk();
        let children: Vec<_> = node.named_children(&mut cursor).filter(|child| self.says(*child)).collect();
        let name_start = node.child_by_field_name("name").map_or(node.end_byte(), |name| name.start_byte());
        for child in children {
            match child.kind() {
                "variable_assignment" => {
                    // `A=1 B=2` on a line of its own: the grammar takes the next line for its command.
                    let between = self.source.text.get(child.end_byte()..name_start).unwrap_or("\n");
                    if between.replace("\\\n", "").replace("\\\r\n", "").contains('\n') {
                        self.assignment(child, Declared::default());
                    } else if let Some((place, name_span, value)) = self.assigned(child) {
                        vars.push(EnvVar { name: place.root, name_span, value, span: span(child) });
                    }
                }
                "file_redirect" | "herestring_redirect" | "subshell" => self.substitutions(child),
                _ => words.push(self.word(child)),
            }
        }
        self.run(words, vars);
    }

    /// Lowers a command from its words, with the variables that it is started with.
    fn run(&mut self, words: Vec<Word>, mut vars: Vec<EnvVar>) {
        let mut words = words.into_iter().peekable();
        let name = loop {
            let Some(word) = words.next() else { break None };
            let Some(wrapper) = word.text().filter(|name| is_wrapper(name)) else { break Some(word) };
            let mut first = true;
            while let Some(next) = words.peek() {
                let text = next.text();
                if let Some(name) = next.assigns().filter(|_| takes_variables(&wrapper)) {
                    let Some(word) = words.next() else { break };
                    vars.push(self.variable_of(word, name));
                } else if next.head().starts_with('-') && next.head() != "--" {
                    let valued = text.is_some_and(|option| takes_value(&wrapper, &option));
                    words.next();
                    if valued {
                        words.next();
                    }
                } else if next.head() == "--" {
                    words.next();
                } else if wrapper == "timeout" && first {
                    first = false;
                    words.next();
                } else {
                    break;
                }
            }
        };
        let Some(name) = name else { return };
        let text = name.text().unwrap_or_default();
        let base = text.rsplit('/').next().unwrap_or("").to_owned();
        let end = |words: &[Word]| words.last().map_or(name.span.end, |word| word.span.end);
        let words: Vec<Word> = words.collect();
        let whole = Span { start: name.span.start, end: end(&words) };
        let point = self.point();
        let label = if base.is_empty() { "command".to_owned() } else { base.clone() };
        let block = self.block(label, whole, vars, Vec::new(), false);
        self.script.command(EnvBlock { programs: vec![base.clone()], ..block }, point, true);
        match base.as_str() {
            "export" | "declare" | "typeset" | "local" | "readonly" => self.declaration_words(&base, words),
            "exit" | "return" => self.ends(&base),
            "set" => self.set(&words),
            "source" | "." => self.source_file(words.first()),
            "dotenv" | "dotenv_if_exists" => {
                let file = words.first().and_then(Word::text).unwrap_or_else(|| ".env".to_owned());
                self.script.load(&file);
            }
            "eval" => self.script.may_set_more(),
            "echo" | "printf" if self.hands_on.is_some() || is_azure(&words) => self.hand_on(words),
            "sh" | "bash" | "zsh" | "dash" | "ash" | "ksh" if self.nested(&words) => {}
            "read" => self.read(words),
            "test" | "[" | "true" | "false" | ":" => {}
            _ => {
                if matches!(base.as_str(), "docker" | "podman" | "nerdctl") {
                    let name = base.clone();
                    self.container(&name, &words, whole);
                } else {
                    self.sets_elsewhere(&base, &words, whole);
                }
                let args = self.arguments(&base, words);
                let (known, callee) = match base.as_str() {
                    "curl" | "wget" => (true, base),
                    "http" | "https" | "xh" | "xhs" => (true, "http".to_owned()),
                    _ => (false, text),
                };
                let callee = if known || !callee.is_empty() {
                    self.builder.expr(name.span, ExprKind::Name(callee))
                } else {
                    self.join(name)
                };
                let call = self.builder.expr(whole, ExprKind::Call(Call { callee, args, new: false }));
                self.builder.stmt(Stmt::Expr(call));
            }
        }
    }

    /// `echo NAME=value >> "$GITHUB_ENV"`, `echo 'export NAME=value' >> "$BASH_ENV"`, and what Azure pipelines take from
    /// the output: `echo "##vso[task.setvariable variable=NAME]value"`.
    fn hand_on(&mut self, words: Vec<Word>) {
        let mut words: Vec<Word> =
            words.into_iter().skip_while(|word| word.head().starts_with('-') || word.head() == "%s\\n").collect();
        let point = self.point();
        let word = if words.is_empty() { return } else { words.swap_remove(0) };
        let head = word.head();
        if let Some(rest) = head.strip_prefix(AZURE) {
            let name = crate::extract::dotenv::expand::name_at(rest);
            if let Some(end) = rest.find(']').filter(|_| name > 0) {
                let text = rest[..name].to_owned();
                let (whole, start) = (word.span, word.span.start + 1 + AZURE.len() as u32);
                let name_span = Span { start, end: start + name as u32 };
                let value = self.join(word.skip(AZURE.len() + end + 1));
                self.script.hand_on(EnvVar { name: text, name_span, value, span: whole }, point);
            }
            return;
        }
        let word = match self.hands_on {
            Some(super::Syntax::Export) if head.starts_with("export ") => word.skip("export ".len()),
            _ => word,
        };
        let one = words.is_empty() && !word.head().contains(['\n', ';']);
        match word.assigns().filter(|_| one) {
            Some(name) => {
                let var = self.variable_of(word, name);
                let var = self.without_quotes(var);
                self.script.hand_on(var, point);
            }
            None => self.script.hand_on_unknown(),
        }
    }

    /// A value that is written in quotes of its own, for the shell that reads it later: those are left out.
    fn without_quotes(&mut self, var: EnvVar) -> EnvVar {
        let expr = self.builder.module().expr(var.value).clone();
        let ExprKind::Str(text) = &expr.kind else { return var };
        let inner = ['"', '\''].into_iter().find_map(|quote| {
            let inner = text.expose().strip_prefix(quote)?.strip_suffix(quote)?;
            (self.hands_on == Some(super::Syntax::Export) && inner.len() + 2 == expr.span.range().len())
                .then(|| inner.to_owned())
        });
        match inner {
            Some(inner) => {
                let span = Span { start: expr.span.start + 1, end: expr.span.end - 1 };
                EnvVar { value: self.builder.expr(span, ExprKind::Str(inner.into())), ..var }
            }
            None => var,
        }
    }

    /// `sh -c 'script'`: the script is lowered, where it is written out. False where it is not.
    fn nested(&mut self, words: &[Word]) -> bool {
        let Some(option) = words.iter().position(|word| {
            let head = word.head();
            head.starts_with('-') && head.ends_with('c') && !head.starts_with("--")
        }) else {
            return false;
        };
        let Some(word) = words.get(option + 1).filter(|_| self.nesting < MAX_NESTING) else { return false };
        let raw = self.source.slice(word.span);
        let quoted = ['\'', '"'].into_iter().find_map(|quote| raw.strip_prefix(quote)?.strip_suffix(quote));
        let Some(inner) = quoted.filter(|inner| !inner.contains(['\\', '`']) && !self.has_hole(word.span)) else {
            return false;
        };
        let mut text = Embedded::default();
        text.push(inner, word.span.start as usize + 1);
        let source = Source::new(self.source.path(), Language::Shell, inner);
        let Ok(module) = super::lower(&source, None, self.nesting + 1) else { return false };
        let (_, blocks) = text.graft(&mut self.builder, module);
        self.script.nest(blocks);
        true
    }

    pub(super) fn block(
        &self,
        label: String,
        span: Span,
        vars: Vec<EnvVar>,
        sources: Vec<EnvSource>,
        open: bool,
    ) -> EnvBlock {
        let start = vars.iter().map(|var| var.span.start).min().unwrap_or(span.start).min(span.start);
        let span = Span { start, end: span.end };
        EnvBlock { vars, sources, open, ..EnvBlock::new(EnvKind::Shell, label, span) }
    }

    /// `NAME=value` as a word; `name` is the length of the name.
    pub(super) fn variable_of(&mut self, word: Word, name: usize) -> EnvVar {
        let span = word.span;
        let inside = word.parts.first().map_or(span.start, |part| match part {
            super::word::Part::Text(span, _) | super::word::Part::Expr(span, _) => span.start,
        });
        let name_span = Span { start: inside, end: inside + name as u32 };
        let text = word.head().get(..name).unwrap_or("").to_owned();
        let value = self.join(word.skip(name + 1));
        EnvVar { name: text, name_span, value, span }
    }

    /// `declare -x NAME=value` where the grammar took it for a command.
    fn declaration_words(&mut self, keyword: &str, words: Vec<Word>) {
        let mut declared =
            Declared { export: keyword == "export", local: matches!(keyword, "local" | "declare" | "typeset") };
        for word in words {
            if let Some(name) = word.assigns() {
                let var = self.variable_of(word, name);
                self.assign(var.span, Place::name(var.name), var.name_span, var.value, declared);
            } else if let Some(text) = word.text() {
                if text.starts_with('-') {
                    declared.export |= keyword != "export" && text.contains('x');
                    declared.local &= !text.contains('g');
                } else if declared.export {
                    self.script.export(&text, self.conditional);
                }
            } else if declared.export {
                self.script.load_from_text(self.source.slice(word.span));
            }
        }
    }

    fn set(&mut self, words: &[Word]) {
        let mut words = words.iter().filter_map(Word::text).peekable();
        while let Some(option) = words.next() {
            let on = option.starts_with('-');
            if !on && !option.starts_with('+') || option == "--" {
                break;
            }
            let named = option.ends_with('o') && words.peek().is_some_and(|name| name == "allexport");
            if named || option.contains('a') {
                self.script.export_all(on);
            }
        }
    }

    /// `source FILE`: a dotenv file is loaded; other code may set anything.
    fn source_file(&mut self, file: Option<&Word>) {
        let Some(file) = file else { return };
        match file.text() {
            Some(path) if is_dotenv_path(&path) => self.script.load(&path),
            Some(path) if path.ends_with("/activate") => {}
            _ => self.script.may_set_more(),
        }
    }

    fn read(&mut self, words: Vec<Word>) {
        for word in words {
            let Some(name) = word.text() else { continue };
            if !name.is_empty() && crate::extract::dotenv::expand::name_at(&name) == name.len() {
                let value = self.unknown(word.span);
                self.assign(word.span, Place::name(name), word.span, value, Declared::default());
            }
        }
    }

    fn arguments(&mut self, base: &str, words: Vec<Word>) -> Vec<Arg> {
        match base {
            "curl" => self.curl(words),
            "wget" => self.wget(words),
            "http" | "https" | "xh" | "xhs" => self.httpie(words),
            "aider" => self.aider(words),
            _ => words.into_iter().map(|word| self.argument(None, word)).collect(),
        }
    }

    pub(super) fn argument(&mut self, name: Option<&str>, word: Word) -> Arg {
        let spread = if word.splat { Spread::Positional } else { Spread::No };
        Arg { name: name.map(str::to_owned), name_span: None, spread, value: self.join(word) }
    }

    /// `docker run -e NAME=value --env-file FILE image`
    fn container(&mut self, program: &str, words: &[Word], whole: Span) {
        let run = words.iter().position(|word| matches!(word.text().as_deref(), Some("run" | "exec" | "create")));
        let Some(run) = run.filter(|&run| run <= 6) else { return };
        let (mut vars, mut files, mut open) = (Vec::new(), Vec::new(), false);
        let mut at = run + 1;
        while let Some(word) = words.get(at) {
            let head = word.head();
            if !head.starts_with('-') {
                break;
            }
            let (option, glued) = match head.split_once('=') {
                Some((option, _)) if head.starts_with("--") => (option, Some(option.len() + 1)),
                _ if head.starts_with("-e") && (head.len() > 2 || word.parts.len() > 1) => ("-e", Some(2)),
                _ => (head, None),
            };
            let takes = glued.is_none() && !is_flag(option);
            if matches!(option, "-e" | "--env" | "--env-file") {
                let value = match glued {
                    Some(count) => Some(word.copy().skip(count)),
                    None => words.get(at + 1).map(Word::copy),
                };
                match value {
                    Some(value) if option == "--env-file" => match value.text() {
                        Some(path) => files.push(EnvSource::File { path, raw: true }),
                        None => open = true,
                    },
                    Some(value) => match self.container_variable(value) {
                        Some(var) => vars.push(var),
                        None => open = true,
                    },
                    None => {}
                }
            }
            open |= word.splat;
            at += if takes { 2 } else { 1 };
        }
        let point = self.point();
        let programs = words.get(at..).unwrap_or_default().iter().filter_map(Word::text).collect();
        let block = self.block(format!("{program} run"), whole, vars, files, open);
        self.script.command(EnvBlock { programs, ..block }, point, false);
    }

    /// `NAME=value`, or `NAME` alone, which passes the variable on.
    fn container_variable(&mut self, word: Word) -> Option<EnvVar> {
        if let Some(name) = word.assigns() {
            return Some(self.variable_of(word, name));
        }
        let name = word.text().filter(|name| crate::extract::dotenv::expand::name_at(name) == name.len())?;
        let value: ExprId = self.builder.expr(word.span, ExprKind::Env { name: name.clone(), default: None });
        Some(EnvVar { name, name_span: word.span, value, span: word.span })
    }
}

/// How Azure pipelines are told of a variable.
const AZURE: &str = "##vso[task.setvariable variable=";

fn is_azure(words: &[Word]) -> bool {
    words.iter().any(|word| word.head().starts_with(AZURE))
}

/// Commands that run the command behind them.
fn is_wrapper(name: &str) -> bool {
    matches!(
        name.rsplit('/').next().unwrap_or(name),
        "sudo" | "doas" | "command" | "builtin" | "exec" | "time" | "nohup" | "nice" | "timeout" | "env" | "cross-env"
    )
}

/// Wrappers that take `NAME=value` before the command.
fn takes_variables(wrapper: &str) -> bool {
    matches!(wrapper.rsplit('/').next().unwrap_or(wrapper), "sudo" | "doas" | "env" | "cross-env")
}

/// Options of a wrapper whose value is the next word.
fn takes_value(wrapper: &str, option: &str) -> bool {
    match wrapper.rsplit('/').next().unwrap_or(wrapper) {
        "sudo" | "doas" => matches!(option, "-u" | "-g" | "-h" | "-p" | "-C" | "-r" | "-t" | "-U" | "-D" | "-R"),
        "env" => matches!(option, "-u" | "-C" | "--unset" | "--chdir"),
        "timeout" => matches!(option, "-k" | "-s" | "--kill-after" | "--signal"),
        "nice" => option == "-n",
        "exec" => option == "-a",
        "time" => matches!(option, "-f" | "-o"),
        _ => false,
    }
}

/// Options of `docker run` without a value.
fn is_flag(option: &str) -> bool {
    let short = option.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    if let Some(letters) = short {
        return !letters.is_empty() && letters.bytes().all(|letter| matches!(letter, b'd' | b'i' | b't' | b'P' | b'q'));
    }
    matches!(
        option,
        "--rm"
            | "--init"
            | "--privileged"
            | "--read-only"
            | "--detach"
            | "--interactive"
            | "--tty"
            | "--publish-all"
            | "--no-healthcheck"
            | "--oom-kill-disable"
            | "--sig-proxy"
            | "--quiet"
            | "--no-deps"
            | "--build"
            | "--remove-orphans"
            | "--service-ports"
            | "--disable-content-trust"
    )
}
