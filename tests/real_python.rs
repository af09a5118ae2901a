//! Python as people write it: reduced from published packages and their repositories.
//!
//! Each case says what it shows. The routes are stated with the findings, so that silence cannot come from seeing
//! nothing.

#![allow(clippy::unwrap_used)]

mod support;

use support::{diff, findings, project, routes};

/// Checks the findings and routes of a project.
fn gives(files: &[(&str, &str)], expected: &[&str]) {
    let dir = project(files.iter().copied());
    let mut got = findings(dir.path());
    got.extend(routes(dir.path()));
    let expected: Vec<String> = expected.iter().map(|&line| line.to_owned()).collect();
    let difference = diff(&expected, &got);
    assert!(difference.is_empty(), "{difference}");
}

#[test]
fn a_setting_then_a_variable_then_a_default() {
    // mem0's clients: the caller's setting wins, and is not known.
    let source = r#"
import os
from openai import OpenAI

class XAILLM:
    def __init__(self, config=None):
        self.config = config or Config()
        api_key = self.config.api_key or os.getenv("XAI_API_KEY")
        base_url = self.config.xai_base_url or os.getenv("XAI_API_BASE") or "https://api.x.ai/v1"
        self.client = OpenAI(api_key=api_key, base_url=base_url)
"#;
    gives(
        &[("xai.py", source)],
        &[
            "route XAI_API_KEY -> https://api.x.ai/v1",
            "route XAI_API_KEY -> unknown",
            "route api_key -> https://api.x.ai/v1",
            "route api_key -> unknown",
        ],
    );
}

#[test]
fn the_same_with_the_wrong_host() {
    let source = r#"
import os
from openai import OpenAI

class Relay:
    def __init__(self):
        self.key = os.getenv("MIXROUTE_API_KEY")
        self.url = os.getenv("RELAY_API_BASE") or "https://api.openai.com/v1"
        self.client = OpenAI(api_key=self.key, base_url=self.url)
"#;
    let dir = project([("relay.py", source)]);
    let found = findings(dir.path());
    assert!(found.iter().any(|line| line.ends_with(" mixroute-key-at-openai")), "{found:?}");
}

#[test]
fn an_import_in_a_try_and_a_key_from_the_constructor() {
    // agno's image tool.
    let source = r#"
from os import getenv

try:
    from openai import OpenAI
except ImportError:
    raise ImportError("`openai` not installed")

class DalleTools(Toolkit):
    def __init__(self, api_key=None):
        self.api_key = api_key or getenv("MIXROUTE_API_KEY")

    def create_image(self):
        if not self.api_key:
            return "no key"
        try:
            client = OpenAI(api_key=self.api_key)
            return client.images.generate()
        except Exception as error:
            return str(error)
"#;
    gives(
        &[("dalle.py", source)],
        &[
            "warning dalle.py:17 mixroute-key-without-base-url",
            "route MIXROUTE_API_KEY -> default",
            "route api_key -> default",
        ],
    );
}

#[test]
fn an_argument_dictionary_that_may_hold_a_base_url() {
    // shell_gpt: "default" in its settings stands for no base URL.
    let source = r#"
import os
from openai import OpenAI

base_url = cfg.get("API_BASE_URL")
kwargs = {"timeout": 5, "api_key": os.environ["MIXROUTE_API_KEY"]}
kwargs["base_url"] = None if base_url == "default" else base_url
client = OpenAI(**kwargs)
"#;
    gives(&[("handler.py", source)], &["route MIXROUTE_API_KEY -> default", "route MIXROUTE_API_KEY -> unknown"]);
}

#[test]
fn keyword_arguments_beside_an_unknown_dictionary() {
    // What is written beside `**params` is what is sent: Python refuses the same keyword twice.
    let source = r#"
import os
from openai import OpenAI

def make(params):
    return OpenAI(**params.model_dump(), api_key=os.environ["MIXROUTE_API_KEY"])
"#;
    gives(&[("make.py", source)], &["route MIXROUTE_API_KEY -> unknown"]);
}

