#!/usr/bin/env python3
"""Trees that nobody would write by accident: what mixlint says to each, in how much time and memory.

    benches/hostile.py [--only WORD] PROGRAM        prints the table of docs/hostile.md

Each tree has one finding besides, which must be found. `check -v`, `check --diff`, `check` in the formats `full` and
`sarif`, `routes` and `trace` are run on it, each measured by GNU time; none may panic, end by a signal, take 60 seconds or
500 MiB. The table shows the figures of `check` and the worst of the others. Needs some 1.5 GB in the temporary
directory for a moment; as root, unreadable files are looked at as `nobody`.
"""
import os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time

BAD = "from openai import OpenAI\nOpenAI(api_key='sk-mixroute-key', base_url='https://api.openai.com/v1')\n"
PY = "from openai import OpenAI\nOpenAI(api_key=MIXROUTE_API_KEY)\n"
JS = "import OpenAI from 'openai';\nnew OpenAI({ apiKey: process.env.MIXROUTE_API_KEY });\n"
RS = "use async_openai::config::OpenAIConfig;\nfn f() { OpenAIConfig::new().with_api_key(MIXROUTE_API_KEY); }\n"
ENV = "OPENAI_API_KEY=sk-mixroute-key\n"
SECONDS, MEBIBYTES = 60, 500

CASES = []


def case(name, says=""):
    """A case: its function makes the tree, and may give back arguments or a function to be run meanwhile."""
    def add(make):
        CASES.append((name, says, make))
        return make
    return add


def put(path, text=""):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


@case("links that lead to themselves, upward, nowhere, to /dev/zero, out of the tree", r"skipped self\.py: symbolic link")
def _():
    os.makedirs("a/b")
    for target, link in [("..", "a/up"), ("../..", "a/b/top"), ("self.py", "self.py"), ("y.py", "x.py"), ("x.py", "y.py"),
                         ("nowhere.py", "dangling.py"), ("/dev/zero", "zero.py"), ("/etc/passwd", ".env")]:
        os.symlink(target, link)


@case("FIFO", r"skipped fifo\.py: not a regular file")
def _():
    for name in ["fifo.py", ".env", "pyproject.toml", "requirements.txt", "package.json", "tsconfig.json", "Cargo.toml", "fifo"]:
        os.mkfifo(name)
    put("imports.py", "from fifo import KEY\nfrom openai import OpenAI\nOpenAI(api_key=KEY)\n")
    put("a.ts", "import { KEY } from './fifo';\nimport OpenAI from 'openai';\nnew OpenAI({ apiKey: KEY });\n")


@case("FIFO as mixlint.toml", "")
def _():
    os.mkfifo("mixlint.toml")


@case("an ignore file that is a FIFO, a link to /dev/zero, 1 GB: in folders", r"skipped r0: not entered: its \.gitignore is not")
def _():
    for number, name in enumerate([".gitignore", ".ignore", ".git/info/exclude", ".git/info/exclude"]):
        put(f"r{number}/a.py", BAD), os.makedirs(os.path.dirname(f"r{number}/{name}"), exist_ok=True)
        if number == 2:
            os.symlink("/dev/zero", f"r2/{name}")
        else:
            os.mkfifo(f"r{number}/{name}")
    put("r4/a.py", BAD)
    with open("r4/.gitignore", "wb") as file:
        file.truncate(1 << 30)
    here = os.getcwd()
    put("r5/.git", f"gitdir: {here}/r5/evil\n"), put("r5/a.py", BAD), os.mkdir("r5/evil"), os.mkfifo("r5/evil/commondir")


@case("a FIFO as the .gitignore of the whole tree", r"error: \.gitignore: no ignore file to read")
def _():
    os.mkfifo(".gitignore")
    return {"code": 2, "bad": False}


@case("socket", r"skipped socket\.py: not a regular file")
def _():
    open_socket = socket.socket(socket.AF_UNIX)
    open_socket.bind("socket.py")


@case("device (/dev/zero by mknod)", r"skipped zero\.py: not a regular file")
def _():
    try:
        os.mknod("zero.py", 0o666 | 0o020000, os.makedev(1, 5))
        os.mknod(".env", 0o666 | 0o020000, os.makedev(1, 5))
    except PermissionError:
        return {"skip": "only root may make devices"}


@case("a device that is given", r"/dev/zero: not a regular file")
def _():
    return {"args": ["/dev/zero"], "code": 2, "bad": False}


