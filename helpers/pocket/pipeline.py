"""The pocket model behind KerasCV's interface: its StableDiffusion, with small networks and more wishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
from keras import ops
from keras_cv.models import StableDiffusion as KerasCVStableDiffusion
from numpy.typing import ArrayLike, NDArray

from helpers.pocket import attention, editing, guards, looking, networks, parts, samplers, schedule, words
from helpers.pocket.autoencoder import CHANNELS, SHRINKS

__all__ = ["StableDiffusion"]

SIDE = 128  # of the pictures that the networks learned from
GUIDANCE = 2.5  # KerasCV's default is 7.5: pictures without a named colour would then all get the same few


class StableDiffusion(KerasCVStableDiffusion):
    """`keras_cv.models.StableDiffusion` with the pocket networks, or with those that are given.

    All arguments of the library mean the same here, only that of the guidance has another default;
    `generate_image` tells what there is beyond them.
    """

    def __init__(
        self, img_height: int = SIDE, img_width: int = SIDE, jit_compile: bool = False, **given: Any
    ) -> None:
        """Given can be `text_encoder`, `velocity`, `decoder`, `image_encoder` and `tokenizer`."""
        height, width = guards.side(img_height, "img_height"), guards.side(img_width, "img_width")
        # Past the parent, which would print the licence of the real weights.
        super(KerasCVStableDiffusion, self).__init__(height, width, jit_compile)
        self.img_height, self.img_width = height, width  # which the base class rounds to 128 pixels
        known = ("tokenizer", *parts.NAMES)
        for name, part in given.items():
            if name not in known:
                raise TypeError(f"Unknown part {name!r}; known are {', '.join(known)}.")
            setattr(self, name, part)

    @cached_property
    def tokenizer(self) -> words.Tokenizer:
        """Words to numbers."""
        return words.tokenizer()

    @cached_property
    def text_encoder(self) -> keras.Model:
        """Numbers of words to vectors."""
        return parts.load("text_encoder", self.jit_compile)

    @cached_property
    def velocity(self) -> keras.Model:
        """What was trained: the network inside `diffusion_model`."""
        return parts.load("velocity", self.jit_compile)

    @cached_property
    def diffusion_model(self) -> keras.Model:
        """Latents, time and words to noise."""
        return parts.ready(networks.denoiser(self.velocity), self.jit_compile)

    @cached_property
    def attention(self) -> keras.Model:
        """The inputs of `diffusion_model` to where each of its layers looks at which word."""
        return parts.ready(attention.shares(self.velocity), self.jit_compile)

    @cached_property
    def heard(self) -> keras.Model:
        """The inputs of `diffusion_model` to how much each of its layers takes from which word where."""
        return parts.ready(attention.heard(self.velocity), self.jit_compile)

    @cached_property
    def decoder(self) -> keras.Model:
        """Latents to pictures."""
        return parts.load("decoder", self.jit_compile)

    @cached_property
    def image_encoder(self) -> keras.Model:
        """Pictures to latents."""
        return parts.load("image_encoder", self.jit_compile)

    def encode_text(self, prompt: str) -> NDArray[np.float32]:
        """The vectors (1, words, width) of a prompt."""
        return self.text_encoder.predict_on_batch(self.tokenizer.padded([prompt]))

    def text_to_image(
        self,
        prompt: str,
        negative_prompt: str | None = None,
        batch_size: int = 1,
        num_steps: int = 50,
        unconditional_guidance_scale: float = GUIDANCE,
        seed: int | Sequence[int] | None = None,
        **more: Any,
    ) -> NDArray[np.uint8]:
        """Pictures (n, h, w, 3) of what the prompt says and the negative prompt does not.

        For the rest, and for more keywords, see `generate_image`.
        """
        options = {"num_steps": num_steps, "unconditional_guidance_scale": unconditional_guidance_scale}
        options |= {"batch_size": batch_size, "seed": seed}
        return self.generate_image(self.encode_text(prompt), negative_prompt, **options, **more)

    def generate_image(
        self,
        encoded_text: Any,
        negative_prompt: str | None = None,
        batch_size: int = 1,
        num_steps: int = 50,
        unconditional_guidance_scale: float = GUIDANCE,
        diffusion_noise: Any = None,
        seed: int | Sequence[int] | None = None,
        *,
        sampler: str = "ddim",
        callback: Callable[[samplers.Step], object] | None = None,
        image: ArrayLike | None = None,
        strength: float | None = None,
        mask: ArrayLike | None = None,
        one_batch: bool = False,
        progress: bool = True,
    ) -> NDArray[np.uint8]:
        """Pictures (n, h, w, 3) of an encoded prompt, (words, width) or one for each picture.

        `seed` can be a list, one for each picture. `sampler` is "ddim" (KerasCV's), "dpm++" (as good in
        fewer steps) or "euler-a" (fresh noise in every step). `callback` is given a `Step` after each.
        With an `image` (h, w, 3) the way begins at that picture in noise instead of noise alone:
        `strength`, up to 1, is the part of the way that is left (0.7; with a mask 1). With a `mask` (h, w)
        only its white part is painted anew. `one_batch` asks the network once a step for both prompts:
        the same but for rounding.
        """
        count, scale = guards.batch(batch_size, seed), guards.guidance(unconditional_guidance_scale)
        steps = samplers.times(guards.sampler(sampler), guards.steps(num_steps))
        alphas = self._get_initial_alphas(range(schedule.STEPS))[0]
        context = guards.context(self._expand_tensor(encoded_text, count), count)
        opposite = self.encode_text("" if negative_prompt is None else negative_prompt)
        opposite = self._expand_tensor(opposite, count)
        fresh, hold = self._source(count, seed), None
        if diffusion_noise is None:
            latent = fresh()
        elif seed is None:
            latent = guards.noise(diffusion_noise, (*self._cells, CHANNELS), count)
        else:
            raise ValueError("Give diffusion_noise or a seed, not both: the seed is there to draw the noise.")
        if any(given is not None for given in (image, strength, mask)):
            latent, steps, hold = self._begin(latent, steps, alphas, image, strength, mask)

        def noise(latent: Any, time: int) -> Any:
            if one_batch:
                twice = self._ask(ops.tile(latent, (2, 1, 1, 1)), time, ops.concatenate([opposite, context]))
                without, there = np.split(twice, 2)
            else:
                without, there = (self._ask(latent, time, text) for text in (opposite, context))
            return ops.cast(ops.array(without + scale * (there - without)), latent.dtype)

        bar = keras.utils.Progbar(len(steps)) if progress else None
        for step in samplers.walk(
            noise, latent, steps, sampler=sampler, alphas=alphas, fresh=fresh, hold=hold
        ):
            if bar:
                bar.update(step.number)
            if callback:
                callback(step)
        return self.decode(step.latent)

    def attention_maps(
        self, prompt: str, **options: Any
    ) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.float32]]]:
        """Pictures, as `text_to_image` paints them, and for each word where it was looked at: (n, h, w)."""
        return looking.maps(self, prompt, **options)

    def encode_image(self, image: ArrayLike) -> NDArray[np.float32]:
        """The latents of a picture (h, w, 3) or of several, uint8."""
        return self.image_encoder.predict_on_batch(guards.picture(image, self.img_height, self.img_width))

    def decode(self, latent: Any) -> NDArray[np.uint8]:
        """The pictures of latents, such as a callback is given."""
        decoded = self.decoder.predict_on_batch(latent)
        return np.clip((decoded + 1) / 2 * 255, 0, 255).astype("uint8")

    def _begin(
        self, noise: Any, steps: NDArray, alphas: Sequence[float], image: Any, strength: Any, mask: Any
    ) -> tuple[Any, NDArray, Callable[[Any, float], Any] | None]:
        """Where the way from a given picture begins, its steps, and what holds the part outside the mask."""
        if image is None:
            raise ValueError("strength and mask change a given picture: give image as well.")
        known, count = self.encode_image(image), noise.shape[0]
        if len(known) not in (1, count):
            raise ValueError(
                f"There are {len(known)} images for {count} pictures: give one, or one for each."
            )
        share = guards.strength((0.7 if mask is None else 1.0) if strength is None else strength)
        cells = None if mask is None else guards.mask(mask, self.img_height, self.img_width, count)
        return editing.begin(known, noise, steps, alphas, share, cells)

    def _ask(self, latent: Any, time: int, context: Any) -> NDArray[np.float32]:
        return self.diffusion_model.predict_on_batch(self.inputs(latent, time, context))

    def inputs(self, latent: Any, time: int, context: Any) -> dict[str, Any]:
        """What `diffusion_model` and `attention` take."""
        embedding = self._get_timestep_embedding(time, latent.shape[0])
        return {"latent": latent, "timestep_embedding": embedding, "context": context}

    def _source(self, count: int, seed: int | Sequence[int] | None) -> Callable[[], Any]:
        """Noise from one stream, or from one a picture; the first that is drawn is the library's."""
        streams = [None if s is None else keras.random.SeedGenerator(s) for s in guards.seeds(seed)]
        shape = (count // len(streams), *self._cells, CHANNELS)
        return lambda: ops.concatenate([keras.random.normal(shape, seed=stream) for stream in streams])

    @property
    def _cells(self) -> tuple[int, int]:
        return self.img_height // SHRINKS, self.img_width // SHRINKS

    # What the library's own loop asks for.
    def _get_unconditional_context(self) -> NDArray[np.float32]:
        return self.encode_text("")

    def _get_timestep_embedding(self, timestep: int, batch_size: int) -> NDArray[np.float32]:
        return schedule.time_embedding([timestep] * batch_size)

    def _get_initial_diffusion_noise(self, batch_size: int, seed: int | Sequence[int] | None) -> Any:
        return self._source(batch_size, seed)()
