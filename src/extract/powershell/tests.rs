use crate::extract::extract as lower;
use crate::facts::dump::dump;
use crate::facts::{ExprKind, Module};
use crate::language::Language;
use crate::source::Source;

fn read(text: &str) -> (Source, Module) {
    let source = Source::new("setup.ps1", Language::PowerShell, text);
    let module = lower(&source).unwrap();
    (source, module)
}

fn shows(text: &str, expected: &str) {
    let (_, module) = read(text);
    let shown = dump(&module);
    let expected = expected.trim_start_matches('\n');
    assert_eq!(shown, expected, "\n--- got\n{shown}\n--- wanted\n{expected}");
}

#[test]
fn environment() {
    shows(
        r#"
<# mind: $env:NO = "x" #>
$env:OPENAI_API_KEY = $env:MIXROUTE_API_KEY   # the key
$Url = 'https://h' + "/v1"
${env:OPENAI_BASE_URL} = "$url"; $env:A = "${url}/x$($env:B)"
[Environment]::SetEnvironmentVariable("OPENAI_API_BASE", "https://h/v1", "User")
if ($env:X) { $env:C = 'd' } else { $env:C = "e" }
$env:PATH += ";C:\bin"
"#,
        r#"
OPENAI_API_KEY = env(MIXROUTE_API_KEY)
$url = "https://h" ++ "/v1"
OPENAI_BASE_URL = $url
A = $url ++ "/x" ++ env(B)
OPENAI_API_BASE = "https://h/v1"
when always
    C = "d"
when always
when always
    C = "e"
when always
PATH = ?
env0 Shell "setup.ps1" open runs
    OPENAI_API_KEY = env(MIXROUTE_API_KEY)
    OPENAI_BASE_URL = $url
    A = $url ++ "/x" ++ env(B)
    OPENAI_API_BASE = "https://h/v1"
    PATH = ?
"#,
    );
}

#[test]
fn requests() {
    shows(
        r#"
$headers = @{
    "Authorization" = "Bearer $env:KEY"
    'Content-Type' = 'application/json'
}
$headers["X"] = "y"
$r = Invoke-RestMethod -Uri "https://h/v1/models" `
    -Method Get -Headers $headers
irm https://h/v1 -Headers @{ Authorization = "Bearer $key" } | ConvertTo-Json
$p = @{ Uri = "https://h" }
Invoke-WebRequest @p
"#,
        r#"
$headers = {Authorization: "Bearer " ++ env(KEY), Content-Type: "application/json"}
$headers.X = "y"
$r = Invoke-RestMethod(uri="https://h/v1/models", method="Get", headers=$headers)
Invoke-RestMethod("https://h/v1", headers={Authorization: "Bearer " ++ $key})
$p = {Uri: "https://h"}
Invoke-WebRequest(**$p)
"#,
    );
}

#[test]
fn spans_are_the_values() {
    let (source, module) = read(
        "\t$env:A_KEY = \"k1\" # c\r\n[Environment]::SetEnvironmentVariable('B_KEY', `\r\n\t'k2', 'User')\r\n$env:C = @\"\r\nk3\r\n\"@\r\n",
    );
    let vars = module.env_blocks.iter().flat_map(|block| &block.vars);
    let shown: Vec<String> =
        vars.map(|var| format!("{}={}", source.slice(var.name_span), source.slice(module.span(var.value)))).collect();
    assert_eq!(shown, ["A_KEY=k1", "B_KEY=k2", "C=k3"]);
}

#[test]
fn hostile_input_ends() {
    for text in
        ["$", "$env:", "@{", "@'", "\"$(", "[", "${", "`", "if (", "é$é=é", "[a]::b(", "$env:A=", "\"`", "@{a=@{b=("]
    {
        read(text);
        read(&text.repeat(2000));
    }
    let (_, module) = read(&format!("$a = {}1", "(".repeat(100_000)));
    assert!(module.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Unknown)));
}
