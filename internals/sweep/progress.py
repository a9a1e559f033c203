"""The progress of a sweep: the plan, a line for each run that ends, and when all will be done."""

import collections
import datetime

import rich.console
import rich.progress
from rich.progress import BarColumn, TimeElapsedColumn
from rich.text import Text

from internals.core import stdio
from internals.core.text import count_nouns, format_value, shorten_path
from internals.runs import live
from internals.runs.run import read_record
from internals.sweep import jobs
from internals.sweep.jobs import ENDED, find_run

PLAN = {  # how the plan calls a job, by the state of its run
    "finished": "there already",
    "diverged": "diverged before",
    "trained": "being trained by another process",
    "unfinished": "to go on",
    None: "to begin",
}


MOST_SHOWN = 8  # runs that train, a line each


class Bar(rich.progress.Progress):
    """The bar, which grows with each epoch, and below it what trains, and its epoch."""

    def __init__(self, wanted):
        self.results, self.ended = wanted[0].results, 0
        self.terminal = rich.console.Console()  # Rich asks for the lines before it has one
        self.labels = {live.digest_identity(job.wanted): job.full_label for job in wanted}
        count = "{task.fields[ended]}/{task.total}"
        columns = BarColumn(20), count, TimeElapsedColumn(), "{task.description}"
        how = {"disable": not stdio.is_terminal(), "refresh_per_second": 2}
        super().__init__(*columns, console=self.terminal, **how)
        self.add_task("", total=len(wanted), ended=0)

    def get_renderables(self):
        """Yield the bar and the lines below it; Rich asks for them twice a second."""
        training = [told for told in live.read_at_work(self.results) if self.is_mine(told)]
        share = sum(told["done"] / max(told["epochs"], 1) for told in training)
        for task in self.tasks:
            share = min(self.ended + share, len(self.labels))
            self.update(task.id, completed=share, ended=self.ended)
        yield self.make_tasks_table(self.tasks)
        for told in training[:MOST_SHOWN]:
            words = f": {live.describe(told)}"
            label = shorten_path(self.labels[told["identity"]], self.terminal.width - len(words))
            yield Text(label + words, no_wrap=True, overflow="ellipsis")
        if len(training) > MOST_SHOWN:
            yield Text(f"and {len(training) - MOST_SHOWN} more")
        if (others := len(jobs.RUNNING) - len(training)) > 0:
            yield Text(f"{count_nouns(others, 'script')} starting or ending")

    def is_mine(self, told):
        return told["identity"] in self.labels


class Progress:
    """The jobs of a sweep, those that are done, and the terminal on which that is seen."""

    def __init__(self, wanted, at_once):
        self.jobs, self.at_once = wanted, at_once
        self.todo, self.done, self.failed = [], 0, 0
        self.seconds = []  # of each script that has ended
        self.folders = ()
        self.bar = Bar(wanted)
        self.plan()

    def say(self, text):
        """Print above the bar, and no line shorter than it is."""
        self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def plan(self):
        """Say how many runs there are to be and how many there are; keep what is to do."""
        states = collections.Counter()
        for job in self.jobs:
            folder, state = find_run(job)
            states[state] += 1
            if state in ENDED:
                self.end(folder, state)
            else:
                self.todo.append(job)
        words = ", ".join(f"{states[state]} {PLAN[state]}" for state in PLAN if states[state])
        at_once = f"; {self.at_once} at once" if self.at_once > 1 and self.todo else ""
        self.say(f"{count_nouns(len(self.jobs), 'run')} of {self.jobs[0].script}: {words}{at_once}")

    def end(self, folder, status):
        """Count a run that has ended."""
        self.done += 1
        self.failed += status != "finished"
        self.folders += (folder,) if folder else ()
        self.bar.ended = self.done

    def add(self, outcome):
        """Say what became of a job."""
        label, status, words, record = outcome.job.label, outcome.status, outcome.words, {}
        if status == "busy":
            self.say(f"{label}: another process has it; it is looked at again later")
            return
        if status == "interrupted":
            if outcome.run:
                self.say(f"{label}: interrupted")
            return
        try:
            record = read_record(outcome.run) if outcome.run else {}
        except (OSError, ValueError) as error:
            status, words = "failed", f"its worker's {outcome.run} is not seen here: {error}"
        self.end(outcome.run if record else None, status)
        self.say(f"{self.done} of {len(self.jobs)}  {label}: {format_result(status, record)}")
        for line in words.splitlines():
            self.say(f"    {line}")
        if outcome.seconds and status in ENDED:
            self.seconds.append(outcome.seconds)
            self.look_ahead()

    def look_ahead(self):
        """Say when all will be done: on a terminal beside the bar, else once."""
        left = len(self.jobs) - self.done
        mean = sum(self.seconds) / len(self.seconds)
        end = datetime.datetime.now() + datetime.timedelta(seconds=mean * left / self.at_once)
        day = "" if end.date() == datetime.date.today() else f"{end:%A} "
        when = f"all will be done at about {day}{end:%H:%M}" if left else ""
        self.bar.update(self.bar.task_ids[0], description=when)
        if len(self.seconds) == 1 and left:
            self.say(when)

    def exit_status(self, signals):
        """Return how the command ends, and say what is left to do."""
        if signals:
            self.say("Interrupted; the same command goes on from here")
            return 128 + signals[0]
        if self.failed:
            self.say(f"{count_nouns(self.failed, 'run')} of {len(self.jobs)} failed, as said above")
        return int(self.failed > 0)


def format_result(status, record):
    """Return the accuracy of a finished run, or how it ended, and its minutes of training."""
    accuracy = format_value("accuracy", record.get("test_accuracy"))
    result = accuracy if status == "finished" else status
    minutes = record.get("seconds", 0) / 60
    return f"{result}, {format_value('minutes', minutes)} minutes" if minutes else result
