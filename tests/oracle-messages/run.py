"""Runs a program as it stands and shows what it raises in the way of its mode: traceback, text, body, log."""

import logging
import os
import runpy
import sys
import traceback

mode, program = sys.argv[1], sys.argv[2]
if mode == "log":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
sys.path[:0] = ["", os.path.dirname(os.path.abspath(program))]
try:
    runpy.run_path(os.path.abspath(program), run_name="__main__")
except Exception as error:
    response = getattr(error, "response", None)
    # Without the runner's own frames: what the user sees begins in the program.
    frames = error.__traceback__
    while frames and program not in frames.tb_frame.f_code.co_filename:
        frames = frames.tb_next
    shown = (type(error), error, frames)
    if mode == "text":
        print(error)
    elif mode == "body" and response is not None:
        print(response.text)
    elif mode == "log":
        logging.getLogger("worker").error("job 4711 failed", exc_info=shown)
    else:
        traceback.print_exception(*shown)
