"""Write the tables of measured results anew, from the reference runs that this file names.

A table stands between the lines <!-- NAME --> and <!-- end of NAME -->, in README.md or in docs/.

    python docs/programs/tables.py
"""

import dataclasses
import functools
import json
import os
import statistics
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "results" / "reference"
sys.path.insert(0, str(ROOT))

import numpy as np
from ablation import MUON_ROW, parts_of
from seed_correlation import correlation_table
from speed_table import profile_table, speed_table

from internals.comparison.differences import are_same_networks, compare_by_seeds
from internals.comparison.groups import Group, make_groups
from internals.core.intervals import Difference, are_more_than_chance
from internals.core.text import format_value
from internals.runs import run_reader
from internals.runs.run import read_history, read_record

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# Our runs of the tutorials' recipes.
FOUR_LAYERS = "4layerCNN/2026-11-20_14-18-01_gpu"
SIX_LAYERS = "6layerCNN/2026-11-20_14-18-01_gpu"
SIX_LAYERS_20 = "6layerCNN/2026-11-27_11-56-15_published"  # 20 epochs only, and more seeds
MINIVGGNET = "minivggnet/2026-11-27_11-50-27_published"
VGG16 = "vgg16/2026-11-20_14-18-02_gpu"
UDACITY = "udacity_cnn/2026-11-20_12-56-35_tutorial"

# Two of them once more, as their modern recipes were trained: 20 epochs with TensorFlow on a
# processor, and with JAX on a GPU that keeps the images there.
FOUR_LAYERS_20 = "4layerCNN/2026-11-22_03-29-51_published-20"
VGG16_PUBLISHED = "vgg16/2026-11-27_11-54-31_published"

SPELLED = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}

# The tutorials' test accuracy and training time by epochs.
REFERENCES = {
    FOUR_LAYERS: {
        10: ("71.29", "1 h 10 min"),
        20: ("74.57", "2 h 15 min"),
        50: ("75.32", "5 h 45 min"),
        100: ("67.06", "11 h 10 min"),
    },
    SIX_LAYERS_20: {
        10: ("75.61", "1 h 45 min"),
        20: ("75.31", "3 h 40 min"),
    },
    SIX_LAYERS: {
        50: ("69.93", "8 h 10 min"),
        100: ("68.66", "17 h 10 min"),
    },
    MINIVGGNET: {40: ("above 80", "")},
    VGG16: {10: ("", "")},
    f"{VGG16}-no-batch-norm": {10: ("10.0", "")},
    UDACITY: {15: ("73.61", "17 min")},
}

# The run before, a line of the script, what was made of it, and the run after; all else alike.
EXPERIMENTS = [
    (
        FOUR_LAYERS,
        "learning_rate=0.1",
        "learning_rate=0.01",
        "4layerCNN/2026-11-20_14-20-51_gpu-learning-rate-0.01",
    ),
    (
        "4layerCNN/2026-11-21_01-14-33_float32-seed-0",
        "momentum=0.0",
        "momentum=0.9",
        "4layerCNN/2026-11-22_02-45-54_momentum-0.9",
    ),
    (
        FOUR_LAYERS,
        "batch_size=32",
        "batch_size=128",
        "4layerCNN/2026-11-20_14-20-25_gpu-batch-size-128",
    ),
    (
        FOUR_LAYERS,
        'optimizer="sgd", learning_rate=0.1',
        'optimizer="adam", learning_rate=0.001',
        "4layerCNN/2026-11-20_14-20-15_gpu-adam",
    ),
    (
        UDACITY,
        'optimizer="adam"',
        'optimizer="sgd"',
        "udacity_cnn/2026-11-22_02-39-55_sgd",
    ),
    (
        UDACITY,
        'optimizer="adam", learning_rate=0.001',
        'optimizer="sgd", learning_rate=0.03',
        "udacity_cnn/2026-11-22_00-00-33_sgd-0.03",
    ),
    (
        UDACITY,
        "learning_rate=0.001",
        "learning_rate=0.01",
        "udacity_cnn/2026-11-22_02-34-15_learning-rate-0.01",
    ),
    (
        UDACITY,
        "batch_size=32",
        "batch_size=256",
        "udacity_cnn/2026-11-22_02-39-20_batch-size-256",
    ),
    (
        UDACITY,
        "Dropout(0.3), Dropout(0.4)",
        "Dropout(0.0), twice",
        "udacity_cnn/2026-11-22_02-33-50_no-dropout",
    ),
    (
        UDACITY,
        "Conv2D(16, ...",
        "Conv2D(64, ...",
        "udacity_cnn/2026-11-22_02-44-45_first-layer-64",
    ),
    (
        UDACITY,
        "flip=False",
        "flip=True",
        "udacity_cnn/2026-11-22_01-56-38_flip",
    ),
    (
        "6layerCNN/2026-11-22_02-54-18_decay-1e-6",
        "decay=1e-6",
        "decay=1e-4",
        "6layerCNN/2026-11-22_02-56-55_decay-1e-4",
    ),
    (
        "minivggnet/2026-11-22_00-41-46_batch-norm",
        "BatchNormalization(), five times",
        "none",
        "minivggnet/2026-11-22_00-37-41_no-batch-norm",
    ),
    (
        "vgg16/2026-11-22_00-17-11_no-batch-norm",
        "--no-batch-norm, Conv2D(filters, 3, ...",
        'kernel_initializer="he_normal"',
        "vgg16/2026-11-21_23-25-00_he-initialisation",
    ),
    (
        "vgg16/2026-11-22_00-17-11_no-batch-norm",
        "--no-batch-norm, learning_rate=0.0005, momentum=0.0",
        "learning_rate=0.01, momentum=0.9",
        "vgg16/2026-11-21_23-48-51_published-vgg-rate",
    ),
    (VGG16, "batch_norm=True", "batch_norm=False", f"{VGG16}-no-batch-norm"),
]

