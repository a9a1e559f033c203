"""A folder of images: its classes, the files that are read, and those that are passed over."""

import collections

from internals.core.files import fail
from internals.core.text import count_nouns, enumerate_few, make_printable
from internals.data.dataset import check_keep_best
from internals.data.image_file import IMAGE_SUFFIXES
from internals.data.image_reading import read_listing
from internals.data.layouts import find_parts, find_root, is_image, shown, suggest_classes

MOST_CLASSES = 1000


def load_folder(folder, hyperparameters):
    """Return the Images of `folder`: train/<class>/*, and test/ and val/, where there are such.

    All are resized to `image_size`. Without test/, val/ is the test set; without both, a fifth of
    each class becomes the test set, the same whatever the run's seed, so that runs can be compared.
    The test images come with their names under `folder`.
    """
    parts = find_parts(find_root(folder))
    passed_over = collections.Counter()
    listing = {part: find_classes(path, passed_over) for part, path in parts.items()}
    for part in listing:
        for name in sorted(listing["train"].keys() ^ listing[part].keys()):
            only, place = "train" if name in listing["train"] else parts[part].name, parts["train"]
            fail(
                f"{place.parent}: train and {parts[part].name} must hold the same classes; only "
                f"{only} has {name!r}"
            )
    print_passed_over(passed_over)
    notes = choose_parts(parts, listing, hyperparameters)
    images = read_listing(folder, listing, hyperparameters)
    images.notes |= notes
    return images


def choose_parts(parts, listing, hyperparameters):
    """Say which folder is used for what; return what run.json says of it."""
    place, split = make_printable(str(parts["train"].parent)), hyperparameters.validation_split
    own = parts["validation"].name if "validation" in parts else None
    if own and "test" in listing:
        words = f"; validation_split, {split:g}, holds out nothing: images chosen for it go first"
        print(f"validation: the folder {own} of {place}{words if split else ''}")
        return {"validation_folder": own}
    check_keep_best(hyperparameters)
    if own:
        listing["test"] = listing.pop("validation")
        print(
            f"no folder test in {place}: {own} is the test set; --validation-split holds out a "
            "part of train for validation"
        )
        return {"test_folder": own}
    if "test" not in listing:
        where = parts["train"]
        check_pairs(listing["train"], lambda name: where / name, "without a folder test ")
        print(f"no folder test in {place}: a fifth of each class is held out")
    return {}


def check_pairs(classes, where, condition=""):
    """End the program where a class has one image: a fifth of each is held out for the test.

    `where(name)` says which class that is.
    """
    for name in (name for name, paths in classes.items() if len(paths) < 2):
        fail(
            f"{where(name)} has one image; {condition}each class needs 2 or more, so that one can "
            "be held out for the test"
        )


def find_classes(folder, passed_over):
    """Return the images of each `folder`/<class> by the class's name; count all else by kind."""
    found = shown(folder)
    folders = [path for path in found if path.is_dir()]
    if not 2 <= len(folders) <= MOST_CLASSES:
        explain_classes(folder, folders, sum(map(is_image, found)))
    passed_over.update(kind_of(path) for path in found if not path.is_dir())
    classes = {}
    for path in folders:
        inside = shown(path)
        images = [image for image in inside if is_image(image)]
        other = collections.Counter(kind_of(file) for file in {*inside}.difference(images))
        if not images:
            fail(
                f"{path} has no images; a class needs one or more, such as .jpg or .png; it has "
                f"{enumerate_kinds(other) or 'nothing'}{advise_heic(other)}"
            )
        name = make_printable(path.name)
        if name in classes:
            fail(f"{folder} has two classes that are both written {name!r}; rename one of them")
        classes[name] = images
        passed_over += other
    return classes


def explain_classes(folder, folders, images):
    """End the program: these are too few class folders, or too many."""
    if images and not folders and folder.name == "test":
        fail(
            f"{folder} holds {count_nouns(images, 'image')} and no class folders, so nobody knows "
            "whether a network is right about them; move it elsewhere, then a part of train is "
            "held out for the test"
        )
    if images and not folders:
        fail(f"{folder} {suggest_classes(folder, images)}")
    fail(
        f"{folder} has {count_nouns(len(folders), 'class folder')}; it must have 2 to "
        f"{MOST_CLASSES}"
    )


def kind_of(path):
    """Return the word for what is passed over: a suffix, or what is no file at all."""
    if path.is_dir():
        return "folder"
    if path.is_file():
        return path.suffix.lower() or "file without suffix"
    return "broken link" if path.is_symlink() else "special file"


def enumerate_kinds(counter):
    """Return what was counted in one line, such as 10 .heic, 2 .txt, 3 folders."""
    kinds = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    words = [f"{n:,} {kind}" if kind[0] == "." else count_nouns(n, kind) for kind, n in kinds]
    return enumerate_few(words)


def advise_heic(counter):
    """Return how to read the photographs of an iPhone, where some were passed over."""
    if ".heic" in IMAGE_SUFFIXES or not counter[".heic"] + counter[".heif"]:
        return ""
    return "; pip install pillow-heif, and .heic is read"


def print_passed_over(counter):
    """Say in one line which files and folders in the data are not used, if any."""
    if counter:
        count, files = counter.total(), counter.total() - counter["folder"]
        noun = "file" if files == count else "folder" if not files else "files and folder"
        words = f"{count_nouns(count, noun)} passed over: {enumerate_kinds(counter)}"
        print(words + advise_heic(counter))
