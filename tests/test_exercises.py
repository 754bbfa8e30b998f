"""Every exercise notebook: the reference passes, a blank stub fails, a mistake fails with its own message."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from helpers import plots
from tools import exercises, lessons
from tools.exercises import graded_code, grading

SOLUTIONS = sorted((lessons.NOTEBOOKS / "solutions").glob("[0-9][0-9]_*.ipynb"))

each_notebook = pytest.mark.parametrize("source", SOLUTIONS, ids=lambda path: path.stem)


def regions(cells: list[NotebookNode], kind: str) -> list[str]:
    """The texts between `### BEGIN kind` and `### END kind`."""
    pattern = re.compile(rf"### BEGIN {kind}\n(.*?)### END {kind}", re.DOTALL)
    return [found for cell in cells for found in pattern.findall(cell.source)]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    """Run a notebook's code in this process: cheap enough for every mistake. Pictures are not rendered."""
    monkeypatch.setattr(plots, "show", lambda fig, *, alt: plt.close(fig))
    python = TransformerManager()

    def run_cells(nb: NotebookNode, *, whole: bool = True) -> dict[str, str]:
        """The message of each test that failed, by its grade id; any other error is raised.

        What follows the last test, the open question's trial, takes longest; a mistake need not wait for it.
        """
        names: dict[str, object] = {"__name__": "__main__"}
        failed = {}
        cells = lessons.code_cells(nb)
        last = max(place for place, (_, cell) in enumerate(cells) if grading(cell, "grade"))
        for number, cell in cells if whole else cells[: last + 1]:
            code = compile(python.transform_cell(cell.source), f"cell {number}", "exec")
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(code, names)
            except Exception as error:
                if not grading(cell, "grade"):
                    raise
                failed[grading(cell, "grade_id")] = f"{type(error).__name__}: {error}"
        return failed

    with np.errstate():  # what a notebook sets ends with its test
        yield run_cells


def mistakes(source: Path) -> list[dict[str, str]]:
    """The mistakes that are written down beside a notebook."""
    path = source.with_suffix(".mistakes.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))["mistake"]


def with_mistake(nb: NotebookNode, mistake: dict[str, str]) -> NotebookNode:
    """The notebook with one mistake in one of its solutions."""
    (cell,) = [cell for cell in nb.cells if grading(cell, "grade_id") == mistake["cell"]]
    (solution,) = regions([cell], "SOLUTION")
    found = solution.count(mistake["replace"])
    assert found == 1, f"{mistake['name']}: the solution has the text to replace {found} times, not once"
    cell.source = cell.source.replace(solution, solution.replace(mistake["replace"], mistake["by"]))
    return nb


MISTAKES = [
    pytest.param(path, m, id=f"{path.stem[:2]}: {m['name']}") for path in SOLUTIONS for m in mistakes(path)
]


@each_notebook
def test_the_metadata_are_complete(source: Path) -> None:
    nb = lessons.read(source)
    assert len(graded_code(nb)) >= 3, "a lesson has three exercises or more"
    waiting = []
    for cell in nb.cells:
        if grading(cell, "solution") and cell.cell_type == "code":
            assert "### BEGIN SOLUTION" in cell.source, f"{cell.id}: nothing would be left"
            waiting.append(cell.id)
        if grading(cell, "grade"):
            assert grading(cell, "points") > 0, f"{cell.id}: no points"
            assert waiting or cell.cell_type == "markdown", f"{cell.id}: a test comes after its solution"
            assert "raises-exception" not in lessons.tags(cell), f"{cell.id}: a failure must show"
    total = sum(grading(cell, "points") or 0 for cell in nb.cells)
    assert f"| **{total}** |" in nb.cells[0].source, f"the points add up to {total}: say so in the title cell"


@each_notebook
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_reference_passes_with_any_seed(source: Path, seed: int, run) -> None:
    nb = lessons.read(source)
    (cell,) = [cell for _, cell in lessons.code_cells(nb) if "parameters" in lessons.tags(cell)]
    cell.source, changes = re.subn(r"(?m)^SEED = \d+$", f"SEED = {seed}", cell.source)
    assert changes == 1
    assert run(nb) == {}


@each_notebook
def test_a_blank_stub_fails_every_test_and_says_what_is_missing(source: Path, run) -> None:
    nb = nbformat.reads(exercises.student_version(source), as_version=4)
    failed = run(nb)
    assert failed.keys() == {grading(cell, "grade_id") for cell in graded_code(nb)}
    for grade_id, message in failed.items():
        assert "returned nothing" in message, f"{grade_id}: a blank stub is told {message!r}"


@each_notebook
def test_each_exercise_has_two_mistakes(source: Path) -> None:
    known = mistakes(source)
    assert len({m["name"] for m in known}) == len(known), "two mistakes have the same name"
    for cell in graded_code(lessons.read(source)):
        caught = [m for m in known if m["fails"] == grading(cell, "grade_id")]
        assert len(caught) >= 2, f"{grading(cell, 'grade_id')}: write down two mistakes that it catches"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("source", "mistake"), MISTAKES)
