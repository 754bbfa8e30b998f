"""Write the repository's address, which stands only in pyproject.toml, to where readers need it.

These are: every notebook's Colab badge and set-up cell, and in the README the links to the repository
between `<!-- stamp:begin -->` and `<!-- stamp:end -->`.
"""

from __future__ import annotations

import argparse
import copy
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from tools import lessons

SETUP = """\
import sys

if "google.colab" in sys.modules:  # in Colab: fetch the course, once
    %pip install --quiet git+{repository}

from helpers import begin"""
BADGE = re.compile(r"\[!\[[^\]]*\]\(https://colab\.research\.google\.com/[^)]*\.svg\)\]\([^)]*\)")
README_PART = re.compile(r"<!-- stamp:begin -->.*?<!-- stamp:end -->", re.DOTALL)
LINK = re.compile(r"(github\.com/|colab\.research\.google\.com/github/)[\w.-]+/[\w-]+")


def repository(root: Path = lessons.ROOT) -> str:
    """The address, from pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].rstrip("/")


def name_of(address: str) -> str:
    """`owner/name` of https://github.com/owner/name."""
    return "/".join(address.split("/")[-2:])


def setup_source(address: str) -> str:
    """The set-up cell, the same in every notebook."""
    return SETUP.format(repository=address)


def badge(address: str, place: str) -> str:
    """The link that opens a notebook in Colab; a solution's opens the exercise that is made from it."""
    shown = place.replace("notebooks/solutions/", "notebooks/exercises/")
    picture = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    return f"{picture}(https://colab.research.google.com/github/{name_of(address)}/blob/main/{shown})"


def stamped(nb: NotebookNode, place: str, address: str) -> NotebookNode:
    """A copy of the notebook (at `place` in the repository) with this address."""
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = BADGE.sub(lambda _: badge(address, place), cell.source)
        elif "setup" in lessons.tags(cell):
            cell.source = setup_source(address)
    title = nb.cells[0] if nb.cells else None
    if title and title.source.startswith("# ") and not BADGE.search(title.source):
        heading, _, rest = title.source.partition("\n")
        title.source = f"{heading}\n\n{badge(address, place)}\n\n{rest.lstrip()}".rstrip()
    return nb


def stamped_readme(text: str, address: str) -> str:
    """The README with this address between its markers."""
    return README_PART.sub(lambda part: LINK.sub(rf"\g<1>{name_of(address)}", part[0]), text)


def wanted(root: Path = lessons.ROOT) -> Iterator[tuple[Path, str]]:
    """Each file that holds the address, with the text it ought to have."""
    address = repository(root)
    for path in lessons.everything(root / "notebooks"):
        nb = lessons.read(path)
        new = stamped(nb, path.relative_to(root).as_posix(), address)
        yield path, lessons.text_of(new) if new != nb else path.read_text(encoding="utf-8")
    readme = root / "README.md"
    yield readme, stamped_readme(readme.read_text(encoding="utf-8"), address)


def by_hand(text: str, address: str, *, readme: bool = False) -> bool:
    """Whether a text holds the address outside the places that are stamped."""
    rest = BADGE.sub("", text).replace(f"git+{address}", "")
    return name_of(address) in (README_PART.sub("", rest) if readme else rest)


def main() -> None:
    """`make stamp`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, list what disagrees")
    options = parser.parse_args()
    stale = [(path, text) for path, text in wanted() if text != path.read_text(encoding="utf-8")]
    for path, text in stale:
        print(f"{path.relative_to(lessons.ROOT)}: {'not as' if options.check else 'now'} stamped")
        if not options.check:
            lessons.write(path, text)
    if options.check and stale:
        raise SystemExit("The repository's address or the set-up cell differs: run `make stamp`.")


if __name__ == "__main__":
    main()
