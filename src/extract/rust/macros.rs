//! Macros. Their tokens are no syntax yet; where they are written like expressions they are read as such.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, Lit, LitStr, Macro, Pat, Token, token};

use super::spans::{ident, path_first};
use super::{Lower, Sink};
use crate::facts::{Call, Entry, ExprId, ExprKind, Item, Object, Span, Stmt};

/// How many macros within each other are read. Each reads again what the inner ones read.
const MAX_REPARSED: usize = 12;

/// One argument of a macro that looks like a call.
pub(super) struct Argument {
    /// `name = value`.
    pub(super) name: Option<String>,
    pub(super) value: Expr,
}

impl Parse for Argument {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let named = input.peek(syn::Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]);
        let name = if named {
            let name = input.parse::<syn::Ident>()?;
            input.parse::<Token![=]>()?;
            Some(ident(&name))
        } else {
            if input.peek(syn::Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
                // `target: "x"` of the logging macros.
                input.parse::<syn::Ident>()?;
                input.parse::<Token![:]>()?;
            }
            None
        };
        // `%value` and `?value` of `tracing`.
        if input.peek(Token![%]) {
            input.parse::<Token![%]>()?;
        } else if input.peek(Token![?]) {
            input.parse::<Token![?]>()?;
        }
        Ok(Self { name, value: input.parse()? })
    }
}

/// Values, or one of `value; count`.
struct Elements(Vec<Argument>);

impl Parse for Elements {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let first = input.parse::<Argument>()?;
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
            input.parse::<Expr>()?;
            return Ok(Self(vec![first]));
        }
        let mut elements = vec![first];
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if !input.is_empty() {
                elements.push(input.parse()?);
            }
        }
        Ok(Self(elements))
    }
}

/// `key => value, ..`
struct Pairs(Vec<(Expr, Expr)>);

impl Parse for Pairs {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut pairs = Vec::new();
        while !input.is_empty() {
            let key = input.parse()?;
            input.parse::<Token![=>]>()?;
            pairs.push((key, input.parse()?));
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(Self(pairs))
    }
}

/// A `static ref X: T = value;`, or the like in `thread_local!`.
struct LazyStatics(Vec<(syn::Ident, Expr)>);

impl Parse for LazyStatics {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut items = Vec::new();
        while !input.is_empty() {
            input.call(syn::Attribute::parse_outer)?;
            input.parse::<syn::Visibility>()?;
            input.parse::<Token![static]>()?;
            input.parse::<Option<Token![ref]>>()?;
            let name = input.parse::<syn::Ident>()?;
            input.parse::<Token![:]>()?;
            input.parse::<syn::Type>()?;
            input.parse::<Token![=]>()?;
            items.push((name, input.parse()?));
            input.parse::<Option<Token![;]>>()?;
        }
        Ok(Self(items))
    }
}

/// The items of a branch of `cfg_if!`.
struct Items(Vec<syn::Item>);

impl Parse for Items {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut items = Vec::new();
        while !input.is_empty() {
            items.push(input.parse()?);
        }
        Ok(Self(items))
    }
}

/// The branches of `select!`: the future, and what is done with its result.
struct Branches(Vec<Expr>);

impl Parse for Branches {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut all = Vec::new();
        while !input.is_empty() {
            if input.peek(syn::Ident) && input.peek2(Token![;]) {
                // `biased;`
                input.parse::<syn::Ident>()?;
                input.parse::<Token![;]>()?;
                continue;
            }
            if input.peek(Token![else]) {
                input.parse::<Token![else]>()?;
            } else {
                syn::Pat::parse_multi_with_leading_vert(input)?;
                input.parse::<Token![=]>()?;
                all.push(input.parse()?);
                if input.peek(Token![,]) && input.peek2(Token![if]) {
                    input.parse::<Token![,]>()?;
                    input.parse::<Token![if]>()?;
                    input.parse::<Expr>()?;
                }
            }
            input.parse::<Token![=>]>()?;
            all.push(input.parse()?);
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self(all))
    }
}

