"""The training that lessons share: its rates, its order, what it returns."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.quiet import hushed

with hushed():
    import keras
    from keras import layers, ops

    from helpers.training import WARM_UP, Film, falling, fit


@pytest.mark.parametrize("steps", [400, 60, 2])
def test_the_rate_climbs_to_its_peak_and_falls_to_zero(steps):
    schedule = falling(0.01, steps)
    rates = np.array([float(schedule(step)) for step in range(steps + 1)])
    top = min(WARM_UP, steps // 2)
    assert rates[0] == pytest.approx(0.001)
    assert rates[top] == rates.max() == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0, abs=1e-8)
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) < 0).all()


def test_a_model_with_targets_is_fitted():
    x = np.random.default_rng(1).uniform(-1, 1, (256, 1)).astype("float32")
    model = keras.Sequential([layers.Dense(1)])
    progress = fit(model, x, 3 * x - 1, epochs=100, rate=0.1, loss="mse")
    assert np.allclose(model(x), 3 * x - 1, atol=0.02)
    assert len(progress.history["loss"]) == 100
    assert progress.history["loss"][-1] < 1e-3
    assert progress.seconds > 0


class Remembers(keras.Model):
    """The first number of each batch, in the order in which the batches come; two inputs, its own loss."""

    def __init__(self):
        super().__init__()
        self.layer = layers.Dense(1)
        self.spy = keras.metrics.Mean("first")

    def call(self, inputs):
        return self.layer(inputs[0]) + inputs[1]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        self.spy.update_state(x[0][0])
        return ops.mean(y_pred**2)


def test_several_inputs_come_in_their_order_to_the_models_own_loss():
    seen = []

    class Spy(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["first"])
            self.model.reset_metrics()

    x = np.arange(10, dtype="float32")[:, None]
    progress = fit(Remembers(), (x, -x), epochs=1, batch=4, show="first", callbacks=[Spy()])
    assert seen == [0, 4, 8]
    assert set(progress.history) == {"loss", "first"}


def test_a_film_keeps_what_it_sees_after_every_so_many_calls():
    x = np.ones((7, 1), "float32")
    model = keras.Sequential([layers.Dense(1)])
    film = Film(3, lambda seen: (seen is model, int(seen.optimizer.iterations)))
    fit(model, x, x, epochs=1, batch=1, loss="mse", callbacks=[film])
    assert film.frames == [(True, 3), (True, 6)]
