"""Run one notebook in a clean kernel of this environment and measure it: the engine behind every tool."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ipykernel.kernelspec
import nbformat
import psutil
import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.parameterize import parameterize_notebook
from traitlets import default

from helpers.checks import LOG_VARIABLE
from tools import lessons

CELL_TIMEOUT = 300


@dataclass
class Run:
    """One execution of a notebook; `error` says where and why it stopped."""

    notebook: NotebookNode
    seconds: float = 0.0
    peak_gb: float = 0.0
    checks: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None


class _ThisEnvironment(KernelSpecManager):
    """The kernel of the Python that runs this, whatever kernels are installed on the machine."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            resource_dir=ipykernel.kernelspec.RESOURCES, **ipykernel.kernelspec.get_kernel_dict()
        )


class _Manager(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _this_environment(self) -> KernelSpecManager:
        return _ThisEnvironment(parent=self)

    @default("transport_encryption")
    def _encrypted_where_possible(self) -> str:
        return "auto" if zmq.has("curve") else "disabled"  # without it every kernel prints a warning


def execute(
    path: Path,
    *,
    parameters: Mapping[str, Any] | None = None,
    go_on_after: Iterable[str] = (),
    cell_timeout: float = CELL_TIMEOUT,
    append: str = "",
) -> Run:
    """Execute the notebook from top to bottom in its own folder; errors are reported, not raised.

    `parameters` replace those of the cell tagged `parameters`; errors named in `go_on_after` end their
    cell only; `append` is code run in one more cell at the end.
    """
    nb = lessons.read(path)
    if parameters:
        nb = _with_parameters(nb, parameters, path.stem)
    if append:
        nb.cells.append(nbformat.v4.new_code_cell(append))
    nb.metadata.pop("widgets", None)  # nbclient would add to what is stored
    run = Run(nb)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "checks.jsonl"
        client = NotebookClient(
            nb,
            timeout=cell_timeout,
            kernel_name="python3",
            kernel_manager_class=_Manager,
            allow_error_names=list(go_on_after),
            resources={"metadata": {"path": str(path.resolve().parent)}},
        )
        watch = _Watch(client, path.stem, len(nb.cells))
        begun = time.perf_counter()
        with watch:
            try:
                client.execute(env=os.environ | {LOG_VARIABLE: str(log)})
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                injected = 1 if parameters else 0  # papermill's cell does not count
                run.error = f"cell {watch.cell - injected}: {_reason(error)}"
        run.seconds = time.perf_counter() - begun
        run.peak_gb = watch.peak / 1e9
        if log.exists():
            run.checks = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return run


def _with_parameters(nb: NotebookNode, parameters: Mapping[str, Any], name: str) -> NotebookNode:
    """The notebook with a cell that sets the parameters after the one that declares them."""
    declaring = [cell for _, cell in lessons.code_cells(nb) if "parameters" in lessons.tags(cell)]
    declared = "\n".join(cell.source for cell in declaring)
    known = [line.split("=")[0].strip() for line in declared.splitlines() if "=" in line]
    if unknown := sorted(set(parameters) - set(known)):
        there = ", ".join(known) or "none"
        raise SystemExit(f"{name} has no parameter {', '.join(unknown)}; it has: {there}")
    nb.metadata.setdefault("papermill", {})  # papermill expects what its own reader adds
    for cell in nb.cells:
        cell.metadata.setdefault("tags", [])
    return parameterize_notebook(nb, dict(parameters), kernel_name="python3", language="python")


def _reason(error: Exception) -> str:
    """The error in one line."""
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}".strip().splitlines()[0]
    if isinstance(error, CellTimeoutError):
        return "took too long"
    return "the kernel died (out of memory?)"


class _Watch(contextlib.AbstractContextManager):
    """A thread that samples the kernel's memory and, on a terminal, keeps one line of progress."""

    def __init__(self, client: NotebookClient, name: str, cells: int) -> None:
        self.client, self.name, self.cells = client, name, cells
        self.cell, self.peak, self.begun = 0, 0, time.perf_counter()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._loop, daemon=True)
        client.on_cell_start = self._start
        client.on_cell_complete = lambda **_: self._sample()

    def __enter__(self) -> _Watch:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def _start(self, cell_index: int, **_: object) -> None:
        self.cell = cell_index + 1

    def _loop(self) -> None:
        while not self.over.wait(0.5):
            self._sample()
            if sys.stderr.isatty():
                seconds = time.perf_counter() - self.begun
                line = f"{self.name} · cell {self.cell}/{self.cells} · {seconds:.0f} s"
                print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

    def _sample(self) -> None:
        """The kernel's own peak, which Linux keeps to the page, and what its children hold now."""
        provisioner = getattr(self.client.km, "provisioner", None)
        with contextlib.suppress(psutil.Error, OSError):
            kernel = psutil.Process(provisioner.pid) if provisioner and provisioner.pid else None
            if kernel is None:
                return
            held = _high_water(kernel) + sum(
                child.memory_info().rss for child in kernel.children(recursive=True)
            )
            self.peak = max(self.peak, held)


def _high_water(process: psutil.Process) -> int:
    """The most bytes that the process has held; what it holds now where the system does not say."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return process.memory_info().rss
