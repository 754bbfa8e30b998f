"""Handing in: one zip, nothing lost, and in plain words what is missing."""

from __future__ import annotations

import sys
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.grading.limits import FILE_BYTES
from helpers.homework import Picture, find_sign, missing, open_picture, pack, parse_submission, verify
from helpers.homework.limits import MAX_WORDS, MAX_ZIP, MOST_PICTURES
from helpers.homework.submission import MAX_MISSING
from tests import homework_factory as factory

WORDS = "Я хотел льва 🦁, который смотрит на «звёзды»;\nthe second one does."


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Each test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pictures() -> list[Picture]:
    return [factory.picture(seed) for seed in (1, 2, 3)]


def files(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def record(path: Path):
    """The submission in a zip, which must be in order, whatever is missing."""
    contents = files(path)
    submission, wrong = parse_submission(contents["submission.json"])
    assert wrong == [] and verify(submission, contents) == []
    return submission


def test_a_complete_homework_is_one_zip_with_everything(pictures, capsys):
    path = pack(pictures, sign="leo", words=WORDS, chosen=2, name="Иван Иванов")
    assert path == Path("homework.zip")
    contents, submission = files(path), record(path)
    assert list(contents) == ["submission.json", "words.txt", *(f"picture-{k}.png" for k in (1, 2, 3))]
    assert (submission.sign, submission.name, submission.words) == ("leo", "Иван Иванов", WORDS)
    assert submission.chosen == "picture-2.png" and submission.missing == ()
    assert contents["words.txt"].decode() == f"{WORDS}\n"
    for k, picture in enumerate(pictures, 1):
        said = open_picture(contents[f"picture-{k}.png"])
        assert said.origin == picture.origin and np.array_equal(said.image, picture.image) and said.whole
    assert capsys.readouterr().out == (
        "homework.zip is complete: 3 pictures of ♌ Leo, your choice, your words.\n"
        "Hand it in. It holds your sign, not your birthday.\n"
    )


def test_the_same_homework_is_the_same_bytes(pictures, folder):
    paths = [pack(pictures, "leo", WORDS, 1, out=folder / name) for name in ("a.zip", "b.zip")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.create_system for entry in archive.infolist()} == {3}


def test_the_birthday_is_nowhere_in_the_zip_and_the_name_only_if_given(pictures):
    from helpers.homework import sign_of

    path = pack(pictures, sign=sign_of("2001-08-01"), words=WORDS, chosen=1)
    assert b"2001" not in b"".join(files(path).values()) and record(path).name is None


@pytest.mark.parametrize("sign", ["Leo", "лев", "Лъв", "♌", find_sign("leo")])
def test_the_sign_may_be_said_in_any_language(pictures, sign):
    assert record(pack(pictures, sign, WORDS, 1)).sign == "leo"


def test_the_chosen_one_may_be_given_itself_or_by_its_place(pictures):
    saved = [str(picture.save(f"{k}.png")) for k, picture in enumerate(pictures)]
    for given, chosen in ((pictures, pictures[1]), (pictures, np.int64(2)), (saved, "1.png"), (saved, 2)):
        path = pack(given, "leo", WORDS, chosen, out=f"{len(str(chosen))}.zip")
        assert record(path).chosen == "picture-2.png", chosen


def test_paths_keep_their_bytes_and_their_origin(pictures):
    path = pictures[0].save("one.png")
    packed = pack([path, "one.png", *pictures[1:]], "leo", WORDS, 1)
    assert files(packed)["picture-1.png"] == path.read_bytes()
    assert record(packed).missing == ("Pictures 1 and 2 are the same: paint one of them with another seed.",)


# --- what is missing is said, and what is there is packed ---


def one(pictures, **changes):
    """A homework with a lack, and what is said of it."""
    usual = {"sign": "leo", "words": WORDS, "chosen": 1}
    path = pack(pictures, **usual | changes)
    assert path.name == "homework-incomplete.zip" and not Path("homework.zip").exists()
    return path, list(record(path).missing)


def test_too_few_pictures(pictures, capsys):
    path, said = one(pictures[:2])
    assert said == ["3 pictures or more are asked for, not 2: paint 1 more."]
    assert len(record(path).pictures) == 2
    assert capsys.readouterr().out == (
        f"homework-incomplete.zip keeps what there is (2 pictures). Still missing or wrong:\n  - {said[0]}\n"
    )


@pytest.mark.parametrize("given", [[], None, 5])
def test_no_pictures_at_all(given):
    path, said = one(given)
    assert said == ["3 pictures or more are asked for, not 0: paint 3 more."]
    assert record(path).words == WORDS


def test_more_pictures_than_anybody_looks_at_are_packed_nevertheless():
    path, said = one([factory.picture(seed) for seed in range(MOST_PICTURES + 1)])
    assert said == ["There are 21 pictures, 20 are looked at: choose the best."]
    assert len(record(path).pictures) == MOST_PICTURES + 1


@pytest.mark.parametrize("words", [None, "", "  \n\t"])
def test_no_words(pictures, words):
    path, said = one(pictures, words=words)
    assert len(said) == 1 and said[0].startswith("Your words are missing: say")


def test_very_many_words_are_kept_whole_as_text(pictures):
    path, said = one(pictures, words="лев " * MAX_WORDS)
    assert said == ["Your words have 80,000 characters, 20,000 are read: be brief."]
    assert files(path)["words.txt"].decode() == "лев " * MAX_WORDS + "\n"


def test_no_sign_or_one_that_does_not_exist(pictures):
    path, said = one(pictures, sign=None)
    assert said == ["Your sign is missing: say sign='leo', or sign=homework.sign_of('2001-08-01')."]
    path, said = one(pictures, sign="cat")
    assert said[0].startswith("There is no sign 'cat': the signs are aries") and record(path).sign is None


def test_a_prompt_that_does_not_speak_of_the_sign():
    mixed = [factory.picture(1), factory.picture(2, prompt="рыбы в море"), factory.picture(3, prompt="Львы")]
    path, said = one(mixed)
    assert said == ["The prompt of picture 2 does not speak of Leo: say 'leo' or 'lion'."]


@pytest.mark.parametrize("chosen", [None, 0, 4, -1, "none.png", 1.5, factory.picture(9)])
def test_no_picture_is_chosen(pictures, chosen):
    path, said = one(pictures, chosen=chosen)
    assert said == ["No picture is chosen: say chosen=1 for the first one, or the picture itself."]
    assert record(path).chosen is None


def test_pictures_without_an_origin(pictures):
    Image.fromarray(factory.image(5)).save("plain.png")
    batch = np.stack([factory.image(6), factory.image(7)])
    path, said = one([pictures[0], factory.image(4), "plain.png", batch, factory.image(8) / 255])
    assert said == [
        f"Picture {k} does not tell its prompt and seed: paint it with homework.paint."
        for k in (2, 3, 4, 5, 6)
    ]
    packed = [open_picture(files(path)[f"picture-{k}.png"]).image for k in (2, 3, 4, 5, 6)]
    assert np.array_equal(packed, [factory.image(seed) for seed in (4, 5, 6, 7, 8)])


def test_the_text_of_another_tool_is_origin_enough(pictures):
    other = factory.png({"parameters": "a lion\nSteps: 20, Sampler: Euler a, Seed: 5"}, factory.image(9))
    assert pack([other, *pictures[1:]], "leo", WORDS, 1).name == "homework.zip"


def test_a_picture_that_was_changed_after_it_was_painted(pictures):
    edited = Picture(255 - pictures[0].image, pictures[0].origin)
    path, said = one([edited, *pictures[1:]])
    assert said == ["Picture 1: its pixels were changed after it was painted."]


def test_the_same_picture_painted_in_a_batch_and_alone(pictures):
    near = np.clip(pictures[0].image.astype(int) - 1, 0, 255).astype(np.uint8)
    path, said = one([*pictures[:2], Picture(near, factory.origin(near))])
    assert said == ["Pictures 1 and 3 are the same: paint one of them with another seed."]


def test_what_cannot_be_packed_is_named_and_the_rest_is_packed(pictures):
    Path("cut.png").write_bytes(pictures[0].png()[:-100])
    Image.fromarray(factory.image()).save("photo.jpg")
    odd = [
        "none.png",
        "cut.png",
        Path("photo.jpg"),
        object(),
        np.zeros((4, 4, 7), np.uint8),
        np.full((3, 3), 9),
    ]
    path, said = one([*odd, *pictures], chosen=9)
    assert [sentence.split(" ")[1] for sentence in said] == list("123456")
    for sentence, why in zip(
        said, ("no file 'none.png'", "cut short", "no PNG", *["no picture"] * 3), strict=True
    ):
        assert why in sentence and "left out" in sentence
    assert record(path).chosen == "picture-3.png" and len(record(path).pictures) == 3


def test_a_zip_that_no_grader_reads_is_not_called_complete(pictures, capsys):
    large = [Picture(p.image, p.origin, content=p.png() + bytes(11_500_000)) for p in pictures]
    path, said = one(large)
    assert said == ["The zip has 32.9 MB, 32 MB are read: give fewer pictures, smaller ones, or fewer words."]
    assert said[0] in capsys.readouterr().out
    assert path.stat().st_size > MAX_ZIP == FILE_BYTES


def test_everything_wrong_at_once_is_still_a_zip_in_order():
    path, said = one([object()] * (MAX_MISSING + 5), sign=3, words=None, chosen="x", name="\ud800" * 300)
    assert len(said) == MAX_MISSING and record(path).name == "?" * 200


# --- earlier zips ---


def test_an_earlier_zip_is_kept(pictures, capsys):
    first = pack(pictures, "leo", "first", 1).read_bytes()
    second = pack(pictures, "leo", "second", 1).read_bytes()
    assert "The earlier one is now called homework-earlier-1.zip." in capsys.readouterr().out
    path = pack(pictures, "leo", "third", 1)
    assert Path("homework-earlier-1.zip").read_bytes() == first
    assert Path("homework-earlier-2.zip").read_bytes() == second
    assert record(path).words == "third" and len(list(Path().iterdir())) == 3


def test_packing_the_same_again_leaves_one_zip(pictures, capsys):
    for _ in range(3):
        pack(pictures, "leo", WORDS, 1)
    assert [path.name for path in Path().iterdir()] == ["homework.zip"]
    assert "earlier" not in capsys.readouterr().out


def test_a_failing_disk_loses_no_earlier_zip(pictures, monkeypatch):
    before = pack(pictures, "leo", "first", 1).read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        pack(pictures, "leo", "second", 1)
    assert [path.read_bytes() for path in Path().iterdir()] == [before]


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("mine", "mine.zip"),
        ("new/Лев 1.zip", "new/Лев 1.zip"),
        (".", "homework.zip"),
        ("v1.2.zip", "v1.2.zip"),
    ],
)
def test_the_zip_goes_where_it_is_said(pictures, out, expected):
    assert pack(pictures, "leo", WORDS, 1, out=out) == Path(expected) and Path(expected).is_file()


