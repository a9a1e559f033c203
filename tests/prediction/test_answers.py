"""predict.py on networks whose answers are known: they go by the mean colour of a picture."""

import re
import shutil

import common
from internals.core.keras_loader import keras

import numpy as np
import pandas as pd
import pytest
from conftest import write_run
from made_runs import change_record, make_run, write_predictions
from matplotlib.figure import Figure
from PIL import Image

from internals.data.image_file import read_image
from internals.prediction import picture_sheet
from internals.prediction.answers import Answer
from internals.prediction.arguments import Options, find_run
from internals.prediction.asking import ask
from internals.prediction.network import load_predict
from internals.prediction.occlusion import occlude, predict_with_map
from internals.prediction.pictures import Preparation, read_picture
from internals.prediction.reliability import accuracy_at_confidence
from internals.runs.run_reader import read_run

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
SQUEEZED, CROPPED = Preparation(), Preparation(crop=True)
SURE = 100 * np.exp(3) / (np.exp(3) + 2)  # a network answers (3, 0, 0) before its softmax: 90.9 %


def save_network(path, size=(32, 32), classes=3):
    """Write a network that calls what is red a cat, green a dog, blue a frog."""
    model = keras.Sequential([keras.Input((*size, 3)), keras.layers.GlobalAveragePooling2D()])
    model.add(keras.layers.Dense(classes, activation="softmax"))
    model.set_weights([3 * np.eye(3, classes), np.zeros(classes)])
    model.save(path)


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """Return a folder of networks: one for 32 x 32, one for pictures of 64 by 48."""
    folder = tmp_path_factory.mktemp("networks")
    save_network(folder / "model.keras")
    save_network(folder / "wide.keras", (48, 64))
    save_network(folder / "four.keras", classes=4)
    return folder


@pytest.fixture
def trained(tmp_path, networks):
    """Return the folder of a trained run: 60 test images called rightly but for every third."""
    folder = make_run(tmp_path / "results", 1, name="known", accuracy=2 / 3)
    shutil.copy(networks / "model.keras", folder)
    write_predictions(folder, np.arange(180) % 9 < 6, sure=0.92)
    return folder


@pytest.fixture
def predict(tmp_path, zygote):
    """Return a function that runs predict.py above the folder `results`."""
    return lambda *arguments: zygote.run("predict", *arguments, cwd=tmp_path, output=tmp_path)


def save_picture(path, color, middle=None, size=(96, 32)):
    """Write a picture, its middle third of another colour; return its path."""
    picture = Image.new("RGB", size, color)
    third = size[0] // 3
    picture.paste(middle or color, (third, 0, 2 * third, size[1]))
    path.parent.mkdir(exist_ok=True)
    picture.save(path)
    return path


def test_answers(tmp_path, trained, predict):
    save_picture(tmp_path / "wide.png", BLUE, middle=RED)
    save_picture(tmp_path / "red one.jpg", (254, 0, 0), size=(30, 30))
    process = predict("results/4layerCNN", "wide.png", "red one.jpg", "--csv", "answers.csv")
    assert process.returncode == 0 and process.stderr == ""
    assert f"run: {trained.relative_to(tmp_path)}\n" in process.stdout
    assert "It knows 3 classes, cat, dog, frog, and calls everything one" in process.stdout
    assert "It names 66.67 % of its test images rightly" in process.stdout
    assert "squeezed, 32 x 32 pixels, as the run's images were\n" in process.stdout
    assert "\nwide.png: frog " in process.stdout
    assert "\nred one.jpg: cat 90.8 %, " in process.stdout
    said = "    of the 60 test images that it called 'cat' with 90 to 95 %, 67 % were 'cat' (95 % "
    assert said in process.stdout
    assert process.stdout.count("drawn as") == process.stdout.count("drawn as red-one.png") == 1
    table = pd.read_csv(tmp_path / "answers.csv")
    assert table.picture.tolist() == ["wide.png", "red one.jpg"]
    assert table["first"].tolist() == ["frog", "cat"]
    assert table.first_probability[1] == pytest.approx(SURE / 100, abs=2e-3)
    assert table.test_images[1] == 60
    assert table.share_right[1] == pytest.approx(2 / 3, abs=1e-5)
    assert table.drawn.tolist() == ["wide.png", "red-one.png"]
    assert {path.name for path in (trained / "own").iterdir()} == {*table.drawn}


