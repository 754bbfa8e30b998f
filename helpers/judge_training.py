"""Train the reference classifier: `python -m helpers.judge_training` writes its weights into data/.

It learns two things from `helpers.judge_material`: to name a sign, also where a generator drew it softly;
and to name nothing on junk, whose target is all signs alike.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers import glyphs, judge
from helpers.datasets import load
from helpers.files import write_bytes
from helpers.judge_material import JUNK, pictures
from helpers.quiet import hushed

if TYPE_CHECKING:
    import keras

__all__ = ["store", "train"]

SEED = 4711
# Streams of our own: `load` draws from (seed, 1) and (seed, 2).
DRAWN, CHECKED, MATERIAL = (SEED, 3), (SEED, 4), (SEED, 5)
DRAWINGS = 60_000
EPOCHS = 10
BATCH = 256


def train(drawings: int = DRAWINGS, epochs: int = EPOCHS) -> keras.Model:
    """Draw, train, and say how it goes."""
    with hushed():
        import keras

        network = judge.build(dropout=0.25)
    start = time.monotonic()
    drawn, checked = glyphs.sample(drawings, seed=DRAWN), glyphs.sample(2400, seed=CHECKED)
    print(f"{drawings:,} signs drawn · {time.monotonic() - start:.0f} s", flush=True)
    steps = epochs * -(-int((1 + JUNK) * drawings) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps, warmup_target=3e-3, warmup_steps=300)
    keras.utils.set_random_seed(SEED)
    learner = keras.Model(network.input, network.output["logits"], name="learner")
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    learner.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss)
    for epoch in range(epochs):
        images, targets = pictures(drawn, (*MATERIAL, epoch))
        found = learner.fit(images, targets, batch_size=BATCH, verbose=0).history["loss"][0]
        guesses = learner.predict(checked.images, batch_size=400, verbose=0).argmax(1)
        right = (guesses == checked.labels).mean()
        print(
            f"epoch {epoch + 1}/{epochs} · loss {found:.4f} · {right:.2%} of fresh drawings right"
            f" · {time.monotonic() - start:.0f} s",
            flush=True,
        )
    return network


def main() -> None:
    """Train, then store weights and manifest."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--folder", type=Path, default=Path(__file__).resolve().parent.parent / "data")
    options.add_argument("--drawings", type=int, default=DRAWINGS)
    options.add_argument("--epochs", type=int, default=EPOCHS)
    chosen = options.parse_args()
    start = time.monotonic()
    network = train(chosen.drawings, chosen.epochs)
    store(network, chosen.folder, seconds=time.monotonic() - start)


def store(network: keras.Model, folder: Path, *, seconds: float) -> None:
    """Weights and manifest, each in one step; the figures are those of the stored halves."""
    content = judge.pack(network)
    network.set_weights([weight.astype(np.float16).astype(np.float32) for weight in network.get_weights()])
    data = load("glyphs")
    _, probabilities = judge.run(data.test, network)
    right = probabilities.argmax(1) == data.test_labels
    sure = probabilities.max(1) >= 0.9
    right_if_sure = right[sure].mean() if sure.any() else 0.0
    stated = {
        "file": judge.WEIGHTS,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "parameters": network.count_params(),
        "glyphs_version": glyphs.VERSION,
        "test_images": len(right),
        "test_accuracy": round(float(right.mean()), 5),
        "test_recognised": round(float(sure.mean()), 5),
        "test_accuracy_of_recognised": round(float(right_if_sure), 5),
        "made_by": "python -m helpers.judge_training",
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("keras", "numpy", "scipy")},
    }
    write_bytes(folder / judge.WEIGHTS, content)
    write_bytes(folder / judge.MANIFEST, (json.dumps(stated, indent=2) + "\n").encode())
    print(
        f"{stated['parameters']:,} parameters in {len(content):,} bytes · test accuracy {right.mean():.2%}, "
        f"{sure.mean():.2%} with confidence 0.9, of them {right_if_sure:.2%} right"
    )


if __name__ == "__main__":
    main()
