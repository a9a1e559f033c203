"""A run's network on another folder of class folders: how often it is right, and where not."""

import collections
import json
import os

import numpy as np

from internals.core.files import expand, fail, write_text
from internals.core.intervals import interval_of_share
from internals.core.terminal import fill
from internals.core.text import count_nouns, enumerate_few, format_path, make_printable
from internals.data.dataset import Dataset
from internals.data.image_folder import (
    advise_heic,
    enumerate_kinds,
    kind_of,
    print_passed_over,
)
from internals.data.image_reading import spread
from internals.data.layouts import is_image, shown
from internals.prediction import likeness, network, occlusion
from internals.prediction.picture_sheet import name_file
from internals.prediction.pictures import read_pictures
from internals.report import calibration, image_grids, run_plots, style, tables
from internals.runs.run import RUN_FOLDER, Run
from internals.runs.run_reader import class_names

RECORD = "evaluation.json"


def evaluate(run, path, preparation, normalise):
    """Evaluate a run's network on the folder at `path`; print and write what came out.

    Return a message for each image that could not be read.
    """
    folder, names = expand(path), class_names(run)
    classes, left_out, passed_over = find_classes(folder, names)
    predict, (height, width, _) = network.load_predict(run, names, normalise)
    print(fill(preparation.describe(run, (width, height))))
    print_classes(run, folder, classes, left_out, passed_over)
    paths, labels = spread([classes[name] for name in names])
    print(f"reading {count_nouns(len(paths), 'image')}", flush=True)
    images, found, problems = read_pictures(paths, (width, height), preparation)
    if not found.any():
        return problems
    files = [make_printable(each.relative_to(folder).as_posix()) for each in paths[found]]
    parts = (images, labels[found]) * 3
    data = Dataset(*parts, names, np.array(files))
    flip = run.record["hyperparameters"].get("flip_test", False)
    probabilities = occlusion.predict_all(predict, images, flip)
    record = summarise(run, folder, data, probabilities, preparation)
    record |= {"left_out": left_out, "unreadable": problems}
    print_accuracy(run, record)
    try:
        place = choose_place(run, folder, preparation)
        write(run, place, folder, data, probabilities, record)
    except OSError as error:
        fail(f"{format_path(run.folder / 'labelled')} cannot be written: {error}", 1)
    return problems


def find_classes(folder, names):
    """Return the images of each class by its name, and the numbers of those of other folders.

    The third is a Counter of what lies among the images of the classes and is none. The program
    ends where no folder, or one that differs in capitals only, has a class's name.
    """
    if not folder.is_dir():
        fail(f"labelled is {str(folder)!r}; it must be a folder with a folder for each class")
    inside = {make_printable(path.name): path for path in shown(folder) if path.is_dir()}
    listed = {name: shown(path) for name, path in inside.items()}
    images = {name: [each for each in found if is_image(each)] for name, found in listed.items()}
    small = {name.casefold(): name for name in names}
    for name in inside.keys() - set(names):
        if small.get(name.casefold(), name) not in inside:
            fail(
                f"{inside[name]} is no class of the run, which has {small[name.casefold()]!r}; "
                "rename the folder"
            )
    others = (each for name in names for each in listed.get(name, []) if not is_image(each))
    passed_over = collections.Counter(map(kind_of, others))
    if not any(images.get(name) for name in names):
        if own := [name for name in names if name in inside]:
            there = f", only {enumerate_kinds(passed_over)}" if passed_over else ""
            fail(
                f"labelled is {str(folder)!r}; there are no images in its folders "
                f"{enumerate_few(own)}{there}{advise_heic(passed_over)}"
            )
        nested = [path for path in inside.values() if any((path / name).is_dir() for name in names)]
        advice = f"name {nested[0]}, which has" if nested else f"it has {enumerate_few([*inside])}"
        fail(
            f"labelled is {str(folder)!r}; no folder in it has images and the name of a class "
            f"of the run, {enumerate_few(names)}; {advice if inside else 'it has no folders'}"
        )
    left_out = {name: len(found) for name, found in images.items() if name not in names}
    return {name: images.get(name, []) for name in names}, left_out, passed_over


