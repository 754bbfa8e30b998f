"""Data sets by name: drawn and kept, read from the user's files, or refused in one sentence."""

import gzip
import os
import socket
import subprocess
import sys
import threading
import urllib.error
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import biscuits, datasets, glyphs
from helpers.classics import IDX
from helpers.classics import NAMES as FETCHED
from helpers.datasets import DRAWN, DatasetError, load

ONE_SENTENCE = r"^[^\n]+\.$"
ARRAYS = ("train", "test", "train_labels", "test_labels", "train_factors", "test_factors")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, an empty home for Keras, and no network."""

    def no_network(*_):
        raise urllib.error.URLError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "cache"


def same(one, two):
    return all(np.array_equal(getattr(one, name), getattr(two, name)) for name in ARRAYS)


def arrays(train=6, test=4):
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(256, size=(train, 28, 28), dtype=np.uint8),
        "y_train": rng.integers(10, size=train, dtype=np.uint8),
        "x_test": rng.integers(256, size=(test, 28, 28), dtype=np.uint8),
        "y_test": rng.integers(10, size=test, dtype=np.uint8),
    }


def write_idx(folder, content):
    folder.mkdir(parents=True)
    for name, array in zip(IDX, content.values(), strict=True):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        (folder / name).write_bytes(gzip.compress(header + array.tobytes()))


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_set_is_what_it_says(name):
    data = load(name, train=60, test=24)
    assert data.train.shape == (60, 28, 28, 1) and data.test.shape == (24, 28, 28, 1)
    assert data.train.dtype == data.test.dtype == data.train_factors.dtype == np.float32
    assert data.train_labels.dtype == data.test_labels.dtype == np.int64
    assert data.train_labels.shape == (60,) and data.test_labels.max() < len(data.names)
    assert data.train_factors.shape == (60, len(data.factor_names)) and len(data.test_factors) == 24
    assert data.factor_names == DRAWN[name].FACTORS
    with pytest.raises(AttributeError):
        data.train = None


def test_default_counts_are_those_of_the_course():
    data = load("glyphs")
    assert len(data.train) == 12_000 and len(data.test) == 2_400 and data.names == glyphs.NAMES
    assert not {image.tobytes() for image in data.train} & {image.tobytes() for image in data.test}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(DRAWN)),
    seed=st.integers(0, 2**31),
    counts=st.tuples(*2 * [st.integers(1, 30)]),
)
def test_stored_and_fresh_are_the_same_to_the_bit(name, seed, counts):
    train, test = counts
    fresh = load(name, seed=seed, train=train, test=test)
    assert same(fresh, load(name, seed=seed, train=train, test=test))
    drawn = DRAWN[name].sample(train, seed=(seed, 1))
    assert np.array_equal(fresh.train, drawn.images)
    assert np.array_equal(fresh.train_factors, drawn.factors)
    assert not same(fresh, load(name, seed=seed + 1, train=train, test=test))


def test_what_is_stored_is_not_drawn_again(monkeypatch):
    first = load("glyphs", train=24, test=12)
    monkeypatch.setattr(glyphs, "sample", None)
    assert same(first, load("glyphs", train=24, test=12))
    with pytest.raises(TypeError):
        load("glyphs", train=25, test=12)
    monkeypatch.setattr(glyphs, "VERSION", glyphs.VERSION + 1)
    with pytest.raises(TypeError):
        load("glyphs", train=24, test=12)


def test_a_result_may_be_written_to_without_harm():
    data = load("biscuits", train=5, test=5)
    data.train[:] = 0
    assert load("biscuits", train=5, test=5).train.max() == 1


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_a_damaged_cache_is_drawn_again_and_says_so_once(cache, capsys, damage):
    first = load("glyphs", train=24, test=12)
    (path,) = cache.iterdir()
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    broken = {"cut": content[:middle], "flip": flipped, "empty": b"", "text": b"not an archive" * 9}
    path.write_bytes(broken[damage])
    assert capsys.readouterr().out == ""
    assert same(first, load("glyphs", train=24, test=12))
    assert capsys.readouterr().out.count("\n") == 1
    assert path.read_bytes() == content
    load("glyphs", train=24, test=12)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_file_and_no_rest(cache, monkeypatch, error):
    load("biscuits", train=5, test=5)
    (path,) = cache.iterdir()
    path.write_bytes(b"an older file")

    def interrupted(*_):
        raise error

    monkeypatch.setattr(os, "replace", interrupted)
    if isinstance(error, OSError):
        assert len(load("biscuits", train=5, test=5).train) == 5
    else:
        with pytest.raises(KeyboardInterrupt):
            load("biscuits", train=5, test=5)
    assert [path] == list(cache.iterdir()) and path.read_bytes() == b"an older file"


def test_many_writers_at_once_do_no_harm(cache, capsys):
    results = []

    def work():
        results.append(load("biscuits", seed=5, train=200, test=50))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8 and all(same(results[0], other) for other in results)
    assert len(list(cache.iterdir())) == 1 and capsys.readouterr().out == ""
    assert same(results[0], load("biscuits", seed=5, train=200, test=50))


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("a file where a folder should be")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    first = load("biscuits", train=5, test=5)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "locked"))

    def locked(*_, **__):
        raise PermissionError("read-only")

    monkeypatch.setattr("tempfile.mkstemp", locked)
    assert same(first, load("biscuits", train=5, test=5))
    monkeypatch.setattr(Path, "read_bytes", locked)
    assert same(first, load("biscuits", train=5, test=5))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_without_a_choice_the_cache_is_the_users(monkeypatch, tmp_path, platform):
    monkeypatch.delenv("COURSE_CACHE")
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", platform)
    folder = datasets._cache_folder()
    assert folder.name == "generative-course" and tmp_path in folder.parents

    def homeless():
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    assert datasets._cache_folder() is None
    assert len(load("biscuits", train=5, test=5).train) == 5


@pytest.mark.parametrize("name", FETCHED)
@pytest.mark.parametrize("form", ["npz", "idx"])
def test_the_users_own_files_are_read(tmp_path, name, form):
    content = arrays()
    path = tmp_path / ("own.npz" if form == "npz" else "own")
    if form == "npz":
        np.savez(path, **content)
    else:
        write_idx(path, content)
    data = load(name, file=path)
    assert np.array_equal(np.rint(data.train[..., 0] * 255), content["x_train"])
    assert np.array_equal(data.test_labels, content["y_test"])
    assert data.train.dtype == np.float32 and data.test_labels.dtype == np.int64
    assert data.train.max() <= 1 and len(data.names) == 10 and data.train_factors is None
    few = load(name, file=str(path), train=2, test=1, seed=9)
    assert np.array_equal(few.train, data.train[:2]) and len(few.test) == 1
    with pytest.raises(DatasetError, match="there are 6"):
        load(name, file=path, train=7)


def test_what_keras_has_already_is_used_without_it(tmp_path):
    np.savez(tmp_path / "mnist", **arrays())
    target = tmp_path / "keras" / "datasets"
    write_idx(target / "fashion-mnist", arrays())
    os.replace(tmp_path / "mnist.npz", target / "mnist.npz")
    assert np.array_equal(load("mnist").train, load("fashion_mnist").train)


@pytest.mark.parametrize("name", FETCHED)
def test_without_a_network_one_sentence_says_what_to_do(tmp_path, name):
    """In a process of its own, for Keras settles on its folder when it is first imported."""
    home = tmp_path / "keras"
    if name == "fashion_mnist":  # a torn download of an earlier try
        write_idx(home / "datasets" / "fashion-mnist", arrays())
        torn = home / "datasets" / "fashion-mnist" / IDX[0]
        torn.write_bytes(torn.read_bytes()[:100])
    code = f"""
