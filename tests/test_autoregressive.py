"""The layers of lesson 05 that later lessons build on: they see only the past."""

from __future__ import annotations

import numpy as np

from helpers.quiet import hushed

with hushed():
    import tensorflow as tf

    from helpers import autoregressive


def test_an_answer_moves_with_its_past_and_with_nothing_else():
    size, width = 6, 4
    place = tf.random.normal((1, size, size, 8), seed=1)
    blocks = [autoregressive.Block(width) for _ in range(2)]
    x = tf.random.normal((1, size, size, width), seed=2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        v, h = (
            tf.pad(x, [[0, 0], [1, 0], [0, 0], [0, 0]])[:, :-1],
            tf.pad(x, [[0, 0], [0, 0], [1, 0], [0, 0]])[:, :, :-1],
        )
        for block in blocks:
            v, h = block(v, h, place)
        answers = tf.reshape(tf.reduce_sum(h, axis=-1), [-1])
    moves = np.abs(tape.jacobian(answers, x)).sum(axis=(1, -1)).reshape(size**2, size**2)
    assert np.count_nonzero(np.triu(moves)) == 0
    assert np.count_nonzero(np.tril(moves, -1)) > 0.5 * size**2 * (size**2 - 1) / 2
