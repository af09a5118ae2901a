#!/usr/bin/env python3
"""mixlint on a real terminal: the progress line of a long run comes and goes, and whoever reads slowly gets everything.

    tests/integrations/terminal.py [BINARY]

Without an argument it is built. Needs a system with pseudo-terminals.
"""

import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINE = b"\r\x1b[Kmixlint: "
CLEAR = b"\r\x1b[K"


def on_terminal(program, arguments, cwd, wait=0.0, **environment):
    """Exit code, and all that the terminal got; nobody reads for the first seconds."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execve(program, [str(program), *arguments], {**os.environ, "TERM": "xterm", **environment})
    time.sleep(wait)
    got = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        got += piece
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), got


def check(what, holds, got):
    print(f"{'ok' if holds else 'FAILED'}: {what}")
    if not holds:
        print(repr(got[-600:]))
        sys.exit(1)


def main():
    if len(sys.argv) > 1:
        program = pathlib.Path(sys.argv[1]).resolve()
    else:
        subprocess.run(["cargo", "build", "--quiet", "--locked"], cwd=ROOT, check=True)
        program = ROOT / "target/debug/mixlint"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        small = folder / "small"
        small.mkdir()
        source = "from openai import OpenAI\nOpenAI(api_key='sk-your-mixroute-key', base_url='https://api.openai.com/v1')\n"
        (small / "app.py").write_text(source)
        # However fast the machine is: the tree grows until a run takes longer than half a second.
        large, number, seconds = folder / "large", 0, 0.0
        while seconds < 1.5:
            for _ in range(1000):
                path = large / f"d{number % 50}" / f"f{number}.py"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(source + f"x = [{number}]\n" * 100)
                number += 1
            since = time.monotonic()
            piped = subprocess.run([program, "check", "--output-format", "concise"], cwd=large, capture_output=True)
            seconds = time.monotonic() - since
        print(f"{number} files take {seconds:.1f} s")

        concise = ["check", "--output-format", "concise"]
        check("a pipe gets no progress", piped.returncode == 1 and b"\x1b" not in piped.stderr + piped.stdout, piped.stderr)
        code, got = on_terminal(program, concise, small)
        check("nor does a short run show any", code == 1 and b"mixlint: " not in got, got)
        expected = piped.stdout.replace(b"\n", b"\r\n")
        code, got = on_terminal(program, concise, large)
        check("a long run shows it", code == 1 and LINE in got, got)
        rest = got[got.rindex(LINE) + len(LINE) :]
        check("and clears it before the first result", rest.split(CLEAR, 1)[1].startswith(expected), rest)
        code, got = on_terminal(program, concise, large, wait=seconds + 3)
        check("a terminal that is read late gets all of it", code == 1 and expected in got, got)
        code, got = on_terminal(program, [*concise, "--quiet"], large)
        check("--quiet is quiet", code == 1 and got == expected, got)
        code, got = on_terminal(program, concise, large, TERM="dumb")
        check("a dumb terminal has no such line", code == 1 and LINE not in got, got)

        code, got = on_terminal(program, ["check"], small)
        check("a terminal has colours", code == 1 and b"\x1b[3" in got, got)
        code, got = on_terminal(program, ["check"], small, NO_COLOR="1")
        check("but not with NO_COLOR", code == 1 and b"\x1b" not in got, got)
        code, got = on_terminal(program, ["check", "--color", "never"], small)
        check("nor with --color never", code == 1 and b"\x1b" not in got, got)
    print("all passed")


if __name__ == "__main__":
    main()
