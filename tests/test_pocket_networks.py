"""The two networks: shapes, sizes, and what must hold before they have learned anything."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from helpers.pocket import attention, networks, parts
from helpers.pocket.schedule import ALPHAS, time_embedding
from helpers.pocket.words import LENGTH
from tests.pocket_factory import stirred

MEGABYTES = 16  # of all shipped weights, two bytes each


def inputs(count: int = 2, height: int = 8, width: int = 8, size: int = 16, time: int = 500) -> list:
    rng = np.random.default_rng(0)
    latent, context = (rng.standard_normal(shape) for shape in ((height, width, 4), (LENGTH, size)))
    embedded = time_embedding([time] * count)
    return [*(np.stack([each] * count).astype(np.float32) for each in (latent, context)), embedded]


@pytest.fixture(scope="module")
def small() -> keras.Model:
    return stirred(networks.velocity(channels=(8, 16, 16), blocks=(1, 1, 2), heads=2, width=16), 1)


def ask(model: keras.Model, latent, context, time):
    return model([latent, time, context])


def test_all_weights_fit():
    counts = {name: parts.build(name).count_params() for name in parts.NAMES}
    assert 2 * sum(counts.values()) <= MEGABYTES * 2**20, counts


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 16), (8, 24), (12, 8)])
def test_any_multiple_of_four_cells_goes_through(small, height, width):
    latent, context, time = inputs(height=height, width=width)
    assert ask(small, latent, context, time).shape == (2, height, width, 4)


def test_the_noise_is_that_of_the_velocity(small):
    for step in (0, 500, 999):
        latent, context, time = inputs(time=step)
        v = ops.convert_to_numpy(ask(small, latent, context, time))
        noise = ops.convert_to_numpy(ask(networks.denoiser(small), latent, context, time))
        a = ALPHAS[step]
        assert np.allclose(noise, np.sqrt(a) * v + np.sqrt(1 - a) * latent, atol=1e-5)
        # What the library computes from it: the picture that v means.
        picture = (latent - np.sqrt(1 - a) * noise) / np.sqrt(a)
        assert np.allclose(picture, np.sqrt(a) * latent - np.sqrt(1 - a) * v, atol=2e-4)


def test_the_denoiser_takes_the_librarys_inputs_and_owns_no_weights(small):
    latent, context, time = inputs()
    denoiser = networks.denoiser(small)
    assert [tensor.name for tensor in denoiser.inputs] == ["latent", "timestep_embedding", "context"]
    named = denoiser.predict_on_batch({"context": context, "latent": latent, "timestep_embedding": time})
    assert np.allclose(named, ops.convert_to_numpy(ask(denoiser, latent, context, time)), atol=1e-5)
    assert denoiser.count_params() == small.count_params()


def test_words_time_and_place_matter(small):
    latent, context, time = inputs()
    base = ops.convert_to_numpy(ask(small, latent, context, time))
    assert np.abs(ops.convert_to_numpy(ask(small, latent, context[:, ::-1], time)) - base).max() < 1e-4
    for changed in (
        (latent, context + np.eye(LENGTH, 16, dtype=np.float32), time),
        (latent, context, time_embedding([100, 100])),
        (latent[:, ::-1], context, time),
    ):
        assert np.abs(ops.convert_to_numpy(ask(small, *changed)) - base).max() > 1e-2


def test_looks_of_every_pixel_sum_to_one_over_the_words(small):
    latent, context, time = inputs(height=8, width=16)
    maps = ask(attention.shares(small), latent, context, time)
    assert [seen.shape for seen in maps] == [
        (2, 4, 8, LENGTH),
        *[(2, 2, 4, LENGTH)] * 2,
        (2, 4, 8, LENGTH),
        (2, 8, 16, LENGTH),
    ]
    for seen in maps:
        seen = ops.convert_to_numpy(seen)
        assert np.allclose(seen.sum(-1), 1, atol=1e-5) and seen.min() >= 0
        assert np.ptp(seen) > 0.01


def test_what_a_pixel_hears_adds_up_to_what_moves_it(small):
    latent, context, time = inputs(height=8, width=16)
    maps = ask(attention.heard(small), latent, context, time)
    looks = [layer for layer in small.layers if isinstance(layer, attention.Attention) and layer.crosses]
    assert len(maps) == len(looks) == 5
    moves = ask(keras.Model(small.inputs, [layer.output[0] for layer in looks]), latent, context, time)
    for layer, move, parts_of_it in zip(looks, moves, maps, strict=True):
        assert parts_of_it.shape == (*move.shape[:-1], LENGTH)
        alike = layer.out(ops.mean(layer.value(context), axis=1))  # what all words together say everywhere
        length = ops.norm(move - alike[:, None, None], axis=-1)
        assert np.allclose(ops.sum(parts_of_it, axis=-1), length, atol=1e-4) and ops.max(length) > 0.01


@pytest.mark.parametrize(("mixes", "looks_at_itself"), [((False, True, True), 4), ((False, False, True), 2)])
def test_levels_may_only_look_at_words(mixes, looks_at_itself):
    model = networks.velocity(channels=(8, 16, 16), heads=2, width=16, mixes=mixes)
    crosses = [layer.crosses for layer in model.layers if isinstance(layer, attention.Attention)]
    assert crosses.count(True) == 5 and crosses.count(False) == looks_at_itself


def test_a_fresh_network_says_nothing():
    fresh = networks.velocity(channels=(8, 8, 8), heads=2, width=16)
    assert not np.any(ops.convert_to_numpy(ask(fresh, *inputs())))


def test_word_order_matters_to_the_text_encoder():
    encoder = stirred(networks.text_encoder(20, width=16), 3)
    numbers = np.arange(2 * LENGTH).reshape(2, LENGTH) % 20
    vectors = encoder.predict_on_batch(numbers)
    assert vectors.shape == (2, LENGTH, 16) and vectors.dtype == np.float32
    swapped = numbers.copy()
    swapped[:, [3, 4]] = swapped[:, [4, 3]]
    again = encoder.predict_on_batch(swapped)
    assert np.abs(again[:, 3] - vectors[:, 4]).max() > 1e-2  # the same word in another place
    assert np.abs(again[:, 0] - vectors[:, 0]).max() > 1e-3  # the start sees what comes after


def test_bfloat16_arithmetic_keeps_float32_weights_and_leaves_the_policy_alone():
    before = keras.config.dtype_policy()
    mixed = networks.velocity(channels=(8, 8, 8), heads=2, width=16, arithmetic="mixed_bfloat16")
    plain = networks.velocity(channels=(8, 8, 8), heads=2, width=16)
    assert keras.config.dtype_policy() == before
    assert {weight.dtype for weight in mixed.weights} == {"float32"}
    assert any(layer.compute_dtype == "bfloat16" for layer in mixed.layers)
    assert [tuple(w.shape) for w in mixed.weights] == [tuple(w.shape) for w in plain.weights]
    stirred(plain, 4)
    mixed.set_weights(plain.get_weights())
    exact, rough = (ops.convert_to_numpy(ask(model, *inputs())) for model in (plain, mixed))
    assert rough.dtype == np.float32
    assert np.abs(rough - exact).max() < 0.1 * np.abs(exact).max()
