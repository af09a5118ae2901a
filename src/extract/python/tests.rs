use crate::extract::Unparsable;
use crate::facts::dump::{dump, expr};
use crate::facts::{ExprId, ExprKind, Module, Stmt, Test};
use crate::language::Language;
use crate::source::Source;

fn module(text: &str) -> Module {
    super::extract(&Source::new("a.py", Language::Python, text)).unwrap()
}

/// The dump of a file, against lines given with any common indentation.
#[track_caller]
fn lowers(text: &str, expected: &str) {
    assert_eq!(dump(&module(text)).trim_end(), expected.trim_end(), "\nfor:\n{text}");
}

/// The dump of `x = expression`'s value.
#[track_caller]
fn value(expression: &str, expected: &str) {
    let module = module(&format!("x = {expression}\n"));
    let Some(Stmt::Assign { value, .. }) = module.blocks[0].stmts.last() else { panic!("no assignment") };
    assert_eq!(expr(&module, *value), expected, "for: {expression}");
}

/// The source text of every string, in the order of the facts.
fn string_spans(text: &str) -> Vec<&str> {
    let module = module(text);
    let strings = module.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::Str(_)));
    strings.map(|expr| &text[expr.span.range()]).collect()
}

#[test]
fn imports() {
    lowers(
        "import a\nimport a.b.c, d.e as f\n",
        "a = import(a)\na = import(a)\na.b = import(a.b)\na.b.c = import(a.b.c)\nf = import(d.e)",
    );
    lowers(
        "from a.b import C as D, E\nfrom .config import (KEY,\n  URL as U)\nfrom . import config\nfrom ..pkg.mod import x\n",
        "D = import(a.b : C)\nE = import(a.b : E)\nKEY = import(.config : KEY)\nU = import(.config : URL)\n\
         config = import(. : config)\nx = import(..pkg.mod : x)",
    );
    lowers("from x import *\nfrom __future__ import annotations\n", "import * from x");
    lowers(
        "def f():\n    import a\n    if b:\n        from c import d\n",
        "f = fn1\nfn1 f()\n    a = import(a)\n    when b\n        d = import(c : d)\n    when !b",
    );
}

#[test]
fn assignments() {
    lowers("a = b = 'v'\nc: str\nd: str = 'w'\n", "a = \"v\"\nb = \"v\"\nd = \"w\"");
    lowers(
        "o['k'] = 1\no[k] = 2\na.b.c = 3\na[0]['x'].y = 4\nf().x = C()\n",
        "o.k = #1\no.[?] = #2\na.b.c = #3\na.0.x.y = #4\nC()",
    );
    lowers(
        "a += 'z'\na -= g(1)\no |= {'z': 1}\ndel a, o['k']\n",
        "a = a ++ \"z\"\ng(#1)\na = ?\no.update({z: #1})\na = ?\no.k = ?",
    );
    lowers("x = f(k := 'v')\n", "k = \"v\"\nx = f(k)");
}

#[test]
fn unpacking() {
    lowers("k, u = e['K'], 'u'\n", "k = e[\"K\"]\nu = \"u\"");
    lowers("(m, n) = [1, 2]\n", "m = #1\nn = #2");
    lowers("p, (q, *r), s = f()\n", "p = f()[#0]\nq = f()[#1][#0]\nr = ?\ns = f()[#2]");
    lowers("*a, b = f()\n", "f()\na = ?\nb = ?");
    // Both values are taken before either name is written.
    lowers("k, u = u, k\n", "=0 = u\n=3 = k\nk = =0\nu = =3");
    let module = module("a, b = f()\n");
    let calls = module.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::Call(_))).count();
    assert_eq!(calls, 1, "the right side is lowered once");
}

