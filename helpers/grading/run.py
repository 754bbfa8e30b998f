"""All submissions of a download to their records, by one process, several, or a cluster."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers.files import write_bytes
from helpers.grading import alike
from helpers.grading.archive import Submission
from helpers.grading.grade import Task, grade, key
from helpers.grading.limits import Refused
from helpers.live import track

__all__ = ["THUMBNAILS", "everybody", "pool"]

THUMBNAILS, CACHE = "thumbnails", "cache"
AHEAD = 2  # submissions in memory for each worker
PATIENCE = "30s"  # for the cluster to answer

Record = dict[str, Any]


@contextmanager
def pool(workers: int = 1, dask: str | None = None) -> Iterator[tuple[Executor | None, int]]:
    """What runs the tasks, and how many at once; None is this process."""
    if dask is not None:
        with _cluster(dask) as found:
            yield found
    elif workers > 1:
        # Not forked: TensorFlow does not survive it.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as executor:
            yield executor, workers
    else:
        yield None, 1


def everybody(
    submissions: Sequence[Submission],
    points: Mapping[str, float],
    out: Path,
    *,
    render: bool,
    executor: Executor | None = None,
    workers: int = 1,
) -> list[Record]:
    """The records in the order of the submissions; what an earlier run left in `out` is not done again."""
    found: dict[int, Record] = {}
    tasks = ((number, _task(one, points, render)) for number, one in enumerate(submissions))
    done = _here(tasks, out) if executor is None else _elsewhere(tasks, out, executor, workers)
    for number, record in track(done, "submissions", total=len(submissions)):
        one = submissions[number]
        found[number] = {"key": one.key, "id": one.id, "name": one.name, "certain": one.certain} | record
    records = [found[number] for number in range(len(submissions))]
    for record, said in zip(records, alike.flags(records), strict=True):
        record["flags"] = said
    return records


def _task(one: Submission, points: Mapping[str, float], render: bool) -> Task:
    files = one.files()  # which can find faults
    return Task(files, tuple(one.faults), tuple(one.notes), dict(points), render)


def _here(tasks: Iterator[tuple[int, Task]], out: Path) -> Iterator[tuple[int, Record]]:
    for number, task in tasks:
        place = _place(out, task)
        yield number, _kept(place) or _keep(place, *grade(task))


def _elsewhere(
    tasks: Iterator[tuple[int, Task]], out: Path, executor: Executor, workers: int
) -> Iterator[tuple[int, Record]]:
    """The same with few tasks in memory at a time."""
    running: dict[Future, tuple[int, Path]] = {}
    left = True
    while left or running:
        while left and len(running) < AHEAD * workers:
            number, task = next(tasks, (None, None))
            if task is None:
                left = False
                break
            place = _place(out, task)
            if (record := _kept(place)) is not None:
                yield number, record
            else:
                running[executor.submit(grade, task)] = number, place
        for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
            number, place = running.pop(future)
            try:
                graded = future.result()
            except Exception as error:  # not of the submission: grade lets none out
                raise Refused(
                    f"A worker died ({type(error).__name__}), most likely for lack of memory: run the same "
                    "command again with fewer workers; what is graded stays graded."
                ) from None
            yield number, _keep(place, *graded)


def _place(out: Path, task: Task) -> Path:
    return out / CACHE / f"{key(task)}.json"


def _kept(place: Path) -> Record | None:
    """What an earlier run stored there, if it is whole."""
    try:
        record = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    names = [picture["thumbnail"] for picture in record["pictures"] if "thumbnail" in picture]
    folder = place.parent.parent / THUMBNAILS
    return record if all((folder / name).is_file() for name in names) else None


def _keep(place: Path, record: Record, thumbnails: Mapping[str, bytes]) -> Record:
    for name, content in thumbnails.items():
        write_bytes(place.parent.parent / THUMBNAILS / name, content, lasting=False)
    content = json.dumps(record, ensure_ascii=True).encode()
    if not record["failed"]:  # which may be mended until the next run
        write_bytes(place, content, lasting=False)
    return json.loads(content)  # so that a record is the same from the cache


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Executor, int]]:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise Refused("--dask needs the package distributed: pip install -e '.[dask]'.") from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Refused(f"The Dask cluster at {address} does not answer ({error}).") from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise Refused(f"The Dask cluster at {address} has no workers: start some.")
        yield client.get_executor(pure=False), threads