def test_a_mistake_fails_its_own_test_with_its_message(source: Path, mistake: dict[str, str], run) -> None:
    failed = run(with_mistake(lessons.read(source), mistake), whole=False)
    assert list(failed) == [mistake["fails"]]
    assert mistake["says"] in failed[mistake["fails"]]
    assert failed[mistake["fails"]].startswith("AssertionError")


@each_notebook
def test_a_mistake_that_no_longer_fits_is_reported(source: Path) -> None:
    stale = {**mistakes(source)[0], "replace": "text that is in no solution"}
    with pytest.raises(AssertionError, match="0 times"):
        with_mistake(lessons.read(source), stale)


@each_notebook
def test_the_student_version_is_up_to_date_and_gives_nothing_away(source: Path) -> None:
    nb = lessons.read(source)
    path = lessons.NOTEBOOKS / "exercises" / source.name
    assert path.read_text(encoding="utf-8") == exercises.student_version(source), "run `make exercises`"
    student = lessons.read(path)
    told = {line.strip() for cell in student.cells for line in cell.source.splitlines()}
    secret = regions(nb.cells, "SOLUTION") + regions(nb.cells, "HIDDEN TESTS")
    secret += [c.source for c in nb.cells if c.cell_type == "markdown" and grading(c, "solution")]
    everywhere = "\n".join(cell.source for cell in nb.cells)
    for text in secret:
        everywhere = everywhere.replace(text, "")
    public = {line.strip() for line in everywhere.splitlines()}
    assert len(secret) >= 2 * len(graded_code(nb)), "each exercise has a solution and hidden tests"
    assert not {line.strip() for text in secret for line in text.splitlines()} & (told - public)
    assert not [line for line in told if re.search(r"(BEGIN|END) (SOLUTION|HIDDEN)", line)]
    for _, cell in lessons.code_cells(student):
        assert not cell.outputs and cell.execution_count is None
        ast.parse(TransformerManager().transform_cell(cell.source))
        assert ("raises-exception" in lessons.tags(cell)) == bool(grading(cell, "grade"))


def test_check_names_what_drifted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "solutions").mkdir()
    source = tmp_path / "solutions" / SOLUTIONS[0].name
    source.write_bytes(SOLUTIONS[0].read_bytes())
    here = ["--notebooks", str(tmp_path)]
    exercises.main(here)
    exercises.main([*here, "--check"])
    student = tmp_path / "exercises" / source.name
    student.write_text(student.read_text(encoding="utf-8").replace("YOUR CODE HERE", "MY CODE HERE"), "utf-8")
    (tmp_path / "exercises" / "99_gone.ipynb").write_text("{}", encoding="utf-8")
    capsys.readouterr()
    with pytest.raises(SystemExit):
        exercises.main([*here, "--check"])
    said = capsys.readouterr().out
    assert f"{source.name}: differs" in said and "99_gone.ipynb: has no solution" in said
    exercises.main(here)
    assert sorted(path.name for path in student.parent.iterdir()) == [source.name]
    exercises.main([*here, "--check"])