# The learning rates that were tried for each optimizer in the published recipe of udacity_cnn.py,
# a run each, the first seed's, by the names of the runs.
RATES = ["sgd", "sgd-0.01", "sgd-0.03", "sgd-0.1", "sgd-0.3"]
RATES += ["adam-0.0003", "tutorial", "learning-rate-0.01"]

# Dropout of the two layers of udacity_cnn.py under its modern recipe, and the name of the runs.
DROPOUT = {"0.3 and 0.4": "all", "0.15 and 0.2": "half-dropout", "none": "modern-no-dropout"}

# Networks without convolutions beside one with them: a run, its program, what it is, epochs.
BASELINES = [
    ("linear/2026-11-21_17-20-02_seed-0", "docs/networks/linear.py", "no hidden layer", 10),
    ("mlp/2026-11-21_17-26-09_seed-0", "docs/networks/mlp.py", "a hidden layer of 400 units", 10),
    ("4layerCNN/2026-11-21_01-14-33_float32-seed-0", "4layerCNN.py", "4 convolutions", 5),
]

# A run of each recipe, published and modern; and modern ones with fewer epochs.
RECIPES = [
    (FOUR_LAYERS_20, "4layerCNN/2026-11-28_15-37-29_muon"),
    (SIX_LAYERS_20, "6layerCNN/2026-11-28_20-57-23_muon"),
    (MINIVGGNET, "minivggnet/2026-11-29_05-55-48_muon"),
    (VGG16_PUBLISHED, "vgg16/2026-11-29_08-18-14_muon"),
    (UDACITY, "udacity_cnn/2026-11-28_14-57-21_muon"),
]
SHORTER = [
    (FOUR_LAYERS_20, "4layerCNN/2026-11-28_13-11-26-2_muon-fifth"),
    (SIX_LAYERS_20, "6layerCNN/2026-11-28_12-40-43_muon-fifth"),
    (MINIVGGNET, "minivggnet/2026-11-28_15-06-54_muon-fifth"),
    (VGG16_PUBLISHED, "vgg16/2026-11-29_06-55-51_muon-fifth"),
    (UDACITY, "udacity_cnn/2026-11-28_10-18-42-2_muon-fifth"),
]

