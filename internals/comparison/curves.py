"""The learning curves of groups: means, bands, and the lines that Plotly draws on the page."""

import base64
import html

import numpy as np
import pandas as pd

METRICS = {  # what can be drawn over epochs or minutes
    "val_accuracy": "validation accuracy",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "loss": "training loss",
    "learning_rate": "learning rate",
}


def make_line(kind, name, curves):
    """Return curves and what the page must know of their line, 32 bits a number for Plotly."""
    columns = zip(curves, curves.to_numpy("<f4").T, strict=True)
    arrays = {name: values.tobytes() for name, values in columns}
    encoded = {name: base64.b64encode(array).decode() for name, array in arrays.items()}
    arrays = {name: {"dtype": "f4", "bdata": letters} for name, letters in encoded.items()}
    return {"kind": kind, "name": name, "single": len(curves) == 1, "arrays": arrays}


def curves_of(run):
    """Return a data frame of a run: epoch, minutes and METRICS."""
    return run.history[["epoch", "minutes", *METRICS]]


def mean_curves(runs):
    """Return the curves' mean and standard deviation over runs, as far as the shortest one goes."""
    curves = [curves_of(run) for run in runs]
    length, names = min(map(len, curves)), curves[0].columns
    stacked = np.stack([each[:length] for each in curves])
    mean = pd.DataFrame(stacked.mean(axis=0), columns=names)
    spread = pd.DataFrame(stacked.std(axis=0, ddof=1 if len(runs) > 1 else 0), columns=names)
    spread[["epoch", "minutes"]] = 0.0  # a band is about the heights
    return mean, spread


def plotly_lines(group):
    """Return the lines of a group as `make_line` makes them: the band, each seed and the mean."""
    runs, averaged, lines = group.drawn, group.averaged, []
    if not runs:
        return []
    mean, spread = mean_curves(averaged)
    label = html.escape(group.label, quote=False)  # Plotly reads tags in names
    if len(runs) > 1:
        label += f" (n = {len(averaged)})"
        edges = pd.concat([mean + spread, (mean - spread)[::-1]])
        lines.append(make_line("band", "", edges))
        for run in runs:
            name = f"{label}, seed {html.escape(run.seed, quote=False)}"
            lines.append(make_line("seed", name, curves_of(run)))
    return [*lines, make_line("mean", label, mean)]
