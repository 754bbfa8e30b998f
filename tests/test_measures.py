"""The figures of merit, on cases whose answer is known."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from helpers.measures import (
    kernel_classifier,
    mutual_information,
    mutual_information_gap,
    nearest_distance,
    r_squared,
    roc,
    roc_area,
    shortest_way,
)
from helpers.pca import PCA

RNG = np.random.default_rng


def test_the_area_is_the_share_of_pairs_that_are_in_order():
    assert roc_area([0, 1, 2], [3, 4]) == 1
    assert roc_area([3, 4], [0, 1, 2]) == 0
    assert roc_area([1, 1], [1, 1]) == 0.5
    assert roc_area([0, 2], [1, 3]) == 0.75


def test_the_curve_encloses_its_area():
    normal, intruder = RNG(1).normal(0, 1, 5000), RNG(2).normal(1.5, 1, 5000)
    false, found = roc(normal, intruder)
    assert (np.diff(false) >= 0).all() and (np.diff(found) >= 0).all()
    assert false[0] == found[0] == 0 and false[-1] > 0.99
    assert np.trapezoid(found, false) == pytest.approx(roc_area(normal, intruder), abs=5e-3)


def test_a_bent_code_tells_and_a_random_one_does_not():
    values = RNG(3).uniform(size=(3000, 2))
    bent = np.column_stack([values[:, 0] + values[:, 1] ** 2, np.exp(values[:, 1])])
    known, new = slice(2000), slice(2000, None)
    assert r_squared(bent[known], values[known], bent[new], values[new]).min() > 0.99
    noise = RNG(4).uniform(size=(3000, 2))
    assert r_squared(noise[known], values[known], noise[new], values[new]).max() < 0.05
    half = r_squared(bent[known, :1] * 0 + values[known, :1], values[known], values[new, :1], values[new])
    assert half[0] > 0.99 and half[1] < 0.05


def test_pca_projects_on_the_directions_of_greatest_variance():
    spread = np.diag([5.0, 3.0, 1.0, *[0.1] * 6])
    images = (RNG(5).normal(size=(4000, 9)) @ spread + 7).reshape(-1, 3, 3, 1)
    pca = PCA(images)
    assert np.allclose(pca.directions @ pca.directions.T, np.eye(9), atol=1e-9)
    assert (np.diff(pca.variances) <= 0).all()
    assert pca.variances[:3] == pytest.approx([25, 9, 1], rel=0.1)
    assert np.abs(pca.directions[:2, :2]).round(1).tolist() == [[1, 0], [0, 1]]
    there_and_back = pca.reconstruct(images, 2)
    assert there_and_back.shape == images.shape and there_and_back.dtype == np.float32
    assert np.allclose(pca.reconstruct(there_and_back, 2), there_and_back, atol=1e-4)
    lost = ((images - there_and_back) ** 2).sum() / (len(images) - 1)
    assert lost == pytest.approx(pca.variances[2:].sum(), rel=1e-3)
    assert np.allclose(pca.reconstruct(images, 9), images, atol=1e-4)


def test_the_nearest_picture_is_found():
    reference = RNG(6).random((50, 4, 4, 1))
    far = np.sqrt(((reference[:, None] - reference[None]) ** 2).sum((2, 3, 4))) + 99 * np.eye(50)
    assert np.allclose(nearest_distance(reference, reference), 0, atol=1e-6)
    others = [nearest_distance(reference[k : k + 1], np.delete(reference, k, axis=0))[0] for k in range(50)]
    assert np.allclose(others, far.min(axis=1))


def test_mutual_information_is_the_entropy_of_what_is_shared():
    rng = RNG(7)
    sign, other = rng.integers(0, 4, (2, 40_000))
    assert mutual_information(sign, sign) == pytest.approx(np.log(4), abs=1e-3)
    assert mutual_information(sign, other) == pytest.approx(0, abs=1e-3)
    noise = rng.normal(size=40_000)
    assert mutual_information(noise, np.exp(3 * noise)) == pytest.approx(np.log(20)), "of 20 equal shares"
    correlated = 0.8 * noise + 0.6 * rng.normal(size=40_000)
    assert mutual_information(noise, correlated) == pytest.approx(-np.log(0.6), abs=0.06)
    assert mutual_information(sign, noise) == pytest.approx(0, abs=0.01)


def test_the_gap_is_large_where_one_latent_tells_a_factor():
    rng = RNG(8)
    factors = [rng.integers(0, 5, 20_000), rng.normal(size=20_000)]
    apart = np.stack([factors[1], factors[0] + 0.01 * rng.normal(size=20_000)], axis=1)
    table, gaps = mutual_information_gap(apart, factors)
    assert table.shape == (2, 2) and table.argmax(axis=1).tolist() == [1, 0]
    assert gaps.shape == (2,) and gaps.min() > 0.9
    turned = apart @ np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    assert mutual_information_gap(turned, factors)[1].mean() < 0.2


def test_the_kernel_classifier_follows_its_nearest_pictures():
    rng = RNG(9)
    middles = 3 * rng.normal(size=(3, 6, 6, 1))
    labels = rng.integers(0, 3, 90)
    guess = kernel_classifier(middles[labels] + rng.normal(size=(90, 6, 6, 1)), labels)
    new = rng.integers(0, 3, 200)
    assert np.mean(guess(middles[new] + rng.normal(size=(200, 6, 6, 1))) == new) > 0.98


def test_the_shortest_way_is_the_wasserstein_distance():
    a = RNG(1).normal(size=(40, 2))
    assert shortest_way(a, a[::-1]) == pytest.approx(0, abs=1e-9)
    assert shortest_way(a, a + [3, 4]) == pytest.approx(5)
    line, moved = a[:, :1], RNG(2).normal(size=(40, 1))
    assert shortest_way(line, moved) == pytest.approx(wasserstein_distance(line[:, 0], moved[:, 0]))


def test_heaps_of_other_sizes_have_no_pairing():
    with pytest.raises(ValueError, match="equally many"):
        shortest_way(np.zeros((3, 2)), np.zeros((4, 2)))
