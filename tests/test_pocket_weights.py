"""The pocket model's stored weights: whole or refused in one sentence, and small."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from helpers.files import data_path
from helpers.quiet import hushed

with hushed():
    import keras
    from keras import layers

    from helpers.pocket import checkpoint, weights


def network(seed=0, size=3):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((2,)), layers.Dense(size), layers.Dense(4)])


@pytest.fixture
def stored(tmp_path):
    weights.save({"decoder": network()}, {"autoencoder": {"steps": 7}}, tmp_path)
    return tmp_path


def test_what_is_loaded_is_what_was_saved_rounded_to_half_precision(stored):
    original, other = network(), network(seed=1)
    weights.round_off(original)
    assert weights.fill(other, "decoder", stored) is other
    for there, back in zip(original.get_weights(), other.get_weights(), strict=True):
        assert np.array_equal(there, back) and back.dtype == np.float32


def test_the_manifest_says_what_is_stored(stored):
    notes = weights.manifest(stored)
    entry = notes["files"]["decoder"]
    assert entry["parameters"] == 2 * 3 + 3 + 3 * 4 + 4
    assert entry["bytes"] == (stored / "decoder.npz").stat().st_size
    assert notes["training"]["autoencoder"] == {"steps": 7}
    assert notes["versions"]["keras"] == keras.__version__


def test_saving_one_network_leaves_the_others(stored):
    weights.save({"encoder": network(2)}, {"denoiser": {"steps": 1}}, stored)
    notes = weights.manifest(stored)
    assert set(notes["files"]) == {"encoder", "decoder"}
    assert set(notes["training"]) == {"autoencoder", "denoiser"}
    assert len(weights.load("decoder", stored)) == 4


def test_the_same_weights_are_the_same_bytes(stored, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    weights.save({"decoder": network()}, {}, again)
    assert (again / "decoder.npz").read_bytes() == (stored / "decoder.npz").read_bytes()


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_damaged_file_is_refused(stored, place):
    content = bytearray((stored / "decoder.npz").read_bytes())
    content[place] ^= 1
    (stored / "decoder.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"^The weights of the pocket model's decoder are damaged: .+\.$"):
        weights.load("decoder", stored)


def test_a_file_cut_short_is_refused(stored):
    content = (stored / "decoder.npz").read_bytes()
    (stored / "decoder.npz").write_bytes(content[:50])
    with pytest.raises(ValueError, match="damaged"):
        weights.load("decoder", stored)


def test_a_missing_file_is_named(stored):
    (stored / "decoder.npz").unlink()
    for name in ("decoder", "encoder"):
        with pytest.raises(
            FileNotFoundError, match=rf"^The weights of the pocket model's {name} are missing"
        ):
            weights.load(name, stored)


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"files": {}}'])
def test_a_missing_or_damaged_manifest_is_named(stored, content):
    (stored / "manifest.json").unlink()
    if content is not None:
        (stored / "manifest.json").write_bytes(content)
    with pytest.raises((ValueError, FileNotFoundError), match=r"^[^\n]+(missing|damaged)[^\n]+\.$"):
        weights.load("decoder", stored)


def test_an_unknown_network_is_named(stored):
    with pytest.raises(ValueError, match="known are encoder, decoder, text_encoder, denoiser"):
        weights.load("unet", stored)


def test_weights_of_another_architecture_are_refused(stored):
    with pytest.raises(ValueError, match="another version"):
        weights.fill(network(size=5), "decoder", stored)


def test_a_weight_beyond_half_precision_is_not_stored(tmp_path):
    large = network()
    large.layers[0].bias.assign([1e6, 0, 0])
    with pytest.raises(ValueError, match="does not fit"):
        weights.save({"decoder": large}, {}, tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    checkpoint.write_bytes(path, b"old")
    monkeypatch.setattr("os.replace", lambda *names: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        checkpoint.write_bytes(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_the_shipped_weights_are_whole_and_small():
    folder = data_path("pocket")
    notes = weights.manifest(folder)
    for name in notes["files"]:
        assert all(np.isfinite(value).all() for value in weights.load(name, folder))
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 16_000_000
    assert {"encoder", "decoder"} <= set(notes["files"])


def test_a_copy_of_the_shipped_weights_with_a_flipped_bit_is_noticed(tmp_path):
    folder = shutil.copytree(data_path("pocket"), tmp_path / "pocket")
    for name in json.loads((folder / "manifest.json").read_text())["files"]:
        content = bytearray((folder / f"{name}.npz").read_bytes())
        content[len(content) // 2] ^= 64
        (folder / f"{name}.npz").write_bytes(content)
        with pytest.raises(ValueError, match="damaged"):
            weights.load(name, folder)
