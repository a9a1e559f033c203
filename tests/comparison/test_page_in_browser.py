"""The page in Chromium, with its rows ticked; skipped where there is no Chromium."""

import dataclasses
import io
import json
import re
import shutil
import time

import pandas as pd
import pytest
from conftest import HOSTILE, write_run
from made_runs import make_run, write_predictions

from internals.comparison.differences import compare_groups, explain, explain_several
from internals.comparison.page import write_page
from internals.comparison.share import write_shared
from internals.comparison.table import Options, compare
from internals.core.intervals import Difference

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
        command = f"python 4layerCNN.py --seed {seed}"
        made = {"seed": seed, "accuracy": accuracy, "name": "seeds", "command": command}
        folder = make_run(results, seed, **made)
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
    (box,) = [each for each in find(browser, "tbody input") if each.accessible_name == label]
    box.click()


def text_of(browser, selector):
    return [element.text for element in find(browser, selector)]


SEEDS = ["band", *[f"seeds (n = 3), seed {seed}" for seed in range(3)], "seeds (n = 3)"]


def test_charts_follow_the_ticks(page):
    boxes = find(page, "section:nth-of-type(2) tbody input")
    labels = [box.get_attribute("value") and box.accessible_name for box in boxes]
    assert labels == ["decay", HOSTILE, "seeds"]  # the newest first
    assert lines(page) == ["6layerCNN"]  # of the data set of the newest run
    assert lines(page, 1) == ["decay", *SEEDS]  # the newest row and the best are ticked
    tick(page, HOSTILE)
    hostile = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    assert lines(page, 1) == ["decay", hostile, *SEEDS]
    tick(page, "seeds")
    assert lines(page, 1) == ["decay", hostile]
    heights = "return Array.from(document.querySelectorAll('.plot')[1].calcdata[1].map(p => p.y))"
    assert page.execute_script(heights) == pytest.approx([0.1, 0.35, 0.6], abs=1e-6)
    (_, metric), (_, axis) = find(page, "select.metric"), find(page, "select.axis")
    axis.send_keys("minutes")
    minutes = heights.replace("p.y", "p.x")
    wait_for(lambda: page.execute_script(minutes) == [0.5, 1, 1.5], "minutes")
    metric.send_keys("validation loss")
    title = "return document.querySelectorAll('.plot')[1].querySelector('.ytitle').textContent"
    wait_for(lambda: page.execute_script(title) == "validation loss", "other metric")


def test_colours_go_by_the_place_among_the_ticked(page):
    tick(page, HOSTILE)
    colors = page.execute_script(
        "return document.querySelectorAll('.plot')[1].data.filter(l => l.line.width === 2.5)"
        ".map(l => l.line.color + l.line.dash)"
    )
    assert len(set(colors)) == len(colors) == 3


def test_zoom_outlives_a_tick(page):
    plot = "document.querySelectorAll('.plot')[1]"
    page.execute_script(f"return Plotly.relayout({plot}, {{'xaxis.range': [1, 2]}})")
    tick(page, HOSTILE)
    assert page.execute_script(f"return {plot}.layout.xaxis.range") == [1, 2]


def test_ticks_and_baseline_stay_in_the_address(page, results):
    tick(page, HOSTILE)
    find(page, "tr.group td.against button")[2].click()
    ticks = page.execute_script("return location.hash")
    open_page(page, results, ticks)
    boxes = find(page, "tbody input[type=checkbox]")
    assert [box.is_selected() for box in boxes] == [True, True, True, True]
    assert len(lines(page, 1)) == 7
    assert [text_of(page, "td.against")[place] for place in (1, 2)] == [
        "\N{MINUS SIGN}10.00 -",
        "the baseline",
    ]


def test_rows_are_compared_with_the_baseline(page):
    assert text_of(page, "td.against") == [
        "the baseline",
        "\N{MINUS SIGN}22.00 -",  # one run against three has no interval
        "\N{MINUS SIGN}12.00 -",
        "the baseline",
    ]
    tick(page, "decay")
    tick(page, HOSTILE)
    (article,) = find(page, ".comparison")
    assert "unfair" in article.get_attribute("class")
    words = article.text
    assert f"{HOSTILE}, compared with seeds" in words
    assert "it takes three seeds on each side, and here are 3 and 1. Add two more seeds:" in words
    assert "2 things differ: the cause cannot be told." in words
    (row,) = find(page, "tr.group.unfair")
    assert "2 things differ from the baseline" in row.text
    assert "backend torch jax" in text_of(page, ".means table")[0]
    diff, pictures = find(page, ".comparison details")
    diff.find_element("tag name", "summary").click()
    assert "+Dense(20)" in text_of(page, "pre .added") and HOSTILE in diff.text
    pictures.find_element("tag name", "summary").click()
    assert "Right in 4layerCNN/2026-11-20_14-30-00, wrong in" in pictures.text
    assert len(find(page, ".tiles li")) == 8 + 8
    find(page, "tr.group td.against button")[1].click()  # another baseline
    shown = text_of(page, "td.against")
    assert shown[1] == "the baseline" and shown[3] == "+22.00 -"
    tick(page, "decay")
    tick(page, HOSTILE)
    (article,) = find(page, ".comparison")
    assert "seeds, compared with decay" in article.text and "One thing differs." in article.text
    assert "unfair" not in article.get_attribute("class") and not find(page, "tr.unfair")
    assert page.execute_script("return document.title") == "Runs side by side"


