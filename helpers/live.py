"""One line of output that replaces itself, and a loop that shows itself in it. Without Keras."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from IPython import get_ipython
from IPython.display import display

__all__ = ["Line", "track"]

Item = TypeVar("Item")
PAUSE = 0.25  # seconds between two updates


class Line:
    """A line of output that replaces itself: in a notebook by its display handle, else by the terminal."""

    def __init__(self) -> None:
        self._in_notebook = get_ipython() is not None and hasattr(get_ipython(), "kernel")
        self._handle = None
        self._last = 0.0
        self._width = 0

    def write(self, text: str, *, final: bool = False) -> None:
        """Show `text`, at most four times a second unless it is the final one."""
        now = time.monotonic()
        if not final and now - self._last < PAUSE:
            return
        self._last = now
        if self._in_notebook:
            bundle = {"text/plain": text}
            if self._handle is None:
                self._handle = display(bundle, raw=True, display_id=True)
            else:
                self._handle.update(bundle, raw=True)
        elif final or sys.stdout.isatty():
            padded = text.ljust(self._width)
            self._width = len(text)
            sys.stdout.write(padded + "\n" if final else padded + "\r")
            sys.stdout.flush()


def track(items: Iterable[Item], what: str, *, total: int | None = None) -> Iterator[Item]:
    """Loop over items with a live line: `for step in track(range(1000), "steps")`."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    line, start, done = Line(), time.monotonic(), 0
    try:
        for item in items:
            yield item
            done += 1
            spent = time.monotonic() - start
            left = f" · {spent / done * (total - done):.0f} s left" if total else ""
            line.write(f"{what} {done}/{total or '?'}{left}")
    finally:  # also after a break or an error, so that nothing is written into the line
        line.write(f"{what} {done} · {time.monotonic() - start:.1f} s", final=True)
