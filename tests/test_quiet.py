"""The silent start: nothing on stderr at first, everything later; measured in processes of their own.

Only a fresh process imports TensorFlow, so each scene is one: a script, another without `begin` to
compare with, and a Jupyter kernel.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest
from notebook_factory import INHERITED, run_cells

from helpers.quiet import cores, hushed
from tools import lessons

# What this process may have set itself, and what the answers below depend on.

FACTS = """
import json, os
import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port
asked = tf.data.Options()
asked.autotune.enabled = True
print(json.dumps({
    "onednn": bool(_pywrap_util_port.IsMklEnabled()),
    "variable": os.environ.get("TF_ENABLE_ONEDNN_OPTS"),
    "tuner": [options.autotune.enabled for options in (tf.data.Options(), asked)],
}))
"""
SEEDS = """
import random
import keras
import numpy as np
drawn = []
for seed in (7, 7, 8):
    begin(seed)
    drawn.append([
        random.random(),
        float(np.random.rand()),
        float(keras.random.normal(())),
        float(keras.layers.Dense(1)(np.ones((1, 1), "float32"))[0, 0]),
    ])
import json
print(json.dumps(drawn))
"""
NOISE = """
import os, sys, warnings
import tensorflow as tf
from absl import logging
os.write(2, b"native: written to the descriptor\\n")
sys.stderr.write("python: written to the stream\\n")
warnings.warn("python: a warning of some library")
tf.get_logger().error("tensorflow: an error of its Python part")
logging.warning("keras: a warning as it writes them")
try:
    tf.io.read_file("no such file")  # its C++ part warns before Python sees the exception
except tf.errors.NotFoundError:
    pass
sys.stderr.flush()
"""
BEGIN = "from helpers import begin\nbegin(1)\n"
PLAIN = "import tensorflow as tf\ntf.constant(0.0) + 1.0" + FACTS
SCRIPT = BEGIN + SEEDS + FACTS + NOISE + 'raise RuntimeError("the end of the script")\n'
HEARD = [
    "native: written to the descriptor",
    "python: written to the stream",
    "UserWarning: python: a warning of some library",
    "tensorflow: an error of its Python part",
    "keras: a warning as it writes them",
    "NOT_FOUND: no such file",
]


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in INHERITED}


@pytest.fixture(scope="module")
def script(environment):
    """`begin`, four times in all, then everything that may be said on stderr, then an exception."""
    return run(SCRIPT, environment)


@pytest.fixture(scope="module")
def plain(environment):
    """TensorFlow imported without `begin`, and told to leave its oneDNN kernels off."""
    return run(PLAIN, environment | {"TF_ENABLE_ONEDNN_OPTS": "0"})


def run(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=lessons.ROOT, env=environment, capture_output=True, timeout=120
    )


def facts(process: subprocess.CompletedProcess) -> dict:
    return json.loads(process.stdout.decode().splitlines()[-1])


# --- a script ----------------------------------------------------------------------------------------


def test_begin_writes_nothing_to_stderr(script):
    assert script.stderr.startswith(HEARD[0].encode())
    assert script.stdout.count(b"\n") == 6, "the script came to its noise"


def test_without_begin_the_import_is_not_silent(plain):
    if plain.stderr == b"":
        pytest.skip("this TensorFlow greets nobody on this machine: there is nothing to silence")
    assert plain.returncode == 0 and b"cpu_feature_guard" in plain.stderr


def test_begin_says_one_line(script):
    lines = script.stdout.decode().splitlines()
    assert [line.rsplit(" · ", 1)[1] for line in lines[:4]] == ["seed 1", "seed 7", "seed 7", "seed 8"]
    assert lines[0].startswith("TensorFlow 2.") and " · Keras 3." in lines[0]
    assert f"CPU, {cores()} cores" in lines[0] or " GPU " in lines[0]


@pytest.mark.skipif(
    not (sys.platform == "linux" and platform.machine() == "x86_64"),
    reason="whether TensorFlow uses oneDNN by itself is known for Linux on x86 only",
)
def test_begin_leaves_onednn_on(script, plain):
    answers = [[facts(process)[key] for key in ("onednn", "variable")] for process in (script, plain)]
    assert answers == [[True, None], [False, "0"]], "the question can tell on from off"


def test_begin_leaves_datasets_untuned_unless_asked(script, plain):
    """The tuner of tf.data makes `fit` wait for it at its end."""
    assert facts(script)["tuner"] == [False, True]
    assert facts(plain)["tuner"] == [None, True], "TensorFlow itself would tune"


def test_begin_makes_every_generator_reproducible(script):
    first, again, other = json.loads(script.stdout.decode().splitlines()[-2])
    assert first == again
    assert all(x != y for x, y in zip(first, other, strict=True))


@pytest.mark.parametrize("sentence", HEARD)
def test_what_comes_after_begin_is_heard(script, sentence):
    assert sentence in script.stderr.decode()


def test_an_exception_after_begin_shows_its_traceback(script):
    text = script.stderr.decode()
    assert script.returncode == 1
    assert "Traceback (most recent call last)" in text
    assert text.endswith("RuntimeError: the end of the script\n")


def test_without_tensorflow_one_sentence_says_what_to_do():
    script = "import sys; sys.modules['tensorflow'] = None\nfrom helpers import begin\nbegin(1)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=lessons.ROOT, capture_output=True, text=True, timeout=120
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: tensorflow") and "is missing: `pip install -r" in last


# --- a notebook --------------------------------------------------------------------------------------

CELLS = [
    BEGIN,
    "import time\ntime.sleep(1)  # what a late reader of the descriptor would still bring",
    NOISE + "time.sleep(1)",
    'raise RuntimeError("the end of the notebook")',
    "from helpers.quiet import hushed\n"
    'with hushed():\n    os.write(2, b"unheard\\n")\n'
    'os.write(2, b"native: heard again\\n")\ntime.sleep(1)',
]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The outputs of CELLS in a real kernel: their streams by name, and everything else."""
    notebook = run_cells(tmp_path_factory.mktemp("quiet"), CELLS, go_on_after=["RuntimeError"])
    found = []
    for cell in notebook.cells:
        streams = {"stdout": "", "stderr": ""}
        for output in cell.outputs:
            if output.output_type == "stream":
                streams[output.name] += output.text
        others = [output for output in cell.outputs if output.output_type != "stream"]
        found.append(SimpleNamespace(**streams, others=others))
    return found


