//! The catalogue as a whole, and its answers.

use super::*;
use crate::catalog::EnvName;

fn ids(found: &[(&Client, &Construct)]) -> Vec<String> {
    found.iter().map(|(client, _)| client.id.clone()).collect()
}

fn version(text: &str) -> Option<Version> {
    Some(Version::parse(text).unwrap())
}

/// What is built in is JSON by now: of the files themselves it can be said where one does not fit.
#[test]
fn files_fit_the_schema() {
    for folder in ["providers", "clients"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(folder);
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).unwrap();
                toml::from_str::<File>(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
        }
    }
}

#[test]
fn all_files_parse_and_fit() {
    let (catalog, errors) = Catalog::parse_embedded();
    assert_eq!(errors, []);
    catalog.check().unwrap();
    assert!(embedded::PROVIDERS.len() > 30 && embedded::CLIENTS.len() > 3);
}

#[test]
fn tables_are_sound() {
    let catalog = Catalog::builtin();
    let mut hosts = std::collections::HashSet::new();
    let mut words = std::collections::HashSet::new();
    for provider in &catalog.providers {
        assert!(!provider.hosts.is_empty(), "{}", provider.id);
        for host in &provider.hosts {
            assert!(hosts.insert(host.clone()), "{host} twice");
            assert!(!host.contains('/') && *host == host.to_lowercase(), "{host}");
        }
        for word in &provider.name_words {
            assert!(words.insert(word.clone()), "{word} twice");
            assert_eq!(*word, squash(word), "{}", provider.id);
        }
        if let Some(url) = &provider.base_url {
            let host = crate::endpoint::Url::parse(url).unwrap().host;
            assert_eq!(catalog.provider_of_host(&host).unwrap().id, provider.id, "{url}");
        }
    }
    for client in &catalog.clients {
        let known = ["python", "javascript", "rust", "shell", "powershell", "http"];
        assert!(known.contains(&client.language.as_str()), "{}", client.id);
        assert!(!client.construct.is_empty(), "{}", client.id);
        for construct in &client.construct {
            assert!(!construct.callee.is_empty(), "{}", client.id);
            assert!(construct.versions.is_none() || client.package.is_some(), "{}", client.id);
        }
        if let Some(url) = &client.default_endpoint {
            let host = crate::endpoint::Url::parse(url).unwrap().host;
            assert!(catalog.provider_of_host(&host).is_some(), "{}", client.id);
        }
    }
}

#[test]
fn symbols() {
    let catalog = Catalog::builtin();
    for (language, symbol, at, expected) in [
        ("python", "openai.OpenAI", None, "openai-python"),
        ("python", "langfuse.openai.AsyncOpenAI", None, "openai-python"),
        ("python", "openai.chat.completions.create", None, "openai-python-module"),
        ("python", "openai.ChatCompletion.create", None, "openai-python-0"),
        ("python", "openai.ChatCompletion.create", version("0.28.1"), "openai-python-0"),
        ("python", "openai.ChatCompletion.create", version("1.0.0"), ""),
        ("python", "openai.OpenAI", version("0.28"), ""),
        ("python", "langchain_openai.ChatOpenAI", None, "langchain-openai-python"),
        ("python", "requests.post", None, "http-python"),
        ("javascript", "openai.default", None, "openai-node"),
        ("javascript", "openai.OpenAI", None, "openai-node"),
        ("javascript", "openai", None, "openai-node"),
        ("javascript", "openai.Configuration", None, "openai-node-3"),
        ("javascript", "openai.Configuration", version("4.0.0"), ""),
        ("javascript", "@langchain/openai.ChatOpenAI", None, "langchain-openai-js"),
        ("javascript", "@ai-sdk/openai.createOpenAI", None, "ai-sdk-openai"),
        ("javascript", "fetch", None, "http-js"),
        ("rust", "async_openai.config.OpenAIConfig.new", None, "async-openai"),
        ("rust", "async_openai.Client.new", None, "async-openai"),
        ("rust", "async_openai.Client.with_config", None, ""),
        ("shell", "curl", None, "curl"),
        ("python", "curl", None, ""),
        ("python", "OpenAI", None, ""),
    ] {
        let found = ids(&catalog.construct(language, symbol, at));
        let expected: Vec<String> = Some(expected).filter(|id| !id.is_empty()).map(str::to_owned).into_iter().collect();
        assert_eq!(found, expected, "{language} {symbol}");
    }
    assert!(!catalog.method("python", "post").is_empty());
    assert!(!catalog.method("rust", "post").is_empty());
    assert!(catalog.method("python", "frobnicate").is_empty());
    assert!(catalog.knows("python", "openai.ChatCompletion.create") && !catalog.knows("rust", "openai.OpenAI"));
}

