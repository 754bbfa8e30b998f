"""`python -m helpers.grading SUBMISSIONS.zip --worksheet worksheet.csv --out report/`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.files import write_bytes
from helpers.grading import archive, marks, report, rubric, run, summary, worksheet
from helpers.grading.columns import COLUMNS
from helpers.grading.limits import Refused, plain


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What can be asked for."""
    parser = argparse.ArgumentParser("python -m helpers.grading", description="Check the zodiac homework.")
    add = parser.add_argument
    add("submissions", type=Path, help="the zip that the LMS made, or a folder of zips or folders")
    add("--worksheet", type=Path, help="the downloaded grading worksheet (CSV), to be filled into --out")
    add("--out", type=Path, required=True, help="folder for the report; nothing is written elsewhere")
    add("--rubric", type=Path, help="TOML with a table [points]: " + ", ".join(rubric.POINTS))
    add("--quality", type=Path, help="quality.csv as the report saves it: points that a person gave")
    add("--columns", nargs="+", default=[], metavar="COLUMN=NAME", help=f"{', '.join(COLUMNS)}: their names")
    add("--overwrite", action="store_true", help="replace grades that the worksheet has already")
    add("--no-render", action="store_true", help="paint nothing again and ask no judge: fast, no TensorFlow")
    add("--workers", type=int, default=1, help="processes on this machine (about 0.8 GB each with rendering)")
    add("--dask", metavar="ADDRESS", help="a Dask cluster's scheduler, such as tcp://10.0.0.5:8786")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    """Grade a download; everything that can go wrong ends in one sentence."""
    options = arguments(given)
    try:
        grade(options)
    except Refused as refused:
        sys.exit(str(refused))
    except OSError as error:
        sys.exit(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")


def grade(options: argparse.Namespace) -> None:
    """Everything in order: what can be refused comes before what takes long."""
    points = rubric.load(options.rubric)
    own = columns(options.columns)
    sheet = worksheet.read(options.worksheet.read_bytes(), own) if options.worksheet else None
    if options.workers < 1:
        raise Refused(f"--workers must be at least 1, not {options.workers}.")
    if options.submissions.resolve() in (options.out.resolve(), *options.out.resolve().parents):
        raise Refused("--out lies among the submissions, of which it would be one: name a folder elsewhere.")
    found = archive.find(options.submissions)
    with run.pool(options.workers, options.dask) as (executor, workers):
        records = run.everybody(
            found.submissions,
            points,
            options.out,
            render=not options.no_render,
            executor=executor,
            workers=workers,
        )
    given = marks.quality(options.quality, points, records)
    notes = list(found.notes)
    if sheet is not None:
        filled = marks.fill(sheet, records, points, given, overwrite=options.overwrite)
        notes += filled.notes
        write_bytes(options.out / f"{options.worksheet.stem}-filled.csv", filled.content)
    if broken := sum(record["broken"] for record in records):
        notes.append(f"{broken} are broken: look at them before you give the LMS their grades.")
    if missing := len(records) - len(given) if points[rubric.QUALITY] else 0:
        most = 100 * (1 - points[rubric.QUALITY] / rubric.most(points))
        notes.append(
            f"{missing} of {len(records)} submissions have no points for quality yet: without them a grade "
            f"is at most {most:.0f} % of the maximum."
        )
    numbers = summary.numbers(records, points, notes)
    lines = "".join(json.dumps(record, ensure_ascii=True) + "\n" for record in records)
    write_bytes(options.out / "results.jsonl", lines.encode())
    write_bytes(options.out / "summary.json", json.dumps(numbers, indent=2).encode())
    write_bytes(options.out / "summary.csv", marks.table(records, points, given))
    write_bytes(options.out / "index.html", report.page(records, numbers, points, given))
    print(summary.text(numbers))
    for note in notes:
        print(f"- {plain(note, 300)}")
    print(f"Open {options.out / 'index.html'}.")


def columns(given: Sequence[str]) -> dict[str, str]:
    """`--columns grade=Punkte id=Kennung` as a table."""
    own = dict(text.partition("=")[::2] for text in given)
    for column, name in own.items():
        if column not in COLUMNS or not name:
            raise Refused(f"--columns takes COLUMN=NAME, where COLUMN is one of {', '.join(COLUMNS)}.")
    return own


if __name__ == "__main__":
    main()
