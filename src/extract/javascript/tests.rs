use std::fmt::Write;

use crate::extract::Unparsable;
use crate::facts::dump::dump;
use crate::facts::{Expr, ExprKind, Module, Stmt};
use crate::language::Language;
use crate::source::Source;

fn module_as(language: Language, text: &str) -> Module {
    super::extract(&Source::new("a", language, text)).unwrap()
}

fn module(text: &str) -> Module {
    module_as(Language::TypeScript, text)
}

/// The dump of a file, against the lines expected.
#[track_caller]
fn lowers(text: &str, expected: &[&str]) {
    let module = module(text);
    assert!(!module.recovered, "syntax error in:\n{text}");
    assert_eq!(dump(&module).lines().collect::<Vec<_>>(), expected, "\nfor:\n{text}");
}

/// The dump of `x = expression`.
#[track_caller]
fn value(expression: &str, expected: &str) {
    let text = format!("x = {expression};");
    let dump = dump(&module_as(Language::Tsx, &text));
    assert_eq!(dump.trim_end(), format!("x = {expected}"), "for: {expression}");
}

/// The source text of each expression of a kind, in the order of the facts.
fn spans(text: &str, wanted: fn(&Expr) -> bool) -> Vec<&str> {
    module(text).exprs.iter().filter(|expr| wanted(expr)).map(|expr| &text[expr.span.range()]).collect()
}

#[test]
fn imports() {
    lowers(
        "import X, {A as B, type T, 'a-b' as C} from 'm';\nimport * as ns from \"n\";\nimport rq = require('q');\n\
         import type Z from 'z';\nimport {typeof Y} from 'y';\nimport 'side';\nimport al = ns.b.c;",
        &[
            "X = import(m : default)",
            "B = import(m : A)",
            "C = import(m : a-b)",
            "ns = import(n)",
            "rq = import(q)",
            "al = ns.b.c",
        ],
    );
    lowers(
        "const a = require('a'), {OpenAI: O} = require(`b`);\nconst {D} = await import('d');\nf(require('e').g);",
        &[
            "let a, @t0, O, @t1, D",
            "a = import(a)",
            "@t0 = import(b)",
            "O = @t0.OpenAI",
            "@t1 = import(d)",
            "D = @t1.D",
            "f(import(e).g)",
        ],
    );
    lowers(
        "const o = __importDefault(require('openai')), n = tslib_1.__importStar(require('n'));\n\
         const c = new o.default({ key: (0, env_1.get)('X') });",
        &["let o, n, c", "o = import(openai)", "n = import(n)", "c = new o.default({key: env_1.get(\"X\")})"],
    );
}

#[test]
fn exports() {
    lowers(
        "export {a as b, c};\nexport {A as B, default} from 'm';\nexport * from 's';\nexport * as t from 'u';\n\
         export default foo(1);\nexport const x = 1;\nexport type {T} from 't';\nexport {type U as V};",
        &[
            "let x",
            "x = #1",
            "import * from s",
            "export b = a",
            "export B = import(m : A)",
            "export default = import(m : default)",
            "export t = import(u)",
            "export default = foo(#1)",
        ],
    );
    lowers(
        "export default function f() {}\nexport default class {}",
        &["f = fn1", "class ()", "fn1 f()", "export default = f", "export default = class "],
    );
    lowers(
        "module.exports = {a, b: 1, ...c};\nmodule.exports.d = e;\nexports.f = exports.g = h;\nexports.i = void 0;",
        &[
            "export default = {a: a, b: #1, ...c}",
            "export a = a",
            "export b = #1",
            "export d = e",
            "export g = h",
            "export f = h",
        ],
    );
    lowers(
        "if (a) { exports.b = c() }\nfunction f(module) { module.exports = 1 }\nexport = g;",
        &[
            "when a",
            "    @t0 = c()",
            "when !a",
            "f = fn1",
            "fn1 f(module)",
            "    module.exports = #1",
            "export b = @t0",
            "export default = g",
        ],
    );
}

