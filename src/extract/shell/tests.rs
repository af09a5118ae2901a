use crate::extract::extract as lower;
use crate::facts::dump::dump;
use crate::facts::{EnvSource, ExprKind, Module, Stmt};
use crate::language::Language;
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    let source = Source::new("bin/run.sh", Language::Shell, text);
    let module = lower(&source).unwrap();
    (source, module)
}

fn shows(text: &str, expected: &str) {
    let (_, module) = read(text);
    let expected = expected.trim_start_matches('\n');
    let shown = dump(&module);
    assert_eq!(shown, expected, "\n--- got\n{shown}\n--- wanted\n{expected}");
}

#[test]
fn assignments_and_words() {
    shows(
        "A=1\nB=\"x $A é\"\nC='$no'\nD=a\\ b\nE=\nF=${X:-d}/v1\nG=${X-\"q $r\"}\nH=$(date)\nA+=2\nI=\"\"\nJ='a'b\nK=${X%/}\n\
         L=(-H \"k $A\")\nL[0]=z\nM=$1\nN=$'a\\n'\nO=\"a\\\"\\$b\"",
        r#"
A = "1"
B = "x " ++ env(A) ++ " é"
C = "$no"
D = "a b"
E = ""
F = env(X or "d") ++ "/v1"
G = env(X or "q " ++ env(r))
date()
H = ?
A = env(A) ++ "2"
I = ""
J = "ab"
K = ?
L = ["-H", "k " ++ env(A)]
L.0 = "z"
M = ?
N = "a\n"
O = "a\"$b"
"#,
    );
}

#[test]
fn exports() {
    shows(
        "export A=1 B=$X\nC=3\nexport C\ndeclare -x D=4\nexport E\nE=5\nF=6\nset -a\nG=7\nset +a\nH=8\nexport A=9\n",
        r#"
A = "1"
B = env(X)
C = "3"
D = "4"
E = "5"
F = "6"
G = "7"
H = "8"
A = "9"
env0 Shell "run.sh" runs
    A = "1"
    B = env(X)
    C = "3"
    D = "4"
    E = "5"
    G = "7"
    A = "9"
"#,
    );
}

#[test]
fn conditional_exports_are_uncertain() {
    shows(
        "export A=1\nif [ \"$M\" = x ]; then export A=2; export B=3; fi\n",
        r#"
A = "1"
when M="x"
    A = "2"
    B = "3"
when !M="x"
env0 Shell "run.sh" open runs
    A = "1"
    A = ?
"#
        .replace("M=\"x\"", "M=x")
        .as_str(),
    );
}

#[test]
fn branches() {
    shows(
        "if [ \"$X\" = a ] && [[ -n $Y ]]; then A=1\nelif [[ ! $X == b ]]; then A=2\nelif curl http://h; then A=3\nelse exit 1; fi\n\
         case \"$P\" in a|b) B=1;; c) B=2;; *) return;; esac\n[ -z \"$C\" ] && C=1\n[ -n \"$D\" ] && E=1 || E=2\n\
         cd x && G=1\nmake || exit 2\ntest -n \"$Z\" || Z=1\nfor i in a b; do echo $i; done\nwhile [ \"$Q\" ]; do Q=; done\n(exit 1; S=1)\n{ T=1; }",
        r#"
curl(url="http://h")
when X=a & Y
    A = "1"
when !(X==a and Y) & !X=b
    A = "2"
when !(X==a and Y) & X=b & curl http://h
    A = "3"
when !(X==a and Y) & X=b & !curl http://h
    exit
when (P==a or P==b)
    B = "1"
when P=c
    B = "2"
when !P=a & !P=b & !P=c
    return
when !C
    C = "1"
when C
when D
    E = "1"
when !D
    E = "2"
cd("x")
G = "1"
make()
when make
when !make
    exit
when Z
when !Z
    Z = "1"
when for i in a b;do echo $i;done
    i = each(["a", "b"])
    echo(env(i))
when !for i in a b;do echo $i;done
when Q
    Q = ""
when !Q
do
    S = "1"
T = "1"
"#,
    );
}

