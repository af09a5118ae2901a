"""Writes the messages of `fixtures/trace/*/messages/` anew, as the real SDKs raise them.

    python3 -m venv /tmp/oracle && /tmp/oracle/bin/pip install openai anthropic langchain-openai llama-index-llms-openai \
        litellm requests python-dotenv pydantic-ai-slim groq instructor httpx aiohttp haystack-ai dspy smolagents agno \
        langchain-anthropic langchain-groq langchain-deepseek dashscope mistralai pydantic-settings autogen-ext[openai]
    python3 -m venv /tmp/oracle-old && /tmp/oracle-old/bin/pip install openai==0.28.1
    (cd /tmp/oracle && npm install openai ai @ai-sdk/openai @ai-sdk/openai-compatible @ai-sdk/deepseek axios undici \
        @openrouter/ai-sdk-provider @langchain/openai @langchain/core @anthropic-ai/sdk groq-sdk dotenv tsx)
    python3 tests/oracle-messages/make.py --python /tmp/oracle/bin/python --node-modules /tmp/oracle/node_modules \
        --other 29-openai-legacy=/tmp/oracle-old/bin/python

A project that wants its own versions (22: openai-agents, 29: openai 0.28, 48: openai 3 for Node, 49: openai 4.52) is given them
by `--other`. Needs `openssl` (a certificate for one run) and, for the Rust projects, `cargo`. The programs run as they stand, each in
a copy of its project, against `server.py` on 127.0.0.1; the machine's own keys and proxies are taken away from them.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import server

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent.parent / "fixtures" / "trace"
#: Where the projects lie in the messages.
HOME = "/home/ann/src"
KEY = {"MIXROUTE_API_KEY": "sk-your-mixroute-key"}
OFFICIAL = {"OPENAI_OFFICIAL_KEY": "sk-your-openai-key"}


def made(owner, prefix="sk-"):
    """A key of an owner's as long as real ones, whose ends look like those of one."""
    return f"{prefix}QqHvK0aZ8{owner}xwKt4LmW2eRt7yU1iO3pA5sD6fG8hJ9kL0W9pQ"


#: Variables that are set outside of the project, with keys that look like real ones.
MADE = {
    "MIXROUTE_API_KEY": made("mixroute"),
    "MIXROUTE_KEY": made("mixroute"),
    "OPENAI_OFFICIAL_KEY": made("openai", "sk-proj-"),
    "OPENROUTER_API_KEY": made("openrouter", "sk-or-v1-"),
    "DEEPSEEK_API_KEY": made("deepseek"),
    "DASHSCOPE_API_KEY": made("dashscope"),
    "ANTHROPIC_API_KEY": made("anthropic", "sk-ant-api03-"),
    "GROQ_API_KEY": made("groq", "gsk_"),
}