#[test]
fn declarations() {
    lowers(
        "const a = 1; let b; var c = 2, c, d; using e = f();",
        &["let a, b, e", "a = #1", "b = undefined", "c = #2", "d = undefined", "e = f()"],
    );
    lowers(
        "const {apiKey: k = 'x', ...r} = opts, {a: {b: [c, , d = 1]}} = f();",
        &[
            "let k, r, @t0, c, d",
            "k = (opts.apiKey ?? \"x\")",
            "r = {...opts, apiKey: undefined}",
            "@t0 = f()",
            "c = @t0.a.b[#0]",
            "d = (@t0.a.b[#2] ?? #1)",
        ],
    );
    lowers(
        "var [x, {y} = {}, ...[z]] = s.t; ({p, q: o.r, 'w': w, [v()]: u} = process.env);",
        &[
            "let @t0",
            "x = s.t[#0]",
            "@t0 = (s.t[#1] ?? {})",
            "y = @t0.y",
            "z = ?",
            "p = process.env.p",
            "o.r = process.env.q",
            "w = process.env.w",
            "v()",
            "u = ?",
        ],
    );
}

#[test]
fn assignments() {
    lowers(
        "a.b.c = 1; a['k'] = 2; a[i()] = 3; this.x = 4; (a as any)!.d = 5; f().x = 6; delete a.b;",
        &["a.b.c = #1", "a.k = #2", "i()", "a.[?] = #3", "this.x = #4", "a.d = #5", "f()", "#6", "a.b = undefined"],
    );
    lowers(
        "a ||= b; a.x ??= c(); a += 's'; a -= g(); a++; this.n--;",
        &["a = (a || b)", "a.x = (a.x ?? c())", "a = a ++ \"s\"", "g()", "a = ?", "a = ?", "this.n = ?"],
    );
    lowers("x = y.z = f(); g(h = 3);", &["y.z = f()", "x = y.z", "h = #3", "g(h)"]);
    lowers(
        "a && (b.c = d); const m = a || (a = n()); x = c ? (y = 1) : 2;",
        &[
            "let m",
            "when a",
            "    b.c = d",
            "when !a",
            "when a",
            "when !a",
            "    a = n()",
            "m = (a || a)",
            "when c",
            "    y = #1",
            "when !c",
            "x = choice(c => y; !c => #2)",
        ],
    );
}

#[test]
fn names_of_outer_functions() {
    let module = module(
        "let client, n;\nfunction f(p, {q}) { client = 1; p = q = 2; var v = 3; let w = 4; w = 5; v = 6; n++;\n\
         const g = () => { v = client; x.y = 1 } }",
    );
    let outer: Vec<_> = module.functions.iter().map(|function| function.outer_names.join(" ")).collect();
    assert_eq!(outer, ["", "client n", "v"]);
}

#[test]
fn expressions() {
    value("[1.5, -1, true, null, undefined, void 0, /x/]", "[#1.5, #-1, #true, null, undefined, undefined, ?]");
    value("[a?.b?.['c'], a[0][i], a.#p, [, b], [...c]]", "[a.b[\"c\"], a[#0][i], a.#p, [undefined, b], [...c]]");
    value("[new A, new B.C(...c), f?.(d), import.meta.env.X]", "[new A(), new B.C(*c), f(d), import.meta.env.X]");
    value("(await (a as B)!) satisfies C", "a");
    value(
        "{d, 'e-f': 1, ['g']: 2, [h]: 3, 4: 5, ...o, undefined}",
        "{d: d, e-f: #1, g: #2, [h]: #3, 4: #5, ...o, undefined: undefined}",
    );
    value("a ?? (b || c)", "(a ?? (b || c))");
    value("a && b", "choice(a => b; !a => a)");
    value("{...(m === 'r' && {k: 1})}", "{...choice(m=r => {k: #1}; !m=r => #false)}");
    value("{...(b && {k: 1}), ...c}", "{...choice(b => {k: #1}; !b => #false), ...c}");
    value("a !== 'x' ? 1 : b ? 2 : 3", "choice(!a=x => #1; a=x => choice(b => #2; !b => #3))");
    value("process.env!['A B']", "process.env[\"A B\"]");
    lowers("y = (1, f(), g);", &["f()", "y = g"]);
    lowers(
        "y = [typeof f(), !h(2), f() > g(3), a == b, i++];",
        &["f()", "h(#2)", "f()", "g(#3)", "i = ?", "y = [?, ?, ?, ?, ?]"],
    );
    lowers(
        "y = {m() { return this.x }, get n() { return 1 }, set n(v) {}, async *o() {}};",
        &[
            "y = {m: fn1, n: fn2(), o: fn4}",
            "fn1 m() [this]",
            "    return this.x",
            "fn2 n() [this]",
            "    return #1",
            "fn3 n(v) [this]",
            "fn4 o() [this]",
        ],
    );
}