# The modern recipe with SGD, as it was before, and with Muon.
MUON = [
    (
        "4layerCNN/2026-11-22_09-58-44_four-epochs",
        "4layerCNN/2026-11-28_13-11-26-2_muon-fifth",
    ),
    ("4layerCNN/2026-11-21_22-52-13_modern", "4layerCNN/2026-11-28_15-37-29_muon"),
    (
        "6layerCNN/2026-11-27_11-55-32-2_five-epochs",
        "6layerCNN/2026-11-28_12-40-43_muon-fifth",
    ),
    ("6layerCNN/2026-11-27_11-50-27_modern", "6layerCNN/2026-11-28_20-57-23_muon"),
    (
        "minivggnet/2026-11-27_09-01-16-2_modern",
        "minivggnet/2026-11-28_15-06-54_muon-fifth",
    ),
    ("minivggnet/2026-11-27_11-52-42_modern", "minivggnet/2026-11-29_05-55-48_muon"),
    ("vgg16/2026-11-27_11-56-14_three-epochs", "vgg16/2026-11-29_06-55-51_muon-fifth"),
    ("vgg16/2026-11-27_11-50-29-2_modern", "vgg16/2026-11-29_08-18-14_muon"),
    (
        "udacity_cnn/2026-11-21_22-10-09_eight-epochs",
        "udacity_cnn/2026-11-28_10-18-42-2_muon-fifth",
    ),
    ("udacity_cnn/2026-11-21_17-55-46_modern", "udacity_cnn/2026-11-28_14-57-21_muon"),
]

# What trained on a GPU: the published recipe, and the modern one with SGD, in full and shorter.
ON_A_GPU = [
    (
        SIX_LAYERS_20,
        "6layerCNN/2026-11-27_11-50-27_modern",
        "6layerCNN/2026-11-27_11-55-32-2_five-epochs",
    ),
    (
        MINIVGGNET,
        "minivggnet/2026-11-27_11-52-42_modern",
        "minivggnet/2026-11-27_11-54-31_twelve-epochs",
    ),
    (
        VGG16_PUBLISHED,
        "vgg16/2026-11-27_11-50-29-2_modern",
        "vgg16/2026-11-27_11-56-14_three-epochs",
    ),
]

# What each script does without a flag: its published recipe, and for how many epochs.
DEFAULTS = [
    (FOUR_LAYERS, 50),
    (SIX_LAYERS_20, 10),
    (MINIVGGNET, 40),
    (VGG16_PUBLISHED, 10),
    (UDACITY, 15),
]

# The scripts whose modern recipe ablation.py took apart, a run of their published one, epochs.
ABLATED = [
    ("udacity_cnn", UDACITY, 15),
    ("4layerCNN", FOUR_LAYERS_20, 8),
]


@functools.cache
def read_run(run):
    """Return the run's record and its history, indexed by epoch."""
    folder = REFERENCE / run
    return read_record(folder), read_history(folder).set_index("epoch")


def accuracy_after(run, epochs):
    """Return the test accuracy in percent that the run had reached after so many epochs."""
    record, history = read_run(run)
    if epochs == record["epochs_done"]:
        accuracy = record["test_accuracy"]
    elif record["data"]["images"]["validation"]:
        raise ValueError(f"{run} has no test accuracy after {epochs} epochs")
    else:
        accuracy = history.val_accuracy[epochs]  # its validation is the test set
    return format_value("accuracy", accuracy).rstrip("%")


def time_for(run, epochs):
    """Return the minutes of the run's first epochs."""
    _, history = read_run(run)
    return format_value("whole_minutes", history.seconds.iloc[:epochs].sum() / 60)


def make_table(header, rows):
    """Return a Markdown table; `header` has the columns, those with a leading ">" to the right.

    Cells are text, or differences: of those the interval is shown, and below what it means.
    """
    rows, caption = format_intervals(rows)
    lines = [
        [name.lstrip(">") for name in header],
        ["---:" if name.startswith(">") else "---" for name in header],
        *rows,
    ]
    return "\n".join([*(f"| {' | '.join(cells)} |" for cells in lines), *caption])


def format_intervals(rows):
    """Return the rows with their differences as text, and the lines that explain those."""
    found = [cell for row in rows for cell in row if isinstance(cell, Difference)]
    known = [difference for difference in found if difference.low is not None]
    bold = [each for each, more in zip(found, are_more_than_chance(found), strict=True) if more]
    rows = [
        [
            format_interval(cell, cell in bold) if isinstance(cell, Difference) else cell
            for cell in row
        ]
        for row in rows
    ]
    if not known:
        return rows, []
    paired = sum(difference.method == "paired seeds" for difference in known)
    words = f"The {len(known)} intervals are from Welch's t-test."
    if paired:
        words = (
            f"{len(known) - paired} of the {len(known)} intervals are from Welch's t-test. The "
            f"{paired} of `flip_test` are from Student's paired t-test, because the same networks "
            "predict with it and without it."
        )
    words += (
        " They account for other seeds, not other images. In bold: more than chance, also after "
        "Holm's correction for this table."
    )
    if len(known) < len(found):
        words += (
            " A dash: no interval. It needs three seeds or more that learn on each side, all "
            "trained with the same backend, device and precision."
        )
    return rows, ["", *textwrap.wrap(words, 120)]


