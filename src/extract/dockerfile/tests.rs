use crate::extract::testing::{arguments, shows, spans, survives};

const FILE: &str = r#"# syntax=docker/dockerfile:1
ARG VERSION=3.12
FROM python:${VERSION} AS base
ENV OPENAI_BASE_URL="https://h/v1" \
    # in between
    A='b c'
ENV LEGACY_KEY some text
ARG RELAY=https://r/v1
ENV RELAY_URL=$RELAY/x
RUN --mount=type=cache,target=/x pip install openai \
 && curl "$OPENAI_BASE_URL/models" -H "Authorization: Bearer $LEGACY_KEY"

FROM base AS app
ENV OPENAI_API_KEY=${MIX_KEY:-k}
RUN <<EOF
export OPENAI_API_BASE=https://i/v1
python app.py
EOF
CMD ["sh", "-c", "OPENAI_API_KEY=c exec app"]
ENTRYPOINT ["python", "API_KEY"]
"#;

#[test]
fn stages() {
    shows(
        "Dockerfile",
        FILE,
        r#"
fn1 _() script
    OPENAI_BASE_URL = "https://h/v1"
    A = "b c"
    LEGACY_KEY = "some text"
    RELAY = env(RELAY or "https://r/v1")
    RELAY_URL = env(RELAY) ++ "/x"
fn2 _() script
    pip("install", "openai")
    curl(url=env(OPENAI_BASE_URL) ++ "/models", header="Authorization: Bearer " ++ env(LEGACY_KEY))
fn3 _() script in env0
    OPENAI_API_KEY = env(MIX_KEY or "k")
fn4 _() script
    OPENAI_API_BASE = "https://i/v1"
    python("app.py")
fn5 _() script
    app()
env0 Image "base" runs
    OPENAI_BASE_URL = "https://h/v1"
    A = "b c"
    LEGACY_KEY = "some text"
    RELAY_URL = env(RELAY) ++ "/x"
env1 Image "app" in 0 extended runs
    OPENAI_API_KEY = env(MIX_KEY or "k")
env2 Shell "app" in 1 runs
    OPENAI_API_BASE = "https://i/v1"
env3 Shell "app" in 1 runs
    OPENAI_API_KEY = "c"
"#,
    );
}

#[test]
fn spans_are_the_values() {
    let text =
        "FROM x\r\nENV A_KEY=\"k1\" \\\r\n\tB_KEY=k2\\\r\n   C_KEY='k3'\r\nENV D_KEY k4 k5\r\nENV E_KEY \"k6\"\r\n";
    assert_eq!(spans("Dockerfile", text), ["A_KEY=k1", "B_KEY=k2", "C_KEY=k3", "D_KEY=k4 k5", "E_KEY=k6"]);
    let run = "FROM x\r\nRUN set -e; \\\r\n  # why\r\n\tcurl -s \\\r\n\t  https://é/v1 \\\r\n  -H \"Authorization: Bearer $KEY\"\r\n";
    assert_eq!(arguments("Containerfile", run), ["https://é/v1", "Authorization: Bearer $KEY"]);
    let backtick = "# escape=`\nFROM x\nENV A_KEY=k1 `\n    B_KEY=k2\n";
    assert_eq!(spans("Dockerfile", backtick), ["A_KEY=k1", "B_KEY=k2"]);
}

#[test]
fn hostile_input_ends() {
    survives("Dockerfile", FILE);
    survives("Dockerfile", "ENV\nENV A\nENV =\nARG A=\nFROM\nRUN <<\nRUN [\"sh\", \"-c\nCMD [\n\\\n\\");
}
