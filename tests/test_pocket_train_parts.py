"""What the pocket model is trained on, what its loss is, and the way from drawings to shipped weights."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import pytest

from helpers.quiet import hushed

with hushed():
    import keras

    from helpers import pictures
    from helpers.pocket import (
        autoencoder,
        latents,
        networks,
        schedule,
        train,
        train_autoencoder,
        train_denoiser,
        training,
        weights,
        words,
        workshop,
    )

# --- data --------------------------------------------------------------------------------------------


def test_a_step_of_the_autoencoder_always_sees_the_same_pictures_of_seen_combinations():
    first = train_autoencoder.draw(3)
    assert first.shape == (train_autoencoder.BATCH, 128, 128, 3) and first.dtype == np.uint8
    assert np.array_equal(first, train_autoencoder.draw(3))
    assert not np.array_equal(first, train_autoencoder.draw(4))
    drawn = pictures.sample(8, seed=(train_autoencoder.STREAM, 3), combinations="seen")
    assert np.array_equal(first, drawn.images[: len(first)])


@pytest.fixture
def data():
    factors = pictures.sample(100, seed=5, combinations="seen").factors
    numbers = np.arange(100, dtype=np.float16)
    return latents.Latents(numbers[:, None, None, None] + np.zeros((1, 2, 2, 4), np.float16), factors)


def test_a_step_of_the_denoiser_always_sees_the_same_latents_and_captions(data):
    draw, again = (train_denoiser.batches(data, batch=8) for _ in range(2))
    for step in (0, 5, 40):
        one, other = draw(step), again(step)
        assert set(one) == {"latents", "tokens"} and all(np.array_equal(one[k], other[k]) for k in one)
    assert not np.array_equal(draw(0)["latents"], draw(1)["latents"])


def test_an_epoch_shows_each_picture_once_and_the_next_says_it_in_other_words(data):
    draw = train_denoiser.batches(data, batch=10)
    epochs = [[draw(step) for step in range(start, start + 10)] for start in (0, 10)]
    shown, said = [], []
    for epoch in epochs:
        numbers = np.concatenate([batch["latents"][:, 0, 0, 0] for batch in epoch]).astype(int)
        tokens = np.concatenate([batch["tokens"] for batch in epoch])
        assert sorted(numbers) == list(range(100))
        shown.append(numbers)
        said.append(tokens[np.argsort(numbers)])
    assert not np.array_equal(*shown)
    assert (said[0] != said[1]).any(1).mean() > 0.8


def test_captions_tell_of_their_pictures_and_some_are_empty(data):
    tokenizer = words.tokenizer()
    empty = 0
    draw = train_denoiser.batches(data, batch=10)
    for batch in map(draw, range(60)):
        for number, tokens in zip(batch["latents"][:, 0, 0, 0].astype(int), batch["tokens"], strict=True):
            said = pictures.meaning(tokenizer.decode(tokens))
            true = dict(zip(pictures.FACTORS, data.factors[number], strict=True))
            assert all(pictures.NAMES[factor][true[factor]] == value for factor, value in said.items())
            empty += not said
    assert 0.07 < empty / 600 < 0.18


def test_latents_are_stored_once_and_a_lost_piece_is_made_again(tmp_path):
    encoder = autoencoder.encoder(sizes=(4, 4), blocks=1)
    assert not latents.store(encoder, tmp_path, pieces=2, size=30, until=time.monotonic())
    with pytest.raises(FileNotFoundError, match=r"^2 of 2 pieces of latents are missing"):
        latents.load(tmp_path, pieces=2)
    assert latents.store(encoder, tmp_path, pieces=2, size=30)
    first = latents.load(tmp_path, pieces=2)
    assert first.latents.shape == (60, 16, 16, 4) and first.latents.dtype == np.float16
    assert not pictures.held_out(first.factors).any()
    (tmp_path / "latents-001.npz").unlink()
    assert latents.store(encoder, tmp_path, pieces=2, size=30)
    again = latents.load(tmp_path, pieces=2)
    assert np.array_equal(first.latents, again.latents) and np.array_equal(first.factors, again.factors)


# --- the denoiser's loss -----------------------------------------------------------------------------


class Velocity(keras.Model):
    """Knows the picture and the noise."""

    def __init__(self, picture, noise, miss=0.0):
        super().__init__()
        self.known, self.miss = (picture, noise), miss

    def call(self, inputs, training=False):
        picture, noise = self.known
        root, other = inputs[1][:, -2, None, None, None], inputs[1][:, -1, None, None, None]
        assert np.allclose(inputs[0], root * picture + other * noise, atol=1e-6)
        return root * noise - other * picture + self.miss


def test_the_loss_is_the_weighted_error_of_the_velocity():
    rng = np.random.default_rng(0)
    picture, noise = rng.standard_normal((2, 3, 4, 4, 4), np.float32)
    text = networks.text_encoder(9, depth=1)
    tokens, at = np.zeros((3, words.LENGTH), np.int32), np.array([0, 500, 999])
    exact = train_denoiser.DenoiserTraining(text, Velocity(picture, noise))
    assert np.abs(exact.errors(picture, tokens, at, noise)).max() < 1e-10
    wrong = train_denoiser.DenoiserTraining(text, Velocity(picture, noise, miss=0.1))
    alphas = schedule.ALPHAS[at]
    ratio = alphas / (1 - alphas)
    expected = 0.01 * np.minimum(ratio, 5) / (ratio + 1)
    assert np.asarray(wrong.errors(picture, tokens, at, noise)) == pytest.approx(expected, rel=1e-4)


# --- from drawings to shipped weights ----------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    """Small networks and few pictures in place of the real ones."""
    monkeypatch.setattr(autoencoder, "encoder", partial(autoencoder.encoder, sizes=(4, 4), blocks=1))
    sizes = {"sizes": (8, 8, 8), "blocks": (1, 1, 1)}
    monkeypatch.setattr(autoencoder, "decoder", partial(autoencoder.decoder, **sizes))
    net = {"channels": (8, 8), "blocks": (1, 1), "mixes": (False, True), "heads": 2}
    monkeypatch.setattr(networks, "velocity", partial(networks.velocity, **net))
    monkeypatch.setattr(networks, "text_encoder", partial(networks.text_encoder, depth=1))
    monkeypatch.setattr(train_autoencoder, "STEPS", 3)
    monkeypatch.setattr(train_denoiser, "STEPS", 3)
    monkeypatch.setattr(train_denoiser, "BATCH", 8)
    monkeypatch.setitem(train_denoiser.batches.__kwdefaults__, "batch", 8)
    monkeypatch.setattr(workshop, "FRESH_PICTURES", 20)
    monkeypatch.setitem(latents.store.__kwdefaults__, "size", 20)
    monkeypatch.setattr(training, "faster_arithmetic", lambda: "float32")
    for part in (train_autoencoder, train_denoiser):  # traced in a fraction of Muon's time
        monkeypatch.setattr(part, "Muon", lambda plan, **options: keras.optimizers.Adam(plan))


def test_one_command_makes_all_weights_and_a_second_changes_nothing(small, tmp_path, capsys):
    shop = workshop.Workshop(tmp_path / "build", tmp_path / "data", pieces=2)
    shop.everything()
    notes = weights.manifest(tmp_path / "data")
    assert set(notes["files"]) == set(weights.NAMES)
    trained = notes["training"]
    assert trained["autoencoder"]["samples"] == 3 * train_autoencoder.BATCH
    assert trained["denoiser"]["steps"] == trained["denoiser"]["of_steps"] == 3
    assert trained["autoencoder"]["psnr"] > 5 and trained["denoiser"]["loss"] > 0
    encoder = weights.fill(autoencoder.encoder(), "encoder", tmp_path / "data")
    decoder = weights.fill(autoencoder.decoder(), "decoder", tmp_path / "data")
    fresh = pictures.sample(20, seed=(train_autoencoder.FRESH, 1)).images
    assert train_autoencoder.psnr(encoder, decoder, fresh) == pytest.approx(
        trained["autoencoder"]["psnr"], abs=0.01
    )
    shop.everything()
    assert weights.manifest(tmp_path / "data")["files"] == notes["files"]


def test_all_stops_before_the_latents_while_the_autoencoder_is_unfinished(small, tmp_path, monkeypatch):
    monkeypatch.setattr(train_autoencoder, "STEPS", 1000)
    shop = workshop.Workshop(tmp_path / "build", tmp_path / "data", minutes=1e-4, pieces=2)
    shop.everything()
    assert set(weights.manifest(tmp_path / "data")["files"]) == {"encoder", "decoder"}
    assert not list((tmp_path / "build").glob("encoder-*"))
    before = weights.manifest(tmp_path / "data")
    (tmp_path / "data" / "decoder.npz").unlink()
    shop.export()
    assert len(weights.load("decoder", tmp_path / "data")) > 4
    assert weights.manifest(tmp_path / "data") == before


def test_parts_that_come_too_early_are_refused_in_one_sentence(small, tmp_path):
    shop = workshop.Workshop(tmp_path / "build", tmp_path / "data", pieces=2)
    for part in (shop.latents, shop.denoiser, shop.export):
        with pytest.raises((ValueError, FileNotFoundError), match=r"^[^\n]+\.$"):
            part()


@pytest.mark.parametrize(
    "arguments", [["paint"], ["latents", "--steps", "5"], ["denoiser", "--steps", "0"], ["--minutes", "-1"]]
)
def test_a_command_that_makes_no_sense_is_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        train.main(arguments)
    assert "error: " in capsys.readouterr().err
