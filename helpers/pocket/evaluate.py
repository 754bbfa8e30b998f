"""Put figures to the pocket model: accuracy, obedience, variety, copying, speed; tables, plots, pictures.

Each claim is printed with its figure and its bound; the exit status is 0 if all of them hold. What was
painted is kept in the output folder: stopped at any moment, the same command goes on, with more seeds too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.quiet import begin, hushed

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """The exit status: 0 if all claims hold, 1 if one does not, 2 if there is nothing to evaluate."""
    options = _options(arguments, root)
    begin(1)
    with hushed():  # KerasCV imports TensorFlow
        from helpers.pocket import evaluation, weights
    if missing := [name for name in weights.KNOWN if name not in weights.manifest()["files"]]:
        print(f"There is no trained {missing[0]} in data/pocket/ yet: run the command in data/README.md.")
        return 2
    size = evaluation.QUICK if options.quick else evaluation.Size(options.seeds, options.pictures)
    claims = evaluation.evaluate(size, options.out, root / "build" / "pocket", full=options.full)
    return int(not all(claim.holds for claim in claims))


def _options(arguments: Sequence[str] | None, root: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.pocket.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=5, help="examinations of each way of painting")
    parser.add_argument("--pictures", type=int, default=48, help="of each kind in an examination")
    parser.add_argument("--quick", action="store_true", help="one small examination, without the plots")
    parser.add_argument(
        "--full", action="store_true", help="compare speed with KerasCV's model: minutes, 5 GB"
    )
    parser.add_argument("--out", type=Path, default=root / "build" / "pocket" / "report")
    options = parser.parse_args(arguments)
    if options.seeds < 1 or options.pictures < 2:
        parser.error("--seeds is at least 1, --pictures at least 2")
    return options


if __name__ == "__main__":
    sys.exit(main())
