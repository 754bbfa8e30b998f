"""The README's picture, data/cover.png: a figure out of lesson 01's stored outputs."""

from __future__ import annotations

import base64

from tools import lessons

LESSON, WORDS = "01_world_map", "the density fills the continents"
COVER = lessons.ROOT / "data" / "cover.png"


def picture() -> bytes:
    """The PNG of the one stored figure whose alt text contains WORDS."""
    cells = lessons.code_cells(lessons.read(lessons.NOTEBOOKS / f"{LESSON}.ipynb"))
    found = [
        base64.b64decode(output.data["image/png"])
        for _, cell in cells
        for output in cell.outputs
        if WORDS in output.get("metadata", {}).get("image/png", {}).get("alt", "")
    ]
    if len(found) != 1:
        raise SystemExit(f"{LESSON} stores {len(found)} figures whose alt text says “{WORDS}”, not one.")
    return found[0]


if __name__ == "__main__":
    COVER.write_bytes(picture())
    print(f"{COVER.name}: {COVER.stat().st_size} bytes")
