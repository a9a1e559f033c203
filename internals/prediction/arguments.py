"""What predict.py is asked on the command line: which run, which pictures, what to do."""

import dataclasses
import glob
import os
from pathlib import Path
from typing import Annotated

import tyro

from internals.core.files import check_output, expand, fail
from internals.core.text import format_line, format_path
from internals.runs.commands import command_to_go_on, command_to_repeat, without
from internals.runs.run_reader import names_of, read_folders

MODEL = "model.keras"


@dataclasses.dataclass(frozen=True)
class Options:
    """Which network, which pictures, and what to do with them."""

    # a run's folder or name, or a folder of runs, such as results/minivggnet: the newest in it
    run: Annotated[str, tyro.conf.Positional]
    # the pictures: jpg, png, webp, tif and others; heic with pillow-heif
    pictures: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    crop: bool = False  # cut out the square in the middle; else all is squeezed, as in training
    invert: bool = False  # make light what is dark, such as ink on paper for the digits
    csv: str = ""  # a file for the answers, a row a picture, for a spreadsheet or pandas
    labelled: str = ""  # in place of pictures: a folder of class folders, to evaluate the run on
    export: str = ""  # in place of pictures: an .onnx file or a folder, for the network to go into
    results: Path = Path("results")  # the folder in which a run is looked for by its name


def check(options):
    """End the program with a message where an option cannot be done."""
    wanted = {"pictures": options.pictures, "labelled": options.labelled, "export": options.export}
    given = [name for name, value in wanted.items() if value]
    if not given:
        fail("no picture is named; first comes the run, then one picture or more")
    if len(given) > 1:
        fail(f"{given[0]} and {given[1]} are given; do one after the other")
    for name in ("crop", "invert"):
        if options.export and getattr(options, name):
            fail(f"{name} is given with export; it is for pictures, an exported network has none")
    if options.csv and not options.pictures:
        fail(f"csv is given with {given[0]}; it is for the answers of pictures")
    check_output("csv", options.csv)
    if options.export:
        check_export(options.export)


def check_export(path):
    """End the program with a message where a network cannot be exported to `path`."""
    target = expand(path)
    if target.suffix.lower() not in ("", ".onnx"):
        fail(f"export is {path!r}; it must end in .onnx, or be a folder's name without a suffix")
    if os.path.lexists(target):
        fail(f"export is {path!r}, which exists already; it must be the name of a new one")
    if not target.parent.is_dir():
        fail(f"export is {path!r}; there is no folder {target.parent}")


def find_run(options):
    """Return the trained run that is named, the newest of several; or end with what to do."""
    word, results, broken = options.run, expand(options.results), {}
    places = [path for path in (expand(word), results / word) if path.is_dir()]
    found = read_folders(places[0], broken) if places else []
    if not found and not broken:  # a folder of images may be called as a run is
        found = [run for run in read_folders(results, {}) if word in names_of(run)]
    problems = [f"{format_path(folder)} is broken: {words}" for folder, words in broken.items()]
    if not found:
        wanted = "is not a folder of runs, nor the name of a run; first comes the run"
        fail("\n".join(problems) or f"{format_path(word)} {wanted}, then the pictures")
    trained = [run for run in found if (run.folder / MODEL).is_file()]
    newest = max(trained or found, key=lambda run: run.started)
    if not trained:
        explain_untrained(newest)
    for problem in problems:
        print(f"passed over: {problem}")
    several = f", the newest of {len(trained)} with a trained network" if trained[1:] else ""
    print(f"run: {format_path(newest.folder)}{several}")
    return newest


def explain_untrained(run):
    """End the program with a message that says how to come to the trained network of such a run."""
    lack = f"{format_path(run.folder)} has no {MODEL}, the trained network"
    status, script = run.record["status"], f"{format_line(run.record['script'])}.py"
    if status == "running":
        fail(f"{lack}: it is still being trained")
    go_on = command_to_go_on(run)
    if go_on and (run.folder / "checkpoint.npz").is_file():
        fail(f"{lack}: it was stopped. To go on: {format_line(go_on)}")
    command = command_to_repeat(run) or f"python {script}"
    if run.is_reference:  # its data and its folder of results were somebody else's
        command = without(command, "--data", "--results", "--name")
    fail(f"{lack}, which git does not keep. To make one: {format_line(command)}")


def find_pictures(words):
    """Return the paths that may be pictures, and a message for each word that names none."""
    paths, problems = [], []
    for word in words:
        found = [word] if os.path.lexists(word) else sorted(glob.glob(word))  # Windows leaves "*"
        for path in found or [word]:
            name = format_path(path)
            if os.path.isfile(path):
                paths.append(path)
            elif os.path.isdir(path):
                problems.append(f"{name} is a folder; name the pictures in it: {name}/*.jpg")
            else:
                there = "is no file" if os.path.lexists(path) else "does not exist"
                problems.append(f"{name} {there}; it must be a picture")
    return paths, problems
