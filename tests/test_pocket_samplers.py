"""The samplers where the truth is known: for Gaussian data the best guess of the noise is a formula."""

from __future__ import annotations

import math

import numpy as np
import pytest

from helpers.pocket import editing, samplers
from helpers.pocket.schedule import ALPHAS, STEPS, time_embedding

MEAN, SPREAD = 1.5, 0.4
DRAWS = 20_000
NOISE = np.random.default_rng(0).standard_normal(DRAWS)


def gaussian(latent: np.ndarray, time: int) -> np.ndarray:
    """The expected noise in a latent, if pictures are normal with MEAN and SPREAD."""
    a = ALPHAS[time]
    return math.sqrt(1 - a) * (latent - math.sqrt(a) * MEAN) / (a * SPREAD**2 + 1 - a)


def two(latent: np.ndarray, time: int) -> np.ndarray:
    """The same if half of the pictures are near -1 and half near 1: no straight way."""
    a, tight = ALPHAS[time], 0.1
    variance = a * tight**2 + 1 - a
    side = np.tanh(math.sqrt(a) * latent / variance)
    return math.sqrt(1 - a) * (latent - math.sqrt(a) * side) / variance


def last(name: str, count: int, noise=gaussian, start: np.ndarray = NOISE, **options) -> np.ndarray:
    rng = np.random.default_rng(1)
    steps = samplers.times(name, count)
    walk = samplers.walk(
        noise, start, steps, sampler=name, fresh=lambda: rng.standard_normal(start.shape), **options
    )
    return list(walk)[-1].latent


@pytest.mark.parametrize(("name", "count"), [("ddim", 200), ("dpm++", 200), ("euler-a", 1000)])
def test_noise_becomes_the_data(name, count):
    """The ancestral sampler's spread is too small by a share that shrinks only as one over the steps."""
    found = last(name, count)
    # 20,000 draws: the mean's own error is 0.003, the spread's 0.002. All begin with noise without a trace of
    # the mean, where data at time 999 would still have 0.07 * 1.5.
    assert abs(found.mean() - MEAN) < 0.06
    assert abs(found.std() - SPREAD) < 0.015
    assert abs(np.mean(((found - found.mean()) / found.std()) ** 3)) < 0.06  # still symmetric


def test_fifteen_steps_of_dpm_are_closer_than_fifty_of_ddim():
    """Both approach the same path; the reference is DDIM with all the steps there are."""
    for noise in (gaussian, two):
        truth = last("ddim", STEPS, noise)
        error = {
            (name, count): np.sqrt(np.mean((last(name, count, noise) - truth) ** 2))
            for name, count in (("ddim", 15), ("ddim", 50), ("dpm++", 15))
        }
        assert error["dpm++", 15] < error["ddim", 50] < error["ddim", 15]


def test_dpm_is_of_second_order():
    """Twice the steps, a quarter of the error; DDIM, of first order, halves it."""
    truth = last("dpm++", 640)
    for name, shrinks in (("dpm++", 3), ("ddim", 1.6)):
        coarse, fine = (np.abs(last(name, count) - truth).max() for count in (20, 40))
        assert coarse / fine > shrinks


def test_only_the_ancestral_sampler_draws():
    def refuse():
        raise AssertionError("drew noise")

    for name in samplers.SAMPLERS:
        steps = list(samplers.times(name, 5))
        if name == "euler-a":
            with pytest.raises(AssertionError, match="drew noise"):
                list(samplers.walk(gaussian, NOISE, steps, sampler=name, fresh=refuse))
        else:
            list(samplers.walk(gaussian, NOISE, steps, sampler=name, fresh=refuse))
    with pytest.raises(ValueError, match="give `fresh`"):
        list(samplers.walk(gaussian, NOISE, [999, 0], sampler="euler-a"))


def test_ancestral_steps_forget_the_noise_they_began_with():
    kept = np.corrcoef(NOISE, last("ddim", 50))[0, 1]
    forgot = np.corrcoef(NOISE, last("euler-a", 50))[0, 1]
    assert kept > 0.99 and abs(forgot) < 0.1


@pytest.mark.parametrize("name", samplers.SAMPLERS)
@pytest.mark.parametrize("count", [2, 3, 15, 50, 333, 999, 1000])
def test_times_go_down_from_noise_to_the_picture(name, count):
    steps = samplers.times(name, count)
    assert len(steps) == count and steps[0] == STEPS - 1 and steps[-1] == 0
    assert (np.diff(steps) < 0).all()


def test_a_step_tells_what_happened():
    steps = list(samplers.walk(gaussian, NOISE, [999, 400, 0]))
    assert [(step.number, step.total, step.time) for step in steps] == [(1, 3, 999), (2, 3, 400), (3, 3, 0)]
    assert steps[0].before is NOISE and steps[1].before is steps[0].latent
    # The expected picture is the mean at first, and in the end it is the picture.
    assert abs(steps[0].picture - MEAN).max() < 0.1
    assert np.array_equal(steps[-1].picture, steps[-1].latent)


def test_steps_are_made_when_asked_for():
    asked = []

    def noise(latent, time):
        asked.append(time)
        return gaussian(latent, time)

    walk = samplers.walk(noise, NOISE, samplers.times("ddim", 10))
    next(walk)
    assert len(asked) == 1


def test_the_more_strength_the_less_is_left_of_the_picture():
    picture = MEAN + SPREAD * np.random.default_rng(2).standard_normal(DRAWS)
    errors = []
    for strength in (1e-6, 0.2, 0.5, 0.8):
        start, steps, hold = editing.begin(picture, NOISE, samplers.times("ddim", 50), ALPHAS, strength)
        assert len(steps) == max(1, round(50 * strength)) and hold is None
        found = list(samplers.walk(gaussian, start, steps))[-1].latent
        errors.append(np.sqrt(np.mean((found - picture) ** 2)))
    assert errors == sorted(errors)
    assert errors[0] < 0.03  # the noise of time 0
    assert errors[-1] > 0.9 * SPREAD * math.sqrt(2)  # as far apart as two draws


def test_what_the_mask_keeps_is_kept_and_the_rest_is_new():
    picture = np.full(DRAWS, 5.0)  # far from the data, so that what is new shows
    new = (np.arange(DRAWS) % 2).astype(float)
    start, steps, hold = editing.begin(picture, NOISE, samplers.times("ddim", 50), ALPHAS, 1.0, new)
    found = list(samplers.walk(gaussian, start, steps, hold=hold))[-1].latent
    assert np.array_equal(found[new == 0], picture[new == 0])
    assert abs(found[new == 1].mean() - MEAN) < 0.06


def test_the_schedule_is_the_librarys():
    constants = pytest.importorskip("keras_cv.src.models.stable_diffusion.constants")
    assert np.allclose(ALPHAS, constants._ALPHAS_CUMPROD, rtol=2e-6, atol=0)


def test_the_embedding_of_a_time_ends_with_the_two_roots():
    embedded = time_embedding([0, 500, 999])
    assert embedded.shape == (3, 130) and embedded.dtype == np.float32
    assert np.allclose(embedded[:, -2] ** 2, ALPHAS[[0, 500, 999]], rtol=1e-6)
    assert np.allclose(embedded[:, -2] ** 2 + embedded[:, -1] ** 2, 1)
    every = time_embedding(np.arange(STEPS))
    assert len(np.unique(every[:, :-2].round(4), axis=0)) == STEPS  # no two times look alike
