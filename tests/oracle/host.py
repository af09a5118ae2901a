"""Runs programs with the SDK that is on the path, and says with which key and to which URL each one sends.

Started by run.py with one SDK's folder on PYTHONPATH. Cases come as JSON lines; each runs in a fork of its own with the
environment of the case. Nothing is sent: the HTTP libraries' lowest call is replaced by one that takes notes.
"""

import importlib
import json
import os
import signal
import socket
import ssl
import sys

sent = []


class Caught(BaseException):
    """Ends a program at its first request. No SDK's `except Exception` gets it."""


def note(url, headers):
    headers = {str(name).lower(): str(value) for name, value in dict(headers).items()}
    sent.append({"url": str(url), "authorization": headers.get("authorization") or headers.get("api-key")})
    raise Caught


def no_connection(*_args, **_kwargs):
    raise Caught


def seal():
    """Nothing leaves this process, whatever else an SDK tries."""
    socket.socket.connect = no_connection
    socket.socket.connect_ex = no_connection
    socket.getaddrinfo = no_connection
    # Certificates take most of a client's time, and nobody is asked for one.
    ssl.SSLContext.load_verify_locations = lambda *_args, **_kwargs: None
    ssl.SSLContext.load_default_certs = lambda *_args, **_kwargs: None


def listen():
    """Replaces what sends in each HTTP library that is there."""
    for name in ("httpx", "httpx2"):
        library = load(name)
        if library:
            library.HTTPTransport.handle_request = lambda _self, request: note(request.url, request.headers)

            async def handle(_self, request):
                note(request.url, request.headers)

            library.AsyncHTTPTransport.handle_async_request = handle
    requests = load("requests")
    if requests:
        requests.adapters.HTTPAdapter.send = lambda _self, request, **_: note(request.url, request.headers)
    aiohttp = load("aiohttp")
    if aiohttp:

        async def request(_self, _method, url, **options):
            note(url, options.get("headers") or {})

        aiohttp.ClientSession._request = request


def load(name):
    try:
        return importlib.import_module(name)
    except Exception:
        return None


def run(case, out):
    os.environ.clear()
    os.environ.update(case["base"])
    os.environ.update(case["environment"])
    error = None
    try:
        exec(compile(case["text"], "app.py", "exec"), {"__name__": "__main__"})
    except Caught:
        pass
    except BaseException as problem:
        error = f"{type(problem).__name__}: {problem}"[:300]
    answer = {"id": case["id"], "sent": sent[:1], "error": None if sent else error}
    os.write(out, (json.dumps(answer) + "\n").encode())


def main():
    real = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    base = {name: os.environ[name] for name in ("HOME", "PATH", "PYTHONPATH", "TMPDIR") if name in os.environ}
    base["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.clear()
    os.environ.update(base)
    seal()
    listen()
    for name in sys.argv[1:]:
        importlib.import_module(name)
    for line in sys.stdin:
        case = json.loads(line) | {"base": base}
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            run(case, real)
            os._exit(0)
        os.waitpid(child, 0)


main()
