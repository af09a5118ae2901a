"""The cases: every key and URL argument with every environment, as program texts."""

import itertools
import random
from dataclasses import dataclass

ABSENT, NULL, EMPTY, VALUE, SET, WRONG, BOTH = "absent", "null", "empty", "value", "set", "wrong", "both"

KEY = "sk-your-mixroute-key"
URL = "https://console.mixroute.io/v1"
# What stands in an option that the SDK may not know.
ELSEWHERE = "https://misspelt.example/v1"

# Beyond the two products, so many of all combinations, the same ones every time.
MIXED = 4


def key_in(variable):
    """An environment's key: says which variable it is from."""
    return f"sk-your-{variable.lower().replace('_', '-')}"


def url_in(variable):
    """An environment's URL: says which variable it is from."""
    return f"https://{variable.lower().replace('_', '-')}.example/v1"


@dataclass
class Program:
    """One way to make a client, as a template.

    `text` has `{args}` where the arguments go, in the form `style`: `call` for `name=value`, `object` for `{name: value}`
    (dots nest), `assign` for statements `PREFIXname = value`, `builder` for `.name(value)`.
    """

    name: str
    text: str
    key: str
    url: str
    style: str = "call"
    prefix: str = ""
    # Options that look like the URL's and are not, or not in this version.
    wrong: tuple = ()
    # Variables that might be read.
    key_env: tuple = ("OPENAI_API_KEY",)
    url_env: tuple = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
    # Forms that this client does not take at all.
    without: tuple = ()
    # Arguments that are always there.
    always: str = ""
    # The literal key of the client that this one is a copy of.
    inherits: str = ""


@dataclass
class Sdk:
    """An SDK at a version."""

    name: str
    language: str
    # What the registry's client installs, and what a project's manifest says.
    install: tuple
    manifest: dict
    programs: list
    # Python modules to import once for all cases. Not those that read the environment when they are imported.
    preload: tuple = ()


@dataclass
class Case:
    """One program with one environment."""

    id: int
    program: str
    text: str
    environment: dict
    # What a literal given as the key is.
    literal: str
    style: str


LITERALS = {
    "python": lambda value: "None" if value is None else f'"{value}"',
    "javascript": lambda value: "null" if value is None else f'"{value}"',
    "rust": lambda value: f'"{value}"',
}
READS = {
    "python": 'os.environ.get("{}")',
    "javascript": "process.env.{}",
    "rust": 'std::env::var("{}").unwrap_or_default()',
}


def arguments(language, program, key, url):
    """The arguments of a combination: names with expressions, and the variables that these read."""
    literal, read = LITERALS[language], READS[language]
    out, environment = [], {}

    def add(name, form, value, variable):
        if form == NULL:
            out.append((name, literal(None)))
        elif form == EMPTY:
            out.append((name, literal("")))
        elif form == VALUE:
            out.append((name, literal(value)))
        elif form == SET:
            out.append((name, read.format(variable)))
            environment[variable] = value

    add(program.key, key, KEY, "RELAY_KEY")
    form, _, name = url.partition(" ")
    if form == BOTH:
        add(program.url, VALUE, URL, "RELAY_URL")
    if form in (WRONG, BOTH):
        out.append((name, literal(ELSEWHERE)))
    else:
        add(program.url, form, URL, "RELAY_URL")
    return out, environment


def nested(pairs):
    """`{a: {b: 1}}` of `a.b`."""
    tree = {}
    for name, value in pairs:
        at = tree
        *parents, last = name.split(".")
        for parent in parents:
            at = at.setdefault(parent, {})
        at[last] = value
    show = lambda at: "{ " + ", ".join(f"{k}: {show(v) if isinstance(v, dict) else v}" for k, v in at.items()) + " }"
    return show(tree) if tree else "{}"


def written(language, program, pairs):
    """The program's text with its arguments."""
    if program.style == "call":
        always = [program.always] if program.always else []
        args = ", ".join(always + [f"{name}={value}" for name, value in pairs])
    elif program.style == "object":
        args = nested(pairs)
    elif program.style == "assign":
        args = "".join(f"{program.prefix}{name} = {value}\n" for name, value in pairs)
    elif program.style == "positional":
        args = ", ".join(value for _, value in pairs)
    else:
        args = "".join(f".{name}({value})" for name, value in pairs)
    text = program.text.replace("{args}", args)
    if language == "python" and "os.environ" in text:
        text = "import os\n" + text
    return text


def forms(language, program):
    """The forms of the key argument and of the URL argument."""
    null = () if language == "rust" else (NULL,)
    keys = [form for form in (ABSENT, *null, EMPTY, VALUE, SET) if form not in program.without]
    urls = keys + [f"{form} {name}" for name in program.wrong for form in (WRONG, BOTH)]
    if not program.key:
        keys = [ABSENT]
    if not program.url:
        urls = [ABSENT] + [form for form in urls if form.startswith(WRONG)]
    return keys, urls


def states(variables, value):
    """Each variable absent, empty and set, in all combinations."""
    for combination in itertools.product((ABSENT, EMPTY, SET), repeat=len(variables)):
        yield {
            name: "" if state == EMPTY else value(name)
            for name, state in zip(variables, combination)
            if state != ABSENT
        }


def of_program(language, program):
    """All combinations of a program that are tried: texts with environments."""
    keys, urls = forms(language, program)
    key_states = list(states(program.key_env, key_in))
    url_states = list(states(program.url_env, url_in))
    full_key, full_url = key_states[-1], url_states[-1]
    good_key = VALUE if program.key else ABSENT
    good_url = VALUE if program.url else ABSENT
    chosen = [(key, good_url, key_state, {}) for key in keys for key_state in key_states]
    chosen += [(good_key, url, full_key, url_state) for url in urls for url_state in url_states]
    every = list(itertools.product(keys, urls, key_states, url_states))
    chosen += random.Random(program.name).sample(every, min(MIXED, len(every)))
    chosen += [(ABSENT, ABSENT, full_key, full_url), (ABSENT, ABSENT, {}, {})]
    seen = set()
    for key, url, key_state, url_state in chosen:
        pairs, own = arguments(language, program, key, url)
        environment = {**key_state, **url_state, **own}
        literal = {EMPTY: "", ABSENT: program.inherits, NULL: program.inherits}.get(key, KEY)
        text = written(language, program, pairs)
        mark = (text, tuple(sorted(environment.items())))
        if mark not in seen:
            seen.add(mark)
            yield text, environment, literal, program.style


def of_sdk(sdk):
    """The cases of an SDK."""
    for number, (program, case) in enumerate(
        (program, case) for program in sdk.programs for case in of_program(sdk.language, program)
    ):
        yield Case(number, program.name, *case)
