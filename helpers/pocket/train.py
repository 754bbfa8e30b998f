"""Make the weights of the pocket model. Stopped at any moment, the same command goes on where it was.

The parts: an autoencoder of drawings; the latents of many drawings; the denoiser with its text encoder.
`export` writes into data/pocket/ what the first and the last have reached; both do it by themselves.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from helpers.quiet import begin

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("autoencoder", "latents", "denoiser", "export")


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.pocket.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", nargs="?", default="all", choices=("all", *PARTS))
    parser.add_argument("--minutes", type=float, help="stop after about so many; the same command goes on")
    parser.add_argument(
        "--steps", type=int, help="plan so many steps in all for this autoencoder or denoiser"
    )
    options = parser.parse_args(arguments)
    if options.steps is not None and options.part not in ("autoencoder", "denoiser"):
        parser.error("--steps goes with autoencoder or denoiser")
    if any(value is not None and value <= 0 for value in (options.steps, options.minutes)):
        parser.error("--steps and --minutes are above zero")
    begin(1)
    from helpers.pocket.workshop import Workshop

    shop = Workshop(root / "build" / "pocket", root / "data" / "pocket", options.minutes)
    if options.part == "all":
        shop.everything()
    elif options.part == "autoencoder":
        shop.autoencoder(options.steps)
    elif options.part == "latents":
        shop.latents()
    elif options.part == "denoiser":
        shop.denoiser(options.steps)
    else:
        shop.export()


if __name__ == "__main__":
    main()
