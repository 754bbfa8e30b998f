"""What both trainings share: a moving average, a plan for the learning rate, a run that can be stopped."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from helpers.pocket import checkpoint
from helpers.progress import Progress

__all__ = ["Averaged", "Batches", "Plan", "faster_arithmetic", "run"]

SAVED_EVERY = 120.0  # seconds
TOLD_EVERY = 60.0


class Averaged(keras.Model):
    """A model that also keeps the moving average of its trained weights: the average is what is shipped.

    What `call` answers is the loss of each sample, unless a model says otherwise.
    """

    longest = 0.999  # how much of the average one step keeps, once it is warm

    def start_average(self) -> None:
        """Once the weights exist, begin the average with them."""
        self.average = [
            keras.Variable(weight, trainable=False, name="average") for weight in self.trainable_variables
        ]

    def train_step(self, data: Any) -> dict[str, Any]:
        logs = super().train_step(data)
        steps = ops.cast(self.optimizer.iterations, "float32")
        kept = ops.minimum(self.longest, (1 + steps) / (10 + steps))
        for average, weight in zip(self.average, self.trainable_variables, strict=True):
            average.assign(kept * average + (1 - kept) * weight)
        return logs

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        return ops.mean(y_pred)

    def use_average(self) -> None:
        """Put the average in the place of the trained weights, for good."""
        for average, weight in zip(self.average, self.trainable_variables, strict=True):
            weight.assign(average)


class Plan(keras.optimizers.schedules.LearningRateSchedule):
    """Warm-up, a long level stretch, and a straight way down to zero over the last part of `steps`.

    Unlike a cosine it need not know the end until the way down begins, so a training can be extended
    (Hägele et al. 2024, "Scaling laws and compute-optimal training beyond fixed training durations").
    """

    def __init__(self, rate: float, steps: int, *, warm: int = 200, fall: float = 0.35) -> None:
        self.rate, self.steps, self.warm, self.fall = rate, steps, warm, fall

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        up = (step + 1) / min(self.warm, self.steps)
        down = (self.steps - step) / (self.fall * self.steps)
        return self.rate * ops.clip(ops.minimum(up, down), 0, 1)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "steps": self.steps, "warm": self.warm, "fall": self.fall}


class Batches(keras.utils.PyDataset):
    """Batch number k is `draw(k)` in every run; Keras asks for the next ones while it computes."""

    def __init__(self, draw: Callable[[int], Any], first: int, end: int) -> None:
        super().__init__()
        self._draw, self._first, self._count = draw, first, end - first

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        return (self._draw(self._first + index),)


def run(
    model: Averaged,
    draw: Callable[[int], Any],
    path: Path,
    make_optimizer: Callable[[int], keras.optimizers.Optimizer],
    *,
    default_steps: int,
    steps: int | None = None,
    minutes: float | None = None,
    until: int | None = None,
) -> dict[str, Any]:
    """Train from the state in `path`, or from the start, up to `steps` in all, for at most `minutes`.

    `steps` is the plan, given to `make_optimizer`; without it the stored plan goes on. `until` stops
    earlier without changing the plan. Returns the notes: steps done, planned steps, seconds spent so far.
    """
    stored = checkpoint.read(path) or {"step": 0, "steps": default_steps, "seconds": 0.0}
    notes = stored | {"steps": steps or stored["steps"]}
    model.compile(optimizer=make_optimizer(notes["steps"]), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    state = {"model": model.variables, "optimizer": model.optimizer.variables}
    checkpoint.read(path, state)
    end = min(notes["steps"], until or notes["steps"])
    if notes["step"] < end:
        keeper = _Keeper(path, state, notes, minutes)
        batches = Batches(draw, notes["step"], end)
        model.fit(batches, shuffle=False, verbose=0, callbacks=[Progress(), keeper])
    return notes


class _Keeper(keras.callbacks.Callback):
    """Stores the state now and then, tells a log file how it goes, stops when the time is over."""

    def __init__(
        self, path: Path, state: dict[str, list], notes: dict[str, Any], minutes: float | None
    ) -> None:
        super().__init__()
        self._path, self._state, self._notes = path, state, notes
        self._limit = 60 * minutes if minutes else float("inf")

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._start = self._saved = self._told = self._last = time.monotonic()
        self._done, self._sum, self._before = 0, 0.0, (0, 0.0)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        now = time.monotonic()
        self._notes["step"] += 1
        self._notes["seconds"] += now - self._last
        self._last = now
        self._done += 1
        self._sum = float((logs or {}).get("loss", np.nan)) * self._done  # Keras gives the mean so far
        if not np.isfinite(self._sum):
            raise FloatingPointError(f"The loss of step {self._notes['step']} is not a number.")
        if now - self._told >= TOLD_EVERY:
            self._tell(now)
        if now - self._saved >= SAVED_EVERY:
            self._save()
        if now - self._start >= self._limit:
            self.model.stop_training = True

    def on_train_end(self, logs: dict | None = None) -> None:
        self._save()

    def _save(self) -> None:
        checkpoint.write(self._path, self._state, self._notes)
        self._saved = time.monotonic()

    def _tell(self, now: float) -> None:
        """A line a minute where no live line can be seen."""
        count, total = self._done - self._before[0], self._sum - self._before[1]
        pace = (now - self._told) / count
        step, steps = self._notes["step"], self._notes["steps"]
        if not sys.stdout.isatty():
            print(
                f"{time.strftime('%H:%M')} · {self._path.stem} {step}/{steps} · loss {total / count:.4f} · "
                f"{pace:.2f} s a step · {(steps - step) * pace / 60:.0f} min left",
                flush=True,
            )
        self._told, self._before = now, (self._done, self._sum)


def faster_arithmetic() -> str:
    """Keras's policy that trains faster here: bfloat16 is up to 2.5 times as fast, or much slower."""
    seconds = {}
    for dtype, policy in (("float32", "float32"), ("bfloat16", "mixed_bfloat16")):
        image = ops.ones((8, 32, 32, 64), dtype)
        kernel = ops.ones((3, 3, 64, 64), dtype)
        times = []
        for _ in range(4):  # the first call prepares
            start = time.perf_counter()
            float(ops.sum(ops.conv(image, kernel, padding="same")))
            times.append(time.perf_counter() - start)
        seconds[policy] = min(times)
    return min(seconds, key=lambda policy: seconds[policy])