def format_interval(difference, bold):
    """Return a 95 % interval in points; "-" where there is none."""
    if difference.low is None:
        return "-"
    ends = f"{100 * difference.low:+.2f} to {100 * difference.high:+.2f}"
    mark = "**" if bold else ""
    return f"{mark}{ends}{mark}".replace("-", "\N{MINUS SIGN}")


def reference_table():
    header = ["script", ">parameters", ">epochs", ">published, %", ">ours, %"]
    header += [">published time", ">our time", "ours trained with"]
    rows = []
    for run, published in REFERENCES.items():
        record, _ = read_run(run)
        no_norm = record["hyperparameters"].get("batch_norm") is False
        script = f"`{record['script']}.py{' --no-batch-norm' * no_norm}`"
        for epochs, (accuracy, time) in published.items():
            (cell,), _ = accuracy_cells([run], epochs)
            row = [script, format_value("parameters", record["parameters"]), str(epochs)]
            row += [accuracy or "-", cell, time or "-", time_for(run, epochs)]
            rows.append([*row, engine_of(run)])
    return make_table(header, rows)


def engine_of(run):
    """Return the backend, the kind of device and, if not float32, the precision of the run."""
    found = circumstances(run)
    words = [SPELLED[found["backend"]], found["device"].upper()]
    return ", ".join(words if found["precision"] == "float32" else [*words, found["precision"]])


@functools.cache
def groups_of(script):
    """Return the groups of the script's reference runs: alike but for the seed."""
    folders = sorted(Path(REFERENCE, script).glob("*/"))
    return make_groups([run_reader.read_run(folder) for folder in folders])


def group_of(run):
    """Return the reference runs that differ from this one in nothing but the seed."""
    script, name = run.split("/")
    (group,) = (
        group for group in groups_of(script) if name in [each.folder.name for each in group.runs]
    )
    return group


def seeds_of(run):
    """Return the names of the reference runs that group_of returns, by seed."""
    script, _ = run.split("/")
    return [f"{script}/{each.folder.name}" for each in group_of(run).counted]


def accuracies_after(run, epochs):
    """Return the test accuracy in percent after so many epochs of each seed of the run."""
    return [float(accuracy_after(seed, epochs)) for seed in seeds_of(run)]


def group_after(run, epochs):
    """Return the seeds of the run as they were after so many epochs, or at their end for None."""
    runs = []
    for seed, each in zip(seeds_of(run), group_of(run).counted, strict=True):
        record, history = each.record | {"status": "finished"}, each.history
        if epochs and epochs != record["epochs_done"]:
            accuracy = float(accuracy_after(seed, epochs)) / 100
            loss = float(history.val_loss[epochs - 1])
            record |= {"test_accuracy": accuracy, "balanced_accuracy": accuracy, "test_loss": loss}
        runs.append(dataclasses.replace(each, record=record, history=history[:epochs]))
    return Group(runs, key="")


def show_accuracies(run, group):
    """Return mean and standard deviation as a link to the run, and how many seeds there are.

    Seeds that stay at chance level are counted separately.
    """
    learn, colon, text = group.accuracy_text.rpartition(": ")
    number = text.partition(" %")[0]
    return f"{learn}{colon}[{number}](results/reference/{run}) (n = {len(group.accuracies)})"


def accuracy_cells(runs, epochs):
    """Return the cells of runs to be compared, and the difference of the first and the last.

    Raises ValueError where the runs, or their other seeds, were trained on different things.
    """
    check_alike(*runs)
    found = [group_after(run, epochs) for run in runs]
    cells = [show_accuracies(*each) for each in zip(runs, found, strict=True)]
    return cells, compare_by_seeds(found[0], found[-1])


def check_alike(*runs, names=("backend", "device", "precision", "images")):
    """Raise ValueError where runs, or their other seeds, differ in these circumstances."""
    expected = circumstances(runs[0])
    for seed in (seed for run in runs for seed in seeds_of(run)):
        found = circumstances(seed)
        if different := [name for name in names if found[name] != expected[name]]:
            raise ValueError(f"{seed} differs from {runs[0]} in {', '.join(different)}")


