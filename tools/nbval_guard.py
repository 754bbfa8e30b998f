"""A pytest plugin that closes what nbval leaves open when it runs the lessons cell by cell.

By itself nbval 0.11 lets a notebook pass whose outputs were cleared, whose pictures are gone or whose
code draws no more; it expects the cells after a time-out to fail, takes a cell that survives the
interrupt for a good one, waits for a dead kernel, ignores stderr, and starts another environment's
kernel.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Generator
from queue import Empty
from typing import Any

import pytest
from nbformat import NotebookNode
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

NBVAL_TIMEOUT, CELL_TIMEOUT = 2000, 300  # seconds: nbval's default, and ours
WIDGET = "application/vnd.jupyter.widget-view+json"
WHOLE_FILE = ("no", "loadscope", "loadfile")  # ways of pytest-xdist that keep a notebook together

Outputs = list[NotebookNode]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Settle the options of nbval that this course does not leave open."""
    option = config.option
    if not (option.nbval or option.nbval_lax):
        return
    if option.nbdime:
        raise pytest.UsageError("--nbdime does not work with this pytest: compare with `nbdiff` instead")
    option.nbval_current_env, option.current_env = True, False
    if option.nbval_cell_timeout == NBVAL_TIMEOUT:
        option.nbval_cell_timeout = CELL_TIMEOUT
    if getattr(option, "dist", "no") not in WHOLE_FILE:
        option.dist = "loadscope"
    RunningKernel.await_reply = _await_reply
    RunningKernel.__init__ = _start


def _start(kernel: RunningKernel, *args: Any, _starts: Any = RunningKernel.__init__, **options: Any) -> None:
    """What nbval does, but a kernel that inherits this variable would not listen to native stderr."""
    test = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        _starts(kernel, *args, **options)
    finally:
        if test is not None:
            os.environ["PYTEST_CURRENT_TEST"] = test


def _await_reply(
    kernel: RunningKernel, msg_id: str, timeout: float | None = None, _waits: Any = RunningKernel.await_reply
) -> None:
    """What nbval does, in short waits, so that a kernel that died is noticed at once."""
    end = time.monotonic() + (timeout or CELL_TIMEOUT)
    while True:
        try:
            return _waits(kernel, msg_id, timeout=max(0.01, min(1.0, end - time.monotonic())))
        except Empty:
            if not kernel.is_alive():
                raise RuntimeError("the kernel died in this cell (out of memory?)") from None
            if time.monotonic() > end:
                raise


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """A notebook without a complete stored run is one failure, not one for each cell."""
    report = yield
    if isinstance(collector, IPyNbFile) and report.result and _not_stored(collector.nb):
        report.result = report.result[:1]
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before a kernel starts: refuse what was not run; after a time-out: say that a cell was not reached."""
    if isinstance(item, IPyNbCell):
        if problem := _not_stored(item.parent.nb):
            pytest.fail(f"{problem}: run `make notebooks LESSON={item.path.stem}`", pytrace=False)
        if item.parent.timed_out:
            pytest.skip("not reached: a cell before took too long, which fails this run")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """After a cell: compare what nbval does not."""
    result = yield
    if isinstance(item, IPyNbCell):
        problem = (
            f"ran longer than {item.config.option.nbval_cell_timeout:g} s and swallowed the interrupt"
            if item.parent.timed_out
            else difference(_shown(item), item.cell.outputs)
        )
        if problem:
            raise NbCellError(item.cell_num, problem, item.cell.source)
    return result


def _shown(item: IPyNbCell) -> Outputs:
    """What the cell showed; nbval's kernels do not see a `;` at its end, which hides the last value."""
    hidden = "execute_result" if item.cell.source.rstrip().endswith(";") else None
    return [output for output in item.test_outputs or [] if output.output_type != hidden]


def _not_stored(nb: NotebookNode) -> str:
    """Why a notebook's stored outputs are no run of it; empty if they are."""
    cells = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    unrun = [number for number, cell in enumerate(cells) if cell.execution_count is None]
    if len(unrun) == len(cells):
        return "the notebook stores no run"
    if unrun:
        return f"the notebook stores no run of cell {', '.join(map(str, unrun))}"
    for number, cell in enumerate(cells):
        allowed = "raises-exception" in cell.metadata.get("tags", [])
        for output in cell.outputs:
            if output.output_type == "error" and not allowed:
                return f"cell {number} stores an error ({output.get('ename')})"
    return ""


def difference(ran: Outputs, stored: Outputs) -> str:
    """What the outputs of a run have otherwise than the stored ones, of what nbval does not look at."""
    said = [output for output in ran if output.get("name") == "stderr" and output.text.strip()]
    if said:
        return f"it wrote to stderr: {said[0].text.strip()}"
    new, old = _images(ran), _images(stored)
    # What a widget shows is not stored: its pictures come on top.
    widget = any(WIDGET in output.get("data", {}) for output in ran)
    if new < old or (new != old and not widget):
        return f"it draws {_count(new)}, but {_count(old)} are stored: run `make notebooks`"
    if ran and not stored and not widget:
        return "it has outputs, but none are stored: run `make notebooks`"
    if stored and not ran:
        return "it has no outputs, but some are stored: run `make notebooks`"
    return ""


def _images(outputs: Outputs) -> int:
    kinds = Counter(kind.split("/")[0] for output in outputs for kind in output.get("data", {}))
    return kinds["image"]


def _count(images: int) -> str:
    return f"{images} picture{'' if images == 1 else 's'}"
