"""The tables of speed, from the records in docs/benchmarks/ that two programs write.

python tests/benchmark.py --json docs/benchmarks/float32_amx.json
python docs/programs/profile_onednn.py 4layerCNN
"""

import json
import statistics
from pathlib import Path

from tests.benchmark import spread

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
HEADER = ["script", "precision", ">images/s", ">ours / Keras `fit`", ">ours / PyTorch"]
HEADER += [">share of the limit", ">memory"]


def speed_table():
    """Return the header and the rows: for each processor a line of its own, then its scripts."""
    rows, processor = [], None
    for path in sorted(BENCHMARKS.glob("*float*.json")):
        for figures in json.loads(path.read_text()):
            if processor != (processor := describe(figures)):
                rows.append([f"**{processor}**", *[""] * (len(HEADER) - 1)])
            rows.append(row_of(figures))
    return HEADER, rows


def describe(figures):
    """Return the processor, and what oneDNN uses of it."""
    machine = figures["machine"]
    return f"{machine['processor']}, oneDNN uses {machine['onednn'] or 'nothing'}"


def row_of(figures):
    """Return the cells of one script: medians of the rounds, and quartiles of the ratios."""
    rounds, operations = figures["rounds"], figures["operations_per_image"]
    share = statistics.median(one["ours"] * operations / one["limit"] for one in rounds)
    return [
        f"`{figures['script']}.py`",
        figures["precision"],
        f"{statistics.median(one['ours'] for one in rounds):,.0f}",
        spread([one["ours"] / one["keras"] for one in rounds]),
        spread([one["ours"] / one["torch"] for one in rounds]) if "torch" in rounds[0] else "-",
        f"{share:.0%}",
        f"{figures['peak_memory_bytes']['ours'] / 1e9:.1f} GB",
    ]


def profile_table():
    """Return the header and the rows of what oneDNN did in an epoch of each script profiled.

    A cell is an operation's share of the epoch and, of convolutions, its rate in GFLOP/s.
    """
    records = [json.loads(path.read_text()) for path in sorted(BENCHMARKS.glob("profile_*.json"))]
    cells = {}  # by operation, in the order of the first script, then by script
    for record in records:
        for kind, direction, seconds, operations in record["sums"]:
            share = f"{seconds / record['epoch_seconds']:.0%}"
            rate = f" at {operations / seconds / 1e9:.0f}" if operations else ""
            name = f"{kind.replace('_', ' ')} {direction}".strip()
            cells.setdefault(name, {})[record["script"]] = share + rate
    scripts = [record["script"] for record in records]
    rows = [[name, *(cells[name].get(script, "-") for script in scripts)] for name in cells]
    return ["oneDNN's operation", *(f">`{script}.py`" for script in scripts)], rows
