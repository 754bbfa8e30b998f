"""Rules on what is stored in a notebook: runs, pictures, paths, links, spelling, style."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode

from tools import lessons, run, store
from tools.lessons import ROOT, code_cells, tags
from tools.rules_anatomy import CODE, prose

MAX_BYTES, MAX_LINES, MIN_ALT = 1_500_000, 300, 20
PATHS = re.compile(
    r"(?<![\w.:/~\-])/(?:home|root|Users|work|tmp)\b(?:/[\w.\-]+)*|\b[A-Z]:\\+(?:Users|Temp)\b"
)
TIMES = re.compile(r"\d\s?(?:µs|ms|s|min|h|seconds?|minutes?)\b")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)|(?:src|href)=\"([^\"]+)\"")


def valid(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The file is a notebook of format 4.5, as `make notebooks` writes it."""
    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        yield f"not a valid notebook: {str(error).splitlines()[0]}"
    else:
        if store.normalise(nb) != nb:
            yield "metadata, ids or outputs are not as `make notebooks` writes them: run it"


def executed(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The stored outputs are those of one run from top to bottom."""
    cells = [(number, cell) for number, cell in code_cells(nb) if cell.source.strip()]
    for expected, (number, cell) in enumerate(cells, 1):
        if cell.execution_count != expected:
            yield (
                f"cell {number}: execution count {cell.execution_count} instead of {expected}: "
                f"run `make notebooks LESSON={path.stem}`"
            )
            return


def clean(nb: NotebookNode, path: Path) -> Iterator[str]:
    """No error, nothing on stderr, no pages of output."""
    yield from store.stderr_of(nb)
    for number, cell in code_cells(nb):
        if any(output.output_type == "error" for output in cell.outputs):
            yield f"cell {number}: stores an error"
        lines = sum(len(str(text).splitlines()) for _, text in _texts(cell))
        if lines > MAX_LINES:
            yield f"cell {number}: {lines} lines of output: at most {MAX_LINES}"


def alt_text(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Every picture says in words what it shows."""
    for number, cell in code_cells(nb):
        for output in cell.outputs:
            for kind in output.get("data", {}):
                if kind.startswith("image/"):
                    alt = output.metadata.get(kind, {}).get("alt", "")
                    yield from _judge(alt, f"cell {number}", path)
            for tag in re.findall(r"<img\b[^>]*>", "".join(output.get("data", {}).get("text/html", ""))):
                found = re.search(r"alt=([\"'])(.*?)\1", tag)
                yield from _judge(found[2] if found else "", f"cell {number}", path)


def _judge(alt: str, place: str, path: Path) -> Iterator[str]:
    if not alt:
        yield f"{place}: image without alt text: pass alt=… to show()"
    elif len(alt) < MIN_ALT:
        yield f"{place}: alt text {alt!r} is shorter than {MIN_ALT} characters: say what the picture shows"
    elif path.stem in alt or re.search(r"\.(?:png|jpe?g|svg|gif)$", alt):
        yield f"{place}: alt text {alt!r} is a file's name: say what the picture shows"


def size(nb: NotebookNode, path: Path) -> Iterator[str]:
    """A notebook opens at once."""
    if path.stat().st_size >= MAX_BYTES:
        yield f"{path.stat().st_size / 1e6:.2f} MB: a notebook stays under {MAX_BYTES / 1e6} MB"


def paths(nb: NotebookNode, path: Path) -> Iterator[str]:
    """No path of one machine, in sources or in outputs."""
    for number, cell in enumerate(nb.cells, 1):
        for text in [cell.source, *(str(text) for _, text in _texts(cell))]:
            if found := PATHS.search(text):
                yield f"cell {number}: the path {found[0]} exists on one machine only"


def _texts(cell: NotebookNode) -> Iterator[tuple[str, object]]:
    """What a cell's outputs say in letters, by kind."""
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            yield "stream", output.text
        for kind, data in output.get("data", {}).items():
            if not kind.startswith("image/"):
                yield (
                    kind,
                    re.sub(r"data:image/[^\"')]*", "", data if isinstance(data, str) else json.dumps(data)),
                )


def links(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Links between files and to headings lead somewhere; an anchor is the heading with hyphens."""
    for number, cell in enumerate(nb.cells, 1):
        if cell.cell_type != "markdown":
            continue
        for target in (a or b for a, b in LINK.findall(CODE.sub("", cell.source))):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / unquote(file)) if file else path
            if file.startswith("/") or not there.exists():
                yield f"cell {number}: link to {target}, which does not exist"
            elif anchor and there.suffix == ".ipynb":
                headings = _anchors(nb if not file else lessons.read(there))
                if unquote(anchor) not in headings:
                    yield f"cell {number}: link to {target}: no such heading (write its words with hyphens)"


def _anchors(nb: NotebookNode) -> set[str]:
    """The names that Jupyter gives to headings."""
    cells = (
        CODE.sub(lambda code: code[0].strip("`"), c.source) for c in nb.cells if c.cell_type == "markdown"
    )
    found = (heading for cell in cells for heading in re.findall(r"(?m)^#{1,6} +(.*?) *$", cell))
    return {heading.replace(" ", "-") for heading in found}


def nbval_marks(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Nothing is exempt from the test run, and what is compared is the same on every machine."""
    for number, cell in code_cells(nb):
        marks = {line.strip().lstrip("# ") for line in cell.source.splitlines() if line.strip()[:1] == "#"}
        for mark in ("NBVAL_SKIP", "NBVAL_RAISES_EXCEPTION"):
            if mark in marks or mark.lower().replace("_", "-") in tags(cell):
                yield f"cell {number}: {mark}: every cell of a lesson runs"
        if "raises-exception" in tags(cell):
            yield f"cell {number}: tag raises-exception: catch the error that you want to show"
        compared = "NBVAL_CHECK_OUTPUT" in marks or "nbval-check-output" in tags(cell)
        if compared and cell.execution_count is not None:
            said = "\n".join(str(text) for _, text in _texts(cell)).strip()
            if not said or all("image/png" in output.get("data", {}) for output in cell.outputs):
                yield f"cell {number}: NBVAL_CHECK_OUTPUT compares text, and this cell prints none"
            if found := TIMES.search(said):
                yield f"cell {number}: NBVAL_CHECK_OUTPUT compares a time, {found[0]!r}"


def widgets(nb: NotebookNode, path: Path) -> Iterator[str]:
    """A stored widget is dead: readers see the static picture beside it."""
    if "widgets" in nb.metadata:
        yield "the notebook stores the state of widgets: run `make notebooks`"
    for number, cell in code_cells(nb):
        if any(store.WIDGET in output.get("data", {}) for output in cell.outputs):
            yield f"cell {number}: stores a widget: run `make notebooks`"


def cost(nb: NotebookNode, path: Path) -> Iterator[str]:
    """What `make run SAVE=1` measured is there, and within the budget."""
    course = nb.metadata.get("course", {})
    seconds, peak = course.get("seconds"), course.get("peak_gb")
    if type(seconds) is not int or type(peak) is not float:
        yield "no metadata.course = {seconds, peak_gb}: run `make run SAVE=1`"
        return
    allowed = run.budget(path)
    if seconds > allowed.seconds or peak > allowed.peak_gb:
        yield f"{seconds} s and {peak} GB: the budget is {allowed.seconds:g} s and {allowed.peak_gb:g} GB"


def style(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The code passes ruff."""
    config = str(ROOT / "pyproject.toml")
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--output-format=concise",
        f"--config={config}",
    ]
    done = subprocess.run([*command, str(path)], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        found = [line.split(".ipynb:")[-1] for line in done.stdout.splitlines() if ".ipynb:" in line]
        yield from (f"ruff: {line}" for line in found or [done.stderr.strip()])


def spelling(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The words pass codespell."""
    cells = [(n, prose(c.source)) for n, c in enumerate(nb.cells, 1) if c.cell_type == "markdown"]
    numbers = [number for number, text in cells for _ in text.split("\n")]
    command = [sys.executable, "-m", "codespell_lib", "-"]
    text = "\n".join(text for _, text in cells)
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True)
    for line, words in re.findall(r"(?m)^(\d+): .*\n\t?(.*==>.*)$", done.stdout):
        yield f"cell {numbers[int(line) - 1]}: {words.strip()}"
