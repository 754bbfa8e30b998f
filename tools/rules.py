"""Apply to every notebook the rules for its kind, and say what is wrong where."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

from tools import lessons
from tools import rules_anatomy as anatomy
from tools import rules_hygiene as hygiene

Rule = Callable[[NotebookNode, Path], Iterator[str]]

ANYWHERE: list[Rule] = [hygiene.size, hygiene.paths, hygiene.links, hygiene.clean, hygiene.widgets]
STORED: list[Rule] = [
    *ANYWHERE,
    hygiene.valid,
    hygiene.executed,
    hygiene.alt_text,
    hygiene.nbval_marks,
    hygiene.style,
    hygiene.spelling,
]
LESSON: list[Rule] = [
    *STORED,
    hygiene.cost,
    anatomy.title,
    anatomy.objectives,
    anatomy.setup,
    anatomy.parameters,
    anatomy.sections,
    anatomy.measure,
    anatomy.code_length,
    anatomy.pace,
    anatomy.self_checks,
]


def rules_for(path: Path) -> list[Rule]:
    """All rules for a lesson; for a solution, those on what is stored; for an exercise, which is made
    from a solution and not executed, those that hold anywhere."""
    return {"solutions": STORED, "exercises": ANYWHERE}.get(path.parent.name, LESSON)


def problems(path: Path, rules: Iterable[Rule] | None = None) -> Iterator[str]:
    """What is wrong with a notebook, rule by rule."""
    nb = lessons.read(path)
    for rule in rules_for(path) if rules is None else rules:
        yield from (f"{path.name}: {rule.__name__}: {message}" for message in rule(nb, path))


def main() -> None:
    """`make lint` ends with this."""
    paths = lessons.everything()
    if not paths:
        raise SystemExit("No notebook in notebooks/: nothing to check.")
    found = [message for path in paths for message in problems(path)]
    print("\n".join(found) or f"{len(paths)} notebooks keep the rules.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
