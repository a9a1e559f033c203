"""The progress of a sweep: the plan, a line for each run that ends, and when all will be done."""

import collections
import datetime
import sys
from pathlib import Path

import rich.progress

from internals.core.text import count_nouns, format_value
from internals.runs.run import read_record
from internals.sweep.jobs import ENDED, find_run, is_trained

PLAN = {  # how the plan calls a job, by what is there of its run
    "finished": "there already",
    "diverged": "diverged before",
    "trained": "being trained by another process",
    "unfinished": "to go on",
    None: "to begin",
}


class Progress:
    """The jobs of a sweep, those that are done, and the terminal on which that is seen."""

    def __init__(self, jobs, at_once):
        self.jobs, self.at_once = {job.number: job for job in jobs}, at_once
        self.todo, self.done, self.failed = [], 0, 0
        self.seconds = []  # of each script that has ended
        self.folders = ()
        self.bar = rich.progress.Progress(
            rich.progress.BarColumn(),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TimeElapsedColumn(),
            rich.progress.TextColumn("{task.description}"),
            disable=not sys.stdout.isatty(),
        )
        self.task = self.bar.add_task("", total=len(jobs))
        self.plan()

    def __enter__(self):
        self.bar.start()

    def __exit__(self, *exception):
        self.bar.stop()

    def say(self, text):
        """Print above the bar, and no line shorter than it is."""
        self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        self.bar.console.file.flush()

    def plan(self):
        """Say how many runs there are to be and how many there are; keep what is to do."""
        states = collections.Counter()
        for job in self.jobs.values():
            found = find_run(job)
            folder, record = found
            status = record and record["status"]
            if status in ENDED:
                self.end(folder, status)
            else:
                self.todo.append(job)
                status = "trained" if is_trained(found) else status and "unfinished"
            states[status] += 1
        script = next(iter(self.jobs.values())).script
        words = ", ".join(f"{states[state]} {PLAN[state]}" for state in PLAN if states[state])
        at_once = f"; {self.at_once} at once" if self.at_once > 1 and self.todo else ""
        self.say(f"{count_nouns(len(self.jobs), 'run')} of {script}: {words}{at_once}")

    def end(self, folder, status):
        """Count a run that has ended."""
        self.done += 1
        self.failed += status != "finished"
        self.folders += (folder,) if folder else ()
        self.bar.update(self.task, completed=self.done)

    def add(self, outcome):
        """Say what became of a job."""
        label, words = self.jobs[outcome.number].label, outcome.words
        if outcome.status == "busy":
            self.say(f"{label}: another process has it; it is looked at again later")
            return
        if outcome.status == "interrupted":
            if outcome.run:
                self.say(f"{label}: interrupted")
            return
        folder, status, record = Path(outcome.run), outcome.status, {}
        try:
            record = read_record(folder) if outcome.run else {}
        except (OSError, ValueError) as error:
            status, words = "failed", f"its worker's {folder} is not seen here: {error}"
        self.end(folder if record else None, status)
        result = format_result(status, record)
        self.say(f"{self.done} of {len(self.jobs)}  {label}: {result}")
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
        self.bar.update(self.task, description=when)
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