# Project, program, modes, variables that the user has set outside of the project.
CASES = [
    ("01-default-endpoint", "app.py", ["traceback", "text", "body", "log"], KEY),
    ("02-forgotten-client", "app.py", ["traceback", "log"], KEY),
    ("03-langchain-embeddings", "main.py", ["traceback", "text"], KEY),
    ("04-dotenv-key", "bot.py", ["traceback", "body"], {}),
    ("05-node-default", "src/index.mjs", ["stack", "log", "body"], KEY),
    ("06-node-option-name", "server.mjs", ["stack", "text"], KEY),
    ("07-reverse", "app.py", ["traceback", "body"], {}),
    ("08-reverse-ai-sdk", "src/answer.mjs", ["stack", "body"], OFFICIAL),
    ("09-missing-v1", "main.py", ["traceback", "text"], KEY),
    ("10-missing-v1-node", "chat.mjs", ["stack"], KEY),
    ("11-full-path", "app.py", ["traceback", "body"], KEY),
    ("12-anthropic-v1", "claude.py", ["traceback", "text"], KEY),
    ("13-foreign-openrouter", "agent.py", ["traceback", "body"], KEY),
    ("14-foreign-dashscope", "qwen.mjs", ["stack", "text"], {"MIXROUTE_KEY": "sk-your-mixroute-key"}),
    ("15-raw-requests", "jobs/fetch.py", ["traceback"], KEY),
    ("16-raw-fetch", "worker.mjs", ["stack", "text"], KEY),
    ("17-white-space", "app.py", ["traceback"], {}),
    ("18-misspelled-host", "index.mjs", ["stack"], KEY),
    ("19-one-wrong-row", "main.py", ["traceback", "body"], KEY),
    ("20-relay-upstream", "app.py", ["traceback", "body"], {"RELAY_KEY": "sk-your-relay-key"}),
    ("21-dummy-key", "memory.py", ["traceback", "text"], {}),
    ("22-agents-tracing", "agent.py", ["traceback"], KEY),
    ("23-rust", "src/main.rs", ["stderr"], KEY),
    ("24-llama-index", "app.py", ["traceback", "log"], KEY),
    ("25-curl", "ask.sh", ["stderr"], KEY),
    ("26-litellm", "app.py", ["traceback", "text"], KEY),
    ("27-bearer-twice", "app.py", ["traceback"], {}),
    ("28-key-from-outside", "app.py", ["traceback", "text"], {"OPENAI_API_KEY": "sk-a-made-up-key", **KEY}),
    ("29-openai-legacy", "main.py", ["traceback", "text"], KEY),
    ("30-pydantic-ai", "main.py", ["traceback", "text"], KEY),
    ("31-groq-sdk", "fast.py", ["traceback", "text"], KEY),
    ("32-raw-httpx", "main.py", ["traceback", "log"], KEY),
    ("33-raw-aiohttp", "worker.py", ["traceback", "text"], OFFICIAL),
    ("34-haystack", "pipeline.py", ["traceback", "text"], KEY),
    ("35-dspy", "program.py", ["traceback", "text"], KEY),
    ("36-smolagents", "agent.py", ["traceback", "log"], KEY),
    ("37-langchain-anthropic", "main.py", ["traceback", "text"], KEY),
    ("38-langchain-groq", "main.py", ["traceback", "body"], KEY),
    ("39-dashscope-native", "qwen.py", ["traceback", "text"], KEY),
    ("40-mistral", "summarize.py", ["traceback", "text"], KEY),
    ("41-instructor", "extract.py", ["traceback", "text"], KEY),
    ("42-agno", "team.py", ["traceback", "log"], KEY),
    ("43-node-axios", "src/main.mjs", ["stack", "body"], KEY),
    ("44-langchain-js", "chat.mjs", ["stack", "text"], KEY),
    ("45-anthropic-node", "index.mjs", ["stack", "text"], KEY),
    ("46-ai-compatible", "app/answer.mjs", ["stack", "text"], KEY),
    ("47-openrouter-provider", "route.mjs", ["stack", "text"], KEY),
    ("48-node-v3", "main.mjs", ["stack", "body"], KEY),
    ("49-node-reverse", "src/index.mjs", ["stack", "log"], OFFICIAL),
    ("50-raw-undici", "run.mjs", ["stack", "text"], KEY),
    ("51-ignored-variable", "main.py", ["traceback", "body"], {}),
    ("52-langchain-deepseek", "think.py", ["traceback", "text"], KEY),
    ("53-async-missing-v1", "main.py", ["traceback", "log"], KEY),
    ("54-makefile", "run.sh", ["stderr"], KEY),
    ("55-deepseek-node", "src/deepseek.mjs", ["stack"], KEY),
    ("56-batch-log", "main.py", ["traceback", "log"], KEY),
    ("57-settings-class", "main.py", ["traceback", "log"], {}),
    ("58-dataclass-rows", "app.py", ["traceback", "body"], MADE),
    ("59-ts-services", "src/main.ts", ["stack", "text"], {}),
    ("60-ts-ai-registry", "app/write.ts", ["stack", "body"], MADE),
    ("61-rust-struct", "src/main.rs", ["stderr"], MADE),
    ("62-json-log", "main.py", ["traceback", "log"], {}),
    ("63-deepseek-tails", "run.mjs", ["stack", "text"], {}),
    ("64-xai", "run.py", ["traceback", "body"], MADE),
    ("65-moonshot", "src/index.ts", ["stack", "body"], MADE),
    ("66-siliconflow-raw", "main.py", ["traceback", "text"], {}),
    ("67-together", "main.py", ["traceback", "text"], MADE),
    ("68-gemini-compat", "serve.py", ["traceback", "body"], MADE),
    ("69-next-route", "dev.ts", ["stack", "log"], {}),
    ("70-anthropic-node-v1", "src/review.ts", ["stack", "body"], {}),
    ("71-config-file", "main.py", ["traceback", "log"], {}),
    ("72-raw-missing-v1", "main.py", ["traceback", "text"], {}),
    ("73-openrouter-at-relay", "src/main.mjs", ["stack"], MADE),
    ("74-smoke-script", "scripts/smoke.sh", ["stderr"], MADE),
    ("75-key-file", "main.py", ["traceback", "log"], {}),
    ("76-misspelled-deepseek", "main.py", ["traceback", "log"], MADE),
    ("77-noisy-httpx", "main.py", ["traceback", "text"], MADE),
    ("78-litellm-router", "main.py", ["traceback", "text"], MADE),
    ("79-monorepo", "packages/worker/main.py", ["traceback", "log"], MADE),
    ("80-dashscope-subclass", "main.py", ["traceback", "body"], MADE),
    ("81-zhipu", "src/index.ts", ["stack", "body"], MADE),
    ("82-rust-reqwest", "src/main.rs", ["stderr"], MADE),
    ("83-env-slot", "main.py", ["traceback", "log", "body"], {}),
    ("84-langchain-js-embeddings", "src/index.mjs", ["stack", "text"], MADE),
    ("85-url-from-cli", "cli/main.py", ["traceback", "text"], {"LLM_API_KEY": made("mixroute"), **MADE}),
    ("86-anthropic-default", "main.py", ["traceback", "body"], MADE),
    ("87-autogen", "team.py", ["traceback", "log", "text"], MADE),
    ("88-groq-ts", "src/index.ts", ["stack", "text"], MADE),
    ("89-double-v1", "main.py", ["traceback", "text"], MADE),
    ("90-compose-key", "main.py", ["traceback", "body"], {}),
]


