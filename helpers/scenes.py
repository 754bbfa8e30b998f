"""The backgrounds of pictures: smooth, and each unmistakable. Random details come from a generator."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

SIDE = 128
Floats = NDArray[np.float32]


def background(name: str, rng: Generator) -> Floats:
    """A background (128, 128, 3), from 0 to 255, lit a little more from one side."""
    scene = SCENES[name](rng)
    angle, strength = rng.random(2)
    x, y = places()
    turn = np.float32(2 * np.pi * angle)
    scene *= (1 + np.float32(0.04 + 0.08 * strength) * (np.cos(turn) * x + np.sin(turn) * y))[..., None]
    return scene


@cache
def places() -> tuple[Floats, Floats]:
    """Coordinates from -1 to 1: x to the right (1, 128), y down (128, 1)."""
    ticks = ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1).astype(np.float32)
    return ticks[None], ticks[:, None]


def _ramp(stops: list[tuple[float, tuple[int, int, int]]], bright: float = 1) -> Floats:
    """A vertical gradient (128, 128, 3) through colours at heights from 0 (top) to 1 (bottom)."""
    heights, colours = zip(*stops, strict=True)
    ticks = (np.arange(SIDE) + 0.5) / SIDE
    line = np.stack([np.interp(ticks, heights, channel) for channel in zip(*colours, strict=True)], -1)
    return np.repeat((line * bright).astype(np.float32)[:, None], SIDE, 1)


def _blend(scene: Floats, share: Floats, colour: tuple[float, float, float]) -> None:
    """Cover the scene with a colour, as far as `share` (128, 128) says."""
    scene += share[..., None] * (np.array(colour, np.float32) - scene)


@cache
def _waves() -> Floats:
    """Six slow cosine waves along one side (128, 6), the first of them constant."""
    line = [np.cos(np.pi * k * (np.arange(SIDE) + 0.5) / SIDE) for k in range(6)]
    return np.array(line, np.float32).T


def _clouds(rng: Generator, finest: int) -> Floats:
    """A smooth random field (128, 128), about as often below zero as above, mostly within ±1."""
    order = np.arange(6)
    strength = 1 / (1 + order[:, None] ** 2 + order**2)
    strength[(order[:, None] + order > finest) | (order[:, None] + order == 0)] = 0
    strength /= np.sqrt((strength**2).sum() / 2)
    weights = (rng.standard_normal((6, 6)) * strength).astype(np.float32)
    # Not a matrix product: that one's last bit depends on the number of threads.
    return np.einsum("ik,jk->ij", np.einsum("ik,kl->il", _waves(), weights), _waves())


def _stars(scene: Floats, rng: Generator, count: int) -> None:
    """Small soft stars, far smaller than those of a constellation."""
    reach = np.arange(-4, 5, dtype=np.float32)
    for x, y, strong in rng.random((count, 3)):
        column, row = 5 + x * (SIDE - 10), 5 + y * (SIDE - 10)
        j, i = int(column), int(row)
        wide = np.float32(0.9 + 0.5 * strong)
        down = np.exp(-(((reach - np.float32(row - i)) / wide) ** 2) / 2)
        across = np.exp(-(((reach - np.float32(column - j)) / wide) ** 2) / 2)
        spot = np.float32(70 + 110 * strong) * down[:, None] * across
        scene[i - 4 : i + 5, j - 4 : j + 5] += spot[..., None]


def _disc(column: float, row: float, radius: float, soft: float = 1) -> Floats:
    x, y = places()
    away = np.sqrt((x * 64 + 64 - np.float32(column)) ** 2 + (y * 64 + 64 - np.float32(row)) ** 2)
    return np.clip((np.float32(radius) - away) / np.float32(soft) + np.float32(0.5), 0, 1)


def _night(rng: Generator) -> Floats:
    bright, side, at, size = rng.random(4)
    scene = _ramp([(0, (6, 9, 40)), (1, (34, 48, 112))], 0.85 + 0.3 * bright)
    _stars(scene, rng, 14)
    column, row, radius = (17 + 6 * at if side < 0.5 else 111 - 6 * at), 15 + 5 * at, 9 + 2 * size
    moon = _disc(column, row, radius)
    moon *= 1 - _disc(column + 0.55 * radius, row - 0.3 * radius, 0.85 * radius)
    _blend(scene, moon, (250, 240, 200))
    return scene


def _sunset(rng: Generator) -> Floats:
    bright, at, height, size = rng.random(4)
    horizon = 0.70 + 0.1 * height
    scene = _ramp(
        [
            (0, (84, 40, 110)),
            (0.4 * horizon, (176, 62, 104)),
            (0.75 * horizon, (236, 112, 70)),
            (horizon, (252, 184, 92)),
            (horizon + 0.004, (92, 40, 76)),
            (1, (38, 18, 54)),
        ],
        0.92 + 0.16 * bright,
    )
    line = round(horizon * SIDE)
    column, radius = 24 + 80 * at, 15 + 5 * size
    sky = scene[:line]
    glow = _disc(column, line, 1.5 * radius, 2.4 * radius)[:line]
    sky += (0.45 * glow)[..., None] * (np.array((255, 216, 120), np.float32) - sky)
    sun = _disc(column, line - 2, radius)[:line]
    sky += sun[..., None] * (np.array((255, 218, 122), np.float32) - sky)
    sea = scene[line:]  # the sun's path on the water
    x = places()[0] * 64 + 64
    path = np.exp(-(((x - np.float32(column)) / np.float32(0.6 * radius)) ** 2))
    sea += (0.55 * np.linspace(1, 0.2, SIDE - line, dtype=np.float32)[:, None] * path)[..., None] * (
        np.array((250, 150, 90), np.float32) - sea
    )
    return scene


def _parchment(rng: Generator) -> Floats:
    (bright,) = rng.random(1)
    blots = _clouds(rng, 5)
    x, y = places()
    rim = np.maximum(np.abs(x), np.abs(y)) + 0.06 * blots
    rim = np.clip((rim - 0.72) / 0.3, 0, 1)
    scene = np.empty((SIDE, SIDE, 3), np.float32)
    scene[:] = np.array((232, 211, 166), np.float32) * np.float32(0.95 + 0.08 * bright)
    scene *= (1 + np.float32(0.035) * blots)[..., None]
    _blend(scene, np.float32(0.75) * rim * rim, (140, 92, 44))
    return scene


def _ocean(rng: Generator) -> Floats:
    (bright,) = rng.random(1)
    x, y = places()
    foam, deep = np.zeros((2, SIDE, SIDE), np.float32)
    for k, (phase, long, tall, jolt) in enumerate(rng.random((5, 4))):
        crest = np.float32(-0.85 + 0.4 * k + 0.08 * jolt)
        bend = np.sin(np.float32(4.2 + 2.4 * long) * x + np.float32(2 * np.pi * phase))
        below = y - (crest + np.float32(0.05 + 0.04 * tall) * bend)
        lit = np.clip(1 - np.float32(2.6) * below, 0, 1)
        np.maximum(foam, lit * lit * np.clip(below * 40 + np.float32(0.5), 0, 1), out=foam)
        lit = np.clip(1 + np.float32(3.0) * below, 0, 1)
        np.maximum(deep, lit * lit * np.clip(np.float32(0.5) - below * 40, 0, 1), out=deep)
    scene = _ramp([(0, (24, 128, 156)), (1, (6, 40, 84))], 0.9 + 0.2 * bright)
    _blend(scene, np.float32(0.42) * foam, (130, 226, 222))
    _blend(scene, np.float32(0.35) * deep, (4, 34, 76))
    return scene


def _forest(rng: Generator) -> Floats:
    (bright,) = rng.random(1)
    scene = _ramp([(0, (150, 190, 132)), (0.5, (96, 150, 96)), (1, (44, 96, 60))], 0.9 + 0.2 * bright)
    x, y = places()
    rows = ((0.42, 7, (58, 112, 70)), (0.80, 6, (16, 58, 36)))
    for number, (foot, count, colour) in enumerate(rows):
        covered = np.zeros((SIDE, SIDE), np.float32)
        for k, (at, tall, wide) in enumerate(rng.random((count, 3))):
            middle = np.float32(-1.05 + 2.1 * (k + 0.25 + 0.5 * at) / count)
            # Trees stand lower in the middle of the nearer row, so that the subject keeps its room.
            high = (0.85 + 0.35 * tall) * (0.55 + 0.75 * abs(middle) if number else 0.9)
            top = np.float32(foot + 0.25 - high)
            half = np.float32(0.13 + 0.05 * wide)
            down = (y - top) / np.float32(high)  # 0 at the tip, 1 at the foot
            steps = down - np.float32(0.14) * (np.mod(down * 4, 1))  # four tiers of branches
            tree = np.clip((half * steps * 1.3 - np.abs(x - middle)) * 50 + 0.5, 0, 1)
            np.maximum(covered, tree * (down > 0), out=covered)
        ground = np.clip((y - np.float32(foot + 0.12)) * 30 + 0.5, 0, 1)
        np.maximum(covered, ground, out=covered)
        _blend(scene, covered, colour)
    return scene


def _nebula(rng: Generator) -> Floats:
    (bright,) = rng.random(1)
    scene = np.empty((SIDE, SIDE, 3), np.float32)
    scene[:] = np.array((54, 20, 88), np.float32)
    magenta, violet, dark = (_clouds(rng, 5) for _ in range(3))
    _blend(scene, np.clip(0.5 + 0.5 * violet, 0, 1), (92, 40, 150))
    _blend(scene, np.clip(0.45 + 0.5 * magenta, 0, 1) * np.float32(0.85), (206, 52, 140))
    _blend(scene, np.clip(0.15 + 0.4 * dark, 0, 0.7), (34, 12, 62))
    scene *= np.float32(0.9 + 0.2 * bright)
    _stars(scene, rng, 12)
    return scene


SCENES: dict[str, Callable[[Generator], Floats]] = {
    "night sky": _night,
    "sunset": _sunset,
    "parchment": _parchment,
    "ocean": _ocean,
    "forest": _forest,
    "nebula": _nebula,
}
