"""Run scripts in forks of a process that has loaded Keras once: a tenth of a second each, not five.

Reads one request a line, {"script", "arguments", "cwd", "output", "environment"}; answers "pid N"
when the script starts and "status N" when it has ended. `output` names a folder for stdout.txt and
stderr.txt.
"""

import json
import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import common  # noqa: F401  (what all scripts import, and then what a report does)

import sklearn.metrics  # noqa: F401

from internals import page, plots  # noqa: F401


def run(request):
    """Become the script, as if started from a terminal in `cwd`."""
    for stream, name in ((sys.stdout, "stdout.txt"), (sys.stderr, "stderr.txt")):
        file = os.open(Path(request["output"], name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, stream.fileno())
    os.chdir(request["cwd"])
    os.environ |= request["environment"]
    sys.argv = [f"{request['script']}.py", *request["arguments"]]
    runpy.run_path(str(ROOT / sys.argv[0]), run_name="__main__")


for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        run(json.loads(line))
        sys.stdout.flush()
        sys.exit()
    print("pid", pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print("status", os.waitstatus_to_exitcode(status), flush=True)
