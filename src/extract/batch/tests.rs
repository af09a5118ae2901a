use crate::extract::testing::{arguments, shows, spans, survives};

const FILE: &str = r#"@echo off
rem set NO_KEY=1
:: set NO_KEY=2
set OPENAI_API_KEY=%MIX_KEY%
set "OPENAI_BASE_URL=https://h/v1"
SET QUOTED_KEY="k"
set BLANK_KEY=k & echo hi
setx OPENAI_API_BASE "https://s/v1" /M
set /p ASKED_KEY=Key:
if defined X (
  set IN_KEY=a
) else (
  set IN_KEY=b
)
if "%1"=="x" set ONE_KEY=c
curl %OPENAI_BASE_URL%/models ^
  -H "Authorization: Bearer %OPENAI_API_KEY%"
:end
"#;

#[test]
fn scripts() {
    shows(
        "setup.bat",
        FILE,
        r#"
fn1 _() script
    echo("off")
    OPENAI_API_KEY = env(MIX_KEY)
    OPENAI_BASE_URL = "https://h/v1"
    QUOTED_KEY = "\"k\""
    BLANK_KEY = "k "
    echo("hi")
    OPENAI_API_BASE = "https://s/v1"
    ASKED_KEY = ?
    when cmd-ifdefinedx
        IN_KEY = "a"
    when !cmd-ifdefinedx
        IN_KEY = "b"
    when cmd-if1xsetonekeyc
        ONE_KEY = "c"
    when !cmd-if1xsetonekeyc
    curl(url=env(OPENAI_BASE_URL) ++ "/models", header="Authorization: Bearer " ++ env(OPENAI_API_KEY))
env0 Shell "setup.bat" open runs
    OPENAI_API_KEY = env(MIX_KEY)
    OPENAI_BASE_URL = "https://h/v1"
    QUOTED_KEY = "\"k\""
    BLANK_KEY = "k "
    OPENAI_API_BASE = "https://s/v1"
    ASKED_KEY = ?
"#,
    );
}

#[test]
fn spans_are_the_values() {
    let text =
        "@set A_KEY=k1\r\n\tset \"B_KEY=k2\"\r\nset C_KEY=\"k3\"\r\nsetx D_KEY ^\r\n k4\r\nsetx E_KEY \"k5\"\r\n";
    assert_eq!(spans("a.cmd", text), ["A_KEY=k1", "B_KEY=k2", "C_KEY=\"k3\"", "D_KEY=k4", "E_KEY=k5"]);
    let request = "curl ^\r\n\thttps://é/v1 -H \"x-api-key: KEY\"\r\n";
    assert_eq!(arguments("a.bat", request), ["https://é/v1", "x-api-key: KEY"]);
}

#[test]
fn hostile_input_ends() {
    survives("a.bat", FILE);
    survives("a.bat", "set\nset \nset =\nset \"A=\nsetx\n)\n(\nif (\nfor (\n%\n%%\n!a\n^\n^");
}
