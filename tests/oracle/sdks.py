"""The SDKs at the versions that matter, and how a program uses each."""

from matrix import Program, Sdk

# The key of a client that is changed afterwards.
FIRST = "sk-your-first-key"
MESSAGES = '[{"role": "user", "content": "hi"}]'


def python(name, version, programs, pins=(), preload=(), package=None):
    """A Python package at a version; `pins` are what it needs besides."""
    package = package or name
    requirement = f"{package}=={version}"
    return Sdk(
        f"python {name} {version}",
        "python",
        (requirement, *pins),
        {"requirements.txt": "".join(f"{pin}\n" for pin in (requirement, *pins))},
        programs,
        preload,
    )


def node(name, version, programs, pins=()):
    """A JavaScript package at a version."""
    versions = dict(pin.rsplit("@", 1) for pin in (f"{name}@{version}", *pins))
    manifest = '{"dependencies": {' + ", ".join(f'"{name}": "{version}"' for name, version in versions.items()) + "}}\n"
    install = tuple(f"{name}@{version}" for name, version in versions.items())
    return Sdk(f"node {name} {version}", "javascript", install, {"package.json": manifest}, programs)


def rust(name, version, programs, features=()):
    """A Rust crate at a version, without its default features."""
    return Sdk(f"rust {name} {version}", "rust", (name, version, *features), {"Cargo.toml": f'[package]\nname = "case"\n\n[dependencies]\n{name} = "={version}"\n'}, programs)


# openai-python.

OPENAI_0 = [
    Program(
        "ChatCompletion.create",
        f'import openai\nopenai.ChatCompletion.create(model="gpt-4", messages={MESSAGES}, {{args}})\n',
        "api_key",
        "api_base",
        wrong=("base_url",),
    ),
    Program(
        "module settings",
        f'import openai\n{{args}}openai.ChatCompletion.create(model="gpt-4", messages={MESSAGES})\n',
        "api_key",
        "api_base",
        "assign",
        "openai.",
        wrong=("base_url",),
    ),
]


def openai_1(*more):
    return [
        Program(
            "OpenAI",
            "from openai import OpenAI\nclient = OpenAI({args})\nclient.models.list()\n",
            "api_key",
            "base_url",
            wrong=("api_base", "baseURL"),
        ),
        Program(
            "AsyncOpenAI",
            "import asyncio\nimport openai\nclient = openai.AsyncOpenAI({args})\n"
            f'asyncio.run(client.chat.completions.create(model="m", messages={MESSAGES}))\n',
            "api_key",
            "base_url",
        ),
        Program(
            "module settings",
            f'import openai\n{{args}}openai.chat.completions.create(model="m", messages={MESSAGES})\n',
            "api_key",
            "base_url",
            "assign",
            "openai.",
            wrong=("api_base",),
        ),
        *more,
    ]


OPENAI_COPY = Program(
    "with_options",
    "from openai import OpenAI\n"
    'client = OpenAI(api_key="sk-your-first-key", base_url="https://first.example/v1")\n'
    "client.with_options({args}).models.list()\n",
    "api_key",
    "base_url",
    without=("empty",),
    inherits=FIRST,
)
OPENAI_FIELDS = Program(
    "fields",
    'from openai import OpenAI\nclient = OpenAI(api_key="sk-your-first-key")\n{args}client.models.list()\n',
    "api_key",
    "base_url",
    "assign",
    "client.",
    wrong=("api_base",),
    without=("empty", "null"),
    inherits=FIRST,
)
AZURE = Program(
    "AzureOpenAI",
    "from openai import AzureOpenAI\nclient = AzureOpenAI({args})\n"
    f'client.chat.completions.create(model="m", messages={MESSAGES})\n',
    "api_key",
    "azure_endpoint",
    key_env=("AZURE_OPENAI_API_KEY", "OPENAI_API_KEY"),
    url_env=("AZURE_OPENAI_ENDPOINT", "OPENAI_BASE_URL"),
    always='api_version="2024-06-01"',
)

# Frameworks of Python.

