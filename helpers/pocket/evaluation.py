"""The evaluation of the pocket model: which ways of painting are examined, and what comes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpers import pictures
from helpers.files import write_bytes
from helpers.pocket import claims, exam, latents, load_text_to_image, report, scores, speed, weights
from helpers.pocket.claims import Claim
from helpers.pocket.exam import Way
from helpers.pocket.pipeline import StableDiffusion
from helpers.pocket.samplers import SAMPLERS
from helpers.progress import track

__all__ = ["QUICK", "Evaluation", "Size", "by_evaluations", "by_guidance", "compared", "evaluate"]

GUIDANCES = (1, 4, 7.5)  # none, much, KerasCV's default; and our own
STEPS = (5, 10, 15, 25, 50)
FEW, MANY = 15, 50  # evaluations of DPM-Solver++ and of the default sampler that are compared

Scores = dict[str, float]


def by_guidance() -> list[Way]:
    """The default way, also with other scales of guidance."""
    usual = exam.default()
    return [Way(usual.sampler, usual.steps, scale) for scale in sorted({*GUIDANCES, usual.guidance})]


def by_evaluations() -> list[Way]:
    """All samplers with few and many evaluations."""
    return [Way(sampler, steps, exam.default().guidance) for sampler in SAMPLERS for steps in STEPS]


def compared() -> tuple[Way, Way, Way]:
    """The ways that the claims are about: the usual one, a good sampler's, a patient one."""
    usual = exam.default()
    return usual, Way("dpm++", FEW, usual.guidance), exam.default(MANY)


@dataclass(frozen=True)
class Size:
    """How much is painted and drawn."""

    seeds: int  # examinations of each way
    count: int  # pictures of each kind in an examination
    fresh: int = 500  # drawings of each kind, for the ceiling
    pieces: int = 20  # of the training set, where copies are looked for
    plots: bool = True


QUICK = Size(seeds=1, count=12, fresh=100, pieces=1, plots=False)


def evaluate(size: Size, out: Path, build: Path, *, full: bool = False) -> list[Claim]:
    """Print tables and claims, write them and the pictures into `out`; `build` is the training's folder."""
    encoder = weights.manifest()["files"]["encoder"]["sha256"]
    training = build / f"encoder-{encoder[:8]}"
    work = Evaluation(load_text_to_image("pocket"), size, out, training)
    found = work.claims()
    other = kept(out / "speed-of-the-full-model.json", lambda: speed.measure("full")) if full else None
    found += claims.speed(speed.measure("pocket"), other)
    scored = work.examine([*compared(), *by_guidance(), *by_evaluations()] if size.plots else compared())
    print("\n" + report.tables(scored, work.ceiling) + "\n")
    print("\n".join(map(str, found)))
    said, images = work.sheet()
    record = {
        "size": asdict(size),
        "ceiling": work.ceiling,
        "claims": [asdict(claim) | {"holds": claim.holds} for claim in found],
        "scores": [asdict(way) | {"seeds": several} for way, several in scored.items()],
        "sheet": said,
    }
    files = {"report.json": json.dumps(record, indent=2).encode(), "sheet.jpg": report.sheet(images)}
    if size.plots:
        guided, stepped = ({way: scored[way] for way in ways} for ways in (by_guidance(), by_evaluations()))
        files["guidance.png"] = report.png(report.by_guidance(guided, work.ceiling))
        files["evaluations.png"] = report.png(report.by_evaluations(stepped, work.ceiling))
    for name, content in files.items():
        write_bytes(out / name, content)
    return found


class Evaluation:
    """Examinations of a model. What takes long is kept in `folder` and belongs to the weights: with other
    ones it is made anew. What of the training set is not in `training` is drawn again.
    """

    def __init__(self, model: StableDiffusion, size: Size, folder: Path, training: Path) -> None:
        self._model, self._size, self._training = model, size, training
        self._folder = folder / f"made-{_fingerprint()}"
        self._found: dict[Way, list[Scores]] = {}
        self._drawings: dict[int, tuple[NDArray, NDArray]] = {}

    def examine(self, ways: Iterable[Way]) -> dict[Way, list[Scores]]:
        """The scores of each seed, for each of the ways."""
        ways = list(dict.fromkeys(ways))
        todo = [(way, seed) for way in ways if way not in self._found for seed in range(self._size.seeds)]
        for way, seed in track(todo, "examinations") if todo else ():
            found = self._answers(way, seed)
            drawn, near = self._drawn(seed)
            score = scores.of_one(found, drawn, self._nearest(found["seen"].latents), near)
            self._found.setdefault(way, []).append(score)
        return {way: self._found[way] for way in ways}

    def claims(self) -> list[Claim]:
        """All that is claimed of pictures."""
        found, (usual, few, many) = self.examine(compared()), compared()
        painted = [
            self._nearest(self._answers(usual, seed)["seen"].latents) for seed in range(self._size.seeds)
        ]
        drawn = [self._drawn(seed)[1] for seed in range(self._size.seeds)]
        return [
            *claims.drawings(self.ceiling),
            *claims.painting(found[usual], self.ceiling),
            *claims.copying(scores.copying(np.concatenate(painted), np.concatenate(drawn))),
            *claims.samplers(found[few], found[many], (str(few), str(many))),
        ]

    @cached_property
    def ceiling(self) -> dict[str, Scores]:
        """What fresh drawings and their round trips reach."""

        def make() -> dict[str, Scores]:
            return scores.ceiling(self._model.image_encoder, self._model.decoder, self._size.fresh)

        return kept(self._folder / f"ceiling-{self._size.fresh}.json", make)

    def sheet(self) -> tuple[list[str], NDArray[np.uint8]]:
        """Prompts that go through all signs, and their pictures at the default settings."""
        said = report.sheet_prompts()
        return said, exam.paint(self._model, said, range(len(said)), exam.default())[0]

    def _answers(self, way: Way, seed: int) -> dict[str, exam.Answer]:
        return exam.answers(self._model, way, seed, self._size.count, self._folder)

    def _drawn(self, seed: int) -> tuple[NDArray, NDArray]:
        """Latents of drawings of what is asked for with a seed, and how near they are to the training set."""
        if seed not in self._drawings:
            factors = self._answers(compared()[0], seed)["seen"].factors
            drawn = exam.drawings(factors, self._model.image_encoder, seed=seed)
            self._drawings[seed] = drawn, self._nearest(drawn)
        return self._drawings[seed]

    def _nearest(self, found: NDArray) -> NDArray[np.float64]:
        return scores.nearest(found, self._reference)

    @cached_property
    def _reference(self) -> NDArray[np.float32]:
        """Latents of training pictures."""
        pieces = self._size.pieces
        try:
            stored = latents.load(self._training, pieces=pieces)
        except FileNotFoundError:
            latents.store(self._model.image_encoder, self._training, pieces=pieces)
            stored = latents.load(self._training, pieces=pieces)
        return stored.latents.astype(np.float32)


def kept(path: Path, make: Callable[[], dict]) -> dict:
    """What `path` holds, or what is made and stored there."""
    if not path.exists():
        write_bytes(path, json.dumps(make(), indent=2).encode())
    return json.loads(path.read_text("utf-8"))


def _fingerprint() -> str:
    """Of all that the answers depend on."""
    sums = {name: entry["sha256"] for name, entry in sorted(weights.manifest()["files"].items())}
    return hashlib.sha256(json.dumps([pictures.VERSION, sums]).encode()).hexdigest()[:12]
