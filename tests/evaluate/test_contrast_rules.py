"""The rules see what a motion shows: proved on motion whose captions say it, and on made signals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.data.clip import Clip
from stickgen.data.synthetic.body import Score, joints
from stickgen.evaluate import rules
from stickgen.evaluate.contrast import AXES, AXIS_BY_NAME
from stickgen.evaluate.stated import stated
from stickgen.evaluate.truth import on_captioned
from stickgen.importing.clips import import_archives
from stickgen.motion.skeleton import JOINTS

LEAST_AGREEMENT = 0.98


def swapped(motion: np.ndarray) -> np.ndarray:
    """Left and right limbs exchanged."""
    names = [name.replace("left", "*").replace("right", "left").replace("*", "right") for name in JOINTS]
    return motion.reshape(-1, 10, 2)[:, [JOINTS.index(name) for name in names]].reshape(len(motion), 20)


def test_each_rule_agrees_with_what_the_captions_state(synthetic_clips: list[Clip]) -> None:
    result = on_captioned(synthetic_clips)
    assert [row.name for row in result.rows] == [axis.name for axis in AXES]
    for row in result.rows:
        wrong = [
            decision for decision in result.decisions if decision.axis == row.name and not decision.right
        ]
        assert row.n >= 40, row
        assert row.share >= LEAST_AGREEMENT, wrong[:5]


def test_every_action_of_every_axis_has_a_rule() -> None:
    for axis in AXES:
        for case in axis.cases:
            assert (case.action in axis.measures) if axis.paired else (case.action in axis.choices), (
                case.action
            )


def test_limbs_exchanged_change_the_side_and_nothing_else(synthetic_clips: list[Clip]) -> None:
    other = {"left": "right", "right": "left", None: None}
    for clip in synthetic_clips[:250]:
        exchanged = swapped(clip.motion)
        assert rules.busy_hand(exchanged) == other[rules.busy_hand(clip.motion)]
        assert rules.busy_foot(exchanged) == other[rules.busy_foot(clip.motion)]
        assert rules.way_of_travel(exchanged) == rules.way_of_travel(clip.motion)
        assert rules.tempo(exchanged) == pytest.approx(rules.tempo(clip.motion))


def test_a_picture_seen_from_the_other_side_shows_the_same(synthetic_clips: list[Clip]) -> None:
    for clip in synthetic_clips[:250]:
        turned = clip.motion.copy()
        turned[:, 0::2] *= -1
        for rule in (rules.busy_hand, rules.busy_foot, rules.way_of_travel, rules.way_of_fall, rules.dips):
            assert rule(turned) == rule(clip.motion), (rule.__name__, clip.name)


def test_a_figure_that_stands_still_shows_nothing(synthetic_clips: list[Clip]) -> None:
    for clip in synthetic_clips[:64]:
        still = np.repeat(clip.motion[:1], 60, axis=0)
        for axis in AXES:
            seen = {choose(still) for choose in axis.choices.values()}
            assert seen <= {None, "0"} or axis.name == "leg", (axis.name, seen)
        assert rules.tempo(still) == 0


def test_the_wrong_hand_is_seen_wrong_and_shaking_is_no_movement() -> None:
    raised = joints(Score(yaw=1.5).to(0.5, lb=2.85, lc=2.95).hold(0.5).to(0.5, lb=0.12, lc=0.1).track())
    assert rules.busy_hand(raised) == "left"
    shaken = raised + np.random.default_rng(0).normal(0, 0.004, raised.shape)
    assert rules.busy_hand(shaken) == "left"
    assert rules.dips(shaken) == 0 and rules.jumps(shaken) == 0


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_dips_are_counted_one_by_one(times: int) -> None:
    score = Score()
    for _ in range(times):
        score.to(0.6, y=0.25, pitch=0.5).to(0.5, y=0.492, pitch=0.0)
    assert rules.dips(joints(score.track())) == times


@given(
    heights=st.lists(st.floats(0.8, 1.0), min_size=1, max_size=8),
    width=st.integers(5, 20),
    shake=st.floats(0, 0.1),
    seed=st.integers(0, 100),
)
def test_every_bump_counts_once_however_it_shakes(
    heights: list[float], width: int, shake: float, seed: int
) -> None:
    bump = np.sin(np.linspace(0, np.pi, 2 * width))
    signal = np.concatenate([height * bump for height in heights])
    signal += np.random.default_rng(seed).uniform(-shake, shake, len(signal))
    assert rules.peaks(signal, 0.5) == len(heights)


def test_walks_of_people_go_the_way_their_captions_say(real_data: Path) -> None:
    report = import_archives([real_data / "motions" / "bandai_namco_1.zip"], index=real_data / "index.csv")
    result = on_captioned(report.clips)
    assert result.share("direction", "walk_backward") >= LEAST_AGREEMENT
    assert result.share("direction", "walk") >= LEAST_AGREEMENT
    assert sum(decision.axis == "direction" for decision in result.decisions) >= 20


@pytest.mark.parametrize(
    ("axis", "text", "side"),
    [
        ("hand", "a person waves with the left hand", "left"),
        ("hand", "a person points to the left with the right arm", "right"),
        ("hand", "someone waves with both hands", None),
        ("hand", "a man waves with the left and then the right hand", None),
        ("leg", "a woman does a right front kick", "right"),
        ("direction", "a person backs away", "backward"),
        ("direction", "the figure walks straight ahead", "forward"),
        ("direction", "he walks back and forward", None),
        ("speed", "a person slowly bows", "slow"),
        ("height", "a person kicks high with the left foot", "high"),
        ("count", "a person does jumping jacks four times", "4"),
        ("count", "a person hops on one leg", None),
        ("count", "a person claps", None),
        ("count", "a person does two push-ups", "2"),
        ("leg", "a guy lifts his left foot and balances", "right"),
        ("direction", "a person marches in place without moving ahead", None),
        ("height", "a man kicks at high speed", None),
    ],
)
def test_what_a_caption_states(axis: str, text: str, side: str | None) -> None:
    assert axis in AXIS_BY_NAME
    assert stated(axis, text) == side
