"""The tokenizer: what users write, in numbers, and what it says about the rest."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import pictures
from helpers.pocket.words import END, LENGTH, PAD, START, Tokenizer, tokenizer

WORDS = ("a", "golden", "leo", "waterbearer", "night", "sky", "art", "fantasy")


@pytest.fixture
def small() -> Tokenizer:
    return Tokenizer(WORDS)


def test_words_come_back_between_start_and_end(small):
    numbers = small.encode("a golden leo")
    assert numbers[0] == START and numbers[-1] == END and len(numbers) == 5
    assert small.decode(numbers) == "a golden leo"


@pytest.mark.parametrize(
    "prompt",
    [
        "A GOLDEN Leo, night sky",
        "a golden leo (night-sky)",
        "a golden Leo's night–sky!",
        "a\tgolden\nleo night sky",
    ],
)
def test_capitals_and_punctuation_change_nothing(small, prompt):
    assert small.decode(small.encode(prompt)) == "a golden leo night sky"


def test_a_word_known_without_its_hyphen_stays_one(small):
    assert small.decode(small.encode("water-bearer, fantasy art")) == "waterbearer fantasy art"


def test_an_unknown_word_is_named_once_with_its_neighbour(small, capsys):
    assert small.decode(small.encode("a goldn leo, qqq, goldn, 8k")) == "a leo"
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.count("goldn (did you mean golden?)") == 1
    assert "qqq, 8k" in said


def test_known_words_alone_say_nothing(small, capsys):
    small.encode("a golden leo")
    assert capsys.readouterr().out == ""


def test_a_prompt_without_any_known_word_is_an_error(small):
    with pytest.raises(ValueError, match="knows no word of 'xyzzy'.*its words are a, golden"):
        small.encode("xyzzy")


@pytest.mark.parametrize("nothing", ["", "  ", " , ! "])
def test_nothing_is_the_unconditional_prompt(small, nothing):
    assert small.encode(nothing) == [START, END]


def test_a_long_prompt_is_told_by_how_much(small):
    most = LENGTH - 2
    assert len(small.encode("leo " * most)) == LENGTH
    with pytest.raises(ValueError, match=f"has {most + 3} words: leave out 3, {most} is the most"):
        small.encode("leo " * (most + 3))


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [(["a leo"], "call once for each"), (("leo", "a"), "join the words"), (7, "quotes"), (None, "quotes")],
)
def test_a_prompt_is_one_string(small, wrong, cure):
    with pytest.raises(ValueError, match=f"A prompt is one string.*{cure}"):
        small.encode(wrong)


def test_padding_fills_up(small):
    padded = small.padded(["leo", ""])
    assert padded.shape == (2, LENGTH) and padded.dtype == np.int32
    assert padded[1].tolist() == [START, END] + [PAD] * (LENGTH - 2)
    assert (padded[0, 3:] == PAD).all()


def test_a_vocabulary_has_each_word_once():
    with pytest.raises(ValueError, match="twice"):
        Tokenizer(("a", "a"))


def test_every_caption_is_known_and_fits(capsys):
    rng = np.random.default_rng(0)
    for seed in range(300):
        factors = [rng.integers(count) for count in pictures.COUNTS]
        caption = pictures.caption(factors, seed=seed)
        assert tokenizer().decode(tokenizer().encode(caption)).split() == pictures.words(caption)
    assert capsys.readouterr().out == ""


def test_the_vocabulary_is_that_of_the_pictures_in_their_order():
    """The trained text encoder has a row for each word: 3 marks, then these."""
    assert tokenizer().words[3:] == pictures.WORDS
    assert len(tokenizer()) == len(pictures.WORDS) + 3
