"""The classes and functions of a lesson, from its own cells, for tests that put them to other work."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from tools import lessons


def definitions(lesson: str, marks: Sequence[str], **parameters: Any) -> dict[str, Any]:
    """The names that some cells of a lesson define: those in which one of the marks stands."""
    (path,) = lessons.NOTEBOOKS.glob(f"{lesson}_*.ipynb")
    cells = [cell for _, cell in lessons.code_cells(lessons.read(path))]
    chosen = [cell.source for cell in cells if any(mark in cell.source for mark in marks)]
    assert len(chosen) == len(marks), "each mark stands in one cell of its own"
    names: dict[str, Any] = {"__name__": "__main__", **parameters}
    exec("from helpers import begin", names)
    for source in chosen:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(TransformerManager().transform_cell(source), names)
    return names