@case("unreadable file and folder, as nobody", r"skipped closed: permission denied")
def _():
    put("secret.py", BAD), put("closed/inner.py", BAD), put("closed/.env", ENV)
    os.chmod("secret.py", 0), os.chmod("closed", 0)
    return {"nobody": True}


@case("files that vanish, are emptied, grow, become folders", "")
def _():
    for number in range(900):
        put(f"gone/f{number}.py", BAD)

    def change(ended):
        for number in range(899, -1, -1):
            path = f"gone/f{number}.py"
            if ended.is_set():
                break
            match number % 4:
                case 0: os.remove(path)
                case 1: put(path)
                case 2: put(path, BAD * 3)
                case 3:
                    os.remove(path)
                    os.mkdir(path)
    return {"meanwhile": change}


@case("names with line ends, escapes, bidi, zero width, commands of CI, bytes that are not UTF-8", r"new\\nline\.py:2:44")
def _():
    for name in [b"new\nline.py", b"::error file=x::hello.py", b"\x1b[31mred.py", b"\xff\xfe.py", "\u202eyp.x.py".encode(),
                 "\u200bzero.py".encode(), b"-rf.py", b"%0A::set-output name=a::b.py", b"##[error]x.py", b"tab\t.py", b"cr\r.py",
                 b"\xff\n/\xfe.py"]:
        put(os.path.join(os.getcwdb(), name).decode("utf-8", "surrogateescape"), BAD)
    return {"inert": True}


@case("100,000 files in a folder, each tenth with a client", "")
def _():
    os.mkdir("many")
    for number in range(100_000):
        with open(f"many/m{number}.py", "w") as file:
            file.write("from openai import OpenAI\nOpenAI()\n" if number % 10 == 0 else "x = 1\n")


@case("a path of 4,000 bytes, and one too long to open", r"skipped f{200}")
def _():
    def deep(letter, most):
        # The system takes no path of more than 4,095 bytes at once.
        top, here = os.open(".", os.O_RDONLY), os.open(".", os.O_RDONLY)
        length = len(os.getcwd())
        while length < most:
            os.mkdir(letter * 200, dir_fd=here)
            here, old = os.open(letter * 200, os.O_RDONLY, dir_fd=here), here
            os.close(old)
            length += 201
        file = os.open("a.py", os.O_WRONLY | os.O_CREAT, dir_fd=here)
        os.write(file, BAD.encode())
        for each in (file, here, top):
            os.close(each)
    deep("d", 3_750), deep("f", 6_000)


def line(name, text):
    @case(f"one line of 50 MB: {name}", rf"skipped {re.escape(name)}: larger than")
    def _():
        put(name, text())
        # Documents are looked at where they are given.
        return {"args": [".", name] if name.endswith(".md") else []}


line("a.py", lambda: PY + "x = '" + "a" * 50_000_000 + "'\n")
line("b.py", lambda: PY + "x = [" + "1," * 25_000_000 + "]\n")
line("a.js", lambda: JS + "x = [" + "1," * 25_000_000 + "]\n")
line("a.rs", lambda: RS + "fn g() { [" + "1," * 25_000_000 + "] }\n")
line("a.json", lambda: '{"api_key": "sk-mixroute-key", "base_url": "https://api.openai.com/v1", "a": [' + "1," * 25_000_000 + "1]}")
line("a.yaml", lambda: ENV.replace("=", ": ") + "x: [" + "1," * 25_000_000 + "1]\n")
line(".env", lambda: ENV + "X=" + "a" * 50_000_000 + "\n")
line("a.sh", lambda: ENV + "x " * 25_000_000 + "\n")
line("a.toml", lambda: "api_key = 'sk-mixroute-key'\nbase_url = 'https://api.openai.com/v1'\nx = [" + "1," * 25_000_000 + "]\n")
line("a.md", lambda: "```sh\n" + ENV + "```\n" + "[a](b) " * 7_000_000)

