"""Archives: every layout of the LMS, names in any script, and what is refused."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import grading_factory as factory
import pytest
from grading_factory import Item

from helpers.grading import archive, limits, zips
from helpers.grading.grade import Task, grade
from helpers.grading.limits import Refused
from helpers.grading.rubric import POINTS

CYRILLIC = "Щукина Анна"


def found(tmp_path: Path, files) -> dict[str, archive.Submission]:
    """The submissions of an export that holds those files, by their keys."""
    path = tmp_path / "export.zip"
    path.write_bytes(factory.packed(files))
    return {one.key: one for one in archive.find(path).submissions}


@pytest.mark.parametrize(
    "folder",
    [
        "Anna Petrova_17_assignsubmission_file/",
        "Anna Petrova_17_assignsubmission_file_/",  # before Moodle 4.1
        "Anna Petrova_17_assignsubmission_file_",  # folders switched off
        "export/Anna Petrova_17_assignsubmission_file/",  # packed anew
        "Group 2-Anna Petrova_17_assignsubmission_file/",
    ],
)
def test_every_layout_gives_name_number_and_files(tmp_path, folder):
    (one,) = found(tmp_path, {f"{folder}my_9_work.txt": b"a", f"{folder}b.txt": b"b"}).values()
    assert one.name.removeprefix("Group 2-") == "Anna Petrova"
    assert one.id == "17"
    assert one.files() == {"my_9_work.txt": b"a", "b.txt": b"b"}


@pytest.mark.parametrize("word", ["Participant", "Участник"])
def test_blind_marking_gives_the_number(tmp_path, word):
    (one,) = found(tmp_path, {f"{word}_23_assignsubmission_file/a.txt": b"a"}).values()
    assert (one.name, one.id) == (word, "23")


def test_a_file_named_like_a_folder_of_the_lms_stays_with_its_owner(tmp_path):
    mine = "Anna_17_assignsubmission_file_"
    ones = found(tmp_path, {f"{mine}Boris_18_assignsubmission_file_a.txt": b"a", f"{mine}/x_18_a.txt": b"b"})
    assert list(ones) == ["Anna_17"]
    assert len(ones["Anna_17"].files()) == 2


def test_text_typed_online_is_ignored_with_a_word(tmp_path):
    ones = found(
        tmp_path,
        {
            "Anna_17_assignsubmission_onlinetext/onlinetext.html": b"<script>",
            "Anna_17_assignsubmission_file/a.txt": b"a",
            "Boris_18_assignsubmission_onlinetext_onlinetext.html": b"x",
        },
    )
    assert ones["Anna_17"].files() == {"a.txt": b"a"}
    assert ones["Boris_18"].files() == {}
    assert all("typed online" in one.notes[0] for one in ones.values())


def test_a_zip_of_zips_and_folders_of_zips_or_folders(tmp_path):
    work = factory.packed({"a.txt": b"a"})
    assert list(found(tmp_path, {"Anna.zip": work, "Boris Ng_18.zip": work})) == ["Anna", "Boris Ng_18"]
    folder = tmp_path / "folder"
    (folder / "Clara").mkdir(parents=True)
    (folder / "Clara" / "a.txt").write_bytes(b"a")
    (folder / "Anna.zip").write_bytes(work)
    (folder / "worksheet.csv").write_bytes(b"x")
    (folder / "Clara" / "link").symlink_to("/etc/passwd")
    result = archive.find(folder)
    anna, clara = result.submissions
    assert archive.contents(anna.files()) == ({"a.txt": b"a"}, [], [])
    assert clara.files() == {"a.txt": b"a"}
    assert clara.faults == ["“Clara/link” is a symbolic link."]
    assert "“worksheet.csv” lies beside" in result.notes[0]


@pytest.mark.parametrize(
    ("raw", "extra", "name"),
    [
        (CYRILLIC.encode("cp866"), b"", CYRILLIC),
        (CYRILLIC.encode("cp1251"), b"", CYRILLIC),
        (CYRILLIC.encode("utf-8"), b"", CYRILLIC),
        ("Jörg Büß".encode("cp437"), b"", "Jörg Büß"),
        ("José Ñandú".encode("cp437"), b"", "José Ñandú"),
        (b"Shukina", factory.unicode_path(b"Shukina", CYRILLIC), CYRILLIC),
        (b"Shukina", factory.unicode_path(b"other", CYRILLIC), "Shukina"),
    ],
)
def test_names_without_the_flag_are_read_as_they_were_meant(tmp_path, raw, extra, name):
    tail = b"_17_assignsubmission_file/a.txt"
    if extra and name == CYRILLIC:
        extra = factory.unicode_path(raw + tail, name + tail.decode())
    (one,) = found(tmp_path, [Item(raw + tail, b"a", extra=extra)]).values()
    assert (one.name, one.id) == (name, "17")


def test_names_with_the_flag_are_read_as_utf8(tmp_path):
    assert list(found(tmp_path, {f"{CYRILLIC}_17_assignsubmission_file/a.txt": b"a"})) == [f"{CYRILLIC}_17"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("../Eva_9_assignsubmission_file/a.txt", "climbs out of its folder"),
        ("/Eva_9_assignsubmission_file/a.txt", "absolute path"),
        ("C:/Eva_9_assignsubmission_file/a.txt", "drive letter"),
        ("Eva_9_assignsubmission_file\\a.txt", "backslash"),
        ("Eva_9_assignsubmission_file/../../a.txt", "climbs out of its folder"),
    ],
)
def test_a_bad_path_of_the_export_is_its_owners_fault_and_nobody_elses(tmp_path, path, sentence):
    ones = found(tmp_path, {path: b"a", "Anna_17_assignsubmission_file/a.txt": b"a"})
    eva = next(one for key, one in ones.items() if "Eva" in key)
    assert eva.id == "9"
    assert eva.files() == {}
    assert sentence in eva.faults[0]
    assert ones["Anna_17"].files() == {"a.txt": b"a"}
    assert not ones["Anna_17"].faults


@pytest.mark.parametrize("label", list(factory.broken()))
def test_no_content_is_read_beyond_the_limits(label):
    content, _ = factory.broken()[label]
    content = content if isinstance(content, bytes) else factory.packed(content)
    files, *_ = archive.contents({"homework.zip": content})
    assert sum(map(len, files.values())) <= limits.TOTAL_BYTES
    assert len(files) <= limits.FILES
    assert not any(zips.fault_of_path(path) for path in files)


def test_a_name_of_very_many_accents_is_refused_at_once():
    accents = "\u0301\u0323" * 16_000
    names = [f"{place}{accents}" for place in range(9)]
    before = time.process_time()
    files, faults, _ = archive.contents({"a.zip": factory.packed(dict.fromkeys(names, b""))})
    assert time.process_time() - before < 1  # to put them in order takes many
    assert files == {}
    assert all("no name for a file" in fault for fault in faults)


def test_the_header_of_a_bomb_is_not_trusted(monkeypatch):
    monkeypatch.setattr(limits, "FILE_BYTES", 5000)
    bomb = factory.packed({"a.bin": bytes(1_000_000)})
    lying = factory.patched(bomb, {24: ("<L", 4000)})
    assert archive.contents({"a.zip": bomb})[0] == {}
    files, faults, _ = archive.contents({"a.zip": lying})
    assert files == {}
    assert "damaged" in faults[0]


def test_many_small_files_do_not_add_up(monkeypatch):
    monkeypatch.setattr(limits, "TOTAL_BYTES", 10_000)
    files, faults, _ = archive.contents(
        {"a.zip": factory.packed({f"{n}.txt": b"x" * 3000 for n in range(9)})}
    )
    assert sum(map(len, files.values())) <= 10_000
    assert "larger than" in faults[0]


def test_archives_in_several_archives_share_one_room(monkeypatch):
    monkeypatch.setattr(limits, "TOTAL_BYTES", 10_000)
    inner = Item("inner.zip", factory.packed([Item("x.bin", bytes(4000), method=zipfile.ZIP_STORED)]))
    three = {f"{n}.zip": factory.packed([inner]) for n in "abc"}
    files, faults, _ = archive.contents(three)
    assert list(files) == ["inner.zip/x.bin"]
    assert faults == ["“inner.zip”: “inner.zip” is larger than 0.0017 MB."]


@pytest.mark.parametrize(
    "names",
    [
        ("homework.zip", "homework-incomplete.zip"),
        ("homework.zip", "homework-earlier-1.zip", "homework-earlier-2.zip"),
        ("homework-earlier-1.zip", "homework-incomplete.zip"),
        ("full.zip", "homework.zip"),
    ],
)
@pytest.mark.parametrize("turn", [1, -1])
def test_of_several_homeworks_one_is_graded_alone(names, turn):
    best, *others = names
    works = {name: factory.packed({"submission.json": name.encode()}) for name in others}
    works[best] = factory.packed({"submission.json": b"best", "words.txt": b"fullest"})
    files, faults, notes = archive.contents({name: works[name] for name in names[::turn]} | {"a.txt": b"a"})
    assert files == {"submission.json": b"best", "words.txt": b"fullest", "a.txt": b"a"}
    assert faults == []
    assert notes == [f"{len(names)} zips hold a homework: “{best}” was graded alone."]


def test_the_record_of_several_homeworks_has_a_note_and_no_fault():
    whole, part = factory.packed(factory.good(1)), factory.packed(factory.with_json({"missing": ["Words."]}))
    files = {"homework-incomplete.zip": part, "homework.zip": whole}
    both, one = (
        grade(Task(given, (), ("Late.",), POINTS, False))[0] for given in (files, {"homework.zip": whole})
    )
    assert both["notes"] == ["Late.", "2 zips hold a homework: “homework.zip” was graded alone."]
    assert both | {"notes": ["Late."]} == one
    assert not one["broken"]


def test_the_same_file_twice_is_no_fault_and_another_of_its_name_is():
    work = factory.packed({"a.txt": b"a"})
    assert archive.contents({"a.zip": work, "a.txt": b"a"}) == ({"a.txt": b"a"}, [], [])
    files, faults, _ = archive.contents({"a.zip": work, "b.zip": factory.packed({"A.txt": b"b"})})
    assert files == {"a.txt": b"a"}
    assert "“A.txt” is there twice, differently" in faults[0]


def test_what_is_no_download_is_refused_in_a_sentence(tmp_path):
    text = tmp_path / "notes.zip"
    text.write_bytes(b"no zip")
    with pytest.raises(Refused, match=r"notes.zip cannot be used: It is not a zip archive"):
        archive.find(text)
    text.write_bytes(factory.packed({"readme.txt": b"x"}))
    with pytest.raises(Refused, match=r"holds no submission"):
        archive.find(text)
    with pytest.raises(Refused, match="cannot be read"):
        archive.find(tmp_path / "none.zip")
