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


def make_line(curves, style):
    """Return curves and the style of their line as Plotly reads them fastest, 32 bits a number."""
    arrays = {name: values.to_numpy("<f4").tobytes() for name, values in curves.items()}
    encoded = {name: base64.b64encode(array).decode() for name, array in arrays.items()}
    arrays = {name: {"dtype": "f4", "bdata": letters} for name, letters in encoded.items()}
    return {"style": style, "arrays": arrays}


def curves_of(run):
    """Return a data frame of a run: epoch, minutes and METRICS."""
    minutes = run.history.seconds.cumsum() / 60
    return run.history.assign(minutes=minutes)[["epoch", "minutes", *METRICS]]


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
    """Return the lines of a group as `make_line` makes them: band, thin ones and mean."""
    runs, lines = group.drawn, []
    if not runs:
        return []
    mean, spread = mean_curves(runs)
    label = html.escape(group.label)  # Plotly reads tags in names
    shared = {"legendgroup": group.key, "mode": "lines"}
    if len(runs) > 1:
        label += f" (n = {len(runs)})"
        fill = {"fill": "toself", "fillcolor": f"{group.color}33", "hoverinfo": "skip"}
        style = shared | fill | {"line": {"width": 0}, "showlegend": False}
        lines.append(make_line(pd.concat([mean + spread, (mean - spread)[::-1]]), style))
        for run in runs:
            style = shared | {"line": {"color": group.color, "width": 1}, "opacity": 0.5}
            style |= {"showlegend": False, "name": f"{label}, seed {html.escape(run.seed)}"}
            lines.append(make_line(curves_of(run), style))
    shared["mode"] = "lines" if len(mean) > 1 else "markers"  # a line needs two points
    style = shared | {"line": {"color": group.color, "width": 2.5}, "name": label}
    return [*lines, make_line(mean, style)]
