"""Figures of merit for codes and alarms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree
from scipy.stats import mannwhitneyu

__all__ = ["nearest_distance", "roc", "roc_area", "r_squared", "squared_distances"]


def r_squared(
    code: ArrayLike, values: NDArray, new_code: ArrayLike, new_values: NDArray, *, neighbours: int = 10
) -> NDArray[np.float64]:
    """How well codes tell the values (n, k): the R² of each column, 1 for perfect, 0 for the mean.

    The guess for a new code is the mean over its nearest known codes, so a bent sheet is no worse than
    a flat one.
    """
    nearest = KDTree(code).query(new_code, k=neighbours)[1]
    wrong = np.mean((values[nearest].mean(axis=1) - new_values) ** 2, axis=0)
    return 1 - wrong / np.var(new_values, axis=0)


def roc(normal: ArrayLike, intruder: ArrayLike, *, points: int = 201) -> tuple[NDArray, NDArray]:
    """The shares of false alarms and of found intruders, as the threshold falls through all levels."""
    levels = np.quantile(np.concatenate([normal, intruder]), np.linspace(1, 0, points))[:, None]
    return np.mean(np.asarray(normal) > levels, axis=1), np.mean(np.asarray(intruder) > levels, axis=1)


def roc_area(normal: ArrayLike, intruder: ArrayLike) -> float:
    """The chance that a random intruder's alarm is louder than a random normal one (ties count half)."""
    louder = mannwhitneyu(intruder, normal).statistic
    return float(louder / (len(np.asarray(normal)) * len(np.asarray(intruder))))


def nearest_distance(images: NDArray, reference: NDArray) -> NDArray[np.float64]:
    """The distance of each image to the nearest one of the reference, in pixel space."""
    ours, theirs = (np.reshape(x, (len(x), -1)) for x in (images, reference))
    return np.sqrt(squared_distances(ours, theirs).min(axis=1))


def squared_distances(a: NDArray, b: NDArray) -> NDArray:
    """Of all rows of a to all rows of b (len(a), len(b))."""
    return np.maximum((a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1), 0)
