use crate::extract::testing::{arguments, shows, spans, survives};

const FILE: &str = r#"[Unit]
Description=KEY of A=b

[Service]
# Environment=NO=1
Environment=OPENAI_API_KEY=k "OPENAI_BASE_URL=https://h/v1" 'THIRD=with space'
Environment="A=50%%" B=%h/x C="in quotes" \
  D=e
ExecStart=-/usr/bin/env OPENAI_API_KEY=x \
  /usr/bin/curl https://h/v1 -H "Authorization: Bearer ${OPENAI_API_KEY}"
"#;

#[test]
fn units() {
    shows(
        "chat.service",
        FILE,
        r#"
fn1 _() script in env0
    curl(url="https://h/v1", header="Authorization: Bearer " ++ env(OPENAI_API_KEY))
env0 Unit "chat.service" extended runs
    OPENAI_API_KEY = "k"
    OPENAI_BASE_URL = "https://h/v1"
    THIRD = "with space"
    A = "50%"
    B = ?
    C = "in quotes"
    D = "e"
env1 Shell "curl" in 0 runs
    OPENAI_API_KEY = "x"
"#,
    );
    shows(
        "chat.container",
        "[Container]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\nEnvironmentFile=/etc/chat.env\n",
        "env0 Unit \"chat.container\" open runs\n    B = \"2\"\n",
    );
}

#[test]
fn spans_are_the_values() {
    let text = "[Service]\r\nEnvironment=A_KEY=k1 \"B_KEY=k2 x\"\\\r\n\tC_KEY=\"k3\"\r\n";
    assert_eq!(spans("a.service", text), ["A_KEY=k1", "B_KEY=k2 x", "C_KEY=k3"]);
    let exec = "[Service]\r\nExecStart=curl \\\r\n\thttps://é/v1 -H 'Authorization: Bearer KEY'\r\n";
    assert_eq!(arguments("a.service", exec), ["https://é/v1", "Authorization: Bearer KEY"]);
}

#[test]
fn hostile_input_ends() {
    survives("a.service", FILE);
    survives("a.service", "Environment=\"\nEnvironment='A=\nEnvironment==\nExecStart=\\\n\\");
}
