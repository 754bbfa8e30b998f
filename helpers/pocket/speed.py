"""How long three pictures take and how much memory: `python -m helpers.pocket.speed pocket` (or `full`).

In a process of its own, whose peak is that of the model alone. "full" is KerasCV's Stable Diffusion with
random weights: 5 GB and several minutes. Numbers of letters stand in for its tokenizer, whose vocabulary
would be downloaded.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from helpers.quiet import hushed

__all__ = ["measure"]

PICTURES = 3
PROMPT = "a golden leo symbol in a ring on a night sky"
SIDE = 128


def measure(name: str) -> dict[str, float]:
    """Run the model "pocket" or "full" at its default settings in a process of its own."""
    done = subprocess.run([sys.executable, "-m", __spec__.name, name], capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise RuntimeError(f"The measurement of the model {name!r} failed: {' '.join(last)}.")
    return json.loads(done.stdout.splitlines()[-1])


def main(name: str) -> None:
    """Print seconds to load, of the first call, of a later one, and the peak memory."""
    start = time.perf_counter()
    with hushed():
        model = {"pocket": _pocket, "full": _full}[name]()
    loaded = time.perf_counter()
    # The first call also traces the networks; of the full model two steps do that.
    first = _seconds(model, **({"num_steps": 2} if name == "full" else {}))
    later = _seconds(model)
    found = {"load": loaded - start, "first": first, "later": later, "gigabytes": _peak() / 1e9}
    print("\n" + json.dumps(found))


def _seconds(model: Any, **options: int) -> float:
    start = time.perf_counter()
    painted = model.text_to_image(PROMPT, batch_size=PICTURES, seed=1, **options)
    if painted.shape != (PICTURES, SIDE, SIDE, 3):
        raise RuntimeError(f"The model painted {painted.shape}.")
    return time.perf_counter() - start


def _peak() -> int:
    """Bytes. Linux counts a process's `ru_maxrss` from before it became this program: so not that."""
    try:
        status = Path("/proc/self/status").read_text()
        return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status)[1])
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _pocket() -> Any:
    from helpers.pocket import load_text_to_image

    return load_text_to_image("pocket")


def _full() -> Any:
    from keras_cv.models import StableDiffusion
    from keras_cv.models.stable_diffusion import Decoder, DiffusionModel, TextEncoder

    class Numbers:
        def encode(self, text: str) -> list[int]:
            return [49406, *(1000 + len(word) for word in text.split()), 49407]

    class Untrained(StableDiffusion):
        tokenizer = Numbers()
        text_encoder = TextEncoder(77, download_weights=False)
        diffusion_model = DiffusionModel(SIDE, SIDE, 77, download_weights=False)
        decoder = Decoder(SIDE, SIDE, download_weights=False)

    return Untrained(SIDE, SIDE, jit_compile=False)


if __name__ == "__main__":
    main(sys.argv[1])