def circumstances(run):
    """Return what a run was trained with, beside its recipe."""
    record, _ = read_run(run)
    return {
        "backend": record["backend"],
        "device": record["device"],
        "precision": record["hyperparameters"].get("precision", "float32"),
        "images": record["data"]["sha256"],
    }


def experiments_table():
    header = ["script", "the line", "try", ">epochs", ">before, %", ">after, %"]
    header += [">95 % interval of the difference"]
    rows = []
    for before, line, new_line, after in EXPERIMENTS:
        record, _ = read_run(after)
        epochs = record["epochs_done"]
        cells, interval = accuracy_cells([before, after], epochs)
        row = [f"`{record['script']}.py`", f"`{line}`", f"`{new_line}`", str(epochs)]
        rows.append([*row, *cells, interval])
    return make_table(header, rows)


def rates_table():
    header = ["optimizer", ">learning rate", ">accuracy on held-out images, %"]
    rows = []
    runs = [seeds_of(run_named("udacity_cnn", name))[0] for name in RATES]
    check_alike(*runs)
    for run in runs:
        own = read_run(run)[0]["hyperparameters"]
        accuracy = f"[{held_out_accuracy(run):.2f}](results/reference/{run}) (n = 1)"
        rows.append([own["optimizer"], f"{own['learning_rate']:g}", accuracy])
    return make_table(header, rows)


def dropout_table():
    header = ["dropout", ">accuracy on held-out images, %"]
    header += [">95 % interval of the difference from the first"]
    rows = []
    runs = [run_named("udacity_cnn", name) for name in DROPOUT.values()]
    check_alike(*runs)
    found = [held_out_group(run) for run in runs]
    for words, run, group in zip(DROPOUT, runs, found, strict=True):
        change = "-" if run == runs[0] else compare_by_seeds(found[0], group)
        rows.append([words, show_accuracies(run, group), change])
    return make_table(header, rows)


def transfer_table():
    """Return what few images teach from scratch and from weights, of the runs by transfer.py.

    Each seed begins with the weights of its own seed, so its run is a group by itself.
    """
    header = [">training images of each class", ">from scratch, %"]
    header += [">from the weights of eight classes, %", ">95 % interval of the difference"]
    rows = []
    for images in (20, 100, 500):
        names = (f"two-{images}-{start}" for start in ("scratch", "start"))
        found = [runs_named("udacity_cnn", name) for name in names]
        groups = [
            Group([run_reader.read_run(Path(REFERENCE, run)) for run in runs], key="")
            for runs in found
        ]
        first = [runs[0] for runs in found]
        cells = map(show_accuracies, first, groups)
        rows.append([str(images), *cells, compare_by_seeds(*groups)])
    return make_table(header, rows)


def residual_table():
    """Return what the residual network reaches, and the same network without its shortcuts."""
    header = ["layers", ">epochs", ">without shortcuts, %", ">with shortcuts, %"]
    header += [">95 % interval of the difference"]
    rows = []
    for layers in (20, 56):
        runs = [run_named("resnet", f"one-epoch-{layers}{end}") for end in ("-plain", "")]
        cells, interval = accuracy_cells(runs, None)
        rows.append([str(layers), str(read_run(runs[0])[0]["epochs_done"]), *cells, interval])
    modern = run_named("resnet", "modern")
    (cell,), _ = accuracy_cells([modern], None)
    rows.append(["20", str(read_run(modern)[0]["epochs_done"]), "-", cell, "-"])
    return make_table(header, rows)


def held_out_group(run):
    """Return the seeds of the run, each with its accuracy on held-out images for the test's."""
    return Group(
        [
            dataclasses.replace(
                each, record=each.record | {"test_accuracy": held_out_accuracy(seed) / 100}
            )
            for seed, each in zip(seeds_of(run), group_of(run).counted, strict=True)
        ],
        key="",
    )


def held_out_accuracy(run):
    """Return the accuracy on held-out images in percent of the epoch whose weights were kept."""
    record, history = read_run(run)
    return 100 * history.val_accuracy[record.get("best_epoch", record["epochs_done"])]


def baselines_table():
    header = ["script", "network", ">parameters", ">epochs", ">test accuracy, %"]
    rows = []
    check_alike(*(run for run, *_ in BASELINES))
    for run, path, network, epochs in BASELINES:
        (cell,), _ = accuracy_cells([run], epochs)
        parameters = format_value("parameters", read_run(run)[0]["parameters"])
        rows.append([f"`{path}`", network, parameters, str(epochs), cell])
    return make_table(header, rows)


