//! The lowered form of small programs, and what hostile ones do.

use super::*;
use crate::facts::dump::{dump, expr};
use crate::language::Language;

fn lowered(text: &str) -> Module {
    extract(&Source::new("a.rs", Language::Rust, text)).unwrap()
}

/// The dump of a file.
#[track_caller]
fn file(text: &str, expected: &str) {
    let shown = dump(&lowered(text));
    assert_eq!(shown.trim_end(), expected.trim_matches('\n'), "\n{shown}");
}

/// The dump of a function's body, which is `fn1`.
#[track_caller]
fn body(text: &str, expected: &str) {
    let shown = dump(&lowered(&format!("fn f() {{ {text} }}")));
    let shown: Vec<_> = shown.lines().skip_while(|line| !line.starts_with("fn1 ")).skip(1).collect();
    let shown: String = shown.iter().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
    assert_eq!(shown.trim_end(), expected.trim_matches('\n'), "\n{shown}");
}

/// One expression.
#[track_caller]
fn value(text: &str, expected: &str) {
    let module = lowered(&format!("const X: T = {text};"));
    let Some(Stmt::Assign { value, .. }) = module.blocks[0].stmts.last() else { panic!("no constant") };
    assert_eq!(expr(&module, *value), expected);
}

#[test]
fn imports() {
    file(
        "use a::b::{C, D as E, self, f::*}; pub use crate::x::Y; use super::z; use serde as _; use one;
         extern crate std;",
        "
C = import(a.b : C)
E = import(a.b : D)
b = import(a.b)
Y = import(crate.x : Y)
z = import(super : z)
one = import(one)
import * from a.b.f",
    );
}

#[test]
fn paths_through_modules() {
    file(
        "mod config; #[path = \"x.rs\"] mod other;
         const A: T = (crate::config::KEY, super::a::b::C::new, self::A, super::super::f, config::KEY, gone::KEY);",
        "
config = import(config)
A = [import(crate.config : KEY), import(super.a.b : C).new, A, import(super.super : f), config.KEY, gone.KEY]",
    );
    // What leads out of an inline module only can be seen from it anyway.
    file(
        "mod inner {
            use super::*; use super::K; use super::config::{self, KEY as L}; use super::super::M; use self::n::O;
            const A: T = (super::K, super::super::M, self::A);
            mod deeper { const B: T = super::super::K; }
        }",
        "
do
    let L, M, O, A, deeper
    L = config.KEY
    M = import(super : M)
    O = n.O
    A = [K, import(super : M), A]
    do
        let B
        B = K
        deeper = {B: B}
    inner = {L: L, M: M, O: O, A: A, deeper: deeper}",
    );
    // A glob import might bring any name, but not a crate.
    file(
        "use anyhow::*; use b::c; const A: T = (x::y::Z::new, c::D, Z::new, d);",
        "
c = import(b : c)
A = [import(x.y : Z).new, c.D, Z.new, d]
import * from anyhow",
    );
}

