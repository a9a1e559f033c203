"""A folder of images: its classes, the files that are read, and those that are passed over."""

import collections
import os
import unicodedata

from internals.core.files import fail

IMAGE_SUFFIXES = ".png .jpg .jpeg .jfif .bmp .gif .webp .tif .tiff".split()
MOST_CLASSES = 1000


def check_layout(folder):
    """Fail where train/ or test/ is only written differently, and name folders of no use."""
    beside = [
        path for path in shown(folder) if path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    ]
    for name in ("train", "test"):
        wanted = folder / name
        if wanted.is_dir():  # it may be Train, too, where the disk takes both for the same name
            beside = [path for path in beside if not path.samefile(wanted)]
            continue
        if os.path.lexists(wanted):
            fail(f"{wanted} is not a folder; images belong in {name}/<class>/")
        for path in beside:
            if path.name.lower().startswith(name) and shown(path):
                fail(f"{folder} has no folder {name} but {path.name}; rename it to {name}")
        if name == "train":
            fail(f"{folder} has no folder train; {suggest_layout(beside)}")
    if unused := [path.name for path in beside if shown(path)]:
        print(
            f"warning: not used in {make_printable(str(folder))}: {enumerate_few(unused)}; only "
            "train and test are, and --validation-split holds out a part of train"
        )


def suggest_layout(folders):
    """Return what to do with a data folder that has no train/ but these folders."""
    for path in folders:
        if (path / "train").is_dir():
            return f"name {path}, which has one"
    holding = [path.name for path in folders if any(map(is_image, shown(path)))]
    if holding:
        return f"make one and move {enumerate_few(holding)} into it"
    return "images belong in train/<class>/ and test/<class>/"


def find_classes(folder, passed_over):
    """Return the images of each `folder`/<class> by the class's name; count all else by kind."""
    found = shown(folder)
    folders = [path for path in found if path.is_dir()]
    if not 2 <= len(folders) <= MOST_CLASSES:
        fail(f"{folder} has {len(folders)} class folders; it must have 2 to {MOST_CLASSES}")
    passed_over.update(kind_of(path) for path in found if not path.is_dir())
    classes = {}
    for path in folders:
        inside = shown(path)
        images = [image for image in inside if is_image(image)]
        other = collections.Counter(kind_of(file) for file in {*inside}.difference(images))
        if not images:
            fail(
                f"{path} has no images; a class needs one or more of {', '.join(IMAGE_SUFFIXES)}; "
                f"it has {enumerate_kinds(other) or 'nothing'}"
            )
        name = make_printable(path.name)
        if name in classes:
            fail(f"{folder} has two classes that are both written {name!r}; rename one of them")
        classes[name] = images
        passed_over += other
    return classes


def kind_of(path):
    """Return the word for what is passed over: a suffix, or what is no file at all."""
    if path.is_dir():
        return "folder"
    if path.is_file():
        return path.suffix.lower() or "file without suffix"
    return "broken link" if path.is_symlink() else "special file"


def enumerate_kinds(counter):
    """Return what was counted in one line, such as 10 .heic, 2 .txt, 3 folders."""
    return enumerate_few(
        [
            f"{count:,} {kind}{'s' * (count > 1 and kind[0] != '.')}"
            for kind, count in sorted(counter.items(), key=lambda item: (-item[1], item[0]))
        ]
    )


def describe_passed_over(counter):
    """Say in one line which files and folders in the data are not used, if any."""
    if counter:
        count, files = counter.total(), counter.total() - counter["folder"]
        noun = "file" if files == count else "folder" if not files else "files and folder"
        print(f"{count:,} {noun}{'s' * (count > 1)} passed over: {enumerate_kinds(counter)}")


def enumerate_few(names, few=5):
    """Return the first names in one line, and how many more there are."""
    more = [f"{len(names) - few} more"] if len(names) > few else []
    return ", ".join([make_printable(name) for name in names[:few]] + more)


def shown(folder):
    """Return the paths in `folder` by name, without those that begin with "." and are hidden."""
    return sorted(path for path in folder.iterdir() if path.name[0] != ".")


def is_image(path):
    """Tell whether the name is an image's and the file a regular one: a pipe would never end."""
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def make_printable(name):
    """Return a name as one line; control characters and stray bytes become "?".

    An accented letter is one letter, however the disk spells it.
    """
    name = unicodedata.normalize("NFC", name)
    return "".join(letter if letter.isprintable() else "?" for letter in name)
