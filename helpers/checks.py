"""Claims of a lesson as one line of code: a tick when they hold, a clear error when they do not."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

__all__ = ["CheckFailed", "check"]

# `make run` and `make seeds` name a file here and read the measured values from it: the printed line
# holds only what is the same on every machine.
LOG_VARIABLE = "COURSE_CHECK_LOG"


class CheckFailed(AssertionError):
    """A claim of the lesson does not hold in this run."""


def check(
    claim: str,
    value: Any = None,
    *,
    near: Any = None,
    within: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    equals: Any = None,
) -> None:
    """Print `claim` with a tick if `value` meets every bound given, else raise `CheckFailed`.

    `near` with `within` bounds the largest deviation (arrays: of any entry), `at_least` and `at_most`
    bound the smallest and the largest entry, `equals` compares exactly. Without a bound `value` must
    be true.
    """
    if (near is None) != (within is None):
        raise ValueError("check: `near` and `within` go together")
    bounds: list[tuple[str, bool]] = []
    worst = value  # of an array the entry that comes closest to breaking its bound
    if within is not None:
        with np.errstate(invalid="ignore"):  # ∞ − ∞ is not a number, and near nothing
            gaps = np.abs(np.asarray(value, dtype=float) - np.asarray(near, dtype=float))
        worst = value if gaps.size == 1 else gaps.max()
        target = f" of {_short(near)}" if np.ndim(near) == 0 else ""
        bounds.append((f"within {within:g}{target}", bool(np.all(gaps <= within))))
    if at_least is not None:
        worst = np.min(np.asarray(value, dtype=float))
        bounds.append((f"at least {at_least:g}", bool(worst >= at_least)))
    if at_most is not None:
        worst = np.max(np.asarray(value, dtype=float))
        bounds.append((f"at most {at_most:g}", bool(worst <= at_most)))
    if equals is not None:
        bounds.append((f"equals {_short(equals)}", bool(np.array_equal(value, equals))))
    if not bounds:
        if np.asarray(value).dtype != bool or np.ndim(value) > 0:
            raise ValueError("check: give a bound, or a single true-or-false value")
        bounds.append(("", bool(value)))

    holds = all(met for _, met in bounds)
    wanted = " and ".join(text for text, _ in bounds if text)
    _log(claim, worst, wanted, holds)
    if not holds:
        raise CheckFailed(f"{claim}: expected {wanted or 'true'}, but it is {_short(value)}")
    print(f"✓ {claim}" + (f" ({wanted})" if wanted else ""))


def _short(value: Any) -> str:
    """A number as a person writes it; a large array as its range."""
    array = np.asarray(value)
    if array.dtype.kind in "fc" and array.size == 1:
        return f"{array.item():.6g}"
    if array.size > 6 and array.dtype.kind in "biuf":
        return f"an array of shape {array.shape} from {array.min()} to {array.max()}"
    return str(value)


def _log(claim: str, value: Any, wanted: str, holds: bool) -> None:
    """Append the measured value to the log file, if one is asked for."""
    path = os.environ.get(LOG_VARIABLE)
    if not path:
        return
    numbers = np.asarray(value)
    single = numbers.item() if numbers.size == 1 else None
    entry = {
        "claim": claim,
        "value": float(single) if isinstance(single, (bool, int, float)) else None,
        "wanted": wanted,
        "holds": holds,
    }
    with open(path, "a", encoding="utf-8") as log:
        log.write(json.dumps(entry) + "\n")
