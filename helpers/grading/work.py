"""A student's work, opened: the description, the pictures, and what is wrong with either."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from helpers.grading import likeness
from helpers.grading.limits import quoted
from helpers.homework import Picture, Submission, open_picture, parse_submission, verify
from helpers.homework.limits import LEAST_PICTURES, MOST_PICTURES
from helpers.homework.origin import digest
from helpers.homework.submission import FILE

__all__ = ["Shown", "Work", "opened"]

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
THUMBNAIL = 192  # pixels a side at most


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture that was handed in, or why it cannot be seen."""

    file: str
    picture: Picture | None
    fault: str
    chosen: bool

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """Its pixels (h, w, 3)."""
        return np.asarray(self.picture.image)

    @cached_property
    def fingerprint(self) -> str:
        """What two pictures that look the same have in common."""
        return likeness.fingerprint(self.image)

    @cached_property
    def pixels(self) -> str:
        """A digest of what is seen, whatever else is in the file."""
        return digest(self.image)

    @cached_property
    def thumbnail(self) -> bytes:
        """A small JPEG, written by us."""
        small = Image.fromarray(self.image)
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        file = io.BytesIO()
        small.save(file, "JPEG", quality=85)
        return file.getvalue()


@dataclass(frozen=True)
class Work:
    """All that a submission holds."""

    description: Submission | None
    pictures: tuple[Shown, ...]
    complaints: tuple[str, ...]  # of its files

    @property
    def seen(self) -> list[Shown]:
        """The pictures that open."""
        return [shown for shown in self.pictures if shown.picture is not None]


def opened(files: Mapping[str, bytes]) -> Work:
    """Look at the files of a submission, as `archive.contents` gives them."""
    complaints = []
    places = sorted((path for path in files if _name(path) == FILE), key=lambda path: path.count("/"))
    description, base = None, ""
    if not places:
        complaints.append(f"There is no {FILE}: hand in the zip that homework.pack made.")
    else:
        if len(places) > 1:
            complaints.append(f"There are {len(places)} {FILE}: {quoted(places[0])} was taken.")
        base = places[0][: -len(FILE)]
        description, wrong = parse_submission(files[places[0]])
        complaints += wrong
    near = {path[len(base) :] if path.startswith(base) else path: content for path, content in files.items()}
    if description is not None:
        complaints += verify(description, near)
        names = [entry.file for entry in description.pictures if entry.file in near]
        if description.sign is None:
            complaints.append("The sign is not known.")
        if description.chosen is None:
            complaints.append("No picture was chosen.")
    else:
        names = sorted(path for path in near if path.lower().endswith(PICTURES))
    if len(names) < LEAST_PICTURES:
        complaints.append(f"There are fewer than {LEAST_PICTURES} pictures: {len(names)}.")
    if len(names) > MOST_PICTURES:
        complaints.append(f"There are {len(names)} pictures: the first {MOST_PICTURES} were looked at.")
    chosen = description.chosen if description else None
    shown = tuple(_shown(name, near[name], name == chosen) for name in names[:MOST_PICTURES])
    return Work(description, shown, tuple(complaints))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _shown(name: str, content: bytes, chosen: bool) -> Shown:
    try:
        return Shown(name, open_picture(content), "", chosen)
    except ValueError as error:
        return Shown(name, None, str(error), chosen)
