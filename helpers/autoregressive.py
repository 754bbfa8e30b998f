"""The layers of lesson 05, for later lessons: convolutions that see only the past, and a gated block."""

from __future__ import annotations

import numpy as np
from keras import layers, ops

__all__ = ["Block", "MaskedConv", "gate"]


class MaskedConv(layers.Conv2D):
    """A convolution that sees the rows above, or has one row only, and `own` columns of its own row."""

    def __init__(self, filters, size, *, own, above=True, **settings):
        super().__init__(filters, size if above else (1, size), padding="same", **settings)
        self.mask = np.zeros((*self.kernel_size, 1, 1), "float32")
        middle = self.kernel_size[0] // 2
        self.mask[:middle] = 1
        self.mask[middle, :own] = 1

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, kernel * self.mask)


def gate(t):
    a, b = ops.split(t, 2, axis=-1)
    return ops.tanh(a) * ops.sigmoid(b)


class Block(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.above = MaskedConv(2 * width, 3, own=3)
        self.left = MaskedConv(2 * width, 3, own=2, above=False)
        self.place, self.link, self.out = (
            layers.Dense(2 * width),
            layers.Dense(2 * width),
            layers.Dense(width),
        )

    def call(self, v, h, place):
        t = self.above(v) + self.place(place)
        return gate(t), h + self.out(gate(self.left(h) + self.link(t)))
