"""Each rule finds what it is for, and none of them ever speaks of a healthy run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from histories import GIB, History
from hypothesis import given
from hypothesis import strategies as st

from stickgen.config.settings import Settings
from stickgen.watchdog.divergence import FIRST, VALIDATIONS, WINDOW
from stickgen.watchdog.finding import Action, Finding
from stickgen.watchdog.learned import learned, not_learned
from stickgen.watchdog.trend import Trend
from stickgen.watchdog.watchdog import Watchdog

CHECKPOINT = int(0.3 * GIB)


def watched(
    records: Iterable[dict[str, Any]], keys: Mapping[str, Any] | None = None, dog: Watchdog | None = None
) -> list[tuple[int, Action, Finding]]:
    """What the rules find in records, each with the step."""
    config = Settings().replace({"training.epochs": 40, "training.warmup_epochs": 1, **(keys or {})})
    dog = dog or Watchdog(config, checkpoint_bytes=CHECKPOINT, cores=8)
    return [(record["step"], *found) for record in records for found in dog.look_at(record)]


def rules(found: list[tuple[int, Action, Finding]]) -> set[str]:
    return {finding.rule for _, _, finding in found}


def restart(share: float) -> float:
    """A learning rate that begins anew throws a model back, for a while."""
    return 1 + 6 * math.exp(-40 * (share - 0.5)) if share > 0.5 else 1.0


def warmup_spike(share: float) -> float:
    """The end of a warm-up that was too short."""
    return 6.0 if 0.02 < share < 0.06 else 1.0


HEALTHY = {
    "usual": History(),
    "very noisy": History(noise=0.8, spikes=0.05),
    "a warm-up spike": History(train=warmup_spike),
    "a restart of the learning rate": History(train=restart),
    "slow": History(speed=1.5),
    "hardly better than the mean pose": History(floor=0.85, speed=3.0, noise=0.1),
    "fine-tuning that begins far off": History(start=40.0, floor=0.3, speed=20.0),
    "begins good already": History(start=0.2, floor=0.1, speed=2.0),
    "overfits a little at the end": History(overfits=0.1),
    "single bad steps": History(skipped=0.05),
    "long": History(steps=1500, per_epoch=30),
    "steps of a millisecond": History(step_seconds=0.001),
    "memory that settles late": History(held=lambda share: GIB * (1 + min(share / 0.6, 1.0))),
    "memory like a saw": History(held=lambda share: GIB * (1 + 20 * share % 1)),
    "little memory, but steady": History(
        held=lambda share: GIB * (1 + 0.2 * min(40 * share, 1)), free=lambda share: 0.3 * GIB
    ),
    "a disk that another program fills and empties": History(
        disk=lambda share: GIB * (50 + 5 * math.sin(20 * share))
    ),
    "waits for data now and then": History(data_share=0.2),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_is_left_alone(name: str) -> None:
    """With rules for everything on, and noise of two kinds."""
    for seed in range(2):
        HEALTHY[name].seed = seed
        assert watched(HEALTHY[name].records()) == []


@given(
    st.builds(
        History,
        seed=st.integers(0, 10**6),
        steps=st.integers(60, 600),
        per_epoch=st.integers(5, 40),
        start=st.floats(0.5, 5.0),
        floor=st.floats(0.01, 0.3),
        noise=st.floats(0.0, 0.6),
        speed=st.floats(4.0, 30.0),
        norm=st.floats(0.01, 100.0),
        spikes=st.floats(0.0, 0.05),
        skipped=st.floats(0.0, 0.1),
        step_seconds=st.floats(0.001, 600.0),
    )
)
def test_no_healthy_run_is_ended_or_sent_back(history: History) -> None:
    """Whatever its pace and noise: the worst fault of a watchdog is to end a run that learns."""
    found = watched(history.records(), {"training.epochs": -(-history.steps // history.per_epoch)})
    assert rules(found) <= {"plateau"}  # a run that is done may be told that it is
    assert all(action == Action.ALERT for _, action, _ in found)


def bad(from_step: int, change: dict[str, Any], **how: Any) -> list[dict[str, Any]]:
    """A healthy run whose steps have other values from a step on; None is what the log has for what is not finite."""
    return [
        {**record, **change} if record["step"] >= from_step and record["kind"] == "train" else record
        for record in History(**how).records()
    ]


@pytest.mark.parametrize(
    "change", [{"loss": None}, {"grad_norm": None}, {"loss": math.nan}, {"loss": math.inf}]
)
def test_steps_that_are_not_finite_send_the_run_back(change: dict[str, Any]) -> None:
    found = watched(bad(101, change, spikes=0.0))
    assert found[0][0] == 120 and found[0][1] == Action.ROLLBACK
    assert found[0][2].message == "20 steps in a row without a finite loss and gradient"
    assert found[0][2].sentence.endswith("; try training.learning_rate: 0.00015")
    assert watched(bad(101, change, spikes=0.0), {"watchdog.non_finite_steps": 5})[0][0] == 105


def test_a_loss_that_explodes_ends_the_run_and_is_not_saved_long_before() -> None:
    dog = Watchdog(Settings())
    found, unfit = [], None
    for record in bad(201, {"loss": 50.0, "loss_pose": 25.0}):
        found += watched([record], dog=dog)
        if dog.unfit and unfit is None:
            unfit = record["step"]
    assert unfit is not None and 201 < unfit <= 206
    ((step, action, finding),) = found
    assert action == Action.STOP and finding.rule == "divergence" and 201 + WINDOW <= step < 210 + WINDOW
    assert finding.message.startswith("the loss has diverged (25 now, ")
    assert dict(finding.suggest) == {"training.learning_rate": 3e-05}


def test_a_loss_that_only_weighs_more_has_not_exploded() -> None:
    """A loss weight that was raised a hundredfold moves the total, and not the pose."""
    assert (
        watched([{**r, "loss": 100 * r["loss"]} if r["step"] > 200 else r for r in History().records()]) == []
    )


def exploded_at_once() -> list[dict[str, Any]]:
    """What a learning rate of 1 does: fine at the first step, ruined at the second."""
    return [
        {
            **record,
            "loss_pose": 60.0,
            "loss": 99.0,
            **({"grad_norm": 900.0} if record["kind"] == "train" else {}),
        }
        if record["step"] > 1
        else record
        for record in History(spikes=0.0).records()
    ]


def test_a_learning_rate_of_1_is_noticed_after_a_few_validations() -> None:
    found = watched(exploded_at_once())
    assert [(step, action) for step, action, _ in found][0] == (10 * VALIDATIONS, Action.STOP)
    assert (
        "3 validations are more than 3 times worse than always predicting the mean pose"
        in found[0][2].message
    )
    assert FIRST < 10 * VALIDATIONS


def test_gradients_of_another_order_in_a_model_that_is_no_better_than_the_mean_pose() -> None:
    found = watched(
        {
            **r,
            "loss_pose": 1.3,
            "loss": 2.6,
            **({"grad_norm": 1e17} if r["kind"] == "train" and r["step"] > 50 else {}),
        }
        for r in History(spikes=0.0).records()
    )
    assert (Action.STOP, "divergence") in {(action, finding.rule) for _, action, finding in found}
    assert any("the norm of the gradient is" in finding.message for _, _, finding in found)


def test_what_never_gets_below_the_mean_pose_is_an_alert_and_is_told_once() -> None:
    history = [{**r, "loss_pose": 1.05} if r["kind"] == "val" else r for r in History().records()]
    found = [item for item in watched(history) if item[2].rule == "divergence"]
    assert len(found) == 1
    assert found[0][1] == Action.ALERT and not found[0][2].certain
    assert found[0][2].message.startswith("it is not learning: the last 8 validations are above")
    assert watched(history, {"watchdog.divergence": "off", "watchdog.plateau": "off"}) == []


def test_after_a_rollback_the_bad_stretch_is_forgotten_and_the_beginning_is_not() -> None:
    dog = Watchdog(Settings())
    list(watched(bad(150, {"loss_pose": 99.0}), dog=dog))
    first = dog.divergence.first
    assert dog.unfit and first is not None
    dog.forget()
    assert not dog.unfit and dog.divergence.first == first
    assert watched(History(seed=1, spikes=0.0).records(), dog=dog) == []


def test_a_plateau_is_told_once_while_it_lasts_and_never_near_the_end() -> None:
    still = History(speed=60.0)
    found = watched(still.records(), {"watchdog.plateau_patience": 10})
    assert [(action, finding.rule) for _, action, finding in found] == [(Action.ALERT, "plateau")]
    assert "has not improved for 10 validations" in found[0][2].message
    assert watched(still.records(), {"watchdog.plateau_patience": 30}) == []  # too late to matter
    assert watched(still.records(), {"watchdog.plateau_patience": 10, "watchdog.plateau": "off"}) == []


STOP: dict[str, Any] = {
    "watchdog.early_stop": "stop",
    "watchdog.early_stop_patience": 4,
    "watchdog.plateau": "off",
}


def measured(kind: str, figure: str, values: Iterable[float | None]) -> list[dict[str, Any]]:
    return [{"kind": kind, "step": 10 * (at + 1), figure: value} for at, value in enumerate(values)]


@pytest.mark.parametrize(
    ("kind", "figure", "values", "stops_at"),
    [
        ("val", "loss", [3, 2, 1, 1, 1, 1, 1, 1], 70),
        ("val", "loss", [3, 2, 1, 1.1, 0.9, 1, 1, 1, 1], 90),
        ("val", "loss", [3, 2, 1, None, math.nan, 1, 1], 70),
        ("val", "action_accuracy", [0.1, 0.5, 0.6, 0.6, 0.5, 0.6, 0.3], 70),
        ("quality", "quality_contrast", [0.1, 0.5, 0.6, 0.6, 0.5, 0.6, 0.3], 70),
        ("quality", "quality_contrast_hand", [0.5, 0.4, 0.4, 0.4, 0.4], 50),
        ("quality", "quality_skate_ratio", [0.5, 0.2, 0.3, 0.3, 0.3, 0.3], 60),
        ("val", "loss", [8, 7, 6, 5, 4, 3, 2, 1], None),
        ("val", "action_accuracy", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], None),
    ],
)
def test_early_stop_waits_for_its_figure(
    kind: str, figure: str, values: list[float | None], stops_at: int | None
) -> None:
    records = measured(kind, figure, values)
    found = watched(records, {**STOP, "watchdog.early_stop_figure": figure})
    assert [step for step, _, _ in found][:1] == ([] if stops_at is None else [stops_at])
    assert all((action, finding.rule) == (Action.STOP, "early_stop") for _, action, finding in found)
    assert watched(records, {"watchdog.early_stop_figure": figure}) == []  # off by default


def test_a_gain_below_min_delta_is_none_and_the_best_is_named() -> None:
    records = measured("val", "loss", [2.0, 1.0, 0.99, 0.98, 0.97, 0.96])
    assert watched(records, STOP) == []
    ((_, _, finding),) = watched(records, {**STOP, "watchdog.early_stop_min_delta": 0.1})
    assert (
        finding.message == "loss has not improved by more than 0.1 for 4 measurements (best 1.000 at step 20)"
    )


# -- memory, disk and data


def leak(gib_an_hour: float) -> Callable[[float], float]:
    hours = 400 * 60 / 3600
    return lambda share: GIB * (1 + gib_an_hour * hours * share)


def test_memory_that_creeps_up_is_told_with_the_time_that_is_left() -> None:
    history = History(held=leak(1.5), free=lambda share: 6 * GIB - leak(1.5)(share))
    ((step, action, finding),) = watched(history.records(), {"device.num_workers": 4})
    assert (action, finding.rule) == (Action.ALERT, "memory") and step < 200
    assert finding.message.startswith("memory grows by 1.5 GiB an hour and is full in about ")
    assert finding.sentence.endswith("; try device.num_workers: 0")
    assert rules(watched(history.records(), {"watchdog.memory": "off"})) == set()
    assert watched(history.records(), {"watchdog.memory": "stop"})[0][1] == Action.STOP


def test_a_leak_that_the_run_outlives_is_no_news() -> None:
    slow = History(held=leak(0.05), free=lambda share: 6 * GIB)
    assert watched(slow.records()) == []


def test_memory_that_is_as_good_as_full_is_told_at_once() -> None:
    ((step, _, finding),) = watched(History(free=lambda share: GIB * (4 if share < 0.5 else 0.02)).records())
    assert step == 200 and finding.message.startswith("memory is nearly full: ")


def test_a_disk_that_fills_is_told_while_there_is_time() -> None:
    found = watched(History(disk=lambda share: GIB * (20 - 19.5 * share)).records())
    assert rules(found) == {"disk"} and found[0][0] < 250
    assert "there is no room for a checkpoint" in found[0][2].message
    full = watched(History(disk=lambda share: GIB * (20 if share < 0.5 else 1.0)).records())
    assert full[0][2].message.startswith("the disk is nearly full: ")


def test_steps_that_wait_for_data_are_told_with_the_number_of_workers() -> None:
    ((_, action, finding),) = watched(History(data_share=0.6).records())
    assert (action, finding.rule) == (Action.ALERT, "starving")
    assert dict(finding.suggest) == {"device.num_workers": 4}
    ((_, _, crowded),) = watched(History(data_share=0.6).records(), {"device.num_workers": 8})
    assert crowded.suggest == ()  # there are no more cores


def test_a_trend_needs_time_and_a_steady_course() -> None:
    trend = Trend()
    for second in range(500):
        trend.add(second, second)
    assert trend.slope() is None  # minutes say nothing
    for second in range(500, 5000):
        trend.add(second, second)
    assert trend.slope() == pytest.approx(1.0, rel=0.05)
    trend.clear()
    for second in range(5000):
        trend.add(second, second % 700)
    assert trend.slope() is None


@given(st.lists(st.tuples(st.floats(0, 1e3), st.floats(-1e12, 1e12)), max_size=600))
def test_a_trend_takes_any_course(points: list[tuple[float, float]]) -> None:
    trend, now = Trend(), 0.0
    for pause, amount in points:
        now += pause
        trend.add(now, amount)
    slope = trend.slope()
    assert slope is None or math.isfinite(slope)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["step", "time", "epoch", "loss", "loss_pose", "mean_pose_loss", "grad_norm", "lr",
                             "rss_bytes", "ram_free_bytes", "disk_free_bytes", "seconds_covered", "seconds_by_part", "eta_seconds"]),
            st.none() | st.floats() | st.integers(-(10**6), 10**6) | st.text(max_size=3) | st.booleans(),
        ),
        max_size=12,
    ),
    st.sampled_from(["train", "val", "quality", "other"]),
)  # fmt: skip
def test_records_of_any_kind_are_looked_at(records: list[dict[str, Any]], kind: str) -> None:
    """A log may be damaged, or of another version: no rule raises for what it reads."""
    dog = Watchdog(Settings().replace({"watchdog.early_stop": "stop"}), checkpoint_bytes=1, cores=2)
    for record in records:
        dog.look_at({"kind": kind, **record})
    assert dog.unfit is not None


# -- the end


@pytest.mark.parametrize(
    ("record", "answer"),
    [
        (None, None),
        ({"loss": 1.0}, None),
        ({"loss_pose": 0.4, "mean_pose_loss": 1.0}, True),
        ({"loss_pose": 1.0, "mean_pose_loss": 1.0}, False),
        ({"loss_pose": 3.25, "mean_pose_loss": 1.005}, False),
        ({"loss_pose": None, "mean_pose_loss": 1.0}, False),
        ({"loss_pose": 1.0, "mean_pose_loss": 0.0}, None),
    ],
)
def test_whether_it_learned(record: dict[str, Any] | None, answer: bool | None) -> None:
    assert learned(record) is answer
    assert bool(not_learned(record)) is (answer is False)
    if record is not None and record.get("loss_pose") == 3.25:
        assert not_learned(record) == (
            "did not learn: its validation pose loss 3.250 is no lower than the 1.005 of always predicting the mean pose"
        )