def print_classes(run, folder, classes, left_out, passed_over):
    """Say which images are not counted, which classes have none, and what was trained on."""
    if left_out:
        count = count_nouns(sum(left_out.values()), "image")
        words = f"left out: {count} of {enumerate_few([*left_out])}, no classes of the run"
        print(fill(f"{words}: it could not name them rightly"))
    if missing := [name for name, paths in classes.items() if not paths]:
        words = f"no images of {enumerate_few(missing)}: nothing is known of them"
        print(fill(f"{words}, and the accuracy is that of the other classes"))
    print_passed_over(passed_over)
    source = expand(str(run.record["hyperparameters"].get("data", ""))).resolve()
    asked = folder.resolve()
    if asked.is_relative_to(source) and "train" in asked.relative_to(source).parts:
        print(
            fill(
                "warning: the run was trained on these images; how good it is on others they "
                "cannot tell"
            )
        )


def summarise(run, folder, data, probabilities, preparation):
    """Return what is recorded of an evaluation: counts, accuracy, calibration, likeness."""
    right = int((probabilities.argmax(axis=1) == data.y_test).sum())
    *_, error = calibration.calibration_curve_of(probabilities, data.y_test)
    like = likeness.find_likeness(run)
    unlike = [bool(like.explain(image)) for image in data.x_test] if like else None
    return {
        "folder": os.fspath(folder.resolve()),
        "images": len(data.y_test),
        "right": right,
        "accuracy": right / len(data.y_test),
        "interval": interval_of_share(right, len(data.y_test)),
        "expected_calibration_error": error,
        "unlike_the_training_images": None if unlike is None else sum(unlike),
        "images_of_class": {
            name: int((data.y_test == label).sum()) for label, name in enumerate(data.class_names)
        },
        "preparation": "squeezed" + preparation.suffix,
    }


def print_accuracy(run, record):
    """Print the accuracy with its interval, beside that on the run's own test images."""
    low, high = (100 * end for end in record["interval"])
    count = count_nouns(record["images"], "image")
    print(f"Accuracy: {record['accuracy']:.2%} of {count}, 95 % interval {low:.1f} to {high:.1f} %")
    if not np.isnan(run.accuracy):
        print(f"          {run.accuracy:.2%} of the run's own test images")
    if unlike := record["unlike_the_training_images"]:
        words = f"unlike the training images: {unlike:,} of {count}"
        print(fill(f"{words}; asked for one of them, predict.py says in what"))


def choose_place(run, folder, preparation):
    """Return the folder of the earlier evaluation of the same folder, or a new one."""
    name = name_file(folder.resolve().name) + preparation.suffix
    if RUN_FOLDER.match(name):
        name = f"images-{name}"  # or it would be taken for a run
    count = 1
    while True:
        place = run.folder / "labelled" / (f"{name}-{count}" if count > 1 else name)
        if not os.path.lexists(place) or read_folder(place) == os.fspath(folder.resolve()):
            place.mkdir(parents=True, exist_ok=True)
            return place
        count += 1


def read_folder(place):
    """Return which folder was evaluated there; None where nothing tells."""
    try:
        return json.loads((place / RECORD).read_text(encoding="utf-8"))["folder"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(run, place, folder, data, probabilities, record):
    """Write the record, the tables and the pictures of an evaluation."""
    write_text(place / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    words = f"{run.name} on {count_nouns(len(data.y_test), 'image')} of {format_path(folder)}"
    shown_as = Run(place, None, {"script": run.record["script"]}, caption=words)
    shown_as.save_predictions(data, probabilities)
    predicted = probabilities.argmax(axis=1)
    matrix = tables.write_confusion_matrix(place, data.y_test, predicted, data.class_names)
    tables.write_classification_report(place, data.y_test, predicted, data.class_names)
    style.draw(
        (run_plots.plot_confusion_matrix, shown_as, matrix, data.class_names),
        (image_grids.plot_mistakes, shown_as, data, probabilities),
        (run_plots.plot_calibration, shown_as, probabilities, data.y_test),
    )
    print(f"Files in {format_path(place)}:")
    print(fill(" ".join(path.name for path in sorted(place.glob("[!.]*"))), "  "))
