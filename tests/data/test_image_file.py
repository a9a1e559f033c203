"""One image file: formats, sizes, colours, depths."""

import subprocess
import sys
import zlib

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from internals.data import image_file
from internals.data.image_file import read_image, read_image_and_peak


def test_image_bomb_is_refused(tmp_path):
    def chunk(kind, content):
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    def picture(width, height):
        size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        header = chunk(b"IHDR", size + bytes([8, 2, 0, 0, 0]))
        path = tmp_path / "bomb.png"
        data = chunk(b"IDAT", b"") + chunk(b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data)
        return path

    for width, height in ((60_000, 60_000), (10_000, 10_000)):
        with pytest.raises((Image.DecompressionBombError, ValueError), match="pixels"):
            read_image(picture(width, height))


def test_large_jpeg_is_decoded_at_a_fraction(tmp_path, monkeypatch):
    """What counts are the pixels that are decoded: a camera's 108 millions are read."""
    Image.new("RGB", (1600, 1200), "red").save(tmp_path / "large.jpg", quality=95)
    Image.new("RGB", (1600, 1200), "red").save(tmp_path / "large.png")
    monkeypatch.setattr(image_file, "MOST_PIXELS", 500_000)
    most = Image.MAX_IMAGE_PIXELS
    np.testing.assert_allclose(read_image(tmp_path / "large.jpg")[9, 9], [254, 0, 0], atol=2)
    with pytest.raises(ValueError, match="1600 x 1200 pixels are too many"):
        read_image(tmp_path / "large.png")
    monkeypatch.setattr(image_file, "MOST_IN_HEADER", 1_000_000)
    with pytest.raises(Image.DecompressionBombError):
        read_image(tmp_path / "large.jpg")
    assert Image.MAX_IMAGE_PIXELS == most


def test_kinds_of_images(tmp_path):
    def read(image, name, **options):
        image.save(tmp_path / name, **options)
        pixels = read_image(tmp_path / name)
        assert pixels.shape == (32, 32, 3) and pixels.dtype == np.uint8
        return pixels[16, 16].tolist()

    red = (255, 0, 0)
    assert read(Image.new("RGB", (32, 32), red), "same.png") == [255, 0, 0]
    assert read(Image.new("RGB", (300, 200), red), "large.bmp") == [255, 0, 0]
    assert read(Image.new("RGB", (3, 5), red), "small.gif") == [255, 0, 0]
    np.testing.assert_allclose(
        read(Image.new("RGB", (900, 900), red), "x.jpg"), [254, 0, 0], atol=2
    )
    assert read(Image.new("L", (64, 64), 100), "grey.png") == [100, 100, 100]
    assert read(Image.new("1", (64, 64), 1), "bits.png") == [255, 255, 255]
    deep = Image.fromarray(np.full((32, 32), 100 * 256 + 7, dtype="uint16"))
    assert read(deep, "deep.png") == [100, 100, 100]
    assert read(Image.new("LA", (32, 32), (0, 0)), "clear.png") == [255, 255, 255]
    assert read(Image.new("RGBA", (32, 32), (*red, 0)), "ghost.png") == [255, 255, 255]
    assert read(Image.new("RGBA", (32, 32), (*red, 255)), "solid.png") == [255, 0, 0]
    palette = Image.new("RGB", (32, 32), red).convert("P")
    assert read(palette, "palette.png") == [255, 0, 0]
    assert read(palette, "hole.png", transparency=palette.getpixel((0, 0))) == [255, 255, 255]
    assert read(Image.new("RGBA", (32, 32), (*red, 0)), "ghost.webp") == [255, 255, 255]
    assert read(deep, "deep.tif") == [100, 100, 100]
    assert read(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "print.tif") == [255, 0, 0]
    blue = Image.new("RGB", (32, 32), "blue")
    for name in ("film.gif", "film.webp", "pages.tif"):  # the first of several is the image
        lossless = {"lossless": True} if name == "film.webp" else {}
        many = {"save_all": True, "append_images": [blue]} | lossless
        assert read(Image.new("RGB", (32, 32), red), name, **many) == [255, 0, 0]
    assert read(blue, "not-a.jpg", format="PNG") == [0, 0, 255]
    assert read(blue, "garbled.webp", exif=b"Exif\0\0no notes", lossless=True) == [0, 0, 255]
    with pytest.raises(ValueError, match="no fixed white"):
        read(Image.new("F", (32, 32), 0.5), "float.tif")
    with pytest.raises(OSError, match="cannot identify"):  # it would start another program
        read(blue, "program.png", format="EPS")


def test_photo_is_turned_upright(tmp_path):
    pixels = np.zeros((32, 32, 3), dtype="uint8")
    pixels[:, :16] = 255  # white on the left, and the camera was turned clockwise
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "photo.png", exif=exif)
    upright = read_image(tmp_path / "photo.png")
    assert upright[:16].min() == 255 and upright[16:].max() == 0


