"""The contact sheet in a real Chromium, from disk: keys filter it, a student's markup is text.

Not part of the default run: `make test-browser`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import grading_factory as factory
import pytest

pytest.importorskip("selenium", reason="selenium is not installed: pip install -e '.[browser]'")
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from test_browser import browser  # noqa: F401  (the fixture)

from helpers.grading import __main__ as command
from helpers.grading.rubric import POINTS

pytestmark = pytest.mark.browser

MOST = sum(POINTS.values()) - POINTS["quality"]


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """The report on a few: five broken, two with the same work, the others as they should be."""
    zips, _ = factory.course(0)
    chosen = ("=HYPERLINK(1) O'Neil", "<img src=x onerror=alert(1)>", "Петър Ёжиков")
    zips = {name: zips[name] for name in chosen}
    zips |= {
        f"Broken {label}": factory.packed(factory.broken()[label][0]) for label in ("cut PNG", "deep JSON")
    }
    zips |= {f"Broken {label}": factory.broken()[label][0] for label in ("zip bomb", "climbing", "five deep")}
    for number in range(14):
        zips[factory.name(number)] = factory.packed(factory.good(50 + number, paint=factory.drawn))
    markup = factory.good(4, "leo <script>document.title = 'taken'</script>", factory.drawn)
    zips |= {"Twin One": factory.packed(markup), "Twin Two": factory.packed(markup)}
    images = [factory.mosaic(900 + n) for n in range(3)]
    many = [factory.png(one, factory.origin(one, "leo", n, steps=101)) for n, one in enumerate(images)]
    zips["Far Steps"] = factory.packed(factory.homework(many))
    folder = tmp_path_factory.mktemp("report")
    (folder / "export.zip").write_bytes(factory.moodle(zips))
    command.main([str(folder / "export.zip"), "--out", str(folder / "out"), "--no-render"])
    return folder / "out"


@pytest.fixture
def page(browser, report) -> Iterator[webdriver.Chrome]:  # noqa: F811
    browser.get((report / "index.html").as_uri())
    yield browser


def cards(page: webdriver.Chrome) -> list[WebElement]:
    """The cards that can be seen."""
    return page.find_elements(By.CSS_SELECTOR, ".card:not([hidden])")


def shown(page: webdriver.Chrome) -> list[str]:
    """The names on them."""
    return [card.get_attribute("aria-label") for card in cards(page)]


def press(page: webdriver.Chrome, *keys: str) -> None:
    ActionChains(page).send_keys(*keys).perform()


def test_a_students_markup_is_text(page):
    assert page.title == f"The zodiac homework: {len(shown(page))} submissions"
    prompts = [element.text for element in page.find_elements(By.CSS_SELECTOR, ".prompt")]
    assert any("<script>document.title = 'taken'</script>" in prompt for prompt in prompts)
    headings = [element.text for element in page.find_elements(By.TAG_NAME, "h2")]
    assert "<img src=x onerror=alert(1)>" in headings
    assert len(page.find_elements(By.TAG_NAME, "script")) == 1
    assert not page.find_elements(By.CSS_SELECTOR, "img[onerror]")


def test_the_policy_lets_no_foreign_script_run(page):
    page.execute_script(
        "const one = document.createElement('script'); one.textContent = \"document.title = 'taken'\";"
        "document.body.append(one); document.body.setAttribute('onclick', \"document.title = 'taken'\");"
        "document.body.click();"
    )
    assert page.title.startswith("The zodiac homework")


def test_every_picture_is_there_and_has_its_words(page):
    images = page.find_elements(By.CSS_SELECTOR, ".pictures img")
    assert len(images) > 50
    for image in images:
        page.execute_script("arguments[0].loading = 'eager'", image)
    script = """
    const done = arguments[arguments.length - 1];
    const width = (one) => one.decode().then(() => one.naturalWidth, () => 0);
    Promise.all([...document.images].map(width)).then(done);
    """
    assert min(page.execute_async_script(script)) == 128
    assert all(image.get_attribute("alt") for image in images)


def test_keys_filter_and_move(page):
    everybody = shown(page)
    points = {
        card.get_attribute("aria-label"): float(card.get_attribute("data-points")) for card in cards(page)
    }
    assert not page.find_element(By.ID, "below").is_displayed()
    press(page, "f")
    # Those that are broken hold parts of the same work.
    assert [name for name in shown(page) if not name.startswith("Broken")] == ["Twin One", "Twin Two"]
    press(page, "f")
    broken = shown(page)
    assert broken == [name for name in everybody if name.startswith("Broken")]
    press(page, "j", Keys.ARROW_DOWN, "k")
    assert page.switch_to.active_element.get_attribute("aria-label") == broken[0]
    press(page, "j")
    assert page.switch_to.active_element.get_attribute("aria-label") == broken[1]
    press(page, "f")
    assert shown(page) == ["Far Steps"]
    assert "origin not verified" in cards(page)[0].text
    press(page, "f")
    low = [name for name in everybody if points[name] < MOST / 2]
    assert 0 < len(low) < len(broken)
    assert shown(page) == low
    assert page.find_element(By.ID, "below").is_displayed()
    assert page.find_element(By.ID, "shown").text == f"{len(low)} of {len(everybody)} shown"
    press(page, "f")
    assert shown(page) == everybody


def test_search_and_help_by_keys(page):
    press(page, "/", "ёжик")
    assert shown(page) == ["Петър Ёжиков"]
    press(page, Keys.ESCAPE)
    assert page.switch_to.active_element.tag_name == "body"
    press(page, "?")
    assert page.find_element(By.ID, "help").is_displayed()
    press(page, "f", Keys.ESCAPE)
    assert not page.find_element(By.ID, "help").is_displayed()
    assert shown(page) == ["Петър Ёжиков"]


def test_keys_of_a_cyrillic_keyboard_are_known_by_their_place(page):
    def strike(key: str, code: str, shift: bool = False) -> None:
        script = (
            "const [key, code, shiftKey] = arguments;"
            "document.activeElement.dispatchEvent("
            "new KeyboardEvent('keydown', {key, code, shiftKey, bubbles: true, cancelable: true}));"
        )
        page.execute_script(script, key, code, shift)

    names = shown(page)
    strike("о", "KeyJ")
    strike("о", "KeyJ")
    assert page.switch_to.active_element.get_attribute("aria-label") == names[1]
    strike("л", "KeyK")
    assert page.switch_to.active_element.get_attribute("aria-label") == names[0]
    strike("й", "KeyQ")
    assert page.switch_to.active_element.get_attribute("type") == "number"
    page.execute_script("document.activeElement.blur()")
    strike("а", "KeyF")
    assert page.find_element(By.ID, "filter").get_property("value") == "flagged"
    strike("h", "KeyJ")  # of a Latin keyboard of another order
    assert page.switch_to.active_element.tag_name == "body"
    strike(".", "Slash")
    assert page.switch_to.active_element.get_attribute("id") == "search"
    page.execute_script("document.activeElement.blur()")
    strike(",", "Slash", shift=True)
    assert page.find_element(By.ID, "help").is_displayed()


def test_arrows_and_enter_leave_the_points_as_they_were_typed(page):
    names = shown(page)
    moves = ((Keys.ARROW_DOWN, 1), (Keys.ENTER, 2), (Keys.ARROW_UP, 1))
    press(page, "j")
    for place, (key, there) in zip((0, 1, 2), moves, strict=True):
        press(page, "q", "25", key)
        field = cards(page)[place].find_element(By.TAG_NAME, "input")
        assert field.get_property("value") == "25"
        assert page.switch_to.active_element.get_attribute("aria-label") == names[there]
    page.execute_script("localStorage.clear()")


def test_points_for_quality_outlive_a_late_submission(page, tmp_path):
    zips = {
        name: factory.packed(factory.good(number)) for number, name in enumerate(("Anna", "Boris", "Late"))
    }
    for count in (2, 3):
        (tmp_path / "export.zip").write_bytes(factory.moodle(dict(list(zips.items())[:count])))
        command.main([str(tmp_path / "export.zip"), "--out", str(tmp_path / "out"), "--no-render"])
        page.get((tmp_path / "out" / "index.html").as_uri())
        if count == 2:
            press(page, "j", "q", "31")
    assert shown(page) == ["Anna", "Boris", "Late"]
    assert page.find_element(By.CSS_SELECTOR, ".card input").get_property("value") == "31"
    shutil.copytree(tmp_path / "out", tmp_path / "other")  # a report of its own
    page.get((tmp_path / "other" / "index.html").as_uri())
    assert page.find_element(By.CSS_SELECTOR, ".card input").get_property("value") == ""


def test_points_for_quality_stay_in_the_browser(page, report):
    press(page, "j", "q", "31")
    page.refresh()
    assert page.find_element(By.CSS_SELECTOR, ".card input").get_property("value") == "31"


def test_both_lights_can_be_read(page, tmp_path):
    for light in ("light", "dark"):
        media = {"features": [{"name": "prefers-color-scheme", "value": light}]}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        assert page.save_screenshot(str(tmp_path / f"{light}.png"))
        colours = [page.execute_script(f"return getComputedStyle(document.body).{name}") for name in LIGHTS]
        ink, paper = (luminance(colour) for colour in colours)
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) > 7
        assert (paper > ink) == (light == "light")


LIGHTS = ("color", "backgroundColor")


def luminance(colour: str) -> float:
    """Of "rgb(1, 2, 3)", as WCAG defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
