"""The real Stable Diffusion of KerasCV, with random weights: an upgrade that breaks it is seen.

In a process of its own, which gives its memory back: about a minute of processor time and 5.1 GB. Numbers of
letters stand in for the tokenizer, whose vocabulary would be downloaded.
"""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import json, resource, time

start = time.perf_counter()
import numpy as np
from keras_cv.models import StableDiffusion
from keras_cv.models.stable_diffusion import Decoder, DiffusionModel, TextEncoder


class Numbers:
    def encode(self, text):
        return [49406, *(1000 + len(word) for word in text.split()), 49407]


class Untrained(StableDiffusion):
    tokenizer = Numbers()
    text_encoder = TextEncoder(77, download_weights=False)
    diffusion_model = DiffusionModel(128, 128, 77, download_weights=False)
    decoder = Decoder(128, 128, download_weights=False)


built = time.perf_counter()
model = Untrained(128, 128, jit_compile=False)
pictures = model.text_to_image("a golden lion", num_steps=2, seed=1)
print()
print(json.dumps({
    "shape": pictures.shape,
    "dtype": str(pictures.dtype),
    "grey levels": len(np.unique(pictures)),
    "million parameters": round(model.diffusion_model.count_params() / 1e6),
    "seconds to build": built - start,
    "seconds to paint": time.perf_counter() - built,
    "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
}))
"""


def test_the_real_model_paints_with_random_weights():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    print(found)
    assert found["shape"] == [1, 128, 128, 3] and found["dtype"] == "uint8"
    assert found["million parameters"] == 860
    assert found["grey levels"] > 10
