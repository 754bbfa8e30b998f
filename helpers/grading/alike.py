"""Pictures that two submissions share, or prompt and seed: said to the person who grades, nothing more.

Two students who tried the lesson's own prompt and seed have the same picture, honestly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from heapq import nsmallest
from typing import Any

from helpers.grading import likeness
from helpers.grading.limits import plain

__all__ = ["flags"]

SHOWN = 3  # names in a sentence


def flags(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    """For each record, one sentence for each of its pictures that another submission has as well."""
    exact, close, origin = defaultdict(set), defaultdict(set), defaultdict(set)
    for number, record in enumerate(records):
        for picture in record["pictures"]:
            if "pixels" in picture:
                exact[picture["pixels"]].add(number)
                close[picture["fingerprint"]].add(number)
            if "seed" in picture:
                origin[_words(picture)].add(number)
    near = defaultdict(set)  # what looks the same, its own fingerprint included
    prints = sorted(close)
    for one, two in likeness.pairs(prints):
        near[prints[one]].add(prints[two])
        near[prints[two]].add(prints[one])
    found = []
    for number, record in enumerate(records):
        said = []
        for picture in record["pictures"]:
            if "pixels" not in picture:
                continue
            same = exact[picture["pixels"]] - {number}
            own = picture["fingerprint"]
            similar = set().union(close[own], *(close[other] for other in near[own])) - {number} - same
            again = (origin[_words(picture)] if "seed" in picture else set()) - {number} - same - similar
            for others, what in (
                (same, "is the same picture as one of"),
                (similar, "looks the same as a picture of"),
                (again, "has the prompt and seed of a picture of"),
            ):
                if others:
                    said.append(f"{plain(picture['file'], 40)} {what} {_names(others, records)}.")
        found.append(said)
    return found


def _words(picture: dict[str, Any]) -> tuple[str, int, str]:
    return " ".join(picture["prompt"].casefold().split()), picture["seed"], picture["model"]


def _names(numbers: set[int], records: Sequence[dict[str, Any]]) -> str:
    listed = [plain(records[number]["name"], 60) for number in nsmallest(SHOWN, numbers)]
    more = len(numbers) - SHOWN
    return ", ".join(listed) + (f" and {more} more" if more > 0 else "")
