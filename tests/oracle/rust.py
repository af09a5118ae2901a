"""A crate's cases as one program: each case's `main` is a function there, and what it built is looked at.

A crate is compiled once for each version. `observe` takes the client at the end of each case's `main`.
"""

import os
import subprocess

OBSERVE = """
fn observe(client: &async_openai::Client<async_openai::config::OpenAIConfig>) -> (String, String) {
    use async_openai::config::Config;
    let headers = client.config().headers();
    let key = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    (client.config().api_base().to_owned(), key.to_owned())
}

fn run(id: usize, environment: &[(&str, &str)], case: fn() -> (String, String)) {
    for (name, _) in std::env::vars() {
        std::env::remove_var(name);
    }
    for (name, value) in environment {
        std::env::set_var(name, value);
    }
    let (url, key) = case();
    println!("{id}\\t{url}\\t{key}");
}
"""


def source(cases):
    """The program, and the texts of the cases as its functions."""
    texts = sorted({case.text for case in cases})
    functions, calls = [], []
    for number, text in enumerate(texts):
        head, _, rest = text.partition("fn main() {")
        body = rest.rstrip().removesuffix("}")
        functions.append(
            f"mod case_{number} {{\n{head}\npub fn run() -> (String, String) {{{body}super::observe(&client)\n}}\n}}\n"
        )
    for case in cases:
        environment = ", ".join(f'("{name}", "{value}")' for name, value in case.environment.items())
        calls.append(f"    run({case.id}, &[{environment}], case_{texts.index(case.text)}::run);\n")
    return OBSERVE + "".join(functions) + "fn main() {\n" + "".join(calls) + "}\n"


def answers(sdk, folder, cases):
    """What each case's client holds."""
    crate, version, *features = sdk.install
    (folder / "src").mkdir(exist_ok=True)
    named = ", ".join(f'"{feature}"' for feature in features)
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "cases"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n[profile.dev]\ndebug = 0\n\n'
        f'[dependencies]\n{crate} = {{ version = "={version}", default-features = false, features = [{named}] }}\n'
    )
    (folder / "src/main.rs").write_text(source(cases))
    build = subprocess.run(
        ["cargo", "build", "--quiet"], cwd=folder, capture_output=True, text=True, check=False, preexec_fn=lambda: os.nice(15)
    )
    if build.returncode != 0:
        raise RuntimeError(build.stderr)
    ran = subprocess.run([folder / "target/debug/cases"], capture_output=True, text=True, check=True)
    for line in ran.stdout.splitlines():
        number, url, key = line.split("\t")
        yield {"id": int(number), "sent": [{"url": url, "authorization": key}], "error": None}
