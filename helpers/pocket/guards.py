"""What a user may ask of the pocket model, each refusal in one sentence that says what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.pocket.autoencoder import SHRINKS
from helpers.pocket.samplers import SAMPLERS
from helpers.pocket.schedule import STEPS
from helpers.pocket.words import LENGTH

__all__ = [
    "batch",
    "context",
    "guidance",
    "mask",
    "noise",
    "picture",
    "sampler",
    "seeds",
    "side",
    "steps",
    "strength",
]

DIVISOR = 4  # the denoiser halves the latent twice
UNIT = SHRINKS * DIVISOR
LEAST = 2 * UNIT  # below, the lowest level has a single cell


def side(value: int, name: str) -> int:
    """The height or width of the pictures."""
    pixels = _whole(value, name)
    if pixels < LEAST or pixels % UNIT:
        near = max(LEAST, round(pixels / UNIT) * UNIT)
        raise ValueError(
            f"{name} must be a multiple of {UNIT} pixels from {LEAST} on, not {pixels}: say {near}."
        )
    return pixels


def steps(value: int) -> int:
    """The number of steps."""
    count = _whole(value, "num_steps")
    if not 2 <= count <= STEPS:
        raise ValueError(
            f"num_steps must be from 2 to {STEPS}, not {count}: one step returns noise, the noise has "
            f"{STEPS} levels; 25 is a good number."
        )
    return count


def guidance(value: float) -> float:
    """The scale of guidance."""
    if not isinstance(value, int | float | np.integer | np.floating) or not math.isfinite(value):
        raise ValueError(
            f"unconditional_guidance_scale must be a finite number, not {value!r}: 1 is none, 7.5 is much."
        )
    return value


def batch(size: int, seed: int | Sequence[int] | None) -> int:
    """The number of pictures; a list of seeds says it as well."""
    count = _whole(size, "batch_size")
    if count < 1:
        raise ValueError(f"batch_size must be at least 1, not {count}.")
    if seed is None or np.ndim(seed) == 0 or count == len(seed):
        return count
    if count > 1 or not len(seed):
        raise ValueError(
            f"There are {len(seed)} seeds for {count} pictures: give one for each, or one number."
        )
    return len(seed)


def seeds(seed: int | Sequence[int] | None) -> list[int | None]:
    """One seed for all pictures, or one for each."""
    if seed is None:
        return [None]
    return [_seed(value) for value in (seed if np.ndim(seed) else [seed])]


def sampler(name: str) -> str:
    """A known sampler."""
    if name not in SAMPLERS:
        raise ValueError(f"Unknown sampler {name!r}; known are {', '.join(map(repr, SAMPLERS))}.")
    return name


def strength(value: float) -> float:
    """The part of the way from noise that is left to go from a given picture."""
    if not isinstance(value, int | float | np.integer | np.floating) or not 0 < value <= 1:
        raise ValueError(
            f"strength must be above 0 (hardly any change) and at most 1 (all new), not {value!r}."
        )
    return float(value)


def context(vectors: Any, count: int) -> Any:
    """Encoded prompts (count, words, width)."""
    if tuple(vectors.shape[:2]) != (count, LENGTH) or len(vectors.shape) != 3:
        raise ValueError(
            f"encoded_text must be one prompt or one for each of the {count} pictures, as encode_text "
            f"returns them, not of shape {tuple(vectors.shape)}."
        )
    return vectors


def noise(given: ArrayLike, shape: tuple[int, ...], count: int) -> NDArray[np.float32]:
    """Noise (count, *shape) from one given for all pictures, or one for each."""
    values = np.asarray(given, np.float32)
    values = values[None] if values.ndim == len(shape) else values
    if values.shape not in ((1, *shape), (count, *shape)):
        raise ValueError(
            f"diffusion_noise must have the shape {shape} or {(count, *shape)}, not {np.shape(given)}."
        )
    return np.repeat(values, count // len(values), axis=0)


def picture(image: ArrayLike, height: int, width: int) -> NDArray[np.float32]:
    """A given picture (h, w, 3), or several, as the image encoder takes them: (n, h, w, 3) from -1 to 1."""
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8:
        raise ValueError(
            f"image must be of whole numbers from 0 to 255 (uint8), as text_to_image returns it, not of "
            f"{pixels.dtype}."
        )
    pixels = pixels[None] if pixels.ndim == 3 else pixels
    if pixels.ndim != 4 or pixels.shape[1:] != (height, width, 3):
        raise ValueError(
            f"image must have the shape {(height, width, 3)}, not {np.shape(image)}: resize it, or build "
            f"the model with img_height and img_width of the picture."
        )
    return pixels.astype(np.float32) / 127.5 - 1


def mask(where: ArrayLike, height: int, width: int, count: int) -> NDArray[np.float32]:
    """Cells of the latent (1 or count, h/8, w/8, 1) to paint anew: those with a white pixel in the mask."""
    pixels = np.asarray(where)
    if pixels.ndim and pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    pixels = pixels[None] if pixels.ndim == 2 else pixels
    if pixels.shape not in ((1, height, width), (count, height, width)):
        raise ValueError(
            f"mask must have the shape {(height, width)}, the pictures' size without colours, not "
            f"{np.shape(where)}."
        )
    if pixels.dtype != bool:
        values = np.unique(pixels)
        if not (np.isin(values, (0, 1)).all() or np.isin(values, (0, 255)).all()):
            raise ValueError("mask must be of True (paint anew) and False (keep), or of white and black.")
        pixels = pixels > 0
    cells = pixels.reshape(len(pixels), height // SHRINKS, SHRINKS, width // SHRINKS, SHRINKS).any((2, 4))
    return cells[..., None].astype(np.float32)


def _whole(value: Any, name: str) -> int:
    try:
        return index(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, not {value!r}.") from None


def _seed(value: Any) -> int:
    number = _whole(value, "seed")
    if not 0 <= number < 2**32:
        raise ValueError(f"seed must be from 0 to {2**32 - 1}, not {number}.")
    return number
