"""The palette: readable on the page and in pictures, and told apart by those who see two colours.

Colours are simulated with the matrices of Machado, Oliveira and Fernandes, "A Physiologically-based
Model for Simulation of Color Vision Deficiency" (2009), for a severity of 1.
"""

import itertools

import numpy as np
import pytest

from internals.core import palette

VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = TO_XYZ.sum(axis=1)
LEAST_DISTANCE = 15  # of CIE Lab; 2 can just be told apart side by side
LEAST_CONTRAST = {"line": 3, "letters": 4.5}  # of WCAG 2.2


def linear(color):
    """Return red, green and blue of "#rrggbb" as light, each in [0, 1]."""
    share = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def to_lab(light):
    share = TO_XYZ @ np.clip(light, 0, 1) / WHITE
    root = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def contrast(one, other):
    darker, lighter = sorted(float(TO_XYZ[1] @ linear(color)) for color in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


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
