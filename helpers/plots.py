"""Figures with words: every picture carries an alt text, stays small, and reads in grey."""

from __future__ import annotations

import html
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image as ShownImage
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image

__all__ = [
    "DATA",
    "MODEL",
    "TRUTH",
    "animate",
    "draw_field",
    "draw_lines",
    "draw_losses",
    "image_grid",
    "show",
    "sliders",
]

DPI = 120
SHOWN_DPI = 80  # a browser shows the picture at this scale: the rest is sharpness
COLOURS = 256  # a palette makes a picture about three times smaller
NEARLY_WHITE = 248

MODEL, DATA, TRUTH = "#b35806", "#1a1a1a", "#2166ac"
"""One colour for each role in the whole course; shapes and labels say the same."""


def show(fig: Figure, *, alt: str) -> None:
    """Display a figure with its alt text, once, and close it."""
    _display([_pixels(fig)], alt)


def animate(figures: Iterable[Figure], *, alt: str, seconds_each: float = 0.2) -> None:
    """Display figures of one size as a looping animation (an animated PNG: it plays on any page)."""
    frames = [_pixels(fig) for fig in figures]
    if len({frame.size for frame in frames}) != 1:
        raise ValueError("animate needs at least one figure, and all of one size")
    _display(frames, alt, [round(1000 * seconds_each)] * (len(frames) - 1) + [1500])


class _Picture(ShownImage):
    """A PNG that carries its words: for the page in its metadata, for a terminal as its text."""

    def __init__(self, png: bytes, *, width: int, alt: str) -> None:
        super().__init__(data=png, format="png", width=width, metadata={"alt": alt})
        self._words = alt

    def __repr__(self) -> str:
        return f"[figure: {self._words}]"


