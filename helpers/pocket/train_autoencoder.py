"""Training the autoencoder: drawings, each seen once, squeezed into noisy latents and drawn again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from helpers import pictures
from helpers.pocket import autoencoder, checkpoint, training
from helpers.pocket.autoencoder import as_input
from helpers.pocket.muon import Muon

__all__ = ["AutoencoderTraining", "build", "finish", "psnr", "train"]

BATCH = 8
STEPS = 6000
RATE = 4e-3
# Layers that are no matrices between two spaces of features.
ADAM = ("encoder_first", "encoder_last", "decoder_first", "decoder_last")
NOISE = 0.1  # standard deviation, where that of a latent is 1
STREAM, FRESH = 1, 2  # seeds of drawings: for training, and for what comes after it


class AutoencoderTraining(training.Averaged):
    """Encoder, noise, decoder.

    The noise takes the part of a variational autoencoder's spread: as the latents' variance is fixed at 1,
    it limits what they can carry, and the decoder learns to live with the denoiser's small errors.
    """

    def __init__(self, arithmetic: str, seed: int = 1) -> None:
        super().__init__()
        self.encoder = autoencoder.encoder(arithmetic=arithmetic)
        self.decoder = autoencoder.decoder(arithmetic=arithmetic)
        self.seeds = keras.random.SeedGenerator(seed)
        self.built = True
        self.start_average()

    def call(self, images: Any, training: bool = False) -> Any:
        latents = self.encoder(as_input(images), training=training)
        if training:
            latents += NOISE * keras.random.normal(ops.shape(latents), seed=self.seeds)
        return self.decoder(latents)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Absolute and squared error, and the absolute error of the slopes, which keeps thin lines sharp."""
        error = y_pred - as_input(x)
        slopes = ops.mean(ops.abs(error[:, 1:] - error[:, :-1])) + ops.mean(
            ops.abs(error[:, :, 1:] - error[:, :, :-1])
        )
        return ops.mean(ops.abs(error)) + 2 * ops.mean(ops.square(error)) + 0.5 * slopes


def draw(step: int) -> NDArray[np.uint8]:
    """The pictures of a step, the same in every run."""
    return pictures.sample(BATCH, seed=(STREAM, step), combinations="seen").images


def build(arithmetic: str) -> AutoencoderTraining:
    keras.utils.set_random_seed(1)
    return AutoencoderTraining(arithmetic)


def train(folder: Path, *, arithmetic: str | None = None, **limits: Any) -> dict[str, Any]:
    """Begin, or go on from the state in `folder`; return the notes of the run."""
    return training.run(
        build(arithmetic or training.faster_arithmetic()),
        draw,
        folder / "autoencoder.npz",
        lambda steps: Muon(training.Plan(RATE, steps), adam_layers=ADAM),
        **{"default_steps": STEPS} | limits,
    )


def finish(folder: Path) -> tuple[keras.Model, keras.Model, dict[str, Any]]:
    """Encoder and decoder with averaged weights and the latents' final scale, and the notes."""
    model = build("float32")
    notes = checkpoint.read(folder / "autoencoder.npz", {"model": model.variables})
    if notes is None:
        raise FileNotFoundError("There is no trained autoencoder yet: run `train autoencoder` first.")
    model.use_average()
    rescale(model.encoder, pictures.sample(1000, seed=(FRESH, 0), combinations="seen").images)
    return model.encoder, model.decoder, notes


def rescale(encoder: keras.Model, images: NDArray[np.uint8]) -> None:
    """Give the latents of these pictures mean 0 and variance 1 in each channel."""
    last = encoder.layers[-1]
    before = keras.Model(encoder.input, last.input)
    latents = np.concatenate([np.asarray(before(part)) for part in _parts(images)]).astype(np.float64)
    last.moving_mean.assign(latents.mean((0, 1, 2)))
    last.moving_variance.assign(latents.var((0, 1, 2)))


def psnr(encoder: keras.Model, decoder: keras.Model, images: NDArray[np.uint8], *, noise: float = 0) -> float:
    """Peak signal-to-noise ratio in dB, the mean over pictures; `noise` is added to the latents."""
    rng = np.random.default_rng(0)
    found = []
    for part in _parts(images):
        latents = np.asarray(encoder(part))
        latents = latents + noise * rng.standard_normal(latents.shape, np.float32)
        error = np.clip(decoder(latents), -1, 1) - np.asarray(part)
        found.append(10 * np.log10(4 / (error.astype(np.float64) ** 2).mean((1, 2, 3))))
    return float(np.concatenate(found).mean())


def _parts(images: NDArray[np.uint8]) -> list:
    return [as_input(images[start : start + 50]) for start in range(0, len(images), 50)]
