"""A silent start: TensorFlow's import greets nobody, and everything after it is heard."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, TextIO

__all__ = ["begin", "cores", "hushed"]


def begin(seed: int) -> None:
    """Import TensorFlow and Keras without their greetings, seed every generator, say what runs here."""
    try:
        with hushed():
            import keras
            import tensorflow as tf

            tf.constant(0.0) + 1.0  # the first tensor wakes the device, which prints too
    except ModuleNotFoundError as missing:
        needed = "`pip install -r requirements.txt` installs what the course needs"
        raise ModuleNotFoundError(f"{missing.name} is missing: {needed}", name=missing.name) from None
    _leave_untuned(tf.data.Options)
    keras.utils.clear_session()  # else Keras 3.10 lets its own generator go on where it was
    keras.utils.set_random_seed(seed)  # Python, NumPy and TensorFlow
    gpus = len(tf.config.list_physical_devices("GPU"))
    machine = f"{gpus} GPU" if gpus else f"CPU, {cores()} cores"
    print(f"TensorFlow {tf.__version__} · Keras {keras.__version__} · {machine} · seed {seed}")


def _leave_untuned(options: type) -> None:
    """Switch the tuner of tf.data off where nobody asks for it, as Keras's `fit` does not.

    It has nothing to tune in arrays, and about every fourth `fit` waited for it at its end, once for 30 s:
    the tuner sleeps longer and longer, and misses the call that should wake it.
    """
    make = options.__init__
    if getattr(make, "untuned", False):  # `begin` was called before
        return

    @functools.wraps(make)
    def make_untuned(self: Any) -> None:
        make(self)
        self.autotune.enabled = False

    make_untuned.untuned = True
    options.__init__ = make_untuned


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Swallow what is written to stderr, by native code too; give it back if the block fails.

    TensorFlow writes to file descriptor 2 from C++, which no Python setting reaches. Switching its
    oneDNN kernels off would silence one line and make training much slower, so the descriptor itself
    is turned away for a moment.
    """
    # TensorFlow reads this once, at its import: notes (0) are noise, warnings and errors stay.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    stream, said = sys.stderr, _Held(sys.stderr)
    stream.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as away:
        os.dup2(away.fileno(), 2)
        try:
            with contextlib.redirect_stderr(said):
                yield
        except BaseException:
            os.dup2(kept, 2)
            away.seek(0)
            stream.write(away.read().decode(errors="replace") + said.getvalue())
            raise
        finally:
            said.release()
            os.dup2(kept, 2)
            os.close(kept)


class _Held(io.StringIO):
    """Stands in for a stream. Loggers made meanwhile keep it, so once released it passes all on."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._released = False

    def release(self) -> None:
        self._released = True

    def write(self, text: str) -> int:
        return self._stream.write(text) if self._released else super().write(text)

    def flush(self) -> None:
        (self._stream if self._released else super()).flush()
