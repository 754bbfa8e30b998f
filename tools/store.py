"""Execute notebooks and store their outputs so that a diff shows what changed, and nothing else.

An output that differs from the stored one only in times, or a picture that differs only for a machine,
keeps what is stored. Sources are never changed.
"""

from __future__ import annotations

import argparse
import base64
import copy
import hashlib
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from nbformat import NotebookNode
from PIL import Image, ImageSequence

from tools import execute, lessons

WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
KEPT = {"tags", "nbgrader", "deletable", "editable"}  # of a cell's metadata
# What differs from run to run without a meaning: durations and addresses in memory.
VOLATILE = re.compile(
    r"\d+(?:[.,]\d+)?\s?(?:µs|us|ms|s|min|h|seconds?|minutes?|hours?)(?:/\w+)?\b|\b0x[0-9a-f]{6,}\b"
)
MEAN_LEVELS, MAX_LEVELS = 0.25, 24  # of 255: nobody sees less


def normalise(nb: NotebookNode) -> NotebookNode:
    """A copy without what no reader needs: timings, widgets, screen control, the machine's details."""
    nb = copy.deepcopy(nb)
    course = nb.metadata.get("course")
    nb.metadata = NotebookNode(kernelspec=NotebookNode(KERNEL), language_info=NotebookNode(name="python"))
    if course:
        nb.metadata.course = course
    nb.nbformat, nb.nbformat_minor = 4, 5
    seen: set[str] = set()
    for number, cell in enumerate(nb.cells):
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k in KEPT})
        cell.id = _fresh_id(cell, number, seen)
        if cell.cell_type == "code":
            cell.outputs = _merged(output for output in cell.outputs if WIDGET not in output.get("data", {}))
            for output in cell.outputs:
                output.pop("transient", None)
    return nb


def _fresh_id(cell: NotebookNode, number: int, seen: set[str]) -> str:
    """The cell's id; if it lacks one of its own, one that depends only on its place and text."""
    name = cell.get("id", "")
    if not name or name in seen:
        name = f"{number:02d}-{hashlib.sha256(cell.source.encode()).hexdigest()[:6]}"
    seen.add(name)
    return name


def _merged(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring pieces of one stream as one text, as a terminal shows it after carriage returns."""
    result: list[NotebookNode] = []
    for output in outputs:
        last = result[-1] if result else None
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last.text += output.text
        else:
            result.append(output)
    for output in result:
        if output.output_type == "stream":
            text = re.sub(r"\r+(?=\n|\Z)", "", output.text)
            output.text = re.sub(r"(?m)^.*\r", "", text)
    return result


def settle(new: NotebookNode, old: NotebookNode) -> NotebookNode:
    """`new` with every output of `old` that says the same, cell by cell where the source is the same."""
    before = dict(_by_source(old))
    for source, cell in _by_source(new):
        stored = before.get(source)
        if stored and len(stored.outputs) == len(cell.outputs):
            pairs = zip(cell.outputs, stored.outputs, strict=True)
            cell.outputs = [was if _says_the_same(now, was) else now for now, was in pairs]
    return new


def _by_source(nb: NotebookNode) -> Iterator[tuple[tuple[str, int], NotebookNode]]:
    """The cells of code by their source, and by place among those that have the same."""
    seen: Counter[str] = Counter()
    for _, cell in lessons.code_cells(nb):
        seen[cell.source] += 1
        yield (cell.source, seen[cell.source]), cell


def _says_the_same(now: NotebookNode, was: NotebookNode) -> bool:
    """Two outputs that differ in nothing that a reader would notice."""
    data, old = now.get("data", {}), was.get("data", {})
    if data.keys() != old.keys() or _skeleton(now) != _skeleton(was):
        return False
    return all(
        look_alike(data[kind], old[kind]) if kind == "image/png" else _still(data[kind]) == _still(old[kind])
        for kind in data
    )


def _skeleton(output: NotebookNode) -> dict:
    """An output without its data and count, its text without what is volatile."""
    return {k: _still(v) for k, v in output.items() if k not in ("data", "execution_count")}


def _still(value: object) -> object:
    return VOLATILE.sub("…", value) if isinstance(value, str) else value


def look_alike(one: str, other: str) -> bool:
    """Whether two PNGs (base64) have the same size and no difference that can be seen."""
    if one == other:
        return True
    a, b = _pixels(one), _pixels(other)
    if a.shape != b.shape:
        return False
    gap = np.abs(a - b)
    return bool(gap.mean() <= MEAN_LEVELS and gap.max() <= MAX_LEVELS)


def _pixels(png: str) -> np.ndarray:
    """All frames of a picture, which may move, in plain colours, which a palette hides."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        return np.stack([np.asarray(frame.convert("RGBA"), int) for frame in ImageSequence.Iterator(picture)])


def stderr_of(nb: NotebookNode) -> list[str]:
    """What the cells wrote to stderr, which a stored lesson must not show."""
    return [
        f"cell {number} wrote to stderr: {output.text.strip().splitlines()[0]}"
        for number, cell in lessons.code_cells(nb)
        for output in cell.outputs
        if output.get("name") == "stderr" and output.text.strip()
    ]


def store(path: Path, *, check: bool = False) -> tuple[bool, list[str]]:
    """Execute and write back (with `check`, only compare): whether the file is another, what went wrong."""
    old = lessons.read(path)
    run = execute.execute(path)
    problems = [run.error] if run.error else stderr_of(run.notebook)
    if problems:
        return False, problems
    new = settle(normalise(run.notebook), old)
    new.metadata.setdefault("course", measured(run))
    text = lessons.text_of(new)
    if check:
        return text != path.read_text(encoding="utf-8"), []
    return lessons.write(path, text), []


def measured(run: execute.Run) -> dict[str, float]:
    """What a run cost, rounded up so that the next run seldom changes it."""
    return {"seconds": int(-(-run.seconds // 5) * 5), "peak_gb": round(-(-run.peak_gb // 0.1) * 0.1, 1)}


def main() -> None:
    """`make notebooks`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lesson", nargs="?", default="", help="04, 04_vae or a path; default: all")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if something would change")
    options = parser.parse_args()
    asked = Path(options.lesson)
    paths = [asked] if asked.suffix and asked.exists() else lessons.lessons(options.lesson)
    if not asked.suffix:
        solutions = [lessons.NOTEBOOKS / "solutions" / path.name for path in paths]
        paths += [path for path in solutions if path.exists()]
    failed = False
    for path in paths:
        changed, problems = store(path, check=options.check)
        word = "not stored: " + "; ".join(problems) if problems else "changed" if changed else "unchanged"
        print(f"{path.stem}: {word}", flush=True)
        failed |= bool(problems) or (options.check and changed)
    sys.exit(failed)


if __name__ == "__main__":
    main()
