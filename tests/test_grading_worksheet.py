"""The grading worksheet: only grade and feedback cells change, in every encoding, separator and language."""

from __future__ import annotations

import codecs
from decimal import Decimal
from itertools import product

import pytest

from helpers.grading import worksheet
from helpers.grading.columns import COLUMNS
from helpers.grading.limits import Refused

ENCODINGS = {  # name: byte order mark and codec
    "utf-8": (b"", "utf-8"),
    "utf-8 with BOM": (codecs.BOM_UTF8, "utf-8"),
    "utf-16": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "cp1251": (b"", "cp1251"),
}
HEADERS = {
    "en": ("Identifier", "Full name", "Status", "Grade", "Maximum grade", "Last modified (grade)"),
    "ru": (
        *("Идентификатор", "Полное имя", "Состояние", "Оценка", "Максимальная оценка"),
        "Последнее изменение (оценка)",
    ),
    "bg": (
        *("Идентификатор", "Пълно име", "Статус", "Оценка", "Максимална оценка"),
        "Последна промяна (оценка)",
    ),
}
FEEDBACK = {"en": "Feedback comments", "ru": "Отзыв в виде комментария", "bg": "Коментари за обратна връзка"}
PERSON = {"en": "Participant 17", "ru": "Участник17", "bg": "Участник 17"}
MARKS = {"17": (Decimal("61.5"), 'Fine, "but"; late')}


def sheet(separator: str, language: str, *, end: str = "\r\n", grade: str = "", feedback: str = "") -> str:
    """Two students; the second has no submission. Cells are quoted at random, one holds a line end."""
    most = "100.00" if language == "en" else "100,00"
    header = separator.join(f'"{name}"' for name in (*HEADERS[language], FEEDBACK[language]))
    first = [PERSON[language], '"Иванова, ""Аня"""', '"Сдано\nпоздно; да"', grade, f'"{most}"', "-", feedback]
    second = ["18", '"Ng;\tLee, Jr"', "", "", f'"{most}"', '"-"', '""']
    return end.join([header, separator.join(first), separator.join(second), ""])


def encoded(text: str, encoding: str) -> bytes:
    bom, codec = ENCODINGS[encoding]
    return bom + text.encode(codec)


@pytest.mark.parametrize(("encoding", "separator", "language"), [*product(ENCODINGS, ",;\t", HEADERS)])
def test_only_grade_and_feedback_change(encoding, separator, language):
    number = "61.50" if language == "en" else "61,50"
    number = f'"{number}"' if "," in number and separator == "," else number
    words = '"Fine, ""but""; late"'
    before = encoded(sheet(separator, language), encoding)
    after = encoded(sheet(separator, language, grade=number, feedback=words), encoding)
    assert worksheet.read(before).filled(MARKS) == after


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_stay(end):
    before, after = (sheet(",", "en", end=end, grade=grade) for grade in ("", "61.50"))
    assert worksheet.read(before.encode()).filled({"17": (Decimal("61.5"), "")}) == after.encode()


def test_a_sheet_without_marks_stays_as_it_is():
    content = encoded(sheet(";", "ru"), "cp1251")
    assert worksheet.read(content).filled({}) == content
    assert worksheet.read(content).filled({"999": MARKS["17"]}) == content


def test_what_a_person_wrote_is_kept_unless_told_otherwise():
    for feedback in ("Mine", ""):  # a person's grade gets no words of the machine beside it
        content = sheet(",", "en", grade="88.00", feedback=feedback).encode()
        read = worksheet.read(content)
        assert read.filled(MARKS) == content
        assert [row.id for row in read.kept({"17", "18"})] == ["17"]
        assert b"61.50" in read.filled(MARKS, overwrite=True)
    filled = worksheet.read(sheet(",", "en", feedback="Mine").encode()).filled(MARKS)
    assert filled == sheet(",", "en", grade="61.50", feedback="Mine").encode()


def test_the_number_is_found_whatever_the_language_calls_a_participant():
    for language in HEADERS:
        read = worksheet.read(sheet(",", language).encode())
        assert [row.id for row in read.rows] == ["17", "18"]
        assert [row.maximum for row in read.rows] == [Decimal(100), Decimal(100)]


def test_the_comma_of_a_language_without_numbers_in_the_sheet():
    content = sheet(";", "ru").replace("100,00", "100").encode()
    assert b";61,50;" in worksheet.read(content).filled(MARKS)


@pytest.mark.parametrize("start", "=+-@")
def test_feedback_is_no_formula(start):
    filled = worksheet.read(sheet("\t", "en").encode()).filled({"17": (Decimal(1), f"{start}1+1")})
    assert f"\t'{start}1+1\r\n".encode() in filled


def test_columns_of_another_language_can_be_named():
    content = sheet(",", "en").replace("Identifier", "ID").replace('"Grade"', '"Punkte"').encode()
    with pytest.raises(Refused, match="“Punkte”.*--columns"):
        worksheet.read(content)
    assert b"61.50" in worksheet.read(content, {"id": "ID", "grade": "Punkte"}).filled(MARKS)


def test_an_unknown_name_of_the_maximum_is_said_before_it_costs_the_marks():
    content = sheet(",", "en").replace("Maximum grade", "Höchstnote").encode()
    with pytest.raises(Refused, match="no column “Maximum grade” in.*“Höchstnote”.*--columns maximum=…"):
        worksheet.read(content)
    assert b"61.50" in worksheet.read(content, {"maximum": "Höchstnote"}).filled(MARKS)


def test_a_sheet_that_would_be_damaged_is_refused():
    with pytest.raises(Refused, match="Row 3 of the worksheet has 8 cells and not 7"):
        worksheet.read(sheet(",", "en").replace('"-"', "a,b").encode())
    with pytest.raises(Refused, match="never closed"):
        worksheet.read((sheet(",", "en") + '19,"Open').encode())
    with pytest.raises(Refused, match="the number 18 twice"):
        worksheet.read(sheet(",", "en").replace("Participant 17", "18").encode())


def test_a_scale_in_words_has_no_maximum():
    read = worksheet.read(sheet(",", "en").replace("100.00", "Good").encode())
    assert [row.maximum for row in read.rows] == [None, None]


def test_no_name_stands_for_two_columns():
    names = [name.casefold() for several in COLUMNS.values() for name in several]
    assert len(set(names)) == len(names)
