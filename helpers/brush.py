"""The painting of a figure in its colour and style onto a background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from helpers.scenes import SIDE, places
from helpers.sky import FAR, SPAN, figures

PALETTE = {  # in the order of the factor's names
    "gold": (255, 200, 40),
    "silver": (238, 242, 250),
    "red": (232, 36, 44),
    "blue": (52, 108, 255),
    "green": (48, 212, 72),
    "purple": (164, 78, 244),
    "pink": (255, 132, 196),
    "turquoise": (40, 222, 214),
}
PEN = (0.068, 0.088)  # width of a symbol's lines, as a share of its longer side ...
STROKE = (5.8, 8.5)  # ... and within these limits, in pixels
THREAD = (2.8, 3.4)  # of a constellation's
SIZE = {"symbol": (76.0, 102.0), "constellation": (90.0, 110.0)}  # longer side, in pixels, if there is room
TURN = {"symbol": 9.0, "constellation": 14.0}  # largest, in degrees
MARGIN = 7.0  # pixels between the figure's lines and the picture's edge, at least

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Outline:
    """Signed distances (128, 128) in pixels, negative inside: all that is drawn, and its parts."""

    figure: Floats
    stars: Floats | None
    around: Floats | None  # the ring or the frame

    @property
    def whole(self) -> Floats:
        """The distance to whatever is nearest."""
        return self.figure if self.around is None else np.minimum(self.figure, self.around)


def outline(sign: int, subject: str, style: str, rng: Generator) -> Outline:
    """Place a figure at random, inside a ring or a frame if the style has one."""
    figure = figures()[subject][sign]
    size_at, turn_at, x_at, y_at, stroke_at, ring_at, bar_at = rng.random(7)
    border = STROKE[1] / 2 if subject == "symbol" else 5.0  # how far it reaches beyond the middle line
    turn = np.deg2rad(TURN[subject] * (2 * turn_at - 1))
    turned = _turned(figure.edge, turn)
    low, high = turned.min(0), turned.max(0)
    size = _between(SIZE[subject], size_at)
    bar, around = _between((4.6, 5.8), bar_at), None
    radius = _between((54.0, 57.5) if style == "ring" else (52.0, 55.0), ring_at)
    shift = 2 * np.array([x_at, y_at]) - 1
    if style in ("ring", "frame"):
        place = SIDE / 2 + shift * (61.0 - radius - bar / 2)
        around = (_circle if style == "ring" else _square)(place, radius) - np.float32(bar / 2)
        room = radius - bar / 2 - border - 5.5
        half = figure.radius if style == "ring" else (high - low).max() / 2
        size = min(size, room / half) * (1 - 0.07 * size_at)
        middle = _turned(figure.centre, turn) if style == "ring" else (low + high) / 2
        origin = place - middle * size
    else:
        size = min(size, (SIDE - 2 * (MARGIN + border)) / (high - low).max())
        room = SIDE / 2 - MARGIN - border - size * (high - low) / 2
        origin = SIDE / 2 + shift * np.minimum(room, 11) - size * (low + high) / 2
    stroke = _between(THREAD, stroke_at)
    if subject == "symbol":
        stroke = min(max(_between(PEN, stroke_at) * size, STROKE[0]), STROKE[1])
    lines = _look_up(figure.lines, origin, turn, size) - np.float32(stroke / 2)
    if figure.stars is None:
        return Outline(lines, None, around)
    stars = _look_up(figure.stars, origin, turn, size)
    return Outline(np.minimum(lines, stars), stars, around)


def paint(scene: Floats, shape: Outline, colour: str, style: str) -> None:
    """Paint the shape onto the scene, in place: a dark rim or a glow, the colour, and a light middle."""
    away = shape.whole
    pure = np.array(PALETTE[colour], np.float32)
    ink = np.clip(0.5 - away, 0, 1)
    deep = np.clip(-away / 3.2, 0, 1)
    if style == "neon":
        scene *= np.float32(0.48)
        near = np.maximum(away, 0)
        glow = 0.66 * np.exp(near * np.float32(-1 / 9)) + 0.2 * np.exp(near * np.float32(-1 / 2.5))
        _mix(scene, glow, pure * np.float32(0.92))
        tube = pure + (0.52 * _smooth(deep))[..., None] * (np.float32(255) - pure)
    else:
        rim = _smooth(np.clip((4.2 - away) / 3.6, 0, 1))
        _mix(scene, np.float32(0.86) * rim, np.array((14, 10, 26), np.float32))
        x, y = places()
        light = np.float32(0.94) - 0.06 * y - 0.03 * x + 0.05 * deep
        tube = pure * light[..., None]
    if shape.stars is not None:
        spark = _smooth(np.clip(-shape.stars / 3.6, 0, 1)) * np.float32(0.75)
        tube += spark[..., None] * (np.float32(255) - tube)
    _mix(scene, ink, tube)


def _between(limits: tuple[float, float], share: float) -> float:
    return limits[0] + (limits[1] - limits[0]) * share


def _mix(scene: Floats, share: Floats, colour: Floats) -> None:
    scene += share[..., None] * (colour - scene)


def _smooth(share: Floats) -> Floats:
    return share * share * (3 - 2 * share)


def _turned(points: NDArray, turn: float) -> NDArray:
    return points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])


def _look_up(distance: Image.Image, origin: NDArray, turn: float, size: float) -> Floats:
    """A figure's map in pixels of the picture; the figure's middle falls on `origin`."""
    cells = distance.width / (2 * SPAN)
    cosine, sine = np.cos(turn) * cells / size, np.sin(turn) * cells / size
    x, y = origin
    matrix = (
        *(cosine, sine, SPAN * cells - cosine * x - sine * y),
        *(-sine, cosine, SPAN * cells + sine * x - cosine * y),
    )
    found = distance.transform(
        (SIDE, SIDE), Image.Transform.AFFINE, matrix, resample=Image.Resampling.BILINEAR
    )
    return (np.float32(FAR) - np.asarray(found)) * np.float32(size)


def _circle(place: NDArray, radius: float) -> Floats:
    x, y = _from(place)
    return np.abs(np.sqrt(x * x + y * y) - np.float32(radius))


def _square(place: NDArray, half: float, corner: float = 7.0) -> Floats:
    """With rounded corners."""
    x, y = (np.abs(z) - np.float32(half - corner) for z in _from(place))
    outside = np.sqrt(np.maximum(x, 0) ** 2 + np.maximum(y, 0) ** 2)
    return np.abs(outside + np.minimum(np.maximum(x, y), 0) - np.float32(corner))


def _from(place: NDArray) -> tuple[Floats, Floats]:
    x, y = places()
    half = np.float32(SIDE / 2)
    return x * half + half - np.float32(place[0]), y * half + half - np.float32(place[1])
