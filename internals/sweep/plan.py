"""The plan of a sweep: its options, the combinations of values, and the jobs that they make."""

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Annotated

import joblib
import tyro

from internals.core.files import fail
from internals.core.terminal import print_description
from internals.core.text import count_nouns
from internals.runs import identity
from internals.sweep.jobs import ROOT, Job

TEXTS = ("name", "recipe", "data", "results")  # flags of text, to which "true" is a word


@dataclasses.dataclass(frozen=True)
class Options:
    """What stands before the script's name, and that."""

    # the script; after it its own flags, each with one value or more
    script: Annotated[str, tyro.conf.Positional]
    # how many runs train at once, each with its share of the cores; by default 2, on one core 1
    jobs: int | None = None
    scheduler: str = ""  # the address of a Dask scheduler, whose workers train in this one's place


def parse(arguments, description):
    """Return the options and, by flag, the values to combine; end the program on wrong input."""
    names = [index for index, word in enumerate(arguments) if word.endswith(".py")]
    if not names and not {"-h", "--help"} & {*arguments}:
        fail("no script is named; one of the words must be its name, such as 4layerCNN.py")
    end = names[0] + 1 if names else len(arguments)
    print_description(description, arguments[:end])
    options = tyro.cli(Options, args=arguments[:end], description="")
    if not Path(options.script).is_file():
        fail(f"script is {options.script!r}; there is no such file here")
    if options.jobs is None:
        options = dataclasses.replace(options, jobs=min(2, joblib.cpu_count()))
    elif options.scheduler:
        fail(f"jobs is {options.jobs}; with a scheduler its workers say how many run at once")
    if options.jobs < 1:
        fail(f"jobs is {options.jobs}; it must be a whole number, 1 or more")
    if {"-h", "--help"} & {*arguments[end:]}:
        raise SystemExit(subprocess.call([sys.executable, options.script, "--help"]))
    return options, parse_values(arguments[end:])


def parse_values(arguments):
    """Return the values of each flag, such as {"seed": ["0", "1"]}; none make a switch."""
    values = {}
    for word in arguments:
        if word.startswith("--"):
            flag, equals, value = word[2:].partition("=")
            flag = flag.replace("_", "-")
            if flag in values:
                fail(f"--{flag} is given twice; it takes all its values at once")
            values[flag] = [value] if equals else []
        elif not values:
            fail(f"{word!r} stands before any flag of the script")
        else:
            values[flag].append(word)
    if "resume" in values:
        fail("--resume goes on with one run; a sweep goes on by itself when given again")
    for flag in ("name", "results"):
        if len(values.get(flag, [])) > 1:
            fail(f"--{flag} has {len(values[flag])} values; it can have one")
    return values


def combine(values):
    """Return each combination as {flag: value}, all with the first seed before the second."""
    flags = sorted(values, key=lambda flag: flag != "seed")  # the last varies fastest
    choices = itertools.product(*(values[flag] or [None] for flag in flags))
    return [dict(zip(flags, choice, strict=True)) for choice in choices]


def to_arguments(combination):
    """Return a combination as the script's command line."""
    words = []
    for flag, value in combination.items():
        switch = value in (None, "true", "false") and flag not in TEXTS  # of a boolean
        words.append(f"--no-{flag}" if switch and value == "false" else f"--{flag}")
        words += [] if switch or value is None else [value]
    return words


def ask(script, commands):
    """Return what run.json would hold for each command line; a wrong one ends the program."""
    paths = filter(None, [ROOT, os.environ.get("PYTHONPATH")])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    probe = [sys.executable, "-P", "-m", "internals.sweep.script_probe", script]
    asked = json.dumps(commands).encode()
    process = subprocess.run(probe, input=asked, stdout=subprocess.PIPE, env=environment)
    if process.returncode:
        raise SystemExit(process.returncode)  # it has said what is wrong
    return json.loads(process.stdout)


def make_jobs(options, values):
    """Return the jobs of the sweep in their order, each run once."""
    combinations = combine(values)
    commands = [to_arguments(combination) for combination in combinations]
    runs = count_nouns(len(commands), "run")
    print(f"Checking the values of {runs} of {options.script}", flush=True)
    records = ask(options.script, commands)
    telling = [flag for flag in values if len(values[flag]) > 1]
    runs, sweep = {}, uuid.uuid4().hex
    for combination, command, record in zip(combinations, commands, records, strict=True):
        words = [f"{flag.replace('-', '_')} {combination[flag]}" for flag in telling]
        job = Job(
            label=", ".join(words) or Path(options.script).stem,
            script=options.script,
            arguments=command,
            wanted=record,
            folder=os.getcwd(),
            sweep=sweep,
            at_once=min(options.jobs, len(commands)),
        )
        runs.setdefault(identity.name_of_run(record), job)  # 0.1 and 1e-1 are the same value
    jobs = list(runs.values())
    try:
        jobs[0].log.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"results is {str(jobs[0].results)!r}; no folder can be made there: {error.strerror}")
    return jobs
