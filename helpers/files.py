"""Where the course keeps its small files, in a clone of the repository or installed by pip."""

from __future__ import annotations

from pathlib import Path

__all__ = ["data_path"]

_HERE = Path(__file__).resolve().parent
# pip installs data/ inside the package (pyproject.toml); in a clone it lies beside it.
_FOLDERS = (_HERE / "_data", _HERE.parent / "data")


def data_path(name: str) -> Path:
    """The path of `data/<name>`, or one clear sentence if the file is missing."""
    for folder in _FOLDERS:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"data/{name} is missing: fetch the course's repository anew")
