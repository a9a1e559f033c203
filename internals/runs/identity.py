"""The identity of a run: what each recorded fact is to it, and the four questions it answers.

Is it the same run (sweep)? Do two runs repeat one recipe (groups)? May a run go on (resume)? In
what do two runs differ (comparison)? A fact that run.json lacks was not recorded: it is None, and
None is not what another run recorded.
"""

import dataclasses
import json
import re

DECIDES = "decides"  # part of the recipe: another value makes another result
SEED = "seed"  # what repeats of one recipe differ in
MAY_GROW = "may grow"  # decides, and may be more when a run goes on
LABEL = "label"  # a name for people or for a folder, never compared
PLACE = "place"  # where files lie and how they are read, never compared: data has a digest
ENVIRONMENT = "environment"  # told in a comparison, but splits no group

HYPERPARAMETERS = {  # every other one decides
    "seed": SEED,
    "epochs": MAY_GROW,
    "name": LABEL,
    "recipe": LABEL,
    "results": LABEL,
    "resume": LABEL,
    "start_from": LABEL,  # its weights are a fact
    "data": PLACE,
    "labels": PLACE,
    "skip_unreadable": PLACE,
}
EARLIER = {  # hyperparameters that came later, and what they were in each run before
    "class_weights": "none",
    "adam_share": 1.0,
}


@dataclasses.dataclass(frozen=True)
class Fact:
    """A fact of run.json beside its hyperparameters."""

    kind: str
    cause: str  # facts of one cause count once among the causes of a difference
    words: str  # what a comparison calls it
    follows: bool = False  # it may follow from a hyperparameter, and then is no cause of its own


FACTS = {  # by the path in run.json
    "script": Fact(LABEL, "script", "script"),
    "name": Fact(LABEL, "name", "name"),
    "data.sha256": Fact(DECIDES, "data", "images (fingerprint)", follows=True),
    "data.class_names": Fact(DECIDES, "data", "class names", follows=True),
    "code": Fact(DECIDES, "code", "code (fingerprint)", follows=True),
    "network": Fact(DECIDES, "code", "layers (fingerprint)", follows=True),
    "loss": Fact(DECIDES, "loss", "loss", follows=True),
    "optimizer": Fact(DECIDES, "optimizer", "optimizer", follows=True),
    "preprocessing": Fact(DECIDES, "code", "preprocessing (fingerprint)"),
    "start_weights": Fact(DECIDES, "start", "weights at the start (fingerprint)"),
    "started_from": Fact(LABEL, "start", "started from"),
    "backend": Fact(DECIDES, "backend", "backend"),
    "device": Fact(ENVIRONMENT, "machine", "device"),
    "devices": Fact(ENVIRONMENT, "machine", "devices"),
    "processor": Fact(ENVIRONMENT, "machine", "processor"),
    "operating_system": Fact(ENVIRONMENT, "machine", "operating_system"),
    "cores": Fact(ENVIRONMENT, "machine", "cores"),
    "versions": Fact(ENVIRONMENT, "versions", "version of"),
}


def find(record, path):
    """Return the value at a path such as data.sha256; None where it was not recorded."""
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def hyperparameters_that(record, *kinds):
    """Return the hyperparameters of these kinds."""
    values = EARLIER | record["hyperparameters"]
    return {n: value for n, value in values.items() if HYPERPARAMETERS.get(n, DECIDES) in kinds}


def facts_that(record, *kinds):
    """Return {name: value} of all recorded facts of these kinds, hyperparameters among them.

    Values are as JSON returns them, so that those of a run in memory equal those on disk.
    """
    found = {path: find(record, path) for path, fact in FACTS.items() if fact.kind in kinds}
    values = {f"hyperparameters.{n}": v for n, v in hyperparameters_that(record, *kinds).items()}
    return json.loads(json.dumps(values | found, default=str))


def is_digest(value):
    """Return whether a recorded value is a SHA-256, which tells nobody anything in full."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


# ------------------------------------------------------------------------------------------------
# The questions


def is_same_run(record, other):
    """Return whether two records are of the same run: one recipe, one seed, as many epochs."""
    return name_of_run(record) == name_of_run(other)


def name_of_run(record):
    """Return all that makes a run the run that it is, as text."""
    return json.dumps(facts_that(record, DECIDES, SEED, MAY_GROW), sort_keys=True)


def recipe_of(record):
    """Return all that decides the result of a run but the seed, as text: repeats have the same."""
    return json.dumps(facts_that(record, DECIDES, MAY_GROW), sort_keys=True)


def find_obstacle(was, now):
    """Return (name, old value, new value) of what keeps a run from going on; None where it may.

    `was` and `now` are facts that decide, with the seed, as `facts_to_go_on` returns them.
    """
    for name in {**was, **now}:
        one, other, field = was.get(name), now.get(name), name.removeprefix("hyperparameters.")
        grown = HYPERPARAMETERS.get(field) == MAY_GROW and one and other and other >= one
        if one != other and not grown:
            return field, one, other
    return None


def facts_to_go_on(record):
    """Return the facts that must be as they were when a run goes on, but for more epochs."""
    return facts_that(record, DECIDES, SEED, MAY_GROW)


def may_differ_on_resume(name, was, now):
    """Return whether the command line may give a resumed run another value of a hyperparameter."""
    kind = HYPERPARAMETERS.get(name)
    return now > was if kind == MAY_GROW else kind == PLACE
