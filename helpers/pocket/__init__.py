"""A pocket Stable Diffusion: text to image on a laptop, offline, behind KerasCV's interface."""

from __future__ import annotations

from typing import Any

__all__ = ["StableDiffusion", "load_text_to_image"]


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: training needs no KerasCV, a tokenizer no Keras."""
    if name == "StableDiffusion":
        from helpers.pocket.loading import pocket_class

        return pocket_class()
    if name == "load_text_to_image":
        from helpers.pocket.loading import load_text_to_image

        return load_text_to_image
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
