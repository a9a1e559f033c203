"""Train one script many times: every combination of the values that its flags are given.

A run that is there already is not made again, and one that was interrupted goes on: the same
command after Ctrl-C or a crash does what is left. All values run with the first seed before any
runs with the second.

    python sweep.py 4layerCNN.py --learning-rate 0.01 0.03 0.1 --seed 0 1 2 --epochs 20
    python sweep.py --jobs 2 udacity_cnn.py --seed 0 1 2 3 --data digits --epochs 5
    python sweep.py --scheduler tcp://head:8786 vgg16.py --batch-norm true false --seed 0 1 2
"""

import sys

from internals import endings, engines, streams, sweeping
from internals.progress import Progress


def main():
    """Make the plan, have it done, and show its runs side by side."""
    options, values = sweeping.parse(sys.argv[1:], __doc__)
    engine = engines.choose(options)
    jobs = sweeping.make_jobs(options, values)
    progress = Progress(jobs, engine.at_once)
    with progress, engines.stoppable(engine, jobs) as signals:
        for outcome in engines.run(engine, progress.todo):
            progress.add(outcome)
    if progress.folders:
        show_table(progress.folders, jobs[0].results)
    raise SystemExit(progress.exit_status(signals))


def show_table(folders, results):
    """Print the table of the sweep's runs, seeds together, and bring the page up to date."""
    from internals import comparison, page  # here, because the scripts need not wait for them

    shown = comparison.compare(comparison.Options(runs=tuple(map(str, folders)), results=results))
    for data_set in shown.data_sets:
        print(f"{data_set.title}\n{comparison.show_table(data_set)}\n")
    page.refresh(folders[0])


if __name__ == "__main__":
    streams.mend()
    with endings.interruptible(), endings.ending():
        main()
