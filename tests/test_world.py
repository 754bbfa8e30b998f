"""The world as the ruler of the course: what it says is compared with exact sums over the mask."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from helpers import world

N = world.COVERAGE_SAMPLES
EAST_OF_CHUKOTKA = 68.5  # a latitude at which the date line runs over land


def block_density(weights: np.ndarray) -> world.LogDensity:
    """A density that is constant on square blocks, from their weights (rows from the south)."""
    side = 180 / weights.shape[0]
    log = np.log(weights / weights.sum() / side**2)

    def log_density(points: np.ndarray) -> np.ndarray:
        column, row = np.floor((points + (180, 90)) / side).astype(int).T
        return log[row, column]

    return log_density


def exact_kl(weights: np.ndarray) -> float:
    """KL(p_data‖blocks), by a sum over the blocks instead of a mean over points."""
    side = 180 // weights.shape[0]
    truth = world.block_shares(side) / world.block_shares(side).sum()
    log_model = np.log(weights / weights.sum() / side**2)
    return float(-world.ENTROPY - (truth * log_model).sum())


def random_weights(seed: int, degrees: int = 10, spread: float = 1.0) -> np.ndarray:
    shape = world.block_shares(degrees).shape
    return np.exp(spread * np.random.default_rng(seed).standard_normal(shape))


def seconds(work: Callable[[], object], repetitions: int = 5) -> float:
    """The least processor time of several repetitions: a busy machine does not count."""
    times = []
    for _ in range(repetitions):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


# --- the mask ----------------------------------------------------------------------------------------


def test_the_lectures_two_points_are_land_and_sea():
    assert world.is_land(world.NEW_YORK)
    assert not world.is_land(world.MARIANA_TRENCH)
    # In the lecture's order they are the other way round: Antarctica, and no place at all.
    assert world.is_land(world.NEW_YORK[::-1])
    assert not world.is_land(world.MARIANA_TRENCH[::-1])


def test_the_mask_is_of_booleans_in_quarter_degrees_and_cannot_be_written():
    mask = world.land_mask()
    assert mask.shape == (720, 1440) and mask.dtype == bool
    with pytest.raises(ValueError, match="read-only"):
        mask[0, 0] = False


def test_the_south_is_the_first_row_and_the_west_the_first_column():
    mask = world.land_mask()
    assert mask[:8].all(), "around the south pole lies land"
    assert not mask[-8:].any(), "around the north pole lies none"
    canada, chad = mask[560:600, 240:320], mask[400:440, 780:840]  # 50° to 60° north, 10° to 20°
    assert canada.mean() > 0.95 and chad.mean() > 0.95
    south_pacific = mask[120:160, 240:320]
    assert not south_pacific.any()


def test_a_third_of_the_map_is_land_and_the_entropy_is_the_logarithm_of_its_area():
    assert pytest.approx(0.332, abs=5e-4) == world.LAND_SHARE
    assert world.MAP_AREA == 64_800
    assert pytest.approx(world.land_mask().sum() / 16) == world.LAND_AREA
    assert pytest.approx(np.log(world.LAND_AREA)) == world.ENTROPY


def test_the_density_is_positive_on_land_only_and_integrates_to_one():
    points = world.grid(0.25)
    density = np.exp(world.log_density(points))
    assert density.sum() * 0.25**2 == pytest.approx(1)
    assert np.array_equal(density > 0, world.land_mask())
    assert np.array_equal(world.is_land(points), world.land_mask())


# --- looking up points -------------------------------------------------------------------------------


def test_the_maps_own_edges_belong_to_the_map():
    here = [(-180, EAST_OF_CHUKOTKA), (180, EAST_OF_CHUKOTKA), (180, -90), (-180, -90), (0, -90)]
    assert world.is_land(here).all()
    assert not world.is_land([(180, 90), (-180, 90), (0, 90)]).any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("lookup", [world.is_land, world.landmass])
def test_what_is_outside_or_no_number_is_not_land(lookup):
    beyond = np.nextafter(180, 181)
    below = np.nextafter(-90, -91)
    points = [(beyond, 68.5), (-beyond, 68.5), (0, below), (540, -85), (-1e300, 0), (1e300, 1e300)]
    points += [(np.nan, -85), (0, np.nan), (np.inf, -85), (0, -np.inf)]
    assert not lookup(points).any()
    assert np.all(np.isneginf(world.log_density(np.array(points))))


def test_points_keep_their_leading_shape_whatever_their_type():
    assert world.is_land(world.grid(10)).shape == (18, 36)
    assert world.is_land(np.zeros((0, 2))).shape == (0,)
    assert world.is_land([20, 0]).shape == ()
    assert world.landmass(world.grid(10)).dtype == np.int64
    points = np.array([(20, 0), (-140, 0)])
    for kind in (np.int64, np.float32, np.float64, list):
        cast = points.tolist() if kind is list else points.astype(kind)
        assert world.is_land(cast).tolist() == [True, False]


@pytest.mark.parametrize("shape", [(), (0,), (3,), (5, 3), (2, 5)])
@pytest.mark.parametrize("ruler", [world.is_land, world.landmass, world.log_density])
def test_a_wrong_shape_is_refused_in_one_sentence_that_names_it(ruler, shape):
    with pytest.raises(ValueError, match="longitude first") as refused:
        ruler(np.zeros(shape))
    assert str(shape) in str(refused.value) and "\n" not in str(refused.value)


# --- drawing from the truth --------------------------------------------------------------------------


def test_samples_are_on_land_and_follow_their_seed():
    points = world.sample(50_000, seed=3)
    assert points.shape == (50_000, 2) and points.dtype == np.float64
    assert world.is_land(points).all()
    assert np.array_equal(points, world.sample(50_000, seed=3))
    assert not np.isin(points, world.sample(50_000, seed=4)).any()
    assert world.sample(0, seed=3).shape == (0, 2)


def test_sampling_leaves_global_randomness_alone():
    np.random.seed(5)  # noqa: NPY002 - the global state is what this test is about
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    world.sample(1000, seed=1)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("degrees", [10, 30])
def test_samples_are_uniform_over_land(degrees):
    points = world.sample(200_000, seed=0)
    edges = [np.arange(-180, 181, degrees), np.arange(-90, 91, degrees)]
    counts = np.histogram2d(*points.T, bins=edges)[0].T
    share = world.block_shares(degrees)
    expected = share / share.sum() * len(points)
    assert counts[expected == 0].sum() == 0
    enough = expected >= 5
    tested = np.append(counts[enough], counts[~enough].sum())
    wanted = np.append(expected[enough], expected[~enough].sum())
    kept = wanted > 0
    assert stats.chisquare(tested[kept], wanted[kept]).pvalue > 0.01


def test_samples_are_uniform_inside_the_cells_too():
    inside = world.sample(200_000, seed=0) * world.CELLS_PER_DEGREE % 1
    for coordinate in inside.T:
        assert stats.kstest(coordinate, "uniform").pvalue > 0.01
    counts = np.histogram2d(*inside.T, bins=10, range=[(0, 1), (0, 1)])[0]
    assert stats.chisquare(counts.ravel()).pvalue > 0.01


def test_the_held_out_points_are_fixed_shared_and_nobodys_training_data():
    points = world.held_out()
    assert points is world.held_out()
    assert np.array_equal(points, world.sample(world.HELD_OUT_POINTS, seed=world.HELD_OUT_SEED))
    with pytest.raises(ValueError, match="read-only"):
        points[0] = 0
    for seed in range(5):
        assert not np.isin(points, world.sample(world.HELD_OUT_POINTS, seed=seed)).any()


# --- the distance from the truth ---------------------------------------------------------------------


def uniform_over_the_map(points: np.ndarray) -> np.ndarray:
    return np.full(len(points), -np.log(world.MAP_AREA))


def test_kl_of_the_whole_map_is_minus_the_logarithm_of_the_lands_share():
    distance = world.kl(uniform_over_the_map)
    assert distance.value == pytest.approx(-np.log(world.LAND_SHARE), abs=1e-12)
    assert distance.error == pytest.approx(0, abs=1e-12)


def test_kl_of_the_truth_is_zero():
    assert world.kl(world.log_density) == (0, 0)


def test_kl_is_infinite_when_one_held_out_point_is_forbidden():
    def forbids_one(points: np.ndarray) -> np.ndarray:
        log = uniform_over_the_map(points)
        log[17] = -np.inf
        return log

    assert world.kl(forbids_one) == (np.inf, 0)


def test_kl_refuses_what_is_not_a_number():
    def one_nan(points: np.ndarray) -> np.ndarray:
        log = uniform_over_the_map(points)
        log[17] = np.nan
        log[18] = -np.inf
        return log

    with pytest.raises(ValueError, match="not a number"):
        world.kl(one_nan)


@pytest.mark.parametrize(
    "model",
    [
        lambda x: uniform_over_the_map(x)[:, None],  # what a network's last layer returns
        lambda x: uniform_over_the_map(x)[:-1],
        lambda x: -8.0,
        lambda x: np.zeros_like(x),
    ],
    ids=["column", "one missing", "a number", "one a coordinate"],
)
def test_kl_refuses_a_log_density_of_another_shape(model):
    with pytest.raises(ValueError, match=r"has shape \(20000,\), not"):
        world.kl(model)


@pytest.mark.parametrize("seed", range(5))
def test_kl_agrees_with_the_exact_sum_over_blocks(seed):
    weights = random_weights(seed)
    distance = world.kl(block_density(weights))
    assert 0 < distance.error < 0.02
    assert abs(distance.value - exact_kl(weights)) < 4 * distance.error


def test_the_error_of_kl_is_what_other_held_out_points_would_spread(monkeypatch):
    weights = random_weights(1)
    model, truth, deviations = block_density(weights), exact_kl(weights), []
    for seed in range(100):
        points = world.sample(world.HELD_OUT_POINTS, seed=1000 + seed)
        monkeypatch.setattr(world, "held_out", lambda points=points: points)
        distance = world.kl(model)
        deviations.append((distance.value - truth) / distance.error)
    assert np.mean(deviations) == pytest.approx(0, abs=0.3)  # three standard errors of 100 draws
    assert np.var(deviations) == pytest.approx(1, abs=0.42)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), spread=st.floats(0, 6), degrees=st.sampled_from([2, 4, 10, 30]))
def test_no_density_is_closer_to_the_truth_than_the_truth(seed, spread, degrees):
    distance = world.kl(block_density(random_weights(seed, degrees, spread)))
    assert distance.value >= -3 * distance.error


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), spread=st.floats(0, 0.5), degrees=st.sampled_from([1, 2, 4, 10]))
def test_no_density_on_blocks_is_closer_than_the_shares_of_land(seed, spread, degrees):
    share = np.maximum(world.block_shares(degrees), 1e-9)  # positive everywhere, nearly the best
    best = exact_kl(share)
    distance = world.kl(block_density(share * random_weights(seed, degrees, spread)))
    assert distance.value >= best - 3 * distance.error - 1e-6
    assert best > 0


# --- coverage and the score --------------------------------------------------------------------------


def test_coverage_of_the_truth_is_what_probability_says():
    share = world.block_shares(world.COVERAGE_DEGREES)
    reached = 1 - (1 - share / share.sum()) ** N
    expected = (share * reached).sum() / share.sum()
    measured = [world.coverage(world.sample(N, seed=seed)) for seed in range(10)]
    assert measured == pytest.approx([expected] * 10, abs=0.002)
    assert np.mean(measured) == pytest.approx(0.987, abs=0.001)


def test_coverage_of_one_point_is_tiny_and_of_the_sea_nothing():
    assert 0 < world.coverage(np.repeat([[20.0, 0.0]], N, axis=0)) < 0.001
    assert world.coverage(np.repeat([world.MARIANA_TRENCH], N, axis=0)) == 0
    assert world.coverage(np.full((N, 2), np.nan)) == 0


def test_coverage_is_one_when_every_block_of_land_is_reached():
    corners = world.grid(0.25)[world.land_mask()]
    block = np.floor((corners + (180, 90)) / world.COVERAGE_DEGREES).astype(int)
    one_each = corners[np.unique(block, axis=0, return_index=True)[1]]
    assert world.coverage(np.resize(one_each, (N, 2))) == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), few=st.integers(1, N), more=st.integers(0, N))
def test_coverage_grows_with_what_is_reached_and_stays_a_share(seed, few, more):
    points = world.sample(N, seed=seed)

    def of_the_first(count: int) -> float:
        return world.coverage(np.concatenate([points[:count], np.repeat(points[:1], N - count, axis=0)]))

    small, large = of_the_first(few), of_the_first(min(few + more, N))
    assert 0 < small <= large <= 1


def test_coverage_counts_the_first_ten_thousand_in_any_order_and_refuses_fewer():
    points = world.sample(3 * N, seed=1)
    assert world.coverage(points) == world.coverage(points[:N]) == world.coverage(points[:N][::-1])
    assert world.coverage(points) != world.coverage(points[N:])
    with pytest.raises(ValueError, match="needs 10000 samples; here are 9999"):
        world.coverage(points[: N - 1])


def test_a_score_has_three_rulers_or_two():
    points = world.sample(N, seed=1)
    points[: N // 4] = world.MARIANA_TRENCH
    score = world.score(points, uniform_over_the_map)
    assert score.accuracy == 0.75
    assert score.coverage == world.coverage(points)
    assert (score.kl, score.kl_error) == world.kl(uniform_over_the_map)
    without = world.score(points)
    assert without[:2] == score[:2] and np.isnan(without.kl) and np.isnan(without.kl_error)


# --- landmasses --------------------------------------------------------------------------------------

PLACES = {
    "Paris": (2.35, 48.86, "Afro-Eurasia"),
    "Beijing": (116.4, 39.9, "Afro-Eurasia"),
    "Cape Town": (18.8, -33.8, "Afro-Eurasia"),
    "Chukotka, west of the date line": (179.9, EAST_OF_CHUKOTKA, "Afro-Eurasia"),
    "Chukotka, east of the date line": (-179.9, EAST_OF_CHUKOTKA, "Afro-Eurasia"),
    "Chukotka, far east": (-175, 66.7, "Afro-Eurasia"),
    "Chicago": (-87.7, 41.85, "Americas"),
    "Buenos Aires": (-60, -35, "Americas"),
    "Sydney": (151.0, -33.8, "Australia"),
    "the middle of Greenland": (-40, 72, "Greenland"),
    "the South Pole": (0, -90, "Antarctica"),
    "Vostok": (106.8, -78.5, "Antarctica"),
    "Tokyo": (139.6, 35.7, "islands"),
    "London": (-0.3, 51.5, "islands"),
    "Madagascar": (47, -19, "islands"),
    "the middle of the Pacific": (-150, 10, "sea"),
    "the Caspian Sea": (51, 42, "sea"),
}


@pytest.mark.parametrize(("x", "y", "name"), PLACES.values(), ids=PLACES.keys())
def test_known_places_have_their_landmass(x, y, name):
    assert world.LANDMASSES[int(world.landmass((x, y)))] == name


def test_every_land_cell_has_a_landmass_and_the_named_ones_are_in_order_of_size():
    labels = world.landmass(world.grid(0.25))
    assert np.array_equal(labels > 0, world.land_mask())
    sizes = np.bincount(labels.ravel())
    assert len(sizes) == len(world.LANDMASSES)
    assert list(sizes[1:6]) == sorted(sizes[1:6], reverse=True)


# --- blocks, the grid, speed -------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 6, 9, 10, 12, 15, 18, 20, 30, 36, 45, 60, 90, 180])
def test_blocks_are_means_of_finer_blocks_and_of_the_grid(degrees):
    share = world.block_shares(degrees)
    rows, columns = 180 // degrees, 360 // degrees
    assert share.shape == (rows, columns)
    finer = world.block_shares(1).reshape(rows, degrees, columns, degrees).mean(axis=(1, 3))
    assert np.allclose(share, finer)
    assert share.mean() == pytest.approx(world.LAND_SHARE)


@pytest.mark.parametrize("degrees", [0, -4, 7, 8, 360])
def test_a_side_that_does_not_divide_the_map_is_refused(degrees):
    with pytest.raises(ValueError, match=f"{degrees} does not"):
        world.block_shares(degrees)


@pytest.mark.parametrize("degrees", [0.1, 0.25, 0.3, 0.5, 0.6, 0.9, 1, 1.2, 2, 2.4, 4, 10, 45])
def test_the_grid_holds_the_centres_of_its_cells(degrees):
    points = world.grid(degrees)
    rows, columns = round(180 / degrees), round(360 / degrees)
    assert points.shape == (rows, columns, 2)
    assert np.allclose(points[0, 0], (-180 + degrees / 2, -90 + degrees / 2))
    assert np.allclose(points[-1, -1], (180 - degrees / 2, 90 - degrees / 2))
    assert np.allclose(np.diff(points[..., 0], axis=1), degrees)
    assert np.allclose(np.diff(points[..., 1], axis=0), degrees)


def test_a_sum_over_the_grid_is_an_integral():
    for degrees in (1, 2, 4, 10):
        model = block_density(random_weights(0, degrees))
        density = np.exp(model(world.grid(degrees).reshape(-1, 2)))
        assert density.sum() * degrees**2 == pytest.approx(1)


def test_a_million_samples_take_less_than_a_second():
    assert seconds(lambda: world.sample(1_000_000, seed=0)) < 1


def test_a_million_look_ups_take_less_than_a_tenth_of_a_second():
    points = world.sample(1_000_000, seed=0)
    assert seconds(lambda: world.is_land(points)) < 0.1
