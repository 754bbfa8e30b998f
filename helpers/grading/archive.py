"""What was downloaded from the LMS as submissions: whose, and which files.

Known are Moodle's zip in all its layouts, and zips or folders, one a student, in a folder or in a zip.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from helpers.grading import folders, limits
from helpers.grading.limits import Refused, quoted
from helpers.grading.zips import Member, members, same_name, unpacked
from helpers.homework.submission import FILE

__all__ = ["Found", "Submission", "contents", "find", "who"]

# Moodle's "<name>_<id>_assignsubmission_file", with "_" at its end before version 4.1; without folders the
# file's name follows. `who` reads it.
MOODLE = re.compile(r"(?s)(?P<name>.*?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)")
NUMBERED = re.compile(r"(?s)(?P<name>.*?)_(?P<id>\d+)")
TEXT = "onlinetext"
LESSER = ("-incomplete", "-earlier-")  # in the names of zips that `homework.pack` meant for nobody


@dataclass
class Submission:
    """One student's files, which nobody has looked into yet; `id` is the worksheet's number, or ""."""

    id: str
    name: str
    certain: bool = True  # the LMS wrote the number; else anybody may have
    members: list[Member] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What tells it from the others."""
        return f"{self.name}_{self.id}" if self.id else self.name

    def files(self) -> dict[str, bytes]:
        """The files' contents by their paths, as they were sent; what cannot be read becomes a fault."""
        return _read(self.members, self.faults)


@dataclass
class Found:
    """What lay in the download."""

    submissions: list[Submission]
    notes: list[str]  # on what belongs to nobody


def find(download: Path) -> Found:
    """The submissions of a zip or a folder, in the order of their names."""
    if download.is_dir():
        listed = list(folders.listed(download))
    else:
        try:
            listed = list(members(download))
        except Refused as refused:
            raise Refused(f"{download.name} cannot be used: {refused}") from None
    listed = _without_common_folder(listed)
    by_key: dict[str, Submission] = {}
    notes = []
    for member in listed:
        top, _, rest = (_inside(member.path) if member.fault else member.path).partition("/")
        match = who(top)
        if not rest and not match["kind"] and not top.lower().endswith(".zip") and not member.fault:
            notes.append(f"{quoted(top)} lies beside the submissions and was ignored.")
            continue
        one = Submission(match["id"], match["name"], bool(match["kind"]))
        one = by_key.setdefault(same_name(one.key), one)
        path = rest or match["file"] or top
        if match["kind"] == TEXT:
            one.notes.append(f"The text typed online ({quoted(path)}) was ignored: see it in the LMS.")
        else:
            one.members.append(Member(path, member.read, member.fault))
    if not by_key:
        raise Refused(
            f"{download.name} holds no submission: give the zip that the LMS made, or a folder of zips."
        )
    return Found(sorted(by_key.values(), key=lambda one: (same_name(one.name), one.id)), notes)


def who(top: str) -> dict[str, str]:
    """Whose a folder or file of that name is: name, id, kind of submission, and the file's own name."""
    if match := MOODLE.fullmatch(top):
        return match.groupdict()
    stem = re.sub(r"(?i)\.zip$", "", top)
    match = NUMBERED.fullmatch(stem)
    name, number = (match["name"], match["id"]) if match and match["name"] else (stem, "")
    return {"name": name, "id": number, "kind": "", "file": ""}


def contents(files: dict[str, bytes]) -> tuple[dict[str, bytes], list[str], list[str]]:
    """From files as they were sent: those in their archives by name, what was refused, and notes on the rest.

    If several archives hold a homework each, one of them counts, or their files would be mixed.
    """
    listed: dict[str, list[Member]] = {}
    faults, notes = [], []
    room = [limits.TOTAL_BYTES]  # of all archives together
    for path, content in files.items():
        if not path.lower().endswith(".zip"):
            listed[path] = [Member(path, lambda most, content=content: content)]
            continue
        try:
            listed[path] = list(islice(unpacked(content, room=room), limits.FILES + 1))
        except Refused as refused:
            faults.append(f"{quoted(path)}: {refused}")
        if sum(map(len, listed.values())) > limits.FILES:
            break
    else:
        works = {path: inside for path, inside in listed.items() if _is_work(path, inside)}
        if len(works) > 1:
            best = min(works, key=lambda path: (*map(_name(path).count, LESSER), -len(works[path])))
            notes.append(f"{len(works)} zips hold a homework: {quoted(best)} was graded alone.")
            listed = {path: inside for path, inside in listed.items() if path == best or path not in works}
    return _read([member for inside in listed.values() for member in inside], faults), faults, notes


def _is_work(path: str, inside: list[Member]) -> bool:
    return path.lower().endswith(".zip") and any(_name(member.path) == FILE for member in inside)


def _name(path: str) -> str:
    return path.rpartition("/")[2].lower()


def _inside(path: str) -> str:
    """A path that may climb or be absolute, as one that only says whose it is."""
    parts = [part for part in re.split(r"[/\\]", path) if part not in ("", ".", "..")]
    owner = next((number for number, part in enumerate(parts) if who(part)["kind"]), 0)
    return "/".join(parts[owner:]) or path


def _read(listed: list[Member], faults: list[str]) -> dict[str, bytes]:
    if len(listed) > limits.FILES:
        faults.append(f"There are more than {limits.FILES} files: none of them was opened.")
        return {}
    found: dict[str, bytes] = {}
    room, names = limits.TOTAL_BYTES, {}
    for member in listed:
        if member.fault:
            faults.append(member.fault)
            continue
        try:
            content = member.read(limits.FILE_BYTES)
        except Refused as refused:
            faults.append(str(refused))
            continue
        first = names.setdefault(same_name(member.path), content)
        if first is not content:
            if first != content:  # a picture beside the zip that holds it is no fault
                faults.append(f"{quoted(member.path)} is there twice, differently: the second was left out.")
            continue
        if len(content) > room:
            faults.append(f"The files are larger than {room_words()} together: the rest was not opened.")
            break
        room -= len(content)
        found[member.path] = content
    return found


def room_words() -> str:
    """The most that a submission's files may hold together."""
    return f"{limits.TOTAL_BYTES // limits.MB} MB"


def _without_common_folder(listed: list[Member]) -> list[Member]:
    """Out of the one folder that some programs put around everything when they pack anew."""
    tops = {member.path.partition("/")[0] for member in listed}
    rests = [member.path.partition("/")[2] for member in listed]
    if len(tops) != 1 or who(*tops)["kind"] or not all(rests):
        return listed
    seconds = [rest.partition("/")[0] for rest in rests]
    if not any(who(second)["kind"] for second in seconds):
        return listed
    return [Member(rest, member.read, member.fault) for rest, member in zip(rests, listed, strict=True)]
