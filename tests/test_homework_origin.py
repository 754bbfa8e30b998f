"""Where a picture comes from: it survives the PNG, in a form of our own and in one that other tools read."""

from __future__ import annotations

import io
import json
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers.homework import Origin, Picture, open_picture, public, read_png, same, touches
from helpers.homework.limits import MAX_FILE, MAX_ORIGIN, MAX_PROMPT, MAX_SIDE
from helpers.homework.png import KEY, PUBLIC_KEY, SIGNATURE
from tests import homework_factory as factory
from tests.homework_factory import png

PROMPTS = (
    "a golden leo",
    "Лев, львица и «львёнок»: ночь",
    "a 🦁 in the ♌ sky — ﷽",
    "say \"leo\", \\ and 'so' on: {a|b}, [c], <script>alert(1)</script>",
    "leo\n\nNegative prompt: not really\nSteps: 3, Sampler: x, Seed: 4",
    "  leo \t with spaces  ",
    "déjà vu leo\r\n",
)
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=200)
ORIGINS = st.builds(
    factory.origin,
    prompt=TEXTS,
    negative_prompt=st.none() | st.just("") | TEXTS,
    steps=st.integers(1, 1000),
    sampler=st.sampled_from(["ddim", "dpm++", "euler-a"]),
    guidance=st.floats(0, 100) | st.integers(0, 100),
    seed=st.integers(0, 2**32 - 1),
    model=st.text("abc,:\" '\n-я", min_size=1, max_size=20),
    versions=st.dictionaries(TEXTS.map(lambda t: t[:9]), TEXTS.map(lambda t: t[:9]), max_size=3),
)


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG, read here once more, by the standard's words."""
    found, place = [], len(SIGNATURE)
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", content[place + 8 + length :][:4])[0]
        found.append((kind, body))
        place += 12 + length
    return found


@settings(max_examples=100, deadline=None)
@given(ORIGINS)
def test_any_origin_survives_json_and_png(origin):
    assert Origin.from_json(origin.to_json()) == origin
    said = open_picture(Picture(factory.image(), origin).png())
    assert said.origin == origin and said.problems == () and said.whole


@pytest.mark.parametrize("prompt", PROMPTS)
def test_difficult_prompts_survive_the_png(prompt, tmp_path):
    picture = factory.picture(prompt=prompt, negative_prompt=prompt)
    path = picture.save(tmp_path / "Лев 🦁.png")
    for source in (path, str(path), path.read_bytes()):
        assert read_png(source).origin == picture.origin and read_png(source).prompt == prompt
        assert np.array_equal(open_picture(source).image, picture.image)
    assert path.read_bytes() == picture.png() == open_picture(path).png()


def test_texts_are_chunks_of_the_standards_kinds():
    latin = chunks(factory.picture(prompt="déjà vu leo").png())
    assert [body.split(b"\0")[0] for kind, body in latin if kind == b"tEXt"] == [b"parameters", KEY.encode()]
    assert latin[0][0] == b"IHDR" and latin[-1][0] == b"IEND"
    other = chunks(factory.picture(prompt="лев").png())
    assert [body.split(b"\0")[0] for kind, body in other if kind == b"iTXt"] == [b"parameters"]
    assert "лев".encode() in dict(other)[b"iTXt"]
    assert [body.split(b"\0")[0] for kind, body in other if kind == b"tEXt"] == [KEY.encode()]


def test_the_public_text_is_laid_out_as_the_web_ui_does_it():
    origin = factory.origin(prompt="a leo, neon", negative_prompt="red", sampler="dpm++", seed=7)
    assert public.write(origin) == (
        "a leo, neon\n"
        "Negative prompt: red\n"
        "Steps: 15, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 2.5, Seed: 7, Size: 24x16, "
        "Model hash: 0123456789, Model: pocket, Version: generative-course 1"
    )
    plain = factory.origin(guidance=7.0, model='odd: "a", b')
    assert public.write(plain).split("\n")[1].startswith("Steps: 15, Sampler: DDIM, CFG scale: 7, Seed: 1, ")
    assert r', Model: "odd: \"a\", b", Version' in public.write(plain)
    assert public.parse(public.write(plain)).settings["Model"] == plain.model


