"""Reading what students hand in: as data, with suspicion, and each fault in a sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.homework import Entry, Submission, parse_submission, verify
from helpers.homework.limits import MAX_JSON, MAX_WORDS
from helpers.homework.submission import file_name, sha256
from helpers.outlines import NAMES
from tests import homework_factory as factory

CONTENTS = [factory.picture(seed).png() for seed in (1, 2, 3)]
ENTRIES = tuple(Entry(file_name(k), sha256(content), 24, 16) for k, content in enumerate(CONTENTS, 1))
GOOD = Submission("leo", None, "I wanted a lion.", "picture-2.png", ENTRIES, ())
RECORD = json.loads(GOOD.to_json())
FILES = {"submission.json": GOOD.to_json(), "words.txt": b"I wanted a lion.\n"}
FILES |= {entry.file: content for entry, content in zip(ENTRIES, CONTENTS, strict=True)}

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=100)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(
    sign=st.none() | st.sampled_from(NAMES),
    name=st.none() | TEXTS.filter(len),
    words=TEXTS,
    missing=st.lists(TEXTS, max_size=3).map(tuple),
    count=st.integers(0, 3),
)
def test_what_is_written_is_read_back(sign, name, words, missing, count):
    chosen = file_name(count) if count else None
    submission = Submission(sign, name, words, chosen, ENTRIES[:count], missing)
    assert parse_submission(submission.to_json()) == (submission, [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JSON in UTF-8"),
        (b"\xff\xfe{\0}\0", "no JSON in UTF-8"),
        (b"{", "no JSON in UTF-8"),
        (b"[" * 200_000, "no JSON in UTF-8"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "no JSON in UTF-8"),
        (b" " * (MAX_JSON + 1), "1,000,001 bytes"),
        (b"[]", "no zodiac homework"),
        (b"null", "no zodiac homework"),
        (b"{}", "no zodiac homework"),
        (b'{"nbformat": 4}', "no zodiac homework"),
    ],
)
def test_what_is_no_submission_is_named(data, said):
    found, wrong = parse_submission(data)
    assert found is None and len(wrong) == 1 and said in wrong[0] and wrong[0].endswith(".")


def changed(**values) -> bytes:
    return json.dumps(RECORD | values).encode()


def entry(**values) -> list:
    return [RECORD["pictures"][0] | values]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (changed(version=2), "another version"),
        (changed(version=True), "another version"),
        (changed(version="1"), "another version"),
        (changed(grade=100), "no others"),
        (json.dumps({k: v for k, v in RECORD.items() if k != "words"}).encode(), "must have the fields"),
        (changed(sign="lion"), "sign must be"),
        (changed(sign=["leo"]), "sign must be"),
        (changed(sign=4), "sign must be"),
        (changed(name=""), "name must be"),
        (changed(name="x" * 201), "name must be"),
        (changed(words=None), "words must be"),
        (changed(words="x" * (MAX_WORDS + 1)), "words must be"),
        (changed(words="\ud800"), "words must be"),
        (changed(missing=None), "missing must be"),
        (changed(missing=[1]), "missing must be"),
        (changed(missing=["x"] * 301), "missing must be"),
        (changed(pictures={}), "pictures must be"),
        (changed(pictures=[RECORD["pictures"][0]] * 101), "pictures must be"),
        (changed(pictures=["picture-1.png"], chosen=None), "entry of picture 1"),
        (changed(pictures=entry(file="../../etc/passwd"), chosen=None), "entry of picture 1"),
        (changed(pictures=entry(file="picture-2.png"), chosen=None), "entry of picture 1"),
        (changed(pictures=entry(file="picture-1.png\n"), chosen=None), "entry of picture 1"),
        (changed(pictures=entry(sha256="0" * 63), chosen=None), "entry of picture 1"),
        (changed(pictures=entry(sha256="0" * 64 + "\n"), chosen=None), "entry of picture 1"),
        (changed(pictures=entry(width=0), chosen=None), "entry of picture 1"),
        (changed(pictures=entry(height=30_000), chosen=None), "entry of picture 1"),
        (changed(pictures=entry(height=16.0), chosen=None), "entry of picture 1"),
        (changed(pictures=entry(more=1), chosen=None), "entry of picture 1"),
        (changed(chosen="picture-4.png"), "chosen must be"),
        (changed(chosen=2), "chosen must be"),
        (changed(chosen=[]), "chosen must be"),
    ],
)
def test_a_submission_of_a_wrong_form_is_named(data, said):
    found, wrong = parse_submission(data)
    assert found is None and len(wrong) == 1 and said in wrong[0] and wrong[0].endswith(".")


def test_all_faults_are_named_at_once():
    _, wrong = parse_submission(changed(sign=1, name=2, words=3, missing=4, chosen=5, pictures=entry(file=6)))
    assert [sentence.split(" ")[1] for sentence in wrong] == [
        "sign",
        "name",
        "words",
        "missing",
        "the",
        "chosen",
    ]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_makes_the_reader_fail(data):
    found, wrong = parse_submission(data)
    assert found is None and wrong


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(RECORD)), JSON)
def test_nothing_in_any_field_makes_the_reader_fail(key, value):
    found, wrong = parse_submission(changed(**{key: value}))
    assert (found is None) == bool(wrong)


def test_a_byte_order_mark_is_no_fault():
    assert parse_submission(b"\xef\xbb\xbf" + GOOD.to_json()) == (GOOD, [])


# --- the files of the zip ---


def test_the_files_of_a_whole_zip_are_whole():
    assert verify(GOOD, FILES) == []


@pytest.mark.parametrize("words", ["\ufeffI wanted\r\na lion.\r\n", "I wanted a lion."])
def test_an_editor_that_changes_line_ends_changes_no_words(words):
    assert verify(GOOD, FILES | {"words.txt": words.encode()}) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({k: v for k, v in FILES.items() if k != "picture-2.png"}, ["picture-2.png is not in the zip."]),
        (FILES | {"picture-2.png": CONTENTS[0]}, ["picture-2.png was changed after it was packed."]),
        ({k: v for k, v in FILES.items() if k != "words.txt"}, ["words.txt is not in the zip."]),
        (
            FILES | {"words.txt": b"\xff"},
            ["words.txt says something else than submission.json, which counts."],
        ),
        (FILES | {"Лев.exe": b""}, ["'Лев.exe' belongs to no homework."]),
    ],
)
def test_files_that_are_not_those_of_the_submission_are_named(files, said):
    assert verify(GOOD, files) == said


def test_a_size_that_is_not_the_pictures_is_named():
    large = Submission("leo", None, "", None, (Entry("picture-1.png", sha256(CONTENTS[0]), 24, 17),), ())
    files = {"picture-1.png": CONTENTS[0], "words.txt": b"\n"}
    assert verify(large, files) == ["picture-1.png has 24x16 pixels, not those that submission.json says."]
    odd = Submission("leo", None, "", None, (Entry("picture-1.png", sha256(b"x"), 24, 17),), ())
    assert verify(odd, files | {"picture-1.png": b"x"}) == []  # said when it is opened