def test_every_suffix_is_of_a_format_that_is_read(tmp_path):
    """Training and predict.py know one list; what Pillow writes under such a name is read."""
    assert {".png", ".jpg", ".jpe", ".webp", ".jp2", ".avif", ".ppm"} <= image_file.IMAGE_SUFFIXES
    assert not {".eps", ".pdf", ".svg", ".psd", ".txt"} & image_file.IMAGE_SUFFIXES
    for suffix in image_file.IMAGE_SUFFIXES - {
        ".pfm",
        ".heic",
        ".heif",
        ".heics",
        ".heifs",
        ".hif",
    }:
        path = tmp_path / f"photo{suffix}"
        Image.new("1" if suffix == ".pbm" else "RGB", (32, 32), 1).save(path)
        assert read_image(path).shape == (32, 32, 3), suffix


@pytest.mark.parametrize("suffix", ["png", "tif", "jp2"])
def test_12_bits_in_16(tmp_path, suffix):
    values = (np.arange(32 * 32, dtype="uint16") * 4).reshape(32, 32)
    Image.fromarray(values).save(tmp_path / f"deep.{suffix}")
    for bit_depth in (12, 14, 16):
        image, peak = read_image_and_peak(tmp_path / f"deep.{suffix}", (32, 32), bit_depth)
        assert peak == 4092
        np.testing.assert_array_equal(image[:, :, 0], values >> (bit_depth - 8))
    assert read_image(tmp_path / f"deep.{suffix}", bit_depth=8).max() == 255  # and none wraps


def test_colours_of_16_bits(tmp_path):
    """Pillow keeps the upper 8 bits of each; a transparent part stays transparent."""
    rows = np.zeros((32, 32, 4), dtype=">u2")
    rows[..., 0], rows[..., 3] = 4000, 65535
    rows[:16, :, 3] = 0
    lines = b"".join(b"\0" + row.tobytes() for row in rows)

    def chunk(kind, content):
        crc = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + crc

    header = (32).to_bytes(4, "big") * 2 + bytes([16, 6, 0, 0, 0])
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    image, peak = read_image_and_peak(tmp_path / "deep.png", (32, 32), 12)
    assert peak == 15 << 8 | 255
    assert image[0, 0].tolist() == [255, 255, 255] and image[31, 0].tolist() == [240, 0, 0]


def test_transparent_grey_of_16_bits_is_white(tmp_path):
    values = np.repeat(np.arange(32, dtype="uint16") * 1000, 32).reshape(32, 32)
    Image.fromarray(values).save(tmp_path / "deep.png", transparency=2000)
    image = read_image(tmp_path / "deep.png")
    assert image[:4, 0, 0].tolist() == [0, 1000 >> 8, 255, 3000 >> 8]


def test_16_bits_a_pixel_are_not_16_a_colour(tmp_path):
    """A bitmap with 5, 6 and 5 bits per channel is no deep image."""
    header = b"BM" + (66 + 2048).to_bytes(4, "little") + bytes(4) + (66).to_bytes(4, "little")
    sizes = [(40, 4), (32, 4), (32, 4), (1, 2), (16, 2), (3, 4), (2048, 4), (0, 4), (0, 4)]
    sizes += [(0, 4), (0, 4), (0xF800, 4), (0x07E0, 4), (0x001F, 4)]
    header += b"".join(value.to_bytes(size, "little") for value, size in sizes)
    (tmp_path / "small.bmp").write_bytes(header + b"\x00\xf8" * 1024)
    image, peak = read_image_and_peak(tmp_path / "small.bmp", (32, 32))
    assert peak == 0 and image[0, 0].tolist() == [255, 0, 0]


def test_pgm_is_scaled_by_its_own_header(tmp_path):
    pixels = np.full((32, 32), 1023, dtype=">u2").tobytes()
    (tmp_path / "grey.pgm").write_bytes(b"P5 32 32 4095\n" + pixels)
    image, peak = read_image_and_peak(tmp_path / "grey.pgm", (32, 32))
    assert peak == 0 and abs(int(image[0, 0, 0]) - 1023 * 255 // 4095) <= 1


@pytest.mark.parametrize("kind", ["P2", "P5"])
def test_pgm_of_16_bits_may_hold_12(tmp_path, kind):
    """As a PNG may: its header then says 65535, and no value is above 4095."""
    values = np.arange(1024).reshape(32, 32) * 4
    plain = " ".join(map(str, values.ravel())).encode()
    pixels = plain if kind == "P2" else values.astype(">u2").tobytes()
    (tmp_path / "deep.pgm").write_bytes(f"{kind} 32 32 65535\n".encode() + pixels)
    image, peak = read_image_and_peak(tmp_path / "deep.pgm", (32, 32), 12)
    assert peak == 4092
    np.testing.assert_array_equal(image[:, :, 0], values >> 4)


def test_heic_where_its_package_is_there(tmp_path):
    """A package of that name in place of pillow-heif: its formats are known from then on."""
    (tmp_path / "pillow_heif.py").write_text(
        "from PIL import Image, PngImagePlugin\n"
        "def register_heif_opener():\n"
        "    Image.register_open('HEIF', PngImagePlugin.PngImageFile)\n"
        "    Image.register_extension('HEIF', '.heic')\n"
    )
    code = "from internals.data import image_file; print('.heic' in image_file.IMAGE_SUFFIXES)"
    for path, known in ((tmp_path, "True"), (ROOT, "False")):
        if known == "False" and ".heic" in image_file.IMAGE_SUFFIXES:
            continue  # the package is there
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONPATH": str(path)},
            text=True,
            capture_output=True,
        )
        assert done.stdout.strip() == known, done.stderr
