"""The making of the constellations, on a sky of our own, and where the real stars ended up."""

from __future__ import annotations

import json
import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from helpers.outlines import NAMES, OUTLIER

DATA = Path(__file__).resolve().parents[1] / "data"
MAKER = runpy.run_path(str(DATA / "make_constellations.py"), run_name="make_constellations")
directions, projected, figure, FAINT = (MAKER[n] for n in ("directions", "projected", "figure", "FAINT"))
STORED = json.loads((DATA / "constellations.json").read_text(encoding="utf-8"))


def star(sign: str, magnitude: float) -> np.ndarray:
    """Where the star of this magnitude lies: x to the right, y down, in degrees of the figure's plane."""
    shape = STORED["figures"][sign]
    (found,) = [s[:2] for s in shape["stars"] if s[2] == magnitude]
    return np.array(found) * shape["degrees"]


def test_directions_are_unit_vectors_along_the_usual_axes():
    found = directions(np.array([[0, 0], [90, 0], [180, 0], [33, 90]]))
    assert np.allclose(found, [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize("ascension", [10, 200, -120, 0])
@pytest.mark.parametrize("declination", [0, 60, -35])
def test_east_is_left_and_north_is_up_and_angles_stay_true(ascension, declination):
    wide = 0.1 / np.cos(np.radians(declination))
    cross = np.array([[-wide, 0], [wide, 0], [0, -0.1], [0, 0.1]]) + (ascension, declination)
    (west, east, south, north), centre = projected(cross)
    assert np.allclose(centre, (ascension % 360, declination), atol=1e-3)
    assert np.allclose(np.degrees(east - west), (-0.2, 0), atol=1e-3)
    assert np.allclose(np.degrees(north - south), (0, -0.2), atol=1e-3)


def test_a_wide_figure_is_stereographic():
    """A point at the angle a from the centre lies at 2 tan(a/2)."""
    plane, _ = projected(np.array([[-30, 0], [0, 0], [30, 0]]))
    assert np.allclose(plane[:, 0], [2 * np.tan(np.radians(15)), 0, -2 * np.tan(np.radians(15))])
    assert np.allclose(plane[:, 1], 0)


def test_a_figure_is_centred_has_a_longer_side_of_one_and_shares_its_stars():
    lines = [[[1, 0], [-1, 0]], [[-1, 0], [0, 1], [1, 0]]]
    catalogue = directions(np.array([[1, 0], [0, 1.05], [50, 50]]))
    made = figure(lines, catalogue, np.array([2.0, 3.0, 0.0]))
    places = np.array(made["stars"])
    assert np.allclose(places[:, :2].max(0) + places[:, :2].min(0), 0, atol=1e-4)
    assert np.ptp(places[:, :2], axis=0).max() == pytest.approx(1, abs=1e-4)
    assert made["degrees"] == pytest.approx(2, abs=0.01)
    east, west, top = (int(k) for k in (places[:, 0].argmin(), places[:, 0].argmax(), places[:, 1].argmin()))
    assert made["lines"] == [[east, west], [west, top, east]]
    assert places[[east, west, top], 2].tolist() == [2.0, FAINT, 3.0]


def test_the_stored_file_is_small_and_says_where_it_comes_from():
    assert (DATA / "constellations.json").stat().st_size < 20_000
    assert "d3-celestial@0.7.35" in STORED["origin"] and MAKER["PACKAGE"] in STORED["origin"]
    assert "Copyright (c) 2015, Olaf Frohn" in STORED["licence"]
    assert "Redistributions in binary form must reproduce" in STORED["licence"]
    assert tuple(STORED["figures"]) == (*NAMES, OUTLIER)


@pytest.mark.parametrize("sign", STORED["figures"])
def test_each_stored_figure_is_whole(sign):
    shape = STORED["figures"][sign]
    places = np.array(shape["stars"])
    assert np.abs(places[:, :2]).max() == pytest.approx(0.5, abs=2e-4)
    assert np.allclose(places[:, :2].max(0) + places[:, :2].min(0), 0, atol=3e-4)
    assert 4 <= len(places) <= 30 and places[:, 2].min() > -1.5 and places[:, 2].max() < 6
    assert {k for line in shape["lines"] for k in line} == set(range(len(places)))
    assert all(a != b for line in shape["lines"] for a, b in pairwise(line))
    assert 0 <= shape["centre"][0] < 360 and 10 < shape["degrees"] < 50


def test_leo_looks_west_as_in_the_sky():
    """Regulus (152.09°, 11.97°), Denebola (177.26°, 14.57°) and Algieba (154.99°, 19.84°)."""
    regulus, denebola, algieba = (star("leo", magnitude) for magnitude in (1.36, 2.14, 2.01))
    assert denebola[0] < regulus[0] - 20, "the greater right ascension is on the left"
    assert algieba[1] < regulus[1] - 6, "the sickle rises above Regulus"
    assert np.hypot(*(denebola - regulus)) == pytest.approx(24.6, rel=0.03)
    assert np.hypot(*(algieba - regulus)) == pytest.approx(8.4, rel=0.03)


def test_other_bright_stars_lie_as_in_the_sky():
    castor, pollux = star("gemini", 1.58), star("gemini", 1.16)
    assert castor[1] < pollux[1] and castor[0] > pollux[0], "Castor is north and west of Pollux"
    antares, shaula = star("scorpio", 1.06), star("scorpio", 1.62)
    assert antares[1] < shaula[1] and antares[0] > shaula[0], "the tail's end is south and east of the heart"
    aldebaran, elnath = star("taurus", 0.87), star("taurus", 1.65)
    assert elnath[1] < aldebaran[1] and elnath[0] < aldebaran[0], "the horn's tip is north and east"


def test_without_npm_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SystemExit, match="needs npm"):
        MAKER["fetch"]()
