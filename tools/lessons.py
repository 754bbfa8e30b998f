"""The notebooks as files: where they lie, how they are read and written, what their title cells say."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"

TITLE = re.compile(r"# (\d\d) · (\S.*)")
# | Minutes on two cores | … |   then the ruler, then the values
MINUTES = re.compile(r"(?im)^(\|[^|\n]*minutes[^\n]*\n\|[-:| ]+\n\|\s*)([^|\n]*?)(\s*\|)")


@dataclass(frozen=True)
class Header:
    """What a title cell says: `# 04 · Title`, a paragraph on what you build, the minutes it takes."""

    number: str
    title: str
    sentence: str
    minutes: str


def lessons(which: str = "", folder: Path = NOTEBOOKS) -> list[Path]:
    """The lessons that `which` names ("04", "04_vae" or "" for all); none is an error."""
    stem = Path(which).stem
    found = sorted(path for path in folder.glob("[0-9][0-9]_*.ipynb"))
    chosen = [path for path in found if not stem or stem in (path.stem, path.stem[:2])]
    if not chosen:
        there = ", ".join(path.stem for path in found) or "none yet"
        raise SystemExit(f"No lesson {which!r} in {folder.name}/; there are: {there}".replace("''", ""))
    return chosen


def everything(folder: Path = NOTEBOOKS) -> list[Path]:
    """Every notebook of the course: lessons, solutions, exercises."""
    return [
        path
        for part in (folder, folder / "solutions", folder / "exercises")
        for path in sorted(part.glob("*.ipynb"))
    ]


def read(path: Path) -> NotebookNode:
    """The notebook as it is in the file: neither upgraded nor given the ids that it lacks."""
    return nbformat.v4.reads_json(path.read_text(encoding="utf-8"))


def text_of(nb: NotebookNode) -> str:
    """The notebook as the text of a file."""
    return nbformat.v4.writes_json(nb) + "\n"


def write(path: Path, text: str) -> bool:
    """Replace the file in one step if its text is new; say whether it was."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
    os.replace(name, path)
    return True


def header(nb: NotebookNode) -> Header:
    """What the title cell says; empty where it says nothing."""
    source = nb.cells[0].source if nb.cells else ""
    title = TITLE.match(source)
    minutes = MINUTES.search(source)
    prose = [
        " ".join(block.split())
        for block in re.split(r"\n\s*\n", source)
        if re.match(r"\w", block.lstrip("*_ \n"))  # no heading, badge, table or list
    ]
    return Header(
        number=title[1] if title else "",
        title=title[2].strip() if title else "",
        sentence=prose[0] if prose else "",
        minutes=minutes[2] if minutes else "",
    )


def code_cells(nb: NotebookNode) -> list[tuple[int, NotebookNode]]:
    """The cells of code with their numbers, counted from 1 over all cells as the rules' messages do."""
    return [(n, cell) for n, cell in enumerate(nb.cells, 1) if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> list[str]:
    """The cell's tags."""
    return cell.metadata.get("tags", [])
