"""The pocket model's autoencoder: sizes, the scale of its latents, what it keeps of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.quiet import hushed

with hushed():
    import keras

    from helpers import pictures
    from helpers.pocket import autoencoder, train_autoencoder, weights


@pytest.fixture(scope="module")
def fresh():
    return pictures.sample(100, seed=20)


@pytest.fixture(scope="module")
def encoder():
    return weights.fill(autoencoder.encoder(), "encoder")


@pytest.fixture(scope="module")
def decoder():
    return weights.fill(autoencoder.decoder(), "decoder")


@pytest.mark.parametrize("height, width", [(128, 128), (64, 256), (8, 24)])
def test_pictures_of_any_size_come_back_in_their_size(encoder, decoder, height, width):
    image = np.random.default_rng(0).uniform(-1, 1, (2, height, width, 3)).astype(np.float32)
    latents = encoder(image)
    assert latents.shape == (2, height // 8, width // 8, autoencoder.CHANNELS)
    assert latents.shape[1] * autoencoder.SHRINKS == height
    assert decoder(latents).shape == image.shape


def test_bytes_become_what_the_library_undoes():
    grey = np.arange(256, dtype=np.uint8)
    inputs = np.asarray(autoencoder.as_input(grey))
    assert inputs.min() == -1 and inputs.max() == 1
    assert np.array_equal(np.rint((inputs + 1) / 2 * 255).astype(np.uint8), grey)


def test_latents_have_mean_zero_and_variance_one_in_each_channel(encoder, fresh):
    latents = np.asarray(encoder(autoencoder.as_input(fresh.images)))
    assert np.abs(latents.mean((0, 1, 2))).max() < 0.15
    assert np.abs(latents.std((0, 1, 2)) - 1).max() < 0.1


def test_rescaling_gives_any_latents_mean_zero_and_variance_one(fresh):
    keras.utils.set_random_seed(3)
    raw = autoencoder.encoder()
    raw.layers[-2].bias.assign([1.0, 2.0, 3.0, 4.0])
    train_autoencoder.rescale(raw, fresh.images)
    latents = np.asarray(raw(autoencoder.as_input(fresh.images)))
    assert np.abs(latents.mean((0, 1, 2))).max() < 1e-3
    assert np.abs(latents.std((0, 1, 2)) - 1).max() < 1e-3


def test_a_picture_is_encoded_alike_alone_and_among_others(encoder, fresh):
    images = autoencoder.as_input(fresh.images[:4])
    assert np.allclose(encoder(images[:1]), encoder(images)[:1], atol=1e-4)


def test_the_shipped_autoencoder_reaches_the_figure_of_its_manifest(encoder, decoder, fresh):
    noted = weights.manifest()["training"]["autoencoder"]["psnr"]
    found = train_autoencoder.psnr(encoder, decoder, fresh.images)
    assert found == pytest.approx(noted, abs=0.5)  # the mean of 100 pictures varies by 0.3


def test_a_small_error_of_the_latents_is_a_small_error_of_the_picture(encoder, decoder, fresh):
    clean = train_autoencoder.psnr(encoder, decoder, fresh.images)
    assert train_autoencoder.psnr(encoder, decoder, fresh.images, noise=0.1) > clean - 2


def test_psnr_is_the_mean_over_pictures_of_ten_times_the_logarithm():
    same = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Rescaling(1.0)])
    darker = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Rescaling(1.0, offset=-0.2)])
    images = np.full((3, 8, 8, 3), 200, np.uint8)
    assert train_autoencoder.psnr(same, darker, images) == pytest.approx(20, abs=1e-3)


def test_half_the_arithmetic_does_not_change_the_architecture():
    half, full = autoencoder.decoder(arithmetic="mixed_bfloat16"), autoencoder.decoder()
    assert [w.shape for w in half.weights] == [w.shape for w in full.weights]
    assert {w.dtype for w in half.weights} == {"float32"}
