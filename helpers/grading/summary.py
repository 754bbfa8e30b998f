"""The run in numbers: how many, how the points spread, which checks cost most."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.grading import rubric

__all__ = ["BINS", "histogram", "numbers", "text"]

BINS = 10

Record = dict[str, Any]


def histogram(records: Sequence[Record], most: float) -> list[int]:
    """How many submissions have points in each tenth of what the machine can give."""
    counts = [0] * BINS
    for record in records:
        place = math.floor(BINS * record["points"] / most) if most else 0
        counts[min(place, BINS - 1)] += 1
    return counts


def numbers(records: Sequence[Record], points: Mapping[str, float], notes: Sequence[str]) -> dict[str, Any]:
    """What `summary.json` holds."""
    got = sorted(record["points"] for record in records)
    most = rubric.most(points) - points[rubric.QUALITY]
    quarters = statistics.quantiles(got, n=4, method="inclusive") if len(got) > 1 else got * 3
    return {
        "submissions": len(records),
        "broken": sum(record["broken"] for record in records),
        "flagged": sum(bool(record["flags"]) for record in records),
        "most": most,
        "least": got[0],
        "quarters": [round(value, 2) for value in quarters],
        "greatest": got[-1],
        "mean": round(statistics.fmean(got), 2),
        "histogram": histogram(records, most),
        "checks": {
            name: round(
                statistics.fmean(
                    check["points"]
                    for record in records
                    for check in record["checks"]
                    if check["name"] == name
                ),
                2,
            )
            for name in points
            if name != rubric.QUALITY
        },
        "rubric": dict(points),
        "notes": list(notes),
    }


def text(found: Mapping[str, Any]) -> str:
    """A few lines for the terminal, with the spread of the points as bars."""
    widest = max(found["histogram"]) or 1
    edges = [found["most"] * number / BINS for number in range(BINS + 1)]
    bars = [
        f"  {low:5.1f} to {high:5.1f}  {'█' * math.ceil(30 * count / widest):30} {count}"
        for low, high, count in zip(edges, edges[1:], found["histogram"], strict=False)
    ]
    first = (
        f"{found['submissions']} submissions, {found['broken']} with something wrong in their files, "
        f"{found['flagged']} with a picture or seed that another has as well."
    )
    spread = f"Points of {found['most']:g}: mean {found['mean']:g}, median {found['quarters'][1]:g}."
    return "\n".join([first, spread, *bars])
