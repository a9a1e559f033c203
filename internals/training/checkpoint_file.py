"""checkpoint.npz: which arrays it holds, and whether it belongs to the run that is to go on."""

import json

import numpy as np

from internals.core.files import fail, write_file
from internals.runs import identity
from internals.runs.hyperparameters import is_number
from internals.runs.run_reader import COLUMNS


def write(path, record, place, variables, best):
    """Write numbers of `place`, such as the epochs, and the values of variables and best weights.

    NumPy's files know no bfloat16: what is no type of NumPy's is kept as float32, which holds all
    such numbers.
    """
    arrays = {f"variable{index}": value for index, value in enumerate(variables)}
    arrays |= {f"best{index}": weight for index, weight in enumerate(best or [])}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            arrays[name] = array.astype("float32")
    recipe = json.dumps(identity.facts_to_go_on(record))
    write_file(path, lambda path: np.savez(path, recipe=recipe, **place, **arrays))


def read(path, run):
    """Return the arrays at `path` and the rows of history.csv for the epochs that it has finished.

    End the program where it belongs to another recipe than the run has now, or is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
        recipe = json.loads(str(arrays["recipe"])) if "recipe" in arrays else {}
        needed = ("loss", "seconds") if arrays.get("has_loss", True) else ("seconds",)
        rows = finished_rows(run.history().to_dict("records"), int(arrays["epochs"]), needed)
    except Exception as error:  # a damaged file can raise nearly anything
        fail_damaged(path, error)
    if obstacle := recipe and identity.find_obstacle(recipe, identity.facts_to_go_on(run.record)):
        name, was, now = obstacle
        fail(
            f"{path} was trained with {name} {was!r}, not {now!r}; "
            "a run goes on as it began, or with more epochs"
        )
    return arrays, rows


def fail_damaged(path, error):
    words = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    fail(f"{path} or history.csv beside it is damaged: {words}")


def finished_rows(rows, epochs, needed):
    """Return the rows of the finished epochs; ValueError where they are not all there.

    What is `needed` must be a number in each; a network with a step of its own may have no loss.
    """
    if not 1 <= epochs <= len(rows) <= epochs + 1:  # one more: killed before the checkpoint
        raise ValueError(f"{epochs} epochs in the checkpoint, {len(rows)} in the history")
    if any({*COLUMNS} - {*row} or not all(is_number(row[n]) for n in needed) for row in rows):
        raise ValueError("the history lacks columns or numbers")
    if [row["epoch"] for row in rows] != [*range(1, len(rows) + 1)]:
        raise ValueError("the history's epochs are not 1, 2, 3 and so on")
    return rows[:epochs]
