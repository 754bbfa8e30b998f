"""A training small enough for tests, in this process or in one that a test kills."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from helpers.quiet import hushed

with hushed():
    import keras
    from keras import layers, ops

    from helpers.pocket import training
    from helpers.pocket.muon import Muon


class Toy(training.Averaged):
    """Learns to give one, with everything a state must hold: statistics, an average, random numbers."""

    def __init__(self):
        super().__init__()
        filters = [layers.Conv2D(3, 3), layers.BatchNormalization()]
        self.net = keras.Sequential([keras.Input((4, 4, 2)), *filters])
        self.seeds = keras.random.SeedGenerator(1)
        self.built = True
        self.start_average()

    def call(self, x, training=False):
        return self.net(x + keras.random.normal(ops.shape(x), seed=self.seeds), training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.square(y_pred - 1))


def draw(step):
    return np.random.default_rng(step).standard_normal((4, 4, 4, 2), np.float32)


def toy(path, *, pause=0.0, data=draw, **limits):
    """Train to step 40 or to the limits; `pause` seconds a step leave time to interrupt it."""

    def slowly(step):
        time.sleep(pause)
        return data(step)

    keras.utils.set_random_seed(0)
    model = Toy()
    optimizer = lambda steps: Muon(training.Plan(0.01, steps, warm=2))  # noqa: E731
    return model, training.run(model, slowly, Path(path), optimizer, **{"default_steps": 40} | limits)


if __name__ == "__main__":
    training.SAVED_EVERY = 0
    toy(sys.argv[1], pause=0.1)
