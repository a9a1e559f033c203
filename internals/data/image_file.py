"""One image file: read whatever its format, size and colours, as the network sees it."""

import contextlib
import warnings

import numpy as np
from PIL import Image, ImageOps

IMAGE_SIZE = (32, 32)  # what Keras calls height and width, and CIFAR-10 has
SQUEEZED = "squeezed"  # what `read_image` does, for training and afterwards, as run.json has it
# what a file may be whatever its suffix; not EPS, for which Pillow starts a program
IMAGE_FORMATS = "PNG JPEG BMP GIF WEBP TIFF PPM ICO JPEG2000 AVIF".split()


def read_image(path, size=IMAGE_SIZE):
    """Return the image at `path` as uint8 (height, width, 3), squeezed to `size`."""
    return np.asarray(open_image(path, size).resize(size, Image.Resampling.BILINEAR))


def open_image(path, size):
    """Return the image at `path` upright and on white, smaller only if it still covers `size`."""
    ignoring = warnings.catch_warnings(action="ignore")  # odd files; the bad ones are refused
    with ignoring, Image.open(path, formats=IMAGE_FORMATS) as image:
        if image.width * image.height > Image.MAX_IMAGE_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels are too many")
        if image.mode in ("I", "F"):
            raise ValueError("32 bits a pixel have no fixed white; save it with 8 or 16")
        image.draft("RGB", size)  # a large JPEG is decoded at a fraction of its size
        image.load()
        with contextlib.suppress(Exception):  # garbled notes on a sound image raise nearly anything
            image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16"):
            image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return image.convert("RGB")