def test_in_a_notebook_begin_shows_one_line_and_nothing_else(cells):
    assert cells[0].stdout.count("\n") == 1 and cells[0].stdout.endswith(" · seed 1\n")
    assert cells[0].stderr == cells[1].stderr == cells[1].stdout == ""
    assert cells[0].others == cells[1].others == []


@pytest.mark.parametrize("sentence", HEARD)
def test_in_a_notebook_what_comes_after_begin_is_heard(cells, sentence):
    # Where a person types, TensorFlow's Python part logs to stdout; everybody else to stderr.
    assert sentence in cells[2].stderr + (cells[2].stdout if "tensorflow" in sentence else "")


def test_in_a_notebook_an_exception_shows_its_traceback(cells):
    (error,) = cells[3].others
    assert (error.ename, error.evalue) == ("RuntimeError", "the end of the notebook")
    assert error.traceback


def test_in_a_notebook_hushed_ends_when_its_block_ends(cells):
    assert "native: heard again" in cells[4].stderr
    assert "unheard" not in "".join(cell.stderr for cell in cells)


# --- hushed ------------------------------------------------------------------------------------------


def say(word: str) -> None:
    """On both ways to stderr."""
    os.write(2, f"native {word}\n".encode())
    print(f"python {word}", file=sys.stderr)


def test_hushed_swallows_both_ways_and_only_for_its_block(capfd):
    say("before")
    with hushed():
        say("inside")
    say("after")
    said = capfd.readouterr().err
    assert "inside" not in said
    assert all(f"{way} {time}" in said for way in ("native", "python") for time in ("before", "after"))


def test_hushed_leaves_stdout_alone(capfd):
    with hushed():
        print("python on stdout", flush=True)
        os.write(1, b"native on stdout\n")
    assert capfd.readouterr().out.splitlines() == ["python on stdout", "native on stdout"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_hushed_gives_everything_back_when_its_block_fails(capfd, failure):
    with pytest.raises(failure), hushed():
        say("inside")
        raise failure
    say("after")
    said = capfd.readouterr().err
    for word in ("inside", "after"):
        assert said.count(f"native {word}") == said.count(f"python {word}") == 1


def test_hushed_gives_back_bytes_that_are_no_text(capfd):
    with pytest.raises(ValueError, match="the cause"), hushed():
        os.write(2, b"\xff\xfe broken\n")
        raise ValueError("the cause")
    assert "broken" in capfd.readouterr().err


def test_hushed_works_nested_and_twice(capfd):
    stream = sys.stderr
    for _ in range(2):
        with hushed():
            with hushed():
                say("deep")
            say("inside")
        say("outside")
    said = capfd.readouterr().err
    assert sys.stderr is stream
    assert "deep" not in said and "inside" not in said
    assert said.count("native outside") == said.count("python outside") == 2


def test_a_nested_failure_is_told_once(capfd):
    with pytest.raises(ValueError), hushed():
        say("outer")
        with hushed():
            say("inner")
            raise ValueError
    said = capfd.readouterr().err
    assert [said.count(f"{way} {word}") for way in ("native", "python") for word in ("outer", "inner")] == [
        1
    ] * 4


def test_a_nested_failure_that_is_handled_stays_unheard(capfd):
    with hushed():
        with pytest.raises(ValueError), hushed():
            say("inner")
            raise ValueError
        say("outer")
    assert capfd.readouterr().err == ""


def test_a_process_started_after_hushed_can_speak(capfd):
    with hushed():
        pass
    subprocess.run([sys.executable, "-c", "import os; os.write(2, b'a child speaks')"], check=True)
    assert "a child speaks" in capfd.readouterr().err


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="this system does not list a process's open files")
def test_hushed_leaves_no_file_open():
    def use() -> None:
        with pytest.raises(ValueError), hushed():
            with hushed():
                pass
            raise ValueError

    use()
    gc.collect()
    before = os.listdir("/dev/fd")
    for _ in range(50):
        use()
    assert len(os.listdir("/dev/fd")) == len(before)


def test_hushed_keeps_the_log_level_that_a_user_chose(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    with hushed():
        pass
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


def test_the_cores_are_those_that_this_process_may_use():
    assert 1 <= cores() <= os.cpu_count()
