"""The network of lesson 01, for lessons that compare with it: p(longitude) p(latitude | longitude).

Longitudes are counted in columns of 2°; a network tells how the latitudes of each are shared out in 2° cells.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from helpers.training import fit

__all__ = ["Network", "Waves"]

DEGREES, COLUMNS, ROWS = 2, 180, 90


class Waves(layers.Layer):
    """Coordinates between 0 and 1 as waves of 1 to `count` turns: coasts are rough, plain networks smooth."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.turns = np.arange(1, count + 1, dtype="float32")

    def call(self, x: Any) -> Any:
        angles = 2 * np.pi * x[..., None] * self.turns
        waves = ops.concatenate([ops.cos(angles), ops.sin(angles)], axis=-1)
        waves = waves / np.sqrt(np.tile(self.turns, 2))
        return ops.reshape(waves, (-1, x.shape[-1] * 2 * len(self.turns)))


class Network:
    """Trained when it is made; `draw` and `log_density` are what the scoreboard needs."""

    def __init__(self, points: NDArray, *, epochs: int, seed: int) -> None:
        column, row = _cells(points)
        hidden = [layers.Dense(128, "gelu") for _ in range(2)]
        network = keras.Sequential([Waves(24), *hidden, layers.Dense(ROWS), layers.Softmax()])
        loss = keras.losses.SparseCategoricalCrossentropy()
        self.seconds = fit(
            network, _middles(column), row, epochs=epochs, rate=0.01, batch=512, loss=loss
        ).seconds
        self.parameters = network.count_params() + COLUMNS - 1
        given = ops.convert_to_numpy(network(_middles(np.arange(COLUMNS)))).astype(float)
        share = np.bincount(column, minlength=COLUMNS) / len(column)
        self._cells = given * share[:, None]
        self._dice = np.random.default_rng(seed)

    def log_density(self, points: NDArray) -> NDArray[np.float64]:
        """Per square degree, as `world.kl` wants it."""
        return np.log(self._cells[_cells(points)] / DEGREES**2)

    def draw(self, count: int) -> NDArray[np.float64]:
        """Choose cells by their shares, then a place in each."""
        chosen = self._dice.choice(self._cells.size, count, p=self._cells.ravel() / self._cells.sum())
        corners = np.stack(np.divmod(chosen, ROWS), axis=1)
        return (corners + self._dice.random((count, 2))) * DEGREES - (180, 90)


def _cells(points: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    column, row = ((np.asarray(points) + (180, 90)) // DEGREES).astype(np.int64).T
    return np.minimum(column, COLUMNS - 1), np.minimum(row, ROWS - 1)


def _middles(column: NDArray) -> NDArray[np.float32]:
    return ((column[:, None] + 0.5) / COLUMNS).astype("float32")