def recipes_table(pairs, first="published recipe", second="modern recipe"):
    header = ["script", ">epochs", f">{first}, %"]
    header += [">epochs", f">{second}, %", ">95 % interval of the difference"]
    header += ["trained with"]
    rows = []
    for runs in pairs:
        engines = dict.fromkeys(map(engine_of, runs))
        if len(engines) == 1:
            cells, interval = accuracy_cells(runs, None)
        else:
            check_alike(*runs, names=["images"])
            cells = [accuracy_cells([run], None)[0][0] for run in runs]
            interval = Difference(None, None, None, "unknown")
        epochs = [str(read_run(run)[0]["epochs_done"]) for run in runs]
        script = f"`{read_run(runs[0])[0]['script']}.py`"
        both = [cell for pair in zip(epochs, cells, strict=True) for cell in pair]
        rows.append([script, *both, interval, "; ".join(engines)])
    return make_table(header, rows)


def overview_table():
    """Return what each command reaches, and its minutes on two cores and on a GPU.

    Those of the cores follow from the images a second of the published recipe; those of the GPU are
    the runs' own, the median of the seeds.
    """
    header = ["command", ">epochs", ">test accuracy, %", ">minutes, two cores", ">minutes, GPU"]
    shorter = {modern.partition("/")[0]: modern for _, modern in SHORTER}
    rows = []
    for (published, default), (_, modern) in zip(DEFAULTS, RECIPES, strict=True):
        script = modern.partition("/")[0]
        for run, flags, epochs in (
            (published, "", default),
            (modern, " --recipe modern", read_run(modern)[0]["epochs_done"]),
            (
                shorter[script],
                " --recipe modern --epochs {}",
                read_run(shorter[script])[0]["epochs_done"],
            ),
        ):
            (cell,), _ = accuracy_cells([run], epochs)
            command = f"`python {script}.py{flags.format(epochs)}`"
            rows.append([command, str(epochs), cell, *minutes_of(run, epochs)])
    return make_table(header, rows)


def minutes_of(run, epochs):
    """Return the minutes of so many epochs on two cores, computed, and on a GPU, recorded."""
    record, _ = read_run(run)
    path = ROOT / "docs" / "benchmarks" / "xeon_avx512_float32.json"
    (rounds,) = (
        speed["rounds"]
        for speed in json.loads(path.read_text())
        if speed["script"] == record["script"]
    )
    rate = statistics.median(times["ours"] for times in rounds)
    on_cores = record["data"]["images"]["train"] * epochs / rate / 60
    if record["device"] != "gpu":
        return f"{on_cores:.0f}", "-"
    seeds = [read_run(seed)[1].seconds.iloc[:epochs].sum() / 60 for seed in seeds_of(run)]
    return f"{on_cores:.0f}", f"{statistics.median(seeds):.1f}"


def gpu_epochs():
    """Return the seconds of an epoch on a GPU, a median, as {script: {recipe: seconds}}."""
    record = json.loads((ROOT / "docs" / "benchmarks" / "gpu_epochs.json").read_text())
    return {
        script: {recipe: statistics.median(each) for recipe, each in recipes.items()}
        for script, recipes in record["seconds"].items()
    }


def gpu_table():
    header = ["script", ">published, s an epoch", ">modern, s an epoch"]
    rows = [
        [f"`{script}.py`", *(f"{seconds:.2f}" for seconds in recipes.values())]
        for script, recipes in gpu_epochs().items()
    ]
    return make_table(header, rows)


def gpu_runs_table():
    """Return the seconds of training on a GPU: timed alone, and as the runs recorded them."""
    header = ["script", "recipe, epochs", ">training alone"]
    header += [">first epoch, as recorded", ">each later one", ">all epochs, as recorded"]
    rows = []
    for runs in ON_A_GPU:
        script = read_run(runs[0])[0]["script"]
        for recipe, run in zip(("published", "modern", "modern"), runs, strict=True):
            seconds = gpu_epochs()[script][recipe]
            recorded = [read_run(seed)[1].seconds for seed in seeds_of(run)]
            epochs = len(recorded[0])
            columns = [
                [each.iloc[0] for each in recorded],
                [each.iloc[1:].median() for each in recorded],
                [each.sum() for each in recorded],
            ]
            row = [f"`{script}.py`", f"{recipe}, {epochs}", f"{epochs * seconds:.0f}"]
            rows.append([*row, *map(show_range, columns)])
    return make_table(header, rows)


