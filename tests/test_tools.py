"""The tools that run and measure the notebooks, on small notebooks of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook
from notebook_factory import code, notebook, quick_lesson

from tools import cover, execute, lessons, rules_anatomy, run, seeds, study, table
from tools.page import html_of, mathml


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A lesson and one run of it with the seed at which everything holds."""
    path = quick_lesson(tmp_path_factory.mktemp("notebooks") / "04_quick.ipynb")
    return path, execute.execute(path, parameters={"SEED": 3})


def test_a_run_is_measured(quick):
    _, done = quick
    assert done.error is None
    assert 0.1 < done.seconds < 60
    assert 0.03 < done.peak_gb < 1
    assert [(c["claim"], c["value"], c["holds"]) for c in done.checks] == [
        ("the seed is small", 3, True),
        ("the loss is low", 6, True),
    ]


def test_the_kernel_is_this_environments_in_the_notebooks_folder(tmp_path):
    path = tmp_path / "04_where.ipynb"
    nb = notebook(code("import os, sys\nprint(sys.prefix)\nprint(os.getcwd())"))
    nb.metadata.kernelspec.name = "a-kernel-of-another-machine"
    lessons.write(path, lessons.text_of(nb))
    cell = execute.execute(path).notebook.cells[0]
    assert cell.outputs[0].text.split() == [sys.prefix, str(tmp_path)]


def test_an_error_is_reported_with_its_cell_and_what_was_checked_before(quick, tmp_path):
    stopped = execute.execute(quick_lesson(tmp_path / "04_quick.ipynb"))  # SEED = 7
    assert stopped.error == "cell 5: CheckFailed: the seed is small"
    assert [c["holds"] for c in stopped.checks] == [False]
    assert run.verdict(tmp_path / "04_quick.ipynb", stopped) == f"stopped at {stopped.error}"


def test_a_time_out_and_a_dead_kernel_are_reported(tmp_path):
    path = tmp_path / "04_stuck.ipynb"
    for source, reason in (
        ("import time; time.sleep(60)", "took too long"),
        ("import os; os._exit(1)", "died"),
    ):
        lessons.write(path, lessons.text_of(notebook(code(source))))
        assert reason in execute.execute(path, cell_timeout=1).error


def test_an_unknown_parameter_is_named(quick):
    with pytest.raises(SystemExit, match="04_quick has no parameter GAMMA; it has: SEED, BETA"):
        execute.execute(quick[0], parameters={"GAMMA": 1})


def test_the_row_of_a_run_and_its_budget(quick, tmp_path):
    path, done = quick
    assert run.row(path, done).split() == [
        "04_quick",
        f"{done.seconds:.0f}",
        "s",
        f"{done.peak_gb:.1f}",
        "GB",
        "2/2",
    ]
    slow = execute.Run(done.notebook, seconds=151, peak_gb=1)
    large = execute.Run(done.notebook, seconds=61, peak_gb=3.2)
    assert "budget of 150 s" in run.verdict(path, slow)
    assert "budget of 3 GB" in run.verdict(path, large)
    assert "budget of 60 s" in run.verdict(tmp_path / "01_world_map.ipynb", large)


def test_the_readme_says_what_the_run_measured(quick, tmp_path):
    path = quick_lesson(tmp_path / "notebooks" / "04_quick.ipynb")
    run.save(path, execute.Run(quick[1].notebook, seconds=61.2, peak_gb=0.91))
    nb = lessons.read(path)
    assert nb.metadata.course == {"seconds": 65, "peak_gb": 1.0}
    assert "| 2 | - | - |" in nb.cells[0].source

    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    assert table.refresh(readme, path.parent)
    assert not table.refresh(readme, path.parent)
    text = readme.read_text()
    assert "| [04 · Quick](notebooks/04_quick.ipynb) | You measure it. | 2 | 1 GB |\n" in text
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    with pytest.raises(SystemExit, match="no place for the table"):
        table.with_table("no markers", [path])


def test_the_table_in_the_readme_is_that_of_the_lessons():
    readme = table.README.read_text(encoding="utf-8")
    assert table.with_table(readme, lessons.lessons()) == readme, "run `make table`"