@settings(max_examples=100, deadline=None)
@given(ORIGINS)
def test_the_public_text_is_read_back_where_its_layout_can_hold_the_prompt(origin):
    said = public.parse(public.write(origin))
    assert said.settings["Seed"] == str(origin.seed) and said.settings["Steps"] == str(origin.steps)
    assert float(said.settings["CFG scale"]) == origin.guidance
    prompts = [origin.prompt, origin.negative_prompt or ""]
    if all(p == "\n".join(line.strip() for line in p.strip().split("\n")) for p in prompts) and not any(
        line.startswith("Negative prompt:") for line in origin.prompt.split("\n")
    ):
        assert (said.prompt, said.negative_prompt or "") == tuple(prompts)


@pytest.mark.parametrize(
    ("text", "prompt", "negative", "settings_"),
    [
        (
            "girl, (beret:1.2)\nat sea\nNegative prompt: ugly,\nblurry\n"
            "Steps: 20, Sampler: Euler a, CFG scale: 7, "
            'Seed: 965400086, Size: 512x512, Lora hashes: "a: 1f, b: 2", Version: v1.9.4',
            "girl, (beret:1.2)\nat sea",
            "ugly,\nblurry",
            {"Seed": "965400086", "Lora hashes": "a: 1f, b: 2", "Version": "v1.9.4", "Sampler": "Euler a"},
        ),
        ("leo\nSteps: 20, Sampler: DDIM, Seed: 5", "leo", None, {"Steps": "20", "Seed": "5"}),
        ("only a prompt: of leo, neon", "only a prompt: of leo, neon", None, {}),
        ("Steps: 20, Sampler: DDIM, Seed: 5", "", None, {"Sampler": "DDIM"}),
        ("", "", None, {}),
        ('leo\nSteps: 1, Seed: 2, Bad: "open, Model: "\\x"', "leo", None, {"Steps": "1", "Seed": "2"}),
    ],
)
def test_texts_of_other_tools_are_read_as_well_as_can_be(text, prompt, negative, settings_):
    said = public.parse(text)
    assert (said.prompt, said.negative_prompt) == (prompt, negative)
    assert settings_.items() <= said.settings.items()
    picture = open_picture(png({PUBLIC_KEY: text}))
    assert picture.origin is None and picture.whole is None and picture.problems == ()
    assert picture.prompt == (prompt or None)


