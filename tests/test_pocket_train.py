"""Training of the pocket model: an interruption changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pocket_toy
import pytest
from pocket_toy import toy

from helpers.quiet import hushed

with hushed():
    import keras
    from keras import ops

    from helpers.pocket import checkpoint, training
    from helpers.pocket.muon import Muon


def values(model):
    return [np.asarray(variable).copy() for variable in (*model.variables, *model.optimizer.variables)]


def same(model, state):
    return all(np.array_equal(a, b) for a, b in zip(values(model), state, strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training without interruption: model, notes, final state."""
    model, notes = toy(tmp_path_factory.mktemp("whole") / "toy.npz")
    return model, notes, values(model)


def test_training_does_what_it_says(whole):
    model, notes, _ = whole
    assert notes["step"] == notes["steps"] == 40 and int(model.optimizer.iterations) == 40
    assert notes["seconds"] > 0
    gap = [np.abs(a - w).max() for a, w in zip(model.average, model.trainable_variables, strict=True)]
    assert 0 < max(gap) < 0.2
    weights_before = [np.asarray(a) for a in model.average]
    model.use_average()
    for average, weight in zip(weights_before, model.trainable_variables, strict=True):
        assert np.array_equal(average, weight)


def test_a_training_in_pieces_is_the_same_to_the_bit(whole, tmp_path):
    for until in (1, 18, None):
        model, notes = toy(tmp_path / "toy.npz", until=until)
        assert notes["step"] == (until or 40)
    assert same(model, whole[2])


def test_a_killed_training_goes_on_as_if_nothing_had_been(whole, tmp_path):
    path = tmp_path / "toy.npz"
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(
        [sys.executable, pocket_toy.__file__, str(path)],
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while ((checkpoint.read(path) or {}).get("step", 0)) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    reached = checkpoint.read(path)["step"]
    assert 5 <= reached < 40
    model, notes = toy(path)
    assert notes["step"] == 40 and same(model, whole[2])


def test_a_plan_can_be_extended_and_is_remembered(tmp_path):
    path = tmp_path / "toy.npz"
    assert toy(path, steps=6)[1]["steps"] == 6
    assert toy(path)[1] | {"seconds": 0} == {"step": 6, "steps": 6, "seconds": 0}
    assert toy(path, steps=9)[1]["step"] == 9


def test_training_stops_when_the_time_is_over(tmp_path):
    _, notes = toy(tmp_path / "toy.npz", pause=0.05, minutes=1e-4)
    assert 0 < notes["step"] < 40
    assert checkpoint.read(tmp_path / "toy.npz")["step"] == notes["step"]


def test_a_log_file_hears_of_the_training(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(training, "TOLD_EVERY", 0)
    toy(tmp_path / "toy.npz", until=3)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" · ")[1] for line in lines[:3]] == ["toy 1/40", "toy 2/40", "toy 3/40"]
    assert all("loss" in line and "min left" in line for line in lines[:3])


def test_a_loss_that_is_no_number_ends_the_training(tmp_path):
    with pytest.raises(FloatingPointError, match="step 1 is not a number"):
        toy(tmp_path / "toy.npz", data=lambda step: np.full((4, 4, 4, 2), np.nan, np.float32))
    assert not (tmp_path / "toy.npz").exists()


def test_the_state_of_other_networks_is_refused(tmp_path):
    checkpoint.write(tmp_path / "toy.npz", {"model": [np.zeros(3)]}, {"step": 1, "steps": 2, "seconds": 0})
    with pytest.raises(ValueError, match="written for other networks: remove it"):
        toy(tmp_path / "toy.npz")


def test_the_rate_warms_up_stays_and_falls_to_zero():
    plan = training.Plan(0.5, 1000, warm=100, fall=0.4)
    rates = np.array([float(plan(step)) for step in range(1001)])
    assert rates[0] == pytest.approx(0.005) and (np.diff(rates[:100]) > 0).all()
    assert (rates[100:600] == 0.5).all()
    assert (np.diff(rates[601:]) < 0).all() and rates[1000] == 0
    assert float(training.Plan(0.5, 1000).from_config(plan.get_config())(50)) == pytest.approx(rates[50])


def test_the_arithmetic_is_one_that_keras_knows():
    assert training.faster_arithmetic() in ("float32", "mixed_bfloat16")


# --- the optimizer -----------------------------------------------------------------------------------


def test_muon_turns_the_gradient_of_a_kernel_into_a_near_rotation():
    kernel = keras.Variable(np.zeros((3, 3, 4, 6), np.float32), name="kernel")
    matrix = keras.Variable(np.zeros((36, 6), np.float32), name="matrix")
    gradient = np.random.default_rng(0).standard_normal((3, 3, 4, 6), np.float32)
    for variable in (kernel, matrix):
        optimizer = Muon(1.0, global_clipnorm=None)
        optimizer.build([variable])
        optimizer.apply([ops.convert_to_tensor(gradient.reshape(variable.shape))], [variable])
    update = np.asarray(kernel).reshape(36, 6)
    assert np.allclose(update, matrix, atol=1e-6)
    sizes = np.linalg.svd(update, compute_uv=False) / (0.2 * 6)  # 0.2 times the root of the longer side
    assert sizes.min() > 0.5 and sizes.max() < 1.5
    assert (update * gradient.reshape(36, 6)).sum() < 0


def test_muon_leaves_vectors_and_named_layers_to_adam():
    variables = [keras.Variable(np.ones(shape), name=name) for name, shape in
                 {"bias": (3,), "kernel": (3, 3), "last": (3, 3), "embeddings": (3, 3)}.items()]  # fmt: skip
    optimizer = Muon(0.1, adam_layers=("last",))
    optimizer.build(variables)
    by_adam = [velocity is not None for velocity in optimizer.adam_velocities]
    assert by_adam == [True, False, True, True]
