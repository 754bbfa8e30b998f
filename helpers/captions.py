"""Captions of pictures: sentences over a closed vocabulary, and what they mean.

Each word of SYNONYMS means one value of one factor; all the others say nothing about the picture. A
picture has as many captions as there are seeds: `caption(factors, seed=s, omit=left_out(s))`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from helpers.attributes import FACTORS, NAMES, position, row

WORDS_FOR: dict[str, dict[str, tuple[str, ...]]] = {
    "sign": {
        "aries": ("aries", "ram"),
        "taurus": ("taurus", "bull"),
        "gemini": ("gemini", "twins"),
        "cancer": ("cancer", "crab"),
        "leo": ("leo", "lion"),
        "virgo": ("virgo", "maiden"),
        "libra": ("libra", "scales"),
        "scorpio": ("scorpio", "scorpion"),
        "sagittarius": ("sagittarius", "archer"),
        "capricorn": ("capricorn", "goat"),
        "aquarius": ("aquarius", "waterbearer"),
        "pisces": ("pisces", "fish"),
    },
    "subject": {
        "symbol": ("symbol", "sign", "glyph", "emblem"),
        "constellation": ("constellation", "stars", "asterism"),
    },
    "colour": {
        "gold": ("gold", "golden", "yellow"),
        "silver": ("silver", "silvery", "white"),
        "red": ("red", "crimson", "scarlet"),
        "blue": ("blue", "azure"),
        "green": ("green", "emerald"),
        "purple": ("purple", "violet"),
        "pink": ("pink", "rose"),
        "turquoise": ("turquoise", "cyan", "teal"),
    },
    "background": {  # phrases; the words that carry the meaning are in SYNONYMS
        "night sky": ("on a night sky", "at night", "under a starry sky", "at midnight"),
        "sunset": ("at sunset", "at dusk", "in the evening", "before a sunset"),
        "parchment": ("on parchment", "on old paper", "on a scroll", "on a parchment"),
        "ocean": ("in the ocean", "over the sea", "on the waves", "by the ocean"),
        "forest": ("in a forest", "among trees", "in the woods", "before a forest"),
        "nebula": ("in a nebula", "in deep space", "in a galaxy", "in cosmic clouds"),
    },
    "style": {
        "plain": ("plain", "simple"),
        "neon": ("neon", "glowing", "luminous"),
        "ring": ("in a ring", "in a circle", "inside a ring", "within a circle"),
        "frame": ("in a frame", "in a square", "inside a frame", "framed"),
    },
}
BACKDROPS = {  # what stands before "background"
    "night sky": ("night sky", "starry", "night"),
    "sunset": ("sunset", "evening"),
    "parchment": ("parchment", "paper"),
    "ocean": ("ocean", "sea"),
    "forest": ("forest", "woodland"),
    "nebula": ("nebula", "galaxy", "space"),
}
OPENINGS = (
    "a picture of",
    "an image of",
    "a painting of",
    "a drawing of",
    "an illustration of",
    "a photo of",
    "artwork of",
)
PRAISE = ("beautiful", "magical", "elegant", "mystical", "bright", "detailed", "mysterious", "stunning")
TAILS = (
    "fantasy art",
    "highly detailed",
    "digital art",
    "concept art",
    "masterpiece",
    "high quality",
    "sharp focus",
    "intricate",
    "trending on artstation",
    "astrology",
)
GLUE = (  # says nothing by itself: a sky can be a night's or an evening's
    *("a", "an", "the", "of", "in", "on", "at", "with", "and", "by", "under", "over", "among", "before"),
    *("inside", "within", "zodiac", "sky", "background", "old", "deep", "clouds"),
)

LEFT_OUT = 0.15  # share of captions that do not name everything
SEVERAL = 0.25  # share of those that leave out more than one attribute


def _meanings() -> dict[str, tuple[str, str]]:
    """The words of all phrases but GLUE; none may have two meanings."""
    found: dict[str, tuple[str, str]] = {}
    for factor, values in WORDS_FOR.items():
        for value, phrases in values.items():
            more = BACKDROPS[value] if factor == "background" else ()
            for word in " ".join(phrases + more).split():
                if word not in GLUE and found.setdefault(word, (factor, value)) != (factor, value):
                    raise AssertionError(f"{word!r} has two meanings")
    return found


SYNONYMS: dict[str, tuple[str, str]] = _meanings()
WORDS: tuple[str, ...] = tuple(sorted({*SYNONYMS, *GLUE, *" ".join(OPENINGS + PRAISE + TAILS).split()}))


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation; the water bearer is one word."""
    if not isinstance(text, str):
        raise ValueError(f"A prompt is a string, not {type(text).__name__}.")
    joined = re.sub(r"\bwater[\s-]+bearer\b", "waterbearer", re.sub(r"['’]s\b", "", text.lower()))
    return re.findall(r"[^\W_]+", joined)


