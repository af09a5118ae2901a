//! Scripts inside YAML, and where their values stand.

use super::{read_at, shows, shows_at};
use crate::facts::ExprKind;

/// The text that each variable's value spans, by block and name.
fn spans(path: &str, text: &str) -> Vec<String> {
    let (source, module) = read_at(path, text);
    let vars = module.env_blocks.iter().flat_map(|block| &block.vars);
    vars.map(|var| format!("{}={}", source.slice(var.name_span), source.slice(module.span(var.value)))).collect()
}

/// The text that each header and URL of a request spans.
fn arguments(path: &str, text: &str) -> Vec<String> {
    let (source, module) = read_at(path, text);
    let mut out = Vec::new();
    for expr in module.expr_ids() {
        if let ExprKind::Call(call) = module.kind(expr) {
            out.extend(call.args.iter().map(|arg| source.slice(module.span(arg.value)).to_owned()));
        }
    }
    out
}

#[test]
fn workflow_scripts() {
    shows_at(
        ".github/workflows/ci.yml",
        r#"
on: push
env:
  OPENAI_BASE_URL: https://h/v1
jobs:
  build:
    runs-on: ubuntu-latest
    env:
      KEY: ${{ secrets.MIX_KEY }}
    steps:
      - name: Set
        env:
          OTHER: ${{ env.KEY }}
        run: |
          echo "OPENAI_API_KEY=$OTHER" >> "$GITHUB_ENV"
          echo hi
      - run: |
          curl -H "Authorization: Bearer ${{ secrets.A_KEY || 'no' }}" https://h/v1
      - name: Own
        env: {X: "1"}
        run: >-
          OPENAI_API_KEY=b
          python a.py
      - name: Python
        shell: python
        run: KEY=1
"#,
        r#"
fn1 _() script in env2
    echo("hi")
fn2 _() script in env3
    curl(url="https://h/v1", header="Authorization: Bearer " ++ (stored(A_KEY) || "no"))
fn3 _() script in env4
    python("a.py")
fn4 _() script in env3
    KEY = #1
env0 Ci "workflow"
    OPENAI_BASE_URL = "https://h/v1"
env1 Ci "build" in 0
    KEY = stored(MIX_KEY)
env2 Ci "Set" in 1 runs
    OTHER = stored(MIX_KEY)
env3 Ci "GITHUB_ENV" in 1 runs
    OPENAI_API_KEY = env(OTHER)
env4 Ci "Own" in 3 extended runs
    X = "1"
env5 Shell "python" in 4 runs
    OPENAI_API_KEY = "b"
"#,
    );
}

