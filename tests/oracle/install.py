"""Brings SDKs from their registries into the cache, each into a folder of its own, by the registry's own client."""

import json
import os
import re
import shutil
import subprocess
import sys

PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"]
NPM = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
# These say that nobody was there to ask; anything else is a mistake in sdks.py.
OFFLINE = re.compile(
    r"from versions: none|Failed to establish a new connection|Temporary failure in name resolution"
    r"|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|Could not resolve host|[Cc]ouldn't resolve host|network is unreachable"
)


class Unreachable(Exception):
    """The registry did not answer."""


def install(sdk, cache):
    """The folder of an SDK, installed if it is not yet there."""
    folder = cache / re.sub(r"[^A-Za-z0-9.-]+", "-", sdk.name).strip("-")
    wanted = json.dumps(sdk.install)
    mark = folder / "installed.json"
    if mark.is_file() and mark.read_text() == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if sdk.language == "python":
        command = [*PIP, "--target", str(folder), *sdk.install]
    elif sdk.language == "javascript":
        (folder / "package.json").write_text('{"private": true}\n')
        command = [*NPM, *sdk.install]
    else:
        # A crate is built with its cases: see rust.py.
        mark.write_text(wanted)
        return folder
    if shutil.which(command[0]) is None:
        raise Unreachable(f"there is no {command[0]}")
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, preexec_fn=lambda: os.nice(5)
    )
    if done.returncode != 0:
        if OFFLINE.search(done.stderr):
            raise Unreachable(done.stderr.strip().splitlines()[-1])
        raise SystemExit(f"{sdk.name}: {' '.join(command)}\n{done.stderr}")
    mark.write_text(wanted)
    return folder
