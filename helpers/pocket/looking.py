"""Which word of the prompt the network looks at where, while it paints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import ops
from numpy.typing import NDArray

from helpers.pocket.samplers import Step

if TYPE_CHECKING:
    from helpers.pocket.pipeline import StableDiffusion

__all__ = ["maps"]


def maps(model: StableDiffusion, prompt: str, **options: Any) -> tuple[NDArray, dict[str, NDArray]]:
    """Pictures (n, h, w, 3), as `text_to_image` paints them, and for each word its map (n, h, w).

    Means over the steps, layers and heads, in the manner of Tang et al. 2022 ("DAAM"). A pixel's looks sum to
    one; what the words lack to one went to the marks around them.
    """
    context, callback = model.encode_text(prompt), options.pop("callback", None)
    size, sums = (model.img_height, model.img_width), []

    def look(step: Step) -> None:
        inputs = model.inputs(step.before, step.time, ops.repeat(context, step.before.shape[0], axis=0))
        layers = [ops.image.resize(seen, size) for seen in model.attention.predict_on_batch(inputs)]
        sums.append(sum(layers) / len(layers))
        if callback:
            callback(step)

    pictures = model.text_to_image(prompt, callback=look, **options)
    mean = ops.convert_to_numpy(sum(sums) / len(sums))
    found: dict[str, NDArray] = {}
    for place, number in enumerate(model.tokenizer.encode(prompt)):
        if word := model.tokenizer.decode([number]):  # a mark has none
            found[word] = found.get(word, 0) + mean[..., place]
    return pictures, found
