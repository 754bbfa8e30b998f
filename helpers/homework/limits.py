"""How large the parts of a submission may be: far more than anybody needs, far less than does harm."""

from __future__ import annotations

__all__ = [
    "LEAST_PICTURES",
    "MAX_FILE",
    "MAX_JSON",
    "MAX_ORIGIN",
    "MAX_PROMPT",
    "MAX_SIDE",
    "MAX_WORDS",
    "MAX_ZIP",
    "MOST_PICTURES",
]

LEAST_PICTURES = 3  # the assignment asks for so many ...
MOST_PICTURES = 20  # ... and a person looks at all that are handed in

MAX_SIDE = 2048  # pixels: Stable Diffusion paints 512
MAX_FILE = 16_000_000  # bytes of a picture: one of noise, at the largest size, has 12.6 million
MAX_ZIP = 32 * 2**20  # bytes of what is handed in: three of the largest pictures would not fit
MAX_JSON = 1_000_000  # bytes of submission.json
MAX_ORIGIN = 100_000  # characters of a picture's text
MAX_PROMPT = 4_000  # characters: the models read some tens of words
MAX_WORDS = 20_000  # characters of what the student says
