"""The scoreboard: one line a model, measured by the same rulers, readable without a density."""

from __future__ import annotations

import platform
import time

import numpy as np
import pytest

from helpers import scoreboard, world


@pytest.fixture(autouse=True)
def _an_empty_board():
    before = {row.model: row for row in scoreboard.rows()}
    scoreboard.clear()
    yield
    scoreboard.clear()
    scoreboard._rows.update(before)


@pytest.fixture
def table(monkeypatch):
    """The text that `table()` displays."""
    shown: list = []
    monkeypatch.setattr(scoreboard, "display", shown.append)

    def text() -> str:
        scoreboard.table()
        return shown.pop().data

    return text


def whole_map(n: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, 2)) * (360, 180) - (180, 90)


def log_whole_map(points: np.ndarray) -> np.ndarray:
    return np.full(len(points), -np.log(world.MAP_AREA))


def truth(n: int) -> np.ndarray:
    return world.sample(n, seed=1)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def lines(text: str) -> list[list[str]]:
    """The table's lines below its head."""
    return [cells(line) for line in text.splitlines() if line.startswith("|")][2:]


def test_a_model_with_a_density_is_judged_by_all_rulers():
    row = scoreboard.record("map", whole_map, log_whole_map, seconds=1.5, parameters=4)
    assert (row.model, row.train_seconds, row.parameters) == ("map", 1.5, 4)
    assert row.score == world.score(whole_map(world.COVERAGE_SAMPLES), log_whole_map)
    assert row.score.accuracy == pytest.approx(world.LAND_SHARE, abs=0.02)
    assert row.score.kl == pytest.approx(-np.log(world.LAND_SHARE))
    assert scoreboard.rows() == (row,)


def test_a_model_without_a_density_has_the_other_rulers():
    row = scoreboard.record("truth", truth, seconds=0, parameters=0)
    assert row.score.accuracy == 1
    assert row.score.coverage == pytest.approx(0.987, abs=0.002)
    assert np.isnan(row.score.kl) and np.isnan(row.score.kl_error)


def test_the_table_says_of_a_density_its_distance_no_density_or_infinity(table):
    def blocks(points: np.ndarray) -> np.ndarray:
        return log_whole_map(points) + 0.1 * (points[:, 0] > 0) - 0.05

    def forbids_the_west(points: np.ndarray) -> np.ndarray:
        return np.where(points[:, 0] > 0, -np.log(world.MAP_AREA / 2), -np.inf)

    scoreboard.record("two halves", whole_map, blocks, seconds=12.34, parameters=1_234_567)
    scoreboard.record("samples only", truth, seconds=0, parameters=0)
    scoreboard.record("the east", whole_map, forbids_the_west, seconds=0, parameters=1)
    distance = world.kl(blocks)
    first, second, third = lines(table())
    assert first[0] == "two halves" and first[6] == "1,234,567" and first[4] == "12.3 s"
    assert first[3] == f"{distance.value:.3f} ± {distance.error:.3f}"
    assert second[0] == "samples only" and second[1] == "100.0%" and second[3] == "no density"
    assert third[0] == "the east" and third[3] == "∞"
    assert "nan" not in table()


def test_the_table_is_one_of_markdown_with_units_and_the_processor(table):
    scoreboard.record("map", whole_map, log_whole_map, seconds=1, parameters=4)
    head, ruler, *rest = table().splitlines()
    assert len(cells(head)) == len(cells(ruler)) == len(cells(rest[0])) == 7
    assert cells(head)[0] == "model" and "nats" in head and "1,000 samples" in head
    assert rest[0].endswith("|") and " ms |" in rest[0] and " s |" in rest[0]
    assert scoreboard.processor() in rest[-1]


def test_an_empty_board_is_a_head_without_lines(table):
    assert lines(table()) == []
    assert "| model |" in table()


def test_recording_a_name_again_replaces_its_line_in_its_place(table):
    scoreboard.record("a", whole_map, seconds=1, parameters=1)
    scoreboard.record("b", whole_map, seconds=2, parameters=2)
    scoreboard.record("a", truth, seconds=3, parameters=3)
    assert [(row.model, row.parameters) for row in scoreboard.rows()] == [("a", 3), ("b", 2)]
    assert [line[0] for line in lines(table())] == ["a", "b"]


def test_clear_forgets_everything():
    scoreboard.record("a", whole_map, seconds=1, parameters=1)
    scoreboard.clear()
    assert scoreboard.rows() == ()


def test_the_rows_are_a_copy_that_nobody_can_change_from_outside():
    row = scoreboard.record("a", whole_map, seconds=1, parameters=1)
    assert isinstance(scoreboard.rows(), tuple)
    with pytest.raises(AttributeError):
        row.parameters = 0


def test_the_seconds_are_those_of_a_thousand_samples_after_the_first_call():
    calls: list[int] = []

    def slow_at_first(n: int) -> np.ndarray:
        time.sleep(0.1 if calls else 0.4)
        calls.append(n)
        return whole_map(n)

    row = scoreboard.record("slow", slow_at_first, seconds=0, parameters=0)
    assert 0.1 <= row.sample_seconds < 0.4, "the compiling first call does not count"
    assert calls == [1000, 1000, world.COVERAGE_SAMPLES]


def test_too_few_samples_leave_the_board_as_it_was():
    with pytest.raises(ValueError, match="coverage needs"):
        scoreboard.record("lazy", lambda n: whole_map(10), seconds=0, parameters=0)
    assert scoreboard.rows() == ()


def test_the_processor_has_a_name():
    name = scoreboard.processor()
    assert name and name == name.strip() and "\n" not in name


def test_the_processor_has_a_name_where_linux_does_not_tell(monkeypatch):
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", missing)
    monkeypatch.setattr(platform, "processor", lambda: "")
    assert scoreboard.processor() == platform.machine() != ""
