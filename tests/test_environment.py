"""The three descriptions of the environment agree: ranges, pins, conda; and Colab fits the ranges."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lessons import ROOT

PIN = re.compile(r"[a-z0-9][a-z0-9._-]*==[A-Za-z0-9.+!]+( ; [^@:]+)?")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = [
    {"sys_platform": "linux", "platform_machine": "x86_64"},
    {"sys_platform": "darwin", "platform_machine": "arm64"},
]
# What a Colab notebook finds today; installing the course must replace none of it.
COLAB = {
    "tensorflow": ["2.19.0", "2.20.0"],
    "keras": ["3.10.0"],
    "numpy": ["2.0.2"],
    "matplotlib": ["3.10.0"],
    "pillow": ["11.3.0"],
    "ipywidgets": ["7.7.1"],
    "ipython": ["7.34.0"],
    "scipy": ["1.16.0"],
}


def lines(name: str = "requirements.txt") -> list[str]:
    """The lines of a requirements file that say something."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def ranges() -> list[Requirement]:
    """What pyproject.toml asks for, extras included."""
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(text) for part in (PROJECT["dependencies"], *extras) for text in part]


def pins() -> dict[str, list[Requirement]]:
    """The pinned versions by name; a name has several where a marker chooses one."""
    found: dict[str, list[Requirement]] = {}
    for requirement in map(Requirement, lines()):
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def version(pin: Requirement) -> str:
    return next(iter(pin.specifier)).version


def test_the_pins_are_names_and_versions_only():
    assert len(lines()) > 100
    assert [line for line in lines() if not PIN.fullmatch(line)] == []


@pytest.mark.parametrize("wanted", ranges(), ids=str)
def test_the_pins_lie_within_the_ranges(wanted):
    found = pins().get(canonicalize_name(wanted.name), [])
    assert found, f"{wanted.name} has no pin: run `make lock`"
    outside = [str(pin) for pin in found if not wanted.specifier.contains(version(pin))]
    assert not outside, "run `make lock`"


@pytest.mark.parametrize(
    ("name", "pinned"),
    [("tensorflow", "2.21.0"), ("tensorflow-cpu", "2.21.0"), ("keras", "3.15.1"), ("keras-cv", "0.9.0")],
)
def test_the_frameworks_are_those_the_course_was_written_with(name, pinned):
    assert {version(pin) for pin in pins()[name]} == {pinned}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("machine", OURS, ids=lambda machine: machine["sys_platform"])
def test_every_python_and_machine_gets_one_version_of_each_library(python, machine):
    here = {**machine, "python_version": python, "python_full_version": f"{python}.1"}
    chosen = {
        name: [pin for pin in found if pin.marker is None or pin.marker.evaluate(here)]
        for name, found in pins().items()
    }
    assert [name for name, found in chosen.items() if len(found) > 1] == []
    # One TensorFlow: the CPU build where there is one.
    assert len(chosen["tensorflow"]) + len(chosen["tensorflow-cpu"]) == 1
    for wanted in ranges():
        if wanted.marker is None or wanted.marker.evaluate(here):
            name = canonicalize_name(wanted.name)
            instead = chosen["tensorflow-cpu"] if name == "tensorflow" else []
            assert chosen[name] or instead, f"nothing pinned for {wanted}"


def test_conda_installs_exactly_the_pins_and_the_course():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, last = environment["dependencies"]
    assert last == {"pip": ["-r requirements.txt", "-e ."]}
    assert "pip" in conda
    python = Requirement(next(text for text in conda if text.startswith("python")).replace("=", "==", 1))
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(f"{version(python)}.1")
    assert len(conda) == 2  # everything else comes from the pins


@pytest.mark.parametrize(("name", "here"), [(name, v) for name, versions in COLAB.items() for v in versions])
def test_what_colab_has_satisfies_the_ranges(name, here):
    wanted = {canonicalize_name(r.name): r for r in map(Requirement, PROJECT["dependencies"])}
    assert wanted[name].specifier.contains(here)


def test_colab_has_every_dependency_and_its_python_will_do():
    names = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    assert names <= COLAB.keys()
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains("3.12.12")
