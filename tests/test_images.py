"""Damage and the classic repairs: each against pictures whose answer is known, then on drawn signs."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import glyphs, images

SPREAD = 1.5
OTHERS = [0.5, -7.0, 1e6, np.nan, np.inf]  # what may stand in a hole
BATCHWISE = {
    "blur": lambda u, hole: images.blur(u, SPREAD),
    "shear": lambda u, hole: images.shear(u, 0.3),
    "shrink": lambda u, hole: images.shrink(u),
    "bicubic": lambda u, hole: images.bicubic(u),
    "rim_mean": images.rim_mean,
    "fill": images.fill,
    "wiener": lambda u, hole: images.wiener(u, SPREAD, 0.01),
    "richardson_lucy": lambda u, hole: images.richardson_lucy(u, SPREAD, 5),
}


@pytest.fixture(scope="module")
def signs():
    drawn = glyphs.sample(24, seed=1).images
    drawn.flags.writeable = False  # whoever changes what they were given fails
    return drawn


@pytest.fixture(scope="module")
def hole():
    return holes()


def holes(side: int = 10, seed: int = 3) -> np.ndarray:
    return images.squares(24, side=side, dice=np.random.default_rng(seed))


def same(value: float, *, side: int = 28, count: int = 24) -> np.ndarray:
    return np.full((count, side, side, 1), value, np.float32)


def surface(formula, *, count: int = 24) -> np.ndarray:
    """The picture formula(x, y), for x to the right and y down, both from -0.5 to 0.5."""
    y, x = np.mgrid[:28, :28] / 27 - 0.5
    return np.repeat(formula(x, y)[None, ..., None], count, axis=0).astype(np.float32)


RAMP = surface(lambda x, y: 0.5 + 0.6 * x - 0.3 * y)


@pytest.mark.parametrize("name", BATCHWISE)
def test_every_picture_is_worked_on_alone_and_keeps_its_form(signs, hole, name):
    work = BATCHWISE[name]
    together = work(signs, hole)
    assert together.shape == signs.shape and together.dtype == np.float32
    assert np.isfinite(together).all() and not np.array_equal(together, signs)
    assert np.allclose(together[5:6], work(signs[5:6], hole[5:6]), atol=1e-6)


# --- blur and shear ----------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [1.0, 1.5, 3.0])
def test_a_blurred_point_is_a_bell_as_wide_as_asked(spread):
    point = same(0, side=41, count=1)
    point[0, 20, 20] = 1
    bell = images.blur(point, spread)[0, ..., 0].astype(float)
    away = np.arange(41) - 20
    for axis in (0, 1):
        profile = bell.sum(axis)
        assert np.sqrt(profile @ away**2) == pytest.approx(spread, rel=0.01)
        assert profile @ away == pytest.approx(0, abs=1e-6)
    assert bell[20, 20] == pytest.approx(1 / (2 * np.pi * spread**2), rel=0.03)


@pytest.mark.parametrize("wrap", [False, True])
def test_a_blur_keeps_the_mean_of_each_picture(wrap):
    grain = np.random.default_rng(0).random((6, 28, 28, 1), np.float32)  # up to the edges, unlike the signs
    blurred = images.blur(grain, 2, wrap=wrap)
    assert np.allclose(blurred.mean((1, 2, 3)), grain.mean((1, 2, 3)), atol=1e-5)
    assert blurred.std() < grain.std() / 4


def test_a_blur_goes_round_the_edge_only_when_asked():
    corner = same(0, count=1)
    corner[0, 0, 0] = 1
    assert images.blur(corner, 1)[0, -1, -1] == 0
    assert images.blur(corner, 1, wrap=True)[0, -1, -1] == pytest.approx(
        images.blur(corner, 1, wrap=True)[0, 1, 1]
    )


def column(*, at: int = 5) -> np.ndarray:
    """An upright line in a picture of 5 × 11: the middle row stays, all others move by whole pixels."""
    upright = np.zeros((1, 5, 11, 1), np.float32)
    upright[:, :, at] = 1
    return upright


def test_a_shear_by_nothing_changes_nothing(signs):
    assert np.array_equal(images.shear(signs, 0), signs)
    assert np.array_equal(images.shear(signs, np.zeros(24)), signs)


@pytest.mark.parametrize("slant", [1, 2, -1, -2])
def test_a_shear_moves_the_upper_rows_to_the_right(slant):
    leaning = images.shear(column(), slant)[0, ..., 0]
    assert np.array_equal(leaning.argmax(1), 5 + slant * np.array([2, 1, 0, -1, -2]))
    assert np.array_equal(leaning.sum(1), np.ones(5)) and leaning.max() == 1


def test_a_shear_between_two_pixels_shares_the_ink():
    leaning = images.shear(column(), 0.25)[0, ..., 0]
    assert np.allclose(leaning[0, 4:8], [0, 0.5, 0.5, 0])
    assert np.allclose(leaning[1, 4:8], [0, 0.75, 0.25, 0])
    assert np.allclose(leaning[3, 3:7], [0, 0.25, 0.75, 0])


def test_ink_that_leaves_the_frame_does_not_come_back_on_the_other_side():
    assert np.array_equal(images.shear(column(at=10), 1)[0, ..., 0].sum(1), [0, 0, 1, 1, 1])
    assert np.array_equal(images.shear(column(at=0), 100)[0, ..., 0].sum(1), [0, 0, 1, 0, 0])


def test_every_picture_has_a_slant_of_its_own(signs):
    slants = np.linspace(-0.5, 0.5, 24)
    together = images.shear(signs, slants)
    alone = [images.shear(one[None], slant)[0] for one, slant in zip(signs, slants, strict=True)]
    assert np.array_equal(together, alone)


def test_a_sheared_upright_sign_is_the_slanted_sign():
    def drawn(slant):
        """All twelve without wobble: the unsteady hand moves the sheared sign, and is not sheared itself."""
        return [glyphs.draw(name, {"slant": slant, "wobble": 0.0}) for name in glyphs.NAMES]

    leaning = images.shear(np.stack(drawn(0.0)), 0.3)
    for made, right, left in zip(leaning, drawn(0.3), drawn(-0.3), strict=True):
        assert np.corrcoef(made.ravel(), right.ravel())[0, 1] > 0.95
        assert np.corrcoef(made.ravel(), left.ravel())[0, 1] < 0.8


def test_a_shear_and_its_reverse_nearly_cancel(signs):
    smooth = images.blur(signs, 1)
    slants = np.random.default_rng(0).uniform(-0.5, 0.5, 24)
    leaning = images.shear(smooth, slants)
    assert images.psnr(images.shear(leaning, -slants), smooth) > 30 > images.psnr(leaning, smooth) + 8
    there = images.shear(column(), 2)
    assert np.array_equal(images.shear(there, -2), column()), "whole pixels: exactly"


# --- squares -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "size", "margin"), [(10, 28, 4), (1, 28, 4), (6, 16, 0), (20, 28, 4)])
def test_squares_are_square_and_off_the_margin(side, size, margin):
    masks = images.squares(300, side=side, dice=np.random.default_rng(0), size=size, margin=margin)
    assert masks.shape == (300, size, size, 1) and masks.dtype == bool
    rows, columns = masks.any((2, 3)), masks.any((1, 3))
    assert (rows.sum(1) == side).all() and (columns.sum(1) == side).all()
    assert (masks.sum((1, 2, 3)) == side**2).all()
    for lines in (rows, columns):
        first = lines.argmax(1)
        assert (first + side == size - lines[:, ::-1].argmax(1)).all(), "in one piece"
        assert set(first) == set(range(margin, size - margin - side + 1)), "every place, and no other"


def test_squares_follow_from_the_generator():
    assert np.array_equal(holes(seed=3), holes(seed=3))
    assert not np.array_equal(holes(seed=3), holes(seed=4))
    dice = np.random.default_rng(3)
    first, second = (images.squares(24, side=10, dice=dice) for _ in range(2))
    assert not np.array_equal(first, second)


def test_a_square_too_large_for_its_room_is_refused():
    with pytest.raises(ValueError):
        images.squares(1, side=21, dice=np.random.default_rng(0))


# --- fewer pixels ------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1, 2, 4, 7])
def test_shrink_keeps_each_blocks_mean_and_nothing_else(signs, factor):
    low = images.shrink(signs, factor)
    for top in range(0, 28, factor):
        for left in range(0, 28, factor):
            place = np.s_[:, top : top + factor, left : left + factor]
            assert np.allclose(low[place], signs[place].mean((1, 2), keepdims=True), atol=1e-6)
    assert np.allclose(images.shrink(low, factor), low, atol=1e-6)


def test_blocks_that_do_not_fit_are_refused(signs):
    with pytest.raises(ValueError):
        images.shrink(signs, 5)


def test_bicubic_of_one_grey_is_that_grey():
    assert np.allclose(images.bicubic(same(0.37)), 0.37, atol=1e-6)


def test_bicubic_goes_through_the_blocks_middles(signs):
    low = images.shrink(signs, 7)  # an odd block has a pixel in its middle
    middles = np.s_[:, 3::7, 3::7]
    assert np.allclose(images.bicubic(low, 7)[middles], low[middles], atol=1e-5)


@pytest.mark.parametrize("factor", [2, 4])
def test_bicubic_is_nearer_to_the_signs_than_blocks(signs, factor):
    low = images.shrink(signs, factor)
    assert images.psnr(images.bicubic(low, factor), signs) > images.psnr(low, signs) + 0.2  # thin lines


def test_bicubic_is_much_nearer_to_smooth_pictures_than_blocks(signs):
    smooth = images.blur(signs, 3)
    low = images.shrink(smooth)
    assert images.psnr(images.bicubic(low), smooth) > images.psnr(low, smooth) + 10


# --- holes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("repair", [images.rim_mean, images.fill])
def test_a_repair_keeps_to_its_hole(signs, hole, repair):
    repaired = repair(signs, hole)
    assert np.array_equal(repaired[~hole[..., 0]], signs[~hole[..., 0]])
    assert not np.array_equal(repaired, signs)


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("repair", [images.rim_mean, images.fill])
def test_what_stood_in_the_hole_does_not_leak(signs, hole, repair, other):
    damaged = np.where(hole, np.float32(other), signs)
    assert np.array_equal(repair(damaged, hole), repair(signs, hole))


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("repair", [images.rim_mean, images.fill])
def test_one_grey_is_repaired_to_that_grey(hole, repair, other):
    damaged = np.where(hole, np.float32(other), same(0.37))
    assert np.allclose(repair(damaged, hole), 0.37, atol=1e-5)


def test_the_rim_is_the_eight_neighbours_of_a_pixel():
    picture = np.zeros((1, 5, 5, 1), np.float32)
    picture[0, 1:4, 1:4, 0] = [[0.1, 0.2, 0.3], [0.4, 9.0, 0.5], [0.6, 0.7, 0.8]]
    hole = np.zeros(picture.shape, bool)
    hole[0, 2, 2] = True
    assert images.rim_mean(picture, hole)[0, 2, 2, 0] == pytest.approx(0.45)
    assert images.fill(picture, hole)[0, 2, 2, 0] == pytest.approx((0.2 + 0.4 + 0.5 + 0.7) / 4)


@pytest.mark.parametrize("side", [4, 10, 12])
@pytest.mark.parametrize(
    "truth", [RAMP, surface(lambda x, y: 0.5 + 1.8 * (x**2 - y**2))], ids=["ramp", "saddle"]
)
def test_fill_restores_what_is_the_mean_of_its_neighbours(truth, side):
    hole = holes(side)
    assert np.abs(images.rim_mean(truth, hole) - truth).max() > 0.02, "one grey does not do"
    for other in (0.5, -7.0):
        repaired = images.fill(np.where(hole, np.float32(other), truth), hole)
        assert np.abs(repaired - truth).max() < 1e-4


def test_more_rounds_fill_more_smoothly_and_none_is_the_rims_mean(signs, hole):
    assert np.array_equal(images.fill(signs, hole, rounds=0), images.rim_mean(signs, hole))
    few, many, most = (images.fill(signs, hole, rounds=rounds) for rounds in (10, 150, 400))
    assert np.abs(many - most).max() < 0.01 < np.abs(few - most).max()


def test_on_signs_fill_is_nearer_than_one_grey_and_that_nearer_than_any_grey(signs, hole):
    grey = np.where(hole, np.float32(0.5), signs)
    repairs = (grey, images.rim_mean(grey, hole), images.fill(grey, hole))
    heard = [images.psnr(one, signs, hole) for one in repairs]
    assert heard == sorted(heard) and heard[2] > heard[0] + 0.5


# --- blur undone -------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("wrap", [False, True])
def test_a_blur_without_noise_is_undone(signs, spread, wrap):
    blurred = images.blur(signs, spread, wrap=wrap)
    left = images.psnr(blurred, signs)
    assert images.psnr(images.wiener(blurred, spread, 1e-3), signs) > left + 3
    few, many = (images.psnr(images.richardson_lucy(blurred, spread, n), signs) for n in (5, 40))
    assert many > few > left and many > left + 3


def test_wiener_without_noise_is_the_blurs_inverse():
    grain = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    blurred = images.blur(grain, 0.7, wrap=True)
    assert np.allclose(images.wiener(blurred, 0.7, 0), grain, atol=1e-3)
    assert np.allclose(images.wiener(grain, 0, 0), grain, atol=1e-5), "nor does it move the picture"


def test_wiener_trades_sharpness_for_noise(signs):
    blurred = images.blur(signs, SPREAD)
    noisy = blurred + 0.05 * np.random.default_rng(0).standard_normal(signs.shape, np.float32)
    reckless, right, timid = (
        images.psnr(images.wiener(noisy, SPREAD, level), signs) for level in (1e-6, 0.03, 10)
    )
    assert right > images.psnr(noisy, signs) + 1
    assert right > reckless + 5 and right > timid + 1


def test_richardson_lucy_stays_at_or_above_nothing_even_where_noise_does_not(signs):
    noisy = images.blur(signs, SPREAD) + 0.1 * np.random.default_rng(0).standard_normal(
        signs.shape, np.float32
    )
    assert noisy.min() < -0.2
    for steps in (1, 5, 40):
        restored = images.richardson_lucy(noisy, SPREAD, steps)
        assert restored.min() >= 0 and np.isfinite(restored).all()
    assert images.wiener(noisy, SPREAD, 0.01).min() < -0.1, "unlike the other"


def test_richardson_lucys_first_step_from_one_grey_is_the_picture_blurred_again(signs):
    seen = np.clip(signs, 1e-4, 1)
    assert np.allclose(images.richardson_lucy(signs, SPREAD, 1), images.blur(seen, SPREAD), atol=1e-5)


def test_richardson_lucy_leaves_one_grey_as_it_is():
    assert np.allclose(images.richardson_lucy(same(0.3), SPREAD, 10), 0.3, atol=1e-4)


# --- psnr --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("error", "expected"), [(0.1, 20), (-0.1, 20), (0.01, 40), (0.5, 6.0206)])
def test_psnr_of_known_errors(error, expected):
    found = images.psnr(same(0.5 + error), same(0.5))
    assert isinstance(found, float) and found == pytest.approx(expected, abs=1e-3)


def test_psnr_is_of_the_mean_error_and_not_a_mean_of_ratios():
    truth, wrong = same(0.5, count=2), same(0.5, count=2)
    wrong[0] += 0.1
    assert images.psnr(wrong, truth) == pytest.approx(20 + 10 * np.log10(2), abs=1e-3)


def test_psnr_looks_only_inside_its_mask(hole):
    truth = same(0.5)
    wrong = np.where(hole, 0.6, 0.9).astype(np.float32)
    assert images.psnr(wrong, truth, hole) == pytest.approx(20, abs=1e-3)
    assert images.psnr(wrong, truth, ~hole) == pytest.approx(-20 * np.log10(0.4), abs=1e-3)
    first = np.where(hole[:1], 0.6, 0.9) + np.zeros_like(truth)
    assert images.psnr(first, truth, hole[:1]) == pytest.approx(20, abs=1e-3), "one mask for all"


def test_psnr_cuts_the_pictures_to_the_range_first():
    assert images.psnr(same(1.5), same(0.9)) == pytest.approx(20, abs=1e-3)
    assert images.psnr(same(-3.0), same(0.1)) == pytest.approx(20, abs=1e-3)


def test_psnr_of_the_truth_itself_has_no_end(signs):
    with np.errstate(divide="ignore"):
        assert images.psnr(signs, signs) == np.inf


def test_sharpness_falls_with_blur_and_not_with_paler_ink():
    signs = glyphs.sample(24, seed=3).images
    levels = [images.sharpness(images.blur(signs, spread)) for spread in (0.01, 0.5, 1, 2)]
    assert (np.diff(levels) < 0).all() and levels[-1] < levels[0] / 10
    assert images.sharpness(0.3 * signs) == pytest.approx(images.sharpness(signs), rel=1e-4)


def test_a_png_grows_with_what_there_is_to_say():
    noise = np.random.default_rng(1).random((1, 28, 28, 1))
    paper, ramp = np.zeros((1, 28, 28, 1)), np.linspace(0, 1, 784).reshape(1, 28, 28, 1)
    sizes = images.png_bits(np.concatenate([paper, ramp, noise]))
    assert sizes[0] < sizes[1] < sizes[2]
    assert sizes[2] > 8 * 784  # noise cannot be packed, and the file has a head
    assert images.png_bits(noise + 2).shape == (1,)  # levels outside are cut
