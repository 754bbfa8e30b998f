"""Paint pictures that know their origin, with the pocket model or with KerasCV's own."""

from __future__ import annotations

import hashlib
import inspect
import platform
import sys
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.files import data_path
from helpers.homework.origin import Origin, digest
from helpers.homework.png import Picture

__all__ = ["model_hash", "model_name", "paint", "pocket_hash", "repaint"]

PARTS = ("text_encoder", "diffusion_model", "decoder")  # what a picture depends on ...
STORED = ("text_encoder", "denoiser", "decoder")  # ... and the pocket model's files of their weights
LIBRARIES = ("numpy", "keras", "keras_cv", "tensorflow")
CLASSES = {"helpers.pocket": "pocket", "keras_cv": "stable-diffusion-1.4"}
LARGE = 500_000_000  # bytes of weights, from which on they are hashed once a model and not once a call

_hashes: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def paint(
    model: Any,
    prompt: str,
    seeds: int | Sequence[int] = (1, 2, 3),
    negative_prompt: str | None = None,
    *,
    num_steps: int | None = None,
    unconditional_guidance_scale: float | None = None,
    sampler: str = "ddim",
) -> list[Picture]:
    """A picture for each seed, by the model's `text_to_image`; what is not given is its default.

    Each picture comes again, alone, from its own seed (`repaint`). The samplers "dpm++" and "euler-a" are
    the pocket model's.
    """
    numbers, pocket = _seeds(seeds), model_name(model) == "pocket"
    usual = inspect.signature(model.text_to_image).parameters
    steps = usual["num_steps"].default if num_steps is None else num_steps
    scale = unconditional_guidance_scale
    scale = usual["unconditional_guidance_scale"].default if scale is None else scale
    if sampler != "ddim" and not pocket:
        raise ValueError(f"Only the pocket model has the sampler {sampler!r}: leave it out.")
    # Before anything is painted: an impossible wish shall not cost a picture.
    draft = Origin(
        prompt=prompt,
        negative_prompt=negative_prompt,
        steps=_plain(steps),
        sampler=sampler,
        guidance=_plain(scale),
        seed=numbers[0],
        width=model.img_width,
        height=model.img_height,
        model=model_name(model),
        model_hash=model_hash(model),
        versions=_versions(),
        pixels="0" * 64,
    )
    if pocket:  # which gives each picture of a batch its own noise
        images: Iterable[NDArray] = model.text_to_image(
            **draft.options() | {"seed": numbers}, batch_size=len(numbers)
        )
    else:
        images = (model.text_to_image(**replace(draft, seed=seed).options())[0] for seed in numbers)
    done: list[Picture] = []
    try:
        for seed, image in zip(numbers, images, strict=True):
            done.append(Picture(image, replace(draft, seed=seed, pixels=digest(image))))
    except (KeyboardInterrupt, Exception) as stopped:  # the real model takes long for each
        if not done:
            raise
        reason = str(stopped) or type(stopped).__name__
        print(f"Stopped after {len(done)} of {len(numbers)} pictures ({reason}): here they are.")
    return done


def repaint(model: Any, origin: Origin) -> NDArray[np.uint8]:
    """The picture (h, w, 3) of an origin once more, alone; it differs by rounding at most (`same`)."""
    if (model.img_width, model.img_height) != (origin.width, origin.height):
        raise ValueError(
            f"The picture has {origin.width}x{origin.height} pixels, the model paints "
            f"{model.img_width}x{model.img_height}: build it with the picture's img_height and img_width."
        )
    if model_hash(model) != origin.model_hash:
        raise ValueError(
            f"The picture was painted by other weights: {origin.model} {origin.model_hash[:10]}."
        )
    return model.text_to_image(**origin.options())[0]


def model_name(model: Any) -> str:
    """ "pocket", "stable-diffusion-1.4" (KerasCV's), or the name of another class."""
    for ancestor in type(model).__mro__:
        for package, name in CLASSES.items():
            if ancestor.__module__.startswith(f"{package}.") and ancestor.__name__ == "StableDiffusion":
                return name
    return type(model).__name__


def model_hash(model: Any) -> str:
    """SHA-256 of the weights that a picture depends on, as the model has them now."""
    if model in _hashes:
        return _hashes[model]
    weights = [weight for part in PARTS for weight in getattr(model, part).weights]
    found = _hash(weight.numpy() for weight in weights)
    if 4 * sum(int(np.prod(weight.shape)) for weight in weights) >= LARGE:
        _hashes[model] = found
    return found


@cache
def pocket_hash() -> str:
    """The `model_hash` of the pocket model that comes with the course, from its files alone."""

    def arrays() -> Iterable[NDArray]:
        for name in STORED:
            with np.load(data_path("pocket") / f"{name}.npz", allow_pickle=False) as stored:
                yield from (stored[key].astype(np.float32) for key in sorted(stored.files))

    return _hash(arrays())


def _hash(arrays: Iterable[NDArray]) -> str:
    said = hashlib.sha256()
    for array in arrays:
        said.update(f"{array.dtype.name} {array.shape}\n".encode())
        said.update(np.ascontiguousarray(array).tobytes())
    return said.hexdigest()


def _seeds(seeds: int | Sequence[int]) -> list[int]:
    try:
        numbers = [index(seed) for seed in (seeds if np.iterable(seeds) else [seeds])]
    except TypeError:
        raise ValueError(f"seeds must be whole numbers, one for each picture, not {seeds!r}.") from None
    if not numbers or len(set(numbers)) < len(numbers):
        raise ValueError(f"Give each picture a seed of its own, such as (1, 2, 3), not {seeds!r}.")
    if wrong := [number for number in numbers if not 0 <= number < 2**32]:
        raise ValueError(f"A seed must be from 0 to {2**32 - 1}, not {wrong[0]}.")
    return numbers


def _plain(number: Any) -> Any:
    """NumPy's numbers as Python's."""
    return number.item() if isinstance(number, np.generic) else number


def _versions() -> dict[str, str]:
    loaded = {name: sys.modules[name].__version__ for name in LIBRARIES if name in sys.modules}
    return {"python": platform.python_version()} | loaded
