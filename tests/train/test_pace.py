"""When a launch ends: from its steps and what comes between them, with an error that is the spread of the steps."""

from __future__ import annotations

import pytest

from stickgen.train.reporting.pace import Pace


def test_before_the_first_step_nothing_is_said() -> None:
    assert Pace().left(100) == (0.0, 0.0)


def test_steps_and_what_comes_between_them_count() -> None:
    pace = Pace()
    for _ in range(100):
        pace.record_step(2.0)
    pace.record_between(50.0)
    seconds, error = pace.left(200)
    assert seconds == pytest.approx(200 * 2.0 + 200 * 0.5)
    assert error == pytest.approx(0.0)


def test_the_error_is_the_spread_of_the_steps() -> None:
    pace = Pace()
    for step in range(51):
        pace.record_step((1.0, 2.0, 4.0)[step % 3])
    seconds, error = pace.left(10)
    assert seconds == pytest.approx(20.0)
    assert error == pytest.approx(20.0)  # half of the steps take up to twice the usual time


def test_the_first_steps_promise_little() -> None:
    pace = Pace()
    pace.record_step(9.0)
    seconds, error = pace.left(100)
    assert error == pytest.approx(seconds / 2)


def test_a_slow_first_step_does_not_decide() -> None:
    pace = Pace()
    pace.record_step(60.0)  # compiling
    for _ in range(20):
        pace.record_step(1.0)
    assert pace.left(100)[0] == pytest.approx(100.0)
