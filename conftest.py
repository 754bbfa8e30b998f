"""What every pytest run loads: the guard over nbval. It needs `python -m pytest` from this folder."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["tools.nbval_guard"]

# A student's version fails on purpose until it is solved; tests of its own run it.
collect_ignore = ["notebooks/exercises"]


class WholeFiles(LoadScopeScheduling):
    """Several workers keep the files of tests whole, for their fixtures; the many exercises they share.

    Groups by marks (`--dist=loadgroup`) do nothing in pytest-xdist 3.8 under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if file.endswith("/test_exercises.py") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles | None:
    """For --dist=loadscope, which else would split files."""
    return WholeFiles(config, log) if config.getvalue("dist") == "loadscope" else None
