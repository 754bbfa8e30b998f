"""`make notebooks` stores what changed and nothing else, on small notebooks of its own."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook, new_output
from notebook_factory import code, notebook, picture, png, said

from tools import lessons, store


@pytest.fixture
def lively(tmp_path):
    """A lesson whose times, addresses and progress differ from run to run, and nothing else."""
    path = tmp_path / "04_lively.ipynb"
    cells = [
        code("import time\nbegun = time.perf_counter()\nThing = object()"),
        code(
            "print('10 %\\r20 %', end='\\r')\nprint('done')\n"
            "print(f'{time.perf_counter() - begun:.7f} s', Thing)"
        ),
        code("handle = display({'text/plain': '0 %'}, raw=True, display_id=True)"),
        code("handle.update({'text/plain': f'epoch 8/8 · {time.perf_counter() - begun:.7f} s'}, raw=True)"),
        code("import ipywidgets\nipywidgets.IntSlider()"),
    ]
    nb = new_notebook(cells=cells, metadata={"colab": {"x": 1}})
    nb.nbformat_minor = 4
    for cell in nb.cells:
        del cell["id"]
    cells[0].metadata.execution = {"shell.execute_reply": "now"}
    lessons.write(path, lessons.text_of(nb))
    return path


def test_storing_twice_changes_nothing_the_second_time(lively):
    sources = [cell.source for cell in lessons.read(lively).cells]
    assert store.store(lively, check=True) == (True, [])
    assert "outputs" not in lively.read_text().replace('"outputs": []', "")
    assert store.store(lively) == (True, [])
    first = lively.read_bytes()
    assert store.store(lively) == (False, [])
    assert lively.read_bytes() == first

    nb = lessons.read(lively)
    assert [cell.source for cell in nb.cells] == sources
    assert set(nb.metadata) == {"kernelspec", "language_info", "course"}
    assert nb.metadata.kernelspec.name == "python3"
    assert nb.cells[0].metadata == {}
    assert nb.cells[1].outputs[0].text.startswith("done\n")
    assert nb.cells[2].outputs[0].data["text/plain"].startswith("epoch 8/8 · ")
    assert nb.cells[4].outputs == []  # a stored widget is dead
    assert [cell.execution_count for cell in nb.cells] == [1, 2, 3, 4, 5]


def test_nothing_is_written_after_an_error_or_with_something_on_stderr(tmp_path):
    path = tmp_path / "04_wrong.ipynb"
    bad = {
        "1 / 0": "cell 1: ZeroDivisionError",
        "import sys; print('oh', file=sys.stderr)": "cell 1 wrote to stderr: oh",
    }
    for source, reason in bad.items():
        text = lessons.text_of(notebook(code(source)))
        lessons.write(path, text)
        changed, problems = store.store(path)
        assert not changed
        assert problems[0].startswith(reason)
        assert path.read_text() == text


def test_ids_are_kept_or_made_from_place_and_text():
    cells = [code("1"), code("2"), new_markdown_cell("3")]
    nb = new_notebook(cells=cells)
    cells[0].id, cells[1].id = "mine", "mine"
    del cells[2]["id"]
    ids = [cell.id for cell in store.normalise(nb).cells]
    assert ids[0] == "mine"
    assert ids[1].startswith("01-") and ids[2].startswith("02-")
    assert ids == [cell.id for cell in store.normalise(nb).cells]


@pytest.mark.parametrize(
    ("now", "before", "same"),
    [
        (said("3.2 s"), said("41.0 s"), True),
        (said("12 ms/step, 3 min"), said("9 ms/step, 14 min"), True),
        (said("<A object at 0x7f12ab34cd>"), said("<A object at 0x7fffffffff>"), True),
        (said("loss 1.2 after 3.2 s"), said("loss 1.3 after 3.2 s"), False),
        (said("3 samples"), said("4 samples"), False),
        (said("3 s"), new_output("display_data", {"text/plain": "3 s"}), False),
        (picture(level=200), picture(level=200, spot=210), True),
        (picture(level=200), picture(level=200, spot=90), False),
        (picture(level=200), picture(level=203), False),
        (picture(level=200), picture(level=200, size=9), False),
        (picture(level=200), picture(level=200, alt="a square with other words"), False),
    ],
)
def test_an_output_that_says_the_same_keeps_what_is_stored(now, before, same):
    old, new = notebook(code("x", before)), notebook(code("x", now))
    kept = store.settle(new, old).cells[0].outputs[0]
    assert kept == (before if same else now)


def test_a_new_source_gets_its_new_output():
    old, new = notebook(code("x", said("1 s"))), notebook(code("y", said("2 s")))
    assert store.settle(new, old).cells[0].outputs[0].text == "2 s"


def test_a_moving_picture_is_compared_frame_by_frame():
    import base64
    import io

    from PIL import Image

    def moving(level: int) -> str:
        frames = [Image.new("L", (4, 4), shade).convert("P") for shade in (0, level)]
        buffer = io.BytesIO()
        frames[0].save(buffer, format="PNG", save_all=True, append_images=frames[1:], duration=100)
        return base64.b64encode(buffer.getvalue()).decode()

    assert not store.look_alike(moving(100), moving(140))
    assert not store.look_alike(moving(100), png(size=4))
    assert store.look_alike(moving(100), moving(100))
