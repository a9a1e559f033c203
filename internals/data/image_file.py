"""One image file: read whatever its format, size and colours, as the network sees it."""

import contextlib
import re
import warnings

import numpy as np
from PIL import Image, ImageOps

with contextlib.suppress(ImportError):
    import pillow_heif  # where it is installed: the photographs of an iPhone

    pillow_heif.register_heif_opener()

IMAGE_SIZE = (32, 32)  # what Keras calls height and width, and CIFAR-10 has
SQUEEZED = "squeezed"  # what `read_image` does, for training and afterwards, as run.json has it
MOST_PIXELS = 89_478_485  # that are decoded: Pillow's own bound, 268 MB in colour
MOST_IN_HEADER = 4 * MOST_PIXELS  # of a JPEG, which is decoded at an eighth of its sides
SUFFIXES = Image.registered_extensions()  # of all formats that Pillow knows
# what a file may be whatever its suffix; not EPS, for which Pillow starts a program
IMAGE_FORMATS = "PNG JPEG BMP GIF WEBP TIFF PPM ICO JPEG2000 AVIF HEIF".split()
IMAGE_FORMATS = [name for name in IMAGE_FORMATS if name in Image.OPEN]
IMAGE_SUFFIXES = {suffix for suffix, name in SUFFIXES.items() if name in (*IMAGE_FORMATS, "MPO")}


def has_image_suffix(path):
    """Tell whether a path has the name of an image that can be read."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def read_image(path, size=IMAGE_SIZE, bit_depth=16):
    """Return the image at `path` as uint8 (height, width, 3), squeezed to `size`.

    `bit_depth` is that of the values in files of 16 bits: 12 where the highest is 4095.
    """
    return read_image_and_peak(path, size, bit_depth)[0]


def read_image_and_peak(path, size, bit_depth=16):
    """Return what `read_image` does, and the highest value where the file has 16 bits, else 0."""
    image, peak = open_image_and_peak(path, size, bit_depth)
    if image.size != size:  # else `resize` would copy it
        image = image.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(image), peak


def open_image(path, size, bit_depth=16):
    """Return the image at `path` upright and on white, smaller only if it still covers `size`."""
    return open_image_and_peak(path, size, bit_depth)[0]


def open_image_and_peak(path, size, bit_depth):
    """Return what `open_image` does, and the highest value where the file has 16 bits, else 0."""
    with opening(path) as image:
        if image.mode == "F" or image.mode == "I" and image.format != "PPM":
            raise ValueError("32 bits a pixel have no fixed white; save it with 8 or 16")
        image.draft("RGB", size)  # a large JPEG is decoded at a fraction of its size
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels are too many")
        deep = has_16_bits(image)
        image.load()
        with contextlib.suppress(Exception):  # garbled notes on a sound image raise nearly anything
            ImageOps.exif_transpose(image, in_place=True)
        if image.mode == "I" and not deep:  # Pillow has scaled it, from the highest in its header
            image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
        image, peak = to_8_bits(image, bit_depth) if deep else (image, 0)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return image if image.mode == "RGB" else image.convert("RGB"), peak


@contextlib.contextmanager
def opening(path):
    """Open an image whose header may name more pixels than may be decoded."""
    ignoring = warnings.catch_warnings(action="ignore")  # odd files; the bad ones are refused
    most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, MOST_IN_HEADER / 2  # it raises at twice
    try:
        with ignoring, Image.open(path, formats=IMAGE_FORMATS) as image:
            yield image
    finally:
        Image.MAX_IMAGE_PIXELS = most


def has_16_bits(image):
    """Tell whether an image that is not loaded yet has 16 bits per channel in its file."""
    layout = str([tile.args for tile in image.tile[:1]])
    return image.mode.startswith("I;16") or re.search(";16[BLN]|'L', 65535", layout) is not None


def to_8_bits(image, bit_depth):
    """Return an image of 16 bits with 8, and its highest value.

    Grey ones are scaled from `bit_depth`. Of coloured ones Pillow keeps the upper 8 bits only.
    """
    if image.mode[0] == "I":
        values = np.asarray(image).astype("int32")
        scaled = np.minimum(values >> (bit_depth - 8), 255).astype("uint8")
        scaled[values == image.info.get("transparency", -1)] = 255  # on white
        return Image.fromarray(scaled), int(values.max())
    bands = image.split()
    lifted = [band.point(lambda value: min(value << (16 - bit_depth), 255)) for band in bands]
    alpha = image.getbands()[-1] == "A"
    colours = bands[:-1] if alpha else bands
    peak = max(band.getextrema()[1] for band in colours) << 8 | 255
    return Image.merge(image.mode, [*lifted[: len(colours)], *bands[len(colours) :]]), peak