#[test]
fn values() {
    for (text, expected) in [
        (r##"r#"a"b"#"##, r#""a\"b""#),
        (r#"b"x""#, r#""x""#),
        (r#"c"x""#, r#""x""#),
        (r#""\u{e9}""#, "\"é\""),
        ("1_000u32", "#1000"),
        ("-1", "#-1"),
        ("true", "#true"),
        ("'a'", "#a"),
        ("None", "null"),
        ("()", "null"),
        ("Some(Ok(&*x?))", "x"),
        ("(x as T)", "x"),
        ("async { x.await }", "x"),
        ("unsafe { x }", "x"),
        ("std::env::var", "std.env.var"),
        ("Vec::<u8>::new", "Vec.new"),
        ("<T as U>::f", "?"),
        ("a.b::<T>(c).d.0", "a.b(c).d.0"),
        ("a[\"k\"]", "a[\"k\"]"),
        ("[a, b]", "[a, b]"),
        ("(a, b)", "[a, b]"),
        ("[a; 3]", "[a]"),
        ("x::Foo { a: 1, b, ..rest }", "Foo {...rest, a: #1, b: b}"),
        ("a + b + \"c\"", "a ++ b ++ \"c\""),
        ("a.unwrap_or(b)", "(a ?? b)"),
        ("a.unwrap_or_default()", "(a ?? \"\")"),
        ("a.unwrap_or_else(|_| b.into())", "(a ?? b.into())"),
        ("a.unwrap_or_else(make)", "(a ?? make())"),
        ("a.unwrap_or_else(|| panic!(\"x\"))", "a"),
        ("a.unwrap_or_else(|_| { log(); std::process::exit(1) })", "a"),
        ("a.or_else(|_| env::var(\"B\"))", "(a ?? env.var(\"B\"))"),
        ("a.map_or(b, |v| v)", "(fn1(a) ?? b)"),
        ("a.parse::<P>().unwrap()", "a.parse(::=P.from_str(a)).unwrap()"),
        ("from_env::<C>()", "from_env(::=C)"),
        ("HashMap::from([(\"k\", v), (K, w)])", "{k: v, [K]: w}"),
        ("if c { a } else { b }", "choice(c => a; !c => b)"),
        ("match p { \"x\" => a, P::Y => b, _ => c }", "choice(p=x => a; p=Y => b; !p=x & !p=Y => c)"),
        ("match f { true => a, false => b }", "choice(f => a; !f => b)"),
        ("match std::env::var(\"X\").ok() { Some(_) => a, None => b }", "choice(env:X => a; !env:X => b)"),
        ("if x.is_none() && !y { a } else { b }", "choice(!x & !y => a; !(!x and !y) => b)"),
        ("if p != \"x\" { a } else { b }", "choice(!p=x => a; p=x => b)"),
    ] {
        value(text, expected);
    }
}

#[test]
fn macros() {
    for (text, expected) in [
        ("format!(\"{}{x}/v1\", a)", "a ++ x ++ \"/v1\""),
        ("format!(\"{0}-{n}-{0}{{\", a, n = b)", "a ++ \"-\" ++ b ++ \"-\" ++ a ++ \"{\""),
        ("format!(\"https://x\")", "\"https://x\""),
        ("format!(\"{:>1$}\", a, b)", "a"),
        ("format!(X)", "?"),
        ("env!(\"X\")", "env(X)"),
        ("option_env!(\"X\").unwrap_or(\"d\")", "(env(X) ?? \"d\")"),
        ("dotenvy_macro::dotenv!(\"X\")", "env(X)"),
        ("vec![a, b(c)]", "[a, b(c)]"),
        ("vec![a; 2]", "[a]"),
        ("tokio::try_join!(a, b)?", "[a, b]"),
        ("concat!(\"a\", \"b\")", "\"a\" ++ \"b\""),
        ("json!({\"a\": x.y, \"b\": [1, null], k: {}})", "{a: x.y, b: [#1, null], [?]: {}}"),
        ("json!({a})", "?"),
        ("matches!(a, X | Y)", "choice((a==X or a==Y) => #true; !a=X & !a=Y => #false)"),
        ("dbg!(a)", "a"),
        ("phf_map! { \"a\" => b }", "{a: b}"),
        ("other!(a, b)", "other!(a, b)"),
        ("other!(a => b)", "?"),
    ] {
        value(text, expected);
    }
    body("info!(target: \"t\", key = %f(x), \"m {}\", y);", "info!(\"t\", f(x), \"m {}\", y)");
    body("bail!(\"no {}\", f(x)); ", "f(x)\nexit");
    file(
        "lazy_static! { /// Doc.\n static ref A: String = env::var(\"A\").unwrap(); pub static ref B: u8 = 1; }
         thread_local!(static C: X = X::new());",
        "A = env.var(\"A\").unwrap()\nB = #1\nC = X.new()",
    );
}

#[test]
fn items() {
    file(
        r#"
fn top() -> u8 { KEY }
const KEY: &str = "k";
static CLIENT: LazyLock<C> = LazyLock::new(|| C::new(KEY));
struct Args {
    #[arg(long, env = "MIX_KEY", hide_env_values = true)]
    key: String,
    #[clap(short, env)]
    base_url: Option<String>,
    n: u8,
}
enum P { A, B { x: u8 } }
impl Args {
    const HOST: &'static str = "h";
    fn new(key: &str, (a, _): (u8, u8)) -> Result<Self> {
        if a > 1 { return Err(bad(a)); }
        Ok(Self { key: key.into(), ..Default::default() })
    }
    fn key(&self) -> &str { &self.key }
}
impl Default for Elsewhere { fn default() -> Self { Self::new() } }
mod inner { const KEY: &str = "other"; }
#[cfg(test)]
mod tests { const KEY: &str = "test"; }
"#,
        r##"
Args = class Args
P = class P
KEY = "k"
CLIENT = LazyLock.new(fn1)
top = fn2
do
    let KEY
    KEY = "other"
    inner = {KEY: KEY}
class Args()
    key = env(MIX_KEY)
    base_url = env(BASE_URL)
    n = ?
    HOST = "h"
    new: fn3
    key: fn4
class P()
    A = P {}
class Elsewhere(Elsewhere)
    is Default
    default: fn5
fn1 _()
    return C.new(KEY)
fn2 top()
    return KEY
fn3 new(key, @p1)
    let a
    a = @p1[#0]
    when a>1
        bad(a)
        exit
    when !a>1
    return Args {...Args.default(), key: key.into()}
fn4 key() [self]
    return self.key
fn5 default()
    return Elsewhere.new()"##,
    );
}

#[test]
fn alternatives() {
    file(
        "#[cfg(debug_assertions)] const U: &str = \"a\"; #[cfg(not(debug_assertions))] const U: &str = \"b\";
         #[cfg(unix)] const V: u8 = 1; #[cfg(test)] const V: u8 = 2;
         fn f() { #[cfg(a)] fn g() {} #[cfg(b)] fn g() {} }",
        "
when cfg:debug_assertions
    U = \"a\"
when !cfg:debug_assertions
    U = \"b\"
V = #1
f = fn1
fn1 f()
    let g
    when cfg:a
        g = fn2
    when cfg:b
        g = fn3
fn2 g()
fn3 g()",
    );
}

#[test]
fn statements() {
    body(
        "let (a, b) = f(); let Foo { c, d: e, .. } = x; let Some(g) = h else { return }; let i; i = 1; let _ = j();",
        "
let @t0, a, b, @t1, c, e, g, i
@t0 = f()
a = @t0[#0]
b = @t0[#1]
@t1 = x
c = @t1.c
e = @t1.d
g = h
i = #1
j()",
    );
    body(
        "s += \"x\"; self.a.b = c; m[\"k\"] = v; *n.lock().unwrap() = w; (p, q) = (q, p);",
        "
let @t0
s = s ++ \"x\"
self.a.b = c
m.k = v
n = w
@t0 = [q, p]
p = @t0[#0]
q = @t0[#1]",
    );
    body(
        "{ let a = 1; f(a); } loop { g(); break; } return h;",
        "
do
    let a
    a = #1
    f(a)
do
    g()
    jump
return h",
    );
    body(
        "for (k, v) in &m.iter() { f(k, v) } while let Some(x) = it.next() { g(x) }",
        "
when always
    let @t0, k, v
    @t0 = each(m)
    k = @t0[#0]
    v = @t0[#1]
    f(k, v)
when always
when it.next()
    let x
    x = it.next()
    g(x)
when !it.next()",
    );
}

#[test]
fn branches() {
    body(
        "if a { f() } else if b { g() }",
        "
when a
    return f()
when !a & b
    return g()
when !a & !b",
    );
    body(
        "if let Ok(k) = std::env::var(\"X\") && relay { f(k); } else { g(); }",
        "
relay
when env:X & relay
    let k
    k = std.env.var(\"X\")
    f(k)
when !(env:X and relay)
    g()",
    );
    body(
        "let k = match env::var(\"X\") { Ok(k) => k, Err(_) => panic!(\"x\") }; f(k)",
        "
let @t0, @t1, k
@t1 = env.var(\"X\")
when env:X
    let k
    k = @t1
    @t0 = k
when !env:X
    exit
k = @t0
return f(k)",
    );
    body(
        "match (a, env::var(\"B\")) { (X, Ok(b)) if b.ok() => f(b), _ => Err(g()) }",
        "
let @t0
@t0 = [a, env.var(\"B\")]
when a=X & env:B & b.ok()
    let @t1, b
    @t1 = @t0
    b = @t1[#1]
    b.ok()
    return f(b)
when !((a==X and env:B) and b.ok())
    g()
    exit",
    );
    body(
        "match p { \"a\" | \"b\" => f(), other => g(other) }",
        "
let @t0
@t0 = p
when (p==a or p==b)
    return f()
when !p=a & !p=b
    let other
    other = @t0
    return g(other)",
    );
}

#[test]
fn blocks_as_values() {
    file(
        "fn f() { let x = { let y = f(); y.z }; let c = |(a, b)| { let d = a; d }; spawn(async move { h().await; }); }",
        "
f = fn1
fn1 f()
    let @t0, x, c
    do
        let y
        y = f()
        @t0 = y.z
    x = @t0
    c = fn2
    spawn(fn3())
fn2 _(@p0)
    let a, b, d
    a = @p0[#0]
    b = @p0[#1]
    d = a
    return d
fn3 _()
    h()",
    );
}

/// What a rule looks at is found from the statements: no expression may be left hanging.
#[track_caller]
fn assert_reachable(text: &str) {
    let module = lowered(text);
    let mut roots: Vec<ExprId> = Vec::new();
    for stmt in module.blocks.iter().flat_map(|block| &block.stmts) {
        match stmt {
            Stmt::Assign { value, .. } | Stmt::Expr(value) | Stmt::Return(Some(value)) => roots.push(*value),
            Stmt::Branch(arms) => {
                roots.extend(arms.iter().flat_map(|arm| &module.block(*arm).tests).filter_map(|test| test.expr));
            }
            Stmt::Block(_) | Stmt::Return(None) | Stmt::Exit | Stmt::Jump => {}
        }
    }
    roots.extend(module.classes.iter().flat_map(|class| &class.fields).filter_map(|field| field.value));
    let mut seen = vec![false; module.exprs.len()];
    while let Some(id) = roots.pop() {
        seen[id.index()] = true;
        module.children(id, |child| roots.push(child));
    }
    let lost: Vec<_> = module.expr_ids().filter(|id| !seen[id.index()]).map(|id| expr(&module, id)).collect();
    assert_eq!(lost, [""; 0]);
}

#[test]
fn every_expression_is_reachable() {
    assert_reachable(
        r#"
#[derive(Parser)]
struct A { #[arg(env)] a: u8 }
const C: u8 = a == b(c);
fn f(A { a, .. }: A) {
    if let P::A | P::B = g() {} else if !(h() || i == j()) && k.is_some() || matches!(l(), M) {}
    while let (X, 1..=2) = m() { n[o()..p()] = q(); }
    let x = match r() { _ => s(), };
    match (t(), u) { (1, _) if v() => {} _ => { w()?.await } }
    let y = if z() == ab { ac() } else { return ad(Err(ae())) };
    y -= af() && return ag();
    *ah() = ai().map_or(aj(), |ak| al(ak)).unwrap_or_else(|_| { am(); an() });
    format!("{} {1:>2$}", ao(), ap(), aq());
    json!({ar(): [as_(), {"x": at()}]});
    let Some(au) = av() else { aw() };
    vec![ax(); ay()];
    let (az, ..) = ba();
    bb::<C> { bc: bd(), ..be() };
    for A { a } in bf().iter().map(|bg| bh(bg)) { break bi(); }
    loop { panic!("{}", bj()) }
}
"#,
    );
}

#[test]
fn spans_are_bytes() {
    let text = "#!/usr/bin/env run\n// é\nconst É: &str = \"é\"; fn f() { g(\"schlüssel\").h(format!(\"ü{}x\", É)) }";
    let source = Source::new("a.rs", Language::Rust, text);
    let module = extract(&source).unwrap();
    let shown: Vec<_> = module
        .expr_ids()
        .map(|id| (expr(&module, id), source.slice(module.span(id))))
        .filter(|(_, text)| !text.starts_with('f'))
        .collect();
    let expected = [
        ("\"é\"", "\"é\""),
        ("g", "g"),
        ("\"schlüssel\"", "\"schlüssel\""),
        ("g(\"schlüssel\")", "g(\"schlüssel\")"),
        ("g(\"schlüssel\").h", "g(\"schlüssel\").h"),
        ("É", "É"),
        ("\"ü\"", "ü"),
        ("\"x\"", "x"),
        ("g(\"schlüssel\").h(\"ü\" ++ É ++ \"x\")", "g(\"schlüssel\").h(format!(\"ü{}x\", É))"),
    ];
    assert_eq!(shown, expected.map(|(expr, text)| (expr.to_owned(), text)));
}

#[test]
fn comments() {
    let text = "f!(); // mixlint: ignore[x] é\n  /* mixlint: a */\nconst A: T = \"// mixlint: no\"; /// mixlint: no\nfn f() {}";
    let source = Source::new("a.rs", Language::Rust, text);
    let comments = extract(&source).unwrap().comments;
    let shown: Vec<_> = comments.iter().map(|comment| (source.slice(comment.span), comment.own_line)).collect();
    assert_eq!(shown, [("// mixlint: ignore[x] é", false), ("/* mixlint: a */", true)]);
}

#[test]
fn refuses_without_quoting() {
    let refused = |text: &str| extract(&Source::new("a.rs", Language::Rust, text)).unwrap_err().to_string();
    assert_eq!(refused("#!x\nfn f() {\n let secret secret; }"), "not parsed: syntax error in line 3");
    assert_eq!(refused("fn f() { \"unclosed"), "not parsed: syntax error in line 1");
    assert_eq!(refused("struct A"), "not parsed: syntax error at the end of the file");
}

/// `open` n times, `middle`, `close` n times, in a place where it is syntax.
fn nested(kind: &str, open: &str, middle: &str, close: &str, levels: usize) -> String {
    let nest = format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
    match kind {
        "expr" => format!("fn f() {{ let x = {nest}; }}"),
        "cond" => format!("fn f() {{ if {nest} {{}} }}"),
        "type" => format!("type A = {nest};"),
        "pat" => format!("fn f() {{ let {nest} = 1; }}"),
        "use" => format!("use {nest};"),
        _ => nest,
    }
}

/// On a small stack nothing that is nested or chained, however deep, ends the process.
#[test]
fn depth_is_bounded() {
    let shapes = [
        ("expr", "(", "1", ")"),
        ("expr", "[", "1", "]"),
        ("expr", "f(", "1", ")"),
        ("expr", "{", "1", "}"),
        ("expr", "{ a; ", "1", "}"),
        ("expr", "if a {", "1", "} else { 2 }"),
        ("expr", "if let Some(x) = y {", "1", "}"),
        ("expr", "match a { _ => ", "1", "}"),
        ("expr", "match a { b => ", "1", "}"),
        ("expr", "async move { a; ", "1", "}"),
        ("expr", "!", "1", ""),
        ("expr", "&", "1", ""),
        ("expr", "-", "1", ""),
        ("expr", "|a|", "1", ""),
        ("expr", "|a, b|", "1", ""),
        ("expr", "||", "1", ""),
        ("expr", "a = ", "1", ""),
        ("expr", "return ", "1", ""),
        ("expr", "if ", "a", " {}"),
        ("expr", "<", "B", " as C>::D"),
        ("expr", "a::<A<", "B", ">>"),
        ("expr", "", "a", ".b"),
        ("expr", "", "a", ".b()"),
        ("expr", "", "a", ".unwrap_or(c)"),
        ("expr", "", "a", "()"),
        ("expr", "", "a", "[0]"),
        ("expr", "", "a", "?"),
        ("expr", "", "a", " as u8"),
        ("expr", "a + ", "a", ""),
        ("expr", "a && ", "a", ""),
        ("expr", "if a {} else ", "{}", ""),
        ("expr", "if a {1} else ", "{2}", ""),
        ("expr", "a!(", "1", ")"),
        ("expr", "vec![", "1", "]"),
        ("expr", "json!([", "1", "])"),
        ("expr", "a { b: ", "1", "}"),
        ("cond", "(a && ", "b", ")"),
        ("cond", "(a || ", "b", ")"),
        ("cond", "a || ", "b", ""),
        ("type", "A<", "B", ">"),
        ("type", "A<B, ", "B", ">"),
        ("type", "&'a ", "B", ""),
        ("type", "*const ", "B", ""),
        ("type", "fn() -> ", "B", ""),
        ("type", "[", "B", "; 3]"),
        ("type", "Box<dyn Fn(", "B", ")>"),
        ("type", "impl A<B = ", "B", ">"),
        ("pat", "(", "a", ",)"),
        ("pat", "&", "a", ""),
        ("pat", "a @ ", "a", ""),
        ("pat", "Some(", "a", ")"),
        ("use", "a::", "b", ""),
        ("use", "a::{", "b", "}"),
        ("item", "mod a {", "", "}"),
        ("item", "fn a() {", "", "}"),
        ("item", "fn a() { if a < b {", "", "}}"),
        ("item", "#[a(", "", ")]"),
        ("item", "a!{", "", "}"),
        ("item", "/*", "", "*/"),
    ];
    let run = move || {
        for (kind, open, middle, close) in shapes {
            for levels in [10, 60, 190, 390, 1000, 6000, 50_000] {
                let text = nested(kind, open, middle, close, levels);
                match extract(&Source::new("a.rs", Language::Rust, text)) {
                    Err(Unparsable::Refused(why)) if why.contains("panick") => panic!("{open} {levels}: {why}"),
                    Err(Unparsable::TooDeep | Unparsable::TooLong) => assert!(levels > 60, "{open} {levels}"),
                    Ok(_) | Err(Unparsable::Refused(_)) => {}
                }
            }
        }
    };
    std::thread::Builder::new().stack_size(4 << 20).spawn(run).unwrap().join().unwrap();
}

/// What is flat may be long.
#[test]
fn long_is_not_deep() {
    let items = "fn f<T: A<B>>(a: &T) -> Vec<T> { if a < b { return c; } else { *d = e << 3; } }\n".repeat(2000);
    let table = format!("const T: [u8; 1] = [{}];", "1 << 3, &a, |x, y| x, -1, ".repeat(5000));
    let arms = format!("fn f() {{ match c {{ {} _ => {{}} }} }}", "'a'..='z' | 'b' if a < 3 => {}\n".repeat(3000));
    let cases = format!("fn f() {{ match c {{ 'a' {} => {{}} _ => {{}} }} }}", " | 'a'..='z'".repeat(3000));
    for (number, text) in [items, table, arms, cases].into_iter().enumerate() {
        assert!(extract(&Source::new("a.rs", Language::Rust, text)).is_ok(), "{number}");
    }
}

#[test]
fn every_prefix() {
    let sample = r##"
#!/x
use a::{b as c, d::*};
/// é /* */
#[arg(env = "X")]
struct S<'a, T: A<B>> { #[arg(env = "É")] a: &'a str, b: Option<T> }
impl<'a> S<'a> { const K: char = '\''; fn n(&self, (a, b): (u8, u8)) -> Self { Self { a: r#"ü"#, ..b } } }
fn f() -> R {
    let x = format!("{}é{y:?}{{", a, y = 'é');
    let Some(k) = env::var("K").unwrap_or_else(|_| "d".into()) else { return Err(e) };
    if let Ok(z) = k && a < b || c { x += &z[1..]; } else if !q { json!({"a": [1, null]}) }
    match (k, 'l') { ("é" | "b", 'a'..='z') if w => loop { break 'o 1 }, _ => panic!("é") }
    for (i, p) in v.iter() { *s.lock() = async move { p?.await }; }
    |a: u8, _| b"x" // mixlint: é
}
"##;
    for (at, _) in sample.char_indices() {
        match extract(&Source::new("a.rs", Language::Rust, &sample[..at])) {
            Err(Unparsable::Refused(why)) => assert!(why.starts_with("syntax error"), "{at}: {why}"),
            Err(Unparsable::TooDeep | Unparsable::TooLong) => panic!("{at}"),
            Ok(_) => {}
        }
    }
}

#[test]
fn traits() {
    file(
        "trait P { const URL: &'static str; fn key(&self) -> String; fn both(&self) -> C { C::new(Self::URL, self.key()) } }
         struct R; impl P for R { const URL: &'static str = \"u\"; fn key(&self) -> String { k() } }",
        "P = class P
R = class R
class P()
    URL = ?
    key = ?
    key: fn1
    both: fn2
class R()
    is P
    URL = \"u\"
    key: fn3
fn1 key() [self]
    @abstractmethod
fn2 both() [self]
    return C.new(self.URL, self.key())
fn3 key() [self]
    return k()",
    );
}