#[test]
fn strings() {
    value(
        r#"["a\x41\u{42}\u0043\n\'\q", 'é\ud83d\ude00', "\u12", "a\
b"]"#,
        r#"["aABC\n'q", "é😀", "u12", "ab"]"#,
    );
    value(
        "[`p`, `a${b}c${d}`, String.raw`\\n${x}`, gql`q${r}`]",
        r#"["p", "a" ++ b ++ "c" ++ d, "\\n" ++ x, gql("q" ++ r)]"#,
    );
    value("'a' + b + (c + 1)", "\"a\" ++ b ++ c ++ #1");
    let strings = spans("x = 'a' + `b${c}d\\n${'e'}` + \"\" + `f`;", |expr| matches!(expr.kind, ExprKind::Str(_)));
    assert_eq!(strings, ["'a'", "b", "d\\n", "'e'", "\"\"", "`f`"]);
}

#[test]
fn jsx() {
    value("<a b={f()} c=\"d\" {...e}>text {g(h)} <B.C i=<j k={l} /> /> {/* no */}</a>", "[f(), e, g(h), l]");
    value("<a/>", "?");
}

#[test]
fn conditions() {
    lowers(
        "if (process.env.A === 'b') x(); else if (!!Deno.env.get('B')) y(); else if (c == null || d) z(); else w();",
        &[
            "Deno.env.get(\"B\")",
            "when env:A=b",
            "    x()",
            "when !env:A=b & env:B",
            "    y()",
            "when !env:A=b & !env:B & (!c or d)",
            "    z()",
            "when !env:A=b & !env:B & c & !d",
            "    w()",
        ],
    );
    for (condition, test) in [
        ("a", "a"),
        ("!a . b", "!a.b"),
        ("!!(a)", "a"),
        ("Boolean(a)", "a"),
        ("'x' == a", "a=x"),
        ("a !== `x`", "!a=x"),
        ("a === -1", "a=-1"),
        ("a != null", "a"),
        ("undefined === a", "!a"),
        ("a === void 0", "!a"),
        ("typeof a !== 'undefined'", "a"),
        ("process.env['X']", "env:X"),
        ("import.meta.env.X", "env:X"),
        ("Bun.env.X", "env:X"),
        ("env.X", "env.X"),
        ("process?.env?.X", "env:X"),
        ("a && b === 'c' && !d", "a & b=c & !d"),
        ("!(a || b)", "!a & !b"),
        ("a > 1", "a>1"),
        ("1 === 2", "1===2"),
        ("['a', 'b'].includes(m)", "(m==a or m==b)"),
    ] {
        let dump = dump(&module(&format!("if ({condition}) f();")));
        let when = dump.lines().find_map(|line| line.strip_prefix("when "));
        assert_eq!(when, Some(test), "{condition}");
    }
}