NESTED = {
    "py": (PY + "x = ", ["()", "[]", "{}", ("f(", ")"), ("[", ""), ("not ", ""), ("lambda: ", ""), ("-", "1"), ("f'{", "}'"), ("a.b[", "]"),
                         ("(a if b else ", ")"), ("a or (", ")"), ("x + (", ")")]),
    "js": (JS + "x = ", ["()", "[]", "{}", ("f(", ")"), ("[", ""), ("!", ""), ("()=>", ""), ("a?b:", ""), ("`${", "}`"), ("<a>", "</a>"),
                         ("a.b[", "]"), ("new A(", ")"), ("function f(){", "}"), ("a ?? (", ")")]),
    "ts": (JS + "x = ", ["()", "[]", ("{", ""), ("<T>", ""), ("Array<", ">"), ("x as (", ")"), ("namespace a {", "}")]),
    "tsx": (JS + "x = ", [("<a>", "</a>"), ("<a b={", "}/>"), "()", "{}"]),
    "vue": ("<script>\n" + JS + "x = ", ["()", ("{", ""), ("f(", ")"), ("<script>", "</script>"), ("</script><script>", "")]),
    "rs": (RS + "fn g() { x = ", ["()", "[]", "{}", ("f(", ")"), ("!", ""), ("&", ""), ("|| ", ""), ("Vec<", ">"), ("if x {", "}"), ("[", ""), ("m!(", ")"),
                                  ("mod a {", "}"), ("match x { _ => ", "}")]),
    "sh": (ENV, ["()", ("$(", ")"), ("{ ", "}"), ("if x; then ", "; fi"), ("\"$(", ")\""), ("${a:-", "}"), ("((", "))"), ("[", ""), ("`", "`"), ("<(", ")")]),
    "ps1": ("$env:OPENAI_API_KEY = 'sk-mixroute-key'\n$x = ", ["()", "{}", ("@(", ")"), ("@{a=", "}"), ("$(", ")"), ('"$(', ')"'), ("[", "]"), ("if (1) {", "}")]),
    "fish": ("set -x OPENAI_API_KEY sk-mixroute-key\nset x ", ["()", ("$(", ")"), ("begin; ", "end; "), ("if x; ", "end; "), ('"$(', ')"')]),
    "bat": ("set OPENAI_API_KEY=sk-mixroute-key\r\n", ["()", ("if a==b (", ")"), ("%", "%"), ("!", "!")]),
    "Dockerfile": ("FROM a\nENV OPENAI_API_KEY=sk-mixroute-key X=", [("${a:-", "}"), ("\\\n", ""), "[]", "{}"]),
    "Makefile": (ENV + "X = ", [("$(", ")"), ("${", "}"), ("$(if a,", ")"), ("ifdef X\n", "endif\n"), "()", ("define a\n", "endef\n")]),
    "justfile": ("OPENAI_API_KEY := 'sk-mixroute-key'\nx := ", ["()", ("env('a', ", ")"), ("{{", "}}"), ("if a == b { ", " } else { c }")]),
    "service": ("[Service]\nEnvironment=OPENAI_API_KEY=sk-mixroute-key X=", ["()", "[]", '""', ("${", "}"), ("\\\n", "")]),
    "Procfile": ("web: OPENAI_API_KEY=sk-mixroute-key X=", ["()", ("$(", ")"), ("${a:-", "}"), "{}"]),
    "env": (ENV, [("A=${", "}"), ("A=${a:-", "}"), ("${", "}"), "()"]),
    "yaml": (ENV.replace("=", ": ") + "x: ", ["[]", ("{a: ", "}"), ("- ", ""), ("? ", ""), ("[", ""), ("&a [", "]"), ("!!a ", ""), ("{", "}"), ("|\n ", "")]),
    "json": ('{"openai_api_key": "sk-mixroute-key", "base_url": "https://api.openai.com/v1", "a": ', ["[]", ('{"a":', "}"), ("[", ""), "{}", "()"]),
    "toml": ("openai_api_key = 'sk-mixroute-key'\nbase_url = 'https://api.openai.com/v1'\nx = ", ["[]", ("{a = ", "}"), ("[", ""), ("a.", "b = 1")]),
    "ipynb": ('{"cells": ', ["[]", ('{"a":', "}"), ("[", "")]),
    "tf": ('variable "openai_api_key" { default = "sk-mixroute-key" }\nx = ', ["()", "[]", "{}", ('"${', '}"'), ("f(", ")"), ("a {\n", "}\n"), ("a ? b : ", "c"), ("!", "")]),
    "http": ("GET https://api.openai.com/v1\nAuthorization: Bearer sk-mixroute-key\n\n", ["{}", ("{{", "}}"), "[]", ("{{$", "}}")]),
    "md": ("```python\n" + PY + "```\n", [("> ", ""), ("- ", ""), ("[", "]("), ("*", ""), ("`", ""), ("<a>", "</a>"), ("![", "]"), ("```sh\n", "")]),
}


