"""Lessons as HTML pages in build/html, for those without Jupyter; pictures keep their alt texts."""

from __future__ import annotations

import sys
from pathlib import Path

from nbconvert import HTMLExporter
from nbformat import NotebookNode

from tools import lessons

TEMPLATES = Path(__file__).parent / "templates"
PAGES = lessons.ROOT / "build" / "html"


def html_of(nb: NotebookNode) -> str:
    """The notebook as one page."""
    exporter = HTMLExporter(template_name="course", extra_template_basedirs=[str(TEMPLATES)])
    return exporter.from_notebook_node(nb)[0]


def main() -> None:
    """`make html`."""
    for path in lessons.lessons(sys.argv[1] if len(sys.argv) > 1 else ""):
        target = PAGES / f"{path.stem}.html"
        lessons.write(target, html_of(lessons.read(path)))
        print(target.relative_to(lessons.ROOT))


if __name__ == "__main__":
    main()
