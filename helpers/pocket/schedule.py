"""How noise grows with time: Stable Diffusion's schedule, and what the networks are told of the time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["ALPHAS", "STEPS", "TIME_SIZE", "time_embedding"]

STEPS = 1000
# The share of the picture's variance that is left at each time. The square roots of the added variances
# grow linearly ("scaled linear"); KerasCV stores the same numbers, rounded to seven digits.
ALPHAS: NDArray[np.float64] = np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, STEPS) ** 2)

WAVES = 64  # cosines, and as many sines
TIME_SIZE = 2 * WAVES + 2


def time_embedding(steps: Sequence[int] | NDArray) -> NDArray[np.float32]:
    """What the networks are told about the times (n,): waves (n, 128), then sqrt(a) and sqrt(1-a)."""
    steps = np.asarray(steps)
    a = ALPHAS[steps, None]
    turns = steps[:, None] * np.exp(-math.log(10_000) * np.arange(WAVES) / WAVES)
    parts = [np.cos(turns), np.sin(turns), np.sqrt(a), np.sqrt(1 - a)]
    return np.concatenate(parts, axis=1).astype(np.float32)