#[test]
fn branches() {
    lowers(
        "a ? b() : (c ? d() : e()); f || g(); h ?? process.exit();",
        &[
            "when a",
            "    b()",
            "when !a & c",
            "    d()",
            "when !a & !c",
            "    e()",
            "when !f",
            "    g()",
            "when f",
            "when !h",
            "    process.exit()",
            "    exit",
            "when h",
        ],
    );
    lowers(
        "switch (p) { default: h(); case 'a': f(); break; case 'b': case 'c': { g() } }\n\
         switch (true) { case q === 'r': i() }",
        &[
            "when p=a",
            "    f()",
            "when !p=a & (p==b or p==c)",
            "    g()",
            "when !p=a & !p=b & !p=c",
            "    h()",
            "when q=r",
            "    i()",
            "when !q=r",
        ],
    );
    lowers(
        "try { a() } catch ({message}) { b() } finally { c() }\nl: { return d }",
        &[
            "do",
            "    a()",
            "when catch@12",
            "    let message",
            "    message = ?.message",
            "    b()",
            "when !catch@12",
            "do",
            "    c()",
            "do",
            "    return d",
        ],
    );
    lowers("throw new E(); process.exit(1);", &["new E()", "exit", "process.exit(#1)", "exit"]);
}

#[test]
fn loops() {
    let text = "for (const [k, v] of Object.entries(o)) { f(k, v) }\nfor (n in o) n();";
    lowers(
        text,
        &[
            "when loop@0",
            "    let k, v",
            "    k = each(Object.entries(o))[#0]",
            "    v = each(Object.entries(o))[#1]",
            "    f(k, v)",
            "when !loop@0",
            "when loop@52",
            "    n = each(Object.keys(o))",
            "    n()",
            "when !loop@52",
        ],
    );
    let module = module(text);
    assert_eq!(module.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::Each(_))).count(), 2);
    lowers(
        "for (let i = 0; i < f(); i++) g(i);\nwhile (x()) y();\ndo { z() } while (w());",
        &[
            "when loop@0",
            "    let i",
            "    i = #0",
            "    f()",
            "    g(i)",
            "    i = ?",
            "when !loop@0",
            "when loop@36",
            "    x()",
            "    y()",
            "when !loop@36",
            "do",
            "    z()",
            "w()",
        ],
    );
}

#[test]
fn functions() {
    lowers(
        "function f(a = g(), {b, c: {d}}: T = {}, [e], ...r) { a = 1 }\nconst h = async (x) => x.y, i = z => ({z});",
        &[
            "let h, i",
            "f = fn1",
            "h = fn2",
            "i = fn3",
            "fn1 f(a = g(), @p1 = {}, @p2, *r)",
            "    let b, d, e",
            "    b = @p1.b",
            "    d = @p1.c.d",
            "    e = @p2[#0]",
            "    a = #1",
            "fn2 _(x)",
            "    return x.y",
            "fn3 _(z)",
            "    return {z: z}",
        ],
    );
    let module = module("function* a() {}\nasync function b() { await c }\nconst d = { *e() { yield f() } };");
    assert_eq!(module.functions.iter().map(|f| f.generator).collect::<Vec<_>>(), [false, true, false, true]);
}

#[test]
fn classes() {
    lowers(
        "@dec({a: 1}) export class A<T> extends B.C<T> implements I {\n x = 1; static y = env(); private z: string; declare d: 1;\n\
         constructor(private readonly k: string, public l = 'm', u) { super(u) }\n get w() { return 1 }\n\
         @get('/') async n() {}\n run = async () => this.x;\n static { s() } }",
        &[
            "let A",
            "do",
            "    s()",
            "A = class A",
            "class A(B.C)",
            "    @dec({a: #1})",
            "    x = #1",
            "    y = env()",
            "    z = ?",
            "    constructor: fn1",
            "    w: fn2",
            "    n: fn3",
            "    run: fn4",
            "fn1 constructor(k, l = \"m\", u) [this]",
            "    this.k = k",
            "    this.l = l",
            "    super(u)",
            "fn2 w() [this]",
            "    @property",
            "    return #1",
            "fn3 n() [this]",
            "    @get(\"/\")",
            "fn4 run() [this]",
            "    return this.x",
        ],
    );
    let text = "const A = class B extends C { #p = 1; static async m() {} 'q'() {} };";
    assert_eq!(
        dump(&module_as(Language::JavaScript, text)),
        "let A\nA = class B\nclass B(C)\n    #p = #1\n    m: fn1\n    q: fn2\nfn1 m() [this]\nfn2 q() [this]\n"
    );
}

