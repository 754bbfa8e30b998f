"""The parts of the pocket model, each with its shipped weights."""

from __future__ import annotations

from collections.abc import Callable

import keras

from helpers.pocket import autoencoder, networks, weights, words

__all__ = ["NAMES", "build", "load", "ready"]

_MAKERS: dict[str, tuple[Callable[[], keras.Model], str]] = {  # and the names of their weights
    "text_encoder": (lambda: networks.text_encoder(len(words.tokenizer())), "text_encoder"),
    "velocity": (networks.velocity, "denoiser"),
    "decoder": (autoencoder.decoder, "decoder"),
    "image_encoder": (autoencoder.encoder, "encoder"),
}
NAMES = tuple(_MAKERS)


def build(name: str) -> keras.Model:
    """A part as it is before training."""
    return _MAKERS[name][0]()


def load(name: str, jit_compile: bool = False) -> keras.Model:
    """A part with its shipped weights."""
    return ready(weights.fill(build(name), _MAKERS[name][1]), jit_compile)


def ready(model: keras.Model, jit_compile: bool = False) -> keras.Model:
    """The same model, whose predictions are compiled by XLA or not."""
    model.compile(jit_compile=jit_compile)
    return model
