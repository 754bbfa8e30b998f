"""The shapes of the thirteen signs, as maps of the distance to their middle lines.

The twelve of the zodiac are thinned out of the font that Matplotlib brings along; Ophiuchus, which the
font lacks, is drawn from strokes.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NAMES = (  # U+2648 to U+2653
    "aries",
    "taurus",
    "gemini",
    "cancer",
    "leo",
    "virgo",
    "libra",
    "scorpio",
    "sagittarius",
    "capricorn",
    "aquarius",
    "pisces",
)
OUTLIER = "ophiuchus"  # its label is 12, one past the twelve

CELLS, REACH = 128, 0.75  # a map's cells a side; it covers [-REACH, REACH], the sign [-0.5, 0.5]
EM = 256  # the font's size in pixels


@cache
def distances() -> NDArray[np.float32]:
    """Maps (13, CELLS, CELLS) of the distance to each sign's middle line; its longer side is 1."""
    from scipy.ndimage import distance_transform_edt

    maps = []
    for sign in range(len(NAMES) + 1):
        middle = thin(_page(sign))
        inked = np.argwhere(middle)
        low, high = inked.min(0), inked.max(0)
        side = (high - low).max()
        grid = np.linspace(-REACH, REACH, CELLS) * side
        rows, columns = (np.rint((low + high)[k] / 2 + grid).astype(int) for k in (0, 1))
        maps.append(distance_transform_edt(~middle)[np.ix_(rows, columns)] / side)
    return np.array(maps, np.float32)


def thin(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Peel a shape down to lines one pixel wide, in the manner of Zhang and Suen (1984)."""
    ring = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
    before = -1
    while before != (before := ink.sum()):
        for open_to in ((0, 2, 4, 6), (4, 6, 0, 2)):
            near = [np.roll(ink, (-i, -j), (0, 1)) for i, j in ring]
            turns = sum(~a & b for a, b in zip(near, near[1:] + near[:1], strict=True))
            north, east, south, west = (near[k] for k in open_to)
            peel = (turns == 1) & ~(east & south & (north | west))
            count = sum(n.astype(np.int8) for n in near)
            peel &= (count >= 2) & (count <= 6)
            ink = ink & ~peel
    return ink


def _page(sign: int) -> NDArray[np.bool_]:
    """The sign in ink on a large page, with room around it."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (3 * EM // 2, 3 * EM // 2))
    centre = page.width // 2
    brush = ImageDraw.Draw(page)
    if sign < len(NAMES):
        file = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
        font = ImageFont.truetype(str(file), EM, layout_engine=ImageFont.Layout.BASIC)
        brush.text((centre, centre), chr(0x2648 + sign), font=font, fill=255, anchor="mm")
    else:
        for line in _ophiuchus():
            brush.line([(centre + 0.4 * EM * x, centre + 0.4 * EM * y) for x, y in line], 255)
    if sign == NAMES.index("virgo"):  # widened into a square, lest a thick pen clog its many strokes
        left, top, right, bottom = page.getbbox()
        side = bottom - top
        square = page.crop((left, top, right, bottom)).resize((side, side), Image.Resampling.BICUBIC)
        page.paste(0, (0, 0, *page.size))
        page.paste(square, (centre - side // 2, centre - side // 2))
    return np.asarray(page) > 127


def _ophiuchus() -> tuple[NDArray, NDArray]:
    """A bowl with upright arms, and the serpent that winds across it."""
    t = np.linspace(0, 1, 100)
    bowl = np.stack([-0.55 * np.cos(np.pi * t), 0.35 + 0.6 * np.sin(np.pi * t)], 1)
    serpent = np.stack([2 * t - 1, -0.12 - 0.24 * np.sin(2 * np.pi * t)], 1)
    return np.concatenate([[[-0.55, -1]], bowl, [[0.55, -1]]]), serpent