def test_a_hostile_line_of_settings_is_read_at_once():
    for line in (
        "a" * MAX_ORIGIN,
        "a a " * (MAX_ORIGIN // 4),
        " " * MAX_ORIGIN,
        'aa: "\\' * (MAX_ORIGIN // 6),
    ):
        public.parse(f"leo\n{line}x")  # by backtracking it would take minutes


def test_a_public_prompt_that_is_too_long_is_left_unread():
    before = time.process_time()
    reading = read_png(png({PUBLIC_KEY: "\u0301\u0323" * (MAX_ORIGIN // 2)}))
    assert touches(reading.prompt or "", "leo") is False
    assert time.process_time() - before < 1  # to put so many accents in order takes many
    assert reading.prompt is None
    assert reading.problems == ("the prompt in its text 'parameters' is longer than 4,000 characters",)


def test_a_picture_without_texts_has_no_origin():
    picture = open_picture(png({}))
    assert (picture.origin, picture.public, picture.prompt, picture.whole) == (None, None, None, None)
    assert np.array_equal(picture.image, factory.image()) and "unknown origin" in repr(picture)


# --- what is not whole ---


def test_changed_pixels_are_noticed():
    picture = factory.picture()
    other = picture.image.copy()
    other[3, 4, 1] ^= 1
    changed = open_picture(Picture(other, picture.origin).png())
    assert changed.whole is False and changed.problems == ("its pixels were changed after it was painted",)
    assert read_png(changed.png()).problems == ()  # for the pixels are not looked at


def test_a_changed_text_or_size_is_noticed():
    origin = factory.origin()
    texts = {PUBLIC_KEY: public.write(origin), KEY: origin.to_json()}
    assert read_png(png(texts)).problems == ()
    assert "do not agree" in read_png(png(texts | {PUBLIC_KEY: "a lion"})).problems[0]
    assert "do not agree" in read_png(png({KEY: origin.to_json()})).problems[0]
    larger = read_png(png(texts, np.zeros((20, 20, 3), np.uint8)))
    assert larger.problems == ("its origin says 24x16 pixels, it has 20x20",)


GOOD = json.loads(factory.origin().to_json())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 90_000, "is not JSON"),
        ("[]", "must have the fields"),
        ("{}", "must have the fields"),
        (json.dumps(GOOD | {"more": 1}), "must have the fields"),
        (json.dumps(GOOD).replace('"steps": 15', '"steps": 15, "steps": 16'), "twice"),
        (json.dumps(GOOD | {"version": 2}), "another version"),
        (json.dumps(GOOD | {"version": True}), "another version"),
        (json.dumps(GOOD | {"prompt": ""}), "prompt must have 1 to"),
        (json.dumps(GOOD | {"prompt": "x" * (MAX_PROMPT + 1)}), "not 4,001"),
        (json.dumps(GOOD | {"prompt": 5}), "prompt must be a text"),
        (json.dumps(GOOD | {"prompt": "a\0b"}), "no text may hold"),
        (json.dumps(GOOD | {"prompt": "\ud800"}), "no text may hold"),
        (json.dumps(GOOD | {"negative_prompt": ["x"]}), "negative_prompt must be a text"),
        (json.dumps(GOOD | {"steps": 0}), "steps must be"),
        (json.dumps(GOOD | {"steps": 15.0}), "steps must be"),
        (json.dumps(GOOD | {"steps": True}), "steps must be"),
        (json.dumps(GOOD | {"seed": -1}), "seed must be"),
        (json.dumps(GOOD).replace('"seed": 1', f'"seed": 1{"0" * 5000}'), "is not JSON"),
        (json.dumps(GOOD | {"width": MAX_SIDE + 1}), "width must be"),
        (json.dumps(GOOD | {"sampler": {}}), "sampler must be"),
        (json.dumps(GOOD | {"guidance": float("nan")}), "NaN is no number"),
        (json.dumps(GOOD).replace("2.5", "1e999"), "too large"),
        (json.dumps(GOOD | {"guidance": -1}), "guidance must be"),
        (json.dumps(GOOD | {"guidance": False}), "guidance must be"),
        (json.dumps(GOOD | {"guidance": 10**400}), "guidance must be"),
        (json.dumps(GOOD | {"model_hash": "A" * 64}), "model_hash must be"),
        (json.dumps(GOOD | {"pixels": None}), "pixels must be"),
        (json.dumps(GOOD | {"versions": {"keras": 3}}), "must be a text"),
        (json.dumps(GOOD | {"versions": {str(k): "" for k in range(21)}}), "versions must name"),
        (" " * (MAX_ORIGIN + 1), "100,001 characters"),
    ],
)
def test_an_impossible_origin_is_named_in_one_sentence(text, said):
    with pytest.raises(ValueError, match=said) as error:
        Origin.from_json(text)
    assert len(str(error.value)) < 400 and str(error.value).endswith(".")
    reading = read_png(png({KEY: text, PUBLIC_KEY: "a leo"}))
    assert reading.origin is None and len(reading.problems) == 1 and reading.prompt == "a leo"


def test_a_very_long_public_text_is_left_unread():
    reading = read_png(png({PUBLIC_KEY: "x" * (MAX_ORIGIN + 1)}))
    assert reading.public is None and "longer than" in reading.problems[0]


# --- hostile and broken files ---


def header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has a few pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = png({})
    return SIGNATURE + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + content[33:]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no PNG"),
        (b"GIF89a", "is no PNG"),
        (SIGNATURE, "damaged or cut short"),
        (SIGNATURE + b"\0" * 100, "damaged or cut short"),
        (header(30_000, 30_000), "30,000 x 30,000 pixels, 2,048 a side"),
        (header(1, MAX_SIDE + 1), "1 x 2,049 pixels"),
        (header(1, 1)[:33] + header(13_000, 13_000)[8:], "13,000 x 13,000 pixels, 2,048 a side"),
        (header(1, 1)[:33] + header(14_000, 14_000)[8:], "14,000 x 14,000 pixels, 2,048 a side"),
        (header(0, 5), "0 x 5 pixels"),
        (bytes(MAX_FILE + 1), "The file has 16 MB"),
        (png({"a": "x" * 2_000_000}, zip=True), "damaged or cut short"),
    ],
)
def test_what_is_no_good_png_is_refused_in_one_sentence_before_it_is_unpacked(content, said):
    for function in (read_png, open_picture):
        tracemalloc.start()
        with pytest.raises(ValueError, match=said) as error:
            function(content)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8_000_000 and "0x" not in str(error.value)


def test_a_truncated_picture_is_named():
    content = factory.picture().png()
    cut = content[:-200]
    assert read_png(cut).origin is not None  # the texts come first
    with pytest.raises(ValueError, match="The PNG is damaged or cut short"):
        open_picture(cut)


def test_a_file_that_is_missing_or_too_large_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"There is no file 'none.png': see"):
        read_png(tmp_path / "none.png")
    with pytest.raises(ValueError, match="There is no file"):
        read_png(tmp_path)
    (tmp_path / "large.png").write_bytes(SIGNATURE + bytes(MAX_FILE))
    with pytest.raises(ValueError, match="16 MB are allowed"):
        read_png(tmp_path / "large.png")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_png_is_read_or_refused_and_nothing_else(data):
    content = bytearray(factory.picture(prompt="лев").png())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = bytes(content[: data.draw(st.integers(8, len(content)))])
    for function in (read_png, open_picture):
        try:
            assert function(content).prompt is None or function(content)
        except ValueError as error:
            assert str(error).endswith(".")


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "1", "LA", "I;16"])
def test_pictures_of_other_tools_come_in_any_mode(mode):
    packed = io.BytesIO()
    source = Image.new(mode, (5, 3)) if mode == "I;16" else Image.fromarray(factory.image()).convert(mode)
    source.save(packed, "PNG")
    image = open_picture(packed.getvalue()).image
    assert image.dtype == np.uint8 and image.shape == (*source.size[::-1], 3)


def test_same_allows_for_rounding_only():
    first = factory.image()
    near = np.clip(first.astype(int) + 2, 0, 255).astype(np.uint8)
    far = first.copy()
    far[1, 1, 1] = (int(far[1, 1, 1]) + 100) % 256
    assert same(first, first) and same(first, near) and same(near, first)
    assert not same(first, far) and not same(first, first[:-1]) and not same(first, factory.image(2))


def test_a_notebook_shows_the_picture_with_an_alt_text():
    picture = factory.picture(prompt="a <b>leo</b>")
    data, metadata = picture._repr_mimebundle_(include=None, exclude=None)
    assert data["image/png"] == picture.png() and data["text/plain"] == repr(picture)
    assert metadata["image/png"]["alt"] == "Painted from the prompt: a <b>leo</b>"
    assert "24x16, seed=1" in repr(picture)
    assert np.array_equal(np.asarray([picture, picture]), np.stack([picture.image] * 2))
