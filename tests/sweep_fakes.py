"""sweep.py for fake_training.py, which answers here, without Keras; no page is drawn at the end."""

import runpy
import sys
import types
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import fake_training

from internals.sweep import plan


def ask(script, commands):
    return [fake_training.describe(fake_training.parse(each)) for each in commands]


plan.ask = ask
sys.modules["internals.comparison.page"] = types.SimpleNamespace(refresh=lambda *folders: None)
runpy.run_path(str(ROOT / "sweep.py"), run_name="__main__")
