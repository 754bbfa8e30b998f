"""Write the students' exercise notebooks from the solutions, by nbgrader's own steps.

What `nbgrader generate_assignment` does with a course directory and a database, this does without them:
the same preprocessors in the same order, with the same settings (notebooks/solutions/nbgrader_config.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import SaveCells
from traitlets.config import PyFileConfigLoader

from tools import lessons

CONFIG = "nbgrader_config.py"


def grading(cell: NotebookNode, key: str) -> Any:
    """A value of a cell's nbgrader metadata; None if there is none."""
    return cell.metadata.get("nbgrader", {}).get(key)


def graded_code(nb: NotebookNode) -> list[NotebookNode]:
    """The test cells."""
    return [cell for _, cell in lessons.code_cells(nb) if grading(cell, "grade")]


def student_version(solution: Path) -> str:
    """The notebook without solutions, hidden tests and outputs, as the text of a file."""
    settings = PyFileConfigLoader(CONFIG, path=str(lessons.NOTEBOOKS / "solutions")).load_config()
    converter = GenerateAssignment(config=settings)
    exporter = converter.exporter_class(config=converter.config)
    for step in converter.preprocessors:
        if step is not SaveCells:  # it fills the database, which only a course directory has
            exporter.register_preprocessor(step)
    text, _ = exporter.from_filename(str(solution))
    return text


def wanted(folder: Path = lessons.NOTEBOOKS) -> Iterator[tuple[Path, str | None]]:
    """Each exercise notebook with the text it ought to have; None if its solution is gone."""
    sources = sorted((folder / "solutions").glob("[0-9][0-9]_*.ipynb"))
    for source in sources:
        yield folder / "exercises" / source.name, student_version(source)
    known = {source.name for source in sources}
    for path in sorted((folder / "exercises").glob("*.ipynb")):
        if path.name not in known:
            yield path, None


def drifted(folder: Path = lessons.NOTEBOOKS) -> Iterator[tuple[Path, str | None]]:
    """Those of `wanted` whose file says something else."""
    for path, text in wanted(folder):
        if text is None or not path.exists() or path.read_text(encoding="utf-8") != text:
            yield path, text


def main(arguments: list[str] | None = None) -> None:
    """`make exercises`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, list the files that differ")
    parser.add_argument("--notebooks", type=Path, default=lessons.NOTEBOOKS, help="default: notebooks/")
    options = parser.parse_args(arguments)
    stale = list(drifted(options.notebooks))
    for path, text in stale:
        if options.check:
            word = "has no solution" if text is None else "differs from its solution"
            print(f"exercises/{path.name}: {word}")
        elif text is None:
            path.unlink()
            print(f"exercises/{path.name}: removed, its solution is gone")
        else:
            lessons.write(path, text)
            print(f"exercises/{path.name}: written")
    if options.check and stale:
        raise SystemExit("The exercises are not those of notebooks/solutions: run `make exercises`.")


if __name__ == "__main__":
    main()
