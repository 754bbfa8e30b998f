"""MNIST and Fashion-MNIST: Keras's download, or the user's own .npz file or folder of idx files."""

import gzip
import io
import os
import socket
import zipfile
import zlib
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpers.files import keras_cache

NAMES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
}
NPZ = ("x_train", "y_train", "x_test", "y_test")
IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
SOURCES = {
    "mnist": "mnist.npz from https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    "fashion_mnist": "the four .gz files from https://github.com/zalandoresearch/fashion-mnist",
}


class DatasetError(RuntimeError):
    """A data set cannot be had; the message says in one sentence why, and what to do."""


def read(name: str, file: str | os.PathLike | None = None) -> list[NDArray]:
    """The training images and labels, then the test's, as bytes, from Keras or from `file`."""
    return _from_keras(name) if file is None else _from_file(Path(file).expanduser())


def _from_keras(name: str) -> list[NDArray]:
    """The arrays in Keras's cache, which Keras fills if it must; without its noise."""
    place = keras_cache() / ("mnist.npz" if name == "mnist" else "fashion-mnist")
    with suppress(DatasetError):
        return _from_file(place)
    for part in [place / part for part in IDX] if name == "fashion_mnist" else []:
        try:
            _read_idx(part)
        except DatasetError:  # a torn download, which Keras would take for the whole
            with suppress(OSError):
                part.unlink(missing_ok=True)
    waiting = socket.getdefaulttimeout()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        import keras

        try:
            socket.setdefaulttimeout(30)
            (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
        except Exception as error:
            reason = str(error).split(" -- ")[-1].strip() or type(error).__name__
            raise DatasetError(
                f"{name} could not be downloaded ({reason.splitlines()[0]}): get {SOURCES[name]} "
                f'and pass the path to load("{name}", file=...), or use load("glyphs"), which '
                "needs no network."
            ) from None
        finally:
            socket.setdefaulttimeout(waiting)
    return _checked([x_train, y_train, x_test, y_test], place)


def _from_file(path: Path) -> list[NDArray]:
    """The four arrays of an .npz file or of a folder with the four idx files."""
    if not path.exists():
        raise DatasetError(f"There is no {path}: file= names an .npz file or a folder.")
    if path.is_dir():
        return _checked([_read_idx(path / part) for part in IDX], path)
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = [stored[key] for key in NPZ]
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error):
        known = ", ".join(NPZ)
        raise DatasetError(f"{path} is not an .npz file with the arrays {known}.") from None
    return _checked(arrays, path)


def _read_idx(path: Path) -> NDArray[np.uint8]:
    """One compressed idx file: two zero bytes, type 8, the number of axes, their lengths, bytes."""
    try:
        content = gzip.decompress(path.read_bytes())
        shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
        if content[:3] != b"\0\0\x08":
            raise ValueError
        return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)
    except FileNotFoundError:
        raise DatasetError(f"There is no {path}; the folder needs {', '.join(IDX)}.") from None
    except (OSError, EOFError, ValueError, IndexError, zlib.error):
        raise DatasetError(f"{path} is not a whole idx file: fetch it anew.") from None


def _checked(arrays: list[NDArray], path: Path) -> list[NDArray]:
    for x, y in (arrays[:2], arrays[2:]):
        if y.ndim != 1 or not y.size or x.shape not in ((y.size, 28, 28), (y.size, 28, 28, 1)):
            shapes = f"{x.shape} and {y.shape}"
            raise DatasetError(f"{path} must hold images (n, 28, 28) and labels (n,), not {shapes}.")
        if x.dtype != np.uint8 or y.dtype.kind not in "iu" or y.min() < 0 or y.max() > 9:
            raise DatasetError(f"{path} must hold images of bytes (uint8) and labels from 0 to 9.")
    return arrays
