"""The page in Chromium, with its rows ticked; skipped where there is no Chromium."""

import json
import re
import shutil
import time

import pytest
from conftest import HOSTILE, write_run
from made_runs import make_run, write_predictions

from internals.comparison.differences import compare_groups, explain
from internals.comparison.page import write_page
from internals.comparison.table import Options, compare

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")), reason="needs Chromium"
)


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (
        "headless=new no-sandbox disable-gpu disable-background-networking no-first-run "
        "disable-component-update disable-sync window-size=1300,1000"
    ).split():
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return a folder with a page: three seeds, one run with other layers, and another data set."""
    results = tmp_path_factory.mktemp("browser") / "results"
    for seed, accuracy in enumerate((0.70, 0.72, 0.74)):
        folder = make_run(results, seed, seed=seed, accuracy=accuracy, name="seeds")
        (folder / "script.py").write_text(f"Dense(10)\nname = '{HOSTILE}'\n")
        write_predictions(folder, [True] * 20 + [False] * 10)
    other = make_run(results, 5, network="b2" * 32, backend="torch", name=HOSTILE, accuracy=0.6)
    (other / "script.py").write_text("Dense(20)\n")
    write_predictions(other, [False] * 15 + [True] * 15)
    make_run(results, 6, hyperparameters={"decay": 1}, name="decay", accuracy=0.5)
    write_run(results, "6layerCNN", 7, data="birds")
    assert len(compare(Options(results=results)).data_sets) == 2
    write_page(compare(Options(results=results)), results)
    return results


@pytest.fixture
def page(browser, results):
    """Return the browser with the page as a reader opens it."""
    open_page(browser, results)
    yield browser
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def open_page(browser, results, ticks=""):
    browser.get("about:blank")
    browser.get((results / "index.html").as_uri() + ticks)
    wait_for(lambda: lines(browser), "lines")


def wait_for(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"no {what}"
        time.sleep(0.05)


def lines(browser, place=0):
    """Return the names of the lines that Plotly shows in the section at `place`."""
    return browser.execute_script(
        "const plot = document.querySelectorAll('.plot')[arguments[0]];"
        "return (plot.data || []).map(line => line.name || 'band')",
        place,
    )


def find(browser, selector):
    return browser.find_elements("css selector", selector)


def tick(browser, label):
    (box,) = find(browser, f"input[aria-label='show {label}']")
    box.click()


def text_of(browser, selector):
    return [element.text for element in find(browser, selector)]


SEEDS = ["band", *[f"seeds (n = 3), seed {seed}" for seed in range(3)], "seeds (n = 3)"]


def test_charts_follow_the_ticks(page):
    labels = [box.get_attribute("aria-label") for box in find(page, "section:first-of-type input")]
    assert labels == ["show seeds", f"show {HOSTILE}", "show decay"]
    hostile = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    assert lines(page) == [*SEEDS, hostile]  # the first two rows are ticked
    tick(page, "decay")
    assert lines(page) == [*SEEDS, hostile, "decay"]
    tick(page, "seeds")
    assert lines(page) == [hostile, "decay"]
    assert lines(page, 1) == ["6layerCNN"]
    heights = "return Array.from(document.querySelector('.plot').calcdata[1].map(p => p.y))"
    assert page.execute_script(heights) == pytest.approx([0.1, 0.3, 0.5])
    (metric, *_), (axis, *_) = find(page, "select.metric"), find(page, "select.axis")
    axis.send_keys("minutes")
    minutes = "return Array.from(document.querySelector('.plot').calcdata[1].map(p => p.x))"
    wait_for(lambda: page.execute_script(minutes) == [0.5, 1, 1.5], "minutes")
    metric.send_keys("validation loss")
    title = "return document.querySelector('.plot .ytitle').textContent"
    wait_for(lambda: page.execute_script(title) == "validation loss", "other metric")


def test_ticks_stay_in_the_address(page, results):
    tick(page, "decay")
    ticks = page.execute_script("return location.hash")
    open_page(page, results, ticks)
    boxes = find(page, "input[type=checkbox]")
    assert [box.is_selected() for box in boxes] == [True, True, True, True]
    assert len(lines(page)) == 7


def test_ticked_rows_are_compared(page):
    (article,) = find(page, ".comparison")
    assert "unfair" in article.get_attribute("class")
    words = article.text
    assert f"{HOSTILE}, compared with seeds" in words
    assert "3 and 1 seeds: the spread of the one run is taken to be that of the others" in words
    assert "2 things differ: the cause cannot be told." in words
    (row,) = find(page, "tr.group.unfair")
    assert "2 things differ from seeds" in row.text
    facts, diff, pictures = find(page, ".comparison details")
    facts.find_element("tag name", "summary").click()
    assert "backend\njax torch" in facts.text.replace(" jax", "\njax") and "layers" in facts.text
    diff.find_element("tag name", "summary").click()
    assert "+Dense(20)" in text_of(page, "pre .added") and HOSTILE in diff.text
    pictures.find_element("tag name", "summary").click()
    assert "Right in 4layerCNN/2026-11-20_14-30-00, wrong in" in pictures.text
    assert len(find(page, ".tiles li")) == 8 + 8
    tick(page, HOSTILE)
    tick(page, "decay")
    (article,) = find(page, ".comparison")
    assert "unfair" not in article.get_attribute("class") and "One thing differs." in article.text
    assert not find(page, "tr.unfair")
    assert page.execute_script("return document.title") == "Runs side by side"


def test_the_page_says_what_the_terminal_says(page, results):
    first, second, *_ = compare(Options(results=results)).groups
    found = compare_groups(first, second)
    assert text_of(page, ".verdict")[0] == explain(found, first, second)


def test_rows_open_and_columns_sort(page):
    (button, *_) = find(page, "button.open")
    assert not any(row.is_displayed() for row in find(page, "tr.member"))
    button.send_keys("\n")  # by the keyboard
    shown = [row.text for row in find(page, "tr.member") if row.is_displayed()]
    assert len(shown) == 3 and "seed 2" in shown[2] and "74.00 %" in shown[2]
    assert button.get_attribute("aria-expanded") == "true"
    (accuracy,) = [each for each in find(page, "th button") if each.text == "accuracy"][:1]
    accuracy.click()
    rows = [text.split("\n")[0] for text in text_of(page, "section:first-of-type tr.group")]
    assert rows[0].startswith("decay") and rows[-1].startswith("seeds")


def test_nothing_comes_from_the_network(page):
    asked = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    urls = [
        entry["params"]["request"]["url"]
        for entry in asked
        if entry["method"] == "Network.requestWillBeSent"
    ]
    assert urls and all(re.match("file:|data:|blob:|about:", url) for url in urls), urls


def test_narrow_and_without_javascript(page, results):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
    )
    open_page(page, results)
    width = "return document.documentElement.scrollWidth"
    assert page.execute_script(width) <= 390  # the table scrolls, the page does not
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.refresh()
        assert all(row.is_displayed() for row in find(page, "tr.group, tr.member"))
        assert all(picture.is_displayed() for picture in find(page, ".charts img"))
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
