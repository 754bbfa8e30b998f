"""Figures of merit for codes and alarms."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

__all__ = [
    "kernel_classifier",
    "mutual_information",
    "mutual_information_gap",
    "nearest_distance",
    "r_squared",
    "roc",
    "roc_area",
    "shortest_way",
    "squared_distances",
]


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


def shortest_way(a: NDArray, b: NDArray) -> float:
    """The Wasserstein distance of two heaps of equally many points: the mean way of the best pairing."""
    if len(a) != len(b):
        raise ValueError(f"Pair equally many points; these are {len(a)} and {len(b)}.")
    ways = cdist(a, b)
    return float(ways[linear_sum_assignment(ways)].mean())


def mutual_information(a: ArrayLike, b: ArrayLike, *, bins: int = 20) -> float:
    """How many nats one variable tells about the other, from a table of counts.

    Integers count as classes; other values are cut at their quantiles into `bins` equal shares.
    """
    rows, columns = (_classes(np.asarray(values), bins) for values in (a, b))
    share = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(share, (rows, columns), 1 / len(rows))
    independent = share.sum(1, keepdims=True) * share.sum(0)
    there = share > 0
    return float(np.sum(share[there] * np.log(share[there] / independent[there])))


def _classes(values: NDArray, bins: int) -> NDArray[np.int64]:
    if np.issubdtype(values.dtype, np.integer):
        return np.unique(values, return_inverse=True)[1]
    inner = np.quantile(values, np.arange(1, bins) / bins)
    return np.searchsorted(inner, values, side="right")


def mutual_information_gap(codes: NDArray, truths: Sequence[NDArray]) -> tuple[NDArray, NDArray]:
    """What each latent tells about each factor (factors, latents), and the gap of each factor.

    The gap is the lead of the best latent over the second, as a share of what is to be told. Its mean over
    the factors is the MIG of Chen et al. (2018). Give codes that were drawn, not means: cut at quantiles,
    even the means of a collapsed latent would tell something.
    """
    table = np.array([[mutual_information(code, truth) for code in codes.T] for truth in truths])
    second, first = np.sort(table, axis=1)[:, -2:].T
    all_of_it = [mutual_information(truth, truth) for truth in truths]
    return table, (first - second) / all_of_it


def kernel_classifier(images: NDArray, labels: NDArray[np.integer], *, width: float = 5.0) -> Callable:
    """A function from images to labels: a kernel ridge regression of each label's 0 and 1 on the images."""
    known = images.reshape(len(images), -1)

    def kernel(u: NDArray) -> NDArray:
        return np.exp(-squared_distances(u.reshape(len(u), -1), known) / (2 * width**2))

    votes = np.linalg.solve(kernel(images) + 0.1 * np.eye(len(known)), np.eye(labels.max() + 1)[labels])
    return lambda u: (kernel(u) @ votes).argmax(axis=1)
