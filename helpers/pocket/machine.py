"""What this machine has for a model of gigabytes: memory, disk, a GPU, and the number format that fits."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from helpers.pocket.fetching import Unavailable, spell

__all__ = ["MEMORY", "check_disk", "check_memory", "gpus", "policy"]

GIB = 2**30
MEMORY = 4 * 10**9  # with half precision, measured 3.3 GB at 128x128
WHOLE = 6 * 10**9  # with float32, measured 5.4 GB at 128x128
SPARE = 10**8  # of the disk


def gpus() -> int:
    """The GPUs that TensorFlow sees."""
    import tensorflow as tf

    return len(tf.config.list_physical_devices("GPU"))


def policy() -> str:
    """Keras's dtype policy for 0.9 billion weights here."""
    if gpus():
        memory = _gpu_memory()
        return "float32" if memory and memory > 16 * GIB else "mixed_float16"
    total, free = _memory()
    return "bfloat16" if (total and total < 12 * GIB) or (free and free < WHOLE) else "float32"


def check_memory() -> None:
    """Raise `Unavailable` if the memory that is free will not do."""
    _, free = _memory()
    if free and free < MEMORY:
        raise Unavailable(f"{spell(free)} of memory are free, and {spell(MEMORY)} are needed")


def check_disk(folder: Path, needed: int) -> None:
    """Raise `Unavailable` if the files to come do not fit."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed and free < needed + SPARE:
        raise Unavailable(f"{spell(free)} of the disk are free, and {spell(needed + SPARE)} are needed")


def _memory() -> tuple[int | None, int | None]:
    """All memory and what is free of it, in bytes; None where the system does not say."""
    total = free = None
    with suppress(AttributeError, ValueError, OSError):  # not on Windows
        total = free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # Linux
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    with suppress(OSError, ValueError):  # a container's limit; "max" is none
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        total, free = min(total or limit, limit), min(free or limit, max(limit - used, 0))
    return total, free


def _gpu_memory() -> int | None:
    """The smallest GPU's memory in bytes; None if its driver does not say."""
    ask = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        said = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=True).stdout
        return min(int(line) for line in said.split()) * 2**20
    return None
