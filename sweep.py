"""Train one script many times: every combination of the values that its flags are given.

A run that is there already is not made again, and one that was interrupted goes on: the same
command after Ctrl-C or a crash does what is left. Every combination is trained with the first seed
before the second seed begins.

    python sweep.py 4layerCNN.py --learning-rate 0.01 0.03 0.1 --seed 0 1 2 --epochs 20
    python sweep.py --jobs 2 udacity_cnn.py --seed 0 1 2 3 --data digits --epochs 5
    python sweep.py --scheduler tcp://head:8786 vgg16.py --batch-norm true false --seed 0 1 2
"""

import shutil
import sys

from internals.core import stdio
from internals.core.signals import raising_signals
from internals.runs import exit_status
from internals.sweep import executors, plan
from internals.sweep.progress import Progress


def main():
    """Make the plan, have it done, and show its runs side by side."""
    options, values = plan.parse(sys.argv[1:], __doc__)
    if options.scheduler:
        executor = executors.DaskExecutor(options.scheduler)
    else:
        executor = executors.LocalExecutor(options.jobs)
    jobs = plan.make_jobs(options, values)
    progress = Progress(jobs, executor.at_once)
    with progress.bar, executors.forwarding_signals(executor, jobs) as signals:
        for outcome in executors.run_jobs(executor, progress.todo):
            progress.add(outcome)
    if progress.folders:
        show_table(progress.folders, jobs[0].results)
    raise SystemExit(progress.exit_status(signals))


def show_table(folders, results):
    """Print the table of the sweep's runs, seeds together, and bring the page up to date."""
    from internals.comparison import page, table  # here, because the scripts need not wait for them

    shown = table.compare(table.Options(runs=tuple(map(str, folders)), results=results))
    width = shutil.get_terminal_size((100, 24)).columns
    for data_set in shown.data_sets:
        print(f"{data_set.title}\n{table.show_table(data_set, width)}\n")
    page.refresh(*folders)


if __name__ == "__main__":
    stdio.make_robust()
    with raising_signals(), exit_status.ending():
        main()
