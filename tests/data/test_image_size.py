"""Image folders at other sizes: what is read, what memory that takes, and what does not fit."""

import math

import common

import joblib
import numpy as np
import pytest
from conftest import import_script

from internals.core.free_memory import find_free
from internals.data import image_reading, parallel_reading
from internals.data.batches import ImageBatches
from internals.data.image_file import read_image
from internals.training import memory_estimate
from internals.training.architecture import explaining_small_images


@pytest.fixture
def folder(digits_folder, make_hyperparameters):
    return lambda size: make_hyperparameters(data=str(digits_folder), image_size=size)


def test_images_have_the_size_that_is_asked_for(folder, digits_folder):
    data = common.load_data(folder(48))
    assert data.x_train.shape == (200, 48, 48, 3) and data.x_test.shape == (80, 48, 48, 3)
    for name, image in zip(data.test_names[:9], data.x_test):
        np.testing.assert_array_equal(image, read_image(digits_folder / name, (48, 48)))
        assert read_image(digits_folder / name).shape == (32, 32, 3)


def test_run_of_another_size(zygote, tmp_path, digits_folder):
    """The run says what it takes, has the size in its record, and goes on with it."""
    words = ["--data", digits_folder, "--image-size", "16", "--batch-size", "64", "--epochs", "1"]
    process = zygote.run("udacity_cnn", *words, cwd=tmp_path, output=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "memory:     0.2 MB for the images and about" in process.stdout
    assert "updates:    3 an epoch, 3 in 1 epoch" in process.stdout
    (run,) = (tmp_path / "results" / "udacity_cnn").iterdir()
    assert '"image_size": 16' in (run / "run.json").read_text()
    assert "reading images" not in process.stdout


def test_too_few_pixels_for_the_network(zygote, tmp_path, digits_folder):
    words = ["--data", digits_folder, "--image-size", "16"]
    process = zygote.run("vgg16", *words, cwd=tmp_path, output=tmp_path)
    assert process.returncode == 2
    assert process.stderr == (
        "error: the network shrinks its images to 1 x 1 pixels, too few for the next layer, "
        "pool_size=[2 2]; it needs larger images, by image_size, or fewer such layers\n"
    )
    assert not (tmp_path / "results").exists()


def test_other_errors_of_a_network_keep_their_traceback():
    with pytest.raises(ValueError, match="another"), explaining_small_images():
        raise ValueError("another")


# ------------------------------------------------------------------------------------------------
# Memory

GB = 10**9


def test_images_that_do_not_fit(monkeypatch, capsys):
    monkeypatch.setattr(image_reading, "find_free", lambda: 2 * GB)
    image_reading.check_images(100_000, 64)
    with pytest.raises(SystemExit) as end:
        image_reading.check_images(100_000, 512)
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        "error: image_size is 512; 100,000 images take 78.6 GB of memory then, and 2.0 GB are "
        "free; 64 would fit\n"
    )
    with pytest.raises(SystemExit):
        image_reading.check_images(10_000_000, 512)
    assert "not even 16 would fit" in capsys.readouterr().err


def test_training_that_does_not_fit(monkeypatch, capsys, folder):
    """What is named as fitting does fit, and no size is named where only 32 is possible."""
    script = import_script("udacity_cnn")
    images = np.broadcast_to(np.uint8(0), (1000, 128, 128, 3))
    data = common.Dataset(*[images, np.zeros(1000, int)] * 3, ["a", "b"])
    model = script.build_model(data.image_shape, 2)
    own = folder(128).but(batch_size=9999)  # more than there are
    need = sum(memory_estimate.training_bytes(model, 1000))
    outputs = 128**2 * (16 * 1.25 + 8 * 1.25 + 4 * 1.25 + 2 * 1.25 * 1.5)  # with dropout, flatten
    assert need == pytest.approx(4000 * outputs, rel=0.05)
    monkeypatch.setattr(memory_estimate, "find_free", lambda: need)
    memory_estimate.check_training(model, data, own)
    monkeypatch.setattr(memory_estimate, "find_free", lambda: need / 3)
    with pytest.raises(SystemExit):
        memory_estimate.check_training(model, data, own)
    error = capsys.readouterr().err
    assert error.startswith("error: image_size is 128 and batch_size 1000; training takes about")
    assert error.endswith("GB are free; image_size 64 or batch_size 295 would fit\n")
    assert sum(memory_estimate.training_bytes(script.build_model((64, 64, 3), 2), 1000)) < need / 3
    assert sum(memory_estimate.training_bytes(model, 295)) < need / 3
    with pytest.raises(SystemExit):
        memory_estimate.check_training(model, data, own.but(image_size=32))
    assert "are free; batch_size 295 would fit" in capsys.readouterr().err


def test_free_memory_as_linux_tells_it(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    assert find_free(tmp_path) == math.inf
    write("proc/meminfo", "MemTotal: 16000 kB\nMemAvailable: 8000 kB\nHugePages_Total: 0\n")
    assert find_free(tmp_path) == 8000 * 1024
    group = "sys/fs/cgroup"
    write(f"{group}/memory.current", "5000000\n")
    write(f"{group}/memory.stat", "anon 3000000\ninactive_file 1000000\n")
    write(f"{group}/memory.max", "max\n")
    assert find_free(tmp_path) == 8000 * 1024
    write(f"{group}/memory.max", "6000000\n")
    assert find_free(tmp_path) == 2_000_000
    write(f"{group}/memory.max", "1000\n")
    assert find_free(tmp_path) == 0


def test_large_images_are_evaluated_a_few_at_a_time():
    for side, batch in ((1, 100), (32, 100), (64, 25), (512, 1)):
        images = np.zeros((2, side, side, 3), dtype="uint8")
        assert ImageBatches(images, np.zeros(2), None).batch_size == batch


# ------------------------------------------------------------------------------------------------
# Many files, several processes: eval stands in for a decoder


@pytest.fixture
def impatient(monkeypatch):
    """Have other processes go on after the first file."""
    monkeypatch.setattr(parallel_reading, "ALONE", 0)


@pytest.mark.skipif(joblib.cpu_count() == 1, reason="one core reads alone")
def test_other_processes_read_the_same_and_load_no_keras(impatient):
    here = ["(int(__import__('os').environ.get('nobody', 7)), 3)"] * 3 + ["broken"]
    there = ["__import__('internals.data.dataset') and 'keras' in __import__('sys').modules"] * 2
    there = [f"({each}, 0)" for each in there]
    images, peaks, problems = parallel_reading.read_all(eval, here + there, ())
    assert images[[0, 1, 2, 4, 5]].tolist() == [7, 7, 7, 0, 0]
    assert peaks.tolist() == [3, 3, 3, 0, 0, 0]
    assert problems == {3: "name 'broken' is not defined"}


def test_a_bar_on_a_terminal_only(monkeypatch, capsys):
    drawn = []

    class Bar(parallel_reading.Progress):
        def update(self, task, completed, refresh):
            drawn.append((self.disable, completed))

    monkeypatch.setattr(parallel_reading, "Progress", Bar)
    for terminal in (True, False):
        monkeypatch.setattr("sys.stdout.isatty", lambda terminal=terminal: terminal)
        capsys.readouterr()
        parallel_reading.read_all(eval, ["(1, 0)"] * 20, ())
    assert drawn == [(False, 20), (True, 20)]
    assert capsys.readouterr().out == ""
