"""From noise to a picture's latent in steps: three ways to use the same network.

All assume a network that names the noise in x = sqrt(a) picture + sqrt(1-a) noise; every step asks it
once. The arrays may be NumPy's or a backend's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.pocket.schedule import ALPHAS, STEPS

__all__ = ["SAMPLERS", "Step", "ancestral", "ddim", "dpm", "times", "walk"]


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a sampler: what a callback is given."""

    number: int  # from 1 to `total`
    total: int
    time: int  # 999 is noise, 0 the picture
    before: Any  # the latents that the network saw
    picture: Any  # the latents it expects in the end
    latent: Any  # the latents after the step


@dataclass(frozen=True, eq=False)
class Point:
    """What is known when a step is made."""

    latent: Any
    noise: Any
    picture: Any
    a: float  # the picture's share of the variance here,
    after: float  # and where the step leads to


def ddim(now: Point, before: Point | None, fresh: Callable[[], Any]) -> Any:
    """Song et al. 2021 ("DDIM"): keep the noise, less of it. KerasCV's own sampler, to the bit."""
    return now.noise * math.sqrt(1.0 - now.after) + math.sqrt(now.after) * now.picture


def dpm(now: Point, before: Point | None, fresh: Callable[[], Any]) -> Any:
    """Lu et al. 2022 ("DPM-Solver++", 2M): a straight line through this expected picture and the last.

    Along l = log(sqrt(a) / sqrt(1-a)); the first step and the last, where l is infinite, are DDIM's.
    """
    if before is None or now.after >= 1.0:
        return ddim(now, before, fresh)
    ahead = _log_ratio(now.after) - _log_ratio(now.a)
    behind = _log_ratio(now.a) - _log_ratio(before.a)
    slope = (now.picture - before.picture) * (ahead / behind / 2)
    shrink = math.sqrt((1 - now.after) / (1 - now.a))
    return shrink * now.latent - math.sqrt(now.after) * math.expm1(-ahead) * (now.picture + slope)


def ancestral(now: Point, before: Point | None, fresh: Callable[[], Any]) -> Any:
    """Part of the noise is replaced by fresh noise in each step, as Ho et al. 2020 did ("DDPM").

    With its scaling it is the "Euler ancestral" of Stable Diffusion's users, and Song's with eta = 1.
    """
    if now.after >= 1.0:
        return now.picture
    new = (1 - now.after) / (1 - now.a) * (1 - now.a / now.after)
    kept = math.sqrt(1 - now.after - new)
    return kept * now.noise + math.sqrt(now.after) * now.picture + math.sqrt(new) * fresh()


Rule = Callable[[Point, Point | None, Callable[[], Any]], Any]
SAMPLERS: dict[str, Rule] = {"ddim": ddim, "dpm++": dpm, "euler-a": ancestral}


def times(sampler: str, count: int) -> NDArray[np.int64]:
    """The times of `count` steps, from 999 down to 0: evenly, as KerasCV has them.

    For "dpm++" they are even in the seventh root of noise over picture (Karras et al. 2022, eq. 5), which
    makes the steps short where the noise is weak.
    """
    even = (np.arange(count) * ((STEPS - 1) / max(count - 1, 1))).round().astype(np.int64)
    if SAMPLERS[sampler] is not dpm:
        return even[::-1]
    ratio = np.sqrt((1 - ALPHAS) / ALPHAS) ** (1 / 7)
    found = np.interp(np.linspace(ratio[0], ratio[-1], count), ratio, np.arange(STEPS)).round()
    steps = np.arange(count)
    found = np.minimum(np.maximum.accumulate(found - steps) + steps, STEPS - count + steps)
    return found.astype(np.int64)[::-1]  # each of them once, also when there are many


def walk(
    noise: Callable[[Any, int], Any],
    latent: Any,
    steps: Sequence[int] | NDArray,
    *,
    sampler: str = "ddim",
    alphas: Sequence[float] | NDArray = ALPHAS,
    fresh: Callable[[], Any] | None = None,
    hold: Callable[[Any, float], Any] | None = None,
) -> Iterator[Step]:
    """Make the steps, each when it is asked for.

    `noise(latent, time)` is the network; `fresh()` draws noise of the latent's shape; `hold(latent, a)`
    may change a latent whose picture has the share `a` of the variance, as inpainting does.
    """
    before, total = None, len(steps)
    for number, time in enumerate(steps, 1):
        a, after = alphas[time], alphas[steps[number]] if number < total else 1.0
        said = noise(latent, time)
        picture = (latent - math.sqrt(1 - a) * said) / math.sqrt(a)
        now = Point(latent, said, picture, a, after)
        latent = SAMPLERS[sampler](now, before, fresh or _nothing)
        if hold is not None:
            latent = hold(latent, after)
        yield Step(number, total, int(time), now.latent, picture, latent)
        before = now


def _log_ratio(a: float) -> float:
    return math.log(a / (1 - a)) / 2


def _nothing() -> Any:
    raise ValueError("This sampler draws noise: give `fresh`.")
