"""What the reference classifier learns from: signs as generators draw them, and junk that is no sign.

Ophiuchus and the biscuits are kept out of it: they are strangers on which the classifier can be tried.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from helpers import glyphs

__all__ = ["alike", "junk", "pictures", "softened"]

JUNK = 0.4  # junk images for each drawing
SIDE, SIGNS = glyphs.SIDE, len(glyphs.NAMES)
# Side by side their halves are no junk: the left half of either belongs to both.
TWINS = [glyphs.NAMES.index(sign) for sign in ("virgo", "scorpio")]

Floats = NDArray[np.float32]


def softened(images: Floats, rng: np.random.Generator) -> Floats:
    """As generators draw: a third untouched; the others blurred, and some of those faint, noisy, in few
    greys or with the ghost of another."""
    out = images.copy()
    order = rng.permutation(len(out))
    for part in np.array_split(order[len(out) // 3 :], 40):
        some = ndimage.gaussian_filter(out[part], (0, *[max(0, rng.uniform(-0.5, 1.4))] * 2))
        kind = rng.integers(5)
        if kind == 1:
            some *= rng.uniform(0.4, 1, (len(some), 1, 1))
        elif kind == 2:
            some += rng.uniform(0, 0.2) * rng.standard_normal(some.shape)
        elif kind == 3:
            steps = rng.integers(1, 8)
            some = np.rint(np.clip(some * rng.uniform(1, 1.5), 0, 1) * steps) / steps
        elif kind == 4:
            some += rng.uniform(0, 0.2, (len(some), 1, 1)) * rng.permutation(some)
        out[part] = np.clip(some, 0, 1)
    return out


def alike(drawn: glyphs.Glyphs, rng: np.random.Generator) -> Floats:
    """The drawings, a fifth of them averaged with one to four of the same sign and slant: the blur of an
    autoencoder, which keeps what it knows of a sign and averages over the rest."""
    images = drawn.images[..., 0]
    order = np.lexsort((drawn.factors[:, glyphs.FACTORS.index("slant")], drawn.labels))
    out = images.copy()
    for part in np.array_split(rng.permutation(len(order))[: len(order) // 5], 40):
        near = order[np.minimum(part + np.arange(rng.integers(2, 6))[:, None], len(order) - 1)]
        weights = rng.gamma(1, size=near.shape) * (drawn.labels[near] == drawn.labels[near[0]])
        out[near[0]] = np.einsum("kn,knij->nij", weights / weights.sum(0), images[near])
    return out


def junk(count: int, images: Floats, labels: NDArray, rng: np.random.Generator) -> Floats:
    """What is no sign, equally many of each kind (some count twice); the material is signs."""
    makers = [_averages, _halves, _scribbles] * 2
    makers += [_overlays, _tiles, _blobs, _speckles, _smears, _shapes]
    shares = np.array_split(np.arange(count), len(makers))
    made = []
    for maker, share in zip(makers, shares, strict=True):
        one, other = rng.integers(len(images), size=(2, len(share)))
        for _ in range(20):  # until each pair is of two different signs
            same = (labels[one] == labels[other]) | (
                np.isin(labels[one], TWINS) & np.isin(labels[other], TWINS)
            )
            other[same] = rng.integers(len(images), size=same.sum())
        made.append(maker(images[one], images[other], rng))
    return np.clip(np.concatenate(made), 0, 1).astype(np.float32)


def _averages(one: Floats, other: Floats, rng: np.random.Generator) -> NDArray:
    """Of two signs, or of four; half of them with the contrast turned up."""
    weight = rng.uniform(0.3, 0.7, (len(one), 1, 1))
    mixed = weight * one + (1 - weight) * other
    half = len(mixed) // 2
    mixed[: half // 2] = (mixed[: half // 2] + mixed[half // 2 : 2 * (half // 2)]) / 2
    mixed[::2] *= rng.uniform(1, 2, (len(mixed[::2]), 1, 1))
    return mixed


def _overlays(one: Floats, other: Floats, rng: np.random.Generator) -> NDArray:
    """Two signs written over each other."""
    return np.maximum(one, rng.uniform(0.7, 1, (len(one), 1, 1)) * other)


def _halves(one: Floats, other: Floats, rng: np.random.Generator) -> NDArray:
    """One side of a cut through the middle from one sign; the other from another, or empty."""
    angle = rng.uniform(0, 2 * np.pi, (len(one), 1, 1))
    away = rng.uniform(-2, 2, (len(one), 1, 1))
    ticks = np.arange(SIDE) - (SIDE - 1) / 2
    side = np.cos(angle) * ticks + np.sin(angle) * ticks[:, None] > away
    return np.where(side, one, other * (rng.random((len(one), 1, 1)) < 0.7))


def _tiles(one: Floats, other: Floats, rng: np.random.Generator) -> NDArray:
    """A sign's sixteen tiles, or all its pixels, in another order."""
    for images, size in ((one[::2], 7), (one[1::2], 1)):
        cells = SIDE // size
        tiles = images.reshape(-1, cells, size, cells, size).swapaxes(2, 3).reshape(-1, cells**2, size, size)
        tiles = np.stack([tile[rng.permutation(cells**2)] for tile in tiles])
        images[:] = tiles.reshape(-1, cells, cells, size, size).swapaxes(2, 3).reshape(images.shape)
    return one


