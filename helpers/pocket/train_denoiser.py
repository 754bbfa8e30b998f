"""Training the denoiser together with the text encoder: noisy latents and captions in, the noise out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from helpers import pictures
from helpers.pocket import checkpoint, networks, schedule, training, words
from helpers.pocket.latents import Latents
from helpers.pocket.muon import Muon

__all__ = ["DenoiserTraining", "batches", "build", "finish", "loss", "train"]

BATCH = 64
STEPS = 20_000
RATE = 4e-3
FALL = 0.22  # the share of the steps on which the rate falls to zero
EMPTY = 0.12  # share of captions that are empty: for guidance the network must know pictures without one
GAMMA = 5  # the signal-to-noise ratio from which on times do not weigh more
STREAM = 4
ADAM = ("velocity", "vectors")  # layers that are no matrices between two spaces of features


class DenoiserTraining(training.Averaged):
    """Text encoder and the network of the velocity, trained as one."""

    def __init__(self, text_encoder: keras.Model, velocity: keras.Model, seed: int = 1) -> None:
        super().__init__()
        self.text_encoder, self.velocity = text_encoder, velocity
        self.seeds = keras.random.SeedGenerator(seed)
        alphas = schedule.ALPHAS
        ratio = alphas / (1 - alphas)
        # Hang et al. 2023: errors of the picture weigh min(ratio, 5); those of v are ratio + 1 times as big.
        self.weights_of_times = (np.minimum(ratio, GAMMA) / (ratio + 1)).astype(np.float32)
        self.times = schedule.time_embedding(np.arange(schedule.STEPS))
        self.built = True
        self.start_average()

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        """The weighted squared error of each sample, at random times with random noise."""
        latents = batch["latents"]
        count = ops.shape(latents)[0]
        at = keras.random.randint((count,), 0, schedule.STEPS, seed=self.seeds)
        noise = keras.random.normal(ops.shape(latents), seed=self.seeds)
        return self.errors(latents, batch["tokens"], at, noise, training=training)

    def errors(self, latents: Any, tokens: Any, at: Any, noise: Any, training: bool = False) -> Any:
        embedding = ops.take(self.times, at, axis=0)
        root, other = (embedding[:, place, None, None, None] for place in (-2, -1))
        context = self.text_encoder(tokens, training=training)
        found = self.velocity([root * latents + other * noise, embedding, context], training=training)
        error = ops.mean(ops.square(found - (root * noise - other * latents)), axis=(1, 2, 3))
        return error * ops.take(self.weights_of_times, at)


def batches(data: Latents, *, batch: int = BATCH) -> Callable[[int], dict[str, NDArray]]:
    """A function from the number of a step to its latents and captions, the same in every run."""
    tokenizer = words.tokenizer()
    an_epoch = len(data.latents) // batch

    def draw(step: int) -> dict[str, NDArray]:
        epoch, place = divmod(step, an_epoch)
        order = np.random.default_rng((STREAM, epoch)).permutation(len(data.latents))
        rows = order[place * batch : (place + 1) * batch]
        rng = np.random.default_rng((STREAM, epoch, place))
        seeds = rng.integers(2**63 - 1, size=batch)
        said = [
            pictures.caption(data.factors[row], seed=seed, omit=pictures.left_out(seed))
            for row, seed in zip(rows, seeds, strict=True)
        ]
        empty = rng.random(batch) < EMPTY
        tokens = tokenizer.padded(["" if none else text for text, none in zip(said, empty, strict=True)])
        return {"latents": data.latents[rows].astype(np.float32), "tokens": tokens}

    return draw


def build(arithmetic: str) -> DenoiserTraining:
    keras.utils.set_random_seed(1)
    text_encoder = networks.text_encoder(len(words.tokenizer()), arithmetic=arithmetic)
    return DenoiserTraining(text_encoder, networks.velocity(arithmetic=arithmetic))


def train(folder: Path, data: Latents, *, arithmetic: str | None = None, **limits: Any) -> dict[str, Any]:
    """Begin, or go on from the state in `folder`; return the notes of the run."""
    arithmetic = arithmetic or training.faster_arithmetic()
    half = arithmetic != "float32"
    return training.run(
        build(arithmetic),
        batches(data),
        folder / "denoiser.npz",
        lambda steps: Muon(training.Plan(RATE, steps, fall=FALL), adam_layers=ADAM, half=half),
        **{"default_steps": STEPS} | limits,
    )


def finish(folder: Path) -> tuple[DenoiserTraining, dict[str, Any]]:
    """Text encoder and network of the velocity with averaged weights, and the notes."""
    model = build("float32")
    notes = checkpoint.read(folder / "denoiser.npz", {"model": model.variables})
    if notes is None:
        raise FileNotFoundError("There is no trained denoiser yet: run `train denoiser` first.")
    model.use_average()
    return model, notes


def loss(model: DenoiserTraining, latents: NDArray, factors: NDArray) -> float:
    """The loss on these pictures at times spread evenly, the same noise in every call."""
    count = len(latents)
    said = [pictures.caption(row, seed=number) for number, row in enumerate(factors)]
    tokens = words.tokenizer().padded(said)
    at = (np.arange(count) + 0.5) * schedule.STEPS // count
    at = np.random.default_rng(0).permutation(at).astype(np.int32)
    noise = np.random.default_rng(1).standard_normal(latents.shape, np.float32)
    parts = (slice(start, start + BATCH) for start in range(0, count, BATCH))
    whole = latents.astype(np.float32)
    return float(np.mean([np.mean(model.errors(whole[p], tokens[p], at[p], noise[p])) for p in parts]))
