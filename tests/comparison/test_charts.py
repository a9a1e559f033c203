"""The PNG charts of compare.py, and the lines of its interactive ones."""

import base64

import numpy as np
import pytest
from made_runs import make_run

from internals.comparison.charts import draw_charts, draw_confusion_difference
from internals.comparison.curves import plotly_lines
from internals.comparison.table import Options, compare


@pytest.fixture
def charts(monkeypatch):
    """Return the figures drawn, by name."""
    drawn = {}
    monkeypatch.setattr(
        "internals.report.style.save_figure",
        lambda figure, path: drawn.update({path.stem: figure}),
    )
    return drawn


def test_charts(results, charts):
    groups = compare(Options(results=results)).groups
    described = draw_charts(groups, results, "_2")
    assert {*described} == {*charts}
    assert [*charts] == [
        f"{name}_2"
        for name in ("accuracy_by_epoch", "accuracy_by_minutes", "difference", "accuracy_by_class")
    ]
    lines = charts["accuracy_by_epoch_2"].axes[0].lines
    assert [line.get_color() for line in lines] == [group.color for group in groups]
    np.testing.assert_allclose(lines[1].get_ydata(), [0.1, 0.3, 0.5])
    minutes = charts["accuracy_by_minutes_2"].axes[0].lines[1].get_xdata()
    np.testing.assert_allclose(minutes, [0.5, 1.0, 1.5])
    dots = [line.get_xdata() for line in charts["difference_2"].axes[0].lines[:2]]
    np.testing.assert_allclose(np.ravel(dots), [-25, -50])
    recall = charts["accuracy_by_class_2"].axes[0].lines[0].get_xdata()
    np.testing.assert_allclose(recall, [5 / 6, 4 / 6, 3 / 6])


def test_bands_and_intervals_of_seeds(tmp_path, charts):
    for seed, accuracy in enumerate((0.8, 0.9, 1.0)):
        make_run(tmp_path, seed, seed=seed, accuracy=accuracy)
        make_run(tmp_path, 10 + seed, seed=seed, accuracy=accuracy - 0.3, backend="torch")
    groups = compare(Options(results=tmp_path)).groups
    draw_charts(groups, tmp_path)
    axes = charts["accuracy_by_epoch"].axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata()[-1], 0.9)
    band = axes.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose([band[:, 1].max(), band[band[:, 0] == 3, 1].min()], [1.0, 0.8])
    interval, dot = charts["difference"].axes[0].lines[:2]
    np.testing.assert_allclose(dot.get_xdata(), -30)
    assert interval.get_xdata()[0] < -30 < interval.get_xdata()[1] < 0
    assert dot.get_fillstyle() == "full"


def read(numbers):
    return np.frombuffer(base64.b64decode(numbers["bdata"]), "<f4")


def test_lines_for_plotly(tmp_path):
    for seed, accuracy in enumerate((0.6, 0.8)):
        make_run(tmp_path, seed, seed=seed, accuracy=accuracy, name="<b>&")
    make_run(tmp_path, 9, backend="torch", accuracy=0.1)
    several, alone = compare(Options(results=tmp_path)).groups
    band, one, other, mean = plotly_lines(several)
    assert mean["name"].endswith("&lt;b&gt;&amp; (n = 2)")
    assert [line["kind"] for line in (band, one, other, mean)] == ["band", "seed", "seed", "mean"]
    np.testing.assert_allclose(read(one["arrays"]["val_accuracy"]), [0.1, 0.35, 0.6])
    np.testing.assert_allclose(read(mean["arrays"]["val_accuracy"]), [0.1, 0.4, 0.7])
    np.testing.assert_allclose(read(mean["arrays"]["minutes"]), [0.5, 1, 1.5])
    spread = np.std([0.6, 0.8], ddof=1)
    edge = read(band["arrays"]["val_accuracy"])
    np.testing.assert_allclose(edge[[2, 3]], [0.7 + spread, 0.7 - spread], rtol=1e-6)
    np.testing.assert_allclose(read(band["arrays"]["epoch"]), [1, 2, 3, 3, 2, 1])
    (line,) = plotly_lines(alone)
    np.testing.assert_allclose(read(line["arrays"]["val_accuracy"]), [0.1, 0.1, 0.1])


def test_confusion_difference(results):
    first, second = compare(Options(results=results, script="4layerCNN")).groups
    second.first.matrix.iloc[0] = [4, 2, 0]
    shown = draw_confusion_difference(first, second).axes[0]
    expected = np.zeros((3, 3))
    expected[0] = [1 / 6, 1 / 6, 0]  # one cat less found, one more called dog: both are worse
    np.testing.assert_allclose(shown.images[0].get_array(), expected, atol=1e-12)
    assert [text.get_text() for text in shown.texts][:2] == ["-16.7", "+16.7"]
