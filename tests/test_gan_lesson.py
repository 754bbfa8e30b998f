"""Lesson 07's game on the glyphs stays finite: with twenty seeds, and with a critic that is flat."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.lesson_cells import definitions

NEEDED = ("begin(SEED)", "class Waves(", "class Players(", "class Game(", "def play(", "class Wasserstein(")
NEEDED += ("class Pixels(", "class Asked(")  # and none of the cells that train
STEPS, BATCH = 10, 64


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    """The names that the lesson's cells define, with a few glyphs only."""
    return definitions("07", NEEDED, SEED=1, TRAIN=500, MAP_STEPS=10)


@pytest.fixture
def game(lesson):
    """A new game of the lesson's players."""

    def make():
        networks = lesson["painter"](32 + 12), lesson["reader"](12)
        return lesson["Asked"](*networks, 32, weight=1.0, rate=3e-3)

    return make


def play(lesson, game, seed: int) -> list[np.ndarray]:
    """What the losses and the weights are after some steps with the glyphs of this seed."""
    drawn = lesson["glyphs"].sample(STEPS * BATCH, seed=(seed, 7))
    lesson["play"](game, drawn.images, drawn.labels, BATCH)
    return [*game.get_weights(), *(np.array(values) for values in game.history.history.values())]


def test_twenty_seeds_give_no_nan(lesson, game):
    first = game()
    for seed in range(1, 21):
        lesson["keras"].utils.set_random_seed(seed)
        first.set_weights(game().get_weights())  # one game, so that its step is traced once
        first.seeds.state.assign([seed, 0])
        for adam in (first.d_adam, first.g_adam):
            for memory in adam.variables if adam.built else ():
                if memory is not adam.learning_rate:
                    memory.assign(np.zeros(memory.shape))
        before = first.get_weights()
        after = play(lesson, first, seed)
        assert all(np.isfinite(values).all() for values in after), f"seed {seed}"
        assert any((old != new).any() for old, new in zip(before, after, strict=False)), "somebody learned"


@pytest.mark.parametrize(
    ("tiny", "finite"), [(None, True), (0.0, False)], ids=["as in the lesson", "without TINY"]
)
def test_a_flat_critic_gives_no_nan_only_because_of_tiny(lesson, game, monkeypatch, tiny, finite):
    if tiny is not None:
        monkeypatch.setitem(lesson, "TINY", tiny)
    flat = game()
    flat.make(1, np.zeros(1, int)), flat.score(np.zeros((1, 28, 28, 1), "float32"), np.zeros(1, int))
    flat.discriminator.set_weights([0 * weights for weights in flat.discriminator.get_weights()])
    assert all(np.isfinite(values).all() for values in play(lesson, flat, 1)) == finite
