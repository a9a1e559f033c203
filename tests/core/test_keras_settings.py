"""What a user's keras.json, or a variable of Keras, sets: refused in one line, or passed over."""

import json

import pytest

from internals.core import keras_settings


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Return a function that checks a keras.json of this content; it returns what is said."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)

    def check(content, exit_status=2):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "keras.json").write_text(text)
        if exit_status:
            with pytest.raises(SystemExit) as end:
                keras_settings.check()
            assert end.value.code == exit_status
        else:
            keras_settings.check()
        said = capsys.readouterr().err
        assert said.count("\n") <= 1
        return said

    return check


@pytest.mark.parametrize(
    "content, message",
    [
        ({"backend": "tensroflow"}, "backend is 'tensroflow'; it must be tensorflow, jax or torch"),
        ({"backend": "openvino"}, "backend is 'openvino'; it must be"),
        ({"backend": ["jax"]}, "backend is ['jax']; it must be"),
        ({"floatx": "float31"}, "floatx is 'float31'; it must be \"float16\" or"),
        ({"image_data_format": "last"}, "image_data_format is 'last'; it must be"),
        ({"epsilon": "small"}, "epsilon is 'small'; it must be a number such as 1e-07"),
        ({"nnx_enabled": True}, "nnx_enabled is True; it must be false"),
        ([1, 2], "holds [1, 2]; it must be an object"),
    ],
)
def test_wrong_settings_are_named_with_their_file(check, tmp_path, content, message):
    said = check(content)
    assert said.startswith(f"error: {tmp_path / 'keras.json'}") and message in said


def test_what_keras_passes_over(check):
    assert "is no JSON, and is passed over" in check("backend = jax", exit_status=0)
    assert not check("", exit_status=0)  # another process is about to write it
    other = {"floatx": "float16", "image_data_format": "channels_first", "epsilon": 0.1}
    assert not check(other, exit_status=0)  # keras_loader sets these


def test_variables(check, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensroflow")
    assert check({}).startswith("error: KERAS_BACKEND is 'tensroflow'; it must be tensorflow, ")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setattr(keras_settings.importlib.util, "find_spec", lambda name: None)
    assert "KERAS_BACKEND is 'torch'; that package is not installed: pip install" in check({})
    monkeypatch.setenv("KERAS_BACKEND", "")
    assert not check({}, exit_status=0)
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "1")
    assert "KERAS_MAX_EPOCHS is '1'; " in check({})
