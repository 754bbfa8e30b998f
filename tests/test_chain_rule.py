"""Lesson 01's network as a helper: a density on cells that learned from points, and a sampler."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import world
from helpers.quiet import hushed

with hushed():
    from helpers.chain_rule import Network, Waves


def test_the_network_is_a_density_that_comes_close_and_draws_land():
    network = Network(world.sample(10_000, seed=1), epochs=3, seed=1)
    total = np.exp(network.log_density(world.grid(2).reshape(-1, 2))).sum() * 4
    assert total == pytest.approx(1, abs=1e-3)
    assert world.kl(network.log_density).value < 0.6
    assert world.is_land(network.draw(2000)).mean() > 0.6
    assert network.parameters > 10_000
    assert network.seconds > 0


def test_waves_close_the_circle_and_keep_coordinates_apart():
    waves = np.asarray(Waves(3)(np.array([[0.0, 0.3], [1.0, 0.3], [0.5, 0.3]], "float32")))
    assert waves.shape == (3, 12)
    assert waves[0] == pytest.approx(waves[1], abs=1e-5)
    assert waves[0, 6:] == pytest.approx(waves[2, 6:], abs=1e-6)
    assert waves[0, :3] == pytest.approx(1 / np.sqrt([1, 2, 3]), abs=1e-6)
