"""The order in which the pocket model is made, and what each part hands to the next."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras

from helpers import pictures
from helpers.pocket import autoencoder, latents, train_autoencoder, train_denoiser, training, weights
from helpers.pocket.train_autoencoder import FRESH

__all__ = ["Workshop"]

FRESH_PICTURES = 500  # that no part was trained on: the manifest's figures are measured with them


class Workshop:
    """States of training in `build`, shipped weights in `data`; `minutes` limit all work together.

    Latents and denoiser belong to one encoder, so their folder carries its checksum: after a change of
    the encoder they begin anew.
    """

    def __init__(
        self, build: Path, data: Path, minutes: float | None = None, *, pieces: int = latents.PIECES
    ) -> None:
        self._build, self._data, self._pieces = build, data, pieces
        self._end = time.monotonic() + 60 * minutes if minutes else float("inf")

    def everything(self) -> None:
        """One part after the other, until the time is over."""
        if self.autoencoder() and self.latents():
            self.denoiser()

    def autoencoder(self, steps: int | None = None) -> bool:
        """Train encoder and decoder and ship them; whether the plan is fulfilled."""
        notes = train_autoencoder.train(self._build, steps=steps, minutes=self._minutes())
        self._ship_autoencoder()
        return notes["step"] >= notes["steps"]

    def latents(self) -> bool:
        """Encode drawings by the shipped encoder; whether all are there."""
        encoder = self._encoder(training.faster_arithmetic())
        return latents.store(encoder, self._folder(), pieces=self._pieces, until=self._end)

    def denoiser(self, steps: int | None = None) -> bool:
        """Train text encoder and denoiser on these latents and ship them; whether the plan is fulfilled."""
        data = latents.load(self._folder(), pieces=self._pieces)
        notes = train_denoiser.train(self._folder(), data, steps=steps, minutes=self._minutes())
        self._ship_denoiser()
        return notes["step"] >= notes["steps"]

    def export(self) -> None:
        """Ship what has been reached so far."""
        if (self._build / "autoencoder.npz").exists():
            self._ship_autoencoder()
        if (self._folder() / "denoiser.npz").exists():
            self._ship_denoiser()

    def _ship_autoencoder(self) -> None:
        encoder, decoder, notes = train_autoencoder.finish(self._build)
        fresh = pictures.sample(FRESH_PICTURES, seed=(FRESH, 1)).images
        for network in (encoder, decoder):  # the figures are those of the rounded weights
            weights.round_off(network)
        figures = {
            "psnr": round(train_autoencoder.psnr(encoder, decoder, fresh), 2),
            "psnr_of_noisy_latents": round(train_autoencoder.psnr(encoder, decoder, fresh, noise=0.1), 2),
        }
        batch = train_autoencoder.BATCH
        self._save({"encoder": encoder, "decoder": decoder}, "autoencoder", notes, batch, figures)

    def _ship_denoiser(self) -> None:
        model, notes = train_denoiser.finish(self._folder())
        networks = {"text_encoder": model.text_encoder, "denoiser": model.velocity}
        for network in networks.values():
            weights.round_off(network)
        fresh = pictures.sample(FRESH_PICTURES, seed=(FRESH, 2), combinations="seen")
        held = pictures.sample(FRESH_PICTURES, seed=(FRESH, 3), combinations="held-out")
        encoder = self._encoder()
        figures = {
            name: round(train_denoiser.loss(model, latents.encode(encoder, part.images), part.factors), 5)
            for name, part in (("loss", fresh), ("loss_on_held_out_combinations", held))
        }
        self._save(networks, "denoiser", notes, train_denoiser.BATCH, figures)

    def _save(
        self,
        networks: dict[str, keras.Model],
        part: str,
        notes: dict[str, Any],
        batch: int,
        figures: dict[str, float],
    ) -> None:
        effort = {"steps": notes["step"], "samples": notes["step"] * batch, "of_steps": notes["steps"]}
        effort |= {"minutes": round(notes["seconds"] / 60), "date": time.strftime("%Y-%m-%d")}
        weights.save(networks, {part: effort | figures}, self._data)
        said = ", ".join(f"{name} {value}" for name, value in figures.items())
        print(f"{part}: step {notes['step']} of {notes['steps']}, {said}; in data/pocket/", flush=True)

    def _encoder(self, arithmetic: str = "float32") -> keras.Model:
        return weights.fill(autoencoder.encoder(arithmetic=arithmetic), "encoder", self._data)

    def _folder(self) -> Path:
        entry = weights.manifest(self._data)["files"]["encoder"]
        return self._build / f"encoder-{entry['sha256'][:8]}"

    def _minutes(self) -> float | None:
        return max((self._end - time.monotonic()) / 60, 1e-3) if self._end < float("inf") else None
