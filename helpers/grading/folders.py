"""A folder as a list of files, as `zips` gives those of an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from helpers.grading import limits
from helpers.grading.limits import Refused, quoted
from helpers.grading.zips import JUNK, Member

__all__ = ["listed"]


def listed(folder: Path) -> Iterator[Member]:
    """The files under a folder; links are not followed."""
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        yield from _below(path, folder)


def _below(path: Path, root: Path) -> Iterator[Member]:
    name = path.relative_to(root).as_posix()
    if JUNK.search(name):
        return
    if path.is_symlink():
        yield Member(name, _file(path), f"{quoted(name)} is a symbolic link.")
    elif path.is_dir():
        for inner in sorted(path.iterdir()):
            yield from _below(inner, root)
    elif path.is_file():
        yield Member(name, _file(path))
    else:
        yield Member(name, _file(path), f"{quoted(name)} is no ordinary file.")


def _file(path: Path) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            with path.open("rb") as file:
                content = file.read(most + 1)
        except OSError as error:
            raise Refused(f"{quoted(path.name)} cannot be read ({error.strerror}).") from None
        if len(content) > most:
            raise Refused(f"{quoted(path.name)} is larger than {most / limits.MB:.3g} MB.")
        return content

    return read
