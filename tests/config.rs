//! The configuration: an in-house wrapper is linted like an SDK.

#![allow(clippy::unwrap_used)]

mod support;

use support::{findings, project};

/// The class or function of a wrapper says nothing to mixlint, until four lines do.
#[test]
fn an_in_house_wrapper_in_four_lines() {
    for (name, config, files) in [
        (
            "arguments as the SDK's",
            "[[client]]\nlike = 'openai-python'\nmodules = ['acme.llm']\ncallee = ['Llm', 'AsyncLlm']\n",
            [("app.py", "import os\nfrom acme.llm import Llm\nLlm(api_key=os.environ['MIXROUTE_API_KEY'])\n")],
        ),
        (
            "arguments of its own",
            "[[client]]\nlike = 'openai-python'\ncallee = ['acme.connect']\nkey = ['token', '0']\n",
            [("app.py", "import os, acme\nacme.connect(os.environ['MIXROUTE_API_KEY'])\n")],
        ),
        (
            "a package of JavaScript",
            "[[client]]\nlike = 'openai-node'\nmodules = ['@acme/llm']\ncallee = ['Llm']\n",
            [("app.ts", "import { Llm } from '@acme/llm';\nnew Llm({ apiKey: process.env.MIXROUTE_API_KEY });\n")],
        ),
        (
            "a crate",
            "[[client]]\nlike = 'openai-api-rs'\nmodules = ['acme_llm']\ncallee = ['Client.new']\nkey = ['0']\n",
            [(
                "main.rs",
                "use acme_llm::Client;\nfn main() {\n  let c = Client::new(std::env::var(\"MIXROUTE_API_KEY\").unwrap());\n}\n",
            )],
        ),
    ] {
        let dir = project(files);
        assert_eq!(findings(dir.path()), [""; 0], "{name}");
        std::fs::write(dir.path().join("mixlint.toml"), config).unwrap();
        let found = findings(dir.path());
        assert!(found.len() == 1 && found[0].ends_with("mixroute-key-without-base-url"), "{name}: {found:?}");
    }
}

/// A wrapper of the same repository is what the configuration says, however it is imported and whatever it does inside.
#[test]
fn a_wrapper_in_the_same_repository() {
    let python = "[[client]]\nlike = 'openai-python'\nmodules = ['acme.llm']\ncallee = ['connect']\n";
    let javascript = "[[client]]\nlike = 'openai-node'\nmodules = ['src/llm']\ncallee = ['Llm']\n";
    let rust = "[[client]]\nlike = 'openai-api-rs'\nmodules = ['crate::llm']\ncallee = ['Client.new']\nkey = ['0']\n";
    let key = "import os\nKEY = os.environ['MIXROUTE_API_KEY']\n";
    let of_python = ("acme/llm.py", "def connect(**options):\n    return make(options)\n");
    let of_javascript = ("src/llm.ts", "export class Llm { constructor(options) { this.inner = make(options); } }\n");
    let of_rust = ("src/llm.rs", "pub struct Client;\nimpl Client { pub fn new(key: String) -> Self { make(key) } }\n");
    for (config, wrapper, path, text) in [
        (python, of_python, "app.py", format!("{key}from acme.llm import connect\nconnect(api_key=KEY)\n")),
        (python, of_python, "app.py", format!("{key}import acme.llm as llm\nllm.connect(api_key=KEY)\n")),
        (python, of_python, "acme/app.py", format!("{key}from .llm import connect as c\nc(api_key=KEY)\n")),
        (
            javascript,
            of_javascript,
            "src/deep/app.ts",
            "import { Llm } from '../llm';\nnew Llm({ apiKey: process.env.MIXROUTE_API_KEY });\n".to_owned(),
        ),
        (
            rust,
            of_rust,
            "src/main.rs",
            "mod llm;\nuse crate::llm::Client;\nfn main() {\n  Client::new(std::env::var(\"MIXROUTE_API_KEY\").unwrap());\n}\n"
                .to_owned(),
        ),
    ] {
        let dir = project([wrapper, (path, &text)]);
        std::fs::write(dir.path().join("mixlint.toml"), config).unwrap();
        let found = findings(dir.path());
        assert!(found.len() == 1 && found[0].ends_with("mixroute-key-without-base-url"), "{text}: {found:?}");
    }
}

/// The wheel hook installs the wheel of the same version.
#[test]
fn versions_agree() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let project: toml::Table = toml::from_str(&std::fs::read_to_string(root.join("pyproject.toml")).unwrap()).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(project["project"]["version"].as_str(), Some(version));
    assert_eq!(project["project"]["dependencies"][0].as_str(), Some(format!("mixlint=={version}").as_str()));
}
