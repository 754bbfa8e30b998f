"""The zodiac homework: paint at least three pictures of your own sign, choose one, say why, hand in one zip.

from helpers import homework

leo = homework.sign_of("2001-08-01")
pictures = homework.paint(model, "a golden leo on a night sky", seeds=(1, 2, 3))
homework.pack(pictures, sign=leo, words="I wanted …", chosen=2)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "signs": ("SIGNS", "Sign", "find_sign", "sign_of", "table"),
    "mentions": ("signs_in", "touches"),
    "origin": ("Origin",),
    "public": ("Public",),
    "png": ("Picture", "Reading", "open_picture", "read_png", "same"),
    "painting": ("paint", "pocket_hash", "repaint"),
    "rules": ("missing",),
    "submission": ("Entry", "Submission", "parse_submission", "verify"),
    "packing": ("pack",),
}
_HOMES = {name: module for module, names in _PLACES.items() for name in names}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: a grader needs no model, a table of signs no pictures."""
    if name in _HOMES:
        return getattr(import_module(f"helpers.homework.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
