"""Rulers for pictures of the signs: what a generator draws, judged by one reference classifier.

Images are (n, 28, 28, 1) or (n, 28, 28), ink 1 on paper 0; what lies outside [0, 1] is clipped.
The classifier (`helpers.judge`) also learned to be unsure: on noise, averages and halves of signs, and
scribbles its top probability is low, so that "recognised with confidence 0.9" means something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers import judge
from helpers.glyphs import NAMES, SIDE
from helpers.measures import squared_distances

__all__ = [
    "Recognised",
    "accuracy",
    "classify",
    "features",
    "frechet",
    "precision_coverage",
    "probabilities",
    "recognised",
    "signs_covered",
]

Floats = NDArray[np.float32]
MOST = 2000  # images of each set that precision and coverage compare


@dataclass(frozen=True, eq=False)
class Recognised:
    """What the reference classifier recognises in a set of images."""

    share: float  # of all images: top probability at least the confidence asked for
    per_sign: tuple[float, ...]  # of all images: recognised as this sign; they sum to `share`
    confidence: float  # mean top probability over all images
    signs: int  # signs that make up at least `least` of the recognised images
    labels: NDArray[np.int64]  # (n,): the likeliest sign, also where it is not recognised
    mask: NDArray[np.bool_]  # (n,): recognised or not

    def __str__(self) -> str:
        return (
            f"{self.share:.1%} recognised, {self.signs} of {len(NAMES)} signs, "
            f"mean confidence {self.confidence:.2f}"
        )


def features(images: ArrayLike) -> Floats:
    """What the classifier sees: the 64 numbers (n, 64) before its last layer, scaled to mean square one."""
    return judge.run(_checked(images))[0]


def probabilities(images: ArrayLike) -> Floats:
    """The classifier's probabilities (n, 12) of the signs; on junk they are near 1/12 each."""
    return judge.run(_checked(images))[1]


def classify(images: ArrayLike) -> NDArray[np.int64]:
    """The likeliest sign of each image, however unlikely."""
    return probabilities(images).argmax(1).astype(np.int64)


def accuracy(images: ArrayLike, labels: ArrayLike) -> float:
    """The share of images whose likeliest sign is the label."""
    guesses, wanted = classify(images), np.asarray(labels)
    if wanted.shape != guesses.shape:
        raise ValueError(f"Give one label per image: {len(guesses)} images, labels of shape {wanted.shape}.")
    return float((guesses == wanted).mean())


def recognised(images: ArrayLike, *, confidence: float = 0.9, least: float = 0.01) -> Recognised:
    """Which images the classifier names with at least this probability, and how many signs they cover."""
    found = probabilities(images)
    labels, top = found.argmax(1).astype(np.int64), found.max(1)
    mask = top >= confidence
    counts = np.bincount(labels[mask], minlength=len(NAMES))
    return Recognised(
        share=float(mask.mean()),
        per_sign=tuple((counts / len(mask)).tolist()),
        confidence=float(top.mean()),
        signs=int((counts >= max(least * mask.sum(), 1)).sum()),
        labels=labels,
        mask=mask,
    )


def signs_covered(images: ArrayLike, *, confidence: float = 0.9, least: float = 0.01) -> int:
    """How many signs make up at least `least` of the recognised images: twelve, or modes were lost."""
    return recognised(images, confidence=confidence, least=least).signs


def frechet(images: ArrayLike, reference: ArrayLike) -> float:
    """The Fréchet distance of two sets' features, each taken for a Gaussian (Heusel et al. 2017).

    Small sets look farther apart than they are, about in inverse proportion to their size: of two sets
    drawn alike 250 images are at 0.1 from the 2,400 test images, 1,000 at 0.03. So compare only distances
    of equally many images to the same reference. The signs blurred by 0.7 pixels are at 0.12, by 1.5
    pixels at 1.3, noise at 23, a single sign at 34.
    """
    (mean, cov), (other_mean, other_cov) = (_moments(features(x)) for x in (images, reference))
    # The trace of (C1 C2)^(1/2), from symmetric matrices only: their eigenvalues are real.
    root = _root(cov)
    values = np.linalg.eigvalsh(root @ other_cov @ root)
    overlap = np.sqrt(np.clip(values, 0, None)).sum()
    distance = ((mean - other_mean) ** 2).sum() + np.trace(cov) + np.trace(other_cov) - 2 * overlap
    return max(float(distance), 0.0)


def precision_coverage(
    images: ArrayLike, reference: ArrayLike, *, neighbours: int = 5
) -> tuple[float, float]:
    """Precision and coverage by nearest neighbours among the features.

    Around each reference image lies a ball that reaches to its `neighbours`-th neighbour in the
    reference. Precision (Kynkäänniemi et al. 2019): the share of images in some ball. Coverage (Naeem
    et al. 2020): the share of balls with some image in them. Equally many of both sets are compared,
    at most 2,000, taken at equal distances along the larger set.
    """
    ours, theirs = _checked(images), _checked(reference)
    count = min(len(ours), len(theirs), MOST)
    if not 1 <= neighbours < count:
        raise ValueError(
            f"{neighbours} neighbours need more than {neighbours} images in each set, and 1 or more."
        )
    ours, theirs = (judge.run(_spread(x, count))[0].astype(np.float64) for x in (ours, theirs))
    within = squared_distances(theirs, theirs)
    # Its nearest is itself, at distance zero.
    radius = np.partition(within, neighbours, axis=1)[:, neighbours]
    inside = squared_distances(ours, theirs) <= radius
    return float(inside.any(1).mean()), float(inside.any(0).mean())


def _checked(images: ArrayLike) -> Floats:
    """The images as the classifier takes them, or one sentence about what is wrong with them."""
    array: Any = np.asarray(images)
    if array.ndim == 3:
        array = array[..., None]
    if array.shape[1:] != (SIDE, SIDE, 1) or not len(array):
        shape = np.shape(images)
        raise ValueError(f"Give images of shape (n, {SIDE}, {SIDE}, 1), at least one; these are {shape}.")
    if array.dtype.kind not in "bf":
        raise ValueError(f"Give images as floats in [0, 1], not as {array.dtype}: divide greys by 255.")
    array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError("Give images without NaN or infinity: some pixels are not finite.")
    return np.clip(array, 0, 1)


def _moments(values: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(values) < 2:
        raise ValueError("The Fréchet distance needs at least two images in each set.")
    doubles = values.astype(np.float64)
    return doubles.mean(0), np.cov(doubles, rowvar=False)


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T


def _spread(images: Floats, count: int) -> Floats:
    return images[np.linspace(0, len(images) - 1, count).round().astype(int)]
