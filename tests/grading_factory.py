"""Makes the submissions of a course: good ones, strange ones that are right, and broken ones with reasons."""

from __future__ import annotations

import io
import json
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from helpers import pictures
from helpers.homework import SIGNS, Entry, Origin, Submission, pocket_hash
from helpers.homework import public as public_text
from helpers.homework.origin import digest
from helpers.homework.png import KEY, PUBLIC_KEY
from helpers.homework.submission import FILE, WORDS_FILE, sha256
from helpers.scenes import SIDE

JSON, PNG = FILE, "picture-1.png"
Files = dict[str, bytes]


def origin(image: NDArray[np.uint8], prompt: str, seed: int, **other: object) -> Origin:
    """As the pocket model would have written it, though it never painted this."""
    height, width = image.shape[:2]
    usual = Origin(
        prompt=prompt,
        negative_prompt=None,
        steps=25,
        sampler="ddim",
        guidance=2.5,
        seed=seed,
        width=width,
        height=height,
        model="pocket",
        model_hash=pocket_hash(),
        versions={"python": "3.12"},
        pixels=digest(image),
    )
    return replace(usual, **other)


def png(image: NDArray[np.uint8], said: Origin | None = None) -> bytes:
    """The picture's file, packed in haste."""
    texts, file = PngImagePlugin.PngInfo(), io.BytesIO()
    if said is not None:
        texts.add_text(PUBLIC_KEY, public_text.write(said))
        texts.add_text(KEY, said.to_json())
    Image.fromarray(image).save(file, "PNG", pnginfo=texts, compress_level=1)
    return file.getvalue()


