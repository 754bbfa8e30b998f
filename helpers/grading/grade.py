"""From the files of one submission to its record: a pure function that any process can run.

A record is plain data: what is in `results.jsonl`, in the cache and in the report.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from threading import Lock
from typing import Any

from helpers.grading import archive, checks, work
from helpers.grading.limits import plain
from helpers.grading.models import Models, unverified
from helpers.grading.work import Shown
from helpers.homework import pocket_hash

__all__ = ["VERSION", "Task", "grade", "key"]

VERSION = 3  # raise it whenever a check gives other points or sentences: cached records are then out of date
MOST_FAULTS = 10  # sentences of a record

Record = dict[str, Any]
_one_at_a_time = Lock()  # threads of one process share the model


@dataclass(frozen=True)
class Task:
    """What has to be known of a submission to grade it, anywhere."""

    files: Mapping[str, bytes]
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    points: Mapping[str, float]
    render: bool


def key(task: Task) -> str:
    """A digest of all that the record depends on."""
    digest = hashlib.sha256()
    said = [VERSION, task.render, pocket_hash(), sorted(task.points.items()), task.faults, task.notes]
    digest.update(json.dumps(said, ensure_ascii=True).encode())
    for path in sorted(task.files):
        name = path.encode("utf-8", "surrogatepass")
        digest.update(hashlib.sha256(name).digest() + hashlib.sha256(task.files[path]).digest())
    return digest.hexdigest()


def grade(task: Task) -> tuple[Record, dict[str, bytes]]:
    """The record of a submission, and its thumbnails by name; whatever was sent, it comes to an end."""
    try:
        if not task.render:
            return _graded(task, None)
        with _one_at_a_time:
            return _graded(task, _models())
    except Exception as error:  # one submission must not end the run of the others
        fault = f"It could not be graded ({type(error).__name__}): look at it by hand."
        nothing = work.Work(None, (), ())
        return _record(nothing, [*task.faults, fault], task, None) | {"failed": True}, {}


def _graded(task: Task, models: Models | None) -> tuple[Record, dict[str, bytes]]:
    files, faults, notes = archive.contents(dict(task.files))
    faults = [*task.faults, *faults]
    if not files and not faults:
        faults.append("Nothing was handed in.")
    looked = work.opened(files)
    record = _record(looked, faults, task, models)
    record["notes"] += notes
    return record, {_thumbnail(shown): shown.thumbnail for shown in looked.seen}


def _record(looked: work.Work, faults: Sequence[str], task: Task, models: Models | None) -> Record:
    found = checks.run(looked, task.points, faults, models)
    more = len(faults) - MOST_FAULTS
    told = looked.description
    lost = any(shown.fault for shown in looked.pictures)
    return {
        "failed": False,
        "broken": bool(faults or looked.complaints or lost),
        "rendered": task.render,
        "unverified": any(unverified(shown.picture.origin) for shown in looked.seen),
        "sign": told.sign if told else None,
        "words": told.words if told else "",
        "faults": [plain(fault, 300) for fault in faults[:MOST_FAULTS]]
        + ([f"And {more} more."] if more > 0 else []),
        "complaints": [plain(complaint, 300) for complaint in looked.complaints[:MOST_FAULTS]],
        "notes": list(task.notes),
        "pictures": [_picture(shown) for shown in looked.pictures],
        "checks": [asdict(check) for check in found],
        "points": round(sum(check.points for check in found), 2),
        "most": round(sum(check.most for check in found), 2),
    }


def _picture(shown: Shown) -> Record:
    said: Record = {"file": shown.file, "chosen": shown.chosen, "fault": plain(shown.fault, 300)}
    if shown.picture is None:
        return said
    height, width = shown.image.shape[:2]
    said |= {"width": width, "height": height, "prompt": shown.picture.prompt, "whole": shown.picture.whole}
    said |= {"thumbnail": _thumbnail(shown), "pixels": shown.pixels, "fingerprint": shown.fingerprint}
    if origin := shown.picture.origin:
        names = ("negative_prompt", "seed", "steps", "sampler", "guidance", "model")
        said |= {name: getattr(origin, name) for name in names}
    return said


def _thumbnail(shown: Shown) -> str:
    return f"{shown.pixels[:32]}.jpg"


@cache
def _models() -> Models:
    return Models()
