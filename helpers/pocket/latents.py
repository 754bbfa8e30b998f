"""The denoiser's training set: many drawings' latents, computed once and stored in pieces."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from helpers import pictures
from helpers.files import write_bytes
from helpers.pocket.autoencoder import as_input
from helpers.progress import track

__all__ = ["PIECES", "Latents", "encode", "load", "store"]

PIECES = 60
PIECE = 2000  # pictures
STREAM = 3  # seeds of drawings


@dataclass(frozen=True, eq=False)
class Latents:
    """Pictures as the denoiser sees them; captions are drawn anew from the factors at each visit."""

    latents: NDArray[np.float16]  # (n, 16, 16, 4)
    factors: NDArray[np.int64]  # (n, 5): as in helpers.pictures


def store(
    encoder: keras.Model,
    folder: Path,
    *,
    pieces: int = PIECES,
    size: int = PIECE,
    until: float = float("inf"),
) -> bool:
    """Draw and encode the pieces that are missing, at most until a time of the monotonic clock.

    Returns whether all are there; an interruption costs one piece.
    """
    missing = [number for number in range(pieces) if not _path(folder, number).exists()]
    for number in track(missing, "pieces of latents"):
        if time.monotonic() >= until:
            return False
        drawn = pictures.sample(size, seed=(STREAM, number), combinations="seen")
        packed = io.BytesIO()
        np.savez(packed, latents=encode(encoder, drawn.images), factors=drawn.factors)
        write_bytes(_path(folder, number), packed.getvalue())
    return True


def load(folder: Path, *, pieces: int = PIECES) -> Latents:
    """All pieces together."""
    if missing := sum(not _path(folder, number).exists() for number in range(pieces)):
        raise FileNotFoundError(
            f"{missing} of {pieces} pieces of latents are missing: run `train latents` first."
        )
    found = []
    for number in range(pieces):
        with np.load(_path(folder, number), allow_pickle=False) as piece:
            found.append((piece["latents"], piece["factors"]))
    latents, factors = zip(*found, strict=True)
    return Latents(np.concatenate(latents), np.concatenate(factors))


def encode(encoder: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Pictures (n, h, w, 3) to latents (n, h/8, w/8, 4)."""
    parts = [images[start : start + 50] for start in range(0, len(images), 50)]
    return np.concatenate([np.asarray(encoder(as_input(part)), np.float16) for part in parts])


def _path(folder: Path, number: int) -> Path:
    return folder / f"latents-{number:03d}.npz"
