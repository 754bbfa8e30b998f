"""How much of what a student sent is looked at, and the error that names what is not."""

from __future__ import annotations

import re

from helpers.homework.limits import MAX_ZIP

__all__ = [
    "DEPTH",
    "ENTRIES",
    "FILES",
    "FILE_BYTES",
    "MB",
    "NAME",
    "RATIO",
    "SMALL",
    "TOTAL_BYTES",
    "Refused",
    "plain",
    "quoted",
]

MB = 2**20
FILE_BYTES = MAX_ZIP  # of one file, unpacked
TOTAL_BYTES = 64 * MB  # of all files of a submission, unpacked
FILES = 200  # of a submission
ENTRIES = 10_000  # in the table of an archive, before it is read
RATIO = 200  # unpacked to packed; what is unpacked to less than SMALL may be more
SMALL = MB
DEPTH = 3  # archives inside archives
NAME = 500  # letters of a path


class Refused(ValueError):
    """Something that is not read; the message is the sentence that says what and why."""


def plain(text: object, most: int = 80) -> str:
    """A student's word in a sentence of ours: one line, no control characters, not too long."""
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2066-\u2069]+", " ", str(text)).strip()
    line = line.encode("utf-8", "replace").decode("utf-8")  # half of a surrogate pair cannot be written
    return line if len(line) <= most else line[: most - 1] + "…"


def quoted(text: object) -> str:
    """The same in quotation marks."""
    return f"“{plain(text)}”"
