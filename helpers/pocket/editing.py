"""To begin with a given picture instead of noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

__all__ = ["begin"]


def begin(
    known: Any, noise: Any, steps: NDArray, alphas: Sequence[float], strength: float, new: Any = None
) -> tuple[Any, NDArray, Callable[[Any, float], Any] | None]:
    """The latents where the way from a given picture begins, the steps from there, what to do after each.

    The picture is put into noise and freed of it again (Meng et al. 2022, "SDEdit"); `strength` is the share
    of the steps that are made. With `new`, 1 where the picture is to change and 0 elsewhere, the rest is put
    back after each step, in as much noise as is left (Avrahami et al. 2023, "Blended Latent Diffusion").
    """
    steps = steps[len(steps) - max(1, round(strength * len(steps))) :]

    def noised(a: float) -> Any:
        return math.sqrt(a) * known + math.sqrt(1 - a) * noise

    first = alphas[steps[0]]
    start = noise if strength == 1 else noised(first)
    if new is None:
        return start, steps, None

    def hold(latent: Any, a: float) -> Any:
        return new * latent + (1 - new) * noised(a)

    return hold(start, first), steps, hold
