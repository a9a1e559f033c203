"""Pictures as the network sees them: prepared as in training, or in another way that is asked."""

import dataclasses
import functools

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from internals.core.text import format_line, format_path
from internals.data import image_file


@dataclasses.dataclass(frozen=True)
class Preparation:
    """How a file becomes an image for the network."""

    crop: bool = False  # cut out the square in the middle; else all of it is squeezed
    invert: bool = False
    bit_depth: int = 16  # of files of 16 bits, as the run's images had it

    @property
    def suffix(self):
        """Return what the names of files say of it; nothing for the usual one."""
        return "-crop" * self.crop + "-inverted" * self.invert

    def is_that_of(self, run):
        """Return whether the run's images were prepared so; older runs all have squeezed ones."""
        recorded = run.record.get("data", {}).get("preparation", image_file.SQUEEZED)
        return recorded == image_file.SQUEEZED and not self.suffix

    def describe(self, run, size):
        """Return in words what happens to each picture, and whether it did to the run's images."""
        cut = "is cut to its centre square" if self.crop else "is squeezed"
        inverted = ", and light and dark change places" if self.invert else ""
        words = f"Each picture {cut}, {size[0]} x {size[1]} pixels{inverted}"
        if self.is_that_of(run):
            return f"{words}, as the run's images were"
        return (
            f"{words}; the run's images were prepared in another way, so it is not known how far "
            "to believe an answer"
        )

    def read(self, path, size):
        """Return the picture as uint8 (height, width, 3) of this (width, height)."""
        if self.crop:
            image = image_file.open_image(path, size, self.bit_depth)
            pixels = np.asarray(ImageOps.fit(image, size, Image.Resampling.BILINEAR))
        else:
            pixels = image_file.read_image(path, size, self.bit_depth)
        return 255 - pixels if self.invert else pixels


def read_pictures(paths, size, preparation):
    """Return the images that can be read, (n,) which they are, and messages for the others."""
    from internals.data.parallel_reading import read_all  # here: a wrong path need not wait for it

    read = functools.partial(read_without_peak, size=size, preparation=preparation)
    images, _, problems = read_all(read, paths, (*size[::-1], 3))
    found = np.ones(len(paths), dtype=bool)
    found[list(problems)] = False
    return images if found.all() else images[found], found, [*problems.values()]


def read_without_peak(path, size, preparation):
    """Return what `read_picture` does, and 0 where files of 16 bits have their highest value."""
    return read_picture(path, size, preparation), 0


def read_picture(path, size, preparation):
    """Return the picture as the network sees it, uint8; ValueError says why it cannot be read."""
    name = format_path(path)
    try:
        return preparation.read(path, size)
    except UnidentifiedImageError:
        known = ", ".join(image_file.IMAGE_FORMATS)
        raise ValueError(f"{name} is no picture that can be read; it must be {known}") from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can raise nearly anything in a decoder
        words = format_line(str(error) or repr(error))
        raise ValueError(f"{name} cannot be read: {words}") from error
