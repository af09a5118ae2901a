use crate::extract::extract as lower;
use crate::facts::dump::dump;
use crate::facts::{ExprKind, Module};
use crate::language::Language;
use crate::source::Source;

mod scripts;

fn read_at(path: &str, text: &str) -> (Source, Module) {
    let source = Source::new(path, Language::Yaml, text);
    let module = lower(&source).unwrap();
    (source, module)
}

fn shows_at(path: &str, text: &str, expected: &str) {
    let (_, module) = read_at(path, text);
    let expected = expected.trim_start_matches('\n');
    let shown = dump(&module);
    assert_eq!(shown, expected, "\n--- got\n{shown}\n--- wanted\n{expected}");
}

fn shows(text: &str, expected: &str) {
    shows_at("conf/app.yaml", text, expected);
}

#[test]
fn compose() {
    shows(
        r#"
x-common: &common
  OPENAI_BASE_URL: https://h/v1
  A: x
services:
  web: &web
    image: x
    env_file: .env
    environment:
      <<: *common
      A: "b"
      KEY: ${KEY:-d$$}/z
      PASS:
      N: 3
  api:
    <<: *web
    env_file: [a.env, {path: b.env, required: false}, "${X}.env"]
    build:
      args:
        - B_KEY=1
  list:
    extends: web
    environment:
      - K="quoted"
      - "L=in item"
      - BARE
      - not a name
  files:
    env_file:
      - only.env
"#,
        r#"
env0 Compose "web" runs
    file .env
    OPENAI_BASE_URL = "https://h/v1"
    A = "b"
    KEY = env(KEY or "d$") ++ "/z"
    PASS = env(PASS)
    N = #3
env1 Compose "api" open runs
    file a.env
    file b.env
    OPENAI_BASE_URL = "https://h/v1"
    A = "b"
    KEY = env(KEY or "d$") ++ "/z"
    PASS = env(PASS)
    N = #3
env2 Compose "list" runs
    extends web
    K = "\"quoted\""
    L = "in item"
    BARE = env(BARE)
env3 Compose "files" runs
    file only.env
env4 Mapping "x-common"
    OPENAI_BASE_URL = "https://h/v1"
    A = "x"
env5 Mapping "services.api.build.args"
    B_KEY = "1"
"#,
    );
}

#[test]
fn kubernetes() {
    shows(
        r#"
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          envFrom: [{configMapRef: {name: c}}]
          env:
            - name: A
              value: "$(HOST)/v1"
            - name: B
              valueFrom: {secretKeyRef: {name: s, key: MIX_KEY}}
            - name: C
              valueFrom: {configMapKeyRef: {name: s, key: lower}}
            - name: D
              valueFrom: {fieldRef: {fieldPath: x}}
            - name: E
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  url: https://h
  A.b: 'x'
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {A_KEY: YWJj}
stringData:
  B_KEY: plain
"#,
        r#"
env0 Kubernetes "app" runs
    store c
    A = env(HOST) ++ "/v1"
    B = stored(s/MIX_KEY)
    C = stored(s/lower)
    D = ?
    E = null
env1 Store "settings"
    url = "https://h"
    A.b = "x"
env2 Store "keys"
    A_KEY = "abc"
    B_KEY = "plain"
"#,
    );
}

#[test]
fn workflow() {
    shows(
        r#"
name: CI
on: [push]
env:
  A: ${{ secrets.A_KEY }}
jobs:
  build:
    env:
      B: ${{ vars.B || secrets['C'] || 'https://h' }}/v1
    services:
      db: {env: {P: q}}
    steps:
      - run: make
      - name: Ask
        env: {C: "${{ env.A }}", D: "${{ matrix.x }}"}
        run: |
          env: no
      - uses: a/b@v1
        with: {OPENAI_API_KEY: x}
  call:
    uses: ./other.yml
    secrets: {OPENAI_API_KEY: "${{ secrets.X }}"}
"#,
        r#"
env0 Ci "CI" runs
    A = stored(A_KEY)
env1 Ci "build" in 0 runs
    B = ((stored(B) || stored(C)) || "https://h") ++ "/v1"
env2 Ci "db" runs
    P = "q"
env3 Ci "Ask" in 1 runs
    C = stored(A_KEY)
    D = ?
env4 Ci "jobs.build.steps.with" open runs
    OPENAI_API_KEY = "x"
env5 Ci "jobs.call.secrets" open runs
    OPENAI_API_KEY = stored(X)
"#,
    );
}

