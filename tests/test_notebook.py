"""The scripts in a notebook, by the kernel that Jupyter starts: cells, plots, the stop button."""

import asyncio
import sys
import threading
import time

import pytest
from conftest import ROOT

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
RUN = f"{ROOT / 'udacity_cnn.py'} --data digits"
SETTINGS = "plt.rcParams['font.family'], plt.get_backend(), signal.getsignal(signal.SIGINT)"


class Notebook:
    """A notebook whose cells are executed one by one."""

    def __init__(self, folder):
        self.notebook = nbformat.v4.new_notebook()
        self.client = nbclient.NotebookClient(
            self.notebook,
            timeout=120,
            allow_errors=True,
            resources={"metadata": {"path": str(folder)}},
        )

    def run(self, source, stop_after=""):
        """Execute a cell and return its text, errors among it, and the kinds of its pictures.

        Once the text holds `stop_after` the stop button is pressed.
        """
        cell = nbformat.v4.new_code_cell(source)
        self.notebook.cells.append(cell)

        def stop():
            while stop_after not in texts_of(cell):
                time.sleep(0.05)
            asyncio.run(self.client.km.interrupt_kernel())

        if stop_after:
            threading.Thread(target=stop, daemon=True).start()
        self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        return texts_of(cell), {kind for each in cell.outputs for kind in each.get("data", {})}


def texts_of(cell):
    outputs = [each.get("text") or each.get("evalue", "") for each in cell.outputs]
    return "\n".join(outputs)


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = Notebook(tmp_path)
    with notebook.client.setup_kernel():  # ends the kernel, too
        yield notebook


def test_cells(notebook, tmp_path):
    notebook.run(f"import sys, signal; sys.path.insert(0, {str(ROOT)!r})")
    said, _ = notebook.run(f"!{sys.executable} {RUN} --epochs 1 --name shell")
    assert "Accuracy: " in said  # though the kernel gives it its MPLBACKEND
    notebook.run("from internals.core.keras_loader import keras")  # which loads Matplotlib
    notebook.run("import matplotlib.pyplot as plt; plt.rcParams['font.family'] = 'serif'")
    before, _ = notebook.run(f"print({SETTINGS})")
    assert "['serif'] module://matplotlib_inline.backend_inline <built-in" in before

    stopped, _ = notebook.run(f"%run {RUN} --epochs 999 --name stop", stop_after="epoch 1/999")
    assert "interrupted" in stopped and "Accuracy: " in stopped
    assert "To go on: python" in stopped and "--resume results/udacity_cnn/" in stopped
    (folder,) = tmp_path.glob("results/udacity_cnn/*_stop")
    words = ["--resume", str(folder), "--epochs", "1000"]
    notebook.run("import udacity_cnn")
    again, _ = notebook.run(f"udacity_cnn.main({words!r})", stop_after="/1000")
    assert "It goes on after epoch" in again and "Accuracy: " in again
    assert "To go on: python" in again

    assert notebook.run(f"print({SETTINGS})")[0] == before
    assert "image/png" in notebook.run("plt.plot([1, 2]);")[1]
