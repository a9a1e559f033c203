"""The palette: readable on the page and in pictures, and told apart by those who see two hues."""

import itertools

import numpy as np
import pytest
from color_vision import VISION, contrast, linear, to_lab

from internals.core import palette

LEAST_DISTANCE = 15  # of CIE Lab; 2 can just be told apart side by side
LEAST_CONTRAST = {"line": 3, "letters": 4.5}  # of WCAG 2.2


@pytest.mark.parametrize("vision", VISION)
def test_colors_are_told_apart(vision):
    seen = {color: to_lab(VISION[vision] @ linear(color)) for color in palette.COLORS}
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > LEAST_DISTANCE, (one, other)
    right, wrong = (
        to_lab(VISION[vision] @ linear(color))
        for color in (palette.RIGHT_COLOR, palette.WRONG_COLOR)
    )
    assert np.linalg.norm(right - wrong) > 3 * LEAST_DISTANCE


def test_the_simulation_is_the_known_one():
    assert np.allclose(to_lab(linear("#ffffff")), [100, 0, 0], atol=0.01)
    red, green = (
        to_lab(VISION["deuteranopia"] @ linear(color)) for color in ("#8c564b", "#2ca02c")
    )
    assert np.linalg.norm((red - green)[1:]) < 40  # Matplotlib's brown and green have one hue
    normal = to_lab(linear("#8c564b")) - to_lab(linear("#2ca02c"))
    assert np.linalg.norm(normal[1:]) > 70


@pytest.mark.parametrize("background", ["#ffffff", "#121212"])
def test_lines_are_seen(background):
    for color in palette.COLORS:
        assert contrast(color, background) > LEAST_CONTRAST["line"], color


def test_small_letters_are_read():
    for color in (palette.RIGHT_COLOR, palette.WRONG_COLOR):
        assert contrast(color, "#ffffff") > LEAST_CONTRAST["letters"], color


def test_every_place_has_a_style_of_its_own():
    styles = [palette.style_of(place) for place in range(24)]
    assert len({*styles}) == 24 and palette.style_of(24) == styles[0]
    assert {dash for _, dash in styles} == {*palette.MATPLOTLIB_DASHES}
    assert [dash for _, dash in styles[:6]] == ["solid"] * 6  # dashes only where colours run out
