"""Says what a picture of the signs shows: a small network with one head for each factor.

It also learned to say nothing: on noise, on two pictures in one and on halves of two signs it is unsure, so
that a bad generator is not flattered. `python -m helpers.pocket.judge_training` makes its weights again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike, NDArray

from helpers.pictures import COUNTS, FACTORS, SIDE
from helpers.pocket import weights

__all__ = ["ALL", "HEADS", "SURE", "Verdict", "accuracy", "build", "halved", "judge", "run", "run_halved"]

# Filters, width and step of each convolution: 32, 32, 16, 16, 8, 8 and 4 pixels a side are left.
BLOCKS = ((24, 5, 2), (32, 3, 1), (48, 3, 2), (64, 3, 1), (80, 3, 2), (96, 3, 1), (96, 3, 2))
WIDTH = 96
BATCH = 100
SURE = 0.75  # what is at least so likely counts as seen
ALL = "all"
ENDS = np.cumsum(COUNTS)
HEADS = {factor: slice(end - count, end) for factor, count, end in zip(FACTORS, COUNTS, ENDS, strict=True)}
"""Where the probabilities of each factor's values stand in a row of a verdict's table."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the judge sees in n pictures."""

    table: NDArray[np.float32]  # (n, 32): probabilities, those of one factor sum to one

    def probabilities(self, factor: str) -> NDArray[np.float32]:
        """Of the values of a factor (n, values)."""
        return self.table[:, HEADS[factor]]

    @property
    def values(self) -> NDArray[np.int64]:
        """The likeliest value of each factor (n, 5), however unlikely."""
        return np.stack([self.probabilities(factor).argmax(1) for factor in FACTORS], 1)

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Where (n, 5) the likeliest value is likely enough to count."""
        return np.stack([self.probabilities(factor).max(1) for factor in FACTORS], 1) >= SURE

    def shows(self, factors: ArrayLike) -> NDArray[np.bool_]:
        """Where (n, 5) the judge is sure that the picture shows the given value."""
        asked = np.asarray(factors) + [head.start for head in HEADS.values()]
        return np.take_along_axis(self.table, asked, 1) >= SURE


def build(*, arithmetic: str = "float32") -> keras.Model:
    """The network, from pictures (n, 64, 64, 3) of bytes to 32 logits.

    Names and seeds are given, so that building it moves neither Keras's counter of names nor anybody's
    random numbers.
    """
    seeds = iter(range(100))

    def options(name: str) -> dict:
        fresh = keras.initializers.HeNormal(seed=next(seeds))
        return {"kernel_initializer": fresh, "dtype": arithmetic, "name": f"judge_{name}"}

    def norm(name: str) -> keras.layers.Layer:
        return layers.BatchNormalization(dtype=arithmetic, name=f"judge_norm_{name}")

    def relu(name: str) -> keras.layers.Layer:
        return layers.ReLU(dtype=arithmetic, name=f"judge_relu_{name}")

    images = keras.Input((SIDE // 2, SIDE // 2, 3), name="judge_images", dtype="float32")
    x = layers.Rescaling(1 / 127.5, -1, dtype="float32", name="judge_scaled")(images)
    for number, (filters, width, step) in enumerate(BLOCKS):
        convolution = layers.Conv2D(
            filters, width, step, padding="same", use_bias=False, **options(f"conv_{number}")
        )
        x = relu(str(number))(norm(str(number))(convolution(x)))
    x = layers.Flatten(dtype=arithmetic, name="judge_flat")(x)
    x = layers.Dense(WIDTH, use_bias=False, **options("dense"))(x)
    x = relu("dense")(norm("dense")(x))
    logits = layers.Dense(sum(COUNTS), **options("heads") | {"dtype": "float32"})(x)
    return keras.Model(images, logits, name="judge")


def accuracy(right: NDArray[np.bool_]) -> dict[str, float]:
    """From where (n, 5) pictures are right: the share for each factor, and for all together."""
    shares = dict(zip(FACTORS, right.mean(0).tolist(), strict=True))
    return shares | {ALL: float(right.all(1).mean())}


@cache
def judge(folder: Path | None = None) -> keras.Model:
    """The trained network, read and verified once."""
    return weights.fill(build(), "judge", folder)


def run(images: ArrayLike, network: keras.Model | None = None) -> Verdict:
    """Judge pictures (n, 128, 128, 3) of bytes, as the pocket model paints them."""
    found = np.asarray(images)
    if found.ndim != 4 or found.shape[1:] != (SIDE, SIDE, 3) or found.dtype != np.uint8:
        raise ValueError(
            f"The judge takes pictures (n, {SIDE}, {SIDE}, 3) of bytes, not {found.shape} of {found.dtype}."
        )
    return run_halved(halved(found), network)


def run_halved(images: NDArray, network: keras.Model | None = None) -> Verdict:
    """The same for pictures (n, 64, 64, 3)."""
    network = network or judge()
    parts = [images[start : start + BATCH].astype(np.float32) for start in range(0, len(images), BATCH)]
    logits = [np.asarray(network(part, training=False)) for part in parts]
    table = np.concatenate([np.empty((0, sum(COUNTS)), np.float32), *logits])
    for head in HEADS.values():
        weight = np.exp(table[:, head] - table[:, head].max(1, keepdims=True))
        table[:, head] = weight / weight.sum(1, keepdims=True)
    return Verdict(table)


def halved(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures with half as many pixels a side, each the mean of four."""
    count, height, width, channels = images.shape
    fours = images.reshape(count, height // 2, 2, width // 2, 2, channels)
    return ((fours.sum((2, 4), dtype=np.uint16) + 2) // 4).astype(np.uint8)
