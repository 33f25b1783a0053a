"""Every clip once an epoch, the same for the same seed, and a learning rate that never breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.planner.decisions.batch_shapes import steps_per_epoch
from stickgen.planner.decisions.schedule import learning_rate
from stickgen.train.batching.plan import plan_epoch


@given(
    st.lists(st.integers(1, 250), min_size=1, max_size=80),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(0, 99),
)
def test_every_clip_once(lengths: list[int], batch_size: int, accum: int, epoch: int) -> None:
    plan = plan_epoch(lengths, effective_batch=batch_size * accum, batch_size=batch_size, seed=7, epoch=epoch)
    assert sorted(clip for step in plan for micro in step for clip in micro) == list(range(len(lengths)))
    assert len(plan) == steps_per_epoch(len(lengths), batch_size * accum)
    assert all(len(micro) <= batch_size for step in plan for micro in step)
    assert all(len(step) <= accum for step in plan)
    assert plan == plan_epoch(
        lengths, effective_batch=batch_size * accum, batch_size=batch_size, seed=7, epoch=epoch
    )


def test_a_step_holds_the_same_clips_at_every_micro_batch() -> None:
    lengths = [10 + i % 7 for i in range(64)]

    def steps(batch_size: int, accum: int) -> list[set[int]]:
        plan = plan_epoch(lengths, effective_batch=batch_size * accum, batch_size=batch_size, seed=1, epoch=2)
        return [{clip for micro in step for clip in micro} for step in plan]

    assert steps(8, 2) == steps(4, 4) == steps(16, 1)
    # several processes cut a step smaller than batch_size: it stays the same step
    halves = plan_epoch(lengths, effective_batch=16, batch_size=8, seed=1, epoch=2)
    assert [{clip for micro in step for clip in micro} for step in halves] == steps(16, 1)


@given(
    st.integers(1, 500),
    st.integers(0, 500),
    st.floats(0, 1),
    st.sampled_from(["cosine", "linear", "constant"]),
)
def test_learning_rate_stays_between_zero_and_the_peak(
    total: int, warmup: int, ratio: float, schedule: str
) -> None:
    """Also where the warm-up is as long as the run, or longer: the reference divides by zero there."""
    rates = [
        learning_rate(
            i, peak=0.5, warmup_steps=warmup, total_steps=total, min_lr_ratio=ratio, schedule=schedule
        )
        for i in range(total + 3)
    ]
    assert all(0 <= rate <= 0.5 * (1 + 1e-9) for rate in rates)


def test_it_climbs_and_falls() -> None:
    def rate(step: int, schedule: str = "cosine") -> float:
        return learning_rate(
            step, peak=1.0, warmup_steps=10, total_steps=110, min_lr_ratio=0.05, schedule=schedule
        )

    assert rate(0) == pytest.approx(0.1)
    assert rate(9) == rate(10) == pytest.approx(1.0)
    assert rate(60) < rate(30) < rate(10)
    assert rate(109) == pytest.approx(0.05)
    assert rate(109, "linear") == pytest.approx(0.05)
    assert rate(10, "linear") - rate(60, "linear") == pytest.approx(0.95 * 50 / 99)
    assert {rate(step, "constant") for step in range(10, 110)} == {1.0}


@given(st.lists(st.integers(1, 250), min_size=1, max_size=80), st.integers(1, 9), st.integers(100, 600))
def test_no_micro_batch_has_more_frames_than_allowed(lengths: list[int], batch_size: int, most: int) -> None:
    plan = plan_epoch(
        lengths, effective_batch=4 * batch_size, batch_size=batch_size, seed=7, epoch=0, most_frames=most
    )
    for step in plan:
        assert len({clip for micro in step for clip in micro}) == sum(map(len, step))
        for micro in step:
            assert len(micro) == 1 or len(micro) * max(lengths[clip] for clip in micro) <= most
    assert sum(len(micro) for step in plan for micro in step) == len(lengths)
