"""The making of the land mask, on a map of our own: a square island with a lake, and three hard rings."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import world

DATA = Path(__file__).resolve().parents[1] / "data"
MAKER = runpy.run_path(str(DATA / "make_land.py"), run_name="make_land")
rings, unrolled, rasterise = MAKER["rings"], MAKER["unrolled"], MAKER["rasterise"]

SCALE = 0.5  # degrees a step: the arcs below count half degrees from the map's south-west corner


def arc(*points: tuple[float, float]) -> list[list[int]]:
    """An arc as TopoJSON stores it: a first point, then steps."""
    counted = np.round((np.array(points) + (180, 90)) / SCALE).astype(int)
    return np.diff(counted, axis=0, prepend=0).tolist()


def topology(arcs: list, *geometries: dict) -> dict:
    return {
        "transform": {"scale": [SCALE, SCALE], "translate": [-180, -90]},
        "arcs": arcs,
        "objects": {"land": {"geometries": list(geometries)}},
    }


ISLAND = topology(
    [
        arc((0, 0), (20, 0), (20, 10)),  # its southern and eastern coast
        arc((0, 0), (0, 10), (20, 10)),  # the other two, walked the other way
        arc((5, 3), (5, 6), (10, 6), (10, 3), (5, 3)),  # the shore of a lake
    ],
    {"type": "Polygon", "arcs": [[0, ~1], [2]]},
)
FIJI = topology(
    [arc((170, -20), (180, -20), (180, -10), (170, -10), (170, -20)), arc((-180, -20), (-175, -20))],
    {"type": "MultiPolygon", "arcs": [[[0]]]},
)
# One ring over the date line, as a producer that does not cut writes it.
OVER = topology(
    [arc((170, 60), (179, 60), (-170, 60), (-170, 70), (179, 70), (170, 70), (170, 60))],
    {"type": "MultiPolygon", "arcs": [[[0]]]},
)
# A coast once around the south pole, from the date line to the date line.
POLAR = topology(
    [arc((-180, -70), (-90, -70), (0, -70), (90, -70), (180, -70))], {"type": "Polygon", "arcs": [[0]]}
)


def land(*topologies: dict) -> np.ndarray:
    """The mask in whole degrees, rows from the south as in `helpers.world`."""
    shapes = [shape for each in topologies for shape in rings(each)]
    mask = rasterise(shapes)
    assert mask.shape == (720, 1440) and mask.dtype == bool
    quarters = mask[::-1].reshape(180, 4, 360, 4)
    assert np.array_equal(quarters.all(axis=(1, 3)), quarters.any(axis=(1, 3))), "coasts on whole degrees"
    return quarters[:, 0, :, 0]


def box(west: int, south: int, east: int, north: int) -> np.ndarray:
    """A rectangle of whole degrees."""
    mask = np.zeros((180, 360), bool)
    mask[south + 90 : north + 90, west + 180 : east + 180] = True
    return mask


def test_arcs_are_joined_forwards_and_backwards_into_closed_rings():
    (coast, is_coast), (shore, is_shore_of_land) = rings(ISLAND)
    assert is_coast and not is_shore_of_land
    assert coast.tolist() == [[0, 0], [20, 0], [20, 10], [20, 10], [0, 10], [0, 0]]
    assert shore[0].tolist() == shore[-1].tolist() == [5, 3]


def test_several_polygons_keep_their_order_and_each_first_ring_is_a_coast():
    several = topology(
        ISLAND["arcs"],
        {"type": "MultiPolygon", "arcs": [[[0, ~1], [2]], [[2]]]},
        {"type": "Polygon", "arcs": [[2]]},
    )
    assert [is_coast for _, is_coast in rings(several)] == [True, False, True, True]


def test_a_ring_that_stays_away_from_the_date_line_is_left_as_it_is():
    ring = np.array([[0.0, 0], [20, 0], [20, 10], [0, 0]])
    assert np.array_equal(unrolled(ring), ring)


def test_a_ring_over_the_date_line_has_no_jump():
    ((ring, _),) = rings(OVER)
    assert np.abs(np.diff(ring[:, 0])).max() <= 11
    assert ring[:, 0].min() == 170 and ring[:, 0].max() == 190


def test_a_ring_around_the_pole_is_closed_along_it():
    ((ring, _),) = rings(POLAR)
    assert ring[-2:, 1].tolist() == [-90, -90]
    assert ring[-2, 0] == ring[-3, 0] and ring[-1, 0] == ring[0, 0]


def test_an_island_with_a_lake_is_drawn_to_the_degree():
    assert np.array_equal(land(ISLAND), box(0, 0, 20, 10) & ~box(5, 3, 10, 6))


def test_a_ring_over_the_date_line_is_drawn_on_both_sides():
    assert np.array_equal(land(OVER), box(170, 60, 180, 70) | box(-180, 60, -170, 70))


def test_a_ring_up_to_the_date_line_stays_on_its_side():
    assert np.array_equal(land(FIJI), box(170, -20, 180, -10))


def test_a_ring_around_the_pole_fills_everything_up_to_the_pole():
    assert np.array_equal(land(POLAR, ISLAND)[:20], box(-180, -90, 180, -70)[:20])
    assert not land(POLAR)[20:].any()


def test_a_cell_is_land_from_one_half_on():
    cell = 1 / world.CELLS_PER_DEGREE

    def share(part: float) -> float:
        coast = np.array([[0, 0], [10, 0], [10, part * cell], [0, part * cell], [0, 0]])
        return rasterise([(coast, True)]).sum() / 40

    assert share(0.25) == 0
    assert share(0.5) == 1
    assert share(1.25) == 1
    assert share(1.75) == 2


def test_the_stored_mask_is_one_bit_a_cell_and_small():
    path = DATA / "land.png"
    with Image.open(path) as picture:
        assert picture.size == (1440, 720) and picture.mode == "1"
        north_first = np.asarray(picture)
    assert np.array_equal(north_first[::-1], world.land_mask())
    assert path.stat().st_size < 20_000


def test_without_npm_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SystemExit, match="needs npm"):
        MAKER["fetch_topology"]()
