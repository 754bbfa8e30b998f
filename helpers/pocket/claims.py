"""What the pocket model is held to: each claim with its figure and its bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.pocket.exam import OMITTED
from helpers.pocket.judge import ALL
from helpers.pocket.scores import mean

__all__ = ["Claim", "copying", "drawings", "painting", "samplers", "speed"]

SHORT = 0.01  # by which few evaluations may fall short of many: the pictures are too few to tell less
RARE = 0.01  # a p-value below it is no accident

Scores = Sequence[Mapping[str, float]]  # of each seed


@dataclass(frozen=True)
class Claim:
    """A figure and its bound."""

    text: str
    value: float
    bound: float
    unit: str = "%"
    most: bool = False  # whether the bound is the largest that is allowed, or the smallest
    beside: str = ""

    @property
    def holds(self) -> bool:
        return self.value <= self.bound if self.most else self.value >= self.bound

    def __str__(self) -> str:
        figure, bound = (self._written(number) for number in (self.value, self.bound))
        mark, which = "✓" if self.holds else "✗", "at most" if self.most else "at least"
        return f"{mark} {self.text}: {figure} ({which} {bound})" + (f"; {self.beside}" if self.beside else "")

    def _written(self, number: float) -> str:
        return f"{number:.1%}" if self.unit == "%" else f"{number:.3g} {self.unit}".strip()


def drawings(ceiling: Mapping[str, Mapping[str, float]]) -> list[Claim]:
    """What the autoencoder keeps."""
    plain, traced = ceiling["drawings"], ceiling["round trips"]
    kept = min(traced[f"{part} {ALL}"] / plain[f"{part} {ALL}"] for part in ("seen", "held-out"))
    return [
        Claim("autoencoder, reconstruction of fresh drawings", traced["psnr"], 30, "dB"),
        Claim("autoencoder, part of the judge's accuracy that is kept", kept, 0.99),
    ]


def painting(scores: Scores, ceiling: Mapping[str, Mapping[str, float]]) -> list[Claim]:
    """What prompts get, at the default settings."""
    middle, roof = mean(scores), ceiling["round trips"]
    bounds = {f"seen {key}": 0.95 for key in ("sign", "colour", "background", "subject")}
    bounds |= {f"seen {ALL}": 0.85, f"held-out {ALL}": 0.70}
    found = []
    for key, bound in bounds.items():
        part, factor = key.split()
        text = f"{part} combinations, {'all together' if factor == ALL else factor}"
        found.append(Claim(text, middle[key], bound, beside=f"ceiling {roof[key]:.1%}"))
    colours = min(one["colours"] for one in scores)
    found.append(Claim(f"colours in {OMITTED} pictures of a prompt without one, fewest", colours, 5, ""))
    beside = f"and the rest still right in {middle['obeyed and the rest right']:.1%}"
    found.append(Claim("negative prompt removes the colour", middle["obeyed"], 0.8, beside=beside))
    return found


def copying(found: Mapping[str, float]) -> list[Claim]:
    """Whether it paints its training pictures again."""
    beside = f"median {found['ratio']:.2f} times theirs, nearer than one of them in {found['nearer']:.0%}"
    text = "distance to the nearest training picture not smaller than that of fresh drawings, p-value"
    return [Claim(text, found["p"], RARE, "", beside=beside)]


def samplers(few: Scores, many: Scores, names: tuple[str, str]) -> list[Claim]:
    """Whether a good sampler needs fewer evaluations."""
    short, long = (
        sum(mean(scores)[f"{part} {ALL}"] for part in ("seen", "held-out")) / 2 for scores in (few, many)
    )
    text = f"accuracy of {names[0]} less that of {names[1]}"
    return [Claim(text, short - long, -SHORT, beside=f"{short:.1%} and {long:.1%}")]


def speed(pocket: Mapping[str, float], full: Mapping[str, float] | None) -> list[Claim]:
    """Three pictures at the default settings; `full` is KerasCV's model."""
    found = [
        Claim("three pictures at the default settings", pocket["first"], 12, "s", most=True),
        Claim("peak memory", pocket["gigabytes"], 2, "GB", most=True),
    ]
    if full:
        beside = f"{full['later']:.0f} s and {full['gigabytes']:.1f} GB against {pocket['later']:.2f} s"
        times = full["later"] / pocket["later"]
        found.append(Claim("faster than KerasCV's full model", times, 100, "times", beside=beside))
    return found
