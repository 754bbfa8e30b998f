"""Files that are either whole or not there, and a training's state in one of them."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read", "write", "write_bytes"]


def write_bytes(path: Path, content: bytes) -> None:
    """Write beside the file, then replace it in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp lets nobody else read
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def write(path: Path, groups: Mapping[str, Sequence[Any]], notes: dict[str, Any]) -> None:
    """Store the values of groups of Keras variables, in their order, with notes for a person and `read`."""
    arrays = {
        f"{group}-{number:04d}": np.asarray(variable)
        for group, variables in groups.items()
        for number, variable in enumerate(variables)
    }
    packed = io.BytesIO()
    np.savez(packed, notes=np.array(json.dumps(notes)), **arrays)
    write_bytes(path, packed.getvalue())


def read(path: Path, groups: Mapping[str, Sequence[Any]] | None = None) -> dict[str, Any] | None:
    """The notes of a stored state, None without one; its values go into the variables of `groups`."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as stored:
        for group, variables in (groups or {}).items():
            values = [stored[name] for name in sorted(stored.files) if name.startswith(f"{group}-")]
            if [value.shape for value in values] != [tuple(variable.shape) for variable in variables]:
                raise ValueError(
                    f"{path.name} was written for other networks: remove it to train from the start."
                )
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        return json.loads(str(stored["notes"]))
