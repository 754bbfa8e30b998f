"""Loading by name: what is said when the real weights, or the library, are not there. Without a network."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace
from urllib.error import URLError

import keras
import numpy as np
import pytest
from keras_cv.src.models.stable_diffusion import stable_diffusion

from helpers.pocket import fetching, load_text_to_image, loading, machine, parts, weights
from helpers.pocket.fetching import missing
from helpers.pocket.loading import FILES
from tests.pocket_factory import stirred

NETWORKS = ("TextEncoder", "Decoder", "DiffusionModel")  # in the order in which they are loaded


class Part:
    """Stands for the tokenizer or a network: notes what was there when it was built."""

    built: list[tuple] = []

    def __init__(self, name, *sizes):
        fetched = not missing(loading.FILES, loading.keras_cache())
        self.built.append((name, sizes, fetched, keras.config.dtype_policy().name))

    def compile(self, jit_compile):
        assert jit_compile is True


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache; four small files, which `fetch` puts there instead of a network; no real networks."""
    contents = {file.name: f"the {file.what}".encode() for file in FILES}
    files = [
        replace(file, sha256=sha256(contents[file.name]).hexdigest(), size=len(contents[file.name]))
        for file in FILES
    ]

    def fill(file, folder):
        (folder / file.name).write_bytes(contents[file.name])

    monkeypatch.setattr(loading, "FILES", tuple(files))
    monkeypatch.setattr(loading, "keras_cache", lambda: tmp_path)
    monkeypatch.setattr(fetching, "_ask", lambda file: None)
    monkeypatch.setattr(fetching, "_download", fill)
    monkeypatch.setattr(machine, "_memory", lambda: (16 * machine.GIB, 8 * machine.GIB))
    monkeypatch.setattr(Part, "built", [])
    for name in ("SimpleTokenizer", *NETWORKS):
        monkeypatch.setattr(stable_diffusion, name, lambda *sizes, name=name: Part(name, *sizes))
    return tmp_path


@pytest.fixture
def offline(cache, monkeypatch):
    """Nobody answers; tells who was asked."""
    asked = []

    def fail(file):
        asked.append(file.what)
        raise URLError("no route to host")

    monkeypatch.setattr(fetching, "PAUSE", 0)
    monkeypatch.setattr(fetching, "_ask", fail)
    return asked


@pytest.fixture
def pocket(monkeypatch):
    """Stands for the pocket model: its options."""
    monkeypatch.setattr(loading, "_pocket", lambda **options: options)


def test_an_unknown_name_is_one_sentence():
    with pytest.raises(ValueError, match="Unknown model 'dall-e': say 'pocket', 'real' or 'auto'."):
        load_text_to_image("dall-e")


@pytest.mark.parametrize("name", ["real", "stable-diffusion"])
def test_without_a_network_the_real_model_fails_early_in_one_sentence(offline, name, capsys):
    with pytest.raises(RuntimeError, match="cannot be had: .*no route to host.*load_text_to_image") as failed:
        load_text_to_image(name)
    assert "\n" not in str(failed.value)
    assert offline == ["vocabulary"] * fetching.TRIES and Part.built == []
    said = capsys.readouterr().out
    for fact in ("in 4 files", "CreativeML Open RAIL-M", "memory", "GPU"):
        assert fact in said


def test_what_is_said_before_the_download_is_what_will_come(monkeypatch, tmp_path):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    said = loading._notice(tmp_path / ".keras" / "datasets", "bfloat16")
    assert "4.13 GB in 4 files (vocabulary 1.4 MB, text encoder 0.49 GB, decoder 0.20 GB, denoiser" in said
    assert "4.13 GB will be fetched to ~/.keras/datasets, once." in said and "in bfloat16 here" in said


def test_the_files_are_those_that_kerascv_asks_for(monkeypatch):
    """Names, origins and checksums, out of the installed library."""
    from keras_cv.src.models.stable_diffusion import clip_tokenizer, decoder, diffusion_model, text_encoder

    modules = (clip_tokenizer, text_encoder, decoder, diffusion_model)
    for file, module in zip(FILES, modules, strict=True):
        source = inspect.getsource(module)
        call = source[source.index(f'"{file.origin}"') - 100 :][:400]
        assert "get_file(" in call and f'file_hash="{file.sha256}"' in call
        assert f'"{file.name}"' in call or file.origin.endswith(f"/{file.name}")


@pytest.mark.parametrize(
    ("total", "free", "policy"), [(16, 8, "float32"), (11.9, 8, "bfloat16"), (16, 5, "bfloat16")]
)
def test_all_is_fetched_before_the_first_network_is_built(cache, monkeypatch, total, free, policy, capsys):
    monkeypatch.setattr(machine, "_memory", lambda: (int(total * machine.GIB), int(free * machine.GIB)))
    before = keras.config.dtype_policy().name
    model = load_text_to_image("real", img_height=256)
    assert sorted(path.name for path in cache.iterdir()) == sorted(file.name for file in FILES)
    assert [(name, fetched) for name, _, fetched, _ in Part.built] == [
        (name, True) for name in ("SimpleTokenizer", *NETWORKS)
    ]
    assert {used for *_, used in Part.built} == {policy} and f"in {policy} here" in capsys.readouterr().out
    assert Part.built[2][1] == (256, 512)
    assert type(model) is stable_diffusion.StableDiffusion and model.jit_compile is False
    assert keras.config.dtype_policy().name == before == "float32"


