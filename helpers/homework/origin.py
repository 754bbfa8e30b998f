"""Where a picture comes from: all that is needed to paint it once more, as JSON of a fixed form."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.homework.limits import MAX_ORIGIN, MAX_PROMPT, MAX_SIDE

__all__ = ["VERSION", "Origin", "digest", "strict_json"]

VERSION = 1  # raise it when the meaning of a field changes
SAMPLERS = ("ddim", "dpm++", "euler-a")  # as in helpers.pocket.samplers, which needs more than a grader has


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The prompt and the settings of one picture; with its own seed it comes again, alone."""

    prompt: str
    negative_prompt: str | None
    steps: int
    sampler: str
    guidance: float
    seed: int
    width: int
    height: int
    model: str
    model_hash: str  # SHA-256 of the weights: helpers.homework.painting
    versions: dict[str, str]  # of the libraries
    pixels: str  # SHA-256 of the picture: `digest`

    def __post_init__(self) -> None:
        """Refuse what cannot be: the fields may come from a stranger's file."""
        _text("prompt", self.prompt, MAX_PROMPT, 1)
        if self.negative_prompt is not None:
            _text("negative_prompt", self.negative_prompt, MAX_PROMPT)
        _whole("steps", self.steps, 1, 1000)
        _whole("seed", self.seed, 0, 2**32 - 1)
        for name in ("width", "height"):
            _whole(name, getattr(self, name), 1, MAX_SIDE)
        if self.sampler not in SAMPLERS:
            raise ValueError(f"sampler must be one of {', '.join(SAMPLERS)}, not {_short(self.sampler)}.")
        guidance = self.guidance
        if type(guidance) not in (int, float) or not 0 <= guidance <= 100:
            raise ValueError(f"guidance must be a number from 0 to 100, not {_short(guidance)}.")
        _text("model", self.model, 100, 1)
        for name in ("model_hash", "pixels"):
            value = getattr(self, name)
            if not (isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value)):
                raise ValueError(f"{name} must be a SHA-256 of 64 hexadecimal digits, not {_short(value)}.")
        if not isinstance(self.versions, dict) or len(self.versions) > 20:
            raise ValueError(f"versions must name up to 20 libraries, not {_short(self.versions)}.")
        for library, version in self.versions.items():
            _text("the name of a library", library, 100, 1)
            _text(f"the version of {_short(library)}", version, 100)

    def options(self) -> dict[str, Any]:
        """What `text_to_image` needs to paint the picture once more; samplers are the pocket model's."""
        named = {
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "num_steps": self.steps,
            "unconditional_guidance_scale": self.guidance,
            "seed": self.seed,
        }
        return named if self.sampler == "ddim" else named | {"sampler": self.sampler}

    def to_json(self) -> str:
        """For `from_json`, in plain ASCII."""
        return json.dumps({"version": VERSION} | asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Origin:
        """The origin that `to_json` wrote; what is missing, added or impossible is named in one sentence."""
        if len(text) > MAX_ORIGIN:
            raise ValueError(f"The origin has {len(text):,} characters, {MAX_ORIGIN:,} are allowed.")
        try:
            record = strict_json(text)
        except ValueError as error:
            raise ValueError(f"The origin is not JSON: {error}.") from None
        known = ["version", *(field.name for field in fields(cls))]
        if not isinstance(record, dict) or sorted(record) != sorted(known):
            raise ValueError(f"The origin must have the fields {', '.join(known)} and no others.")
        if type(record["version"]) is not int or record.pop("version") != VERSION:
            raise ValueError(f"The origin is of another version than {VERSION}: bring the course up to date.")
        try:
            return cls(**record)
        except ValueError as error:
            raise ValueError(f"The origin cannot be: {error}") from None


def digest(image: NDArray[np.uint8]) -> str:
    """The SHA-256 of a picture (h, w, 3): its size and its pixels."""
    height, width = image.shape[:2]
    said = hashlib.sha256(f"{width}x{height} RGB\n".encode())
    said.update(np.ascontiguousarray(image).tobytes())
    return said.hexdigest()


def strict_json(text: str) -> Any:
    """What a JSON text says; repeated names, NaN and endless depths are mistakes."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_never, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("a name stands in it twice")
    return names


def _never(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _finite(number: str) -> float:
    if math.isinf(value := float(number)):
        raise ValueError(f"{number[:20]} is too large")
    return value


def _text(name: str, value: Any, most: int, least: int = 0) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text, not {_short(value)}.")
    if not least <= len(value) <= most:
        raise ValueError(f"{name} must have {least} to {most:,} characters, not {len(value):,}.")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(f"{name} holds a character that no text may hold.")


def _whole(name: str, value: Any, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:  # True is an int to `isinstance`
        raise ValueError(f"{name} must be a whole number from {least} to {most:,}, not {_short(value)}.")


def _short(value: Any) -> str:
    try:
        said = repr(value)
    except ValueError:  # a number of more than 4,300 digits
        said = f"a very large {type(value).__name__}"
    return said if len(said) <= 60 else f"{said[:57]}..."
