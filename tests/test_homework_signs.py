"""The signs of the zodiac: which day has which, and which prompt speaks of which."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from datetime import date, datetime, timedelta
from html.parser import HTMLParser

import pytest

from helpers import homework
from helpers.homework import SIGNS, find_sign, sign_of, signs_in, table, touches
from helpers.outlines import NAMES

YEAR = [date(2000, 1, 1) + timedelta(days=k) for k in range(366)]


def test_the_signs_are_the_glyphs_in_their_order():
    assert tuple(sign.name for sign in SIGNS) == NAMES
    assert [unicodedata.name(sign.glyph) for sign in SIGNS] == [
        name.upper().replace("SCORPIO", "SCORPIUS") for name in NAMES
    ]


def test_each_day_of_a_leap_year_has_one_sign_and_each_sign_one_stretch_of_days():
    def within(day: date, sign: homework.Sign) -> bool:
        key, (start, end) = (day.month, day.day), (sign.start, sign.end)
        return start <= key <= end if start <= end else key >= start or key <= end

    for day in YEAR:
        assert [sign.name for sign in SIGNS if within(day, sign)] == [sign_of(day).name]
    found = [sign_of(day).name for day in YEAR]
    assert sum(a != b for a, b in zip(found, found[1:] + found[:1], strict=True)) == 12
    assert all(28 <= found.count(name) <= 32 for name in NAMES)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2001-07-22", "cancer"),
        ("2001-07-23", "leo"),
        (" 1999-12-21 ", "sagittarius"),
        ("2004-02-29", "pisces"),
        ((2, 29), "pisces"),
        ([12, 31], "capricorn"),
        ((1, 1), "capricorn"),
        ((1, 20), "aquarius"),
        (date(2024, 3, 20), "pisces"),
        (datetime(2024, 3, 21, 12), "aries"),
    ],
)
def test_a_birthday_has_the_sign_of_the_newspapers(day, name):
    assert sign_of(day).name == name


@pytest.mark.parametrize(
    "day",
    ["2001-02-29", "1 August", "", "08-01", (13, 1), (2, 30), (1,), (1, 2, 3), 5, None, (1.5, 2), ("a", 1)],
)
def test_a_day_that_does_not_exist_is_refused_in_one_sentence(day):
    with pytest.raises(ValueError, match=r"^There is no day .*: give a birthday as '2001-08-01'.*\.$"):
        sign_of(day)


def test_a_sign_is_found_by_any_of_its_names():
    for sign in SIGNS:
        for name in (sign, sign.name, sign.english.upper(), sign.russian.lower(), sign.bulgarian, sign.glyph):
            assert find_sign(name) is sign
        assert find_sign(f"{sign.glyph}\N{VARIATION SELECTOR-16}") is sign and find_sign(str(sign)) is sign
    with pytest.raises(ValueError, match="There is no sign 'ophiuchus': the signs are aries, "):
        find_sign("ophiuchus")


def test_elements_come_in_turn():
    assert {s.name for s in SIGNS if s.element == "fire"} == {"aries", "leo", "sagittarius"}
    assert {s.name for s in SIGNS if s.element == "water"} == {"cancer", "scorpio", "pisces"}
    assert find_sign("virgo").element == "earth" and find_sign("libra").element == "air"


def test_the_table_shows_everything_as_html_and_as_text():
    class Cells(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags, self.text = [], []

        def handle_starttag(self, tag, attrs):
            self.tags.append((tag, dict(attrs)))

        def handle_data(self, data):
            self.text.append(data)

    page = Cells()
    page.feed(table()._repr_html_())
    assert [tag for tag, _ in page.tags].count("caption") == 1
    assert page.tags.count(("th", {"scope": "row"})) == 12 and page.tags.count(("th", {"scope": "col"})) == 6
    assert page.tags.count(("td", {"lang": "ru"})) == page.tags.count(("td", {"lang": "bg"})) == 12
    for sign in SIGNS:
        for said in (str(sign), sign.dates, sign.element, sign.russian, sign.bulgarian):
            assert said in page.text and said in repr(table())
    assert find_sign("leo").dates == "23 July – 22 August"


# --- what a prompt speaks of ---


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.name)
def test_each_sign_is_recognised_by_its_names_and_by_the_pocket_models_words(sign):
    for said in (sign.name, sign.russian, sign.bulgarian, sign.glyph, *sign.words):
        for text in (said, said.upper(), f"a golden, {said}!", f"#{said} …", f"«{said}»"):
            assert signs_in(text) == [sign.name], text
            assert touches(text, sign) and touches(text, sign.name)
            assert touches(unicodedata.normalize("NFD", text), sign)


@pytest.mark.parametrize(
    ("name", "prompts"),
    [
        ("aries", "Овна|овном|овны|овнът|овените|барана|a ram's head|two rams|🐏"),
        ("taurus", "Тельца|Тельцом|телецът|телците|бык|быка|бикът|быками|bulls"),
        ("gemini", "Близнецов|Близнецами|близнака|близнаците|twin sisters|the twins"),
        ("cancer", "Рака|раком|ракът|раците|крабы|cancer research|Crab Nebula"),
        ("leo", "Льва|львом|о льве|львы|лъвът|лъва|лъвове|львица|львёнок|львиная грива|lioness|лъвска грива"),
        ("virgo", "Девы|Деву|Девой|дев|девата|девици|a virgin|maidens"),
        ("libra", "Весов|Весами|на весах|везните|golden scales|balance scale"),
        ("scorpio", "Скорпиона|скорпионом|скорпионът|скорпиони|Scorpius|scorpions"),
        ("sagittarius", "Стрельца|Стрельцом|стрелецът|стрелците|лучник|кентавр|кентавър|centaur"),
        ("capricorn", "Козерога|козирогът|козирози|козёл|козла|козата|козы|sea-goat"),
        ("aquarius", "Водолея|Водолеем|водолеят|water-bearer|Water Bearers|водонос"),
        ("pisces", "Рыб|Рыбами|рыбу|рыбки|рибите|риба|two fishes|ｆｉｓｈ"),
    ],
)
def test_words_are_recognised_in_their_cases(name, prompts):
    for said in prompts.split("|"):
        assert signs_in(f"on a night sky: {said}, neon") == [name], said


@pytest.mark.parametrize(
    "prompt",
    [
        *("", "   ", "a golden symbol", "🎨", "ares, the god of war", "a librarian in a library", "calibra"),
        *("Leonardo da Vinci", "dandelions", "chameleon", "an aquarium", "starfish and jellyfish", "selfish"),
        *("programme", "bulldozer", "goatee", "precancerous", "Virginia", "virgin forest", "archery"),
        *("the lion's share of light", "львиная доля света", "львиную долю", "лъвският пай", "a sea lion"),
        *("девяносто девять", "девочка", "девушка", "левый берег", "пет лева", "весна", "вес", "веский"),
        *("ракета", "ракушка", "рыбак", "рибар", "бикини", "стрела", "стрелка", "козырь", "тело", "цель"),
        *("овёс", "близость", "водолаз", "скорый", "барабан", "скала", "twin peaks", "full scale"),
    ],
)
def test_what_only_looks_like_a_sign_is_none(prompt):
    assert signs_in(prompt) == []


def test_letters_that_cannot_be_seen_change_nothing():
    assert touches("a Le\u00ado", "leo") and touches("Ле\u0301в", "leo") and touches("l\u200bion", "leo")


def test_several_signs_come_in_the_order_of_the_year():
    assert signs_in("a fish, a lion and a ram") == ["aries", "leo", "pisces"]
    assert not touches("a fish and a ram", "лъв") and touches("a fish and a ram", "Рыбы")


def test_the_package_asks_for_no_model():
    code = (
        "import sys; from helpers import homework; homework.table(), homework.touches('leo', 'leo'), "
        "homework.pack, homework.parse_submission, homework.pocket_hash, homework.read_png; "
        "print([m for m in ('tensorflow', 'keras', 'keras_cv', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_all_public_names_exist_and_others_do_not():
    assert all(getattr(homework, name) for name in homework.__all__) and set(homework.__all__) < set(
        dir(homework)
    )
    with pytest.raises(AttributeError, match="no attribute 'grade'"):
        homework.grade  # noqa: B018