LANGCHAIN = [
    Program(
        "ChatOpenAI",
        'from langchain_openai import ChatOpenAI\nllm = ChatOpenAI({args})\nllm.invoke("hi")\n',
        "api_key",
        "base_url",
        wrong=("api_base", "openai_base_url"),
        always='model="gpt-4o"',
    ),
    Program(
        "ChatOpenAI, long names",
        'from langchain_openai import ChatOpenAI\nllm = ChatOpenAI({args})\nllm.invoke("hi")\n',
        "openai_api_key",
        "openai_api_base",
    ),
    Program(
        "OpenAIEmbeddings",
        "from langchain_openai import OpenAIEmbeddings\nembeddings = OpenAIEmbeddings({args})\n"
        'embeddings.embed_documents(["hi"])\n',
        "api_key",
        "base_url",
        wrong=("api_base", "openai_base_url"),
        always="check_embedding_ctx_length=False",
    ),
    Program(
        "OpenAI",
        'from langchain_openai import OpenAI\nllm = OpenAI({args})\nllm.invoke("hi")\n',
        "api_key",
        "base_url",
        wrong=("api_base",),
    ),
]


def llama_index(module, name, use, wrong=("base_url",), always=""):
    return Program(
        name, f"from {module} import {name}\nmodel = {name}({{args}})\n{use}\n", "api_key", "api_base", wrong=wrong, always=always
    )


LITELLM = [
    Program(
        "completion",
        f'import litellm\nlitellm.completion(messages={MESSAGES}, {{args}})\n',
        "api_key",
        "api_base",
        wrong=("openai_api_base",),
        always='model="openai/gpt-4o"',
    ),
    Program(
        "completion, base_url",
        f'from litellm import completion\ncompletion(messages={MESSAGES}, {{args}})\n',
        "api_key",
        "base_url",
        always='model="gpt-4o"',
    ),
    Program(
        "embedding",
        'import litellm\nlitellm.embedding({args})\n',
        "api_key",
        "api_base",
        wrong=("base_url",),
        always='model="text-embedding-3-small", input=["hi"]',
    ),
    Program(
        "module settings",
        f'import litellm\n{{args}}litellm.completion(model="gpt-4o", messages={MESSAGES})\n',
        "api_key",
        "api_base",
        "assign",
        "litellm.",
        wrong=("base_url",),
    ),
]

AGENTS = [
    Program(
        "OpenAIProvider",
        "import asyncio\nfrom agents import Agent, OpenAIProvider, RunConfig, Runner, set_tracing_disabled\n"
        "set_tracing_disabled(True)\nprovider = OpenAIProvider({args})\n"
        'asyncio.run(Runner.run(Agent(name="a"), "hi", run_config=RunConfig(model_provider=provider)))\n',
        "api_key",
        "base_url",
    ),
    Program(
        "set_default_openai_key",
        "import asyncio\nfrom agents import Agent, Runner, set_default_openai_key, set_tracing_disabled\n"
        'set_tracing_disabled(True)\nset_default_openai_key({args})\nasyncio.run(Runner.run(Agent(name="a"), "hi"))\n',
        "key",
        "",
        "positional",
        without=("absent", "null", "empty"),
    ),
]

PYDANTIC_AI = [
    Program(
        "OpenAIProvider",
        "import asyncio\nfrom pydantic_ai.providers.openai import OpenAIProvider\nprovider = OpenAIProvider({args})\n"
        "asyncio.run(provider.client.models.list()._get_page())\n",
        "api_key",
        "base_url",
    )
]
SMOLAGENTS = [
    Program(
        "OpenAIModel",
        "from smolagents import OpenAIModel\nmodel = OpenAIModel({args})\n"
        f"model({MESSAGES})\n",
        "api_key",
        "api_base",
        always='"gpt-4o"',
    )
]
AGNO = [
    Program(
        "OpenAIChat",
        'from agno.models.openai import OpenAIChat\nmodel = OpenAIChat({args})\nmodel.get_client().models.list()\n',
        "api_key",
        "base_url",
        always='id="gpt-4o"',
    ),
    Program(
        "OpenAIEmbedder",
        'from agno.knowledge.embedder.openai import OpenAIEmbedder\nembedder = OpenAIEmbedder({args})\nembedder.response("hi")\n',
        "api_key",
        "base_url",
    ),
]

# JavaScript.

OPENAI_NODE_3 = [
    Program(
        "Configuration",
        'import { Configuration, OpenAIApi } from "openai";\nconst configuration = new Configuration({args});\n'
        "const client = new OpenAIApi(configuration);\nawait client.listModels();\n",
        "apiKey",
        "basePath",
        "object",
        wrong=("baseURL", "baseUrl"),
    )
]


