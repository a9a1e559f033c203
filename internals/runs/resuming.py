"""Resuming a run: whether it may go on, with what, and what it may not have become."""

from pathlib import Path

import filelock

from internals.core.files import fail
from internals.runs import identity, sources
from internals.runs.commands import CAN_GO_ON
from internals.runs.run import RESULTS, Run, read_record


def read_record_to_resume(folder):
    """Return the record of the run in `folder`; end the program where there is none to go on."""
    try:
        record = read_record(folder)
    except FileNotFoundError:
        fail(f"resume is {str(folder)!r}; it must be the folder of a run, which has a run.json")
    except (OSError, ValueError) as error:
        fail(f"{folder / 'run.json'} is not the record of a run: {error}")
    if record["status"] not in (*CAN_GO_ON, "finished"):
        fail(f"resume is {str(folder)!r}; that run has {record['status']}, it cannot go on")
    return record


def follows_cosine(record):
    """Return whether a run has the cosine schedule, and not an optimizer of the script's own."""
    cosine = record["hyperparameters"].get("schedule") == "cosine"
    return cosine and "optimizer" not in (record.get("edits") or {})


def check_more_epochs(record, hyperparameters):
    """End the program where a finished run is not to have more epochs than it has, or cannot."""
    values, words = record["hyperparameters"], f"resume is {hyperparameters.resume!r}; that run has"
    if record["status"] != "finished":
        return
    anew = f"a new run can begin with its weights: --start-from {hyperparameters.resume}"
    if follows_cosine(record):
        fail(f"{words} finished, and its cosine schedule is at a learning rate of 0; {anew}")
    if len(record.get("phases", ())) > 1:
        fail(f"{words} finished its {len(record['phases'])} phases; {anew}")
    if not Path(hyperparameters.resume, "checkpoint.npz").exists():
        fail(f"{words} finished, and checkpoint.npz, with which it could go on, is gone; {anew}")
    if hyperparameters.epochs <= values["epochs"]:
        fail(
            f"{words} finished; it can have more than its {values['epochs']} epochs, such as "
            f"--epochs {2 * values['epochs']}"
        )


def reopen_run(script, common, hyperparameters, now):
    """Return the run that `resume` names; end the program where its record `now` forbids that."""
    resume = hyperparameters.resume
    folder = Path(resume)
    run = Run(folder, hyperparameters, {})
    Run.leave_held()
    try:
        run.take()
    except filelock.Timeout:
        fail(f"resume is {resume!r}; that run is still being trained")
    try:
        run.record = read_record_to_resume(folder)  # again: it may have ended meanwhile
        check_more_epochs(run.record, hyperparameters)
        if run.script != Path(script).stem:
            fail(f"resume is {resume!r}; that is a run of {run.script}.py")
        if is_trained(run.record, hyperparameters) and now["code"] != run.record.get("code"):
            print("All its epochs are trained; what is left is done by the script as it is now")
            run.record["report_code"], now["code"] = now["code"], run.record.get("code")
        if obstacle := identity.find_obstacle(*map(identity.facts_to_go_on, (run.record, now))):
            words = explain_obstacle(*obstacle, run.record, now)
            if obstacle[0] == "code":
                words = f"{words}\n{sources.describe_edits(folder, script, common)}"
            fail(f"resume is {resume!r}; {words}")
    except SystemExit:
        run.release()
        raise
    more = hyperparameters.epochs > run.record["hyperparameters"]["epochs"]
    for name in (*RESULTS, *(["ended_by_callback"] if more else [])):
        run.record.pop(name, None)
    for left_by_a_crash in folder.glob(".*.part.*"):
        left_by_a_crash.unlink()
    return run


def is_trained(record, hyperparameters):
    """Return whether a run failed after all the epochs that it is to have, such as in its report.

    Where it had several phases, there may be one more.
    """
    done = record.get("epochs_done", 0) >= hyperparameters.epochs
    return record["status"] == "failed" and done and len(record.get("phases", ())) < 2


def explain_obstacle(name, was, now, record, other):
    """Return in words what is not as it was when the run began."""
    counts = [
        f"{len(data.get('class_names', []))} classes, {data.get('images')}"
        for data in (record.get("data", {}), other["data"])
    ]
    if name.startswith("data.") and counts[0] != counts[1]:
        return f"its data is not the same any more: it was {counts[0]}, it is {counts[1]}"
    if identity.is_digest(was):
        return f"its {name.removesuffix('.sha256')} is not the same any more"
    words = "not recorded" if was is None else was
    return f"its {name} is not the same any more: it was {words}, it is {now}"
