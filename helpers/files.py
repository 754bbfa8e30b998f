"""Where the course keeps its small files, in a clone or installed by pip, and how it writes any file."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["data_path", "keras_cache", "write_bytes"]

_HERE = Path(__file__).resolve().parent
# pip installs data/ inside the package (pyproject.toml); in a clone it lies beside it.
_FOLDERS = (_HERE / "_data", _HERE.parent / "data")


def data_path(name: str) -> Path:
    """The path of `data/<name>`, or one clear sentence if the file is missing."""
    for folder in _FOLDERS:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"data/{name} is missing: fetch the course's repository anew")


def keras_cache() -> Path:
    """The folder of what `keras.utils.get_file` fetched, found as Keras finds it."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
    if not os.access(home, os.W_OK):  # then Keras takes this one
        home = Path("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir(), ".keras")
    return home / "datasets"


def write_bytes(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Write beside the file, then replace it in one step.

    What is not `lasting`, for it can be made again, does not wait for the disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp lets nobody else read
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
