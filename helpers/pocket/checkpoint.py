"""A training's state in one file, which is either whole or not there."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from helpers.files import write_bytes

__all__ = ["read", "write"]


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
