"""The VAE of lesson 04 and its conditional version, for lessons that compare with it or build on it."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

__all__ = ["VAE", "Conditional", "Sampling", "correction", "with_name"]

# The knobs of lesson 04, which its code names.
SEED, LATENTS = 1, 12


class Sampling(layers.Layer):
    """z = μ + σ ε: chance is an input, so gradients pass through μ and σ."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(SEED)

    def call(self, mean, log_variance):
        return mean + ops.exp(log_variance / 2) * keras.random.normal(ops.shape(mean), seed=self.seeds)


def correction(width):
    h = keras.Input((width,))
    hidden = layers.Dense(width, "silu")(layers.LayerNormalization()(h))
    return keras.Model(h, h + layers.Dense(width, kernel_initializer="zeros")(hidden))


class VAE(keras.Model):
    def __init__(self, latents=LATENTS, blocks=10, beta=1.0, width=192, answers=784):
        super().__init__()
        enter = [layers.Flatten(), layers.Dense(2 * width, "silu"), layers.Dense(width, "silu")]
        self.encoder = keras.Sequential([*enter, layers.Dense(2 * latents)])
        body = [layers.Dense(width), *(correction(width) for _ in range(blocks))]
        self.decoder = keras.Sequential([*body, layers.Dense(answers)])
        self.sampling, self.beta = Sampling(), beta
        self.parts = [keras.metrics.Mean(name) for name in ("reconstruction", "kl")]

    def call(self, x):
        mean, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        return self.decoder(self.sampling(mean, log_variance)), mean, log_variance

    def nll(self, x, logits):
        pixels = ops.reshape(x, (-1, 784))
        return ops.sum(ops.binary_crossentropy(pixels, logits, from_logits=True), axis=-1)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        logits, mean, log_variance = y_pred  # what call returned
        reconstruction = ops.mean(self.nll(x, logits))
        kl = ops.mean(ops.sum(ops.square(mean) + ops.exp(log_variance) - 1 - log_variance, axis=-1)) / 2
        for metric, value in zip(self.parts, (reconstruction, kl), strict=True):
            metric.update_state(value)
        return reconstruction + self.price(kl)

    def price(self, kl):
        return self.beta * kl


class Conditional(VAE):
    """x: 784 pixels, and twelve numbers that name the sign."""

    def call(self, x):
        mean, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        z = ops.concatenate([self.sampling(mean, log_variance), x[..., 784:]], axis=-1)
        return self.decoder(z), mean, log_variance

    def nll(self, x, logits):
        return super().nll(x[..., :784], logits)


def with_name(u, labels):
    return np.concatenate([u.reshape(len(u), -1), np.eye(12)[labels]], axis=1).astype("float32")
