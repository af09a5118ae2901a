"""What mixlint says of a case, beside what the SDK does."""

import re

from matrix import ELSEWHERE

AGREE, UNKNOWN, DISAGREE = "agree", "unknown", "disagree"

# What requests add to a base URL.
PATHS = re.compile(
    r"/*(openai/deployments/[^/]+/)?"
    r"(chat/completions|completions|responses|embeddings|models|engines/[^/]+/(embeddings|completions))(\?.*)?$"
)
# What SDKs send for want of a key.
NO_KEY = ("", "undefined", "null", "Missing Key", "api-key-not-set")
# How an SDK says that it does not know an option, and that a URL cannot be used.
NO_SUCH_OPTION = re.compile(r"unexpected keyword argument|Unrecognized|extra_forbidden|Extra inputs are not permitted")
NO_URL = re.compile(r"Invalid URL|Failed to parse URL|MissingSchema|No scheme|UnsupportedProtocol|Must provide one of|must be a non-empty string")


def base_of(url):
    """The base URL of a request; nothing for one that leads nowhere."""
    base = PATHS.sub("", url).rstrip("/")
    return base if re.match(r"https?://[^/]", base) else None


def outcome(answer):
    """The key and the base URL that a program ends with: `None` for none, or for one that cannot be used."""
    if not answer["sent"]:
        return None
    first = answer["sent"][0]
    key = re.sub(r"^Bearer\s*", "", first["authorization"] or "").strip()
    return (None if key in NO_KEY else key), base_of(first["url"])


def claims(routes, case):
    """The pairs of a key and a base URL that mixlint holds possible; `?` for what it does not know."""
    # A changed copy stands after what it is a copy of.
    last = max((route["start"]["offset"] for route in routes), default=0)
    for route in routes:
        if route["start"]["offset"] != last:
            continue
        key, endpoint = route["key"], route["endpoint"]
        if key["kind"] == "environment":
            said = case.environment.get(key["name"], "") or None
        else:
            said = {"literal": case.literal or None, "absent": None}.get(key["kind"], "?")
        url = endpoint["url"].rstrip("/") if endpoint["url"] else "?"
        yield said, url


def judge(answer, routes, case):
    """Whether both say the same, and what each says."""
    real = outcome(answer)
    said = sorted(set(claims(routes, case)), key=str)
    if real is None:
        # The SDK refuses. It does so where there is no key, which mixlint should know; where it has no such option,
        # whose value must then not be taken for anything; or where the URL is none.
        shown = f"raises {answer['error']}"
        if any(url == ELSEWHERE for _, url in said):
            return DISAGREE, shown, said
        refused = NO_SUCH_OPTION.search(answer["error"]) or NO_URL.search(answer["error"])
        keys = {key for key, _ in said}
        if refused or not keys - {None}:
            return AGREE, shown, said
        return (DISAGREE if keys - {None, "?"} else UNKNOWN), shown, said
    key, url = real
    shown = f"{key} -> {url}"
    if not said:
        return DISAGREE, shown, said
    possible = [(k, u) for k, u in said if k in (key, "?") and u in (url, "?")]
    # A URL that leads nowhere is no endpoint.
    if url is None:
        possible = [(k, u) for k, u in said if k in (key, "?") and u == "?"]
        return (AGREE if possible and len(said) == 1 else DISAGREE), shown, said
    # Nor is it of consequence where no key goes.
    if key is None and all(k is None for k, _ in said):
        possible = [(k, u) for k, u in said if u in (url, "?")]
    if len(possible) != len(said) or not possible:
        return DISAGREE, shown, said
    return (UNKNOWN if any("?" in pair for pair in possible) else AGREE), shown, said
