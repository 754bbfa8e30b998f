"""The lecture's cells on Stable Diffusion, letter by letter, on KerasCV's own class.

What is replaced is what would be downloaded and would need minutes: the vocabulary, by one of single letters
in the real tokenizer, and the three networks, by tiny ones of the same inputs and outputs with random
weights. The class, its properties, its loop, its noise and its progress bar are the library's, and so is the
size of 512 pixels. The real networks with random weights run in `test_keras_cv_canary.py`. Two prompts that
the lecture's print cuts off at the margin are completed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

STAND_INS = """
import gzip, keras
from keras import layers
from keras_cv.src.models.stable_diffusion import stable_diffusion
from keras_cv.src.models.stable_diffusion.clip_tokenizer import SimpleTokenizer

with gzip.open("letters.txt.gz", "wt") as vocabulary:
    vocabulary.write("#version: no merges, so every letter is a word")


def text_encoder(length):
    tokens, positions = (keras.Input([length], dtype="int32", name=name) for name in ("tokens", "positions"))
    both = layers.Embedding(49408, 768)(tokens) + layers.Embedding(length, 768)(positions)
    return keras.Model([tokens, positions], both)


def diffusion_model(height, width, length):
    latent = keras.Input([height // 8, width // 8, 4], name="latent")
    time = keras.Input([320], name="timestep_embedding")
    context = keras.Input([length, 768], name="context")
    told = layers.Dense(4)(time) + layers.Dense(4)(layers.GlobalAveragePooling1D()(context))
    noise = layers.Conv2D(4, 3, padding="same")(latent + told[:, None, None])
    return keras.Model([latent, time, context], noise)


def decoder(height, width):
    latent = keras.Input([height // 8, width // 8, 4])
    return keras.Model(latent, layers.UpSampling2D(8)(layers.Conv2D(3, 1, activation="tanh")(latent)))


stable_diffusion.SimpleTokenizer = lambda: SimpleTokenizer("letters.txt.gz")
stable_diffusion.TextEncoder = text_encoder
stable_diffusion.DiffusionModel = diffusion_model
stable_diffusion.Decoder = decoder
keras.utils.set_random_seed(1)
"""
FIRST = """
from silence_tensorflow import silence_tensorflow
silence_tensorflow()
"""
LECTURE = """
import time
import keras_cv
import keras
import matplotlib.pyplot as plt

model = keras_cv.models.StableDiffusion(
    img_width=512, img_height=512, jit_compile=False
)

images = model.text_to_image("photograph of a professor driving a sports car")

def plot_images(images):
    plt.figure(figsize=(20, 20))
    for i in range(len(images)):
        ax = plt.subplot(1, len(images), i + 1)
        plt.imshow(images[i])
        plt.axis("off")

plot_images(images)
one = images

images = model.text_to_image(
    "cute magical flying dog, fantasy art, "
    "golden color, high quality, highly detailed",
    batch_size=3,
)
plot_images(images)
"""
FOUND = """
import json
import numpy as np

grey = [int(np.unique(image).size) for image in images]
shown = [[len(ax.images) for ax in plt.figure(number).axes] for number in plt.get_fignums()]
plt.gcf().savefig("pictures.png", dpi=20)
print()
print(json.dumps({
    "class": type(model).__module__,
    "shapes": [one.shape, images.shape],
    "types": [str(one.dtype), str(images.dtype)],
    "grey levels": grey,
    "differ": bool((images[0] != images[1]).any()),
    "shown": shown,
}))
"""


def test_the_lectures_lines_run_on_the_librarys_class(tmp_path):
    environment = os.environ | {"MPLBACKEND": "agg", "KERAS_HOME": str(tmp_path / "keras")}
    code = FIRST + STAND_INS + LECTURE + FOUND
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "By using this model checkpoint" in done.stdout
    assert done.stdout.count("50/50") >= 2  # the library's bar
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["class"] == "keras_cv.src.models.stable_diffusion.stable_diffusion"
    assert found["shapes"] == [[1, 512, 512, 3], [3, 512, 512, 3]]
    assert found["types"] == ["uint8", "uint8"]
    assert min(found["grey levels"]) > 10 and found["differ"]
    assert found["shown"] == [[1], [1, 1, 1]]
    assert (tmp_path / "pictures.png").stat().st_size > 1000
