"""Devices: which one computes, with which arithmetic, seeds and package versions."""

import importlib.metadata
import os
import platform
from pathlib import Path

from internals.core.keras_loader import keras, quiet

import joblib

from internals.core.files import expand
from internals.training import distributed

INSTRUCTIONS = {  # of processors that multiply in the precision, as Linux names them
    "bfloat16": {"avx512_bf16", "amx_bf16", "bf16"},
    "float16": {"avx512_fp16", "amx_fp16", "asimdhp"},
}


def set_seed(seed):
    """Seed Python, NumPy and the backend, and have a GPU compute the same results every time."""
    with quiet():  # Keras seeds TensorFlow, where there is one, on every backend
        keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf  # Keras has no switch of its own for deterministic GPU arithmetic

        if tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()


def keep_programs():
    """Have JAX keep what it compiles for a GPU, which takes up to two minutes, for the next run.

    JAX's own variables choose another folder, or switch it off: see docs/speed.md.
    """
    if keras.backend.backend() != "jax":
        return
    import jax

    folder = expand(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "jax"))
    if jax.config.jax_compilation_cache_dir or jax.default_backend() != "gpu":
        return
    if folder.is_absolute():  # else there is no home
        jax.config.update("jax_compilation_cache_dir", str(folder))
        if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


def find_device(model):
    """Return the kind of device that holds the network's weights: gpu, tpu, mps or cpu."""
    device = str(model.weights[0].value.device).lower().replace("cuda", "gpu")
    return next((kind for kind in ("gpu", "tpu", "mps") if kind in device), "cpu")


def count_gpus():
    """Return how many GPUs the backend sees, those of other machines included."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf  # Keras counts them with JAX only

        return len(tf.config.list_physical_devices("GPU"))
    if backend == "torch":
        import torch

        return torch.cuda.device_count()
    import jax

    return jax.device_count() if jax.default_backend() == "gpu" else 0


def why_not_all():
    """Return why fewer GPUs compute than there are."""
    if keras.backend.backend() == "jax":
        return "their number must divide batch_size"
    return "KERAS_BACKEND=jax uses all"


def lacks_arithmetic(precision):
    """Return whether the processor, as Linux describes it, cannot multiply in `precision`."""
    processor = Path("/proc/cpuinfo")
    if precision not in INSTRUCTIONS or not processor.exists():
        return False
    return INSTRUCTIONS[precision].isdisjoint(processor.read_text().split())


def find_versions():
    """Return the versions of Python and of the packages that a result depends on."""
    backend = keras.backend.backend()
    packages = ["keras", backend, "numpy", "pillow", "scikit-learn"]
    packages += ["jaxlib"] if backend == "jax" else []
    versions = {package: importlib.metadata.version(package) for package in packages}
    return {"python": platform.python_version()} | versions


def find_processor():
    """Return the processor's name, as Linux or else Python has it."""
    processor = Path("/proc/cpuinfo")
    if processor.exists():
        for line in processor.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def describe(model, batch_size):
    """Return what a run's record says of where it is computed, and by which packages."""
    return {
        "device": find_device(model),
        "devices": len(distributed.find_devices(batch_size)) or 1,  # that share each batch
        "processor": find_processor(),
        "cores": joblib.cpu_count(),
        "operating_system": platform.platform(terse=True),
        "versions": find_versions(),
    }
