"""The known truth of the course: p_data is uniform over the land of the world map.

A point is (longitude, latitude) in degrees, an array of points has shape (n, 2). The map is the plane
[-180, 180] × [-90, 90] in which a square degree is a square degree, at the poles as at the equator.
Natural logarithms; densities per square degree; information in nats.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from helpers.files import data_path

__all__ = [
    "ENTROPY",
    "LANDMASSES",
    "LAND_AREA",
    "LAND_SHARE",
    "MAP_AREA",
    "MARIANA_TRENCH",
    "NEW_YORK",
    "Estimate",
    "Score",
    "block_shares",
    "coverage",
    "grid",
    "held_out",
    "is_land",
    "kl",
    "land_mask",
    "landmass",
    "log_density",
    "sample",
    "score",
]

LogDensity = Callable[[np.ndarray], np.ndarray]

CELLS_PER_DEGREE = 4
MAP_AREA = 360.0 * 180.0

# The lecture's two points; it writes latitude first.
NEW_YORK = (-73.9352, 40.7306)
MARIANA_TRENCH = (142.1996, 11.3493)

LANDMASSES = ("sea", "Afro-Eurasia", "Antarctica", "Americas", "Australia", "Greenland", "islands")

HELD_OUT_POINTS = 20_000
HELD_OUT_SEED = 2_718_281
COVERAGE_SAMPLES = 10_000
COVERAGE_DEGREES = 4


class Estimate(NamedTuple):
    """A mean over points, with its standard error."""

    value: float
    error: float


class Score(NamedTuple):
    """What the rulers say of a model; the last two are NaN where it has no density."""

    accuracy: float
    coverage: float
    kl: float
    kl_error: float


@cache
def land_mask() -> np.ndarray:
    """The land mask, True for land: 720 rows from south to north, 1440 columns from west to east."""
    with Image.open(data_path("land.png")) as picture:
        mask = np.asarray(picture.convert("1"))[::-1].copy()
    mask.setflags(write=False)
    return mask


LAND_SHARE = float(land_mask().mean())
LAND_AREA = LAND_SHARE * MAP_AREA
ENTROPY = float(np.log(LAND_AREA))  # of a uniform density: the logarithm of the area it covers


def _as_points(points: np.ndarray) -> np.ndarray:
    array = np.asarray(points, dtype=float)
    if array.shape[-1:] != (2,):
        raise ValueError(f"points have shape (…, 2), longitude first; this array has shape {array.shape}")
    return array


def _look_up(table: np.ndarray, points: np.ndarray, outside: int) -> np.ndarray:
    """The value of each point's cell in a table as large as the land mask."""
    array = _as_points(points)
    x, y = array[..., 0], array[..., 1]
    inside = (np.abs(x) <= 180) & (np.abs(y) <= 90)  # False for NaN
    column = np.where(inside, (x + 180) * CELLS_PER_DEGREE, 0).astype(np.int32)
    row = np.where(inside, (y + 90) * CELLS_PER_DEGREE, 0).astype(np.int32)
    # The map's own eastern and northern edges belong to the last cells.
    rows, columns = table.shape
    flat = np.minimum(row, rows - 1) * columns + np.minimum(column, columns - 1)
    return np.where(inside, table.ravel()[flat], outside)


def is_land(points: np.ndarray) -> np.ndarray:
    """True for points on land; a point outside the map is not."""
    return _look_up(land_mask(), points, False)


def log_density(points: np.ndarray) -> np.ndarray:
    """log p_data: minus the logarithm of the land's area on land, minus infinity elsewhere."""
    return np.where(is_land(points), -ENTROPY, -np.inf)


