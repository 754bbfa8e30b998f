"""Moodle's grading worksheet: only grade and feedback cells are filled, every other byte stays as it was."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from helpers.grading.columns import COLUMNS, DECIMAL_COMMA, REQUIRED, place
from helpers.grading.limits import Refused, quoted

__all__ = ["Row", "Worksheet", "read"]

BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
SEPARATORS = ",;\t"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for one, at a cell's beginning
EMPTY = ("", "-")


@dataclass(frozen=True)
class Row:
    """A student's row: the number that folders carry, and what the sheet says so far."""

    id: str
    name: str
    maximum: Decimal | None
    grade: str
    feedback: str
    cells: tuple[tuple[int, int], ...]  # where they stand in the text


@dataclass(frozen=True)
class Worksheet:
    """A sheet as it was downloaded."""

    text: str
    bom: bytes
    encoding: str
    separator: str
    columns: dict[str, int]
    rows: tuple[Row, ...]
    comma: bool  # whether it writes 7,5

    def filled(self, grades: Mapping[str, tuple[Decimal, str]], *, overwrite: bool = False) -> bytes:
        """The sheet's bytes with grade and feedback of those ids; rows with a grade, and feedback, stay."""
        changes: list[tuple[int, int, str]] = []
        for row in self.rows:
            if row.id not in grades or not (overwrite or row.grade.strip() in EMPTY):
                continue
            grade, feedback = grades[row.id]
            new = {"grade": (row.grade, self.number(grade)), "feedback": (row.feedback, feedback)}
            for column, (old, value) in new.items():
                if column in self.columns and (overwrite or old.strip() in EMPTY):
                    start, end = row.cells[self.columns[column]]
                    changes.append((start, end, self._cell(value, self.text[start:end])))
        pieces, last = [], 0
        for start, end, value in sorted(changes):
            pieces += [self.text[last:start], value]
            last = end
        text = "".join([*pieces, self.text[last:]])
        return self.bom + text.encode(self.encoding, "replace")

    def kept(self, ids: Collection[str]) -> list[Row]:
        """Rows of those ids that have a grade already, which `filled` leaves alone."""
        return [row for row in self.rows if row.id in ids and row.grade.strip() not in EMPTY]

    def number(self, grade: Decimal) -> str:
        """A grade as this sheet writes numbers; Moodle reads it back in the language of the user."""
        text = format(grade.quantize(Decimal("0.01"), ROUND_HALF_UP), "f")
        return text.replace(".", ",") if self.comma else text

    def _cell(self, value: str, before: str) -> str:
        harmless = f"'{value}" if value.startswith(FORMULA) else value
        if before.startswith('"') or re.search(rf'[{re.escape(self.separator)}"\r\n]|^\s|\s$', harmless):
            return '"' + harmless.replace('"', '""') + '"'
        return harmless


def read(content: bytes, own: Mapping[str, str] | None = None) -> Worksheet:
    """A downloaded worksheet; `own` names columns that are called otherwise: {"grade": "Punkte"}."""
    bom, encoding = _encoding(content)
    try:
        text = content[len(bom) :].decode(encoding)
    except UnicodeDecodeError:
        raise Refused("The worksheet's letters cannot be read: download it again, as CSV in UTF-8.") from None
    if text.encode(encoding) != content[len(bom) :]:
        raise Refused("The worksheet's letters cannot be written back: download it again, as CSV in UTF-8.")
    for separator in SEPARATORS:
        table = list(_rows(text, separator))
        header = [_value(text, span) for span in table[0]] if table else []
        columns = place(header, own)
        if all(name in columns for name in REQUIRED):
            break
    else:
        header = [_value(text, span) for span in next(_rows(text, _likely(text)), ())]
        lost = [name for name in REQUIRED if name not in place(header, own)]
        raise Refused(
            f"The worksheet has no column {' or '.join(quoted(COLUMNS[name][0]) for name in lost)} in a "
            f"language known here; its columns are {', '.join(map(quoted, header[:12]))}: "
            f"say which is which with --columns {' '.join(f'{name}=…' for name in lost)}."
        )
    rows = []
    for number, cells in enumerate(table[1:], 2):
        if len(cells) == 1 and cells[0][0] == cells[0][1]:
            continue  # an empty line
        if len(cells) != len(header):
            raise Refused(
                f"Row {number} of the worksheet has {len(cells)} cells and not {len(header)}: "
                f"download it again."
            )
        values = [_value(text, span) for span in cells]
        told = {name: values[at] for name, at in columns.items()}
        rows.append(_row(told, tuple(cells)))
    if twice := [number for number, count in Counter(row.id for row in rows).items() if number and count > 1]:
        raise Refused(f"The worksheet has the number {', '.join(twice)} twice: download it again.")
    comma = _comma([value for row in rows for value in _numbers(text, row, columns)], header)
    return Worksheet(text, bom, encoding, separator, columns, tuple(rows), comma)


def _row(told: Mapping[str, str], cells: tuple[tuple[int, int], ...]) -> Row:
    number = re.search(r"(\d+)\s*$", told["id"])  # "Participant 12" in the user's language
    try:
        most = Decimal(told.get("maximum", "").strip().replace(",", "."))
    except InvalidOperation:  # a scale in words, or no such column
        most = None
    if most is not None and not (most.is_finite() and most > 0):
        most = None
    grade, feedback = told["grade"], told.get("feedback", "")
    return Row(number[1] if number else "", told.get("name", ""), most, grade, feedback, cells)


def _rows(text: str, separator: str) -> Iterator[list[tuple[int, int]]]:
    """Where the cells of each row stand, quotation marks included."""
    at, row = 0, []
    while at < len(text):
        start = at
        if text[at] == '"':
            at += 1
            while (quote := text.find('"', at)) >= 0 and text[quote + 1 : quote + 2] == '"':
                at = quote + 2
            if quote < 0:
                raise Refused("A quotation mark in the worksheet is never closed: download it again.")
            at = quote + 1
        end = re.compile(rf"[{re.escape(separator)}\r\n]").search(text, at)
        at = end.start() if end else len(text)
        row.append((start, at))
        if end and end[0] == separator:
            at += 1
            if at == len(text):
                row.append((at, at))
            continue
        yield row
        row = []
        at += 2 if text[at : at + 2] == "\r\n" else 1
    if row:
        yield row


def _value(text: str, span: tuple[int, int]) -> str:
    cell = text[slice(*span)]
    return cell[1:-1].replace('""', '"') if cell[:1] == '"' and cell[-1:] == '"' and len(cell) > 1 else cell


def _numbers(text: str, row: Row, columns: Mapping[str, int]) -> list[str]:
    return [_value(text, row.cells[columns[name]]) for name in ("maximum", "grade") if name in columns]


def _comma(numbers: list[str], header: list[str]) -> bool:
    """What the sheet's own numbers show, else what its language does."""
    for sign in (",", "."):
        if any(re.fullmatch(rf"\s*\d+\{sign}\d+\s*", number) for number in numbers):
            return sign == ","
    return any(name.strip() in DECIMAL_COMMA for name in header)


def _encoding(content: bytes) -> tuple[bytes, str]:
    for bom, encoding in BOMS:
        if content.startswith(bom):
            return bom, encoding
    zeros = [content[start:2000:2].count(0) for start in (0, 1)]
    if max(zeros) > 20:
        return b"", "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    try:
        content.decode("utf-8")
        return b"", "utf-8"
    except UnicodeDecodeError:
        return b"", "cp1251"


def _likely(text: str) -> str:
    try:
        return csv.Sniffer().sniff(text[:2000], SEPARATORS).delimiter
    except csv.Error:
        return ","
