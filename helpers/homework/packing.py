"""The student's side of handing in: one zip with all that was made, and in plain words what is missing."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.files import write_bytes
from helpers.homework import rules
from helpers.homework.limits import MAX_SIDE, MAX_WORDS, MAX_ZIP
from helpers.homework.png import Picture, open_picture
from helpers.homework.signs import Sign, find_sign
from helpers.homework.submission import (
    FILE,
    MAX_MISSING,
    MAX_NAME,
    MAX_SENTENCE,
    WORDS_FILE,
    Entry,
    Submission,
    file_name,
    sha256,
)

__all__ = ["pack"]

TOO_LARGE = "give fewer pictures, smaller ones, or fewer words."


def pack(
    pictures: Any,
    sign: str | Sign | None = None,
    words: str | None = None,
    chosen: int | Picture | None = None,
    name: str | None = None,
    out: str | PathLike[str] = "homework.zip",
) -> Path:
    """Write the zip for the LMS, say what is missing, and return where the zip is.

    `pictures` are what `paint` returned, paths of PNGs, or both; `chosen` is one of them, or its place
    counted from 1. What was made is packed even if something is missing; the zip is then called
    "-incomplete". An earlier zip is kept under another name. Your sign is stored, your birthday is not,
    and your name only if you give it.
    """
    packed, places, said, wanted = [], [], [], chosen
    for place, item in enumerate(_items(pictures), 1):
        try:
            packed.append(_picture(item))
        except (OSError, ValueError) as error:
            said.append(f"Number {place} of your pictures is left out, and later ones move up. {error}")
            continue
        places.append(place)
        if item is chosen or (isinstance(item, str | PathLike) and item == chosen):
            wanted = place
    whole = isinstance(wanted, int | np.integer)
    favourite = places.index(wanted) + 1 if whole and wanted in places else None
    mine = None
    if sign is not None:
        try:
            mine = find_sign(sign).name
        except ValueError as error:
            said.append(str(error))
    text = _clean(words)
    said += rules.missing(mine, text, favourite, packed)

    contents = [picture.png() for picture in packed]
    files = {file_name(place): content for place, content in enumerate(contents, 1)}
    record = Submission(
        sign=mine,
        name=_clean(name).strip()[:MAX_NAME] or None,
        words=text[:MAX_WORDS],
        chosen=file_name(favourite) if favourite else None,
        pictures=tuple(
            Entry(file, sha256(content), *picture.image.shape[1::-1])
            for (file, content), picture in zip(files.items(), packed, strict=True)
        ),
        missing=tuple(_clean(sentence)[:MAX_SENTENCE] for sentence in said[:MAX_MISSING]),
    )
    files = {FILE: record.to_json(), WORDS_FILE: f"{text}\n".encode()} | files
    content = _zipped(files)
    if len(content) > MAX_ZIP:
        large = f"The zip has {len(content) / 2**20:,.1f} MB, {MAX_ZIP / 2**20:g} MB are read: "
        record = replace(record, missing=(large + TOO_LARGE, *record.missing[: MAX_MISSING - 1]))
        content = _zipped(files | {FILE: record.to_json()})
    path, earlier = _write(_target(out, bool(record.missing)), content)
    _tell(path, earlier, record)
    _offer(path)
    return path


def _items(pictures: Any) -> Iterator[Any]:
    """One by one; a single picture or path, and arrays of several pictures, are taken as what they are."""
    if isinstance(pictures, Picture | str | PathLike) or getattr(pictures, "ndim", None) == 3:
        yield pictures
        return
    for item in pictures if np.iterable(pictures) else ():
        if getattr(item, "ndim", None) == 4:
            yield from item
        else:
            yield item


def _picture(item: Any) -> Picture:
    if isinstance(item, Picture):
        return item
    if isinstance(item, bytes | str | PathLike):
        return open_picture(item)
    return Picture(_pixels(np.asarray(item)))


def _pixels(array: NDArray) -> NDArray[np.uint8]:
    """A plain array as a colour picture."""
    array = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    array = np.stack([array] * 3, -1) if array.ndim == 2 else array
    if array.dtype.kind == "f" and array.size and array.min() >= 0 and array.max() <= 1:
        array = np.rint(255 * array).astype(np.uint8)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[-1] != 3 or not array.size:
        raise ValueError("It is no picture: give what homework.paint returns, or the path of a PNG.")
    if max(array.shape) > MAX_SIDE:
        raise ValueError(f"It has more than {MAX_SIDE:,} pixels a side.")
    return array


def _clean(text: Any) -> str:
    """As text that can be written to a file."""
    return ("" if text is None else str(text)).encode("utf-8", "replace").decode()


def _zipped(files: dict[str, bytes]) -> bytes:
    """The same bytes for the same files: without the time, and without compression, which PNGs have."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980, where zip's calendar begins
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # as on Unix, everywhere
            archive.writestr(entry, content)
    return packed.getvalue()


def _target(out: str | PathLike[str], incomplete: bool) -> Path:
    path = Path(out)
    path = path / "homework.zip" if path.is_dir() else path
    stem = path.name.removesuffix(".zip")
    return path.with_name(f"{stem}{'-incomplete' if incomplete else ''}.zip")


def _write(path: Path, content: bytes) -> tuple[Path, Path | None]:
    """Write the zip; another one that was there before gets, and is returned with, the next free name."""
    kept = None
    if path.exists():
        if path.is_file() and path.read_bytes() == content:
            return path, None
        number = 1
        while (kept := path.with_name(f"{path.stem}-earlier-{number}.zip")).exists():
            number += 1
        path.rename(kept)
    write_bytes(path, content)
    return path, kept


def _tell(path: Path, earlier: Path | None, record: Submission) -> None:
    count = len(record.pictures)
    holds = f"{count} picture{'' if count == 1 else 's'}"
    if record.missing:
        lines = [f"{path.name} keeps what there is ({holds}). Still missing or wrong:"]
        lines += [f"  - {sentence}" for sentence in record.missing]
    else:
        lines = [f"{path.name} is complete: {holds} of {find_sign(record.sign)}, your choice, your words."]
        lines += ["Hand it in. It holds your sign, not your birthday."]
    if earlier:
        lines.append(f"The earlier one is now called {earlier.name}.")
    print("\n".join(lines))


def _offer(path: Path) -> None:
    """In Colab, whose machine forgets its files, send the zip to the browser."""
    if "google.colab" not in sys.modules:
        return
    try:
        from google.colab import files

        files.download(str(path))
    except Exception as error:  # whatever it is, the zip is there
        print(f"The download did not start ({error}): take {path.name} from the folder on the left.")