#[test]
fn a_model_of_the_project_is_not_the_class_of_the_sdk() {
    // browser-use has a `ChatOpenAI` of its own.
    let own = "class ChatOpenAI:\n    def __init__(self, model, api_key=None):\n        self.model = model\n";
    let user = r#"
import os
from app.llm.chat import ChatOpenAI

llm = ChatOpenAI("gpt-4.1-mini", api_key=os.environ["MIXROUTE_API_KEY"])
"#;
    gives(&[("app/__init__.py", ""), ("app/llm/__init__.py", ""), ("app/llm/chat.py", own), ("main.py", user)], &[]);
}

#[test]
fn a_client_in_a_branch_whose_other_branch_raises() {
    // litellm's command line, where the address is the user's.
    let source = r#"
import os
import openai

def run_test(host, port, test):
    api_base = f"http://{host}:{port}"
    if isinstance(test, str):
        api_base = test
    else:
        raise ValueError("Invalid test value")
    return openai.OpenAI(base_url=api_base, api_key=os.environ["MIXROUTE_API_KEY"])
"#;
    gives(&[("cli.py", source)], &["route MIXROUTE_API_KEY -> unknown"]);
}

#[test]
fn arguments_that_the_command_line_gives() {
    let source = r#"
import os
import click
from openai import OpenAI

@click.command()
@click.option("--api-base")
def main(api_base):
    OpenAI(base_url=api_base, api_key=os.environ["MIXROUTE_API_KEY"])

if __name__ == "__main__":
    main()
"#;
    // Without the option the client has its own default, with it anything: nothing is certainly wrong.
    gives(&[("main.py", source)], &["route MIXROUTE_API_KEY -> default", "route MIXROUTE_API_KEY -> unknown"]);
}

#[test]
fn a_module_named_after_the_library_beside_a_user_of_it() {
    // mem0, agno, langchain-community, dspy: `llms/openai.py` beside `llms/azure.py`.
    let beside = "from openai import OpenAI as Client\n\nclass OpenAILLM:\n    pass\n";
    let source = r#"
import os
from openai import OpenAI

client = OpenAI(api_key=os.environ["MIXROUTE_API_KEY"])
"#;
    gives(
        &[
            ("lib/__init__.py", ""),
            ("lib/llms/__init__.py", ""),
            ("lib/llms/openai.py", beside),
            ("lib/llms/a.py", source),
        ],
        &["error lib/llms/a.py:5 mixroute-key-without-base-url", "route MIXROUTE_API_KEY -> default"],
    );
}

#[test]
fn a_table_of_hosts_that_a_dispatcher_chooses_from() {
    // gpt_academic: this function is the one that the table names for Claude.
    let source = r#"
import os
import requests

KEY = os.environ["ANTHROPIC_API_KEY"]
models = {
    "gpt-4o": {"endpoint": "https://api.openai.com/v1/chat/completions"},
    "claude-3": {"endpoint": "https://api.anthropic.com/v1/messages"},
}

def ask(options):
    endpoint = models[options["model"]]["endpoint"]
    return requests.post(endpoint, headers={"x-api-key": KEY})
"#;
    let dir = project([("claude.py", source)]);
    assert_eq!(findings(dir.path()), Vec::<String>::new());
    assert!(!routes(dir.path()).is_empty());
}

#[test]
fn a_class_of_settings_in_a_branch() {
    let source = r#"
import os
from openai import OpenAI

if flag():
    rows = {"relay": {"k": os.environ["MIXROUTE_API_KEY"], "u": "https://api.openai.com/v1"}, "other": {}}
    class Settings:
        key = rows["relay"].get("k")
        url = rows["relay"]["u"]
    client = OpenAI(api_key=Settings.key, base_url=Settings.url)
    rows = {}
"#;
    gives(
        &[("settings.py", source)],
        &["error settings.py:6 mixroute-key-at-openai", "route MIXROUTE_API_KEY -> https://api.openai.com/v1"],
    );
}
