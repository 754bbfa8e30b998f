"""What every pytest run loads: the guard over nbval. It needs `python -m pytest` from this folder."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

pytest_plugins = ["tools.nbval_guard"]

# A student's version fails on purpose until it is solved; tests of its own run it.
collect_ignore = ["notebooks/exercises"]


class WholeFiles(LoadFileScheduling):
    """Several workers keep the files of tests whole, for their fixtures; the many exercises they share.

    Groups by marks (`--dist=loadgroup`) do nothing in pytest-xdist 3.8 under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return nodeid if file.endswith("/test_exercises.py") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles | None:
    """For --dist=loadfile, which else would leave all exercises to one worker."""
    return WholeFiles(config, log) if config.getvalue("dist") == "loadfile" else None
