"""What a run says of itself on the terminal before it trains.

It uses devices.py.
"""

from internals import devices


def describe(run, data):
    """Print what is trained, where, on what and with how many weights."""
    device, precision = run.record["device"], run.hyperparameters.precision
    count = run.record["data"]["images"]
    validation = f"{count['validation']:,} validation, " if count["validation"] else ""
    also = "" if validation else " (shown as validation)"
    print(f"script:     {run.script}")
    print(f"recipe:     {run.hyperparameters.recipe}")
    print(f"run folder: {run.folder}")
    print(f"device:     {device} with the {run.record['backend']} backend")
    if precision != "float32":
        print(f"precision:  {precision}, weights and softmax float32")
    if device == "cpu" and devices.lacks_arithmetic(precision):
        print(
            f"warning: this processor has no {precision} arithmetic; compare the "
            "seconds of an epoch, float32 is likely faster"
        )
    print(f"images:     {count['train']:,} training, {validation}{count['test']:,} test{also}")
    print(f"classes:    {data.num_classes}")
    print(f"parameters: {run.record['parameters']:,}")
