"""The README's table of lessons, written from the lessons' own title cells and measurements."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tools import lessons

README = lessons.ROOT / "README.md"
BEGIN, END = "<!-- lessons:begin -->", "<!-- lessons:end -->"
HEAD = "| lesson | what you build | minutes | peak memory |\n| --- | --- | ---: | ---: |\n"


def table(paths: Iterable[Path]) -> str:
    """One line a lesson: link and title, the title cell's first paragraph, what `make run` measured."""
    lines = []
    for path in paths:
        nb = lessons.read(path)
        head, course = lessons.header(nb), nb.metadata.get("course", {})
        link = f"[{head.number} · {head.title}](notebooks/{path.name})"
        peak = f"{course['peak_gb']:g} GB" if course else ""
        lines.append(f"| {link} | {head.sentence} | {head.minutes} | {peak} |\n")
    return HEAD + "".join(lines)


def with_table(readme: str, paths: Iterable[Path]) -> str:
    """The README's text with the table between its markers."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(readme):
        raise SystemExit(f"The README has no place for the table of lessons: {BEGIN} … {END}")
    return pattern.sub(lambda _: f"{BEGIN}\n\n{table(paths)}\n{END}", readme, count=1)


def refresh(readme: Path = README, folder: Path = lessons.NOTEBOOKS) -> bool:
    """Write the table; say whether it changed."""
    text = readme.read_text(encoding="utf-8")
    return lessons.write(readme, with_table(text, lessons.lessons(folder=folder)))


if __name__ == "__main__":
    print("README.md:", "table written" if refresh() else "table unchanged")
