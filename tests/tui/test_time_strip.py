"""Where the time goes: shares that add up, readable without colour, and a word when the trainer waits for data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.record_log import RecordWriter
from stickgen.run_contract import Field, StepPart
from stickgen.runs.store import Run
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.widgets.time_strip import step_text, strip


def test_the_shares_are_told_in_words() -> None:
    said = strip(10.0, {"data": 0.1, "forward": 4.0, "backward": 5.0, "optimizer": 0.5}, 1.25).plain
    assert said.startswith("a step 1.2 s  ")
    assert "forward 40%" in said and "backward 50%" in said and "data 1%" in said and "other 4%" in said
    assert "waits" not in said


def test_starving_is_said() -> None:
    assert "it waits for data" in strip(10.0, {"data": 4.0, "forward": 2.0}, None).plain


@given(st.dictionaries(st.sampled_from(sorted(StepPart)), st.floats(0, 1e6)), st.floats(1e-6, 1e6))
def test_no_times_break_it(parts: dict[str, float], covered: float) -> None:
    assert strip(covered, parts, 0.5).plain


def test_steps_of_any_length() -> None:
    assert [step_text(seconds) for seconds in (0.0123, 4.2, 125.0)] == ["12 ms", "4.2 s", "2 min 05 s"]


def test_the_follower_says_what_the_trainer_said(run: Run) -> None:
    writer = RecordWriter(run.metrics_path)
    spent = {Field.SECONDS_COVERED: 10.0, Field.SECONDS_BY_PART: [1.0, 4.0], Field.MEDIAN_STEP_SECONDS: 0.5}
    writer.write({Field.KIND: "train", Field.STEP: 2000, Field.LOSS: 1.0, **spent})
    writer.close()
    follower = RunFollower(run)
    follower.poll()
    assert follower.time_parts() == (10.0, {StepPart.DATA: 1.0, StepPart.FORWARD: 4.0})
    assert follower.step_seconds == 0.5


@pytest.mark.parametrize("parts", ["x", [None, "x", -1.0, {}], None, 3])
def test_odd_times_in_a_record_are_passed_over(run: Run, parts: object) -> None:
    writer = RecordWriter(run.metrics_path)
    odd = {Field.SECONDS_COVERED: "x", Field.SECONDS_BY_PART: parts, Field.MEDIAN_STEP_SECONDS: []}
    writer.write({Field.KIND: "train", Field.STEP: 2000, Field.LOSS: 1.0, **odd})
    writer.close()
    follower = RunFollower(run)
    follower.poll()
    covered, spent = follower.time_parts()
    assert covered == 0.0 and not any(spent.values()) and follower.step_seconds is None
