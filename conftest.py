"""What every pytest run loads: the guard over nbval. It needs `python -m pytest` from this folder."""

pytest_plugins = ["tools.nbval_guard"]

# A student's version fails on purpose until it is solved; tests of its own run it.
collect_ignore = ["notebooks/exercises"]
