"""What an evaluation shows: tables in Markdown, two plots, a sheet of pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from helpers.pictures import COUNTS, FACTORS, prompt
from helpers.pocket.exam import Way
from helpers.pocket.judge import ALL
from helpers.pocket.scores import mean

__all__ = ["by_evaluations", "by_guidance", "png", "sheet", "sheet_prompts", "tables"]

PARTS = ("seen", "held-out")
LOOKS = {"seen": ("o", "-", "#1a1a1a"), "held-out": ("s", "--", "#b35806")}  # marker, line, colour
ROOFS = {"seen": "-.", "held-out": ":"}
SAMPLER_LOOKS = (("o", "-", "#1a1a1a"), ("s", "--", "#b35806"), ("^", ":", "#2166ac"))

Found = Mapping[Way, Sequence[Mapping[str, float]]]  # the scores of each seed


def tables(found: Found, ceiling: Mapping[str, Mapping[str, float]]) -> str:
    """Accuracies, with the judge's own above them; then the other scores."""
    head = ["pictures", "combinations", *FACTORS, "all together", "lowest and highest of the seeds"]
    rows = [
        [
            f"{kind} (ceiling)",
            part,
            *(_percent(ceiling[kind][f"{part} {key}"]) for key in (*FACTORS, ALL)),
            "",
        ]
        for kind in ceiling
        for part in PARTS
    ]
    for way, scores in found.items():
        middle = mean(scores)
        for part in PARTS:
            every = [one[f"{part} {ALL}"] for one in scores]
            shares = [_percent(middle[f"{part} {key}"]) for key in (*FACTORS, ALL)]
            rows.append([str(way), part, *shares, f"{_percent(min(every))} to {_percent(max(every))}"])
    more = ["pictures", "negative prompt obeyed", "and the rest right", "colours if none is named"]
    more += ["diversity", "distance to training pictures", "nearer than fresh ones"]
    others = []
    for way, scores in found.items():
        middle = mean(scores)
        shares = [_percent(middle[key]) for key in ("obeyed", "obeyed and the rest right")]
        plain = [f"{middle['colours']:.1f}", f"{middle['diversity']:.2f}", f"{middle['copying ratio']:.2f}"]
        others.append([str(way), *shares, *plain, _percent(middle["copying nearer"])])
    return f"{_table(head, rows)}\n\n{_table(more, others)}"


def by_guidance(found: Found, ceiling: Mapping[str, Mapping[str, float]]) -> Figure:
    """Accuracy, all attributes together, against the scale of guidance."""
    fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    ways = sorted(found, key=lambda way: way.guidance)
    for part in PARTS:
        _line(ax, [way.guidance for way in ways], [found[way] for way in ways], part, LOOKS[part], part)
        level = ceiling["round trips"][f"{part} {ALL}"]
        ax.axhline(level, color=LOOKS[part][2], ls=ROOFS[part], lw=1, label=f"judge's ceiling, {part}")
    ax.set(xlabel="scale of guidance", ylabel="pictures with all attributes right", ylim=(0, 1.02))
    ax.set_title(f"{ways[0].sampler}, {ways[0].steps} evaluations", fontsize=10)
    ax.legend(frameon=False, fontsize=9)
    return fig


def by_evaluations(found: Found, ceiling: Mapping[str, Mapping[str, float]]) -> Figure:
    """Accuracy against the number of network evaluations, for each sampler."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
    for ax, part in zip(axes, PARTS, strict=True):
        for sampler, look in zip(dict.fromkeys(way.sampler for way in found), SAMPLER_LOOKS, strict=False):
            ways = sorted((way for way in found if way.sampler == sampler), key=lambda way: way.steps)
            _line(ax, [way.steps for way in ways], [found[way] for way in ways], part, look, sampler)
        level = ceiling["round trips"][f"{part} {ALL}"]
        ax.axhline(level, color="#1a1a1a", ls="-.", lw=1, label="judge's ceiling")
        ticks = sorted({way.steps for way in found})
        ax.set(
            xlabel="evaluations of the network", xscale="log", ylim=(0, 1.02), title=f"{part} combinations"
        )
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
        ax.minorticks_off()
    axes[0].set_ylabel("pictures with all attributes right")
    axes[0].legend(frameon=False, fontsize=9)
    return fig


def png(fig: Figure) -> bytes:
    """The figure as a file; closes it."""
    packed = io.BytesIO()
    fig.savefig(packed, format="png", dpi=120, facecolor="white")
    plt.close(fig)
    return packed.getvalue()


def sheet_prompts(count: int = 48) -> list[str]:
    """Plain prompts with all attributes that go through all signs in turn, and through the other values."""
    said = []
    for k in range(count):
        sign, turn = divmod(k, -(-count // COUNTS[0]))
        subject, style = (turn + sign) % COUNTS[1], (turn + 2 * sign) % COUNTS[4]
        said.append(prompt(sign, subject, (3 * k + sign) % COUNTS[2], (5 * turn + sign) % COUNTS[3], style))
    return said


def sheet(images: NDArray[np.uint8], *, columns: int = 8) -> bytes:
    """Pictures (n, h, w, 3) side by side, as a JPEG."""
    rows = -(-len(images) // columns)
    height, width = images.shape[1:3]
    page = Image.new("RGB", (columns * width, rows * height), "white")
    for place, image in enumerate(images):
        page.paste(Image.fromarray(image), (place % columns * width, place // columns * height))
    packed = io.BytesIO()
    page.save(packed, format="JPEG", quality=88)
    return packed.getvalue()


def _line(ax: Axes, x: Sequence[float], scores: Sequence, part: str, look: tuple, label: str) -> None:
    """The mean over the seeds, and from the lowest to the highest."""
    every = [[one[f"{part} {ALL}"] for one in several] for several in scores]
    middle = np.mean(every, 1)
    marker, line, colour = look
    spread = np.abs(np.array([np.min(every, 1), np.max(every, 1)]) - middle)
    ax.errorbar(x, middle, spread, marker=marker, ls=line, color=colour, capsize=3, label=label)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(share: float) -> str:
    return f"{share:.1%}"
