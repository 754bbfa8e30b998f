"""What `helpers` offers again of a lesson's code is that lesson's code, line by line."""

from __future__ import annotations

import inspect

import pytest

from helpers.quiet import hushed
from tools import lessons

with hushed():
    from helpers import autoregressive, variational

SOURCES = {variational: "04", autoregressive: "05"}


@pytest.mark.parametrize(
    ("module", "name", "lesson"),
    [(module, name, lesson) for module, lesson in SOURCES.items() for name in module.__all__],
)
def test_the_code_is_that_of_its_lesson(module, name, lesson):
    source = inspect.getsource(getattr(module, name))
    (path,) = lessons.NOTEBOOKS.glob(f"{lesson}_*.ipynb")
    assert any(source in cell.source + "\n" for cell in lessons.read(path).cells if cell.cell_type == "code")