import socket, urllib.error
def no_network(*_, **__):
    raise urllib.error.URLError("no network in this test")
socket.socket.connect = socket.getaddrinfo = no_network
socket.setdefaulttimeout(7)
from helpers.datasets import DatasetError, load
try:
    load("{name}")
except DatasetError as error:
    assert error.__suppress_context__ and socket.getdefaulttimeout() == 7
    print(error)
"""
    root = Path(__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.count("\n") == 1 and "Downloading" not in run.stderr
    for word in (name, "no network in this test", "file=", 'load("glyphs")', "https://"):
        assert word in run.stdout
    left = [path for path in home.rglob("*") if path.is_file() and path.name != "keras.json"]
    assert sorted(path.name for path in left) == (sorted(IDX[1:]) if name == "fashion_mnist" else [])


def bad_files(tmp_path):
    """Each kind of file that is not the one wanted."""
    good = arrays()
    np.savez(tmp_path / "few.npz", x_train=good["x_train"])
    np.savez(tmp_path / "shape.npz", **good | {"x_test": good["x_test"][:, :14]})
    np.savez(tmp_path / "count.npz", **good | {"y_test": good["y_test"][:-1]})
    np.savez(tmp_path / "scalar.npz", **good | {"y_test": np.uint8(3)})
    np.savez(tmp_path / "float.npz", **good | {"x_train": good["x_train"] / 255})
    np.savez(tmp_path / "label.npz", **good | {"y_train": good["y_train"] + 10})
    np.savez(tmp_path / "none.npz", **arrays(train=0))
    np.savez(tmp_path / "object.npz", **good | {"y_train": np.array([{}] * 6)})
    np.save(tmp_path / "single.npy", good["x_train"])
    (tmp_path / "empty.npz").write_bytes(b"")
    (tmp_path / "text.npz").write_text("<html>Sign in to the network</html>")
    np.savez(tmp_path / "torn.npz", **good)
    whole = (tmp_path / "torn.npz").read_bytes()
    (tmp_path / "torn.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "flipped.npz").write_bytes(whole[:900] + bytes([whole[900] ^ 1]) + whole[901:])
    (tmp_path / "bare").mkdir()
    for kind, change in {
        "cut": lambda data: gzip.compress(data)[:-40],
        "short": lambda data: gzip.compress(data[:-40]),
        "tiny": lambda data: gzip.compress(data[:3]),
        "type": lambda data: gzip.compress(b"\0\0\x0d" + data[3:]),
        "plain": lambda data: data,
    }.items():
        write_idx(tmp_path / kind, good)
        path = tmp_path / kind / IDX[2]
        path.write_bytes(change(gzip.decompress(path.read_bytes())))
    return [path for path in tmp_path.iterdir() if path.name not in ("cache", "keras")]


def test_bad_files_are_refused_in_one_sentence_that_names_them(tmp_path):
    paths = bad_files(tmp_path)
    assert len(paths) == 19
    for path in [*paths, tmp_path / "missing.npz"]:
        with pytest.raises(DatasetError, match=ONE_SENTENCE) as caught:
            load("mnist", file=path)
        assert path.name in str(caught.value) and caught.value.__suppress_context__ | (
            caught.value.__context__ is None
        )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: load("cifar"), [*DRAWN, *FETCHED]),
        (lambda: load("glyphs", file="own.npz"), ["drawn", "file="]),
        (lambda: load("glyphs", train=0), ["at least one"]),
        (lambda: load("mnist", test=-1), ["at least one"]),
    ],
)
def test_wrong_calls_are_refused_in_one_sentence(call, words):
    with pytest.raises(DatasetError, match=ONE_SENTENCE) as caught:
        call()
    assert all(word in str(caught.value) for word in words)


def test_drawn_sets_need_neither_keras_nor_pyplot():
    code = """
import sys
import helpers.quiet
before = set(sys.modules)
from helpers.datasets import load
load("glyphs", train=3, test=3)
new = set(sys.modules) - before
print([name for name in ("keras", "tensorflow", "matplotlib.pyplot") if name in new])
"""
    root = Path(__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_tins_have_one_name_and_their_two_factors():
    data = load("biscuits", train=20, test=10)
    assert data.names == ("biscuit",) and not data.train_labels.any()
    found = biscuits.measure(data.test)
    assert np.abs(data.test_factors[:, 0] - found["height"]).max() < 0.06
