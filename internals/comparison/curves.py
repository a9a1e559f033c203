"""The learning curves of groups: means, bands, and the lines that Plotly draws on the page."""

import base64
import html

import numpy as np

METRICS = {  # what can be drawn over epochs or minutes
    "val_accuracy": "validation accuracy",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "loss": "training loss",
    "learning_rate": "learning rate",
}


def encode(values):
    """Return numbers as Plotly reads them fastest, 32 bits each."""
    array = np.asarray(values, dtype="<f4")
    return {"dtype": "f4", "bdata": base64.b64encode(array.tobytes()).decode()}


def curves_of(run):
    """Return {"epoch", "minutes" and each of METRICS: array} of a run."""
    history = run.history
    curves = {name: history[name].to_numpy(dtype=float) for name in METRICS}
    minutes = history.seconds.cumsum().to_numpy(dtype=float) / 60
    return {"epoch": history.epoch.to_numpy(dtype=float), "minutes": minutes} | curves


def mean_curves(runs):
    """Return the curves' mean, and their mean less and plus the standard deviation, over runs.

    As many epochs as the shortest run has.
    """
    curves = [curves_of(run) for run in runs]
    length = min(len(each["epoch"]) for each in curves)
    stacked = {name: np.stack([each[name][:length] for each in curves]) for name in curves[0]}
    mean = {name: values.mean(axis=0) for name, values in stacked.items()}
    if len(runs) == 1:
        return mean, mean, mean
    spread = {name: values.std(axis=0, ddof=1) for name, values in stacked.items()}
    spread |= {"epoch": 0, "minutes": 0}  # a band is about the heights
    return (
        mean,
        {name: mean[name] - spread[name] for name in mean},
        {name: mean[name] + spread[name] for name in mean},
    )


def plotly_lines(group):
    """Return the lines of a group, thin ones, band and mean: [{"style", "arrays"}, ...]."""
    runs = [run for run in group.counted if len(run.history)]
    if not runs:
        return []
    label, lines = html.escape(group.label), []  # Plotly reads tags in names
    mean, low, high = mean_curves(runs)
    shared = {"legendgroup": group.key, "mode": "lines"}
    if len(runs) > 1:
        label += f" (n = {len(runs)})"
        band = {name: np.concatenate([high[name], low[name][::-1]]) for name in mean}
        fill = {"fill": "toself", "fillcolor": f"{group.color}33", "hoverinfo": "skip"}
        style = shared | fill | {"line": {"width": 0}, "showlegend": False}
        lines.append((style, band))
        for run in runs:
            style = {"line": {"color": group.color, "width": 1}, "opacity": 0.5}
            style |= {"showlegend": False, "name": f"{label}, seed {html.escape(run.seed)}"}
            lines.append((shared | style, curves_of(run)))
    style = {"line": {"color": group.color, "width": 2.5}, "name": label}
    if len(mean["epoch"]) == 1:
        style["mode"] = "markers"  # a line needs two points
    lines.append((shared | style, mean))
    return [
        {"style": style, "arrays": {name: encode(values) for name, values in arrays.items()}}
        for style, arrays in lines
    ]
