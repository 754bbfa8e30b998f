"""Run a lesson with several seeds and show how far every checked value spreads, and how often it holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

from tools import execute, lessons

GO_ON = ("CheckFailed",)  # a failed check ends its cell, not the measurement


def run_seeds(path: Path, seeds: Iterable[int]) -> dict[int, execute.Run]:
    """One run of the lesson for every seed."""
    runs = {}
    for seed in seeds:
        run = execute.execute(path, parameters={"SEED": seed}, go_on_after=GO_ON)
        held = sum(check["holds"] for check in run.checks)
        note = f" · stopped at {run.error}" if run.error else ""
        print(f"seed {seed}: {held}/{len(run.checks)} checks hold · {run.seconds:.0f} s{note}", flush=True)
        runs[seed] = run
    return runs


def summary(runs: dict[int, execute.Run]) -> list[dict]:
    """For each claim: the spread of its value over the seeds, its bound, and the seeds in which it fails."""
    bounds: dict[str, dict[str, None]] = {}
    for run in runs.values():
        for check in run.checks:
            bounds.setdefault(check["claim"], {})[check["wanted"] or "true"] = None
    rows = []
    for claim, wanted in bounds.items():
        made = {seed: [c for c in run.checks if c["claim"] == claim] for seed, run in runs.items()}
        values = [c["value"] for checks in made.values() for c in checks if c["value"] is not None]
        rows.append(
            {
                "claim": claim,
                # A bound may be a measured value itself; then it differs from seed to seed.
                "wanted": next(iter(wanted)) + (" or so" if len(wanted) > 1 else ""),
                "values": values,
                "holds": [s for s, checks in made.items() if checks and all(c["holds"] for c in checks)],
                "fails": [s for s, checks in made.items() if not all(c["holds"] for c in checks)],
                "missing": [s for s, checks in made.items() if not checks],
            }
        )
    return rows


def line(row: dict, seeds: int) -> str:
    """One claim in one line."""
    values = row["values"]
    spread = " / ".join(f"{f(values):.4g}" for f in (min, fmean, max)) if values else "—"
    text = f"{len(row['holds'])}/{seeds}  {spread:<30}  {row['claim']} ({row['wanted']})"
    if row["fails"]:
        text += f" · fails for seed {', '.join(map(str, row['fails']))}"
    if row["missing"]:
        text += f" · not reached for seed {', '.join(map(str, row['missing']))}"
    return text


def main() -> None:
    """`make seeds LESSON=04`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lesson", nargs="?", default="", help="04 or 04_vae; default: all")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds, from 1")
    options = parser.parse_args()
    failed = False
    for path in lessons.lessons(options.lesson):
        print(f"{path.stem}: {options.seeds} seeds")
        runs = run_seeds(path, range(1, options.seeds + 1))
        rows = summary(runs)
        print(f"holds  {'min / mean / max':<30}  claim (bound)")
        for row in rows:
            print(line(row, options.seeds))
        failed |= any(run.error for run in runs.values()) or any(r["fails"] or r["missing"] for r in rows)
    sys.exit(failed)


if __name__ == "__main__":
    main()
