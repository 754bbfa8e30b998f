"""Captioned 128x128 colour pictures of the zodiac, drawn from a seed: the training set of the course's
small text-to-image model.

Images are uint8 from 0 to 255, as KerasCV's `text_to_image` returns them, and not the course's usual
floats: tens of thousands of them have to fit into the memory of a laptop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.attributes import COUNTS, FACTORS, HELD_OUT, NAMES, held_out, position, row
from helpers.brush import PALETTE, Outline, outline, paint
from helpers.captions import SYNONYMS, WORDS, caption, left_out, meaning, prompt, words
from helpers.scenes import SIDE, background

__all__ = [  # with what the attributes and the captions offer
    "COUNTS",
    "ELEMENTS",
    "FACTORS",
    "HELD_OUT",
    "NAMES",
    "PALETTE",
    "SIDE",
    "SYNONYMS",
    "VERSION",
    "WORDS",
    "Pictures",
    "caption",
    "draw",
    "draw_masks",
    "held_out",
    "left_out",
    "meaning",
    "position",
    "prompt",
    "row",
    "sample",
    "words",
]

VERSION = 1  # raise it whenever a drawn pixel changes: models trained on the others are then out of date
ELEMENTS = ("sign", "ring", "frame", "background")  # each pixel belongs to one of them
COMBINATIONS = ("all", "seen", "held-out")


@dataclass(frozen=True, eq=False)
class Pictures:
    """Drawn pictures; `images[i]` is `draw(factors[i], seed=seeds[i])` to the bit."""

    images: NDArray[np.uint8]  # (n, 128, 128, 3)
    factors: NDArray[np.int64]  # (n, 5): positions in NAMES, columns as in FACTORS
    captions: tuple[str, ...]
    named: NDArray[np.bool_]  # (n, 5): whether the caption names the factor
    seeds: NDArray[np.int64]  # (n,): of the jitter, the background's details and the caption

    def masks(self, rows: int | slice | Sequence[int] | NDArray = slice(None)) -> NDArray[np.bool_]:
        """Masks (n, elements, 128, 128) of the pictures in `rows`, drawn when asked for."""
        chosen = np.atleast_1d(np.arange(len(self.seeds))[rows])
        drawn = np.empty((len(chosen), len(ELEMENTS), SIDE, SIDE), bool)
        for place, i in enumerate(chosen):
            drawn[place] = draw_masks(self.factors[i], seed=self.seeds[i])
        return drawn


def sample(count: int, *, seed: int | Sequence[int], combinations: str = "all") -> Pictures:
    """Draw random pictures with captions, of all combinations, of the seen or of the held-out ones.

    A larger count with the same seed begins with the same pictures.
    """
    if combinations not in COMBINATIONS:
        raise ValueError(f"Unknown combinations {combinations!r}; known are {', '.join(COMBINATIONS)}.")
    if (count := index(count)) < 0:
        raise ValueError(f"Give a count of pictures from 0 on, not {count}.")
    values, jitter = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    factors = np.empty((0, len(FACTORS)), np.int64)
    while len(factors) < count:  # blocks of one size, so that a larger count only adds to them
        block = values.integers(0, COUNTS, size=(1000, len(FACTORS)))
        if combinations != "all":
            block = block[held_out(block) == (combinations == "held-out")]
        factors = np.concatenate([factors, block])
    factors = factors[:count]
    seeds = jitter.integers(2**63 - 1, size=count)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    captions = []
    named = np.ones((count, len(FACTORS)), bool)
    for i in range(count):
        images[i] = draw(factors[i], seed=seeds[i])
        omit = left_out(seeds[i])
        captions.append(caption(factors[i], seed=seeds[i], omit=omit))
        named[i] = [name not in omit for name in FACTORS]
    return Pictures(images, factors, tuple(captions), named, seeds)


def draw(factors: Sequence[int | str] | ArrayLike, *, seed: int) -> NDArray[np.uint8]:
    """Draw one picture (128, 128, 3) from its five factors, by name or position, in the order of FACTORS.

    The seed chooses what the factors leave open: place, size, turn, light, the background's details.
    """
    shape, names, rng = _shape(factors, seed)
    scene = background(names["background"], rng)
    paint(scene, shape, names["colour"], names["style"])
    return np.rint(np.clip(scene, 0, 255)).astype(np.uint8)


def draw_masks(factors: Sequence[int | str] | ArrayLike, *, seed: int) -> NDArray[np.bool_]:
    """Where each of the ELEMENTS lies in the picture of these factors and seed: (elements, 128, 128)."""
    shape, names, _ = _shape(factors, seed)
    masks = np.zeros((len(ELEMENTS), SIDE, SIDE), bool)
    masks[0] = shape.figure < 0
    if shape.around is not None:
        masks[ELEMENTS.index(names["style"])] = (shape.around < 0) & ~masks[0]
    masks[-1] = ~masks[:-1].any(0)
    return masks


def _shape(
    factors: Sequence[int | str] | ArrayLike, seed: int
) -> tuple[Outline, dict[str, str], np.random.Generator]:
    """The outline, the factors' names, and the generator, which has the background yet to draw."""
    positions = row(factors)
    names = {f: NAMES[f][v] for f, v in zip(FACTORS, positions, strict=True)}
    rng = np.random.default_rng(seed)
    return outline(int(positions[0]), names["subject"], names["style"], rng), names, rng
