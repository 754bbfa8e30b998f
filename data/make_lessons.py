"""Write data/lessons.txt: the words of the first lessons, for the language models of lesson 05.

    python data/make_lessons.py

It needs the repository. The file is a fixed sample: later edits of the lessons do not have to reach it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from helpers.files import write_bytes  # noqa: E402
from tools.rules_anatomy import prose  # noqa: E402

LESSONS = ("01_world_map", "03_autoencoders", "04_vae")
SKIPPED = ("Exercises", "References")


def sentences(source: str) -> list[str]:
    """Whole sentences in small letters; those that a formula, code or a number interrupts are left out."""
    found = []
    for line in source.splitlines():
        if line.startswith(("#", "|", "!", "[")):
            continue
        line = re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "", line)  # of a list
        plain = re.sub(r"[*_“”\"]", "", line).replace("’", "'").lower()
        found += re.findall(r"(?:(?<=^)|(?<=[.?!] ))[a-z][a-z ,.:;'()-]*?[.?!](?=\s|$)", plain)
    return [sentence for sentence in found if "  " not in sentence and " ." not in sentence]


def main() -> None:
    book = []
    for lesson in LESSONS:
        notebook = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", 4)
        for cell in notebook.cells:
            title = re.match(r"#+ (\w+)", cell.source)
            if cell.cell_type == "markdown" and not (title and title[1] in SKIPPED):
                book += sentences(prose(cell.source))
    write_bytes(ROOT / "data" / "lessons.txt", ("\n".join(book) + "\n").encode("ascii"))
    print(f"data/lessons.txt: {len(book)} sentences")


if __name__ == "__main__":
    main()
