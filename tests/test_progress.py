"""Progress: one live line that ends as one line, in a terminal, in a file, in a notebook."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from notebook_factory import run_cells

from helpers.quiet import hushed

with hushed():
    import keras
    import tensorflow as tf

    from helpers import live, progress
    from helpers.progress import Progress, track

NUMBER = r"\d\S*"


class Terminal(io.StringIO):
    """A stdout that believes to be watched."""

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """What a person sees: each line after its carriage returns."""
        rows = []
        for line in self.getvalue().split("\n"):
            shown = ""
            for piece in line.split("\r"):
                shown = piece + shown[len(piece) :]
            rows.append(shown.rstrip())
        return rows


@pytest.fixture
def terminal(monkeypatch) -> Terminal:
    """What the bars take for stdout (pytest keeps the real one), with no pause between updates."""
    screen = Terminal()
    monkeypatch.setattr(live, "sys", SimpleNamespace(stdout=screen))
    monkeypatch.setattr(live, "PAUSE", 0)
    return screen


@pytest.fixture(scope="module")
def points() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).standard_normal((256, 4)).astype("float32")
    return x, x.sum(axis=1)


@pytest.fixture(scope="module")
def model(points):
    """A small regression, compiled and traced."""
    keras.utils.set_random_seed(1)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse", metrics=["mae"])
    network.fit(*points, batch_size=32, verbose=0, validation_split=0.25)
    return network


def fit(model, points, bar: Progress, **options) -> keras.callbacks.History:
    return model.fit(*points, batch_size=32, verbose=0, callbacks=[bar], **options)


# --- the callback ------------------------------------------------------------------------------------


def test_the_history_is_that_of_fit(model, points):
    bar = Progress()
    history = fit(model, points, bar, epochs=3, validation_split=0.25)
    assert bar.history == history.history
    assert set(bar.history) == {"loss", "mae", "val_loss", "val_mae"}
    assert all(len(values) == 3 and set(map(type, values)) == {float} for values in bar.history.values())


def test_a_file_gets_one_line_with_epochs_losses_and_seconds(model, points, capsys):
    fit(model, points, Progress(), epochs=3, validation_split=0.25)
    losses = " · ".join(f"{name} {NUMBER}" for name in ("loss", "mae", "val_loss", "val_mae"))
    assert re.fullmatch(rf"3 epochs · {losses} · \d+\.\d s\n", capsys.readouterr().out)


def test_one_epoch_is_not_called_epochs(model, points, capsys):
    fit(model, points, Progress(), epochs=1)
    assert capsys.readouterr().out.startswith("1 epoch · ")


def test_the_line_ends_with_the_last_values(model, points, capsys):
    bar = Progress()
    fit(model, points, bar, epochs=2)
    assert f"loss {bar.history['loss'][-1]:.4g} · " in capsys.readouterr().out


def test_only_the_names_asked_for_are_shown_but_all_are_kept(model, points, capsys):
    bar = Progress(show=["val_loss"])
    fit(model, points, bar, epochs=2, validation_split=0.25)
    assert re.fullmatch(rf"2 epochs · val_loss {NUMBER} · \d+\.\d s\n", capsys.readouterr().out)
    assert set(bar.history) == {"loss", "mae", "val_loss", "val_mae"}


def test_a_second_fit_with_the_same_bar_starts_anew(model, points, capsys):
    bar = Progress()
    fit(model, points, bar, epochs=3)
    first, spent = bar.history, bar.seconds
    time.sleep(0.1)
    history = fit(model, points, bar, epochs=1)
    assert bar.history == history.history and bar.history is not first
    assert len(first["loss"]) == 3, "the first history is not touched"
    assert bar.seconds != spent
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" · ")[0] for line in lines] == ["3 epochs", "1 epoch"]


def test_the_seconds_are_those_of_the_fit(model, points):
    bar = Progress()
    begun = time.perf_counter()
    fit(model, points, bar, epochs=2)
    around = time.perf_counter() - begun
    assert 0.3 * around < bar.seconds <= around


def test_training_that_stops_early_counts_the_epochs_it_had(model, points, capsys):
    bar = Progress()
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=0, min_delta=1e9)
    model.fit(*points, epochs=9, verbose=0, callbacks=[bar, stop])
    assert len(bar.history["loss"]) == 2
    assert capsys.readouterr().out.startswith("2 epochs · ")


def test_training_that_goes_on_counts_the_epochs_it_had(model, points, capsys):
    bar = Progress()
    fit(model, points, bar, epochs=5, initial_epoch=3)
    assert len(bar.history["loss"]) == 2
    assert capsys.readouterr().out.startswith("2 epochs · ")


def test_a_terminal_sees_one_line_that_replaces_itself(model, points, terminal):
    bar = Progress()
    fit(model, points, bar, epochs=2)
    *live, final = terminal.getvalue().split("\r")
    assert len(live) == 16, "8 batches in each of 2 epochs"
    assert all(re.match(r"epoch [12]/2 · loss \S+ · mae \S+ · \d+ s left *$", line) for line in live)
    assert final.count("\n") == 1 and final.endswith("\n")
    shown, rest = terminal.screen()
    assert re.fullmatch(rf"2 epochs · loss {NUMBER} · mae {NUMBER} · \d+\.\d s", shown) and rest == ""


def test_updates_come_at_most_four_times_a_second(model, points, terminal, monkeypatch):
    monkeypatch.setattr(live, "PAUSE", 0.25)
    begun = time.monotonic()
    fit(model, points, Progress(), epochs=20)
    spent = time.monotonic() - begun
    assert terminal.getvalue().count("\r") <= spent / 0.25 + 1


def test_the_time_left_is_the_time_left(model, points, terminal, monkeypatch):
    clock = iter(np.arange(0.0, 1000.0, 1.0))  # a clock that is read once a batch
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    bar = Progress()
    bar.set_params({"epochs": 2, "steps": 5})
    bar.on_train_begin()
    for epoch in range(2):
        bar.on_epoch_begin(epoch)
        for batch in range(5):
            now[0] = 1 + next(clock)
            bar.on_train_batch_end(batch, {"loss": 1.0})
    left = re.findall(r"(\d+) s left", terminal.getvalue())
    assert left == ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_no_time_is_promised_while_the_number_of_steps_is_unknown(model, points, terminal):
    x, y = points

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, 256, 32):
            yield x[start : start + 32], y[start : start + 32]

    kinds = (tf.TensorSpec((32, 4), tf.float32), tf.TensorSpec((32,), tf.float32))
    stream = tf.data.Dataset.from_generator(batches, output_signature=kinds)
    model.fit(stream, epochs=1, verbose=0, callbacks=[Progress()], shuffle=False)
    live = terminal.getvalue().split("\r")[:-1]
    assert len(live) == 8
    assert not any("left" in line for line in live)


def test_a_bar_costs_little(model, points):
    def cost(*bars: Progress) -> float:
        begun = time.process_time()
        model.fit(*points, batch_size=2, epochs=2, verbose=0, callbacks=list(bars))
        return time.process_time() - begun

    cost(), cost(Progress())
    pairs = [(cost(), cost(Progress())) for _ in range(3)]
    without, with_bar = map(min, zip(*pairs, strict=True))
    assert with_bar < 1.5 * without + 0.02


# --- the loop ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("items", [range(5), [3, 1, 2], "word", (), np.arange(3), {1: 2}])
def test_track_yields_every_item_in_order(items, capsys):
    assert list(track(items, "steps")) == list(items)
    assert re.fullmatch(rf"steps {len(items)} · \d+\.\d s\n", capsys.readouterr().out)


def test_track_takes_what_has_no_length(capsys):
    assert list(track((n * n for n in range(4)), "squares")) == [0, 1, 4, 9]
    assert re.fullmatch(r"squares 4 · \d+\.\d s\n", capsys.readouterr().out)


def test_track_is_lazy():
    endless = iter(int, 1)
    assert next(track(endless, "zeros")) == 0


def test_a_terminal_sees_how_far_the_loop_is(terminal):
    list(track(range(3), "steps"))
    assert re.findall(r"steps (\S+) · (\S+) s left", terminal.getvalue()) == [
        ("1/3", "0"),
        ("2/3", "0"),
        ("3/3", "0"),
    ]
    assert terminal.screen()[1:] == [""] and terminal.screen()[0].startswith("steps 3 · ")


def test_a_terminal_sees_no_time_for_an_unknown_length_unless_told(terminal):
    list(track(iter(range(3)), "steps"))
    list(track(iter(range(3)), "told", total=3))
    said = terminal.getvalue()
    assert "steps 2/? " not in said and "steps 2/?\r" in said
    assert "told 2/3 · 0 s left" in said


def test_a_shorter_line_leaves_nothing_of_a_longer_one(terminal):
    line = progress.Line()
    for text in ("a rather long line of text", "short"):
        line.write(text)
    assert terminal.screen() == ["short"]
    line.write("the end", final=True)
    assert terminal.screen() == ["the end", ""]


def test_an_exception_in_the_loop_is_the_callers_and_leaves_the_line_ended(terminal):
    with pytest.raises(KeyError, match="third"):
        for step in track(range(5), "steps"):
            if step == 2:
                raise KeyError("third")
    assert terminal.getvalue().endswith("\n"), "what is printed next would stand in the live line"


def test_an_exception_of_the_items_leaves_the_line_ended(terminal):
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("second")

    with pytest.raises(KeyError, match="second"):
        list(track(items(), "steps"))
    assert terminal.getvalue().endswith("\n")


def test_a_loop_left_early_leaves_the_line_ended(terminal):
    for step in track(range(5), "steps"):
        if step == 2:
            break
    assert terminal.getvalue().endswith("\n")
    print("next", file=terminal)
    assert terminal.screen()[-2:] == ["next", ""]


def test_a_loop_left_early_tells_a_file_nothing_false(capsys):
    for step in track(range(5), "steps"):
        if step == 2:
            break
    assert "steps 5" not in capsys.readouterr().out


# --- a notebook --------------------------------------------------------------------------------------

CELLS = [
    """
