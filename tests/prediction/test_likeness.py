"""Pictures unlike the training images are known, those of the same data hardly ever called so."""

import numpy as np
import pytest
from made_runs import DATA, change_record, make_run

from internals.data import image_statistics
from internals.data.dataset import load_digits
from internals.prediction.likeness import find_likeness
from internals.runs.run_reader import read_run


@pytest.fixture
def make_likeness(tmp_path):
    """Return a function that makes the Likeness to these training images, by way of run.json."""

    def make(images):
        described = {"image_statistics": image_statistics.describe(images)}
        described["images"] = {"train": len(images), "validation": 0, "test": 9}
        folder = make_run(tmp_path / str(len(images)), 1, data=DATA | described)
        return find_likeness(read_run(folder))

    return make


@pytest.fixture(scope="module")
def digits():
    (train, _), (test, _), _ = load_digits()
    return train, test


@pytest.fixture
def like(make_likeness, digits):
    return make_likeness(digits[0])


def share_unlike(like, images):
    return np.mean([bool(like.explain(image)) for image in images])


def test_test_images_are_like_training_images(like, digits):
    assert share_unlike(like, digits[1]) <= 0.01


def test_few_training_images_make_few_strangers(make_likeness, digits):
    train, test = digits
    like = make_likeness(train[:20])
    assert share_unlike(like, test) <= 0.01
    assert share_unlike(like, 255 - test) == 1


def test_ink_on_paper_is_to_be_inverted(like, digits):
    for image in 255 - digits[1][:50]:
        words = like.explain(image)
        assert "its edges are lighter (0." in words and words.endswith("Try it with --invert")
        assert "so the answer says little" in words
    words = like.explain(255 - digits[1][0], inverted=True)
    assert words.endswith("Try it without --invert")


def test_colour_and_noise_and_nothing(like, digits, random):
    reddish = digits[1][0].copy()
    reddish[..., 1:] //= 2
    assert "it has more colour (0.1" in like.explain(reddish)
    noise = random.integers(0, 256, (32, 32, 1), dtype="uint8").repeat(3, axis=2)
    assert "its neighbouring pixels differ more (0.3" in like.explain(noise)
    assert "it has less contrast (0.00, " in like.explain(np.full((32, 32, 3), 128, "uint8"))
    dark = digits[1][0] // 16  # as 12 bits in a file of 16
    assert like.explain(dark).endswith("Try it with more contrast")


def test_no_remedy_that_helps_little(like, random):
    smooth = np.linspace(60, 250, 32).astype("uint8")[:, None, None].repeat(32, 1).repeat(3, 2)
    smooth = smooth // np.array([1, 2, 3], dtype="uint8")
    assert like.explain(smooth) and "Try" not in like.explain(smooth)


def test_older_runs_have_no_statistics(tmp_path):
    folder = make_run(tmp_path, 1)
    assert find_likeness(read_run(folder)) is None
    change_record(folder, data=DATA | {"image_statistics": {"brightness": [0.1, 0.2]}})
    assert find_likeness(read_run(folder)) is None
    change_record(folder, data=DATA | {"image_statistics": {"brightness": [0.1, "0.2"]}})
    with pytest.raises(ValueError, match="image_statistics is .*a low and a high number"):
        read_run(folder)
