"""The VAE of lesson 04 that later lessons build on: its loss is the bound."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.quiet import hushed

with hushed():
    from keras import ops

    from helpers import variational


def test_the_loss_sums_over_pixels_and_latents_and_reads_the_sign():
    x = np.random.default_rng(1).random((6, 28, 28, 1)).astype("float32")
    named = variational.with_name(x, np.arange(6))
    assert named.shape == (6, 796)
    model = variational.Conditional(latents=3, blocks=1, width=16)
    logits, mean, log_variance = model(named)
    kl = np.sum(np.square(mean) + np.exp(log_variance) - 1 - log_variance, axis=1).mean() / 2
    odds = ops.convert_to_numpy(logits)
    pixels = x.reshape(6, -1)
    reconstruction = (np.logaddexp(0, odds) - pixels * odds).sum(axis=1).mean()
    loss = model.compute_loss(named, y_pred=(logits, mean, log_variance))
    assert float(loss) == pytest.approx(reconstruction + kl, rel=1e-4)
