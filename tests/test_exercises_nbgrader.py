"""The instructor's whole way through nbgrader, with its own commands and real kernels."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbformat import NotebookNode

from tools import exercises, lessons
from tools.exercises import graded_code, grading

SOLUTIONS = sorted((lessons.NOTEBOOKS / "solutions").glob("[0-9][0-9]_*.ipynb"))
SECONDS = 60  # for one exercise notebook, the start of its kernel included

each_notebook = pytest.mark.parametrize("source", SOLUTIONS, ids=lambda path: path.stem)


@dataclass(frozen=True)
class Course:
    """A course directory in which alice, who solved everything, and bob, who did nothing, were graded."""

    folder: Path
    seconds: float  # for all notebooks of both

    def read(self, step: str, name: str) -> NotebookNode:
        """A notebook after one of nbgrader's steps."""
        return lessons.read(self.folder / step / "exercises" / name)


def solved(source: Path) -> NotebookNode:
    """The student version with the reference solutions filled in: no hidden tests, as a student has it."""
    nb = nbformat.reads(exercises.student_version(source), as_version=4)
    for cell, reference in zip(nb.cells, lessons.read(source).cells, strict=True):
        if grading(cell, "solution"):
            cell.source = reference.source
    return nb


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """All lessons' exercises as one assignment: released, handed in, graded, returned and exported."""
    folder = tmp_path_factory.mktemp("course")
    # As in an activated environment (nbgrader calls `alembic`), without the user's own settings.
    programs = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    environment = {**os.environ, "PATH": programs, "JUPYTER_CONFIG_DIR": str(folder / "no_settings")}

    def nbgrader(*arguments: str) -> None:
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def put(place: str, name: str, nb: NotebookNode) -> None:
        lessons.write(folder / place / "exercises" / name, lessons.text_of(nb))

    settings = lessons.NOTEBOOKS / "solutions" / exercises.CONFIG
    (folder / exercises.CONFIG).write_bytes(settings.read_bytes())
    for source in SOLUTIONS:
        put("source", source.name, lessons.read(source))
    nbgrader("generate_assignment", "exercises")
    for source in SOLUTIONS:
        put("submitted/alice", source.name, solved(source))
        put("submitted/bob", source.name, lessons.read(folder / "release" / "exercises" / source.name))
    begun = time.perf_counter()
    nbgrader("autograde", "exercises")
    seconds = time.perf_counter() - begun
    nbgrader("generate_feedback", "exercises")
    nbgrader("export")
    return Course(folder, seconds)


def test_the_kernel_is_the_one_of_this_environment() -> None:
    kernel = KernelSpecManager().get_kernel_spec("python3")
    assert Path(kernel.resource_dir).is_relative_to(sys.prefix), "another environment's kernel comes first"


@each_notebook
def test_nbgrader_releases_what_make_exercises_writes(source: Path, course: Course) -> None:
    released = course.folder / "release" / "exercises" / source.name
    assert released.read_text(encoding="utf-8") == exercises.student_version(source)


@each_notebook
@pytest.mark.parametrize("student", ["alice", "bob"])
def test_the_notebook_runs_to_the_end(source: Path, student: str, course: Course) -> None:
    """Only bob's tests fail, and they hold the hidden tests again."""
    graded = course.read(f"autograded/{student}", source.name)
    code = [cell for _, cell in lessons.code_cells(graded)]
    assert all(cell.execution_count for cell in code)
    failed = [c.id for c in code if any(output.output_type == "error" for output in c.outputs)]
    tests = graded_code(lessons.read(source))
    assert failed == ([] if student == "alice" else [cell.id for cell in tests])
    assert [cell.source for cell in graded_code(graded)] == [cell.source for cell in tests]


@each_notebook
def test_the_marks_are_full_and_zero(source: Path, course: Course) -> None:
    nb = lessons.read(source)
    everything = sum(grading(cell, "points") or 0 for cell in nb.cells)
    by_machine = sum(grading(cell, "points") for cell in graded_code(nb))
    for student, points in {"alice": by_machine, "bob": 0}.items():
        page = course.folder / "feedback" / student / "exercises" / f"{source.stem}.html"
        score = f"{source.stem} (Score: {points:.1f} / {everything:.1f})"
        assert score in page.read_text(encoding="utf-8")


def test_the_exported_table_has_the_sums(course: Course) -> None:
    cells = [cell for source in SOLUTIONS for cell in lessons.read(source).cells]
    everything = sum(grading(cell, "points") or 0 for cell in cells)
    by_reader = sum(grading(cell, "points") or 0 for cell in cells if cell.cell_type == "markdown")
    with open(course.folder / "grades.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    marks = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in rows}
    assert marks == {"alice": (everything - by_reader, everything), "bob": (0, everything)}


def test_an_exercise_takes_less_than_a_minute(course: Course) -> None:
    assert course.seconds < 2 * SECONDS * len(SOLUTIONS)