def test_a_turned_comparison_says_the_same_the_other_way_round(page):
    tick(page, "decay")
    tick(page, HOSTILE)
    find(page, "tr.group td.against button")[2].click()
    (article,) = find(page, ".comparison")
    assert f"seeds, compared with {HOSTILE}" in article.text and "+12.00 points." in article.text
    diff, pictures = find(page, ".comparison details")
    diff.find_element("tag name", "summary").click()
    assert "+Dense(10)" in text_of(page, "pre .added")
    names = [line for line in text_of(page, "pre .place") if not line.startswith("@@")]
    assert names == [f"--- {HOSTILE}, script.py", "+++ seeds, script.py"]
    assert "@@ -1 +1,2 @@" in text_of(page, "pre .place")
    pictures.find_element("tag name", "summary").click()
    only_first, only_second = find(page, ".comparison details ul.tiles")
    assert "first: cat" in only_first.text or "first: dog" in only_first.text
    for tiles, right in ((only_first, "first"), (only_second, "second")):
        for text in tiles.text.splitlines():
            truth, answers = re.fullmatch(r"(?:.*: )?(\w+); (first: .+)", text).groups()
            assert f"{right}: {truth}" in answers, text


def test_the_page_says_what_the_terminal_says(page, results):
    tick(page, "decay")
    tick(page, HOSTILE)
    groups = compare(Options(results=results)).groups
    seeds, other = ([g for g in groups if g.label == label] for label in ("seeds", HOSTILE))
    found = compare_groups(seeds[0], other[0])
    words = text_of(page, ".verdict")[0].replace("\N{MINUS SIGN}", "-")
    assert words == explain(found, seeds[0], other[0])
    differences = [
        Difference(0.1, 0.01, 0.2, "welch", p=0.04),
        Difference(-0.1, -0.2, 0.01, "paired seeds", p=0.06),
        Difference(-0.1, -0.2, -0.05, "paired images", 1234, 5, p=0.001),
        Difference(0.1, None, None, "few"),
        Difference(0.1, None, None, "alike"),
        Difference(0.1, None, None, "at chance"),
    ]
    among = explain_several(differences)
    for difference, several in zip(differences, among, strict=True):
        expected = explain(difference, seeds[0], other[0], several)
        script = (
            "const [each, all] = arguments, {groups} = sections[1].known;"
            "const find = label => groups.find(group => group.label === label);"
            "return explain(each, find('seeds'), find(arguments[2]), explainAmong(each, all))"
        )
        shown = page.execute_script(
            script, as_on_page(difference), [*map(as_on_page, differences)], HOSTILE
        )
        assert shown.replace("\N{MINUS SIGN}", "-") == expected


def test_several_comparisons_are_corrected_on_the_page(page):
    script = (
        "const {known} = sections[1], [one, two, three] = known.groups;"
        "const comparisons = {'0 1': [9, 1, 17, 'welch', 0, 0, 1, 0.04],"
        " '0 2': [-9, -17, -1, 'welch', 0, 0, 1, 0.001]};"
        "return [two, three].map(group => compareTwo({...known, comparisons}, one, group,"
        " known.groups).querySelector('.verdict').textContent)"
    )
    first, second = page.execute_script(script)
    assert "After Holm's correction for 2 comparisons: more than chance. Welch's" in first
    assert first.startswith("+9.00 points, 95 % interval +1.00 to +17.00: more than chance. After")
    assert second.startswith("\N{MINUS SIGN}9.00 points") and "for 2 comparisons" in second


def as_on_page(difference):
    """Return a difference as the page's JavaScript has it, with one cause."""
    *found, p = dataclasses.astuple(difference)
    return [share and 100 * share for share in found[:3]] + [*found[3:], 1, p]


