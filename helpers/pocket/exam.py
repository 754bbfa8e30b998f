"""What the pocket model is asked to paint, and what the judge sees in it: the raw material of its scores.

An examination is one way of painting and one seed; its answers are stored, so that a long evaluation can
be stopped and goes on.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers import pictures
from helpers.captions import WORDS_FOR
from helpers.files import write_bytes
from helpers.pictures import COUNTS, FACTORS, NAMES
from helpers.pocket import judge, latents
from helpers.pocket.pipeline import StableDiffusion

__all__ = ["COLOUR", "EVALUATIONS", "OMITTED", "Answer", "Way", "answers", "combinations", "default", "paint"]

EVALUATIONS = 25  # of the network, for the scores at the default settings
OMITTED = 32  # pictures of one prompt that does not name the colour
COLOUR = FACTORS.index("colour")
BATCH = 32
STREAM = 8  # of the questions' seeds


@dataclass(frozen=True)
class Way:
    """How pictures are painted."""

    sampler: str
    steps: int
    guidance: float

    def __str__(self) -> str:
        return f"{self.sampler}, {self.steps} evaluations, guidance {self.guidance:g}"


@dataclass(frozen=True, eq=False)
class Answer:
    """Pictures that were asked for, as the judge sees them, and their latents."""

    factors: NDArray[np.int64]  # (n, 5)
    table: NDArray[np.float16]  # (n, 32): the judge's probabilities
    latents: NDArray[np.float16]  # (n, 16, 16, 4)

    @property
    def verdict(self) -> judge.Verdict:
        return judge.Verdict(self.table.astype(np.float32))

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where (n, 5) a picture shows what was asked for."""
        return self.verdict.shows(self.factors)


def default(steps: int = EVALUATIONS) -> Way:
    """The pipeline's own sampler and guidance."""
    known = inspect.signature(StableDiffusion.generate_image).parameters
    return Way(known["sampler"].default, steps, known["unconditional_guidance_scale"].default)


def combinations(count: int, rng: np.random.Generator, *, held_out: bool) -> NDArray[np.int64]:
    """Random factors (count, 5) that training saw, or that hold a pair which it never saw."""
    table = np.stack([rng.integers(values, size=30 * count) for values in COUNTS], 1)
    return table[pictures.held_out(table) == held_out][:count]


def answers(model: StableDiffusion, way: Way, seed: int, count: int, folder: Path) -> dict[str, Answer]:
    """One examination, from `folder` if it was made before.

    - "seen" and "held-out": `count` pictures each of prompts with all attributes, two of each prompt;
    - "omitted": one prompt without a colour;
    - "negative": the same with the same noise, and the colour that was seen as negative prompt: `factors`
      name that colour.
    """
    path = folder / f"{way.sampler}-{way.steps}-{way.guidance:g}-{seed}-{count}.npz"
    if not path.exists():
        made = _examine(model, way, seed, count)
        arrays = {
            f"{name}.{part}": getattr(answer, part)
            for name, answer in made.items()
            for part in Answer.__annotations__
        }
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays)
        write_bytes(path, packed.getvalue())
    return _read(path)


def paint(
    model: StableDiffusion,
    prompts: Sequence[str],
    seeds: Sequence[int],
    way: Way,
    negative: str | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """A picture of each prompt from its own seed, and its latents."""
    images, found = [], []

    def keep(step: Any) -> None:
        if step.number == step.total:
            found.append(np.asarray(step.latent, np.float16))

    for start in range(0, len(prompts), BATCH):
        part = slice(start, start + BATCH)
        context = model.text_encoder.predict_on_batch(model.tokenizer.padded(prompts[part]))
        images.append(
            model.generate_image(
                context,
                negative,
                num_steps=way.steps,
                unconditional_guidance_scale=way.guidance,
                sampler=way.sampler,
                seed=list(seeds[part]),
                callback=keep,
                progress=False,
            )
        )
    return np.concatenate(images), np.concatenate(found)


def drawings(factors: NDArray[np.int64], encoder: Any, *, seed: int) -> NDArray[np.float16]:
    """The latents of fresh drawings of these factors."""
    seeds = np.random.default_rng((STREAM, seed, len(FACTORS))).integers(2**63 - 1, size=len(factors))
    drawn = [pictures.draw(row, seed=number) for row, number in zip(factors, seeds, strict=True)]
    return latents.encode(encoder, np.stack(drawn))


def _examine(model: StableDiffusion, way: Way, seed: int, count: int) -> dict[str, Answer]:
    rng = np.random.default_rng((STREAM, seed))
    found = {}
    for name in ("seen", "held-out"):
        rows = combinations(-(-count // 2), rng, held_out=name == "held-out").repeat(2, axis=0)[:count]
        said = [pictures.caption(row, seed=k // 2) for k, row in enumerate(rows, 2 * seed * count)]
        found[name] = _answer(rows, *paint(model, said, _seeds(count, rng), way))
    return found | _without_colour(model, way, rng)


def _without_colour(model: StableDiffusion, way: Way, rng: np.random.Generator) -> dict[str, Answer]:
    """Pictures whose prompt does not name the colour, then the same with the colour seen as unwanted."""
    row = combinations(1, rng, held_out=False)
    said = [pictures.caption(row[0], seed=int(rng.integers(2**31)), omit=("colour",))] * OMITTED
    rows, seeds = row.repeat(OMITTED, axis=0), _seeds(OMITTED, rng)
    free = _answer(rows, *paint(model, said, seeds, way))
    unwanted = free.verdict.values[:, COLOUR]
    images, found = [None] * OMITTED, [None] * OMITTED
    for value in np.unique(unwanted):
        places = np.flatnonzero(unwanted == value)
        word = WORDS_FOR["colour"][NAMES["colour"][value]][0]
        painted = paint(model, said[: len(places)], [seeds[k] for k in places], way, negative=word)
        for place, image, latent in zip(places, *painted, strict=True):
            images[place], found[place] = image, latent
    rows = rows.copy()
    rows[:, COLOUR] = unwanted
    return {"omitted": free, "negative": _answer(rows, np.stack(images), np.stack(found))}


def _answer(factors: NDArray[np.int64], images: NDArray[np.uint8], found: NDArray[np.float16]) -> Answer:
    return Answer(factors, judge.run(images).table.astype(np.float16), found)


def _seeds(count: int, rng: np.random.Generator) -> list[int]:
    return [int(seed) for seed in rng.integers(2**32, size=count)]


def _read(path: Path) -> dict[str, Answer]:
    parts: dict[str, dict[str, NDArray]] = {}
    with np.load(path, allow_pickle=False) as stored:
        for key in stored.files:
            name, part = key.split(".")
            parts.setdefault(name, {})[part] = stored[key]
    return {name: Answer(**arrays) for name, arrays in parts.items()}