#[test]
fn other_ci() {
    shows_at(
        ".gitlab-ci.yml",
        "variables:\n  A: $X\n  B: {value: b, description: d}\njob:\n  script: [x]\n  variables: {C: c}\nlast:\n  script: y\n",
        r#"
env0 Ci "workflow" runs
    A = env(X)
    B = "b"
env1 Ci "job" in 0 runs
    C = "c"
"#,
    );
    shows_at(
        ".circleci/config.yml",
        "jobs:\n  t:\n    environment: {A: a}\n    steps:\n      - run:\n          command: x\n          environment: {B: b}\n      - run: y\n",
        r#"
env0 Ci "t" runs
    A = "a"
env1 Ci "run" in 0 runs
    B = "b"
"#,
    );
    shows_at(
        "azure-pipelines.yml",
        "variables:\n- group: g\n- name: A\n  value: $(B)\nsteps:\n- bash: x\n  env: {C: c}\n",
        r#"
env0 Ci "workflow" open
    A = env(B)
env1 Ci "bash" in 0 runs
    C = "c"
"#
        .replace("\"bash\"", "\"steps.env\"")
        .as_str(),
    );
}

#[test]
fn mappings() {
    shows(
        r#"
app:
  secrets: {OPENAI_API_KEY: k, other: no, MODE: "on", LIST: [a]}
  extraEnvVars:
    - {key: A, value: true}
    - B: b
    - key: S
      sync: false
  text: |
    env:
      X: no
ref: {env: {R: !Ref P, T: ~}}
"#,
        r#"
env0 Mapping "app.extraEnvVars" runs
    A = #true
    S = ?
env1 Mapping "app.secrets" runs
    OPENAI_API_KEY = "k"
    MODE = "on"
env2 Mapping "ref.env" runs
    R = ?
    T = null
"#
        .replace("    S = ?", "    B = \"b\"\n    S = ?")
        .as_str(),
    );
    shows("OPENAI_API_KEY: k\n", "env0 Mapping \"app.yaml\" open runs\n    OPENAI_API_KEY = \"k\"\n");
}

#[test]
fn templates() {
    shows(
        r#"
{{- if .Values.on }}
spec:
  env:
    - name: A
      value: {{ .Values.MIXROUTE_API_KEY | quote }}
    - name: B
      value: "https://{{ .Values.host }}/v1"
    {{- if .Values.x }}
    - name: C
      value: "{{ env "HOME_URL" }}"
    {{- else }}
    - name: C
      value: two
    {{- end }}
    - name: {{ .Values.name }}
      value: three
  other:
    environment:
      D: {{ if a }}x{{ else }}y{{ end }}
      E: "<%= ENV['ERB_KEY'] %>"
      F: {{ .Values.G_KEY | default "x" }}
{{- end }}
after:
  env:
    H: h
    {{- toYaml .Values.env | nindent 4 }}
more:
  env: {I: '{{
    lookup("env", "I_KEY") }}'}
"#,
        r#"
env0 Mapping "spec.env" open runs
    A = env(MIXROUTE_API_KEY)
    B = "https://" ++ stored(values.yaml//host) ++ "/v1"
    C = ?
    C = ?
env1 Mapping "spec.other.environment" runs
    D = ?
    E = env(ERB_KEY)
    F = ?
env2 Mapping "after.env" open runs
    H = "h"
env3 Mapping "more.env" runs
    I = env(I_KEY)
"#,
    );
}

#[test]
fn spans_are_exact() {
    let text = "# mixlint: ignore-file[x]\r\nä: ö\r\nbase: &b {SHARED: é1}\r\napp:\r\n  env:\r\n    <<: *b\r\n    A: \"é-${X:-ü}-z\"\t # mixlint: y\r\n    \
                'B':   plain é \t\r\n    C: |\r\n      line # mixlint: no\r\n      zwei\r\n    D: &d 'it''s'\r\n    E: *d\r\n    F: >-\r\n      x\r\n\r\n      é ${Y}\r\n    G: ${{ secrets.É }}é${{ secrets.S }}\r\n    H:\r\n    I: sk-é \t# \"mixlint\"\r\nlist:\r\n  env: [ \"K=ä $Z\" , L=l]\r\n";
    let (source, module) = read_at("a.yml", text);
    let shown: Vec<_> = module
        .env_blocks
        .iter()
        .flat_map(|block| &block.vars)
        .map(|var| (source.slice(var.name_span), source.slice(module.span(var.value)), source.slice(var.span)))
        .collect();
    assert_eq!(
        shown,
        [
            ("SHARED", "é1", "SHARED: é1"),
            ("A", "é-${X:-ü}-z", "A: \"é-${X:-ü}-z"),
            ("B", "plain é", "B':   plain é"),
            ("C", "line # mixlint: no\r\n      zwei", "C: |\r\n      line # mixlint: no\r\n      zwei"),
            ("D", "it''s", "D: &d 'it''s"),
            ("E", "it''s", "E"),
            ("F", "x\r\n\r\n      é ${Y}", "F: >-\r\n      x\r\n\r\n      é ${Y}"),
            ("G", "${{ secrets.É }}é${{ secrets.S }}", "G: ${{ secrets.É }}é${{ secrets.S }}"),
            ("H", "", "H"),
            ("I", "sk-é", "I: sk-é"),
            ("K", "ä $Z", "K=ä $Z"),
            ("L", "l", "L=l"),
        ]
    );
    let texts: Vec<_> = module
        .exprs
        .iter()
        .filter_map(|expr| match &expr.kind {
            ExprKind::Str(text) => Some(text.expose()),
            _ => None,
        })
        .collect();
    assert!(texts.contains(&"it's") && texts.contains(&"line # mixlint: no\nzwei\n"), "{texts:?}");
    let comments: Vec<_> = module.comments.iter().map(|c| (source.slice(c.span), c.own_line)).collect();
    assert_eq!(comments, [("# mixlint: ignore-file[x]", true), ("# mixlint: y", false)]);
}

