"""Run scripts in forks of a process that has loaded Keras once: a tenth of a second each, not five.

Reads one request a line, {"script", "arguments", "cwd", "output", "drawn", "environment"}; answers
"pid N" when the script starts and "status N" when it has ended. `output` names a folder for
stdout.txt and stderr.txt. What is not to be `drawn`, pictures and page, takes half of a short run.
"""

import atexit
import faulthandler
import json
import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import common  # noqa: F401  (what all scripts import, and then what a report does)

import sklearn.metrics  # noqa: F401

from internals.comparison import page
from internals.report import image_grids, run_plots, style  # noqa: F401


def run(request):
    """Become the script, as if started from a terminal in `cwd`."""
    for stream, name in ((sys.stdout, "stdout.txt"), (sys.stderr, "stderr.txt")):
        file = os.open(Path(request["output"], name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, stream.fileno())
    os.chdir(request["cwd"])
    os.environ |= request["environment"]
    if not request["drawn"]:
        style.draw = page.refresh = lambda *_: None
    sys.argv = [f"{request['script']}.py", *request["arguments"]]
    path = ROOT / sys.argv[0]
    sys.path.insert(0, str(path.parent))  # as Python does
    runpy.run_path(str(path), run_name="__main__")


def end(request):
    """Run the script and end the process as Python does, but for looking through its memory.

    That takes two seconds in a fork, as each page looked at is copied.
    """
    faulthandler.dump_traceback_later(200, exit=True)  # or one that hangs would hang all tests
    status = 1
    try:
        run(request)
        status = 0
    except SystemExit as exit:
        status = exit.code or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        end(json.loads(line))
    print("pid", pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print("status", os.waitstatus_to_exitcode(status), flush=True)