def test_lessons_are_chosen_by_number_name_or_path(tmp_path):
    paths = [quick_lesson(tmp_path / name) for name in ("04_quick.ipynb", "05_slow.ipynb")]
    assert lessons.lessons("", tmp_path) == paths
    for which in ("05", "05_slow", "notebooks/05_slow.ipynb"):
        assert lessons.lessons(which, tmp_path) == paths[1:]
    with pytest.raises(SystemExit, match="No lesson '06'.*04_quick, 05_slow"):
        lessons.lessons("06", tmp_path)


def test_the_spread_over_seeds_counts_checks_that_fail(quick, capsys):
    runs = seeds.run_seeds(quick[0], [3, 4])
    small, low = seeds.summary(runs)
    assert (small["values"], small["holds"], small["fails"], small["missing"]) == ([3, 4], [3], [4], [])
    # The failed check ended its cell, not the run: what comes after it is measured too.
    assert (low["values"], low["holds"], low["fails"]) == ([6, 8], [3, 4], [])
    line = " ".join(seeds.line(small, 2).split())
    assert line == "1/2 3 / 3.5 / 4 the seed is small (at most 3) · fails for seed 4"
    assert "seed 4: 1/2 checks hold" in capsys.readouterr().out


def test_a_check_that_a_seed_did_not_reach_is_said():
    nb = new_notebook()
    check = {"claim": "it holds", "value": None, "wanted": "", "holds": True}
    runs = {1: execute.Run(nb, checks=[check]), 2: execute.Run(nb, error="cell 3: ValueError")}
    assert seeds.line(seeds.summary(runs)[0], 2).endswith("it holds (true) · not reached for seed 2")


def test_a_bound_that_was_measured_makes_no_claim_of_its_own():
    nb = new_notebook()
    check = {"claim": "it fits", "value": 2.0, "wanted": "within 1 of 2.1", "holds": True}
    runs = {
        1: execute.Run(nb, checks=[check]),
        2: execute.Run(nb, checks=[check | {"wanted": "within 1 of 2.2"}]),
    }
    rows = seeds.summary(runs)
    assert [(row["wanted"], row["holds"]) for row in rows] == [("within 1 of 2.1 or so", [1, 2])]


STUDY = """\
grid:
  BETA: [1.0, 2.5]
  SEED: [1]
values:
  doubled: 2 * loss
checks:
  seed: the seed is small
"""


def test_a_study_goes_on_where_it_stopped(tmp_path, capsys):
    path = quick_lesson(tmp_path / "04_quick.ipynb")
    source, result = tmp_path / "04_quick.yaml", tmp_path / "studies" / "04_quick.csv"
    source.write_text(STUDY.replace(", 2.5", ""))
    assert study.run_study(path, source, result) == 1
    first = result.read_text().splitlines()
    source.write_text(STUDY)
    assert study.run_study(path, source, result) == 1
    assert study.run_study(path, source, result) == 0

    lines = result.read_text().splitlines()
    assert lines[0].startswith("# 2 runs of notebooks/04_quick.ipynb")
    assert "keras" in lines[1]
    assert lines[2] == "BETA,SEED,doubled,seed,seconds"
    assert lines[3] == first[3] and lines[3].startswith("1.0,1,2,1,")
    assert lines[4].startswith("2.5,1,5,1,")

    source.write_text(STUDY.replace("doubled", "twice"))
    with pytest.raises(SystemExit, match="other columns"):
        study.run_study(path, source, result)


def test_a_lesson_without_a_study_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(study, "STUDIES", tmp_path)
    monkeypatch.setattr(lessons, "lessons", lambda which: [tmp_path / "04_quick.ipynb"])
    monkeypatch.setattr(sys, "argv", ["study", "04"])
    with pytest.raises(SystemExit, match="No study for 04_quick"):
        study.main()


def test_the_readmes_picture_is_a_figure_of_the_first_lesson():
    assert cover.COVER.read_bytes() == cover.picture(), "run `make table`"
    assert cover.COVER.name in table.README.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", lessons.everything(), ids=lambda path: f"{path.parent.name}/{path.stem[:2]}")
def test_a_page_shows_every_formula_without_a_network(path: Path) -> None:
    nb = lessons.read(path)
    text = "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    page = html_of(nb)
    assert page.count("<math") == len(rules_anatomy.FORMULAS.findall(rules_anatomy.CODE.sub("", text)))
    assert "<script" not in page, "a page fetches nothing"


def test_an_unknown_word_of_latex_is_reported() -> None:
    with pytest.raises(ValueError, match="No MathML"):
        mathml(r"\nonsense x", "inline")
