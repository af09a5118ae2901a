#!/usr/bin/env python3
"""Breaks real files in the ways that people do, and lets `check --fix --unsafe-fixes` repair them.

    tests/integrations/mutate.py TREE... [--mixlint BINARY] [--files N] [--tools DIR]

Takes files below TREE that hold clients and are right, gives each one mistake at a time in a directory of its own, and
asks: how many findings are there, how many are left, does the language's own parser still take the file (`ast`, `node --check`,
TypeScript's compiler, `rustfmt`, `bash -n`, and the libraries for YAML, JSON, TOML), does a second run change nothing. `--tools` is
a directory whose `node_modules` has `typescript`.

Some findings have no fix by design: another's key at Mixroute, where the endpoint was chosen and only a person knows the key, and
the like (`NO_FIX`). They are counted apart. Exit code 1 if any other is left, if a file was broken, or if a second run changed
something.
"""

import argparse
import ast
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

try:
    import yaml
except ImportError:
    yaml = None

KEY = "sk-your-mixroute-key"
TYPESCRIPT = """
const ts = require("typescript"), fs = require("fs"), path = process.argv[1];
const source = ts.createSourceFile(path, fs.readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
process.exit(source.parseDiagnostics.length ? 1 : 0);
"""


def literal(code):
    return lambda text: [m.span(1) for m in re.finditer(code, text)]


def one_name(code):
    """The places of the first name that is found: two variables do not become one."""

    def places(text):
        found = list(re.finditer(code, text))
        return [m.span(1) for m in found if m[1] == found[0][1]]

    return places


# A mistake: what it is, where it can be made (spans), what is written there.
MISTAKES = [
    ("key variable", one_name(r"\b((?:OPENAI|OPENROUTER|DEEPSEEK|GROQ|ANTHROPIC|MISTRAL)_API_KEY)\b"), "MIXROUTE_API_KEY"),
    ("key argument", literal(r"\b(?:openai_)?api_?[kK]ey\s?[=:] ?(?!=)((?:self\.|this\.|config\.)?[A-Za-z_.]+)(?=[,)\n])"), f'"{KEY}"'),
    ("key in a builder", literal(r"(?:with_api_key|api_key|Client::new)\(([A-Za-z_.&()]+)\)"), f'"{KEY}"'),
    ("provider's URL", literal(r"(https://(?:api\.openai\.com|openrouter\.ai/api|api\.deepseek\.com|api\.groq\.com/openai)/v1)(?=[\"'`\s])"), "https://console.mixroute.io/v1"),
    ("no version", literal(r"https://(?:api\.openai\.com|openrouter\.ai/api)(/v1)(?=[\"'`\s])"), ""),
    ("full path", literal(r"https://(?:api\.openai\.com|openrouter\.ai/api)(/v1)(?=[\"'`\s])"), "/v1/chat/completions"),
    ("insecure", literal(r"(https)://(?:api\.openai\.com|openrouter\.ai|api\.deepseek\.com|api\.anthropic\.com)"), "http"),
    ("host's spelling", literal(r"https://(api\.openai\.com)"), "api.openia.com"),
    ("option's name, Python", literal(r"[(,\s](base_url)="), "api_base"),
    ("option's name, JavaScript", literal(r"[{,\s](baseURL)(?=:)"), "baseUrl"),
    ("variable's name", literal(r"\b(OPENAI_BASE_URL)\b"), "OPENAI_API_BASE_URL"),
    ("key's ends", literal(r"(?:_API_KEY=|api_?[kK]ey[\"']?[:=]\s?[\"'])(sk-[A-Za-z-]+)"), f"Bearer {KEY} "),
]


# Findings that have no fix by design, and what they say themselves: which key is right, or whether another client is wanted,
# is for a person to decide.
NO_FIX = [
    ("another's key at Mixroute", re.compile("use a (Mixroute key|key of Mixroute) here")),
    ("a provider's own client, which cannot talk to another", re.compile("or an OpenAI client with the endpoint of")),
    ("the endpoint is right, or may be, for another client", re.compile("; other clients have this endpoint, too")),
    ("the endpoint is right for another key of the client", re.compile("use a key of .* here: the endpoint is right for")),
]


def by_design(finding):
    """Why a finding has no fix, if that is meant."""
    reasons = (reason for reason, said in NO_FIX if said.search(finding["help"] or ""))
    return next(reasons, None) if finding["fix"] is None else None


def call(*command, timeout=120, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout, **more)


