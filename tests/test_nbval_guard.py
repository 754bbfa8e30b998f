"""The guard over nbval: every hole is opened once on purpose, and the run fails; the intact lesson passes."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import nbval_guard

pytest_plugins = ["pytester"]

DRAW = "import base64\nfrom IPython.display import Image\nImage(data=base64.b64decode(PIXEL), format='png')"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE = new_output("display_data", {"image/png": PIXEL, "text/plain": "a picture"})


def printed(text: str):
    return new_output("stream", name="stdout", text=text)


def intact() -> list:
    """Cells of a small lesson with the outputs that they have."""
    return [
        new_code_cell(f"PIXEL = {PIXEL!r}", execution_count=1),
        new_code_cell(
            "# NBVAL_CHECK_OUTPUT\nprint('✓ it holds')", execution_count=2, outputs=[printed("✓ it holds\n")]
        ),
        new_code_cell(DRAW, execution_count=3, outputs=[PICTURE]),
        new_code_cell("print(6 * 7)", execution_count=4, outputs=[printed("42\n")]),
    ]


def write(path, cells) -> None:
    nb = new_notebook(cells=cells)
    nb.metadata.kernelspec = {
        "name": "a-kernel-of-another-machine",
        "display_name": "?",
        "language": "python",
    }
    nbformat.write(nb, path)


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run nbval under the guard over notebooks given as lists of cells."""

    def go(*options: str, **notebooks: list):
        pytester.makeconftest('pytest_plugins = ["tools.nbval_guard"]')
        pytester.makeini("[pytest]")
        for name, cells in notebooks.items():
            write(pytester.path / f"{name}.ipynb", cells)
        return pytester.runpytest_inprocess(
            "--nbval-lax", "--color=no", "-rs", "-p", "no:cacheprovider", *options
        )

    return go


def test_an_intact_lesson_passes_in_this_environment_whatever_kernel_it_names(run):
    cells = [*intact(), new_code_cell("6 * 7;", execution_count=5)]
    cells.append(
        new_code_cell(
            "import sys; print(sys.executable)", execution_count=6, outputs=[printed("elsewhere\n")]
        )
    )
    run(lesson=cells).assert_outcomes(passed=6)


@pytest.mark.parametrize("what", ["cleared", "counts", "part", "error"])
def test_without_a_complete_stored_run_nothing_starts(run, what):
    cells = intact()
    if what == "error":
        cells[3].outputs = [new_output("error", ename="DeadKernelError", evalue="", traceback=[])]
    for cell in cells[2 if what == "part" else 0 :]:
        if what != "error":
            cell.execution_count = None
        if what == "cleared":
            cell.outputs = []
    result = run(lesson=cells)
    result.assert_outcomes(errors=1)  # in place of all its cells, before a kernel starts
    said = {
        "cleared": "*stores no run: run `make notebooks LESSON=lesson`*",
        "counts": "*stores no run: run `make notebooks LESSON=lesson`*",
        "part": "*stores no run of cell 2, 3: run*",
        "error": "*cell 3 stores an error (DeadKernelError): run*",
    }
    result.stdout.fnmatch_lines([said[what]])


def test_pictures_outputs_and_stderr_are_compared(run):
    gone, undrawn, silent, unstored, loud = (intact() for _ in range(5))
    gone[2].outputs = []
    undrawn[2].source = "print('no picture')"
    silent[3].source = "answer = 6 * 7"
    unstored[3].outputs = []
    loud[3].source += "\nimport warnings; warnings.warn('deprecated soon')"
    # One kernel for all five: each breaks one cell of its own.
    cells = intact()[:1] + [gone[2], undrawn[2], silent[3], unstored[3], loud[3], *intact()[1:]]
    for count, cell in enumerate(cells, 1):
        cell.execution_count = count
    result = run(lesson=cells)
    result.assert_outcomes(passed=4, failed=5)
    result.stdout.fnmatch_lines_random(
        [
            "*it draws 1 picture, but 0 pictures are stored*",
            "*it draws 0 pictures, but 1 picture are stored*",
            "*it has no outputs, but some are stored*",
            "*it has outputs, but none are stored*",
            "*it wrote to stderr: *deprecated soon*",
        ]
    )


def test_native_stderr_is_heard_too(run):
    loud = "import os, time\nos.write(2, b'noise from C++\\n')\ntime.sleep(1)"
    result = run(lesson=[*intact()[:1], new_code_cell(loud, execution_count=2)])
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*it wrote to stderr: noise from C++*"])


@pytest.mark.parametrize("swallows", [False, True])
def test_a_cell_that_takes_too_long_fails_the_run(run, swallows):
    slow = "import time\ntime.sleep(30)"
    if swallows:
        slow = "import time\ntry:\n    time.sleep(30)\nexcept KeyboardInterrupt:\n    pass"
    cells = [*intact()[:1], new_code_cell(slow, execution_count=2), *intact()[3:]]
    result = run("--nbval-cell-timeout=1", lesson=cells)
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["*Timeout of 1 seconds*" if not swallows else "*ran longer than 1 s and swallowed*"]
    )


def test_a_dead_kernel_is_noticed_at_once(run):
    cells = [new_code_cell("import os; os._exit(1)", execution_count=1), *intact()[3:]]
    result = run(lesson=cells)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*the kernel died in this cell*"])
    assert result.duration < 20


def test_a_widget_may_show_a_picture_that_is_not_stored():
    view = new_output("display_data", {nbval_guard.WIDGET: {"model_id": "1"}, "text/plain": "a slider"})
    assert nbval_guard.difference([view, PICTURE], []) == ""
    assert nbval_guard.difference([view, PICTURE], [PICTURE]) == ""
    assert "0 pictures" in nbval_guard.difference([view], [PICTURE])


def test_nbdime_is_refused_in_one_sentence(run):
    result = run("--nbdime", lesson=intact())
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --nbdime does not work with this pytest*"])


@pytest.mark.parametrize(
    ("given", "becomes"),
    [({}, {"nbval_cell_timeout": 300, "nbval_current_env": True, "dist": "no"}),
     ({"dist": "load"}, {"dist": "loadscope"}),
     ({"nbval_cell_timeout": 7.0}, {"nbval_cell_timeout": 7.0}),
     ({"current_env": True}, {"current_env": False, "nbval_current_env": True})],
)  # fmt: skip
def test_options_are_settled(given, becomes):
    from types import SimpleNamespace

    option = SimpleNamespace(
        **{"nbval": False, "nbval_lax": True, "nbdime": False, "nbval_current_env": False,
           "current_env": False, "nbval_cell_timeout": 2000, "dist": "no"} | given
    )  # fmt: skip
    nbval_guard.pytest_configure(SimpleNamespace(option=option))
    assert {name: getattr(option, name) for name in becomes} == becomes
