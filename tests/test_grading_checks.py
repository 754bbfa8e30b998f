"""What the checks see: pictures painted again, the judge, what two submissions share."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import grading_factory as factory
import numpy as np
import pytest

from helpers import pictures
from helpers.grading import __main__ as command
from helpers.grading import alike, checks, likeness, report, rubric
from helpers.grading.grade import Task, grade
from helpers.grading.models import MOST_STEPS, Models
from helpers.grading.work import opened
from helpers.homework import Picture
from helpers.quiet import hushed

PROMPT = "a golden leo symbol on a night sky"
SEEDS = (7, 8, 9)


@pytest.fixture(scope="module")
def models() -> Models:
    """The pocket model and its judge, loaded once."""
    return Models()


@pytest.fixture(scope="module")
def painted(models) -> list[Picture]:
    """Three pictures of the pocket model, in few steps."""
    from helpers.homework import paint

    with hushed():
        return paint(models._painter, PROMPT, SEEDS, num_steps=8)


def outcome(
    contents: list[bytes], sign: str = "leo", *, models: Models | None = None
) -> dict[str, checks.Check]:
    work = opened(factory.homework(contents, sign))
    return {check.name: check for check in checks.run(work, rubric.POINTS, models=models)}


def disguised(picture: Picture, **other: object) -> bytes:
    """The file of a picture with another origin."""
    return factory.png(picture.image, replace(picture.origin, **other))


def test_the_pocket_models_pictures_come_again_and_the_judge_sees_the_sign(painted, models):
    found = outcome([picture.png() for picture in painted], models=models)
    assert found["render"].state == checks.FULL
    assert found["render"].sentence.endswith("the same pictures again: 3.")
    assert found["judge"].state in (checks.FULL, checks.PART)
    assert "it can be wrong" in found["judge"].sentence
    assert {check.state for name, check in found.items() if name != "judge"} == {checks.FULL}


def test_a_picture_of_another_seed_is_found_out(painted, models):
    first, *rest = (picture.png() for picture in painted)
    found = outcome([disguised(painted[0], seed=1000), *rest], models=models)
    assert found["render"].state == checks.PART
    assert "paint something else: picture-1.png" in found["render"].sentence
    assert found["origin"].state == checks.FULL
    assert outcome([first, *rest], models=models)["render"].points == rubric.POINTS["render"]


def test_what_is_not_painted_again_costs_nothing(painted, models):
    for other, reason in (
        ({"model": "stable-diffusion-1.4", "model_hash": "0" * 64}, "another model painted it"),
        ({"steps": MOST_STEPS + 1}, f"it took {MOST_STEPS + 1} steps"),
    ):
        found = outcome([disguised(picture, **other) for picture in painted], models=models)
        assert found["render"].state == checks.OPEN
        assert found["render"].points == rubric.POINTS["render"]
        assert reason in found["render"].sentence
        assert found["judge"].state == checks.OPEN


def test_the_steps_of_a_submission_are_bounded_and_the_chosen_picture_comes_first():
    class Counting(Models):
        def repaint(self, origins):
            asked.extend(origin.seed for origin in origins)
            return [factory.mosaic(origin.seed) for origin in origins]

        def signs(self, images, sign):
            return [True] * len(images)

    asked: list[int] = []
    images = [factory.mosaic(n) for n in range(5)]
    contents = [factory.png(one, factory.origin(one, "leo", n, steps=90)) for n, one in enumerate(images)]
    found = outcome(contents, models=Counting())["render"]
    assert asked == [1, 0, 2]
    assert (
        found.sentence
        == "The recorded prompts and seeds paint the same pictures again: 3. Not painted again: 2."
    )


@pytest.mark.parametrize(
    ("other", "unverified"),
    [
        ({}, False),
        ({"steps": MOST_STEPS + 1}, True),
        ({"model_hash": "0" * 64}, True),
        ({"model": "stable-diffusion-1.4", "model_hash": "0" * 64}, False),
    ],
)
def test_an_origin_that_the_pocket_model_cannot_confirm_is_shown(other, unverified):
    image = factory.mosaic(1)
    contents = [factory.png(image, factory.origin(image, "leo", 1, **other))]
    files = {"homework.zip": factory.packed(factory.homework(contents))}
    graded, _ = grade(Task(files, (), (), rubric.POINTS, False))
    assert graded["unverified"] == unverified
    page = card(graded)
    assert ("⚠ origin not verified</span>" in page) == unverified
    assert ('data-kinds="broken unverified"' in page) == unverified
    assert "Nothing was painted again" in page.partition("<details>")[2]
    assert "Nothing was painted again" in card(graded | {"rendered": True}).partition("<details>")[0]


def card(graded: dict) -> str:
    """What the page shows of a record."""
    return report._card({"key": "Anna_1", "id": "1", "name": "Anna", "flags": []} | graded, 40, None)


def test_what_the_pocket_model_cannot_paint_is_said(painted, models):
    found = outcome([disguised(picture, prompt="лев") for picture in painted], models=models)
    assert found["render"].state == checks.NONE
    assert "knows no word of" in found["render"].sentence
    assert found["prompt"].state == checks.FULL


def test_the_judge_does_not_see_another_sign(models):
    images = [pictures.draw(["leo", "symbol", "gold", "night sky", "plain"], seed=n) for n in SEEDS]
    contents = [factory.png(image, factory.origin(image, "a bull", n)) for n, image in enumerate(images)]
    points = [outcome(contents, sign, models=models)["judge"].points for sign in ("leo", "taurus")]
    assert points == [rubric.POINTS["judge"], 0]


def test_a_task_with_rendering_gives_the_record_of_its_checks(painted, models, monkeypatch):
    monkeypatch.setattr("helpers.grading.grade._models", lambda: models)
    files = factory.homework([picture.png() for picture in painted])
    record, thumbnails = grade(Task({"homework.zip": factory.packed(files)}, (), (), rubric.POINTS, True))
    assert record["points"] >= record["most"] - rubric.POINTS["judge"]
    assert sorted(thumbnails) == sorted(picture["thumbnail"] for picture in record["pictures"])
    assert all(content.startswith(b"\xff\xd8") for content in thumbnails.values())


@pytest.mark.parametrize("language", ["Golden Leo", "золотой лев", "златен лъв"])
def test_the_prompt_may_touch_the_sign_in_three_languages(language):
    images = [factory.mosaic(n) for n in range(3)]
    contents = [factory.png(image, factory.origin(image, language, n)) for n, image in enumerate(images)]
    assert outcome(contents)["prompt"].state == checks.FULL
    assert outcome(contents, "virgo")["prompt"].points == 0


def test_several_processes_paint_the_same_records(painted, models, tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.grading.grade._models", lambda: models)  # in this process
    works = {}
    for number in range(6):
        contents = [factory.png(one.image, one.origin) for one in painted[number % 3 :]]
        works[factory.name(number)] = factory.packed(factory.homework(contents, words=f"Work {number}."))
    (tmp_path / "all.zip").write_bytes(factory.moodle(works))
    for out, options in (("one", ()), ("two", ("--workers", "2"))):
        command.main([str(tmp_path / "all.zip"), "--out", str(tmp_path / out), *options])
    one, two = ((tmp_path / out / "results.jsonl").read_text() for out in ("one", "two"))
    assert one == two
    assert one.count("paint the same pictures again") == len(works) == len(one.splitlines())


# --- likeness ----------------------------------------------------------------------------------------


def copies(image: np.ndarray) -> dict[str, np.ndarray]:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=80)
    small = Image.fromarray(image).resize((96, 96))
    return {
        "JPEG": np.asarray(Image.open(file)),
        "smaller": np.asarray(small),
        "a grey level": np.minimum(image, 254) + 1,
        "brighter": np.clip(image * 1.1, 0, 255).astype(np.uint8),
    }


def test_copies_are_alike_and_others_are_not():
    drawn = pictures.sample(120, seed=3).images
    prints = [likeness.fingerprint(image) for image in drawn]
    assert likeness.pairs(prints) == []
    for number, kind in enumerate(copies(drawn[0])):
        changed = [likeness.fingerprint(copies(image)[kind]) for image in drawn[:10]]
        found = likeness.pairs(prints[:10] + changed)
        assert set(found) == {(place, place + 10) for place in range(10)}, (number, kind)


def test_however_many_pictures_there_are_few_pairs_are_in_memory(monkeypatch):
    monkeypatch.setattr(likeness, "PAIRS", 100_000)
    prints = [np.random.default_rng(number).bytes(likeness.BITS // 8).hex() for number in range(2000)]
    prints[1999] = prints[3]
    tracemalloc.start()
    assert likeness.pairs(prints) == [(3, 1999)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_only_a_flat_picture_is_blank():
    assert likeness.blank(np.full((64, 64, 3), (9, 200, 30), np.uint8))
    assert likeness.blank(np.random.default_rng(0).integers(100, 103, (64, 64, 3), np.uint8))
    assert not any(map(likeness.blank, pictures.sample(30, seed=1).images))


def record(name: str, *contents: bytes) -> dict:
    task = Task({"homework.zip": factory.packed(factory.homework(contents))}, (), (), rubric.POINTS, False)
    return {"name": name} | grade(task)[0]


def test_what_two_share_is_said_of_both_and_not_of_the_third():
    images = [factory.drawn(n, 4) for n in range(9)]
    own = [factory.png(image, factory.origin(image, f"leo {n}", n)) for n, image in enumerate(images)]
    again = factory.png(copies(images[0])["a grey level"])
    same_words = factory.png(images[8], factory.origin(images[8], "Leo  1", 1))
    records = [record("Anna", *own[:3]), record("Boris", again, own[4], same_words), record("Eva", *own[5:8])]
    anna, boris, eva = alike.flags(records)
    assert anna == [
        "picture-1.png looks the same as a picture of Boris.",
        "picture-2.png has the prompt and seed of a picture of Boris.",
    ]
    assert boris == [
        "picture-1.png looks the same as a picture of Anna.",
        "picture-3.png has the prompt and seed of a picture of Anna.",
    ]
    assert eva == []
    assert alike.flags([*records, record("Zoe", own[0], own[1], own[2])])[0][0].startswith(
        "picture-1.png is the same picture as one of Zoe."
    )


def test_a_thousand_with_the_same_picture_are_no_burden():
    one = record("Anna", factory.png(factory.mosaic(1)))
    said = alike.flags([one | {"name": f"Student {n}"} for n in range(1000)])
    assert said[5] == [
        "picture-1.png is the same picture as one of Student 0, Student 1, Student 2 and 996 more."
    ]
