"""Statistics of images whose values are known beforehand."""

import json

import numpy as np

from internals.data.dataset import load_digits
from internals.data.image_statistics import AT_ONCE, MOST_IMAGES, NAMES, describe, measure


def statistics_of(image):
    return dict(
        zip(NAMES, measure(image[np.newaxis])[0].astype(float).round(4).tolist(), strict=True)
    )


def test_known_values():
    framed = np.full((32, 32, 3), 255, dtype="uint8")
    framed[2:-2, 2:-2] = 0
    found = statistics_of(framed)
    assert found["edge_brightness"] == 1 and found["colourfulness"] == 0
    assert found["brightness"] == round(1 - (28 / 32) ** 2, 4)
    red = np.zeros((32, 32, 3), dtype="uint8")
    red[..., 0] = 255
    assert statistics_of(red) == {
        "brightness": round(1 / 3, 4),
        "edge_brightness": round(1 / 3, 4),
        "contrast": 0,
        "colourfulness": 1,
        "detail": 0,
    }
    stripes = np.zeros((32, 32, 3), dtype="uint8")
    stripes[::2] = 255
    assert (statistics_of(stripes)["contrast"], statistics_of(stripes)["detail"]) == (0.5, 0.5)


def test_any_size(random):
    for size in ((1, 1), (1, 40), (16, 16), (33, 70), (512, 512)):
        images = random.integers(0, 256, (AT_ONCE // 50 + 1, *size, 3), dtype="uint8")
        found = measure(images)
        assert found.shape == (len(images), len(NAMES))
        assert np.isfinite(found).all() and (found >= 0).all() and (found <= 1).all()


def test_description_holds_nearly_all(random):
    (images, _), _, _ = load_digits()
    assert len(images) > MOST_IMAGES
    described = describe(images)
    assert described == describe(images) == json.loads(json.dumps(described))
    low, high = np.transpose([described[name] for name in NAMES])
    found = measure(images)
    assert ((found < low - 1e-4) | (found > high + 1e-4)).any(axis=1).mean() < 0.05
    larger = images[:50].repeat(8, axis=1).repeat(8, axis=2)  # looked at where it is as before
    np.testing.assert_allclose(measure(larger), found[:50], atol=1e-6)
