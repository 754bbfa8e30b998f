"""The set-up cell as Colab runs it: in a fresh environment without the course, with its dependencies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import version
from pathlib import Path

import pytest

from tools import stamp
from tools.lessons import ROOT

RUN_CELL = """
import sys, types
from IPython.core.interactiveshell import InteractiveShell
if {colab}:
    sys.modules["google.colab"] = types.ModuleType("google.colab")
shell = InteractiveShell.instance()
if not {colab}:
    shell.register_magic_function(lambda line: sys.exit("the set-up cell ran pip"), magic_name="pip")
shell.run_cell({cell!r}).raise_error()
assert callable(shell.user_ns["begin"])
from pathlib import Path
import helpers
from helpers import world
print("land", round(float(world.land_mask().mean()), 2))
print("helpers", Path(helpers.__file__).parent)
"""


def listed() -> list[str]:
    """The files of the working tree that belong to the repository, committed or not yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def clone(folder: Path) -> Path:
    """The working tree as a repository with one commit."""
    for name in listed():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=The course"]):
        subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    return folder


def empty_environment(folder: Path) -> Path:
    """A virtual environment that sees this one's packages, but not the course; its interpreter."""
    packages = folder / "packages"
    packages.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.name != "helpers" and "generative" not in entry.name:
            (packages / entry.name).symlink_to(entry)
    if not list(packages.glob("tensorflow-[0-9]*.dist-info")):
        # Here TensorFlow comes as tensorflow-cpu; Colab has it under its own name.
        named = packages / f"tensorflow-{version('tensorflow-cpu')}.dist-info"
        named.mkdir()
        (named / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: tensorflow\nVersion: {version('tensorflow-cpu')}\n"
        )
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    Path(site.stdout.strip(), "dependencies.pth").write_text(f"{packages}\n")
    return python


def run_setup(
    python: Path | str, folder: Path, *, colab: bool, **variables: str
) -> subprocess.CompletedProcess:
    """Run the set-up cell and look at what it brought."""
    script = RUN_CELL.format(colab=colab, cell=stamp.setup_source(stamp.repository()))
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | variables
    done = subprocess.run(
        [python, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.skipif(os.name == "nt", reason="Colab is a Linux machine")
def test_in_colab_the_cell_installs_the_course_with_its_data(tmp_path):
    (tmp_path / "repository").mkdir()
    repository = clone(tmp_path / "repository")
    python = empty_environment(tmp_path)
    elsewhere = tmp_path / "content"
    elsewhere.mkdir()
    missing = subprocess.run([python, "-c", "import helpers"], cwd=elsewhere, capture_output=True, text=True)
    assert "No module named 'helpers'" in missing.stderr
    done = run_setup(
        python,
        elsewhere,
        colab=True,
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.{repository.as_uri()}.insteadOf",
        GIT_CONFIG_VALUE_0=stamp.repository(),
        PIP_NO_INDEX="1",  # nothing else is fetched: Colab's own packages are good enough
        PIP_NO_BUILD_ISOLATION="0",  # pip reads this variable the wrong way round
        PIP_CACHE_DIR=str(tmp_path / "cache"),
    )
    helpers = Path(done.stdout.split("helpers ")[-1].strip())
    assert helpers.is_relative_to(tmp_path / "venv")
    assert "land 0.3" in done.stdout
    kept = {name.removeprefix("data/") for name in listed() if name.startswith("data/")}
    assert kept
    assert kept == {
        p.relative_to(helpers / "_data").as_posix()
        for p in (helpers / "_data").rglob("*")
        if p.is_file() and p.suffix != ".pyc"
    }


def test_in_jupyter_the_cell_installs_nothing(tmp_path):
    done = run_setup(sys.executable, tmp_path, colab=False)
    assert str(ROOT / "helpers") in done.stdout
