"""A text-to-image model by its name: the pocket one, which is here, or the real one, which is fetched."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

from helpers.quiet import hushed

__all__ = ["load_text_to_image", "pocket_class"]

PATIENCE = 60  # seconds without a byte until a download is given up; Keras itself waits for ever
NOTICE = """Stable Diffusion 1.4, as KerasCV has it. Fetched once and kept by Keras: 4.1 GB
(vocabulary 1.4 MB, text encoder 0.49 GB, decoder 0.20 GB, denoiser 3.44 GB).
Hardware: better a GPU; without one about 6 GB of memory and much patience, for on two CPU cores a step takes
more than a second at 128x128, and far longer at the 512x512 that it was trained for.
Licence of the weights: CreativeML Open RAIL-M, which rules some uses out."""


def pocket_class() -> type:
    """`helpers.pocket.StableDiffusion`, whose parent is KerasCV's."""
    try:
        with hushed():  # KerasCV imports TensorFlow
            from helpers.pocket.pipeline import StableDiffusion
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith("keras_cv"):
            raise
        raise ModuleNotFoundError(
            "keras_cv is missing: `pip install keras-cv==0.9.0` installs what text_to_image needs.",
            name="keras_cv",
        ) from None
    return StableDiffusion


def load_text_to_image(name: str = "pocket", **options: Any) -> Any:
    """The model "pocket", or "stable-diffusion", both with KerasCV's `text_to_image`.

    Options are those of the class: `img_height`, `img_width`, `jit_compile`. Weights are loaded here, not
    when the first picture waits for them.
    """
    if name == "pocket":
        model = pocket_class()(**options)
        parts = ("text_encoder", "diffusion_model", "decoder")
        return _complete(model, parts)
    if name == "stable-diffusion":
        return _real(**options)
    raise ValueError(f"Unknown model {name!r}: say 'pocket' or 'stable-diffusion'.")


def _real(**options: Any) -> Any:
    pocket_class()  # says it if KerasCV is missing
    from keras_cv.models import StableDiffusion

    print(NOTICE)
    for side in ("img_height", "img_width"):
        if (pixels := options.get(side, 512)) % 128 or pixels < 128:
            raise ValueError(f"{side} must be a multiple of 128 pixels, not {pixels}: it would be rounded.")
    model = StableDiffusion(**{"jit_compile": False} | options)
    try:
        with _impatient():
            # The small ones first: without a network that fails before a network of 3.4 GB is built.
            model.tokenizer  # noqa: B018
            return _complete(model, ("text_encoder", "decoder", "diffusion_model"))
    except Exception as failed:  # what a download can raise has no common class
        raise RuntimeError(
            f"The weights of Stable Diffusion cannot be had ({failed}): see to the network and to 5 GB of "
            f"free disk, or take load_text_to_image('pocket'), which needs neither."
        ) from None


def _complete(model: Any, parts: tuple[str, ...]) -> Any:
    for part in parts:
        getattr(model, part)
    return model


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
