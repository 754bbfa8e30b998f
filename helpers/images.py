"""Image processing without learning, on batches (n, height, width, 1): damage, and the classic repairs.

Lessons measure their networks against these.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy import ndimage

__all__ = [
    "bicubic",
    "blur",
    "fill",
    "png_bits",
    "psnr",
    "richardson_lucy",
    "rim_mean",
    "sharpness",
    "shear",
    "shrink",
    "squares",
    "wiener",
]

Floats = NDArray[np.float32]
AXES = (1, 2)


def blur(images: Floats, spread: float, *, wrap: bool = False) -> Floats:
    """A Gaussian blur whose standard deviation is `spread` pixels."""
    return ndimage.gaussian_filter(images, (0, spread, spread, 0), mode="wrap" if wrap else "reflect")


def shear(images: Floats, slants: ArrayLike) -> Floats:
    """Move each row sideways: by `slants[i]` pixels for each pixel above the middle of image i."""
    _, height, width, _ = images.shape
    above = (height - 1) / 2 - np.arange(height)[:, None]
    source = np.arange(width) - np.reshape(slants, (-1, 1, 1)) * above
    left = np.floor(source).astype(int)
    share = (source - left).astype(np.float32)
    framed = np.pad(images[..., 0], ((0, 0), (0, 0), (1, 1)))
    one, two = (np.take_along_axis(framed, np.clip(left + step, 0, width + 1), axis=2) for step in (1, 2))
    return (one * (1 - share) + two * share)[..., None]


def squares(
    count: int, *, side: int, dice: np.random.Generator, size: int = 28, margin: int = 4
) -> NDArray[np.bool_]:
    """For each image a mask (count, size, size, 1), true in one square at a random place off the margin."""
    top, left = dice.integers(margin, size - margin - side + 1, (2, count, 1, 1, 1))
    row, column = np.arange(size)[:, None, None], np.arange(size)[:, None]
    return (row >= top) & (row < top + side) & (column >= left) & (column < left + side)


def shrink(images: Floats, factor: int = 4) -> Floats:
    """Every block of factor × factor pixels becomes its mean; the size of the array stays."""
    count, height, width, _ = images.shape
    blocks = images.reshape(count, height // factor, factor, width // factor, factor, 1)
    means = blocks.mean(axis=(2, 4))
    return means.repeat(factor, axis=1).repeat(factor, axis=2)


def bicubic(images: Floats, factor: int = 4) -> Floats:
    """What `shrink` left, interpolated by cubic splines through the blocks' middles."""
    small = images[:, ::factor, ::factor]
    zoom = {"order": 3, "mode": "nearest", "grid_mode": True}
    return np.stack([ndimage.zoom(one, (factor, factor, 1), **zoom) for one in small])


def rim_mean(images: Floats, hole: NDArray[np.bool_]) -> Floats:
    """Paint each image's hole in one grey: the mean of the pixels around it."""
    rim = ndimage.binary_dilation(hole, np.ones((1, 3, 3, 1))) & ~hole
    mean = np.where(rim, images, 0).sum((1, 2, 3), keepdims=True) / rim.sum((1, 2, 3), keepdims=True)
    return np.where(hole, mean, images).astype(np.float32)


def fill(images: Floats, hole: NDArray[np.bool_], *, rounds: int = 150) -> Floats:
    """Let the mean of the four neighbours spread into the hole (off the edge) until all is smooth."""
    filled = rim_mean(images, hole)
    for _ in range(rounds):
        around = sum(np.roll(filled, step, axis) for step in (1, -1) for axis in AXES) / 4
        filled = np.where(hole, around, filled)
    return filled


def wiener(images: Floats, spread: float, noise: float) -> Floats:
    """Undo a blur in frequency space, except where `noise` (over signal, in power) would be amplified."""
    point = np.zeros((1, *images.shape[1:]))
    point[0, 0, 0, 0] = 1
    response = np.fft.fft2(blur(point, spread, wrap=True), axes=AXES)
    restored = np.fft.fft2(images, axes=AXES) * np.conj(response) / (np.abs(response) ** 2 + noise)
    return np.fft.ifft2(restored, axes=AXES).real.astype(np.float32)


def richardson_lucy(images: Floats, spread: float, steps: int) -> Floats:
    """Undo a blur by repeated correction: what cannot be negative stays so (Richardson 1972, Lucy 1974)."""
    seen = np.clip(images, 1e-4, 1)
    guess = np.full_like(seen, 0.5)
    for _ in range(steps):
        guess = guess * blur(seen / np.maximum(blur(guess, spread), 1e-4), spread)
    return guess


def psnr(images: ArrayLike, truth: Floats, inside: NDArray[np.bool_] | bool = True) -> float:
    """Peak signal-to-noise ratio in dB, of the squared error over all pixels (or those `inside`)."""
    squared = (np.clip(images, 0, 1) - truth) ** 2
    return float(-10 * np.log10(squared[np.broadcast_to(inside, truth.shape)].mean()))


def sharpness(images: Floats) -> float:
    """How much of the ink is edges: the mean squared Laplacian over the mean square."""
    bends = sum(ndimage.correlate1d(images, [1, -2, 1], axis) for axis in AXES)
    return float(np.mean(np.square(bends)) / np.mean(np.square(images)))


def png_bits(images: Floats) -> NDArray[np.int64]:
    """The size of each grey image as a PNG file, in bits, with 256 levels of grey."""
    sizes = []
    for grey in np.clip(images[..., 0] * 255, 0, 255).round().astype(np.uint8):
        file = io.BytesIO()
        Image.fromarray(grey).save(file, format="PNG", optimize=True)
        sizes.append(8 * file.tell())
    return np.array(sizes)
