"""Rising curves from (0, 0) to (1, 1) in pieces that are ratios of parabolas (Durkan et al. 2019).

A network describes each curve by `3 * pieces - 1` free numbers: widths, heights and inner slopes. Zeros
describe the straight line.
"""

from __future__ import annotations

import math
from typing import Any

from keras import ops

__all__ = ["spline"]

LEAST = 1e-3  # no piece is narrower or flatter: the inverse stays exact
START = math.log(math.e - 1)  # its softplus is 1


def spline(value: Any, raw: Any, *, backwards: bool = False) -> tuple[Any, Any]:
    """The curve at `value` (n, 1) with the log of its slope; `backwards` its inverse, with the log of that
    one's slope."""
    w, h, x, y, left, right = _piece(value, raw, backwards)
    mean = h / w
    bow = left + right - 2 * mean
    if backwards:  # the root of a quadratic equation, in the form that does not cancel
        a = h * (mean - left) + (value - y) * bow
        b = h * left - (value - y) * bow
        c = -mean * (value - y)
        t = 2 * c / (-b - ops.sqrt(ops.maximum(b * b - 4 * a * c, 0.0)))
    else:
        t = (value - x) / w
    mix = t * (1 - t)
    below = mean + bow * mix
    slope = mean**2 * (right * t**2 + 2 * mean * mix + left * (1 - t) ** 2) / below**2
    if backwards:
        return x + t * w, -ops.log(slope)
    return y + h * (mean * t**2 + left * mix) / below, ops.log(slope)


def _piece(value: Any, raw: Any, backwards: bool) -> list[Any]:
    """Width, height, beginnings and both slopes of the piece in which each value lies."""
    pieces = (raw.shape[-1] + 1) // 3
    (w, x), (h, y) = _shares(raw[:, :pieces]), _shares(raw[:, pieces : 2 * pieces])
    inner = LEAST + (1 - LEAST) * ops.softplus(raw[:, 2 * pieces :] + START)
    slopes = ops.pad(inner, ((0, 0), (1, 1)), constant_values=1.0)
    begins = (y if backwards else x)[:, 1:]
    own = ops.one_hot(ops.sum(ops.cast(value >= begins, "int32"), axis=-1), pieces, dtype=raw.dtype)
    parts = (w, h, x, y, slopes[:, :-1], slopes[:, 1:])
    return [ops.sum(part * own, axis=-1, keepdims=True) for part in parts]


def _shares(raw: Any) -> tuple[Any, Any]:
    """Positive numbers that sum to one, and where each begins when they stand in a row."""
    share = LEAST + (1 - LEAST * raw.shape[-1]) * ops.softmax(raw)
    return share, ops.cumsum(share, axis=-1) - share
