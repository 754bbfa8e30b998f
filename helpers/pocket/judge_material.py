"""What the judge learns from: drawings, their round trips through the autoencoder, and what is neither.

For each picture it is noted which factors it tells. Of the others the judge learns that all values are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from helpers import pictures
from helpers.pictures import COUNTS, FACTORS, NAMES, SIDE
from helpers.pocket.autoencoder import CHANNELS, SHRINKS
from helpers.pocket.judge import halved
from helpers.pocket.latents import encode
from helpers.scenes import background

__all__ = ["Lot", "decode", "junk", "round_trips", "softened"]

NOISE = 0.35  # most that a round trip's latents, of variance 1, are disturbed by: it is still the picture
LOST = (1.5, 6.0)  # noise over picture in latents that show nothing any more
PART = 50
# Side by side their halves are no junk: the left half of either belongs to both.
TWINS = [NAMES["sign"].index(sign) for sign in ("virgo", "scorpio")]
SIGN, BACKGROUND = FACTORS.index("sign"), FACTORS.index("background")


@dataclass(frozen=True, eq=False)
class Lot:
    """Pictures of half the size, and what they tell."""

    images: NDArray[np.uint8]  # (n, 64, 64, 3)
    factors: NDArray[np.int64]  # (n, 5)
    told: NDArray[np.bool_]  # (n, 5): whether the picture shows the factor

    @classmethod
    def joined(cls, lots: Iterable[Lot]) -> Lot:
        """All of them in one."""
        lots = list(lots)
        return cls(*(np.concatenate([getattr(lot, name) for lot in lots]) for name in cls.__annotations__))

    def targets(self, rows: NDArray) -> NDArray[np.float32]:
        """The probabilities (n, 32) that the judge should name."""
        parts = []
        for column, count in enumerate(COUNTS):
            sure = np.eye(count, dtype=np.float32)[self.factors[rows, column]]
            parts.append(np.where(self.told[rows, column, None], sure, np.float32(1 / count)))
        return np.concatenate(parts, 1)


def decode(decoder: keras.Model, latents: NDArray) -> NDArray[np.uint8]:
    """Latents to pictures (n, 128, 128, 3) of bytes."""
    parts = [latents[start : start + PART].astype(np.float32) for start in range(0, len(latents), PART)]
    found = [np.asarray(decoder.predict_on_batch(part), np.float32) for part in parts]
    return np.clip((np.concatenate(found) + 1) * 127.5, 0, 255).astype(np.uint8)


def round_trips(
    drawn: pictures.Pictures, encoder: keras.Model, decoder: keras.Model, rng: np.random.Generator
) -> Lot:
    """Drawings through the autoencoder, their latents a little disturbed, as a generator's are."""
    latents = encode(encoder, drawn.images).astype(np.float32)
    strength = rng.uniform(0, NOISE, (len(latents), 1, 1, 1)) * rng.integers(2, size=(len(latents), 1, 1, 1))
    latents += strength * rng.standard_normal(latents.shape, np.float32)
    images = halved(decode(decoder, latents))
    return Lot(images, drawn.factors, np.ones((len(images), len(FACTORS)), bool))


def junk(
    count: int,
    drawn: pictures.Pictures,
    encoder: keras.Model,
    decoder: keras.Model,
    rng: np.random.Generator,
) -> Lot:
    """What a bad generator paints; the material is `drawn`."""
    makers = [*[_halves] * 4, *[_blends] * 2, _scenes, _tiles, _speckles]
    makers += [partial(maker, encoder=encoder, decoder=decoder) for maker in (_averages, _lost)]
    shares = np.array_split(np.arange(count), len(makers))
    return Lot.joined(maker(len(share), drawn, rng) for maker, share in zip(makers, shares, strict=True))


