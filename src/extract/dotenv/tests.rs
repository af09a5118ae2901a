use crate::extract::extract as lower;
use crate::facts::dump::dump;
use crate::facts::{ExprKind, Module};
use crate::language::Language;
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    let source = Source::new("conf/.env", Language::Dotenv, text);
    let module = lower(&source).unwrap();
    (source, module)
}

fn lines(text: &str) -> Vec<String> {
    let (_, module) = read(text);
    let shown = dump(&module);
    let mut lines = shown.lines();
    assert_eq!(lines.next(), Some("env0 Dotenv \".env\" runs"));
    lines.map(|line| line.trim_start().to_owned()).collect()
}

#[test]
fn plain_lines() {
    let text = "# a comment\nA=1\nexport B=two words  \n C = 3 # note\nD=a#b\nE=\nF= # nothing\nG: no\n=no\nexport H\n\
                9X=no\nA.b-c=4\n\nA=5";
    assert_eq!(
        lines(text),
        [
            "A = \"1\"",
            "B = \"two words\"",
            "C = \"3\"",
            "D = \"a#b\"",
            "E = \"\"",
            "F = \"\"",
            "A.b-c = \"4\"",
            "A = \"5\""
        ]
    );
}

#[test]
fn quotes() {
    let text =
        "A=\"x # y\" # note\nB='${X}\nsecond'\nC=`it's`\nD=\"a\\n\\\"b\\\"\"\nE=\"open\nF='a' b\nG=\"\"\nH='tail";
    assert_eq!(
        lines(text),
        [
            "A = \"x # y\"",
            "B = \"${X}\\nsecond\"",
            "C = \"it's\"",
            "D = \"a\\n\\\"b\\\"\"",
            "E = \"\\\"open\"",
            "F = \"'a' b\"",
            "G = \"\"",
            "H = \"'tail\""
        ]
    );
}

#[test]
fn expansion() {
    let text = "A=${A}\nB=$HOST/v1\nC=\"${X:-https://${H-x}/v1}\"\nD=\\$X\nE=${\nF=a$\nG=${X:?no}\nH=${X:+y}\nI=${1}\nJ=${X:-}\n\
                K=${env:X:-https://h/v1}\nL=${localEnv:X}";
    assert_eq!(
        lines(text),
        [
            "A = env(A)",
            "B = env(HOST) ++ \"/v1\"",
            "C = env(X or \"https://\" ++ env(H or \"x\") ++ \"/v1\")",
            "D = \"$X\"",
            "E = \"${\"",
            "F = \"a$\"",
            "G = env(X)",
            "H = ?",
            "I = \"${1}\"",
            "J = env(X or \"\")",
            "K = env(X or \"https://h/v1\")",
            "L = env(X)"
        ]
    );
}

#[test]
fn spans_are_exact() {
    let text = "Ä=no\r\nexport KEY = \"größe-$X-é\"\t# mixlint: ignore[x] y\r\nURL=é\t\r\nNO=\r\n  # mixlint: a \r\n";
    let (source, module) = read(text);
    let vars = &module.env_blocks[0].vars;
    let shown: Vec<_> = vars
        .iter()
        .map(|var| (source.slice(var.name_span), source.slice(var.span), source.slice(module.span(var.value))))
        .collect();
    assert_eq!(shown, [("KEY", "KEY = \"größe-$X-é\"", "größe-$X-é"), ("URL", "URL=é", "é"), ("NO", "NO=", "")]);
    let ExprKind::Concat(parts) = module.kind(vars[0].value) else { panic!() };
    let parts: Vec<_> = parts.iter().map(|&part| source.slice(module.span(part))).collect();
    assert_eq!(parts, ["größe-", "$X", "-é"]);
    assert_eq!(module.span(vars[2].value).start, vars[2].span.end);
    let comments: Vec<_> = module.comments.iter().map(|c| (source.slice(c.span), c.own_line)).collect();
    assert_eq!(comments, [("# mixlint: ignore[x] y", false), ("# mixlint: a", true)]);
}

#[test]
fn no_prefix_panics() {
    let text = "export A=\"é\\\"${X:-${Y}}\" # c\nB='ü\n'\nC=`$`\nD=$X${Y-é}\\é #\r\n\\";
    for (end, _) in text.char_indices() {
        read(&text[..end]);
        read(&text[end..]);
    }
}

#[test]
fn hostile_input_is_linear() {
    let many = 60_000;
    for unit in ["A=${", "A=\"x\n", "A='x\n", "A=`\n", "${X:-", "A=\"\\", "$", "A=\\\n", "A #"] {
        read(&unit.repeat(many));
        read(&format!("A={}", unit.repeat(many)));
        read(&format!("A=\"{}{}\"", unit.repeat(many), "}".repeat(many)));
    }
    read(&format!("A={}x{}", "${X:-".repeat(many), "}".repeat(many)));
}

#[test]
fn token_soup_never_panics() {
    let tokens = ["A", "=", " ", "\n", "export ", "$", "{", "}", ":-", "\"", "'", "`", "#", "é", "\\", "\r\n", "\t"];
    let mut state = 1_u64;
    for _ in 0..4_000 {
        let mut text = String::new();
        for _ in 0..24 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(tokens[(state >> 33) as usize % tokens.len()]);
        }
        let source = Source::new(".env", Language::Dotenv, text);
        let Ok(module) = lower(&source) else { continue };
        for expr in &module.exprs {
            assert!(source.text.get(expr.span.range()).is_some(), "{:?} in {:?}", expr.span, source.text);
        }
    }
}