#[test]
fn recovery() {
    let text = "env: {A: a}\nb: [}\n---\nenv: {C: c}\n---\nenv:\n  D: d\n  E: \"x\n";
    let (_, module) = read_at("a.yml", text);
    assert!(module.recovered);
    assert_eq!(
        dump(&module),
        "env0 Mapping \"env\" open runs\n    A = \"a\"\nenv1 Mapping \"env\" runs\n    C = \"c\"\nenv2 Mapping \"env\" open runs\n    D = \"d\"\n"
    );
}

#[test]
fn no_prefix_panics() {
    let text = "é: &a {X_KEY: 'ü'}\nservices:\n  w:\n    environment:\n      <<: [*a, *a]\n      É: \"$ü${X:-é}{{ é }}\"\n\
                \u{20}   env_file: [é]\n---\n{{- if é }}\n- !x 'é'\n- |\n  é\n{% é %}\n? é\n: >-\n  é ${{ é || 'é' }} <% é %>\n";
    for (end, _) in text.char_indices() {
        read_at("a.yml", &text[..end]);
        read_at("docker-compose.yml", &text[end..]);
        read_at(".gitlab-ci.yml", &text[end..]);
    }
}

#[test]
fn hostile_input_ends() {
    let many = 100_000;
    for unit in [
        "[",
        "{",
        "- ",
        "? ",
        "{a: ",
        "{{",
        "{{ x }}",
        "{% if %}",
        "${{ x",
        "a: {{\n",
        "---\n[\n",
        "&a ",
        "!x ",
        "\"",
        "<% ",
        "#mixlint:",
        "env: [\n---\n",
        "- - \n",
        "a:\n",
    ] {
        let _ = lower(&Source::new("a.yml", Language::Yaml, unit.repeat(many)));
    }
    let deep = format!("env: {{A: {}x{}}}", "${X:-".repeat(many), "}".repeat(many));
    let _ = lower(&Source::new("a.yml", Language::Yaml, deep));
}

#[test]
fn alias_bombs_fizzle() {
    let mut text = "a0: &a0 {A_KEY: x, B_URL: y}\n".to_owned();
    for level in 1..40 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level}\n  <<: [{below}]\n  env: [{below}]\n"));
    }
    text.push_str("services:\n  w:\n    environment: *a39\n");
    let (_, module) = read_at("a.yml", &text);
    assert!(module.exprs.len() < 200_000);
    let many =
        format!("x: &x\n{}services:\n{}", "  A_KEY: k\n".repeat(5_000), "  w:\n    environment: *x\n".repeat(5_000));
    let (_, module) = read_at("a.yml", &many);
    assert!(module.exprs.len() < 200_000);
}

#[test]
fn token_soup_never_panics() {
    let tokens = [
        "a",
        ": ",
        ":",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "&a ",
        "*a",
        "<<: ",
        "!x ",
        "|",
        ">-",
        "\"",
        "'",
        "{{",
        "}}",
        "{% if %}",
        "${{",
        "# ",
        "---\n",
        "...",
        "%",
        "é",
        "env:",
        "services:",
        "=",
        "${",
        "\t",
        "\r\n",
        "\\",
        "X_KEY: v",
        "@",
        "`",
        "\u{feff}",
        "\u{85}",
    ];
    let mut state = 1_u64;
    for _ in 0..4_000 {
        let mut text = String::new();
        for _ in 0..24 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(tokens[(state >> 33) as usize % tokens.len()]);
        }
        let source = Source::new("a.yml", Language::Yaml, text);
        let Ok(module) = lower(&source) else { continue };
        for expr in &module.exprs {
            assert!(source.text.get(expr.span.range()).is_some(), "{:?} in {:?}", expr.span, source.text);
        }
    }
}