# --- Colab ---


@pytest.fixture
def colab(monkeypatch):
    """A browser's side of Colab that notes what it was sent."""
    sent: list[str] = []
    files = types.ModuleType("google.colab.files")
    files.download = sent.append
    package = types.ModuleType("google.colab")
    package.files = files
    google = types.ModuleType("google")
    google.colab = package
    for name, module in (("google", google), ("google.colab", package), ("google.colab.files", files)):
        monkeypatch.setitem(sys.modules, name, module)
    return files, sent


def test_in_colab_the_zip_is_offered_for_download(pictures, colab):
    path = pack(pictures, "leo", WORDS, 1)
    part = pack(pictures[:1], "leo", WORDS, 1)
    assert colab[1] == [str(path), str(part)]


def test_a_download_that_fails_costs_nothing(pictures, colab, capsys):
    colab[0].download = lambda _: 1 / 0
    assert pack(pictures, "leo", WORDS, 1).is_file()
    assert "The download did not start (division by zero): take homework.zip" in capsys.readouterr().out


def test_elsewhere_nothing_is_downloaded(pictures):
    assert "google.colab" not in sys.modules
    assert pack(pictures, "leo", WORDS, 1).is_file()


def test_large_pictures_of_the_real_model_fit():
    large = [factory.picture(seed, 512, 512, model="stable-diffusion-1.4") for seed in (1, 2, 3)]
    path = pack(large, "leo", WORDS, 3)
    assert path.name == "homework.zip"
    assert {(entry.width, entry.height) for entry in record(path).pictures} == {(512, 512)}


def test_the_rules_can_be_asked_without_a_zip(pictures):
    assert missing("leo", WORDS, 1, pictures) == []
    assert len(missing(None, "", None, [])) == 3
