"""The reference classifier: its stored weights, its stated figures, its loading and its training."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from helpers import glyphs, judge, judge_material, judge_training, rulers
from helpers.datasets import load
from helpers.files import data_path


@pytest.fixture(scope="module")
def data():
    return load("glyphs")


def test_the_stored_weights_are_those_of_the_manifest():
    content, stated = data_path(judge.WEIGHTS).read_bytes(), judge.manifest()
    assert hashlib.sha256(content).hexdigest() == stated["sha256"]
    assert len(content) == stated["bytes"] < 300_000
    assert stated["glyphs_version"] == glyphs.VERSION, "the signs changed: train the classifier again"
    assert judge.build().count_params() == stated["parameters"] < 150_000


def test_the_stated_accuracy_is_reproduced(data):
    stated = judge.manifest()
    found = rulers.recognised(data.test)
    right = found.labels == data.test_labels
    assert len(right) == stated["test_images"]
    # A processor may round the odd image over an edge.
    assert right.mean() == pytest.approx(stated["test_accuracy"], abs=1.5 / len(right))
    assert found.share == pytest.approx(stated["test_recognised"], abs=3 / len(right))
    assert right.mean() == rulers.accuracy(data.test, data.test_labels) > 0.99
    assert right[found.mask].mean() > 0.997


def test_training_shares_no_drawing_with_the_sets_of_the_course(data):
    mine = glyphs.sample(3000, seed=judge_training.DRAWN)
    assert not {image.tobytes() for image in mine.images} & {image.tobytes() for image in data.test}
    assert mine.labels.max() < len(glyphs.NAMES)  # Ophiuchus is not among them


def test_confidence_means_what_it_says():
    """Among images on which the classifier is this sure, about this share is right."""
    drawn = glyphs.sample(2400, seed=77)
    blurred = ndimage.gaussian_filter(drawn.images, (0, 1.2, 1.2, 0))
    for images in (drawn.images, blurred):
        found = rulers.recognised(images)
        right = (found.labels == drawn.labels)[found.mask].mean()
        assert right > 0.99 and found.share > 0.9


@pytest.fixture
def stored_in(tmp_path, monkeypatch):
    """A copy of the weights, to be damaged."""
    judge.judge.cache_clear()
    for name in (judge.WEIGHTS, judge.MANIFEST):
        (tmp_path / name).write_bytes(data_path(name).read_bytes())
    monkeypatch.setattr("helpers.files._FOLDERS", (tmp_path,))
    yield tmp_path
    judge.judge.cache_clear()


def test_weights_are_read_once(stored_in, data):
    first = rulers.probabilities(data.test[:3])
    (stored_in / judge.WEIGHTS).unlink()
    assert np.array_equal(rulers.probabilities(data.test[:3]), first)


@pytest.mark.parametrize("name", [judge.WEIGHTS, judge.MANIFEST])
def test_missing_and_damaged_files_are_told_in_one_sentence(stored_in, name):
    path = stored_in / name
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(judge.JudgeError, match=rf"^data/{name} is damaged [^\n]+judge_training`\.$"):
        judge.judge()
    path.unlink()
    with pytest.raises(judge.JudgeError, match=rf"^data/{name} is missing: [^\n]+judge_training`\.$"):
        judge.judge()


def test_weights_of_another_network_are_refused(stored_in, monkeypatch):
    monkeypatch.setattr(judge, "FEATURES", 32)
    with pytest.raises(judge.JudgeError, match=r"^data/\S+ does not fit [^\n]+\.$"):
        judge.judge()


def test_loading_is_fast_and_moves_no_random_numbers_and_no_names():
    """A lesson computes the same, and names its layers the same, whether it has used a ruler or not."""
    program = """
import time, random, json, numpy as np, keras
def lesson():
    keras.utils.set_random_seed(3)
    yield
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    yield layer.get_weights()[0].tolist(), random.random(), np.random.rand()
from helpers import judge, rulers
without = lesson(); next(without); plain = next(without)
start = time.process_time()
judge.judge()
seconds = time.process_time() - start
keras.config.set_dtype_policy("mixed_bfloat16")
using = lesson(); next(using)
judge.judge.cache_clear()
rulers.recognised(np.zeros((2, 28, 28)))
assert {variable.dtype for variable in judge.judge().variables} == {"float32"}
keras.config.set_dtype_policy("float32")
used = next(using)
print(json.dumps([plain == used, keras.layers.Dense(1).name, seconds]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    same, name, seconds = json.loads(done.stdout.splitlines()[-1])
    assert same and name == "dense_2"
    assert seconds < 1


def test_importing_the_rulers_does_not_import_keras():
    program = "import sys; import helpers.rulers; print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_training_in_small_writes_a_pair_that_loads(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        sys, "argv", ["judge_training", "--folder", str(tmp_path), "--drawings", "600", "--epochs", "1"]
    )
    judge_training.main()
    said = capsys.readouterr().out
    assert "epoch 1/1" in said and "test accuracy" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([judge.WEIGHTS, judge.MANIFEST])
    judge.judge.cache_clear()
    monkeypatch.setattr("helpers.files._FOLDERS", (tmp_path,))
    assert judge.judge().count_params() == judge.manifest()["parameters"]
    assert 0 < judge.manifest()["test_accuracy"] < 1
    judge.judge.cache_clear()


def test_training_material_is_the_same_for_a_seed_and_in_range():
    drawn = glyphs.sample(600, seed=1)
    images, targets = judge_material.pictures(drawn, (1, 2))
    again, _ = judge_material.pictures(drawn, (1, 2))
    assert np.array_equal(images, again) and images.dtype == np.float32
    assert images.min() >= 0 and images.max() <= 1
    assert np.allclose(targets.sum(1), 1)
    assert np.array_equal(targets[:600].argmax(1), drawn.labels) and np.allclose(targets[600:], 1 / 12)