def test_another_preparation_has_no_word_on_belief(tmp_path, trained, predict):
    save_picture(tmp_path / "wide.png", BLUE, middle=RED)
    process = predict("known", "wide.png", "--crop", "--csv", "answers.csv")
    assert process.returncode == 0 and process.stderr == ""
    words = "its centre square, 32 x 32 pixels; the run's images were prepared in another way"
    assert words in " ".join(process.stdout.split())
    assert f"\nwide.png: cat {SURE:.1f} %, dog 4.5 %, frog 4.5 %\n    drawn as" in process.stdout
    assert "test_images" not in pd.read_csv(tmp_path / "answers.csv")
    assert {path.name for path in (trained / "own").iterdir()} == {"wide-crop.png"}


@pytest.mark.parametrize("changes", [{"crop": True}, {"invert": True}])
def test_preparation_of_a_run(trained, changes):
    """Older runs squeezed their images, too; what another run did is not known here."""
    run, data = read_run(trained), {**read_run(trained).record["data"]}
    assert SQUEEZED.is_that_of(run) and not Preparation(**changes).is_that_of(run)
    run = read_run(change_record(trained, data=data | {"preparation": "squeezed"}))
    assert SQUEEZED.is_that_of(run) and not Preparation(**changes).is_that_of(run)
    run = read_run(change_record(trained, data=data | {"preparation": "cropped"}))
    assert not SQUEEZED.is_that_of(run) and not Preparation(**changes).is_that_of(run)


def test_size_is_the_network_s(tmp_path, trained, networks, capsys):
    shutil.copy(networks / "wide.keras", trained / "model.keras")
    photo = save_picture(tmp_path / "photo.png", BLUE, middle=RED, size=(108, 36))
    ask(read_run(trained), [str(photo)], CROPPED, [], common.normalise)
    share = re.search(r"photo.png: cat (\S+) %, frog", capsys.readouterr().out)[1]
    red, blue = 3 * 36 / 48, 3 * 12 / 48  # 48 columns are cut out, 36 of them red
    expected = 100 * np.exp(red) / (np.exp(red) + np.exp(blue) + 1)
    assert float(share) == pytest.approx(expected, abs=1)


def test_pictures_of_one_name(tmp_path, trained):
    first = save_picture(tmp_path / "a" / "photo.png", RED)
    others = [save_picture(tmp_path / "b" / f"photo.{kind}", GREEN) for kind in ("png", "bmp")]
    mine = save_picture(tmp_path / "mine.png", RED)
    (trained / "own").mkdir()
    (trained / "own" / "mine.png").write_text("no picture of ours")

    def draw(photo):
        answer = Answer(str(photo), ["cat", "dog"], np.array([0.6, 0.4]), None)
        nothing = np.zeros((32, 32, 3), dtype="uint8"), np.zeros((12, 12))
        return picture_sheet.draw_sheet(read_run(trained), answer, *nothing, SQUEEZED).name

    names = [draw(photo) for photo in (first, *others, mine)]
    assert names == ["photo.png", "photo-2.png", "photo-3.png", "mine-2.png"]
    drawn = {path.name: path.read_bytes() for path in (trained / "own").iterdir()}
    assert sorted(drawn) == sorted([*names, "mine.png"])
    assert drawn["mine.png"] == b"no picture of ours"
    save_picture(others[0], BLUE)
    assert draw(others[0]) == "photo-2.png"  # where it was drawn before, and nothing else changes
    again = {path.name: path.read_bytes() for path in (trained / "own").iterdir()}
    assert {name for name in again if again[name] != drawn.get(name)} == {"photo-2.png"}


def test_wrong_pictures(tmp_path, trained, predict):
    good = save_picture(tmp_path / "good.png", RED)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "half.png").write_bytes(good.read_bytes()[:60])
    process = predict("known", "nowhere.jpg", "results")
    assert process.returncode == 2 and "knows" not in process.stdout
    assert process.stderr == (
        "error: nowhere.jpg does not exist; it must be a picture\n"
        "error: results is a folder; name the pictures in it: results/*.jpg\n"
    )
    process = predict("known", "notes.txt", "good.png", "half.png", "--csv", "answers.csv")
    assert process.returncode == 2 and "good.png: cat" in process.stdout
    first, second = process.stderr.splitlines()
    assert first.startswith("error: notes.txt is no picture that can be read; it must be PNG, JPEG")
    assert second.startswith("error: half.png cannot be read: ")
    assert pd.read_csv(tmp_path / "answers.csv").picture.tolist() == ["good.png"]


