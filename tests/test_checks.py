"""Checks: a tick exactly when the claim holds, a line without measured digits, an error that helps."""

from __future__ import annotations

import contextlib
import io
import json
import math
import string
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from helpers.checks import LOG_VARIABLE, CheckFailed, check

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
FINITE = st.floats(-1e6, 1e6)
VALUES = NUMBERS | arrays.arrays(float, arrays.array_shapes(max_dims=3, max_side=4), elements=NUMBERS)
WORTH = st.integers() | st.booleans() | st.text(string.ascii_letters)

pytestmark = pytest.mark.filterwarnings("error")  # a warning would stand in the lesson


def passes(value, **bounds) -> bool:
    """Whether the check holds; what it prints or raises must agree."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            check("the claim", value, **bounds)
        except CheckFailed as failure:
            assert str(failure).startswith("the claim: expected ")
            assert said.getvalue() == ""
            return False
    assert said.getvalue().startswith("✓ the claim") and said.getvalue().count("\n") == 1
    return True


# --- when it holds -----------------------------------------------------------------------------------


@given(value=VALUES, bound=FINITE)
def test_at_least_holds_exactly_when_every_entry_is_as_large(value, bound):
    assert passes(value, at_least=bound) == all(x >= bound for x in np.ravel(value))


@given(value=VALUES, bound=FINITE)
def test_at_most_holds_exactly_when_every_entry_is_as_small(value, bound):
    assert passes(value, at_most=bound) == all(x <= bound for x in np.ravel(value))


@given(value=VALUES, near=FINITE, within=st.floats(0, 1e6))
def test_near_holds_exactly_when_no_entry_deviates_more(value, near, within):
    assert passes(value, near=near, within=within) == all(abs(x - near) <= within for x in np.ravel(value))


@given(
    value=arrays.arrays(float, 5, elements=FINITE),
    near=arrays.arrays(float, 5, elements=FINITE),
    within=st.floats(0, 1e6),
)
def test_near_compares_arrays_entry_by_entry(value, near, within):
    expected = all(abs(x - y) <= within for x, y in zip(value, near, strict=True))
    assert passes(value, near=near, within=within) == expected


@given(value=WORTH, other=WORTH)
def test_equals_holds_exactly_for_equal_values(value, other):
    assert passes(value, equals=value)
    assert passes(value, equals=other) == (value == other)


@given(value=NUMBERS, low=FINITE, high=FINITE)
def test_several_bounds_hold_together_or_not_at_all(value, low, high):
    assert passes(value, at_least=low, at_most=high) == (low <= value <= high)


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ((2, 3), (3, 2)),
        ([1, 2], [1, 2, 3]),
        (np.arange(10), np.arange(10)[::-1]),
        ({"a": 1}, {"a": 2}),
        (1.0, 1.0 + 1e-12),
        (False, True),
        (0, 1),
    ],
)
def test_equals_is_exact(value, other):
    assert passes(value, equals=value)
    assert not passes(value, equals=other)


def test_without_a_bound_the_value_must_be_true():
    for value in (True, np.True_, np.array(True), 3 > 2):
        assert passes(value)
    for value in (False, np.False_, np.array(False)):
        assert not passes(value)


@pytest.mark.parametrize("value", [0.3, math.nan, "no", np.array(math.nan), [True, True]])
def test_without_a_bound_only_a_single_true_or_false_is_a_claim(value):
    with pytest.raises(ValueError, match="true-or-false"):
        check("neither true nor false", value)


@pytest.mark.parametrize(
    "bounds", [{"near": 1, "within": 1e9}, {"at_least": -1e9}, {"at_most": 1e9}, {"equals": 1}]
)
@pytest.mark.parametrize("value", [math.nan, np.float32("nan"), np.array(math.nan)])
def test_nothing_holds_for_what_is_not_a_number(value, bounds):
    assert not passes(value, **bounds)


def test_one_entry_that_is_not_a_number_is_enough():
    value = [1.0, math.nan, 1.0]
    for bounds in ({"near": 1, "within": 1e9}, {"at_least": -1e9}, {"at_most": 1e9}):
        assert not passes(value, **bounds)


def test_infinity_is_larger_than_any_bound_and_near_none():
    assert passes(math.inf, at_least=1e300) and not passes(math.inf, at_most=1e300)
    assert passes(-math.inf, at_most=-1e300) and not passes(-math.inf, at_least=-1e300)
    assert not passes(math.inf, near=0, within=1e300)
    assert passes(math.inf, equals=math.inf) and not passes(math.inf, equals=-math.inf)


def test_infinity_is_near_nothing_not_even_itself_and_no_warning_says_so():
    assert not passes(math.inf, near=-math.inf, within=1)
    assert not passes(math.inf, near=math.inf, within=1)


@pytest.mark.parametrize(
    "bounds", [{"at_least": 0}, {"at_most": 0}, {"near": 0, "within": 1}, {"near": [], "within": 1}]
)
def test_a_claim_about_no_entry_at_all_is_never_ticked(bounds):
    with pytest.raises((CheckFailed, ValueError)):
        check("all of nothing", np.array([]), **bounds)


# --- what it says ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "bounds", "line"),
    [
        (True, {}, "✓ the sky is up\n"),
        (0.1234, {"near": 0, "within": 1}, "✓ the sky is up (within 1 of 0)\n"),
        (0.1234, {"near": 0.1, "within": 0.05}, "✓ the sky is up (within 0.05 of 0.1)\n"),
        (0.1234, {"near": np.float32(0.1), "within": 0.05}, "✓ the sky is up (within 0.05 of 0.1)\n"),
        ([0.12, 3.4], {"near": [0, 3], "within": 1}, "✓ the sky is up (within 1)\n"),
        (0.1234, {"at_least": 0.1}, "✓ the sky is up (at least 0.1)\n"),
        ([0.12, 3.4], {"at_most": 3.5}, "✓ the sky is up (at most 3.5)\n"),
        (0.3, {"at_least": 0, "at_most": 1}, "✓ the sky is up (at least 0 and at most 1)\n"),
        ((2, 3), {"equals": (2, 3)}, "✓ the sky is up (equals (2, 3))\n"),
        (1e-7, {"at_most": 1e-6}, "✓ the sky is up (at most 1e-06)\n"),
    ],
)
def test_the_line_is_the_claim_and_its_bounds(capsys, value, bounds, line):
    check("the sky is up", value, **bounds)
    said = capsys.readouterr()
    assert said.out == line and said.err == ""


@given(value=st.floats(0.4, 0.6), other=st.floats(0.4, 0.6))
def test_the_line_does_not_depend_on_what_was_measured(value, other):
    lines = []
    for measured in (value, other, [value, other]):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            check("about a half", measured, near=0.5, within=0.1000001, at_least=0.39, at_most=0.61)
        lines.append(said.getvalue())
    assert len(set(lines)) == 1


@pytest.mark.parametrize(
    ("value", "bounds", "message"),
    [
        (False, {}, "the sky is up: expected true, but it is False"),
        (0.25, {"at_least": 0.5}, "the sky is up: expected at least 0.5, but it is 0.25"),
        (2 / 3, {"at_most": 0.5}, "the sky is up: expected at most 0.5, but it is 0.666667"),
        (np.float32(3), {"near": 1, "within": 0.1}, "the sky is up: expected within 0.1 of 1, but it is 3"),
        (math.nan, {"at_most": 1}, "the sky is up: expected at most 1, but it is nan"),
        (
            3,
            {"at_least": 0, "at_most": 1},
            "the sky is up: expected at least 0 and at most 1, but it is 3",
        ),
    ],
)
def test_a_failure_says_what_was_expected_and_what_came(capsys, value, bounds, message):
    with pytest.raises(CheckFailed) as failed:
        check("the sky is up", value, **bounds)
    assert str(failed.value) == message
    assert capsys.readouterr().out == ""


def test_a_failure_shows_short_arrays_whole_and_long_ones_by_their_range():
    with pytest.raises(CheckFailed, match=r"but it is \[1, 2, 3\]$"):
        check("small", [1, 2, 3], at_most=2)
    with pytest.raises(CheckFailed, match=r"an array of shape \(10, 10\) from 0\.0 to 99\.0$"):
        check("small", np.arange(100.0).reshape(10, 10), at_most=2)


def test_a_failure_about_many_words_is_a_failed_check_too():
    words = ["Aries", "Taurus", "Gemini", "Cancer", "Leo", "Virgo", "Libra"]
    with pytest.raises(CheckFailed, match="the names"):
        check("the names", words, equals=words[::-1])


def test_a_failed_check_is_an_assertion_so_that_every_runner_knows_it():
    assert issubclass(CheckFailed, AssertionError)


# --- misuse ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("half", [{"near": 1}, {"within": 1}, {"near": 1, "at_least": 0}])
def test_near_and_within_go_together(half):
    with pytest.raises(ValueError, match="`near` and `within` go together"):
        check("half a bound", 1, **half)


@pytest.mark.parametrize("value", [None, [True, True], np.array([True]), []])
def test_without_a_bound_a_single_truth_is_needed(value):
    with pytest.raises(ValueError, match="give a bound, or a single true-or-false value"):
        check("no bound", value)


@pytest.mark.parametrize("bounds", [{"near": [1, 2], "within": 1}, {"near": [[1, 2, 3]] * 2, "within": 1}])
def test_arrays_of_other_lengths_are_not_near(bounds):
    with pytest.raises((CheckFailed, ValueError)):
        check("other lengths", [1, 2, 3, 4], **bounds)


def test_bounds_are_named_so_that_nobody_confuses_them():
    with pytest.raises(TypeError):
        check("three numbers", 1, 1, 0.1)


# --- the log -----------------------------------------------------------------------------------------


@pytest.fixture
def logged(tmp_path, monkeypatch) -> Callable[[], list[dict]]:
    """What the log holds so far."""
    path = tmp_path / "checks.jsonl"
    monkeypatch.setenv(LOG_VARIABLE, str(path))
    return lambda: [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_log_holds_every_check_with_its_value(logged, capsys):
    check("KL ≤ ½", 0.25, at_most=0.5)
    check("true", np.True_)
    check("counted", np.int64(12), equals=12)
    check("words", "ab", equals="ab")
    with pytest.raises(CheckFailed):
        check("too large", np.float32(2), at_most=1)
    with pytest.raises(ValueError):
        check("misused", 1, near=1)
    assert logged() == [
        {"claim": "KL ≤ ½", "value": 0.25, "wanted": "at most 0.5", "holds": True},
        {"claim": "true", "value": 1.0, "wanted": "", "holds": True},
        {"claim": "counted", "value": 12.0, "wanted": "equals 12", "holds": True},
        {"claim": "words", "value": None, "wanted": "equals ab", "holds": True},
        {"claim": "too large", "value": 2.0, "wanted": "at most 1", "holds": False},
    ]
    assert capsys.readouterr().out.count("✓") == 4


@pytest.mark.parametrize(
    ("value", "bounds", "worst"),
    [
        ([3, 1, 2], {"at_least": 0}, 1),
        ([3, 1, 2], {"at_most": 9}, 3),
        ([3, 1, 2], {"near": 2, "within": 1}, 1),
        ([3, 1, 2], {"near": [3, 1, 1.5], "within": 1}, 0.5),
        (3, {"near": 2, "within": 1}, 3),
        (3, {"at_least": 0, "at_most": 9}, 3),
    ],
)
def test_the_log_holds_of_an_array_what_its_bound_is_about(logged, value, bounds, worst):
    check("several", value, **bounds)
    assert [entry["value"] for entry in logged()] == [worst]


def test_nothing_is_written_unless_a_log_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.delenv(LOG_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    check("the claim", True)
    assert list(tmp_path.iterdir()) == []
