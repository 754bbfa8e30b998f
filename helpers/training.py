"""The training that lessons 03 to 05 write out: Adam, a rate that climbs for 50 steps, then falls to zero.

And a film of what a model does meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from numpy.typing import NDArray

from helpers.progress import Progress

__all__ = ["WARM_UP", "Film", "falling", "fit"]

WARM_UP = 50  # steps


class Film(keras.callbacks.Callback):
    """Keeps what `look(model)` sees, after every so many calls of `on_train_batch_end`, in `frames`."""

    def __init__(self, every: int, look: Callable[[keras.Model], Any]) -> None:
        super().__init__()
        self.frames: list[Any] = []
        self._every, self._look, self._calls = every, look, 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._calls += 1
        if self._calls % self._every == 0:
            self.frames.append(self._look(self.model))


def falling(rate: float, steps: int) -> keras.optimizers.schedules.CosineDecay:
    """From a tenth of `rate` up to `rate`, then along a cosine to zero at the last step."""
    warm_up = min(WARM_UP, steps // 2)
    return keras.optimizers.schedules.CosineDecay(
        rate / 10, steps - warm_up, warmup_target=rate, warmup_steps=warm_up
    )


def fit(
    model: keras.Model,
    x: NDArray | Sequence[NDArray],
    y: NDArray | None = None,
    *,
    epochs: int,
    rate: float = 3e-3,
    batch: int = 64,
    loss: Any = None,
    show: Sequence[str] | str = (),
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Progress:
    """Train on `x` in its given order; the answer has the `history` and the `seconds`."""
    parts = keras.tree.flatten(x)
    steps = epochs * -(-len(parts[0]) // batch)
    model.compile(optimizer=keras.optimizers.Adam(falling(rate, steps)), loss=loss)
    model(keras.tree.map_structure(lambda part: part[:1], x))  # makes the weights
    model.optimizer.build(model.trainable_variables)  # or Keras would trace its step twice
    progress = Progress(show)
    model.fit(
        x, y, batch_size=batch, epochs=epochs, shuffle=False, verbose=0, callbacks=[progress, *callbacks]
    )
    return progress
