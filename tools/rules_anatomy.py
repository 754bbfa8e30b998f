"""Rules on how a lesson is built: title, set-up, sections, the measure of text and code.

A rule takes a notebook and its path and yields what is wrong, each message with what to do about it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from statistics import median

from nbformat import NotebookNode

from tools import lessons, stamp
from tools.lessons import code_cells, tags

CELLS, WORDS, LINKS, OBJECTIVES = (40, 60), (1000, 2500), (4, 8), (3, 5)
SHORT, LONGEST, MIDDLE = 20, 40, 12  # lines of code in a cell: nine in ten, any, the middle one
# "The map …", "How …", "Understanding …" are topics; an objective says what the reader does.
TOPIC = re.compile(r"(?:the|an?|how|what|why|when|to|you|your|we|this|that|\w+ing)\b", re.IGNORECASE)
FORMULAS = re.compile(r"\$\$.*?\$\$|\\begin\{(\w+\*?)\}.*?\\end\{\1\}|(?<!\\)\$[^$\n]+\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
MARKUP = re.compile(r"<!--.*?-->|<[^>]+>|\]\([^)]*\)|https?://\S+", re.DOTALL)
SECTION = re.compile(r"(?m)^## +(?:\d+[.·]? +)?(.*)$")


def prose(source: str) -> str:
    """The words of a markdown cell: no formulas, no code, no addresses; its lines stay lines."""
    for pattern in (re.compile(r"```.*?```", re.DOTALL), FORMULAS, CODE, MARKUP):
        source = pattern.sub(lambda found: " " + "\n" * found[0].count("\n"), source)
    return source


def markdown(nb: NotebookNode) -> str:
    """All text of the notebook."""
    return "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")


def title(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The title cell: number and title, one sentence, badge, table."""
    head = lessons.header(nb)
    source = nb.cells[0].source if nb.cells else ""
    if not head.number:
        yield "cell 1: begin with `# NN · Title`"
    elif head.number != path.stem[:2]:
        yield f"cell 1: the title has number {head.number}, the file {path.stem[:2]}"
    if not head.sentence:
        yield "cell 1: a paragraph under the title says what the reader builds"
    if not stamp.BADGE.search(source):
        yield "cell 1: no Colab badge: run `make stamp`"
    if not re.fullmatch(r"\d+", head.minutes):
        yield "cell 1: a table | Minutes on two cores | Builds on | Lecture section | with a whole number"
    elif lessons.MINUTES.search(source)[1].splitlines()[0].count("|") != 4:
        yield "cell 1: the table has three columns: minutes on two cores, builds on, lecture section"


