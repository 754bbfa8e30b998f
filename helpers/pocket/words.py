"""A prompt as numbers: a closed vocabulary, one number a word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["LENGTH", "Tokenizer", "tokenizer"]

LENGTH = 28  # numbers of a prompt, with its start and end
PAD, START, END = 0, 1, 2
MARKS = ("<pad>", "<start>", "<end>")


@cache
def tokenizer() -> Tokenizer:
    """The tokenizer over the words of `helpers.pictures`."""
    from helpers import pictures

    return Tokenizer(pictures.WORDS)


class Tokenizer:
    """Words to numbers and back; what it does not know it names and leaves out."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = (*MARKS, *words)
        self._numbers = {word: number for number, word in enumerate(self.words)}
        if len(self._numbers) < len(self.words):
            raise ValueError("A word is in the vocabulary twice.")

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, prompt: str) -> list[int]:
        """Numbers of the prompt's known words between start and end, without padding; "" has none.

        Capitals, commas and hyphens change nothing. Unknown words are left out and named in a line of
        output; it is an error if none is known, or more than LENGTH - 2.
        """
        if not isinstance(prompt, str):
            many = isinstance(prompt, Sequence | np.ndarray)
            cure = "call once for each prompt, or join the words by commas" if many else "put it in quotes"
            raise ValueError(f"A prompt is one string, not {type(prompt).__name__}: {cure}.")
        said = self._split(prompt)
        known = [word for word in said if word in self._numbers]
        if said and not known:
            some = ", ".join(self.words[len(MARKS) :: max(1, len(self.words) // 6)])
            raise ValueError(f"The pocket model knows no word of {prompt!r}: its words are {some} and such.")
        if (excess := len(known) - (LENGTH - 2)) > 0:
            raise ValueError(
                f"The prompt has {len(known)} words: leave out {excess}, {LENGTH - 2} is the most."
            )
        if unknown := [word for word in dict.fromkeys(said) if word not in self._numbers]:
            print(f"The pocket model does not know, and leaves out: {self._hints(unknown)}")
        return [START, *(self._numbers[word] for word in known), END]

    def padded(self, prompts: str | Sequence[str]) -> NDArray[np.int32]:
        """Numbers (n, LENGTH) of one or several prompts, as the text encoder takes them."""
        lists = [self.encode(prompt) for prompt in ([prompts] if isinstance(prompts, str) else prompts)]
        return np.array([numbers + [PAD] * (LENGTH - len(numbers)) for numbers in lists], np.int32)

    def decode(self, numbers: Sequence[int] | NDArray) -> str:
        """The words of the numbers, without the marks."""
        return " ".join(self.words[number] for number in numbers if number >= len(MARKS))

    def _split(self, prompt: str) -> list[str]:
        """Words in lower case; hyphens separate, unless the joined word is known ("water-bearer")."""
        found = []
        for whole in re.findall(r"[^\W_]+(?:[-’'][^\W_]+)*", prompt.lower()):
            pieces = re.split(r"[-’']", re.sub(r"[’']s$", "", whole))
            joined = "".join(pieces)
            found += [joined] if joined in self._numbers else pieces
        return found

    def _hints(self, unknown: Sequence[str]) -> str:
        hints = []
        for word in unknown:
            near = difflib.get_close_matches(word, self.words[len(MARKS) :], n=1)
            hints.append(f"{word} (did you mean {near[0]}?)" if near else word)
        return ", ".join(hints)
