"""The charts of compare.py."""

import numpy as np
import pytest

from internals import comparison
from internals.charts import draw_charts, draw_difference
from internals.comparison import Options


@pytest.fixture
def charts(monkeypatch):
    """Return the figures drawn, by name."""
    drawn = {}
    monkeypatch.setattr(
        "internals.charts.save_chart", lambda figure, folder, name: drawn.update({name: figure})
    )
    return drawn


def test_charts(results, charts):
    runs, _ = comparison.read_runs(Options(results=results))
    described = draw_charts(runs, results / "charts")
    assert {name for name, _ in described} == set(charts)
    assert len(charts) == 5
    lines = charts["accuracy_by_epoch"].axes[0].lines
    assert [line.get_color() for line in lines] == [run.color for run in runs]
    np.testing.assert_allclose(lines[1].get_ydata(), [0.1, 0.3, 0.5])
    minutes = charts["accuracy_by_minutes"].axes[0].lines[1].get_xdata()
    np.testing.assert_allclose(minutes, [0.5, 1.0, 1.5])
    bars = [bar.get_height() for bar in charts["training_time"].axes[0].patches]
    np.testing.assert_allclose(bars, [10.0, 1.5, 1.0])
    reached = charts["accuracy_at_epochs"].axes[0]
    assert [text.get_text() for text in reached.get_xticklabels()] == ["10 epochs", "20 epochs"]
    heights = [bar.get_height() for bar in reached.patches]
    np.testing.assert_allclose(heights, np.linspace(0.1, 0.75, 20)[[9, 19]])
    recall = [bar.get_height() for bar in charts["accuracy_by_class"].axes[0].patches[:3]]
    np.testing.assert_allclose(recall, [5 / 6, 4 / 6, 3 / 6])


def test_difference_of_two_runs(results, charts):
    first, second = comparison.read_runs(Options(results=results, script="4layerCNN"))[0]
    second.matrix = second.matrix.copy()
    second.matrix.iloc[0] = [4, 2, 0]
    draw_difference(first, second, results)
    shown = charts["confusion_difference"].axes[0]
    colors = shown.collections[0].get_array().reshape(3, 3)
    expected = np.zeros((3, 3))
    expected[0] = [1 / 6, 1 / 6, 0]  # one cat less found, one more called dog: both are worse
    np.testing.assert_allclose(colors, expected, atol=1e-12)
    assert [text.get_text() for text in shown.texts][:2] == ["-16.7", "+16.7"]