#[test]
fn strings() {
    value(r#"'a\n\x41\u00e9\'' "#, r#""a\nAé'""#);
    value(r#"r'\n' b"c" u"d" """e""""#, r#""\\ncde""#);
    value("f'https://{host}:{port!r:>{n}}/v1{{}}' 'tail'", r#""https://" ++ host ++ ":" ++ port ++ "/v1{}" ++ "tail""#);
    value("f'{x}'", "x");
    value("f'{x=}'", "?");
    value("'a' + b + (c + 'd')", r#""a" ++ b ++ c ++ "d""#);
    assert_eq!(string_spans("x = f'ab{c}d' 'e'\ny = 'f'\n"), ["ab", "d", "'e'", "'f'"]);
}

#[test]
fn formatting() {
    value("'{}/{name}/{0}{{}}'.format(a, name=b)", r#"a ++ "/" ++ b ++ "/" ++ a ++ "{}""#);
    value("'{:>5}'.format(a)", "a");
    value("'{a.b}'.format(a=c)", r#""{a.b}".format(a=c)"#);
    value("'{}'.format(*a)", r#""{}".format(*a)"#);
    value("'{1}'.format(a)", r#""{1}".format(a)"#);
    value("'x%s/%s%%' % (a, b)", r#""x" ++ a ++ "/" ++ b ++ "%""#);
    value("'x%s' % a", r#""x" ++ a"#);
    value("'%s%s' % a", "a[#0] ++ a[#1]");
    value("'%(u)s/v1' % d", r#"d["u"] ++ "/v1""#);
    value("a % b", "?");
    assert_eq!(string_spans("x = 'ab{}c'.format(d)\n"), ["ab", "c"]);
    lowers("x = 'a{0}'.format(b, c())\n", "c()\nx = \"a\" ++ b");
}

#[test]
fn expressions() {
    value("[1, -2, 1.5, True, None, ..., *y]", "[#1, #-2, #1.5, #True, null, ?, ...y]");
    value("y[0]['k'][i, j]", "y[#0][\"k\"][[i, j]]");
    value("a.B('x', api_key=k, *args, **kw)", "a.B(\"x\", api_key=k, *args, **kw)");
    value("{'a': 1, b: 2, **c, 3: 4}", "{a: #1, [b]: #2, ...c, 3: #4}");
    value("dict(a=1, **b)", "{a: #1, ...b}");
    value("dict(b, a=1)", "{...b, a: #1}");
    value("{**a} | b", "{...{...a}, ...b}");
    value("a if b is not None else c", "choice(b => a; !b => c)");
    value("a or b or 'd'", "((a || b) || \"d\")");
    value("a and b", "choice(a => b; !a => a)");
    value("a == 'x' and b and c", "choice(a=x & b => c; !a=x => #False; a=x & !b => b)");
    value("(await (f()))", "f()");
    value("cast(str, y)", "y");
    value("not y", "choice(!y => #True; y => #False)");
    value("y is not None", "choice(y => #True; !y => #False)");
    lowers("x = lambda u, v=1, *w: g(u)\n", "x = fn1\nfn1 _(u, v = #1, *w)\n    return g(u)");
    // What has no value still makes its calls.
    lowers("x = -C(1).y\ny = len(a) * D()\n", "C(#1).y\nx = ?\nlen(a)\nD()\ny = ?");
}

#[test]
fn comprehensions() {
    lowers("x = [m.id for m in ms if m.ok()]\n", "m = each(ms)\nm.ok()\nx = [m.id]");
    lowers("x = f(m for n in a for m in n)\n", "n = each(a)\nm = each(n)\nx = f([m])");
    lowers(
        "x = {k: C(v) for k, v in d.items()}\n",
        "k = each(d.items())[#0]\nv = each(d.items())[#1]\nx = {[k]: C(v)}",
    );
    lowers("x = {k: v for k, v in d.items() if v is not None}\n", "x = {...d}");
    // A variable outside keeps its value.
    lowers(
        "k = 1\nx = [k for k in a]\ny = [lambda k: k for k in b]\nf(k)\n",
        "k = #1\nk@13 = each(a)\nx = [k@13]\nk@42 = each(b)\ny = [fn1]\nf(k)\nfn1 _(k)\n    return k",
    );
}

#[test]
fn loops() {
    lowers(
        "for k, (u, v) in d.items():\n    use(k)\nelse:\n    g()\n",
        "when for@0:k,(u,v)in d.items()\n    k = each(d.items())[#0]\n    u = each(d.items())[#1][#0]\n    \
         v = each(d.items())[#1][#1]\n    use(k)\nwhen !for@0:k,(u,v)in d.items()\ndo\n    g()",
    );
    let module = module("for k, v in d:\n    pass\n");
    let each = module.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::Each(_))).count();
    assert_eq!(each, 1, "both variables are of one row");
    lowers("while a:\n    a = 1\n", "when while@0:a\n    a = #1\nwhen !while@0:a");
}

#[test]
fn branches() {
    lowers(
        "if a == 'x':\n    b = 1\nelif not c:\n    b = 2\n",
        "when a=x\n    b = #1\nwhen !a=x & !c\n    b = #2\nwhen !a=x & c",
    );
    lowers("if a: b = 1\nelse: b = 2\n", "when a\n    b = #1\nwhen !a\n    b = #2");
    lowers("if (k := f()): pass\n", "k = f()\nwhen k\nwhen !k");
    // Every test's expression is at the branch.
    let module = module("a = 1\nif b.c == 'x': pass\n");
    let (id, _) = module.exprs.iter().enumerate().find(|(_, e)| matches!(e.kind, ExprKind::Member(..))).unwrap();
    assert_eq!(module.points[id].1, 1);
}

#[test]
fn conditions() {
    for (condition, holds, fails) in [
        ("a", "a", "!a"),
        ("a.b ( c )", "a.b(c)", "!a.b(c)"),
        ("a is None", "!a", "a"),
        ("a != None", "a", "!a"),
        ("a is not None and b", "a & b", ""),
        ("a == 'x'", "a=x", "!a=x"),
        ("3 != a", "!a=3", "a=3"),
        ("a is True", "a=True", "!a=True"),
        ("a == b", "a==b", "!a==b"),
        ("a != b", "!a==b", "a==b"),
        ("a not in b", "!a in b", "a in b"),
        ("a in ('x',)", "a=x", "!a=x"),
        ("a not in ['x', 'y']", "!a=x & !a=y", ""),
        ("not (a or b)", "!a & !b", ""),
        ("os.environ['X']", "env:X", "!env:X"),
        ("os.environ.get('X')", "env:X", "!env:X"),
        ("os.getenv('X', None) == 'y'", "env:X=y", "!env:X=y"),
        ("os.getenv('X', 'd')", "os.getenv('X','d')", "!os.getenv('X','d')"),
        ("'X' in os.environ", "env:X", "!env:X"),
        ("'X' not in environ", "!env:X", "env:X"),
        ("x > 3", "x>3", "!x>3"),
        ("1 < x < 3", "1<x<3", "!1<x<3"),
    ] {
        let dump = dump(&module(&format!("if {condition}: pass\n")));
        let arms: Vec<_> = dump.lines().filter_map(|line| line.strip_prefix("when ")).collect();
        assert_eq!(arms[0], holds, "{condition}");
        if !fails.is_empty() {
            assert_eq!(arms[1], fails, "{condition}");
        }
    }
}

#[test]
fn long_chains_stay_small() {
    let mut text = String::from("if a == 0: pass\n");
    for number in 1..2000 {
        text.push_str(&format!("elif a == {number}: pass\n"));
    }
    let module = module(&text);
    assert!(module.blocks.iter().all(|block| block.tests.len() <= 1));
}

#[test]
fn matches() {
    lowers(
        "match p.name:\n    case 'a': x = 1\n    case None: x = 2\n    case 3 if g: x = 3\n    case _: x = 4\n    \
         case 'late': x = 5\n",
        "p.name\nwhen p.name=a\n    x = #1\nwhen !p.name=a & !p.name\n    x = #2\nwhen !p.name=a & p.name & p.name=3 & g\n    \
         x = #3\nwhen !p.name=a & p.name & !(p.name==3 and g)\n    \
         x = #4",
    );
    // Where none of several was taken, each is known to be wrong.
    let dump = dump(&module("match p:\n    case 'a' | 'b': x = 1\n    case _: x = 2\n"));
    assert!(dump.contains("when !p=a & !p=b\n    x = #2"), "{dump}");
}

#[test]
fn patterns() {
    lowers(
        "match p:\n    case A.B: x = 1\n    case C(d, e=f): x = 2\n    case other: x = other\n",
        "p\nwhen p==A.B\n    x = #1\nwhen !p==A.B & p==C(d,e=f)\n    f = ?\n    d = ?\n    x = #2\n\
         when !p==A.B & !p==C(d,e=f)\n    other = p\n    x = other",
    );
    lowers("match p:\n    case 1 as n: x = n\n", "p\nwhen p=1\n    n = p\n    x = n\nwhen !p=1");
}

#[test]
fn errors_and_resources() {
    lowers(
        "try:\n    import a\nexcept E as e:\n    a = None\nexcept (F, G):\n    sys.exit(1)\nelse:\n    f()\nfinally:\n    g()\n",
        "do\n    a = import(a)\nwhen except@18\n    e = ?\n    a = null\nwhen !except@18 & except@46\n    sys.exit(#1)\n    \
         exit\nwhen !except@18 & !except@46\n    f()\ndo\n    g()",
    );
    lowers("try: a()\nfinally: b()\n", "do\n    a()\ndo\n    b()");
    lowers("with open(p) as h, C() as c.d, e():\n    c.go()\n", "h = open(p)\nc.d = C()\ne()\ndo\n    c.go()");
    lowers(
        "async def f():\n    async with C() as (a, b):\n        pass\n",
        "f = fn1\nfn1 f()\n    a = C()[#0]\n    b = C()[#1]\n    do",
    );
    lowers("raise E(f()) from g\n", "E(f())\nexit");
    lowers("assert C(), 'm'\nexit()\n", "C()\n\"m\"\nexit()\nexit");
}

#[test]
fn functions() {
    lowers(
        "@deco(1)\nasync def f(a, b: int = 1, /, c=X(), *, d, e: str = 'x', **kw) -> str:\n    'doc'\n    global G\n    return await b\n",
        "f = fn1\nfn1 f(a, b = #1, c = X(), kw d, kw e = \"x\", **kw)\n    @deco(#1)\n    return b",
    );
    lowers("def f(*args, k=1): pass\n", "f = fn1\nfn1 f(*args, kw k = #1)");
    let found = module("def f():\n    global a, b\n    def g():\n        yield C()\n    nonlocal c\n");
    assert_eq!(found.functions[1].outer_names, ["a", "b", "c"]);
    assert!(found.functions[2].generator && !found.functions[1].generator);
    assert_eq!(found.functions[2].parent.map(|func| func.0), Some(1));
    let text = "x = 1\ndef f(a, b=2): pass\n";
    let found = module(text);
    assert_eq!(found.functions[1].at.map(|(block, index)| (block.0, index)), Some((0, 1)));
    let params: Vec<_> = found.functions[1].params.iter().map(|param| &text[param.span.range()]).collect();
    assert_eq!(params, ["a", "b"]);
}

#[test]
fn classes() {
    lowers(
        "@dataclass\nclass S(Base, metaclass=M):\n    'doc'\n    key: str\n    url: str = 'u'\n    client = C(base_url=url)\n    \
         a, b = f()\n    class Config:\n        env = 1\n    def __init__(self, key=url):\n        self.key = url\n    \
         @staticmethod\n    def st(a): return a\n    @classmethod\n    def cm(cls, *a): pass\n",
        "C(base_url=class S.url)\nf()\nS = class S\nclass S(Base)\n    @dataclass\n    key = ?\n    url = \"u\"\n    client = C(base_url=class S.url)\n    \
         a = f()[#0]\n    b = f()[#1]\n    Config = class Config\n    __init__: fn1\n    st: fn2\n    cm: fn3\n\
         class Config()\n    env = #1\nfn1 __init__(key = class S.url) [self]\n    self.key = url\n\
         fn2 st(a)\n    @staticmethod\n    return a\nfn3 cm(*a) [cls]\n    @classmethod",
    );
    let found = module("a = 1\nif b:\n    class C:\n        x = f()\n        def g(self): pass\n");
    let at = found.functions[1].at.unwrap();
    assert_eq!(found.block(at.0).parent.map(|(block, index)| (block.0, index)), Some((0, 1)));
    assert_eq!(at.1, 1, "after the field's value, before the class's own statement");
}

#[test]
fn comments() {
    let text = "a = 1  # mixlint: ignore[x]\n    # mixlint: ignore[y] why\n# other\nb = '# mixlint: no'\n";
    let found = module(text);
    let comments: Vec<_> = found.comments.iter().map(|c| (&text[c.span.range()], c.own_line)).collect();
    assert_eq!(comments, [("# mixlint: ignore[x]", false), ("# mixlint: ignore[y] why", true)]);
}

#[test]
fn recovers_from_syntax_errors() {
    let found = module("a = C(key='x')\nif (:\nb = D()\n)\nc = E(\n");
    assert!(found.recovered);
    let dump = dump(&found);
    assert!(dump.contains("C(key=\"x\")") && dump.contains("D()"), "{dump}");
    assert!(!module("a = 1\n").recovered);
}

const SAMPLE: &str = r##"
import os, sys as system
from openai import OpenAI as Client, AsyncOpenAI
from .config import *
@dataclass
class Settings(Base, metaclass=Meta):
    key: str = os.environ["K"]
    url = f"https://{HOST!r:>{width}}/v1" "tail"
    def connect(self, *args, timeout=3, **kw) -> Client:
        """Connects."""
        try:
            with open(self.path) as handle, (yield lock):
                key, *rest = [line.strip() for line in handle if line and not line.startswith("#")]
        except (OSError, ValueError) as error:
            raise RuntimeError("é %s" % error) from error
        else:
            return Client(api_key=key, base_url=self.url or "{}/v1".format(self.host), **{**kw, "x": lambda a, b=1: a})
match os.getenv("P"):
    case "a" | 'b' if x: y = {k: v for k, v in d.items()}
    case Point(x=0) as p: del y["k"], z
    case _: sys.exit(1)
for i, (name, row) in enumerate(rows):
    if (n := len(row)) > 3 and name in ("a", "b") or not row: opts |= {"a": -1}
    elif a is None: a, b = b, a
    else: c.d["e"].f += r"\d" + b'x' + "\x41\u00e9"
"##;

/// Every expression with a value is held by something, and points and spans make sense.
#[track_caller]
fn check(text: &str, module: &Module) {
    let mut held = vec![false; module.exprs.len()];
    let mut hold = |id: ExprId| held[id.index()] = true;
    let tested = |test: &Test| [test.expr, test.value.as_ref().and_then(|value| value.member)].into_iter().flatten();
    for id in module.expr_ids() {
        module.children(id, &mut hold);
        if let ExprKind::Choice(arms) = module.kind(id) {
            arms.iter().flat_map(|(tests, _)| tests).flat_map(tested).for_each(&mut hold);
        }
    }
    for stmt in module.blocks.iter().flat_map(|block| &block.stmts) {
        match stmt {
            Stmt::Assign { value, .. } | Stmt::Expr(value) | Stmt::Return(Some(value)) => hold(*value),
            Stmt::Branch(arms) => {
                arms.iter().flat_map(|arm| &module.block(*arm).tests).flat_map(tested).for_each(&mut hold);
            }
            Stmt::Block(_) | Stmt::Return(None) | Stmt::Exit | Stmt::Jump => {}
        }
    }
    for function in &module.functions {
        function.params.iter().filter_map(|param| param.default).for_each(&mut hold);
        function.decorators.iter().copied().for_each(&mut hold);
    }
    for class in &module.classes {
        class.fields.iter().filter_map(|field| field.value).for_each(&mut hold);
        class.bases.iter().chain(&class.decorators).copied().for_each(&mut hold);
    }
    for (id, held) in module.expr_ids().zip(held) {
        let kind = module.kind(id);
        assert!(held || matches!(kind, ExprKind::Unknown | ExprKind::Const(_)), "{kind:?}");
        assert!(text.get(module.span(id).range()).is_some());
        let (block, index) = module.points[id.index()];
        assert!(index as usize <= module.block(block).stmts.len());
    }
}

#[test]
fn every_prefix_is_lowered() {
    for end in (0..=SAMPLE.len()).filter(|&end| SAMPLE.is_char_boundary(end)) {
        let text = &SAMPLE[..end];
        check(text, &module(text));
    }
    for start in (0..SAMPLE.len()).step_by(3).filter(|&start| SAMPLE.is_char_boundary(start)) {
        let text = &SAMPLE[start..];
        check(text, &module(text));
    }
}

#[test]
fn deep_nesting_is_no_harm() {
    let many = 100_000;
    let some = 20_000;
    let ifs: String = (0..300).map(|depth| format!("{}if a:\n", " ".repeat(depth))).collect();
    let texts = [
        "(".repeat(many),
        format!("x = {}1{}", "(".repeat(many), ")".repeat(many)),
        "[".repeat(many),
        format!("x = {}{}", "[".repeat(many), "]".repeat(many)),
        format!("x = {}", "{".repeat(many)),
        format!("if {}x: pass", "not ".repeat(many)),
        format!("x = {}1", "-".repeat(many)),
        format!("x = {}1", "- ".repeat(some)),
        format!("x = {}b", "a.".repeat(many)),
        format!("{}b = 1", "a.".repeat(many)),
        format!("x = a{}", "()".repeat(some)),
        format!("x = a{}", "[0]".repeat(some)),
        format!("x = a{}", " + a".repeat(many)),
        format!("x = a{}", " - a".repeat(some)),
        format!("x = a{}", " or a".repeat(some)),
        format!("if a{}: pass", " and a".repeat(some)),
        format!("x = {}a", "a if b else ".repeat(some)),
        format!("x = {}a", "lambda: ".repeat(some)),
        format!("x = {}a", "await ".repeat(some)),
        format!("{}1", "a = ".repeat(some)),
        format!("x = {}", "f'{".repeat(1000)),
        format!("{}a{} = b", "(".repeat(some), ",)".repeat(some)),
        format!("{ifs}{}pass", " ".repeat(300)),
        format!("{}pass", "if a: ".repeat(some)),
    ];
    let run = move || {
        for text in texts {
            let module = module(&text);
            check(&text, &module);
        }
    };
    std::thread::Builder::new().stack_size(4 << 20).spawn(run).unwrap().join().unwrap();
}

/// Two bytes for each block and one for a string are one more than the scanner has room for.
#[test]
fn too_many_indentations_are_refused() {
    let steps = |count: usize, space: &str, line: &str| -> String {
        (0..count).map(|depth| format!("{}{line}\n", space.repeat(depth))).collect()
    };
    let extracted = |text: String| super::extract(&Source::new("a.py", Language::Python, text));
    for text in [steps(600, " ", "if a('b'):"), steps(600, "\t", "if a(f'{b}'):"), steps(600, "\\\n ", "if a('b'):")] {
        assert!(matches!(extracted(text), Err(Unparsable::TooDeep)));
    }
    let wide = format!("if a:\n{}b\n", " ".repeat(70_000));
    assert!(matches!(extracted(wide), Err(Unparsable::TooDeep)));
    // One by one back is none in the other; many lines of few widths are usual.
    assert!(extracted(steps(300, " ", "if a('b'):") + "c\n").is_ok());
    assert!(extracted("if a:\n    b\n\tc\n".repeat(2000)).is_ok());
}
