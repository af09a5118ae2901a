use crate::extract::testing::{arguments, shows, spans, survives};

const FILE: &str = r#"# KEYS
set -gx OPENAI_API_KEY $MIX_KEY
set -Ux OPENAI_BASE_URL "https://h/v1"; set local 'x'
set --export LISTED a b
set -x FROM_KEY (cat KEY)
if test -n "$X"
    set -gx OPENAI_API_BASE https://a/v1
else if set -q Y
    set -gx OPENAI_API_BASE https://b/v1
else
    set -e OPENAI_API_BASE
end
function chat
    curl $OPENAI_BASE_URL/models -H "Authorization: Bearer $OPENAI_API_KEY" # KEY
end
env OPENAI_API_KEY=e python app.py
"#;

#[test]
fn scripts() {
    shows(
        "config.fish",
        FILE,
        r#"
fn1 _() script
    OPENAI_API_KEY = env(MIX_KEY)
    OPENAI_BASE_URL = "https://h/v1"
    local = "x"
    LISTED = ?
    FROM_KEY = ?
    when fish-iftestnX
        OPENAI_API_BASE = "https://a/v1"
    when !fish-iftestnX & fish-elseifsetqY
        OPENAI_API_BASE = "https://b/v1"
    when !fish-iftestnX & !fish-elseifsetqY
        OPENAI_API_BASE = null
    f_chat = fn2
    python("app.py")
fn2 f_chat()
    curl(url=env(OPENAI_BASE_URL) ++ "/models", header="Authorization: Bearer " ++ env(OPENAI_API_KEY))
env0 Shell "config.fish" open runs
    OPENAI_API_KEY = env(MIX_KEY)
    OPENAI_BASE_URL = "https://h/v1"
    LISTED = ?
    FROM_KEY = ?
env1 Shell "python" in 0 runs
    OPENAI_API_KEY = "e"
"#,
    );
}

#[test]
fn spans_are_the_values() {
    let text = "set -gx A_KEY \"k1\" # c\r\n\tset -x\tB_KEY k2; set -x C_KEY \\\r\n  'k3'\r\n";
    assert_eq!(spans("a.fish", text), ["A_KEY=k1", "B_KEY=k2", "C_KEY=k3"]);
    let request = "curl \\\r\n\thttps://é/v1 -H 'x-api-key: KEY'\r\n";
    assert_eq!(arguments("a.fish", request), ["https://é/v1", "x-api-key: KEY"]);
}

#[test]
fn hostile_input_ends() {
    survives("a.fish", FILE);
    survives("a.fish", "end\nend;end\nset\nset -x\nset -x A\nset -e\nif\nelse\ncase\n(\n'\n\\\n\"$(");
}
