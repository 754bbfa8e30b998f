"""Make the judge of the pocket model: `python -m helpers.pocket.judge_training` writes data/pocket/judge.npz.

It takes about ten minutes on two idle cores; stopped at any moment, the same command goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from helpers.quiet import begin

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> None:
    argparse.ArgumentParser(
        prog="python -m helpers.pocket.judge_training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(arguments)
    begin(1)
    from helpers.pocket import train_judge

    train_judge.make(root / "build" / "pocket", root / "data" / "pocket")


if __name__ == "__main__":
    main()