def openai_node(*more):
    return [
        Program(
            "OpenAI",
            'import OpenAI from "openai";\nconst client = new OpenAI({args});\nawait client.models.list();\n',
            "apiKey",
            "baseURL",
            "object",
            wrong=("baseUrl", "base_url", "basePath", "apiBase", "endpoint"),
        ),
        Program(
            "require",
            'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\n'
            'const { OpenAI } = require("openai");\nconst client = new OpenAI({args});\nawait client.models.list();\n',
            "apiKey",
            "baseURL",
            "object",
        ),
        *more,
    ]


WITH_OPTIONS = Program(
    "withOptions",
    'import OpenAI from "openai";\n'
    'const client = new OpenAI({ apiKey: "sk-your-first-key", baseURL: "https://first.example/v1" });\n'
    "await client.withOptions({args}).models.list();\n",
    "apiKey",
    "baseURL",
    "object",
    without=("empty", "null"),
    wrong=("baseUrl",),
    inherits=FIRST,
)


def langchain_js(class_name, use, key="apiKey", url="configuration.baseURL", wrong=(), name=None):
    return Program(
        name or class_name,
        f'import {{ {class_name} }} from "@langchain/openai";\nconst model = new {class_name}({{args}});\nawait model.{use};\n',
        key,
        url,
        "object",
        wrong=wrong,
    )


AI_SDK = [
    Program(
        "createOpenAI",
        'import { createOpenAI } from "@ai-sdk/openai";\nimport { generateText } from "ai";\n'
        "const provider = createOpenAI({args});\n"
        'await generateText({ model: provider.chat("gpt-4o"), prompt: "hi", maxRetries: 0 });\n',
        "apiKey",
        "baseURL",
        "object",
        wrong=("baseUrl", "basePath"),
    ),
    Program(
        "openai",
        'import { openai } from "@ai-sdk/openai";\nimport { generateText } from "ai";\n'
        'await generateText({ model: openai("gpt-4o"), prompt: "hi", maxRetries: 0 });\n',
        "",
        "",
    ),
]

AGENTS_JS = [
    Program(
        "OpenAIProvider",
        'import { Agent, OpenAIProvider, Runner } from "@openai/agents";\nconst modelProvider = new OpenAIProvider({args});\n'
        "const runner = new Runner({ modelProvider, tracingDisabled: true });\n"
        'await runner.run(new Agent({ name: "a" }), "hi");\n',
        "apiKey",
        "baseURL",
        "object",
    )
]

LLAMAINDEX_JS = [
    Program(
        "OpenAI",
        'import { OpenAI } from "@llamaindex/openai";\nconst model = new OpenAI({args});\n'
        'await model.chat({ messages: [{ role: "user", content: "hi" }] });\n',
        "apiKey",
        "baseURL",
        "object",
        wrong=("apiBase", "baseUrl"),
    )
]

OPENAI_EDGE = [
    Program(
        "Configuration",
        'import { Configuration, OpenAIApi } from "openai-edge";\nconst configuration = new Configuration({args});\n'
        "const client = new OpenAIApi(configuration);\nawait client.listModels();\n",
        "apiKey",
        "basePath",
        "object",
        wrong=("baseURL",),
    )
]

# Rust.

ASYNC_OPENAI = [
    Program(
        "OpenAIConfig::new",
        "use async_openai::{Client, config::OpenAIConfig};\n\nfn main() {\n"
        "    let client = Client::with_config(OpenAIConfig::new(){args});\n}\n",
        "with_api_key",
        "with_api_base",
        "builder",
    ),
    Program(
        "OpenAIConfig::default",
        "use async_openai::{Client, config::OpenAIConfig};\n\nfn main() {\n"
        "    let config = OpenAIConfig::default(){args};\n    let client = Client::with_config(config);\n}\n",
        "with_api_key",
        "with_api_base",
        "builder",
    ),
    Program(
        "Client::new",
        "use async_openai::Client;\n\nfn main() {\n    let client = Client::new();\n}\n",
        "",
        "",
    ),
]

OLD_HTTPX = ("httpx==0.27.2",)

