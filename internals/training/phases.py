"""The phases of a run: each call of `train` is one, with what the network is then compiled with."""

from internals.core.files import fail
from internals.training import compiled, run_summary


def record_phase(run, model, first, epochs):
    """Record with what a phase was compiled, and that it begins after `first` epochs; say so.

    `epochs` are those that the run has when it ends. Of a run with one phase it is recorded only
    where the network was compiled anew, or its learning rate set, after `start_run`.
    """
    record, now = run.record, compiled.describe(model)
    at_start = {name: record.get(name) for name in now}
    if run.phase > 1:
        if "report_code" in record:
            fail("the script was edited after the phase before; a run goes on with the code it had")
        known = record.get("phases") or [{"from_epoch": 1} | at_start]
        known = [each for each in known if each["from_epoch"] <= first]
        record["phases"] = [*known, {"from_epoch": first + 1} | now]
        print(f"Phase {run.phase}, from epoch {first + 1} on")
    elif now != at_start:
        record["phases"] = [{"from_epoch": 1} | now]
    edits = dict(record["edits"])
    if now["optimizer"] != at_start["optimizer"]:
        edits["optimizer"] = compiled.describe_in_words(compiled.find_optimizer(model))
    if now["loss"] != at_start["loss"]:
        edits["loss"] = now["loss"]
    values = run.hyperparameters.but(epochs=epochs)
    caption = run_summary.format_hyperparameters(values, edits)
    run.caption = f"{run.phase} phases, the last with {caption}" if run.phase > 1 else caption
