"""Pictures that carry their origin: as PNG, with a text that other tools read and one that tells all.

A stranger's file is asked for its size before anything in it is unpacked.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, PngImagePlugin

from helpers.files import write_bytes
from helpers.homework import public
from helpers.homework.limits import MAX_FILE, MAX_ORIGIN, MAX_PROMPT, MAX_SIDE
from helpers.homework.origin import Origin, digest

__all__ = ["KEY", "PUBLIC_KEY", "Picture", "Reading", "open_picture", "read_png", "same"]

KEY, PUBLIC_KEY = "generative-course", "parameters"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEVELS = 2  # of grey: a picture painted in a batch, or on another machine, differs by so much
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
)  # Pillow's

Source = bytes | str | PathLike[str]


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """A picture and where it comes from. `np.asarray(picture)` is its pixels."""

    image: NDArray[np.uint8]  # (h, w, 3)
    origin: Origin | None = None
    public: public.Public | None = None
    content: bytes | None = None  # of the file that it was read from
    notes: tuple[str, ...] = ()  # what is wrong with that file's texts

    @property
    def prompt(self) -> str | None:
        """What it was asked for, as far as is known."""
        said = self.origin or self.public
        return said.prompt if said and said.prompt else None

    @property
    def whole(self) -> bool | None:
        """Whether the pixels are still those of the origin; None without an origin."""
        return None if self.origin is None else digest(self.image) == self.origin.pixels

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with its origin."""
        changed = "its pixels were changed after it was painted"
        return (*self.notes, changed) if self.whole is False else self.notes

    def png(self) -> bytes:
        """The file it was read from, or a new PNG that holds the origin."""
        if self.content is not None:
            return self.content
        texts, packed = PngImagePlugin.PngInfo(), io.BytesIO()
        if self.origin is not None:
            texts.add_text(PUBLIC_KEY, public.write(self.origin))  # as iTXt when Latin-1 is not enough
            texts.add_text(KEY, self.origin.to_json())
        Image.fromarray(self.image).save(packed, "PNG", pnginfo=texts)
        return packed.getvalue()

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the PNG, with its origin."""
        write_bytes(Path(path), self.png())
        return Path(path)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        return np.array(self.image, dtype, copy=copy)

    def __repr__(self) -> str:
        height, width = self.image.shape[:2]
        seed = f", seed={self.origin.seed}" if self.origin else ""
        return f"<Picture {width}x{height}{seed}: {self.prompt or 'of unknown origin'}>"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        alt = f"Painted from the prompt: {self.prompt}" if self.prompt else "A picture of unknown origin"
        return {"image/png": self.png(), "text/plain": repr(self)}, {"image/png": {"alt": alt}}


@dataclass(frozen=True)
class Reading:
    """What a PNG says of itself before its pixels are unpacked."""

    width: int
    height: int
    origin: Origin | None
    public: public.Public | None
    problems: tuple[str, ...]

    @property
    def prompt(self) -> str | None:
        """What it was asked for, as far as is known."""
        said = self.origin or self.public
        return said.prompt if said and said.prompt else None


def read_png(source: Source) -> Reading:
    """Size and origin of a PNG, given by its bytes or its path; no pixel is unpacked."""
    with _opened(_bytes(source)) as image:
        return _reading(image)


def open_picture(source: Source) -> Picture:
    """The picture of a PNG, given by its bytes or its path, with its origin."""
    content = _bytes(source)
    with _opened(content) as image:
        said = _reading(image)
        try:
            pixels = np.array(image.convert("RGB"))
        except BROKEN as error:
            raise ValueError(f"The PNG is damaged or cut short ({error}): save the picture again.") from None
    return Picture(pixels, said.origin, said.public, content, said.problems)


def same(first: ArrayLike, second: ArrayLike) -> bool:
    """Whether two pictures are the same but for rounding."""
    a, b = (np.asarray(image).astype(np.int16) for image in (first, second))
    if a.shape != b.shape:
        return False
    few = np.s_[::16, ::16]  # which mostly tell
    return all(np.abs(a[part] - b[part]).max(initial=0) <= LEVELS for part in (few, ...))


def _bytes(source: Source) -> bytes:
    if isinstance(source, bytes):
        content, size = source, len(source)
    else:
        path = Path(source)
        if not path.is_file():
            raise ValueError(f"There is no file {path.name!r}: see to its name and folder.")
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_FILE else b""
    if size > MAX_FILE:
        raise ValueError(f"The file has {size / 1e6:,.0f} MB, {MAX_FILE / 1e6:,.0f} MB are allowed.")
    return content


def _opened(content: bytes) -> Image.Image:
    """The PNG with its texts read and its pixels still packed."""
    if not content.startswith(SIGNATURE):
        raise ValueError("The file is no PNG: save the picture as PNG, which keeps its origin.")
    if len(content) < 33 or content[12:16] != b"IHDR":
        raise ValueError("The PNG is damaged or cut short: save the picture again.")
    width, height = struct.unpack(">II", content[16:24])
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise _too_large(width, height)
    try:
        image = PngImagePlugin.PngImageFile(io.BytesIO(content))
    except BROKEN as error:
        reason = str(error).split(" <_io")[0]  # Pillow names an object's place in memory
        raise ValueError(f"The PNG is damaged or cut short ({reason}): save the picture again.") from None
    if image.size != (width, height):  # by a second header, which Pillow believes
        raise _too_large(*image.size)
    return image


def _too_large(width: int, height: int) -> ValueError:
    return ValueError(f"The picture has {width:,} x {height:,} pixels, {MAX_SIDE:,} a side are allowed.")


def _reading(image: Image.Image) -> Reading:
    origin, outside, problems = None, None, []
    ours, theirs = (image.info.get(key) for key in (KEY, PUBLIC_KEY))
    if isinstance(ours, str):
        try:
            origin = Origin.from_json(ours)
        except ValueError as error:
            problems.append(str(error).rstrip("."))
    if isinstance(theirs, str):
        if len(theirs) > MAX_ORIGIN:
            problems.append(f"its text {PUBLIC_KEY!r} is longer than {MAX_ORIGIN:,} characters")
        elif len((said := public.parse(theirs)).prompt) > MAX_PROMPT:
            problems.append(f"the prompt in its text {PUBLIC_KEY!r} is longer than {MAX_PROMPT:,} characters")
        else:
            outside = said
    if origin is not None:
        if (origin.width, origin.height) != image.size:
            width, height = image.size
            problems.append(f"its origin says {origin.width}x{origin.height} pixels, it has {width}x{height}")
        if theirs != public.write(origin):
            problems.append(f"its two texts, {PUBLIC_KEY!r} and {KEY!r}, do not agree")
    return Reading(*image.size, origin, outside, tuple(problems))
