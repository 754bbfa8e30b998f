"""Principal component analysis of images: the yardstick for every learned code."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["PCA"]


class PCA:
    """`directions` (pixels, pixels) are orthonormal rows, the greatest variance first."""

    def __init__(self, images: NDArray) -> None:
        flat = _flat(images).astype(float)
        self.shape = images.shape[1:]
        self.mean = flat.mean(axis=0)
        variances, columns = np.linalg.eigh(np.cov(flat.T))
        self.variances, self.directions = variances[::-1], columns[:, ::-1].T

    def encode(self, images: NDArray, size: int) -> NDArray[np.float32]:
        """The first `size` coordinates (n, size) of the centred images."""
        return ((_flat(images) - self.mean) @ self.directions[:size].T).astype(np.float32)

    def decode(self, code: ArrayLike) -> NDArray[np.float32]:
        """The images that these coordinates stand for."""
        code = np.asarray(code)
        flat = code @ self.directions[: code.shape[1]] + self.mean
        return flat.reshape(-1, *self.shape).astype(np.float32)

    def reconstruct(self, images: NDArray, size: int) -> NDArray[np.float32]:
        """There and back: the projection on the first `size` directions."""
        return self.decode(self.encode(images, size))


def _flat(images: NDArray) -> NDArray:
    return np.reshape(images, (len(images), -1))
