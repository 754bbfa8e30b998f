"""One live line for a long loop, of Keras or of our own, that ends as one line."""

from __future__ import annotations

import time
from collections.abc import Sequence

import keras

from helpers.live import Line, track

__all__ = ["Line", "Progress", "track"]


class Progress(keras.callbacks.Callback):
    """`fit(…, verbose=0, callbacks=[Progress()])`: a live line, and `history` for a plot.

    `history` maps the name of a loss or metric to its values, one an epoch; `seconds` is the time spent.
    """

    def __init__(self, show: Sequence[str] | str = ()) -> None:
        super().__init__()
        self._names = (show,) if isinstance(show, str) else tuple(show)
        self.history: dict[str, list[float]] = {}
        self.seconds = 0.0

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._line = Line()
        self._start = time.monotonic()
        self._first: int | None = None  # fit's initial_epoch
        self._steps = self.params.get("steps")
        self.history = {}

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._first = epoch if self._first is None else self._first
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        epochs, left = self.params["epochs"], ""
        if self._steps:  # else the first epoch tells how many there are
            done = self._epoch - self._first + (batch + 1) / self._steps
            to_come = epochs - self._epoch - (batch + 1) / self._steps
            left = f"{(time.monotonic() - self._start) / done * max(to_come, 0):.0f} s left"
        self._steps_done = batch + 1
        self._line.write(f"epoch {self._epoch + 1}/{epochs} · {self._losses(logs)}{left}".rstrip(" ·"))

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        self._steps = self._steps or self._steps_done

    def on_train_end(self, logs: dict | None = None) -> None:
        self.seconds = time.monotonic() - self._start
        last = {name: values[-1] for name, values in self.history.items()}
        count = self._epoch + 1 - self._first
        text = f"{count} epoch{'s' * (count != 1)} · {self._losses(last)}{self.seconds:.1f} s"
        self._line.write(text, final=True)

    def _losses(self, logs: dict | None) -> str:
        shown = {n: v for n, v in (logs or {}).items() if not self._names or n in self._names}
        return "".join(f"{name} {float(value):.4g} · " for name, value in shown.items())
