"""What every pytest run loads: the guard over nbval. It needs `python -m pytest` from this folder."""

import pytest

pytest_plugins = ["tools.nbval_guard"]

# A student's version fails on purpose until it is solved; tests of its own run it.
collect_ignore = ["notebooks/exercises"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Several workers keep the files of tests whole, for their fixtures; the many exercises they share."""
    for item in items:
        if item.path.name != "test_exercises.py":
            item.add_marker(pytest.mark.xdist_group(item.path.name))