#[test]
fn curl_calls() {
    shows(
        "curl -sS -X POST https://api.x.com/v1/chat \\\n  -H \"Authorization: Bearer $KEY\" -H'A: b' --header=\"C: d\" -d '{\"a\": \"-H\"}'\n\
         sudo -u me /usr/bin/curl --url \"$BASE/v1\" --oauth2-bearer \"$T\" -u user:pw -o out\n\
         R=$(command curl -sSH \"K: $K\" $OPTS \"${BASE_URL}/m\" | jq .x)\nx && curl \"${ARGS[@]}\" http://h | tee y\n\
         wget -qO- --header=\"K: v\" https://w/x\nhttps POST h.com/v1 \"Authorization:Bearer $K\" a=b\n\
         echo \"curl https://no\"\ncat <<END | curl -d @- http://in\ncurl https://text\nEND\nA=1 xargs -n1 curl http://q",
        r#"
curl(url="https://api.x.com/v1/chat", header="Authorization: Bearer " ++ env(KEY), header="A: b", header="C: d")
curl(url=env(BASE) ++ "/v1", bearer=env(T), user="user:pw")
curl(url=env(BASE_URL) ++ "/m", header="K: " ++ env(K))
jq(".x")
R = ?
x()
curl(url="http://h", *env(ARGS))
tee("y")
wget(url="https://w/x", header="K: v")
http(url="h.com/v1", header="Authorization:Bearer " ++ env(K))
echo("curl https://no")
cat()
curl(url="http://in")
xargs("-n1", "curl", "http://q")
env0 Shell "xargs" runs
    A = "1"
"#,
    );
}

#[test]
fn command_scopes() {
    shows(
        "export Z=0\nA=1 B=\"$C x\" python app.py\nenv -u Q D=2 E=\"$F\" node x\ncross-env G=3 vite\n\
         docker run -it --rm -e H=4 --name n -eI=\"$J\" --env K --env=L=5 --env-file .env.prod img -e M=6\nX=1 Y=2\ntime ls\n",
        r#"
Z = "0"
python("app.py")
node("x")
vite()
docker("run", "-it", "--rm", "-e", "H=4", "--name", "n", "-eI=" ++ env(J), "--env", "K", "--env=L=5", "--env-file", ".env.prod", "img", "-e", "M=6")
X = "1"
Y = "2"
ls()
env0 Shell "run.sh" runs
    Z = "0"
env1 Shell "python" in 0 runs
    A = "1"
    B = env(C) ++ " x"
env2 Shell "node" in 0 runs
    D = "2"
    E = env(F)
env3 Shell "vite" in 0 runs
    G = "3"
env4 Shell "docker run" runs
    raw file .env.prod
    H = "4"
    I = env(J)
    K = env(K)
    L = "5"
"#,
    );
}

#[test]
fn functions_take_positions() {
    let (_, module) =
        read("ask() {\n  local key=\"$1\"\n  U=${2:-d}\n  curl -H \"K: $key\" \"$U\"\n}\nask \"$A\" http://h\n");
    assert_eq!(
        dump(&module),
        "ask = fn1\nask(env(A), \"http://h\")\nfn1 ask(1, 2)\n    key = 1\n    U = (2 || \"d\")\n    \
         curl(url=env(U), header=\"K: \" ++ env(key))\n"
    );
    assert_eq!(module.functions[1].outer_names, ["U"]);
}

#[test]
fn loaded_files() {
    shows(
        "set -a; . ./.env; set +a\n[ -f .env.local ] && source .env.local\nexport $(grep -v '^#' prod.env | xargs)\nsource lib.sh",
        r#"
when -f.env.local
when !-f.env.local
grep("-v", "^#", "prod.env")
xargs()
env0 Shell "run.sh" open runs
    file ./.env
    file .env.local
    file prod.env
"#,
    );
    let source = Source::new(".envrc", Language::Shell, "dotenv\nexport A=1\n");
    let module = lower(&source).unwrap();
    let dotenv = EnvSource::File { path: ".env".to_owned(), raw: false };
    assert_eq!(module.env_blocks[0].sources, [dotenv]);
}

