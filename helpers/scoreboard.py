"""All families of models on one ruler: a line for each, measured in the run that shows it."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from IPython.display import Markdown, display

from helpers import world

__all__ = ["Row", "clear", "processor", "record", "rows", "table", "timed"]

Result = TypeVar("Result")
DRAWN = world.COVERAGE_SAMPLES


@dataclass(frozen=True)
class Row:
    """One model on the map."""

    model: str
    score: world.Score
    train_seconds: float
    sample_seconds: float
    """For a thousand samples."""
    parameters: int


_rows: dict[str, Row] = {}


def record(
    model: str,
    draw: Callable[[int], np.ndarray],
    log_density: world.LogDensity | None = None,
    *,
    seconds: float,
    parameters: int,
) -> Row:
    """Score a model by the samples that `draw(n)` returns and by its log-density; keep it for `table`.

    `seconds` were spent on training.
    Recording a model of the same name again replaces its line.
    """
    draw(1000)  # the first call may compile; what a user waits for is the second
    _, sample_seconds = timed(draw, 1000)
    score = world.score(np.asarray(draw(DRAWN)), log_density)
    row = Row(model, score, seconds, sample_seconds, parameters)
    _rows[model] = row
    return row


def timed(function: Callable[..., Result], *arguments: Any) -> tuple[Result, float]:
    """What the function returns, and the seconds it took."""
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def rows() -> tuple[Row, ...]:
    """The lines so far, in the order of their recording."""
    return tuple(_rows.values())


def clear() -> None:
    """Forget all lines."""
    _rows.clear()


def table() -> None:
    """Display the lines as a table."""
    head = (
        "| model | accuracy: samples on land | coverage: land found by 10,000 samples "
        "| KL to the truth (nats) | training | 1,000 samples | parameters |\n"
        "|:---|---:|---:|---:|---:|---:|---:|\n"
    )
    lines = [
        f"| {row.model} | {row.score.accuracy:.1%} | {row.score.coverage:.1%} | {_nats(row.score)} "
        f"| {row.train_seconds:.1f} s | {1000 * row.sample_seconds:.1f} ms | {row.parameters:,} |"
        for row in _rows.values()
    ]
    note = f"\n\n*Seconds of this run, on {processor()}.*"
    display(Markdown(head + "\n".join(lines) + note))


def _nats(score: world.Score) -> str:
    if np.isnan(score.kl):
        return "no density"
    if np.isinf(score.kl):
        return "∞"
    return f"{score.kl:.3f} ± {score.kl_error:.3f}"


def processor() -> str:
    """The name of this machine's processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
