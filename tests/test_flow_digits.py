"""Lesson 09's RealNVP on a set that others have measured: scikit-learn's digits of 8 × 8 pixels.

The measure is that of the notebook `flows/realnvp_example.ipynb` of jmtomczak/intro_dgm: the first 1,000
digits to learn from, those after the 1,350th to test; to the greys 0 to 16 noise between 0 and ½ is added, in
the test as in the training; −log p in nats for a picture, mean over the pictures. That notebook's model and
training, without its drawing of samples, reached 152.0, 117.8 and 118.5 with the seeds 1 to 3.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.datasets import load_digits

from helpers.quiet import hushed
from tests.lesson_cells import definitions

with hushed():
    import keras
    from keras import layers, ops

    from helpers.training import fit

NEEDED = ("begin(SEED)", "class Coupling(", "class Logit(", "class Flow(", "def dense(")
REFERENCE = 117.8  # nats, its best of three
GREYS, SIDE, EPOCHS = 17, 8, 12


class HalfNoise(layers.Layer):
    """The notebook's noise, and the greys brought to the unit interval."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seeds = keras.random.SeedGenerator(seed)

    def call(self, x):
        noise = (1 - keras.random.uniform(ops.shape(x), seed=self.seeds)) / 2
        return (x + noise) / GREYS, -(SIDE**2) * np.log(GREYS)


@pytest.fixture(scope="module")
def lesson():
    return definitions("09", NEEDED, SEED=1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_realnvp_is_nearer_to_the_digits_than_the_reference(lesson, seed):
    keras.utils.set_random_seed(seed)
    digits = load_digits().data.astype("float32")
    checkerboard = np.indices((SIDE, SIDE)).sum(axis=0).ravel() % 2
    rows = np.repeat(np.arange(SIDE) % 2, SIDE)
    networks = [lesson["dense"](64, 2 * SIDE**2) for _ in range(4)]
    masks = (checkerboard, 1 - checkerboard, rows, 1 - rows)
    couplings = [lesson["Coupling"](*pair) for pair in zip(masks, networks, strict=True)]
    flow = lesson["Flow"]([HalfNoise(seed), lesson["Logit"](1e-3), lesson["Scale"](SIDE**2), *couplings])
    start = time.process_time()
    fit(flow, digits[:1000], epochs=EPOCHS, rate=4e-3)
    seconds = time.process_time() - start
    nats = -np.mean(ops.convert_to_numpy(flow(digits[1350:])[1]))
    print(f"seed {seed}: {nats:.1f} nats a picture, {seconds:.1f} s of processor time to train")
    assert 0 < nats < REFERENCE  # forgetting the scale of the greys would take 64 log 17 = 181 nats away
