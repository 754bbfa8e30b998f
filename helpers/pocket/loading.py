"""A text-to-image model by its name: the pocket one, which is here, or the real one, which is fetched."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.files import keras_cache
from helpers.pocket import machine
from helpers.pocket.fetching import File, Unavailable, fetch, missing, spell
from helpers.quiet import hushed

__all__ = ["FILES", "NAMES", "load_text_to_image", "pocket_class"]

NAMES = ("pocket", "real", "auto", "stable-diffusion")  # the last is "real" under its long name
# As KerasCV 0.9.0 asks Keras for them, which finds them under these names and checks them once more.
HUB = "https://huggingface.co/fchollet/stable-diffusion/resolve/main"
FILES = (
    File(
        "vocabulary",
        "bpe_simple_vocab_16e6.txt.gz",
        "https://github.com/openai/CLIP/blob/main/clip/bpe_simple_vocab_16e6.txt.gz?raw=true",
        "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a",
        1_356_917,
    ),
    File(
        "text encoder",
        "kcv_encoder.h5",
        f"{HUB}/kcv_encoder.h5",
        "4789e63e07c0e54d6a34a29b45ce81ece27060c499a709d556c7755b42bb0dc4",
        492_466_864,
    ),
    File(
        "decoder",
        "kcv_decoder.h5",
        f"{HUB}/kcv_decoder.h5",
        "ad350a65cc8bc4a80c8103367e039a3329b4231c2469a1093869a345f55b1962",
        198_180_272,
    ),
    File(
        "denoiser",
        "kcv_diffusion_model.h5",
        f"{HUB}/kcv_diffusion_model.h5",
        "8799ff9763de13d7f30a683d653018e114ed24a6a819667da4f5ee10f9e805fe",
        3_439_090_152,
    ),
)
NOTICE = """The real Stable Diffusion 1.4, as KerasCV has it: {all} in {count} files ({each}).
{state}
Hardware: better a GPU; without one {memory} of free memory at the least and much patience, for on two CPU
cores a step takes more than a second at 128x128, and far longer at the 512x512 that it was trained for.
It runs in {policy} here.
Licence of the weights: CreativeML Open RAIL-M, which rules some uses out."""


def pocket_class() -> type:
    """`helpers.pocket.StableDiffusion`, whose parent is KerasCV's."""
    try:
        with hushed():  # KerasCV imports TensorFlow
            from helpers.pocket.pipeline import StableDiffusion
    except ModuleNotFoundError as absent:
        if not (absent.name or "").startswith("keras_cv"):
            raise
        raise ModuleNotFoundError(
            "keras_cv is missing: `pip install keras-cv==0.9.0` installs what text_to_image needs.",
            name="keras_cv",
        ) from None
    return StableDiffusion


def load_text_to_image(name: str = "pocket", **options: Any) -> Any:
    """The model "pocket" or "real", both with KerasCV's `text_to_image`; "auto" is the one that suits here.

    Options are those of the class: `img_height`, `img_width`, `jit_compile`. Weights are loaded here, not
    when the first picture waits for them. "auto" is the real model if its weights have been fetched or there
    is a GPU; if it cannot be had it is the pocket model, in that one's own size, and says why.
    """
    if name not in NAMES:
        raise ValueError(f"Unknown model {name!r}: say 'pocket', 'real' or 'auto'.")
    if name == "pocket":
        return _pocket(**options)
    try:
        if name == "auto" and missing(FILES, keras_cache()) and not machine.gpus():
            raise Unavailable("its weights have not been fetched and there is no GPU")
        return _real(**options)
    except Unavailable as failed:
        if name == "auto":
            print(f"This is the pocket model and not the real one: {failed}.")
            return _pocket(**{key: given for key, given in options.items() if key == "jit_compile"})
        raise Unavailable(
            f"The real Stable Diffusion cannot be had: {failed}; see to that and try again, or take "
            f"load_text_to_image('pocket'), which needs nothing."
        ) from None


def _pocket(**options: Any) -> Any:
    return _complete(pocket_class()(**options), ("text_encoder", "diffusion_model", "decoder"))


def _real(**options: Any) -> Any:
    pocket_class()  # says it if KerasCV is missing
    from keras_cv.models import StableDiffusion

    for side in ("img_height", "img_width"):
        if (pixels := options.get(side, 512)) % 128 or pixels < 128:
            raise ValueError(f"{side} must be a multiple of 128 pixels, not {pixels}: it would be rounded.")
    folder, policy = keras_cache(), machine.policy()
    print(_notice(folder, policy))
    machine.check_memory()
    machine.check_disk(folder, sum(file.size for file in missing(FILES, folder)))
    try:
        fetch(FILES, folder)
    except OSError as failed:
        raise Unavailable(f"{_homely(folder)} cannot be written ({failed.strerror or failed})") from None
    # KerasCV would build 0.9 billion weights first and ask for theirs then; now they are there.
    model = StableDiffusion(**{"jit_compile": machine.gpus() > 0} | options)
    with _dtype(policy):
        return _complete(model, ("tokenizer", "text_encoder", "decoder", "diffusion_model"))


def _notice(folder: Path, policy: str) -> str:
    absent = missing(FILES, folder)
    size = spell(sum(file.size for file in absent))
    state = f"{size} will be fetched to {_homely(folder)}, once." if absent else "They are in Keras's cache."
    return NOTICE.format(
        all=spell(sum(file.size for file in FILES)),
        count=len(FILES),
        each=", ".join(f"{file.what} {spell(file.size)}" for file in FILES),
        state=state,
        memory=spell(machine.MEMORY),
        policy=policy,
    )


def _homely(folder: Path) -> str:
    with contextlib.suppress(ValueError, RuntimeError):
        return f"~/{folder.relative_to(Path.home()).as_posix()}"
    return str(folder)


def _complete(model: Any, parts: tuple[str, ...]) -> Any:
    for part in parts:
        getattr(model, part)
    return model


@contextlib.contextmanager
def _dtype(policy: str) -> Iterator[None]:
    """Networks built in here have the policy; one that the user chose stays."""
    import keras

    before = keras.config.dtype_policy()
    if before.name == "float32":
        keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