def test_what_is_in_the_cache_is_not_fetched_again(cache, monkeypatch, capsys):
    load_text_to_image("real")
    monkeypatch.setattr(fetching, "_download", lambda *_: pytest.fail("fetched again"))
    model = load_text_to_image("auto")  # without a GPU
    assert type(model) is stable_diffusion.StableDiffusion
    assert "They are in Keras's cache." in capsys.readouterr().out


def test_a_policy_of_the_users_own_stays(cache):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        load_text_to_image("real")
        assert {used for *_, used in Part.built} == {"mixed_bfloat16"}
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("said", "policy"),
    [("15360\n", "mixed_float16"), ("24576\n24576\n", "float32"), ("", "mixed_float16")],
)
def test_a_gpu_of_16_gb_gets_half_precision_and_a_compiler(cache, monkeypatch, said, policy):
    monkeypatch.setattr(machine, "gpus", lambda: 1)
    monkeypatch.setattr(subprocess, "run", lambda ask, **_: SimpleNamespace(stdout=said))
    model = load_text_to_image("real")
    assert {used for *_, used in Part.built} == {policy} and model.jit_compile is True


def test_too_little_memory_or_disk_is_said_before_a_download(cache, monkeypatch, offline):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**8))
    with pytest.raises(RuntimeError, match="0.10 GB of the disk are free, and 0.10 GB are needed"):
        load_text_to_image("real")
    monkeypatch.setattr(machine, "_memory", lambda: (8 * 10**9, 3 * 10**9))
    with pytest.raises(RuntimeError, match="3.00 GB of memory are free, and 4.00 GB are needed"):
        load_text_to_image("real")
    assert offline == [] and Part.built == []


def test_a_cache_that_cannot_be_written_is_one_sentence(cache, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(fetching, "_download", refuse)
    with pytest.raises(RuntimeError, match="cannot be written .Permission denied."):
        load_text_to_image("real")


def test_auto_is_the_pocket_model_where_nothing_was_fetched_and_no_gpu_is(offline, pocket, capsys):
    assert load_text_to_image("auto", img_height=512, jit_compile=False) == {"jit_compile": False}
    assert offline == []
    said = "This is the pocket model and not the real one: its weights have not been fetched and there is no"
    assert capsys.readouterr().out == f"{said} GPU.\n"


def test_auto_falls_back_on_the_pocket_model_and_says_why(offline, pocket, monkeypatch, capsys):
    monkeypatch.setattr(machine, "gpus", lambda: 1)
    assert load_text_to_image("auto") == {}
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("This is the pocket model and not the real one: github.com does not give the voc")
    assert "no route to host" in last


def test_the_machine_knows_its_memory():
    total, free = machine._memory()
    assert 0 < free <= total


@pytest.mark.parametrize("name", ["real", "auto"])
@pytest.mark.parametrize("pixels", [0, 64, 200])
def test_sizes_that_the_library_would_round_are_refused(offline, monkeypatch, name, pixels):
    monkeypatch.setattr(machine, "gpus", lambda: 1)
    with pytest.raises(ValueError, match=f"img_width must be a multiple of 128 pixels, not {pixels}"):
        load_text_to_image(name, img_width=pixels)
    assert not offline


def test_the_pocket_model_comes_with_its_stored_weights(tmp_path, monkeypatch):
    """Random weights stand in for the trained ones, stored as those are."""
    monkeypatch.setattr(weights, "data_path", lambda name: tmp_path)
    made = {"text_encoder": "text_encoder", "velocity": "denoiser", "decoder": "decoder"}
    networks = {stored: stirred(parts.build(part), 1) for part, stored in made.items()}
    weights.save(networks, {}, tmp_path)
    model = load_text_to_image("pocket", img_height=64, img_width=64)
    for part, stored in made.items():
        for found, value in zip(
            getattr(model, part).get_weights(), networks[stored].get_weights(), strict=True
        ):
            assert np.array_equal(found, value.astype(np.float16).astype(np.float32))
    assert model.text_to_image("a golden leo", num_steps=2, seed=1, progress=False).shape == (1, 64, 64, 3)
    with pytest.raises(FileNotFoundError, match="weights of the pocket model's encoder are missing"):
        model.encode_image(np.zeros((64, 64, 3), np.uint8))


def test_parts_are_told_how_to_be_compiled():
    assert parts.ready(parts.build("image_encoder"), True).jit_compile is True
    assert parts.ready(parts.build("image_encoder")).jit_compile is False


def test_without_kerascv_there_is_one_sentence(monkeypatch):
    for module in ("keras_cv", "keras_cv.models"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "helpers.pocket.pipeline", raising=False)
    with pytest.raises(ModuleNotFoundError, match="^keras_cv is missing: `pip install keras-cv==0.9.0`"):
        load_text_to_image()


def test_the_package_is_light():
    """Its tokenizer needs no Keras, its networks no KerasCV."""
    code = """
import sys, helpers.pocket.words, helpers.pocket.schedule
print("keras" in sys.modules)
import helpers.pocket.parts
print("keras" in sys.modules, "keras_cv" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "True", "False"]
