"""The repository's address stands where it is needed and is written once; the Python is one that will do."""

from __future__ import annotations

import subprocess
import sys

from nbformat.v4 import new_markdown_cell
from notebook_factory import code, notebook

from tools import check_python, lessons, stamp

ADDRESS = "https://github.com/someone/a-course"


def test_a_stamp_reaches_badge_setup_and_readme():
    old = stamp.badge("https://github.com/OLD/OLD", "notebooks/solutions/04_quick.ipynb")
    nb = notebook(new_markdown_cell(f"# 04 · Quick\n\n{old}"), code("import os", tag="setup"))
    new = stamp.stamped(nb, "notebooks/solutions/04_quick.ipynb", ADDRESS)
    assert "github/someone/a-course/blob/main/notebooks/exercises/04_quick.ipynb" in new.cells[0].source
    assert "OLD" not in new.cells[0].source
    assert new.cells[1].source == stamp.setup_source(ADDRESS)
    assert f"git+{ADDRESS}\n" in new.cells[1].source
    assert stamp.stamped(new, "notebooks/solutions/04_quick.ipynb", ADDRESS) == new

    bare = notebook(new_markdown_cell("# 04 · Quick\n\nText."))
    assert stamp.badge(ADDRESS, "x.ipynb") in stamp.stamped(bare, "x.ipynb", ADDRESS).cells[0].source

    marked = "<!-- stamp:begin -->git clone https://github.com/A/B.git<!-- stamp:end -->"
    readme = f"https://github.com/keras/keras {marked}"
    assert stamp.stamped_readme(readme, ADDRESS) == readme.replace("A/B", "someone/a-course")


def test_the_address_is_the_same_everywhere():
    stale = [path.name for path, text in stamp.wanted() if text != path.read_text(encoding="utf-8")]
    assert not stale, "run `make stamp`"


def test_nobody_wrote_the_address_by_hand():
    address = stamp.repository()
    assert stamp.by_hand(f"see {address}/issues", address)
    assert not stamp.by_hand(stamp.badge(address, "x.ipynb") + stamp.setup_source(address), address)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=lessons.ROOT, capture_output=True, text=True, check=True)
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = lessons.ROOT / name
        if name != "pyproject.toml" and path.is_file() and path.suffix != ".png":
            text = path.read_text(encoding="utf-8", errors="ignore")
            if stamp.by_hand(text, address, readme=name == "README.md"):
                found.append(name)
    assert len(listed.stdout) > 100 and not found


def test_only_a_python_that_can_run_the_course_passes():
    assert check_python.complaint(sys.version_info) is None
    for version in ((2, 7), (3, 10), (3, 14)):
        assert "does not support" in check_python.complaint(
            version
        ) or "do not support" in check_python.complaint(version)
    assert "python3.12-venv" in check_python.complaint((3, 12), modules=["a_module_that_is_not_here"])
