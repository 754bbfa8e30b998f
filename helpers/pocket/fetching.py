"""Large files over a bad network: time-outs, retries, what broke off goes on, nothing passes unchecked."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from helpers.live import Line

__all__ = ["File", "Unavailable", "fetch", "missing", "spell"]

PATIENCE = 20.0  # seconds without a byte until a connection is given up; Keras waits for ever
TRIES = 4  # in a row that bring next to nothing
PAUSE = 1.0  # seconds before the second try, doubled with each
BLOCK = 2**20  # bytes; a try that brings as many was not in vain
DISK = (errno.ENOSPC, errno.EACCES, errno.EROFS)  # which no other try mends
BUSY = (408, 425, 429, 500, 502, 503, 504)  # answers that may be others in a moment


class Unavailable(RuntimeError):
    """Something cannot be had here and now; the message says in one sentence why."""


@dataclass(frozen=True)
class File:
    """What it is, its name in the cache, where it comes from, its checksum, its bytes."""

    what: str
    name: str
    origin: str
    sha256: str
    size: int


def missing(files: Sequence[File], folder: Path) -> list[File]:
    """Those that are not there in their full length; whether they are right is for `fetch` to say."""
    return [file for file in files if _length(folder / file.name) != file.size]


def fetch(files: Sequence[File], folder: Path) -> list[Path]:
    """The paths of all files, whole and checked; what is missing is downloaded, in the order given.

    All servers are asked first, so that a refusal costs no download. A file is called `.part` until its
    checksum is right; a download that broke off goes on where it stopped, also in another run.
    """
    wanted = [file for file in files if not _is_whole(folder / file.name, file)]
    folder.mkdir(parents=True, exist_ok=True)
    for file in wanted:
        _patiently(file, lambda file=file: _ask(file))
    for file in wanted:
        _download(file, folder)
    return [folder / file.name for file in files]


def spell(size: int) -> str:
    """A number of bytes in words."""
    return f"{size / 1e9:.2f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _is_whole(path: Path, file: File) -> bool:
    """Whether the file is the right one; a wrong one goes, else Keras would begin to download by itself."""
    if _length(path) is None:
        return False
    if _length(path) == file.size and _checksum(path).hexdigest() == file.sha256:
        return True
    print(f"The {file.what} in Keras's cache is damaged; it is fetched again.")
    path.unlink()
    return False


def _download(file: File, folder: Path) -> None:
    target = folder / file.name
    part = target.with_name(f"{target.name}.part")
    for _ in range(2 if part.exists() else 1):  # an old part may have been the wrong one
        _patiently(file, lambda: _receive(file, part), lambda: _length(part) or 0)
        if _checksum(part).hexdigest() == file.sha256:
            os.replace(part, target)
            return
        part.unlink()
    raise Unavailable(f"the {file.what} that {_host(file)} sends is not the one that KerasCV expects")


def _patiently(file: File, attempt: Any, progress: Any = lambda: 0) -> None:
    """Try until it works; give up after some tries in a row that brought nothing, or a plain refusal."""
    tries, pause = 0, PAUSE
    while True:
        before = progress()
        try:
            return attempt()
        except HTTPError as answer:
            answer.close()
            reason = f"the answer {answer.code}"
            if answer.code not in BUSY:
                raise Unavailable(f"{_host(file)} refuses the {file.what} with {reason}") from None
        except (OSError, http.client.HTTPException) as error:
            if getattr(error, "errno", None) in DISK:
                raise
            reason = _plain(error)
        tries = 1 if progress() - before >= BLOCK else tries + 1
        if tries >= TRIES:
            raise Unavailable(f"{_host(file)} does not give the {file.what}: {reason}, {tries} times")
        time.sleep(pause * 2 ** (tries - 1))


def _ask(file: File) -> None:
    """See whether the server would send the file."""
    with urlopen(Request(file.origin, headers={"Range": "bytes=0-0"}), timeout=PATIENCE):
        pass


def _receive(file: File, part: Path) -> None:
    """Append to the part what is missing in it; an incomplete one raises, and keeps what came."""
    have = _length(part) or 0
    if have > file.size:
        part.unlink()
        have = 0
    if have == file.size:
        return
    request = Request(file.origin, headers={"Range": f"bytes={have}-"} if have else {})
    with urlopen(request, timeout=PATIENCE) as answer:
        if not (answer.status == 206 and _begins(answer) == have):
            have = 0  # this server sends the whole
        with open(part, "r+b" if have else "wb") as out:
            out.seek(have)
            for block in _watched(_blocks(answer, file.size + 1 - have), file, have):
                out.write(block)
    if _length(part) > file.size:
        part.unlink()
        raise Unavailable(f"what {_host(file)} sends is larger than the {file.what} of {spell(file.size)}")
    if _length(part) < file.size:
        raise ConnectionError("broken off")


def _blocks(answer: Any, most: int) -> Iterator[bytes]:
    """What comes, as it comes, and not much more than was wanted."""
    while most > 0 and (block := answer.read1(min(BLOCK, most))):
        most -= len(block)
        yield block


def _watched(blocks: Iterator[bytes], file: File, done: int) -> Iterator[bytes]:
    line, start, first = Line(), time.monotonic(), done
    try:
        for block in blocks:
            yield block
            done += len(block)
            seconds = (time.monotonic() - start) / (done - first) * (file.size - done)
            line.write(f"{file.what} {spell(done)} of {spell(file.size)} · {seconds:.0f} s left")
    finally:
        line.write(f"{file.what} {spell(done)} · {time.monotonic() - start:.1f} s", final=True)


def _begins(answer: Any) -> int:
    """Where a partial answer begins: "bytes 100-199/200"."""
    with suppress(ValueError, IndexError):
        return int(answer.headers.get("Content-Range", "").split()[1].split("-")[0])
    return -1


def _length(path: Path) -> int | None:
    with suppress(OSError):
        return path.stat().st_size
    return None


def _checksum(path: Path) -> Any:
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256")


def _host(file: File) -> str:
    return file.origin.split("/")[2]


def _plain(error: BaseException) -> str:
    """The reason in one line; `URLError` wraps it."""
    inner = getattr(error, "reason", None) or error
    if isinstance(inner, TimeoutError):
        return "silence"
    return (str(inner).splitlines() or [type(inner).__name__])[0]
