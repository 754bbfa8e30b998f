"""The twelve signs of the zodiac as handwritten 28x28 grey images, drawn from known factors.

Each shape is a map of distances to its middle line (`helpers.outlines`), so that a pen of any width is
one comparison. Ophiuchus, the constellation without a place in horoscopes, serves as the outlier.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.outlines import CELLS, NAMES, OUTLIER, REACH, distances

VERSION = 2  # raise it whenever a drawn pixel changes: stored drawings are then ignored
SIDE = 28

# Each factor is drawn uniformly from its range, independently of the sign and of the others.
RANGES = {
    "slant": (-0.5, 0.5),  # pixels to the right for each pixel up: italics are positive
    "rotation": (-8.0, 8.0),  # degrees, counter-clockwise
    "stroke": (1.2, 2.4),  # width of the pen, in pixels
    "size": (12.5, 17.5),  # longer side of the upright sign's middle line, in pixels
    "shift_x": (-1.0, 1.0),  # pixels to the right
    "shift_y": (-1.0, 1.0),  # pixels down
    "wobble": (0.8, 2.7),  # root mean square displacement by the unsteady hand, in pixels
}
FACTORS = tuple(RANGES)
TYPICAL = {name: (low + high) / 2 for name, (low, high) in RANGES.items()}

# The unsteady hand is a sum of slow cosine waves (periods down, across). The slowest three are left out:
# they would shift, stretch, turn and slant the sign.
WAVES = [(j, k) for j in range(4) for k in range(4) if 2 <= j + k <= 3]
HANDS = 8  # of so many random forms of it the one that crumples the paper least is taken

Floats = NDArray[np.float32]
Seed = int | Sequence[int]


@dataclass(frozen=True, eq=False)
class Glyphs:
    """Drawn signs; `images[i]` is `draw(labels[i], factors[i], seed=seeds[i])` to the bit."""

    images: Floats  # (n, 28, 28, 1): paper is 0, ink is 1, in steps of 1/255
    labels: NDArray[np.int64]  # (n,): positions in NAMES
    factors: Floats  # (n, 7): columns as in FACTORS
    seeds: NDArray[np.int64]  # (n,): the form of each image's wobble


def sample(
    count: int,
    *,
    seed: Seed,
    signs: Sequence[int | str] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> Glyphs:
    """Draw random images, equally many of each sign (to within one), in random order.

    A larger count with the same seed begins with the same images. `ranges` replaces some of RANGES: a
    writer with a hand of their own.
    """
    chosen = np.array([_position(sign) for sign in (NAMES if signs is None else signs)], np.int64)
    if not len(chosen):
        raise ValueError("Give at least one sign to draw.")
    streams = np.random.SeedSequence(seed).spawn(3)
    order, values, wobbles = (np.random.default_rng(stream) for stream in streams)
    rounds = -(-count // len(chosen))
    labels = order.permuted(np.tile(chosen, (rounds, 1)), axis=1).reshape(-1)[:count]
    low, high = np.array(list(_ranges(ranges or {}).values())).T
    factors = (low + (high - low) * values.random((count, len(FACTORS)))).astype(np.float32)
    seeds = wobbles.integers(2**63 - 1, size=count)
    images = np.empty((count, SIDE, SIDE, 1), np.float32)
    for start in range(0, count, 100):  # small enough for the processor's cache
        part = slice(start, start + 100)
        images[part] = _render(labels[part], factors[part], seeds[part])
    return Glyphs(images, labels, factors, seeds)


def ophiuchus(count: int, *, seed: Seed) -> Glyphs:
    """Draw the thirteenth sign by the same hand: the outliers."""
    return sample(count, seed=seed, signs=(OUTLIER,))


def draw(sign: int | str, factors: Mapping[str, float] | ArrayLike | None = None, *, seed: int = 0) -> Floats:
    """Draw one image (28, 28, 1) from its factors; `seed` chooses the form of the wobble only.

    `factors` are all seven in the order of FACTORS, or a mapping of those that are not TYPICAL.
    """
    if factors is None or isinstance(factors, Mapping):
        if unknown := set(factors or ()) - set(FACTORS):
            raise ValueError(f"Unknown factors {sorted(unknown)}; known are {list(FACTORS)}.")
        factors = list((TYPICAL | dict(factors or {})).values())
    values = np.asarray(factors, np.float32)
    if values.shape != (len(FACTORS),) or not np.isfinite(values).all() or values[3] <= 0:
        raise ValueError(f"Give {len(FACTORS)} numbers ({', '.join(FACTORS)}), size above zero.")
    return _render(np.array([_position(sign)]), values[None], np.array([seed]))[0]


def measure(images: ArrayLike) -> dict[str, Floats]:
    """Read slant, stroke and size (here: root mean square height) off images (n, 28, 28, 1).

    Compare within a sign only: each shape adds its own offset. There, slant correlates with the factor
    by 0.88 to 0.96 (Aries 0.82; flat Aquarius 0.64, where a turn looks like a slant), stroke by 0.93 to
    0.99 (0.2 pixels too wide on average), size by 0.63 to 0.84.
    """
    ink = np.asarray(images, np.float32).reshape(-1, SIDE, SIDE)
    mass = np.maximum(ink.sum((1, 2)), 1e-6)  # so that an empty image measures zero
    right = np.arange(SIDE) - (SIDE - 1) / 2
    up = -right
    x, y = ink.sum(1) @ right / mass, ink.sum(2) @ up / mass
    tall = np.maximum(ink.sum(2) @ up**2 / mass - y**2, 1e-6)
    lean = np.einsum("nij,i,j->n", ink, up, right) / mass - x * y
    # A line of length l and width w has w*l of ink and 2*l of edge, the sum of the grey's slope.
    framed = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    fall = framed[:, 1:, 1:] - framed[:, :-1, :-1]
    rise = framed[:, 1:, :-1] - framed[:, :-1, 1:]
    edge = np.maximum(np.sqrt((fall**2 + rise**2) / 2).sum((1, 2)), 1e-6)
    found = {"slant": lean / tall, "stroke": 2 * ink.sum((1, 2)) / edge, "size": np.sqrt(tall)}
    return {name: value.astype(np.float32) for name, value in found.items()}


def _ranges(own: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    if unknown := set(own) - set(FACTORS):
        raise ValueError(f"Unknown factors {sorted(unknown)}; known are {list(FACTORS)}.")
    for name, (low, high) in own.items():
        if not -np.inf < low <= high < np.inf or (name == "size" and low <= 0):
            raise ValueError(f"Give {name} a range from low to high (size above zero), not {low} to {high}.")
    return RANGES | dict(own)


def _position(sign: int | str) -> int:
    known = (*NAMES, OUTLIER)
    if isinstance(sign, str) and sign in known:
        return known.index(sign)
    if not isinstance(sign, str) and 0 <= index(sign) < len(known):
        return index(sign)
    raise ValueError(f"Unknown sign {sign!r}; known are {', '.join(known)} (0 to 12).")


def _render(labels: NDArray, factors: Floats, seeds: NDArray) -> Floats:
    """Look up, for each pixel, where in the undistorted sign it came from.

    Only elementwise arithmetic, so an image does not depend on those drawn with it.
    """
    slant, rotation, stroke, size, shift_x, shift_y, wobble = factors.T[..., None, None].copy()
    moves = _hands(seeds) * wobble
    ticks = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    x, y = np.zeros((2, len(labels), SIDE, SIDE), np.float32) + np.stack(
        np.broadcast_arrays(ticks - shift_x, ticks[:, None] - shift_y)
    )
    for k, wave in enumerate(_waves()[0]):
        x += moves[:, 0, k, None, None] * wave
        y += moves[:, 1, k, None, None] * wave
    turn = np.deg2rad(rotation.astype(float))
    cosine, sine = np.cos(turn).astype(np.float32), np.sin(turn).astype(np.float32)
    x, y = cosine * x - sine * y, sine * x + cosine * y
    x += slant * y
    # From pixels to cells of the sign's map; between four cells the distance is interpolated.
    cells = (CELLS - 1) / (2 * REACH) / size
    x, y = (np.clip(z * cells + (CELLS - 1) / 2, 0, CELLS - 1.001) for z in (x, y))
    column, row = x.astype(np.int32), y.astype(np.int32)
    u, v = x - column, y - row
    corner = (labels[:, None, None] * CELLS + row) * CELLS + column
    a, b, c, d = (distances().take(corner + step) for step in (0, 1, CELLS, CELLS + 1))
    away = (a * (1 - u) + b * u) * (1 - v) + (c * (1 - u) + d * u) * v
    # The pen keeps its width: undo what the distortion did to distances across the line.
    across, along = b - a + d - c, c - a + d - b
    (x_down, x_right), (y_down, y_right) = (np.gradient(z, axis=(1, 2)) for z in (x, y))
    steep = _length(across * x_right + along * y_right, across * x_down + along * y_down)
    steep /= np.maximum(_length(across, along), 1e-9) * cells
    ink = np.clip(0.5 + stroke / 2 - away * size / np.clip(steep, 0.3, 2), 0, 1)
    return (np.rint(ink * 255) / 255).astype(np.float32)[..., None]


def _hands(seeds: NDArray) -> Floats:
    """Strengths (n, 2, waves) of the displacement to the right and down, of mean square one together.

    Where the displaced paper folds, a speck of ink appears beside the sign. So of several random forms
    the one is taken whose smallest factor of area, at the strongest wobble of RANGES, is largest; there
    it is positive. The form is the same at every wobble, and an image changes smoothly with its factors.
    """
    _, slopes, strengths = _waves()
    forms = [np.random.default_rng(int(seed)).standard_normal((HANDS, 2, len(WAVES))) for seed in seeds]
    moves = np.reshape(forms, (-1, HANDS, 2, len(WAVES))) * strengths
    moves = (moves / np.sqrt((moves**2).sum((2, 3), keepdims=True))).astype(np.float32)
    slope = np.zeros((*moves.shape[:3], *slopes.shape[1:]), np.float32)
    for k, wave in enumerate(slopes):
        slope += moves[..., k, None, None] * wave
    (xx, xy), (yx, yy) = np.moveaxis(slope * np.float32(RANGES["wobble"][1]), (2, 3), (0, 1))
    area = ((1 + xx) * (1 + yy) - xy * yx).min(2)
    return moves[np.arange(len(moves)), area.argmax(1)]


def _length(x: Floats, y: Floats) -> Floats:
    return np.sqrt(x * x + y * y)  # unlike hypot, the same to the bit on every machine


@cache
def _waves() -> tuple[Floats, Floats, NDArray]:
    """The waves (7, 28, 28), of mean square one; their slopes (7, 2, places) to the right and down, at
    every third pixel each way; and their strengths (7,), the faster the weaker."""
    at = np.pi * (np.arange(SIDE) + 0.5) / SIDE
    line = [np.ones(SIDE)] + [np.sqrt(2) * np.cos(k * at) for k in range(1, 4)]
    fall = [-np.sqrt(2) * np.sin(k * at) * k * np.pi / SIDE for k in range(4)]
    waves = [np.outer(line[j], line[k]) for j, k in WAVES]
    slopes = [(np.outer(line[j], fall[k]), np.outer(fall[j], line[k])) for j, k in WAVES]
    places = np.array(slopes)[:, :, 3:25:3, 3:25:3].reshape(len(WAVES), 2, -1)
    strengths = [1 / np.sqrt(j**2 + k**2) for j, k in WAVES]
    return np.array(waves, np.float32), places.astype(np.float32), np.array(strengths)
