"""The book of lesson 05: whole sentences in few letters."""

import runpy
from pathlib import Path

from helpers.files import data_path

DATA = Path(__file__).resolve().parents[1] / "data"
sentences = runpy.run_path(str(DATA / "make_lessons.py"), run_name="make_lessons")["sentences"]


def test_only_whole_sentences_without_figures_and_formulas_are_kept():
    found = sentences(
        "## A title\n"
        "Two networks *learn* together. This costs 3 nats. “Why?” Nobody knows.\n"
        "| a | table |\n"
        "- In a list, too: it stays.\n"
        "Here a formula   is gone. And here one ends  .\n"
        "No end"
    )
    assert found == ["two networks learn together.", "why?", "nobody knows.", "in a list, too: it stays."]


def test_the_book_has_few_letters_and_enough_words():
    book = data_path("lessons.txt").read_text("ascii")
    assert 20 <= len(set(book)) <= 40 and len(book) > 15_000
    assert all(line[0].isalpha() and line[-1] in ".?!" for line in book.splitlines())
    assert "  " not in book
