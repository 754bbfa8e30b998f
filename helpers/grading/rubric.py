"""What each check is worth: one table, which a TOML file can change."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path

from helpers.grading.limits import Refused, quoted

__all__ = ["LABELS", "POINTS", "QUALITY", "load", "most"]

QUALITY = "quality"
POINTS: dict[str, float] = {
    "files": 10,
    "open": 5,
    "blank": 5,
    "distinct": 5,
    "origin": 10,
    "prompt": 10,
    "render": 5,
    "judge": 2,  # few: the judge can be wrong
    "words": 8,
    QUALITY: 40,  # for the person who grades; the machine never gives it
}
LABELS = {
    "files": "files complete",
    "open": "pictures open",
    "blank": "pictures not blank",
    "distinct": "pictures differ",
    "origin": "origin whole",
    "prompt": "prompt touches the sign",
    "render": "paints the same again",
    "judge": "the judge sees the sign",
    "words": "description",
    QUALITY: "quality (a person's)",
}


def load(path: Path | None = None) -> dict[str, float]:
    """The points of each check; what the file's [points] does not name keeps its own."""
    if path is None:
        return dict(POINTS)
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Refused(f"The rubric {path.name} cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise Refused(f"The rubric {path.name} is no TOML file ({error}).") from None
    table = told.pop("points", None)
    if not isinstance(table, Mapping) or told:
        raise Refused(f"The rubric {path.name} must have one table, [points], and nothing beside it.")
    for name, points in table.items():
        if name not in POINTS:
            raise Refused(f"The rubric has no check {quoted(name)}: it knows {', '.join(POINTS)}.")
        if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < math.inf:
            raise Refused(f"In the rubric, {name} must be a number from 0 on, not {quoted(points)}.")
    merged = POINTS | dict(table)
    if not sum(merged.values()):
        raise Refused("The rubric gives no points at all.")
    return merged


def most(rubric: Mapping[str, float]) -> float:
    """All points together."""
    return sum(rubric.values())
