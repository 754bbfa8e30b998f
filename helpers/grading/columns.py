"""What Moodle calls the columns of its grading worksheet, in three languages.

English and Russian are those of its language packs; Moodle writes what is not translated in English, so a
sheet may mix them, and an installation can have words of its own (`--columns`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["COLUMNS", "DECIMAL_COMMA", "REQUIRED", "place"]

COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("Identifier", "Идентификатор", "Идентификационен номер"),
    "name": ("Full name", "Полное имя", "Пълно име", "Име и фамилия"),
    "grade": ("Grade", "Оценка"),
    "maximum": ("Maximum grade", "Максимальная оценка", "Максимална оценка"),
    "feedback": (
        "Feedback comments",
        "Отзыв в виде комментария",
        "Коментари за обратна връзка",
        "Коментари към оценката",
        "Обратна връзка с коментари",
    ),
}
REQUIRED = ("id", "grade", "maximum")
# Only these languages write 7,5: a sheet with one of these words whose grades do not show it themselves.
DECIMAL_COMMA = ("Идентификатор", "Идентификационен номер", "Оценка", "Максимальная оценка")


def place(header: Sequence[str], own: Mapping[str, str] | None = None) -> dict[str, int]:
    """Where each known column stands; `own` gives other names for some of them."""
    found = {}
    for column, names in COLUMNS.items():
        wanted = [(own or {})[column]] if column in (own or {}) else names
        known = {name.casefold() for name in wanted}
        places = [number for number, name in enumerate(header) if name.strip().casefold() in known]
        if places:
            found[column] = places[0]
    return found
