"""Run a lesson over a grid of its parameters and keep one row of results for each point of the grid.

A study stands in notebooks/studies/<lesson>.yaml:

    grid:                # every combination is one run of the notebook
      BETA: [0.5, 1, 4]
      SEED: [1, 2, 3]
    fixed:               # optional: the same in every run
      EPOCHS: 100
    values:              # column: expression over the notebook's variables, after its last cell
      kl: history["kl"][-1]
    checks:              # column: claim whose measured value it holds
      accuracy: the classifier is right

Rows that the table already has are not run again, so an interrupted study goes on where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import yaml

from tools import execute, lessons

STUDIES, TABLES = lessons.NOTEBOOKS / "studies", lessons.ROOT / "data" / "studies"
LIBRARIES = ("keras", "tensorflow", "tensorflow-cpu", "numpy")  # one of the two TensorFlows is there
MARK = "study-values:"


def points(study: dict[str, Any]) -> list[dict[str, Any]]:
    """Every combination of the grid's values, the last knob turning fastest."""
    names = list(study["grid"])
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*study["grid"].values())]


def columns(study: dict[str, Any]) -> list[str]:
    """The table's header."""
    return [*study["grid"], *study.get("values", {}), *study.get("checks", {}), "seconds"]


def measure(path: Path, study: dict[str, Any], point: dict[str, Any]) -> dict[str, Any]:
    """One run of the notebook at one point of the grid; a failed check is a result, not an end."""
    expressions = study.get("values", {})
    pairs = ", ".join(f"{name!r}: float({text})" for name, text in expressions.items())
    run = execute.execute(
        path,
        parameters={**study.get("fixed", {}), **point},
        go_on_after=("CheckFailed",),
        cell_timeout=study.get("cell_timeout", 3600),
        append=f"import json; print({MARK!r} + json.dumps({{{pairs}}}))",
    )
    if run.error:
        raise SystemExit(f"{path.stem} at {point}: stopped at {run.error}")
    texts = [o.text for o in run.notebook.cells[-1].outputs if o.get("name") == "stdout"]
    found = json.loads("".join(texts).split(MARK, 1)[1])
    measured = {check["claim"]: check["value"] for check in run.checks}
    for name, claim in study.get("checks", {}).items():
        if claim not in measured:
            raise SystemExit(f"{path.stem} checks no claim {claim!r}; it has: {'; '.join(measured)}")
        if measured[claim] is None:
            raise SystemExit(f"{path.stem}: the value of {claim!r} is not one number, which a column holds")
        found[name] = measured[claim]
    return {**point, **{k: f"{v:.6g}" for k, v in found.items()}, "seconds": f"{run.seconds:.0f}"}


def load(table: Path, header: list[str]) -> list[dict[str, str]]:
    """The rows that a table already has."""
    if not table.exists():
        return []
    lines = [line for line in table.read_text("utf-8").splitlines() if not line.startswith("#")]
    reader = csv.DictReader(lines)
    if reader.fieldnames != header:
        raise SystemExit(f"{table.name} has other columns than the study: remove it to begin anew.")
    return list(reader)


def dump(table: Path, header: list[str], rows: list[dict[str, Any]]) -> None:
    """Write the whole table in one step, so that no row is ever half there."""
    text = io.StringIO()
    there = {name for found in packages_distributions().values() for name in found}
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES if name in there)
    text.write(f"# {len(rows)} runs of notebooks/{table.stem}.ipynb by `make study LESSON={table.stem}`\n")
    text.write(f"# Python {sys.version_info.major}.{sys.version_info.minor}, {versions}\n")
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    lessons.write(table, text.getvalue())


def run_study(path: Path, source: Path, table: Path) -> int:
    """Run what is missing in the table; the number of new rows."""
    study = yaml.safe_load(source.read_text(encoding="utf-8"))
    header, grid = columns(study), points(study)
    rows: list[dict[str, Any]] = load(table, header)
    there = {tuple(row[name] for name in study["grid"]) for row in rows}
    missing = [point for point in grid if tuple(map(str, point.values())) not in there]
    for number, point in enumerate(missing, 1):
        row = measure(path, study, point)
        rows.append(row)
        dump(table, header, rows)
        shown = " · ".join(f"{name} {value}" for name, value in row.items())
        print(f"{number}/{len(missing)} · {shown}", flush=True)
    return len(missing)


def main() -> None:
    """`make study LESSON=04`."""
    parser = argparse.ArgumentParser(description="Run a lesson's study.")
    parser.add_argument("lesson", nargs="?", default="", help="04 or 04_vae; default: all that have one")
    chosen = lessons.lessons(parser.parse_args().lesson)
    studies = [(path, STUDIES / f"{path.stem}.yaml") for path in chosen]
    if not any(source.exists() for _, source in studies):
        names = ", ".join(path.stem for path in chosen)
        raise SystemExit(f"No study for {names}: it would stand in notebooks/studies/<lesson>.yaml.")
    for path, source in studies:
        if source.exists():
            made = run_study(path, source, TABLES / f"{path.stem}.csv")
            print(f"data/studies/{path.stem}.csv: {made} new rows")


if __name__ == "__main__":
    main()
