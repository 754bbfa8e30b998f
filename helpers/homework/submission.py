"""What stands in a homework's `submission.json`: written, and read with suspicion.

It holds the sign, not the birthday; a name only if the student gave one; and no origins, which stand in
the pictures.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from helpers.homework.limits import MAX_JSON, MAX_SIDE, MAX_WORDS
from helpers.homework.origin import strict_json
from helpers.homework.png import read_png
from helpers.outlines import NAMES

__all__ = ["FILE", "WORDS_FILE", "Entry", "Submission", "file_name", "parse_submission", "sha256", "verify"]

SCHEMA, VERSION = "generative-course/zodiac-homework", 1
FILE, WORDS_FILE = "submission.json", "words.txt"
KEYS = ("schema", "version", "sign", "name", "words", "chosen", "pictures", "missing")
MAX_NAME, MAX_PICTURES, MAX_MISSING, MAX_SENTENCE = 200, 100, 300, 1000


@dataclass(frozen=True)
class Entry:
    """A picture of the submission; `sha256` is that of its file's bytes."""

    file: str
    sha256: str
    width: int
    height: int


@dataclass(frozen=True)
class Submission:
    """A student's homework, but for the pictures themselves."""

    sign: str | None
    name: str | None
    words: str
    chosen: str | None  # the file of a picture
    pictures: tuple[Entry, ...]
    missing: tuple[str, ...]  # what the student was told

    def to_json(self) -> bytes:
        """The content of `submission.json`."""
        record = {"schema": SCHEMA, "version": VERSION} | asdict(self)
        return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()


def file_name(place: int) -> str:
    """What the picture at that place, counted from 1, is called in the zip."""
    return f"picture-{place}.png"


def sha256(content: bytes) -> str:
    """The digest of a file."""
    return hashlib.sha256(content).hexdigest()


def parse_submission(data: bytes) -> tuple[Submission | None, list[str]]:
    """The submission in these bytes, or None and what is wrong with them."""
    if len(data) > MAX_JSON:
        return None, [f"{FILE} has {len(data):,} bytes, {MAX_JSON:,} are allowed."]
    try:
        record = strict_json(data.decode("utf-8-sig"))
    except ValueError as error:  # of the encoding, too
        return None, [f"{FILE} is no JSON in UTF-8: {error}."]
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        return None, [f"{FILE} is no zodiac homework: its schema must be {SCHEMA!r}."]
    if type(record.get("version")) is not int or record["version"] != VERSION:
        return None, [f"{FILE} is of another version than {VERSION}."]
    if sorted(record) != sorted(KEYS):
        return None, [f"{FILE} must have the fields {', '.join(KEYS)} and no others."]
    wrong = _wrong(record)
    if wrong:
        return None, [f"{FILE}: {sentence}" for sentence in wrong]
    pictures = tuple(Entry(**entry) for entry in record["pictures"])
    rest = {key: record[key] for key in ("sign", "name", "words", "chosen")}
    return Submission(**rest, pictures=pictures, missing=tuple(record["missing"])), []


def _wrong(record: Mapping[str, Any]) -> list[str]:
    """All that is of a wrong type or size."""
    sign, name, words = (record[key] for key in ("sign", "name", "words"))
    pictures, told = record["pictures"], record["missing"]
    found = []
    if sign is not None and sign not in NAMES:
        found.append(f"sign must be null or one of {', '.join(NAMES)}.")
    if name is not None and not _text(name, MAX_NAME, 1):
        found.append(f"name must be null or a text of 1 to {MAX_NAME} characters.")
    if not _text(words, MAX_WORDS):
        found.append(f"words must be a text of up to {MAX_WORDS:,} characters.")
    if not isinstance(told, list) or len(told) > MAX_MISSING or not all(_text(s, MAX_SENTENCE) for s in told):
        found.append(f"missing must be a list of up to {MAX_MISSING} sentences.")
    if not isinstance(pictures, list) or len(pictures) > MAX_PICTURES:
        return [*found, f"pictures must be a list of up to {MAX_PICTURES}."]
    for place, entry in enumerate(pictures, 1):
        if not _is_entry(entry, place):
            keys = "file, sha256, width and height"
            found.append(f"the entry of picture {place} must have {keys}, as `pack` writes them.")
    if record["chosen"] is not None and record["chosen"] not in map(file_name, range(1, len(pictures) + 1)):
        found.append("chosen must be null or the file of one of the pictures.")
    return found


def _is_entry(entry: Any, place: int) -> bool:
    if not isinstance(entry, dict) or sorted(entry) != ["file", "height", "sha256", "width"]:
        return False
    digest, sides = entry["sha256"], (entry["width"], entry["height"])
    return (
        entry["file"] == file_name(place)
        and isinstance(digest, str)
        and re.fullmatch("[0-9a-f]{64}", digest) is not None
        and all(type(side) is int and 1 <= side <= MAX_SIDE for side in sides)
    )


def _text(value: Any, most: int, least: int = 0) -> bool:
    """Whether it is a text of that length, which can be written to a file."""
    if not isinstance(value, str) or not least <= len(value) <= most:
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def verify(submission: Submission, files: Mapping[str, bytes]) -> list[str]:
    """Where the files of a zip, by name, are not those of its submission."""
    found = []
    named = {FILE, WORDS_FILE, *(entry.file for entry in submission.pictures)}
    for entry in submission.pictures:
        content = files.get(entry.file)
        if content is None:
            found.append(f"{entry.file} is not in the zip.")
        elif sha256(content) != entry.sha256:
            found.append(f"{entry.file} was changed after it was packed.")
        else:
            found += _other_size(entry, content)
    if WORDS_FILE not in files:
        found.append(f"{WORDS_FILE} is not in the zip.")
    elif not _same_words(submission.words, files[WORDS_FILE]):
        found.append(f"{WORDS_FILE} says something else than {FILE}, which counts.")
    return found + [f"{_shown(name)} belongs to no homework." for name in sorted(files) if name not in named]


def _other_size(entry: Entry, content: bytes) -> Sequence[str]:
    try:
        said = read_png(content)
    except ValueError:
        return ()  # which is said when the picture is opened
    if (said.width, said.height) == (entry.width, entry.height):
        return ()
    return (f"{entry.file} has {said.width}x{said.height} pixels, not those that {FILE} says.",)


def _same_words(words: str, content: bytes) -> bool:
    """Whether the file says the words, of which the longest are cut in the submission."""
    said = content.decode("utf-8-sig", "replace")
    said, words = (" ".join(text.split()) for text in (said[:MAX_WORDS], words))
    return said == words


def _shown(name: str) -> str:
    return repr(name) if len(name) <= 60 else f"{name[:57]!r}..."
