"""Painting with the real pocket weights, and with KerasCV's own class: each picture comes again alone."""

from __future__ import annotations

import contextlib
import inspect
import io

import keras
import numpy as np
import pytest

from helpers.homework import open_picture, pack, paint, pocket_hash, public, repaint, same
from helpers.homework.painting import model_hash, model_name
from helpers.pocket import load_text_to_image
from tests import pocket_factory

PROMPT = "a golden leo symbol on a night sky"


@pytest.fixture(scope="module")
def model():
    """The pocket model as students have it."""
    return load_text_to_image()


@pytest.fixture(scope="module")
def pictures(model):
    with contextlib.redirect_stdout(io.StringIO()):
        return paint(model, PROMPT, (1, 2, 7), "red", num_steps=6, sampler="dpm++")


def test_each_picture_of_a_batch_comes_again_alone_from_its_file(model, pictures, tmp_path):
    for picture, seed in zip(pictures, (1, 2, 7), strict=True):
        said = open_picture(picture.save(tmp_path / f"{seed}.png"))
        assert said.origin.seed == seed and said.whole and said.problems == ()
        again = repaint(model, said.origin)
        assert np.abs(again.astype(int) - said.image).max() <= 2
        assert [same(again, other) for other in pictures] == [other is picture for other in pictures]


def test_the_origin_says_how_it_was_painted(pictures):
    origin = pictures[1].origin
    assert (origin.prompt, origin.negative_prompt) == (PROMPT, "red")
    assert (origin.steps, origin.sampler) == (6, "dpm++")
    assert (origin.width, origin.height, origin.seed, origin.model) == (128, 128, 2, "pocket")
    assert origin.guidance == 2.5  # the pocket model's default
    assert origin.versions["keras"] == keras.__version__ and set(origin.versions) >= {"python", "keras_cv"}
    assert public.parse(public.write(origin)).settings["Size"] == "128x128"


def test_the_recorded_hash_is_the_one_of_the_weights(model, pictures):
    assert {picture.origin.model_hash for picture in pictures} == {pocket_hash()} == {model_hash(model)}
    weight = model.decoder.weights[-1]
    before = weight.numpy()
    try:
        weight.assign(before + 1)
        assert model_hash(model) != pocket_hash()
        with pytest.raises(ValueError, match="painted by other weights: pocket "):
            repaint(model, pictures[0].origin)
    finally:
        weight.assign(before)


def test_painted_pictures_are_a_complete_homework(pictures, tmp_path, capsys):
    path = pack(pictures, sign="лев", words="Лев", chosen=pictures[2], out=tmp_path)
    assert path.name == "homework.zip" and "♌ Leo" in capsys.readouterr().out


@pytest.mark.parametrize("sampler", ["ddim", "euler-a"])
def test_every_sampler_is_recorded(model, sampler):
    (picture,) = paint(model, "a leo", 3, num_steps=np.int64(3), sampler=sampler)
    assert picture.origin.sampler == sampler and same(repaint(model, picture.origin), picture)


# --- wishes ---


@pytest.fixture(scope="module")
def small():
    """Tiny networks, which paint nothing here."""
    return pocket_factory.model()