def sample(n: int, *, seed: int) -> np.ndarray:
    """Draw n points uniformly from the land: a cell, then a place in it."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(_land_cells(), size=n)
    rows, columns = np.divmod(cells, land_mask().shape[1])
    corner = np.column_stack([columns, rows])
    return (corner + rng.random((n, 2))) / CELLS_PER_DEGREE - (180, 90)


@cache
def _land_cells() -> np.ndarray:
    return np.flatnonzero(land_mask())


@cache
def held_out() -> np.ndarray:
    """The points on which every model of the course is judged; draw training data with other seeds."""
    points = sample(HELD_OUT_POINTS, seed=HELD_OUT_SEED)
    points.setflags(write=False)
    return points


def kl(log_density_of_model: LogDensity) -> Estimate:
    """KL(p_data‖p_model) in nats: the mean of log p_data − log p_model over the held-out points.

    It is infinite when the model gives density zero to any of them.
    """
    log_model = np.asarray(log_density_of_model(held_out()), dtype=float)
    if log_model.shape != (HELD_OUT_POINTS,):
        raise ValueError(
            f"a log-density of {HELD_OUT_POINTS} points has shape ({HELD_OUT_POINTS},), not {log_model.shape}"
        )
    if np.isnan(log_model).any():
        raise ValueError("the model's log-density is not a number at some held-out points")
    if np.isneginf(log_model).any():
        return Estimate(np.inf, 0.0)
    gap = -ENTROPY - log_model
    return Estimate(float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(gap.size)))


def block_shares(degrees: int) -> np.ndarray:
    """The share of land in each square block of so many degrees (a divisor of 180), as rows from south."""
    if degrees < 1 or 180 % degrees:
        raise ValueError(f"the side of a block divides 180 degrees; {degrees} does not")
    n = degrees * CELLS_PER_DEGREE
    rows, columns = 180 // degrees, 360 // degrees
    return land_mask().reshape(rows, n, columns, n).mean(axis=(1, 3))


def grid(degrees: float) -> np.ndarray:
    """The centres of square cells of so many degrees, shape (rows from south, columns from west, 2).

    A sum of densities over them, times degrees², is an integral over the map.
    """
    x = np.arange(-180, 180, degrees) + degrees / 2
    y = np.arange(-90, 90, degrees) + degrees / 2
    return np.stack(np.meshgrid(x, y), axis=-1)


def coverage(samples: np.ndarray) -> float:
    """The share of land that is within reach: lies in a 4° block into whose land a sample fell.

    The first 10,000 samples count, so that figures of different models compare; fewer is an error.
    """
    if len(samples) < COVERAGE_SAMPLES:
        raise ValueError(f"coverage needs {COVERAGE_SAMPLES} samples; here are {len(samples)}")
    first = _as_points(samples)[:COVERAGE_SAMPLES]
    on_land = first[is_land(first)]
    land = block_shares(COVERAGE_DEGREES)
    edges = [np.arange(-180, 181, COVERAGE_DEGREES), np.arange(-90, 91, COVERAGE_DEGREES)]
    counts = np.histogram2d(on_land[:, 0], on_land[:, 1], bins=edges)[0].T
    return float(land[counts > 0].sum() / land.sum())


def score(samples: np.ndarray, log_density_of_model: LogDensity | None = None) -> Score:
    """The rulers of the course: accuracy (share on land), coverage, and KL where there is a density."""
    distance = kl(log_density_of_model) if log_density_of_model else Estimate(np.nan, np.nan)
    return Score(float(is_land(samples).mean()), coverage(samples), *distance)


@cache
def _landmasses() -> np.ndarray:
    """For each cell an index into LANDMASSES: connected land, the five largest by name."""
    labels, _ = ndimage.label(land_mask(), structure=np.ones((3, 3)))
    west, east = labels[:, 0], labels[:, -1]
    for here, there in {(a, b) for a, b in zip(east, west, strict=True) if a and b and a != b}:
        labels[labels == here] = there  # one piece across the date line
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    names = np.full(sizes.size, LANDMASSES.index("islands"), dtype=np.int64)
    names[0] = LANDMASSES.index("sea")
    for place, label in enumerate(np.argsort(sizes)[::-1][:5], start=1):
        names[label] = place
    return names[labels]


def landmass(points: np.ndarray) -> np.ndarray:
    """The label of each point, an index into LANDMASSES (0 is the sea)."""
    return _look_up(_landmasses(), points, 0).astype(np.int64)