def softened(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """The same pictures shifted a little, some of them blurred, noisy, or of another contrast."""
    out = np.empty(images.shape, np.float32)
    for part in np.array_split(rng.permutation(len(images)), 4):
        x, y = rng.integers(5, size=2)
        some = np.pad(images[part], ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge").astype(np.float32)
        some = some[:, y : y + images.shape[1], x : x + images.shape[2]]
        blur = max(0.0, rng.uniform(-0.6, 0.9))
        some = ndimage.gaussian_filter(some, (0, blur, blur, 0)) if blur > 0.1 else some
        some = 127.5 + (some - 127.5) * rng.uniform(0.85, 1.15, (len(part), 1, 1, 1)).astype(np.float32)
        grain = max(0.0, rng.uniform(-8, 8))
        out[part] = some + np.float32(grain) * rng.standard_normal(some.shape, np.float32)
    return np.clip(out, 0, 255)


def _pairs(
    count: int, drawn: pictures.Pictures, rng: np.random.Generator
) -> tuple[NDArray, NDArray, NDArray]:
    """Rows of two pictures each, and where (n, 5) they agree; they never agree in the sign."""
    one, other = rng.integers(len(drawn.seeds), size=(2, count))
    while (same := drawn.factors[one, SIGN] == drawn.factors[other, SIGN]).any():
        other[same] = rng.integers(len(drawn.seeds), size=same.sum())
    return one, other, drawn.factors[one] == drawn.factors[other]


def _mixed(
    count: int,
    drawn: pictures.Pictures,
    rng: np.random.Generator,
    shares: tuple[float, float],
    seen_as: Callable[[NDArray], NDArray],
) -> tuple[NDArray[np.float32], NDArray, NDArray]:
    """Pairs added up, the first with a share between the two given; its factors, and where they agree."""
    one, other, told = _pairs(count, drawn, rng)
    share = rng.uniform(*shares, (count, 1, 1, 1)).astype(np.float32)
    mixture = share * seen_as(drawn.images[one]) + (1 - share) * seen_as(drawn.images[other])
    return mixture, drawn.factors[one], told


def _halves(count: int, drawn: pictures.Pictures, rng: np.random.Generator) -> Lot:
    """Two signs that share all else, each on its side of a cut through the middle."""
    rows = rng.integers(len(drawn.seeds), size=count)
    ticks = np.arange(SIDE) - (SIDE - 1) / 2
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for place, row in enumerate(rows):
        sign = drawn.factors[row, SIGN]
        others = [k for k in range(COUNTS[SIGN]) if k != sign and not (k in TWINS and sign in TWINS)]
        twin = np.concatenate([[rng.choice(others)], drawn.factors[row, 1:]])
        angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(-5, 5)
        side = np.cos(angle) * ticks + np.sin(angle) * ticks[:, None] > away
        images[place] = np.where(
            side[..., None], drawn.images[row], pictures.draw(twin, seed=drawn.seeds[row])
        )
    told = np.ones((count, len(FACTORS)), bool)
    told[:, SIGN] = False
    return Lot(halved(images), drawn.factors[rows], told)


def _blends(count: int, drawn: pictures.Pictures, rng: np.random.Generator) -> Lot:
    """Two pictures over each other: they tell what they agree in."""
    images, factors, told = _mixed(count, drawn, rng, (0.35, 0.65), halved)
    return Lot(images.astype(np.uint8), factors, told)


def _averages(
    count: int,
    drawn: pictures.Pictures,
    rng: np.random.Generator,
    encoder: keras.Model,
    decoder: keras.Model,
) -> Lot:
    """The same of latents."""
    latents, factors, told = _mixed(count, drawn, rng, (0.45, 0.55), partial(encode, encoder))
    latents *= rng.uniform(1, 1.4, (count, 1, 1, 1)).astype(np.float32)  # an average is pale
    return Lot(halved(decode(decoder, latents)), factors, told)


def _lost(
    count: int,
    drawn: pictures.Pictures,
    rng: np.random.Generator,
    encoder: keras.Model,
    decoder: keras.Model,
) -> Lot:
    """Decoded noise: half of it with a weak picture in it, as in the first steps of a sampler."""
    rows = rng.integers(len(drawn.seeds), size=count)
    cells = SIDE // SHRINKS
    latents = rng.standard_normal((count, cells, cells, CHANNELS), np.float32)
    half = count // 2
    ratio = rng.uniform(*LOST, (half, 1, 1, 1)).astype(np.float32)
    weak = encode(encoder, drawn.images[rows[:half]]).astype(np.float32) if half else latents[:0]
    latents[:half] = (ratio * latents[:half] + weak) / np.sqrt(1 + ratio**2)
    latents[half:] *= rng.uniform(0, 1.5, (count - half, 1, 1, 1)).astype(np.float32)
    return _mute(halved(decode(decoder, latents)))


def _scenes(count: int, drawn: pictures.Pictures, rng: np.random.Generator) -> Lot:
    """Backgrounds without a figure."""
    values = rng.integers(COUNTS[BACKGROUND], size=count)
    scenes = [background(NAMES["background"][value], rng) for value in values]
    images = np.clip(np.array(scenes, np.float32).reshape(count, SIDE, SIDE, 3), 0, 255).astype(np.uint8)
    factors = np.zeros((count, len(FACTORS)), np.int64)
    factors[:, BACKGROUND] = values
    told = np.zeros((count, len(FACTORS)), bool)
    told[:, BACKGROUND] = True
    return Lot(halved(images), factors, told)


def _tiles(count: int, drawn: pictures.Pictures, rng: np.random.Generator) -> Lot:
    """A picture's sixteen tiles in another order."""
    rows = rng.integers(len(drawn.seeds), size=count)
    cells, size = 4, SIDE // 2 // 4
    tiles = halved(drawn.images[rows]).reshape(count, cells, size, cells, size, 3).swapaxes(2, 3)
    tiles = tiles.reshape(count, cells**2, size, size, 3)
    tiles = np.stack([tile[rng.permutation(cells**2)] for tile in tiles])
    images = tiles.reshape(count, cells, cells, size, size, 3).swapaxes(2, 3)
    return _mute(images.reshape(count, SIDE // 2, SIDE // 2, 3))


def _speckles(count: int, drawn: pictures.Pictures, rng: np.random.Generator) -> Lot:
    """Random pixels and random clouds, in colour, of any contrast."""
    images = rng.standard_normal((count, SIDE // 2, SIDE // 2, 3), np.float32)
    for part in np.array_split(np.arange(count), 8):
        blur = max(0.0, rng.uniform(-2, 8))
        some = ndimage.gaussian_filter(images[part], (0, blur, blur, 0))
        images[part] = some / max(float(some.std()), 1e-6) if some.size else some
    shade, contrast = rng.uniform(40, 215, (count, 1, 1, 3)), rng.uniform(0, 80, (count, 1, 1, 1))
    return _mute(np.clip(shade + contrast * images, 0, 255).astype(np.uint8))


def _mute(images: NDArray[np.uint8]) -> Lot:
    """Pictures that tell nothing."""
    nothing = np.zeros((len(images), len(FACTORS)), np.int64)
    return Lot(images, nothing, nothing > 0)