def _blobs(one: Floats, other: Floats, rng: np.random.Generator) -> NDArray:
    """Smooth noise, soft or cut at a level."""
    out = rng.standard_normal(one.shape)
    for part in np.array_split(np.arange(len(out)), 20):
        field = ndimage.gaussian_filter(out[part], (0, *[rng.uniform(0.5, 5)] * 2))
        field = field / field.std() - rng.uniform(-0.5, 1.5)
        out[part] = field > 0 if rng.random() < 0.4 else field * rng.uniform(0.1, 2)
    return out


def _speckles(one: Floats, other: Floats, rng: np.random.Generator) -> NDArray:
    """Noise of many strengths, on its own and over one flat grey."""
    level, strength, share = rng.random((3, len(one), 1, 1))
    noise = rng.standard_normal(one.shape) * strength * (rng.random(one.shape) < share) + level
    noise[::4] = rng.random(noise[::4].shape) * strength[::4]
    noise[1::8] = level[1::8]
    noise[2::16] = 0
    return noise


def _smears(one: Floats, other: Floats, rng: np.random.Generator) -> NDArray:
    """Signs so blurred that they could be any, and negatives."""
    out = 1 - one
    for part in np.array_split(np.arange(len(out) * 3 // 4), 20):
        field = ndimage.gaussian_filter(one[part], (0, *[rng.uniform(2.6, 6)] * 2))
        out[part] = field * rng.uniform(1, 3, (len(field), 1, 1))
    return out


def _shapes(one: Floats, other: Floats, rng: np.random.Generator) -> NDArray:
    """One to three filled triangles, ovals and other convex shapes, some of them outlines only."""
    out = np.zeros(one.shape)
    ticks = np.arange(SIDE)
    for image in out:
        for _ in range(rng.integers(1, 4)):
            corners = rng.integers(3, 9)
            angles = np.sort(rng.uniform(0, 2 * np.pi, (corners, 1, 1)), axis=0)
            x, y = rng.uniform(8, 20, 2)
            reach = rng.uniform(2, 12, (corners, 1, 1))
            away = (np.cos(angles) * (ticks - x) + np.sin(angles) * (ticks[:, None] - y) - reach).max(0)
            if rng.random() < 0.4:
                away = np.abs(away) - rng.uniform(0.6, 1.2)
            image[:] = np.maximum(image, np.clip(0.5 - away, 0, 1))
    return out


def _scribbles(one: Floats, other: Floats, rng: np.random.Generator) -> NDArray:
    """One to four smooth lines of a pen, open or closed."""
    out = np.zeros(one.shape)
    time_of = np.linspace(0, 1, 150)
    ticks = np.arange(SIDE)
    for image in out:
        away = np.full((SIDE, SIDE), np.inf)
        for _ in range(rng.integers(1, 5)):
            bends = rng.integers(1, 4)
            waves = np.pi * np.arange(1, bends + 1)[:, None] * time_of * rng.choice([1, 2])
            strengths = rng.normal(0, 6, (2, bends, 1)) / np.arange(1, bends + 1)[:, None]
            x, y = (strengths * np.cos(waves + rng.uniform(0, 2 * np.pi, (2, bends, 1)))).sum(1)
            x, y = x - x.mean() + rng.uniform(8, 20), y - y.mean() + rng.uniform(8, 20)
            squares = (ticks - x[:, None])[:, None, :] ** 2 + (ticks - y[:, None])[:, :, None] ** 2
            away = np.minimum(away, np.sqrt(squares.min(0)))
        image[:] = 0.5 + rng.uniform(1.2, 2.4) / 2 - away
    return out


def pictures(drawn: glyphs.Glyphs, seed: tuple[int, ...]) -> tuple[Floats, Floats]:
    """One epoch: every drawing once, softened anew, and new junk, with their targets."""
    rng = np.random.default_rng(seed)
    images = drawn.images[..., 0]
    wrong = softened(junk(int(JUNK * len(images)), images, drawn.labels, rng), rng)
    targets = np.full((len(images) + len(wrong), SIGNS), 1 / SIGNS, np.float32)
    targets[: len(images)] = np.eye(SIGNS, dtype=np.float32)[drawn.labels]
    return np.concatenate([softened(alike(drawn, rng), rng), wrong])[..., None], targets
