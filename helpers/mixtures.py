"""A mixture of Gaussians, fitted to codes: the cheapest second model for a latent space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

__all__ = ["fit_mixture"]


def fit_mixture(codes: NDArray, groups: int, rng: np.random.Generator) -> Callable[[int], NDArray]:
    """Returns a function that draws so many new codes.

    k-means finds the groups; each gets the mean and the covariance of its own codes, and is drawn as often as
    it has codes.
    """
    if not 1 <= groups <= len(codes):
        raise ValueError(f"{len(codes)} codes make 1 to {len(codes)} groups, not {groups}.")
    size = codes.shape[1]
    _, group = kmeans2(codes, groups, minit="++", seed=rng)  # SciPy 1.13 knows no rng
    hills = {}
    for k in np.unique(group):
        own = codes[group == k]
        spread = np.cov(own.T) if len(own) > 1 else np.zeros((size, size))
        hills[k] = own.mean(axis=0), spread + 1e-3 * np.eye(size)  # also for a group of a few codes

    def draw(count: int) -> NDArray:
        chosen = rng.choice(group, size=count)
        z = np.empty((count, size))
        for k in np.unique(chosen):
            z[chosen == k] = rng.multivariate_normal(*hills[k], np.sum(chosen == k))
        return z

    return draw
