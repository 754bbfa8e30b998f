"""Every notebook keeps the rules; every rule is seen to fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell, new_output
from notebook_factory import code, count, good_lesson, picture, said

from tools import lessons, rules, store

PAIRS = [
    pytest.param(path, rule, id=f"{path.relative_to(lessons.NOTEBOOKS).as_posix()}-{rule.__name__}")
    for path in lessons.everything()
    for rule in rules.rules_for(path)
]


def test_there_are_lessons():
    assert lessons.lessons(), "notebooks/ holds no lesson"


@pytest.mark.parametrize(("path", "rule"), PAIRS)
def test_a_notebook_keeps_the_rules(path: Path, rule: rules.Rule):
    if found := list(rule(lessons.read(path), path)):
        pytest.fail("\n".join(found), pytrace=False)


# Each change breaks the good lesson, of which these are the cells.
TITLE, SETUP, PARAMETERS, BEGIN, FIRST, CHECK, TEXT, FIGURE = range(8)
LAST_CODE, EXERCISES, RECAP, REFERENCES = -5, -3, -2, -1


def replace(cell: int, old: str, new: str):
    def change(nb):
        assert old in nb.cells[cell].source
        nb.cells[cell].source = nb.cells[cell].source.replace(old, new)

    return change


def outputs(*shown, cell: int = LAST_CODE):
    return lambda nb: nb.cells[cell].update(outputs=list(shown))


def source(text: str, cell: int = LAST_CODE):
    return lambda nb: nb.cells[cell].update(source=text)


def course(**values):
    return lambda nb: nb.metadata.update(course=values)


def tag(name: str):
    return lambda nb: nb.cells[LAST_CODE].metadata.update(tags=[name])


def insert(kind: str, times: int):
    """More cells among the last ones."""

    def change(nb):
        for number in range(times):
            cell = code("y = 1") if kind == "code" else new_markdown_cell("Look.")
            cell.id = f"new-{number}"
            nb.cells.insert(9 + 2 * number, cell)
        count(nb)

    return change


def code_first(nb):
    nb.cells[9:17] = sorted(nb.cells[9:17], key=lambda cell: cell.cell_type)


def swap_ends(nb):
    nb.cells[EXERCISES], nb.cells[RECAP] = nb.cells[RECAP], nb.cells[EXERCISES]


def few_words(nb):
    for cell in nb.cells[TEXT:EXERCISES]:
        if cell.cell_type == "markdown" and not cell.source.startswith("##"):
            cell.source = r"Short: $$\text{" + "a formula is no text " * 90 + "}$$"


LONG = "\n".join(f"a{n} = {n}" for n in range(41))
MANY = "\n".join(f"a{n} = {n}" for n in range(14))
HALF = "\n".join(f"a{n} = {n}" for n in range(21))
WIDGET = new_output("display_data", {store.WIDGET: {"model_id": "1"}})

BREAKS = [
    ("title", "number 05", replace(TITLE, "# 04", "# 05")),
    ("title", "begin with `# NN · Title`", replace(TITLE, "# 04 · A", "# A")),
    ("title", "a paragraph under", replace(TITLE, "You build a tiny model and measure it.", "")),
    ("title", "badge", replace(TITLE, "[![Open", "[[Open")),
    ("title", "whole number", replace(TITLE, "| 1 |", "| soon |")),
    ("title", "three columns", replace(TITLE, " | Lecture section |", " |")),
    ("objectives", "`## Objectives`", replace(TITLE, "## Objectives", "You can:")),
    ("objectives", "three to five", replace(TITLE, "- Explain", "  Explain")),
    ("objectives", "'The bound", replace(TITLE, "Derive the", "The")),
    ("setup", "differs", replace(SETUP, "once", "twice")),
    ("setup", "carries the tag", lambda nb: nb.cells[SETUP].metadata.clear()),
    ("parameters", "literal", replace(PARAMETERS, "0.5", "1 / 2")),
    ("parameters", "literal", replace(PARAMETERS, "BETA = 0.5", "BETA, y = 0, 1")),
    ("parameters", "SEED is the first", source("BETA = 0.5\nSEED = 1", PARAMETERS)),
    ("parameters", "begin(SEED)", replace(BEGIN, "begin(SEED)", "begin(3)")),
    ("parameters", "carries the tag", tag("parameters")),
    ("sections", "no section `## Recap`", replace(RECAP, "Recap", "Summary")),
    ("sections", "before the recap", swap_ends),
    ("sections", "links, not 3", replace(REFERENCES, "https://example.org/paper/0", "#First-part")),
    ("sections", "not 0", replace(REFERENCES, "References", "Links")),
    ("sections", "at least two", replace(8, "## Second", "### Second")),
    ("measure", "61 cells", insert("markdown", 19)),
    ("measure", "at least half", insert("code", 4)),
    ("measure", "words", few_words),
    ("code_length", "never more than 40", source(LONG)),
    ("code_length", "one in ten", lambda nb: [nb.cells[n].update(source=HALF) for n in (-5, -7, -9)]),
    ("code_length", "median", lambda nb: [nb.cells[n].update(source=MANY) for n in range(-25, -4, 2)]),
    ("pace", "without a word", code_first),
    ("self_checks", "✓", outputs(said("it holds\n"), cell=CHECK)),
    ("valid", "not as `make notebooks`", lambda nb: nb.cells[TEXT].metadata.update(collapsed=True)),
    ("valid", "not as `make notebooks`", lambda nb: nb.metadata.update(papermill={"duration": 3})),
    ("valid", "not a valid notebook", lambda nb: nb.cells[CHECK].outputs[0].update(mood="good")),
    ("executed", "count 9 instead of 4", lambda nb: nb.cells[CHECK].update(execution_count=9)),
    ("executed", "count None instead of 6", lambda nb: nb.cells[9].update(execution_count=None)),
    ("clean", "stderr: I must say", outputs(said("I must say\n", name="stderr"))),
    ("clean", "stores an error", outputs(new_output("error", ename="E", evalue="", traceback=[]))),
    ("clean", "301 lines", outputs(said("line\n" * 301))),
    ("alt_text", "image without alt text", outputs(picture(alt=""))),
    ("alt_text", "shorter than 20", outputs(picture(alt="a figure"))),
    ("alt_text", "a file's name", outputs(picture(alt="figure of the loss at the end.png"))),
    ("alt_text", "without alt text", outputs(new_output("display_data", {"text/html": "<img src='a'>"}))),
    ("size", "MB", outputs(said("x" * 1_500_000))),
    ("paths", "/home/me/data", source("print('/home/me/data')")),
    ("paths", "/tmp/ipykernel", outputs(said("see /tmp/ipykernel_1/2.py\n"))),
    ("paths", r"C:\\Users", source(r"print('C:\\Users\\me')")),
    ("links", "06_none.ipynb", replace(TITLE, "05_other.ipynb", "06_none.ipynb")),
    ("links", "no such heading", replace(TITLE, "#The-end", "#The-beginning")),
    ("links", "no such heading", replace(RECAP, "#First-part", "#first-part")),
    ("nbval_marks", "NBVAL_SKIP", source("# NBVAL_SKIP\nx = 1")),
    ("nbval_marks", "raises-exception", tag("raises-exception")),
    ("nbval_marks", "NBVAL_SKIP", tag("nbval-skip")),
    ("nbval_marks", "prints none", replace(FIGURE, "np", "# NBVAL_CHECK_OUTPUT\nnp")),
    ("nbval_marks", "compares a time", outputs(said("✓ it held\nafter 3.2 s\n"), cell=CHECK)),
    ("widgets", "stores a widget", outputs(WIDGET)),
    ("widgets", "state of widgets", lambda nb: nb.metadata.update(widgets={})),
    ("cost", "make run SAVE=1", course(seconds=30.5, peak_gb=1.0)),
    ("cost", "make run SAVE=1", lambda nb: nb.metadata.pop("course")),
    ("cost", "the budget is 150 s", course(seconds=155, peak_gb=1.0)),
    ("cost", "the budget is 150 s", course(seconds=15, peak_gb=3.1)),
    ("style", "F401", source("import os")),
    ("spelling", "==> The", replace(TEXT, "The map", "Teh map")),  # codespell:ignore
]  # fmt: skip


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return good_lesson(tmp_path_factory.mktemp("notebooks"))


def broken_rules(nb, path) -> dict[str, str]:
    """What each rule says, without those that have nothing to say."""
    texts = {rule.__name__: "\n".join(rule(nb, path)) for rule in rules.LESSON}
    return {name: text for name, text in texts.items() if text}


def test_a_good_lesson_breaks_no_rule(lesson):
    nb, path = lesson
    assert broken_rules(nb, path) == {}
    assert list(rules.problems(path)) == []


@pytest.mark.parametrize(("rule", "message", "change"), BREAKS)
def test_each_rule_says_what_is_wrong_and_no_other_does(lesson, tmp_path, rule, message, change):
    nb, _ = good_lesson(tmp_path)
    change(nb)
    path = tmp_path / "04_tiny.ipynb"
    lessons.write(path, lessons.text_of(nb))
    found = broken_rules(nb, path)
    if rule == "widgets":  # `make notebooks` would not have written it either
        assert found.pop("valid")
    assert list(found) == [rule]
    assert message in found[rule]


def test_every_rule_was_seen_to_fail():
    assert {rule for rule, _, _ in BREAKS} == {rule.__name__ for rule in rules.LESSON}


def test_solutions_and_exercises_keep_fewer_rules():
    kinds = [
        rules.rules_for(Path("notebooks", part, "04_tiny.ipynb")) for part in ("", "solutions", "exercises")
    ]
    assert [set(kinds[0]) > set(kinds[1]), set(kinds[1]) > set(kinds[2])] == [True, True]
