"""What a picture of `helpers.pictures` can show: the factors, the names of their values, and the pairs of
values that training never sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.outlines import NAMES as SIGNS

NAMES: dict[str, tuple[str, ...]] = {
    "sign": SIGNS,
    "subject": ("symbol", "constellation"),
    "colour": ("gold", "silver", "red", "blue", "green", "purple", "pink", "turquoise"),
    "background": ("night sky", "sunset", "parchment", "ocean", "forest", "nebula"),
    "style": ("plain", "neon", "ring", "frame"),
}
FACTORS = tuple(NAMES)
COUNTS = tuple(len(values) for values in NAMES.values())

# Each sign misses one colour, and each background one sign; signs miss at most one background.
HELD_OUT: dict[str, frozenset[tuple[int, int]]] = {  # pairs of (sign, value)
    "colour": frozenset((sign, (5 * sign + 2) % 8) for sign in range(12)),
    "background": frozenset((2 * step + 1, (5 * step + 2) % 6) for step in range(6)),
}


def row(factors: Sequence[int | str] | ArrayLike) -> NDArray[np.int64]:
    """One picture's factors as positions in NAMES, from positions or names in the order of FACTORS."""
    listed = isinstance(factors, Sequence | np.ndarray) and not isinstance(factors, str)
    values = list(factors) if listed else []
    if len(values) != len(FACTORS):
        raise ValueError(f"Give {len(FACTORS)} values for one picture: {', '.join(FACTORS)}.")
    return np.array([position(name, value) for name, value in zip(FACTORS, values, strict=True)], np.int64)


def position(factor: str, value: int | str) -> int:
    """Where a value, given by its name or its position, stands in NAMES[factor]."""
    known = NAMES[factor]
    if isinstance(value, str) and value in known:
        return known.index(value)
    if not isinstance(value, str):
        try:
            place = index(value)
        except TypeError:
            place = -1
        if 0 <= place < len(known):
            return place
    raise ValueError(f"Unknown {factor} {value!r}; known are {', '.join(known)} (0 to {len(known) - 1}).")


def held_out(factors: ArrayLike) -> NDArray[np.bool_]:
    """Which rows of factors (n, 5) hold a pair of values that training never sees."""
    table = np.asarray(factors)
    if table.ndim != 2 or table.shape[1] != len(FACTORS) or table.dtype.kind not in "iu":
        raise ValueError(f"Give a table of positions with {len(FACTORS)} columns: {', '.join(FACTORS)}.")
    held = np.zeros(len(table), bool)
    for factor, pairs in HELD_OUT.items():
        grid = np.zeros((len(SIGNS), len(NAMES[factor])), bool)
        grid[tuple(np.array(sorted(pairs)).T)] = True
        held |= grid[table[:, 0], table[:, FACTORS.index(factor)]]
    return held