#[test]
fn other_ci_scripts() {
    shows_at(
        ".gitlab-ci.yml",
        r#"
variables:
  ROUTE_KEY: $MIXROUTE_API_KEY
.base:
  variables: {OPENAI_BASE_URL: https://h/v1}
chat:
  extends: .base
  variables:
    OPENAI_API_KEY: $ROUTE_KEY
  before_script:
    - export OPENAI_API_BASE=https://i/v1
  script:
    - python chat.py
    - [curl $OPENAI_API_BASE, 'curl https://x/v1 -H "Authorization: Bearer $OPENAI_API_KEY"']
"#,
        r#"
fn1 _() script in env2
    OPENAI_API_BASE = "https://i/v1"
    python("chat.py")
    curl(url=env(OPENAI_API_BASE))
    curl(url="https://x/v1", header="Authorization: Bearer " ++ env(OPENAI_API_KEY))
env0 Ci "workflow"
    ROUTE_KEY = env(MIXROUTE_API_KEY)
env1 Ci ".base" in 0
    OPENAI_BASE_URL = "https://h/v1"
env2 Ci "chat" in 0 extended runs
    extends .base
    OPENAI_API_KEY = env(MIXROUTE_API_KEY)
env3 Shell "chat" in 2 runs
    OPENAI_API_BASE = "https://i/v1"
"#,
    );
    shows_at(
        ".circleci/config.yml",
        r#"
version: 2.1
jobs:
  test:
    docker:
      - image: cimg/python:3.12
    environment:
      OPENAI_API_KEY: k
    steps:
      - run: echo 'export OPENAI_BASE_URL="https://h/v1"' >> "$BASH_ENV"
      - run:
          name: Chat
          command: |
            curl << parameters.url >> -H "Authorization: Bearer $OPENAI_API_KEY"
"#,
        r#"
fn1 _() script in env0
fn2 _() script in env1
    curl(url=?, header="Authorization: Bearer " ++ env(OPENAI_API_KEY))
env0 Ci "test" runs
    OPENAI_API_KEY = "k"
env1 Ci "GITHUB_ENV" in 0 runs
    OPENAI_BASE_URL = "https://h/v1"
"#,
    );
    shows_at(
        "azure-pipelines.yml",
        r###"
variables:
  - group: keys
  - name: OPENAI_BASE_URL
    value: https://h/v1
steps:
  - bash: echo "##vso[task.setvariable variable=OPENAI_API_KEY;issecret=true]$(MIX_KEY)"
  - script: |
      curl $(OPENAI_BASE_URL)/models -H "Authorization: Bearer $OPENAI_API_KEY"
    env:
      OPENAI_API_KEY: $(MIX_KEY)
"###,
        r###"
fn1 _() script in env0
fn2 _() script in env2
    curl(url=env(OPENAI_BASE_URL) ++ "/models", header="Authorization: Bearer " ++ env(OPENAI_API_KEY))
env0 Ci "workflow" open runs
    OPENAI_BASE_URL = "https://h/v1"
env1 Ci "GITHUB_ENV" in 0
    OPENAI_API_KEY = env(MIX_KEY)
env2 Ci "steps.env" in 1 runs
    OPENAI_API_KEY = env(MIX_KEY)
"###,
    );
}

#[test]
fn composite_action() {
    shows_at(
        "action.yml",
        r#"
name: Review
inputs:
  api-key: {required: true}
runs:
  using: composite
  steps:
    - run: python review.py
      shell: bash
      env:
        OPENAI_API_KEY: ${{ inputs.api-key }}
"#,
        r#"
env0 Ci "runs.steps.env" open runs
    OPENAI_API_KEY = ?
"#,
    );
}

#[test]
fn commands_of_containers() {
    shows_at(
        "compose.yaml",
        r#"
services:
  a:
    environment: {MIX_KEY: k}
    env_file: {path: x.env, format: raw}
    command: sh -c "export OPENAI_API_KEY=$$MIX_KEY OPENAI_BASE_URL=${URL:-https://h/v1} && app"
  b:
    extends: {service: a, file: ../base.yaml}
    entrypoint: ["/bin/sh", "-ec"]
    command:
      - |
        OPENAI_API_KEY=b exec app
  c:
    extends: a
    command: app --key KEY
"#,
        r#"
fn1 _() script in env0
    OPENAI_API_KEY = env(MIX_KEY)
    OPENAI_BASE_URL = env(URL or "https://h/v1")
    app()
fn2 _() script in env2
    app()
fn3 _() script in env4
    app("--key", "KEY")
env0 Compose "a" extended runs
    raw file x.env
    MIX_KEY = "k"
env1 Shell "a" in 0 runs
    OPENAI_API_KEY = env(MIX_KEY)
    OPENAI_BASE_URL = env(URL or "https://h/v1")
env2 Compose "b" extended runs
    extends a of ../base.yaml
env3 Shell "app" in 2 runs
    OPENAI_API_KEY = "b"
env4 Compose "c" runs
    extends a
"#,
    );
}

#[test]
fn stores() {
    shows(
        r#"
apiVersion: v1
kind: Secret
metadata: {name: llm}
data:
  OPENAI_API_KEY: c2steW91ci1taXhyb3V0ZS1rZXk=
  BAD: "%%"
stringData:
  OPENAI_BASE_URL: https://h/v1
---
apiVersion: v1
kind: Pod
spec:
  containers:
    - name: app
      envFrom:
        - secretRef: {name: llm}
          prefix: A_
        - configMapRef: {name: settings}
      command: ["sh", "-c"]
      args: ["OPENAI_BASE_URL=$(URL) app"]
---
configMapGenerator:
  - name: settings
    literals:
      - OPENAI_BASE_URL="https://h/v1"
    envs: [a.env]
"#,
        r#"
fn1 _() script in env1
    app()
env0 Store "llm"
    OPENAI_API_KEY = "sk-your-mixroute-key"
    BAD = ?
    OPENAI_BASE_URL = "https://h/v1"
env1 Kubernetes "app" extended runs
    store A_llm
    store settings
env2 Shell "app" in 1 runs
    OPENAI_BASE_URL = env(URL)
env3 Store "settings"
    file a.env
    OPENAI_BASE_URL = "\"https://h/v1\""
"#,
    );
}

#[test]
fn spans_are_the_values() {
    let yaml = "services:\r\n  a:\r\n    environment: &e\r\n      - \"OPENAI_API_KEY=k1\"\r\n      - URL='k2'\r\n  b:\r\n    \
                environment:\r\n      KEY: \"k3\"  # c\r\n      OTHER: |-\r\n        k4\r\n      LAST: >-\r\n\r\n        k5\r\n";
    assert_eq!(spans("compose.yaml", yaml), ["OPENAI_API_KEY=k1", "URL='k2'", "KEY=k3", "OTHER=k4", "LAST=k5"]);
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  KEY: !!str \"c2s=\"\n  B_KEY: >-\n    c2s=\n";
    assert_eq!(spans("s.yaml", secret), ["KEY=c2s=", "B_KEY=c2s="]);
}

#[test]
fn spans_in_scripts_are_the_values() {
    let folded = "on: push\njobs:\n  a:\n    steps:\n      - run: >\n          curl https://h/v1\n\n          -H\n            \"Authorization: Bearer ${{ secrets.KEY }}\"\n";
    assert_eq!(arguments(".github/workflows/a.yml", folded)[0], "https://h/v1");
    let literal = "on: push\r\njobs:\r\n  a:\r\n    steps:\r\n      - run: |\r\n          export URL=x\r\n          \tcurl \\\r\n            https://é/v1 -H \"Authorization: Bearer $KEY\"\r\n";
    assert_eq!(arguments(".github/workflows/a.yml", literal), ["https://é/v1", "Authorization: Bearer $KEY"]);
    let quoted = "on: push\njobs:\n  a:\n    steps:\n      - run: \"curl \\\n          https://h/v1 -H \\\"Authorization: Bearer $KEY\\\"\"\n      - run: 'curl https://i/v1 -H ''x-api-key: k'''\n";
    assert_eq!(
        arguments(".github/workflows/a.yml", quoted),
        ["https://h/v1", "Authorization: Bearer $KEY", "https://i/v1", "x-api-key: k"]
    );
    let anchored = "x: &run |\n  OPENAI_API_KEY=k1 app\non: push\njobs:\n  a:\n    steps:\n      - run: *run\n";
    assert_eq!(spans(".github/workflows/a.yml", anchored), ["OPENAI_API_KEY=k1"]);
}
