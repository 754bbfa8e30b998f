"""Execute lessons without a browser and show what they cost: seconds, peak memory, checks passed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

from tools import execute, lessons, store, table


class Budget(NamedTuple):
    """The most that a lesson may cost on two idle cores."""

    seconds: float = 150
    peak_gb: float = 3.0


BUDGETS = {"01": Budget(60, 1.5)}  # the first lesson opens at once


def budget(path: Path) -> Budget:
    """The budget of a lesson."""
    return BUDGETS.get(path.stem[:2], Budget())


def verdict(path: Path, run: execute.Run) -> str:
    """What is wrong with a run; empty if nothing is."""
    allowed = budget(path)
    if run.error:
        return f"stopped at {run.error}"
    if run.seconds > allowed.seconds:
        return f"slower than its budget of {allowed.seconds:g} s"
    if run.peak_gb > allowed.peak_gb:
        return f"larger than its budget of {allowed.peak_gb:g} GB"
    return ""


def row(path: Path, run: execute.Run) -> str:
    """One line of the table."""
    passed = sum(check["holds"] for check in run.checks)
    checks = f"{passed}/{len(run.checks)}"
    line = f"{path.stem:<24}{run.seconds:>8.0f} s{run.peak_gb:>9.1f} GB{checks:>9}  {verdict(path, run)}"
    return line.rstrip()


def save(path: Path, run: execute.Run) -> None:
    """Write what the run cost into the lesson's metadata and its title cell's table."""
    nb = lessons.read(path)
    nb.metadata.course = store.measured(run)
    minutes = str(max(1, -(-nb.metadata.course["seconds"] // 60)))
    title = nb.cells[0]
    title.source = lessons.MINUTES.sub(rf"\g<1>{minutes}\g<3>", title.source, count=1)
    lessons.write(path, lessons.text_of(nb))


def main() -> None:
    """`make run`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lesson", nargs="?", default="", help="04 or 04_vae; default: all")
    parser.add_argument("--save", action="store_true", help="write the figures into lessons and README")
    options = parser.parse_args()
    print(f"{'lesson':<24}{'seconds':>10}{'peak memory':>12}{'checks':>9}")
    failed, seconds = False, 0.0
    for path in lessons.lessons(options.lesson):
        run = execute.execute(path)
        print(row(path, run), flush=True)
        seconds += run.seconds
        failed |= bool(verdict(path, run))
        if options.save and not verdict(path, run):
            save(path, run)
    print(f"{'together':<24}{seconds:>8.0f} s")
    if options.save:
        table.refresh()
    sys.exit(failed)


if __name__ == "__main__":
    main()