def test_what_is_not_said_is_the_models_default(small, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        type(small), "generate_image", lambda self, text, negative, **options: asked.update(options)
    )
    with pytest.raises(TypeError):  # for nothing was painted
        paint(small, "a leo", 5)
    usual = inspect.signature(small.text_to_image).parameters
    for name in ("num_steps", "unconditional_guidance_scale"):
        assert asked[name] == usual[name].default
    assert asked["seed"] == [5] and asked["batch_size"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"prompt": ""}, "prompt must have 1 to"),
        ({"prompt": ["leo"]}, "prompt must be a text"),
        ({"prompt": "leo " * 2000}, "not 8,000"),
        ({"negative_prompt": 5}, "negative_prompt must be"),
        ({"seeds": ()}, "a seed of its own"),
        ({"seeds": (1, 2, 1)}, "a seed of its own"),
        ({"seeds": "12"}, "whole numbers"),
        ({"seeds": 1.5}, "whole numbers"),
        ({"seeds": -1}, "from 0 to 4294967295, not -1"),
        ({"num_steps": 2.5}, "steps must be"),
        ({"unconditional_guidance_scale": float("inf")}, "guidance must be"),
        ({"sampler": "plms"}, "sampler must be one of"),
    ],
)
def test_an_impossible_wish_is_refused_before_anything_is_painted(small, monkeypatch, options, said):
    monkeypatch.setattr(type(small), "text_to_image", lambda *_, **__: pytest.fail("it was painted"))
    usual = {"prompt": "a leo", "num_steps": 4, "unconditional_guidance_scale": 2.5}
    with pytest.raises(ValueError, match=said):
        paint(small, **usual | options)


def test_a_picture_of_another_size_is_not_painted_again(small, pictures):
    with pytest.raises(ValueError, match="has 128x128 pixels, the model paints 64x64"):
        repaint(small, pictures[0].origin)


# --- KerasCV's own class, which takes one seed for a batch and no sampler ---


@pytest.fixture(scope="module")
def real():
    """KerasCV's class with its own interface and size; only what is slow stands in."""
    from keras_cv.models import StableDiffusion

    part = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])

    class Quick(StableDiffusion):
        text_encoder = diffusion_model = decoder = part
        stop_at = None

        def encode_text(self, prompt):
            return prompt

        def generate_image(
            self, encoded_text, negative_prompt, batch_size, num_steps, unconditional_guidance_scale, seed
        ):
            assert batch_size == 1 and type(seed) is int
            if seed == self.stop_at:
                raise KeyboardInterrupt
            return np.random.default_rng(seed).integers(0, 256, (1, 512, 512, 3), np.uint8)

    with contextlib.redirect_stdout(io.StringIO()):  # it prints the licence of its weights
        return Quick(img_width=512, img_height=512, jit_compile=False)


def test_the_real_class_paints_one_by_one_and_each_comes_again(real, tmp_path):
    painted = paint(real, "Лев на небе 🦁", seeds=(1, 2, 3))
    for picture in painted:
        origin = open_picture(picture.save(tmp_path / "one.png")).origin
        assert (origin.model, origin.width, origin.height) == ("stable-diffusion-1.4", 512, 512)
        assert (origin.sampler, origin.guidance, origin.steps) == ("ddim", 7.5, 50)
        assert origin.model_hash == model_hash(real) != pocket_hash() and same(repaint(real, origin), picture)
    assert pack(painted, "leo", "Лев", 1, out=tmp_path).name == "homework.zip"


def test_the_real_class_has_no_other_sampler(real):
    with pytest.raises(ValueError, match=r"Only the pocket model has the sampler 'dpm\+\+'"):
        paint(real, "a leo", sampler="dpm++")


def test_an_interrupted_row_keeps_what_was_painted(real, monkeypatch, capsys):
    monkeypatch.setattr(type(real), "stop_at", 3)
    assert [picture.origin.seed for picture in paint(real, "a leo", (1, 2, 3, 4))] == [1, 2]
    assert "Stopped after 2 of 4 pictures (KeyboardInterrupt): here they are." in capsys.readouterr().out
    with pytest.raises(KeyboardInterrupt):
        paint(real, "a leo", 3)


def test_large_weights_are_read_once_a_model(real, monkeypatch):
    from helpers.homework import painting

    monkeypatch.setattr(painting, "LARGE", 1)
    monkeypatch.setattr(painting, "_hashes", type(painting._hashes)())
    first = model_hash(real)
    monkeypatch.setattr(painting, "_hash", lambda _: pytest.fail("they were read again"))
    assert model_hash(real) == first


def test_models_go_by_the_names_that_others_know(model, real):
    assert model_name(model) == "pocket" and model_name(real) == "stable-diffusion-1.4"
    assert model_name(object()) == "object"
