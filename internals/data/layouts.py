"""What a folder of images looks like: where its train/ is, or what to do where it has none."""

import os
import shlex

from internals.core.files import fail
from internals.core.text import count_nouns, enumerate_few, make_printable
from internals.data.image_file import has_image_suffix

VALIDATION = ("val", "valid", "validation")  # what a folder of validation images may be called
RUBBISH = {"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin"}  # of Windows and macOS
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
TABLES = (".csv", ".tsv")
DEEPEST = 4  # folders that are searched for train/, one in the other


def shown(folder):
    """Return the paths in `folder` by name, without what is hidden or a system's own rubbish."""
    paths = (path for path in folder.iterdir() if path.name[0] != ".")
    return sorted(path for path in paths if path.name.lower() not in RUBBISH)


def is_image(path):
    """Tell whether the name is an image's and the file a regular one: a pipe would never end."""
    return has_image_suffix(path) and path.is_file()


def is_readable_folder(path):
    return path.is_dir() and os.access(path, os.R_OK | os.X_OK)


def find_root(folder):
    """Return the folder that has train/: `folder`, or the only folder in it, and so on."""
    root = folder
    for _ in range(DEEPEST):
        inside = shown(root)
        folders = [path for path in inside if is_readable_folder(path)]
        if len(folders) != 1 or folders[0].name.lower().startswith("train"):
            break
        if any(map(is_image, inside)) or not any(map(is_readable_folder, shown(folders[0]))):
            break
        root = folders[0]
    if root != folder and (root / "train").is_dir():
        print(f"using {make_printable(str(root))}, which has the folder train")
    return root


def find_parts(folder):
    """Return {part: path} of train, test and validation, as far as there are such folders.

    Fail where train/ or test/ is only written differently, and name folders of no use.
    """
    beside = [path for path in shown(folder) if is_readable_folder(path)]
    parts = {}
    for name in ("train", "test"):
        wanted = folder / name
        if wanted.is_dir():  # it may be Train, too, where the disk takes both for the same name
            beside = [path for path in beside if not path.samefile(wanted)]
            parts[name] = wanted
            continue
        if os.path.lexists(wanted):
            fail(f"{wanted} is not a folder; images belong in {name}/<class>/")
        for path in beside:
            if path.name.lower().startswith(name) and shown(path):
                fail(f"{folder} has no folder {name} but {path.name}; rename it to {name}")
        if name == "train":
            fail(f"{folder} has no folder train; {suggest_layout(folder, beside)}")
    validation = [path for path in beside if path.name.lower() in VALIDATION and shown(path)]
    if len(validation) > 1:
        fail(f"{folder} has {validation[0].name} and {validation[1].name}; keep one of them")
    if validation:
        parts["validation"] = validation[0]
    if unused := [path.name for path in beside if path not in validation and shown(path)]:
        print(
            f"warning: not used in {make_printable(str(folder))}: {enumerate_few(unused)}; only "
            f"train, test and {', '.join(VALIDATION[:-1])} or {VALIDATION[-1]} are"
        )
    return parts


def suggest_layout(folder, folders):
    """Return what to do with a data folder that has no train/ but these folders."""
    parts = ("train", "test", *VALIDATION)  # where one of them is named in place of their folder
    for path in (*folders, *([folder.parent] if folder.name in parts else [])):
        if (path / "train").is_dir():
            return f"name {path}, which has one"
    holding = [path.name for path in folders if any(map(is_image, shown(path)))]
    if len(holding) > 1:
        return f"make one and move {enumerate_few(holding)} into it"
    files = shown(folder)
    if images := sum(map(is_image, files)):
        return f"it {suggest_classes(folder, images)}"
    if packed := [path.name for path in files if path.suffix.lower() in ARCHIVES]:
        return f"unpack {enumerate_few(packed)}, then name the folder that has train/<class>/ in it"
    if holding:
        return f"only {holding[0]} has images; make train and move a folder of each class into it"
    return "images belong in train/<class>/ and test/<class>/"


def suggest_classes(folder, images):
    """Return what to do with a folder of so many images without class folders."""
    holds = f"holds {count_nouns(images, 'image')} and no class folders"
    beside = [folder.parent] if folder.name == "train" else []  # as Kaggle's trainLabels.csv lies
    for place in (folder, *beside):
        for table in sorted(path for path in shown(place) if path.suffix.lower() in TABLES):
            flag = f"--labels {shlex.quote(str(table))}"
            return f"{holds}; {table.name} may have their classes: add {flag}"
    return (
        f"{holds}; move the images of each class into a folder train/<class>/, or write a table "
        "with the columns file and class, and add --labels TABLE.csv"
    )


def suggest_for_file(path):
    """Return what to do with a file that is named in place of a folder or of CIFAR's archive."""
    suffix = path.suffix.lower()
    if suffix in ARCHIVES:
        return "an archive: unpack it first, then name the folder that has train/<class>/* in it"
    if suffix in TABLES:
        return f"a table: name the folder of its images, and add --labels {shlex.quote(str(path))}"
    if has_image_suffix(path):
        return (
            "an image: name a folder that has train/<class>/* in it; to ask a trained network "
            f"about it, python predict.py RUN {shlex.quote(str(path))}"
        )
    return "a file: it must be cifar10, cifar100, digits, an archive of CIFAR or an image folder"