#[test]
fn spans_are_exact() {
    let text =
        "export É=1 KEY=\"größe $X\"\r\nA='é' # mixlint: ignore[x]\r\n# mixlint: y\r\nB=c cmd d='f' -H\"g $Y\"\r\n";
    let (source, module) = read(text);
    let value = |name: &str| {
        let found = module.blocks[0].stmts.iter().find_map(|stmt| match stmt {
            Stmt::Assign { place, value, name_span, .. } if place.root == name => Some((*value, *name_span)),
            _ => None,
        });
        let (value, name_span) = found.unwrap();
        (source.slice(module.span(value)), source.slice(name_span))
    };
    assert_eq!(value("KEY"), ("größe $X", "KEY"));
    assert_eq!(value("A"), ("é", "A"));
    let var = &module.env_blocks[1].vars[0];
    assert_eq!((source.slice(var.span), source.slice(module.span(var.value))), ("B=c", "c"));
    let strings: Vec<_> = module
        .exprs
        .iter()
        .filter(|expr| matches!(expr.kind, ExprKind::Str(_) | ExprKind::Env { .. }))
        .map(|expr| source.slice(expr.span))
        .collect();
    for piece in ["größe ", "$X", "é", "c", "-H", "g ", "$Y"] {
        assert!(strings.contains(&piece), "{piece} in {strings:?}");
    }
    let comments: Vec<_> = module.comments.iter().map(|c| (source.slice(c.span), c.own_line)).collect();
    assert_eq!(comments, [("# mixlint: ignore[x]", false), ("# mixlint: y", true)]);
}

#[test]
fn exported_values_stand_at_their_assignment() {
    let (_, module) = read("A=1\nexport B=$A\nC=$A cmd\n");
    let values: Vec<_> = module.env_blocks.iter().map(|block| module.points[block.vars[0].value.index()].1).collect();
    assert_eq!(values, [1, 2]);
}

#[test]
fn broken_scripts_are_recovered() {
    let (_, module) = read("A=1\nif [ x; then\nB=2\n");
    assert!(module.recovered);
    assert!(dump(&module).contains("A = \"1\""));
}

#[test]
fn no_prefix_panics() {
    let text = "export A=\"é${X:-$(curl -H\"k: $Y\" http://ü)}\" B\nf() { local x=$1; }\ncase $X in é) Y=1;; esac\n\
                docker run -e Aé=1 x\n[[ -n \"${Z}\" && $Y == é ]] && a || b\nfor i in é; do :; done <<< é\ncat <<E\né\nE\n";
    for (end, _) in text.char_indices() {
        read(&text[..end]);
        read(&text[end..]);
    }
}

#[test]
fn hostile_input_ends() {
    let many = 100_000;
    for unit in ["$(", "${", "((", "\"$(", "if ", "{ ", "a && ", "`", "[[ ", "f() {", "\"", "${x:-", "! "] {
        let text = unit.repeat(many);
        let _ = lower(&Source::new("a.sh", Language::Shell, text));
    }
    for (open, close) in
        [("$(", ")"), ("(", ")"), ("{ ", "; }"), ("if a; then ", "; fi"), ("${x:-", "}"), ("[ a ] && ", "")]
    {
        let text = format!("{}x{}", open.repeat(5_000), close.repeat(5_000));
        let _ = lower(&Source::new("a.sh", Language::Shell, text));
    }
}

#[test]
fn token_soup_never_panics() {
    let tokens = [
        "a",
        "=",
        " ",
        "\n",
        "export ",
        "$",
        "{",
        "}",
        "(",
        ")",
        "\"",
        "'",
        "`",
        "curl ",
        "-H",
        "docker run -e ",
        "A=1 ",
        "[ ",
        " ]",
        "[[ ",
        " ]]",
        "if ",
        "; then ",
        "fi",
        "case ",
        " in ",
        ";; ",
        "esac",
        " && ",
        " || ",
        "| ",
        "<<E\n",
        "\nE\n",
        "é",
        "\\",
        "${X:-",
        "$1",
        "f() {",
        "# ",
        "\r\n",
        "!",
        "--header=",
    ];
    let mut state = 1_u64;
    for _ in 0..4_000 {
        let mut text = String::new();
        for _ in 0..24 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(tokens[(state >> 33) as usize % tokens.len()]);
        }
        let source = Source::new("a.sh", Language::Shell, text);
        let Ok(module) = lower(&source) else { continue };
        for expr in &module.exprs {
            assert!(source.text.get(expr.span.range()).is_some(), "{:?} in {:?}", expr.span, source.text);
        }
    }
}
