"""Loading by name: what is said when the real weights, or the library, are not there. Without a network."""

from __future__ import annotations

import subprocess
import sys
from urllib.error import URLError

import keras
import numpy as np
import pytest

from helpers.pocket import load_text_to_image, loading, parts, weights
from tests.pocket_factory import stirred


@pytest.fixture
def offline(monkeypatch):
    """Every download fails; tells which were tried."""
    tried = []

    def fail(*args, **options):
        tried.append(options.get("origin") or args[-1])
        raise URLError("no route to host")

    monkeypatch.setattr(keras.utils, "get_file", fail)
    return tried


def test_an_unknown_name_is_one_sentence():
    with pytest.raises(ValueError, match="Unknown model 'dall-e': say 'pocket' or 'stable-diffusion'."):
        load_text_to_image("dall-e")


def test_without_a_network_the_real_model_fails_early_in_one_sentence(offline, capsys):
    with pytest.raises(RuntimeError, match="cannot be had.*no route to host.*load_text_to_image") as failed:
        load_text_to_image("stable-diffusion")
    assert "\n" not in str(failed.value)
    assert len(offline) == 1 and "vocab" in offline[0]  # the smallest, before any network is built
    said = capsys.readouterr().out
    for fact in ("1.4 MB", "0.49 GB", "3.44 GB", "0.20 GB", "CreativeML Open RAIL-M", "memory"):
        assert fact in said


def test_all_real_weights_are_fetched_before_the_first_step(monkeypatch):
    """A stand-in for the real model notes the order: the largest last, and no picture asked for."""
    import keras_cv.models

    class Real:
        def __init__(self, **options):
            self.options, self.asked = options, []

        def __getattr__(self, part):
            self.asked.append(part)
            return None

    monkeypatch.setattr(keras_cv.models, "StableDiffusion", Real)
    model = load_text_to_image("stable-diffusion", img_height=256)
    assert model.asked == ["tokenizer", "text_encoder", "decoder", "diffusion_model"]
    assert model.options == {"jit_compile": False, "img_height": 256}


@pytest.mark.parametrize("pixels", [0, 64, 200])
def test_sizes_that_the_library_would_round_are_refused(offline, pixels):
    with pytest.raises(ValueError, match=f"img_width must be a multiple of 128 pixels, not {pixels}"):
        load_text_to_image("stable-diffusion", img_width=pixels)
    assert not offline


def test_a_download_does_not_hang_for_ever():
    import socket

    before = socket.getdefaulttimeout()
    with loading._impatient():
        assert socket.getdefaulttimeout() == loading.PATIENCE
    assert socket.getdefaulttimeout() == before


def test_the_pocket_model_comes_with_its_stored_weights(tmp_path, monkeypatch):
    """Random weights stand in for the trained ones, stored as those are."""
    monkeypatch.setattr(weights, "data_path", lambda name: tmp_path)
    made = {"text_encoder": "text_encoder", "velocity": "denoiser", "decoder": "decoder"}
    networks = {stored: stirred(parts.build(part), 1) for part, stored in made.items()}
    weights.save(networks, {}, tmp_path)
    model = load_text_to_image("pocket", img_height=64, img_width=64)
    for part, stored in made.items():
        for found, value in zip(
            getattr(model, part).get_weights(), networks[stored].get_weights(), strict=True
        ):
            assert np.array_equal(found, value.astype(np.float16).astype(np.float32))
    assert model.text_to_image("a golden leo", num_steps=2, seed=1, progress=False).shape == (1, 64, 64, 3)
    with pytest.raises(FileNotFoundError, match="weights of the pocket model's encoder are missing"):
        model.encode_image(np.zeros((64, 64, 3), np.uint8))


def test_parts_are_told_how_to_be_compiled():
    assert parts.ready(parts.build("image_encoder"), True).jit_compile is True
    assert parts.ready(parts.build("image_encoder")).jit_compile is False


def test_without_kerascv_there_is_one_sentence(monkeypatch):
    for module in ("keras_cv", "keras_cv.models"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "helpers.pocket.pipeline", raising=False)
    with pytest.raises(ModuleNotFoundError, match="^keras_cv is missing: `pip install keras-cv==0.9.0`"):
        load_text_to_image()


def test_the_package_is_light():
    """Its tokenizer needs no Keras, its networks no KerasCV."""
    code = """
import sys, helpers.pocket.words, helpers.pocket.schedule
print("keras" in sys.modules)
import helpers.pocket.parts
print("keras" in sys.modules, "keras_cv" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "True", "False"]
