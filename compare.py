"""Lay runs side by side: a table in the terminal, charts, and one page, results/index.html.

Runs that differ in nothing but the seed are one row: mean and standard deviation over n seeds. If
you name two or more runs or rows, they are compared: the difference, whether it is more than
chance, and everything else in which they differ.

    python compare.py
    python compare.py --script 4layerCNN --sort minutes --csv table.csv
    python compare.py results/4layerCNN/2026-11-20_14-30-12 results/6layerCNN/2026-11-20_15-02-40
    python compare.py --share mine.html results/4layerCNN
"""

import shutil
import time

import tyro

from internals.comparison.differences import compare_groups, explain_several, format_comparison
from internals.comparison.table import Options, compare, make_whole_table, show_table
from internals.core import stdio
from internals.core.files import expand, fail, write_csv
from internals.core.locks import locked
from internals.core.signals import raising_signals
from internals.core.terminal import print_description
from internals.core.text import format_path
from internals.runs import exit_status
from internals.runs.run_reader import REFERENCE


def main():
    """Print the tables and what was asked for, then draw the charts and write the page."""
    print_description(__doc__)
    options = tyro.cli(Options, description="")
    began, comparison = time.time(), compare(options)
    if not comparison.groups:
        print("No runs yet. To make one: python 4layerCNN.py --data digits --epochs 10")
    width = shutil.get_terminal_size((100, 24)).columns
    for data_set in comparison.data_sets:
        print(f"{data_set.title}\n{show_table(data_set, width)}\n")
        if len(options.runs) > 1 or len(data_set.groups) == 2:
            show_details(data_set.groups, width)
    if comparison.folded:
        folder = format_path(options.results / REFERENCE)
        print(f"The project's own {comparison.folded} runs: python compare.py {folder}")
    for folder, problem in comparison.broken.items():
        print(f"broken: {format_path(folder)}: {problem}")
    write_pages(comparison, options, began)
    if options.csv:
        write_csv(options.csv, make_whole_table(comparison))


def show_details(groups, width):
    """Print how the first group compares with each other one, and what each confuses most."""
    found = [compare_groups(groups[0], group) for group in groups[1:]]
    for group, *words in zip(groups[1:], found, explain_several(found), strict=True):
        print(format_comparison(groups[0], group, *words, width=width), end="\n\n")
    for group in groups[:2]:
        if group.matrix is not None:
            print(f"{group.label} confuses most", *group.most_confused(), sep="\n  ", end="\n\n")


def write_pages(comparison, options, read_at):
    """Write the page and the one to be shared, or end the program with a message."""
    from internals.comparison import page, share  # Matplotlib takes a second that tables need not

    results, named = expand(options.results), options.runs or options.script or options.limit
    try:
        with locked(results / page.LOCK, patience=60):
            if page.was_written_after(results, read_at):  # by a run that has ended meanwhile
                comparison = compare(options)
            page.write_page(comparison, results)
        if named:
            charts = results / page.FILES / "named"
            page.draw_named(comparison.data_sets, charts)
            print(f"Charts of these runs: {format_path(charts)}")
        if options.share:
            megabytes = share.write_shared(comparison, results, options.share)
            print(f"{options.share} holds all that it shows, to be sent: {megabytes:.1f} MB")
    except OSError as error:
        fail(f"the page cannot be written: {error}")
    ticked = comparison.groups if named else []
    print(f"All of it, with the pictures: {page.address(results, ticked)}")


if __name__ == "__main__":
    stdio.make_robust()
    with raising_signals(), exit_status.ending():
        main()
