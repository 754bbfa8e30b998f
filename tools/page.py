"""Lessons as HTML pages in build/html, for those without Jupyter or a network; pictures keep their alts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from tools import lessons

TEMPLATES = Path(__file__).parent / "templates"
PAGES = lessons.ROOT / "build" / "html"


class _Formulas(IPythonRenderer):
    """Formulas as MathML, which browsers draw by themselves; nbconvert would fetch a program for them."""

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    multiline_math = block_math

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")


class _Exporter(HTMLExporter):
    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        renderer = _Formulas(escape=False, anchor_link_text=self.anchor_link_text)
        return MarkdownWithMath(renderer=renderer).render(source)


def mathml(formula: str, display: str) -> str:
    """The formula for a browser; a word of LaTeX that the library does not know is an error."""
    found = convert(formula.strip().replace(r"\arg", r"\operatorname{arg}"), display=display)
    if ">\\" in found:
        raise ValueError(f"No MathML for {formula}")
    return found


def html_of(nb: NotebookNode) -> str:
    """The notebook as one page."""
    exporter = _Exporter(template_name="course", extra_template_basedirs=[str(TEMPLATES)])
    return exporter.from_notebook_node(nb)[0]


def main() -> None:
    """`make html`."""
    for path in lessons.lessons(sys.argv[1] if len(sys.argv) > 1 else ""):
        target = PAGES / f"{path.stem}.html"
        lessons.write(target, html_of(lessons.read(path)))
        print(target.relative_to(lessons.ROOT))


if __name__ == "__main__":
    main()
