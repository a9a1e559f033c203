"""A table of files and classes, such as Kaggle's trainLabels.csv, in place of class folders."""

import collections
import io
import os
import posixpath
import unicodedata
from pathlib import Path, PurePosixPath

import pandas as pd

from internals.core.files import fail, relative
from internals.core.text import count_nouns, enumerate_few, make_printable
from internals.data.image_file import has_image_suffix
from internals.data.image_folder import MOST_CLASSES, check_pairs
from internals.data.image_reading import read_listing

FILE_COLUMNS = """
id file files filename filenames file_name filepath file_path path image images img image_id imageid
image_name image_path picture photo name
""".split()
CLASS_COLUMNS = "label labels class classes class_name category target species breed".split()
SEPARATORS = ",;\t"
LOOKED_AT = 200  # rows that show which column names the files


def load_labelled(folder, table, hyperparameters):
    """Return the Images of `folder` whose classes are in a table of file and class.

    A fifth of each class becomes the test set, as with a folder without test/.
    """
    finder = Finder(folder, table.parent)
    classes, missing = sort_by_class(read_rows(table, finder), finder, table)
    if not 2 <= len(classes) <= MOST_CLASSES:
        names = enumerate_few([*classes])
        fail(f"{table} has the classes {names}; there must be 2 to {MOST_CLASSES}")
    check_pairs(classes, lambda name: f"{table}: class {name!r}")
    print(f"labels: {table.name}; a fifth of each class is held out for the test")
    images = read_listing(folder, {"train": classes}, hyperparameters, missing)
    images.notes["labels"] = table.name
    return images


class Finder:
    """The images below a folder, found by what a table calls them."""

    def __init__(self, folder, beside):
        self.folder, self.beside = folder, beside
        self.paths = collections.defaultdict(set)  # by path, whole and without suffix
        self.names = collections.defaultdict(set)  # by the path's last part alone
        seen = set()  # a link may lead in a circle
        for place, folders, files in os.walk(folder, followlinks=True):
            if (real := os.path.realpath(place)) in seen:
                folders.clear()
                continue
            seen.add(real)
            for name in filter(has_image_suffix, map(PurePosixPath, files)):
                path = Path(place, name)
                key = PurePosixPath(relative(path, folder).replace(os.sep, "/"))
                for found, part in ((self.paths, key), (self.names, name)):
                    found[spell(part)].add(path)
                    found[spell(part.with_suffix(""))].add(path)

    def find(self, name):
        """Return the paths that a name of the table may mean: one where it is clear."""
        name = name.replace("\\", "/")
        if os.path.isabs(name):
            name = relative(name, self.folder).replace(os.sep, "/")
        below = relative(self.beside, self.folder).replace(os.sep, "/")
        for key in (name, f"{below}/{name}", f"train/{name}"):  # as Kaggle's tables leave it out
            if found := self.paths.get(spell(PurePosixPath(posixpath.normpath(key)))):
                return found
        other = self.beside / name
        if has_image_suffix(other) and other.is_file():
            return {other}
        return self.names.get(spell(PurePosixPath(posixpath.basename(name))), set())


def spell(path):
    """Return a path as text in which é is one letter, as macOS has it not, and .JPG is .jpg."""
    if has_image_suffix(path):
        path = path.with_suffix(path.suffix.lower())
    return unicodedata.normalize("NFC", str(path))


def read_rows(path, finder):
    """Return (file, class) of each row of the table, as they are written there."""
    table = read_cells(path)
    head = [cell.lower().replace(" ", "_").replace("-", "_") for cell in table.iloc[0]]
    files = choose_file_column(table, head, finder, path)
    others = [column for column in range(len(head)) if column != files]
    named = [
        head.index(word) for word in CLASS_COLUMNS if word in head and head.index(word) != files
    ]
    if not named and len(others) != 1:
        fail(
            f"{path} has the columns {enumerate_few(list(table.iloc[0]))}; it must have two, or "
            "call the two that count file and class"
        )
    classes = named[0] if named else others[0]
    first, below = table.iloc[0], {*table.iloc[1:, classes]}
    is_file = finder.find(first[files]) or has_image_suffix(PurePosixPath(first[files]))
    if not is_file and first[classes] not in below:
        table = table.iloc[1:]  # the header
    rows = [
        (file, make_printable(name))
        for file, name in zip(table[files], table[classes], strict=True)
    ]
    if bare := [file for file, name in rows if not name]:
        fail(f"{path} has no class for {count_nouns(len(bare), 'file')}: {enumerate_few(bare)}")
    return rows


def read_cells(path):
    """Return the table's cells as text, without spaces around: "NA" and "1" are classes, too."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        separator = max(SEPARATORS, key=text.partition("\n")[0].count)
        options = {"sep": separator, "header": None, "dtype": str, "keep_default_na": False}
        table = pd.read_csv(io.StringIO(text), **options).fillna("")
    except UnicodeDecodeError:
        fail(f"labels is {str(path)!r}; it is not in UTF-8: save it as CSV in UTF-8")
    except (OSError, ValueError) as error:  # pandas's own and wrong letters are ValueErrors
        words = getattr(error, "strerror", None) or " ".join(str(error).split())
        fail(f"labels is {str(path)!r}; it cannot be read as a table of file and class: {words}")
    table = table.map(str.strip)
    table = table[(table != "").any(axis=1)]  # spreadsheets leave empty rows
    if table.empty:
        fail(f"labels is {str(path)!r}; all its cells are empty")
    return table


def choose_file_column(table, head, finder, path):
    """Return which column names most images of the folder; those of classes may look alike."""
    rows = table.iloc[:LOOKED_AT]
    found = [len({cell for cell in rows[column] if finder.find(cell)}) for column in table]
    if not any(found):
        fail(
            f"{path} names no image of {finder.folder}, in its last row for instance "
            f"{', '.join(table.iloc[-1])}; data must be the folder of its images"
        )
    suffixed = [rows[column].map(PurePosixPath).map(has_image_suffix).any() for column in table]
    called = [word in FILE_COLUMNS for word in head]
    return max(
        (column for column in table if found[column]),
        key=lambda column: (suffixed[column], found[column], called[column]),
    )


def sort_by_class(rows, finder, table):
    """Return {class: paths} in order, and (file, reason) of what is missing; say what is odd."""
    named, missing, clashes = {}, [], []
    for file, name in rows:
        found = finder.find(file)
        if len(found) != 1:
            words = f"{len(found)} images could be meant" if found else "there is no such image"
            missing.append((file, words))
        elif named.setdefault(path := min(found), name) != name:
            clashes.append(f"{file} ({named[path]}, {name})")
    if clashes:
        count = count_nouns(len(clashes), "file")
        fail(f"{table} gives {count} a second class: {enumerate_few(clashes)}; it must be one")
    used = set(named)
    if unused := len(set().union(*finder.paths.values()) - used):
        print(f"{count_nouns(unused, 'image')} of the folder not used: not in {table.name}")
    classes = collections.defaultdict(list)
    for path in sorted(named):
        classes[named[path]].append(path)
    return {name: classes[name] for name in sorted(classes)}, sorted(missing)