def parses(path, tools):
    """Whether the language's own parser takes a file; None where there is none at hand."""
    text = path.read_text()
    kind = path.suffix
    try:
        if kind == ".py":
            ast.parse(text)
        elif kind in (".json", ".ipynb"):
            json.loads(text)
        elif kind == ".toml":
            tomllib.loads(text)
        elif kind in (".yml", ".yaml") and yaml:
            list(yaml.compose_all(text))
        elif kind in (".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts") and tools:
            return call("node", "-e", TYPESCRIPT, path, cwd=tools).returncode == 0
        elif kind in (".js", ".mjs", ".cjs"):
            return call("node", "--check", path).returncode == 0
        elif kind == ".rs":
            return call("rustfmt", "--edition", "2024", "--emit", "stdout", path).returncode == 0
        elif kind == ".sh":
            return call("bash", "-n", path).returncode == 0
        else:
            return None
    except Exception:
        return False
    return True


def findings(mixlint, directory):
    """What is found, and the files that are read in part only."""
    done = call(mixlint, "check", "--no-config", "--output-format", "json", ".", cwd=directory)
    return json.loads(done.stdout)["diagnostics"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trees", nargs="+", type=pathlib.Path)
    parser.add_argument("--mixlint", default=shutil.which("mixlint"))
    parser.add_argument("--files", type=int, default=30, help="of each language")
    parser.add_argument("--tools", type=pathlib.Path)
    parser.add_argument("--show", action="store_true", help="every finding that is left")
    options = parser.parse_args()
    mixlint = pathlib.Path(options.mixlint).resolve()

    files = collections.defaultdict(list)
    for tree in options.trees:
        routes = json.loads(call(mixlint, "routes", "--no-config", "--no-ignore", "--output-format", "json", ".", cwd=tree, timeout=1800).stdout)["routes"]
        for route in routes:
            path = tree / route["path"]
            if path not in files[path.suffix]:
                files[path.suffix].append(path)
    count = collections.Counter()
    left = collections.Counter()
    for kind, paths in sorted(files.items()):
        used = 0
        # From all over the list: neighbours are alike.
        step = max(1, len(paths) // (options.files * 3))
        for path in sorted(paths)[::step]:
            if used >= options.files:
                break
            if try_file(path, mixlint, options, count, left):
                used += 1
        count[f"files {kind or 'without a suffix'}"] = used
    for what, number in sorted(count.items()):
        print(f"{number:6} {what}")
    for rule, number in left.most_common():
        print(f"{number:6} left: {rule}")
    return 1 if count["findings left"] or count["broken by a fix"] or count["changed by a second run"] else 0


def try_file(path, mixlint, options, count, left):
    """Every mistake that a file has room for; whether there was one."""
    try:
        text = path.read_text()
    except (UnicodeDecodeError, OSError):
        return False
    used = False
    for what, places, content in MISTAKES:
        spans = places(text)
        if not spans:
            continue
        mutated = text
        for start, end in reversed(spans):
            mutated = mutated[:start] + content + mutated[end:]
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / path.name
            target.write_text(text)
            if parses(target, options.tools) is False or findings(mixlint, folder):
                continue
            target.write_text(mutated)
            if parses(target, options.tools) is False:
                continue
            found = findings(mixlint, folder)
            if not found:
                continue
            used = True
            count["mutated files"] += 1
            count["findings"] += len(found)
            fixed = call(mixlint, "check", "--no-config", "--fix", "--unsafe-fixes", ".", cwd=folder)
            after = target.read_text()
            if fixed.returncode > 1:
                print(f"{path}: {what}: {fixed.stderr}")
                count["broken by a fix"] += 1
            if parses(target, options.tools) is False:
                print(f"{path}: {what}: no longer parses")
                count["broken by a fix"] += 1
            rest = findings(mixlint, folder)
            for finding in rest:
                if reason := by_design(finding):
                    count["findings without a fix by design"] += 1
                    left[f"{finding['rule']} (no fix by design: {reason})"] += 1
                    continue
                count["findings left"] += 1
                fix = "a fix that was refused" if finding["fix"] else "no fix"
                left[f"{finding['rule']} ({fix})"] += 1
                if options.show:
                    print(f"LEFT {path}:{finding['start']['line']}: {what}: {finding['rule']}: {finding['message']} [{fix}]")
            call(mixlint, "check", "--no-config", "--fix", "--unsafe-fixes", ".", cwd=folder)
            if target.read_text() != after:
                print(f"{path}: {what}: a second run changed it again")
                count["changed by a second run"] += 1
    return used


if __name__ == "__main__":
    sys.exit(main())