/// A value in `json!`.
enum Json {
    Object(Vec<(Expr, Json)>, token::Brace),
    List(Vec<Json>, token::Bracket),
    Value(Expr),
}

impl Parse for Json {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let inside;
        if input.peek(token::Brace) {
            let brace = syn::braced!(inside in input);
            let mut entries = Vec::new();
            while !inside.is_empty() {
                let key = inside.parse::<Expr>()?;
                inside.parse::<Token![:]>()?;
                entries.push((key, inside.parse()?));
                if !inside.is_empty() {
                    inside.parse::<Token![,]>()?;
                }
            }
            Ok(Self::Object(entries, brace))
        } else if input.peek(token::Bracket) {
            let bracket = syn::bracketed!(inside in input);
            let mut items = Vec::new();
            while !inside.is_empty() {
                items.push(inside.parse()?);
                if !inside.is_empty() {
                    inside.parse::<Token![,]>()?;
                }
            }
            Ok(Self::List(items, bracket))
        } else {
            Ok(Self::Value(input.parse()?))
        }
    }
}

impl Lower<'_> {
    /// Lowers a macro in the place of a statement.
    pub(super) fn macro_statement(&mut self, node: &Macro, sink: &Sink) {
        if is_exit(node) {
            for argument in self.arguments(node) {
                self.effect(&argument.value);
            }
            return self.builder.stmt(Stmt::Exit);
        }
        if self.macro_item(node) {
            return;
        }
        let value = self.macro_value(node);
        let span = self.macro_span(node);
        self.deliver(span, value, sink);
    }

    /// Lowers a macro that defines something; false if it does not.
    pub(super) fn macro_item(&mut self, node: &Macro) -> bool {
        if name(node) == "cfg_if" && self.reparsed < MAX_REPARSED {
            // Each branch defines what holds in some build.
            self.reparsed += 1;
            for token in node.tokens.clone() {
                let TokenTree::Group(group) = token else { continue };
                if group.delimiter() == proc_macro2::Delimiter::Brace
                    && let Some(Items(items)) = parse(group.stream(), Items::parse)
                {
                    self.items(&items.iter().collect::<Vec<_>>());
                }
            }
            self.reparsed -= 1;
            return true;
        }
        if !matches!(name(node).as_str(), "lazy_static" | "thread_local") {
            return false;
        }
        let Some(LazyStatics(items)) = self.reparse(node) else { return false };
        for (name, value) in items {
            let value = self.value(&value);
            let name_span = self.at(name.span());
            let end = self.builder.module().span(value).end.max(name_span.end);
            self.bind(Span { start: name_span.start, end }, name_span, &ident(&name), value);
        }
        true
    }

    /// Lowers a macro whose value is used.
    pub(super) fn macro_value(&mut self, node: &Macro) -> ExprId {
        let span = self.macro_span(node);
        if self.reparsed >= MAX_REPARSED {
            return self.unknown(span);
        }
        self.reparsed += 1;
        let value = self.macro_here(node, span);
        self.reparsed -= 1;
        value
    }

    fn macro_here(&mut self, node: &Macro, span: Span) -> ExprId {
        let name = name(node);
        match name.as_str() {
            "format" | "format_args" => {
                let arguments = self.arguments(node);
                self.format(span, &arguments)
            }
            "env" | "option_env" | "dotenv" => match environment_name(node) {
                Some(name) => self.expr(span, ExprKind::Env { name, default: None }),
                None => self.unknown(span),
            },
            // `join!` gives all results, once the futures are done.
            "vec" | "join" | "try_join" | "array" | "smallvec" => match self.reparse::<Elements>(node) {
                Some(Elements(elements)) => self.list_of(span, &elements),
                None => self.unknown(span),
            },
            "concat" => {
                let parts = self.arguments(node).iter().map(|part| self.value(&part.value)).collect();
                self.expr(span, ExprKind::Concat(parts))
            }
            "hashmap" | "btreemap" | "phf_map" | "phf_ordered_map" | "indexmap" => match self.reparse(node) {
                Some(Pairs(pairs)) => {
                    let entries = pairs.iter().map(|(key, value)| self.entry(key, value)).collect();
                    self.expr(span, ExprKind::Object(Object { entries, ty: None }))
                }
                None => self.unknown(span),
            },
            "json" => match self.reparse(node) {
                Some(json) => self.json(&json),
                None => self.unknown(span),
            },
            "dbg" => match self.arguments(node).as_slice() {
                [one] => self.value(&one.value),
                all => self.list_of(span, all),
            },
            "select" => {
                for branch in self.reparse(node).map(|Branches(all)| all).unwrap_or_default() {
                    self.effect(&branch);
                }
                self.unknown(span)
            }
            "matches" => match self.matches_cond(node) {
                Some(cond) => {
                    let holds = self.expr(span, ExprKind::Const("true".to_owned()));
                    let fails = self.expr(span, ExprKind::Const("false".to_owned()));
                    let choices = vec![(cond.assume(true), holds), (cond.assume(false), fails)];
                    self.expr(span, ExprKind::Choice(choices))
                }
                None => self.unknown(span),
            },
            _ => {
                let Some(arguments) = parse(node.tokens.clone(), arguments) else { return self.unknown(span) };
                let args = arguments.iter().map(|argument| self.argument(&argument.value)).collect();
                let callee = self.between(path_first(&node.path), node.bang_token.span);
                let callee = self.name(callee, format!("{name}!"));
                self.expr(span, ExprKind::Call(Call { callee, args, new: false }))
            }
        }
    }

    fn list_of(&mut self, span: Span, items: &[Argument]) -> ExprId {
        let items = items.iter().map(|item| Item { value: self.value(&item.value), spread: false }).collect();
        self.expr(span, ExprKind::List(items))
    }

    fn json(&mut self, json: &Json) -> ExprId {
        match json {
            Json::Object(entries, brace) => {
                let span = self.at(brace.span.join());
                let mut object = Object::default();
                for (key, value) in entries {
                    let key_span = self.span(key);
                    let key = match key {
                        Expr::Lit(literal) => match &literal.lit {
                            Lit::Str(text) => Some(text.value()),
                            _ => None,
                        },
                        _ => None,
                    };
                    let value = self.deeper(|lower| lower.json(value));
                    let value = value.unwrap_or_else(|| self.unknown(span));
                    object.entries.push(Entry::Field { key, key_span, value });
                }
                self.expr(span, ExprKind::Object(object))
            }
            Json::List(items, bracket) => {
                let span = self.at(bracket.span.join());
                let mut list = Vec::new();
                for item in items {
                    let value = self.deeper(|lower| lower.json(item));
                    let value = value.unwrap_or_else(|| self.unknown(span));
                    list.push(Item { value, spread: false });
                }
                self.expr(span, ExprKind::List(list))
            }
            Json::Value(Expr::Path(path)) if path.path.is_ident("null") => {
                let span = self.path_span(&path.path);
                self.expr(span, ExprKind::Null)
            }
            Json::Value(value) => self.value(value),
        }
    }

    fn arguments(&mut self, node: &Macro) -> Vec<Argument> {
        parse(node.tokens.clone(), arguments).unwrap_or_default()
    }

    fn reparse<T: Parse>(&mut self, node: &Macro) -> Option<T> {
        parse(node.tokens.clone(), T::parse)
    }

    pub(super) fn macro_span(&self, node: &Macro) -> Span {
        self.between(path_first(&node.path), node.delimiter.span().close())
    }

    /// What clap, serde, or a derived default gives a field that nobody gives a value:
    /// `#[arg(env = "X", default_value = "y")]`.
    pub(super) fn argument_attribute(
        &mut self,
        field: &str,
        ty: &syn::Type,
        attributes: &[syn::Attribute],
    ) -> Option<ExprId> {
        let (mut variable, mut default) = (None, None);
        for attribute in attributes {
            let path = attribute.path();
            // `#[default(String::from("y"))]`
            if path.is_ident("default") {
                default = attribute.parse_args::<Expr>().ok().map(|value| self.value(&value)).or(default);
                continue;
            }
            if !["arg", "clap", "structopt", "command", "serde"].iter().any(|name| path.is_ident(name)) {
                continue;
            }
            let syn::Meta::List(list) = &attribute.meta else { continue };
            let mut tokens = list.tokens.clone().into_iter().peekable();
            while tokens.peek().is_some() {
                let option: Vec<TokenTree> = tokens.by_ref().take_while(|token| !is_punct(token, ',')).collect();
                let [TokenTree::Ident(name), rest @ ..] = option.as_slice() else { continue };
                let value = match rest {
                    [sign, value @ ..] if is_punct(sign, '=') => {
                        syn::parse2::<Expr>(value.iter().cloned().collect()).ok()
                    }
                    _ => None,
                };
                match (name.to_string().as_str(), value) {
                    ("env", None) if rest.is_empty() => variable = Some((field.to_uppercase(), name.span())),
                    ("env", Some(Expr::Lit(literal))) => {
                        if let Lit::Str(text) = &literal.lit {
                            variable = Some((text.value(), text.span()));
                        }
                    }
                    ("default_value" | "default_value_t", Some(value)) => default = Some(self.value(&value)),
                    ("flatten", None) if rest.is_empty() => return self.flattened(self.at(name.span()), ty),
                    // `#[serde(default = "default_url")]`
                    ("default", Some(Expr::Lit(literal))) if path.is_ident("serde") => {
                        if let Lit::Str(text) = &literal.lit
                            && let Ok(function) = text.parse::<syn::Path>()
                        {
                            let span = self.at(text.span());
                            let callee = self.path(&function);
                            let call = Call { callee, args: Vec::new(), new: false };
                            default = Some(self.expr(span, ExprKind::Call(call)));
                        }
                    }
                    _ => {}
                }
            }
        }
        let span = default.map(|default| self.builder.module().span(default));
        match (variable, default) {
            (Some((name, at)), default) => {
                let span = self.at(at);
                Some(self.expr(span, ExprKind::Env { name, default }))
            }
            // What the command line says comes first.
            (None, Some(right)) => {
                let span = span.unwrap_or_default();
                let left = self.expr(span, ExprKind::Unknown);
                Some(self.expr(span, ExprKind::Fallback { left, right, nullish: true }))
            }
            (None, None) => None,
        }
    }
}

