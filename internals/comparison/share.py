"""One file with everything inside, to be sent: the page of the chosen runs, pictures and all."""

import base64
import gzip
import io
import os
import tempfile
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PIL import Image

from internals.comparison import page
from internals.core.files import expand, write_text


def write_shared(comparison, results, path):
    """Write the page of the chosen runs as one file that stands alone; return its size in MB."""
    with tempfile.TemporaryDirectory() as folder:
        sections, drawn = page.describe_sections(comparison.data_sets, results, Path(folder))
        pictures = {f"{page.FILES}/{name}": Path(folder, name) for name in drawn}
        for row in (row for section in sections for row in section["own"] + section["reference"]):
            place, names = row["pictures"]["folder"], row["pictures"]["names"]
            files = {name: results / os.fsdecode(unquote_to_bytes(place)) / name for name in names}
            pictures |= {f"{place}/{name}": file for name, file in files.items()}
        embedded = {name: as_address(file) for name, file in pictures.items()}
    write_text(expand(path), page.fill(sections, embedded=embedded, packed=pack_plotly()))
    return expand(path).stat().st_size / 1e6


def as_address(file):
    """Return a picture as an address that holds it, without loss and smaller than as PNG."""
    content = io.BytesIO()
    with Image.open(file) as picture:
        picture.save(content, "WEBP", lossless=True)
    return f"data:image/webp;base64,{base64.b64encode(content.getvalue()).decode()}"


def pack_plotly():
    """Return Plotly's JavaScript as letters, compressed; "" where it is not installed."""
    found = page.find_plotly()
    return base64.b64encode(gzip.compress(found.read_bytes(), mtime=0)).decode() if found else ""