#[test]
fn typescript() {
    lowers(
        "enum E { A, B = 'b', C = 4, D }\nnamespace N { export const x = 1 }\ndeclare const d: string;\n\
         interface I { x: 1 }\ntype T = string;\nfunction f(): void;\nabstract class G { abstract h(): void }\n\
         const j = <T>k(), l = m<T>;",
        &[
            "let E, N, G, j, l",
            "E = {A: #0, B: \"b\", C: #4, D: #5}",
            "do",
            "    let x",
            "    x = #1",
            "    N = {x: x}",
            "G = class G",
            "j = k()",
            "l = m",
            "class G()",
        ],
    );
    // Types in a `.js` file.
    let module = module_as(Language::JavaScript, "const a: string = f<T>(b as C);");
    assert!(!module.recovered);
    assert_eq!(dump(&module), "let a\na = f(b)\n");
}

#[test]
fn syntax_errors() {
    for (text, expected) in [
        ("const a = f(1);\n@@@ %%\nconst b = g(2);", ["a = f(#1)", "b = g(#2)"]),
        ("function f() { const a = f(1);\nconst b = g(2);", ["a = f(#1)", "b = g(#2)"]),
    ] {
        let module = module(text);
        assert!(module.recovered, "{text}");
        let dump = dump(&module);
        for line in expected {
            assert!(dump.contains(line), "{line} in\n{dump}for\n{text}");
        }
    }
    // What is skipped may have been an option.
    assert_eq!(dump(&module("new A({ b: c, d: 1 2 });")), "new A({b: c, d: #1, ...?})\n");
    assert_eq!(dump(&module("new A(b c: d);")), "new A(b, *?)\n");
}

#[test]
fn comments() {
    let text = "f(); // mixlint: ignore[a]\n  /* mixlint: ignore[b] */ g();\n// no\nconst x = <a>\n  {/* mixlint: ignore[c] */}\n</a>;";
    let module = module_as(Language::Tsx, text);
    let comments: Vec<_> =
        module.comments.iter().map(|comment| (&text[comment.span.range()], comment.own_line)).collect();
    assert_eq!(
        comments,
        [("// mixlint: ignore[a]", false), ("/* mixlint: ignore[b] */", true), ("/* mixlint: ignore[c] */", true)]
    );
}

const SAMPLE: &str = r#"
import OpenAI, { type ClientOptions as Opts } from "openai";
const { KEY: key = "x", ...rest } = process.env, [a, { b }] = f(`p${key}q`);
export class Client<T> extends Base { private c = new OpenAI({ apiKey: key!, ...rest });
  constructor(private k: string, { u = "v" }: Opts = {}) { super(); this.u ||= u ?? `${k}`; }
  @dec() async *run() { for (const [k, v] of Object.entries(o)) { if (k === "a" || !v) yield v; else return; } } }
switch (mode) { case "a": case "b": go(); break; default: try { x() } catch (e) { throw e } finally { z } }
const g = async (q) => q ? <A b={q} {...r}>{/* mixlint: x */ h(q)}</A> : (y && (w = 1), { [k]: 1, get m() { return 2 } });
module.exports = { a, b }; export { g as default }; label: while (i++ < 3) { continue label }
enum E { A = 1, B } namespace N { export const n = <any>1 as const } var s = "\u{1F600}é\x41";
"#;

const LANGUAGES: [Language; 3] = [Language::JavaScript, Language::TypeScript, Language::Tsx];

#[test]
fn no_prefix_panics() {
    for language in LANGUAGES {
        for end in (0..=SAMPLE.len()).filter(|&end| SAMPLE.is_char_boundary(end)) {
            module_as(language, &SAMPLE[..end]);
        }
    }
}

