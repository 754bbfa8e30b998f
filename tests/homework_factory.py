"""Pictures with an origin, without a model that painted them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, PngImagePlugin

from helpers.homework import Origin, Picture
from helpers.homework.origin import digest


def image(seed: int = 1, width: int = 24, height: int = 16) -> np.ndarray:
    """A picture of noise."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def origin(pixels: np.ndarray | None = None, **changes) -> Origin:
    """The origin of these pixels, or of some picture."""
    pixels = image() if pixels is None else pixels
    usual = {"prompt": "a golden leo", "negative_prompt": None, "steps": 15, "sampler": "ddim"}
    usual |= {"guidance": 2.5, "seed": 1, "width": pixels.shape[1], "height": pixels.shape[0]}
    usual |= {"model": "pocket", "model_hash": "0123456789" + "ab" * 27, "versions": {"keras": "3.15.1"}}
    return Origin(**usual | {"pixels": digest(pixels)} | changes)


def picture(seed: int = 1, width: int = 24, height: int = 16, **changes) -> Picture:
    """A picture of noise that tells its origin."""
    pixels = image(seed, width, height)
    return Picture(pixels, origin(pixels, seed=seed, **changes))


def png(texts: dict[str, str], pixels: np.ndarray | None = None, **options) -> bytes:
    """A PNG with texts, as any tool may write it."""
    said, packed = PngImagePlugin.PngInfo(), io.BytesIO()
    for key, text in texts.items():
        said.add_text(key, text, **options)
    Image.fromarray(image() if pixels is None else pixels).save(packed, "PNG", pnginfo=said)
    return packed.getvalue()