def test_means_have_a_dot_for_each_seed(page):
    rows = find(page, ".mean-row")
    assert [row.text for row in rows] == ["decay: 50.00 %", "seeds: 72.00 ± 2.00 % (n = 3)"]
    places = [
        float(dot.get_attribute("style").split("left: ")[1].split("%")[0])
        for dot in rows[1].find_elements("css selector", ".seed")
    ]
    assert len(places) == 3 and places[1] - places[0] == pytest.approx(places[2] - places[1])
    assert [len(row.find_elements("css selector", ".bar")) for row in rows] == [0, 1]


def test_rows_open_and_columns_sort(page):
    button = find(page, "button.open")[-1]
    assert not any(row.is_displayed() for row in find(page, "tr.member"))
    button.send_keys("\n")  # by the keyboard
    shown = [row.text for row in find(page, "tr.member") if row.is_displayed()]
    assert len(shown) == 3 and "seed 2" in shown[2] and "74.00 %" in shown[2]
    assert "to repeat: KERAS_BACKEND=jax python 4layerCNN.py --seed 2" in shown[2]
    assert button.get_attribute("aria-expanded") == "true"
    accuracy = [each for each in find(page, "th button") if each.text == "accuracy"][1]
    for first in ("seeds", "decay"):  # the highest first
        accuracy.click()
        rows = text_of(page, "section:nth-of-type(2) tr.group th")
        assert rows[0].startswith(first)


def sift(browser, text):
    (box,) = find(browser, "#filter")
    box.clear()
    box.send_keys(text)
    return [row.text.split("\n")[0] for row in find(browser, "tr.group th") if row.is_displayed()]


def test_a_filter_takes_words_and_conditions(page):
    assert len(sift(page, "")) == 4
    for text, rows in (
        ("decay", ["decay"]),
        ("accuracy > 55", [HOSTILE, "seeds"]),
        ("accuracy>55% backend=torch", [HOSTILE]),
        ("epochs <= 3 seeds", ["seeds"]),
        ("decay = 1", ["decay"]),
        ("key = 0", []),
        ("backend != torch accuracy >= 50", ["6layerCNN", "decay", "seeds"]),
        ("torch", [HOSTILE]),
        ("jax", ["decay", "seeds"]),  # letter by letter: it is no word of all rows
        ("precision = float32", ["decay", HOSTILE, "seeds"]),  # without a column
        ("parameters < 1,000", []),
        ("started < 2026-11-21 parameters > 1,000", ["6layerCNN", "decay", HOSTILE, "seeds"]),
        ("started > 2026-11-20", []),
        ("python", []),  # of a command
        ("nothing of this", []),
    ):
        assert sift(page, text) == rows, text
    assert "0 of 4 rows" in find(page, "#found")[0].text
    sift(page, "colour = 3")
    assert find(page, "#found")[0].text == "There is no column colour."
    assert sift(page, "learning_rate") == []
    hint = "0 of 4 rows; for a column's values write learning rate = ..."
    assert find(page, "#found")[0].text == hint
    assert text_of(page, ".shared") == ["", ""]


def test_a_filter_and_the_ticks_outlive_another_page(page, results):
    """A browser that goes back fills in forms by their places, and sorting moves the rows."""
    accuracy = [each for each in find(page, "th button") if each.text == "accuracy"][1]
    accuracy.click()
    tick(page, "decay")
    sift(page, "accuracy > 55")
    address = page.execute_script("return location.href")
    page.get((results / "4layerCNN").as_uri())
    page.back()
    wait_for(lambda: lines(page), "lines")
    assert page.execute_script("return location.href") == address
    shown = [row for row in find(page, "tr.group") if row.is_displayed()]
    assert [row.text.split("\n")[0] for row in shown] == [HOSTILE, "seeds"]
    keys = [box.get_attribute("value") for box in find(page, "tbody input:checked")]
    assert f"runs={','.join(keys)}&" in address and len(keys) == 2
    assert find(page, "#found")[0].text == "2 of 4 rows"


def test_nothing_ticked_says_so(page):
    for label in ("decay", "seeds"):
        tick(page, label)
    find(page, "a.skip")[1].send_keys("\n")
    assert find(page, "#comparison-2")[0].text == "No row is ticked."