/// The last word of a macro's path.
fn name(node: &Macro) -> String {
    node.path.segments.last().map(|segment| ident(&segment.ident)).unwrap_or_default()
}

/// Whether a macro leaves the function.
pub(super) fn is_exit(node: &Macro) -> bool {
    matches!(name(node).as_str(), "panic" | "unreachable" | "bail" | "todo" | "unimplemented" | "compile_error")
}

/// The variable that `env!("X")` and its kin read.
pub(super) fn environment_name(node: &Macro) -> Option<String> {
    if !matches!(name(node).as_str(), "env" | "option_env" | "dotenv") {
        return None;
    }
    match node.tokens.clone().into_iter().next()? {
        token @ TokenTree::Literal(_) => syn::parse2::<LitStr>(TokenStream::from(token)).ok().map(|name| name.value()),
        _ => None,
    }
}

/// Runs a parser over a macro's tokens.
fn parse<T>(tokens: TokenStream, parser: fn(ParseStream) -> syn::Result<T>) -> Option<T> {
    parser.parse2(tokens).ok()
}

fn arguments(input: ParseStream) -> syn::Result<Vec<Argument>> {
    let all = input.parse_terminated(Argument::parse, Token![,])?;
    Ok(all.into_iter().collect())
}

/// The parts of a `matches!`.
pub(super) struct Matches {
    pub value: Expr,
    pub pat: Pat,
    pub guard: Option<Expr>,
}

impl Parse for Matches {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let value = input.parse()?;
        input.parse::<Token![,]>()?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        let guard = if input.parse::<Option<Token![if]>>()?.is_some() { Some(input.parse()?) } else { None };
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { value, pat, guard })
    }
}

/// Reads a `matches!`.
pub(super) fn matches(node: &Macro) -> Option<Matches> {
    if name(node) != "matches" {
        return None;
    }
    parse(node.tokens.clone(), Matches::parse)
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}
