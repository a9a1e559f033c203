"""Names and numbers as text: shortened names stay distinct, differences have their sign."""

import pytest

from internals.core.text import format_points, shorten_name, shorten_names


def test_the_middle_is_cut_out():
    assert shorten_name("abcdefghij", 10) == "abcdefghij"
    assert shorten_name("abcdefghijk", 10) == "abcde…hijk"
    assert shorten_name("abcdefghijk", 2) == "a…" and shorten_name("abc", 1) == "…"


def test_what_all_share_is_dropped():
    runs = [f"udacity_cnn, epochs 3, learning rate {rate}, seed 0" for rate in (0.001, 0.01, 0.1)]
    assert shorten_names(runs, 20) == [f"learning rate {rate}" for rate in (0.001, 0.01, 0.1)]
    snakes = ["Eastern Diamondback Snake", "Eastern Diamondback Rattler"]
    assert shorten_names(snakes, 24) == ["Snake", "Rattler"]
    assert shorten_names(snakes, 30) == snakes  # nothing is too long
    assert shorten_names(["a large cat", "a large dog"], 10) == ["cat", "dog"]


@pytest.mark.parametrize(
    "names",
    [
        [f"{'x' * 40}{number}" for number in range(120)],
        [f"{number}{'x' * 40}" for number in range(120)],
        [f"{'x' * 40}{number}{'y' * 40}" for number in range(120)],  # only the middle differs
        [f"photos of a large {color} car in a street" for color in ("red", "blue", "green")],
        ["x" * 30, "x" * 31, "x" * 32, "", "x"],
        ["Snake", "Eastern Diamondback Snake", "Western Diamondback Snake", "Snake" * 9],
        ["a" * 9 + "…" + "a" * 8, "a" * 40],
        ["响尾蛇" * 9, "响尾蛇" * 9 + "二", "响尾蛇"],
        [f"rate 0.0{n}, batch size {n}, decay 0.00{n}" for n in range(9)],
        [f"{a} {b} {c}" for a in ("one", "two") for b in ("mean " * 9, "fine " * 9) for c in "xyz"],
    ],
)
@pytest.mark.parametrize("length", [4, 7, 18, 34])
def test_shortened_names_stay_distinct(names, length):
    short = shorten_names(names, length)
    assert len({*short}) == len({*names})
    assert max(map(len, short)) <= max(length, len("…120"))
    assert all(short) or "" in names


def test_what_differs_is_what_is_seen():
    colors = ("red", "blue", "green")
    short = shorten_names([f"photos of a large {color} car in a street" for color in colors], 18)
    assert short == [*colors]
    mixed = [f"photos of a {color} car in a street" for color in colors] + ["a portrait of a horse"]
    short = shorten_names(mixed, 18)
    assert all(color in text for color, text in zip(colors, short, strict=False))
    assert shorten_names(["Greater Sage-Grouse of the West"], 12) == ["Greate… West"]
    assert shorten_names([], 12) == []
    assert shorten_names(["cat"] * 2 + ["d" * 30], 10) == ["cat", "cat", "ddddd…dddd"]


def test_differences_have_a_sign():
    texts = [format_points(number, 1) for number in (-3.5, 3.5, -0.04, 0.0)]
    assert texts == ["\N{MINUS SIGN}3.5", "+3.5", "0.0", "0.0"]
