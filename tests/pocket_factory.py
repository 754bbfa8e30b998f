"""A pocket model of tiny networks with random weights, for tests of what stands around them."""

from __future__ import annotations

from functools import cache

import keras
import numpy as np

from helpers.pocket import StableDiffusion, autoencoder, networks, words

VOCABULARY = ("a", "golden", "red", "leo", "lion", "waterbearer", "symbol", "at", "night", "art", "detailed")


def stirred(model: keras.Model, seed: int) -> keras.Model:
    """The model with random weights, also where a fresh one has zeros, which would hide every mistake."""
    rng = np.random.default_rng(seed)
    weights = model.get_weights()
    for values in weights:
        if values.ndim > 1:
            values += rng.standard_normal(values.shape) / np.sqrt(np.prod(values.shape[:-1]))
    model.set_weights(weights)
    return model


@cache
def parts() -> dict:
    """Small parts that fit together."""
    tokenizer = words.Tokenizer(VOCABULARY)
    return {
        "tokenizer": tokenizer,
        "text_encoder": stirred(networks.text_encoder(len(tokenizer), width=16, depth=1), 1),
        "velocity": stirred(networks.velocity(channels=(8, 16, 16), blocks=(1, 1, 1), heads=2, width=16), 2),
        "decoder": stirred(autoencoder.decoder(sizes=(8, 8, 8), blocks=(1, 1, 0)), 3),
        "image_encoder": stirred(autoencoder.encoder(sizes=(8, 8), blocks=1), 4),
    }


def model(height: int = 64, width: int = 64) -> StableDiffusion:
    """A model of these parts; its pictures are small to be fast."""
    return StableDiffusion(height, width, **parts())
