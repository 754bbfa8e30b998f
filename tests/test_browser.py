"""The first lesson in a real Chromium: its sliders move, its exported page shows every picture.

Not part of the default run: `make test-browser`. Nothing here reaches beyond this machine.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tools import lessons
from tools.page import html_of

pytest.importorskip("selenium", reason="selenium is not installed: pip install -e '.[browser]'")
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = pytest.mark.browser

LESSON = lessons.NOTEBOOKS / "01_world_map.ipynb"
STARTED, EXECUTED, SHOWN = 60, 120, 20  # seconds to wait at most: for the server, the cells, the page
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--window-size=1200,1400",
)
STATUS = "span[role='status']"
PICTURE = "img.widget-image"


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    """Chromium without a window, with a fresh profile."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if program is None:
        pytest.skip("no Chromium is installed: this test opens the lesson in one")
    if driver is None:
        pytest.skip("no chromedriver is installed: this test drives Chromium with it")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.page_load_strategy = "eager"  # a script that cannot be fetched must not hold the page up
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "localhost,127.0.0.1")
        patch.setenv("no_proxy", "localhost,127.0.0.1")
        chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        yield chrome
        chrome.quit()


def up_to_the_sliders(nb: NotebookNode) -> NotebookNode:
    """The lesson's beginning, without outputs, up to the first cell that makes sliders."""
    last = next(n for n, cell in lessons.code_cells(nb) if "sliders(" in cell.source.replace("import", ""))
    nb.cells = nb.cells[:last]
    for _, cell in lessons.code_cells(nb):
        cell.outputs, cell.execution_count = [], None
    return nb


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[str]:
    """The address of a JupyterLab over a copy of notebooks/, with this environment's kernel."""
    root = tmp_path_factory.mktemp("lab")
    notebooks = shutil.copytree(lessons.NOTEBOOKS, root / "notebooks")
    lessons.write(notebooks / LESSON.name, lessons.text_of(up_to_the_sliders(lessons.read(LESSON))))
    settings = root / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {
        "JUPYTERLAB_SETTINGS_DIR": root / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": root / "workspaces",
        "JUPYTER_CONFIG_DIR": root / "config",
        "JUPYTER_DATA_DIR": root / "data",
        "JUPYTER_RUNTIME_DIR": root / "runtime",
        "IPYTHONDIR": root / "ipython",
        "PYTHONPATH": lessons.ROOT,
    }
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ip=127.0.0.1", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"]
    command += ["--IdentityProvider.token=", "--ServerApp.password="]
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=root,
            env=environment | {name: str(value) for name, value in own.items()},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(server, address, root / "log")
            yield address
        finally:
            server.terminate()  # it ends its kernels too
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_for(server: subprocess.Popen, address: str, log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + STARTED
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), direct.open(f"{address}/api"):
            return
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-2000:]}")


def until(browser: webdriver.Chrome, seconds: float, condition: Callable[[], object]) -> None:
    """Wait until the condition is true; what is not yet on the page does not count."""
    WebDriverWait(browser, seconds, ignored_exceptions=[WebDriverException, IndexError]).until(
        lambda _: condition()
    )


@pytest.fixture(scope="module")
def lesson(browser, lab) -> webdriver.Chrome:
    """The lesson in JupyterLab, after Run All Cells."""
    browser.get(f"{lab}/lab/tree/notebooks/{LESSON.name}")
    idle = ".jp-Notebook-ExecutionIndicator[data-status='idle']"
    until(browser, STARTED, lambda: browser.find_elements(By.CSS_SELECTOR, idle))

    def click(selector: str, text: str = "") -> bool:
        found = browser.find_elements(By.CSS_SELECTOR, selector)
        [each for each in found if text in each.text][0].click()
        return True

    until(browser, SHOWN, lambda: click(".lm-MenuBar-item", "Run"))
    until(browser, SHOWN, lambda: click("[data-command='runmenu:run-all']"))
    until(browser, EXECUTED, lambda: browser.find_elements(By.CSS_SELECTOR, STATUS))
    return browser


