"""The world as axes: its land, its frame, and densities over it."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from helpers import world

__all__ = ["LAND", "axes_on_map", "draw_density", "draw_map", "draw_table", "map_axes"]

LAND = "#d9d9d9"


def draw_map(ax: Axes, *, land: str = LAND, degrees: bool = True) -> Axes:
    """Draw the land onto axes in degrees."""
    mask = world.land_mask()
    picture = np.ones((*mask.shape, 3))
    picture[mask] = to_rgb(land)
    ax.imshow(picture, origin="lower", extent=(-180, 180, -90, 90), zorder=0, aspect="equal")
    return map_axes(ax, degrees=degrees)


def draw_density(
    ax: Axes,
    log_density: world.LogDensity,
    *,
    degrees: float = 2,
    unit: float = 1 / world.LAND_AREA,
    top: float = 2.0,
) -> Any:
    """Draw a density under the coastlines, dark for none, in units of p_data on land: there 1 is right."""
    # Row by row: a kernel density compares every point with all of its data at once.
    density = np.exp([log_density(row) for row in world.grid(degrees)]) / unit
    return draw_table(ax, density, cmap="cividis", vmin=0, vmax=top, interpolation="nearest")


def draw_table(ax: Axes, table: ArrayLike, **settings: Any) -> Any:
    """Draw a table of the map (rows from south, columns from west) under the coastlines.

    `settings` are those of `imshow`.
    """
    picture = ax.imshow(table, origin="lower", extent=(-180, 180, -90, 90), **settings)
    share = world.block_shares(1)
    x, y = np.arange(-179.5, 180), np.arange(-89.5, 90)
    ax.contour(x, y, share, levels=[0.5], colors="white", linewidths=0.5)
    map_axes(ax, degrees=ax.get_xlabel() != "")
    return picture


def map_axes(ax: Axes, *, degrees: bool = True) -> Axes:
    """Give axes the frame of the map: all of it, to scale, with or without labels."""
    ax.set(xlim=(-180, 180), ylim=(-90, 90), aspect="equal")
    ax.set_xticks(range(-180, 181, 60))
    ax.set_yticks(range(-90, 91, 45))
    if degrees:
        ax.set(xlabel="longitude (degrees east)", ylabel="latitude (degrees north)")
    else:
        ax.tick_params(labelbottom=False, labelleft=False, length=0)
    return ax


def axes_on_map(
    rows: int = 1, columns: int = 1, *, land: bool = True, footer: float = 0.0
) -> tuple[Figure, Any]:
    """A figure of maps of the same size, labelled if it is one; `footer` inches stay for a colour bar."""
    one = rows * columns == 1
    width = 10.0 if columns > 1 else 7.2
    height = (4.2 if one else rows * (width / columns * 0.5 + 0.3)) + footer
    fig, axes = plt.subplots(rows, columns, figsize=(width, height), layout="constrained")
    for ax in np.ravel(axes):
        if land:
            draw_map(ax, degrees=one)
        else:
            map_axes(ax, degrees=one)
    return fig, axes