def nested(language, head, pairs):
    @case(f"100,000 nested brackets ({len(pairs)} kinds): {language}", "")
    def _():
        for number, pair in enumerate(pairs):
            name = f"{number}/{language}" if language[0].isupper() or language == "justfile" else f"{number}/x.{language}"
            put(name, head + pair[0] * 100_000 + pair[1] * 100_000 + "\n")
        if language == "js":
            # In lines: what has few is taken for a bundle.
            put(f"lines/{number}.js", head + (pair[0] * 100 + "\n") * 1000 + (pair[1] * 100 + "\n") * 1000)


for language, (head, pairs) in NESTED.items():
    nested(language, head, pairs)


@case("broken syntax of which each step takes the parser longer", r"not parsed: too broken")
def _():
    for name, head, unit in [("a.py", PY, "+from "), ("b.py", PY, "+in "), ("a.js", JS, "!for!}extends "), ("b.js", JS, "?.-%"),
                             ("a.ts", JS, "a<b,"), ("b.ts", JS, ">-*-?."), ("a.sh", "export " + ENV, ") "), ("b.sh", "export " + ENV, "a? "),
                             ("a.tf", "x = MIXROUTE_API_KEY\n+", " ")]:
        put(name, head + unit * (300_000 // len(unit)))


@case("broken syntax to the end of the file, where a parser tries all ways to go on", "")
def _():
    for name, head, unit in [("a.js", JS, "-await =%"), ("b.js", JS, "export =*"), ("c.js", JS, "await -"), ("a.ts", JS, "export =*"),
                             ("a.sh", "export " + ENV, "?|<"), ("b.sh", "export " + ENV, " <=|")]:
        put(name, head + (unit * 8 + "\n") * (20_000 // len(unit) // 8))


@case("2,000 steps of indentation: Python, YAML", r"steps\.py: nested too deeply")
def _():
    def steps(word):
        return "".join(" " * depth + word + "\n" for depth in range(2000))
    put("steps.py", "from openai import OpenAI\n" + steps("if OpenAI(api_key=MIXROUTE_API_KEY):"))
    put("steps.yaml", steps("OPENAI_API_KEY:"))


@case("YAML: billion laughs, aliases and merges of themselves", "")
def _():
    laughs = "OPENAI_API_KEY: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 60):
        laughs += f"k{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 9) + "]\n"
    put("laughs.yaml", laughs)
    put("environment.yaml", "x-0: &x0\n  OPENAI_API_KEY: sk-mixroute-key\n" + "".join(
        f"x-{n}: &x{n}\n  <<: [" + ", ".join([f"*x{n - 1}"] * 9) + "]\n" for n in range(1, 60))
        + "services:\n  a:\n    environment: *x59\n  b: {environment: {<<: *x59}}\n")
    put("merge.yaml", "OPENAI_API_KEY: &a\n  <<: *a\n  b: &b [*b, *a]\n")
    put("merges.yaml", "services: &s\n  a: {environment: {OPENAI_API_KEY: x}}\nk0: &k0 {a: b}\n" + "".join(
        f"k{n}: &k{n}\n  <<: [*k{n - 1}, *k{n - 1}]\n  a{n}: b\n" for n in range(1, 200)))
    put("values.yaml", laughs.replace("OPENAI_API_KEY: &a0", "env: &a0"))


@case("imports and includes in a circle (16 kinds)", "")
def _():
    put("a.py", "from b import *\nfrom b import KEY, make\nfrom openai import OpenAI\nOpenAI(api_key=KEY)\nmake()(api_key=KEY)\n")
    put("b.py", "from a import *\nfrom a import KEY\nfrom openai import OpenAI\ndef make(): return make()\nclass A(B): pass\nclass B(A): pass\n")
    put("self.py", "from self import OpenAI\nfrom openai import OpenAI as O\nx = x\nOpenAI(api_key=x)\nclass A(A): pass\nA(api_key=x)\n")
    put("a.js", "export * from './b.js'; export { K } from './b.js'; import OpenAI from 'openai'; import { K } from './b.js'; new OpenAI({ apiKey: K });\n")
    put("b.js", "export * from './a.js'; export { K } from './a.js';\n")
    put("ts/tsconfig.json", '{"extends": "./other.json"}'), put("ts/other.json", '{"extends": "./tsconfig.json"}')
    put("ts/a.ts", "import { K } from '@/b'; import OpenAI from 'openai'; new OpenAI({ apiKey: K });\n")
    put("src/lib.rs", "pub mod a;\npub use crate::a::*;\nuse async_openai::config::OpenAIConfig;\nfn f() { OpenAIConfig::new().with_api_key(crate::a::K); }\n")
    put("src/a.rs", "pub use super::*;\npub use crate::a::K as K;\n#[path = \"a.rs\"] mod a;\ninclude!(\"a.rs\");\n")
    put("Cargo.toml", "[package]\nname = 'a'\n[workspace]\nmembers = ['.', '../']\n[dependencies]\na = { path = '.' }\n")
    put("requirements.txt", "-r other.txt\nopenai\n"), put("other.txt", "-r requirements.txt\n-c other.txt\n")
    put("package.json", '{"workspaces": [".", "..", "**"], "dependencies": {"openai": "file:."}}')
    put("compose.yaml", "include: [compose.yaml]\nservices:\n  a:\n    extends: b\n    env_file: [.env, compose.yaml]\n    environment: {OPENAI_API_KEY: x}\n"
        "  b:\n    extends: {service: a, file: compose.yaml}\n")
    put(".gitlab-ci.yml", "include: .gitlab-ci.yml\na:\n  extends: b\n  variables: {OPENAI_API_KEY: x}\nb:\n  extends: [a, b]\n")
    put(".github/workflows/ci.yml", "on: push\njobs:\n  a:\n    uses: ./.github/workflows/ci.yml\n    needs: a\n    env: {OPENAI_API_KEY: x}\n")
    put("run.sh", ". ./run.sh\nsource run.sh\nf() { f; }; f\nOPENAI_API_KEY=$OPENAI_API_KEY\nexport OPENAI_API_KEY\nbash run.sh\n")
    put("Makefile", "include Makefile\nA = $(A)\nB := $(C)\nC = $(B)\nexport OPENAI_API_KEY = $(A)\nall: all\n\t$(MAKE) all\n")
    put("justfile", "import 'justfile'\nset dotenv-load\na := b\nb := a\nexport OPENAI_API_KEY := a\nx: x\n  just x\n")
    put("main.tf", 'module "a" { source = "./" }\nlocals { a = local.b\n b = local.a }\nvariable "x" { default = var.x }\n'
        'resource "r" "r" { environment = { OPENAI_API_KEY = local.a } }\n')
    put("a.service", "[Service]\nEnvironmentFile=a.service\nEnvironmentFile=.env\nEnvironment=OPENAI_API_KEY=x\n")
    put(".env", ENV)


@case("variables in a circle (A=${A}), and doubled 60 times", "")
def _():
    put(".env", "A=${A}\nOPENAI_API_KEY=${OPENAI_API_KEY}\nB=${C}\nC=${B}\nD=${D:-${D}}\nOPENAI_BASE_URL=${A}${A}${A}\n")
    put(".env.local", "D0=xxxxxxxx\n" + "".join(f"D{n}=${{D{n - 1}}}${{D{n - 1}}}\n" for n in range(1, 60)) + "OPENAI_BASE_URL=${D59}\n")
    put("a.py", "import os\nfrom openai import OpenAI\nOpenAI(api_key=os.environ['OPENAI_API_KEY'], base_url=os.environ['OPENAI_BASE_URL'])\n")
    put("run.sh", "D0=xxxxxxxx\n" + "".join(f"D{n}=$D{n - 1}$D{n - 1}\n" for n in range(1, 60)) + "export OPENAI_BASE_URL=$D59 OPENAI_API_KEY=x\npython a.py\n")
    put("d.py", "from openai import OpenAI\nd0 = 'xxxxxxxx'\n" + "".join(f"d{n} = d{n - 1} + d{n - 1}\n" for n in range(1, 60)) + "OpenAI(api_key=d59)\n")
    put("d.js", "import OpenAI from 'openai';\nconst d0 = 'xxxxxxxx';\n" + "".join(f"const d{n} = `${{d{n - 1}}}${{d{n - 1}}}`;\n" for n in range(1, 60)) + "new OpenAI({ apiKey: d59 });\n")


@case("`.git` that points elsewhere: to nowhere, to a device, to itself, of bytes", "")
def _():
    for number, text in enumerate(["gitdir: /nonexistent/../../dev/zero\n", "gitdir: /dev/zero\n", "gitdir: .git\n", b"\xff\0\n", "gitdir: " + "x" * 1_000_000, ""]):
        put(f"r{number}/.git", text), put(f"r{number}/a.py", BAD), put(f"r{number}/.gitignore", "*" * 5000 + "\n[\n**\n!" + "[a-" * 3000 + "\n")
    os.mkdir("r6"), os.mkfifo("r6/.git"), put("r6/a.py", BAD)
    os.mkdir("r7"), os.symlink("/dev/zero", "r7/.git"), os.symlink("/dev/zero", "r7/.gitignore"), put("r7/a.py", BAD)
    os.mkdir("r8"), os.mkdir("r8/.git"), os.mkfifo("r8/.git/config"), os.makedirs("r8/.git/info"), os.mkfifo("r8/.git/info/exclude"), put("r8/a.py", BAD)
    os.mkdir("r9"), os.mkfifo("r9/.gitignore"), put("r9/a.py", BAD)


@case("a sparse file of 1 GB", r"skipped sparse\.py: larger than")
def _():
    for name in ["sparse.py", ".env", "pyproject.toml", "requirements.txt", "package.json", "package-lock.json", "tsconfig.json", "uv.lock", "Cargo.lock"]:
        with open(name, "wb") as file:
            file.truncate(1 << 30)


@case("bytes that are no UTF-8 amid a key", r"skipped key\.py: not UTF-8")
def _():
    put("key.py", b"from openai import OpenAI\nOpenAI(api_key='sk-mix\xff\xferoute-key')\n")
    put("nul.py", b"from openai import OpenAI\nOpenAI(api_key='sk-\0')\n")
    put(".env", b"OPENAI_API_KEY=sk-\xc3\x28\n")
    put("odd16.py", b"\xff\xfea\0\x00\xd8x")


@case("a configuration of 10 MB: 1.2 million excludes", r"error: .*too large")
def _():
    put("mixlint.toml", "exclude = [" + '"a/**",' * 1_200_000 + "]\n")
    return {"code": None, "bad": False}


@case("a configuration of 10 MB: no TOML", r"error: ")
def _():
    put("mixlint.toml", "x" * 10_000_000)
    return {"code": 2, "bad": False}


@case("a configuration of 10 MB: ten million brackets", r"error: ")
def _():
    put("mixlint.toml", "exclude = " + "[" * 10_000_000)
    return {"code": 2, "bad": False}


@case("manifests and lock files of 3 to 10 MB", "")
def _():
    put("pyproject.toml", '[tool.poetry]\nx = "' + "y" * 10_000_000 + '"\n')
    put("package.json", "[" * 3_000_000)
    put("package-lock.json", '{"a": {' + '"openai":' * 300_000)
    put("uv.lock", 'name = "openai"\n' + "[[package]]\n" * 200_000)
    put("requirements.txt", "openai>=1\n" * 1_000_000)


# Ten thousand of one thing in one file: what is told apart for each pair of them would take hours.
TEN = 10_000
PYTHON = "import os\nfrom openai import OpenAI\n"


def dense(what, files):
    @case(f"10,000 {what}", "")
    def _():
        for name, text in files().items():
            put(name, text)


def each(line, count=TEN):
    return "".join(line.replace("%", str(number)) for number in range(count))


dense("clients in a file: Python, TypeScript, Rust", lambda: {
    "c.py": PYTHON + each("c% = OpenAI(api_key=os.environ['MIXROUTE_API_KEY_%'], base_url=os.environ['U%'])\n"),
    "c.ts": "import OpenAI from 'openai';\n" + each("new OpenAI({ apiKey: process.env.MIXROUTE_KEY_% });\n"),
    "c.rs": "use async_openai::config::OpenAIConfig;\nfn main() {\n"
    + each('OpenAIConfig::new().with_api_key(std::env::var("MIXROUTE_API_KEY_%").unwrap());\n') + "}\n"})
dense("clients of one name", lambda: {"c.py": PYTHON + "k = os.environ['MIXROUTE_API_KEY']\n" + each("OpenAI(api_key=k)\n")})
dense("assignments of one name: Python, TypeScript, shell", lambda: {
    "a.py": PYTHON + "k = ''\n" + each("k = k + 'x%'\n") + "OpenAI(api_key=k)\n",
    "b.py": PYTHON + each("k = os.environ['MIXROUTE_KEY_%']\nOpenAI(api_key=k)\n", TEN // 2),
    "a.ts": "import OpenAI from 'openai';\nlet k = '';\n" + each("k += 'x%';\n") + "new OpenAI({ apiKey: k });\n",
    "a.sh": "K=x\n" + each("K=$K%\n") + "export OPENAI_API_KEY=$K\npython a.py\n"})
dense("branches: if, elif, match, ternaries, tests of one name", lambda: {
    "if.py": PYTHON + "k = 'sk-mixroute-key'\n" + each("if a%:\n    k = os.environ['MIXROUTE_KEY_%']\n") + "OpenAI(api_key=k)\n",
    "elif.py": PYTHON + "if a: k = 1\n" + each("elif a% and b%: k = 'sk-mixroute-key-%'\n") + "OpenAI(api_key=k)\n",
    "match.py": PYTHON + "match p:\n" + each("    case 'p%': k, u = os.environ['K%'], 'https://h%.example/v1'\n") + "OpenAI(api_key=k, base_url=u)\n",
    "tests.py": PYTHON + each("if p == '%':\n    c = OpenAI(api_key=os.environ['MIXROUTE_API_KEY'])\n"),
    "ors.js": "import OpenAI from 'openai';\nnew OpenAI({ apiKey: process.env.MIXROUTE_API_KEY" + each("\n || process.env.K%") + " });\n",
    "switch.ts": "import OpenAI from 'openai';\nlet k;\nswitch (p) {\n" + each("case '%': k = process.env.MIXROUTE_KEY_%; break;\n") + "}\nnew OpenAI({ apiKey: k });\n"})
dense("rows of a table, calls of a function, fields, methods", lambda: {
    "rows.py": PYTHON + "P = {\n" + each("'p%': {'key': os.environ['K%'], 'url': 'https://h%.example/v1'},\n")
    + "}\nOpenAI(api_key=P[x]['key'], base_url=P[x]['url'])\n",
    "calls.py": PYTHON + "def f(k, u):\n    return OpenAI(api_key=k, base_url=u)\n" + each("f('sk-mixroute-key-%', 'https://h%.example')\n"),
    "class.py": PYTHON + "class A:\n" + each("    def m%(self):\n        self.k = os.environ['K%']\n") + "    def c(self): return OpenAI(api_key=self.k)\n",
    "chain.js": "import OpenAI from 'openai';\nnew OpenAI({ apiKey: process.env.MIXROUTE_API_KEY })" + each("\n.a%()", 2000) + ";\n"})
dense("variables and services: dotenv, YAML, shell, Dockerfile, Make", lambda: {
    ".env": each("A%_API_KEY=sk-mixroute-key\nA%_BASE_URL=https://api.openai.com/v1\n"),
    "compose.yaml": "services:\n" + each("  s%:\n    environment:\n      OPENAI_API_KEY: sk-mixroute-key\n"),
    "a.sh": each('export OPENAI_API_KEY=$K%\ncurl -H "Authorization: Bearer $K%" https://api.openai.com/v1\n'),
    "Dockerfile": "FROM a\n" + each("ENV K%=$OPENAI_API_KEY OPENAI_API_KEY=sk-mixroute-%\n"),
    "Makefile": each("K% = $(OPENAI_API_KEY)\nexport K%\n") + "OPENAI_API_KEY = sk-mixroute-key\nrun:\n\tpython a.py\n"})


@case("10,000 files that import one, and each other", "")
def _():
    put("pkg/__init__.py"), put("pkg/keys.py", "KEY = 'sk-mixroute-key'\nURL = 'https://console.mixroute.io/v1'\n")
    for number in range(TEN):
        put(f"pkg/m{number}.py", f"from openai import OpenAI\nfrom .keys import KEY, URL\nfrom .m{(number + 1) % TEN} import X\n"
            f"X = X\nc = OpenAI(api_key=KEY, base_url=URL)\n")


@case("10,000 dotenv files over each other", "")
def _():
    for number in range(TEN):
        put(f".env.m{number}", f"OPENAI_API_KEY=sk-mixroute-key-{number}\nOPENAI_BASE_URL=https://h{number}.example/v1\n")
    put("a.py", PYTHON + "OpenAI()\n")


@case("32 files of 390,000 words and marks each, 8 at a time", "")
def _():
    kinds = {"py": (PY, "f()\n"), "ts": (JS, "x=1\n"), "rs": (RS + "fn g() {\n", "x=1;\n"), "tf": ("locals {\n OPENAI_API_KEY = \"sk-mixroute-key\"\n x = [\n", "1,1,1,1,1,1,1,1,1,1,\n")}
    for number in range(32):
        name, (head, body) = list(kinds.items())[number % 4]
        put(f"d{number}.{name}", head + body * (390_000 // len(re.findall(r"\w+|\S|\n", body))))
    return {"args": ["-j", "8"]}


def run(program, args, nobody):
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if nobody else []
    command = ["/usr/bin/time", "-q", "-o", "/dev/stderr", "-f", "\n%e %M", *command, program, *args]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return None, b"", b"", SECONDS, 0
    err, _, figures = err.rstrip(b"\n").rpartition(b"\n")
    wall, peak = figures.split()
    return child.returncode, out, err, float(wall), int(peak) / 1024


def main():
    only = sys.argv.pop(sys.argv.index("--only") + 1) if "--only" in sys.argv else ""
    program = os.path.realpath(sys.argv[-1])
    home, wrong = os.getcwd(), 0
    shared = tempfile.mkdtemp()
    os.chmod(shared, 0o755)
    program = shutil.copy(program, shared)
    print("| tree | what mixlint says | exit | `check` s, MiB | worst other command s, MiB |\n|---|---|---|---|---|", flush=True)
    for name, says, make in CASES:
        if only not in name:
            continue
        top = tempfile.mkdtemp()
        os.chmod(top, 0o777)
        os.chdir(top)
        try:
            plan = make() or {}
            put("good/bad.py", BAD)
            if "skip" in plan:
                print(f"| {name} | not looked at: {plan['skip']} | | | |")
                continue
            ended = threading.Event()
            helper = threading.Thread(target=plan["meanwhile"], args=(ended,)) if "meanwhile" in plan else None
            if helper:
                helper.start()
            nobody, given = plan.get("nobody", False) and os.getuid() == 0, plan.get("args", [])
            code, out, err, wall, peak = run(program, ["check", "-v", "--output-format", "concise", *given], nobody)
            problems, worst = [], (0, 0, "")
            text = (out + b"\n" + err).decode("utf-8", "replace")
            expected = plan.get("code", 1)
            if code is None or (expected is not None and code != expected) or code not in (0, 1, 2):
                problems.append(f"exit {code}")
            if plan.get("bad", True) and "good/bad.py:2:44: error[mixroute-key-at-openai]" not in text:
                problems.append("the finding beside it is missed")
            told = re.search(says, text)
            if not told:
                problems.append(f"does not say {says}")
            message = text[text.rfind("\n", 0, told.start()) + 1:].split("\n")[0] if told and says else ""
            if not message:
                notes = [line for line in text.splitlines() if re.search(r"not parsed|partly|nested too|^skipped", line)]
                kinds = {}
                for note in notes:
                    kind = re.sub(r"^(?:warning: )?(?:skipped )?.*?: ", "", note)
                    kinds[kind] = kinds.get(kind, 0) + 1
                message = "; ".join(f"{count} x {kind}" for kind, count in sorted(kinds.items(), key=lambda x: -x[1])[:4])
                findings = len(re.findall(r": (?:error|warning)\[", text))
                message = f"{findings} finding{'s' * (findings != 1)}" + (f"; {message}" if message else "")
            others = [["check", "--diff", "--unsafe-fixes", *given], ["check", *given], ["check", "--output-format", "sarif", *given], ["routes", *given],
                      ["trace", "Incorrect API key provided: sk-mixro****-key. You can find your API key at https://platform.openai.com/account/api-keys."]]
            for args in others:
                c, o, e, w, p = run(program, args, nobody)
                both = o + e
                if c not in (0, 1, 2):
                    problems.append(f"{' '.join(args[:2])}: exit {c}")
                if b"panicked" in both:
                    problems.append(f"{' '.join(args[:2])}: panic")
                if plan.get("inert") and re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\u200b]", both.decode("utf-8", "replace")):
                    problems.append(f"{' '.join(args[:2])}: control characters")
                if w >= SECONDS or p > MEBIBYTES:
                    problems.append(f"{' '.join(args[:2])}: {w} s, {p:.0f} MiB")
                worst = max(worst, (w, p, args[0] if args[0] in ("routes", "trace") else " ".join(args[:2])))
            ended.set()
            if helper:
                helper.join()
            if "panicked" in text:
                problems.append("panic")
            if peak > MEBIBYTES:
                problems.append("memory")
            if len(message) > 90:
                message = message[:60] + "…" + message[-29:]
            note = f" **{'; '.join(problems)}**" if problems else ""
            message = message.replace("|", "\\|")
            print(f"| {name} | {f'`{message}`' if message else ''}{note} | {code} | {wall:.2f}, {peak:.0f} | {worst[0]:.2f}, {worst[1]:.0f} (`{worst[2]}`) |", flush=True)
            wrong += bool(problems)
        finally:
            os.chdir(home)
            subprocess.run(["chmod", "-R", "u+rwx", top], stderr=subprocess.DEVNULL)
            subprocess.run(["rm", "-rf", top])
    shutil.rmtree(shared)
    print(f"\n{wrong} wrong" if wrong else "\nall as they should be", file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
