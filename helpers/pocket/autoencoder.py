"""Pictures to latents, eight times smaller each way, and back: the outer shell of a latent diffusion model.

Both halves consist of convolutions only, so they have no size built in. A latent's four channels have mean 0
and variance 1 over the training pictures; the encoder's last layer keeps the figures for that.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

__all__ = ["CHANNELS", "SHRINKS", "as_input", "decoder", "encoder"]

CHANNELS = 4
SHRINKS = 8  # times, in height and in width


def encoder(
    *, sizes: tuple[int, int] = (48, 96), blocks: int = 2, arithmetic: str = "float32"
) -> keras.Model:
    """Pictures (n, h, w, 3) in [-1, 1] to normalised latents (n, h/8, w/8, 4)."""
    pictures = keras.Input((None, None, 3), name="pictures")
    # The costly convolutions never see the full resolution: the stem looks at 8x8 pixels, 4 apart.
    x = _convolution(sizes[0], 8, arithmetic, strides=4, name="encoder_first")(pictures)
    for _ in range(blocks):
        x = _residual(x, arithmetic)
    x = _convolution(sizes[1], 2, arithmetic, strides=2)(x)
    for _ in range(blocks):
        x = _residual(x, arithmetic)
    x = layers.Conv2D(CHANNELS, 1, name="encoder_last")(layers.RMSNormalization()(x))
    latents = layers.BatchNormalization(center=False, scale=False, epsilon=1e-6, name="normalised")(x)
    return keras.Model(pictures, latents, name="encoder")


def decoder(
    *,
    sizes: tuple[int, int, int] = (128, 64, 32),
    blocks: tuple[int, int, int] = (3, 3, 1),
    arithmetic: str = "float32",
) -> keras.Model:
    """Normalised latents (n, h/8, w/8, 4) to pictures (n, h, w, 3), in [-1, 1] but for small excesses."""
    x = latents = keras.Input((None, None, CHANNELS), name="latents")
    for level, (size, count) in enumerate(zip(sizes, blocks, strict=True)):
        if level == 0:
            x = _convolution(size, 3, arithmetic, name="decoder_first")(x)
        else:  # kernel and stride are equal: each pixel becomes a square of four
            x = layers.Conv2DTranspose(size, 2, strides=2, dtype=arithmetic)(x)
        for _ in range(count):
            x = _residual(x, arithmetic)
    x = layers.RMSNormalization(dtype="float32")(x)
    pictures = layers.Conv2DTranspose(3, 4, strides=2, padding="same", name="decoder_last")(x)
    return keras.Model(latents, pictures, name="decoder")


def as_input(images: Any) -> Any:
    """Pictures of bytes to what the encoder takes."""
    return ops.cast(images, "float32") / 127.5 - 1


def _residual(x: Any, arithmetic: str) -> Any:
    """Two convolutions beside a shortcut; each pixel is normalised by itself, which needs no batch."""
    size = x.shape[-1]
    y = layers.RMSNormalization(dtype="float32")(x)
    y = layers.Activation("silu", dtype="float32")(_convolution(size, 3, arithmetic)(y))
    y = _convolution(size, 3, arithmetic, kernel_initializer="zeros")(y)
    return layers.Add(dtype="float32")([x, y])


def _convolution(size: int, width: int, arithmetic: str, **options: Any) -> keras.layers.Layer:
    return layers.Conv2D(size, width, padding="same", dtype=arithmetic, **options)
