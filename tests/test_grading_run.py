"""A course of 300, over 40 of them broken: graded in one run, again, by several processes, by a cluster."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import grading_factory as factory
import pytest

from helpers.grading import __main__ as command
from helpers.grading import grade, run
from helpers.grading.limits import Refused
from helpers.grading.rubric import POINTS

ROOT = Path(__file__).resolve().parent.parent
COUNT = 300
FULL = sum(POINTS.values()) - POINTS["quality"]
# Runs the command and notes at its end what it cost.
WATCHED = """
import json, pathlib, re, resource, sys, time
from helpers.grading.__main__ import main
main(sys.argv[2:])
status = pathlib.Path("/proc/self/status")
if status.exists():  # where getrusage counts the process that started this one as well
    peak = int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read_text())[1]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seconds = time.process_time()
notes = {"peak": peak, "seconds": seconds} | {name: name in sys.modules for name in ("tensorflow", "keras")}
open(sys.argv[1], "w").write(json.dumps(notes))
"""


def listing(folder: Path) -> dict[str, int]:
    """All that lies in a folder, with the times of files."""
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in paths if path.is_file()}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> dict[str, Any]:
    """The run of a whole course in a folder of its own, which is home, and place of temporary files, too."""
    sandbox = tmp_path_factory.mktemp("sandbox")
    zips, reasons = factory.course(COUNT)
    (sandbox / "export.zip").write_bytes(factory.moodle(zips))
    (sandbox / "sheet.csv").write_bytes(factory.sheet(zips))
    own = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(sandbox))
    environment = os.environ | own | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    before = listing(sandbox)
    notes = tmp_path_factory.mktemp("notes") / "notes.json"
    given = ["export.zip", "--worksheet", "sheet.csv", "--out", "report", "--no-render"]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, notes, *given],
        cwd=sandbox,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report = sandbox / "report"
    records = [json.loads(line) for line in (report / "results.jsonl").read_text().splitlines()]
    return json.loads(notes.read_text()) | {
        "zips": zips,
        "reasons": reasons,
        "written": listing(sandbox).items() - before.items(),
        "stderr": done.stderr,
        "stdout": done.stdout,
        "report": report,
        "records": {record["name"]: record for record in records},
    }


def said(record: dict) -> str:
    """All sentences of a record."""
    sentences = [check["sentence"] for check in record["checks"]]
    return "\n".join([*record["faults"], *record["complaints"], *sentences])


def test_everybody_is_in_the_report_and_nobody_twice(course):
    assert course["stderr"] == ""
    assert sorted(course["records"]) == sorted(course["zips"])
    assert len(course["zips"]) == COUNT
    assert len(course["reasons"]) >= 40


@pytest.mark.parametrize("label", list(factory.broken()))
def test_what_is_broken_is_named_with_its_reason(course, label):
    record = course["records"][f"Broken {label}"]
    assert re.search(course["reasons"][f"Broken {label}"], said(record))
    assert record["points"] < FULL


def test_the_others_have_all_points_and_no_complaint(course):
    whole = [record for name, record in course["records"].items() if name not in course["reasons"]]
    assert {record["points"] for record in whole} == {FULL}
    assert not any(record["broken"] or record["flags"] for record in whole)
    assert set(factory.odd()) <= {record["name"] for record in whole}


def test_nothing_is_written_outside_the_report(course):
    assert course["written"]
    assert all(name.startswith("report/") for name, _ in course["written"])
    names = {Path(name).name for name, _ in course["written"]}
    ours = re.compile(r"[0-9a-f]{32}\.jpg|[0-9a-f]{64}\.json|index\.html|results\.jsonl|summary\.(json|csv)")
    assert {name for name in names if not ours.fullmatch(name)} == {"sheet-filled.csv"}


def test_the_run_is_small_and_fast_and_without_tensorflow(course):
    assert course["peak"] < 2e9
    assert course["seconds"] / COUNT < 0.1  # of one core, however busy the machine is
    assert not course["tensorflow"]
    assert not course["keras"]


def test_the_worksheet_has_everybodys_marks(course):
    text = (course["report"] / "sheet-filled.csv").read_text("utf-8-sig")
    rows = {row["Full name"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert list(rows) == list(course["zips"])
    for name, record in course["records"].items():
        assert float(rows[name]["Grade"]) == pytest.approx(record["points"], abs=0.005)
        assert rows[name]["Feedback comments"].startswith(
            f"Checks by the machine: {record['points']:g} of 60"
        )


def test_what_copies_share_is_flagged_and_costs_nothing(course):
    records = course["records"]
    # These all hold the second and third picture of the same work.
    flags = records["Broken cut PNG"]["flags"]
    assert any("picture-2.png is the same picture as one of" in flag for flag in flags)
    assert "Broken" in flags[0]
    assert records["Broken bzip2"]["flags"]


def test_the_summary_shows_the_spread(course):
    found = json.loads((course["report"] / "summary.json").read_text())
    assert found["submissions"] == COUNT == sum(found["histogram"])
    points = [record["points"] for record in course["records"].values()]
    assert found["mean"] == pytest.approx(sum(points) / COUNT, abs=0.01)
    assert (found["least"], found["greatest"]) == (min(points), max(points))
    assert f"Points of {FULL}: mean {found['mean']:g}" in course["stdout"]
    assert course["stdout"].count("█") > 30


def test_no_cell_of_the_tables_is_a_formula(course):
    text = (course["report"] / "summary.csv").read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == COUNT + 1
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert any(cell.startswith("'=HYPERLINK") for row in rows for cell in row)


def test_the_page_holds_no_markup_of_a_student(course):
    page = (course["report"] / "index.html").read_text("utf-8")
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "&lt;script&gt;alert(&#x27;prompt&#x27;)&lt;/script&gt;" in page
    assert page.count("<script") == 1
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"?(https?:)?//", page)


# --- the same work in other ways ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    """An export of a few, some of them broken."""
    zips, reasons = factory.course(54)
    chosen = [*list(zips)[:3], *list(reasons)[:40:6], *list(zips)[-3:]]
    path = tmp_path_factory.mktemp("few") / "few.zip"
    path.write_bytes(factory.moodle({name: zips[name] for name in chosen}))
    return path


def outcome(few: Path, out: Path, *options: str) -> dict[str, bytes]:
    """What the command writes, but for the cache."""
    command.main([str(few), "--out", str(out), "--no-render", *options])
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*.*")
        if run.CACHE not in str(path)
    }


def test_several_processes_give_the_same_report(few, tmp_path):
    assert outcome(few, tmp_path / "one") == outcome(few, tmp_path / "two", "--workers", "2")


def test_a_dask_cluster_gives_the_same_report(few, tmp_path):
    distributed = pytest.importorskip("distributed", reason="pip install -e '.[dask]'")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options, silence_logs="ERROR") as cluster:
        assert len(cluster.workers) == 2
        found = outcome(few, tmp_path / "dask", "--dask", cluster.scheduler_address)
    assert found == outcome(few, tmp_path / "one")


def test_a_missing_dask_is_one_sentence(few, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SystemExit, match=r"--dask needs the package distributed: pip install"):
        outcome(few, tmp_path / "out", "--dask", "tcp://127.0.0.1:1")


def test_an_interrupted_run_goes_on_where_it_stopped(few, tmp_path, monkeypatch):
    graded, true_grade = [], grade.grade

    def until_the_fifth(task: grade.Task) -> tuple[dict, dict]:
        graded.append(task)
        if len(graded) == 5:
            raise KeyboardInterrupt
        return true_grade(task)

    monkeypatch.setattr(run, "grade", until_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        outcome(few, tmp_path / "out")
    first = len(graded)
    found = outcome(few, tmp_path / "out")
    total = len(found["results.jsonl"].splitlines())
    assert (first, len(graded)) == (5, 5 + total - 4)
    assert outcome(few, tmp_path / "out") == found
    assert len(graded) == 5 + total - 4
    assert outcome(few, tmp_path / "anew") == found


def test_another_rubric_is_another_run(few, tmp_path):
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("[points]\nfiles = 20\nquality = 0\n")
    one, two = outcome(few, tmp_path / "out"), outcome(few, tmp_path / "out", "--rubric", str(rubric))
    points = [json.loads(found["results.jsonl"].splitlines()[0])["points"] for found in (one, two)]
    assert points == [FULL, FULL + 10]


def test_a_damaged_cache_is_made_anew(few, tmp_path):
    found = outcome(few, tmp_path / "out")
    for number, path in enumerate(sorted((tmp_path / "out" / run.CACHE).iterdir())):
        path.write_bytes(path.read_bytes()[: 50 * number])
    for path in sorted((tmp_path / "out" / run.THUMBNAILS).iterdir())[:3]:
        path.unlink()
    assert outcome(few, tmp_path / "out") == found


def test_what_fails_in_a_check_does_not_end_the_run(few, tmp_path, monkeypatch):
    monkeypatch.setattr(grade.checks, "_words", lambda work: 1 / 0 if work.seen else (0, "None."))
    record = json.loads(outcome(few, tmp_path / "out")["results.jsonl"].splitlines()[0])
    assert record["faults"] == ["It could not be graded (ZeroDivisionError): look at it by hand."]
    assert record["points"] == 0
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(factory.sheet([record["name"]], first=int(record["id"])))
    assert outcome(few, tmp_path / "out", "--worksheet", str(sheet))["sheet-filled.csv"] == sheet.read_bytes()


def test_points_for_quality_make_the_grade(few, tmp_path):
    records = [json.loads(line) for line in outcome(few, tmp_path / "out")["results.jsonl"].splitlines()]
    whole = next(record for record in records if record["points"] == FULL)
    sheet, quality = tmp_path / "sheet.csv", tmp_path / "quality.csv"
    sheet.write_bytes(factory.sheet([record["name"] for record in records]))
    with quality.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([("key", "quality"), (whole["key"], "30,5")])
    numbers = {record["name"]: record["id"] for record in records}
    text = sheet.read_text("utf-8-sig")
    for place, name in enumerate(numbers, 1001):  # the worksheet's order is not that of the report
        text = text.replace(f'Participant {place}","{name}', f'Participant {numbers[name]}","{name}')
    sheet.write_text(text, "utf-8")
    options = ("--worksheet", str(sheet), "--quality", str(quality))
    filled = outcome(few, tmp_path / "out", *options)["sheet-filled.csv"].decode()
    assert ",90.50,100.00," in filled
    assert "Quality: 30.5 of 40." in filled
    quality.write_text("key,quality\nNobody_1,3\n")
    with pytest.raises(SystemExit, match="names “Nobody_1”, and there is no such submission"):
        outcome(few, tmp_path / "out", *options)


def test_numbers_that_match_nothing_are_said_in_both_directions(few, tmp_path, capsys):
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(factory.sheet(["Somebody Else"], first=5000))
    outcome(few, tmp_path / "out", "--worksheet", str(sheet))
    told = capsys.readouterr().out
    assert "Row 5000 (Somebody Else) has no submission." in told
    records = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert told.count("No row of the worksheet belongs to ") == len(records)


def test_a_number_that_is_somebody_elses_is_not_entered(tmp_path):
    work = factory.packed(factory.good(1))
    (tmp_path / "all.zip").write_bytes(factory.packed({"Anna Petrova_17.zip": work, "Boris Ng_18.zip": work}))
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(factory.sheet(["PETROVA, Anna", "Clara Diaz"], first=17))
    found = outcome(tmp_path / "all.zip", tmp_path / "out", "--worksheet", str(sheet))
    assert found["sheet-filled.csv"].decode().count(",60.00,100.00,") == 1
    notes = json.loads(found["summary.json"])["notes"]
    assert "The number 18 is that of Clara Diaz, not of Boris Ng: nothing was entered." in notes


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["none.zip", "--out", "out"], "none.zip cannot be used"),
        (["few.zip", "--out", "out", "--worksheet", "none.csv"], "none.csv cannot be used: No such file"),
        (["few.zip", "--out", "few.zip"], "--out lies among"),
        (["few.zip", "--out", "out", "--workers", "0"], "--workers must be at least 1"),
        (["few.zip", "--out", "out", "--columns", "mark=Punkte"], "--columns takes COLUMN=NAME"),
    ],
)
def test_a_wrong_command_is_one_sentence(few, monkeypatch, given, sentence):
    monkeypatch.chdir(few.parent)
    with pytest.raises(SystemExit, match=sentence):
        command.main([*given, "--no-render"])


@pytest.mark.parametrize(
    ("rubric", "sentence"),
    [
        ("[points]\nbeauty = 3\n", "no check “beauty”"),
        ("[points]\nfiles = -1\n", "files must be a number from 0 on"),
        ("[points]\nfiles = nan\n", "files must be a number from 0 on"),
        ("files = 1\n", "must have one table"),
        ("[points", "no TOML"),
    ],
)
def test_a_wrong_rubric_is_one_sentence(few, tmp_path, rubric, sentence):
    path = tmp_path / "rubric.toml"
    path.write_text(rubric)
    with pytest.raises(SystemExit, match=sentence):
        outcome(few, tmp_path / "out", "--rubric", str(path))


class Done(run.Executor):
    """A pool whose every task has come to that end."""

    def __init__(self, end: object) -> None:
        self.future = run.Future()
        (self.future.set_exception if isinstance(end, Exception) else self.future.set_result)(end)

    def submit(self, *_: object) -> run.Future:
        return self.future


TASK = grade.Task({}, (), (), POINTS, False)


def test_a_dead_worker_is_one_sentence(tmp_path):
    with pytest.raises(Refused, match=r"A worker died \(MemoryError\).*what is graded stays graded"):
        list(run._elsewhere(iter([(0, TASK)]), tmp_path, Done(MemoryError()), 1))


def test_a_full_disk_is_no_dead_worker(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run, "write_bytes", full)
    with pytest.raises(OSError, match="No space left on device"):
        list(run._elsewhere(iter([(0, TASK)]), tmp_path, Done(grade.grade(TASK)), 1))
