"""Draw data/land.png, the land mask of `helpers.world`, from the npm package world-atlas.

    python data/make_land.py          # needs npm and a network, once

world-atlas (ISC licence) packs the coastlines of Natural Earth (public domain) as TopoJSON: rings are
lists of arcs, shared between neighbours and stored as rounded steps from point to point.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

PACKAGE = "world-atlas@2.0.2"
SHAPES = "package/land-50m.json"
CELLS_PER_DEGREE = 4
FINER = 8  # each cell is judged on 8 × 8 points: land where at least half of it is land


def fetch_topology() -> dict:
    """The TopoJSON of the land polygons, from the npm registry."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("make_land needs npm, which comes with Node.js; the mask itself is in data/.")
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            [npm, "pack", PACKAGE, "--silent"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        with tarfile.open(Path(folder) / packed.stdout.strip().splitlines()[-1]) as archive:
            member = archive.extractfile(SHAPES)
            assert member is not None
            return json.load(io.TextIOWrapper(member, encoding="utf-8"))


def rings(topology: dict) -> list[tuple[np.ndarray, bool]]:
    """Every ring as (longitude, latitude) points, with True for a coast and False for a lake's shore."""
    scale = np.array(topology["transform"]["scale"])
    shift = np.array(topology["transform"]["translate"])
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]

    def ring(indices: list[int]) -> np.ndarray:
        # A negative index means arc ~index, walked backwards.
        return unrolled(np.concatenate([arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]))

    found = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            found += [(ring(indices), place == 0) for place, indices in enumerate(polygon)]
    return found


def unrolled(points: np.ndarray) -> np.ndarray:
    """The ring without jumps at the date line; one that runs around the pole is closed along it."""
    longitude = np.unwrap(points[:, 0], period=360)
    points = np.column_stack([longitude, points[:, 1]])
    if abs(longitude[-1] - longitude[0]) < 180:
        return points
    return np.concatenate([points, [[longitude[-1], -90], [longitude[0], -90]]])


def rasterise(shapes: list[tuple[np.ndarray, bool]]) -> np.ndarray:
    """The mask, north at the top: True where at least half of a cell is land."""
    per_degree = CELLS_PER_DEGREE * FINER
    canvas = Image.new("1", (360 * per_degree, 180 * per_degree))
    pen = ImageDraw.Draw(canvas)
    for points, is_coast in shapes:
        for turn in (-360, 0, 360):  # what hangs over one edge of the map comes in at the other
            pixels = np.column_stack([points[:, 0] + 180 + turn, 90 - points[:, 1]])
            pen.polygon([tuple(p) for p in pixels * per_degree - 0.5], fill=int(is_coast))
    fine = np.asarray(canvas)
    height, width = 180 * CELLS_PER_DEGREE, 360 * CELLS_PER_DEGREE
    return fine.reshape(height, FINER, width, FINER).mean(axis=(1, 3)) >= 0.5


def main() -> None:
    mask = rasterise(rings(fetch_topology()))
    target = Path(__file__).parent / "land.png"
    Image.fromarray(mask).save(target, optimize=True)
    print(f"{target.name}: {target.stat().st_size} bytes, {mask.mean():.4%} of the map is land")


if __name__ == "__main__":
    main()
