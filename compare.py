"""Lay runs side by side: a table in the terminal, charts, and one page, results/index.html.

Two runs are compared in more detail: which classes each confuses, and where they differ.

    python compare.py
    python compare.py --script 4layerCNN --sort minutes --limit 5
    python compare.py results/4layerCNN/2026-11-20_14-30-12 results/6layerCNN/2026-11-20_15-02-40
"""

import tyro

from internals import streams
from internals.comparison import Options, make_table, most_confused, read_runs, show_table
from internals.files import fail
from internals.reading import show_path


def main():
    """Print the table, draw the charts and write the page."""
    streams.mend()
    options = tyro.cli(Options, description=__doc__)
    runs, broken = read_runs(options)
    if runs:
        print(show_table(make_table(runs)))
    else:
        print("No runs yet. To make one: python 4layerCNN.py --data digits --epochs 10")
    for folder, problem in broken.items():
        print(f"broken: {show_path(folder)}: {problem}")
    for run in [run for run in runs if run.matrix is not None][:2] if len(runs) == 2 else []:
        print(f"\n{run.label} confuses most", *most_confused(run), sep="\n  ")
    from internals import page  # here, because Matplotlib takes a second that the table need not

    try:
        page.write_page(options, runs, broken)
    except page.NotOurs as error:
        fail(f"the page is not written: {error}")
    except OSError as error:
        fail(f"the page cannot be written: {error}")
    print(f"\nAll of it, with the pictures: {show_path(options.results / 'index.html')}")


if __name__ == "__main__":
    main()
