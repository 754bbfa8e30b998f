"""What is looked at in a work: each check gives its points and one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from helpers.grading import likeness, rubric
from helpers.grading.limits import plain, quoted
from helpers.grading.models import MOST_TOGETHER, Models, why_not
from helpers.grading.work import Shown, Work
from helpers.homework import find_sign, same, touches
from helpers.homework.limits import LEAST_PICTURES

__all__ = ["FULL", "NONE", "OPEN", "PART", "Check", "run"]

FULL, PART, NONE, OPEN = "full", "part", "none", "open"  # open: not looked at, and no point lost by it
MOST_REPAINTED = 6  # pictures of a submission, the chosen one first
NO_PICTURE = "No picture can be seen."


@dataclass(frozen=True)
class Check:
    """What came of one check."""

    name: str
    label: str
    points: float
    most: float
    state: str
    sentence: str


def run(
    work: Work, points: Mapping[str, float], faults: Sequence[str] = (), models: Models | None = None
) -> list[Check]:
    """All checks but that of quality; without models nothing is painted again or judged."""
    found = {
        "files": _files(work, faults),
        "open": _open(work),
        "blank": _blank(work),
        "distinct": _distinct(work),
        "origin": _origin(work),
        "prompt": _prompt(work),
        "render": _render(work, models),
        "judge": _judge(work, models),
        "words": _words(work),
    }
    checks = []
    for name, (share, sentence) in found.items():
        given = 1.0 if share is None else share
        state = OPEN if share is None else FULL if share == 1 else PART if share else NONE
        got = round(points[name] * given, 2)
        checks.append(Check(name, rubric.LABELS[name], got, points[name], state, sentence))
    return checks


Outcome = tuple[float | None, str]  # the share of the points, None if open, and the sentence


def _files(work: Work, faults: Sequence[str]) -> Outcome:
    wrong = [*faults, *work.complaints]
    if not wrong:
        return 1, f"The description and {len(work.pictures)} pictures are there and unaltered."
    more = f" And {len(wrong) - 1} more." if len(wrong) > 1 else ""
    half = 0.5 if work.description and not faults else 0
    return half, plain(wrong[0], 300) + more


def _open(work: Work) -> Outcome:
    closed = [shown for shown in work.pictures if shown.picture is None]
    if closed:
        first = closed[0]
        return _share(work, work.seen), f"{quoted(first.file)} does not open: {plain(first.fault, 200)}"
    return _share(work, work.seen), "All pictures open." if work.seen else "There is no picture."


def _blank(work: Work) -> Outcome:
    if not work.seen:
        return 0, NO_PICTURE
    blank = [shown for shown in work.seen if likeness.blank(shown.image)]
    good = [shown for shown in work.seen if shown not in blank]
    return _share(work, good), f"Of one colour: {_names(blank)}." if blank else "No picture is blank."


def _distinct(work: Work) -> Outcome:
    if not work.seen:
        return 0, NO_PICTURE
    alike = likeness.pairs([shown.fingerprint for shown in work.seen])
    again = sorted({second for _, second in alike})
    good = [shown for number, shown in enumerate(work.seen) if number not in again]
    if again:
        copies = _names([work.seen[number] for number in again])
        return _share(work, good), f"Copies of another picture: {copies}."
    return _share(work, good), "No picture is a copy of another."


def _origin(work: Work) -> Outcome:
    if not work.seen:
        return 0, NO_PICTURE
    without = [shown for shown in work.seen if shown.picture.origin is None]
    wrong = [shown for shown in work.seen if shown not in without and shown.picture.problems]
    good = [shown for shown in work.seen if shown not in without and shown not in wrong]
    said = [f"Without an origin: {_names(without)}."] if without else []
    if wrong:
        said.append(f"{plain(wrong[0].file, 40)}: {plain(wrong[0].picture.problems[0], 200)}.")
    return _share(work, good), " ".join(said) or "Every picture has its origin, and its pixels."


def _prompt(work: Work) -> Outcome:
    if work.description is None or work.description.sign is None:
        return 0, "Without a known sign there is nothing that a prompt could touch."
    sign = find_sign(work.description.sign)
    prompts = [shown for shown in work.seen if shown.picture.prompt]
    if not prompts:
        return 0, "No picture has a prompt."
    good = [shown for shown in prompts if touches(shown.picture.prompt, sign)]
    apart = [shown for shown in prompts if shown not in good]
    if apart:
        return _share(work, good), f"The prompt does not touch {sign.english}: {_names(apart)}."
    return _share(work, good), f"The prompts touch {sign.english}."


def _render(work: Work, models: Models | None) -> Outcome:
    if not work.seen:
        return 0, NO_PICTURE
    told = [shown for shown in work.seen if shown.picture.origin is not None]
    if not told:
        return 0, "Without an origin no picture can be painted again."
    if models is None:
        return None, "Nothing was painted again in this run."
    ours = [shown for shown in told if not why_not(shown.picture.origin)]
    ours = sorted(ours, key=lambda shown: not shown.chosen)[:MOST_REPAINTED]
    together = accumulate(shown.picture.origin.steps for shown in ours)
    ours = [shown for shown, steps in zip(ours, together, strict=True) if steps <= MOST_TOGETHER]
    if not ours:
        return None, f"Not painted again: {why_not(told[0].picture.origin)}."
    painted = models.repaint([shown.picture.origin for shown in ours])
    refused = [again for again in painted if isinstance(again, str)]
    good = [
        shown
        for shown, again in zip(ours, painted, strict=True)
        if not isinstance(again, str) and same(shown.image, again)
    ]
    apart = [shown for shown in ours if shown not in good]
    left = len(told) - len(ours)
    note = f" Not painted again: {left}." if left else ""
    share = len(good) / len(ours)
    if refused:
        return share, f"The pocket model cannot paint what is recorded: {plain(refused[0], 200)}"
    if apart:
        return share, f"Their recorded prompt and seed paint something else: {_names(apart)}.{note}"
    return share, f"The recorded prompts and seeds paint the same pictures again: {len(good)}.{note}"


def _judge(work: Work, models: Models | None) -> Outcome:
    if not work.seen:
        return 0, NO_PICTURE
    if models is None:
        return None, "The judge was not asked in this run."
    ours = [shown for shown in work.seen if shown.picture.origin and not why_not(shown.picture.origin)]
    if not ours or work.description is None or work.description.sign is None:
        return None, "The judge knows only the pocket model's pictures of a known sign."
    sees = models.signs([shown.image for shown in ours], work.description.sign)
    share = sum(sees) / len(ours)
    sign = find_sign(work.description.sign).english
    return share, f"The judge is sure of {sign} in {sum(sees)} of {len(ours)} pictures; it can be wrong."


def _words(work: Work) -> Outcome:
    words = work.description.words.strip() if work.description else ""
    return (1, f"The description has {len(words.split())} words.") if words else (0, "It has no description.")


def _share(work: Work, good: Sequence[Shown]) -> float:
    """Of what was asked for, or of what was handed in if that is more."""
    return len(good) / max(LEAST_PICTURES, len(work.pictures))


def _names(shown: Sequence[Shown]) -> str:
    names = ", ".join(plain(one.file, 40) for one in shown[:3])
    return names + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")
