"""The judge of the pocket model: what it knows, what it leaves open, what it refuses, how it is made."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from helpers import pictures
from helpers.files import data_path
from helpers.pictures import COUNTS, FACTORS, NAMES
from helpers.quiet import hushed

with hushed():
    import keras

    from helpers.pocket import judge, judge_material, judge_training, latents, train_judge, weights

SIGN, BACKGROUND = FACTORS.index("sign"), FACTORS.index("background")


@pytest.fixture(scope="module")
def drawn():
    return pictures.sample(240, seed=123)


@pytest.fixture(scope="module")
def halves():
    """The autoencoder's."""
    return train_judge.coders()


def small(drawn, count):
    """The first few of a sample."""
    parts = (getattr(drawn, name)[:count] for name in ("images", "factors", "captions", "named", "seeds"))
    return pictures.Pictures(*parts)


# --- the shipped weights ---------------------------------------------------------------------------------


def test_the_stored_weights_are_small_and_those_of_this_version():
    notes = weights.manifest()
    assert notes["files"]["judge"]["bytes"] == data_path("pocket/judge.npz").stat().st_size < 1_000_000
    stated = notes["training"]["judge"]
    assert stated["pictures_version"] == pictures.VERSION, "the pictures changed: train the judge again"
    for kind in ("drawings", "round_trips"):
        assert min(stated[kind].values()) >= 0.99
    assert stated["drawings"]["all"] - stated["round_trips"]["all"] <= 0.01


def test_it_knows_drawings_also_those_that_the_model_never_saw(drawn):
    right = judge.run(drawn.images).shows(drawn.factors)
    assert right.all(1).mean() >= 0.98
    held = pictures.sample(100, seed=124, combinations="held-out")
    assert judge.run(held.images).shows(held.factors).all(1).mean() >= 0.97


def test_it_knows_what_went_through_the_autoencoder(drawn, halves):
    encoder, decoder = halves
    traced = judge_material.decode(decoder, latents.encode(encoder, drawn.images[:100]))
    assert judge.run(traced).shows(drawn.factors[:100]).all(1).mean() >= 0.97


@pytest.mark.parametrize("subject", NAMES["subject"])
def test_it_tells_all_signs_apart_as_symbols_and_as_constellations(subject):
    rows = [(sign, subject, "gold", "night sky", "plain") for sign in NAMES["sign"]] * 3
    images = np.stack([pictures.draw(row, seed=seed) for seed, row in enumerate(rows)])
    assert (judge.run(images).values[:, SIGN] == np.arange(36) % 12).all()


def test_noise_is_nothing():
    noise = np.random.default_rng(0).integers(256, size=(20, 128, 128, 3), dtype=np.uint8)
    grey = np.full((5, 128, 128, 3), 128, np.uint8)
    assert not judge.run(noise).sure.any() and not judge.run(grey).sure.any()


def test_of_a_background_alone_only_the_background_is_known(drawn):
    lot = judge_material._scenes(60, drawn, np.random.default_rng(5))
    found = judge.run_halved(lot.images)
    assert (found.values == lot.factors)[:, BACKGROUND].mean() >= 0.95
    assert found.sure[:, SIGN].mean() <= 0.05


@pytest.mark.parametrize(("kind", "most"), [("_halves", 0.25), ("_blends", 0.1), ("_tiles", 0.1)])
def test_pictures_of_no_sign_are_seldom_taken_for_one(drawn, kind, most):
    lot = getattr(judge_material, kind)(80, drawn, np.random.default_rng(5))
    assert judge.run_halved(lot.images).sure[:, SIGN].mean() <= most


# --- verdicts --------------------------------------------------------------------------------------------


def test_a_verdict_reads_its_table():
    rows = np.array([[3, 1, 7, 5, 2], [11, 0, 0, 0, 0]])
    table = np.concatenate([np.eye(count, dtype=np.float32)[rows[:, k]] for k, count in enumerate(COUNTS)], 1)
    table[1, judge.HEADS["colour"]] = 1 / 8
    found = judge.Verdict(table)
    assert np.array_equal(found.values, rows)  # the first of equal ones
    assert found.sure.tolist() == [[True] * 5, [True, True, False, True, True]]
    assert found.shows(rows).tolist() == [[True] * 5, [True, True, False, True, True]]
    assert not found.shows(rows[::-1])[:, 0].any()
    assert found.probabilities("sign").shape == (2, 12)


def test_probabilities_sum_to_one_and_batches_change_nothing(drawn, monkeypatch):
    whole = judge.run(drawn.images[:30])
    assert np.allclose([whole.probabilities(factor).sum(1) for factor in FACTORS], 1, atol=1e-5)
    monkeypatch.setattr(judge, "BATCH", 7)
    assert np.allclose(judge.run(drawn.images[:30]).table, whole.table, atol=1e-4)
    assert judge.run(drawn.images[:0]).table.shape == (0, 32)


