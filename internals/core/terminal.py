"""Text for a terminal of any width: lines that end between words, and the description of --help."""

import re
import shutil
import sys
import textwrap

from internals.core import stdio

WIDTH = 100  # columns of text at most
UNBROKEN = "\0"  # a space at which no line ends
COMMAND = re.compile(r"(KERAS_BACKEND=\S+ )?\b(python|pip install) \S.*")  # to be copied as it is


def find_width():
    """Return how many columns text may take: those of the terminal, if there is one."""
    return min(WIDTH, shutil.get_terminal_size().columns) if stdio.is_terminal() else WIDTH


def fill(text, indent="", width=None, later=None):
    """Return a text in lines of at most so many columns, each number with its %.

    `later` is the indent of the second and later lines, where it is another. A longer word, such as
    a path, and a command at the end are left whole.
    """
    indents = {"initial_indent": indent, "subsequent_indent": indent if later is None else later}
    text = COMMAND.sub(lambda found: found[0].replace(" ", UNBROKEN), text)
    text = text.replace(" %", f"{UNBROKEN}%")
    whole = {"break_on_hyphens": False, "break_long_words": False}
    return textwrap.fill(text, width or find_width(), **indents, **whole).replace(UNBROKEN, " ")


def say(text, later=""):
    """Print a text: on a terminal in lines that fit, elsewhere in one, so that it can be found."""
    print(fill(text, later=later) if stdio.is_terminal() else text, flush=True)


def print_description(text, arguments=None):
    """Print what a command does where its help is asked for: tyro makes a paragraph one line.

    Of the text paragraphs are filled; indented lines, which are commands, stay as they are.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not {"-h", "--help"} & {*arguments}:
        return
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        is_code = paragraph.startswith(" ")
        print(paragraph if is_code else fill(" ".join(paragraph.split())), end="\n\n")
