"""The tins: two factors, and both can be read off the image."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.biscuits import FACTORS, RANGES, VERSION, draw, measure, sample

SIDES = st.floats(*RANGES["height"], width=32)
ROUNDING = 28 * 0.5 / 255  # of a line of 28 grey values


@settings(deadline=None)
@given(height=SIDES, width=SIDES)
def test_sums_are_height_width_and_area(height, width):
    image = draw(height, width)
    assert image.shape == (28, 28, 1) and image.dtype == np.float32
    assert image.min() == 0 and image.max() == 1
    assert image[:, 13].sum() == pytest.approx(height, abs=ROUNDING)
    assert image[14, :].sum() == pytest.approx(width, abs=ROUNDING)
    assert image.sum() == pytest.approx(height * width, abs=28 * ROUNDING)
    found = measure(image[None])
    assert found["height"][0] == pytest.approx(height, abs=ROUNDING)
    assert found["width"][0] == pytest.approx(width, abs=ROUNDING)


@settings(deadline=None)
@given(height=SIDES, width=SIDES)
def test_a_tin_is_symmetric_and_turns_with_its_sides(height, width):
    image = draw(height, width)
    assert np.array_equal(image, image[::-1]) and np.array_equal(image, image[:, ::-1])
    assert np.array_equal(image, draw(width, height).transpose(1, 0, 2))


@settings(deadline=None)
@given(height=SIDES, width=SIDES, more=st.floats(0, 2))
def test_a_taller_tin_has_nowhere_less_ink_and_changes_little_at_once(height, width, more):
    taller = min(height + more, RANGES["height"][1])
    difference = draw(taller, width) - draw(height, width)
    assert difference.min() >= 0
    assert difference.max() <= (taller - height) / 4 + 2 / 255 + 1e-6


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 50), more=st.integers(0, 50))
def test_a_larger_sample_begins_with_the_smaller(seed, count, more):
    small, large = sample(count, seed=seed), sample(count + more, seed=seed)
    assert np.array_equal(small.images, large.images[:count])
    assert np.array_equal(small.factors, large.factors[:count])


def test_a_sample_fills_the_ranges_and_can_be_drawn_alone():
    many = sample(2000, seed=7)
    assert many.images.shape == (2000, 28, 28, 1) and many.images.dtype == np.float32
    assert many.factors.shape == (2000, 2) and many.factors.dtype == np.float32
    for column, name in enumerate(FACTORS):
        low, high = RANGES[name]
        counts = np.histogram(many.factors[:, column], 5, (low, high))[0]
        assert counts.sum() == 2000 and abs(counts / 400 - 1).max() < 0.25
    assert abs(np.corrcoef(many.factors.T)[0, 1]) < 0.1
    assert all(np.array_equal(draw(*many.factors[i]), many.images[i]) for i in range(100))
    assert not np.array_equal(many.images, sample(2000, seed=8).images)


@pytest.mark.parametrize("sides", [(-1, 5), (5, 29), (float("nan"), 5)])
def test_impossible_sides_are_refused(sides):
    with pytest.raises(ValueError, match="between 0 and 28"):
        draw(*sides)


# What each version draws; see test_glyphs.py.
DRAWN_BY_VERSION = {1: "6f1cff3b251115f1"}


def test_a_changed_pixel_has_a_new_version():
    grey = np.rint(sample(60, seed=0).images * 255).astype(np.uint8)
    found = hashlib.sha256(grey.tobytes()).hexdigest()[:16]
    assert DRAWN_BY_VERSION.get(VERSION) == found, "raise biscuits.VERSION and store the checksum here"
