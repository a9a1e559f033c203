"""Make a JPEG copy of CIFAR-10, like the one on which the results of this project were measured.

It is a folder for --data, with train/<class>/NNNN.jpg and test/<class>/NNNN.jpg, numbered within
each class in the order of CIFAR-10: quality 75, one colour for each 2 x 2 pixels.

    python docs/programs/make_jpeg_copy.py cifar10-jpeg
    python docs/programs/make_jpeg_copy.py cifar10-jpeg --data path/to/cifar-10-python.tar.gz
    python 4layerCNN.py --data cifar10-jpeg
"""

import collections
import dataclasses
import sys
import tempfile
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "networks"))

from linear import RECIPE

import common

import tyro
from PIL import Image

from internals.core.files import fail

JPEG = {"quality": 75, "subsampling": "4:2:0"}


@dataclasses.dataclass
class Options:
    folder: Annotated[Path, tyro.conf.Positional]  # the new folder
    data: str = "cifar10"  # cifar10, its archive, or the folder that the archive unpacks to


def write_images(folder, images, labels, class_names):
    """Write each image as folder/<class>/NNNN.jpg."""
    for name in class_names:
        (folder / name).mkdir(parents=True)
    written = collections.Counter()
    for image, label in zip(images, labels, strict=True):
        path = folder / class_names[label] / f"{written[label]:04d}.jpg"
        Image.fromarray(image).save(path, **JPEG)
        written[label] += 1


def main():
    """Write the copy beside its place and move it there when it is whole."""
    options = tyro.cli(Options, description=__doc__)
    folder = options.folder.expanduser()
    if folder.exists():
        fail(f"folder is {str(folder)!r}, which exists; it must be a new one")
    data = common.load_data(RECIPE.but(data=options.data))
    try:
        with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as place:
            whole = Path(place, folder.name)
            write_images(whole / "train", data.x_train, data.y_train, data.class_names)
            write_images(whole / "test", data.x_test, data.y_test, data.class_names)
            whole.rename(folder)
    except OSError as error:
        fail(f"folder is {str(folder)!r}; it cannot be written: {error.strerror}")
    print(f"{len(data.x_train):,} training and {len(data.x_test):,} test images in {folder}")


if __name__ == "__main__":
    common.launch(main)
