"""The evaluation of the pocket model: a perfect painter, a stubborn one and a real one are told apart."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from helpers import pictures
from helpers.pictures import COUNTS, FACTORS, NAMES
from helpers.quiet import hushed
from tests.pocket_factory import stirred

with hushed():
    from helpers.pocket import (
        StableDiffusion,
        autoencoder,
        claims,
        evaluate,
        evaluation,
        exam,
        judge,
        latents,
        load_text_to_image,
        networks,
        report,
        scores,
        speed,
        train_judge,
        weights,
        words,
    )

WAY = exam.Way("dpm++", 3, 2.0)


class Draughtsman:
    """Stands in for the pipeline: reads the prompt and draws, in another colour than an unwanted one."""

    tokenizer = words.tokenizer()
    text_encoder = SimpleNamespace(predict_on_batch=lambda tokens: tokens)

    def __init__(self, halves):
        self.image_encoder, self.decoder = halves
        self.asked = 0

    def generate_image(self, context, negative, *, seed, callback, num_steps, **options):
        self.asked += 1
        images = np.stack([self.draw(*pair, negative) for pair in zip(context, seed, strict=True)])
        found = latents.encode(self.image_encoder, images)
        callback(SimpleNamespace(number=1, total=num_steps, latent=0 * found))
        callback(SimpleNamespace(number=num_steps, total=num_steps, latent=found))
        return images

    def draw(self, numbers, seed, negative):
        said = pictures.meaning(self.tokenizer.decode(numbers))
        unwanted = pictures.meaning(negative or "").values()
        rng = np.random.default_rng(seed)
        free = {name: [value for value in NAMES[name] if value not in unwanted] for name in FACTORS}
        row = [said.get(name, free[name][rng.integers(len(free[name]))]) for name in FACTORS]
        return pictures.draw(row, seed=seed)


class Stubborn(Draughtsman):
    """Always paints the same picture."""

    def draw(self, numbers, seed, negative):
        return pictures.draw(("leo", "symbol", "gold", "ocean", "plain"), seed=1)


@pytest.fixture(scope="module")
def halves():
    return train_judge.coders()


@pytest.fixture(scope="module")
def training(halves, tmp_path_factory):
    """A folder with a small piece of the training set."""
    folder = tmp_path_factory.mktemp("training")
    latents.store(halves[0], folder, pieces=1, size=40)
    return folder


@pytest.fixture
def painter(halves):
    return Draughtsman(halves)


@pytest.fixture(scope="module")
def tiny():
    """The real pipeline with the real words and tiny random networks."""
    channels = {"channels": (8, 16, 16), "blocks": (1, 1, 1), "heads": 2, "width": 16}
    parts = {
        "text_encoder": stirred(networks.text_encoder(len(words.tokenizer()), width=16, depth=1), 1),
        "velocity": stirred(networks.velocity(**channels), 2),
        "decoder": stirred(autoencoder.decoder(sizes=(8, 8, 8), blocks=(1, 1, 0)), 3),
    }
    return StableDiffusion(**parts)


# --- examinations ------------------------------------------------------------------------------------


@pytest.mark.parametrize("held_out", [True, False])
def test_combinations_are_what_they_should_be(held_out):
    rows = exam.combinations(200, np.random.default_rng(0), held_out=held_out)
    assert rows.shape == (200, 5) and (pictures.held_out(rows) == held_out).all()
    assert all(len(np.unique(rows[:, k])) == count for k, count in enumerate(COUNTS))


def test_the_default_way_is_the_pipelines():
    assert exam.default() == exam.Way("ddim", 25, 2.5)
    assert str(exam.default(50)) == "ddim, 50 evaluations, guidance 2.5"


def test_pictures_of_several_prompts_are_those_of_single_calls(tiny):
    said, seeds = ["a golden leo", "a red aries symbol", "at night"], [3, 1, 2]
    images, found = exam.paint(tiny, said, seeds, WAY, negative="blue")
    options = {"num_steps": 3, "unconditional_guidance_scale": 2.0, "sampler": "dpm++", "progress": False}
    for place, (prompt, seed) in enumerate(zip(said, seeds, strict=True)):
        single = tiny.text_to_image(prompt, "blue", seed=[seed], **options)
        assert np.abs(images[place].astype(int) - single[0]).max() <= 1
    again = tiny.decode(found.astype(np.float32))
    assert np.abs(images.astype(int) - again).max() <= 3  # latents in half precision


def test_an_examination_of_the_real_pipeline_has_all_its_parts(tiny, tmp_path):
    found = exam.answers(tiny, exam.Way("ddim", 2, 7.5), 0, 4, tmp_path)
    assert set(found) == {"seen", "held-out", "omitted", "negative"}
    for name, count in (("seen", 4), ("held-out", 4), ("omitted", exam.OMITTED), ("negative", exam.OMITTED)):
        answer = found[name]
        assert answer.factors.shape == (count, 5) and answer.table.shape == (count, 32)
        assert answer.latents.shape == (count, 16, 16, 4) and answer.right.shape == (count, 5)
    assert not pictures.held_out(found["seen"].factors).any()
    assert pictures.held_out(found["held-out"].factors).all()


def test_answers_are_kept_and_depend_on_the_seed(painter, tmp_path):
    first = exam.answers(painter, WAY, 0, 4, tmp_path)
    asked = painter.asked
    again = exam.answers(painter, WAY, 0, 4, tmp_path)
    assert painter.asked == asked and len(list(tmp_path.iterdir())) == 1
    other = exam.answers(painter, WAY, 1, 4, tmp_path)
    assert painter.asked > asked
    for name, answer in first.items():
        assert np.array_equal(answer.table, again[name].table)
        assert not np.array_equal(answer.latents, other[name].latents)
    rows = first["seen"].factors
    assert np.array_equal(rows[::2], rows[1::2])  # two pictures of each prompt


def test_the_unwanted_colour_is_the_one_that_was_seen(painter, tmp_path):
    found = exam.answers(painter, WAY, 0, 2, tmp_path)
    colour = exam.COLOUR
    seen = found["omitted"].verdict.values[:, colour]
    assert np.array_equal(found["negative"].factors[:, colour], seen) and len(np.unique(seen)) >= 5
    rest = np.delete(found["negative"].factors, colour, axis=1)
    assert (rest == rest[0]).all()


# --- scores ------------------------------------------------------------------------------------------


def score(painter, folder, count=12):
    answers = exam.answers(painter, WAY, 0, count, folder)
    rows = answers["seen"].factors
    drawn = exam.drawings(rows, painter.image_encoder, seed=0)
    near = [scores.nearest(found, drawn[::2]) for found in (answers["seen"].latents, drawn[1::2])]
    return scores.of_one(answers, drawn, *near)


def test_a_perfect_painter_reaches_the_ceiling(painter, tmp_path):
    found = score(painter, tmp_path)
    for part in ("seen", "held-out"):
        assert min(found[f"{part} {name}"] for name in FACTORS) >= 11 / 12
        assert found[f"{part} all"] >= 10 / 12
    assert found["obeyed"] >= 0.95 and found["obeyed and the rest right"] >= 0.9
    assert found["colours"] >= 7
    assert found["diversity"] == pytest.approx(1, abs=0.25)
    assert found["copying p"] > 0.001


def test_a_stubborn_painter_does_not(halves, tmp_path):
    found = score(Stubborn(halves), tmp_path)
    assert found["seen all"] <= 0.1 and found["held-out all"] <= 0.1
    assert found["obeyed"] == 0 and found["colours"] == 1
    assert found["diversity"] < 0.01


def test_copies_are_noticed():
    rng = np.random.default_rng(0)
    training, fresh = rng.standard_normal((2, 200, 4, 4, 4))
    copies = training[:60] + 0.1 * rng.standard_normal((60, 4, 4, 4))
    honest = rng.standard_normal((60, 4, 4, 4))
    near = [scores.nearest(found, training) for found in (copies, honest, fresh)]
    caught, free = scores.copying(near[0], near[2]), scores.copying(near[1], near[2])
    assert caught["p"] < 1e-6 and caught["nearer"] == 1 and caught["ratio"] < 0.3
    assert free["p"] > 0.01 and free["nearer"] == pytest.approx(0.5, abs=0.15)


def test_all_together_is_no_more_than_the_worst_factor():
    right = np.random.default_rng(0).random((50, 5)) < 0.8
    found = judge.accuracy(right)
    assert found["sign"] == right[:, 0].mean()
    assert 0 < found["all"] < min(found[name] for name in FACTORS)
    assert scores.mean([{"a": 1, "b": 2}, {"a": 3, "b": 2}]) == {"a": 2, "b": 2}


def test_the_ceiling_is_high_and_has_the_autoencoders_quality(halves):
    found = scores.ceiling(*halves, 24)
    assert min(found["drawings"].values()) >= 22 / 24
    assert found["round trips"]["psnr"] >= 30
    assert set(found["round trips"]) - set(found["drawings"]) == {"psnr"}


# --- claims ------------------------------------------------------------------------------------------


def test_claims_hold_on_their_side_of_the_bound():
    high, low = claims.Claim("a", 0.95, 0.9), claims.Claim("b", 13, 12, "s", most=True, beside="sadly")
    assert high.holds and str(high) == "✓ a: 95.0% (at least 90.0%)"
    assert not low.holds and str(low) == "✗ b: 13 s (at most 12 s); sadly"


def test_the_claims_are_those_of_a_good_model():
    """With figures just good enough all hold; with each a little worse, none."""
    keys = [*(f"seen {name}" for name in FACTORS), "seen all", "held-out all", "obeyed and the rest right"]

    def made(less):
        one = dict.fromkeys(keys, 0.95 - less)
        one |= {"seen all": 0.85 - less, "held-out all": 0.7 - less, "obeyed": 0.8 - less}
        roof = {f"{part} {key}": 1.0 for part in ("seen", "held-out") for key in (*FACTORS, "all")}
        kept = {key: 0.99 - less for key in roof} | {"psnr": 30 - less}
        ceiling = {"drawings": roof, "round trips": roof | kept}
        quick = {"first": 12 + less, "later": 1.0, "gigabytes": 2 + less}
        return [
            *claims.drawings(ceiling),
            *claims.painting([one | {"colours": 5 - less}, one | {"colours": 8}], ceiling),
            *claims.copying({"p": 0.01 - less / 10, "ratio": 1, "nearer": 0.5}),
            *claims.samplers([one], [{key: value + 0.0099 + less for key, value in one.items()}], ("a", "b")),
            *claims.speed(quick, {"later": 100 - less, "gigabytes": 5}),
        ]

    assert all(claim.holds for claim in made(0)) and len(made(0)) == 15
    assert not any(claim.holds for claim in made(0.01))
    assert len(claims.speed({"first": 1, "gigabytes": 1}, None)) == 2


# --- the report --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found():
    """Made-up scores of two seeds."""
    keys = [f"{part} {key}" for part in ("seen", "held-out") for key in (*FACTORS, "all")]
    keys += ["obeyed", "obeyed and the rest right", "colours", "diversity", "copying ratio", "copying nearer"]
    ways = dict.fromkeys([*evaluation.by_guidance(), *evaluation.by_evaluations()])
    return {way: [dict.fromkeys(keys, 0.5), dict.fromkeys(keys, 0.75)] for way in ways}


CEILING = {
    kind: {f"{part} {key}": 0.987 for part in ("seen", "held-out") for key in (*FACTORS, "all")}
    for kind in ("drawings", "round trips")
}


def test_tables_hold_every_way_beside_the_ceiling(found):
    first, second = report.tables(found, CEILING).split("\n\n")
    lines = first.splitlines()
    assert all(line.count("|") == lines[0].count("|") for line in lines)
    assert sum("98.7%" in line and "ceiling" in line for line in lines) == 4
    assert len(lines) == 2 + 4 + 2 * len(found) and len(second.splitlines()) == 2 + len(found)
    assert "| ddim, 25 evaluations, guidance 2.5 | seen | 62.5%" in first and "50.0% to 75.0%" in first


def test_plots_are_pictures(found):
    for draw, ways in (
        (report.by_guidance, evaluation.by_guidance()),
        (report.by_evaluations, evaluation.by_evaluations()),
    ):
        figure = draw({way: found[way] for way in ways}, CEILING)
        for ax in figure.axes:
            lines = [bars.lines[0] for bars in ax.containers]
            looks = {(line.get_marker(), line.get_linestyle()) for line in lines}
            assert len(looks) == len(lines) >= 2  # colour is not the only code
        image = Image.open(io.BytesIO(report.png(figure)))
        assert image.format == "PNG" and image.width > 600


def test_the_sheet_goes_through_everything():
    said = [pictures.meaning(prompt) for prompt in report.sheet_prompts()]
    assert len(said) == 48 and all(set(one) == set(FACTORS) for one in said)
    assert len({tuple(one.values()) for one in said}) == 48
    for name, values in NAMES.items():
        counts = [sum(one[name] == value for one in said) for value in values]
        assert min(counts) >= 0.5 * 48 / len(values), name
    assert all(one["sign"] == other["sign"] for k, (one, other) in enumerate(pairwise(said)) if k % 4 < 3)


def test_the_sheet_is_one_picture_in_order():
    tones = np.repeat(np.arange(0, 240, 20, dtype=np.uint8), 16 * 16 * 3).reshape(12, 16, 16, 3)
    page = Image.open(io.BytesIO(report.sheet(tones, columns=4)))
    assert page.format == "JPEG" and page.size == (64, 48)
    found = np.asarray(page).reshape(3, 16, 4, 16, 3).mean((1, 3, 4)).ravel()
    assert np.abs(found - np.arange(0, 240, 20)).max() < 3


# --- the whole, by its command -------------------------------------------------------------------------


def test_the_command_writes_its_report_and_says_what_holds(painter, training, tmp_path, monkeypatch, capsys):
    files = weights.manifest()["files"]
    folder = tmp_path / "build" / "pocket" / f"encoder-{files['encoder']['sha256'][:8]}"
    folder.mkdir(parents=True)
    (folder / "latents-000.npz").write_bytes((training / "latents-000.npz").read_bytes())
    monkeypatch.setattr(weights, "KNOWN", tuple(files))  # as if nothing were missing
    monkeypatch.setattr(evaluation, "load_text_to_image", lambda name: painter)
    monkeypatch.setattr(speed, "measure", lambda name: {"first": 3, "later": 2, "gigabytes": 1})
    monkeypatch.setattr(evaluation, "QUICK", evaluation.Size(1, 4, fresh=8, pieces=1))
    monkeypatch.setattr(evaluation, "STEPS", (15,))
    monkeypatch.setattr(evaluation, "GUIDANCES", (2,))
    status = evaluate.main(["--quick"], root=tmp_path)
    said = capsys.readouterr().out
    out = tmp_path / "build" / "pocket" / "report"
    stored = json.loads((out / "report.json").read_text())
    assert status == int(not all(claim["holds"] for claim in stored["claims"]))
    assert "✓ colours in 32 pictures" in said and "✓ negative prompt" in said and "ceiling" in said
    assert {way["steps"] for way in stored["scores"]} == {15, 25, 50} and len(stored["sheet"]) == 48
    assert Image.open(out / "sheet.jpg").size == (1024, 768)
    assert all(Image.open(out / f"{name}.png").width > 600 for name in ("guidance", "evaluations"))
    asked = painter.asked
    evaluate.main(["--quick"], root=tmp_path)
    assert painter.asked - asked == 2  # the sheet alone is painted again


def test_without_a_denoiser_there_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(weights, "manifest", lambda: {"files": {"encoder": {}, "decoder": {}}})
    assert evaluate.main([], root=tmp_path) == 2
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "There is no trained text_encoder in data/pocket/ yet: run the command in data/README.md."


@pytest.mark.parametrize("arguments", [["--seeds", "0"], ["--pictures", "1"], ["--seeds", "many"]])
def test_senseless_sizes_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        evaluate.main(arguments)
    assert "error:" in capsys.readouterr().err


def test_what_is_kept_is_not_made_again(tmp_path):
    made = []
    for _ in range(2):
        found = evaluation.kept(tmp_path / "a" / "b.json", lambda: made.append(1) or {"x": 1.5})
        assert found == {"x": 1.5}
    assert made == [1]


def test_a_measurement_that_fails_is_one_sentence():
    with pytest.raises(RuntimeError, match="The measurement of the model 'nothing' failed"):
        speed.measure("nothing")
    assert speed._peak() > 50e6


def test_the_shipped_model_paints_what_is_asked_for():
    """24 prompts, 15 evaluations by DPM-Solver++."""
    model = load_text_to_image("pocket")
    usual = exam.default()
    way = exam.Way("dpm++", 15, usual.guidance)
    right = {}
    for name, held_out in (("seen", False), ("held-out", True)):
        rows = exam.combinations(12, np.random.default_rng(11), held_out=held_out)
        said = [pictures.caption(row, seed=k) for k, row in enumerate(rows)]
        images, _ = exam.paint(model, said, range(12), way)
        right[name] = judge.run(images).shows(rows)
    assert all(found.mean(0).min() >= 0.9 and found.all(1).mean() >= 0.8 for found in right.values())


def test_the_shipped_model_is_fast_and_small():
    found = speed.measure("pocket")
    assert found["gigabytes"] < 2 and found["later"] < 30