def meaning(prompt: str) -> dict[str, str]:
    """The attributes that a prompt names, such as {"sign": "leo", "colour": "gold"}."""
    found: dict[str, str] = {}
    for word in words(prompt):
        factor, value = SYNONYMS.get(word, ("", ""))
        if factor and found.setdefault(factor, value) != value:
            raise ValueError(f"The prompt names two values of {factor}: {found[factor]} and {value}.")
    return found


def prompt(
    sign: int | str | None = None,
    subject: int | str | None = None,
    colour: int | str | None = None,
    background: int | str | None = None,
    style: int | str | None = None,
) -> str:
    """The plain sentence for these attributes: "a golden leo symbol in a ring on a night sky"."""
    given = dict(zip(FACTORS, (sign, subject, colour, background, style), strict=True))
    named = {f: NAMES[f][position(f, value)] for f, value in given.items() if value is not None}
    said = {factor: WORDS_FOR[factor][value][0] for factor, value in named.items()}
    if named.get("colour") == "gold":
        said["colour"] = "golden"
    return _sentence(said, [], ["style", "background"])


def caption(factors: Sequence[int | str] | ArrayLike, *, seed: int, omit: Iterable[str] = ()) -> str:
    """One of the many ways to describe a picture, chosen by `seed`; the factors in `omit` stay unsaid."""
    omitted = _known(omit)
    values = {f: NAMES[f][v] for f, v in zip(FACTORS, row(factors), strict=True) if f not in omitted}
    rng = np.random.default_rng((seed, 1))
    said = {factor: _one(rng, WORDS_FOR[factor][value]) for factor, value in values.items()}
    if "background" in said and rng.random() < 0.2:
        backdrop = _one(rng, BACKDROPS[values["background"]])
        said["background"] = f"{_one(rng, ('with', 'on'))} a {backdrop} background"
    praise = [PRAISE[k] for k in rng.permutation(len(PRAISE))[:2]]
    praise = praise[:1] if rng.random() < 0.8 else [praise[0], "and", praise[1]]
    praise = praise if rng.random() < 0.25 else []
    order = ["style", "background"] if rng.random() < 0.7 else ["background", "style"]
    form = rng.random()
    if form < 0.2:  # a list: "leo, gold, neon, on a night sky"
        parts = [said[f] for f in ("subject", "colour", "style", "background") if f in said]
        if "sign" in said and "subject" in said:
            parts[0] = f"{said['sign']} {said['subject']}"
        elif "sign" in said:
            parts.insert(0, said["sign"])
        parts = [parts[k] for k in rng.permutation(len(parts))]
        text = ", ".join(filter(None, [" ".join(praise), *parts]))
    elif form < 0.35 and "background" in said:  # the background first
        text = f"{said.pop('background')}, {_sentence(said, praise, order)}"
    else:
        text = _sentence(said, praise, order)
        if rng.random() < 0.45:
            text = f"{_one(rng, OPENINGS)} {text}"
    if rng.random() < 0.4:
        tails = rng.permutation(len(TAILS))[: rng.integers(1, 3)]
        text = ", ".join(filter(None, [text, *(TAILS[k] for k in tails)]))
    return _articles(text) or "zodiac"


def left_out(seed: int) -> tuple[str, ...]:
    """The factors that the caption of a picture with this seed leaves out: mostly none, now and then one."""
    rng = np.random.default_rng((seed, 2))
    if rng.random() >= LEFT_OUT:
        return ()
    count = int(rng.integers(2, len(FACTORS))) if rng.random() < SEVERAL else 1
    return tuple(FACTORS[k] for k in sorted(rng.permutation(len(FACTORS))[:count]))


def _sentence(said: dict[str, str], praise: list[str], order: list[str]) -> str:
    """Words before the noun, the noun, and phrases after it."""
    after = [said[f] for f in order if f in said and _is_phrase(said[f])]
    before = [said[f] for f in ("style", "colour") if f in said and not _is_phrase(said[f])]
    nouns = [said[f] for f in ("sign", "subject") if f in said]
    if "sign" not in said:
        nouns.insert(0, "zodiac")
    article = [] if nouns[-1] == "stars" else ["a"]
    return _articles(" ".join([*article, *praise, *before, *nouns, *after]))


def _is_phrase(text: str) -> bool:
    return " " in text


def _articles(text: str) -> str:
    return re.sub(r"\ban? (?=([a-z]))", lambda m: "an " if m[1] in "aeiou" else "a ", text)


def _one(rng: Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _known(omit: Iterable[str]) -> set[str]:
    names = {omit} if isinstance(omit, str) else set(omit)
    if unknown := names - set(FACTORS):
        raise ValueError(f"Unknown factors {sorted(unknown)}; known are {', '.join(FACTORS)}.")
    return names