def certificate(folder):
    """A key with its certificate for all hosts, in one file."""
    names = ",".join(f"DNS:{host}" for host in server.SPEAKERS)
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=oracle",
               "-addext", f"subjectAltName={names}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(command, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return both, folder / "cert.pem"


def plain(environment):
    """How a URL begins that is asked for without TLS; the host follows."""
    return f"http://127.0.0.1:{environment['ORACLE_PLAIN_PORT']}/"


def command(options, work, project, program, mode, environment):
    """How a program is run, and the variables that it needs for that."""
    if program.endswith(".py"):
        environment["PYTHONPATH"] = str(HERE / "redirect")
        return [options.other.get(project, options.python), HERE / "run.py", mode, program]
    if program.endswith((".mjs", ".ts")):
        modules = options.other.get(project, options.node_modules)
        (work / "node_modules").symlink_to(pathlib.Path(modules).resolve())
        typed = ["--import", "tsx"] if program.endswith(".ts") else []
        return ["node", "--require", HERE / "redirect" / "redirect.cjs", *typed, HERE / "run.mjs", mode, program]
    if program.endswith(".sh"):
        hosts = [f"--connect-to {host}:443:127.0.0.1:{environment['ORACLE_PORT']}" for host in server.SPEAKERS]
        environment["HOME"] = str(work)
        (work / ".curlrc").write_text("\n".join([*hosts, f"cacert = {environment['SSL_CERT_FILE']}"]) + "\n")
        return ["sh", program]
    # What is written in Rust trusts no certificate of ours: in the copy its URLs are the server's, without TLS.
    base = plain(environment)
    for source in work.rglob("*.rs"):
        text = source.read_text()
        for host in server.SPEAKERS:
            text = text.replace(f"https://{host}", base + host)
        source.write_text(text.replace("OpenAIConfig::new()", f'OpenAIConfig::new().with_api_base("{base}api.openai.com/v1")'))
    environment["CARGO_TARGET_DIR"] = str(options.target)
    environment["CARGO_HOME"] = os.environ.get("CARGO_HOME", os.path.expanduser("~/.cargo"))
    return ["cargo", "run", "-q"]


def run(options, base, project, program, mode, variables):
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder).resolve() / project
        shutil.copytree(FIXTURES / project / "files", work)
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8", **base, **variables}
        arguments = command(options, work, project, program, mode, environment)
        done = subprocess.run(arguments, cwd=work, env=environment, capture_output=True, text=True, timeout=900)
        text = done.stdout + done.stderr
    text = text.replace(str(work), f"{HOME}/{project[3:]}").replace(folder, HOME).replace(plain(environment), "https://")
    for place in filter(None, [options.other.get(project), options.python, options.node_modules]):
        place = pathlib.Path(place)
        if place.name == "node_modules":
            text = text.replace(str(place.resolve()), f"{HOME}/{project[3:]}/node_modules")
        else:
            text = text.replace(str(place.absolute().parent.parent) + "/", f"{HOME}/{project[3:]}/.venv/")
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(line for line in lines if str(HERE) not in line) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", required=True)
    parser.add_argument("--node-modules", required=True)
    parser.add_argument("--other", metavar="PROJECT=PATH", action="append", default=[],
                        help="another Python, or other node_modules, for one project; may be given more than once")
    parser.add_argument("--target", default="/tmp/oracle-target", help="where cargo builds")
    parser.add_argument("--only", default="", help="projects that begin so")
    options = parser.parse_args()
    options.other = dict(other.split("=", 1) for other in options.other)
    with tempfile.TemporaryDirectory() as folder:
        both, cert = certificate(pathlib.Path(folder))
        secure, plain = server.serve(0, both), server.serve(0)
        for one in (secure, plain):
            threading.Thread(target=one.serve_forever, daemon=True).start()
        base = {
            "ORACLE_PORT": str(secure.server_port),
            "ORACLE_PLAIN_PORT": str(plain.server_port),
            "ORACLE_HOSTS": ",".join(server.SPEAKERS),
            "SSL_CERT_FILE": str(cert),
            "REQUESTS_CA_BUNDLE": str(cert),
            "NODE_EXTRA_CA_CERTS": str(cert),
        }
        for project, program, modes, variables in CASES:
            if not project.startswith(options.only):
                continue
            messages = FIXTURES / project / "messages"
            messages.mkdir(parents=True, exist_ok=True)
            for mode in modes:
                text = run(options, base, project, program, mode, variables)
                (messages / f"{mode}.txt").write_text(text)
                print(f"{project} {mode}: {text.strip().splitlines()[-1][:150] if text.strip() else 'NOTHING'}")


if __name__ == "__main__":
    main()
