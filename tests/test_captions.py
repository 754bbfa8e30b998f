"""Captions: a closed vocabulary, and nothing said that is not so."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.attributes import COUNTS, FACTORS, NAMES
from helpers.captions import LEFT_OUT, SYNONYMS, WORDS, caption, left_out, meaning, prompt, words

SEEDS = st.integers(0, 2**63 - 1)
ROWS = st.tuples(*(st.sampled_from(NAMES[name]) for name in FACTORS))


@pytest.fixture(scope="module")
def said():
    """Captions of 6,000 random pictures, with the factors and what is left out."""
    rng = np.random.default_rng(2)
    rows = rng.integers(0, COUNTS, size=(6000, len(FACTORS)))
    seeds = rng.integers(2**63 - 1, size=6000)
    omits = [left_out(seed) for seed in seeds]
    texts = [caption(row, seed=seed, omit=o) for row, seed, o in zip(rows, seeds, omits, strict=True)]
    return rows, omits, texts


@settings(max_examples=300, deadline=None)
@given(row=ROWS, seed=SEEDS, omit=st.sets(st.sampled_from(FACTORS)))
def test_a_caption_names_all_that_it_should_and_nothing_else(row, seed, omit):
    text = caption(row, seed=seed, omit=omit)
    assert meaning(text) == {f: value for f, value in zip(FACTORS, row, strict=True) if f not in omit}
    assert set(words(text)) <= set(WORDS) and words(text)
    assert text == text.lower().strip() and "  " not in text and ", ," not in text
    assert text == caption(row, seed=seed, omit=tuple(omit))


def test_the_vocabulary_is_closed_sorted_and_wholly_used(said):
    assert 100 <= len(WORDS) <= 200 and list(WORDS) == sorted(set(WORDS))
    assert all(word.isalpha() and word == word.lower() for word in WORDS)
    assert set(SYNONYMS) <= set(WORDS)
    counts = dict.fromkeys(WORDS, 0)
    for text in said[2]:
        for word in words(text):
            counts[word] += 1
    assert min(counts.values()) >= 50, "every word is learned from many captions"


def test_each_value_has_words_of_its_own_and_its_name_means_it():
    for factor, values in NAMES.items():
        for value in values:
            assert meaning(value) == {factor: value}
            own = [word for word, meant in SYNONYMS.items() if meant == (factor, value)]
            assert len(own) >= 2


def test_now_and_then_something_is_left_out(said):
    rows, omits, texts = said
    missing = np.array([[name in omit for name in FACTORS] for omit in omits])
    some = missing.any(1)
    assert abs(some.mean() - LEFT_OUT) < 4 * np.sqrt(LEFT_OUT / 6000)
    assert missing[some].mean(0).min() > 0.2, "every attribute has its turn"
    assert (missing[some].sum(1) == 1).mean() > 0.6 and missing.sum(1).max() < len(FACTORS)
    # What is left out stays free: all its values occur all the same.
    for column, count in enumerate(COUNTS):
        assert len(set(rows[missing[:, column], column])) == count
    assert all(meaning(text) for text in texts)


def test_one_picture_is_described_in_many_ways():
    row = ("leo", "symbol", "gold", "night sky", "ring")
    texts = {caption(row, seed=seed) for seed in range(60)}
    assert len(texts) >= 50
    first = {words(text)[-1] for text in texts}
    assert len(first) >= 8
    spoken = set().union(*(words(text) for text in texts))
    assert {"leo", "lion", "gold", "golden", "symbol", "sign", "ring", "circle", "night", "starry"} <= spoken


def test_articles_fit(said):
    for text in said[2]:
        for word, after in zip(words(text), words(text)[1:], strict=False):
            if word in ("a", "an"):
                assert (word == "an") == (after[0] in "aeiou"), text
                assert after != "stars"


def test_the_plain_prompt_is_a_sentence():
    assert prompt("leo", "symbol", "gold", "night sky", "ring") == (
        "a golden leo symbol in a ring on a night sky"
    )
    assert prompt("aries", "constellation", "red", "ocean", "neon") == (
        "a neon red aries constellation in the ocean"
    )
    assert prompt(sign=4, colour="blue") == "a blue leo"
    assert prompt(background="sunset") == "a zodiac at sunset"


def test_the_plain_prompt_means_what_it_was_made_from():
    for row in product(*NAMES.values()):
        given = dict(zip(FACTORS, row, strict=True))
        text = prompt(**given)
        assert meaning(text) == given and set(words(text)) <= set(WORDS)


def test_prompts_are_read_as_people_write_them():
    wanted = {"sign": "leo", "colour": "gold", "background": "night sky"}
    assert meaning("A GOLDEN Leo, on a night-sky; Fantasy Art, highly detailed!!!") == wanted
    assert meaning("the water-bearer") == meaning("Water bearer's") == {"sign": "aquarius"}
    assert meaning("an elephant on the moon") == meaning("") == {}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: meaning("a red and blue lion"),
        lambda: meaning(["leo"]),
        lambda: prompt(sign="snake"),
        lambda: caption(("leo", "symbol", "gold", "ocean", "plain"), seed=0, omit="size"),
        lambda: caption(("leo", "symbol"), seed=0),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(wrong):
    with pytest.raises(ValueError, match=r"^(Unknown|Give|A prompt|The prompt) [^\n]+\.$"):
        wrong()
