"""The pipeline of the pocket model: KerasCV's to the bit, and what it does beyond."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.pocket import StableDiffusion, words
from tests import pocket_factory

PROMPT = "A golden LEO, at night"
STEPS = {"num_steps": 4, "progress": False}


@pytest.fixture(scope="module")
def model() -> StableDiffusion:
    return pocket_factory.model()


@pytest.fixture(scope="module")
def library():
    """KerasCV's functions, to be called on our components."""
    from keras_cv.src.models.stable_diffusion.stable_diffusion import StableDiffusionBase

    return StableDiffusionBase


def paint(model: StableDiffusion, prompt: str = PROMPT, **options) -> np.ndarray:
    return model.text_to_image(prompt, **STEPS | options)


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 1},
        {"seed": 2, "batch_size": 3, "num_steps": 7},
        {"seed": 3, "negative_prompt": "red", "unconditional_guidance_scale": 2},
        {"seed": 4, "negative_prompt": ""},
    ],
)
def test_its_pictures_are_the_librarys_to_the_bit(model, library, options):
    options = {"unconditional_guidance_scale": 7.5} | options
    ours = paint(model, **options)
    theirs = library.text_to_image(model, PROMPT, **{"num_steps": 4} | options)
    assert ours.dtype == np.uint8 and ours.shape == (options.get("batch_size", 1), 64, 64, 3)
    assert np.array_equal(ours, theirs)
    assert np.ptp(ours.astype(int)) > 50  # not an empty page


def test_own_noise_and_text_are_the_librarys_to_the_bit(model, library):
    noise = np.random.default_rng(0).standard_normal((2, 8, 8, 4)).astype(np.float32)
    text = np.concatenate([model.encode_text("a red leo"), model.encode_text("night")])
    options = {"num_steps": 4, "batch_size": 2, "diffusion_noise": noise, "unconditional_guidance_scale": 3}
    assert np.array_equal(
        model.generate_image(text, progress=False, **options), library.generate_image(model, text, **options)
    )


def test_the_empty_prompt_is_the_unconditional_one(model):
    assert np.array_equal(model.encode_text(""), model._get_unconditional_context())
    assert not np.allclose(model.encode_text(""), model.encode_text("a"))


def test_construction_does_not_print_the_licence_of_other_weights(capsys):
    pocket_factory.model()
    assert capsys.readouterr().out == ""


def test_the_library_shows_its_bar_and_ours_can_be_hidden(model, capsys):
    model.text_to_image("leo", num_steps=3, seed=0)
    assert "3/3" in capsys.readouterr().out
    paint(model, seed=0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("sampler", ["ddim", "dpm++", "euler-a"])
def test_a_seed_decides_everything(model, sampler):
    first, again, other = (paint(model, seed=seed, sampler=sampler) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("sampler", ["ddim", "dpm++", "euler-a"])
def test_a_seed_for_each_picture_paints_those_of_the_single_seeds(model, sampler):
    """Up to one grey level, for a network rounds differently in larger batches."""
    seeds = [7, 1, 7]
    together = paint(model, seed=seeds, sampler=sampler)
    single = np.concatenate([paint(model, seed=seed, sampler=sampler) for seed in seeds])
    assert together.shape == single.shape == (3, 64, 64, 3)
    assert np.abs(together.astype(int) - single).max() <= 1
    assert np.abs(together[0].astype(int) - together[1]).max() > 50


def test_samplers_differ(model):
    pictures = [paint(model, seed=1, sampler=name).astype(int) for name in ("ddim", "dpm++", "euler-a")]
    for k in range(3):
        assert np.abs(pictures[k] - pictures[k - 1]).max() > 5


def test_both_prompts_in_one_batch_are_the_same_up_to_rounding(model):
    options = {"seed": [1, 2], "negative_prompt": "red"}
    twice, once = paint(model, **options), paint(model, one_batch=True, **options)
    assert np.abs(twice.astype(int) - once).max() <= 1


def test_the_callback_sees_every_step(model):
    seen = []
    pictures = paint(model, seed=[1, 2], callback=seen.append)
    assert [(step.number, step.total) for step in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [step.time for step in seen] == [999, 666, 333, 0]
    assert all(step.latent.shape == step.picture.shape == (2, 8, 8, 4) for step in seen)
    assert np.array_equal(model.decode(seen[-1].latent), pictures)


def test_attention_maps_are_there_for_each_word(model):
    plain = paint(model, "a golden leo, a night", seed=[1, 2])
    numbers = []
    pictures, maps = model.attention_maps(
        "a golden leo, a night", seed=[1, 2], callback=lambda step: numbers.append(step.number), **STEPS
    )
    assert np.array_equal(pictures, plain)  # to look changes nothing
    assert numbers == [1, 2, 3, 4]
    assert list(maps) == ["a", "golden", "leo", "night"]
    assert all(seen.shape == (2, 64, 64) and seen.min() >= 0 for seen in maps.values())
    total = sum(maps.values())
    assert total.min() > 0 and total.max() < 1  # the rest went to start, end and padding
    assert max(np.ptp(seen) for seen in maps.values()) > 1e-3


def test_hardly_any_strength_returns_the_picture_through_the_autoencoder(model):
    image = paint(model, seed=1)[0]
    known = model.decode(model.encode_image(image))[0].astype(int)
    near, far = (
        np.abs(paint(model, seed=2, image=image, strength=share, num_steps=50)[0] - known).mean()
        for share in (0.01, 1.0)
    )
    assert near < far / 4


def test_every_picture_can_have_its_own_image(model):
    images = paint(model, seed=[1, 2])
    both = paint(model, seed=[3, 4], image=images, strength=0.5)
    single = [
        paint(model, seed=seed, image=image, strength=0.5)[0]
        for seed, image in zip((3, 4), images, strict=True)
    ]
    assert np.abs(both.astype(int) - np.stack(single)).max() <= 1


@pytest.mark.parametrize("sampler", ["ddim", "dpm++", "euler-a"])
def test_inpainting_keeps_the_latents_outside_the_mask(model, sampler):
    image, mask, seen = paint(model, seed=1)[0], np.zeros((64, 64), bool), []
    mask[:, 32:] = True
    paint(model, seed=2, image=image, mask=mask, sampler=sampler, callback=seen.append)
    known, found = model.encode_image(image)[0], np.asarray(seen[-1].latent)[0]
    assert np.allclose(found[:, :4], known[:, :4], atol=1e-6)
    assert np.abs(found[:, 4:] - known[:, 4:]).max() > 0.1
    assert len(seen) == 4  # with a mask the whole way is gone


@pytest.mark.parametrize(("height", "width"), [(64, 96), (128, 64)])
def test_other_sizes(height, width):
    wide = pocket_factory.model(height, width)
    assert (wide.img_height, wide.img_width) == (height, width)
    pictures, maps = wide.attention_maps("leo", seed=1, num_steps=2, progress=False)
    assert pictures.shape == (1, height, width, 3) and maps["leo"].shape == (1, height, width)


def test_the_tokenizer_of_the_library_is_ours(model):
    assert isinstance(model.tokenizer, words.Tokenizer)
    assert model.tokenizer.decode(model.tokenizer.encode(PROMPT)) == "a golden leo at night"
