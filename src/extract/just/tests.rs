use crate::extract::testing::{arguments, shows, spans, survives};

const FILE: &str = r#"# KEYS
set dotenv-load
export OPENAI_BASE_URL := "https://h" + '/v1'
key := env_var_or_default("MIX_KEY", "k")
export OPENAI_API_KEY := key
other := `cat KEY`

# Chat
chat name="x": build
    @curl '{{OPENAI_BASE_URL}}/models' -H "Authorization: Bearer $OPENAI_API_KEY"
    OPENAI_API_KEY={{ key }} python chat.py {{ name + "!" }}

script:
    #!/usr/bin/env python
    API_KEY = "no"
"#;

#[test]
fn variables_and_recipes() {
    shows(
        "justfile",
        FILE,
        r#"
fn1 _() script
    OPENAI_BASE_URL = "https://h/v1"
    key = env(MIX_KEY or "k")
    OPENAI_API_KEY = env(key)
    other = ?
fn2 _() script
    curl(url=env(OPENAI_BASE_URL) ++ "/models", header="Authorization: Bearer " ++ env(OPENAI_API_KEY))
    python("chat.py", ?)
env0 Shell "justfile" extended runs
    file ./.env
    OPENAI_BASE_URL = "https://h/v1"
    OPENAI_API_KEY = env(key)
env1 Shell "python" in 0 runs
    OPENAI_API_KEY = env(key)
"#,
    );
}

#[test]
fn spans_are_the_values() {
    let text = "export A_KEY := 'k1'\r\nexport B_KEY\t:= \"k2\" # c\r\nexport C_KEY := env(\"X\", \"k3\")\r\n";
    assert_eq!(spans("justfile", text)[..2], ["A_KEY=k1", "B_KEY=k2"]);
    let recipe = "a:\r\n\t@curl \\\r\n\t  https://é/v1 -H \"x-api-key: KEY\"\r\n";
    assert_eq!(arguments(".justfile", recipe), ["https://é/v1", "x-api-key: KEY"]);
}

#[test]
fn hostile_input_ends() {
    survives("justfile", FILE);
    survives("justfile", "export\nset \na := \nb := env(\nc := '''\n:\n\t{{\n\t}}");
}
