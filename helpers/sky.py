"""The figures that pictures show, as maps of distances: the signs' symbols and their constellations.

A map covers [-SPAN, SPAN] both ways; a figure lies in [-0.5, 0.5] with its longer side 1. A map holds
what is left of FAR: zero outside the map then means far away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from helpers.files import data_path
from helpers.outlines import CELLS, NAMES, REACH, distances

SPAN = 1.0
SIDE = 3 * CELLS // 2  # a map's cells a side: about a pixel of a picture each
FAR = 1.0  # distances beyond it are cut; it is much longer than any glow
MAGNITUDES = (1.0, 4.8)  # of the stars drawn largest and smallest ...
RADII = (5.4 / 100, 3.0 / 100)  # ... and their radii

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Figure:
    """A shape to draw: its maps, and what is needed to place it."""

    lines: Image.Image  # FAR less the distance to the lines
    stars: Image.Image | None  # FAR less the distance to the nearest disc of a star, negative inside
    edge: Floats  # (k, 2): points that no turn of the figure reaches beyond
    centre: Floats  # (2,): of the smallest circle around it
    radius: float


@cache
def figures() -> dict[str, tuple[Figure, ...]]:
    """The twelve signs' figures as symbols and as constellations."""
    return {
        "symbol": tuple(_symbol(number) for number in range(len(NAMES))),
        "constellation": tuple(_constellation(name) for name in NAMES),
    }


@cache
def constellations() -> dict[str, tuple[Floats, list[list[int]]]]:
    """Stars (n, 3) of x to the right, y down and magnitude, and the lines from star to star."""
    record = json.loads(data_path("constellations.json").read_text(encoding="utf-8"))["figures"]
    return {name: (np.array(f["stars"], np.float32), f["lines"]) for name, f in record.items()}


def _symbol(number: int) -> Figure:
    """From the sign's map in `helpers.outlines`, continued beyond its edge."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    step = 2 * REACH / (CELLS - 1)
    more = int(np.ceil((SPAN - REACH) / step))
    near = distances()[number]
    wide = np.pad(near, more, constant_values=1)
    away = distance_transform_edt(wide > 0.6 * step) * step
    away[more:-more, more:-more] = near
    row, column = np.nonzero(away < 0.6 * step)
    away = gaussian_filter(away, 1.3)  # the thinned line has steps, which a wide pen would show
    points = (np.stack([column, row], -1) - (len(away) - 1) / 2) * step
    ticks = (np.arange(len(away)) - (len(away) - 1) / 2) * step
    across = np.stack([np.interp(_cells(), ticks, line) for line in away])
    smooth = np.stack([np.interp(_cells(), ticks, line) for line in across.T], -1)
    return _figure(smooth, None, points)


def _constellation(name: str) -> Figure:
    stars, lines = constellations()[name]
    grid = np.stack(np.meshgrid(_cells(), _cells()), -1)
    pairs = [(a, b) for line in lines for a, b in pairwise(line)]
    away = np.min([_to_segment(grid, stars[a, :2], stars[b, :2]) for a, b in pairs], 0)
    radii = np.interp(stars[:, 2], MAGNITUDES, RADII)
    discs = [np.sqrt(((grid - star[:2]) ** 2).sum(-1)) - r for star, r in zip(stars, radii, strict=True)]
    return _figure(away, np.min(discs, 0), stars[:, :2])


def _cells() -> NDArray[np.float64]:
    """The middles of a map's cells, which together fill [-SPAN, SPAN]."""
    return (np.arange(SIDE) + 0.5) / SIDE * 2 * SPAN - SPAN


def _to_segment(points: NDArray, start: NDArray, end: NDArray) -> NDArray:
    """How far points are from a straight line's nearest point."""
    along = end - start
    part = np.clip(((points - start) @ along) / (along @ along), 0, 1)
    return np.sqrt(((points - start - part[..., None] * along) ** 2).sum(-1))


def _figure(lines: NDArray, stars: NDArray | None, points: NDArray) -> Figure:
    """The figure whose maps these are and which reaches no farther than its points."""
    from scipy.spatial import ConvexHull

    edge = points[ConvexHull(points).vertices]
    centre = edge.mean(0)
    for step in range(1, 2000):  # Badoiu and Clarkson: walk towards the farthest point, ever slower
        centre = centre + (edge[((edge - centre) ** 2).sum(-1).argmax()] - centre) / (step + 1)
    radius = float(np.sqrt(((edge - centre) ** 2).sum(-1)).max())
    return Figure(
        _stored(lines),
        None if stars is None else _stored(stars),
        edge.astype(np.float32),
        centre.astype(np.float32),
        radius,
    )


def _stored(away: NDArray) -> Image.Image:
    return Image.fromarray((FAR - np.minimum(away, FAR)).astype(np.float32))
