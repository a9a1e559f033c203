"""The page in Chromium while runs train: live.js changes, and the page follows."""

import json
import shutil
import time

import pytest
from made_runs import change_record, make_run
from test_page_in_browser import browser, find, wait_for  # noqa: F401 (browser is a fixture)

from internals.comparison import first_page
from internals.comparison.page import write_page
from internals.comparison.table import Options, compare
from internals.runs.live import LiveRun
from internals.runs.run import Run, read_record

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")), reason="needs Chromium"
)


def start(results, number, **changes):
    """Return a run that trains, as open pages see it."""
    folder = change_record(make_run(results, number, seed=number), status="running", **changes)
    run = Run(folder, None, read_record(folder), caption=f"digits, seed {number}")
    run.take()
    run.live = LiveRun(run)
    return run


def tell(run, done, epochs=20, accuracy=0.5):
    row = {
        "accuracy": 0.4,
        "val_accuracy": accuracy,
        "loss": 1.5,
        "val_loss": 1.25,
        "seconds": 60.0,
    }
    run.live.tell("training", [row] * done, epochs)


@pytest.fixture
def page(browser, tmp_path):  # noqa: F811
    """Return a function that opens the page as it is in a folder of results."""

    def open_page(results):
        browser.get("about:blank")
        browser.get((results / "index.html").as_uri())
        wait_for(lambda: find(browser, ".live-run"), "run that trains")
        return browser

    yield open_page
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def words(browser):  # noqa: F811
    """Return what is said of each run, all in one moment: the page may change in the next."""
    return browser.execute_script(
        "return [...document.querySelectorAll('.live-run .words')].map(each => each.textContent)"
    )


def points(browser):  # noqa: F811
    line = "return document.querySelector('polyline.trained').getAttribute('points')"
    return len(browser.execute_script(line).split())


def test_curves_grow_and_an_end_offers_to_load_again(page, tmp_path):
    results = tmp_path / "results"
    make_run(results, 0, accuracy=0.6)
    run, other = start(results, 1), start(results, 2)
    tell(run, 2)
    tell(other, 0)
    write_page(compare(Options(results=results)), results)
    opened = page(results)
    assert words(opened) == ["epoch 3 of 20, 18 minutes to go", "epoch 1 of 20"]
    assert points(opened) == 2
    names = [link.text for link in find(opened, ".live-run a")]
    assert names == ["4layerCNN/2026-11-20_14-30-01", "4layerCNN/2026-11-20_14-30-02"]
    status = "tr.member[data-folder='4layerCNN/2026-11-20_14-30-01'] .status"
    cell = find(opened, status)[0].get_attribute("textContent")
    assert cell == "epoch 3 of 20, 18 minutes to go"
    tell(run, 12, accuracy=0.875)
    wait_for(lambda: points(opened) == 12, "twelve epochs", 8)
    assert words(opened)[0] == "epoch 13 of 20, 8 minutes to go"
    assert "validation 87.50 %" in find(opened, ".live-run .legend")[0].text
    assert not find(opened, "#training .ended")[0].is_displayed()
    run.record |= {"status": "finished", "test_accuracy": 0.75}
    run.release()
    wait_for(lambda: find(opened, "#training .ended")[0].is_displayed(), "offer", 8)
    line = find(opened, "#training .ended")[0].text
    assert "4layerCNN/2026-11-20_14-30-01: finished, 75.00 % of the test images" in line
    assert "1 run" in find(opened, "#training summary")[0].text
    change_record(run.folder, status="finished")
    find(opened, "#training .ended button")[0].click()
    wait_for(lambda: words(opened) == ["epoch 1 of 20"], "page without the run that has ended")
    other.release()


def test_first_page_killed_runs_and_a_narrow_window(page, tmp_path, capsys):
    results = tmp_path / "results"
    run, killed = start(results, 1), start(results, 2)
    tell(killed, 3)
    two_hours_ago = killed.live.told | {"written": time.time() - 7200}
    killed.live.path.write_text(json.dumps(two_hours_ago))
    tell(run, 3)
    first_page.announce(run)
    assert capsys.readouterr().out == f"to watch:   {(results / 'index.html').as_uri()}\n"
    opened = page(results)
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        wait_for(lambda: len(find(opened, ".live-run svg")) == 4, "both runs")
        assert opened.execute_script("return document.documentElement.scrollWidth") <= 390
        assert "epoch 4 of 20; no word since " in words(opened)[1]
        assert "it was killed, or it hangs" in words(opened)[1]
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    (results / "index.html").write_text("kept")
    first_page.announce(run)
    assert (results / "index.html").read_text() == "kept"
    run.release()
    killed.release()
