"""The two networks that learn together: words to vectors, and noise with these vectors to less noise.

The denoiser is a small U-Net in the manner of Stable Diffusion (Rombach et al. 2022): residual blocks,
between the pixels self-attention, to the words cross-attention. It has no sizes built in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
from keras import layers

from helpers.pocket.attention import Attention
from helpers.pocket.autoencoder import CHANNELS
from helpers.pocket.schedule import TIME_SIZE
from helpers.pocket.words import LENGTH

__all__ = ["WIDTH", "denoiser", "text_encoder", "velocity"]

WIDTH = 128  # of a word's vector


def text_encoder(
    words: int, *, width: int = WIDTH, depth: int = 2, heads: int = 4, arithmetic: str = "float32"
) -> keras.Model:
    """Numbers of words (n, LENGTH) to vectors (n, LENGTH, width): a transformer that looks both ways.

    Padding is a word like any other, as in Stable Diffusion, so it needs no mask.
    """
    with _arithmetic(arithmetic):
        tokens = keras.Input((LENGTH,), dtype="int32", name="tokens")
        x = layers.Embedding(words, width)(tokens)
        x = _Positions()(x)
        for _ in range(depth):
            x = x + Attention(heads)(layers.RMSNormalization()(x))[0]
            x = x + _mix(x, 4)
        return keras.Model(tokens, layers.RMSNormalization(dtype="float32")(x), name="text_encoder")


def velocity(
    *,
    channels: Sequence[int] = (64, 128, 192),
    blocks: Sequence[int] = (1, 1, 2),
    mixes: Sequence[bool] = (False, False, True),
    heads: int = 4,
    width: int = WIDTH,
    arithmetic: str = "float32",
) -> keras.Model:
    """The U-Net: [latent, timestep_embedding, context] to v = sqrt(a) noise - sqrt(1-a) picture.

    `blocks` counts the residual blocks of each level on the way down; on the way up there are as many, at the
    lowest level and at the end one more. Levels that do not mix (self-attention, dense layers) look at the
    words only. From v (Salimans and Ho 2022) there is something to learn at every time; the noise itself is
    all but given at late times.
    """
    with _arithmetic(arithmetic):
        inputs = _inputs(width)
        latent, time, context = inputs
        time = layers.Dense(4 * channels[0], "silu", dtype="float32")(time)
        time = layers.Dense(4 * channels[0], "silu")(time)

        x = layers.Conv2D(channels[0], 3, padding="same")(latent)
        kept = []
        for level, (size, count) in enumerate(zip(channels, blocks, strict=True)):
            if level:
                x = layers.Conv2D(size, 3, strides=2, padding="same")(x)
            for _ in range(count):
                x = _residual(x, time)
                if level:
                    x = (_transformer if mixes[level] else _look)(x, context, heads)
            kept.append(x)
        x = _residual(kept.pop(), time)
        for level in reversed(range(len(channels))):
            size = channels[level]
            if level < len(channels) - 1:
                x = layers.UpSampling2D(2)(layers.Dense(size)(x))
                x = x + layers.Dense(size)(kept.pop())
                for _ in range(blocks[level]):
                    x = _residual(x, time)
                    x = (_transformer if mixes[level] else _look)(x, context, heads)
        x = _residual(x, time)
        x = layers.RMSNormalization()(x) * (1 + _at_pixels(layers.Dense(channels[0])(time)))
        v = layers.Conv2D(
            CHANNELS, 3, padding="same", kernel_initializer="zeros", dtype="float32", name="velocity"
        )(x)
    return keras.Model(inputs, v, name="velocity")


def denoiser(inner: keras.Model) -> keras.Model:
    """The noise in a latent, as KerasCV's sampler asks for it, from a model of the velocity."""
    latent, time, context = inputs = _inputs(inner.inputs[2].shape[-1])
    return keras.Model(inputs, _Noise()(latent, inner([latent, time, context]), time), name="denoiser")


class _Positions(layers.Layer):
    """Adds to each word a learned vector of its place."""

    def build(self, shape: tuple) -> None:
        self.vectors = self.add_weight(shape=shape[1:], initializer="random_normal", name="vectors")

    def call(self, x: Any) -> Any:
        return x + self.vectors


class _Noise(layers.Layer):
    """Noise = sqrt(a) v + sqrt(1-a) latent; the roots are the last two entries of the time's vector."""

    def __init__(self) -> None:
        super().__init__(dtype="float32", name="noise")

    def call(self, latent: Any, v: Any, time: Any) -> Any:
        return time[:, None, None, -2:-1] * v + time[:, None, None, -1:] * latent


def _inputs(width: int) -> list:
    """Named and ordered as in KerasCV."""
    return [
        keras.Input((None, None, CHANNELS), name="latent"),
        keras.Input((TIME_SIZE,), name="timestep_embedding"),
        keras.Input((LENGTH, width), name="context"),
    ]


def _residual(x: Any, time: Any) -> Any:
    size = x.shape[-1]
    y = layers.Conv2D(size, 3, padding="same", use_bias=False)(layers.RMSNormalization()(x))
    y = layers.Activation("silu")(y + _at_pixels(layers.Dense(size)(time)))
    return x + layers.Conv2D(size, 3, padding="same", use_bias=False, kernel_initializer="zeros")(y)


def _transformer(x: Any, context: Any, heads: int) -> Any:
    x = x + Attention(heads)(layers.RMSNormalization()(x))[0]
    x = _look(x, context, heads)
    return x + _mix(x, 2)


def _look(x: Any, context: Any, heads: int) -> Any:
    return x + Attention(heads)(layers.RMSNormalization()(x), context)[0]


def _mix(x: Any, factor: int) -> Any:
    size = x.shape[-1]
    y = layers.Dense(factor * size, "silu")(layers.RMSNormalization()(x))
    return layers.Dense(size, kernel_initializer="zeros")(y)


def _at_pixels(x: Any) -> Any:
    return layers.Reshape((1, 1, x.shape[-1]))(x)


@contextlib.contextmanager
def _arithmetic(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