def objectives(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Three to five things that the reader will be able to do."""
    opening = "\n".join(cell.source for cell in nb.cells[:3] if cell.cell_type == "markdown")
    _, heading, rest = opening.partition("## Objectives\n")
    items = re.findall(r"(?m)^(?:[-*]|\d+\.) +(.*)", rest)
    if not heading or not OBJECTIVES[0] <= len(items) <= OBJECTIVES[1]:
        yield "before the set-up a heading `## Objectives` and under it a list of three to five"
    for item in items:
        if TOPIC.match(item.lstrip("*_`")):
            yield f"an objective begins with a verb (compute, build, explain, …): {item!r}"


def setup(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The set-up cell is the first code cell and the same in every lesson."""
    code = code_cells(nb)
    if not code or "setup" not in tags(code[0][1]):
        yield "the first code cell carries the tag `setup`"
    elif code[0][1].source != stamp.setup_source(stamp.repository()):
        yield f"cell {code[0][0]}: the set-up cell differs from the common one: run `make stamp`"


def parameters(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The lesson's knobs: one cell of literals, SEED first; then `begin(SEED)`."""
    code = code_cells(nb)
    places = [place for place, (_, cell) in enumerate(code) if "parameters" in tags(cell)]
    if places != [1]:
        yield "the second code cell, and only it, carries the tag `parameters`"
        return
    number, cell = code[1]
    names = []
    for statement in ast.parse(cell.source).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if not isinstance(target, ast.Name) or not target.id.isupper() or not _literal(statement.value):
            yield f"cell {number}: a parameter is a line NAME = literal: {ast.unparse(statement)}"
        else:
            names.append(target.id)
    if names[:1] != ["SEED"]:
        yield f"cell {number}: SEED is the first parameter"
    if len(code) < 3 or "begin(SEED)" not in code[2][1].source:
        yield "the third code cell calls `begin(SEED)`"


def _literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


def sections(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Exercises, recap and references close the lesson."""
    text = CODE.sub("", markdown(nb))
    found = [h.lower() for h in SECTION.findall(text) if h.strip() != "Objectives"]
    ends = [[place for place, h in enumerate(found) if h.startswith(w)] for w in ("exercises", "recap")]
    for name, places in zip(("Exercises", "Recap"), ends, strict=True):
        if not places:
            yield f"no section `## {name}`"
    if ends[0] and ends[0][0] < 2:
        yield "at least two sections `## …` come before the exercises"
    if all(ends) and ends[0][0] > ends[1][0]:
        yield "the exercises come before the recap"
    last = re.split(r"(?mi)^(?:#+ *|\*\*)(?:references|further reading)\b.*$", markdown(nb))
    links = re.findall(r"\]\(https?://", last[-1]) if len(last) > 1 else []
    if not LINKS[0] <= len(links) <= LINKS[1]:
        yield f"a heading “References” at the end with four to eight links, not {len(links)}"


def measure(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The size of a lesson and its share of text."""
    texts = [cell for cell in nb.cells if cell.cell_type == "markdown"]
    words = len(re.findall(r"[^\W\d_][\w’'-]*", prose(markdown(nb))))
    if not CELLS[0] <= len(nb.cells) <= CELLS[1]:
        yield f"{len(nb.cells)} cells: a lesson has {CELLS[0]} to {CELLS[1]}"
    if 2 * len(texts) < len(nb.cells):
        yield f"{len(texts)} of {len(nb.cells)} cells are text: at least half must be"
    if not WORDS[0] <= words <= WORDS[1]:
        yield f"{words} words (formulas not counted): a lesson has {WORDS[0]} to {WORDS[1]}"


def code_length(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Short cells of code: one idea each."""
    lengths = {number: lines_of_code(cell.source) for number, cell in code_cells(nb)}
    over = [number for number, lines in lengths.items() if lines > SHORT]
    for number, lines in lengths.items():
        if lines > LONGEST:
            yield f"cell {number}: {lines} lines of code, never more than {LONGEST}: split it"
    if len(over) * 10 > len(lengths):
        yield f"cells {', '.join(map(str, over))} have more than {SHORT} lines: at most one in ten may"
    if lengths and median(lengths.values()) > MIDDLE:
        yield f"the median code cell has {median(lengths.values()):g} lines: at most {MIDDLE}"


def lines_of_code(source: str) -> int:
    """The lines that a reader has to read: not the blank ones, nor nbval's mark."""
    return sum(bool(line.strip()) and "NBVAL_" not in line for line in source.splitlines())


def pace(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Words between the code."""
    for kind, run in groupby(enumerate(nb.cells, 1), key=lambda pair: pair[1].cell_type):
        numbers = [number for number, _ in run]
        if kind == "code" and len(numbers) > 3:
            yield f"cells {numbers[0]} to {numbers[-1]}: more than three code cells without a word between"


def self_checks(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The lesson proves something."""
    lines = [
        line
        for _, cell in code_cells(nb)
        for output in cell.outputs
        for line in output.get("text", "").splitlines()
    ]
    if not any(line.startswith("✓") for line in lines):
        yield "no output line begins with ✓: use helpers.checks.check"