from helpers import begin
begin(1)
import keras, numpy as np, time
from helpers import live
from helpers.progress import Progress, track
live.PAUSE = 0
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.ones((64, 4))
""",
    "model.fit(x, x[:, 0], epochs=3, batch_size=16, verbose=0, callbacks=[Progress()]);",
    "for step in track(range(20), 'steps'):\n    time.sleep(0.01)",
    "for step in track(range(20), 'early'):\n    if step == 3: break",
    "bar = Progress()\nfor _ in range(2): model.fit(x, x[:, 0], verbose=0, callbacks=[bar])",
]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The outputs of CELLS after a run in a real kernel, as they would be stored."""
    return [cell.outputs for cell in run_cells(tmp_path_factory.mktemp("progress"), CELLS).cells]


def texts(outputs: list) -> list[str]:
    """The final text of each display; any other kind of output fails."""
    assert {output.output_type for output in outputs} <= {"display_data"}
    return [output.data["text/plain"] for output in outputs]


def test_in_a_notebook_a_fit_is_stored_as_one_display(cells):
    (text,) = texts(cells[1])
    assert re.fullmatch(rf"3 epochs · loss {NUMBER} · \d+\.\d s", text)


def test_in_a_notebook_a_loop_is_stored_as_one_display(cells):
    (text,) = texts(cells[2])
    assert re.fullmatch(r"steps 20 · \d+\.\d s", text)


def test_in_a_notebook_a_loop_left_early_promises_no_time(cells):
    assert not any("left" in text for text in texts(cells[3]))


def test_in_a_notebook_every_fit_has_its_own_line(cells):
    assert [text.split(" · ")[0] for text in texts(cells[4])] == ["1 epoch", "1 epoch"]
