"""The twelve signs of the zodiac: which is mine, what it is called, and what belongs to it.

The days are those of the newspapers' horoscopes (the tropical zodiac). The sun enters a sign at a moment
that moves by up to a day from year to year and with the time zone: who was born on a boundary may say either.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from helpers.captions import WORDS_FOR
from helpers.outlines import NAMES

__all__ = ["SIGNS", "Sign", "find_sign", "sign_of", "table"]

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
ELEMENTS = ("fire", "earth", "air", "water")
LEAP = 2000  # a year that has every day
STARTS = (  # the first day of each, in the order of NAMES
    *((3, 21), (4, 20), (5, 21), (6, 21), (7, 23), (8, 23)),
    *((9, 23), (10, 23), (11, 22), (12, 22), (1, 20), (2, 19)),
)
RUSSIAN = (
    *("Овен", "Телец", "Близнецы", "Рак", "Лев", "Дева"),
    *("Весы", "Скорпион", "Стрелец", "Козерог", "Водолей", "Рыбы"),
)
BULGARIAN = (
    *("Овен", "Телец", "Близнаци", "Рак", "Лъв", "Дева"),
    *("Везни", "Скорпион", "Стрелец", "Козирог", "Водолей", "Риби"),
)


@dataclass(frozen=True)
class Sign:
    """One sign; `name` is what the rest of the course calls it, such as "leo"."""

    name: str
    glyph: str
    element: str
    start: tuple[int, int]  # month and day: the first ...
    end: tuple[int, int]  # ... and the last
    english: str
    russian: str
    bulgarian: str

    @property
    def dates(self) -> str:
        """Such as "23 July – 22 August"."""
        return " – ".join(f"{day} {MONTHS[month - 1]}" for month, day in (self.start, self.end))

    @property
    def words(self) -> tuple[str, ...]:
        """What the pocket model calls it in prompts: "leo", "lion"."""
        return WORDS_FOR["sign"][self.name]

    def __str__(self) -> str:
        return f"{self.glyph} {self.english}"


def _sign(number: int) -> Sign:
    after = date(LEAP, *STARTS[(number + 1) % len(NAMES)]) - timedelta(days=1)
    return Sign(
        NAMES[number],
        chr(0x2648 + number),
        ELEMENTS[number % len(ELEMENTS)],
        STARTS[number],
        (after.month, after.day),
        NAMES[number].title(),
        RUSSIAN[number],
        BULGARIAN[number],
    )


SIGNS = tuple(_sign(number) for number in range(len(NAMES)))


def sign_of(day: date | str | Sequence[int]) -> Sign:
    """The sign of a birthday: "2001-08-01", a `date`, or (month, day). The birthday itself is not kept."""
    when = _date(day)
    # In the order of the year, each sign begins where the one before ends; the year begins in the last.
    by_start = sorted(SIGNS, key=lambda sign: sign.start)
    begun = [sign for sign in by_start if sign.start <= (when.month, when.day)]
    return (begun or by_start)[-1]


def _date(day: Any) -> date:
    """Of what a student may write; the year plays no part."""
    try:
        if isinstance(day, date):
            return day
        if isinstance(day, str):
            return date.fromisoformat(day.strip())
        month, number = day
        return date(LEAP, month, number)
    except (TypeError, ValueError):
        raise ValueError(
            f"There is no day {day!r}: give a birthday as '2001-08-01' (year-month-day), or as (month, day)."
        ) from None


def find_sign(said: str | Sign) -> Sign:
    """The sign of that name in English, Russian or Bulgarian, or of that glyph."""
    if isinstance(said, Sign):
        return said
    wanted = str(said).strip().removesuffix("\N{VARIATION SELECTOR-16}").casefold()
    for sign in SIGNS:
        known = (sign.name, sign.glyph, str(sign), sign.russian, sign.bulgarian)
        if wanted in (name.casefold() for name in known):
            return sign
    raise ValueError(f"There is no sign {said!r}: the signs are {', '.join(NAMES)}.")


def table() -> Table:
    """All signs at a glance, as a table in a notebook and as text elsewhere."""
    return Table()


class Table:
    """The signs' table, which a notebook shows as HTML and a terminal as text."""

    title = "The twelve signs (on a boundary, the sign differs by a day from year to year)"
    heads = ("sign", "dates", "element", "in Russian", "in Bulgarian", "words of the pocket model")
    languages = (None, None, None, "ru", "bg", None)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """What stands in the table, under `heads`."""
        return [
            (str(s), s.dates, s.element, s.russian, s.bulgarian, ", ".join(s.words))  # one line a sign
            for s in SIGNS
        ]

    def __repr__(self) -> str:
        lines = [self.heads, *self.rows]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.heads))]
        text = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([self.title, "", *text])

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self.heads)
        body = "".join(f"<tr>{self._cells(row)}</tr>" for row in self.rows)
        return (
            f"<table><caption>{html.escape(self.title)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _cells(self, row: tuple[str, ...]) -> str:
        """A row's first cell is its heading; names in other languages say so to a voice that reads them."""
        cells = [f'<th scope="row">{html.escape(row[0])}</th>']
        for text, language in zip(row[1:], self.languages[1:], strict=True):
            spoken = f' lang="{language}"' if language else ""
            cells.append(f"<td{spoken}>{html.escape(text)}</td>")
        return "".join(cells)
