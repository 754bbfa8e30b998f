"""The reference classifier of the twelve signs behind `helpers.rulers`: its network and its weights.

`python -m helpers.judge_training` makes the weights again.
"""

from __future__ import annotations

import hashlib
import io
import json
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from helpers import glyphs
from helpers.files import data_path

if TYPE_CHECKING:
    import keras

__all__ = ["FEATURES", "JudgeError", "build", "judge", "manifest", "run"]

WEIGHTS, MANIFEST = "reference_classifier.npz", "reference_classifier.json"
FEATURES = 64
BATCH = 250
# Filters, width and step of each convolution: 14, 14, 7 and 4 pixels a side are left.
BLOCKS = ((32, 5, 2), (40, 3, 1), (56, 3, 2), (64, 3, 2))
REMEDY = "fetch the course's repository anew or run `python -m helpers.judge_training`"


class JudgeError(RuntimeError):
    """The weights of the reference classifier cannot be used; the message says what to do."""


def build(*, dropout: float = 0.0) -> keras.Model:
    """The network, from images to features and logits.

    Names and seeds are given, so that building it in the middle of a lesson moves neither Keras's
    counter of names nor anybody's random numbers; so is the precision, whatever the lesson works in.
    """
    import keras
    from keras import layers

    def fresh(seed: int) -> keras.Initializer:
        return keras.initializers.HeNormal(seed=seed)

    x = images = keras.Input((glyphs.SIDE, glyphs.SIDE, 1), name="images", dtype="float32")
    for number, (filters, width, step) in enumerate(BLOCKS):
        x = layers.Conv2D(
            filters,
            width,
            step,
            padding="same",
            use_bias=False,
            data_format="channels_last",
            kernel_initializer=fresh(number),
            dtype="float32",
            name=f"judge_conv_{number}",
        )(x)
        x = layers.BatchNormalization(axis=-1, dtype="float32", name=f"judge_norm_{number}")(x)
        x = layers.ReLU(dtype="float32", name=f"judge_relu_{number}")(x)
    x = layers.Flatten(data_format="channels_last", dtype="float32", name="judge_flat")(x)
    x = layers.Dropout(dropout, seed=100, dtype="float32", name="judge_dropout_0")(x)
    features = x = layers.Dense(
        FEATURES, kernel_initializer=fresh(101), dtype="float32", name="judge_features"
    )(x)
    x = layers.ReLU(dtype="float32", name="judge_relu_features")(x)
    x = layers.Dropout(dropout, seed=102, dtype="float32", name="judge_dropout_1")(x)
    logits = layers.Dense(
        len(glyphs.NAMES), kernel_initializer=fresh(103), dtype="float32", name="judge_logits"
    )(x)
    return keras.Model(images, {"features": features, "logits": logits}, name="judge")


@cache
def judge() -> keras.Model:
    """The trained network, read and verified once."""
    stated = manifest()
    try:
        content = data_path(WEIGHTS).read_bytes()
    except OSError:
        raise JudgeError(f"data/{WEIGHTS} is missing: {REMEDY}.") from None
    if hashlib.sha256(content).hexdigest() != stated.get("sha256"):
        raise JudgeError(f"data/{WEIGHTS} is damaged (its checksum is not the manifest's): {REMEDY}.")
    network = build()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        weights = [arrays[key].astype(np.float32) for key in sorted(arrays)]
    if [weight.shape for weight in weights] != [weight.shape for weight in network.weights]:
        raise JudgeError(f"data/{WEIGHTS} does not fit the network of this version: {REMEDY}.")
    network.set_weights(weights)
    network.trainable = False
    return network


def manifest() -> dict:
    """What is known about the weights: checksum, makers, date, figures."""
    try:
        stated = json.loads(data_path(MANIFEST).read_text(encoding="utf-8"))
    except OSError:
        raise JudgeError(f"data/{MANIFEST} is missing: {REMEDY}.") from None
    except ValueError:
        stated = None
    if not isinstance(stated, dict):
        raise JudgeError(f"data/{MANIFEST} is damaged (it is not a JSON record): {REMEDY}.")
    return stated


def run(
    images: NDArray[np.float32], network: keras.Model | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features (n, 64) and probabilities (n, 12) of images (n, 28, 28, 1), a batch at a time.

    Of the features only the direction is kept, at mean square one. Their length says how sure the
    classifier is: junk is short and lies in the middle, so that among raw features it would be the near
    neighbour of every unusual sign.
    """
    from keras import ops

    network = network or judge()
    features, probabilities = [], []
    for start in range(0, len(images), BATCH):
        out = network(images[start : start + BATCH], training=False)
        raw = ops.convert_to_numpy(out["features"])
        features.append(raw / np.maximum(np.sqrt((raw**2).mean(1, keepdims=True)), 1e-6))
        probabilities.append(ops.convert_to_numpy(ops.softmax(out["logits"])))
    return np.concatenate(features), np.concatenate(probabilities)


def pack(network: keras.Model) -> bytes:
    """The weights as a compressed .npz of half-precision numbers, keys in the network's order."""
    packed = io.BytesIO()
    halves = [np.asarray(weight, np.float16) for weight in network.get_weights()]
    np.savez_compressed(packed, **{f"{number:02d}": half for number, half in enumerate(halves)})
    return packed.getvalue()
