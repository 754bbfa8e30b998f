"""Biscuit tins seen from the side: 28x28 grey images with nothing in them but a height and a width.

An edge rises in a straight ramp, two pixels wide, so that soft edges cost no ink: a column through
the tin sums to its height, a row to its width, and the whole image to its area.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

VERSION = 1  # raise it whenever a drawn pixel changes: stored drawings are then ignored
SIDE = 28
RANGES = {"height": (4.0, 24.0), "width": (4.0, 24.0)}  # pixels; drawn uniformly, independently
FACTORS = tuple(RANGES)

Floats = NDArray[np.float32]
Seed = int | Sequence[int]


@dataclass(frozen=True, eq=False)
class Biscuits:
    """Drawn tins; `images[i]` is `draw(*factors[i])` to the bit."""

    images: Floats  # (n, 28, 28, 1): background is 0, tin is 1, in steps of 1/255
    factors: Floats  # (n, 2): height and width


def sample(count: int, *, seed: Seed) -> Biscuits:
    """Draw random tins; a larger count with the same seed begins with the same tins."""
    low, high = np.array(list(RANGES.values())).T
    unit = np.random.default_rng(seed).random((count, len(FACTORS)))
    factors = (low + (high - low) * unit).astype(np.float32)
    return Biscuits(_render(factors), factors)


def draw(height: float, width: float) -> Floats:
    """Draw one tin (28, 28, 1) in the middle of the image."""
    sides = np.array([[height, width]], np.float32)
    if not ((sides >= 0) & (sides <= SIDE)).all():
        raise ValueError(f"Height and width must lie between 0 and {SIDE} pixels.")
    return _render(sides)[0]


def measure(images: ArrayLike) -> dict[str, Floats]:
    """Read height and width off images (n, 28, 28, 1): the ink on the lines through the middle."""
    ink = np.asarray(images, np.float32).reshape(-1, SIDE, SIDE)
    middle = slice(SIDE // 2 - 1, SIDE // 2 + 1)
    return {
        "height": ink[:, :, middle].sum(1).mean(1),
        "width": ink[:, middle, :].sum(2).mean(1),
    }


def _render(sides: Floats) -> Floats:
    away = np.abs(np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2)
    profile = np.clip(0.5 + (sides[..., None] / 2 - away) / 2, 0, 1)  # (n, 2, 28)
    ink = profile[:, 0, :, None] * profile[:, 1, None, :]
    return (np.rint(ink * 255) / 255).astype(np.float32)[..., None]
