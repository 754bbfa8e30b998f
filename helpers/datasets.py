"""The course's data sets by name: two drawn ones, which need no network, and two classics."""

import hashlib
import io
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpers import biscuits, classics, glyphs
from helpers.classics import DatasetError
from helpers.files import write_bytes

__all__ = ["Dataset", "DatasetError", "load"]

DRAWN = {"glyphs": glyphs, "biscuits": biscuits}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images as float32 in [0, 1], (n, 28, 28, 1); labels as int64, positions in `names`.

    The factors, (n, len(factor_names)), are what the images were drawn from; None if unknown.
    """

    train: NDArray[np.float32]
    test: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    test_labels: NDArray[np.int64]
    names: tuple[str, ...]
    train_factors: NDArray[np.float32] | None = None
    test_factors: NDArray[np.float32] | None = None
    factor_names: tuple[str, ...] = ()


def load(
    name: str,
    *,
    seed: int = 0,
    file: str | os.PathLike | None = None,
    train: int | None = None,
    test: int | None = None,
) -> Dataset:
    """Load "glyphs", "biscuits", "mnist" or "fashion_mnist"; `train` and `test` limit the counts.

    Drawn sets have 12,000 and 2,400 images unless told otherwise, the same for the same seed, and
    are kept in the folder COURSE_CACHE or the user's cache. The others take Keras's download or
    `file`, an .npz file or a folder with the four idx files; their seed changes nothing.
    """
    if name not in DRAWN and name not in classics.NAMES:
        raise DatasetError(f"Unknown data set {name!r}; known are {', '.join([*DRAWN, *classics.NAMES])}.")
    if any(count is not None and count < 1 for count in (train, test)):
        raise DatasetError("train and test must be at least one image each.")
    if name in DRAWN:
        if file is not None:
            raise DatasetError(f"{name} is drawn, not read: leave out file=.")
        return _drawn(name, int(seed), train or 12_000, test or 2_400)
    arrays = classics.read(name, file)
    for wanted, there in ((train, len(arrays[0])), (test, len(arrays[2]))):
        if wanted and wanted > there:
            raise DatasetError(f"{wanted} images of {name} were asked for, but there are {there}.")
    x_train, y_train, x_test, y_test = arrays
    return Dataset(
        _unit(x_train[:train]),
        _unit(x_test[:test]),
        y_train[:train].astype(np.int64),
        y_test[:test].astype(np.int64),
        classics.NAMES[name],
    )


def _unit(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    return grey.reshape(-1, 28, 28, 1).astype(np.float32) / np.float32(255)


def _drawn(name: str, seed: int, train: int, test: int) -> Dataset:
    """Read the set from the cache, or draw it and leave it there; grey takes one byte a pixel."""
    source = DRAWN[name]
    folder = _cache_folder()
    path = folder and folder / f"{name}-v{source.VERSION}-seed{seed}-{train}-{test}.cache"
    stored = path and _read_cache(path, name)
    if not stored:
        stored = {}
        for number, (part, count) in enumerate({"train": train, "test": test}.items(), start=1):
            drawn = source.sample(count, seed=(seed, number))  # streams of their own
            stored[part] = np.rint(drawn.images * 255).astype(np.uint8)
            stored[f"{part}_labels"] = getattr(drawn, "labels", np.zeros(count, np.int64))
            stored[f"{part}_factors"] = drawn.factors
        if path:
            _write_cache(path, stored)
    images = {part: _unit(stored.pop(part)) for part in ("train", "test")}
    names = getattr(source, "NAMES", ("biscuit",))
    return Dataset(**images, **stored, names=names, factor_names=source.FACTORS)


def _cache_folder() -> Path | None:
    """COURSE_CACHE, else this platform's place for a user's caches; None for a homeless user."""
    if chosen := os.environ.get("COURSE_CACHE"):
        return Path(chosen).expanduser()
    with suppress(RuntimeError):
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(base, "generative-course")
    return None


def _read_cache(path: Path, name: str) -> dict[str, NDArray] | None:
    """The arrays behind a valid checksum, the file's first 32 bytes; None if there are none."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content[32:]).digest() != content[:32]:
        print(f"The stored {name} were damaged; they are drawn again.")
        return None
    with np.load(io.BytesIO(content[32:]), allow_pickle=False) as arrays:
        return dict(arrays)


def _write_cache(path: Path, arrays: dict[str, NDArray]) -> None:
    """Write beside the file, then replace it in one step; where that cannot be done, go without."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    content = packed.getvalue()
    with suppress(OSError):
        write_bytes(path, hashlib.sha256(content).digest() + content)