#[test]
fn a_call_is_one_client() {
    let catalog = Catalog::builtin();
    for client in &catalog.clients {
        for construct in client.construct.iter().filter(|construct| !construct.any_receiver) {
            for symbol in construct.callee.iter().flat_map(|name| symbols_of(&client.modules, name)) {
                // Which of a framework's own clients a call makes, its arguments say; tracing comes on top.
                let always = |(client, construct): &(&Client, &Construct)| {
                    client.traces_to.is_none()
                        && construct.only_with.is_empty()
                        && construct.unless_with.is_empty()
                        && construct.unless_env.is_empty()
                };
                let found = catalog.construct(&client.language, &symbol, None);
                if !found.iter().all(always) {
                    continue;
                }
                let found = ids(&found);
                assert_eq!(found.len(), 1, "{symbol}: {found:?}");
            }
        }
    }
}

#[test]
fn environment_by_version() {
    let catalog = Catalog::builtin();
    for (language, symbol, at, expected) in [
        ("python", "openai.OpenAI", version("1.2.4"), ""),
        ("python", "openai.OpenAI", version("1.3.0"), "OPENAI_BASE_URL"),
        ("python", "openai.OpenAI", None, "OPENAI_BASE_URL"),
        ("python", "openai.ChatCompletion.create", None, "OPENAI_API_BASE"),
        ("python", "langchain_openai.ChatOpenAI", None, "OPENAI_API_BASE OPENAI_BASE_URL"),
        ("python", "llama_index.llms.openai.OpenAI", None, "OPENAI_API_BASE"),
        ("javascript", "openai.default", version("4.20.1"), ""),
        ("javascript", "openai.default", version("4.21.0"), "OPENAI_BASE_URL"),
        ("javascript", "@ai-sdk/openai.createOpenAI", version("2.0.40"), ""),
        ("javascript", "@ai-sdk/openai.openai", None, "OPENAI_BASE_URL"),
        ("rust", "async_openai.Client.new", version("0.30.1"), ""),
        ("rust", "async_openai.Client.new", version("0.31.0"), "OPENAI_BASE_URL"),
    ] {
        let found = catalog.construct(language, symbol, at);
        let (_, construct) = found.first().unwrap_or_else(|| panic!("{symbol}"));
        let names: Vec<&str> = construct.env_endpoint.iter().filter(|env| env.applies(at)).map(EnvName::name).collect();
        assert_eq!(names.join(" "), expected, "{symbol} {at:?}");
    }
}

#[test]
fn additions() {
    #[derive(Deserialize)]
    struct Config {
        provider: Vec<Provider>,
        client: Vec<Client>,
    }
    let parse = |text: &str| toml::from_str::<Config>(text).unwrap();
    let config = parse(
        r#"
        [[provider]]
        id = "mixroute"
        name = "Mixroute"
        hosts = ["relay.example"]
        [[provider]]
        id = "acme"
        name = "Acme"
        hosts = ["llm.acme.example"]
        key-formats = ['acme-[a-z]+']
        name-words = ["acme"]
        [[client]]
        id = "acme"
        name = "Acme's client"
        language = "python"
        modules = ["acme"]
        construct = [{ callee = ["Llm"], key = ["token"], endpoint = ["0"] }]
        "#,
    );
    let catalog = Catalog::extended(config.provider, config.client, Vec::new()).unwrap();
    assert_eq!(catalog.provider_of_host("relay.example").unwrap().id, "mixroute");
    assert_eq!(catalog.provider_of_host("console.mixroute.io").unwrap().id, "mixroute");
    assert_eq!(catalog.provider_of_host("llm.acme.example").unwrap().id, "acme");
    assert_eq!(ids(&catalog.construct("python", "acme.Llm", None)), ["acme"]);
    assert!(Catalog::builtin().provider("acme").is_none());

    let wrong = parse("client = []\n[[provider]]\nid = \"x\"\nname = \"X\"\nkey-formats = [\"(\"]\n");
    assert!(matches!(Catalog::extended(wrong.provider, wrong.client, Vec::new()), Err(CatalogError::Pattern { .. })));
    let wrong = parse("client = []\n[[provider]]\nid = \"x\"\nname = \"X\"\nshared-formats = [\"y\"]\n");
    assert!(matches!(
        Catalog::extended(wrong.provider, wrong.client, Vec::new()),
        Err(CatalogError::NoSuchFormat { .. })
    ));
    let wrong = parse("client = []\n[[provider]]\nid = \"x\"\nname = \"X\"\n[[provider]]\nid = \"x\"\nname = \"X\"\n");
    assert_eq!(
        Catalog::extended(wrong.provider, wrong.client, Vec::new()).unwrap_err(),
        CatalogError::Twice("x".to_owned())
    );
}
