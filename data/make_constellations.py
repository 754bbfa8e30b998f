"""Write data/constellations.json, the star figures of `helpers.sky`, from the npm package d3-celestial.

    python data/make_constellations.py          # needs npm and a network, once

d3-celestial (BSD-3-Clause, © Olaf Frohn) holds each constellation's lines as lists of points (right
ascension, declination) in degrees, and a catalogue of stars with their magnitudes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "d3-celestial@0.7.35"
LINES, STARS, LICENCE = "data/constellations.lines.json", "data/stars.6.json", "LICENSE"
FIGURES = {  # the zodiac and, last, the constellation that the Sun crosses without a sign of its own
    "aries": "Ari",
    "taurus": "Tau",
    "gemini": "Gem",
    "cancer": "Cnc",
    "leo": "Leo",
    "virgo": "Vir",
    "libra": "Lib",
    "scorpio": "Sco",
    "sagittarius": "Sgr",
    "capricorn": "Cap",
    "aquarius": "Aqr",
    "pisces": "Psc",
    "ophiuchus": "Oph",
}
FAINT = 5.0  # the magnitude of a point of a figure without a catalogued star nearby
NEARBY = 0.1  # degrees


def fetch() -> dict[str, str]:
    """The three files of the package that are needed, from the npm registry."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("make_constellations needs npm, which comes with Node.js; its result is in data/.")
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            [npm, "pack", PACKAGE, "--silent"], cwd=folder, check=True, capture_output=True, text=True
        )
        with tarfile.open(Path(folder) / packed.stdout.strip().splitlines()[-1]) as archive:
            texts = {}
            for name in (LINES, STARS, LICENCE):
                member = archive.extractfile(f"package/{name}")
                assert member is not None
                texts[name] = member.read().decode("utf-8")
            return texts


def directions(sky: NDArray) -> NDArray:
    """Unit vectors (n, 3) of points (n, 2) of right ascension and declination, in degrees."""
    ascension, declination = np.deg2rad(np.asarray(sky, float)).T
    flat = np.cos(declination)
    return np.stack([flat * np.cos(ascension), flat * np.sin(ascension), np.sin(declination)], -1)


def projected(sky: NDArray) -> tuple[NDArray, NDArray]:
    """Points as they look from inside the sphere, in radians: x to the right, y down; and the centre.

    Stereographic about the centre, so angles stay true. With north up, east is on the left: seen from
    inside, right ascension grows to the left, the other way than longitude on a map of the Earth.
    """
    points = directions(sky)
    middle = points.max(0) + points.min(0)
    middle /= np.linalg.norm(middle)
    centre = np.rad2deg([np.arctan2(middle[1], middle[0]) % (2 * np.pi), np.arcsin(middle[2])])
    east = np.array([-middle[1], middle[0], 0]) / np.hypot(middle[0], middle[1])
    north = np.cross(middle, east)
    plane = np.stack([-(points @ east), -(points @ north)], -1)
    return 2 * plane / (1 + points @ middle)[:, None], centre


def figure(lines: list, stars: NDArray, magnitudes: NDArray) -> dict[str, Any]:
    """One constellation: stars [x, y, magnitude], centred, longer side 1; and lines from star to star."""
    corners = sorted({tuple(point) for line in lines for point in line})
    plane, centre = projected(np.array(corners))
    low, high = plane.min(0), plane.max(0)
    plane = (plane - (low + high) / 2) / (high - low).max()
    near = np.degrees(np.arccos(np.clip(directions(np.array(corners)) @ stars.T, -1, 1))) < NEARBY
    bright = [float(magnitudes[row].min()) if row.any() else FAINT for row in near]
    number = {corner: place for place, corner in enumerate(corners)}
    return {
        "centre": centre.round(2).tolist(),
        "degrees": round(float(np.degrees((high - low).max())), 2),
        "stars": [[*xy, m] for xy, m in zip(plane.round(4).tolist(), bright, strict=True)],
        "lines": [[number[tuple(point)] for point in line] for line in lines],
    }


def figures(shapes: dict, catalogue: dict) -> dict[str, dict[str, Any]]:
    """All the constellations in FIGURES, from the package's lines and stars."""
    lines = {shape["id"]: shape["geometry"]["coordinates"] for shape in shapes["features"]}
    stars = directions(np.array([star["geometry"]["coordinates"] for star in catalogue["features"]]))
    magnitudes = np.array([star["properties"]["mag"] for star in catalogue["features"]], float)
    return {name: figure(lines[short], stars, magnitudes) for name, short in FIGURES.items()}


def main() -> None:
    texts = fetch()
    record = {
        "what": "constellations seen from the Earth, north up and east left: stars [x to the right, y down, "
        "magnitude], longer side 1; lines as positions in stars; centre [right ascension, declination]",
        "origin": f"{PACKAGE} on npm: {LINES}, {STARS}",
        "licence": texts[LICENCE],
        "figures": figures(json.loads(texts[LINES]), json.loads(texts[STARS])),
    }
    target = Path(__file__).parent / "constellations.json"
    target.write_text(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target.name}: {target.stat().st_size} bytes, {len(record['figures'])} constellations")


if __name__ == "__main__":
    main()
