"""Splines rise from corner to corner, invert, and know their slope."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.quiet import hushed

with hushed():
    import tensorflow as tf
    from keras import ops

    from helpers.splines import spline

DICE = np.random.default_rng(1)
# In double precision: a steep curve cannot be undone better than its slope allows.
VALUES = DICE.uniform(0.001, 0.999, (300, 1))
RAW = DICE.normal(0, 1.5, (300, 3 * 8 - 1))


def test_zeros_describe_the_straight_line():
    moved, log_slope = spline(VALUES, np.zeros_like(RAW))
    assert np.asarray(moved) == pytest.approx(VALUES, abs=1e-9)
    assert np.asarray(log_slope) == pytest.approx(0, abs=1e-9)


def test_the_ends_stay_and_the_curve_rises():
    line = np.linspace(0, 1, 300)[:, None]
    curve = ops.convert_to_numpy(spline(line, np.repeat(RAW[:1], 300, axis=0))[0])[:, 0]
    assert curve[[0, -1]] == pytest.approx([0, 1], abs=1e-9)
    assert np.all(np.diff(curve) > 0)


def test_backwards_undoes_forwards_and_negates_the_log_slope():
    moved, log_slope = spline(VALUES, RAW)
    back, log_back = spline(moved, RAW, backwards=True)
    assert np.asarray(back) == pytest.approx(VALUES, abs=1e-9)
    assert np.asarray(log_back) == pytest.approx(-np.asarray(log_slope), abs=1e-7)


def test_the_slope_is_the_derivative():
    x = tf.constant(VALUES)
    with tf.GradientTape() as tape:
        tape.watch(x)
        moved, log_slope = spline(x, RAW)
    assert np.log(tape.gradient(moved, x)) == pytest.approx(np.asarray(log_slope), abs=1e-9)