def test_a_run_may_be_called_as_a_folder_is(tmp_path, trained, predict):
    """Whoever names a run after its images has both."""
    save_picture(tmp_path / "known" / "photo.png", RED)
    process = predict("known", "known/photo.png")
    assert process.returncode == 0 and "photo.png: cat" in process.stdout


def test_wrong_options(tmp_path, trained, predict):
    save_picture(tmp_path / "photo.png", RED)
    before = (tmp_path / "photo.png").read_bytes()
    for arguments, words in (
        (["known", "--crop"], "no picture is named; first comes the run, then one picture or more"),
        (["nowhere", "photo.png"], "nowhere is not a folder of runs, nor the name of a run; "),
        (["photo.png", "results"], "photo.png is not a folder of runs, nor the name of a run; "),
        (["known", "photo.png", "--csv", "no/a.csv"], "csv is 'no/a.csv'; there is no folder no"),
        (["known", "photo.png", "--csv", "results"], "csv is 'results'; that is a folder"),
        (["known", "--csv", "photo.png", "photo.png"], "csv is 'photo.png'; it is written as text"),
        (["known", "photo.png", "--csv", "t.xlsx"], "csv is 't.xlsx'; it is written as text"),
    ):
        process = predict(*arguments)
        assert process.returncode == 2, arguments
        assert process.stderr.startswith(f"error: {words}") and process.stderr.count("\n") == 1
    assert (tmp_path / "photo.png").read_bytes() == before
    assert not (trained / "own").exists()


