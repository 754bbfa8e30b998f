"""The mixture of Gaussians over codes."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.mixtures import fit_mixture


def test_it_draws_where_the_codes_are_and_as_often():
    rng = np.random.default_rng(1)
    middles = np.array([[-5.0, 0], [5, 0], [0, 8]])
    group = rng.choice(3, 6000, p=[0.6, 0.3, 0.1])
    codes = middles[group] + rng.normal(size=(6000, 2)) * [1, 0.3]
    drawn = fit_mixture(codes, 3, np.random.default_rng(2))(5000)
    assert drawn.shape == (5000, 2)
    nearest = ((drawn[:, None] - middles) ** 2).sum(-1).argmin(1)
    assert np.bincount(nearest) / 5000 == pytest.approx([0.6, 0.3, 0.1], abs=0.03)
    assert drawn.mean(0) == pytest.approx(codes.mean(0), abs=0.2)
    assert drawn[nearest == 0].std(0) == pytest.approx([1, 0.3], rel=0.08)


def test_the_same_dice_draw_the_same():
    codes = np.random.default_rng(3).normal(size=(200, 4))
    one, other = (fit_mixture(codes, 20, np.random.default_rng(4))(50) for _ in range(2))
    assert np.array_equal(one, other)


def test_groups_of_a_single_code_do_no_harm():
    codes = np.random.default_rng(5).normal(size=(6, 2))
    assert np.isfinite(fit_mixture(codes, 6, np.random.default_rng(6))(100)).all()


@pytest.mark.parametrize("groups", [0, 7])
def test_impossible_groups_get_one_sentence(groups):
    with pytest.raises(ValueError, match="6 codes make 1 to 6 groups"):
        fit_mixture(np.zeros((6, 2)), groups, np.random.default_rng(7))