def seen(browser: webdriver.Chrome) -> tuple[str, str]:
    """The words under the sliders, and the address of the picture's present bytes."""
    status = browser.find_element(By.CSS_SELECTOR, STATUS)
    image = browser.find_element(By.CSS_SELECTOR, PICTURE)
    return status.text, image.get_attribute("src")


def to_the_edges(browser: webdriver.Chrome) -> list[WebElement]:
    """Move the rectangle's four edges to the map's own, with the keyboard; the sliders' handles."""
    handles = browser.find_elements(By.CSS_SELECTOR, ".widget-slider .noUi-handle")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", handles[0])
    for handle, key in zip(handles, (Keys.HOME, Keys.HOME, Keys.END, Keys.END), strict=True):
        ActionChains(browser).move_to_element(handle).click().send_keys(key).perform()
    until(browser, SHOWN, lambda: "points left out: 0" in seen(browser)[0])
    return handles


def test_the_keyboard_moves_the_number_and_the_picture(lesson):
    # Sixty points, each with a density of one over the area.
    whole, narrower = (f"log-likelihood {-60 * math.log(width * 180):.2f}" for width in (360, 355))
    west, *_ = to_the_edges(lesson)
    words, source = seen(lesson)
    assert whole in words
    ActionChains(lesson).move_to_element(west).click().send_keys(Keys.ARROW_RIGHT * 5).perform()
    until(lesson, SHOWN, lambda: narrower in seen(lesson)[0])
    assert seen(lesson)[1] != source
    ActionChains(lesson).send_keys(Keys.END).perform()
    until(lesson, SHOWN, lambda: "Not a rectangle" in seen(lesson)[0])


def test_the_mouse_moves_the_number_and_the_picture(lesson, tmp_path):
    *_, east, _ = to_the_edges(lesson)
    words, source = seen(lesson)
    ActionChains(lesson).drag_and_drop_by_offset(east, -60, 0).perform()

    def changed() -> bool:
        now, picture = seen(lesson)
        return now != words and picture != source

    until(lesson, SHOWN, changed)
    image = lesson.find_element(By.CSS_SELECTOR, PICTURE)
    until(lesson, SHOWN, lambda: lesson.execute_script("return arguments[0].naturalWidth", image) > 300)
    assert lesson.save_screenshot(str(tmp_path / "sliders.png"))


def test_no_cell_fails_or_writes_to_stderr(lesson):
    stderr = (
        "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error']"
    )
    assert [output.text for output in lesson.find_elements(By.CSS_SELECTOR, stderr)] == []
    prompts = lesson.find_elements(By.CSS_SELECTOR, ".jp-CodeCell .jp-InputPrompt")
    assert [prompt.text for prompt in prompts] == [f"[{n}]:" for n in range(1, len(prompts) + 1)]


def alts(nb: NotebookNode) -> list[str]:
    """The alt texts of the pictures that the notebook stores, in order."""
    outputs = [output for _, cell in lessons.code_cells(nb) for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    return [output.metadata["image/png"]["alt"] for output in pictures]


def test_the_exported_page_shows_every_picture_with_its_words(browser, tmp_path):
    nb = lessons.read(LESSON)
    page = tmp_path / "lesson.html"
    page.write_text(html_of(nb), encoding="utf-8")
    browser.get(page.as_uri())
    images = browser.find_elements(By.CSS_SELECTOR, "img")
    assert all(image.get_attribute("alt") for image in images)
    # What lies on other machines (the badge) cannot be fetched here.
    own = [image for image in images if image.get_attribute("src").startswith("data:")]
    stored = alts(nb)
    assert stored, f"the lesson stores no picture: run `make notebooks LESSON={LESSON.stem}`"
    assert len(own) == len(stored)
    script = "return arguments[0].map(image => image.complete ? image.naturalWidth : null)"
    until(browser, SHOWN, lambda: None not in browser.execute_script(script, own))
    assert min(browser.execute_script(script, own)) > 100
    assert [image.get_attribute("alt") for image in own] == stored
