"""The pocket model, which paints handed-in pictures again, and its judge. TensorFlow comes with first use."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.homework import Origin, pocket_hash
from helpers.scenes import SIDE

__all__ = ["MOST_STEPS", "MOST_TOGETHER", "Models", "unverified", "why_not"]

MOST_STEPS = 100  # of a picture that is painted again; a student can ask for a thousand
MOST_TOGETHER = 300  # of all pictures of a submission


def why_not(origin: Origin) -> str:
    """Why a picture of that origin is not painted again, or nothing."""
    if origin.model_hash != pocket_hash():
        return "another model painted it"
    if (origin.width, origin.height) != (SIDE, SIDE):
        return f"it has not {SIDE}×{SIDE} pixels"
    if origin.steps > MOST_STEPS:
        return f"it took {origin.steps} steps, and more than {MOST_STEPS} are not repeated"
    return ""


def unverified(origin: Origin | None) -> bool:
    """Whether a picture is said to be the pocket model's and cannot be painted again to see that it is."""
    return origin is not None and origin.model == "pocket" and bool(why_not(origin))


class Models:
    """Loaded when they are first needed."""

    @cached_property
    def _painter(self) -> Any:
        from helpers.pocket import load_text_to_image

        return load_text_to_image("pocket")

    def repaint(self, origins: Sequence[Origin]) -> list[NDArray[np.uint8] | str]:
        """Each origin's picture once more, or why it cannot be; those of one prompt together."""
        batches: dict[str, list[int]] = {}
        for number, origin in enumerate(origins):
            batches.setdefault(json.dumps(_shared(origin), sort_keys=True), []).append(number)
        found: dict[int, NDArray[np.uint8] | str] = {}
        for numbers in batches.values():
            seeds = [origins[number].seed for number in numbers]
            options = _shared(origins[numbers[0]]) | {"seed": seeds, "batch_size": len(seeds)}
            try:
                with contextlib.redirect_stdout(io.StringIO()):  # it names the words that it does not know
                    images: Sequence = self._painter.text_to_image(**options, progress=False, one_batch=True)
            except ValueError as error:
                images = [str(error)] * len(numbers)
            found |= dict(zip(numbers, images, strict=True))
        return [found[number] for number in range(len(origins))]

    def signs(self, images: Sequence[NDArray[np.uint8]], sign: str) -> list[bool]:
        """Whether the judge is sure to see the sign in each picture."""
        from helpers.pictures import NAMES
        from helpers.pocket import judge

        verdict = judge.run(np.stack(images))
        return (verdict.probabilities("sign")[:, NAMES["sign"].index(sign)] >= judge.SURE).tolist()


def _shared(origin: Origin) -> dict[str, Any]:
    """What pictures that can be painted together have in common."""
    return {name: value for name, value in origin.options().items() if name not in ("seed", "batch_size")}
