"""The PNG charts of compare.py, and the lines of its interactive ones."""

import base64

import numpy as np
import pandas as pd
import pytest
from made_runs import make_run
from matplotlib.backends.backend_agg import FigureCanvasAgg

from internals.comparison.charts import draw_charts, draw_confusion_difference
from internals.comparison.curves import plotly_lines
from internals.comparison.table import Options, compare
from internals.core.palette import style_of


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
    styles = [style_of(place) for place in range(3)]
    assert [line.get_color() for line in lines] == [color for color, _ in styles]
    title = charts["accuracy_by_epoch_2"].get_suptitle().replace("\n", " ")
    assert title == f"Validation accuracy at the end: 75.0 % at most, of {groups[0].label}"
    np.testing.assert_allclose(lines[1].get_ydata(), [0.1, 0.3, 0.5])
    minutes = charts["accuracy_by_minutes_2"].axes[0].lines[1].get_xdata()
    np.testing.assert_allclose(minutes, [0.5, 1.0, 1.5])
    title = charts["difference_2"].get_suptitle()
    assert "whether more than by chance is not known" in title.replace("\n", " ")
    dots = [line.get_xdata() for line in charts["difference_2"].axes[0].lines[:2]]
    np.testing.assert_allclose(np.ravel(dots), [-25, -50])
    recall = charts["accuracy_by_class_2"].axes[0].lines[0].get_xdata()
    np.testing.assert_allclose(recall, [500 / 6, 400 / 6, 300 / 6])
    heights = [line.get_ydata() for line in charts["accuracy_by_class_2"].axes[0].lines[:3]]
    assert np.diff(heights, axis=0).min() > 0.2  # equal ones do not hide one another
    assert np.ptp(heights, axis=0).max() < 0.6  # and stay in their row


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
    title = charts["difference"].get_suptitle().replace("\n", " ")
    assert title.endswith("1 of 1 differs by more than chance")


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
    expected[0] = [100 / 6, 100 / 6, 0]  # one cat less found, one more called dog: both are worse
    np.testing.assert_allclose(shown.images[0].get_array(), expected, atol=1e-12)
    assert [text.get_text() for text in shown.texts][:2] == ["−16.7", "+16.7"]
    assert shown.texts[2].get_text() == "0.0"
    assert "−5.6 points in all" in shown.figure.get_suptitle().replace("\n", " ")


def test_a_long_run_does_not_squeeze_the_others(tmp_path, charts):
    for number, seconds in enumerate((20, 30, 600)):
        folder = make_run(tmp_path, number, hyperparameters={"learning_rate": number})
        history = pd.read_csv(folder / "history.csv").assign(seconds=seconds)
        history.to_csv(folder / "history.csv", index=False)
    groups = compare(Options(results=tmp_path)).groups
    draw_charts(groups, tmp_path)
    assert charts["accuracy_by_minutes"].axes[0].get_xscale() == "log"
    assert charts["accuracy_by_epoch"].axes[0].get_xscale() == "linear"
    draw_charts([group for group in groups if group.figures["minutes"] < 10], tmp_path)
    assert charts["accuracy_by_minutes"].axes[0].get_xscale() == "linear"


def test_no_word_is_cut_and_no_room_is_empty(tmp_path, charts):
    words = "a long name of a run that somebody wrote with care, and then still some more"
    for number in range(9):
        make_run(tmp_path, number, name=f"{words} {number}", hyperparameters={"decay": number})
    draw_charts(compare(Options(results=tmp_path)).groups, tmp_path)
    for figure in charts.values():
        FigureCanvasAgg(figure).draw()
        (axes,), place = figure.axes, figure.axes[0].get_tightbbox()
        assert place.x0 >= 0 and place.x1 <= figure.bbox.x1
        assert 0 <= place.y0 < 0.06 * figure.bbox.y1
        title = figure.texts[0].get_window_extent()
        assert place.y1 <= title.y0 and title.y1 <= figure.bbox.y1 and title.x1 <= figure.bbox.x1
        if legend := axes.get_legend():
            names = [text.get_text() for text in legend.get_texts()]
            assert len({*names}) == len(names) > 4
