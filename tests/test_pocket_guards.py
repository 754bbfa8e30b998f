"""What cannot be painted is refused before anything is computed, in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.pocket import guards
from tests import pocket_factory

PICTURE = np.zeros((64, 64, 3), np.uint8)


@pytest.fixture(scope="module")
def model():
    return pocket_factory.model()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"num_steps": 1}, "from 2 to 1000, not 1: one step returns noise"),
        ({"num_steps": 0}, "from 2 to 1000, not 0"),
        ({"num_steps": 1001}, "not 1001"),
        ({"num_steps": 25.0}, "num_steps must be a whole number, not 25.0"),
        ({"num_steps": "25"}, "num_steps must be a whole number, not '25'"),
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"batch_size": 1.5}, "batch_size must be a whole number"),
        ({"seed": 1.0}, "seed must be a whole number, not 1.0"),
        ({"seed": "abc"}, "seed must be a whole number, not 'abc'"),
        ({"seed": -1}, "seed must be from 0 to 4294967295, not -1"),
        ({"seed": [1, 2.5]}, "seed must be a whole number, not 2.5"),
        ({"seed": [1, 2], "batch_size": 3}, "2 seeds for 3 pictures"),
        ({"seed": []}, "0 seeds for 1 pictures"),
        ({"unconditional_guidance_scale": float("nan")}, "finite number, not nan"),
        ({"unconditional_guidance_scale": float("inf")}, "finite number, not inf"),
        ({"unconditional_guidance_scale": "7.5"}, "finite number, not '7.5'"),
        ({"sampler": "plms"}, "Unknown sampler 'plms'; known are 'ddim', 'dpm\\+\\+', 'euler-a'"),
        ({"prompt": ["a leo"]}, "one string, not list: call once for each prompt"),
        ({"negative_prompt": ["red"]}, "one string, not list"),
        ({"prompt": "leo " * 100}, "has 100 words: leave out 74"),
        ({"prompt": "xyzzy"}, "knows no word of 'xyzzy'"),
        ({"strength": 0.5}, "strength and mask change a given picture: give image"),
        ({"mask": PICTURE[..., 0]}, "strength and mask change a given picture: give image"),
        ({"image": PICTURE, "strength": 0}, "strength must be above 0"),
        ({"image": PICTURE, "strength": 1.5}, "at most 1 \\(all new\\), not 1.5"),
        ({"image": PICTURE, "strength": float("nan")}, "strength must be"),
        ({"image": PICTURE / 255}, "uint8.*not of float64"),
        ({"image": PICTURE[:32]}, "image must have the shape \\(64, 64, 3\\), not \\(32, 64, 3\\): resize"),
        ({"image": np.stack([PICTURE] * 2), "batch_size": 3}, "2 images for 3 pictures"),
        ({"image": PICTURE, "mask": PICTURE[:8, :, 0]}, "mask must have the shape \\(64, 64\\)"),
        ({"image": PICTURE, "mask": PICTURE[..., 0] + 7}, "True \\(paint anew\\) and False \\(keep\\)"),
        ({"diffusion_noise": np.zeros((16, 16, 4))}, "must have the shape \\(8, 8, 4\\)"),
        ({"diffusion_noise": np.zeros((8, 8, 4)), "seed": 1}, "diffusion_noise or a seed, not both"),
        ({"encoded_text": np.zeros((3, 28, 16), np.float32)}, "one for each of the 1 pictures"),
    ],
)
def test_one_sentence(model, options, sentence):
    options = dict(options)
    encoded = options.pop("encoded_text", None)
    if encoded is None and "diffusion_noise" not in options:
        call = model.text_to_image
        options = {"prompt": "a leo"} | options
    else:
        call = model.generate_image
        options["encoded_text"] = model.encode_text("a leo") if encoded is None else encoded
    with pytest.raises(ValueError, match=sentence) as refused:
        call(**{"num_steps": 2, "progress": False} | options)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("sides", "sentence"),
    [
        ((100, 128), "img_height must be a multiple of 32 pixels from 64 on, not 100: say 96"),
        ((128, 60), "img_width must be a multiple of 32 pixels from 64 on, not 60: say 64"),
        ((0, 128), "not 0: say 64"),
        ((-64, 128), "not -64: say 64"),
        ((128, 32), "not 32: say 64"),
        ((128.0, 128), "img_height must be a whole number"),
    ],
)
def test_sizes_that_the_library_would_round(sides, sentence):
    with pytest.raises(ValueError, match=sentence):
        pocket_factory.model(*sides)


def test_an_unknown_part_is_named():
    from helpers.pocket import StableDiffusion

    with pytest.raises(TypeError, match="Unknown part 'unet'; known are tokenizer, text_encoder"):
        StableDiffusion(unet=None)


def test_whole_numbers_of_numpy_are_welcome():
    assert guards.steps(np.int64(25)) == 25
    assert guards.seeds(np.array([1, 2])) == [1, 2]
    assert all(type(seed) is int for seed in guards.seeds(np.array([1, 2])))
    assert guards.batch(1, np.array([4, 5, 6])) == 3


def test_a_mask_covers_every_cell_with_a_white_pixel():
    mask = np.zeros((64, 64), bool)
    mask[8, 15] = mask[63, 63] = True
    cells = guards.mask(mask, 64, 64, 1)
    assert cells.shape == (1, 8, 8, 1)
    assert np.argwhere(cells[0, ..., 0]).tolist() == [[1, 1], [7, 7]]
    for same in (mask.astype(np.uint8) * 255, mask[..., None], mask[None], mask.astype(float)):
        assert np.array_equal(guards.mask(same, 64, 64, 1), cells)


def test_pictures_reach_the_encoder_between_minus_one_and_one():
    pixels = guards.picture(np.array([0, 255], np.uint8)[None, :, None] * np.ones((2, 2, 3), np.uint8), 2, 2)
    assert pixels.shape == (1, 2, 2, 3)
    assert pixels.min() == -1 and pixels.max() == 1
