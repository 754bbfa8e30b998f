"""What the homework asks for, each lack in one sentence to the student."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.homework.limits import LEAST_PICTURES, MAX_WORDS, MOST_PICTURES
from helpers.homework.mentions import touches
from helpers.homework.png import Picture, same
from helpers.homework.signs import find_sign

__all__ = ["missing"]


def missing(sign: str | None, words: str, chosen: int | None, pictures: Sequence[Picture]) -> list[str]:
    """What is missing or wrong, as sentences; none if the homework is complete.

    `chosen` is a picture's place, counted from 1.
    """
    found = []
    count = len(pictures)
    if sign is None:
        found.append("Your sign is missing: say sign='leo', or sign=homework.sign_of('2001-08-01').")
    if not words.strip():
        found.append("Your words are missing: say what you wanted, and why you chose this picture of yours.")
    elif len(words) > MAX_WORDS:
        found.append(f"Your words have {len(words):,} characters, {MAX_WORDS:,} are read: be brief.")
    if count < LEAST_PICTURES:
        more = LEAST_PICTURES - count
        found.append(f"{LEAST_PICTURES} pictures or more are asked for, not {count}: paint {more} more.")
    elif count > MOST_PICTURES:
        found.append(f"There are {count} pictures, {MOST_PICTURES} are looked at: choose the best.")
    if count and (chosen is None or not 1 <= chosen <= count):
        found.append("No picture is chosen: say chosen=1 for the first one, or the picture itself.")
    for place, picture in enumerate(pictures[:MOST_PICTURES], 1):
        found += _of_one(place, picture, sign)
        twin = next((i for i, other in enumerate(pictures[: place - 1], 1) if same(picture, other)), None)
        if twin:
            found.append(f"Pictures {twin} and {place} are the same: paint one of them with another seed.")
    return found


def _of_one(place: int, picture: Picture, sign: str | None) -> list[str]:
    found = [f"Picture {place}: {problem}." for problem in picture.problems]
    if picture.prompt is None:
        found.append(f"Picture {place} does not tell its prompt and seed: paint it with homework.paint.")
    elif sign is not None and not touches(picture.prompt, sign):
        mine = find_sign(sign)
        hint = " or ".join(f"'{word}'" for word in mine.words)
        found.append(f"The prompt of picture {place} does not speak of {mine.english}: say {hint}.")
    return found