@pytest.mark.parametrize("shape", [(128, 128, 3), (2, 64, 64, 3), (1, 128, 128, 1)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"^The judge takes pictures \(n, 128, 128, 3\) of bytes, not .+\.$"):
        judge.run(np.zeros(shape, np.uint8))


def test_floats_are_refused():
    with pytest.raises(ValueError, match="of bytes, not .* of float32"):
        judge.run(np.zeros((1, 128, 128, 3), np.float32))


def test_halving_takes_the_mean_of_four():
    image = np.random.default_rng(1).integers(256, size=(1, 4, 6, 3), dtype=np.uint8)
    expected = image.reshape(1, 2, 2, 3, 2, 3).mean((2, 4))
    assert np.abs(judge.halved(image) - expected).max() <= 0.5


def test_a_missing_and_a_damaged_file_are_one_sentence(tmp_path):
    folder = shutil.copytree(data_path("pocket"), tmp_path / "pocket")
    path = folder / "judge.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match=r"^The weights of the pocket model's judge are damaged: .+\.$"):
        judge.judge(folder)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"^The weights of the pocket model's judge are missing"):
        judge.judge(folder)


def test_building_it_moves_nobodys_random_numbers():
    keras.utils.set_random_seed(7)
    expected = keras.random.normal((3,))
    keras.utils.set_random_seed(7)
    first, second = judge.build(), judge.build()
    assert np.array_equal(expected, keras.random.normal((3,)))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, other)


# --- what it learns from, and its training --------------------------------------------------------------


def test_junk_says_what_it_tells(drawn, halves):
    lot = judge_material.junk(18, small(drawn, 40), *halves, np.random.default_rng(3))
    again = judge_material.junk(18, small(drawn, 40), *halves, np.random.default_rng(3))
    assert lot.images.shape == (18, 64, 64, 3) and np.array_equal(lot.images, again.images)
    assert not lot.told[:, SIGN].any()
    targets = lot.targets(np.arange(18))
    for column, (factor, head) in enumerate(judge.HEADS.items()):
        assert np.allclose(targets[:, head].sum(1), 1), factor
        assert np.allclose(targets[~lot.told[:, column], head], 1 / COUNTS[column])
        told = lot.told[:, column]
        assert np.array_equal(targets[told, head].argmax(1), lot.factors[told, column])


def test_round_trips_are_near_the_drawings(drawn, halves):
    some = small(drawn, 6)
    lot = judge_material.round_trips(some, *halves, np.random.default_rng(0))
    assert lot.told.all() and np.array_equal(lot.factors, some.factors)
    apart = np.abs(lot.images.astype(int) - judge.halved(some.images)).mean((1, 2, 3))
    assert apart.min() > 0.3 and apart.max() < 25


def test_softened_pictures_are_the_same_ones(drawn):
    images = judge.halved(drawn.images[:40])
    soft = judge_material.softened(images, np.random.default_rng(0))
    assert soft.dtype == np.float32 and soft.min() >= 0 and soft.max() <= 255
    changes = np.abs(soft - images).mean((1, 2, 3))
    others = np.abs(np.roll(soft, 1, axis=0) - images).mean((1, 2, 3))
    assert changes.min() > 0 and (changes < others).mean() > 0.9


def test_a_small_training_is_stored_with_its_figures(tmp_path, monkeypatch, capsys):
    data = shutil.copytree(data_path("pocket"), tmp_path / "data" / "pocket")
    for name, value in {"DRAWINGS": 40, "TRIPS": 10, "JUNK": 16, "STEPS": 2, "CHECKS": 10}.items():
        monkeypatch.setattr(train_judge, name, value)
    monkeypatch.setattr(train_judge, "BATCH", 16)
    judge_training.main([], root=tmp_path)
    notes = weights.manifest(data)
    assert set(notes["files"]) >= {"encoder", "decoder", "judge"}
    assert notes["training"]["judge"]["steps"] == 2
    assert json.dumps(notes["training"]["judge"]["drawings"]).count("0.") >= 5
    assert notes["files"]["judge"]["sha256"] != weights.manifest()["files"]["judge"]["sha256"]
    assert judge.judge(data).count_params() == notes["files"]["judge"]["parameters"]
    said = capsys.readouterr().out
    assert "66 pictures" in said and "drawings: sign" in said and "round_trips: sign" in said


def test_a_batch_depends_on_its_number_alone(drawn):
    lot = judge_material.Lot(judge.halved(drawn.images), drawn.factors, np.ones((240, 5), bool))
    draw = train_judge.batches([lot, lot, lot], batch=20)
    first, again, other = draw(3), draw(3), draw(4)
    assert first["images"].shape == (20, 64, 64, 3) and first["targets"].shape == (20, 32)
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert not np.array_equal(first["images"], other["images"])