def show_range(values):
    """Return the least and the largest of some seconds, rounded."""
    ends = [
        f"{value:.0f}" if value >= 10 else f"{value:.1f}" for value in (min(values), max(values))
    ]
    return " to ".join(dict.fromkeys(ends))


def ablation_table():
    header = ["script", "with", ">epochs", ">test accuracy, %"]
    header += [">95 % interval of the difference", ">minutes"]
    rows = []
    for script, published, epochs in ABLATED:
        above = published
        parts = (part[:2] for part in parts_of(script))
        for name, words in [("published", "the published recipe"), *parts]:
            run = published if name == "published" else run_named(script, name)
            cells, difference = accuracy_cells([above, run], epochs)
            change = "-" if run == above else difference
            minutes = "-"  # of Muon, which was trained on another machine
            if name != MUON_ROW[0]:
                seconds = seconds_of_epochs(script, name, run)
                minutes = f"{statistics.median(seconds) * epochs / 60:.1f}"
            rows.append([f"`{script}.py`", words, str(epochs), cells[1], change, minutes])
            above = run
    return make_table(header, rows)


def calibration_table():
    """Return what smoothed labels do to loss and calibration: the two rows of each ablation."""
    header = ["script", ">epochs", "labels", ">test accuracy, %", ">test loss"]
    header += [">calibration error"]
    rows = []
    for script, _, epochs in ABLATED:
        for labels, name in (("plain", "5-shift"), ("smoothed", "6-label-smoothing")):
            run = run_named(script, name)
            (cell,), _ = accuracy_cells([run], epochs)
            records = [read_run(seed)[0] for seed in seeds_of(run)]
            means = [
                f"{np.mean([record[key] for record in records]):.3f}"
                for key in ("test_loss", "expected_calibration_error")
            ]
            rows.append([f"`{script}.py`", str(epochs), labels, cell, *means])
    return make_table(header, rows)


@functools.cache
def seeds_table():
    scripts = sorted(path.name for path in REFERENCE.iterdir())
    groups = [group for script in scripts for group in groups_of(script)]
    return make_table(*correlation_table(groups, are_same_networks))


def run_named(script, name):
    """Return the first run of the script that was given this name."""
    if runs := runs_named(script, name):
        return runs[0]
    raise ValueError(f"there is no run of {script} called {name}")


def runs_named(script, name):
    """Return the runs of the script that were given this name, the first one first."""
    runs = [f"{script}/{folder.name}" for folder in sorted(Path(REFERENCE, script).glob("*/"))]
    return [run for run in runs if read_run(run)[0]["hyperparameters"]["name"] == name]


def seconds_of_epochs(script, row, run):
    """Return those of a row of the ablation: timed alone, or else of all seeds as they trained."""
    timed = json.loads((ROOT / "docs" / "epoch_seconds.json").read_text())
    if script in timed:
        return timed[script]["seconds"][row]
    return np.concatenate([read_run(seed)[1].seconds for seed in seeds_of(run)])


TABLES = {
    "reference runs": reference_table,
    "experiments": experiments_table,
    "learning rates": rates_table,
    "dropout": dropout_table,
    "transfer": transfer_table,
    "residual": residual_table,
    "baselines": baselines_table,
    "modern recipes": lambda: recipes_table(RECIPES),
    "overview": overview_table,
    "fewer epochs": lambda: recipes_table(SHORTER),
    "muon": lambda: recipes_table(MUON, "modern recipe with SGD", "with Muon"),
    "gpu epochs": gpu_table,
    "gpu runs": gpu_runs_table,
    "ablation": ablation_table,
    "calibration": calibration_table,
    "seed correlation": seeds_table,
    "speed": lambda: make_table(*speed_table()),
    "profile": lambda: make_table(*profile_table()),
}


def fill(text, document):
    """Return the document's text with its tables as they should be."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        if found:
            results = Path(os.path.relpath(ROOT / "results", document.parent)).as_posix()
            written = table().replace("](results/", f"]({results}/")
            text = f"{before}{begin}{written}\n{rest[rest.index(end) :]}"
    return text


def main():
    """Write each document that has a table."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        document.write_text(fill(text, document), encoding="utf-8")


if __name__ == "__main__":
    main()