def _pixels(fig: Figure) -> Image.Image:
    """The figure's pixels; closes the figure, so that the notebook does not draw it again."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    plt.close(fig)
    return Image.open(buffer).convert("RGB")


def _png(frames: Sequence[Image.Image], durations: Sequence[int] = ()) -> bytes:
    """One palette for all frames, no dithering: small files whose colours do not flicker."""
    width, height = frames[0].size
    strip = Image.new("RGB", (width, height * len(frames)))
    for place, frame in enumerate(frames):
        strip.paste(frame, (0, place * height))
    strip = strip.quantize(COLOURS, dither=Image.Dither.NONE)
    palette = np.array(strip.getpalette()).reshape(-1, 3)
    palette[palette.min(axis=1) >= NEARLY_WHITE] = 255  # else the paper is a grey box on the page
    strip.putpalette(palette.astype(np.uint8).tobytes())

    first, *others = (strip.crop((0, k * height, width, (k + 1) * height)) for k in range(len(frames)))
    buffer = io.BytesIO()
    if others:
        moving = {"save_all": True, "append_images": others, "duration": list(durations), "loop": 0}
        first.save(buffer, format="PNG", **moving)
    else:
        first.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _display(frames: Sequence[Image.Image], alt: str, durations: Sequence[int] = ()) -> None:
    if len(alt) < 20:
        raise ValueError("alt= says in a sentence what the figure shows, for those who cannot see it")
    width = round(frames[0].width * SHOWN_DPI / DPI)
    display(_Picture(_png(frames, durations), width=width, alt=alt))


def sliders(
    draw: Callable[..., tuple[Figure, str]],
    *,
    alt: str,
    **ranges: tuple[float, float, float, float],
) -> None:
    """Sliders `name=(low, high, step, start)` that call `draw(**values)` for a figure and a line of text.

    The picture is a widget of its own, so that moving a slider replaces it without flicker.
    """
    import ipywidgets as widgets

    controls = {
        name: widgets.FloatSlider(
            value=start,
            min=low,
            max=high,
            step=step,
            description=name,
            continuous_update=False,
            style={"description_width": "initial"},
        )
        for name, (low, high, step, start) in ranges.items()
    }
    picture = widgets.Image(format="png")
    line = widgets.HTML()

    def update(_: Any = None) -> None:
        fig, text = draw(**{name: control.value for name, control in controls.items()})
        pixels = _pixels(fig)
        picture.value = _png([pixels])
        picture.width = round(pixels.width * SHOWN_DPI / DPI)
        line.value = f'<span role="status" aria-live="polite"><b>{html.escape(text)}</b></span>'

    for control in controls.values():
        control.observe(update, names="value")
    update()
    # A widget's picture has no alt text of its own: the sentence stands above it.
    caption = widgets.HTML(f"<p>{html.escape(alt)}</p>")
    display(widgets.VBox([caption, *controls.values(), line, picture]))


def draw_losses(
    ax: Axes,
    x: Sequence[float],
    training: Sequence[float],
    held_out: Sequence[float],
    *,
    truth: float | None = None,
) -> Axes:
    """Draw training and held-out NLL over x, and the level of the truth where it is known."""
    ax.plot(x, training, "o--", color=MODEL, label="training points")
    ax.plot(x, held_out, "s-", color=DATA, label="held-out points")
    if truth is not None:
        ax.axhline(truth, color=TRUTH, ls=":", label="the truth itself")
    ax.set(ylabel="NLL (nats a point)")
    return ax


def draw_lines(ax: Axes, x: ArrayLike, lines: Mapping[str, ArrayLike], **settings: Any) -> Axes:
    """Draw each named line in a colour, a dash and a marker of its own; settings are those of `ax.set`."""
    looks = ((MODEL, "o-"), (DATA, "s--"), (TRUTH, "^:"))
    few = len(np.ravel(x)) < 30  # of many points the markers would hide the line
    for (name, y), (colour, style) in zip(lines.items(), looks, strict=False):
        ax.plot(x, y, style if few else style[1:], color=colour, label=name)
    ax.set(**settings)
    if len(lines) > 1:
        ax.legend()
    return ax


def draw_field(ax: Axes, seen: ArrayLike, *, at: tuple[int, int], title: str) -> Axes:
    """The places (rows, columns) that a model sees when it answers `at` one of them, marked by a cross.

    `seen` is not zero where it looks; dots stand on the past, row by row, that it misses.
    """
    picture = np.asarray(seen) != 0
    past = np.arange(picture.size).reshape(picture.shape) < np.ravel_multi_index(at, picture.shape)
    ax.imshow(picture, cmap="Blues", vmin=0, vmax=2)
    for row, column in np.argwhere(past & ~picture):
        ax.text(column, row, "·", ha="center", va="center")
    ax.plot(*at[::-1], "k+", ms=10)
    ax.set(title=f"{title}: {picture.sum()} of {past.sum()} seen", xticks=[], yticks=[])
    return ax


def image_grid(
    images: np.ndarray,
    *,
    columns: int,
    titles: Sequence[str] = (),
    title: str = "",
    size: float = 0.9,
) -> Figure:
    """Images (n, height, width, channels) in [0, 1] as a grid; grey ones as ink on paper.

    `titles` stand over the single images, `title` over them all.
    """
    rows = -(-len(images) // columns)
    extra = 0.22 if len(titles) else 0.0
    fig, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * size, rows * (size + extra) + (0.25 if title else 0)),
        layout="constrained",
        squeeze=False,
    )
    for place, ax in enumerate(axes.ravel()):
        ax.axis("off")
        if place < len(images):
            image = images[place]
            image = image[..., 0] if image.shape[-1] == 1 else image
            grey = {"cmap": "gray_r", "vmin": 0, "vmax": 1} if image.ndim == 2 else {}
            ax.imshow(np.clip(image, 0, 1), **grey)
            if place < len(titles):
                ax.set_title(titles[place], fontsize=8)
    if title:
        fig.suptitle(title, fontsize=9)
    return fig
