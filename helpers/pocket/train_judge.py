"""Training the judge of the pocket model: pictures in, what they show or that they show nothing out.

All combinations of attributes are drawn, also those that the pocket model never saw: the judge has to be
fair to them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from helpers import pictures
from helpers.pictures import FACTORS
from helpers.pocket import autoencoder, judge, training, weights
from helpers.pocket.judge_material import Lot, decode, junk, round_trips, softened
from helpers.pocket.latents import encode
from helpers.pocket.muon import Muon

__all__ = ["JudgeTraining", "batches", "figures", "make", "material", "train"]

SEED = 4713
DRAWN, TRACED, CHECKED, MATERIAL, MIXED = (SEED, 0), (SEED, 1), (SEED, 2), (SEED, 3), (SEED, 4)
DRAWINGS, TRIPS, JUNK = 18_000, 5000, 6600
SHARES = (0.4, 0.3, 0.3)  # of drawings, round trips and junk in a batch
BATCH = 128
STEPS = 1200
RATE = 4e-3
CHECKS = 2000  # fresh drawings


class JudgeTraining(training.Averaged):
    """The judge's network, and how far its answers are from what a picture tells."""

    def __init__(self, arithmetic: str) -> None:
        super().__init__()
        self.network = judge.build(arithmetic=arithmetic)
        self.built = True
        self.start_average()

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        """The cross-entropy of each picture, the sum over the factors."""
        logits = self.network(batch["images"], training=training)
        parts = [
            ops.sum(batch["targets"][:, head] * ops.log_softmax(logits[:, head]), axis=1)
            for head in judge.HEADS.values()
        ]
        return -sum(parts)


def coders(folder: Path | None = None, arithmetic: str = "float32") -> tuple[keras.Model, keras.Model]:
    """The trained halves of the autoencoder."""
    return tuple(
        weights.fill(build(arithmetic=arithmetic), name, folder)
        for name, build in (("encoder", autoencoder.encoder), ("decoder", autoencoder.decoder))
    )


def material(halves: Sequence[keras.Model], drawings: int, trips: int, strange: int) -> list[Lot]:
    """Drawings, round trips through the halves of the autoencoder, and junk."""
    rng = np.random.default_rng(MATERIAL)
    drawn, traced = pictures.sample(drawings, seed=DRAWN), pictures.sample(trips, seed=TRACED)
    plain = Lot(judge.halved(drawn.images), drawn.factors, np.ones((drawings, len(FACTORS)), bool))
    return [plain, round_trips(traced, *halves, rng), junk(strange, drawn, *halves, rng)]


def batches(lots: Sequence[Lot], *, batch: int = BATCH) -> Callable[[int], dict[str, NDArray]]:
    """A function from the number of a step to its pictures, the same in every run."""
    whole = Lot.joined(lots)
    firsts = np.cumsum([0, *(len(lot.images) for lot in lots)])
    sizes = np.diff(np.rint(np.cumsum((0, *SHARES)) * batch).astype(int))

    def draw(step: int) -> dict[str, NDArray]:
        rng = np.random.default_rng((*MIXED, step))
        spans = zip(firsts[:-1], firsts[1:], sizes, strict=True)
        rows = np.concatenate([rng.integers(first, end, size) for first, end, size in spans])
        return {"images": softened(whole.images[rows], rng), "targets": whole.targets(rows)}

    return draw


def train(
    lots: Sequence[Lot], folder: Path, arithmetic: str, **limits: Any
) -> tuple[keras.Model, dict[str, Any]]:
    """The network with averaged weights, and the notes of the run, whose state is kept in `folder`."""
    keras.utils.set_random_seed(SEED)
    model = JudgeTraining(arithmetic)
    adam = ("judge_conv_0", "judge_heads")
    notes = training.run(
        model,
        batches(lots),
        folder / "judge.npz",
        lambda steps: Muon(training.Plan(RATE, steps), adam_layers=adam),
        **{"default_steps": STEPS} | limits,
    )
    model.use_average()
    network = judge.build()
    network.set_weights(model.network.get_weights())
    return network, notes


def figures(network: keras.Model, halves: Sequence[keras.Model], count: int) -> dict[str, Any]:
    """The shares of factors that the judge sees in fresh drawings and in their round trips, and its doubt."""
    fresh = pictures.sample(count, seed=CHECKED)
    traced = decode(halves[1], encode(halves[0], fresh.images))
    found = {}
    for name, images in (("drawings", fresh.images), ("round_trips", traced)):
        found[name] = judge.accuracy(judge.run(images, network).shows(fresh.factors))
    noise = np.random.default_rng(CHECKED).integers(256, size=fresh.images.shape, dtype=np.uint8)
    sure = judge.run(noise, network).sure
    found["sure_of_noise"] = judge.accuracy(sure)
    return {name: {key: round(share, 4) for key, share in shares.items()} for name, shares in found.items()}


def make(build: Path, data: Path) -> None:
    """Draw, train, store the judge in `data`, and say how good it is; `build` keeps the training's state."""
    start = time.monotonic()
    arithmetic = training.faster_arithmetic()
    lots = material(coders(data, arithmetic), DRAWINGS, TRIPS, JUNK)
    print(f"{sum(len(lot.images) for lot in lots):,} pictures · {time.monotonic() - start:.0f} s", flush=True)
    network, notes = train(lots, build, arithmetic)
    weights.round_off(network)  # the figures are those of the stored weights
    found = figures(network, coders(data), CHECKS)
    effort = {"steps": notes["step"], "samples": notes["step"] * BATCH, "arithmetic": arithmetic}
    effort |= {"minutes": round((time.monotonic() - start) / 60), "date": time.strftime("%Y-%m-%d")}
    effort |= {"pictures_version": pictures.VERSION}
    weights.save({"judge": network}, {"judge": effort | found}, data)
    for name, shares in found.items():
        print(f"{name}: " + ", ".join(f"{factor} {share:.2%}" for factor, share in shares.items()))