def test_run_without_its_network(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results"
    make_run(results, 2, script="4layerCNN", command="python 4layerCNN.py --seed 3")
    stopped = make_run(results, 3, script="6layerCNN", status="interrupted")
    (stopped / "checkpoint.npz").touch()
    (write_run(results, "udacity_cnn", 4) / "run.json").write_text("{")
    for name, words in (
        ("4layerCNN", "has no model.keras, the trained network, which git does not keep. To make"),
        ("4layerCNN", " one: KERAS_BACKEND=jax python 4layerCNN.py --seed 3\n"),
        (f"6layerCNN/{stopped.name}", "To go on: KERAS_BACKEND=jax python 6layerCNN.py --resume "),
        ("results/udacity_cnn", "2026-11-20_14-30-04 is broken: run.json: Expecting"),
    ):
        with pytest.raises(SystemExit) as stop:
            find_run(Options(run=name, pictures=("photo.png",)))
        message = capsys.readouterr().err
        assert stop.value.code == 2 and message.count("\n") == 1
        assert words in message


def test_newest_trained_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folders = [make_run(tmp_path / "results", n, name="same") for n in (1, 2, 3)]
    for folder in folders[:2]:
        (folder / "model.keras").touch()
    (write_run(tmp_path / "results", "4layerCNN", 4) / "run.json").write_text("{")
    for word in ("4layerCNN", "results/4layerCNN", "results", "same"):
        run = find_run(Options(run=word, pictures=()))
        assert run.folder.resolve() == folders[1]
        said = capsys.readouterr().out
        assert ", the newest of 2 with a trained network\n" in said
        assert ("passed over: results/4layerCNN/2026-11-20_14-30-04" in said) == (word != "same")
    assert find_run(Options(run=folders[0].name, pictures=())).folder.resolve() == folders[0]
    assert "newest" not in capsys.readouterr().out


def test_without_predictions(tmp_path, trained, capsys):
    photo = save_picture(tmp_path / "photo.png", RED)
    (trained / "predictions.csv").unlink()
    (row,) = ask(read_run(trained), [str(photo)], SQUEEZED, [], common.normalise)
    said = capsys.readouterr()
    assert "How far to believe it cannot be told: predictions.csv: " in said.out
    assert "photo.png: cat 90.9 %, dog 4.5 %, frog 4.5 %\nDrawn in " in said.out
    assert said.err == "" and "test_images" not in row


def test_network_of_another_run(tmp_path, trained, networks, capsys):
    photo = save_picture(tmp_path / "photo.png", RED)
    shutil.copy(networks / "four.keras", trained / "model.keras")
    for words in (
        "answers with (None, 4), but run.json beside it names 3 classes",
        "model.keras cannot be loaded; it is damaged, or ",
    ):
        with pytest.raises(SystemExit) as stop:
            ask(read_run(trained), [str(photo)], SQUEEZED, [], common.normalise)
        message = capsys.readouterr().err
        assert stop.value.code == 2 and words in message and message.count("\n") == 1
        (trained / "model.keras").write_bytes(b"half of it")
    assert not (trained / "own").exists()


# ------------------------------------------------------------------------------------------------
# The parts


def test_whole_picture_is_what_an_image_folder_has(tmp_path, random):
    pixels = random.integers(0, 256, (90, 160, 3), dtype="uint8")
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    whole = read_picture(tmp_path / "photo.png", (32, 32), SQUEEZED)
    np.testing.assert_array_equal(whole, read_image(tmp_path / "photo.png"))
    Image.fromarray(pixels[:, 35:125]).save(tmp_path / "square.png")
    square = read_picture(tmp_path / "photo.png", (32, 32), CROPPED)
    cut = read_image(tmp_path / "square.png")
    np.testing.assert_array_equal(square[:, 1:-1], cut[:, 1:-1])
    np.testing.assert_allclose(square, cut, atol=20)  # the edge pixels blend in what is beside them


def test_belief():
    names = ["cat"] * 30 + ["dog"] * 30
    table = pd.DataFrame({"predicted": names, "true": ["cat"] * 45 + ["dog"] * 15})
    table["probability"] = [0.6] * 20 + [0.8] * 10 + [0.79] * 5 + [1.0] * 25
    belief = accuracy_at_confidence(table, "cat", 0.6)
    assert (belief.images, belief.right) == (20, 20)
    assert str(belief) == (
        "of the 20 test images that it called 'cat' with 60 to 80 %, 100 % were 'cat' "
        "(95 % interval 83 to 100 %)"
    )
    belief = accuracy_at_confidence(
        table, "dog", 0.7
    )  # 5 dogs only; of all 25 the 20 cats are right
    assert (belief.images, belief.right) == (25, 20)
    assert str(belief).startswith(
        "it called only 5 test images 'dog' with 60 to 80 %; of the 25 images to which it gave "
        "any answer with 60 to 80 %, 80 % were named rightly ("
    )
    belief = accuracy_at_confidence(
        table, "cat", 0.85
    )  # only its 10; near are 5 of 0.79 and 5 of 1
    assert (belief.images, belief.right) == (20, 10)
    assert "10 test images 'cat' with 80 to 90 %; of the 20 with the nearest" in str(belief)
    assert "nearest probabilities (79 to 100 %), 50 % were named rightly" in str(belief)
    assert str(accuracy_at_confidence(table, "dog", 0.3)).startswith(
        "it called no test image 'dog' with 20 to 40"
    )
    assert str(accuracy_at_confidence(table, "frog", 1.0)).startswith(
        "it called no test image 'frog'; of the 25 "
    )
    assert accuracy_at_confidence(table, "dog", 1.0).images == 25  # 99 to 100 % has both ends
    assert accuracy_at_confidence(table[:3], "dog", 0.5).images == 3


@pytest.fixture
def corner():
    """Return a network that looks at the lower left corner alone, and an image that is white there.

    Without the white it holds all three classes for equally probable.
    """
    image = np.zeros((32, 32, 3), dtype="uint8")
    image[28:, :4] = 255
    weights = np.zeros((32, 32, 3, 3))
    weights[28:, :4, :, 0] = 1
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.set_weights([weights.reshape(-1, 3), np.zeros(3)])
    return model, image


def test_occlusion_finds_what_counts(corner):
    model, image = corner
    predict = lambda images: model.predict_on_batch(common.normalise(images))  # noqa: E731
    probabilities, falls = predict_with_map(predict, image)
    assert probabilities[0] > 0.99
    covered = falls > 0.01
    assert covered[-1, 0] and falls[-1, 0] == falls.max()
    assert not covered[:7].any() and not covered[:, 5:].any()


@pytest.mark.parametrize(("flip", "words"), [(False, "cat 100.0 %"), (True, "cat 66.7 %")])
def test_picture_is_looked_at_as_test_images_are(tmp_path, trained, corner, capsys, flip, words):
    model, image = corner
    model.save(trained / "model.keras")
    Image.fromarray(image).save(tmp_path / "photo.png")
    run = read_run(change_record(trained, hyperparameters={"flip_test": flip}))
    ask(run, [str(tmp_path / "photo.png")], SQUEEZED, [], common.normalise)
    assert f"photo.png: {words}" in capsys.readouterr().out
    expected = common.evaluate(model, image[np.newaxis], np.array([0]), flip)[0]
    predict, shape = load_predict(run, ["cat", "dog", "frog"], common.normalise)
    assert shape == (32, 32, 3)
    probabilities, falls = predict_with_map(predict, image, flip)
    np.testing.assert_allclose(probabilities, expected[0], atol=1e-6)


@pytest.mark.parametrize("size", [(16, 16), (32, 32), (50, 70)])
def test_covers(random, size):
    image = random.integers(0, 256, (*size, 3), dtype="uint8")
    copies = occlude(image)
    assert copies.shape == (144, *size, 3) and copies.dtype == np.uint8
    changed = (copies != image).any(axis=-1)
    assert changed.any(axis=0).all()  # each pixel is covered by some square
    inner = changed.reshape(12, 12, *size)[2:10, 2:10].sum(axis=(2, 3))
    sixteenth = size[0] * size[1] / 16
    assert abs(inner - sixteenth).max() < 0.15 * sixteenth + 2
    for copy, different in zip(copies, changed):
        assert len(np.unique(copy[different], axis=0)) <= 1  # one colour


@pytest.mark.parametrize("count", [2, 10, 1000])
def test_portrait(tmp_path, trained, monkeypatch, count):
    figures = []
    save = picture_sheet.save_figure

    def keep(figure, *where, **settings):
        figures.append(figure)
        save(figure, *where, **settings)

    monkeypatch.setattr(picture_sheet, "save_figure", keep)
    photo = save_picture(tmp_path / ("$\\frac$" + "long" * 40 + ".png"), RED)
    names = ["a class with quite a long name", "\U00010400", *map(str, range(count))][:count]
    shares = np.array([0.6, 0.4] + [0] * (count - 2))
    answer = Answer(photo, names, shares, None)
    seen = np.zeros((32, 32, 3), dtype="uint8")
    falls = np.zeros((12, 12))
    falls[3, 4] = 0.25
    path = picture_sheet.draw_sheet(read_run(trained), answer, seen, falls, CROPPED)
    assert path.parent == trained / "own" and path.name.startswith("frac-longlong")
    assert path.stem.endswith("-crop")
    assert Image.open(path).size == (2520, 940)
    title, small, *_ = (text.get_text() for text in figures[0].texts)
    assert title == "a class with quite a long name, 60.0 %"  # however long the photo's path is
    assert "frac" in small and "…" in small and small.endswith(f", by {read_run(trained).name}")
    photo, saw, counted, scale, bars = figures[0].axes
    assert [bar.get_width() for bar in bars.patches] == shares[:10].tolist()
    words = [text.get_text() for text in bars.texts]
    assert words[0].startswith("a class with") and words[1:4] == ["60.0 %", "class 1", "40.0 %"]
    assert ("990 more classes" in bars.get_title()) == (count == 1000)
    assert [text.get_text() for text in scale.texts][2] == "−25 points"
    overlay = counted.images[1].get_array()
    assert overlay[3, 4, 0] > overlay[3, 4, 2] and overlay[3, 4, 3] > 0.8  # red, and to be seen
    assert overlay[0, 0, 3] == 0
    assert sum(patch.get_width() for patch in photo.patches[:2]) == 64  # of 96 are cut away


@pytest.mark.parametrize(
    ("share", "fall", "words"),
    [
        (0.9, 0.0, "less than 0.1 points"),
        (0.9, 0.018, "1.8 points at most"),  # too pale to be seen on a scale of 5 points
        (0.9, 0.03, ""),
        (0.033, 0.02, ""),  # more than half of what there is
        (0.033, 0.01, "1.0 points at most"),
    ],
)
def test_no_map_is_blank_without_a_word(share, fall, words):
    figure, falls = Figure(), np.zeros((12, 12))
    falls[3, 4] = fall
    seen = np.arange(3072, dtype="uint8").reshape(32, 32, 3)
    picture_sheet.plot_occlusion_map(figure, seen, falls, "cat", share)
    counted = figure.axes[0]
    said = "".join(text.get_text() for text in counted.texts).replace("\n", " ")
    assert words in said and bool(said) == bool(words)
    seen_at = counted.images[1].get_array()[3, 4, 3]
    assert words or seen_at > 0.5
