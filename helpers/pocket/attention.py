"""How pixels look at each other and at words, and what can be read off it."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

__all__ = ["Attention", "heard", "shares"]


class Attention(layers.Layer):
    """Pixels (or words) look at each other, or pixels at words; also where they looked, all heads' mean."""

    def __init__(self, heads: int, **options: Any) -> None:
        super().__init__(**options)
        self.heads = heads

    def build(self, x_shape: tuple, words_shape: tuple | None = None) -> None:
        size = x_shape[-1]
        self.crosses = words_shape is not None
        options = {"use_bias": False, "dtype": self.dtype_policy}
        self.query = layers.Dense(size, **options)
        self.key = layers.Dense(size, **options)
        self.value = layers.Dense(size, **options)
        self.out = layers.Dense(size, kernel_initializer="zeros", **options)
        for layer in (self.key, self.value):
            layer.build(words_shape or x_shape)
        for layer in (self.query, self.out):
            layer.build(x_shape)

    def call(self, x: Any, words: Any = None) -> tuple[Any, Any]:
        weights, value = self._look(x, x if words is None else words)
        seen = ops.reshape(ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3)), ops.shape(x))
        maps = ops.reshape(ops.mean(weights, axis=1), (*ops.shape(x)[:-1], -1))
        return self.out(seen), maps

    def heard(self, x: Any, words: Any) -> Any:
        """How far each word takes each pixel (n, h, w, words) the way that all words together take it.

        A weight says where a pixel looks, not what it gets there. Words count by how they differ from the
        mean word: what all of them say moves every pixel alike.
        """
        weights, value = self._look(x, words)
        kernel = ops.reshape(self.out.kernel, (self.heads, -1, x.shape[-1]))
        said = ops.einsum("nhwd,hdc->nhwc", value, kernel)
        said = said - ops.mean(said, axis=2, keepdims=True)
        way = ops.normalize(ops.einsum("nhpw,nhwc->npc", weights, said), axis=-1)
        parts = ops.sum(weights * ops.einsum("nhwc,npc->nhpw", said, way), axis=1)
        return ops.reshape(parts, (*ops.shape(x)[:-1], -1))

    def _look(self, x: Any, words: Any) -> tuple[Any, Any]:
        """For each head the weights (n, heads, pixels, words) and the words' values (n, heads, words, …)."""
        shape, size = ops.shape(x), x.shape[-1]
        query, key, value = (
            ops.transpose(ops.reshape(part, (shape[0], -1, self.heads, size // self.heads)), (0, 2, 1, 3))
            for part in (
                self.query(x) * (size // self.heads) ** -0.5,
                self.key(words),
                self.value(words),
            )
        )
        return ops.softmax(ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))), value


class _Heard(layers.Layer):
    """What an attention layer's `heard` says, as a layer of its own."""

    def __init__(self, attention: Attention) -> None:
        super().__init__(dtype="float32")
        self.attention = attention

    def call(self, x: Any, words: Any) -> Any:
        return self.attention.heard(x, words)


def shares(inner: keras.Model) -> keras.Model:
    """The same inputs to a list of maps (n, h, w, LENGTH): how much each pixel looks at each word."""
    return keras.Model(inner.inputs, [look.output[1] for look in _looks(inner)], name="attention")


def heard(inner: keras.Model) -> keras.Model:
    """The same inputs to a list of maps (n, h, w, LENGTH): how much each pixel takes from each word."""
    return keras.Model(inner.inputs, [_Heard(look)(*look.input) for look in _looks(inner)], name="heard")


def _looks(inner: keras.Model) -> list[Attention]:
    """The layers in which pixels look at words."""
    return [layer for layer in inner.layers if isinstance(layer, Attention) and layer.crosses]
