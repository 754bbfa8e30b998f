"""A zip from an unknown hand as a list of files: names decoded, faults named, nothing unpacked to disk."""

from __future__ import annotations

import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.grading import limits
from helpers.grading.limits import Refused, quoted

__all__ = ["Member", "decoded", "fault_of_path", "members", "same_name", "unpacked"]

UTF8, ENCRYPTED, UNICODE_PATH = 0x800, 0x1, 0x7075
LOCAL_HEADER = 30  # bytes, before the name
JUNK = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)", re.I)
CYRILLIC = re.compile(r"[\u0400-\u045f№«» ]")


@dataclass(frozen=True, eq=False)
class Member:
    """A file in an archive or a folder; one with a fault is not to be read."""

    path: str
    read: Callable[[int], bytes]
    fault: str = ""


def members(archive: Path | bytes) -> Iterator[Member]:
    """The files of an archive in its order; it is refused as a whole if its table cannot be trusted."""
    if isinstance(archive, bytes) and archive.count(zipfile.stringCentralDir) > limits.ENTRIES:
        raise Refused(f"The archive lists more than {limits.ENTRIES} entries.")
    try:
        opened = zipfile.ZipFile(io.BytesIO(archive) if isinstance(archive, bytes) else archive)
    except OSError as error:
        raise Refused(f"The archive cannot be read ({error.strerror or error}).") from None
    except Exception:  # damaged tables end in errors of many kinds
        raise Refused("It is not a zip archive, or a damaged one.") from None
    entries = opened.infolist()
    overlapping, twice = _overlapping(entries), _twice(entries)
    for number, entry in enumerate(entries):
        path = decoded(entry)
        if path.endswith("/") or JUNK.search(path):
            continue
        fault = _fault(entry, path)
        if not fault and number in overlapping:
            fault = f"{quoted(path)} overlaps another entry of its archive, as in a zip bomb."
        if not fault and number in twice:
            fault = f"{quoted(path)} is in its archive twice."
        yield Member(path, _reader(opened, entry, path), fault)


def unpacked(archive: bytes, *, depth: int = 1, room: list[int] | None = None) -> Iterator[Member]:
    """The same, with the archives inside it; what is refused inside is a member with that fault.

    `room` is what all those archives may hold together, in bytes.
    """
    room = [limits.TOTAL_BYTES] if room is None else room
    if depth > limits.DEPTH:
        raise Refused(f"Archives lie in archives, more than {limits.DEPTH} deep.")
    for member in members(archive):
        if member.fault or not member.path.lower().endswith(".zip"):
            yield member
            continue
        try:
            content = member.read(room[0])
            room[0] -= len(content)
            for inner in unpacked(content, depth=depth + 1, room=room):
                yield Member(f"{member.path}/{inner.path}", inner.read, inner.fault)
        except Refused as refused:
            yield Member(member.path, member.read, f"{quoted(member.path)}: {refused}")


def decoded(entry: zipfile.ZipInfo) -> str:
    """The name of an entry, also from archives that do not say how they wrote it."""
    if entry.flag_bits & UTF8:
        return entry.orig_filename
    raw = entry.orig_filename.encode("cp437")  # as zipfile read it
    if told := _unicode_path(entry.extra, raw):
        return told
    try:
        return raw.decode("utf-8")  # macOS writes it so, without the flag
    except UnicodeDecodeError:
        pass
    for encoding in ("cp866", "cp1251"):  # Windows with Cyrillic letters, by its Explorer and by others
        text = raw.decode(encoding, "replace")
        strange = [letter for letter in text if not letter.isascii()]
        mixed = any(
            re.search("[A-Za-z]", word) and not word.isascii() for word in re.findall(r"[^\W\d_]+", text)
        )
        if all(map(CYRILLIC.match, strange)) and not mixed:
            return text
    return raw.decode("cp437")


def fault_of_path(path: str) -> str:
    """What is wrong with a path that an archive gives, or nothing."""
    if "\0" in path or not path.strip() or len(path) > limits.NAME:
        return f"{quoted(path)} is no name for a file."
    if "\\" in path:
        return f"{quoted(path)} has a backslash in its name."
    if path.startswith("/"):
        return f"{quoted(path)} is an absolute path."
    if re.match(r"[A-Za-z]:", path):
        return f"{quoted(path)} begins with a drive letter."
    if ".." in path.split("/"):
        return f"{quoted(path)} climbs out of its folder."
    return ""


def same_name(path: str) -> str:
    """Equal for paths that some file system takes for the same."""
    if len(path) > limits.NAME:  # which is no name, and of many accents the order takes quadratic time
        return path
    return unicodedata.normalize("NFC", path).casefold()


def _fault(entry: zipfile.ZipInfo, path: str) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if fault := fault_of_path(path):
        return fault
    if kind == stat.S_IFLNK:
        return f"{quoted(path)} is a symbolic link."
    if kind not in (0, stat.S_IFREG):
        return f"{quoted(path)} is no ordinary file."
    if entry.flag_bits & ENCRYPTED:
        return f"{quoted(path)} is encrypted."
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"{quoted(path)} is packed in an unusual way: only plain zip archives are read."
    if entry.file_size > limits.SMALL and entry.file_size > limits.RATIO * max(entry.compress_size, 1):
        return f"{quoted(path)} would unpack to {entry.file_size / limits.MB:,.0f} MB, as in a zip bomb."
    if entry.file_size > limits.FILE_BYTES and not path.lower().endswith(".zip"):
        return f"{quoted(path)} is larger than {limits.FILE_BYTES // limits.MB} MB."
    return ""


def _overlapping(entries: list[zipfile.ZipInfo]) -> set[int]:
    """Which entries share bytes with another (python's own check came with 3.11.8)."""
    order = sorted(range(len(entries)), key=lambda number: entries[number].header_offset)
    found, end, last = set(), -1, -1
    for number in order:
        entry = entries[number]
        if entry.header_offset < end:
            found |= {number, last}
        own = entry.header_offset + LOCAL_HEADER + len(entry.orig_filename) + entry.compress_size
        if own > end:
            end, last = own, number
    return found


def _twice(entries: list[zipfile.ZipInfo]) -> set[int]:
    seen: dict[str, int] = {}
    found = set()
    for number, entry in enumerate(entries):
        first = seen.setdefault(same_name(decoded(entry)), number)
        found |= {first, number} if first != number else set()
    return found


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """The name in the extra field of Info-ZIP, if it belongs to this name."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and len(field) > 5 and field[0] == 1:
            (checksum,) = struct.unpack_from("<L", field, 1)
            if checksum == zlib.crc32(raw):
                return field[5:].decode("utf-8", "replace")
    return ""


def _reader(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        """The content; the header is not trusted, reading stops after the limit."""
        try:
            with opened.open(entry) as packed:
                content = packed.read(most + 1)
        except Exception:  # zlib, structures, checksums: each has its own
            raise Refused(f"{quoted(path)} is damaged in its archive.") from None
        if len(content) > most:
            raise Refused(f"{quoted(path)} is larger than {most / limits.MB:.3g} MB.")
        return content

    return read