def mosaic(seed: int, _: int = 0) -> NDArray[np.uint8]:
    """A picture of nothing, another one for each seed, at once."""
    tiles = np.random.default_rng(seed + 9).integers(0, 256, (16, 16, 3), np.uint8)
    return tiles.repeat(SIDE // 16, 0).repeat(SIDE // 16, 1)


def drawn(seed: int, sign: int) -> NDArray[np.uint8]:
    """A picture of a sign, another one for each seed."""
    dice = np.random.default_rng(seed)
    factors = [sign, *(int(dice.integers(count)) for count in pictures.COUNTS[1:])]
    return pictures.draw(factors, seed=seed)


def homework(
    contents: Iterable[bytes], sign: str | None = "leo", words: str = "I wanted it to glow.", **other: object
) -> Files:
    """The files of a submission whose pictures are those, as `homework.pack` names them."""
    files = {f"picture-{place}.png": content for place, content in enumerate(contents, 1)}
    entries = tuple(Entry(name, sha256(content), SIDE, SIDE) for name, content in files.items())
    chosen = "picture-2.png" if len(files) > 1 else None
    told = replace(Submission(sign, None, words, chosen, entries, ()), **other)
    return {FILE: told.to_json(), WORDS_FILE: f"{told.words}\n".encode()} | files


def good(number: int, prompt: str | None = None, paint: Callable = mosaic) -> Files:
    """Complete work, another one for each number."""
    sign = SIGNS[number % 12]
    images = [paint(3 * number + place, number % 12) for place in range(3)]
    said = prompt or f"a golden {sign.english.lower()} on a night sky, {number}"
    contents = [png(image, origin(image, said, 3 * number + place)) for place, image in enumerate(images)]
    return homework(contents, sign.name)


@dataclass(frozen=True)
class Item:
    """An entry of an archive with what Python's zipfile would not write by itself."""

    name: str | bytes
    content: bytes
    mode: int = stat.S_IFREG | 0o644
    method: int = zipfile.ZIP_DEFLATED
    extra: bytes = b""


class _Raw(zipfile.ZipInfo):
    """An entry whose name is written as it is, without saying in which encoding."""

    raw: bytes

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.raw, self.flag_bits


def packed(files: Mapping[str, bytes] | Iterable[Item]) -> bytes:
    """A zip of those files."""
    items = [Item(*pair) for pair in files.items()] if isinstance(files, Mapping) else files
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for item in items:
            if isinstance(item.name, bytes):
                info: zipfile.ZipInfo = _Raw("x")
                info.raw = item.name
            else:
                info = zipfile.ZipInfo()
                info.filename = item.name  # past the constructor, which mends it
            info.external_attr, info.compress_type, info.extra = item.mode << 16, item.method, item.extra
            archive.writestr(info, item.content)
    return file.getvalue()


def unicode_path(raw: bytes, name: str) -> bytes:
    """Info-ZIP's extra field that says a name in UTF-8."""
    field = b"\x01" + struct.pack("<L", zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", 0x7075, len(field)) + field


def header_only(*sizes: tuple[int, int]) -> bytes:
    """A PNG that claims a size, or one after the other, and holds nothing."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0) for size in sizes] + [b"IDAT"]
    framed = [
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def patched(archive: bytes, change: Mapping[int, tuple[str, int]], entry: int = 0) -> bytes:
    """An archive with fields of an entry in its table replaced: {offset: (format, value)}."""
    place = [found.start() for found in re.finditer(b"PK\x01\x02", archive)][entry]
    content = bytearray(archive)
    for offset, (form, value) in change.items():
        struct.pack_into(form, content, place + offset, value)
    return bytes(content)


def with_json(change: Mapping[str, object] | bytes) -> Files:
    """Good work whose description says something else, or is those bytes."""
    files = good(1)
    told = json.loads(files[JSON])
    files[JSON] = change if isinstance(change, bytes) else json.dumps(told | dict(change)).encode()
    return files


def with_pictures(contents: Iterable[bytes], **other: object) -> Files:
    return homework(contents, "taurus", **other)


def nested(files: Files, depth: int) -> bytes:
    content = packed(files)
    for _ in range(depth):
        content = packed({"homework.zip": content})
    return content


@cache
def broken() -> dict[str, tuple[Files | bytes, str]]:
    """By name: the zip, or its files, and a pattern of the sentence that says what is wrong."""
    usual = good(1)
    first, second, third = (usual[f"picture-{place}.png"] for place in (1, 2, 3))
    image, flat = mosaic(99), np.full((SIDE, SIDE, 3), 128, np.uint8)
    other, jpeg = "a taurus at sunset", io.BytesIO()
    Image.fromarray(image).save(jpeg, "JPEG")
    blanks = [png(flat + place, origin(flat + place, other, place)) for place in range(3)]
    lied = png(image, origin(image, other, 5, pixels="0" * 64))
    leo = [png(mosaic(n), origin(mosaic(n), "a leo at night", n + 9)) for n in (-3, -2, -1)]
    three = packed({name: b"x" * 100 for name in ("a.png", "b.png", "c.png")})
    deep = b'{"schema": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    def beside(name: str | bytes, content: bytes = b"x", **other: object) -> bytes:
        return packed([*(Item(*pair) for pair in usual.items()), Item(name, content, **other)])

    return {
        "zip bomb": (beside("big.png", b"\0" * 40_000_000), "big.png.* zip bomb"),
        "lying header": (
            patched(beside("a.bin", b"\0" * 9000), {24: ("<L", 100)}, 5),
            "damaged in its archive",
        ),
        "overlapping": (patched(three, {42: ("<L", 10)}, 1), "overlaps another entry"),
        "five deep": (nested(usual, 4), "more than 3 deep"),
        "climbing": (beside("../../evil.png"), "“../../evil.png” climbs out"),
        "absolute": (beside("/etc/passwd"), "“/etc/passwd” is an absolute path"),
        "drive": (beside("C:/evil.png"), "drive letter"),
        "backslash": (beside("..\\evil.png"), "backslash"),
        "link": (
            beside("link.png", b"/etc/passwd", mode=stat.S_IFLNK | 0o777),
            "“link.png” is a symbolic link",
        ),
        "pipe": (beside("pipe.png", mode=stat.S_IFIFO | 0o644), "no ordinary file"),
        "encrypted": (patched(packed(usual), {8: ("<H", 1)}), "is encrypted"),
        "bzip2": (beside("a.txt", method=zipfile.ZIP_BZIP2), "packed in an unusual way"),
        "named twice": (beside("PICTURE-1.PNG"), "is in its archive twice"),
        "no name": (beside("  "), "no name for a file"),
        "cut zip": (packed(usual)[:2000], "not a zip archive, or a damaged one"),
        "text as zip": (b"I am a zip, honestly.", "not a zip archive"),
        "no bytes": (b"", "not a zip archive"),
        "empty zip": (packed({}), "Nothing was handed in"),
        "many files": (packed({f"{n}.txt": b"" for n in range(250)}), "more than 200 files"),
        "many entries": (beside("a.bin", b"PK\x01\x02" * 10_001, method=zipfile.ZIP_STORED), "10000 entries"),
        "cut PNG": (
            with_pictures([first[: len(first) // 2], second, third]),
            "picture-1.png” does not open: .*cut short",
        ),
        "30,000 pixels": (
            with_pictures([header_only((30_000, 30_000)), second, third]),
            "30,000 x 30,000 pixels",
        ),
        "two headers": (
            with_pictures([header_only((SIDE, SIDE), (13_000, 13_000)), second, third]),
            "13,000 x 13,000 pixels",
        ),
        "a huge second header": (
            with_pictures([header_only((SIDE, SIDE), (14_000, 14_000)), second, third]),
            "14,000 x 14,000 pixels",
        ),
        "stacked accents": (beside("\u0301\u0323" * 16_000 + ".png"), "no name for a file"),
        "JPEG": (with_pictures([jpeg.getvalue(), second, third]), "no PNG"),
        "text as PNG": (with_pictures([b"<svg onload=alert(1)>", second, third]), "no PNG"),
        "no JSON": (with_json(b"{'sign': leo"), "no JSON"),
        "NaN": (with_json(b'{"schema": NaN}'), "no JSON"),
        "deep JSON": (with_json(deep), "no JSON"),
        "long JSON": (
            with_json({"words": np.random.default_rng(1).bytes(600_000).hex()}),
            "1,000,000 are allowed",
        ),
        "other schema": (with_json({"schema": "diary"}), "no zodiac homework"),
        "other version": (with_json({"version": 2}), "another version"),
        "wrong types": (with_json({"sign": 7, "words": ["a"]}), "sign must be"),
        "not UTF-8": (with_json("{“”}".encode("utf-16")), "no JSON in UTF-8"),
        "no description": (
            {name: usual[name] for name in usual if name.endswith("png")},
            f"There is no {JSON}",
        ),
        "two copies": (with_pictures([first, first, second]), "Copies of another picture: picture-2.png"),
        "blank": (with_pictures(blanks), "Of one colour: picture-1.png"),
        "altered": (usual | {PNG: second}, "picture-1.png was changed after it was packed"),
        "other pixels": (with_pictures([lied, second, third]), "picture-1.png: its pixels were changed"),
        "no origin": (with_pictures([png(image), second, third]), "Without an origin: picture-1.png"),
        "other sign": (with_pictures(leo), "does not touch Taurus"),
        "no words": (with_pictures([first, second, third], words=" "), "no description"),
        "one picture": (with_pictures([first]), "fewer than 3 pictures: 1"),
        "not chosen": (with_pictures([first, second, third], chosen=None), "No picture was chosen"),
    }


@cache
def odd() -> dict[str, bytes]:
    """Strange, and right: full marks."""
    junk = {"__MACOSX/._picture-1.png": b"x", ".DS_Store": b"x"}
    cyrillic = "a lion, лев и 🦁, 𝕝𝕖𝕠"
    return {
        "<img src=x onerror=alert(1)>": packed(good(2, "gemini <script>alert('prompt')</script>")),
        "=HYPERLINK(1) O'Neil": packed(good(3, "=cmd|' /C calc'!A0, cancer")),
        "@SUM(1+1) Ünal": packed(good(16, cyrillic)),
        "Nested Twice": nested(good(5), 2),
        "In A Folder": packed({f"homework/{name}": content for name, content in good(6).items()}),
        "Mac User": packed(good(7) | junk),
        "BOM": packed((files := good(8)) | {JSON: b"\xef\xbb\xbf" + files[JSON]}),
        "Петър Ёжиков": packed(good(9)),
    }


FIRST = ("Anna", "Boris", "Чудомир", "Ксения", "José", "Zoë", "Иван", "李")
LAST = ("Petrova", "Иванов", "Müller", "Ångström", "de la Cruz", "Щукина", "Ng", "Ъгленов")


def name(number: int) -> str:
    """A student's name, of many scripts."""
    return f"{FIRST[number % 8]} {LAST[number // 8 % 8]} {number}"


def course(count: int = 300) -> tuple[dict[str, bytes], dict[str, str]]:
    """A course's zips by student, and for those that are broken the pattern of their reason."""
    reasons = {}
    zips = dict(odd())
    for label, (content, reason) in broken().items():
        zips[f"Broken {label}"] = content if isinstance(content, bytes) else packed(content)
        reasons[f"Broken {label}"] = reason
    for number in range(count - len(zips)):
        zips[name(number)] = packed(good(100 + number))
    return zips, reasons


def moodle(zips: Mapping[str, bytes], *, end: str = "", first: int = 1001) -> bytes:
    """What the LMS would give for them: a folder for each, numbered from `first` on."""
    items = [
        Item(
            f"{who}_{first + number}_assignsubmission_file{end}/homework.zip",
            content,
            method=zipfile.ZIP_STORED,
        )
        for number, (who, content) in enumerate(zips.items())
    ]
    return packed(items)


def sheet(zips: Iterable[str], *, first: int = 1001) -> bytes:
    """The worksheet that belongs to it."""
    rows = ['Identifier,"Full name",Status,Grade,"Maximum grade","Last modified (grade)","Feedback comments"']
    for number, who in enumerate(zips, first):
        rows.append(f'"Participant {number}","{who}","Submitted for grading",,100.00,"-",')
    return ("\ufeff" + "\r\n".join(rows) + "\r\n").encode()