def test_paper_has_the_whole_table_and_plot(page):
    """As the dialog prints it: the last column, and the lines' right ends, are on the paper."""
    options = {"printBackground": False, "preferCSSPageSize": True, "paperWidth": 8.3}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    size = {"width": 1047, "height": 700, "deviceScaleFactor": 1, "mobile": False}  # A4, landscape
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        right = (
            "return Math.max(...[...document.querySelectorAll('th, td')]"
            ".map(each => each.getBoundingClientRect().right))"
        )
        assert page.execute_script(right) <= 1047
        page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
        wide = "return document.querySelectorAll('.plot svg')[0].getBoundingClientRect().right"
        wait_for(lambda: page.execute_script(wide) <= 1047, "narrow plot")
        assert page.execute_cdp_cmd("Page.printToPDF", options)["data"]
    finally:
        page.execute_script("window.dispatchEvent(new Event('afterprint'))")
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_table_is_had_as_csv(page):
    page.execute_script("URL.createObjectURL = blob => { window.kept = blob; return '#'; }")
    sift(page, "backend = jax")
    find(page, "section:nth-of-type(2) button.csv")[0].click()
    text = page.execute_async_script("window.kept.text().then(arguments[0])")
    table = pd.read_csv(io.StringIO(text))
    assert [*table.run] == ["decay", "seeds"] and table.accuracy[1] == "72.00 ± 2.00 % (n = 3)"
    assert table["against the baseline"][1] == "the baseline"


def test_a_hyperparameter_has_a_column_only_where_rows_differ_in_it(page):
    heads = "section:nth-of-type(2) thead th"
    assert "backend" in text_of(page, heads) and "decay" in text_of(page, heads)
    sift(page, "backend = jax")
    assert "backend" not in text_of(page, heads) and "decay" in text_of(page, heads)
    assert "backend jax" in find(page, "section:nth-of-type(2) .shared")[0].text


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


@pytest.mark.parametrize("width", [1440, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page, results, width, scheme):
    from axe_core_python.selenium import Axe

    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        open_page(page, results)
        tick(page, HOSTILE)
        for button in find(page, "button.open, details:not([open]) > summary"):
            button.send_keys("\n")
        found = Axe().run(page)["violations"]
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []


def test_the_keyboard_gets_to_a_comparison(page):
    for _ in range(14):
        page.switch_to.active_element.send_keys("\t")
        if page.switch_to.active_element.text.startswith("To the comparison of pets"):
            break
    page.switch_to.active_element.send_keys("\n")
    assert page.switch_to.active_element.get_attribute("id") == "comparison-2"
    assert page.execute_script("return location.hash") == ""


def test_runs_that_failed_say_so(browser, tmp_path):
    results = tmp_path / "results"
    ending = {"status": "diverged", "reason": "the loss became nan", "test_accuracy": None}
    failed = make_run(results, 1, **ending)
    (failed / "history.csv").unlink()
    write_page(compare(Options(results=results)), results)
    browser.get((results / "index.html").as_uri())
    words = "4layerCNN diverged in epoch 1: the loss became nan"
    wait_for(lambda: text_of(browser, ".empty")[0].endswith(words), "words")
    assert not find(browser, ".plot")[0].is_displayed()


def test_rows_beyond_those_that_are_compared(browser, tmp_path, monkeypatch):
    monkeypatch.setattr("internals.comparison.page_data.MOST_COMPARED", 2)
    results = tmp_path / "results"
    for number in range(4):
        make_run(results, number, accuracy=0.6 - number / 10, hyperparameters={"decay": number})
    write_page(compare(Options(results=results)), results)
    browser.get((results / "index.html").as_uri())
    wait_for(lambda: find(browser, "tr.group td.against button"), "rows")
    assert sorted(text[-1] for text in text_of(browser, "td.against")) == ["-", "-", "-", "e"]
    find(browser, "tr.group td.against button")[1].click()  # another baseline
    ends = sorted(text[-1] for text in text_of(browser, "td.against"))
    assert ends == ["-", "-", "e", "\u2026"]


def test_a_shared_file_stands_alone(browser, results, tmp_path):
    runs = tuple(map(str, sorted((results / "4layerCNN").iterdir())[2:4]))
    file = tmp_path / "elsewhere" / "shared.html"
    file.parent.mkdir()
    size = write_shared(compare(Options(results=results, runs=runs)), results, str(file))
    assert size == pytest.approx(file.stat().st_size / 1e6) and size < 7
    hidden = results.rename(results.with_name("gone"))
    try:
        browser.get(file.as_uri())
        wait_for(lambda: len(lines(browser)) == 2, "lines")
        broken = "return [...document.images].filter(i => i.complete && !i.naturalWidth).length"
        for summary in find(browser, "summary"):
            summary.send_keys("\n")
        pictures = "return document.images.length"
        wait_for(lambda: browser.execute_script(broken) == 0, "pictures")
        assert browser.execute_script(pictures) >= 3
        assert not find(browser, ".member a, a.slot")
    finally:
        hidden.rename(results)
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
