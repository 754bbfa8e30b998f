"""The pocket model's weights in data/pocket/: half precision, one file a network, a manifest that vouches."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from helpers.files import data_path, write_bytes

__all__ = ["KNOWN", "NAMES", "fill", "load", "manifest", "round_off", "save"]

NAMES = ("encoder", "decoder", "text_encoder", "denoiser")
KNOWN = (*NAMES, "judge")  # which is no part of the model and is trained by itself
AGAIN = "fetch the course's repository anew, or run the command in data/README.md"


def manifest(folder: Path | None = None) -> dict[str, Any]:
    """What is known of the stored weights: checksums, versions, dates, figures of their training."""
    path = (folder or data_path("pocket")) / "manifest.json"
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} of the pocket model is missing or damaged: {AGAIN}.") from error


def load(name: str, folder: Path | None = None) -> list[NDArray[np.float32]]:
    """The weights of the network `name`, in the order of its `weights`."""
    if name not in KNOWN:
        raise ValueError(f"Unknown network {name!r}; known are {', '.join(KNOWN)}.")
    folder = folder or data_path("pocket")
    entry = manifest(folder)["files"].get(name)
    try:
        content = (folder / f"{name}.npz").read_bytes()
    except OSError:
        content = b""
    if not entry or not content:
        raise FileNotFoundError(f"The weights of the pocket model's {name} are missing: {AGAIN}.")
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ValueError(f"The weights of the pocket model's {name} are damaged: {AGAIN}.")
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return [stored[key].astype(np.float32) for key in sorted(stored.files)]


def fill(network: keras.Model, name: str, folder: Path | None = None) -> keras.Model:
    """Put the stored weights of `name` into a network of that architecture, and return it."""
    values = load(name, folder)
    if [value.shape for value in values] != [tuple(weight.shape) for weight in network.weights]:
        raise ValueError(
            f"The stored weights of the pocket model's {name} belong to another version: {AGAIN}."
        )
    network.set_weights(values)
    return network


def round_off(network: keras.Model) -> None:
    """Make the network's weights what they will be after storing and loading."""
    network.set_weights([value.astype(np.float16).astype(np.float32) for value in network.get_weights()])


def save(networks: Mapping[str, keras.Model], training: Mapping[str, Any], folder: Path) -> None:
    """Store networks by name and note how they were trained; what else the manifest says stays."""
    try:
        notes = manifest(folder)
    except ValueError:
        notes = {"files": {}, "training": {}}
    contents = {name: _packed(network) for name, network in networks.items()}
    for name, content in contents.items():
        notes["files"][name] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "parameters": networks[name].count_params(),
        }
    notes["training"] |= training
    notes["versions"] = {module.__name__: module.__version__ for module in (keras, np)}
    notes["versions"] |= {"python": platform.python_version()}
    for name, content in contents.items():
        write_bytes(folder / f"{name}.npz", content)
    write_bytes(folder / "manifest.json", (json.dumps(notes, indent=2) + "\n").encode())


def _packed(network: keras.Model) -> bytes:
    """The weights as .npz, the same bytes for the same weights (NumPy's own would hold the time)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, value in enumerate(network.get_weights()):
            with np.errstate(over="ignore"):  # the next line says it better
                half = value.astype(np.float16)
            if not np.isfinite(half).all():
                raise ValueError(f"A weight of {network.name} does not fit into half precision.")
            entry = io.BytesIO()
            np.save(entry, half, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{number:03d}.npy"), entry.getvalue())
    return packed.getvalue()
