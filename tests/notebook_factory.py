"""Small notebooks for the tests of the tools: one that keeps every rule, one that runs in a second."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from tools import execute, lessons, stamp, store

# A kernel that believes to be under test does not listen to native stderr; TensorFlow's own settings
# would hide what `begin` does.
INHERITED = ("PYTEST_CURRENT_TEST", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")


def run_cells(folder: Path, sources: list[str], *, go_on_after: Iterable[str] = ()) -> NotebookNode:
    """A notebook of these cells after a run in a real kernel, with their outputs as they would be stored."""
    path = folder / "cells.ipynb"
    lessons.write(path, lessons.text_of(new_notebook(cells=[new_code_cell(source) for source in sources])))
    with pytest.MonkeyPatch.context() as patch:
        for name in INHERITED:
            patch.delenv(name, raising=False)
        patch.setenv("PYTHONPATH", str(lessons.ROOT))
        done = execute.execute(path, go_on_after=go_on_after)
    assert done.error is None
    return done.notebook


TITLE = """\
# 04 · A tiny lesson

You build a tiny model and measure it.

{badge}

| Minutes on two cores | Builds on | Lecture section |
| --- | --- | --- |
| 1 | [another lesson](05_other.ipynb#The-end) | 2.1 |

## Objectives

- Derive the bound $\\log p(x)$.
- Build the model and
  train it.
- Explain where it fails.
"""
PARAGRAPH = "The map shows where the model puts its samples and where the land lies beneath them. " * 4
REFERENCES = "\n".join(f"- [A paper](https://example.org/paper/{n})" for n in range(4))
CLOSING = [
    "## Exercises\n\nWrite it yourself.",
    "## Recap\n\nSee [the start](#First-part).",
    f"## References\n\n{REFERENCES}",
]


def png(level: int = 200, size: int = 8, spot: int | None = None) -> str:
    """A grey picture in base64, with one other pixel if asked for."""
    pixels = np.full((size, size), level, np.uint8)
    if spot is not None:
        pixels[0, 0] = spot
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def picture(alt: str = "a grey square that stands for a figure", **options: int) -> NotebookNode:
    """An output that shows a picture."""
    data = {"image/png": png(**options), "text/plain": "<IPython.core.display.Image object>"}
    return new_output("display_data", data, metadata={"image/png": {"alt": alt, "width": 80}})


def said(text: str, name: str = "stdout") -> NotebookNode:
    """An output that a cell printed."""
    return new_output("stream", name=name, text=text)


def code(source: str, *outputs: NotebookNode, tag: str = "") -> NotebookNode:
    """A cell of code."""
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": [tag]} if tag else {})


def notebook(*cells: NotebookNode) -> NotebookNode:
    """A notebook of these cells, as `make notebooks` writes it."""
    return store.normalise(new_notebook(cells=list(cells)))


def count(nb: NotebookNode) -> None:
    """Number the cells of code as one run does."""
    for number, (_, cell) in enumerate(lessons.code_cells(nb), 1):
        cell.execution_count = number


def good_lesson(folder: Path) -> tuple[NotebookNode, Path]:
    """A lesson that keeps every rule, beside another that it links to."""
    address = stamp.repository()
    cells = [
        new_markdown_cell(TITLE.format(badge=stamp.badge(address, "notebooks/04_tiny.ipynb"))),
        code(stamp.setup_source(address), tag="setup"),
        code("SEED = 1\nBETA = 0.5  # how strong", tag="parameters"),
        code("begin(SEED)\n\nimport numpy as np", said("CPU, 2 cores · seed 1\n")),
        new_markdown_cell("## First part\n\nWhat is $x$?"),
        code("# NBVAL_CHECK_OUTPUT\nprint('✓ it holds')", said("✓ it holds\n")),
        new_markdown_cell(PARAGRAPH),
        code("np.zeros(3) + BETA", picture()),
        new_markdown_cell("## Second part\n\n" + PARAGRAPH),
    ]
    for number in range(15):
        cells += [
            code(f"x = {number}\nprint(x, 'in 1.2 s')", said(f"{number} in 1.2 s\n")),
            new_markdown_cell(PARAGRAPH),
        ]
    nb = new_notebook(cells=[*cells, *map(new_markdown_cell, CLOSING)])
    nb.metadata.course = {"seconds": 30, "peak_gb": 1.2}
    nb = store.normalise(nb)
    count(nb)
    path = folder / "04_tiny.ipynb"
    other = new_notebook(cells=[new_markdown_cell("# 05 · Other\n\n## The end")])
    lessons.write(folder / "05_other.ipynb", lessons.text_of(other))
    lessons.write(path, lessons.text_of(nb))
    return nb, path


QUICK = [
    "# 04 · Quick\n\nYou measure it.\n\n| Minutes on two cores | a | b |\n| --- | --- | --- |\n| 9 | - | - |",
    ("SEED = 7\nBETA = 2.0", "parameters"),
    "Then the work.",
    """\
import json
import os
import time


def check(claim, value, at_most):
    entry = {"claim": claim, "value": value, "wanted": f"at most {at_most}", "holds": value <= at_most}
    with open(os.environ["COURSE_CHECK_LOG"], "a") as log:
        log.write(json.dumps(entry) + "\\n")
    if not entry["holds"]:
        raise CheckFailed(claim)
    print("✓", claim)


class CheckFailed(AssertionError):
    pass""",
    "begun = time.perf_counter()\ncheck('the seed is small', SEED, 3)",
    "print('10 %\\rdone')\nprint(f'{time.perf_counter() - begun:.6f} s')",
    "loss = BETA * SEED\ncheck('the loss is low', loss, 100)",
]


def quick_lesson(path: Path) -> Path:
    """A lesson that runs in a second; its first check holds for seeds up to 3."""
    cells = []
    for cell in QUICK:
        source, tag = cell if isinstance(cell, tuple) else (cell, "")
        text = source.startswith("#") or source.startswith("Then")
        cells.append(new_markdown_cell(source) if text else code(source, tag=tag))
    lessons.write(path, lessons.text_of(new_notebook(cells=cells)))
    return path