SDKS = [
    python("openai", "0.28.1", OPENAI_0, preload=("requests", "aiohttp")),
    python("openai", "1.2.4", openai_1(), OLD_HTTPX, ("openai",)),
    python("openai", "1.3.9", openai_1(AZURE), OLD_HTTPX, ("openai",)),
    python("openai", "1.109.1", openai_1(OPENAI_COPY, OPENAI_FIELDS, AZURE), (), ("openai",)),
    python("openai", "2.54.0", openai_1(OPENAI_COPY, OPENAI_FIELDS), (), ("openai",)),
    python("openai", "3.54.0", openai_1(OPENAI_COPY, OPENAI_FIELDS, AZURE), (), ("openai",)),
    python("langchain-openai", "0.1.25", LANGCHAIN, OLD_HTTPX, ("langchain_openai",)),
    python("langchain-openai", "1.7.2", LANGCHAIN, (), ("langchain_openai",)),
    python(
        "llama-index-llms-openai",
        "0.8.3",
        [
            llama_index("llama_index.llms.openai", "OpenAI", 'model.complete("hi")', always='model="gpt-4o"'),
            llama_index("llama_index.embeddings.openai", "OpenAIEmbedding", 'model.get_text_embedding("hi")'),
            llama_index(
                "llama_index.llms.openai_like", "OpenAILike", 'model.complete("hi")', always='model="gpt-4o"'
            ),
        ],
        ("llama-index-embeddings-openai==0.7.0", "llama-index-llms-openai-like==0.8.1"),
        ("llama_index.llms.openai", "llama_index.embeddings.openai", "llama_index.llms.openai_like"),
    ),
    python("litellm", "1.65.8", LITELLM, (), ("litellm",)),
    python("litellm", "1.106.2", LITELLM, (), ("litellm",)),
    python("openai-agents", "0.24.0", AGENTS, (), ("agents",)),
    python("pydantic-ai-slim", "2.68.0", PYDANTIC_AI, ("openai==2.54.0",), ("pydantic_ai.providers.openai",)),
    python("smolagents", "1.26.0", SMOLAGENTS, ("openai==2.54.0",), ("smolagents",)),
    python("agno", "3.1.10", AGNO, ("openai==2.54.0",), ("agno.models.openai",)),
    node("openai", "3.3.0", OPENAI_NODE_3),
    node("openai", "4.20.1", openai_node()),
    node("openai", "4.21.0", openai_node()),
    node("openai", "4.104.0", openai_node()),
    node("openai", "5.23.2", openai_node(WITH_OPTIONS)),
    node("openai", "7.57.0", openai_node(WITH_OPTIONS)),
    node(
        "@langchain/openai",
        "0.3.17",
        [
            langchain_js(
                "ChatOpenAI", 'invoke("hi")', wrong=("baseURL", "configuration.baseUrl", "basePath", "openAIApiBase")
            ),
            langchain_js("ChatOpenAI", 'invoke("hi")', key="openAIApiKey", name="ChatOpenAI, long names"),
            langchain_js("OpenAIEmbeddings", 'embedQuery("hi")', wrong=("baseURL", "configuration.basePath")),
        ],
        ("@langchain/core@0.3.80",),
    ),
    node(
        "@langchain/openai",
        "1.6.0",
        [
            langchain_js(
                "ChatOpenAI", 'invoke("hi")', wrong=("baseURL", "configuration.baseUrl", "basePath", "openAIApiBase")
            ),
            langchain_js("ChatOpenAI", 'invoke("hi")', key="openAIApiKey", name="ChatOpenAI, long names"),
            langchain_js("OpenAIEmbeddings", 'embedQuery("hi")', wrong=("baseURL", "configuration.basePath")),
        ],
    ),
    node("@ai-sdk/openai", "1.3.24", AI_SDK, ("ai@4.3.19", "zod@3.25.76")),
    node("@ai-sdk/openai", "4.0.118", AI_SDK, ("ai@7", "zod@4.1.8")),
    node("@openai/agents", "0.20.0", AGENTS_JS, ("zod@4.1.8",)),
    node("@llamaindex/openai", "0.4.23", LLAMAINDEX_JS),
    node("openai-edge", "1.2.3", OPENAI_EDGE),
    rust("async-openai", "0.30.1", ASYNC_OPENAI),
    rust("async-openai", "0.43.0", ASYNC_OPENAI, ("chat-completion",)),
]