/// Every expression is held by another one, a statement, a default, a field, an export or a test.
#[test]
fn all_expressions_are_reachable() {
    let module = module_as(Language::Tsx, SAMPLE);
    let mut seen = vec![false; module.exprs.len()];
    let mut stack = Vec::new();
    for stmt in module.blocks.iter().flat_map(|block| &block.stmts) {
        match stmt {
            Stmt::Assign { value, .. } | Stmt::Expr(value) | Stmt::Return(Some(value)) => stack.push(*value),
            Stmt::Branch(arms) => {
                stack.extend(arms.iter().flat_map(|arm| &module.block(*arm).tests).filter_map(|test| test.expr))
            }
            _ => {}
        }
    }
    for function in &module.functions {
        stack.extend(function.params.iter().filter_map(|param| param.default));
        stack.extend(&function.decorators);
    }
    for class in &module.classes {
        stack.extend(class.fields.iter().filter_map(|field| field.value));
        stack.extend(class.bases.iter().chain(&class.decorators));
    }
    stack.extend(module.exports.iter().map(|(_, value)| *value));
    while let Some(id) = stack.pop() {
        seen[id.index()] = true;
        module.children(id, |child| stack.push(child));
    }
    let lost: Vec<_> = module.expr_ids().filter(|id| !seen[id.index()]).map(|id| module.kind(id)).collect();
    // The value of `yield` and of `i++` is nobody's.
    assert!(lost.iter().all(|kind| matches!(kind, ExprKind::Unknown)), "{lost:?}");
}

#[test]
fn deep_nesting() {
    let run = || {
        let n = 20_000;
        let mut chain = String::new();
        for arm in 0..n {
            let _ = write!(chain, "if (a === 'b{arm}' || c) d({arm}); else ");
        }
        for (what, text) in [
            ("brackets", format!("x = {}{}", "[".repeat(n), "]".repeat(n))),
            ("open brackets", format!("x = {}", "[".repeat(n))),
            ("parentheses", format!("x = {}a{};", "(".repeat(n), ")".repeat(n))),
            ("braces", format!("{}{}", "{".repeat(n), "}".repeat(n))),
            ("objects", format!("x = {}1{}", "{a:".repeat(n), "}".repeat(n))),
            ("not", format!("if ({}a) x = {}f();", "!".repeat(n), "!".repeat(n))),
            ("ternaries", format!("x = {}1;", "a ? b() : ".repeat(n))),
            ("ternary statements", format!("{}d();", "a ? b() : ".repeat(n))),
            ("members", format!("x = a{}; a{} = 1;", ".b".repeat(n), ".b".repeat(n))),
            ("calls", format!("a{};", ".b(c)".repeat(n))),
            ("plus", format!("x = a{};", " + b()".repeat(n))),
            ("or", format!("x = a{}; a{}", " || b()".repeat(n), " || b()".repeat(n))),
            ("and", format!("x = a{}; if (a{}) c()", " && b()".repeat(n), " && b".repeat(n))),
            ("commas", format!("a{};", ", b()".repeat(n))),
            ("assignments", format!("{}f();", "a = ".repeat(n))),
            ("else if", format!("{chain}e();")),
            ("arrows", format!("x = {}1;", "a => ".repeat(n))),
            ("patterns", format!("const {}a{} = b;", "[".repeat(n), "]".repeat(n))),
            ("elements", format!("x = {}{};", "<a>".repeat(n), "</a>".repeat(n))),
        ] {
            let module = module_as(Language::JavaScript, &text);
            assert!(module.exprs.len() <= text.len(), "{what}");
        }
    };
    std::thread::Builder::new().stack_size(4 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn lists_of_types_that_nobody_closes() {
    let of = |language, text: String| super::parse(&Source::new("a", language, text)).err();
    for language in [Language::TypeScript, Language::Tsx] {
        assert_eq!(of(language, "a<b,\n".repeat(1_000)), Some(Unparsable::TooDeep), "{language:?}");
        for right in
            ["if (a < b) c();\n", "const a = b < c\n", "let a: A<B<C>> = d;\n", "a = (b: C) => d < e, f >= g;\n"]
        {
            assert_eq!(of(language, right.repeat(1_000)), None, "{right}");
        }
    }
    assert_eq!(of(Language::JavaScript, "a<b,\n".repeat(1_000)), None);
}
