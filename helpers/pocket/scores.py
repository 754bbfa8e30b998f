"""Figures from the answers of examinations, and what drawings reach, as the ceiling of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from helpers import pictures
from helpers.measures import nearest_distance
from helpers.pocket import judge, latents
from helpers.pocket.exam import COLOUR, Answer
from helpers.pocket.judge_material import decode
from helpers.pocket.train_autoencoder import psnr

__all__ = ["ceiling", "copying", "diversity", "obedience", "of_one", "variety"]

STREAM = 9  # of the fresh drawings' seeds


def variety(answer: Answer) -> int:
    """How many colours the judge is sure of in pictures whose prompt names none."""
    sure = answer.verdict.sure[:, COLOUR]
    return len(np.unique(answer.verdict.values[sure, COLOUR]))


def obedience(answer: Answer) -> tuple[float, float]:
    """The share of pictures that are surely of another colour than the unwanted one, and of those that also
    show all the rest."""
    seen, right = answer.verdict, answer.right
    gone = seen.sure[:, COLOUR] & (seen.values[:, COLOUR] != answer.factors[:, COLOUR])
    return float(gone.mean()), float((gone & np.delete(right, COLOUR, axis=1).all(1)).mean())


def diversity(found: NDArray, drawn: NDArray) -> float:
    """How far two pictures of one prompt lie apart, where two drawings of the same factors are at 1.

    Both hold latents; rows 2k and 2k + 1 belong together.
    """

    def gap(x: NDArray) -> float:
        pairs = len(x) // 2
        one, other = _flat(x)[: 2 * pairs].reshape(pairs, 2, -1).swapaxes(0, 1)
        return float(np.linalg.norm(one - other, axis=1).mean())

    return gap(found) / gap(drawn)


def copying(found: NDArray, drawn: NDArray) -> dict[str, float]:
    """Distances to the nearest training picture, of painted ones and of fresh drawings, compared.

    `ratio` is that of the medians; `nearer` the chance that a painted one is nearer than a fresh one; `p` the
    one-sided p-value of Mann and Whitney's test that painted ones are nearer.
    """
    test = mannwhitneyu(found, drawn, alternative="less")
    return {
        "ratio": float(np.median(found) / np.median(drawn)),
        "nearer": float(1 - test.statistic / (len(found) * len(drawn))),
        "p": float(test.pvalue),
    }


def nearest(found: NDArray, reference: NDArray) -> NDArray[np.float64]:
    """The distance of each latent to the nearest one of the training set's."""
    return nearest_distance(_flat(found), reference)


def of_one(answers: Mapping[str, Answer], drawn: NDArray, ours: NDArray, theirs: NDArray) -> dict[str, float]:
    """All scores of one examination; `drawn` are latents of drawings of the factors of "seen", `ours` and
    `theirs` distances of the painted and the drawn ones to the training set."""
    found: dict[str, float] = {}
    for name in ("seen", "held-out"):
        found |= {f"{name} {key}": share for key, share in judge.accuracy(answers[name].right).items()}
    found["obeyed"], found["obeyed and the rest right"] = obedience(answers["negative"])
    found["colours"] = variety(answers["omitted"])
    found["diversity"] = diversity(answers["seen"].latents, drawn)
    return found | {f"copying {key}": value for key, value in copying(ours, theirs).items()}


def mean(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each score over several examinations."""
    return {key: float(np.mean([one[key] for one in scores])) for key in scores[0]}


def ceiling(encoder: keras.Model, decoder: keras.Model, count: int) -> dict[str, dict[str, float]]:
    """The judge's accuracy on fresh drawings and their round trips, and the autoencoder's quality in dB."""
    found: dict[str, dict[str, float]] = {"drawings": {}, "round trips": {}}
    for number, name in enumerate(("seen", "held-out")):
        fresh = pictures.sample(count, seed=(STREAM, number), combinations=name)
        traced = decode(decoder, latents.encode(encoder, fresh.images))
        for kind, images in (("drawings", fresh.images), ("round trips", traced)):
            shares = judge.accuracy(judge.run(images).shows(fresh.factors))
            found[kind] |= {f"{name} {key}": share for key, share in shares.items()}
        if name == "seen":
            found["round trips"]["psnr"] = psnr(encoder, decoder, fresh.images)
    return found


def _flat(found: NDArray) -> NDArray[np.float32]:
    return found.reshape(len(found), -1).astype(np.float32)
