"""Which signs a prompt speaks of, in English, Russian or Bulgarian: by name, by picture or by symbol.

Whole words count, in all their cases: "Льва" is Leo, "librarian" is not Libra. What is doubtful counts, for
a person looks at the picture anyway: "cancer research", the scales of a fish. Fixed phrases that speak of no
animal (the lion's share) do not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from helpers.homework.signs import SIGNS, Sign, find_sign

__all__ = ["plain", "signs_in", "touches"]

# Endings of nouns, Russian and Bulgarian together, and of Russian adjectives.
HE = "(?:а|у|ом|е|ы|и|ов|ам|ами|ах|ът|ите|ове|овете)?"
SHE = "(?:а|ы|и|е|у|ой|ою|ам|ами|ах|ата|ите)?"
OF = "(?:ый|ая|ое|ые|ого|ому|ой|ую|ым|ыми|ых|ом)"
UNTOUCHED = "(?: forests?| snow| oil| wool| lands?| islands?)"

FORMS: dict[str, tuple[str, ...]] = {  # the second word of most is what the sign's picture shows
    "aries": ("aries", "rams?", f"ов(?:ен|н){HE}", f"баран{HE}"),
    "taurus": ("taurus", "taureans?", "bulls?", f"тел(?:ец|ьц|ц){HE}", f"б[ыи]к{HE}"),
    "gemini": (
        *("geminis?", "twins", "twin (?:brother|sister|boy|girl|figure|face|star)s?"),
        *(f"близн(?:ец|ац|ак){HE}", f"близняшк{SHE}", "близняшек"),
    ),
    "cancer": ("cancers?", "cancerians?", "crabs?", f"рак{HE}", "раци(?:те)?", f"краб{HE}"),
    "leo": (
        *("leos?", "leonine", "(?<!sea )lions?(?! s share)", "lioness(?:es)?"),
        *(
            "лев",
            f"л[ьъ]в{HE}",
            f"л[ьъ]виц{SHE}",
            "лъвче(?:та|то)?",
            f"львен(?:ок|к){HE}",
            "львят(?:а|ам|ами|ах)?",
        ),
        *(f"львин{OF}(?! дол[яюие]| долей)", "лъвск(?:и|а|о|ата|ото|ите|ия|ият)(?! пай| дял)"),
    ),
    "virgo": (
        *("virgos?", f"virgins?(?!{UNTOUCHED})", "maidens?"),
        *(f"дев{SHE}", f"девиц{SHE}", "девицей"),
    ),
    "libra": (
        "libras?",
        "librans?",
        "scales",
        "balance scale",
        "вес(?:ы|ов|ам|ами|ах)",
        "везн(?:а|и|ата|ите)",
    ),
    "scorpio": ("scorpios?", "scorpius", "scorpions?", f"скорпион{HE}", "скорпи(?:я|ята|и|ите)"),
    "sagittarius": (
        *("sagittarius", "sagittarians?", "archers?", "bowm[ae]n", "centaurs?"),
        *(f"стрел(?:ец|ьц|ц){HE}", f"лучник{HE}", f"кентавъ?р{HE}"),
    ),
    "capricorn": (
        *("capricorns?", "capricornus", "goats?"),
        *(f"коз[еи]рог{HE}", "козирози(?:те)?", f"козе?л{HE}", f"коз{SHE}"),
    ),
    "aquarius": (
        *("aquarius", "aquarians?", "water ?(?:bearer|carrier|pourer)s?"),
        *("водоле(?:й|я|ю|ем|е|и|ев|ям|ями|ях|ят|ите)", f"водонос{HE}", "водоносец(?:а|ът)?"),
    ),
    "pisces": ("pisces", "pisceans?", "fish(?:es)?", f"р[ыи]б{SHE}", f"р[ыи]бк{SHE}", "рыбок"),
}
PICTURES = {  # emoji of what is shown; Virgo has none of her own
    **{"aries": "🐏", "taurus": "🐂", "gemini": "👯", "cancer": "🦀", "leo": "🦁", "libra": "⚖"},
    **{"scorpio": "🦂", "sagittarius": "🏹", "capricorn": "🐐", "aquarius": "🏺", "pisces": "🐟"},
}


def touches(prompt: str, sign: str | Sign) -> bool:
    """Whether a prompt speaks of the sign."""
    return find_sign(sign).name in signs_in(prompt)


def signs_in(prompt: str) -> list[str]:
    """The names of all signs that a prompt speaks of, in their order in the year of the zodiac."""
    said = plain(prompt)
    return [
        sign.name
        for sign in SIGNS
        if _pattern(sign.name).search(said)
        or any(mark in prompt for mark in (sign.glyph, PICTURES.get(sign.name, sign.glyph)))
    ]


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<= )(?:{'|'.join(FORMS[name])})(?= )")


def plain(text: str) -> str:
    """The words of a text in lower case between single spaces, without accents and hidden characters.

    Of what looks the same to a reader the same comes out: letters in one piece or two, full width or not.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("ё", "е")
    seen = "".join(letter for letter in folded if unicodedata.category(letter) not in ("Mn", "Cf"))
    words = re.findall(r"[^\W\d_]+", seen)
    return f" {' '.join(words)} "
