"""From points to marks: what goes into the worksheet and into the summary."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from helpers.grading import rubric
from helpers.grading.checks import OPEN
from helpers.grading.limits import Refused, plain, quoted
from helpers.grading.worksheet import FORMULA, Worksheet

__all__ = ["Filled", "feedback", "fill", "grade", "quality", "table"]

Record = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """The worksheet with its marks, and what did not fit."""

    content: bytes
    notes: list[str]


def quality(path: Path | None, points: Mapping[str, float], records: Sequence[Record]) -> dict[str, float]:
    """The points that a person gave, by submission: columns key and quality, as the report saves them."""
    if path is None:
        return {}
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    except (OSError, ValueError, csv.Error) as error:
        raise Refused(f"{path.name} cannot be read ({error}).") from None
    known, found = {record["key"] for record in records}, {}
    for row in rows:
        key = row.get("key")
        text = (row.get("quality") or "").strip().replace(",", ".")
        if key is None or "quality" not in row:
            raise Refused(f"{path.name} needs the columns key and quality: save it from the report.")
        if not text:
            continue
        key = key if key in known else key.removeprefix("'")  # which keeps spreadsheets from taking formulas
        if key not in known:
            raise Refused(f"{path.name} names {quoted(key)}, and there is no such submission.")
        try:
            given = float(text)
        except ValueError:
            given = -1
        if not 0 <= given <= points[rubric.QUALITY]:
            raise Refused(
                f"{path.name}: the quality of {quoted(key)} must be from 0 to {points[rubric.QUALITY]:g}."
            )
        found[key] = given
    return found


def grade(record: Record, points: Mapping[str, float], given: float | None, maximum: Decimal) -> Decimal:
    """All points on the scale of the LMS."""
    share = Decimal(str(record["points"] + (given or 0))) / Decimal(str(rubric.most(points)))
    return share * maximum


def feedback(record: Record, points: Mapping[str, float], given: float | None) -> str:
    """One line for the student: what was lost and why; nothing that only the instructor should see.

    Moodle takes feedback for HTML, so angle brackets and ampersands of file names are put aside.
    """
    most = points[rubric.QUALITY]
    said = [f"Checks by the machine: {record['points']:g} of {record['most']:g} points."]
    for check in record["checks"]:
        if check["points"] < check["most"] and check["state"] != OPEN:
            lost = f"{check['label']} {check['points']:g}/{check['most']:g}: {check['sentence']}"
            said.append(lost[0].upper() + lost[1:])
    if most:
        said.append(f"Quality: {given:g} of {most:g}." if given is not None else "Quality: not judged yet.")
    line = plain(" ".join(said), 2000)
    return line.translate({ord("<"): "(", ord(">"): ")", ord("&"): "+"})


def fill(
    sheet: Worksheet,
    records: Sequence[Record],
    points: Mapping[str, float],
    given: Mapping[str, float],
    *,
    overwrite: bool = False,
) -> Filled:
    """The worksheet's bytes with the marks of everyone who has a row."""
    by_id: dict[str, list[Record]] = {}
    for record in records:
        by_id.setdefault(record["id"], []).append(record)
    rows = {row.id: row for row in sheet.rows}
    notes, marks = [], {}
    for number, several in by_id.items():
        names = ", ".join(plain(record["name"]) for record in several)
        if number not in rows or not number:
            notes.append(f"No row of the worksheet belongs to {names} ({number or 'without a number'}).")
        elif len(several) > 1:
            notes.append(f"Several submissions have the number {number}: {names}. None was entered.")
        elif several[0]["failed"]:
            notes.append(f"{names} could not be graded, so nothing was entered: look at the work by hand.")
        elif not several[0]["certain"] and _apart(several[0]["name"], rows[number].name):
            other = plain(rows[number].name)
            notes.append(f"The number {number} is that of {other}, not of {names}: nothing was entered.")
        elif rows[number].maximum is None:
            notes.append(f"{names}: the worksheet says no maximum grade, so none was entered.")
        else:
            (record,) = several
            own = given.get(record["key"])
            mark = grade(record, points, own, rows[number].maximum)
            marks[number] = mark, feedback(record, points, own)
    notes += [
        f"Row {row.id or '?'} ({plain(row.name) or 'no name'}) has no submission."
        for row in sheet.rows
        if row.id not in by_id
    ]
    if not overwrite:
        notes += [
            f"{plain(row.name) or row.id} has the grade {quoted(row.grade)} already, which was kept."
            for row in sheet.kept(marks)
        ]
    if "feedback" not in sheet.columns:
        notes.append("The worksheet has no known column for feedback: only grades were entered.")
    return Filled(sheet.filled(marks, overwrite=overwrite), notes)


def _apart(one: str, two: str) -> bool:
    """Whether two names have no word in common."""
    words = [set(re.findall(r"\w{2,}", name.casefold().replace("_", " "))) for name in (one, two)]
    return bool(words[1]) and not words[0] & words[1]


def table(records: Sequence[Record], points: Mapping[str, float], given: Mapping[str, float]) -> bytes:
    """A row a submission, for a spreadsheet: no cell of it begins as a formula does."""
    names = [name for name in rubric.LABELS if name != rubric.QUALITY]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["key", "id", "name", "points", "most", *names, "quality", "faults", "flags"])
    for record in records:
        by_name = {check["name"]: check["points"] for check in record["checks"]}
        cells = [record["key"], record["id"], record["name"], record["points"], record["most"]]
        cells += [by_name[name] for name in names] + [given.get(record["key"], "")]
        cells += [" ".join(record["faults"]), " ".join(record["flags"])]
        writer.writerow([f"'{cell}" if str(cell).startswith(FORMULA) else cell for cell in cells])
    return file.getvalue().encode("utf-8-sig", "replace")
